//! Rate matching for convolutionally coded channels, TS 36.212 clause 5.1.4.2, and its soft inverse.

/// Inter-column permutation pattern of the sub-block interleaver, TS 36.212 table 5.1.4-2.
const PERMUTATION: [usize; COLUMNS] = [
    1, 17, 9, 25, 5, 21, 13, 29, 3, 19, 11, 27, 7, 23, 15, 31, 0, 16, 8, 24, 4, 20, 12, 28, 2, 18, 10, 26, 6, 22, 14,
    30,
];
/// C_subblock^CC, the columns of the sub-block interleaver (TS 36.212 clause 5.1.4.2.1).
const COLUMNS: usize = 32;

/// Rate matching of a block of K bits before coding; the output may have any length.
#[derive(Clone, Debug)]
pub struct RateMatch {
    /// Position in the coded block of each element of the circular buffer that is not `<NULL>`.
    order: Vec<u16>,
}

impl RateMatch {
    /// Plans for `k` bits (CRC included) before coding.
    pub fn new(k: usize) -> Self {
        let rows = k.div_ceil(COLUMNS);
        let dummies = rows * COLUMNS - k;
        let columns = || PERMUTATION.into_iter().flat_map(|column| (0..rows).map(move |row| COLUMNS * row + column));
        let stream = |s: usize| columns().filter_map(move |i| i.checked_sub(dummies)).map(move |i| (s * k + i) as u16);
        Self { order: (0..3).flat_map(stream).collect() }
    }

    /// Bit selection: fills `e` from the coded block `d`, wrapping around as often as needed.
    ///
    /// # Panics
    /// If `d` is not 3 K bits long.
    pub fn select(&self, d: &[u8], e: &mut [u8]) {
        assert_eq!(d.len(), self.order.len(), "coded block");
        for (e, &position) in e.iter_mut().zip(self.order.iter().cycle()) {
            *e = d[usize::from(position)];
        }
    }

    /// The inverse: adds each soft value of `e` to the coded position it was selected from.
    ///
    /// # Panics
    /// If `d` is not 3 K values long.
    pub fn accumulate(&self, e: &[f32], d: &mut [f32]) {
        assert_eq!(d.len(), self.order.len(), "coded block");
        for (e, &position) in e.iter().zip(self.order.iter().cycle()) {
            d[usize::from(position)] += e;
        }
    }
}
