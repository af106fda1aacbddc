//! REGISTER up to authentication (TS 24.229 clauses 5.4.1.2.1, 5.4.1.2.2, 5.4.1.2.3; RFC 3310, RFC 3261 clause 22).

use protocol::diameter::cx::{AuthData, Maa, SCHEME_AKA, SCHEME_DIGEST, SCHEME_UNKNOWN, ServerAssignmentType};
use protocol::sip::proxy::Refusal;
use protocol::sip::{Algorithm, Credentials, Request, ServerKey, aka_nonce};
use protocol::{Instant, Secret};

use super::Scscf;
use super::challenge::{Challenge, Expected, Verdict};
use super::cx::{CxJob, refusal};

/// A REGISTER in work.
#[derive(Debug)]
pub(super) struct RegisterJob {
    /// Its transaction.
    pub(super) key: ServerKey,
    /// The request.
    pub(super) request: Request,
    /// Private identity.
    pub(super) impi: String,
    /// Public identity in the form that keys have.
    pub(super) impu: String,
    /// Public identity as Cx has it.
    pub(super) impu_text: String,
    /// SIP-Authentication-Scheme for the HSS.
    pub(super) scheme: &'static str,
    /// What the 200 says in Authentication-Info.
    pub(super) authentication_info: Option<String>,
    credentials: Option<Credentials>,
}

/// What a new challenge comes from.
#[derive(Clone, Debug, Default)]
pub(super) struct Vector {
    /// Challenges in a row, this one included.
    attempt: u32,
    /// The last response had a nonce of the past.
    stale: bool,
    /// RAND and AUTS, for resynchronisation.
    pub(super) rand_auts: Option<Vec<u8>>,
}

/// What is done with a REGISTER.
enum Decision {
    /// The user is who he says.
    Authenticated,
    /// He has to show it.
    Challenge(Vector),
    /// He could not.
    Failed,
}

/// `integrity-protected` as the P-CSCF sets it (TS 24.229 clause 7.2A.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Integrity {
    /// It is not there.
    Unsaid,
    /// `no`.
    Unprotected,
    /// `yes` and its kin: over an association of this UE.
    Protected,
    /// `*-pending`: over an association that is not authenticated yet.
    Pending,
}

impl RegisterJob {
    fn read(key: ServerKey, request: Request) -> Result<Self, Refusal> {
        let bad = |what: &str| Refusal::new(400).because(what);
        let to = request.to().ok().flatten().ok_or_else(|| bad("Bad To"))?;
        let impu = to.uri.identity();
        if request.headers.values("Contact").take(MAX_CONTACTS + 1).count() > MAX_CONTACTS {
            return Err(bad("Too many contacts"));
        }
        // With two of them, those before could have looked at the one that is not checked here.
        if request.headers.all("Authorization").nth(1).is_some() {
            return Err(bad("More than one Authorization"));
        }
        let field = request.headers.get("Authorization");
        let field = field.and_then(|v| Credentials::parse(v).ok().filter(Credentials::is_digest));
        if field.is_none() && request.headers.contains("Authorization") {
            return Err(bad("Bad Authorization"));
        }
        let named = field.as_ref().and_then(|c| c.params.text("username")).filter(|u| !u.is_empty());
        // Clause 5.4.1.2.1: without Authorization the private identity is the public one without its scheme.
        let derived = || impu.split_once(':').map_or(impu.as_str(), |(_, rest)| rest).to_owned();
        let impi = named.map_or_else(derived, std::borrow::Cow::into_owned);
        let scheme = match field.as_ref().and_then(|c| c.params.get("algorithm").map(|_| c.algorithm())) {
            Some(Algorithm::AkaV1Md5) => SCHEME_AKA,
            Some(Algorithm::Md5) => SCHEME_DIGEST,
            _ => SCHEME_UNKNOWN,
        };
        let mut job = Self {
            key,
            impi,
            impu_text: impu.clone(),
            impu,
            scheme,
            authentication_info: None,
            credentials: field,
            request,
        };
        if job.integrity() == Integrity::Unprotected {
            job.scheme = SCHEME_AKA;
        }
        Ok(job)
    }

    fn integrity(&self) -> Integrity {
        let value = self.credentials.as_ref().and_then(|c| c.params.text("integrity-protected"));
        match value.as_deref() {
            Some("no") => Integrity::Unprotected,
            Some("yes" | "tls-yes" | "ip-assoc-yes" | "auth-done") => Integrity::Protected,
            Some("tls-pending" | "ip-assoc-pending") => Integrity::Pending,
            _ => Integrity::Unsaid,
        }
    }
}

impl Scscf {
    pub(super) fn handle_register(&mut self, now: Instant, key: ServerKey, request: Request) {
        let mut job = match RegisterJob::read(key, request) {
            Ok(job) => job,
            Err(refusal) => return self.refuse(now, key, &refusal),
        };
        match self.decide(now, &mut job) {
            Decision::Authenticated => self.authenticated(now, job),
            Decision::Challenge(vector) => self.send_mar(now, job, vector),
            Decision::Failed => self.authentication_failed(now, &job),
        }
    }

    fn decide(&mut self, now: Instant, job: &mut RegisterJob) -> Decision {
        let first = || Decision::Challenge(Vector { attempt: 1, ..Vector::default() });
        let integrity = job.integrity();
        let Some(credentials) = job.credentials.clone() else { return first() };
        let nonce = credentials.params.text("nonce").unwrap_or_default().into_owned();
        if !self.challenges.knows(&nonce, &job.impi) {
            // Clause 5.4.1.2.2: a registered UE over its association need not show itself again.
            let set = self.registrar.set_of(&job.impu);
            let is_bound = set.is_some_and(|s| s.bindings.iter().any(|b| b.impi == job.impi));
            if integrity == Integrity::Protected && is_bound {
                return Decision::Authenticated;
            }
            let answers = !nonce.is_empty() && credentials.response().is_some_and(|r| !r.is_empty());
            return Decision::Challenge(Vector { attempt: 1, stale: answers, rand_auts: None });
        }
        // Clause 5.4.1.2.1: without protection a response is worth nothing, but a UE without keys cannot protect an AUTS.
        let no_keys = credentials.params.has("auts") || credentials.response().is_none_or(|r| r.is_empty());
        if integrity == Integrity::Unprotected && !no_keys && !self.config.takes_unprotected_aka {
            return first();
        }
        let verdict = self.challenges.check(now, &credentials, &job.impu, (&job.request.method, &job.request.body));
        self.judge(now, job, verdict, &nonce)
    }

    fn judge(&mut self, now: Instant, job: &mut RegisterJob, verdict: Verdict, nonce: &str) -> Decision {
        match verdict {
            Verdict::Accepted(info) => {
                self.challenges.extend(nonce, now + self.config.digest_nonce_lifetime);
                job.authentication_info = info;
                Decision::Authenticated
            }
            Verdict::Stale => Decision::Challenge(Vector { attempt: 1, stale: true, rand_auts: None }),
            Verdict::Resynchronise { rand_auts, attempt } => {
                Decision::Challenge(Vector { attempt, stale: false, rand_auts: Some(rand_auts) })
            }
            Verdict::Wrong { attempt } | Verdict::Empty { attempt }
                if attempt < self.config.authentication_attempts =>
            {
                Decision::Challenge(Vector { attempt: attempt + 1, ..Vector::default() })
            }
            Verdict::Wrong { .. } | Verdict::Empty { .. } => Decision::Failed,
        }
    }

    /// Clause 5.4.1.2.3: 403, and the HSS is told; a registration that was there stays.
    fn authentication_failed(&mut self, now: Instant, job: &RegisterJob) {
        let impus = vec![job.impu_text.clone()];
        self.send_sar(now, Some(&job.impi), impus, ServerAssignmentType::AuthenticationFailure, CxJob::Told);
        self.refuse(now, job.key, &Refusal::new(403).because("Authentication Failed"));
    }

    /// The MAA: 401 with a challenge.
    pub(super) fn vector_came(&mut self, now: Instant, job: RegisterJob, vector: &Vector, maa: &Maa) {
        if !maa.outcome.result.is_success() {
            return self.refuse(now, job.key, &refusal(maa.outcome.result));
        }
        let Some(item) = maa.items.first() else {
            return self.refuse(now, job.key, &Refusal::new(500).because("The HSS gives no authentication vector"));
        };
        let (nonce, expected, words) = self.challenge_of(&item.data);
        let stale = if vector.stale { ", stale=TRUE" } else { "" };
        let challenge = Challenge {
            impi: job.impi,
            impu: job.impu_text,
            attempt: vector.attempt.max(1),
            // One resynchronisation has to do: a UE that is never in step is not served for ever.
            resynchronised: vector.rand_auts.is_some() || vector.attempt > 1,
            deadline: now + self.config.reg_await_auth,
            expected,
        };
        let field = format!("Digest {words}{stale}");
        self.challenges.insert(nonce, challenge);
        self.refuse(now, job.key, &Refusal::new(401).with("WWW-Authenticate", &field));
    }

    /// Nonce, what is expected, and the challenge in words. CK and IK are for the P-CSCF, which takes them out.
    fn challenge_of(&mut self, data: &AuthData) -> (String, Expected, String) {
        match data {
            AuthData::Aka { rand, autn, xres, ck, ik } => {
                let nonce = aka_nonce(rand, autn, &[]);
                let words = format!(
                    "realm=\"{}\", nonce=\"{nonce}\", algorithm=AKAv1-MD5, qop=\"auth\", ck=\"{}\", ik=\"{}\"",
                    self.config.domain,
                    hex::encode(ck.expose()),
                    hex::encode(ik.expose()),
                );
                (nonce, Expected::Aka { rand: *rand, xres: xres.clone() }, words)
            }
            AuthData::Digest(digest) => {
                let nonce = self.entropy.token(32);
                let words = format!(
                    "realm=\"{}\", nonce=\"{nonce}\", algorithm={}, qop=\"{}\"",
                    digest.realm,
                    digest.algorithm.as_deref().unwrap_or("MD5"),
                    digest.qop,
                );
                (nonce, Expected::Digest { ha1: Secret::new(digest.ha1.expose().clone()), count: 0 }, words)
            }
        }
    }

    /// Timer reg-await-auth (clause 5.4.1.2.3).
    pub(super) fn expire_challenges(&mut self, now: Instant) {
        for challenge in self.challenges.expire(now) {
            let impus = vec![challenge.impu];
            let timeout = ServerAssignmentType::AuthenticationTimeout;
            self.send_sar(now, Some(&challenge.impi), impus, timeout, CxJob::Told);
        }
    }
}

/// Contacts of one REGISTER: each is held against each that there is.
const MAX_CONTACTS: usize = 8;
