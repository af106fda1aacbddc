//! `core.toml`: which nodes a live process runs, where, and with whom. Everything has a default on loopback.

mod charging;
mod conference;
mod messaging;
mod presence;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use protocol::diameter::PeerConfig;
use protocol::sip::Transport;
use serde::Deserialize;

use super::{GmSecurity, HomeNetwork, ScscfChoice, TrustedPeer};
pub use charging::{AccountSection, CdfSection, ChargingSection, GwfSection, OcsSection};
pub use conference::ConferenceSection;
pub use messaging::MessagingSection;
pub use presence::{PresenceSection, WithoutRules};

/// The home domain of the test network: MCC 001, MNC 001 (TS 23.003 clause 13.2).
pub const TEST_DOMAIN: &str = "ims.mnc001.mcc001.3gppnetwork.org";

/// Settings of a live process.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CoreConfig {
    /// The home domain.
    pub domain: String,
    /// The nodes that run here.
    pub nodes: Vec<NodeKind>,
    /// The file with everything that outlives the process; `:memory:` keeps nothing.
    pub database: PathBuf,
    /// Where /health and /metrics are; `off` for nowhere.
    pub http: HttpPlace,
    /// Addresses of hosts that are not run here, for there is no DNS: `"scscf.example" = ["udp:192.0.2.1:5060"]`.
    pub hosts: BTreeMap<String, Vec<Place>>,
    /// Certificates; without them the lab's own are made beside the database when something listens on TLS.
    pub tls: Option<TlsSection>,
    /// The P-CSCF.
    pub pcscf: PcscfSection,
    /// The I-CSCF.
    pub icscf: IcscfSection,
    /// The S-CSCF.
    pub scscf: ScscfSection,
    /// The HSS.
    pub hss: HssSection,
    /// The conference server.
    pub conference: ConferenceSection,
    /// The presence server.
    pub presence: PresenceSection,
    /// Charging.
    pub charging: ChargingSection,
    /// The messaging server.
    pub messaging: MessagingSection,
}

impl Default for CoreConfig {
    fn default() -> Self {
        Self {
            domain: TEST_DOMAIN.into(),
            nodes: vec![NodeKind::Pcscf, NodeKind::Icscf, NodeKind::Scscf, NodeKind::Hss],
            database: "core.sqlite".into(),
            http: HttpPlace(Some(loopback(8080))),
            hosts: BTreeMap::new(),
            tls: None,
            pcscf: PcscfSection::default(),
            icscf: IcscfSection::default(),
            scscf: ScscfSection::default(),
            hss: HssSection::default(),
            conference: ConferenceSection::default(),
            presence: PresenceSection::default(),
            charging: ChargingSection::default(),
            messaging: MessagingSection::default(),
        }
    }
}

/// A node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// P-CSCF.
    Pcscf,
    /// I-CSCF.
    Icscf,
    /// S-CSCF.
    Scscf,
    /// HSS.
    Hss,
    /// Conference server.
    Conference,
    /// Presence server.
    Presence,
    /// Charging data function.
    Cdf,
    /// Online charging system.
    Ocs,
    /// IMS gateway function: online charging of calls and messages.
    ImsGwf,
    /// Messaging server.
    Messaging,
}

/// Files of a certificate, PEM.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSection {
    /// The chain, own certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
    /// Authorities whose certificates peers may have.
    pub authorities: PathBuf,
}

/// Settings of the P-CSCF.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PcscfSection {
    /// Its host name in URIs; none: its address.
    pub name: Option<String>,
    /// Where UEs find it.
    pub gm: Vec<Place>,
    /// Where the core finds it; with no box in `trusted`, who comes here is trusted.
    pub mw: Vec<Place>,
    /// Boxes of the core: who else comes to `mw` is turned away, who else comes to `gm` is a UE.
    pub trusted: Vec<TrustedPeer>,
    /// Its network in P-Visited-Network-ID; none: the home domain.
    pub network: Option<String>,
    /// Networks whose users it serves; none: the home domain, by the I-CSCF of this process.
    pub homes: Vec<HomeNetwork>,
    /// How Gm is protected: `off`, `sec_agree`, `tls`.
    pub security: GmSecurity,
    /// It subscribes to the registration state of its users.
    pub subscribe_reg: bool,
    /// Session timer that it asks for, seconds; none: only what UEs ask for.
    pub session_expires: Option<u32>,
}

impl Default for PcscfSection {
    fn default() -> Self {
        Self {
            name: None,
            gm: both(5060),
            mw: both(5062),
            trusted: Vec::new(),
            network: None,
            homes: Vec::new(),
            security: GmSecurity::Off,
            subscribe_reg: true,
            session_expires: None,
        }
    }
}

/// Settings of the I-CSCF.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IcscfSection {
    /// Its host name in URIs and its Origin-Host; none: `icscf` in the domain.
    pub name: Option<String>,
    /// Where it listens.
    pub listen: Vec<Place>,
    /// Boxes of trusted networks; none: all are trusted, which only loopback addresses may be told.
    pub trusted: Vec<TrustedPeer>,
    /// S-CSCFs that it may assign; none: the one of this process.
    pub scscfs: Vec<ScscfChoice>,
    /// Numbers and the SIP URIs that they belong to, where the HSS does not know them: there is no ENUM.
    pub numbers: BTreeMap<String, String>,
    /// Diameter peers; none: the HSS of this process.
    pub peers: Vec<PeerSection>,
}

impl Default for IcscfSection {
    fn default() -> Self {
        let (trusted, scscfs, numbers, peers) = Default::default();
        Self { name: None, listen: both(5070), trusted, scscfs, numbers, peers }
    }
}

/// Settings of the S-CSCF.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScscfSection {
    /// Its SIP URI, its Server-Name on Cx; none: `scscf` in the domain, with its port.
    pub uri: Option<String>,
    /// Where it listens.
    pub listen: Vec<Place>,
    /// CSCFs and application servers; none: all are trusted, which only loopback addresses may be told.
    pub trusted: Vec<TrustedPeer>,
    /// Its Origin-Host; none: `scscf` in the domain.
    pub origin_host: Option<String>,
    /// URI of the I-CSCF that requests for users of the home network go to; none: the one of this process.
    pub icscf: Option<String>,
    /// Diameter peers; none: the HSS of this process.
    pub peers: Vec<PeerSection>,
    /// Expiry of a registration when the UE asks for none, seconds.
    pub default_expires: Option<u32>,
    /// The shortest expiry that is accepted, seconds.
    pub min_expires: Option<u32>,
    /// The longest expiry that is given, seconds.
    pub max_expires: Option<u32>,
}

impl Default for ScscfSection {
    fn default() -> Self {
        Self {
            uri: None,
            listen: both(5080),
            trusted: Vec::new(),
            origin_host: None,
            icscf: None,
            peers: Vec::new(),
            default_expires: None,
            min_expires: None,
            max_expires: None,
        }
    }
}

/// Settings of the HSS.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HssSection {
    /// Its Origin-Host; none: `hss` in the domain.
    pub origin_host: Option<String>,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// Diameter peers besides the CSCFs of this process.
    pub peers: Vec<PeerSection>,
    /// Whether peers may connect that are not known.
    pub accept_unknown: bool,
}

impl Default for HssSection {
    fn default() -> Self {
        Self { origin_host: None, listen: vec![loopback(3868)], peers: Vec::new(), accept_unknown: false }
    }
}

/// A Diameter peer.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerSection {
    /// Its Origin-Host.
    pub host: String,
    /// Its Origin-Realm; none: the home domain.
    pub realm: Option<String>,
    /// Where it is; none: it connects to us.
    pub connect: Option<SocketAddr>,
}

impl PeerSection {
    /// The peer as the endpoint wants it.
    #[must_use]
    pub fn to_peer(&self, domain: &str) -> PeerConfig {
        let realm = self.realm.clone().unwrap_or_else(|| domain.to_owned());
        PeerConfig { host: self.host.clone(), realm, connect: self.connect }
    }
}

/// A transport and an address: `udp:127.0.0.1:5060`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Place {
    /// How.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
}

/// A place that is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is no transport and address: udp:ADDRESS:PORT, tcp:ADDRESS:PORT or tls:ADDRESS:PORT")]
pub struct ParsePlaceError(String);

impl FromStr for Place {
    type Err = ParsePlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParsePlaceError(text.to_owned());
        let (transport, address) = text.split_once(':').ok_or_else(wrong)?;
        let transport = match transport {
            "udp" => Transport::Udp,
            "tcp" => Transport::Tcp,
            "tls" => Transport::Tls,
            _ => return Err(wrong()),
        };
        Ok(Self { transport, address: address.parse().map_err(|_| wrong())? })
    }
}

impl TryFrom<String> for Place {
    type Error = ParsePlaceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport, self.address)
    }
}

/// Where HTTP is served, or that it is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct HttpPlace(pub Option<SocketAddr>);

impl TryFrom<String> for HttpPlace {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "off" {
            return Ok(Self(None));
        }
        text.parse().map(|address| Self(Some(address))).map_err(|_| format!("{text:?} is neither ADDRESS:PORT nor off"))
    }
}

/// What is wrong with a configuration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CoreConfigError {
    /// It is not TOML, or has a key or a value that is not known.
    #[error("{0}")]
    Toml(String),
    /// It contradicts itself or lacks something.
    #[error("{0}")]
    Settings(String),
}

impl CoreConfig {
    /// Reads `core.toml`.
    ///
    /// # Errors
    /// A key that is not known, a value that cannot be, settings that do not go together.
    pub fn parse(text: &str) -> Result<Self, CoreConfigError> {
        let config: Self = toml::from_str(text).map_err(|e| CoreConfigError::Toml(e.to_string()))?;
        config.check().map_err(CoreConfigError::Settings)?;
        Ok(config)
    }

    /// Whether a node runs here.
    #[must_use]
    pub fn runs(&self, node: NodeKind) -> bool {
        self.nodes.contains(&node)
    }

    /// Whether something listens on TLS here.
    #[must_use]
    pub fn needs_tls(&self) -> bool {
        let places = [
            (NodeKind::Pcscf, &self.pcscf.gm),
            (NodeKind::Pcscf, &self.pcscf.mw),
            (NodeKind::Icscf, &self.icscf.listen),
            (NodeKind::Scscf, &self.scscf.listen),
            (NodeKind::Conference, &self.conference.listen),
            (NodeKind::Presence, &self.presence.listen),
            (NodeKind::ImsGwf, &self.charging.gwf.listen),
            (NodeKind::Messaging, &self.messaging.listen),
        ];
        places
            .iter()
            .any(|(node, places)| self.runs(*node) && places.iter().any(|place| place.transport == Transport::Tls))
    }

    fn check(&self) -> Result<(), String> {
        if self.nodes.is_empty() {
            return Err(
                "nodes = [] runs nothing: name pcscf, icscf, scscf, hss, conference, messaging, presence, cdf, ocs or ims_gwf"
                    .into(),
            );
        }
        let empty = [
            (NodeKind::Pcscf, self.pcscf.gm.is_empty(), "pcscf.gm"),
            (NodeKind::Pcscf, self.pcscf.mw.is_empty() && self.pcscf.trusted.is_empty(), "pcscf.mw"),
            (NodeKind::Icscf, self.icscf.listen.is_empty(), "icscf.listen"),
            (NodeKind::Scscf, self.scscf.listen.is_empty(), "scscf.listen"),
            (NodeKind::Hss, self.hss.listen.is_empty(), "hss.listen"),
            (NodeKind::Conference, self.conference.listen.is_empty(), "conference.listen"),
            (NodeKind::Presence, self.presence.listen.is_empty(), "presence.listen"),
            (NodeKind::Cdf, self.charging.cdf.listen.is_empty(), "charging.cdf.listen"),
            (NodeKind::Ocs, self.charging.ocs.listen.is_empty(), "charging.ocs.listen"),
            (NodeKind::ImsGwf, self.charging.gwf.listen.is_empty(), "charging.gwf.listen"),
            (NodeKind::Messaging, self.messaging.listen.is_empty(), "messaging.listen"),
        ];
        if let Some((_, _, key)) = empty.iter().find(|(node, empty, _)| self.runs(*node) && *empty) {
            return Err(format!("{key} is empty: give at least one address"));
        }
        if self.runs(NodeKind::Pcscf)
            && self.pcscf.security == GmSecurity::Tls
            && !self.pcscf.gm.iter().any(|place| place.transport == Transport::Tls)
        {
            return Err("security = \"tls\" needs a tls: address in pcscf.gm".into());
        }
        // Whoever reaches such a place may say who is registered (TS 24.229 clause 4.4: the trust domain).
        let trusting = [
            (NodeKind::Pcscf, &self.pcscf.mw, &self.pcscf.trusted, "pcscf"),
            (NodeKind::Icscf, &self.icscf.listen, &self.icscf.trusted, "icscf"),
            (NodeKind::Scscf, &self.scscf.listen, &self.scscf.trusted, "scscf"),
            (NodeKind::Conference, &self.conference.listen, &self.conference.trusted, "conference"),
            (NodeKind::Presence, &self.presence.listen, &self.presence.trusted, "presence"),
            (NodeKind::ImsGwf, &self.charging.gwf.listen, &self.charging.gwf.trusted, "charging.gwf"),
            (NodeKind::Messaging, &self.messaging.listen, &self.messaging.trusted, "messaging"),
        ];
        for (node, places, trusted, section) in trusting {
            let open = places.iter().find(|place| !place.address.ip().is_loopback());
            if let Some(place) = open.filter(|_| self.runs(node) && trusted.is_empty()) {
                return Err(format!(
                    "{section} listens on {place}, where anybody could speak for its users: name the boxes of the core in {section}.trusted"
                ));
            }
        }
        let missing = [
            (NodeKind::Pcscf, self.pcscf.homes.is_empty(), NodeKind::Icscf, "[[pcscf.homes]] with domain and entry"),
            (NodeKind::Icscf, self.icscf.scscfs.is_empty(), NodeKind::Scscf, "[[icscf.scscfs]] with uri"),
            (NodeKind::Icscf, self.icscf.peers.is_empty(), NodeKind::Hss, "[[icscf.peers]] with host and connect"),
            (NodeKind::Scscf, self.scscf.peers.is_empty(), NodeKind::Hss, "[[scscf.peers]] with host and connect"),
            (NodeKind::Scscf, self.scscf.icscf.is_none(), NodeKind::Icscf, "scscf.icscf"),
            (
                NodeKind::ImsGwf,
                self.charging.gwf.peers.is_empty(),
                NodeKind::Ocs,
                "[[charging.gwf.peers]] with host and connect",
            ),
        ];
        for (node, unset, needs, key) in missing {
            if self.runs(node) && unset && !self.runs(needs) {
                return Err(format!("{node:?} runs here and {needs:?} does not: say where it is with {key}"));
            }
        }
        Ok(())
    }
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

fn both(port: u16) -> Vec<Place> {
    [Transport::Udp, Transport::Tcp].map(|transport| Place { transport, address: loopback(port) }).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_needed_and_all_can_be_said() {
        assert_eq!(CoreConfig::parse("").unwrap(), CoreConfig::default());
        let text = "
            domain = 'ims.example'
            nodes = ['scscf']
            database = ':memory:'
            http = 'off'
            [hosts]
            'icscf.ims.example' = ['udp:192.0.2.1:5060', 'tcp:192.0.2.1:5060']
            [scscf]
            listen = ['udp:127.0.0.1:0']
            icscf = 'sip:icscf.ims.example'
            peers = [{ host = 'relay.example', realm = 'example', connect = '127.0.0.1:3870' }]";
        let config = CoreConfig::parse(text).unwrap();
        assert!(config.runs(NodeKind::Scscf) && !config.runs(NodeKind::Hss));
        assert_eq!(config.http, HttpPlace(None));
        assert_eq!(config.scscf.peers[0].to_peer("ims.example").realm, "example");
        assert_eq!(config.hosts["icscf.ims.example"][1].to_string(), "tcp:192.0.2.1:5060");
        assert!(!config.needs_tls());
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_do() {
        for (text, said) in [
            ("domian = 'x'", "unknown field `domian`"),
            ("[pcscf]\ngm = ['sctp:127.0.0.1:1']", "udp:ADDRESS:PORT"),
            ("[pcscf]\nsecurity = 'ipsec_3gpp'", "use \"sec_agree\""),
            ("[pcscf]\nsecurity = 'tls'", "needs a tls: address"),
            ("http = 'yes'", "neither ADDRESS:PORT nor off"),
            ("nodes = []", "runs nothing"),
            ("nodes = ['pcscf']", "[[pcscf.homes]]"),
            ("nodes = ['scscf', 'icscf']", "[[icscf.peers]]"),
            ("[scscf]\nlisten = ['udp:192.0.2.1:5060']", "scscf.trusted"),
            ("nodes = ['hss']\n[hss]\nlisten = []", "hss.listen is empty"),
        ] {
            let error = CoreConfig::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
