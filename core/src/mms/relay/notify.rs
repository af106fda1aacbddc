//! MM1_notification.REQ (TS 23.140 clause 8.1.4): a subscriber is told that a message waits.

use protocol::Instant;
use protocol::mms::{EncodedString, From, MessageClass, MmsPdu, MmsTime, NotificationInd, Priority};

use super::MmsRelay;
use super::message::{Message, State};
use super::mm1::transaction_id;
use super::retrieve::address;
use super::task::Work;
use super::work::Change;

impl MmsRelay {
    /// A task is due: its subscriber is told, unless there is nothing to tell any more.
    pub(super) fn notify(&mut self, now: Instant, number: u64, message: Option<Message>, task: u64) -> Change {
        let now_ms = self.shell.utc_ms(now);
        let work = self.running.get(&task).map(|running| running.task.work.clone());
        let Some(Work::Notify { recipient: at, .. }) = work else { return Change::default() };
        let open = message.filter(|message| message.expires_ms > now_ms).and_then(|message| {
            let recipient = message.recipients.get(at)?;
            // Who has asked for it, or will, knows of it.
            let msisdn = recipient.own().filter(|_| recipient.state == State::Waiting)?.to_owned();
            let location = format!("{}/{}", self.config.base, recipient.location);
            Some((message, msisdn, location))
        });
        let Some((message, msisdn, location)) = open else {
            let mut change = Change::release(task);
            self.end_task(&mut change.ops, task);
            return change;
        };
        // Absolute, so that it is the same each time.
        let expiry = MmsTime::Absolute(message.expires_ms / 1000);
        let mut pdu = NotificationInd::new(&transaction_id(number, at), &location, message.octets, expiry);
        pdu.from = Some(match message.from.as_deref().filter(|_| !message.is_hidden) {
            Some(from) => From::Address(address(from)),
            None => From::InsertAddress,
        })
        .filter(|from| from.address().is_some());
        pdu.subject = message.subject.as_deref().map(EncodedString::new);
        pdu.message_class = MessageClass::of_name(&message.class);
        pdu.priority = message.priority.map(Priority);
        pdu.delivery_report = Some(message.delivery_report);
        let charge = self.charge_of_notification(number, &message, at);
        if let Some(running) = self.running.get_mut(&task).filter(|running| running.task.delivered == 0) {
            running.task.charge = charge;
        }
        self.push(now, task, &msisdn, MmsPdu::from(pdu).emit(&[]));
        Change::default()
    }
}
