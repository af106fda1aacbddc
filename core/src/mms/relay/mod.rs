//! MMS Relay/Server (TS 23.140 clauses 4.3 and 7.1; TR 23.804 clause 8.11).
//!
//! - MM1 is HTTP: all PDUs are POSTed to `/`, a message is fetched by GET from its X-Mms-Content-Location.
//! - MM4 is SMTP both ways, over connections of its own, some for each other relay.
//! - Subscribers are told of messages and reports by push: PAP to the IP-Message-GW, or short messages through the SM-SC.
//!
//! What was acknowledged is durable: M-Send.conf, 200, 250 and MM4_forward.RES wait for the commit of the process's store. A
//! content is in the store once, however many have it to get, and is in memory only while it is taken or given out. What is
//! to be done is in the store too, as tasks, of which a few are in memory: what a kill interrupts is done once more, and is
//! known by its names (X-Mms-Transaction-ID, X-Mms-Message-ID, push-id), so that nothing happens twice.
//!
//! Not done, and refused clearly: message boxes (MMBox), reply charging, replacing and cancelling, messages to applications,
//! protected content (DRM), MM3 (mail of users). Not done: content adaptation, online charging.

mod accept;
mod access;
mod budget;
mod census;
mod charged;
mod config;
mod content;
mod forward;
mod keys;
mod mail_in;
mod message;
mod mm1;
mod mm4;
mod mm4_bounce;
mod mm4_forward;
mod mm4_letters;
mod mm4_out;
mod mm4_report;
mod mm4_words;
mod notify;
mod push;
mod report;
mod retrieve;
mod routes;
#[cfg(test)]
mod session_tests;
mod sms;
mod strays;
mod task;
mod upkeep;
mod ways;
mod work;

use std::collections::{BTreeMap, VecDeque};

use protocol::{Entropy, Instant};

use self::accept::Draft;
use self::access::Access;
use self::census::Census;
use self::config::Gateway;
use self::mail_in::Posts;
use self::mm4_out::Mails;
use self::routes::Routes;
use self::sms::SmsLink;
use self::ways::{Running, Way};
use self::work::{Claim, Event, Written};
use crate::charging::ChargingClient;
use crate::node::rows::of_row;
use crate::node::{
    Admin, Node, NodeInput, NodeOutput, NodeShell, NodeStoreAnswer, NodeStoreOp, Rows, StreamInput, Table,
};
use crate::store::StoreError;
pub use config::{MmsLimits, MmsPush, MmsRelayConfig, MmsSubscriber, MmsTimes, OtherRelay, PushGateway};

/// An MMS Relay/Server.
#[derive(Debug)]
pub struct MmsRelay {
    config: MmsRelayConfig,
    routes: Routes,
    access: Access,
    entropy: Entropy,
    shell: NodeShell<Job>,
    ways: Vec<Way>,
    /// Tasks in memory.
    running: BTreeMap<u64, Running>,
    /// What happens to messages one thing after the other: the message in the store is right between two of them.
    busy: BTreeMap<u64, VecDeque<Event>>,
    /// Messages that come in, by what their senders call them, and the same ones that come meanwhile.
    arriving: BTreeMap<String, VecDeque<Draft>>,
    /// Tasks that the transaction which is being made brings.
    woken: Vec<(String, String, u64)>,
    charging: ChargingClient,
    /// Records that the transaction which is being made brings, and what makes them durable.
    records: Vec<(u64, NodeStoreOp)>,
    sms: SmsLink,
    mails: Mails,
    posts: Posts,
    gateway: Option<Gateway>,
    /// Requests to the gateway, and the tasks that they are for.
    pushing: BTreeMap<u64, u64>,
    next_token: u64,
    census: Census,
    counters: Counters,
    /// Starts of the relay, and what was numbered since the last one.
    start: u64,
    next: u64,
    is_ready: bool,
    /// When that is asked again: the store has failed.
    start_at: Option<Instant>,
    is_over: bool,
    /// The store does not write: nothing goes until then.
    paused_until: Option<Instant>,
}

/// What is counted since the start.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    accepted: u64,
    refused: u64,
    repeated: u64,
    delivered: u64,
    rejected: u64,
    expired: u64,
    lost: u64,
    retrieved: u64,
    notified: u64,
    pushes_failed: u64,
    forwarded: u64,
    mails_sent: u64,
    mails_failed: u64,
    mails_taken: u64,
    reports: u64,
}

/// What waits for the store.
#[derive(Debug)]
enum Job {
    /// Which start it is.
    Start,
    Census,
    Scan(usize),
    Tasks {
        way: usize,
        found: Vec<(u64, String)>,
    },
    Claim(u64, Claim),
    /// Whether a message has come before.
    Known(Box<Draft>),
    /// The same of one that shares the content of another one.
    Shared(u64, Box<message::Message>, Box<Draft>),
    /// Tasks on ways that the settings do not have.
    Stray,
    /// Such a task, and where it was found.
    StrayTask(u64, String),
    /// Whether a message was sent on before that is not there any more.
    SentBefore(Box<accept::Reply>),
    Load(u64),
    Write(Box<Written>),
    /// The content of a message that goes to another relay.
    Content(Box<mm4_forward::Leaving>),
    /// Nobody waits.
    Settle,
}

impl MmsRelay {
    /// An MMS Relay/Server.
    ///
    /// # Errors
    /// Settings that do not go together.
    pub fn new(config: MmsRelayConfig, mut entropy: Entropy) -> Result<Self, String> {
        config.check()?;
        let gateway = config.gateway.as_ref().map(Gateway::new).transpose()?;
        let routes = Routes::new(&config)?;
        let access = Access::new(&config, entropy.split())?;
        let charging = config.charging.clone().map(|mut rf| {
            rf.utc_ms_at_zero = config.utc_ms_at_zero;
            ChargingClient::new(rf, entropy.split())
        });
        let mut shell = NodeShell::new(config.utc_ms_at_zero);
        shell.store(vec![NodeStoreOp::get(Table::MmsState, STARTS)], Job::Start);
        let ways = Way::all(&config);
        let (sms, mails, posts) = (SmsLink::new(&config), Mails::new(&config), Posts::new(&config));
        let (running, busy, arriving, woken, records, pushing, census, counters) = Default::default();
        Ok(Self {
            config,
            routes,
            access,
            entropy,
            shell,
            ways,
            running,
            busy,
            arriving,
            woken,
            charging: charging.unwrap_or_default(),
            records,
            sms,
            mails,
            posts,
            gateway,
            pushing,
            next_token: 0,
            census,
            counters,
            start: 0,
            next: 0,
            is_ready: false,
            start_at: None,
            is_over: false,
            paused_until: None,
        })
    }

    /// Things that the memory holds, whatever the store holds: for those who watch that it does not grow.
    #[must_use]
    pub fn in_memory(&self) -> usize {
        self.running.len() + self.busy.len() + self.arriving.len() + self.pushing.len()
    }

    /// A number that was never given before.
    fn new_number(&mut self) -> u64 {
        self.next += 1;
        (self.start << NUMBERS) + self.next
    }

    fn store_answered(&mut self, now: Instant, answer: NodeStoreAnswer) {
        let Some(answer) = self.charging.stored(now, answer) else { return };
        let Some((job, result)) = self.shell.take_answer(answer) else { return };
        match (job, result) {
            (Job::Write(written), result) => self.written(now, *written, result),
            (job, Ok(rows)) => self.read(now, job, rows),
            (job, Err(error)) => self.not_read(now, job, &error),
        }
    }

    fn read(&mut self, now: Instant, job: Job, mut rows: Vec<Rows>) {
        let first = |rows: &mut Vec<Rows>| if rows.is_empty() { Rows::new() } else { rows.swap_remove(0) };
        match job {
            Job::Start => self.started(now, &first(&mut rows)),
            Job::Census => self.counted(&first(&mut rows)),
            Job::Scan(way) => self.scanned(now, way, &first(&mut rows)),
            Job::Tasks { way, found } => self.tasks_read(now, way, found, rows),
            Job::Claim(number, claim) => self.claim_read(now, number, claim, &first(&mut rows)),
            Job::Known(draft) => self.origin_read(now, *draft, &rows),
            Job::Shared(root, message, draft) => self.shared_read(now, root, *message, *draft, &rows),
            Job::Stray => self.stray_found(&first(&mut rows)),
            Job::StrayTask(number, key) => self.stray_read(now, number, &key, &first(&mut rows)),
            Job::SentBefore(reply) => self.sent_on_before(now, *reply, &first(&mut rows)),
            Job::Load(number) => self.loaded(now, number, &first(&mut rows)),
            Job::Content(leaving) => self.content_read(now, *leaving, first(&mut rows)),
            Job::Write(_) | Job::Settle => {}
        }
    }

    fn not_read(&mut self, now: Instant, job: Job, error: &StoreError) {
        self.store_failed(now, error);
        match job {
            // Without it a number could be given twice.
            Job::Start => self.start_at = self.paused_until,
            Job::Census => self.census.is_reading = false,
            Job::Scan(way) => self.ways[way].scan.failed(),
            Job::Tasks { way, found } => self.ways[way].running -= found.len(),
            Job::Claim(_, claim) => self.claim_failed(now, claim),
            Job::Known(draft) => self.not_accepted(now, *draft),
            Job::Shared(root, _, draft) => {
                self.not_accepted(now, *draft);
                self.unlock(root);
            }
            // What is there stays there until the next start.
            Job::Stray | Job::StrayTask(..) => {}
            Job::SentBefore(reply) => self.not_sent_on(now, *reply),
            Job::Load(number) => self.not_loaded(now, number),
            Job::Content(leaving) => self.not_sent(*leaving),
            Job::Write(_) | Job::Settle => {}
        }
    }

    /// The store has told how often the relay has started.
    fn started(&mut self, now: Instant, rows: &Rows) {
        if self.start == 0 {
            let before: u64 = rows.first().and_then(|(_, value)| of_row(value)).unwrap_or_default();
            self.start = before + 1;
            let ops = vec![keys::put(Table::MmsState, STARTS.to_owned(), &self.start)];
            return self.write(ops, Written { is_start: true, ..Written::default() });
        }
        self.is_ready = true;
        self.census.until(self.start << NUMBERS);
        self.seek_strays(String::new());
        self.sms.open(now);
    }

    /// The store does not do what it is asked: nothing goes for a moment, and then everything is looked for again.
    fn store_failed(&mut self, now: Instant, error: &StoreError) {
        self.shell.say(format!("the store does not take what has happened: {error}"));
        self.paused_until = Some(now + STORE_PAUSE);
        self.ways.iter_mut().for_each(|way| way.scan.rewind());
    }

    fn drain(&mut self, now: Instant) {
        self.flush_sms(now);
        self.flush_posts(now);
        self.flush_mails(now);
        if self.start_at.take_if(|at| *at <= now).is_some() {
            self.shell.store(vec![NodeStoreOp::get(Table::MmsState, STARTS)], Job::Start);
        }
        self.count_more(now);
        self.look(now);
        self.flush_sms(now);
        self.flush_mails(now);
    }

    fn take_stream(&mut self, now: Instant, input: StreamInput<'_>) {
        match input {
            StreamInput::Connected { conn, token: None, remote, .. } => self.posts_opened(now, conn, remote),
            StreamInput::Connected { conn, token: Some(SMS_TOKEN), .. } => self.sms_opened(now, conn),
            StreamInput::Connected { conn, token: Some(token), .. } => self.mails_opened(now, conn, token),
            StreamInput::ConnectFailed { token: SMS_TOKEN, why } => self.sms_not_opened(now, &why),
            StreamInput::ConnectFailed { token, why } => self.mails_not_opened(now, token, &why),
            StreamInput::Received { conn, bytes } => {
                let is_known = self.sms.received(now, conn, bytes) || self.mails.received(now, conn, bytes);
                if !is_known {
                    self.posts.received(now, conn, bytes);
                }
            }
            StreamInput::Closed { conn } => {
                let is_known = self.sms.closed(now, conn) || self.mails.closed(now, conn);
                if !is_known {
                    self.posts.closed(now, conn);
                }
            }
        }
    }

    /// The relay stops: what is under way ends where it is, for the store has it.
    fn shut_down(&mut self, now: Instant) {
        self.is_over = true;
        self.sms.unbind(now);
        self.posts.shut_down(now);
        self.mails.shut_down(now);
    }
}

impl Node for MmsRelay {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Http { exchange, peer, request } => self.on_http(now, exchange, peer, request),
            NodeInput::HttpResponse { token, result } => self.pushed(now, token, result),
            NodeInput::Stream(input) => self.take_stream(now, input),
            NodeInput::Store(answer) => self.store_answered(now, answer),
            NodeInput::Diameter(input) => {
                if self.charging.diameter(now, input).is_some() {
                    self.shell.ignore("MMS relay", "Diameter that is not of its charging");
                }
            }
            NodeInput::Admin(Admin::Shutdown) => self.shut_down(now),
            // What it holds may be a secret.
            _ => self.shell.ignore("MMS relay", "an input that is neither HTTP, a stream, Diameter nor of the store"),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.sms.handle_timeout(now);
        self.open_sms(now);
        self.mails_timeout(now);
        self.posts.handle_timeout(now);
        self.access.handle_timeout(now);
        self.charging.handle_timeout(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let links = [self.sms.poll_timeout(), self.mails.poll_timeout(), self.posts.poll_timeout()];
        let others = [self.access.poll_timeout(), self.charging.poll_timeout(), self.next_look(), self.start_at];
        links.into_iter().chain(others).flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.shell.poll_output().or_else(|| self.charging.poll_output())
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let own = self.counters;
        let mut figures = vec![
            ("mms_messages_kept", self.census.messages()),
            ("mms_octets_kept", self.census.octets()),
            ("mms_in_memory", self.in_memory() as u64),
            ("mms_octets_coming_in", self.posts.budget.used() as u64),
            ("mms_octets_going_out", self.mails.budget.used() as u64),
            ("mms_smtp_connections", (self.posts.count() + self.mails.count()) as u64),
            ("mms_sm_sc_bound", u64::from(self.sms.room() > 0)),
            ("mms_messages_accepted", own.accepted),
            ("mms_messages_refused", own.refused),
            ("mms_messages_repeated", own.repeated),
            ("mms_messages_delivered", own.delivered),
            ("mms_messages_rejected", own.rejected),
            ("mms_messages_expired", own.expired),
            ("mms_messages_undeliverable", own.lost),
            ("mms_retrievals", own.retrieved),
            ("mms_pushes_delivered", own.notified),
            ("mms_pushes_failed", own.pushes_failed),
            ("mms_messages_forwarded", own.forwarded),
            ("mms_mails_sent", own.mails_sent),
            ("mms_mails_failed", own.mails_failed),
            ("mms_mails_taken", own.mails_taken),
            ("mms_reports", own.reports),
        ];
        figures.extend(self.charging.figures());
        figures
    }
}

/// The row of [`Table::MmsState`] with the starts of the relay.
const STARTS: &str = "starts";
/// Bits of a number that count within a start.
const NUMBERS: u32 = 32;
/// Names the connection to the SM-SC among those that are wanted.
const SMS_TOKEN: u64 = 0;
/// How long nothing goes when the store has failed.
const STORE_PAUSE: std::time::Duration = std::time::Duration::from_secs(1);
