//! The nodes of a live process as `core.toml` wants them: each with sockets of its own, so that any can be another program.

mod bmsc;
mod charging;
mod conference;
mod exposure;
mod hss;
mod identity;
mod ims_as;
mod ip_message_gw;
mod mb2;
mod mbms;
mod mc_server;
mod messaging;
mod migration;
mod mms_relay;
mod presence;
mod session_server;
mod sip_network;
mod sm_sc;
mod sms;
mod xdm;
mod xmb;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use protocol::Entropy;
use protocol::diameter::charging::NodeFunctionality;
use protocol::diameter::{DiameterConfig, PeerConfig, dictionary};
use protocol::sip::{HostTable, SipTimers, Transport};

use super::config::{CoreConfig, NodeKind, PeerSection, Place, ServingNodeSection, WebPlace};
use crate::charging::CdrFolder;
use crate::ims::hss::Hss;
use crate::ims::presence::PresenceServer;
use crate::ims::relay::DiameterRelay;
use crate::ims::xdm::Shelf;
use crate::ims::{
    ConferenceServer, HomeNetwork, HssRoute, Icscf, IcscfConfig, MessagingServer, Pcscf, PcscfConfig, Scscf,
    ScscfChoice, ScscfConfig,
};
use crate::mbms::ImsAs;
use crate::net::{
    Directory, HttpListener, LiveClock, LiveNode, LiveProcess, NetLimits, NetTap, Party, Sockets, Surroundings, Tls,
    TlsFiles,
};
use crate::node::{Node, NodeStore, Role, Scoped};
use crate::sip_network::SipNetwork;
use crate::sms::IpMessageGw;
use crate::store::StoreError;

/// Time until a Diameter peer is tried again: the lab starts its boxes in any order (RFC 6733 clause 12 has 30 s).
const RETRY: Duration = Duration::from_secs(3);

/// A live process cannot start.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// A socket, a certificate or a thread cannot be had.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The settings of a node.
    #[error("{0}")]
    Settings(String),
}

/// Starts the nodes of a configuration. `folder` is where its relative paths begin.
///
/// # Errors
/// A socket that is taken, a database in use, settings that a node refuses.
pub async fn start_core(
    config: &CoreConfig,
    folder: &Path,
    mut entropy: Entropy,
    tap: Option<NetTap>,
) -> Result<LiveProcess, LiveError> {
    let clock = LiveClock::start();
    let nodes = Nodes::new(config, clock);
    let directory = nodes.directory();
    let mut live = Vec::new();
    let order = [
        NodeKind::Hss,
        NodeKind::DiameterRelay,
        NodeKind::MigrationServer,
        NodeKind::Identity,
        NodeKind::Cdf,
        NodeKind::Ocs,
        NodeKind::ImsGwf,
        NodeKind::Conference,
        NodeKind::Xdm,
        NodeKind::Presence,
        NodeKind::Messaging,
        NodeKind::SipNetwork,
        NodeKind::Scscf,
        NodeKind::Icscf,
        NodeKind::Exposure,
        NodeKind::MbmsGw,
        NodeKind::Mce,
        NodeKind::Enb,
        NodeKind::Bmsc,
        NodeKind::ImsAs,
        NodeKind::McServer,
        NodeKind::IpMessageGw,
        NodeKind::SmsGmsc,
        NodeKind::ServingNode,
        NodeKind::SmSc,
        NodeKind::MmsRelay,
        NodeKind::Pcscf,
    ];
    for kind in order.into_iter().filter(|kind| config.runs(*kind)) {
        let count = match kind {
            NodeKind::Enb => config.enb.len(),
            NodeKind::McServer => config.mc_server.len(),
            NodeKind::ServingNode => config.serving_node.len(),
            _ => 1,
        };
        for number in 0..count {
            live.push(nodes.node(kind, number, folder, entropy.split())?);
        }
    }
    let in_memory = config.database == Path::new(":memory:");
    let database = folder.join(&config.database);
    let mut store = if in_memory { NodeStore::in_memory()? } else { NodeStore::open(&database)? };
    let records = config.runs(NodeKind::Cdf).then(|| CdrFolder::open(&folder.join(&config.charging.cdf.folder)));
    let records = records.transpose()?;
    let around = Surroundings {
        clock,
        store: Box::new(move |requests| match &records {
            Some(records) => records.execute_all(&mut store, requests),
            None => store.execute_all(requests),
        }),
        http: config.http.0,
        tls: tls(config, folder, &database)?,
        limits: NetLimits::default(),
        directory,
        tap,
    };
    Ok(LiveProcess::start(live, around).await?)
}

/// Certificates of files, or the lab's own when something listens on TLS.
fn tls(config: &CoreConfig, folder: &Path, database: &Path) -> io::Result<Option<Tls>> {
    let files = match &config.tls {
        Some(section) => TlsFiles {
            certificate: folder.join(&section.certificate),
            key: folder.join(&section.key),
            authorities: folder.join(&section.authorities),
        },
        None if config.needs_tls() => {
            let sip = config.sip_places().into_iter().flat_map(|(_, _, places)| places).map(|place| place.address);
            let web = config.web_places().into_iter().flat_map(|(_, _, places)| places).map(|place| place.address);
            let mut names: Vec<String> = sip.chain(web).map(|address| address.ip().to_string()).collect();
            names.extend(config.web_places().iter().map(|(_, name, _)| format!("{name}.{}", config.domain)));
            names.push(config.domain.clone());
            names.extend(config.pcscf.name.clone());
            names.sort();
            names.dedup();
            TlsFiles::of_lab(&database.with_extension("tls"), &names)?
        }
        None => return Ok(None),
    };
    Tls::load(&files).map(Some)
}

/// Names and addresses that the nodes of one process share.
struct Nodes<'a> {
    config: &'a CoreConfig,
    hosts: HostTable,
    clock: LiveClock,
    /// Documents of the XDM server, for those that run beside it.
    shelf: Shelf,
}

impl<'a> Nodes<'a> {
    fn new(config: &'a CoreConfig, clock: LiveClock) -> Self {
        let mut nodes = Self { config, hosts: HostTable::new(), clock, shelf: Shelf::new() };
        for (kind, name, places) in config.sip_places() {
            let name = match (kind, name) {
                (NodeKind::McServer, _) => continue,
                (NodeKind::Pcscf, _) => nodes.pcscf_name(),
                (NodeKind::Icscf, _) => nodes.icscf_name(),
                (_, name) => nodes.in_domain(name.unwrap_or_default()),
            };
            add(&mut nodes.hosts, &name, places);
        }
        for (number, section) in config.mc_server.iter().enumerate().filter(|_| config.runs(NodeKind::McServer)) {
            let name = nodes.mc_server_name(number);
            add(&mut nodes.hosts, &name, &section.listen);
        }
        // The domain itself is its entry point.
        if config.runs(NodeKind::Icscf) {
            add(&mut nodes.hosts, &config.domain, &config.icscf.listen);
        }
        for (name, places) in &config.hosts {
            add(&mut nodes.hosts, name, places);
        }
        nodes
    }

    /// A node; of eNBs and MC service servers that with this number.
    fn node(&self, kind: NodeKind, number: usize, folder: &Path, mut entropy: Entropy) -> Result<LiveNode, LiveError> {
        let config = self.config;
        let mc_name = format!("mc{}", number + 1);
        let (name, role, stranger) = match kind {
            NodeKind::Pcscf => ("pcscf", Role::Pcscf, Role::Ue),
            NodeKind::Icscf => ("icscf", Role::Icscf, Role::Pcscf),
            NodeKind::Scscf => ("scscf", Role::Scscf, Role::As),
            NodeKind::Hss => ("hss", Role::Hss, Role::Scscf),
            NodeKind::Conference => ("conference", Role::As, Role::Scscf),
            NodeKind::Presence => ("presence", Role::As, Role::Scscf),
            NodeKind::Identity => ("idms", Role::Idms, Role::Ue),
            NodeKind::Cdf => ("cdf", Role::Cdf, Role::Scscf),
            NodeKind::Ocs => ("ocs", Role::Ocs, Role::As),
            NodeKind::ImsGwf => ("ims-gwf", Role::As, Role::Scscf),
            NodeKind::Messaging => ("messaging", Role::As, Role::Scscf),
            NodeKind::Xdm => ("xdms", Role::As, Role::Ue),
            NodeKind::Exposure => ("exposure", Role::Exposure, Role::Scscf),
            NodeKind::Bmsc => ("bmsc", Role::Bmsc, Role::As),
            NodeKind::MbmsGw => ("mbms-gw", Role::MbmsGw, Role::Bmsc),
            NodeKind::Mce => ("mce", Role::Mce, Role::Mce),
            NodeKind::Enb => (config.enb.get(number).map_or("enb", |enb| &enb.name), Role::Enb, Role::Enb),
            NodeKind::ImsAs => ("ims-as", Role::As, Role::Scscf),
            NodeKind::McServer => (mc_name.as_str(), Role::McServer, Role::Scscf),
            NodeKind::IpMessageGw => ("ipsmgw", Role::IpMessageGw, Role::Ue),
            NodeKind::SmsGmsc => ("sms-gmsc", Role::SmsGmsc, Role::SmSc),
            NodeKind::ServingNode => {
                let name = config.serving_node.get(number).map_or("serving-node", ServingNodeSection::name);
                (name, Role::ServingNode, Role::SmsGmsc)
            }
            NodeKind::SmSc => ("sm-sc", Role::SmSc, Role::SmsGmsc),
            NodeKind::MmsRelay => ("mmsc", Role::MmsRelay, Role::Ue),
            NodeKind::MigrationServer => ("migration", Role::MigrationServer, Role::Scscf),
            NodeKind::DiameterRelay => ("dra", Role::DiameterRelay, Role::DiameterRelay),
            // Towards UEs it is what a P-CSCF is, towards services what an S-CSCF is.
            NodeKind::SipNetwork => ("sip_network", Role::Scscf, Role::Ue),
        };
        let sip = match kind {
            NodeKind::Pcscf => [&*config.pcscf.gm, &*config.pcscf.mw].concat(),
            NodeKind::Icscf => config.icscf.listen.clone(),
            NodeKind::Scscf => config.scscf.listen.clone(),
            NodeKind::Hss => Vec::new(),
            NodeKind::Conference => config.conference.listen.clone(),
            NodeKind::ImsAs => config.ims_as.listen.clone(),
            NodeKind::McServer => {
                config.mc_server.get(number).map(|section| section.listen.clone()).unwrap_or_default()
            }
            NodeKind::Presence => config.presence.listen.clone(),
            NodeKind::ImsGwf => config.charging.gwf.listen.clone(),
            NodeKind::Messaging => config.messaging.listen.clone(),
            NodeKind::Exposure => config.exposure.sip.clone(),
            NodeKind::SipNetwork => config.sip_network.listen.clone(),
            NodeKind::Cdf | NodeKind::Ocs | NodeKind::Identity | NodeKind::Xdm => Vec::new(),
            NodeKind::Bmsc | NodeKind::MbmsGw | NodeKind::Mce | NodeKind::Enb => Vec::new(),
            NodeKind::IpMessageGw => self.ip_message_gw_places(),
            NodeKind::SmsGmsc | NodeKind::ServingNode | NodeKind::SmSc | NodeKind::MmsRelay => Vec::new(),
            NodeKind::MigrationServer | NodeKind::DiameterRelay => Vec::new(),
        };
        let http = match kind {
            NodeKind::Identity => web_sockets(&config.identity.listen),
            NodeKind::Xdm => web_sockets(&config.xdm.listen),
            NodeKind::Exposure => web_sockets(&config.exposure.listen),
            NodeKind::Bmsc => web_sockets(&self.xmb_places()),
            NodeKind::IpMessageGw => web_sockets(config.ip_message_gw.mms.as_ref().map_or(&[], |mms| &mms.listen)),
            _ => Vec::new(),
        };
        let diameter = match kind {
            NodeKind::Hss => config.hss.listen.clone(),
            NodeKind::MigrationServer => config.migration_server.listen.clone(),
            NodeKind::DiameterRelay => config.diameter_relay.listen.clone(),
            NodeKind::Cdf => config.charging.cdf.listen.clone(),
            NodeKind::Ocs => config.charging.ocs.listen.clone(),
            NodeKind::Bmsc => config.bmsc.listen.clone(),
            _ => Vec::new(),
        };
        let media = match kind {
            NodeKind::Conference => self.conference_places(),
            NodeKind::Bmsc => self.bmsc_places(),
            NodeKind::ImsAs => self.ims_as_places(),
            NodeKind::McServer => self.mc_server_places(number),
            _ => Vec::new(),
        };
        let source = sip.first().map(|place| SocketAddr::new(place.address.ip(), 0));
        let node: Box<dyn Node> = match kind {
            NodeKind::Pcscf => {
                let charging = self.charging(&self.rf_name("pcscf"), NodeFunctionality::Pcscf, entropy.split());
                Box::new(Pcscf::new(self.pcscf(), entropy).with_charging(charging))
            }
            NodeKind::Icscf => Box::new(Icscf::new(self.icscf(), entropy)),
            NodeKind::Scscf => {
                let charging = self.charging(&self.rf_name("scscf"), NodeFunctionality::Scscf, entropy.split());
                let scscf = Scscf::new(self.scscf(), entropy).map_err(LiveError::Settings)?;
                Box::new(scscf.with_charging(charging))
            }
            NodeKind::Identity => Box::new(self.identity(folder, entropy)?),
            NodeKind::Xdm => Box::new(self.xdm(folder, entropy)?),
            NodeKind::Exposure => Box::new(self.exposure(folder, entropy)?),
            NodeKind::Bmsc => Box::new(self.bmsc(entropy)?),
            NodeKind::MbmsGw => Box::new(self.mbms_gw(entropy)),
            NodeKind::Mce => Box::new(self.mce()?),
            NodeKind::Enb => Box::new(self.enb(number)?),
            NodeKind::ImsAs => {
                let server = ImsAs::new(self.ims_as()?, entropy).map_err(LiveError::Settings)?;
                Box::new(Scoped::new(name, Box::new(server)))
            }
            NodeKind::McServer => {
                Box::new(Scoped::new(&self.mc_server_name(number), Box::new(self.mc_server(number, folder, entropy)?)))
            }
            NodeKind::IpMessageGw => {
                let charging = self.sms_charging(entropy.split());
                let gateway = IpMessageGw::new(self.ip_message_gw(), entropy).map_err(LiveError::Settings)?;
                Box::new(gateway.with_charging(charging))
            }
            NodeKind::SmsGmsc => Box::new(self.sms_gmsc(entropy)?),
            NodeKind::ServingNode => Box::new(self.serving_node(number, entropy)?),
            NodeKind::SmSc => Box::new(self.sm_sc(entropy)?),
            NodeKind::MmsRelay => Box::new(self.mms_relay(entropy)?),
            // It keeps what an HSS keeps, beside the HSS of the process.
            NodeKind::MigrationServer => Box::new(Scoped::new(name, Box::new(self.migration_server(folder, entropy)?))),
            NodeKind::DiameterRelay => Box::new(DiameterRelay::new(self.diameter_relay(), entropy)),
            NodeKind::Cdf => Box::new(self.cdf(entropy)),
            NodeKind::Ocs => Box::new(self.ocs(entropy)),
            NodeKind::ImsGwf => Box::new(self.gwf(entropy)?),
            NodeKind::Hss => Box::new(Hss::new(self.hss()?, entropy)),
            NodeKind::Conference => {
                let charging = self.service_charging(name, &mut entropy);
                let server = ConferenceServer::new(self.conference(), entropy).map_err(LiveError::Settings)?;
                Box::new(server.with_charging(charging))
            }
            NodeKind::SipNetwork => {
                Box::new(SipNetwork::new(self.sip_network(folder)?, entropy).map_err(LiveError::Settings)?)
            }
            NodeKind::Presence => {
                let charging = self.service_charging(name, &mut entropy);
                let server = PresenceServer::new(self.presence(folder)?, entropy).map_err(LiveError::Settings)?;
                Box::new(server.with_charging(charging))
            }
            NodeKind::Messaging => {
                let charging = self.service_charging(name, &mut entropy);
                let server = MessagingServer::new(self.messaging(), entropy).map_err(LiveError::Settings)?;
                Box::new(server.with_charging(charging))
            }
        };
        let sockets = match kind {
            NodeKind::MbmsGw => self.mbms_gw_sockets(),
            NodeKind::Mce => self.mce_sockets(),
            NodeKind::Enb => self.enb_sockets(number),
            NodeKind::IpMessageGw => self.ip_message_gw_sockets(),
            NodeKind::SmsGmsc => self.sms_gmsc_sockets(),
            NodeKind::ServingNode => self.serving_node_sockets(number),
            NodeKind::SmSc => self.sm_sc_sockets(),
            NodeKind::MmsRelay => self.mms_relay_sockets(),
            _ => Sockets {
                sip: sockets(&sip),
                diameter,
                diameter_source: source,
                http,
                media,
                global_titles: self.global_title(kind).into_iter().collect(),
                ..Sockets::default()
            },
        };
        let client = match kind {
            NodeKind::Exposure | NodeKind::SmSc => Role::ThirdParty,
            NodeKind::Bmsc => Role::As,
            NodeKind::MbmsGw => Role::Bmsc,
            NodeKind::Mce => Role::Enb,
            NodeKind::Enb => Role::MbmsGw,
            NodeKind::SmsGmsc => Role::SmSc,
            _ => Role::Ue,
        };
        Ok(LiveNode { name: name.into(), role, stranger, client, sockets, node })
    }

    fn pcscf(&self) -> PcscfConfig {
        let section = &self.config.pcscf;
        let own = HomeNetwork {
            domain: self.config.domain.clone(),
            entry: self.config.icscf.listen.first().map_or_else(String::new, |place| place.address.to_string()),
        };
        PcscfConfig {
            name: self.pcscf_name(),
            gm: sockets(&section.gm),
            mw: sockets(&section.mw),
            trusted: section.trusted.clone(),
            network: section.network.clone().unwrap_or_else(|| self.config.domain.clone()),
            homes: if section.homes.is_empty() { vec![own] } else { section.homes.clone() },
            security: section.security,
            hosts: self.hosts.clone(),
            timers: SipTimers::default(),
            subscribe_reg: section.subscribe_reg,
            emergency_numbers: Vec::new(),
            session_expires: section.session_expires.map(|s| Duration::from_secs(s.into())),
            utc_ms_at_zero: self.clock.utc_ms_at_zero(),
        }
    }

    fn icscf(&self) -> IcscfConfig {
        let section = &self.config.icscf;
        let own = ScscfChoice { uri: self.scscf_uri(), capabilities: Vec::new() };
        let diameter = self.cx(&self.icscf_name(), address_of(&section.listen), &section.peers);
        IcscfConfig {
            name: self.icscf_name(),
            local: sockets(&section.listen),
            trusted: section.trusted.clone(),
            domains: vec![self.config.domain.clone()],
            scscfs: if section.scscfs.is_empty() { vec![own] } else { section.scscfs.clone() },
            numbers: section.numbers.clone(),
            hosts: self.hosts.clone(),
            timers: SipTimers::default(),
            hss_realm: self.realm(&section.peers),
            hss_host: self.usual_hss(&diameter, &section.hss_routes),
            diameter,
            hss_routes: section.hss_routes.clone(),
        }
    }

    fn scscf(&self) -> ScscfConfig {
        let section = &self.config.scscf;
        let host = section.origin_host.clone().unwrap_or_else(|| self.in_domain("scscf"));
        let diameter = self.cx(&host, address_of(&section.listen), &section.peers);
        let hss_host = self.usual_hss(&diameter, &section.hss_routes);
        let icscf = section.icscf.clone().unwrap_or_else(|| {
            let port = self.config.icscf.listen.first().map_or(5060, |place| place.address.port());
            format!("sip:{}:{port}", self.icscf_name())
        });
        let first = section.listen.first().map_or_else(any, |place| place.address);
        let mut config = ScscfConfig::new(&self.scscf_uri(), &self.config.domain, first, &icscf, diameter);
        config.local = sockets(&section.listen);
        config.trusted.clone_from(&section.trusted);
        config.hosts = self.hosts.clone();
        config.hss_realm = self.realm(&section.peers);
        config.hss_host = hss_host;
        config.hss_routes.clone_from(&section.hss_routes);
        config.default_expires = section.default_expires.unwrap_or(config.default_expires);
        config.min_expires = section.min_expires.unwrap_or(config.min_expires);
        config.max_expires = section.max_expires.unwrap_or(config.max_expires);
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        config
    }

    /// The Diameter side of a node; without peers of its own a CSCF has the HSS of this process.
    fn diameter(&self, host: &str, address: IpAddr, peers: &[PeerSection]) -> DiameterConfig {
        let domain = &self.config.domain;
        let mut config = self.plain_diameter(host, address);
        config.peers = peers.iter().map(|peer| peer.to_peer(domain)).collect();
        if peers.is_empty() && host != self.hss_name() && self.config.runs(NodeKind::Hss) {
            let connect = self.config.hss.listen.first().copied();
            config.peers.push(PeerConfig { host: self.hss_name(), realm: domain.clone(), connect });
        }
        config
    }

    /// The Diameter side of a CSCF: its HSS, and the migration management server of this process.
    fn cx(&self, host: &str, address: IpAddr, peers: &[PeerSection]) -> DiameterConfig {
        let mut config = self.diameter(host, address, peers);
        if self.config.runs(NodeKind::MigrationServer) && config.peers.iter().all(|p| p.host != self.migration_name()) {
            let connect = self.config.migration_server.listen.first().copied();
            config.peers.push(PeerConfig { host: self.migration_name(), realm: self.config.domain.clone(), connect });
        }
        config
    }

    /// With routes to other HSSs, the one that is meant otherwise has to be named: it is the first.
    fn usual_hss(&self, cx: &DiameterConfig, routes: &[HssRoute]) -> Option<String> {
        let is_needed = !routes.is_empty() || self.config.runs(NodeKind::MigrationServer);
        cx.peers.first().filter(|_| is_needed).map(|peer| peer.host.clone())
    }

    /// The Diameter side of a node without any peer.
    fn plain_diameter(&self, host: &str, address: IpAddr) -> DiameterConfig {
        let mut config = DiameterConfig::new(host, &self.config.domain, address, vec![dictionary::APP_CX]);
        config.retry = RETRY;
        // Seconds since 1970 fit until 2106.
        config.origin_state = u32::try_from(self.clock.utc_ms_at_zero() / 1000).unwrap_or(u32::MAX);
        config
    }

    /// The realm of the HSS: that of the first peer.
    fn realm(&self, peers: &[PeerSection]) -> String {
        peers.first().map_or_else(|| self.config.domain.clone(), |peer| peer.to_peer(&self.config.domain).realm)
    }

    fn scscf_uri(&self) -> String {
        let port = self.config.scscf.listen.first().map_or(5060, |place| place.address.port());
        self.config.scscf.uri.clone().unwrap_or_else(|| format!("sip:{}:{port}", self.in_domain("scscf")))
    }

    fn pcscf_name(&self) -> String {
        let address = || self.config.pcscf.gm.first().map_or_else(String::new, |place| host(place.address.ip()));
        self.config.pcscf.name.clone().unwrap_or_else(address)
    }

    fn icscf_name(&self) -> String {
        self.config.icscf.name.clone().unwrap_or_else(|| self.in_domain("icscf"))
    }

    fn hss_name(&self) -> String {
        self.config.hss.origin_host.clone().unwrap_or_else(|| self.in_domain("hss"))
    }

    fn in_domain(&self, name: &str) -> String {
        format!("{name}.{}", self.config.domain)
    }

    /// Boxes that are not run here, by what they are used as.
    fn directory(&self) -> Directory {
        let directory = Directory::default();
        let config = self.config;
        for peer in &config.sm_sc.message_centres {
            directory.insert(peer.connect, Party { role: Role::SmsGmsc, name: peer.name.clone(), own: false });
        }
        for peer in &config.sm_sc.smscs {
            directory.insert(peer.connect, Party { role: Role::SmSc, name: peer.name.clone(), own: false });
        }
        for (address, gateway) in config.bmsc.gateways.iter().filter_map(|gateway| Some((gateway.connect?, gateway))) {
            directory.insert(address, Party { role: Role::MbmsGw, name: gateway.host.clone(), own: false });
        }
        let mces = self.config.enb.iter().filter_map(|enb| Some((enb.mce?, Role::Mce, "mce")));
        for (address, role, name) in config.mce.gateway.map(|at| (at, Role::MbmsGw, "mbms-gw")).into_iter().chain(mces)
        {
            directory.insert(address, Party { role, name: name.to_owned(), own: false });
        }
        self.mms_directory(&directory);
        self.migration_directory(&directory);
        let peers = config.icscf.peers.iter().chain(&config.scscf.peers);
        for (address, peer) in peers.filter_map(|peer| Some((peer.connect?, peer))) {
            directory.insert(address, Party { role: Role::Hss, name: peer.host.clone(), own: false });
        }
        directory
    }
}

fn add(hosts: &mut HostTable, name: &str, places: &[Place]) {
    for Place { transport, address } in places {
        hosts.insert(name, *address, *transport);
        hosts.insert(&format!("{name}:{}", address.port()), *address, *transport);
    }
}

fn web_sockets(places: &[WebPlace]) -> Vec<HttpListener> {
    places.iter().map(|&WebPlace { is_secure, address }| HttpListener { is_secure, address }).collect()
}

fn sockets(places: &[Place]) -> Vec<(Transport, SocketAddr)> {
    places.iter().map(|place| (place.transport, place.address)).collect()
}

fn address_of(places: &[Place]) -> IpAddr {
    places.first().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |place| place.address.ip())
}

fn any() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)
}

/// An address as the host part of a URI.
fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}
