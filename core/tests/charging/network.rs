//! The network: CSCFs, HSS, gateway function, CDF and OCS joined by the fabric, each with a store of its own that survives it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use core_network::charging::{
    Account, Cdf, CdfConfig, ChargingClient, ChargingConfig, GwfConfig, ImsGwf, MessageCharging, Ocs, OcsConfig,
    TariffTable,
};
use core_network::ims::hss::{Hss, add_subscribers, parse_subscribers};
use core_network::ims::service::SessionServerConfig;
use core_network::ims::{
    ConferenceConfig, ConferenceGroup, ConferenceServer, Icscf, NetworkBox, NetworkPlan, Pcscf, Scscf,
};
use core_network::node::{Fabric, Latency, Node, NodeStore, Role, StoreDriver};
use protocol::diameter::DiameterConfig;
use protocol::diameter::charging::NodeFunctionality;
use protocol::{Entropy, Instant};

use super::kill::{Life, Mortal};
use super::ue::{DOMAIN, Ue};

pub(crate) const TARIFFS: &str = "low_balance = 100\n\
    [[tariff]]\nname = 'voice'\nrating_group = 1\nunit = 'seconds'\nprice = 2\nper = 10\nsetup = 3\nquantum = 30\nvalidity = 120\n\
    [[tariff]]\nname = 'message'\nrating_group = 2\nunit = 'pieces'\nprice = 7\n";
/// 2026-01-01.
const UTC: u64 = 1_767_225_600_000;

pub(crate) struct Network {
    pub(crate) fabric: Fabric,
    pub(crate) stores: BTreeMap<&'static str, Arc<Mutex<NodeStore>>>,
    pub(crate) lives: BTreeMap<&'static str, Life>,
    messages: MessageCharging,
    balances: [u64; 2],
    restarts: u64,
}

pub(crate) fn ue_address(n: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::from([10, 45, 0, n]), 5060)
}

fn plan() -> NetworkPlan {
    NetworkPlan::new(DOMAIN, &[NetworkBox::Gwf, NetworkBox::Conference], UTC)
}

/// All nodes, by the names that they have here.
const NODES: [(&str, NetworkBox); 8] = [
    ("hss", NetworkBox::Hss),
    ("cdf", NetworkBox::Cdf),
    ("ocs", NetworkBox::Ocs),
    ("pcscf", NetworkBox::Pcscf),
    ("icscf", NetworkBox::Icscf),
    ("scscf", NetworkBox::Scscf),
    ("gwf", NetworkBox::Gwf),
    ("conference", NetworkBox::Conference),
];

impl Network {
    pub(crate) fn new(messages: MessageCharging, balances: [u64; 2]) -> Self {
        let stores = NODES.map(|(name, _)| (name, Arc::new(Mutex::new(NodeStore::in_memory().unwrap()))));
        let (fabric, lives) = (Fabric::new(Latency::default()), NODES.map(|(name, _)| (name, Life::long())));
        let mut own = Self { fabric, stores: stores.into(), lives: lives.into(), messages, balances, restarts: 0 };
        let parsed = parse_subscribers("test.toml", &subscribers()).unwrap();
        add_subscribers(&mut own.stores["hss"].lock().unwrap(), &parsed).unwrap();
        for (name, at) in NODES {
            let node = Box::new(Mortal::new(own.node(name), own.lives[name].clone()));
            let store = own.driver(name);
            own.fabric.add(Instant::ZERO, name, at.role(), at.ip(), node, store);
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

    /// The same for a node that may have started again.
    fn started(&self, mut diameter: DiameterConfig) -> DiameterConfig {
        diameter.retry = Duration::from_secs(3);
        diameter.origin_state = 1 + self.restarts as u32;
        diameter
    }

    fn server(&self, own: NetworkBox) -> DiameterConfig {
        self.started(plan().diameter_server(own))
    }

    fn client(&self, own: NetworkBox, to: NetworkBox) -> DiameterConfig {
        self.started(plan().diameter(own, to))
    }

    fn charging(&self, own: NetworkBox, node: NodeFunctionality) -> ChargingClient {
        let mut config = ChargingConfig::new(node, self.client(own, NetworkBox::Cdf), DOMAIN);
        config.utc_ms_at_zero = UTC;
        ChargingClient::new(config, self.entropy(&format!("{} Rf", own.label())))
    }

    fn node(&self, name: &str) -> Box<dyn Node> {
        match name {
            "hss" => {
                let mut config = plan().hss();
                config.diameter = self.server(NetworkBox::Hss);
                Box::new(Hss::new(config, self.entropy(name)))
            }
            "cdf" => {
                let mut config = CdfConfig::new(self.server(NetworkBox::Cdf));
                (config.interim, config.lost_after) = (Some(Duration::from_secs(40)), Duration::from_secs(200));
                (config.file_records, config.utc_ms_at_zero) = (200, UTC);
                Box::new(Cdf::new(config, self.entropy(name)))
            }
            "ocs" => {
                let mut config = OcsConfig::new(self.server(NetworkBox::Ocs), TariffTable::parse(TARIFFS).unwrap());
                config.utc_ms_at_zero = UTC;
                let accounts = [1, 2].into_iter().zip(self.balances);
                config.accounts = accounts.map(|(n, balance)| Account::new(&Ue::new(n).impu, balance)).collect();
                Box::new(Ocs::new(config, self.entropy(name)))
            }
            "pcscf" => {
                let charging = self.charging(NetworkBox::Pcscf, NodeFunctionality::Pcscf);
                let mut config = plan().pcscf(NetworkBox::Pcscf);
                config.subscribe_reg = false;
                Box::new(Pcscf::new(config, self.entropy(name)).with_charging(charging))
            }
            "icscf" => {
                let mut config = plan().icscf();
                config.diameter = self.client(NetworkBox::Icscf, NetworkBox::Hss);
                Box::new(Icscf::new(config, self.entropy(name)))
            }
            "scscf" => {
                let charging = self.charging(NetworkBox::Scscf, NodeFunctionality::Scscf);
                let mut config = plan().scscf();
                config.diameter = self.client(NetworkBox::Scscf, NetworkBox::Hss);
                Box::new(Scscf::new(config, self.entropy(name)).unwrap().with_charging(charging))
            }
            "gwf" => {
                let own = NetworkBox::Gwf;
                let uri = format!("sip:{}", plan().host(own));
                let mut config = GwfConfig::new(&uri, own.sip(), self.client(own, NetworkBox::Ocs), DOMAIN);
                (config.hosts, config.utc_ms_at_zero, config.messages) = (plan().hosts(), UTC, self.messages);
                let charging = self.charging(own, NodeFunctionality::As);
                Box::new(ImsGwf::new(config, charging, self.entropy(name)).unwrap())
            }
            "conference" => {
                let charging = self.charging(NetworkBox::Conference, NodeFunctionality::As);
                Box::new(ConferenceServer::new(conference(), self.entropy(name)).unwrap().with_charging(charging))
            }
            other => panic!("{other}"),
        }
    }

    /// All rows of a table of a node.
    pub(crate) fn rows(&self, node: &str, table: core_network::node::Table) -> Vec<(String, Vec<u8>)> {
        self.stores[node].lock().unwrap().scan(table).unwrap()
    }
}

/// Everybody may come into the room.
fn conference() -> ConferenceConfig {
    let own = NetworkBox::Conference;
    let mut config = ConferenceConfig::new(SessionServerConfig::new(&plan().host(own), DOMAIN, own.sip()));
    (config.sip.hosts, config.utc_ms_at_zero) = (plan().hosts(), UTC);
    config.groups = vec![ConferenceGroup {
        user: "room".to_owned(),
        members: [1, 2].map(|n| Ue::new(n).impu).to_vec(),
        subject: None,
        creator: None,
    }];
    config
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
            "[[subscriber]]\nimpi = \"{}\"\nk = \"{k}\"\nop = \"{op}\"\n\
             charging = {{ primary_ccf = \"aaa://cdf.{DOMAIN}\" }}\n[[subscriber.set]]\nimpus = [\"{}\"]\nprofile = \"p\"\n",
            ue.impi, ue.impu,
        );
    }
    text
}
