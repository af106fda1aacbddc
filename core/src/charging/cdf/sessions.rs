//! Accounting sessions at the CDF (TS 32.260 clause 5.2, RFC 6733 clause 8.2): what comes of a record, and of a session that
//! nothing is heard of any more.

use std::time::Duration;

use protocol::Instant;
use protocol::diameter::rf::{Acr, RecordType};
use protocol::diameter::{DiameterProblem, result};
use serde::{Deserialize, Serialize};

use super::Cdf;
use crate::charging::cdr::{Cdr, CdrCause, IncompleteCdr};
use crate::charging::server::Waiting;
use crate::node::{NodeStoreOp, Table};

/// A session, or what is remembered of one that is over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Accounted {
    /// Accounting-Record-Number of the last record that was taken.
    number: u32,
    /// When that was.
    seen_utc_ms: u64,
    /// The record that is open; none: the session is over.
    open: Option<Cdr>,
}

impl Accounted {
    pub(super) const fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

impl Cdf {
    /// Takes a record: what has to be durable before it is acknowledged. Nothing of one that was taken before.
    pub(super) fn account(&mut self, now: Instant, acr: &Acr) -> Result<Vec<NodeStoreOp>, DiameterProblem> {
        let (utc, id) = (self.server.utc_ms(now), &acr.header.session_id);
        let known = self.sessions.get(id).cloned();
        if known.as_ref().is_some_and(|known| acr.number <= known.number || !known.is_open()) {
            self.counters.duplicates += 1;
            return Ok(Vec::new());
        }
        if known.is_none() && self.sessions.len() >= self.config.max_sessions {
            return Err(DiameterProblem::new(result::OUT_OF_SPACE, "too many sessions are open"));
        }
        let missing = known
            .as_ref()
            .map_or(acr.number > 0 && acr.kind != RecordType::Event, |known| acr.number > known.number + 1);
        let is_first = known.is_none();
        let mut cdr = known.and_then(|known| known.open).unwrap_or_else(|| self.open(acr));
        cdr.retransmission |= acr.header.retransmitted;
        if missing {
            let incomplete = cdr.incomplete.get_or_insert_with(IncompleteCdr::default);
            incomplete.start_lost |= is_first;
            incomplete.interim_lost |= !is_first;
        }
        let at = acr.header.at_utc_ms;
        let ims = acr.information.ims.as_ref();
        let mut ops = Vec::new();
        let open = match acr.kind {
            RecordType::Event => {
                (cdr.started, cdr.ended) = (None, None);
                ops.extend(self.close(cdr, acr.information.outcome(), at));
                None
            }
            RecordType::Stop => {
                cdr.ended = ims.and_then(|ims| ims.request_utc_ms).or(Some(at));
                cdr.reasons.extend(ims.into_iter().flat_map(|ims| ims.reasons.iter().cloned()));
                ops.extend(self.close(cdr, acr.information.outcome(), at));
                None
            }
            RecordType::Start | RecordType::Interim => {
                if let Some(ims) = ims {
                    cdr.add_media(ims);
                }
                Some(self.part(cdr, at, &mut ops))
            }
        };
        let accounted = Accounted { number: acr.number, seen_utc_ms: utc, open };
        ops.extend(self.keep(id, accounted));
        Ok(ops)
    }

    fn open(&self, acr: &Acr) -> Cdr {
        let header = &acr.header;
        let at = header.at_utc_ms;
        Cdr::open(&header.origin_host, header.user_name.as_deref(), &acr.information, at)
    }

    fn close(&mut self, mut cdr: Cdr, outcome: Option<i32>, at: u64) -> Vec<NodeStoreOp> {
        if cdr.part.is_some() {
            cdr.part = cdr.part.map(|part| part + 1);
        }
        cdr.close(outcome, at);
        self.add_record(cdr)
    }

    /// A record that is open for too long is closed as a partial one (TS 32.260 clause 5.2.3).
    fn part(&mut self, mut cdr: Cdr, at: u64, ops: &mut Vec<NodeStoreOp>) -> Cdr {
        let Some(limit) = self.config.partial_after else { return cdr };
        let opened = cdr.opened.unwrap_or(at);
        if at.saturating_sub(opened) < millis(limit) {
            return cdr;
        }
        cdr.part = Some(cdr.part.map_or(1, |part| part + 1));
        let mut partial = cdr.clone();
        partial.close(None, at);
        partial.cause = CdrCause::TimeLimit;
        ops.extend(self.add_record(partial));
        cdr.opened = Some(at);
        let last = cdr.media.pop();
        cdr.media = last.into_iter().collect();
        cdr
    }

    fn keep(&mut self, id: &str, accounted: Accounted) -> Option<NodeStoreOp> {
        let value = serde_json::to_vec(&accounted).ok()?;
        self.put(id, accounted);
        Some(NodeStoreOp::Put { table: Table::CdfSession, key: id.to_owned(), value })
    }

    fn put(&mut self, id: &str, accounted: Accounted) {
        if let Some(before) = self.sessions.remove(id) {
            self.due.remove(&(self.due_of(&before), id.to_owned()));
        }
        self.due.insert((self.due_of(&accounted), id.to_owned()));
        self.sessions.insert(id.to_owned(), accounted);
    }

    /// When a session is lost, or forgotten.
    fn due_of(&self, accounted: &Accounted) -> u64 {
        if accounted.is_open() {
            accounted.seen_utc_ms.max(self.listening_utc_ms).saturating_add(millis(self.config.lost_after))
        } else {
            accounted.seen_utc_ms.saturating_add(millis(self.config.remembered))
        }
    }

    /// Closes the records of sessions that are lost, and forgets those that are long over.
    pub(super) fn expire(&mut self, now: Instant) {
        if self.server.is_loading() {
            return;
        }
        let utc = self.server.utc_ms(now);
        let mut ops = Vec::new();
        while let Some((at, id)) = self.due.first().filter(|(at, _)| *at <= utc).cloned() {
            self.due.remove(&(at, id.clone()));
            let Some(mut accounted) = self.sessions.remove(&id) else { continue };
            let Some(mut cdr) = accounted.open.take() else {
                ops.push(NodeStoreOp::Delete { table: Table::CdfSession, key: id });
                continue;
            };
            self.server.say(format!("session {id} is lost"));
            cdr.incomplete.get_or_insert_with(IncompleteCdr::default).stop_lost = true;
            cdr.ended = Some(accounted.seen_utc_ms);
            if cdr.part.is_some() {
                cdr.part = cdr.part.map(|part| part + 1);
            }
            cdr.close(None, utc);
            cdr.cause = CdrCause::UnSuccessfulServiceDelivery;
            ops.extend(self.add_record(cdr));
            accounted.seen_utc_ms = utc;
            ops.extend(self.keep(&id, accounted));
        }
        if !ops.is_empty() {
            self.server.store(ops, Waiting::Nothing);
        }
    }

    /// Takes over what the store has.
    pub(super) fn load(&mut self, now: Instant, tables: Vec<crate::node::Rows>) {
        let mut tables = tables.into_iter();
        (self.sessions, self.due) = Default::default();
        // Nothing could be heard while nobody listened.
        self.listening_utc_ms = self.server.utc_ms(now);
        for (id, value) in tables.next().unwrap_or_default() {
            match serde_json::from_slice::<Accounted>(&value) {
                Ok(accounted) => self.put(&id, accounted),
                Err(error) => self.server.say(format!("stored session {id} is unreadable: {error}")),
            }
        }
        let (records, states) = (tables.next().unwrap_or_default(), tables.next().unwrap_or_default());
        self.load_files(now, records, states);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
