//! The BM-SC is killed at any message of xMB.

use super::*;

/// What a content provider does, one after the other; what fails is looked after and done again.
fn procedure(net: &mut Net) -> String {
    let insist = |net: &mut Net, method: &str, path: &str, body: serde_json::Value| {
        for _ in 0..20 {
            let request = Request::builder().method(method).uri(path).body(body.to_string().into_bytes()).unwrap();
            match net.try_http(0, request) {
                Ok(response) if response.status() != 503 => return Some(response),
                _ if method == "POST" => return None,
                _ => net.run_ms(500),
            }
        }
        panic!("{method} {path}: {:#?}", net.notes)
    };
    let one = |net: &mut Net, list: &str, body: serde_json::Value| loop {
        insist(net, "POST", list, body.clone());
        net.run_ms(500);
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
        net.run_ms(300);
    }
    session
}

#[test]
fn killed_at_any_message_sessions_are_as_acknowledged_and_nothing_leaks() {
    let mut whole = Net::with(xmb_config());
    let before = whole.messages;
    procedure(&mut whole);
    whole.run_ms(2000);
    let messages = whole.messages;
    assert!(messages - before > 30, "{messages}");
    for kill_at in before + 1..=messages {
        let mut net = Net::with(xmb_config());
        net.kill_at = Some(kill_at);
        let session = procedure(&mut net);
        net.run_ms(20_000);
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
