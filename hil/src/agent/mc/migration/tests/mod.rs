//! A migrating client in a scripted world: what its owner, its agents and the systems do is told by [`World`].

mod branches;
mod profile;

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::mc::user_profile::{PartnerSystem, UserProfile};
use protocol::sip::{EndedWhy, Refusal};
use protocol::{Instant, Plmn};

use super::*;
use crate::agent::mc::{McCommand, McEvent};
use crate::agent::sip::{AgentCommand, AgentEvent, Registered, UnregisteredWhy};

const ME: &str = "sip:anna@mcptt.home.example";
const GROUP: &str = "sip:fire@mcptt.home.example";
const JOINT: &str = "sip:joint@mcptt.partner.example";

fn home_plmn() -> Plmn {
    Plmn::new("001", "01").unwrap()
}

fn partner_plmn() -> Plmn {
    Plmn::new("001", "02").unwrap()
}

fn partner() -> McSystem {
    McSystem::Partner("partner".into())
}

fn partner_system() -> PartnerSystem {
    PartnerSystem {
        id: "partner".into(),
        plmn: partner_plmn(),
        service_pdn: "mcptt.partner".into(),
        common_core_pdn: None,
        identity_pdn: None,
        domain: "ims.partner.example".into(),
        pcscf: "10.50.0.1:5060".parse().unwrap(),
        private_identity: "visitor1@ims.partner.example".into(),
        public_identity: "sip:visitor1@ims.partner.example".into(),
        identity_server: Some("https://idms.partner.example".into()),
        mc_id: Some("visitor1".into()),
        mcptt_id: "sip:visitor1@mcptt.partner.example".into(),
        server: "sip:mc1.partner.example".into(),
        groups: vec![JOINT.into()],
    }
}

fn profile() -> UserProfile {
    UserProfile { partners: vec![partner_system()], ..UserProfile::new(ME, 1) }
}

/// What a system does with those who come.
#[derive(Clone, Debug)]
struct System {
    /// Its bearers; none: nobody answers.
    connects: Option<Result<(), String>>,
    token: Option<Result<String, String>>,
    /// Answers to REGISTER, the last one for all that follow; 0: nobody answers.
    registers: Vec<u16>,
    authorises: Option<u16>,
    affiliates: Option<u16>,
    /// It answers a farewell.
    says_farewell: bool,
    /// The call of this group goes on.
    call: Option<String>,
    is_registered: bool,
}

impl Default for System {
    fn default() -> Self {
        Self {
            connects: Some(Ok(())),
            token: Some(Ok("eyJ.a.b".into())),
            registers: vec![200],
            authorises: Some(200),
            affiliates: Some(200),
            says_farewell: true,
            call: None,
            is_registered: false,
        }
    }
}

/// The client and everything around it.
struct World {
    client: Migrator,
    now: Instant,
    systems: BTreeMap<McSystem, System>,
    /// Answers of the configuration management server: status, ETag, body; the last one for all that follow.
    documents: Vec<(u16, &'static str, String)>,
    outputs: Vec<MigrationOutput>,
}

/// What a system tells of a request.
fn answer(status: u16) -> Result<(), Refusal> {
    match status {
        200 => Ok(()),
        status => Err(Refusal::Status { status, reason: "as told".into() }),
    }
}

impl World {
    /// Registered at home, affiliated there, with the profile.
    fn new() -> Self {
        let mut world = Self::without_profile();
        world.command(MigrationCommand::Obtain);
        world.outputs.clear();
        world
    }

    fn without_profile() -> Self {
        let home = HomeSystem {
            plmn: home_plmn(),
            mc_id: "anna".into(),
            mcptt_id: ME.into(),
            profile_index: 1,
            has_tokens: true,
        };
        let systems = [(McSystem::Primary, System::default()), (partner(), System::default())].into();
        let documents = vec![(200, "\"1\"", profile().to_document())];
        let client = Migrator::new(MigrationConfig::new(home));
        let mut world = Self { client, now: Instant::from_millis(1000), systems, documents, outputs: Vec::new() };
        world.agent_says(&McSystem::Primary, &registered());
        let groups = vec![GROUP.to_owned()];
        world.client_says(&McSystem::Primary, &McEvent::Affiliated { groups, result: Ok(()) });
        world
    }

    fn system(&mut self, system: &McSystem) -> &mut System {
        self.systems.get_mut(system).unwrap()
    }

    fn command(&mut self, command: MigrationCommand) {
        self.tell(MigrationInput::Command(command));
    }

    fn cells(&mut self, heard: &[Plmn]) {
        self.tell(MigrationInput::Cells(heard));
    }

    fn agent_says(&mut self, system: &McSystem, event: &AgentEvent) {
        self.tell(MigrationInput::Agent { system, event });
    }

    fn client_says(&mut self, system: &McSystem, event: &McEvent) {
        self.tell(MigrationInput::Mc { system, event });
    }

    fn tell(&mut self, input: MigrationInput<'_>) {
        self.client.handle_input(self.now, input);
        self.drain();
    }

    /// Time goes on.
    fn run_ms(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        let mut turns = 0;
        while let Some(due) = self.client.poll_timeout().filter(|due| *due <= end) {
            turns += 1;
            assert!(turns < 10_000, "it wants to be called all the time");
            self.now = self.now.max(due);
            self.client.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn drain(&mut self) {
        while let Some(output) = self.client.poll_output() {
            self.outputs.push(output.clone());
            match output {
                MigrationOutput::LogIn { id, system, .. } => {
                    if let Some(result) = self.system(&system).token.clone() {
                        self.tell(MigrationInput::Token { id, result });
                    }
                }
                MigrationOutput::Fetch { .. } => {
                    let (status, etag, body) =
                        if self.documents.len() > 1 { self.documents.remove(0) } else { self.documents[0].clone() };
                    let answer = ProfileAnswer { status, etag: Some(etag), body: body.as_bytes() };
                    self.tell(MigrationInput::Profile(Some(answer).filter(|_| status > 0)));
                }
                MigrationOutput::Connect(system) => {
                    if let Some(result) = self.system(&system).connects.clone() {
                        self.tell(MigrationInput::Connected { system, result });
                    }
                }
                MigrationOutput::Agent { system, command } => self.agent(&system, &command),
                MigrationOutput::Mc { system, command } => self.mc(&system, command),
                MigrationOutput::Disconnect(_) | MigrationOutput::Event(_) => {}
            }
        }
    }

    fn agent(&mut self, at: &McSystem, command: &AgentCommand) {
        let system = self.system(at);
        match command {
            AgentCommand::Register => {
                let status = if system.registers.len() > 1 { system.registers.remove(0) } else { system.registers[0] };
                system.is_registered = status == 200;
                match status {
                    0 => {}
                    200 => self.agent_says(at, &registered()),
                    status => self.agent_says(at, &failed(status)),
                }
            }
            AgentCommand::Deregister if system.says_farewell => {
                system.is_registered = false;
                self.agent_says(at, &AgentEvent::Unregistered(UnregisteredWhy::Asked));
            }
            AgentCommand::Vanish if system.is_registered => {
                system.is_registered = false;
                self.agent_says(at, &AgentEvent::Unregistered(UnregisteredWhy::Vanished));
            }
            _ => {}
        }
    }

    fn mc(&mut self, at: &McSystem, command: McCommand) {
        let system = self.system(at).clone();
        match command {
            McCommand::Authorise { .. } => {
                if let Some(status) = system.authorises {
                    self.client_says(at, &McEvent::Authorised(answer(status)));
                }
            }
            McCommand::Affiliate { groups } => {
                let is_farewell = groups.is_empty();
                let Some(status) = system.affiliates.filter(|_| !is_farewell || system.says_farewell) else { return };
                self.client_says(at, &McEvent::Affiliated { groups: groups.clone(), result: answer(status) });
                if let Some(group) = system.call.filter(|group| groups.contains(group) && status == 200) {
                    let session = "sip:call-1@mc1.example".to_owned();
                    self.client_says(at, &McEvent::Established { group, session });
                }
            }
            McCommand::HangUp { group } => {
                self.client_says(at, &McEvent::Ended { group, why: EndedWhy::HungUp });
            }
            _ => {}
        }
    }

    fn events(&self) -> Vec<&MigrationEvent> {
        let mut events = Vec::new();
        for output in &self.outputs {
            if let MigrationOutput::Event(event) = output {
                events.push(event);
            }
        }
        events
    }

    fn has(&self, event: &MigrationEvent) -> bool {
        self.events().contains(&event)
    }

    fn serving(&self) -> Option<&McSystem> {
        self.client.serving()
    }

    /// Everything but events, in a word each.
    fn deeds(&self) -> Vec<String> {
        let place = |system: &McSystem| if *system == McSystem::Primary { "home" } else { "partner" };
        let deed = |output: &MigrationOutput| match output {
            MigrationOutput::LogIn { system, mc_id, .. } => Some(format!("{}: log in as {mc_id}", place(system))),
            MigrationOutput::Fetch { .. } => Some("home: fetch".to_owned()),
            MigrationOutput::Connect(system) => Some(format!("{}: connect", place(system))),
            MigrationOutput::Disconnect(system) => Some(format!("{}: disconnect", place(system))),
            MigrationOutput::Agent { system, command } => {
                let word = match command {
                    AgentCommand::Register => "register",
                    AgentCommand::Deregister => "deregister",
                    AgentCommand::Vanish => "vanish",
                    other => panic!("{other:?}"),
                };
                Some(format!("{}: {word}", place(system)))
            }
            MigrationOutput::Mc { system, command } => {
                let word = match command {
                    McCommand::Authorise { access_token } => format!("authorise {}", access_token.is_some()),
                    McCommand::Affiliate { groups } => format!("affiliate {}", groups.join(" ")),
                    McCommand::HangUp { group } => format!("hang up {group}"),
                    McCommand::Vanish => "forget".to_owned(),
                    other => panic!("{other:?}"),
                };
                Some(format!("{}: {word}", place(system)))
            }
            MigrationOutput::Event(_) => None,
        };
        self.outputs.iter().filter_map(deed).collect()
    }
}

fn registered() -> AgentEvent {
    let (associated, service_route) = Default::default();
    AgentEvent::Registered(Registered { expires_s: 600_000, associated, service_route, refreshed: false })
}

fn failed(status: u16) -> AgentEvent {
    AgentEvent::RegistrationFailed { status: Some(status), why: "as told".into(), retry_s: None }
}

#[test]
fn there_and_back_by_command() {
    let mut world = World::new();
    let (group, session) = (GROUP.to_owned(), "sip:call-1@mc1.home.example".to_owned());
    world.client_says(&McSystem::Primary, &McEvent::Established { group, session });
    world.system(&partner()).call = Some(JOINT.into());
    world.command(MigrationCommand::Migrate(partner()));
    let way_there = [
        format!("home: hang up {GROUP}"),
        "home: affiliate ".into(),
        "home: deregister".into(),
        "home: forget".into(),
        "home: disconnect".into(),
        "partner: connect".into(),
        "partner: log in as visitor1".into(),
        "partner: register".into(),
        "partner: authorise true".into(),
        format!("partner: affiliate {JOINT}"),
    ];
    assert_eq!(world.deeds(), way_there);
    assert_eq!(world.serving(), Some(&partner()));
    let (home, there) = (McSystem::Primary, partner());
    let joined = MigrationEvent::Joined { system: there.clone(), group: JOINT.into() };
    let expected = [
        MigrationEvent::Leaving { from: Some(home.clone()), to: there.clone() },
        MigrationEvent::Left { system: home, is_clean: true },
        MigrationEvent::Registered(there.clone()),
        MigrationEvent::Migrated(there),
        joined,
    ];
    assert_eq!(world.events(), expected.iter().collect::<Vec<_>>());
    assert_eq!(world.client.poll_timeout(), None, "nothing is left to be done");

    world.outputs.clear();
    world.command(MigrationCommand::Migrate(McSystem::Primary));
    let way_back = [
        format!("partner: hang up {JOINT}"),
        "partner: affiliate ".into(),
        "partner: deregister".into(),
        "partner: forget".into(),
        "partner: disconnect".into(),
        "home: connect".into(),
        "home: log in as anna".into(),
        "home: register".into(),
        "home: authorise true".into(),
        format!("home: affiliate {GROUP}"),
    ];
    assert_eq!(world.deeds(), way_back);
    assert!(world.serving() == Some(&McSystem::Primary) && !world.systems[&partner()].is_registered);
}

#[test]
fn who_wants_to_be_there_stays_there_while_home_is_heard() {
    let mut world = World::new();
    world.cells(&[home_plmn(), partner_plmn()]);
    world.command(MigrationCommand::Migrate(partner()));
    world.run_ms(600_000);
    assert_eq!(world.serving(), Some(&partner()));
    world.cells(&[home_plmn()]);
    world.run_ms(1500);
    assert_eq!(world.serving(), Some(&McSystem::Primary), "it has coverage there no longer");
}

#[test]
fn there_when_home_is_lost_and_back_when_it_is_back() {
    let mut world = World::new();
    world.cells(&[home_plmn(), partner_plmn()]);
    world.run_ms(60_000);
    assert_eq!(world.deeds(), [""; 0], "home is heard");
    world.cells(&[partner_plmn()]);
    world.run_ms(500);
    world.cells(&[home_plmn(), partner_plmn()]);
    world.run_ms(60_000);
    assert_eq!(world.deeds(), [""; 0], "a gap is no loss");
    world.cells(&[partner_plmn()]);
    world.run_ms(1500);
    let deeds = world.deeds();
    // There is nobody to say farewell to.
    assert_eq!(deeds[..4], ["home: vanish", "home: forget", "home: disconnect", "partner: connect"]);
    assert_eq!(world.serving(), Some(&partner()));
    assert!(world.has(&MigrationEvent::Left { system: McSystem::Primary, is_clean: false }));

    world.outputs.clear();
    world.cells(&[home_plmn(), partner_plmn()]);
    world.run_ms(4000);
    assert_eq!(world.serving(), Some(&partner()), "it is back when it stays");
    world.run_ms(1500);
    assert_eq!(world.serving(), Some(&McSystem::Primary));
    assert!(world.deeds().contains(&"partner: deregister".to_owned()), "{:?}", world.deeds());
}

#[test]
fn agents_there_are_who_the_profile_says() {
    use crate::agent::mc::McConfig;
    use crate::agent::sip::AgentConfig;
    use protocol::sip::{Target, Transport};
    let target = |at: &str| Target { transport: Transport::Udp, remote: at.parse().unwrap(), flow: None };
    let contact = "10.45.0.1:5060".parse().unwrap();
    let mut home = AgentConfig::new("001@ims.home", "sip:001@ims.home", "ims.home", target("10.46.0.1:5060"), contact);
    home.instance = "urn:gsma:imei:90420156-025763-0".into();
    let there = partner_registration(&home, &partner_system(), "10.49.0.1:5060".parse().unwrap());
    assert_eq!((there.impi.as_str(), there.domain.as_str()), ("visitor1@ims.partner.example", "ims.partner.example"));
    assert_eq!((there.impu.as_str(), there.pcscf), ("sip:visitor1@ims.partner.example", target("10.50.0.1:5060")));
    assert_eq!((there.contact.to_string(), there.persistent), ("10.49.0.1:5060".to_owned(), false));
    assert_eq!((&there.authentication, &there.instance), (&home.authentication, &home.instance));
    let mc = McConfig::new(ME, "sip:mc1.home.example", contact.ip());
    let there = partner_client(&mc, &partner_system(), "10.49.0.1".parse().unwrap());
    assert_eq!(
        (there.mcptt_id.as_str(), there.server.as_str()),
        ("sip:visitor1@mcptt.partner.example", "sip:mc1.partner.example")
    );
}
