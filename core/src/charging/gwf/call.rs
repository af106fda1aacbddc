//! Calls (TS 32.260 clause 5.3.2.2, SCUR): a back-to-back user agent between caller and callee, as long as there is credit.

use std::time::Duration;

use protocol::Instant;
use protocol::diameter::charging::{NodeFunctionality, RoleOfNode, ServiceInformation, SubscriptionId};
use protocol::diameter::ro::{FailureHandling, RequestType};
use protocol::sip::b2bua::{Bridge, BridgeState};
use protocol::sip::proxy::Refusal;
use protocol::sip::{Method, NameAddr, Reason, Request, Response, ServerKey, StackOutput, Uri};

use super::again::name_of;
use super::row::{Kind, Row};
use super::{ImsGwf, Live, MessageCharging};
use crate::charging::client::{new_session_id, observe};

/// Status of a call without credit (RFC 3261 clause 21.4.3).
const EXHAUSTED: u16 = 402;
/// Status of a call whose INVITE came again (RFC 3261 clause 21.4.20).
const SUPERSEDED: u16 = 482;
/// How long the transactions of a call may outlive it (RFC 3261 clause 17: 64 T1).
const AFTERGLOW: Duration = Duration::from_secs(40);
/// CSeq of a BYE after a restart is so much higher than what the call had: it has to be higher than any that was used.
const CSEQ_AHEAD: u32 = 10_000;

impl ImsGwf {
    /// The initial request of a served user: nothing goes on before the OCS has spoken.
    pub(super) fn authorize(&mut self, now: Instant, key: ServerKey, request: Request) {
        self.charging.begin(now, key, RoleOfNode::B2bua, &request, None);
        let of = |name| request.headers.address(name).ok().flatten().map(|a: NameAddr| a.uri.to_string());
        let Some(payer) = of("P-Served-User").or_else(|| of("P-Asserted-Identity")) else {
            return self.refuse(now, key, &Refusal::new(403).because("No P-Asserted-Identity"));
        };
        if self.rows.len() >= self.config.max_rows {
            return self.refuse(now, key, &Refusal::new(480).because("Too many calls"));
        }
        let utc = self.utc_ms(now);
        let vector = observe::vector(&request.headers);
        let node = NodeFunctionality::As;
        let ims = observe::of_request(node, RoleOfNode::Originating, &request, vector.as_ref(), utc);
        let subscriptions = vec![SubscriptionId::of_uri(&payer)];
        let information = ServiceInformation { subscriptions, ims: Some(ims), ..ServiceInformation::default() };
        let kind = match self.config.messages {
            _ if request.method == Method::INVITE => Kind::Call,
            MessageCharging::Immediate => Kind::Debited,
            MessageCharging::Reserved => Kind::Reserved,
        };
        self.next += 1;
        let id = new_session_id(&self.config.diameter.origin_host, utc, self.next, &mut self.entropy);
        self.under_way.insert(name_of(&request), id.clone());
        self.rows.insert(id.clone(), Row::new(id.clone(), kind, payer, &information));
        self.live.insert(id.clone(), Live { asking: Some((key, request)), bridge: None });
        let first = if kind == Kind::Debited { RequestType::Event } else { RequestType::Initial };
        self.ask(now, &id, first, 0);
    }

    /// The OCS lets it be.
    pub(super) fn proceed(&mut self, now: Instant, id: &str) {
        let Some((key, request)) = self.live.get(id).and_then(|live| live.asking.clone()) else { return };
        if request.method != Method::INVITE {
            return self.send_message(now, id, key, &request);
        }
        let routes = request.routes().unwrap_or_default();
        let (uri, contact) = (request.uri.clone(), Uri::Sip(self.own.clone()));
        match Bridge::open_by_route(now, &mut self.stack, key, request, uri, &routes, contact) {
            Ok(bridge) => {
                for call_id in bridge.call_ids() {
                    self.by_call_id.insert(call_id.to_owned(), id.to_owned());
                }
                if let Some(live) = self.live.get_mut(id) {
                    live.bridge = Some(bridge);
                }
                self.schedule(id);
            }
            Err(error) => {
                self.say(format!("no way on for {id}: {error}"));
                self.give_up(now, id);
            }
        }
    }

    /// Gives what the stack says to the call that it is about; false: it is about none.
    pub(super) fn offer(&mut self, now: Instant, output: &StackOutput) -> bool {
        let call_id = match output {
            StackOutput::Request { request, .. } => request.call_id(),
            StackOutput::Response { response, .. } => response.call_id(),
            _ => None,
        };
        let ids: Vec<String> = match call_id {
            Some(call_id) => self.by_call_id.get(call_id).cloned().into_iter().collect(),
            None => self.live.iter().filter(|(_, live)| live.bridge.is_some()).map(|(id, _)| id.clone()).collect(),
        };
        for id in ids {
            let Some(bridge) = self.live.get_mut(&id).and_then(|live| live.bridge.as_mut()) else { continue };
            let before = bridge.state();
            if !bridge.handle(now, &mut self.stack, output) {
                continue;
            }
            let after = bridge.state();
            if before == BridgeState::Calling && after == BridgeState::Established {
                self.call_answered(now, &id, output);
            }
            if before != BridgeState::Ended && after == BridgeState::Ended {
                let status = match output {
                    StackOutput::Response { response, .. } => response.status,
                    StackOutput::Cancel { .. } => 487,
                    StackOutput::Timeout { .. } => 408,
                    _ => 480,
                };
                self.call_ended(now, &id, before, status);
            }
            return true;
        }
        false
    }

    fn call_answered(&mut self, now: Instant, id: &str, output: &StackOutput) {
        let utc = self.utc_ms(now);
        let Some(live) = self.live.get(id) else { return };
        if let (Some((key, _)), StackOutput::Response { response, .. }) = (&live.asking, output) {
            self.charging.answered(now, *key, response);
            self.charging.over(*key);
        }
        let Some(row) = self.rows.get_mut(id) else { return };
        row.answered_utc_ms = Some(utc);
        let byes = live.bridge.as_ref().map(Bridge::byes).unwrap_or_default();
        row.byes = byes.into_iter().flatten().map(later).collect();
        if row.pending.is_none() {
            // TS 32.260 table 5.3.2.1: the answer is told; the units count from now on.
            self.ask(now, id, RequestType::Update, 0);
        } else {
            self.keep(id, super::Waiting::Nothing);
        }
    }

    fn call_ended(&mut self, now: Instant, id: &str, before: BridgeState, status: u16) {
        let utc = self.utc_ms(now);
        let Some(live) = self.live.get_mut(id) else { return };
        let asking = live.asking.take();
        if let Some((_, invite)) = &asking {
            self.under_way.remove(&name_of(invite));
        }
        if before == BridgeState::Calling {
            if let Some((key, invite)) = asking {
                let mut response = Response::to(&invite, status, None);
                response.set_to_tag("gwf");
                self.charging.answered(now, key, &response);
            }
        } else if let Some(mut bye) = live.bridge.as_ref().and_then(|bridge| bridge.byes()[1].clone()) {
            if let Some(reason) = why_released(status) {
                bye.headers.append("Reason", &reason);
            }
            self.charging.within(now, None, &bye);
        }
        self.fading.push_back((now + AFTERGLOW, id.to_owned()));
        if let Some(row) = self.rows.get_mut(id) {
            row.ended_utc_ms.get_or_insert(utc);
        }
        self.settle(now, id);
    }

    /// There is no credit any more: the call ends on both sides (TS 32.260 annex B).
    pub(super) fn cut_off(&mut self, now: Instant, id: &str) {
        let Some(bridge) = self.live.get_mut(id).and_then(|live| live.bridge.as_mut()) else {
            return self.give_up(now, id);
        };
        let before = bridge.state();
        if before == BridgeState::Ended {
            return;
        }
        self.cut_off += 1;
        bridge.release(now, &mut self.stack, EXHAUSTED, why_released(EXHAUSTED).as_deref());
        self.say(format!("{id} has no credit any more: cut off"));
        self.call_ended(now, id, before, EXHAUSTED);
    }

    /// A call whose INVITE comes again in another transaction: a proxy before us was killed, nobody waits for what became of
    /// the first one. It ends unpaid; the new one is the call. (A 482, RFC 3261 clause 8.2.2.2, would be told to the caller.)
    pub(super) fn supersede(&mut self, now: Instant, id: &str) {
        let Some(bridge) = self.live.get_mut(id).and_then(|live| live.bridge.as_mut()) else { return };
        let before = bridge.state();
        if before == BridgeState::Ended {
            return;
        }
        bridge.abandon(now, &mut self.stack, SUPERSEDED, why_released(SUPERSEDED).as_deref());
        if let Some(row) = self.rows.get_mut(id) {
            row.answered_utc_ms = None;
        }
        self.say(format!("{id} has begun anew: its INVITE came in another transaction"));
        self.call_ended(now, id, before, SUPERSEDED);
    }

    /// CANCEL of a call for which the OCS has not spoken.
    pub(super) fn cancelled(&mut self, now: Instant, key: ServerKey) {
        let found = self.live.iter().find(|(_, live)| live.asking.as_ref().is_some_and(|(own, _)| *own == key));
        let found = found.map(|(id, _)| id.clone());
        self.refuse(now, key, &Refusal::new(487));
        if let Some(id) = found {
            if let Some((_, request)) = self.live.remove(&id).and_then(|live| live.asking) {
                self.under_way.remove(&name_of(&request));
            }
            let utc = self.utc_ms(now);
            if let Some(row) = self.rows.get_mut(&id) {
                row.ended_utc_ms.get_or_insert(utc);
            }
            self.settle(now, &id);
        }
    }

    /// When something has to happen to a call: more units, or its end.
    pub(super) fn schedule(&mut self, id: &str) {
        if let Some(at) = self.due_at.remove(id) {
            self.due.remove(&(at, id.to_owned()));
        }
        let Some(row) = self.rows.get(id).filter(|row| row.kind == Kind::Call) else { return };
        let strict = self.failure_handling != FailureHandling::Continue;
        let ends = row.is_final || (row.pending.is_some() && strict);
        let end = row.used_up_utc_ms().filter(|_| ends && row.granted);
        if let Some(at) = [row.renew_utc_ms(), end].into_iter().flatten().min() {
            self.due.insert((at, id.to_owned()));
            self.due_at.insert(id.to_owned(), at);
        }
    }

    /// The time of calls has come.
    pub(super) fn expire(&mut self, now: Instant) {
        while self.fading.front().is_some_and(|(at, _)| *at <= now) {
            let Some((_, id)) = self.fading.pop_front() else { break };
            if let Some(bridge) = self.live.remove(&id).and_then(|live| live.bridge) {
                for call_id in bridge.call_ids() {
                    self.by_call_id.remove(call_id);
                }
            }
        }
        let utc = self.utc_ms(now);
        while let Some((_, id)) = self.due.first().filter(|(at, _)| *at <= utc).cloned() {
            self.due.pop_first();
            self.due_at.remove(&id);
            let Some(row) = self.rows.get(&id) else { continue };
            let is_used_up = row.used_up_utc_ms().is_some_and(|at| at <= utc);
            if is_used_up && (row.is_final || row.pending.is_some()) {
                self.cut_off(now, &id);
            } else if row.pending.is_none() {
                let used = row.unreported(utc, self.failure_handling == FailureHandling::Continue);
                self.ask(now, &id, RequestType::Update, used);
            }
        }
    }
}

/// What a release of ours says of itself (RFC 3326); none: it is not ours.
fn why_released(status: u16) -> Option<String> {
    let text = match status {
        EXHAUSTED => "Credit exhausted",
        SUPERSEDED => "Superseded",
        _ => return None,
    };
    Some(Reason::sip(status, text).to_string())
}

/// A BYE as text, with a CSeq that is beyond what the call will have.
fn later(mut bye: Request) -> String {
    if let Ok(Some(cseq)) = bye.cseq() {
        bye.headers.set("CSeq", &format!("{} BYE", cseq.seq.saturating_add(CSEQ_AHEAD)));
    }
    String::from_utf8_lossy(&bye.to_bytes()).into_owned()
}
