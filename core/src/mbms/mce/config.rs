//! Settings of an MCE: its MBSFN areas with their subframes, PMCHs and classes (TS 36.300 clause 15.1.1; the words of
//! TS 36.443 clause 9.2.1).

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use protocol::m2ap::{
    CommonSubframeAllocationPeriod, MbsfnSubframeConfiguration, McchRelatedBcchConfig, PmchConfiguration,
};
use protocol::m3ap::GlobalMceId;

use super::calendar::{MceArea, MceConfig, MceNotification, OnAirFrom};
use crate::mbms::admission::{AdmissionConfig, AreaPlan, PmchPlan, QosClass};

/// Settings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MceNodeConfig {
    /// Who it is.
    pub id: GlobalMceId,
    /// Its name, for humans.
    pub name: String,
    /// M3 of its MBMS-GW.
    pub gateway: SocketAddr,
    /// MBSFN areas.
    pub areas: Vec<MbsfnArea>,
    /// QCIs that are served.
    pub classes: Vec<QosClass>,
    /// When changes of an MCCH are notified of.
    pub notification: Option<MceNotification>,
    /// A session that ends stays in the MCCH so long: what is on its way is still sent.
    pub release_after: Duration,
    /// When its cells come on air.
    pub on_air: OnAirFrom,
    /// Time until a lost gateway is tried again.
    pub retry: Duration,
    /// How long eNBs may take to answer. Shorter than the gateway waits.
    pub m2_timeout: Duration,
    /// How long sessions go on without the gateway (TS 23.007 clause 18).
    pub orphan_time: Duration,
    /// Sessions at a time, suspended ones too.
    pub max_sessions: usize,
    /// eNBs at a time.
    pub max_enbs: usize,
}

/// An MBSFN area.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MbsfnArea {
    /// MBMS service area identities that it serves.
    pub service_areas: BTreeSet<u16>,
    /// Its MCCH as eNBs broadcast it in SIB13, without cells.
    pub bcch: McchRelatedBcchConfig,
    /// Subframes of the area.
    pub subframes: Vec<MbsfnSubframeConfiguration>,
    /// Period in which PMCHs share them.
    pub period: CommonSubframeAllocationPeriod,
    /// PMCHs, in the order of their subframes.
    pub pmchs: Vec<PmchCapacity>,
}

/// A PMCH and what it carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PmchCapacity {
    /// It is reserved for sessions with one of these service area identities; none: for all of its MBSFN area.
    pub service_areas: BTreeSet<u16>,
    /// As the MCCH has it.
    pub configuration: PmchConfiguration,
    /// Bit/s of sessions: its transport blocks without what MCCH, MSI and headers take.
    pub capacity: u64,
}

impl MceNodeConfig {
    /// With what is usual.
    #[must_use]
    pub fn new(id: GlobalMceId, gateway: SocketAddr, areas: Vec<MbsfnArea>, classes: Vec<QosClass>) -> Self {
        Self {
            id,
            name: "castbench".to_owned(),
            gateway,
            areas,
            classes,
            notification: None,
            release_after: Duration::ZERO,
            on_air: OnAirFrom::Setup,
            retry: Duration::from_secs(1),
            m2_timeout: Duration::from_secs(1),
            orphan_time: Duration::from_secs(30),
            max_sessions: 4096,
            max_enbs: 256,
        }
    }

    /// Service area identities of all areas.
    pub(super) fn service_areas(&self) -> BTreeSet<u16> {
        self.areas.iter().flat_map(|area| area.service_areas.iter().copied()).collect()
    }

    pub(super) fn admission(&self) -> AdmissionConfig {
        let pmch = |pmch: &PmchCapacity| PmchPlan {
            service_areas: pmch.service_areas.clone(),
            mcs: pmch.configuration.higher_mcs.unwrap_or(pmch.configuration.data_mcs),
            scheduling_period_rf: pmch.configuration.scheduling_period,
            capacity: pmch.capacity,
        };
        let area = |area: &MbsfnArea| AreaPlan {
            service_areas: area.service_areas.clone(),
            pmchs: area.pmchs.iter().map(pmch).collect(),
        };
        AdmissionConfig {
            areas: self.areas.iter().map(area).collect(),
            classes: self.classes.clone(),
            max_bearers: self.max_sessions,
        }
    }

    pub(super) fn scheduling(&self) -> MceConfig {
        let area = |area: &MbsfnArea| MceArea {
            modification_period_rf: area.bcch.modification_period,
            pmchs: area.pmchs.len(),
        };
        MceConfig {
            areas: self.areas.iter().map(area).collect(),
            notification: self.notification,
            on_air: self.on_air,
            release_after: self.release_after,
        }
    }
}
