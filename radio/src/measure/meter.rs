//! The measurements of one subframe in which a PMCH is decoded.

use super::{MbsfnPower, Paths, PowerDelayProfile};
use crate::cell::CellConfig;
use crate::numerology::MbsfnNumerology;
use crate::phch::MbsfnSubframeDemodulator;

/// What was measured in one subframe besides channel estimation and decoding.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct SubframeMeasurement {
    /// MBSFN RSRP and RSRQ.
    pub power: MbsfnPower,
    /// Paths of the impulse response, averaged over the last ones measured; in one subframe of [`Meter::EVERY`].
    pub paths: Option<Paths>,
}

/// Measures an MBSFN area; allocates in `new` only.
pub(crate) struct Meter {
    profile: PowerDelayProfile,
    subframes: u32,
}

impl Meter {
    /// What costs more than a few additions for each resource element is measured in one subframe of this many.
    pub(crate) const EVERY: u32 = 8;

    /// Plans the measurements of an area.
    pub(crate) fn new(cell: &CellConfig, numerology: MbsfnNumerology) -> Self {
        let prefix = numerology.cp_samples(cell.n_fft);
        let advance = prefix / MbsfnSubframeDemodulator::ADVANCE_DIVISOR;
        let n_sc = cell.n_rb_dl.subcarriers();
        Self { profile: PowerDelayProfile::new(cell.n_fft, n_sc, prefix, advance), subframes: 0 }
    }

    /// Measures a subframe that was demodulated, one demodulator for each receive antenna; `is_sent`: it is known that the
    /// PMCH was sent in it.
    pub(crate) fn measure(&mut self, antennas: &[MbsfnSubframeDemodulator], is_sent: bool) -> SubframeMeasurement {
        let power = antennas.iter().map(MbsfnSubframeDemodulator::power).reduce(MbsfnPower::better).unwrap_or_default();
        let mut measurement = SubframeMeasurement { power, paths: None };
        if is_sent {
            if self.subframes.is_multiple_of(Self::EVERY) {
                self.profile.push(antennas.iter().map(MbsfnSubframeDemodulator::impulse_response));
                measurement.paths = self.profile.paths();
            }
            self.subframes = self.subframes.wrapping_add(1);
        }
        measurement
    }

    /// Power over delay.
    pub(crate) const fn profile(&self) -> &PowerDelayProfile {
        &self.profile
    }
}
