//! Messages that are sent.

use protocol::sms::{
    FailureCause, MessageClass, Parameters, Ports, RpCause, SegmentError, Status, StatusReport, Submit, SubmitReport,
};

use super::*;

fn submit(message: &OutgoingMessage) -> Submit {
    match RpMessage::parse(&message.body).unwrap().tpdu() {
        Some(Ok(Tpdu::Submit(submit))) => submit,
        other => panic!("{other:?}"),
    }
}

fn error(reference: u8, cause: RpCause, failure: Option<FailureCause>) -> Vec<u8> {
    let time = Timestamp::from_utc_ms(0, 0);
    let report = failure.map(|f| Tpdu::SubmitReport(SubmitReport::new(Some(f), time, Parameters::default())));
    RpMessage::error(Direction::ToMs, reference, cause, report.as_ref()).emit()
}

/// RP-DATA (TS 24.011 clause 7.3.1.2): type, RP-MR, no RP-OA, RP-DA, RP-UD with an SMS-SUBMIT (TS 23.040 clause 9.2.2.2).
#[test]
fn a_message_by_hand() {
    let mut rig = Rig::new(|_| {});
    rig.command(send(1, "hello"));
    let [message] = &rig.messages[..] else { panic!("{:?}", rig.messages) };
    let (rp_mr, tp_mr) = (message.body[1], message.body[13]);
    let mut wanted = octets("0000 00 07915348103254 00 12 0100 0C9153481032547 6 0000 05 E8329BFD06");
    (wanted[1], wanted[13]) = (rp_mr, tp_mr);
    assert_eq!(hex::encode(&message.body), hex::encode(wanted));
    assert_eq!((message.to.as_str(), message.content_type.as_str()), ("tel:+358401234500", "application/vnd.3gpp.sms"));
    assert!(rig.events.is_empty(), "202 says nothing of the message: {:?}", rig.events);
    // RP-ACK without anything: type, RP-MR.
    rig.comes(&[3, rp_mr], None);
    let part =
        SmsEvent::PartSent { message: 1, part: 1, parts: 1, reference: tp_mr, access: SmsAccess::Ip, attempts: 1 };
    assert_eq!(rig.take_events(), [part, SmsEvent::Sent { message: 1, result: Ok(()) }]);
    assert!(rig.client.is_idle() && rig.messages.len() == 1, "a report is not answered");
}

#[test]
fn the_psi_of_the_service_centre() {
    let mut rig = Rig::new(|config| config.service_centre_uri = "sip:sc.home1.net".into());
    rig.command(send(1, "x"));
    assert_eq!(rig.messages[0].to, "sip:sc.home1.net");
}

#[test]
fn a_report_names_the_request_or_the_reference() {
    let mut rig = Rig::new(|_| {});
    rig.command(send(1, "x"));
    let call_id = rig.messages[0].headers.iter().find(|(name, _)| name == "Call-ID").unwrap().1.clone();
    let reference = rig.last().reference;
    // Another reference, and nothing that names the request.
    rig.comes(&[3, reference.wrapping_add(1)], Some("somebody-elses"));
    assert!(matches!(rig.take_events()[..], [SmsEvent::Ignored { .. }]));
    rig.comes(&[3, reference.wrapping_add(1)], Some(&call_id));
    assert_eq!(rig.take_events().last(), Some(&SmsEvent::Sent { message: 1, result: Ok(()) }));
    // What comes once more is about nothing.
    rig.comes(&[3, reference], Some(&call_id));
    assert!(matches!(rig.take_events()[..], [SmsEvent::Ignored { .. }]));
    rig.command(send(2, "y"));
    let reference = rig.last().reference;
    rig.comes(&[3, reference], Some("rewritten-on-the-way"));
    assert_eq!(rig.take_events().last(), Some(&SmsEvent::Sent { message: 2, result: Ok(()) }));
}

#[test]
fn silence_ends_with_tr1m_and_the_same_is_sent_again() {
    let mut rig = Rig::new(|_| {});
    rig.command(send(1, "x"));
    rig.run(44);
    assert_eq!(rig.messages.len(), 1, "TR1M and the pause are not over");
    rig.run(1);
    let [first, again] = &rig.messages[..] else { panic!("{:?}", rig.messages) };
    let (one, two) = (submit(first), submit(again));
    assert_eq!((one.reference, one.reject_duplicates, two.reject_duplicates), (two.reference, false, true));
    assert_ne!(first.body[1], again.body[1], "another RP-MR");
    // The service centre has had the first one.
    rig.comes(&error(again.body[1], RpCause::PROTOCOL_ERROR, Some(FailureCause::DUPLICATE)), None);
    assert_eq!(rig.take_events().last(), Some(&SmsEvent::Sent { message: 1, result: Ok(()) }));
}

#[test]
fn a_late_report_about_the_first_attempt_counts() {
    let mut rig = Rig::new(|_| {});
    rig.command(send(1, "x"));
    let first = rig.last().reference;
    rig.run(46);
    assert_eq!(rig.messages.len(), 2);
    rig.comes(&error(first, RpCause::CONGESTION, None), None);
    assert!(matches!(rig.take_events()[..], [SmsEvent::Ignored { .. }]), "the second one still runs");
    rig.comes(&[3, first], None);
    assert!(rig.client.is_idle());
    assert!(matches!(rig.take_events()[..], [SmsEvent::PartSent { attempts: 2, .. }, SmsEvent::Sent { .. }]));
}

#[test]
fn attempts_end() {
    let mut rig = Rig::new(|_| {});
    rig.command(send(1, "x"));
    rig.run(1000);
    assert_eq!(rig.messages.len(), 3);
    assert_eq!(rig.take_events(), [SmsEvent::Sent { message: 1, result: Err(SendFailure::NoReport) }]);
    assert!(rig.client.is_idle() && rig.client.poll_timeout().is_none());
}

#[test]
fn what_is_for_ever_is_not_tried_again() {
    for (cause, times) in [(RpCause::UNASSIGNED_NUMBER, 1), (RpCause::CONGESTION, 3)] {
        let mut rig = Rig::new(|_| {});
        rig.command(send(1, "x"));
        for _ in 0..times {
            let reference = rig.last().reference;
            rig.comes(&error(reference, cause, None), None);
            rig.run(5);
        }
        let why = SendFailure::Relay { cause, failure: None };
        assert_eq!(rig.take_events(), [SmsEvent::Sent { message: 1, result: Err(why) }], "{cause}");
        assert_eq!(rig.messages.len(), times);
    }
    for (status, times) in [(403, 1), (503, 3)] {
        let mut rig = Rig::new(|_| {});
        rig.answer = Err(Refusal::Status { status, reason: "no".into() });
        rig.command(send(1, "x"));
        rig.run(100);
        assert!(matches!(rig.take_events()[..], [SmsEvent::Sent { result: Err(SendFailure::Request(_)), .. }]));
        assert_eq!(rig.messages.len(), times);
    }
}

#[test]
fn parts_go_one_after_the_other() {
    let mut rig = Rig::new(|_| {});
    let said = "0123456789".repeat(115);
    rig.command(send(9, &said));
    rig.command(send(10, "behind it"));
    let mut parts = Vec::new();
    for sent in 1..=8 {
        assert_eq!(rig.messages.len(), sent, "the next one waits for the report");
        parts.push(submit(rig.messages.last().unwrap()));
        rig.acknowledges();
    }
    let texts: Vec<_> = parts.iter().map(|part| part.user_data.text(part.coding).unwrap()).collect();
    assert_eq!(texts.concat(), said);
    for (n, part) in parts.iter().enumerate() {
        let concatenation = part.user_data.header().unwrap().concatenation().unwrap();
        assert_eq!((usize::from(concatenation.sequence), concatenation.total), (n + 1, 8));
        assert_eq!(part.reference, parts[0].reference.wrapping_add(n as u8), "TP-MR counts");
    }
    assert_eq!(rig.take_events().last(), Some(&SmsEvent::Sent { message: 9, result: Ok(()) }));
    assert_eq!(submit(rig.messages.last().unwrap()).user_data.text(parts[0].coding).unwrap(), "behind it");
}

#[test]
fn one_part_that_fails_ends_the_message() {
    let mut rig = Rig::new(|_| {});
    rig.command(send(1, &"x".repeat(400)));
    rig.command(send(2, "y"));
    rig.acknowledges();
    let reference = rig.last().reference;
    rig.comes(&error(reference, RpCause::CALL_BARRED, None), None);
    assert_eq!(rig.messages.len(), 3, "two parts, and the other message");
    assert!(matches!(
        rig.take_events()[..],
        [SmsEvent::PartSent { part: 1, parts: 3, .. }, SmsEvent::Sent { message: 1, result: Err(_) }]
    ));
}

#[test]
fn alphabets_classes_and_ports() {
    let mut rig = Rig::new(|_| {});
    let mut of = |sms: OutgoingSms| {
        rig.command(SmsCommand::Send(Box::new(sms)));
        let sent = submit(rig.messages.last().unwrap());
        rig.acknowledges();
        sent
    };
    let to = number("0401234567");
    let sms = |content| OutgoingSms::new(1, to, content);
    let euro = of(sms(text("5 €")));
    // The escape of the extension table takes a septet.
    assert_eq!((euro.coding.0, euro.user_data.length(), euro.destination), (0x00, 4, to));
    assert_eq!(of(sms(text("жук"))).coding.0, 0x08);
    let data = of(OutgoingSms {
        ports: Some(Ports { destination: 2948, originator: 9200 }),
        ..sms(Content::Octets(vec![1, 2, 255]))
    });
    assert_eq!(data.coding.0, 0x04);
    assert_eq!(hex::encode(data.user_data.octets()), "0605040b8423f00102ff");
    let flash = of(OutgoingSms { class: Some(MessageClass::Display), ..sms(text("x")) });
    assert_eq!(flash.coding.0, 0x10);
    let kept =
        of(OutgoingSms { validity: Some(Duration::from_secs(72 * 3600)), status_report: true, ..sms(text("x")) });
    // 166 and three days (TS 23.040 clause 9.2.3.12.1); TP-SRR.
    assert_eq!(
        (kept.validity_period.map(|v| format!("{v:?}")).as_deref(), kept.status_report),
        (Some("Relative(169)"), true)
    );
    rig.command(SmsCommand::Send(Box::new(sms(Content::Octets(vec![0; 134 * 255 + 1])))));
    let why = SendFailure::Content(SegmentError::TooLong(256));
    assert_eq!(rig.take_events().last(), Some(&SmsEvent::Sent { message: 1, result: Err(why) }));
}

#[test]
fn reference_numbers_come_from_the_seed() {
    let said = |name: &str| {
        let client = SmsClient::new(SmsConfig::new(SmsPath::Ims, number(CENTRE)), Entropy::of_box(7, name));
        let mut rig = Rig::detached(client);
        rig.agent(&AgentEvent::Registered(Registered {
            expires_s: 1,
            associated: Vec::new(),
            service_route: Vec::new(),
            refreshed: false,
        }));
        rig.command(send(1, &"x".repeat(200)));
        rig.messages.remove(0)
    };
    assert_eq!(said("a"), said("a"));
    assert_ne!(said("a"), said("b"));
}

#[test]
fn status_reports_find_their_messages() {
    let mut rig = Rig::new(|_| {});
    let sms = OutgoingSms::new(5, number("0401234567"), text(&"x".repeat(200)));
    rig.command(SmsCommand::Send(Box::new(OutgoingSms { status_report: true, ..sms })));
    rig.acknowledges();
    let second = submit(rig.messages.last().unwrap());
    let time = Timestamp::from_utc_ms(1_794_518_460_000, 0);
    let report = |recipient: &str, status| {
        let mut report = StatusReport::of_submit(&second, time, time, status);
        report.recipient = number(recipient);
        RpMessage::mobile_terminated(77, number(CENTRE), &Tpdu::StatusReport(report)).emit()
    };
    rig.take_events();
    // It overtakes the submit report, and comes with the country code.
    for (status, of) in [(Status::TRYING_BUSY, Some((5, 2))), (Status::RECEIVED, Some((5, 2))), (Status::ERROR, None)] {
        rig.comes(&report("+358401234567", status), None);
        assert_eq!(rig.messages.last().unwrap().body, octets("024D 41 02 0000"), "RP-ACK");
        let [SmsEvent::StatusReport(told)] = &rig.take_events()[..] else { panic!("{status}") };
        assert_eq!((told.of, told.status, told.reference), (of, status, second.reference));
    }
    rig.comes(&report("+358401234567", Status::ERROR), None);
    assert!(matches!(rig.take_events()[..], [SmsEvent::Duplicate { .. }]));
    rig.comes(&report("+358409999999", Status::RECEIVED), None);
    assert!(matches!(&rig.take_events()[..], [SmsEvent::StatusReport(told)] if told.of.is_none()));
}

#[test]
fn the_preference_of_the_user() {
    let mut rig = Rig::new(|config| config.preference = vec![SmsAccess::Msc, SmsAccess::Ip]);
    rig.command(send(1, "x"));
    assert_eq!(rig.messages.len(), 1, "there is no MSC");
    rig.acknowledges();
    for access in [SmsAccess::Msc, SmsAccess::Sgsn] {
        rig.input(SmsInput::Attached { access, is_there: true });
    }
    rig.command(send(2, "y"));
    let [(SmsAccess::Msc, octets)] = &rig.relayed[..] else { panic!("{:?}", rig.relayed) };
    let reference = RpMessage::parse(octets).unwrap().reference;
    // The same reference from elsewhere is another message.
    rig.comes(&[3, reference], None);
    assert!(!rig.client.is_idle());
    rig.input(SmsInput::Relayed { access: SmsAccess::Msc, octets: &[3, reference] });
    assert!(rig.client.is_idle());
    assert!(rig.take_events().contains(&SmsEvent::Sent { message: 2, result: Ok(()) }));
    // What fails there is tried the other way; the SGSN is not wanted.
    rig.command(send(3, "z"));
    rig.run(46);
    assert_eq!((rig.relayed.len(), rig.messages.len()), (2, 2));
    rig.acknowledges();
    rig.command(SmsCommand::Prefer(Vec::new()));
    rig.take_events();
    rig.command(send(4, "z"));
    assert_eq!(rig.take_events(), [SmsEvent::Sent { message: 4, result: Err(SendFailure::NoAccess) }]);
}

#[test]
fn without_an_access_nothing_is_sent() {
    let mut rig = Rig::new(|_| {});
    rig.agent(&AgentEvent::Unregistered(UnregisteredWhy::Vanished));
    rig.command(send(1, &"x".repeat(1000)));
    assert_eq!(rig.take_events(), [SmsEvent::Sent { message: 1, result: Err(SendFailure::NoAccess) }]);
    assert!(rig.messages.is_empty() && rig.client.is_idle());
}

#[test]
fn what_waits_is_bounded() {
    let mut rig = Rig::new(|_| {});
    for n in 0..17 {
        rig.command(send(n, &"x".repeat(153 * 255)));
    }
    let refused = |event: &SmsEvent| matches!(event, SmsEvent::Sent { result: Err(SendFailure::TooMany), .. });
    assert_eq!(rig.take_events().iter().filter(|event| refused(event)).count(), 1);
}
