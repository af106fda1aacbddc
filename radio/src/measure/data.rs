//! What data symbols and coded bits of a PMCH were, held against what was sent: the transport block encoded again.

use crate::coding::CodingError;
use crate::grid::Grid;
use crate::phch::{BitErrors, MbsfnSubframeDemodulator, PmchDecoder, PmchEncoder};

/// Data symbols and coded bits of one block whose content is known.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct DataQuality {
    /// Hard decisions before decoding.
    pub bits: BitErrors,
    /// MBSFN SINR, a ratio: power of the data symbols over the power of their errors after combining and equalisation, each
    /// symbol counting with the signal to noise ratio of its subcarrier by the channel estimates. It holds everything that data symbols
    /// suffer: noise, interference, and what the channel estimate does not know.
    pub sinr: f32,
}

impl DataQuality {
    /// MBSFN SINR, dB; limited to 80 dB by single precision.
    pub fn sinr_db(&self) -> f64 {
        10.0 * f64::from(self.sinr).clamp(1e-8, 1e8).log10()
    }
}

/// Compares blocks of one transport format; allocates in `new` only.
pub(super) struct DataMeter {
    encoder: PmchEncoder,
    sent: Grid,
    /// Signal to noise ratio of each subcarrier.
    weights: Vec<f32>,
}

impl DataMeter {
    /// Plans for the blocks of a decoder.
    pub(super) fn new(decoder: &PmchDecoder) -> Result<Self, CodingError> {
        let params = *decoder.params();
        let n_sc = params.cell.n_rb_dl.subcarriers();
        let sent = Grid::new(params.numerology.symbols_per_subframe(), n_sc);
        Ok(Self { encoder: PmchEncoder::new(params)?, sent, weights: vec![0.0; n_sc] })
    }

    /// Is it planned for these blocks?
    pub(super) fn fits(&self, decoder: &PmchDecoder) -> bool {
        self.encoder.params() == decoder.params()
    }

    /// Compares the block that was last decoded from `antennas` with `tb`, which was sent.
    pub(super) fn compare(
        &mut self,
        antennas: &[MbsfnSubframeDemodulator],
        decoder: &mut PmchDecoder,
        subframe: u8,
        tb: &[u8],
    ) -> DataQuality {
        let bits = decoder.count_bit_errors(tb);
        self.weights.fill(0.0);
        antennas.iter().for_each(|antenna| antenna.add_sinr(&mut self.weights));
        self.encoder.encode(subframe, tb, &mut self.sent);
        let params = self.encoder.params();
        let reference = params.numerology.reference_symbols();
        let mut received = decoder.symbols().iter();
        let (mut signal, mut error) = (0.0f64, 0.0f64);
        for row in usize::from(params.non_mbsfn_region)..self.sent.rows() {
            // Reference signals take every other element of their rows.
            let comb = reference.iter().find(|&&(r, _)| r == row).map(|&(_, first)| first);
            let (first, step) = comb.map_or((0, 1), |first| (1 - first, 2));
            let (mut row_signal, mut row_error) = (0.0, 0.0);
            let elements = self.sent.row(row)[first..].iter().zip(&self.weights[first..]).step_by(step);
            for ((x, weight), y) in elements.zip(&mut received) {
                row_signal += x.norm_sqr() * weight;
                row_error += (y - x).norm_sqr() * weight;
            }
            signal += f64::from(row_signal);
            error += f64::from(row_error);
        }
        DataQuality { bits, sinr: if signal > 0.0 { (signal / error.max(signal * 1e-8)) as f32 } else { 0.0 } }
    }
}
