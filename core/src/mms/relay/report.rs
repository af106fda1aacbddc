//! Delivery reports (TS 23.140 clauses 7.1.10 and 8.1.7) and read reports (clauses 7.1.11 and 8.1.8): to subscribers by push, to
//! other relays by mail.

use http::Response;
use protocol::Instant;
use protocol::mms::{DeliveryInd, EncodedString, MmsPdu, MmsStatus, ReadOrigInd, ReadStatus};

use super::MmsRelay;
use super::message::{Message, Origin};
use super::mm1::unknown;
use super::mm4_words::{of_mms_status, of_read_status};
use super::notify::{STATUS_TEXT, shortened};
use super::retrieve::address;
use super::task::{Letter, Says, Task, Work};
use super::work::Change;
use crate::node::{HttpExchange, NodeStoreOp};

/// A recipient says that it has read a message.
#[derive(Debug)]
pub(super) struct ReadBy {
    pub(super) exchange: HttpExchange,
    pub(super) msisdn: String,
    pub(super) status: ReadStatus,
    pub(super) date_ms: u64,
    /// It comes through the IP-Message-GW.
    pub(super) is_ip: bool,
}

impl MmsRelay {
    /// What became of a message at a recipient goes to its sender, when that is wanted and new.
    #[expect(clippy::too_many_arguments, reason = "each is another thing of what is told")]
    pub(super) fn report(
        &mut self,
        now: Instant,
        ops: &mut Vec<NodeStoreOp>,
        number: u64,
        message: &mut Message,
        at: usize,
        status: MmsStatus,
        text: Option<&str>,
    ) {
        let Some(recipient) = message.recipients.get_mut(at) else { return };
        let is_wanted = message.delivery_report || message.relay_report;
        if !is_wanted || !recipient.told.insert(status.0) {
            return;
        }
        let (recipient, now_ms) = (recipient.address.clone(), self.shell.utc_ms(now));
        match &message.origin {
            Origin::Subscriber(msisdn) => {
                let mut pdu = DeliveryInd::new(&self.message_id(number), address(&recipient), now_ms / 1000, status);
                pdu.status_text = text.map(|text| EncodedString::new(shortened(text, STATUS_TEXT)));
                let msisdn = msisdn.clone();
                self.tell_later(ops, now_ms, &msisdn, &MmsPdu::from(pdu), None);
            }
            Origin::Relay { name, message_id, from } => {
                let letter = Letter {
                    relay: name.clone(),
                    message_id: Some(message_id.clone()),
                    to: from.clone(),
                    from: self.on_mm4(&recipient),
                    date_ms: now_ms,
                    text: text.map(str::to_owned),
                    is_for_relay: !message.delivery_report,
                    says: Says::Delivery(of_mms_status(status).as_str().to_owned()),
                };
                self.counters.reports += 1;
                self.add_letter(ops, now_ms, letter);
            }
        }
    }

    /// A PDU for a subscriber, in a transaction that is about to be made; what another relay waits for goes when it was tried.
    pub(super) fn tell_later(
        &mut self,
        ops: &mut Vec<NodeStoreOp>,
        now_ms: u64,
        msisdn: &str,
        pdu: &MmsPdu,
        then: Option<Letter>,
    ) {
        self.counters.reports += 1;
        let Some(way) = self.first_push(msisdn) else {
            self.shell.say(format!("{} is for a subscriber who is told nothing", pdu.message_type()));
            if let Some(letter) = then {
                self.add_letter(ops, now_ms, letter);
            }
            return;
        };
        let work = Work::Tell { msisdn: msisdn.to_owned(), pdu: hex::encode(pdu.emit(&[])), then };
        self.add_task(ops, &Task::new(work, way, now_ms, now_ms));
    }

    /// M-Read-Rec.ind.
    pub(super) fn read_by(&mut self, now: Instant, number: u64, message: Option<Message>, read: ReadBy) -> Change {
        let now_ms = self.shell.utc_ms(now);
        let of_user =
            |message: &Message| message.recipients.iter().position(|recipient| recipient.own() == Some(&read.msisdn));
        let found = message.and_then(|message| Some((of_user(&message)?, message)));
        let Some((at, mut message)) = found else { return Change::answer(read.exchange, unknown()) };
        let mut change = Change::answer(read.exchange, Response::new(Vec::new()));
        if !message.read_report || message.recipients[at].is_read {
            return change;
        }
        message.recipients[at].is_read = true;
        self.charge_read(now, number, (&message, at), (read.status, read.is_ip));
        let recipient = message.recipients[at].address.clone();
        match &message.origin {
            Origin::Subscriber(msisdn) => {
                let to = address(message.from.as_deref().unwrap_or_default());
                let (id, date) = (self.message_id(number), read.date_ms / 1000);
                let pdu = ReadOrigInd::new(&id, to, address(&recipient), date, read.status);
                let msisdn = msisdn.clone();
                self.tell_later(&mut change.ops, now_ms, &msisdn, &MmsPdu::from(pdu), None);
            }
            Origin::Relay { name, message_id, from } => {
                let letter = Letter {
                    relay: name.clone(),
                    message_id: Some(message_id.clone()),
                    to: from.clone(),
                    from: self.on_mm4(&recipient),
                    date_ms: read.date_ms,
                    text: None,
                    is_for_relay: false,
                    says: Says::Read(of_read_status(read.status).as_str().to_owned()),
                };
                self.counters.reports += 1;
                self.add_letter(&mut change.ops, now_ms, letter);
            }
        }
        change.save(number, &message);
        change
    }
}
