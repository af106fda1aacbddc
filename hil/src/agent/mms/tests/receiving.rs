//! Messages that come: at once, when the user wants them, or not.

use protocol::http::parse_request;
use protocol::mms::{AcknowledgeInd, MmsStatus, ReadStatus, RetrieveStatus};

use super::*;

fn notify_resp(rig: &Rig) -> (String, MmsStatus) {
    let MmsPdu::NotifyRespInd(ind) = rig.last_pdu() else { panic!("{:?}", rig.last_pdu()) };
    (ind.transaction_id, ind.status)
}

fn retrieved(events: &[MmsEvent]) -> &IncomingMms {
    let mut all = events.iter().filter_map(|event| match event {
        MmsEvent::Retrieved(message) => Some(message),
        _ => None,
    });
    all.next().filter(|_| all.next().is_none()).unwrap_or_else(|| panic!("{events:?}"))
}

#[test]
fn at_once_after_a_notification_by_short_message() {
    let mut rig = Rig::new(MmsConfig { report_allowed: Some(false), ..by_http() });
    let mut ind = notification("T1");
    ind.from = Some(protocol::mms::From::Address(MmsAddress::phone(ALICE)));
    // Long enough for several short messages.
    ind.subject = Some("x".repeat(150).as_str().into());
    let push = push(&ind.clone().into());
    assert!(MmsClient::is_push(&push) && push.parts > 1);
    rig.input(MmsInput::ShortMessage(&push));
    let events = rig.take_events();
    let [MmsEvent::Notified(notice)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((notice.number, notice.octets, notice.location.as_str()), (1, 1000, LOCATION));
    assert_eq!(notice.from.as_ref().unwrap().number().as_deref(), Some(ALICE));
    let request = rig.last_request();
    assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("GET", LOCATION));

    // It comes again while the message is on its way, and when that has come.
    rig.input(MmsInput::ShortMessage(&push));
    assert_eq!(rig.requests.len(), 1);
    let (conf, body) = message("T1");
    rig.answers_pdu(conf, &body);
    let events = rig.take_events();
    let came = retrieved(&events);
    assert_eq!((came.number, came.message_id.as_deref(), came.access), (1, Some("7@mmsc.example"), MmsAccess::Http));
    let part = came.parts.iter().find(|part| part.name() == Some("castbench.jpg")).unwrap();
    assert_eq!(part.body, picture(), "octet for octet");
    assert_eq!(came.presentation().unwrap().content_type.essence, "application/smil");
    assert_eq!(notify_resp(&rig), ("T1".into(), MmsStatus::RETRIEVED));
    let MmsPdu::NotifyRespInd(said) = rig.last_pdu() else { unreachable!() };
    assert_eq!(said.report_allowed, Some(false));
    rig.answers_status(200);
    assert_eq!(rig.take_events(), [MmsEvent::Responded { number: 1, status: MmsStatus::RETRIEVED }]);
    rig.input(MmsInput::ShortMessage(&push));
    assert_eq!((rig.requests.len(), notify_resp(&rig).1), (3, MmsStatus::RETRIEVED));
    assert!(matches!(rig.take_events()[..], [MmsEvent::Duplicate { .. }]));
}

#[test]
fn one_message_under_two_notifications_is_shown_once() {
    let mut rig = Rig::http();
    for transaction_id in ["T1", "T2"] {
        rig.says(notification(transaction_id));
        let (conf, body) = message(transaction_id);
        rig.answers_pdu(conf, &body);
        assert_eq!(notify_resp(&rig), (transaction_id.into(), MmsStatus::RETRIEVED));
        rig.answers_status(200);
    }
    let events = rig.take_events();
    assert_eq!(retrieved(&events).number, 1);
    assert!(events.iter().any(|event| matches!(event, MmsEvent::Duplicate { id, .. } if id == "7@mmsc.example")));
}

#[test]
fn deferred_and_retrieved_over_the_ims() {
    let mut rig = Rig::ims();
    rig.command(MmsCommand::OnNotification(OnNotification::Defer));
    rig.says(notification("T1"));
    let MmsPdu::NotifyRespInd(said) = MmsPdu::parse(&rig.messages[0].body).unwrap().0 else { panic!() };
    assert_eq!((said.transaction_id.as_str(), said.status), ("T1", MmsStatus::DEFERRED));
    // The user does not wait for the gateway, the agent does.
    rig.command(MmsCommand::Retrieve(1));
    assert_eq!(rig.messages.len(), 1);
    rig.answers_message(Ok(202));
    let asked = rig.messages[1].clone();
    assert_eq!((asked.to.as_str(), asked.content_type.as_str()), (GATEWAY, "message/http; msgtype=request"));
    let request = parse_request(&asked.body).unwrap();
    assert_eq!((request.method().as_str(), request.uri().path()), ("GET", "/7-0-secret"));
    assert_eq!(request.headers()["host"], "mmsc.example");
    // TR 23.804 clause 8.11.2: the message comes before the answer to the MESSAGE.
    let (conf, body) = message("T1");
    let octets = MmsPdu::from(conf).emit(&body);
    rig.comes(&octets, Some(&asked.headers[0].1));
    rig.agent(&AgentEvent::MessageResult { token: asked.token, result: Ok(202) });
    let events = rig.take_events();
    let came = retrieved(&events);
    assert_eq!((came.access, &came.parts[1].body[..]), (MmsAccess::Ims, &picture()[..]));
    let acknowledged = MmsPdu::parse(&rig.messages[2].body).unwrap().0;
    assert_eq!(acknowledged, AcknowledgeInd::new("T1", Default::default()).into());
    rig.answers_message(Ok(202));
    assert_eq!(rig.take_events(), [MmsEvent::Acknowledged { number: 1 }]);
    // Again, in another MESSAGE.
    rig.comes(&octets, Some(&asked.headers[0].1));
    assert!(matches!(rig.take_events()[..], [MmsEvent::Duplicate { .. }]));
    rig.command(MmsCommand::Retrieve(1));
    rig.command(MmsCommand::Retrieve(2));
    assert!(matches!(rig.take_events()[..], [MmsEvent::Ignored { .. }, MmsEvent::Ignored { .. }]));
    assert_eq!((rig.messages.len(), rig.requests.len()), (3, 0));
}

#[test]
fn a_message_is_that_of_the_request_that_it_names() {
    let mut rig = Rig::ims();
    let (conf, body) = message("T1");
    let octets = MmsPdu::from(conf).emit(&body);
    rig.comes(&octets, None);
    assert!(matches!(rig.take_events()[..], [MmsEvent::Ignored { .. }]), "it was not asked for");
    rig.says(notification("T1"));
    rig.answers_message(Ok(202));
    rig.take_events();
    rig.comes(&octets, None);
    rig.comes(&octets, Some("another"));
    assert!(matches!(rig.take_events()[..], [MmsEvent::Ignored { .. }, MmsEvent::Ignored { .. }]));
    let call_id = rig.messages[0].headers[0].1.clone();
    rig.comes(&octets, Some(&call_id));
    retrieved(&rig.take_events());
}

#[test]
fn nobody_but_the_gateway_is_believed() {
    let own = |gateway: &str| Rig::new(MmsConfig { gateway: gateway.to_owned(), ..MmsConfig::http(RELAY) });
    for (gateway, from, is_believed) in [
        (GATEWAY, "sip:ipmgw@IMS.example;transport=tcp", true),
        (GATEWAY, "sip:mallory@ims.example", false),
        (GATEWAY, "", false),
        ("", GATEWAY, false),
        ("", "", false),
    ] {
        let mut rig = own(gateway);
        rig.command(MmsCommand::OnNotification(OnNotification::Defer));
        let octets = MmsPdu::from(notification("T1")).emit(&[]);
        let message = IncomingMessage { from: from.to_owned(), ..message_of(&octets, None) };
        rig.agent(&AgentEvent::MessageReceived(message));
        let is_told = rig.take_events().iter().any(|event| matches!(event, MmsEvent::Notified(_)));
        assert_eq!((is_told, rig.requests.len()), (is_believed, usize::from(is_believed)), "{gateway} {from}");
    }
}

#[test]
fn the_oldest_that_waits_makes_room() {
    let mut rig = Rig::new(MmsConfig { places: 4, ..by_http() });
    rig.command(MmsCommand::OnNotification(OnNotification::Defer));
    for number in 1..=10 {
        rig.says(notification(&format!("T{number}")));
        rig.answers_status(200);
    }
    let notified = rig.take_events().iter().filter(|event| matches!(event, MmsEvent::Notified(_))).count();
    assert_eq!(notified, 10);
    rig.command(MmsCommand::Retrieve(6));
    assert!(matches!(rig.take_events()[..], [MmsEvent::Ignored { .. }]));
    rig.command(MmsCommand::Retrieve(7));
    assert_eq!(rig.last_request().uri(), LOCATION);
    // The relay reminds of one that was given up.
    rig.says(notification("T6"));
    assert!(matches!(rig.take_events()[..], [MmsEvent::Notified(_)]));
}

#[test]
fn by_sip_push_and_http() {
    // TR 23.804 clause 8.11.3.3: the notification by SIP, all else by HTTP.
    let mut rig = Rig::http();
    rig.register();
    rig.command(MmsCommand::OnNotification(OnNotification::Defer));
    rig.says(notification("T1"));
    assert_eq!(notify_resp(&rig), ("T1".into(), MmsStatus::DEFERRED));
    rig.answers_status(200);
    rig.command(MmsCommand::Retrieve(1));
    let (mut conf, body) = message("T1");
    conf.transaction_id = None;
    rig.answers_pdu(conf, &body);
    retrieved(&rig.take_events());
    assert_eq!((rig.messages.len(), rig.requests.len()), (0, 2), "the relay wants no acknowledgement");
}

#[test]
fn rejected() {
    let mut rig = Rig::http();
    rig.command(MmsCommand::OnNotification(OnNotification::Reject));
    rig.says(notification("T1"));
    assert_eq!(notify_resp(&rig), ("T1".into(), MmsStatus::REJECTED));
    rig.answers_status(200);
    rig.command(MmsCommand::OnNotification(OnNotification::Defer));
    rig.says(notification("T2"));
    rig.answers_status(200);
    rig.command(MmsCommand::Reject(2));
    assert_eq!(notify_resp(&rig), ("T2".into(), MmsStatus::REJECTED));
    rig.answers_status(200);
    rig.take_events();
    rig.command(MmsCommand::Retrieve(2));
    rig.command(MmsCommand::Reject(2));
    assert!(matches!(rig.take_events()[..], [MmsEvent::Ignored { .. }, MmsEvent::Ignored { .. }]));
    assert_eq!(rig.requests.len(), 3);
}

#[test]
fn not_there_any_more() {
    let gone = RetrieveStatus::PERMANENT_MESSAGE_NOT_FOUND;
    let (conf, text) = RetrieveConf::failed(gone, "its time is over", 1);
    for response in [pdu_response(&MmsPdu::from(conf).emit(&text)), status_response(404)] {
        let mut rig = Rig::http();
        rig.says(notification("T1"));
        rig.answers(response);
        let events = rig.take_events();
        assert!(matches!(&events[1..], [MmsEvent::NotRetrieved { number: 1, is_gone: true, .. }]), "{events:?}");
        rig.says(notification("T1"));
        assert_eq!(rig.requests.len(), 1, "nothing is said of what is not there");
    }
}

#[test]
fn too_large_for_the_terminal_or_for_the_ims() {
    let mut rig = Rig::ims();
    rig.says(NotificationInd { message_size: 300 << 10, ..notification("T1") });
    assert_eq!((rig.messages.len(), rig.requests.len()), (0, 1), "HTTP has it");
    rig.says(NotificationInd { message_size: u64::MAX, ..notification("T2") });
    let MmsPdu::NotifyRespInd(said) = MmsPdu::parse(&rig.messages[0].body).unwrap().0 else { panic!() };
    assert_eq!(said.status, MmsStatus::DEFERRED);
    rig.take_events();
    rig.command(MmsCommand::Retrieve(2));
    let events = rig.take_events();
    assert!(matches!(events[..], [MmsEvent::NotRetrieved { why: MmsFailure::TooLarge { .. }, .. }]), "{events:?}");
    // The notification had not said so.
    let mut rig = Rig::new(MmsConfig { largest: 10_000, ..by_http() });
    rig.says(notification("T1"));
    let (conf, body) = message("T1");
    rig.answers_pdu(conf, &body);
    assert!(matches!(rig.events[1], MmsEvent::NotRetrieved { why: MmsFailure::TooLarge { .. }, .. }));
    assert_eq!(notify_resp(&rig).1, MmsStatus::DEFERRED);
}

#[test]
fn the_sender_hears_that_it_was_read() {
    let mut rig = Rig::http();
    rig.says(notification("T1"));
    let read = |status| MmsCommand::Read { number: 1, status, date: Some(1_794_518_700) };
    rig.take_events();
    rig.command(read(ReadStatus::READ));
    assert!(matches!(rig.take_events()[..], [MmsEvent::Ignored { .. }]), "it has not come");
    let (conf, body) = message("T1");
    rig.answers_pdu(conf, &body);
    rig.answers_status(200);
    rig.command(read(ReadStatus::READ));
    let MmsPdu::ReadRecInd(ind) = rig.last_pdu() else { panic!() };
    assert_eq!(
        (ind.message_id.as_str(), ind.read_status, ind.date),
        ("7@mmsc.example", ReadStatus::READ, Some(1_794_518_700))
    );
    assert_eq!(ind.to[0].number().as_deref(), Some(ALICE));
    rig.answers_status(200);
    assert_eq!(rig.take_events().last(), Some(&MmsEvent::ReadReported { number: 1 }));
    rig.command(read(ReadStatus::DELETED_WITHOUT_BEING_READ));
    assert!(matches!(rig.take_events()[..], [MmsEvent::Ignored { .. }]), "once is enough");
    assert_eq!(rig.requests.len(), 3);
}
