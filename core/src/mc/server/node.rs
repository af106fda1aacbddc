//! The node: what comes in is given to the user agent, to the media or to the bearers, what comes out of them is done.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use protocol::mc::names::{MCPTT_FEATURE, POC_SETTINGS_EVENT, PRESENCE_EVENT};
use protocol::sip::proxy::Refusal;
use protocol::sip::{
    Event, Flow, Method, NameAddr, PAccessNetworkInfo, Passed, Request, Response, ServerKey, SipUri, StackInput, Uri,
    UserAgent, UserAgentEvent, UserAgentOutput,
};
use protocol::{Entropy, Instant};

use super::affiliation::{Forwarded, Publishing};
use super::authorisation::Authorised;
use super::call::{Calls, Kind};
use super::directory::{Directory, psi_of};
use super::registrar::Registrar;
use crate::ims::service::{Caller, Ports, SessionServer};
use crate::mc::bearers::{Bearers, BearersOutput};
use crate::mc::config::{McAuthentication, McServerConfig};
use crate::node::{Admin, Node, NodeInput, NodeOutput, NodeShell, NodeStoreAnswer};
use crate::store::StoreToken;

/// An MC service server.
#[derive(Debug)]
pub struct McServer {
    pub(super) config: McServerConfig,
    pub(super) directory: Directory,
    /// Its public service identity.
    pub(super) psi: String,
    pub(super) own: SipUri,
    pub(super) ua: UserAgent,
    pub(super) ports: Ports,
    pub(super) entropy: Entropy,
    /// Its synchronisation source in floor control.
    pub(super) ssrc: u32,
    pub(super) registrar: Registrar,
    pub(super) calls: Calls,
    pub(super) bearers: Bearers,
    pub(super) shell: NodeShell<Job>,
    /// What requests of ours are for, by their tokens.
    pub(super) asked: BTreeMap<u64, Asked>,
    pub(super) publishing: BTreeMap<u64, Publishing>,
    pub(super) counters: Counters,
    next_token: u64,
    /// What the store has of earlier runs is here.
    pub(super) is_ready: bool,
    /// It takes nobody any more.
    pub(super) is_ending: bool,
    ua_due: Option<Instant>,
    outputs: VecDeque<NodeOutput>,
}

/// What waits for the store.
#[derive(Debug)]
pub(super) enum Job {
    Load,
    Authorised(Box<Authorised>),
    Affiliated(u64),
    Forwarded(Box<Forwarded>),
    Nothing,
}

/// What a request of ours is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Asked {
    /// A MESSAGE of the bearers.
    Bearers(u64),
    /// An affiliation at another server, of the publication of a user.
    Affiliation(u64),
    /// Nobody waits.
    Nothing,
}

/// Who sends a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Sender {
    /// A user of ours, authorised.
    User(String),
    /// Another server.
    Server(String),
}

/// What has happened, for /metrics.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) refused: u64,
    pub(super) rtp_heard: u64,
    pub(super) rtp_refused: u64,
    pub(super) rtp_without_floor: u64,
    pub(super) rtp_unicast: u64,
    pub(super) rtp_spared: u64,
    pub(super) rtp_replayed: u64,
    pub(super) floor_bad: u64,
}

impl McServer {
    /// A server that reads what it had before.
    ///
    /// # Errors
    /// Its name is no host, there are no media ports, or the tables of users and groups cannot be.
    pub fn new(config: McServerConfig, mut entropy: Entropy) -> Result<Self, String> {
        let SessionServer { own, mut ua, ports } = config.sip.open("mc_server", ALLOW, entropy.split())?;
        let directory = Directory::new(&config)?;
        ua.watch();
        let mut mbms = config.mbms.clone();
        if let Some(mbms) = mbms.as_mut().filter(|mbms| mbms.peers.is_empty()) {
            mbms.peers = config.servers.iter().map(|name| psi_of(name)).collect();
        }
        let bearers = Bearers::new(mbms, entropy.split());
        let ssrc = u32::try_from(entropy.next_u64() >> 32).unwrap_or(1);
        let mut server = Self {
            psi: psi_of(&config.sip.name),
            shell: NodeShell::new(config.utc_ms_at_zero),
            config,
            directory,
            own,
            ua,
            ports,
            entropy,
            ssrc,
            registrar: Registrar::default(),
            calls: Calls::default(),
            bearers,
            asked: BTreeMap::new(),
            publishing: BTreeMap::new(),
            counters: Counters::default(),
            next_token: 0,
            is_ready: false,
            is_ending: false,
            ua_due: None,
            outputs: VecDeque::new(),
        };
        server.shell.store(Registrar::scans(), Job::Load);
        server.settle(Instant::ZERO);
        Ok(server)
    }

    /// Who sends a request; 403 if he may not (TS 24.379 clause 6.3.2.1.1: 141, user unknown to the participating function).
    pub(super) fn sender(&self, request: &Request, flow: Flow) -> Result<Sender, Refusal> {
        let caller = Caller::of(request, flow, &self.config.sip.trusted)?;
        if let Some(server) = caller.identities().find(|identity| self.directory.is_server(identity)) {
            return Ok(Sender::Server(server));
        }
        let user = caller.identities().find_map(|impu| self.user_of(&impu));
        user.map(Sender::User).ok_or_else(|| self.warned(403, "101 service authorisation failed"))
    }

    /// The user of ours with this IMS identity.
    pub(super) fn user_of(&self, impu: &str) -> Option<String> {
        let bound = self.registrar.by_impu(impu);
        let known = match self.config.authentication {
            McAuthentication::Tokens(_) => bound,
            McAuthentication::Table => {
                bound.or_else(|| self.directory.by_impu(impu).filter(|id| self.directory.own(id).is_some()))
            }
        };
        known.map(str::to_owned)
    }

    /// Where a user of ours is called: the IMS identity that he is authorised with.
    pub(super) fn impu_of(&self, mcptt_id: &str) -> Option<String> {
        if let Some(authorisation) = self.registrar.authorisation(mcptt_id) {
            return Some(authorisation.impu.clone());
        }
        let is_open = matches!(self.config.authentication, McAuthentication::Table);
        self.directory.own(mcptt_id).filter(|_| is_open).and_then(|user| user.impus.first().cloned())
    }

    /// A refusal with a warning text (TS 24.379 clause 4.4.2).
    pub(super) fn warned(&self, status: u16, text: &str) -> Refusal {
        Refusal::new(status).with("Warning", &format!("399 {} \"{text}\"", self.own.host))
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.shell.say(text);
    }

    pub(super) fn datagram(&mut self, from: u16, remote: SocketAddr, bytes: Vec<u8>) {
        let local = self.config.sip.media_at(from);
        self.outputs.push_back(NodeOutput::Datagram { local, remote, bytes });
    }

    pub(super) fn refuse(&mut self, now: Instant, key: ServerKey, request: &Request, refusal: &Refusal) {
        let mut response = Response::to(request, refusal.status, refusal.reason.as_deref());
        refusal.headers.iter().for_each(|(name, value)| response.headers.append(name, value));
        self.counters.refused += 1;
        self.say(format!("{} refused with {} {}", request.method, response.status, why_of(refusal)));
        self.ua.respond(now, key, response);
    }

    /// A request outside of dialogs.
    pub(super) fn ask(&mut self, now: Instant, asked: Asked, request: Request) -> u64 {
        self.next_token += 1;
        self.asked.insert(self.next_token, asked);
        self.ua.send(now, self.next_token, request);
        self.next_token
    }

    pub(super) const fn token(&mut self) -> u64 {
        self.next_token += 1;
        self.next_token
    }

    /// Gets the profile ready for a request of ours to a target.
    pub(super) fn speak_to(&mut self, target: &Uri, contact: Option<&SipUri>) {
        let route = self.config.sip.route_to(target);
        let own = NameAddr::new(Uri::Sip(self.own.clone()));
        let mut as_contact = contact.map_or_else(|| own.clone(), |uri| NameAddr::new(Uri::Sip(uri.clone())));
        as_contact.params.set_flag(MCPTT_FEATURE);
        if contact.is_some() {
            as_contact.params.set_flag("isfocus");
        }
        let profile = self.ua.profile_mut();
        (profile.from, profile.contact, profile.route) = (own, as_contact, route);
    }

    /// A message of a user tells where he is, and what his UE can do.
    pub(super) fn learn(&mut self, now: Instant, mcptt_id: &str, headers: &protocol::sip::Headers) {
        let cell = headers.values("P-Access-Network-Info").find_map(|v| PAccessNetworkInfo::parse(v).ok()?.cell());
        let contact = headers.addresses("Contact").ok().and_then(|contacts| contacts.into_iter().next());
        let can = contact.map(|contact| contact.has_mbms());
        if let Some(cell) = cell {
            self.registrar.seen(mcptt_id, cell);
        }
        if cell.is_some() || can == Some(true) {
            self.tell_seen(now, mcptt_id, can == Some(true));
        }
    }

    /// The bearers are told of a user.
    pub(super) fn tell_seen(&mut self, now: Instant, mcptt_id: &str, can_mbms: bool) {
        let Some(impu) = self.impu_of(mcptt_id) else { return };
        let authorisation = self.registrar.authorisation(mcptt_id);
        let can = can_mbms || authorisation.is_some_and(|authorisation| authorisation.can_mbms);
        self.bearers.user_seen(now, mcptt_id, &impu, can, self.registrar.cell(mcptt_id));
    }

    /// Lets user agent and bearers talk until nobody has anything to say.
    pub(super) fn settle(&mut self, now: Instant) {
        loop {
            while let Some(passed) = self.ua.poll_passed() {
                self.of_passed(now, &passed);
            }
            match self.ua.poll_output() {
                Some(UserAgentOutput::Transmit { target, bytes }) => {
                    self.outputs.push_back(NodeOutput::Sip { target, bytes });
                }
                Some(UserAgentOutput::Event(event)) => self.event(now, event),
                None if self.drain_floor(now) | self.drain_bearers(now) => {}
                None => break,
            }
        }
        self.ua_due = self.ua.poll_timeout();
    }

    /// Requests of users in their sessions, and 2xx of those who are called, tell where they are.
    fn of_passed(&mut self, now: Instant, passed: &Passed) {
        let (session, headers) = match passed {
            Passed::Request { request, flow: Some(_), .. } => (self.ua.session_of(request), &request.headers),
            Passed::Response { response, .. } if response.is_success() => {
                (self.ua.session_of_response(response), &response.headers)
            }
            Passed::Request { .. } | Passed::Response { .. } | Passed::Unanswered { .. } => return,
        };
        let leg = session.and_then(|session| self.calls.leg_of(session)).and_then(|id| self.calls.legs.get(&id));
        if let Some(user) = leg.filter(|leg| leg.side.is_user()).map(|leg| leg.user.clone()) {
            self.learn(now, &user, headers);
        }
    }

    /// True if there was anything to do.
    pub(super) fn drain_bearers(&mut self, now: Instant) -> bool {
        let mut any = false;
        while let Some(output) = self.bearers.poll_output() {
            any = true;
            match output {
                BearersOutput::Message { token, to, parts } => self.send_message(now, token, &to, parts),
                BearersOutput::Switched { call, mcptt_id, to_broadcast, replay } => {
                    self.switched(call, &mcptt_id, to_broadcast, replay);
                }
                BearersOutput::Node(output) => self.outputs.push_back(output),
                BearersOutput::Note(text) => self.say(text),
            }
        }
        any
    }

    fn event(&mut self, now: Instant, event: UserAgentEvent) {
        match event {
            UserAgentEvent::Incoming { session, invite, flow } => self.called(now, session, &invite, flow),
            UserAgentEvent::Session(session, event) => self.of_session(now, session, event),
            UserAgentEvent::Request { key, request, flow } => {
                if let Err(refusal) = self.request(now, key, &request, flow) {
                    self.refuse(now, key, &request, &refusal);
                }
            }
            UserAgentEvent::Response { token, result } => {
                let status = result.as_ref().map(|response| response.status).ok();
                let expires = result.ok().and_then(|response| response.expires().ok().flatten());
                match self.asked.remove(&token) {
                    Some(Asked::Bearers(own)) => self.bearers.answered(now, own, status),
                    Some(Asked::Affiliation(of)) => self.affiliation_answered(now, of, token, (status, expires)),
                    Some(Asked::Nothing) | None => {}
                }
            }
            UserAgentEvent::Subscriber(..) | UserAgentEvent::Notifier(..) => {}
            UserAgentEvent::Ignored { what, why } => self.shell.ignore(&why, &what),
        }
    }

    fn request(&mut self, now: Instant, key: ServerKey, request: &Request, flow: Flow) -> Result<(), Refusal> {
        if request.method == Method::OPTIONS {
            let mut response = Response::to(request, 200, None);
            response.headers.append("Allow", ALLOW);
            response.headers.append("Accept", "application/sdp, multipart/mixed");
            self.ua.respond(now, key, response);
            return Ok(());
        }
        if !self.is_ready || self.is_ending {
            return Err(Refusal::new(503).with("Retry-After", "2"));
        }
        match &request.method {
            m if *m == Method::PUBLISH => {
                let event = request.headers.get("Event").and_then(|event| Event::parse(event).ok());
                match event.map(|event| event.package).as_deref() {
                    Some(POC_SETTINGS_EVENT) => self.authorise(now, key, request, flow),
                    Some(PRESENCE_EVENT) => self.affiliate(now, key, request, flow),
                    _ => Err(Refusal::new(489).with("Allow-Events", "poc-settings, presence")),
                }
            }
            m if *m == Method::MESSAGE => self.message(now, key, request, flow),
            _ => Err(Refusal::new(405).with("Allow", ALLOW)),
        }
    }

    fn stored(&mut self, now: Instant, mut answer: NodeStoreAnswer) {
        if answer.token.0 & OWN_TOKENS == 0 {
            return self.bearers.store(now, answer);
        }
        answer.token = StoreToken(answer.token.0 & !OWN_TOKENS);
        let Some((job, result)) = self.shell.take_answer(answer) else { return };
        if let Err(why) = &result {
            self.say(format!("the store fails: {why}"));
        }
        match job {
            Job::Load => match result.map_err(|why| why.to_string()).and_then(|tables| self.registrar.load(tables)) {
                Ok(()) => self.loaded(now),
                Err(why) => self.say(format!("what was kept cannot be read: {why}: nobody is served")),
            },
            Job::Authorised(authorised) => self.authorised(now, *authorised, result.is_ok()),
            Job::Affiliated(of) => self.affiliated(now, of, result.is_ok()),
            Job::Forwarded(forwarded) => self.forwarded(now, *forwarded, result.is_ok()),
            Job::Nothing => {}
        }
    }

    fn loaded(&mut self, now: Instant) {
        self.is_ready = true;
        let users: Vec<String> = self.registrar.authorisations().map(|known| known.mcptt_id.clone()).collect();
        for user in users {
            self.tell_seen(now, &user, false);
        }
        let affiliations: Vec<_> =
            self.registrar.affiliations().map(|(group, user)| (group.to_owned(), user.to_owned())).collect();
        for (group, user) in affiliations {
            if self.directory.own(&user).is_some() {
                self.bearers.affiliated(now, &user, &group, true);
            }
        }
    }

    fn due(&self) -> impl Iterator<Item = Instant> {
        let floors = self.calls.calls.values().filter_map(|call| match &call.kind {
            Kind::Controlled(floor) => floor.poll_timeout(),
            Kind::Visited(_) => None,
        });
        let ends = self.calls.calls.values().map(|call| call.ends_at);
        let publishing = self.publishing.values().map(|publishing| publishing.until);
        let registrar = self.registrar.first_end().map(|ms| self.shell.instant_of(ms));
        floors.chain(ends).chain(publishing).chain(registrar).chain(self.ua_due).chain(self.bearers.poll_timeout())
    }
}

impl Node for McServer {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Sip { flow, bytes } => self.ua.handle_input(now, StackInput::Received { flow, bytes }),
            NodeInput::SipFailed { target, why } => self.ua.handle_input(now, StackInput::Failed { target, why }),
            NodeInput::Datagram { local, remote, bytes } => {
                // The user agent has nothing to do with it.
                if self.media(now, local, remote, bytes) & !(self.drain_floor(now) | self.drain_bearers(now)) {
                    return;
                }
            }
            NodeInput::Diameter(input) => self.bearers.diameter(now, input),
            NodeInput::Store(answer) => self.stored(now, answer),
            NodeInput::Admin(Admin::Shutdown) => {
                self.is_ending = true;
                for call in self.calls.calls.keys().copied().collect::<Vec<_>>() {
                    self.end_call(now, call, "the server is shut down");
                }
                self.bearers.shut_down(now);
            }
            // What it holds may be a secret.
            _ => self.shell.ignore("MC service server", "an input that is none of its own"),
        }
        self.settle(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.ua_due.is_some_and(|due| due <= now) {
            self.ua.handle_timeout(now);
        }
        if self.bearers.poll_timeout().is_some_and(|due| due <= now) {
            self.bearers.handle_timeout(now);
        }
        self.expire(now);
        self.give_up_publishing(now);
        self.floor_timeouts(now);
        let over: Vec<u64> =
            self.calls.calls.iter().filter(|(_, call)| call.ends_at <= now).map(|(id, _)| *id).collect();
        for call in over {
            self.end_call(now, call, "it has lasted as long as it may");
        }
        self.settle(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.due().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        match self.shell.poll_output() {
            Some(NodeOutput::Store(mut request)) => {
                request.token = StoreToken(request.token.0 | OWN_TOKENS);
                Some(NodeOutput::Store(request))
            }
            Some(output) => Some(output),
            None => self.outputs.pop_front(),
        }
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let (authorised, affiliations) = self.registrar.counts();
        let controlled = self.calls.calls.values().filter(|call| matches!(call.kind, Kind::Controlled(_))).count();
        let counters = &self.counters;
        let mut figures = vec![
            ("mc_authorised", authorised as u64),
            ("mc_affiliations", affiliations as u64),
            ("mc_users_located", self.registrar.located() as u64),
            ("mc_calls", self.calls.calls.len() as u64),
            ("mc_calls_controlled", controlled as u64),
            ("mc_legs", self.calls.legs.values().filter(|leg| leg.is_in).count() as u64),
            ("mc_ports_left", self.ports.left() as u64),
            ("mc_refused", counters.refused),
            ("mc_rtp_heard", counters.rtp_heard),
            ("mc_rtp_refused", counters.rtp_refused),
            ("mc_rtp_without_floor", counters.rtp_without_floor),
            ("mc_rtp_sent_unicast", counters.rtp_unicast),
            ("mc_rtp_left_to_bearers", counters.rtp_spared),
            ("mc_rtp_replayed", counters.rtp_replayed),
            ("mc_floor_malformed", counters.floor_bad),
        ];
        figures.extend(self.bearers.figures());
        figures
    }
}

/// What a refusal says for a human.
pub(super) fn why_of(refusal: &Refusal) -> String {
    let warning = refusal.headers.iter().find(|(name, _)| name == "Warning").map(|(_, value)| value.clone());
    refusal.reason.clone().or(warning).unwrap_or_default()
}

const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, UPDATE, OPTIONS, MESSAGE, PUBLISH";
/// Tokens of the store from here on are ours, those below of the bearers.
const OWN_TOKENS: u64 = 1 << 63;
