//! Relays are killed at every message of a message each way: what was accepted arrives once, byte for byte, and is reported once.

use super::*;
use protocol::mms::AcknowledgeInd;

/// From relay to relay, within one relay, and sent on.
pub(super) fn story(net: &mut Net) -> Got {
    let (req, body) = send_req("t1", &[BOB, CAROL]);
    let content_type = req.content_type.clone();
    let token = net.ask(ALICE, post(A, &req.into(), &body));
    let mut got = BTreeMap::<&str, Got>::new();
    let mut open: BTreeMap<u64, (&str, String, bool)> = BTreeMap::new();
    let mut fetched: BTreeSet<&str> = BTreeSet::new();
    for _ in 0..80 {
        net.run_ms(5_000);
        for msisdn in [ALICE, BOB, CAROL] {
            for pdu in net.pushes(msisdn) {
                let own = got.entry(msisdn).or_default();
                match pdu {
                    MmsPdu::NotificationInd(ind) => {
                        if own.notifications.insert(ind.transaction_id.clone()) {
                            let request = Request::get(&ind.content_location).body(Vec::new()).unwrap();
                            open.insert(net.ask(msisdn, request), (msisdn, ind.transaction_id, true));
                        }
                    }
                    MmsPdu::DeliveryInd(ind) => {
                        own.deliveries.insert((ind.message_id, ind.to[0].text(), ind.status.0));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        for (token, (msisdn, transaction_id, is_get)) in open.clone() {
            let Some(answered) = net.answered(msisdn, token) else { continue };
            open.remove(&token);
            if !is_get {
                assert_eq!(answered.status, 200, "{:#?}", net.notes);
                continue;
            }
            let (pdu, octets) = MmsPdu::parse(&answered.body).unwrap();
            let MmsPdu::RetrieveConf(conf) = pdu else { panic!("{pdu:?}") };
            let of = conf.content_type.as_ref().unwrap();
            assert!(conf.is_ok(), "{:#?}", net.notes);
            assert_eq!(parts(of, octets), parts(&content_type, &body));
            assert!(fetched.insert(msisdn), "{msisdn} has it twice: {:#?}", net.notes);
            let ack = AcknowledgeInd::new(&transaction_id, MmsVersion::V1_2);
            open.insert(net.ask(msisdn, post(relay_of(msisdn), &ack.into(), &[])), (msisdn, transaction_id, false));
        }
    }
    let answered = net.answered(ALICE, token).unwrap_or_else(|| panic!("{:#?}", net.notes));
    let Ok((MmsPdu::SendConf(conf), _)) = MmsPdu::parse(&answered.body) else { panic!() };
    assert!(conf.response_status.is_ok() && open.is_empty());
    assert_eq!(fetched, BTreeSet::from([BOB, CAROL]), "{:#?}", net.notes);
    for msisdn in [BOB, CAROL] {
        assert_eq!(got[msisdn].notifications.len(), 1, "{msisdn}: {:#?}", net.notes);
    }
    let of = |msisdn: &str| (conf.message_id.clone().unwrap(), format!("+{msisdn}/TYPE=PLMN"), MmsStatus::RETRIEVED.0);
    let reports = got.remove(ALICE).unwrap_or_default();
    assert_eq!(reports.deliveries, BTreeSet::from([of(BOB), of(CAROL)]), "{:#?}", net.notes);
    reports
}

fn at_every_message(relay: &'static str, dies_silently: bool) {
    let mut points = 0;
    for step in 0.. {
        let mut net = Net::with(step as u64, |config| {
            let second = std::time::Duration::from_secs(1);
            config.times.mm4_response = 60 * second;
        });
        (net.kill, net.dies_silently) = (Some((step, relay)), dies_silently);
        story(&mut net);
        let is_over = net.kill.take().is_some();
        net.run_ms(3_600_000);
        net.is_empty();
        assert!(net.pushes(BOB).is_empty() && net.pushes(CAROL).is_empty(), "{relay} at {step}: {:#?}", net.notes);
        points = step;
        if is_over {
            break;
        }
    }
    assert!(points >= 60, "{points}");
}

#[test]
fn nobody_is_killed() {
    let mut net = Net::new();
    story(&mut net);
    net.is_empty();
}

#[test]
fn the_relay_of_the_sender_is_killed_at_every_message() {
    at_every_message("A", false);
}

#[test]
fn the_relay_of_the_recipient_is_killed_at_every_message() {
    at_every_message("B", false);
}

#[test]
fn the_relay_of_the_sender_is_killed_before_every_message() {
    at_every_message("A", true);
}

#[test]
fn the_relay_of_the_recipient_is_killed_before_every_message() {
    at_every_message("B", true);
}
