//! Records of a session and of events by themselves on their way into the queue (RFC 6733 clause 9.5).

use protocol::Instant;
use protocol::diameter::charging::{ChargingHeader, ServiceInformation};
use protocol::diameter::rf::{Acr, RecordType};

use super::queue::Kept;
use super::trigger::Trigger;
use crate::node::{NodeStoreOp, Table};

impl Trigger {
    pub(super) fn acr(
        &self,
        utc: u64,
        (session_id, cdf): (&str, Option<String>),
        (kind, number): (RecordType, u32),
        information: ServiceInformation,
    ) -> Acr {
        Acr {
            header: ChargingHeader {
                session_id: session_id.to_owned(),
                origin_host: self.config.diameter.origin_host.clone(),
                origin_realm: self.config.diameter.origin_realm.clone(),
                destination_host: cdf.or_else(|| self.config.cdf_host.clone()),
                destination_realm: self.config.cdf_realm.clone(),
                origin_state: Some(self.config.diameter.origin_state),
                user_name: None,
                at_utc_ms: utc,
                retransmitted: false,
            },
            kind,
            number,
            interval: self.config.interim.map(|interval| u32::try_from(interval.as_secs()).unwrap_or(u32::MAX)),
            information,
        }
    }

    /// Takes a record in that is being made durable: its number, and how. None: there is no place left.
    pub(super) fn enqueue(&mut self, utc: u64, id: String, acr: &Acr) -> Option<(u64, NodeStoreOp)> {
        if self.queue.len() >= self.config.max_buffered {
            self.lost += 1;
            self.say(format!("a record of {id} is lost: {} are waiting for the CDF", self.queue.len()));
            return None;
        }
        let kept = Kept { session_id: id, octets: acr.to_message().emit() };
        let value = serde_json::to_vec(&kept).unwrap_or_default();
        let number = self.queue.push(utc, kept);
        Some((number, NodeStoreOp::Put { table: Table::ChargingRecord, key: self.record_key(number), value }))
    }

    /// A record of an event by itself, which whoever asks for it makes durable together with what it follows from.
    pub(super) fn event_record(
        &mut self,
        now: Instant,
        session_id: &str,
        information: ServiceInformation,
    ) -> Option<(u64, NodeStoreOp)> {
        let utc = self.utc_ms(now);
        let acr = Acr { interval: None, ..self.acr(utc, (session_id, None), (RecordType::Event, 0), information) };
        self.enqueue(utc, session_id.to_owned(), &acr)
    }

    /// Such a record is durable, or whoever asked for it has done what he could.
    pub(super) fn event_kept(&mut self, now: Instant, number: u64) {
        self.queue.ready(number);
        self.send(now);
    }
}
