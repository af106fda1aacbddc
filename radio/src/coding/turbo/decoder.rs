//! Turbo decoder: the inverse of TS 36.212 5.1.3.2 for soft values, by iterated max-log-MAP decoding of both constituent
//! codes with scaled extrinsic information, in 16-bit integers, sixteen windows of the code block side by side.

#[cfg(target_arch = "x86_64")]
use super::avx2;
#[cfg(target_arch = "x86_64")]
use super::avx2 as avx512;
use super::lanes::{Edges, Lanes, States, UNREACHED, Verdict};
use super::{TAIL, Windows, scalar};
use crate::isa::{Isa, Kernels, run_kernel};

/// Decodes code blocks of up to the size it was planned for.
#[derive(Debug, Clone)]
pub(in crate::coding) struct TurboDecoder {
    kernels: Kernels,
    max_iterations: u32,
    systematic: Vec<Lanes>,
    parity: [Vec<Lanes>; 2],
    /// Input of the first decoder: systematic plus a priori, in the block's order.
    first: Vec<Lanes>,
    /// Input of the second decoder, in interleaved order.
    second: Vec<Lanes>,
    extrinsic: Vec<Lanes>,
    /// Twice the log-likelihood ratios of the second decoder, in interleaved order.
    interleaved: Vec<Lanes>,
    /// Twice the log-likelihood ratios, in the block's order.
    decision: Vec<Lanes>,
    alpha: Vec<States>,
    bits: Vec<u8>,
}

/// How decoding one code block ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::coding) struct Outcome {
    /// The block passed its CRC.
    pub(in crate::coding) accepted: bool,
    /// Iterations run; of the last one perhaps the first half only.
    pub(in crate::coding) iterations: u32,
}

impl TurboDecoder {
    /// Plans for blocks like any of `windows`.
    pub(in crate::coding) fn new<'a>(
        isa: Isa,
        windows: impl IntoIterator<Item = &'a Windows>,
        max_iterations: u32,
    ) -> Self {
        let (k, rows) = windows.into_iter().fold((0, 0), |(k, rows), w| (w.k().max(k), w.rows().max(rows)));
        let zeros = || vec![Lanes::ZERO; rows];
        Self {
            kernels: isa.kernels(),
            max_iterations,
            systematic: zeros(),
            parity: [zeros(), zeros()],
            first: zeros(),
            second: zeros(),
            extrinsic: zeros(),
            interleaved: zeros(),
            decision: zeros(),
            alpha: vec![[Lanes::ZERO; 8]; rows],
            bits: vec![0; k],
        }
    }

    /// Decodes the coded block `d`, three streams of K + 4 [quantised](mod@super::quantise) log-likelihood ratios
    /// log P(0)/P(1), until the CRC of the block passes or the iterations are used up. Read the bits, right or not, with [`Self::bits`].
    pub(in crate::coding) fn decode(&mut self, d: [&[i16]; 3], windows: &Windows) -> Outcome {
        let (k, rows) = (windows.k(), windows.rows());
        assert_eq!(d.map(<[i16]>::len), [k + TAIL; 3], "soft values for a block of {k} bits");
        let kernels = self.kernels;
        let [parity_first, parity_second] = self.parity.each_mut().map(|parity| &mut parity[..rows]);
        let (systematic, extrinsic) = (&mut self.systematic[..rows], &mut self.extrinsic[..rows]);
        let (first, second, alpha) = (&mut self.first[..rows], &mut self.second[..rows], &mut self.alpha[..rows]);
        let (interleaved, decision) = (&mut self.interleaved[..rows], &mut self.decision[..rows]);
        for (stream, lanes) in d.into_iter().zip([&mut *systematic, &mut *parity_first, &mut *parity_second]) {
            run_kernel!(kernels, arrange(windows, &stream[..k], lanes));
        }
        let [mut edges_first, mut edges_second] =
            tails(d, k).map(|tail| Edges::new(windows.windows(), backward_through_tail(&tail)));
        let (training, passes) = (rows.min(TRAINING), TRAINING.div_ceil(rows).min(windows.windows()));

        first.copy_from_slice(systematic);
        let mut outcome = Outcome { accepted: false, iterations: 0 };
        while !outcome.accepted && outcome.iterations < self.max_iterations {
            outcome.iterations += 1;
            if outcome.iterations == 1 {
                run_kernel!(kernels, train(first, parity_first, training, passes, &mut edges_first));
            }
            let says = Verdict { extrinsic: &mut *extrinsic, decision: &mut *decision };
            run_kernel!(kernels, decode(first, parity_first, &mut edges_first, alpha, says));
            outcome.accepted = run_kernel!(kernels, remainder(windows, decision)) == 0;
            if outcome.accepted {
                break;
            }
            run_kernel!(kernels, interleave(windows, systematic, extrinsic, second));
            if outcome.iterations == 1 {
                run_kernel!(kernels, train(second, parity_second, training, passes, &mut edges_second));
            }
            let says = Verdict { extrinsic: &mut *extrinsic, decision: &mut *interleaved };
            run_kernel!(kernels, decode(second, parity_second, &mut edges_second, alpha, says));
            let said = Verdict { extrinsic: &mut *extrinsic, decision: &mut *interleaved };
            run_kernel!(kernels, deinterleave(windows, systematic, &said, first, decision));
            outcome.accepted = run_kernel!(kernels, remainder(windows, decision)) == 0;
        }
        run_kernel!(kernels, decide(windows, decision, &mut self.bits[..k]));
        outcome
    }

    /// The first `k` hard decisions of the last block.
    pub(in crate::coding) fn bits(&self, k: usize) -> &[u8] {
        &self.bits[..k]
    }
}

/// Rows before the edge of a window after which the metrics at the edge are good enough to begin with.
const TRAINING: usize = 64;

/// Backward metrics before the three termination steps, whose feedback is zero and which end in state 0.
fn backward_through_tail(tail: &[(i16, i16); TAIL - 1]) -> [i16; 8] {
    let mut state = [UNREACHED; 8];
    state[0] = 0;
    for &(u, p) in tail.iter().rev() {
        // Edges 0→0, 2→1, 4→2 and 6→3; the one from the odd state beside has the opposite metric.
        let g = [u + p, p - u, u - p, -u - p];
        state = std::array::from_fn(|s| if s % 2 == 0 { state[s / 2] + g[s / 2] } else { state[s / 2] - g[s / 2] });
    }
    state.map(|metric| metric - state[0])
}

/// The (x, z) of the three termination steps of both encoders, from where 5.1.3.2.2 puts them in the coded block `d`.
fn tails<T: Copy>(d: [&[T]; 3], k: usize) -> [[(T, T); TAIL - 1]; 2] {
    let stream = |n: usize, i: usize| d[n][k + i];
    [0, 2]
        .map(|i| [(stream(0, i), stream(1, i)), (stream(2, i), stream(0, i + 1)), (stream(1, i + 1), stream(2, i + 1))])
}

#[cfg(test)]
mod tests {
    use super::super::encoder::{Constituent, encode};
    use super::super::streams;
    use super::*;
    use crate::coding::crc::CRC24B;
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
            assert_eq!(tails(streams(&d), 40), [first.terminate(), second.terminate()]);
        }
    }

    /// Pseudo-random values up to `bound`.
    fn values(seed: &mut u32, bound: i16) -> i16 {
        *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (*seed >> 8) as i16 % (bound + 1)
    }

    const K: usize = 9;

    /// Twice the extrinsic ratios, from the metrics of all 2^K code words.
    fn exhaustive(input: &[i16; K], parity: &[i16; K], tail: &[(i16, i16); 3]) -> [i16; K] {
        let signed = |bit: u8, llr: i16| i32::from(if bit == 0 { llr } else { -llr });
        let mut best = [[i32::MIN; 2]; K];
        for word in 0..1_u32 << K {
            let x: [u8; K] = std::array::from_fn(|i| (word >> i & 1) as u8);
            let mut encoder = Constituent::default();
            let body: i32 = (0..K).map(|i| signed(x[i], input[i]) + signed(encoder.parity(x[i]), parity[i])).sum();
            let last = encoder.terminate();
            let end: i32 = last.iter().zip(tail).map(|(&(x, z), &(u, p))| signed(x, u) + signed(z, p)).sum();
            for (best, &x) in best.iter_mut().zip(&x) {
                best[usize::from(x)] = best[usize::from(x)].max(body + end);
            }
        }
        std::array::from_fn(|i| (best[i][0] - best[i][1] - 2 * i32::from(input[i])) as i16)
    }

    #[test]
    fn a_constituent_decoder_finds_the_best_code_words() {
        let mut seed = 1;
        for isa in Isa::available() {
            for _ in 0..50 {
                let input = std::array::from_fn(|_| values(&mut seed, 600));
                let parity = std::array::from_fn(|_| values(&mut seed, 255));
                let tail = std::array::from_fn(|_| (values(&mut seed, 255), values(&mut seed, 255)));
                // One window in the first lane; the others must not matter.
                let mut junk = |own: i16| {
                    let mut lanes = Lanes(std::array::from_fn(|_| values(&mut seed, 255)));
                    lanes.0[0] = own;
                    lanes
                };
                let (u, p) = (input.map(&mut junk), parity.map(&mut junk));
                let mut edges = Edges::new(1, backward_through_tail(&tail));
                let (mut alpha, mut extrinsic, mut decision) = ([[Lanes([7; 16]); 8]; K], [junk(7); K], [junk(7); K]);
                let says = Verdict { extrinsic: &mut extrinsic, decision: &mut decision };
                run_kernel!(isa.kernels(), decode(&u, &p, &mut edges, &mut alpha, says));
                let doubled: [i16; K] = std::array::from_fn(|i| decision[i].0[0] - 2 * input[i]);
                assert_eq!(doubled, exhaustive(&input, &parity, &tail), "{isa}");
                for (doubled, extrinsic) in doubled.iter().zip(extrinsic) {
                    let exact = (f32::from(*doubled) * 0.375).clamp(-1023.0, 1023.0);
                    assert!((f32::from(extrinsic.0[0]) - exact).abs() <= 1.0, "{isa}: {extrinsic:?} for {exact}");
                }
            }
        }
    }

    /// The largest values of any sign there can be overflow nowhere: the scalar code would panic, wrapped metrics would show
    /// as differences between instruction sets and against the exhaustive search above.
    #[test]
    fn all_instruction_sets_agree_on_any_input() {
        for k in [40, 504, 512, 528, 1056, 6144] {
            let windows = Windows::new(&qpp::interleaver(k), &CRC24B, 0);
            for (seed, bound) in [(1, 10), (2, 255)] {
                let mut state = seed;
                let mut d: Vec<i16> = (0..3 * (k + TAIL)).map(|_| values(&mut state, bound)).collect();
                if bound == 255 {
                    d.iter_mut().for_each(|d| *d = if *d < 0 { -255 } else { 255 });
                }
                let mut reference = TurboDecoder::new(Isa::Scalar, [&windows], 3);
                let expected = reference.decode(streams(&d), &windows);
                for isa in Isa::available() {
                    let mut decoder = TurboDecoder::new(isa, [&windows], 3);
                    for _ in 0..2 {
                        assert_eq!(decoder.decode(streams(&d), &windows), expected, "{isa}, K = {k}");
                        assert_eq!(decoder.bits(k), reference.bits(k), "{isa}, K = {k}");
                        assert_eq!(decoder.first, reference.first, "{isa}, K = {k}");
                        assert_eq!(decoder.decision, reference.decision, "{isa}, K = {k}");
                    }
                }
            }
        }
    }
}
