//! Settings of an AS towards a BM-SC.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use protocol::Plmn;
use protocol::diameter::DiameterConfig;

/// MB2 towards a BM-SC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mb2Config {
    /// Diameter; the BM-SC is one of the peers. The application is MB2-C, whatever is in there.
    pub diameter: DiameterConfig,
    /// Origin-Host of the BM-SC.
    pub bmsc: String,
    /// Its realm.
    pub realm: String,
    /// Where MB2-U comes from, and the multicast datagrams within.
    pub local: SocketAddr,
    /// Who assigns TMGIs, multicast addresses and ports.
    pub allocation: Mb2Allocation,
    /// What has failed is tried again after this time.
    pub retry: Duration,
    /// Time between heartbeats; none: none are sent.
    pub heartbeat: Option<Duration>,
}

impl Mb2Config {
    /// The BM-SC `bmsc` of the same realm assigns everything.
    #[must_use]
    pub fn new(diameter: DiameterConfig, bmsc: &str, own: IpAddr) -> Self {
        Self {
            bmsc: bmsc.to_owned(),
            realm: diameter.origin_realm.clone(),
            local: SocketAddr::new(own, MB2_U_PORT),
            allocation: Mb2Allocation::BmscAssigns,
            retry: Duration::from_secs(5),
            heartbeat: Some(Duration::from_secs(60)),
            diameter,
        }
    }
}

/// Who assigns TMGIs, multicast addresses and ports (TR 23.847 clause 2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mb2Allocation {
    /// The BM-SC.
    BmscAssigns,
    /// The AS, out of these; the BM-SC is told, and may refuse what somebody else has.
    AsAssigns {
        /// Of the TMGIs.
        plmn: Plmn,
        /// MBMS service ids.
        service_ids: RangeInclusive<u32>,
        /// Multicast addresses.
        addresses: RangeInclusive<Ipv4Addr>,
        /// The port on each of them.
        port: u16,
    },
}

/// Ours: TS 29.468 leaves the source of MB2-U to the GCS AS.
const MB2_U_PORT: u16 = 49150;
