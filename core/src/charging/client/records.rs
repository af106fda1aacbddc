//! Records of the charging trigger function (TS 32.260 tables 5.2.1.1 and 5.2.2.1, RFC 6733 clause 9.5): what makes one, and
//! how it is kept until the CDF has it.

use std::time::Duration;

use protocol::Instant;
use protocol::diameter::charging::{ImsInformation, ServiceInformation, SubscriptionId};
use protocol::diameter::dictionary::DESTINATION_HOST;
use protocol::diameter::rf::{Aca, RecordType};
use protocol::diameter::{Flags, Message, RequestFailure, result};
use protocol::sip::{Request, Response};

use super::observe;
use super::queue::Kept;
use super::session::{ChargingSession, DialogName, Subject, dialog_of};
use super::trigger::{OWN_TOKENS, Trigger, Waiting, end_of, named_cdf};
use crate::node::{NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Table};
use crate::store::StoreToken;

/// Cause-Code of a request outside sessions that was successful (TS 32.299 clause 7.2.35).
const SUCCESSFUL_TRANSACTION: i32 = -1;
/// Cause-Code of a session that ended otherwise than by BYE: unspecified error.
const UNSPECIFIED_ERROR: i32 = 1;
/// Cause-Code of what was under way when the node was killed: internal error.
pub(super) const INTERNAL_ERROR: i32 = 3;
/// How long an outcome is waited for after a restart (RFC 3261 clause 17.1.1.2: 64 T1).
const AFTER_RESTART: Duration = Duration::from_secs(32);
/// No request waits longer for its outcome (RFC 3261 clause 16.6: more than timer C).
const LONGEST: Duration = Duration::from_secs(600);

impl Trigger {
    pub(super) fn load(&mut self) {
        let ops = [Table::ChargingSession, Table::ChargingRecord].map(|table| NodeStoreOp::Scan { table });
        self.store(ops.to_vec(), Waiting::Load);
    }

    pub(super) fn new_session_id(&mut self, now: Instant) -> String {
        self.next_session += 1;
        let utc_ms = self.utc_ms(now);
        super::new_session_id(&self.config.diameter.origin_host, utc_ms, self.next_session, &mut self.entropy)
    }

    /// Makes a charging session of an initial request, durable from now on.
    pub(super) fn open(
        &mut self,
        now: Instant,
        request: &Request,
        cdf: Option<String>,
        subject: Subject,
        ims: ImsInformation,
    ) -> String {
        let utc = self.utc_ms(now);
        let session_id = self.new_session_id(now);
        let mut session = ChargingSession {
            session_id: session_id.clone(),
            method: request.method.to_string(),
            cdf,
            number: 0,
            answered: false,
            dialogs: Vec::new(),
            information: Vec::new(),
            interval: None,
            interim_utc_ms: None,
            expires_utc_ms: Some(utc + LONGEST.as_millis() as u64),
            last_change: String::new(),
            is_live: true,
            subject,
        };
        let subscriptions = vec![SubscriptionId::of_uri(&session.subject.2)];
        session.set_information(&ServiceInformation { subscriptions, ims: Some(ims), ..ServiceInformation::default() });
        let op = self.put_op(&session);
        self.sessions.put(session);
        self.store(op.into_iter().collect(), Waiting::Change);
        session_id
    }

    /// The final response to an initial request.
    pub(super) fn outcome(&mut self, now: Instant, id: &str, response: &Response) {
        let Some(mut session) = self.sessions.get(id).cloned() else { return };
        let utc = self.utc_ms(now);
        let mut information = session.information();
        let dialog = dialog_of(&response.headers);
        if session.answered {
            // Another fork has accepted too: whichever ends, the session does when the last of them has.
            let new = dialog.filter(|d| !session.dialogs.contains(d) && session.dialogs.len() < 8);
            if let Some(dialog) = new {
                session.dialogs.push(dialog);
                self.keep(session);
            }
            return;
        }
        if let Some(ims) = &mut information.ims {
            observe::add_response(ims, response, utc);
        }
        // TS 24.229 clause 5.2.6.3.4: the caller's P-CSCF hears of it in the response.
        session.cdf = session.cdf.or_else(|| named_cdf(&response.headers));
        if session.method == "INVITE" && response.is_success() {
            session.answered = true;
            session.dialogs.extend(dialog);
            session.expires_utc_ms = end_of(response, utc);
            session.set_information(&information);
            return self.record(now, session, RecordType::Start);
        }
        let status = i32::from(response.status);
        let cause = if response.is_success() { SUCCESSFUL_TRANSACTION } else { status };
        self.event(now, session, information, cause);
    }

    /// An initial request had no outcome.
    pub(super) fn failed(&mut self, now: Instant, id: &str, cause: i32) {
        let Some(session) = self.sessions.get(id).cloned().filter(|session| !session.answered) else { return };
        let information = session.information();
        self.event(now, session, information, cause);
    }

    fn event(&mut self, now: Instant, mut session: ChargingSession, mut own: ServiceInformation, cause: i32) {
        if let Some(ims) = &mut own.ims {
            ims.cause = Some(cause);
        }
        session.set_information(&own);
        self.record(now, session, RecordType::Event);
    }

    /// A session has ended.
    pub(super) fn stop(&mut self, now: Instant, id: &str, cause: i32, reasons: &[String]) {
        let Some(mut session) = self.sessions.get(id).cloned().filter(|session| session.answered) else { return };
        let mut information = session.information();
        if let Some(ims) = &mut information.ims {
            ims.method = Some("BYE".to_owned());
            ims.request_utc_ms = Some(self.utc_ms(now));
            ims.response_utc_ms = None;
            ims.cause = Some(cause);
            ims.reasons = reasons.to_vec();
        }
        session.set_information(&information);
        self.record(now, session, RecordType::Stop);
    }

    /// The other party has agreed to a change.
    pub(super) fn changed(&mut self, now: Instant, dialog: &DialogName, request: &Request, response: &Response) {
        let utc = self.utc_ms(now);
        let from = request.from().ok().flatten();
        let tag = from.as_ref().and_then(|from| from.tag()).unwrap_or_default();
        let change = format!("{} {tag}", request.headers.get("CSeq").unwrap_or_default());
        for id in self.sessions.of_dialog(dialog) {
            let Some(mut session) = self.sessions.get(&id).cloned().filter(|s| s.last_change != change) else {
                continue;
            };
            session.last_change.clone_from(&change);
            session.expires_utc_ms = end_of(response, utc);
            let mut information = session.information();
            let changes = information.ims.as_mut().is_some_and(|ims| {
                (ims.request_utc_ms, ims.response_utc_ms) = (Some(utc), Some(utc));
                observe::change(ims, &request.method, &request.headers, &request.body)
            });
            if changes {
                session.set_information(&information);
                self.record(now, session, RecordType::Interim);
            } else {
                self.keep(session);
            }
        }
    }

    /// Something more is known of a session: it goes with the next record.
    pub(super) fn note(&mut self, mut session: ChargingSession, add: impl FnOnce(&mut ImsInformation)) {
        let mut information = session.information();
        if let Some(ims) = &mut information.ims {
            add(ims);
        }
        session.set_information(&information);
        self.sessions.put(session);
    }

    /// The time of a session has come: an interim record, or its end.
    pub(super) fn expire(&mut self, now: Instant, id: &str) {
        let utc = self.utc_ms(now);
        let Some(session) = self.sessions.get(id).cloned() else { return };
        if session.expires_utc_ms.is_some_and(|at| at <= utc) {
            self.say(format!("session {id} has ended without a word"));
            if session.answered {
                return self.stop(now, id, UNSPECIFIED_ERROR, &[]);
            }
            return self.failed(now, id, INTERNAL_ERROR);
        }
        self.record(now, session, RecordType::Interim);
    }

    /// Makes a record of what a session knows, and keeps both.
    fn record(&mut self, now: Instant, mut session: ChargingSession, kind: RecordType) {
        let utc = self.utc_ms(now);
        let acr =
            self.acr(utc, (&session.session_id, session.cdf.clone()), (kind, session.number), session.information());
        session.number += 1;
        session.interim_utc_ms = session.interval.map(|seconds| utc + u64::from(seconds) * 1000);
        let is_last = matches!(kind, RecordType::Event | RecordType::Stop);
        let session_op =
            if is_last { Some(self.session_delete_op(&session.session_id)) } else { self.put_op(&session) };
        let id = session.session_id.clone();
        if is_last {
            self.sessions.remove(&id);
        } else {
            self.sessions.put(session);
        }
        let mut ops: Vec<_> = session_op.into_iter().collect();
        match self.enqueue(utc, id, &acr) {
            Some((number, op)) => {
                ops.push(op);
                self.store(ops, Waiting::Record(number));
            }
            None => self.store(ops, Waiting::Change),
        }
    }

    /// Sends what can be sent.
    pub(super) fn send(&mut self, now: Instant) {
        if !self.loaded || self.not_before.is_some_and(|at| at > now) {
            return;
        }
        for (number, mut message, again) in self.queue.take_ready() {
            if again {
                message.flags = message.flags.with(Flags::RETRANSMITTED);
                self.route_by_realm(&mut message);
            }
            self.endpoint.send_request(now, number, message);
        }
        self.drain(now);
    }

    /// The CDF that the network has named may not be reached from here: another one of the realm takes the record.
    fn route_by_realm(&self, message: &mut Message) {
        let host = message.text(&DESTINATION_HOST).ok().flatten();
        if host.is_some_and(|host| !self.endpoint.peers_up().any(|up| up.eq_ignore_ascii_case(host))) {
            message.avps.retain(|avp| avp.code != DESTINATION_HOST.code);
        }
    }

    pub(super) fn on_answer(&mut self, now: Instant, number: u64, answer: Result<Message, RequestFailure>) {
        let aca = answer.map_err(|e| e.to_string()).and_then(|m| Aca::from_message(&m).map_err(|e| e.to_string()));
        match aca {
            Ok(aca) if aca.result / 1000 == 2 => {
                self.taken += 1;
                self.settled(now, number, Some(aca.interval));
            }
            // Permanent failures, other than those of a CDF that has troubles of its own (RFC 6733 clause 7.1.5).
            Ok(aca) if aca.result / 1000 == 5 && aca.result != result::UNABLE_TO_COMPLY => {
                self.lost += 1;
                self.say(format!("a record is refused by {} with {}", aca.origin_host, aca.result));
                self.settled(now, number, None);
            }
            Ok(aca) => self.postpone(now, number, &format!("answer {}", aca.result)),
            Err(why) => self.postpone(now, number, &why),
        }
        self.send(now);
    }

    fn postpone(&mut self, now: Instant, number: u64, why: &str) {
        if self.not_before.is_none() {
            self.say(format!("{} records wait for a CDF: {why}", self.queue.len()));
            self.not_before = Some(now + self.config.retry);
        }
        self.queue.put_back(number);
    }

    fn settled(&mut self, now: Instant, number: u64, interval: Option<Option<u32>>) {
        let key = self.record_key(number);
        self.store(vec![NodeStoreOp::Delete { table: Table::ChargingRecord, key }], Waiting::Nothing);
        let Some(kept) = self.queue.done(number) else { return };
        if let Some(interval) = interval
            && let Some(mut session) = self.sessions.get(&kept.session_id).cloned().filter(|s| s.interval != interval)
        {
            session.interval = interval;
            session.interim_utc_ms = interval.map(|seconds| self.utc_ms(now) + u64::from(seconds) * 1000);
            self.keep(session);
        }
    }

    pub(super) fn stored(&mut self, now: Instant, answer: NodeStoreAnswer) {
        let token = answer.token.0;
        match (self.waiting.remove(&token), answer.result) {
            (Some(Waiting::Load), Ok(tables)) => self.restore(now, tables),
            (Some(Waiting::Load), Err(error)) => {
                self.say(format!("what an earlier run has left is not known: {error}"));
                self.loaded = true;
            }
            (Some(Waiting::Record(number)), result) => {
                if let Err(error) = result {
                    self.say(format!("a record is not durable: {error}"));
                }
                self.queue.ready(number);
                self.send(now);
            }
            (Some(Waiting::Change | Waiting::Nothing), Err(error)) => {
                self.say(format!("a change is not durable: {error}"));
            }
            (Some(Waiting::Change | Waiting::Nothing), Ok(_)) | (None, _) => {}
        }
        self.release(token);
    }

    fn restore(&mut self, now: Instant, tables: Vec<crate::node::Rows>) {
        let prefix = self.prefix();
        let mut tables = tables.into_iter();
        let patience = self.utc_ms(now) + AFTER_RESTART.as_millis() as u64;
        for (key, value) in tables.next().unwrap_or_default() {
            if !key.starts_with(&prefix) {
                continue;
            }
            match serde_json::from_slice::<ChargingSession>(&value) {
                Ok(mut session) => {
                    if !session.answered {
                        session.expires_utc_ms = Some(patience);
                    }
                    if self.sessions.get(&session.session_id).is_none() {
                        self.sessions.put(session);
                    }
                }
                Err(error) => self.say(format!("stored session {key} is unreadable: {error}")),
            }
        }
        for (key, value) in tables.next().unwrap_or_default() {
            let number = key.strip_prefix(&prefix).and_then(|number| number.parse().ok());
            match (number, serde_json::from_slice::<Kept>(&value)) {
                (Some(number), Ok(kept)) => self.queue.restore(number, kept),
                (Some(_), Err(error)) => self.say(format!("stored record {key} is unreadable: {error}")),
                (None, _) => {}
            }
        }
        self.loaded = true;
        if self.forgets {
            // What was up is not any more, and nobody will say so.
            for id in self.sessions.answered() {
                self.stop(now, &id, INTERNAL_ERROR, &[]);
            }
        }
        for request in std::mem::take(&mut self.early) {
            self.within(now, None, &request);
        }
        self.send(now);
    }

    fn keep(&mut self, session: ChargingSession) {
        let op = self.put_op(&session);
        self.sessions.put(session);
        self.store(op.into_iter().collect(), Waiting::Change);
    }

    fn put_op(&self, session: &ChargingSession) -> Option<NodeStoreOp> {
        let value = serde_json::to_vec(session).ok()?;
        let key = format!("{}{}", self.prefix(), session.session_id);
        Some(NodeStoreOp::Put { table: Table::ChargingSession, key, value })
    }

    fn session_delete_op(&self, id: &str) -> NodeStoreOp {
        NodeStoreOp::Delete { table: Table::ChargingSession, key: format!("{}{id}", self.prefix()) }
    }

    /// Nodes of one process share the tables.
    fn prefix(&self) -> String {
        format!("{}|", self.config.diameter.origin_host)
    }

    pub(super) fn record_key(&self, number: u64) -> String {
        format!("{}{number:020}", self.prefix())
    }

    fn store(&mut self, ops: Vec<NodeStoreOp>, waiting: Waiting) {
        self.next_token = self.next_token.wrapping_add(1).max(OWN_TOKENS);
        if matches!(waiting, Waiting::Record(_) | Waiting::Change) {
            self.unsure.insert(self.next_token);
        }
        self.waiting.insert(self.next_token, waiting);
        let request = NodeStoreRequest { token: StoreToken(self.next_token), ops };
        self.outputs.push_back(NodeOutput::Store(request));
    }
}
