//! Requests of a UE (TS 24.229 clause 5.2.6.3).

use protocol::sip::{Flow, Transport};

use super::*;
use crate::ims::rig::only;
use crate::node::NodeInput;

#[test]
fn the_asserted_identity_is_a_registered_one_whatever_the_ue_says() {
    let mut rig = rig_of(config());
    registered(&mut rig);
    let mut asserted = |branch: &str, more: &str| {
        rig.udp(UE, &request_of_ue("MESSAGE", "sip:user2@home.net", branch, more));
        let request = rig.request("MESSAGE", SCSCF);
        assert!(!request.headers.contains("P-Preferred-Identity"));
        only(&request.headers, "P-Asserted-Identity")
    };
    assert_eq!(asserted("1", ""), "<sip:user1@home.net>");
    assert_eq!(asserted("2", "P-Preferred-Identity: <tel:+999-123>"), "<tel:+999123>");
    assert_eq!(asserted("3", "P-Preferred-Identity: <sip:boss@home.net>"), "<sip:user1@home.net>");
    assert_eq!(asserted("4", "P-Asserted-Identity: <sip:boss@home.net>"), "<sip:user1@home.net>");
}

#[test]
fn an_invite_takes_the_service_route_and_the_p_cscf_stays_on_the_way() {
    let mut rig = rig_of(config());
    let path = registered(&mut rig);
    rig.udp(UE, &invite("Route: <sip:pcscf.visited.net;lr>, <sip:orig@scscf.home.net;lr>\n X-Own: kept"));
    let request = rig.request("INVITE", SCSCF);
    let h = &request.headers;
    assert_eq!(h.values("Route").collect::<Vec<_>>(), ["<sip:orig@scscf.home.net;lr>"]);
    let recorded = only(h, "Record-Route");
    assert_eq!(token(&recorded), token(&path));
    assert_eq!(only(h, "X-Own"), "kept");
    assert!(only(h, "P-Charging-Vector").contains("orig-ioi=\"Type 1visited.net\""));
    assert!(!rig.notes.iter().any(|note| note.contains("another route")));
    // Responses lose what is not for a UE, and asserted identities that are private.
    let more = [
        ("Record-Route", recorded.as_str()),
        ("P-Asserted-Identity", "<sip:user2@home.net>"),
        ("P-Charging-Function-Addresses", "ccf=x"),
        ("Contact", "<sip:user2@10.45.0.2>"),
    ];
    rig.answer(SCSCF, &request, 180, &more);
    let ringing = rig.response(180, UE);
    assert_eq!(only(&ringing.headers, "P-Asserted-Identity"), "<sip:user2@home.net>");
    assert!(!ringing.headers.contains("P-Charging-Function-Addresses"));
    let mut private = more.to_vec();
    private.push(("Privacy", "header; id"));
    rig.answer(SCSCF, &request, 200, &private);
    assert!(!rig.response(200, UE).headers.contains("P-Asserted-Identity"));
    assert_eq!(rig.node.figures()[1], ("sessions", 1));
    let ack =
        request_of_ue("ACK", "sip:user2@10.45.0.2", "ack", &format!("Route: {recorded}, <sip:scscf.home.net;lr>"));
    rig.udp(UE, &ack.replace("To: <sip:user2@home.net>", "To: <sip:user2@home.net>;tag=far"));
    let ack = rig.request("ACK", SCSCF);
    assert_eq!(ack.headers.values("Route").collect::<Vec<_>>(), ["<sip:scscf.home.net;lr>"]);
    let bye =
        request_of_ue("BYE", "sip:user2@10.45.0.2", "bye", &format!("Route: {recorded}, <sip:scscf.home.net;lr>"));
    rig.udp(UE, &bye.replace("To: <sip:user2@home.net>", "To: <sip:user2@home.net>;tag=far"));
    let bye = rig.request("BYE", SCSCF);
    rig.answer(SCSCF, &bye, 200, &[]);
    rig.response(200, UE);
    assert_eq!(rig.node.figures()[1], ("sessions", 0));
}

#[test]
fn a_route_of_the_ues_own_making_is_replaced() {
    let mut rig = rig_of(config());
    registered(&mut rig);
    for (branch, route) in [("1", "Route: <sip:evil.net;lr>"), ("2", ""), ("3", "Route: <sip:scscf.home.net;lr>")] {
        rig.udp(UE, &request_of_ue("MESSAGE", "sip:user2@home.net", branch, route));
        let request = rig.request("MESSAGE", SCSCF);
        assert_eq!(only(&request.headers, "Route"), "<sip:orig@scscf.home.net;lr>", "{route}");
    }
    assert_eq!(rig.notes.iter().filter(|note| note.contains("another route")).count(), 2);
}

#[test]
fn unknown_methods_pass_without_record_route_and_subscribe_with_it() {
    let mut rig = rig_of(config());
    registered(&mut rig);
    rig.udp(UE, &request_of_ue("FROBNICATE", "urn:x:y", "1", ""));
    let request = rig.request("FROBNICATE", SCSCF);
    assert_eq!(request.uri.to_string(), "urn:x:y");
    assert!(!request.headers.contains("Record-Route") && request.headers.contains("P-Asserted-Identity"));
    rig.udp(UE, &request_of_ue("SUBSCRIBE", IMPU, "2", "Event: reg"));
    assert!(rig.request("SUBSCRIBE", SCSCF).headers.contains("Record-Route"));
}

#[test]
fn who_is_not_registered_or_in_no_dialog_is_refused() {
    let mut rig = rig_of(config());
    rig.udp(UE, &invite(""));
    assert_eq!(rig.response(403, UE).reason, "Not registered here");
    let path = registered(&mut rig);
    rig.udp("10.45.0.9:5060", &request_of_ue("MESSAGE", "sip:user2@home.net", "1", ""));
    rig.response(403, "10.45.0.9:5060");
    let info = |branch: &str, route: &str| {
        let text = request_of_ue("INFO", "sip:user2@10.45.0.2", branch, &format!("Route: {route}"));
        text.replace("To: <sip:user2@home.net>", "To: <sip:user2@home.net>;tag=far")
    };
    rig.udp(UE, &info("2", "<sip:scscf.home.net;lr>"));
    assert_eq!(rig.response(403, UE).reason, "No dialog of this UE");
    rig.udp(UE, &info("3", &format!("{path}, <sip:evil.net;lr>")));
    rig.response(403, UE);
    // Dialogs that a restart has made it forget go on along the recorded route.
    rig.udp(UE, &info("4", &format!("{path}, <sip:scscf.home.net;lr>")));
    rig.request("INFO", SCSCF);
}

#[test]
fn emergency_calls_are_sent_to_another_domain() {
    let mut rig = rig_of(config());
    for (branch, uri) in
        [("1", "urn:service:sos.fire"), ("2", "tel:112;phone-context=home.net"), ("3", "sip:112@home.net")]
    {
        rig.udp(UE, &request_of_ue("INVITE", uri, branch, ""));
        let response = rig.response(380, UE);
        assert_eq!(only(&response.headers, "Content-Type"), "application/3gpp-ims+xml");
        assert_eq!(only(&response.headers, "P-Asserted-Identity"), "<sip:pcscf.visited.net:5060;lr>");
        let body = String::from_utf8(response.body).unwrap();
        assert!(body.contains("<ims-3gpp version=\"1\"><alternative-service><type>emergency</type>"), "{body}");
        assert!(!body.contains("emergency-registration"));
        let ack = request_of_ue("ACK", uri, branch, "");
        let tagged = ack.replace("To: <sip:user2@home.net>", &format!("To: {}", response.headers.get("To").unwrap()));
        rig.udp(UE, &tagged);
        rig.is_silent();
    }
}

#[test]
fn a_long_message_over_tcp_is_of_the_same_ue() {
    let mut rig = rig_of(config());
    registered(&mut rig);
    rig.over(Transport::Tcp, "10.45.0.1:40001", &request_of_ue("MESSAGE", "sip:user2@home.net", "1", ""));
    let request = rig.request("MESSAGE", SCSCF);
    rig.answer(SCSCF, &request, 200, &[]);
    let (target, _) = rig.sent.pop_front().unwrap();
    let flow = target.flow.unwrap();
    assert_eq!((flow.transport, flow.remote), (Transport::Tcp, "10.45.0.1:40001".parse().unwrap()));
}

#[test]
fn a_core_that_is_out_of_reach_and_a_caller_that_gives_up() {
    let mut rig = rig_of(config());
    registered(&mut rig);
    rig.udp(UE, &request_of_ue("MESSAGE", "sip:user2@home.net", "1", ""));
    let (target, _) = rig.sent.pop_front().unwrap();
    rig.input(NodeInput::SipFailed { target, why: "connection refused".to_owned() });
    rig.response(504, UE);
    rig.udp(UE, &invite(""));
    let request = rig.request("INVITE", SCSCF);
    rig.answer(SCSCF, &request, 180, &[]);
    rig.response(180, UE);
    rig.udp(UE, &request_of_ue("CANCEL", "sip:user2@home.net", "inv", "Reason: SIP;cause=487"));
    rig.response(200, UE);
    let cancel = rig.request("CANCEL", SCSCF);
    assert_eq!(only(&cancel.headers, "Reason"), "SIP;cause=487");
    rig.answer(SCSCF, &cancel, 200, &[]);
    rig.answer(SCSCF, &request, 487, &[]);
    rig.request("ACK", SCSCF);
    rig.response(487, UE);
}

#[test]
fn the_core_has_a_side_of_its_own() {
    let mut split = config();
    split.mw = vec![(Transport::Udp, "10.47.0.1:5062".parse().unwrap())];
    split.trusted.clear();
    let mut rig = rig_of(split);
    let path = registered(&mut rig);
    assert!(path.ends_with("@pcscf.visited.net:5062;lr>"), "{path}");
    rig.udp(UE, &invite(""));
    let request = rig.request("INVITE", SCSCF);
    let recorded: Vec<_> =
        request.headers.values("Record-Route").map(|value| value.split('@').nth(1).unwrap()).collect();
    assert_eq!(recorded, ["pcscf.visited.net:5062;lr>", "pcscf.visited.net:5060;lr>"]);
    // Without a list of the core's boxes, what comes over that side is the core's, whoever sends it.
    let text = request_for_ue("MESSAGE", &path, "m", "");
    let bytes = text.lines().map(str::trim_start).collect::<Vec<_>>().join("\r\n") + "\r\n\r\n";
    let flow = Flow {
        transport: Transport::Udp,
        local: "10.47.0.1:5062".parse().unwrap(),
        remote: "10.46.0.99:5060".parse().unwrap(),
    };
    rig.input(NodeInput::Sip { flow, bytes: bytes.as_bytes() });
    rig.request("MESSAGE", UE);
}

#[test]
fn who_is_not_of_the_core_is_turned_away_on_its_side() {
    let mut split = config();
    split.mw = vec![(Transport::Udp, "10.47.0.1:5062".parse().unwrap())];
    let mut rig = rig_of(split);
    let path = registered(&mut rig);
    let local = "10.47.0.1:5062".parse().unwrap();
    let mut from = |remote: &str, branch: &str| {
        let text = request_for_ue("MESSAGE", &path, branch, "").replace("10.46.0.3:5060", remote);
        let bytes = text.lines().map(str::trim_start).collect::<Vec<_>>().join("\r\n") + "\r\n\r\n";
        let flow = Flow { transport: Transport::Udp, local, remote: remote.parse().unwrap() };
        rig.input(NodeInput::Sip { flow, bytes: bytes.as_bytes() });
        rig.sent.pop_front().unwrap()
    };
    assert_eq!(from(SCSCF, "1").0.remote, UE.parse().unwrap());
    let (target, answer) = from("10.46.0.99:5060", "2");
    assert_eq!(target.remote, "10.46.0.99:5060".parse().unwrap());
    assert!(matches!(answer, protocol::sip::SipMessage::Response(response) if response.status == 403));
}

#[test]
fn users_behind_one_address_are_told_apart() {
    let mut rig = rig_of(config());
    registered(&mut rig);
    let second =
        |text: &str| text.replace("user1", "user3").replace("<sip:user2", "<sip:userX").replace("tag=ue", "tag=u3");
    rig.udp(UE, &second(&register("r3", 3600, "")));
    let request = rig.request("REGISTER", ICSCF);
    let contact = ("Contact", "<sip:user3@10.45.0.1:5060>;expires=3600");
    let headers =
        [contact, ("Service-Route", "<sip:orig@scscf.home.net;lr>"), ("P-Associated-URI", "<sip:user3@home.net>")];
    rig.answer(ICSCF, &request, 200, &headers);
    rig.response(200, UE);
    let mut asserted = |text: &str| {
        rig.udp(UE, text);
        only(&rig.request("MESSAGE", SCSCF).headers, "P-Asserted-Identity")
    };
    assert_eq!(asserted(&request_of_ue("MESSAGE", "sip:x@home.net", "1", "")), "<sip:user1@home.net>");
    assert_eq!(asserted(&second(&request_of_ue("MESSAGE", "sip:x@home.net", "2", ""))), "<sip:user3@home.net>");
    let preferred = "P-Preferred-Identity: <sip:user3@home.net>";
    assert_eq!(asserted(&request_of_ue("MESSAGE", "sip:x@home.net", "3", preferred)), "<sip:user3@home.net>");
    // Inside a dialog, without Contact, the recorded route tells whose request it is.
    let as_is = |text: &str| text.to_owned();
    for (of_user, call) in [(&as_is as &dyn Fn(&str) -> String, "1"), (&second, "3")] {
        let numbered = |text: &str| of_user(&text.replace("c1", &format!("call{call}")));
        rig.udp(UE, &numbered(&request_of_ue("INVITE", "sip:x@home.net", &format!("i{call}"), "")));
        let invite = rig.request("INVITE", SCSCF);
        let route = format!("Route: {}, <sip:scscf.home.net;lr>", only(&invite.headers, "Record-Route"));
        for method in ["ACK", "BYE"] {
            let text = request_of_ue(method, "sip:x@10.45.0.2", &format!("{method}{call}"), &route);
            let text = text.lines().filter(|line| !line.contains("Contact:")).collect::<Vec<_>>().join("\n");
            let tagged = numbered(&text).replace("@home.net>\n        Call-ID", "@home.net>;tag=far\n        Call-ID");
            rig.udp(UE, &tagged);
            rig.request(method, SCSCF);
        }
    }
}

#[test]
fn a_ue_that_registered_over_tcp_and_goes_on_over_udp_is_the_same() {
    let mut rig = rig_of(config());
    rig.over(Transport::Tcp, "10.45.0.1:40001", &register("reg", 3600, ""));
    let request = rig.request("REGISTER", ICSCF);
    accept(&mut rig, &request, 3600);
    rig.sent.clear();
    let bare = |text: &str| text.lines().filter(|line| !line.contains("Contact:")).collect::<Vec<_>>().join("\n");
    rig.udp(UE, &bare(&request_of_ue("MESSAGE", "sip:user2@home.net", "1", "")));
    rig.request("MESSAGE", SCSCF);
    rig.over(Transport::Tcp, "10.45.0.1:40002", &bare(&request_of_ue("MESSAGE", "sip:user2@home.net", "2", "")));
    rig.request("MESSAGE", SCSCF);
    rig.udp("10.45.0.9:5060", &bare(&request_of_ue("MESSAGE", "sip:user2@home.net", "3", "")));
    rig.response(403, "10.45.0.9:5060");
}
