//! A UE whose user migrates between MC systems (TS 23.280 clause 10.1.6.2): beside the SIP agent and the MC client that it has at
//! home it has one pair for each other system, and what decides which of them serves.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use hil::agent::mc::migration::{
    HomeSystem, LogInId, McSystem, MigrationCommand, MigrationConfig, MigrationEvent, MigrationInput, MigrationOutput,
    Migrator, ProfileAnswer, partner_client, partner_registration,
};
use hil::agent::mc::{McClient, McCommand, McConfig, McEvent, McOutput};
use hil::agent::media::MediaDatagram;
use hil::agent::sip::{AgentCommand, AgentConfig, AgentEvent, AgentInput, AgentOutput, UeAgent};
use hil::sim::SimUsim;
use http::Response;
use http::header::ETAG;
use protocol::sip::{Flow, Target};
use protocol::{Entropy, Instant, Plmn, Tmgi};

use super::mc::McUe;
use super::services;
use crate::event::ImsFact;
use crate::scenario::{ImsState, PRIMARY};

/// Where the UE takes SIP of the first other system: beside that of the IMS at home and of R2; the next system has the next port.
const FIRST_PORT: u16 = 5080;
/// Ports of media in the first other system, and how many each has.
const FIRST_MEDIA_PORT: u16 = 49_400;
const MEDIA_PORTS: u16 = 100;

/// Number of the system that users migrate from.
const HOME: u8 = 0;

/// What a UE has for migration.
pub(crate) struct Migrant {
    name: String,
    seed: u64,
    migrator: Migrator,
    /// Of its agent and its MC client at home.
    home: (AgentConfig, McConfig),
    guests: BTreeMap<String, Guest>,
    /// Logins that are under way and their systems, none being home, by the tokens of their requests.
    logins: BTreeMap<u64, (LogInId, Option<String>)>,
    /// Access tokens of other systems, by the names of these.
    access_tokens: BTreeMap<String, String>,
    /// The request for the profile.
    fetch: Option<u64>,
    /// Numbers of the systems whose cells it hears; none: all are.
    heard: Option<BTreeSet<u8>>,
    /// By the names of systems.
    cells: BTreeMap<String, GuestCell>,
    /// The area of the cell at home, heard or not; none: it is in none with MBMS.
    home_area: Option<u8>,
    has_profile: bool,
    is_unserved: bool,
    facts: VecDeque<ImsFact>,
}

/// The cell that a UE finds in another system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GuestCell {
    /// Number of the system.
    pub(crate) system: u8,
    /// Its MBSFN area, if it has one.
    pub(crate) area: Option<u8>,
    /// P-Access-Network-Info in it.
    pub(crate) info: String,
}

/// The UE in another system.
pub(crate) struct Guest {
    contact: SocketAddr,
    pcscf: SocketAddr,
    first_media_port: u16,
    agent: UeAgent,
    pub(crate) mc: McUe,
}

/// What it has for the UE.
pub(crate) enum MigrantOutput {
    /// For its SIP agent at home.
    Agent(AgentCommand),
    /// For its MC client at home.
    Mc(McCommand),
    /// To be sent from this address.
    Sip(SocketAddr, Target, Vec<u8>),
    /// A datagram of media to be sent.
    Datagram(MediaDatagram),
    /// A request of HTTP.
    Web(WebWish),
    /// Something that has happened.
    Fact(Box<ImsFact>),
}

/// A request of HTTP that is wanted.
pub(crate) enum WebWish {
    /// A login at an identity management server.
    LogIn {
        /// Which.
        id: LogInId,
        /// Name of the system; none: home.
        system: Option<String>,
        /// Its server, where it is another than that of home.
        server: Option<String>,
        /// Who logs in.
        mc_id: String,
        /// What the token is for.
        scopes: Vec<String>,
    },
    /// The profile.
    Fetch {
        /// Its path.
        path: String,
        /// Access token.
        token: String,
        /// The one that is there.
        etag: Option<String>,
    },
}

impl Migrant {
    pub(crate) fn new(
        (name, seed): (&str, u64),
        home: HomeSystem,
        is_automatic: bool,
        (agent, mc): (&AgentConfig, &McConfig),
    ) -> Self {
        let config = MigrationConfig { is_automatic, ..MigrationConfig::new(home) };
        Self {
            name: name.to_owned(),
            seed,
            migrator: Migrator::new(config),
            home: (agent.clone(), mc.clone()),
            guests: BTreeMap::new(),
            logins: BTreeMap::new(),
            access_tokens: BTreeMap::new(),
            fetch: None,
            heard: None,
            cells: BTreeMap::new(),
            home_area: None,
            has_profile: false,
            is_unserved: false,
            facts: VecDeque::new(),
        }
    }

    /// It finds these cells, and at home one of this area.
    pub(crate) fn with_cells(self, cells: BTreeMap<String, GuestCell>, home_area: Option<u8>) -> Self {
        Self { cells, home_area, ..self }
    }

    /// It goes to the cell of another area at home.
    pub(crate) fn moves_at_home(&mut self, area: Option<u8>) {
        self.home_area = area;
    }

    /// The area of its cell at home, if that is heard.
    pub(crate) fn area_at_home(&self) -> Option<u8> {
        self.home_area.filter(|_| self.hears(HOME))
    }

    /// It obtains the profile.
    pub(crate) fn obtain(&mut self, now: Instant) {
        self.migrator.handle_input(now, MigrationInput::Command(MigrationCommand::Obtain));
    }

    /// It goes to a system.
    pub(crate) fn migrate(&mut self, now: Instant, to: &str) {
        let to = if to == PRIMARY { McSystem::Primary } else { McSystem::Partner(to.to_owned()) };
        self.migrator.handle_input(now, MigrationInput::Command(MigrationCommand::Migrate(to)));
    }

    /// Cells of these systems are heard: their networks, their numbers; with the bearers that the MCCH of each area lists.
    pub(crate) fn hears_alone(
        &mut self,
        now: Instant,
        (plmns, systems): (&[Plmn], BTreeSet<u8>),
        listed: &BTreeMap<u8, Vec<Tmgi>>,
    ) {
        for (id, guest) in &mut self.guests {
            let cell = self.cells.get(id).filter(|cell| systems.contains(&cell.system));
            guest.mc.stays(now, cell.and_then(|cell| cell.area), listed);
        }
        self.heard = Some(systems);
        self.migrator.handle_input(now, MigrationInput::Cells(plmns));
    }

    /// There is MBMS in a cell of another system that is heard.
    pub(crate) fn hears_mbms(&self) -> bool {
        self.cells.values().any(|cell| cell.area.is_some() && self.hears(cell.system))
    }

    /// Cells of the system of this number are heard.
    pub(crate) fn hears(&self, system: u8) -> bool {
        self.heard.as_ref().is_none_or(|heard| heard.contains(&system))
    }

    /// The other system that serves, and the UE in it; none: at home, or nowhere.
    pub(crate) fn serving(&self) -> Option<(&str, &Guest)> {
        match self.migrator.serving()? {
            McSystem::Primary => None,
            McSystem::Partner(id) => self.guests.get_key_value(id).map(|(id, guest)| (id.as_str(), guest)),
        }
    }

    /// The access token of the system that serves, if that is another one.
    pub(crate) fn access_token(&self) -> Option<&str> {
        let (system, _) = self.serving()?;
        self.access_tokens.get(system).map(String::as_str)
    }

    /// The MC client in it, to change it.
    pub(crate) fn serving_mut(&mut self) -> Option<&mut McUe> {
        match self.migrator.serving()?.clone() {
            McSystem::Primary => None,
            McSystem::Partner(id) => self.guests.get_mut(&id).map(|guest| &mut guest.mc),
        }
    }

    /// MC clients in other systems, to change them.
    pub(crate) fn clients_mut(&mut self) -> impl Iterator<Item = &mut McUe> {
        self.guests.values_mut().map(|guest| &mut guest.mc)
    }

    /// MC clients in other systems.
    pub(crate) fn clients(&self) -> impl Iterator<Item = (&str, &McUe)> {
        self.guests.iter().map(|(system, guest)| (system.as_str(), &guest.mc))
    }

    /// It has come to a state that a step waits for; none: the state is not one of migration.
    pub(crate) fn is_in(&self, state: ImsState) -> Option<bool> {
        let serving = self.migrator.serving();
        Some(match state {
            ImsState::ProfileThere => self.has_profile,
            ImsState::Migrated => serving.is_some_and(|own| *own != McSystem::Primary),
            ImsState::AtHome => serving == Some(&McSystem::Primary),
            ImsState::Unserved => self.is_unserved,
            _ => return None,
        })
    }

    /// A message of SIP; false: it is for the agent at home.
    pub(crate) fn receive(&mut self, now: Instant, flow: Flow, bytes: &[u8]) -> bool {
        let Some(guest) = self.guests.values_mut().find(|own| own.contact == flow.local) else { return false };
        guest.agent.handle_input(now, AgentInput::Sip { flow, bytes });
        true
    }

    /// A message could not be sent.
    pub(crate) fn failed(&mut self, now: Instant, target: Target, why: &str) {
        for guest in self.guests.values_mut().filter(|own| own.pcscf == target.remote) {
            guest.agent.handle_input(now, AgentInput::SipFailed { target, why: why.to_owned() });
        }
    }

    /// A datagram of media; false: it is for the client at home.
    pub(crate) fn datagram(&mut self, now: Instant, local: SocketAddr, octets: &[u8]) -> bool {
        let Some(guest) = self.guests.values_mut().find(|own| own.has_media_at(local.port())) else { return false };
        guest.mc.datagram(now, local, octets);
        true
    }

    /// The SIP agent at home tells something.
    pub(crate) fn agent_says(&mut self, now: Instant, event: &AgentEvent) {
        self.migrator.handle_input(now, MigrationInput::Agent { system: &McSystem::Primary, event });
    }

    /// The MC client at home tells something.
    pub(crate) fn client_says(&mut self, now: Instant, event: &McEvent) {
        self.migrator.handle_input(now, MigrationInput::Mc { system: &McSystem::Primary, event });
    }

    /// A login in a system goes out; none: at home.
    pub(crate) fn logs_in(&mut self, token: u64, id: LogInId, system: Option<String>) {
        self.logins.insert(token, (id, system));
    }

    /// A login has ended: the access token, or why there is none; false: it was for something else.
    pub(crate) fn logged_in(&mut self, now: Instant, token: u64, result: &Result<String, String>) -> bool {
        let Some((id, system)) = self.logins.remove(&token) else { return false };
        if let (Some(system), Ok(access_token)) = (system, result) {
            self.access_tokens.insert(system, access_token.clone());
        }
        self.migrator.handle_input(now, MigrationInput::Token { id, result: result.clone() });
        true
    }

    /// The request for the profile goes out.
    pub(crate) fn fetches(&mut self, token: u64) {
        self.fetch = Some(token);
    }

    /// A request that is none of a login has its response.
    pub(crate) fn answered(&mut self, now: Instant, token: u64, response: &Response<Vec<u8>>) {
        if self.fetch.take_if(|own| *own == token).is_some() {
            let etag = response.headers().get(ETAG).and_then(|value| value.to_str().ok());
            let answer = ProfileAnswer { status: response.status().as_u16(), etag, body: response.body() };
            self.migrator.handle_input(now, MigrationInput::Profile(Some(answer)));
        }
    }

    /// A request will have no response.
    pub(crate) fn unanswered(&mut self, now: Instant, token: u64, why: &str) {
        if self.fetch.take_if(|own| *own == token).is_some() {
            self.migrator.handle_input(now, MigrationInput::Profile(None));
        } else {
            self.logged_in(now, token, &Err(why.to_owned()));
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let guests = self.guests.values().flat_map(|own| [own.agent.poll_timeout(), own.mc.poll_timeout()]);
        guests.chain([self.migrator.poll_timeout()]).flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        if is_due(self.migrator.poll_timeout()) {
            self.migrator.handle_timeout(now);
        }
        for guest in self.guests.values_mut() {
            if is_due(guest.agent.poll_timeout()) {
                guest.agent.handle_timeout(now);
            }
            guest.mc.handle_timeout(now);
        }
    }

    /// What is to be done; challenges go to the USIM at once, which is the same in all systems. `listed`: what the MCCH of each
    /// area lists.
    pub(crate) fn poll_output(
        &mut self,
        now: Instant,
        usim: &mut Option<SimUsim>,
        listed: &BTreeMap<u8, Vec<Tmgi>>,
    ) -> Option<MigrantOutput> {
        loop {
            if let Some(fact) = self.facts.pop_front() {
                return Some(MigrantOutput::Fact(Box::new(fact)));
            }
            if let Some(output) = self.migrator.poll_output() {
                match self.decided(now, output, listed) {
                    Some(output) => return Some(output),
                    None => continue,
                }
            }
            let mut said = None;
            for (id, guest) in &mut self.guests {
                if let Some(output) = guest.mc.poll_output() {
                    said = Some((id.clone(), Said::Mc(output)));
                } else if let Some(output) = guest.agent.poll_output() {
                    said = Some((id.clone(), Said::Agent(output)));
                }
                if said.is_some() {
                    break;
                }
            }
            let (id, said) = said?;
            let output = match said {
                Said::Mc(output) => self.client_said(now, id, output),
                Said::Agent(output) => self.agent_said(now, id, output, usim),
            };
            if output.is_some() {
                return output;
            }
        }
    }

    /// What the one that decides wants.
    fn decided(
        &mut self,
        now: Instant,
        output: MigrationOutput,
        listed: &BTreeMap<u8, Vec<Tmgi>>,
    ) -> Option<MigrantOutput> {
        match output {
            MigrationOutput::LogIn { id, system, server, mc_id, scopes } => {
                let system = match system {
                    McSystem::Primary => None,
                    McSystem::Partner(id) => Some(id),
                };
                return Some(MigrantOutput::Web(WebWish::LogIn { id, system, server, mc_id, scopes }));
            }
            MigrationOutput::Fetch { path, token, etag } => {
                return Some(MigrantOutput::Web(WebWish::Fetch { path, token, etag }));
            }
            // Where cells are heard there are bearers.
            MigrationOutput::Connect(system) => {
                self.migrator.handle_input(now, MigrationInput::Connected { system, result: Ok(()) });
            }
            MigrationOutput::Disconnect(_) => {}
            MigrationOutput::Agent { system: McSystem::Primary, command } => {
                return Some(MigrantOutput::Agent(command));
            }
            MigrationOutput::Mc { system: McSystem::Primary, command } => return Some(MigrantOutput::Mc(command)),
            MigrationOutput::Agent { system: McSystem::Partner(id), command } => {
                if let Some(guest) = self.guest(now, &id, listed) {
                    guest.agent.handle_input(now, AgentInput::Command(command));
                }
            }
            MigrationOutput::Mc { system: McSystem::Partner(id), command } => {
                if let Some(guest) = self.guest(now, &id, listed) {
                    guest.mc.command(now, command);
                }
            }
            MigrationOutput::Event(event) => {
                self.notice(&event);
                let what = words(&event);
                return Some(MigrantOutput::Fact(Box::new(ImsFact::Migration { what })));
            }
        }
        None
    }

    fn notice(&mut self, event: &MigrationEvent) {
        match event {
            MigrationEvent::Profile { .. } => self.has_profile = true,
            MigrationEvent::Unserved => self.is_unserved = true,
            MigrationEvent::Leaving { .. } => self.is_unserved = false,
            _ => {}
        }
    }

    fn client_said(&mut self, now: Instant, id: String, output: McOutput) -> Option<MigrantOutput> {
        let guest = self.guests.get_mut(&id)?;
        match output {
            McOutput::Agent(command) => guest.agent.handle_input(now, AgentInput::Command(command)),
            McOutput::Datagram(datagram) => return Some(MigrantOutput::Datagram(datagram)),
            McOutput::Event(event) => {
                let system = McSystem::Partner(id);
                self.migrator.handle_input(now, MigrationInput::Mc { system: &system, event: &event });
                self.facts.extend(guest.mc.told(now, event));
            }
        }
        None
    }

    fn agent_said(
        &mut self,
        now: Instant,
        id: String,
        output: AgentOutput,
        usim: &mut Option<SimUsim>,
    ) -> Option<MigrantOutput> {
        let guest = self.guests.get_mut(&id)?;
        match output {
            AgentOutput::Sip { target, bytes } => return Some(MigrantOutput::Sip(guest.contact, target, bytes)),
            AgentOutput::Event(event) => {
                let is_of_client = guest.mc.takes(now, &event);
                if let AgentEvent::Incoming { call, .. } = &event
                    && !is_of_client
                {
                    // It has nothing but group calls there.
                    let command = AgentCommand::Reject { call: *call, status: NOT_ACCEPTABLE_HERE };
                    guest.agent.handle_input(now, AgentInput::Command(command));
                }
                let system = McSystem::Partner(id);
                self.migrator.handle_input(now, MigrationInput::Agent { system: &system, event: &event });
            }
            // It has sessions of messages at home alone.
            AgentOutput::Msrp(_) => {}
            AgentOutput::Authenticate(challenge) => {
                if let Some(usim) = usim {
                    let answer = usim.authenticate(&challenge);
                    guest.agent.handle_input(now, AgentInput::Authenticated(answer));
                }
            }
        }
        None
    }

    /// The agent and the client in another system, made when they are needed first.
    fn guest(&mut self, now: Instant, id: &str, listed: &BTreeMap<u8, Vec<Tmgi>>) -> Option<&mut Guest> {
        if !self.guests.contains_key(id) {
            let partner = self.migrator.partner(id)?;
            let place = self.guests.len() as u16;
            let (agent, mc) = &self.home;
            let contact = SocketAddr::new(agent.contact.ip(), FIRST_PORT + place);
            let mut agent = partner_registration(agent, partner, contact);
            let cell = self.cells.get(id);
            let info = cell.map(|cell| cell.info.clone());
            agent.access_network_info = info.unwrap_or_else(|| services::mc::elsewhere(partner.plmn));
            let mut mc = partner_client(mc, partner, contact.ip());
            let has_mbms = cell.is_some_and(|cell| cell.area.is_some());
            agent.receives_mbms &= has_mbms;
            mc.mbms = mc.mbms.filter(|_| has_mbms);
            mc.first_port = FIRST_MEDIA_PORT + MEDIA_PORTS * place;
            let entropy = |what: &str| Entropy::of_box(self.seed, &format!("{} {what} in {id}", self.name));
            let area = cell.filter(|cell| self.hears(cell.system)).and_then(|cell| cell.area);
            let mut guest = Guest {
                contact,
                pcscf: partner.pcscf,
                first_media_port: mc.first_port,
                agent: UeAgent::new(agent, entropy("agent")),
                mc: McUe::new(McClient::new(mc, entropy("MC client")), None),
            };
            guest.mc.stays(now, area, listed);
            self.guests.insert(id.to_owned(), guest);
        }
        self.guests.get_mut(id)
    }
}

impl Guest {
    fn has_media_at(&self, port: u16) -> bool {
        (self.first_media_port..self.first_media_port + MEDIA_PORTS).contains(&port)
    }
}

/// What was said in another system.
enum Said {
    Mc(McOutput),
    Agent(AgentOutput),
}

/// RFC 3261 clause 21.4.26.
const NOT_ACCEPTABLE_HERE: u16 = 488;

/// What the user is told, in words.
fn words(event: &MigrationEvent) -> String {
    let place = |system: &Option<McSystem>| system.as_ref().map_or_else(|| "nowhere".into(), ToString::to_string);
    let status = |status: &Option<u16>| status.map_or_else(String::new, |status| format!(" ({status})"));
    match event {
        MigrationEvent::Profile { partners, is_unchanged } => {
            let how = if *is_unchanged { "unchanged" } else { "there" };
            format!("profile {how}, with partner systems {}", partners.join(", "))
        }
        MigrationEvent::NoProfile { status: code, why } => format!("no profile{}: {why}", status(code)),
        MigrationEvent::Refused(why) => format!("not followed: {why}"),
        MigrationEvent::Leaving { from, to } => format!("from {} to {to}", place(from)),
        MigrationEvent::Left { system, is_clean } => {
            format!("left {system}{}", if *is_clean { "" } else { ", which does not know" })
        }
        MigrationEvent::Registered(system) => format!("registered in {system}"),
        MigrationEvent::Migrated(system) => format!("served by {system}"),
        MigrationEvent::NotAffiliated { system, why } => format!("not affiliated in {system}: {why}"),
        MigrationEvent::Joined { system, group } => format!("in the call of {group} in {system}"),
        MigrationEvent::Again { to, stage, why } => format!("to {to}: {} once more: {why}", stage.as_str()),
        MigrationEvent::Failed { to, stage, status: code, why } => {
            format!("cannot be served by {to}: {} failed{}: {why}", stage.as_str(), status(code))
        }
        MigrationEvent::Unserved => "served by no system".into(),
    }
}
