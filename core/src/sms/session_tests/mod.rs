//! Short messages through all the nodes in a fabric: a UE straight at the IP-Message-GW (R2) or behind an S-CSCF (ISC), HLR,
//! SMS-GMSC, SM-SC, an MSC and an SGSN with phones, an ESME, and the death of nodes.

mod esme;
mod kills;
mod long;
mod mortal;
mod procedures;
mod ue;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::diameter::DiameterConfig;
use protocol::map::sccp::SccpMessage;
use protocol::map::tcap::{Component, TcapMessage};
use protocol::sip::Transport;
use protocol::smpp::Pdu;
use protocol::{Entropy, Instant, Joint};

use self::esme::{Esme, EsmeDesk, Submission};
use self::mortal::{Life, Mortal};
use self::ue::{Order, Subscriber, UeDesk};
use super::sm_sc::{EsmeAccount, SmSc, SmScConfig, SmppPeer};
use super::{
    IpMessageGw, IpMessageGwConfig, ServedSubscriber, Service, ServiceCentre, ServingNode, ServingNodeConfig,
    ServingNodeEvent, ServingNodeKind, ServingNodeOrder, ServingNodeQueue, SmsGmsc, SmsGmscConfig,
};
use crate::ims::hss::{HlrConfig, Hss, HssConfig, add_subscribers, parse_subscribers};
use crate::mc::HashedPassword;
use crate::node::testing::{Shared, TestNetwork, store};
use crate::node::{Admin, Fabric, FabricOutput, Latency, Node, NodeStore, Role, StoreDriver, WireMessage};

const HLR: &str = "491700000001";
const GATEWAY: &str = "491700000002";
const GMSC: &str = "491700000003";
const CENTRE: &str = "491700000004";
const MSC: &str = "491700000005";
const SGSN: &str = "491700000006";
const DOMAIN: &str = "ims.test";
/// The UE: over IP, with an MSC and an SGSN beside it.
const UE_IMSI: &str = "001010000000001";
const UE: &str = "491721000001";
/// Another one, with a phone at the MSC alone.
const BOB_IMSI: &str = "001010000000002";
const BOB: &str = "491721000002";
/// A third one, with a phone that is never there.
const CAROL_IMSI: &str = "001010000000003";
const CAROL: &str = "491721000003";
/// 2026-11-22T00:00:00Z.
const START_MS: u64 = 1_795_305_600_000;

/// Nodes that may be killed.
const NODES: [&str; 4] = ["HSS", "IP-Message-GW", "SMS-GMSC", "SM-SC"];

const SUBSCRIBERS: &str = r#"
[[subscriber]]
impi = "001010000000001@ims.test"
k = "11111111111111111111111111111111"
opc = "22222222222222222222222222222222"
msisdn = ["491721000001"]
sms = { msc = "491700000005" }
[[subscriber.set]]
impus = ["sip:ue@ims.test"]

[[subscriber]]
impi = "001010000000002@ims.test"
k = "11111111111111111111111111111111"
opc = "22222222222222222222222222222222"
msisdn = ["491721000002"]
sms = { msc = "491700000005" }
[[subscriber.set]]
impus = ["sip:bob@ims.test"]

[[subscriber]]
impi = "001010000000003@ims.test"
k = "11111111111111111111111111111111"
opc = "22222222222222222222222222222222"
msisdn = ["491721000003"]
sms = { msc = "491700000005" }
[[subscriber.set]]
impus = ["sip:carol@ims.test"]
"#;

fn ip(last: u8) -> IpAddr {
    IpAddr::from([10, 46, 0, last])
}

const HSS_IP: u8 = 4;
const GATEWAY_IP: u8 = 30;
const GMSC_IP: u8 = 31;
const CENTRE_IP: u8 = 32;
const ESME_IP: u8 = 40;
const SCSCF_IP: u8 = 3;

/// What a run is like.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    seed: u64,
    /// The UE is behind an S-CSCF.
    ims: bool,
    ip_messaging: bool,
    gprs: bool,
    /// What the UE's other phones do: at the MSC, at the SGSN.
    phones: [Service; 2],
    latency: Latency,
    /// By how much longer a message of SIP or SS7 is on its way, at most.
    jitter_ms: u32,
}

/// A death that is to come.
#[derive(Clone, Copy, Debug)]
struct Death {
    node: &'static str,
    /// Steps until then, from the return of the one that was dead before.
    after: u64,
    /// How long nobody is there.
    down: Duration,
}

impl Default for Wanted {
    fn default() -> Self {
        let absent = Service::Absent(Some(1));
        let (latency, jitter_ms) = (Latency::default(), 0);
        Self { seed: 1, ims: false, ip_messaging: true, gprs: true, phones: [absent, absent], latency, jitter_ms }
    }
}

struct Net {
    fabric: Fabric,
    now: Instant,
    wanted: Wanted,
    ue: Arc<Mutex<UeDesk>>,
    esme: Arc<Mutex<EsmeDesk>>,
    msc: ServingNodeQueue,
    sgsn: ServingNodeQueue,
    gmsc: Arc<Mutex<SmsGmsc>>,
    centre: Arc<Mutex<SmSc>>,
    /// What was seen, in words.
    log: Vec<String>,
    notes: Vec<String>,
    lives: BTreeMap<&'static str, Arc<Mutex<Life>>>,
    /// Who dies next, and after him.
    deaths: VecDeque<Death>,
    /// Who is dead, and when he comes back.
    gone: Option<(&'static str, Instant)>,
    restarts: u64,
    chance: Entropy,
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

    fn on_turn(&mut self) {
        if let Some((node, _)) = self.gone.filter(|(_, back)| *back <= self.now) {
            self.gone = None;
            self.restart(node);
            self.arm();
        }
        let Some(death) = self.deaths.front().copied().filter(|_| self.gone.is_none()) else { return };
        if self.lives[death.node].lock().unwrap().is_dead {
            self.deaths.pop_front();
            self.gone = Some((death.node, self.now + death.down));
            // Its connections break.
            self.fabric.set_down(self.now, death.node, true);
            if death.down.is_zero() {
                self.on_turn();
            }
        }
    }
}

impl Net {
    fn new() -> Self {
        Self::with(Wanted::default())
    }

    fn with(wanted: Wanted) -> Self {
        let served = |service, imsi: &str, msisdn: &str| ServedSubscriber {
            imsi: imsi.to_owned(),
            msisdn: msisdn.to_owned(),
            service,
        };
        let serving = |kind, number: &str, subscribers| {
            let config = ServingNodeConfig { subscribers, ..ServingNodeConfig::new(kind, number, HLR) };
            ServingNode::new(config, Entropy::of_box(wanted.seed, number)).unwrap()
        };
        let at_msc = vec![
            served(wanted.phones[0], UE_IMSI, UE),
            served(Service::Delivers, BOB_IMSI, BOB),
            served(Service::Absent(Some(1)), CAROL_IMSI, CAROL),
        ];
        let msc = serving(ServingNodeKind::Msc, MSC, at_msc);
        // It is attached, and may be absent later.
        let sgsn = serving(ServingNodeKind::Sgsn, SGSN, vec![served(Service::Delivers, UE_IMSI, UE)]);
        let (ue, esme) = (Arc::default(), Arc::default());
        let (gmsc, centre) = (Self::gmsc(wanted, 0), Self::centre(wanted, 0));
        let mut net = Self {
            fabric: Fabric::new(wanted.latency),
            now: Instant::ZERO,
            wanted,
            ue: Arc::clone(&ue),
            esme: Arc::clone(&esme),
            msc: msc.events(),
            sgsn: sgsn.events(),
            gmsc: Arc::new(Mutex::new(gmsc)),
            centre: Arc::new(Mutex::new(centre)),
            log: Vec::new(),
            notes: Vec::new(),
            lives: BTreeMap::new(),
            deaths: VecDeque::new(),
            gone: None,
            restarts: 0,
            chance: Entropy::of_box(wanted.seed, "chance"),
        };
        let places =
            [(Role::Hss, HSS_IP), (Role::IpMessageGw, GATEWAY_IP), (Role::SmsGmsc, GMSC_IP), (Role::SmSc, CENTRE_IP)];
        for (name, (role, last)) in NODES.into_iter().zip(places) {
            let node = net.node(name);
            let store = if role == Role::Hss { provisioned() } else { store() };
            net.fabric.add(net.now, name, role, ip(last), node, store);
        }
        let (now, fabric) = (net.now, &mut net.fabric);
        fabric.add(now, "MSC", Role::ServingNode, ip(33), Box::new(msc), store());
        fabric.add(now, "SGSN", Role::ServingNode, ip(34), Box::new(sgsn), store());
        let far = SocketAddr::new(ip(CENTRE_IP), 2775);
        fabric.add(now, "ESME", Role::ThirdParty, ip(ESME_IP), Box::new(Esme::new(far, esme)), store());
        let (name, role, at) = if wanted.ims {
            ("S-CSCF", Role::Scscf, ip(SCSCF_IP))
        } else {
            ("UE", Role::Ue, IpAddr::from([10, 45, 0, 1]))
        };
        let phone = Subscriber::phone(at, wanted.ims, ue);
        fabric.add(now, name, role, at, Box::new(phone), store());
        for (name, digits) in [("HSS", HLR), ("IP-Message-GW", GATEWAY), ("MSC", MSC), ("SGSN", SGSN)] {
            assert!(fabric.set_global_title(name, digits));
        }
        for digits in SmsGmsc::global_titles(&gmsc_config(wanted)) {
            assert!(fabric.set_global_title("SMS-GMSC", &digits));
        }
        net.run_ms(3_000);
        net.serve("SGSN", wanted.phones[1]);
        net.log.clear();
        net
    }

    fn gateway(wanted: Wanted, round: u64) -> IpMessageGw {
        let local = SocketAddr::new(ip(GATEWAY_IP), 5060);
        let mut config = IpMessageGwConfig::new("sip:ipsmgw.ims.test", DOMAIN, local, GATEWAY, HLR);
        config.utc_ms_at_zero = START_MS;
        config.trusted = vec![ip(SCSCF_IP).to_string().parse().unwrap()];
        config.registration.max_s = 100_000;
        IpMessageGw::new(config, Entropy::of_box(wanted.seed, &format!("gateway {round}"))).unwrap()
    }

    fn gmsc(wanted: Wanted, round: u64) -> SmsGmsc {
        SmsGmsc::new(gmsc_config(wanted), Entropy::of_box(wanted.seed, &format!("gmsc {round}"))).unwrap()
    }

    fn centre(wanted: Wanted, round: u64) -> SmSc {
        let mut config = SmScConfig::new(CENTRE);
        config.utc_ms_at_zero = START_MS;
        let address = SocketAddr::new(ip(GMSC_IP), 2776);
        config.message_centres.push(SmppPeer::new("gmsc", address, "smsc", "smsc"));
        let password = HashedPassword::of_cost("pw", 8, 1, &mut Entropy::from_seed([1; 32])).unwrap();
        config.accounts.push(EsmeAccount::new("bank", password));
        config.delivery_time = Duration::from_secs(400);
        SmSc::new(config, Entropy::of_box(wanted.seed, &format!("centre {round}"))).unwrap()
    }

    /// One of the nodes as it starts.
    fn node(&mut self, name: &'static str) -> Box<dyn Node> {
        let (wanted, round) = (self.wanted, self.restarts);
        let node: Box<dyn Node> = match name {
            "HSS" => Box::new(Hss::new(hss_config(), Entropy::of_box(wanted.seed, &format!("hss {round}")))),
            "IP-Message-GW" => Box::new(Self::gateway(wanted, round)),
            "SMS-GMSC" => {
                self.gmsc = Arc::new(Mutex::new(Self::gmsc(wanted, round)));
                Box::new(Shared(Arc::clone(&self.gmsc)))
            }
            _ => {
                self.centre = Arc::new(Mutex::new(Self::centre(wanted, round)));
                Box::new(Shared(Arc::clone(&self.centre)))
            }
        };
        let (node, life) = Mortal::new(node);
        self.lives.insert(name, life);
        Box::new(node)
    }

    /// A node is killed, and another one starts on what was durable.
    fn restart(&mut self, name: &'static str) {
        self.restarts += 1;
        let node = self.node(name);
        assert!(self.fabric.restart(self.now, name, node));
    }

    /// Who dies next is told when.
    fn arm(&self) {
        if let Some(death) = self.deaths.front() {
            self.lives[death.node].lock().unwrap().left = Some(death.after);
        }
    }

    fn pass(&mut self, message: WireMessage) {
        for words in words_of(&message) {
            self.log.push(format!("{} {}>{} {words}", message.joint, message.from, message.to));
        }
        let is_datagram = message.transport == Transport::Udp && self.wanted.jitter_ms > 0;
        let more = if is_datagram { self.chance.below(self.wanted.jitter_ms) } else { 0 };
        self.fabric.carry(self.now + Duration::from_millis(more.into()), message);
    }

    /// The UE does something.
    fn order(&mut self, order: Order) {
        self.ue.lock().unwrap().orders.push_back(order);
        self.poke(if self.wanted.ims { "S-CSCF" } else { "UE" });
        self.run_ms(2_000);
    }

    fn register(&mut self) {
        self.order(Order::Register(90_000));
        assert_eq!(self.on_ue(|desk| desk.statuses.last().copied()), Some(200), "{:#?}", self.notes);
    }

    fn on_ue<T>(&self, look: impl FnOnce(&mut UeDesk) -> T) -> T {
        look(&mut self.ue.lock().unwrap())
    }

    /// What the UE has shown, and how often something came again.
    fn shown(&self) -> (Vec<String>, u32) {
        self.on_ue(|desk| (desk.shown.clone(), desk.repeated))
    }

    /// An ESME submits a text to a number.
    fn submit(&mut self, token: u16, to: &str, text: &str) {
        self.submits(token, Submission::new(to, text));
    }

    fn submits(&mut self, token: u16, submission: Submission) {
        self.esme.lock().unwrap().orders.push_back((token, submission));
        self.poke("ESME");
        self.run_ms(1_000);
    }

    /// What becomes of messages at the UE's other phones.
    fn serve(&mut self, node: &str, service: Service) {
        let order = ServingNodeOrder::Service { imsi: UE_IMSI.to_owned(), service };
        assert!(self.fabric.admin(self.now, node, Admin::ServingNode(Box::new(order))));
        self.run_ms(1_000);
    }

    /// Texts that phones at a serving node have taken.
    fn taken(queue: &ServingNodeQueue) -> Vec<(String, String)> {
        let events = std::iter::from_fn(|| queue.poll());
        let texts = events.filter_map(|event| match event {
            ServingNodeEvent::Delivered { imsi, tpdu } => Some((imsi, ue::text_of(&tpdu)?)),
            _ => None,
        });
        texts.collect()
    }

    /// These were seen in this order, whatever was between them.
    #[track_caller]
    fn seen(&self, expected: &[&str]) {
        let mut rest = self.log.iter();
        for line in expected {
            assert!(rest.any(|seen| seen == line), "{line} is missing: {:#?}\n{:#?}", self.log, self.notes);
        }
    }

    fn was_seen(&self, line: &str) -> bool {
        self.log.iter().any(|seen| seen == line)
    }

    fn held(&self) -> u64 {
        let figures = self.centre.lock().unwrap().figures();
        figures.into_iter().find(|(name, _)| *name == "sm_sc_messages_held").unwrap().1
    }
}

fn gmsc_config(wanted: Wanted) -> SmsGmscConfig {
    let centre = ServiceCentre {
        address: CENTRE.to_owned(),
        system_id: "smsc".to_owned(),
        password: "smsc".to_owned().into(),
        from: Vec::new(),
    };
    SmsGmscConfig {
        utc_ms_at_zero: START_MS,
        ip_messaging: wanted.ip_messaging,
        gprs: wanted.gprs,
        ..SmsGmscConfig::new(GMSC, HLR, vec![centre])
    }
}

fn hss_config() -> HssConfig {
    let mut config = HssConfig::new(DiameterConfig::new("hss.ims.test", DOMAIN, ip(HSS_IP), Vec::new()));
    config.utc_ms_at_zero = START_MS;
    let mut hlr = HlrConfig::new(HLR).unwrap();
    hlr.gateways = vec![GATEWAY.to_owned()];
    config.hlr = Some(hlr);
    config
}

/// A store with the subscribers.
fn provisioned() -> StoreDriver {
    let mut store = NodeStore::in_memory().unwrap();
    add_subscribers(&mut store, &parse_subscribers("subscribers.toml", SUBSCRIBERS).unwrap()).unwrap();
    Box::new(move |request| store.execute(&request))
}

/// A message shortly: method or status of SIP, code of an operation and what became of it, command of SMPP.
fn words_of(message: &WireMessage) -> Vec<String> {
    match message.joint {
        Joint::Smpp => {
            let (mut words, mut rest) = (Vec::new(), &message.bytes[..]);
            while let Some(length) = rest.first_chunk().map(|length| u32::from_be_bytes(*length) as usize) {
                let Some((pdu, behind)) = rest.split_at_checked(length).filter(|_| length >= 16) else { break };
                words.extend(Pdu::parse(pdu).map(|pdu| pdu.command_id().to_string()));
                rest = behind;
            }
            words
        }
        joint if joint.is_map() => {
            let Ok(sccp) = SccpMessage::parse(&message.bytes) else { return Vec::new() };
            let Ok(tcap) = TcapMessage::parse(sccp.data()) else { return Vec::new() };
            let words = tcap.components().iter().map(|component| match component {
                Component::Invoke { .. } => component.operation().map_or(0, |code| code.0).to_string(),
                Component::ReturnResult { .. } => "result".to_owned(),
                Component::ReturnError { .. } => "error".to_owned(),
                Component::Reject { .. } => "reject".to_owned(),
            });
            words.collect()
        }
        _ => {
            let text = String::from_utf8_lossy(&message.bytes);
            let mut words = text.split(' ');
            let first = words.next().unwrap_or_default();
            let word = if first == "SIP/2.0" { words.next().unwrap_or_default() } else { first };
            vec![word.to_owned()]
        }
    }
}
