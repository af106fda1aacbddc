//! `core.toml`: which nodes a live process runs, where, and with whom. Everything has a default on loopback.

mod bmsc;
mod charging;
mod check;
mod conference;
mod cscf;
mod exposure;
mod hss;
mod identity;
mod ims_as;
mod ip_message_gw;
mod mbms;
mod mc_server;
mod messaging;
mod migration;
mod mms_relay;
mod place;
mod presence;
mod sip_network;
mod sm_sc;
mod sms;
mod xdm;
mod xmb;

use std::collections::BTreeMap;
use std::path::PathBuf;

use protocol::sip::Transport;
use serde::Deserialize;

pub use bmsc::{BmscSection, GatewaySection, ServerRulesSection};
pub use charging::{AccountSection, CdfSection, ChargingSection, GwfSection, OcsSection};
pub use conference::ConferenceSection;
pub use cscf::{IcscfSection, PcscfSection, ScscfSection};
pub use exposure::{ExposureClientSection, ExposureSection};
pub use hss::{HssMapSection, HssSection};
pub use identity::IdentitySection;
pub use ims_as::{AssignsSection, CellAreasSection, ImsAsSection};
pub(super) use ip_message_gw::host_address;
pub use ip_message_gw::{
    FailureHandlingName, GatewayMmsSection, GatewayRelaySection, IpMessageGwSection, SmsChargingSection,
};
pub use mbms::{
    CellSection, EnbSection, MbmsGwSection, MbsfnAreaSection, MceSection, PmchSection, QosClassSection,
    SubframesSection,
};
pub use mc_server::{McFloorSection, McMbmsSection, McServerSection};
pub use messaging::MessagingSection;
pub use migration::{DiameterRelaySection, MigrationServerSection};
pub use mms_relay::{
    MmsChargingSection, MmsPlaces, MmsRelaySection, MmsSmScSection, MmsSubscriberSection, OtherRelaySection,
    PushGatewaySection, SmtpPlaces,
};
pub use place::{HttpPlace, ParsePlaceError, PeerSection, Place, WebPlace};
pub use presence::{PresenceSection, WithoutRules};
pub use xdm::{XdmSection, XdmUserSection};
pub use xmb::{ProviderSection, XmbSection};

use place::{both, loopback};
pub use sip_network::SipNetworkSection;
pub use sm_sc::{EsmeSection, SmScSection, SmppPeerSection};
pub use sms::{
    MapSection, ServedSection, ServiceCentreSection, ServiceChoice, ServingNodeChoice, ServingNodeSection,
    SmsGmscSection,
};

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
    /// The identity server of mission critical services.
    pub identity: IdentitySection,
    /// Charging.
    pub charging: ChargingSection,
    /// The messaging server.
    pub messaging: MessagingSection,
    /// The XDM server.
    pub xdm: XdmSection,
    /// The exposure to third parties.
    pub exposure: ExposureSection,
    /// The plain SIP network.
    pub sip_network: SipNetworkSection,
    /// The BM-SC.
    pub bmsc: BmscSection,
    /// The MBMS-GW.
    pub mbms_gw: MbmsGwSection,
    /// The MCE.
    pub mce: MceSection,
    /// eNBs.
    pub enb: Vec<EnbSection>,
    /// The IMS AS for group sessions over MBMS.
    pub ims_as: ImsAsSection,
    /// MC service servers.
    pub mc_server: Vec<McServerSection>,
    /// The IP-Message-GW.
    pub ip_message_gw: IpMessageGwSection,
    /// The SMS-GMSC/IWMSC.
    pub sms_gmsc: SmsGmscSection,
    /// Simulated MSCs and SGSNs.
    pub serving_node: Vec<ServingNodeSection>,
    /// The SM-SC.
    pub sm_sc: SmScSection,
    /// The MMS Relay/Server.
    pub mms_relay: MmsRelaySection,
    /// The migration management server.
    pub migration_server: MigrationServerSection,
    /// The Diameter relay.
    pub diameter_relay: DiameterRelaySection,
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
            identity: IdentitySection::default(),
            charging: ChargingSection::default(),
            messaging: MessagingSection::default(),
            xdm: XdmSection::default(),
            exposure: ExposureSection::default(),
            sip_network: SipNetworkSection::default(),
            bmsc: BmscSection::default(),
            mbms_gw: MbmsGwSection::default(),
            mce: MceSection::default(),
            enb: vec![EnbSection::default()],
            ims_as: ImsAsSection::default(),
            mc_server: vec![McServerSection::default()],
            ip_message_gw: IpMessageGwSection::default(),
            sms_gmsc: SmsGmscSection::default(),
            serving_node: vec![ServingNodeSection::default()],
            sm_sc: SmScSection::default(),
            mms_relay: MmsRelaySection::default(),
            migration_server: MigrationServerSection::default(),
            diameter_relay: DiameterRelaySection::default(),
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
    /// Identity server of mission critical services.
    Identity,
    /// Charging data function.
    Cdf,
    /// Online charging system.
    Ocs,
    /// IMS gateway function: online charging of calls and messages.
    ImsGwf,
    /// Messaging server.
    Messaging,
    /// XDM server.
    Xdm,
    /// Exposure to third parties.
    Exposure,
    /// Plain SIP network.
    SipNetwork,
    /// BM-SC.
    Bmsc,
    /// MBMS-GW.
    MbmsGw,
    /// MCE.
    Mce,
    /// The eNBs.
    Enb,
    /// IMS AS for group sessions over MBMS.
    ImsAs,
    /// The MC service servers.
    McServer,
    /// IP-Message-GW.
    IpMessageGw,
    /// SMS-GMSC/IWMSC.
    SmsGmsc,
    /// Simulated MSCs and SGSNs.
    ServingNode,
    /// SM-SC.
    SmSc,
    /// MMS Relay/Server.
    MmsRelay,
    /// Migration management server.
    MigrationServer,
    /// Diameter relay.
    DiameterRelay,
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
        let sip = self.sip_places().into_iter().flat_map(|(_, _, places)| places);
        let web = self.web_places().into_iter().flat_map(|(_, _, places)| places);
        sip.into_iter().any(|place| place.transport == Transport::Tls) || web.into_iter().any(|place| place.is_secure)
    }

    /// Where the nodes that run here take SIP, and the host names that they have in the domain; none: names of their own.
    pub(super) fn sip_places(&self) -> Vec<(NodeKind, Option<&'static str>, &[Place])> {
        let all: [(NodeKind, Option<&'static str>, &[Place]); 13] = [
            (NodeKind::Pcscf, None, &self.pcscf.gm),
            (NodeKind::Pcscf, None, &self.pcscf.mw),
            (NodeKind::Icscf, None, &self.icscf.listen),
            (NodeKind::Scscf, Some("scscf"), &self.scscf.listen),
            (NodeKind::Presence, Some("presence"), &self.presence.listen),
            (NodeKind::Conference, Some("conference"), &self.conference.listen),
            (NodeKind::ImsAs, Some("ims-as"), &self.ims_as.listen),
            (NodeKind::Messaging, Some("messaging"), &self.messaging.listen),
            (NodeKind::ImsGwf, Some("ims-gwf"), &self.charging.gwf.listen),
            (NodeKind::Exposure, Some("exposure"), &self.exposure.sip),
            (NodeKind::SipNetwork, None, &self.sip_network.listen),
            (NodeKind::IpMessageGw, Some("ipsmgw"), &self.ip_message_gw.listen),
            (NodeKind::IpMessageGw, Some("r2.ipsmgw"), &self.ip_message_gw.r2),
        ];
        let servers = self.mc_server.iter().map(|section| (NodeKind::McServer, None, section.listen.as_slice()));
        all.into_iter().chain(servers).filter(|(node, ..)| self.runs(*node)).collect()
    }

    /// Where they take HTTP, and the host names that they have in the domain.
    pub(super) fn web_places(&self) -> Vec<(NodeKind, &'static str, &[WebPlace])> {
        let xmb: &[WebPlace] = if self.bmsc.xmb.providers.is_empty() { &[] } else { &self.bmsc.xmb.listen };
        let push: &[WebPlace] = self.ip_message_gw.mms.as_ref().map_or(&[], |mms| &mms.listen);
        let all: [(NodeKind, &'static str, &[WebPlace]); 6] = [
            (NodeKind::Identity, "idms", &self.identity.listen),
            (NodeKind::Xdm, "xdms", &self.xdm.listen),
            (NodeKind::Exposure, "exposure", &self.exposure.listen),
            (NodeKind::Bmsc, "bmsc", xmb),
            (NodeKind::IpMessageGw, "ppg.ipsmgw", push),
            (NodeKind::MmsRelay, "mms", &self.mms_relay.listen.0),
        ];
        all.into_iter().filter(|(node, ..)| self.runs(*node)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_of_nodes_get_along() {
        let all = "nodes = ['pcscf', 'icscf', 'scscf', 'hss', 'conference', 'messaging', 'presence', 'xdm', 'cdf', 'ocs', \
                   'ims_gwf', 'identity', 'exposure', 'sip_network', 'bmsc', 'mbms_gw', 'mce', 'enb', 'ims_as', 'mc_server', \
                   'ip_message_gw', 'sms_gmsc', 'serving_node', 'sm_sc', 'mms_relay', 'migration_server', 'diameter_relay']";
        let config = CoreConfig::parse(all).unwrap();
        let sip = config.sip_places().into_iter().flat_map(|(.., places)| places);
        let sip = sip.filter(|place| place.transport == Transport::Tcp).map(|place| place.address);
        let web = config.web_places().into_iter().flat_map(|(.., places)| places).map(|place| place.address);
        let charging = &config.charging;
        let mbms = [&config.bmsc.listen, &config.mbms_gw.listen, &config.mbms_gw.m3, &config.mce.m2];
        let migration = [&config.migration_server.listen, &config.diameter_relay.listen];
        let diameter = [&config.hss.listen, &charging.cdf.listen, &charging.ocs.listen].into_iter().chain(migration);
        let others = diameter.chain(mbms).chain([&config.sms_gmsc.listen]).flatten().copied();
        let mut taken: Vec<_> = sip.chain(web).chain(others).collect();
        assert!(config.bmsc.mb2u_ports.1 < config.mbms_gw.sgi_mb_ports.0);
        taken.extend(config.http.0);
        taken.extend(config.sm_sc.listen.iter().copied());
        taken.extend(config.mms_relay.smtp.0.iter().copied());
        let count = taken.len();
        taken.sort_unstable();
        taken.dedup();
        assert_eq!(taken.len(), count, "two nodes want one port: {taken:?}");
        assert_eq!(count, 31);
    }

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
            ("[hss.map]\nglobal_title = '+49'", "hss.map.global_title"),
            ("[hss.map]\ngateway = 'x'", "hss.map.gateway"),
            ("[hss.map]\nmt_order = ['air']", "unknown variant `air`"),
            ("nodes = ['mce']", "mce.gateway"),
            ("nodes = ['enb']", "mce in [[enb]]"),
            ("nodes = ['mce', 'mbms_gw', 'enb']\n[[enb]]\n[[enb]]", "two eNBs are called"),
            ("nodes = ['sm_sc']\n[sm_sc]\nlisten = ['192.0.2.1:2775']", "sm_sc listens on"),
            ("nodes = ['mms_relay']\n[mms_relay]\nlisten = ['http:192.0.2.1:80']", "use https:192.0.2.1:80"),
            ("nodes = ['mms_relay']\n[mms_relay]\nsmtp = []", "mms_relay.smtp is empty"),
            ("nodes = ['mms_relay']\n[[mms_relay.subscribers]]\nmsisdn = '49'\npush = ['sip']", "[mms_relay.gateway]"),
            ("nodes = ['mms_relay']\n[[mms_relay.subscribers]]\nmsisdn = '49'\npassword = 'x'", "give both or neither"),
            ("nodes = ['mc_server']\n[[mc_server]]\n[[mc_server]]", "two of [[mc_server]]"),
            ("nodes = ['ip_message_gw']\n[ip_message_gw]\nr2 = ['udp:192.0.2.1:5060']", "use tls:192.0.2.1:5060"),
            ("nodes = ['ip_message_gw']\n[ip_message_gw.charging]\nonline = true", "[[ip_message_gw.charging.ro]]"),
            ("nodes = ['ip_message_gw']\n[ip_message_gw.mms]\npatience = 40", "1 to 31 seconds"),
            (
                "nodes = ['ip_message_gw']\n[ip_message_gw.mms]\nrelays = [{ url = 'http://mmsc.example/x' }]",
                "no URL of scheme, host and port",
            ),
            (
                "nodes = ['ip_message_gw']\n[ip_message_gw.mms]\nrelays = [{ url = 'http://mmsc.example' }]",
                "say in `from`",
            ),
            ("nodes = ['ip_message_gw']\n[ip_message_gw]\nlisten = ['udp:192.0.2.1:5060']", "ip_message_gw.trusted"),
            ("nodes = ['sms_gmsc']\n[sms_gmsc]\nlisten = []", "sms_gmsc.listen is empty"),
            ("nodes = ['sms_gmsc']\n[sms_gmsc]\nlisten = ['192.0.2.1:2776']", "a password of its own"),
            ("nodes = ['migration_server']", "[[migration_server.peers]]"),
            (
                "nodes = ['scscf', 'hss', 'migration_server', 'diameter_relay']\nscscf.icscf = 'sip:x'\n[migration_server]\nbindings = 'b'",
                "[[scscf.hss_routes]]",
            ),
            ("nodes = ['migration_server', 'diameter_relay']\n[migration_server]\nhss_timeout = 5", "less than"),
            (
                "nodes = ['diameter_relay']\n[[diameter_relay.interconnects]]\npeer = 'x'\nrealms = []\nreaches = []",
                "in no [[diameter_relay.peers]]",
            ),
            (
                "nodes = ['diameter_relay']\n[[diameter_relay.peers]]\nhost = 'dra.far'\nrealm = 'far'",
                "say in [[diameter_relay.interconnects]]",
            ),
            ("nodes = ['serving_node']\n[[serving_node]]\n[[serving_node]]", "two of [[serving_node]]"),
            ("nodes = ['mc_server']\n[[mc_server]]\nlisten = ['udp:192.0.2.1:5060']", "mc_server.trusted"),
        ] {
            let error = CoreConfig::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
