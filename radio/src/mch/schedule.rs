//! TS 36.331 clauses 5.8.1.2 and 6.3.7: which subframe belongs to which (P)MCH, which one carries the MCCH.

use crate::rrc::{CommonSfAlloc, MbsfnAreaConfiguration, PmchInfo, SessionInfo, SubframeAllocation};

/// Subframes that can be MBSFN subframes in FDD, in the order of the bits of MBSFN-SubframeConfig (clause 6.3.7).
const MBSFN_SUBFRAMES: [u8; 6] = [1, 2, 3, 6, 7, 8];
/// Radio frames after which every allocation pattern has begun again: the longest radioframeAllocationPeriod.
const PATTERN_RF: usize = 32;

/// Some of the subframes 1, 2, 3, 6, 7, 8, the same in every radio frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SubframeSet(u8);

impl SubframeSet {
    /// From subframe numbers.
    ///
    /// # Errors
    /// None given, or one that cannot be an MBSFN subframe.
    pub fn new(subframes: &[u8]) -> Result<Self, AreaConfigError> {
        let mut bits = 0;
        for &subframe in subframes {
            bits |= bit_of(subframe).ok_or(AreaConfigError::Subframe(subframe))?;
        }
        if bits == 0 { Err(AreaConfigError::NoSubframes) } else { Ok(Self(bits)) }
    }

    /// Is this subframe one of them?
    pub fn contains(&self, subframe: u8) -> bool {
        bit_of(subframe).is_some_and(|bit| self.0 & bit != 0)
    }

    /// The six bits of `oneFrame`: bit 5 is subframe 1.
    pub const fn bits(&self) -> u8 {
        self.0
    }

    /// The subframe numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u8> + use<> {
        let set = *self;
        MBSFN_SUBFRAMES.into_iter().filter(move |&subframe| set.contains(subframe))
    }
}

fn bit_of(subframe: u8) -> Option<u8> {
    MBSFN_SUBFRAMES.iter().position(|&s| s == subframe).map(|i| 0x20 >> i)
}

/// What SIB2 (MBSFN-SubframeConfig) and SIB13 (MBSFN-AreaInfo-r9) tell of an MBSFN area.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MbsfnAreaConfig {
    /// `mbsfn-AreaId-r9`.
    pub n_id_mbsfn: u8,
    /// `non-MBSFNregionLength`: symbols, 1 or 2.
    pub non_mbsfn_region: u8,
    /// MBSFN subframes, the same in every radio frame.
    pub subframes: SubframeSet,
    /// `mcch-Config-r9`.
    pub mcch: McchConfig,
}

/// `mcch-Config-r9` of SIB13 (TS 36.331 clause 6.3.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct McchConfig {
    /// `mcch-RepetitionPeriod-r9`, radio frames: 32, 64, 128, 256.
    pub repetition_period_rf: u16,
    /// `mcch-Offset-r9`: the MCCH is in radio frames with `SFN mod repetition period = offset`, 0 to 10.
    pub offset_rf: u8,
    /// `mcch-ModificationPeriod-r9`, radio frames: 512, 1024.
    pub modification_period_rf: u16,
    /// `sf-AllocInfo-r9`: the subframe of these frames.
    pub subframe: u8,
    /// `signallingMCS-r9`: 2, 7, 13, 19. For MCCH subframes and the first subframe of each scheduling period.
    pub signalling_mcs: u8,
}

/// The area cannot be configured so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AreaConfigError {
    /// Not an MBSFN subframe.
    #[error("subframe {0} cannot carry MBSFN: use 1, 2, 3, 6, 7, 8")]
    Subframe(u8),
    /// An empty set.
    #[error("no MBSFN subframe is given: use some of 1, 2, 3, 6, 7, 8")]
    NoSubframes,
    /// A value that SIB13 does not have.
    #[error("{field} is {value}: TS 36.331 allows {allowed}")]
    Value {
        /// ASN.1 name.
        field: &'static str,
        /// What was given.
        value: u16,
        /// What SIB13 can say.
        allowed: &'static str,
    },
    /// The MCCH lies outside of the MBSFN subframes.
    #[error("the MCCH is in subframe {0}, which is not one of the MBSFN subframes of the area")]
    McchSubframe(u8),
}

impl MbsfnAreaConfig {
    /// Checks every value against what SIB2 and SIB13 can say.
    ///
    /// # Errors
    /// The first value that is not allowed.
    pub fn check(&self) -> Result<(), AreaConfigError> {
        let mcch = &self.mcch;
        let check = |field, value: u16, values: &[u16], allowed| {
            if values.contains(&value) { Ok(()) } else { Err(AreaConfigError::Value { field, value, allowed }) }
        };
        check("non-MBSFNregionLength", self.non_mbsfn_region.into(), &[1, 2], "1, 2")?;
        check("mcch-RepetitionPeriod-r9", mcch.repetition_period_rf, &[32, 64, 128, 256], "32, 64, 128, 256")?;
        check("mcch-ModificationPeriod-r9", mcch.modification_period_rf, &[512, 1024], "512, 1024")?;
        check("signallingMCS-r9", mcch.signalling_mcs.into(), &[2, 7, 13, 19], "2, 7, 13, 19")?;
        let (field, value) = ("mcch-Offset-r9", mcch.offset_rf.into());
        if value > 10 {
            return Err(AreaConfigError::Value { field, value, allowed: "0 to 10" });
        }
        if self.subframes.contains(mcch.subframe) { Ok(()) } else { Err(AreaConfigError::McchSubframe(mcch.subframe)) }
    }

    /// May this subframe carry the MCCH? `frame` is absolute, SFN = frame mod 1024.
    pub fn is_mcch(&self, frame: u64, subframe: u8) -> bool {
        subframe == self.mcch.subframe
            && frame % u64::from(self.mcch.repetition_period_rf.max(1)) == u64::from(self.mcch.offset_rf)
    }

    /// The MCCH content for one (P)MCH that has all subframes of the area.
    pub fn single_pmch(
        &self,
        data_mcs: u8,
        mch_scheduling_period_rf: u16,
        sessions: Vec<SessionInfo>,
    ) -> MbsfnAreaConfiguration {
        let common_sf_alloc_period_rf = 64;
        MbsfnAreaConfiguration {
            common_sf_alloc: vec![CommonSfAlloc {
                radioframe_allocation_period_rf: 1,
                radioframe_allocation_offset_rf: 0,
                subframes: SubframeAllocation::OneFrame(self.subframes.bits()),
            }],
            common_sf_alloc_period_rf,
            pmch: vec![PmchInfo {
                sf_alloc_end: self.subframes.iter().count() as u16 * common_sf_alloc_period_rf - 1,
                data_mcs,
                mch_scheduling_period_rf,
                sessions,
            }],
        }
    }
}

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
    /// Not an MBSFN subframe of this area.
    NotMbsfn,
    /// An MBSFN subframe that no (P)MCH has.
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
            Self::NotMbsfn | Self::Unused => None,
            Self::Mcch { owner } => *owner,
            Self::Pmch(position) => Some(*position),
        }
    }

    /// Does the signalling MCS hold? (field descriptions of signallingMCS and dataMCS, TS 36.331 clause 6.3.7)
    pub const fn is_signalling(&self) -> bool {
        match self {
            Self::NotMbsfn | Self::Unused => false,
            Self::Mcch { .. } => true,
            Self::Pmch(position) => position.index_in_msp == 0,
        }
    }
}

/// The subframes of an area, shared out among its (P)MCHs.
#[derive(Clone, Debug)]
pub struct MchSchedule {
    area: MbsfnAreaConfig,
    /// `commonSF-Alloc`: six bits for each radio frame of the pattern.
    masks: [u8; PATTERN_RF],
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
    pub fn new(area: &MbsfnAreaConfig, configuration: Option<&MbsfnAreaConfiguration>) -> Self {
        let mut schedule = Self {
            area: *area,
            masks: [0; PATTERN_RF],
            before: [0; PATTERN_RF + 1],
            common_sf_alloc_period_rf: 1,
            pmch: Vec::new(),
        };
        let Some(configuration) = configuration else { return schedule };
        schedule.common_sf_alloc_period_rf = u64::from(configuration.common_sf_alloc_period_rf).max(1);
        for allocation in &configuration.common_sf_alloc {
            allocate(&mut schedule.masks, allocation);
        }
        for (i, mask) in schedule.masks.iter().enumerate() {
            schedule.before[i + 1] = schedule.before[i] + u64::from(mask.count_ones());
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
            None if self.area.subframes.contains(subframe) => SubframeUse::Unused,
            None => SubframeUse::NotMbsfn,
        }
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
        let mask = self.masks[frame as usize % PATTERN_RF];
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

/// Adds the subframes of one pattern; four frames begin where the offset says (clause 6.3.7, subframeAllocation).
fn allocate(masks: &mut [u8; PATTERN_RF], allocation: &CommonSfAlloc) {
    let period = usize::from(allocation.radioframe_allocation_period_rf).max(1);
    let offset = usize::from(allocation.radioframe_allocation_offset_rf);
    for frame in (0..PATTERN_RF).filter(|frame| frame % period == offset) {
        match allocation.subframes {
            SubframeAllocation::OneFrame(bits) => masks[frame] |= bits & 0x3f,
            SubframeAllocation::FourFrames(bits) => {
                for i in 0..4 {
                    masks[(frame + i) % PATTERN_RF] |= (bits >> (18 - 6 * i)) as u8 & 0x3f;
                }
            }
        }
    }
}
