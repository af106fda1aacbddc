//! HSS (TS 23.002 clause 4.1.1.1) for IMS: Cx (TS 29.228) and Sh (TS 29.328); for short messages it is an HLR as well (MAP).
//!
//! An answer that acknowledges a change leaves when the change is durable: a vector when its sequence number is, a
//! registration when it is. A sequence number that was given out is never given out again, whatever happens in between.

mod authentication;
mod cx;
mod data;
mod map;
mod partner;
mod provision;
mod push;
mod registration;
mod sh;
mod subscriber;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::diameter::cx::{Lir, Mar, Sar, Uar};
use protocol::diameter::sh::{Pur, Snr, Udr};
use protocol::diameter::{
    DiameterConfig, DiameterEndpoint, DiameterOutput, DiameterProblem, DisconnectCause, Message, RequestFailure,
    RequestHandle, dictionary, problem_answer, result,
};
use protocol::{Entropy, Instant};

use self::map::{Hlr, MapReply};
use self::registration::Registration;
use self::subscriber::Directory;
use super::aka::Sqn;
use crate::node::{
    Admin, Node, NodeInput, NodeNote, NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Rows, Table,
};
use crate::store::StoreToken;

pub use map::{HlrConfig, PresencePeer, SmsSubscription, SmsWay};
pub(crate) use partner::{PartnerMar, Unanswered};
pub(crate) use provision::{Profile, Wrong, criteria_of, named_criteria, parse_with};
pub use provision::{
    ProvisionError, ProvisionedSubscriber, SubscriberSummary, add_subscribers, list_subscribers, parse_subscribers,
    remove_subscriber, show_subscriber,
};
pub use registration::IdentityState;
pub use subscriber::{Charging, DigestSecret, Identity, ImplicitSet, RequiredCapabilities, Subscriber};
pub(crate) use subscriber::{canonical, is_impi};

/// Configuration of an HSS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HssConfig {
    /// Its Diameter side. The applications are Cx and Sh, whatever is in there.
    pub diameter: DiameterConfig,
    /// Whether an S-CSCF may stay assigned after a de-registration that asks for it.
    pub keep_server_names: bool,
    /// Application servers that may use Sh, by Origin-Host, with the values of Data-Reference that they may use; none: all
    /// of them everything.
    pub application_servers: Option<BTreeMap<String, Vec<u32>>>,
    /// Octets of repository data of one service that are taken.
    pub max_repository_octets: usize,
    /// UTC at the start of the run, in milliseconds since 1970.
    pub utc_ms_at_zero: u64,
    /// The HLR for short messages; none: it has no MAP.
    pub hlr: Option<HlrConfig>,
    /// Migration management servers of its own system, by Origin-Host: they get vectors for users who register in another
    /// system (TS 23.280 clause 10.1.6.2 step 7), whose registration here stays as it is.
    pub migration_servers: Vec<String>,
}

impl HssConfig {
    /// With what is usual.
    pub fn new(diameter: DiameterConfig) -> Self {
        Self {
            diameter,
            keep_server_names: true,
            application_servers: None,
            max_repository_octets: 65_536,
            utc_ms_at_zero: 0,
            hlr: None,
            migration_servers: Vec::new(),
        }
    }
}

/// An answer, and what has to be durable before it leaves.
struct Reply {
    answer: Message,
    ops: Vec<NodeStoreOp>,
}

impl Reply {
    const fn now(answer: Message) -> Self {
        Self { answer, ops: Vec::new() }
    }
}

/// What waits for the store.
#[derive(Debug)]
enum Waiting {
    /// Everything that there is.
    Load,
    /// An answer; the request for the case that the store fails.
    Answer { handle: RequestHandle, request: Message, answer: Message },
    /// An answer of MAP.
    Map(Box<MapReply>),
    /// Nothing: the change is ours.
    Change,
}

/// The node.
#[derive(Debug)]
pub struct Hss {
    config: HssConfig,
    endpoint: DiameterEndpoint,
    entropy: Entropy,
    directory: Directory,
    sqns: BTreeMap<String, Sqn>,
    registrations: BTreeMap<String, Registration>,
    repository: data::Repository,
    hlr: Option<Box<Hlr>>,
    /// For a migration management server.
    partner: Option<partner::PartnerIdentities>,
    /// Requests that came before the data were there.
    early: Option<Vec<(RequestHandle, Message)>>,
    waiting: BTreeMap<u64, Waiting>,
    pushed: BTreeMap<u64, push::Pushed>,
    /// States of identities that have changed, for those who want to be notified.
    changed: Vec<push::Changed>,
    next_token: u64,
    counters: Counters,
    out: VecDeque<NodeOutput>,
}

#[derive(Debug, Default)]
struct Counters {
    requests: u64,
    map_requests: u64,
    vectors: u64,
    refused: u64,
}

impl Hss {
    /// An HSS that first reads its data.
    pub fn new(mut config: HssConfig, mut entropy: Entropy) -> Self {
        config.diameter.applications = cx::APPLICATIONS.to_vec();
        let endpoint = DiameterEndpoint::new(config.diameter.clone(), entropy.split());
        let hlr = config.hlr.clone().map(|hlr| Box::new(Hlr::new(hlr, entropy.split())));
        let mut hss = Self {
            config,
            endpoint,
            entropy,
            directory: Directory::default(),
            sqns: BTreeMap::new(),
            registrations: BTreeMap::new(),
            repository: data::Repository::default(),
            hlr,
            partner: None,
            early: Some(Vec::new()),
            waiting: BTreeMap::new(),
            pushed: BTreeMap::new(),
            changed: Vec::new(),
            next_token: 0,
            counters: Counters::default(),
            out: VecDeque::new(),
        };
        let ops = [Table::Subscriber, Table::Sqn, Table::HssRegistration, Table::RepositoryData, Table::HlrSms];
        hss.store(ops.map(|table| NodeStoreOp::Scan { table }).to_vec(), Waiting::Load);
        hss
    }

    /// State of a public identity; `None` when nobody has it.
    pub fn identity_state(&self, impu: &str) -> Option<IdentityState> {
        let subscriber = self.directory.by_impu(impu).next()?;
        let key = registration::set_key(&subscriber.sets[subscriber.set_of(impu)?]);
        let registration = self.registrations.get(&subscriber.subscription);
        Some(registration.map_or(IdentityState::NotRegistered, |r| r.state(&key)))
    }

    fn store(&mut self, ops: Vec<NodeStoreOp>, waiting: Waiting) {
        self.next_token += 1;
        self.waiting.insert(self.next_token, waiting);
        self.out.push_back(NodeOutput::Store(NodeStoreRequest { token: StoreToken(self.next_token), ops }));
    }

    /// A word for the log.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.out.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }

    fn ignored(&mut self, state: impl Into<String>, event: impl Into<String>) {
        self.out.push_back(NodeOutput::Note(NodeNote::Ignored { state: state.into(), event: event.into() }));
    }

    fn on_stored(&mut self, now: Instant, answer: NodeStoreAnswer) {
        match (self.waiting.remove(&answer.token.0), answer.result) {
            (Some(Waiting::Load), Ok(tables)) => self.load(now, tables),
            (Some(Waiting::Load), Err(e)) => {
                // Without its data it knows nobody; it must not tell others that they are unknown.
                self.say(format!("the data of the subscribers cannot be read: {e}"));
                self.endpoint.disconnect(now, DisconnectCause::Busy);
            }
            (Some(Waiting::Answer { handle, answer, .. }), Ok(_)) => self.endpoint.send_answer(now, handle, answer),
            (Some(Waiting::Answer { handle, request, .. }), Err(e)) => {
                self.say(format!("{} is not answered with success: {e}", request.name()));
                let problem = DiameterProblem::new(result::UNABLE_TO_COMPLY, "the data cannot be stored");
                let answer = self.problem(&request, &problem);
                self.endpoint.send_answer(now, handle, answer);
            }
            (Some(Waiting::Map(reply)), result) => {
                if let Err(e) = &result {
                    self.say(format!("an operation of MAP is not answered with success: {e}"));
                }
                self.map_stored(now, *reply, result.is_ok());
            }
            (Some(Waiting::Change), Err(e)) => self.say(format!("a change is not durable: {e}")),
            (Some(Waiting::Change), Ok(_)) => {}
            (None, _) => self.ignored("running", "an answer of the store to nothing"),
        }
    }

    fn load(&mut self, now: Instant, tables: Vec<Rows>) {
        let mut tables = tables.into_iter();
        let mut unreadable = Vec::new();
        for (key, value) in tables.next().unwrap_or_default() {
            match serde_json::from_slice(&value) {
                Ok(subscriber) => self.directory.put(subscriber),
                Err(_) => unreadable.push(key),
            }
        }
        for (key, value) in tables.next().unwrap_or_default() {
            match String::from_utf8(value).ok().and_then(|text| text.parse().ok()).and_then(Sqn::new) {
                Some(sqn) => drop(self.sqns.insert(key, sqn)),
                // Without the number that was last given out, none may be given out.
                None => {
                    self.directory.remove(&key);
                    unreadable.push(key);
                }
            }
        }
        for (key, value) in tables.next().unwrap_or_default() {
            match serde_json::from_slice(&value) {
                Ok(registration) => drop(self.registrations.insert(key, registration)),
                Err(_) => unreadable.push(key),
            }
        }
        unreadable.extend(self.repository.load(tables.next().unwrap_or_default()));
        let records = tables.next().unwrap_or_default();
        unreadable.extend(self.hlr.as_mut().map(|hlr| hlr.load(records)).unwrap_or_default());
        for key in unreadable {
            self.say(format!("what is stored of {key} is unreadable and left alone"));
        }
        self.load_partner_identities();
        self.say(format!("{} subscribers", self.directory.len()));
        for (handle, message) in self.early.take().unwrap_or_default() {
            self.on_request(now, handle, message);
        }
        self.hlr_loaded(now);
    }

    fn on_request(&mut self, now: Instant, handle: RequestHandle, request: Message) {
        if let Some(early) = &mut self.early {
            return early.push((handle, request));
        }
        self.counters.requests += 1;
        let reply = match self.takes_partner_mar(handle, &request) {
            Ok(true) => return,
            Ok(false) => self.dispatch(now, &request),
            Err(problem) => Err(problem),
        };
        let reply = reply.unwrap_or_else(|problem| Reply::now(self.problem(&request, &problem)));
        if !protocol::diameter::ResultCode::from_message(&reply.answer).is_ok_and(|r| r.is_success()) {
            self.counters.refused += 1;
        }
        let Reply { answer, ops } = reply;
        if ops.is_empty() {
            self.endpoint.send_answer(now, handle, answer);
        } else {
            self.store(ops, Waiting::Answer { handle, request, answer });
        }
        self.notify_changes(now);
    }

    fn dispatch(&mut self, now: Instant, request: &Message) -> Result<Reply, DiameterProblem> {
        Ok(match request.command {
            dictionary::USER_AUTHORIZATION => self.uar(request, &Uar::from_message(request)?),
            dictionary::LOCATION_INFO => self.lir(request, &Lir::from_message(request)?),
            dictionary::SERVER_ASSIGNMENT => self.sar(request, &Sar::from_message(request)?),
            dictionary::MULTIMEDIA_AUTH => self.mar(now, request, &Mar::from_message(request)?),
            dictionary::USER_DATA_COMMAND => self.udr(request, &Udr::from_message(request)?),
            dictionary::PROFILE_UPDATE => self.pur(now, request, &Pur::from_message(request)?),
            dictionary::SUBSCRIBE_NOTIFICATIONS => self.snr(now, request, &Snr::from_message(request)?),
            _ => {
                let what = format!("{} is not for an HSS", request.name());
                return Err(DiameterProblem::new(result::COMMAND_UNSUPPORTED, what));
            }
        })
    }

    fn problem(&self, request: &Message, problem: &DiameterProblem) -> Message {
        let (host, realm) = self.endpoint.origin();
        problem_answer(request, host, realm, problem)
    }

    /// What the endpoint has to say, until it has nothing.
    pub(crate) fn drain(&mut self, now: Instant) {
        loop {
            let Some(output) = self.endpoint.poll_output() else {
                if self.drain_map(now) {
                    continue;
                }
                return;
            };
            match output {
                DiameterOutput::Transport(transport) => self.out.push_back(NodeOutput::Diameter(transport)),
                DiameterOutput::Request { handle, message } => self.on_request(now, handle, message),
                DiameterOutput::Answer { token, result } => self.on_pushed(now, token, result),
                DiameterOutput::PeerUp { host } => {
                    self.presence_is_up(now, &host);
                    self.say(format!("Diameter peer {host} is up"));
                }
                DiameterOutput::PeerDown { host } => self.say(format!("Diameter peer {host} is down")),
                DiameterOutput::Ignored { state, event } => self.ignored(state, event),
            }
        }
    }

    fn on_pushed(&mut self, now: Instant, token: u64, result: Result<Message, RequestFailure>) {
        match self.pushed.remove(&token) {
            Some(pushed) => self.after_push(now, pushed, result),
            None => self.on_asked_answer(token, result),
        }
    }

    /// Keeps a registration, and notes what of it those who subscribe to it want to know.
    fn change(&mut self, subscription: &str, registration: Registration) -> Vec<NodeStoreOp> {
        let before = self.registrations.get(subscription).cloned().unwrap_or_default();
        if before == registration {
            return Vec::new();
        }
        let op = registration.store(subscription);
        let connections = self.connections(subscription);
        self.note_changes(subscription, &before, &registration);
        if registration == Registration::default() {
            self.registrations.remove(subscription);
        } else {
            self.registrations.insert(subscription.to_owned(), registration);
        }
        let mut ops = vec![op];
        ops.extend(self.ims_changed(connections));
        ops
    }

    fn utc_ms(&self, now: Instant) -> u64 {
        self.config.utc_ms_at_zero.saturating_add(u64::try_from(now.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

impl Node for Hss {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Diameter(input) => self.endpoint.handle_input(now, input),
            NodeInput::Sccp { bytes } => self.sccp(now, bytes),
            NodeInput::Store(answer) => self.on_stored(now, answer),
            NodeInput::Admin(Admin::Deregister { impi, reason, info }) => self.deregister(now, &impi, reason, info),
            NodeInput::Admin(Admin::PutSubscriber(provisioned)) => self.put_subscriber(now, *provisioned),
            NodeInput::Admin(Admin::RemoveSubscriber { impi }) => self.remove_subscriber(now, &impi),
            NodeInput::Admin(Admin::Shutdown) => self.endpoint.disconnect(now, DisconnectCause::Rebooting),
            NodeInput::Admin(Admin::Reauthenticate { .. }) => {
                self.ignored("running", "Reauthenticate is for an S-CSCF")
            }
            NodeInput::Admin(Admin::ServingNode(_)) => self.ignored("running", "an order for an MSC or SGSN"),
            NodeInput::Sip { .. } | NodeInput::SipFailed { .. } => self.ignored("running", "SIP at an HSS"),
            NodeInput::Http { .. }
            | NodeInput::HttpResponse { .. }
            | NodeInput::Stream(_)
            | NodeInput::Datagram { .. } => {
                self.ignored("running", "HTTP or media at an HSS");
            }
            NodeInput::Access(_) => self.ignored("running", "an event of the access network at an HSS"),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
        self.hlr_timeout(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let hlr = self.hlr.as_ref().and_then(|hlr| hlr.poll_timeout());
        [self.endpoint.poll_timeout(), hlr].into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let mut figures = vec![
            ("subscribers", self.directory.len() as u64),
            ("subscriptions_with_scscf", self.registrations.len() as u64),
            ("diameter_requests", self.counters.requests),
            ("diameter_requests_refused", self.counters.refused),
            ("aka_vectors", self.counters.vectors),
        ];
        if let Some(hlr) = &self.hlr {
            figures.push(("map_operations", self.counters.map_requests));
            figures.extend(hlr.figures());
        }
        figures
    }
}

/// Seconds from 1900 to 1970 (RFC 6733 clause 4.3.1: Time).
const NTP_OFFSET: Duration = Duration::from_secs(2_208_988_800);

#[cfg(test)]
mod tests;
