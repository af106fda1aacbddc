//! Which way a message goes by what a scenario says (TR 23.804 clauses 4, 8.4 step 3 and 8.5): the order of accesses, and what
//! becomes of messages at each of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::scenario::{Served, Sms, SmsAccess, UeSms};

/// A UE with short messages, as far as the steps have come.
#[derive(Clone, Debug)]
pub(in crate::ladder::ims) struct Phone<'a> {
    pub(super) own: &'a UeSms,
    /// It is registered for messages over IP, by this step.
    pub(in crate::ladder::ims) registered: Option<usize>,
    /// Nothing reaches it over IP.
    pub(super) is_cut_off: bool,
    /// Messages in its memory.
    held: usize,
    /// What becomes of messages at SGSN and MSC, where these serve it.
    served: BTreeMap<SmsAccess, Served>,
    /// Where the HLR knows that it was absent: MNRF and MNRG of TS 23.040 clause 3.2.7.
    missed: BTreeSet<SmsAccess>,
}

/// What becomes of a message over an access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::ladder::ims) enum End {
    Delivered,
    Refused,
    /// Nothing is heard.
    Silent,
}

impl<'a> Phone<'a> {
    pub(in crate::ladder::ims) fn new(own: &'a UeSms) -> Self {
        let served = [(SmsAccess::Sgsn, own.sgsn), (SmsAccess::Msc, own.msc)];
        let served = served.into_iter().filter_map(|(over, served)| Some((over, served?))).collect();
        Self { own, registered: None, is_cut_off: false, held: 0, served, missed: BTreeSet::new() }
    }

    /// From now on this becomes of messages at an SGSN or an MSC.
    pub(super) fn serve(&mut self, at: SmsAccess, becomes: Served) {
        if let Some(served) = self.served.get_mut(&at) {
            *served = becomes;
        }
        if becomes != Served::Absent {
            self.missed.remove(&at);
        }
    }

    /// Its user deletes all messages.
    pub(super) fn free(&mut self) {
        self.held = 0;
    }

    /// Messages come to it over IP.
    pub(super) fn is_reached(&self) -> bool {
        self.registered.is_some() && !self.is_cut_off
    }

    /// By what it sends: the first access that its user prefers and that it has.
    pub(super) fn sends(&self) -> Option<SmsAccess> {
        let is_there = |over: &SmsAccess| match over {
            SmsAccess::Ip => self.is_reached(),
            other => self.served.get(other).is_some_and(|served| *served != Served::Absent),
        };
        order(&self.own.prefers).into_iter().find(is_there)
    }

    /// A message is sent to it: the accesses that are tried, and what becomes of it there.
    pub(in crate::ladder::ims) fn receives(&mut self, sms: &Sms) -> Vec<(SmsAccess, End)> {
        let is_known = |over: &SmsAccess| match over {
            SmsAccess::Ip => self.registered.is_some(),
            other => self.served.contains_key(other) && !self.missed.contains(other),
        };
        // As many addresses as the SMS-GMSC says that it takes.
        let most = match (sms.ip_messaging, sms.gprs) {
            (true, _) => 3,
            (false, true) => 2,
            (false, false) => 1,
        };
        let known: Vec<_> = order(&self.own.order).into_iter().filter(is_known).take(most).collect();
        let mut tried = Vec::new();
        for over in known {
            let end = self.arrives(over);
            tried.push((over, end));
            if end == End::Delivered {
                break;
            }
        }
        tried
    }

    fn arrives(&mut self, over: SmsAccess) -> End {
        match (over, self.served.get(&over)) {
            (SmsAccess::Ip, _) if self.is_cut_off => End::Silent,
            (SmsAccess::Ip, _) if self.held >= self.own.places => End::Refused,
            (SmsAccess::Ip, _) => {
                self.held += 1;
                End::Delivered
            }
            (_, Some(Served::Delivers)) => End::Delivered,
            (_, Some(Served::Silent)) => End::Silent,
            (_, Some(Served::Absent)) => {
                self.missed.insert(over);
                End::Refused
            }
            (_, Some(Served::MemoryFull) | None) => End::Refused,
        }
    }
}

/// An order of accesses; none is the usual one.
fn order(own: &[SmsAccess]) -> Vec<SmsAccess> {
    if own.is_empty() { vec![SmsAccess::Ip, SmsAccess::Sgsn, SmsAccess::Msc] } else { own.to_vec() }
}
