//! MM4, the transfer of multimedia messages and their reports between MMS Relay/Servers as mails (TS 23.140 clauses 6.8, 8.4).
//!
//! A message that is read and written again keeps every octet of every part, and header fields that are not known here.

mod address;
mod codes;
mod content;
mod date;
mod fields;
mod media;
mod message;
mod mm1;
mod transfer;
mod wire;
mod words;

pub use address::Mm4Address;
pub use codes::{Mm4MessageType, MmStatus, Priority, ReadStatus, RequestStatus};
pub use content::{MmContent, MmPart};
pub use date::{from_date, to_date};
pub use message::{
    DeliveryReportReq, Expiry, ForwardReq, Mm4Body, Mm4Limits, Mm4Mail, Mm4Problem, Mm4Request, PreviousSender,
    ReadReplyReportReq, Response,
};

/// The version told in X-Mms-3GPP-MMS-Version: that of TS 23.140 which this follows.
pub const MM4_VERSION: &str = "6.10.0";

#[cfg(test)]
mod tests;
