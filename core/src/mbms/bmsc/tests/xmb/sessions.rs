//! Sessions of content providers: bearers, both ways of allocation, RTP and packets.

use protocol::xmb::{Allocation, Conflict, Problem, Report};

use super::*;

#[test]
fn a_session_begins_carries_and_ends_and_its_provider_is_told() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    let (path, session) = net.new_session(0, &service, &streaming(&[1]));
    assert_eq!(session.session_state, SessionState::Announced);
    net.run_ms(500);
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
    net.run_ms(100);
    let payloads = user_plane::carried(&net, GW);
    assert_eq!(payloads.iter().map(|(.., payload)| payload[3]).collect::<Vec<_>>(), [0, 1, 2]);
    // Area and end change while it goes on; the rest does not.
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "geographical-areas": [1, 3] }), 200);
    net.run_ms(500);
    assert_eq!((net.at(GW).sessions.len(), net.at(GW2).sessions.len()), (1, 1));
    let _: Problem = net.rest(0, ("PATCH", &path), &json!({ "max-bitrate": 100_000 }), 409);
    let _: Problem = net.rest(0, ("PATCH", &path), &json!({ "session-type": "Transport-Mode" }), 409);
    let stop = net.utc_ms() / 1000 + 3;
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "session-stop": stop }), 200);
    net.run_ms(200);
    let asked = net.at(GW).asked.last().cloned().unwrap();
    assert_eq!((asked.indication, asked.duration.unwrap().seconds()), (Some(StartStop::Update), Some(3)));
    net.run_ms(5000);
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
    net.run_ms(500);
    let now = net.session(&path);
    assert_eq!((now.session_state, now.castbench.tmgi), (SessionState::Active, again.castbench.tmgi));
    net.audit();
    assert_eq!(net.http("DELETE", &path, "").status(), 204);
    net.run_ms(500);
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
    net.run_ms(15_000);
    assert_eq!(net.session(&path).session_state, SessionState::Announced);
    // Told ahead by the time to data.
    net.run_ms(4_500);
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
    net.run_ms(3 * 3600 * 1000);
    assert_eq!((net.session(&path).castbench.tmgi, net.figure("tmgis")), (own.tmgi, 1));
    net.audit();
}

#[test]
fn a_bearer_that_is_lost_is_asked_for_again() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    net.at(GW).result = ResultCode::Base(result::UNABLE_TO_COMPLY);
    let (path, _) = net.new_session(0, &service, &streaming(&[1]));
    net.run_ms(2000);
    let session = net.session(&path);
    assert_eq!(session.session_state, SessionState::Idle);
    assert!(session.castbench.trouble.is_some());
    net.at(GW).result = ResultCode::SUCCESS;
    net.run_ms(6000);
    let session = net.session(&path);
    assert_eq!((session.session_state, session.castbench.trouble), (SessionState::Active, None));
    let events: Vec<_> = net.told().iter().map(|(event, _)| (*event).to_owned()).collect();
    assert_eq!(events, ["trouble", "state"]);
    net.audit();
    // An MBMS-GW that does not know the new area: the session keeps what it has.
    net.at(GW2).result = ResultCode::Base(result::UNABLE_TO_COMPLY);
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "geographical-areas": [1, 3] }), 200);
    net.run_ms(3000);
    let session = net.session(&path);
    assert_eq!((session.geographical_areas, session.session_state), (vec![1], SessionState::Active));
    assert!(session.castbench.trouble.is_some());
    net.audit();
}

#[test]
fn packets_are_forwarded_and_payloads_wrapped() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    for (mode, is_forwarded) in [("Forward-only", true), ("Proxy", false)] {
        let body = json!({ "session-type": "Transport-Mode", "session-start": 0, "geographical-areas": [1],
            "transport-session": { "delivery-mode": mode } });
        let (path, session) = net.new_session(0, &service, &body);
        net.run_ms(500);
        let own = &session.castbench;
        let socket = std::net::SocketAddr::new(own.multicast_address.unwrap(), own.multicast_port.unwrap());
        let ingest = session.transport_session.unwrap().ingest_url.unwrap();
        let port: u16 = ingest.rsplit(':').next().unwrap().parse().unwrap();
        let packet = protocol::UdpDatagram { source: (ip(41), 1).into(), destination: socket, payload: b"whole" };
        for bytes in [packet.emit().unwrap(), b"half".to_vec()] {
            net.fabric.datagram_from_outside((ip(41), 5004).into(), (ip(31), port).into(), bytes);
        }
        net.run_ms(100);
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

#[test]
fn a_session_that_is_refused_stays_what_it_is() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    let (path, _) = net.new_session(0, &service, &json!({}));
    let body = |tmgi: &str, area: u16| {
        let mut body = streaming(&[area]);
        body["castbench"] = json!({ "allocation-mode": "provider", "tmgi": tmgi,
            "multicast-address": "239.2.0.1", "multicast-port": 4000 });
        body
    };
    let _: Problem = net.rest(0, ("PUT", &path), &body("000007@001-01", 9), 400);
    assert_eq!((net.session(&path).castbench.tmgi, net.figure("tmgis")), (None, 0));
    net.audit();
    let session: Session = net.rest(0, ("PUT", &path), &body("000008@001-01", 1), 200);
    assert_eq!(session.castbench.tmgi.unwrap().to_string(), "000008@001-01");
    net.restart();
    net.run_ms(2000);
    assert_eq!((net.session(&path).session_state, net.figure("tmgis")), (SessionState::Active, 1));
    net.audit();
}

#[test]
fn a_modification_that_is_not_made_leaves_all_as_it_was() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    let mut body = streaming(&[1]);
    body["castbench"] = json!({ "qos": { "qci": 4, "gbr": 64_000, "arp": { "priority": 3 } } });
    let (path, session) = net.new_session(0, &service, &body);
    net.run_ms(500);
    let shown: Service = net.rest(0, ("GET", &service), &json!(null), 200);
    let url = shown.service_announcement_url.unwrap();
    let envelope = |net: &mut Net| {
        let response = net.http("GET", &format!("{}/envelope.xml", url.strip_prefix(BASE).unwrap()), "");
        protocol::usd::Envelope::parse(response.body()).unwrap().items[0].version
    };
    let before = envelope(&mut net);
    net.at(GW2).result = ResultCode::Base(result::UNABLE_TO_COMPLY);
    let change = json!({ "geographical-areas": [1, 3], "castbench": { "qos": { "arp": { "priority": 9 } } } });
    let _: Session = net.rest(0, ("PATCH", &path), &change, 200);
    net.run_ms(3000);
    let now = net.session(&path);
    assert_eq!((&now.geographical_areas, &now.castbench.qos), (&vec![1], &session.castbench.qos));
    // UEs that have read the new areas read the old ones again.
    assert_eq!(envelope(&mut net), before + 2);
    // What did not have to be said before is said when it is not what was.
    let unsaid = json!({ "geographical-areas": [1, 3], "castbench": { "qos": null } });
    let _: Session = net.rest(0, ("PATCH", &path), &unsaid, 200);
    net.run_ms(3000);
    assert_eq!(net.session(&path).castbench.qos, session.castbench.qos);
    net.audit();
}
