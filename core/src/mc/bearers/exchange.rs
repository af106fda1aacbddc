//! What servers say to each other of bearers (TS 23.280 clause 10.7.3.9.2.2), and the media that they send each other.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use protocol::mc::coordination::{
    AnnouncedBy, Coordination, DistributionOutcome, LocatedUser, MAX_BEARERS, MAX_USERS, SharedBearer,
};
use protocol::mc::names::COORDINATION_CONTENT_TYPE;
use protocol::mc::subchannel::{self, SubchannelControl, SubchannelMessage};
use protocol::mime::Part;
use protocol::sip::proxy::Refusal;
use protocol::sip::sdp::{Origin, Sdp};
use protocol::{Instant, Tmgi};

use super::calls::{Target, WayState};
use super::config::Announcer;
use super::machine::{HeldRelease, Machine, PendingRelease, Sent};
use super::own::{Inlet, Standing};
use super::users::Foreign;
use crate::mbms::GroupCodec;
use crate::mc::coordination::{Capacity, Granted, Release, Seat, SharedPlace};

impl Machine {
    fn tell(&mut self, server: &str, document: &Coordination, sent: Sent) {
        let part = Part::new(COORDINATION_CONTENT_TYPE, document.to_document());
        self.send(server, vec![part], sent);
    }

    fn ask(&mut self, server: &str, document: &Coordination) {
        self.tell(server, document, Sent::Request(server.to_owned()));
    }

    fn is_peer(&self, server: &str) -> bool {
        self.config.peers.iter().any(|own| own == server) || self.neighbours.contains_key(server)
    }

    /// A document of another server.
    pub(super) fn coordinate(&mut self, now: Instant, from: &str, part: &Part) -> Result<(), Refusal> {
        if !self.is_peer(from) {
            return Err(Refusal::new(403).because("No server that bearers are shared with"));
        }
        let text = std::str::from_utf8(&part.body).map_err(|_| Refusal::new(400).because("Not UTF-8"))?;
        let document = Coordination::parse(text).map_err(|why| Refusal::new(400).because(&why.to_string()))?;
        match document {
            Coordination::DiscoverBearerRequest { id, areas, gbr_bps, users, .. } => {
                self.discovered_by(now, from, id, areas.into_iter().collect(), gbr_bps, users);
            }
            Coordination::MediaDistributionRequest { id, group, call, tmgi, gbr_bps, sdp } => {
                let ip = Sdp::parse(sdp.as_bytes()).ok().and_then(|sdp| sdp.connection_of(0)?.address.parse().ok());
                let until = Some(now + self.config.lease);
                let seat = Seat { id: id.clone(), call, until, from: ip, port: None };
                let outcome = self.distribution(from, &group, tmgi, gbr_bps, seat);
                self.respond(from, id, outcome);
            }
            Coordination::MediaDistributionReleaseRequest { id, group, call } => {
                self.release_asked(now, from, id, group, &call);
            }
            Coordination::DiscoverBearerResponse { id, bearers } => {
                let again_at = now + self.config.lease;
                let Some(other) = self.neighbours.get_mut(from) else { return Ok(()) };
                if other.responded(&id, again_at) {
                    self.known(now, from, bearers, None);
                }
            }
            Coordination::MediaDistributionResponse { id, outcome, lease_ms } => {
                self.responded(now, from, &id, outcome, lease_ms);
            }
            Coordination::MediaDistributionReleaseResponse { id, released, reason } => {
                self.release_answered(now, from, &id, released, reason);
            }
            Coordination::BearerChange { bearers, gone } => self.known(now, from, bearers, Some(gone)),
        }
        Ok(())
    }

    // What others ask of us.

    fn discovered_by(
        &mut self,
        now: Instant,
        from: &str,
        id: String,
        areas: BTreeSet<u16>,
        gbr_bps: u32,
        users: Vec<LocatedUser>,
    ) {
        let goes_first = from < self.config.own.as_str();
        for bearer in self.own.values_mut() {
            if let Standing::Asking { is_contested, .. } = &mut bearer.standing
                && goes_first
                && !bearer.areas.is_disjoint(&areas)
            {
                *is_contested = true;
            }
        }
        for user in users {
            if user.areas.is_empty() {
                self.foreign.remove(&user.mcptt_id);
                self.forget_told(&user.mcptt_id);
            } else if self.foreign.len() < MAX_FOREIGN || self.foreign.contains_key(&user.mcptt_id) {
                let foreign = Foreign { server: from.to_owned(), uri: user.uri, areas: user.areas };
                self.foreign.insert(user.mcptt_id, foreign);
            }
        }
        self.askers.insert(from.to_owned(), (areas.clone(), now + self.config.lease * 3));
        let bearers = self.bearers_for(from, &areas, gbr_bps);
        self.tell(from, &Coordination::DiscoverBearerResponse { id, bearers }, Sent::Other);
        self.touch(now);
    }

    /// What another server is told of: bearers that are used, and one that is coming if we go first.
    fn bearers_for(&self, server: &str, areas: &BTreeSet<u16>, gbr_bps: u32) -> Vec<SharedBearer> {
        if !self.config.controls {
            return Vec::new();
        }
        let (own, local) = (self.config.own.as_str(), self.mb2_local());
        let is_told = |standing: Standing| match standing {
            Standing::Used => true,
            Standing::Asking { .. } => own < server,
            Standing::Coming | Standing::Reserve => false,
        };
        let on_behalf = self.foreign.values().any(|user| user.server == server);
        let own = self.own.values().filter(|bearer| !bearer.is_duplicate() && is_told(bearer.standing));
        let there = own.filter_map(|bearer| bearer.shared(&self.config.codecs, local));
        let there = there.filter(|(_, place)| !place.areas.is_disjoint(areas)).take(MAX_BEARERS);
        there.map(|(tmgi, place)| shared_bearer(tmgi, place, gbr_bps, on_behalf)).collect()
    }

    /// Step 7: who distributes.
    fn distribution(&mut self, from: &str, group: &str, tmgi: Tmgi, gbr_bps: u32, seat: Seat) -> DistributionOutcome {
        let refused = |reason: &str| DistributionOutcome::Refused { reason: reason.to_owned() };
        let is_it = |bearer: &super::own::OwnBearer| bearer.place.as_ref().is_some_and(|place| place.tmgi == tmgi);
        let found = self.own.iter_mut().find(|(_, bearer)| is_it(bearer) && !bearer.is_duplicate());
        let Some((&key, bearer)) = found.filter(|_| self.config.controls) else { return refused("no such bearer") };
        if seat.from.is_none() {
            return refused("sdp names no address that media come from");
        }
        if group.is_empty() || group.len() > subchannel::MAX_GROUP_OCTETS {
            return refused("no group identity that Map Group To Bearer can carry");
        }
        match bearer.capacity.request(group, from, gbr_bps, seat) {
            Granted::Distribute { .. } => self.distribute(key, group),
            Granted::Already { server, slot } => match bearer.subchannel(slot) {
                Some(subchannel) => DistributionOutcome::AlreadyTransmitted { server, subchannel },
                None => refused("no port left on the bearer"),
            },
            Granted::Insufficient => {
                self.counters.insufficient += 1;
                DistributionOutcome::InsufficientBandwidth
            }
        }
    }

    /// Where the server sends to that has a group.
    fn distribute(&mut self, id: u64, group: &str) -> DistributionOutcome {
        let refused = || DistributionOutcome::Refused { reason: "no port left".to_owned() };
        let Some(bearer) = self.own.get_mut(&id) else { return refused() };
        let Some((_, seat)) = bearer.capacity.holder(group) else { return refused() };
        let port = match seat.port {
            Some(port) => port,
            None => {
                let Some(port) = self.ports.take() else { return refused() };
                bearer.capacity.set_port(group, port);
                self.inlets.insert(port, Inlet::Media(id, group.to_owned()));
                self.inlets.insert(port + 1, Inlet::Floor(id, group.to_owned()));
                port
            }
        };
        let subchannel = bearer.capacity.slot(group).and_then(|slot| bearer.subchannel(slot));
        let (Some(subchannel), Some(general)) = (subchannel, bearer.general_port) else { return refused() };
        let at = |port| SocketAddr::new(self.config.media, port);
        DistributionOutcome::Distribute {
            media: at(port),
            floor: at(port + 1),
            general_purpose: at(general),
            subchannel,
        }
    }

    fn respond(&mut self, server: &str, id: String, outcome: DistributionOutcome) {
        let lease_ms = u32::try_from(self.config.lease.as_millis()).unwrap_or(u32::MAX);
        self.tell(server, &Coordination::MediaDistributionResponse { id, outcome, lease_ms }, Sent::Other);
    }

    /// Steps 11, 12. A server that relies on who asks sends from now on: speech does not wait for the answer. A call ends at all
    /// servers at about the same time, so that for a moment it is not known whether it goes on there.
    fn release_asked(&mut self, now: Instant, from: &str, id: String, group: String, call: &str) {
        let (mut bearers, mut freed) = (Vec::new(), Vec::new());
        for (key, bearer) in &mut self.own {
            let (release, free) = bearer.capacity.release(&group, from, call);
            freed.extend(free.map(|free| (*key, free)));
            if matches!(release, Release::GoesOn { .. }) {
                bearers.push(*key);
            }
        }
        let until = if self.held.len() < MAX_HELD { now + GRACE } else { now };
        self.held.push(HeldRelease { server: from.to_owned(), id, group, bearers, until });
        freed.into_iter().for_each(|(key, freed)| self.freed(now, key, freed));
        self.answer_releases(now);
    }

    /// Answers the releases of calls that are over at all servers, and of those that are not after a moment.
    pub(super) fn answer_releases(&mut self, now: Instant) {
        let (own, mut answers) = (&self.own, Vec::new());
        self.held.retain(|held| {
            let holder = |key: &u64| Some(own.get(key)?.capacity.holder(&held.group)?.0.to_owned());
            let goes_on = held.bearers.iter().find_map(holder);
            let is_due = goes_on.is_none() || held.until <= now;
            if is_due {
                let reason = goes_on.map(|server| format!("the call goes on at {server}"));
                answers.push((held.server.clone(), held.id.clone(), reason));
            }
            !is_due
        });
        for (server, id, reason) in answers {
            let released = reason.is_none();
            self.counters.release_refusals += u64::from(!released);
            self.tell(&server, &Coordination::MediaDistributionReleaseResponse { id, released, reason }, Sent::Other);
        }
    }

    /// A server that relied on another one sends a group from now on.
    pub(super) fn inherits(&mut self, now: Instant, id: u64, group: &str, server: &str) {
        self.say(format!("{group}: {server} distributes from now on"));
        if server == self.config.own {
            let Some(tmgi) = self.own.get(&id).and_then(|bearer| bearer.place.as_ref()).map(|place| place.tmgi) else {
                return;
            };
            let is_it = |call: &super::calls::Call| call.group == group && call.ways.contains_key(&tmgi);
            let calls: Vec<u64> = self.calls.iter().filter(|(_, call)| is_it(call)).map(|(key, _)| *key).collect();
            return calls.into_iter().for_each(|call| self.ask_own(now, call, tmgi, id));
        }
        let seat = self.own.get(&id).and_then(|bearer| bearer.capacity.seat(group, server)).map(|seat| seat.id.clone());
        let outcome = self.distribute(id, group);
        self.respond(server, seat.unwrap_or_default(), outcome);
    }

    /// Those who have asked for bearers are told of one.
    pub(super) fn tell_askers(&mut self, id: u64) {
        let Some(areas) = self.own.get(&id).and_then(|bearer| Some(bearer.place.as_ref()?.areas.clone())) else {
            return;
        };
        let tmgi = self.own.get(&id).and_then(|bearer| bearer.place.as_ref()).map(|place| place.tmgi);
        let rate = self.rate();
        let askers = self.askers.iter().filter(|(_, (asked, _))| !asked.is_disjoint(&areas));
        for server in askers.map(|(server, _)| server.clone()).collect::<Vec<_>>() {
            let mut bearers = self.bearers_for(&server, &areas, rate);
            bearers.retain(|bearer| Some(bearer.tmgi) == tmgi);
            if !bearers.is_empty() {
                self.tell(&server, &Coordination::BearerChange { bearers, gone: Vec::new() }, Sent::Other);
            }
        }
    }

    /// There is bandwidth again where there was none (step 3).
    pub(super) fn capacity_cleared(&mut self, now: Instant, id: u64) {
        self.tell_askers(id);
        for call in self.calls.values_mut() {
            for way in call.ways.values_mut().filter(|way| way.of == Ok(id) && way.state == WayState::Insufficient) {
                way.again_at = Some(now);
            }
        }
        self.touch(now);
    }

    pub(super) fn tell_gone(&mut self, tmgi: Tmgi, capacity: &Capacity) {
        let mut servers: BTreeSet<String> = capacity.servers().map(|(_, server)| server.to_owned()).collect();
        servers.extend(self.askers.keys().cloned());
        servers.remove(&self.config.own);
        for server in servers {
            self.tell(&server, &Coordination::BearerChange { bearers: Vec::new(), gone: vec![tmgi] }, Sent::Other);
        }
    }

    // What we ask of others.

    /// Bit/s of a call.
    fn rate(&self) -> u32 {
        self.config.codecs.iter().map(|codec| codec.bit_rate).max().unwrap_or_default()
    }

    /// Users that a server has to be told of, or that have gone.
    pub(super) fn user_changes(&self, server: &str, areas: &BTreeSet<u16>) -> Vec<LocatedUser> {
        let Some(other) = self.neighbours.get(server).filter(|_| self.config.announcer == Announcer::Controlling)
        else {
            return Vec::new();
        };
        let there =
            self.users.iter().filter(|(_, user)| user.counts() && user.areas.iter().any(|area| areas.contains(area)));
        let is_new = |(id, user): &(&String, &super::users::User)| {
            other.told.get(*id).is_none_or(|(uri, areas)| *uri != user.uri || *areas != user.areas)
        };
        let new = there.filter(is_new).map(|(id, user)| LocatedUser {
            mcptt_id: id.clone(),
            uri: user.uri.clone(),
            areas: user.areas.clone(),
        });
        let is_gone = |id: &&String| self.users.get(*id).is_none_or(|user| !user.counts());
        let gone = other.told.iter().filter(|(id, _)| is_gone(id)).map(|(id, (uri, _))| LocatedUser {
            mcptt_id: id.clone(),
            uri: uri.clone(),
            areas: Vec::new(),
        });
        new.chain(gone).take(MAX_USERS).collect()
    }

    pub(super) fn discover(&mut self, now: Instant, server: &str, areas: BTreeSet<u16>, users: Vec<LocatedUser>) {
        let id = self.identity();
        let (patience, gbr_bps, qci) = (self.config.patience, self.rate(), self.config.wanted.qci);
        let Some(other) = self.neighbours.get_mut(server) else { return };
        for user in &users {
            if user.areas.is_empty() {
                other.told.remove(&user.mcptt_id);
            } else {
                other.told.insert(user.mcptt_id.clone(), (user.uri.clone(), user.areas.clone()));
            }
        }
        other.asks(now, id.clone(), areas.clone(), patience);
        let areas = areas.into_iter().collect();
        self.ask(server, &Coordination::DiscoverBearerRequest { id, areas, gbr_bps, qci, users });
    }

    /// What a server has: all of it, or a change.
    fn known(&mut self, now: Instant, from: &str, bearers: Vec<SharedBearer>, gone: Option<Vec<Tmgi>>) {
        let Some(other) = self.neighbours.get_mut(from) else { return };
        let told: BTreeSet<Tmgi> = bearers.iter().map(|bearer| bearer.tmgi).collect();
        let gone = gone.unwrap_or_else(|| other.bearers.keys().filter(|tmgi| !told.contains(tmgi)).copied().collect());
        let mut available = Vec::new();
        for bearer in bearers.into_iter().take(MAX_BEARERS) {
            available.push((bearer.tmgi, bearer.available_bps));
            other.bearers.insert(bearer.tmgi, place_of(bearer));
        }
        let gone: Vec<Tmgi> = gone.into_iter().filter(|tmgi| other.bearers.remove(tmgi).is_some()).collect();
        for tmgi in gone {
            self.say(format!("MBMS bearer {tmgi} of {from} is gone"));
            self.bearer_is_gone(now, Some(from), tmgi);
        }
        for call in self.calls.values_mut() {
            for (tmgi, free) in &available {
                if let Some(way) =
                    call.ways.get_mut(tmgi).filter(|way| way.state == WayState::Insufficient && way.open.is_none())
                    && call.codec.bit_rate <= *free
                {
                    way.again_at = Some(now);
                }
            }
        }
        self.touch(now);
    }

    pub(super) fn request_distribution(
        &mut self,
        server: &str,
        id: String,
        group: &str,
        call: &str,
        tmgi: Tmgi,
        codec: &GroupCodec,
    ) {
        let local = self.sender;
        let (username, ipv6) = ("-".to_owned(), local.is_ipv6());
        let session_id = local.port().into();
        let mut sdp = Sdp::new(&Origin { username, session_id, version: 1, ipv6, address: local.ip().to_string() });
        sdp.media.push(codec.to_media(local.port()));
        let (group, call) = (group.to_owned(), call.to_owned());
        let gbr_bps = codec.bit_rate;
        let request = Coordination::MediaDistributionRequest { id, group, call, tmgi, gbr_bps, sdp: sdp.to_string() };
        self.ask(server, &request);
    }

    fn responded(&mut self, now: Instant, from: &str, id: &str, outcome: DistributionOutcome, lease_ms: u32) {
        let is_it = |way: &super::calls::Way| way.id == id && way.of.as_ref().is_err_and(|server| server == from);
        let found = self.calls.iter().find_map(|(key, call)| {
            let way = call.ways.iter().find(|(_, way)| is_it(way));
            way.map(|(tmgi, _)| (*key, *tmgi))
        });
        let Some((call, tmgi)) = found else { return };
        let renew = Duration::from_millis(u64::from(lease_ms / 2).max(MIN_RENEWAL_MS));
        let (state, again_at) = match outcome {
            DistributionOutcome::Distribute { media, floor, general_purpose, subchannel } => {
                (WayState::Sends(Target::Other { media, floor, general_purpose, subchannel }), now + renew)
            }
            DistributionOutcome::AlreadyTransmitted { .. } => (WayState::Listens, now + renew),
            DistributionOutcome::InsufficientBandwidth => (WayState::Insufficient, now + self.config.retry),
            DistributionOutcome::Refused { reason } => {
                self.say(format!("{from} refuses a call on MBMS bearer {tmgi}: {reason}"));
                // It may have started again, with other bearers.
                self.neighbours.get_mut(from).into_iter().for_each(|other| other.ask_again(now));
                (WayState::Refused, now + self.config.retry)
            }
        };
        self.set_way(now, call, tmgi, state, Some(again_at));
    }

    pub(super) fn send_release(&mut self, release: PendingRelease) {
        let id = self.identity();
        let (server, group, call) = (release.server.clone(), release.group.clone(), release.call.clone());
        self.releases.insert(id.clone(), release);
        self.ask(&server, &Coordination::MediaDistributionReleaseRequest { id, group, call });
    }

    fn release_answered(&mut self, now: Instant, from: &str, id: &str, released: bool, reason: Option<String>) {
        let is_it = self.releases.get(id).is_some_and(|release| release.server == from);
        if !is_it {
            return;
        }
        if released {
            self.releases.remove(id);
            return;
        }
        let Some(release) = self.releases.get_mut(id) else { return };
        release.again_at = Some(now + self.config.retry);
        let text = format!("{from} does not release what {} has: {}", release.group, reason.unwrap_or_default());
        self.say(text);
    }

    pub(super) fn release_timers(&mut self, now: Instant) {
        let is_due = |release: &PendingRelease| release.again_at.unwrap_or(release.until) <= now;
        let due: Vec<String> =
            self.releases.iter().filter(|(_, open)| is_due(open)).map(|(id, _)| id.clone()).collect();
        for id in due {
            let Some(mut release) = self.releases.remove(&id) else { continue };
            // What is not answered ends with its lease.
            if release.again_at.take().is_some() && release.tries < MAX_RELEASES {
                (release.tries, release.until) = (release.tries + 1, now + self.config.patience);
                self.send_release(release);
            }
        }
    }

    /// Another server does not answer.
    pub(super) fn no_response(&mut self, now: Instant, server: &str) {
        let retry = self.config.retry;
        let Some(other) = self.neighbours.get_mut(server) else { return };
        other.fails(now + retry);
        self.counters.no_response += 1;
        self.say(format!("{server} does not respond: its bearers are not used"));
        self.server_is_gone(now, server);
        self.touch(now);
    }

    // Media of others for our bearers.

    pub(super) fn received(&mut self, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) {
        let Some(inlet) = self.inlets.get(&local.port()).cloned().filter(|_| local.ip() == self.config.media) else {
            self.counters.refused_in += 1;
            return;
        };
        let ok = match &inlet {
            Inlet::Media(id, group) => {
                let port = self.subchannel_of(*id, group, remote.ip()).map(|subchannel| subchannel.media.port());
                port.and_then(|port| self.broadcast_speech(*id, group, port, bytes))
            }
            Inlet::Floor(id, group) => {
                let port = self.subchannel_of(*id, group, remote.ip()).and_then(|subchannel| Some(subchannel.floor?.1));
                let is_app = bytes.get(1) == Some(&RTCP_APP);
                port.filter(|_| is_app).map(|port| self.broadcast(*id, port, bytes))
            }
            Inlet::General(id) => self.general(*id, remote.ip(), bytes),
        };
        match ok {
            Some(()) => self.counters.forwarded_in += 1,
            None => self.counters.refused_in += 1,
        }
    }

    /// The subchannel of a group, if it is sent from there.
    fn subchannel_of(&self, id: u64, group: &str, ip: IpAddr) -> Option<subchannel::MbmsSubchannel> {
        let bearer = self.own.get(&id)?;
        bearer.capacity.holder(group).filter(|(_, seat)| seat.from == Some(ip))?;
        bearer.subchannel(bearer.capacity.slot(group)?)
    }

    /// Map and Unmap Group To Bearer of the server that has the group, for the subchannel that it has.
    fn general(&mut self, id: u64, ip: IpAddr, bytes: &[u8]) -> Option<()> {
        let place = self.own.get(&id)?.place.as_ref()?.tmgi;
        for SubchannelControl { ssrc, message } in subchannel::parse(bytes).ok()? {
            let is_right = match &message {
                SubchannelMessage::MapGroupToBearer { group, tmgi, subchannel } => {
                    *tmgi == place && self.subchannel_of(id, group, ip) == Some(*subchannel)
                }
                SubchannelMessage::UnmapGroupToBearer { group } => self.subchannel_of(id, group, ip).is_some(),
                _ => false,
            };
            if !is_right {
                return None;
            }
            self.control(id, &SubchannelControl { ssrc, message });
        }
        Some(())
    }

    /// What became of a MESSAGE.
    pub(super) fn sent_is_answered(&mut self, now: Instant, sent: Sent, status: Option<u16>) {
        let is_good = status.is_some_and(|status| (200..300).contains(&status));
        match sent {
            // Without an answer, patience ends before SIP gives up.
            Sent::Request(server) if !is_good && status.is_some() => self.no_response(now, &server),
            Sent::Request(_) | Sent::Other => {}
            Sent::Announcement(user, tmgi) => self.announcement_answered(now, user, tmgi, is_good),
            Sent::Cancel(user, tmgi) => {
                self.told.remove(&(user, tmgi));
            }
        }
    }
}

fn shared_bearer(tmgi: Tmgi, place: SharedPlace, gbr_bps: u32, on_behalf: bool) -> SharedBearer {
    SharedBearer {
        tmgi,
        areas: place.areas.into_iter().collect(),
        frequency: place.frequency,
        qci: place.qci,
        has_bandwidth: place.available >= gbr_bps,
        available_bps: place.available,
        announced_by: if on_behalf { AnnouncedBy::ControllingServer } else { AnnouncedBy::Own },
        sdp: place.sdp,
    }
}

fn place_of(bearer: SharedBearer) -> SharedPlace {
    SharedPlace {
        areas: bearer.areas.into_iter().collect(),
        frequency: bearer.frequency,
        qci: bearer.qci,
        available: bearer.available_bps,
        is_on_behalf: bearer.announced_by == AnnouncedBy::ControllingServer,
        sdp: bearer.sdp,
    }
}

/// How long the releases of others are waited for.
const GRACE: Duration = Duration::from_millis(150);
/// Releases that wait at the same time.
const MAX_HELD: usize = 256;
/// Users of other servers that bearers are announced to.
const MAX_FOREIGN: usize = 10_000;
/// A release that is refused is asked for again so often; then the lease ends what is left.
const MAX_RELEASES: u32 = 8;
/// A lease is renewed no more often.
const MIN_RENEWAL_MS: u64 = 50;
/// RTCP packet type of APP (RFC 3550 clause 12.1).
const RTCP_APP: u8 = 204;
