//! From the GAR of an application server to data in two cells: BM-SC, gateway, MCE and eNBs as they are (TS 29.468 clause
//! 5.2.2, TS 23.246 clause 8.3.2).

use protocol::UdpDatagram;
use protocol::diameter::mb2c::mask::MbmsBearerResult;
use protocol::diameter::mb2c::{GcsActionAnswer, GcsActionRequest, MbmsBearerRequest, MbmsBearerResponse};

use super::*;

pub(super) const AS: &str = "as.test";

pub(super) fn bmsc_config() -> BmscNodeConfig {
    let mut diameter = DiameterConfig::new(BMSC, "test", ip(31), Vec::new());
    diameter.retry = Duration::from_secs(1);
    let peer = |host: &str, connect| PeerConfig { host: host.to_owned(), realm: "test".to_owned(), connect };
    diameter.peers = vec![peer(AS, None), peer(GATEWAY, Some(SocketAddr::new(ip(32), 3868)))];
    let pool = ProvisioningConfig {
        plmn: plmn(),
        service_ids: 0x100..=0xffff,
        addresses: Ipv4Addr::new(239, 1, 0, 0)..=Ipv4Addr::new(239, 1, 0, 255),
        ports: 5000..=5003,
        port_block: 1,
    };
    let mut config = BmscNodeConfig::new(diameter, pool, ip(31), SyncPlan::new(32).unwrap());
    config.gateways = vec![GatewayConfig {
        host: GATEWAY.to_owned(),
        realm: "test".to_owned(),
        areas: vec![1, 2],
        control_plane_nodes: vec![ip(33)],
    }];
    config.servers = [(AS.to_owned(), ServerRules::default())].into();
    config.utc_ms_at_zero = 1_700_000_000_000;
    config
}

/// A bearer of an application server.
pub(super) fn bearer(
    net: &mut Net,
    (name, host): (&str, &str),
    desk: &Mutex<Desk>,
    request: MbmsBearerRequest,
) -> MbmsBearerResponse {
    let routing = Routing {
        session_id: format!("{host};{}", net.now.as_nanos()),
        origin_host: host.to_owned(),
        origin_realm: "test".to_owned(),
        destination_host: None,
        destination_realm: "test".to_owned(),
    };
    let gar = GcsActionRequest { routing, bearers: vec![request], restart_counter: Some(1), ..Default::default() };
    desk.lock().unwrap().answers.clear();
    desk.lock().unwrap().requests.push_back(gar.to_message());
    net.poke(name);
    net.run_ms(40);
    let answers = std::mem::take(&mut desk.lock().unwrap().answers);
    let answer = answers.into_iter().next().unwrap_or_else(|| panic!("no answer in 40 ms: {:#?}", net.notes));
    GcsActionAnswer::from_message(&answer.unwrap()).unwrap().bearers.remove(0)
}

#[test]
fn a_bearer_of_an_application_server_is_heard_in_two_cells() {
    let mut net = Net::new();
    let node = BmscNode::new(bmsc_config(), Entropy::from_seed([3; 32]));
    assert!(net.fabric.restart(net.now, "bmsc", Box::new(node)));
    let desk = Arc::new(Mutex::new(Desk::default()));
    let server = TestPeer::application_server(AS, 21, Arc::clone(&desk));
    net.fabric.add(net.now, "as", Role::As, ip(21), Box::new(server), store());
    net.run_ms(3000);

    let area = MbmsServiceArea::new([1]);
    let request = MbmsBearerRequest { qos: Some(qos(1, 40_000, 5)), area, ..MbmsBearerRequest::new(StartStop::Start) };
    let response = bearer(&mut net, ("as", AS), &desk, request);
    assert_eq!(response.result.unwrap_or(MbmsBearerResult::SUCCESS), MbmsBearerResult::SUCCESS, "{:#?}", net.notes);
    let tmgi = response.tmgi.unwrap();
    net.run_ms(8000);
    (1..=2).for_each(|number| drop(net.radio(number)));

    let destination = response.provisioning.as_ref().unwrap().socket().unwrap();
    let source = SocketAddr::new(ip(21), 5000);
    for n in 0..20u8 {
        let packet = UdpDatagram { source, destination, payload: &[n] }.emit().unwrap();
        desk.lock().unwrap().datagrams.push_back((response.port.unwrap(), packet));
        net.poke("as");
        net.run_ms(20);
    }
    net.run_ms(2000);
    for number in 1..=2 {
        let heard = net.radio(number).into_iter().filter_map(|radio| match radio {
            EnbRadio::Sdu { tmgi: own, sdu, .. } if own == tmgi => {
                Some(UdpDatagram::parse(&sdu).unwrap().payload.to_vec())
            }
            _ => None,
        });
        assert_eq!(heard.collect::<Vec<_>>(), (0..20u8).map(|n| vec![n]).collect::<Vec<_>>(), "{:#?}", net.notes);
    }

    let stop = MbmsBearerRequest { tmgi: Some(tmgi), flow: response.flow, ..MbmsBearerRequest::new(StartStop::Stop) };
    let response = bearer(&mut net, ("as", AS), &desk, stop);
    assert_eq!(response.result.unwrap_or(MbmsBearerResult::SUCCESS), MbmsBearerResult::SUCCESS);
    net.run_ms(10_000);
    net.audit();
    assert!(net.mce.lock().unwrap().admission().is_empty());
}
