//! Settings of what an MC service server does with MBMS bearers.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use protocol::diameter::mbms::{Arp, QosInformation};
use serde::Deserialize;

use crate::mbms::{BearerRule, CellAreas, GroupCodec, Mb2Config};

/// MBMS at an MC service server (TS 23.280 clause 10.7.3).
#[derive(Clone, Debug)]
pub struct McMbmsConfig {
    /// Its URI (PSI): who it is to the other servers.
    pub own: String,
    /// Bearers of its own; none: it has those of other servers only.
    pub mb2: Option<Mb2Config>,
    /// Address that other servers send it media at.
    pub media: IpAddr,
    /// First and last port for that.
    pub ports: (u16, u16),
    /// The service areas of cells.
    pub cells: Vec<CellAreas>,
    /// When a group gets a bearer.
    pub rule: BearerRule,
    /// Bearers that are there from the start (clause 10.7.3.1).
    pub established: Vec<PlannedBearer>,
    /// What a bearer is made like that the rule asks for.
    pub wanted: BearerSettings,
    /// What may be spoken over a bearer. A call with another codec is unicast.
    pub codecs: Vec<GroupCodec>,
    /// URIs of the servers that are asked for bearers (clause 10.7.3.9.2.2 step 2).
    pub discover: Vec<String>,
    /// URIs of the servers whose requests are served, beside those of `discover`; none: all servers that are known.
    pub peers: Vec<String>,
    /// It serves the requests of other servers for its bearers: the MBMS bearer control role.
    pub controls: bool,
    /// It makes the bearers as well that others ask it for: a centralised controller (NOTE 1 of the clause).
    pub is_central: bool,
    /// What a call does that a bearer has no bandwidth for (step 3).
    pub insufficient: Insufficient,
    /// Who announces bearers of other servers to the own users (step 4).
    pub announcer: Announcer,
    /// How long another server is waited for.
    pub patience: Duration,
    /// How long a reservation holds that is not renewed.
    pub lease: Duration,
    /// What failed is tried again after this time.
    pub retry: Duration,
    /// T15 (TS 24.380 clause 11.2): a subchannel is unmapped after so much silence.
    pub conversation: Duration,
    /// T16: time between two Map Group To Bearer.
    pub map_repeat: Duration,
    /// T17: time between two Unmap Group To Bearer.
    pub unmap_repeat: Duration,
    /// Who comes back from a bearer to unicast is sent again what is not older than this, and so is a bearer whose server has
    /// left.
    pub replay: Duration,
}

impl McMbmsConfig {
    /// A server without other servers, with bearers of its own.
    #[must_use]
    pub fn new(own: &str, media: IpAddr, mb2: Option<Mb2Config>) -> Self {
        Self {
            own: own.to_owned(),
            mb2,
            media,
            ports: PORTS,
            cells: Vec::new(),
            rule: BearerRule::default(),
            established: Vec::new(),
            wanted: BearerSettings::default(),
            codecs: GroupCodec::g711(),
            discover: Vec::new(),
            peers: Vec::new(),
            controls: true,
            is_central: false,
            insufficient: Insufficient::Unicast,
            announcer: Announcer::Own,
            patience: Duration::from_secs(2),
            lease: Duration::from_secs(10),
            retry: Duration::from_secs(5),
            conversation: Duration::from_secs(5),
            map_repeat: Duration::from_millis(500),
            unmap_repeat: Duration::from_millis(200),
            replay: Duration::from_secs(2),
        }
    }

    /// All addresses that it takes datagrams at, and sends MB2-U from.
    #[must_use]
    pub fn places(&self) -> Vec<SocketAddr> {
        let (first, last) = self.ports;
        let own = (first..=last).map(|port| SocketAddr::new(self.media, port));
        own.chain(self.mb2.as_ref().map(|mb2| mb2.local)).collect()
    }
}

/// A bearer that is there from the start.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct PlannedBearer {
    /// Its service areas.
    pub areas: Vec<u16>,
    /// What it is like.
    #[serde(flatten)]
    pub settings: BearerSettings,
}

/// What a bearer is like.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default)]
pub struct BearerSettings {
    /// What it guarantees, bit/s: it carries so many calls.
    pub bit_rate: u32,
    /// QCI (TS 23.203 table 6.1.7).
    pub qci: u32,
    /// Carrier frequency as announcements say it (TS 24.379 clause F.2: EARFCN).
    pub frequency: Option<u32>,
    /// Allocation and retention priority, 1 (highest) to 15.
    pub priority: u8,
    /// It may take what others have.
    pub may_preempt: bool,
    /// Others may take what it has.
    pub preemptable: bool,
}

impl Default for BearerSettings {
    fn default() -> Self {
        Self { bit_rate: 256_000, qci: 65, frequency: None, priority: 4, may_preempt: false, preemptable: false }
    }
}

impl BearerSettings {
    /// For the BM-SC (TS 29.061 clause 20.4.1).
    pub(super) fn qos(&self) -> QosInformation {
        let (priority, may_preempt, preemptable) = (self.priority, self.may_preempt, self.preemptable);
        let arp = Some(Arp { priority, may_preempt, preemptable });
        let rate = Some(self.bit_rate);
        QosInformation { qci: Some(self.qci), mbr: rate, gbr: rate, arp, other: Vec::new() }
    }
}

/// What a call does that a bearer has no bandwidth for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Insufficient {
    /// Its members hear it over unicast.
    #[default]
    Unicast,
    /// It gets another bearer in the same areas, which nobody else is told of, until there is bandwidth on the first one.
    Duplicate,
}

/// Who announces a bearer of another server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Announcer {
    /// Each server to its users.
    #[default]
    Own,
    /// The server with the control role, which is told who the users are and where.
    Controlling,
}

/// RFC 6335 clause 6: dynamic ports, beside those of the legs.
const PORTS: (u16, u16) = (53248, 54271);
