//! Messages in PDU mode, TS 27.005: what is sent has one fate, what is received is deleted or acknowledged only when
//! somebody has taken it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::Instant;

use super::bring_up::Step;
use super::job::Job;
use super::machine::{Forget, Modem, Phase};
use super::{ModemOutput, SmsFailure};
use crate::at::AtResponse;
use crate::at::ts27005::{
    Acknowledge, DeleteMessage, ListMessages, MessageStatus, ReadIndicationModes, ReadMessage, ReadStorages,
    SelectPhase2Plus, SelectStorage, SendMessage, SmsIndication,
};
use crate::at::ts27007::{AtError, Request};

/// Messages that may wait to be sent.
const MAX_OUTGOING: usize = 1000;
/// Times that a message is given to the modem, when it is known not to have been sent.
const TRIES: u8 = 5;
/// Before a SIM that was busy is asked again.
const BUSY_TIME: Duration = Duration::from_secs(2);
/// The memory of a modem that does not tell of new messages is looked at this often.
const POLL_TIME: Duration = Duration::from_secs(5);
/// Places of a memory that are looked at one by one, at most.
const MAX_PLACES: u16 = 500;
/// Ends the text of a message (TS 27.005 clause 3.5.1).
const CTRL_Z: u8 = 0x1A;

/// Where a message is stored.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Place {
    memory: Option<String>,
    pub(super) index: u16,
}

/// A message that goes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Outgoing {
    token: u64,
    pub(super) pdu: Vec<u8>,
    tries: u8,
    not_before: Instant,
    /// The modem has all of it.
    text_written: bool,
}

impl Outgoing {
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
    usable: bool,
    /// Where messages are read, when it was selected.
    reading: Option<String>,
    /// Routed messages are to be acknowledged.
    acknowledges: bool,
    /// New messages are not told of.
    poll_at: Option<Instant>,
    capacity: u16,
    outgoing: VecDeque<Outgoing>,
    to_read: VecDeque<Place>,
    to_delete: VecDeque<Place>,
    /// Handed on and not yet deleted; whether they have been taken.
    handed: BTreeMap<Place, (Vec<u8>, bool)>,
    to_acknowledge: u32,
    /// The memory is to be looked at.
    pub(super) wants_list: bool,
}

impl Messages {
    /// After the modem started or was helped up.
    pub(super) fn forget_settings(&mut self) {
        (self.usable, self.acknowledges, self.poll_at, self.reading) = (false, false, None, None);
        // What was not acknowledged comes again.
        self.to_acknowledge = 0;
        self.to_read.clear();
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

    /// When there will be something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        let waiting = self.outgoing.front().map(|outgoing| outgoing.not_before);
        self.poll_at.into_iter().chain(waiting).min()
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
        if let Some(place) = self.to_delete.front() {
            return self.at_place(place).or_else(|| self.to_delete.pop_front().map(Job::Delete));
        }
        if let Some(place) = self.to_read.front() {
            return self.at_place(place).or_else(|| self.to_read.pop_front().map(Job::Read));
        }
        if self.poll_at.is_some_and(|due| due <= now) {
            self.poll_at = Some(now + POLL_TIME);
            self.wants_list = true;
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
            return self.to_read.pop_front().map(Job::Read);
        }
        let is_due = self.outgoing.front().is_some_and(|outgoing| outgoing.not_before <= now);
        if is_due { self.outgoing.pop_front().map(Job::Send) } else { None }
    }

    /// Place by place. Memories begin with 0 or with 1.
    fn look_everywhere(&mut self) {
        let memory = self.memory.clone();
        self.to_read.extend((0..=self.capacity.min(MAX_PLACES)).map(|index| Place { memory: memory.clone(), index }));
    }

    fn read_again(&mut self, place: Place) {
        if !self.to_read.contains(&place) {
            self.to_read.push_back(place);
        }
    }

    /// A message was being sent when something went wrong.
    fn interrupted(&mut self, mut outgoing: Outgoing, why: &str) -> Option<ModemOutput> {
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

impl Modem {
    pub(super) fn take_message(&mut self, token: u64, pdu: &[u8]) {
        let service_centre = pdu.first().map(|&octets| usize::from(octets) + 1);
        let why = match &self.phase {
            Phase::Quarantined => "the modem is in quarantine",
            Phase::Off | Phase::Stopping { .. } => "the modem is switched off",
            Phase::Closed if !self.is_started() => "the modem has not been started",
            Phase::Ready if !self.messages.usable => "the modem does no messages in PDU mode, or has no SIM",
            _ if self.messages.outgoing.len() >= MAX_OUTGOING => "too many messages wait: does the modem send any?",
            _ if service_centre.is_none_or(|octets| pdu.len() <= octets) => "no PDU: service centre address and TPDU",
            _ => {
                let (tries, not_before) = (0, Instant::ZERO);
                let outgoing = Outgoing { token, pdu: pdu.to_vec(), tries, not_before, text_written: false };
                return self.messages.outgoing.push_back(outgoing);
            }
        };
        self.put(ModemOutput::SmsSent { token, result: Err(SmsFailure::NotSent(why.into())) });
    }

    /// No message that waits will be sent.
    pub(super) fn fail_messages(&mut self, why: &str) {
        for Outgoing { token, .. } in std::mem::take(&mut self.messages.outgoing) {
            self.put(ModemOutput::SmsSent { token, result: Err(SmsFailure::NotSent(why.to_owned())) });
        }
    }

    /// The modem is up; messages that it cannot send have waited for nothing.
    pub(super) fn messages_begin(&mut self) {
        self.messages.wants_list = self.messages.usable;
        if !self.messages.usable {
            self.fail_messages("the modem does no messages in PDU mode, or has no SIM");
        }
    }

    /// A step of bring-up was answered; what follows it.
    pub(super) fn messages_set_up(&mut self, step: Step, response: &AtResponse) -> Option<Step> {
        match step {
            Step::PduMode if !response.code.is_ok() => {
                self.note(format!("AT+CMGF=0: {}: no messages", response.code));
                return None;
            }
            Step::PduMode => self.messages.usable = true,
            Step::Phase2Plus => self.messages.acknowledges = SelectPhase2Plus.answer(response).is_ok(),
            Step::Storages => {
                let offered = ReadStorages.answer(response).unwrap_or_default();
                self.messages.memory = offered.into_iter().next();
            }
            Step::SelectStorage => {
                let memory = self.messages.memory.clone().unwrap_or_default();
                match (SelectStorage { memory }).answer(response) {
                    Ok(storage) => {
                        self.messages.capacity = storage.total;
                        self.messages.reading.clone_from(&self.messages.memory);
                    }
                    Err(why) => self.unanswered(&why),
                }
            }
            Step::IndicationModes => match ReadIndicationModes.answer(response).map(|modes| modes.choose()) {
                Ok(Some(set)) => return Some(Step::Indications(set)),
                Ok(None) | Err(_) => self.poll_messages(),
            },
            Step::Indications(_) if !response.code.is_ok() => self.poll_messages(),
            _ => {}
        }
        self.after(step)
    }

    fn poll_messages(&mut self) {
        self.note(format!("new messages are not told of: the memory is looked at every {} s", POLL_TIME.as_secs()));
        self.messages.poll_at = Some(self.now + POLL_TIME);
    }

    pub(super) fn indicated(&mut self, indication: SmsIndication) {
        match indication {
            SmsIndication::Stored { memory, index } | SmsIndication::ReportStored { memory, index } => {
                self.messages.read_again(Place { memory: Some(memory), index });
            }
            SmsIndication::Message(pdu) => self.put_message(ModemOutput::SmsReceived { pdu }, Forget::Routed),
            SmsIndication::StatusReport(pdu) => self.put_message(ModemOutput::StatusReport { pdu }, Forget::Routed),
        }
    }

    fn hand_on(&mut self, place: Place, pdu: Vec<u8>) {
        match self.messages.handed.get(&place) {
            Some((known, true)) if *known == pdu => {
                if !self.messages.to_delete.contains(&place) {
                    self.messages.to_delete.push_back(place);
                }
            }
            Some((known, false)) if *known == pdu => {}
            _ => {
                self.messages.handed.insert(place.clone(), (pdu.clone(), false));
                let output = if is_status_report(&pdu) {
                    ModemOutput::StatusReport { pdu }
                } else {
                    ModemOutput::SmsReceived { pdu }
                };
                self.put_message(output, Forget::Stored(place));
            }
        }
    }

    pub(super) fn listed(&mut self, response: &AtResponse) {
        match ListMessages.answer(response) {
            Ok(messages) => {
                let memory = &self.messages.reading;
                let place = |index| Place { memory: memory.clone(), index };
                let is_received = |status| matches!(status, MessageStatus::Unread | MessageStatus::Read);
                let received = messages.into_iter().filter(|message| is_received(message.status));
                let received: Vec<_> = received.map(|message| (place(message.index), message.pdu)).collect();
                received.into_iter().for_each(|(place, pdu)| self.hand_on(place, pdu));
            }
            Err(why) => {
                self.unanswered(&why);
                self.messages.look_everywhere();
            }
        }
    }

    pub(super) fn selected(&mut self, memory: String, response: &AtResponse) {
        if response.code.is_ok() {
            self.messages.reading = Some(memory);
            return;
        }
        self.note(format!("AT+CPMS=\"{memory}\": {}: what is stored there is not read", response.code));
        let is_there = |place: &Place| place.memory.as_ref() != Some(&memory);
        self.messages.to_read.retain(is_there);
        self.messages.to_delete.retain(is_there);
        if self.messages.memory.as_ref() == Some(&memory) {
            (self.messages.memory, self.messages.wants_list) = (None, true);
        }
    }

    pub(super) fn read(&mut self, place: Place, response: &AtResponse) {
        match (ReadMessage { index: place.index }).answer(response) {
            Ok(Some(message)) if matches!(message.status, MessageStatus::Unread | MessageStatus::Read) => {
                self.hand_on(place, message.pdu);
            }
            Ok(_) => {}
            Err(why) => self.unanswered(&why),
        }
    }

    pub(super) fn deleted(&mut self, place: &Place, response: &AtResponse) {
        match (DeleteMessage { index: place.index }).answer(response) {
            Ok(()) => drop(self.messages.handed.remove(place)),
            // It stays in the list of what was handed on: nobody gets it twice.
            Err(why) => self.unanswered(&why),
        }
    }

    pub(super) fn acknowledged(&mut self, response: &AtResponse) {
        if let Err(why) = Acknowledge.answer(response) {
            self.unanswered(&why);
        }
        // What came meanwhile may have been stored without a word.
        self.messages.wants_list = true;
    }

    pub(super) fn message_sent(&mut self, mut outgoing: Outgoing, response: &AtResponse) {
        const SIM_BUSY: [Option<u16>; 2] = [Some(314), Some(14)];
        let token = outgoing.token;
        let result = match (SendMessage { pdu: outgoing.pdu.clone() }).answer(response) {
            Ok(reference) => Ok(reference),
            Err(AtError::Refused { code, .. })
                if outgoing.tries + 1 < TRIES && SIM_BUSY.contains(&code.cms().or_else(|| code.cme())) =>
            {
                outgoing.tries += 1;
                (outgoing.not_before, outgoing.text_written) = (self.now + BUSY_TIME, false);
                return self.messages.outgoing.push_front(outgoing);
            }
            Err(why @ AtError::Refused { .. }) => Err(SmsFailure::Refused(why.to_string())),
            Err(why @ AtError::Unknown { .. }) => Err(SmsFailure::Unknown(why.to_string())),
        };
        self.put(ModemOutput::SmsSent { token, result });
    }

    /// A job about messages did not come to its end.
    pub(super) fn message_job_failed(&mut self, job: Job, why: &str) {
        match job {
            Job::Send(outgoing) => {
                if let Some(output) = self.messages.interrupted(outgoing, why) {
                    self.put(output);
                }
            }
            Job::Delete(place) => self.messages.to_delete.push_front(place),
            // Bring-up looks at the memory.
            _ => {}
        }
    }
}

/// TP-MTI of what a service centre sends: 2 is a status report (TS 23.040 clause 9.2.3.1).
fn is_status_report(pdu: &[u8]) -> bool {
    let service_centre = 1 + usize::from(pdu.first().copied().unwrap_or_default());
    pdu.get(service_centre).is_some_and(|first| first & 0b11 == 2)
}
