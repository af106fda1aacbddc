//! Requests of and to served users (TS 24.229 clause 5.4.3).

use super::*;

use crate::ims::TrustedPeer;

use crate::ims::profile::{
    ApplicationServer, Condition, DefaultHandling, ServicePointTrigger, SessionCase, TriggerPoint,
};

pub(super) const BOB: &str = "sip:bob@ims.mnc001.mcc001.3gppnetwork.org";

pub(super) fn when(case: SessionCase, name: &str, priority: u32, handling: DefaultHandling) -> InitialFilterCriteria {
    let trigger = |group, condition| ServicePointTrigger { negated: false, groups: [group].into(), condition };
    let method = |m: &str| Condition::Method { method: m.to_owned(), registration: [].into() };
    let triggers =
        vec![trigger(0, method("MESSAGE")), trigger(0, method("INVITE")), trigger(1, Condition::SessionCase(case))];
    InitialFilterCriteria {
        priority,
        trigger: Some(TriggerPoint { conjunctive: true, triggers }),
        server: ApplicationServer { name: name.to_owned(), default_handling: handling, ..ApplicationServer::default() },
        profile_part: None,
    }
}

pub(super) fn originating(method: &str, to: &str, call: &str) -> Request {
    let fields = [
        ("P-Asserted-Identity", format!("<{IMPU}>")),
        ("Route", format!("<{};lr>", SCSCF.replace("sip:", "sip:orig@"))),
        ("Contact", "<sip:alice@10.45.0.1>".to_owned()),
        ("Content-Type", "text/plain".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let mut request = request(method, to, call, 1, "pcscf", &fields);
    request.body = b"hello".to_vec();
    request
}

pub(super) fn terminating(method: &str, call: &str, fields: &[(&str, &str)]) -> Request {
    request(method, IMPU, call, 1, "icscf", fields)
}

fn registered(criteria: Vec<InitialFilterCriteria>) -> Bench {
    let mut bench = Bench::new();
    lock(&bench.script).profile = profile(criteria);
    assert_eq!(bench.register(1, 1, 3600).status, 200);
    bench
}

/// Sends a request that has come to an application server back to where its Route says.
fn pass_on(bench: &mut Bench, name: &str, mut request: Request) {
    assert!(request.headers.pop_first_value("Route").unwrap().contains(name));
    request.headers.prepend("Via", &format!("SIP/2.0/UDP {};branch=z9hG4bK{name}", address_of(name)));
    bench.send(name, &SipMessage::Request(request));
}

#[test]
fn a_request_of_the_user_goes_to_the_other_network_with_both_identities() {
    let mut bench = registered(vec![]);
    bench.send("pcscf", &SipMessage::Request(originating("MESSAGE", BOB, "m")));
    let sent = bench.request("icscf");
    assert_eq!(sent.uri.to_string(), BOB);
    assert_eq!(sent.body, b"hello");
    let asserted: Vec<_> = sent.headers.values("P-Asserted-Identity").collect();
    assert_eq!(asserted, [format!("<{IMPU}>"), format!("<{TEL}>")]);
    assert!(!sent.headers.contains("Route") && !sent.headers.contains("Record-Route"));
    bench.reply("icscf", &sent, 202);
    assert_eq!(bench.response("pcscf").status, 202);
}

#[test]
fn who_is_barred_unknown_or_nobody_may_not_send() {
    let mut bench = registered(vec![]);
    let mut barred = originating("MESSAGE", BOB, "a");
    barred.headers.set("P-Asserted-Identity", "<sip:secret@x.org>");
    assert_eq!(bench.ask("pcscf", &barred).status, 403);
    let mut nobody = originating("MESSAGE", BOB, "b");
    nobody.headers.remove("P-Asserted-Identity");
    assert_eq!(bench.ask("pcscf", &nobody).status, 403);
    let mut unknown = originating("MESSAGE", BOB, "c");
    unknown.headers.set("P-Asserted-Identity", "<sip:mallory@x.org>");
    assert_eq!(bench.ask("pcscf", &unknown).status, 403);
}

#[test]
fn a_request_to_the_user_goes_to_the_contact_by_its_path() {
    let mut bench = registered(vec![]);
    bench.send("icscf", &SipMessage::Request(terminating("INVITE", "i", &[("Contact", "<sip:bob@10.45.0.2>")])));
    let sent = bench.request("pcscf");
    assert_eq!(sent.uri.to_string(), "sip:alice@10.45.0.1:5060");
    assert_eq!(sent.headers.get("Route"), Some(PATH));
    assert_eq!(sent.headers.get("P-Called-Party-ID"), Some(&*format!("<{IMPU}>")));
    assert_eq!(sent.headers.get("Record-Route"), Some(&*format!("<{SCSCF};lr>")));
    bench.reply("pcscf", &sent, 180);
    assert_eq!(bench.response("icscf").status, 180);
    bench.reply("pcscf", &sent, 200);
    assert_eq!(bench.response("icscf").status, 200);
    // Within the dialog the route decides.
    let fields = [("To", &*format!("<{IMPU}>;tag=tagpcscf")), ("Route", &format!("<{SCSCF};lr>, {PATH}"))];
    let ack = request("ACK", "sip:alice@10.45.0.1:5060", "i", 1, "icscf", &fields);
    bench.send("icscf", &SipMessage::Request(ack));
    assert_eq!(bench.request("pcscf").method, Method::ACK);
    let bye = request("BYE", "sip:alice@10.45.0.1:5060", "i", 2, "icscf", &fields);
    bench.send("icscf", &SipMessage::Request(bye));
    let bye = bench.request("pcscf");
    assert_eq!((bye.method.as_str(), bye.headers.get("Route")), ("BYE", Some(PATH)));
    bench.reply("pcscf", &bye, 200);
    assert_eq!(bench.response("icscf").status, 200);
}

#[test]
fn a_cancelled_invite_is_cancelled_at_the_contact() {
    let mut bench = registered(vec![]);
    let invite = terminating("INVITE", "c", &[("Contact", "<sip:bob@10.45.0.2>")]);
    bench.send("icscf", &SipMessage::Request(invite.clone()));
    let sent = bench.request("pcscf");
    bench.reply("pcscf", &sent, 180);
    assert_eq!(bench.response("icscf").status, 180);
    let mut cancel = request("CANCEL", IMPU, "c", 1, "icscf", &[]);
    cancel.headers.set("Via", invite.headers.get("Via").unwrap());
    assert_eq!(bench.ask("icscf", &cancel).status, 200);
    let cancel = bench.request("pcscf");
    assert_eq!(cancel.method, Method::CANCEL);
    bench.reply("pcscf", &cancel, 200);
    bench.reply("pcscf", &sent, 487);
    assert_eq!(bench.response("icscf").status, 487);
}

#[test]
fn caller_preferences_choose_the_contact() {
    let mut bench = registered(vec![]);
    let wants = [("Accept-Contact", "*;+g.3gpp.mcptt;require;explicit")];
    assert_eq!(bench.ask("icscf", &terminating("MESSAGE", "p", &wants)).status, 480);
    let wants = [("Accept-Contact", "*;+g.3gpp.smsip;require;explicit")];
    bench.send("icscf", &SipMessage::Request(terminating("MESSAGE", "q", &wants)));
    assert_eq!(bench.request("pcscf").method, Method::MESSAGE);
}

#[test]
fn users_without_registration_are_asked_of_the_hss() {
    let mut bench = Bench::new();
    assert_eq!(bench.ask("icscf", &terminating("MESSAGE", "u", &[])).status, 480);
    assert_eq!(bench.assignments(), [ServerAssignmentType::UnregisteredUser]);
    let criteria = when(SessionCase::TerminatingUnregistered, "sip:as.test", 1, DefaultHandling::Continued);
    lock(&bench.script).profile = profile(vec![criteria]);
    bench.send("icscf", &SipMessage::Request(terminating("MESSAGE", "v", &[])));
    let asked = bench.request("as");
    let served = format!("<{IMPU}>;sescase=term;regstate=unreg");
    assert_eq!(asked.headers.get("P-Served-User"), Some(&*served));
    bench.reply("as", &asked, 202);
    assert_eq!(bench.response("icscf").status, 202);
    lock(&bench.script).result = ResultCode::Experimental(5001);
    assert_eq!(bench.ask("icscf", &terminating("MESSAGE", "w", &[])).status, 404);
}

#[test]
fn application_servers_are_asked_one_after_the_other() {
    let case = SessionCase::Originating;
    let mut bench = registered(vec![
        when(case, "sip:as.test", 1, DefaultHandling::Continued),
        when(case, "sip:as2.test", 2, DefaultHandling::Continued),
    ]);
    bench.send("pcscf", &SipMessage::Request(originating("INVITE", BOB, "x")));
    let first = bench.request("as");
    let routes: Vec<_> = first.headers.values("Route").map(str::to_owned).collect();
    assert_eq!(routes[0], "<sip:as.test;lr>");
    assert!(routes[1].starts_with("<sip:odi_") && routes[1].contains("@scscf."), "{routes:?}");
    let served = format!("<{IMPU}>;sescase=orig;regstate=reg");
    assert_eq!(first.headers.get("P-Served-User"), Some(&*served));
    pass_on(&mut bench, "as", first);
    let second = bench.request("as2");
    pass_on(&mut bench, "as2", second);
    let sent = bench.request("icscf");
    assert!(!sent.headers.contains("P-Served-User") && !sent.headers.contains("Route"));
    bench.reply("icscf", &sent, 486);
    // 486 goes back by both servers, which pass it on.
    for name in ["as2", "as"] {
        let mut response = bench.response(name);
        response.headers.pop_first_value("Via");
        bench.send(name, &SipMessage::Response(response));
    }
    assert_eq!(bench.response("pcscf").status, 486);
}

#[test]
fn the_dialog_identifier_holds_for_a_server_that_makes_a_call_of_its_own() {
    let case = SessionCase::TerminatingRegistered;
    let mut bench = registered(vec![when(case, "sip:as.test", 1, DefaultHandling::Continued)]);
    bench.send("icscf", &SipMessage::Request(terminating("MESSAGE", "b", &[])));
    let asked = bench.request("as");
    let back = asked.headers.values("Route").nth(1).unwrap().to_owned();
    bench.reply("as", &asked, 200);
    assert_eq!(bench.response("icscf").status, 200);
    bench.run(Duration::from_secs(60));
    // A new call with the old identifier: the chain goes on where it was, to the contact and not to the server again.
    let own = request("MESSAGE", IMPU, "other", 1, "as", &[("Route", &back)]);
    bench.send("as", &SipMessage::Request(own.clone()));
    let sent = bench.request("pcscf");
    bench.reply("pcscf", &sent, 200);
    assert_eq!(bench.response("as").status, 200);
    bench.run(Duration::from_secs(300));
    let late = request("MESSAGE", IMPU, "late", 1, "as", &[("Route", &back)]);
    assert_eq!(bench.ask("as", &late).status, 404);
}

#[test]
fn a_server_that_retargets_ends_the_chain() {
    let case = SessionCase::TerminatingRegistered;
    let mut bench = registered(vec![
        when(case, "sip:as.test", 1, DefaultHandling::Continued),
        when(case, "sip:as2.test", 2, DefaultHandling::Continued),
    ]);
    bench.send("icscf", &SipMessage::Request(terminating("MESSAGE", "r", &[])));
    let mut asked = bench.request("as");
    asked.uri = Uri::parse(BOB).unwrap();
    pass_on(&mut bench, "as", asked);
    assert_eq!(bench.request("icscf").uri.to_string(), BOB);
}

#[test]
fn a_server_that_works_on_a_request_is_not_silent_and_may_still_fail() {
    for (status, reaches_contact) in [(200, false), (500, true)] {
        let case = SessionCase::TerminatingRegistered;
        let mut bench = registered(vec![when(case, "sip:as.test", 1, DefaultHandling::Continued)]);
        bench.send("icscf", &SipMessage::Request(terminating("INVITE", "w", &[("Contact", "<sip:bob@10.46.0.2>")])));
        let asked = bench.request("as");
        bench.reply("as", &asked, 100);
        bench.run(Duration::from_secs(25));
        assert!(!bench.titles().contains(&"pcscf INVITE".to_owned()), "{:?}", bench.titles());
        bench.reply("as", &asked, status);
        bench.run(Duration::from_millis(50));
        assert_eq!(bench.titles().contains(&"pcscf INVITE".to_owned()), reaches_contact, "{:?}", bench.titles());
    }
}

#[test]
fn default_handling_decides_when_a_server_fails() {
    let case = SessionCase::TerminatingRegistered;
    // Silent, refusing with 5xx, refusing with 4xx; what each handling makes of it: reached the contact, or status.
    for (status, handling, expected) in [
        (None, DefaultHandling::Continued, None),
        (Some(500), DefaultHandling::Continued, None),
        (Some(404), DefaultHandling::Continued, Some(404)),
        (None, DefaultHandling::Terminated, Some(408)),
        (Some(500), DefaultHandling::Terminated, Some(500)),
    ] {
        let mut bench = registered(vec![when(case, "sip:as.test", 1, handling)]);
        bench.send("icscf", &SipMessage::Request(terminating("MESSAGE", "d", &[])));
        let asked = bench.request("as");
        match status {
            Some(status) => bench.reply("as", &asked, status),
            None => bench.run(Duration::from_secs(11)),
        }
        match expected {
            Some(status) => assert_eq!(bench.response("icscf").status, status, "{status:?} {handling:?}"),
            None => {
                let sent = bench.request("pcscf");
                bench.reply("pcscf", &sent, 200);
                assert_eq!(bench.response("icscf").status, 200);
            }
        }
    }
}

#[test]
fn criteria_that_profiles_share_count_in_the_order_of_priority() {
    let case = SessionCase::TerminatingRegistered;
    let shared = when(case, "sip:as.test", 1, DefaultHandling::Continued);
    let mut bench = Bench::with(Rows::default(), 0, |config| config.shared_criteria = [(7, vec![shared])].into());
    let mut profile = profile(vec![when(case, "sip:as2.test", 2, DefaultHandling::Continued)]);
    profile.service_profiles[0].shared_criteria = vec![7, 8];
    lock(&bench.script).profile = profile;
    bench.register(1, 1, 3600);
    bench.send("icscf", &SipMessage::Request(terminating("MESSAGE", "s", &[])));
    assert_eq!(bench.request("as").method, Method::MESSAGE);
    assert!(bench.notes.iter().any(|n| n.contains("criteria 8 are not configured")), "{:?}", bench.notes);
}

#[test]
fn who_is_not_of_the_trust_domain_is_refused() {
    let trusted = vec![TrustedPeer::host(ip(1)), TrustedPeer::host(ip(4))];
    let mut bench = Bench::with(Rows::default(), 0, |config| config.trusted = trusted);
    assert_eq!(bench.register(1, 1, 3600).status, 200);
    assert_eq!(bench.ask("as", &request("MESSAGE", IMPU, "t", 1, "as", &[])).status, 403);
}

#[test]
fn a_server_that_is_not_to_be_found_is_passed_over() {
    let case = SessionCase::TerminatingRegistered;
    let mut bench = registered(vec![when(case, "sip:nowhere.test", 1, DefaultHandling::Continued)]);
    bench.send("icscf", &SipMessage::Request(terminating("MESSAGE", "n", &[])));
    assert_eq!(bench.request("pcscf").method, Method::MESSAGE);
    assert!(bench.notes.iter().any(|n| n.contains("nowhere.test")), "{:?}", bench.notes);
}

#[test]
fn contacts_of_lower_preference_come_later() {
    let mut bench = Bench::new();
    let second = CONTACT.replace("10.45.0.1", "10.45.0.9").replace("uuid:1", "uuid:2") + ";q=0.5";
    let both = format!("{CONTACT}, {second}");
    let challenge = bench.ask("pcscf", &register(1, 3600, None));
    let mut request = register(2, 3600, Some(&respond_to(&challenge, &res(1))));
    request.headers.set("Contact", &both);
    assert_eq!(bench.ask("pcscf", &request).status, 200);
    bench.send("icscf", &SipMessage::Request(terminating("MESSAGE", "f", &[])));
    let first = bench.request("pcscf");
    assert_eq!(first.uri.to_string(), "sip:alice@10.45.0.1:5060");
    assert!(bench.inbox.is_empty());
    bench.reply("pcscf", &first, 486);
    let next = bench.request("pcscf");
    assert_eq!(next.uri.to_string(), "sip:alice@10.45.0.9:5060");
    bench.reply("pcscf", &next, 404);
    assert_eq!(bench.response("icscf").status, 486);
}

#[test]
fn unknown_methods_and_bodies_pass_untouched() {
    let mut bench = registered(vec![]);
    let mut strange = originating("FROBNICATE", BOB, "z");
    strange.body = vec![0, 255, 13, 10, 7];
    strange.headers.append("X-Strange", "a,  b ;c");
    bench.send("pcscf", &SipMessage::Request(strange.clone()));
    let sent = bench.request("icscf");
    assert_eq!((sent.method.as_str(), &sent.body), ("FROBNICATE", &strange.body));
    assert_eq!(sent.headers.get("X-Strange"), Some("a,  b ;c"));
}
