//! Two whole IMS cores in one fabric, each with a Diameter relay and a migration management server: users of the primary system
//! register in the partner system (TS 23.280 clause 10.1.6.2).

mod branches;
mod registrations;
mod secrets;
mod steps;
#[path = "../../../../tests/migration/ue.rs"]
mod ue;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::diameter::{Message, dictionary as d};
use protocol::sip::{Request, Response, SipMessage, Target, Transport};
use protocol::{Entropy, Instant, Joint};

use self::ue::{Identities, Ue};
use super::{MigrationBinding, MigrationConfig, MigrationRule, MigrationServer, parse_bindings};
use crate::ims::hss::{Hss, IdentityState, add_subscribers, parse_subscribers};
use crate::ims::relay::DiameterRelay;
use crate::ims::{Icscf, NetworkBox, NetworkPlan, Pcscf, Scscf};
use crate::node::testing::{Shared, TestNetwork};
use crate::node::{Fabric, FabricOutput, Latency, Node, NodeStore, Role, StoreDriver, Table, WireMessage};

const HOME: &str = "ims.home.test";
const PARTNER: &str = "ims.partner.test";
const THIRD: &str = "ims.third.test";
const USERS: u8 = 6;

/// Which system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum System {
    Primary,
    Partner,
    /// Another partner system, where a test has one.
    Third,
}
use System::{Partner, Primary, Third};

impl System {
    fn plan(self) -> NetworkPlan {
        let servers = [NetworkBox::MigrationServer, NetworkBox::DiameterRelay];
        let (domain, system, name) = match self {
            Primary => (HOME, 0, None),
            Partner => (PARTNER, 1, Some("partner".to_owned())),
            Third => (THIRD, 2, Some("third".to_owned())),
        };
        let migrants = vec![format!("m*@{domain}")];
        NetworkPlan { system, name, migrants, ..NetworkPlan::new(domain, &servers, 1_000_000) }
    }

    /// Who a UE is there.
    fn identities(self, number: u8) -> Identities {
        match self {
            Primary => Identities {
                domain: HOME.to_owned(),
                impi: format!("00101000000000{number}@{HOME}"),
                impu: format!("sip:user{number}@{HOME}"),
            },
            Partner | Third => {
                let domain = self.plan().domain;
                let (impi, impu) = (format!("m{number}@{domain}"), format!("sip:m{number}@{domain}"));
                Identities { domain, impi, impu }
            }
        }
    }
}

/// UEs of the primary system, with K and OPc; the last is barred there.
fn subscribers() -> String {
    let subscriber = |number: u8| {
        let (ue, who) = (Ue::new(number), Primary.identities(number));
        let barred = if number == USERS { format!("barred = [\"{}\"]", who.impu) } else { String::new() };
        format!(
            "[[subscriber]]\nimpi = \"{}\"\nk = \"{}\"\nopc = \"{}\"\n[[subscriber.set]]\nimpus = [\"{}\"]\n{barred}\n",
            who.impi,
            hex::encode(ue.k),
            hex::encode(ue.opc()),
            who.impu
        )
    };
    (1..=USERS).map(subscriber).collect()
}

/// Bindings of all UEs in a partner system.
fn bindings(system: System) -> Vec<MigrationBinding> {
    let entry = |number: u8| {
        let (home, away) = (Primary.identities(number), system.identities(number));
        format!(
            "[[binding]]\nsystem = \"primary\"\nimpi = \"{}\"\nprimary_impi = \"{}\"\n\
             identities = [{{ partner = \"{}\", primary = \"{}\" }}]\n",
            away.impi, home.impi, away.impu, home.impu
        )
    };
    parse_bindings("bindings.toml", &(1..=USERS).map(entry).collect::<String>()).unwrap()
}

type Change = Box<dyn Fn(System, &mut MigrationConfig)>;

/// What is done with a message on its way.
type Fate = Box<dyn FnMut(&mut WireMessage) -> bool>;

struct Net {
    fabric: Fabric,
    now: Instant,
    systems: Vec<System>,
    change: Change,
    hsss: Vec<Arc<Mutex<Hss>>>,
    servers: Vec<Arc<Mutex<MigrationServer>>>,
    /// Stores of the HSS of the primary system and of the migration management server of the partner system.
    stores: [Arc<Mutex<NodeStore>>; 2],
    inbox: VecDeque<(String, SipMessage)>,
    wire: Vec<WireMessage>,
    notes: Vec<String>,
    /// Looks at each message, and says whether it is carried.
    fate: Option<Fate>,
    ues: Vec<Ue>,
}

impl TestNetwork for Net {
    fn fabric(&mut self) -> (&mut Fabric, &mut Instant) {
        (&mut self.fabric, &mut self.now)
    }

    fn on_output(&mut self, output: FabricOutput) {
        match output {
            FabricOutput::Message(mut message) => {
                let is_carried = self.fate.as_mut().is_none_or(|fate| fate(&mut message));
                self.wire.push(message.clone());
                if is_carried {
                    self.fabric.carry(self.now, message);
                }
            }
            FabricOutput::Outside { to, bytes, .. } => {
                let message = SipMessage::parse(&bytes).unwrap();
                if message.as_response().is_none_or(|r| r.status != 100) {
                    self.inbox.push_back((to, message));
                }
            }
            FabricOutput::Note { from, note } => self.notes.push(format!("{from}: {note}")),
            other => panic!("{other:?}"),
        }
    }
}

fn driver(store: &Arc<Mutex<NodeStore>>) -> StoreDriver {
    let store = Arc::clone(store);
    Box::new(move |request| store.lock().unwrap().execute(&request))
}

fn memory() -> Arc<Mutex<NodeStore>> {
    Arc::new(Mutex::new(NodeStore::in_memory().unwrap()))
}

fn ue_address(number: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::from([10, 45, 0, number]), 5060)
}

impl Net {
    fn new() -> Self {
        Self::with(|_, _| {})
    }

    /// With other settings of the servers.
    fn with(change: impl Fn(System, &mut MigrationConfig) + 'static) -> Self {
        Self::of(&[Primary, Partner], change)
    }

    fn of(systems: &[System], change: impl Fn(System, &mut MigrationConfig) + 'static) -> Self {
        let mut net = Self {
            systems: systems.to_vec(),
            fabric: Fabric::new(Latency::default()),
            now: Instant::ZERO,
            change: Box::new(change),
            hsss: Vec::new(),
            servers: Vec::new(),
            stores: [memory(), memory()],
            inbox: VecDeque::new(),
            wire: Vec::new(),
            notes: Vec::new(),
            fate: None,
            ues: (1..=USERS).map(Ue::new).collect(),
        };
        let parsed = parse_subscribers("home.toml", &subscribers()).unwrap();
        add_subscribers(&mut net.stores[0].lock().unwrap(), &parsed).unwrap();
        systems.iter().for_each(|system| net.add_system(*system));
        for number in 1..=USERS {
            net.fabric.add_outside(&format!("ue{number}"), Role::Ue, ue_address(number).ip());
        }
        // Who was not there yet is tried again.
        net.run_ms(35_000);
        net.wire.clear();
        net
    }

    fn add_system(&mut self, system: System) {
        let (plan, others) = (system.plan(), self.others(system));
        let entropy = |own: NetworkBox| Entropy::of_box(7, &plan.box_name(own));
        let hss = Arc::new(Mutex::new(Hss::new(plan.hss(), entropy(NetworkBox::Hss))));
        self.hsss.push(Arc::clone(&hss));
        let server = self.server(system);
        let relay = DiameterRelay::new(
            plan.diameter_relay(&others.iter().collect::<Vec<_>>()),
            entropy(NetworkBox::DiameterRelay),
        );
        let scscf = Scscf::new(plan.scscf(), entropy(NetworkBox::Scscf)).unwrap();
        let stores = match system {
            Primary => [driver(&self.stores[0]), driver(&memory())],
            Partner => [driver(&memory()), driver(&self.stores[1])],
            Third => [driver(&memory()), driver(&memory())],
        };
        let [of_hss, of_server] = stores;
        let pcscf = Pcscf::new(plan.pcscf(NetworkBox::Pcscf), entropy(NetworkBox::Pcscf));
        let nodes: [(NetworkBox, Box<dyn Node>, StoreDriver); 6] = [
            (NetworkBox::Hss, Box::new(Shared(hss)), of_hss),
            (NetworkBox::DiameterRelay, Box::new(relay), driver(&memory())),
            (NetworkBox::MigrationServer, server, of_server),
            (NetworkBox::Pcscf, Box::new(pcscf), driver(&memory())),
            (NetworkBox::Icscf, Box::new(Icscf::new(plan.icscf(), entropy(NetworkBox::Icscf))), driver(&memory())),
            (NetworkBox::Scscf, Box::new(scscf), driver(&memory())),
        ];
        for (own, node, store) in nodes {
            self.fabric.add(self.now, &plan.box_name(own), own.role(), plan.ip(own), node, store);
        }
    }

    /// The systems that a system has agreements with.
    fn others(&self, system: System) -> Vec<NetworkPlan> {
        self.systems.iter().filter(|other| **other != system).map(|other| other.plan()).collect()
    }

    /// The migration management server of a system, anew.
    fn server(&mut self, system: System) -> Box<dyn Node> {
        let others = self.others(system);
        let mut config = system.plan().migration_server(&others.iter().collect::<Vec<_>>());
        match system {
            Primary => {
                let systems = config.systems.iter().map(|system| system.name.clone()).collect();
                config.rules = vec![MigrationRule { identities: vec![format!("*@{HOME}")], systems, barred: false }];
            }
            Partner | Third => config.bindings = bindings(system),
        }
        (self.change)(system, &mut config);
        let count = self.servers.len() as u64;
        let server = MigrationServer::new(config, Entropy::of_box(count, "migration")).unwrap();
        let server = Arc::new(Mutex::new(server));
        self.servers.push(Arc::clone(&server));
        Box::new(Shared(server))
    }

    /// A UE sends a request to the P-CSCF of a system.
    fn send(&mut self, number: u8, system: System, request: &Request) {
        let remote = system.plan().sip_of(NetworkBox::Pcscf);
        let target = Target { transport: Transport::Udp, remote, flow: None };
        self.fabric.send(self.now, ue_address(number), target, SipMessage::Request(request.clone()).to_bytes());
    }

    /// And gets its response within so many milliseconds.
    fn ask_within(&mut self, ms: u64, number: u8, system: System, request: &Request) -> Response {
        self.send(number, system, request);
        self.run_ms(ms);
        self.response(number)
    }

    fn ask(&mut self, number: u8, system: System, request: &Request) -> Response {
        self.ask_within(300, number, system, request)
    }

    fn response(&mut self, number: u8) -> Response {
        let name = format!("ue{number}");
        let at = self.inbox.iter().position(|(to, m)| *to == name && m.as_response().is_some());
        let at = at.unwrap_or_else(|| panic!("no response for {name}: {:?}\n{:#?}", self.inbox, self.notes));
        self.inbox.remove(at).unwrap().1.as_response().unwrap().clone()
    }

    fn register(&mut self, number: u8, system: System, expires: u32, credentials: Option<&str>) -> Request {
        self.ues[usize::from(number) - 1].register(&system.identities(number), expires, credentials)
    }

    /// The first REGISTER: its answer.
    fn begin(&mut self, number: u8, system: System) -> Response {
        let request = self.register(number, system, 3600, None);
        self.ask_within(7_000, number, system, &request)
    }

    /// The answer to a challenge: RES or AUTS.
    fn answer(&mut self, number: u8, system: System, challenge: &Response, expires: u32) -> Response {
        let who = system.identities(number);
        let credentials = self.ues[usize::from(number) - 1].credentials(&who, challenge);
        let request = self.register(number, system, expires, Some(&credentials));
        self.ask(number, system, &request)
    }

    /// The whole registration, or de-registration.
    fn registers(&mut self, number: u8, system: System, expires: u32) -> Response {
        let request = self.register(number, system, expires, None);
        let challenge = self.ask(number, system, &request);
        assert_eq!(challenge.status, 401, "{challenge:?}\n{:#?}", self.notes);
        let done = self.answer(number, system, &challenge, expires);
        assert_eq!(done.status, 200, "{done:?}\n{:#?}", self.notes);
        done
    }

    /// What the HSS of the primary system keeps of registrations.
    fn home_rows(&self) -> Vec<(String, Vec<u8>)> {
        self.stores[0].lock().unwrap().scan(Table::HssRegistration).unwrap()
    }

    /// What the migration management server of the partner system keeps of registrations.
    fn partner_rows(&self) -> Vec<(String, Vec<u8>)> {
        self.stores[1].lock().unwrap().scan(Table::HssRegistration).unwrap()
    }

    fn home_state(&self, number: u8) -> Option<IdentityState> {
        self.hsss[0].lock().unwrap().identity_state(&Primary.identities(number).impu)
    }

    fn partner_state(&self, number: u8) -> Option<IdentityState> {
        self.servers.last().unwrap().lock().unwrap().hss.identity_state(&Partner.identities(number).impu)
    }

    /// Messages of Diameter of one command, with boxes and joint.
    fn diameter(&self, command: u32) -> Vec<(Joint, &str, &str, Message)> {
        let of = self.wire.iter().filter(|message| message.joint.is_diameter()).filter_map(|message| {
            let parsed = Message::parse(&message.bytes).ok().filter(|parsed| parsed.command == command)?;
            Some((message.joint, message.from.as_str(), message.to.as_str(), parsed))
        });
        of.collect()
    }

    fn mars(&self) -> Vec<(Joint, &str, &str, Message)> {
        self.diameter(d::MULTIMEDIA_AUTH)
    }

    fn figure(&self, server: usize, name: &str) -> u64 {
        let figures = self.servers[server].lock().unwrap().figures();
        figures.into_iter().find(|(own, _)| *own == name).unwrap().1
    }

    fn is_idle(&self) {
        for server in 0..2 {
            assert_eq!(self.figure(server, "migration_questions_under_way"), 0);
        }
    }

    fn wait(&mut self, time: Duration) {
        self.run_ms(time.as_millis() as u64);
    }
}

/// Whether a message is an answer to a MAR between these boxes.
fn is_maa(message: &WireMessage, from: &str, to: &str) -> bool {
    message.from == from && message.to == to && is_mar_or_maa(message, false)
}

fn is_mar_or_maa(message: &WireMessage, is_request: bool) -> bool {
    message.joint.is_diameter()
        && Message::parse(&message.bytes)
            .is_ok_and(|parsed| parsed.command == d::MULTIMEDIA_AUTH && parsed.is_request() == is_request)
}
