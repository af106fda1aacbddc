//! TMGIs: each result, both modes of allocation, each reason of a conflict, expiry.

use protocol::diameter::mb2c::mask::{MbmsBearerResult, TmgiAllocationResult as R, TmgiDeallocationResult as D};
use protocol::diameter::mbms::provisioning::{AllocationMode, ConflictReason as C, ServiceProvisioning, SessionTime};

use super::*;

fn assigned(service_id: u8, address: [u8; 4], port: u16) -> ServiceProvisioning {
    let tmgi = Tmgi { service_id: [0xff, 0, service_id], plmn: Plmn::new("001", "01").unwrap() };
    ServiceProvisioning {
        tmgi: Some(tmgi),
        mode: Some(AllocationMode::AsAssigned),
        address: Some(address.into()),
        port: Some(port),
        ..ServiceProvisioning::default()
    }
}

fn asking(provisioning: Vec<ServiceProvisioning>) -> TmgiAllocationRequest {
    TmgiAllocationRequest { number: 0, refresh: Vec::new(), provisioning }
}

#[test]
fn the_bmsc_assigns_tmgi_and_address_and_keeps_them_for_their_owner() {
    let mut net = Net::new();
    let response = net.allocate(AS, TmgiAllocationRequest { number: 3, ..TmgiAllocationRequest::default() });
    assert_eq!((response.tmgis.len(), response.result), (3, Some(R::SUCCESS)));
    assert_eq!(response.duration.unwrap().seconds(), Some(7200));
    let sockets: std::collections::BTreeSet<_> = response.provisioning.iter().map(|p| p.socket().unwrap()).collect();
    assert_eq!(sockets.len(), 3);
    assert!(response.provisioning.iter().zip(&response.tmgis).all(|(p, tmgi)| p.tmgi == Some(*tmgi)));
    let refresh = response.tmgis.clone();
    let again = net.allocate(AS, TmgiAllocationRequest { refresh, ..TmgiAllocationRequest::default() });
    assert_eq!((again.tmgis, again.result), (response.tmgis.clone(), Some(R::SUCCESS)));
    let released = net.release(AS, &response.tmgis);
    assert!(released.deallocations.iter().all(|d| d.result == Some(D::SUCCESS)));
    assert_eq!((released.deallocations.len(), net.figure("tmgis")), (3, 0));
    net.audit();
}

#[test]
fn each_result_of_an_allocation() {
    let mut config = config();
    config.servers.get_mut(AS).unwrap().max_tmgis = 4;
    config.servers.get_mut(AS2).unwrap().max_tmgis = 0;
    config.pool.service_ids = 1..=2;
    let mut net = Net::with(config);
    let new = |number| TmgiAllocationRequest { number, ..TmgiAllocationRequest::default() };
    assert_eq!(net.allocate(AS2, new(1)).result, Some(R::AUTHORIZATION_REJECTED));
    let some = net.allocate(AS, new(3));
    assert_eq!((some.tmgis.len(), some.result), (2, Some(R::SUCCESS.with(R::RESOURCES_EXCEEDED))));
    assert_eq!(net.allocate(AS, new(1)).result, Some(R::RESOURCES_EXCEEDED));
    let assigned = asking(vec![assigned(1, [239, 9, 9, 9], 1), assigned(2, [239, 9, 9, 9], 2)]);
    assert_eq!(net.allocate(AS, assigned).result, Some(R::SUCCESS));
    assert_eq!(net.allocate(AS, new(u32::MAX)).result, Some(R::TOO_MANY_TMGIS));
    let unknown = Tmgi { service_id: [9, 9, 9], plmn: Plmn::new("001", "01").unwrap() };
    let refresh = TmgiAllocationRequest { refresh: vec![unknown, some.tmgis[0]], ..TmgiAllocationRequest::default() };
    let refreshed = net.allocate(AS, refresh);
    assert_eq!((refreshed.tmgis, refreshed.result), (vec![some.tmgis[0]], Some(R::SUCCESS.with(R::UNKNOWN_TMGI))));
    *net.store_fails.lock().unwrap() = true;
    let failed = net.allocate(AS, TmgiAllocationRequest { refresh: some.tmgis.clone(), ..new(0) });
    assert_eq!((failed.tmgis, failed.result), (Vec::new(), Some(R::SYSTEM_ERROR)));
}

#[test]
fn each_result_of_a_deallocation() {
    let mut net = Net::new();
    let (own, other) = (net.tmgis(AS, 1)[0], net.tmgis(AS2, 1)[0]);
    let unknown = Tmgi { service_id: [9, 9, 9], ..own };
    let results = |answer: GcsActionAnswer| answer.deallocations.iter().map(|d| d.result.unwrap()).collect::<Vec<_>>();
    let answer = net.release(AS, &[own, other, unknown, own]);
    assert_eq!(results(answer), [D::SUCCESS, D::AUTHORIZATION_REJECTED, D::UNKNOWN_TMGI, D::UNKNOWN_TMGI]);
    *net.store_fails.lock().unwrap() = true;
    assert_eq!(results(net.release(AS2, &[])), [D::SYSTEM_ERROR]);
    *net.store_fails.lock().unwrap() = false;
    net.restart();
    net.run_ms(2000);
    assert_eq!(results(net.release(AS2, &[])), [D::SUCCESS]);
}

#[test]
fn a_conflict_is_refused_with_its_reason() {
    let mut config = config();
    let rules = config.servers.get_mut(AS2).unwrap();
    rules.service_ids = Some(0xff_0000..=0xff_0010);
    rules.addresses = Some([239, 9, 0, 0].into()..=[239, 9, 255, 255].into());
    let mut net = Net::with(config);
    let first = net.allocate(AS, asking(vec![assigned(1, [239, 9, 0, 1], 5000)]));
    assert_eq!((first.tmgis.len(), first.result), (1, Some(R::SUCCESS)));
    let pooled = net.allocate(AS, TmgiAllocationRequest { number: 1, ..TmgiAllocationRequest::default() });
    let pooled = pooled.provisioning[0].socket().unwrap();
    let own = assigned(2, [239, 9, 0, 2], 5000);
    assert_eq!(net.allocate(AS2, asking(vec![own.clone()])).result, Some(R::SUCCESS));
    let mut foreign = assigned(3, [239, 9, 0, 3], 5000);
    foreign.tmgi.as_mut().unwrap().plmn = Plmn::new("262", "01").unwrap();
    let sdp = |text: &str| {
        Some(format!("v=0\r\no=- 1 1 IN IP4 10.46.0.21\r\ns=-\r\n{text}t=0 0\r\nm=audio 5000 RTP/AVP 0\r\n"))
    };
    let times = |start, end| (Some(SessionTime::At(start)), Some(SessionTime::At(end)));
    let (start, end) = times(1_800_000_000_000, 1_800_000_000_000);
    let cases = [
        (assigned(1, [239, 9, 0, 4], 5000), C::TmgiInUse),
        (assigned(4, [239, 9, 0, 1], 5000), C::AddressInUse),
        (
            ServiceProvisioning { address: Some(pooled.ip()), port: Some(pooled.port()), ..assigned(4, [0; 4], 0) },
            C::AddressInUse,
        ),
        (assigned(0x20, [239, 9, 0, 4], 5000), C::TmgiNotOfAs),
        (assigned(4, [239, 8, 0, 4], 5000), C::AddressNotOfAs),
        (foreign, C::OtherPlmn),
        (assigned(4, [10, 0, 0, 1], 5000), C::NotMulticast),
        (assigned(4, [239, 9, 0, 4], 0), C::NotMulticast),
        (ServiceProvisioning { port: Some(5001), ..own.clone() }, C::OtherAddress),
        (ServiceProvisioning { port: None, ..assigned(4, [239, 9, 0, 4], 0) }, C::Incomplete),
        (ServiceProvisioning { start, end, ..assigned(4, [239, 9, 0, 4], 5000) }, C::EndBeforeStart),
        (
            ServiceProvisioning { sdp: sdp("c=IN IP4 239.9.0.5\r\n"), ..assigned(4, [239, 9, 0, 4], 5000) },
            C::OtherDescription,
        ),
        (ServiceProvisioning { sdp: Some("?".to_owned()), ..assigned(4, [239, 9, 0, 4], 5000) }, C::OtherDescription),
    ];
    for (asked, reason) in cases {
        let response = net.allocate(AS2, asking(vec![asked.clone()]));
        assert_eq!(response.provisioning[0].conflict, Some(reason), "{asked:?}");
        assert_eq!((response.tmgis.len(), response.result), (0, Some(R::AUTHORIZATION_REJECTED)), "{asked:?}");
        net.audit();
    }
    // The same reasons at an activation, which brings TMGI and address with it.
    let mut request = super::start(None, &[1]);
    request.provisioning = Some(assigned(1, [239, 9, 0, 4], 5000));
    let response = net.bearer(AS2, request.clone());
    assert_eq!(result_of(&response), MbmsBearerResult::AUTHORIZATION_REJECTED);
    assert_eq!(response.provisioning.unwrap().conflict, Some(C::TmgiInUse));
    let fits = ServiceProvisioning { sdp: sdp("c=IN IP4 239.9.0.4/64\r\n"), ..assigned(4, [239, 9, 0, 4], 5000) };
    request.provisioning = Some(fits.clone());
    let response = net.bearer(AS2, request);
    assert_eq!((result_of(&response), response.tmgi), (MbmsBearerResult::SUCCESS, fits.tmgi));
    assert_eq!(response.provisioning.unwrap().socket(), fits.socket());
}

#[test]
fn a_description_gets_the_address_that_the_bmsc_assigns() {
    let mut net = Net::new();
    let sdp = "v=0\r\no=- 1 1 IN IP4 10.46.0.21\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";
    let asked = ServiceProvisioning { sdp: Some(sdp.to_owned()), ..ServiceProvisioning::default() };
    let request = TmgiAllocationRequest { number: 1, refresh: Vec::new(), provisioning: vec![asked] };
    let response = net.allocate(AS, request);
    let got = &response.provisioning[0];
    let socket = got.socket().unwrap();
    let wanted = format!("m=audio {} RTP/AVP 0\r\nc=IN IP4 {}/64\r\n", socket.port(), socket.ip());
    assert!(got.sdp.as_ref().unwrap().ends_with(&wanted), "{got:?}");
    assert_eq!((got.start, got.end), (Some(SessionTime::RealTime), Some(SessionTime::RealTime)));
}

#[test]
fn a_tmgi_expires_unless_it_is_refreshed_and_its_owner_is_told() {
    let mut config = config();
    config.tmgi_lifetime = Duration::from_secs(60);
    let mut net = Net::with(config);
    let tmgis = net.tmgis(AS, 2);
    let bearer = net.bearer(AS, start(Some(tmgis[0]), &[1]));
    assert_eq!(bearer.duration.unwrap().seconds(), Some(60));
    net.run_ms(30_000);
    let refresh = TmgiAllocationRequest { refresh: vec![tmgis[1]], ..TmgiAllocationRequest::default() };
    assert_eq!(net.allocate(AS, refresh).tmgis, [tmgis[1]]);
    net.run_ms(40_000);
    let expired: Vec<_> =
        net.at(AS).notices.iter().filter_map(|gnr| gnr.expiry.clone()).flat_map(|e| e.tmgis).collect();
    assert_eq!(expired, [tmgis[0]]);
    let events = net.events(AS);
    assert_eq!(events[0].diagnostic, Some(protocol::diameter::mb2c::BearerDiagnostic::TmgiExpiry));
    assert_eq!((net.figure("tmgis"), net.figure("bearers")), (1, 0));
    assert!(net.at(GW).sessions.is_empty());
    let refresh = TmgiAllocationRequest { refresh: vec![tmgis[0]], ..TmgiAllocationRequest::default() };
    assert_eq!(net.allocate(AS, refresh).result, Some(R::UNKNOWN_TMGI));
    net.audit();
}

#[test]
fn a_request_that_comes_again_gets_what_it_got() {
    let mut net = Net::new();
    let allocation = Some(TmgiAllocationRequest { number: 2, ..TmgiAllocationRequest::default() });
    let gar = GcsActionRequest { allocation, ..GcsActionRequest::default() };
    let first = net.ask(AS, gar.clone()).allocation.unwrap();
    net.tokens -= 1;
    let token = net.send(AS, gar, true);
    net.at(AS).answers.remove(&token);
    assert_eq!(net.wait(AS, token).allocation.unwrap().tmgis, first.tmgis);
    assert_eq!(net.figure("tmgis"), 2);
    let deallocation = Some(TmgiDeallocationRequest { tmgis: first.tmgis.clone() });
    let gar = GcsActionRequest { deallocation, ..GcsActionRequest::default() };
    for is_repeated in [false, true] {
        let token = net.send(AS, gar.clone(), is_repeated);
        assert!(net.wait(AS, token).deallocations.iter().all(|d| d.result == Some(D::SUCCESS)));
    }
}

#[test]
fn services_on_one_address_are_a_block_of_ports_apart_whatever_the_block_was_before() {
    let mut config = config();
    config.pool.addresses = [239, 1, 0, 7].into()..=[239, 1, 0, 7].into();
    (config.pool.ports, config.pool.port_block) = (5000..=5019, 5);
    let mut net = Net::with(config);
    let new = |number| TmgiAllocationRequest { number, ..TmgiAllocationRequest::default() };
    let ports = |response: &TmgiAllocationResponse| {
        response.provisioning.iter().filter_map(|p| p.port).collect::<std::collections::BTreeSet<_>>()
    };
    let first = net.allocate(AS, new(2));
    assert_eq!(ports(&first), [5000, 5005].into());
    // An application server may not take a port of those for itself; one between blocks that are free makes one less.
    let refused = net.allocate(AS2, asking(vec![assigned(1, [239, 1, 0, 7], 5009)]));
    assert_eq!(refused.provisioning[0].conflict, Some(C::AddressInUse));
    assert_eq!(net.allocate(AS2, asking(vec![assigned(1, [239, 1, 0, 7], 5012)])).result, Some(R::SUCCESS));
    let more = net.allocate(AS2, new(2));
    assert_eq!((ports(&more), more.result), ([5015].into(), Some(R::SUCCESS.with(R::RESOURCES_EXCEEDED))));
    net.audit();
    // What was promised is kept by a BM-SC that promises less, and more.
    for block in [2, 8] {
        net.config.pool.port_block = block;
        net.restart();
        net.run_ms(1000);
        net.audit();
        net.release(AS2, &more.tmgis);
        let taken = |port: u16| (5000..5010).contains(&port) || port == 5012;
        let got = net.allocate(AS2, new(20));
        let expected: std::collections::BTreeSet<u16> =
            (5000..=5019u16).step_by(block.into()).filter(|first| !(*first..first + block).any(taken)).collect();
        assert_eq!(ports(&got), expected, "blocks of {block}");
        net.audit();
        let refused = net.allocate(AS2, asking(vec![assigned(2, [239, 1, 0, 7], 5009)]));
        assert_eq!(refused.provisioning[0].conflict, Some(C::AddressInUse));
        net.release(AS2, &got.tmgis);
    }
    net.release(AS, &[]);
    net.release(AS2, &[]);
    assert_eq!(net.figure("tmgis"), 0);
    net.audit();
}

#[test]
fn a_block_at_the_end_of_all_ports_and_services_of_before_that_had_one_port() {
    let mut config = config();
    config.pool.addresses = [239, 1, 0, 7].into()..=[239, 1, 0, 7].into();
    (config.pool.ports, config.pool.port_block) = (65_000..=u16::MAX, ProvisioningConfig::PORT_BLOCK);
    let mut net = Net::with(config);
    let response = net.allocate(AS, TmgiAllocationRequest { number: 9, ..TmgiAllocationRequest::default() });
    assert_eq!(
        response.provisioning.iter().map(|p| p.port.unwrap()).collect::<Vec<_>>(),
        [65_000, 65_130, 65_260, 65_390, 65_520]
    );
    net.audit();
    let service = net.node.lock().unwrap().services.get(response.tmgis[0]).unwrap().clone();
    let mut stored = serde_json::to_value(&service).unwrap();
    assert_eq!(stored["ports"], ProvisioningConfig::PORT_BLOCK);
    stored.as_object_mut().unwrap().remove("ports");
    let before: records::Service = serde_json::from_value(stored).unwrap();
    assert_eq!((before.ports, before.destination), (1, service.destination));
}
