//! What the relay has yet to do, in the store: pushes, mails to other relays, the end of messages.

use protocol::mm4::{
    DeliveryReportReq, Mm4Address, Mm4Body, Mm4Mail, Mm4Request, MmStatus, ReadReplyReportReq, ReadStatus,
    RequestStatus, Response,
};
use serde::{Deserialize, Serialize};

use super::config::MmsPush;
use super::keys::{delete, due_key, put};
use crate::node::rows::{number_key, part};
use crate::node::{NodeStoreOp, Table};

/// Something to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) work: Work,
    /// Which way it goes: see [`super::ways`].
    pub(super) way: String,
    pub(super) due_ms: u64,
    /// When it came to be.
    pub(super) begun_ms: u64,
    /// Attempts that failed.
    pub(super) failed: u32,
    /// Attempts in all.
    pub(super) attempts: u32,
    /// Pushes of a notification that were delivered, and mails that were taken.
    pub(super) delivered: u32,
    /// The other side has it and has yet to say what became of it: for a push a result, for a mail a response.
    pub(super) is_with_other: bool,
    /// What is charged for once it has been done, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) charge: Option<String>,
}

/// What is to be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Work {
    /// A subscriber is told that a message waits (M-Notification.ind).
    Notify { message: u64, recipient: usize, msisdn: String },
    /// A message goes to another relay (MM4_forward.REQ).
    Forward { message: u64, recipients: Vec<usize> },
    /// A subscriber is told what became of a message (M-Delivery.ind, M-Read-Orig.ind).
    Tell { msisdn: String, pdu: String, then: Option<Letter> },
    /// Another relay is told something.
    Write(Letter),
    /// The time of a message is over.
    Expire { message: u64 },
    /// A message is forgotten.
    Forget { message: u64 },
    /// The sender of a message is told that a recipient has sent it on.
    SentOn { message: u64, recipient: usize },
    /// A message was to go to a relay that the settings do not have any more.
    Lost { message: u64, recipients: Vec<usize> },
}

/// What another relay is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Letter {
    /// Its name here.
    pub(super) relay: String,
    /// X-Mms-Message-ID.
    pub(super) message_id: Option<String>,
    /// Where it goes: an address of MM4.
    pub(super) to: String,
    /// Who it is about: of reports the recipient.
    pub(super) from: Option<String>,
    /// When that was.
    pub(super) date_ms: u64,
    pub(super) text: Option<String>,
    /// The other relay wants it for itself, and not its subscriber.
    #[serde(default)]
    pub(super) is_for_relay: bool,
    pub(super) says: Says,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Says {
    /// What is made of a request, with its X-Mms-Transaction-ID and X-Mms-Request-Status-Code.
    Response { to: Mm4Request, transaction: String, status: String },
    /// MM4_delivery_report.REQ with X-Mms-MM-Status-Code.
    Delivery(String),
    /// MM4_read_reply_report.REQ with X-Mms-Read-Status.
    Read(String),
}

impl Task {
    pub(super) fn new(work: Work, way: &str, now_ms: u64, due_ms: u64) -> Self {
        let (failed, attempts, delivered, is_with_other, charge) = Default::default();
        let way = way.to_owned();
        Self { work, way, due_ms, begun_ms: now_ms, failed, attempts, delivered, is_with_other, charge }
    }

    pub(super) fn due_key(&self, number: u64) -> String {
        due_key(&self.way, self.due_ms, number)
    }

    /// Writes it.
    pub(super) fn put(&self, ops: &mut Vec<NodeStoreOp>, number: u64) {
        ops.push(put(Table::MmsTask, number_key(number), self));
        ops.push(NodeStoreOp::Put { table: Table::MmsDue, key: self.due_key(number), value: Vec::new() });
    }

    /// Takes it away.
    pub(super) fn delete(&self, ops: &mut Vec<NodeStoreOp>, number: u64) {
        ops.push(delete(Table::MmsTask, number_key(number)));
        ops.push(delete(Table::MmsDue, self.due_key(number)));
    }
}

impl Letter {
    /// Whether a response is asked for.
    pub(super) const fn asks(&self) -> bool {
        matches!(self.says, Says::Delivery(_) | Says::Read(_))
    }

    /// The mail; `own` names this request.
    pub(super) fn mail(&self, own: &str, system: &Mm4Address) -> Mm4Mail {
        let (transaction, body) = match &self.says {
            Says::Response { to, transaction, status } => {
                let response = Response { status: RequestStatus::parse(status), text: self.text.clone() };
                (transaction.as_str(), Mm4Body::of_response(*to, response))
            }
            Says::Delivery(status) => {
                let report = DeliveryReportReq {
                    status: MmStatus::parse(status),
                    extension: None,
                    text: self.text.clone(),
                    ack_request: Some(true),
                    forward_to_originator: Some(!self.is_for_relay),
                };
                (own, Mm4Body::DeliveryReportReq(report))
            }
            Says::Read(status) => {
                let (status, text) = (ReadStatus::parse(status), self.text.clone());
                (own, Mm4Body::ReadReplyReportReq(ReadReplyReportReq { status, text, ack_request: Some(true) }))
            }
        };
        let mut mail = Mm4Mail::new(transaction, self.message_id.as_deref().unwrap_or_default(), body);
        mail.message_id.clone_from(&self.message_id);
        mail.from = self.from.as_deref().map_or_else(|| Some(system.clone()), Mm4Address::parse);
        mail.to = Mm4Address::parse(&self.to).into_iter().collect();
        mail.sender = Some(system.clone());
        mail.date = Some(self.date_ms);
        mail
    }
}

/// The name of a way of push in the store.
pub(super) const fn push_way(push: MmsPush) -> &'static str {
    match push {
        MmsPush::Sip => GATEWAY_WAY,
        MmsPush::Sms => SMS_WAY,
    }
}

/// The name of the way to another relay in the store.
pub(super) fn relay_way(relay: &str) -> String {
    format!("R:{}", part(relay))
}

pub(super) const GATEWAY_WAY: &str = "G";
pub(super) const SMS_WAY: &str = "S";
pub(super) const UPKEEP_WAY: &str = "U";
