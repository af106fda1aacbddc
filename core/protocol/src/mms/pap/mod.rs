//! Push Access Protocol between who pushes and a push proxy gateway: WAP-247, version 2.0.
//!
//! Supported: submission, its answer, notification of the result and its answer, the answer to what is not understood. Not
//! supported, but recognised: cancellation, queries of status and of capabilities.

mod address;
mod document;
mod submission;

use crate::xml::XmlProblem;

pub use address::PushAddress;
pub use submission::{PapSubmission, SubmissionProblem};

/// Content type of a control entity that is alone (clause 8).
pub const PAP_CONTENT_TYPE: &str = "application/xml";

/// A control entity (clause 9).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pap {
    /// push-message.
    PushMessage(PushMessage),
    /// push-response.
    PushResponse(PushResponse),
    /// resultnotification-message.
    ResultNotificationMessage(ResultNotificationMessage),
    /// resultnotification-response.
    ResultNotificationResponse(ResultNotificationResponse),
    /// badmessage-response.
    BadMessageResponse(BadMessageResponse),
}

/// push-message: something is to be pushed (clause 9.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PushMessage {
    /// push-id: of this push, unique for who pushes.
    pub push_id: String,
    /// deliver-before-timestamp: milliseconds since 1970-01-01.
    pub deliver_before: Option<u64>,
    /// deliver-after-timestamp: milliseconds since 1970-01-01.
    pub deliver_after: Option<u64>,
    /// source-reference: a name of who pushes.
    pub source_reference: Option<String>,
    /// ppg-notify-requested-to: where the result is to be told.
    pub notify_to: Option<String>,
    /// progress-notes-requested.
    pub progress_notes: bool,
    /// Whom it is for; one at least.
    pub addresses: Vec<String>,
    /// quality-of-service.
    pub quality: Option<QualityOfService>,
}

/// quality-of-service (clause 9.2.2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct QualityOfService {
    /// priority.
    pub priority: PushPriority,
    /// delivery-method.
    pub delivery_method: DeliveryMethod,
    /// network: which is to be used.
    pub network: Option<String>,
    /// network-required.
    pub network_required: bool,
    /// bearer: which is to be used.
    pub bearer: Option<String>,
    /// bearer-required.
    pub bearer_required: bool,
}

/// push-response: what becomes of a submission (clause 9.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PushResponse {
    /// push-id: that of the submission.
    pub push_id: String,
    /// sender-address: the URL of the gateway.
    pub sender_address: Option<String>,
    /// sender-name.
    pub sender_name: Option<String>,
    /// reply-time: milliseconds since 1970-01-01.
    pub reply_time: Option<u64>,
    /// code of response-result.
    pub code: PapCode,
    /// desc of response-result.
    pub description: Option<String>,
}

/// resultnotification-message: what became of a push for one recipient (clause 9.6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResultNotificationMessage {
    /// push-id: that of the submission.
    pub push_id: String,
    /// sender-address: the URL of the gateway.
    pub sender_address: Option<String>,
    /// sender-name.
    pub sender_name: Option<String>,
    /// received-time: when the gateway took it, milliseconds since 1970-01-01.
    pub received_time: Option<u64>,
    /// event-time: when this became of it, milliseconds since 1970-01-01.
    pub event_time: Option<u64>,
    /// message-state.
    pub message_state: MessageState,
    /// code.
    pub code: PapCode,
    /// desc.
    pub description: Option<String>,
    /// Whom it was for.
    pub address: String,
    /// quality-of-service: that was used.
    pub quality: Option<QualityOfService>,
}

/// resultnotification-response: the result is known (clause 9.7).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResultNotificationResponse {
    /// push-id: that of the notification.
    pub push_id: String,
    /// code.
    pub code: PapCode,
    /// desc.
    pub description: Option<String>,
    /// Whom it was for. The standard has it mandatory.
    pub address: Option<String>,
}

/// badmessage-response: what came is not understood (clause 9.12).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadMessageResponse {
    /// code.
    pub code: PapCode,
    /// desc.
    pub description: Option<String>,
    /// bad-message-fragment: some of what came.
    pub fragment: String,
}

/// Why a document was not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PapProblem {
    /// Not XML that is taken.
    #[error(transparent)]
    Xml(#[from] XmlProblem),
    /// Not such a document, or lacking something.
    #[error("PAP: {0}")]
    Wrong(&'static str),
    /// A control entity that is not supported.
    #[error("PAP: {0} is not supported")]
    Unsupported(String),
}

crate::codes::codes! {
    /// Status code (clause 9.13): 1xxx success, 2xxx the client's fault, 3xxx the server's, 4xxx the service's, 5xxx the
    /// terminal's.
    pub struct PapCode(u16) {
        /// Done.
        OK = 1000, "OK";
        /// It will be tried.
        ACCEPTED = 1001, "Accepted for Processing";
        /// Not understood.
        BAD_REQUEST = 2000, "Bad Request";
        /// Refused.
        FORBIDDEN = 2001, "Forbidden";
        /// The address is none.
        ADDRESS_ERROR = 2002, "Address Error";
        /// The address is nobody's here.
        ADDRESS_NOT_FOUND = 2003, "Address Not Found";
        /// No such push.
        PUSH_ID_NOT_FOUND = 2004, "Push ID Not Found";
        /// The terminal has other capabilities.
        CAPABILITIES_MISMATCH = 2005, "Capabilities Mismatch";
        /// The terminal does not support what is required.
        REQUIRED_CAPABILITIES_NOT_SUPPORTED = 2006, "Required Capabilities Not Supported";
        /// It came before.
        DUPLICATE_PUSH_ID = 2007, "Duplicate Push ID";
        /// Something went wrong.
        INTERNAL_SERVER_ERROR = 3000, "Internal Server Error";
        /// What is asked for is not supported.
        NOT_IMPLEMENTED = 3001, "Not Implemented";
        /// Another version of PAP.
        VERSION_NOT_SUPPORTED = 3002, "Version Not Supported";
        /// It cannot be done.
        NOT_POSSIBLE = 3003, "Not Possible";
        /// Capabilities are not matched.
        CAPABILITY_MATCHING_NOT_SUPPORTED = 3004, "Capability Matching Not Supported";
        /// One address only.
        MULTIPLE_ADDRESSES_NOT_SUPPORTED = 3005, "Multiple Addresses Not Supported";
        /// The content cannot be changed into what is needed.
        TRANSFORMATION_FAILURE = 3006, "Transformation Failure";
        /// Not with this delivery method.
        DELIVERY_METHOD_NOT_POSSIBLE = 3007, "Specified Delivery Method Not Possible";
        /// Capabilities are not known.
        CAPABILITIES_NOT_AVAILABLE = 3008, "Capabilities Not Available";
        /// No such network.
        REQUIRED_NETWORK_NOT_AVAILABLE = 3009, "Required Network Not Available";
        /// No such bearer.
        REQUIRED_BEARER_NOT_AVAILABLE = 3010, "Required Bearer Not Available";
        /// The service fails.
        SERVICE_FAILURE = 4000, "Service Failure";
        /// The service is not there.
        SERVICE_UNAVAILABLE = 4001, "Service Unavailable";
        /// The terminal refuses.
        MOBILE_CLIENT_ABORTED = 5000, "Mobile Client Aborted";
    }
}

impl PapCode {
    /// Is it success?
    pub const fn is_success(self) -> bool {
        matches!(self.0, 1000..=1999)
    }
}

/// Names of a closed set.
macro_rules! words {
    ($($(#[$doc:meta])* pub enum $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
            pub enum $name { $($(#[$value_doc])* $value,)* }

            impl $name {
                /// Its word.
                pub const fn as_str(self) -> &'static str {
                    match self { $(Self::$value => $text,)* }
                }

                /// The one with this word.
                pub fn of_word(word: &str) -> Option<Self> {
                    match word { $($text => Some(Self::$value),)* _ => None }
                }
            }
        )*
    };
}

words! {
    /// message-state (clause 9.1).
    pub enum MessageState {
        /// The gateway refused it.
        Rejected = "rejected",
        /// It is under way.
        Pending = "pending",
        /// The terminal has it.
        Delivered = "delivered",
        /// The terminal cannot get it.
        Undeliverable = "undeliverable",
        /// Its time is over.
        Expired = "expired",
        /// The terminal refused it.
        Aborted = "aborted",
        /// The terminal did not answer.
        Timeout = "timeout",
        /// It was called off.
        Cancelled = "cancelled",
        /// Nobody knows.
        #[default]
        Unknown = "unknown",
    }

    /// priority.
    pub enum PushPriority {
        /// High.
        High = "high",
        /// Medium, as without one.
        #[default]
        Medium = "medium",
        /// Low.
        Low = "low",
    }

    /// delivery-method.
    pub enum DeliveryMethod {
        /// The terminal is to confirm it.
        Confirmed = "confirmed",
        /// The terminal is to confirm it if it can.
        PreferConfirmed = "preferconfirmed",
        /// Without confirmation.
        Unconfirmed = "unconfirmed",
        /// As the gateway likes.
        #[default]
        NotSpecified = "notspecified",
    }
}

impl PushMessage {
    /// A push for one recipient.
    pub fn new(push_id: &str, address: &PushAddress) -> Self {
        Self {
            push_id: push_id.to_owned(),
            deliver_before: None,
            deliver_after: None,
            source_reference: None,
            notify_to: None,
            progress_notes: false,
            addresses: vec![address.to_string()],
            quality: None,
        }
    }
}

impl PushResponse {
    /// An answer to a submission.
    pub fn new(push_id: &str, code: PapCode) -> Self {
        Self {
            push_id: push_id.to_owned(),
            sender_address: None,
            sender_name: None,
            reply_time: None,
            code,
            description: code.name().map(ToOwned::to_owned),
        }
    }
}

impl ResultNotificationMessage {
    /// What became of a push for one recipient.
    pub fn new(push_id: &str, address: &str, message_state: MessageState, code: PapCode) -> Self {
        Self {
            push_id: push_id.to_owned(),
            sender_address: None,
            sender_name: None,
            received_time: None,
            event_time: None,
            message_state,
            code,
            description: code.name().map(ToOwned::to_owned),
            address: address.to_owned(),
            quality: None,
        }
    }
}

impl ResultNotificationResponse {
    /// The answer to a notification.
    pub fn new(notification: &ResultNotificationMessage, code: PapCode) -> Self {
        Self {
            push_id: notification.push_id.clone(),
            code,
            description: code.name().map(ToOwned::to_owned),
            address: Some(notification.address.clone()),
        }
    }
}

impl BadMessageResponse {
    /// The answer to what is not understood, of which some is shown.
    pub fn new(why: &str, came: &[u8]) -> Self {
        let fragment = String::from_utf8_lossy(&came[..came.len().min(MAX_FRAGMENT)]);
        // XML has no control characters.
        let fragment = fragment.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self { code: PapCode::BAD_REQUEST, description: Some(why.to_owned()), fragment }
    }
}

/// Octets of what was not understood that are shown.
const MAX_FRAGMENT: usize = 64;
