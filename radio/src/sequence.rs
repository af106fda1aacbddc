//! Pseudo-random sequence generation, TS 36.211 clause 7.2: the length-31 Gold sequence.

/// N_C of TS 36.211 clause 7.2: the outputs that are skipped.
const N_C: u32 = 1600;
/// As many outputs of both registers can be had at once: the highest tap is three below the register length.
const STEP: u32 = 28;
/// Outputs taken at once: whole octets.
const OCTETS: usize = 3;

/// c(n) for one c_init, from n = 0 on.
#[derive(Clone, Debug)]
pub struct GoldSequence {
    x1: u32,
    x2: u32,
}

impl GoldSequence {
    /// Starts the sequence at c(0).
    pub fn new(c_init: u32) -> Self {
        let mut s = Self { x1: 1, x2: c_init & 0x7fff_ffff };
        let mut left = N_C;
        while left > 0 {
            let n = left.min(STEP);
            s.advance(n);
            left -= n;
        }
        s
    }

    /// The next `out.len()` elements, each 0 or 1.
    pub fn fill(&mut self, out: &mut [u8]) {
        let mut chunks = out.chunks_exact_mut(8 * OCTETS);
        for chunk in &mut chunks {
            let word = self.x1 ^ self.x2;
            for (i, octet) in chunk.chunks_exact_mut(8).enumerate() {
                octet.copy_from_slice(&spread((word >> (8 * i)) as u8));
            }
            self.advance(8 * OCTETS as u32);
        }
        let rest = chunks.into_remainder();
        let word = self.x1 ^ self.x2;
        rest.iter_mut().enumerate().for_each(|(i, c)| *c = (word >> i & 1) as u8);
        self.advance(rest.len() as u32);
    }

    /// x1(n + 31) = x1(n + 3) + x1(n); x2(n + 31) = x2(n + 3) + x2(n + 2) + x2(n + 1) + x2(n).
    fn advance(&mut self, n: u32) {
        debug_assert!(n <= STEP);
        let mask = (1 << n) - 1;
        let f1 = (self.x1 >> 3 ^ self.x1) & mask;
        let f2 = (self.x2 >> 3 ^ self.x2 >> 2 ^ self.x2 >> 1 ^ self.x2) & mask;
        self.x1 = self.x1 >> n | f1 << (31 - n);
        self.x2 = self.x2 >> n | f2 << (31 - n);
    }
}

/// The eight bits of an octet, the lowest first.
#[inline]
fn spread(octet: u8) -> [u8; 8] {
    // In octet i only bit i is kept; adding 127 carries it to the top.
    let kept = (u64::from(octet) * 0x0101_0101_0101_0101) & 0x8040_2010_0804_0201;
    (((kept + 0x7f7f_7f7f_7f7f_7f7f) >> 7) & 0x0101_0101_0101_0101).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recurrences as the clause writes them.
    fn by_the_clause(c_init: u32, n: usize) -> Vec<u8> {
        let len = n + N_C as usize + 31;
        let (mut x1, mut x2) = (vec![0u8; len], vec![0u8; len]);
        x1[0] = 1;
        for (i, x) in x2.iter_mut().take(31).enumerate() {
            *x = (c_init >> i & 1) as u8;
        }
        for i in 0..len - 31 {
            x1[i + 31] = (x1[i + 3] + x1[i]) % 2;
            x2[i + 31] = (x2[i + 3] + x2[i + 2] + x2[i + 1] + x2[i]) % 2;
        }
        (0..n).map(|i| (x1[i + N_C as usize] + x2[i + N_C as usize]) % 2).collect()
    }

    #[test]
    fn equals_the_recurrences_for_any_chunking() {
        for c_init in [0, 1, 512, 0x1234_5678 & 0x7fff_ffff, 0x7fff_ffff] {
            let want = by_the_clause(c_init, 1000);
            for chunk in [1, 7, 28, 29, 1000] {
                let mut sequence = GoldSequence::new(c_init);
                let mut got = vec![0; 1000];
                got.chunks_mut(chunk).for_each(|c| sequence.fill(c));
                assert_eq!(got, want, "c_init {c_init} chunk {chunk}");
            }
        }
    }
}
