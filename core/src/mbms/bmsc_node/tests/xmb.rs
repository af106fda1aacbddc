//! xMB (TS 29.116): resources, who may have them, what becomes of sessions, notifications and reports.

use http::{Method, Request, Response, StatusCode};
use protocol::Secret;
use protocol::xmb::{Allocation, Conflict, Notification, Problem, Report, Service, Session, SessionState};
use serde_json::json;

use super::*;
use crate::node::{HttpExchange, OutsideEvent};

pub(super) const PROVIDERS: [(&str, u8); 2] = [("radio", 41), ("news", 42)];
const BASE: &str = "http://10.46.0.31:8080";
/// Where the first content provider takes notifications, and has files.
pub(super) const URL: &str = "http://10.46.0.41:9000";

/// What content providers see, and how they answer.
#[derive(Debug, Default)]
pub(super) struct Web {
    answers: BTreeMap<HttpExchange, Result<Response<Vec<u8>>, String>>,
    pub(super) notifications: Vec<Notification>,
    /// Statuses of the next answers to notifications; then 204.
    pub(super) statuses: VecDeque<u16>,
    /// Files to be fetched.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) fetched: Vec<String>,
}

pub(super) fn xmb_config() -> BmscNodeConfig {
    let mut config = config();
    let provider = |(name, own): (&str, u8)| ProviderConfig::at(name, ip(own));
    config.xmb = Some(XmbConfig::new(BASE, PROVIDERS.map(provider).to_vec()));
    config
}

impl Net {
    /// Something has come to a content provider.
    pub(super) fn at_provider(&mut self, event: OutsideEvent) {
        match event {
            OutsideEvent::Response { exchange, response } => drop(self.web.answers.insert(exchange, Ok(response))),
            OutsideEvent::RequestFailed { exchange, why } => drop(self.web.answers.insert(exchange, Err(why))),
            OutsideEvent::Request { exchange, request, .. } if request.method() == Method::GET => {
                let path = request.uri().path().to_owned();
                let mut response = Response::new(self.web.files.get(&path).cloned().unwrap_or_default());
                if response.body().is_empty() {
                    *response.status_mut() = StatusCode::NOT_FOUND;
                }
                response.headers_mut().insert("content-type", http::HeaderValue::from_static("text/plain"));
                self.web.fetched.push(path);
                self.fabric.respond(exchange, &response);
            }
            OutsideEvent::Request { exchange, request, .. } => {
                let status = self.web.statuses.pop_front().unwrap_or(204);
                if status < 300 {
                    self.web.notifications.push(serde_json::from_slice(request.body()).unwrap());
                }
                let mut response = Response::new(Vec::new());
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                self.fabric.respond(exchange, &response);
            }
            OutsideEvent::Stream(_) | OutsideEvent::Datagram { .. } => {}
        }
    }

    /// A request of a content provider, and what becomes of it.
    pub(super) fn try_http(&mut self, provider: usize, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, String> {
        let from = (ip(PROVIDERS[provider].1), 40_000).into();
        let exchange = self.fabric.http(self.now, from, (ip(31), 8080).into(), request);
        for _ in 0..100 {
            self.run(5);
            if let Some(answer) = self.web.answers.remove(&exchange) {
                return answer;
            }
        }
        panic!("no answer: {:#?}", self.notes)
    }

    pub(super) fn http(&mut self, method: &str, path: &str, body: &str) -> Response<Vec<u8>> {
        let request = Request::builder().method(method).uri(path).body(body.as_bytes().to_vec()).unwrap();
        self.try_http(0, request).unwrap()
    }

    /// A request that is to be answered with this status; its answer read.
    pub(super) fn rest<T: serde::de::DeserializeOwned>(
        &mut self,
        provider: usize,
        (method, path): (&str, &str),
        body: &serde_json::Value,
        status: u16,
    ) -> T {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request::builder().method(method).uri(path).body(body).unwrap();
        let response = self.try_http(provider, request).unwrap();
        let text = String::from_utf8_lossy(response.body()).into_owned();
        assert_eq!(response.status().as_u16(), status, "{method} {path}: {text}");
        serde_json::from_str(if text.is_empty() { "null" } else { &text }).unwrap_or_else(|why| panic!("{why}: {text}"))
    }

    /// A service that tells what happens.
    pub(super) fn new_service(&mut self, provider: usize) -> String {
        let body = json!({ "service-names": ["en:News"], "push-notification-url": format!("{URL}/told") });
        let service: Service = self.rest(provider, ("POST", "/xmb/v1.0/services"), &body, 201);
        format!("/xmb/v1.0/services/{}", service.id)
    }

    pub(super) fn new_session(
        &mut self,
        provider: usize,
        service: &str,
        body: &serde_json::Value,
    ) -> (String, Session) {
        let session: Session = self.rest(provider, ("POST", &format!("{service}/sessions")), body, 201);
        (format!("{service}/sessions/{}", session.id), session)
    }

    pub(super) fn session(&mut self, path: &str) -> Session {
        self.rest(0, ("GET", path), &json!(null), 200)
    }

    /// What was told, by name.
    pub(super) fn told(&self) -> Vec<(&str, Option<SessionState>)> {
        self.web.notifications.iter().map(|n| (n.event.as_str(), n.session_state)).collect()
    }
}

pub(super) fn streaming(areas: &[u16]) -> serde_json::Value {
    json!({ "session-type": "Streaming", "session-start": 0, "geographical-areas": areas, "max-bitrate": 64_000 })
}

#[test]
fn resources_are_made_read_changed_and_taken_away() {
    let mut net = Net::with(xmb_config());
    let created = net.http("POST", "/xmb/v1.0/services", "");
    let service: Service = serde_json::from_slice(created.body()).unwrap();
    let path = format!("/xmb/v1.0/services/{}", service.id);
    assert_eq!(created.headers()["location"], format!("{BASE}{path}"));
    assert_eq!(service.service_id, Some(format!("urn:castbench:xmb:{}", service.id)));
    let body = json!({ "service-class": "urn:a", "service-names": ["en:A"], "x-own": { "a": 1 }, "id": "other" });
    let put: Service = net.rest(0, ("PUT", &path), &body, 200);
    assert_eq!((put.id.as_str(), put.other["x-own"]["a"].as_u64()), (service.id.as_str(), Some(1)));
    let patched: Service = net.rest(0, ("PATCH", &path), &json!({ "service-class": null, "x-own": { "b": 2 } }), 200);
    assert_eq!((patched.service_class, &patched.other["x-own"]), (None, &json!({ "a": 1, "b": 2 })));
    let all: Vec<Service> = net.rest(0, ("GET", "/xmb/v1.0/services"), &json!(null), 200);
    assert_eq!(all.len(), 1);

    let (session_path, idle) = net.new_session(0, &path, &json!({ "y": [1] }));
    assert_eq!((idle.session_state, idle.castbench.tmgi, net.figure("tmgis")), (SessionState::Idle, None, 0));
    let typed: Session = net.rest(0, ("PATCH", &session_path), &json!({ "session-type": "Streaming" }), 200);
    let own = &typed.castbench;
    assert_eq!((own.allocation_mode, typed.session_state), (Some(Allocation::Bmsc), SessionState::Idle));
    assert_eq!((own.tmgi.is_some(), own.multicast_port.is_some(), &typed.other["y"]), (true, true, &json!([1])));
    // What is read, changed and written is what it was.
    let again: Session = net.rest(0, ("PUT", &session_path), &serde_json::to_value(&typed).unwrap(), 200);
    assert_eq!(again, typed);
    let sessions: Vec<Session> = net.rest(0, ("GET", &format!("{path}/sessions/")), &json!(null), 200);
    assert_eq!(sessions, [typed]);
    net.audit();

    // Another content provider sees none of it.
    let _: Problem = net.rest(1, ("GET", &path), &json!(null), 404);
    let _: Problem = net.rest(1, ("DELETE", &session_path), &json!(null), 404);
    let none: Vec<Service> = net.rest(1, ("GET", "/xmb/v1.0/services"), &json!(null), 200);
    assert!(none.is_empty());

    // All of it is there after a restart, and goes with its service.
    net.restart();
    net.run(1000);
    assert_eq!(net.session(&session_path).castbench.tmgi, again.castbench.tmgi);
    assert_eq!(net.http("DELETE", &path, "").status(), 204);
    let _: Problem = net.rest(0, ("GET", &session_path), &json!(null), 404);
    assert_eq!((net.figure("tmgis"), net.figure("xmb_sessions"), net.figure("xmb_services")), (0, 0, 0));
    net.audit();
}

#[test]
fn what_is_wrong_is_refused_with_its_reason() {
    let mut config = xmb_config();
    let xmb = config.xmb.as_mut().unwrap();
    (xmb.max_services, xmb.max_sessions) = (2, 3);
    xmb.providers[0].rules.areas = Some(vec![1, 2]);
    xmb.providers[0].rules.max_gbr = 1_000_000;
    let mut net = Net::with(config);
    let service = net.new_service(0);
    let sessions = format!("{service}/sessions");
    let files = |own: serde_json::Value| json!({ "session-type": "Files", "max-bitrate": 500_000, "castbench": { "delivery": own } });
    for (body, status, says) in [
        (json!({ "session-type": "Other" }), 400, "Other"),
        (json!({ "session-type": "Application" }), 501, "Files"),
        (json!({ "session-start": 10, "session-stop": 10 }), 400, "session-stop"),
        (json!({ "session-type": "Files" }), 400, "max-bitrate"),
        (files(json!({ "symbol-octets": 4 })), 400, "symbol_octets"),
        (files(json!({ "symbol-octets": 1400 })), 400, "bit/s"),
        (streaming(&[9]), 400, "MBMS-GW"),
        (streaming(&[3]), 403, "not for this"),
        (
            json!({ "session-type": "Streaming", "session-start": 0, "geographical-areas": [1], "max-bitrate": 2_000_000 }),
            403,
            "QoS",
        ),
        (json!({ "geographical-areas": [70000] }), 400, "area"),
        (json!({ "session-type": "Streaming", "castbench": { "allocation-mode": "provider" } }), 400, "tmgi"),
        (json!({ "session-type": "Streaming", "streaming-session": { "session-description": "v=0" } }), 400, "SDP"),
    ] {
        // Two packets of 1400 octets do not fit a sequence of 320 ms at that rate.
        let mut body = body;
        if says == "bit/s" {
            body["max-bitrate"] = json!(20_000);
        }
        let problem: Problem = net.rest(0, ("POST", &sessions), &body, status);
        assert!(problem.detail.contains(says) && problem.status == status, "{body}: {problem:?}");
        assert_eq!((net.figure("tmgis"), net.figure("bearers"), net.figure("xmb_sessions")), (0, 0, 0), "{body}");
        net.audit();
    }
    for (method, path, status) in [
        ("GET", "/", 404),
        ("GET", "/xmb/v1.0/services/9", 404),
        ("DELETE", "/xmb/v1.0/services", 405),
        ("PUT", sessions.as_str(), 405),
        ("POST", "/xmb/v1.0/reports", 405),
        ("GET", "/xmb/v1.0/reports/x", 404),
        ("PUT", "/xmb-u/1/2/a", 404),
    ] {
        assert_eq!(net.http(method, path, "").status(), status, "{method} {path}");
    }
    assert_eq!(net.http("POST", &sessions, "{").status(), 400);
    let _: Problem = net.rest(0, ("PATCH", &service), &json!({ "push-notification-url": "ftp://a/" }), 400);
    net.new_service(0);
    let _: Problem = net.rest(0, ("POST", "/xmb/v1.0/services"), &json!({}), 403);
}

#[test]
fn a_content_provider_is_known_by_address_and_token() {
    let mut config = xmb_config();
    let providers = &mut config.xmb.as_mut().unwrap().providers;
    providers[1].token = Some(Secret::new("open".to_owned()));
    providers[1].addresses.clear();
    let mut net = Net::with(config);
    let ask = |net: &mut Net, token: Option<&str>| {
        let mut request = Request::get("/xmb/v1.0/services").body(Vec::new()).unwrap();
        if let Some(token) = token {
            request.headers_mut().insert("authorization", token.parse().unwrap());
        }
        net.try_http(1, request).unwrap()
    };
    assert_eq!(ask(&mut net, Some("Bearer open")).status(), 200);
    for wrong in [None, Some("Bearer opem"), Some("Basic open"), Some("open")] {
        let answer = ask(&mut net, wrong);
        assert_eq!(answer.status(), 401);
        assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer realm"));
    }
    net.config.xmb.as_mut().unwrap().providers.pop();
    net.restart();
    net.run(1000);
    assert_eq!(ask(&mut net, Some("Bearer open")).status(), 403);
    net.config.xmb = None;
    net.restart();
    net.run(1000);
    assert_eq!(net.http("GET", "/xmb/v1.0/services", "").status(), 404);
}

#[test]
fn a_session_begins_carries_and_ends_and_its_provider_is_told() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    let (path, session) = net.new_session(0, &service, &streaming(&[1]));
    assert_eq!(session.session_state, SessionState::Announced);
    net.run(500);
    let session = net.session(&path);
    assert_eq!(session.session_state, SessionState::Active);
    {
        let (rar, _) = net.at(GW).sessions.values().next().unwrap().clone();
        assert_eq!((rar.tmgi, rar.area.clone()), (session.castbench.tmgi, area(&[1])));
        let qos = rar.qos.clone().unwrap();
        assert_eq!(
            (qos.qci, qos.gbr, rar.duration),
            (Some(4), Some(64_000), Some(protocol::diameter::mbms::SessionDuration::INDEFINITE))
        );
    }
    // RTP to the port of the session comes out as datagrams to its address.
    let ingest = session.streaming_session.clone().unwrap().ingest_url.unwrap();
    let port: u16 = ingest.rsplit(':').next().unwrap().parse().unwrap();
    for n in 0..3u8 {
        net.fabric.datagram_from_outside((ip(41), 5004).into(), (ip(31), port).into(), vec![0x80, 0, 0, n]);
    }
    net.run(100);
    let payloads = user_plane::carried(&net, GW);
    assert_eq!(payloads.iter().map(|(.., payload)| payload[3]).collect::<Vec<_>>(), [0, 1, 2]);
    // Area and end change while it goes on; the rest does not.
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "geographical-areas": [1, 3] }), 200);
    net.run(500);
    assert_eq!((net.at(GW).sessions.len(), net.at(GW2).sessions.len()), (1, 1));
    let _: Problem = net.rest(0, ("PATCH", &path), &json!({ "max-bitrate": 100_000 }), 409);
    let _: Problem = net.rest(0, ("PATCH", &path), &json!({ "session-type": "Transport-Mode" }), 409);
    let stop = net.utc_ms() / 1000 + 3;
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "session-stop": stop }), 200);
    net.run(200);
    let asked = net.at(GW).asked.last().cloned().unwrap();
    assert_eq!((asked.indication, asked.duration.unwrap().seconds()), (Some(StartStop::Update), Some(3)));
    net.run(5000);
    assert_eq!((net.session(&path).session_state, net.at(GW).sessions.len()), (SessionState::Idle, 0));
    let told = net.told();
    let states: Vec<_> = told.iter().filter(|(event, _)| *event == "state").map(|(_, state)| state.unwrap()).collect();
    assert_eq!(states, [SessionState::Active, SessionState::Idle], "{told:?}");
    let reports: Vec<Report> = net.rest(0, ("GET", "/xmb/v1.0/reports"), &json!(null), 200);
    let [report] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!((report.packets, report.ip_octets, report.refused), (3, 3 * 32, 0));
    assert!(report.stop_ms >= stop * 1000 && report.start_ms < report.stop_ms);
    let one: Report = net.rest(0, ("GET", &format!("/xmb/v1.0/reports/{}", report.id)), &json!(null), 200);
    assert_eq!(&one, report);
    // The same session can begin again, with what it has.
    let again: Session = net.rest(0, ("PATCH", &path), &json!({ "session-stop": 0 }), 200);
    net.run(500);
    let now = net.session(&path);
    assert_eq!((now.session_state, now.castbench.tmgi), (SessionState::Active, again.castbench.tmgi));
    net.audit();
    assert_eq!(net.http("DELETE", &path, "").status(), 204);
    net.run(500);
    assert_eq!((net.figure("tmgis"), net.figure("bearers"), net.at(GW).sessions.len()), (0, 0, 0));
    net.audit();
}

#[test]
fn a_session_that_lies_ahead_is_announced_and_may_still_change() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    let mut body = streaming(&[1]);
    body["session-start"] = json!(net.utc_ms() / 1000 + 10);
    let (path, session) = net.new_session(0, &service, &body);
    assert_eq!((session.session_state, net.at(GW).sessions.len()), (SessionState::Announced, 0));
    let later = net.utc_ms() / 1000 + 20;
    let change = json!({ "session-start": later, "max-bitrate": 128_000, "geographical-areas": [3] });
    let changed: Session = net.rest(0, ("PATCH", &path), &change, 200);
    assert_eq!(changed.castbench.tmgi, session.castbench.tmgi);
    net.run(15_000);
    assert_eq!(net.session(&path).session_state, SessionState::Announced);
    // Told ahead by the time to data.
    net.run(4_500);
    let (rar, _) = net.at(GW2).sessions.values().next().unwrap().clone();
    assert_eq!(rar.qos.unwrap().gbr, Some(128_000));
    assert_eq!(rar.data_start, Some(protocol::diameter::sgmb::NtpTime::from_utc_us(later * 1_000_000)));
    assert_eq!(net.session(&path).session_state, SessionState::Active);
    assert!(net.at(GW).sessions.is_empty());
    net.audit();
}

#[test]
fn both_sides_assign_and_conflicts_are_told_whoever_was_first() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    let assigned = |tmgi: &str, address: &str, port: u16| {
        json!({ "session-type": "Streaming", "castbench": {
            "allocation-mode": "provider", "tmgi": tmgi, "multicast-address": address, "multicast-port": port } })
    };
    let (path, session) = net.new_session(0, &service, &assigned("000007@001-01", "239.2.0.1", 4000));
    let own = &session.castbench;
    assert_eq!(
        (own.allocation_mode, own.tmgi.unwrap().to_string()),
        (Some(Allocation::Provider), "000007@001-01".to_owned())
    );
    let sessions = format!("{service}/sessions");
    let taken = net.tmgis(AS, 1)[0];
    let refuse = |net: &mut Net, body: &serde_json::Value, status: u16| {
        net.rest::<Problem>(0, ("POST", &sessions), body, status).conflict.unwrap()
    };
    assert_eq!(refuse(&mut net, &assigned(&taken.to_string(), "239.2.0.2", 4000), 409), Conflict::TmgiInUse);
    assert_eq!(refuse(&mut net, &assigned("000007@001-01", "239.2.0.1", 4000), 409), Conflict::TmgiInUse);
    assert_eq!(refuse(&mut net, &assigned("000008@001-01", "239.2.0.1", 4000), 409), Conflict::AddressInUse);
    assert_eq!(refuse(&mut net, &assigned("000008@262-01", "239.2.0.2", 4000), 409), Conflict::OtherPlmn);
    assert_eq!(refuse(&mut net, &assigned("000008@001-01", "10.0.0.1", 4000), 400), Conflict::NotMulticast);
    // What a content provider has, an application server does not get.
    let asked = protocol::diameter::mbms::provisioning::ServiceProvisioning {
        tmgi: own.tmgi,
        mode: Some(protocol::diameter::mbms::provisioning::AllocationMode::AsAssigned),
        address: own.multicast_address,
        port: own.multicast_port,
        ..Default::default()
    };
    let provisioning = vec![asked];
    let response = net.allocate(AS, TmgiAllocationRequest { number: 0, refresh: Vec::new(), provisioning });
    let reason = response.provisioning[0].conflict;
    assert_eq!(reason, Some(protocol::diameter::mbms::provisioning::ConflictReason::TmgiInUse));
    let bearer = net.bearer(AS, start(own.tmgi, &[1]));
    assert!(result_of(&bearer).has(MbmsBearerResult::AUTHORIZATION_REJECTED));
    // The address of a session does not change.
    let other = json!({ "castbench": { "multicast-port": 4001 } });
    let problem: Problem = net.rest(0, ("PATCH", &path), &other, 409);
    assert_eq!(problem.conflict, Some(Conflict::OtherAddress));
    // TMGIs of content providers do not expire.
    net.run(3 * 3600 * 1000);
    assert_eq!((net.session(&path).castbench.tmgi, net.figure("tmgis")), (own.tmgi, 1));
    net.audit();
}

#[test]
fn a_bearer_that_is_lost_is_asked_for_again() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    net.at(GW).result = ResultCode::Base(result::UNABLE_TO_COMPLY);
    let (path, _) = net.new_session(0, &service, &streaming(&[1]));
    net.run(2000);
    let session = net.session(&path);
    assert_eq!(session.session_state, SessionState::Idle);
    assert!(session.castbench.trouble.is_some());
    net.at(GW).result = ResultCode::SUCCESS;
    net.run(6000);
    let session = net.session(&path);
    assert_eq!((session.session_state, session.castbench.trouble), (SessionState::Active, None));
    let events: Vec<_> = net.told().iter().map(|(event, _)| (*event).to_owned()).collect();
    assert_eq!(events, ["trouble", "state"]);
    net.audit();
    // An MBMS-GW that does not know the new area: the session keeps what it has.
    net.at(GW2).result = ResultCode::Base(result::UNABLE_TO_COMPLY);
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "geographical-areas": [1, 3] }), 200);
    net.run(3000);
    let session = net.session(&path);
    assert_eq!((session.geographical_areas, session.session_state), (vec![1], SessionState::Active));
    assert!(session.castbench.trouble.is_some());
    net.audit();
}

#[test]
fn notifications_come_in_order_until_they_are_taken_and_can_be_fetched() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    net.web.statuses = [500, 503, 500].into();
    let (path, _) = net.new_session(0, &service, &streaming(&[1]));
    net.run(1000);
    assert!(net.web.notifications.is_empty());
    assert_eq!(net.figure("xmb_notifications_waiting"), 1);
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "session-start": null }), 200);
    // Killed before they were taken: they are told all the same.
    net.restart();
    net.run(20_000);
    let states: Vec<_> = net.web.notifications.iter().map(|n| n.session_state.unwrap()).collect();
    assert_eq!(states, [SessionState::Active, SessionState::Idle]);
    assert_eq!(net.figure("xmb_notifications_waiting"), 0);
    let kept: Vec<Notification> = net.rest(0, ("GET", "/xmb/v1.0/notifications"), &json!(null), 200);
    assert_eq!(kept, net.web.notifications);
    let id = &kept[1].id;
    let one: Notification = net.rest(0, ("GET", &format!("/xmb/v1.0/notifications/{id}")), &json!(null), 200);
    assert_eq!(one, kept[1]);
    let none: Vec<Notification> = net.rest(0, ("GET", "/xmb/v1.0/notifications?session=9"), &json!(null), 200);
    assert!(none.is_empty());
    let others: Vec<Notification> = net.rest(1, ("GET", "/xmb/v1.0/notifications"), &json!(null), 200);
    assert!(others.is_empty());
    // Once told, not told again.
    net.restart();
    net.run(5000);
    assert_eq!(net.web.notifications.len(), 2);
    // Only the classes that are wanted are pushed.
    let _: Service = net.rest(0, ("PATCH", &service), &json!({ "push-notification-configuration": ["ingest"] }), 200);
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "session-start": 0 }), 200);
    net.run(2000);
    assert_eq!(net.web.notifications.len(), 2);
    let kept: Vec<Notification> = net.rest(0, ("GET", "/xmb/v1.0/notifications"), &json!(null), 200);
    assert_eq!(kept.len(), 3);
}

#[test]
fn what_is_not_durable_is_not_acknowledged() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    *net.store_fails.lock().unwrap() = true;
    let response = net.http("POST", &format!("{service}/sessions"), &streaming(&[1]).to_string());
    assert_eq!(response.status(), 500);
    *net.store_fails.lock().unwrap() = false;
    net.restart();
    net.run(2000);
    assert_eq!((net.figure("xmb_sessions"), net.figure("tmgis"), net.at(GW).sessions.len()), (0, 0, 0));
    net.audit();
}

#[test]
fn everybody_can_read_what_ues_need_to_know() {
    use protocol::usd::{Announcement, Bundle, Delivered, DeliveryDescription, Envelope, Schedule};
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    let shown: Service = net.rest(0, ("GET", &service), &json!(null), 200);
    let url = shown.service_announcement_url.unwrap();
    let path = url.strip_prefix(BASE).unwrap().to_owned();
    let (start, stop) = (net.utc_ms() / 1000 + 60, net.utc_ms() / 1000 + 120);
    let description =
        "v=0\r\no=- 1 1 IN IP4 10.46.0.41\r\ns=-\r\nt=0 0\r\nm=audio 5004 RTP/AVP 96\r\na=rtpmap:96 AMR-WB/16000\r\n";
    let mut body = streaming(&[1, 2]);
    (body["session-start"], body["session-stop"]) = (json!(start), json!(stop));
    body["streaming-session"] = json!({ "session-description": description });
    let (_, radio) = net.new_session(0, &service, &body);
    let body = json!({ "session-type": "Files", "max-bitrate": 500_000, "castbench": { "delivery": { "fec": { "raptor": 20 }, "tsi": 9 } } });
    let (files_path, files) = net.new_session(0, &service, &body);
    // Another content provider, who is none, may read it, too.
    net.config.xmb.as_mut().unwrap().providers.pop();
    net.restart();
    net.run(1000);
    let request = Request::get(&path).body(Vec::new()).unwrap();
    let response = net.try_http(1, request).unwrap();
    let media = response.headers()["content-type"].to_str().unwrap().to_owned();
    let announcement = Announcement::parse(&media, response.body()).unwrap();
    let envelope = Envelope::parse(&announcement.fragments[0].body).unwrap();
    assert_eq!((announcement.fragments.len(), envelope.items.len()), (5, 4));
    let bundle = Bundle::parse(&announcement.find(&format!("{url}/usd.xml")).unwrap().body).unwrap();
    let own = &bundle.services[0];
    assert_eq!((own.names[0].text.as_str(), own.methods.len(), own.areas.as_slice()), ("News", 2, &[1, 2][..]));
    let schedule = Schedule::parse(&announcement.find(own.schedule_uri.as_ref().unwrap()).unwrap().body).unwrap();
    assert_eq!((schedule.sessions[0].start_ms, schedule.sessions[0].stop_ms), (start * 1000, stop * 1000));
    for (session, method) in [&radio, &files].into_iter().zip(&own.methods) {
        let sdp = &announcement.find(&method.session_description_uri).unwrap().body;
        assert_eq!(session.castbench.sdp.as_ref().map(String::as_bytes), Some(sdp.as_slice()));
        let read = DeliveryDescription::parse(sdp).unwrap();
        assert_eq!((Some(read.mode.tmgi()), read.source), (session.castbench.tmgi, Some(ip(31))));
        assert_eq!(Some(read.destination.port()), session.castbench.multicast_port);
        match read.delivered {
            Delivered::Files { tsi, fec } => assert_eq!((tsi, fec), (9, 1)),
            Delivered::Media(media) => {
                assert_eq!((read.start_ms, media.attribute("rtpmap")), (Some(start * 1000), Some("96 AMR-WB/16000")));
            }
        }
        let one = net.http("GET", method.session_description_uri.strip_prefix(BASE).unwrap(), "");
        assert_eq!((one.body(), one.headers()["content-type"].as_bytes()), (sdp, &b"application/sdp"[..]));
    }
    // What changes is another version; what is gone is not in it.
    let _: Session = net.rest(0, ("PATCH", &files_path), &json!({ "max-bitrate": 600_000 }), 200);
    let response = net.http("GET", &format!("{path}/envelope.xml"), "");
    let changed = Envelope::parse(response.body()).unwrap();
    let versions: Vec<_> = envelope.items.iter().zip(&changed.items).map(|(a, b)| b.version - a.version).collect();
    assert_eq!(versions, [1, 0, 1, 1]);
    assert_eq!(net.http("DELETE", &files_path, "").status(), 204);
    assert_eq!(net.http("GET", &format!("{path}/{}.sdp", files.id), "").status(), 404);
    assert_eq!(net.http("PUT", &path, "").status(), 405);
    assert_eq!(net.http("GET", "/announcement/9", "").status(), 404);
}

#[test]
fn packets_are_forwarded_and_payloads_wrapped() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    for (mode, is_forwarded) in [("Forward-only", true), ("Proxy", false)] {
        let body = json!({ "session-type": "Transport-Mode", "session-start": 0, "geographical-areas": [1],
            "transport-session": { "delivery-mode": mode } });
        let (path, session) = net.new_session(0, &service, &body);
        net.run(500);
        let own = &session.castbench;
        let socket = std::net::SocketAddr::new(own.multicast_address.unwrap(), own.multicast_port.unwrap());
        let ingest = session.transport_session.unwrap().ingest_url.unwrap();
        let port: u16 = ingest.rsplit(':').next().unwrap().parse().unwrap();
        let packet = protocol::UdpDatagram { source: (ip(41), 1).into(), destination: socket, payload: b"whole" };
        for bytes in [packet.emit().unwrap(), b"half".to_vec()] {
            net.fabric.datagram_from_outside((ip(41), 5004).into(), (ip(31), port).into(), bytes);
        }
        net.run(100);
        let carried: Vec<_> = user_plane::carried(&net, GW).into_iter().map(|(.., payload)| payload).collect();
        match is_forwarded {
            true => assert_eq!(carried, [b"whole".to_vec()]),
            false => assert_eq!(carried, [packet.emit().unwrap(), b"half".to_vec()]),
        }
        net.at(GW).datagrams.clear();
        assert_eq!(net.http("DELETE", &path, "").status(), 204);
    }
    net.audit();
}

/// What a content provider does, one after the other; what fails is looked after and done again.
fn procedure(net: &mut Net) -> String {
    let insist = |net: &mut Net, method: &str, path: &str, body: serde_json::Value| {
        for _ in 0..20 {
            let request = Request::builder().method(method).uri(path).body(body.to_string().into_bytes()).unwrap();
            match net.try_http(0, request) {
                Ok(response) if response.status() != 503 => return Some(response),
                _ if method == "POST" => return None,
                _ => net.run(500),
            }
        }
        panic!("{method} {path}: {:#?}", net.notes)
    };
    let one = |net: &mut Net, list: &str, body: serde_json::Value| loop {
        insist(net, "POST", list, body.clone());
        net.run(500);
        let all = insist(net, "GET", list, json!(null)).unwrap();
        let all: Vec<serde_json::Value> = serde_json::from_slice(all.body()).unwrap();
        assert!(all.len() <= 1, "{all:?}");
        if let Some(found) = all.first() {
            return format!("{list}/{}", found["id"].as_str().unwrap());
        }
    };
    let body = json!({ "push-notification-url": format!("{URL}/told") });
    let service = one(net, "/xmb/v1.0/services", body);
    let session = one(net, &format!("{service}/sessions"), streaming(&[1]));
    for body in
        [json!({ "geographical-areas": [1, 3] }), json!({ "session-start": null }), json!({ "session-start": 0 })]
    {
        let response = insist(net, "PATCH", &session, body).unwrap();
        assert_eq!(response.status(), 200, "{}", String::from_utf8_lossy(response.body()));
        net.run(300);
    }
    session
}

#[test]
fn killed_at_any_message_sessions_are_as_acknowledged_and_nothing_leaks() {
    let mut whole = Net::with(xmb_config());
    let before = whole.messages;
    procedure(&mut whole);
    whole.run(2000);
    let messages = whole.messages;
    assert!(messages - before > 30, "{messages}");
    for kill_at in before + 1..=messages {
        let mut net = Net::with(xmb_config());
        net.kill_at = Some(kill_at);
        let session = procedure(&mut net);
        net.run(20_000);
        net.audit();
        let shown = net.session(&session);
        assert_eq!(shown.session_state, SessionState::Active, "killed at {kill_at}: {:#?}", net.notes);
        assert_eq!(shown.geographical_areas, [1, 3]);
        assert_eq!((net.figure("tmgis"), net.figure("bearers"), net.figure("xmb_sessions")), (1, 1, 1));
        for gateway in [GW, GW2] {
            let sessions: Vec<_> = net.at(gateway).sessions.values().map(|(rar, _)| rar.clone()).collect();
            assert_eq!(sessions.len(), 1, "killed at {kill_at}, {gateway}: {:#?}", net.notes);
            assert_eq!((sessions[0].tmgi, sessions[0].area.clone()), (shown.castbench.tmgi, area(&[1, 3])));
        }
        let last = net.web.notifications.iter().rev().find_map(|n| n.session_state);
        assert_eq!(last, Some(SessionState::Active), "killed at {kill_at}");
    }
}
