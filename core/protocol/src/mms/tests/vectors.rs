//! PDUs that others have made: conformance tests of OMA as other decoders carry them, and what was seen in networks.

use super::hex;
use crate::mms::{
    Charset, EncodedString, From, HeaderName, MessageClass, MessageType, MmsAddress, MmsPdu, MmsTime, MmsVersion,
    Priority, SenderVisibility, WapPush, parts_of,
};

fn parse(octets: &[u8]) -> (MmsPdu, &[u8]) {
    let (pdu, body) = MmsPdu::parse(octets).unwrap();
    let again = pdu.emit(body);
    assert_eq!(MmsPdu::parse(&again), Ok((pdu.clone(), body)), "it reads otherwise");
    (pdu, body)
}

fn from(text: &str) -> Option<From> {
    Some(From::Address(MmsAddress::of_text(text)))
}

/// MMS-1.3-con-212, an M-Retrieve.conf of 200 octets: a text in US-ASCII.
const RETRIEVE_CONF: &str = "8C84 98 31323031363537323338 00 8D93 8B 6D742D323132 00 85 04 479FD596
    89 15 80 2B34393839313030302F545950453D504C4D4E 00 96 11 83 4D4D532D312E332D636F6E2D323132 00
    84 A3 01 40 3B
    14 83 85 546578745F75732D61736369692E747874 00 81 83
    C0 22 3C546578745F75732D61736369692E7478743E 00 8E 546578745F75732D61736369692E747874 00
    54686520717569636B2062726F776E20666F78206A756D706564206F76657220746865206C617A7920646F672031323334353637383930
    2F212829";

#[test]
fn a_retrieved_message_of_the_conformance_tests() {
    let octets = hex(RETRIEVE_CONF);
    assert_eq!(octets.len(), 200);
    let (MmsPdu::RetrieveConf(pdu), body) = parse(&octets) else { panic!("it is another PDU") };
    assert_eq!((pdu.transaction_id.as_deref(), pdu.message_id.as_deref()), (Some("1201657238"), Some("mt-212")));
    assert_eq!((pdu.version, pdu.date), (MmsVersion::V1_3, Some(1_201_657_238)));
    assert_eq!((pdu.from.clone(), pdu.to.len()), (from("+49891000/TYPE=PLMN"), 0));
    assert_eq!(pdu.subject, EncodedString::in_charset(Charset::US_ASCII, "MMS-1.3-con-212"));
    let parts = parts_of(pdu.content_type.as_ref().unwrap(), body).unwrap();
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].content_type.to_mime(), "text/plain;name=\"Text_us-ascii.txt\"");
    // Its length says that the character set is not of the Content-Type, so it is an Accept-Charset: it stays.
    assert_eq!((parts[0].headers[0].name(), parts[0].headers[0].value()), (&HeaderName::Code(1), &[0x83][..]));
    assert_eq!(parts[0].content_id.as_deref(), Some("Text_us-ascii.txt"));
    assert_eq!(
        (parts[0].content_location.as_deref(), parts[0].name()),
        (Some("Text_us-ascii.txt"), Some("Text_us-ascii.txt"))
    );
    assert_eq!(&*parts[0].body, b"The quick brown fox jumped over the lazy dog 1234567890/!()");
    // Ours has the same headers in an order of its own.
    assert_eq!(pdu.version, MmsVersion::V1_3);
    assert_eq!(MmsPdu::RetrieveConf(pdu).emit(body).len(), octets.len());
}

/// Of version 1.0, without a transaction: nothing is to be acknowledged. X-Mms-Sender-Visibility has no place in it.
const WITHOUT_TRANSACTION: &str = "8C84 8D90 85 04 4D9EE2F9
    96 7465737420776974686F7574207472616E73616374696F6E204944 00 89 17 80 2B313233343536373839302F545950453D504C4D4E 00
    97 2B363636363636363636362F545950453D504C4D4E 00 8A80 8F81 9480 8681 9081 84 A3
    01 1F 0E 83 C0 22 3C68656C6C6F2E7478743E 00 8E 2F746D702F70687032496E745337 00 48656C6C6F20576F726C6420210A";

#[test]
fn a_retrieved_message_without_a_transaction() {
    let octets = hex(WITHOUT_TRANSACTION);
    assert_eq!(octets.len(), 147);
    let (MmsPdu::RetrieveConf(pdu), body) = parse(&octets) else { panic!("it is another PDU") };
    assert_eq!((pdu.transaction_id.as_deref(), pdu.version, pdu.is_ok()), (None, MmsVersion::V1_0, true));
    assert_eq!(pdu.to[0].number().as_deref(), Some("+6666666666"));
    assert_eq!((pdu.message_class.clone(), pdu.priority), (Some(MessageClass::Personal), Some(Priority::NORMAL)));
    assert_eq!((pdu.delivery_report, pdu.read_report), (Some(false), Some(false)));
    assert_eq!((pdu.other[0].name(), pdu.other[0].value()), (&HeaderName::Code(0x14), &[SenderVisibility::HIDE.0][..]));
    let parts = parts_of(pdu.content_type.as_ref().unwrap(), body).unwrap();
    assert_eq!((&*parts[0].body, parts[0].name()), (&b"Hello World !\n"[..], Some("/tmp/php2IntS7")));
    assert_eq!(
        MmsPdu::RetrieveConf(pdu).describe(body),
        "M-Retrieve.conf 1.0, from +1234567890/TYPE=PLMN, to +6666666666/TYPE=PLMN, subject test without transaction ID, \
         parts: text/plain /tmp/php2IntS7 (14 octets)"
    );
}

/// From networks: version 1.0 with a name instead of a number; 1.3; 1.2 with a From in US-ASCII and headers behind the
/// location.
const NOTIFICATIONS: [&str; 3] = [
    "8C82 98 4F67514B4B42 00 8D90 89 08 80 45726F74696B 00 96 50696E2D557073 00 8A80 8E 02 4000 88 05 81 03 03F480
     83 687474703A2F2F657073332E64652F4F2F5A39495A4F 00",
    "8C82 98 74312D505A4A4B6E446F3772 00 8D93 89 17 80 31393136323235353838372F545950453D504C4D4E 00 8A80
     88 05 81 03 03F47F 8E 02 0539 83 687474703A2F2F7878782E78782F6D6D73633F78 00",
    "8C82 98 6D2D362D342D31 00 8D92 89 0F 80 0D 83 3139313632323535383837 00 8A80 8E 02 0283 88 05 81 03 03F480
     83 687474703A2F2F78782F6D6D3F543D78 00 8680",
];

#[test]
fn notifications_that_networks_send() {
    let wanted = [
        (MmsVersion::V1_0, "OgQKKB", "Erotik", 0x4000, 259_200, "http://eps3.de/O/Z9IZO"),
        (MmsVersion::V1_3, "t1-PZJKnDo7r", "19162255887/TYPE=PLMN", 0x539, 259_199, "http://xxx.xx/mmsc?x"),
        (MmsVersion::V1_2, "m-6-4-1", "19162255887", 0x283, 259_200, "http://xx/mm?T=x"),
    ];
    for (octets, (version, transaction, sender, size, expiry, location)) in NOTIFICATIONS.into_iter().zip(wanted) {
        let octets = hex(octets);
        let (MmsPdu::NotificationInd(pdu), []) = parse(&octets) else { panic!("it is another PDU") };
        assert_eq!((pdu.version, pdu.transaction_id.as_str()), (version, transaction));
        assert_eq!(pdu.from.as_ref().and_then(From::address).map(MmsAddress::text).as_deref(), Some(sender));
        assert_eq!((pdu.message_size, pdu.expiry), (size, MmsTime::Relative(expiry)));
        assert_eq!((pdu.content_location.as_str(), &pdu.message_class), (location, &MessageClass::Personal));
        assert_eq!(pdu.delivery_report, (version == MmsVersion::V1_2).then_some(true));
        assert!(pdu.other.is_empty());
    }
}

/// A push with its type in words, and a notification in it.
#[test]
fn a_push_that_a_network_sends() {
    let octets = hex("00 06 22 6170706C69636174696F6E2F766E642E7761702E6D6D732D6D657373616765 00 AF84
         8C82 98 3132333435363738 00 8D91 8A80 8E 03 02BF5F 88 05 81 03 03F47F
         83 687474703A2F2F6D6D73632E706C61792E706C2F6D6D732F776170656E632F3132333435363738 00
         89 18 80 2B34383938373635343332312F545950453D504C4D4E 00");
    let push = WapPush::parse(&octets).unwrap();
    assert!(push.is_mms() && push.application_id.as_ref().unwrap().is_mms());
    assert_eq!((push.transaction_id, push.headers.len()), (0, 0));
    let (pdu, _) = parse(&push.body);
    assert_eq!((pdu.message_type(), pdu.version()), (MessageType::NOTIFICATION_IND, MmsVersion::V1_1));
    assert_eq!(
        pdu.to_string(),
        "M-Notification.ind 1.1, transaction 12345678, from +48987654321/TYPE=PLMN, 180063 octets at \
         http://mmsc.play.pl/mms/wapenc/12345678"
    );
}
