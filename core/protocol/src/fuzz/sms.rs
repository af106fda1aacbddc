//! Short messages.

use std::time::Duration;

use crate::Instant;
use crate::sms::{
    Assembled, Assembler, AssemblerConfig, Carrier, ConcatenationReference, Content, Deliver, Direction, Parameters,
    RpMessage, Seen, Tpdu, UserData, UserDataHeader, segment,
};

/// A message of the relay layer that parses prints the same octets, and so does the TPDU in it.
///
/// # Panics
/// When that does not hold.
pub fn sms_relay(octets: &[u8]) {
    let Ok(message) = RpMessage::parse(octets) else { return };
    assert_eq!(message.emit(), octets, "a message prints otherwise");
    let _ = (message.name(), format!("{message:?}"));
    if let (Some(Ok(tpdu)), Some(user_data)) = (message.tpdu(), message.user_data()) {
        assert_eq!(tpdu.emit(), user_data, "a TPDU prints otherwise");
    }
}

/// A TPDU that parses, in whatever carries it, prints the same octets; what is in it can be looked at.
///
/// # Panics
/// When that does not hold.
pub fn sms_transfer(octets: &[u8]) {
    for direction in [Direction::ToMs, Direction::ToNetwork] {
        for carrier in [Carrier::Data, Carrier::Ack, Carrier::Error] {
            let Ok(tpdu) = Tpdu::parse(direction, carrier, octets) else { continue };
            assert_eq!(tpdu.emit(), octets, "{} prints otherwise", tpdu.name());
            looked_at(&tpdu);
            let mut seen = Seen::new(1);
            seen.remember(&tpdu);
            assert!(seen.contains(&tpdu), "it has been seen");
        }
    }
}

fn looked_at(tpdu: &Tpdu) {
    let parameters = |parameters: &Parameters| drop(parameters.text());
    match tpdu {
        Tpdu::Deliver(deliver) => {
            let time = deliver.service_centre_time;
            let _ = (deliver.originator.to_string(), deliver.originator.e164(), time.to_utc_ms(), time.quarters());
            read(&deliver.user_data, deliver);
        }
        Tpdu::Submit(submit) => {
            let _ = submit.validity_period.map(|period| (period.duration(0), period.duration(u64::MAX)));
            let deliver = Deliver::of_submit(submit, submit.destination, crate::sms::Timestamp([0x11; 7]));
            assert_eq!(Deliver::parse(&deliver.emit()).as_ref(), Ok(&deliver), "it cannot be delivered");
            read(&submit.user_data, &deliver);
        }
        Tpdu::DeliverReport(report) => parameters(&report.parameters),
        Tpdu::SubmitReport(report) => parameters(&report.parameters),
        Tpdu::StatusReport(report) => report.parameters.iter().for_each(parameters),
        Tpdu::Command(command) => drop(command.data.header()),
    }
}

fn read(data: &UserData, deliver: &Deliver) {
    let _ = (data.header(), data.content(deliver.coding), deliver.coding.to_string(), data.message_octets());
    let mut assembler = Assembler::new(AssemblerConfig::default());
    let (outcome, given_up) = assembler.add(Instant::ZERO, (), deliver.coding, data.clone());
    let is_kept = matches!(outcome, Assembled::Waiting { parts: 1, .. });
    assert_eq!((assembler.len(), given_up.len()), (usize::from(is_kept), 0), "a part is kept, a message is not");
}

/// What is cut in parts is the same when it is put together, also among parts of others; what is kept is bounded.
///
/// # Panics
/// When that does not hold.
pub fn sms_parts(octets: &[u8]) {
    let config = AssemblerConfig { max_messages: 3, max_parts: 20, patience: Duration::from_secs(1) };
    let mut strangers = Assembler::new(config);
    // Any octets as user data: a part of something now and then.
    for (at, piece) in octets.chunks(7).enumerate() {
        let tpdu = [&[0x44, 1, 0x81, 0xF1, 0, piece[0]][..], &[0; 7], &[piece.len() as u8], piece].concat();
        let Ok(deliver) = Deliver::parse(&tpdu) else { continue };
        let now = Instant::from_millis(at as u64 * 100);
        strangers.add(now, at % 4, deliver.coding, deliver.user_data);
        assert!(strangers.len() <= config.max_messages, "too many messages are kept");
        strangers.handle_timeout(now);
        assert!(strangers.poll_timeout().is_none_or(|due| due > now), "it is called for nothing");
    }
    let content = match std::str::from_utf8(octets) {
        Ok(text) => Content::Text(text.to_owned()),
        Err(_) => Content::Octets(octets.to_vec()),
    };
    let Ok(segments) = segment(&content, &UserDataHeader::default(), ConcatenationReference::Long(1)) else { return };
    let mut assembler = Assembler::new(config);
    let outcomes = segments.parts.into_iter().rev();
    let outcomes = outcomes.map(|part| assembler.add(Instant::ZERO, (), segments.coding, part).0);
    let Some(Assembled::Whole(message)) = outcomes.last() else { panic!("it is not whole") };
    assert_eq!(message.content, content, "it was put together otherwise");
}
