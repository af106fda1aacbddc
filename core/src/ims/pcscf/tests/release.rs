//! Release of sessions by the P-CSCF (TS 24.229 clause 5.2.8), and their timers.

use std::time::Duration;

use super::*;
use crate::ims::rig::only;
use crate::node::{AccessEvent, NodeInput};

const RECORDED: &str = "<sip:as.home.net;lr>, <sip:scscf.home.net;lr>";

fn lost(ue: &str) -> NodeInput<'static> {
    NodeInput::Access(AccessEvent::BearerLost { ue: ue.parse().unwrap() })
}

/// A session that the UE has started; `more` are headers of the 200.
fn session(rig: &mut Rig<Pcscf>, more: &[(&str, &str)]) {
    rig.udp(UE, &invite(""));
    let request = rig.request("INVITE", SCSCF);
    let recorded = format!("{RECORDED}, {}", request.headers.get("Record-Route").unwrap());
    let mut headers = vec![("Record-Route", recorded.as_str()), ("Contact", "<sip:user2@10.45.0.2:5070>")];
    headers.extend(more);
    rig.answer(SCSCF, &request, 200, &headers);
    rig.response(200, UE);
}

#[test]
fn a_standing_session_ends_with_a_bye_to_the_other_party() {
    let mut rig = rig_of(config());
    registered(&mut rig);
    session(&mut rig, &[]);
    rig.input(lost(UE));
    let bye = rig.request("BYE", SCSCF);
    let h = &bye.headers;
    assert_eq!(bye.uri.to_string(), "sip:user2@10.45.0.2:5070");
    assert_eq!(h.values("Route").collect::<Vec<_>>(), ["<sip:scscf.home.net;lr>", "<sip:as.home.net;lr>"]);
    assert_eq!(only(h, "From"), "<sip:user1@home.net>;tag=ue");
    assert_eq!(only(h, "To"), "<sip:user2@home.net>;tag=far");
    assert_eq!((only(h, "Call-ID").as_str(), only(h, "CSeq").as_str()), ("c1", "6 BYE"));
    assert_eq!(only(h, "Reason"), "SIP;cause=503;text=\"Bearer lost\"");
    rig.answer(SCSCF, &bye, 200, &[]);
    rig.is_silent();
    assert_eq!(rig.node.figures()[..2], [("registrations", 1), ("sessions", 0)]);
    rig.input(lost("10.45.0.77:5060"));
    assert!(rig.notes.iter().any(|note| note.contains("10.45.0.77:5060 ignored in state not registered")));
}

#[test]
fn a_session_to_the_ue_ends_the_other_way_round() {
    let mut rig = rig_of(config());
    let path = registered(&mut rig);
    rig.udp(SCSCF, &request_for_ue("INVITE", &path, "1", &format!("Record-Route: {RECORDED}")));
    let request = rig.request("INVITE", UE);
    let recorded = request.headers.values("Record-Route").collect::<Vec<_>>().join(", ");
    rig.answer(UE, &request, 200, &[("Record-Route", &recorded), ("Contact", "<sip:user1@10.45.0.1:5060>")]);
    rig.response(200, SCSCF);
    rig.input(lost(UE));
    let bye = rig.request("BYE", "10.46.0.5:5060");
    let h = &bye.headers;
    assert_eq!(bye.uri.to_string(), "sip:user2@10.45.0.2:5060");
    assert_eq!(h.values("Route").collect::<Vec<_>>(), ["<sip:as.home.net;lr>", "<sip:scscf.home.net;lr>"]);
    assert_eq!(only(h, "From"), "<sip:user1@home.net>;tag=far");
    assert_eq!(only(h, "To"), "<sip:user2@home.net>;tag=peer");
    assert_eq!(only(h, "CSeq"), "1 BYE");
}

#[test]
fn between_two_users_of_this_p_cscf_the_bye_goes_by_their_s_cscf() {
    let mut rig = rig_of(config());
    registered(&mut rig);
    let callee = "10.45.0.2:5060";
    rig.udp(callee, &register("r2", 3600, "").replace("user1", "user2").replace("10.45.0.1", "10.45.0.2"));
    let request = rig.request("REGISTER", ICSCF);
    let path = only(&request.headers, "Path");
    let contact = ("Contact", "<sip:user2@10.45.0.2:5060>;expires=3600");
    rig.answer(ICSCF, &request, 200, &[contact, ("Service-Route", "<sip:orig@scscf.home.net;lr>")]);
    rig.response(200, callee);
    rig.udp(UE, &invite(""));
    let outgoing = rig.request("INVITE", SCSCF);
    let recorded = format!("Record-Route: <sip:scscf.home.net;lr>, {}", only(&outgoing.headers, "Record-Route"));
    let text = request_for_ue("INVITE", &path, "t", &recorded)
        .replace("Call-ID: c2", "Call-ID: c1")
        .replace("tag=peer", "tag=ue")
        .replace("<sip:user2@10.45.0.2:5060>", "<sip:user1@10.45.0.1:5060>");
    rig.udp(SCSCF, &text);
    let incoming = rig.request("INVITE", callee);
    let recorded = incoming.headers.values("Record-Route").collect::<Vec<_>>().join(", ");
    let headers = [("Record-Route", recorded.as_str()), ("Contact", "<sip:user2@10.45.0.2:5060>")];
    rig.answer(callee, &incoming, 200, &headers);
    rig.response(200, SCSCF);
    rig.answer(SCSCF, &outgoing, 200, &headers);
    rig.response(200, UE);
    assert_eq!(rig.node.figures()[1], ("sessions", 2));
    // The S-CSCF hears that the session is over, and takes the BYE to the callee.
    rig.input(lost(UE));
    let bye = rig.request("BYE", SCSCF);
    let routes: Vec<_> = bye.headers.values("Route").collect();
    assert_eq!((routes.len(), routes[0]), (2, "<sip:scscf.home.net;lr>"));
    assert_eq!(token(routes[1]), token(&path));
    let further = bye.to_bytes();
    let further = String::from_utf8(further).unwrap().replace("Route: <sip:scscf.home.net;lr>\r\n", "");
    rig.udp(
        SCSCF,
        &further.replace("Via: SIP/2.0/UDP ", "Via: SIP/2.0/UDP 10.46.0.3:5060;branch=z9hG4bKs\r\nVia: SIP/2.0/UDP "),
    );
    let arrived = rig.request("BYE", callee);
    assert_eq!(only(&arrived.headers, "Reason"), "SIP;cause=503;text=\"Bearer lost\"");
    rig.answer(callee, &arrived, 200, &[]);
    rig.response(200, SCSCF);
    rig.answer(SCSCF, &bye, 200, &[]);
    rig.is_silent();
    assert_eq!(rig.node.figures()[1], ("sessions", 0));
}

#[test]
fn the_sessions_of_a_registration_are_forgotten_with_it() {
    let mut rig = rig_of(config());
    registered(&mut rig);
    session(&mut rig, &[]);
    assert_eq!(rig.node.figures()[1], ("sessions", 1));
    rig.pass(Duration::from_secs(3601));
    assert_eq!(rig.node.figures()[..2], [("registrations", 0), ("sessions", 0)]);
}

#[test]
fn a_session_under_way_is_cancelled_towards_one_and_refused_towards_the_other() {
    let mut rig = rig_of(config());
    let path = registered(&mut rig);
    rig.udp(UE, &invite(""));
    let outgoing = rig.request("INVITE", SCSCF);
    rig.answer(SCSCF, &outgoing, 180, &[]);
    rig.response(180, UE);
    rig.udp(SCSCF, &request_for_ue("INVITE", &path, "1", ""));
    let incoming = rig.request("INVITE", UE);
    rig.answer(UE, &incoming, 180, &[]);
    rig.response(180, SCSCF);
    rig.input(lost(UE));
    let cancel = rig.request("CANCEL", SCSCF);
    assert_eq!(only(&cancel.headers, "Reason"), "SIP;cause=503;text=\"Bearer lost\"");
    rig.response(503, UE);
    rig.request("CANCEL", UE);
    assert_eq!(only(&rig.response(503, SCSCF).headers, "Reason"), "SIP;cause=503;text=\"Bearer lost\"");
    // What comes after that goes nowhere.
    rig.answer(SCSCF, &outgoing, 487, &[]);
    rig.request("ACK", SCSCF);
    rig.is_silent();
}

#[test]
fn a_session_that_nobody_refreshes_is_forgotten_and_a_refreshed_one_is_not() {
    let mut asking = config();
    asking.session_expires = Some(Duration::from_secs(1800));
    let mut rig = rig_of(asking);
    registered(&mut rig);
    session(&mut rig, &[("Session-Expires", "90;refresher=uac")]);
    rig.pass(Duration::from_secs(60));
    let update = request_of_ue(
        "UPDATE",
        "sip:user2@10.45.0.2:5070",
        "u",
        "Route: <sip:pcscf.visited.net;lr>, <sip:scscf.home.net;lr>",
    );
    rig.udp(UE, &update.replace("To: <sip:user2@home.net>", "To: <sip:user2@home.net>;tag=far"));
    let request = rig.request("UPDATE", SCSCF);
    rig.answer(SCSCF, &request, 200, &[("Session-Expires", "90;refresher=uac")]);
    rig.response(200, UE);
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.node.figures()[1], ("sessions", 1));
    rig.pass(Duration::from_secs(31));
    assert_eq!(rig.node.figures()[1], ("sessions", 0));
    assert!(rig.notes.iter().any(|note| note.contains("was not refreshed in time")));
}

#[test]
fn sessions_are_asked_to_be_refreshed_when_the_configuration_says_so() {
    let mut asking = config();
    asking.session_expires = Some(Duration::from_secs(1800));
    let mut rig = rig_of(asking);
    registered(&mut rig);
    rig.udp(UE, &invite(""));
    assert_eq!(only(&rig.request("INVITE", SCSCF).headers, "Session-Expires"), "1800");
}
