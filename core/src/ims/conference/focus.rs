//! A conference and who is in it (RFC 4353 clause 3).

use std::collections::{BTreeMap, BTreeSet};

use protocol::Instant;
use protocol::rtp::FRAME_SAMPLES;
use protocol::sip::{NameAddr, NotifierId, SessionId, SipUri, Uri};
use protocol::xml::EndpointStatus;

use super::leg::{Leg, Sent};
use super::mixer::Mix;

/// A conference.
#[derive(Debug)]
pub(super) struct Conference {
    /// Its URI.
    pub(super) uri: SipUri,
    /// Identities of its creator; none of a group.
    pub(super) creator: Vec<String>,
    /// Identities of the members of a group.
    pub(super) members: Option<BTreeSet<String>>,
    /// Who may come because he was invited.
    pub(super) invited: BTreeSet<String>,
    /// For display.
    pub(super) subject: Option<String>,
    /// When it ends in any case.
    pub(super) ends_at: Instant,
    pub(super) participants: BTreeMap<u64, Participant>,
    pub(super) watchers: BTreeMap<NotifierId, Watcher>,
    pub(super) next: u64,
}

/// Someone in a conference, on his way into it, or called.
#[derive(Debug)]
pub(super) struct Participant {
    pub(super) session: SessionId,
    /// How the others know him.
    pub(super) user: String,
    /// Who he is.
    pub(super) identities: Vec<String>,
    /// His device.
    pub(super) endpoint: String,
    pub(super) display: Option<String>,
    pub(super) was_called: bool,
    pub(super) referred_by: Option<String>,
    pub(super) status: EndpointStatus,
    pub(super) leg: Leg,
    pub(super) teller: Teller,
}

/// How someone who referred is told what comes of it (RFC 3515 clause 2.4.4, RFC 4488).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Teller {
    /// Not at all.
    Silent,
    /// By a subscription of its own.
    Subscription(NotifierId),
    /// In the dialog of a session, with this Event.
    Dialog(SessionId, String),
}

/// One who watches.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    /// Of the newest document.
    pub(super) version: u32,
    /// A document could not be sent: the next one has to tell everything.
    pub(super) has_missed: bool,
}

/// Who sends a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Who {
    /// His identities in the form that keys have, at least one.
    pub(super) identities: Vec<String>,
    pub(super) display: Option<String>,
    pub(super) is_private: bool,
}

impl Conference {
    pub(super) fn new(uri: SipUri, ends_at: Instant) -> Self {
        Self {
            uri,
            creator: Vec::new(),
            members: None,
            invited: BTreeSet::new(),
            subject: None,
            ends_at,
            participants: BTreeMap::new(),
            watchers: BTreeMap::new(),
            next: 0,
        }
    }

    /// Contact of the focus (RFC 4579 clause 4.1).
    pub(super) fn contact(&self) -> NameAddr {
        let mut contact = NameAddr::new(Uri::Sip(self.uri.clone()));
        contact.params.set_flag("isfocus");
        contact
    }

    pub(super) fn is_creator(&self, identities: &[String]) -> bool {
        identities.iter().any(|identity| self.creator.contains(identity))
    }

    pub(super) fn is_member(&self, identities: &[String]) -> bool {
        self.members.as_ref().is_some_and(|members| identities.iter().any(|identity| members.contains(identity)))
    }

    /// Those who are in it with one of these identities, or are shown as it.
    pub(super) fn find(&self, identities: &[String]) -> Vec<u64> {
        let is = |p: &Participant| {
            identities.iter().any(|id| p.identities.contains(id) || p.user == *id || p.endpoint == *id)
        };
        self.participants.iter().filter(|(_, p)| is(p)).map(|(id, _)| *id).collect()
    }

    pub(super) fn add(&mut self, participant: Participant) -> u64 {
        self.next += 1;
        self.participants.insert(self.next, participant);
        self.next
    }

    /// 20 ms of it: what everybody is told.
    pub(super) fn tick(&mut self, now: Instant, utc_ms: u64) -> Vec<Sent> {
        let said: BTreeMap<u64, (Vec<i16>, u32)> =
            self.participants.iter_mut().filter_map(|(id, p)| Some((*id, p.leg.heard()?))).collect();
        let mix = Mix::new(said.values().map(|(samples, source)| (samples.as_slice(), *source)));
        let name = self.uri.to_string();
        let mut sent = Vec::new();
        for (id, participant) in &mut self.participants {
            let own = said.get(id).map(|(samples, source)| (samples.as_slice(), *source));
            let (samples, sources) = mix.without(own);
            debug_assert_eq!(samples.len(), FRAME_SAMPLES);
            sent.extend(participant.leg.say(&samples, &sources));
            sent.extend(participant.leg.report(now, utc_ms, &name));
        }
        sent
    }
}

impl Participant {
    /// He is there, though he may be on hold.
    pub(super) const fn is_in(&self) -> bool {
        matches!(self.status, EndpointStatus::Connected | EndpointStatus::OnHold)
    }
}
