//! Charging trigger function (TS 32.240 clause 4.3.1.1, TS 32.260 clause 5.2): what a node of the IMS tells the CDF on Rf.
//!
//! A node tells of each request that it serves ([`ChargingClient::begin`], [`ChargingClient::within`]) and of the responses
//! that go back ([`ChargingClient::answered`]); records follow from that. What is chargeable is durable from the request on:
//! a session that is under way when the node is killed ends with a record all the same. The node's own messages go by
//! [`ChargingClient::pass`]: none leaves before what it follows from is durable.

pub(super) mod observe;
mod queue;
mod records;
mod session;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use protocol::diameter::charging::{NodeFunctionality, RoleOfNode};
use protocol::diameter::dictionary::APP_RF;
use protocol::diameter::{
    ConnectionId, DiameterConfig, DiameterEndpoint, DiameterInput, DiameterOutput, DiameterTransport,
};
use protocol::sip::{Headers, Method, PChargingVector, Request, Response, SessionExpires, TransactionKey};
use protocol::{Entropy, Instant};

use crate::node::{NodeNote, NodeOutput, NodeStoreAnswer};
use queue::Queue;
use records::INTERNAL_ERROR;
use session::{ChargingSession, ChargingSessions, DialogName, Subject};

/// Settings of the charging of a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChargingConfig {
    /// What the node is.
    pub node: NodeFunctionality,
    /// Its Diameter side on Rf: a name of its own and the CDF, or a relay, as peer. The application is Rf, whatever is in
    /// there.
    pub diameter: DiameterConfig,
    /// Realm of the CDF.
    pub cdf_realm: String,
    /// Host of the CDF where the network names none in P-Charging-Function-Addresses; none: any of the realm.
    pub cdf_host: Option<String>,
    /// Acct-Interim-Interval that is asked for; the CDF decides.
    pub interim: Option<Duration>,
    /// Requests outside sessions whose outcome is an event.
    pub events: Vec<Method>,
    /// Records that are kept while no CDF answers; of more, those that come are lost, and counted.
    pub max_buffered: usize,
    /// How long no record is sent after one that found no CDF.
    pub retry: Duration,
    /// UTC at the start of the run, in milliseconds.
    pub utc_ms_at_zero: u64,
}

impl ChargingConfig {
    /// With what is usual.
    pub fn new(node: NodeFunctionality, diameter: DiameterConfig, cdf_realm: &str) -> Self {
        Self {
            node,
            diameter,
            cdf_realm: cdf_realm.to_owned(),
            cdf_host: None,
            interim: None,
            events: vec![Method::MESSAGE, Method::PUBLISH, Method::REFER, Method::SUBSCRIBE],
            max_buffered: 100_000,
            retry: Duration::from_secs(5),
            utc_ms_at_zero: 0,
        }
    }
}

/// The charging trigger function of a node; [`ChargingClient::off`] charges nothing.
#[derive(Debug, Default)]
pub struct ChargingClient(Option<Box<Trigger>>);

/// What a charging client counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ChargingCounters {
    /// Sessions under way.
    pub sessions: usize,
    /// Records that no CDF has answered yet.
    pub buffered: usize,
    /// Records that a CDF has taken.
    pub taken: u64,
    /// Records that are lost: refused by the CDF, or no place was left.
    pub lost: u64,
}

/// Its tokens of the store and places of peers begin here: below are those of the node itself.
const OWN_TOKENS: u64 = 1 << 62;
const OWN_PEERS: usize = 1 << 16;
/// Transactions that are watched.
const MAX_WATCHED: usize = 50_000;
/// Messages that wait for the store; what is sent beyond is as lost as on the wire.
const MAX_HELD: usize = 100_000;

#[derive(Debug)]
struct Trigger {
    config: ChargingConfig,
    entropy: Entropy,
    endpoint: DiameterEndpoint,
    connections: BTreeSet<ConnectionId>,
    sessions: ChargingSessions,
    watched: BTreeMap<TransactionKey, Watched>,
    queue: Queue,
    /// Nothing is sent before.
    not_before: Option<Instant>,
    /// The store has told what there was; BYEs that came before.
    loaded: bool,
    /// The node does not know its sessions any more after a restart.
    forgets: bool,
    early: Vec<Request>,
    waiting: BTreeMap<u64, Waiting>,
    /// Of what waits, that which messages wait for.
    unsure: BTreeSet<u64>,
    /// Messages of the node, each with the last change that it may follow from.
    held: VecDeque<(u64, NodeOutput)>,
    next_token: u64,
    next_session: u64,
    taken: u64,
    lost: u64,
    outputs: VecDeque<NodeOutput>,
}

/// A transaction whose response matters.
#[derive(Debug)]
enum Watched {
    /// It began a charging session: its Session-Id.
    Initial(String),
    /// INVITE or UPDATE within a dialog: what it says.
    Change { dialog: DialogName, request: Box<Request> },
}

/// What waits for the store.
#[derive(Debug)]
enum Waiting {
    Load,
    Record(u64),
    /// A change of a session.
    Change,
    Nothing,
}

impl ChargingClient {
    /// Charging as configured. It first asks the store for what an earlier run has left.
    #[must_use]
    pub fn new(config: ChargingConfig, entropy: Entropy) -> Self {
        Self(Some(Box::new(Trigger::new(config, entropy))))
    }

    /// No charging at all.
    #[must_use]
    pub const fn off() -> Self {
        Self(None)
    }

    /// The same for a node whose sessions end when it is restarted: so do their records.
    #[must_use]
    pub fn that_forgets(mut self) -> Self {
        if let Some(own) = &mut self.0 {
            own.forgets = true;
        }
        self
    }

    /// An initial request that the node serves in a role, or, in a client transaction, makes. `hidden`: what it said of
    /// charging, where that is not in its headers any more.
    pub fn begin(
        &mut self,
        now: Instant,
        key: impl Into<TransactionKey>,
        role: RoleOfNode,
        request: &Request,
        hidden: Option<&Headers>,
    ) {
        if let Some(own) = &mut self.0 {
            own.begin(now, key.into(), role, request, hidden.unwrap_or(&request.headers));
        }
    }

    /// A request within a dialog: BYE ends sessions, INVITE and UPDATE may change them. Also for requests of the node's own.
    pub fn within(&mut self, now: Instant, key: Option<TransactionKey>, request: &Request) {
        if let Some(own) = &mut self.0 {
            own.within(now, key, request);
        }
    }

    /// A response that goes back to who has sent the request; in a client transaction, one that has come.
    pub fn answered(&mut self, now: Instant, key: impl Into<TransactionKey>, response: &Response) {
        if let Some(own) = &mut self.0 {
            own.answered(now, key.into(), response);
        }
    }

    /// There is no response and will be none: what it would have been (RFC 3261 clause 8.1.3.1).
    pub fn unanswered(&mut self, now: Instant, key: impl Into<TransactionKey>, status: u16) {
        if let Some(own) = &mut self.0 {
            own.unanswered(now, key.into(), status);
        }
    }

    /// The charging vector of a request that [`Self::begin`] has named.
    pub fn vector(&self, key: impl Into<TransactionKey>) -> Option<PChargingVector> {
        self.0.as_ref().and_then(|own| own.vector(key.into()))
    }

    /// A response as it came from beyond the node: its networks are told beside those of the nearer side.
    pub fn beyond(&mut self, key: impl Into<TransactionKey>, vector: &PChargingVector) {
        if let Some(own) = &mut self.0 {
            own.beyond(key.into(), vector);
        }
    }

    /// The network that the node is of, as it names itself on Rf; none: nothing is charged.
    pub fn network(&self) -> Option<&str> {
        self.0.as_ref().map(|own| own.config.diameter.origin_realm.as_str())
    }

    /// An application server was asked in a transaction that [`Self::begin`] has named.
    pub fn asked(&mut self, key: impl Into<TransactionKey>, server: &str) {
        if let Some(own) = &mut self.0 {
            own.asked(key.into(), server);
        }
    }

    /// A request that came again is answered in the place of the one before.
    pub fn moved(&mut self, from: impl Into<TransactionKey>, to: impl Into<TransactionKey>) {
        if let Some(own) = &mut self.0
            && let Some(watched) = own.watched.remove(&from.into())
        {
            own.watched.insert(to.into(), watched);
        }
    }

    /// A transaction is over.
    pub fn over(&mut self, key: impl Into<TransactionKey>) {
        if let Some(own) = &mut self.0 {
            own.watched.remove(&key.into());
        }
    }

    /// A message that the node wants to send: [`Self::poll_output`] gives it, in its turn, when what is on its way to the
    /// store now is there. Without charging it comes back.
    pub fn pass(&mut self, message: NodeOutput) -> Option<NodeOutput> {
        match &mut self.0 {
            Some(own) => {
                own.pass(message);
                None
            }
            None => Some(message),
        }
    }

    /// A session with this charging identifier has not been answered, as far as this node has told anybody.
    pub fn awaits_answer(&self, icid: &str) -> bool {
        self.0.as_ref().is_some_and(|own| own.sessions.of_icid(icid).any(|session| !session.answered))
    }

    /// Diameter input; what is not for it comes back.
    pub fn diameter<'a>(&mut self, now: Instant, input: DiameterInput<'a>) -> Option<DiameterInput<'a>> {
        match &mut self.0 {
            Some(own) => own.diameter(now, input),
            None => Some(input),
        }
    }

    /// An answer of the store; what is not for it comes back.
    pub fn stored(&mut self, now: Instant, answer: NodeStoreAnswer) -> Option<NodeStoreAnswer> {
        match &mut self.0 {
            Some(own) if answer.token.0 >= OWN_TOKENS => {
                own.stored(now, answer);
                None
            }
            _ => Some(answer),
        }
    }

    /// Time has come to what [`Self::poll_timeout`] said, or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(own) = &mut self.0 {
            own.handle_timeout(now);
        }
    }

    /// When it wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.0.as_ref().and_then(|own| own.poll_timeout())
    }

    /// What it has to say, for the node to pass on.
    pub fn poll_output(&mut self) -> Option<NodeOutput> {
        self.0.as_mut()?.outputs.pop_front()
    }

    /// What it counts.
    pub fn counters(&self) -> ChargingCounters {
        self.0.as_ref().map_or_else(ChargingCounters::default, |own| ChargingCounters {
            sessions: own.sessions.len(),
            buffered: own.queue.len(),
            taken: own.taken,
            lost: own.lost,
        })
    }
}

impl Trigger {
    fn new(mut config: ChargingConfig, mut entropy: Entropy) -> Self {
        config.diameter.applications = vec![APP_RF];
        let endpoint = DiameterEndpoint::new(config.diameter.clone(), entropy.split());
        let mut own = Self {
            config,
            entropy,
            endpoint,
            connections: BTreeSet::new(),
            sessions: ChargingSessions::default(),
            watched: BTreeMap::new(),
            queue: Queue::default(),
            not_before: None,
            loaded: false,
            forgets: false,
            early: Vec::new(),
            waiting: BTreeMap::new(),
            unsure: BTreeSet::new(),
            held: VecDeque::new(),
            next_token: OWN_TOKENS,
            next_session: 0,
            taken: 0,
            lost: 0,
            outputs: VecDeque::new(),
        };
        own.load();
        own
    }

    fn begin(&mut self, now: Instant, key: TransactionKey, role: RoleOfNode, request: &Request, charging: &Headers) {
        let is_session = request.method == Method::INVITE;
        let in_dialog = request.to().ok().flatten().is_some_and(|to| to.tag().is_some());
        if in_dialog || !(is_session || self.config.events.contains(&request.method)) {
            return;
        }
        let vector = observe::vector(charging);
        let vector = vector.as_ref();
        let icid = vector.map(|vector| vector.icid().into_owned()).unwrap_or_default();
        let call_id = request.call_id().unwrap_or_default().to_owned();
        let subject: Subject = (icid, role.code(), observe::served(role, request), call_id);
        // The same request twice at once, by two ways, is two attempts.
        let known = self.sessions.of_subject(&subject).filter(|known| !known.is_live).cloned();
        // An earlier run had an answer for it, which nobody can have heard who asks again.
        if let Some(unheard) = known.as_ref().filter(|known| known.answered) {
            self.stop(now, &unheard.session_id, INTERNAL_ERROR, &[]);
        }
        let known = known.filter(|known| !known.answered);
        let id = match known {
            // The same request again, after a restart.
            Some(known) => {
                let session = ChargingSession { is_live: true, ..known };
                let id = session.session_id.clone();
                self.sessions.put(session);
                id
            }
            None => {
                let information = observe::of_request(self.config.node, role, request, vector, self.utc_ms(now));
                self.open(now, request, named_cdf(charging), subject, information)
            }
        };
        if self.watched.len() < MAX_WATCHED {
            self.watched.insert(key, Watched::Initial(id));
        }
    }

    fn within(&mut self, now: Instant, key: Option<TransactionKey>, request: &Request) {
        let Some(dialog) = session::dialog_of(&request.headers) else { return };
        if request.method == Method::BYE && !self.loaded && self.early.len() < MAX_WATCHED {
            self.early.push(request.clone());
        } else if request.method == Method::BYE {
            let reasons: Vec<String> = request.headers.all("Reason").take(4).map(str::to_owned).collect();
            for id in self.sessions.of_dialog(&dialog) {
                self.stop(now, &id, 0, &reasons);
            }
        } else if let Some(key) = key
            && [Method::INVITE, Method::UPDATE].contains(&request.method)
            && self.watched.len() < MAX_WATCHED
            && !self.sessions.of_dialog(&dialog).is_empty()
        {
            self.watched.insert(key, Watched::Change { dialog, request: Box::new(request.clone()) });
        }
    }

    fn answered(&mut self, now: Instant, key: TransactionKey, response: &Response) {
        if response.is_provisional() {
            return;
        }
        match self.watched.get(&key) {
            Some(Watched::Initial(id)) => {
                let id = id.clone();
                // Of an INVITE several 2xx may come.
                let more = response.is_success() && self.sessions.get(&id).is_some_and(|s| s.method == "INVITE");
                if !more {
                    self.watched.remove(&key);
                }
                self.outcome(now, &id, response);
            }
            Some(Watched::Change { .. }) => {
                if let Some(Watched::Change { dialog, request }) = self.watched.remove(&key)
                    && response.is_success()
                {
                    self.changed(now, &dialog, &request, response);
                }
            }
            None => {}
        }
    }

    fn unanswered(&mut self, now: Instant, key: TransactionKey, status: u16) {
        if let Some(Watched::Initial(id)) = self.watched.remove(&key) {
            self.failed(now, &id, status.into());
        }
    }

    fn vector(&self, key: TransactionKey) -> Option<PChargingVector> {
        let Some(Watched::Initial(id)) = self.watched.get(&key) else { return None };
        let own = self.sessions.get(id)?.information().ims?;
        let mut vector = PChargingVector::new(&own.icid?);
        if let Some(ioi) = own.operators.first().and_then(|operators| operators.originating.as_deref()) {
            vector.params.set_quoted("orig-ioi", ioi);
        }
        Some(vector)
    }

    fn beyond(&mut self, key: TransactionKey, vector: &PChargingVector) {
        if let Some(Watched::Initial(id)) = self.watched.get(&key)
            && let Some(session) = self.sessions.get(id).cloned()
        {
            self.note(session, |ims| observe::add_operators(ims, vector));
        }
    }

    fn asked(&mut self, key: TransactionKey, server: &str) {
        let Some(Watched::Initial(id)) = self.watched.get(&key) else { return };
        let Some(session) = self.sessions.get(id).cloned() else { return };
        self.note(session, |ims| observe::add_server(ims, server));
    }

    fn pass(&mut self, message: NodeOutput) {
        match self.unsure.last() {
            None => self.outputs.push_back(message),
            Some(&last) if self.held.len() < MAX_HELD => self.held.push_back((last, message)),
            Some(_) => self.say("a message is lost: too many wait for the store".to_owned()),
        }
    }

    /// The store has answered: messages that waited for it go.
    fn release(&mut self, token: u64) {
        self.unsure.remove(&token);
        let first = self.unsure.first().copied().unwrap_or(u64::MAX);
        while self.held.front().is_some_and(|(last, _)| *last < first) {
            self.outputs.extend(self.held.pop_front().map(|(_, message)| message));
        }
    }

    fn diameter<'a>(&mut self, now: Instant, input: DiameterInput<'a>) -> Option<DiameterInput<'a>> {
        let own = match input {
            DiameterInput::Connected { conn, peer: Some(peer) } if peer >= OWN_PEERS => {
                self.connections.insert(conn);
                DiameterInput::Connected { conn, peer: Some(peer - OWN_PEERS) }
            }
            DiameterInput::ConnectFailed { peer } if peer >= OWN_PEERS => {
                DiameterInput::ConnectFailed { peer: peer - OWN_PEERS }
            }
            DiameterInput::Received { conn, .. } if self.connections.contains(&conn) => input,
            DiameterInput::Closed { conn } if self.connections.remove(&conn) => input,
            other => return Some(other),
        };
        self.endpoint.handle_input(now, own);
        self.drain(now);
        None
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(DiameterTransport::Connect { peer, address }) => {
                    let peer = peer + OWN_PEERS;
                    self.outputs.push_back(NodeOutput::Diameter(DiameterTransport::Connect { peer, address }));
                }
                DiameterOutput::Transport(transport) => {
                    if let DiameterTransport::Close { conn } = &transport {
                        self.connections.remove(conn);
                    }
                    self.outputs.push_back(NodeOutput::Diameter(transport));
                }
                DiameterOutput::Answer { token, result } => self.on_answer(now, token, result),
                DiameterOutput::PeerUp { host } => {
                    self.say(format!("Diameter peer {host} takes records"));
                    self.not_before = None;
                    self.send(now);
                }
                DiameterOutput::PeerDown { host } => self.say(format!("Diameter peer {host} takes no records")),
                DiameterOutput::Request { message, .. } => {
                    self.say(format!("{} at a node that charges", message.name()))
                }
                DiameterOutput::Ignored { state, event } => {
                    self.outputs.push_back(NodeOutput::Note(NodeNote::Ignored { state, event }));
                }
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.endpoint.poll_timeout().is_some_and(|at| at <= now) {
            self.endpoint.handle_timeout(now);
            self.drain(now);
        }
        for id in self.sessions.due_until(self.utc_ms(now)) {
            self.expire(now, &id);
        }
        if self.not_before.is_some_and(|at| at <= now) {
            self.not_before = None;
            self.send(now);
        }
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let due = self.sessions.first_due().filter(|_| self.loaded).map(|utc| self.instant(utc));
        [self.endpoint.poll_timeout(), due, self.not_before].into_iter().flatten().min()
    }

    fn utc_ms(&self, now: Instant) -> u64 {
        self.config.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    fn instant(&self, utc_ms: u64) -> Instant {
        Instant::from_nanos(utc_ms.saturating_sub(self.config.utc_ms_at_zero).saturating_mul(1_000_000))
    }

    fn say(&mut self, text: String) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Said(format!("charging: {text}"))));
    }
}

/// When a 2xx says that its session ends unless it is refreshed.
fn end_of(response: &Response, utc_ms: u64) -> Option<u64> {
    let interval = response.headers.whole("Session-Expires", SessionExpires::parse).ok().flatten()?;
    Some(utc_ms + u64::from(interval.seconds) * 1000)
}

/// `aaa://HOST:PORT;…`, `<HOST>` or a host, as P-Charging-Function-Addresses names a CDF (RFC 7315 clause 5.5).
fn host_of(value: &str) -> String {
    let value = value.trim().trim_matches(['"', '<', '>']);
    let value = value.strip_prefix("aaa://").or_else(|| value.strip_prefix("aaas://")).unwrap_or(value);
    value.split([':', ';']).next().unwrap_or(value).to_owned()
}

/// The first `ccf` of P-Charging-Function-Addresses.
fn named_cdf(headers: &Headers) -> Option<String> {
    let value = headers.get("P-Charging-Function-Addresses")?;
    value.split(';').find_map(|part| part.trim().strip_prefix("ccf=")).map(host_of).filter(|host| host.len() < 256)
}
