//! Messages that come.

use protocol::sms::{
    ConcatenationReference, DataCodingScheme, MessageClass, Ports, ProtocolIdentifier, RpCause, UserDataHeader, segment,
};

use super::*;

/// Parts of a text, as they come.
fn parts(said: &str, reference: u8) -> Vec<Deliver> {
    let header = UserDataHeader::default();
    let segments = segment(&text(said), &header, ConcatenationReference::Short(reference)).unwrap();
    let of =
        |user_data| like(deliver("", 0), |deliver| (deliver.coding, deliver.user_data) = (segments.coding, user_data));
    segments.parts.iter().cloned().map(of).collect()
}

/// The same but for this.
fn like(mut deliver: Deliver, change: impl FnOnce(&mut Deliver)) -> Deliver {
    change(&mut deliver);
    deliver
}

fn received(events: &[SmsEvent]) -> Vec<String> {
    let of = |event: &SmsEvent| match event {
        SmsEvent::Received(sms) => match &sms.content {
            Content::Text(text) => Some(text.clone()),
            Content::Octets(octets) => Some(hex::encode(octets)),
        },
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

/// RP-DATA (TS 24.011 clause 7.3.1.1): type, RP-MR, RP-OA, no RP-DA, RP-UD with an SMS-DELIVER that gammu has made.
#[test]
fn a_message_by_hand() {
    let mut rig = Rig::new(|_| {});
    rig.comes(&octets("0105 0791534810325400 00 18 040C9153481032547600006211211212000005E8329BFD06"), None);
    let [answer] = &rig.messages[..] else { panic!("{:?}", rig.messages) };
    // RP-ACK with SMS-DELIVER-REPORT: type, RP-MR, identifier, length, TP-MTI, TP-PI.
    assert_eq!(answer.body, octets("0205 41 02 0000"));
    assert_eq!(answer.to, GATEWAY, "it goes to who has asserted to have sent the message");
    let headers: Vec<_> = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, [("In-Reply-To", "call-1"), ("P-Preferred-Identity", "<sip:ue0@ims.example>")]);
    let [SmsEvent::Received(sms)] = &rig.events[..] else { panic!("{:?}", rig.events) };
    assert_eq!((&sms.content, sms.from, sms.parts), (&text("hello"), number("+358401234567"), 1));
    assert_eq!((sms.service_centre, sms.access, sms.number), (Some(number(CENTRE)), SmsAccess::Ip, Some(1)));
    assert_eq!(sms.service_centre_time.to_string(), "2026-11-12T21:21:00Z");
    assert!(sms.ports.is_none() && !sms.is_flash() && sms.message_waiting().is_none());
}

#[test]
fn reports_that_name_no_request() {
    let mut rig = Rig::new(|config| config.in_reply_to = false);
    rig.delivers(1, &deliver("x", 0));
    assert!(rig.messages[0].headers.iter().all(|(name, _)| name != "In-Reply-To"));
    rig.answer = Err(Refusal::Timeout);
    rig.delivers(2, &deliver("x", 1));
    assert!(matches!(rig.events.last(), Some(SmsEvent::ReportFailed { .. })));
}

#[test]
fn what_comes_again_is_acknowledged_and_not_shown() {
    let mut rig = Rig::new(|_| {});
    rig.delivers(1, &deliver("x", 0));
    rig.delivers(2, &deliver("x", 0));
    assert_eq!(rig.messages[1].body, octets("0202 41 02 0000"));
    let from = number("+358401234567");
    assert_eq!((received(&rig.events), rig.events.last()), (vec!["x".into()], Some(&SmsEvent::Duplicate { from })));
    // The same text of another time is another message.
    rig.delivers(3, &deliver("x", 1));
    assert_eq!((received(&rig.events).len(), rig.client.memory().used()), (2, 2));
}

#[test]
fn a_full_memory_refuses_and_tells_when_there_is_room() {
    let mut rig = Rig::new(|config| config.places = 2);
    for second in 0..3 {
        rig.delivers(second as u8, &deliver("x", second));
    }
    // RP-ERROR: length and cause 22; SMS-DELIVER-REPORT with TP-FCS 0xD3.
    assert_eq!(rig.messages[2].body, octets("0402 0116 41 03 00D300"));
    assert!(matches!(rig.events.last(), Some(SmsEvent::MemoryFull { .. })));
    rig.command(SmsCommand::Delete(7));
    assert_eq!(rig.messages.len(), 3, "nothing was deleted");
    rig.command(SmsCommand::Delete(1));
    let smma = rig.messages.last().unwrap();
    assert_eq!((smma.body[0], smma.body.len(), smma.to.as_str()), (6, 2, GATEWAY));
    rig.take_events();
    rig.acknowledges();
    assert_eq!(rig.take_events(), [SmsEvent::MemoryAvailable { result: Ok(()) }]);
    // What was refused comes again, and is no duplicate.
    rig.delivers(9, &deliver("x", 2));
    assert!(rig.has_acknowledged());
    assert_eq!(received(&rig.take_events()).len(), 1);
    // The network knows: nothing more is said.
    rig.command(SmsCommand::DeleteAll);
    rig.run(1000);
    assert!(rig.has_acknowledged() && rig.client.memory().used() == 0);
}

#[test]
fn memory_is_told_of_twice_at_most_and_again_after_a_change() {
    let mut rig = Rig::new(|config| config.places = 1);
    rig.delivers(1, &deliver("x", 0));
    rig.delivers(2, &deliver("x", 1));
    rig.command(SmsCommand::DeleteAll);
    rig.take_events();
    rig.run(1000);
    // TR1M, TRAM, TR1M.
    assert_eq!(rig.messages.iter().filter(|message| message.body[0] == 6).count(), 2);
    assert_eq!(rig.take_events(), [SmsEvent::MemoryAvailable { result: Err(SendFailure::NoReport) }]);
    rig.agent(&AgentEvent::Unregistered(UnregisteredWhy::Vanished));
    rig.command(SmsCommand::DeleteAll);
    assert_eq!(rig.messages.len(), 4, "there is no access");
    rig.agent(&AgentEvent::Registered(Registered {
        expires_s: 1,
        associated: Vec::new(),
        service_route: Vec::new(),
        refreshed: false,
    }));
    assert_eq!(rig.last().name(), "RP-SMMA");
    // It is full again before the answer comes: the flag stays.
    rig.delivers(3, &deliver("x", 2));
    rig.delivers(4, &deliver("x", 3));
    let smma = rig.messages.iter().rfind(|message| message.body[0] == 6).unwrap().body[1];
    rig.comes(&[3, smma], None);
    rig.command(SmsCommand::DeleteAll);
    assert_eq!(rig.last().name(), "RP-SMMA");
}

#[test]
fn a_network_that_does_not_want_to_know_of_memory_is_not_told_again() {
    for (cause, again) in [(RpCause::FACILITY_NOT_SUBSCRIBED, false), (RpCause::CONGESTION, true)] {
        let mut rig = Rig::new(|config| config.places = 1);
        rig.delivers(1, &deliver("x", 0));
        rig.delivers(2, &deliver("x", 1));
        rig.command(SmsCommand::DeleteAll);
        for _ in 0..2 {
            assert_eq!(rig.last().name(), "RP-SMMA");
            let smma = rig.messages.last().unwrap().body[1];
            rig.comes(&RpMessage::error(Direction::ToMs, smma, cause, None).emit(), None);
            if !again {
                break;
            }
            rig.run(40);
        }
        let told = rig.messages.len();
        rig.command(SmsCommand::DeleteAll);
        assert_eq!(rig.messages.len() > told, again, "{cause}");
    }
}

#[test]
fn the_memory_outlives_the_agent() {
    let mut rig = Rig::new(|config| config.places = 1);
    rig.delivers(1, &deliver("x", 0));
    rig.delivers(2, &deliver("y", 1));
    rig.command(send(1, "z"));
    let last = rig.messages.last().unwrap().body[13];
    let config = SmsConfig { places: 1, ..SmsConfig::new(SmsPath::Ims, number(CENTRE)) };
    let client = SmsClient::with_memory(config, Entropy::of_box(8, "sms"), rig.client.into_memory());
    let mut rig = Rig::detached(client);
    rig.agent(&AgentEvent::Registered(Registered {
        expires_s: 1,
        associated: Vec::new(),
        service_route: Vec::new(),
        refreshed: false,
    }));
    rig.delivers(3, &deliver("x", 0));
    assert!(matches!(rig.take_events()[..], [SmsEvent::Duplicate { .. }]));
    assert_eq!(rig.client.memory().messages().map(|(number, _)| number).collect::<Vec<_>>(), [1]);
    rig.command(SmsCommand::Delete(1));
    assert_eq!(rig.last().name(), "RP-SMMA", "a message was refused before");
    rig.acknowledges();
    rig.command(send(2, "z"));
    assert_eq!(rig.messages.last().unwrap().body[13], last.wrapping_add(1), "TP-MR counts on");
}

#[test]
fn parts_in_any_order_become_one_message() {
    let mut rig = Rig::new(|config| config.places = 8);
    let said: String = "0123456789€".repeat(96);
    let all = parts(&said, 0x42);
    assert_eq!(all.len(), 8);
    for (n, part) in all.iter().enumerate().rev() {
        rig.delivers(n as u8, part);
        assert!(rig.has_acknowledged(), "each part has its report");
    }
    let waiting = |event: &SmsEvent| matches!(event, SmsEvent::PartReceived { total: 8, .. });
    assert_eq!(rig.events.iter().filter(|event| waiting(event)).count(), 7);
    assert_eq!((received(&rig.take_events()), rig.client.memory().used()), (vec![said], 8));
    rig.delivers(9, &deliver("x", 0));
    assert!(matches!(rig.take_events()[..], [SmsEvent::MemoryFull { .. }]));
}

#[test]
fn what_does_not_become_whole_leaves_its_places() {
    let mut rig = Rig::new(|config| config.places = 2);
    let all = parts(&"x".repeat(400), 1);
    for (n, part) in all.iter().enumerate() {
        rig.delivers(n as u8, part);
    }
    assert!(matches!(rig.take_events()[..], [.., SmsEvent::MemoryFull { .. }]));
    // Parts stay when all is deleted: they will not come again.
    rig.command(SmsCommand::DeleteAll);
    assert_eq!(rig.client.memory().used(), 2);
    rig.run(24 * 3600);
    assert!(matches!(rig.events.first(), Some(SmsEvent::Incomplete { parts: 2, total: 3, .. })));
    assert_eq!((rig.client.memory().used(), rig.last().name()), (0, "RP-SMMA"));
}

#[test]
fn what_is_not_kept_needs_no_room() {
    let mut rig = Rig::new(|config| config.places = 0);
    let flash = like(deliver("now", 0), |deliver| deliver.coding = DataCodingScheme(0x10));
    let silent = like(deliver("nothing", 0), |deliver| deliver.protocol_identifier = ProtocolIdentifier::TYPE_0);
    let header = UserDataHeader::default().with_ports(Ports { destination: 2948, originator: 9200 });
    let data = UserData::of_octets(Some(&header), &[1, 2, 3]).unwrap();
    let push =
        like(deliver("", 0), |deliver| (deliver.coding, deliver.user_data) = (DataCodingScheme::EIGHT_BIT, data));
    let voice_mail = like(deliver("", 0), |deliver| deliver.coding = DataCodingScheme(0xC8));
    for deliver in [&flash, &silent, &push, &voice_mail] {
        rig.delivers(1, deliver);
        assert!(rig.has_acknowledged());
    }
    let events = rig.take_events();
    assert_eq!(received(&events), ["now", "010203", ""]);
    let [SmsEvent::Received(flash), SmsEvent::Silent { .. }, SmsEvent::Received(push), SmsEvent::Received(waiting)] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert!(flash.is_flash() && flash.number.is_none() && flash.coding.class() == Some(MessageClass::Display));
    assert_eq!(push.ports, Some(Ports { destination: 2948, originator: 9200 }));
    assert!(waiting.message_waiting().is_some_and(|waiting| waiting.active && waiting.kind == 0));
    rig.delivers(2, &deliver("kept", 0));
    assert!(matches!(rig.take_events()[..], [SmsEvent::MemoryFull { .. }]));
}

#[test]
fn replace_types_take_the_place_of_the_same() {
    let mut rig = Rig::new(|config| config.places = 2);
    let of = |kind: u8, said: &str, second| {
        like(deliver(said, second), |deliver| deliver.protocol_identifier = ProtocolIdentifier(0x40 + kind))
    };
    rig.delivers(1, &of(1, "12 degrees", 0));
    rig.delivers(2, &of(2, "goal", 0));
    rig.delivers(3, &of(1, "13 degrees", 60));
    let events = rig.take_events();
    let Some(SmsEvent::Received(last)) = events.last() else { panic!("{events:?}") };
    assert_eq!((last.number, last.replaces, rig.client.memory().used()), (Some(1), Some(1), 2));
    let stored: Vec<_> = rig.client.memory().messages().map(|(_, sms)| sms.content.clone()).collect();
    assert_eq!(stored, [text("13 degrees"), text("goal")]);
    // Another sender's does not.
    let other = like(of(1, "9 degrees", 61), |deliver| deliver.originator = number("+15550100"));
    rig.delivers(4, &other);
    assert!(matches!(rig.take_events()[..], [SmsEvent::MemoryFull { .. }]));
}

#[test]
fn what_is_broken_is_refused_with_its_cause() {
    let mut rig = Rig::new(|_| {});
    let cases: [(&str, RpCause, Option<u8>); 4] = [
        // RP-UD is longer than the message.
        ("0107 0791534810325400 00 18 04", RpCause::INVALID_MANDATORY_INFORMATION, None),
        // SMS-SUBMIT does not come to an MS; TP-FCS 0xB0.
        ("0107 0791534810325400 00 02 0100", RpCause::PROTOCOL_ERROR, Some(0xB0)),
        // Nothing in RP-UD.
        ("0107 0791534810325400 00 00", RpCause::PROTOCOL_ERROR, Some(0xFF)),
        // A type that there is not.
        ("0707", RpCause::UNKNOWN_MESSAGE_TYPE, None),
    ];
    for (hex, cause, failure) in cases {
        rig.comes(&octets(hex), None);
        let answer = rig.last();
        let RpBody::Error(error) = &answer.body else { panic!("{hex}: {answer:?}") };
        assert_eq!((answer.reference, answer.direction, error.cause), (7, Direction::ToNetwork, cause), "{hex}");
        assert_eq!(answer.user_data().map(|octets| octets[1]), failure, "{hex}");
        assert!(matches!(&rig.take_events()[..], [SmsEvent::Refused { cause: told, .. }] if *told == cause));
    }
    let said = rig.messages.len();
    for hex in ["", "01", "0207", "0407", "040701 29", "0307", "0507"] {
        rig.comes(&octets(hex), None);
    }
    assert_eq!(rig.messages.len(), said, "no report is answered, and nothing without a reference");
}

#[test]
fn an_agent_that_is_silent() {
    let mut rig = Rig::new(|config| config.reporting = Reporting::Never);
    rig.delivers(1, &deliver("x", 0));
    assert!(rig.messages.is_empty() && matches!(rig.take_events()[..], [SmsEvent::Ignored { .. }]));
    rig.command(SmsCommand::Report(Reporting::AtOnce));
    rig.delivers(2, &deliver("x", 0));
    assert_eq!(received(&rig.take_events()), ["x"], "it was not taken before");
}

#[test]
fn messages_by_sgsn_and_msc() {
    let mut rig = Rig::new(|_| {});
    let message = RpMessage::mobile_terminated(4, number(CENTRE), &Tpdu::Deliver(deliver("x", 0))).emit();
    rig.input(SmsInput::Relayed { access: SmsAccess::Sgsn, octets: &message });
    assert_eq!(rig.relayed, [(SmsAccess::Sgsn, octets("0204 41 02 0000"))]);
    // The same by IP is the same.
    rig.comes(&message, None);
    let events = rig.take_events();
    assert!(
        matches!(&events[..], [SmsEvent::Received(sms), SmsEvent::Duplicate { .. }] if sms.access == SmsAccess::Sgsn)
    );
}
