//! Max-log-MAP decoding of one constituent code of TS 36.212 5.1.3.2.1 in portable Rust: the oracle for all others.
//!
//! States are numbered s = 4·s1 + 2·s2 + s3, newest register bit first. An edge with feedback f leads from s to 4·f + s/2,
//! so state n has the two predecessors 2·(n mod 4) and 2·(n mod 4) + 1, whose s3 differs: that flips both x and z, hence
//! the two edges into a state carry opposite branch metrics. All four butterflies together need four metrics up to sign.

use super::TAIL;

/// Metrics of the eight trellis states.
pub(super) type States = [f32; 8];

/// A soft-input soft-output decoder of one constituent code.
///
/// Takes, per bit, the log-likelihood ratio of the bit (channel and a priori) and of its parity, and the backward metrics
/// after the last bit; writes twice the extrinsic log-likelihood ratio of each bit. `alpha` is scratch of the same length.
/// Nothing depends on the scale of the inputs.
pub(super) type Siso =
    fn(input: &[f32], parity: &[f32], end: &States, alpha: &mut [States], extrinsic_doubled: &mut [f32]);

/// Steps after which the forward and backward metrics are brought back to around zero, to keep their precision.
const NORMALISE_EVERY: usize = 16;

/// The path metric of a state that no path has reached: far below all others, finite so that no difference of two is NaN.
const UNREACHED: f32 = -1e30;

/// The [`Siso`] of [`crate::isa::Isa::Scalar`]. Branch metrics are x·input + z·parity with ±1 for x and z, twice the usual
/// ones, which saves the halving.
pub(super) fn scalar(input: &[f32], parity: &[f32], end: &States, alpha: &mut [States], extrinsic_doubled: &mut [f32]) {
    let k = input.len();
    let (parity, alpha, extrinsic) = (&parity[..k], &mut alpha[..k], &mut extrinsic_doubled[..k]);

    let mut state = [UNREACHED; 8];
    state[0] = 0.0;
    let steps = input.chunks(NORMALISE_EVERY).zip(parity.chunks(NORMALISE_EVERY));
    for ((input, parity), alpha) in steps.zip(alpha.chunks_mut(NORMALISE_EVERY)) {
        state = normalised(state);
        for ((&u, &p), alpha) in input.iter().zip(parity).zip(alpha) {
            *alpha = state;
            state = forward(&state, branches(u, p));
        }
    }

    let mut state = *end;
    let steps = input.rchunks(NORMALISE_EVERY).zip(parity.rchunks(NORMALISE_EVERY));
    let scratch = alpha.rchunks(NORMALISE_EVERY).zip(extrinsic.rchunks_mut(NORMALISE_EVERY));
    for ((input, parity), (alpha, extrinsic)) in steps.zip(scratch) {
        state = normalised(state);
        let steps = input.iter().zip(parity).zip(alpha).zip(extrinsic);
        for (((&u, &p), alpha), extrinsic) in steps.rev() {
            *extrinsic = extrinsic_of(alpha, &state, p);
            state = backward(&state, branches(u, p));
        }
    }
}

/// Backward metrics before the three termination steps, whose feedback is zero and which end in state 0.
pub(super) fn backward_through_tail(tail: &[(f32, f32); TAIL - 1]) -> States {
    let mut state = [UNREACHED; 8];
    state[0] = 0.0;
    for &(u, p) in tail.iter().rev() {
        let g = branches(u, p);
        state = std::array::from_fn(|s| if s % 2 == 0 { state[s / 2] + g[s / 2] } else { state[s / 2] - g[s / 2] });
    }
    state
}

/// Metrics of the edges 0→0, 2→1, 4→2 and 6→3; the edge 2m→m+4 and the edge 2m+1→m have the opposite of 2m→m, and
/// 2m+1→m+4 has the same.
#[inline(always)]
fn branches(u: f32, p: f32) -> [f32; 4] {
    [u + p, p - u, u - p, -u - p]
}

#[inline(always)]
fn forward(a: &States, g: [f32; 4]) -> States {
    let (even, odd) = ([a[0], a[2], a[4], a[6]], [a[1], a[3], a[5], a[7]]);
    let zero: [f32; 4] = std::array::from_fn(|m| max(even[m] + g[m], odd[m] - g[m]));
    let one: [f32; 4] = std::array::from_fn(|m| max(even[m] - g[m], odd[m] + g[m]));
    [zero[0], zero[1], zero[2], zero[3], one[0], one[1], one[2], one[3]]
}

#[inline(always)]
fn backward(b: &States, g: [f32; 4]) -> States {
    let (zero, one) = ([b[0], b[1], b[2], b[3]], [b[4], b[5], b[6], b[7]]);
    let even: [f32; 4] = std::array::from_fn(|m| max(zero[m] + g[m], one[m] - g[m]));
    let odd: [f32; 4] = std::array::from_fn(|m| max(zero[m] - g[m], one[m] + g[m]));
    [even[0], odd[0], even[1], odd[1], even[2], odd[2], even[3], odd[3]]
}

/// Best path with x = 0 less best path with x = 1, leaving out the bit's own input: what parity and neighbours say.
#[inline(always)]
fn extrinsic_of(a: &States, b: &States, p: f32) -> f32 {
    let (even, odd) = ([a[0], a[2], a[4], a[6]], [a[1], a[3], a[5], a[7]]);
    // The states that the even predecessor of each butterfly reaches with x = 0 and with x = 1; the odd one the other way.
    let (zero, one) = ([b[0], b[5], b[2], b[7]], [b[4], b[1], b[6], b[3]]);
    let parity = [p, -p, -p, p];
    let x0: [f32; 4] = std::array::from_fn(|m| max(even[m] + zero[m], odd[m] + one[m]) + parity[m]);
    let x1: [f32; 4] = std::array::from_fn(|m| max(even[m] + one[m], odd[m] + zero[m]) - parity[m]);
    let (low, high) = ([x0[0], x0[1], x1[0], x1[1]], [x0[2], x0[3], x1[2], x1[3]]);
    let pairs: [f32; 4] = std::array::from_fn(|i| max(low[i], high[i]));
    pairs[0].max(pairs[1]) - pairs[2].max(pairs[3])
}

#[inline(always)]
fn normalised(state: States) -> States {
    let reference = state[0];
    state.map(|metric| metric - reference)
}

/// Unlike `f32::max` this is one instruction: what it does with NaN does not matter here.
#[inline(always)]
fn max(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::super::encoder::Constituent;
    use super::*;

    const K: usize = 9;

    /// Twice the extrinsic ratios, from the metrics of all 2^K code words.
    fn exhaustive(input: &[f32; K], parity: &[f32; K], tail: &[(f32, f32); 3]) -> [f32; K] {
        let signed = |bit: u8, llr: f32| if bit == 0 { llr } else { -llr };
        let mut best = [[f32::NEG_INFINITY; 2]; K];
        for word in 0..1_u32 << K {
            let x: [u8; K] = std::array::from_fn(|i| (word >> i & 1) as u8);
            let mut encoder = Constituent::default();
            let body = (0..K).map(|i| signed(x[i], input[i]) + signed(encoder.parity(x[i]), parity[i])).sum::<f32>();
            let last = encoder.terminate();
            let end = last.iter().zip(tail).map(|(&(x, z), &(u, p))| signed(x, u) + signed(z, p)).sum::<f32>();
            let metric = body + end;
            for (best, &x) in best.iter_mut().zip(&x) {
                best[usize::from(x)] = best[usize::from(x)].max(metric);
            }
        }
        std::array::from_fn(|i| best[i][0] - best[i][1] - 2.0 * input[i])
    }

    #[test]
    fn extrinsic_is_that_of_the_best_code_words() {
        let mut seed = 1_u32;
        let mut llr = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) as f32 / 8192.0 - 4.0
        };
        for _ in 0..50 {
            let (input, parity) = (std::array::from_fn(|_| llr()), std::array::from_fn(|_| llr()));
            let tail = std::array::from_fn(|_| (llr(), llr()));
            let (mut alpha, mut extrinsic) = ([[f32::NAN; 8]; K], [f32::NAN; K]);
            scalar(&input, &parity, &backward_through_tail(&tail), &mut alpha, &mut extrinsic);
            for (ours, exact) in extrinsic.iter().zip(exhaustive(&input, &parity, &tail)) {
                assert!((ours - exact).abs() < 1e-3, "{ours} for {exact}");
            }
        }
    }
}
