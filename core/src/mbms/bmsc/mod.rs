//! BM-SC as a node: MB2-C server (TS 29.468), MB2-U (TS 26.346 clause 8A.2), SGmb client (TS 29.061 clause 20), SGi-mb with SYNC
//! (TS 25.446); xMB to content providers (TS 29.116).
//!
//! What it acknowledges is durable before. TMGIs, multicast addresses and ports belong to the application server that has them,
//! by its Origin-Host, until it gives them back or they expire. After a restart the bearers that were acknowledged are
//! established again at the MBMS-GWs, and what nobody was told of is taken back.

mod allocation;
mod bearers;
mod book;
mod config;
mod life;
mod load;
mod mb2;
mod mb2u;
mod notify;
mod records;
mod restart;
mod services;
mod sgmb;
mod xmb;

use std::collections::{BTreeMap, VecDeque};

use protocol::diameter::dictionary::{APP_MB2C, APP_SGMB, GCS_ACTION, RE_AUTH, SESSION_TERMINATION};
use protocol::diameter::{
    DiameterEndpoint, DiameterOutput, DiameterProblem, DisconnectCause, Message, RequestFailure, RequestHandle, result,
};
use protocol::{Entropy, Instant};

use self::book::Bearers;
use self::load::Early;
use self::mb2::{Then, Transaction};
use self::mb2u::UserPlane;
use self::notify::Notices;
use self::records::{BearerState, PeerRecord};
use self::services::Services;
use self::sgmb::{Job, Sgmb};
use self::xmb::Xmb;
use crate::node::{Admin, Node, NodeInput, NodeNote, NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest};
use crate::store::StoreToken;

pub use self::config::{BmscNodeConfig, GatewayConfig, ProvisioningConfig, ServerRules};
pub use self::xmb::{ProviderConfig, XmbConfig};

/// What is done when the store has answered.
#[derive(Debug)]
enum After {
    /// What was stored is read.
    Load,
    /// The own Restart-Counter counts.
    Counter,
    /// A request of an application server goes on.
    Request {
        id: u64,
        then: Then,
    },
    Then(Then),
}

/// Who was asked for something.
#[derive(Debug)]
enum Asked {
    Gateway(Job),
    Heartbeat(String),
    Server(String),
    /// To take notifications, at this URL.
    Provider(String),
    /// For a file of a session.
    Fetch(xmb::SessionKey, String),
}

/// What has happened, for /metrics.
#[derive(Debug, Default)]
struct Counters {
    requests: u64,
    allocated: u64,
    released: u64,
    expired: u64,
    bearers_activated: u64,
    bearers_refused: u64,
    bearers_lost: u64,
    sgmb_requests: u64,
    notices_given_up: u64,
    restarts_seen: u64,
    xmb_requests: u64,
}

/// A BM-SC.
#[derive(Debug)]
pub struct BmscNode {
    config: BmscNodeConfig,
    endpoint: DiameterEndpoint,
    /// What came before the store had answered; none: it has.
    early: Option<Early>,
    /// How often this BM-SC has started.
    restart_counter: u32,
    heartbeat_at: Option<Instant>,
    services: Services,
    bearers: Bearers,
    user_plane: UserPlane,
    sgmb: Sgmb,
    notices: Notices,
    xmb: Xmb,
    peers: BTreeMap<String, PeerRecord>,
    transactions: BTreeMap<u64, Transaction>,
    asked: BTreeMap<u64, Asked>,
    stores: BTreeMap<u64, After>,
    /// The last number of a transaction, a request, or a change of the store.
    next: u64,
    counters: Counters,
    out: VecDeque<NodeOutput>,
}

impl BmscNode {
    /// A BM-SC that first reads what it knew.
    pub fn new(mut config: BmscNodeConfig, entropy: Entropy) -> Self {
        config.diameter.applications = vec![APP_MB2C, APP_SGMB];
        let user_plane = UserPlane::new(config.queue_octets, config.max_transfer_delay, config.packet_lengths);
        let mut node = Self {
            endpoint: DiameterEndpoint::new(config.diameter.clone(), entropy),
            early: Some(Early::default()),
            restart_counter: 0,
            heartbeat_at: None,
            services: Services::new(config.pool.clone()),
            bearers: Bearers::default(),
            user_plane,
            sgmb: Sgmb::default(),
            notices: Notices::default(),
            xmb: Xmb::default(),
            peers: BTreeMap::new(),
            transactions: BTreeMap::new(),
            asked: BTreeMap::new(),
            stores: BTreeMap::new(),
            next: 0,
            counters: Counters::default(),
            out: VecDeque::new(),
            config,
        };
        node.read();
        node
    }

    /// Whether everything adds up: one service for each TMGI and each address, one port for each bearer, no bearer without
    /// its TMGI.
    ///
    /// # Errors
    /// What does not.
    pub fn audit(&self) -> Result<(), String> {
        self.services.audit()?;
        self.bearers.audit()?;
        self.audit_xmb()?;
        for bearer in self.bearers.all() {
            let record = &bearer.record;
            let Some(service) = self.services.get(record.tmgi) else {
                return Err(format!("{record:?} has no TMGI"));
            };
            if service.is_released && record.state != BearerState::Stopping {
                return Err(format!("{record:?} goes on without its TMGI"));
            }
            if (record.state != BearerState::Stopping) != self.user_plane.has(record.port) {
                return Err(format!("user plane of {record:?}"));
            }
        }
        let released = self.services.all().filter(|service| service.is_released);
        for service in released {
            if self.bearers.of(service.tmgi).next().is_none() {
                return Err(format!("{service:?} waits for nothing"));
            }
        }
        let live = self.bearers.all().filter(|bearer| bearer.record.state != BearerState::Stopping).count();
        match self.user_plane.len() == live {
            true => Ok(()),
            false => Err(format!("{} flows for {live} bearers", self.user_plane.len())),
        }
    }

    fn on_request(&mut self, now: Instant, handle: RequestHandle, message: Message) {
        match message.command {
            GCS_ACTION => self.on_gar(now, handle, message),
            RE_AUTH => self.on_rar(now, handle, &message),
            SESSION_TERMINATION => self.on_str(now, handle, &message),
            _ => {
                let problem =
                    DiameterProblem::new(result::COMMAND_UNSUPPORTED, "this is a BM-SC: send GAR, RAR or STR");
                self.refuse(now, handle, &message, &problem);
            }
        }
    }

    fn on_answer(&mut self, now: Instant, token: u64, answer: Result<Message, RequestFailure>) {
        match self.asked.remove(&token) {
            Some(Asked::Gateway(job)) => self.on_raa(now, job, answer),
            Some(Asked::Heartbeat(host)) => self.on_heartbeat(now, &host, answer),
            Some(Asked::Server(host)) => self.on_gna(now, &host, answer),
            Some(Asked::Provider(_) | Asked::Fetch(..)) | None => {}
        }
    }

    fn on_stored(&mut self, now: Instant, answer: NodeStoreAnswer) {
        match (self.stores.remove(&answer.token.0), answer.result) {
            (Some(After::Load), Ok(tables)) => self.load(now, tables),
            (Some(After::Load | After::Counter), Err(error)) => {
                self.say(format!("what was stored cannot be read, nothing is served: {error}"));
                self.endpoint.disconnect(now, DisconnectCause::Rebooting);
            }
            (Some(After::Counter), Ok(_)) => self.begin_service(now),
            (Some(After::Request { id, then }), Ok(_)) => self.on_request_stored(now, id, then),
            (Some(After::Then(then)), Ok(_)) => self.then(now, then),
            (Some(After::Request { then, .. } | After::Then(then)), Err(error)) => {
                self.say(format!("a change is not durable: {error}"));
                self.fail_requests(now);
                self.not_done(now, then);
                self.reload(now);
            }
            (None, _) => {}
        }
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.user_plane.poll_output() {
            self.out.push_back(output);
        }
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(transport) => self.out.push_back(NodeOutput::Diameter(transport)),
                DiameterOutput::Request { handle, message } => self.on_request(now, handle, message),
                DiameterOutput::Answer { token, result } => self.on_answer(now, token, result),
                DiameterOutput::PeerUp { host } => self.peer(now, &host, true),
                DiameterOutput::PeerDown { host } => self.peer(now, &host, false),
                DiameterOutput::Ignored { state, event } => self.ignored(state, event),
            }
        }
        while let Some(output) = self.user_plane.poll_output() {
            self.out.push_back(output);
        }
    }

    fn peer(&mut self, now: Instant, host: &str, is_up: bool) {
        self.say(format!("Diameter peer {host} is {}", if is_up { "up" } else { "down" }));
        match (self.config.gateway(host).is_some(), is_up) {
            (true, true) => self.gateway_up(now, host),
            (true, false) => self.gateway_down(now, host),
            (false, true) => self.server_up(now, host),
            (false, false) => {}
        }
    }

    fn store(&mut self, ops: Vec<NodeStoreOp>, after: After) {
        self.next += 1;
        self.stores.insert(self.next, after);
        self.out.push_back(NodeOutput::Store(NodeStoreRequest { token: StoreToken(self.next), ops }));
    }

    fn utc_ms(&self, now: Instant) -> u64 {
        self.config.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    fn instant(&self, utc_ms: u64) -> Instant {
        Instant::from_nanos(utc_ms.saturating_sub(self.config.utc_ms_at_zero).saturating_mul(1_000_000))
    }

    fn say(&mut self, text: impl Into<String>) {
        self.out.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }

    fn ignored(&mut self, state: impl Into<String>, event: impl Into<String>) {
        self.out.push_back(NodeOutput::Note(NodeNote::Ignored { state: state.into(), event: event.into() }));
    }
}

impl Node for BmscNode {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match (input, &mut self.early) {
            (NodeInput::Store(answer), _) => self.on_stored(now, answer),
            (NodeInput::Diameter(input), Some(early)) => early.keep(input),
            (NodeInput::Diameter(input), None) => self.endpoint.handle_input(now, input),
            (NodeInput::Datagram { local, bytes, .. }, None) => {
                self.user_plane.arrived(now, local.port(), bytes, self.config.sgi_mb);
            }
            (NodeInput::Datagram { .. }, Some(_)) => {}
            (NodeInput::Http { exchange, peer, request }, _) => self.on_http(now, exchange, peer, &request),
            // What was asked for is asked for again when all is read.
            (NodeInput::HttpResponse { .. }, Some(_)) => {}
            (NodeInput::HttpResponse { token, result }, None) => self.on_http_answer(now, token, &result),
            (NodeInput::Admin(Admin::Shutdown), _) => self.endpoint.disconnect(now, DisconnectCause::Rebooting),
            _ => self.ignored("a BM-SC has MB2, SGmb and xMB", "input of another kind"),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.early.is_some() {
            return;
        }
        self.user_plane.handle_timeout(now, self.config.sgi_mb);
        if self.endpoint.poll_timeout().is_some_and(|at| at <= now) {
            self.endpoint.handle_timeout(now);
        }
        self.drain(now);
        self.run_clock(now);
        self.run_gateways(now);
        self.run_notices(now);
        self.run_heartbeats(now);
        self.expire_requests(now);
        self.run_xmb(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        if self.early.is_some() {
            return None;
        }
        let due = [
            self.endpoint.poll_timeout(),
            self.user_plane.poll_timeout(),
            self.first_by_clock(),
            self.sgmb.first_due(self.config.path_patience),
            self.notices.first_due(),
            self.heartbeat_at,
            self.first_wait(),
            self.xmb_due(),
        ];
        due.into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let (counters, packets) = (&self.counters, &self.user_plane.packets);
        let mut figures = vec![
            ("tmgis", self.services.len() as u64),
            ("bearers", self.bearers.len() as u64),
            ("gcs_requests", counters.requests),
            ("tmgis_allocated", counters.allocated),
            ("tmgis_released", counters.released),
            ("tmgis_expired", counters.expired),
            ("bearers_activated", counters.bearers_activated),
            ("bearers_refused", counters.bearers_refused),
            ("bearers_lost", counters.bearers_lost),
            ("sgmb_requests", counters.sgmb_requests),
            ("sgmb_sessions_busy", self.sgmb.waiting() as u64),
            ("gcs_notices_waiting", self.notices.waiting() as u64),
            ("gcs_notices_given_up", counters.notices_given_up),
            ("mbms_restarts_seen", counters.restarts_seen),
            ("mb2u_packets_sent", packets.sent),
            ("mb2u_packets_queued", packets.queued),
            ("mb2u_packets_overflowed", packets.overflowed),
            ("mb2u_packets_refused", packets.refused),
        ];
        figures.extend(self.xmb_figures());
        figures
    }
}

#[cfg(test)]
mod tests;
