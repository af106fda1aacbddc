//! Values of WSP.

use super::hex;
use crate::mms::wsp::{integer, lengthened, put_integer, put_lengthened, put_long_integer, put_uintvar, uintvar};
use crate::mms::{AddressKind, Charset, ContentType, EncodedString, MmsAddress, Parameter};
use crate::octets::Octets;

/// WAP-230 clause 8.1.2 has the example 0x87A5 -> 0x82 0x8F 0x25.
#[test]
fn integers_of_variable_length() {
    let cases: [(u32, &[u8]); 6] = [
        (0, &[0]),
        (0x7F, &[0x7F]),
        (0x80, &[0x81, 0]),
        (0x87A5, &[0x82, 0x8F, 0x25]),
        (10 << 20, &[0x85, 0x80, 0x80, 0]),
        (u32::MAX, &[0x8F, 0xFF, 0xFF, 0xFF, 0x7F]),
    ];
    for (value, octets) in cases {
        let mut out = Vec::new();
        put_uintvar(&mut out, value);
        assert_eq!((out.as_slice(), uintvar(&mut Octets(octets))), (octets, Some(value)));
    }
    let none: [&[u8]; 4] = [&[], &[0x80], &[0x90, 0x80, 0x80, 0x80, 0], &[0x80, 0x80, 0x80, 0x80, 0x80, 0]];
    assert!(none.into_iter().all(|octets| uintvar(&mut Octets(octets)).is_none()));
}

#[test]
fn integers_short_and_long() {
    for (value, short) in [(4, "84"), (0x7F, "FF"), (0x80, "01 80"), (1_000_000, "03 0F 42 40"), (0, "80")] {
        let mut out = Vec::new();
        put_integer(&mut out, value);
        assert_eq!((&out, integer(&mut Octets(&out))), (&hex(short), Some(value)));
    }
    let long = |value| {
        let mut out = Vec::new();
        put_long_integer(&mut out, value);
        assert_eq!(integer(&mut Octets(&out)), Some(value));
        out
    };
    assert_eq!((long(0), long(u64::MAX)), (hex("01 00"), hex("08 FFFFFFFF FFFFFFFF")));
    // Zeros in front mean nothing; more than 64 bits, and no octet at all, are nothing.
    assert_eq!(integer(&mut Octets(&hex("0A 00 00 00 00 00 00 00 00 00 05"))), Some(5));
    assert_eq!(integer(&mut Octets(&hex("09 01 00 00 00 00 00 00 00 00"))), None);
    assert_eq!((integer(&mut Octets(&[0])), integer(&mut Octets(&[2, 1]))), (None, None));
}

#[test]
fn lengths_short_and_quoted() {
    for (octets, head) in [(0, "00"), (30, "1E"), (31, "1F 1F"), (200, "1F 81 48")] {
        let mut out = Vec::new();
        put_lengthened(&mut out, &vec![7; octets]);
        assert_eq!(out[..out.len() - octets], hex(head));
        assert_eq!(lengthened(&mut Octets(&out)), Some(&vec![7; octets][..]));
    }
    // What is not there is not taken, however long it is said to be.
    assert_eq!(lengthened(&mut Octets(&hex("1F 8F FF FF FF 7F 00"))), None);
}

fn read(octets: &str) -> EncodedString {
    let octets = hex(octets);
    let mut octets = Octets(&octets);
    let text = EncodedString::read(&mut octets).unwrap();
    assert!(octets.is_empty());
    text
}

fn put(text: &EncodedString) -> Vec<u8> {
    let mut out = Vec::new();
    text.put(&mut out);
    out
}

#[test]
fn texts_with_and_without_a_character_set() {
    assert_eq!(put(&"Hi".into()), hex("48 69 00"));
    // UTF-8 is 106; a first octet above 127 is quoted, behind a character set too.
    assert_eq!(put(&"über".into()), hex("08 EA 7F C3BC 626572 00"));
    assert_eq!(put(&"für".into()), hex("06 EA 66 C3BC 72 00"));
    let latin = EncodedString::in_charset(Charset::ISO_8859_1, "fÿr").unwrap();
    assert_eq!((put(&latin), latin.text().into_owned()), (hex("05 84 66 FF 72 00"), "fÿr".into()));
    assert_eq!((read("05 84 66 FF 72 00"), EncodedString::in_charset(Charset::US_ASCII, "ü")), (latin, None));
    // A character set of more than 127 is a Long-integer: UTF-16 is 1015.
    let wide = EncodedString::in_charset(Charset::UTF_16, "Hé").unwrap();
    assert_eq!(put(&wide), hex("0B 02 03F7 7F FEFF 0048 00E9 00"));
    assert_eq!((read("0B 02 03F7 7F FEFF 0048 00E9 00"), wide.text().into_owned()), (wide.clone(), "Hé".into()));
    // The end of a text of two octets a character is one zero, two, or none.
    for octets in ["08 02 03F6 4800 E900 00", "09 02 03F6 4800 E900 0000", "07 02 03F6 4800 E900"] {
        let octets = hex(octets);
        let text = EncodedString::read(&mut Octets(&octets)).unwrap();
        assert_eq!((text.charset(), text.text().into_owned()), (Some(Charset::UTF_16LE), "Hé".into()));
    }
    assert_eq!((read("00"), put(&"".into())), (EncodedString::default(), vec![0]));
    assert_eq!(
        (read("7F E4 00").text().into_owned(), read("04 FF 41 42 00").text().into_owned()),
        ("ä".into(), "AB".into())
    );
}

fn content_type(octets: &str) -> ContentType {
    let octets = hex(octets);
    let mut octets = Octets(&octets);
    let content_type = ContentType::read(&mut octets).unwrap();
    assert!(octets.is_empty());
    content_type
}

fn put_type(content_type: &ContentType) -> Vec<u8> {
    let mut out = Vec::new();
    content_type.put(&mut out);
    assert_eq!(ContentType::read(&mut Octets(&out)).as_ref(), Some(content_type));
    out
}

#[test]
fn content_types() {
    assert_eq!(content_type("A3"), ContentType::new(ContentType::MIXED));
    assert_eq!(content_type("BE"), ContentType::new("application/vnd.wap.mms-message"));
    // application/vnd.wap.multipart.related; type=application/smil; start=<0>
    let related = content_type("1A B3 89 6170706C69636174696F6E2F736D696C 00 8A 3C303E 00 81 EA");
    assert_eq!(related.start(), Some("0"));
    assert_eq!(
        related.to_mime(),
        "application/vnd.wap.multipart.related;type=\"application/smil\";start=\"<0>\";charset=\"utf-8\""
    );
    assert!(related.is_multipart());
    assert_eq!(put_type(&ContentType::text()), hex("03 83 81 EA"));
    let smil = ContentType::new("application/smil").with(Parameter::Name("a.smil".into()));
    assert_eq!(put_type(&smil), hex("19 6170706C69636174696F6E2F736D696C 00 85 612E736D696C 00"));
    // Parameters by their names are those with numbers; others stay.
    let named = content_type("1D 83 63686172736574 00 7574662D38 00 582D41 00 22 612062 00 6E 00 87 80 0E");
    assert_eq!(named.charset(), Some(Charset::UTF_8));
    assert_eq!(
        named.parameters[1..3],
        [Parameter::Text("x-a".into(), "a b".into()), Parameter::Text("n".into(), "7".into())]
    );
    assert_eq!(named.parameters[3], Parameter::Coded(0, vec![0x0E]));
}

#[test]
fn content_types_that_are_not_known_survive() {
    for octets in ["E0", "03 02 1234", "06 E0 94 01 80 FF 81"] {
        assert_eq!(put_type(&content_type(octets)), hex(octets), "{octets}");
    }
    assert_eq!(content_type("E0").essence, "application/x-wsp-60");
    // Not the name of one that has a name.
    assert_eq!(put_type(&ContentType::new("application/x-wsp-3")).len(), 20);
    // Nothing gets into mail that ends a header there.
    let content_type = content_type("0A 83 85 610D0A62 00 8A 61 00");
    assert_eq!(content_type.parameters[0], Parameter::Name("a  b".into()));
    for none in [
        "610D0A62 00",
        "05 610A62 00 00",
        "06 83 610A62 00 00",
        "",
        "00",
        "01",
        "1F",
        "02 83",
        "04 83 81 EA",
        "41",
        "02 81 85",
    ] {
        let octets = hex(none);
        assert_eq!(ContentType::read(&mut Octets(&octets)), None, "{none}");
    }
}

#[test]
fn content_types_of_mime_and_back() {
    let mime = "Multipart/Related; type=\"application/smil\"; start=\"<a@b>\"; X-Y=\"a \\\"b\"";
    let content_type = ContentType::of_mime(mime).unwrap();
    assert_eq!((content_type.essence.as_str(), content_type.start()), ("multipart/related", Some("a@b")));
    put_type(&content_type);
    assert_eq!(ContentType::of_mime(&content_type.to_mime()), Ok(content_type));
    let text = ContentType::of_mime("text/plain;charset=ISO-8859-15").unwrap();
    assert_eq!((text.charset(), text.to_mime().as_str()), (None, "text/plain;charset=\"ISO-8859-15\""));
    put_type(&text);
}

#[test]
fn addresses() {
    use AddressKind::{Ipv4, Ipv6, Mail, Other, Phone, ShortCode};
    let kinds = [
        ("+491701234567/TYPE=PLMN", Phone("+491701234567".into())),
        ("+49 (170) 123-45.67/type=plmn", Phone("+491701234567".into())),
        ("0170*1#/TYPE=PLMN", Phone("0170*1#".into())),
        ("+491701234567", Phone("+491701234567".into())),
        ("Ann <ann@example.net>", Mail("ann@example.net".into())),
        ("ann@example.net", Mail("ann@example.net".into())),
        ("192.0.2.1/TYPE=IPv4", Ipv4([192, 0, 2, 1].into())),
        ("2001:db8::1/TYPE=IPv6", Ipv6("2001:db8::1".parse().unwrap())),
        ("1337", ShortCode("1337".into())),
        ("abc/TYPE=PLMN", Other("abc/TYPE=PLMN".into())),
        ("x/TYPE=IPv4", Other("x/TYPE=IPv4".into())),
        ("@", Other("@".into())),
        ("a b@c", Other("a b@c".into())),
        ("a@b\r\nBcc: c", Other("a@b\r\nBcc: c".into())),
        ("", Other(String::new())),
    ];
    for (text, kind) in kinds {
        assert_eq!(MmsAddress::of_text(text).kind(), kind, "{text}");
    }
    assert_eq!(MmsAddress::of_user(" +49 170-1 ").text(), "+491701/TYPE=PLMN");
    assert_eq!(MmsAddress::of_user("a@b").text(), "a@b");
    assert_eq!(MmsAddress::ipv6("::1".parse().unwrap()).kind(), Ipv6("::1".parse().unwrap()));
    assert_eq!(MmsAddress::phone("+1").number().as_deref(), Some("+1"));
}
