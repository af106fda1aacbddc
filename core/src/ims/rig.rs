//! For tests: one node, its store and its clock; SIP comes and goes as text.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use protocol::Instant;
use protocol::diameter::DiameterTransport;
use protocol::sip::{Flow, Request, Response, SipMessage, Target, Transport};

use crate::node::{Node, NodeInput, NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Rows, Table};
use crate::store::StoreError;

/// A node on its own.
#[derive(Debug)]
pub(crate) struct Rig<N> {
    pub(crate) node: N,
    pub(crate) now: Instant,
    /// What the node has sent and nobody has looked at.
    pub(crate) sent: VecDeque<(Target, SipMessage)>,
    pub(crate) notes: Vec<String>,
    pub(crate) diameter: VecDeque<DiameterTransport>,
    /// Answers to HTTP clients, streams and datagrams that nobody has looked at.
    pub(crate) others: VecDeque<NodeOutput>,
    /// What is durable.
    pub(crate) rows: BTreeMap<(Table, String), Vec<u8>>,
    /// The store refuses to write.
    pub(crate) store_fails: bool,
    /// Answers of the store that have not come yet, while it is slow.
    held: Option<VecDeque<NodeStoreAnswer>>,
    local: SocketAddr,
}

impl<N: Node> Rig<N> {
    /// A node at `local`, with what an earlier one has left in the store.
    pub(crate) fn new(node: N, local: &str, rows: BTreeMap<(Table, String), Vec<u8>>) -> Self {
        Self::of(node, local, rows, None)
    }

    /// The same with a store that does not answer before it is let ([`Self::release_store`]).
    pub(crate) fn with_slow_store(node: N, local: &str, rows: BTreeMap<(Table, String), Vec<u8>>) -> Self {
        Self::of(node, local, rows, Some(VecDeque::new()))
    }

    fn of(
        node: N,
        local: &str,
        rows: BTreeMap<(Table, String), Vec<u8>>,
        held: Option<VecDeque<NodeStoreAnswer>>,
    ) -> Self {
        let mut rig = Self {
            node,
            now: Instant::ZERO,
            sent: VecDeque::new(),
            notes: Vec::new(),
            diameter: VecDeque::new(),
            others: VecDeque::new(),
            rows,
            store_fails: false,
            held,
            local: local.parse().unwrap(),
        };
        rig.drain();
        rig
    }

    /// A message over UDP. Lines end as they do here; the empty one between headers and body is there.
    pub(crate) fn udp(&mut self, from: &str, text: &str) {
        self.over(Transport::Udp, from, text);
    }

    /// A message over `transport`.
    pub(crate) fn over(&mut self, transport: Transport, from: &str, text: &str) {
        let bytes = text.trim_start().lines().map(str::trim_start).collect::<Vec<_>>().join("\r\n") + "\r\n";
        let bytes = if bytes.contains("\r\n\r\n") { bytes } else { bytes + "\r\n" };
        let flow = Flow { transport, local: self.local, remote: from.parse().unwrap() };
        self.input(NodeInput::Sip { flow, bytes: bytes.as_bytes() });
    }

    /// A response to what the node has sent to `request`'s target.
    pub(crate) fn answer(&mut self, from: &str, request: &Request, status: u16, headers: &[(&str, &str)]) {
        let mut response = Response::to(request, status, None);
        response.set_to_tag("far");
        for (name, value) in headers {
            response.headers.append(name, value);
        }
        self.respond(from, &response);
    }

    /// A response as it is.
    pub(crate) fn respond(&mut self, from: &str, response: &Response) {
        let flow = Flow { transport: Transport::Udp, local: self.local, remote: from.parse().unwrap() };
        self.input(NodeInput::Sip { flow, bytes: &response.to_bytes() });
    }

    /// The store says what it has done, and is fast again.
    pub(crate) fn release_store(&mut self) {
        for answer in self.held.take().unwrap_or_default() {
            self.input(NodeInput::Store(answer));
        }
    }

    /// Something else.
    pub(crate) fn input(&mut self, input: NodeInput<'_>) {
        self.node.handle_input(self.now, input);
        self.drain();
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.node.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.node.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// The next request that the node has sent, which is of `method` and went to `to`.
    pub(crate) fn request(&mut self, method: &str, to: &str) -> Request {
        match self.sent.pop_front() {
            Some((target, SipMessage::Request(request))) => {
                assert_eq!((request.method.as_str(), target.remote.to_string().as_str()), (method, to));
                request
            }
            other => panic!("{method} to {to} expected, not {other:?}; {:?}", self.notes),
        }
    }

    /// The next response that the node has sent, which has `status` and went to `to`.
    pub(crate) fn response(&mut self, status: u16, to: &str) -> Response {
        match self.sent.pop_front() {
            Some((target, SipMessage::Response(response))) => {
                let got = (response.status, target.remote.to_string());
                assert_eq!((got.0, got.1.as_str()), (status, to), "{response:?}");
                response
            }
            other => panic!("{status} to {to} expected, not {other:?}; {:?}", self.notes),
        }
    }

    /// The node has nothing more to say.
    pub(crate) fn is_silent(&self) {
        assert!(self.sent.is_empty(), "{:?}", self.sent);
    }

    fn drain(&mut self) {
        while let Some(output) = self.node.poll_output() {
            match output {
                NodeOutput::Sip { target, bytes } => self.sent.push_back((target, SipMessage::parse(&bytes).unwrap())),
                NodeOutput::Store(request) => {
                    let answer = self.execute(request);
                    match &mut self.held {
                        Some(held) => held.push_back(answer),
                        None => self.node.handle_input(self.now, NodeInput::Store(answer)),
                    }
                }
                NodeOutput::Note(note) => self.notes.push(note.to_string()),
                NodeOutput::Diameter(transport) => self.diameter.push_back(transport),
                other @ (NodeOutput::Http { .. }
                | NodeOutput::HttpRequest { .. }
                | NodeOutput::Stream(_)
                | NodeOutput::Datagram { .. }
                | NodeOutput::Sccp { .. }
                | NodeOutput::Membership(_)) => {
                    self.others.push_back(other);
                }
            }
        }
    }

    fn execute(&mut self, request: NodeStoreRequest) -> NodeStoreAnswer {
        let mut tables = Vec::new();
        for op in request.ops {
            match op {
                _ if self.store_fails => {
                    let result = Err(StoreError::Sqlite("disk full".to_owned()));
                    return NodeStoreAnswer { token: request.token, result };
                }
                NodeStoreOp::Put { table, key, value } => drop(self.rows.insert((table, key), value)),
                NodeStoreOp::Delete { table, key } => drop(self.rows.remove(&(table, key))),
                NodeStoreOp::Range { table, from, below, limit } => {
                    let rows = self.rows.range((table, from)..(table, below)).take(limit);
                    tables.push(rows.map(|((_, key), value)| (key.clone(), value.clone())).collect());
                }
                NodeStoreOp::Scan { table } => {
                    let rows = self.rows.iter().filter(|((own, _), _)| *own == table);
                    tables.push(rows.map(|((_, key), value)| (key.clone(), value.clone())).collect::<Rows>());
                }
            }
        }
        NodeStoreAnswer { token: request.token, result: Ok(tables) }
    }
}

/// The only value of a header.
pub(crate) fn only(headers: &protocol::sip::Headers, name: &str) -> String {
    let all: Vec<_> = headers.all(name).collect();
    assert_eq!(all.len(), 1, "{name}: {all:?}");
    all[0].to_owned()
}
