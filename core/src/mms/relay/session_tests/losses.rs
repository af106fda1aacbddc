//! What another relay takes for some of its recipients, does not answer, or could not take: everybody gets it all the same,
//! or its sender is told.

use super::*;
use protocol::mms::ResponseStatus;

/// What the sender is told since: recipients, and what became of it there.
fn told(net: &Net) -> Vec<(String, MmsStatus)> {
    let pushes = net.pushes(ALICE).into_iter();
    let told = pushes.map(|pdu| match pdu {
        MmsPdu::DeliveryInd(ind) => (ind.to[0].text(), ind.status),
        other => panic!("{other:?}"),
    });
    told.collect()
}

fn dave(config: &mut MmsRelayConfig) -> Option<&mut MmsSubscriber> {
    config.subscribers.iter_mut().find(|own| own.msisdn == DAVE)
}

#[test]
fn what_is_taken_for_some_goes_again_to_the_others() {
    let mut net = Net::with(1, |config| dave(config).into_iter().for_each(|own| own.messages = 1));
    let (req, body) = send_req("t1", &[DAVE]);
    net.send(ALICE, req, &body);
    net.run_ms(2_000);
    let first = net.notification(DAVE);
    let (req, body) = send_req("t2", &[CAROL, DAVE]);
    assert!(net.send(ALICE, req, &body).response_status.is_ok());
    net.run_ms(5_000);
    net.notification(CAROL);
    assert_eq!(net.pushes(DAVE), [], "there is no room for it yet");
    assert_eq!(net.tell(DAVE, notify_resp(&first, MmsStatus::REJECTED)), 200);
    net.run_ms(120_000);
    net.notification(DAVE);
    assert_eq!((net.figure("A", "mms_messages_kept"), net.figure("A", "mms_in_memory")), (0, 0));
}

#[test]
fn one_full_mailbox_keeps_a_message_from_nobody_else() {
    let mut net = Net::with(1, |config| dave(config).into_iter().for_each(|own| own.octets = 150_000));
    let new = |transaction: &str, to: &[&str]| {
        let (content_type, body) = picture(100_000);
        (SendReq::new(transaction, to.iter().map(|to| phone(to)).collect(), content_type), body)
    };
    let (req, body) = new("t1", &[DAVE]);
    net.send(ALICE, req, &body);
    net.run_ms(2_000);
    let first = net.notification(DAVE);
    let (req, body) = new("t2", &[CAROL, DAVE]);
    net.send(ALICE, req, &body);
    net.run_ms(5_000);
    net.notification(CAROL);
    assert_eq!(net.tell(DAVE, notify_resp(&first, MmsStatus::REJECTED)), 200);
    net.run_ms(120_000);
    net.notification(DAVE);
}

#[test]
fn what_goes_again_to_some_has_the_end_of_those() {
    let mut net = Net::new();
    net.lost = &["MM4 B>A MM4_forward.RES"];
    let (req, body) = send_req("t1", &[CAROL, DAVE]);
    net.send(ALICE, req, &body);
    net.run_ms(2_000);
    let (carol, _) = (net.notification(CAROL), net.notification(DAVE));
    assert_eq!(net.tell(CAROL, notify_resp(&carol, MmsStatus::REJECTED)), 200);
    net.run_ms(5_000);
    assert_eq!(told(&net), [(format!("+{CAROL}/TYPE=PLMN"), MmsStatus::REJECTED)]);
    // It goes to Dave alone twice more, and nobody says whether he has it.
    net.run_ms(50 * 60_000);
    assert_eq!(told(&net), [(format!("+{DAVE}/TYPE=PLMN"), MmsStatus::INDETERMINATE)]);
    assert_eq!(net.figure("A", "mms_messages_kept"), 0);
}

#[test]
fn a_response_that_comes_again_settles_those_who_are_left() {
    let mut net = Net::new();
    net.lost = &["MM4 B>A MM4_forward.RES"];
    let (req, body) = send_req("t1", &[CAROL, DAVE]);
    net.send(ALICE, req, &body);
    net.run_ms(2_000);
    let carol = net.notification(CAROL);
    assert_eq!(net.tell(CAROL, notify_resp(&carol, MmsStatus::REJECTED)), 200);
    net.run_ms(60_000);
    net.lost = &[];
    net.run_ms(60 * 60_000);
    assert_eq!(told(&net), [(format!("+{CAROL}/TYPE=PLMN"), MmsStatus::REJECTED)]);
    assert_eq!((net.figure("A", "mms_messages_kept"), net.figure("A", "mms_in_memory")), (0, 0));
}

#[test]
fn a_report_that_comes_again_is_told_once() {
    let mut net = Net::new();
    let (req, body) = send_req("t1", &[CAROL]);
    net.send(ALICE, req, &body);
    net.run_ms(2_000);
    let ind = net.notification(CAROL);
    net.lost = &["MM4 A>B MM4_delivery_report.RES"];
    let forward = protocol::mms::ForwardReq::new("f1", vec![phone(DAVE)], &ind.content_location);
    let token = net.ask(CAROL, post(B, &forward.into(), &[]));
    net.answer(CAROL, token);
    let (conf, _) = net.get(CAROL, &ind.content_location);
    assert!(conf.is_ok());
    assert_eq!(net.tell(CAROL, notify_resp(&ind, MmsStatus::RETRIEVED)), 200);
    net.run_ms(40 * 60_000);
    let own = |status| (format!("+{CAROL}/TYPE=PLMN"), status);
    assert_eq!(told(&net), [own(MmsStatus::FORWARDED), own(MmsStatus::RETRIEVED)]);
}

#[test]
fn a_date_that_is_none_keeps_nothing_from_going() {
    let mut net = Net::new();
    let (mut req, body) = send_req("t1", &[CAROL]);
    req.date = Some(u64::MAX);
    assert!(net.send(ALICE, req, &body).response_status.is_ok());
    net.run_ms(2_000);
    let ind = net.notification(CAROL);
    let (conf, got) = net.get(CAROL, &ind.content_location);
    assert!(conf.is_ok() && got == body);
    assert!(conf.date.is_some_and(|at| (START_MS / 1000..START_MS / 1000 + 10).contains(&at)), "{conf:?}");
}

#[test]
fn recipients_go_as_mails_have_them() {
    let mut net = Net::with(1, |config| {
        dave(config).into_iter().for_each(|own| own.identities.push("dave@mms.b.example".to_owned()));
    });
    let new = |transaction: &str, to: &[&str]| {
        let (mut req, body) = send_req(transaction, &[]);
        req.to = to.iter().map(|to| MmsAddress::of_text(to)).collect();
        (req, body)
    };
    let (req, body) = new("t1", &["+49 173-100 0001/TYPE=PLMN", "\"Dave D.\" <dave@mms.b.example>"]);
    assert_eq!(net.send(ALICE, req, &body).response_status, ResponseStatus::OK);
    net.run_ms(2_000);
    net.notification(CAROL);
    let ind = net.notification(DAVE);
    let (conf, _) = net.get(DAVE, &ind.content_location);
    let to: Vec<String> = conf.to.iter().map(MmsAddress::text).collect();
    assert_eq!(to, [format!("+{CAROL}/TYPE=PLMN"), "dave@mms.b.example".to_owned()]);
    // What has no form in a mail is refused, and not sent with the others.
    let long = format!("+49173{}/TYPE=PLMN", "1".repeat(300));
    for bad in ["\u{fc}@mms.b.example", &long] {
        let (req, body) = new("t2", &[bad, "+491731000001/TYPE=PLMN"]);
        let conf = net.send(ALICE, req, &body);
        assert_eq!(conf.response_status, ResponseStatus::PERMANENT_SENDING_ADDRESS_UNRESOLVED, "{bad}");
    }
}
