use proptest::prelude::*;

use super::*;

/// Octets from hexadecimal digits and quoted text, as in the tables of TS 24.380.
fn octets(parts: &[&str]) -> Vec<u8> {
    let octets = |part: &&str| match part.strip_prefix('\'') {
        Some(text) => text.as_bytes().to_vec(),
        None => part.split(' ').map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect(),
    };
    parts.iter().flat_map(octets).collect()
}

#[track_caller]
fn is(message: &FloorMessage, expected: &[&str]) {
    let expected = octets(expected);
    assert_eq!(message.to_bytes(), expected, "{message:?}");
    assert_eq!(parse(&expected).as_deref(), Ok(std::slice::from_ref(message)));
}

const NAME: &str = "'MCPT";
const SSRC: &str = "01 02 03 04";
/// `sip:a@b.c` with its padding.
const USER: [&str; 3] = ["06 09", "'sip:a@b.c", "00"];

fn message(kind: FloorKind) -> FloorMessage {
    FloorMessage::new(0x0102_0304, kind)
}

#[test]
fn messages_of_participants_octet_by_octet() {
    let request = message(FloorKind::Request { priority: Some(5) });
    is(&request, &["80 cc 00 03", SSRC, NAME, "00 02 05 00"]);
    let indicator = Some(FloorIndicator::EMERGENCY);
    let request = FloorMessage { indicator, ..request.with_user("sip:a@b.c") };
    let [head, user, padding] = USER;
    is(&request, &["80 cc 00 07", SSRC, NAME, "00 02 05 00", head, user, padding, "0d 02 10 00"]);
    is(&message(FloorKind::Request { priority: None }), &["80 cc 00 02", SSRC, NAME]);
    is(&message(FloorKind::Release).acknowledged(), &["94 cc 00 02", SSRC, NAME]);
    let release = message(FloorKind::Release).with_user("sip:a@b.c");
    is(&release, &["84 cc 00 05", SSRC, NAME, head, user, padding]);
    is(&message(FloorKind::QueuePositionRequest), &["88 cc 00 02", SSRC, NAME]);
    let ack = FloorKind::Ack { source: FloorSource::PARTICIPANT, message: FloorMessageType::GRANTED };
    is(&message(ack), &["8a cc 00 04", SSRC, NAME, "0a 02 00 00", "0c 02 01 00"]);
}

#[test]
fn messages_of_the_server_octet_by_octet() {
    let granted = message(FloorKind::Granted { duration: 300, priority: Some(5) }).acknowledged();
    is(&granted, &["91 cc 00 04", SSRC, NAME, "01 02 01 2c", "00 02 05 00"]);
    let granted = FloorMessage { participant: Some(0xcafe_0001), ..granted };
    is(&granted, &["91 cc 00 06", SSRC, NAME, "01 02 01 2c", "0e 06 ca fe 00 01 00 00", "00 02 05 00"]);
    let taken = FloorKind::Taken { granted_party: Some("sip:a@b.c".into()), permission: true, sequence: Some(7) };
    let taken = FloorMessage { participant: Some(0xcafe_0001), ..message(taken) };
    let fields = ["04 09", "'sip:a@b.c", "00", "05 02 00 01", "08 02 00 07", "0e 06 ca fe 00 01 00 00"];
    is(&taken, &[["82 cc 00 09", SSRC, NAME].as_slice(), &fields].concat());
    let deny = FloorKind::Deny { cause: DenyCause::QUEUE_FULL };
    is(&message(deny), &["83 cc 00 03", SSRC, NAME, "02 02 00 07"]);
    let indicator = Some(FloorIndicator::NORMAL);
    let idle = FloorMessage { indicator, ..message(FloorKind::Idle { sequence: Some(65535) }) };
    is(&idle, &["85 cc 00 04", SSRC, NAME, "08 02 ff ff", "0d 02 80 00"]);
    let revoke = FloorKind::Revoke { cause: RevokeCause::PREEMPTED };
    is(&message(revoke), &["86 cc 00 03", SSRC, NAME, "02 02 00 04"]);
    let info = FloorKind::QueuePositionInfo { position: 2, priority: 5 };
    let [head, user, padding] = USER;
    let expected = ["89 cc 00 06", SSRC, NAME, head, user, padding, "03 02 02 05"];
    is(&message(info).with_user("sip:a@b.c"), &expected);
    let other = FloorKind::Other { message: FloorMessageType(15), data: vec![1, 1, 1, 0] };
    is(&message(other), &["8f cc 00 03", SSRC, NAME, "01 01 01 00"]);
}

#[test]
fn several_messages_in_a_datagram_among_others() {
    let all = [message(FloorKind::Release), message(FloorKind::Idle { sequence: None })];
    let mut datagram = emit(&all);
    datagram.extend(octets(&["80 cc 00 02", SSRC, "'MCPC"]));
    assert_eq!(parse(&datagram).as_deref(), Ok(all.as_slice()));
}

#[test]
fn fields_of_early_versions_are_read() {
    let granted = octets(&["81 cc 00 04", SSRC, NAME, "67 02 00 1e", "66 02 05 00"]);
    let kind = FloorKind::Granted { duration: 30, priority: Some(5) };
    assert_eq!(parse(&granted), Ok(vec![message(kind)]));
    let idle = octets(&["85 cc 00 04", SSRC, NAME, "6f 02 00 09", "74 02 80 00"]);
    let indicator = Some(FloorIndicator::NORMAL);
    let idle_message = FloorMessage { indicator, ..message(FloorKind::Idle { sequence: Some(9) }) };
    assert_eq!(parse(&idle), Ok(vec![idle_message]));
}

#[test]
fn what_is_wrong_is_named() {
    let wrong = |parts: &[&str]| parse(&octets(parts)).unwrap_err().to_string();
    assert!(wrong(&["81 cc 00 02", SSRC, NAME]).contains("Floor Granted: Duration"));
    assert!(wrong(&["83 cc 00 03", SSRC, NAME, "02 01 00 07"]).contains("Floor Deny: Reject Cause"));
    assert!(wrong(&["85 cc 00 03", SSRC, NAME, "08 09 00 07"]).contains("leaves its message Floor Idle"));
    assert!(wrong(&["85 cc 00 03", SSRC, NAME]).contains("RTCP"));
    assert_eq!(DenyCause::QUEUE_FULL.to_string(), "Queue full");
    assert_eq!(RevokeCause(77).to_string(), "0x4d");
}

fn kinds() -> impl Strategy<Value = FloorKind> {
    let user = || prop::option::of("sip:[a-z0-9]{1,40}@[a-z.]{1,30}");
    prop_oneof![
        any::<Option<u8>>().prop_map(|priority| FloorKind::Request { priority }),
        any::<(u16, Option<u8>)>().prop_map(|(duration, priority)| FloorKind::Granted { duration, priority }),
        (user(), any::<bool>(), any::<Option<u16>>()).prop_map(|(granted_party, permission, sequence)| {
            FloorKind::Taken { granted_party, permission, sequence }
        }),
        any::<u16>().prop_map(|cause| FloorKind::Deny { cause: DenyCause(cause) }),
        Just(FloorKind::Release),
        any::<Option<u16>>().prop_map(|sequence| FloorKind::Idle { sequence }),
        any::<u16>().prop_map(|cause| FloorKind::Revoke { cause: RevokeCause(cause) }),
        Just(FloorKind::QueuePositionRequest),
        any::<(u8, u8)>().prop_map(|(position, priority)| FloorKind::QueuePositionInfo { position, priority }),
        (any::<u16>(), 0u8..16).prop_map(|(source, message)| FloorKind::Ack {
            source: FloorSource(source),
            message: FloorMessageType(message),
        }),
    ]
}

proptest! {
    #[test]
    fn messages_survive(
        ssrc in any::<u32>(), ack in any::<bool>(), user in prop::option::of("[a-z:@.]{1,200}"),
        participant in any::<Option<u32>>(), indicator in any::<Option<u16>>(), kind in kinds(),
    ) {
        let indicator = indicator.map(FloorIndicator);
        let message = FloorMessage { ssrc, ack, user, participant, indicator, kind };
        prop_assert_eq!(parse(&message.to_bytes()), Ok(vec![message]));
    }
}
