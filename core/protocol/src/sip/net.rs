//! Stacks joined in memory for tests: virtual time, seeded loss and delay, a log of the wire.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use super::{
    Flow, Method, Request, SipMessage, SipStack, StackConfig, StackInput, StackOutput, Target, Transport, Uri,
};
use crate::{Entropy, Instant};

type User = Box<dyn FnMut(Instant, &mut SipStack, &StackOutput)>;

/// One entity of the net.
pub(super) struct Node {
    pub(super) address: SocketAddr,
    pub(super) stack: SipStack,
    /// What the stack told its user, and when.
    pub(super) told: Vec<(Instant, StackOutput)>,
    user: User,
}

/// One message that was sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) at: Instant,
    pub(super) from: usize,
    pub(super) target: Target,
    /// The method of a request, or status and method of a response.
    pub(super) what: String,
    pub(super) bytes: Vec<u8>,
    pub(super) arrives: bool,
}

pub(super) struct Net {
    pub(super) now: Instant,
    pub(super) nodes: Vec<Node>,
    pub(super) log: Vec<Sent>,
    /// Per mille of datagrams that get lost.
    pub(super) loss: u32,
    pub(super) delay: Duration,
    /// Up to this much more, drawn for every datagram.
    pub(super) jitter_ms: u32,
    /// TCP connections to these are refused.
    pub(super) refuses_tcp: BTreeSet<SocketAddr>,
    /// Says of a message whether it is lost.
    pub(super) loses: Box<dyn FnMut(&Sent) -> bool>,
    entropy: Entropy,
    wire: BTreeMap<(Instant, u64), (Flow, Vec<u8>)>,
    failures: BTreeMap<(Instant, u64), (usize, Target)>,
    count: u64,
}

impl Net {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            now: Instant::ZERO,
            nodes: Vec::new(),
            log: Vec::new(),
            loss: 0,
            delay: Duration::from_millis(10),
            jitter_ms: 0,
            refuses_tcp: BTreeSet::new(),
            loses: Box::new(|_| false),
            entropy: Entropy::of_box(seed, "net"),
            wire: BTreeMap::new(),
            failures: BTreeMap::new(),
            count: 0,
        }
    }

    /// Adds a node whose configuration and user are given; its address is `10.0.0.(n+1):5060`.
    pub(super) fn add(
        &mut self,
        config: impl FnOnce(StackConfig) -> StackConfig,
        user: impl FnMut(Instant, &mut SipStack, &StackOutput) + 'static,
    ) -> usize {
        let n = self.nodes.len();
        let address = address(n);
        let local = vec![(Transport::Udp, address), (Transport::Tcp, address)];
        let config = config(StackConfig::user_agent(local, address.ip().to_string()));
        let stack = SipStack::new(config, Entropy::of_box(n as u64, "node"));
        self.nodes.push(Node { address, stack, told: Vec::new(), user: Box::new(user) });
        n
    }

    pub(super) fn stack(&mut self, n: usize) -> &mut SipStack {
        &mut self.nodes[n].stack
    }

    /// Runs until nothing is due before `end`.
    pub(super) fn run_until(&mut self, end: Instant) {
        loop {
            self.drain();
            let Some(next) = self.next_event().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            self.step();
        }
        self.now = self.now.max(end);
    }

    pub(super) fn run_for(&mut self, time: Duration) {
        self.run_until(self.now + time);
    }

    /// Runs until nothing will ever happen again; the limit is for mistakes.
    pub(super) fn run_to_the_end(&mut self) {
        for _ in 0..1_000_000 {
            self.drain();
            let Some(next) = self.next_event() else { return };
            self.now = self.now.max(next);
            self.step();
        }
        panic!("it does not end: {:?}", self.log.last());
    }

    /// Times and kinds of what node `n` sent, in milliseconds.
    pub(super) fn sent_by(&self, n: usize) -> Vec<(u64, String)> {
        self.log.iter().filter(|s| s.from == n).map(|s| (s.at.as_nanos() / 1_000_000, s.what.clone())).collect()
    }

    /// Times in milliseconds at which node `n` sent `what`.
    pub(super) fn times(&self, n: usize, what: &str) -> Vec<u64> {
        self.sent_by(n).into_iter().filter(|(_, sent)| sent == what).map(|(at, _)| at).collect()
    }

    /// What node `n` was told, keys left out, with the times in milliseconds.
    pub(super) fn told(&self, n: usize) -> Vec<(u64, String)> {
        self.nodes[n].told.iter().map(|(at, output)| (at.as_nanos() / 1_000_000, name(output))).collect()
    }

    fn next_event(&self) -> Option<Instant> {
        let timers = self.nodes.iter().filter_map(|node| node.stack.poll_timeout()).min();
        let wire = self.wire.keys().chain(self.failures.keys()).map(|(at, _)| *at).min();
        [timers, wire].into_iter().flatten().min()
    }

    fn step(&mut self) {
        let now = self.now;
        if let Some(entry) = self.wire.first_entry().filter(|entry| entry.key().0 <= now) {
            let (flow, bytes) = entry.remove();
            if let Some(node) = self.nodes.iter_mut().find(|node| node.address == flow.local) {
                node.stack.handle_input(now, StackInput::Received { flow, bytes: &bytes });
            }
            return;
        }
        if let Some(entry) = self.failures.first_entry().filter(|entry| entry.key().0 <= now) {
            let (from, target) = entry.remove();
            let why = "connection refused".to_owned();
            return self.nodes[from].stack.handle_input(now, StackInput::Failed { target, why });
        }
        for node in &mut self.nodes {
            if node.stack.poll_timeout().is_some_and(|due| due <= now) {
                node.stack.handle_timeout(now);
            }
        }
    }

    fn drain(&mut self) {
        let mut quiet = false;
        while !quiet {
            quiet = true;
            for n in 0..self.nodes.len() {
                while let Some(output) = self.nodes[n].stack.poll_output() {
                    quiet = false;
                    match output {
                        StackOutput::Transmit { target, bytes } => self.transmit(n, target, bytes),
                        other => {
                            let node = &mut self.nodes[n];
                            (node.user)(self.now, &mut node.stack, &other);
                            node.told.push((self.now, other));
                        }
                    }
                }
            }
        }
    }

    fn transmit(&mut self, from: usize, target: Target, bytes: Vec<u8>) {
        let what = match SipMessage::parse(&bytes) {
            Ok(SipMessage::Request(request)) => request.method.to_string(),
            Ok(SipMessage::Response(response)) => {
                let method =
                    response.cseq().ok().flatten().map_or_else(|| "?".to_owned(), |cseq| cseq.method.to_string());
                format!("{} {method}", response.status)
            }
            Err(problem) => format!("malformed: {problem}"),
        };
        let mut sent = Sent { at: self.now, from, target, what, bytes, arrives: true };
        self.count += 1;
        let jitter = Duration::from_millis(u64::from(self.entropy.below(self.jitter_ms + 1)));
        let at =
            (self.now + self.delay + if target.transport.is_reliable() { Duration::ZERO } else { jitter }, self.count);
        let is_lost = (self.loses)(&sent);
        if target.transport.is_reliable() && self.refuses_tcp.contains(&target.remote) {
            sent.arrives = false;
            self.failures.insert(at, (from, target));
        } else if is_lost || !target.transport.is_reliable() && self.entropy.below(1000) < self.loss {
            sent.arrives = false;
        } else {
            let flow = Flow { transport: target.transport, local: target.remote, remote: self.nodes[from].address };
            self.wire.insert(at, (flow, sent.bytes.clone()));
        }
        self.log.push(sent);
    }
}

/// The address of node `n`.
pub(super) fn address(n: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, n as u8 + 1], 5060))
}

/// A URI of node `n`.
pub(super) fn uri(n: usize) -> Uri {
    Uri::parse(&format!("sip:user@{}", address(n))).unwrap()
}

/// A request outside dialogs from node `from` to node `to`; `n` tells several apart.
pub(super) fn request(method: Method, from: usize, to: usize, n: u32) -> Request {
    let mut request = Request::new(method, uri(to));
    request.headers.append("From", &format!("<sip:a@node{from}>;tag=f{n}"));
    request.headers.append("To", &format!("<sip:b@node{to}>"));
    request.headers.append("Call-ID", &format!("call-{n}@node{from}"));
    request.headers.append("CSeq", &format!("1 {}", request.method));
    request.headers.append("Contact", &format!("<{}>", uri(from)));
    request
}

fn name(output: &StackOutput) -> String {
    match output {
        StackOutput::Request { key, request, .. } => {
            format!("{}{}", request.method, if key.is_some() { "" } else { " (no answer)" })
        }
        StackOutput::Response { response, .. } => response.status.to_string(),
        StackOutput::Cancel { .. } => "cancel".to_owned(),
        StackOutput::Timeout { .. } => "timeout".to_owned(),
        StackOutput::TransportFailed { .. } => "failed".to_owned(),
        StackOutput::AckMissing { status, .. } => format!("no ACK of {status}"),
        StackOutput::Terminated { .. } => "over".to_owned(),
        StackOutput::Ignored { what, why } => format!("ignored {what}: {why}"),
        StackOutput::Transmit { .. } => "transmit".to_owned(),
    }
}
