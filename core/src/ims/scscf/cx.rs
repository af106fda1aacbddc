//! The S-CSCF's side of Cx (TS 29.228 clauses 6.1.2, 6.1.3, 6.2, 6.3): what it asks, and what the HSS tells it.

use protocol::Instant;
use protocol::diameter::cx::{self, Maa, Mar, Ppa, Ppr, Rta, Rtr, Saa, Sar, ServerAssignmentType};
use protocol::diameter::result::{AUTHORIZATION_REJECTED, UNABLE_TO_DELIVER};
use protocol::diameter::{Message, Outcome, RequestFailure, RequestHandle, ResultCode, Routing, problem_answer};
use protocol::sip::proxy::Refusal;
use protocol::sip::{Request, ServerKey};

use super::register::{RegisterJob, Vector};
use super::{Scscf, StoreJob};
use crate::ims::HssRoute;
use crate::ims::profile::UserProfile;

/// What waits for an answer of the HSS.
#[derive(Debug)]
pub(super) enum CxJob {
    /// MAA: a challenge.
    Challenge(Box<RegisterJob>, Vector),
    /// SAA: a registration.
    Register(Box<RegisterJob>),
    /// SAA: a de-registration by the UE.
    Deregister(Box<RegisterJob>),
    /// SAA: the profile of a user who is not registered.
    Unregistered { key: ServerKey, request: Box<Request>, impu: String, originating: bool },
    /// SAA that changes nothing here.
    Told,
}

/// An answer of the HSS that is no success, as SIP says it.
pub(super) fn refusal(result: ResultCode) -> Refusal {
    match result {
        // TS 24.229 clauses 5.4.1.2.1 and 5.4.1.2.2.
        ResultCode::Experimental(
            cx::code::USER_UNKNOWN
            | cx::code::IDENTITIES_DONT_MATCH
            | cx::code::ROAMING_NOT_ALLOWED
            | cx::code::IDENTITY_NOT_REGISTERED
            | cx::code::AUTH_SCHEME_NOT_SUPPORTED,
        ) => Refusal::new(403),
        // Barred, which an HSS says that the I-CSCF has not asked (TS 29.228 clause 6.1.1.1).
        ResultCode::Base(AUTHORIZATION_REJECTED) => Refusal::new(403),
        ResultCode::Base(UNABLE_TO_DELIVER) => Refusal::new(504).because("The HSS cannot be reached"),
        ResultCode::Experimental(code) | ResultCode::Base(code) => {
            Refusal::new(500).because(&format!("HSS answers {code}"))
        }
    }
}

impl Scscf {
    fn routing(&mut self, impi: Option<&str>, impu: Option<&str>) -> Routing {
        let usual = (self.config.hss_host.as_deref(), self.config.hss_realm.as_str());
        let (host, realm) = HssRoute::choose(&self.config.hss_routes, impi, impu, usual);
        self.diameter.routing(host, realm)
    }

    fn ask_hss(&mut self, now: Instant, message: Message, job: CxJob) {
        self.next_token += 1;
        self.cx_jobs.insert(self.next_token, job);
        self.diameter.send_request(now, self.next_token, message);
    }

    /// Multimedia-Auth-Request (TS 29.228 clause 6.3).
    pub(super) fn send_mar(&mut self, now: Instant, job: RegisterJob, vector: Vector) {
        let mar = Mar {
            routing: self.routing(Some(&job.impi), Some(&job.impu_text)),
            impi: job.impi.clone(),
            impu: job.impu_text.clone(),
            scheme: job.scheme.to_owned(),
            authorization: vector.rand_auts.clone(),
            items: 1,
            server: self.config.uri.clone(),
        };
        self.ask_hss(now, mar.to_message(), CxJob::Challenge(Box::new(job), vector));
    }

    /// Server-Assignment-Request (TS 29.228 clause 6.1.2).
    pub(super) fn send_sar(
        &mut self,
        now: Instant,
        impi: Option<&str>,
        impus: Vec<String>,
        assignment: ServerAssignmentType,
        job: CxJob,
    ) {
        let has_user_data = impus.iter().any(|i| self.registrar.key_of(&super::registrar::canonical(i)).is_some());
        let sar = Sar {
            routing: self.routing(impi, impus.first().map(String::as_str)),
            impi: impi.map(str::to_owned),
            impus,
            server: self.config.uri.clone(),
            assignment,
            has_user_data,
        };
        self.ask_hss(now, sar.to_message(), job);
    }

    pub(super) fn handle_cx_answer(&mut self, now: Instant, token: u64, result: Result<Message, RequestFailure>) {
        let Some(job) = self.cx_jobs.remove(&token) else { return self.ignore("no such request", "answer of the HSS") };
        let key = job.server_key();
        let message = match result {
            Ok(message) => message,
            Err(failure) => {
                self.say(format!("HSS: {failure:?}"));
                // TS 24.229 clause 5.4.1.2.1 leaves the code open; the server that does not answer is not this one.
                if let Some(key) = key {
                    self.calls.remove(&key);
                    self.refuse(now, key, &Refusal::new(504).because("The HSS does not answer"));
                }
                return;
            }
        };
        let done = match job {
            CxJob::Challenge(job, vector) => {
                Maa::from_message(&message).map(|maa| self.vector_came(now, *job, &vector, &maa))
            }
            CxJob::Register(job) => Saa::from_message(&message).map(|saa| self.assigned(now, *job, &saa)),
            CxJob::Deregister(job) => Saa::from_message(&message).map(|saa| self.unassigned(now, *job, &saa)),
            CxJob::Unregistered { key, request, impu, originating } => Saa::from_message(&message)
                .map(|saa| self.unregistered_profile(now, key, *request, &impu, originating, &saa)),
            CxJob::Told => Saa::from_message(&message).map(|saa| {
                if !saa.outcome.result.is_success() {
                    self.say(format!("HSS answers SAR with {:?}", saa.outcome.result));
                }
            }),
        };
        if let Err(problem) = done {
            self.say(format!("answer of the HSS: {}", problem.what));
            if let Some(key) = key {
                self.calls.remove(&key);
                self.refuse(now, key, &Refusal::new(500).because("The HSS answers what cannot be read"));
            }
        }
    }

    pub(super) fn handle_cx_request(&mut self, now: Instant, handle: RequestHandle, message: &Message) {
        let done = match message.name().as_str() {
            "RTR" => Rtr::from_message(message).map(|rtr| self.terminate(now, handle, message, &rtr)),
            "PPR" => Ppr::from_message(message).map(|ppr| self.push_profile(now, handle, message, &ppr)),
            other => {
                self.ignore("S-CSCF", other);
                let answer = self.outcome(ResultCode::Base(protocol::diameter::result::COMMAND_UNSUPPORTED));
                self.diameter.send_answer(now, handle, answer.answer(message, Vec::new()));
                return;
            }
        };
        if let Err(problem) = done {
            let (host, realm) = (&self.config.diameter.origin_host, &self.config.diameter.origin_realm);
            let answer = problem_answer(message, host, realm, &problem);
            self.diameter.send_answer(now, handle, answer);
        }
    }

    fn outcome(&self, result: ResultCode) -> Outcome {
        Outcome {
            origin_host: self.config.diameter.origin_host.clone(),
            origin_realm: self.config.diameter.origin_realm.clone(),
            result,
        }
    }

    /// Registration-Termination-Request: the network de-registers (TS 24.229 clause 5.4.1.5).
    fn terminate(&mut self, now: Instant, handle: RequestHandle, message: &Message, rtr: &Rtr) {
        let wanted: Vec<String> = rtr.impus.iter().map(|i| super::registrar::canonical(i)).collect();
        let mut keys: Vec<String> = wanted.iter().filter_map(|i| self.registrar.key_of(i).map(str::to_owned)).collect();
        if wanted.is_empty() {
            let impis = std::iter::once(&rtr.impi).chain(&rtr.associated);
            keys = impis.flat_map(|impi| self.registrar.keys_of_impi(impi)).collect();
        }
        keys.sort();
        keys.dedup();
        let result =
            if keys.is_empty() { ResultCode::Experimental(cx::code::USER_UNKNOWN) } else { ResultCode::SUCCESS };
        let ops = keys.iter().flat_map(|key| self.deregister_set(now, key, rtr.reason)).collect();
        self.challenges.forget(&rtr.impi);
        let rta = Rta { outcome: self.outcome(result), associated: Vec::new() };
        self.store(ops, StoreJob::Answer { handle, message: rta.to_message(message) });
    }

    /// Push-Profile-Request: the profile has changed.
    fn push_profile(&mut self, now: Instant, handle: RequestHandle, message: &Message, ppr: &Ppr) {
        let mut result = ResultCode::SUCCESS;
        let mut ops = Vec::new();
        if let Some(data) = &ppr.user_data {
            match std::str::from_utf8(data)
                .map_err(|e| e.to_string())
                .and_then(|d| UserProfile::parse(d).map_err(|e| e.to_string()))
            {
                Ok(profile) => match self.change_profile(now, profile) {
                    Some(changed) => ops = changed,
                    None => result = ResultCode::Experimental(cx::code::USER_UNKNOWN),
                },
                Err(why) => {
                    self.say(format!("pushed profile of {}: {why}", ppr.impi));
                    result = ResultCode::Experimental(cx::code::NOT_SUPPORTED_USER_DATA);
                }
            }
        }
        if let Some(charging) = &ppr.charging {
            for key in self.registrar.keys_of_impi(&ppr.impi) {
                ops.extend(self.change_charging(&key, charging));
            }
        }
        let ppa = Ppa { outcome: self.outcome(result) };
        self.store(ops, StoreJob::Answer { handle, message: ppa.to_message(message) });
    }
}

impl CxJob {
    /// The request that waits for it.
    fn server_key(&self) -> Option<ServerKey> {
        match self {
            Self::Challenge(job, _) | Self::Register(job) | Self::Deregister(job) => Some(job.key),
            Self::Unregistered { key, .. } => Some(*key),
            Self::Told => None,
        }
    }
}
