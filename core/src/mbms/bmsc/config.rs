//! What a BM-SC node is told at its start: what it may give away, to whom, and which MBMS-GWs serve which areas.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use protocol::diameter::{DiameterConfig, dictionary};
use protocol::{Plmn, SyncPlan};

use super::xmb::XmbConfig;

/// What the BM-SC may give away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProvisioningConfig {
    /// Network of the TMGIs.
    pub plmn: Plmn,
    /// MBMS service ids that the BM-SC gives; an AS may bring others.
    pub service_ids: RangeInclusive<u32>,
    /// Multicast addresses of user services.
    pub addresses: RangeInclusive<Ipv4Addr>,
    /// UDP ports on each of the addresses, of which a service has the first one of its own.
    pub ports: RangeInclusive<u16>,
    /// Ports that each service has on its address, from the one that it is told on: an application server may send beside it,
    /// as MC service servers do. Those of the last one may lie above `ports`. 0 is 1.
    pub port_block: u16,
}

impl ProvisioningConfig {
    /// As many as an MC service server uses of a bearer: its general purpose subchannel, its successor, and 64 pairs of
    /// subchannels of media and floor control after them (TS 24.380 clause 10).
    pub const PORT_BLOCK: u16 = 130;
}

/// Settings of a BM-SC node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BmscNodeConfig {
    /// Its Diameter side: GCS ASs and MBMS-GWs are peers. The applications are MB2-C and SGmb, whatever is in there.
    pub diameter: DiameterConfig,
    /// TMGIs, multicast addresses and ports that it assigns.
    pub pool: ProvisioningConfig,
    /// How long a TMGI is allocated, unless it is refreshed (TS 29.468 clause 5.2.1).
    pub tmgi_lifetime: Duration,
    /// What application servers may do that are not in `servers`; none: they are refused.
    pub strangers: Option<ServerRules>,
    /// What application servers may do, by Origin-Host.
    pub servers: BTreeMap<String, ServerRules>,
    /// MBMS-GWs.
    pub gateways: Vec<GatewayConfig>,
    /// Where MB2-U comes to.
    pub mb2u: IpAddr,
    /// UDP ports of MB2-U, one for each bearer.
    pub mb2u_ports: RangeInclusive<u16>,
    /// Octets of MB2-U that a bearer keeps until it is active.
    pub queue_octets: usize,
    /// Source of what goes over SGi-mb.
    pub sgi_mb: SocketAddr,
    /// Synchronisation sequences of bearers: one for each scheduling period of the MCH that carries them.
    pub sync: SyncPlan,
    /// Other ones, by service area identity: the MCE has MCHs that are reserved for it. The lowest one of a bearer counts.
    pub sync_by_area: BTreeMap<u16, SyncPlan>,
    /// Other ones, by QCI: the MCE puts them on other MCHs.
    pub sync_by_qci: BTreeMap<u32, SyncPlan>,
    /// Longest transfer to an eNB, its processing included.
    pub max_transfer_delay: Duration,
    /// Close sequences with the length of each packet (SYNC type 3) instead of type 0.
    pub packet_lengths: bool,
    /// MBMS-Time-To-Data-Transfer (TS 29.061 clause 17.7.14): what is told of the time from the session start to its data.
    pub time_to_data: Duration,
    /// A bearer that is not active so soon is answered as being activated (MBMS-Bearer-Result bit 13); events follow.
    pub activation_wait: Duration,
    /// Requests on SGmb are tried again so often, after `retry`, when the failure is transient.
    pub retries: u8,
    /// Time between tries.
    pub retry: Duration,
    /// An MBMS-GW that is not reached for so long has lost its sessions (TS 23.007: non transient path failure).
    pub path_patience: Duration,
    /// How often Restart-Counters are exchanged with who has something here (TS 23.007 clause 29); none: never.
    pub heartbeat: Option<Duration>,
    /// Content providers on xMB; none: there is no xMB.
    pub xmb: Option<XmbConfig>,
    /// UTC at the start of the run, in milliseconds.
    pub utc_ms_at_zero: u64,
}

impl BmscNodeConfig {
    /// With what is usual.
    pub fn new(mut diameter: DiameterConfig, pool: ProvisioningConfig, mb2u: IpAddr, sync: SyncPlan) -> Self {
        diameter.applications = vec![dictionary::APP_MB2C, dictionary::APP_SGMB];
        Self {
            diameter,
            pool,
            tmgi_lifetime: Duration::from_secs(2 * 3600),
            strangers: Some(ServerRules::default()),
            servers: BTreeMap::new(),
            gateways: Vec::new(),
            mb2u,
            mb2u_ports: 20_000..=39_999,
            queue_octets: 64 * 1024,
            sgi_mb: SocketAddr::new(mb2u, SGI_MB_PORT),
            sync,
            sync_by_area: BTreeMap::new(),
            sync_by_qci: BTreeMap::new(),
            max_transfer_delay: Duration::from_millis(20),
            packet_lengths: true,
            time_to_data: Duration::from_secs(1),
            activation_wait: Duration::from_secs(3),
            retries: 2,
            retry: Duration::from_millis(500),
            path_patience: Duration::from_secs(30),
            heartbeat: Some(Duration::from_secs(60)),
            xmb: None,
            utc_ms_at_zero: 0,
        }
    }

    /// What an application server may do.
    pub(super) fn rules(&self, host: &str) -> Option<&ServerRules> {
        self.servers.get(host).or(self.strangers.as_ref())
    }

    pub(super) fn gateway(&self, host: &str) -> Option<&GatewayConfig> {
        self.gateways.iter().find(|gateway| gateway.host.eq_ignore_ascii_case(host))
    }

    /// Service areas that no MBMS-GW has.
    pub(super) fn knows(&self, area: &[u16]) -> bool {
        area.iter().all(|area| self.gateways.iter().any(|gateway| gateway.serves(*area)))
    }

    /// The MBMS-GWs of a service area.
    pub(super) fn gateways_of<'a>(&'a self, area: &'a [u16]) -> impl Iterator<Item = &'a GatewayConfig> {
        self.gateways.iter().filter(|gateway| area.iter().any(|area| gateway.serves(*area)))
    }

    /// Sequences of a bearer of these service areas with this QCI.
    pub(super) fn sync_of(&self, areas: &[u16], qci: u32) -> SyncPlan {
        let by_area = self.sync_by_area.iter().find(|(area, _)| areas.contains(area)).map(|(_, plan)| plan);
        by_area.or_else(|| self.sync_by_qci.get(&qci)).copied().unwrap_or(self.sync)
    }
}

/// Source port of SGi-mb, when none is given.
const SGI_MB_PORT: u16 = 2153;

/// What an application server may do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerRules {
    /// TMGIs that it has at a time; 0: it may not allocate any.
    pub max_tmgis: u32,
    /// MBMS service ids that it may assign itself; none: none.
    pub service_ids: Option<RangeInclusive<u32>>,
    /// IPv4 multicast addresses that it may assign itself; none: none. With any, IPv6 ones are free.
    pub addresses: Option<RangeInclusive<Ipv4Addr>>,
    /// Service areas that it may use; none: all.
    pub areas: Option<Vec<u16>>,
    /// QCIs that it may use; none: all that MBMS bearers can have.
    pub qcis: Option<Vec<u32>>,
    /// Most that a bearer is guaranteed, bit/s.
    pub max_gbr: u32,
    /// When its Restart-Counter goes up it has forgotten all (TS 23.007 clause 29), and so does the BM-SC.
    pub forget_on_restart: bool,
}

impl Default for ServerRules {
    fn default() -> Self {
        Self {
            max_tmgis: 1000,
            service_ids: Some(0..=0xff_ffff),
            addresses: Some(Ipv4Addr::new(224, 0, 0, 0)..=Ipv4Addr::new(239, 255, 255, 255)),
            areas: None,
            qcis: None,
            max_gbr: 100_000_000,
            forget_on_restart: true,
        }
    }
}

/// An MBMS-GW.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GatewayConfig {
    /// Its Origin-Host.
    pub host: String,
    /// Its Origin-Realm.
    pub realm: String,
    /// Service area identities that it serves; none: all.
    pub areas: Vec<u16>,
    /// Its control plane nodes (MMEs).
    pub control_plane_nodes: Vec<IpAddr>,
}

impl GatewayConfig {
    fn serves(&self, area: u16) -> bool {
        // Service area identity 0 is the whole PLMN (TS 23.003 clause 15.3).
        self.areas.is_empty() || area == 0 || self.areas.contains(&area)
    }
}
