//! SCCP, TCAP and MAP.

use crate::map::sccp::{SccpAddress, SccpMessage, UnitData, ssn};
use crate::map::tcap::{AbortReason, Code, Component, Diagnostic, DialoguePdu, TcapMessage};
use crate::map::*;

/// A message of SCCP that parses is emitted as what parses again to the same, and so is the TCAP in it; `octets` are also
/// taken for TCAP, and for an argument, a result and a parameter of an error.
///
/// # Panics
/// When that does not hold.
pub fn map(octets: &[u8]) {
    if let Ok(message) = SccpMessage::parse(octets) {
        let again = message.emit().expect("what was read fits");
        assert_eq!(SccpMessage::parse(&again).as_ref(), Ok(&message), "what was emitted reads otherwise");
        tcap(message.data());
    }
    tcap(octets);
    for code in CODES {
        if let Ok(operation) = Operation::parse(OperationCode(code), Some(octets)) {
            let again = Operation::parse(operation.code(), Some(&operation.emit()));
            assert_eq!(again, Ok(operation), "an argument reads otherwise");
        }
        if let Ok(result) = OperationResult::parse(OperationCode(code), Some(octets)) {
            let again = OperationResult::parse(result.code(), result.emit().as_deref());
            assert_eq!(again, Ok(result), "a result reads otherwise");
        }
    }
    for code in 0..50 {
        if let Ok(error) = UserError::parse(code, Some(octets)) {
            let again = UserError::parse(error.code(), error.emit().as_deref());
            assert_eq!(again, Ok(error), "an error reads otherwise");
        }
    }
}

fn tcap(octets: &[u8]) {
    match TcapMessage::parse(octets) {
        Ok(message) => {
            let again = message.emit().expect("what was read can be said");
            assert_eq!(TcapMessage::parse(&again).as_ref(), Ok(&message), "what was emitted reads otherwise");
        }
        Err(problem) => {
            let abort = problem.abort().map(|abort| abort.emit());
            assert!(abort.is_none_or(|abort| abort.is_ok()), "an Abort that cannot be sent");
        }
    }
}

/// Operations of [`Operation`].
const CODES: [i64; 12] = [3, 7, 23, 44, 45, 46, 47, 56, 63, 64, 66, 67];

/// Messages of MAP with all kinds of arguments, results and errors, whole and by parts.
pub fn map_corpus() -> Vec<Vec<u8>> {
    let operations = operations();
    let result = OperationResult::SendRoutingInfoForSm(RoutingInfoForSmRes {
        imsi: imsi(),
        location_info_with_lmsi: LocationInfoWithLmsi {
            additional_number: Some(AdditionalNumber::Sgsn(number())),
            third_number: Some(AdditionalNumber::Msc(number())),
            ..LocationInfoWithLmsi::new(number())
        },
        ip_sm_gw_guidance: Some(IpSmGwGuidance { minimum_s: 30, recommended_s: 300 }),
        extensions: Vec::new(),
    });
    let absent = AbsentSubscriberSm { diagnostic: Some(1), additional_diagnostic: Some(6), ..Default::default() };
    let (result, absent) = (result.emit(), UserError::AbsentSubscriberSm(absent).emit());
    let context = ApplicationContext::SHORT_MSG_GATEWAY_V3.arcs();
    let said = result.clone().map(|result| (Code::Local(45), result));
    let components = vec![
        Component::ReturnResult { invoke_id: 1, is_last: true, result: said },
        Component::ReturnError { invoke_id: 2, code: Code::Local(6), parameter: absent.clone() },
    ];
    let refusal = DialoguePdu::refuse(context.clone(), Diagnostic::CONTEXT_NOT_SUPPORTED);
    let begin = |operation: &Operation| TcapMessage::Begin {
        otid: 1.into(),
        dialogue: Some(DialoguePdu::request(operation.context().arcs())),
        components: vec![invoke(operation)],
    };
    let messages = operations.iter().map(begin).chain([
        TcapMessage::Continue {
            otid: 1.into(),
            dtid: 2.into(),
            dialogue: Some(DialoguePdu::accept(context)),
            components: vec![invoke(&operations[2])],
        },
        TcapMessage::End { dtid: 2.into(), dialogue: None, components },
        TcapMessage::Abort { dtid: 2.into(), reason: AbortReason::User(Some(refusal)) },
    ]);
    let arguments = operations.iter().map(Operation::emit);
    arguments
        .chain(result)
        .chain(vectors().emit())
        .chain(absent)
        .chain(messages.map(|message| packet(&message)))
        .collect()
}

fn vectors() -> OperationResult {
    let vector = AuthenticationQuintuplet {
        rand: [1; 16],
        xres: vec![2; 8].into(),
        ck: [3; 16].into(),
        ik: [4; 16].into(),
        autn: [5; 16],
    };
    OperationResult::SendAuthenticationInfo(SendAuthenticationInfoRes {
        quintuplet_list: vec![vector],
        extensions: Vec::new(),
    })
}

fn operations() -> [Operation; 7] {
    let extensions = vec![ScType::VIDEO_MAIL.to_extension()];
    let routing = RoutingInfoForSmArg {
        gprs_support_indicator: true,
        extensions: extensions.clone(),
        ..RoutingInfoForSmArg::new(number(), true, number())
    };
    let (da, oa) = (SmRpDa::Imsi(imsi()), SmRpOa::ServiceCentreAddress(number()));
    let mt = MtForwardSmArg {
        more_messages_to_send: true,
        sm_delivery_timer_s: Some(60),
        ..MtForwardSmArg::new(da, oa, vec![4, 1, 0x91, 0xf1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    };
    let mw_status = Some(MwStatus { mnrf_set: true, ..MwStatus::default() });
    let insert = InsertSubscriberDataArg {
        msisdn: Some(number()),
        teleservice_list: Some(vec![TeleserviceCode::SHORT_MESSAGE_MT_PP]),
        ..InsertSubscriberDataArg::default()
    };
    let lmsi = Some(Lmsi([1; 4]));
    let authentication = SendAuthenticationInfoArg {
        re_synchronisation_info: Some(ReSynchronisationInfo { rand: [1; 16], auts: [2; 14] }),
        requesting_node_type: Some(RequestingNodeType::SGSN),
        ..SendAuthenticationInfoArg::new(imsi(), 2)
    };
    [
        Operation::SendRoutingInfoForSm(routing),
        Operation::MtForwardSm(mt),
        Operation::InformServiceCentre(InformServiceCentreArg { mw_status, ..Default::default() }),
        Operation::InsertSubscriberData(insert),
        Operation::UpdateGprsLocation(UpdateGprsLocationArg::new(imsi(), number(), [10, 0, 0, 1].into())),
        Operation::CancelLocation(CancelLocationArg { imsi: imsi(), lmsi, cancellation_type: Some(1), extensions }),
        Operation::SendAuthenticationInfo(authentication),
    ]
}

pub(super) fn number() -> AddressString {
    AddressString::international("491700001").expect("a number")
}

pub(super) fn imsi() -> Imsi {
    Imsi::new("001010123456789").expect("an IMSI")
}

pub(super) fn address(node: usize) -> SccpAddress {
    SccpAddress::e164(["491700060", "491700040"][node], ssn::MSC).expect("a number")
}

pub(super) fn invoke(operation: &Operation) -> Component {
    Component::Invoke {
        invoke_id: 1,
        linked_id: None,
        code: Code::Local(operation.code().0),
        parameter: Some(operation.emit()),
    }
}

/// From the second node to the first.
pub(super) fn packet(message: &TcapMessage) -> Vec<u8> {
    let data = message.emit().expect("a message");
    UnitData::new(address(0), address(1), data).emit().expect("it fits")
}
