//! The network: CSCFs, HSS, gateway function, CDF and OCS joined by the fabric, each with a store of its own that survives it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use core_network::charging::{
    Account, Cdf, CdfConfig, ChargingClient, ChargingConfig, GwfConfig, ImsGwf, MessageCharging, Ocs, OcsConfig,
    TariffTable,
};
use core_network::ims::hss::{Hss, HssConfig, add_subscribers, parse_subscribers};
use core_network::ims::{
    Fabric, GmSecurity, HomeNetwork, Icscf, IcscfConfig, ImsNode, ImsStore, Latency, Pcscf, PcscfConfig, Role, Scscf,
    ScscfChoice, ScscfConfig, StoreDriver,
};
use protocol::diameter::charging::NodeFunctionality;
use protocol::diameter::dictionary::APP_CX;
use protocol::diameter::{DiameterConfig, PeerConfig};
use protocol::sip::{HostTable, SipTimers, Transport};
use protocol::{Entropy, Instant};

use super::ue::{DOMAIN, Ue};

pub(crate) const TARIFFS: &str = "low_balance = 100\n\
    [[tariff]]\nname = 'voice'\nrating_group = 1\nunit = 'seconds'\nprice = 2\nper = 10\nsetup = 3\nquantum = 30\nvalidity = 120\n\
    [[tariff]]\nname = 'message'\nrating_group = 2\nunit = 'pieces'\nprice = 7\n";
/// 2026-01-01.
const UTC: u64 = 1_767_225_600_000;

pub(crate) struct Network {
    pub(crate) fabric: Fabric,
    pub(crate) stores: BTreeMap<&'static str, Arc<Mutex<ImsStore>>>,
    messages: MessageCharging,
    balances: [u64; 2],
    restarts: u64,
}

pub(crate) fn address(last: u8) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::new(10, 46, 0, last).into(), 5060)
}

pub(crate) fn ue_address(n: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::from([10, 45, 0, n]), 5060)
}

fn both(last: u8) -> Vec<(Transport, SocketAddr)> {
    vec![(Transport::Udp, address(last)), (Transport::Tcp, address(last))]
}

fn hosts() -> HostTable {
    let mut hosts = HostTable::new();
    for (name, last) in [("pcscf", 1), ("icscf", 2), ("scscf", 3), ("ims-gwf", 17)] {
        hosts.insert(&format!("{name}.{DOMAIN}"), address(last), Transport::Udp);
    }
    hosts.insert(DOMAIN, address(2), Transport::Udp);
    hosts
}

/// All nodes, with their roles and the last octet of their addresses.
const NODES: [(&str, Role, u8); 7] = [
    ("hss", Role::Hss, 4),
    ("cdf", Role::Cdf, 15),
    ("ocs", Role::Ocs, 16),
    ("pcscf", Role::Pcscf, 1),
    ("icscf", Role::Icscf, 2),
    ("scscf", Role::Scscf, 3),
    ("gwf", Role::As, 17),
];

impl Network {
    pub(crate) fn new(messages: MessageCharging, balances: [u64; 2]) -> Self {
        let stores = NODES.map(|(name, ..)| (name, Arc::new(Mutex::new(ImsStore::in_memory().unwrap()))));
        let mut own =
            Self { fabric: Fabric::new(Latency::default()), stores: stores.into(), messages, balances, restarts: 0 };
        let parsed = parse_subscribers("test.toml", &subscribers()).unwrap();
        add_subscribers(&mut own.stores["hss"].lock().unwrap(), &parsed).unwrap();
        for (name, role, last) in NODES {
            let (node, store) = (own.node(name), own.driver(name));
            own.fabric.add(Instant::ZERO, name, role, address(last).ip(), node, store);
        }
        for n in [1, 2] {
            own.fabric.add_outside(&format!("ue{n}"), Role::Ue, ue_address(n).ip());
        }
        own
    }

    fn driver(&self, name: &str) -> StoreDriver {
        let store = Arc::clone(&self.stores[name]);
        Box::new(move |request| store.lock().unwrap().execute(&request))
    }

    /// kill -9, and the node starts again on what its store has.
    pub(crate) fn restart(&mut self, now: Instant, name: &str) {
        self.restarts += 1;
        let node = self.node(name);
        assert!(self.fabric.restart(now, name, node));
    }

    fn entropy(&self, name: &str) -> Entropy {
        Entropy::of_box(1000 + self.restarts, name)
    }

    fn diameter(&self, host: &str, last: u8, peer: &str, to: u8) -> DiameterConfig {
        let mut config = DiameterConfig::new(&format!("{host}.{DOMAIN}"), DOMAIN, address(last).ip(), vec![APP_CX]);
        let connect = Some(SocketAddr::new(address(to).ip(), 3868));
        config.peers = vec![PeerConfig { host: format!("{peer}.{DOMAIN}"), realm: DOMAIN.to_owned(), connect }];
        config.retry = Duration::from_secs(3);
        config.origin_state = 1 + self.restarts as u32;
        config
    }

    fn server(&self, host: &str, last: u8) -> DiameterConfig {
        let mut config = self.diameter(host, last, "nobody", last);
        config.peers.clear();
        config.accept_unknown = true;
        config
    }

    fn charging(&self, name: &str, last: u8, node: NodeFunctionality) -> ChargingClient {
        let mut config = ChargingConfig::new(node, self.diameter(name, last, "cdf", 15), DOMAIN);
        config.utc_ms_at_zero = UTC;
        ChargingClient::new(config, self.entropy(&format!("{name} Rf")))
    }

    fn node(&self, name: &str) -> Box<dyn ImsNode> {
        match name {
            "hss" => {
                let mut config = HssConfig::new(self.server("hss", 4));
                config.utc_ms_at_zero = UTC;
                Box::new(Hss::new(config, self.entropy(name)))
            }
            "cdf" => {
                let mut config = CdfConfig::new(self.server("cdf", 15));
                (config.interim, config.lost_after) = (Some(Duration::from_secs(40)), Duration::from_secs(200));
                (config.file_records, config.utc_ms_at_zero) = (200, UTC);
                Box::new(Cdf::new(config, self.entropy(name)))
            }
            "ocs" => {
                let mut config = OcsConfig::new(self.server("ocs", 16), TariffTable::parse(TARIFFS).unwrap());
                config.utc_ms_at_zero = UTC;
                let accounts = [1, 2].into_iter().zip(self.balances);
                config.accounts = accounts.map(|(n, balance)| Account::new(&Ue::new(n).impu, balance)).collect();
                Box::new(Ocs::new(config, self.entropy(name)))
            }
            "pcscf" => {
                let charging = self.charging("pcscf", 1, NodeFunctionality::Pcscf);
                Box::new(Pcscf::new(pcscf(), self.entropy(name)).with_charging(charging))
            }
            "icscf" => Box::new(Icscf::new(self.icscf(), self.entropy(name))),
            "scscf" => {
                let charging = self.charging("scscf", 3, NodeFunctionality::Scscf);
                Box::new(Scscf::new(self.scscf(), self.entropy(name)).unwrap().with_charging(charging))
            }
            "gwf" => {
                let (uri, ro) = (format!("sip:ims-gwf.{DOMAIN}"), self.diameter("ims-gwf", 17, "ocs", 16));
                let mut config = GwfConfig::new(&uri, address(17), ro, DOMAIN);
                (config.hosts, config.utc_ms_at_zero, config.messages) = (hosts(), UTC, self.messages);
                let charging = self.charging("ims-gwf", 17, NodeFunctionality::As);
                Box::new(ImsGwf::new(config, charging, self.entropy(name)).unwrap())
            }
            other => panic!("{other}"),
        }
    }

    fn icscf(&self) -> IcscfConfig {
        IcscfConfig {
            name: format!("icscf.{DOMAIN}"),
            local: both(2),
            trusted: vec![],
            domains: vec![DOMAIN.to_owned()],
            scscfs: vec![ScscfChoice { uri: format!("sip:scscf.{DOMAIN}:5060"), capabilities: vec![] }],
            numbers: Default::default(),
            hosts: hosts(),
            timers: SipTimers::default(),
            diameter: self.diameter("icscf", 2, "hss", 4),
            hss_realm: DOMAIN.to_owned(),
            hss_host: None,
        }
    }

    fn scscf(&self) -> ScscfConfig {
        let uri = format!("sip:scscf.{DOMAIN}:5060");
        let cx = self.diameter("scscf", 3, "hss", 4);
        let mut config = ScscfConfig::new(&uri, DOMAIN, address(3), &format!("sip:icscf.{DOMAIN}"), cx);
        (config.hosts, config.utc_ms_at_zero) = (hosts(), UTC);
        config
    }

    /// All rows of a table of a node.
    pub(crate) fn rows(&self, node: &str, table: core_network::ims::Table) -> Vec<(String, Vec<u8>)> {
        self.stores[node].lock().unwrap().scan(table).unwrap()
    }
}

fn pcscf() -> PcscfConfig {
    PcscfConfig {
        name: format!("pcscf.{DOMAIN}"),
        gm: both(1),
        mw: vec![],
        trusted: [2, 3, 17].map(|last| address(last).ip().to_string().parse().unwrap()).to_vec(),
        network: DOMAIN.to_owned(),
        homes: vec![HomeNetwork { domain: DOMAIN.to_owned(), entry: format!("icscf.{DOMAIN}") }],
        security: GmSecurity::Off,
        hosts: hosts(),
        timers: SipTimers::default(),
        subscribe_reg: false,
        session_expires: None,
        emergency_numbers: vec![],
        utc_ms_at_zero: UTC,
    }
}

/// Two prepaid users: what they ask for goes by the gateway function, or nowhere.
fn subscribers() -> String {
    let mut text = "[[profile]]\nname = \"p\"\n".to_owned();
    for (priority, method) in [(0, "INVITE"), (1, "MESSAGE")] {
        text += &format!(
            "[[profile.ifc]]\npriority = {priority}\nserver = \"sip:ims-gwf.{DOMAIN}\"\ndefault_handling = \"terminate\"\n\
             conjunctive = true\ntrigger = [{{ method = \"{method}\", group = [0] }}, {{ session_case = \"originating\", group = [1] }}]\n"
        );
    }
    for n in [1, 2] {
        let ue = Ue::new(n);
        let (k, op) = (hex::encode(ue.k), hex::encode(ue.op));
        text += &format!(
            "[[subscriber]]\nimpi = \"{}\"\nk = \"{k}\"\nop = \"{op}\"\n[[subscriber.set]]\nimpus = [\"{}\"]\nprofile = \"p\"\n",
            ue.impi, ue.impu,
        );
    }
    text
}
