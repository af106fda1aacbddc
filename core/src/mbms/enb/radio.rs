//! What an eNB tells its radio: SIB13, MCCH, MSI and the data of MTCHs (TS 36.331 clauses 5.8 and 6.3.1).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::m2ap::{CommonSubframeAllocationPeriod, MbsfnSubframeConfiguration, McchRelatedBcchConfig, PmchItem};
use protocol::{Instant, Tmgi};

use crate::mbms::enb_agent::{Discard, LossReport};

/// Where an MTCH is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MtchPlace {
    /// MBSFN area (`mbsfn-AreaId`).
    pub area: u8,
    /// Its PMCH, by the end of its subframes (`sf-AllocEnd`): that tells PMCHs of an area apart, whichever are listed.
    pub sf_alloc_end: u16,
    /// Logical channel.
    pub lcid: u8,
}

/// What the radio has to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EnbRadio {
    /// MBSFN areas of its cells, for SIB13. What was on air is void.
    Areas(Vec<McchRelatedBcchConfig>),
    /// The MCCH of an area from `from` on; a later one with the same or an earlier `from` replaces it.
    Mcch {
        /// MBSFN area.
        area: u8,
        /// PMCHs with sessions.
        pmchs: Vec<PmchItem>,
        /// Subframes of the area.
        subframes: Vec<MbsfnSubframeConfiguration>,
        /// Period in which PMCHs share them.
        period: CommonSubframeAllocationPeriod,
        /// Start of the modification period, or now.
        from: Instant,
    },
    /// Sessions whose suspension the MSI says, from then until then (TS 36.443 clause 8.4.2).
    Suspension {
        /// MBSFN area.
        area: u8,
        /// Sessions.
        tmgis: Vec<Tmgi>,
        /// First radio frame.
        from: Instant,
        /// Start of the modification period in which they are not listed any more.
        until: Instant,
    },
    /// Data of an MTCH.
    Sdu {
        /// Session.
        tmgi: Tmgi,
        /// Where.
        place: MtchPlace,
        /// IP datagram.
        sdu: Vec<u8>,
        /// Start of the MCH scheduling period that carries it.
        due: Instant,
    },
    /// Data that no MCCH lists when they are due: not yet, or suspended.
    Unlisted {
        /// Session.
        tmgi: Tmgi,
        /// When they were due.
        due: Instant,
    },
    /// A session is over, after all of its data.
    Stopped(Tmgi),
    /// Packets were lost on M1.
    Lost(LossReport),
    /// A datagram of M1 was dropped.
    Discarded(Discard),
}

/// Entries that wait at most: more than that nobody takes any more, the oldest go.
const MAX_WAITING: usize = 1 << 16;

/// What waits for the radio. Clones are the same queue.
#[derive(Clone, Debug, Default)]
pub struct RadioQueue {
    entries: Arc<Mutex<VecDeque<EnbRadio>>>,
    /// There is no radio: nothing waits.
    is_nowhere: bool,
}

impl RadioQueue {
    /// The next, in order.
    pub fn poll(&self) -> Option<EnbRadio> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// For an eNB without radio.
    pub(super) fn nowhere() -> Self {
        Self { is_nowhere: true, ..Self::default() }
    }

    pub(super) fn push(&self, radio: EnbRadio) {
        if self.is_nowhere {
            return;
        }
        let mut queue = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.len() >= MAX_WAITING {
            queue.pop_front();
        }
        queue.push_back(radio);
    }
}
