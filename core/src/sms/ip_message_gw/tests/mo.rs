//! Messages from UEs (TR 23.804 clauses 8.3 and 8.9).

use protocol::map::{IpAccess, SmDeliveryFailure, SmDeliveryFailureCause, TeleserviceCode};
use protocol::sms::{FailureCause, SubmitReport};

use super::*;

fn registered() -> Rig {
    let mut rig = Rig::new();
    rig.register(600);
    rig
}

fn refused(cause: SmDeliveryFailureCause, report: Option<FailureCause>) -> Option<Result<OperationResult, UserError>> {
    let time = Timestamp::from_utc_ms(START_MS, 0);
    let report =
        report.map(|cause| Tpdu::SubmitReport(SubmitReport::new(Some(cause), time, Parameters::default())).emit());
    let failure = SmDeliveryFailure { diagnostic_info: report, ..SmDeliveryFailure::new(cause) };
    Some(Err(UserError::SmDeliveryFailure(failure)))
}

#[test]
fn a_message_is_forwarded_and_its_sender_told() {
    let mut rig = registered();
    let time = Timestamp::from_utc_ms(START_MS, 0);
    let report = Tpdu::SubmitReport(SubmitReport::new(None, time, Parameters::default()));
    let result = ForwardSmRes { sm_rp_ui: Some(report.emit()), extensions: Vec::new() };
    rig.world.mo_answer = Some(Ok(OperationResult::MoForwardSm(result)));
    rig.message(UE, "m1", "", &mo(9, "hello"));
    rig.response(202);
    let (request, message) = rig.letter(UE, 200);
    is_ack(&message);
    assert_eq!((message.reference, message.direction, message.tpdu()), (9, Direction::ToMs, Some(Ok(report))));
    assert_eq!(request.headers.get("In-Reply-To"), Some("m1"));
    assert_eq!(request.uri.to_string(), format!("sip:{IMSI}@{UE}"));
    let forwarded = &rig.world.forwarded[0];
    assert_eq!(forwarded.sm_rp_da, SmRpDa::ServiceCentreAddress(number(SC)));
    assert_eq!(forwarded.sm_rp_oa, SmRpOa::Msisdn(number(MSISDN)));
    assert_eq!(forwarded.sm_rp_ui, submit(9, "hello").emit());
    assert_eq!(forwarded.imsi.as_ref().map(Imsi::as_str), Some(IMSI));
    assert_eq!(IpAccess::find(&forwarded.extensions), Some(IpAccess(true)));
    rig.is_silent();
    rig.pass(Duration::from_secs(660));
    assert_eq!(rig.rows(Table::IpMessageGwMessage), 0);
}

#[test]
fn nothing_is_acknowledged_before_it_is_durable() {
    let mut rig = registered();
    rig.world.store_fails = true;
    rig.message(UE, "m1", "", &mo(9, "hello"));
    rig.response(500);
    assert!(rig.world.forwarded.is_empty());
    rig.world.store_fails = false;
    rig.message(UE, "m1", "", &mo(9, "hello"));
    rig.response(202);
    assert_eq!(rig.world.forwarded.len(), 1);
}

#[test]
fn nothing_is_taken_before_what_was_left_is_read() {
    let mut rig = registered();
    rig.world.mo_answer = None;
    rig.message(UE, "m1", "", &mo(9, "hello"));
    rig.response(202);
    rig.world.scan_fails = true;
    rig.restart(config());
    for _ in 0..3 {
        rig.message(UE, "m2", "", &mo(10, "other"));
        rig.response(503);
        rig.pass(Duration::from_secs(5));
    }
    rig.mt(&deliver("x"), false);
    assert!(matches!(rig.outcome(), Err(InvokeFailure::User(UserError::SystemFailure(_)))));
    rig.world.scan_fails = false;
    rig.pass(Duration::from_secs(5));
    rig.message(UE, "m2", "", &mo(10, "other"));
    rig.response(202);
    assert_eq!(rig.rows(Table::IpMessageGwMessage), 2, "neither is written over the other");
}

#[test]
fn what_comes_again_is_not_sent_again() {
    let mut rig = registered();
    rig.world.mo_answer = None;
    rig.message(UE, "m1", "", &mo(9, "hello"));
    rig.message(UE, "m1", "", &mo(9, "hello"));
    // The same in another MESSAGE, as a UE sends it that had no 202.
    rig.message(UE, "m2", "", &mo(9, "hello"));
    for _ in 0..3 {
        rig.response(202);
    }
    let (dialogue, invoke_id) = rig.world.mo_asked.pop_front().unwrap();
    assert!(rig.world.mo_asked.is_empty());
    let result = Ok(OperationResult::MoForwardSm(ForwardSmRes::default()));
    rig.world.gmsc.map.answer(rig.world.now, dialogue, invoke_id, &result).unwrap();
    rig.drain();
    let (request, message) = rig.letter(UE, 200);
    is_ack(&message);
    assert_eq!(request.headers.get("In-Reply-To"), Some("m2"));
    // Its report was lost: it is told again.
    rig.message(UE, "m3", "", &mo(9, "hello"));
    rig.response(202);
    let (request, message) = rig.letter(UE, 200);
    is_ack(&message);
    assert_eq!(request.headers.get("In-Reply-To"), Some("m3"));
    assert_eq!(rig.world.forwarded.len(), 1);
    // Another message with the same reference is another message.
    rig.world.mo_answer = Some(Ok(OperationResult::MoForwardSm(ForwardSmRes::default())));
    rig.message(UE, "m4", "", &mo(9, "hello again"));
    rig.response(202);
    is_ack(&rig.letter(UE, 200).1);
    assert_eq!(rig.world.forwarded.len(), 2);
}

#[test]
fn errors_become_causes() {
    use SmDeliveryFailureCause as Cause;
    let mut rig = registered();
    let report = FailureCause::DUPLICATE;
    for (n, (answer, expected)) in [
        (refused(Cause::UnknownServiceCentre, None), RpCause::UNASSIGNED_NUMBER),
        (refused(Cause::ScCongestion, None), RpCause::CONGESTION),
        (refused(Cause::InvalidSmeAddress, None), RpCause::TRANSFER_REJECTED),
        (refused(Cause::SubscriberNotScSubscriber, None), RpCause::UNIDENTIFIED_SUBSCRIBER),
        // It was not sent before: the user has sent it twice.
        (refused(Cause::EquipmentProtocolError, Some(report)), RpCause::PROTOCOL_ERROR),
        (Some(Err(UserError::FacilityNotSupported)), RpCause::FACILITY_NOT_IMPLEMENTED),
        (Some(Err(UserError::SystemFailure(None))), RpCause::NETWORK_OUT_OF_ORDER),
    ]
    .into_iter()
    .enumerate()
    {
        rig.world.mo_answer = answer;
        rig.message(UE, &format!("m{n}"), "", &mo(n as u8, "x"));
        rig.response(202);
        let (_, message) = rig.letter(UE, 200);
        assert_eq!((cause(&message), message.user_data().is_some()), (expected, expected == RpCause::PROTOCOL_ERROR));
    }
    // One that was refused is another attempt when it comes again.
    let before = rig.world.forwarded.len();
    rig.message(UE, "again", "", &mo(0, "x"));
    rig.response(202);
    rig.letter(UE, 200);
    assert_eq!(rig.world.forwarded.len(), before + 1);
    // Nobody answers.
    rig.world.mo_answer = None;
    rig.message(UE, "silent", "", &mo(50, "x"));
    rig.response(202);
    rig.pass(Duration::from_secs(125));
    assert_eq!(cause(&rig.letter(UE, 200).1), RpCause::NETWORK_OUT_OF_ORDER);
}

#[test]
fn one_after_the_other_and_not_too_many() {
    let mut config = config();
    config.limits.mo_per_user = 3;
    let mut rig = Rig::with(config);
    rig.register(600);
    rig.world.mo_answer = None;
    for n in 1..=4 {
        rig.message(UE, &format!("m{n}"), "", &mo(n, "x"));
        rig.response(202);
    }
    let (_, message) = rig.letter(UE, 200);
    assert_eq!((message.reference, cause(&message)), (4, RpCause::CONGESTION));
    for n in 1..=3 {
        assert_eq!(rig.world.forwarded.len(), n);
        let (dialogue, invoke_id) = rig.world.mo_asked.pop_front().unwrap();
        let result = Ok(OperationResult::MoForwardSm(ForwardSmRes::default()));
        rig.world.gmsc.map.answer(rig.world.now, dialogue, invoke_id, &result).unwrap();
        rig.drain();
        assert_eq!(rig.letter(UE, 200).1.reference, n as u8);
    }
}

#[test]
fn service_centres_are_not_asked_too_much_at_a_time() {
    let mut config = config();
    config.limits.forwarding = 1;
    let mut rig = Rig::with(config);
    rig.register(600);
    rig.third_party(600, "imsi=001010000000002 msisdn=358401111111");
    rig.response(200);
    rig.world.mo_answer = None;
    rig.message(UE, "m1", "", &mo(1, "x"));
    rig.response(202);
    rig.message(SCSCF, "m2", "", &mo(2, "x"));
    rig.response(202);
    assert_eq!(rig.world.forwarded.len(), 1);
    for (n, at) in [(1, UE), (2, SCSCF)] {
        let (dialogue, invoke_id) = rig.world.mo_asked.pop_front().unwrap();
        let result = Ok(OperationResult::MoForwardSm(ForwardSmRes::default()));
        rig.world.gmsc.map.answer(rig.world.now, dialogue, invoke_id, &result).unwrap();
        rig.drain();
        assert_eq!(rig.letter(at, 200).1.reference, n);
    }
    assert_eq!(rig.world.forwarded.len(), 2);
}

proptest::proptest! {
    /// Whatever a UE sends is answered, and harms nobody.
    #[test]
    fn any_octets_are_answered(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let mut rig = registered();
        rig.message(UE, "m1", "", &octets);
        let first = rig.world.sent.pop_front();
        let status = first.as_ref().and_then(|(_, message)| message.as_response()).map(|response| response.status);
        proptest::prop_assert!(matches!(status, Some(202 | 400)), "{:?}", first);
    }
}

#[test]
fn the_operator_says_who_sends_over_ip() {
    let mut rig = Rig::new();
    rig.world.data.teleservice_list = Some(vec![TeleserviceCode::SHORT_MESSAGE_MT_PP]);
    rig.register(600);
    rig.message(UE, "m1", "", &mo(1, "x"));
    rig.response(202);
    assert_eq!(cause(&rig.letter(UE, 200).1), RpCause::FACILITY_NOT_SUBSCRIBED);
    rig.world.data.teleservice_list = None;
    rig.world.data.operator_determined_barring = Some(true);
    rig.register(600);
    rig.message(UE, "m2", "", &mo(2, "x"));
    rig.response(202);
    assert_eq!(cause(&rig.letter(UE, 200).1), RpCause::OPERATOR_BARRING);
    let mut config = config();
    config.mo_barred.insert(MSISDN.to_owned());
    let mut rig = Rig::with(config);
    rig.register(600);
    rig.message(UE, "m1", "", &mo(1, "x"));
    rig.response(202);
    assert_eq!(cause(&rig.letter(UE, 200).1), RpCause::OPERATOR_BARRING);
    assert!(rig.world.forwarded.is_empty());
}

#[test]
fn memory_is_available_again() {
    let mut rig = registered();
    let smma = RpMessage::smma(5).emit();
    rig.message(UE, "m1", "", &smma);
    rig.response(202);
    let (request, message) = rig.letter(UE, 200);
    is_ack(&message);
    assert_eq!((message.reference, request.headers.get("In-Reply-To")), (5, Some("m1")));
    assert_eq!(rig.world.hlr.log.last().map(String::as_str), Some("readyForSM"));
    rig.world.hlr_error = Some(UserError::UnknownSubscriber(None));
    rig.message(UE, "m2", "", &smma);
    rig.response(202);
    assert_eq!(cause(&rig.letter(UE, 200).1), RpCause::UNKNOWN_SUBSCRIBER);
}

#[test]
fn what_is_no_message_is_refused() {
    let mut rig = registered();
    // Cut off behind its reference; a reserved type; one that only a network sends.
    for (n, (body, expected)) in [
        (&b"\x00\x07"[..], RpCause::INVALID_MANDATORY_INFORMATION),
        (b"\x07\x07", RpCause::UNKNOWN_MESSAGE_TYPE),
        (b"\x01\x07\x00\x00\x01\x00", RpCause::UNKNOWN_MESSAGE_TYPE),
        (b"\x00\x07\x00\x00\x00", RpCause::UNASSIGNED_NUMBER),
    ]
    .into_iter()
    .enumerate()
    {
        rig.message(UE, &format!("m{n}"), "", body);
        rig.response(202);
        let (_, message) = rig.letter(UE, 200);
        assert_eq!((message.reference, cause(&message)), (7, expected), "{n}");
    }
    // A report about nothing.
    rig.message(UE, "r", "", &ack(3));
    rig.response(202);
    rig.is_silent();
}
