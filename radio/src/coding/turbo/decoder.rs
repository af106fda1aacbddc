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
        let (systematic, d1, d2) = (&d[..k], &d[k + TAIL..][..k], &d[2 * (k + TAIL)..][..k]);
        let [end_first, end_second] = tails(d, k).map(|tail| siso::backward_through_tail(&tail));

        let (first, second, extrinsic) = (&mut self.first[..k], &mut self.second[..k], &mut self.extrinsic[..k]);
        let bits = &mut self.bits[..k];
        first.copy_from_slice(systematic);
        for iteration in 1..=self.max_iterations {
            (self.siso)(first, d1, &end_first, &mut self.alpha, extrinsic);
            for (extrinsic, systematic) in extrinsic.iter_mut().zip(systematic) {
                *extrinsic = systematic + EXTRINSIC_SCALE * *extrinsic;
            }
            for (second, &i) in second.iter_mut().zip(interleaver) {
                *second = extrinsic[usize::from(i)];
            }
            (self.siso)(second, d2, &end_second, &mut self.alpha, extrinsic);
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

/// The (x, z) of the three termination steps of both encoders, from where 5.1.3.2.2 puts them in the coded block `d`.
fn tails<T: Copy>(d: &[T], k: usize) -> [[(T, T); TAIL - 1]; 2] {
    let stream = |n: usize, i: usize| d[n * (k + TAIL) + k + i];
    [0, 2]
        .map(|i| [(stream(0, i), stream(1, i)), (stream(2, i), stream(0, i + 1)), (stream(1, i + 1), stream(2, i + 1))])
}

/// The hard decision. False for NaN.
#[inline(always)]
fn is_zero_likelier(llr: f32) -> bool {
    llr > 0.0
}

#[cfg(test)]
mod tests {
    use super::super::encoder::{Constituent, encode};
    use super::*;
    use crate::coding::qpp;

    #[test]
    fn tails_are_found_where_the_encoder_puts_them() {
        let interleaver = qpp::interleaver(40);
        for seed in 0..100_usize {
            let c: [u8; 40] = std::array::from_fn(|i| ((seed * 2_654_435_761) >> (i % 29) & 1) as u8);
            let mut d = [0; 3 * 44];
            encode(&c, &interleaver, &mut d);
            let (mut first, mut second) = (Constituent::default(), Constituent::default());
            for (i, &bit) in c.iter().enumerate() {
                first.parity(bit);
                second.parity(c[usize::from(interleaver[i])]);
            }
            assert_eq!(tails(&d, 40), [first.terminate(), second.terminate()]);
        }
    }
}
