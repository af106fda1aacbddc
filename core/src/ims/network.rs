//! A home network whose boxes run in one process (TS 23.228 clause 4): what they are called, where they are, and the
//! configurations of its nodes, which name each other.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use protocol::diameter::dictionary::APP_CX;
use protocol::diameter::{DiameterConfig, PeerConfig};
use protocol::sip::{HostTable, SipTimers, Transport};
use serde::{Deserialize, Serialize};

use super::hss::HssConfig;
use super::service::SessionServerConfig;
use super::{GmSecurity, HomeNetwork, HssRoute, IcscfConfig, PcscfConfig, ScscfChoice, ScscfConfig, TrustedPeer};
use crate::mbms::{ImsAsConfig, ImsGroup, Mb2Config};
use crate::node::Role;

/// RFC 6733 clause 2.1.
const DIAMETER_PORT: u16 = 3868;
/// RFC 3261 clause 19.1.2.
const SIP_PORT: u16 = 5060;
/// Networks of 10.0.0.0/8 that a system has: home, visited, and room.
const NETWORKS_PER_SYSTEM: u8 = 16;

/// A box of the network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum NetworkBox {
    /// P-CSCF of the home network.
    Pcscf,
    /// P-CSCF of a visited network.
    VisitedPcscf,
    /// I-CSCF.
    Icscf,
    /// S-CSCF.
    Scscf,
    /// HSS.
    Hss,
    /// An application server.
    As,
    /// Presence server.
    Presence,
    /// XDM server.
    Xdms,
    /// Conference server.
    Conference,
    /// Messaging server.
    Messaging,
    /// Charging data function.
    Cdf,
    /// Online charging system.
    Ocs,
    /// IMS gateway function.
    Gwf,
    /// Identity server of mission critical users.
    Idms,
    /// Exposure to third parties.
    Exposure,
    /// The node of a plain SIP network.
    SipProxy,
    /// IMS AS for group sessions over MBMS (TR 23.847).
    ImsAs,
    /// MC service servers (TS 23.280 clause 7.4.2.3): the first of them.
    McServer1,
    /// The second.
    McServer2,
    /// The third.
    McServer3,
    /// The fourth.
    McServer4,
    /// IP-Message-GW (TR 23.804 clause 5.1.1).
    IpMessageGw,
    /// SMS-GMSC and SMS-IWMSC (TS 23.040 clause 3.1).
    SmsGmsc,
    /// SM-SC.
    SmSc,
    /// MSC.
    Msc,
    /// SGSN.
    Sgsn,
    /// MMS Relay/Server (TS 23.140 clause 4.3).
    MmsRelay,
    /// The MMS Relay/Server of another network.
    FarMmsRelay,
    /// Migration management server (TS 23.280 clause 10.1.6.2).
    MigrationServer,
    /// Diameter relay agent (RFC 6733 clause 2.8.1).
    DiameterRelay,
    /// BM-SC.
    Bmsc,
    /// MBMS-GW.
    MbmsGw,
    /// MCE.
    Mce,
    /// A content provider outside of the network (TS 29.116).
    ContentProvider,
}

impl NetworkBox {
    /// First label of its host name, its role, third and last octet of its address.
    const fn place(self) -> (&'static str, Role, u8, u8) {
        match self {
            Self::Pcscf => ("pcscf", Role::Pcscf, 46, 1),
            Self::VisitedPcscf => ("pcscf", Role::Pcscf, 47, 1),
            Self::Icscf => ("icscf", Role::Icscf, 46, 2),
            Self::Scscf => ("scscf", Role::Scscf, 46, 3),
            Self::Hss => ("hss", Role::Hss, 46, 4),
            Self::As => ("as", Role::As, 46, 5),
            Self::Presence => ("presence", Role::As, 46, 11),
            Self::Xdms => ("xdms", Role::As, 46, 12),
            Self::Conference => ("conference", Role::As, 46, 13),
            Self::Messaging => ("messaging", Role::As, 46, 14),
            Self::Cdf => ("cdf", Role::Cdf, 46, 15),
            Self::Ocs => ("ocs", Role::Ocs, 46, 16),
            Self::Gwf => ("ims-gwf", Role::As, 46, 17),
            Self::Idms => ("idms", Role::Idms, 46, 18),
            Self::Exposure => ("exposure", Role::Exposure, 46, 19),
            // Towards UEs it is what a P-CSCF is, towards services what an S-CSCF is.
            Self::SipProxy => ("proxy", Role::Scscf, 48, 1),
            Self::ImsAs => ("ims-as", Role::As, 46, 21),
            Self::McServer1 => ("mc1", Role::McServer, 46, 51),
            Self::McServer2 => ("mc2", Role::McServer, 46, 52),
            Self::McServer3 => ("mc3", Role::McServer, 46, 53),
            Self::McServer4 => ("mc4", Role::McServer, 46, 54),
            Self::IpMessageGw => ("ip-message-gw", Role::IpMessageGw, 46, 61),
            Self::SmsGmsc => ("sms-gmsc", Role::SmsGmsc, 46, 62),
            Self::SmSc => ("sm-sc", Role::SmSc, 46, 63),
            Self::Msc => ("msc", Role::ServingNode, 46, 64),
            Self::Sgsn => ("sgsn", Role::ServingNode, 46, 65),
            Self::MmsRelay => ("mmsc", Role::MmsRelay, 46, 71),
            Self::FarMmsRelay => ("far-mmsc", Role::MmsRelay, 47, 71),
            Self::MigrationServer => ("migration", Role::MigrationServer, 46, 81),
            Self::DiameterRelay => ("dra", Role::DiameterRelay, 46, 82),
            Self::Bmsc => ("bmsc", Role::Bmsc, 46, 31),
            Self::MbmsGw => ("mbms-gw", Role::MbmsGw, 46, 32),
            Self::Mce => ("mce", Role::Mce, 46, 33),
            Self::ContentProvider => ("provider", Role::ThirdParty, 46, 41),
        }
    }

    /// First label of its host name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        self.place().0
    }

    /// What it is.
    #[must_use]
    pub const fn role(self) -> Role {
        self.place().1
    }

    /// Its address in the first system.
    #[must_use]
    pub const fn ip(self) -> IpAddr {
        self.ip_in(0)
    }

    /// Its address in the system of this number: each has networks of its own.
    #[must_use]
    pub const fn ip_in(self, system: u8) -> IpAddr {
        let (_, _, network, own) = self.place();
        IpAddr::V4(Ipv4Addr::new(10, network.wrapping_add(NETWORKS_PER_SYSTEM.wrapping_mul(system)), 0, own))
    }

    /// Its port of SIP in the first system (RFC 3261 clause 19.1.2).
    #[must_use]
    pub const fn sip(self) -> SocketAddr {
        SocketAddr::new(self.ip(), SIP_PORT)
    }

    /// Its port of SIP in the first system, over UDP and TCP.
    #[must_use]
    pub fn sockets(self) -> Vec<(Transport, SocketAddr)> {
        vec![(Transport::Udp, self.sip()), (Transport::Tcp, self.sip())]
    }
}

/// What leads requests in a network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkCore {
    /// CSCFs and an HSS.
    #[default]
    Ims,
    /// The one node of a plain SIP network (RFC 3261).
    Sip,
}

impl NetworkCore {
    /// Boxes that lead requests, the first that UEs come to first, and that which leads to users last.
    const fn boxes(self) -> &'static [NetworkBox] {
        match self {
            Self::Ims => &[NetworkBox::Pcscf, NetworkBox::Icscf, NetworkBox::Scscf],
            Self::Sip => &[NetworkBox::SipProxy],
        }
    }

    /// Where requests to users go that come from no user.
    #[must_use]
    pub const fn entry(self) -> NetworkBox {
        match self {
            Self::Ims => NetworkBox::Icscf,
            Self::Sip => NetworkBox::SipProxy,
        }
    }

    /// What requests of users come to services from.
    #[must_use]
    pub const fn asserts(self) -> NetworkBox {
        match self {
            Self::Ims => NetworkBox::Scscf,
            Self::Sip => NetworkBox::SipProxy,
        }
    }
}

/// A home network: its core and what else there is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NetworkPlan {
    /// What leads requests.
    pub core: NetworkCore,
    /// Home domain.
    pub domain: String,
    /// Domain of a visited network, if there is one.
    pub visited: Option<String>,
    /// Application servers.
    pub servers: Vec<NetworkBox>,
    /// UTC at the start of the run, in milliseconds.
    pub utc_ms_at_zero: u64,
    /// Which of several systems in one run it is, from 0: its addresses are those of no other.
    pub system: u8,
    /// Name of the system before the names of its boxes; none: they have none.
    pub name: Option<String>,
    /// Identities whose HSS is the migration management server, as [`HssRoute::identities`] has them.
    pub migrants: Vec<String>,
}

impl NetworkPlan {
    /// An IMS without a visited network.
    #[must_use]
    pub fn new(domain: &str, servers: &[NetworkBox], utc_ms_at_zero: u64) -> Self {
        let (core, domain, servers) = (NetworkCore::Ims, domain.to_owned(), servers.to_vec());
        let (visited, name, migrants) = Default::default();
        Self { core, domain, visited, servers, utc_ms_at_zero, system: 0, name, migrants }
    }

    /// A plain SIP network.
    #[must_use]
    pub fn sip(domain: &str, servers: &[NetworkBox], utc_ms_at_zero: u64) -> Self {
        Self { core: NetworkCore::Sip, ..Self::new(domain, servers, utc_ms_at_zero) }
    }

    /// Host name of a box.
    #[must_use]
    pub fn host(&self, own: NetworkBox) -> String {
        format!("{}.{}", own.label(), self.network_of(own))
    }

    /// Name of a box in the run: its label, after that of the system.
    #[must_use]
    pub fn box_name(&self, own: NetworkBox) -> String {
        self.name.as_ref().map_or_else(|| own.label().to_owned(), |name| format!("{name}.{}", own.label()))
    }

    /// Address of a box in this system.
    #[must_use]
    pub const fn ip(&self, own: NetworkBox) -> IpAddr {
        own.ip_in(self.system)
    }

    /// Its port of SIP.
    #[must_use]
    pub const fn sip_of(&self, own: NetworkBox) -> SocketAddr {
        SocketAddr::new(self.ip(own), SIP_PORT)
    }

    /// Its port of SIP, over UDP and TCP.
    #[must_use]
    pub fn sockets(&self, own: NetworkBox) -> Vec<(Transport, SocketAddr)> {
        [Transport::Udp, Transport::Tcp].map(|transport| (transport, self.sip_of(own))).to_vec()
    }

    fn network_of(&self, own: NetworkBox) -> &str {
        self.visited.as_deref().filter(|_| own == NetworkBox::VisitedPcscf).unwrap_or(&self.domain)
    }

    /// SIP URI of the box that requests to users go to which come from no user.
    #[must_use]
    pub fn entry(&self) -> String {
        format!("sip:{}", self.host(self.core.entry()))
    }

    /// Names and addresses; the domain itself is that of the entry.
    #[must_use]
    pub fn hosts(&self) -> HostTable {
        let mut hosts = HostTable::new();
        let visited = self.visited.as_ref().map(|_| NetworkBox::VisitedPcscf);
        for own in self.core.boxes().iter().chain(&visited).chain(&self.servers) {
            hosts.insert(&self.host(*own), self.sip_of(*own), Transport::Udp);
        }
        hosts.insert(&self.domain, self.sip_of(self.core.entry()), Transport::Udp);
        hosts
    }

    /// Boxes that speak SIP in the core, behind the first that UEs come to.
    #[must_use]
    pub fn trusted(&self) -> Vec<TrustedPeer> {
        let all = self.core.boxes().iter().skip_while(|own| **own == NetworkBox::Pcscf).chain(&self.servers);
        all.map(|own| TrustedPeer { ip: self.ip(*own), port: None }).collect()
    }

    /// Diameter of a box that connects to another one.
    #[must_use]
    pub fn diameter(&self, own: NetworkBox, to: NetworkBox) -> DiameterConfig {
        let mut config = DiameterConfig::new(&self.host(own), &self.domain, self.ip(own), vec![APP_CX]);
        config.peers = vec![self.diameter_peer(to, true)];
        config
    }

    /// Diameter of a box that others connect to.
    #[must_use]
    pub fn diameter_server(&self, own: NetworkBox) -> DiameterConfig {
        let mut config = DiameterConfig::new(&self.host(own), &self.domain, self.ip(own), vec![APP_CX]);
        config.accept_unknown = true;
        config
    }

    /// A box as Diameter peer: connected to, or one that connects.
    pub(crate) fn diameter_peer(&self, to: NetworkBox, connects: bool) -> PeerConfig {
        let connect = connects.then(|| SocketAddr::new(self.ip(to), DIAMETER_PORT));
        PeerConfig { host: self.host(to), realm: self.domain.clone(), connect }
    }

    /// HSS.
    #[must_use]
    pub fn hss(&self) -> HssConfig {
        let mut config = HssConfig::new(self.diameter_server(NetworkBox::Hss));
        config.utc_ms_at_zero = self.utc_ms_at_zero;
        if self.has_migration() {
            config.migration_servers = vec![self.host(NetworkBox::MigrationServer)];
        }
        config
    }

    /// P-CSCF of the home network, or of the visited one.
    #[must_use]
    pub fn pcscf(&self, own: NetworkBox) -> PcscfConfig {
        PcscfConfig {
            name: self.host(own),
            gm: self.sockets(own),
            mw: Vec::new(),
            trusted: self.trusted(),
            network: self.network_of(own).to_owned(),
            homes: vec![HomeNetwork { domain: self.domain.clone(), entry: self.host(self.core.entry()) }],
            security: GmSecurity::Off,
            hosts: self.hosts(),
            timers: SipTimers::default(),
            subscribe_reg: true,
            session_expires: None,
            emergency_numbers: Vec::new(),
            utc_ms_at_zero: self.utc_ms_at_zero,
        }
    }

    /// I-CSCF.
    #[must_use]
    pub fn icscf(&self) -> IcscfConfig {
        IcscfConfig {
            name: self.host(NetworkBox::Icscf),
            local: self.sockets(NetworkBox::Icscf),
            trusted: Vec::new(),
            domains: vec![self.domain.clone()],
            scscfs: vec![ScscfChoice { uri: self.scscf_uri(), capabilities: Vec::new() }],
            numbers: Default::default(),
            hosts: self.hosts(),
            timers: SipTimers::default(),
            diameter: self.cx(NetworkBox::Icscf),
            hss_realm: self.domain.clone(),
            hss_host: self.has_migration().then(|| self.host(NetworkBox::Hss)),
            hss_routes: self.hss_routes(),
        }
    }

    /// S-CSCF.
    #[must_use]
    pub fn scscf(&self) -> ScscfConfig {
        let own = NetworkBox::Scscf;
        let cx = self.cx(own);
        let mut config = ScscfConfig::new(&self.scscf_uri(), &self.domain, self.sip_of(own), &self.entry(), cx);
        (config.hosts, config.utc_ms_at_zero) = (self.hosts(), self.utc_ms_at_zero);
        (config.hss_host, config.hss_routes) =
            (self.has_migration().then(|| self.host(NetworkBox::Hss)), self.hss_routes());
        config
    }

    /// SIP and media of a server that ends sessions.
    #[must_use]
    pub fn session_server(&self, own: NetworkBox) -> SessionServerConfig {
        let mut config = SessionServerConfig::new(&self.host(own), &self.domain, self.sip_of(own));
        (config.hosts, config.trusted, config.entry) = (self.hosts(), self.trusted(), Some(self.entry()));
        config
    }

    /// IMS AS for group sessions, with MBMS bearers of the BM-SC of the network.
    #[must_use]
    pub fn ims_as(&self, groups: Vec<ImsGroup>) -> ImsAsConfig {
        let own = NetworkBox::ImsAs;
        let mut config = ImsAsConfig::new(self.session_server(own));
        config.groups = groups;
        let diameter = self.diameter(own, NetworkBox::Bmsc);
        config.mb2 = Some(Mb2Config::new(diameter, &self.host(NetworkBox::Bmsc), self.ip(own)));
        config
    }

    fn scscf_uri(&self) -> String {
        format!("sip:{}:{SIP_PORT}", self.host(NetworkBox::Scscf))
    }

    /// Whether users of other systems come here, and go there.
    fn has_migration(&self) -> bool {
        self.servers.contains(&NetworkBox::MigrationServer)
    }

    fn hss_routes(&self) -> Vec<HssRoute> {
        let own = HssRoute {
            identities: self.migrants.clone(),
            host: self.host(NetworkBox::MigrationServer),
            realm: self.domain.clone(),
        };
        if self.has_migration() && !self.migrants.is_empty() { vec![own] } else { Vec::new() }
    }

    /// Cx of a CSCF: the HSS, and the migration management server, where there is one.
    fn cx(&self, own: NetworkBox) -> DiameterConfig {
        let mut config = self.diameter(own, NetworkBox::Hss);
        config.peers.extend(self.has_migration().then(|| self.diameter_peer(NetworkBox::MigrationServer, true)));
        config
    }
}
