//! Registration (TS 24.229 clauses 5.1.1.2 to 5.1.1.7): challenges, refreshes, failures, de-registration.

use std::collections::VecDeque;
use std::time::Duration;

use protocol::sip::{
    Algorithm, Challenge, Contacts, Credentials, MBMS_FEATURE, Method, NameAddr, Refusal, Request, Response, Uri,
    refresh_after, split_aka_nonce,
};
use protocol::{Entropy, Instant, Secret};

use super::config::{AgentConfig, Authentication, SipDialect};
use super::credentials::Registrant;
use super::io::{AgentEvent, Registered, UnregisteredWhy};
use super::security::Security;
use crate::at::ts31102::{AkaAnswer, Authenticate, AuthenticationFailure};

/// Challenges that may be invalid one after the other (clause 5.1.1.5.3).
const MOST_INVALID: u32 = 2;
/// REGISTER requests of one attempt, whatever they are answered by.
const MOST_REQUESTS: u32 = 8;
/// Pauses after failures (RFC 5626 clause 4.5): first and longest.
const BASE_TIME: Duration = Duration::from_secs(30);
const MAX_TIME: Duration = Duration::from_secs(1800);

/// What a registration wants done.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum RegistrationOutput {
    /// A REGISTER; its answer is told with this number.
    Send(u64, Request),
    Authenticate(Authenticate),
    /// The registration stands, anew or again.
    Standing,
    /// It does not any more.
    Gone,
    Event(AgentEvent),
}

/// The registration of a UE.
#[derive(Debug)]
pub(super) struct Registration {
    config: AgentConfig,
    entropy: Entropy,
    contact: NameAddr,
    call_id: String,
    from_tag: String,
    seq: u32,
    /// The user wants to be registered.
    wanted: bool,
    attempt: Option<Attempt>,
    standing: Option<Standing>,
    retry_at: Option<Instant>,
    failures: u32,
    security: Security,
    /// The newest challenge that was answered.
    answered: Option<Answered>,
    requests: u64,
    outputs: VecDeque<RegistrationOutput>,
}

/// A registration, refresh or de-registration under way.
#[derive(Debug)]
struct Attempt {
    kind: Kind,
    expires_s: u32,
    number: u64,
    sent: u32,
    /// Challenges in a row that were invalid, or whose answer was not taken.
    invalid: u32,
    /// The last REGISTER had an answer to a challenge.
    has_answered: bool,
    /// The SIM has it.
    challenge: Option<Challenge>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Initial,
    Refresh,
    Deregister,
}

/// What the network has granted.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) service_route: Vec<String>,
    pub(super) associated: Vec<NameAddr>,
    refresh_at: Instant,
    ends_at: Instant,
}

#[derive(Debug)]
struct Answered {
    challenge: Challenge,
    /// Password, or RES.
    password: Secret<Vec<u8>>,
    count: u32,
}

impl Registration {
    pub(super) fn new(config: AgentConfig, contact: NameAddr, mut entropy: Entropy) -> Self {
        let security = Security::new(config.security, config.contact.port(), entropy.split());
        Self {
            config,
            contact,
            call_id: entropy.token(24),
            from_tag: entropy.token(10),
            seq: 0,
            wanted: false,
            attempt: None,
            standing: None,
            retry_at: None,
            failures: 0,
            security,
            answered: None,
            requests: 0,
            outputs: VecDeque::new(),
            entropy,
        }
    }

    /// The user wants to be registered; if it is, the registration is refreshed.
    pub(super) fn start(&mut self) {
        self.wanted = true;
        self.retry_at = None;
        if self.attempt.is_none() {
            self.begin(if self.standing.is_some() { Kind::Refresh } else { Kind::Initial });
        }
    }

    /// The user does not want to be registered any more.
    pub(super) fn stop(&mut self) {
        self.wanted = false;
        self.retry_at = None;
        self.attempt = None;
        if self.standing.is_some() {
            self.begin(Kind::Deregister);
        } else {
            self.event(AgentEvent::Unregistered(UnregisteredWhy::Asked));
        }
    }

    /// All is forgotten without a word.
    pub(super) fn vanish(&mut self) {
        (self.wanted, self.retry_at, self.attempt) = (false, None, None);
        self.drop_standing(UnregisteredWhy::Vanished);
    }

    /// Where the UE is from here on.
    pub(super) fn set_access(&mut self, access_network_info: &str) {
        access_network_info.clone_into(&mut self.config.access_network_info);
    }

    /// What the network has granted.
    pub(super) const fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// Header fields by which requests show the security agreement.
    pub(super) fn protection(&self) -> Vec<(String, String)> {
        self.security.protection()
    }

    /// The network has ended the registration (clause 5.1.1.7); `retry`: it may be asked for again after that time.
    pub(super) fn ended_by_network(&mut self, now: Instant, event: &str, retry: Option<Duration>) {
        if self.standing.is_none() || self.attempt.as_ref().is_some_and(|attempt| attempt.kind == Kind::Deregister) {
            return;
        }
        self.attempt = None;
        self.drop_standing(UnregisteredWhy::Network { event: event.to_owned() });
        match retry.filter(|_| self.wanted && self.config.persistent) {
            Some(pause) => self.retry_at = Some(now + pause),
            None => self.wanted = false,
        }
    }

    /// The network wants it to be refreshed soon (clause 5.1.1.5A): it ends in so many seconds.
    pub(super) fn shortened(&mut self, now: Instant, expires_s: u32) {
        if let Some(standing) = &mut self.standing {
            standing.ends_at = now + Duration::from_secs(expires_s.into());
            standing.refresh_at = now + Duration::from_secs(expires_s.into()) / 2;
        }
    }

    /// The SIM has answered.
    pub(super) fn authenticated(&mut self, now: Instant, answer: Result<AkaAnswer, AuthenticationFailure>) {
        let Some(attempt) = &mut self.attempt else { return };
        let Some(challenge) = attempt.challenge.take() else { return };
        match answer {
            Ok(AkaAnswer::Success { res, .. }) => {
                self.answered = Some(Answered { challenge, password: Secret::new(res), count: 0 });
                self.send_answer(now);
            }
            Ok(AkaAnswer::SynchronisationFailure { auts }) => self.send_invalid(now, &challenge, Some(auts)),
            Err(AuthenticationFailure::IncorrectMac) => self.send_invalid(now, &challenge, None),
            Err(why @ AuthenticationFailure::NoAnswer(_)) => self.fail(now, None, why.to_string(), None),
        }
    }

    /// What came of a REGISTER.
    pub(super) fn handle_result(&mut self, now: Instant, number: u64, result: Result<&Response, &Refusal>) {
        let Some(attempt) = self.attempt.as_ref().filter(|attempt| attempt.number == number) else { return };
        let kind = attempt.kind;
        let response = match result {
            Ok(response) => response,
            Err(_) if kind == Kind::Deregister => return self.deregistered(),
            Err(why) => return self.fail(now, None, why.to_string(), Some(None)),
        };
        match response.status {
            200..=299 if kind == Kind::Deregister => self.deregistered(),
            200..=299 => self.granted(now, response),
            401 | 407 => self.challenged(now, response),
            423 if kind != Kind::Deregister => self.too_brief(now, response),
            _ if kind == Kind::Deregister => self.deregistered(),
            408 | 480 | 500 | 502..=504 => {
                let pause = retry_after(response);
                self.fail(now, Some(response.status), told(response), Some(pause));
            }
            status => self.fail(now, Some(status), told(response), None),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        let due = |when: Option<Instant>| when.is_some_and(|when| when <= now);
        if due(self.standing.as_ref().map(|standing| standing.ends_at)) {
            self.drop_standing(UnregisteredWhy::Expired);
            if self.wanted && self.attempt.is_none() && self.retry_at.is_none() {
                self.begin(Kind::Initial);
            }
        }
        if due(self.retry_at) {
            self.retry_at = None;
            if self.attempt.is_none() {
                self.begin(Kind::Initial);
            }
        }
        if let Some(standing) = &mut self.standing
            && standing.refresh_at <= now
        {
            standing.refresh_at = standing.ends_at;
            if self.attempt.is_none() && self.retry_at.is_none() && self.wanted {
                self.begin(Kind::Refresh);
            }
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let standing = self.standing.as_ref().map(|standing| standing.refresh_at.min(standing.ends_at));
        standing.into_iter().chain(self.retry_at).min()
    }

    pub(super) fn poll_output(&mut self) -> Option<RegistrationOutput> {
        self.outputs.pop_front()
    }

    fn begin(&mut self, kind: Kind) {
        if kind == Kind::Initial {
            (self.call_id, self.from_tag, self.seq) = (self.entropy.token(24), self.entropy.token(10), 0);
            self.answered = None;
            self.security.begin();
        } else {
            self.security.renew();
        }
        let expires_s = if kind == Kind::Deregister { 0 } else { self.config.expires_s };
        let (number, sent, invalid) = (0, 0, 0);
        self.attempt = Some(Attempt { kind, expires_s, number, sent, invalid, has_answered: false, challenge: None });
        let uri = self.uri();
        let registrant = registrant(&self.config, &uri);
        let authorization = match &mut self.answered {
            // Clauses 5.1.1.4.2, 5.1.1.4.3: with the nonce that is known.
            Some(answered) => {
                answered.count += 1;
                let cnonce = self.entropy.token(16);
                let password = answered.password.expose();
                registrant.answer(&answered.challenge, (password, None), (answered.count, &cnonce)).ok()
            }
            None => None,
        };
        let authorization = authorization.or_else(|| introduction(&self.config, &registrant));
        self.send(authorization);
    }

    fn send(&mut self, authorization: Option<Credentials>) {
        self.requests += 1;
        self.seq += 1;
        let number = self.requests;
        let Some(attempt) = &mut self.attempt else { return };
        (attempt.number, attempt.sent) = (number, attempt.sent + 1);
        let expires_s = attempt.expires_s;
        let config = &self.config;
        let uri = Uri::parse(&format!("sip:{}", config.domain)).unwrap_or_else(|_| self.contact.uri.clone());
        let mut request = Request::new(Method::REGISTER, uri);
        let headers = &mut request.headers;
        headers.append("Max-Forwards", "70");
        headers.append("From", &format!("<{}>;tag={}", config.impu, self.from_tag));
        headers.append("To", &format!("<{}>", config.impu));
        headers.append("Call-ID", &self.call_id);
        headers.append("CSeq", &format!("{} REGISTER", self.seq));
        headers.append("Contact", &register_contact(config, &self.contact));
        headers.append("Expires", &expires_s.to_string());
        authorization.iter().for_each(|own| headers.append("Authorization", &own.to_string()));
        headers.append("Supported", "path");
        if !config.access_network_info.is_empty() {
            headers.append("P-Access-Network-Info", &config.access_network_info);
        }
        self.security.dress(headers);
        self.outputs.push_back(RegistrationOutput::Send(number, request));
    }

    fn challenged(&mut self, now: Instant, response: &Response) {
        let Some(attempt) = &mut self.attempt else { return };
        let challenges = response.headers.all("WWW-Authenticate").chain(response.headers.all("Proxy-Authenticate"));
        let read = challenges.filter_map(|value| Challenge::parse(value).ok());
        let digests: Vec<Challenge> = read.filter(Challenge::is_digest).collect();
        // RFC 8760 clause 2.4: the first that can be answered, as they stand in order of preference.
        let Some(challenge) = digests.iter().find(|own| is_known(own)).or_else(|| digests.first()).cloned() else {
            return self.fail(now, Some(response.status), "a challenge that is not Digest".into(), None);
        };
        // An answer that was not taken, unless it came too late.
        if attempt.has_answered && !challenge.is_stale() {
            attempt.invalid += 1;
        }
        if attempt.invalid >= MOST_INVALID || attempt.sent >= MOST_REQUESTS {
            return self.fail(now, Some(response.status), "the credentials are not accepted".into(), None);
        }
        if let Err(why) = self.security.challenged(&response.headers) {
            return self.fail(now, Some(response.status), why, None);
        }
        match &self.config.authentication {
            Authentication::Digest { password } => {
                let password = Secret::new(password.clone().into_bytes());
                self.answered = Some(Answered { challenge, password, count: 0 });
                self.send_answer(now);
            }
            Authentication::Aka => match challenge.nonce().as_deref().and_then(split_aka_nonce) {
                Some((rand, autn)) => {
                    attempt.challenge = Some(challenge);
                    self.outputs.push_back(RegistrationOutput::Authenticate(Authenticate { rand, autn }));
                }
                None => self.fail(now, Some(response.status), "a challenge without RAND and AUTN".into(), None),
            },
        }
    }

    /// Answers the newest challenge.
    fn send_answer(&mut self, now: Instant) {
        let cnonce = self.entropy.token(16);
        let uri = self.uri();
        let (Some(answered), Some(attempt)) = (&mut self.answered, &mut self.attempt) else { return };
        answered.count += 1;
        attempt.has_answered = true;
        let password = answered.password.expose();
        let registrant = registrant(&self.config, &uri);
        match registrant.answer(&answered.challenge, (password, None), (answered.count, &cnonce)) {
            Ok(credentials) => self.send(Some(credentials)),
            Err(problem) => self.fail(now, None, problem.to_string(), None),
        }
    }

    /// The challenge was deemed invalid (clause 5.1.1.5.3).
    fn send_invalid(&mut self, now: Instant, challenge: &Challenge, auts: Option<[u8; 14]>) {
        let Some(attempt) = &mut self.attempt else { return };
        attempt.invalid += 1;
        attempt.has_answered = false;
        if attempt.invalid > MOST_INVALID {
            return self.fail(now, Some(401), "the network's challenges are invalid".into(), None);
        }
        self.security.begin();
        let cnonce = self.entropy.token(16);
        let uri = self.uri();
        let registrant = registrant(&self.config, &uri);
        let credentials = match auts {
            Some(auts) => registrant.answer(challenge, (&[], Some(&auts)), (1, &cnonce)),
            None => Ok(registrant.refusal(challenge)),
        };
        match credentials {
            Ok(credentials) => self.send(Some(credentials)),
            Err(problem) => self.fail(now, None, problem.to_string(), None),
        }
    }

    /// RFC 3261 clause 10.2.8.
    fn too_brief(&mut self, now: Instant, response: &Response) {
        let min = response.headers.min_expires().ok().flatten();
        let Some(attempt) = &mut self.attempt else { return };
        match min.filter(|min| *min > attempt.expires_s && attempt.sent < MOST_REQUESTS) {
            Some(min) => {
                attempt.expires_s = min;
                attempt.has_answered = false;
                let uri = self.uri();
                let introduction = introduction(&self.config, &registrant(&self.config, &uri));
                self.send(introduction);
            }
            None => self.fail(now, Some(423), told(response), None),
        }
    }

    fn granted(&mut self, now: Instant, response: &Response) {
        let Some(expires_s) = granted(response, &self.contact).filter(|expires_s| *expires_s > 0) else {
            return self.fail(now, Some(response.status), "the answer has no binding of ours".into(), None);
        };
        let Some(attempt) = self.attempt.take() else { return };
        let refreshed = attempt.kind == Kind::Refresh;
        let texts = |name: &str| response.headers.values(name).map(ToOwned::to_owned).collect::<Vec<_>>();
        let service_route = texts("Service-Route");
        let associated = response.headers.addresses("P-Associated-URI").unwrap_or_default();
        self.failures = 0;
        self.retry_at = None;
        self.security.agreed();
        self.standing = Some(Standing {
            service_route: service_route.clone(),
            associated: associated.clone(),
            refresh_at: now + refresh_after(expires_s),
            ends_at: now + Duration::from_secs(expires_s.into()),
        });
        self.outputs.push_back(RegistrationOutput::Standing);
        let associated = associated.iter().map(|address| address.uri.to_string()).collect();
        self.event(AgentEvent::Registered(Registered { expires_s, associated, service_route, refreshed }));
    }

    /// `retry`: it may be tried again, after that pause where one was told.
    fn fail(&mut self, now: Instant, status: Option<u16>, why: String, retry: Option<Option<Duration>>) {
        let Some(attempt) = self.attempt.take() else { return };
        self.failures += 1;
        self.answered = None;
        let pause = match retry.filter(|_| self.wanted && self.config.persistent) {
            // Clause 5.1.1.4.1: a refresh that is not answered is followed by an initial registration.
            Some(told) if attempt.kind == Kind::Refresh => Some(told.unwrap_or(Duration::ZERO)),
            Some(told) => Some(told.unwrap_or_default().max(self.pause())),
            None => None,
        };
        self.retry_at = pause.map(|pause| now + pause);
        let retry_s = pause.map(|pause| pause.as_secs() as u32);
        self.event(AgentEvent::RegistrationFailed { status, why, retry_s });
        if pause.is_none() {
            self.wanted = false;
            self.drop_standing(UnregisteredWhy::Refused { status: status.unwrap_or_default() });
        }
    }

    /// RFC 5626 clause 4.5: twice as long each time, half of it drawn.
    fn pause(&mut self) -> Duration {
        let upper = BASE_TIME.saturating_mul(1 << self.failures.saturating_sub(1).min(8)).min(MAX_TIME);
        let half = (upper / 2).as_millis() as u32;
        upper / 2 + Duration::from_millis(self.entropy.below(half.saturating_add(1)).into())
    }

    fn deregistered(&mut self) {
        self.attempt = None;
        self.drop_standing(UnregisteredWhy::Asked);
    }

    fn drop_standing(&mut self, why: UnregisteredWhy) {
        if self.standing.take().is_some() {
            self.answered = None;
            self.security.begin();
            self.outputs.push_back(RegistrationOutput::Gone);
            self.event(AgentEvent::Unregistered(why));
        }
    }

    fn event(&mut self, event: AgentEvent) {
        self.outputs.push_back(RegistrationOutput::Event(event));
    }

    fn uri(&self) -> String {
        format!("sip:{}", self.config.domain)
    }
}

fn registrant<'a>(config: &'a AgentConfig, uri: &'a str) -> Registrant<'a> {
    Registrant { impi: &config.impi, domain: &config.domain, uri }
}

/// Its algorithm is one that this program computes.
fn is_known(challenge: &Challenge) -> bool {
    !matches!(challenge.algorithm(), Algorithm::Other(_))
}

/// Who it is, before it is asked: a plain network does not want to hear that.
fn introduction(config: &AgentConfig, registrant: &Registrant<'_>) -> Option<Credentials> {
    (config.dialect != SipDialect::Plain).then(|| registrant.introduction())
}

/// Contact of REGISTER: the address with instance and media feature tags (clause 5.1.1.2.1).
fn register_contact(config: &AgentConfig, contact: &NameAddr) -> String {
    let mut text = NameAddr::new(contact.uri.clone()).to_string();
    if !config.instance.is_empty() {
        text.push_str(&format!(";+sip.instance=\"<{}>\"", config.instance));
    }
    let mbms = config.receives_mbms.then_some(MBMS_FEATURE);
    let features = config.features.iter().map(String::as_str).chain(mbms);
    features.for_each(|feature| text.push_str(&format!(";{feature}")));
    text
}

/// Seconds that the registrar has granted to our contact (RFC 3261 clause 10.2.4).
fn granted(response: &Response, contact: &NameAddr) -> Option<u32> {
    let Ok(Contacts::List(contacts)) = response.headers.contacts() else { return None };
    let ours = contacts.into_iter().find(|bound| bound.uri.equivalent(&contact.uri))?;
    ours.expires().or_else(|| response.headers.expires().ok().flatten())
}

fn retry_after(response: &Response) -> Option<Duration> {
    let digits: String = response.headers.get("Retry-After")?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().map(Duration::from_secs)
}

fn told(response: &Response) -> String {
    format!("{} {}", response.status, response.reason)
}
