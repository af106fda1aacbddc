//! Charging data function (TS 32.240 clause 4.3.1.2): it takes accounting records on Rf, makes charging data records of them
//! and writes these to files.
//!
//! A record is acknowledged when it is durable. Session-Id and Accounting-Record-Number name it (RFC 6733 clause 9.4): one
//! that was taken before is acknowledged again and changes nothing.

mod files;
mod folder;
mod sessions;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use protocol::diameter::dictionary::{ACCOUNTING, APP_RF};
use protocol::diameter::rf::{Aca, Acr};
use protocol::diameter::{
    DiameterConfig, DiameterEndpoint, DiameterOutput, DiameterProblem, DisconnectCause, Message, RequestHandle,
    problem_answer, result,
};
use protocol::{Entropy, Instant};

use crate::ims::{Admin, ImsInput, ImsNode, ImsOutput, ImsStoreAnswer, ImsStoreOp, ImsStoreRequest, NodeNote, Table};
use crate::store::StoreToken;
use files::Files;
pub use folder::CdrFolder;
use sessions::Accounted;

/// Settings of a CDF.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CdfConfig {
    /// Its Diameter side. The application is Rf, whatever is in there.
    pub diameter: DiameterConfig,
    /// Acct-Interim-Interval that it wants; none: nodes send interim records when something changes only.
    pub interim: Option<Duration>,
    /// A session that nothing was heard of for so long is lost: its record is closed.
    pub lost_after: Duration,
    /// A record that is open for so long is closed, and another one follows; none: it is not.
    pub partial_after: Option<Duration>,
    /// How long what is over is remembered, so that it is not charged again.
    pub remembered: Duration,
    /// Records of one file.
    pub file_records: u64,
    /// A file is written when its first record is so old.
    pub file_age: Duration,
    /// Sessions that are kept; of more, the answer is DIAMETER_OUT_OF_SPACE.
    pub max_sessions: usize,
    /// UTC at the start of the run, in milliseconds.
    pub utc_ms_at_zero: u64,
}

impl CdfConfig {
    /// With what is usual.
    pub fn new(diameter: DiameterConfig) -> Self {
        Self {
            diameter,
            interim: Some(Duration::from_secs(300)),
            lost_after: Duration::from_secs(900),
            partial_after: None,
            remembered: Duration::from_secs(48 * 3600),
            file_records: 1000,
            file_age: Duration::from_secs(300),
            max_sessions: 1_000_000,
            utc_ms_at_zero: 0,
        }
    }
}

/// What waits for the store.
#[derive(Debug)]
enum Waiting {
    Load,
    Answer { handle: RequestHandle, request: Message, answer: Message },
    File,
    Written,
    Nothing,
}

#[derive(Debug, Default)]
struct Counters {
    requests: u64,
    duplicates: u64,
    records: u64,
    files: u64,
}

/// A CDF.
#[derive(Debug)]
pub struct Cdf {
    config: CdfConfig,
    endpoint: DiameterEndpoint,
    sessions: BTreeMap<String, Accounted>,
    /// When something has to happen to a session.
    due: BTreeSet<(u64, String)>,
    files: Files,
    /// Since when records can come.
    listening_utc_ms: u64,
    early: Option<Vec<(RequestHandle, Message)>>,
    waiting: BTreeMap<u64, Waiting>,
    next_token: u64,
    counters: Counters,
    out: VecDeque<ImsOutput>,
}

/// Requests that are held while the store is read.
const MAX_EARLY: usize = 10_000;

impl Cdf {
    /// A CDF that first reads what it had.
    pub fn new(mut config: CdfConfig, entropy: Entropy) -> Self {
        config.diameter.applications = vec![APP_RF];
        let endpoint = DiameterEndpoint::new(config.diameter.clone(), entropy);
        let mut cdf = Self {
            config,
            endpoint,
            sessions: BTreeMap::new(),
            due: BTreeSet::new(),
            files: Files::default(),
            listening_utc_ms: 0,
            early: Some(Vec::new()),
            waiting: BTreeMap::new(),
            next_token: 0,
            counters: Counters::default(),
            out: VecDeque::new(),
        };
        let tables = [Table::CdfSession, Table::Cdr, Table::CdfState];
        cdf.store(tables.map(|table| ImsStoreOp::Scan { table }).to_vec(), Waiting::Load);
        cdf
    }

    fn on_request(&mut self, now: Instant, handle: RequestHandle, request: Message) {
        if let Some(early) = &mut self.early {
            if early.len() < MAX_EARLY {
                early.push((handle, request));
            }
            return;
        }
        self.counters.requests += 1;
        let outcome = match request.command {
            ACCOUNTING => Acr::from_message(&request).and_then(|acr| self.account(now, &acr)),
            _ => Err(DiameterProblem::new(result::COMMAND_UNSUPPORTED, "this is a CDF: send ACR")),
        };
        match outcome {
            Ok(ops) => {
                let answer = self.success().to_message(&request);
                // Also a duplicate waits: what it repeats may still be on its way to the disk.
                self.store(ops, Waiting::Answer { handle, request, answer });
            }
            Err(problem) => self.refuse(now, handle, &request, &problem),
        }
    }

    fn success(&self) -> Aca {
        let (host, realm) = self.endpoint.origin();
        Aca {
            origin_host: host.to_owned(),
            origin_realm: realm.to_owned(),
            result: result::SUCCESS,
            interval: self.config.interim.map(|interval| u32::try_from(interval.as_secs()).unwrap_or(u32::MAX)),
        }
    }

    fn refuse(&mut self, now: Instant, handle: RequestHandle, request: &Message, problem: &DiameterProblem) {
        self.say(format!("{} is refused: {problem}", request.name()));
        let (host, realm) = self.endpoint.origin();
        let answer = problem_answer(request, host, realm, problem);
        self.endpoint.send_answer(now, handle, answer);
    }

    fn on_stored(&mut self, now: Instant, answer: ImsStoreAnswer) {
        match (self.waiting.remove(&answer.token.0), answer.result) {
            (Some(Waiting::Load), Ok(tables)) => self.load(now, tables),
            (Some(Waiting::Load), Err(error)) => {
                self.say(format!("what was recorded before cannot be read: {error}"));
                self.endpoint.disconnect(now, DisconnectCause::Busy);
            }
            (Some(Waiting::Answer { handle, answer, .. }), Ok(_)) => self.endpoint.send_answer(now, handle, answer),
            (Some(Waiting::Answer { handle, request, .. }), Err(error)) => {
                // What is in memory now is not on the disk: all of it is read again before anything is said.
                let problem = DiameterProblem::new(result::OUT_OF_SPACE, format!("the record cannot be kept: {error}"));
                self.refuse(now, handle, &request, &problem);
                self.reload();
            }
            (Some(Waiting::File), Ok(_)) => self.write_file(),
            (Some(Waiting::Written), answer) => self.on_written(now, answer.map(drop).map_err(|e| e.to_string())),
            (Some(Waiting::File | Waiting::Nothing), Err(error)) => {
                self.say(format!("a change is not durable: {error}"));
                self.reload();
            }
            (Some(Waiting::Nothing), Ok(_)) | (None, _) => {}
        }
    }

    fn reload(&mut self) {
        if self.early.is_none() {
            self.early = Some(Vec::new());
            let tables = [Table::CdfSession, Table::Cdr, Table::CdfState];
            self.store(tables.map(|table| ImsStoreOp::Scan { table }).to_vec(), Waiting::Load);
        }
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(transport) => self.out.push_back(ImsOutput::Diameter(transport)),
                DiameterOutput::Request { handle, message } => self.on_request(now, handle, message),
                DiameterOutput::PeerUp { host } => self.say(format!("Diameter peer {host} is up")),
                DiameterOutput::PeerDown { host } => self.say(format!("Diameter peer {host} is down")),
                DiameterOutput::Ignored { state, event } => self.ignored(state, event),
                DiameterOutput::Answer { .. } => {}
            }
        }
    }

    fn store(&mut self, ops: Vec<ImsStoreOp>, waiting: Waiting) {
        self.next_token += 1;
        self.waiting.insert(self.next_token, waiting);
        self.out.push_back(ImsOutput::Store(ImsStoreRequest { token: StoreToken(self.next_token), ops }));
    }

    fn utc_ms(&self, now: Instant) -> u64 {
        self.config.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    fn instant(&self, utc_ms: u64) -> Instant {
        Instant::from_nanos(utc_ms.saturating_sub(self.config.utc_ms_at_zero).saturating_mul(1_000_000))
    }

    fn say(&mut self, text: impl Into<String>) {
        self.out.push_back(ImsOutput::Note(NodeNote::Said(text.into())));
    }

    fn ignored(&mut self, state: impl Into<String>, event: impl Into<String>) {
        self.out.push_back(ImsOutput::Note(NodeNote::Ignored { state: state.into(), event: event.into() }));
    }
}

impl ImsNode for Cdf {
    fn handle_input(&mut self, now: Instant, input: ImsInput<'_>) {
        match input {
            ImsInput::Diameter(input) => self.endpoint.handle_input(now, input),
            ImsInput::Store(answer) => self.on_stored(now, answer),
            ImsInput::Admin(Admin::Shutdown) => {
                self.begin_file();
                self.endpoint.disconnect(now, DisconnectCause::Rebooting);
            }
            _ => self.ignored("a CDF has Rf only", "input of another kind"),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.endpoint.poll_timeout().is_some_and(|at| at <= now) {
            self.endpoint.handle_timeout(now);
        }
        self.expire(now);
        self.rotate(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let due = self.due.first().map(|(at, _)| *at).filter(|_| self.early.is_none());
        let own = [due, self.files.due(&self.config)].into_iter().flatten().map(|utc| self.instant(utc));
        own.chain(self.endpoint.poll_timeout()).min()
    }

    fn poll_output(&mut self) -> Option<ImsOutput> {
        self.out.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("accounting_requests", self.counters.requests),
            ("accounting_duplicates", self.counters.duplicates),
            ("accounting_sessions", self.sessions.values().filter(|s| s.is_open()).count() as u64),
            ("charging_data_records", self.counters.records),
            ("charging_data_files", self.counters.files),
        ]
    }
}

#[cfg(test)]
mod tests;
