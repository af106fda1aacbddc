use proptest::prelude::*;

use super::cx::{AuthData, AuthItem, Maa, Mar};
use super::*;
use crate::Secret;

fn avp() -> impl Strategy<Value = Avp> {
    let data = prop::collection::vec(any::<u8>(), 0..40);
    (any::<u32>(), 0u8..0x80, any::<Option<u32>>(), data).prop_map(|(code, flags, vendor, data)| Avp {
        code,
        flags,
        vendor,
        data,
    })
}

fn message() -> impl Strategy<Value = Message> {
    let ids = (any::<u32>(), any::<u32>(), any::<u32>());
    (any::<u8>(), 0u32..1 << 24, ids, prop::collection::vec(avp(), 0..8)).prop_map(|(flags, command, ids, avps)| {
        let (application, hop_by_hop, end_to_end) = ids;
        Message { flags: Flags(flags), command, application, hop_by_hop, end_to_end, avps }
    })
}

proptest! {
    #[test]
    fn messages_come_back_as_they_were(message in message()) {
        let octets = message.emit();
        prop_assert_eq!(octets.len() % 4, 0);
        prop_assert_eq!(Message::parse(&octets), Ok(message));
    }

    #[test]
    fn what_parses_is_emitted_octet_for_octet_but_padding(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(message) = Message::parse(&octets) {
            prop_assert_eq!(Message::parse(&message.emit()), Ok(message));
        }
    }
}

fn mar() -> Mar {
    let routing = Routing {
        session_id: "scscf.ims;1;2".to_owned(),
        origin_host: "scscf.ims".to_owned(),
        origin_realm: "ims".to_owned(),
        destination_host: None,
        destination_realm: "ims".to_owned(),
    };
    Mar {
        routing,
        impi: "a@ims".to_owned(),
        impu: "sip:a@ims".to_owned(),
        scheme: cx::SCHEME_AKA.to_owned(),
        authorization: None,
        items: 1,
        server: "sip:scscf.ims".to_owned(),
    }
}

#[test]
fn header_and_avps_as_rfc_6733_draws_them() {
    let message = Message {
        flags: Flags(Flags::REQUEST).with(Flags::PROXIABLE),
        command: 303,
        application: dictionary::APP_CX,
        hop_by_hop: 0x0102_0304,
        end_to_end: 0x0506_0708,
        avps: vec![
            Avp::text(&dictionary::USER_NAME, "abcde"),
            Avp::u32(&dictionary::SIP_NUMBER_AUTH_ITEMS, 7),
            Avp::text(&dictionary::ERROR_MESSAGE, "x"),
        ],
    };
    let wanted = [
        "01000040c000012f01000000",
        "0102030405060708",
        "000000014000000d6162636465000000",
        "0000025fc0000010000028af00000007",
        "000001190000000978000000",
    ];
    assert_eq!(message.emit().iter().map(|o| format!("{o:02x}")).collect::<String>(), wanted.concat());
}

#[test]
fn lengths_that_cannot_be_are_named() {
    let good = mar().to_message().emit();
    let code = |octets: &[u8]| Message::parse(octets).unwrap_err().code;
    assert_eq!(code(&good[..19]), result::INVALID_MESSAGE_LENGTH);
    assert_eq!(code(&good[..good.len() - 4]), result::INVALID_MESSAGE_LENGTH);
    let mut version = good.clone();
    version[0] = 2;
    assert_eq!(code(&version), result::UNSUPPORTED_VERSION);
    // The first AVP says that it is longer than the message, then shorter than its own header.
    for length in [0xff_u8, 7] {
        let mut bad = good.clone();
        bad[HEADER_OCTETS + 6..HEADER_OCTETS + 8].copy_from_slice(&[if length == 7 { 0 } else { 0xff }, length]);
        let problem = Message::parse(&bad).unwrap_err();
        assert_eq!((problem.code, problem.failed.unwrap().code), (result::INVALID_AVP_LENGTH, 263), "{length}");
    }
}

#[test]
fn the_grammar_names_what_is_wrong() {
    let good = mar().to_message();
    assert_eq!(check_request(&good), Ok(()));
    let problem = |change: &dyn Fn(&mut Message)| {
        let mut message = good.clone();
        change(&mut message);
        let problem = check_request(&message).unwrap_err();
        (problem.code, problem.failed.map(|a| a.code))
    };
    let unknown = Avp { code: 9999, flags: Avp::MANDATORY, vendor: Some(10_415), data: vec![1] };
    assert_eq!(problem(&|m| m.avps.push(unknown.clone())), (result::AVP_UNSUPPORTED, Some(9999)));
    let optional = Avp { flags: 0, ..unknown.clone() };
    let mut tolerated = good.clone();
    tolerated.avps.push(optional);
    assert_eq!(check_request(&tolerated), Ok(()));
    // In a group: the group is in Failed-AVP, with that AVP alone in it.
    let in_group = |m: &mut Message| {
        let item = m.avps.iter_mut().find(|a| a.is(&dictionary::SIP_AUTH_DATA_ITEM)).unwrap();
        item.data.extend(emit_avps(std::slice::from_ref(&unknown)));
    };
    assert_eq!(problem(&in_group), (result::AVP_UNSUPPORTED, Some(612)));
    assert_eq!(problem(&|m| m.avps.retain(|a| a.code != 602)), (result::MISSING_AVP, Some(602)));
    assert_eq!(problem(&|m| m.avps.push(m.avps[4].clone())), (result::AVP_OCCURS_TOO_MANY_TIMES, Some(296)));
    let short = |m: &mut Message| m.avps.iter_mut().find(|a| a.code == 607).unwrap().data.truncate(3);
    assert_eq!(problem(&short), (result::INVALID_AVP_LENGTH, Some(607)));
    assert_eq!(problem(&|m| m.command = 999).0, result::COMMAND_UNSUPPORTED);
    assert_eq!(problem(&|m| m.flags = m.flags.with(Flags::ERROR)).0, result::INVALID_HDR_BITS);
}

#[test]
fn typed_messages_come_back_and_hide_what_is_secret() {
    let request = mar();
    assert_eq!(Mar::from_message(&request.to_message()), Ok(request.clone()));
    let item = AuthItem {
        number: Some(1),
        data: AuthData::Aka {
            rand: [1; 16],
            autn: [2; 16],
            xres: Secret::new(vec![0xab; 8]),
            ck: Secret::new([0xcd; 16]),
            ik: Secret::new([0xef; 16]),
        },
    };
    let outcome =
        Outcome { origin_host: "hss".to_owned(), origin_realm: "ims".to_owned(), result: ResultCode::SUCCESS };
    let answer = Maa { outcome, impi: Some("a@ims".to_owned()), impu: Some("sip:a@ims".to_owned()), items: vec![item] };
    let message = answer.to_message(&request.to_message());
    assert_eq!(check_answer(&message), Ok(()));
    assert_eq!(Maa::from_message(&message), Ok(answer.clone()));
    let text = format!("{message:?} {answer:?}").to_lowercase();
    for secret in ["abab", "171", "205", "cdcd", "239", "efef"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(text.contains("sip-authorization=…"), "{text}");
}

#[test]
fn the_dictionary_is_consistent() {
    let mut seen = std::collections::BTreeSet::new();
    for def in dictionary::AVPS {
        assert!(seen.insert((def.code, def.vendor)), "{} twice", def.name);
    }
    let codes: std::collections::BTreeSet<_> = dictionary::COMMANDS.iter().map(|c| c.code).collect();
    assert_eq!(codes.len(), dictionary::COMMANDS.len());
}
