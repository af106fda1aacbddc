//! The nodes of a scenario's IMS and its UE agents, made before anything runs.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use core_network::charging::ChargingClient;
use core_network::ims::hss::{Hss, add_subscribers, parse_subscribers};
use core_network::ims::{
    GmSecurity, Icscf, NetworkBox, NetworkCore, NetworkPlan, Pcscf, PcscfConfig, Scscf, TestAs, TestAsConfig,
};
use core_network::node::{Fabric, Latency, Node, NodeStore, Role, StoreDriver};
use core_network::sip_network::{Proof, SipNetwork, SipNetworkConfig, SipUser};
use hil::agent::mc::{McClient, McConfig};
use hil::agent::mms::MmsClient;
use hil::agent::sip::{AgentConfig, Authentication, SecurityMode, UeAgent};
use hil::agent::sms::{GatewayAccess, SmsClient, SmsConfig, SmsPath};
use hil::sim::{Key, SimCard, SimUsim};
use protocol::diameter::charging::NodeFunctionality;
use protocol::sip::{Target, Transport};
use protocol::sms::Address;
use protocol::{Entropy, Instant, Secret};

use super::access::Access;
use super::agent::ImsUe;
use super::audio::Audio;
use super::mc::McUe;
use super::migrant::Migrant;
use super::mms::MmsUe;
use super::services;
use super::services::charging::Books;
use super::services::sms::ServingNodes;
use super::sms::SmsUe;
use super::third_party::ApiClient;
use super::ues::ImsUes;
use super::web::WebClient;
use crate::errors::CommandError;
use crate::mbms::config;
use crate::scenario::{
    APPLICATION_SERVER, HSS, ICSCF, Identity, Ims, ImsAuth, ImsSecurity, Mc, PCSCF, SCSCF, SIP_PROXY, SMS_BOXES,
    Scenario, Service, SystemView, ThirdParty, Ue, UeIms, UeMigrates, VISITED_PCSCF, name_in,
};
use crate::setup;

/// RFC 3261 clause 19.1.2.
const SIP_PORT: u16 = 5060;
/// Where UEs take what comes over R2: beside that of the IMS.
const R2_PORT: u16 = 5070;

/// Longer than scenarios take: refreshing is not challenged again.
const NONCE_LIFETIME: Duration = Duration::from_secs(1_000_000);

/// Nodes in their fabric, and UEs.
pub(crate) struct ImsNetwork {
    pub(crate) fabric: Fabric,
    /// How long a message takes between two nodes.
    pub(crate) hop: Duration,
    pub(crate) ues: ImsUes,
    pub(crate) third_parties: Vec<ApiClient>,
    impis: Vec<String>,
    /// What charging writes down.
    pub(crate) books: Option<Books>,
    /// What MSC and SGSN tell.
    pub(crate) serving_nodes: Option<ServingNodes>,
    plan: Option<NetworkPlan>,
    /// Names of further systems.
    systems: Vec<String>,
}

impl ImsNetwork {
    /// The IMS of a scenario, if it has one.
    pub(crate) fn new(scenario: &Scenario) -> Result<Option<Self>, CommandError> {
        if scenario.ims.is_none() {
            return Ok(None);
        }
        let views = scenario.systems();
        let mut makers = Vec::new();
        for view in &views {
            let Some(ims) = &view.scenario.ims else { continue };
            makers.push(Maker { scenario: &view.scenario, ims, plan: plan(view, ims) });
        }
        make(scenario, &makers).map(Some)
    }

    /// A fabric for other nodes, in which nothing takes time.
    pub(crate) fn without_ims() -> Self {
        let fabric = Fabric::new(Latency { gm: Duration::ZERO, core: Duration::ZERO });
        let (ues, third_parties, impis) = (ImsUes::new(Vec::new()), Vec::new(), Vec::new());
        Self {
            fabric,
            hop: Duration::ZERO,
            ues,
            third_parties,
            impis,
            books: None,
            serving_nodes: None,
            plan: None,
            systems: Vec::new(),
        }
    }

    /// The MC server of this number as it comes up again.
    pub(crate) fn mc_server_again(
        &self,
        scenario: &Scenario,
        number: u8,
    ) -> Result<Option<Box<dyn Node>>, CommandError> {
        self.plan.as_ref().map_or(Ok(None), |plan| services::mc::again(scenario, plan, number))
    }

    /// The system that a box is in.
    pub(crate) fn system_of(&self, name: &str) -> u8 {
        let is_in = |system: &String| name.strip_prefix(system.as_str()).is_some_and(|rest| rest.starts_with('.'));
        self.systems.iter().position(is_in).map_or(0, |place| place as u8 + 1)
    }

    /// Private identity of a UE.
    pub(crate) fn impi(&self, index: usize) -> String {
        self.impis.get(index).cloned().unwrap_or_default()
    }
}

/// Who is in the network of a system.
fn plan(view: &SystemView<'_>, ims: &Ims) -> NetworkPlan {
    let scenario = &view.scenario;
    let boxes = ims.services.iter().flat_map(|service| service.boxes());
    let boxes = boxes.chain(scenario.mc.iter().flat_map(Mc::boxes).map(|(own, _)| own));
    let boxes = boxes.chain(scenario.sms.iter().flat_map(|_| &SMS_BOXES));
    let mut servers: Vec<_> = boxes.map(|own| own.place).collect();
    servers.extend(ims.has_application_server().then_some(NetworkBox::As));
    if !scenario.systems.is_empty() {
        servers.extend([NetworkBox::MigrationServer, NetworkBox::DiameterRelay]);
    }
    let plan = NetworkPlan::new(&ims.domain, &servers, setup::utc_ms_at_zero());
    NetworkPlan {
        core: ims.network,
        visited: ims.visited.clone(),
        system: view.number,
        name: view.name.map(str::to_owned),
        migrants: view.name.map(|_| UeMigrates::visitors(&ims.domain)).into_iter().collect(),
        ..plan
    }
}

/// The nodes of all systems in one fabric, and all UEs, each made by its home.
fn make(scenario: &Scenario, makers: &[Maker<'_>]) -> Result<ImsNetwork, CommandError> {
    let Some(first) = makers.first() else { return Err(bench("no system")) };
    let ms = Duration::from_millis;
    let mut fabric = Fabric::new(Latency { gm: ms(first.ims.gm_delay_ms), core: ms(first.ims.core_delay_ms) });
    let plans: Vec<&NetworkPlan> = makers.iter().map(|own| &own.plan).collect();
    let (books, serving_nodes) = first.add_nodes(&mut fabric, &plans)?;
    for maker in &makers[1..] {
        maker.add_nodes(&mut fabric, &plans)?;
    }
    if makers.len() > 1 {
        for maker in makers {
            let others: Vec<_> = plans.iter().copied().filter(|own| **own != maker.plan).collect();
            services::migration::add_nodes(&mut fabric, scenario, &maker.plan, &others)?;
        }
    }
    let (mut ues, mut impis) = (Vec::new(), Vec::new());
    for ue in &scenario.ues {
        let home = scenario.system_number(ue.system.as_deref());
        let Some(maker) = makers.get(usize::from(home)) else { continue };
        let (Some(own), Some(identity)) = (&ue.ims, scenario.ims_identity(&ue.name)) else { continue };
        fabric.add_outside(&ue.name, Role::Ue, identity.contact.ip());
        impis.push(identity.impi.clone());
        let (ip, entropy) = (identity.contact.ip(), maker.entropy(&format!("{} audio", ue.name)));
        let has_groups = maker.ims.has(Service::Mbms);
        let audio = if has_groups { Audio::in_group(ip, entropy) } else { Audio::new(ues.len(), ip, entropy) };
        let access = Access::new(ue.unicast.clone(), maker.entropy(&format!("{} access", ue.name)));
        ues.push(maker.ue(ue, own, identity, (audio, access))?);
    }
    let ues = ImsUes::new(ues);
    let third_parties = first.third_parties(&mut fabric);
    let hop = ms(first.ims.core_delay_ms);
    let plan = Some(first.plan.clone());
    let systems = scenario.systems.iter().map(|own| own.name.clone()).collect();
    Ok(ImsNetwork { fabric, hop, ues, third_parties, impis, books, serving_nodes, plan, systems })
}

/// A system of a scenario on its way to nodes.
struct Maker<'a> {
    scenario: &'a Scenario,
    ims: &'a Ims,
    plan: NetworkPlan,
}

impl Maker<'_> {
    fn add_nodes(
        &self,
        fabric: &mut Fabric,
        plans: &[&NetworkPlan],
    ) -> Result<(Option<Books>, Option<ServingNodes>), CommandError> {
        match self.ims.network {
            NetworkCore::Ims => self.add_ims(fabric)?,
            NetworkCore::Sip => self.add_proxy(fabric)?,
        }
        services::add_all(fabric, self.scenario, &self.plan, plans)
    }

    /// Third parties are boxes outside.
    fn third_parties(&self, fabric: &mut Fabric) -> Vec<ApiClient> {
        let client = |(place, own): (usize, &ThirdParty)| {
            let ip = services::exposure::address(place);
            fabric.add_outside(&own.name, Role::ThirdParty, ip);
            ApiClient::new(&own.name, ip, services::exposure::secret(self.scenario, &own.name), &own.scopes)
        };
        self.ims.third_parties.iter().enumerate().map(client).collect()
    }

    /// What a node tells the charging data function.
    fn charging(&self, own: NetworkBox, node: NodeFunctionality) -> ChargingClient {
        services::charging::client(self.scenario, &self.plan, own, node)
    }

    /// CSCFs, HSS and application server.
    fn add_ims(&self, fabric: &mut Fabric) -> Result<(), CommandError> {
        let mut hss_store = NodeStore::in_memory().map_err(bench)?;
        let subscribers = parse_subscribers("subscribers of the scenario", &self.subscribers()).map_err(bench)?;
        add_subscribers(&mut hss_store, &subscribers).map_err(bench)?;
        let mut hss = self.plan.hss();
        hss.hlr = services::sms::hlr(self.scenario, &self.plan)?;
        let hss = Hss::new(hss, self.entropy(HSS));
        add(fabric, &self.plan, (HSS, NetworkBox::Hss), Box::new(hss), hss_store);
        let mut pcscfs = vec![(PCSCF, NetworkBox::Pcscf)];
        pcscfs.extend(self.ims.visited.iter().map(|_| (VISITED_PCSCF, NetworkBox::VisitedPcscf)));
        for (name, own) in pcscfs {
            let rf = self.charging(own, NodeFunctionality::Pcscf);
            let node = Pcscf::new(self.pcscf(own), self.entropy(name)).with_charging(rf);
            add(fabric, &self.plan, (name, own), Box::new(node), memory()?);
        }
        let icscf = Icscf::new(self.plan.icscf(), self.entropy(ICSCF));
        add(fabric, &self.plan, (ICSCF, NetworkBox::Icscf), Box::new(icscf), memory()?);
        let rf = self.charging(NetworkBox::Scscf, NodeFunctionality::Scscf);
        let scscf = Scscf::new(self.plan.scscf(), self.entropy(SCSCF)).map_err(bench)?.with_charging(rf);
        add(fabric, &self.plan, (SCSCF, NetworkBox::Scscf), Box::new(scscf), memory()?);
        if self.ims.has_application_server() {
            let mut config = TestAsConfig::new(&self.application_server(), self.plan.sip_of(NetworkBox::As));
            config.hosts = self.plan.hosts();
            let node = TestAs::new(config, self.entropy(APPLICATION_SERVER)).map_err(bench)?;
            add(fabric, &self.plan, (APPLICATION_SERVER, NetworkBox::As), Box::new(node), memory()?);
        }
        Ok(())
    }

    /// A plain SIP network. Its UEs are known by the flow that they have registered over.
    fn add_proxy(&self, fabric: &mut Fabric) -> Result<(), CommandError> {
        let mut config = SipNetworkConfig::of(&self.plan);
        config.users = self.scenario.ues.iter().filter_map(|ue| self.user(ue)).collect();
        config.services = services::led(&self.ims.services, &self.plan);
        config.proof = Proof::RegisteredFlow;
        config.nonce_lifetime = NONCE_LIFETIME;
        config.max_expires = self.ims.expires_s.max(config.max_expires);
        let node = SipNetwork::new(config, self.entropy(SIP_PROXY)).map_err(bench)?;
        add(fabric, &self.plan, (SIP_PROXY, NetworkBox::SipProxy), Box::new(node), memory()?);
        Ok(())
    }

    /// Its user; a second device is somebody else's.
    fn user(&self, ue: &Ue) -> Option<SipUser> {
        ue.ims.as_ref().filter(|own| own.same_user_as.is_none())?;
        let Identity { impi, impu, tel, .. } = self.scenario.ims_identity(&ue.name)?;
        let password = Secret::new(self.password(&ue.name));
        Some(SipUser { name: impi, password, identities: vec![impu, tel] })
    }

    /// The agent of a UE on a plain SIP network; a second device of a user has his name and password.
    fn plain_agent(&self, name: &str, own: &UeIms, identity: &Identity, proxy: Target) -> AgentConfig {
        let user = own.same_user_as.as_deref().unwrap_or(name);
        let impi = self.scenario.ims_identity(user).map_or_else(String::new, |user| user.impi);
        let user = (impi.as_str(), self.password(user));
        AgentConfig::plain(user, &identity.impu, &self.ims.domain, proxy, identity.contact)
    }

    fn entropy(&self, name: &str) -> Entropy {
        entropy(self.scenario, &self.plan, name)
    }

    fn pcscf(&self, own: NetworkBox) -> PcscfConfig {
        let mut config = self.plan.pcscf(own);
        config.security = match self.ims.security {
            ImsSecurity::Off => GmSecurity::Off,
            ImsSecurity::SecAgree => GmSecurity::SecAgree,
            ImsSecurity::Tls => {
                // It has sockets of its own towards UEs: CSCFs do not speak TLS among each other.
                config.mw = std::mem::replace(&mut config.gm, vec![(Transport::Tls, sips(&self.plan, own))]);
                GmSecurity::Tls
            }
        };
        config
    }

    fn application_server(&self) -> String {
        format!("sip:{}:{SIP_PORT}", self.plan.host(NetworkBox::As))
    }

    /// The subscribers as the HSS reads them (TOML).
    fn subscribers(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let mut line = |words: String| _ = writeln!(text, "{words}");
        let has_sms = self.scenario.sms.is_some();
        let gateway_asks = self.scenario.sms.as_ref().is_some_and(|sms| sms.online);
        let has_profile = self.ims.has_application_server() || !self.ims.services.is_empty() || has_sms;
        for (profile, is_prepaid) in [("all", false), ("prepaid", true)] {
            if has_profile && (!is_prepaid || self.ims.has(Service::Charging)) {
                line(format!("[[profile]]\nname = \"{profile}\""));
                if self.ims.has_application_server() {
                    line("[[profile.ifc]]\npriority = 0".into());
                    let server = self.application_server();
                    line(format!("server = \"{server}\"\ntrigger = [{{ method = \"REGISTER\" }}]"));
                }
                line(services::criteria(&self.ims.services, &self.plan, is_prepaid, gateway_asks));
                if has_sms {
                    line(services::sms::criteria(&self.plan));
                }
                if self.scenario.mms.is_some() {
                    line(services::mms::criteria(&self.plan));
                }
            }
        }
        for ue in &self.scenario.ues {
            let (Some(own), Some(identity)) = (&ue.ims, self.scenario.ims_identity(&ue.name)) else { continue };
            line(format!("[[subscriber]]\nimpi = \"{}\"", identity.impi));
            let user = own.same_user_as.as_deref().unwrap_or(&ue.name);
            line(format!("subscription = \"{user}\""));
            match own.auth {
                ImsAuth::Aka => {
                    let (k, opc) = self.keys(&ue.name);
                    line(format!("k = \"{}\"\nopc = \"{}\"", hex::encode(k), hex::encode(opc)));
                }
                ImsAuth::Digest => line(format!("digest_password = \"{}\"", self.password(&ue.name))),
            }
            if let Some(visited) = &self.ims.visited {
                line(format!("visited_networks = [\"{visited}\"]"));
            }
            match (&ue.sms, &ue.mms) {
                (Some(sms), _) => line(services::sms::subscription(sms, &identity)),
                (None, Some(_)) => line(services::mms::subscription(&identity)),
                (None, None) => {}
            }
            line(format!("[[subscriber.set]]\nimpus = [\"{}\", \"{}\"]", identity.impu, identity.tel));
            if has_profile {
                let user = self.scenario.ues.iter().find(|ue| ue.name == user).and_then(|ue| ue.ims.as_ref());
                let is_prepaid = user.is_some_and(|user| user.credit.is_some());
                line(format!("profile = \"{}\"", if is_prepaid { "prepaid" } else { "all" }));
            }
        }
        text
    }

    /// K and OPc of a card: every one has its own, of the scenario's seed.
    fn keys(&self, ue: &str) -> ([u8; 16], [u8; 16]) {
        let (mut k, mut opc) = ([0; 16], [0; 16]);
        let mut entropy = self.entropy(&format!("{ue} card"));
        entropy.fill(&mut k);
        entropy.fill(&mut opc);
        (k, opc)
    }

    fn password(&self, ue: &str) -> String {
        self.entropy(&format!("{ue} password")).token(16)
    }

    fn ue(
        &self,
        ue: &Ue,
        own: &UeIms,
        identity: Identity,
        (audio, access): (Audio, Access),
    ) -> Result<ImsUe, CommandError> {
        let (name, contact_ip) = (ue.name.as_str(), identity.contact.ip());
        let first = identity.pcscf;
        let mut target = Target { transport: Transport::Udp, remote: self.plan.sip_of(first), flow: None };
        if self.ims.security == ImsSecurity::Tls {
            (target.transport, target.remote) = (Transport::Tls, sips(&self.plan, first));
        }
        let mut config = match self.ims.network {
            NetworkCore::Ims => {
                AgentConfig::new(&identity.impi, &identity.impu, &self.ims.domain, target, identity.contact)
            }
            NetworkCore::Sip => self.plain_agent(name, own, &identity, target),
        };
        config.expires_s = self.ims.expires_s;
        config.subscribes = false;
        config.session.session_expires_s = self.ims.session_expires_s;
        config.security = match self.ims.security {
            ImsSecurity::Off => SecurityMode::Off,
            ImsSecurity::SecAgree => SecurityMode::SecAgree,
            ImsSecurity::Tls => SecurityMode::Tls,
        };
        if self.ims.has(Service::Mbms) {
            config.receives_mbms = own.mbms;
            config.access_network_info = services::mbms::place(self.scenario, own.cell)?;
        }
        let mc = self.mc_client(ue, contact_ip, &mut config)?;
        let mut usim = None;
        match own.auth {
            _ if self.ims.is_plain() => {}
            ImsAuth::Digest => config.authentication = Authentication::Digest { password: self.password(name) },
            ImsAuth::Aka => {
                let (k, opc) = self.keys(name);
                usim = Some(SimUsim::new(&SimCard { k: Key(k), opc: Key(opc), ..SimCard::default() }));
            }
        }
        let (pcscf, phone) = (identity.pcscf_name(), self.phone(ue, &identity)?);
        let Identity { impi, impu, contact, .. } = identity;
        let migrant = ue.migrates.as_ref().zip(mc.as_ref()).map(|(own, (_, mc))| {
            let home = services::migration::home(self.scenario, &self.plan, name)?;
            let cell = services::mc::guest_cell(self.scenario, ue, &own.to)?;
            let cells = std::iter::once((own.to.clone(), cell)).collect();
            let migrant = Migrant::new((name, self.scenario.seed), home, own.automatic, (&config, mc));
            Ok::<_, CommandError>(migrant.with_cells(cells, ue.mc.as_ref().and_then(|own| own.area)))
        });
        let agent = UeAgent::new(config, self.entropy(name));
        let answers_after = own.answers_after_ms.map(Duration::from_millis);
        let password = services::xdm::password(self.scenario, name);
        let web = WebClient::new(contact.ip(), &impi, password, self.entropy(&format!("{name} web")));
        let mut made = ImsUe::new(name, (contact, impu, pcscf), agent, usim, answers_after, (web, audio, access));
        made.mc = mc.map(|(mc, _)| mc);
        made.system = self.plan.system;
        made.migrant = migrant.transpose()?;
        made.sms = phone;
        made.mms = self.mms_agent(ue, contact_ip);
        Ok(made)
    }

    /// What a UE has for short messages.
    fn phone(&self, ue: &Ue, identity: &Identity) -> Result<Option<SmsUe>, CommandError> {
        let (name, Some((own, sms))) = (&ue.name, ue.sms.as_ref().zip(self.scenario.sms.as_ref())) else {
            return Ok(None);
        };
        let imsi = services::sms::imsi(identity).to_owned();
        let centre = Address::international(services::sms::SERVICE_CENTRE).ok_or_else(|| bench("no service centre"))?;
        let path = if services::sms::is_r2(own) { SmsPath::Gateway } else { SmsPath::Ims };
        let mut config = SmsConfig::new(path, centre);
        (config.places, config.in_reply_to) = (own.places, own.in_reply_to);
        if !own.prefers.is_empty() {
            config.preference.clone_from(&own.prefers);
        }
        let client = SmsClient::new(config, self.entropy(&format!("{name} short messages")));
        let gateway = services::sms::is_r2(own).then(|| -> Result<_, CommandError> {
            let contact = SocketAddr::new(identity.contact.ip(), R2_PORT);
            let access = GatewayAccess {
                imsi: imsi.clone(),
                plmn: config::plmn(self.scenario)?,
                domain: self.plan.domain.clone(),
                gateway: Target { transport: Transport::Udp, remote: services::sms::gateway(), flow: None },
                contact,
            };
            let agent = AgentConfig { expires_s: sms.expires_s, ..access.agent_config() };
            let (k, opc) = self.keys(name);
            let usim = SimUsim::new(&SimCard { k: Key(k), opc: Key(opc), ..SimCard::default() });
            Ok((contact, UeAgent::new(agent, self.entropy(&format!("{name} R2"))), usim))
        });
        Ok(Some(SmsUe::new(client, &imsi, gateway.transpose()?)))
    }

    /// What a UE has for multimedia messages.
    fn mms_agent(&self, ue: &Ue, ip: IpAddr) -> Option<MmsUe> {
        let config = services::mms::agent(&self.plan, self.scenario.mms.as_ref()?, ue.mms.as_ref()?);
        let entropy = self.entropy(&format!("{} multimedia messages", ue.name));
        Some(MmsUe::new(MmsClient::new(config, entropy), ip))
    }

    /// The MC client of a UE, and what its agent says of it.
    fn mc_client(
        &self,
        ue: &Ue,
        ip: IpAddr,
        agent: &mut AgentConfig,
    ) -> Result<Option<(McUe, McConfig)>, CommandError> {
        let name = &ue.name;
        let Some((own, mc)) = ue.mc.as_ref().zip(self.scenario.mc.as_ref()) else { return Ok(None) };
        agent.receives_mbms = own.mbms;
        agent.access_network_info = services::mc::place(self.scenario, self.plan.name.as_deref(), own.area)?;
        agent.features.extend(McClient::FEATURES.map(str::to_owned));
        let uri = |number| services::mc::server_uri(&self.plan, number).unwrap_or_default();
        let mcptt_id = services::identity::mcptt_id(&self.plan.domain, name);
        let mut config = McConfig::new(&mcptt_id, &uri(own.server), ip);
        config.client_id =
            format!("urn:uuid:{}", services::mc::client_id(self.entropy(&format!("{name} MC client ID"))));
        config.announcers = (1..=mc.servers.len() as u8).filter(|number| *number != own.server).map(uri).collect();
        config.utc_ms_at_zero = self.plan.utc_ms_at_zero;
        config.mbms = config.mbms.filter(|_| own.mbms);
        let client = McClient::new(config.clone(), self.entropy(&format!("{name} MC client")));
        Ok(Some((McUe::new(client, own.area), config)))
    }
}

/// Adds a box of a network under its name there.
pub(super) fn add(
    fabric: &mut Fabric,
    plan: &NetworkPlan,
    (name, own): (&str, NetworkBox),
    node: Box<dyn Node>,
    mut store: NodeStore,
) {
    let driver: StoreDriver = Box::new(move |request| store.execute(&request));
    let name = name_in(plan.name.as_deref(), name);
    fabric.add(Instant::ZERO, &name, own.role(), plan.ip(own), node, driver);
}

/// The same with a store that others look into.
pub(super) fn add_shared(
    fabric: &mut Fabric,
    plan: &NetworkPlan,
    (name, own): (&str, NetworkBox),
    node: Box<dyn Node>,
    store: Arc<Mutex<NodeStore>>,
) {
    let driver: StoreDriver = Box::new(move |request| match store.lock() {
        Ok(mut store) => store.execute(&request),
        Err(poisoned) => poisoned.into_inner().execute(&request),
    });
    let name = name_in(plan.name.as_deref(), name);
    fabric.add(Instant::ZERO, &name, own.role(), plan.ip(own), node, driver);
}

/// What is random in something of a network: no two networks have the same.
pub(super) fn entropy(scenario: &Scenario, plan: &NetworkPlan, name: &str) -> Entropy {
    Entropy::of_box(scenario.seed, &name_in(plan.name.as_deref(), name))
}

pub(super) fn memory() -> Result<NodeStore, CommandError> {
    NodeStore::in_memory().map_err(bench)
}

/// RFC 3261 clause 19.1.2.
pub(super) fn sips(plan: &NetworkPlan, own: NetworkBox) -> SocketAddr {
    SocketAddr::new(plan.ip(own), SIP_PORT + 1)
}

pub(super) fn bench(error: impl std::fmt::Display) -> CommandError {
    CommandError::Bench(format!("the IMS of the scenario: {error}"))
}
