//! Charging data records of multimedia messages: TS 32.298 clauses 5.1.4.1 and 5.2.4.1, TS 32.270 clause 6.1.

use protocol::diameter::charging::{
    AddressType, AddresseeType, MmComponent, MmsChargedAddress, MmsChargedClass, MmsContentClass, MmsInformation,
    MmsPriority, mms_specific,
};
use protocol::mms::ContentType;
use serde::{Deserialize, Serialize};

use super::moment;
use super::sms::{CdrServiceInfo, CdrSmInterface};

/// What a record says of a multimedia message.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MmsCdr {
    /// The sender's relay: its mail domain.
    #[serde(rename = "originatorMmsRSAddress", default, skip_serializing_if = "Option::is_none")]
    pub originator_relay: Option<String>,
    /// The recipient's relay: its mail domain.
    #[serde(rename = "recipientMmsRSAddress", default, skip_serializing_if = "Option::is_none")]
    pub recipient_relay: Option<String>,
    /// Message-ID: the same in all records of a message.
    #[serde(rename = "messageID", default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Who has sent it.
    #[serde(rename = "originatorAddress", default, skip_serializing_if = "Option::is_none")]
    pub originator: Option<CdrMmsAddress>,
    /// To whom it was sent.
    #[serde(rename = "recipientAddresses", default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<CdrMmsAddress>,
    /// Media type of the content.
    #[serde(rename = "contentType", default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Its parts.
    #[serde(rename = "mmComponentType", default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<CdrMmsComponent>,
    /// Octets of the content.
    #[serde(rename = "messageSize", default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// `personal`, `advertisement`, `informational`, `auto`, or a name of its own.
    #[serde(rename = "messageClass", default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// When it was sent.
    #[serde(rename = "submissionTime", default, with = "moment", skip_serializing_if = "Option::is_none")]
    pub submitted: Option<u64>,
    /// When its time is over.
    #[serde(rename = "timeOfExpiry", default, with = "moment", skip_serializing_if = "Option::is_none")]
    pub expiry: Option<u64>,
    /// When that happened which is reported.
    #[serde(rename = "mmDateAndTime", default, with = "moment", skip_serializing_if = "Option::is_none")]
    pub date: Option<u64>,
    /// The sender wants to know what becomes of it.
    #[serde(rename = "deliveryReportRequested", default, skip_serializing_if = "Option::is_none")]
    pub delivery_report: Option<bool>,
    /// The sender wants to know when it is read.
    #[serde(rename = "readReplyRequested", default, skip_serializing_if = "Option::is_none")]
    pub read_reply: Option<bool>,
    /// `low`, `normal`, `high`.
    #[serde(rename = "priority", default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// The sender may be shown.
    #[serde(rename = "senderVisibility", default, skip_serializing_if = "Option::is_none")]
    pub sender_visible: Option<bool>,
    /// Where it waits, as the notification says.
    #[serde(rename = "messageReference", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The recipient lets the sender know.
    #[serde(rename = "reportAllowed", default, skip_serializing_if = "Option::is_none")]
    pub report_allowed: Option<bool>,
    /// How often it was sent on.
    #[serde(rename = "forwardCounter", default, skip_serializing_if = "Option::is_none")]
    pub forward_counter: Option<u32>,
    /// What became of it: `retrieved`, `expired`, `rejected`, `read` and others.
    #[serde(rename = "mmStatusCode", default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// What another relay has answered, or what the sender was: 0 is Ok.
    #[serde(rename = "requestStatusCode", default, skip_serializing_if = "Option::is_none")]
    pub request_status: Option<u32>,
    /// The same for humans.
    #[serde(rename = "statusText", default, skip_serializing_if = "Option::is_none")]
    pub status_text: Option<String>,
    /// `text`, `imageBasic` and others.
    #[serde(rename = "contentClass", default, skip_serializing_if = "Option::is_none")]
    pub content_class: Option<String>,
    /// The content is protected.
    #[serde(rename = "dRMContent", default, skip_serializing_if = "Option::is_none")]
    pub drm: Option<bool>,
    /// The application that it is for.
    #[serde(rename = "applicID", default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Where it came in.
    #[serde(rename = "originatorInterface", default, skip_serializing_if = "Option::is_none")]
    pub came_by: Option<CdrSmInterface>,
    /// Where it went out.
    #[serde(rename = "destinationInterface", default, skip_serializing_if = "Option::is_none")]
    pub goes_by: Option<CdrSmInterface>,
    /// The IP access flag of TR 23.804 clause 7, which no field of TS 32.298 has.
    #[serde(rename = "iPAccess", default)]
    pub ip_access: bool,
    /// What the operator wants to have beside.
    #[serde(rename = "serviceSpecificInfo", default, skip_serializing_if = "Vec::is_empty")]
    pub specific: Vec<CdrServiceInfo>,
}

/// MMSAgentAddress.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CdrMmsAddress {
    /// A number: digits.
    #[serde(rename = "mSISDN", default, skip_serializing_if = "Option::is_none")]
    pub msisdn: Option<String>,
    /// A mail address.
    #[serde(rename = "eMail-address", default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// A short code, or something else.
    #[serde(rename = "shortCode", default, skip_serializing_if = "Option::is_none")]
    pub short_code: Option<String>,
    /// `tO`, `cC`, `bCC`.
    #[serde(rename = "mMSRecipientType", default, skip_serializing_if = "Option::is_none")]
    pub addressee: Option<String>,
}

/// MediaComponent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CdrMmsComponent {
    /// Its media type.
    #[serde(rename = "mediaType", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its octets.
    #[serde(rename = "mediaSize", default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
}

/// Parts and operator's data that a record lists, and recipients.
const MOST: usize = 16;
const MOST_RECIPIENTS: usize = 100;
/// Times of RFC 3339 end before: milliseconds since 1970.
const YEAR_10000: u64 = 253_402_300_800_000;

impl MmsCdr {
    /// What MMS-Information says.
    pub(super) fn of(mms: &MmsInformation) -> Self {
        let text = |kind| mms.specific(kind).map(str::to_owned);
        let seconds = |kind| mms.specific(kind)?.parse::<u64>().ok()?.checked_mul(1000).filter(|at| *at < YEAR_10000);
        let flag = |kind| mms.specific(kind).map(|value| value == "1");
        let has_field = |kind| (mms_specific::RECORD_TYPE..=mms_specific::FORWARD_COUNTER).contains(&kind);
        let specific = mms.specific.iter().filter(|own| !has_field(own.kind)).take(MOST);
        Self {
            originator_relay: text(mms_specific::ORIGINATOR_RELAY),
            recipient_relay: text(mms_specific::RECIPIENT_RELAY),
            message_id: mms.message_id.clone(),
            originator: mms.originator.as_ref().map(CdrMmsAddress::of),
            recipients: mms.recipients.iter().take(MOST_RECIPIENTS).map(CdrMmsAddress::of).collect(),
            content_type: mms.content.as_ref().and_then(|content| type_name(&content.whole)),
            components: mms.content.iter().flat_map(|own| &own.parts).take(MOST).map(CdrMmsComponent::of).collect(),
            size: mms.size,
            class: mms.class.as_ref().map(class_name),
            submitted: mms.submitted_utc_ms,
            expiry: seconds(mms_specific::EXPIRY),
            date: seconds(mms_specific::DATE),
            delivery_report: mms.delivery_report,
            read_reply: mms.read_reply,
            priority: mms.priority.map(|priority| priority_name(priority).to_owned()),
            sender_visible: flag(mms_specific::SENDER_VISIBLE),
            reference: text(mms_specific::REFERENCE),
            report_allowed: flag(mms_specific::REPORT_ALLOWED),
            forward_counter: mms.specific(mms_specific::FORWARD_COUNTER).and_then(|count| count.parse().ok()),
            status: text(mms_specific::STATUS),
            request_status: mms.request_status(),
            status_text: text(mms_specific::STATUS_TEXT),
            content_class: mms.content_class.map(|class| content_class_name(class).to_owned()),
            drm: mms.drm,
            application: mms.application.clone(),
            came_by: mms.came_by.as_ref().map(CdrSmInterface::of),
            goes_by: mms.goes_by.as_ref().map(CdrSmInterface::of),
            ip_access: mms.is_ip_access(),
            specific: specific.map(|own| CdrServiceInfo { kind: own.kind, data: own.data.clone() }).collect(),
        }
    }
}

impl CdrMmsAddress {
    fn of(own: &MmsChargedAddress) -> Self {
        let addressee = own.addressee.map(|addressee| {
            match addressee {
                AddresseeType::To => "tO",
                AddresseeType::Cc => "cC",
                AddresseeType::Bcc => "bCC",
            }
            .to_owned()
        });
        let (data, plain) = (own.data.clone(), Self { addressee, ..Self::default() });
        match own.kind {
            Some(AddressType::Msisdn) => Self { msisdn: data, ..plain },
            Some(AddressType::Email) => Self { mail: data, ..plain },
            _ => Self { short_code: data, ..plain },
        }
    }
}

impl CdrMmsComponent {
    fn of(own: &MmComponent) -> Self {
        Self { kind: type_name(own), size: own.size }
    }
}

/// Which record it is: as the node says.
pub(super) fn record_type(mms: &MmsInformation) -> Option<&'static str> {
    mms.record_type().map(|record| record.name())
}

fn type_name(own: &MmComponent) -> Option<String> {
    own.name.clone().or_else(|| Some(ContentType::well_known(own.number?).essence))
}

fn class_name(class: &MmsChargedClass) -> String {
    match class {
        MmsChargedClass::Known(0) => "personal".to_owned(),
        MmsChargedClass::Known(1) => "advertisement".to_owned(),
        MmsChargedClass::Known(2) => "informational".to_owned(),
        MmsChargedClass::Known(3) => "auto".to_owned(),
        MmsChargedClass::Known(code) => code.to_string(),
        MmsChargedClass::Named(name) => name.clone(),
    }
}

const fn priority_name(priority: MmsPriority) -> &'static str {
    match priority {
        MmsPriority::Low => "low",
        MmsPriority::Normal => "normal",
        MmsPriority::High => "high",
    }
}

const fn content_class_name(class: MmsContentClass) -> &'static str {
    match class {
        MmsContentClass::Text => "text",
        MmsContentClass::ImageBasic => "imageBasic",
        MmsContentClass::ImageRich => "imageRich",
        MmsContentClass::VideoBasic => "videoBasic",
        MmsContentClass::VideoRich => "videoRich",
        MmsContentClass::Megapixel => "megapixel",
        MmsContentClass::ContentBasic => "contentBasic",
        MmsContentClass::ContentRich => "contentRich",
    }
}
