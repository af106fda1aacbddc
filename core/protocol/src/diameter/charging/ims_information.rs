//! IMS-Information (TS 32.299 clause 7.2.77; TS 32.260 clause 6.3): what is known of a SIP transaction or session.

use crate::diameter::cx::{Group, enumerated};
use crate::diameter::dictionary::charging as c;
use crate::diameter::message::{Avp, DiameterProblem};

use super::{from_time, to_time};

enumerated! {
    /// Role-Of-Node (TS 32.299 clause 7.2.173).
    RoleOfNode of ROLE_OF_NODE in c {
        /// ORIGINATING_ROLE: the caller is served.
        Originating = 0,
        /// TERMINATING_ROLE: the called party is served.
        Terminating = 1,
        /// PROXY_ROLE.
        Proxy = 2,
        /// B2BUA_ROLE.
        B2bua = 3,
    }
}

enumerated! {
    /// Node-Functionality (TS 32.299 clause 7.2.107), those of IMS.
    NodeFunctionality of NODE_FUNCTIONALITY in c {
        /// S-CSCF.
        Scscf = 0,
        /// P-CSCF.
        Pcscf = 1,
        /// I-CSCF.
        Icscf = 2,
        /// MRFC.
        Mrfc = 3,
        /// MGCF.
        Mgcf = 4,
        /// BGCF.
        Bgcf = 5,
        /// AS.
        As = 6,
        /// IBCF.
        Ibcf = 7,
    }
}

/// Inter-Operator-Identifier (TS 32.299 clause 7.2.79).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InterOperator {
    /// Originating-IOI.
    pub originating: Option<String>,
    /// Terminating-IOI.
    pub terminating: Option<String>,
}

/// Application-Server-Information (TS 32.299 clause 7.2.12): an application server that was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerUse {
    /// Application-Server: its SIP URI.
    pub server: String,
    /// Application-Provided-Called-Party-Address: the Request-URIs that it has put in.
    pub called: Vec<String>,
}

/// SDP-Media-Component (TS 32.299 clause 7.2.184).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MediaComponent {
    /// SDP-Media-Name: the value of `m=`.
    pub name: String,
    /// SDP-Media-Description: the lines below it.
    pub descriptions: Vec<String>,
    /// Media-Initiator-Flag: 0 called party, 1 calling party, 2 unknown.
    pub initiator: Option<u32>,
}

/// IMS-Information.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImsInformation {
    /// SIP-Method of Event-Type.
    pub method: Option<String>,
    /// Event of Event-Type: the value of the header.
    pub event: Option<String>,
    /// Expires of Event-Type.
    pub expires: Option<u32>,
    /// Role-Of-Node.
    pub role: Option<RoleOfNode>,
    /// Node-Functionality.
    pub node: NodeFunctionality,
    /// User-Session-Id: the Call-ID.
    pub user_session: Option<String>,
    /// Outgoing-Session-Id: the Call-ID on the other side of a B2BUA.
    pub outgoing_session: Option<String>,
    /// Calling-Party-Address: SIP URI, tel URI, both.
    pub calling: Vec<String>,
    /// Called-Party-Address.
    pub called: Option<String>,
    /// Requested-Party-Address: who was called at first.
    pub requested: Vec<String>,
    /// SIP-Request-Timestamp, in milliseconds since 1970.
    pub request_utc_ms: Option<u64>,
    /// SIP-Response-Timestamp, in milliseconds since 1970.
    pub response_utc_ms: Option<u64>,
    /// Application-Server-Information.
    pub servers: Vec<ServerUse>,
    /// Inter-Operator-Identifier.
    pub operators: Vec<InterOperator>,
    /// IMS-Charging-Identifier: correlates all records of a session.
    pub icid: Option<String>,
    /// SDP-Session-Description: lines of the session part.
    pub sdp_session: Vec<String>,
    /// SDP-Media-Component.
    pub media: Vec<MediaComponent>,
    /// Content-Type, Content-Length of Message-Body.
    pub body: Option<(String, u32)>,
    /// Cause-Code (TS 32.299 clause 7.2.35): 0 normal end, negative: successful, positive: what failed.
    pub cause: Option<i32>,
    /// Reason-Header.
    pub reasons: Vec<String>,
    /// Access-Network-Information: P-Access-Network-Info.
    pub access: Option<String>,
}

impl ImsInformation {
    /// Of a node, without anything that is optional.
    pub const fn new(node: NodeFunctionality) -> Self {
        Self {
            method: None,
            event: None,
            expires: None,
            role: None,
            node,
            user_session: None,
            outgoing_session: None,
            calling: Vec::new(),
            called: None,
            requested: Vec::new(),
            request_utc_ms: None,
            response_utc_ms: None,
            servers: Vec::new(),
            operators: Vec::new(),
            icid: None,
            sdp_session: Vec::new(),
            media: Vec::new(),
            body: None,
            cause: None,
            reasons: Vec::new(),
            access: None,
        }
    }

    /// The AVP that carries it.
    pub fn to_avp(&self) -> Avp {
        let mut avps = Vec::new();
        avps.extend(self.event_type());
        avps.extend(self.role.map(RoleOfNode::to_avp));
        avps.push(self.node.to_avp());
        avps.extend(self.user_session.iter().map(|id| Avp::text(&c::USER_SESSION_ID, id)));
        avps.extend(self.outgoing_session.iter().map(|id| Avp::text(&c::OUTGOING_SESSION_ID, id)));
        avps.extend(self.calling.iter().map(|party| Avp::text(&c::CALLING_PARTY_ADDRESS, party)));
        avps.extend(self.called.iter().map(|party| Avp::text(&c::CALLED_PARTY_ADDRESS, party)));
        avps.extend(self.requested.iter().map(|party| Avp::text(&c::REQUESTED_PARTY_ADDRESS, party)));
        avps.extend(self.time_stamps());
        avps.extend(self.servers.iter().map(|used| {
            let called = used.called.iter();
            let called = called.map(|uri| Avp::text(&c::APPLICATION_PROVIDED_CALLED_PARTY_ADDRESS, uri));
            let server = Avp::text(&c::APPLICATION_SERVER, &used.server);
            Avp::group(&c::APPLICATION_SERVER_INFORMATION, &std::iter::once(server).chain(called).collect::<Vec<_>>())
        }));
        avps.extend(self.operators.iter().map(|operators| {
            let originating = operators.originating.iter().map(|ioi| Avp::text(&c::ORIGINATING_IOI, ioi));
            let terminating = operators.terminating.iter().map(|ioi| Avp::text(&c::TERMINATING_IOI, ioi));
            Avp::group(&c::INTER_OPERATOR_IDENTIFIER, &originating.chain(terminating).collect::<Vec<_>>())
        }));
        avps.extend(self.icid.iter().map(|icid| Avp::text(&c::IMS_CHARGING_IDENTIFIER, icid)));
        avps.extend(self.sdp_session.iter().map(|line| Avp::text(&c::SDP_SESSION_DESCRIPTION, line)));
        avps.extend(self.media.iter().map(MediaComponent::to_avp));
        avps.extend(self.body.iter().map(|(kind, octets)| {
            let avps = [Avp::text(&c::CONTENT_TYPE, kind), Avp::u32(&c::CONTENT_LENGTH, *octets)];
            Avp::group(&c::MESSAGE_BODY, &avps)
        }));
        avps.extend(self.cause.map(|cause| Avp::u32(&c::CAUSE_CODE, cause.cast_unsigned())));
        avps.extend(self.reasons.iter().map(|reason| Avp::text(&c::REASON_HEADER, reason)));
        avps.extend(self.access.iter().map(|access| Avp::text(&c::ACCESS_NETWORK_INFORMATION, access)));
        Avp::group(&c::IMS_INFORMATION, &avps)
    }

    fn event_type(&self) -> Option<Avp> {
        let mut avps: Vec<_> = self.method.iter().map(|method| Avp::text(&c::SIP_METHOD, method)).collect();
        avps.extend(self.event.iter().map(|event| Avp::text(&c::EVENT, event)));
        avps.extend(self.expires.map(|expires| Avp::u32(&c::EXPIRES, expires)));
        (!avps.is_empty()).then(|| Avp::group(&c::EVENT_TYPE, &avps))
    }

    fn time_stamps(&self) -> Option<Avp> {
        let fraction = |utc_ms: u64| (utc_ms % 1000) as u32;
        let mut avps: Vec<Avp> = Vec::new();
        avps.extend(self.request_utc_ms.map(|at| Avp::u32(&c::SIP_REQUEST_TIMESTAMP, to_time(at))));
        avps.extend(self.response_utc_ms.map(|at| Avp::u32(&c::SIP_RESPONSE_TIMESTAMP, to_time(at))));
        avps.extend(self.request_utc_ms.map(|at| Avp::u32(&c::SIP_REQUEST_TIMESTAMP_FRACTION, fraction(at))));
        avps.extend(self.response_utc_ms.map(|at| Avp::u32(&c::SIP_RESPONSE_TIMESTAMP_FRACTION, fraction(at))));
        (!avps.is_empty()).then(|| Avp::group(&c::TIME_STAMPS, &avps))
    }

    /// Reads an AVP; what is not known to it is left alone.
    pub fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let avps = avp.as_group()?;
        let group = Group::of(avp)?;
        let inner = |def| group.get(def).map(Group::of).transpose();
        let node = group.get(&c::NODE_FUNCTIONALITY);
        let node = node.ok_or_else(|| DiameterProblem::missing(&c::NODE_FUNCTIONALITY))?;
        let mut own = Self::new(NodeFunctionality::from_avp(node)?);
        if let Some(kind) = inner(&c::EVENT_TYPE)? {
            own.method = kind.text(&c::SIP_METHOD)?;
            own.event = kind.text(&c::EVENT)?;
            own.expires = kind.number(&c::EXPIRES)?;
        }
        own.role = group.get(&c::ROLE_OF_NODE).map(RoleOfNode::from_avp).transpose()?;
        own.user_session = group.text(&c::USER_SESSION_ID)?;
        own.outgoing_session = group.text(&c::OUTGOING_SESSION_ID)?;
        own.calling = group.texts(&c::CALLING_PARTY_ADDRESS)?;
        own.called = group.text(&c::CALLED_PARTY_ADDRESS)?;
        own.requested = group.texts(&c::REQUESTED_PARTY_ADDRESS)?;
        if let Some(stamps) = inner(&c::TIME_STAMPS)? {
            own.request_utc_ms = stamp(&stamps, &c::SIP_REQUEST_TIMESTAMP, &c::SIP_REQUEST_TIMESTAMP_FRACTION)?;
            own.response_utc_ms = stamp(&stamps, &c::SIP_RESPONSE_TIMESTAMP, &c::SIP_RESPONSE_TIMESTAMP_FRACTION)?;
        }
        for avp in &avps {
            if avp.is(&c::APPLICATION_SERVER_INFORMATION) {
                let group = Group::of(avp)?;
                let called = group.texts(&c::APPLICATION_PROVIDED_CALLED_PARTY_ADDRESS)?;
                let server = group.text(&c::APPLICATION_SERVER)?.unwrap_or_default();
                own.servers.push(ServerUse { server, called });
            } else if avp.is(&c::INTER_OPERATOR_IDENTIFIER) {
                let group = Group::of(avp)?;
                let (originating, terminating) = (group.text(&c::ORIGINATING_IOI)?, group.text(&c::TERMINATING_IOI)?);
                own.operators.push(InterOperator { originating, terminating });
            } else if avp.is(&c::SDP_MEDIA_COMPONENT) {
                own.media.push(MediaComponent::from_avp(avp)?);
            }
        }
        own.icid = group.text(&c::IMS_CHARGING_IDENTIFIER)?;
        own.sdp_session = group.texts(&c::SDP_SESSION_DESCRIPTION)?;
        if let Some(body) = inner(&c::MESSAGE_BODY)? {
            let kind = body.text(&c::CONTENT_TYPE)?.unwrap_or_default();
            own.body = Some((kind, body.number(&c::CONTENT_LENGTH)?.unwrap_or(0)));
        }
        own.cause = group.number(&c::CAUSE_CODE)?.map(u32::cast_signed);
        own.reasons = group.texts(&c::REASON_HEADER)?;
        own.access = group.text(&c::ACCESS_NETWORK_INFORMATION)?;
        Ok(own)
    }
}

type Def = &'static crate::diameter::dictionary::AvpDef;

fn stamp(group: &Group, seconds: Def, fraction: Def) -> Result<Option<u64>, DiameterProblem> {
    let fraction = u64::from(group.number(fraction)?.unwrap_or(0)).min(999);
    Ok(group.number(seconds)?.map(|time| from_time(time) + fraction))
}

impl MediaComponent {
    fn to_avp(&self) -> Avp {
        let mut avps = vec![Avp::text(&c::SDP_MEDIA_NAME, &self.name)];
        avps.extend(self.descriptions.iter().map(|line| Avp::text(&c::SDP_MEDIA_DESCRIPTION, line)));
        avps.extend(self.initiator.map(|flag| Avp::u32(&c::MEDIA_INITIATOR_FLAG, flag)));
        Avp::group(&c::SDP_MEDIA_COMPONENT, &avps)
    }

    fn from_avp(avp: &Avp) -> Result<Self, DiameterProblem> {
        let group = Group::of(avp)?;
        Ok(Self {
            name: group.text(&c::SDP_MEDIA_NAME)?.unwrap_or_default(),
            descriptions: group.texts(&c::SDP_MEDIA_DESCRIPTION)?,
            initiator: group.number(&c::MEDIA_INITIATOR_FLAG)?,
        })
    }
}
