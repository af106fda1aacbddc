//! The client: what the user wants, what the servers say, and what comes over bearers, in one machine.

mod listening;
mod signalling;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use protocol::{Entropy, Instant, Tmgi};

use super::bearers::Bearers;
use super::call::{Group, GroupOutput};
use super::config::McConfig;
use super::io::{GroupFigures, GroupStanding, McCommand, McEvent, McInput, McOutput};
use super::reports::Reports;
use crate::agent::media::{Reception, Spoken};
use crate::agent::sip::{AgentCommand, CallId};

/// Groups that a client has had calls of.
const MOST_GROUPS: usize = 16;
/// Its tokens and calls are from here on: others of the same SIP agent are below.
const FIRST_TOKEN: u64 = 1 << 48;
const FIRST_CALL: u64 = 1 << 31;

/// An MCPTT client.
#[derive(Debug)]
pub struct McClient {
    config: McConfig,
    entropy: Entropy,
    /// Requests that are not answered yet.
    pending: BTreeMap<u64, Pending>,
    next_token: u64,
    next_call: u64,
    is_authorised: bool,
    affiliated: Vec<String>,
    /// Entity tag of the publication of its affiliations.
    affiliation: Option<String>,
    /// When it publishes again, so that what it has published goes on.
    refreshes: Refreshes,
    groups: BTreeMap<String, Group>,
    /// None: it cannot receive any.
    bearers: Option<Bearers>,
    reports: Reports,
    /// General purpose subchannels that were told to be heard, and who has announced them.
    told: BTreeMap<Tmgi, String>,
    /// Calls that were left for newer ones of the same groups and whose end is not told yet.
    left: BTreeSet<CallId>,
    /// What it hears may have changed since that was reported.
    is_to_report: bool,
    outputs: VecDeque<McOutput>,
}

/// When publications are made again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Refreshes {
    authorisation: Option<Instant>,
    affiliation: Option<Instant>,
    access_token: Option<String>,
}

/// A PUBLISH that is on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Pending {
    Authorisation,
    Affiliation(Vec<String>),
}

impl McClient {
    /// Feature tags of the Contact in REGISTER (TS 24.379 clause 7.2.1).
    pub const FEATURES: [&str; 2] = ["+g.3gpp.mcptt", "+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.mcptt\""];

    /// A client that is not authorised.
    pub fn new(config: McConfig, entropy: Entropy) -> Self {
        let settings = config.mbms;
        Self {
            bearers: settings.map(|settings| Bearers::new(settings.patience)),
            reports: Reports::new(settings.unwrap_or_default().pause),
            config,
            entropy,
            pending: BTreeMap::new(),
            next_token: FIRST_TOKEN,
            next_call: FIRST_CALL,
            is_authorised: false,
            affiliated: Vec::new(),
            affiliation: None,
            refreshes: Refreshes::default(),
            groups: BTreeMap::new(),
            told: BTreeMap::new(),
            left: BTreeSet::new(),
            is_to_report: false,
            outputs: VecDeque::new(),
        }
    }

    /// Something has come in.
    pub fn handle_input(&mut self, now: Instant, input: McInput<'_>) {
        // Datagrams come all the time and nearly never change what is heard: those that do say so themselves.
        self.is_to_report |= !matches!(input, McInput::Datagram { .. } | McInput::Broadcast { .. });
        match input {
            McInput::Command(command) => self.command(now, command),
            McInput::Agent(event) => self.told_by_agent(now, event),
            McInput::Datagram { local, octets } => self.datagram(now, local, octets),
            McInput::Broadcast { destination, octets } => self.broadcast(now, destination, octets),
            McInput::Listed(tmgis) => self.bearers.iter_mut().for_each(|bearers| bearers.listed(tmgis.clone())),
            McInput::Block => self.covered(now),
            McInput::CellLost => self.cell_lost(now),
        }
        self.settle(now);
    }

    /// A good transport block has come where that says nothing but that the coverage goes on: there are hundreds of them a
    /// second. Then it is due no sooner than before and has no more to say. False: [`McInput::Block`] says it.
    pub fn goes_on(&mut self, now: Instant) -> bool {
        self.bearers.as_mut().is_none_or(|bearers| bearers.goes_on(now))
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        let utc_ms = self.utc_ms(now);
        for group in self.groups.values_mut() {
            group.handle_timeout(now, utc_ms);
        }
        if self.bearers.as_mut().is_some_and(|bearers| bearers.handle_timeout(now)) {
            self.is_to_report = true;
            self.event(McEvent::Coverage { is_there: false });
        }
        self.refresh(now);
        self.settle(now);
    }

    /// When it wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let groups = self.groups.values().filter_map(Group::poll_timeout).min();
        let bearers = self.bearers.as_ref().and_then(Bearers::poll_timeout);
        let own = [self.refreshes.authorisation, self.refreshes.affiliation];
        own.into_iter().chain([groups, bearers, self.reports.poll_timeout()]).flatten().min()
    }

    /// What is to be done.
    pub fn poll_output(&mut self) -> Option<McOutput> {
        self.outputs.pop_front()
    }

    /// [`Self::poll_output`] has something to be done.
    pub fn has_output(&self) -> bool {
        !self.outputs.is_empty()
    }

    /// Its server has authorised its user.
    pub const fn is_authorised(&self) -> bool {
        self.is_authorised
    }

    /// Groups that it is affiliated to.
    pub fn affiliated(&self) -> &[String] {
        &self.affiliated
    }

    /// Groups that it has had calls of.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// How it stands in a group; none: it never had a call of it.
    pub fn standing(&self, group: &str) -> Option<GroupStanding> {
        self.groups.get(group).map(Group::standing)
    }

    /// What it has measured in a group, in all calls of it.
    pub fn figures(&self, group: &str) -> Option<GroupFigures> {
        self.groups.get(group).map(Group::figures)
    }

    /// What it has received in a group, packet by packet.
    pub fn reception(&self, group: &str) -> Option<&Reception> {
        self.groups.get(group)?.media.reception()
    }

    /// Its source in a group, and the packets of speech that it has sent from it.
    pub fn spoken(&self, group: &str) -> Option<(u32, &[Spoken])> {
        self.groups.get(group).map(|group| (group.media.ssrc(), group.media.spoken()))
    }

    /// Where it takes datagrams by unicast.
    pub fn ports(&self) -> Vec<SocketAddr> {
        self.groups.values().flat_map(Group::ports).collect()
    }

    /// Bearers that were announced to it and not taken back, whether it hears them or not.
    pub fn announced_bearers(&self) -> impl Iterator<Item = Tmgi> + '_ {
        self.bearers.iter().flat_map(Bearers::announced)
    }

    /// True for a datagram over a bearer that it does something with.
    pub fn takes(&self, destination: SocketAddr) -> bool {
        let bearers = self.bearers.as_ref();
        bearers.is_some_and(|own| own.is_general_purpose(destination) || own.group_at(destination).is_some())
    }

    fn datagram(&mut self, now: Instant, local: SocketAddr, octets: &[u8]) {
        let changed = self.coverage_changed(now);
        let group = self.groups.values_mut().find(|group| group.ports().contains(&local));
        let result = match group {
            Some(group) => group.receive(now, local, octets, changed),
            None => Err("nobody has this port".into()),
        };
        if let Err(why) = result {
            self.ignored(format!("a datagram to {local}"), why);
        }
    }

    /// What the parts want done, until they want nothing.
    fn settle(&mut self, now: Instant) {
        for (name, group) in &mut self.groups {
            while let Some(output) = group.poll_output() {
                self.outputs.push_back(match output {
                    GroupOutput::Datagram(datagram) => McOutput::Datagram(datagram),
                    GroupOutput::Floor(event) => McOutput::Event(McEvent::Floor { group: name.clone(), event }),
                });
            }
        }
        if std::mem::take(&mut self.is_to_report) {
            self.report();
        }
        self.send_reports(now);
    }

    /// The group, which may be new; none: there are too many.
    fn group(&mut self, name: &str) -> Option<&mut Group> {
        if !self.groups.contains_key(name) {
            let place = self.groups.len();
            if place >= MOST_GROUPS {
                return None;
            }
            let group = Group::new(place, &self.config, &mut self.entropy);
            self.groups.insert(name.to_owned(), group);
        }
        self.groups.get_mut(name)
    }

    fn group_of(&mut self, call: CallId) -> Option<(String, &mut Group)> {
        let is_it = |group: &Group| group.call.as_ref().is_some_and(|own| own.id == call);
        self.groups.iter_mut().find(|(_, group)| is_it(group)).map(|(name, group)| (name.clone(), group))
    }

    const fn new_token(&mut self) -> u64 {
        self.next_token += 1;
        self.next_token
    }

    const fn utc_ms(&self, now: Instant) -> u64 {
        self.config.utc_ms_at_zero + now.as_nanos() / 1_000_000
    }

    fn agent(&mut self, command: AgentCommand) {
        self.outputs.push_back(McOutput::Agent(command));
    }

    fn event(&mut self, event: McEvent) {
        self.outputs.push_back(McOutput::Event(event));
    }

    fn ignored(&mut self, what: String, why: impl Into<String>) {
        self.event(McEvent::Ignored { what, why: why.into() });
    }

    fn command(&mut self, now: Instant, command: McCommand) {
        match command {
            McCommand::Authorise { access_token } => self.authorise(access_token),
            McCommand::Affiliate { groups } => self.affiliate(groups),
            McCommand::Call { group } => self.call(&group),
            McCommand::Talk { group, speech } => {
                let talks = self.groups.get_mut(&group).is_some_and(|own| own.talk(now, speech));
                if !talks {
                    self.ignored(format!("the button of {group}"), "there is no call");
                }
            }
            McCommand::Release { group } => self.groups.get_mut(&group).into_iter().for_each(|own| own.release(now)),
            McCommand::HangUp { group } => self.hang_up(&group),
            McCommand::Vanish => self.vanish(now),
        }
    }

    fn vanish(&mut self, now: Instant) {
        let utc_ms = self.utc_ms(now);
        for group in self.groups.values_mut().filter(|group| group.call.is_some()) {
            group.end(now, utc_ms);
            // Nothing goes out any more.
            while group.poll_output().is_some() {}
        }
        self.pending.clear();
        self.left.clear();
        self.reports.clear();
        self.told.clear();
        self.forget_publications();
        self.bearers = self.config.mbms.map(|settings| Bearers::new(settings.patience));
    }
}
