//! Migration management server (TS 23.280 clause 10.1.6.2): lets users of other MC systems register in the SIP core of its own
//! system with identities of its own, and its own users in others.
//!
//! The stage 2 names no protocol for "get SIP authentication information"; it is Cx here at every hop (TS 29.228 clause 6.3,
//! MAR and MAA). Towards its own SIP core the server is the HSS of the partner identities, with all that belongs to it; their
//! vectors alone come from the primary system, through the Diameter relays of both SIP cores (NOTE 2 and NOTE 3). Which identity
//! is whose is configuration, and nothing of it is learnt. No vector is kept, and in a run none is given out twice; after it the
//! USIM refuses an old one (TS 33.102 clause 6.3.3). The registration of a user at home is not touched: no S-CSCF of another
//! system ever asks the HSS there.

mod bindings;
mod config;
mod partner;
mod plan;
mod primary;
#[cfg(test)]
mod session_tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::diameter::cx::{AuthData, AuthItem, Maa, Mar, SCHEME_AKA, SCHEME_UNKNOWN, code};
use protocol::diameter::{DiameterProblem, Message, RequestFailure, ResultCode, result};
use protocol::{Due, Entropy, Instant};

use crate::ims::hss::{Hss, HssConfig, PartnerMar, Unanswered};
use crate::node::{Node, NodeInput, NodeOutput};

pub use bindings::parse_bindings;
pub use config::{BoundIdentity, McSystem, MigrationBinding, MigrationConfig, MigrationRule};

/// The node.
#[derive(Debug)]
pub struct MigrationServer {
    config: MigrationConfig,
    /// The HSS of the partner identities, and the Diameter node.
    hss: Hss,
    bindings: BTreeMap<String, MigrationBinding>,
    /// Questions of ours that wait for their answers.
    asked: BTreeMap<u64, Asked>,
    /// When they have waited long enough.
    ends: Due<Instant, u64>,
    /// RANDs that were given out last in this run, by private identity here.
    given: BTreeMap<String, VecDeque<[u8; 16]>>,
    counters: Counters,
}

/// A question that was passed on.
#[derive(Debug)]
struct Asked {
    from: PartnerMar,
    of: Asker,
    /// The identities that were asked for.
    impi: String,
    impu: String,
}

/// A question for somebody else, and how long he may take.
type Question = Result<(Mar, Duration), Unanswered>;

/// Who has asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asker {
    /// The SIP core of this system, for a user of another one.
    Core,
    /// The server of another system, for a user of this one.
    System,
}

#[derive(Debug, Default)]
struct Counters {
    /// MARs of its own SIP core.
    from_core: u64,
    /// MARs of other systems.
    from_systems: u64,
    /// Vectors that have come and gone.
    vectors: u64,
    refused: u64,
    timeouts: u64,
}

impl MigrationServer {
    /// A server that connects to its relay.
    ///
    /// # Errors
    /// Bindings that contradict each other, a binding or a rule of a system that is not known.
    pub fn new(config: MigrationConfig, entropy: Entropy) -> Result<Self, String> {
        let bindings = config::bindings_of(&config)?;
        let known = |name: &String| config.systems.iter().any(|system| system.name == *name);
        if let Some(name) = config.rules.iter().flat_map(|rule| &rule.systems).find(|name| !known(name)) {
            return Err(format!("a rule names the system {name:?}, which is in no agreement"));
        }
        let mut hss = HssConfig::new(config.diameter.clone());
        hss.diameter.answer_timeout = config.system_timeout.max(config.hss_timeout);
        hss.utc_ms_at_zero = config.utc_ms_at_zero;
        let subscribers = bindings.values().map(MigrationBinding::subscriber).collect();
        let systems = config.systems.iter().map(|system| system.host.clone());
        let hss = Hss::of_partner_identities(hss, subscribers, systems, entropy);
        let (asked, given, counters) = (BTreeMap::new(), BTreeMap::new(), Counters::default());
        Ok(Self { config, hss, bindings, asked, ends: Due::default(), given, counters })
    }

    /// A MAR has come: step 3 from the SIP core, step 5 from another system.
    fn on_mar(&mut self, now: Instant, from: PartnerMar) {
        let origin = &from.mar.routing;
        let is_of = |system: &&McSystem| system.host.eq_ignore_ascii_case(&origin.origin_host);
        let system = self.config.systems.iter().find(is_of).cloned();
        let of = if system.is_some() { Asker::System } else { Asker::Core };
        let question = if self.asked.len() >= self.config.max_pending {
            let what = "too many requests wait for their answers";
            Err(Unanswered::Failed(DiameterProblem::new(result::TOO_BUSY, what)))
        } else if from.mar.scheme != SCHEME_AKA && from.mar.scheme != SCHEME_UNKNOWN {
            // HA1 of SIP digest is bound to a realm and an identity: those of the other system are of no use.
            refused(ResultCode::Experimental(code::AUTH_SCHEME_NOT_SUPPORTED))
        } else {
            match &system {
                Some(system) => self.question_to_hss(&from.mar, system),
                None => self.question_to_primary(&from.mar),
            }
        };
        let (mar, within) = match question {
            Ok(question) => question,
            Err(why) => return self.end(now, from, of, Err(why)),
        };
        let token = self.hss.ask(now, mar.to_message());
        self.ends.set(&token, Some(now + within));
        self.asked.insert(token, Asked { from, of, impi: mar.impi, impu: mar.impu });
    }

    /// The answer to a question of ours: step 7 of the HSS, step 8 of another system.
    fn on_answer(&mut self, now: Instant, token: u64, answer: Result<Message, RequestFailure>) {
        let Some(asked) = self.asked.remove(&token) else {
            if answer.is_ok() {
                self.hss.say("an answer has come that nobody waits for any more");
            }
            return;
        };
        self.ends.set(&token, None);
        let items = judge(&asked, answer);
        let items = match asked.of {
            Asker::Core => items.and_then(|items| self.once(&asked.from.mar.impi, items)),
            Asker::System => items,
        };
        // Step 9: the question that waits has the identities that belong to those of the answer. Step 10, or step 8.
        self.end(now, asked.from, asked.of, items);
    }

    fn end(&mut self, now: Instant, from: PartnerMar, of: Asker, answer: Result<Vec<AuthItem>, Unanswered>) {
        match &answer {
            Ok(items) => self.counters.vectors += items.len() as u64,
            Err(why) => {
                self.counters.refused += 1;
                self.hss.say(format!("no authentication information for {}: {}", of.name(), text_of(why)));
            }
        }
        self.hss.answer_partner_mar(now, from, of == Asker::Core, answer);
    }

    /// Vectors that are given out for the first time: an answer that comes again is none.
    fn once(&mut self, impi: &str, items: Vec<AuthItem>) -> Result<Vec<AuthItem>, Unanswered> {
        let given = self.given.entry(impi.to_owned()).or_default();
        for item in &items {
            let AuthData::Aka { rand, .. } = &item.data else { continue };
            if given.contains(rand) {
                return failed("a vector has come that was used before");
            }
            given.push_back(*rand);
            if given.len() > GIVEN_KEPT {
                given.pop_front();
            }
        }
        Ok(items)
    }

    /// What has waited too long is answered: the timer of this server.
    fn expire(&mut self, now: Instant) {
        for token in self.ends.until(now) {
            self.ends.set(&token, None);
            let Some(asked) = self.asked.remove(&token) else { continue };
            self.counters.timeouts += 1;
            let why = failed(&format!("{} does not answer in time", asked.of.whom_it_waits_for()));
            self.end(now, asked.from, asked.of, why);
        }
    }

    fn settle(&mut self, now: Instant) {
        loop {
            if let Some(mar) = self.hss.poll_partner_mar() {
                self.on_mar(now, mar);
            } else if let Some((token, answer)) = self.hss.poll_answer() {
                self.on_answer(now, token, answer);
            } else {
                return;
            }
            self.hss.drain(now);
        }
    }
}

impl Asker {
    const fn name(self) -> &'static str {
        match self {
            Self::Core => "its SIP core",
            Self::System => "another system",
        }
    }

    /// Who has to answer.
    const fn whom_it_waits_for(self) -> &'static str {
        match self {
            Self::Core => "the migration management server of the primary MC system",
            Self::System => "the HSS of the primary MC system",
        }
    }
}

/// The vectors of an answer: those that were asked for, and not more of them.
fn judge(asked: &Asked, answer: Result<Message, RequestFailure>) -> Result<Vec<AuthItem>, Unanswered> {
    let who = asked.of.whom_it_waits_for();
    let message = answer.or_else(|failure| failed(&format!("{who} cannot be asked: {failure}")))?;
    let maa = Maa::from_message(&message)
        .or_else(|problem| failed(&format!("{who} answers what cannot be read: {}", problem.what)))?;
    match maa.outcome.result {
        result if result.is_success() => {}
        ResultCode::Experimental(_) | ResultCode::Base(result::AUTHORIZATION_REJECTED) => {
            return refused(maa.outcome.result);
        }
        // What has gone wrong between others is nobody's business here.
        ResultCode::Base(result) => {
            return failed(&format!("{who} answers Result-Code {result}"));
        }
    }
    let is_same = |said: &Option<String>, wanted: &String| said.as_ref().is_none_or(|said| said == wanted);
    if !(is_same(&maa.impi, &asked.impi) && is_same(&maa.impu, &asked.impu)) {
        return failed(&format!("{who} answers about somebody else"));
    }
    let mut items = maa.items;
    items.truncate(asked.from.mar.items.max(1) as usize);
    if items.is_empty() || items.iter().any(|item| !matches!(item.data, AuthData::Aka { .. })) {
        return failed(&format!("{who} gives no vectors of AKA"));
    }
    Ok(items)
}

fn refused<T>(result: ResultCode) -> Result<T, Unanswered> {
    Err(Unanswered::Refused(result))
}

fn failed<T>(what: &str) -> Result<T, Unanswered> {
    Err(Unanswered::Failed(DiameterProblem::new(result::UNABLE_TO_COMPLY, what)))
}

fn text_of(why: &Unanswered) -> String {
    match why {
        Unanswered::Refused(ResultCode::Base(code)) => format!("Result-Code {code}"),
        Unanswered::Refused(ResultCode::Experimental(code)) => format!("Experimental-Result-Code {code}"),
        Unanswered::Failed(problem) => problem.to_string(),
    }
}

impl Node for MigrationServer {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        self.hss.handle_input(now, input);
        self.settle(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.expire(now);
        self.hss.handle_timeout(now);
        self.settle(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        [self.hss.poll_timeout(), self.ends.first()].into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.hss.poll_output()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let of_hss = ["diameter_requests", "diameter_requests_refused", "subscriptions_with_scscf"];
        let mut figures = self.hss.figures();
        figures.retain(|(name, _)| of_hss.contains(name));
        figures.extend([
            ("migration_bindings", self.bindings.len() as u64),
            ("migration_questions_under_way", self.asked.len() as u64),
            ("migration_questions_of_own_core", self.counters.from_core),
            ("migration_questions_of_systems", self.counters.from_systems),
            ("migration_vectors", self.counters.vectors),
            ("migration_refusals", self.counters.refused),
            ("migration_timeouts", self.counters.timeouts),
        ]);
        figures
    }
}

/// RANDs of one user that are remembered: as many as sequence numbers that a USIM tells apart (TS 33.102 clause C.3.2).
const GIVEN_KEPT: usize = 32;
