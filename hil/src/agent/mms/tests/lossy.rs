//! What is lost, comes late, or is refused for now: it is said again, and not for ever.

use protocol::mms::MmsStatus;

use super::*;

#[test]
fn a_message_is_sent_again_with_its_transaction() {
    // Over the IMS: the MESSAGE is taken, the answer of the relay is lost.
    let mut rig = Rig::ims();
    rig.command(MmsCommand::Send(Box::new(own_message(1))));
    for attempt in 1..=4 {
        assert_eq!(rig.messages.len(), attempt);
        rig.answers_message(Ok(202));
        rig.run(200);
    }
    assert_eq!(rig.take_events(), [MmsEvent::Failed { message: 1, why: MmsFailure::NoAnswer }]);
    assert!(rig.messages.iter().all(|message| message.body == rig.messages[0].body), "octet for octet the same");
    let call_ids: std::collections::BTreeSet<_> = rig.messages.iter().map(|message| &message.headers[0].1).collect();
    assert_eq!(call_ids.len(), 4);
    assert!(rig.client.is_idle());

    // An answer helps, whichever attempt it is about.
    rig.command(MmsCommand::Send(Box::new(own_message(2))));
    rig.answers_message(Err(Refusal::Timeout));
    rig.run(10);
    assert_eq!(rig.messages.len(), 6);
    let (pdu, _) = MmsPdu::parse(&rig.messages[5].body).unwrap();
    rig.says(SendConf::ok(pdu.transaction_id().unwrap(), pdu.version(), "2@mmsc"));
    let sent = MmsEvent::Sent { message: 2, message_id: Some("2@mmsc".into()), access: MmsAccess::Ims, attempts: 2 };
    assert_eq!(rig.take_events(), [sent]);
}

#[test]
fn requests_of_http_that_get_no_answer() {
    let mut rig = Rig::http();
    rig.command(MmsCommand::Send(Box::new(own_message(1))));
    rig.fails();
    rig.run(4);
    assert_eq!(rig.requests.len(), 1);
    rig.run(1);
    assert_eq!(rig.requests.len(), 2, "5 s later");
    // Twice the pause, or what the relay asks for.
    let mut busy = status_response(503);
    busy.headers_mut().insert("retry-after", "60".parse().unwrap());
    rig.answers(busy);
    rig.run(59);
    assert_eq!(rig.requests.len(), 2);
    rig.run(1);
    assert_eq!(rig.requests.len(), 3);
    // This one only times out; the answer comes when it is being said again.
    let (late, pdu) = (rig.requests[2].0, rig.last_pdu());
    rig.run(180 + 20);
    assert_eq!(rig.requests.len(), 4);
    let conf = MmsPdu::from(SendConf::ok(pdu.transaction_id().unwrap(), pdu.version(), "1@mmsc")).emit(&[]);
    rig.input(MmsInput::Http { token: late, response: pdu_response(&conf) });
    let sent = MmsEvent::Sent { message: 1, message_id: Some("1@mmsc".into()), access: MmsAccess::Http, attempts: 4 };
    assert_eq!(rig.take_events(), [sent]);
    rig.answers(pdu_response(&conf));
    assert!(matches!(rig.take_events()[..], [MmsEvent::Ignored { .. }]));
    rig.run(1000);
    assert_eq!(rig.requests.len(), 4);

    // What does not get better is not said again.
    for status in [400, 403, 404, 413, 415] {
        let mut rig = Rig::http();
        rig.command(MmsCommand::Send(Box::new(own_message(1))));
        rig.answers_status(status);
        let events = rig.take_events();
        assert!(matches!(events[..], [MmsEvent::Failed { message: 1, why: MmsFailure::Http { .. } }]), "{events:?}");
    }
    let mut rig = Rig::new(MmsConfig::http("ftp://mmsc.example/"));
    rig.command(MmsCommand::Send(Box::new(own_message(1))));
    assert!(matches!(rig.take_events()[..], [MmsEvent::Failed { message: 1, why: MmsFailure::Url(_) }]));
}

#[test]
fn answers_that_are_none() {
    let own = SendConf::ok("somebody else's", Default::default(), "1@mmsc");
    let wrong = [
        Response::new(b"<html>sign in</html>".to_vec()),
        pdu_response(&[]),
        pdu_response(&[0x8C, 0x81, 0x98]),
        pdu_response(&MmsPdu::from(own).emit(&[])),
        pdu_response(&MmsPdu::from(notification("T")).emit(&[])),
        status_response(204),
    ];
    for response in wrong {
        let mut rig = Rig::http();
        rig.command(MmsCommand::Send(Box::new(own_message(1))));
        for attempt in 1..=4 {
            assert_eq!(rig.requests.len(), attempt);
            rig.answers(response.clone());
            rig.run(100);
        }
        let events = rig.take_events();
        assert!(matches!(events[..], [MmsEvent::Failed { message: 1, why: MmsFailure::Wrong(_) }]), "{events:?}");
    }
}

#[test]
fn a_retrieval_that_does_not_come_through_is_deferred() {
    let mut rig = Rig::http();
    rig.says(notification("T1"));
    for attempt in 1..=4 {
        assert_eq!((rig.requests.len(), rig.last_request().method().as_str()), (attempt, "GET"));
        rig.answers_status(502);
        rig.run(if attempt < 4 { 60 } else { 0 });
    }
    let MmsPdu::NotifyRespInd(ind) = rig.last_pdu() else { panic!() };
    assert_eq!((ind.transaction_id.as_str(), ind.status), ("T1", MmsStatus::DEFERRED));
    rig.answers_status(200);
    // The relay reminds: it is tried again.
    rig.take_events();
    rig.says(notification("T1"));
    let (conf, body) = message("T1");
    rig.answers_pdu(conf, &body);
    let events = rig.take_events();
    assert!(matches!(events[..], [MmsEvent::Duplicate { .. }, MmsEvent::Retrieved(_)]), "{events:?}");
    assert!(matches!(rig.last_pdu(), MmsPdu::AcknowledgeInd(_)));
}

#[test]
fn what_is_said_of_a_message_is_said_again_too() {
    let mut rig = Rig::http();
    rig.command(MmsCommand::OnNotification(OnNotification::Reject));
    rig.says(notification("T1"));
    rig.take_events();
    for attempt in 1..=4 {
        assert_eq!(rig.requests.len(), attempt);
        rig.fails();
        rig.run(if attempt < 4 { 60 } else { 0 });
    }
    let events = rig.take_events();
    assert!(matches!(events[..], [MmsEvent::NotSaid { number: Some(1), .. }]), "{events:?}");
    // The relay has not heard it and tells again.
    rig.says(notification("T1"));
    let MmsPdu::NotifyRespInd(ind) = rig.last_pdu() else { panic!() };
    assert_eq!((rig.requests.len(), ind.status), (5, MmsStatus::REJECTED));
}

#[test]
fn everything_has_its_bound() {
    let mut rig = Rig::new(MmsConfig { places: 4, waiting_octets: 1000, ..by_http() });
    rig.command(MmsCommand::OnNotification(OnNotification::Defer));
    for number in 0..1000 {
        rig.says(notification(&format!("T{number}")));
    }
    let full = rig.take_events().iter().filter(|event| matches!(event, MmsEvent::MemoryFull { .. })).count();
    assert_eq!(full, 996);
    let messages = (0..1000).map(|message| MmsCommand::Send(Box::new(own_message(message))));
    messages.for_each(|command| rig.command(command));
    let events = rig.take_events();
    let too_many = MmsFailure::TooMany;
    assert!(events.iter().all(|event| matches!(event, MmsEvent::Failed { why, .. } if *why == too_many)), "{events:?}");
    assert!((990..1000).contains(&events.len()), "{}", events.len());
    assert!(rig.requests.len() <= 4);
    // What is over makes room.
    while !rig.client.is_idle() {
        rig.run(1000);
    }
    rig.command(MmsCommand::Reject(2));
    rig.answers_status(200);
    rig.says(notification("new"));
    assert!(rig.events.iter().any(|event| matches!(event, MmsEvent::Notified(notice) if notice.number == 5)));
    // Reports of nobody knows what.
    for number in 0..100 {
        let to = MmsAddress::phone(BOB);
        rig.says(protocol::mms::DeliveryInd::new(&format!("{number}@x"), to, 1, MmsStatus::RETRIEVED));
    }
    let reports = rig.take_events();
    assert_eq!(
        reports.iter().filter(|event| matches!(event, MmsEvent::Delivered(report) if report.message.is_none())).count(),
        100
    );
}
