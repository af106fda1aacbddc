//! The node: what comes in is given to the user agent or to the media, what comes out of both is done.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use protocol::sip::proxy::Refusal;
use protocol::sip::{
    Flow, Method, NotifierId, Request, Response, ServerKey, SessionId, SipUri, StackInput, Uri, UserAgent,
    UserAgentEvent, UserAgentOutput,
};
use protocol::{Entropy, Instant};

use super::config::ConferenceConfig;
use super::focus::{Conference, Who};
use super::leg::Sent;
use crate::charging::ChargingClient;
use crate::ims::service::{Caller, Ports, SessionServer};
use crate::node::{Admin, Node, NodeInput, NodeNote, NodeOutput};

/// A conference server.
#[derive(Debug)]
pub struct ConferenceServer {
    pub(super) config: ConferenceConfig,
    /// Its URI without a user.
    pub(super) own: SipUri,
    pub(super) ua: UserAgent,
    pub(super) entropy: Entropy,
    /// By the user part of their URIs.
    pub(super) conferences: BTreeMap<String, Conference>,
    /// Conference and participant of a session, of a subscription, of a media port.
    pub(super) sessions: BTreeMap<SessionId, (String, u64)>,
    pub(super) watched: BTreeMap<NotifierId, String>,
    pub(super) legs: BTreeMap<u16, (String, u64)>,
    pub(super) ports: Ports,
    pub(super) next_tick: Option<Instant>,
    pub(super) next_token: u64,
    /// Offline charging.
    pub(super) charging: ChargingClient,
    outputs: VecDeque<NodeOutput>,
}

impl ConferenceServer {
    /// A server without conferences.
    ///
    /// # Errors
    /// The name is no host, or there are no media ports.
    pub fn new(config: ConferenceConfig, mut entropy: Entropy) -> Result<Self, String> {
        if config.factory.is_empty() || config.groups.iter().any(|group| group.user == config.factory) {
            return Err("conference: the factory needs a user part that no group has".to_owned());
        }
        let SessionServer { own, ua, ports } = config.sip.open("conference", ALLOW, entropy.split())?;
        Ok(Self {
            config,
            own,
            ua,
            entropy,
            conferences: BTreeMap::new(),
            sessions: BTreeMap::new(),
            watched: BTreeMap::new(),
            legs: BTreeMap::new(),
            ports,
            next_tick: None,
            next_token: 0,
            charging: ChargingClient::off(),
            outputs: VecDeque::new(),
        })
    }

    /// Who sends a request: a guest by his address, else whom the network asserts.
    pub(super) fn identify(&self, request: &Request, flow: Flow) -> Result<Who, Refusal> {
        let display = request.from().ok().flatten().and_then(|from| from.display_name().map(|name| name.into_owned()));
        let guest = self.config.guests.iter().find(|guest| guest.address.is(flow.remote));
        if let Some(guest) = guest {
            let identity = Uri::parse(&guest.identity).map_or_else(|_| guest.identity.clone(), |uri| uri.identity());
            return Ok(Who { identities: vec![identity], display, is_private: false });
        }
        let caller = Caller::of(request, flow, &self.config.sip.trusted)?;
        let is_private = caller.is_private();
        Ok(Who { identities: caller.identities().collect(), display: display.filter(|_| !is_private), is_private })
    }

    /// The user part of a URI of ours.
    pub(super) fn user_of(&self, uri: &Uri) -> Option<String> {
        self.config.sip.user_of(&self.own, uri)
    }

    pub(super) fn conference_uri(&self, user: &str) -> SipUri {
        let mut uri = SipUri::new(Some(user), &self.own.host);
        uri.port = self.own.port;
        uri
    }

    pub(super) fn refuse(&mut self, now: Instant, key: ServerKey, request: &Request, refusal: &Refusal) {
        let mut response = Response::to(request, refusal.status, refusal.reason.as_deref());
        for (name, value) in &refusal.headers {
            response.headers.append(name, value);
        }
        self.say(format!("{} refused with {} {}", request.method, response.status, response.reason));
        self.ua.respond(now, key, response);
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }

    pub(super) fn datagram(&mut self, sent: Sent) {
        let Sent { local, remote, bytes } = sent;
        self.outputs.push_back(NodeOutput::Datagram { local, remote, bytes });
    }

    pub(super) const fn utc_ms(&self, now: Instant) -> u64 {
        self.config.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    fn media(&mut self, now: Instant, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) {
        let Some((key, id)) = self.legs.get(&(local.port() & !1)) else { return };
        let conference = self.conferences.get_mut(key);
        if let Some(participant) = conference.and_then(|conference| conference.participants.get_mut(id)) {
            participant.leg.receive(now, local, remote, bytes);
        }
    }

    fn tick(&mut self, now: Instant) {
        let Some(due) = self.next_tick.filter(|due| *due <= now) else { return };
        if self.legs.is_empty() {
            self.next_tick = None;
            return;
        }
        // One that comes much too late does not make up for all that it has missed.
        self.next_tick = Some(if due + LATEST < now { now + TICK } else { due + TICK });
        let utc_ms = self.utc_ms(now);
        let sent: Vec<_> = self.conferences.values_mut().flat_map(|c| c.tick(now, utc_ms)).collect();
        sent.into_iter().for_each(|sent| self.datagram(sent));
    }

    pub(super) fn start_ticks(&mut self, now: Instant) {
        self.next_tick.get_or_insert(now + TICK);
    }

    pub(super) fn settle(&mut self, now: Instant) {
        loop {
            while let Some(passed) = self.ua.poll_passed() {
                self.charge(now, passed);
            }
            match self.ua.poll_output() {
                Some(UserAgentOutput::Transmit { target, bytes }) => {
                    self.outputs.extend(self.charging.pass(NodeOutput::Sip { target, bytes }));
                }
                Some(UserAgentOutput::Event(event)) => self.event(now, event),
                None => return,
            }
        }
    }

    fn event(&mut self, now: Instant, event: UserAgentEvent) {
        match event {
            UserAgentEvent::Incoming { session, invite, flow } => self.called(now, session, &invite, flow),
            UserAgentEvent::Session(session, event) => self.of_session(now, session, event),
            UserAgentEvent::Request { key, request, flow } => self.request(now, key, &request, flow),
            UserAgentEvent::Notifier(id, event) => self.of_notifier(now, id, &event),
            // Notifications in the dialogs of sessions: a session that is lost is told of as such.
            UserAgentEvent::Response { .. } | UserAgentEvent::Subscriber(..) => {}
            UserAgentEvent::Ignored { what, why } => {
                self.outputs.push_back(NodeOutput::Note(NodeNote::Ignored { state: why, event: what }));
            }
        }
    }

    fn request(&mut self, now: Instant, key: ServerKey, request: &Request, flow: Flow) {
        match &request.method {
            m if *m == Method::REFER => self.referred(now, key, request, flow),
            m if *m == Method::SUBSCRIBE => self.subscribed(now, key, request, flow),
            m if *m == Method::OPTIONS => {
                let mut response = Response::to(request, 200, None);
                response.headers.append("Allow", ALLOW);
                response.headers.append("Accept", "application/sdp");
                response.headers.append("Allow-Events", "conference, refer");
                self.ua.respond(now, key, response);
            }
            _ => self.refuse(now, key, request, &Refusal::new(405).with("Allow", ALLOW)),
        }
    }
}

impl Node for ConferenceServer {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Sip { flow, bytes } => self.ua.handle_input(now, StackInput::Received { flow, bytes }),
            NodeInput::SipFailed { target, why } => self.ua.handle_input(now, StackInput::Failed { target, why }),
            NodeInput::Datagram { local, remote, bytes } => self.media(now, local, remote, bytes),
            NodeInput::Diameter(input) => {
                if self.charging.diameter(now, input).is_some() {
                    self.say("Diameter that nobody has asked for");
                }
            }
            NodeInput::Store(answer) => drop(self.charging.stored(now, answer)),
            NodeInput::Admin(Admin::Shutdown) => {
                for key in self.conferences.keys().cloned().collect::<Vec<_>>() {
                    self.end(now, &key, "the server is shut down");
                }
            }
            other => self.say(format!("not for a conference server: {other:?}")),
        }
        self.settle(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.ua.poll_timeout().is_some_and(|due| due <= now) {
            self.ua.handle_timeout(now);
            self.settle(now);
        }
        self.charging.handle_timeout(now);
        self.tick(now);
        let over: Vec<_> =
            self.conferences.iter().filter(|(_, c)| c.ends_at <= now).map(|(key, _)| key.clone()).collect();
        for key in over {
            self.end(now, &key, "it has lasted as long as it may");
        }
        self.settle(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let ends = self.conferences.values().map(|conference| conference.ends_at);
        ends.chain(self.ua.poll_timeout()).chain(self.next_tick).chain(self.charging.poll_timeout()).min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.outputs.pop_front().or_else(|| self.charging.poll_output())
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let participants = || self.conferences.values().flat_map(|conference| conference.participants.values());
        vec![
            ("conferences", self.conferences.len() as u64),
            ("conference_participants", participants().filter(|p| p.is_in()).count() as u64),
            ("conference_watchers", self.watched.len() as u64),
            ("conference_ports_left", self.ports.left() as u64),
            ("conference_stray_datagrams", participants().map(|p| p.leg.strays()).sum()),
        ]
    }
}

/// What a focus understands (RFC 4579 clause 4).
pub(super) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, SUBSCRIBE, NOTIFY, REFER";
/// One frame of G.711 (RFC 3551 clause 4.2).
const TICK: Duration = Duration::from_millis(20);
const LATEST: Duration = Duration::from_millis(200);
