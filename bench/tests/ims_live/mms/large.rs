//! Messages of 10 MB from UE to UE by two relays, one after the other and many at once: what is in memory stays within the
//! budget, however many there are.

use std::thread;

use super::pdu::{self, JPEG, Part, Pdu, Sending, TEXT, field, kind, uintvar};
use super::rig::{ALICE, CAROL, Notified, Rig, Terminal, Wanted, until};
use crate::lab::now;

/// Messages at once, and most of them (`CASTBENCH_MESSAGES`).
const MESSAGES: usize = 12;
const MOST_MESSAGES: usize = 190;
/// Messages one after the other before.
const FEW: usize = 2;
/// Octets of the content of a message are limited to 10 MiB; some are of the multipart and its text.
const PICTURE: usize = (10 << 20) - 200;
/// What `memory` of the relays makes of MM1 and of MM4 each.
const BUDGET_KIB: u64 = 2 * (32 << 10);
const SETTINGS: &str = "memory = 33554432";
const SUBSCRIBER: &str = "octets = 4000000000";

/// All before the octets of the picture.
fn head(number: usize) -> Vec<u8> {
    let (transaction, text) = (format!("t{number}"), format!("message {number}"));
    let sending = Sending { transaction: &transaction, to: CAROL, subject: &text, expiry: 3600 };
    let note = Part::new(TEXT, "a.txt", text.as_bytes());
    let picture = Part::new(JPEG, "a.jpg", b"").head(PICTURE);
    [pdu::send_head(sending), uintvar(2), note.head(note.octets.len()), note.octets, picture].concat()
}

/// Fetches a message, and takes leave of it; which one it was.
fn fetch(carol: &Terminal, told: &Notified, picture: &[u8]) -> usize {
    let octets = carol.fetch(&told.location);
    let conf = Pdu::read(&octets);
    assert_eq!(conf.kind(), kind::RETRIEVE_CONF);
    let parts = conf.parts();
    assert!(parts.len() == 2 && parts[1].octets == picture, "{:?}", conf.text(field::SUBJECT));
    let text = String::from_utf8(parts[0].octets.clone()).unwrap();
    assert_eq!(conf.text(field::SUBJECT).unwrap(), text);
    carol.tell(&pdu::acknowledge(&conf.text(field::TRANSACTION_ID).unwrap()));
    text.strip_prefix("message ").unwrap().parse().unwrap()
}

/// Sends these at once, and fetches them at once when all are there.
fn send_and_fetch(rig: &Rig, numbers: std::ops::Range<usize>, picture: &[u8]) {
    let (alice, carol) = (Terminal::new(rig, ALICE), Terminal::new(rig, CAROL));
    let before = carol.notified();
    thread::scope(|scope| {
        for number in numbers.clone() {
            let alice = &alice;
            scope.spawn(move || alice.send(&[&head(number), picture]));
        }
    });
    let new = || carol.notified().into_iter().filter(|own| !before.contains(own)).collect::<Vec<_>>();
    // It takes its time; each has some.
    let mut told = Vec::new();
    while told.len() < numbers.len() {
        told = until("notified", || Some(new()).filter(|own| own.len() > told.len()), || rig.story());
    }
    let mut fetched: Vec<usize> = thread::scope(|scope| {
        let fetching = told.iter().map(|told| scope.spawn(|| fetch(&carol, told, picture))).collect::<Vec<_>>();
        fetching.into_iter().map(|one| one.join().unwrap()).collect()
    });
    fetched.sort_unstable();
    assert_eq!(fetched, numbers.clone().collect::<Vec<_>>());
    let reported = || alice.reports().len() == numbers.end;
    until("reported", || reported().then_some(()), || rig.story());
}

#[test]
fn large_messages_at_once_fit_the_budget() {
    let began = now();
    let count = std::env::var("CASTBENCH_MESSAGES").ok().and_then(|n| n.parse().ok());
    let count = count.map_or(MESSAGES, |n: usize| n.clamp(1, MOST_MESSAGES));
    let picture: Vec<u8> = (0..PICTURE).map(|at| (at * 7 + at / 251) as u8).collect();
    let mut rig = Rig::new(&Wanted { settings: SETTINGS, subscriber: SUBSCRIBER, ..Wanted::default() });
    rig.start_both([&[], &[]]);
    let peaks = |rig: &Rig| rig.relays.each_ref().map(|relay| relay.peak_kib());
    let idle = peaks(&rig);
    for number in 0..FEW {
        send_and_fetch(&rig, number..number + 1, &picture);
    }
    let few = peaks(&rig);
    send_and_fetch(&rig, FEW..FEW + count, &picture);
    let many = peaks(&rig);
    let told = format!(
        "{count} messages of 10 MiB at once: peaks {many:?} KiB, one at a time {few:?}, before {idle:?}; {:.1} s",
        began.elapsed().as_secs_f64()
    );
    println!("{told}");
    for (many, few) in many.iter().zip(few) {
        assert!(*many <= few + BUDGET_KIB, "{told}");
    }
    rig.stop();
}
