//! Calls over bearers: who distributes, who hears it there (TS 23.280 clauses 10.7.3.3, 10.7.3.9.2.2 steps 6 to 12).

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use protocol::mc::subchannel::{MbmsSubchannel, SubchannelControl, SubchannelMessage};
use protocol::{Instant, Tmgi};

use super::BearersOutput;
use super::decide::Place;
use super::machine::{Machine, PendingRelease};
use super::own::Kind;
use crate::mbms::GroupCodec;
use crate::mc::coordination::{Granted, Seat};
use crate::mc::subchannel::{Mapping, Say};

/// A call of a group.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) group: String,
    pub(super) codec: GroupCodec,
    /// How members know it.
    pub(super) session: Option<String>,
    /// How other servers know it.
    pub(super) identity: String,
    pub(super) members: BTreeSet<String>,
    /// Bearers that it is on, or shall be.
    pub(super) ways: BTreeMap<Tmgi, Way>,
    /// Members that say that they hear it, and where.
    pub(super) reported: BTreeMap<String, Tmgi>,
    /// Members that hear it over a bearer, and from when on they get no unicast.
    pub(super) hears: HashMap<String, Instant>,
    recent: VecDeque<(Instant, Vec<u8>)>,
}

/// A call on a bearer.
#[derive(Debug)]
pub(super) struct Way {
    /// Whose bearer it is; none: our own, with this number.
    pub(super) of: Result<u64, String>,
    /// Identity of the last request.
    pub(super) id: String,
    pub(super) state: WayState,
    pub(super) mapping: Mapping,
    /// The response is waited for until then.
    pub(super) open: Option<Instant>,
    /// It is asked for again then.
    pub(super) again_at: Option<Instant>,
    /// The call is on another bearer now: it leaves this one by then.
    pub(super) leaves_at: Option<Instant>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum WayState {
    /// Nothing was said yet.
    Asked,
    /// We send (step 7a).
    Sends(Target),
    /// Somebody else does (step 7b).
    Listens,
    /// There is no bandwidth.
    Insufficient,
    Refused,
}

/// Where a call is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Target {
    /// Our own bearer.
    Own { id: u64, subchannel: MbmsSubchannel },
    /// To the server that has the bearer.
    Other { media: SocketAddr, floor: SocketAddr, general_purpose: SocketAddr, subchannel: MbmsSubchannel },
}

impl Way {
    /// Its members can hear the call there.
    pub(super) const fn is_on(&self) -> bool {
        matches!(self.state, WayState::Sends(_) | WayState::Listens)
    }
}

impl Target {
    const fn subchannel(&self) -> MbmsSubchannel {
        match self {
            Self::Own { subchannel, .. } | Self::Other { subchannel, .. } => *subchannel,
        }
    }
}

impl Machine {
    pub(super) fn call_begins(&mut self, now: Instant, call: u64, group: &str, codec: &GroupCodec) {
        let identity = self.identity();
        let (group, codec) = (group.to_owned(), codec.clone());
        let (members, ways, reported, hears) = Default::default();
        let call_of =
            Call { group, codec, session: None, identity, members, ways, reported, hears, recent: VecDeque::new() };
        self.calls.insert(call, call_of);
        self.touch(now);
    }

    pub(super) fn call_ends(&mut self, now: Instant, call: u64) {
        let Some(over) = self.calls.remove(&call) else { return };
        for user in self.users.values_mut() {
            user.calls.remove(&call);
        }
        for way in over.ways.into_values() {
            self.close(now, &over.group, &over.identity, &way);
        }
        for bearer in self.own.values_mut() {
            if let Kind::Duplicate { calls, .. } = &mut bearer.kind {
                calls.remove(&call);
            }
        }
        self.touch(now);
    }

    /// A call leaves a bearer (step 11). Who has the bearer unmaps the group, unless the call goes on at another server.
    fn close(&mut self, now: Instant, group: &str, call: &str, way: &Way) {
        if !matches!(way.state, WayState::Insufficient | WayState::Refused) {
            self.release(now, &way.of, group, call);
        }
    }

    /// Gives back what a call has on bearers of somebody.
    fn release(&mut self, now: Instant, of: &Result<u64, String>, group: &str, call: &str) {
        match of {
            Ok(id) => {
                let own = self.config.own.clone();
                let Some(bearer) = self.own.get_mut(id) else { return };
                let (_, freed) = bearer.capacity.release(group, &own, call);
                if let Some(freed) = freed {
                    self.freed(now, *id, freed);
                }
                self.touch(now);
            }
            Err(server) => {
                let is_sent = self
                    .releases
                    .values()
                    .any(|open| open.server == *server && open.group == group && open.call == call);
                if !is_sent {
                    let (server, group, call) = (server.clone(), group.to_owned(), call.to_owned());
                    let until = now + self.config.patience;
                    self.send_release(PendingRelease { server, group, call, until, again_at: None, tries: 0 });
                }
            }
        }
    }

    pub(super) fn in_call(&mut self, now: Instant, call: u64, mcptt_id: &str, is_in: bool) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        let user = self.users.entry(mcptt_id.to_owned()).or_default();
        if is_in {
            known.members.insert(mcptt_id.to_owned());
            user.calls.insert(call);
            self.hear(now, call, mcptt_id);
        } else {
            known.members.remove(mcptt_id);
            known.reported.remove(mcptt_id);
            known.hears.remove(mcptt_id);
            user.calls.remove(&call);
        }
    }

    /// A call shall be on a bearer: the server that has it is asked (step 6).
    pub(super) fn ensure_way(&mut self, now: Instant, call: u64, place: &Place) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        let way = known.ways.entry(place.tmgi).or_insert_with(|| Way {
            of: place.of.clone(),
            id: String::new(),
            state: WayState::Asked,
            mapping: Mapping::default(),
            open: None,
            again_at: Some(now),
            leaves_at: None,
        });
        if way.open.is_none() && way.again_at.is_some_and(|at| at <= now) {
            self.ask_way(now, call, place.tmgi);
        }
    }

    /// Media distribution request; the first one, or one that renews what it has got.
    fn ask_way(&mut self, now: Instant, call: u64, tmgi: Tmgi) {
        let id = self.identity();
        let Some(known) = self.calls.get_mut(&call) else { return };
        let (group, identity, codec) = (known.group.clone(), known.identity.clone(), known.codec.clone());
        let Some(way) = known.ways.get_mut(&tmgi) else { return };
        way.id.clone_from(&id);
        match way.of.clone() {
            Ok(bearer) => {
                way.again_at = None;
                self.ask_own(now, call, tmgi, bearer);
            }
            Err(server) => {
                (way.open, way.again_at) = (Some(now + self.config.patience), None);
                self.request_distribution(&server, id, &group, &identity, tmgi, &codec);
            }
        }
    }

    /// The control role of our own bearer decides on our own call.
    pub(super) fn ask_own(&mut self, now: Instant, call: u64, tmgi: Tmgi, id: u64) {
        let own = self.config.own.clone();
        let retry = self.config.retry;
        let (Some(known), Some(bearer)) = (self.calls.get(&call), self.own.get_mut(&id)) else { return };
        let seat = Seat { id: String::new(), call: known.identity.clone(), until: None, from: None, port: None };
        let granted = bearer.capacity.request(&known.group, &own, known.codec.bit_rate, seat);
        let state = match granted {
            Granted::Distribute { slot } => match bearer.subchannel(slot) {
                Some(subchannel) => WayState::Sends(Target::Own { id, subchannel }),
                None => WayState::Refused,
            },
            Granted::Already { .. } => WayState::Listens,
            Granted::Insufficient => WayState::Insufficient,
        };
        let again_at = matches!(state, WayState::Insufficient | WayState::Refused).then_some(now + retry);
        self.set_way(now, call, tmgi, state, again_at);
    }

    /// What a request has got.
    pub(super) fn set_way(&mut self, now: Instant, call: u64, tmgi: Tmgi, state: WayState, again_at: Option<Instant>) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        let Some(way) = known.ways.get_mut(&tmgi) else { return };
        (way.open, way.again_at) = (None, again_at);
        if way.state == state {
            return;
        }
        let text = match &state {
            WayState::Asked => return,
            WayState::Sends(_) => "we distribute",
            WayState::Listens => "another server distributes",
            WayState::Insufficient => "it has no bandwidth",
            WayState::Refused => "it cannot be",
        };
        if state == WayState::Insufficient {
            self.counters.insufficient += 1;
        }
        let text = format!("{} on MBMS bearer {tmgi}: {text}", known.group);
        if !matches!((&way.state, &state), (WayState::Sends(before), WayState::Sends(after)) if before.subchannel() == after.subchannel())
        {
            way.mapping = Mapping::default();
        }
        let takes_over = way.state == WayState::Listens && matches!(state, WayState::Sends(_));
        way.state = state;
        self.say(text);
        if takes_over {
            self.take_over(now, call, tmgi);
        }
        self.hear_all(now, call);
        self.touch(now);
    }

    /// A bearer is not there any more: calls that are on it are not.
    pub(super) fn bearer_is_gone(&mut self, now: Instant, server: Option<&str>, tmgi: Tmgi) {
        let is_of = |way: &Way| match (&way.of, server) {
            (Ok(_), None) => true,
            (Err(own), Some(server)) => own == server,
            _ => false,
        };
        for call in self.calls.keys().copied().collect::<Vec<_>>() {
            let Some(known) = self.calls.get_mut(&call) else { continue };
            if known.ways.get(&tmgi).is_some_and(is_of) {
                known.ways.remove(&tmgi);
                known.reported.retain(|_, own| *own != tmgi);
                self.hear_all(now, call);
            }
        }
        for user in self.users.values_mut() {
            user.hears.remove(&tmgi);
        }
        self.touch(now);
    }

    /// A server does not answer: nothing goes over its bearers.
    pub(super) fn server_is_gone(&mut self, now: Instant, server: &str) {
        let ways = |call: &Call| {
            let of = |way: &Way| way.of.as_ref().is_err_and(|own| own == server);
            call.ways.iter().filter(|(_, way)| of(way)).map(|(tmgi, _)| *tmgi).collect::<Vec<_>>()
        };
        let gone: BTreeSet<Tmgi> = self.calls.values().flat_map(ways).collect();
        for tmgi in gone {
            self.bearer_is_gone(now, Some(server), tmgi);
        }
        self.releases.retain(|_, release| release.server != server);
    }

    /// The call is on another bearer now.
    pub(super) fn leave_later(&mut self, now: Instant, call: u64, tmgi: Tmgi) {
        let Some(way) = self.calls.get_mut(&call).and_then(|known| known.ways.get_mut(&tmgi)) else { return };
        if way.leaves_at.is_none() {
            way.leaves_at = Some(now + LEAVING);
            self.say(format!("there is bandwidth again: the call leaves MBMS bearer {tmgi}"));
        }
    }

    fn leave(&mut self, now: Instant, call: u64, tmgi: Tmgi) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        let Some(way) = known.ways.remove(&tmgi) else { return };
        known.reported.retain(|_, own| *own != tmgi);
        let (group, identity) = (known.group.clone(), known.identity.clone());
        if let Ok(id) = way.of
            && let Some(Kind::Duplicate { calls, .. }) = self.own.get_mut(&id).map(|bearer| &mut bearer.kind)
        {
            calls.remove(&call);
        }
        self.close(now, &group, &identity, &way);
        self.hear_all(now, call);
        self.touch(now);
    }

    /// RTP of a call.
    pub(super) fn audio(&mut self, now: Instant, call: u64, rtp: &[u8]) {
        let replay = self.config.replay;
        let Some(known) = self.calls.get_mut(&call).filter(|known| !known.ways.is_empty()) else { return };
        while known.recent.len() >= MAX_RECENT || known.recent.front().is_some_and(|(at, _)| *at + replay < now) {
            known.recent.pop_front();
        }
        known.recent.push_back((now, rtp.to_vec()));
        let group = known.group.clone();
        for target in self.mapped(now, call, None, true) {
            self.speak(&target, &group, rtp);
        }
    }

    /// Where a call goes that is mapped on its bearers, or on one of them. Speech maps it, and the first of it is announced,
    /// but on a bearer that the call leaves.
    fn mapped(&mut self, now: Instant, call: u64, on: Option<Tmgi>, is_speech: bool) -> Vec<Target> {
        let timers = self.timers();
        let Some(known) = self.calls.get_mut(&call) else { return Vec::new() };
        let group = known.group.clone();
        let (mut to, mut first) = (Vec::new(), Vec::new());
        for (tmgi, way) in known.ways.iter_mut().filter(|(tmgi, _)| on.is_none_or(|on| on == **tmgi)) {
            let WayState::Sends(target) = &way.state else { continue };
            if is_speech && way.mapping.heard(now, timers) && way.leaves_at.is_none() {
                first.push((*tmgi, target.clone()));
            }
            to.extend(way.mapping.is_mapped().then(|| target.clone()));
        }
        for (tmgi, target) in first {
            self.say_subchannel(&target, tmgi, &group, Say::Map);
        }
        to
    }

    fn speak(&mut self, target: &Target, group: &str, rtp: &[u8]) {
        match target {
            Target::Own { id, subchannel } => {
                self.broadcast_speech(*id, group, subchannel.media.port(), rtp);
            }
            Target::Other { media, .. } => self.forward(*media, rtp),
        }
    }

    /// Another server has sent a call on a bearer, and does not any more: what may not have come there is sent, as to a user that
    /// comes back from a bearer. The server that has the bearer leaves out what did.
    fn take_over(&mut self, now: Instant, call: u64, tmgi: Tmgi) {
        let replay = self.config.replay;
        let Some(known) = self.calls.get(&call) else { return };
        let missed = known.recent.iter().filter(|(at, _)| *at + replay >= now);
        let missed: Vec<Vec<u8>> = missed.map(|(_, packet)| packet.clone()).collect();
        let group = known.group.clone();
        if missed.is_empty() {
            return;
        }
        for target in self.mapped(now, call, Some(tmgi), true) {
            missed.iter().for_each(|rtp| self.speak(&target, &group, rtp));
        }
    }

    /// Floor control of a call: Floor Taken is the beginning of speech.
    pub(super) fn floor(&mut self, now: Instant, call: u64, message: &[u8]) {
        let is_taken = message.first().is_some_and(|first| first & SUBTYPE == FLOOR_TAKEN);
        for target in self.mapped(now, call, None, is_taken) {
            match target {
                Target::Own { id, subchannel } => {
                    if let Some((_, port)) = subchannel.floor {
                        self.broadcast(id, port, message);
                    }
                }
                Target::Other { floor, .. } => self.forward(floor, message),
            }
        }
    }

    fn forward(&mut self, to: SocketAddr, bytes: &[u8]) {
        self.counters.forwarded_out += 1;
        self.datagram(self.sender, to, bytes.to_vec());
    }

    fn say_subchannel(&mut self, target: &Target, tmgi: Tmgi, group: &str, say: Say) {
        let group = group.to_owned();
        let message = match say {
            Say::Map => SubchannelMessage::MapGroupToBearer { group, tmgi, subchannel: target.subchannel() },
            Say::Unmap => SubchannelMessage::UnmapGroupToBearer { group },
        };
        let control = SubchannelControl { ssrc: self.ssrc, message };
        match target {
            Target::Own { id, .. } => self.control(*id, &control),
            Target::Other { general_purpose, .. } => self.forward(*general_purpose, &control.to_bytes()),
        }
    }

    /// Who of a call hears it over a bearer, if that has changed.
    pub(super) fn hear_all(&mut self, now: Instant, call: u64) {
        let Some(known) = self.calls.get(&call) else { return };
        let users: BTreeSet<String> = known.hears.keys().chain(known.reported.keys()).cloned().collect();
        users.into_iter().for_each(|user| self.hear(now, call, &user));
    }

    pub(super) fn hear(&mut self, now: Instant, call: u64, mcptt_id: &str) {
        let replay = self.config.replay;
        let Some(known) = self.calls.get_mut(&call) else { return };
        let way = known.reported.get(mcptt_id).and_then(|tmgi| known.ways.get(tmgi));
        let is_on = known.members.contains(mcptt_id) && way.is_some_and(Way::is_on);
        if is_on == known.hears.contains_key(mcptt_id) {
            return;
        }
        let mut missed = Vec::new();
        if is_on {
            let is_ours = way.is_some_and(|way| matches!(way.state, WayState::Sends(_)));
            known.hears.insert(mcptt_id.to_owned(), if is_ours { now } else { now + OVERLAP });
        } else if let Some(from) = known.hears.remove(mcptt_id) {
            let is_missed = |at: Instant| at >= from && at + replay >= now;
            missed.extend(known.recent.iter().filter(|(at, _)| is_missed(*at)).map(|(_, packet)| packet.clone()));
        }
        match is_on {
            true => self.counters.to_broadcast += 1,
            false => self.counters.to_unicast += 1,
        }
        self.counters.replayed += missed.len() as u64;
        self.push(BearersOutput::Switched { call, mcptt_id: mcptt_id.to_owned(), to_broadcast: is_on, replay: missed });
    }

    /// A user is seen somewhere else: where the bearers of its calls are not, it hears unicast.
    pub(super) fn leaves_areas(&mut self, now: Instant, mcptt_id: &str) {
        let Some(user) = self.users.get(mcptt_id) else { return };
        for call in user.calls.clone() {
            let Some(tmgi) = self.calls.get(&call).and_then(|known| known.reported.get(mcptt_id).copied()) else {
                continue;
            };
            let areas = self.areas_of_bearer(tmgi);
            let is_there =
                self.users.get(mcptt_id).is_some_and(|user| user.areas.iter().any(|area| areas.contains(area)));
            if !is_there {
                if let Some(known) = self.calls.get_mut(&call) {
                    known.reported.remove(mcptt_id);
                }
                self.hear(now, call, mcptt_id);
            }
        }
    }

    fn areas_of_bearer(&self, tmgi: Tmgi) -> BTreeSet<u16> {
        let own = self.own.values().filter_map(|bearer| bearer.place.as_ref()).find(|place| place.tmgi == tmgi);
        let others = || self.neighbours.values().find_map(|other| other.bearers.get(&tmgi));
        own.map(|place| place.areas.clone()).or_else(|| others().map(|place| place.areas.clone())).unwrap_or_default()
    }

    pub(super) fn call_timers(&mut self, now: Instant) {
        let timers = self.timers();
        let mut says = Vec::new();
        let (mut asks, mut leaves, mut silent) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (key, call) in &mut self.calls {
            for (tmgi, way) in &mut call.ways {
                if let WayState::Sends(target) = &way.state
                    && let Some(say) = way.mapping.handle_timeout(now, timers)
                    && (say == Say::Unmap || way.leaves_at.is_none())
                {
                    says.push((target.clone(), *tmgi, call.group.clone(), say));
                }
                if let (Some(open), Err(server)) = (way.open, &way.of)
                    && open <= now
                {
                    silent.insert(server.clone());
                }
                if way.open.is_none() && way.again_at.is_some_and(|at| at <= now) {
                    asks.push((*key, *tmgi));
                }
                let has_left = !call.reported.values().any(|own| own == tmgi);
                if way.leaves_at.is_some_and(|at| at <= now || has_left) {
                    leaves.push((*key, *tmgi));
                }
            }
        }
        says.into_iter().for_each(|(target, tmgi, group, say)| self.say_subchannel(&target, tmgi, &group, say));
        asks.into_iter().for_each(|(call, tmgi)| self.ask_way(now, call, tmgi));
        leaves.into_iter().for_each(|(call, tmgi)| self.leave(now, call, tmgi));
        silent.into_iter().for_each(|server| self.no_response(now, &server));
    }

    pub(super) fn calls_due(&self) -> Option<Instant> {
        let of = |way: &Way| [way.mapping.due(), way.open, way.again_at, way.leaves_at].into_iter().flatten().min();
        self.calls.values().flat_map(|call| call.ways.values()).filter_map(of).min()
    }
}

/// Unicast goes on for so long beside a bearer that another server sends to: what was on it before its listeners knew may come
/// here after their reports.
const OVERLAP: Duration = Duration::from_millis(100);
/// How long members have to follow a call to another bearer.
const LEAVING: Duration = Duration::from_secs(5);
/// Packets: 10 s of one who speaks in packets of 20 ms.
const MAX_RECENT: usize = 512;
/// Type of a floor control message in the first octet, without the bit that asks for an answer (TS 24.380 clause 8.2.2).
const SUBTYPE: u8 = 0x0f;
/// Floor Taken (TS 24.380 table 8.2.2.1-1).
const FLOOR_TAKEN: u8 = 2;
