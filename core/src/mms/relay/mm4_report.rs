//! Reports of other relays (TS 23.140 clauses 8.4.2 and 8.4.3): what a subscriber is told of his message elsewhere.

use protocol::Instant;
use protocol::mm4::{Mm4Address, Mm4Mail, RequestStatus};
use protocol::mms::{DeliveryInd, EncodedString, MmsPdu, MmsStatus, ReadOrigInd, ReadStatus};

use super::MmsRelay;
use super::message::{Destination, Message, Origin, Recipient, State};
use super::notify::{STATUS_TEXT, shortened};
use super::retrieve::address;
use super::routes::is_same;
use super::task::{Letter, Says};
use super::work::{Change, Effect, Event};
use crate::node::StreamId;

/// A report of another relay about a message of a subscriber.
#[derive(Debug)]
pub(super) struct PeerReport {
    pub(super) conn: StreamId,
    relay: String,
    /// The recipient.
    from: String,
    date_ms: u64,
    says: PeerSays,
    /// The response that is wanted, as if all were well.
    response: Option<Letter>,
}

#[derive(Debug)]
pub(super) enum PeerSays {
    Delivery {
        status: MmsStatus,
        text: Option<String>,
        /// The sender is to hear it, and not its relay alone.
        is_for_user: bool,
    },
    Read(ReadStatus),
}

impl MmsRelay {
    /// MM4_delivery_report.REQ or MM4_read_reply_report.REQ.
    pub(super) fn on_report(
        &mut self,
        now: Instant,
        conn: StreamId,
        relays: &[usize],
        relay: String,
        mail: &Mm4Mail,
        says: PeerSays,
    ) {
        let system = self.system();
        let response = |this: &Self, status, text| {
            mail.response(&system, status, text).and_then(|own| this.letter_of(relays, &own))
        };
        let number = mail.message_id.as_deref().and_then(|id| self.of_message_id(id));
        let (Some(number), Some(from)) = (number, mail.from.as_ref().map(Mm4Address::to_string)) else {
            let letter = response(self, RequestStatus::ErrorMessageNotFound, Some("there is no such message"));
            return self.mail_with_letter(now, conn, letter);
        };
        let date_ms = mail.date.unwrap_or_else(|| self.shell.utc_ms(now));
        let response = response(self, RequestStatus::Ok, None);
        let report = PeerReport { conn, relay, from, date_ms, says, response };
        self.on_message(number, Event::Reported(Box::new(report)));
    }

    pub(super) fn reported(
        &mut self,
        now: Instant,
        number: u64,
        message: Option<Message>,
        report: PeerReport,
    ) -> Change {
        let PeerReport { conn, relay, from, date_ms, says, response } = report;
        let now_ms = self.shell.utc_ms(now);
        let mut change = Change { then: vec![Effect::Mail(conn, None)], ..Change::default() };
        let response = response.map(|letter| Letter { date_ms: now_ms, ..letter });
        // Only the relay that has the recipient reports of it.
        let found = message.and_then(|message| {
            let is_it = |own: &Recipient| own.to == Destination::Relay(relay.clone()) && is_same(&own.address, &from);
            Some((message.recipients.iter().position(is_it)?, message))
        });
        let Some((at, mut message)) = found else {
            if let Some(mut letter) = response {
                if let Says::Response { status, .. } = &mut letter.says {
                    RequestStatus::ErrorMessageNotFound.as_str().clone_into(status);
                }
                self.add_letter(&mut change.ops, now_ms, letter);
            }
            return change;
        };
        let pdu = match says {
            PeerSays::Delivery { status, text, is_for_user } => {
                let pdu = self.peer_delivery(&mut change, number, &mut message, at, (status, text), date_ms);
                pdu.filter(|_| is_for_user).map(|pdu| (pdu, Ok(status)))
            }
            PeerSays::Read(status) => {
                self.peer_read(number, &mut message, at, status, date_ms).map(|pdu| (pdu, Err(status)))
            }
        };
        // What is new, and wanted.
        let pdu = pdu.map(|(pdu, says)| {
            self.charge_report_of_relay(now, number, (&message, at), says, date_ms);
            pdu
        });
        match (pdu, message.origin.clone(), response) {
            (Some(pdu), Origin::Subscriber(msisdn), response) => {
                self.tell_later(&mut change.ops, now_ms, &msisdn, &pdu, response);
            }
            (_, _, Some(letter)) => self.add_letter(&mut change.ops, now_ms, letter),
            (_, _, None) => {}
        }
        self.drop_content(&mut change, number, &mut message);
        change.save(number, &message);
        change
    }

    /// What the sender is told of a delivery elsewhere.
    fn peer_delivery(
        &mut self,
        change: &mut Change,
        number: u64,
        message: &mut Message,
        at: usize,
        (status, text): (MmsStatus, Option<String>),
        date_ms: u64,
    ) -> Option<MmsPdu> {
        let is_end = !matches!(status, MmsStatus::DEFERRED | MmsStatus::FORWARDED);
        if is_end && !matches!(message.recipients.get(at)?.state, State::Done(_)) {
            self.set_state(change, number, message, at, State::done(status));
        }
        let recipient = message.recipients.get_mut(at)?;
        if !message.delivery_report || !recipient.told.insert(status.0) {
            return None;
        }
        let mut pdu = DeliveryInd::new(&self.message_id(number), address(&recipient.address), date_ms / 1000, status);
        pdu.status_text = text.as_deref().map(|text| EncodedString::new(shortened(text, STATUS_TEXT)));
        Some(pdu.into())
    }

    fn peer_read(
        &self,
        number: u64,
        message: &mut Message,
        at: usize,
        status: ReadStatus,
        date_ms: u64,
    ) -> Option<MmsPdu> {
        let recipient = message.recipients.get_mut(at)?;
        if !message.read_report || std::mem::replace(&mut recipient.is_read, true) {
            return None;
        }
        let (to, from) = (address(message.from.as_deref().unwrap_or_default()), address(&recipient.address));
        Some(ReadOrigInd::new(&self.message_id(number), to, from, date_ms / 1000, status).into())
    }
}
