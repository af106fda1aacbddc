//! `kill -9` of MMS Relay/Servers in the middle of messages from one to the other, at every step: accepted = fetched + expired
//! with report + pending, each message is there once and whole, and each report comes to its sender.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use protocol::Entropy;

use super::pdu::{self, DEFERRED, EXPIRED, FIRST, JPEG, NOT_FOUND, Part, Pdu, RETRIEVED, Sending, TEXT, field, kind};
use super::rig::{ALICE, CAROL, DAVE, Report, Rig, Terminal, Wanted, until};
use crate::lab::{now, pause};

/// Kills of a run, and of a campaign at most (`CASTBENCH_KILLS`): each moment, victim and direction ten times.
const KILLS: usize = 8;
const MOST_KILLS: usize = 280;
/// How far a message has come when a process is killed; between `accepted` and `notified` it is forwarded.
const MOMENTS: [&str; 7] = ["being sent", "accepted", "notified", "fetched", "acknowledged", "read", "reported"];
/// Octets of a picture: some pieces in the store.
const PICTURE: usize = 600_000;
/// How long messages for somebody who does not come are kept, seconds.
const EXPIRY: u16 = 20;

/// Nobody waits for long here.
const SETTINGS: &str = "mm4_retry = [1]\nmm4_response = 2\npush_retry = [1]\npush_result = 2";

/// A message on its way.
struct Message {
    number: usize,
    from: Terminal,
    to: Terminal,
    octets: Vec<u8>,
    /// How far it has come.
    moment: AtomicUsize,
}

/// A message that has come through.
struct Done {
    message: Arc<Message>,
    message_id: String,
    location: String,
}

fn parts(number: usize) -> Vec<Part> {
    let octets: Vec<u8> = (0..PICTURE).map(|at| (at * 31 + number) as u8).collect();
    vec![Part::new(TEXT, "a.txt", text(number).as_bytes()), Part::new(JPEG, "a.jpg", &octets)]
}

fn text(number: usize) -> String {
    format!("message {number}")
}

impl Message {
    fn new(number: usize, from: Terminal, to: Terminal, expiry: u16) -> Self {
        let transaction = format!("t{number}");
        let sending = Sending { transaction: &transaction, to: to.msisdn, subject: &text(number), expiry };
        let octets = pdu::send_req(sending, &parts(number));
        Self { number, from, to, octets, moment: AtomicUsize::new(0) }
    }

    fn send(&self) -> String {
        self.from.send(&[&self.octets])
    }

    fn comes_to(&self, moment: &str) {
        let at = MOMENTS.iter().position(|own| *own == moment).unwrap();
        self.moment.store(at + 1, Ordering::SeqCst);
    }

    fn has_come_to(&self, moment: usize) -> bool {
        self.moment.load(Ordering::SeqCst) > moment
    }

    /// The whole way; both terminals ask again until they are answered.
    fn go(self: &Arc<Self>) -> Done {
        let story = || self.number.to_string();
        self.comes_to("being sent");
        let before: BTreeSet<_> = self.to.notified().into_iter().collect();
        let message_id = self.send();
        self.comes_to("accepted");
        let new = || self.to.notified().into_iter().find(|own| !before.contains(own));
        let told = until("notified", new, story);
        self.comes_to("notified");
        if self.number.is_multiple_of(2) {
            self.to.tell(&pdu::notify_resp(&told.transaction, DEFERRED));
        }
        let octets = self.to.fetch(&told.location);
        self.comes_to("fetched");
        let conf = Pdu::read(&octets);
        assert_eq!(conf.kind(), kind::RETRIEVE_CONF);
        assert!(conf.parts() == parts(self.number), "{}: {:02x?}", self.number, conf.code(field::RETRIEVE_STATUS));
        self.to.tell(&pdu::acknowledge(&conf.text(field::TRANSACTION_ID).unwrap()));
        self.comes_to("acknowledged");
        let id = conf.text(field::MESSAGE_ID).unwrap();
        self.to.tell(&pdu::read_rec(&id, &conf.text(field::FROM).unwrap()));
        self.comes_to("read");
        until("reported", || (self.reports(&message_id).len() >= 2).then_some(()), story);
        self.comes_to("reported");
        Done { message: Arc::clone(self), message_id, location: told.location }
    }

    fn reports(&self, message_id: &str) -> Vec<Report> {
        self.from.reports().into_iter().filter(|own| own.message_id == message_id).collect()
    }

    /// Which reports its sender has of it: each once.
    fn assert_reported(&self, message_id: &str, expected: &[(u8, u8)], story: &dyn Fn() -> String) {
        let reports = self.reports(message_id);
        let mut kinds: Vec<_> = reports.iter().map(|own| (own.kind, own.status)).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, expected, "{}: {reports:?}\n{}", self.number, story());
        assert!(reports.iter().all(|own| own.from.contains(self.to.msisdn)), "{reports:?}");
    }
}

/// One message, in whose middle a relay is killed.
fn round(rig: &mut Rig, message: Message, (moment, victim): (usize, usize), wait: [u32; 2]) -> Done {
    let (at, message) = (format!("message {}", message.number), Arc::new(message));
    let on_its_way = Arc::clone(&message);
    let whole = thread::spawn(move || on_its_way.go());
    until(&at, || (message.has_come_to(moment) || whole.is_finished()).then_some(()), || rig.story());
    pause(wait[0].into());
    rig.relays[victim].kill();
    pause(wait[1].into());
    rig.start(victim, &[]);
    whole.join().unwrap_or_else(|_| {
        panic!("{at}: relay {} killed when {}\n{}", rig.relays[victim].name, MOMENTS[moment], rig.story())
    })
}

#[test]
fn what_was_accepted_outlives_kills() {
    let began = now();
    let kills = std::env::var("CASTBENCH_KILLS").ok().and_then(|n| n.parse().ok());
    let kills = kills.map_or(KILLS, |n: usize| n.clamp(1, MOST_KILLS));
    let mut rig = Rig::new(&Wanted { settings: SETTINGS, ..Wanted::default() });
    rig.start_both([&[], &[]]);
    let [alice, carol, dave] = [ALICE, CAROL, DAVE].map(|msisdn| Terminal::new(&rig, msisdn));
    let mut chance = Entropy::from_seed([9; 32]);
    // Two for somebody who does not come: one expires, one is there at the end.
    let lost = Message::new(1, alice.clone(), dave.clone(), EXPIRY);
    let lost_id = lost.send();
    let mut all = Vec::new();
    for n in 0..kills {
        let (moment, victim) = (n % MOMENTS.len(), (n + n / MOMENTS.len()) % 2);
        let ends = if (n / 2).is_multiple_of(2) { (&alice, &carol) } else { (&carol, &alice) };
        let message = Message::new(100 + n, ends.0.clone(), ends.1.clone(), 3600);
        all.push(round(&mut rig, message, (moment, victim), [chance.below(60), chance.below(150)]));
    }
    until("expired", || (!lost.reports(&lost_id).is_empty()).then_some(()), || rig.story());
    let pending = Message::new(2, alice.clone(), dave, 3600);
    pending.send();
    until("forwarded", || (rig.relays[0].figure("messages_kept") == Some(0)).then_some(()), || rig.story());
    for victim in 0..2 {
        rig.relays[victim].kill();
        rig.start(victim, &[]);
    }
    // What is pending is there, and nothing else.
    let kept = || rig.relays.each_ref().map(|relay| relay.figure("messages_kept"));
    until("counted", || (kept() == [Some(0), Some(1)]).then_some(()), || format!("{:?}\n{}", kept(), rig.story()));
    let story = || rig.story();
    lost.assert_reported(&lost_id, &[(kind::DELIVERY_IND, EXPIRED)], &story);
    let expected = [(kind::DELIVERY_IND, RETRIEVED), (kind::READ_ORIG_IND, FIRST)];
    for Done { message, message_id, location } in &all {
        message.assert_reported(message_id, &expected, &story);
        // It is not given out again, and is the same when its sender says it again.
        let octets = message.to.fetch(location);
        assert_eq!(Pdu::read(&octets).code(field::RETRIEVE_STATUS), Some(NOT_FOUND), "{}", message.number);
        assert_eq!(&message.send(), message_id);
    }
    let ids: BTreeSet<_> = all.iter().map(|own| &own.message_id).collect();
    assert_eq!(ids.len(), kills);
    // Each was told of once.
    let notified = alice.notified().len() + carol.notified().len();
    assert_eq!(notified, kills, "{}", story());
    rig.stop();
    let seconds = began.elapsed().as_secs_f64();
    println!("{kills} kills: {} accepted = {kills} fetched + 1 expired + 1 pending; {seconds:.1} s", kills + 2);
}
