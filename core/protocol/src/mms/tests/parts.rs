//! Bodies of several parts.

use super::hex;
use crate::mms::{
    Charset, ContentType, Disposition, MAX_MMS_PARTS, MultipartProblem, Parameter, Part, emit_parts, parse_parts,
    parts_of,
};

#[test]
fn parts_octet_for_octet() {
    let smil = ContentType::new("application/smil").with(Parameter::Charset(Charset::UTF_8));
    let mut image = Part::new(ContentType::new("image/gif").with(Parameter::Name("a.gif".into())), &[1, 2, 3][..]);
    image.disposition = Some(Disposition::attachment("a.gif"));
    let parts = [Part::new(smil, &b"<smil/>"[..]).named("s", "s.smil"), image];
    let octets =
        hex("02 22 07 13 6170706C69636174696F6E2F736D696C 00 81 EA C0 22 3C733E 00 8E 732E736D696C 00 3C736D696C2F3E
         13 03 08 9D 85 612E676966 00 C5 08 81 86 612E676966 00 010203");
    assert_eq!(emit_parts(&parts), octets);
    let read = parse_parts(&octets).unwrap();
    assert_eq!(read, parts);
    // Nothing is copied.
    assert_eq!(read[1].body.as_ptr(), octets[octets.len() - 3..].as_ptr());
    assert_eq!((read[0].name(), read[1].name()), (Some("s.smil"), Some("a.gif")));
}

#[test]
fn headers_of_others() {
    // By name; the old code of the disposition, without a length; two of one kind; one that is not known.
    let octets = hex(
        "01 31 01 83 436F6E74656E742D4944 00 3C613E 00 436F6E74656E742D4C6F636174696F6E 00 62 00 AE 82 AE 81 8E 63 00
         C0 80 5831 00 79 00 7A",
    );
    let parts = parse_parts(&octets).unwrap();
    let part = &parts[0];
    assert_eq!((part.content_id.as_deref(), part.content_location.as_deref()), (Some("a"), Some("b")));
    assert_eq!(part.disposition, Some(Disposition::inline()));
    assert_eq!((part.headers.len(), part.headers[3].text().as_deref()), (4, Some("y")));
    assert_eq!(parse_parts(&emit_parts(&parts)), Ok(parts.clone()));
}

#[test]
fn a_body_that_is_not_of_parts_is_one() {
    let parts = parts_of(&ContentType::text(), b"hi").unwrap();
    assert_eq!((parts.len(), &*parts[0].body), (1, &b"hi"[..]));
    assert_eq!(parts_of(&ContentType::new(ContentType::MIXED), &[0]), Ok(Vec::new()));
    assert_eq!(emit_parts(&[]), [0]);
}

#[test]
fn lengths_are_looked_at_before_anything_is_kept() {
    use MultipartProblem::{Headers, Short, TooMany};
    let cases = [
        ("", Short(0)),
        ("8F FF FF FF 7F", TooMany(u32::MAX)),
        ("41", TooMany(65)),
        ("01", Short(1)),
        ("01 01", Short(1)),
        ("01 01 05 83 00", Short(1)),
        ("01 8F FF FF FF 7F 00 83", Short(1)),
        ("02 01 00 83 01", Short(2)),
        ("01 00 00", Headers(1)),
        ("01 02 00 83 C0", Headers(1)),
        ("01 03 00 83 01 80", Headers(1)),
    ];
    for (octets, problem) in cases {
        assert_eq!(parse_parts(&hex(octets)), Err(problem), "{octets}");
    }
    let many = vec![Part::text("x"); MAX_MMS_PARTS];
    assert_eq!(parse_parts(&emit_parts(&many)).map(|parts| parts.len()), Ok(MAX_MMS_PARTS));
    let head = [&[1, 0x81, 0x82, 0, 0, 0x83][..], &[0x86, 0x80].repeat(70)].concat();
    assert!(parse_parts(&head).is_err());
    // What stands behind the last part is nothing.
    assert_eq!(parse_parts(&hex("01 01 01 83 41 FFFF")).map(|parts| parts.len()), Ok(1));
}

#[test]
fn ten_megabytes_are_not_copied() {
    let image = vec![7; 10 << 20];
    let body = emit_parts(&[Part::new(ContentType::new("image/jpeg"), &image[..])]);
    assert_eq!(body[..7], hex("01 01 85 80 80 00 9E"));
    let parts = parse_parts(&body).unwrap();
    assert!(matches!(parts[0].body, std::borrow::Cow::Borrowed(octets) if octets.len() == image.len()));
}
