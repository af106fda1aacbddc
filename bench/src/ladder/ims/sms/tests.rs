use std::net::{IpAddr, Ipv4Addr};

use protocol::map::sccp::{SccpAddress, UnitData, ssn};
use protocol::map::tcap::{Code, Component, TcapMessage};
use protocol::map::{
    AddressString, Imsi, Operation, OperationCode, PurgeMsArg, RoutingInfoForSmArg, SendAuthenticationInfoArg,
};
use protocol::smpp::{Body, CommandStatus, MessageId, Pdu, ShortMessage, SmeAddress};

use super::*;
use crate::ladder::ims::find::Bound;
use crate::ladder::ims::{ImsActor, ImsCast, Without};

fn cast() -> ImsCast {
    let ue = ImsActor {
        name: "anna".into(),
        impi: "001010000000001@ims.test".into(),
        impu: "sip:anna@ims.test".into(),
        msisdn: "99900000001".into(),
        ip: IpAddr::V4(Ipv4Addr::new(10, 45, 0, 1)),
        pcscf: String::new(),
        mms_relay: String::new(),
        system: None,
    };
    ImsCast::new(0, ue, None, None)
}

fn sccp(message: &TcapMessage) -> Vec<u8> {
    let address = |digits| SccpAddress::e164(digits, ssn::HLR).unwrap();
    UnitData::new(address("999700000001"), address("999700000002"), message.emit().unwrap()).emit().unwrap()
}

fn begin(transaction: u32, operation: &Operation) -> MapSeen {
    let (code, parameter) = (Code::Local(operation.code().0), Some(operation.emit()));
    let invoke = Component::Invoke { invoke_id: 5, linked_id: None, code, parameter };
    let begin = TcapMessage::Begin { otid: transaction.into(), dialogue: None, components: vec![invoke] };
    MapSeen::of(&sccp(&begin)).unwrap()
}

fn end(transaction: u32, component: Component) -> MapSeen {
    let end = TcapMessage::End { dtid: transaction.into(), dialogue: None, components: vec![component] };
    MapSeen::of(&sccp(&end)).unwrap()
}

fn purge(imsi: &str) -> Operation {
    let sgsn_number = Some(AddressString::international("999700000002").unwrap());
    Operation::PurgeMs(PurgeMsArg { imsi: Imsi::new(imsi).unwrap(), vlr_number: None, sgsn_number, extensions: vec![] })
}

fn map(part: MapPart) -> Map {
    Map { operation: OperationCode::PURGE_MS, part, exchange: "purge", has: &[] }
}

#[test]
fn an_operation_is_that_of_the_subscriber_and_its_answer_that_of_the_operation() {
    let (cast, nothing) = (cast(), Bound::new());
    let invoke = map(MapPart::Invoke);
    assert_eq!(invoke.sees(&begin(7, &purge("001010000000002")), &cast, &nothing), None);
    let learned = invoke.sees(&begin(7, &purge("001010000000001")), &cast, &nothing).unwrap();
    let bound: Bound = learned.into_iter().collect();
    assert_eq!(bound["MAP purge"], "00000007 5");
    let result = |invoke_id| Component::ReturnResult { invoke_id, result: None, is_last: true };
    let error = Component::ReturnError { invoke_id: 5, code: Code::Local(1), parameter: None };
    for (message, is_result, is_error) in [
        (end(7, result(5)), true, false),
        (end(8, result(5)), false, false),
        (end(7, result(6)), false, false),
        (end(7, error), false, true),
    ] {
        assert_eq!(map(MapPart::Result).sees(&message, &cast, &bound).is_some(), is_result);
        assert_eq!(map(MapPart::Error).sees(&message, &cast, &bound).is_some(), is_error);
    }
    assert_eq!(
        invoke.filter(&bound),
        "gsm_old.localValue == 67 && frame contains 48:04:00:00:00:07 && frame contains 02:01:05:02:01:43"
    );
}

#[test]
fn the_indication_of_ip_messaging_is_looked_at() {
    let number = |digits| AddressString::international(digits).unwrap();
    let asked = |ip_sm_gw_guidance_indicator| {
        let asked = RoutingInfoForSmArg::new(number("99900000001"), false, number("999700000009"));
        Operation::SendRoutingInfoForSm(RoutingInfoForSmArg { ip_sm_gw_guidance_indicator, ..asked })
    };
    let operation = OperationCode::SEND_ROUTING_INFO_FOR_SM;
    let map = Map { operation, part: MapPart::Invoke, exchange: "routing", has: &[MapHas::IpMessaging] };
    assert!(map.sees(&begin(1, &asked(true)), &cast(), &Bound::new()).is_some());
    assert!(map.sees(&begin(1, &asked(false)), &cast(), &Bound::new()).is_none());
    // Unless the SMS-GMSC does not know of it.
    let plain = ImsCast { without: vec![Without::IpMessaging], ..cast() };
    assert!(map.sees(&begin(1, &asked(false)), &plain, &Bound::new()).is_some());
}

#[test]
fn vectors_are_those_of_the_subscriber() {
    let operation = OperationCode::SEND_AUTHENTICATION_INFO;
    let map = Map { operation, part: MapPart::Invoke, exchange: "authentication", has: &[] };
    for (imsi, is_own) in [("001010000000001", true), ("001010000000002", false)] {
        let asked = Operation::SendAuthenticationInfo(SendAuthenticationInfoArg::new(Imsi::new(imsi).unwrap(), 1));
        assert_eq!(map.sees(&begin(1, &asked), &cast(), &Bound::new()).is_some(), is_own, "{imsi}");
    }
}

#[test]
fn a_pdu_is_found_among_others_and_its_response_by_its_number() {
    let to = |digits: &str| ShortMessage {
        destination: SmeAddress::international(digits).unwrap(),
        ..ShortMessage::default()
    };
    let pdus = [
        Pdu::request(1, Body::EnquireLink),
        Pdu::request(2, Body::SubmitSm(to("99900000002"))),
        Pdu::request(3, Body::SubmitSm(to("99900000001"))),
    ];
    let bytes: Vec<u8> = pdus.iter().flat_map(Pdu::emit).collect();
    let submit = |part| Smpp { command: "submit_sm", part, exchange: "mt", push: None };
    let learned = submit(SmppPart::Request).sees(&SmppSeen::of(&bytes), &cast(), &Bound::new()).unwrap();
    let bound: Bound = learned.into_iter().collect();
    assert_eq!(bound["SMPP mt"], "3");
    for (status, number, success, failure) in [
        (CommandStatus::OK, 3, true, false),
        (CommandStatus::OK, 2, false, false),
        (CommandStatus::DELIVERY_FAILURE, 3, false, true),
    ] {
        let response = Pdu::response(number, status, Body::SubmitSmResp(Some(MessageId::default())));
        let seen = SmppSeen::of(&response.emit());
        assert_eq!(submit(SmppPart::Success).sees(&seen, &cast(), &bound).is_some(), success);
        assert_eq!(submit(SmppPart::Failure).sees(&seen, &cast(), &bound).is_some(), failure);
    }
    // A length that is none ends nothing but the reading.
    assert_eq!(SmppSeen::of(&[0, 0, 0, 0, 1]).first_name(), None);
    let filter = "smpp.command_id == 0x80000004 && smpp.command_status != 0 && smpp.sequence_number == 3";
    assert_eq!(submit(SmppPart::Failure).filter(&bound), filter);
}
