use proptest::option::of;
use proptest::prelude::*;

use super::super::sccp::{ReturnCause, SccpAddress, SccpError, SccpMessage, UnitData, UnitDataService, ssn};
use super::super::tcap::*;
use super::super::*;
use super::strategies;

fn component() -> impl Strategy<Value = Component> {
    let code = || {
        prop_oneof![
            any::<i64>().prop_map(Code::Local),
            (0_u32..3, 0_u32..40, any::<u32>()).prop_map(|(a, b, c)| Code::Global(vec![a, b, c])),
        ]
    };
    let parameter =
        || prop::sample::select(vec![vec![0x30, 0], vec![0x05, 0], vec![0x04, 2, 1, 2], vec![0xa3, 2, 5, 0]]);
    let problem = prop_oneof![
        any::<i64>().prop_map(|value| Problem::General(GeneralProblem(value))),
        any::<i64>().prop_map(|value| Problem::Invoke(InvokeProblem(value))),
        any::<i64>().prop_map(|value| Problem::ReturnResult(ReturnResultProblem(value))),
        any::<i64>().prop_map(|value| Problem::ReturnError(ReturnErrorProblem(value))),
    ];
    prop_oneof![
        (any::<i8>(), of(any::<i8>()), code(), of(parameter())).prop_map(|(invoke_id, linked_id, code, parameter)| {
            Component::Invoke { invoke_id, linked_id, code, parameter }
        }),
        (any::<i8>(), any::<bool>(), of((code(), parameter())))
            .prop_map(|(invoke_id, is_last, result)| { Component::ReturnResult { invoke_id, is_last, result } }),
        (any::<i8>(), code(), of(parameter())).prop_map(|(invoke_id, code, parameter)| Component::ReturnError {
            invoke_id,
            code,
            parameter
        }),
        (of(any::<i8>()), problem).prop_map(|(invoke_id, problem)| Component::Reject { invoke_id, problem }),
    ]
}

fn dialogue() -> impl Strategy<Value = DialoguePdu> {
    let information = || {
        // EXTERNAL of map-DialogueAS with map-open.
        let open = [0x28, 0x0d, 0x06, 7, 4, 0, 0, 1, 1, 1, 1, 0xa0, 2, 0xa0, 0].to_vec();
        prop::collection::vec(Just(open), 0..2)
    };
    let context = || any::<(u32, u32)>().prop_map(|(id, version)| ApplicationContext { id, version }.arcs());
    prop_oneof![
        (any::<bool>(), context(), information()).prop_map(|(is_version1, context, user_information)| {
            DialoguePdu::Request { is_version1, context, user_information }
        }),
        (context(), any::<(bool, bool, i64)>(), information()).prop_map(|(context, values, user_information)| {
            let diagnostic = Diagnostic { by_provider: values.1, value: values.2 };
            DialoguePdu::Response { context, is_accepted: values.0, diagnostic, user_information }
        }),
        (any::<bool>(), information())
            .prop_map(|(by_provider, user_information)| DialoguePdu::Abort { by_provider, user_information }),
        Just(DialoguePdu::Other(vec![0x28, 7, 0x06, 2, 0x2a, 3, 0x81, 1, 7])),
    ]
}

fn message() -> impl Strategy<Value = TcapMessage> {
    let id = || prop::collection::vec(any::<u8>(), 1..=4).prop_map(|octets| TransactionId::new(&octets).unwrap());
    let parts = (of(dialogue()), prop::collection::vec(component(), 0..4));
    (id(), id(), parts, 0..6, any::<i64>()).prop_map(|(otid, dtid, (dialogue, components), kind, cause)| match kind {
        0 => TcapMessage::Begin { otid, dialogue, components },
        1 => TcapMessage::Continue { otid, dtid, dialogue, components },
        2 => TcapMessage::End { dtid, dialogue, components },
        3 => TcapMessage::Abort { dtid, reason: AbortReason::User(dialogue) },
        4 if !components.is_empty() => TcapMessage::Unidirectional { dialogue: None, components },
        _ => TcapMessage::Abort { dtid, reason: AbortReason::Provider(PAbortCause(cause)) },
    })
}

proptest! {
    #[test]
    fn operations_come_back_as_they_were(operation in strategies::operation()) {
        let octets = operation.emit();
        prop_assert_eq!(Operation::parse(operation.code(), Some(&octets)), Ok(operation.clone()));
        // Whatever is cut off is missed.
        for end in 0..octets.len().min(60) {
            prop_assert!(Operation::parse(operation.code(), Some(&octets[..end])).is_err());
        }
        prop_assert_eq!(Operation::parse(OperationCode(99), Some(&octets)), Err(None));
    }

    #[test]
    fn results_come_back_as_they_were(result in strategies::result()) {
        let octets = result.emit();
        prop_assert_eq!(OperationResult::parse(result.code(), octets.as_deref()), Ok(result));
    }

    #[test]
    fn errors_come_back_as_they_were(error in strategies::user_error()) {
        let octets = error.emit();
        prop_assert_eq!(UserError::parse(error.code(), octets.as_deref()), Ok(error));
    }

    #[test]
    fn members_of_later_releases_are_skipped(operation in strategies::operation(), tag in 0x40_u8..0x7f) {
        // [tag] NULL behind the last member of the outermost SEQUENCE.
        let mut octets = operation.emit();
        let addition = [0x9f, tag, 0];
        match octets[1] {
            length @ 0..0x7d => octets[1] = length + 3,
            0x81 if octets[2] < 0xfd => octets[2] += 3,
            _ => return Ok(()),
        }
        octets.extend(addition);
        prop_assert_eq!(Operation::parse(operation.code(), Some(&octets)), Ok(operation));
    }

    #[test]
    fn tcap_messages_come_back_as_they_were(message in message()) {
        let octets = message.emit().unwrap();
        prop_assert_eq!(TcapMessage::parse(&octets), Ok(message));
        for end in 0..octets.len() {
            prop_assert!(TcapMessage::parse(&octets[..end]).is_err());
        }
    }

    #[test]
    fn sccp_messages_come_back_as_they_were(
        called in strategies::address(), calling in strategies::address(), class in 0_u8..2, return_on_error: bool,
        data in prop::collection::vec(any::<u8>(), 0..=255), cause: u8,
    ) {
        let unitdata = UnitData { called, calling, class, return_on_error, data };
        let octets = unitdata.emit().unwrap();
        prop_assert_eq!(UnitData::parse(&octets), Ok(unitdata.clone()));
        let room = UnitData::max_data(&unitdata.called, &unitdata.calling);
        // What fits is what makes 268 octets, the length of the data aside.
        prop_assert!(octets.len() - unitdata.data.len() + room <= 268);
        let Some(service) = unitdata.undelivered(ReturnCause(cause)) else {
            prop_assert!(!return_on_error);
            return Ok(());
        };
        let octets = SccpMessage::UnitDataService(service.clone()).emit().unwrap();
        prop_assert_eq!(UnitDataService::parse(&octets), Ok(service.clone()));
        prop_assert_eq!(SccpMessage::parse(&octets), Ok(SccpMessage::UnitDataService(service)));
    }
}

#[test]
fn what_does_not_fit_is_not_sent() {
    let address = SccpAddress::e164("491770001", ssn::HLR).unwrap();
    let with = |data| UnitData::new(address.clone(), address.clone(), data);
    assert_eq!(with(vec![0; 256]).emit(), Err(SccpError::TooLong(256)));
    assert!(with(vec![0; 255]).emit().is_ok());
    let long = |digits: usize| sccp::GlobalTitle::e164(&"1".repeat(digits));
    assert_eq!(long(39), Err(SccpError::TooLong(39)));
    let address = SccpAddress { global_title: long(38).ok(), ..address };
    assert!(UnitData::new(address.clone(), address, vec![0; 255]).emit().is_ok());
    assert_eq!(SccpMessage::parse(&[0x11, 0, 0]), Err(SccpError::Unsupported(0x11)));
    assert_eq!(SccpMessage::parse(&[]), Err(SccpError::Malformed));
}

#[test]
fn parameters_that_say_nothing_are_told_from_those_that_are_none() {
    let read = |octets: &[u8]| Operation::parse(OperationCode::PURGE_MS, Some(octets)).unwrap_err();
    // PurgeMS-Arg is tagged [3]; the IMSI has a filler in its midst, is too short, is an INTEGER.
    assert!(matches!(read(&[0xa3, 5, 4, 3, 0x21, 0xf3, 0x54]), Some(ParameterError::Unexpected(_))));
    assert!(matches!(read(&[0xa3, 4, 4, 2, 0x21, 0x43]), Some(ParameterError::Mistyped(_))));
    assert!(matches!(read(&[0xa3, 5, 2, 3, 0x21, 0x43, 0x65]), Some(ParameterError::Mistyped(_))));
    assert!(matches!(read(&[0x30, 5, 4, 3, 0x21, 0x43, 0x65]), Some(ParameterError::Mistyped(_))));
    assert_eq!(Operation::parse(OperationCode::PURGE_MS, None), Err(Some(ParameterError::Mistyped("no parameter"))));
}
