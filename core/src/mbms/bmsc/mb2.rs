//! MB2-C at the BM-SC: what a GCS AS asks for (TS 29.468 clauses 5.2, 5.3 and 6.6.2) and when it is answered: when what is
//! answered is durable, and when the MBMS-GWs have said what becomes of a bearer or long enough have not.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::Instant;
use protocol::diameter::mb2c::mask::{MbmsBearerResult, TmgiAllocationResult, TmgiDeallocationResult};
use protocol::diameter::mb2c::{
    GcsActionAnswer, GcsActionRequest, GcsNotificationAnswer, MbmsBearerResponse, TmgiAllocationResponse,
    TmgiDeallocationResponse,
};
use protocol::diameter::{
    Avp, DiameterProblem, Flags, Message, Outcome, RequestFailure, RequestHandle, ResultCode, dictionary,
    problem_answer, result,
};

use super::config::ServerRules;
use super::notify::Notice;
use super::records::BearerKey;
use super::sgmb::Job;
use super::xmb::Step;
use super::{After, BmscNode};
use crate::node::NodeStoreOp;

/// Requests that are being served at a time; more are told to come later.
const MAX_TRANSACTIONS: usize = 4096;

/// Far longer than the store takes to make an answer durable.
const ANSWERED_BY_THEN: Duration = Duration::from_secs(600);

/// What a request is being turned into.
#[derive(Debug)]
pub(super) struct Work {
    /// Origin-Host of the application server.
    pub(super) owner: String,
    /// What it may do; none: nothing.
    pub(super) rules: Option<ServerRules>,
    pub(super) session: String,
    /// It may have been served before (T bit).
    pub(super) is_repeated: bool,
    pub(super) answer: GcsActionAnswer,
    /// What has to be durable first.
    pub(super) ops: Vec<NodeStoreOp>,
    /// What happens then.
    pub(super) then: Then,
    /// Bearers that the answer waits for, and their places in it.
    pub(super) waits: BTreeMap<BearerKey, usize>,
}

impl Work {
    /// Work that nobody waits for.
    pub(super) fn own(outcome: Outcome) -> Self {
        Self {
            owner: String::new(),
            rules: None,
            session: String::new(),
            is_repeated: false,
            answer: GcsActionAnswer::new(outcome),
            ops: Vec::new(),
            then: Then::default(),
            waits: BTreeMap::new(),
        }
    }
}

/// What happens when a change is durable.
#[derive(Debug, Default)]
pub(super) struct Then {
    /// What MBMS-GWs are asked for.
    pub(super) jobs: Vec<Job>,
    /// What application servers are told.
    pub(super) notices: Vec<(String, Notice)>,
    /// What has become of bearers that answers wait for.
    pub(super) settled: Vec<(BearerKey, MbmsBearerResult)>,
    /// What else is answered.
    pub(super) answer: Option<(RequestHandle, Message)>,
    /// What content providers are answered and told.
    pub(super) xmb: Vec<Step>,
}

/// A request of an application server that is not answered yet.
#[derive(Debug)]
pub(super) struct Transaction {
    handle: RequestHandle,
    request: Message,
    answer: GcsActionAnswer,
    waits: BTreeMap<BearerKey, usize>,
    is_stored: bool,
    until: Instant,
}

impl BmscNode {
    /// GAR.
    pub(super) fn on_gar(&mut self, now: Instant, handle: RequestHandle, message: Message) {
        if self.transactions.len() >= MAX_TRANSACTIONS {
            let what = format!("{MAX_TRANSACTIONS} requests are being served");
            return self.refuse(now, handle, &message, &DiameterProblem::new(result::TOO_BUSY, what));
        }
        let gar = match GcsActionRequest::from_message(&message) {
            Ok(gar) => gar,
            Err(problem) => return self.refuse(now, handle, &message, &problem),
        };
        if let Err(problem) = self.admit_server(&gar.routing.origin_host) {
            return self.refuse(now, handle, &message, &problem);
        }
        self.counters.requests += 1;
        let mut work = Work::own(self.outcome(ResultCode::SUCCESS));
        work.owner.clone_from(&gar.routing.origin_host);
        work.rules = self.config.rules(&work.owner).cloned();
        work.session.clone_from(&gar.routing.session_id);
        work.is_repeated = message.flags.has(Flags::RETRANSMITTED);
        self.note_server(now, &mut work, &gar.routing.origin_realm, gar.restart_counter);
        if let Some(request) = &gar.deallocation {
            self.deallocate(now, &mut work, request);
        }
        if let Some(request) = &gar.allocation {
            self.allocate(now, &mut work, request);
        }
        for (at, request) in gar.bearers.iter().enumerate() {
            let response = self.bearer(now, &mut work, at, request);
            work.answer.bearers.push(response);
        }
        work.answer.restart_counter = Some(self.restart_counter);
        let until = now + self.config.activation_wait;
        // What it repeats may be on its way to the disk.
        let is_stored = work.ops.is_empty() && self.stores.is_empty();
        let Work { answer, ops, then, waits, .. } = work;
        self.next += 1;
        let id = self.next;
        let transaction = Transaction { handle, request: message, answer, waits, is_stored, until };
        self.transactions.insert(id, transaction);
        match is_stored {
            true => self.on_request_stored(now, id, then),
            false => self.store(ops, After::Request { id, then }),
        }
    }

    /// What a request changes is durable.
    pub(super) fn on_request_stored(&mut self, now: Instant, id: u64, then: Then) {
        if let Some(transaction) = self.transactions.get_mut(&id) {
            transaction.is_stored = true;
        }
        self.then(now, then);
        self.expire_requests(now);
        self.answer_if_done(now, id);
    }

    /// A change is durable.
    pub(super) fn then(&mut self, now: Instant, then: Then) {
        if let Some((handle, answer)) = then.answer {
            self.endpoint.send_answer(now, handle, answer);
        }
        then.xmb.into_iter().for_each(|step| self.xmb_step(now, step));
        then.settled.into_iter().for_each(|(key, result)| self.settle(now, key, result));
        then.notices.into_iter().for_each(|(owner, notice)| self.notify(now, &owner, notice));
        then.jobs.into_iter().for_each(|job| self.ask_gateway(now, job));
    }

    /// A change is not durable: who waits for an answer is told.
    pub(super) fn not_done(&mut self, now: Instant, then: Then) {
        if let Some((handle, mut answer)) = then.answer {
            let result = Avp::u32(&dictionary::RESULT_CODE, result::UNABLE_TO_COMPLY);
            answer.avps.iter_mut().filter(|avp| avp.is(&dictionary::RESULT_CODE)).for_each(|avp| *avp = result.clone());
            self.endpoint.send_answer(now, handle, answer);
        }
        self.xmb_not_stored(then.xmb);
    }

    /// Makes work durable that nobody has asked for.
    pub(super) fn apply(&mut self, now: Instant, work: Work) {
        // Who is told that nothing has changed is told so when what was changed before is durable.
        let tells_nobody = work.then.answer.is_none() && work.then.xmb.is_empty();
        match work.ops.is_empty() && (tells_nobody || self.stores.is_empty()) {
            true => self.then(now, work.then),
            false => self.store(work.ops, After::Then(work.then)),
        }
    }

    fn answer_if_done(&mut self, now: Instant, id: u64) {
        let is_done = |t: &Transaction| t.is_stored && t.waits.is_empty();
        if !self.transactions.get(&id).is_some_and(is_done) {
            return;
        }
        if let Some(Transaction { handle, request, answer, .. }) = self.transactions.remove(&id) {
            self.endpoint.send_answer(now, handle, answer.to_message(&request));
        }
    }

    /// It is known what becomes of a bearer, and durable.
    pub(super) fn settle(&mut self, now: Instant, key: BearerKey, result: MbmsBearerResult) {
        self.xmb_settled(now, key, result);
        let waiting = self.transactions.iter().filter(|(_, t)| t.waits.contains_key(&key));
        let waiting: Vec<u64> = waiting.map(|(id, _)| *id).collect();
        for id in waiting {
            let Some(transaction) = self.transactions.get_mut(&id) else { continue };
            if let Some(at) = transaction.waits.remove(&key)
                && let Some(response) = transaction.answer.bearers.get_mut(at)
            {
                if result.has(MbmsBearerResult::SUCCESS) {
                    response.result = Some(result);
                } else {
                    *response = failed(response, result);
                }
            }
            self.answer_if_done(now, id);
        }
    }

    /// Whether an answer waits for a bearer.
    pub(super) fn is_awaited(&self, key: BearerKey) -> bool {
        self.transactions.values().any(|t| t.waits.contains_key(&key))
    }

    /// Requests that have waited long enough for MBMS-GWs.
    pub(super) fn expire_requests(&mut self, now: Instant) {
        let mut late = Vec::new();
        for transaction in self.transactions.values_mut().filter(|t| t.is_stored && t.until <= now) {
            late.extend(transaction.waits.keys().copied());
            transaction.until = now + ANSWERED_BY_THEN;
        }
        late.into_iter().for_each(|key| self.waited_enough(now, key));
    }

    /// When the first of them has.
    pub(super) fn first_wait(&self) -> Option<Instant> {
        let waiting = self.transactions.values().filter(|t| t.is_stored && !t.waits.is_empty());
        waiting.map(|t| t.until).min()
    }

    /// The store has failed: nothing that was being done has been done, as far as anybody is told.
    pub(super) fn fail_requests(&mut self, now: Instant) {
        for (_, transaction) in std::mem::take(&mut self.transactions) {
            let Transaction { handle, request, mut answer, .. } = transaction;
            if answer.allocation.is_some() {
                let result = Some(TmgiAllocationResult::SYSTEM_ERROR);
                answer.allocation = Some(TmgiAllocationResponse { result, ..TmgiAllocationResponse::default() });
            }
            for TmgiDeallocationResponse { result, .. } in &mut answer.deallocations {
                *result = Some(TmgiDeallocationResult::SYSTEM_ERROR);
            }
            for response in &mut answer.bearers {
                *response = failed(response, MbmsBearerResult::SYSTEM_ERROR);
            }
            self.endpoint.send_answer(now, handle, answer.to_message(&request));
        }
    }

    /// GNA.
    pub(super) fn on_gna(&mut self, now: Instant, host: &str, answer: Result<Message, RequestFailure>) {
        let read = answer.map(|message| GcsNotificationAnswer::from_message(&message));
        let result = match read {
            Ok(Ok(gna)) => {
                let mut work = Work::own(self.outcome(ResultCode::SUCCESS));
                host.clone_into(&mut work.owner);
                self.note_server(now, &mut work, &gna.outcome.origin_realm, gna.restart_counter);
                self.apply(now, work);
                Ok(gna.outcome.result)
            }
            Ok(Err(problem)) => {
                self.say(format!("GNA of {host} is unusable: {problem}"));
                Ok(ResultCode::Base(problem.code))
            }
            Err(failure) => Err(failure),
        };
        self.notified(now, host, &result);
    }

    pub(super) fn refuse(&mut self, now: Instant, handle: RequestHandle, request: &Message, problem: &DiameterProblem) {
        self.say(format!("{} is refused: {problem}", request.name()));
        let (host, realm) = self.endpoint.origin();
        let answer = problem_answer(request, host, realm, problem);
        self.endpoint.send_answer(now, handle, answer);
    }

    pub(super) fn outcome(&self, result: ResultCode) -> Outcome {
        let (host, realm) = self.endpoint.origin();
        Outcome { origin_host: host.to_owned(), origin_realm: realm.to_owned(), result }
    }
}

/// An answer that says why there is no bearer.
pub(super) fn failed(response: &MbmsBearerResponse, result: MbmsBearerResult) -> MbmsBearerResponse {
    let MbmsBearerResponse { tmgi, flow, .. } = *response;
    MbmsBearerResponse { tmgi, flow, result: Some(result), ..MbmsBearerResponse::default() }
}
