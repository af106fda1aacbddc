//! Push of PDUs to subscribers (WAP-250): over SIP by PAP to the gateway, which tells what became of it (WAP-247), or over
//! short messages. What one way does not deliver the next one gets; then a pause follows.

use std::net::SocketAddr;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use protocol::Instant;
use protocol::mms::pap::{
    BadMessageResponse, MessageState, PAP_CONTENT_TYPE, Pap, PapCode, PapSubmission, PushAddress, PushMessage,
    ResultNotificationMessage, ResultNotificationResponse,
};

use super::MmsRelay;
use super::accept::millis;
use super::mm1::{PAP, refusal};
use super::task::{GATEWAY_WAY, SMS_WAY, Task, Work, push_way};
use super::ways::pause;
use super::work::{Change, Claim, Effect, Written};
use crate::node::rows::{of_number_key, of_row};
use crate::node::{HttpExchange, NodeOutput, Rows};

/// What the gateway tells of a push.
#[derive(Debug)]
pub(super) struct PushResult {
    pub(super) exchange: HttpExchange,
    attempt: u32,
    message: Box<ResultNotificationMessage>,
}

/// What has become of an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Pushed {
    Delivered,
    /// The gateway has it.
    Accepted,
    Failed(String),
}

impl MmsRelay {
    /// The way that a subscriber is told by first; none: there is none.
    pub(super) fn first_push(&self, msisdn: &str) -> Option<&'static str> {
        self.pushes_now(msisdn).first().copied()
    }

    /// Ways that lead somewhere now; when none does, all of them.
    fn pushes_now(&self, msisdn: &str) -> Vec<&'static str> {
        let mut ways: Vec<&str> = self.pushes(msisdn).collect();
        if !self.sms.is_bound() && ways.iter().any(|way| *way != SMS_WAY) {
            ways.retain(|way| *way != SMS_WAY);
        }
        ways
    }

    fn pushes(&self, msisdn: &str) -> impl Iterator<Item = &'static str> + use<'_> {
        let own = self.routes.subscriber(msisdn).and_then(|n| self.config.subscribers.get(n));
        let ways = own.map(|own| own.push.as_slice()).unwrap_or_default().iter().map(|push| push_way(*push));
        ways.filter(|name| self.ways.iter().any(|way| way.name == *name))
    }

    /// A report for a subscriber is due.
    pub(super) fn tell(&mut self, now: Instant, task: u64, msisdn: &str, pdu: &str) {
        match hex::decode(pdu) {
            Ok(pdu) => self.push(now, task, msisdn, pdu),
            Err(_) => self.give_up(task, "it is unreadable"),
        }
    }

    /// Pushes a PDU for a task, on the way that the task has.
    pub(super) fn push(&mut self, now: Instant, task: u64, msisdn: &str, pdu: Vec<u8>) {
        let Some(running) = self.running.get(&task) else { return };
        let (attempt, way, is_with_other) =
            (running.task.attempts, running.task.way.clone(), running.task.is_with_other);
        if is_with_other {
            return self.push_ended(now, task, &Pushed::Failed("the gateway does not say what became of it".into()));
        }
        if way != GATEWAY_WAY {
            return self.push_by_sms(now, task, msisdn, pdu);
        }
        let Some(gateway) = &self.gateway else { return };
        let address = PushAddress::phone(&format!("+{msisdn}"), &gateway.domain);
        let mut message = PushMessage::new(&format!("{task:016x}.{attempt}@{}", self.config.domain), &address);
        message.notify_to = Some(format!("{}{PAP}", self.config.base));
        let (content_type, body) = PapSubmission::mms(message, pdu).to_body(&mut self.entropy);
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = gateway.url.clone();
        request.headers_mut().extend(HeaderValue::try_from(content_type).map(|value| (CONTENT_TYPE, value)));
        self.next_token += 1;
        self.pushing.insert(self.next_token, task);
        self.shell.output(NodeOutput::HttpRequest { token: self.next_token, request });
    }

    /// The gateway has answered a push, or has not.
    pub(super) fn pushed(&mut self, now: Instant, token: u64, result: Result<Response<Vec<u8>>, String>) {
        let Some(task) = self.pushing.remove(&token) else { return self.shell.ignore("no such push", "an answer") };
        let pushed = match result {
            Ok(response) => of_push_response(&response),
            Err(why) => Pushed::Failed(why),
        };
        // Its result may have come before its answer.
        let early = self.running.get_mut(&task).and_then(|running| running.result.take());
        match early {
            Some(result) => self.result_taken(now, task, result),
            None => self.push_ended(now, task, &pushed),
        }
    }

    /// An attempt has come to an end.
    pub(super) fn push_ended(&mut self, now: Instant, task: u64, pushed: &Pushed) {
        self.push_ended_with(now, task, pushed, Vec::new());
    }

    fn push_ended_with(&mut self, now: Instant, number: u64, pushed: &Pushed, then: Vec<Effect>) {
        let now_ms = self.shell.utc_ms(now);
        let mut change = Change { then, ..Change::release(number) };
        let Some(running) = self.running.get(&number) else {
            return self.write(change.ops, Written { then: change.then, ..Written::default() });
        };
        let mut task = running.task.clone();
        let mut goes_on = true;
        match pushed {
            Pushed::Accepted => {
                task.is_with_other = true;
                task.due_ms = now_ms + millis(self.config.times.push_result);
            }
            Pushed::Delivered => {
                self.counters.notified += 1;
                self.charge_pushed(now, &mut task);
                (task.is_with_other, task.failed) = (false, 0);
                task.attempts += 1;
                task.delivered += 1;
                self.first_attempt_over(&mut change, now_ms, &mut task);
                goes_on = match &task.work {
                    Work::Notify { msisdn, .. } => {
                        // The next time all ways are tried anew.
                        task.way = self.first_push(msisdn).map_or(task.way, str::to_owned);
                        true
                    }
                    _ => false,
                };
                let wait = pause(&self.config.times.remind, task.delivered);
                task.due_ms = now_ms + millis(wait);
            }
            Pushed::Failed(why) => {
                self.counters.pushes_failed += 1;
                self.shell.say(format!("push {number:x} by {} is not delivered: {why}", task.way));
                task.is_with_other = false;
                task.attempts += 1;
                task.failed += 1;
                self.first_attempt_over(&mut change, now_ms, &mut task);
                goes_on = self.next_way(now_ms, &mut task);
            }
        }
        if goes_on {
            self.put_off(&mut change.ops, number, task);
        } else {
            self.end_task(&mut change.ops, number);
        }
        self.write(change.ops, Written { then: change.then, release: change.release, ..Written::default() });
    }

    /// The next way of push, or the first one after a pause; false: it is given up.
    fn next_way(&mut self, now_ms: u64, task: &mut Task) -> bool {
        let (msisdn, is_report) = match &task.work {
            Work::Tell { msisdn, .. } => (msisdn.as_str(), true),
            Work::Notify { msisdn, .. } => (msisdn.as_str(), false),
            _ => ("", false),
        };
        let ways = self.pushes_now(msisdn);
        let next = ways.iter().skip_while(|way| **way != task.way).nth(1);
        if let Some(next) = next {
            task.way = (*next).to_owned();
            task.due_ms = now_ms;
            return true;
        }
        let is_over = now_ms >= task.begun_ms.saturating_add(millis(self.config.times.report));
        if is_over && is_report {
            self.shell.say("a report is given up: its subscriber could not be told in time");
            return false;
        }
        let rounds = task.failed.div_ceil(u32::try_from(ways.len().max(1)).unwrap_or(1));
        task.way = ways.first().map_or_else(|| task.way.clone(), |way| (*way).to_owned());
        task.due_ms = now_ms + millis(pause(&self.config.times.push_retry, rounds));
        true
    }

    /// TR 23.804 clause 8.11.3.2 step 9: another relay is answered once its report was tried to be told.
    fn first_attempt_over(&mut self, change: &mut Change, now_ms: u64, task: &mut Task) {
        if let Work::Tell { then, .. } = &mut task.work
            && let Some(letter) = then.take()
        {
            self.add_letter(&mut change.ops, now_ms, letter);
        }
    }

    /// A task that cannot be done.
    fn give_up(&mut self, number: u64, why: &str) {
        self.shell.say(format!("task {number:x} is given up: {why}"));
        let mut change = Change::release(number);
        self.end_task(&mut change.ops, number);
        self.write(change.ops, Written { release: change.release, ..Written::default() });
    }

    /// The gateway tells what became of a push.
    pub(super) fn on_pap(
        &mut self,
        exchange: HttpExchange,
        peer: SocketAddr,
        request: &Request<Vec<u8>>,
    ) -> Option<Response<Vec<u8>>> {
        let is_gateway = self.gateway.as_ref().is_some_and(|gateway| gateway.is(peer));
        if !is_gateway {
            return Some(refusal(StatusCode::FORBIDDEN, "results of pushes are for the push proxy gateway to tell"));
        }
        if request.method() != Method::POST {
            return Some(refusal(StatusCode::METHOD_NOT_ALLOWED, "results of pushes are POSTed"));
        }
        let text = std::str::from_utf8(request.body()).map_err(|_| "it is not in UTF-8".to_owned());
        let message = match text.and_then(|text| Pap::parse(text).map_err(|why| why.to_string())) {
            Ok(Pap::ResultNotificationMessage(message)) => message,
            Ok(_) => return Some(bad_message("only resultnotification-message is taken", request.body())),
            Err(why) => return Some(bad_message(&why, request.body())),
        };
        let Some((task, attempt)) = of_push_id(&message.push_id) else {
            return Some(pap_answer(&message, PapCode::PUSH_ID_NOT_FOUND));
        };
        self.claim(task, Claim::Result(PushResult { exchange, attempt, message: Box::new(message) }));
        None
    }

    pub(super) fn push_result(&mut self, now: Instant, number: u64, result: PushResult, rows: &Rows) {
        let was_running = self.running.contains_key(&number);
        let of_store = || rows.first().and_then(|(_, value)| of_row::<Task>(value)).map(|task| task.work);
        let work = self.running.get(&number).map(|running| running.task.work.clone()).or_else(of_store);
        if work.is_some_and(|work| !matches!(work, Work::Notify { .. } | Work::Tell { .. })) {
            let response = pap_answer(&result.message, PapCode::PUSH_ID_NOT_FOUND);
            return self.shell.output(NodeOutput::Http { exchange: result.exchange, response });
        }
        let Some(running) = self.claimed(number, rows) else {
            // It is over: its subscriber has answered, or its time is up.
            let response = pap_answer(&result.message, PapCode::OK);
            return self.shell.output(NodeOutput::Http { exchange: result.exchange, response });
        };
        if was_running {
            if let Some(older) = running.result.replace(result) {
                let response = pap_answer(&older.message, PapCode::OK);
                self.shell.output(NodeOutput::Http { exchange: older.exchange, response });
            }
            return;
        }
        self.result_taken(now, number, result);
    }

    fn result_taken(&mut self, now: Instant, number: u64, result: PushResult) {
        let PushResult { exchange, attempt, message } = result;
        let then = vec![Effect::Answer(exchange, Box::new(pap_answer(&message, PapCode::OK)))];
        let is_current = self.running.get(&number).is_some_and(|running| running.task.attempts == attempt);
        let pushed = match message.message_state {
            _ if !is_current => None,
            MessageState::Delivered => Some(Pushed::Delivered),
            MessageState::Pending | MessageState::Unknown => None,
            state => Some(Pushed::Failed(format!("{} ({})", state.as_str(), message.code))),
        };
        match pushed {
            Some(pushed) => self.push_ended_with(now, number, &pushed, then),
            None => {
                let mut ops = Vec::new();
                // It is found where it was.
                if let Some(task) = self.running.get(&number).map(|running| running.task.clone()) {
                    self.put_off(&mut ops, number, task);
                }
                self.write(ops, Written { then, release: vec![number], ..Written::default() });
            }
        }
    }
}

fn of_push_response(response: &Response<Vec<u8>>) -> Pushed {
    if !response.status().is_success() {
        return Pushed::Failed(format!("the gateway answers {}", response.status()));
    }
    let text = String::from_utf8_lossy(response.body());
    match Pap::parse(&text) {
        // What it has already is as good as taken.
        Ok(Pap::PushResponse(answer)) if answer.code.is_success() || answer.code == PapCode::DUPLICATE_PUSH_ID => {
            Pushed::Accepted
        }
        Ok(Pap::PushResponse(answer)) => Pushed::Failed(format!("the gateway answers {}", answer.code)),
        Ok(_) => Pushed::Failed("the gateway answers something else".to_owned()),
        Err(why) => Pushed::Failed(format!("the answer of the gateway is not understood: {why}")),
    }
}

fn pap_answer(message: &ResultNotificationMessage, code: PapCode) -> Response<Vec<u8>> {
    document(&Pap::ResultNotificationResponse(ResultNotificationResponse::new(message, code)))
}

fn bad_message(why: &str, came: &[u8]) -> Response<Vec<u8>> {
    let mut response = document(&Pap::BadMessageResponse(BadMessageResponse::new(why, came)));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

fn document(pap: &Pap) -> Response<Vec<u8>> {
    let mut response = Response::new(pap.to_document().into_bytes());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PAP_CONTENT_TYPE));
    response
}

/// Task and attempt of a push-id.
fn of_push_id(push_id: &str) -> Option<(u64, u32)> {
    let (local, _) = push_id.split_once('@')?;
    let (task, attempt) = local.split_once('.')?;
    Some((of_number_key(task)?, attempt.parse().ok()?))
}
