//! Which subframes the MCHs of an area share (TS 36.331 clause 6.3.7), what each carries (TS 36.213 clause 11.1, TS
//! 36.321 clause 5.12), and whether the sessions fit.

use std::ops::Range;

use radio::{ConfigError, Mcs, PmchParams};

use crate::scenario::{Cell, MbsfnArea, Mch, Scenario, SubframePattern};
use crate::setup;

/// What an MCH carries for MTCHs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Capacity {
    /// Transport block size of data subframes, bits.
    pub(crate) tbs_bits: usize,
    /// For SDUs, after MCCH, MSI and headers, bit/s.
    pub(crate) bps: f64,
}

/// A value of the scenario that cannot be: the key, and why with what is allowed.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CapacityProblem {
    pub(crate) key: Vec<String>,
    message: String,
}

/// Octets of MAC and RLC headers in a data block: one subheader for the MTCH and one for padding, the RLC header and
/// the length indicators of a few SDUs (TS 36.321 clause 6.2.1, TS 36.322 clause 6.2.1.3).
const HEADER_OCTETS: usize = 12;
/// Radio frames after which every allocation pattern has begun again.
const PATTERN_RF: usize = 32;

/// The subframes of an area: bit n of a mask is subframe n.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct AreaSubframes([u16; PATTERN_RF]);

impl AreaSubframes {
    pub(crate) fn of(area: &MbsfnArea) -> Self {
        let mut masks = [0; PATTERN_RF];
        for allocation in &area.subframe_allocation {
            let frames = match &allocation.pattern {
                SubframePattern::OneFrame { subframes } => std::slice::from_ref(subframes),
                SubframePattern::FourFrames { subframes } => subframes,
            };
            let (period, offset) = (usize::from(allocation.period_rf.max(1)), usize::from(allocation.offset_rf));
            for first in (0..PATTERN_RF).filter(|frame| frame % period == offset) {
                for (i, subframes) in frames.iter().enumerate() {
                    masks[(first + i) % PATTERN_RF] |= subframes.iter().fold(0, |mask, s| mask | 1 << s);
                }
            }
        }
        Self(masks)
    }

    /// Is this subframe of the area?
    pub(crate) fn contains(&self, frame: usize, subframe: u8) -> bool {
        self.0[frame % PATTERN_RF] & 1 << subframe != 0
    }

    /// The first subframe that both areas have: frame of the pattern and subframe.
    pub(crate) fn overlap(&self, other: &Self) -> Option<(usize, u32)> {
        let both = self.0.iter().zip(&other.0).map(|(a, b)| a & b).enumerate();
        both.into_iter().find(|(_, mask)| *mask != 0).map(|(frame, mask)| (frame, mask.trailing_zeros()))
    }

    /// How many there are in so many radio frames from the start of the pattern on.
    fn count(&self, frames: usize) -> usize {
        (0..frames).map(|frame| self.0[frame % PATTERN_RF].count_ones() as usize).sum()
    }
}

/// Places of each MCH of an area among the subframes of a common allocation period.
pub(crate) fn shares(area: &MbsfnArea, index: usize) -> Result<Vec<Range<u16>>, CapacityProblem> {
    let all = AreaSubframes::of(area).count(area.common_sf_alloc_period_rf.into());
    let named: usize = area.mchs.iter().filter_map(|m| m.subframes_per_period).map(usize::from).sum();
    let unnamed = area.mchs.iter().filter(|m| m.subframes_per_period.is_none()).count();
    let Some(rest) = all.checked_sub(named).filter(|rest| *rest >= unnamed) else {
        let message = format!(
            "the MCHs ask for {} subframes of a common allocation period of {} radio frames, the area has {all}; allowed \
             values: subframes_per_period up to that, at least 1 for each MCH",
            named + unnamed,
            area.common_sf_alloc_period_rf
        );
        return Err(CapacityProblem { key: key(&["mbsfn_area", &index.to_string(), "mch"]), message });
    };
    let mut unnamed_left = unnamed;
    let mut rest_left = rest;
    let mut first = 0;
    let share = |mch: &Mch| {
        let subframes = mch.subframes_per_period.unwrap_or_else(|| {
            let part = rest_left.div_ceil(unnamed_left.max(1));
            (rest_left, unnamed_left) = (rest_left - part, unnamed_left - 1);
            part as u16
        });
        first += subframes;
        first - subframes..first
    };
    Ok(area.mchs.iter().map(share).collect())
}

impl Capacity {
    /// Of each MCH, area by area; refuses formats that cannot be decoded and MCHs without subframes.
    pub(crate) fn of(scenario: &Scenario) -> Result<Vec<Self>, CapacityProblem> {
        let mut all = Vec::new();
        let Some(cell) = &scenario.cell else { return Ok(all) };
        for (a, area) in scenario.areas.iter().enumerate() {
            let at = a.to_string();
            params(cell, area, area.signalling_mcs.into(), &["mbsfn_area", &at, "signalling_mcs"])?;
            for (m, (mch, share)) in area.mchs.iter().zip(shares(area, a)?).enumerate() {
                let path = ["mbsfn_area", &at, "mch", &m.to_string(), "data_mcs"];
                let format = params(cell, area, mch.mcs(), &path)?.format;
                all.push(Self { tbs_bits: format.tbs_bits, bps: bps(area, mch, &share, format.octets()) });
            }
        }
        Ok(all)
    }

    /// Refuses sessions that ask for more than their MCH has; `all` as [`Self::of`] gives it.
    pub(crate) fn admit(all: &[Self], scenario: &Scenario) -> Result<(), CapacityProblem> {
        for (capacity, (a, m, area, mch)) in all.iter().zip(scenario.mchs()) {
            let sessions = scenario.sessions.iter().filter(|s| s.mch == mch.name);
            let asked: f64 = sessions.map(|s| f64::from(s.bit_rate_kbps) * 1000.0).sum();
            if asked > capacity.bps {
                let message = format!(
                    "the sessions ask for {:.0} kbit/s together, data_mcs = {} at {} resource blocks in {} subframes of \
                     {} radio frames carries {:.0}; allowed values: bit_rate_kbps up to that, or a higher data_mcs",
                    asked / 1000.0,
                    mch.data_mcs,
                    n_rb_dl(scenario),
                    shares(area, a)?.get(m).map_or(0, |share| share.len()),
                    area.common_sf_alloc_period_rf,
                    (capacity.bps / 1000.0).floor()
                );
                let key = key(&["mbsfn_area", &a.to_string(), "mch", &m.to_string(), "data_mcs"]);
                return Err(CapacityProblem { key, message });
            }
        }
        Ok(())
    }
}

/// The first subframe of a scheduling period and those of the MCCH go at the signalling MCS: counted as full.
fn bps(area: &MbsfnArea, mch: &Mch, share: &Range<u16>, block_octets: usize) -> f64 {
    let period_rf = f64::from(mch.scheduling_period_rf);
    let subframes = share.len() as f64 * period_rf / f64::from(area.common_sf_alloc_period_rf);
    let mcch = area.mcch_subframes.len() as f64 * (period_rf / f64::from(area.mcch_repetition_period_rf)).min(1.0);
    let octets = block_octets.saturating_sub(HEADER_OCTETS) as f64;
    ((subframes - 1.0 - mcch) * octets * 8.0 / (period_rf * 0.01)).max(0.0)
}

fn params(cell: &Cell, area: &MbsfnArea, mcs: Mcs, path: &[&str]) -> Result<PmchParams, CapacityProblem> {
    let of = |mcs| -> Result<PmchParams, ConfigError> {
        PmchParams::new(setup::cell(cell)?, area.n_id_mbsfn, area.non_mbsfn_region, mcs)
    };
    of(mcs).map_err(|why| {
        let same_table = Mcs::all().filter(|other| other.table == mcs.table);
        let highest = same_table.filter(|&mcs| of(mcs).is_ok()).map(|mcs| mcs.index).max();
        let allowed = highest.map_or_else(|| "none".to_owned(), |highest| format!("0 to {highest}"));
        let name = path.last().copied().unwrap_or_default();
        CapacityProblem { key: key(path), message: format!("{name} = {}: {why}; allowed values: {allowed}", mcs.index) }
    })
}

fn n_rb_dl(scenario: &Scenario) -> u8 {
    scenario.cell.as_ref().map_or(0, |cell| cell.n_rb_dl)
}

fn key(path: &[&str]) -> Vec<String> {
    path.iter().map(|&part| part.to_owned()).collect()
}
