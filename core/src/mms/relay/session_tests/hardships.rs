//! What goes wrong in between: answers that are lost, ways of push that are down, settings that change, a store that fails.

use std::time::Duration;

use super::*;
use crate::node::{NodeInput, NodeOutput, NodeStore, NodeStoreAnswer, NodeStoreRequest};
use crate::store::StoreError;
use protocol::mms::pap::{Pap, PapCode, ResultNotificationMessage};
use protocol::mms::{AcknowledgeInd, ForwardConf, ForwardReq, MmsTime, ResponseStatus};

impl Net {
    fn sends_on(&mut self, msisdn: &str, req: &ForwardReq) -> ForwardConf {
        let token = self.ask(msisdn, post(relay_of(msisdn), &req.clone().into(), &[]));
        let answered = self.answer(msisdn, token);
        match MmsPdu::parse(&answered.body).unwrap().0 {
            MmsPdu::ForwardConf(conf) => conf,
            other => panic!("{other:?}"),
        }
    }

    /// Short messages that were sent since.
    fn short_messages(&mut self) -> usize {
        let count = self.log.iter().filter(|line| *line == "SMPP A>SM-SC SMPP").count();
        self.log.clear();
        count
    }
}

#[test]
fn who_was_given_a_message_and_does_not_say_so_is_reminded() {
    let mut net = Net::new();
    let (req, body) = send_req("t1", &[BOB, CAROL]);
    net.send(ALICE, req, &body);
    net.run_ms(2_000);
    let (bob, carol) = (net.notification(BOB), net.notification(CAROL));
    // Bob is given it, and nobody hears whether it has come; Carol fetches it later.
    assert!(net.get(BOB, &bob.content_location).0.is_ok());
    assert_eq!(net.tell(CAROL, notify_resp(&carol, MmsStatus::DEFERRED)), 200);
    net.run_ms(11 * 60_000);
    assert_eq!((net.notification(BOB), net.pushes(CAROL)), (bob.clone(), vec![]));
    assert_eq!(net.tell(BOB, notify_resp(&bob, MmsStatus::RETRIEVED)), 200);
    assert!(net.get(CAROL, &carol.content_location).0.is_ok());
    net.run_ms(24 * 3_600_000);
    assert_eq!(net.notification(CAROL), carol);
    assert_eq!(net.tell(CAROL, AcknowledgeInd::new(&carol.transaction_id, MmsVersion::V1_2)), 200);
    net.run_ms(3 * 86_400_000);
    assert_eq!((net.pushes(BOB), net.pushes(CAROL)), (vec![], vec![]));
    let told: Vec<MmsPdu> = net.pushes(ALICE);
    assert_eq!(told.len(), 2, "{told:?}");
    net.is_empty();
}

#[test]
fn a_push_is_a_few_short_messages_however_long_the_texts_are() {
    let mut net = Net::new();
    net.log.clear();
    let (mut req, body) = send_req("t1", &[ALICE, DAVE]);
    let subject = "Grüße ".repeat(1_500);
    req.subject = Some(subject.as_str().into());
    req.message_class = Some(protocol::mms::MessageClass::of_name(&"c".repeat(5_000)));
    assert!(net.send(BOB, req, &body).response_status.is_ok());
    net.run_ms(2_000);
    assert!(net.short_messages() <= 4);
    let ind = net.notification(ALICE);
    let short = ind.subject.as_ref().unwrap().text();
    assert_eq!(short, subject.chars().take(40).collect::<String>());
    // All of it is in the message.
    let (conf, _) = net.get(ALICE, &ind.content_location);
    assert_eq!(conf.subject.unwrap().text(), subject);
    net.notification(DAVE);
}

#[test]
fn a_push_that_the_window_has_no_room_for_is_not_begun() {
    let mut net = Net::with(1, |config| {
        // Eight short messages for the address alone.
        config.subscribers[1].identities.push(format!("{}@mms.a.example", "b".repeat(900)));
        if let Some(sm_sc) = &mut config.sm_sc {
            sm_sc.window = 4;
        }
    });
    net.log.clear();
    let (mut req, body) = send_req("t1", &[ALICE]);
    req.from = protocol::mms::From::Address(MmsAddress::of_text(&format!("{}@mms.a.example", "b".repeat(900))));
    assert!(net.send(BOB, req, &body).response_status.is_ok());
    net.run_ms(20_000);
    assert_eq!((net.short_messages(), net.pushes(ALICE)), (0, vec![]));
    assert!(net.notes.iter().any(|note| note.contains("no room for")), "{:#?}", net.notes);
}

#[test]
fn what_was_sent_on_is_so_when_it_is_asked_again() {
    let mut net = Net::new();
    let (req, body) = send_req("t1", &[BOB]);
    net.send(ALICE, req, &body);
    let ind = net.notification(BOB);
    let req = ForwardReq::new("f1", vec![phone(CAROL)], &ind.content_location);
    let first = net.sends_on(BOB, &req);
    assert!(first.response_status.is_ok() && first.message_id.is_some());
    // The answer was lost, and the original is over meanwhile.
    let (conf, _) = net.get(BOB, &ind.content_location);
    assert!(conf.is_ok());
    assert_eq!(net.tell(BOB, notify_resp(&ind, MmsStatus::RETRIEVED)), 200);
    assert_eq!(net.sends_on(BOB, &req), first);
    net.run_ms(2_000);
    net.notification(CAROL);
    // What is new comes too late.
    let late = ForwardReq::new("f2", vec![phone(CAROL)], &ind.content_location);
    assert_eq!(net.sends_on(BOB, &late).response_status, ResponseStatus::PERMANENT_MESSAGE_NOT_FOUND);
    net.run_ms(2_000);
    assert_eq!(net.pushes(CAROL), []);
}

#[test]
fn that_a_shared_message_was_sent_on_is_told_whenever_the_relay_is_killed() {
    for step in 0..8 {
        let mut net = Net::with(step, |_| {});
        let (req, body) = send_req("t1", &[BOB]);
        net.send(ALICE, req, &body);
        let ind = net.notification(BOB);
        let mut req = ForwardReq::new("f1", vec![phone(ALICE)], &ind.content_location);
        req.delivery_report = Some(true);
        assert!(net.sends_on(BOB, &req).response_status.is_ok());
        net.run_ms(2_000);
        let own = net.pushes(ALICE).into_iter().find_map(|pdu| match pdu {
            MmsPdu::NotificationInd(ind) => Some(*ind),
            _ => None,
        });
        // What Alice sends on has its content from the first message, and its sender is Bob.
        let req = ForwardReq::new("f2", vec![phone(CAROL)], &own.unwrap().content_location);
        (net.kill, net.dies_silently) = (Some((step as usize / 2, "A")), step % 2 == 0);
        let token = net.ask(ALICE, post(A, &req.into(), &[]));
        net.run_ms(60_000);
        let answered = net.answered(ALICE, token).unwrap();
        let Ok((MmsPdu::ForwardConf(conf), _)) = MmsPdu::parse(&answered.body) else { panic!() };
        assert!(conf.response_status.is_ok());
        net.notification(CAROL);
        assert_eq!(net.delivery(BOB), (format!("+{ALICE}/TYPE=PLMN"), MmsStatus::FORWARDED), "{step}");
    }
}

#[test]
fn what_was_in_time_is_so_when_it_comes_again() {
    let mut net = Net::new();
    let (mut req, body) = send_req("t1", &[CAROL]);
    req.expiry = Some(MmsTime::Absolute(START_MS / 1000 + 3_600));
    let first = net.send(ALICE, req.clone(), &body);
    assert!(first.response_status.is_ok());
    net.run_ms(4_000_000);
    assert_eq!(net.send(ALICE, req.clone(), &body), first);
    req.transaction_id = "t2".to_owned();
    assert_eq!(net.send(ALICE, req, &body).response_status, ResponseStatus::PERMANENT_FAILURE);
}

#[test]
fn a_push_goes_by_sip_again_while_there_is_no_sm_sc() {
    let mut net = Net::with(1, |config| {
        config.sm_sc = Some(SmppPeer::new("smsc", SocketAddr::new(ip("10.46.0.99"), 2775), "mmsc", "pw"));
        config.subscribers[0].push = vec![MmsPush::Sms, MmsPush::Sip];
    });
    *net.gateway.lock().unwrap() = MessageState::Undeliverable;
    let (req, body) = send_req("t1", &[BOB, ALICE]);
    net.send(BOB, req, &body);
    net.run_ms(5_000);
    assert_eq!((net.pushes(BOB), net.pushes(ALICE)), (vec![], vec![]));
    *net.gateway.lock().unwrap() = MessageState::Delivered;
    net.run_ms(60_000);
    let ind = net.notification(BOB);
    net.notification(ALICE);
    // Reports as well.
    let (conf, _) = net.get(BOB, &ind.content_location);
    assert!(conf.is_ok());
    *net.gateway.lock().unwrap() = MessageState::Undeliverable;
    assert_eq!(net.tell(BOB, notify_resp(&ind, MmsStatus::RETRIEVED)), 200);
    net.run_ms(5_000);
    *net.gateway.lock().unwrap() = MessageState::Delivered;
    net.run_ms(60_000);
    assert_eq!(net.delivery(BOB).1, MmsStatus::RETRIEVED);
}

#[test]
fn what_the_settings_do_not_have_any_more_is_put_elsewhere_or_ended() {
    let mut net = Net::with(1, |config| {
        config.sm_sc = Some(SmppPeer::new("smsc", SocketAddr::new(ip("10.46.0.99"), 2775), "mmsc", "pw"));
    });
    assert!(net.fabric.set_down(net.now, "B", true));
    let (req, body) = send_req("t1", &[ALICE, CAROL]);
    assert!(net.send(BOB, req, &body).response_status.is_ok());
    net.run_ms(5_000);
    assert_eq!(net.pushes(ALICE), []);
    // She has SIP now, and the other relay another name.
    net.tune = |config| {
        config.sm_sc = None;
        config.subscribers[0].push = vec![MmsPush::Sip];
        config.relays[0].name = "other".to_owned();
    };
    net.restart("A");
    net.run_ms(60_000);
    net.notification(ALICE);
    assert_eq!(net.delivery(BOB), (format!("+{CAROL}/TYPE=PLMN"), MmsStatus::UNREACHABLE));
    assert_eq!(net.figure("A", "mms_in_memory"), 0);
}

#[test]
fn a_result_of_a_push_is_for_pushes_alone() {
    let mut net = Net::with(1, |config| {
        // Alice's terminal is the gateway.
        if let Some(gateway) = config.gateway.as_mut() {
            gateway.from = vec![TrustedPeer::host(place(ALICE))];
        }
    });
    let (mut req, body) = send_req("t1", &[DAVE]);
    req.expiry = Some(MmsTime::Relative(3_600));
    assert!(net.fabric.set_down(net.now, "B", true));
    let conf = net.send(BOB, req, &body);
    let message = u64::from_str_radix(conf.message_id.unwrap().split('@').next().unwrap(), 16).unwrap();
    // Its tasks have the numbers that follow: MM4, its end.
    for task in [message + 1, message + 2, message + 3] {
        for state in [MessageState::Delivered, MessageState::Undeliverable] {
            let id = format!("{task:016x}.0@mms.a.example");
            let result = ResultNotificationMessage::new(&id, "x", state, PapCode::OK);
            let document = Pap::ResultNotificationMessage(result).to_document().into_bytes();
            let request = Request::post(format!("{A}/pap")).header("content-type", "application/xml");
            let token = net.ask(ALICE, request.body(document).unwrap());
            let answered = net.answer(ALICE, token);
            let Ok(Pap::ResultNotificationResponse(said)) = Pap::parse(std::str::from_utf8(&answered.body).unwrap())
            else {
                panic!("{answered:?}")
            };
            let code = if task == message + 3 { PapCode::OK } else { PapCode::PUSH_ID_NOT_FOUND };
            assert_eq!(said.code, code, "{task:x}");
        }
    }
    net.run_ms(3_700_000);
    // Twice, for the gateway cannot say that it has delivered it.
    let told = net.pushes(BOB);
    let is_expired = |pdu: &MmsPdu| matches!(pdu, MmsPdu::DeliveryInd(ind) if ind.status == MmsStatus::EXPIRED);
    assert!(!told.is_empty() && told.iter().all(is_expired), "{told:?}");
}

/// The first request of a relay to its store.
fn asked(relay: &mut MmsRelay) -> Vec<NodeStoreRequest> {
    let outputs = std::iter::from_fn(|| relay.poll_output());
    outputs.filter_map(|output| if let NodeOutput::Store(request) = output { Some(request) } else { None }).collect()
}

#[test]
fn a_store_that_fails_is_asked_again_after_a_pause() {
    let mut relay = MmsRelay::new(config("A"), Entropy::of_box(1, "A")).unwrap();
    let mut store = NodeStore::in_memory().unwrap();
    let second = Duration::from_secs(1);
    let (mut now, mut failures) = (Instant::ZERO, 0);
    // Every first time nothing can be read or written: starting, counting, looking.
    let mut failed = BTreeSet::new();
    for _ in 0..20 {
        let mut turns = 0;
        loop {
            let requests = asked(&mut relay);
            if requests.is_empty() {
                break;
            }
            turns += 1;
            assert!(turns < 20, "it asks on and on at {now}");
            for request in requests {
                let answer = match failed.insert(format!("{:?}", request.ops.first())) || failures < 12 {
                    true => {
                        failures += 1;
                        let result = Err(StoreError::Sqlite("disk I/O error".to_owned()));
                        NodeStoreAnswer { token: request.token, result }
                    }
                    false => store.execute(&request),
                };
                relay.handle_input(now, NodeInput::Store(answer));
            }
        }
        let Some(due) = relay.poll_timeout() else { break };
        assert!(due <= now + 2 * second, "{due} at {now}");
        now = due.max(now + second / 1_000);
        relay.handle_timeout(now);
    }
    assert!(relay.is_ready && failures >= 12, "{failures} at {now}");
    // Everything was counted, and looked for.
    assert!(relay.census.is_counted() && relay.poll_timeout().is_none_or(|at| at > now + second));
}
