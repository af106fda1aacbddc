//! Short messages as another program reads them: numbers, alphabets, headers and user data that tshark finds in ours are
//! what was put there.

use protocol::UdpDatagram;
use protocol::sms::{
    Address, Alphabet, Command, CommandType, Concatenation, ConcatenationReference, Content, DataCodingScheme, Deliver,
    DeliverReport, Direction, ElementId, FailureCause, MessageClass, Parameters, Ports, ProtocolIdentifier, RpBody,
    RpCause, RpMessage, SMS_MEDIA_TYPE, Status, StatusReport, Submit, SubmitReport, Timestamp, Tpdu, UserData,
    UserDataHeader, ValidityPeriod, alphabet, segment, to_ucs2,
};

use super::RAW_IP;
use super::capture::{capture, tshark};

/// 2026-11-12T21:21:00Z.
const TIME: u64 = 1_794_518_460_000;

fn number(digits: &str) -> Address {
    Address::international(digits).unwrap()
}

/// A SIP MESSAGE that carries it, in an IP packet.
fn packet(message: &RpMessage) -> Vec<u8> {
    let body = message.emit();
    let head = format!(
        "MESSAGE sip:ue@10.45.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.46.0.1:5060;branch=z9hG4bK{}\r\nMax-Forwards: 70\r\n\
         From: <sip:ipsmgw@home1.net>;tag=1\r\nTo: <sip:ue@home1.net>\r\nCall-ID: {}@home1.net\r\nCSeq: 1 MESSAGE\r\n\
         Content-Type: {SMS_MEDIA_TYPE}\r\nContent-Length: {}\r\n\r\n",
        message.reference,
        message.reference,
        body.len()
    );
    let (source, destination) = ("10.46.0.1:5060".parse().unwrap(), "10.45.0.1:5060".parse().unwrap());
    UdpDatagram { source, destination, payload: &[head.as_bytes(), &body].concat() }.emit().unwrap()
}

/// What tshark says of messages in SIP, in words.
fn words(messages: &[RpMessage]) -> Option<String> {
    let said = tshark(&capture(RAW_IP, messages.iter().map(packet)), &["-V"])?;
    // tshark takes the body of a SIP message for a part of its head at first, and octets behind a zero there for strange.
    let mut remarks = said.lines().filter(|line| line.contains("Expert Info") && !line.contains("Trailing stray"));
    assert_eq!(remarks.next(), None, "{said}");
    Some(said)
}

/// Fields, one message in a line.
fn fields(messages: &[RpMessage], fields: &[&str]) -> Option<Vec<String>> {
    let head = ["-T", "fields", "-E", "separator=|", "-E", "occurrence=a", "-E", "aggregator=;"].into_iter();
    let arguments: Vec<_> = head.chain(fields.iter().flat_map(|field| ["-e", field])).collect();
    let said = tshark(&capture(RAW_IP, messages.iter().map(packet)), &arguments)?;
    let lines: Vec<_> = said.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), messages.len(), "{said}");
    Some(lines)
}

fn in_order(said: &str, wanted: &[&str]) {
    let mut rest = said;
    for words in wanted {
        let at = rest.find(words).unwrap_or_else(|| panic!("{words:?} is missing, in this order, in:\n{said}"));
        rest = &rest[at..];
    }
}

fn deliver(coding: DataCodingScheme, data: UserData) -> RpMessage {
    let deliver = Deliver::new(number("358401111111"), Timestamp::from_utc_ms(TIME, 8), coding, data);
    RpMessage::mobile_terminated(3, number("358405202000"), &Tpdu::Deliver(deliver))
}

fn says(messages: &[RpMessage], wanted: &[&str]) {
    if let Some(said) = words(messages) {
        in_order(&said, wanted);
    }
}

fn submit() -> Submit {
    let (coding, data) = UserData::of_text("hello {€}").unwrap();
    let mut submit = Submit::new(5, number("358402222222"), coding, data);
    (submit.reject_duplicates, submit.status_report) = (true, true);
    submit.validity_period = Some(ValidityPeriod::Relative(143));
    submit
}

#[test]
fn relay_layer_to_the_network() {
    let centre = number("358405202000");
    let mut command = Command::new(6, CommandType::DELETE, 5, number("358402222222"));
    command.data = UserData::of_octets(None, &[1, 2, 3]).unwrap();
    let report = |failure| Tpdu::DeliverReport(DeliverReport::new(failure, Parameters::default()));
    let full = Some(FailureCause::MEMORY_EXCEEDED);
    let messages = [
        RpMessage::mobile_originated(9, centre, &Tpdu::Submit(submit())),
        RpMessage::mobile_originated(10, centre, &Tpdu::Command(command)),
        RpMessage::ack(Direction::ToNetwork, 7, Some(&report(None))),
        RpMessage::error(Direction::ToNetwork, 8, RpCause::MEMORY_EXCEEDED, Some(&report(full))),
        RpMessage::smma(11),
    ];
    let wanted = [
        "RP-DATA (MS to Network)",
        "RP-Message Reference: 0x09",
        "Called Party BCD Number: 358405202000",
        "SMS-SUBMIT",
        "TP-VPF: TP-VP field present - relative format",
        "TP-RD: Instruct SC to reject",
        "TP-MR: 5",
        "TP-DA Digits: 358402222222",
        "TP-Validity-Period: 12 hours 0 minutes",
        "SMS text: hello {€}",
        "SMS-COMMAND",
        "TP-Command-Type: Delete previously submitted Short Message (2)",
        "TP-Message-Number: 5",
        "TP-Command-Data-Length: 3",
        "RP-ACK (MS to Network)",
        "SMS-DELIVER REPORT",
        "RP-ERROR (MS to Network)",
        "Cause: Memory capacity exceeded (22)",
        "TP-Failure-Cause (TP-FCS): Memory Capacity Exceeded",
        "RP-SMMA (MS to Network)",
    ];
    says(&messages, &wanted);
}

#[test]
fn relay_layer_to_the_mobile_station() {
    let time = Timestamp::from_utc_ms(TIME, -20);
    let mut diagnosed = RpMessage::error(Direction::ToMs, 10, RpCause::CONGESTION, None);
    if let RpBody::Error(error) = &mut diagnosed.body {
        error.diagnostics = vec![0x2A];
    }
    let stored = SubmitReport::new(None, time, Parameters::of_text("thanks"));
    let busy = SubmitReport::new(Some(FailureCause::SC_BUSY), time, Parameters::of_text("später ж"));
    let mut outcome = StatusReport::of_submit(&submit(), time, time, Status::VALIDITY_EXPIRED);
    outcome.more_messages = true;
    outcome.parameters = Some(Parameters::of_text("gone"));
    let messages = [
        RpMessage::ack(Direction::ToMs, 9, Some(&Tpdu::SubmitReport(stored))),
        RpMessage::error(Direction::ToMs, 9, RpCause::TEMPORARY_FAILURE, Some(&Tpdu::SubmitReport(busy))),
        diagnosed,
        RpMessage::mobile_terminated(12, number("358405202000"), &Tpdu::StatusReport(outcome)),
    ];
    let wanted = [
        "RP-ACK (Network to MS)",
        "SMS-SUBMIT REPORT",
        "Year: 26",
        "Hour: 16",
        "Timezone: GMT - 5 hours 0 minutes",
        "SMS text: thanks",
        "RP-ERROR (Network to MS)",
        "Cause: Temporary failure (41)",
        "SC busy",
        "SMS text: später ж",
        "Cause: Congestion (42)",
        "Diagnostic field: 2a",
        "SMS-STATUS REPORT",
        "TP-MMS: More messages are waiting",
        "TP-RA Digits: 358402222222",
        "SM Validity Period Expired",
        "SMS text: gone",
    ];
    says(&messages, &wanted);
}

#[test]
fn alphabets_classes_and_headers() {
    let octets: Vec<u8> = (0..140).collect();
    let class = |alphabet, class| DataCodingScheme::with_class(alphabet, class);
    let header = UserDataHeader::default().with_ports(Ports { destination: 16_001, originator: 16_002 });
    let extension = alphabet::to_septets("\u{C}^{}\\[~]|€ @£$¥ÄÖÜ§¿äöüà").unwrap();
    let data = |header: Option<&UserDataHeader>, octets: &[u8]| UserData::of_octets(header, octets).unwrap();
    let messages = [
        deliver(DataCodingScheme::GSM7, UserData::of_septets(None, &extension).unwrap()),
        deliver(class(Alphabet::Gsm7, MessageClass::Display), UserData::of_septets(Some(&header), &extension).unwrap()),
        deliver(class(Alphabet::Ucs2, MessageClass::Sim), data(None, &to_ucs2("привет 😀"))),
        deliver(DataCodingScheme::UCS2, data(Some(&header), &to_ucs2("日本語"))),
        deliver(class(Alphabet::EightBit, MessageClass::Terminal), data(None, &octets)),
        deliver(DataCodingScheme::EIGHT_BIT, data(Some(&header.clone().with(ElementId(0x70), [1, 2])), &[0xCA, 0xFE])),
    ];
    let Some(_) = words(&messages) else { return };
    let names = [
        "gsm_sms.tp-oa",
        "gsm_sms.tp-udhi",
        "gsm_sms.dcs.character_set",
        "gsm_sms.dcs.message_class",
        "gsm_sms.tp.user_data_length",
        "gsm_sms.sms_text",
        "gsm_sms.sms_body",
    ];
    let lines = fields(&messages, &names).unwrap();
    let hex = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    let text = "\\f^{}\\[~]|€ @£$¥ÄÖÜ§¿äöüà";
    // Nothing is shown of the default coding, and class bits also where they mean none.
    let wanted = [
        format!("358401111111|0|||34|{text}|"),
        format!("358401111111|1|0x00|0x00|42|{text}|"),
        "358401111111|0|0x02|0x02|18|привет 😀|".to_owned(),
        "358401111111|1|0x02|0x00|13|日本語|".to_owned(),
        format!("358401111111|0|0x01|0x03|140||{}", hex(&octets)),
        "358401111111|1|0x01|0x00|13||cafe".to_owned(),
    ];
    assert_eq!(lines, wanted);
}

#[test]
fn eight_parts_are_one_message() {
    let text: String = (0..8 * 152).map(|at| char::from(b'a' + (at % 26) as u8)).collect();
    for (reference, total) in [(ConcatenationReference::Short(0x42), 8), (ConcatenationReference::Long(0x1234), 8)] {
        let segments = segment(&Content::Text(text.clone()), &UserDataHeader::default(), reference).unwrap();
        assert_eq!(segments.parts.len(), total);
        for (part, sequence) in segments.parts.iter().zip(1..) {
            let wanted = Concatenation { reference, total: 8, sequence };
            assert_eq!(part.header().and_then(|header| header.concatenation()), Some(wanted));
        }
        let messages: Vec<_> = segments.parts.into_iter().map(|part| deliver(segments.coding, part)).collect();
        let Some(_) = words(&messages) else { return };
        let names = ["gsm_sms.udh.mm.msg_id", "gsm_sms.udh.mm.msg_parts", "gsm_sms.udh.mm.msg_part"];
        let names = [&names[..], &["gsm_sms.fragment.count", "gsm_sms.sms_text"]].concat();
        let lines = fields(&messages, &names).unwrap();
        let id = match reference {
            ConcatenationReference::Short(id) => u16::from(id),
            ConcatenationReference::Long(id) => id,
        };
        for (line, part) in lines.iter().zip(1..=8) {
            let head = format!("{id}|8|{part}|{}|", if part == 8 { "8" } else { "" });
            assert!(line.starts_with(&head), "{head} in {line}");
        }
        // It prints the parts one by one.
        assert!(lines[7].replace(';', "").ends_with(&format!("|{text}")), "{}", lines[7]);
    }
}

#[test]
fn what_the_names_of_codes_are() {
    let statuses = (0..0x80).map(Status).filter(|status| status.name().is_some());
    let (coding, data) = UserData::of_text("a").unwrap();
    let submit = Submit::new(5, Address::of_number("112").unwrap(), coding, data.clone());
    let time = Timestamp::from_utc_ms(TIME, 0);
    let reports = statuses.clone().map(|status| StatusReport::of_submit(&submit, time, time, status));
    let reports: Vec<_> =
        reports.map(|report| RpMessage::mobile_terminated(1, number("1"), &Tpdu::StatusReport(report))).collect();
    let Some(said) = words(&reports) else { return };
    let sides: Vec<_> = said.lines().filter(|line| line.contains("Reason: ")).collect();
    assert_eq!(sides.len(), reports.len());
    for (status, line) in statuses.zip(sides) {
        let first = status.name().unwrap().split(", ").next().unwrap().to_lowercase();
        let theirs = line.to_lowercase();
        assert!(first.split(' ').all(|word| theirs.contains(word)), "{first:?}: {line}");
    }
    let mut typed = Deliver::new(Address::alphanumeric("castbench").unwrap(), time, coding, data);
    typed.protocol_identifier = ProtocolIdentifier(0x43);
    let typed = RpMessage::mobile_terminated(1, number("1"), &Tpdu::Deliver(typed));
    in_order(&words(&[typed]).unwrap(), &["TP-OA Digits: castbench", "Replace Short Message Type 3"]);
}
