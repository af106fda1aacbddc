//! The side of Ro (RFC 8506 clauses 5 and 6, TS 32.299 clause 6.3): requests are durable before they go, and go until they are
//! answered.

use protocol::Instant;
use protocol::diameter::charging::{ChargingHeader, SubscriptionId};
use protocol::diameter::ro::{
    Cca, Ccr, FailureHandling, FinalUnitAction, RequestType, RequestedAction, ServiceUnits, Units,
};
use protocol::diameter::{Flags, Message, RequestFailure, result};
use protocol::sip::proxy::Refusal;
use protocol::sip::{Reason, SipMessage};

use super::again::name_of;
use super::row::{Kind, Pending, Row};
use super::{ImsGwf, Waiting};
use crate::node::{NodeStoreOp, Rows, Table};

/// DIAMETER_LOGOUT (RFC 6733 clause 8.15).
const LOGOUT: u32 = 1;

impl ImsGwf {
    /// Asks the OCS: the request is kept, then sent.
    pub(super) fn ask(&mut self, now: Instant, id: &str, kind: RequestType, used: u64) {
        let utc = self.utc_ms(now);
        let Some(row) = self.rows.get_mut(id) else { return };
        let units = |count: u64| match row.kind {
            Kind::Call => Units::seconds(u32::try_from(count).unwrap_or(u32::MAX)),
            Kind::Debited | Kind::Reserved => Units::pieces(count),
        };
        let one = if row.kind == Kind::Call { Units::default() } else { units(1) };
        let is_end = kind == RequestType::Termination;
        let is_refund = kind == RequestType::Event && row.granted;
        let services = ServiceUnits {
            requested: (!is_end).then_some(one),
            used: (is_end || kind == RequestType::Update).then(|| units(used)),
            rating_group: Some(match row.kind {
                Kind::Call => self.config.call_rating_group,
                Kind::Debited | Kind::Reserved => self.config.message_rating_group,
            }),
            ..ServiceUnits::default()
        };
        let action = if is_refund { RequestedAction::RefundAccount } else { RequestedAction::DirectDebiting };
        let ccr = Ccr {
            header: ChargingHeader {
                session_id: id.to_owned(),
                origin_host: self.config.diameter.origin_host.clone(),
                origin_realm: self.config.diameter.origin_realm.clone(),
                destination_host: self.config.ocs_host.clone(),
                destination_realm: self.config.ocs_realm.clone(),
                origin_state: Some(self.config.diameter.origin_state),
                user_name: None,
                at_utc_ms: utc,
                retransmitted: false,
            },
            kind,
            number: row.number,
            action: (kind == RequestType::Event).then_some(action),
            subscriptions: vec![SubscriptionId::of_uri(&row.payer)],
            termination: is_end.then_some(LOGOUT),
            services: vec![services],
            information: row.information(),
        };
        row.number += 1;
        row.reported += used;
        row.grant -= used.min(row.grant);
        row.pending = Some(Pending { kind: kind.code(), octets: ccr.to_message().emit() });
        let ops = put_op(row).into_iter().collect();
        self.store(ops, Waiting::Send(id.to_owned()));
        self.schedule(id);
    }

    /// Sends the request that a row waits with.
    pub(super) fn send_pending(&mut self, now: Instant, id: &str, again: bool) {
        let pending = self.rows.get(id).and_then(|row| row.pending.as_ref());
        let Some(mut message) = pending.and_then(|pending| Message::parse(&pending.octets).ok()) else { return };
        if again {
            message.flags = message.flags.with(Flags::RETRANSMITTED);
        }
        self.next += 1;
        self.asked.insert(self.next, id.to_owned());
        self.endpoint.send_request(now, self.next, message);
    }

    /// What the OCS says, or that it says nothing.
    pub(super) fn credit_answered(&mut self, now: Instant, token: u64, answer: Result<Message, RequestFailure>) {
        let Some(id) = self.asked.remove(&token) else { return };
        let cca = answer.map_err(|e| e.to_string()).and_then(|m| Cca::from_message(&m).map_err(|e| e.to_string()));
        match cca {
            // RFC 6733 clause 7.1: not of the request, but of the way there, or of troubles that pass.
            Ok(cca) if cca.result / 1000 == 3 || cca.result == result::UNABLE_TO_COMPLY => {
                self.unanswered(now, &id, &format!("answer {}", cca.result));
            }
            Ok(cca) => {
                self.failure_handling = cca.failure_handling.unwrap_or(self.failure_handling);
                let Some(kind) = self.rows.get_mut(&id).and_then(|row| row.pending.take()) else { return };
                self.answered_by_ocs(now, &id, kind.kind, &cca);
            }
            Err(why) => self.unanswered(now, &id, &why),
        }
    }

    fn answered_by_ocs(&mut self, now: Instant, id: &str, kind: u32, cca: &Cca) {
        let utc = self.utc_ms(now);
        let Some(row) = self.rows.get_mut(id) else { return };
        let was_granted = row.granted;
        if kind == RequestType::Update.code() {
            // What was left of the grant before went back with the report.
            row.grant = 0;
        }
        if let Some(units) = cca.services.first().filter(|_| cca.result == result::SUCCESS) {
            let seconds = units.granted.and_then(|granted| granted.time).unwrap_or(0);
            row.granted = true;
            row.grant = u64::from(seconds);
            row.is_final = units.final_action == Some(FinalUnitAction::Terminate);
            row.valid_until_utc_ms = units.validity.map(|validity| utc + u64::from(validity) * 1000);
        }
        let (has_ended, is_call, granted) = (row.ended_utc_ms.is_some(), row.kind == Kind::Call, row.granted);
        let is_first = kind == RequestType::Initial.code() || (kind == RequestType::Event.code() && !was_granted);
        if is_first {
            return match cca.permits() {
                true if has_ended => self.settle(now, id),
                true if granted => self.keep(id, Waiting::Proceed(id.to_owned())),
                // Free of charge: nothing is kept of it.
                true => {
                    self.forget(id);
                    self.proceed(now, id);
                }
                false => self.credit_refused(now, id, cca.result),
            };
        }
        if kind != RequestType::Update.code() {
            return self.forget(id);
        }
        if has_ended {
            return self.settle(now, id);
        }
        if is_call && self.rows.get(id).is_some_and(|row| row.grant == 0) {
            return self.cut_off(now, id);
        }
        self.keep(id, Waiting::Nothing);
    }

    fn credit_refused(&mut self, now: Instant, id: &str, code: u32) {
        self.refused += 1;
        self.say(format!("{id} is refused by the OCS with {code}"));
        self.forget(id);
        let Some((key, request)) = self.live.remove(id).and_then(|live| live.asking) else { return };
        self.under_way.remove(&name_of(&request));
        let refusal = match code {
            result::CREDIT_LIMIT_REACHED => Refusal::new(402),
            result::END_USER_SERVICE_DENIED => Refusal::new(403).because("Service denied"),
            _ => Refusal::new(403).because("Not to be charged"),
        };
        let reason = Reason::sip(refusal.status, &format!("Diameter {code}")).to_string();
        self.refuse(now, key, &refusal.with("Reason", &reason));
    }

    /// No OCS answers: what happens to the service (RFC 8506 clause 8.14); the request is tried again in any case.
    fn unanswered(&mut self, now: Instant, id: &str, why: &str) {
        self.say(format!("no OCS for {id}: {why}"));
        self.retries.insert(id.to_owned());
        self.retry_at.get_or_insert(now + self.config.retry);
        let Some(row) = self.rows.get(id).filter(|row| row.ended_utc_ms.is_none()) else { return };
        let goes_on = self.failure_handling == FailureHandling::Continue;
        let is_asking = self.live.get(id).is_some_and(|live| live.asking.is_some() && live.bridge.is_none());
        match (is_asking && !row.granted, goes_on) {
            (true, true) => self.proceed(now, id),
            (true, false) => self.give_up(now, id),
            (false, true) => self.schedule(id),
            (false, false) => self.cut_off(now, id),
        }
    }

    /// The user is refused; what the OCS may have granted is given back.
    pub(super) fn give_up(&mut self, now: Instant, id: &str) {
        let utc = self.utc_ms(now);
        if let Some(row) = self.rows.get_mut(id) {
            row.ended_utc_ms.get_or_insert(utc);
        }
        if let Some((key, request)) = self.live.remove(id).and_then(|live| live.asking) {
            self.under_way.remove(&name_of(&request));
            // Neither 408 nor 5xx: for these the S-CSCF might go on without asking anybody.
            self.refuse(now, key, &Refusal::new(480).because("No credit control"));
        }
        self.settle(now, id);
    }

    pub(super) fn retry(&mut self, now: Instant) {
        self.retry_at = None;
        for id in std::mem::take(&mut self.retries) {
            self.send_pending(now, &id, true);
        }
    }

    /// Does what is left to do for something that has ended.
    pub(super) fn settle(&mut self, now: Instant, id: &str) {
        let utc = self.utc_ms(now);
        let Some(row) = self.rows.get(id) else { return };
        if row.pending.is_some() || row.ended_utc_ms.is_none() {
            return self.keep(id, Waiting::Nothing);
        }
        let beyond = self.failure_handling == FailureHandling::Continue;
        match (row.kind, row.granted) {
            (_, false) => self.forget(id),
            (Kind::Call, true) => {
                let used = row.unreported(utc, beyond);
                self.ask(now, id, RequestType::Termination, used);
            }
            (Kind::Reserved, true) => {
                let used = u64::from(row.delivered);
                self.ask(now, id, RequestType::Termination, used);
            }
            (Kind::Debited, true) if row.delivered => self.forget(id),
            (Kind::Debited, true) => self.ask(now, id, RequestType::Event, 0),
        }
    }

    pub(super) fn keep(&mut self, id: &str, waiting: Waiting) {
        let op = self.rows.get(id).and_then(put_op);
        self.store(op.into_iter().collect(), waiting);
        self.schedule(id);
    }

    pub(super) fn forget(&mut self, id: &str) {
        if self.rows.remove(id).is_some() {
            self.retries.remove(id);
            let delete = NodeStoreOp::Delete { table: Table::GwfCall, key: id.to_owned() };
            self.store(vec![delete], Waiting::Nothing);
        }
        self.schedule(id);
    }

    /// After a restart: what was under way has ended, and is settled.
    pub(super) fn restore(&mut self, now: Instant, rows: Rows) {
        let utc = self.utc_ms(now);
        let prefix = format!("{};", self.config.diameter.origin_host);
        for (id, value) in rows {
            if self.restore_arrived(&id, &value) || !id.starts_with(&prefix) {
                continue;
            }
            let mut row = match serde_json::from_slice::<Row>(&value) {
                Ok(row) => row,
                Err(error) => {
                    self.say(format!("stored call {id} is unreadable: {error}"));
                    continue;
                }
            };
            if row.ended_utc_ms.is_none() {
                row.ended_utc_ms = Some(utc);
                // The answer leaves when there is a record of it: before, the caller has not heard of it.
                let ims = row.information().ims;
                if ims.and_then(|ims| ims.icid).is_some_and(|icid| self.charging.awaits_answer(&icid)) {
                    row.answered_utc_ms = None;
                }
            }
            // Also when one side has hung up: the other one may not have heard of it.
            self.say_goodbye(now, &row);
            let is_pending = row.pending.is_some();
            self.rows.insert(id.clone(), row);
            if is_pending {
                self.retries.insert(id);
            } else {
                self.settle(now, &id);
            }
        }
        self.retry(now);
        for (key, request) in self.held.take().unwrap_or_default() {
            self.handle_request(now, key, request);
        }
    }

    /// Ends both sides of a call that an earlier run has set up.
    fn say_goodbye(&mut self, now: Instant, row: &Row) {
        let reason = Reason::sip(503, "Gateway function restarted").to_string();
        for text in &row.byes {
            let Ok(SipMessage::Request(mut bye)) = SipMessage::parse(text.as_bytes()) else { continue };
            bye.headers.append("Reason", &reason);
            self.charging.within(now, None, &bye);
            if let Err(error) = self.stack.send_request(now, bye, None) {
                self.say(format!("BYE after a restart: {error}"));
            }
        }
    }
}

pub(super) fn put_op(row: &Row) -> Option<NodeStoreOp> {
    let value = serde_json::to_vec(row).ok()?;
    Some(NodeStoreOp::Put { table: Table::GwfCall, key: row.session_id.clone(), value })
}
