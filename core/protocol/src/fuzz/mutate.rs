//! Damaged copies of good input, the same for the same seed.

use crate::Entropy;

/// Draws damaged copies from a corpus.
#[derive(Debug)]
pub struct Mutator<'a> {
    corpus: Vec<&'a [u8]>,
    dictionary: &'a [&'a [u8]],
    entropy: Entropy,
}

impl<'a> Mutator<'a> {
    /// A mutator over `corpus`, which must not be empty, that also puts in pieces of `dictionary`.
    pub fn new(corpus: impl IntoIterator<Item = &'a [u8]>, dictionary: &'a [&'a [u8]], seed: u64) -> Self {
        Self { corpus: corpus.into_iter().collect(), dictionary, entropy: Entropy::of_box(seed, "fuzz") }
    }

    /// The next damaged copy: one to eight changes.
    pub fn draw(&mut self) -> Vec<u8> {
        let Some(mut octets) = self.pick().map(<[u8]>::to_vec) else { return Vec::new() };
        for _ in 0..=self.entropy.below(8) {
            self.change(&mut octets);
        }
        octets.truncate(MAX_OCTETS);
        octets
    }

    fn pick(&mut self) -> Option<&'a [u8]> {
        let at = self.below(self.corpus.len());
        self.corpus.get(at).copied()
    }

    fn below(&mut self, bound: usize) -> usize {
        self.entropy.below(u32::try_from(bound).unwrap_or(u32::MAX)) as usize
    }

    fn change(&mut self, octets: &mut Vec<u8>) {
        let at = self.below(octets.len() + 1);
        let until = (at + 1 + self.below(16)).min(octets.len());
        let span = at.min(until)..until;
        match self.entropy.below(8) {
            0 => octets.get_mut(at).into_iter().for_each(|octet| *octet ^= 1 << (until % 8)),
            1 => octets.get_mut(at).into_iter().for_each(|octet| *octet = until as u8),
            2 => drop(octets.drain(span)),
            3 => {
                let copy = octets[span].to_vec();
                drop(octets.splice(at..at, copy));
            }
            4 => octets.truncate(at),
            5 => {
                let other = self.pick().unwrap_or_default();
                let from = self.below(other.len() + 1);
                let to = (from + self.below(64)).min(other.len());
                drop(octets.splice(at..at, other[from..to].iter().copied()));
            }
            _ => {
                let word = self.below(self.dictionary.len());
                let word = self.dictionary.get(word).copied().unwrap_or_default();
                drop(octets.splice(span, word.iter().copied()));
            }
        }
    }
}

const MAX_OCTETS: usize = 64 << 10;
