//! AVPs of our own: what TR 23.847 clause 2 has an AS provision at the BM-SC and MB2-C (TS 29.468) has no AVP for.
//!
//! Their vendor is 32473, the enterprise number for examples (RFC 5612); their M bit is clear, so that a BM-SC or a GCS AS that
//! does not know them leaves them alone and serves the request as TS 29.468 has it.
//!
//! | code | name | type | what it says |
//! |---|---|---|---|
//! | 1 | Service-Provisioning | Grouped | in MBMS-Bearer-Request, MBMS-Bearer-Response: of that bearer; in TMGI-Allocation-Request, TMGI-Allocation-Response, several times: of the TMGI in it |
//! | 900 (3GPP) | TMGI | OctetString | in Service-Provisioning of an allocation: whose it is; absent in a request: of one that is to be allocated, in the order of the new ones of the response |
//! | 2 | Allocation-Mode | Enumerated | 0: the BM-SC assigns address, port and TMGI (as without it); 1: the AS has assigned them and informs the BM-SC |
//! | 3 | Multicast-Address | Address | multicast address of the service, IPv4 or IPv6 |
//! | 4 | Multicast-Port | Unsigned32 | UDP port of the service, 1 to 65535 |
//! | 5 | Service-SDP | UTF8String | session description of the service (RFC 8866) |
//! | 6 | Session-Start-Time | Time | when the session starts; 0: at once, as soon as there is media |
//! | 7 | Session-End-Time | Time | when the session ends; 0: when the AS ends it |
//! | 8 | Conflict-Reason | Enumerated | in responses: why what the AS has assigned is refused ([`ConflictReason`]); the bearer then has the bit BAD_AVP_COMBINATION or AUTHORIZATION_REJECTED, the allocation AUTHORIZATION_REJECTED |
//!
//! In a response the group says what holds: the address and the port that the BM-SC has assigned, or again those of the AS.
//! Time is seconds since 1900 (RFC 6733 clause 4.3.1); 0, which as a time would be one second of the year 2036, is the value
//! for sessions in real time.

use std::net::{IpAddr, SocketAddr};

use super::super::charging::{from_time, to_time};
use super::super::cx::{Group, enumerated};
use super::super::dictionary::mbms as m;
use super::super::message::{Avp, DiameterProblem};
use super::{others, tmgi_from_avp, tmgi_to_avp};
use crate::Tmgi;

enumerated! {
    /// Allocation-Mode: who assigns multicast address, port and TMGI (TR 23.847 clause 2).
    AllocationMode of ALLOCATION_MODE in m {
        /// The BM-SC assigns them.
        BmscAssigns = 0,
        /// The AS has assigned them and informs the BM-SC.
        AsAssigned = 1,
    }
}

enumerated! {
    /// Conflict-Reason: why what an AS has assigned is refused.
    ConflictReason of CONFLICT_REASON in m {
        /// The TMGI is that of another service.
        TmgiInUse = 1,
        /// Address and port are those of another service.
        AddressInUse = 2,
        /// The TMGI is not one that this AS may assign.
        TmgiNotOfAs = 3,
        /// The address is not one that this AS may assign.
        AddressNotOfAs = 4,
        /// The PLMN of the TMGI is not that of the BM-SC.
        OtherPlmn = 5,
        /// The address is not a multicast address, or the port is 0.
        NotMulticast = 6,
        /// The TMGI is there with another address or port.
        OtherAddress = 7,
        /// The session description names another address or port, or cannot be read.
        OtherDescription = 8,
        /// Something that the AS has to assign is missing.
        Incomplete = 9,
        /// The end is not after the start.
        EndBeforeStart = 10,
    }
}

/// A start or an end of a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum SessionTime {
    /// The value for sessions in real time: a start at once, an end when the AS says so.
    #[default]
    RealTime,
    /// At a time, in milliseconds since 1970; whole seconds on the wire.
    At(u64),
}

impl SessionTime {
    const fn to_wire(self) -> u32 {
        match self {
            Self::RealTime => 0,
            Self::At(utc_ms) => match to_time(utc_ms) {
                // The second whose number is the special value is said as the one after it.
                0 => 1,
                time => time,
            },
        }
    }

    fn from_wire(time: u32) -> Self {
        if time == 0 { Self::RealTime } else { Self::At(from_time(time)) }
    }
}

/// Service-Provisioning.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServiceProvisioning {
    /// TMGI, in an allocation.
    pub tmgi: Option<Tmgi>,
    /// Allocation-Mode.
    pub mode: Option<AllocationMode>,
    /// Multicast-Address.
    pub address: Option<IpAddr>,
    /// Multicast-Port.
    pub port: Option<u16>,
    /// Service-SDP.
    pub sdp: Option<String>,
    /// Session-Start-Time.
    pub start: Option<SessionTime>,
    /// Session-End-Time.
    pub end: Option<SessionTime>,
    /// Conflict-Reason.
    pub conflict: Option<ConflictReason>,
    /// What else is in it, untouched.
    pub other: Vec<Avp>,
}

impl ServiceProvisioning {
    /// The longest session description that is taken, in octets.
    pub const MAX_SDP_OCTETS: usize = 16 * 1024;

    /// Address and port, when both are there.
    pub fn socket(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.address?, self.port?))
    }

    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let mut avps: Vec<Avp> = Vec::new();
        avps.extend(self.tmgi.map(tmgi_to_avp));
        avps.extend(self.mode.map(AllocationMode::to_avp));
        avps.extend(self.address.map(|address| Avp::address(&m::MULTICAST_ADDRESS, address)));
        avps.extend(self.port.map(|port| Avp::u32(&m::MULTICAST_PORT, port.into())));
        avps.extend(self.sdp.as_ref().map(|sdp| Avp::text(&m::SERVICE_SDP, sdp)));
        avps.extend(self.start.map(|time| Avp::u32(&m::SESSION_START_TIME, time.to_wire())));
        avps.extend(self.end.map(|time| Avp::u32(&m::SESSION_END_TIME, time.to_wire())));
        avps.extend(self.conflict.map(ConflictReason::to_avp));
        avps.extend(self.other.iter().cloned());
        Avp::group(&m::SERVICE_PROVISIONING, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let other = others(&avp.as_group()?, &Self::KNOWN);
        let group = Group::of(avp)?;
        let sdp = group.text(&m::SERVICE_SDP)?;
        if sdp.as_ref().is_some_and(|sdp| sdp.len() > Self::MAX_SDP_OCTETS) {
            return Err(DiameterProblem::value(avp, "Service-SDP is too long"));
        }
        let address = group.get(&m::MULTICAST_ADDRESS).map(|address| {
            let known = address.as_address()?;
            known.ok_or_else(|| DiameterProblem::value(address, "Multicast-Address is neither IPv4 nor IPv6"))
        });
        let port = group.get(&m::MULTICAST_PORT).map(|port| {
            let wrong = |_| DiameterProblem::value(port, "Multicast-Port is not a port");
            u16::try_from(port.as_u32()?).map_err(wrong)
        });
        Ok(Self {
            tmgi: group.get(&m::TMGI).map(tmgi_from_avp).transpose()?,
            mode: group.get(&m::ALLOCATION_MODE).map(AllocationMode::from_avp).transpose()?,
            address: address.transpose()?,
            port: port.transpose()?,
            sdp,
            start: group.number(&m::SESSION_START_TIME)?.map(SessionTime::from_wire),
            end: group.number(&m::SESSION_END_TIME)?.map(SessionTime::from_wire),
            conflict: group.get(&m::CONFLICT_REASON).map(ConflictReason::from_avp).transpose()?,
            other,
        })
    }

    const KNOWN: [&'static super::d::AvpDef; 8] = [
        &m::TMGI,
        &m::ALLOCATION_MODE,
        &m::MULTICAST_ADDRESS,
        &m::MULTICAST_PORT,
        &m::SERVICE_SDP,
        &m::SESSION_START_TIME,
        &m::SESSION_END_TIME,
        &m::CONFLICT_REASON,
    ];
}
