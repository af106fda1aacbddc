//! Texts to users (RFC 3428) and from them.

use std::collections::{BTreeMap, VecDeque};

use http::StatusCode;
use http::header::LOCATION;
use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Method, Request, Response, ServerKey, Uri};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::problem::{Problem, ok};
use super::{ExposureApi, Job, Served, Then};
use crate::ims::service::{Caller, check_content, check_method};
use crate::node::{NodeStoreOp, Rows, Table};

/// A text that a client sends. The text itself is not kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Outgoing {
    id: String,
    client: String,
    to: String,
    state: State,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Queued,
    Delivered,
    /// Somebody has taken it over and delivers it later (202).
    Accepted,
    Failed,
}

/// A text for a client, until it takes it out of the queue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Incoming {
    id: String,
    client: String,
    from: String,
    text: String,
    utc_ms: u64,
}

#[derive(Debug, Default)]
pub(super) struct Messages {
    outgoing: BTreeMap<String, Outgoing>,
    /// Names of outgoing ones, the oldest first.
    order: VecDeque<String>,
    /// Tokens of the user agent.
    sent: BTreeMap<u64, String>,
    next: u64,
    incoming: BTreeMap<String, VecDeque<Incoming>>,
    /// Incoming ones that are on their way to the store, by client.
    coming: BTreeMap<String, usize>,
}

impl Messages {
    pub(super) fn len(&self) -> usize {
        self.outgoing.len()
    }

    pub(super) fn forget(&mut self, id: &str) {
        self.outgoing.remove(id);
        self.order.retain(|own| own != id);
    }

    pub(super) fn remove(&mut self, client: &str, id: &str) {
        if let Some(queue) = self.incoming.get_mut(client) {
            queue.retain(|message| message.id != id);
        }
    }

    fn insert(&mut self, message: Outgoing) -> Option<NodeStoreOp> {
        self.order.push_back(message.id.clone());
        self.outgoing.insert(message.id.clone(), message);
        let oldest = (self.order.len() > MAX_OUTGOING).then(|| self.order.pop_front()).flatten()?;
        self.outgoing.remove(&oldest);
        Some(NodeStoreOp::Delete { table: Table::ExposureMessage, key: outgoing_key(&oldest) })
    }
}

impl ExposureApi {
    /// What was under way when the process ended is told to have failed: nobody knows.
    pub(super) fn load_messages(&mut self, rows: Rows) -> Vec<NodeStoreOp> {
        let mut ops = Vec::new();
        for (key, value) in rows {
            if key.starts_with("in/") {
                let Ok(message) = serde_json::from_slice::<Incoming>(&value) else { continue };
                if let Some(client) = self.clients.get_mut(&message.client) {
                    client.names.shown(&message.from);
                }
                self.messages.incoming.entry(message.client.clone()).or_default().push_back(message);
            } else if let Ok(mut message) = serde_json::from_slice::<Outgoing>(&value) {
                if message.state == State::Queued {
                    message.state = State::Failed;
                    ops.push(put_outgoing(&message));
                }
                ops.extend(self.messages.insert(message));
            }
        }
        for queue in self.messages.incoming.values_mut() {
            queue.make_contiguous().sort_by(|a, b| (a.utc_ms, &a.id).cmp(&(b.utc_ms, &b.id)));
        }
        ops
    }

    pub(super) fn send_message(&mut self, client: &str, body: &Value) -> Result<Served, Problem> {
        let (to, text) = (body["to"].as_str().unwrap_or_default(), body["text"].as_str().unwrap_or_default());
        if text.is_empty() || text.len() > MAX_TEXT {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "a text has 1 to 1300 octets"));
        }
        let uri = self.reached(client, to)?;
        let id = self.entropy.token(20);
        let message = Outgoing { id: id.clone(), client: client.to_owned(), to: uri.identity(), state: State::Queued };
        let put = put_outgoing(&message);
        let mut ops: Vec<NodeStoreOp> = self.messages.insert(message).into_iter().collect();
        ops.push(put);
        let mut response = ok(StatusCode::CREATED, &json!({"id": id, "to": to, "state": State::Queued}));
        if let Ok(value) = format!("/v1/messages/{id}").try_into() {
            response.headers_mut().insert(LOCATION, value);
        }
        Ok(Served::now(response, ops, Then::SendMessage { id, text: text.to_owned() }))
    }

    /// Whom a client means, if it may reach him.
    pub(super) fn reached(&self, client: &str, name: &str) -> Result<Uri, Problem> {
        let Some(client) = self.clients.get(client) else {
            return Err(Problem::new(StatusCode::FORBIDDEN, "the client has no contract here"));
        };
        let unknown = || Problem::new(StatusCode::NOT_FOUND, "no such user");
        let uri = client.names.meant(name).ok_or_else(unknown)?;
        match client.settings.reach.check(&uri) {
            Ok(()) => Ok(uri),
            // It does not learn who there is.
            Err(_) => Err(unknown().because("a user whom this client may not reach")),
        }
    }

    pub(super) fn transmit_message(&mut self, now: Instant, id: &str, text: &str) {
        let Some(message) = self.messages.outgoing.get(id).cloned() else { return };
        let Ok(to) = Uri::parse(&message.to) else { return };
        let asserted = self.speak_for(&message.client);
        let mut request = self.ua.request(Method::MESSAGE, to);
        for (name, value) in asserted {
            request.headers.append(&name, &value);
        }
        request.set_body("text/plain;charset=UTF-8", text);
        self.messages.next += 1;
        let token = self.messages.next;
        self.messages.sent.insert(token, id.to_owned());
        self.ua.send(now, token, request);
    }

    pub(super) fn message_answered(&mut self, token: u64, result: Result<Response, protocol::sip::Refusal>) {
        let Some(id) = self.messages.sent.remove(&token) else { return };
        let Some(message) = self.messages.outgoing.get_mut(&id) else { return };
        message.state = match result.map(|response| response.status) {
            Ok(202) => State::Accepted,
            Ok(200..=299) => State::Delivered,
            Ok(_) | Err(_) => State::Failed,
        };
        let op = put_outgoing(message);
        self.store(vec![op], Job::Record);
    }

    pub(super) fn read_message(&mut self, client: &str, id: &str) -> Result<Served, Problem> {
        let unknown = || Problem::new(StatusCode::NOT_FOUND, "no such message");
        let message = self.messages.outgoing.get(id).ok_or_else(unknown)?;
        if message.client != client {
            return Err(unknown().because("the message of another client"));
        }
        let (to, state) = (message.to.clone(), message.state);
        let body = json!({"id": id, "to": self.shown(client, &to), "state": state});
        Ok(Served::now(ok(StatusCode::OK, &body), Vec::new(), Then::Nothing))
    }

    pub(super) fn read_incoming(&mut self, client: &str) -> Served {
        let waiting: Vec<Incoming> =
            self.messages.incoming.get(client).into_iter().flatten().take(MAX_LISTED).cloned().collect();
        let list: Vec<Value> = waiting
            .into_iter()
            .map(|message| {
                let from = self.shown(client, &message.from);
                json!({"id": message.id, "from": from, "text": message.text, "utc_ms": message.utc_ms})
            })
            .collect();
        Served::now(ok(StatusCode::OK, &json!({"messages": list})), Vec::new(), Then::Nothing)
    }

    pub(super) fn remove_incoming(&self, client: &str, id: String) -> Result<Served, Problem> {
        let is_there = self.messages.incoming.get(client).is_some_and(|queue| queue.iter().any(|m| m.id == id));
        if !is_there {
            return Err(Problem::new(StatusCode::NOT_FOUND, "no such message"));
        }
        let op = NodeStoreOp::Delete { table: Table::ExposureMessage, key: format!("in/{client}/{id}") };
        let then = Then::Remove { client: client.to_owned(), id };
        Ok(Served::now(ok(StatusCode::NO_CONTENT, &Value::Null), vec![op], then))
    }

    /// A SIP request from the network.
    pub(super) fn on_message(&mut self, now: Instant, key: ServerKey, request: Request, caller: &Caller) {
        match self.incoming(now, &request, caller) {
            Ok(message) => {
                *self.messages.coming.entry(message.client.clone()).or_default() += 1;
                let value = serde_json::to_vec(&message).unwrap_or_default();
                let key_in_table = format!("in/{}/{}", message.client, message.id);
                let op = NodeStoreOp::Put { table: Table::ExposureMessage, key: key_in_table, value };
                let (request, message) = (Box::new(request), Box::new(message));
                self.store(vec![op], Job::Incoming { key, request, message });
            }
            Err(refusal) => self.refuse_sip(now, key, &request, &refusal),
        }
    }

    fn incoming(&mut self, now: Instant, request: &Request, caller: &Caller) -> Result<Incoming, Refusal> {
        check_method(request, &[Method::MESSAGE])?;
        check_content(request, "text/plain")?;
        let wanted = request.uri.identity();
        let is_wanted = |identity: &str| Uri::parse(identity).is_ok_and(|own| own.identity() == wanted);
        let client = self.clients.values().find(|client| is_wanted(&client.settings.identity));
        let client = client.ok_or_else(|| Refusal::new(404))?.settings.id.clone();
        let queued = self.messages.incoming.get(&client).map_or(0, VecDeque::len);
        if queued + self.messages.coming.get(&client).copied().unwrap_or_default() >= MAX_INCOMING {
            return Err(Refusal::new(480).because("The queue of the client is full"));
        }
        let text = std::str::from_utf8(&request.body).map_err(|_| Refusal::new(415))?.to_owned();
        // Who keeps his identity to himself keeps it from third parties too (RFC 3325 clause 7).
        let from = if caller.is_private() { ANONYMOUS.to_owned() } else { caller.identity() };
        let utc_ms = self.utc_ms(now);
        Ok(Incoming { id: format!("{utc_ms:015}-{}", self.entropy.token(10)), client, from, text, utc_ms })
    }

    pub(super) fn incoming_stored(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        message: Incoming,
        is_durable: bool,
    ) {
        if let Some(coming) = self.messages.coming.get_mut(&message.client) {
            *coming = coming.saturating_sub(1);
        }
        let status = if is_durable { 200 } else { 500 };
        self.ua.respond(now, key, Response::to(request, status, None));
        if is_durable {
            self.messages.incoming.entry(message.client.clone()).or_default().push_back(message);
        }
    }

    /// The name that a client is told.
    pub(super) fn shown(&mut self, client: &str, identity: &str) -> String {
        self.clients.get_mut(client).map(|client| client.names.shown(identity)).unwrap_or_default()
    }
}

fn put_outgoing(message: &Outgoing) -> NodeStoreOp {
    let value = serde_json::to_vec(message).unwrap_or_default();
    NodeStoreOp::Put { table: Table::ExposureMessage, key: outgoing_key(&message.id), value }
}

fn outgoing_key(id: &str) -> String {
    format!("out/{id}")
}

/// RFC 3323 clause 4.1.1.3.
const ANONYMOUS: &str = "sip:anonymous@anonymous.invalid";
/// RFC 3428 clause 8: a MESSAGE over UDP has not more.
const MAX_TEXT: usize = 1300;
/// Messages of all clients whose state is known.
const MAX_OUTGOING: usize = 10_000;
/// Messages that wait for one client.
const MAX_INCOMING: usize = 1_000;
/// Messages of one answer.
const MAX_LISTED: usize = 100;

#[cfg(test)]
impl Messages {
    /// Name and record of the first outgoing one.
    pub(super) fn first_of_test(&self) -> (String, String) {
        let (id, message) = self.outgoing.first_key_value().expect("a message");
        (id.clone(), serde_json::to_string(message).unwrap_or_default())
    }
}
