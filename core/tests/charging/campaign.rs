//! Many calls and messages on one clock, with users that refuse, cancel and vanish, and nodes that are killed.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use core_network::charging::{Cdr, MessageCharging};
use core_network::ims::NetworkBox;
use core_network::node::FabricOutput;
use protocol::sip::{SipMessage, Target, Transport};
use protocol::{Entropy, Instant, Joint};

use super::audit::{Audit, is_gateway};
use super::network::{Network, ue_address};
use super::ue::DOMAIN;
use super::users::{Later, Plan, Todo, User, after, below};

enum Event {
    Todo(usize, Todo),
    Call {
        from: usize,
        plan: Plan,
        talk_ms: u64,
    },
    /// A call to the conference.
    Join {
        from: usize,
        talk_ms: u64,
    },
    Message {
        from: usize,
        plan: Plan,
    },
    Kill(&'static str),
    Start(&'static str),
}

pub(crate) struct Campaign {
    pub(crate) network: Network,
    pub(crate) users: [User; 2],
    pub(crate) now: Instant,
    pub(crate) notes: VecDeque<String>,
    /// Messages on Rf and Ro.
    pub(crate) diameter: BTreeMap<&'static str, Vec<Vec<u8>>>,
    /// Messages on ISC, the first ones, and who has sent them.
    pub(crate) isc: Vec<(String, SipMessage)>,
    events: BTreeMap<(Instant, u64), Event>,
    count: u64,
}

impl Campaign {
    pub(crate) fn new(messages: MessageCharging, balances: [u64; 2]) -> Self {
        let mut own = Self {
            network: Network::new(messages, balances),
            users: [User::new(1), User::new(2)],
            now: Instant::ZERO,
            notes: VecDeque::new(),
            diameter: BTreeMap::new(),
            isc: Vec::new(),
            events: BTreeMap::new(),
            count: 0,
        };
        own.run(Duration::from_secs(5));
        own.register(0);
        own.register(1);
        own
    }

    fn register(&mut self, at: usize) {
        let first = self.users[at].ue.register(600_000, None);
        let challenge = self.ask(at, SipMessage::Request(first));
        let credentials = self.users[at].ue.credentials(challenge.as_response().unwrap());
        let second = self.users[at].ue.register(600_000, Some(&credentials));
        let answer = self.ask(at, SipMessage::Request(second));
        let answer = answer.as_response().unwrap();
        assert_eq!(answer.status, 200, "{:?}", self.notes);
        self.users[at].ue.service_route = answer.headers.values("Service-Route").map(str::to_owned).collect();
    }

    /// Sends, and takes what comes first.
    fn ask(&mut self, at: usize, message: SipMessage) -> SipMessage {
        self.send(at, &message);
        for _ in 0..1000 {
            let due = self.network.fabric.poll_timeout().expect("something is under way");
            self.now = self.now.max(due);
            self.network.fabric.handle_timeout(self.now);
            for (_, message) in self.drain() {
                if message.as_response().is_some_and(|r| r.status > 100) {
                    return message;
                }
            }
        }
        panic!("no answer: {:?}", self.notes);
    }

    fn send(&mut self, at: usize, message: &SipMessage) {
        let target = Target { transport: Transport::Udp, remote: NetworkBox::Pcscf.sip(), flow: None };
        self.network.fabric.send(self.now, ue_address(self.users[at].n), target, message.to_bytes());
    }

    fn drain(&mut self) -> Vec<(usize, SipMessage)> {
        let mut arrived = Vec::new();
        while let Some(output) = self.network.fabric.poll_output() {
            match output {
                FabricOutput::Message(message) => {
                    // Nothing of charging is for UEs (TS 24.229 clause 4.5.1).
                    if message.to.starts_with("ue") && message.joint == Joint::Gm {
                        assert!(!String::from_utf8_lossy(&message.bytes).contains("P-Charging"), "{message:?}");
                    }
                    if message.joint == Joint::Isc && self.isc.len() < 1000 {
                        self.isc.push((message.from.clone(), SipMessage::parse(&message.bytes).unwrap()));
                    }
                    if let Joint::Rf | Joint::Ro = message.joint {
                        let name = if message.joint == Joint::Rf { "Rf" } else { "Ro" };
                        self.diameter.entry(name).or_default().push(message.bytes.clone());
                    }
                    self.network.fabric.carry(self.now, message);
                }
                FabricOutput::Outside { to, bytes, .. } => {
                    let at = usize::from(to == "ue2");
                    arrived.push((at, SipMessage::parse(&bytes).unwrap()));
                }
                FabricOutput::Note { from, note } => {
                    if self.notes.len() > 400 {
                        self.notes.pop_front();
                    }
                    self.notes.push_back(format!("{:?} {from}: {note}", self.now));
                }
                _ => {}
            }
        }
        arrived
    }

    fn plan(&mut self, ms: u64, event: Event) {
        self.count += 1;
        self.events.insert((after(self.now, ms), self.count), event);
    }

    pub(crate) fn call(&mut self, ms: u64, from: usize, plan: Plan, talk_ms: u64) {
        self.plan(ms, Event::Call { from, plan, talk_ms });
    }

    pub(crate) fn join(&mut self, ms: u64, from: usize, talk_ms: u64) {
        self.plan(ms, Event::Join { from, talk_ms });
    }

    pub(crate) fn message(&mut self, ms: u64, from: usize, plan: Plan) {
        self.plan(ms, Event::Message { from, plan });
    }

    /// A node is killed, and starts again so much later.
    pub(crate) fn kill(&mut self, ms: u64, name: &'static str, down_ms: u64) {
        self.plan(ms, Event::Kill(name));
        self.plan(ms + down_ms, Event::Start(name));
    }

    fn happen(&mut self, event: Event) {
        let mut later = Later::new();
        let (at, out) = match event {
            Event::Todo(at, todo) => (at, self.users[at].act(todo, &mut later)),
            Event::Call { from, plan, talk_ms } => {
                let to = self.users[1 - from].ue.impu.clone();
                (from, vec![self.users[from].call(&to, plan, talk_ms, &mut later)])
            }
            Event::Join { from, talk_ms } => {
                let room = format!("sip:room@conference.{DOMAIN}");
                (from, vec![self.users[from].call(&room, Plan::Accept(0), talk_ms, &mut later)])
            }
            Event::Message { from, plan } => {
                let to = self.users[1 - from].ue.impu.clone();
                (from, vec![self.users[from].message(&to, plan)])
            }
            Event::Kill(name) => {
                self.network.fabric.set_down(self.now, name, true);
                return;
            }
            Event::Start(name) => return self.network.restart(self.now, name),
        };
        self.finish(at, out, later);
    }

    fn finish(&mut self, at: usize, out: Vec<SipMessage>, later: Later) {
        for (ms, todo) in later {
            self.plan(ms, Event::Todo(at, todo));
        }
        out.iter().for_each(|message| self.send(at, message));
    }

    pub(crate) fn run(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            let arrived = self.drain();
            if !arrived.is_empty() {
                for (at, message) in arrived {
                    let mut later = Later::new();
                    let out = self.users[at].receive(message, &mut later);
                    self.finish(at, out, later);
                }
                continue;
            }
            let event = self.events.first_key_value().map(|((at, _), _)| *at);
            let fabric = self.network.fabric.poll_timeout();
            let Some(next) = [event, fabric].into_iter().flatten().min().filter(|next| *next <= until) else { break };
            self.now = self.now.max(next);
            if event.is_some_and(|at| at <= self.now) {
                let (_, event) = self.events.pop_first().unwrap();
                self.happen(event);
            } else {
                self.network.fabric.handle_timeout(self.now);
            }
        }
        self.now = until;
    }
}

/// So many calls and messages; with `kills`, nodes are killed meanwhile.
fn random(seed: u64, count: u64, kills: bool, messages: MessageCharging, balances: [u64; 2]) -> Campaign {
    let mut campaign = Campaign::new(messages, balances);
    let mut entropy = Entropy::of_box(seed, "campaign");
    let mut at = 1000;
    for n in 0..count {
        let from = below(&mut entropy, 2) as usize;
        let plan = match below(&mut entropy, 10) {
            0 => Plan::Busy,
            1 => Plan::Ring,
            _ => Plan::Accept(500 + below(&mut entropy, 4000)),
        };
        if below(&mut entropy, 5) < 2 {
            campaign.message(at, from, plan);
        } else if below(&mut entropy, 4) == 0 {
            campaign.join(at, from, 1 + below(&mut entropy, 8_000));
        } else {
            let talk_ms = if below(&mut entropy, 4) == 0 { 100_000 } else { 30_000 };
            campaign.call(at, from, plan, 1 + below(&mut entropy, talk_ms));
        }
        if kills && n % 7 == 3 {
            let name = ["pcscf", "scscf", "gwf", "conference", "cdf", "ocs"][below(&mut entropy, 6) as usize];
            let longest = if matches!(name, "cdf" | "ocs") { 60_000 } else { 3_000 };
            campaign.kill(at + below(&mut entropy, 20_000), name, 1 + below(&mut entropy, longest));
        }
        at += below(&mut entropy, 16_000);
    }
    campaign.run(Duration::from_millis(at) + Duration::from_secs(3600));
    campaign
}

#[test]
fn a_thousand_calls_and_messages_add_up_whatever_is_killed() {
    let campaign = random(1, 1000, true, MessageCharging::Immediate, [2_500, 100_000]);
    let audit = Audit::of(&campaign);
    audit.check();
    let [a, b] = &campaign.users;
    println!(
        "{} calls answered, {} cut off, {} records, {} sessions of credit control",
        a.talked + b.talked,
        a.byes_with_402 + b.byes_with_402,
        audit.cdrs.len(),
        audit.sessions.len()
    );
    assert!(a.talked + b.talked > 150 && audit.cdrs.len() > 2000);
    // The first user has run out of money, the second has not.
    assert!(a.outcomes.values().any(|status| *status == 402));
    assert!(b.outcomes.values().all(|status| *status != 402));
}

#[test]
fn messages_with_reservation_add_up_too() {
    let campaign = random(2, 150, true, MessageCharging::Reserved, [300, 100_000]);
    Audit::of(&campaign).check();
}

#[test]
fn without_failures_every_record_says_what_happened() {
    let campaign = random(3, 80, false, MessageCharging::Immediate, [100_000, 100_000]);
    let audit = Audit::of(&campaign);
    audit.check();
    let [a, b] = &campaign.users;
    let answered = audit.cdrs.iter().filter(|c| is_gateway(c) && c.started.is_some()).count();
    assert_eq!(answered as u32, a.talked + b.talked);
    assert!(audit.cdrs.iter().all(|cdr| cdr.incomplete.is_none() && !cdr.retransmission), "nothing was lost");
    // Both networks are named where the other side has answered (TS 24.229 clause 4.5.4).
    let named = |cdr: &Cdr| cdr.operators.iter().any(|o| o.originating.is_some() && o.terminating.is_some());
    assert!(audit.cdrs.iter().filter(|cdr| cdr.started.is_some()).all(named));
    let joined = audit.cdrs.iter().filter(|cdr| cdr.node.starts_with("conference") && cdr.started.is_some()).count();
    assert!(joined > 5, "the conference server was in {joined} sessions only");
    types_of_networks(&audit.cdrs);
    functions_on_isc(&campaign.isc);
}

#[test]
fn a_prepaid_call_is_cut_off_on_both_sides_when_the_money_is_gone() {
    // Set-up 3, then 2 for each begun 10 s: 11 pay for 40 s.
    let mut campaign = Campaign::new(MessageCharging::Immediate, [11, 0]);
    campaign.call(0, 0, Plan::Accept(1000), 500_000);
    campaign.message(200_000, 0, Plan::Accept(0));
    campaign.call(201_000, 1, Plan::Accept(0), 1000);
    campaign.run(Duration::from_secs(700));
    let [a, b] = &campaign.users;
    assert_eq!((a.talked, a.byes_with_402, b.byes_with_402), (1, 1, 1), "{:#?}", campaign.notes);
    assert_eq!(a.outcomes.values().copied().collect::<Vec<_>>(), [402], "the message is not covered");
    assert_eq!(b.outcomes.values().copied().collect::<Vec<_>>(), [402], "the other user has nothing at all");
    let audit = Audit::of(&campaign);
    audit.check();
    let session = audit.sessions.values().find(|s| s["used"].as_u64() > Some(0)).unwrap();
    assert_eq!((session["used"].as_u64(), session["debited"].as_u64()), (Some(40), Some(11)));
    let own = audit.cdrs.iter().find(|c| c.record_type == "aSRecord" && c.started.is_some()).unwrap();
    assert_eq!(own.duration_ms().map(|ms| ms / 1000), Some(40));
}

/// The type of an IOI says who is on both sides of a reference point (TS 24.229 clause 4.5.4): 1 visited and home network,
/// 2 two home networks, 3 home network and services.
fn types_of_networks(cdrs: &[Cdr]) {
    for cdr in cdrs.iter().filter(|cdr| cdr.started.is_some()) {
        let pairs: Vec<_> = cdr.operators.iter().map(|o| (o.originating.clone(), o.terminating.clone())).collect();
        let is_typed = |(from, to): &(Option<String>, Option<String>), kind: u8| {
            let wanted = Some(format!("Type {kind}{DOMAIN}"));
            *from == wanted && *to == wanted
        };
        let wanted = match (cdr.record_type.as_str(), cdr.role.as_deref()) {
            ("sCSCFRecord", Some("originating")) => vec![1, 2, 3],
            ("sCSCFRecord", _) => vec![2, 1],
            ("aSRecord", _) if is_gateway(cdr) => vec![3],
            // It was called by its URI, over the S-CSCF of the caller.
            ("aSRecord", _) => vec![2],
            _ => vec![1],
        };
        assert_eq!(pairs.len(), wanted.len(), "{cdr:#?}");
        assert!(pairs.iter().zip(wanted).all(|(pair, kind)| is_typed(pair, kind)), "{cdr:#?}");
    }
}

/// Application servers are told the charging functions that the HSS has named.
fn functions_on_isc(messages: &[(String, SipMessage)]) {
    let asked = messages.iter().filter_map(|(from, message)| match message {
        SipMessage::Request(request) if from == "scscf" && request.headers.contains("P-Served-User") => Some(request),
        _ => None,
    });
    let told: Vec<_> = asked.map(|request| request.headers.get("P-Charging-Function-Addresses")).collect();
    assert!(!told.is_empty() && told.iter().all(|told| *told == Some(&format!("ccf=cdf.{DOMAIN}"))), "{told:?}");
}
