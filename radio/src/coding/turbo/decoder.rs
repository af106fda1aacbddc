//! Turbo decoder: the inverse of TS 36.212 5.1.3.2 for soft values, by iterated max-log-MAP decoding of both constituent
//! codes with scaled extrinsic information.

use super::TAIL;
use super::siso::{self, Siso, States};
use crate::isa::Isa;

/// What max-log-MAP overrates the extrinsic information by (Vogt and Finger, "Improving the max-log-MAP turbo decoder",
/// Electronics Letters 36 (2000)), over two because the constituent decoders give twice the ratio.
const EXTRINSIC_SCALE: f32 = 0.75 / 2.0;

/// Decodes code blocks of up to the size it was planned for.
#[derive(Debug, Clone)]
pub(in crate::coding) struct TurboDecoder {
    siso: Siso,
    max_iterations: u32,
    /// Input of the first decoder: systematic plus a priori, in the block's order.
    first: Vec<f32>,
    /// Input of the second decoder, in interleaved order.
    second: Vec<f32>,
    extrinsic: Vec<f32>,
    alpha: Vec<States>,
    bits: Vec<u8>,
}

/// How decoding one code block ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::coding) struct Outcome {
    /// The block was accepted.
    pub(in crate::coding) accepted: bool,
    /// Full iterations run, both constituent decoders each.
    pub(in crate::coding) iterations: u32,
}

impl TurboDecoder {
    /// Plans for blocks of up to `k_max` bits.
    pub(in crate::coding) fn new(isa: Isa, k_max: usize, max_iterations: u32) -> Self {
        let siso = match isa {
            Isa::Scalar => siso::scalar,
        };
        Self {
            siso,
            max_iterations,
            first: vec![0.0; k_max],
            second: vec![0.0; k_max],
            extrinsic: vec![0.0; k_max],
            alpha: vec![[0.0; 8]; k_max],
            bits: vec![0; k_max],
        }
    }

    /// Decodes the coded block `d` of 3·(K + 4) log-likelihood ratios log P(0)/P(1) until `accept` says that the K bits
    /// are right or the iterations are used up. Read the bits, right or not, with [`Self::bits`].
    pub(in crate::coding) fn decode(
        &mut self,
        d: &[f32],
        interleaver: &[u16],
        accept: impl Fn(&[u8]) -> bool,
    ) -> Outcome {
        let k = interleaver.len();
        assert_eq!(d.len(), 3 * (k + TAIL), "{} soft values for a block of {k} bits", d.len());
        let (d0, rest) = d.split_at(k + TAIL);
        let (d1, d2) = rest.split_at(k + TAIL);
        let systematic = &d0[..k];
        // Termination as 5.1.3.2.2 spreads it over the streams: (x, z) of each of the three steps.
        let end_first = siso::backward_through_tail(&[(d0[k], d1[k]), (d2[k], d0[k + 1]), (d1[k + 1], d2[k + 1])]);
        let end_second =
            siso::backward_through_tail(&[(d0[k + 2], d1[k + 2]), (d2[k + 2], d0[k + 3]), (d1[k + 3], d2[k + 3])]);

        let (first, second, extrinsic) = (&mut self.first[..k], &mut self.second[..k], &mut self.extrinsic[..k]);
        let bits = &mut self.bits[..k];
        first.copy_from_slice(systematic);
        for iteration in 1..=self.max_iterations {
            (self.siso)(first, &d1[..k], &end_first, &mut self.alpha, extrinsic);
            for (extrinsic, systematic) in extrinsic.iter_mut().zip(systematic) {
                *extrinsic = systematic + EXTRINSIC_SCALE * *extrinsic;
            }
            for (second, &i) in second.iter_mut().zip(interleaver) {
                *second = extrinsic[usize::from(i)];
            }
            (self.siso)(second, &d2[..k], &end_second, &mut self.alpha, extrinsic);
            for ((&input, &extrinsic), &i) in second.iter().zip(&*extrinsic).zip(interleaver) {
                let i = usize::from(i);
                first[i] = systematic[i] + EXTRINSIC_SCALE * extrinsic;
                // A bit that nothing is known about becomes 1: all zeros would pass any CRC.
                bits[i] = u8::from(!is_zero_likelier(input + 0.5 * extrinsic));
            }
            if accept(bits) {
                return Outcome { accepted: true, iterations: iteration };
            }
        }
        Outcome { accepted: false, iterations: self.max_iterations }
    }

    /// The first `k` hard decisions of the last block.
    pub(in crate::coding) fn bits(&self, k: usize) -> &[u8] {
        &self.bits[..k]
    }
}

/// The hard decision. False for NaN.
#[inline(always)]
fn is_zero_likelier(llr: f32) -> bool {
    llr > 0.0
}
