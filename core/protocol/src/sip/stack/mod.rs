//! One SIP entity's transport and transaction layers (RFC 3261 clauses 17, 18; RFC 3581, RFC 6026), without sockets and clock.

mod client;
mod config;
mod deadlines;
mod ids;
mod receive;
mod repeat;
mod server;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use thiserror::Error;

use super::transaction::{ClientKey, ServerKey, TransactionKey};
use super::{Flow, NextHop, Request, ResolveError, Response, Target, Uri};
use crate::{Entropy, Instant};
use client::ClientSlot;
pub use config::{NoSipUri, StackConfig, StackCounters, StackLimits};
use deadlines::Deadlines;
use server::ServerSlot;

/// The transport and transaction layers of one SIP entity. Drain [`Self::poll_output`] after every other call.
#[derive(Debug)]
pub struct SipStack {
    config: StackConfig,
    entropy: Entropy,
    next_key: u64,
    clients: BTreeMap<ClientKey, Box<ClientSlot>>,
    /// Hash maps are asked by name alone: nothing depends on their order.
    client_ids: HashMap<Arc<str>, ClientKey>,
    servers: BTreeMap<ServerKey, Box<ServerSlot>>,
    server_ids: HashMap<Arc<str>, ServerKey>,
    /// From tag, Call-ID and CSeq of requests outside dialogs, where merged requests are refused.
    merge_ids: BTreeMap<String, ServerKey>,
    /// INVITEs whose 2xx is repeated until this ACK comes.
    ack_ids: BTreeMap<String, ServerKey>,
    deadlines: Deadlines,
    outputs: VecDeque<StackOutput>,
    counters: StackCounters,
}

/// What comes to a stack.
#[derive(Clone, Debug)]
pub enum StackInput<'a> {
    /// One whole message, a datagram or framed out of a stream.
    Received {
        /// How it came.
        flow: Flow,
        /// Its octets.
        bytes: &'a [u8],
    },
    /// What went to `target` could not be sent.
    Failed {
        /// As the stack gave it.
        target: Target,
        /// Why not.
        why: String,
    },
}

/// What a stack wants done, and what it tells its user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StackOutput {
    /// Send this.
    Transmit {
        /// Where to.
        target: Target,
        /// One whole message.
        bytes: Vec<u8>,
    },
    /// A new request; the user owes an answer by `key`. Without a key: the ACK of a 2xx, which nobody answers.
    Request {
        /// To answer with.
        key: Option<ServerKey>,
        /// The request; its topmost Via tells where it came from.
        request: Request,
        /// How it came.
        flow: Flow,
    },
    /// The client wants this INVITE cancelled; the CANCEL itself is answered. The user answers the INVITE with 487.
    Cancel {
        /// The INVITE.
        key: ServerKey,
        /// The CANCEL.
        request: Request,
    },
    /// A response; of an INVITE there may be several 2xx.
    Response {
        /// To what.
        key: ClientKey,
        /// The response; the topmost Via is ours.
        response: Response,
    },
    /// No final response came in time: as good as 408.
    Timeout {
        /// Of this transaction.
        key: ClientKey,
    },
    /// The request could not be sent: as good as 503.
    TransportFailed {
        /// Of this transaction.
        key: ClientKey,
        /// Why not.
        why: String,
    },
    /// No ACK came for a final response to INVITE, or no PRACK for a reliable provisional one.
    AckMissing {
        /// The INVITE.
        key: ServerKey,
        /// The status that was not acknowledged.
        status: u16,
    },
    /// A transaction is over and its key is worth nothing any more.
    Terminated {
        /// Which.
        key: TransactionKey,
    },
    /// Something came that nothing is done about.
    Ignored {
        /// What came.
        what: String,
        /// Why it is ignored.
        why: String,
    },
}

/// A request cannot be sent.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SendError {
    /// Its next hop has no address.
    #[error(transparent)]
    Unresolved(#[from] ResolveError),
    /// The stack has no socket for the next hop's transport.
    #[error("no {0} socket here to send from")]
    NoSocket(super::Transport),
    /// Too many client transactions.
    #[error("{0} client transactions are under way: no more")]
    Full(usize),
    /// Clauses 9.1, 13.2.2.4: these two have calls of their own.
    #[error("{0} makes no client transaction: see cancel and send_ack")]
    Method(String),
    /// The client of the request that should go on has its final response.
    #[error("the client has its final response: nothing goes on")]
    Answered,
    /// What the request says of itself does not hold.
    #[error("the request cannot be sent: {0}")]
    Malformed(super::SipProblem),
}

/// A response cannot be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RespondError {
    /// The transaction is over.
    #[error("the server transaction is over")]
    Gone,
    /// A final response was sent before.
    #[error("the request has its final response already")]
    Answered,
}

impl SipStack {
    /// A stack that draws branches and tags from `entropy`.
    pub fn new(config: StackConfig, entropy: Entropy) -> Self {
        Self {
            config,
            entropy,
            next_key: 0,
            clients: BTreeMap::new(),
            client_ids: HashMap::new(),
            servers: BTreeMap::new(),
            server_ids: HashMap::new(),
            merge_ids: BTreeMap::new(),
            ack_ids: BTreeMap::new(),
            deadlines: Deadlines::default(),
            outputs: VecDeque::new(),
            counters: StackCounters::default(),
        }
    }

    /// Something has come in.
    pub fn handle_input(&mut self, now: Instant, input: StackInput<'_>) {
        match input {
            StackInput::Received { flow, bytes } => self.receive(now, flow, bytes),
            StackInput::Failed { target, why } => self.fail(now, target, &why),
        }
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(key) = self.deadlines.pop(now) {
            match key {
                TransactionKey::Client(key) => self.client_timeout(now, key),
                TransactionKey::Server(key) => self.server_timeout(now, key),
            }
        }
    }

    /// When the stack wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.first()
    }

    /// What is to be done now.
    pub fn poll_output(&mut self) -> Option<StackOutput> {
        self.outputs.pop_front()
    }

    /// Sends a request without a transaction: the ACK of a 2xx (RFC 3261 clause 13.2.2.4), by a UA or passed on by a proxy
    /// (clause 16.11). It gets a Via; a repeated request gets the same branch again.
    pub fn send_ack(&mut self, request: Request, next_hop: Option<NextHop>) -> Result<(), SendError> {
        let target = self.next_target(&request, next_hop)?;
        let branch = ids::stateless_branch(&request);
        let message = self.with_via(request, target, &branch)?;
        self.transmit(target, client::wire(&message, target.transport.is_reliable()));
        Ok(())
    }

    /// Sends a response without a transaction, by its topmost Via (RFC 3261 clause 16.11).
    pub fn send_response(&mut self, response: &Response) -> Result<(), SendError> {
        let via = response.via().and_then(|via| via.ok_or_else(|| super::SipProblem::bad("Via", "is missing")));
        let via = via.map_err(SendError::Malformed)?;
        let target = ids::response_target(&via, None, &self.config.hosts)?;
        let reliable = target.transport.is_reliable();
        self.transmit(target, if reliable { response.to_stream_bytes() } else { response.to_bytes() });
        Ok(())
    }

    /// Sends octets as they are, for tests that want something wrong on the wire.
    pub fn send_raw(&mut self, target: Target, bytes: Vec<u8>) {
        self.transmit(target, bytes);
    }

    /// A new tag, branch part or Call-ID of `n` characters.
    pub fn token(&mut self, n: usize) -> String {
        self.entropy.token(n)
    }

    /// What it was made with.
    pub fn config(&self) -> &StackConfig {
        &self.config
    }

    /// Addresses of hosts, to be changed while it runs.
    pub fn hosts_mut(&mut self) -> &mut super::HostTable {
        &mut self.config.hosts
    }

    /// What it has seen.
    pub fn counters(&self) -> StackCounters {
        self.counters
    }

    /// Client and server transactions that are under way.
    pub fn transactions(&self) -> (usize, usize) {
        (self.clients.len(), self.servers.len())
    }

    /// Nothing is left in any table.
    pub fn is_idle(&self) -> bool {
        let ids = self.client_ids.len() + self.server_ids.len() + self.merge_ids.len() + self.ack_ids.len();
        self.clients.is_empty() && self.servers.is_empty() && ids == 0 && self.deadlines.first().is_none()
    }

    /// `via` is one of ours with `mark` in its branch.
    pub(crate) fn has_sent(&self, via: &str, mark: &str) -> bool {
        let Ok(via) = super::Via::parse(via) else { return false };
        let marked = via.branch().and_then(|branch| branch.rsplit_once('.')).is_some_and(|(_, own)| own == mark);
        marked && self.is_our_via(&via)
    }

    fn new_key(&mut self) -> u64 {
        self.next_key += 1;
        self.next_key
    }

    fn transmit(&mut self, target: Target, bytes: Vec<u8>) {
        self.counters.transmitted += 1;
        self.outputs.push_back(StackOutput::Transmit { target, bytes });
    }

    fn ignore(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.outputs.push_back(StackOutput::Ignored { what: what.into(), why: why.into() });
    }

    fn next_target(&self, request: &Request, next_hop: Option<NextHop>) -> Result<Target, SendError> {
        let uri = match next_hop {
            Some(NextHop::Target(target)) => return Ok(target),
            Some(NextHop::Uri(uri)) => uri,
            // RFC 3261 clause 8.1.2: the topmost Route, else the Request-URI.
            None => match request.headers.values("Route").next() {
                Some(route) => super::NameAddr::parse(route).map_err(SendError::Malformed)?.uri,
                None => request.uri.clone(),
            },
        };
        Ok(self.resolve(&uri)?)
    }

    fn resolve(&self, uri: &Uri) -> Result<Target, ResolveError> {
        let mut target = self.config.hosts.resolve(uri)?;
        // A URI that asks for nothing goes by what there is.
        let asks = matches!(uri, Uri::Sip(sip) if sip.secure || sip.params.has("transport"));
        if !asks
            && !self.config.has(target.transport)
            && let Some(&(transport, _)) = self.config.local.first()
            && transport != super::Transport::Tls
        {
            target.transport = transport;
        }
        Ok(target)
    }

    /// The request with our Via on top.
    fn with_via(&self, mut request: Request, target: Target, branch: &str) -> Result<Request, SendError> {
        if !self.config.has(target.transport) {
            return Err(SendError::NoSocket(target.transport));
        }
        self.put_via(&mut request, target, branch);
        if !request.headers.contains("Max-Forwards") {
            request.headers.append("Max-Forwards", "70");
        }
        Ok(request)
    }

    fn put_via(&self, request: &mut Request, target: Target, branch: &str) {
        let transport = target.transport.to_string().to_ascii_uppercase();
        let mut via = super::Via::new(&transport, &self.config.sent_by_of(target.transport), branch);
        if target.transport == super::Transport::Udp {
            // RFC 3581 clause 3.
            via.params.set_flag("rport");
        }
        request.headers.prepend("Via", &via.to_string());
    }
}
