//! What the system information of a cell tells of its MBSFN areas (TS 36.331 clauses 5.2.2.9, 5.8.1.3 and 6.3.1).

use crate::mch::MbsfnSubframes;
use crate::rrc::{MBSFN_SUBFRAMES, MbsfnSubframeConfig, NotificationConfig, SubframeAllocation};

use super::{AreaSetup, EnbError};

/// `maxMBSFN-Allocations` (TS 36.331 clause 6.4).
const MAX_MBSFN_ALLOCATIONS: usize = 8;

/// System information that agrees with the MBSFN areas of a cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SystemInformationPlan {
    /// `mbsfn-SubframeConfigList` of SIB2: every subframe that is no unicast subframe.
    pub mbsfn_subframe_config_list: Vec<MbsfnSubframeConfig>,
    /// `notificationConfig-r9` of SIB13.
    pub notification: NotificationConfig,
}

impl SystemInformationPlan {
    /// The subframes that the areas have, and change notifications in the first of them, twice in a modification period.
    ///
    /// # Errors
    /// The subframes need more patterns than SIB2 has.
    pub fn for_areas(areas: &[AreaSetup]) -> Result<Self, EnbError> {
        let mut list: Vec<MbsfnSubframeConfig> = Vec::new();
        for area in areas {
            let mcch = &area.info.mcch;
            // Offsets end at 7; those of the MCCH at 10.
            let of_mcch = MbsfnSubframeConfig {
                radioframe_allocation_period_rf: if mcch.offset_rf > 7 { 8 } else { 32 },
                radioframe_allocation_offset_rf: mcch.offset_rf % 8,
                subframes: SubframeAllocation::OneFrame(mcch.subframes.bits()),
            };
            let common = MbsfnSubframes::new(&area.mcch.common_sf_alloc);
            let covered = mcch.subframes.iter().all(|subframe| common.contains(mcch.offset_rf.into(), subframe));
            let patterns = area.mcch.common_sf_alloc.iter().copied().chain((!covered).then_some(of_mcch));
            patterns.for_each(|pattern| add(&mut list, pattern));
        }
        if list.len() > MAX_MBSFN_ALLOCATIONS {
            return Err(EnbError::TooManyPatterns { patterns: list.len() });
        }
        let notification =
            Self::notification(&list).unwrap_or(NotificationConfig { repetition_coeff: 2, offset_rf: 0, sf_index: 1 });
        Ok(Self { mbsfn_subframe_config_list: list, notification })
    }

    /// The first frame offset and subframe that is an MBSFN subframe in all repetition periods.
    fn notification(list: &[MbsfnSubframeConfig]) -> Option<NotificationConfig> {
        let all = MbsfnSubframes::new(list);
        (0..=10u8).find_map(|offset_rf| {
            let index = MBSFN_SUBFRAMES.iter().position(|&subframe| all.contains(offset_rf.into(), subframe))?;
            Some(NotificationConfig { repetition_coeff: 2, offset_rf, sf_index: index as u8 + 1 })
        })
    }
}

/// Adds a pattern; those of one period and offset become one.
fn add(list: &mut Vec<MbsfnSubframeConfig>, pattern: MbsfnSubframeConfig) {
    use SubframeAllocation::{FourFrames, OneFrame};
    let times = |p: &MbsfnSubframeConfig| (p.radioframe_allocation_period_rf, p.radioframe_allocation_offset_rf);
    for known in list.iter_mut().filter(|known| times(known) == times(&pattern)) {
        match (&mut known.subframes, pattern.subframes) {
            (OneFrame(bits), OneFrame(more)) => return *bits |= more,
            (FourFrames(bits), FourFrames(more)) => return *bits |= more,
            _ => {}
        }
    }
    list.push(pattern);
}
