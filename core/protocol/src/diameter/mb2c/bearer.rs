//! Bearers: request, response, event (TS 29.468 clauses 6.4.5 to 6.4.7 and 6.4.35).

use std::net::IpAddr;

use super::super::charging::{from_time, to_time};
use super::super::cx::{Group, enumerated};
use super::super::dictionary::AvpDef;
use super::super::dictionary::mbms as m;
use super::super::mbms::provisioning::ServiceProvisioning;
use super::super::mbms::{
    FlowId, MbmsCellList, MbmsServiceArea, QosInformation, SessionDuration, StartStop, need, others, tmgi_from_avp,
    tmgi_to_avp,
};
use super::super::message::{Avp, DiameterProblem};
use super::mask::{MbmsBearerEvent, MbmsBearerResult};
use super::userplane::{LocalM1Information, LocalMb2UInformation, RohcRequest, UserplaneProtocolResult, port};
use crate::Tmgi;

/// MBMS-Bearer-Request (TS 29.468 clause 6.4.6): activation (START), modification (UPDATE), de-activation (STOP).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MbmsBearerRequest {
    /// MBMS-StartStop-Indication.
    pub indication: StartStop,
    /// TMGI; without it the BM-SC allocates one.
    pub tmgi: Option<Tmgi>,
    /// MBMS-Flow-Identifier.
    pub flow: Option<FlowId>,
    /// QoS-Information.
    pub qos: Option<QosInformation>,
    /// MBMS-Service-Area.
    pub area: Option<MbmsServiceArea>,
    /// MBMS-Start-Time, in milliseconds since 1970; whole seconds on the wire.
    pub start_utc_ms: Option<u64>,
    /// MB2U-Security: 0 none, 1 security.
    pub security: Option<u32>,
    /// MBMS-Cell-List.
    pub cells: Option<MbmsCellList>,
    /// Local-M1-Information.
    pub local_m1: Option<LocalM1Information>,
    /// Local-MB2-U-Information.
    pub local_mb2u: Option<LocalMb2UInformation>,
    /// FEC-Request: a session description.
    pub fec: Option<Vec<u8>>,
    /// ROHC-Request.
    pub rohc: Vec<RohcRequest>,
    /// ROHC-Max-CID.
    pub rohc_max_cid: Option<u32>,
    /// Service-Provisioning.
    pub provisioning: Option<ServiceProvisioning>,
    /// What else is in it, untouched.
    pub other: Vec<Avp>,
}

impl MbmsBearerRequest {
    /// An indication and nothing more.
    pub const fn new(indication: StartStop) -> Self {
        Self {
            indication,
            tmgi: None,
            flow: None,
            qos: None,
            area: None,
            start_utc_ms: None,
            security: None,
            cells: None,
            local_m1: None,
            local_mb2u: None,
            fec: None,
            rohc: Vec::new(),
            rohc_max_cid: None,
            provisioning: None,
            other: Vec::new(),
        }
    }

    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let mut avps = vec![self.indication.to_avp()];
        avps.extend(self.tmgi.map(tmgi_to_avp));
        avps.extend(self.flow.map(FlowId::to_avp));
        avps.extend(self.qos.as_ref().map(QosInformation::to_avp));
        avps.extend(self.area.as_ref().map(MbmsServiceArea::to_avp));
        avps.extend(self.start_utc_ms.map(|at| Avp::u32(&m::MBMS_START_TIME, to_time(at))));
        avps.extend(self.security.map(|security| Avp::u32(&m::MB2U_SECURITY, security)));
        avps.extend(self.cells.as_ref().map(MbmsCellList::to_avp));
        avps.extend(self.local_m1.as_ref().map(LocalM1Information::to_avp));
        avps.extend(self.local_mb2u.as_ref().map(LocalMb2UInformation::to_avp));
        avps.extend(self.fec.as_ref().map(|sdp| Avp::new(&m::FEC_REQUEST, sdp.clone())));
        avps.extend(self.rohc.iter().map(RohcRequest::to_avp));
        avps.extend(self.rohc_max_cid.map(|most| Avp::u32(&m::ROHC_MAX_CID, most)));
        avps.extend(self.provisioning.as_ref().map(ServiceProvisioning::to_avp));
        avps.extend(self.other.iter().cloned());
        Avp::group(&m::MBMS_BEARER_REQUEST, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let (avps, group) = (avp.as_group()?, Group::of(avp)?);
        let rohc = avps.iter().filter(|a| a.is(&m::ROHC_REQUEST)).map(RohcRequest::from_avp);
        Ok(Self {
            indication: StartStop::from_avp(need(&group, &m::MBMS_STARTSTOP_INDICATION)?)?,
            tmgi: group.get(&m::TMGI).map(tmgi_from_avp).transpose()?,
            flow: group.get(&m::MBMS_FLOW_IDENTIFIER).map(FlowId::from_avp).transpose()?,
            qos: group.get(&m::QOS_INFORMATION).map(QosInformation::from_avp).transpose()?,
            area: group.get(&m::MBMS_SERVICE_AREA).map(MbmsServiceArea::from_avp).transpose()?,
            start_utc_ms: group.number(&m::MBMS_START_TIME)?.map(from_time),
            security: group.number(&m::MB2U_SECURITY)?,
            cells: group.get(&m::MBMS_CELL_LIST).map(MbmsCellList::from_avp).transpose()?,
            local_m1: group.get(&m::LOCAL_M1_INFORMATION).map(LocalM1Information::from_avp).transpose()?,
            local_mb2u: group.get(&m::LOCAL_MB2_U_INFORMATION).map(LocalMb2UInformation::from_avp).transpose()?,
            fec: group.octets(&m::FEC_REQUEST),
            rohc: rohc.collect::<Result<_, _>>()?,
            rohc_max_cid: group.number(&m::ROHC_MAX_CID)?,
            provisioning: group.get(&m::SERVICE_PROVISIONING).map(ServiceProvisioning::from_avp).transpose()?,
            other: others(&avps, &Self::KNOWN),
        })
    }

    const KNOWN: [&'static AvpDef; 14] = [
        &m::MBMS_STARTSTOP_INDICATION,
        &m::TMGI,
        &m::MBMS_FLOW_IDENTIFIER,
        &m::QOS_INFORMATION,
        &m::MBMS_SERVICE_AREA,
        &m::MBMS_START_TIME,
        &m::MB2U_SECURITY,
        &m::MBMS_CELL_LIST,
        &m::LOCAL_M1_INFORMATION,
        &m::LOCAL_MB2_U_INFORMATION,
        &m::FEC_REQUEST,
        &m::ROHC_REQUEST,
        &m::ROHC_MAX_CID,
        &m::SERVICE_PROVISIONING,
    ];
}

/// MBMS-Bearer-Response (TS 29.468 clause 6.4.7).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MbmsBearerResponse {
    /// TMGI.
    pub tmgi: Option<Tmgi>,
    /// MBMS-Flow-Identifier.
    pub flow: Option<FlowId>,
    /// MBMS-Session-Duration.
    pub duration: Option<SessionDuration>,
    /// MBMS-Bearer-Result; absent: success.
    pub result: Option<MbmsBearerResult>,
    /// BMSC-Address: where MB2-U goes; two at most, IPv4 and IPv6.
    pub addresses: Vec<IpAddr>,
    /// BMSC-Port.
    pub port: Option<u16>,
    /// MB2U-Security: 0 none, 1 security.
    pub security: Option<u32>,
    /// Radio-Frequency.
    pub frequencies: Vec<u32>,
    /// Userplane-Protocol-Result.
    pub userplane: Vec<UserplaneProtocolResult>,
    /// Service-Provisioning.
    pub provisioning: Option<ServiceProvisioning>,
    /// What else is in it, untouched.
    pub other: Vec<Avp>,
}

impl MbmsBearerResponse {
    /// Whether it was done or is being done.
    pub fn is_success(&self) -> bool {
        self.result.is_none_or(|result| result.has(MbmsBearerResult::SUCCESS))
    }

    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let mut avps: Vec<Avp> = Vec::new();
        avps.extend(self.tmgi.map(tmgi_to_avp));
        avps.extend(self.flow.map(FlowId::to_avp));
        avps.extend(self.duration.map(SessionDuration::to_avp));
        avps.extend(self.result.map(MbmsBearerResult::to_avp));
        avps.extend(self.addresses.iter().map(|address| Avp::address(&m::BMSC_ADDRESS, *address)));
        avps.extend(self.port.map(|port| Avp::u32(&m::BMSC_PORT, port.into())));
        avps.extend(self.security.map(|security| Avp::u32(&m::MB2U_SECURITY, security)));
        avps.extend(self.frequencies.iter().map(|frequency| Avp::u32(&m::RADIO_FREQUENCY, *frequency)));
        avps.extend(self.userplane.iter().map(UserplaneProtocolResult::to_avp));
        avps.extend(self.provisioning.as_ref().map(ServiceProvisioning::to_avp));
        avps.extend(self.other.iter().cloned());
        Avp::group(&m::MBMS_BEARER_RESPONSE, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let (avps, group) = (avp.as_group()?, Group::of(avp)?);
        let addresses: Result<Vec<_>, _> =
            avps.iter().filter(|a| a.is(&m::BMSC_ADDRESS)).map(Avp::as_address).collect();
        Ok(Self {
            tmgi: group.get(&m::TMGI).map(tmgi_from_avp).transpose()?,
            flow: group.get(&m::MBMS_FLOW_IDENTIFIER).map(FlowId::from_avp).transpose()?,
            duration: group.get(&m::MBMS_SESSION_DURATION).map(SessionDuration::from_avp).transpose()?,
            result: group.get(&m::MBMS_BEARER_RESULT).map(MbmsBearerResult::from_avp).transpose()?,
            addresses: addresses?.into_iter().flatten().collect(),
            port: group.get(&m::BMSC_PORT).map(port).transpose()?,
            security: group.number(&m::MB2U_SECURITY)?,
            frequencies: group.numbers(&m::RADIO_FREQUENCY)?,
            userplane: UserplaneProtocolResult::all(&avps)?,
            provisioning: group.get(&m::SERVICE_PROVISIONING).map(ServiceProvisioning::from_avp).transpose()?,
            other: others(&avps, &Self::KNOWN),
        })
    }

    const KNOWN: [&'static AvpDef; 10] = [
        &m::TMGI,
        &m::MBMS_FLOW_IDENTIFIER,
        &m::MBMS_SESSION_DURATION,
        &m::MBMS_BEARER_RESULT,
        &m::BMSC_ADDRESS,
        &m::BMSC_PORT,
        &m::MB2U_SECURITY,
        &m::RADIO_FREQUENCY,
        &m::USERPLANE_PROTOCOL_RESULT,
        &m::SERVICE_PROVISIONING,
    ];
}

enumerated! {
    /// MBMS-Bearer-Event-Diagnostic-Info (TS 29.468 clause 6.4.35): why.
    BearerDiagnostic of MBMS_BEARER_EVENT_DIAGNOSTIC_INFO in m {
        /// TMGI-Expiry: terminated with its TMGI.
        TmgiExpiry = 0,
        /// MBMS-GW-Not-Establishment: not activated, there is no MBMS-GW.
        GatewayNotEstablished = 1,
        /// SGmb-Transient-Path-Failure: not activated.
        SgmbTransientPathFailure = 2,
        /// SGmb-Non-Transient-Path-Failure: terminated.
        SgmbNonTransientPathFailure = 3,
        /// MBMS-GW-User-Plane-Failure: terminated.
        GatewayUserPlaneFailure = 4,
        /// MBMS-GW-Permanent-Error: terminated.
        GatewayPermanentError = 5,
        /// MBMS-GW-Transient-Error: not activated.
        GatewayTransientError = 6,
    }
}

/// MBMS-Bearer-Event-Notification (TS 29.468 clause 6.4.5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MbmsBearerEventNotification {
    /// TMGI.
    pub tmgi: Tmgi,
    /// MBMS-Flow-Identifier.
    pub flow: FlowId,
    /// MBMS-Bearer-Event.
    pub event: MbmsBearerEvent,
    /// MBMS-Bearer-Event-Diagnostic-Info.
    pub diagnostic: Option<BearerDiagnostic>,
    /// Userplane-Protocol-Result.
    pub userplane: Vec<UserplaneProtocolResult>,
}

impl MbmsBearerEventNotification {
    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let mut avps = vec![tmgi_to_avp(self.tmgi), self.flow.to_avp(), self.event.to_avp()];
        avps.extend(self.diagnostic.map(BearerDiagnostic::to_avp));
        avps.extend(self.userplane.iter().map(UserplaneProtocolResult::to_avp));
        Avp::group(&m::MBMS_BEARER_EVENT_NOTIFICATION, &avps)
    }

    /// Reads an AVP.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let (avps, group) = (avp.as_group()?, Group::of(avp)?);
        let diagnostic = group.get(&m::MBMS_BEARER_EVENT_DIAGNOSTIC_INFO);
        Ok(Self {
            tmgi: tmgi_from_avp(need(&group, &m::TMGI)?)?,
            flow: FlowId::from_avp(need(&group, &m::MBMS_FLOW_IDENTIFIER)?)?,
            event: MbmsBearerEvent::from_avp(need(&group, &m::MBMS_BEARER_EVENT)?)?,
            diagnostic: diagnostic.map(BearerDiagnostic::from_avp).transpose()?,
            userplane: UserplaneProtocolResult::all(&avps)?,
        })
    }
}
