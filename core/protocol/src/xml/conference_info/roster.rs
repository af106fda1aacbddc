//! What a subscriber knows of a conference, out of full and partial documents (RFC 4575 clauses 4.4 to 4.6).

use super::{ConferenceInfo, ConferenceUser, Endpoint, EndpointStatus, PartState};

/// A conference as a subscriber knows it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Roster {
    known: Option<ConferenceInfo>,
}

/// A document that cannot be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RosterProblem {
    /// A partial document came before a full one, or one is missing: the subscriber has to ask for the whole state.
    #[error("conference documents are missing before version {0}")]
    Missing(u32),
    /// It is not newer than what is known.
    #[error("conference document of version {0} is old")]
    Old(u32),
}

impl Roster {
    /// Takes a document.
    pub fn apply(&mut self, info: ConferenceInfo) -> Result<(), RosterProblem> {
        let version = info.version.unwrap_or_default();
        let Some(known) = self.known.as_mut() else {
            if info.state == PartState::Partial {
                return Err(RosterProblem::Missing(version));
            }
            self.known = Some(info);
            return Ok(());
        };
        // Clause 4.6: what is not newer is thrown away, also a full one.
        let before = known.version.unwrap_or_default();
        if info.version.is_some() && version <= before {
            return Err(RosterProblem::Old(version));
        }
        if info.state != PartState::Partial {
            self.known = Some(info);
            return Ok(());
        }
        if version != before.wrapping_add(1) {
            return Err(RosterProblem::Missing(version));
        }
        known.version = Some(version);
        known.description = info.description.or_else(|| known.description.take());
        known.conference_state = info.conference_state.or(known.conference_state);
        if let Some(users) = info.users {
            let all = known.users.get_or_insert_default();
            match users.state {
                PartState::Full => *all = users,
                PartState::Deleted => all.users.clear(),
                PartState::Partial => {
                    let key = |user: &ConferenceUser| (user.entity.clone(), user.state);
                    merge(&mut all.users, users.users, key, merge_user);
                }
            }
        }
        Ok(())
    }

    /// The conference is over, as far as is known.
    pub fn is_over(&self) -> bool {
        self.known.as_ref().is_some_and(|info| info.state == PartState::Deleted)
    }

    /// All that is known.
    pub const fn info(&self) -> Option<&ConferenceInfo> {
        self.known.as_ref()
    }

    /// Users with an endpoint that is in the conference.
    pub fn connected(&self) -> Vec<&str> {
        let users = self.known.iter().flat_map(|info| &info.users).flat_map(|users| &users.users);
        let is_in = |endpoint: &Endpoint| {
            matches!(
                endpoint.status,
                Some(EndpointStatus::Connected | EndpointStatus::OnHold | EndpointStatus::MutedViaFocus)
            )
        };
        users.filter(|user| user.endpoints.iter().any(is_in)).map(|user| user.entity.as_str()).collect()
    }
}

fn merge_user(known: &mut ConferenceUser, new: ConferenceUser) {
    known.display_text = new.display_text.or_else(|| known.display_text.take());
    if !new.roles.is_empty() {
        known.roles = new.roles;
    }
    merge(&mut known.endpoints, new.endpoints, |e| (e.entity.clone(), e.state), merge_endpoint);
}

fn merge_endpoint(known: &mut Endpoint, new: Endpoint) {
    known.referred_by = new.referred_by.or_else(|| known.referred_by.take());
    known.status = new.status.or(known.status);
    known.joining_method = new.joining_method.or_else(|| known.joining_method.take());
    known.disconnection_method = new.disconnection_method.or(known.disconnection_method);
    known.disconnection_reason = new.disconnection_reason.or_else(|| known.disconnection_reason.take());
    for media in new.media {
        match known.media.iter_mut().find(|known| known.id == media.id) {
            Some(known) => *known = media,
            None => known.media.push(media),
        }
    }
}

/// Clause 4.5: elements are known by their key; a full one replaces, a deleted one goes, a partial one adds.
fn merge<T>(all: &mut Vec<T>, new: Vec<T>, key: impl Fn(&T) -> (String, PartState), add: impl Fn(&mut T, T)) {
    for one in new {
        let (name, state) = key(&one);
        let at = all.iter().position(|known| key(known).0 == name);
        match (at, state) {
            (Some(at), PartState::Deleted) => drop(all.remove(at)),
            (None, PartState::Deleted) => {}
            (Some(at), PartState::Full) => all[at] = one,
            (Some(at), PartState::Partial) => add(&mut all[at], one),
            (None, _) => all.push(one),
        }
    }
}
