//! Migration of an MC service user through all nodes of two systems (TS 23.280 clause 10.1.6.2): his client, the SIP agents and
//! MCPTT clients that it leads, both SIP cores with HSS, relay, migration management server and MC server.

use std::net::SocketAddr;
use std::time::Duration;

use core_network::ims::hss::{Hss, add_subscribers, parse_subscribers};
use core_network::ims::relay::DiameterRelay;
use core_network::ims::{Icscf, NetworkBox, NetworkPlan, Pcscf, Scscf};
use core_network::mc::{
    McGroup, McServer, McServerConfig, McSubscriber, MigrationBinding, MigrationRule, MigrationServer,
};
use core_network::node::{Fabric, FabricOutput, Latency, Node, NodeStore, OutsideEvent, Role, StoreDriver};
use hil::agent::mc::migration::{
    HomeSystem, McSystem, MigrationCommand, MigrationConfig, MigrationEvent, MigrationInput, MigrationOutput,
    MigrationStage, Migrator, ProfileAnswer, partner_client, partner_registration,
};
use hil::agent::mc::{McClient, McCommand, McConfig, McEvent, McInput, McOutput};
use hil::agent::sip::{AgentCommand, AgentConfig, AgentEvent, AgentInput, AgentOutput, UeAgent};
use hil::sim::{SimCard, SimUsim};
use protocol::mc::user_profile::{PartnerSystem, UserProfile};
use protocol::sip::{Target, Transport};
use protocol::{Entropy, Instant, Joint, Plmn};

const HOME: &str = "ims.home.test";
const AWAY: &str = "ims.partner.test";
const FIRE: &str = "sip:fire@groups.home.test";
const JOINT: &str = "sip:joint@groups.partner.test";
const ANNA: &str = "sip:anna@mcptt.home.test";
const GUEST: &str = "sip:anna-visitor@mcptt.partner.test";
const OTTO: &str = "sip:otto@mcptt.partner.test";

/// Places of those who speak: Anna at home, Anna there, Otto there.
const AT_HOME: usize = 0;
const THERE: usize = 1;
const OTTO_THERE: usize = 2;

/// The SIP agent and the MCPTT client of a user in a system.
struct Terminal {
    address: SocketAddr,
    agent: UeAgent,
    client: McClient,
    /// Place of its card.
    card: usize,
    events: Vec<McEvent>,
}

struct Net {
    fabric: Fabric,
    now: Instant,
    terminals: Vec<Terminal>,
    cards: Vec<SimUsim>,
    migrator: Migrator,
    events: Vec<MigrationEvent>,
    notes: Vec<String>,
    /// What was said on Cx and between the systems: joint, from, to.
    diameter: Vec<(Joint, String, String)>,
    /// Octets that were on the way to or from boxes of the partner system.
    partner_wire: Vec<u8>,
}

fn plan(number: u8) -> NetworkPlan {
    let servers = [NetworkBox::MigrationServer, NetworkBox::DiameterRelay, NetworkBox::McServer1];
    let (domain, name) = if number == 0 { (HOME, None) } else { (AWAY, Some("partner".to_owned())) };
    let migrants = vec![format!("*-visitor@{domain}")];
    NetworkPlan { system: number, name, migrants, ..NetworkPlan::new(domain, &servers, 1_000_000) }
}

fn subscriber(impi: &str, impu: &str) -> String {
    let card = SimCard::default();
    let (k, opc) = (String::from(card.k), String::from(card.opc));
    format!(
        "[[subscriber]]\nimpi = \"{impi}\"\nk = \"{k}\"\nopc = \"{opc}\"\n[[subscriber.set]]\nimpus = [\"{impu}\"]\n"
    )
}

fn mc_server(number: u8) -> McServer {
    let plan = plan(number);
    let mut config = McServerConfig::of(plan.session_server(NetworkBox::McServer1));
    let group = |id: &str, members: &[&str]| McGroup::new(id, members.iter().map(|id| (*id).to_owned()).collect());
    if number == 0 {
        config.users = vec![McSubscriber::new(ANNA, &format!("sip:anna@{HOME}"))];
        config.groups = vec![group(FIRE, &[ANNA])];
    } else {
        config.users = vec![
            McSubscriber::new(GUEST, &format!("sip:anna-visitor@{AWAY}")),
            McSubscriber::new(OTTO, &format!("sip:otto@{AWAY}")),
        ];
        config.groups = vec![group(JOINT, &[GUEST, OTTO])];
    }
    McServer::new(config, Entropy::of_box(1, &plan.box_name(NetworkBox::McServer1))).unwrap()
}

fn migration_server(number: u8, is_bound: bool) -> MigrationServer {
    let mut config = plan(number).migration_server(&[&plan(1 - number)]);
    if number == 0 {
        let (identities, systems) = (vec![format!("*@{HOME}")], vec!["partner".to_owned()]);
        config.rules = vec![MigrationRule { identities, systems, barred: false }];
    } else if is_bound {
        let binding =
            MigrationBinding::new("primary", &format!("anna-visitor@{AWAY}"), &format!("001010000000001@{HOME}"));
        config.bindings = vec![binding.with(&format!("sip:anna-visitor@{AWAY}"), &format!("sip:anna@{HOME}"))];
    }
    MigrationServer::new(config, Entropy::of_box(number.into(), "migration")).unwrap()
}

fn partner() -> McSystem {
    McSystem::Partner("partner".into())
}

fn partner_system() -> PartnerSystem {
    let there = plan(1);
    PartnerSystem {
        id: "partner".into(),
        plmn: Plmn::new("001", "02").unwrap(),
        service_pdn: "mcptt".into(),
        common_core_pdn: None,
        identity_pdn: None,
        domain: AWAY.into(),
        pcscf: there.sip_of(NetworkBox::Pcscf),
        private_identity: format!("anna-visitor@{AWAY}"),
        public_identity: format!("sip:anna-visitor@{AWAY}"),
        identity_server: None,
        mc_id: None,
        mcptt_id: GUEST.into(),
        server: format!("sip:{}", there.host(NetworkBox::McServer1)),
        groups: vec![JOINT.into()],
    }
}

impl Net {
    fn new(is_bound: bool) -> Self {
        let mut fabric = Fabric::new(Latency::default());
        (0..2).for_each(|number| add_system(&mut fabric, number, is_bound));
        for number in 1..=2 {
            fabric.add_outside(&format!("ue{number}"), Role::Ue, [10, 45, 0, number].into());
        }
        let home = HomeSystem {
            plmn: Plmn::new("001", "01").unwrap(),
            mc_id: "anna".into(),
            mcptt_id: ANNA.into(),
            profile_index: 1,
            has_tokens: false,
        };
        let mut net = Self {
            fabric,
            now: Instant::ZERO,
            terminals: terminals(),
            cards: [(); 2].map(|()| SimUsim::new(&SimCard::default())).into(),
            migrator: Migrator::new(MigrationConfig::new(home)),
            events: Vec::new(),
            notes: Vec::new(),
            diameter: Vec::new(),
            partner_wire: Vec::new(),
        };
        // Who was not there yet is tried again.
        net.run_ms(35_000);
        net.serve(AT_HOME, FIRE);
        net.serve(OTTO_THERE, JOINT);
        net.client(OTTO_THERE, McCommand::Call { group: JOINT.into() });
        net.run_ms(1000);
        assert!(net.is_in_call(OTTO_THERE), "{:#?}\n{:#?}", net.terminals[OTTO_THERE].events, net.notes);
        net.order(MigrationCommand::Obtain);
        net.run_ms(10);
        assert_eq!(net.migrator.partner("partner"), Some(&partner_system()));
        net.diameter.clear();
        net.partner_wire.clear();
        net
    }

    /// A user is registered, authorised and affiliated.
    fn serve(&mut self, n: usize, group: &str) {
        self.agent(n, AgentCommand::Register);
        self.run_ms(1000);
        assert!(self.terminals[n].agent.is_registered(), "{n}: {:#?}", self.notes);
        self.client(n, McCommand::Authorise { access_token: None });
        self.client(n, McCommand::Affiliate { groups: vec![group.to_owned()] });
        self.run_ms(1000);
        assert_eq!(self.terminals[n].client.affiliated(), [group], "{n}: {:#?}", self.notes);
    }

    fn is_in_call(&self, n: usize) -> bool {
        self.terminals[n].client.standing(JOINT).is_some_and(|standing| standing.is_established)
    }

    fn agent(&mut self, n: usize, command: AgentCommand) {
        self.terminals[n].agent.handle_input(self.now, AgentInput::Command(command));
    }

    fn client(&mut self, n: usize, command: McCommand) {
        self.terminals[n].client.handle_input(self.now, McInput::Command(command));
    }

    fn order(&mut self, command: MigrationCommand) {
        self.migrator.handle_input(self.now, MigrationInput::Command(command));
    }

    fn run_ms(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        let mut turns = 0_u32;
        loop {
            self.drain();
            let agents = self.terminals.iter().filter_map(|own| own.agent.poll_timeout());
            let clients = self.terminals.iter().filter_map(|own| own.client.poll_timeout());
            let others = self.fabric.poll_timeout().into_iter().chain(self.migrator.poll_timeout());
            let Some(due) = agents.chain(clients).chain(others).min().filter(|due| *due <= until) else { break };
            turns = if due > self.now { 0 } else { turns + 1 };
            assert!(turns < 10_000, "a busy loop at {}", self.now);
            self.now = self.now.max(due);
            let now = self.now;
            self.fabric.handle_timeout(now);
            for own in &mut self.terminals {
                if own.agent.poll_timeout().is_some_and(|due| due <= now) {
                    own.agent.handle_timeout(now);
                }
                if own.client.poll_timeout().is_some_and(|due| due <= now) {
                    own.client.handle_timeout(now);
                }
            }
            if self.migrator.poll_timeout().is_some_and(|due| due <= now) {
                self.migrator.handle_timeout(now);
            }
        }
        self.now = until;
    }

    fn drain(&mut self) {
        loop {
            let mut is_quiet = true;
            while let Some(output) = self.fabric.poll_output() {
                is_quiet = false;
                self.of_fabric(output);
            }
            for n in 0..self.terminals.len() {
                while let Some(output) = self.terminals[n].agent.poll_output() {
                    is_quiet = false;
                    self.of_agent(n, output);
                }
                while let Some(output) = self.terminals[n].client.poll_output() {
                    is_quiet = false;
                    self.of_client(n, output);
                }
            }
            while let Some(output) = self.migrator.poll_output() {
                is_quiet = false;
                self.of_migrator(output);
            }
            if is_quiet {
                return;
            }
        }
    }

    fn of_fabric(&mut self, output: FabricOutput) {
        match output {
            FabricOutput::Message(message) => {
                if message.joint.is_diameter() {
                    self.diameter.push((message.joint, message.from.clone(), message.to.clone()));
                }
                // The hops between the systems have the identities of both.
                if [&message.from, &message.to].iter().any(|name| name.starts_with("partner."))
                    && message.joint != Joint::Migration
                {
                    self.partner_wire.extend(&message.bytes);
                }
                self.fabric.carry(self.now, message);
            }
            FabricOutput::Outside { flow, bytes, .. } => {
                let own = self.terminals.iter_mut().find(|own| own.address == flow.local).expect("a terminal");
                own.agent.handle_input(self.now, AgentInput::Sip { flow, bytes: &bytes });
            }
            FabricOutput::AtOutside { event: OutsideEvent::Datagram { local, bytes, .. }, .. } => {
                if let Some(own) = self.terminals.iter_mut().find(|own| own.client.ports().contains(&local)) {
                    own.client.handle_input(self.now, McInput::Datagram { local, octets: &bytes });
                }
            }
            FabricOutput::AtOutside { event, .. } => panic!("{event:?}"),
            FabricOutput::OutsideFailed { why, .. } => panic!("{why}"),
            FabricOutput::Note { from, note } => self.notes.push(format!("{}: {from}: {note}", self.now)),
        }
    }

    fn of_agent(&mut self, n: usize, output: AgentOutput) {
        let now = self.now;
        match output {
            AgentOutput::Sip { target, bytes } => self.fabric.send(now, self.terminals[n].address, target, bytes),
            AgentOutput::Authenticate(challenge) => {
                let own = &mut self.terminals[n];
                let answer = self.cards[own.card].authenticate(&challenge);
                own.agent.handle_input(now, AgentInput::Authenticated(answer));
            }
            AgentOutput::Event(event) => {
                if let Some(system) = system_of(n) {
                    self.migrator.handle_input(now, MigrationInput::Agent { system: &system, event: &event });
                }
                let own = &mut self.terminals[n];
                if own.client.is_own(&event) || matches!(event, AgentEvent::Unregistered(_)) {
                    own.client.handle_input(now, McInput::Agent(&event));
                }
            }
            AgentOutput::Msrp(output) => panic!("no messages here: {output:?}"),
        }
    }

    fn of_client(&mut self, n: usize, output: McOutput) {
        let now = self.now;
        match output {
            McOutput::Agent(command) => self.agent(n, command),
            McOutput::Datagram(own) => self.fabric.datagram_from_outside(own.local, own.remote, own.bytes),
            McOutput::Event(event) => {
                if let Some(system) = system_of(n) {
                    self.migrator.handle_input(now, MigrationInput::Mc { system: &system, event: &event });
                }
                self.terminals[n].events.push(event);
            }
        }
    }

    fn of_migrator(&mut self, output: MigrationOutput) {
        let now = self.now;
        let place = |system: &McSystem| if *system == McSystem::Primary { AT_HOME } else { THERE };
        match output {
            MigrationOutput::Event(event) => self.events.push(event),
            MigrationOutput::LogIn { id, .. } => {
                self.migrator.handle_input(now, MigrationInput::Token { id, result: Ok("t".into()) });
            }
            MigrationOutput::Fetch { .. } => {
                let profile = UserProfile { partners: vec![partner_system()], ..UserProfile::new(ANNA, 1) };
                let document = profile.to_document();
                let answer = ProfileAnswer { status: 200, etag: None, body: document.as_bytes() };
                self.migrator.handle_input(now, MigrationInput::Profile(Some(answer)));
            }
            MigrationOutput::Connect(system) => {
                self.migrator.handle_input(now, MigrationInput::Connected { system, result: Ok(()) });
            }
            MigrationOutput::Disconnect(_) => {}
            MigrationOutput::Agent { system, command } => self.agent(place(&system), command),
            MigrationOutput::Mc { system, command } => self.client(place(&system), command),
        }
    }
}

/// The system that a terminal of Anna's is in.
fn system_of(n: usize) -> Option<McSystem> {
    match n {
        AT_HOME => Some(McSystem::Primary),
        THERE => Some(partner()),
        _ => None,
    }
}

fn add_system(fabric: &mut Fabric, number: u8, is_bound: bool) {
    let (plan, other) = (plan(number), plan(1 - number));
    let entropy = |own: NetworkBox| Entropy::of_box(7, &plan.box_name(own));
    let users = match number {
        0 => subscriber(&format!("001010000000001@{HOME}"), &format!("sip:anna@{HOME}")),
        _ => subscriber(&format!("otto@{AWAY}"), &format!("sip:otto@{AWAY}")),
    };
    let mut hss_store = NodeStore::in_memory().unwrap();
    add_subscribers(&mut hss_store, &parse_subscribers("test.toml", &users).unwrap()).unwrap();
    let relay = DiameterRelay::new(plan.diameter_relay(&[&other]), entropy(NetworkBox::DiameterRelay));
    let nodes: [(NetworkBox, Box<dyn Node>); 7] = [
        (NetworkBox::Hss, Box::new(Hss::new(plan.hss(), entropy(NetworkBox::Hss)))),
        (NetworkBox::DiameterRelay, Box::new(relay)),
        (NetworkBox::MigrationServer, Box::new(migration_server(number, is_bound))),
        (NetworkBox::Pcscf, Box::new(Pcscf::new(plan.pcscf(NetworkBox::Pcscf), entropy(NetworkBox::Pcscf)))),
        (NetworkBox::Icscf, Box::new(Icscf::new(plan.icscf(), entropy(NetworkBox::Icscf)))),
        (NetworkBox::Scscf, Box::new(Scscf::new(plan.scscf(), entropy(NetworkBox::Scscf)).unwrap())),
        (NetworkBox::McServer1, Box::new(mc_server(number))),
    ];
    let mut hss_store = Some(hss_store);
    for (own, node) in nodes {
        let of_hss = if own == NetworkBox::Hss { hss_store.take() } else { None };
        let mut store = of_hss.unwrap_or_else(|| NodeStore::in_memory().unwrap());
        let driver: StoreDriver = Box::new(move |request| store.execute(&request));
        fabric.add(Instant::ZERO, &plan.box_name(own), own.role(), plan.ip(own), node, driver);
    }
}

fn terminals() -> Vec<Terminal> {
    let target = |number| {
        let remote = plan(number).sip_of(NetworkBox::Pcscf);
        Target { transport: Transport::Udp, remote, flow: None }
    };
    let server = |number| format!("sip:{}", plan(number).host(NetworkBox::McServer1));
    let addresses: [SocketAddr; 3] =
        ["10.45.0.1:5060", "10.45.0.1:5080", "10.45.0.2:5060"].map(|at| at.parse().unwrap());
    let impi = format!("001010000000001@{HOME}");
    let mut home = AgentConfig::new(&impi, &format!("sip:anna@{HOME}"), HOME, target(0), addresses[AT_HOME]);
    home.features.extend(McClient::FEATURES.map(str::to_owned));
    let there = partner_registration(&home, &partner_system(), addresses[THERE]);
    let (impi, impu) = (format!("otto@{AWAY}"), format!("sip:otto@{AWAY}"));
    let otto = AgentConfig {
        features: home.features.clone(),
        ..AgentConfig::new(&impi, &impu, AWAY, target(1), addresses[OTTO_THERE])
    };
    let mut anna = McConfig::new(ANNA, &server(0), addresses[AT_HOME].ip());
    anna.client_id = "urn:uuid:1".into();
    let mut guest = partner_client(&anna, &partner_system(), addresses[THERE].ip());
    guest.first_port = 49_400;
    let mut other = McConfig::new(OTTO, &server(1), addresses[OTTO_THERE].ip());
    other.client_id = "urn:uuid:2".into();
    let all = [(home, anna, 0), (there, guest, 0), (otto, other, 1)];
    let terminal = |(n, (agent, client, card)): (usize, (AgentConfig, McConfig, usize))| Terminal {
        address: agent.contact,
        agent: UeAgent::new(agent, Entropy::of_box(1, &format!("agent {n}"))),
        client: McClient::new(client, Entropy::of_box(1, &format!("client {n}"))),
        card,
        events: Vec::new(),
    };
    all.into_iter().enumerate().map(terminal).collect()
}

#[test]
fn a_user_is_served_by_the_partner_joins_its_call_and_comes_home() {
    let mut net = Net::new(true);
    net.order(MigrationCommand::Migrate(partner()));
    net.run_ms(8000);
    assert_eq!(net.migrator.serving(), Some(&partner()), "{:#?}\n{:#?}", net.events, net.notes);
    assert!(net.is_in_call(THERE), "{:#?}\n{:#?}", net.terminals[THERE].events, net.notes);
    let joined = MigrationEvent::Joined { system: partner(), group: JOINT.into() };
    assert!(net.events.contains(&joined), "{:#?}", net.events);
    let clean = MigrationEvent::Left { system: McSystem::Primary, is_clean: true };
    assert!(net.events.contains(&clean), "{:#?}", net.events);
    // Vectors came from home, through both relays.
    let has = |joint: Joint, from: &str, to: &str| {
        net.diameter.iter().any(|(own, a, b)| *own == joint && a == from && b == to)
    };
    assert!(has(Joint::Cx, "partner.scscf", "partner.migration"), "{:#?}", net.diameter);
    assert!(has(Joint::Migration, "partner.dra", "dra") && has(Joint::Cx, "dra", "hss"), "{:#?}", net.diameter);
    assert!(!has(Joint::Cx, "partner.icscf", "partner.hss") && !has(Joint::Cx, "partner.scscf", "partner.hss"));
    // Who he is at home is nobody's business in the partner system.
    let wire = String::from_utf8_lossy(&net.partner_wire);
    assert!(wire.contains("anna-visitor@") && !wire.contains(HOME), "primary identities in the partner system");

    net.order(MigrationCommand::Migrate(McSystem::Primary));
    net.run_ms(8000);
    assert_eq!(net.migrator.serving(), Some(&McSystem::Primary), "{:#?}\n{:#?}", net.events, net.notes);
    assert_eq!(net.terminals[AT_HOME].client.affiliated(), [FIRE]);
    assert!(!net.terminals[THERE].agent.is_registered() && !net.is_in_call(THERE) && net.is_in_call(OTTO_THERE));
}

#[test]
fn a_user_without_coverage_goes_where_it_is() {
    let mut net = Net::new(true);
    let there = [Plmn::new("001", "02").unwrap()];
    net.migrator.handle_input(net.now, MigrationInput::Cells(&there));
    net.run_ms(9000);
    assert_eq!(net.migrator.serving(), Some(&partner()), "{:#?}\n{:#?}", net.events, net.notes);
    assert!(net.is_in_call(THERE));
    // Home was not told: its registration is as it was.
    assert!(!net.diameter.iter().any(|(joint, from, to)| *joint == Joint::Cx && from == "scscf" && to == "hss"));
}

#[test]
fn a_user_whom_the_partner_does_not_know_comes_home() {
    let mut net = Net::new(false);
    net.order(MigrationCommand::Migrate(partner()));
    net.run_ms(10_000);
    let refused = net.events.iter().find_map(|event| match event {
        MigrationEvent::Failed { stage: MigrationStage::Registering, status, .. } => Some(*status),
        _ => None,
    });
    assert_eq!(refused, Some(Some(403)), "{:#?}\n{:#?}", net.events, net.notes);
    assert_eq!(net.migrator.serving(), Some(&McSystem::Primary), "{:#?}", net.events);
    assert_eq!(net.terminals[AT_HOME].client.affiliated(), [FIRE]);
}
