//! `[bmsc]`: the BM-SC.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::Deserialize;

use super::{PeerSection, XmbSection, loopback};
use crate::mbms::ProvisioningConfig;

/// Settings of the BM-SC.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BmscSection {
    /// Its Origin-Host; none: `bmsc` in the domain.
    pub origin_host: Option<String>,
    /// Where it takes Diameter.
    pub listen: Vec<SocketAddr>,
    /// Diameter peers besides the MBMS-GWs: application servers.
    pub peers: Vec<PeerSection>,
    /// Whether application servers may connect that are not known.
    pub accept_unknown: bool,
    /// MBMS-GWs.
    pub gateways: Vec<GatewaySection>,
    /// Mobile country code and mobile network code of its TMGIs.
    pub plmn: (String, String),
    /// First and last MBMS service id that it assigns.
    pub service_ids: (u32, u32),
    /// First and last multicast address that it assigns.
    pub addresses: (Ipv4Addr, Ipv4Addr),
    /// First and last port on each of them, of which a service is told the first one of its own.
    pub ports: (u16, u16),
    /// Ports that each service has there, for what application servers send beside it.
    pub port_block: u16,
    /// Where MB2-U comes to.
    pub mb2u: IpAddr,
    /// First and last UDP port of MB2-U: one for each bearer, all of them are open from the start.
    pub mb2u_ports: (u16, u16),
    /// Where SGi-mb comes from.
    pub sgi_mb: SocketAddr,
    /// Scheduling period of the MCH, in radio frames.
    pub mch_scheduling_period: u16,
    /// The same for sessions in service areas whose MCH has another one, by service area identity.
    pub mch_scheduling_period_by_area: BTreeMap<String, u16>,
    /// How long a TMGI is allocated, seconds.
    pub tmgi_lifetime_s: u32,
    /// What application servers may do.
    pub rules: ServerRulesSection,
    /// What others may do, by their Origin-Host.
    pub servers: BTreeMap<String, ServerRulesSection>,
    /// Octets of MB2-U that a bearer keeps until it is active.
    pub queue_octets: usize,
    /// Milliseconds of the longest way to an eNB, its processing included.
    pub max_transfer_delay_ms: u32,
    /// Whether sequences are closed with the length of each packet (SYNC type 3), or without (type 0).
    pub packet_lengths: bool,
    /// Seconds between heartbeats; 0: none.
    pub heartbeat_s: u32,
    /// Milliseconds that the answer to an activation waits for MBMS-GWs.
    pub activation_wait_ms: u32,
    /// Content providers.
    pub xmb: XmbSection,
}

impl Default for BmscSection {
    fn default() -> Self {
        Self {
            origin_host: None,
            listen: vec![loopback(3898)],
            peers: Vec::new(),
            accept_unknown: false,
            gateways: Vec::new(),
            plmn: ("001".to_owned(), "01".to_owned()),
            service_ids: (1, 0xff_ffff),
            addresses: ([239, 46, 0, 0].into(), [239, 46, 255, 255].into()),
            ports: (5000, 5000),
            port_block: ProvisioningConfig::PORT_BLOCK,
            mb2u: Ipv4Addr::LOCALHOST.into(),
            mb2u_ports: (24_000, 24_063),
            sgi_mb: loopback(2153),
            mch_scheduling_period: 32,
            mch_scheduling_period_by_area: BTreeMap::new(),
            tmgi_lifetime_s: 7200,
            rules: ServerRulesSection::default(),
            servers: BTreeMap::new(),
            queue_octets: 64 * 1024,
            max_transfer_delay_ms: 20,
            packet_lengths: true,
            heartbeat_s: 60,
            activation_wait_ms: 3000,
            xmb: XmbSection::default(),
        }
    }
}

/// What an application server may do.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerRulesSection {
    /// TMGIs that it has at a time; 0: it may not allocate any.
    pub max_tmgis: u32,
    /// Whether it may assign TMGIs and multicast addresses itself.
    pub may_assign: bool,
    /// First and last MBMS service id of those; none: all.
    pub service_ids: Option<(u32, u32)>,
    /// First and last multicast address of those; none: all.
    pub addresses: Option<(Ipv4Addr, Ipv4Addr)>,
    /// Service areas that it may use; none: all.
    pub areas: Option<Vec<u16>>,
    /// QCIs that it may use; none: all that MBMS bearers can have.
    pub qcis: Option<Vec<u32>>,
    /// Most that a bearer is guaranteed, bit/s.
    pub max_gbr: u32,
    /// Whether it has forgotten all it had when its Restart-Counter has gone up, and so does the BM-SC.
    pub forget_on_restart: bool,
}

impl Default for ServerRulesSection {
    fn default() -> Self {
        Self {
            max_tmgis: 1000,
            may_assign: true,
            service_ids: None,
            addresses: None,
            areas: None,
            qcis: None,
            max_gbr: 100_000_000,
            forget_on_restart: true,
        }
    }
}

/// An MBMS-GW.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySection {
    /// Its Origin-Host.
    pub host: String,
    /// Its Origin-Realm; none: the home domain.
    pub realm: Option<String>,
    /// Where it is; none: it connects to us.
    pub connect: Option<SocketAddr>,
    /// Service area identities that it serves; none: all.
    #[serde(default)]
    pub areas: Vec<u16>,
    /// Its control plane nodes (MMEs).
    #[serde(default)]
    pub control_plane_nodes: Vec<IpAddr>,
}
