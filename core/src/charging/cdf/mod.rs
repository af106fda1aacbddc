//! Charging data function (TS 32.240 clause 4.3.1.2): it takes accounting records on Rf, makes charging data records of them
//! and writes these to files.
//!
//! A record is acknowledged when it is durable. Session-Id and Accounting-Record-Number name it (RFC 6733 clause 9.4): one
//! that was taken before is acknowledged again and changes nothing.

mod files;
mod folder;
mod sessions;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use protocol::diameter::dictionary::{ACCOUNTING, APP_RF};
use protocol::diameter::rf::{Aca, Acr};
use protocol::diameter::{DiameterConfig, DiameterProblem, Message, RequestHandle, result};
use protocol::{Entropy, Instant};

use super::server::{DiameterServer, ServerEvent, Service};
use crate::node::{Admin, Node, NodeInput, NodeOutput, Table};
use files::Files;
pub use files::list_records;
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

/// What waits for the store beside answers.
#[derive(Debug)]
enum Job {
    /// A file is begun.
    File,
    /// A file is written.
    Written,
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
    server: DiameterServer<Job>,
    sessions: BTreeMap<String, Accounted>,
    /// When something has to happen to a session.
    due: BTreeSet<(u64, String)>,
    files: Files,
    /// Since when records can come.
    listening_utc_ms: u64,
    counters: Counters,
}

const SERVICE: Service = Service {
    name: "CDF",
    application: APP_RF,
    tables: &[Table::CdfSession, Table::Cdr, Table::CdfState],
    not_kept: result::OUT_OF_SPACE,
};

impl Cdf {
    /// A CDF that first reads what it had.
    pub fn new(config: CdfConfig, entropy: Entropy) -> Self {
        Self {
            server: DiameterServer::new(SERVICE, &config.diameter, config.utc_ms_at_zero, entropy),
            config,
            sessions: BTreeMap::new(),
            due: BTreeSet::new(),
            files: Files::default(),
            listening_utc_ms: 0,
            counters: Counters::default(),
        }
    }

    fn on_request(&mut self, now: Instant, handle: RequestHandle, request: Message) {
        self.counters.requests += 1;
        let outcome = match request.command {
            ACCOUNTING => Acr::from_message(&request).and_then(|acr| self.account(now, &acr)),
            _ => Err(DiameterProblem::new(result::COMMAND_UNSUPPORTED, "this is a CDF: send ACR")),
        };
        match outcome {
            Ok(ops) => {
                let answer = self.success().to_message(&request);
                self.server.answer(handle, request, answer, ops);
            }
            Err(problem) => self.server.refuse(now, handle, &request, &problem),
        }
    }

    fn success(&self) -> Aca {
        let (host, realm) = self.server.endpoint.origin();
        Aca {
            origin_host: host.to_owned(),
            origin_realm: realm.to_owned(),
            result: result::SUCCESS,
            interval: self.config.interim.map(|interval| u32::try_from(interval.as_secs()).unwrap_or(u32::MAX)),
        }
    }

    fn on_stored(&mut self, now: Instant, job: Job, result: Result<(), String>) {
        match (job, result) {
            (Job::File, Ok(())) => self.write_file(),
            (Job::File, Err(error)) => {
                self.server.say(format!("a change is not durable: {error}"));
                self.server.reload();
            }
            (Job::Written, result) => self.on_written(now, result),
        }
    }

    fn drain(&mut self, now: Instant) {
        while let Some(event) = self.server.poll_event() {
            match event {
                ServerEvent::Loaded(tables) => self.load(now, tables),
                ServerEvent::Request(handle, request) => self.on_request(now, handle, request),
                ServerEvent::Stored(job, result) => self.on_stored(now, job, result),
            }
        }
    }
}

impl Node for Cdf {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        if matches!(input, NodeInput::Admin(Admin::Shutdown)) {
            self.begin_file();
        }
        self.server.handle_input(now, input);
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.server.handle_timeout(now);
        self.expire(now);
        self.rotate(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let due = self.due.first().map(|(at, _)| *at).filter(|_| !self.server.is_loading());
        let own = [due, self.files.due(&self.config)].into_iter().flatten().map(|utc| self.server.instant_of(utc));
        own.chain(self.server.endpoint.poll_timeout()).min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.server.poll_output()
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
