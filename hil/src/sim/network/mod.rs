//! A network for modems: a short message service centre between UEs, TS 23.040 clause 3, as a machine without I/O.
//!
//! An SMS-SUBMIT becomes an SMS-DELIVER for the UE whose number TP-DA has. It is kept until that UE has taken it or its
//! validity is over; the sender is told with an SMS-STATUS-REPORT where it asked for one. Not done: commands
//! (SMS-COMMAND), rejection of duplicates (TP-RD), replacement (TP-PID).

mod mailbox;

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use protocol::Instant;
use protocol::sms::{Address, Deliver, RpCause, Status, StatusReport, Submit, Timestamp, ValidityPeriod, tpdu_of};

use self::mailbox::{Letter, Mailbox};
use super::at::{SimInput, SimOutput, SmsRefusal};

/// What a network is like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimNetworkConfig {
    /// International number of the service centre without `+`.
    pub service_centre: String,
    /// UTC at the start of the run, for time stamps.
    pub wall_clock: SystemTime,
    /// From the modem to the service centre, and from there on.
    pub transfer_time: Duration,
    /// Until a UE that did not take a message is tried again.
    pub retry_time: Duration,
    /// Messages and status reports kept for one UE. Messages go first: the next one makes a report give way or is
    /// refused, the next report is dropped.
    pub capacity: usize,
}

impl Default for SimNetworkConfig {
    fn default() -> Self {
        Self {
            service_centre: "358405202000".into(),
            wall_clock: SystemTime::UNIX_EPOCH,
            transfer_time: Duration::from_millis(100),
            retry_time: Duration::from_secs(30),
            capacity: 10_000,
        }
    }
}

/// A UE of a network, in the order in which they were added.
pub type UeIndex = usize;

/// What happens to a network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SimNetworkInput<'a> {
    /// A UE can be reached from now on, or no more.
    Attached(UeIndex, bool),
    /// A UE sends a message.
    Submit {
        /// Which.
        ue: UeIndex,
        /// To be given back with the answer.
        token: u64,
        /// Service centre address and TPDU.
        pdu: &'a [u8],
    },
    /// A UE has taken what it was sent.
    Taken(UeIndex),
    /// A UE has not.
    Refused(UeIndex, SmsRefusal),
    /// A UE has room again.
    MemoryAvailable(UeIndex),
}

/// What a network does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SimNetworkOutput {
    /// Answers [`SimNetworkInput::Submit`]: the TP-MR that status reports will have, or a cause of `+CMS ERROR`.
    Submitted {
        /// Whom.
        ue: UeIndex,
        /// As it was given.
        token: u64,
        /// The outcome.
        result: Result<u8, u16>,
    },
    /// A message for a UE: service centre address and SMS-DELIVER.
    Deliver {
        /// Whom.
        ue: UeIndex,
        /// PDU.
        pdu: Vec<u8>,
    },
    /// A status report for a UE: service centre address and SMS-STATUS-REPORT.
    StatusReport {
        /// Whom.
        ue: UeIndex,
        /// PDU.
        pdu: Vec<u8>,
    },
}

impl SimNetworkOutput {
    /// For which UE it is, and as its modem takes it.
    pub fn for_modem(&self) -> (UeIndex, SimInput<'_>) {
        match self {
            Self::Submitted { ue, token, result } => (*ue, SimInput::SmsSent { token: *token, result: *result }),
            Self::Deliver { ue, pdu } => (*ue, SimInput::Sms(pdu)),
            Self::StatusReport { ue, pdu } => (*ue, SimInput::StatusReport(pdu)),
        }
    }
}

impl<'a> SimNetworkInput<'a> {
    /// What the output of a modem means to its network; `None`: nothing.
    pub fn of_modem(ue: UeIndex, output: &'a SimOutput) -> Option<Self> {
        Some(match output {
            SimOutput::SendSms { token, pdu } => Self::Submit { ue, token: *token, pdu },
            SimOutput::SmsTaken => Self::Taken(ue),
            SimOutput::SmsRefused(why) => Self::Refused(ue, *why),
            SimOutput::SmsMemoryAvailable => Self::MemoryAvailable(ue),
            SimOutput::Attached(attached) => Self::Attached(ue, *attached),
            _ => return None,
        })
    }
}

/// What became of messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SimNetworkStats {
    /// Accepted from UEs.
    pub accepted: u64,
    /// Not accepted.
    pub refused: u64,
    /// Taken by UEs.
    pub delivered: u64,
    /// Validity was over first.
    pub expired: u64,
    /// Status reports taken.
    pub reported: u64,
    /// Status reports that nobody took in time, or for which there was no room.
    pub unreported: u64,
}

/// How long a status report is kept; TS 23.040 leaves it to the service centre.
const REPORT_VALIDITY: Duration = Duration::from_secs(24 * 3600);

/// A network.
#[derive(Debug)]
pub struct SimNetwork {
    config: SimNetworkConfig,
    ues: Vec<Mailbox>,
    answers: VecDeque<(Instant, SimNetworkOutput)>,
    outputs: VecDeque<SimNetworkOutput>,
    stats: SimNetworkStats,
}

impl SimNetwork {
    /// A network without UEs.
    pub fn new(config: SimNetworkConfig) -> Self {
        let stats = SimNetworkStats::default();
        Self { config, ues: Vec::new(), answers: VecDeque::new(), outputs: VecDeque::new(), stats }
    }

    /// A UE with this number, international and without `+`; it cannot be reached until it is attached.
    pub fn add_ue(&mut self, msisdn: &str) -> UeIndex {
        self.ues.push(Mailbox::new(msisdn));
        self.ues.len() - 1
    }

    /// Takes what happened; a UE that there is not is ignored.
    pub fn handle_input(&mut self, now: Instant, input: SimNetworkInput<'_>) {
        let retry = now + self.config.retry_time;
        match input {
            SimNetworkInput::Submit { ue, token, pdu } => self.submit(now, ue, token, pdu),
            SimNetworkInput::Attached(ue, attached) => {
                self.ues.get_mut(ue).into_iter().for_each(|mailbox| mailbox.attach(now, attached));
            }
            SimNetworkInput::MemoryAvailable(ue) => {
                self.ues.get_mut(ue).into_iter().for_each(|mailbox| mailbox.try_again(now));
            }
            SimNetworkInput::Refused(ue, _) => {
                self.ues.get_mut(ue).into_iter().for_each(|mailbox| mailbox.refused(retry));
            }
            SimNetworkInput::Taken(ue) => {
                if let Some(letter) = self.ues.get_mut(ue).and_then(Mailbox::taken) {
                    self.arrived(now, &letter);
                }
            }
        }
        self.handle_timeout(now);
    }

    /// Takes that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        while self.answers.front().is_some_and(|(due, _)| *due <= now) {
            self.outputs.extend(self.answers.pop_front().map(|(_, output)| output));
        }
        for ue in 0..self.ues.len() {
            for letter in self.ues[ue].expired(now) {
                match letter {
                    Letter::Message { .. } => {
                        self.stats.expired += 1;
                        self.report(now, &letter, Status::VALIDITY_EXPIRED);
                    }
                    Letter::Report { .. } => self.stats.unreported += 1,
                }
            }
        }
        for (ue, mailbox) in self.ues.iter_mut().enumerate() {
            let retry = now + self.config.retry_time;
            self.outputs.extend(mailbox.next(now, retry, ue, &self.config.service_centre));
        }
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let answer = self.answers.front().map(|(due, _)| *due);
        self.ues.iter().filter_map(Mailbox::due).chain(answer).min()
    }

    /// The next thing that it does.
    pub fn poll_output(&mut self) -> Option<SimNetworkOutput> {
        self.outputs.pop_front()
    }

    /// What became of messages so far.
    pub const fn stats(&self) -> SimNetworkStats {
        self.stats
    }

    /// Messages and status reports that are still kept.
    pub fn kept(&self) -> usize {
        self.ues.iter().map(Mailbox::len).sum()
    }

    fn submit(&mut self, now: Instant, ue: UeIndex, token: u64, pdu: &[u8]) {
        if ue >= self.ues.len() {
            return;
        }
        let ready = now + self.config.transfer_time;
        let result = self.accept(now, ready, ue, pdu);
        match result {
            Ok(_) => self.stats.accepted += 1,
            Err(_) => self.stats.refused += 1,
        }
        // Causes of RP-ERROR are those of +CMS ERROR too.
        let result = result.map_err(|cause| cause.0.into());
        self.answers.push_back((ready, SimNetworkOutput::Submitted { ue, token, result }));
    }

    fn accept(&mut self, now: Instant, ready: Instant, ue: UeIndex, pdu: &[u8]) -> Result<u8, RpCause> {
        let incorrect = RpCause::SEMANTICALLY_INCORRECT;
        let mut submit = Submit::parse(tpdu_of(pdu).ok_or(incorrect)?).map_err(|_| incorrect)?;
        let is_called = |mailbox: &Mailbox| mailbox.is_called(&submit.destination);
        let to = self.ues.iter().position(is_called).ok_or(RpCause::UNASSIGNED_NUMBER)?;
        let sender = Address::international(&self.ues[ue].msisdn).ok_or(incorrect)?;
        let deliver = Deliver::of_submit(&submit, sender, self.stamp(now));
        if self.ues[to].len() >= self.config.capacity {
            if !self.ues[to].give_up_report() {
                return Err(RpCause::CONGESTION);
            }
            self.stats.unreported += 1;
        }
        // Hosts leave TP-MR to the modem, for which this stands.
        let reference = self.ues[ue].next_reference();
        submit.reference = reference;
        // Without a validity period, or with one that makes no sense, the longest one.
        let periods = [submit.validity_period, Some(ValidityPeriod::LONGEST)].into_iter().flatten();
        let validity = periods.filter_map(|period| period.duration(self.utc_ms(now))).next().unwrap_or_default();
        self.ues[to].put(ready, Letter::Message { from: ue, submit, expires: now + validity, deliver });
        Ok(reference)
    }

    /// A UE has taken a letter.
    fn arrived(&mut self, now: Instant, letter: &Letter) {
        match letter {
            Letter::Message { .. } => {
                self.stats.delivered += 1;
                self.report(now, letter, Status::RECEIVED);
            }
            Letter::Report { .. } => self.stats.reported += 1,
        }
    }

    /// Tells the sender what became of a message, where it wants to know.
    fn report(&mut self, now: Instant, letter: &Letter, status: Status) {
        let Letter::Message { from, submit, deliver, .. } = letter else { return };
        if !submit.status_report {
            return;
        }
        if self.ues[*from].len() >= self.config.capacity {
            self.stats.unreported += 1;
            return;
        }
        let report = StatusReport::of_submit(submit, deliver.service_centre_time, self.stamp(now), status);
        let ready = now + self.config.transfer_time;
        self.ues[*from].put(ready, Letter::Report { expires: now + REPORT_VALIDITY, report });
    }

    /// TP-SCTS and TP-DT, UTC.
    fn stamp(&self, now: Instant) -> Timestamp {
        Timestamp::from_utc_ms(self.utc_ms(now), 0)
    }

    fn utc_ms(&self, now: Instant) -> u64 {
        let start = self.config.wall_clock.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // A run ends before the year 584 million.
        (start + now.elapsed()).as_millis() as u64
    }
}

#[cfg(test)]
mod tests;
