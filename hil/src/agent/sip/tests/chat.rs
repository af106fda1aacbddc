//! Lists, notifications and sessions of messages.

use protocol::mime::{MediaType, Multipart, Part};
use protocol::msrp::{MsrpEvent, MsrpMessage, SessionOptions};
use protocol::sip::Method;
use protocol::xml::{CopyControl, Disposition, ImdnStatus, ListEntry, ResourceLists};

use super::network::{Network, impu};
use crate::agent::sip::*;

const CALL: CallId = CallId(1);

/// What is told of sessions of messages.
fn chats(network: &Network, n: usize) -> Vec<MsrpEvent> {
    let of = |event: &AgentEvent| if let AgentEvent::Chat { event, .. } = event { Some(event.clone()) } else { None };
    network.told(n).iter().filter_map(of).collect()
}

#[test]
fn a_session_of_messages_from_end_to_end() {
    let mut network = Network::registered(2);
    let options = SessionOptions { max_size: 100_000, ..SessionOptions::default() };
    network.command(0, AgentCommand::Chat { call: CALL, to: impu(1), options: options.clone() });
    network.run(1);
    let incoming = network.told(1).iter().find_map(|event| match event {
        AgentEvent::Incoming { call, sdp: Some(sdp), .. } => Some((*call, String::from_utf8_lossy(sdp).into_owned())),
        _ => None,
    });
    let (call, sdp) = incoming.unwrap();
    assert!(sdp.contains("m=message 2855 TCP/MSRP *") && sdp.contains("a=setup:actpass"), "{sdp}");
    network.command(1, AgentCommand::AnswerChat { call, options });
    network.run(1);
    let message = MsrpMessage { success_report: true, ..MsrpMessage::new(7, "text/plain", vec![b'x'; 60_000]) };
    network.command(0, AgentCommand::ChatSend { call: CALL, message });
    network.command(1, AgentCommand::ChatSend { call, message: MsrpMessage::new(8, "text/plain", "back") });
    network.run(1);
    let complete = |n, octets| {
        chats(&network, n).iter().any(|e| matches!(e, MsrpEvent::Complete { total, .. } if *total == octets))
    };
    assert!(complete(1, 60_000) && complete(0, 4), "{:?}", chats(&network, 0));
    assert!(chats(&network, 0).iter().any(|e| matches!(e, MsrpEvent::Reported { token: 7, status: 200, .. })));
    assert!(network.media_octets > 60_000);
    network.command(0, AgentCommand::HangUp(CALL));
    network.run(1);
    assert!(network.told(1).iter().any(|e| matches!(e, AgentEvent::Ended { .. })));
    network.command(1, AgentCommand::ChatSend { call, message: MsrpMessage::new(9, "text/plain", "late") });
    network.run(1);
    assert!(matches!(network.told(1).last(), Some(AgentEvent::Ignored { .. })));
}

#[test]
fn an_offer_without_messages_is_refused() {
    let mut network = Network::registered(2);
    let sdp = b"v=0\r\no=- 1 1 IN IP4 10.45.0.1\r\ns=-\r\nc=IN IP4 10.45.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 97\r\n";
    network.command(
        0,
        AgentCommand::Call { call: CALL, to: impu(1), sdp: sdp.to_vec(), headers: Vec::new(), parts: Vec::new() },
    );
    network.run(1);
    let Some(AgentEvent::Incoming { call, .. }) = network.told(1).first().cloned() else { panic!("no call") };
    network.command(1, AgentCommand::AnswerChat { call, options: SessionOptions::default() });
    network.run(1);
    let refused = Refusal::Status { status: 488, reason: "Not Acceptable Here".into() };
    assert!(network.told(0).contains(&AgentEvent::Ended { call: CALL, why: EndedWhy::Refused(refused) }));
}

#[test]
fn a_list_goes_to_its_service() {
    let mut network = Network::registered(2);
    let entries = vec![ListEntry { copy_control: Some(CopyControl::To), ..ListEntry::new(&impu(1)) }];
    let content = Part::new("text/plain", "hello");
    // The other UE plays the service.
    network.command(
        0,
        AgentCommand::ListMessage { token: 3, service: impu(1), entries: entries.clone(), content: content.clone() },
    );
    network.run(1);
    let sent = network.of_method(&Method::MESSAGE)[0].clone();
    assert_eq!(sent.headers.get("Require"), Some("recipient-list-message"));
    let body = Multipart::parse(&MediaType::of(&sent.headers).unwrap().unwrap(), &sent.body).unwrap();
    assert_eq!(body.parts[0], content);
    assert!(body.parts[1].is_disposed("recipient-list"));
    let lists = ResourceLists::parse(std::str::from_utf8(&body.parts[1].body).unwrap()).unwrap();
    assert_eq!(lists, ResourceLists::flat(entries));
    assert_eq!(network.told(0), [AgentEvent::MessageResult { token: 3, result: Ok(200) }]);
}

#[test]
fn a_sender_is_told_that_his_message_is_there() {
    let mut network = Network::registered(2);
    let content = Part::new("text/plain", "hello");
    let (wish, datetime) = ("positive-delivery, negative-delivery".to_owned(), "2026-11-22T00:00:00Z".to_owned());
    network.command(
        0,
        AgentCommand::TrackedMessage { token: 4, to: impu(1), content, wish, datetime, headers: Vec::new() },
    );
    network.run(1);
    let [AgentEvent::Tracked { token: 4, message_id }, told @ ..] = network.told(0) else {
        panic!("{:?}", network.told(0))
    };
    assert!(told.contains(&AgentEvent::MessageResult { token: 4, result: Ok(200) }));
    let imdn = told.iter().find_map(|e| if let AgentEvent::Disposition { imdn, .. } = e { Some(imdn) } else { None });
    let imdn = imdn.unwrap();
    assert_eq!((&imdn.message_id, imdn.disposition), (message_id, Disposition::Delivery(ImdnStatus::Delivered)));
    assert_eq!(network.of_method(&Method::MESSAGE).len(), 2);
    // The message itself is told once, however often it comes.
    let again = network.of_method(&Method::MESSAGE)[0].to_bytes();
    let again = String::from_utf8(again).unwrap().replacen("branch=z9hG4bK", "branch=z9hG4bKx", 1);
    network.ues[1].told.clear();
    // While the transaction lives it would be a merged request (RFC 3261 clause 8.2.2.2).
    network.run(150);
    network.put("10.46.0.1:5060".parse().unwrap(), "10.45.0.2:5060".parse().unwrap(), again.into_bytes());
    network.run(1);
    assert!(matches!(network.told(1), [AgentEvent::Ignored { .. }]), "{:?}", network.told(1));
}
