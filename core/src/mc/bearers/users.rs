//! Users, where they are and what they are affiliated to.

use std::collections::BTreeSet;

use protocol::Instant;
use protocol::sip::EutranCell;

use super::machine::Machine;
use crate::mbms::bearer_rule::{Choice, areas_of};

/// A user of this server.
#[derive(Debug, Default)]
pub(super) struct User {
    /// Where a MESSAGE reaches it.
    pub(super) uri: String,
    pub(super) is_capable: bool,
    /// Service areas of its cell.
    pub(super) areas: Vec<u16>,
    pub(super) groups: BTreeSet<String>,
    pub(super) calls: BTreeSet<u64>,
    /// Whose general purpose subchannel it hears.
    pub(super) hears: BTreeSet<protocol::Tmgi>,
}

/// A user of another server.
#[derive(Debug)]
pub(super) struct Foreign {
    pub(super) server: String,
    pub(super) uri: String,
    pub(super) areas: Vec<u16>,
}

/// A group with users of this server.
#[derive(Debug, Default)]
pub(super) struct GroupUse {
    pub(super) members: BTreeSet<String>,
    /// Where it has bearers.
    pub(super) choice: Choice,
}

impl User {
    /// It may get to know of bearers.
    pub(super) fn counts(&self) -> bool {
        self.is_capable && !self.areas.is_empty() && !self.groups.is_empty()
    }
}

impl Machine {
    pub(super) fn user_seen(
        &mut self,
        now: Instant,
        mcptt_id: &str,
        impu: &str,
        is_capable: bool,
        cell: Option<EutranCell>,
    ) {
        let areas = areas_of(&self.config.cells, cell).to_vec();
        let user = self.users.entry(mcptt_id.to_owned()).or_default();
        if user.uri == impu && user.is_capable == is_capable && user.areas == areas {
            return;
        }
        let has_moved = user.areas != areas;
        impu.clone_into(&mut user.uri);
        (user.is_capable, user.areas) = (is_capable, areas);
        if has_moved {
            self.leaves_areas(now, mcptt_id);
        }
        self.touch_soon(now);
    }

    pub(super) fn user_gone(&mut self, now: Instant, mcptt_id: &str) {
        let Some(user) = self.users.get(mcptt_id) else { return };
        for group in user.groups.clone() {
            self.affiliated(now, mcptt_id, &group, false);
        }
        for call in self.users.get(mcptt_id).map(|user| user.calls.clone()).unwrap_or_default() {
            self.in_call(now, call, mcptt_id, false);
        }
        self.users.remove(mcptt_id);
        self.forget_told(mcptt_id);
        self.touch_soon(now);
    }

    pub(super) fn affiliated(&mut self, now: Instant, mcptt_id: &str, group: &str, is_affiliated: bool) {
        let user = self.users.entry(mcptt_id.to_owned()).or_default();
        let did = match is_affiliated {
            true => user.groups.insert(group.to_owned()),
            false => user.groups.remove(group),
        };
        if !did {
            return;
        }
        let members = &mut self.groups.entry(group.to_owned()).or_default().members;
        if is_affiliated {
            members.insert(mcptt_id.to_owned())
        } else {
            members.remove(mcptt_id)
        };
        self.touch_soon(now);
    }

    /// Where each group has bearers (step 1).
    pub(super) fn choose(&mut self, now: Instant) {
        let mut notes = Vec::new();
        for (name, group) in &mut self.groups {
            let users = group.members.iter().filter_map(|id| self.users.get(id)).filter(|user| user.counts());
            let ues: Vec<Vec<u16>> = users.map(|user| user.areas.clone()).collect();
            let before = group.choice.chosen().clone();
            let areas = group.choice.decide(now, &self.config.rule, &ues);
            if *areas != before {
                notes.push(format!("{name}: MBMS in service areas {areas:?} with {} capable users", ues.len()));
            }
        }
        self.groups.retain(|_, group| !group.members.is_empty() || !group.choice.chosen().is_empty());
        notes.into_iter().for_each(|note| self.say(note));
    }

    /// All areas that groups have bearers in.
    pub(super) fn desired(&self) -> BTreeSet<u16> {
        self.groups.values().flat_map(|group| group.choice.chosen().iter().copied()).collect()
    }
}
