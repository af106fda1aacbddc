//! What a charging trigger function knows, and what follows from what the node tells it (TS 32.260 clause 5.2).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use protocol::diameter::charging::RoleOfNode;
use protocol::diameter::dictionary::APP_RF;
use protocol::diameter::{ConnectionId, DiameterEndpoint, DiameterInput, DiameterOutput, DiameterTransport};
use protocol::sip::{Headers, Method, PChargingVector, Request, Response, SessionExpires, TransactionKey};
use protocol::{Entropy, Instant};

use super::queue::Queue;
use super::records::INTERNAL_ERROR;
use super::session::{ChargingSession, ChargingSessions, DialogName, Subject, dialog_of};
use super::{ChargingConfig, observe};
use crate::node::{NodeNote, NodeOutput};

#[derive(Debug)]
pub(super) struct Trigger {
    pub(super) config: ChargingConfig,
    pub(super) entropy: Entropy,
    pub(super) endpoint: DiameterEndpoint,
    pub(super) connections: BTreeSet<ConnectionId>,
    pub(super) sessions: ChargingSessions,
    pub(super) watched: BTreeMap<TransactionKey, Watched>,
    pub(super) queue: Queue,
    /// Nothing is sent before.
    pub(super) not_before: Option<Instant>,
    /// The store has told what there was; BYEs that came before.
    pub(super) loaded: bool,
    /// The node does not know its sessions any more after a restart.
    pub(super) forgets: bool,
    pub(super) early: Vec<Request>,
    pub(super) waiting: BTreeMap<u64, Waiting>,
    /// Of what waits, that which messages wait for.
    pub(super) unsure: BTreeSet<u64>,
    /// Messages of the node, each with the last change that it may follow from.
    pub(super) held: VecDeque<(u64, NodeOutput)>,
    pub(super) next_token: u64,
    pub(super) next_session: u64,
    pub(super) taken: u64,
    pub(super) lost: u64,
    pub(super) outputs: VecDeque<NodeOutput>,
}

/// A transaction whose response matters.
#[derive(Debug)]
pub(super) enum Watched {
    /// It began a charging session: its Session-Id.
    Initial(String),
    /// INVITE or UPDATE within a dialog: what it says.
    Change { dialog: DialogName, request: Box<Request> },
}

/// What waits for the store.
#[derive(Debug)]
pub(super) enum Waiting {
    Load,
    Record(u64),
    /// A change of a session.
    Change,
    Nothing,
}

impl Trigger {
    pub(super) fn new(mut config: ChargingConfig, mut entropy: Entropy) -> Self {
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

    pub(super) fn begin(
        &mut self,
        now: Instant,
        key: TransactionKey,
        role: RoleOfNode,
        request: &Request,
        charging: &Headers,
    ) {
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

    pub(super) fn within(&mut self, now: Instant, key: Option<TransactionKey>, request: &Request) {
        let Some(dialog) = dialog_of(&request.headers) else { return };
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

    pub(super) fn answered(&mut self, now: Instant, key: TransactionKey, response: &Response) {
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

    pub(super) fn unanswered(&mut self, now: Instant, key: TransactionKey, status: u16) {
        if let Some(Watched::Initial(id)) = self.watched.remove(&key) {
            self.failed(now, &id, status.into());
        }
    }

    pub(super) fn vector(&self, key: TransactionKey) -> Option<PChargingVector> {
        let Some(Watched::Initial(id)) = self.watched.get(&key) else { return None };
        let own = self.sessions.get(id)?.information().ims?;
        let mut vector = PChargingVector::new(&own.icid?);
        if let Some(ioi) = own.operators.first().and_then(|operators| operators.originating.as_deref()) {
            vector.params.set_quoted("orig-ioi", ioi);
        }
        Some(vector)
    }

    pub(super) fn beyond(&mut self, key: TransactionKey, vector: &PChargingVector) {
        if let Some(Watched::Initial(id)) = self.watched.get(&key)
            && let Some(session) = self.sessions.get(id).cloned()
        {
            self.note(session, |ims| observe::add_operators(ims, vector));
        }
    }

    pub(super) fn asked(&mut self, key: TransactionKey, server: &str) {
        let Some(Watched::Initial(id)) = self.watched.get(&key) else { return };
        let Some(session) = self.sessions.get(id).cloned() else { return };
        self.note(session, |ims| observe::add_server(ims, server));
    }

    pub(super) fn pass(&mut self, message: NodeOutput) {
        match self.unsure.last() {
            None => self.outputs.push_back(message),
            Some(&last) if self.held.len() < MAX_HELD => self.held.push_back((last, message)),
            Some(_) => self.say("a message is lost: too many wait for the store".to_owned()),
        }
    }

    /// The store has answered: messages that waited for it go.
    pub(super) fn release(&mut self, token: u64) {
        self.unsure.remove(&token);
        let first = self.unsure.first().copied().unwrap_or(u64::MAX);
        while self.held.front().is_some_and(|(last, _)| *last < first) {
            self.outputs.extend(self.held.pop_front().map(|(_, message)| message));
        }
    }

    pub(super) fn diameter<'a>(&mut self, now: Instant, input: DiameterInput<'a>) -> Option<DiameterInput<'a>> {
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

    pub(super) fn drain(&mut self, now: Instant) {
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

    pub(super) fn handle_timeout(&mut self, now: Instant) {
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

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let due = self.sessions.first_due().filter(|_| self.loaded).map(|utc| self.instant(utc));
        [self.endpoint.poll_timeout(), due, self.not_before].into_iter().flatten().min()
    }

    pub(super) fn utc_ms(&self, now: Instant) -> u64 {
        self.config.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    fn instant(&self, utc_ms: u64) -> Instant {
        Instant::from_nanos(utc_ms.saturating_sub(self.config.utc_ms_at_zero).saturating_mul(1_000_000))
    }

    pub(super) fn say(&mut self, text: String) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Said(format!("charging: {text}"))));
    }
}

/// When a 2xx says that its session ends unless it is refreshed.
pub(super) fn end_of(response: &Response, utc_ms: u64) -> Option<u64> {
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
pub(super) fn named_cdf(headers: &Headers) -> Option<String> {
    let value = headers.get("P-Charging-Function-Addresses")?;
    value.split(';').find_map(|part| part.trim().strip_prefix("ccf=")).map(host_of).filter(|host| host.len() < 256)
}

/// Its tokens of the store and places of peers begin here: below are those of the node itself.
pub(super) const OWN_TOKENS: u64 = 1 << 62;
const OWN_PEERS: usize = 1 << 16;
/// Transactions that are watched.
const MAX_WATCHED: usize = 50_000;
/// Messages that wait for the store; what is sent beyond is as lost as on the wire.
const MAX_HELD: usize = 100_000;
