use super::*;

fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap()
}

/// The examples of RFC 3261 clause 19.1.4 and RFC 3966 clause 4.
#[test]
fn equivalence() {
    for (a, b, same) in [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp", true),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on", true),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            true,
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            true,
        ),
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false),
        ("sip:bob@biloxi.com", "sips:bob@biloxi.com", false),
        ("sip:a@h;user=phone", "sip:a@h", false),
        ("tel:+1-201-555-0123", "tel:+1(201)5550123", true),
        ("tel:+12015550123", "tel:12015550123;phone-context=x", false),
        ("tel:7042;phone-context=A.example", "tel:7042;phone-context=a.example", true),
        ("tel:7042", "sip:7042", false),
        ("URN:service:sos", "urn:service:sos", true),
    ] {
        assert_eq!(uri(a).equivalent(&uri(b)), same, "{a} {b}");
        assert_eq!(uri(b).equivalent(&uri(a)), same, "{b} {a}");
    }
}

#[test]
fn what_is_no_uri() {
    for bad in [
        "",
        "sip",
        "sip:",
        ":a",
        "1a:b",
        "sip:@h",
        "sip::@h",
        "sip:a@",
        "sip:a@b@c",
        "sip:a:b:c@h",
        "sip:a@h:",
        "sip:a@h:x",
        "sip:a@h:65536",
        "sip:h;",
        "sip:h;;lr",
        "sip:h;=x",
        "sip:h;x=",
        "sip:h;lr;LR",
        "sip:a%4@h",
        "sip:a%zz@h",
        "sip:a@[::1",
        "sip:a@2001:db8::1",
        "sip:a b@h",
        "sip:a@h\r\n",
        "sip:a\"@h",
        "sip:ü@h",
        "sip:a@h>",
        "tel:",
        "tel:+",
        "tel:+-",
        "tel:+a",
        "tel:abcx",
        "tel:1;x=",
        "<sip:a@h>",
    ] {
        assert_eq!(Uri::parse(bad).map_err(|problem| problem.status), Err(400), "{bad}");
    }
    assert_eq!(Uri::parse(&format!("sip:{}@h", "a".repeat(9000))).unwrap_err().status, 414);
}

#[test]
fn identities_are_canonical() {
    for (text, identity) in [
        ("sip:%2B1234@IMS.Example.Org:5060;user=phone", "sip:+1234@ims.example.org"),
        ("SIP:a:secret@h;lr?x=y", "sip:a@h"),
        ("sips:h", "sips:h"),
        ("tel:+999-001;phone-context=x", "tel:+999001"),
        ("urn:service:sos", "urn:service:sos"),
    ] {
        assert_eq!(uri(text).identity(), identity);
    }
}

#[test]
fn parts_and_defaults() {
    let text = "sip:1_user:pass@[2001:db8::1];lr;x=%41?Subject=a%20b&Priority=urgent";
    let parsed = uri(text);
    let sip = parsed.as_sip().unwrap();
    assert_eq!(sip.host_port(), ("[2001:db8::1]", 5060));
    assert_eq!(sip.host_address(), Some("2001:db8::1".parse().unwrap()));
    assert_eq!(sip.header("subject").as_deref(), Some("a b"));
    assert!(sip.is_loose_router());
    assert_eq!(uri("sips:h").as_sip().unwrap().host_port().1, 5061);
    assert_eq!(uri("sip:h;transport=TLS").as_sip().unwrap().host_port().1, 5061);
    assert_eq!(SipUri::new(Some("a b@c%41"), "h:5070").to_string(), "sip:a%20b%40c%41@h:5070");
}
