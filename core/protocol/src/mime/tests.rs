//! Examples of the documents, and what must hold for any body.

use proptest::prelude::*;

use super::*;
use crate::Entropy;

/// RFC 2046 clause 5.1.1, the example with a preamble, an implicitly and an explicitly typed part and an epilogue.
const RFC_2046: &str = "This is the preamble.  It is to be ignored, though it\r\n\
    is a handy place for composition agents to include an\r\n\
    explanatory note to non-MIME conformant readers.\r\n\
    \r\n\
    --simple boundary\r\n\
    \r\n\
    This is implicitly typed plain US-ASCII text.\r\n\
    It does NOT end with a linebreak.\r\n\
    --simple boundary\r\n\
    Content-type: text/plain; charset=us-ascii\r\n\
    \r\n\
    This is explicitly typed plain US-ASCII text.\r\n\
    It DOES end with a linebreak.\r\n\
    \r\n\
    --simple boundary--\r\n\
    \r\n\
    This is the epilogue.  It is also to be ignored.\r\n";

#[test]
fn the_example_of_rfc_2046() {
    let media = MediaType::parse("multipart/mixed; boundary=\"simple boundary\"").unwrap();
    let body = Multipart::parse(&media, RFC_2046.as_bytes()).unwrap();
    assert_eq!(body.parts.len(), 2);
    assert!(body.parts[0].headers.is_empty() && body.parts[0].is("text/plain"));
    assert!(body.parts[0].body.ends_with(b"NOT end with a linebreak."));
    assert!(body.parts[1].body.ends_with(b"DOES end with a linebreak.\r\n"));
    assert_eq!(String::from_utf8(body.to_bytes("simple boundary")).unwrap(), RFC_2046);
}

#[test]
fn what_is_no_multipart_is_told() {
    let media = MediaType::parse("multipart/mixed;boundary=b").unwrap();
    for (body, why) in [
        ("", "the boundary is not there"),
        ("--b\r\n\r\nx", "the last boundary is not there"),
        ("--bx\r\n\r\nx\r\n--b--", "a delimiter goes on"),
        ("--b\r\nno header\r\n\r\n\r\n--b--", "a line without ':'"),
    ] {
        let problem = Multipart::parse(&media, body.as_bytes()).unwrap_err().to_string();
        assert!(problem.contains(why), "{body:?}: {problem}");
    }
    assert!(Multipart::parse(&MediaType::parse("multipart/mixed").unwrap(), b"--b--").is_err());
    assert!(MediaType::parse("text").is_err());
    // A line that only starts like the boundary belongs to the part.
    let longer = b"--b\r\n\r\nx\r\n--bb\r\n--b --\r\n--b--".to_vec();
    assert_eq!(Multipart::parse(&media, &longer).unwrap().parts[0].body, b"x\r\n--bb\r\n--b --");
}

/// RFC 3862 clause 5.1.
const RFC_3862: &str = "From: MR SANDERS <im:piglet@100akerwood.com>\r\n\
    To: Depressed Donkey <im:eeyore@100akerwood.com>\r\n\
    DateTime: 2000-12-13T13:40:00-08:00\r\n\
    Subject: the weather will be fine today\r\n\
    Subject:;lang=fr beau temps prevu pour aujourd'hui\r\n\
    NS: MyFeatures <mid:MessageFeatures@id.foo.com>\r\n\
    Require: MyFeatures.VitalMessageOption\r\n\
    MyFeatures.VitalMessageOption: Confirmation-requested\r\n\
    MyFeatures.WackyMessageOption: Use-silly-font\r\n\
    \r\n\
    Content-type: text/xml; charset=utf-8\r\n\
    Content-ID: <1234567890@foo.com>\r\n\
    \r\n\
    <body>\r\n\
    Here is the text of my message.\r\n\
    </body>\r\n";

#[test]
fn the_example_of_rfc_3862() {
    let message = Cpim::parse(RFC_3862.as_bytes()).unwrap();
    assert_eq!(message.uri_of("From"), Some("im:piglet@100akerwood.com"));
    let namespace = "mid:MessageFeatures@id.foo.com";
    assert_eq!(message.get(namespace, "VitalMessageOption"), Some("Confirmation-requested"));
    assert_eq!(message.get(IMDN_NAMESPACE, "Message-ID"), None);
    assert!(message.content.is("text/xml") && message.content.body.starts_with(b"<body>"));
    assert_eq!(String::from_utf8(message.to_bytes()).unwrap(), RFC_3862);
}

#[test]
fn headers_of_a_namespace() {
    let mut message = Cpim::new("sip:a@x", "sip:b@x", Part::new("text/plain", "hi"));
    message.declare_imdn();
    message.declare_imdn();
    message.headers.append("imdn.Message-ID", "34jk324j");
    let read = Cpim::parse(&message.to_bytes()).unwrap();
    assert_eq!(read.get(IMDN_NAMESPACE, "message-id"), Some("34jk324j"));
    assert_eq!(read.headers.all("NS").count(), 1);
}

proptest! {
    #[test]
    fn any_parts_come_back(bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..5), seed: u64) {
        let parts = bodies.into_iter().map(|body| Part::new("application/octet-stream", body)).collect();
        let multipart = Multipart { parts, ..Multipart::default() };
        let (content_type, octets) = multipart.to_body("mixed", &mut Entropy::of_box(seed, "mime"));
        let media = MediaType::parse(&content_type).unwrap();
        prop_assert_eq!(Multipart::parse(&media, &octets).unwrap(), multipart);
    }
}
