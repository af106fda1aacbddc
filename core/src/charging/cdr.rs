//! Charging data records of the IMS, of short messages and of multimedia messages as lines of JSON: the members have the
//! names of the fields of TS 32.298 clauses 5.1.3, 5.1.4.6 and 5.2.4.1.
//!
//! A record is that of the node that `recordType` names: `sCSCFRecord`, `pCSCFRecord`, `iCSCFRecord`, `mRFCRecord`,
//! `mGCFRecord`, `bGCFRecord`, `aSRecord`, `iBCFRecord`, and, with what there is to say in `sMS-Information`,
//! `iSMSMORecord`, `iSMSMTRecord`, `sCSMORecord`, `sCSMTRecord`, or, with `mMS-Information`, one of those of an MMS
//! Relay/Server: `mMO1SRecord`, `mMR1RtRecord` and others. Times are those of RFC 3339 with milliseconds.

mod mms;
mod sms;

use protocol::diameter::charging::{ImsInformation, NodeFunctionality, RoleOfNode, ServiceInformation};
use serde::{Deserialize, Serialize};

pub use mms::{CdrMmsAddress, CdrMmsComponent, MmsCdr};
pub use sms::{CdrServiceInfo, CdrSmAddress, CdrSmInterface, CdrSmOriginator, CdrSmRecipient, SmsCdr};

/// Why a record was closed (CauseForRecordClosing, TS 32.298 clause 5.1.3.1.9).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CdrCause {
    /// The service was delivered to its end.
    ServiceDeliveryEndSuccessfully,
    /// It was not.
    UnSuccessfulServiceDelivery,
    /// A partial record: the session goes on in the next one.
    TimeLimit,
    /// A partial record: the media have changed.
    ServiceChange,
    /// The operator has ended it.
    ManagementIntervention,
}

/// What of a session never came (Incomplete-CDR-Indication, TS 32.298 clause 5.1.3.1.22).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct IncompleteCdr {
    /// The first record.
    #[serde(rename = "aCRStartLost")]
    pub start_lost: bool,
    /// Records in between.
    #[serde(rename = "aCRInterimLost")]
    pub interim_lost: bool,
    /// The last one.
    #[serde(rename = "aCRStopLost")]
    pub stop_lost: bool,
}

/// A charging data record. Times are in milliseconds since 1970 here and as text in a line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cdr {
    /// Which node's record it is.
    #[serde(rename = "recordType")]
    pub record_type: String,
    /// It was made of a record with the T bit.
    #[serde(rename = "retransmission", default, skip_serializing_if = "std::ops::Not::not")]
    pub retransmission: bool,
    /// Method of the request that began the service.
    #[serde(rename = "sIP-Method", default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// `originating`, `terminating`, `proxy`, `b2bua`.
    #[serde(rename = "role-of-Node", default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Origin-Host of the node.
    #[serde(rename = "nodeAddress")]
    pub node: String,
    /// The Call-ID.
    #[serde(rename = "session-Id", default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Who has asked.
    #[serde(rename = "list-Of-Calling-Party-Address", default, skip_serializing_if = "Vec::is_empty")]
    pub calling: Vec<String>,
    /// Who was asked for.
    #[serde(rename = "called-Party-Address", default, skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
    /// The private identity.
    #[serde(rename = "privateUserID", default, skip_serializing_if = "Option::is_none")]
    pub private_user: Option<String>,
    /// When the request came.
    #[serde(rename = "serviceRequestTimeStamp", default, with = "moment", skip_serializing_if = "Option::is_none")]
    pub requested: Option<u64>,
    /// When it was answered.
    #[serde(
        rename = "serviceDeliveryStartTimeStamp",
        default,
        with = "moment",
        skip_serializing_if = "Option::is_none"
    )]
    pub started: Option<u64>,
    /// When the session ended.
    #[serde(rename = "serviceDeliveryEndTimeStamp", default, with = "moment", skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
    /// When this record was opened.
    #[serde(rename = "recordOpeningTime", default, with = "moment", skip_serializing_if = "Option::is_none")]
    pub opened: Option<u64>,
    /// When this record was closed.
    #[serde(rename = "recordClosureTime", default, with = "moment", skip_serializing_if = "Option::is_none")]
    pub closed: Option<u64>,
    /// The originating and the terminating network.
    #[serde(rename = "interOperatorIdentifiers", default, skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<CdrOperators>,
    /// Number of the record, unique for this CDF.
    #[serde(rename = "localRecordSequenceNumber")]
    pub number: u64,
    /// Number among the partial records of a session.
    #[serde(rename = "recordSequenceNumber", default, skip_serializing_if = "Option::is_none")]
    pub part: Option<u32>,
    /// Why it was closed.
    #[serde(rename = "causeForRecordClosing")]
    pub cause: CdrCause,
    /// What never came.
    #[serde(rename = "incomplete-CDR-Indication", default, skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<IncompleteCdr>,
    /// The charging identifier: the same in all records of a session.
    #[serde(rename = "iMS-Charging-Identifier", default, skip_serializing_if = "Option::is_none")]
    pub icid: Option<String>,
    /// The media, each time that they were agreed upon.
    #[serde(rename = "list-Of-SDP-Media-Components", default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<CdrMedia>,
    /// Cause-Code (TS 32.299 clause 7.2.35), SMS-Result, or the status that a relay has answered.
    #[serde(rename = "serviceReasonReturnCode", default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<i32>,
    /// Content type and length of the body.
    #[serde(rename = "list-Of-Message-Bodies", default, skip_serializing_if = "Vec::is_empty")]
    pub bodies: Vec<(String, u32)>,
    /// Expires.
    #[serde(rename = "expiresInformation", default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<u32>,
    /// Event.
    #[serde(rename = "event", default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// P-Access-Network-Info.
    #[serde(rename = "accessNetworkInformation", default, skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// Who pays.
    #[serde(rename = "list-of-subscription-ID", default, skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<String>,
    /// Application servers that were asked.
    #[serde(rename = "applicationServersInformation", default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<String>,
    /// Values of Reason.
    #[serde(rename = "listOfReasonHeader", default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// What is known of the short message.
    #[serde(rename = "sMS-Information", default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<Box<SmsCdr>>,
    /// What is known of the multimedia message.
    #[serde(rename = "mMS-Information", default, skip_serializing_if = "Option::is_none")]
    pub mms: Option<Box<MmsCdr>>,
}

/// The networks of a session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CdrOperators {
    /// Of the caller.
    #[serde(rename = "originatingIOI", default, skip_serializing_if = "Option::is_none")]
    pub originating: Option<String>,
    /// Of the called party.
    #[serde(rename = "terminatingIOI", default, skip_serializing_if = "Option::is_none")]
    pub terminating: Option<String>,
}

/// The media of a session from some moment on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CdrMedia {
    /// From when on.
    #[serde(rename = "sIP-Response-Timestamp", default, with = "moment", skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// Session lines.
    #[serde(rename = "sDP-Session-Description", default, skip_serializing_if = "Vec::is_empty")]
    pub session: Vec<String>,
    /// Name and lines of each component.
    #[serde(rename = "sDP-Media-Components", default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<(String, Vec<String>)>,
}

/// Changes of media that a record lists.
const MOST_MEDIA: usize = 64;

impl Cdr {
    /// A record of what the first accounting record of a session, or an event, says.
    pub(super) fn open(node: &str, user: Option<&str>, information: &ServiceInformation, utc_ms: u64) -> Self {
        let plain = ImsInformation::new(NodeFunctionality::As);
        let ims = information.ims.as_ref().unwrap_or(&plain);
        let (sms, mms) = (information.sms.as_ref(), information.mms.as_deref());
        let of_message = sms.and_then(sms::record_type).or_else(|| mms.and_then(mms::record_type));
        let mut own = Self {
            record_type: of_message.unwrap_or_else(|| record_type(ims.node)).to_owned(),
            retransmission: false,
            method: ims.method.clone(),
            role: ims.role.map(|role| role_name(role).to_owned()),
            node: node.to_owned(),
            session: ims.user_session.clone(),
            calling: ims.calling.clone(),
            called: ims.called.clone(),
            private_user: user.map(str::to_owned),
            requested: ims.request_utc_ms,
            started: ims.response_utc_ms,
            ended: None,
            opened: Some(utc_ms),
            closed: None,
            operators: operators(ims),
            number: 0,
            part: None,
            cause: CdrCause::ServiceDeliveryEndSuccessfully,
            incomplete: None,
            icid: ims.icid.clone(),
            media: Vec::new(),
            reason_code: None,
            bodies: ims.body.iter().cloned().collect(),
            expires: ims.expires,
            event: ims.event.clone(),
            access: ims.access.clone(),
            subscriptions: information.subscriptions.iter().map(|id| id.data.clone()).collect(),
            servers: ims.servers.iter().map(|used| used.server.clone()).collect(),
            reasons: ims.reasons.clone(),
            sms: sms.map(|sms| Box::new(SmsCdr::of(sms, &information.subscriptions))),
            mms: mms.map(|mms| Box::new(MmsCdr::of(mms))),
        };
        own.add_media(ims);
        own
    }

    /// Adds what a later record of the session says of its media.
    pub(super) fn add_media(&mut self, ims: &ImsInformation) {
        let components: Vec<_> = ims.media.iter().map(|m| (m.name.clone(), m.descriptions.clone())).collect();
        let same =
            self.media.last().is_some_and(|last| last.components == components && last.session == ims.sdp_session);
        if !components.is_empty() && !same && self.media.len() < MOST_MEDIA {
            let media = CdrMedia { since: ims.response_utc_ms, session: ims.sdp_session.clone(), components };
            self.media.push(media);
        }
    }

    /// Closes it for the reason that the last record gives.
    pub(super) fn close(&mut self, code: Option<i32>, utc_ms: u64) {
        self.reason_code = code;
        self.closed = Some(utc_ms);
        // TS 32.299 clause 7.2.35: what is above zero has failed.
        self.cause = if code.unwrap_or(0) > 0 {
            CdrCause::UnSuccessfulServiceDelivery
        } else {
            CdrCause::ServiceDeliveryEndSuccessfully
        };
    }

    /// How long the service was delivered, in milliseconds; none of a record without an end.
    #[must_use]
    pub fn duration_ms(&self) -> Option<u64> {
        Some(self.ended?.saturating_sub(self.started?))
    }
}

fn operators(ims: &ImsInformation) -> Vec<CdrOperators> {
    let own = ims.operators.iter();
    own.map(|o| CdrOperators { originating: o.originating.clone(), terminating: o.terminating.clone() }).collect()
}

const fn record_type(node: NodeFunctionality) -> &'static str {
    match node {
        NodeFunctionality::Scscf => "sCSCFRecord",
        NodeFunctionality::Pcscf => "pCSCFRecord",
        NodeFunctionality::Icscf => "iCSCFRecord",
        NodeFunctionality::Mrfc => "mRFCRecord",
        NodeFunctionality::Mgcf => "mGCFRecord",
        NodeFunctionality::Bgcf => "bGCFRecord",
        NodeFunctionality::As => "aSRecord",
        NodeFunctionality::Ibcf => "iBCFRecord",
    }
}

const fn role_name(role: RoleOfNode) -> &'static str {
    match role {
        RoleOfNode::Originating => "originating",
        RoleOfNode::Terminating => "terminating",
        RoleOfNode::Proxy => "proxy",
        RoleOfNode::B2bua => "b2bua",
    }
}

/// Milliseconds since 1970 as text of RFC 3339.
mod moment {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(utc_ms: &Option<u64>, to: S) -> Result<S::Ok, S::Error> {
        utc_ms.map(protocol::utc::to_rfc3339).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| {
            protocol::utc::from_rfc3339(&text).ok_or_else(|| serde::de::Error::custom(format!("{text} is no time")))
        })
        .transpose()
    }
}
