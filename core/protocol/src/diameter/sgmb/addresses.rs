//! Addresses and ports, which SGmb has as plain octets (TS 29.061 clauses 16.4.7, 17.7.19 to 17.7.22, 20.5a.2 to 20.5a.5).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::dictionary::AvpDef;
use super::super::dictionary::mbms as m;
use super::super::mbms::octets;
use super::super::message::{Avp, DiameterProblem, Message};

/// Control plane nodes that are taken from one message.
const MAX_NODES: usize = 256;

/// An address that has an AVP for IPv4 and one for IPv6.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DualAddress {
    /// IPv4.
    pub v4: Option<Ipv4Addr>,
    /// IPv6.
    pub v6: Option<Ipv6Addr>,
}

impl DualAddress {
    /// None.
    pub const NONE: Self = Self { v4: None, v6: None };

    /// One, IPv4 when there are both.
    pub fn any(self) -> Option<IpAddr> {
        self.v4.map(IpAddr::from).or_else(|| self.v6.map(IpAddr::from))
    }

    pub(super) fn to_avps(self, v4: &AvpDef, v6: &AvpDef) -> impl Iterator<Item = Avp> {
        let v4 = self.v4.map(|address| Avp::new(v4, address.octets()));
        v4.into_iter().chain(self.v6.map(|address| Avp::new(v6, address.octets())))
    }

    pub(super) fn of(message: &Message, v4: &AvpDef, v6: &AvpDef) -> Result<Self, DiameterProblem> {
        Ok(Self {
            v4: message.get(v4).map(|avp| octets::<4>(avp).map(Ipv4Addr::from)).transpose()?,
            v6: message.get(v6).map(|avp| octets::<16>(avp).map(Ipv6Addr::from)).transpose()?,
        })
    }
}

impl From<IpAddr> for DualAddress {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self { v4: Some(v4), v6: None },
            IpAddr::V6(v6) => Self { v4: None, v6: Some(v6) },
        }
    }
}

pub(super) fn nodes_to_avps(nodes: &[IpAddr]) -> impl Iterator<Item = Avp> {
    nodes.iter().map(|node| match node {
        IpAddr::V4(v4) => Avp::new(&m::TGPP_SGSN_ADDRESS, v4.octets()),
        IpAddr::V6(v6) => Avp::new(&m::TGPP_SGSN_IPV6_ADDRESS, v6.octets()),
    })
}

pub(super) fn nodes_from_message(message: &Message) -> Result<Vec<IpAddr>, DiameterProblem> {
    let of = |avp: &Avp| {
        if avp.is(&m::TGPP_SGSN_ADDRESS) {
            Some(octets::<4>(avp).map(IpAddr::from))
        } else {
            avp.is(&m::TGPP_SGSN_IPV6_ADDRESS).then(|| octets::<16>(avp).map(IpAddr::from))
        }
    };
    message.avps.iter().filter_map(of).take(MAX_NODES).collect()
}

pub(super) fn port(avp: &Avp) -> Result<u16, DiameterProblem> {
    octets(avp).map(u16::from_be_bytes)
}
