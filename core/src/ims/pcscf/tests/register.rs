//! REGISTER (TS 24.229 clause 5.2.2).

use std::time::Duration;

use protocol::sip::{Request, Transport};

use super::*;
use crate::ims::rig::only;

const AKA: &str = "Authorization: Digest username=\"001@home.net\", realm=\"home.net\", nonce=\"bm9uY2U=\", \
                   uri=\"sip:home.net\", response=\"0123456789abcdef0123456789abcdef\", algorithm=AKAv1-MD5, \
                   integrity-protected=\"yes\"";

fn digest(user: &str, response: &str) -> String {
    format!(
        "Authorization: Digest username=\"{user}\", realm=\"home.net\", nonce=\"n\", uri=\"sip:home.net\", \
         response=\"{response}\", integrity-protected=\"ip-assoc-yes\""
    )
}

fn protection(request: &Request) -> Option<String> {
    let value = only(&request.headers, "Authorization");
    let at = value.find("integrity-protected=\"")? + "integrity-protected=\"".len();
    Some(value[at..].split('"').next().unwrap().to_owned())
}

#[test]
fn the_home_network_learns_what_the_visited_one_knows_and_nothing_that_a_ue_made_up() {
    let mut rig = rig_of(config());
    let forged = "P-Asserted-Identity: <sip:boss@home.net>
        P-Visited-Network-ID: other.net
        P-Charging-Vector: icid-value=forged
        Path: <sip:evil.net;lr>
        P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=00101, 3GPP-E-UTRAN-FDD;network-provided
        Route: <sip:pcscf.visited.net;lr>";
    rig.udp(UE, &register("1", 3600, &format!("{forged}\n        {}", digest("001@home.net", ""))));
    let request = rig.request("REGISTER", ICSCF);
    let h = &request.headers;
    let path = only(h, "Path");
    assert!(path.starts_with("<sip:") && path.ends_with("@pcscf.visited.net:5060;lr>"), "{path}");
    assert_eq!(token(&path).len(), 24);
    assert!(h.lists("Require", "path") && h.lists("Supported", "path"));
    assert_eq!(only(h, "P-Visited-Network-ID"), "\"visited.net\"");
    let vector = only(h, "P-Charging-Vector");
    assert!(vector.contains("icid-generated-at=pcscf.visited.net;orig-ioi=\"Type 1visited.net\""), "{vector}");
    assert!(!vector.contains("forged"));
    assert_eq!(only(h, "P-Access-Network-Info"), "3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=00101");
    assert!(!h.contains("P-Asserted-Identity") && !h.contains("Route"));
    assert_eq!(only(h, "Max-Forwards"), "69");
    assert_eq!(protection(&request), None);
    assert!(rig.notes.iter().any(|note| note.contains("may not assert P-Asserted-Identity")), "{:?}", rig.notes);
}

#[test]
fn a_challenge_reaches_the_ue_without_keys_and_its_answer_the_home_network_as_unprotected() {
    let mut rig = rig_of(config());
    rig.udp(UE, &register("1", 3600, &digest("001@home.net", "")));
    let request = rig.request("REGISTER", ICSCF);
    let challenge =
        "Digest realm=\"home.net\", nonce=\"bm9uY2U=\", algorithm=AKAv1-MD5, ck=\"00112233\", ik=\"44556677\"";
    rig.answer(ICSCF, &request, 401, &[("WWW-Authenticate", challenge), ("P-Charging-Vector", "icid-value=x")]);
    let response = rig.response(401, UE);
    let challenge = only(&response.headers, "WWW-Authenticate");
    assert!(challenge.contains("nonce=\"bm9uY2U=\"") && !challenge.contains("ck=") && !challenge.contains("ik="));
    assert!(!response.headers.contains("P-Charging-Vector") && !response.headers.contains("Security-Server"));
    assert_eq!(response.headers.values("Via").count(), 1);
    rig.udp(UE, &register("2", 3600, AKA));
    let request = rig.request("REGISTER", ICSCF);
    assert_eq!(protection(&request).as_deref(), Some("no"));
    accept(&mut rig, &request, 3600);
    let response = rig.response(200, UE);
    assert!(response.headers.contains("Service-Route") && !response.headers.contains("P-Charging-Vector"));
    assert_eq!(rig.node.figures()[0], ("registrations", 1));
    assert_eq!(rig.rows.len(), 1);
    assert!(!rig.notes.iter().any(|note| note.contains("00112233")), "{:?}", rig.notes);
}

#[test]
fn no_address_stands_for_a_digest() {
    let mut rig = rig_of(config());
    let said = |rig: &mut Rig<Pcscf>, from: &str, branch: &str, user: &str| {
        rig.udp(from, &register(branch, 3600, &digest(user, "0123456789abcdef0123456789abcdef")));
        let request = rig.request("REGISTER", ICSCF);
        (protection(&request), request)
    };
    let (first, request) = said(&mut rig, UE, "1", "001@home.net");
    assert_eq!(first.as_deref(), Some("ip-assoc-pending"));
    let path = only(&request.headers, "Path");
    accept(&mut rig, &request, 3600);
    rig.response(200, UE);
    let (again, request) = said(&mut rig, UE, "2", "001@home.net");
    assert_eq!(again.as_deref(), Some("ip-assoc-pending"));
    assert_eq!(only(&request.headers, "Path"), path, "the way to a UE stays the same");
    rig.answer(ICSCF, &request, 403, &[]);
    rig.response(403, UE);
    // No algorithm and no response: nothing is proven.
    rig.udp(UE, &register("5", 3600, "Authorization: Digest username=\"001@home.net\", realm=\"home.net\", nonce=\"\", uri=\"sip:home.net\", response=\"\""));
    let bare = rig.request("REGISTER", ICSCF);
    assert_eq!(protection(&bare), None);
    assert_eq!(said(&mut rig, UE, "3", "002@home.net").0.as_deref(), Some("ip-assoc-pending"));
    assert_eq!(said(&mut rig, "10.45.0.9:5060", "4", "001@home.net").0.as_deref(), Some("ip-assoc-pending"));
}

#[test]
fn one_digest_names_the_user_and_nothing_else_does() {
    let mut rig = rig_of(config());
    let basic = "Authorization: Basic username=\"victim@home.net\"";
    rig.udp(UE, &register("1", 3600, &format!("{basic}\n        {}", digest("001@home.net", "00"))));
    let request = rig.request("REGISTER", ICSCF);
    assert!(only(&request.headers, "Authorization").starts_with("Digest username=\"001@home.net\""));
    rig.answer(ICSCF, &request, 403, &[]);
    rig.response(403, UE);
    let two = format!("{}\n        {}", digest("victim@home.net", ""), digest("001@home.net", "00"));
    rig.udp(UE, &register("2", 3600, &two));
    assert_eq!(rig.response(400, UE).reason, "More than one Authorization");
    rig.udp(UE, &register("3", 3600, "Authorization: Digest username=\"001@home.net"));
    rig.response(400, UE);
    rig.is_silent();
}

#[test]
fn refusals_that_need_no_home_network() {
    let mut rig = rig_of(config());
    let mut refused = |text: &str, status: u16, reason: &str| {
        rig.udp(UE, text);
        let response = rig.response(status, UE);
        assert!(response.reason.contains(reason), "{}", response.reason);
        rig.is_silent();
    };
    refused(&register("1", 3600, "").replace("sip:home.net", "sip:abroad.net"), 403, "No roaming agreement");
    refused(&register("2", 3600, "").replace("5060>;exp", "5060;sos>;exp"), 403, "Emergency registration");
    refused(&register("3", 3600, "").replace("Contact:", "X-Contact:"), 400, "without Contact");
    refused(&register("4", 3600, "").replace("Max-Forwards: 70", "Max-Forwards: 0"), 483, "");
    refused(&register("5", 3600, "Require: sec-agree\n        Proxy-Require: sec-agree"), 420, "");
    refused(&register("6", 3600, "Proxy-Require: magic"), 420, "");
}

#[test]
fn a_home_network_that_does_not_answer_and_a_store_that_does_not_write() {
    let mut rig = rig_of(config());
    rig.udp(UE, &register("1", 3600, ""));
    rig.pass(Duration::from_secs(33));
    while rig.sent.len() > 1 {
        rig.request("REGISTER", ICSCF);
    }
    rig.response(504, UE);
    rig.store_fails = true;
    rig.udp(UE, &register("2", 3600, ""));
    let request = rig.request("REGISTER", ICSCF);
    accept(&mut rig, &request, 3600);
    let response = rig.response(500, UE);
    assert!(response.reason.contains("could not be stored"));
    assert_eq!(rig.node.figures()[0], ("registrations", 0));
}

#[test]
fn the_end_of_a_registration_by_the_ue_and_by_time() {
    for contact in ["<sip:user1@10.45.0.1:5060>;expires=0", "*"] {
        let mut rig = rig_of(config());
        registered(&mut rig);
        let text = register("2", 0, "Expires: 0").replace("<sip:user1@10.45.0.1:5060>;expires=0", contact);
        rig.udp(UE, &text);
        let request = rig.request("REGISTER", ICSCF);
        rig.answer(ICSCF, &request, 200, &[]);
        rig.response(200, UE);
        assert!(rig.rows.is_empty() && rig.node.figures()[0].1 == 0, "{contact}");
    }
    let mut rig = rig_of(config());
    registered(&mut rig);
    rig.pass(Duration::from_secs(3599));
    assert_eq!(rig.node.figures()[0].1, 1);
    rig.pass(Duration::from_secs(2));
    assert!(rig.rows.is_empty() && rig.node.figures()[0].1 == 0);
}

#[test]
fn compressed_messages_are_named_and_dropped() {
    let mut rig = rig_of(config());
    let flow =
        protocol::sip::Flow { transport: Transport::Udp, local: PCSCF.parse().unwrap(), remote: UE.parse().unwrap() };
    rig.input(crate::node::NodeInput::Sip { flow, bytes: &[0xf8, 1, 2, 3] });
    rig.is_silent();
    assert!(rig.notes.iter().any(|note| note.contains("SigComp is not supported")), "{:?}", rig.notes);
}
