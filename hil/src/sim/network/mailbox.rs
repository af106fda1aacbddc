//! What a service centre keeps for one UE: messages in their order, one under way at a time.

use std::collections::VecDeque;
use std::time::Duration;

use protocol::Instant;
use protocol::sms::{Address, Deliver, StatusReport, Submit, TypeOfNumber, to_pdu};

use super::{SimNetworkOutput, UeIndex};

/// How long a UE may take to answer: TR1N of TS 24.011 clause 10.2 is 35 to 45 s.
const ANSWER_TIME: Duration = Duration::from_secs(40);
/// Shortest number that is compared without its country code.
const MIN_NATIONAL_DIGITS: usize = 6;

/// What is kept.
#[derive(Clone, Debug)]
pub(super) enum Letter {
    Message {
        from: UeIndex,
        /// As it was sent, but for TP-MR.
        submit: Submit,
        expires: Instant,
        deliver: Deliver,
    },
    Report {
        expires: Instant,
        report: StatusReport,
    },
}

impl Letter {
    const fn expires(&self) -> Instant {
        match self {
            Self::Message { expires, .. } | Self::Report { expires, .. } => *expires,
        }
    }
}

/// A UE as its service centre knows it.
#[derive(Debug)]
pub(super) struct Mailbox {
    pub(super) msisdn: String,
    attached: bool,
    references: u8,
    /// When each has come to the service centre.
    letters: VecDeque<(Instant, Letter)>,
    /// The first letter is with the UE, which answers until then.
    under_way: Option<Instant>,
    /// Not before then.
    next_try: Instant,
}

impl Mailbox {
    pub(super) fn new(msisdn: &str) -> Self {
        Self {
            msisdn: msisdn.to_owned(),
            attached: false,
            references: 0,
            letters: VecDeque::new(),
            under_way: None,
            next_try: Instant::ZERO,
        }
    }

    /// Is this its number? National numbers are compared without the country code.
    pub(super) fn is_called(&self, address: &Address) -> bool {
        let digits = address.digits();
        if digits == self.msisdn {
            return true;
        }
        let national = digits.trim_start_matches('0');
        address.type_of_number() != TypeOfNumber::INTERNATIONAL
            && (national == self.msisdn || (national.len() >= MIN_NATIONAL_DIGITS && self.msisdn.ends_with(national)))
    }

    pub(super) const fn next_reference(&mut self) -> u8 {
        self.references = self.references.wrapping_add(1);
        self.references
    }

    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }

    /// Gives up the oldest status report that is not under way; false: there is none.
    pub(super) fn give_up_report(&mut self) -> bool {
        let is_idle_report = |(i, (_, letter)): (usize, &(Instant, Letter))| {
            matches!(letter, Letter::Report { .. }) && !(i == 0 && self.under_way.is_some())
        };
        let report = self.letters.iter().enumerate().position(is_idle_report);
        report.is_some_and(|report| self.letters.remove(report).is_some())
    }

    pub(super) fn put(&mut self, ready: Instant, letter: Letter) {
        self.letters.push_back((ready, letter));
    }

    pub(super) fn attach(&mut self, now: Instant, attached: bool) {
        self.attached = attached;
        if attached {
            self.try_again(now);
        }
    }

    pub(super) fn try_again(&mut self, now: Instant) {
        self.next_try = self.next_try.min(now);
    }

    pub(super) fn refused(&mut self, retry: Instant) {
        if self.under_way.take().is_some() {
            self.next_try = retry;
        }
    }

    /// What the UE has taken; `None`: nothing was under way.
    pub(super) fn taken(&mut self) -> Option<Letter> {
        self.under_way.take()?;
        Some(self.letters.pop_front()?.1)
    }

    /// Letters whose validity is over; that under way is not touched.
    pub(super) fn expired(&mut self, now: Instant) -> Vec<Letter> {
        let first = usize::from(self.under_way.is_some());
        let is_over = |(_, letter): &(Instant, Letter)| letter.expires() <= now;
        if !self.letters.iter().skip(first).any(is_over) {
            return Vec::new();
        }
        let rest = self.letters.split_off(first);
        let (over, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_over);
        self.letters.extend(rest);
        over.into_iter().map(|(_, letter)| letter).collect()
    }

    /// The first letter, when it is its time.
    pub(super) fn next(&mut self, now: Instant, retry: Instant, ue: UeIndex, centre: &str) -> Option<SimNetworkOutput> {
        if self.under_way.is_some_and(|until| until <= now) {
            self.refused(retry);
        }
        let more = self.letters.len() > 1;
        let (ready, letter) = self.letters.front_mut()?;
        if !self.attached || self.under_way.is_some() || self.next_try > now || *ready > now {
            return None;
        }
        self.under_way = Some(now + ANSWER_TIME);
        let tpdu = match letter {
            Letter::Message { deliver, .. } => {
                deliver.more_messages = more;
                deliver.emit()
            }
            Letter::Report { report, .. } => {
                report.more_messages = more;
                report.emit()
            }
        };
        let pdu = to_pdu(Address::international(centre).as_ref(), &tpdu);
        Some(match letter {
            Letter::Message { .. } => SimNetworkOutput::Deliver { ue, pdu },
            Letter::Report { .. } => SimNetworkOutput::StatusReport { ue, pdu },
        })
    }

    /// When there is something to do without anything happening.
    pub(super) fn due(&self) -> Option<Instant> {
        let delivery = match self.under_way {
            Some(until) => Some(until),
            None => self.letters.front().filter(|_| self.attached).map(|(ready, _)| self.next_try.max(*ready)),
        };
        let first = usize::from(self.under_way.is_some());
        let validity = self.letters.iter().skip(first).map(|(_, letter)| letter.expires());
        validity.chain(delivery).min()
    }
}
