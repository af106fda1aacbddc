//! Boxes around the relays: terminals that ask again until they are answered, an SM-SC that delivers at once, a push proxy
//! gateway.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use protocol::Instant;
use protocol::mms::pap::{
    MessageState, Pap, PapCode, PapSubmission, PushAddress, PushResponse, ResultNotificationMessage,
};
use protocol::mms::{MMS_MEDIA_TYPE, MmsPdu, WapPush};
use protocol::smpp::{
    Body, MessageId, Pdu, SmppConfig, SmppEvent, SmppInput, SmppOutput, SmppRole, SmppSession, user_data_of,
};
use protocol::sms::ConcatenationReference;

use crate::node::{Node, NodeInput, NodeOutput, StreamId, StreamInput, StreamOutput};

/// What has been pushed, by MSISDN: digits.
pub(super) type Pushed = Arc<Mutex<BTreeMap<String, VecDeque<Vec<u8>>>>>;

/// A request of a terminal that was answered, and how.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

/// What a terminal is to ask, and what it was told.
#[derive(Debug, Default)]
pub(super) struct UeDesk {
    pub(super) orders: VecDeque<(u64, Request<Vec<u8>>)>,
    pub(super) answers: BTreeMap<u64, Answered>,
}

/// A terminal: what was not answered, or with a fault of the server, it asks again.
#[derive(Debug)]
pub(super) struct Ue {
    desk: Arc<Mutex<UeDesk>>,
    open: BTreeMap<u64, Request<Vec<u8>>>,
    again: BTreeMap<u64, Instant>,
    out: VecDeque<NodeOutput>,
}

impl Ue {
    pub(super) fn new(desk: Arc<Mutex<UeDesk>>) -> Self {
        Self { desk, open: BTreeMap::new(), again: BTreeMap::new(), out: VecDeque::new() }
    }

    fn ask(&mut self, token: u64) {
        if let Some(request) = self.open.get(&token).cloned() {
            self.out.push_back(NodeOutput::HttpRequest { token, request });
        }
    }
}

const AGAIN: Duration = Duration::from_secs(3);

impl Node for Ue {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        if let NodeInput::HttpResponse { token, result } = input {
            match result {
                Ok(response) if !response.status().is_server_error() => {
                    self.open.remove(&token);
                    let answered = Answered { status: response.status(), body: response.into_body() };
                    self.desk.lock().unwrap().answers.insert(token, answered);
                }
                _ => drop(self.again.insert(token, now + AGAIN)),
            }
        }
        let orders = std::mem::take(&mut self.desk.lock().unwrap().orders);
        for (token, request) in orders {
            self.open.insert(token, request);
            self.ask(token);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        let due: Vec<u64> = self.again.iter().filter(|(_, at)| **at <= now).map(|(token, _)| *token).collect();
        for token in due {
            self.again.remove(&token);
            self.ask(token);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.again.values().min().copied()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}

/// An SM-SC: it takes everything, and delivers it at once.
#[derive(Debug)]
pub(super) struct SmSc {
    pushed: Pushed,
    sessions: BTreeMap<StreamId, SmppSession>,
    parts: BTreeMap<(String, ConcatenationReference), BTreeMap<u8, Vec<u8>>>,
    next: u64,
    out: VecDeque<NodeOutput>,
}

impl SmSc {
    pub(super) fn new(pushed: Pushed) -> Self {
        let (sessions, parts, next, out) = Default::default();
        Self { pushed, sessions, parts, next, out }
    }

    fn deliver(&self, to: &str, octets: &[u8]) {
        let push = WapPush::parse(octets).unwrap();
        assert!(push.is_mms(), "{push:?}");
        self.pushed.lock().unwrap().entry(to.to_owned()).or_default().push_back(push.body);
    }

    fn submitted(&mut self, conn: StreamId, pdu: &Pdu) {
        let Body::SubmitSm(message) = &pdu.body else { panic!("{pdu:?}") };
        let to = String::from_utf8(message.destination.address.as_bytes().to_vec()).unwrap();
        let (_, data) = user_data_of(message.data_coding, true, message.message.as_bytes()).unwrap();
        let header = data.header().unwrap();
        assert_eq!(header.ports(), Some(protocol::mms::MMS_PUSH_PORTS));
        let octets = data.message_octets().to_vec();
        match header.concatenation() {
            None => self.deliver(&to, &octets),
            Some(part) => {
                let parts = self.parts.entry((to.clone(), part.reference)).or_default();
                parts.insert(part.sequence, octets);
                if parts.len() == usize::from(part.total) {
                    let whole: Vec<u8> = parts.values().flatten().copied().collect();
                    parts.clear();
                    self.deliver(&to, &whole);
                }
            }
        }
        self.next += 1;
        let body = Body::SubmitSmResp(MessageId::new(self.next.to_string()));
        let response = Pdu::response(pdu.sequence_number, protocol::smpp::CommandStatus::OK, body);
        self.sessions.get_mut(&conn).unwrap().respond(response);
    }

    fn drain(&mut self, now: Instant) {
        let conns: Vec<StreamId> = self.sessions.keys().copied().collect();
        for conn in conns {
            while let Some(output) = self.sessions.get_mut(&conn).and_then(SmppSession::poll_output) {
                match output {
                    SmppOutput::Send(bytes) => {
                        self.out.push_back(NodeOutput::Stream(StreamOutput::Send { conn, bytes }));
                    }
                    SmppOutput::Close => self.out.push_back(NodeOutput::Stream(StreamOutput::Close { conn })),
                    SmppOutput::Event(SmppEvent::BindRequested(..)) => {
                        self.sessions.get_mut(&conn).unwrap().accept_bind(now);
                    }
                    SmppOutput::Event(SmppEvent::Request(pdu)) => self.submitted(conn, &pdu),
                    SmppOutput::Event(SmppEvent::Ended(_)) => drop(self.sessions.remove(&conn)),
                    SmppOutput::Event(_) => {}
                }
            }
        }
    }
}

impl Node for SmSc {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        let NodeInput::Stream(input) = input else { return };
        match input {
            StreamInput::Connected { conn, .. } => {
                self.sessions.insert(conn, SmppSession::new(now, SmppConfig::new(SmppRole::MessageCentre)));
            }
            StreamInput::Received { conn, bytes } => {
                if let Some(session) = self.sessions.get_mut(&conn) {
                    session.handle_input(now, SmppInput::Received(bytes));
                }
            }
            StreamInput::Closed { conn } => {
                if let Some(session) = self.sessions.get_mut(&conn) {
                    session.handle_input(now, SmppInput::Closed);
                }
            }
            StreamInput::ConnectFailed { .. } => {}
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.sessions.values_mut().for_each(|session| {
            if session.poll_timeout().is_some_and(|at| at <= now) {
                session.handle_timeout(now);
            }
        });
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.sessions.values().filter_map(SmppSession::poll_timeout).min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}

/// A push proxy gateway: what it delivers it delivers a moment later, and tells.
#[derive(Debug)]
pub(super) struct Gateway {
    pushed: Pushed,
    /// What becomes of pushes.
    state: Arc<Mutex<MessageState>>,
    /// Results that are to be told, and when.
    results: BTreeMap<u64, (Instant, Request<Vec<u8>>)>,
    taken: Vec<String>,
    next: u64,
    out: VecDeque<NodeOutput>,
}

impl Gateway {
    pub(super) fn new(pushed: Pushed, state: Arc<Mutex<MessageState>>) -> Self {
        let (results, taken, next, out) = Default::default();
        Self { pushed, state, results, taken, next, out }
    }

    fn push(&mut self, now: Instant, request: &Request<Vec<u8>>) -> PushResponse {
        let of = request.headers()[CONTENT_TYPE].to_str().unwrap();
        let submission = PapSubmission::parse(of, request.body()).unwrap();
        let id = submission.message.push_id.clone();
        if self.taken.contains(&id) {
            return PushResponse::new(&id, PapCode::DUPLICATE_PUSH_ID);
        }
        self.taken.push(id.clone());
        let address = PushAddress::parse(&submission.message.addresses[0]).unwrap();
        let state = *self.state.lock().unwrap();
        if state == MessageState::Rejected {
            return PushResponse::new(&id, PapCode::ADDRESS_NOT_FOUND);
        }
        if state == MessageState::Delivered {
            let to = address.number().unwrap().trim_start_matches('+').to_owned();
            self.pushed.lock().unwrap().entry(to).or_default().push_back(submission.mms_pdu().unwrap().to_vec());
        }
        let code = if state == MessageState::Delivered { PapCode::OK } else { PapCode::MOBILE_CLIENT_ABORTED };
        let result = ResultNotificationMessage::new(&id, &submission.message.addresses[0], state, code);
        let document = Pap::ResultNotificationMessage(result).to_document().into_bytes();
        let mut own = Request::new(document);
        *own.method_mut() = Method::POST;
        *own.uri_mut() = submission.message.notify_to.unwrap().parse().unwrap();
        own.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        self.next += 1;
        self.results.insert(self.next, (now + Duration::from_millis(20), own));
        PushResponse::new(&id, PapCode::ACCEPTED)
    }
}

impl Node for Gateway {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Http { exchange, request, .. } => {
                let answer = Pap::PushResponse(self.push(now, &request)).to_document().into_bytes();
                self.out.push_back(NodeOutput::Http { exchange, response: Response::new(answer) });
            }
            NodeInput::HttpResponse { token, result } => match result {
                Ok(response) if !response.status().is_server_error() => drop(self.results.remove(&token)),
                _ => {
                    if let Some((at, _)) = self.results.get_mut(&token) {
                        *at = now + AGAIN;
                    }
                }
            },
            _ => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        for (token, (at, request)) in &mut self.results {
            if *at <= now {
                *at = now + Duration::from_secs(60);
                self.out.push_back(NodeOutput::HttpRequest { token: *token, request: request.clone() });
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.results.values().map(|(at, _)| *at).min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}

/// A PDU for the root of a relay.
pub(super) fn post(to: &str, pdu: &MmsPdu, body: &[u8]) -> Request<Vec<u8>> {
    post_octets(to, pdu.emit(body))
}

pub(super) fn post_octets(to: &str, octets: Vec<u8>) -> Request<Vec<u8>> {
    let request = Request::post(format!("{to}/")).header(CONTENT_TYPE, MMS_MEDIA_TYPE);
    request.body(octets).unwrap()
}
