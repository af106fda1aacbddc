//! Whether a session has a bearer, and what its members are told of it (TR 23.847 clause 1, steps 2 to 4).

use std::time::Duration;

use protocol::sip::sdp::{MbmsMedia, Sdp};
use protocol::sip::{Change, EutranCell, Refusal};
use protocol::{Instant, Tmgi};

use super::offer;
use super::server::ImsAs;
use super::session::{GroupSession, Member, Peer};
use crate::mbms::bearer_rule::areas_of;
use crate::mbms::mb2::{BearerPlace, Demand, Mb2Client, mode_of};

/// A change of a session that is not through by then has failed (RFC 3261 timer B, with a change of the other side between).
const CHANGE: Duration = Duration::from_secs(40);
/// After a change that was refused for now.
const AGAIN: Duration = Duration::from_secs(2);
/// How long UEs are waited for that shall listen to unicast before their bearer ends.
const LEAVING: Duration = Duration::from_secs(5);

impl ImsAs {
    /// Does what follows from what is known of all sessions; true if anything was done.
    pub(super) fn review(&mut self, now: Instant) -> bool {
        if self.mb2.is_none() {
            return false;
        }
        let mut done = false;
        for key in self.groups.keys().cloned().collect::<Vec<_>>() {
            done |= self.decide(now, &key);
            done |= self.tell_members(now, &key);
        }
        done
    }

    /// When [`Self::review`] has something to do for a session, if nothing comes before.
    pub(super) fn due(&self, group: &GroupSession) -> Option<Instant> {
        let mut due = vec![Some(group.ends_at)];
        if let Some(mb2) = &self.mb2 {
            due.push(group.choice.due(&self.config.rule));
            due.push(group.bearer_ends);
            let wants = group.bearer.is_none() && !group.choice.chosen().is_empty();
            due.push(wants.then_some(group.bearer_not_before));
            for member in group.members.values().filter(|member| member.is_in) {
                let differs = self.wanted(mb2, group, member).map(|place| place.tmgi) != member.agreed();
                due.push(differs.then(|| member.changing.unwrap_or(member.not_before).max(member.not_before)));
            }
        }
        due.into_iter().flatten().min()
    }

    fn areas_of(&self, cell: Option<EutranCell>) -> &[u16] {
        areas_of(&self.config.cells, cell)
    }

    fn decide(&mut self, now: Instant, key: &str) -> bool {
        let Some(group) = self.groups.get(key) else { return false };
        let counts = |member: &&Member| {
            member.is_in && member.can_mbms && !member.is_out_of_coverage && member.refuses.is_none()
        };
        let ues: Vec<Vec<u16>> =
            group.members.values().filter(counts).map(|member| self.areas_of(member.cell).to_vec()).collect();
        let listeners = group.members.values().any(|member| member.agreed().is_some());
        let (Some(group), Some(mb2)) = (self.groups.get_mut(key), &mut self.mb2) else { return false };
        let before = group.choice.chosen().clone();
        let areas = group.choice.decide(now, &self.config.rule, &ues).clone();
        let mut note = None;
        if areas != before {
            let rule = &self.config.rule;
            note = Some(format!(
                "{key}: MBMS in service areas {areas:?} with {} capable UEs (unicast {} each, bearer {} per area)",
                ues.iter().filter(|own| own.iter().any(|area| areas.contains(area) || before.contains(area))).count(),
                rule.unicast_cost,
                rule.bearer_cost,
            ));
        }
        let did = match group.bearer {
            None if areas.is_empty() || group.bearer_not_before > now => false,
            None => {
                let qos = group.group.qos(group.codec.bit_rate);
                let media = group.codec.to_media(0);
                group.bearer = Some(mb2.start(now, Demand { group: key.to_owned(), areas, qos, media }));
                true
            }
            Some(bearer) if areas.is_empty() => {
                let until = *group.bearer_ends.get_or_insert(now + LEAVING);
                let is_over = !listeners || until <= now;
                if is_over {
                    (group.bearer, group.bearer_ends) = (None, None);
                    mb2.stop(now, bearer);
                }
                is_over
            }
            Some(bearer) => {
                group.bearer_ends = None;
                mb2.change(now, bearer, &areas);
                false
            }
        };
        if let Some(note) = note {
            self.say(note);
        }
        did
    }

    /// The bearer that a member should know of.
    fn wanted<'a>(&self, mb2: &'a Mb2Client, group: &GroupSession, member: &Member) -> Option<&'a BearerPlace> {
        let place = mb2.place(group.bearer?)?;
        let chosen = group.choice.chosen();
        let is_reached =
            self.areas_of(member.cell).iter().any(|area| place.areas.contains(area) && chosen.contains(area));
        let may = member.is_in && member.can_mbms && is_reached && member.refuses != Some(place.tmgi);
        may.then_some(place)
    }

    /// Re-INVITEs to those whose sessions do not say what they should.
    fn tell_members(&mut self, now: Instant, key: &str) -> bool {
        let (Some(group), Some(mb2)) = (self.groups.get(key), &self.mb2) else { return false };
        let mut changes = Vec::new();
        for (id, member) in &group.members {
            let is_due = member.changing.is_none_or(|until| until <= now) && member.not_before <= now;
            if !member.is_in || !is_due {
                continue;
            }
            let wanted = self.wanted(mb2, group, member);
            if wanted.map(|place| place.tmgi) == member.agreed() {
                continue;
            }
            let source = Some(mb2.local().ip());
            let mbms =
                wanted.map(|place| MbmsMedia { destination: place.destination, source, mode: mode_of(place.tmgi) });
            let held = self.ua.local_description(member.session);
            let offer = held.and_then(|held| offer::with_bearer(&held, mbms));
            changes.push((*id, member.session, member.identities.join(", "), wanted.map(|place| place.tmgi), offer));
        }
        let did = !changes.is_empty();
        for (id, session, who, tmgi, offer) in changes {
            let sent = offer.is_some_and(|offer| self.ua.change(now, session, Change::ReInvite(offer)).is_ok());
            let Some(member) = self.groups.get_mut(key).and_then(|group| group.members.get_mut(&id)) else { continue };
            (member.changing, member.not_before) = if sent { (Some(now + CHANGE), now) } else { (None, now + AGAIN) };
            match tmgi.filter(|_| sent) {
                Some(tmgi) => self.say(format!("{key}: {who} is told of TMGI {tmgi}")),
                None if sent => self.say(format!("{key}: {who} is told to listen to unicast")),
                None => {}
            }
        }
        did
    }

    /// A change of ours was refused: it is tried again later, unless it is refused for good.
    pub(super) fn not_changed(&mut self, now: Instant, key: &str, id: u64, why: &Refusal) {
        let (Some(group), Some(mb2)) = (self.groups.get(key), &self.mb2) else { return };
        let Some(member) = group.members.get(&id) else { return };
        let wanted = self.wanted(mb2, group, member).map(|place| place.tmgi);
        let who = member.identities.join(", ");
        let Some(member) = self.groups.get_mut(key).and_then(|group| group.members.get_mut(&id)) else { return };
        (member.changing, member.not_before) = (None, now + AGAIN);
        // It does not take the description (RFC 3261 clauses 21.4.26, 21.6.4), or answers it with one that is none.
        if matches!(why, Refusal::Broken(_)) || matches!(why.status(), Some(400..=499 | 600..=699)) {
            member.refuses = wanted;
        }
        self.say(format!("{key}: {who} does not change: {why}"));
    }

    pub(super) fn bearer_up(&mut self, id: u64) {
        let Some((key, group)) = self.groups.iter_mut().find(|(_, group)| group.bearer == Some(id)) else { return };
        group.bearer_failures = 0;
        let place = self.mb2.as_ref().and_then(|mb2| mb2.place(id));
        let Some(place) = place else { return };
        let text = format!(
            "{key}: MBMS bearer {} to {} in service areas {:?}, MB2-U to {}",
            place.tmgi, place.destination, place.areas, place.to
        );
        self.say(text);
    }

    pub(super) fn bearer_lost(&mut self, now: Instant, id: u64) {
        self.counters.bearers_lost += 1;
        let retry = self.config.mb2.as_ref().map_or(AGAIN, |mb2| mb2.retry);
        let Some(group) = self.groups.values_mut().find(|group| group.bearer == Some(id)) else { return };
        (group.bearer, group.bearer_ends) = (None, None);
        // Each time later, up to 32 times as late.
        group.bearer_not_before = now + retry * 2u32.pow(group.bearer_failures.min(5));
        group.bearer_failures += 1;
    }
}

impl Member {
    /// The bearer that both sides know of.
    pub(super) fn agreed(&self) -> Option<Tmgi> {
        self.told.filter(|told| self.peer.is_some_and(|peer| peer.tmgi == Some(*told)))
    }

    /// It has said something new of its media; `held` is what we hold to.
    pub(super) fn note_agreed(&mut self, before: Peer, held: Option<&[u8]>) {
        let was_agreed = self.told;
        let held = held.and_then(|held| Sdp::parse(held).ok());
        self.told = held.and_then(|sdp| Some(MbmsMedia::find(&sdp)?.1.mode.tmgi()));
        let Some(peer) = self.peer else { return };
        match (self.told, peer.tmgi) {
            // It was offered the bearer and refuses it.
            (Some(told), None) => self.refuses = Some(told),
            // It refuses it later: our side follows.
            (None, None) if self.changing.is_none() && before.tmgi.is_some() => self.refuses = was_agreed,
            _ => {}
        }
        // A change of the other side may come between ours and its answer; then ours goes on.
        let is_refused = self.told.is_some() && peer.tmgi.is_none();
        let is_ours = self.told != was_agreed || peer.tmgi == self.told || is_refused;
        if is_ours {
            self.changing = None;
        }
        if peer.listens() {
            self.is_out_of_coverage = false;
        } else if before.listens() && peer.tmgi.is_some() && peer.tmgi == before.tmgi {
            self.is_out_of_coverage = true;
        }
    }
}

impl Peer {
    /// One that has said nothing that is understood.
    pub(super) const NONE: Self = Self {
        remote: std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0),
        sends: false,
        receives: false,
        tmgi: None,
    };
}
