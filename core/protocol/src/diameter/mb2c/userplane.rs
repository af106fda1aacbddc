//! User plane of a bearer: local M1 and MB2-U, header compression, forward error correction (TS 29.468 clauses 6.4.20 to
//! 6.4.33).

use std::net::IpAddr;

use super::super::cx::Group;
use super::super::dictionary::AvpDef;
use super::super::dictionary::mbms as m;
use super::super::mbms::need;
use super::super::message::{Avp, DiameterProblem};
use super::mask::{FecResult, RohcResult};

/// An Address that is IPv4 or IPv6; others are as if they were not there.
fn address(group: &Group, def: &AvpDef) -> Result<Option<IpAddr>, DiameterProblem> {
    group.get(def).map(Avp::as_address).transpose().map(Option::flatten)
}

/// UDP ports on MB2-U (TS 29.468 clause 6.4.3).
pub(super) fn port(avp: &Avp) -> Result<u16, DiameterProblem> {
    u16::try_from(avp.as_u32()?).map_err(|_| DiameterProblem::value(avp, "BMSC-Port is not a port"))
}

/// Local-M1-Information (TS 29.468 clause 6.4.20).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LocalM1Information {
    /// MBMS-eNB-IP-Multicast-Address.
    pub multicast: Option<IpAddr>,
    /// MBMS-eNB-IPv6-Multicast-Address.
    pub multicast_v6: Option<IpAddr>,
    /// MBMS-GW-SSM-IP-Address: the source.
    pub source: Option<IpAddr>,
    /// MBMS-GW-SSM-IPv6-Address.
    pub source_v6: Option<IpAddr>,
    /// Common-Tunnel-Endpoint-Identifier.
    pub c_teid: Option<Vec<u8>>,
}

impl LocalM1Information {
    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let addresses = [
            (&m::MBMS_ENB_IP_MULTICAST_ADDRESS, self.multicast),
            (&m::MBMS_ENB_IPV6_MULTICAST_ADDRESS, self.multicast_v6),
            (&m::LOCAL_MBMS_GW_SSM_IP_ADDRESS, self.source),
            (&m::LOCAL_MBMS_GW_SSM_IPV6_ADDRESS, self.source_v6),
        ];
        let mut avps: Vec<Avp> = addresses.iter().filter_map(|(def, a)| Some(Avp::address(def, (*a)?))).collect();
        avps.extend(self.c_teid.as_ref().map(|id| Avp::new(&m::COMMON_TUNNEL_ENDPOINT_IDENTIFIER, id.clone())));
        Avp::group(&m::LOCAL_M1_INFORMATION, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        Ok(Self {
            multicast: address(&group, &m::MBMS_ENB_IP_MULTICAST_ADDRESS)?,
            multicast_v6: address(&group, &m::MBMS_ENB_IPV6_MULTICAST_ADDRESS)?,
            source: address(&group, &m::LOCAL_MBMS_GW_SSM_IP_ADDRESS)?,
            source_v6: address(&group, &m::LOCAL_MBMS_GW_SSM_IPV6_ADDRESS)?,
            c_teid: group.octets(&m::COMMON_TUNNEL_ENDPOINT_IDENTIFIER),
        })
    }
}

/// Local-MB2-U-Information (TS 29.468 clause 6.4.21).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LocalMb2UInformation {
    /// BMSC-Address, up to two.
    pub addresses: Vec<IpAddr>,
    /// BMSC-Port.
    pub port: Option<u16>,
}

impl LocalMb2UInformation {
    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let mut avps: Vec<Avp> = self.addresses.iter().map(|a| Avp::address(&m::BMSC_ADDRESS, *a)).collect();
        avps.extend(self.port.map(|port| Avp::u32(&m::BMSC_PORT, port.into())));
        Avp::group(&m::LOCAL_MB2_U_INFORMATION, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let avps = avp.as_group()?;
        let addresses: Result<Vec<_>, _> =
            avps.iter().filter(|a| a.is(&m::BMSC_ADDRESS)).map(Avp::as_address).collect();
        Ok(Self {
            addresses: addresses?.into_iter().flatten().collect(),
            port: Group::of(avp)?.get(&m::BMSC_PORT).map(port).transpose()?,
        })
    }
}

/// ROHC-Request (TS 29.468 clause 6.4.28).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RohcRequest {
    /// Flow-Description: what is to be compressed, one at least.
    pub flows: Vec<String>,
    /// ROHC-Full-Header-Periodicity, the bits of a Float32.
    pub full_header_periodicity: Option<u32>,
    /// ROHC-Profile.
    pub profile: u32,
}

impl RohcRequest {
    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let mut avps: Vec<Avp> = self.flows.iter().map(|flow| Avp::text(&m::FLOW_DESCRIPTION, flow)).collect();
        avps.extend(self.full_header_periodicity.map(|bits| Avp::u32(&m::ROHC_FULL_HEADER_PERIODICITY, bits)));
        avps.push(Avp::u32(&m::ROHC_PROFILE, self.profile));
        Avp::group(&m::ROHC_REQUEST, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        let flows = group.texts(&m::FLOW_DESCRIPTION)?;
        if flows.is_empty() {
            return Err(DiameterProblem::missing(&m::FLOW_DESCRIPTION));
        }
        Ok(Self {
            flows,
            full_header_periodicity: group.number(&m::ROHC_FULL_HEADER_PERIODICITY)?,
            profile: need(&group, &m::ROHC_PROFILE)?.as_u32()?,
        })
    }
}

/// Userplane-Protocol-Result (TS 29.468 clause 6.4.31).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UserplaneProtocolResult {
    /// Flow-Description; none: all flows.
    pub flows: Vec<String>,
    /// ROHC-Result.
    pub rohc: Option<RohcResult>,
    /// FEC-Result.
    pub fec: Option<FecResult>,
}

impl UserplaneProtocolResult {
    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let mut avps: Vec<Avp> = self.flows.iter().map(|flow| Avp::text(&m::FLOW_DESCRIPTION, flow)).collect();
        avps.extend(self.rohc.map(RohcResult::to_avp));
        avps.extend(self.fec.map(FecResult::to_avp));
        Avp::group(&m::USERPLANE_PROTOCOL_RESULT, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        Ok(Self {
            flows: group.texts(&m::FLOW_DESCRIPTION)?,
            rohc: group.get(&m::ROHC_RESULT).map(RohcResult::from_avp).transpose()?,
            fec: group.get(&m::FEC_RESULT).map(FecResult::from_avp).transpose()?,
        })
    }

    /// All that are in a group.
    pub(super) fn all(avps: &[Avp]) -> Result<Vec<Self>, DiameterProblem> {
        avps.iter().filter(|avp| avp.is(&m::USERPLANE_PROTOCOL_RESULT)).map(Self::from_avp).collect()
    }
}
