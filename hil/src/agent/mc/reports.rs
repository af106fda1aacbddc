//! Listening reports (TS 24.379 clause 14.3.3) on their way: to each server one after the other, again when they were not
//! taken, and only the newest of what they are about.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::mc::usage_info::ListeningStatus;
use protocol::sip::Refusal;
use protocol::{Instant, Tmgi};

/// Reports that wait for one server.
const MOST_WAITING: usize = 64;
/// The longest pause is so many times the first one.
const MOST_PAUSES: u32 = 16;

/// The reports of a client.
#[derive(Debug)]
pub(super) struct Reports {
    pause: Duration,
    lanes: BTreeMap<String, Lane>,
    /// When there is something to be sent: it is asked more often than it changes.
    due: Option<Instant>,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<ListeningStatus>,
    /// With the token of its MESSAGE.
    on_its_way: Option<(u64, ListeningStatus)>,
    not_before: Option<Instant>,
    failed: u32,
}

/// A report whose answer has come.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Answered {
    pub(super) to: String,
    pub(super) status: ListeningStatus,
    pub(super) is_taken: bool,
}

impl Reports {
    pub(super) const fn new(pause: Duration) -> Self {
        Self { pause, lanes: BTreeMap::new(), due: None }
    }

    /// Is to be told to these.
    pub(super) fn tell<'a>(&mut self, to: impl IntoIterator<Item = &'a str>, status: &ListeningStatus) {
        for to in to {
            let lane = self.lanes.entry(to.to_owned()).or_default();
            lane.waiting.retain(|older| !is_covered(older, status));
            if lane.waiting.len() < MOST_WAITING {
                lane.waiting.push_back(status.clone());
            }
            // What is new is not held up by what was not taken.
            lane.not_before = None;
        }
        self.look();
    }

    /// The next report to be sent, by a MESSAGE with this token.
    pub(super) fn poll(&mut self, now: Instant, token: u64) -> Option<(String, ListeningStatus)> {
        self.due.filter(|due| *due <= now)?;
        let is_free = |lane: &Lane| lane.on_its_way.is_none() && lane.not_before.is_none_or(|due| due <= now);
        let (to, lane) = self.lanes.iter_mut().find(|(_, lane)| is_free(lane) && !lane.waiting.is_empty())?;
        let status = lane.waiting.pop_front()?;
        lane.not_before = None;
        lane.on_its_way = Some((token, status.clone()));
        let to = to.clone();
        self.look();
        Some((to, status))
    }

    /// What became of the MESSAGE with this token; none: it was no report.
    pub(super) fn answered(&mut self, now: Instant, token: u64, result: &Result<u16, Refusal>) -> Option<Answered> {
        let is_own = |lane: &Lane| lane.on_its_way.as_ref().is_some_and(|(own, _)| *own == token);
        let (to, lane) = self.lanes.iter_mut().find(|(_, lane)| is_own(lane))?;
        let (_, status) = lane.on_its_way.take()?;
        let is_taken = result.is_ok();
        if is_taken {
            lane.failed = 0;
        } else {
            let is_old = lane.waiting.iter().any(|newer| is_covered(&status, newer));
            if !is_old {
                lane.waiting.push_front(status.clone());
            }
            lane.not_before = Some(now + self.pause * (1 << lane.failed.min(8)).min(MOST_PAUSES));
            lane.failed = lane.failed.saturating_add(1);
        }
        let to = to.clone();
        self.look();
        Some(Answered { to, status, is_taken })
    }

    /// When there is something to be sent.
    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    fn look(&mut self) {
        let waits = |lane: &&Lane| lane.on_its_way.is_none() && !lane.waiting.is_empty();
        self.due = self.lanes.values().filter(waits).map(|lane| lane.not_before.unwrap_or(Instant::ZERO)).min();
    }

    /// Nothing is to be told any more.
    pub(super) fn clear(&mut self) {
        self.lanes.clear();
        self.due = None;
    }
}

/// All that an older report is about, a newer one is about as well.
fn is_covered(older: &ListeningStatus, newer: &ListeningStatus) -> bool {
    let has_bearers = older.tmgis.iter().all(|tmgi| newer.tmgis.contains(tmgi));
    let of_session = older.session.is_none() || older.session == newer.session;
    let of_subchannel = older.general_purpose.is_none() || newer.general_purpose.is_some();
    // What is told of a session holds whatever bearer it was on.
    let is_session_alone = older.general_purpose.is_none() && older.session.is_some();
    (has_bearers || is_session_alone) && of_session && of_subchannel
}

/// A report that the general purpose subchannel of a bearer is heard, or not.
pub(super) fn of_subchannel(tmgi: Tmgi, is_heard: bool) -> ListeningStatus {
    ListeningStatus { listening: is_heard, session: None, general_purpose: Some(is_heard), tmgis: vec![tmgi] }
}

/// A report that a session is heard over a bearer, or not.
pub(super) fn of_session(session: &str, tmgi: Tmgi, is_heard: bool) -> ListeningStatus {
    ListeningStatus { listening: is_heard, session: Some(session.to_owned()), general_purpose: None, tmgis: vec![tmgi] }
}
