//! Messages as a whole.

use super::{Contacts, Method, Request, Response, SipMessage, Uri};

const REGISTER: &str = "REGISTER sip:ims.mnc001.mcc001.3gppnetwork.org SIP/2.0\r\n\
    Via: SIP/2.0/UDP 10.45.0.1:5060;branch=z9hG4bKabc;rport\r\n\
    v :  SIP/2.0/UDP\r\n\t 10.46.0.1 ; branch = z9hG4bKxyz\r\n\
    Max-Forwards: 70\r\n\
    f: \"A \\\"B\\\"\" <sip:+999001@ims.mnc001.mcc001.3gppnetwork.org;user=phone>;tag=1\r\n\
    To: <sip:+999001@ims.mnc001.mcc001.3gppnetwork.org>\r\n\
    Call-ID: abc@10.45.0.1\r\n\
    CSeq: 1 REGISTER\r\n\
    X-Odd: \u{fc};;,, \"\r\n\
    m: <sip:10.45.0.1:5060>;+g.3gpp.smsip;expires=600, <tel:+999>;q=0.3\r\n\
    l: 4\r\n\r\nbody";

fn request(text: &str) -> Request {
    match SipMessage::parse(text.as_bytes()).unwrap() {
        SipMessage::Request(request) => request,
        SipMessage::Response(_) => panic!("a response"),
    }
}

#[test]
fn untouched_messages_come_out_as_they_came() {
    let r = request(REGISTER);
    assert_eq!(String::from_utf8(r.to_bytes()).unwrap(), REGISTER);
    r.check().unwrap();
    assert_eq!((r.method.clone(), r.uri.to_string()), (Method::REGISTER, REGISTER[9..46].to_owned()));
    let vias = r.headers.vias().unwrap();
    assert_eq!(vias[1].branch(), Some("z9hG4bKxyz"));
    assert_eq!(vias[0].rport(), Some(None));
    assert_eq!(r.from().unwrap().unwrap().display_name().unwrap(), "A \"B\"");
    let Contacts::List(contacts) = r.contacts().unwrap() else { panic!() };
    assert_eq!((contacts[0].expires(), contacts[1].q_thousandths()), (Some(600), 300));
    assert!(contacts[0].params.has("+G.3gpp.smsip"));
    assert_eq!(r.body, b"body");
}

#[test]
fn a_touched_field_leaves_the_others_alone() {
    let mut r = request(REGISTER);
    r.headers.set("Max-Forwards", "69");
    let out = String::from_utf8(r.to_bytes()).unwrap();
    assert_eq!(out, REGISTER.replace("Max-Forwards: 70", "Max-Forwards: 69"));
}

#[test]
fn content_length_is_kept_corrected_or_added() {
    let mut r = request(REGISTER);
    r.body = b"longer".to_vec();
    assert!(String::from_utf8(r.to_bytes()).unwrap().contains("l: 6\r\n\r\nlonger"));
    let without = REGISTER.replace("l: 4\r\n", "");
    let r = request(&without);
    assert_eq!(r.to_bytes(), without.as_bytes());
    assert!(String::from_utf8(r.to_stream_bytes()).unwrap().contains("Content-Length: 4\r\n\r\nbody"));
    let own = Request::new(Method::OPTIONS, Uri::parse("sip:a").unwrap());
    assert_eq!(own.to_bytes(), b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n");
    let long = REGISTER.replace("l: 4", "l: 5");
    assert_eq!(SipMessage::parse(long.as_bytes()).unwrap_err().status, 400);
}

#[test]
fn a_response_takes_from_its_request_what_it_must() {
    let mut response = Response::to(&request(REGISTER), 401, None);
    response.set_to_tag("t1");
    response.set_to_tag("t2");
    let out = String::from_utf8(response.to_bytes()).unwrap();
    assert!(
        out.starts_with("SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP 10.45.0.1:5060;branch=z9hG4bKabc;rport\r\nv :")
    );
    assert!(out.contains("\r\nTo: <sip:+999001@ims.mnc001.mcc001.3gppnetwork.org>;tag=t1\r\n"), "{out}");
    assert!(out.contains("\r\nCSeq: 1 REGISTER\r\n"));
    let SipMessage::Response(back) = SipMessage::parse(out.as_bytes()).unwrap() else { panic!() };
    back.check().unwrap();
    assert_eq!(back.to_bytes(), out.as_bytes());
}

#[test]
fn a_broken_request_is_answered_with_what_could_be_read() {
    for (from, to, status) in [
        ("SIP/2.0\r\nVia", "SIP/7.0\r\nVia", 505),
        ("REGISTER sip", "REGISTER  sip", 400),
        ("org SIP/2.0", "org  SIP/2.0", 400),
        ("Max-Forwards: 70\r\n", "Max-Forwards: 70\n", 400),
        ("l: 4", "l: -4", 400),
        ("l: 4", "l: 99999999999999999999", 513),
        ("To: <", "To <", 400),
    ] {
        let problem = SipMessage::parse(REGISTER.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert_eq!(problem.status, status, "{from} -> {to}: {problem}");
        let response = problem.response().unwrap();
        assert_eq!((response.status, response.call_id()), (status, Some("abc@10.45.0.1")));
    }
    for (from, to) in [
        ("CSeq: 1 REGISTER", "CSeq: 1 INVITE"),
        ("CSeq: 1", "CSeq: 2147483648"),
        ("Call-ID: abc@10.45.0.1\r\n", ""),
        ("Max-Forwards: 70", "Max-Forwards: 256"),
        ("Max-Forwards: 70", "To: <sip:other>"),
        ("f: \"A", "f: \"A\" \""),
        ("branch=z9hG4bKabc", "branch="),
    ] {
        let problem = request(&REGISTER.replacen(from, to, 1)).check().unwrap_err();
        assert_eq!(problem.status, 400, "{from} -> {to}: {problem}");
        assert!(problem.response().is_some());
    }
}

#[test]
fn more_hops_than_a_request_can_have_are_refused() {
    for name in ["Route", "Record-Route", "Path"] {
        let with = |n: usize| {
            let values = vec!["<sip:p;lr>"; n].join(",");
            request(&REGISTER.replacen("Call-ID", &format!("{name}: {values}\r\nCall-ID", name = name), 1)).check()
        };
        assert!(with(71).is_ok());
        assert_eq!(with(72).unwrap_err().what, name);
    }
}
