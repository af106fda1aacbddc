//! SGmb at the gateway (TS 29.061 clauses 20.3 and 20.4): requests of BM-SCs, heartbeats and restarts, sessions that it ends.

use protocol::Instant;
use protocol::diameter::mbms::{FlowId, StartStop};
use protocol::diameter::sgmb::{Asr, Raa, Rar, SgmbAnswer, Str, TerminationCause, code};
use protocol::diameter::{
    DiameterProblem, Message, Outcome, RequestFailure, RequestHandle, ResultCode, Routing, dictionary, problem_answer,
    result,
};

use super::session::{Live, MAX_QUEUE, Parameters, Session};
use super::{BMSC, MbmsGwNode, Waiting};
use crate::node::{NodeStoreOp, Table};

/// DIAMETER_RESOURCES_EXCEEDED (RFC 6733 clause 7.1.5).
pub(super) const RESOURCES_EXCEEDED: u32 = 5006;

/// Token of our requests: nobody waits for their answers by name.
const TOKEN: u64 = 0;

/// What a request gets for an answer: a result, with words for a human when it is none of the application.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Experimental-Result-Code of TS 29.061 clause 20.6.
    Experimental(u32),
    /// Result-Code with Error-Message.
    Problem(DiameterProblem),
}

impl From<DiameterProblem> for Refusal {
    fn from(problem: DiameterProblem) -> Self {
        Self::Problem(problem)
    }
}

impl MbmsGwNode {
    pub(super) fn on_request(&mut self, now: Instant, handle: RequestHandle, request: Message) {
        self.counters.requests += 1;
        let outcome = match request.command {
            dictionary::RE_AUTH => Rar::from_message(&request).map_err(Refusal::from).map(Some),
            dictionary::ABORT_SESSION => {
                self.on_asr(now, handle, &request);
                Ok(None)
            }
            _ => {
                let what = format!("{} is not for an MBMS-GW", request.name());
                Err(DiameterProblem::new(result::COMMAND_UNSUPPORTED, what).into())
            }
        };
        match outcome {
            Ok(Some(rar)) => self.on_rar(now, (handle, request), &rar),
            Ok(None) => {}
            Err(refusal) => self.refuse(now, (handle, request), &refusal),
        }
    }

    fn on_rar(&mut self, now: Instant, asked: (RequestHandle, Message), rar: &Rar) {
        self.note_bmsc(now, &rar.routing.origin_host, rar.restart_counter);
        if rar.indication == Some(StartStop::Heartbeat) {
            let raa = Raa { indication: Some(StartStop::Heartbeat), ..self.raa(ResultCode::SUCCESS) };
            return self.endpoint.send_answer(now, asked.0, raa.to_message(&asked.1));
        }
        let id = rar.routing.session_id.clone();
        if let Some(live) = self.sessions.get_mut(&id).filter(|live| live.work.is_some()) {
            if live.queue.len() < MAX_QUEUE {
                return live.queue.push_back(asked);
            }
            let busy = DiameterProblem::new(result::TOO_BUSY, "the requests before it are not answered yet");
            return self.refuse(now, asked, &busy.into());
        }
        let begun = match rar.indication {
            Some(StartStop::Start) if self.sessions.contains_key(&id) => self.again(now, &id, rar, &asked),
            Some(StartStop::Start) => self.new_session(rar).map(|session| self.begin_start(now, session)).map(Some),
            Some(StartStop::Update) => self.changed(&id, rar).map(|new| self.begin_update(now, &id, new)).map(Some),
            Some(StartStop::Stop) if self.sessions.contains_key(&id) => {
                self.begin_stop(&id);
                Ok(Some(()))
            }
            Some(StartStop::Stop) => Err(Refusal::Experimental(code::UNKNOWN_MBMS_BEARER_SERVICE)),
            Some(StartStop::Heartbeat) | None => {
                Err(DiameterProblem::missing(&dictionary::mbms::MBMS_STARTSTOP_INDICATION).into())
            }
        };
        match begun {
            Err(refusal) => self.refuse(now, asked, &refusal),
            Ok(None) => {}
            Ok(Some(())) => {
                if let Some(live) = self.sessions.get_mut(&id) {
                    live.asked = Some(asked);
                }
                self.check(now, &id);
            }
        }
    }

    /// A start of a session that runs: the BM-SC has restarted and says that it goes on (MBMS-Flags: MSRI), or it has not
    /// heard the answer.
    fn again(
        &mut self,
        now: Instant,
        id: &str,
        rar: &Rar,
        asked: &(RequestHandle, Message),
    ) -> Result<Option<()>, Refusal> {
        let new = self.changed(id, rar)?;
        let Some(live) = self.sessions.get_mut(id) else { return Ok(None) };
        live.unconfirmed_until = None;
        live.session.bmsc_host.clone_from(&rar.routing.origin_host);
        live.session.bmsc_realm.clone_from(&rar.routing.origin_realm);
        if live.session.parameters != new {
            self.begin_update(now, id, new);
            return Ok(Some(()));
        }
        let due = live.due();
        let port = live.session.port;
        self.due.set(&id.to_owned(), due);
        self.answer_success(now, asked, Some(port));
        Ok(None)
    }

    /// What an update says of a session.
    fn changed(&self, id: &str, rar: &Rar) -> Result<Parameters, Refusal> {
        let live = self.sessions.get(id).ok_or(Refusal::Experimental(code::UNKNOWN_MBMS_BEARER_SERVICE))?;
        Ok(Parameters::read(rar, Some(&live.session.parameters))?)
    }

    /// A session with all that it needs, if it may be.
    fn new_session(&mut self, rar: &Rar) -> Result<Session, Refusal> {
        let tmgi = rar.tmgi.ok_or_else(|| DiameterProblem::missing(&dictionary::mbms::TMGI))?;
        let parameters = Parameters::read(rar, None)?;
        let flow = rar.flow.map(|FlowId(flow)| flow);
        if self.by_flow.contains_key(&(tmgi, flow)) {
            return Err(Refusal::Experimental(code::START_INDICATION));
        }
        self.involved(&parameters)?;
        let full = |what| Refusal::from(DiameterProblem::new(RESOURCES_EXCEEDED, what));
        if self.sessions.len() >= self.config.max_sessions {
            return Err(full("as many sessions run as the gateway takes: stop one, or raise max_sessions"));
        }
        let given = self.pools.give();
        let given =
            given.ok_or_else(|| full("no M1 group, tunnel or port is free: stop a session, or widen the ranges"))?;
        Ok(Session {
            id: rar.routing.session_id.clone(),
            bmsc_host: rar.routing.origin_host.clone(),
            bmsc_realm: rar.routing.origin_realm.clone(),
            tmgi,
            flow,
            parameters,
            mme_id: given.mme_id,
            multicast: given.multicast,
            c_teid: given.c_teid,
            port: given.port,
        })
    }

    /// The BM-SC gives a session up, whatever goes on with it (TS 29.061 clause 20.4.5).
    fn on_asr(&mut self, now: Instant, handle: RequestHandle, request: &Message) {
        let asr = match Asr::from_message(request) {
            Ok(asr) => asr,
            Err(problem) => return self.refuse(now, (handle, request.clone()), &problem.into()),
        };
        self.note_bmsc(now, &asr.routing.origin_host, asr.restart_counter);
        let id = asr.routing.session_id;
        let is_known = self.sessions.contains_key(&id);
        let code = if is_known { ResultCode::SUCCESS } else { ResultCode::Base(result::UNKNOWN_SESSION_ID) };
        if is_known {
            self.give_up(now, &id, "the BM-SC has aborted it");
        }
        let outcome = self.outcome(code);
        let answer = SgmbAnswer { outcome, restart_counter: self.restarts };
        self.endpoint.send_answer(now, handle, answer.to_message(request));
    }

    /// A session ends without the BM-SC having asked for it: requests that wait are refused.
    pub(super) fn give_up(&mut self, now: Instant, id: &str, why: &str) {
        let Some(live) = self.sessions.get_mut(id) else { return };
        let waiting: Vec<_> = live.asked.take().into_iter().chain(live.queue.drain(..)).collect();
        self.say(format!("session {id} is over: {why}"));
        self.release(id);
        self.store(vec![NodeStoreOp::Delete { table: Table::MbmsGwSession, key: id.to_owned() }], Waiting::Change);
        for asked in waiting {
            self.refuse(now, asked, &Refusal::Experimental(code::UNKNOWN_MBMS_BEARER_SERVICE));
        }
    }

    /// Tells the BM-SC that a session is over (TS 29.061 clause 20.4.3).
    pub(super) fn send_str(&mut self, now: Instant, live: &Live) {
        let routing = self.routing(&live.session.bmsc_host, &live.session.bmsc_realm, live.session.id.clone());
        let request =
            Str { routing, cause: TerminationCause::LinkBroken, diagnostic: None, restart_counter: self.restarts };
        self.endpoint.send_request(now, TOKEN, request.to_message());
    }

    /// A BM-SC is there, perhaps again: it learns at once whether the gateway has restarted.
    pub(super) fn on_peer_up(&mut self, now: Instant, host: &str) {
        self.say(format!("Diameter peer {host} is up"));
        let peer = self.config.diameter.peers.iter().find(|peer| peer.host == host);
        let realm = peer.map_or(&self.config.diameter.origin_realm, |peer| &peer.realm).clone();
        let id = self.endpoint.routing(Some(host), &realm).session_id;
        let routing = self.routing(host, &realm, id);
        let indication = Some(StartStop::Heartbeat);
        let heartbeat = Rar { routing, indication, restart_counter: self.restarts, ..Rar::default() };
        self.endpoint.send_request(now, TOKEN, heartbeat.to_message());
    }

    fn routing(&self, host: &str, realm: &str, session_id: String) -> Routing {
        let (origin_host, origin_realm) = self.endpoint.origin();
        Routing {
            session_id,
            origin_host: origin_host.to_owned(),
            origin_realm: origin_realm.to_owned(),
            destination_host: Some(host.to_owned()),
            destination_realm: realm.to_owned(),
        }
    }

    /// An answer to a heartbeat or to STR.
    pub(super) fn on_answer(&mut self, now: Instant, result: Result<Message, RequestFailure>) {
        match result.map(|answer| Raa::from_message(&answer)) {
            Ok(Ok(raa)) => self.note_bmsc(now, &raa.outcome.origin_host, raa.restart_counter),
            Ok(Err(problem)) => self.ignored(format!("an answer that is none: {problem}")),
            Err(failure) => self.say(format!("a request of the gateway: {failure}")),
        }
    }

    /// A BM-SC that has restarted says again which sessions go on; the others end after a while (TS 23.007 clause 17A).
    fn note_bmsc(&mut self, now: Instant, host: &str, counter: Option<u32>) {
        let Some(counter) = counter.filter(|counter| self.bmscs.get(host) != Some(counter)) else { return };
        let old = self.bmscs.insert(host.to_owned(), counter);
        let key = format!("{BMSC}{host}");
        let value = counter.to_string().into_bytes();
        self.store(vec![NodeStoreOp::Put { table: Table::MbmsGwState, key, value }], Waiting::Change);
        if old.is_none() {
            return;
        }
        self.say(format!("{host} has restarted"));
        let until = now + self.config.restoration;
        for (id, live) in &mut self.sessions {
            if live.session.bmsc_host == host && !live.is_starting() {
                live.unconfirmed_until = Some(until);
                self.due.set(id, live.due());
            }
        }
    }

    pub(super) fn answer_success(&mut self, now: Instant, asked: &(RequestHandle, Message), port: Option<u16>) {
        let mut raa = self.raa(ResultCode::SUCCESS);
        if port.is_some() {
            raa.address.v4 = Some(self.config.sgi_mb);
            raa.port = port;
        }
        self.endpoint.send_answer(now, asked.0, raa.to_message(&asked.1));
    }

    pub(super) fn refuse(&mut self, now: Instant, asked: (RequestHandle, Message), refusal: &Refusal) {
        self.counters.refused += 1;
        let (handle, request) = asked;
        let answer = match refusal {
            Refusal::Experimental(code) => self.raa(ResultCode::Experimental(*code)).to_message(&request),
            Refusal::Problem(problem) => {
                self.say(format!("{} is refused: {problem}", request.name()));
                let (host, realm) = self.endpoint.origin();
                problem_answer(&request, host, realm, problem)
            }
        };
        self.endpoint.send_answer(now, handle, answer);
    }

    fn raa(&self, result: ResultCode) -> Raa {
        Raa { restart_counter: self.restarts, ..Raa::new(self.outcome(result)) }
    }

    fn outcome(&self, result: ResultCode) -> Outcome {
        let (host, realm) = self.endpoint.origin();
        Outcome { origin_host: host.to_owned(), origin_realm: realm.to_owned(), result }
    }
}
