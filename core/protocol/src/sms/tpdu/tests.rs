//! Vectors of other encoders, and that nothing is lost.

use std::time::Duration;

use proptest::prelude::*;

use super::super::{CommandType, ElementId, FailureCause, ProtocolIdentifier, Status, UserDataHeader, ValidityPeriod};
use super::*;

pub(in crate::sms) fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn submit(hex: &str) -> Submit {
    let octets = octets(hex);
    let Ok(Tpdu::Submit(submit)) = Tpdu::parse(Direction::ToNetwork, Carrier::Data, &octets) else { panic!("{hex}") };
    assert_eq!(submit.emit(), octets);
    submit
}

/// "hello" to +358401234567 as ModemManager, ofono, gammu and gnokii send it.
#[test]
fn submits_of_other_programs() {
    let week_63 = Some(ValidityPeriod::LONGEST);
    for (hex, validity) in [
        ("01000C91534810325476000005E8329BFD06", None),
        ("11000C915348103254760000A705E8329BFD06", Some(ValidityPeriod::relative(Duration::from_secs(86_400)))),
        ("11000C915348103254760000FF05E8329BFD06", week_63),
    ] {
        let read = submit(hex);
        assert_eq!(read.destination.to_string(), "+358401234567");
        assert_eq!(read.user_data.text(read.coding).as_deref(), Some("hello"));
        assert_eq!(read.validity_period, validity);
        let (coding, data) = UserData::of_text("hello").unwrap();
        let mut own = Submit::new(0, Address::of_number("+358401234567").unwrap(), coding, data);
        own.validity_period = validity;
        assert_eq!(own, read);
    }
}

#[test]
fn a_deliver_that_gammu_made() {
    let octets = octets("040C9153481032547600006211211212000005E8329BFD06");
    let Ok(Tpdu::Deliver(read)) = Tpdu::parse(Direction::ToMs, Carrier::Data, &octets) else { panic!() };
    assert_eq!((read.more_messages, read.originator.e164().as_deref()), (false, Some("358401234567")));
    assert_eq!(read.service_centre_time.to_string(), "2026-11-12T21:21:00Z");
    assert_eq!((read.user_data.text(read.coding).as_deref(), read.emit()), (Some("hello"), octets));
}

#[test]
fn reports_and_commands() {
    let time = Timestamp::from_utc_ms(1_794_518_460_000, 4);
    let round = |direction, carrier, tpdu: Tpdu| {
        let octets = tpdu.emit();
        assert_eq!(Tpdu::parse(direction, carrier, &octets).as_ref(), Ok(&tpdu), "{octets:02X?}");
        octets
    };
    let taken = DeliverReport::new(None, Parameters::default());
    assert_eq!(round(Direction::ToNetwork, Carrier::Ack, Tpdu::DeliverReport(taken)), [0, 0]);
    let full = DeliverReport::new(Some(FailureCause::MEMORY_EXCEEDED), Parameters::default());
    assert_eq!(round(Direction::ToNetwork, Carrier::Error, Tpdu::DeliverReport(full)), [0, 0xD3, 0]);
    let stored = SubmitReport::new(None, time, Parameters::of_text("thanks"));
    let octets = round(Direction::ToMs, Carrier::Ack, Tpdu::SubmitReport(stored.clone()));
    assert_eq!((octets[..3].to_vec(), stored.parameters.text().as_deref()), (vec![1, 6, 0x62], Some("thanks")));
    let busy = SubmitReport::new(Some(FailureCause::SC_BUSY), time, Parameters::of_text("später ж"));
    let octets = round(Direction::ToMs, Carrier::Error, Tpdu::SubmitReport(busy));
    assert_eq!(octets[..3], [1, 0xC0, 6]);
    let submit = submit("31050C915348103254760000FF05E8329BFD06");
    assert!(submit.status_report);
    let mut report = StatusReport::of_submit(&submit, time, time, Status::RECEIVED);
    assert_eq!(round(Direction::ToMs, Carrier::Data, Tpdu::StatusReport(report.clone())).len(), 2 + 8 + 14 + 1);
    report.parameters = Some(Parameters::of_text("x"));
    round(Direction::ToMs, Carrier::Data, Tpdu::StatusReport(report));
    let mut command = Command::new(6, CommandType::DELETE, 5, submit.destination);
    command.data = UserData::of_octets(None, &[1, 2, 3]).unwrap();
    let octets = round(Direction::ToNetwork, Carrier::Data, Tpdu::Command(command));
    assert_eq!(octets[..5], [2, 6, 0, 2, 5]);
}

#[test]
fn what_is_not_known_survives() {
    let kept = |direction, carrier, hex: &str| {
        let octets = octets(hex);
        let tpdu = Tpdu::parse(direction, carrier, &octets).unwrap_or_else(|why| panic!("{hex}: {why}"));
        assert_eq!(tpdu.emit(), octets);
        tpdu
    };
    // Reserved TP-MTI and spare bit in SMS-DELIVER, octets behind its end.
    kept(Direction::ToMs, Carrier::Data, "570281F10000621121121200000401000102FFEE");
    // TP-PI extended, with a reserved bit and a parameter behind that nobody knows; TP-UDHI without user data.
    let report = kept(Direction::ToNetwork, Carrier::Ack, "4089810102AABB");
    let Tpdu::DeliverReport(mut report) = report else { panic!("{report:?}") };
    assert_eq!(report.parameters.protocol_identifier, Some(ProtocolIdentifier(2)));
    // User data of another have no header.
    report.parameters.user_data = Some(UserData::of_text("a").unwrap().1);
    assert_eq!(report.emit()[0], 0);
    // An unused bit: the cause is not looked at.
    let report = kept(Direction::ToNetwork, Carrier::Error, "80D300");
    let Tpdu::DeliverReport(report) = report else { panic!("{report:?}") };
    assert_eq!(report.failure_cause(), Some(FailureCause::UNSPECIFIED));
    // Address filled up with zero, and with other type and plan.
    let deliver = kept(Direction::ToMs, Carrier::Data, "0403FA210300006211211212000000");
    let Tpdu::Deliver(deliver) = deliver else { panic!("{deliver:?}") };
    assert_eq!((deliver.originator.digits().as_str(), deliver.originator.type_of_number().0), ("123", 7));
}

#[test]
fn what_is_no_tpdu() {
    let parse = |direction, carrier, hex: &str| Tpdu::parse(direction, carrier, &octets(hex)).map(|tpdu| tpdu.name());
    let (up, down) = (Direction::ToNetwork, Direction::ToMs);
    assert_eq!(parse(up, Carrier::Data, ""), Err(TpduError::Missing("TP-MTI")));
    assert_eq!(parse(up, Carrier::Data, "00"), Err(TpduError::Type(0)));
    assert_eq!(parse(down, Carrier::Ack, "00"), Err(TpduError::Type(0)));
    assert_eq!(parse(up, Carrier::Ack, "00"), Err(TpduError::Missing("TP-PI")));
    assert_eq!(parse(up, Carrier::Ack, "0080"), Err(TpduError::Missing("TP-PI")));
    assert_eq!(parse(up, Carrier::Data, "01001591"), Err(TpduError::Address("TP-DA")));
    assert_eq!(parse(up, Carrier::Data, "110002811200"), Err(TpduError::Missing("TP-DCS")));
    assert_eq!(parse(up, Carrier::Data, "19000281210000112233"), Err(TpduError::Missing("TP-VP")));
    assert_eq!(parse(up, Carrier::Data, "010002812100000541"), Err(TpduError::Missing("TP-UD")));
    let long = format!("01000281210004{}{}", "8D", "00".repeat(141));
    assert_eq!(parse(up, Carrier::Data, &long), Err(TpduError::UserDataTooLong(141)));
    assert_eq!(parse(up, Carrier::Data, &format!("01{}", "00".repeat(255))), Err(TpduError::TooLong(256)));
    assert_eq!(TpduError::Type(3).failure_cause(), FailureCause::TPDU_NOT_SUPPORTED);
}

proptest! {
    /// Another implementation reads what is made here, and the same in it.
    #[test]
    fn another_codec_agrees(
        number in "[0-9]{1,20}", text in "[ -_a-~é€\n]{0,100}", octets in 0_usize..12, flags: [bool; 4],
        validity: Option<u8>, reference: u8, identifier: u8, utc_s in 1_000_000_000_u64..3_000_000_000, quarters in -79_i8..79,
    ) {
        let header = UserDataHeader::default().with(ElementId(0x70), vec![0x5A; octets]);
        let septets = crate::sms::alphabet::to_septets(&text).unwrap();
        let data = UserData::of_septets(flags[0].then_some(&header), &septets).unwrap();
        let address = Address::international(&number).unwrap();
        let mut own = Submit::new(reference, address, DataCodingScheme(0xF1), data);
        (own.reject_duplicates, own.status_report, own.reply_path) = (flags[1], flags[2], flags[3]);
        own.validity_period = validity.map(ValidityPeriod::Relative);
        own.protocol_identifier = ProtocolIdentifier(identifier);
        let emitted = own.emit();
        let theirs = tpdu::decode_sms_submit_tpdu(&mut std::io::Cursor::new(&emitted)).unwrap();
        prop_assert_eq!(theirs.encode().unwrap(), emitted.clone());
        prop_assert_eq!(theirs.tp_destination_address.unwrap().address, number.clone());
        prop_assert_eq!((theirs.tp_udhi, theirs.tp_srr, theirs.tp_mr), (flags[0], flags[2], reference));
        prop_assert!(theirs.tp_user_data.ends_with(text.as_bytes()));
        prop_assert_eq!(&Submit::parse(&emitted).unwrap(), &own);

        let time = Timestamp::from_utc_ms(utc_s * 1000, quarters);
        let mut deliver = Deliver::of_submit(&own, address, time);
        (deliver.more_messages, deliver.loop_prevention) = (flags[1], flags[0]);
        let emitted = deliver.emit();
        let theirs = tpdu::SmsDeliver::decode(&emitted).unwrap();
        prop_assert_eq!(theirs.encode().unwrap(), emitted.clone());
        prop_assert_eq!((theirs.tp_mms, theirs.tp_sri, theirs.tp_lp, theirs.tp_pid), (!flags[1], flags[2], flags[0], identifier));
        prop_assert_eq!(Deliver::parse(&emitted).unwrap(), deliver);

        let report = StatusReport::of_submit(&own, time, time, Status(identifier));
        let theirs = tpdu::SmsStatusReport::decode(&report.emit()).unwrap();
        prop_assert_eq!((theirs.encode().unwrap(), theirs.tp_status), (report.emit(), identifier));
    }

    #[test]
    fn any_octets_are_a_tpdu_or_not(mut octets in proptest::collection::vec(any::<u8>(), 0..180), length in 0_u8..14) {
        for (direction, carrier) in [
            (Direction::ToMs, Carrier::Data),
            (Direction::ToNetwork, Carrier::Data),
            (Direction::ToMs, Carrier::Ack),
            (Direction::ToNetwork, Carrier::Error),
        ] {
            if let Ok(tpdu) = Tpdu::parse(direction, carrier, &octets) {
                prop_assert_eq!(tpdu.emit(), octets.clone());
            }
            // An address that can be one.
            octets.iter_mut().skip(1).take(2).for_each(|octet| *octet = length);
        }
    }
}
