//! MM1_notification.REQ (TS 23.140 clause 8.1.4): a subscriber is told that a message waits.

use protocol::Instant;
use protocol::mms::{EncodedString, From, MessageClass, MmsPdu, MmsTime, NotificationInd, Priority};

use super::MmsRelay;
use super::accept::millis;
use super::message::{Message, State};
use super::mm1::transaction_id;
use super::retrieve::address;
use super::task::Work;
use super::ways::pause;
use super::work::Change;

impl MmsRelay {
    /// A task is due: its subscriber is told, unless there is nothing to tell any more.
    pub(super) fn notify(&mut self, now: Instant, number: u64, message: Option<Message>, task: u64) -> Change {
        let now_ms = self.shell.utc_ms(now);
        let work = self.running.get(&task).map(|running| running.task.work.clone());
        let Some(Work::Notify { recipient: at, .. }) = work else { return Change::default() };
        let open = message.filter(|message| message.expires_ms > now_ms).and_then(|message| {
            let recipient = message.recipients.get(at).filter(|recipient| recipient.state.is_waiting())?;
            let (msisdn, state) = (recipient.own()?.to_owned(), recipient.state);
            let location = format!("{}/{}", self.config.base, recipient.location);
            Some((message, msisdn, location, state))
        });
        let Some((message, msisdn, location, state)) = open else {
            let mut change = Change::release(task);
            self.end_task(&mut change.ops, task);
            return change;
        };
        // Who fetches it later knows of it. Who was given it may never have got it: he is reminded until he says that he has.
        if state == State::Deferred {
            return self.remind_later(now_ms, task);
        }
        // Absolute, so that it is the same each time.
        let expiry = MmsTime::Absolute(message.expires_ms / 1000);
        let mut pdu = NotificationInd::new(&transaction_id(number, at), &location, message.octets, expiry);
        pdu.from = Some(match message.from.as_deref().filter(|_| !message.is_hidden) {
            Some(from) => From::Address(address(from)),
            None => From::InsertAddress,
        })
        .filter(|from| from.address().is_some());
        pdu.subject = message.subject.as_deref().map(|subject| EncodedString::new(shortened(subject, SUBJECT)));
        // A class of somebody's own is a name: all of it, or none.
        if message.class.len() <= CLASS {
            pdu.message_class = MessageClass::of_name(&message.class);
        }
        pdu.priority = message.priority.map(Priority);
        pdu.delivery_report = Some(message.delivery_report);
        let charge = self.charge_of_notification(number, &message, at);
        if let Some(running) = self.running.get_mut(&task).filter(|running| running.task.delivered == 0) {
            running.task.charge = charge;
        }
        self.push(now, task, &msisdn, MmsPdu::from(pdu).emit(&[]));
        Change::default()
    }

    /// A notification that is not needed now, but may be yet.
    fn remind_later(&mut self, now_ms: u64, number: u64) -> Change {
        let mut change = Change::release(number);
        let Some(mut task) = self.running.get(&number).map(|running| running.task.clone()) else { return change };
        task.is_with_other = false;
        // The last pause: what is fetched later is not lost soon.
        let wait = self.config.times.remind.last().copied().unwrap_or_default();
        task.due_ms = now_ms + millis(pause(&[wait], 1));
        self.put_off(&mut change.ops, number, task);
        change
    }
}

/// The beginning of a text that goes into a push: a push is a few short messages, and all of it comes with the message itself.
pub(super) fn shortened(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(at, _)| &text[..at])
}

/// Characters of a subject in a notification.
const SUBJECT: usize = 40;
/// Octets of the name of a class in a notification.
const CLASS: usize = 40;
/// Characters of X-Mms-Status-Text in a report.
pub(super) const STATUS_TEXT: usize = 100;
