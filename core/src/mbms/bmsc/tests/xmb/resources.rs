//! Resources of xMB-C (TS 29.116 clauses 5.2.1 and 5.2.2): who may have them, and what is refused.

use protocol::Secret;
use protocol::xmb::{Allocation, Problem};

use super::*;
use crate::store::StoreError;

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
    net.run_ms(1000);
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
    let pull = |file: serde_json::Value| {
        let list = json!({ "ingest-mode": "Pull", "file-list": [file] });
        json!({ "session-type": "Files", "max-bitrate": 500_000, "file-session": list })
    };
    let transport =
        |sdp: &str| json!({ "session-type": "Transport-Mode", "transport-session": { "session-description": sdp } });
    for (body, status, says) in [
        (json!({ "session-type": "Other" }), 400, "Other"),
        (json!({ "session-type": "Application" }), 501, "Files"),
        (json!({ "session-start": 10, "session-stop": 10 }), 400, "session-stop"),
        (json!({ "session-type": "Files" }), 400, "max-bitrate"),
        (files(json!({ "symbol-octets": 4 })), 400, "symbol_octets"),
        (files(json!({ "symbol-octets": 1400 })), 400, "bit/s"),
        (files(json!({ "fec": { "raptor": 65535 } })), 400, "overhead"),
        (files(json!({ "fdt-period-ms": 0 })), 400, "FDT"),
        (files(json!({ "fdt-period-ms": 3_600_000 })), 400, "FDT"),
        (pull(json!({ "file-url": "http://a/", "earliest-fetch-time": 9, "latest-fetch-time": 8 })), 400, "latest"),
        (pull(json!({ "file-url": "http://user:secret@a/" })), 400, "file-url"),
        (transport("no description"), 400, "session-description"),
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
    for names in [json!(["en:A\r\na=x"]), json!([""]), json!(["a".repeat(2049)])] {
        let _: Problem = net.rest(0, ("PATCH", &service), &json!({ "service-names": names }), 400);
    }
    // Three sessions of a content provider, whichever services they are of.
    let other = net.new_service(0);
    for service in [&service, &other, &other] {
        net.new_session(0, service, &json!({}));
    }
    let problem: Problem = net.rest(0, ("POST", &sessions), &json!({}), 403);
    assert!(problem.detail.contains("3 sessions"), "{problem:?}");
    let large = json!({ "x-own": "a".repeat(70_000) });
    let _: Problem = net.rest(0, ("PATCH", &service), &large, 400);
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
    net.run_ms(1000);
    assert_eq!(ask(&mut net, Some("Bearer open")).status(), 403);
    net.config.xmb = None;
    net.restart();
    net.run_ms(1000);
    assert_eq!(net.http("GET", "/xmb/v1.0/services", "").status(), 404);
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
    net.run_ms(2000);
    assert_eq!((net.figure("xmb_sessions"), net.figure("tmgis"), net.at(GW).sessions.len()), (0, 0, 0));
    net.audit();
}

#[test]
fn who_repeats_what_is_not_durable_yet_waits_as_well() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    let (_, session) = net.new_session(0, &service, &json!({ "session-type": "Files", "max-bitrate": 500_000 }));
    let push = session.file_session.unwrap().push_url.unwrap();
    let path = format!("{}a", push.strip_prefix(BASE).unwrap());
    let (now, peer) = (net.now, (ip(PROVIDERS[0].1), 40_000).into());
    let mut node = net.node.lock().unwrap();
    for n in [1, 2] {
        let request = Request::put(&path).body(b"content".to_vec()).unwrap();
        node.handle_input(now, NodeInput::Http { exchange: HttpExchange(n), peer, request });
    }
    let mut tokens = Vec::new();
    while let Some(output) = node.poll_output() {
        match output {
            NodeOutput::Store(request) => tokens.push(request.token),
            NodeOutput::Http { response, .. } => panic!("answered before it is durable: {}", response.status()),
            _ => {}
        }
    }
    for token in tokens {
        let result = Err(StoreError::Sqlite("disk full".to_owned()));
        node.handle_input(now, NodeInput::Store(NodeStoreAnswer { token, result }));
    }
    let mut statuses = Vec::new();
    while let Some(output) = node.poll_output() {
        if let NodeOutput::Http { response, .. } = output {
            statuses.push(response.status().as_u16());
        }
    }
    assert_eq!(statuses, [500, 500]);
}
