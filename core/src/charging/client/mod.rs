//! Charging trigger function (TS 32.240 clause 4.3.1.1, TS 32.260 clause 5.2): what a node of the IMS tells the CDF on Rf.
//!
//! A node tells of each request that it serves ([`ChargingClient::begin`], [`ChargingClient::within`]) and of the responses
//! that go back ([`ChargingClient::answered`]); records follow from that. What is chargeable is durable from the request on:
//! a session that is under way when the node is killed ends with a record all the same. The node's own messages go by
//! [`ChargingClient::pass`]: none leaves before what it follows from is durable.

mod event;
pub(super) mod observe;
mod queue;
mod records;
mod session;
mod trigger;

use std::time::Duration;

use protocol::diameter::charging::{NodeFunctionality, RoleOfNode, ServiceInformation};
use protocol::diameter::{DiameterConfig, DiameterInput};
use protocol::sip::{Headers, Method, PChargingVector, Request, Response, TransactionKey};
use protocol::{Entropy, Instant};

use crate::node::{NodeOutput, NodeStoreAnswer, NodeStoreOp};
use trigger::{OWN_TOKENS, Trigger};

/// A Session-Id (RFC 6733 clause 8.8): never the same again, whatever restarts.
pub(in crate::charging) fn new_session_id(host: &str, utc_ms: u64, number: u64, entropy: &mut Entropy) -> String {
    format!("{host};{};{number};{}", utc_ms / 1000, entropy.token(8))
}

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

    /// Whether anything is charged.
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// A Session-Id that was never there before; none: nothing is charged.
    pub fn new_session_id(&mut self, now: Instant) -> Option<String> {
        Some(self.0.as_mut()?.new_session_id(now))
    }

    /// A record of an event that is no SIP transaction, under a Session-Id of the node's own: its number, and what makes it
    /// durable. The node stores that together with what the record follows from, and says then that it is kept
    /// ([`Self::event_kept`]). None: nothing is charged, or there is no place for it.
    pub fn event(
        &mut self,
        now: Instant,
        session_id: &str,
        information: ServiceInformation,
    ) -> Option<(u64, NodeStoreOp)> {
        self.0.as_mut()?.event_record(now, session_id, information)
    }

    /// The record of an event is durable, or the node has done what it could: it goes to the CDF.
    pub fn event_kept(&mut self, now: Instant, number: u64) {
        if let Some(own) = &mut self.0 {
            own.event_kept(now, number);
        }
    }

    /// The record of an event is not durable, and neither is what it follows from: nobody hears of it.
    pub fn event_dropped(&mut self, number: u64) {
        if let Some(own) = &mut self.0 {
            own.queue.done(number);
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

    /// What it counts, for the figures of a node.
    pub fn figures(&self) -> [(&'static str, u64); 2] {
        let own = self.counters();
        [("accounting_records_buffered", own.buffered as u64), ("accounting_records_lost", own.lost)]
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
