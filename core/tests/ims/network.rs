//! The network: every node with its store, joined by the fabric; UEs are outside.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use core_network::ims::hss::{Hss, HssConfig, add_subscribers, parse_subscribers};
use core_network::ims::{
    Fabric, FabricOutput, GmSecurity, HomeNetwork, Icscf, IcscfConfig, ImsNode, ImsStore, Latency, OutsideEvent, Pcscf,
    PcscfConfig, Role, Scscf, ScscfChoice, ScscfConfig, StoreDriver, TestAs, TestAsConfig,
};
use protocol::diameter::dictionary::APP_CX;
use protocol::diameter::{DiameterConfig, PeerConfig};
use protocol::sip::{HostTable, Request, Response, SipMessage, SipTimers, Target, Transport};
use protocol::{Entropy, Instant, Joint};

use super::ue::{DOMAIN, Ue};

/// Stores of the nodes; they survive a restart.
pub(crate) type Stores = [Arc<Mutex<ImsStore>>; 3];

pub(crate) struct Network {
    pub(crate) fabric: Fabric,
    pub(crate) now: Instant,
    pub(crate) inbox: VecDeque<(String, SipMessage)>,
    pub(crate) wire: Vec<(Joint, String)>,
    pub(crate) notes: Vec<String>,
    /// Datagrams of media that have come to UEs.
    pub(crate) media: Vec<(SocketAddr, Vec<u8>)>,
    pub(crate) stores: Stores,
}

pub(crate) fn address(last: u8) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::new(10, 46, 0, last).into(), 5060)
}

fn both(last: u8) -> Vec<(Transport, SocketAddr)> {
    vec![(Transport::Udp, address(last)), (Transport::Tcp, address(last))]
}

pub(crate) fn hosts() -> HostTable {
    let mut hosts = HostTable::new();
    for (name, last) in [("pcscf", 1), ("icscf", 2), ("scscf", 3), ("as", 5), ("conference", 13), ("messaging", 14)] {
        hosts.insert(&format!("{name}.{DOMAIN}"), address(last), Transport::Udp);
    }
    hosts.insert(DOMAIN, address(2), Transport::Udp);
    hosts
}

fn diameter(name: &str, last: u8) -> DiameterConfig {
    let mut config = DiameterConfig::new(&format!("{name}.{DOMAIN}"), DOMAIN, address(last).ip(), vec![APP_CX]);
    let connect = Some(SocketAddr::new(address(4).ip(), 3868));
    config.peers = vec![PeerConfig { host: format!("hss.{DOMAIN}"), realm: DOMAIN.to_owned(), connect }];
    config
}

fn driver(store: &Arc<Mutex<ImsStore>>) -> StoreDriver {
    let store = Arc::clone(store);
    Box::new(move |request| store.lock().unwrap().execute(&request))
}

fn pcscf(utc: u64) -> Pcscf {
    let config = PcscfConfig {
        name: format!("pcscf.{DOMAIN}"),
        gm: both(1),
        mw: vec![],
        trusted: [2, 3, 5].map(|last| address(last).ip().to_string().parse().unwrap()).to_vec(),
        network: DOMAIN.to_owned(),
        homes: vec![HomeNetwork { domain: DOMAIN.to_owned(), entry: format!("icscf.{DOMAIN}") }],
        security: GmSecurity::Off,
        hosts: hosts(),
        timers: SipTimers::default(),
        subscribe_reg: true,
        session_expires: None,
        emergency_numbers: vec![],
        utc_ms_at_zero: utc,
    };
    Pcscf::new(config, Entropy::of_box(1, "pcscf"))
}

fn icscf() -> Icscf {
    let scscf = ScscfChoice { uri: format!("sip:scscf.{DOMAIN}:5060"), capabilities: vec![] };
    let config = IcscfConfig {
        name: format!("icscf.{DOMAIN}"),
        local: both(2),
        trusted: vec![],
        domains: vec![DOMAIN.to_owned()],
        scscfs: vec![scscf],
        numbers: Default::default(),
        hosts: hosts(),
        timers: SipTimers::default(),
        diameter: diameter("icscf", 2),
        hss_realm: DOMAIN.to_owned(),
        hss_host: None,
    };
    Icscf::new(config, Entropy::of_box(1, "icscf"))
}

fn scscf(utc: u64) -> Scscf {
    let mut config = ScscfConfig::new(
        &format!("sip:scscf.{DOMAIN}:5060"),
        DOMAIN,
        address(3),
        &format!("sip:icscf.{DOMAIN}"),
        diameter("scscf", 3),
    );
    config.hosts = hosts();
    config.utc_ms_at_zero = utc;
    Scscf::new(config, Entropy::of_box(1, "scscf")).unwrap()
}

fn hss(utc: u64) -> Hss {
    let mut config = DiameterConfig::new(&format!("hss.{DOMAIN}"), DOMAIN, address(4).ip(), vec![APP_CX]);
    config.accept_unknown = true;
    let mut config = HssConfig::new(config);
    config.utc_ms_at_zero = utc;
    Hss::new(config, Entropy::of_box(1, "hss"))
}

/// Two subscribers: the first with OP, the second with OPc; `profile` for both.
fn subscribers(profile: &str) -> String {
    let named = if profile.is_empty() { "" } else { "profile = \"p\"" };
    let mut text = if profile.is_empty() { String::new() } else { format!("[[profile]]\nname = \"p\"\n{profile}\n") };
    for n in [1, 2] {
        let ue = Ue::new(n);
        let key = if n == 1 {
            format!("op = \"{}\"", hex::encode(ue.op))
        } else {
            let opc = *milenage::Milenage::new_with_op(ue.k, ue.op).opc();
            format!("opc = \"{}\"", hex::encode(opc))
        };
        text += &format!(
            "[[subscriber]]\nimpi = \"{}\"\nk = \"{}\"\n{key}\n[[subscriber.set]]\nimpus = [\"{}\", \"tel:+9997000000{n}\"]\n{named}\n",
            ue.impi,
            hex::encode(ue.k),
            ue.impu,
        );
    }
    text + &format!(
        "[[subscriber]]\nimpi = \"{0}\"\ndigest_password = \"open sesame\"\ndigest_realm = \"{DOMAIN}\"\n\
         [[subscriber.set]]\nimpus = [\"{1}\"]\n",
        Ue::new(3).impi,
        Ue::new(3).impu,
    )
}

impl Network {
    pub(crate) fn new() -> Self {
        Self::with("", None)
    }

    /// With filter criteria of both users, and an application server.
    pub(crate) fn with(profile: &str, server: Option<TestAsConfig>) -> Self {
        let stores: Stores = std::array::from_fn(|_| Arc::new(Mutex::new(ImsStore::in_memory().unwrap())));
        let parsed = parse_subscribers("test.toml", &subscribers(profile)).unwrap();
        add_subscribers(&mut stores[2].lock().unwrap(), &parsed).unwrap();
        Self::started(stores, 1_000_000, server)
    }

    /// What the stores have is all that there is.
    pub(crate) fn started(stores: Stores, utc: u64, server: Option<TestAsConfig>) -> Self {
        let mut fabric = Fabric::new(Latency::default());
        let mut add = |name: &str, role, last, node: Box<dyn ImsNode>, store: usize| {
            fabric.add(Instant::ZERO, name, role, address(last).ip(), node, driver(&stores[store]));
        };
        add("hss", Role::Hss, 4, Box::new(hss(utc)), 2);
        add("pcscf", Role::Pcscf, 1, Box::new(pcscf(utc)), 0);
        add("icscf", Role::Icscf, 2, Box::new(icscf()), 0);
        add("scscf", Role::Scscf, 3, Box::new(scscf(utc)), 1);
        if let Some(mut config) = server {
            config.hosts = hosts();
            let node = TestAs::new(config, Entropy::of_box(1, "as")).unwrap();
            fabric.add(Instant::ZERO, "as", Role::As, address(5).ip(), Box::new(node), driver(&stores[1]));
        }
        for n in [1, 2, 3] {
            fabric.add_outside(&format!("ue{n}"), Role::Ue, ue_address(n).ip());
        }
        let mut network = Self {
            fabric,
            now: Instant::ZERO,
            inbox: VecDeque::new(),
            wire: vec![],
            notes: vec![],
            media: vec![],
            stores,
        };
        network.run(Duration::from_millis(500));
        network
    }

    /// One more application server, with the store of the P-CSCF.
    pub(crate) fn add_server(&mut self, name: &str, last: u8, node: Box<dyn ImsNode>) {
        let store = driver(&self.stores[0]);
        self.fabric.add(self.now, name, Role::As, address(last).ip(), node, store);
    }

    pub(crate) fn run(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            while let Some(output) = self.fabric.poll_output() {
                match output {
                    FabricOutput::Message(message) => {
                        let text = String::from_utf8_lossy(&message.bytes).into_owned();
                        self.wire.push((message.joint, text));
                        self.fabric.carry(self.now, message);
                    }
                    FabricOutput::Outside { to, bytes, .. } => {
                        let message = SipMessage::parse(&bytes).unwrap();
                        if message.as_response().is_none_or(|r| r.status != 100) {
                            self.inbox.push_back((to, message));
                        }
                    }
                    FabricOutput::AtOutside { event: OutsideEvent::Datagram { local, bytes, .. }, .. } => {
                        self.media.push((local, bytes));
                    }
                    FabricOutput::AtOutside { to, event } => panic!("{event:?} at {to}"),
                    FabricOutput::OutsideFailed { why, .. } => panic!("{why}"),
                    FabricOutput::Note { from, note } => self.notes.push(format!("{from}: {note}")),
                }
            }
            match self.fabric.poll_timeout().filter(|t| *t <= until) {
                Some(t) => {
                    self.now = self.now.max(t);
                    self.fabric.handle_timeout(self.now);
                }
                None => break,
            }
        }
        self.now = until;
    }

    pub(crate) fn send(&mut self, from: &str, message: SipMessage) {
        let n = from.trim_start_matches("ue").parse().unwrap();
        let target = Target { transport: Transport::Udp, remote: address(1), flow: None };
        self.fabric.send(self.now, ue_address(n), target, message.to_bytes());
        self.run(Duration::from_millis(200));
    }

    /// Sends a request of the UE that its From tag names, and takes the answer.
    pub(crate) fn ask(&mut self, request: &Request) -> Response {
        let name = request.from().unwrap().unwrap().tag().unwrap().to_owned();
        self.send(&name, SipMessage::Request(request.clone()));
        self.response(&name)
    }

    pub(crate) fn reply(&mut self, name: &str, request: &Request, status: u16, fields: &[(&str, &str)]) {
        let mut response = Response::to(request, status, None);
        response.set_to_tag(name);
        response.headers.copy_from(&request.headers, "Record-Route");
        fields.iter().for_each(|(n, v)| response.headers.append(n, v));
        self.send(name, SipMessage::Response(response));
    }

    pub(crate) fn response(&mut self, of: &str) -> Response {
        let at = self.inbox.iter().position(|(to, m)| to == of && m.as_response().is_some());
        let at = at.unwrap_or_else(|| panic!("no response for {of}: {:?}\n{:?}", self.inbox, self.notes));
        self.inbox.remove(at).unwrap().1.as_response().unwrap().clone()
    }

    pub(crate) fn request(&mut self, of: &str) -> Request {
        let at = self.inbox.iter().position(|(to, m)| to == of && m.as_request().is_some());
        let at = at.unwrap_or_else(|| panic!("no request for {of}: {:?}\n{:?}", self.inbox, self.notes));
        self.inbox.remove(at).unwrap().1.as_request().unwrap().clone()
    }

    /// The whole way to a registration; a UE that is registered may be taken at its word.
    pub(crate) fn register(&mut self, ue: &mut Ue, expires: u32) -> Response {
        let challenge = self.ask(&ue.register(expires, None));
        assert_eq!(challenge.status, 401, "{challenge:?}\n{:?}", self.notes);
        let credentials = ue.credentials(&challenge);
        let answer = self.ask(&ue.register(expires, Some(&credentials)));
        ue.service_route = answer.headers.values("Service-Route").map(str::to_owned).collect();
        answer
    }
}

pub(crate) fn ue_address(n: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::from([10, 45, 0, n]), 5060)
}
