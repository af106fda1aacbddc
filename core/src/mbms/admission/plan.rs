//! What admission is told at its start and by bearers (TS 36.444 clauses 9.2.1.3 and 9.2.1.8), and what it answers.

use std::collections::BTreeSet;

/// Bearers that a PMCH can carry: MTCHs have LCID 1 to 28 (TS 36.321 table 6.2.1-4).
pub(super) const MAX_BEARERS_OF_PMCH: usize = 28;

/// Areas, channels and classes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdmissionConfig {
    /// MBSFN areas.
    pub areas: Vec<AreaPlan>,
    /// QCIs that are served.
    pub classes: Vec<QosClass>,
    /// Bearers that are known at a time, those that wait too.
    pub max_bearers: usize,
}

/// An MBSFN area.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AreaPlan {
    /// MBMS service area identities that it serves.
    pub service_areas: BTreeSet<u16>,
    /// PMCHs.
    pub pmchs: Vec<PmchPlan>,
}

/// A PMCH with its subframes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PmchPlan {
    /// It is reserved for bearers with one of these service area identities; none: for all of its MBSFN area.
    pub service_areas: BTreeSet<u16>,
    /// Modulation and coding scheme of its data.
    pub mcs: u8,
    /// MCH scheduling period in radio frames.
    pub scheduling_period_rf: u16,
    /// What it carries of bearers, in bit/s: the transport blocks of its subframes without what MCCH, MSI and headers take.
    pub capacity: u64,
}

/// What a QCI demands of a PMCH (TS 23.203 table 6.1.7: packet error loss rate, delay budget).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QosClass {
    /// QCI.
    pub qci: u8,
    /// Highest MCS that is robust enough for its loss rate.
    pub max_mcs: u8,
    /// Longest MCH scheduling period that its delay budget allows.
    pub max_scheduling_period_rf: u16,
    /// What a bearer of it takes.
    pub rate: Rate,
}

/// What a bearer takes of a PMCH.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rate {
    /// Its guaranteed bit rate: a GBR class.
    Guaranteed,
    /// So many bit/s: a class without guaranteed bit rate.
    Nominal(u64),
}

/// What a bearer asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Demand {
    /// QCI.
    pub qci: u8,
    /// Guaranteed bit rate, in bit/s.
    pub guaranteed: Option<u64>,
    /// Maximum bit rate, in bit/s.
    pub maximum: Option<u64>,
    /// Allocation and retention priority.
    pub retention: Retention,
}

/// Allocation and retention priority (TS 36.444 clause 9.2.1.8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retention {
    priority: u8,
    may_preempt: bool,
    is_preemptable: bool,
}

impl Retention {
    /// Priority level 1 (highest) to 14, or 15: no priority; 0 is a logical error.
    #[must_use]
    pub const fn new(priority: u8, may_preempt: bool, is_preemptable: bool) -> Self {
        // With "no priority" neither indicator counts (TS 36.444 clause 8.2.2).
        let counts = priority < NO_PRIORITY;
        Self { priority, may_preempt: may_preempt && counts, is_preemptable: is_preemptable && counts }
    }

    /// Priority level.
    #[must_use]
    pub const fn priority(self) -> u8 {
        self.priority
    }

    /// It may take what bearers of lower priority have.
    #[must_use]
    pub const fn may_preempt(self) -> bool {
        self.may_preempt
    }

    /// Bearers of higher priority may take what it has.
    #[must_use]
    pub const fn is_preemptable(self) -> bool {
        self.is_preemptable
    }

    pub(super) const fn is_logical_error(self) -> bool {
        self.priority == 0 || self.priority > NO_PRIORITY
    }
}

/// Priority level "no priority".
const NO_PRIORITY: u8 = 15;

/// What has changed for a bearer in an area.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// Bearer.
    pub bearer: u32,
    /// MBSFN area, by its place in the configuration.
    pub area: usize,
    /// Where it is now.
    pub place: Place,
}

/// Where a bearer is in an area.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// On this PMCH.
    On(usize),
    /// It waits for room.
    Suspended,
    /// It is not there any more.
    Gone,
}

/// Why a bearer was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AdmissionRefusal {
    /// No MBSFN area has one of its service areas.
    #[error("no MBSFN area of this MCE has one of the service areas: configure the service area, or ask another MCE")]
    NoArea,
    /// The QCI is not served.
    #[error("QCI {0} is not served: add a class for it")]
    UnknownQci(u8),
    /// Bit rates that contradict the class or each other.
    #[error("QCI {0} needs a guaranteed bit rate above 0 and not above the maximum")]
    Rates(u8),
    /// Priority level 0, or above 15.
    #[error("the priority level is not in 1 to 15")]
    Priority,
    /// Nowhere is so much left.
    #[error("no suitable PMCH has {0} bit/s left, nor may enough be taken from others")]
    NoCapacity(u64),
    /// The bearer is there already.
    #[error("bearer {0} is admitted already")]
    Exists(u32),
    /// The bearer is not there.
    #[error("bearer {0} is not admitted")]
    Unknown(u32),
    /// As many bearers as may be known.
    #[error("{0} bearers are known, as many as there may be: stop one")]
    TooMany(usize),
}
