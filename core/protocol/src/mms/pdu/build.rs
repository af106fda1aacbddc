//! PDUs with what is mandatory in them.

use super::codes::{MmsStatus, ReadStatus, ResponseStatus, RetrieveStatus};
use super::{
    AcknowledgeInd, DeliveryInd, ForwardConf, ForwardReq, From, MessageClass, MmsPdu, MmsTime, MmsVersion,
    NotificationInd, NotifyRespInd, ReadOrigInd, ReadRecInd, RetrieveConf, SendConf, SendReq,
};
use crate::mms::{ContentType, EncodedString, MmsAddress};

impl SendReq {
    /// A message to be sent; the relay puts in who sends it.
    pub fn new(transaction_id: &str, to: Vec<MmsAddress>, content_type: ContentType) -> Self {
        Self {
            transaction_id: transaction_id.to_owned(),
            version: MmsVersion::default(),
            date: None,
            from: From::InsertAddress,
            to,
            cc: Vec::new(),
            bcc: Vec::new(),
            subject: None,
            message_class: None,
            expiry: None,
            delivery_time: None,
            priority: None,
            sender_visibility: None,
            delivery_report: None,
            read_report: None,
            reply_charging: None,
            reply_charging_deadline: None,
            reply_charging_size: None,
            reply_charging_id: None,
            content_class: None,
            drm_content: None,
            adaptation_allowed: None,
            other: Vec::new(),
            content_type,
        }
    }

    /// All recipients: To, Cc, Bcc.
    pub fn recipients(&self) -> impl Iterator<Item = &MmsAddress> {
        self.to.iter().chain(&self.cc).chain(&self.bcc)
    }
}

impl SendConf {
    /// An answer.
    pub fn new(transaction_id: &str, version: MmsVersion, response_status: ResponseStatus) -> Self {
        Self {
            transaction_id: transaction_id.to_owned(),
            version,
            response_status,
            response_text: None,
            message_id: None,
            other: Vec::new(),
        }
    }

    /// The answer that a message is taken.
    pub fn ok(transaction_id: &str, version: MmsVersion, message_id: &str) -> Self {
        Self { message_id: Some(message_id.to_owned()), ..Self::new(transaction_id, version, ResponseStatus::OK) }
    }
}

impl NotificationInd {
    /// A notification of a personal message.
    pub fn new(transaction_id: &str, content_location: &str, message_size: u64, expiry: MmsTime) -> Self {
        Self {
            transaction_id: transaction_id.to_owned(),
            version: MmsVersion::default(),
            from: None,
            subject: None,
            delivery_report: None,
            message_class: MessageClass::Personal,
            priority: None,
            message_size,
            expiry,
            reply_charging: None,
            reply_charging_deadline: None,
            reply_charging_size: None,
            reply_charging_id: None,
            distribution_indicator: None,
            content_class: None,
            drm_content: None,
            content_location: content_location.to_owned(),
            other: Vec::new(),
        }
    }
}

impl NotifyRespInd {
    /// An answer to a notification.
    pub fn new(transaction_id: &str, version: MmsVersion, status: MmsStatus) -> Self {
        Self { transaction_id: transaction_id.to_owned(), version, status, report_allowed: None, other: Vec::new() }
    }
}

impl RetrieveConf {
    /// A message; `date`: when it was sent.
    pub fn new(message_id: &str, date: u64, content_type: ContentType) -> Self {
        Self {
            message_id: Some(message_id.to_owned()),
            retrieve_status: Some(RetrieveStatus::OK),
            content_type: Some(content_type),
            ..Self::without_message(date)
        }
    }

    /// The answer that there is no message for who asks; its body is the text.
    pub fn failed(status: RetrieveStatus, text: &str, date: u64) -> (Self, Vec<u8>) {
        let pdu = Self {
            retrieve_status: Some(status),
            retrieve_text: Some(EncodedString::new(text)),
            content_type: Some(ContentType::text()),
            ..Self::without_message(date)
        };
        (pdu, text.as_bytes().to_vec())
    }

    fn without_message(date: u64) -> Self {
        Self {
            transaction_id: None,
            version: MmsVersion::default(),
            message_id: None,
            date: Some(date),
            from: None,
            to: Vec::new(),
            cc: Vec::new(),
            previously_sent_by: Vec::new(),
            previously_sent_date: Vec::new(),
            subject: None,
            message_class: None,
            priority: None,
            delivery_report: None,
            read_report: None,
            retrieve_status: None,
            retrieve_text: None,
            reply_charging: None,
            reply_charging_deadline: None,
            reply_charging_size: None,
            reply_charging_id: None,
            distribution_indicator: None,
            content_class: None,
            drm_content: None,
            other: Vec::new(),
            content_type: None,
        }
    }

    /// Is the message in it?
    pub fn is_ok(&self) -> bool {
        self.retrieve_status.is_none_or(RetrieveStatus::is_ok) && self.content_type.is_some()
    }
}

impl AcknowledgeInd {
    /// An acknowledgement.
    pub fn new(transaction_id: &str, version: MmsVersion) -> Self {
        Self { transaction_id: transaction_id.to_owned(), version, report_allowed: None, other: Vec::new() }
    }
}

impl DeliveryInd {
    /// A delivery report of one recipient; `date`: of what became of the message.
    pub fn new(message_id: &str, to: MmsAddress, date: u64, status: MmsStatus) -> Self {
        Self {
            version: MmsVersion::default(),
            message_id: message_id.to_owned(),
            to: vec![to],
            date,
            status,
            status_text: None,
            other: Vec::new(),
        }
    }
}

impl ReadRecInd {
    /// A read report to `to`, who had sent the message; the relay puts in who has read it.
    pub fn new(message_id: &str, to: MmsAddress, read_status: ReadStatus) -> Self {
        Self {
            version: MmsVersion::default(),
            message_id: message_id.to_owned(),
            to: vec![to],
            from: From::InsertAddress,
            date: None,
            read_status,
            other: Vec::new(),
        }
    }
}

impl ReadOrigInd {
    /// A read report for `to`, who had sent the message, of what `from` did with it.
    pub fn new(message_id: &str, to: MmsAddress, from: MmsAddress, date: u64, read_status: ReadStatus) -> Self {
        Self {
            version: MmsVersion::default(),
            message_id: message_id.to_owned(),
            to: vec![to],
            from: From::Address(from),
            date,
            read_status,
            other: Vec::new(),
        }
    }
}

impl ForwardReq {
    /// The message of a notification is to go to others.
    pub fn new(transaction_id: &str, to: Vec<MmsAddress>, content_location: &str) -> Self {
        Self {
            transaction_id: transaction_id.to_owned(),
            version: MmsVersion::default(),
            date: None,
            from: From::InsertAddress,
            to,
            cc: Vec::new(),
            bcc: Vec::new(),
            expiry: None,
            delivery_time: None,
            report_allowed: None,
            delivery_report: None,
            read_report: None,
            reply_charging: None,
            reply_charging_deadline: None,
            reply_charging_size: None,
            content_location: content_location.to_owned(),
            other: Vec::new(),
        }
    }

    /// All recipients: To, Cc, Bcc.
    pub fn recipients(&self) -> impl Iterator<Item = &MmsAddress> {
        self.to.iter().chain(&self.cc).chain(&self.bcc)
    }
}

impl ForwardConf {
    /// An answer.
    pub fn new(transaction_id: &str, version: MmsVersion, response_status: ResponseStatus) -> Self {
        Self {
            transaction_id: transaction_id.to_owned(),
            version,
            response_status,
            response_text: None,
            message_id: None,
            other: Vec::new(),
        }
    }
}

macro_rules! into_pdu {
    ($($name:ident $boxed:ident),* ; $($plain:ident),*) => {
        $(impl std::convert::From<$name> for MmsPdu {
            fn from(pdu: $name) -> Self {
                Self::$boxed(Box::new(pdu))
            }
        })*
        $(impl std::convert::From<$plain> for MmsPdu {
            fn from(pdu: $plain) -> Self {
                Self::$plain(pdu)
            }
        })*
    };
}

into_pdu! {
    SendReq SendReq, NotificationInd NotificationInd, RetrieveConf RetrieveConf, ForwardReq ForwardReq;
    SendConf, NotifyRespInd, AcknowledgeInd, DeliveryInd, ReadRecInd, ReadOrigInd, ForwardConf
}
