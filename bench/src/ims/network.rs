//! The nodes of a scenario's IMS and its UE agents, made before anything runs.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use core_network::ims::hss::{Hss, HssConfig, add_subscribers, parse_subscribers};
use core_network::ims::{
    Fabric, GmSecurity, HomeNetwork, Icscf, IcscfConfig, ImsNode, ImsStore, Latency, Pcscf, PcscfConfig, Role, Scscf,
    ScscfChoice, ScscfConfig, StoreDriver, TestAs, TestAsConfig, TrustedPeer,
};
use hil::agent::sip::{AgentConfig, Authentication, SecurityMode, UeAgent};
use hil::sim::{Key, SimCard, SimUsim};
use protocol::diameter::dictionary::{APP_CX, APP_SH};
use protocol::diameter::{DiameterConfig, PeerConfig};
use protocol::sip::{HostTable, SipTimers, Target, Transport};
use protocol::{Entropy, Instant};

use super::agent::ImsUe;
use super::services;
use super::web::WebClient;
use crate::errors::CommandError;
use crate::scenario::{
    APPLICATION_SERVER, HSS, ICSCF, Identity, Ims, ImsAuth, ImsSecurity, PCSCF, SCSCF, Scenario, UeIms, VISITED_PCSCF,
    address_of,
};
use crate::setup;

/// SIP and Diameter (RFC 3261 clause 19.1.2, RFC 6733 clause 2.1).
const SIP_PORT: u16 = 5060;
const DIAMETER_PORT: u16 = 3868;

/// Nodes in their fabric, and UEs.
pub(crate) struct ImsNetwork {
    pub(crate) fabric: Fabric,
    pub(crate) ues: Vec<ImsUe>,
    impis: Vec<String>,
}

impl ImsNetwork {
    /// The IMS of a scenario, if it has one.
    pub(crate) fn new(scenario: &Scenario) -> Result<Option<Self>, CommandError> {
        let Some(ims) = &scenario.ims else { return Ok(None) };
        let made = Maker { scenario, ims }.make()?;
        Ok(Some(made))
    }

    /// Private identity of a UE.
    pub(crate) fn impi(&self, index: usize) -> String {
        self.impis.get(index).cloned().unwrap_or_default()
    }
}

/// A scenario on its way to nodes.
struct Maker<'a> {
    scenario: &'a Scenario,
    ims: &'a Ims,
}

impl Maker<'_> {
    fn make(&self) -> Result<ImsNetwork, CommandError> {
        let ms = Duration::from_millis;
        let mut fabric = Fabric::new(Latency { gm: ms(self.ims.gm_delay_ms), core: ms(self.ims.core_delay_ms) });
        let mut hss_store = ImsStore::in_memory().map_err(bench)?;
        let subscribers = parse_subscribers("subscribers of the scenario", &self.subscribers()).map_err(bench)?;
        add_subscribers(&mut hss_store, &subscribers).map_err(bench)?;
        add(&mut fabric, HSS, Role::Hss, Box::new(self.hss()), hss_store);
        let mut pcscfs = vec![(PCSCF, self.ims.domain.as_str())];
        pcscfs.extend(self.ims.visited.iter().map(|visited| (VISITED_PCSCF, visited.as_str())));
        for (name, network) in pcscfs {
            let node = Pcscf::new(self.pcscf(name, network), self.entropy(name));
            add(&mut fabric, name, Role::Pcscf, Box::new(node), memory()?);
        }
        add(&mut fabric, ICSCF, Role::Icscf, Box::new(Icscf::new(self.icscf(), self.entropy(ICSCF))), memory()?);
        let scscf = Scscf::new(self.scscf(), self.entropy(SCSCF)).map_err(bench)?;
        add(&mut fabric, SCSCF, Role::Scscf, Box::new(scscf), memory()?);
        if self.ims.has_application_server() {
            let mut config = TestAsConfig::new(&self.application_server(), sip(APPLICATION_SERVER));
            config.hosts = self.hosts();
            let node = TestAs::new(config, self.entropy(APPLICATION_SERVER)).map_err(bench)?;
            add(&mut fabric, APPLICATION_SERVER, Role::As, Box::new(node), memory()?);
        }
        services::add_all(&mut fabric, self.scenario, &self.hosts())?;
        let (mut ues, mut impis) = (Vec::new(), Vec::new());
        for ue in &self.scenario.ues {
            let (Some(own), Some(identity)) = (&ue.ims, self.scenario.ims_identity(&ue.name)) else { continue };
            fabric.add_outside(&ue.name, Role::Ue, identity.contact.ip());
            impis.push(identity.impi.clone());
            ues.push(self.ue(&ue.name, own, identity));
        }
        Ok(ImsNetwork { fabric, ues, impis })
    }

    fn entropy(&self, name: &str) -> Entropy {
        Entropy::of_box(self.scenario.seed, name)
    }

    /// Host name of a box.
    fn host(&self, name: &str) -> String {
        let own = match name {
            VISITED_PCSCF => return format!("pcscf.{}", self.ims.visited.as_deref().unwrap_or_default()),
            PCSCF => "pcscf",
            ICSCF => "icscf",
            SCSCF => "scscf",
            HSS => "hss",
            _ => "as",
        };
        format!("{own}.{}", self.ims.domain)
    }

    fn hosts(&self) -> HostTable {
        let mut hosts = HostTable::new();
        for name in [PCSCF, ICSCF, SCSCF, APPLICATION_SERVER] {
            hosts.insert(&self.host(name), sip(name), Transport::Udp);
        }
        if self.ims.visited.is_some() {
            hosts.insert(&self.host(VISITED_PCSCF), sip(VISITED_PCSCF), Transport::Udp);
        }
        for &service in &self.ims.services {
            hosts.insert(&services::host(service, &self.ims.domain), sip(service.server()), Transport::Udp);
        }
        hosts.insert(&self.ims.domain, sip(ICSCF), Transport::Udp);
        hosts
    }

    fn diameter(&self, name: &str) -> DiameterConfig {
        let domain = &self.ims.domain;
        let mut config = DiameterConfig::new(&self.host(name), domain, address_of(name), vec![APP_CX]);
        let connect = Some(SocketAddr::new(address_of(HSS), DIAMETER_PORT));
        config.peers = vec![PeerConfig { host: self.host(HSS), realm: domain.clone(), connect }];
        config
    }

    fn hss(&self) -> Hss {
        let applications = vec![APP_CX, APP_SH];
        let mut diameter = DiameterConfig::new(&self.host(HSS), &self.ims.domain, address_of(HSS), applications);
        diameter.accept_unknown = true;
        let mut config = HssConfig::new(diameter);
        config.utc_ms_at_zero = setup::utc_ms_at_zero();
        Hss::new(config, self.entropy(HSS))
    }

    fn pcscf(&self, name: &str, network: &str) -> PcscfConfig {
        // Over TLS it has sockets of its own towards UEs: CSCFs do not speak TLS among each other.
        let (gm, mw) = match self.ims.security {
            ImsSecurity::Tls => (vec![(Transport::Tls, sips(name))], both(name)),
            ImsSecurity::Off | ImsSecurity::SecAgree => (both(name), Vec::new()),
        };
        let core = [ICSCF, SCSCF, APPLICATION_SERVER].map(|name| TrustedPeer { ip: address_of(name), port: None });
        PcscfConfig {
            name: self.host(name),
            gm,
            mw,
            trusted: core.to_vec(),
            network: network.to_owned(),
            homes: vec![HomeNetwork { domain: self.ims.domain.clone(), entry: self.host(ICSCF) }],
            security: match self.ims.security {
                ImsSecurity::Off => GmSecurity::Off,
                ImsSecurity::SecAgree => GmSecurity::SecAgree,
                ImsSecurity::Tls => GmSecurity::Tls,
            },
            hosts: self.hosts(),
            timers: SipTimers::default(),
            subscribe_reg: true,
            session_expires: None,
            emergency_numbers: Vec::new(),
            utc_ms_at_zero: setup::utc_ms_at_zero(),
        }
    }

    fn icscf(&self) -> IcscfConfig {
        IcscfConfig {
            name: self.host(ICSCF),
            local: both(ICSCF),
            trusted: Vec::new(),
            domains: vec![self.ims.domain.clone()],
            scscfs: vec![ScscfChoice { uri: self.scscf_uri(), capabilities: Vec::new() }],
            numbers: Default::default(),
            hosts: self.hosts(),
            timers: SipTimers::default(),
            diameter: self.diameter(ICSCF),
            hss_realm: self.ims.domain.clone(),
            hss_host: None,
        }
    }

    fn scscf_uri(&self) -> String {
        format!("sip:{}:{SIP_PORT}", self.host(SCSCF))
    }

    fn scscf(&self) -> ScscfConfig {
        let icscf = format!("sip:{}", self.host(ICSCF));
        let mut config =
            ScscfConfig::new(&self.scscf_uri(), &self.ims.domain, sip(SCSCF), &icscf, self.diameter(SCSCF));
        config.hosts = self.hosts();
        config.utc_ms_at_zero = setup::utc_ms_at_zero();
        config
    }

    fn application_server(&self) -> String {
        format!("sip:{}:{SIP_PORT}", self.host(APPLICATION_SERVER))
    }

    /// The subscribers as the HSS reads them (TOML).
    fn subscribers(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let mut line = |words: String| _ = writeln!(text, "{words}");
        let has_profile = self.ims.has_application_server() || !self.ims.services.is_empty();
        if has_profile {
            line("[[profile]]\nname = \"all\"".into());
        }
        if self.ims.has_application_server() {
            line("[[profile.ifc]]\npriority = 0".into());
            line(format!("server = \"{}\"\ntrigger = [{{ method = \"REGISTER\" }}]", self.application_server()));
        }
        line(services::criteria(self.scenario));
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
            line(format!("[[subscriber.set]]\nimpus = [\"{}\", \"{}\"]", identity.impu, identity.tel));
            if has_profile {
                line("profile = \"all\"".into());
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

    fn ue(&self, name: &str, own: &UeIms, identity: Identity) -> ImsUe {
        let Identity { impi, impu, contact, pcscf, .. } = identity;
        let mut target = Target { transport: Transport::Udp, remote: sip(pcscf), flow: None };
        if self.ims.security == ImsSecurity::Tls {
            (target.transport, target.remote) = (Transport::Tls, sips(pcscf));
        }
        let mut config = AgentConfig::new(&impi, &impu, &self.ims.domain, target, contact);
        config.expires_s = self.ims.expires_s;
        config.subscribes = false;
        config.session.session_expires_s = self.ims.session_expires_s;
        config.security = match self.ims.security {
            ImsSecurity::Off => SecurityMode::Off,
            ImsSecurity::SecAgree => SecurityMode::SecAgree,
            ImsSecurity::Tls => SecurityMode::Tls,
        };
        let mut usim = None;
        match own.auth {
            ImsAuth::Digest => config.authentication = Authentication::Digest { password: self.password(name) },
            ImsAuth::Aka => {
                let (k, opc) = self.keys(name);
                usim = Some(SimUsim::new(&SimCard { k: Key(k), opc: Key(opc), ..SimCard::default() }));
            }
        }
        let agent = UeAgent::new(config, self.entropy(name));
        let answers_after = own.answers_after_ms.map(Duration::from_millis);
        let password = services::xdm::password(self.scenario, name);
        let web = WebClient::new(contact.ip(), &impi, password, self.entropy(&format!("{name} web")));
        ImsUe::new(name, (contact, impu, pcscf), agent, usim, answers_after, web)
    }
}

pub(super) fn add(fabric: &mut Fabric, name: &str, role: Role, node: Box<dyn ImsNode>, mut store: ImsStore) {
    let driver: StoreDriver = Box::new(move |request| store.execute(&request));
    fabric.add(Instant::ZERO, name, role, address_of(name), node, driver);
}

pub(super) fn memory() -> Result<ImsStore, CommandError> {
    ImsStore::in_memory().map_err(bench)
}

pub(super) fn sip(name: &str) -> SocketAddr {
    SocketAddr::new(address_of(name), SIP_PORT)
}

/// RFC 3261 clause 19.1.2.
fn sips(name: &str) -> SocketAddr {
    SocketAddr::new(address_of(name), SIP_PORT + 1)
}

fn both(name: &str) -> Vec<(Transport, SocketAddr)> {
    vec![(Transport::Udp, sip(name)), (Transport::Tcp, sip(name))]
}

pub(super) fn bench(error: impl std::fmt::Display) -> CommandError {
    CommandError::Bench(format!("the IMS of the scenario: {error}"))
}
