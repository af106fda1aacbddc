//! What a modem's driver knows of messages, and which of them is next.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::Instant;

use super::job::Job;
use super::machine::Forget;
use super::{ModemOutput, SmsFailure};
use crate::at::ts27005::SetIndications;

/// Times that a message is given to the modem, when it is known not to have been sent.
pub(super) const TRIES: u8 = 5;
/// Before a SIM that was busy is asked again.
pub(super) const BUSY_TIME: Duration = Duration::from_secs(2);
/// The memory of a modem that does not tell of new messages is looked at this often.
pub(super) const POLL_TIME: Duration = Duration::from_secs(5);
/// That of one which may have stopped telling of them.
pub(super) const SAFETY_TIME: Duration = Duration::from_secs(60);
/// After so many refusals in a row the time before the next look does not grow any more.
const MOST_DOUBLINGS: u32 = 6;
/// Places of a memory that are looked at one by one, at most.
const MAX_PLACES: u16 = 500;
/// Ends the text of a message (TS 27.005 clause 3.5.1).
const CTRL_Z: u8 = 0x1A;

/// Where a message is stored.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Place {
    pub(super) memory: Option<String>,
    pub(super) index: u16,
}

/// A message that goes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Outgoing {
    pub(super) token: u64,
    pub(super) pdu: Vec<u8>,
    pub(super) tries: u8,
    pub(super) not_before: Instant,
    /// The modem has all of it, or may get it yet.
    pub(super) text_written: bool,
}

impl Outgoing {
    pub(super) const fn new(token: u64, pdu: Vec<u8>, not_before: Instant) -> Self {
        Self { token, pdu, tries: 0, not_before, text_written: false }
    }

    /// Something was written to the modem while this was being sent.
    pub(super) fn written(&mut self, bytes: &[u8]) {
        self.text_written |= bytes.ends_with(&[CTRL_Z]);
    }
}

/// What is known of messages.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// Where messages are received into.
    pub(super) memory: Option<String>,
    /// The modem does messages in PDU mode.
    pub(super) usable: bool,
    /// Where messages are read, when it was selected.
    pub(super) reading: Option<String>,
    /// How new messages are told of, when they are.
    pub(super) indications: Option<SetIndications>,
    /// That is to be said again.
    pub(super) renews: bool,
    /// Routed messages are to be acknowledged.
    pub(super) acknowledges: bool,
    /// The memory is looked at then, and so often.
    polled: Option<(Instant, Duration)>,
    /// It is looked at then, as something was refused.
    list_at: Option<Instant>,
    /// Refusals since one was deleted.
    pub(super) refusals: u32,
    pub(super) capacity: u16,
    pub(super) outgoing: VecDeque<Outgoing>,
    pub(super) to_read: VecDeque<Place>,
    /// The last thing was to read.
    has_read: bool,
    pub(super) to_delete: VecDeque<Place>,
    /// Handed on and not yet deleted; whether they have been taken.
    pub(super) handed: BTreeMap<Place, (Vec<u8>, bool)>,
    to_acknowledge: u32,
    /// The memory is to be looked at.
    pub(super) wants_list: bool,
}

impl Messages {
    /// After the modem started or was helped up.
    pub(super) fn forget_settings(&mut self) {
        (self.usable, self.acknowledges, self.reading) = (false, false, None);
        (self.indications, self.renews, self.polled) = (None, false, None);
        (self.list_at, self.refusals) = (None, 0);
        // What was not acknowledged comes again.
        self.to_acknowledge = 0;
        // The memory is listed, and tells what is there to be read or deleted still; other memories are not.
        self.to_read.append(&mut self.to_delete);
        self.to_read.retain(|place| place.memory != self.memory);
    }

    /// A message has been fetched by whoever wants it.
    pub(super) fn taken(&mut self, forget: Forget) {
        match forget {
            Forget::Stored(place) => {
                if let Some((_, taken)) = self.handed.get_mut(&place) {
                    *taken = true;
                    self.to_delete.push_back(place);
                }
            }
            Forget::Routed => self.to_acknowledge += u32::from(self.acknowledges),
        }
    }

    /// The memory is looked at, again and again.
    pub(super) fn poll(&mut self, now: Instant, every: Duration) {
        self.polled = Some((now + every, every));
    }

    /// Something that is there was refused: the memory is looked at again, later the more often that happens.
    pub(super) fn look_again(&mut self, now: Instant) {
        let due = now + BUSY_TIME * 2u32.pow(self.refusals.min(MOST_DOUBLINGS));
        self.list_at = self.list_at.or(Some(due));
        self.refusals = self.refusals.saturating_add(1);
    }

    /// When there will be something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        if !self.usable {
            return None;
        }
        let waiting = self.outgoing.front().map(|outgoing| outgoing.not_before);
        let polled = self.polled.map(|(due, _)| due);
        [polled, self.list_at, waiting].into_iter().flatten().min()
    }

    /// A place to read or delete at, after its memory was selected.
    fn at_place(&self, place: &Place) -> Option<Job> {
        let is_there = place.memory.is_none() || place.memory == self.reading;
        place.memory.clone().filter(|_| !is_there).map(Job::Select)
    }

    /// The most urgent thing; `lists`: all messages may be asked for at once.
    pub(super) fn next(&mut self, now: Instant, lists: bool) -> Option<Job> {
        if !self.usable {
            return None;
        }
        if self.to_acknowledge > 0 {
            self.to_acknowledge -= 1;
            return Some(Job::Acknowledge);
        }
        if std::mem::take(&mut self.renews)
            && let Some(set) = self.indications
        {
            return Some(Job::Indicate(set));
        }
        if let Some(place) = self.to_delete.front() {
            return self.at_place(place).or_else(|| self.to_delete.pop_front().map(Job::Delete));
        }
        if self.to_read.is_empty()
            && let Some(job) = self.look(now, lists)
        {
            return Some(job);
        }
        let is_due = self.outgoing.front().is_some_and(|outgoing| outgoing.not_before <= now);
        // What waits to be sent need not wait for a whole memory.
        if let Some(place) = self.to_read.front().filter(|_| !(is_due && self.has_read)) {
            return self.at_place(place).or_else(|| self.read_next(now));
        }
        self.has_read = false;
        if is_due { self.outgoing.pop_front().map(Job::Send) } else { None }
    }

    fn read_next(&mut self, now: Instant) -> Option<Job> {
        self.has_read = true;
        let place = self.to_read.pop_front();
        if let Some((due, every)) = self.polled.as_mut().filter(|_| self.to_read.is_empty()) {
            // There is to be time for other things, however long this took.
            *due = now + *every;
        }
        place.map(Job::Read)
    }

    /// At the whole memory, if it is time for that.
    fn look(&mut self, now: Instant, lists: bool) -> Option<Job> {
        if self.list_at.is_some_and(|due| due <= now) {
            (self.list_at, self.wants_list) = (None, true);
        }
        if let Some((due, every)) = self.polled.as_mut().filter(|(due, _)| *due <= now) {
            *due = now + *every;
            self.wants_list = true;
            if let Some(set) = self.indications {
                return Some(Job::Indicate(set));
            }
        }
        if self.wants_list {
            let everywhere = Place { memory: self.memory.clone(), index: 0 };
            if let Some(select) = self.at_place(&everywhere) {
                return Some(select);
            }
            self.wants_list = false;
            if lists {
                return Some(Job::List);
            }
            self.look_everywhere();
        }
        None
    }

    /// Place by place. Memories begin with 0 or with 1.
    pub(super) fn look_everywhere(&mut self) {
        let memory = self.memory.clone();
        self.to_read.extend((0..=self.capacity.min(MAX_PLACES)).map(|index| Place { memory: memory.clone(), index }));
    }

    pub(super) fn read_again(&mut self, place: Place) {
        if !self.to_read.contains(&place) {
            self.to_read.push_back(place);
        }
    }

    /// A message was being sent when something went wrong.
    pub(super) fn interrupted(&mut self, mut outgoing: Outgoing, why: &str) -> Option<ModemOutput> {
        outgoing.tries += 1;
        let failure = if outgoing.text_written {
            SmsFailure::Unknown(why.to_owned())
        } else if outgoing.tries >= TRIES {
            SmsFailure::NotSent(why.to_owned())
        } else {
            self.outgoing.push_front(outgoing);
            return None;
        };
        Some(ModemOutput::SmsSent { token: outgoing.token, result: Err(failure) })
    }
}
