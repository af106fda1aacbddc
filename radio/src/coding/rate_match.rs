//! Rate matching for turbo coded transport channels, TS 36.212 5.1.4.1, and its soft inverse.

use std::ops::AddAssign;

/// Inter-column permutation pattern P of the sub-block interleaver, TS 36.212 table 5.1.4-1.
pub(super) const PERMUTATION: [usize; COLUMNS] = [
    0, 16, 8, 24, 4, 20, 12, 28, 2, 18, 10, 26, 6, 22, 14, 30, 1, 17, 9, 25, 5, 21, 13, 29, 3, 19, 11, 27, 7, 23, 15,
    31,
];
/// C_subblock^TC, the columns of the sub-block interleaver (TS 36.212 5.1.4.1.1).
pub(super) const COLUMNS: usize = 32;

/// Rate matching of one code block: K, filler bits and redundancy version are fixed, the output length is not.
///
/// The coded block is the three streams of the turbo encoder one after the other, each of D = K + 4 elements.
#[derive(Debug, Clone)]
pub(super) struct RateMatcher {
    /// Position in the coded block of each element of the circular buffer that is not `<NULL>`, from k_0 on.
    order: Vec<u16>,
    /// 3·D, elements of the coded block.
    coded_len: usize,
}

impl RateMatcher {
    /// Plans for a block of `k` bits of which the first `filler` are `<NULL>`; the soft buffer is not limited
    /// (N_cb = K_w: UL-SCH and MCH, and DL-SCH of a UE category with room for it).
    pub(super) fn new(k: usize, filler: usize, rv: u8) -> Self {
        let d = k + 4;
        let buffer = circular_buffer(d, filler);
        let (end, start) = buffer.split_at(first_place(d, buffer.len(), rv));
        let order = start.iter().chain(end).copied().flatten().collect();
        Self { order, coded_len: 3 * d }
    }

    /// Elements of the circular buffer that are not `<NULL>`.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Bit selection: fills `e` from the coded block `d`, wrapping around as often as needed.
    pub(super) fn select(&self, d: &[u8], e: &mut [u8]) {
        assert_eq!(d.len(), self.coded_len, "coded block of {} bits, planned for {}", d.len(), self.coded_len);
        for lap in e.chunks_mut(self.order.len()) {
            for (e, &position) in lap.iter_mut().zip(&self.order) {
                *e = d[usize::from(position)];
            }
        }
    }

    /// The inverse: adds each soft value of `e` to the coded position it was selected from. Values of a bit that was sent
    /// more than once add up; a punctured bit keeps what `d` held.
    pub(super) fn combine<T: Copy + AddAssign>(&self, e: &[T], d: &mut [T]) {
        assert_eq!(d.len(), self.coded_len, "coded block of {} values, planned for {}", d.len(), self.coded_len);
        for lap in e.chunks(self.order.len()) {
            for (&e, &position) in lap.iter().zip(&self.order) {
                d[usize::from(position)] += e;
            }
        }
    }
}

/// E, coded bits of code block `r` of `c` (TS 36.212 5.1.4.1.2): the `g` bits of the transport block, split in whole
/// groups of `group` = N_L·Q_m bits, the longer shares last.
pub(super) fn output_len(g: usize, group: usize, c: usize, r: usize) -> usize {
    let g_prime = g / group;
    let gamma = g_prime % c;
    group * if r < c - gamma { g_prime / c } else { g_prime.div_ceil(c) }
}

/// k_0 = R · (2 · ⌈N_cb / 8R⌉ · rv + 2) of 5.1.4.1.2 with N_cb = K_w.
pub(super) fn first_place(d: usize, k_w: usize, rv: u8) -> usize {
    let r = d.div_ceil(COLUMNS);
    r * (2 * k_w.div_ceil(8 * r) * usize::from(rv) + 2)
}

/// The circular buffer w of 5.1.4.1.2 with, in each place, the position in the coded block or `None` for `<NULL>`.
pub(super) fn circular_buffer(d: usize, filler: usize) -> Vec<Option<u16>> {
    let rows = d.div_ceil(COLUMNS);
    let k_pi = rows * COLUMNS;
    let dummies = k_pi - d;
    // Element i of y of stream `stream`: dummy bits come first, then the stream, which starts with filler bits.
    let position = |stream: usize, i: usize| {
        let null = dummies + if stream < 2 { filler } else { 0 };
        (i >= null).then(|| (stream * d + i - dummies) as u16)
    };
    let column_wise = |k: usize| PERMUTATION[k / rows] + COLUMNS * (k % rows);
    let v0 = (0..k_pi).map(|k| position(0, column_wise(k)));
    let v1_v2 = (0..k_pi).flat_map(|k| [position(1, column_wise(k)), position(2, (column_wise(k) + 1) % k_pi)]);
    v0.chain(v1_v2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The clause read literally, with matrices and `<NULL>`s.
    fn literal(d: [&[Option<u16>]; 3], rv: usize, e: usize) -> Vec<u16> {
        let rows = d[0].len().div_ceil(32);
        let k_pi = 32 * rows;
        let y = d.map(|d| [vec![None; k_pi - d.len()], d.to_vec()].concat());
        let matrix = |y: &[Option<u16>]| {
            let mut v = Vec::new();
            for column in PERMUTATION {
                (0..rows).for_each(|row| v.push(y[32 * row + column]));
            }
            v
        };
        let (v0, v1) = (matrix(&y[0]), matrix(&y[1]));
        let v2: Vec<_> = (0..k_pi).map(|k| y[2][(PERMUTATION[k / rows] + 32 * (k % rows) + 1) % k_pi]).collect();
        let mut w = vec![None; 3 * k_pi];
        for k in 0..k_pi {
            w[k] = v0[k];
            w[k_pi + 2 * k] = v1[k];
            w[k_pi + 2 * k + 1] = v2[k];
        }
        let n_cb = w.len();
        let k_0 = rows * (2 * n_cb.div_ceil(8 * rows) * rv + 2);
        (0..).filter_map(|j| w[(k_0 + j) % n_cb]).take(e).collect()
    }

    #[test]
    fn order_is_the_clause_read_literally() {
        for (k, filler) in [(40, 0), (72, 7), (512, 31), (6144, 0), (1056, 1)] {
            let d = k + 4;
            let stream = |s: usize, nulls: usize| -> Vec<_> {
                (0..d).map(|i| (i >= nulls).then_some((s * d + i) as u16)).collect()
            };
            let streams = [stream(0, filler), stream(1, filler), stream(2, 0)];
            for rv in 0..4 {
                let matcher = RateMatcher::new(k, filler, rv);
                assert_eq!(matcher.order.len(), 3 * d - 2 * filler);
                let expected = literal(streams.each_ref().map(Vec::as_slice), usize::from(rv), matcher.order.len());
                assert_eq!(matcher.order, expected, "K = {k}, F = {filler}, rv = {rv}");
            }
        }
    }

    #[test]
    fn shares_are_whole_groups_and_add_up() {
        for (g, group, c) in [(61200, 6, 7), (61200, 2, 7), (5100, 2, 1), (20400, 4, 3), (96, 8, 5)] {
            let shares: Vec<_> = (0..c).map(|r| output_len(g, group, c, r)).collect();
            assert_eq!(shares.iter().sum::<usize>(), g);
            assert!(shares.iter().all(|e| e % group == 0) && shares.is_sorted());
            assert!(shares[c - 1] - shares[0] <= group);
        }
    }

    proptest! {
        #[test]
        fn soft_values_return_to_the_bit_they_came_from(
            k in proptest::sample::select(super::super::qpp::block_sizes().collect::<Vec<_>>()),
            filler in 0_usize..24, rv in 0_u8..4, e_len in 1_usize..40_000, seed: u64,
        ) {
            let matcher = RateMatcher::new(k, filler, rv);
            let n = matcher.order.len();
            let d: Vec<u8> = (0..3 * (k + 4)).map(|i| (seed.rotate_left(i as u32 * 7) >> (i % 13) & 1) as u8).collect();
            let mut e = vec![0; e_len];
            matcher.select(&d, &mut e);
            let soft: Vec<f32> = e.iter().map(|&bit| 1.0 - 2.0 * f32::from(bit)).collect();
            let mut back = vec![0.0; d.len()];
            matcher.combine(&soft, &mut back);
            // Bit j of the order was sent once per lap that reached it.
            for (j, &position) in matcher.order.iter().enumerate() {
                let times = (e_len + n - 1 - j) / n;
                let sign = 1.0 - 2.0 * f32::from(d[usize::from(position)]);
                prop_assert_eq!(back[usize::from(position)], sign * times as f32);
            }
            let received: f32 = back.iter().map(|x| x.abs()).sum();
            prop_assert_eq!(received, e_len as f32);
        }
    }
}
