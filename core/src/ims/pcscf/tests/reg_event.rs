//! Subscription to the registration state (TS 24.229 clause 5.2.3).

use std::time::Duration;

use super::*;
use crate::ims::rig::only;

fn subscribing() -> PcscfConfig {
    PcscfConfig { subscribe_reg: true, ..config() }
}

/// Registers the UE and accepts the subscription that follows.
fn subscribed(rig: &mut Rig<Pcscf>, expires: &str) -> (String, Request) {
    let path = registered(rig);
    let subscribe = rig.request("SUBSCRIBE", ICSCF);
    let headers =
        [("Expires", expires), ("Contact", "<sip:scscf.home.net>"), ("Record-Route", "<sip:icscf.home.net;lr>")];
    rig.answer(ICSCF, &subscribe, 200, &headers);
    (path, subscribe)
}

/// A NOTIFY of that subscription: `event` of the Contact, `state` of the subscription.
fn notify(path: &str, subscribe: &Request, seq: u32, contact: &str, state: &str) -> String {
    let body = format!(
        "<?xml version=\"1.0\"?><reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"{seq}\" state=\"full\">\
         <registration aor=\"{IMPU}\" id=\"a\" state=\"active\">{contact}</registration></reginfo>"
    );
    let h = &subscribe.headers;
    format!(
        "NOTIFY {} SIP/2.0
        Via: SIP/2.0/UDP 10.46.0.3:5060;branch=z9hG4bKn{seq}
        Max-Forwards: 70
        From: {};tag=far
        To: {}
        Call-ID: {}
        CSeq: {seq} NOTIFY
        Contact: <sip:scscf.home.net>
        Event: reg
        Subscription-State: {state}
        Content-Type: application/reginfo+xml
        Content-Length: {}

{body}",
        path.trim_matches(['<', '>']),
        h.get("To").unwrap(),
        h.get("From").unwrap(),
        h.get("Call-ID").unwrap(),
        body.len() + 2,
    )
}

fn contact(state: &str, event: &str, more: &str) -> String {
    format!(
        "<contact id=\"b\" state=\"{state}\" event=\"{event}\" {more}><uri>sip:user1@10.45.0.1:5060</uri></contact>"
    )
}

#[test]
fn the_first_registration_is_subscribed_to() {
    let mut rig = rig_of(subscribing());
    let (path, subscribe) = subscribed(&mut rig, "600000");
    let h = &subscribe.headers;
    assert_eq!(subscribe.uri.to_string(), IMPU);
    assert!(only(h, "From").starts_with("<sip:pcscf.visited.net>;tag="));
    assert_eq!(only(h, "To"), "<sip:user1@home.net>");
    assert_eq!(only(h, "P-Asserted-Identity"), path);
    assert_eq!((only(h, "Event").as_str(), only(h, "Expires").as_str()), ("reg", "600000"));
    assert_eq!(only(h, "Contact"), path);
    assert!(h.contains("P-Charging-Vector"));
    rig.udp(UE, &register("again", 3600, ""));
    let request = rig.request("REGISTER", ICSCF);
    accept(&mut rig, &request, 3600);
    rig.response(200, UE);
    rig.is_silent();
}

#[test]
fn the_network_takes_a_registration_away() {
    let mut rig = rig_of(subscribing());
    let (path, subscribe) = subscribed(&mut rig, "600000");
    rig.udp(SCSCF, &notify(&path, &subscribe, 1, &contact("active", "registered", ""), "active"));
    rig.response(200, SCSCF);
    assert_eq!(rig.node.figures()[0].1, 1);
    rig.udp(UE, &invite(""));
    let request = rig.request("INVITE", SCSCF);
    let recorded = format!("<sip:scscf.home.net;lr>, {}", request.headers.get("Record-Route").unwrap());
    rig.answer(SCSCF, &request, 200, &[("Record-Route", &recorded), ("Contact", "<sip:user2@10.45.0.2>")]);
    rig.response(200, UE);
    let over = notify(&path, &subscribe, 2, &contact("terminated", "deactivated", ""), "terminated;reason=deactivated");
    rig.udp(SCSCF, &over);
    rig.response(200, SCSCF);
    let bye = rig.request("BYE", SCSCF);
    assert_eq!(only(&bye.headers, "Reason"), "SIP;cause=480;text=\"Deregistered by the network\"");
    assert!(rig.rows.is_empty() && rig.node.figures()[0].1 == 0);
    rig.udp(UE, &request_of_ue("MESSAGE", "sip:user2@home.net", "m", ""));
    rig.response(403, UE);
    // The UE's own subscription has its last word too; nothing new begins.
    let last =
        request_for_ue("NOTIFY", &path, "l", "").replace("To: <sip:user1@home.net>", "To: <sip:user1@home.net>;tag=ue");
    rig.udp(SCSCF, &last);
    let last = rig.request("NOTIFY", UE);
    rig.answer(UE, &last, 200, &[]);
    rig.response(200, SCSCF);
    rig.udp(SCSCF, &request_for_ue("MESSAGE", &path, "x", ""));
    rig.response(480, SCSCF);
    // A late NOTIFY is answered for a while.
    rig.udp(SCSCF, &notify(&path, &subscribe, 3, "", "terminated"));
    rig.response(200, SCSCF);
    rig.pass(Duration::from_secs(40));
    rig.sent.clear();
    rig.udp(SCSCF, &notify(&path, &subscribe, 4, "", "terminated"));
    rig.response(481, SCSCF);
}

#[test]
fn a_shortened_registration_ends_sooner() {
    let mut rig = rig_of(subscribing());
    let (path, subscribe) = subscribed(&mut rig, "600000");
    let short = contact("active", "shortened", "expires=\"60\"");
    rig.udp(SCSCF, &notify(&path, &subscribe, 1, &short, "active"));
    rig.response(200, SCSCF);
    rig.pass(Duration::from_secs(61));
    assert_eq!(rig.node.figures()[0].1, 0);
}

#[test]
fn notifications_that_belong_to_nothing_or_say_nothing_readable() {
    let mut rig = rig_of(subscribing());
    let (path, subscribe) = subscribed(&mut rig, "600000");
    let good = notify(&path, &subscribe, 5, &contact("active", "registered", ""), "active");
    let mut refused = |text: String, status: u16| {
        rig.udp(SCSCF, &text);
        rig.response(status, SCSCF);
    };
    let call_id = subscribe.headers.get("Call-ID").unwrap();
    refused(good.replace(call_id, "other").replace("Kn5", "Ka"), 481);
    refused(good.replace("tag=far", "tag=stranger").replace("Kn5", "Kb"), 481);
    refused(good.replace("Event: reg", "Event: presence").replace("Kn5", "Kc"), 489);
    refused(good.clone(), 200);
    refused(good.replace("Kn5", "Kd"), 500);
    refused(good.replace("CSeq: 5", "CSeq: 6").replace("reginfo+xml", "pidf+xml").replace("Kn5", "Ke"), 415);
    refused(good.replace("CSeq: 5", "CSeq: 7").replace("</reginfo>", "</reginfX>").replace("Kn5", "Kf"), 400);
}

#[test]
fn subscriptions_are_refreshed_renewed_and_outlive_the_process() {
    let mut rig = rig_of(subscribing());
    let (path, subscribe) = subscribed(&mut rig, "2000");
    rig.pass(Duration::from_secs(1399));
    rig.is_silent();
    let rows = std::mem::take(&mut rig.rows);
    let mut later = subscribing();
    later.utc_ms_at_zero += 1_399_000;
    let mut rig = rig_with(later, rows);
    rig.pass(Duration::from_secs(1));
    // The refresh follows the recorded route, inside the dialog.
    let refresh = rig.request("SUBSCRIBE", ICSCF);
    assert_eq!(refresh.uri.to_string(), "sip:scscf.home.net");
    assert_eq!(only(&refresh.headers, "Route"), "<sip:icscf.home.net;lr>");
    assert_eq!(only(&refresh.headers, "CSeq"), "2 SUBSCRIBE");
    assert_eq!(only(&refresh.headers, "To"), "<sip:user1@home.net>;tag=far");
    assert_eq!(refresh.headers.get("Call-ID"), subscribe.headers.get("Call-ID"));
    rig.answer(ICSCF, &refresh, 200, &[("Expires", "2000")]);
    let gone = notify(&path, &refresh.clone(), 1, &contact("active", "registered", ""), "terminated;reason=timeout");
    rig.udp(SCSCF, &gone.replace(";tag=far;tag=far", ";tag=far"));
    rig.response(200, SCSCF);
    let anew = rig.request("SUBSCRIBE", ICSCF);
    assert_eq!(anew.uri.to_string(), IMPU);
    assert_ne!(anew.headers.get("Call-ID"), subscribe.headers.get("Call-ID"));
    rig.answer(ICSCF, &anew, 403, &[]);
    assert!(rig.notes.iter().any(|note| note.contains("no subscription to the reg event: 403")));
}
