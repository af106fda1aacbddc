//! What is wrong with a PDU, and how that is answered: OMA-MMS-ENC clauses 7.3.48 and 7.3.54.

use std::fmt;

use super::codes::{MessageType, MmsStatus, ResponseStatus};
use super::fields::{Fields, code};
use super::value::MmsVersion;
use super::{ForwardConf, MmsPdu, NotifyRespInd, SendConf};
use crate::mms::EncodedString;

/// A PDU that is not taken, and what is known of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MmsProblem {
    /// Whose fault it is.
    pub kind: MmsProblemKind,
    /// X-Mms-Message-Type.
    pub message_type: Option<MessageType>,
    /// X-Mms-Transaction-ID.
    pub transaction_id: Option<String>,
    /// X-Mms-MMS-Version.
    pub version: Option<MmsVersion>,
    /// What is wrong.
    pub why: String,
}

/// What kind of problem it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MmsProblemKind {
    /// The octets are no PDU, or lack something mandatory.
    Corrupt,
    /// A PDU that is not known, or not supported.
    UnsupportedPdu,
    /// Of another major version.
    UnsupportedVersion,
}

impl MmsProblem {
    /// X-Mms-Response-Status that tells it.
    pub const fn response_status(&self) -> ResponseStatus {
        match self.kind {
            MmsProblemKind::Corrupt => ResponseStatus::PERMANENT_MESSAGE_FORMAT_CORRUPT,
            MmsProblemKind::UnsupportedPdu | MmsProblemKind::UnsupportedVersion => {
                ResponseStatus::ERROR_UNSUPPORTED_MESSAGE
            }
        }
    }

    /// What a relay answers to a terminal; `None`: the PDU has no answer, or nothing is known of it.
    pub fn answer_of_relay(&self) -> Option<MmsPdu> {
        let transaction_id = self.transaction_id.clone()?;
        let version = self.version.filter(|version| version.is_spoken()).unwrap_or_default();
        let response_status = self.response_status().for_version(version);
        let response_text = Some(EncodedString::new(&self.why));
        match self.message_type? {
            MessageType::FORWARD_REQ => {
                let conf = ForwardConf::new(&transaction_id, version, response_status);
                Some(MmsPdu::ForwardConf(ForwardConf { response_text, ..conf }))
            }
            MessageType::NOTIFYRESP_IND | MessageType::ACKNOWLEDGE_IND => None,
            // Also to what is not known: nothing else has a status for it.
            _ => {
                let conf = SendConf::new(&transaction_id, version, response_status);
                Some(MmsPdu::SendConf(SendConf { response_text, ..conf }))
            }
        }
    }

    /// What a terminal answers to a notification: that it is not recognised.
    pub fn answer_of_terminal(&self) -> Option<MmsPdu> {
        let is_notification = self.message_type.is_none_or(|kind| kind == MessageType::NOTIFICATION_IND);
        let transaction_id = self.transaction_id.as_deref().filter(|_| is_notification)?;
        let version = self.version.filter(|version| version.is_spoken()).unwrap_or_default();
        Some(MmsPdu::NotifyRespInd(NotifyRespInd::new(transaction_id, version, MmsStatus::UNRECOGNISED)))
    }

    pub(super) fn of(fields: &Fields<'_>) -> Self {
        Self {
            kind: MmsProblemKind::Corrupt,
            message_type: fields.peek(code::MESSAGE_TYPE),
            transaction_id: fields.peek(code::TRANSACTION_ID),
            version: fields.peek(code::MMS_VERSION),
            why: String::new(),
        }
    }

    pub(super) fn corrupt(self, why: &str) -> Self {
        Self { why: why.to_owned(), ..self }
    }

    pub(super) fn missing(self, code: u8) -> Self {
        let name = NAMES.iter().find(|(own, _)| *own == code).map_or("a header", |(_, name)| name);
        Self { why: format!("{name} is missing, or is none"), ..self }
    }

    pub(super) fn unsupported_pdu(self) -> Self {
        let name = self.message_type.map(|kind| kind.to_string()).unwrap_or_default();
        Self { kind: MmsProblemKind::UnsupportedPdu, why: format!("{name} is not supported"), ..self }
    }

    pub(super) fn unsupported_version(self) -> Self {
        let version = self.version.map(|version| version.to_string()).unwrap_or_default();
        Self { kind: MmsProblemKind::UnsupportedVersion, why: format!("version {version} is not spoken"), ..self }
    }
}

impl std::error::Error for MmsProblem {}

impl fmt::Display for MmsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message_type {
            Some(kind) => write!(f, "{kind}: {}", self.why),
            None => write!(f, "MM1: {}", self.why),
        }
    }
}

/// Names of mandatory headers.
const NAMES: [(u8, &str); 14] = [
    (code::CONTENT_LOCATION, "X-Mms-Content-Location"),
    (code::CONTENT_TYPE, "Content-Type"),
    (code::DATE, "Date"),
    (code::EXPIRY, "X-Mms-Expiry"),
    (code::FROM, "From"),
    (code::MESSAGE_CLASS, "X-Mms-Message-Class"),
    (code::MESSAGE_ID, "Message-ID"),
    (code::MMS_VERSION, "X-Mms-MMS-Version"),
    (code::MESSAGE_SIZE, "X-Mms-Message-Size"),
    (code::RESPONSE_STATUS, "X-Mms-Response-Status"),
    (code::STATUS, "X-Mms-Status"),
    (code::TRANSACTION_ID, "X-Mms-Transaction-ID"),
    (code::READ_STATUS, "X-Mms-Read-Status"),
    (code::MESSAGE_TYPE, "X-Mms-Message-Type"),
];
