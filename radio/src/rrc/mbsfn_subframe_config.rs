//! TS 36.331 clause 6.3.7: MBSFN-SubframeConfig, subframes that are MBSFN (in SIB2) or belong to an area (in the MCCH).

use bitvec::prelude::*;

use super::codec::{EncodeRrcError, RrcError, bit_string, check, check_count, index_of, value_at};
use super::generated::eutra_rrc as asn;

/// `radioframeAllocationPeriod`, radio frames.
pub(super) const ALLOCATION_PERIOD_RF: [u16; 6] = [1, 2, 4, 8, 16, 32];
/// `maxMBSFN-Allocations` (clause 6.4).
const MAX_MBSFN_ALLOCATIONS: i64 = 8;

/// MBSFN-SubframeConfig: subframes of the radio frames with `SFN mod period = offset`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MbsfnSubframeConfig {
    /// `radioframeAllocationPeriod`, radio frames: 1, 2 .. 32.
    pub radioframe_allocation_period_rf: u16,
    /// `radioframeAllocationOffset`, radio frames, 0 to 7.
    pub radioframe_allocation_offset_rf: u8,
    /// Which subframes.
    pub subframes: SubframeAllocation,
}

/// `subframeAllocation`: six bits a radio frame, first to last for subframes 1, 2, 3, 6, 7, 8 (FDD).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SubframeAllocation {
    /// Six bits, bit 5 is subframe 1.
    OneFrame(u8),
    /// Four radio frames of six bits, bit 23 is subframe 1 of the first.
    FourFrames(u32),
}

/// A list of 1 to 8.
pub(super) fn to_asn(
    field: &'static str,
    list: &[MbsfnSubframeConfig],
) -> Result<Vec<asn::MBSFN_SubframeConfig>, EncodeRrcError> {
    check_count(field, list.len(), 1..=MAX_MBSFN_ALLOCATIONS, "1 to 8 entries")?;
    list.iter().map(|config| config.to_asn()).collect()
}

/// Inverse of [`to_asn`].
pub(super) fn from_asn(list: &[asn::MBSFN_SubframeConfig]) -> Result<Vec<MbsfnSubframeConfig>, RrcError> {
    list.iter().map(MbsfnSubframeConfig::from_asn).collect()
}

impl MbsfnSubframeConfig {
    fn to_asn(self) -> Result<asn::MBSFN_SubframeConfig, EncodeRrcError> {
        let period = self.radioframe_allocation_period_rf;
        let period = index_of("radioframeAllocationPeriod", &ALLOCATION_PERIOD_RF, period, "1, 2, 4, 8, 16, 32")?;
        let offset = self.radioframe_allocation_offset_rf;
        check("radioframeAllocationOffset", offset.into(), 0..=7, "0 to 7")?;
        use asn::MBSFN_SubframeConfigSubframeAllocation as Choice;
        let subframe_allocation = match self.subframes {
            SubframeAllocation::OneFrame(bits) => {
                check("oneFrame", bits.into(), 0..=0x3f, "6 bits")?;
                Choice::OneFrame(asn::MBSFN_SubframeConfigSubframeAllocation_oneFrame(bit_string(bits.into(), 6)))
            }
            SubframeAllocation::FourFrames(bits) => {
                check("fourFrames", bits.into(), 0..=0xff_ffff, "24 bits")?;
                Choice::FourFrames(asn::MBSFN_SubframeConfigSubframeAllocation_fourFrames(bit_string(bits, 24)))
            }
        };
        Ok(asn::MBSFN_SubframeConfig {
            radioframe_allocation_period: asn::MBSFN_SubframeConfigRadioframeAllocationPeriod(period),
            radioframe_allocation_offset: asn::MBSFN_SubframeConfigRadioframeAllocationOffset(offset),
            subframe_allocation,
        })
    }

    fn from_asn(config: &asn::MBSFN_SubframeConfig) -> Result<Self, RrcError> {
        use asn::MBSFN_SubframeConfigSubframeAllocation as Choice;
        let period = config.radioframe_allocation_period.0;
        Ok(Self {
            radioframe_allocation_period_rf: value_at("radioframeAllocationPeriod", &ALLOCATION_PERIOD_RF, period)?,
            radioframe_allocation_offset_rf: config.radioframe_allocation_offset.0,
            subframes: match &config.subframe_allocation {
                Choice::OneFrame(bits) => SubframeAllocation::OneFrame(bits.0.load_be()),
                Choice::FourFrames(bits) => SubframeAllocation::FourFrames(bits.0.load_be()),
            },
        })
    }
}
