//! What the OCS has yet to hear of messages that are over: a refund, the end of a reservation, a debt. It goes until it is
//! answered, with the T bit, and is durable until then (RFC 8506 clause 6.5 has it so of what is buffered).

use protocol::Instant;
use protocol::diameter::ro::Cca;
use protocol::diameter::{Message, RequestFailure, result};
use serde::{Deserialize, Serialize};

use super::credit::{Asked, Credit, of_now, said};
use crate::node::{NodeStoreOp, Table};

/// Requests of one session, in their order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Settling {
    #[serde(with = "requests")]
    pub(super) requests: Vec<Vec<u8>>,
    pub(super) since_utc_ms: u64,
    /// The first of them may have been sent before.
    #[serde(skip, default = "of_an_earlier_run")]
    pub(super) is_again: bool,
}

const fn of_an_earlier_run() -> bool {
    true
}

/// Sessions that are settled at a time.
const WINDOW: usize = 16;

impl Settling {
    /// What makes it durable.
    pub(super) fn put(&self, session_id: &str) -> NodeStoreOp {
        let value = serde_json::to_vec(self).unwrap_or_default();
        NodeStoreOp::Put { table: Table::SmsCredit, key: session_id.to_owned(), value }
    }
}

impl Credit {
    /// Sends what can be sent: what waits longest goes first. What is too old is given up.
    pub(super) fn settle(&mut self, now: Instant) {
        if self.not_before.is_some_and(|at| at <= now) {
            self.not_before = None;
        }
        while self.not_before.is_none() && self.sent.len() < WINDOW {
            let Some(session_id) = self.ready.next(now) else { return };
            self.ready.set(&session_id, None);
            let Some(own) = self.settling.get(&session_id) else { continue };
            let is_again = own.is_again;
            let is_old = own.since_utc_ms.saturating_add(self.give_up_ms()) <= self.utc_ms(now);
            let request = own.requests.first().and_then(|octets| Message::parse(octets).ok());
            let Some(request) = request.filter(|_| !is_old) else {
                if is_old {
                    self.counters.lost += 1;
                    self.outputs.push_back(said(&format!("{session_id} is never settled: no OCS")));
                }
                self.settling.remove(&session_id);
                self.over.push(session_id);
                continue;
            };
            let request = of_now(request, self.config.diameter.origin_state);
            self.sent.insert(session_id.clone());
            self.send(now, Asked::Settling(session_id), request, is_again);
        }
    }

    /// When there is something to send.
    pub(super) fn next_settling(&self) -> Option<Instant> {
        let first = self.ready.first().filter(|_| self.sent.len() < WINDOW)?;
        Some(self.not_before.map_or(first, |at| first.max(at)))
    }

    const fn utc_ms(&self, now: Instant) -> u64 {
        self.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    fn give_up_ms(&self) -> u64 {
        u64::try_from(self.config.give_up.as_millis()).unwrap_or(u64::MAX)
    }

    /// The OCS has answered, or has not.
    pub(super) fn settled(&mut self, now: Instant, session_id: String, answer: Result<Message, RequestFailure>) {
        self.sent.remove(&session_id);
        let is_reached = !matches!(answer, Err(RequestFailure::NoPeer));
        let code = answer.map_err(|e| e.to_string()).and_then(|m| Cca::from_message(&m).map_err(|e| e.to_string()));
        let code = code.map(|cca| cca.result);
        match code {
            Ok(code) if code / 1000 != 3 && code != result::UNABLE_TO_COMPLY => self.accepted(now, &session_id, code),
            Ok(code) => self.postpone(now, session_id, is_reached, &format!("answer {code}")),
            Err(why) => self.postpone(now, session_id, is_reached, &why),
        }
    }

    fn accepted(&mut self, now: Instant, session_id: &str, code: u32) {
        let Some(own) = self.settling.get_mut(session_id) else { return };
        let is_good = code / 1000 == 2;
        own.requests.remove(0);
        // What was never begun has no end.
        if !is_good && !own.requests.is_empty() {
            own.requests.clear();
        }
        // DIAMETER_UNKNOWN_SESSION_ID: nothing was taken that could be given back.
        if !is_good && code != result::UNKNOWN_SESSION_ID {
            self.counters.lost += 1;
            self.outputs.push_back(said(&format!("{session_id} is settled with {code}")));
        }
        if own.requests.is_empty() {
            self.settling.remove(session_id);
            self.over.push(session_id.to_owned());
        } else {
            // A restart begins with the first again, which the OCS answers as before.
            own.is_again = false;
            self.ready.set(&session_id.to_owned(), Some(now));
        }
        self.settle(now);
    }

    /// It goes again later, behind the others; without an OCS these wait, too.
    fn postpone(&mut self, now: Instant, session_id: String, is_reached: bool, why: &str) {
        let again = now + self.config.retry;
        let is_first = |own: &mut Settling| is_reached && !std::mem::replace(&mut own.is_again, true);
        if self.settling.get_mut(&session_id).is_some_and(is_first) {
            self.outputs.push_back(said(&format!("{session_id} is not settled yet: {why}")));
        } else if !is_reached && self.not_before.is_none() {
            self.outputs.push_back(said(&format!("{} sessions wait for an OCS: {why}", self.settling.len())));
            self.not_before = Some(again);
        }
        self.ready.set(&session_id, Some(if is_reached { again } else { now }));
        self.settle(now);
    }
}

/// Octets as lists of hexadecimal digits.
mod requests {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub(super) fn serialize<S: Serializer>(own: &[Vec<u8>], to: S) -> Result<S::Ok, S::Error> {
        own.iter().map(hex::encode).collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Vec<u8>>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        texts.iter().map(|text| hex::decode(text).map_err(de::Error::custom)).collect()
    }
}
