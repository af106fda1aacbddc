//! The network: every node with its store, joined by the fabric; the UEs are agents outside.

use std::net::SocketAddr;
use std::time::Duration;

use core_network::ims::hss::{Hss, add_subscribers, parse_subscribers};
use core_network::ims::{GmSecurity, Icscf, NetworkBox, NetworkPlan, Pcscf, Scscf};
use core_network::node::{Admin, Fabric, FabricOutput, Latency, Node, NodeStore, Role, StoreDriver};
use core_network::sip_network::{Proof, SipNetwork, SipNetworkConfig, SipUser};
use hil::agent::sip::{AgentCommand, AgentConfig, AgentEvent, AgentInput, AgentOutput, UeAgent};
use hil::sim::{SimCard, SimUsim};
use protocol::sip::{SipMessage, Target, Transport};
use protocol::{Entropy, Instant, Secret};

pub(crate) const DOMAIN: &str = "ims.mnc001.mcc001.3gppnetwork.org";
pub(crate) const PASSWORD: &str = "open sesame";

pub(crate) struct Ue {
    pub(crate) agent: UeAgent,
    pub(crate) usim: SimUsim,
    pub(crate) address: SocketAddr,
    pub(crate) told: Vec<AgentEvent>,
}

pub(crate) struct Network {
    pub(crate) fabric: Fabric,
    pub(crate) now: Instant,
    pub(crate) ues: Vec<Ue>,
    pub(crate) notes: Vec<String>,
    /// First lines of what UEs and P-CSCF said.
    pub(crate) gm: Vec<String>,
}

pub(crate) fn impi(n: usize) -> String {
    format!("00101000000000{n}@{DOMAIN}")
}

pub(crate) fn impu(n: usize) -> String {
    format!("sip:ue{n}@{DOMAIN}")
}

fn nodes(security: GmSecurity) -> [(NetworkBox, Box<dyn Node>); 4] {
    let (plan, entropy) = (NetworkPlan::new(DOMAIN, &[], 1_000_000), |name| Entropy::of_box(1, name));
    let mut pcscf = plan.pcscf(NetworkBox::Pcscf);
    pcscf.security = security;
    [
        (NetworkBox::Hss, Box::new(Hss::new(plan.hss(), entropy("hss")))),
        (NetworkBox::Pcscf, Box::new(Pcscf::new(pcscf, entropy("pcscf")))),
        (NetworkBox::Icscf, Box::new(Icscf::new(plan.icscf(), entropy("icscf")))),
        (NetworkBox::Scscf, Box::new(Scscf::new(plan.scscf(), entropy("scscf")).unwrap())),
    ]
}

/// The subscribers of that many UEs, with the keys of the default card.
fn subscribers(count: usize, with_password: bool) -> String {
    let card = SimCard::default();
    let (k, opc) = (String::from(card.k), String::from(card.opc));
    let of = |n: usize| {
        let keys = if with_password {
            format!("digest_password = \"{PASSWORD}\"")
        } else {
            format!("k = \"{k}\"\nopc = \"{opc}\"")
        };
        format!(
            "[[subscriber]]\nimpi = \"{}\"\n{keys}\n[[subscriber.set]]\nimpus = [\"{}\", \"tel:+99970000{n:04}\"]\n",
            impi(n),
            impu(n)
        )
    };
    (0..count).map(of).collect()
}

impl Network {
    pub(crate) fn new(count: usize) -> Self {
        Self::with(count, GmSecurity::Off, false, |_, _| {})
    }

    pub(crate) fn with(
        count: usize,
        security: GmSecurity,
        with_password: bool,
        change: impl Fn(usize, &mut AgentConfig),
    ) -> Self {
        let mut stores = [(); 4].map(|()| NodeStore::in_memory().unwrap());
        let parsed = parse_subscribers("test.toml", &subscribers(count, with_password)).unwrap();
        add_subscribers(&mut stores[0], &parsed).unwrap();
        Self::of(count, nodes(security).into_iter().zip(stores), change)
    }

    /// A plain SIP network, and UEs that have nothing of the IMS.
    pub(crate) fn plain(count: usize) -> Self {
        let mut config = SipNetworkConfig::of(&NetworkPlan::sip(DOMAIN, &[], 1_000_000));
        let user = |n| {
            let identities = vec![impu(n), format!("tel:+99970000{n:04}")];
            SipUser { name: impi(n), password: Secret::new(PASSWORD.into()), identities }
        };
        (config.users, config.proof) = ((0..count).map(user).collect(), Proof::RegisteredFlow);
        let node: Box<dyn Node> = Box::new(SipNetwork::new(config, Entropy::of_box(1, "proxy")).unwrap());
        let nodes = [((NetworkBox::SipProxy, node), NodeStore::in_memory().unwrap())];
        Self::of(count, nodes.into_iter(), |n, config| {
            let proxy = Target { remote: NetworkBox::SipProxy.sip(), ..config.pcscf };
            *config = AgentConfig::plain((&impi(n), PASSWORD.into()), &impu(n), DOMAIN, proxy, config.contact);
        })
    }

    fn of(
        count: usize,
        nodes: impl Iterator<Item = ((NetworkBox, Box<dyn Node>), NodeStore)>,
        change: impl Fn(usize, &mut AgentConfig),
    ) -> Self {
        let mut fabric = Fabric::new(Latency::default());
        for ((own, node), mut store) in nodes {
            let driver: StoreDriver = Box::new(move |request| store.execute(&request));
            fabric.add(Instant::ZERO, own.label(), own.role(), own.ip(), node, driver);
        }
        let ue = |n: usize| {
            let own = SocketAddr::from(([10, 45, 0, n as u8 + 1], 5060));
            let target = Target { transport: Transport::Udp, remote: NetworkBox::Pcscf.sip(), flow: None };
            let mut config = AgentConfig::new(&impi(n), &impu(n), DOMAIN, target, own);
            config.instance = format!("urn:gsma:imei:00440245-000001-{n}");
            change(n, &mut config);
            let agent = UeAgent::new(config, Entropy::of_box(1, &format!("ue{n}")));
            Ue { agent, usim: SimUsim::new(&SimCard::default()), address: own, told: Vec::new() }
        };
        let ues: Vec<_> = (0..count).map(ue).collect();
        for (n, ue) in ues.iter().enumerate() {
            fabric.add_outside(&format!("ue{n}"), Role::Ue, ue.address.ip());
        }
        let mut network = Self { fabric, now: Instant::ZERO, ues, notes: Vec::new(), gm: Vec::new() };
        network.run(1);
        network
    }

    pub(crate) fn registered(count: usize) -> Self {
        let mut network = Self::new(count);
        network.register();
        network
    }

    /// All UEs register.
    pub(crate) fn register(&mut self) {
        for n in 0..self.ues.len() {
            self.command(n, AgentCommand::Register);
        }
        self.run(3);
        for ue in &mut self.ues {
            assert!(ue.agent.is_registered(), "{:#?}\n{:#?}\n{:#?}", ue.told, self.notes, self.gm);
            ue.told.clear();
        }
    }

    pub(crate) fn command(&mut self, n: usize, command: AgentCommand) {
        let now = self.now;
        self.ues[n].agent.handle_input(now, AgentInput::Command(command));
    }

    pub(crate) fn deregister_by_hss(&mut self, n: usize, reason: u32) {
        let admin = Admin::Deregister { impi: impi(n), reason, info: "the test wants it".to_owned() };
        assert!(self.fabric.admin(self.now, "hss", admin));
    }

    pub(crate) fn told(&self, n: usize) -> &[AgentEvent] {
        &self.ues[n].told
    }

    /// What an event of a UE has that is looked for.
    pub(crate) fn find<T>(&self, n: usize, what: impl Fn(&AgentEvent) -> Option<T>) -> T {
        let found = self.ues[n].told.iter().rev().find_map(what);
        found.unwrap_or_else(|| panic!("ue{n}: {:#?}\n{:#?}\n{:#?}", self.ues[n].told, self.notes, self.gm))
    }

    /// Runs so many seconds.
    pub(crate) fn run(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        let mut turns = 0_u32;
        loop {
            self.drain();
            let agents = self.ues.iter().filter_map(|ue| ue.agent.poll_timeout());
            let due = agents.chain(self.fabric.poll_timeout()).min().filter(|due| *due <= until);
            let Some(due) = due else { break };
            turns = if due > self.now { 0 } else { turns + 1 };
            assert!(turns < 10_000, "a busy loop at {}", self.now);
            self.now = self.now.max(due);
            self.fabric.handle_timeout(self.now);
            for ue in &mut self.ues {
                if ue.agent.poll_timeout().is_some_and(|due| due <= self.now) {
                    ue.agent.handle_timeout(self.now);
                }
            }
        }
        self.now = until;
    }

    fn drain(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.fabric.poll_output() {
                quiet = false;
                match output {
                    FabricOutput::Message(message) => self.fabric.carry(self.now, message),
                    FabricOutput::Outside { to, flow, bytes } => {
                        self.gm.push(format!("to {to}: {}", title(&bytes)));
                        let n: usize = to.trim_start_matches("ue").parse().unwrap();
                        let (now, bytes) = (self.now, &bytes[..]);
                        self.ues[n].agent.handle_input(now, AgentInput::Sip { flow, bytes });
                    }
                    FabricOutput::AtOutside { to, event } => panic!("{event:?} at {to}, which has nothing but SIP"),
                    FabricOutput::OutsideFailed { why, .. } => panic!("{why}"),
                    FabricOutput::Note { from, note } => self.notes.push(format!("{}: {from}: {note}", self.now)),
                }
            }
            for n in 0..self.ues.len() {
                while let Some(output) = self.ues[n].agent.poll_output() {
                    quiet = false;
                    self.of_agent(n, output);
                }
            }
            if quiet {
                return;
            }
        }
    }

    fn of_agent(&mut self, n: usize, output: AgentOutput) {
        let now = self.now;
        let ue = &mut self.ues[n];
        match output {
            AgentOutput::Sip { target, bytes } => {
                self.gm.push(format!("from ue{n}: {}", title(&bytes)));
                self.fabric.send(now, ue.address, target, bytes);
            }
            AgentOutput::Authenticate(challenge) => {
                let answer = ue.usim.authenticate(&challenge);
                ue.agent.handle_input(now, AgentInput::Authenticated(answer));
            }
            AgentOutput::Event(event) => ue.told.push(event),
            AgentOutput::Msrp(output) => panic!("no media plane: {output:?}"),
        }
    }
}

fn title(bytes: &[u8]) -> String {
    match SipMessage::parse(bytes).unwrap() {
        SipMessage::Request(request) => format!("{} {}", request.method, request.uri),
        SipMessage::Response(response) => {
            format!("{} {} {}", response.status, response.reason, response.headers.get("CSeq").unwrap_or_default())
        }
    }
}
