//! Online charging system (TS 32.296): accounts, rating and reservations behind Ro (RFC 8506, TS 32.299 clause 6.3).
//!
//! A request is answered when what it changes is durable. Session-Id and CC-Request-Number name it: one that was taken before
//! gets the answer that it got, and changes nothing.

mod account;
mod accounts;
mod credit;
mod tariff;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;

use protocol::diameter::dictionary::{APP_RO, CREDIT_CONTROL};
use protocol::diameter::ro::{Ccr, FailureHandling};
use protocol::diameter::{DiameterConfig, DiameterProblem, Message, RequestHandle, result};
use protocol::{Entropy, Instant};

use super::server::{DiameterServer, ServerEvent, Service, Waiting};
use crate::node::{Node, NodeInput, NodeOutput, NodeStoreOp, Rows, Table};
use account::Reservation;
pub use account::{Account, UnitSums};
pub use accounts::{AccountError, add_account, find_account, list_accounts, top_up_account, unit_sums};
pub use tariff::{Tariff, TariffTable, TariffUnit};

/// Settings of an OCS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OcsConfig {
    /// Its Diameter side. The application is credit control, whatever is in there.
    pub diameter: DiameterConfig,
    /// What services cost.
    pub tariffs: TariffTable,
    /// Accounts that are made when they are not there.
    pub accounts: Vec<Account>,
    /// What clients shall do when no OCS answers (Credit-Control-Failure-Handling).
    pub failure_handling: FailureHandling,
    /// How long what is over is remembered, so that it is not charged again.
    pub remembered: Duration,
    /// Sessions that are kept.
    pub max_sessions: usize,
    /// UTC at the start of the run, in milliseconds.
    pub utc_ms_at_zero: u64,
}

impl OcsConfig {
    /// With what is usual.
    pub fn new(diameter: DiameterConfig, tariffs: TariffTable) -> Self {
        Self {
            diameter,
            tariffs,
            accounts: Vec::new(),
            failure_handling: FailureHandling::Terminate,
            remembered: Duration::from_secs(48 * 3600),
            max_sessions: 1_000_000,
            utc_ms_at_zero: 0,
        }
    }
}

#[derive(Debug, Default)]
struct Counters {
    requests: u64,
    duplicates: u64,
    refused: u64,
    lost: u64,
}

/// An OCS.
#[derive(Debug)]
pub struct Ocs {
    config: OcsConfig,
    /// Nothing but answers waits for the store.
    server: DiameterServer<Infallible>,
    accounts: BTreeMap<String, Account>,
    /// Identities, and the account that pays for them.
    payers: BTreeMap<String, String>,
    sessions: BTreeMap<String, Reservation>,
    due: BTreeSet<(u64, String)>,
    counters: Counters,
}

const SERVICE: Service = Service {
    name: "OCS",
    application: APP_RO,
    tables: &[Table::OcsAccount, Table::OcsSession],
    not_kept: result::UNABLE_TO_COMPLY,
};

impl Ocs {
    /// An OCS that first reads its accounts.
    pub fn new(config: OcsConfig, entropy: Entropy) -> Self {
        Self {
            server: DiameterServer::new(SERVICE, &config.diameter, config.utc_ms_at_zero, entropy),
            config,
            accounts: BTreeMap::new(),
            payers: BTreeMap::new(),
            sessions: BTreeMap::new(),
            due: BTreeSet::new(),
            counters: Counters::default(),
        }
    }

    /// Whether the sums of all accounts and sessions hold: granted = used + returned, money in = money out.
    ///
    /// # Errors
    /// What does not hold.
    pub fn audit(&self) -> Result<(), String> {
        let mut reserved = BTreeMap::<&str, u64>::new();
        for (id, session) in &self.sessions {
            if !session.is_consistent() {
                return Err(format!("units of {id} do not add up: {session:?}"));
            }
            *reserved.entry(&session.account).or_default() += session.reserved;
        }
        for (id, account) in &self.accounts {
            let held = reserved.get(id.as_str()).copied().unwrap_or(0);
            if !account.is_consistent() || account.reserved != held {
                return Err(format!("{account:?} does not add up: sessions hold {held}"));
            }
        }
        Ok(())
    }

    fn load(&mut self, now: Instant, tables: Vec<Rows>) {
        let mut tables = tables.into_iter();
        self.accounts.clear();
        self.payers.clear();
        self.sessions.clear();
        self.due.clear();
        let mut unreadable = Vec::new();
        for (key, value) in tables.next().unwrap_or_default() {
            match serde_json::from_slice::<Account>(&value) {
                Ok(account) => self.put_account(account),
                Err(error) => unreadable.push(format!("account {key}: {error}")),
            }
        }
        let utc = self.server.utc_ms(now);
        for (key, value) in tables.next().unwrap_or_default() {
            match serde_json::from_slice::<Reservation>(&value) {
                Ok(mut session) => {
                    // Nothing could be heard while nobody listened.
                    let patience = utc + u64::from(session.tariff.validity) * 1000;
                    if session.open {
                        session.deadline_utc_ms = session.deadline_utc_ms.max(patience);
                    }
                    self.put_session(&key, session);
                }
                Err(error) => unreadable.push(format!("session {key}: {error}")),
            }
        }
        unreadable.into_iter().for_each(|what| self.server.say(format!("what is stored is unreadable: {what}")));
        let new: Vec<_> = self.config.accounts.iter().filter(|a| !self.accounts.contains_key(&a.id)).cloned().collect();
        let ops: Vec<_> = new.iter().filter_map(account_op).collect();
        new.into_iter().for_each(|account| self.put_account(account));
        if !ops.is_empty() {
            self.server.store(ops, Waiting::Nothing);
        }
    }

    fn put_account(&mut self, account: Account) {
        for identity in account.identities.iter().chain([&account.id]) {
            self.payers.insert(payer_key(identity), account.id.clone());
        }
        self.accounts.insert(account.id.clone(), account);
    }

    fn put_session(&mut self, id: &str, session: Reservation) {
        if let Some(before) = self.sessions.remove(id) {
            self.due.remove(&(before.deadline_utc_ms, id.to_owned()));
        }
        self.due.insert((session.deadline_utc_ms, id.to_owned()));
        self.sessions.insert(id.to_owned(), session);
    }

    fn on_request(&mut self, now: Instant, handle: RequestHandle, request: Message) {
        self.counters.requests += 1;
        let outcome = match request.command {
            CREDIT_CONTROL => Ccr::from_message(&request).and_then(|ccr| self.control(now, &ccr)),
            _ => Err(DiameterProblem::new(result::COMMAND_UNSUPPORTED, "this is an OCS: send CCR")),
        };
        match outcome {
            Ok((cca, ops)) => {
                let answer = cca.to_message(&request);
                self.server.answer(handle, request, answer, ops);
            }
            Err(problem) => {
                self.counters.refused += 1;
                self.server.refuse(now, handle, &request, &problem);
            }
        }
    }

    /// Sessions that nothing was heard of, and what is remembered of those that are over.
    fn expire(&mut self, now: Instant) {
        if self.server.is_loading() {
            return;
        }
        let utc = self.server.utc_ms(now);
        let mut ops = Vec::new();
        while let Some((at, id)) = self.due.first().filter(|(at, _)| *at <= utc).cloned() {
            self.due.remove(&(at, id.clone()));
            let Some(mut session) = self.sessions.remove(&id) else { continue };
            if !session.open {
                ops.push(NodeStoreOp::Delete { table: Table::OcsSession, key: id });
                continue;
            }
            self.counters.lost += 1;
            self.server.say(format!("session {id} is lost: {} units are returned", session.outstanding));
            if let Some(account) = self.accounts.get_mut(&session.account) {
                session.lose(account);
                ops.extend(account_op(account));
            }
            session.open = false;
            session.deadline_utc_ms = utc + self.remembered_ms();
            ops.extend(session_op(&id, &session));
            self.put_session(&id, session);
        }
        if !ops.is_empty() {
            self.server.store(ops, Waiting::Nothing);
        }
    }

    fn remembered_ms(&self) -> u64 {
        u64::try_from(self.config.remembered.as_millis()).unwrap_or(u64::MAX)
    }

    fn drain(&mut self, now: Instant) {
        while let Some(event) = self.server.poll_event() {
            match event {
                ServerEvent::Loaded(tables) => self.load(now, tables),
                ServerEvent::Request(handle, request) => self.on_request(now, handle, request),
                ServerEvent::Stored(never, _) => match never {},
            }
        }
    }
}

impl Node for Ocs {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        self.server.handle_input(now, input);
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.server.handle_timeout(now);
        self.expire(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let due = self.due.first().filter(|_| !self.server.is_loading());
        let due = due.map(|(at, _)| self.server.instant_of(*at));
        due.into_iter().chain(self.server.endpoint.poll_timeout()).min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.server.poll_output()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("accounts", self.accounts.len() as u64),
            ("credit_sessions", self.sessions.values().filter(|s| s.open).count() as u64),
            ("credit_requests", self.counters.requests),
            ("credit_duplicates", self.counters.duplicates),
            ("credit_requests_refused", self.counters.refused),
            ("credit_sessions_lost", self.counters.lost),
        ]
    }
}

/// An identity as accounts are found by: of a `tel` URI the digits.
fn payer_key(identity: &str) -> String {
    identity.trim_start_matches("tel:").trim_start_matches('+').to_ascii_lowercase()
}

fn account_op(account: &Account) -> Option<NodeStoreOp> {
    let value = serde_json::to_vec(account).ok()?;
    Some(NodeStoreOp::Put { table: Table::OcsAccount, key: account.id.clone(), value })
}

fn session_op(id: &str, session: &Reservation) -> Option<NodeStoreOp> {
    let value = serde_json::to_vec(session).ok()?;
    Some(NodeStoreOp::Put { table: Table::OcsSession, key: id.to_owned(), value })
}
