//! TS 36.331 clause 6.3.7, MBSFN-SubframeConfig: patterns of subframes, as SIB2 and `commonSF-Alloc` give them.

use crate::rrc::{MbsfnSubframeConfig, SubframeAllocation, SubframeSet, bit_of};

/// Radio frames after which every pattern has begun again: the longest radioframeAllocationPeriod.
pub(super) const PATTERN_RF: usize = 32;

/// The subframes that a list of patterns names together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MbsfnSubframes {
    /// Six bits for each radio frame.
    masks: [u8; PATTERN_RF],
}

impl MbsfnSubframes {
    /// All subframes of the patterns; four frames begin where the offset says (field descriptions of
    /// radioframeAllocationPeriod and subframeAllocation).
    pub fn new(patterns: &[MbsfnSubframeConfig]) -> Self {
        let mut all = Self::default();
        patterns.iter().for_each(|pattern| all.add(pattern));
        all
    }

    fn add(&mut self, pattern: &MbsfnSubframeConfig) {
        let period = usize::from(pattern.radioframe_allocation_period_rf).max(1);
        let offset = usize::from(pattern.radioframe_allocation_offset_rf);
        for frame in (0..PATTERN_RF).filter(|frame| frame % period == offset) {
            match pattern.subframes {
                SubframeAllocation::OneFrame(bits) => self.masks[frame] |= bits & 0x3f,
                SubframeAllocation::FourFrames(bits) => {
                    for i in 0..4 {
                        self.masks[(frame + i) % PATTERN_RF] |= (bits >> (18 - 6 * i)) as u8 & 0x3f;
                    }
                }
            }
        }
    }

    /// Is this subframe one of them? `frame` is absolute, SFN = frame mod 1024.
    pub fn contains(&self, frame: u64, subframe: u8) -> bool {
        bit_of(subframe).is_some_and(|bit| self.of_frame(frame).bits() & bit != 0)
    }

    /// Those of a radio frame.
    pub const fn of_frame(&self, frame: u64) -> SubframeSet {
        SubframeSet::from_bits(self.masks[frame as usize % PATTERN_RF])
    }
}
