//! Proxy (RFC 3261 clause 16): forwards requests on one or several branches of a [`SipStack`] and chooses what goes back.

mod admit;
mod best;
mod context;
mod route;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::{
    ClientKey, Method, NextHop, Request, RespondError, Response, SendError, ServerKey, SipStack, StackOutput,
    TransactionKey,
};
use crate::Instant;
pub use admit::Refusal;
use best::best_response;
use context::{Context, Outcome};
pub use route::{add_path, add_service_route, pop_own_route, push_routes, record_route, route_onwards};

/// The proxy core above a stack. The owner decides where requests go and may change every message on its way:
/// it gives what the stack puts out, `Transmit` aside, to [`Self::handle`] and drains [`Self::poll_event`].
#[derive(Debug)]
pub struct Proxy {
    config: ProxyConfig,
    contexts: BTreeMap<ServerKey, Context>,
    of_client: BTreeMap<ClientKey, ServerKey>,
    timer_c: BTreeSet<(Instant, ClientKey)>,
    events: VecDeque<ProxyEvent>,
}

/// How a proxy behaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProxyConfig {
    /// Timer C: longer than three minutes (clause 16.6 step 11).
    pub c: Duration,
    /// Option tags of Proxy-Require that are understood here.
    pub understands: Vec<String>,
}

/// What a proxy tells its owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProxyEvent {
    /// This goes back to the client, our Via gone: change it as needed and call [`Proxy::respond`]. Instead of passing a
    /// final response that is no success on, [`Proxy::forward`] may try elsewhere.
    Upstream {
        /// The request that it answers.
        key: ServerKey,
        /// The branch that it came by, or whose failure it stands for.
        client: ClientKey,
        /// Why there is a response.
        cause: Cause,
        /// The response.
        response: Response,
    },
    /// The server of a branch has the request and works on it (100): this goes no further (clause 16.7 step 2).
    Trying {
        /// The request.
        key: ServerKey,
        /// The branch.
        client: ClientKey,
    },
    /// The client has cancelled the request; every open branch has been cancelled, and what they answer comes as
    /// [`Self::Upstream`].
    Cancelled {
        /// The INVITE.
        key: ServerKey,
        /// The CANCEL.
        request: Request,
    },
    /// What the stack said is not about a forwarded request: new requests; a CANCEL of an INVITE that is on no branch now, to
    /// which the owner answers 487; the end of transactions.
    Other(StackOutput),
}

/// Where a response comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The server of the branch sent it.
    Answer,
    /// The server of the branch did not answer in time.
    Timeout,
    /// The request could not be sent, for this reason.
    Unreachable(String),
}

impl Default for ProxyConfig {
    fn default() -> Self {
        Self { c: Duration::from_secs(181), understands: Vec::new() }
    }
}

impl Proxy {
    /// A proxy without requests.
    pub const fn new(config: ProxyConfig) -> Self {
        Self {
            config,
            contexts: BTreeMap::new(),
            of_client: BTreeMap::new(),
            timer_c: BTreeSet::new(),
            events: VecDeque::new(),
        }
    }

    /// Sends `request` on, a copy of what came under `key` with everything changed that has to be, without a Via of ours.
    /// Where to: `next_hop`, or the topmost Route, or the Request-URI. Called several times for one key it forks.
    pub fn forward(
        &mut self,
        now: Instant,
        stack: &mut SipStack,
        key: ServerKey,
        mut request: Request,
        next_hop: Option<NextHop>,
    ) -> Result<ClientKey, SendError> {
        if !stack.is_unanswered(key) {
            return Err(SendError::Answered);
        }
        let next_hop = next_hop.or_else(|| route_onwards(&mut request));
        let is_invite = request.method == Method::INVITE;
        let mark = stack.loop_mark(key).unwrap_or_default().to_owned();
        let client = stack.send_marked(now, request, next_hop, &mark)?;
        let context = self.contexts.entry(key).or_insert_with(|| Context::new(is_invite));
        context.add(client);
        self.of_client.insert(client, key);
        if is_invite {
            self.start_timer_c(now, key, client);
        }
        Ok(client)
    }

    /// Sends the ACK of a 2xx on, without state (clause 16.11).
    pub fn forward_ack(
        &self,
        stack: &mut SipStack,
        mut request: Request,
        next_hop: Option<NextHop>,
    ) -> Result<(), SendError> {
        let next_hop = next_hop.or_else(|| route_onwards(&mut request));
        stack.send_ack(request, next_hop)
    }

    /// Passes a response back to the client; a final one ends what [`ProxyEvent::Upstream`] began. A 408 to another request
    /// than INVITE is not sent: its client has given up by itself, and the answer would be taken for that of its next try
    /// (RFC 4320 clause 4.2).
    pub fn respond(
        &mut self,
        now: Instant,
        stack: &mut SipStack,
        key: ServerKey,
        response: Response,
    ) -> Result<(), RespondError> {
        let mut too_late = false;
        if response.status >= 200
            && let Some(context) = self.contexts.get_mut(&key)
        {
            context.answered = true;
            too_late = response.status == 408 && !context.is_invite;
        }
        let sent = if too_late { Ok(()) } else { stack.respond(now, key, response) };
        self.settle(key);
        sent
    }

    /// Cancels every open branch of a request, for the owner's own reasons; what they answer comes as
    /// [`ProxyEvent::Upstream`]. `reason`: the value of a Reason header.
    pub fn cancel(&mut self, now: Instant, stack: &mut SipStack, key: ServerKey, reason: Option<&str>) {
        let Some(context) = self.contexts.get_mut(&key) else { return };
        context.cancelled = true;
        for client in context.pending() {
            stack.cancel(now, client, reason);
        }
    }

    /// Waits no longer for a branch: it is cancelled where that is possible, and what it answers counts no more, a 2xx to
    /// INVITE aside, which always goes up. For owners that try elsewhere before the transaction has given up.
    pub fn abandon(&mut self, now: Instant, stack: &mut SipStack, client: ClientKey) {
        let Some(&key) = self.of_client.get(&client) else { return };
        if let Some(context) = self.contexts.get_mut(&key) {
            context.finish(client, Outcome::Told);
        }
        self.stop_timer_c(key, client);
        stack.cancel(now, client, None);
    }

    /// Something that the stack said.
    pub fn handle(&mut self, now: Instant, stack: &mut SipStack, output: StackOutput) {
        if let StackOutput::Terminated { key: TransactionKey::Server(key) } = output {
            self.forget_server(now, stack, key);
        }
        match output {
            StackOutput::Response { key, response } if self.of_client.contains_key(&key) => {
                self.handle_response(now, stack, key, response);
            }
            StackOutput::Timeout { key } if self.of_client.contains_key(&key) => {
                self.handle_failure(stack, key, 408, Cause::Timeout);
            }
            StackOutput::TransportFailed { key, why } if self.of_client.contains_key(&key) => {
                self.handle_failure(stack, key, 503, Cause::Unreachable(why));
            }
            StackOutput::Cancel { key, request } if self.has_pending(key) => {
                let reason = request.headers.get("Reason").map(ToOwned::to_owned);
                self.cancel(now, stack, key, reason.as_deref());
                self.events.push_back(ProxyEvent::Cancelled { key, request });
            }
            StackOutput::Terminated { key: TransactionKey::Client(key) } if self.of_client.contains_key(&key) => {
                self.forget_client(key);
            }
            other => self.events.push_back(ProxyEvent::Other(other)),
        }
    }

    /// Time has come to [`Self::poll_timeout`], or beyond: timer C cancels (clause 16.8).
    pub fn handle_timeout(&mut self, now: Instant, stack: &mut SipStack) {
        while let Some(&(due, client)) = self.timer_c.first().filter(|(due, _)| *due <= now) {
            self.timer_c.remove(&(due, client));
            if let Some(branch) = self.of_client.get(&client).and_then(|key| self.contexts.get_mut(key)?.find(client)) {
                branch.timer_c = None;
            }
            stack.cancel(now, client, None);
        }
    }

    /// When the proxy wants to be called at the latest; the stack has deadlines of its own.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timer_c.first().map(|(due, _)| *due)
    }

    /// What the owner has to know or do.
    pub fn poll_event(&mut self) -> Option<ProxyEvent> {
        self.events.pop_front()
    }

    /// The branches of a request that have no final response yet.
    pub fn pending(&self, key: ServerKey) -> Vec<ClientKey> {
        self.contexts.get(&key).map(Context::pending).unwrap_or_default()
    }

    /// Requests whose branches are not all over.
    pub fn len(&self) -> usize {
        self.contexts.len()
    }

    /// Nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.contexts.is_empty() && self.of_client.is_empty() && self.timer_c.is_empty()
    }

    fn has_pending(&self, key: ServerKey) -> bool {
        self.contexts.get(&key).is_some_and(|context| !context.answered && !context.pending().is_empty())
    }

    fn start_timer_c(&mut self, now: Instant, key: ServerKey, client: ClientKey) {
        let due = now + self.config.c;
        if let Some(branch) = self.contexts.get_mut(&key).and_then(|context| context.find(client)) {
            if let Some(old) = branch.timer_c.replace(due) {
                self.timer_c.remove(&(old, client));
            }
            self.timer_c.insert((due, client));
        }
    }

    fn stop_timer_c(&mut self, key: ServerKey, client: ClientKey) {
        if let Some(branch) = self.contexts.get_mut(&key).and_then(|context| context.find(client))
            && let Some(due) = branch.timer_c.take()
        {
            self.timer_c.remove(&(due, client));
        }
    }

    /// Clause 16.7.
    fn handle_response(&mut self, now: Instant, stack: &mut SipStack, client: ClientKey, mut response: Response) {
        let Some(&key) = self.of_client.get(&client) else { return };
        if response.status == 100 {
            if self.contexts.get(&key).is_some_and(|context| context.is_pending(client)) {
                self.events.push_back(ProxyEvent::Trying { key, client });
            }
            return;
        }
        // Step 3: our Via goes; without another one it was for us alone.
        response.headers.pop_first_value("Via");
        if !response.headers.contains("Via") {
            return;
        }
        if response.status < 200 {
            let Some(context) = self.contexts.get(&key).filter(|context| context.is_pending(client)) else { return };
            let (is_open, wants_timer) = (!context.answered, context.is_invite && !context.cancelled);
            if wants_timer {
                self.start_timer_c(now, key, client);
            }
            if is_open {
                self.events.push_back(ProxyEvent::Upstream { key, client, cause: Cause::Answer, response });
            }
            return;
        }
        self.stop_timer_c(key, client);
        let Some(context) = self.contexts.get_mut(&key) else { return };
        let was_abandoned = !context.is_pending(client);
        let (is_success, is_global) = (response.is_success(), response.status >= 600 && !was_abandoned);
        if is_success {
            context.finish(client, Outcome::Success);
            // Step 5: every 2xx to INVITE goes up, of other requests only the first final response.
            let is_first = !context.succeeded && !context.answered && !was_abandoned;
            if context.is_invite || is_first {
                context.succeeded = true;
                self.events.push_back(ProxyEvent::Upstream { key, client, cause: Cause::Answer, response });
            }
        } else {
            context.finish(client, Outcome::Failed(Box::new(response), Cause::Answer));
        }
        if is_success || is_global {
            // Step 10.
            self.cancel_others(now, stack, key);
        }
        self.choose(stack, key);
    }

    /// Clause 16.9: as if the branch had answered.
    fn handle_failure(&mut self, stack: &SipStack, client: ClientKey, status: u16, cause: Cause) {
        let Some(&key) = self.of_client.get(&client) else { return };
        self.stop_timer_c(key, client);
        let Some(context) = self.contexts.get_mut(&key) else { return };
        let status = if context.cancelled && status == 408 { 487 } else { status };
        let outcome = stack
            .prepare(key, status, None)
            .map_or(Outcome::Success, |response| Outcome::Failed(Box::new(response), cause));
        context.finish(client, outcome);
        self.choose(stack, key);
    }

    fn cancel_others(&self, now: Instant, stack: &mut SipStack, key: ServerKey) {
        let Some(context) = self.contexts.get(&key).filter(|context| context.is_invite) else { return };
        for client in context.pending() {
            stack.cancel(now, client, None);
        }
    }

    /// Step 6: when the last branch has its final response, the best one goes up.
    fn choose(&mut self, stack: &SipStack, key: ServerKey) {
        let Some(context) = self.contexts.get_mut(&key) else { return };
        if context.answered || context.succeeded || !context.pending().is_empty() {
            return;
        }
        let Some(((client, cause), mut response)) = best_response(context.take_failures()) else { return };
        if response.status == 503
            && let Some(instead) = stack.prepare(key, 500, None)
        {
            // Step 6: 503 says that this proxy is overloaded, which it is not.
            response = instead;
        }
        self.events.push_back(ProxyEvent::Upstream { key, client, cause, response });
    }

    fn forget_client(&mut self, client: ClientKey) {
        let Some(key) = self.of_client.remove(&client) else { return };
        self.stop_timer_c(key, client);
        if let Some(context) = self.contexts.get_mut(&key) {
            context.remove(client);
        }
        self.settle(key);
    }

    fn forget_server(&mut self, now: Instant, stack: &mut SipStack, key: ServerKey) {
        let Some(context) = self.contexts.get_mut(&key) else { return };
        context.answered = true;
        self.cancel_others(now, stack, key);
        self.settle(key);
    }

    fn settle(&mut self, key: ServerKey) {
        if self.contexts.get(&key).is_some_and(|context| context.answered && context.is_empty()) {
            self.contexts.remove(&key);
        }
    }
}
