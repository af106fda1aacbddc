//! Code block segmentation, TS 36.212 5.1.2.

use super::qpp;

/// Z, the largest code block (TS 36.212 5.1.2).
const Z: usize = 6144;

/// How a transport block with its CRC is cut into code blocks: C- blocks of K- bits, then C+ blocks of K+ bits, the first
/// of all starting with F filler bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segmentation {
    /// B, bits of the transport block with its CRC24A.
    pub b: usize,
    /// L, bits of the CRC24B of each code block: 24, or 0 when there is one block.
    pub l: usize,
    /// C-, the number of smaller blocks.
    pub c_minus: usize,
    /// C+, the number of larger blocks.
    pub c_plus: usize,
    /// K-, bits of a smaller block; 0 when there is one block.
    pub k_minus: usize,
    /// K+, bits of a larger block.
    pub k_plus: usize,
    /// F, filler bits (`<NULL>`) in front of the first block.
    pub f: usize,
}

impl Segmentation {
    /// Cuts `b` bits (transport block and CRC24A).
    #[must_use]
    pub fn new(b: usize) -> Self {
        let (l, c) = if b <= Z { (0, 1) } else { (24, b.div_ceil(Z - 24)) };
        // B' of the clause: all bits that the blocks carry.
        let b_prime = b + if c > 1 { c * l } else { 0 };
        let k_plus = qpp::smallest_at_least(b_prime.div_ceil(c)).expect("B'/C is at most Z");
        let (k_minus, c_minus) = match qpp::largest_below(k_plus) {
            Some(k_minus) if c > 1 => (k_minus, (c * k_plus - b_prime) / (k_plus - k_minus)),
            _ => (0, 0),
        };
        let c_plus = c - c_minus;
        let f = c_plus * k_plus + c_minus * k_minus - b_prime;
        Self { b, l, c_minus, c_plus, k_minus, k_plus, f }
    }

    /// C, the number of code blocks.
    #[must_use]
    pub const fn c(&self) -> usize {
        self.c_minus + self.c_plus
    }

    /// K_r, bits of code block `r` with filler bits and CRC.
    #[must_use]
    pub const fn k(&self, r: usize) -> usize {
        if r < self.c_minus { self.k_minus } else { self.k_plus }
    }

    /// Filler bits at the start of code block `r`.
    #[must_use]
    pub const fn filler(&self, r: usize) -> usize {
        if r == 0 { self.f } else { 0 }
    }

    /// Bits of the transport block (or its CRC24A) that code block `r` carries.
    #[must_use]
    pub const fn payload(&self, r: usize) -> usize {
        self.k(r) - self.filler(r) - self.l
    }

    /// All bits that are turbo coded, without filler bits: transport block, CRC24A and CRC24Bs.
    #[must_use]
    pub const fn bits_with_crc(&self) -> usize {
        self.b + self.c() * self.l
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coding::tests::shared_csv;

    fn check(b: usize) {
        let s = Segmentation::new(b);
        assert_eq!((0..s.c()).map(|r| s.payload(r)).sum::<usize>(), b, "{s:?} loses bits");
        assert!((0..s.c()).all(|r| qpp::block_sizes().any(|k| k == s.k(r))), "{s:?} has a size outside the table");
        assert_eq!(s.l, if b > Z { 24 } else { 0 }, "{s:?}");
        assert_eq!(s.c() == 1, b <= Z, "{s:?}");
        // One block fewer would not fit, and K+ is the smallest size that does.
        assert!(s.c() == 1 || (s.c() - 1) * (Z - 24) < b, "{s:?}");
        assert!(qpp::largest_below(s.k_plus).is_none_or(|k| s.c() * k < s.bits_with_crc()), "{s:?}");
        assert!(s.filler(0) < s.k(0) - s.l, "{s:?} has a block of filler bits only");
    }

    #[test]
    fn every_transport_block_size_of_the_table_is_kept() {
        let Some(rows) = shared_csv("tbs_36213_7.1.7.2.1-1.csv") else { return };
        for tbs in rows.iter().flat_map(|row| &row[1..]) {
            check(tbs + 24);
        }
    }

    #[test]
    fn every_size_around_the_block_limits_is_kept() {
        (32..3 * Z).for_each(check);
        (1..16).map(|c| c * (Z - 24)).flat_map(|b| b - 1..=b + 1).for_each(check);
    }

    #[test]
    fn sizes_worked_out_by_hand() {
        // A = 16: B = 40 is a block size. A = 40: B = 64.
        assert_eq!(Segmentation::new(40).f, 0);
        // B = 65 needs K = 72.
        assert_eq!((Segmentation::new(65).k_plus, Segmentation::new(65).f), (72, 7));
        // A = 6120 fills one block, A = 6200 (B = 6224) needs two: B' = 6272, K+ = 3136 exactly.
        assert_eq!(Segmentation::new(6144).c(), 1);
        let two = Segmentation::new(6224);
        assert_eq!((two.c_minus, two.c_plus, two.k_plus, two.f), (0, 2, 3136, 0));
        // A = 39232 (MCS 20 on 100 PRB): B = 39256, C = ceil(39256 / 6120) = 7, B' = 39424 = 7 * 5632.
        let seven = Segmentation::new(39256);
        assert_eq!((seven.c_minus, seven.c_plus, seven.k_plus, seven.f), (0, 7, 5632, 0));
    }
}
