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
    /// Sends what can be sent. What is too old is given up.
    pub(super) fn settle(&mut self, now: Instant) {
        while self.not_before.is_none() && self.sent.len() < WINDOW {
            let Some(session_id) = self.ready.pop_first() else { return };
            let own = self.settling.get_mut(&session_id);
            let is_again = own.is_some_and(|own| std::mem::replace(&mut own.is_again, true));
            let first = self.settling.get(&session_id).and_then(|own| own.requests.first());
            let Some(request) = first.and_then(|octets| Message::parse(octets).ok()) else {
                self.settling.remove(&session_id);
                self.over.push(session_id);
                continue;
            };
            let request = of_now(request, self.config.diameter.origin_state);
            self.sent.insert(session_id.clone());
            self.send(now, Asked::Settling(session_id), request, is_again);
        }
    }

    /// The OCS has answered, or has not.
    pub(super) fn settled(&mut self, now: Instant, session_id: String, answer: Result<Message, RequestFailure>) {
        self.sent.remove(&session_id);
        let code = answer.map_err(|e| e.to_string()).and_then(|m| Cca::from_message(&m).map_err(|e| e.to_string()));
        let code = code.map(|cca| cca.result);
        match code {
            Ok(code) if code / 1000 != 3 && code != result::UNABLE_TO_COMPLY => self.accepted(now, &session_id, code),
            Ok(code) => self.postpone(now, session_id, &format!("answer {code}")),
            Err(why) => self.postpone(now, session_id, &why),
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
            self.ready.insert(session_id.to_owned());
        }
        self.settle(now);
    }

    fn postpone(&mut self, now: Instant, session_id: String, why: &str) {
        if self.not_before.is_none() {
            self.outputs.push_back(said(&format!("{} sessions wait for an OCS: {why}", self.settling.len())));
            self.not_before = Some(now + self.config.retry);
        }
        self.ready.insert(session_id);
    }

    /// Gives up what was tried for too long.
    pub(super) fn give_up(&mut self, utc_ms: u64) {
        let age = u64::try_from(self.config.give_up.as_millis()).unwrap_or(u64::MAX);
        let old = |own: &Settling| own.since_utc_ms.saturating_add(age) <= utc_ms;
        let old: Vec<String> = self.settling.iter().filter(|(_, own)| old(own)).map(|(id, _)| id.clone()).collect();
        for session_id in old {
            self.settling.remove(&session_id);
            self.ready.remove(&session_id);
            self.counters.lost += 1;
            self.outputs.push_back(said(&format!("{session_id} is never settled: no OCS")));
            self.over.push(session_id);
        }
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
