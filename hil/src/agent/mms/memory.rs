//! What an MMS user agent remembers: messages that wait or have come, messages that it has sent, and reports. Nothing of it
//! is content, and each kind has its bound.

use std::collections::VecDeque;

use protocol::mms::{MmsAddress, MmsStatus};

/// A message that waits, or has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Notice {
    pub(super) number: u64,
    /// Of its notification.
    pub(super) transaction_id: String,
    pub(super) location: String,
    pub(super) from: Option<MmsAddress>,
    pub(super) octets: u64,
    pub(super) state: NoticeState,
    /// What the relay was told last by M-NotifyResp.ind.
    pub(super) said: Option<MmsStatus>,
    /// Of the message, when it has come.
    pub(super) message_id: Option<String>,
    /// The sender wants to know when it is read.
    pub(super) read_report: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoticeState {
    /// It waits.
    Waiting,
    /// It is being retrieved.
    Retrieving,
    /// It has come.
    Retrieved,
    /// The user does not want it.
    Rejected,
    /// The relay has said that there is no such message.
    Gone,
}

impl NoticeState {
    const fn is_over(self) -> bool {
        matches!(self, Self::Retrieved | Self::Rejected | Self::Gone)
    }
}

/// Everything that is remembered.
#[derive(Debug)]
pub(super) struct Memory {
    places: usize,
    last: u64,
    notices: VecDeque<Notice>,
    /// Message-IDs of messages that were sent.
    sent: VecDeque<(String, u64)>,
    /// Reports that came.
    reports: VecDeque<String>,
}

impl Memory {
    pub(super) fn new(places: usize) -> Self {
        let (notices, sent, reports) = Default::default();
        Self { places: places.max(1), last: 0, notices, sent, reports }
    }

    /// Number of the message of a notification that came before: its transaction and its place name it.
    pub(super) fn known(&self, transaction_id: &str, location: &str) -> Option<u64> {
        let is_it = |own: &&Notice| own.transaction_id == transaction_id && own.location == location;
        self.notices.iter().find(is_it).map(|own| own.number)
    }

    /// Those that wait, the oldest first.
    pub(super) fn waiting(&self) -> impl Iterator<Item = u64> {
        self.notices.iter().filter(|own| own.state == NoticeState::Waiting).map(|own| own.number)
    }

    /// A notification, under a number; none: there is no room. What is over makes room, else that which is given up, of which the
    /// relay may remind.
    pub(super) fn keep(&mut self, notice: Notice, given_up: Option<u64>) -> Option<u64> {
        if self.notices.len() >= self.places {
            let is_given_up = |own: &Notice| Some(own.number) == given_up;
            let over = self.notices.iter().position(|own| own.state.is_over());
            let over = over.or_else(|| self.notices.iter().position(is_given_up))?;
            self.notices.remove(over);
        }
        self.last += 1;
        self.notices.push_back(Notice { number: self.last, ..notice });
        Some(self.last)
    }

    pub(super) fn get(&self, number: u64) -> Option<&Notice> {
        self.notices.iter().find(|own| own.number == number)
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Notice> {
        self.notices.iter_mut().find(|own| own.number == number)
    }

    /// True if this message has come before, under whatever notification.
    pub(super) fn has_come(&self, message_id: &str) -> bool {
        let is_it = |own: &Notice| own.message_id.as_deref() == Some(message_id);
        self.notices.iter().any(is_it)
    }

    pub(super) fn sent(&mut self, message_id: &str, message: u64) {
        push(&mut self.sent, (message_id.to_owned(), message), self.places);
    }

    /// Which message that was sent is called so.
    pub(super) fn message(&self, message_id: &str) -> Option<u64> {
        self.sent.iter().rev().find(|(own, _)| own == message_id).map(|(_, message)| *message)
    }

    /// A report; false: it came before.
    pub(super) fn is_new_report(&mut self, report: String) -> bool {
        if self.reports.contains(&report) {
            return false;
        }
        // Several recipients report on one message.
        push(&mut self.reports, report, self.places.saturating_mul(REPORTS_OF_ONE));
        true
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() >= most {
        queue.pop_front();
    }
    queue.push_back(item);
}

const REPORTS_OF_ONE: usize = 4;
