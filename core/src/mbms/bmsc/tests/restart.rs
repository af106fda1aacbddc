//! Kill and start again: of the BM-SC at each message of a procedure, of MBMS-GWs, of application servers.

use protocol::diameter::mb2c::mask::MbmsBearerResult as R;

use super::*;

/// What an application server does, one after the other, and what it is told.
fn procedure(net: &mut Net) -> Vec<GcsActionAnswer> {
    let allocation = Some(TmgiAllocationRequest { number: 2, ..TmgiAllocationRequest::default() });
    let allocated = net.insist(AS, &GcsActionRequest { allocation, ..GcsActionRequest::default() });
    let tmgis = allocated.allocation.clone().unwrap().tmgis;
    let bearers = vec![start(Some(tmgis[0]), &[1]), start(Some(tmgis[1]), &[2])];
    let started = net.insist(AS, &GcsActionRequest { bearers, ..GcsActionRequest::default() });
    let mut update = again(StartStop::Update, &started.bearers[0]);
    update.area = area(&[1, 3]);
    let updated = net.insist(AS, &GcsActionRequest { bearers: vec![update], ..GcsActionRequest::default() });
    let bearers = vec![again(StartStop::Stop, &started.bearers[1])];
    let stopped = net.insist(AS, &GcsActionRequest { bearers, ..GcsActionRequest::default() });
    let deallocation = Some(TmgiDeallocationRequest { tmgis: vec![tmgis[1]] });
    let released = net.insist(AS, &GcsActionRequest { deallocation, ..GcsActionRequest::default() });
    vec![allocated, started, updated, stopped, released]
}

#[test]
fn killed_at_any_message_it_knows_what_it_acknowledged_and_nothing_leaks() {
    let mut whole = Net::new();
    let before = whole.messages;
    procedure(&mut whole);
    let messages = whole.messages;
    assert!(messages - before > 20, "{messages}");
    for kill_at in before + 1..=messages {
        let mut net = Net::new();
        net.kill_at = Some(kill_at);
        let answers = procedure(&mut net);
        net.run_ms(20_000);
        net.audit();
        for answer in &answers {
            let is_good = answer.bearers.iter().all(|b| result_of(b).has(R::SUCCESS));
            assert!(is_good, "killed at {kill_at}: {answer:?}");
        }
        let kept = answers[1].bearers[0].tmgi.unwrap();
        let (tmgis, bearers) = (net.figure("tmgis"), net.figure("bearers"));
        assert_eq!((tmgis, bearers), (1, 1), "killed at {kill_at}: {:#?}", net.notes);
        for gateway in [GW, GW2] {
            let sessions: Vec<_> = net.at(gateway).sessions.values().map(|(rar, _)| rar.clone()).collect();
            assert_eq!(sessions.len(), 1, "killed at {kill_at}, {gateway}: {:#?}", net.notes);
            assert_eq!((sessions[0].tmgi, sessions[0].area.clone()), (Some(kept), area(&[1, 3])));
        }
        let heard = net.ask(AS, GcsActionRequest::default());
        assert_eq!(heard.restart_counter, Some(net.starts));
    }
}

#[test]
fn gateways_that_have_forgotten_get_their_sessions_again() {
    let mut net = Net::new();
    let tmgi = net.tmgis(AS, 1)[0];
    let bearer = net.bearer(AS, start(Some(tmgi), &[1]));
    net.at(GW).sessions.clear();
    net.restart_box(GW);
    net.run_ms(3000);
    let (rar, _) = net.at(GW).sessions.values().next().unwrap().clone();
    assert_eq!((rar.tmgi, rar.flags), (bearer.tmgi, Some(MbmsFlags::MSRI)));
    assert_eq!(net.figure("mbms_restarts_seen"), 1);
    // A break of the connection alone changes nothing.
    let asked = net.at(GW).asked.iter().filter(|rar| rar.indication == Some(StartStop::Start)).count();
    net.fabric.set_down(net.now, GW, true);
    net.run_ms(1000);
    net.reconnect(GW);
    net.run_ms(3000);
    assert_eq!(net.at(GW).asked.iter().filter(|rar| rar.indication == Some(StartStop::Start)).count(), asked);
    assert!(net.events(AS).is_empty());
    net.audit();
}

#[test]
fn what_an_application_server_has_forgotten_is_given_back() {
    let mut net = Net::new();
    let tmgis = net.tmgis(AS, 2);
    net.bearer(AS, start(Some(tmgis[0]), &[1]));
    net.tmgis(AS2, 1);
    net.restart_box(AS);
    net.run_ms(1000);
    let answer = net.ask(AS, GcsActionRequest::default());
    assert!(answer.outcome.result.is_success());
    net.run_ms(100);
    assert_eq!((net.figure("tmgis"), net.figure("bearers"), net.at(GW).sessions.len()), (1, 0, 0));
    net.audit();
    // One that keeps what it knows keeps its TMGIs.
    net.config.servers.get_mut(AS2).unwrap().forget_on_restart = false;
    net.restart();
    net.run_ms(1000);
    net.restart_box(AS2);
    net.run_ms(1000);
    net.ask(AS2, GcsActionRequest::default());
    assert_eq!(net.figure("tmgis"), 1);
}

#[test]
fn who_has_something_is_told_of_a_restart() {
    let mut config = config();
    config.heartbeat = Some(Duration::from_secs(20));
    let mut net = Net::with(config);
    net.tmgis(AS, 1);
    net.restart();
    net.run_ms(2000);
    let heard = net.at(AS).notices.last().cloned().unwrap();
    assert!(heard.is_heartbeat() && heard.restart_counter == Some(2), "{heard:?}");
    assert!(net.at(AS2).notices.is_empty());
    let before = net.at(AS).notices.len();
    net.run_ms(41_000);
    assert_eq!(net.at(AS).notices.len() - before, 2);
    assert!(net.at(GW).asked.iter().filter(|rar| rar.indication == Some(StartStop::Heartbeat)).count() >= 2);
}

#[test]
fn notices_wait_for_who_is_away() {
    let mut config = config();
    config.tmgi_lifetime = Duration::from_secs(30);
    let mut net = Net::with(config);
    let tmgis = net.tmgis(AS, 2);
    net.fabric.set_down(net.now, AS, true);
    net.run_ms(40_000);
    assert_eq!((net.figure("tmgis"), net.at(AS).notices.len()), (0, 0));
    net.reconnect(AS);
    net.run_ms(5_000);
    let told: Vec<_> = net.at(AS).notices.iter().filter_map(|gnr| gnr.expiry.clone()).flat_map(|e| e.tmgis).collect();
    assert_eq!(told, tmgis);
    assert_eq!(net.figure("gcs_notices_waiting"), 0);
}

/// A request of a server that says that it is `origin`, and what it is answered.
fn ask_as(net: &mut Net, origin: &str, gar: &GcsActionRequest) -> ResultCode {
    let token = net.send(AS, gar.clone(), false);
    let mut gar = gar.clone();
    gar.routing = Routing {
        session_id: format!("{origin};0;{token}"),
        origin_host: origin.to_owned(),
        origin_realm: REALM.to_owned(),
        destination_host: None,
        destination_realm: REALM.to_owned(),
    };
    gar.restart_counter = Some(9);
    net.at(AS).to_send.back_mut().unwrap().1 = gar.to_message();
    net.wait(AS, token).outcome.result
}

#[test]
fn no_peer_is_taken_for_a_content_provider() {
    let mut net = Net::with(xmb::xmb_config());
    let service = net.new_service(0);
    net.new_session(0, &service, &xmb::streaming(&[1]));
    for counter in [8, 9] {
        let deallocation = Some(TmgiDeallocationRequest { tmgis: Vec::new() });
        let gar = GcsActionRequest { deallocation, restart_counter: Some(counter), ..GcsActionRequest::default() };
        assert_eq!(ask_as(&mut net, "xmb:radio", &gar), ResultCode::Base(result::INVALID_AVP_VALUE));
        assert_eq!(net.figure("tmgis"), 1, "{:#?}", net.notes);
    }
    net.run_ms(1000);
    assert_eq!((net.figure("bearers"), net.at(GW).sessions.len()), (1, 1));
    net.audit();
}

#[test]
fn peers_that_have_nothing_are_not_remembered_for_ever() {
    let mut net = Net::new();
    let known = net.node.lock().unwrap().peers.len();
    assert_eq!(ask_as(&mut net, "stranger.test", &GcsActionRequest::default()), ResultCode::SUCCESS);
    assert_eq!(net.node.lock().unwrap().peers.len(), known, "who may do nothing");
    net.config.strangers = Some(ServerRules::default());
    net.restart();
    net.run_ms(2000);
    let tmgi = net.tmgis(AS, 1)[0];
    for n in 0..5000 {
        let gar = GcsActionRequest { restart_counter: Some(1), ..GcsActionRequest::default() };
        let token = net.send(AS, gar.clone(), false);
        let mut gar = gar;
        gar.routing.session_id = format!("s{n}");
        gar.routing.origin_host = format!("s{n}.test");
        gar.routing.origin_realm = REALM.to_owned();
        gar.routing.destination_realm = REALM.to_owned();
        net.at(AS).to_send.back_mut().unwrap().1 = gar.to_message();
        if n % 1000 == 999 {
            net.wait(AS, token);
        }
    }
    assert_eq!(net.node.lock().unwrap().peers.len(), 4096);
    net.restart();
    net.run_ms(2000);
    assert_eq!(net.node.lock().unwrap().peers.len(), 4096);
    // One that has something is still known: when it has restarted, it has nothing.
    assert_eq!(net.figure("tmgis"), 1);
    net.restart_box(AS);
    net.run_ms(2000);
    let left = net.release(AS, &[tmgi]);
    assert_eq!((left.deallocations[0].tmgi, net.figure("tmgis"), net.figure("mbms_restarts_seen")), (tmgi, 0, 1));
}
