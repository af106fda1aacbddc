//! Another server as one that asks it for bearers knows it (TS 23.280 clause 10.7.3.9.2.2 steps 2 and 3).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use protocol::{Instant, Tmgi};

/// A bearer of another server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::mc) struct SharedPlace {
    pub(in crate::mc) areas: BTreeSet<u16>,
    pub(in crate::mc) frequency: Option<u32>,
    pub(in crate::mc) qci: u32,
    /// Bit/s that nobody had when it was said.
    pub(in crate::mc) available: u32,
    /// It is announced by that server to our users.
    pub(in crate::mc) is_on_behalf: bool,
    /// Description of its subchannels.
    pub(in crate::mc) sdp: String,
}

/// A server that is asked for bearers.
#[derive(Debug, Default)]
pub(in crate::mc) struct Neighbour {
    /// What it has.
    pub(in crate::mc) bearers: BTreeMap<Tmgi, SharedPlace>,
    /// Users that it was told of, for announcements on behalf: URI and areas.
    pub(in crate::mc) told: BTreeMap<String, (String, Vec<u16>)>,
    /// Areas that it was asked for last.
    asked: BTreeSet<u16>,
    asked_at: Option<Instant>,
    /// The request that is open, and its end.
    open: Option<(String, Instant)>,
    again_at: Option<Instant>,
    /// It did not respond to the last request: the next one is not waited for.
    is_dead: bool,
}

impl Neighbour {
    /// Whether it has to be asked now.
    pub(in crate::mc) fn is_due(&self, now: Instant, areas: &BTreeSet<u16>) -> bool {
        let is_old = self.again_at.is_some_and(|at| at <= now);
        self.open.is_none() && !areas.is_empty() && (is_old || !areas.is_subset(&self.asked))
    }

    /// It is asked.
    pub(in crate::mc) fn asks(&mut self, now: Instant, id: String, areas: BTreeSet<u16>, patience: Duration) {
        self.open = Some((id, now + patience));
        (self.asked, self.asked_at, self.again_at) = (areas, Some(now), None);
    }

    /// It is asked again as soon as can be.
    pub(in crate::mc) fn ask_again(&mut self, now: Instant) {
        if !self.is_dead {
            self.again_at = Some(now);
        }
    }

    /// It has responded. False: to nothing that is open.
    pub(in crate::mc) fn responded(&mut self, id: &str, again_at: Instant) -> bool {
        let is_open = self.open.take_if(|(open, _)| open == id).is_some();
        if is_open {
            self.is_dead = false;
            self.again_at = Some(self.again_at.map_or(again_at, |at| at.min(again_at)));
        }
        is_open
    }

    /// It does not respond: nothing is known of it.
    pub(in crate::mc) fn fails(&mut self, again_at: Instant) {
        (self.open, self.again_at, self.is_dead) = (None, Some(again_at), true);
        self.bearers.clear();
        self.told.clear();
    }

    /// Nothing is wanted of it.
    pub(in crate::mc) fn forget(&mut self) {
        if self.open.is_none() {
            *self = Self::default();
        }
    }

    /// Whether it has said what it has in these areas, or does not respond. With a time: since then.
    pub(in crate::mc) fn is_known(&self, areas: &BTreeSet<u16>, since: Option<Instant>) -> bool {
        let is_new = since.is_none_or(|since| self.asked_at.is_some_and(|at| at >= since));
        self.is_dead || self.open.is_none() && areas.is_subset(&self.asked) && is_new
    }

    /// The open request has lasted too long.
    pub(in crate::mc) fn is_over(&self, now: Instant) -> bool {
        self.open.as_ref().is_some_and(|(_, until)| *until <= now)
    }

    /// When the open request has lasted too long.
    pub(in crate::mc) fn ends(&self) -> Option<Instant> {
        self.open.as_ref().map(|(_, until)| *until)
    }

    /// When it is asked again, if nothing is open.
    pub(in crate::mc) fn again_at(&self) -> Option<Instant> {
        self.again_at.filter(|_| self.open.is_none())
    }
}
