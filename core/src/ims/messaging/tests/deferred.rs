//! Messages for users who are not there.

use std::time::Duration;

use protocol::mime::Cpim;
use protocol::sip::Request;
use protocol::xml::{Disposition, Imdn, ImdnStatus};

use super::*;

const CPIM: &str = "Content-Type: message/cpim\n";

fn wishing(what: &str) -> String {
    format!(
        "From: <sip:a@ims.test>\nTo: <sip:b@ims.test>\nDateTime: 2026-11-22T00:00:00Z\nNS: imdn <urn:ietf:params:imdn>\n\
         imdn.Message-ID: id-1\nimdn.Disposition-Notification: {what}\n\nContent-Type: text/plain\n\nhello"
    )
}

fn told(request: &Request) -> Imdn {
    assert_eq!(request.uri.to_string(), "sip:a@ims.test");
    let message = Cpim::parse(&request.body).unwrap();
    Imdn::parse(std::str::from_utf8(&message.content.body).unwrap()).unwrap()
}

#[test]
fn they_wait_and_come_in_order() {
    let mut rig = rig();
    for n in 1..=3 {
        rig.udp(SCSCF, &message(n, "unreg", "Subject: weather", &format!("text {n}")));
        rig.response(202, SCSCF);
        assert_eq!(waiting(&rig), n as usize);
    }
    rig.is_silent();
    rig.pass(Duration::from_secs(5));
    register(&mut rig, 1, 600);
    for n in 1..=3 {
        let sent = rig.request("MESSAGE", ICSCF);
        rig.is_silent();
        assert_eq!(text(&sent), format!("text {n}"));
        assert_eq!(
            (sent.call_id(), sent.from().unwrap().unwrap().tag()),
            (Some(&*format!("call-{n}")), Some(&*format!("a{n}")))
        );
        assert_eq!(sent.headers.get("Subject"), Some("weather"));
        assert_eq!(sent.headers.get("P-Asserted-Identity"), Some("<sip:a@ims.test>"));
        assert_eq!(sent.headers.get("Date"), Some("Sun, 22 Nov 2026 00:00:00 GMT"));
        rig.answer(ICSCF, &sent, 200, &[]);
    }
    rig.is_silent();
    assert_eq!((waiting(&rig), rig.rows.len()), (0, 3));
    // The sender's request comes again: it is known for a while.
    rig.udp(SCSCF, &message(1, "unreg", "", "text 1").replace("z9hG4bKm1", "z9hG4bKm1again"));
    rig.response(202, SCSCF);
    rig.is_silent();
    rig.pass(Duration::from_secs(400));
    assert!(rig.rows.is_empty(), "{:?}", rig.rows.keys());
}

#[test]
fn a_recipient_who_stays_away_is_tried_with_growing_pauses() {
    let mut rig = rig();
    rig.udp(SCSCF, &message(1, "unreg", "", "x"));
    rig.response(202, SCSCF);
    let mut pauses = Vec::new();
    for _ in 0..4 {
        let before = rig.now;
        while rig.sent.is_empty() {
            rig.pass(Duration::from_secs(1));
        }
        pauses.push(rig.now.saturating_duration_since(before).as_secs());
        let sent = rig.request("MESSAGE", ICSCF);
        rig.answer(ICSCF, &sent, 480, &[]);
    }
    assert_eq!(pauses, [30, 60, 120, 240]);
}

#[test]
fn time_runs_out_and_the_sender_hears_of_it() {
    let mut rig = rig();
    let headers = format!("{CPIM}Expires: 60");
    rig.udp(SCSCF, &message(1, "unreg", &headers, &wishing("negative-delivery, processing")));
    rig.response(202, SCSCF);
    let stored = rig.request("MESSAGE", ICSCF);
    assert_eq!(told(&stored).disposition, Disposition::Processing(ImdnStatus::Stored));
    rig.answer(ICSCF, &stored, 200, &[]);
    rig.is_silent();
    rig.pass(Duration::from_secs(30));
    let tried = rig.request("MESSAGE", ICSCF);
    rig.answer(ICSCF, &tried, 480, &[]);
    rig.pass(Duration::from_secs(40));
    let failed = rig.request("MESSAGE", ICSCF);
    rig.sent.clear();
    let imdn = told(&failed);
    assert_eq!((imdn.message_id.as_str(), imdn.disposition), ("id-1", Disposition::Delivery(ImdnStatus::Failed)));
    assert_eq!(imdn.recipient.as_deref(), Some("sip:b@ims.test"));
    rig.answer(ICSCF, &failed, 200, &[]);
    register(&mut rig, 1, 600);
    rig.is_silent();
    assert_eq!(waiting(&rig), 0);
    // One that is too old when it comes does not wait at all.
    let old = "Expires: 60\nDate: Sat, 21 Nov 2026 20:00:00 GMT";
    rig.udp(SCSCF, &message(2, "unreg", old, "x"));
    rig.response(480, SCSCF);
}

#[test]
fn a_refusal_for_good_ends_it() {
    let mut rig = rig();
    rig.udp(SCSCF, &message(1, "unreg", CPIM, &wishing("negative-delivery")));
    rig.response(202, SCSCF);
    register(&mut rig, 1, 600);
    let sent = rig.request("MESSAGE", ICSCF);
    rig.answer(ICSCF, &sent, 404, &[]);
    assert_eq!(told(&rig.request("MESSAGE", ICSCF)).disposition, Disposition::Delivery(ImdnStatus::Failed));
}

#[test]
fn what_is_too_much_is_refused_and_not_kept() {
    let mut config = config();
    (config.limits.messages_per_user, config.limits.octets) = (2, 100);
    let mut rig = server(config, RowMap::new());
    for n in 1..=2 {
        rig.udp(SCSCF, &message(n, "unreg", "", "x"));
        rig.response(202, SCSCF);
    }
    rig.udp(SCSCF, &message(3, "unreg", "", "x"));
    let full = rig.response(480, SCSCF);
    assert!(full.headers.get("Warning").unwrap().contains("Too many messages wait"));
    rig.udp(SCSCF, &message(4, "unreg", "", &"x".repeat(101)));
    rig.response(413, SCSCF);
    rig.store_fails = true;
    rig.udp(SCSCF, &message(5, "unreg", "", "x").replace("sip:b@", "sip:c@"));
    rig.response(500, SCSCF);
    assert_eq!(waiting(&rig), 2);
}

#[test]
fn a_recipient_who_is_there_gets_it_at_once_or_later() {
    let mut rig = rig();
    rig.udp(SCSCF, &message(1, "reg", "", "x"));
    let passed = rig.request("MESSAGE", SCSCF);
    rig.answer(SCSCF, &passed, 200, &[]);
    rig.response(200, SCSCF);
    assert!(rig.rows.is_empty());
    // He does not answer: it waits before the sender gives up.
    rig.udp(SCSCF, &message(2, "reg", "", "y"));
    let passed = rig.request("MESSAGE", SCSCF);
    rig.pass(Duration::from_secs(11));
    while let Some((_, protocol::sip::SipMessage::Request(_))) = rig.sent.front() {
        rig.sent.pop_front();
    }
    rig.response(202, SCSCF);
    rig.sent.clear();
    assert_eq!(waiting(&rig), 1);
    // He had it after all.
    rig.answer(SCSCF, &passed, 200, &[]);
    assert_eq!(waiting(&rig), 0);
    register(&mut rig, 1, 600);
    // He is gone and the network says so.
    rig.udp(SCSCF, &message(3, "reg", "", "z"));
    let passed = rig.request("MESSAGE", SCSCF);
    rig.answer(SCSCF, &passed, 480, &[]);
    rig.response(202, SCSCF);
    assert_eq!(waiting(&rig), 1);
}

#[test]
fn one_that_comes_back_is_not_taken_twice() {
    let mut rig = rig();
    rig.udp(SCSCF, &message(1, "unreg", "", "x"));
    rig.response(202, SCSCF);
    register(&mut rig, 1, 600);
    let sent = rig.request("MESSAGE", ICSCF);
    // The S-CSCF of the recipient asks the server of its filter criteria.
    rig.udp(
        SCSCF,
        &message(1, "unreg", "", "x").replace(
            "branch=z9hG4bKm1",
            "branch=z9hG4bKback\nVia: SIP/2.0/UDP messaging.ims.test:5060;branch=z9hG4bKown",
        ),
    );
    rig.response(480, SCSCF);
    // What the sender repeats is another thing.
    rig.udp(SCSCF, &message(1, "unreg", "", "x").replace("z9hG4bKm1", "z9hG4bKagain"));
    rig.response(202, SCSCF);
    rig.answer(ICSCF, &sent, 480, &[]);
    rig.is_silent();
    assert_eq!(waiting(&rig), 1);
}

#[test]
fn only_the_trust_domain_is_heard() {
    let mut rig = rig();
    let stranger = message(1, "unreg", "", "x").replace(SCSCF, "10.45.0.9:5060");
    rig.udp("10.45.0.9:5060", &stranger);
    rig.response(403, "10.45.0.9:5060");
    rig.udp(SCSCF, &message(2, "unreg", "", "x").replace("P-Asserted-Identity: <sip:a@ims.test>\n", ""));
    rig.response(403, SCSCF);
    rig.udp(SCSCF, &message(3, "unreg", "", "x").replace("sip:b@ims.test SIP", "sip:b@other.test SIP"));
    rig.response(403, SCSCF);
    rig.udp(SCSCF, &message(4, "unreg", "Expires: soon", "x"));
    rig.response(400, SCSCF);
    rig.udp(SCSCF, &message(5, "unreg", "", "x").replace("MESSAGE", "INFO"));
    rig.request("INFO", SCSCF);
    assert!(rig.rows.is_empty());
}
