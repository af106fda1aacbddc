use super::*;

const MUFASA_2617: &str = "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", \
    nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", qop=auth, nc=00000001, cnonce=\"0a4f113b\", \
    response=\"6629fae49393a05397450978507c4ef1\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";

/// RFC 7616 clause 3.9.1.
fn mufasa_7616(algorithm: &str, response: &str) -> String {
    format!(
        "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", algorithm={algorithm}, \
         nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
         cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, response=\"{response}\", \
         opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
    )
}

#[test]
fn examples_of_the_standards() {
    let get = Method::parse("GET").unwrap();
    // RFC 2617 clause 3.5.
    let credentials = Credentials::parse(MUFASA_2617).unwrap();
    assert!(credentials.verify(b"Circle Of Life", &get, b"").unwrap());
    assert!(!credentials.verify(b"Circle of Life", &get, b"").unwrap());
    assert!(!credentials.verify(b"Circle Of Life", &Method::INVITE, b"").unwrap());
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let credentials = Credentials::parse(&mufasa_7616(algorithm, response)).unwrap();
        assert!(credentials.verify(b"Circle of Life", &get, b"").unwrap(), "{algorithm}");
        let ha1 = digest_ha1(&Algorithm::of(Some(algorithm)), "Mufasa", "http-auth@example.org", b"Circle of Life");
        assert!(credentials.verify_ha1(&ha1, &get, b"").unwrap(), "{algorithm}");
    }
}

#[test]
fn a_client_answers_what_a_server_verifies() {
    let algorithms = ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "AKAv1-MD5"].map(|name| Algorithm::of(Some(name)));
    for (algorithm, qop) in algorithms.iter().flat_map(|a| ["auth", "auth-int", "auth-int,auth", ""].map(|q| (a, q))) {
        let mut challenge = Challenge::digest("a \"realm\" \\", "bm9uY2U=", algorithm, qop);
        if qop.is_empty() {
            challenge.params.remove("qop");
        }
        let challenge = Challenge::parse(&challenge.to_string()).unwrap();
        let password = [0, 0xff, b'"', b':', 1, 2, 3, 4];
        let client = DigestClient {
            username: "001010000000001@ims.mnc001.mcc001.3gppnetwork.org",
            password: &password,
            method: &Method::REGISTER,
            uri: "sip:ims.mnc001.mcc001.3gppnetwork.org",
            nonce_count: 1,
            cnonce: "c",
            body: b"body",
        };
        let credentials = Credentials::parse(&challenge.answer(&client).unwrap().to_string()).unwrap();
        assert!(credentials.verify(&password, &Method::REGISTER, b"body").unwrap(), "{algorithm} {qop}");
        assert!(!credentials.verify(b"", &Method::REGISTER, b"body").unwrap());
        let covers_body = credentials.qop() == Some(Qop::AuthInt);
        assert_eq!(credentials.verify(&password, &Method::REGISTER, b"other").unwrap(), !covers_body);
        let rspauth = credentials.rspauth(&password, b"").unwrap();
        assert_ne!(Some(rspauth.as_str()), credentials.response().as_deref());
    }
}

#[test]
fn aka_nonces_and_auts() {
    let nonce = aka_nonce(&[1; 16], &[2; 16], b"server");
    assert_eq!(split_aka_nonce(&nonce), Some(([1; 16], [2; 16])));
    assert_eq!(split_aka_nonce(nonce.trim_end_matches('=')), Some(([1; 16], [2; 16])));
    assert_eq!(split_aka_nonce("AAAA"), None);
    assert_eq!(split_aka_nonce("not base64!"), None);
    let mut credentials = Credentials::parse("Digest username=\"u\"").unwrap();
    assert!(credentials.auts().is_none());
    credentials.params.set_quoted("auts", &base64_encode(&[7; 14]));
    assert_eq!(credentials.auts().unwrap().unwrap(), [7; 14]);
    credentials.params.set_quoted("auts", "AAAA");
    assert!(credentials.auts().unwrap().is_err());
    // The example of RFC 3310 clause 4 pads its nonces in ways of its own; octets count.
    assert!(split_aka_nonce("MzQ0a2xrbGtmbGtsZm9wb2tsc2tqaHJzZXNy9uQyMzMzMzQK").is_some());
}

#[test]
fn what_is_not_digest_or_not_whole() {
    let unknown = Credentials::parse("NoOneKnowsThisScheme opaque-data=here").unwrap();
    assert_eq!((unknown.scheme.as_str(), unknown.params.get("opaque-data")), ("NoOneKnowsThisScheme", Some("here")));
    assert!(unknown.verify(b"", &Method::REGISTER, b"").is_err());
    assert_eq!(Credentials::parse("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").unwrap().scheme, "Basic");
    for bad in ["", "Digest realm", "Digest a=b c=d", "Digest a=b, a=c", "Digest a=\"open", "Digest =b"] {
        assert!(Credentials::parse(bad).is_err(), "{bad}");
    }
    let asks = |text: &str| {
        let client = DigestClient {
            username: "u",
            password: b"p",
            method: &Method::REGISTER,
            uri: "sip:a",
            nonce_count: 1,
            cnonce: "c",
            body: b"",
        };
        Challenge::parse(text).unwrap().answer(&client).is_ok()
    };
    assert!(asks("Digest realm=\"r\", nonce=\"n\""));
    assert!(!asks("Digest realm=\"r\", nonce=\"n\", algorithm=SHA3"));
    assert!(!asks("Digest realm=\"r\", nonce=\"n\", qop=\"auth-conf\""));
    assert!(!asks("Digest realm=\"r\""));
    let incomplete = MUFASA_2617.replace("nc=00000001, ", "");
    assert!(Credentials::parse(&incomplete).unwrap().verify(b"", &Method::INVITE, b"").is_err());
}

#[test]
fn keys_and_digests_do_not_print() {
    let mut challenge = Challenge::digest("r", "n", &Algorithm::AkaV1Md5, "auth");
    challenge.params.set_quoted("ck", "00112233445566778899aabbccddeeff");
    let shown = format!("{challenge:?} {:?}", Credentials::parse(MUFASA_2617).unwrap());
    assert!(!shown.contains("0011") && !shown.contains("6629") && shown.contains("ck=…"), "{shown}");
}
