//! The relay layer against another implementation, and what is broken.

use proptest::prelude::*;

use super::super::{
    DeliverReport, FailureCause, Parameters, Status, StatusReport, Submit, SubmitReport, Timestamp, UserData,
};
use super::*;
use crate::sms::tpdu::Deliver;
use crate::sms::tpdu::tests::octets;

fn number(digits: &str) -> Address {
    Address::international(digits).unwrap()
}

fn submit() -> Submit {
    let (coding, data) = UserData::of_text("hello").unwrap();
    Submit::new(5, number("358401234567"), coding, data)
}

fn round(message: &RpMessage) -> Vec<u8> {
    let octets = message.emit();
    assert_eq!(RpMessage::parse(&octets).as_ref(), Ok(message), "{octets:02X?}");
    octets
}

#[test]
fn messages_from_an_ms() {
    let tpdu = Tpdu::Submit(submit());
    let data = RpMessage::mobile_originated(9, number("358405202000"), &tpdu);
    let octets = round(&data);
    assert_eq!(octets[..11], [0, 9, 0, 7, 0x91, 0x53, 0x48, 0x50, 0x02, 0x02, 0x00]);
    assert_eq!(data.tpdu(), Some(Ok(tpdu)));
    let theirs = tpdu::parse_rp_data(&octets).unwrap();
    assert_eq!((theirs.rp_message_reference, theirs.encode().unwrap()), (9, octets));

    let report = Tpdu::DeliverReport(DeliverReport::new(None, Parameters::default()));
    let ack = round(&RpMessage::ack(Direction::ToNetwork, 7, Some(&report)));
    assert_eq!(ack, [2, 7, 0x41, 2, 0, 0]);
    assert_eq!(tpdu::RpAckMsToNetwork::decode(&ack).unwrap().encode().unwrap(), ack);
    let report = Tpdu::DeliverReport(DeliverReport::new(Some(FailureCause::MEMORY_EXCEEDED), Parameters::default()));
    let full = RpMessage::error(Direction::ToNetwork, 7, RpCause::MEMORY_EXCEEDED, Some(&report));
    assert_eq!((round(&full), full.tpdu()), (vec![4, 7, 1, 22, 0x41, 3, 0, 0xD3, 0], Some(Ok(report))));
    assert_eq!(round(&RpMessage::smma(8)), [6, 8]);
}

#[test]
fn messages_to_an_ms() {
    let time = Timestamp::from_utc_ms(1_794_518_460_000, 0);
    let deliver = Tpdu::Deliver(Deliver::of_submit(&submit(), number("358402222222"), time));
    let report = Tpdu::StatusReport(StatusReport::of_submit(&submit(), time, time, Status::VALIDITY_EXPIRED));
    for tpdu in [deliver, report] {
        let octets = round(&RpMessage::mobile_terminated(3, number("358405202000"), &tpdu));
        assert_eq!(octets[..3], [1, 3, 7]);
        let theirs = match tpdu::parse_rp_data_network_to_ms(&octets).unwrap() {
            tpdu::RpDataNetworkToMsMessage::Deliver(data) => data.encode(),
            tpdu::RpDataNetworkToMsMessage::StatusReport(data) => data.encode(),
        };
        assert_eq!(theirs.unwrap(), octets);
    }
    let report = Tpdu::SubmitReport(SubmitReport::new(None, time, Parameters::default()));
    let ack = round(&RpMessage::ack(Direction::ToMs, 9, Some(&report)));
    assert_eq!(tpdu::RpAckNetworkToMs::decode(&ack).unwrap().encode().unwrap(), ack);
    assert_eq!(round(&RpMessage::ack(Direction::ToMs, 9, None)), [3, 9]);
    let refused = RpMessage::error(Direction::ToMs, 9, RpCause::UNKNOWN_SUBSCRIBER, None);
    assert_eq!((round(&refused), refused.tpdu()), (vec![5, 9, 1, 30], None));
}

#[test]
fn what_is_not_known_survives() {
    let kept = |hex: &str| {
        let octets = octets(hex);
        let message = RpMessage::parse(&octets).unwrap_or_else(|why| panic!("{hex}: {why}"));
        assert_eq!(message.emit(), octets, "{hex}");
        message
    };
    // Spare bits, a diagnostic field, an extension bit, elements of both kinds.
    let error = kept("FC0703962A05A1330141410200004101FF");
    let RpBody::Error(body) = &error.body else { panic!("{error:?}") };
    assert_eq!((body.cause, body.diagnostics.as_slice()), (RpCause::MEMORY_EXCEEDED, &[0x2A, 0x05][..]));
    assert_eq!((body.elements.len(), error.user_data()), (4, Some(&[0, 0][..])), "the first one counts");
    // Octets at the end that are no element do not take back that the message was acknowledged.
    let ack = kept("0207410900");
    assert_eq!((ack.name(), ack.user_data()), ("RP-ACK", None));
    let RpBody::Ack(elements) = &ack.body else { panic!("{ack:?}") };
    assert_eq!(elements[..], [RpElement::Broken(vec![0x41, 9, 0])]);
    // Reserved types: 6 towards the MS, 7.
    assert_eq!(kept("07050102").body, RpBody::Other(7, vec![1, 2]));
    // Behind RP-User-Data.
    kept("000100000155A0");
}

#[test]
fn what_is_no_message() {
    let problem = |hex: &str| RpMessage::parse(&octets(hex)).unwrap_err();
    assert_eq!((problem("").reference, problem("00").reference), (None, None));
    for hex in ["0007", "000700", "00070000", "0007000002", "00070D91112233445566778899AABB", "0507", "050700"] {
        assert_eq!(
            problem(hex),
            RpProblem { reference: Some(7), cause: RpCause::INVALID_MANDATORY_INFORMATION },
            "{hex}"
        );
    }
    assert_eq!(problem("0507").to_string(), "no message of the relay layer: invalid mandatory information");
    assert!(RpUserData::new(vec![0; 256]).is_none());
    let mut error = RpError::new(RpCause(0xFF), Vec::new());
    error.diagnostics = vec![0; 300];
    let message = RpMessage::new(Direction::ToMs, 1, RpBody::Error(error));
    assert!(RpMessage::parse(&message.emit()).is_ok());
}

proptest! {
    #[test]
    fn any_octets_are_a_message_or_not(octets in proptest::collection::vec(any::<u8>(), 0..60), kind in 0_u8..8) {
        let octets: Vec<_> = [kind].into_iter().chain(octets).collect();
        if let Ok(message) = RpMessage::parse(&octets) {
            prop_assert_eq!(message.emit(), octets);
            let _ = message.tpdu();
        }
    }
}
