//! xMB at the BM-SC (TS 29.116): services and sessions of content providers, their content, their notifications and reports.
//!
//! A session has a TMGI and a multicast address from the moment at which it has a type, in the table that MB2-C has too: never
//! are two services on one of either, whoever asks. It has a bearer from its start to its stop; one that is lost meanwhile is
//! asked for again. TMGIs of content providers do not expire: they are given back when their session is deleted.
//!
//! What is acknowledged is durable before, content of files too; delivery goes on after a restart, with the first file.

mod access;
mod announcement;
mod answer;
mod bearers;
mod check;
mod delivery;
mod fetch;
mod files;
mod notices;
mod records;
mod services;
mod sessions;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use http::{Method, Request, Response, StatusCode};
use protocol::diameter::ResultCode;
use protocol::diameter::mbms::FlowId;
use protocol::xmb::Route;
use protocol::{Instant, Tmgi};

use self::answer::{Refused, not_allowed, refusal};
use self::delivery::Sending;
use self::fetch::Fetch;
use self::files::File;
use self::notices::Pushes;
pub(super) use self::records::SessionKey;
use self::records::{NoticeRecord, ReportRecord, ServiceRecord, SessionRecord};
use super::mb2::Work;
use super::mb2u::FlowCount;
use super::records::BearerKey;
use super::{Asked, BmscNode};
use crate::node::{HttpExchange, NodeOutput, Rows};

pub use self::access::ProviderConfig;

/// What the owners of TMGIs begin with that are content providers.
pub(super) const PROVIDER: &str = "xmb:";

/// Settings of xMB.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XmbConfig {
    /// What URLs of resources begin with, as content providers and UEs reach them: `http://10.46.0.31:8080`.
    pub base: String,
    /// Content providers, the first that fits being the one.
    pub providers: Vec<ProviderConfig>,
    /// Services that a content provider has at a time.
    pub max_services: usize,
    /// Sessions of a content provider.
    pub max_sessions: usize,
    /// Files of a session.
    pub max_files: usize,
    /// Octets of all files of a content provider.
    pub max_octets: usize,
    /// Notifications that are kept of a content provider, and reports: its oldest go first.
    pub max_kept: usize,
}

impl XmbConfig {
    /// With what is usual.
    pub fn new(base: &str, providers: Vec<ProviderConfig>) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
            providers,
            max_services: 1000,
            max_sessions: 1000,
            max_files: 64,
            max_octets: 64 << 20,
            max_kept: 1000,
        }
    }
}

/// What a session is, and what is being done for it.
#[derive(Debug)]
struct Entry {
    record: SessionRecord,
    files: BTreeMap<String, File>,
    /// Why it is not active though it should be.
    trouble: Option<String>,
    /// When its bearer is asked for again.
    again_at: Option<Instant>,
    /// Files that are to be fetched.
    fetches: BTreeMap<String, Fetch>,
    /// Its files are going out.
    sending: Option<Sending>,
    /// Its files cannot go out as they are.
    cannot_send: bool,
    /// What its bearer has carried, when that has just ended.
    ended: Option<FlowCount>,
    due: Option<Instant>,
}

impl Entry {
    fn new(record: SessionRecord) -> Self {
        let (files, fetches) = (BTreeMap::new(), BTreeMap::new());
        let (trouble, again_at, sending, ended, due) = (None, None, None, None, None);
        Self { record, files, trouble, again_at, fetches, sending, cannot_send: false, ended, due }
    }
}

/// What the BM-SC knows of xMB.
#[derive(Debug, Default)]
pub(super) struct Xmb {
    services: BTreeMap<String, ServiceRecord>,
    sessions: BTreeMap<SessionKey, Entry>,
    of_tmgi: BTreeMap<Tmgi, SessionKey>,
    due: BTreeSet<(Instant, SessionKey)>,
    notices: BTreeMap<String, NoticeRecord>,
    pushes: Pushes,
    reports: BTreeMap<String, ReportRecord>,
}

/// What is done when a change is durable.
#[derive(Debug)]
pub(super) enum Step {
    /// A content provider is answered.
    Answer(HttpExchange, Response<Vec<u8>>),
    /// A content provider is told.
    Push(Box<NoticeRecord>),
}

/// What becomes of a request.
#[derive(Debug)]
enum Reply {
    /// It is answered.
    Now(Response<Vec<u8>>),
    /// It is answered when this is durable.
    After(Box<Work>, Response<Vec<u8>>),
}

impl BmscNode {
    /// A request of HTTP.
    pub(super) fn on_http(
        &mut self,
        now: Instant,
        exchange: HttpExchange,
        peer: SocketAddr,
        request: &Request<Vec<u8>>,
    ) {
        self.counters.xmb_requests += 1;
        match self.serve(now, peer, request) {
            Ok(Reply::Now(response)) => self.out.push_back(NodeOutput::Http { exchange, response }),
            Ok(Reply::After(mut work, response)) => {
                work.then.xmb.push(Step::Answer(exchange, response));
                self.apply(now, *work);
            }
            Err(refused) => {
                let response = refused.to_response();
                self.out.push_back(NodeOutput::Http { exchange, response });
            }
        }
    }

    fn serve(&mut self, now: Instant, peer: SocketAddr, request: &Request<Vec<u8>>) -> Result<Reply, Refused> {
        if self.early.is_some() {
            return Err(Refused::new(StatusCode::SERVICE_UNAVAILABLE, "the BM-SC is starting: try again in a second"));
        }
        let Some(config) = &self.config.xmb else {
            return Err(Refused::new(StatusCode::NOT_FOUND, "this BM-SC has no xMB"));
        };
        let nothing = || Refused::new(StatusCode::NOT_FOUND, "no such resource");
        let route = Route::parse(request.uri().path()).ok_or_else(nothing)?;
        if matches!(route, Route::Announcement(_) | Route::Fragment(..)) {
            return self.on_announcement(&route, request.method()).map(Reply::Now);
        }
        let provider = match config.provider(peer, request.headers()) {
            Ok(provider) => provider.name.clone(),
            Err(response) => return Ok(Reply::Now(*response)),
        };
        let (method, body) = (request.method().clone(), request.body());
        let is = |wanted: &Method| method == *wanted;
        match route {
            Route::Services if is(&Method::GET) => Ok(self.list_services(&provider)),
            Route::Services if is(&Method::POST) => self.create_service(&provider, body),
            Route::Services => Ok(Reply::Now(not_allowed("GET, POST"))),
            Route::Service(id) => self.on_service(now, &provider, &id, &method, body),
            Route::Sessions(service) if is(&Method::GET) => self.list_sessions(&provider, &service),
            Route::Sessions(service) if is(&Method::POST) => self.create_session(now, &provider, &service, body),
            Route::Sessions(_) => Ok(Reply::Now(not_allowed("GET, POST"))),
            Route::Session(service, id) => self.on_session(now, &provider, &(service, id), &method, body),
            Route::File(service, id, name) => self.on_file(now, &provider, &(service, id), &name, request),
            Route::Reports | Route::Report(_) | Route::Notifications | Route::Notification(_) if !is(&Method::GET) => {
                Ok(Reply::Now(not_allowed("GET")))
            }
            Route::Reports => Ok(self.list_reports(&provider, request.uri().query())),
            Route::Report(id) => self.read_report(&provider, &id).ok_or_else(nothing),
            Route::Notifications => Ok(self.list_notices(&provider, request.uri().query())),
            Route::Notification(id) => self.read_notice(&provider, &id).ok_or_else(nothing),
            Route::Announcement(_) | Route::Fragment(..) => Err(nothing()),
        }
    }

    /// Work for a content provider.
    fn work_of(&self, provider: &str, key: Option<&SessionKey>) -> Work {
        let mut work = Work::own(self.outcome(ResultCode::SUCCESS));
        let known = self.config.xmb.as_ref().and_then(|xmb| xmb.providers.iter().find(|known| known.name == provider));
        work.rules = known.map(|known| known.rules.clone());
        work.owner = format!("{PROVIDER}{provider}");
        work.session = key.map_or_else(String::new, |(service, session)| format!("{PROVIDER}{service}/{session}"));
        work
    }

    /// An identifier that never comes again: the number of the start is in it.
    fn new_id(&mut self) -> String {
        self.next += 1;
        format!("{}-{:06}", self.restart_counter, self.next)
    }

    /// What has become durable.
    pub(super) fn xmb_step(&mut self, now: Instant, step: Step) {
        match step {
            Step::Answer(exchange, response) => self.out.push_back(NodeOutput::Http { exchange, response }),
            Step::Push(notice) => self.push_notice(now, *notice),
        }
    }

    /// What has not become durable.
    pub(super) fn xmb_not_stored(&mut self, steps: Vec<Step>) {
        for step in steps {
            if let Step::Answer(exchange, _) = step {
                let response = refusal(StatusCode::INTERNAL_SERVER_ERROR, "nothing was changed: the disk fails");
                self.out.push_back(NodeOutput::Http { exchange, response });
            }
        }
    }

    /// Sets when something is to be done for a session.
    fn plan_session(&mut self, key: &SessionKey) {
        let Some(entry) = self.xmb.sessions.get(key) else { return };
        let due = [entry.again_at, entry.fetch_due(), self.packet_due(entry)].into_iter().flatten().min();
        let Some(entry) = self.xmb.sessions.get_mut(key) else { return };
        if entry.due == due {
            return;
        }
        if let Some(old) = std::mem::replace(&mut entry.due, due) {
            self.xmb.due.remove(&(old, key.clone()));
        }
        self.xmb.due.extend(due.map(|due| (due, key.clone())));
    }

    /// When something is to be done for xMB.
    pub(super) fn xmb_due(&self) -> Option<Instant> {
        let session = self.xmb.due.first().map(|(due, _)| *due);
        session.into_iter().chain(self.xmb.pushes.first_due()).min()
    }

    /// Does what is due.
    pub(super) fn run_xmb(&mut self, now: Instant) {
        // Each once: what is due again at once is done the next time.
        let due: Vec<_> = self.xmb.due.iter().take_while(|(due, _)| *due <= now).map(|(_, key)| key.clone()).collect();
        for key in due {
            let Some(entry) = self.xmb.sessions.get_mut(&key) else { continue };
            if entry.again_at.take_if(|at| *at <= now).is_some() {
                self.bearer_again(now, &key);
            }
            self.run_fetches(now, &key);
            self.run_delivery(now, &key);
            self.plan_session(&key);
        }
        self.run_pushes(now);
    }

    /// An HTTP request of ours is answered, or not.
    pub(super) fn on_http_answer(&mut self, now: Instant, token: u64, result: &Result<Response<Vec<u8>>, String>) {
        match self.asked.remove(&token) {
            Some(Asked::Provider(url)) => self.on_pushed(now, &url, result),
            Some(Asked::Fetch(key, url)) => self.on_fetched(now, &key, &url, result),
            _ => {}
        }
    }

    /// What is stored of xMB; what cannot be read is told.
    pub(super) fn load_xmb(&mut self, tables: impl Iterator<Item = Rows>) -> Vec<String> {
        let mut unreadable = Vec::new();
        self.xmb = Xmb::default();
        let mut tables = tables;
        for (_, record) in super::load::read_all::<ServiceRecord>(tables.next(), "xMB service", &mut unreadable) {
            self.xmb.services.insert(record.service.id.clone(), record);
        }
        for (_, record) in super::load::read_all::<SessionRecord>(tables.next(), "xMB session", &mut unreadable) {
            let key = record.key();
            self.xmb.of_tmgi.extend(record.tmgi.map(|tmgi| (tmgi, key.clone())));
            self.xmb.sessions.insert(key, Entry::new(record));
        }
        for (name, value) in tables.next().unwrap_or_default() {
            match records::read_file(&name, &value) {
                Some((key, name, meta, content)) => {
                    if let Some(entry) = self.xmb.sessions.get_mut(&key) {
                        entry.files.insert(name, File::new(meta, content));
                    }
                }
                None => unreadable.push(format!("file {name}")),
            }
        }
        for (id, record) in super::load::read_all::<NoticeRecord>(tables.next(), "notification", &mut unreadable) {
            self.xmb.notices.insert(id, record);
        }
        for (id, record) in super::load::read_all::<ReportRecord>(tables.next(), "report", &mut unreadable) {
            self.xmb.reports.insert(id, record);
        }
        unreadable
    }

    /// What was going on goes on.
    pub(super) fn resume_xmb(&mut self, now: Instant) {
        let keys: Vec<_> = self.xmb.sessions.keys().cloned().collect();
        keys.iter().for_each(|key| self.resume_session(now, key));
        let waiting: Vec<_> = self.xmb.notices.values().filter(|notice| notice.push_to.is_some()).cloned().collect();
        waiting.into_iter().for_each(|notice| self.push_notice(now, notice));
    }

    /// The session of a bearer.
    fn session_of(&self, bearer: BearerKey) -> Option<SessionKey> {
        let key = self.xmb.of_tmgi.get(&bearer.tmgi)?;
        let flow = self.xmb.sessions.get(key)?.record.flow?;
        (FlowId(flow) == bearer.flow).then(|| key.clone())
    }

    /// Whether everything adds up: a TMGI for each session that has one, and for each TMGI of a content provider a session.
    pub(super) fn audit_xmb(&self) -> Result<(), String> {
        for (key, entry) in &self.xmb.sessions {
            let record = &entry.record;
            let owner = format!("{PROVIDER}{}", record.provider);
            let is_own = |tmgi| self.services.of(&owner, tmgi).is_ok() && self.xmb.of_tmgi.get(&tmgi) == Some(key);
            if !record.tmgi.is_none_or(is_own) || !self.xmb.services.contains_key(&record.service) {
                return Err(format!("{record:?} has not what it says"));
            }
            if record.bearer().is_some_and(|bearer| self.bearers.get(bearer).is_none()) {
                return Err(format!("{record:?} has not its bearer"));
            }
        }
        let live = self.services.all().filter(|service| service.owner.starts_with(PROVIDER) && !service.is_released);
        for service in live {
            if !self.xmb.of_tmgi.contains_key(&service.tmgi) {
                return Err(format!("{service:?} is of no session"));
            }
        }
        Ok(())
    }

    /// What there is, for /metrics.
    pub(super) fn xmb_figures(&self) -> [(&'static str, u64); 5] {
        let files = self.xmb.sessions.values().map(|entry| entry.files.len() as u64).sum();
        [
            ("xmb_services", self.xmb.services.len() as u64),
            ("xmb_sessions", self.xmb.sessions.len() as u64),
            ("xmb_files", files),
            ("xmb_requests", self.counters.xmb_requests),
            ("xmb_notifications_waiting", self.xmb.pushes.waiting() as u64),
        ]
    }
}
