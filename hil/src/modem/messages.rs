//! Messages in PDU mode, TS 27.005: what is sent has one fate, what is received is deleted or acknowledged only when
//! somebody has taken it.

use protocol::Instant;

use super::bring_up::Step;
use super::job::Job;
use super::machine::{Forget, Modem, Phase};
use super::message_queue::{BUSY_TIME, Outgoing, POLL_TIME, Place, SAFETY_TIME, TRIES};
use super::{ModemOutput, SmsFailure};
use crate::at::ts27005::{
    Acknowledge, DeleteMessage, ListMessages, MessageStatus, ReadIndicationModes, ReadMessage, ReadStorages,
    SelectService, SelectStorage, SendMessage, SetIndications, SmsIndication,
};
use crate::at::ts27007::{AtError, Request};
use crate::at::{AtResponse, ResultCode};

/// Messages that may wait to be sent.
const MAX_OUTGOING: usize = 1000;
/// `+CMS ERROR` and `+CME ERROR`: the SIM is busy.
const SIM_BUSY: [Option<u16>; 2] = [Some(314), Some(14)];
/// `+CMS ERROR`: invalid memory index.
const INVALID_INDEX: u16 = 321;
/// `+CMS ERROR`: network timeout.
const NETWORK_TIMEOUT: u16 = 332;

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
                return self.messages.outgoing.push_back(Outgoing::new(token, pdu.to_vec(), Instant::ZERO));
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
            return self.fail_messages("the modem does no messages in PDU mode, or has no SIM");
        }
        match self.messages.indications {
            None => self.poll_messages(),
            // It routes no more when one was not acknowledged, be it in the middle of trouble, and does not say so.
            Some(_) if self.messages.acknowledges => self.messages.poll(self.now, SAFETY_TIME),
            Some(_) => {}
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
            Step::IndicationModes => {
                if let Ok(Some(set)) = ReadIndicationModes.answer(response).map(|modes| modes.choose()) {
                    return Some(Step::Service(set));
                }
            }
            Step::Service(set) => {
                let service = SelectService { acknowledges: set.routes() };
                self.messages.acknowledges = set.routes() && service.answer(response).is_ok();
            }
            Step::Indications(set) => self.messages.indications = set.answer(response).ok().map(|()| set),
            _ => {}
        }
        self.after(step)
    }

    fn poll_messages(&mut self) {
        self.note(format!("new messages are not told of: the memory is looked at every {} s", POLL_TIME.as_secs()));
        self.messages.poll(self.now, POLL_TIME);
    }

    /// What makes the modem tell of messages was sent again.
    pub(super) fn indications_renewed(&mut self, set: SetIndications, response: &AtResponse) {
        if let Err(why) = set.answer(response) {
            self.unanswered(&why);
            self.messages.indications = None;
            self.poll_messages();
        }
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
            Err(why) => {
                // Where all can be listed, a place that is read was told of: there is a message.
                let is_told = self.may_list() && has_code(&why, |code| code.cms() != Some(INVALID_INDEX));
                if is_told || is_busy(&why) {
                    self.messages.look_again(self.now);
                }
                self.unanswered(&why);
            }
        }
    }

    pub(super) fn deleted(&mut self, place: &Place, response: &AtResponse) {
        match (DeleteMessage { index: place.index }).answer(response) {
            Ok(()) => {
                self.messages.handed.remove(place);
                self.messages.refusals = 0;
            }
            // It stays in the list of what was handed on: nobody gets it twice.
            Err(why) => {
                if has_code(&why, |code| code.cms() != Some(INVALID_INDEX)) {
                    self.messages.look_again(self.now);
                }
                self.unanswered(&why);
            }
        }
    }

    pub(super) fn acknowledged(&mut self, response: &AtResponse) {
        match Acknowledge.answer(response) {
            Ok(true) => {}
            // Too late: it routes no more, until it is told to.
            Ok(false) => self.messages.renews = true,
            Err(why) => {
                self.messages.renews = true;
                self.unanswered(&why);
            }
        }
        // What came meanwhile may have been stored without a word.
        self.messages.wants_list = true;
    }

    pub(super) fn message_sent(&mut self, mut outgoing: Outgoing, response: &AtResponse) {
        let token = outgoing.token;
        let result = match (SendMessage { pdu: outgoing.pdu.clone() }).answer(response) {
            Ok(reference) => Ok(reference),
            Err(why) if outgoing.tries + 1 < TRIES && is_busy(&why) => {
                outgoing.tries += 1;
                (outgoing.not_before, outgoing.text_written) = (self.now + BUSY_TIME, false);
                return self.messages.outgoing.push_front(outgoing);
            }
            // The modem has sent it, and nobody has said whether it came.
            Err(why) if has_code(&why, |code| code.cms() == Some(NETWORK_TIMEOUT)) => {
                Err(SmsFailure::Unknown(why.to_string()))
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
            // It may be deleted, and its place taken by another one: what is there now is looked at.
            Job::Read(place) | Job::Delete(place) => self.messages.read_again(place),
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

/// Was it refused with such a code?
fn has_code(why: &AtError, is_it: impl Fn(&ResultCode) -> bool) -> bool {
    matches!(why, AtError::Refused { code, .. } if is_it(code))
}

fn is_busy(why: &AtError) -> bool {
    has_code(why, |code| SIM_BUSY.contains(&code.cms().or_else(|| code.cme())))
}
