//! What goes well, and what goes another way: sending, retrieval, rejection, reports, sending on, push and its fallbacks, expiry.

use super::*;
use protocol::mms::{
    AcknowledgeInd, ForwardReq, MmsTime, ReadRecInd, ReadStatus, ResponseStatus, RetrieveStatus, SenderVisibility,
};

#[test]
fn a_picture_goes_from_relay_to_relay_byte_for_byte() {
    let mut net = Net::new();
    let (req, body) = send_req("t1", &[CAROL]);
    let content_type = req.content_type.clone();
    let conf = net.send(ALICE, req, &body);
    assert_eq!((conf.response_status, conf.transaction_id.as_str()), (ResponseStatus::OK, "t1"));
    net.run_ms(2_000);
    let ind = net.notification(CAROL);
    let location = ind.content_location.clone();
    assert_eq!((ind.message_size as usize, ind.subject.clone()), (body.len(), Some("Urlaub".into())));
    assert_eq!(ind.from.as_ref().and_then(|from| from.address()), Some(&phone(ALICE)));
    assert_eq!(net.tell(CAROL, notify_resp(&ind, MmsStatus::DEFERRED)), 200);
    let (retrieved, got) = net.get(CAROL, &ind.content_location);
    assert!(retrieved.is_ok() && retrieved.read_report == Some(true), "{retrieved:?}");
    assert_eq!(parts(retrieved.content_type.as_ref().unwrap(), &got), parts(&content_type, &body));
    assert_eq!(net.pushes(ALICE), []);
    let transaction_id = retrieved.transaction_id.clone().unwrap();
    assert_eq!(net.tell(CAROL, AcknowledgeInd::new(&transaction_id, MmsVersion::V1_2)), 200);
    net.run_ms(2_000);
    assert_eq!(net.delivery(ALICE), (format!("+{CAROL}/TYPE=PLMN"), MmsStatus::RETRIEVED));
    // It is read.
    let read = ReadRecInd::new(retrieved.message_id.as_deref().unwrap(), phone(ALICE), ReadStatus::READ);
    assert_eq!((net.tell(CAROL, read.clone()), net.tell(CAROL, read)), (200, 200));
    net.run_ms(2_000);
    let [MmsPdu::ReadOrigInd(ind)] = &net.pushes(ALICE)[..] else { panic!("{:#?}", net.notes) };
    assert_eq!((Some(&ind.message_id), ind.read_status), (conf.message_id.as_ref(), ReadStatus::READ));
    net.seen(&[
        "MM1 491721000001>A / M-Send.req",
        "MM1 A>491721000001 200 M-Send.conf",
        "MM4 A>B MM4_forward.REQ",
        "MM1 B>GW /pap",
        "MM4 B>A MM4_forward.RES",
        "MM1 491731000001>B / M-NotifyResp.ind",
        "MM1 B>491731000001 200 M-Retrieve.conf",
        "MM1 491731000001>B / M-Acknowledge.ind",
        "MM4 B>A MM4_delivery_report.REQ",
        "SMPP A>SM-SC SMPP",
        "MM4 A>B MM4_delivery_report.RES",
        "MM4 B>A MM4_read_reply_report.REQ",
        "MM4 A>B MM4_read_reply_report.RES",
    ]);
    net.is_empty();
    // Nobody is told again, and what is over is over.
    net.run_ms(3 * 86_400_000);
    assert_eq!((net.pushes(ALICE), net.pushes(CAROL)), (vec![], vec![]));
    let (again, _) = net.get(CAROL, &location);
    assert_eq!(again.retrieve_status, Some(RetrieveStatus::PERMANENT_MESSAGE_NOT_FOUND));
}

#[test]
fn subscribers_of_one_relay_send_each_other_and_immediately_retrieve() {
    let mut net = Net::new();
    let (req, body) = send_req("t1", &[BOB]);
    net.send(ALICE, req, &body);
    net.run_ms(500);
    let ind = net.notification(BOB);
    let (conf, _) = net.get(BOB, &ind.content_location);
    assert!(conf.is_ok());
    assert_eq!(net.tell(BOB, notify_resp(&ind, MmsStatus::RETRIEVED)), 200);
    net.run_ms(500);
    assert_eq!(net.delivery(ALICE), (format!("+{BOB}/TYPE=PLMN"), MmsStatus::RETRIEVED));
    net.is_empty();
    assert!(!net.log.iter().any(|line| line.starts_with("MM4")));
}

#[test]
fn a_message_is_rejected_and_one_that_hides_its_recipients_report_says_nothing() {
    let mut net = Net::new();
    let (req, body) = send_req("t1", &[BOB]);
    net.send(ALICE, req, &body);
    let ind = net.notification(BOB);
    assert_eq!(net.tell(BOB, notify_resp(&ind, MmsStatus::REJECTED)), 200);
    net.run_ms(500);
    assert_eq!(net.delivery(ALICE).1, MmsStatus::REJECTED);
    net.is_empty();
    let (conf, _) = net.get(BOB, &ind.content_location);
    assert_eq!(conf.retrieve_status, Some(RetrieveStatus::PERMANENT_MESSAGE_NOT_FOUND));
    // The recipient does not want it reported, and the sender is not shown.
    let (mut req, body) = send_req("t2", &[BOB]);
    req.sender_visibility = Some(SenderVisibility::HIDE);
    net.send(ALICE, req, &body);
    let ind = net.notification(BOB);
    assert_eq!(ind.from, None);
    let (conf, _) = net.get(BOB, &ind.content_location);
    assert!(conf.is_ok() && conf.from.is_none());
    let mut ack = AcknowledgeInd::new(conf.transaction_id.as_deref().unwrap(), MmsVersion::V1_2);
    ack.report_allowed = Some(false);
    assert_eq!(net.tell(BOB, ack), 200);
    net.run_ms(2_000);
    assert_eq!(net.pushes(ALICE), []);
    net.is_empty();
}

#[test]
fn a_message_for_many_is_kept_once() {
    let mut net = Net::new();
    let (mut req, body) = send_req("t1", &[ALICE, BOB, CAROL]);
    req.bcc = vec![phone(DAVE), phone(BOB)];
    assert_eq!(net.send(ALICE, req, &body).response_status, ResponseStatus::OK);
    net.run_ms(2_000);
    assert_eq!((net.figure("A", "mms_octets_kept"), net.figure("A", "mms_messages_kept")), (body.len() as u64, 1));
    assert!(net.figure("B", "mms_messages_kept") == 1);
    assert_eq!(net.log.iter().filter(|line| line.contains("MM4_forward.REQ")).count(), 1);
    for msisdn in [ALICE, BOB, CAROL, DAVE] {
        let ind = net.notification(msisdn);
        let (conf, _) = net.get(msisdn, &ind.content_location);
        assert!(conf.is_ok() && conf.to.len() == 3, "{msisdn}: {conf:?}");
        assert_eq!(net.tell(msisdn, notify_resp(&ind, MmsStatus::RETRIEVED)), 200);
    }
    net.run_ms(2_000);
    net.is_empty();
    let told: Vec<MmsPdu> = net.pushes(ALICE);
    assert_eq!(told.len(), 4, "{told:?}");
}

#[test]
fn a_message_is_sent_on_without_being_fetched() {
    let mut net = Net::new();
    let (req, body) = send_req("t1", &[BOB]);
    net.send(ALICE, req, &body);
    let ind = net.notification(BOB);
    let mut req = ForwardReq::new("f1", vec![phone(CAROL)], &ind.content_location);
    req.delivery_report = Some(true);
    let token = net.ask(BOB, post(A, &req.into(), &[]));
    let answered = net.answer(BOB, token);
    let Ok((MmsPdu::ForwardConf(conf), _)) = MmsPdu::parse(&answered.body) else { panic!() };
    assert!(conf.response_status.is_ok() && conf.message_id.is_some());
    net.run_ms(2_000);
    // Who had sent it knows, and Bob may fetch it still.
    assert_eq!(net.delivery(ALICE).1, MmsStatus::FORWARDED);
    assert_eq!(net.figure("A", "mms_octets_kept"), body.len() as u64);
    let (conf, _) = net.get(BOB, &ind.content_location);
    assert!(conf.is_ok());
    assert_eq!(net.tell(BOB, notify_resp(&ind, MmsStatus::RETRIEVED)), 200);
    let ind = net.notification(CAROL);
    let (conf, got) = net.get(CAROL, &ind.content_location);
    assert_eq!(got, body);
    assert_eq!(conf.previously_sent_by.len(), 1, "{conf:?}");
    assert_eq!(net.tell(CAROL, notify_resp(&ind, MmsStatus::RETRIEVED)), 200);
    net.run_ms(2_000);
    assert_eq!(net.delivery(BOB).1, MmsStatus::RETRIEVED);
    assert_eq!(net.delivery(ALICE).1, MmsStatus::RETRIEVED);
    net.is_empty();
}

#[test]
fn a_push_that_sip_does_not_deliver_goes_by_sms() {
    for state in [MessageState::Undeliverable, MessageState::Rejected, MessageState::Timeout] {
        let mut net = Net::new();
        *net.gateway.lock().unwrap() = state;
        let (req, body) = send_req("t1", &[BOB]);
        net.send(ALICE, req, &body);
        net.run_ms(1_000);
        net.seen(&["MM1 A>GW /pap", "SMPP A>SM-SC SMPP"]);
        let ind = net.notification(BOB);
        assert_eq!(net.tell(BOB, notify_resp(&ind, MmsStatus::DEFERRED)), 200);
    }
    // A gateway that takes it and says nothing.
    let mut net = Net::new();
    *net.gateway.lock().unwrap() = MessageState::Pending;
    let (req, body) = send_req("t1", &[BOB]);
    net.send(ALICE, req, &body);
    net.run_ms(50_000);
    assert_eq!(net.pushes(BOB), []);
    net.run_ms(20_000);
    net.notification(BOB);
}

#[test]
fn a_notification_that_is_not_answered_comes_again_until_it_is() {
    let mut net = Net::new();
    let (req, body) = send_req("t1", &[BOB]);
    net.send(ALICE, req, &body);
    let first = net.notification(BOB);
    net.run_ms(11 * 60_000);
    assert_eq!(net.notification(BOB), first);
    assert_eq!(net.tell(BOB, notify_resp(&first, MmsStatus::DEFERRED)), 200);
    net.run_ms(2 * 86_400_000);
    assert_eq!(net.pushes(BOB), []);
}

#[test]
fn what_nobody_fetches_expires_and_is_reported() {
    let mut net = Net::new();
    let (mut req, body) = send_req("t1", &[BOB, CAROL]);
    req.expiry = Some(MmsTime::Relative(3_600));
    net.send(ALICE, req, &body);
    net.run_ms(2_000);
    let (bob, carol) = (net.notification(BOB), net.notification(CAROL));
    assert_eq!(net.tell(CAROL, notify_resp(&carol, MmsStatus::DEFERRED)), 200);
    net.run_ms(3_600_000);
    let told = net.pushes(ALICE).into_iter().map(|pdu| match pdu {
        MmsPdu::DeliveryInd(ind) => (ind.to[0].text(), ind.status.0),
        other => panic!("{other:?}"),
    });
    let told: BTreeSet<_> = told.collect();
    let expired = |msisdn: &str| (format!("+{msisdn}/TYPE=PLMN"), MmsStatus::EXPIRED.0);
    assert_eq!(told, BTreeSet::from([expired(BOB), expired(CAROL)]));
    net.is_empty();
    for (msisdn, ind) in [(BOB, bob), (CAROL, carol)] {
        let (conf, _) = net.get(msisdn, &ind.content_location);
        assert_eq!(conf.retrieve_status, Some(RetrieveStatus::PERMANENT_MESSAGE_NOT_FOUND));
        assert!(conf.retrieve_text.unwrap().text().contains("time"), "{:?}", conf.content_type);
    }
}

#[test]
fn a_relay_that_is_not_there_is_tried_until_it_is() {
    let mut net = Net::new();
    assert!(net.fabric.set_down(net.now, "B", true));
    let (req, body) = send_req("t1", &[CAROL]);
    assert!(net.send(ALICE, req, &body).response_status.is_ok());
    net.run_ms(600_000);
    assert!(net.notes.iter().any(|note| note.contains("no connection to b")), "{:#?}", net.notes);
    assert!(net.fabric.set_down(net.now, "B", false));
    net.run_ms(900_000);
    net.notification(CAROL);
}

#[test]
fn a_relay_that_is_never_there_is_given_up_and_reported() {
    let mut net = Net::new();
    assert!(net.fabric.set_down(net.now, "B", true));
    let (req, body) = send_req("t1", &[CAROL]);
    net.send(ALICE, req, &body);
    net.run_ms(26 * 3_600_000);
    assert_eq!(net.delivery(ALICE), (format!("+{CAROL}/TYPE=PLMN"), MmsStatus::UNREACHABLE));
    assert!(
        net.notes.iter().any(|note| note.contains("given up: the other relay was not reached")),
        "{:#?}",
        net.notes
    );
    net.is_empty();
}

#[test]
fn a_message_may_not_go_before_its_time() {
    let mut net = Net::new();
    let (mut req, body) = send_req("t1", &[BOB, CAROL]);
    req.delivery_time = Some(MmsTime::Relative(7_200));
    net.send(ALICE, req, &body);
    net.run_ms(7_100_000);
    assert_eq!((net.pushes(BOB), net.pushes(CAROL)), (vec![], vec![]));
    net.run_ms(200_000);
    net.notification(BOB);
    net.notification(CAROL);
}

#[test]
fn large_messages_pass() {
    let mut net = Net::new();
    let (content_type, body) = picture(9 << 20);
    let req = SendReq::new("t1", vec![phone(CAROL)], content_type);
    assert!(net.send(ALICE, req, &body).response_status.is_ok());
    net.run_ms(10_000);
    let ind = net.notification(CAROL);
    let (conf, got) = net.get(CAROL, &ind.content_location);
    assert!(conf.is_ok() && got == body);
    assert_eq!(net.tell(CAROL, notify_resp(&ind, MmsStatus::RETRIEVED)), 200);
    net.run_ms(2_000);
    net.is_empty();
}
