//! Pseudo-random sequence generation, TS 36.211 clause 7.2: the length-31 Gold sequence.

use crate::coding::put_word;

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

/// Whole sequences, one after the other, in words: bit n of the sequence is bit n mod 64 of word n / 64.
///
/// Over GF(2) the 64th power of a polynomial has the same terms with 64 times the exponents: both recurrences hold for whole
/// words as they do for bits.
#[derive(Clone, Debug)]
pub(crate) struct GoldWords {
    /// x1 from n = N_C on: the same in all sequences.
    x1: Vec<u64>,
    /// x2 from n = 0 on.
    x2: Vec<u64>,
    c: Vec<u64>,
}

impl GoldWords {
    /// Plans sequences of `bits` elements.
    pub(crate) fn new(bits: usize) -> Self {
        let words = bits.div_ceil(64);
        let mut x1 = vec![0; N_C_WORDS + words];
        fill_words(1, |[x0, _, _, x3]| x3 ^ x0, &mut x1);
        x1.drain(..N_C_WORDS);
        Self { x1, x2: vec![0; N_C_WORDS + words], c: vec![0; words] }
    }

    /// c(n) for `c_init` from n = 0 on; more than planned up to the end of the last word.
    pub(crate) fn generate(&mut self, c_init: u32) -> &[u64] {
        fill_words(c_init & 0x7fff_ffff, |[x0, x1, x2, x3]| x3 ^ x2 ^ x1 ^ x0, &mut self.x2);
        for ((c, x1), x2) in self.c.iter_mut().zip(&self.x1).zip(&self.x2[N_C_WORDS..]) {
            *c = x1 ^ x2;
        }
        &self.c
    }

    /// What was generated last.
    pub(crate) fn last(&self) -> &[u64] {
        &self.c
    }
}

/// A sequence from its first 31 elements on; `feedback` makes x(n + 31) of x(n), ..., x(n + 3).
fn fill_words(first: u32, feedback: impl Fn([u64; 4]) -> u64, words: &mut [u64]) {
    let mut head = [0; 32];
    let (mut x, mask) = (u64::from(first), (1 << STEP) - 1);
    for at in (0..31 * 64).step_by(STEP as usize) {
        put_word(&mut head, at, x & mask);
        x = (x | (feedback([x, x >> 1, x >> 2, x >> 3]) & mask) << 31) >> STEP;
    }
    let n = words.len().min(31);
    words[..n].copy_from_slice(&head[..n]);
    for start in (31..words.len()).step_by(STEP as usize) {
        let (done, next) = words.split_at_mut(start);
        for (word, x) in next.iter_mut().zip(done[start - 31..].windows(4)) {
            *word = feedback([x[0], x[1], x[2], x[3]]);
        }
    }
}

/// N_C is a whole number of words.
const N_C_WORDS: usize = N_C as usize / 64;
const _: () = assert!(N_C.is_multiple_of(64));

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

    #[test]
    fn words_equal_the_recurrences_one_sequence_after_another() {
        for bits in [1, 640, 64 * 97 + 30] {
            let mut words = GoldWords::new(bits);
            for c_init in [0, 1, 512, 0x1234_5678 & 0x7fff_ffff, 0x7fff_ffff] {
                let c = words.generate(c_init);
                let got: Vec<u8> = (0..bits).map(|i| (c[i / 64] >> (i % 64) & 1) as u8).collect();
                assert_eq!(got, by_the_clause(c_init, bits), "c_init {c_init}, {bits} bits");
            }
        }
    }
}
