//! What goes right.

use super::*;

#[test]
fn a_session_goes_from_sgmb_to_m1_and_ends() {
    let mut net = Net::new();
    net.log.clear();
    let port = net.start(&start(1, &[1], 40_000, 5));
    let m3 = ["gateway mce MBMS SESSION START REQUEST", "mce gateway MBMS SESSION START RESPONSE"];
    assert_eq!(net.messages(Joint::M3), m3);
    let m2 = net.messages(Joint::M2);
    for enb in ["enb1", "enb2"] {
        for name in ["SESSION START", "MBMS SCHEDULING INFORMATION"] {
            let request = if name == "SESSION START" { " REQUEST" } else { "" };
            assert!(m2.contains(&format!("mce {enb} {name}{request}")), "{m2:?}");
            assert!(m2.contains(&format!("{enb} mce {name} RESPONSE")), "{m2:?}");
        }
    }
    assert_eq!(m2.len(), 8);

    // Before the MCCH lists the session its data go nowhere; from then on they are in both cells.
    net.radio(1);
    net.radio(2);
    net.send(port, ms(4800), b"early");
    net.send(port, ms(5440), b"data");
    let group = SocketAddr::from(([232, 0, 0, 1], 2152));
    assert_eq!(teids(&net.log), BTreeSet::from([(group, 1)]));
    let m1: Vec<_> = net.log.iter().filter(|m| m.joint == Joint::M1).map(|m| m.to.as_str()).collect();
    assert_eq!(m1, ["enb1", "enb2"].repeat(4));
    let place = MtchPlace { area: 1, sf_alloc_end: 31, lcid: 1 };
    let sdu = EnbRadio::Sdu { tmgi: tmgi(1), place, sdu: b"data".to_vec(), due: ms(5440) };
    for number in 1..=2 {
        assert_eq!(net.radio(number), [EnbRadio::Unlisted { tmgi: tmgi(1), due: ms(4800) }, sdu.clone()]);
    }

    assert_eq!(net.result(&stop(1)), ResultCode::SUCCESS);
    let m3 = ["gateway mce MBMS SESSION STOP REQUEST", "mce gateway MBMS SESSION STOP RESPONSE"];
    assert_eq!(net.messages(Joint::M3), m3);
    net.log.clear();
    net.send(port, ms(5760), b"late");
    assert_eq!(teids(&net.log), BTreeSet::new());
    assert!(net.radio(1).contains(&EnbRadio::Stopped(tmgi(1))));
    net.run_ms(10_000);
    net.audit();
    assert!(net.mce.lock().unwrap().admission().is_empty());
}

#[test]
fn the_radio_learns_areas_and_what_their_mcchs_list() {
    let mut net = Net::new();
    let [EnbRadio::Areas(areas)] = &net.radio(2)[..] else { panic!() };
    assert_eq!(areas.iter().map(|bcch| bcch.area.0).collect::<Vec<_>>(), [1, 2]);
    net.start(&start(1, &[1, 2], 40_000, 5));
    let listed = net.radio(2).into_iter().filter_map(|radio| match radio {
        EnbRadio::Mcch { area, pmchs, from, .. } => {
            Some((area, pmchs[0].sessions[0].tmgi, pmchs[0].sessions[0].lcid, from))
        }
        _ => None,
    });
    assert_eq!(listed.collect::<Vec<_>>(), [(1, tmgi(1), 1, ms(5120)), (2, tmgi(1), 1, ms(5120))]);
    // eNB 1 is in area 1 alone.
    let areas = |radio: Vec<EnbRadio>| {
        let area = |radio| if let EnbRadio::Mcch { area, .. } = radio { Some(area) } else { None };
        radio.into_iter().filter_map(area).collect::<Vec<_>>()
    };
    assert_eq!(areas(net.radio(1)), [1]);
}

#[test]
fn flows_of_one_tmgi_are_in_areas_of_their_own() {
    let mut net = Net::new();
    net.start(&start(1, &[1], 40_000, 5));
    let second = Rar { flow: Some(FlowId(2)), ..start(1, &[2], 40_000, 5) };
    let second = Rar { routing: rar("other", StartStop::Start).routing, ..second };
    // eNB 2 has both areas, but one user plane for a TMGI: it has the first, and nobody else has area 2.
    assert_eq!(net.result(&second), ResultCode::Base(5006));
    net.audit();
    assert_eq!(net.result(&stop(1)), ResultCode::SUCCESS);
    assert_eq!(net.result(&second), ResultCode::SUCCESS);
}

#[test]
fn an_update_moves_a_session() {
    let mut net = Net::new();
    let port = net.start(&start(1, &[1], 40_000, 5));
    net.log.clear();
    let update = Rar { area: MbmsServiceArea::new([2]), ..rar("session1", StartStop::Update) };
    assert_eq!(net.result(&update), ResultCode::SUCCESS);
    let m3 = ["gateway mce MBMS SESSION UPDATE REQUEST", "mce gateway MBMS SESSION UPDATE RESPONSE"];
    assert_eq!(net.messages(Joint::M3), m3);
    let m2 = net.messages(Joint::M2);
    assert!(m2.contains(&"mce enb1 SESSION STOP REQUEST".to_owned()), "{m2:?}");
    assert!(m2.contains(&"mce enb2 SESSION UPDATE REQUEST".to_owned()), "{m2:?}");
    net.run_ms(3000);
    net.radio(2);
    net.log.clear();
    net.send(port, ms(9600), b"data");
    let place = MtchPlace { area: 2, sf_alloc_end: 31, lcid: 1 };
    assert_eq!(net.radio(2), [EnbRadio::Sdu { tmgi: tmgi(1), place, sdu: b"data".to_vec(), due: ms(9600) }]);
    assert!(net.log.iter().filter(|m| m.joint == Joint::M1).all(|m| m.to == "enb2"));
    // More than there is: the session goes on as it is.
    let update = Rar { qos: Some(qos(1, 200_000, 5)), ..rar("session1", StartStop::Update) };
    assert_eq!(net.result(&update), ResultCode::Base(5006));
    net.audit();
    assert_eq!(net.mce.lock().unwrap().admission().free(1, 0), 60_000);
}

#[test]
fn the_more_important_session_takes_room_and_gives_it_back() {
    let mut net = Net::new();
    let weak = net.start(&start(1, &[1], 60_000, 9));
    net.run_ms(3000);
    net.radio(1);
    net.log.clear();
    net.start(&start(2, &[1], 60_000, 5));
    // M3AP has no word of it; the MSI has, until the MCCH of the next modification period.
    assert_eq!(net.messages(Joint::M3).len(), 2);
    let from = net.radio(1).into_iter().find_map(|radio| match radio {
        EnbRadio::Suspension { area: 1, tmgis, from, until } if tmgis == [tmgi(1)] && from < until => Some(until),
        _ => None,
    });
    assert_eq!(from, Some(ms(10_240)));
    net.send(weak, ms(9920), b"still");
    net.send(weak, ms(10_240), b"not now");
    let data = net.radio(1);
    assert!(matches!(data[0], EnbRadio::Sdu { due, .. } if due == ms(9920)), "{data:?}");
    assert_eq!(data[1..], [EnbRadio::Unlisted { tmgi: tmgi(1), due: ms(10_240) }]);
    net.audit();
    assert_eq!(net.mce.lock().unwrap().admission().suspended(0), 1);

    assert_eq!(net.result(&stop(2)), ResultCode::SUCCESS);
    assert_eq!(net.mce.lock().unwrap().admission().suspended(0), 0);
    net.run_ms(10_000);
    net.radio(1);
    let due = SyncPlan::new(32).unwrap().sequence_start(net.now) + Duration::from_millis(640);
    net.send(weak, due, b"again");
    assert!(matches!(net.radio(1)[..], [EnbRadio::Sdu { .. }]));
}

#[test]
fn a_start_that_comes_again_is_the_same_session() {
    let mut net = Net::new();
    let rar = start(1, &[1], 40_000, 5);
    let port = net.start(&rar);
    net.log.clear();
    assert_eq!(net.start(&rar), port);
    assert_eq!(net.messages(Joint::M3), Vec::<String>::new());
    // With other parameters it is an update.
    assert_eq!(net.start(&start(1, &[1], 50_000, 5)), port);
    assert_eq!(net.messages(Joint::M3).len(), 2);
    assert_eq!(net.mce.lock().unwrap().admission().free(0, 0), 50_000);
}
