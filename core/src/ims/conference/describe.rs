//! What those who watch a conference are told (RFC 4575 clauses 4, 5).

use std::collections::BTreeMap;

use protocol::xml::{
    ConferenceDescription, ConferenceInfo, ConferenceState, ConferenceUser, DisconnectionMethod, Endpoint,
    EndpointMedia, EndpointStatus, PartState, Users,
};

use super::focus::{Conference, Participant};

/// How someone went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Departure {
    pub(super) method: DisconnectionMethod,
    pub(super) reason: String,
}

impl Conference {
    /// Everything, as the document `version` of a subscription.
    pub(super) fn whole(&self, version: u32, most: usize) -> ConferenceInfo {
        let mut users: BTreeMap<&str, ConferenceUser> = BTreeMap::new();
        for participant in self.participants.values() {
            users.entry(&participant.user).or_insert_with(|| self.user(&participant.user));
        }
        let description = ConferenceDescription {
            subject: self.subject.clone(),
            maximum_user_count: u32::try_from(most).ok(),
            ..ConferenceDescription::default()
        };
        ConferenceInfo {
            entity: self.uri.to_string(),
            state: PartState::Full,
            version: Some(version),
            description: Some(description),
            conference_state: Some(self.state()),
            users: Some(Users { state: PartState::Full, users: users.into_values().collect() }),
        }
    }

    /// What has changed.
    pub(super) fn part(&self, version: u32, users: Vec<ConferenceUser>) -> ConferenceInfo {
        ConferenceInfo {
            entity: self.uri.to_string(),
            state: PartState::Partial,
            version: Some(version),
            description: None,
            conference_state: Some(self.state()),
            users: Some(Users { state: PartState::Partial, users }),
        }
    }

    /// It is over.
    pub(super) fn gone(&self, version: u32) -> ConferenceInfo {
        let state = ConferenceState { user_count: Some(0), active: Some(false), locked: None };
        ConferenceInfo {
            entity: self.uri.to_string(),
            state: PartState::Deleted,
            version: Some(version),
            conference_state: Some(state),
            ..ConferenceInfo::default()
        }
    }

    /// A user with all of his devices.
    pub(super) fn user(&self, name: &str) -> ConferenceUser {
        let own = || self.participants.values().filter(|p| p.user == name);
        let is_creator = own().any(|p| self.is_creator(&p.identities));
        ConferenceUser {
            entity: name.to_owned(),
            state: PartState::Full,
            display_text: own().find_map(|p| p.display.clone()),
            roles: is_creator.then(|| "creator".to_owned()).into_iter().collect(),
            endpoints: own().map(Participant::describe).collect(),
        }
    }

    /// A user one of whose devices has gone.
    pub(super) fn departed(&self, participant: &Participant, departure: &Departure) -> ConferenceUser {
        let mut user = self.user(&participant.user);
        user.display_text = user.display_text.or_else(|| participant.display.clone());
        user.endpoints.push(Endpoint {
            status: Some(EndpointStatus::Disconnected),
            disconnection_method: Some(departure.method),
            disconnection_reason: Some(departure.reason.clone()),
            media: Vec::new(),
            ..participant.describe()
        });
        user
    }

    fn state(&self) -> ConferenceState {
        let count = self.participants.values().filter(|p| p.is_in()).count();
        ConferenceState { user_count: u32::try_from(count).ok(), active: Some(true), locked: Some(false) }
    }
}

impl Participant {
    fn describe(&self) -> Endpoint {
        let media = EndpointMedia {
            id: "1".to_owned(),
            kind: Some("audio".to_owned()),
            src_id: Some(self.leg.ssrc()),
            status: self.leg.direction().map(str::to_owned),
        };
        Endpoint {
            entity: self.endpoint.clone(),
            state: PartState::Full,
            referred_by: self.referred_by.clone(),
            status: Some(self.status),
            joining_method: Some(if self.was_called { "dialed-out" } else { "dialed-in" }.to_owned()),
            disconnection_method: None,
            disconnection_reason: None,
            media: if self.is_in() { vec![media] } else { Vec::new() },
        }
    }
}
