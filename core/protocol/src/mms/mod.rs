//! Multimedia messages on MM1: the PDUs (OMA-MMS-ENC, [`MmsPdu`]), what they are made of (WAP-230 clause 8.4), their bodies
//! of several parts (WAP-230 clause 8.5, [`Part`]), and how a terminal is told of them: push over short messages (WAP-230
//! clause 8.2.4.1, WAP-235, [`WapPush`]) and through a push proxy gateway (WAP-247, [`pap`]).
//!
//! Bodies are never copied: a PDU is read into its headers and a slice that is its body; the parts are slices of that.

mod address;
mod multipart;
pub mod pap;
mod pdu;
mod push;
mod wsp;

pub use address::{AddressKind, MmsAddress};
pub use multipart::{Disposition, MAX_MMS_PARTS, MultipartProblem, Part, emit_parts, parse_parts, parts_of};
pub use pdu::{
    AcknowledgeInd, ContentClass, DeliveryInd, ForwardConf, ForwardReq, From, MAX_MMS_HEAD_OCTETS, MessageClass,
    MessageType, MmsPdu, MmsProblem, MmsProblemKind, MmsStatus, MmsTime, MmsVersion, NotificationInd, NotifyRespInd,
    PreviouslySentBy, PreviouslySentDate, Priority, ReadOrigInd, ReadRecInd, ReadStatus, ReplyCharging, ResponseStatus,
    RetrieveConf, RetrieveStatus, SendConf, SendReq, SenderVisibility,
};
pub use push::{ApplicationId, MMS_PUSH_PORTS, PushProblem, WapPush};
pub use wsp::{Charset, ContentType, EncodedString, HeaderName, Parameter, WspHeader};

/// Media type of a PDU of MM1 (OMA-MMS-ENC).
pub const MMS_MEDIA_TYPE: &str = "application/vnd.wap.mms-message";

#[cfg(test)]
mod tests;
