//! Requests for a UE (TS 24.229 clause 5.2.6.4).

use std::time::Duration;

use super::*;
use crate::ims::rig::only;
use crate::node::NodeInput;

#[test]
fn the_path_leads_to_the_ue_and_what_stays_inside_stays_inside() {
    let mut rig = rig_of(config());
    let path = registered(&mut rig);
    let more = "P-Charging-Vector: icid-value=\"i1\";orig-ioi=\"home.net\"
        P-Asserted-Identity: <sip:user2@home.net>
        P-Called-Party-ID: <tel:+999123>
        P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=00101
        X-Own: kept";
    rig.udp(SCSCF, &request_for_ue("INVITE", &path, "1", more));
    let request = rig.request("INVITE", UE);
    let h = &request.headers;
    assert!(!h.contains("Route") && !h.contains("P-Charging-Vector") && !h.contains("P-Access-Network-Info"));
    assert_eq!(only(h, "P-Asserted-Identity"), "<sip:user2@home.net>");
    assert_eq!(token(&only(h, "Record-Route")), token(&path));
    assert_eq!((only(h, "X-Own").as_str(), only(h, "Max-Forwards").as_str()), ("kept", "67"));
    let forged = [("P-Asserted-Identity", "<sip:boss@home.net>"), ("P-Preferred-Identity", "<sip:user1@home.net>")];
    rig.answer(UE, &request, 180, &forged);
    let ringing = rig.response(180, SCSCF);
    assert_eq!(only(&ringing.headers, "P-Asserted-Identity"), "<tel:+999123>");
    assert!(!ringing.headers.contains("P-Preferred-Identity"));
    let vector = only(&ringing.headers, "P-Charging-Vector");
    assert_eq!(vector, "icid-value=\"i1\";orig-ioi=\"home.net\";term-ioi=\"Type 1visited.net\"");
}

#[test]
fn private_callers_stay_private_and_nobody_else_is_led_to_the_ue() {
    let mut rig = rig_of(config());
    let path = registered(&mut rig);
    let private = "P-Asserted-Identity: <sip:user2@home.net>\n Privacy: id";
    rig.udp(SCSCF, &request_for_ue("MESSAGE", &path, "1", private));
    assert!(!rig.request("MESSAGE", UE).headers.contains("P-Asserted-Identity"));
    rig.udp(SCSCF, &request_for_ue("MESSAGE", "<sip:nobody@pcscf.visited.net;lr>", "2", ""));
    rig.response(480, SCSCF);
    rig.udp(SCSCF, &request_for_ue("MESSAGE", "<sip:elsewhere.net;lr>", "3", ""));
    rig.response(404, SCSCF);
    rig.udp("10.66.6.6:5060", &request_for_ue("MESSAGE", &path, "4", ""));
    let refused = rig.response(403, "10.46.0.3:5060".replace("10.46.0.3", "10.66.6.6").as_str());
    assert_eq!(refused.reason, "Not registered here");
    let options = request_for_ue("OPTIONS", "<sip:pcscf.visited.net;lr>", "5", "");
    rig.udp(SCSCF, &options.replace("OPTIONS sip:user1@10.45.0.1:5060", "OPTIONS sip:pcscf.visited.net"));
    rig.response(200, SCSCF);
}

#[test]
fn registrations_outlive_the_process() {
    let mut rig = rig_of(config());
    let path = registered(&mut rig);
    let rows = std::mem::take(&mut rig.rows);
    drop(rig);
    let mut rig = rig_with(config(), rows.clone());
    rig.udp(SCSCF, &request_for_ue("MESSAGE", &path, "1", ""));
    let request = rig.request("MESSAGE", UE);
    rig.answer(UE, &request, 200, &[]);
    rig.response(200, SCSCF);
    rig.udp(UE, &request_of_ue("MESSAGE", "sip:user2@home.net", "2", ""));
    assert_eq!(only(&rig.request("MESSAGE", SCSCF).headers, "Route"), "<sip:orig@scscf.home.net;lr>");
    // A restart after its end, by UTC.
    let mut later = config();
    later.utc_ms_at_zero += 3_600_001;
    let rig = rig_with(later, rows);
    assert!(rig.rows.is_empty() && rig.node.figures()[0].1 == 0);
}

#[test]
fn a_flow_that_fails_is_gone_round_once() {
    let mut rig = rig_of(config());
    // The UE sends from another port than it listens on.
    rig.udp("10.45.0.1:31000", &register("reg", 3600, ""));
    let request = rig.request("REGISTER", ICSCF);
    let path = request.headers.get("Path").unwrap().to_owned();
    accept(&mut rig, &request, 3600);
    rig.response(200, "10.45.0.1:31000");
    rig.udp(SCSCF, &request_for_ue("MESSAGE", &path, "1", ""));
    let (target, _) = rig.sent.pop_front().unwrap();
    assert_eq!(target.remote, "10.45.0.1:31000".parse().unwrap());
    rig.input(NodeInput::SipFailed { target, why: "port unreachable".to_owned() });
    let (target, _) = rig.sent.pop_front().unwrap();
    assert_eq!(target.remote, UE.parse().unwrap());
    rig.input(NodeInput::SipFailed { target, why: "port unreachable".to_owned() });
    rig.response(430, SCSCF);
    rig.is_silent();
}

#[test]
fn a_ue_that_does_not_answer_an_invite() {
    let mut rig = rig_of(config());
    let path = registered(&mut rig);
    rig.udp(SCSCF, &request_for_ue("INVITE", &path, "1", ""));
    rig.pass(Duration::from_secs(33));
    let last = rig.sent.pop_back().unwrap().1;
    assert_eq!(last.as_response().unwrap().status, 408);
}
