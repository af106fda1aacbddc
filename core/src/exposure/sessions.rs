//! Calls between two users that a third party sets up (RFC 3725).
//!
//! The first user is offered a black hole (clause 4.3), his answer is offered to the second, whose answer is offered to the
//! first again: no ACK waits for somebody to answer, and both agree on what both have.

use std::collections::BTreeMap;

use http::StatusCode;
use http::header::LOCATION;
use protocol::Instant;
use protocol::sip::{Change, SessionEvent, SessionId, Uri};
use serde_json::{Value, json};

use super::problem::{Problem, ok};
use super::{ExposureApi, Served, Then};

/// A call.
#[derive(Debug)]
struct Call {
    client: String,
    /// As the client has named them.
    names: [String; 2],
    uris: [Uri; 2],
    legs: [Option<SessionId>; 2],
    state: &'static str,
}

#[derive(Debug, Default)]
pub(super) struct Calls {
    by_id: BTreeMap<String, Call>,
    by_leg: BTreeMap<SessionId, (String, usize)>,
}

impl Calls {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn forget(&mut self, id: &str) {
        self.by_id.remove(id);
    }
}

impl ExposureApi {
    pub(super) fn create_call(&mut self, client: &str, body: &Value) -> Result<Served, Problem> {
        let names = ["a", "b"].map(|name| body[name].as_str().unwrap_or_default().to_owned());
        let uris = [self.reached(client, &names[0])?, self.reached(client, &names[1])?];
        if uris[0].identity() == uris[1].identity() {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "two users are needed"));
        }
        self.make_room()?;
        let id = self.entropy.token(20);
        let call = Call { client: client.to_owned(), names, uris, legs: [None, None], state: "calling_a" };
        let mut response = ok(StatusCode::CREATED, &shown(&id, &call));
        if let Ok(value) = format!("/v1/sessions/{id}").try_into() {
            response.headers_mut().insert(LOCATION, value);
        }
        self.calls.by_id.insert(id.clone(), call);
        Ok(Served::now(response, Vec::new(), Then::Call { id }))
    }

    /// Ended calls make room for new ones.
    fn make_room(&mut self) -> Result<(), Problem> {
        if self.calls.len() < MAX_CALLS {
            return Ok(());
        }
        let ended = self.calls.by_id.iter().find(|(_, call)| is_over(call)).map(|(id, _)| id.clone());
        match ended {
            Some(id) => {
                self.calls.forget(&id);
                Ok(())
            }
            None => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many calls")),
        }
    }

    pub(super) fn read_call(&self, client: &str, id: &str) -> Result<Served, Problem> {
        let call = self.own_call(client, id)?;
        Ok(Served::now(ok(StatusCode::OK, &shown(id, call)), Vec::new(), Then::Nothing))
    }

    pub(super) fn end_call(&self, client: &str, id: String) -> Result<Served, Problem> {
        self.own_call(client, &id)?;
        Ok(Served::now(ok(StatusCode::NO_CONTENT, &Value::Null), Vec::new(), Then::HangUp { id }))
    }

    fn own_call(&self, client: &str, id: &str) -> Result<&Call, Problem> {
        let unknown = || Problem::new(StatusCode::NOT_FOUND, "no such call");
        let call = self.calls.by_id.get(id).ok_or_else(unknown)?;
        match call.client == client {
            true => Ok(call),
            false => Err(unknown().because("the call of another client")),
        }
    }

    pub(super) fn call(&mut self, now: Instant, id: &str) {
        self.invite(now, id, 0, BLACK_HOLE.as_bytes());
    }

    fn invite(&mut self, now: Instant, id: &str, leg: usize, sdp: &[u8]) {
        let Some(call) = self.calls.by_id.get(id) else { return };
        let (client, uri) = (call.client.clone(), call.uris[leg].clone());
        let headers = self.speak_for(&client);
        let session = self.ua.invite(now, uri, sdp, &headers);
        if let Some(call) = self.calls.by_id.get_mut(id) {
            call.legs[leg] = Some(session);
        }
        self.calls.by_leg.insert(session, (id.to_owned(), leg));
    }

    pub(super) fn hang_up(&mut self, now: Instant, id: &str) {
        let Some(call) = self.calls.by_id.get_mut(id) else { return };
        call.state = "ended";
        for session in call.legs.iter_mut().filter_map(Option::take) {
            self.calls.by_leg.remove(&session);
            // One that has ended by itself needs no word.
            let _ = self.ua.hang_up(now, session);
        }
    }

    pub(super) fn end_all_calls(&mut self, now: Instant) {
        let all: Vec<String> = self.calls.by_id.keys().cloned().collect();
        all.iter().for_each(|id| self.hang_up(now, id));
    }

    pub(super) fn on_session(&mut self, now: Instant, session: SessionId, event: SessionEvent) {
        let Some((id, leg)) = self.calls.by_leg.get(&session).cloned() else { return };
        match (event, leg) {
            (SessionEvent::Established { sdp }, 0) => {
                if let Some(call) = self.calls.by_id.get_mut(&id) {
                    call.state = "calling_b";
                }
                self.invite(now, &id, 1, &offer(&sdp, 1));
            }
            (SessionEvent::Established { sdp }, _) => {
                let Some(call) = self.calls.by_id.get_mut(&id) else { return };
                call.state = "joining";
                let first = call.legs[0];
                if let Some(first) = first
                    && self.ua.change(now, first, Change::ReInvite(offer(&sdp, 2))).is_err()
                {
                    self.hang_up(now, &id);
                }
            }
            (SessionEvent::Modified { .. }, 0) => {
                if let Some(call) = self.calls.by_id.get_mut(&id).filter(|call| call.state == "joining") {
                    call.state = "joined";
                }
            }
            (SessionEvent::ModifyRefused { .. }, 0) => self.fail(now, &id),
            (SessionEvent::Ended { .. }, leg) => {
                self.calls.by_leg.remove(&session);
                let Some(call) = self.calls.by_id.get_mut(&id) else { return };
                call.legs[leg] = None;
                match call.state {
                    "joined" | "ended" => self.hang_up(now, &id),
                    _ => self.fail(now, &id),
                }
            }
            _ => {}
        }
    }

    fn fail(&mut self, now: Instant, id: &str) {
        self.hang_up(now, id);
        if let Some(call) = self.calls.by_id.get_mut(id) {
            call.state = "failed";
        }
    }
}

fn is_over(call: &Call) -> bool {
    matches!(call.state, "ended" | "failed")
}

fn shown(id: &str, call: &Call) -> Value {
    json!({"id": id, "a": call.names[0], "b": call.names[1], "state": call.state})
}

/// The answer of one user as an offer to the other: for both ways, for who was offered a black hole may have answered that
/// he only listens, and of our own session (RFC 3264 clause 8: the same origin, the next version).
fn offer(answer: &[u8], version: u32) -> Vec<u8> {
    let text = String::from_utf8_lossy(answer);
    let lines =
        text.lines().map(str::trim_end).filter(|line| !["a=recvonly", "a=sendonly", "a=inactive"].contains(line));
    let own = |line: &str| match line.starts_with("o=") {
        true => format!("o=- 1 {version} IN IP4 0.0.0.0\r\n"),
        false => format!("{line}\r\n"),
    };
    lines.map(own).collect::<String>().into_bytes()
}

/// RFC 3725 clause 5.2, with the codecs that everybody has.
const BLACK_HOLE: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 9 RTP/AVP 8 0\r\n\
a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n";
/// Calls of all clients.
const MAX_CALLS: usize = 1024;
