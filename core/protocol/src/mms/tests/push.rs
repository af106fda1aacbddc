//! Push over short messages.

use super::hex;
use crate::mms::{
    ApplicationId, ContentType, MMS_PUSH_PORTS, MmsPdu, MmsTime, NotificationInd, PushProblem, WapPush, WspHeader,
};
use crate::sms::{Assembled, Assembler, AssemblerConfig, ConcatenationReference, Content};

fn notification(location: &str) -> Vec<u8> {
    MmsPdu::from(NotificationInd::new("n", location, 5, MmsTime::Relative(60))).emit(b"")
}

#[test]
fn a_push_octet_for_octet() {
    let push = WapPush::mms(7, hex("8C83"));
    assert_eq!(push.emit(), hex("07 06 03 BE AF84 8C83"));
    assert_eq!(WapPush::parse(&push.emit()), Ok(push.clone()));
    // Another application, by its URI; a header of its own; a type with a parameter.
    let other = WapPush {
        content_type: ContentType::text(),
        application_id: Some(ApplicationId::of_uri("x-acme:1")),
        headers: vec![WspHeader::coded(0x34, 1), WspHeader::named("X-Y", "z")],
        ..push
    };
    assert_eq!(other.emit(), hex("07 06 16 03 83 81 EA AF 782D61636D653A31 00 B4 81 582D59 00 7A 00 8C83"));
    assert_eq!(WapPush::parse(&other.emit()), Ok(other));
}

#[test]
fn applications_have_numbers() {
    assert_eq!(ApplicationId::MMS_UA.uri(), "x-wap-application:mms.ua");
    assert_eq!(ApplicationId::of_uri("x-wap-application:mms.ua"), ApplicationId::MMS_UA);
    assert_eq!(
        (ApplicationId::of_uri("mms.ua"), ApplicationId::Code(77).uri().as_str()),
        (ApplicationId::MMS_UA, "x-wap-application:0x4d")
    );
    assert!(ApplicationId::Uri("x-wap-application:mms.ua".into()).is_mms() && !ApplicationId::Code(2).is_mms());
    let by_name = hex("01 06 1B BE AF 782D7761702D6170706C69636174696F6E3A6D6D732E7561 00 8C");
    assert!(WapPush::parse(&by_name).unwrap().application_id.unwrap().is_mms());
}

#[test]
fn what_is_no_push() {
    let cases = [
        ("", PushProblem::Short),
        ("01", PushProblem::Short),
        ("01 07 01 BE", PushProblem::Type(7)),
        ("01 06", PushProblem::Short),
        ("01 06 02 BE", PushProblem::Short),
        ("01 06 8F FF FF FF 7F BE", PushProblem::Short),
        ("01 06 00", PushProblem::Headers),
        ("01 06 02 BE AF", PushProblem::Headers),
    ];
    for (octets, problem) in cases {
        assert_eq!(WapPush::parse(&hex(octets)), Err(problem), "{octets}");
    }
}

#[test]
fn short_messages_with_the_ports_of_push() {
    let short = WapPush::mms(1, notification("http://r/1"));
    let segments = short.segments(ConcatenationReference::Short(9)).unwrap();
    assert_eq!(segments.parts.len(), 1);
    // UDHL, then 16 bit ports: 2948 and 9200.
    assert_eq!(segments.parts[0].octets()[..7], hex("06 05 04 0B84 23F0"));
    assert_eq!(segments.parts[0].octets()[7..], short.emit());

    let long = WapPush::mms(1, notification(&format!("http://r/{}", "x".repeat(200))));
    let segments = long.segments(ConcatenationReference::Short(9)).unwrap();
    assert_eq!(segments.parts[0].octets()[..12], hex("0B 05 04 0B84 23F0 00 03 09 02 01"));
    let mut assembler = Assembler::new(AssemblerConfig::default());
    let mut outcome = None;
    for part in segments.parts {
        outcome = Some(assembler.add(crate::Instant::ZERO, (), segments.coding, part).0);
    }
    let Some(Assembled::Whole(whole)) = outcome else { panic!("it is not whole") };
    assert_eq!(whole.header.ports().unwrap(), MMS_PUSH_PORTS);
    assert_eq!(WapPush::of_short_message(&whole.header, &whole.content), Some(Ok(long)));
    let text = Content::Text("hi".into());
    assert_eq!(WapPush::of_short_message(&whole.header, &text), None);
    assert_eq!(WapPush::of_short_message(&Default::default(), &whole.content), None);
}
