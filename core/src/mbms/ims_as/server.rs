//! The node: what comes in is given to the user agent, to the media or to MB2, what comes out of them is done.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use protocol::sip::proxy::Refusal;
use protocol::sip::{
    Flow, Method, Request, Response, ServerKey, SessionId, SipUri, StackInput, Uri, UserAgent, UserAgentEvent,
    UserAgentOutput,
};
use protocol::{Entropy, Instant};

use super::config::ImsAsConfig;
use super::session::GroupSession;
use crate::ims::service::{Ports, SessionServer};
use crate::mbms::mb2::{BearerEvent, Mb2Client};
use crate::node::{Admin, Node, NodeInput, NodeNote, NodeOutput};

/// An IMS AS for group sessions.
#[derive(Debug)]
pub struct ImsAs {
    pub(super) config: ImsAsConfig,
    /// Its URI without a user.
    pub(super) own: SipUri,
    pub(super) ua: UserAgent,
    /// By the user part of the URI of the group.
    pub(super) groups: BTreeMap<String, GroupSession>,
    /// Group and member of a session, of a media port.
    pub(super) sessions: BTreeMap<SessionId, (String, u64)>,
    pub(super) legs: BTreeMap<u16, (String, u64)>,
    pub(super) ports: Ports,
    pub(super) mb2: Option<Mb2Client>,
    pub(super) counters: Counters,
    /// It takes nobody any more.
    pub(super) is_ending: bool,
    outputs: VecDeque<NodeOutput>,
}

/// What has happened, for /metrics.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) rtp_heard: u64,
    pub(super) rtp_refused: u64,
    pub(super) rtp_without_floor: u64,
    pub(super) rtp_unicast: u64,
    pub(super) rtp_broadcast: u64,
    pub(super) rtp_replayed: u64,
    pub(super) bearers_lost: u64,
}

impl ImsAs {
    /// An AS without sessions, which gives back what those had that it had before.
    ///
    /// # Errors
    /// The name is no host, there are no media ports, or a group cannot be.
    pub fn new(config: ImsAsConfig, mut entropy: Entropy) -> Result<Self, String> {
        if let Some(group) = config.groups.iter().find(|group| group.user.is_empty() || group.codecs.is_empty()) {
            return Err(format!("ims_as: group {:?} needs a user part and a codec", group.user));
        }
        let SessionServer { own, mut ua, ports } = config.sip.open("ims_as", ALLOW, entropy.split())?;
        ua.watch();
        let mb2 = config.mb2.clone().map(|mb2| Mb2Client::new(mb2, entropy.split()));
        let mut server = Self {
            config,
            own,
            ua,
            groups: BTreeMap::new(),
            sessions: BTreeMap::new(),
            legs: BTreeMap::new(),
            ports,
            mb2,
            counters: Counters::default(),
            is_ending: false,
            outputs: VecDeque::new(),
        };
        server.drain_mb2(Instant::ZERO);
        Ok(server)
    }

    /// The user part of a URI of ours.
    pub(super) fn user_of(&self, uri: &Uri) -> Option<String> {
        self.config.sip.user_of(&self.own, uri)
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }

    pub(super) fn datagram(&mut self, local: SocketAddr, remote: SocketAddr, bytes: Vec<u8>) {
        self.outputs.push_back(NodeOutput::Datagram { local, remote, bytes });
    }

    /// Lets user agent, MB2 and sessions talk until nobody has anything to say.
    fn settle(&mut self, now: Instant) {
        loop {
            self.drain_mb2(now);
            while let Some(passed) = self.ua.poll_passed() {
                self.learn(&passed);
            }
            match self.ua.poll_output() {
                Some(UserAgentOutput::Transmit { target, bytes }) => {
                    self.outputs.push_back(NodeOutput::Sip { target, bytes });
                }
                Some(UserAgentOutput::Event(event)) => self.event(now, event),
                None if self.review(now) => {}
                None => return self.drain_mb2(now),
            }
        }
    }

    fn drain_mb2(&mut self, now: Instant) {
        while let Some(output) = self.mb2.as_mut().and_then(Mb2Client::poll_output) {
            self.outputs.push_back(output);
        }
        while let Some(event) = self.mb2.as_mut().and_then(Mb2Client::poll_event) {
            match event {
                BearerEvent::Up(id) => self.bearer_up(id),
                BearerEvent::Lost(id) => self.bearer_lost(now, id),
            }
        }
    }

    fn event(&mut self, now: Instant, event: UserAgentEvent) {
        match event {
            UserAgentEvent::Incoming { session, invite, flow } => self.called(now, session, &invite, flow),
            UserAgentEvent::Session(session, event) => self.of_session(now, session, event),
            UserAgentEvent::Request { key, request, flow } => self.request(now, key, &request, flow),
            UserAgentEvent::Response { .. } | UserAgentEvent::Subscriber(..) | UserAgentEvent::Notifier(..) => {}
            UserAgentEvent::Ignored { what, why } => {
                self.outputs.push_back(NodeOutput::Note(NodeNote::Ignored { state: why, event: what }));
            }
        }
    }

    fn request(&mut self, now: Instant, key: ServerKey, request: &Request, _flow: Flow) {
        let mut response = match request.method == Method::OPTIONS {
            true => Response::to(request, 200, None),
            false => Response::to(request, 405, None),
        };
        response.headers.append("Allow", ALLOW);
        if response.is_success() {
            response.headers.append("Accept", "application/sdp");
        }
        self.ua.respond(now, key, response);
    }

    pub(super) fn refused(&mut self, now: Instant, session: SessionId, request: &Request, refusal: &Refusal) {
        let why = refusal.reason.as_deref().unwrap_or_default();
        self.say(format!("INVITE of {} refused with {} {why}", request.uri, refusal.status));
        // It was just offered: it can be refused.
        let _ = self.ua.reject(now, session, refusal.status);
    }
}

impl Node for ImsAs {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Sip { flow, bytes } => self.ua.handle_input(now, StackInput::Received { flow, bytes }),
            NodeInput::SipFailed { target, why } => self.ua.handle_input(now, StackInput::Failed { target, why }),
            NodeInput::Datagram { local, remote, bytes } => return self.media(now, local, remote, bytes),
            NodeInput::Diameter(input) => match &mut self.mb2 {
                Some(mb2) => mb2.diameter(now, input),
                None => self.say("Diameter that nobody has asked for"),
            },
            NodeInput::Store(answer) => {
                if let Some(mb2) = &mut self.mb2 {
                    mb2.stored(now, answer);
                }
            }
            NodeInput::Admin(Admin::Shutdown) => {
                self.is_ending = true;
                for key in self.groups.keys().cloned().collect::<Vec<_>>() {
                    self.end(now, &key, "the server is shut down");
                }
            }
            other => self.say(format!("not for an IMS AS: {other:?}")),
        }
        self.settle(now);
        if self.is_ending
            && let Some(mb2) = self.mb2.as_mut().filter(|mb2| mb2.len() == 0)
        {
            mb2.disconnect(now);
            self.drain_mb2(now);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.ua.poll_timeout().is_some_and(|due| due <= now) {
            self.ua.handle_timeout(now);
        }
        if let Some(mb2) = &mut self.mb2
            && mb2.poll_timeout().is_some_and(|due| due <= now)
        {
            mb2.handle_timeout(now);
        }
        let over: Vec<_> = self.groups.iter().filter(|(_, g)| g.ends_at <= now).map(|(key, _)| key.clone()).collect();
        for key in over {
            self.end(now, &key, "it has lasted as long as it may");
        }
        self.settle(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let mb2 = self.mb2.as_ref().and_then(Mb2Client::poll_timeout);
        let groups = self.groups.values().filter_map(|group| self.due(group));
        groups.chain(self.ua.poll_timeout()).chain(mb2).min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.outputs.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let members = || self.groups.values().flat_map(|group| group.members.values());
        let listens = |listens: bool| members().filter(|m| m.peer.is_some_and(|p| p.listens() == listens)).count();
        let counters = &self.counters;
        vec![
            ("group_sessions", self.groups.len() as u64),
            ("group_members_on_unicast", listens(false) as u64),
            ("group_members_on_mbms", listens(true) as u64),
            ("group_bearers", self.mb2.as_ref().map_or(0, Mb2Client::len) as u64),
            ("group_bearers_lost", counters.bearers_lost),
            ("group_rtp_heard", counters.rtp_heard),
            ("group_rtp_refused", counters.rtp_refused),
            ("group_rtp_without_floor", counters.rtp_without_floor),
            ("group_rtp_sent_unicast", counters.rtp_unicast),
            ("group_rtp_sent_broadcast", counters.rtp_broadcast),
            ("group_rtp_replayed", counters.rtp_replayed),
        ]
    }
}

const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, UPDATE, OPTIONS";
