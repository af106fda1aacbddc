//! The content provider of a scenario, a box outside of the network: it has assigned TMGI and multicast address to each session,
//! creates it on xMB-C (TS 29.116 clause 5.2), pushes its file on xMB-U, and starts and stops it.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use core_network::node::{Fabric, HttpExchange, OutsideEvent};
use core_network::{Delivery, DeliveryStats, Fec};
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response, StatusCode, Uri};
use protocol::xmb::{
    self, Allocation, Arp, DeliveryFec, Extension, FileDelivery, FileSession, Notification, Problem, Qos, REAL_TIME,
    Report, Route, Service, Session as Resource, SessionState, SessionType,
};
use protocol::{Instant, Tmgi};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::config::{BMSC_ADDRESS, PROVIDER_ADDRESS};

/// Where the BM-SC takes xMB, and where the content provider takes notifications.
pub(crate) const XMB_PORT: u16 = 8080;
/// The first port that requests come from; each has its own.
const FIRST_PORT: u16 = 50_000;
/// QCI of files and streams that are not conversational (TS 23.203 table 6.1.7).
const QCI: u32 = 4;
const ARP: Arp = Arp { priority: 8, may_preempt: false, preemptable: false };
/// What Content-Locations of its files begin with: each FDT instance carries it, so it is short.
const FILES: &str = "ftp://p/";
/// How long a session may take to be on its way.
pub(crate) const START_TIME: Duration = Duration::from_secs(20);

/// How long it may take to be over.
pub(crate) const STOP_TIME: Duration = Duration::from_secs(2);

/// A session as it is provisioned.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) session: String,
    pub(crate) tmgi: Tmgi,
    pub(crate) destination: SocketAddrV4,
    pub(crate) tsi: u32,
    pub(crate) area: u16,
    pub(crate) delivery: Delivery,
}

/// A file that a session delivers.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// As a segment of a URI.
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) octets: Vec<u8>,
}

/// What it says.
#[derive(Debug)]
pub(crate) enum Told {
    /// The bearer is there.
    Active(Active),
    /// Nothing came of a start.
    Failed {
        session: String,
        why: String,
    },
    /// It has ended; without `stats` the BM-SC has given no report of it.
    Stopped {
        session: String,
        stats: Option<DeliveryStats>,
    },
    /// The BM-SC does not end it.
    StaysOn {
        session: String,
        why: String,
    },
    LimitReached {
        session: String,
    },
    Trouble(String),
}

/// A session that runs.
#[derive(Clone, Debug)]
pub(crate) struct Active {
    pub(crate) session: String,
    pub(crate) tmgi: Tmgi,
    pub(crate) destination: SocketAddrV4,
    pub(crate) tsi: u32,
    pub(crate) content_octets: u64,
    pub(crate) content_sha256: [u8; 32],
    pub(crate) bit_rate_bps: u64,
}

/// What a request is for.
#[derive(Clone, Debug)]
enum Ask {
    Service,
    Create(String),
    Push(String),
    Start(String),
    Update(String),
    Stop(String),
    Report(String),
}

#[derive(Debug)]
struct Session {
    plan: Plan,
    /// Its resource, and where its file goes.
    id: Option<String>,
    push_url: Option<String>,
    /// Length and hash of the file that the BM-SC has.
    file: Option<(u64, [u8; 32])>,
    /// What is asked for once the file is there.
    time_to_data_ms: u64,
    /// Why the BM-SC has not taken it.
    refused: Option<String>,
    /// What is refused is told as the end of a start.
    starts: bool,
}

/// The content provider.
#[derive(Debug, Default)]
pub(crate) struct Provider {
    service: Option<String>,
    /// By name, in the order of the scenario.
    names: Vec<String>,
    sessions: BTreeMap<String, Session>,
    waiting: BTreeMap<HttpExchange, Ask>,
    requests: VecDeque<(Ask, Request<Vec<u8>>)>,
    /// Notifications that are not answered yet.
    answers: VecDeque<HttpExchange>,
    told: VecDeque<Told>,
    sent: u16,
}

impl Provider {
    /// One that provisions these sessions.
    pub(crate) fn new(plans: Vec<Plan>) -> Self {
        let names = plans.iter().map(|plan| plan.session.clone()).collect();
        let mut provider = Self { names, ..Self::default() };
        for plan in plans {
            let session = Session {
                plan,
                id: None,
                push_url: None,
                file: None,
                time_to_data_ms: 0,
                refused: None,
                starts: false,
            };
            provider.sessions.insert(session.plan.session.clone(), session);
        }
        let url = format!("http://{PROVIDER_ADDRESS}:{XMB_PORT}/notifications");
        let service = Service { push_notification_url: Some(url), ..Service::default() };
        provider.ask(Ask::Service, Method::POST, &Route::Services, xmb::emit(&service));
        provider
    }

    /// All sessions are provisioned, or refused.
    pub(crate) fn is_ready(&self) -> bool {
        let is_refused = self.sessions.values().any(|own| own.refused.is_some());
        (self.service.is_some() || is_refused)
            && self.sessions.values().all(|own| own.id.is_some() || own.refused.is_some())
    }

    /// Starts a session; its data begins so long after its bearer.
    pub(crate) fn start(&mut self, session: &str, content: Content, time_to_data: Duration) {
        let Some(own) = self.sessions.get_mut(session) else { return };
        own.time_to_data_ms = u64::try_from(time_to_data.as_millis()).unwrap_or(u64::MAX);
        own.starts = true;
        if let Some(why) = own.refused.clone() {
            return self.failed(session, why);
        }
        let file = (content.octets.len() as u64, Sha256::digest(&content.octets).into());
        if own.file == Some(file) {
            return self.begin(session);
        }
        own.file = Some(file);
        let (Some(url), name) = (own.push_url.clone(), session.to_owned()) else {
            return self.failed(session, "the BM-SC has not taken it".into());
        };
        let request = Request::put(format!("{}{}", path_of(&url), content.name));
        match request.header(CONTENT_TYPE, &content.content_type).body(content.octets) {
            Ok(request) => self.requests.push_back((Ask::Push(name), request)),
            Err(why) => self.failed(session, why.to_string()),
        }
    }

    /// The file is there: the session may begin.
    fn begin(&mut self, session: &str) {
        let Some(own) = self.sessions.get(session) else { return };
        let patch = json!({ "session-start": REAL_TIME, "castbench": { "time-to-data-ms": own.time_to_data_ms } });
        self.patch(Ask::Start(session.to_owned()), session, &patch);
    }

    /// A session goes on in another service area.
    pub(crate) fn update(&mut self, session: &str, area: u16) {
        self.patch(Ask::Update(session.to_owned()), session, &json!({ "geographical-areas": [area] }));
    }

    pub(crate) fn stop(&mut self, session: &str) {
        self.patch(Ask::Stop(session.to_owned()), session, &json!({ "session-start": null }));
    }

    fn patch(&mut self, ask: Ask, session: &str, patch: &Value) {
        let id = self.sessions.get(session).and_then(|own| own.id.clone());
        match self.service.clone().zip(id) {
            Some((service, id)) => {
                self.ask(ask, Method::PATCH, &Route::Session(service, id), patch.to_string().into_bytes());
            }
            None => self.failed(session, "the BM-SC has not taken it".into()),
        }
    }

    fn ask(&mut self, ask: Ask, method: Method, route: &Route, body: Vec<u8>) {
        let request = Request::builder().method(method).uri(route.to_string());
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        // A route is a path.
        self.requests.extend(request.ok().map(|request| (ask, request)));
    }

    /// Sends what there is to send.
    pub(crate) fn pump(&mut self, now: Instant, fabric: &mut Fabric) {
        let to = SocketAddr::new(BMSC_ADDRESS.into(), XMB_PORT);
        while let Some((ask, request)) = self.requests.pop_front() {
            self.sent = (self.sent + 1) % 10_000;
            let from = SocketAddr::new(PROVIDER_ADDRESS.into(), FIRST_PORT + self.sent);
            let exchange = fabric.http(now, from, to, request);
            self.waiting.insert(exchange, ask);
        }
        while let Some(exchange) = self.answers.pop_front() {
            let mut response = Response::new(Vec::new());
            *response.status_mut() = StatusCode::NO_CONTENT;
            fabric.respond(exchange, &response);
        }
    }

    /// Something has come.
    pub(crate) fn handle(&mut self, event: OutsideEvent) {
        match event {
            OutsideEvent::Request { exchange, request, .. } => {
                self.answers.push_back(exchange);
                match xmb::parse::<Notification>(request.body()) {
                    Ok(notification) => self.notified(&notification),
                    Err(why) => self.trouble(format!("a notification of the BM-SC: {why}")),
                }
            }
            OutsideEvent::Response { exchange, response } => {
                if let Some(ask) = self.waiting.remove(&exchange) {
                    self.answered(ask, &response);
                }
            }
            OutsideEvent::RequestFailed { exchange, why } => {
                if let Some(ask) = self.waiting.remove(&exchange) {
                    self.refused(ask, why);
                }
            }
            OutsideEvent::Stream(_) | OutsideEvent::Datagram { .. } | OutsideEvent::Sccp { .. } => {}
        }
    }

    fn answered(&mut self, ask: Ask, response: &Response<Vec<u8>>) {
        let body = response.body();
        if !response.status().is_success() {
            let problem = xmb::parse::<Problem>(body).unwrap_or_default();
            let conflict = problem.conflict.map_or_else(String::new, |reason| format!(" ({reason:?})"));
            return self.refused(ask, format!("{}: {}{conflict}", response.status(), problem.detail));
        }
        match ask {
            Ask::Service => match xmb::parse::<Service>(body) {
                Ok(service) => self.create(service.id),
                Err(why) => self.refused(Ask::Service, why.to_string()),
            },
            Ask::Create(session) => match xmb::parse::<Resource>(body) {
                Ok(resource) => {
                    if let Some(own) = self.sessions.get_mut(&session) {
                        own.push_url = resource.file_session.and_then(|files| files.push_url);
                        own.id = Some(resource.id);
                    }
                }
                Err(why) => self.refused(Ask::Create(session), why.to_string()),
            },
            Ask::Push(session) => self.begin(&session),
            Ask::Stop(session) => {
                let id = self.sessions.get(&session).and_then(|own| own.id.clone()).unwrap_or_default();
                let uri = format!("{}?session={id}", Route::Reports);
                let request = Request::get(uri).body(Vec::new());
                self.requests.extend(request.ok().map(|request| (Ask::Report(session), request)));
            }
            Ask::Report(session) => {
                let stats = match serde_json::from_slice::<Vec<Report>>(body) {
                    Ok(reports) => stats(&reports),
                    Err(why) => return self.refused(Ask::Report(session), why.to_string()),
                };
                if stats.is_none() {
                    self.trouble(format!("session {session}: the BM-SC has no report of it"));
                }
                self.told.push_back(Told::Stopped { session, stats });
            }
            Ask::Start(_) | Ask::Update(_) => {}
        }
    }

    /// The service is there: its sessions are created.
    fn create(&mut self, service: String) {
        for name in self.names.clone() {
            let Some(own) = self.sessions.get(&name) else { continue };
            let body = xmb::emit(&resource(&own.plan));
            self.ask(Ask::Create(name), Method::POST, &Route::Sessions(service.clone()), body);
        }
        self.service = Some(service);
    }

    fn refused(&mut self, ask: Ask, why: String) {
        match ask {
            Ask::Push(session) => {
                if let Some(own) = self.sessions.get_mut(&session) {
                    own.file = None;
                }
                self.failed(&session, why);
            }
            Ask::Create(session) => {
                let why = format!("the BM-SC has not taken it: {why}");
                if let Some(own) = self.sessions.get_mut(&session) {
                    own.refused = Some(why.clone());
                }
                self.failed(&session, why);
            }
            Ask::Start(session) => self.failed(&session, why),
            Ask::Report(session) => {
                self.trouble(format!("session {session}: the BM-SC gives no report of it: {why}"));
                self.told.push_back(Told::Stopped { session, stats: None });
            }
            Ask::Service => {
                let why = format!("the BM-SC has not taken the service: {why}");
                self.sessions.values_mut().for_each(|own| own.refused = Some(why.clone()));
                self.trouble(why);
            }
            Ask::Update(session) => self.trouble(format!("session {session}: {why}")),
            Ask::Stop(session) => self.told.push_back(Told::StaysOn { session, why }),
        }
    }

    fn notified(&mut self, notification: &Notification) {
        let is_meant = |own: &Session| own.id.is_some() && own.id == notification.session;
        let session = self.sessions.iter().find(|(_, own)| is_meant(own));
        let Some(name) = session.map(|(name, _)| name.clone()) else { return };
        let detail = notification.detail.clone().unwrap_or_default();
        match notification.event.as_str() {
            "state" if notification.session_state == Some(SessionState::Active) => self.active(&name),
            "trouble" => self.failed(&name, format!("the BM-SC says: {detail}")),
            "limit-reached" => self.told.push_back(Told::LimitReached { session: name }),
            _ => {}
        }
    }

    fn active(&mut self, session: &str) {
        let Some(own) = self.sessions.get_mut(session).filter(|own| own.starts) else { return };
        own.starts = false;
        let Plan { tmgi, destination, tsi, delivery, .. } = &own.plan;
        let (content_octets, content_sha256) = own.file.unwrap_or_default();
        self.told.push_back(Told::Active(Active {
            session: session.to_owned(),
            tmgi: *tmgi,
            destination: *destination,
            tsi: *tsi,
            content_octets,
            content_sha256,
            bit_rate_bps: delivery.bit_rate_bps,
        }));
    }

    fn failed(&mut self, session: &str, why: String) {
        let starts = self.sessions.get_mut(session).is_some_and(|own| std::mem::take(&mut own.starts));
        if starts {
            self.told.push_back(Told::Failed { session: session.to_owned(), why });
        } else {
            self.trouble(format!("session {session}: {why}"));
        }
    }

    fn trouble(&mut self, text: String) {
        self.told.push_back(Told::Trouble(text));
    }

    pub(crate) fn poll(&mut self) -> Option<Told> {
        self.told.pop_front()
    }
}

/// The resource of a session that has not begun.
fn resource(plan: &Plan) -> Resource {
    let Plan { tmgi, destination, tsi, area, delivery, .. } = plan;
    let rate = u32::try_from(delivery.bit_rate_bps).ok();
    Resource {
        max_bitrate: Some(delivery.bit_rate_bps),
        geographical_areas: vec![*area],
        session_type: Some(SessionType::Files),
        file_session: Some(FileSession { display_base_url: Some(FILES.into()), ..FileSession::default() }),
        castbench: Extension {
            allocation_mode: Some(Allocation::Provider),
            tmgi: Some(*tmgi),
            multicast_address: Some(Ipv4Addr::into(*destination.ip())),
            multicast_port: Some(destination.port()),
            qos: Some(Qos { qci: QCI, gbr: rate, mbr: rate, arp: ARP }),
            delivery: Some(FileDelivery {
                fec: match delivery.fec {
                    Fec::NoCode => DeliveryFec::NoCode,
                    Fec::Raptor { overhead_percent } => DeliveryFec::Raptor(overhead_percent),
                },
                symbol_octets: delivery.symbol_octets,
                source_block_symbols: delivery.source_block_symbols,
                fdt_period_ms: u32::try_from(delivery.fdt_period.as_millis()).unwrap_or(u32::MAX),
                ip_octet_limit: delivery.ip_octet_limit,
                tsi: *tsi,
            }),
            ..Extension::default()
        },
        ..Resource::default()
    }
}

/// What the newest report says: packets, octets, whole passes over the file.
fn stats(reports: &[Report]) -> Option<DeliveryStats> {
    let newest = reports.iter().max_by_key(|report| report.stop_ms);
    newest.map(|report| DeliveryStats {
        packets: report.packets,
        ip_octets: report.ip_octets,
        passes: report.files.values().filter_map(Value::as_u64).min().unwrap_or(0),
    })
}

/// The path of a URL, whose authority is the BM-SC.
fn path_of(url: &str) -> String {
    url.parse::<Uri>().map_or_else(|_| url.to_owned(), |uri| uri.path().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mbms::nodes::plan;
    use crate::scenario::{Overrides, Scenario};

    /// With two sessions, and a service that the BM-SC has taken.
    fn provider() -> (Provider, [String; 2]) {
        let file = fixtures::scenario("mbms/raptor_vs_carousel.toml");
        let scenario = Scenario::load(&file, &Overrides::default()).unwrap().scenario;
        let plans = [plan(&scenario, 0).unwrap(), plan(&scenario, 1).unwrap()];
        let names = plans.clone().map(|plan| plan.session);
        let mut provider = Provider::new(plans.into());
        assert!(!provider.is_ready());
        provider.answered(Ask::Service, &response(201, xmb::emit(&Service { id: "s".into(), ..Service::default() })));
        (provider, names)
    }

    fn response(status: u16, body: Vec<u8>) -> Response<Vec<u8>> {
        Response::builder().status(status).body(body).unwrap()
    }

    fn told(provider: &mut Provider) -> Vec<Told> {
        std::iter::from_fn(|| provider.poll()).collect()
    }

    #[test]
    fn a_session_that_is_refused_is_no_reason_to_wait() {
        let (mut provider, [refused, taken]) = provider();
        let files = FileSession { push_url: Some("http://10.46.0.31/push/".into()), ..FileSession::default() };
        let resource = Resource { id: "1".into(), file_session: Some(files), ..Resource::default() };
        provider.answered(Ask::Create(taken.clone()), &response(201, xmb::emit(&resource)));
        assert!(!provider.is_ready());
        provider.answered(Ask::Create(refused.clone()), &response(403, Vec::new()));
        assert!(provider.is_ready());
        told(&mut provider);
        let content = Content { name: "a".into(), content_type: "text/plain".into(), octets: vec![1] };
        provider.start(&refused, content.clone(), Duration::ZERO);
        let [Told::Failed { why, .. }] = &told(&mut provider)[..] else { panic!() };
        assert!(why.contains("403"), "{why}");
        provider.start(&taken, content, Duration::ZERO);
        assert!(told(&mut provider).is_empty());
    }

    #[test]
    fn without_a_report_nobody_knows_what_was_sent() {
        for answer in [response(200, b"[]".to_vec()), response(200, b"{".to_vec()), response(500, Vec::new())] {
            let (mut provider, [session, _]) = provider();
            provider.answered(Ask::Report(session), &answer);
            let all = told(&mut provider);
            assert!(matches!(&all[..], [Told::Trouble(_), Told::Stopped { stats: None, .. }]), "{all:?}");
        }
        let (mut provider, [session, _]) = provider();
        provider.answered(Ask::Stop(session), &response(409, Vec::new()));
        assert!(matches!(&told(&mut provider)[..], [Told::StaysOn { .. }]));
    }
}
