//! The procedures of TR 23.804 clauses 8.1 to 8.10 through all nodes.

use protocol::sms::{Address, RpCause, Submit, Tpdu, UserData};

use super::*;

const MT: &str = "44";
const SRI: &str = "45";
const REPORT: &str = "47";

/// What a message to the UE over IP is, from the service centre's submit_sm to its response.
fn mt_over_ip() -> Vec<String> {
    let line = |joint: &str, from: &str, to: &str, what: &str| format!("{joint} {from}>{to} {what}");
    vec![
        line("SMPP", "SM-SC", "SMS-GMSC", "submit_sm"),
        line("R5", "SMS-GMSC", "HSS", SRI),
        line("R5", "HSS", "SMS-GMSC", "result"),
        line("R6", "SMS-GMSC", "IP-Message-GW", MT),
        line("R2", "IP-Message-GW", "UE", "MESSAGE"),
        line("R2", "UE", "IP-Message-GW", "MESSAGE"),
        line("R6", "IP-Message-GW", "SMS-GMSC", "result"),
        line("R5", "SMS-GMSC", "HSS", REPORT),
        line("R5", "HSS", "SMS-GMSC", "result"),
        line("SMPP", "SMS-GMSC", "SM-SC", "submit_sm_resp"),
    ]
}

#[track_caller]
fn seen(net: &Net, lines: &[String]) {
    net.seen(&lines.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_ue_registers_and_leaves() {
    let mut net = Net::new();
    net.register();
    net.seen(&[
        "R2 UE>IP-Message-GW REGISTER",
        "R2 IP-Message-GW>UE 401",
        "R2 UE>IP-Message-GW REGISTER",
        "R1 IP-Message-GW>HSS 23",
        "R1 HSS>IP-Message-GW 7",
        "R1 IP-Message-GW>HSS result",
        "R1 HSS>IP-Message-GW result",
        "R2 IP-Message-GW>UE 200",
    ]);
    net.log.clear();
    net.order(Order::Register(0));
    net.seen(&[
        "R2 UE>IP-Message-GW REGISTER",
        "R1 IP-Message-GW>HSS 67",
        "R1 HSS>IP-Message-GW result",
        "R2 IP-Message-GW>UE 200",
    ]);
    // The guard timer ends one that is not refreshed.
    net.order(Order::Register(600));
    net.log.clear();
    net.run_ms(700_000);
    net.seen(&["R1 IP-Message-GW>HSS 67", "R1 HSS>IP-Message-GW result"]);
}

#[test]
fn a_message_goes_from_a_ue_to_a_phone() {
    let mut net = Net::new();
    net.register();
    net.log.clear();
    net.order(Order::Send(1, "from the UE".to_owned()));
    net.seen(&[
        "R2 UE>IP-Message-GW MESSAGE",
        "R2 IP-Message-GW>UE 202",
        "R6 IP-Message-GW>SMS-GMSC 46",
        "SMPP SMS-GMSC>SM-SC deliver_sm",
        "SMPP SM-SC>SMS-GMSC deliver_sm_resp",
        "R6 SMS-GMSC>IP-Message-GW result",
        "R2 IP-Message-GW>UE MESSAGE",
        "R2 UE>IP-Message-GW 200",
    ]);
    assert_eq!(net.on_ue(|desk| desk.acknowledged.clone()), [1]);
    net.run_ms(10_000);
    assert_eq!(Net::taken(&net.msc), [(BOB_IMSI.to_owned(), "from the UE".to_owned())]);
    assert_eq!(net.held(), 0, "{:#?}", net.notes);
}

#[test]
fn a_message_goes_to_a_ue() {
    for is_unnamed in [false, true] {
        let mut net = Net::new();
        net.register();
        net.log.clear();
        net.on_ue(|desk| desk.is_unnamed = is_unnamed);
        net.submit(1, UE, "to the UE");
        net.run_ms(5_000);
        seen(&net, &mt_over_ip());
        assert_eq!(net.shown(), (vec!["to the UE".to_owned()], 0), "{:#?}", net.notes);
        assert_eq!((net.esme.lock().unwrap().accepted.len(), net.held()), (1, 0));
        assert!(!net.was_seen("R6 SMS-GMSC>MSC 44") && !net.was_seen("R6 SMS-GMSC>SGSN 44"));
    }
}

#[test]
fn a_phone_sends_to_a_ue() {
    let mut net = Net::new();
    net.register();
    let (coding, data) = UserData::of_text("from the phone").unwrap();
    let submit = Submit::new(9, Address::international(UE).unwrap(), coding, data);
    let order = ServingNodeOrder::Send {
        imsi: BOB_IMSI.to_owned(),
        service_centre: CENTRE.to_owned(),
        tpdu: Tpdu::Submit(submit).emit(),
    };
    assert!(net.fabric.admin(net.now, "MSC", Admin::ServingNode(Box::new(order))));
    net.run_ms(10_000);
    net.seen(&["R6 MSC>SMS-GMSC 46", "SMPP SMS-GMSC>SM-SC deliver_sm", "R6 SMS-GMSC>MSC result"]);
    assert!(matches!(net.msc.poll(), Some(ServingNodeEvent::Sent { .. })));
    assert_eq!(net.shown().0, ["from the phone"], "{:#?}", net.notes);
}

#[test]
fn all_ways_fail_and_the_alert_brings_it_when_there_is_room() {
    let mut net = Net::new();
    net.register();
    net.on_ue(|desk| desk.is_full = true);
    net.log.clear();
    net.submit(1, UE, "later");
    net.run_ms(10_000);
    net.seen(&[
        "R5 SMS-GMSC>HSS 45",
        "R6 SMS-GMSC>IP-Message-GW 44",
        "R6 IP-Message-GW>SMS-GMSC error",
        "R6 SMS-GMSC>SGSN 44",
        "R6 SGSN>SMS-GMSC error",
        "R6 SMS-GMSC>MSC 44",
        "R6 MSC>SMS-GMSC error",
        "R5 SMS-GMSC>HSS 47",
        "SMPP SMS-GMSC>SM-SC submit_sm_resp",
    ]);
    assert_eq!((net.shown().0.len(), net.held()), (0, 1));
    net.log.clear();
    net.order(Order::FreeMemory);
    net.run_ms(10_000);
    net.seen(&[
        "R1 IP-Message-GW>HSS 66",
        "R5 HSS>SMS-GMSC 64",
        "SMPP SMS-GMSC>SM-SC alert_notification",
        "SMPP SM-SC>SMS-GMSC submit_sm",
        "R2 IP-Message-GW>UE MESSAGE",
        "SMPP SMS-GMSC>SM-SC submit_sm_resp",
    ]);
    assert_eq!((net.shown().0, net.held()), (vec!["later".to_owned()], 0), "{:#?}", net.notes);
}

#[test]
fn a_registration_alerts() {
    let mut net = Net::new();
    net.submit(1, UE, "waits");
    net.run_ms(10_000);
    assert_eq!(net.held(), 1, "{:#?}", net.notes);
    net.log.clear();
    net.register();
    net.run_ms(10_000);
    net.seen(&[
        "R1 IP-Message-GW>HSS 23",
        "R5 HSS>SMS-GMSC 64",
        "SMPP SMS-GMSC>SM-SC alert_notification",
        "R5 SMS-GMSC>HSS 45",
        "R6 SMS-GMSC>IP-Message-GW 44",
    ]);
    assert_eq!((net.shown().0, net.held()), (vec!["waits".to_owned()], 0), "{:#?}", net.notes);
}

#[test]
fn another_phone_takes_what_the_ue_does_not() {
    for phones in [[Service::Delivers, Service::Absent(Some(6))], [Service::Absent(Some(1)), Service::Delivers]] {
        let mut net = Net::with(Wanted { phones, ..Wanted::default() });
        net.register();
        net.on_ue(|desk| desk.is_silent = true);
        net.submit(1, UE, "anywhere");
        net.run_ms(60_000);
        let taken = [Net::taken(&net.msc), Net::taken(&net.sgsn)].concat();
        assert_eq!(taken, [(UE_IMSI.to_owned(), "anywhere".to_owned())], "{phones:?}: {:#?}", net.notes);
        assert_eq!(net.held(), 0);
    }
}

#[test]
fn without_ip_messaging_the_gateway_stands_in_for_another_node() {
    for gprs in [false, true] {
        let mut net = Net::with(Wanted { ip_messaging: false, gprs, ..Wanted::default() });
        net.register();
        net.submit(1, UE, "spoofed");
        net.run_ms(10_000);
        assert_eq!((net.shown().0, net.held()), (vec!["spoofed".to_owned()], 0), "{gprs}: {:#?}", net.notes);
    }
}

#[test]
fn by_the_ims_both_ways() {
    let mut net = Net::with(Wanted { ims: true, ..Wanted::default() });
    net.register();
    net.seen(&["ISC S-CSCF>IP-Message-GW REGISTER", "R1 IP-Message-GW>HSS 23", "ISC IP-Message-GW>S-CSCF 200"]);
    net.order(Order::Send(1, "mo by the ims".to_owned()));
    net.submit(1, UE, "mt by the ims");
    net.run_ms(10_000);
    net.seen(&[
        "ISC S-CSCF>IP-Message-GW MESSAGE",
        "ISC IP-Message-GW>S-CSCF 202",
        "R6 IP-Message-GW>SMS-GMSC 46",
        "R6 SMS-GMSC>IP-Message-GW result",
        "ISC IP-Message-GW>S-CSCF MESSAGE",
        "ISC S-CSCF>IP-Message-GW 200",
    ]);
    net.seen(&[
        "R6 SMS-GMSC>IP-Message-GW 44",
        "ISC IP-Message-GW>S-CSCF MESSAGE",
        "ISC S-CSCF>IP-Message-GW 200",
        "ISC S-CSCF>IP-Message-GW MESSAGE",
        "R6 IP-Message-GW>SMS-GMSC result",
        "R5 SMS-GMSC>HSS 47",
        "SMPP SMS-GMSC>SM-SC submit_sm_resp",
    ]);
    assert_eq!(net.on_ue(|desk| desk.acknowledged.clone()), [1]);
    assert_eq!(net.shown().0, ["mt by the ims"], "{:#?}", net.notes);
    assert_eq!(Net::taken(&net.msc).len(), 1);
    net.log.clear();
    net.order(Order::Register(0));
    net.seen(&["ISC S-CSCF>IP-Message-GW REGISTER", "R1 IP-Message-GW>HSS 67", "ISC IP-Message-GW>S-CSCF 200"]);
}

#[test]
fn a_number_that_nobody_has_is_told_to_its_sender() {
    let mut net = Net::new();
    net.submit(1, "491721999999", "nobody");
    net.run_ms(10_000);
    assert_eq!(net.held(), 0, "{:#?}", net.notes);
    let mut net = Net::new();
    net.register();
    net.fabric.set_down(net.now, "SM-SC", true);
    net.run_ms(1_000);
    net.order(Order::Send(3, "no service centre".to_owned()));
    net.run_ms(40_000);
    assert_eq!(net.on_ue(|desk| desk.refused.first().copied()), Some((3, RpCause::NETWORK_OUT_OF_ORDER)));
}
