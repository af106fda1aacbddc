//! Messaging (RFC 3428, TS 24.247): messages to lists (RFC 5365), messages that wait for their recipient, and what their
//! senders are told (RFC 5438).
//!
//! An application server on ISC. A MESSAGE that it acknowledges with 202 is durable before: each recipient of a list, and
//! each message for a user who is not there, is a row that stays until the user agent has taken it. A delivery that was cut
//! off goes out again as the same request, which its recipient knows by From tag, Call-ID and CSeq.

mod config;
mod delivery;
mod immediate;
mod item;
mod list;
mod notification;
mod queue;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use protocol::sip::proxy::{Proxy, ProxyConfig, ProxyEvent, Refusal, pop_own_route};
use protocol::sip::{
    ClientKey, Method, NameAddr, Request, Response, ServerKey, SipStack, SipUri, StackConfig, StackOutput,
    TransactionKey,
};
use protocol::{Entropy, Instant};

use super::service::{ServiceShell, trusts};
use crate::charging::ChargingClient;
use crate::node::{Admin, Node, NodeInput, NodeOutput, NodeStoreOp, Rows, Table};
pub use config::{MessagingConfig, MessagingLimits};
use immediate::Passed;
use item::Item;
use queue::Queue;

/// A messaging server.
#[derive(Debug)]
pub struct MessagingServer {
    config: MessagingConfig,
    own: SipUri,
    shell: ServiceShell<Job>,
    proxy: Proxy,
    queue: Queue,
    /// What waits has been read; before that nothing is taken.
    is_ready: bool,
    /// Users of whom third-party registrations have told.
    registered: BTreeSet<String>,
    /// Deliveries on their way: the number of the message, and what names its request.
    deliveries: BTreeMap<ClientKey, u64>,
    names: BTreeSet<String>,
    /// Messages that were passed on to their recipient, in case he is not there.
    passed: BTreeMap<ServerKey, Passed>,
    /// UTC at which messages whose time is over were looked for last.
    looked_ms: u64,
    counters: Counters,
}

/// What is counted since the start.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    accepted: u64,
    delivered: u64,
    failed: u64,
    expired: u64,
}

/// What waits for the store.
#[derive(Debug)]
enum Job {
    /// Everything that was left by an earlier run.
    Read,
    /// New messages; their request is answered when they are durable.
    Accept { key: Option<ServerKey>, numbers: Vec<u64> },
    /// A message is done, or gone.
    Settle,
}

impl MessagingServer {
    /// A messaging server; the URI of the configuration must be a SIP URI.
    ///
    /// # Errors
    /// It is none.
    pub fn new(config: MessagingConfig, mut entropy: Entropy) -> Result<Self, String> {
        let (own, stack) = StackConfig::proxy_at(&config.uri, &config.local, &config.hosts, config.timers)
            .map_err(|why| format!("messaging: {why}"))?;
        let stack = SipStack::new(stack, entropy.split());
        let mut shell = ServiceShell::new(stack, entropy, config.trusted.clone(), config.utc_ms_at_zero);
        shell.store(vec![NodeStoreOp::Scan { table: Table::DeferredMessage }], Job::Read);
        let (queue, registered, deliveries, names, passed, looked_ms, counters) = Default::default();
        let proxy = Proxy::new(ProxyConfig::default());
        Ok(Self {
            config,
            own,
            shell,
            proxy,
            queue,
            is_ready: false,
            registered,
            deliveries,
            names,
            passed,
            looked_ms,
            counters,
        })
    }

    /// The same with offline charging.
    #[must_use]
    pub fn with_charging(mut self, charging: ChargingClient) -> Self {
        self.shell.charging = charging;
        self
    }

    fn drain(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.shell.stack.poll_output() {
                match output {
                    StackOutput::Transmit { target, bytes } => self.shell.transmit(target, bytes),
                    StackOutput::Response { key, response } if self.deliveries.contains_key(&key) => {
                        if !response.is_provisional() {
                            self.shell.charging.answered(now, key, &response);
                            self.delivery_answered(now, key, response.status);
                        }
                    }
                    StackOutput::Timeout { key } if self.deliveries.contains_key(&key) => {
                        self.shell.charging.unanswered(now, key, 408);
                        self.delivery_answered(now, key, 408);
                    }
                    StackOutput::TransportFailed { key, .. } if self.deliveries.contains_key(&key) => {
                        self.shell.charging.unanswered(now, key, 503);
                        self.delivery_answered(now, key, 503);
                    }
                    output => self.proxy.handle(now, &mut self.shell.stack, output),
                }
            } else if let Some(event) = self.proxy.poll_event() {
                self.of_proxy(now, event);
            } else {
                return;
            }
        }
    }

    fn of_proxy(&mut self, now: Instant, event: ProxyEvent) {
        match event {
            ProxyEvent::Upstream { key, response, .. } => self.passed_answered(now, key, response),
            ProxyEvent::Cancelled { .. } | ProxyEvent::Trying { .. } => {}
            ProxyEvent::Other(StackOutput::Request { key: Some(key), request, flow }) => {
                if request.method == Method::REGISTER {
                    let is_trusted = trusts(&self.shell.trusted, flow);
                    return self.third_party_register(now, key, &request, is_trusted);
                }
                let refusal = match request.method {
                    Method::MESSAGE => self.message(now, key, request, flow),
                    _ => self.other(now, key, request),
                };
                if let Err(refusal) = refusal {
                    self.shell.refuse(now, key, &refusal);
                }
            }
            ProxyEvent::Other(StackOutput::Request { key: None, mut request, .. }) => {
                let own = self.own.clone();
                pop_own_route(&mut request, |uri| is_same_server(uri, &own));
                if request.headers.contains("Route") {
                    // Nobody waits for an answer.
                    let _ = self.proxy.forward_ack(&mut self.shell.stack, request, None);
                }
            }
            ProxyEvent::Other(StackOutput::Cancel { key, .. }) => self.shell.reply(now, key, 487),
            ProxyEvent::Other(StackOutput::Ignored { what, why }) => self.shell.ignore(&why, &what),
            ProxyEvent::Other(StackOutput::Terminated { key: TransactionKey::Server(key) }) => {
                self.passed.remove(&key);
                self.shell.charging.over(key);
            }
            ProxyEvent::Other(_) => {}
        }
    }

    /// What is not messaging goes on as its Route says; the server does not stay in its way.
    fn other(&mut self, now: Instant, key: ServerKey, mut request: Request) -> Result<(), Refusal> {
        self.proxy.admit(&self.shell.stack, Some(key), &mut request)?;
        let own = self.own.clone();
        pop_own_route(&mut request, |uri| is_same_server(uri, &own));
        let is_here = request.uri.as_sip().is_some_and(|uri| uri.host.eq_ignore_ascii_case(&own.host));
        if request.method == Method::OPTIONS && is_here {
            return Err(Refusal::new(200).with("Allow", ALLOW).with("Supported", "recipient-list-message"));
        }
        if !request.headers.contains("Route") {
            return Err(Refusal::new(405).with("Allow", ALLOW));
        }
        self.forward(now, key, request)
    }

    /// Passes a response back.
    fn pass_back(&mut self, now: Instant, key: ServerKey, response: Response) {
        self.shell.charging.answered(now, key, &response);
        // A transaction that is over needs no answer.
        let _over = self.proxy.respond(now, &mut self.shell.stack, key, response);
    }

    fn forward(&mut self, now: Instant, key: ServerKey, request: Request) -> Result<(), Refusal> {
        match self.proxy.forward(now, &mut self.shell.stack, key, request, None) {
            Ok(_) => Ok(()),
            Err(error) => {
                self.shell.say(format!("not passed on: {error}"));
                Err(Refusal::new(503))
            }
        }
    }

    /// TS 24.229 clause 5.7.1.1: the S-CSCF tells who is there.
    fn third_party_register(&mut self, now: Instant, key: ServerKey, request: &Request, is_trusted: bool) {
        let to = request.to().ok().flatten();
        let Some(to) = to.filter(|_| is_trusted) else {
            return self.shell.reply(now, key, if is_trusted { 400 } else { 403 });
        };
        let expires = request.expires().ok().flatten().unwrap_or(0);
        if let Some(mut response) = self.shell.stack.prepare(key, 200, None) {
            response.headers.copy_from(&request.headers, "Contact");
            response.headers.append("Expires", &expires.to_string());
            self.shell.respond(now, key, response);
        }
        let identity = to.uri.identity();
        if expires == 0 {
            self.registered.remove(&identity);
            return;
        }
        if self.registered.len() < self.config.limits.messages {
            self.registered.insert(identity.clone());
        }
        self.queue.release(&identity);
        self.deliver(now, &identity);
    }

    fn store_answered(&mut self, now: Instant, answer: crate::node::NodeStoreAnswer) {
        let Some((job, result)) = self.shell.take_answer(answer) else { return };
        match (job, result) {
            (Job::Read, Ok(tables)) => self.restored(now, tables.into_iter().next().unwrap_or_default()),
            (Job::Read, Err(error)) => self.shell.say(format!("what waits cannot be read: {error}")),
            (Job::Accept { key, numbers }, Ok(_)) => self.accepted(now, key, &numbers),
            (Job::Accept { key, numbers }, Err(error)) => {
                self.shell.say(format!("messages are not taken: {error}"));
                numbers.iter().for_each(|number| drop(self.queue.remove(*number)));
                if let Some(key) = key {
                    self.shell.refuse(now, key, &Refusal::new(500).because("Not stored"));
                }
            }
            (Job::Settle, Ok(_)) => {}
            (Job::Settle, Err(error)) => {
                // It goes out once more after a restart, and its recipient knows it.
                self.shell.say(format!("a message that is done is still in the store: {error}"));
            }
        }
    }

    fn restored(&mut self, now: Instant, rows: Rows) {
        for (key, value) in rows {
            let number = u64::from_str_radix(&key, 16);
            match (number, serde_json::from_slice::<Item>(&value)) {
                (Ok(number), Ok(item)) => self.queue.restore(number, item),
                _ => self.shell.say(format!("the message {key} in the store is unreadable and stays there")),
            }
        }
        self.is_ready = true;
        self.deliver_all(now);
    }

    /// New messages are durable: their request is answered, they go out.
    fn accepted(&mut self, now: Instant, key: Option<ServerKey>, numbers: &[u64]) {
        self.counters.accepted += numbers.len() as u64;
        self.queue.settle(numbers);
        if let Some(key) = key {
            self.shell.reply(now, key, 202);
        }
        let recipients: BTreeSet<_> = numbers.iter().filter_map(|n| self.queue.get(*n)).map(Item::identity).collect();
        for identity in recipients {
            // One that is not there is tried when it is, or when its time for another attempt has come.
            self.deliver(now, &identity);
        }
    }

    /// Makes messages durable; `key` is answered with 202 when they are.
    fn accept(&mut self, key: Option<ServerKey>, items: Vec<Item>) -> Result<Vec<u64>, Refusal> {
        let rows: Vec<_> = items.iter().map(row).collect();
        let numbers = self.queue.admit(items, &self.config.limits).map_err(|full| match full {
            queue::Full::Recipient => Refusal::new(480)
                .because("Too many messages wait for the recipient")
                .with("Warning", &format!("399 {} \"Too many messages wait for the recipient\"", self.own.host)),
            queue::Full::Server => Refusal::new(503).because("Too many messages wait").with("Retry-After", "600"),
        })?;
        let put = |(number, value): (&u64, Vec<u8>)| NodeStoreOp::Put {
            table: Table::DeferredMessage,
            key: store_key(*number),
            value,
        };
        let ops = numbers.iter().zip(rows).map(put).collect();
        self.shell.store(ops, Job::Accept { key, numbers: numbers.clone() });
        Ok(numbers)
    }
}

impl Node for MessagingServer {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match self.shell.take(now, input) {
            Some(NodeInput::Store(answer)) => self.store_answered(now, answer),
            Some(NodeInput::Admin(Admin::Shutdown)) | None => {}
            // What it holds may be a secret.
            Some(_) => self.shell.ignore("messaging server", "an input that is not SIP"),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.shell.handle_timeout(now);
        self.proxy.handle_timeout(now, &mut self.shell.stack);
        self.drain(now);
        self.passed_late(now);
        self.expire(now);
        self.deliver_all(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let (stack, proxy) = (self.shell.poll_timeout(), self.proxy.poll_timeout());
        [stack, proxy, self.next_deadline()].into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.shell.poll_output()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("waiting", self.queue.waiting() as u64),
            ("on_the_way", self.deliveries.len() as u64),
            ("accepted", self.counters.accepted),
            ("delivered", self.counters.delivered),
            ("failed", self.counters.failed),
            ("expired", self.counters.expired),
        ]
    }
}

const ALLOW: &str = "MESSAGE, OPTIONS, REGISTER";

/// The value of a row.
fn row(item: &Item) -> Vec<u8> {
    serde_json::to_vec(item).unwrap_or_default()
}

/// The key of a row: in the order of numbers.
fn store_key(number: u64) -> String {
    format!("{number:016x}")
}

fn is_same_server(uri: &SipUri, own: &SipUri) -> bool {
    uri.host_port().1 == own.host_port().1 && uri.host.eq_ignore_ascii_case(&own.host)
}

/// A URI as a header has it.
fn bracketed(uri: &str) -> String {
    NameAddr::parse(uri).map_or_else(|_| format!("<{uri}>"), |address| address.to_string())
}
