//! Messages to UEs (TR 23.804 clauses 8.4, 8.5 and 8.10).

use protocol::map::{SmDeliveryFailureCause, diagnostic as reason};

use super::*;

fn registered() -> Rig {
    let mut rig = Rig::new();
    rig.register(600);
    rig
}

#[track_caller]
fn failure(result: Result<OperationResult, InvokeFailure>) -> SmDeliveryFailureCause {
    match result {
        Err(InvokeFailure::User(UserError::SmDeliveryFailure(failure))) => failure.cause,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn report(result: Result<OperationResult, InvokeFailure>) -> Option<Vec<u8>> {
    match result {
        Ok(OperationResult::MtForwardSm(result)) => result.sm_rp_ui,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_is_delivered_when_the_ue_says_so() {
    let mut rig = registered();
    rig.mt(&deliver("hi"), false);
    let (request, message) = rig.letter(UE, 200);
    assert_eq!(request.uri.to_string(), format!("sip:{IMSI}@{UE}"));
    let RpBody::Data(data) = &message.body else { panic!("{message:?}") };
    assert_eq!(data.originator, Address::international(SC));
    assert_eq!(data.user_data.octets(), deliver("hi"));
    // 200 says nothing.
    assert!(rig.world.gmsc.returned.is_empty());
    rig.message(UE, "r1", &format!("In-Reply-To: {}", request.call_id().unwrap()), &ack(message.reference));
    rig.response(202);
    assert_eq!(report(rig.outcome()), Some(vec![0, 0]));
    // Its report comes again.
    rig.message(UE, "r2", &format!("In-Reply-To: {}", request.call_id().unwrap()), &ack(message.reference));
    rig.response(202);
    rig.is_silent();
    assert!(rig.world.gmsc.returned.is_empty());
    assert_eq!(rig.gateway.map.dialogues(), 0);
    rig.pass(Duration::from_secs(620));
    assert_eq!(rig.rows(Table::IpMessageGwMessage), 0);
}

#[test]
fn a_report_without_in_reply_to_is_known_by_its_reference() {
    let mut rig = registered();
    rig.mt(&deliver("hi"), false);
    let (_, message) = rig.letter(UE, 200);
    // Another reference, and another message, are none of it.
    rig.message(UE, "r1", "", &ack(message.reference.wrapping_add(1)));
    rig.message(UE, "r2", "In-Reply-To: other", &ack(message.reference));
    rig.response(202);
    rig.response(202);
    assert!(rig.world.gmsc.returned.is_empty());
    rig.message(UE, "r3", "", &ack(message.reference));
    rig.response(202);
    assert!(rig.outcome().is_ok());
}

#[test]
fn what_a_ue_refuses_is_said_to_the_gmsc() {
    let mut rig = registered();
    for (given, expected) in [
        (RpCause::MEMORY_EXCEEDED, SmDeliveryFailureCause::MemoryCapacityExceeded),
        (RpCause::PROTOCOL_ERROR, SmDeliveryFailureCause::EquipmentProtocolError),
    ] {
        rig.mt(&deliver("hi"), false);
        let (_, message) = rig.letter(UE, 200);
        rig.message(UE, &format!("r{}", given.0), "", &rp_error(message.reference, given));
        rig.response(202);
        assert_eq!(failure(rig.outcome()), expected);
        assert_eq!(rig.rows(Table::IpMessageGwMessage), 0);
    }
}

#[test]
fn who_is_not_there_is_absent() {
    let mut rig = Rig::new();
    rig.mt(&deliver("hi"), false);
    assert_eq!(diagnostic(rig.outcome()), absent(reason::DEREGISTERED_IMS));
    rig.register(600);
    rig.mt(&deliver("hi"), false);
    rig.letter(UE, 480);
    assert_eq!(diagnostic(rig.outcome()), absent(reason::NO_RESPONSE_IP_SM_GW));
    rig.mt(&deliver("hi"), false);
    rig.letter(UE, 488);
    assert_eq!(failure(rig.outcome()), SmDeliveryFailureCause::EquipmentProtocolError);
    // Nobody answers MESSAGE: 64 T1.
    rig.mt(&deliver("hi"), false);
    rig.pass(Duration::from_secs(33));
    assert_eq!(diagnostic(rig.outcome()), absent(reason::NO_RESPONSE_IP_SM_GW));
    rig.world.sent.clear();
    // It has come, and no report follows.
    rig.mt(&deliver("hi"), false);
    let (_, message) = rig.letter(UE, 200);
    rig.pass(Duration::from_secs(39));
    assert!(rig.world.gmsc.returned.is_empty());
    rig.pass(Duration::from_secs(2));
    assert_eq!(diagnostic(rig.outcome()), absent(reason::NO_RESPONSE_IP_SM_GW));
    // The report comes late: the message is delivered when it comes again, without the UE.
    rig.message(UE, "late", "", &ack(message.reference));
    rig.response(202);
    rig.mt(&deliver("hi"), false);
    assert!(rig.outcome().is_ok());
    rig.is_silent();
}

#[test]
fn who_may_not_receive_does_not() {
    let mut rig = Rig::new();
    rig.world.data.teleservice_list = Some(Vec::new());
    rig.register(600);
    rig.mt(&deliver("hi"), false);
    let refused = rig.outcome();
    assert!(matches!(refused, Err(InvokeFailure::User(UserError::FacilityNotSupported))), "{refused:?}");
}

#[test]
fn several_messages_go_one_after_the_other() {
    let mut config = config();
    config.limits.mt_per_user = 2;
    let mut rig = Rig::with(config);
    rig.register(600);
    for text in ["1", "2", "3", "4"] {
        rig.mt(&deliver(text), false);
    }
    // One is on its way, two wait.
    let busy = rig.outcome();
    assert!(matches!(busy, Err(InvokeFailure::User(UserError::SubscriberBusyForMtSms(false)))), "{busy:?}");
    for text in ["1", "2", "3"] {
        let (_, message) = rig.letter(UE, 200);
        rig.is_silent();
        assert_eq!(message.user_data(), Some(&deliver(text)[..]));
        rig.message(UE, text, "", &ack(message.reference));
        rig.response(202);
        assert!(rig.outcome().is_ok());
    }
    rig.is_silent();
}

#[test]
fn more_messages_come_in_the_same_dialogue() {
    let mut rig = registered();
    let dialogue = rig.mt(&deliver("1"), true);
    let (_, message) = rig.letter(UE, 200);
    rig.message(UE, "r1", "", &ack(message.reference));
    rig.response(202);
    assert!(rig.outcome().is_ok());
    let second = MtForwardSmArg::new(SmRpDa::None, SmRpOa::None, deliver("2"));
    rig.world.gmsc.map.invoke(dialogue, &Operation::MtForwardSm(second)).unwrap();
    rig.world.gmsc.map.delimit(rig.world.now, dialogue).unwrap();
    rig.drain();
    let (_, message) = rig.letter(UE, 200);
    assert_eq!(message.user_data(), Some(&deliver("2")[..]));
    rig.message(UE, "r2", "", &ack(message.reference));
    rig.response(202);
    assert!(rig.outcome().is_ok());
    assert_eq!((rig.gateway.map.dialogues(), rig.world.gmsc.map.dialogues()), (0, 0));
    assert!(rig.gateway.mts.waiting() == 0);
}

#[test]
fn a_long_message_comes_in_pieces_of_tcap() {
    let mut rig = registered();
    let text = "x".repeat(160);
    rig.mt(&deliver(&text), false);
    let (_, message) = rig.letter(UE, 200);
    assert_eq!(message.user_data(), Some(&deliver(&text)[..]));
    rig.message(UE, "r1", "", &ack(message.reference));
    rig.response(202);
    assert!(rig.outcome().is_ok());
}

#[test]
fn a_dialogue_that_ends_takes_its_waiting_message_with_it() {
    let mut rig = registered();
    rig.mt(&deliver("1"), false);
    let dialogue = rig.mt(&deliver("2"), false);
    let other = rig.mt(&deliver("1"), false);
    // The same message is on its way for another.
    assert!(matches!(rig.outcome(), Err(InvokeFailure::User(UserError::SubscriberBusyForMtSms(_)))));
    let _ = other;
    rig.world.gmsc.map.close(rig.world.now, dialogue).unwrap();
    rig.drain();
    let (_, message) = rig.letter(UE, 200);
    rig.message(UE, "r1", "", &ack(message.reference));
    rig.response(202);
    // A close of one that was not answered is known to its own end alone: the message goes.
    assert!(rig.outcome().is_ok());
}

#[test]
fn who_leaves_gets_no_more() {
    let mut rig = registered();
    rig.mt(&deliver("1"), false);
    rig.letter(UE, 200);
    rig.mt(&deliver("2"), false);
    rig.register(0);
    assert_eq!(diagnostic(rig.outcome()), absent(reason::DEREGISTERED_IMS));
    rig.pass(Duration::from_secs(41));
    assert_eq!(diagnostic(rig.outcome()), absent(reason::NO_RESPONSE_IP_SM_GW));
    rig.is_silent();
}

#[test]
fn what_the_store_does_not_take_does_not_go() {
    let mut rig = registered();
    rig.world.store_fails = true;
    rig.mt(&deliver("1"), false);
    let failed = rig.outcome();
    assert!(matches!(failed, Err(InvokeFailure::User(UserError::SystemFailure(_)))), "{failed:?}");
    rig.is_silent();
}
