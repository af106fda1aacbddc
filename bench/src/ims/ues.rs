//! The UEs of a run by place and by name: who was given something since he was heard last, and when each is due. What a run
//! does for one of them takes no longer because there are many others.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, Index, IndexMut};

use protocol::{Due, Instant};

use super::agent::{ImsUe, ImsUeOutput};

/// The UEs. Each one that is handed out to be changed is looked after by what is called next.
pub(crate) struct ImsUes {
    all: Vec<ImsUe>,
    by_name: BTreeMap<String, usize>,
    due: Due<Instant, usize>,
    /// Those that may have something to say.
    touched: BTreeSet<usize>,
}

impl ImsUes {
    /// In their order; none has a name twice.
    pub(crate) fn new(all: Vec<ImsUe>) -> Self {
        let by_name = all.iter().enumerate().map(|(place, ue)| (ue.name.clone(), place)).collect();
        let touched = (0..all.len()).collect();
        Self { all, by_name, due: Due::default(), touched }
    }

    /// Place of the UE with this name.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The UE with this name.
    pub(crate) fn named(&self, name: &str) -> Option<&ImsUe> {
        self.place(name).map(|place| &self.all[place])
    }

    /// The same, to change it.
    pub(crate) fn named_mut(&mut self, name: &str) -> Option<&mut ImsUe> {
        self.place(name).map(|place| &mut self[place])
    }

    /// The UE at a place, for what makes it due no sooner and leaves it nothing to say.
    pub(crate) fn untouched(&mut self, place: usize) -> Option<&mut ImsUe> {
        self.all.get_mut(place)
    }

    /// It was changed after all: it is looked after by what is called next.
    pub(crate) fn touch(&mut self, place: usize) {
        self.touched.insert(place);
    }

    /// All of them, to change them.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut ImsUe> {
        self.touched.extend(0..self.all.len());
        self.all.iter_mut()
    }

    /// When the first is due.
    pub(crate) fn poll_timeout(&mut self) -> Option<Instant> {
        self.look();
        self.due.first()
    }

    /// Time has come to `now`: those that are due learn it, in their order.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.look();
        let due: BTreeSet<usize> = self.due.until(now).into_iter().collect();
        due.into_iter().for_each(|place| self[place].handle_timeout(now));
    }

    /// What the first of those that were given something has to say.
    pub(crate) fn poll_output(&mut self, now: Instant) -> Option<(usize, ImsUeOutput)> {
        while let Some(&place) = self.touched.first() {
            let ue = &mut self.all[place];
            if let Some(output) = ue.poll_output(now) {
                return Some((place, output));
            }
            self.due.set(&place, ue.poll_timeout());
            self.touched.remove(&place);
        }
        None
    }

    /// When those are due now that were handed out.
    fn look(&mut self) {
        for &place in &self.touched {
            self.due.set(&place, self.all[place].poll_timeout());
        }
    }
}

impl Deref for ImsUes {
    type Target = [ImsUe];

    fn deref(&self) -> &[ImsUe] {
        &self.all
    }
}

impl Index<usize> for ImsUes {
    type Output = ImsUe;

    fn index(&self, place: usize) -> &ImsUe {
        &self.all[place]
    }
}

impl IndexMut<usize> for ImsUes {
    fn index_mut(&mut self, place: usize) -> &mut ImsUe {
        self.touched.insert(place);
        &mut self.all[place]
    }
}
