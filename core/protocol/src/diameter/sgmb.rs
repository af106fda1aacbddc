//! SGmb: typed messages between a BM-SC and an MBMS-GW (TS 29.061 clause 20): session start, update and stop and heartbeat
//! (RAR, RAA), termination by the MBMS-GW (STR, STA), abort by the BM-SC (ASR, ASA).

mod addresses;

pub use addresses::DualAddress;

use std::net::IpAddr;

use super::cx::enumerated;
use super::dictionary as d;
use super::dictionary::charging as c;
use super::dictionary::mbms as m;
use super::mb2c::LocalM1Information;
use super::mbms::{
    FlowId, HEADER, MbmsCellList, MbmsServiceArea, ON_THE_WAY, QosInformation, SessionDuration, StartStop,
    SupportedFeatures, answer, mask, octets, others, request, tmgi_from_avp, tmgi_to_avp,
};
use super::message::{Avp, DiameterProblem, Message};
use super::session::{Outcome, Routing};
use crate::Tmgi;

/// Experimental-Result-Codes of SGmb (TS 29.061 clause 20.6).
pub mod code {
    /// DIAMETER_ERROR_START_INDICATION.
    pub const START_INDICATION: u32 = 5120;
    /// DIAMETER_ERROR_STOP_INDICATION.
    pub const STOP_INDICATION: u32 = 5121;
    /// DIAMETER_ERROR_UNKNOWN_MBMS_BEARER_SERVICE.
    pub const UNKNOWN_MBMS_BEARER_SERVICE: u32 = 5122;
    /// DIAMETER_ERROR_SERVICE_AREA.
    pub const SERVICE_AREA: u32 = 5123;
}

enumerated! {
    /// MBMS-Access-Indicator (TS 29.061 clause 20.5a.1).
    AccessIndicator of MBMS_ACCESS_INDICATOR in m {
        /// UTRAN.
        Utran = 0,
        /// E-UTRAN.
        Eutran = 1,
        /// UTRAN-AND-E-UTRAN.
        UtranAndEutran = 2,
    }
}

enumerated! {
    /// CN-IP-Multicast-Distribution (TS 29.061 clause 17.7.22).
    CnIpMulticast of CN_IP_MULTICAST_DISTRIBUTION in m {
        /// NO-IP-MULTICAST.
        No = 0,
        /// IP-MULTICAST.
        Yes = 1,
    }
}

enumerated! {
    /// MBMS-HC-Indicator (TS 29.061 clause 17.7.24): whether the headers of payload are compressed.
    HeaderCompression of MBMS_HC_INDICATOR in m {
        /// Uncompressed header.
        Uncompressed = 0,
        /// Compressed header.
        Compressed = 1,
    }
}

enumerated! {
    /// MBMS-User-Data-Mode-Indication (TS 29.061 clause 17.7.18).
    UserDataMode of MBMS_USER_DATA_MODE_INDICATION in m {
        /// Unicast.
        Unicast = 0,
        /// Multicast and unicast.
        MulticastAndUnicast = 1,
    }
}

enumerated! {
    /// Termination-Cause (RFC 6733 clause 8.15).
    TerminationCause of TERMINATION_CAUSE in c {
        /// DIAMETER_LOGOUT.
        Logout = 1,
        /// DIAMETER_SERVICE_NOT_PROVIDED.
        ServiceNotProvided = 2,
        /// DIAMETER_BAD_ANSWER.
        BadAnswer = 3,
        /// DIAMETER_ADMINISTRATIVE.
        Administrative = 4,
        /// DIAMETER_LINK_BROKEN.
        LinkBroken = 5,
        /// DIAMETER_AUTH_EXPIRED.
        AuthExpired = 6,
        /// DIAMETER_USER_MOVED.
        UserMoved = 7,
        /// DIAMETER_SESSION_TIMEOUT.
        SessionTimeout = 8,
    }
}
mask! {
    /// MBMS-Flags (TS 29.061 clause 20.5a.9).
    MbmsFlags of MBMS_FLAGS {
        /// MSRI: the session start re-establishes a session.
        MSRI = 0,
        /// LBCRI: the session stop releases the bearer context here alone.
        LBCRI = 1,
    }
}

mask! {
    /// Diagnostic-Info (TS 29.061 clause 20.5a.11).
    DiagnosticInfo of DIAGNOSTIC_INFO {
        /// UPFAIL: the MBMS-GW has seen the user plane fail.
        UPFAIL = 0,
    }
}

/// AUTHORIZE_ONLY (RFC 6733 clause 8.12).
const AUTHORIZE_ONLY: u32 = 0;

/// MBMS-Data-Transfer-Start and -Stop: a time in the 64 bits of NTP (TS 29.061 clauses 20.5a.7 and 20.5a.8).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// Seconds from 1900 to 1970.
    const OFFSET: u64 = 2_208_988_800;

    /// Of microseconds since 1970; the era of 2036 wraps.
    pub const fn from_utc_us(utc_us: u64) -> Self {
        let seconds = (utc_us / 1_000_000).wrapping_add(Self::OFFSET) & 0xffff_ffff;
        // Rounded up, so that the way back gives the same microsecond.
        let fraction = ((utc_us % 1_000_000) << 32).div_ceil(1_000_000);
        Self(seconds << 32 | fraction)
    }

    /// As microseconds since 1970. What has the highest bit clear lies after 2036 (RFC 5905 figure 4).
    pub const fn utc_us(self) -> u64 {
        let (seconds, fraction) = (self.0 >> 32, self.0 & 0xffff_ffff);
        let era = if seconds & 0x8000_0000 == 0 { 1 << 32 } else { 0 };
        (seconds + era).saturating_sub(Self::OFFSET) * 1_000_000 + ((fraction * 1_000_000) >> 32)
    }
}

/// Re-Auth-Request (TS 29.061 clause 20.4.1): session start, update, stop, or heartbeat, as its indication says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rar {
    /// Header; Destination-Host has to be there. One Session-Id for each MBMS session.
    pub routing: Routing,
    /// Called-Station-Id: the APN.
    pub called_station: Option<String>,
    /// MBMS-StartStop-Indication.
    pub indication: Option<StartStop>,
    /// MBMS-Access-Indicator.
    pub access: Option<AccessIndicator>,
    /// MBMS-Service-Area.
    pub area: Option<MbmsServiceArea>,
    /// QoS-Information.
    pub qos: Option<QosInformation>,
    /// MBMS-Session-Duration.
    pub duration: Option<SessionDuration>,
    /// MBMS-Session-Identity.
    pub session_identity: Option<u8>,
    /// MBMS-Session-Repetition-Number.
    pub repetition: Option<u8>,
    /// TMGI.
    pub tmgi: Option<Tmgi>,
    /// 3GPP-SGSN-Address, then 3GPP-SGSN-IPv6-Address: the control plane nodes (MMEs).
    pub control_plane_nodes: Vec<IpAddr>,
    /// MBMS-Time-To-Data-Transfer: so many seconds less one (TS 48.018 clause 11.3.92).
    pub time_to_data: Option<u8>,
    /// MBMS-Data-Transfer-Start.
    pub data_start: Option<NtpTime>,
    /// MBMS-Data-Transfer-Stop.
    pub data_stop: Option<NtpTime>,
    /// MBMS-Flags.
    pub flags: Option<MbmsFlags>,
    /// MBMS-User-Data-Mode-Indication.
    pub mode: Option<UserDataMode>,
    /// MBMS-BMSC-SSM-IP(v6)-Address: source of what the BM-SC sends by multicast.
    pub bmsc_ssm: DualAddress,
    /// MBMS-Flow-Identifier.
    pub flow: Option<FlowId>,
    /// CN-IP-Multicast-Distribution.
    pub cn_ip_multicast: Option<CnIpMulticast>,
    /// MBMS-HC-Indicator.
    pub header_compression: Option<HeaderCompression>,
    /// MBMS-GW-UDP-Port-Indicator: a port is asked for (UDP-PORT-REQUIRED).
    pub udp_port_required: bool,
    /// MBMS-GW-SSM-IP(v6)-Address.
    pub gw_ssm: DualAddress,
    /// MBMS-BMSC-SSM-UDP-Port.
    pub bmsc_ssm_port: Option<u16>,
    /// MBMS-Cell-List.
    pub cells: Option<MbmsCellList>,
    /// Local-M1-Information.
    pub local_m1: Option<LocalM1Information>,
    /// Supported-Features.
    pub features: Vec<SupportedFeatures>,
    /// Restart-Counter.
    pub restart_counter: Option<u32>,
    /// What else is in it, untouched.
    pub other: Vec<Avp>,
}

/// UDP-PORT-REQUIRED (TS 29.061 clause 20.5a.6).
const UDP_PORT_REQUIRED: u32 = 1;

impl Rar {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut avps = vec![Avp::u32(&m::RE_AUTH_REQUEST_TYPE, AUTHORIZE_ONLY)];
        avps.extend(self.called_station.as_ref().map(|apn| Avp::text(&m::CALLED_STATION_ID, apn)));
        avps.extend(self.access.map(AccessIndicator::to_avp));
        avps.extend(self.indication.map(StartStop::to_avp));
        avps.extend(self.area.as_ref().map(MbmsServiceArea::to_avp));
        avps.extend(self.qos.as_ref().map(QosInformation::to_avp));
        avps.extend(self.duration.map(SessionDuration::to_avp));
        avps.extend(self.session_identity.map(|id| Avp::new(&m::MBMS_SESSION_IDENTITY, [id])));
        avps.extend(self.repetition.map(|number| Avp::new(&m::MBMS_SESSION_REPETITION_NUMBER, [number])));
        avps.extend(self.tmgi.map(tmgi_to_avp));
        avps.extend(addresses::nodes_to_avps(&self.control_plane_nodes));
        avps.extend(self.time_to_data.map(|time| Avp::new(&m::MBMS_TIME_TO_DATA_TRANSFER, [time])));
        avps.extend(self.data_start.map(|time| Avp::u64(&m::MBMS_DATA_TRANSFER_START, time.0)));
        avps.extend(self.data_stop.map(|time| Avp::u64(&m::MBMS_DATA_TRANSFER_STOP, time.0)));
        avps.extend(self.flags.map(MbmsFlags::to_avp));
        avps.extend(self.mode.map(UserDataMode::to_avp));
        avps.extend(self.bmsc_ssm.to_avps(&m::MBMS_BMSC_SSM_IP_ADDRESS, &m::MBMS_BMSC_SSM_IPV6_ADDRESS));
        avps.extend(self.flow.map(FlowId::to_avp));
        avps.extend(self.cn_ip_multicast.map(CnIpMulticast::to_avp));
        avps.extend(self.header_compression.map(HeaderCompression::to_avp));
        avps.extend(self.udp_port_required.then(|| Avp::u32(&m::MBMS_GW_UDP_PORT_INDICATOR, UDP_PORT_REQUIRED)));
        avps.extend(self.gw_ssm.to_avps(&m::MBMS_GW_SSM_IP_ADDRESS, &m::MBMS_GW_SSM_IPV6_ADDRESS));
        avps.extend(self.bmsc_ssm_port.map(|port| Avp::new(&m::MBMS_BMSC_SSM_UDP_PORT, port.to_be_bytes())));
        avps.extend(self.cells.as_ref().map(MbmsCellList::to_avp));
        avps.extend(self.local_m1.as_ref().map(LocalM1Information::to_avp));
        avps.extend(self.features.iter().map(|features| features.to_avp()));
        avps.extend(self.restart_counter.map(|counter| Avp::u32(&m::RESTART_COUNTER, counter)));
        avps.extend(self.other.iter().cloned());
        request(&self.routing, d::RE_AUTH, d::APP_SGMB, false, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let get = |def| message.get(def);
        let octet = |def| get(def).map(|avp| octets::<1>(avp).map(|[octet]| octet)).transpose();
        let time = |def| get(def).map(|avp| avp.as_u64().map(NtpTime)).transpose();
        Ok(Self {
            routing: Routing::from_message(message)?,
            called_station: message.text(&m::CALLED_STATION_ID)?.map(str::to_owned),
            indication: get(&m::MBMS_STARTSTOP_INDICATION).map(StartStop::from_avp).transpose()?,
            access: get(&m::MBMS_ACCESS_INDICATOR).map(AccessIndicator::from_avp).transpose()?,
            area: get(&m::MBMS_SERVICE_AREA).map(MbmsServiceArea::from_avp).transpose()?,
            qos: get(&m::QOS_INFORMATION).map(QosInformation::from_avp).transpose()?,
            duration: get(&m::MBMS_SESSION_DURATION).map(SessionDuration::from_avp).transpose()?,
            session_identity: octet(&m::MBMS_SESSION_IDENTITY)?,
            repetition: octet(&m::MBMS_SESSION_REPETITION_NUMBER)?,
            tmgi: get(&m::TMGI).map(tmgi_from_avp).transpose()?,
            control_plane_nodes: addresses::nodes_from_message(message)?,
            time_to_data: octet(&m::MBMS_TIME_TO_DATA_TRANSFER)?,
            data_start: time(&m::MBMS_DATA_TRANSFER_START)?,
            data_stop: time(&m::MBMS_DATA_TRANSFER_STOP)?,
            flags: get(&m::MBMS_FLAGS).map(MbmsFlags::from_avp).transpose()?,
            mode: get(&m::MBMS_USER_DATA_MODE_INDICATION).map(UserDataMode::from_avp).transpose()?,
            bmsc_ssm: DualAddress::of(message, &m::MBMS_BMSC_SSM_IP_ADDRESS, &m::MBMS_BMSC_SSM_IPV6_ADDRESS)?,
            flow: get(&m::MBMS_FLOW_IDENTIFIER).map(FlowId::from_avp).transpose()?,
            cn_ip_multicast: get(&m::CN_IP_MULTICAST_DISTRIBUTION).map(CnIpMulticast::from_avp).transpose()?,
            header_compression: get(&m::MBMS_HC_INDICATOR).map(HeaderCompression::from_avp).transpose()?,
            udp_port_required: message.number(&m::MBMS_GW_UDP_PORT_INDICATOR)? == Some(UDP_PORT_REQUIRED),
            gw_ssm: DualAddress::of(message, &m::MBMS_GW_SSM_IP_ADDRESS, &m::MBMS_GW_SSM_IPV6_ADDRESS)?,
            bmsc_ssm_port: get(&m::MBMS_BMSC_SSM_UDP_PORT).map(addresses::port).transpose()?,
            cells: get(&m::MBMS_CELL_LIST).map(MbmsCellList::from_avp).transpose()?,
            local_m1: get(&m::LOCAL_M1_INFORMATION).map(LocalM1Information::from_avp).transpose()?,
            features: SupportedFeatures::all(message)?,
            restart_counter: message.number(&m::RESTART_COUNTER)?,
            other: rest(message, &RAR),
        })
    }
}

/// What a RAR has a field for.
const RAR: [&d::AvpDef; 30] = [
    &m::RE_AUTH_REQUEST_TYPE,
    &m::CALLED_STATION_ID,
    &m::MBMS_STARTSTOP_INDICATION,
    &m::MBMS_ACCESS_INDICATOR,
    &m::MBMS_SERVICE_AREA,
    &m::QOS_INFORMATION,
    &m::MBMS_SESSION_DURATION,
    &m::MBMS_SESSION_IDENTITY,
    &m::MBMS_SESSION_REPETITION_NUMBER,
    &m::TMGI,
    &m::TGPP_SGSN_ADDRESS,
    &m::TGPP_SGSN_IPV6_ADDRESS,
    &m::MBMS_TIME_TO_DATA_TRANSFER,
    &m::MBMS_DATA_TRANSFER_START,
    &m::MBMS_DATA_TRANSFER_STOP,
    &m::MBMS_FLAGS,
    &m::MBMS_USER_DATA_MODE_INDICATION,
    &m::MBMS_BMSC_SSM_IP_ADDRESS,
    &m::MBMS_BMSC_SSM_IPV6_ADDRESS,
    &m::MBMS_FLOW_IDENTIFIER,
    &m::CN_IP_MULTICAST_DISTRIBUTION,
    &m::MBMS_HC_INDICATOR,
    &m::MBMS_GW_UDP_PORT_INDICATOR,
    &m::MBMS_GW_SSM_IP_ADDRESS,
    &m::MBMS_GW_SSM_IPV6_ADDRESS,
    &m::MBMS_BMSC_SSM_UDP_PORT,
    &m::MBMS_CELL_LIST,
    &m::LOCAL_M1_INFORMATION,
    &d::SUPPORTED_FEATURES,
    &m::RESTART_COUNTER,
];

/// Re-Auth-Answer (TS 29.061 clause 20.4.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Raa {
    /// Who answers, and the result ([`code`] beside those of the base protocol).
    pub outcome: Outcome,
    /// MBMS-StartStop-Indication: of a heartbeat.
    pub indication: Option<StartStop>,
    /// MBMS-GGSN-(IPv6-)Address: where the BM-SC sends unicast.
    pub address: DualAddress,
    /// MBMS-User-Data-Mode-Indication.
    pub mode: Option<UserDataMode>,
    /// MBMS-GW-UDP-Port: the port that goes with `address`.
    pub port: Option<u16>,
    /// Supported-Features.
    pub features: Vec<SupportedFeatures>,
    /// Restart-Counter.
    pub restart_counter: Option<u32>,
}

impl Raa {
    /// A result and nothing more.
    pub const fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            indication: None,
            address: DualAddress::NONE,
            mode: None,
            port: None,
            features: Vec::new(),
            restart_counter: None,
        }
    }

    /// As it goes out.
    pub fn to_message(&self, request: &Message) -> Message {
        let mut avps: Vec<Avp> = self.indication.map(StartStop::to_avp).into_iter().collect();
        avps.extend(self.address.to_avps(&m::MBMS_GGSN_ADDRESS, &m::MBMS_GGSN_IPV6_ADDRESS));
        avps.extend(self.mode.map(UserDataMode::to_avp));
        avps.extend(self.port.map(|port| Avp::new(&m::MBMS_GW_UDP_PORT, port.to_be_bytes())));
        avps.extend(self.features.iter().map(|features| features.to_avp()));
        avps.extend(self.restart_counter.map(|counter| Avp::u32(&m::RESTART_COUNTER, counter)));
        answer(&self.outcome, request, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let get = |def| message.get(def);
        Ok(Self {
            outcome: Outcome::from_message(message)?,
            indication: get(&m::MBMS_STARTSTOP_INDICATION).map(StartStop::from_avp).transpose()?,
            address: DualAddress::of(message, &m::MBMS_GGSN_ADDRESS, &m::MBMS_GGSN_IPV6_ADDRESS)?,
            mode: get(&m::MBMS_USER_DATA_MODE_INDICATION).map(UserDataMode::from_avp).transpose()?,
            port: get(&m::MBMS_GW_UDP_PORT).map(addresses::port).transpose()?,
            features: SupportedFeatures::all(message)?,
            restart_counter: message.number(&m::RESTART_COUNTER)?,
        })
    }
}

/// Session-Termination-Request (TS 29.061 clause 20.4.3): the MBMS-GW ends a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Str {
    /// Header.
    pub routing: Routing,
    /// Termination-Cause.
    pub cause: TerminationCause,
    /// Diagnostic-Info.
    pub diagnostic: Option<DiagnosticInfo>,
    /// Restart-Counter.
    pub restart_counter: Option<u32>,
}

impl Str {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let mut avps = vec![self.cause.to_avp()];
        avps.extend(self.diagnostic.map(DiagnosticInfo::to_avp));
        avps.extend(self.restart_counter.map(|counter| Avp::u32(&m::RESTART_COUNTER, counter)));
        request(&self.routing, d::SESSION_TERMINATION, d::APP_SGMB, false, avps)
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let cause =
            message.get(&c::TERMINATION_CAUSE).ok_or_else(|| DiameterProblem::missing(&c::TERMINATION_CAUSE))?;
        Ok(Self {
            routing: Routing::from_message(message)?,
            cause: TerminationCause::from_avp(cause)?,
            diagnostic: message.get(&m::DIAGNOSTIC_INFO).map(DiagnosticInfo::from_avp).transpose()?,
            restart_counter: message.number(&m::RESTART_COUNTER)?,
        })
    }
}

/// Abort-Session-Request (TS 29.061 clause 20.4.5): the BM-SC has the MBMS-GW end a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asr {
    /// Header; Destination-Host has to be there.
    pub routing: Routing,
    /// Restart-Counter.
    pub restart_counter: Option<u32>,
}

impl Asr {
    /// As it goes out.
    pub fn to_message(&self) -> Message {
        let counter = self.restart_counter.map(|counter| Avp::u32(&m::RESTART_COUNTER, counter));
        request(&self.routing, d::ABORT_SESSION, d::APP_SGMB, false, counter.into_iter().collect())
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self { routing: Routing::from_message(message)?, restart_counter: message.number(&m::RESTART_COUNTER)? })
    }
}

/// Session-Termination-Answer or Abort-Session-Answer (TS 29.061 clauses 20.4.4 and 20.4.6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SgmbAnswer {
    /// Who answers, and the result.
    pub outcome: Outcome,
    /// Restart-Counter.
    pub restart_counter: Option<u32>,
}

impl SgmbAnswer {
    /// As it goes out.
    pub fn to_message(&self, request: &Message) -> Message {
        let counter = self.restart_counter.map(|counter| Avp::u32(&m::RESTART_COUNTER, counter));
        answer(&self.outcome, request, counter.into_iter().collect())
    }

    /// Reads it.
    pub fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        Ok(Self { outcome: Outcome::from_message(message)?, restart_counter: message.number(&m::RESTART_COUNTER)? })
    }
}

/// The AVPs that are neither header nor one of `known`.
fn rest(message: &Message, known: &[&d::AvpDef]) -> Vec<Avp> {
    others(&message.avps, &[&HEADER, &ON_THE_WAY[..], known].concat())
}

#[cfg(test)]
mod tests;
