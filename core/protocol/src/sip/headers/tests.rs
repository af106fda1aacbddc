use super::*;
use crate::sip::Method;

/// What was read prints as it came.
macro_rules! round_trip {
    ($type:ty: $($text:expr),* $(,)?) => { $(assert_eq!(<$type>::parse($text).unwrap().to_string(), $text);)* };
}

macro_rules! refused {
    ($type:ty: $($text:expr),* $(,)?) => { $(assert!(<$type>::parse($text).is_err(), "{}", $text);)* };
}

#[test]
fn typed_headers_print_as_they_came() {
    round_trip!(Via: "SIP/2.0/UDP 10.0.0.1", "SIP/2.0/TLS-SCTP [2001:db8::1]:5061;branch=z9hG4bKa;rport=1;received=10.0.0.2");
    round_trip!(NameAddr: "<sip:a@b;lr?x=y>;tag=1", "\"A \\\"B\\\"\" <tel:+1-2>", "A B <urn:service:sos>;x=\"y;z\"");
    round_trip!(CSeq: "0 INVITE", "2147483647 x-Y");
    round_trip!(Event: "reg", "presence.winfo;id=3");
    round_trip!(SubscriptionState: "active;expires=600", "terminated;reason=deactivated;retry-after=5");
    round_trip!(RAck: "776656 1 INVITE");
    round_trip!(SessionExpires: "1800;refresher=uac", "90");
    round_trip!(MinSe: "90;x=y");
    round_trip!(SecurityMechanism: "ipsec-3gpp;alg=hmac-sha-1-96;spi-c=1;port-s=5061;q=0.1", "tls");
    round_trip!(PAccessNetworkInfo: "3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100010000001;network-provided");
    round_trip!(PChargingVector: "icid-value=\"1b\";orig-ioi=home1.net", "icid-value=x");
    round_trip!(Reason: "SIP;cause=200;text=\"Call completed elsewhere\"", "Q.850;cause=16");
    round_trip!(AcceptContact: "*;+g.3gpp.smsip;require;explicit");
}

#[test]
fn typed_headers_refuse_what_is_not_one() {
    refused!(Via: "", "SIP/2.0", "SIP/3.0/UDP a", "SIP/2.0/UDP", "SIP/2.0/UDP a:b", "SIP/2.0/UDP a:99999", "SIP/2.0/UDP a b", "SIP/2.0/UDPa;", "SIP/2.0/UDP [::1");
    refused!(NameAddr: "", "<sip:a", "\"x <sip:a>", "\"x\" sip:a", "a, b <sip:a>", "<sip:a>x", "sip:a?x=y", "< sip:a>", "<>", "*");
    refused!(CSeq: "", "1", "INVITE", "1INVITE", "-1 INVITE", "1 INVITE x", "4294967296 INVITE");
    refused!(Event: "", ";id=1", "a b");
    refused!(RAck: "1 2", "1 x INVITE", "1 2 INVITE x");
    refused!(SessionExpires: "", "x", "1 2");
    refused!(PChargingVector: "", "orig-ioi=x");
    refused!(AcceptContact: "+g.3gpp.smsip", "");
}

#[test]
fn what_typed_headers_say() {
    let via =
        Via::parse("SIP / 2.0 / UDP  first.example.com : 4000;ttl=16 ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1")
            .unwrap();
    assert_eq!((via.sent_by().as_str(), via.has_cookie()), ("first.example.com:4000", true));
    assert_eq!(via.params.get("maddr"), Some("224.2.0.1"));
    let mut via = Via::parse("SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK;rport").unwrap();
    assert!(!via.has_cookie());
    via.note_source("10.0.0.9:6000".parse().unwrap());
    assert_eq!((via.rport(), via.received()), (Some(Some(6000)), Some("10.0.0.9".parse().unwrap())));
    let mut plain = Via::new("UDP", "10.0.0.1:5060", "z9hG4bKx");
    plain.note_source("10.0.0.1:7000".parse().unwrap());
    assert_eq!(plain.to_string(), "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx");
    // Whoever writes an address there himself wants our answers sent to somebody else.
    let mut reflected = plain.clone();
    reflected.params.set("received", "192.0.2.1");
    reflected.note_source("10.0.0.1:7000".parse().unwrap());
    assert_eq!(reflected, plain);

    let bare = NameAddr::parse("sip:a@b;tag=1;x").unwrap();
    assert_eq!((bare.uri.to_string().as_str(), bare.tag(), bare.params.has("x")), ("sip:a@b", Some("1"), true));
    let rack = RAck::parse("1 2 INVITE").unwrap();
    assert_eq!((rack.response, rack.seq, rack.method), (1, 2, Method::INVITE));
    assert_eq!(SessionExpires::parse("90 ; refresher = UAS").unwrap().refresher(), Some(Refresher::Uas));
    assert!(Event::parse("reg;id=1;x=y").unwrap().matches(&Event::parse("reg;id=1").unwrap()));
    assert!(!Event::parse("reg;id=1").unwrap().matches(&Event::new("reg")));
    assert_eq!(SubscriptionState::active(7).expires(), Some(7));
    assert_eq!(Reason::sip(503, "lost").to_string(), "SIP;cause=503;text=\"lost\"");
    assert_eq!(PChargingVector::parse("icid-value=\"a b\"").unwrap().icid(), "a b");
    let [a, b] = ["tls;q=0.2;x=Y", "TLS;X=y;q=0.2"].map(|text| SecurityMechanism::parse(text).unwrap());
    assert!(a.is_same(&b) && a.preference() == 200 && !a.is_same(&SecurityMechanism::new("tls")));
}

#[test]
fn callers_find_the_contact_that_can() {
    let contact = NameAddr::parse("<sip:ue>;+g.3gpp.smsip;methods=\"INVITE,MESSAGE\";audio").unwrap();
    for (wanted, found) in [
        ("*;+g.3gpp.smsip", true),
        ("*;+g.3gpp.smsip;require;explicit", true),
        ("*;video", true),
        ("*;video;explicit;require", false),
        ("*;methods=\"MESSAGE\"", true),
        ("*;methods=\"PUBLISH\"", false),
        ("*;audio=\"FALSE\"", false),
    ] {
        assert_eq!(AcceptContact::parse(wanted).unwrap().matches(&contact), found, "{wanted}");
    }
}
