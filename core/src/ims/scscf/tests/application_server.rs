//! The test application server on ISC (TS 24.229 clauses 5.4.1.7, 5.4.3 and 5.7).

use super::registration::tells;
use super::session::{BOB, originating, terminating, when};
use super::*;

use crate::ims::AsBehaviour;
use crate::ims::profile::{DefaultHandling, SessionCase};

fn asked(case: SessionCase, behaviour: AsBehaviour) -> Bench {
    let criteria = vec![when(case, "sip:as.test", 1, DefaultHandling::Terminated)];
    Bench::with_server(criteria, |config| config.behaviour = behaviour)
}

fn answer_of(behaviour: AsBehaviour) -> Option<u16> {
    let mut bench = asked(SessionCase::TerminatingRegistered, behaviour);
    bench.send("icscf", &SipMessage::Request(terminating("MESSAGE", "m", &[])));
    bench.run(Duration::from_secs(11));
    bench.inbox.iter().find_map(|(to, m)| m.as_response().filter(|_| to == "icscf").map(|r| r.status))
}

#[test]
fn it_takes_registrations_and_watches_them() {
    let criteria = vec![tells("sip:as.test", DefaultHandling::Terminated)];
    let mut bench = Bench::with_server(criteria, |config| config.subscribes = Some(600_000));
    bench.run(Duration::from_millis(100));
    let said = |bench: &Bench, text: &str| bench.notes.iter().filter(|n| n.contains(text)).count();
    assert_eq!(said(&bench, &format!("{IMPU} is Active with 1 contacts")), 1, "{:?}", bench.notes);
    bench.register(2, 3, 0);
    bench.run(Duration::from_millis(100));
    assert_eq!(said(&bench, &format!("{IMPU} is Terminated with 1 contacts")), 1, "{:?}", bench.notes);
    assert_eq!(said(&bench, "answered with"), 0);
}

#[test]
fn it_answers_or_says_nothing() {
    assert_eq!(answer_of(AsBehaviour::Answer { status: 202, sdp: None }), Some(202));
    assert_eq!(answer_of(AsBehaviour::Answer { status: 403, sdp: None }), Some(403));
    assert_eq!(answer_of(AsBehaviour::Silent), Some(408));
}

#[test]
fn it_sends_requests_of_the_user_on_as_they_are_or_in_its_own_name() {
    for (behaviour, same_call) in
        [(AsBehaviour::Proxy, true), (AsBehaviour::RecordRoute, true), (AsBehaviour::B2bua, false)]
    {
        let mut bench = asked(SessionCase::Originating, behaviour.clone());
        bench.send("pcscf", &SipMessage::Request(originating("MESSAGE", BOB, "m")));
        bench.run(Duration::from_millis(50));
        let sent = bench.request("icscf");
        assert_eq!(sent.call_id() == Some("m"), same_call, "{behaviour:?}");
        assert_eq!((sent.uri.to_string().as_str(), sent.body.as_slice()), (BOB, b"hello".as_slice()));
        bench.reply("icscf", &sent, 202);
        bench.run(Duration::from_millis(50));
        assert_eq!(bench.response("pcscf").status, 202, "{behaviour:?}");
    }
}

#[test]
fn a_server_that_has_sent_the_request_back_is_not_silent() {
    for behaviour in [AsBehaviour::Proxy, AsBehaviour::B2bua] {
        let mut bench = asked(SessionCase::Originating, behaviour.clone());
        bench.send("pcscf", &SipMessage::Request(originating("MESSAGE", BOB, "m")));
        bench.run(Duration::from_secs(12));
        let sent = bench.request("icscf");
        bench.reply("icscf", &sent, 202);
        bench.run(Duration::from_millis(50));
        assert_eq!(bench.response("pcscf").status, 202, "{behaviour:?}");
    }
}

#[test]
fn it_holds_a_call_of_two_dialogs_together() {
    let mut bench = asked(SessionCase::TerminatingRegistered, AsBehaviour::B2bua);
    let invite = terminating("INVITE", "i", &[("Contact", "<sip:bob@10.46.0.2>")]);
    bench.send("icscf", &SipMessage::Request(invite));
    bench.run(Duration::from_millis(50));
    let sent = bench.request("pcscf");
    assert_ne!(sent.call_id(), Some("i"));
    assert_eq!(sent.uri.to_string(), "sip:alice@10.45.0.1:5060");
    let mut ok = Response::to(&sent, 200, None);
    ok.set_to_tag("alice");
    ok.headers.copy_from(&sent.headers, "Record-Route");
    ok.headers.append("Contact", "<sip:alice@10.46.0.1>");
    bench.send("pcscf", &SipMessage::Response(ok));
    bench.run(Duration::from_millis(50));
    let ok = bench.response("icscf");
    assert_eq!(ok.status, 200);
    let tag = ok.headers.get("To").unwrap().to_owned();
    let routes: Vec<String> = ok.record_routes().unwrap().iter().rev().map(ToString::to_string).collect();
    let routes = routes.join(", ");
    let fields = [("To", tag.as_str()), ("Route", routes.as_str())];
    let contact = ok.contact().unwrap().unwrap().uri.to_string();
    bench.send("icscf", &SipMessage::Request(request("ACK", &contact, "i", 1, "icscf", &fields)));
    bench.run(Duration::from_millis(50));
    assert_eq!(bench.request("pcscf").method, Method::ACK);
    bench.send("icscf", &SipMessage::Request(request("BYE", &contact, "i", 2, "icscf", &fields)));
    bench.run(Duration::from_millis(50));
    let bye = bench.request("pcscf");
    assert_eq!((&bye.method, bye.call_id()), (&Method::BYE, sent.call_id()));
    bench.reply("pcscf", &bye, 200);
    bench.run(Duration::from_millis(50));
    assert_eq!(bench.response("icscf").status, 200);
}
