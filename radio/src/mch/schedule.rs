//! TS 36.331 clauses 5.8.1.2 and 6.3.7: which subframe belongs to which (P)MCH, which one carries the MCCH.

use super::subframes::{MbsfnSubframes, PATTERN_RF};
use crate::rrc::{MBSFN_SUBFRAMES, MbsfnAreaConfiguration, MbsfnAreaInfo, bit_of};

/// A subframe of a (P)MCH.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PmchPosition {
    /// Which (P)MCH: its place in `pmch-InfoList-r9`.
    pub pmch: usize,
    /// Its place in the MCH scheduling period, counting the subframes of this (P)MCH from 0.
    pub index_in_msp: u16,
}

/// What a subframe is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SubframeUse {
    /// Not a subframe of this area.
    NotOfArea,
    /// A subframe of the area that no (P)MCH has.
    Unused,
    /// May carry the MCCH; the owner, if any is known, may add its MSI and MTCHs.
    Mcch {
        /// The (P)MCH whose subframe it is.
        owner: Option<PmchPosition>,
    },
    /// A subframe of a (P)MCH; the first one of a scheduling period carries the MSI.
    Pmch(PmchPosition),
}

impl SubframeUse {
    /// The (P)MCH, if one has the subframe.
    pub const fn position(&self) -> Option<PmchPosition> {
        match self {
            Self::NotOfArea | Self::Unused => None,
            Self::Mcch { owner } => *owner,
            Self::Pmch(position) => Some(*position),
        }
    }

    /// Does the signalling MCS hold? (field descriptions of signallingMCS and dataMCS, TS 36.331 clause 6.3.7)
    pub const fn is_signalling(&self) -> bool {
        match self {
            Self::NotOfArea | Self::Unused => false,
            Self::Mcch { .. } => true,
            Self::Pmch(position) => position.index_in_msp == 0,
        }
    }
}

/// The subframes of an area, shared out among its (P)MCHs.
#[derive(Clone, Debug)]
pub struct MchSchedule {
    area: MbsfnAreaInfo,
    /// `commonSF-Alloc`.
    common: MbsfnSubframes,
    /// Subframes of the pattern before each of its radio frames, and all of them.
    before: [u64; PATTERN_RF + 1],
    common_sf_alloc_period_rf: u64,
    pmch: Vec<Share>,
}

/// Places `first..end` in a common allocation period.
#[derive(Clone, Copy, Debug)]
struct Share {
    first: u64,
    end: u64,
    mch_scheduling_period_rf: u64,
}

impl MchSchedule {
    /// Before the MCCH is known only MCCH subframes have a use.
    pub fn new(area: &MbsfnAreaInfo, configuration: Option<&MbsfnAreaConfiguration>) -> Self {
        let mut schedule = Self {
            area: *area,
            common: MbsfnSubframes::default(),
            before: [0; PATTERN_RF + 1],
            common_sf_alloc_period_rf: 1,
            pmch: Vec::new(),
        };
        let Some(configuration) = configuration else { return schedule };
        schedule.common_sf_alloc_period_rf = u64::from(configuration.common_sf_alloc_period_rf).max(1);
        schedule.common = MbsfnSubframes::new(&configuration.common_sf_alloc);
        for i in 0..PATTERN_RF {
            let subframes = schedule.common.of_frame(i as u64).bits().count_ones();
            schedule.before[i + 1] = schedule.before[i] + u64::from(subframes);
        }
        let mut first = 0;
        for pmch in &configuration.pmch {
            let end = u64::from(pmch.sf_alloc_end) + 1;
            let mch_scheduling_period_rf = u64::from(pmch.mch_scheduling_period_rf).max(1);
            schedule.pmch.push(Share { first, end, mch_scheduling_period_rf });
            first = first.max(end);
        }
        schedule
    }

    /// What the subframe is for. `frame` is absolute, SFN = frame mod 1024.
    pub fn subframe_use(&self, frame: u64, subframe: u8) -> SubframeUse {
        let owner = self.position(frame, subframe);
        match owner {
            owner if self.area.is_mcch(frame, subframe) => SubframeUse::Mcch { owner },
            Some(position) => SubframeUse::Pmch(position),
            None if self.common.contains(frame, subframe) => SubframeUse::Unused,
            None => SubframeUse::NotOfArea,
        }
    }

    /// Is the subframe one of the area, for the MCCH or by `commonSF-Alloc`?
    pub fn is_of_area(&self, frame: u64, subframe: u8) -> bool {
        self.common.contains(frame, subframe) || self.area.is_mcch(frame, subframe)
    }

    /// Subframes of `commonSF-Alloc` in a common allocation period, the first one if they differ.
    pub fn subframes_of_common_period(&self) -> u64 {
        self.common_before(self.common_sf_alloc_period_rf)
    }

    /// First radio frame of the scheduling period of this (P)MCH that `frame` is in (SFN mod period = 0).
    ///
    /// # Panics
    /// There is no such (P)MCH.
    pub fn msp_start(&self, pmch: usize, frame: u64) -> u64 {
        frame - frame % self.pmch[pmch].mch_scheduling_period_rf
    }

    /// Subframes of the (P)MCH in its scheduling period that begins at `msp_start`, in order.
    ///
    /// # Panics
    /// There is no such (P)MCH.
    pub fn subframes_of_msp(&self, pmch: usize, msp_start: u64) -> impl Iterator<Item = (u64, u8, SubframeUse)> + '_ {
        (msp_start..msp_start + self.pmch[pmch].mch_scheduling_period_rf)
            .flat_map(|frame| MBSFN_SUBFRAMES.into_iter().map(move |subframe| (frame, subframe)))
            .map(|(frame, subframe)| (frame, subframe, self.subframe_use(frame, subframe)))
            .filter(move |(_, _, subframe_use)| subframe_use.position().is_some_and(|p| p.pmch == pmch))
    }

    fn position(&self, frame: u64, subframe: u8) -> Option<PmchPosition> {
        let mask = self.common.of_frame(frame).bits();
        let bit = bit_of(subframe)?;
        if mask & bit == 0 {
            return None;
        }
        let earlier_in_frame = u64::from((mask & !(bit | (bit - 1))).count_ones());
        let period_start = frame - frame % self.common_sf_alloc_period_rf;
        let place = self.common_before(frame) + earlier_in_frame - self.common_before(period_start);
        let pmch = self.pmch.iter().position(|share| (share.first..share.end).contains(&place))?;
        let share = &self.pmch[pmch];
        let msp_start = frame - frame % share.mch_scheduling_period_rf;
        // Places of this (P)MCH since the scheduling period began, one common allocation period after the other.
        let mut index = share.places_before(place);
        if msp_start > period_start {
            index -= share.places_before(self.common_before(msp_start) - self.common_before(period_start));
        }
        let mut start = msp_start;
        while start < period_start {
            let next = start + self.common_sf_alloc_period_rf;
            index += share.places_before(self.common_before(next) - self.common_before(start));
            start = next;
        }
        Some(PmchPosition { pmch, index_in_msp: index as u16 })
    }

    /// Subframes of `commonSF-Alloc` in all radio frames before this one.
    fn common_before(&self, frame: u64) -> u64 {
        let pattern = PATTERN_RF as u64;
        frame / pattern * self.before[PATTERN_RF] + self.before[(frame % pattern) as usize]
    }
}

impl Share {
    const fn places_before(&self, place: u64) -> u64 {
        let end = if place < self.end { place } else { self.end };
        end.saturating_sub(self.first)
    }
}
