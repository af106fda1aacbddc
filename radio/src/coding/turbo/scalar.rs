//! The kernels of the turbo decoder in portable Rust: the oracle for all others.

use super::lanes::{EXTRINSIC_SCALE, Edges, LANES, Lanes, MAX_EXTRINSIC, NORMALISE_EVERY, Shuffle, States, Verdict};
use super::windows::Windows;

/// Max-log-MAP decoding of one constituent code in all windows: per bit in, the log-likelihood ratio of the bit (channel and
/// a priori) and of its parity. Branch metrics are x·input + z·parity with ±1 for x and z, twice the usual ones, which saves
/// the halving. `alpha` is scratch of the same length.
pub(super) fn decode(input: &[Lanes], parity: &[Lanes], edges: &mut Edges, alpha: &mut [States], out: Verdict<'_>) {
    let mut state = edges.alpha;
    let steps = input.chunks(NORMALISE_EVERY).zip(parity.chunks(NORMALISE_EVERY));
    for ((input, parity), alpha) in steps.zip(alpha.chunks_mut(NORMALISE_EVERY)) {
        state = normalised(state);
        for ((&u, &p), alpha) in input.iter().zip(parity).zip(alpha) {
            *alpha = state;
            state = forward(&state, u, p);
        }
    }
    edges.hand_on_alpha(normalised(state));

    let mut state = edges.beta;
    for block in (0..input.len().div_ceil(NORMALISE_EVERY)).rev() {
        state = normalised(state);
        for row in (block * NORMALISE_EVERY..input.len().min((block + 1) * NORMALISE_EVERY)).rev() {
            let (u, p) = (input[row], parity[row]);
            let doubled = extrinsic_doubled(&alpha[row], &state, p);
            out.decision[row] = each(doubled, u, |x, u| x.saturating_add(2 * u));
            out.extrinsic[row] = Lanes(doubled.0.map(scaled));
            state = backward(&state, u, p);
        }
    }
    edges.hand_on_beta(normalised(state));
}

/// First guess of the metrics at the edges of the windows: each pass runs over rows before the edges, `passes` times.
pub(super) fn train(input: &[Lanes], parity: &[Lanes], rows: usize, passes: usize, edges: &mut Edges) {
    for _ in 0..passes {
        let mut state = edges.alpha;
        if rows < input.len() {
            state = [Lanes::ZERO; 8];
        }
        let last = input.len() - rows;
        for (input, parity) in input[last..].chunks(NORMALISE_EVERY).zip(parity[last..].chunks(NORMALISE_EVERY)) {
            state = normalised(state);
            input.iter().zip(parity).for_each(|(&u, &p)| state = forward(&state, u, p));
        }
        edges.hand_on_alpha(normalised(state));
        let mut state = edges.beta;
        if rows < input.len() {
            state = [Lanes::ZERO; 8];
        }
        for (input, parity) in input[..rows].rchunks(NORMALISE_EVERY).zip(parity[..rows].rchunks(NORMALISE_EVERY)) {
            state = normalised(state);
            input.iter().zip(parity).rev().for_each(|(&u, &p)| state = backward(&state, u, p));
        }
        edges.hand_on_beta(normalised(state));
    }
}

/// Lays out one stream: window by window in, row by row out.
pub(super) fn arrange(windows: &Windows, stream: &[i16], rows: &mut [Lanes]) {
    rows.fill(Lanes::ZERO);
    for (lane, window) in stream.chunks(windows.rows()).enumerate() {
        for (row, &value) in rows.iter_mut().zip(window) {
            row.0[lane] = value;
        }
    }
}

/// Input of the second decoder: systematic and extrinsic, in interleaved order.
pub(super) fn interleave(windows: &Windows, systematic: &[Lanes], extrinsic: &[Lanes], second: &mut [Lanes]) {
    for ((second, &row), shuffle) in second.iter_mut().zip(&windows.row).zip(&windows.interleave) {
        let row = usize::from(row);
        *second = shuffled(each(systematic[row], extrinsic[row], i16::wrapping_add), shuffle);
    }
}

/// Input of the first decoder from what the second says, `decision` in the order of the block.
pub(super) fn deinterleave(
    windows: &Windows,
    systematic: &[Lanes],
    said: &Verdict<'_>,
    first: &mut [Lanes],
    decision: &mut [Lanes],
) {
    for (i, (&row, shuffle)) in windows.row.iter().zip(&windows.deinterleave).enumerate() {
        let row = usize::from(row);
        first[row] = each(systematic[row], shuffled(said.extrinsic[i], shuffle), i16::wrapping_add);
        decision[row] = shuffled(said.decision[i], shuffle);
    }
}

/// The remainder of the block that was decided on by the generator of its CRC.
pub(super) fn remainder(windows: &Windows, decision: &[Lanes]) -> u32 {
    let mut sums = [0; LANES];
    for (remainders, decision) in windows.remainders.iter().zip(decision) {
        for (sum, (remainder, &llr)) in sums.iter_mut().zip(remainders.iter().zip(&decision.0)) {
            *sum ^= if is_zero_likelier(llr) { 0 } else { *remainder };
        }
    }
    sums.into_iter().fold(0, |sum, x| sum ^ x)
}

/// The hard decisions in the order of the block.
pub(super) fn decide(windows: &Windows, decision: &[Lanes], bits: &mut [u8]) {
    for (lane, window) in bits.chunks_mut(windows.rows()).enumerate() {
        for (bit, row) in window.iter_mut().zip(decision) {
            *bit = u8::from(!is_zero_likelier(row.0[lane]));
        }
    }
}

/// The hard decision. A bit that nothing is known about becomes 1: all zeros would pass any CRC.
#[inline(always)]
fn is_zero_likelier(llr: i16) -> bool {
    llr > 0
}

/// States are numbered s = 4·s1 + 2·s2 + s3, newest register bit first. An edge with feedback f leads from s to 4·f + s/2,
/// so state n has the two predecessors 2·(n mod 4) and 2·(n mod 4) + 1, whose s3 differs: that flips both x and z, hence
/// the two edges into a state carry opposite branch metrics. All four butterflies together need two metrics up to sign.
#[inline(always)]
fn forward(a: &States, u: Lanes, p: Lanes) -> States {
    let mut next = [Lanes::ZERO; 8];
    for lane in 0..LANES {
        let (same, opposite) = branches(u.0[lane], p.0[lane]);
        let best = |with: usize, against: usize, branch| best(a[with].0[lane], a[against].0[lane], branch);
        next[0].0[lane] = best(0, 1, same);
        next[1].0[lane] = best(2, 3, opposite);
        next[2].0[lane] = best(5, 4, opposite);
        next[3].0[lane] = best(7, 6, same);
        next[4].0[lane] = best(1, 0, same);
        next[5].0[lane] = best(3, 2, opposite);
        next[6].0[lane] = best(4, 5, opposite);
        next[7].0[lane] = best(6, 7, same);
    }
    next
}

#[inline(always)]
fn backward(b: &States, u: Lanes, p: Lanes) -> States {
    let mut before = [Lanes::ZERO; 8];
    for lane in 0..LANES {
        let (same, opposite) = branches(u.0[lane], p.0[lane]);
        let best = |with: usize, against: usize, branch| best(b[with].0[lane], b[against].0[lane], branch);
        before[0].0[lane] = best(0, 4, same);
        before[1].0[lane] = best(4, 0, same);
        before[2].0[lane] = best(1, 5, opposite);
        before[3].0[lane] = best(5, 1, opposite);
        before[4].0[lane] = best(6, 2, opposite);
        before[5].0[lane] = best(2, 6, opposite);
        before[6].0[lane] = best(7, 3, same);
        before[7].0[lane] = best(3, 7, same);
    }
    before
}

/// Metrics of the edges on which bit and parity are the same and on which they are not, bit 0 in parity.
#[inline(always)]
fn branches(u: i16, p: i16) -> (i16, i16) {
    (p.wrapping_add(u), p.wrapping_sub(u))
}

/// The better of two paths, one with a branch, the other against it.
#[inline(always)]
fn best(with: i16, against: i16, branch: i16) -> i16 {
    with.wrapping_add(branch).max(against.wrapping_sub(branch))
}

/// Best path with x = 0 less best path with x = 1, leaving out the bit's own input: what parity and neighbours say.
#[inline(always)]
fn extrinsic_doubled(a: &States, b: &States, p: Lanes) -> Lanes {
    let mut out = Lanes::ZERO;
    for lane in 0..LANES {
        let sum = |from: usize, to: usize| a[from].0[lane].wrapping_add(b[to].0[lane]);
        // Edges by x and z.
        let x0_z0 = sum(0, 0).max(sum(1, 4)).max(sum(6, 7)).max(sum(7, 3));
        let x0_z1 = sum(2, 5).max(sum(3, 1)).max(sum(4, 2)).max(sum(5, 6));
        let x1_z0 = sum(2, 1).max(sum(3, 5)).max(sum(4, 6)).max(sum(5, 2));
        let x1_z1 = sum(0, 4).max(sum(1, 0)).max(sum(6, 3)).max(sum(7, 7));
        out.0[lane] = best(x0_z0, x0_z1, p.0[lane]).saturating_sub(best(x1_z0, x1_z1, p.0[lane]));
    }
    out
}

/// Extrinsic information for the other decoder; 1 more before rounding down keeps it balanced around zero.
#[inline(always)]
fn scaled(doubled: i16) -> i16 {
    let scaled = (i32::from(doubled.saturating_add(1)) * i32::from(EXTRINSIC_SCALE)) >> 16;
    (scaled as i16).clamp(-MAX_EXTRINSIC, MAX_EXTRINSIC)
}

#[inline(always)]
fn normalised(state: States) -> States {
    state.map(|metric| sub(metric, state[0]))
}

#[inline(always)]
fn shuffled(lanes: Lanes, shuffle: &Shuffle) -> Lanes {
    Lanes(std::array::from_fn(|lane| lanes.0[usize::from(shuffle[2 * lane] / 2)]))
}

#[inline(always)]
fn sub(a: Lanes, b: Lanes) -> Lanes {
    each(a, b, i16::wrapping_sub)
}

#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "iterators over both keep the compiler from using vectors")]
fn each(a: Lanes, b: Lanes, f: impl Fn(i16, i16) -> i16) -> Lanes {
    let mut out = [0; LANES];
    for i in 0..LANES {
        out[i] = f(a.0[i], b.0[i]);
    }
    Lanes(out)
}
