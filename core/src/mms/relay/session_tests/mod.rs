//! Multimedia messages through two relays in a fabric, with terminals, an SM-SC and a push proxy gateway, and the death of
//! relays.

mod boxes;
mod charging;
mod foreign;
mod hardships;
mod kills;
mod losses;
mod procedures;
mod refusals;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use http::Request;
use protocol::mms::pap::MessageState;
use protocol::mms::{
    ContentType, MmsAddress, MmsPdu, MmsStatus, MmsVersion, NotificationInd, NotifyRespInd, Part, RetrieveConf,
    SendConf, SendReq, emit_parts, parts_of,
};
use protocol::{Entropy, Instant, Joint};

use self::boxes::{Answered, Gateway, Pushed, SmSc, Ue, UeDesk, post, post_octets};
use super::{MmsPush, MmsRelay, MmsRelayConfig, MmsSubscriber, OtherRelay, PushGateway};
use crate::ims::TrustedPeer;
use crate::node::testing::{Shared, TestNetwork, store};
use crate::node::{Fabric, FabricOutput, Latency, Node, Role, WireMessage};
use crate::sms::SmppPeer;

/// Subscribers of relay A, who are pushed over SMS, and over SIP first.
const ALICE: &str = "491721000001";
const BOB: &str = "491721000002";
/// Of relay B, over SIP first.
const CAROL: &str = "491731000001";
const DAVE: &str = "491731000002";
/// 2026-11-22T00:00:00Z.
const START_MS: u64 = 1_795_305_600_000;

const A: &str = "http://10.46.0.71";
const B: &str = "http://10.47.0.71";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Where a subscriber's terminal is.
fn place(msisdn: &str) -> IpAddr {
    IpAddr::from([10, 45, if msisdn.starts_with("49172") { 0 } else { 1 }, msisdn.as_bytes()[11] - b'0'])
}

struct Net {
    fabric: Fabric,
    now: Instant,
    seed: u64,
    ues: BTreeMap<String, Arc<Mutex<UeDesk>>>,
    pushed: Pushed,
    gateway: Arc<Mutex<MessageState>>,
    relays: BTreeMap<&'static str, Arc<Mutex<MmsRelay>>>,
    tokens: u64,
    /// What was seen, in words.
    log: Vec<String>,
    notes: Vec<String>,
    /// After so many more messages this relay is killed.
    kill: Option<(usize, &'static str)>,
    /// What it was about to say then is not said: what came before is durable, and nobody knows.
    dies_silently: bool,
    restarts: u64,
    /// How relays differ from what is usual.
    tune: fn(&mut MmsRelayConfig),
    /// What does not arrive, in words.
    lost: &'static [&'static str],
    /// What is held back, by what was seen before and by its words; and that.
    hold: fn(&[String], &str) -> bool,
    held: Vec<WireMessage>,
}

impl TestNetwork for Net {
    fn fabric(&mut self) -> (&mut Fabric, &mut Instant) {
        (&mut self.fabric, &mut self.now)
    }

    fn on_output(&mut self, output: FabricOutput) {
        match output {
            FabricOutput::Message(message) => self.pass(message),
            FabricOutput::Note { from, note } => self.notes.push(format!("{} {from}: {note}", self.now)),
            _ => {}
        }
    }
}

fn config(name: &str) -> MmsRelayConfig {
    let (own, other) = if name == "A" { ("a", "b") } else { ("b", "a") };
    let base = if name == "A" { A } else { B };
    let mut config = MmsRelayConfig::new(&format!("mms.{own}.example"), base);
    config.utc_ms_at_zero = START_MS;
    let peer = |text: &str| SocketAddr::new(ip(text), 25);
    let mut relay =
        OtherRelay::new(other, &format!("mms.{other}.example"), peer(&(if name == "A" { B } else { A })[7..]));
    relay.numbers = vec![if name == "A" { "49173*".into() } else { "49172*".into() }];
    config.relays.push(relay);
    config.sm_sc = Some(SmppPeer::new("smsc", SocketAddr::new(ip("10.46.0.63"), 2775), "mmsc", "pw"));
    let url = "http://10.46.0.61:8085/pap".to_owned();
    config.gateway = Some(PushGateway { url, domain: "ppg.example".to_owned(), from: Vec::new() });
    config.trusted = vec!["10.46.0.61".parse().unwrap()];
    let sip_first = vec![MmsPush::Sip, MmsPush::Sms];
    let own = if name == "A" {
        [(ALICE, vec![MmsPush::Sms]), (BOB, sip_first)]
    } else {
        [(CAROL, sip_first), (DAVE, vec![MmsPush::Sms])]
    };
    for (msisdn, push) in own {
        let from = vec![TrustedPeer::host(place(msisdn))];
        let identities = vec![format!("sip:{msisdn}@ims.example")];
        config.subscribers.push(MmsSubscriber { push, from, identities, ..MmsSubscriber::new(msisdn) });
    }
    config
}

impl Net {
    fn new() -> Self {
        Self::with(1, |_| {})
    }

    fn with(seed: u64, tune: fn(&mut MmsRelayConfig)) -> Self {
        let pushed: Pushed = Arc::default();
        let gateway = Arc::new(Mutex::new(MessageState::Delivered));
        let (ues, relays, log, notes) = Default::default();
        let mut net = Self {
            fabric: Fabric::new(Latency::default()),
            now: Instant::ZERO,
            seed,
            ues,
            pushed: Arc::clone(&pushed),
            gateway: Arc::clone(&gateway),
            relays,
            tokens: 0,
            log,
            notes,
            kill: None,
            dies_silently: false,
            restarts: 0,
            tune,
            lost: &[],
            hold: |_, _| false,
            held: Vec::new(),
        };
        let now = net.now;
        let sm_sc = Box::new(SmSc::new(Arc::clone(&pushed)));
        net.fabric.add(now, "SM-SC", Role::SmSc, ip("10.46.0.63"), sm_sc, store());
        let gateway = Box::new(Gateway::new(pushed, gateway));
        net.fabric.add(now, "GW", Role::IpMessageGw, ip("10.46.0.61"), gateway, store());
        for (name, at) in [("A", "10.46.0.71"), ("B", "10.47.0.71")] {
            let relay = net.relay(name);
            let node = Box::new(Shared(Arc::clone(&relay)));
            net.relays.insert(name, relay);
            net.fabric.add(now, name, Role::MmsRelay, ip(at), node, store());
        }
        for msisdn in [ALICE, BOB, CAROL, DAVE] {
            let desk: Arc<Mutex<UeDesk>> = Arc::default();
            net.fabric.add(now, msisdn, Role::Ue, place(msisdn), Box::new(Ue::new(Arc::clone(&desk))), store());
            net.ues.insert(msisdn.to_owned(), desk);
        }
        net.run_ms(2_000);
        net.log.clear();
        net
    }

    fn relay(&self, name: &str) -> Arc<Mutex<MmsRelay>> {
        let mut config = config(name);
        (self.tune)(&mut config);
        let entropy = Entropy::of_box(self.seed, &format!("{name} {}", self.restarts));
        Arc::new(Mutex::new(MmsRelay::new(config, entropy).unwrap()))
    }

    /// A relay is killed, and another one starts on what was durable.
    fn restart(&mut self, name: &'static str) {
        self.restarts += 1;
        let relay = self.relay(name);
        let node = Box::new(Shared(Arc::clone(&relay)));
        self.relays.insert(name, relay);
        assert!(self.fabric.restart(self.now, name, node));
    }

    fn pass(&mut self, message: WireMessage) {
        let line = format!("{} {}>{} {}", message.joint, message.from, message.to, words(&message));
        if self.lost.contains(&line.as_str()) {
            return;
        }
        if (self.hold)(&self.log, &line) {
            return self.held.push(message);
        }
        self.log.push(line);
        let dies = self.kill.is_some_and(|(more, node)| more == 0 && message.from == node);
        if !(dies && self.dies_silently) {
            self.fabric.carry(self.now, message);
        }
        match self.kill.take() {
            Some((0, node)) => self.restart(node),
            Some((more, node)) => self.kill = Some((more - 1, node)),
            None => {}
        }
    }

    /// A terminal asks; what its request is called.
    fn ask(&mut self, msisdn: &str, request: Request<Vec<u8>>) -> u64 {
        self.tokens += 1;
        self.ues[msisdn].lock().unwrap().orders.push_back((self.tokens, request));
        self.poke(msisdn);
        self.tokens
    }

    /// What it was answered within a second.
    fn answer(&mut self, msisdn: &str, token: u64) -> Answered {
        self.run_ms(1_000);
        self.answered(msisdn, token).unwrap_or_else(|| panic!("no answer: {:#?}\n{:#?}", self.log, self.notes))
    }

    fn answered(&self, msisdn: &str, token: u64) -> Option<Answered> {
        self.ues[msisdn].lock().unwrap().answers.get(&token).cloned()
    }

    fn send(&mut self, msisdn: &str, req: SendReq, body: &[u8]) -> SendConf {
        let token = self.ask(msisdn, post(relay_of(msisdn), &req.into(), body));
        let answered = self.answer(msisdn, token);
        match MmsPdu::parse(&answered.body).unwrap().0 {
            MmsPdu::SendConf(conf) => conf,
            other => panic!("{other:?}"),
        }
    }

    /// PDUs that have been pushed to a subscriber since.
    fn pushes(&self, msisdn: &str) -> Vec<MmsPdu> {
        let mut pushed = self.pushed.lock().unwrap();
        let queue = pushed.entry(msisdn.to_owned()).or_default();
        queue.drain(..).map(|octets| MmsPdu::parse(&octets).unwrap().0).collect()
    }

    /// The one notification that has been pushed.
    #[track_caller]
    fn notification(&self, msisdn: &str) -> NotificationInd {
        match <[MmsPdu; 1]>::try_from(self.pushes(msisdn)) {
            Ok([MmsPdu::NotificationInd(ind)]) => *ind,
            other => panic!("{other:?}: {:#?}\n{:#?}", self.log, self.notes),
        }
    }

    #[track_caller]
    fn delivery(&self, msisdn: &str) -> (String, MmsStatus) {
        match <[MmsPdu; 1]>::try_from(self.pushes(msisdn)) {
            Ok([MmsPdu::DeliveryInd(ind)]) => (ind.to[0].text(), ind.status),
            other => panic!("{other:?}: {:#?}\n{:#?}", self.log, self.notes),
        }
    }

    fn get(&mut self, msisdn: &str, location: &str) -> (RetrieveConf, Vec<u8>) {
        let token = self.ask(msisdn, Request::get(location).body(Vec::new()).unwrap());
        let answered = self.answer(msisdn, token);
        match MmsPdu::parse(&answered.body).unwrap() {
            (MmsPdu::RetrieveConf(conf), body) => (*conf, body.to_vec()),
            other => panic!("{other:?}"),
        }
    }

    /// A PDU that has no answer but that of HTTP.
    fn tell(&mut self, msisdn: &str, pdu: impl Into<MmsPdu>) -> u16 {
        let token = self.ask(msisdn, post(relay_of(msisdn), &pdu.into(), &[]));
        self.answer(msisdn, token).status.as_u16()
    }

    fn figure(&self, relay: &str, name: &str) -> u64 {
        let figures = self.relays[relay].lock().unwrap().figures();
        figures.into_iter().find(|(own, _)| *own == name).unwrap().1
    }

    /// These were seen in this order, whatever was between them.
    #[track_caller]
    fn seen(&self, expected: &[&str]) {
        let mut rest = self.log.iter();
        for line in expected {
            assert!(rest.any(|seen| seen == line), "{line} is missing: {:#?}\n{:#?}", self.log, self.notes);
        }
    }

    /// Nothing is left of what came in: no content, and nobody is busy.
    #[track_caller]
    fn is_empty(&self) {
        for relay in ["A", "B"] {
            for name in ["mms_messages_kept", "mms_octets_kept", "mms_in_memory", "mms_octets_coming_in"] {
                assert_eq!(self.figure(relay, name), 0, "{relay} {name}: {:#?}", self.notes);
            }
            assert_eq!(self.figure(relay, "mms_octets_going_out"), 0, "{relay}");
        }
    }
}

fn relay_of(msisdn: &str) -> &'static str {
    if msisdn.starts_with("49172") { A } else { B }
}

fn phone(msisdn: &str) -> MmsAddress {
    MmsAddress::phone(&format!("+{msisdn}"))
}

/// A text and a picture.
fn picture(octets: usize) -> (ContentType, Vec<u8>) {
    let jpeg: Vec<u8> = (0..octets).map(|n| (n * 7) as u8).collect();
    let parts = [
        Part::text("Grüße").named("text", "text.txt"),
        Part::new(ContentType::new("image/jpeg"), jpeg).named("picture", "a.jpg"),
    ];
    (ContentType::new(ContentType::MIXED), emit_parts(&parts))
}

/// Types, names and octets of the parts of a content.
fn parts(content_type: &ContentType, body: &[u8]) -> Vec<(String, Option<String>, Vec<u8>)> {
    let parts = parts_of(content_type, body).unwrap().into_iter();
    parts.map(|part| (part.content_type.essence, part.content_location, part.body.into_owned())).collect()
}

fn send_req(transaction_id: &str, to: &[&str]) -> (SendReq, Vec<u8>) {
    let (content_type, body) = picture(5_000);
    let mut req = SendReq::new(transaction_id, to.iter().map(|to| phone(to)).collect(), content_type);
    req.subject = Some("Urlaub".into());
    req.delivery_report = Some(true);
    req.read_report = Some(true);
    (req, body)
}

fn notify_resp(ind: &NotificationInd, status: MmsStatus) -> NotifyRespInd {
    NotifyRespInd::new(&ind.transaction_id, MmsVersion::V1_2, status)
}

/// A message shortly.
fn words(message: &WireMessage) -> String {
    let text = String::from_utf8_lossy(&message.bytes);
    match message.joint {
        Joint::Smpp => "SMPP".to_owned(),
        Joint::Mm4 => {
            let kind = text.lines().find_map(|line| line.strip_prefix("X-Mms-Message-Type: "));
            kind.map_or_else(|| text.split([' ', '\r']).next().unwrap_or_default().to_owned(), str::to_owned)
        }
        _ => {
            let line = text.split("\r\n").next().unwrap_or_default().to_owned();
            let body = message.bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|at| &message.bytes[at + 4..]);
            let pdu = body.and_then(|body| MmsPdu::parse(body).ok()).map(|(pdu, _)| pdu.message_type().to_string());
            // The path of a request, the status of a response.
            let word = line.split(' ').nth(1).unwrap_or_default();
            pdu.map_or_else(|| word.to_owned(), |pdu| format!("{word} {pdu}"))
        }
    }
}

/// What a terminal has got, each once.
#[derive(Debug, Default, PartialEq, Eq)]
struct Got {
    notifications: BTreeSet<String>,
    deliveries: BTreeSet<(String, String, u8)>,
    reads: BTreeSet<(String, String)>,
}
