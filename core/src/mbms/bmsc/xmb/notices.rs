//! Notifications and reports (TS 29.116 clauses 5.2.3, 5.2.4 and 8.2): kept, to be fetched, and pushed until they are taken.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use protocol::Instant;
use protocol::xmb::{self, Notification, NotificationClass, Report, SessionState};

use super::answer::json;
use super::records::{NoticeRecord, ReportRecord, delete_notice, delete_report, put_notice, put_report};
use super::{Reply, SessionKey, Step};
use crate::mbms::bmsc::mb2::Work;
use crate::mbms::bmsc::mb2u::FlowCount;
use crate::mbms::bmsc::{Asked, BmscNode};
use crate::node::{NodeNote, NodeOutput};

/// Notifications that wait for one URL; more are only to be fetched.
const MAX_WAITING: usize = 1000;
/// Times that one is pushed before it is given up, and the longest time between them.
const MAX_TRIES: u32 = 10;
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Something that a content provider is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Event {
    class: NotificationClass,
    event: &'static str,
    state: Option<SessionState>,
    file_url: Option<String>,
    detail: Option<String>,
}

impl Event {
    pub(super) const fn of(class: NotificationClass, event: &'static str) -> Self {
        Self { class, event, state: None, file_url: None, detail: None }
    }

    pub(super) fn with_file(mut self, location: &str) -> Self {
        self.file_url = Some(location.to_owned());
        self
    }

    pub(super) fn because(mut self, detail: &str) -> Self {
        self.detail = Some(detail.to_owned());
        self
    }
}

/// Notifications for one URL, in order, one at a time.
#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<String>,
    tries: u32,
    is_asked: bool,
    again_at: Option<Instant>,
}

/// All that are to be pushed.
#[derive(Debug, Default)]
pub(super) struct Pushes {
    queues: BTreeMap<String, Queue>,
    due: BTreeSet<(Instant, String)>,
}

impl Pushes {
    pub(super) fn first_due(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    pub(super) fn waiting(&self) -> usize {
        self.queues.values().map(|queue| queue.waiting.len()).sum()
    }
}

impl BmscNode {
    /// Identifiers are in the order of time, over restarts too.
    fn new_notice_id(&mut self) -> String {
        self.next += 1;
        format!("{:08}-{:012}", self.restart_counter, self.next)
    }

    /// Tells a content provider what has happened, once that is durable.
    pub(super) fn tell_provider(&mut self, now: Instant, work: &mut Work, key: &SessionKey, event: Event) {
        let Some(provider) = self.xmb.sessions.get(key).map(|entry| entry.record.provider.clone()) else { return };
        let id = self.new_notice_id();
        let Some(service) = self.xmb.services.get(&key.0).map(|record| &record.service) else { return };
        let classes = &service.push_notification_configuration;
        let is_pushed = classes.is_empty() || classes.contains(&event.class);
        let push_to = service.push_notification_url.clone().filter(|_| is_pushed);
        let time_ms = self.utc_ms(now);
        let notification = Notification {
            id: id.clone(),
            class: event.class,
            event: event.event.to_owned(),
            time_ms,
            service: key.0.clone(),
            session: Some(key.1.clone()),
            session_state: event.state,
            file_url: event.file_url,
            detail: event.detail,
            other: serde_json::Map::new(),
        };
        let record = NoticeRecord { provider: provider.clone(), notification, push_to };
        work.ops.extend(put_notice(&record));
        if record.push_to.is_some() {
            work.then.xmb.push(Step::Push(Box::new(record.clone())));
        }
        self.xmb.notices.insert(id, record);
        let most = self.config.xmb.as_ref().map_or(0, |xmb| xmb.max_kept);
        let gone = forget_oldest(&mut self.xmb.notices, most, |record| record.provider == provider);
        work.ops.extend(gone.iter().map(|id| delete_notice(id)));
    }

    /// Tells the state of a session, and why it is that.
    pub(super) fn tell_state(&mut self, now: Instant, work: &mut Work, key: &SessionKey, why: &str) {
        let Some(entry) = self.xmb.sessions.get(key) else { return };
        let name = if entry.trouble.is_some() { "trouble" } else { "state" };
        let state = Some(self.state_of(entry));
        let event = Event { state, ..Event::of(NotificationClass::Session, name).because(why) };
        self.tell_provider(now, work, key, event);
    }

    /// Writes down what a session has delivered.
    pub(super) fn report(
        &mut self,
        work: &mut Work,
        key: &SessionKey,
        (start, stop): (u64, u64),
        count: FlowCount,
        files: serde_json::Map<String, serde_json::Value>,
    ) {
        let id = self.new_notice_id();
        let Some(entry) = self.xmb.sessions.get(key) else { return };
        let report = Report {
            id: id.clone(),
            service: key.0.clone(),
            session: key.1.clone(),
            start_ms: start,
            stop_ms: stop,
            packets: count.packets,
            ip_octets: count.octets,
            refused: count.refused,
            files,
        };
        let provider = entry.record.provider.clone();
        let record = ReportRecord { provider: provider.clone(), report };
        work.ops.extend(put_report(&record));
        self.xmb.reports.insert(id, record);
        let most = self.config.xmb.as_ref().map_or(0, |xmb| xmb.max_kept);
        let gone = forget_oldest(&mut self.xmb.reports, most, |record| record.provider == provider);
        work.ops.extend(gone.iter().map(|id| delete_report(id)));
    }

    /// A notification is durable: it is pushed after those before it.
    pub(super) fn push_notice(&mut self, now: Instant, notice: NoticeRecord) {
        let Some(url) = notice.push_to else { return };
        let queue = self.xmb.pushes.queues.entry(url.clone()).or_default();
        if queue.waiting.len() >= MAX_WAITING {
            self.counters.notices_given_up += 1;
            return self.forget_push(now, Some(notice.notification.id));
        }
        queue.waiting.push_back(notice.notification.id);
        self.push_next(now, &url);
    }

    fn push_next(&mut self, now: Instant, url: &str) {
        let Some(queue) = self.xmb.pushes.queues.get_mut(url) else { return };
        if queue.is_asked || queue.again_at.is_some_and(|at| at > now) {
            return;
        }
        if let Some(at) = queue.again_at.take() {
            self.xmb.pushes.due.remove(&(at, url.to_owned()));
        }
        // The oldest ones may not be kept any more.
        let before = queue.waiting.len();
        while queue.waiting.front().is_some_and(|id| !self.xmb.notices.contains_key(id)) {
            queue.waiting.pop_front();
        }
        let missing = before - queue.waiting.len();
        if missing > 0 {
            queue.tries = 0;
            self.counters.notices_given_up += missing as u64;
            let what = format!("{url}: {missing} notifications are given up, newer ones are kept in their place");
            self.out.push_back(NodeOutput::Note(NodeNote::Said(what)));
        }
        let Some(notice) = queue.waiting.front().and_then(|id| self.xmb.notices.get(id)) else {
            self.xmb.pushes.queues.remove(url);
            return;
        };
        let built = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(xmb::emit(&notice.notification));
        // What is no URL was refused when it was said.
        let Ok(request) = built else { return };
        queue.is_asked = true;
        self.next += 1;
        self.asked.insert(self.next, Asked::Provider(url.to_owned()));
        self.out.push_back(NodeOutput::HttpRequest { token: self.next, request });
    }

    /// A content provider has taken a notification, or has not.
    pub(super) fn on_pushed(&mut self, now: Instant, url: &str, result: &Result<Response<Vec<u8>>, String>) {
        let Some(queue) = self.xmb.pushes.queues.get_mut(url) else { return };
        queue.is_asked = false;
        let failure = match result {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(response.status().to_string()),
            Err(why) => Some(why.clone()),
        };
        queue.tries += 1;
        match failure {
            Some(why) if queue.tries < MAX_TRIES => {
                let pause = (self.config.retry * (1 << queue.tries.min(16))).min(LONGEST_PAUSE);
                queue.again_at = Some(now + pause);
                self.xmb.pushes.due.insert((now + pause, url.to_owned()));
                self.say(format!("{url} does not take a notification: {why}"));
            }
            failure => {
                queue.tries = 0;
                let id = queue.waiting.pop_front();
                if let Some(why) = failure {
                    self.counters.notices_given_up += 1;
                    self.say(format!("{url} does not take a notification, which is given up: {why}"));
                }
                self.forget_push(now, id);
                self.push_next(now, url);
            }
        }
    }

    /// A notification is not pushed any more; it stays to be fetched.
    fn forget_push(&mut self, now: Instant, id: Option<String>) {
        let Some(notice) = id.and_then(|id| self.xmb.notices.get_mut(&id)) else { return };
        notice.push_to = None;
        let op = put_notice(notice);
        let mut work = self.work_of("", None);
        work.ops.extend(op);
        self.apply(now, work);
    }

    /// Pushes again what is due.
    pub(super) fn run_pushes(&mut self, now: Instant) {
        while let Some((at, url)) = self.xmb.pushes.due.first().cloned().filter(|(due, _)| *due <= now) {
            self.xmb.pushes.due.remove(&(at, url.clone()));
            if let Some(queue) = self.xmb.pushes.queues.get_mut(&url) {
                queue.again_at = None;
            }
            self.push_next(now, &url);
        }
    }

    pub(super) fn list_notices(&self, provider: &str, query: Option<&str>) -> Reply {
        let own = self.xmb.notices.values().filter(|record| record.provider == provider);
        let all = own.map(|record| &record.notification);
        let asked: Vec<_> = all.filter(|n| is_asked(query, &n.service, n.session.as_deref())).collect();
        Reply::Now(json(StatusCode::OK, &asked))
    }

    pub(super) fn read_notice(&self, provider: &str, id: &str) -> Option<Reply> {
        let record = self.xmb.notices.get(id).filter(|record| record.provider == provider)?;
        Some(Reply::Now(json(StatusCode::OK, &record.notification)))
    }

    pub(super) fn list_reports(&self, provider: &str, query: Option<&str>) -> Reply {
        let own = self.xmb.reports.values().filter(|record| record.provider == provider);
        let all = own.map(|record| &record.report);
        let asked: Vec<_> = all.filter(|r| is_asked(query, &r.service, Some(&r.session))).collect();
        Reply::Now(json(StatusCode::OK, &asked))
    }

    pub(super) fn read_report(&self, provider: &str, id: &str) -> Option<Reply> {
        let record = self.xmb.reports.get(id).filter(|record| record.provider == provider)?;
        Some(Reply::Now(json(StatusCode::OK, &record.report)))
    }
}

/// Takes the oldest out of what is kept of one content provider, until there are at most so many; what it has taken.
fn forget_oldest<T>(kept: &mut BTreeMap<String, T>, most: usize, is_own: impl Fn(&T) -> bool) -> Vec<String> {
    let own: Vec<&String> = kept.iter().filter(|(_, record)| is_own(record)).map(|(id, _)| id).collect();
    let more = own.len().saturating_sub(most);
    let gone: Vec<String> = own.into_iter().take(more).cloned().collect();
    gone.iter().for_each(|id| drop(kept.remove(id)));
    gone
}

/// Whether a query asks for what is of a service and a session; what else is in it asks for nothing.
fn is_asked(query: Option<&str>, service: &str, session: Option<&str>) -> bool {
    let mut pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.all(|(name, value)| match name {
        "service" => value == service,
        "session" => Some(value) == session,
        _ => true,
    })
}
