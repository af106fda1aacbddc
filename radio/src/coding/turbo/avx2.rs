//! The kernels of the turbo decoder in AVX2; see [`super::scalar`] for what each does.

use std::arch::x86_64::*;

use super::lanes::{EXTRINSIC_SCALE, Edges, LANES, Lanes, MAX_EXTRINSIC, NORMALISE_EVERY, Shuffle, States, Verdict};
use super::scalar;
use super::windows::Windows;
use crate::coding::transpose::{self, squares, transposed};

type Metrics = [__m256i; 8];

#[target_feature(enable = "avx2")]
pub(super) fn decode(input: &[Lanes], parity: &[Lanes], edges: &mut Edges, alpha: &mut [States], out: Verdict<'_>) {
    let rows = input.len();
    let (parity, alpha) = (&parity[..rows], &mut alpha[..rows]);
    let mut state = load_states(&edges.alpha);
    let steps = input.chunks(NORMALISE_EVERY).zip(parity.chunks(NORMALISE_EVERY));
    for ((input, parity), alpha) in steps.zip(alpha.chunks_mut(NORMALISE_EVERY)) {
        state = normalised(&state);
        for ((u, p), alpha) in input.iter().zip(parity).zip(alpha) {
            *alpha = store_states(&state);
            state = forward(&state, load(u), load(p));
        }
    }
    edges.hand_on_alpha(store_states(&normalised(&state)));

    let mut state = load_states(&edges.beta);
    let (extrinsic, decision) = (&mut out.extrinsic[..rows], &mut out.decision[..rows]);
    let mut end = rows;
    while end > 0 {
        state = normalised(&state);
        let start = (end - 1) / NORMALISE_EVERY * NORMALISE_EVERY;
        let steps = input[start..end].iter().zip(&parity[start..end]).zip(&alpha[start..end]);
        let says = extrinsic[start..end].iter_mut().zip(&mut decision[start..end]);
        for (((u, p), alpha), (extrinsic, decision)) in steps.zip(says).rev() {
            let (u, p) = (load(u), load(p));
            let doubled = extrinsic_doubled(alpha, &state, p);
            *decision = store(_mm256_adds_epi16(doubled, _mm256_add_epi16(u, u)));
            *extrinsic = store(scaled(doubled));
            state = backward(&state, u, p);
        }
        end = start;
    }
    edges.hand_on_beta(store_states(&normalised(&state)));
}

#[target_feature(enable = "avx2")]
pub(super) fn train(input: &[Lanes], parity: &[Lanes], rows: usize, passes: usize, edges: &mut Edges) {
    let zero = [_mm256_setzero_si256(); 8];
    for _ in 0..passes {
        let mut state = if rows < input.len() { zero } else { load_states(&edges.alpha) };
        let last = input.len() - rows;
        for (input, parity) in input[last..].chunks(NORMALISE_EVERY).zip(parity[last..].chunks(NORMALISE_EVERY)) {
            state = normalised(&state);
            for (u, p) in input.iter().zip(parity) {
                state = forward(&state, load(u), load(p));
            }
        }
        edges.hand_on_alpha(store_states(&normalised(&state)));
        let mut state = if rows < input.len() { zero } else { load_states(&edges.beta) };
        for (input, parity) in input[..rows].rchunks(NORMALISE_EVERY).zip(parity[..rows].rchunks(NORMALISE_EVERY)) {
            state = normalised(&state);
            for (u, p) in input.iter().zip(parity).rev() {
                state = backward(&state, load(u), load(p));
            }
        }
        edges.hand_on_beta(store_states(&normalised(&state)));
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn arrange(windows: &Windows, stream: &[i16], rows: &mut [Lanes]) {
    if windows.windows() < LANES {
        return scalar::arrange(windows, stream, rows);
    }
    for start in squares(rows.len(), LANES) {
        let mut square = [_mm256_setzero_si256(); LANES];
        for (vector, window) in square.iter_mut().zip(stream.chunks_exact(windows.rows())) {
            *vector = transpose::load(&window[start..]);
        }
        for (row, vector) in rows[start..start + LANES].iter_mut().zip(transposed(&square)) {
            *row = store(vector);
        }
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn interleave(windows: &Windows, systematic: &[Lanes], extrinsic: &[Lanes], second: &mut [Lanes]) {
    let rows = windows.row.iter().zip(&windows.interleave);
    for (second, (&row, shuffle)) in second.iter_mut().zip(rows) {
        let row = usize::from(row);
        *second = store(shuffled(_mm256_add_epi16(load(&systematic[row]), load(&extrinsic[row])), shuffle));
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn deinterleave(
    windows: &Windows,
    systematic: &[Lanes],
    said: &Verdict<'_>,
    first: &mut [Lanes],
    decision: &mut [Lanes],
) {
    let rows = windows.row.iter().zip(&windows.deinterleave);
    for ((extrinsic, decided), (&row, shuffle)) in said.extrinsic.iter().zip(&*said.decision).zip(rows) {
        let row = usize::from(row);
        first[row] = store(_mm256_add_epi16(load(&systematic[row]), shuffled(load(extrinsic), shuffle)));
        decision[row] = store(shuffled(load(decided), shuffle));
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn remainder(windows: &Windows, decision: &[Lanes]) -> u32 {
    let zero = _mm256_setzero_si256();
    let (mut low, mut high) = (zero, zero);
    for (remainders, decision) in windows.remainders.iter().zip(decision) {
        let zeros = _mm256_cmpgt_epi16(load(decision), zero);
        let [first, second]: [__m256i; 2] = bytemuck::cast(*remainders);
        let zeros_low = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(zeros));
        let zeros_high = _mm256_cvtepi16_epi32(_mm256_extracti128_si256::<1>(zeros));
        low = _mm256_xor_si256(low, _mm256_andnot_si256(zeros_low, first));
        high = _mm256_xor_si256(high, _mm256_andnot_si256(zeros_high, second));
    }
    let sums: [u32; 8] = bytemuck::cast(_mm256_xor_si256(low, high));
    sums.into_iter().fold(0, |sum, x| sum ^ x)
}

#[target_feature(enable = "avx2")]
pub(super) fn decide(windows: &Windows, decision: &[Lanes], bits: &mut [u8]) {
    if windows.windows() < LANES {
        return scalar::decide(windows, decision, bits);
    }
    let (zero, one) = (_mm256_setzero_si256(), _mm256_set1_epi16(1));
    for start in squares(decision.len(), LANES) {
        let mut square = [zero; LANES];
        for (vector, row) in square.iter_mut().zip(&decision[start..start + LANES]) {
            *vector = _mm256_andnot_si256(_mm256_cmpgt_epi16(load(row), zero), one);
        }
        for (window, vector) in bits.chunks_exact_mut(windows.rows()).zip(transposed(&square)) {
            let (low, high) = (_mm256_castsi256_si128(vector), _mm256_extracti128_si256::<1>(vector));
            let octets: [u8; LANES] = bytemuck::cast(_mm_packus_epi16(low, high));
            window[start..start + LANES].copy_from_slice(&octets);
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn forward(a: &Metrics, u: __m256i, p: __m256i) -> Metrics {
    let (same, opposite) = (add(p, u), sub(p, u));
    [
        max(add(a[0], same), sub(a[1], same)),
        max(add(a[2], opposite), sub(a[3], opposite)),
        max(sub(a[4], opposite), add(a[5], opposite)),
        max(sub(a[6], same), add(a[7], same)),
        max(sub(a[0], same), add(a[1], same)),
        max(sub(a[2], opposite), add(a[3], opposite)),
        max(add(a[4], opposite), sub(a[5], opposite)),
        max(add(a[6], same), sub(a[7], same)),
    ]
}

#[inline]
#[target_feature(enable = "avx2")]
fn backward(b: &Metrics, u: __m256i, p: __m256i) -> Metrics {
    let (same, opposite) = (add(p, u), sub(p, u));
    [
        max(add(b[0], same), sub(b[4], same)),
        max(sub(b[0], same), add(b[4], same)),
        max(add(b[1], opposite), sub(b[5], opposite)),
        max(sub(b[1], opposite), add(b[5], opposite)),
        max(sub(b[2], opposite), add(b[6], opposite)),
        max(add(b[2], opposite), sub(b[6], opposite)),
        max(sub(b[3], same), add(b[7], same)),
        max(add(b[3], same), sub(b[7], same)),
    ]
}

#[inline]
#[target_feature(enable = "avx2")]
fn extrinsic_doubled(a: &States, b: &Metrics, p: __m256i) -> __m256i {
    let x0_z0 = best(a, b, [(0, 0), (1, 4), (6, 7), (7, 3)]);
    let x0_z1 = best(a, b, [(2, 5), (3, 1), (4, 2), (5, 6)]);
    let x1_z0 = best(a, b, [(2, 1), (3, 5), (4, 6), (5, 2)]);
    let x1_z1 = best(a, b, [(0, 4), (1, 0), (6, 3), (7, 7)]);
    let (x0, x1) = (max(add(x0_z0, p), sub(x0_z1, p)), max(add(x1_z0, p), sub(x1_z1, p)));
    _mm256_subs_epi16(x0, x1)
}

#[inline]
#[target_feature(enable = "avx2")]
fn best(a: &States, b: &Metrics, [first, second, third, fourth]: [(usize, usize); 4]) -> __m256i {
    max(
        max(add(load(&a[first.0]), b[first.1]), add(load(&a[second.0]), b[second.1])),
        max(add(load(&a[third.0]), b[third.1]), add(load(&a[fourth.0]), b[fourth.1])),
    )
}

#[inline]
#[target_feature(enable = "avx2")]
fn scaled(doubled: __m256i) -> __m256i {
    let raised = _mm256_adds_epi16(doubled, _mm256_set1_epi16(1));
    let scaled = _mm256_mulhi_epi16(raised, _mm256_set1_epi16(EXTRINSIC_SCALE));
    let (least, most) = (_mm256_set1_epi16(-MAX_EXTRINSIC), _mm256_set1_epi16(MAX_EXTRINSIC));
    _mm256_min_epi16(_mm256_max_epi16(scaled, least), most)
}

#[inline]
#[target_feature(enable = "avx2")]
fn normalised(state: &Metrics) -> Metrics {
    let mut out = *state;
    for metric in &mut out {
        *metric = sub(*metric, state[0]);
    }
    out
}

/// Both halves of the source are tried; where the top bit of the control is set the result is zero.
#[inline]
#[target_feature(enable = "avx2")]
fn shuffled(lanes: __m256i, shuffle: &Shuffle) -> __m256i {
    let from_low = _mm256_add_epi8(bytemuck::cast(*shuffle), _mm256_set1_epi8(0x70));
    let from_high = _mm256_xor_si256(from_low, _mm256_set1_epi8(i8::MIN));
    let low = _mm256_permute2x128_si256::<0x00>(lanes, lanes);
    let high = _mm256_permute2x128_si256::<0x11>(lanes, lanes);
    _mm256_or_si256(_mm256_shuffle_epi8(low, from_low), _mm256_shuffle_epi8(high, from_high))
}

#[inline]
#[target_feature(enable = "avx2")]
fn add(a: __m256i, b: __m256i) -> __m256i {
    _mm256_add_epi16(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn sub(a: __m256i, b: __m256i) -> __m256i {
    _mm256_sub_epi16(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn max(a: __m256i, b: __m256i) -> __m256i {
    _mm256_max_epi16(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(lanes: &Lanes) -> __m256i {
    bytemuck::cast(lanes.0)
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(vector: __m256i) -> Lanes {
    Lanes(bytemuck::cast(vector))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_states(states: &States) -> Metrics {
    let [a, b, c, d, e, f, g, h] = states;
    [load(a), load(b), load(c), load(d), load(e), load(f), load(g), load(h)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn store_states(state: &Metrics) -> States {
    let [a, b, c, d, e, f, g, h] = *state;
    [store(a), store(b), store(c), store(d), store(e), store(f), store(g), store(h)]
}
