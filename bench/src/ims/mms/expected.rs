//! Messages on their way to a UE, and which of them have come. A message is known by who has sent it and by its subject, in the
//! order in which they were sent; from its notification on by the agent's number.

use std::collections::BTreeMap;

use protocol::Instant;
use protocol::mms::Part;
use sha2::{Digest, Sha256};

use crate::event::MmsPart;

/// A message that was sent to a UE.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ExpectedMms {
    pub(crate) number: u64,
    /// Digits of who has sent it.
    pub(crate) from: String,
    pub(crate) subject: Option<String>,
    /// What it says.
    pub(crate) parts: Vec<MmsPart>,
    pub(crate) sent: Instant,
}

/// Those of a UE.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// Of which the UE knows nothing.
    on_the_way: Vec<ExpectedMms>,
    /// That wait at its relay, by the agent's numbers.
    noticed: BTreeMap<u64, Noticed>,
}

#[derive(Debug)]
struct Noticed {
    own: ExpectedMms,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Waiting,
    Came,
    NotWanted,
    /// The relay has it once more than it was sent.
    Copy,
}

/// What a message that comes is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Arrival {
    /// One that was on its way.
    Expected { own: ExpectedMms, is_as_sent: bool },
    /// One that has come before.
    Again,
    /// None that is known.
    Unknown,
}

impl Expected {
    pub(super) fn push(&mut self, message: ExpectedMms) {
        self.on_the_way.push(message);
    }

    /// It was not sent after all.
    pub(super) fn withdraw(&mut self, number: u64) {
        self.on_the_way.retain(|own| own.number != number);
    }

    /// The agent knows of a message by this number; which one it is. One of which the UE knows already is a copy.
    pub(super) fn notified(&mut self, notice: u64, from: &str, subject: Option<&str>) -> Option<u64> {
        let is_it = |own: &ExpectedMms| own.from == from && own.subject.as_deref() == subject;
        let Some(place) = self.on_the_way.iter().position(is_it) else {
            let own = self.noticed.values().find(|noticed| is_it(&noticed.own))?.own.clone();
            self.noticed.insert(notice, Noticed { own, state: State::Copy });
            return None;
        };
        let own = self.on_the_way.remove(place);
        let number = own.number;
        self.noticed.insert(notice, Noticed { own, state: State::Waiting });
        Some(number)
    }

    pub(super) fn noticed(&self, notice: u64) -> Option<&ExpectedMms> {
        self.noticed.get(&notice).map(|noticed| &noticed.own)
    }

    /// Its user does not want it.
    pub(super) fn not_wanted(&mut self, notice: u64) {
        if let Some(own) = self.noticed.get_mut(&notice).filter(|own| own.state == State::Waiting) {
            own.state = State::NotWanted;
        }
    }

    /// A message comes.
    pub(super) fn comes(&mut self, notice: u64, parts: &[MmsPart]) -> Arrival {
        let Some(noticed) = self.noticed.get_mut(&notice) else { return Arrival::Unknown };
        if matches!(noticed.state, State::Came | State::Copy) {
            return Arrival::Again;
        }
        noticed.state = State::Came;
        let is_as_sent = contents(parts) == contents(&noticed.own.parts);
        Arrival::Expected { own: noticed.own.clone(), is_as_sent }
    }

    /// Those that wait at the relay.
    pub(super) fn waiting(&self) -> Vec<u64> {
        let waits = |own: &Noticed| matches!(own.state, State::Waiting | State::Copy);
        self.noticed.iter().filter(|(_, own)| waits(own)).map(|(notice, _)| *notice).collect()
    }

    /// The UE knows of all of them.
    pub(super) fn are_notified(&self) -> bool {
        self.on_the_way.is_empty()
    }

    /// Those that have not come.
    pub(super) fn missing(&self) -> usize {
        let waiting = self.noticed.values().filter(|own| own.state == State::Waiting).count();
        self.on_the_way.len() + waiting
    }
}

/// What of a message counts: media types and digests of all but its presentation, which the agent makes.
fn contents(parts: &[MmsPart]) -> Vec<(&str, &str)> {
    let mut all: Vec<_> = parts.iter().map(|part| (part.media_type.as_str(), part.sha256.as_str())).collect();
    all.sort_unstable();
    all
}

/// Parts of a message that came, without its presentation.
pub(super) fn parts(parts: &[Part<'_>]) -> Vec<MmsPart> {
    let all = parts.iter().filter(|own| !own.content_type.essence.eq_ignore_ascii_case(SMIL));
    all.map(|own| part(&own.content_type.essence, own.name().unwrap_or_default(), &own.body)).collect()
}

/// A part as facts have it.
pub(super) fn part(media_type: &str, name: &str, octets: &[u8]) -> MmsPart {
    MmsPart {
        media_type: media_type.to_ascii_lowercase(),
        name: name.to_owned(),
        octets: octets.len() as u64,
        sha256: hex::encode(Sha256::digest(octets)),
    }
}

/// TS 26.140 clause 4.4.
const SMIL: &str = "application/smil";
