//! What is known, and when something is due.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use protocol::mime::Part;
use protocol::{Entropy, Instant, Tmgi};

use super::announce::{Announced, Told};
use super::calls::Call;
use super::own::{Inlet, OwnBearer, Planned};
use super::users::{Foreign, GroupUse, User};
use super::{BearersOutput, McMbmsConfig};
use crate::ims::service::Ports;
use crate::mbms::mb2::{BearerEvent, Mb2Client};
use crate::mc::coordination::Neighbour;
use crate::mc::subchannel::SubchannelTimers;
use crate::node::NodeOutput;

/// The bearers of a server that has some.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) config: McMbmsConfig,
    pub(super) mb2: Option<Mb2Client>,
    pub(super) users: BTreeMap<String, User>,
    /// Users of other servers, to whom bearers are announced on behalf.
    pub(super) foreign: BTreeMap<String, Foreign>,
    pub(super) groups: BTreeMap<String, GroupUse>,
    pub(super) calls: BTreeMap<u64, Call>,
    /// By the number that MB2 has for them.
    pub(super) own: BTreeMap<u64, OwnBearer>,
    pub(super) planned: Vec<Planned>,
    /// A bearer that the rule wants is not asked for before, after so many failures.
    pub(super) wanted: (Instant, u32),
    /// Nor one beside a full one.
    pub(super) duplicates_from: Instant,
    pub(super) neighbours: BTreeMap<String, Neighbour>,
    /// Servers that have asked for bearers: where, and how long that holds.
    pub(super) askers: BTreeMap<String, (BTreeSet<u16>, Instant)>,
    /// Releases that were not confirmed yet, by the identity of the request.
    pub(super) releases: BTreeMap<String, PendingRelease>,
    /// Releases that are not answered yet: those of the servers that relied on who asks may come.
    pub(super) held: Vec<HeldRelease>,
    /// What comes to the ports that other servers send to.
    pub(super) inlets: BTreeMap<u16, Inlet>,
    pub(super) ports: Ports,
    /// Where media to other servers come from.
    pub(super) sender: SocketAddr,
    pub(super) ssrc: u32,
    /// MESSAGEs that are under way.
    pub(super) sent: BTreeMap<u64, Sent>,
    pub(super) announced: BTreeMap<Tmgi, (u64, Announced)>,
    pub(super) told: BTreeMap<(String, Tmgi), Told>,
    pub(super) retries: BTreeSet<(Instant, String, Tmgi)>,
    pub(super) counters: Counters,
    pub(super) is_ending: bool,
    /// Makes calls and requests of this start other ones than those of the one before.
    nonce: String,
    next: u64,
    /// [`Self::review`] is due.
    dirty: Option<Instant>,
    /// When it was done last.
    reviewed: Instant,
    out: VecDeque<BearersOutput>,
}

/// A MESSAGE that is under way.
#[derive(Clone, Debug)]
pub(super) enum Sent {
    /// A request to another server.
    Request(String),
    /// A response, or something that nobody has asked for.
    Other,
    Announcement(String, Tmgi),
    Cancel(String, Tmgi),
}

/// A release that was not confirmed yet.
#[derive(Clone, Debug)]
pub(super) struct PendingRelease {
    pub(super) server: String,
    pub(super) group: String,
    pub(super) call: String,
    pub(super) until: Instant,
    /// It was refused: asked again then.
    pub(super) again_at: Option<Instant>,
    pub(super) tries: u32,
}

/// A release of a server that others relied on: one of them sends now.
#[derive(Clone, Debug)]
pub(super) struct HeldRelease {
    pub(super) server: String,
    pub(super) id: String,
    pub(super) group: String,
    /// Bearers of ours that the call goes on at.
    pub(super) bearers: Vec<u64>,
    /// Answered then at the latest.
    pub(super) until: Instant,
}

/// What has happened, for /metrics.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) broadcast: u64,
    pub(super) forwarded_out: u64,
    pub(super) forwarded_in: u64,
    pub(super) refused_in: u64,
    pub(super) repeated_in: u64,
    pub(super) maps: u64,
    pub(super) unmaps: u64,
    pub(super) announcements: u64,
    pub(super) reports: u64,
    pub(super) foreign_reports: u64,
    pub(super) to_broadcast: u64,
    pub(super) to_unicast: u64,
    pub(super) replayed: u64,
    pub(super) insufficient: u64,
    pub(super) duplicates: u64,
    pub(super) release_refusals: u64,
    pub(super) bearers_lost: u64,
    pub(super) no_response: u64,
}

impl Machine {
    pub(super) fn new(config: McMbmsConfig, mut entropy: Entropy) -> Self {
        let mut ports = Ports::new(config.ports);
        let sender = SocketAddr::new(config.media, ports.take().unwrap_or(config.ports.0));
        let others = config.discover.iter().filter(|server| **server != config.own);
        let neighbours = others.map(|server| (server.clone(), Neighbour::default())).collect();
        let mb2 = config.mb2.clone().map(|mb2| Mb2Client::new(mb2, entropy.split()));
        let mut machine = Self {
            planned: config.established.iter().map(|_| Planned::default()).collect(),
            mb2,
            users: BTreeMap::new(),
            foreign: BTreeMap::new(),
            groups: BTreeMap::new(),
            calls: BTreeMap::new(),
            own: BTreeMap::new(),
            wanted: (Instant::ZERO, 0),
            duplicates_from: Instant::ZERO,
            neighbours,
            askers: BTreeMap::new(),
            releases: BTreeMap::new(),
            held: Vec::new(),
            inlets: BTreeMap::new(),
            ports,
            sender,
            ssrc: entropy.next_u64() as u32,
            sent: BTreeMap::new(),
            announced: BTreeMap::new(),
            told: BTreeMap::new(),
            retries: BTreeSet::new(),
            counters: Counters::default(),
            is_ending: false,
            nonce: entropy.token(8),
            next: 0,
            dirty: None,
            reviewed: Instant::ZERO,
            out: VecDeque::new(),
            config,
        };
        machine.settle(Instant::ZERO);
        machine.touch(Instant::ZERO);
        machine
    }

    pub(super) fn timers(&self) -> SubchannelTimers {
        let (conversation, map_repeat) = (self.config.conversation, self.config.map_repeat);
        SubchannelTimers { conversation, map_repeat, unmap_repeat: self.config.unmap_repeat }
    }

    /// An identity of a call or a request that nobody has had.
    pub(super) fn identity(&mut self) -> String {
        self.next += 1;
        format!("{}-{}", self.nonce, self.next)
    }

    pub(super) fn push(&mut self, output: BearersOutput) {
        self.out.push_back(output);
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.out.push_back(BearersOutput::Note(text.into()));
    }

    pub(super) fn datagram(&mut self, local: SocketAddr, remote: SocketAddr, bytes: Vec<u8>) {
        self.push(BearersOutput::Node(NodeOutput::Datagram { local, remote, bytes }));
    }

    pub(super) fn send(&mut self, to: &str, parts: Vec<Part>, sent: Sent) {
        self.next += 1;
        self.sent.insert(self.next, sent);
        self.push(BearersOutput::Message { token: self.next, to: to.to_owned(), parts });
    }

    pub(super) fn poll_output(&mut self) -> Option<BearersOutput> {
        self.out.pop_front()
    }

    /// Something has changed that decisions follow from.
    pub(super) fn touch(&mut self, at: Instant) {
        self.dirty = Some(self.dirty.map_or(at, |dirty| dirty.min(at)));
    }

    /// The same, of many that change together.
    pub(super) fn touch_soon(&mut self, now: Instant) {
        self.touch(now + TOGETHER);
    }

    /// Decides until there is nothing to decide.
    pub(super) fn settle(&mut self, now: Instant) {
        self.drain_mb2(now);
        for _ in 0..MAX_ROUNDS {
            if self.dirty.take_if(|at| *at <= now).is_none() {
                break;
            }
            self.reviewed = now;
            self.review(now);
            self.drain_mb2(now);
        }
        if self.is_ending && self.own.is_empty() {
            if let Some(mb2) = self.mb2.as_mut().filter(|mb2| mb2.len() == 0) {
                mb2.disconnect(now);
            }
            self.drain_mb2(now);
        }
    }

    fn drain_mb2(&mut self, now: Instant) {
        while let Some(output) = self.mb2.as_mut().and_then(Mb2Client::poll_output) {
            self.push(BearersOutput::Node(output));
        }
        while let Some(event) = self.mb2.as_mut().and_then(Mb2Client::poll_event) {
            match event {
                BearerEvent::Up(id) => self.own_up(now, id),
                BearerEvent::Lost(id) => self.own_lost(now, id),
            }
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if let Some(mb2) = &mut self.mb2
            && mb2.poll_timeout().is_some_and(|due| due <= now)
        {
            mb2.handle_timeout(now);
        }
        let silent: Vec<String> =
            self.neighbours.iter().filter(|(_, other)| other.is_over(now)).map(|(server, _)| server.clone()).collect();
        silent.into_iter().for_each(|server| self.no_response(now, &server));
        self.call_timers(now);
        self.own_timers(now);
        self.release_timers(now);
        self.answer_releases(now);
        self.retry_announcements(now);
        if self.decisions_due().is_some_and(|due| due <= now) {
            self.touch(now);
        }
        self.settle(now);
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let mb2 = self.mb2.as_ref().and_then(Mb2Client::poll_timeout);
        let neighbours = self.neighbours.values().filter_map(Neighbour::ends).min();
        let held = self.held.iter().map(|held| held.until);
        let releases =
            self.releases.values().map(|release| release.again_at.unwrap_or(release.until)).chain(held).min();
        let retries = self.retries.first().map(|(at, ..)| *at);
        let own = [self.dirty, mb2, neighbours, releases, retries, self.calls_due(), self.own_due()];
        own.into_iter().flatten().chain(self.decisions_due()).min()
    }

    /// When [`Self::review`] would do something, if nothing changed.
    fn decisions_due(&self) -> Option<Instant> {
        let groups = self.groups.values().filter_map(|group| group.choice.due(&self.config.rule));
        let neighbours = self.neighbours.values().filter_map(Neighbour::again_at);
        // What was due at the last review and still is has nothing to do.
        groups.chain(neighbours).chain(self.bearers_due()).filter(|at| *at > self.reviewed).min()
    }

    pub(super) fn shut_down(&mut self, now: Instant) {
        self.is_ending = true;
        for call in self.calls.keys().copied().collect::<Vec<_>>() {
            self.call_ends(now, call);
        }
        self.touch(now);
    }
}

impl Machine {
    pub(super) fn figures(&self) -> Vec<(&'static str, u64)> {
        let counters = &self.counters;
        let sum = |of: &dyn Fn(&OwnBearer) -> u64| self.own.values().map(of).sum::<u64>();
        vec![
            ("mc_bearers", self.mb2.as_ref().map_or(0, Mb2Client::len) as u64),
            ("mc_bearers_used", sum(&|bearer| bearer.is_used().into())),
            ("mc_bearers_known", self.neighbours.values().map(|other| other.bearers.len() as u64).sum()),
            ("mc_groups_on_bearers", sum(&|bearer| bearer.capacity.len() as u64)),
            ("mc_reserved_bits_per_second", sum(&|bearer| bearer.capacity.reserved().into())),
            ("mc_sharing_ports_left", self.ports.left() as u64),
            ("mc_releases_open", self.releases.len() as u64),
            ("mc_listeners", self.calls.values().map(|call| call.hears.len() as u64).sum()),
            ("mc_bearers_lost", counters.bearers_lost),
            ("mc_duplicate_bearers", counters.duplicates),
            ("mc_sent_broadcast", counters.broadcast),
            ("mc_sent_to_servers", counters.forwarded_out),
            ("mc_heard_of_servers", counters.forwarded_in),
            ("mc_refused_of_servers", counters.refused_in),
            ("mc_repeated_by_servers", counters.repeated_in),
            ("mc_maps", counters.maps),
            ("mc_unmaps", counters.unmaps),
            ("mc_announcements", counters.announcements),
            ("mc_listening_reports", counters.reports),
            ("mc_listening_reports_on_behalf", counters.foreign_reports),
            ("mc_switched_to_broadcast", counters.to_broadcast),
            ("mc_switched_to_unicast", counters.to_unicast),
            ("mc_rtp_replayed", counters.replayed),
            ("mc_insufficient_bandwidth", counters.insufficient),
            ("mc_releases_refused", counters.release_refusals),
            ("mc_servers_without_response", counters.no_response),
        ]
    }
}

/// Users come and move in crowds: what follows is decided once for all that come within this time.
const TOGETHER: Duration = Duration::from_millis(20);
/// A decision may lead to another one, but not for ever.
const MAX_ROUNDS: usize = 16;
