//! The measurements of one subframe in which a PMCH is decoded.

use super::data::{DataMeter, DataQuality};
use super::{MbsfnPower, Paths, PowerDelayProfile};
use crate::cell::CellConfig;
use crate::numerology::MbsfnNumerology;
use crate::phch::{MbsfnSubframeDemodulator, PmchDecoder};

/// What was measured in one subframe besides channel estimation and decoding.
///
/// Paths and data are looked at in one of eight subframes in which a PMCH is known to have been sent.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct SubframeMeasurement {
    /// MBSFN RSRP and RSRQ.
    pub power: MbsfnPower,
    /// Paths of the impulse response, averaged over the subframes last looked at.
    pub paths: Option<Paths>,
    /// Data symbols and coded bits of a block that passed its CRC.
    pub data: Option<DataQuality>,
}

/// Measures an MBSFN area; allocates in `new` and for a transport format that it has not seen.
pub(crate) struct Meter {
    profile: PowerDelayProfile,
    /// One for each transport format met so far.
    data: Vec<DataMeter>,
    subframes: u32,
}

impl Meter {
    /// What costs more than a few additions for each resource element is measured in one subframe of this many.
    const EVERY: u32 = 8;

    /// Plans the measurements of an area.
    pub(crate) fn new(cell: &CellConfig, numerology: MbsfnNumerology) -> Self {
        let (prefix, n_sc) = (numerology.cp_samples(cell.n_fft), cell.n_rb_dl.subcarriers());
        let profile = PowerDelayProfile::new(cell.n_fft, n_sc, prefix);
        Self { profile, data: Vec::new(), subframes: 0 }
    }

    /// Measures a subframe that was demodulated by `antennas`, one for each receive antenna, and decoded; `is_sent`: it is
    /// known that the PMCH was sent in it, `tb`: what was sent, when the CRC tells.
    pub(crate) fn measure(
        &mut self,
        antennas: &[MbsfnSubframeDemodulator],
        decoder: &mut PmchDecoder,
        subframe: u8,
        (is_sent, tb): (bool, Option<&[u8]>),
    ) -> SubframeMeasurement {
        let is_due = is_sent && self.subframes.is_multiple_of(Self::EVERY);
        self.subframes = self.subframes.wrapping_add(u32::from(is_sent));
        if is_due {
            self.measure_all(antennas, decoder, subframe, tb)
        } else {
            SubframeMeasurement { power: power(antennas), ..SubframeMeasurement::default() }
        }
    }

    /// The same for every subframe.
    pub(crate) fn measure_all(
        &mut self,
        antennas: &[MbsfnSubframeDemodulator],
        decoder: &mut PmchDecoder,
        subframe: u8,
        tb: Option<&[u8]>,
    ) -> SubframeMeasurement {
        self.profile.push(antennas.iter().map(|antenna| (antenna.impulse_response(), antenna.advance())));
        let data = tb.and_then(|tb| Some(self.data_meter(decoder)?.compare(antennas, decoder, subframe, tb)));
        SubframeMeasurement { power: power(antennas), paths: self.profile.paths(), data }
    }

    /// Subframes are taken to begin `later` samples later than before.
    pub(crate) fn moved(&mut self, later: isize) {
        self.profile.moved(later);
    }

    /// Power over delay.
    pub(crate) const fn profile(&self) -> &PowerDelayProfile {
        &self.profile
    }

    /// What compares blocks of the decoder's format; a format that was decoded can be encoded.
    fn data_meter(&mut self, decoder: &PmchDecoder) -> Option<&mut DataMeter> {
        let known = self.data.iter().position(|meter| meter.fits(decoder));
        if known.is_none() {
            self.data.push(DataMeter::new(decoder).ok()?);
        }
        let last = self.data.len() - 1;
        self.data.get_mut(known.unwrap_or(last))
    }
}

fn power(antennas: &[MbsfnSubframeDemodulator]) -> MbsfnPower {
    antennas.iter().map(MbsfnSubframeDemodulator::power).reduce(MbsfnPower::better).unwrap_or_default()
}
