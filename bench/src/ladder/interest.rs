//! Which ladders a message may tick. The steps that are due are kept by what only messages for them have, so that a message of
//! one UE is not held against the ladders of all others.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Joint, TapEvent};

use super::ims::identifiers;
use super::{Ladder, Party, ProcedureStep, See, Seen};

/// The steps that are due, of many ladders.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Interests {
    ladders: BTreeMap<Interest, BTreeSet<usize>>,
    of_ladder: Vec<Vec<Interest>>,
    /// Ladders of which not all was seen.
    open: BTreeSet<usize>,
}

/// What a message must have for a step; an empty text may be anything.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Interest {
    joint: Joint,
    from: String,
    to: String,
    /// An identifier: of a call, of a session, of a user.
    identifier: String,
}

impl Interests {
    pub(super) fn of(ladders: &[Ladder]) -> Self {
        let mut own = Self { of_ladder: vec![Vec::new(); ladders.len()], ..Self::default() };
        ladders.iter().enumerate().for_each(|(index, ladder)| own.renew(index, ladder));
        own
    }

    /// Every step of every ladder was seen.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// A ladder has other steps due than before.
    pub(super) fn renew(&mut self, index: usize, ladder: &Ladder) {
        for interest in std::mem::take(&mut self.of_ladder[index]) {
            if let Some(ladders) = self.ladders.get_mut(&interest) {
                ladders.remove(&index);
                if ladders.is_empty() {
                    self.ladders.remove(&interest);
                }
            }
        }
        for row in ladder.due() {
            let Some(interest) = interest(ladder, row) else { continue };
            self.ladders.entry(interest.clone()).or_default().insert(index);
            self.of_ladder[index].push(interest);
        }
        if ladder.first_unseen().is_some() {
            self.open.insert(index);
        } else {
            self.open.remove(&index);
        }
    }

    /// Ladders that a message may tick, in their order.
    pub(super) fn in_message(&self, event: &TapEvent, seen: &Seen) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut look = |from: &str, to: &str, identifier: String| {
            let (from, to) = (from.to_owned(), to.to_owned());
            let wanted = Interest { joint: event.joint, from, to, identifier };
            found.extend(self.ladders.get(&wanted).into_iter().flatten());
        };
        look("", "", String::new());
        look("", &event.to, String::new());
        look(&event.from, &event.to, String::new());
        identifiers(seen).into_iter().for_each(|identifier| look(&event.from, &event.to, identifier));
        found
    }
}

/// None: no message can tick the step.
fn interest(ladder: &Ladder, row: &ProcedureStep) -> Option<Interest> {
    let joint = row.joint;
    if let See::Mbms(_) = &row.see {
        let to = if row.to == Party::Ue { ladder.name(row.to) } else { String::new() };
        return Some(Interest { joint, from: String::new(), to, identifier: String::new() });
    }
    let is_ue = |party| matches!(party, Party::Ue | Party::Peer | Party::Second);
    let identifier = match (&row.see, &ladder.header.ims) {
        // Few ladders are of the same UE.
        _ if is_ue(row.from) || is_ue(row.to) => String::new(),
        (See::Sip(sip), Some(_)) => sip.identifier(&ladder.bound),
        (See::Diameter(diameter), Some(cast)) => diameter.identifier(cast, &ladder.bound)?,
        _ => String::new(),
    };
    Some(Interest { joint, from: ladder.name(row.from), to: ladder.name(row.to), identifier })
}
