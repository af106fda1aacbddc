//! PDUs of MM1: OMA-MMS-ENC (versions 1.0 to 1.3).
//!
//! Supported: sending, notification, retrieval, acknowledgement, delivery and read reports, forwarding. Not supported, but
//! recognised: boxes of messages (version 1.2, clause 6.8), deletion and cancelling (version 1.3).

mod build;
mod codes;
mod describe;
mod fields;
mod messages;
mod problem;
mod value;

pub use codes::{
    ContentClass, MessageType, MmsStatus, Priority, ReadStatus, ReplyCharging, ResponseStatus, RetrieveStatus,
    SenderVisibility,
};
pub use fields::MAX_MMS_HEAD_OCTETS;
use fields::{End, Fields, code};
use messages::Headers;
pub use messages::{
    AcknowledgeInd, DeliveryInd, ForwardConf, ForwardReq, NotificationInd, NotifyRespInd, ReadOrigInd, ReadRecInd,
    RetrieveConf, SendConf, SendReq,
};
pub use problem::{MmsProblem, MmsProblemKind};
pub use value::{From, MessageClass, MmsTime, MmsVersion, PreviouslySentBy, PreviouslySentDate};

use super::ContentType;
use crate::octets::Octets;

/// A PDU without its body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MmsPdu {
    /// M-Send.req.
    SendReq(Box<SendReq>),
    /// M-Send.conf.
    SendConf(SendConf),
    /// M-Notification.ind.
    NotificationInd(Box<NotificationInd>),
    /// M-NotifyResp.ind.
    NotifyRespInd(NotifyRespInd),
    /// M-Retrieve.conf.
    RetrieveConf(Box<RetrieveConf>),
    /// M-Acknowledge.ind.
    AcknowledgeInd(AcknowledgeInd),
    /// M-Delivery.ind.
    DeliveryInd(DeliveryInd),
    /// M-Read-Rec.ind.
    ReadRecInd(ReadRecInd),
    /// M-Read-Orig.ind.
    ReadOrigInd(ReadOrigInd),
    /// M-Forward.req.
    ForwardReq(Box<ForwardReq>),
    /// M-Forward.conf.
    ForwardConf(ForwardConf),
}

impl MmsPdu {
    /// Reads a PDU: its headers, and the slice that is its body, which ends where the octets do.
    ///
    /// # Errors
    /// What is wrong with it, and what is known to answer that.
    pub fn parse(octets: &[u8]) -> Result<(Self, &[u8]), MmsProblem> {
        let mut rest = Octets(octets);
        let mut fields = Fields::read(&mut rest);
        let problem = MmsProblem::of(&fields);
        let Some(kind) = fields.one(code::MESSAGE_TYPE) else { return Err(problem.corrupt("it has no message type")) };
        if problem.version.is_some_and(|version: MmsVersion| !version.is_spoken()) {
            return Err(problem.unsupported_version());
        }
        let content_type = match fields.end {
            End::Octets => None,
            End::ContentType => match ContentType::read(&mut rest) {
                None => return Err(problem.corrupt("its Content-Type is not understood")),
                content_type => content_type,
            },
            End::Broken => return Err(problem.corrupt("its headers are not understood")),
            End::TooMuch => return Err(problem.corrupt("it has more headers than are taken")),
        };
        match Self::of(kind, fields, content_type) {
            Some(Ok(pdu)) if pdu.content_type().is_some() => Ok((pdu, rest.rest())),
            Some(Ok(pdu)) => Ok((pdu, &[])),
            Some(Err(code)) => Err(problem.missing(code)),
            None => Err(problem.unsupported_pdu()),
        }
    }

    fn of(kind: MessageType, fields: Fields<'_>, content_type: Option<ContentType>) -> Option<Result<Self, u8>> {
        Some(match kind {
            MessageType::SEND_REQ => Headers::take(fields, content_type).map(|pdu| Self::SendReq(Box::new(pdu))),
            MessageType::SEND_CONF => Headers::take(fields, content_type).map(Self::SendConf),
            MessageType::NOTIFICATION_IND => {
                Headers::take(fields, content_type).map(|pdu| Self::NotificationInd(Box::new(pdu)))
            }
            MessageType::NOTIFYRESP_IND => Headers::take(fields, content_type).map(Self::NotifyRespInd),
            MessageType::RETRIEVE_CONF => {
                Headers::take(fields, content_type).map(|pdu| Self::RetrieveConf(Box::new(pdu)))
            }
            MessageType::ACKNOWLEDGE_IND => Headers::take(fields, content_type).map(Self::AcknowledgeInd),
            MessageType::DELIVERY_IND => Headers::take(fields, content_type).map(Self::DeliveryInd),
            MessageType::READ_REC_IND => Headers::take(fields, content_type).map(Self::ReadRecInd),
            MessageType::READ_ORIG_IND => Headers::take(fields, content_type).map(Self::ReadOrigInd),
            MessageType::FORWARD_REQ => Headers::take(fields, content_type).map(|pdu| Self::ForwardReq(Box::new(pdu))),
            MessageType::FORWARD_CONF => Headers::take(fields, content_type).map(Self::ForwardConf),
            _ => return None,
        })
    }

    /// Its headers up to its body: what has a body is whole when the body follows.
    pub fn emit_head(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::SendReq(pdu) => pdu.put(&mut out),
            Self::SendConf(pdu) => pdu.put(&mut out),
            Self::NotificationInd(pdu) => pdu.put(&mut out),
            Self::NotifyRespInd(pdu) => pdu.put(&mut out),
            Self::RetrieveConf(pdu) => pdu.put(&mut out),
            Self::AcknowledgeInd(pdu) => pdu.put(&mut out),
            Self::DeliveryInd(pdu) => pdu.put(&mut out),
            Self::ReadRecInd(pdu) => pdu.put(&mut out),
            Self::ReadOrigInd(pdu) => pdu.put(&mut out),
            Self::ForwardReq(pdu) => pdu.put(&mut out),
            Self::ForwardConf(pdu) => pdu.put(&mut out),
        }
        out
    }

    /// Its headers and its body; nothing follows the headers of a PDU that has none.
    pub fn emit(&self, body: &[u8]) -> Vec<u8> {
        let mut out = self.emit_head();
        if self.content_type().is_some() {
            out.extend_from_slice(body);
        }
        out
    }

    /// Which PDU it is.
    pub const fn message_type(&self) -> MessageType {
        match self {
            Self::SendReq(_) => MessageType::SEND_REQ,
            Self::SendConf(_) => MessageType::SEND_CONF,
            Self::NotificationInd(_) => MessageType::NOTIFICATION_IND,
            Self::NotifyRespInd(_) => MessageType::NOTIFYRESP_IND,
            Self::RetrieveConf(_) => MessageType::RETRIEVE_CONF,
            Self::AcknowledgeInd(_) => MessageType::ACKNOWLEDGE_IND,
            Self::DeliveryInd(_) => MessageType::DELIVERY_IND,
            Self::ReadRecInd(_) => MessageType::READ_REC_IND,
            Self::ReadOrigInd(_) => MessageType::READ_ORIG_IND,
            Self::ForwardReq(_) => MessageType::FORWARD_REQ,
            Self::ForwardConf(_) => MessageType::FORWARD_CONF,
        }
    }

    /// What its body is; `None`: it has none.
    pub fn content_type(&self) -> Option<&ContentType> {
        match self {
            Self::SendReq(pdu) => Some(&pdu.content_type),
            Self::RetrieveConf(pdu) => pdu.content_type.as_ref(),
            _ => None,
        }
    }

    /// Its X-Mms-Transaction-ID.
    pub fn transaction_id(&self) -> Option<&str> {
        match self {
            Self::SendReq(pdu) => Some(&pdu.transaction_id),
            Self::SendConf(pdu) => Some(&pdu.transaction_id),
            Self::NotificationInd(pdu) => Some(&pdu.transaction_id),
            Self::NotifyRespInd(pdu) => Some(&pdu.transaction_id),
            Self::RetrieveConf(pdu) => pdu.transaction_id.as_deref(),
            Self::AcknowledgeInd(pdu) => Some(&pdu.transaction_id),
            Self::ForwardReq(pdu) => Some(&pdu.transaction_id),
            Self::ForwardConf(pdu) => Some(&pdu.transaction_id),
            Self::DeliveryInd(_) | Self::ReadRecInd(_) | Self::ReadOrigInd(_) => None,
        }
    }

    /// Its Message-ID.
    pub fn message_id(&self) -> Option<&str> {
        match self {
            Self::SendConf(pdu) => pdu.message_id.as_deref(),
            Self::RetrieveConf(pdu) => pdu.message_id.as_deref(),
            Self::DeliveryInd(pdu) => Some(&pdu.message_id),
            Self::ReadRecInd(pdu) => Some(&pdu.message_id),
            Self::ReadOrigInd(pdu) => Some(&pdu.message_id),
            Self::ForwardConf(pdu) => pdu.message_id.as_deref(),
            _ => None,
        }
    }

    /// Its X-Mms-MMS-Version.
    pub const fn version(&self) -> MmsVersion {
        match self {
            Self::SendReq(pdu) => pdu.version,
            Self::SendConf(pdu) => pdu.version,
            Self::NotificationInd(pdu) => pdu.version,
            Self::NotifyRespInd(pdu) => pdu.version,
            Self::RetrieveConf(pdu) => pdu.version,
            Self::AcknowledgeInd(pdu) => pdu.version,
            Self::DeliveryInd(pdu) => pdu.version,
            Self::ReadRecInd(pdu) => pdu.version,
            Self::ReadOrigInd(pdu) => pdu.version,
            Self::ForwardReq(pdu) => pdu.version,
            Self::ForwardConf(pdu) => pdu.version,
        }
    }
}
