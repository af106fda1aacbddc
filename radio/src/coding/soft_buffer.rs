//! Soft combining of the transmissions of one transport block in one code block (TS 36.212 5.1.4.1, TS 36.321 5.3.2): system
//! information is never larger.

use super::bits::pack;
use super::crc::CRC24A;
use super::plan::CodingError;
use super::qpp;
use super::rate_match::RateMatcher;
use super::segment::Segmentation;
use super::transport_block::{DEFAULT_MAX_ITERATIONS, Decoded};
use super::turbo::{self, TAIL, TurboDecoder, Windows};
use crate::isa::{Isa, Kernels};

/// The soft buffer of a transport block, filled by transmissions of any redundancy version and length; allocates in
/// `new` only.
#[derive(Debug, Clone)]
pub struct SoftBuffer {
    kernels: Kernels,
    octets: usize,
    filler: usize,
    windows: Windows,
    /// By redundancy version.
    rate_matchers: [RateMatcher; 4],
    turbo: TurboDecoder,
    /// Sum of what was received of d.
    received: Vec<f32>,
    /// The same, quantised, with the filler bits known.
    d: Vec<i16>,
}

impl SoftBuffer {
    /// Plans for a transport block of `a_bits`.
    ///
    /// # Errors
    /// When `a_bits` is no size that octets carry, or does not fit in one code block.
    pub fn new(a_bits: usize, isa: Isa) -> Result<Self, CodingError> {
        if a_bits == 0 || !a_bits.is_multiple_of(8) {
            return Err(CodingError::TransportBlockSize { a_bits });
        }
        let segmentation = Segmentation::new(a_bits + CRC24A.length());
        if segmentation.c() != 1 {
            return Err(CodingError::SeveralCodeBlocks { a_bits });
        }
        let (k, filler) = (segmentation.k(0), segmentation.filler(0));
        let coded = 3 * (k + TAIL);
        let windows = Windows::new(&qpp::interleaver(k), &CRC24A, filler);
        Ok(Self {
            kernels: isa.kernels(),
            octets: a_bits / 8,
            filler,
            rate_matchers: [0, 1, 2, 3].map(|rv| RateMatcher::new(k, filler, rv)),
            turbo: TurboDecoder::new(isa, [&windows], DEFAULT_MAX_ITERATIONS),
            windows,
            received: vec![0.0; coded],
            d: vec![0; coded],
        })
    }

    /// Octets of the transport block.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// Forgets every transmission.
    pub fn clear(&mut self) {
        self.received.fill(0.0);
    }

    /// Adds a transmission: its log-likelihood ratios in the scale of all others. One that holds a NaN or an infinity is
    /// left out.
    ///
    /// # Panics
    /// If `rv` is above 3.
    pub fn add(&mut self, rv: u8, llr: &[f32]) {
        if llr.iter().all(|l| l.is_finite()) {
            self.rate_matchers[usize::from(rv)].combine(llr, &mut self.received);
        }
    }

    /// Decodes what has come together into `tb`, whose content is meaningful when the CRC passes.
    ///
    /// # Panics
    /// If `tb` is not as long as was planned.
    pub fn decode(&mut self, tb: &mut [u8]) -> Decoded {
        assert_eq!(tb.len(), self.octets, "octets of the transport block");
        let mut decoded = Decoded { crc_ok: false, iterations: 0, code_blocks: 1, code_block_errors: 1 };
        let heard = self.received.iter().filter(|l| **l != 0.0).count();
        let mean = turbo::magnitude(self.kernels, &self.received) / heard.max(1) as f32;
        if mean == 0.0 || !mean.is_finite() {
            return decoded;
        }
        turbo::quantise(self.kernels, &self.received, mean, (&[], 0), &mut self.d);
        // Filler bits are known to be 0; their parity follows from it.
        self.d[..self.filler].fill(turbo::MAX_CHANNEL);
        let outcome = self.turbo.decode(turbo::streams(&self.d), &self.windows);
        let bits = &self.turbo.bits(self.windows.k())[self.filler..];
        pack(&bits[..8 * self.octets], tb);
        // A block of zeros has the CRC of zeros: silence must not pass for a message.
        decoded.crc_ok = outcome.accepted && bits.iter().any(|&b| b != 0);
        decoded.iterations = outcome.iterations;
        decoded.code_block_errors = u32::from(!decoded.crc_ok);
        decoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coding::{TransportBlockEncoder, TransportBlockParams};
    use rand_core::{Rng, SeedableRng};
    use rand_distr::{Distribution, StandardNormal};
    use rand_pcg::Pcg64Mcg;

    /// Soft values of one transmission in noise that no single one survives.
    fn transmission(tb: &[u8], rv: u8, g_bits: usize, sigma: f32, rng: &mut Pcg64Mcg) -> Vec<f32> {
        let params = TransportBlockParams { a_bits: 8 * tb.len(), g_bits, q_m: 2, n_l: 1, rv };
        let mut coded = vec![0; g_bits];
        TransportBlockEncoder::new(params).unwrap().encode(tb, &mut coded);
        let mut soft = |&b: &u8| {
            let noise: f32 = StandardNormal.sample(rng);
            2.0 * (1.0 - 2.0 * f32::from(b) + sigma * noise) / (sigma * sigma)
        };
        coded.iter().map(&mut soft).collect()
    }

    #[test]
    fn transmissions_that_fail_alone_succeed_together() {
        let mut rng = Pcg64Mcg::seed_from_u64(36_321);
        let (mut alone, mut together) = (0, 0);
        for _ in 0..20 {
            let tb: Vec<u8> = (0..49).map(|_| rng.next_u32() as u8).collect();
            let mut out = vec![0; tb.len()];
            let mut buffer = SoftBuffer::new(392, Isa::Scalar).unwrap();
            let mut single = buffer.clone();
            // Rate 0.83 a time, at -1 dB: beyond capacity alone. Each time another length.
            for (i, rv) in [0, 2, 3, 1].into_iter().enumerate() {
                let llr = transmission(&tb, rv, 500 + 20 * i, 1.12, &mut rng);
                buffer.add(rv, &llr);
                single.clear();
                single.add(rv, &llr);
                alone += usize::from(single.decode(&mut out).crc_ok);
            }
            let decoded = buffer.decode(&mut out);
            together += usize::from(decoded.crc_ok && out == tb);
        }
        assert_eq!((alone, together), (0, 20));
    }

    #[test]
    fn silence_and_broken_values_are_no_message() {
        let mut buffer = SoftBuffer::new(144, Isa::Scalar).unwrap();
        let mut tb = [0; 18];
        for llr in [[0.0; 400], [f32::NAN; 400], [f32::INFINITY; 400], [1.0; 400]] {
            buffer.add(0, &llr);
            assert!(!buffer.decode(&mut tb).crc_ok, "{}", llr[0]);
        }
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        assert!(matches!(SoftBuffer::new(12, Isa::Scalar), Err(CodingError::TransportBlockSize { .. })));
        assert!(matches!(SoftBuffer::new(8000, Isa::Scalar), Err(CodingError::SeveralCodeBlocks { .. })));
    }
}
