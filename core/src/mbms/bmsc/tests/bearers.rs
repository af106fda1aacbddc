//! Bearers: each of the 14 results (TS 29.468 table 6.4.8-1), what MBMS-GWs are asked for, events.

use protocol::diameter::mb2c::BearerDiagnostic as Diagnostic;
use protocol::diameter::mb2c::mask::{MbmsBearerEvent as Event, MbmsBearerResult as R};
use protocol::diameter::mbms::FlowId;
use protocol::diameter::mbms::provisioning::{ServiceProvisioning, SessionTime};
use protocol::diameter::sgmb::{DiagnosticInfo, Str, TerminationCause};

use super::*;

#[test]
fn a_bearer_is_started_changed_and_stopped_at_the_gateways_of_its_area() {
    let mut net = Net::new();
    let tmgi = net.tmgis(AS, 1)[0];
    let bearer = net.bearer(AS, start(Some(tmgi), &[1]));
    assert_eq!((result_of(&bearer), bearer.tmgi, bearer.flow), (R::SUCCESS, Some(tmgi), Some(FlowId(1))));
    assert_eq!((bearer.addresses[0], bearer.duration.unwrap().seconds()), (ip(31), Some(7200)));
    {
        let (rar, _) = net.at(GW).sessions.values().next().unwrap().clone();
        assert_eq!((rar.tmgi, rar.flow, rar.area.clone()), (Some(tmgi), Some(FlowId(1)), area(&[1])));
        assert_eq!((rar.qos.clone(), rar.time_to_data, rar.flags), (Some(qos()), Some(0), None));
        assert_eq!((rar.control_plane_nodes.clone(), rar.udp_port_required), (vec![ip(33)], true));
        assert!(net.at(GW2).sessions.is_empty());
    }
    // The same TMGI in another area is another flow.
    let other = net.bearer(AS, start(Some(tmgi), &[3]));
    assert_eq!((result_of(&other), other.flow), (R::SUCCESS, Some(FlowId(2))));
    // More area: the other gateway gets the session, too; and a higher priority.
    let mut better = qos();
    better.arp = Some(Arp { priority: 1, may_preempt: true, preemptable: false });
    let mut update = again(StartStop::Update, &bearer);
    (update.area, update.qos) = (area(&[1, 2]), Some(better.clone()));
    assert_eq!(result_of(&net.bearer(AS, update)), R::SUCCESS);
    assert_eq!((net.at(GW).sessions.len(), net.at(GW2).sessions.len()), (1, 2));
    assert_eq!(net.at(GW).sessions.values().next().unwrap().0.qos, Some(better));
    assert_eq!(net.at(GW).asked.last().unwrap().area, area(&[1, 2]));
    // Less area.
    let mut update = again(StartStop::Update, &bearer);
    update.area = area(&[2]);
    assert_eq!(result_of(&net.bearer(AS, update)), R::SUCCESS);
    let mut update = again(StartStop::Update, &bearer);
    update.area = area(&[1]);
    assert_eq!(result_of(&net.bearer(AS, update)), R::SUCCESS);
    net.run_ms(100);
    assert_eq!((net.at(GW).sessions.len(), net.at(GW2).sessions.len()), (1, 1));
    for response in [&bearer, &other] {
        assert_eq!(result_of(&net.bearer(AS, again(StartStop::Stop, response))), R::SUCCESS);
    }
    net.run_ms(100);
    assert_eq!((net.at(GW).sessions.len(), net.at(GW2).sessions.len(), net.figure("bearers")), (0, 0, 0));
    // Flow identifiers do not come again.
    assert_eq!(net.bearer(AS, start(Some(tmgi), &[1])).flow, Some(FlowId(3)));
    net.audit();
}

#[test]
fn each_result_that_is_known_at_once() {
    let mut config = config();
    config.servers.get_mut(AS2).unwrap().areas = Some(vec![1]);
    config.mb2u_ports = 20_000..=20_001;
    let mut net = Net::with(config);
    let tmgi = net.tmgis(AS, 1)[0];
    let foreign = net.tmgis(AS2, 1)[0];
    let unknown = Tmgi { service_id: [9, 9, 9], ..tmgi };
    let mut poor = start(Some(tmgi), &[1]);
    poor.qos.as_mut().unwrap().gbr = None;
    let mut early = start(Some(tmgi), &[1]);
    early.start_utc_ms = Some(net.utc_ms() - 600_000);
    let mut after_expiry = early.clone();
    after_expiry.start_utc_ms = Some(net.utc_ms() + 8_000_000);
    let none = MbmsBearerRequest::new(StartStop::Start);
    let stop = |tmgi, flow: u16| MbmsBearerRequest {
        flow: Some(FlowId(flow)),
        tmgi: Some(tmgi),
        ..MbmsBearerRequest::new(StartStop::Stop)
    };
    let cases = [
        (AS, start(Some(foreign), &[1]), R::AUTHORIZATION_REJECTED),
        (AS, start(Some(unknown), &[1]), R::UNKNOWN_TMGI),
        (AS, stop(tmgi, 1), R::TMGI_NOT_IN_USE),
        (AS, poor.clone(), R::QOS_REJECTED),
        (AS, start(Some(tmgi), &[77]), R::UNKNOWN_SERVICE_AREA),
        (AS2, start(Some(foreign), &[2]), R::SERVICE_AREA_REJECTED),
        (AS2, start(Some(foreign), &[77]), R::SERVICE_AREA_REJECTED.with(R::UNKNOWN_SERVICE_AREA)),
        (AS, early, R::START_TIME_REJECTED),
        (AS, after_expiry, R::START_TIME_REJECTED),
        (AS, none, R::BAD_AVP_COMBINATION),
        (AS, MbmsBearerRequest { tmgi: None, ..stop(tmgi, 1) }, R::BAD_AVP_COMBINATION),
        (AS, start(Some(tmgi), &[1]), R::SUCCESS),
        (AS, start(Some(tmgi), &[1, 2]), R::OVERLAPPING_SERVICE_AREA),
        (AS, stop(tmgi, 9), R::UNKNOWN_FLOW_IDENTIFIER),
        (AS, MbmsBearerRequest { indication: StartStop::Update, ..stop(tmgi, 1) }, R::BAD_AVP_COMBINATION),
        (
            AS,
            MbmsBearerRequest {
                indication: StartStop::Update,
                qos: poor.qos.map(|q| QosInformation { qci: Some(9), ..q }),
                ..stop(tmgi, 1)
            },
            R::QOS_REJECTED,
        ),
        (AS, start(Some(tmgi), &[3]), R::SUCCESS),
        (
            AS,
            MbmsBearerRequest { indication: StartStop::Update, area: area(&[3]), ..stop(tmgi, 1) },
            R::OVERLAPPING_SERVICE_AREA,
        ),
        (AS2, start(Some(foreign), &[1]), R::RESOURCES_EXCEEDED),
    ];
    for (host, request, result) in cases {
        let response = net.bearer(host, request.clone());
        assert_eq!(result_of(&response), result, "{request:?}: {response:?}");
        net.audit();
    }
    *net.store_fails.lock().unwrap() = true;
    assert_eq!(result_of(&net.bearer(AS, stop(tmgi, 1))), R::SYSTEM_ERROR);
}

#[test]
fn what_gateways_refuse_is_told() {
    let mut net = Net::new();
    let tmgi = net.tmgis(AS, 1)[0];
    let cases = [
        (ResultCode::Base(5006), R::RESOURCES_EXCEEDED),
        (ResultCode::Base(5012), R::RESOURCES_EXCEEDED),
        (ResultCode::Base(4002), R::RESOURCES_EXCEEDED),
        (ResultCode::Experimental(5123), R::UNKNOWN_SERVICE_AREA),
        (ResultCode::Base(5004), R::SYSTEM_ERROR),
        (ResultCode::Base(3004), R::SYSTEM_ERROR),
    ];
    for (code, result) in cases {
        net.at(GW).result = code;
        let response = net.bearer(AS, start(Some(tmgi), &[1]));
        assert_eq!(result_of(&response), result, "{code:?}");
        assert_eq!((net.figure("bearers"), net.at(GW).sessions.len()), (0, 0));
        net.audit();
    }
    // Transient ones were tried again: twice more each.
    assert_eq!(net.at(GW).asked.iter().filter(|rar| rar.indication == Some(StartStop::Start)).count(), 4 + 2 * 3);
    // One success of two is enough (TS 29.061 clause 20.3.1), and all have to make a change.
    let bearer = net.bearer(AS, start(Some(tmgi), &[2]));
    assert_eq!((result_of(&bearer), net.at(GW2).sessions.len()), (R::SUCCESS, 1));
    net.run_ms(2000);
    let mut update = again(StartStop::Update, &bearer);
    update.area = area(&[1, 2]);
    assert_eq!(result_of(&net.bearer(AS, update.clone())), R::SYSTEM_ERROR);
    net.run_ms(1000);
    assert_eq!(net.at(GW2).sessions.values().next().unwrap().0.area, area(&[2]));
    net.at(GW).result = ResultCode::SUCCESS;
    assert_eq!(result_of(&net.bearer(AS, update)), R::SUCCESS);
    net.audit();
}

#[test]
fn an_activation_that_takes_long_is_ongoing_until_an_event_tells() {
    let mut config = config();
    config.activation_wait = Duration::from_millis(300);
    let mut net = Net::with(config);
    let tmgi = net.tmgis(AS, 1)[0];
    let ongoing = R::SUCCESS.with(R::ACTIVATION_ONGOING);
    net.at(GW).is_silent = true;
    let bearer = net.bearer(AS, start(Some(tmgi), &[1]));
    assert_eq!((result_of(&bearer), bearer.port.is_some()), (ongoing, true));
    net.run_ms(500);
    net.at(GW).is_silent = false;
    net.run_ms(3000);
    let events = net.events(AS);
    assert_eq!((events.len(), events[0].event, events[0].flow), (1, Event::ACTIVATED, bearer.flow.unwrap()));
    net.bearer(AS, again(StartStop::Stop, &bearer));
    net.at(GW).is_silent = true;
    let bearer = net.bearer(AS, start(Some(tmgi), &[1]));
    assert_eq!(result_of(&bearer), ongoing);
    net.run_ms(10_000);
    let events = net.events(AS);
    assert_eq!(
        (events[1].event, events[1].diagnostic),
        (Event::ACTIVATION_FAILURE, Some(Diagnostic::SgmbTransientPathFailure))
    );
    // It may have the session all the same: it is told to stop until it has answered.
    assert_eq!(net.figure("bearers"), 1);
    net.at(GW).is_silent = false;
    net.run_ms(10_000);
    assert_eq!(net.figure("bearers"), 0);
    // Refused for good.
    let later = net.utc_ms() + 10_000;
    let bearer = net.bearer(AS, MbmsBearerRequest { start_utc_ms: Some(later), ..start(Some(tmgi), &[1]) });
    assert_eq!(result_of(&bearer), ongoing);
    net.at(GW).result = ResultCode::Base(5004);
    net.run_ms(20_000);
    let event = net.events(AS)[2].clone();
    assert_eq!(event.event, Event::ACTIVATION_FAILURE.with(Event::TERMINATED));
    assert_eq!(event.diagnostic, Some(Diagnostic::GatewayPermanentError));
    net.audit();
}

#[test]
fn start_and_end_come_by_the_clock() {
    let mut net = Net::new();
    let tmgi = net.tmgis(AS, 1)[0];
    let (begins, ends) = (net.utc_ms() + 20_000, net.utc_ms() + 40_000);
    let (start_time, end) = (Some(SessionTime::At(begins / 1000 * 1000)), Some(SessionTime::At(ends / 1000 * 1000)));
    let provisioning = Some(ServiceProvisioning { start: start_time, end, ..ServiceProvisioning::default() });
    let bearer = net.bearer(AS, MbmsBearerRequest { provisioning, ..start(Some(tmgi), &[1]) });
    assert_eq!(result_of(&bearer), R::SUCCESS.with(R::ACTIVATION_ONGOING));
    net.run_ms(15_000);
    assert!(net.at(GW).sessions.is_empty());
    // A bearer that has not started just changes.
    let mut update = again(StartStop::Update, &bearer);
    update.area = area(&[2]);
    assert_eq!(result_of(&net.bearer(AS, update)), R::SUCCESS);
    net.run_ms(5_000);
    assert_eq!((net.at(GW).sessions.len(), net.at(GW2).sessions.len()), (1, 1));
    assert_eq!(net.events(AS).iter().map(|e| e.event).collect::<Vec<_>>(), [Event::ACTIVATED]);
    net.run_ms(21_000);
    assert!(net.at(GW).sessions.is_empty());
    assert_eq!(net.events(AS).iter().map(|e| e.event).collect::<Vec<_>>(), [Event::ACTIVATED, Event::TERMINATED]);
    net.audit();
}

#[test]
fn what_becomes_of_a_session_at_a_gateway_is_told() {
    let mut net = Net::new();
    let tmgis = net.tmgis(AS, 3);
    for tmgi in &tmgis {
        assert_eq!(result_of(&net.bearer(AS, start(Some(*tmgi), &[1]))), R::SUCCESS);
    }
    let sessions: Vec<Rar> = net.at(GW).sessions.values().map(|(rar, _)| rar.clone()).collect();
    for (at, diagnostic) in [(0, Some(DiagnosticInfo::UPFAIL)), (1, None)] {
        let routing = Routing {
            session_id: sessions[at].routing.session_id.clone(),
            origin_host: GW.to_owned(),
            origin_realm: REALM.to_owned(),
            destination_host: None,
            destination_realm: REALM.to_owned(),
        };
        let request = Str { routing, cause: TerminationCause::Administrative, diagnostic, restart_counter: Some(1) };
        net.at(GW).sessions.remove(&sessions[at].routing.session_id);
        net.at(GW).to_send.push_back((at as u64, request.to_message()));
        net.run_ms(100);
        assert!(net.at(GW).answers.contains_key(&(at as u64)));
    }
    let events = net.events(AS);
    assert!(events.iter().all(|event| event.event == Event::TERMINATED));
    let diagnostics: Vec<_> = events.iter().map(|event| event.diagnostic.unwrap()).collect();
    assert_eq!(diagnostics, [Diagnostic::GatewayUserPlaneFailure, Diagnostic::GatewayPermanentError]);
    // A gateway that is gone for long has lost its sessions.
    assert!(net.fabric.set_down(net.now, GW, true));
    net.run_ms(9_000);
    assert_eq!(net.figure("bearers"), 1);
    net.run_ms(2_000);
    let event = net.events(AS)[2].clone();
    assert_eq!((event.event, event.diagnostic), (Event::TERMINATED, Some(Diagnostic::SgmbNonTransientPathFailure)));
    let refused = net.bearer(AS, start(Some(tmgis[0]), &[1]));
    assert_eq!(result_of(&refused), R::SYSTEM_ERROR);
    // There again, it is told to forget what it may still have.
    net.reconnect(GW);
    net.run_ms(2_000);
    assert_eq!((net.at(GW).sessions.len(), net.figure("bearers")), (0, 0));
    net.audit();
}

#[test]
fn one_request_has_many_items_each_with_its_result() {
    let mut net = Net::new();
    let old = net.tmgis(AS, 1);
    let bad = MbmsBearerRequest::new(StartStop::Start);
    let gar = GcsActionRequest {
        allocation: Some(TmgiAllocationRequest { number: 1, ..TmgiAllocationRequest::default() }),
        deallocation: Some(TmgiDeallocationRequest { tmgis: old }),
        bearers: vec![start(None, &[1]), bad, start(None, &[2])],
        ..GcsActionRequest::default()
    };
    let answer = net.ask(AS, gar);
    let results: Vec<_> = answer.bearers.iter().map(result_of).collect();
    assert_eq!(results, [R::SUCCESS, R::BAD_AVP_COMBINATION, R::SUCCESS]);
    assert_eq!((answer.allocation.unwrap().tmgis.len(), answer.deallocations.len()), (1, 1));
    assert_eq!((answer.restart_counter, net.figure("tmgis")), (Some(1), 3));
    net.audit();
}

#[test]
fn a_gateway_whose_end_of_a_session_is_not_durable_is_told() {
    use protocol::diameter::dictionary::RESULT_CODE;
    let mut net = Net::new();
    let tmgi = net.tmgis(AS, 1)[0];
    net.bearer(AS, start(Some(tmgi), &[1]));
    let routing = net.at(GW).sessions.values().next().unwrap().0.routing.clone();
    let routing = Routing { origin_host: GW.to_owned(), destination_host: None, ..routing };
    let request = Str { routing, cause: TerminationCause::Administrative, diagnostic: None, restart_counter: Some(1) };
    net.at(GW).to_send.push_back((7, request.to_message()));
    *net.store_fails.lock().unwrap() = true;
    net.run_ms(100);
    let answer = net.at(GW).answers.remove(&7).expect("an answer").unwrap();
    assert_eq!(answer.number(&RESULT_CODE), Ok(Some(result::UNABLE_TO_COMPLY)));
}
