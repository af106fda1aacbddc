//! Randomness as an argument: a ChaCha20 stream from a seed, and a wrapper that keeps secrets out of logs.

use std::fmt;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// The random stream of one box. A virtual run seeds it from the scenario, a live one once from the operating system.
#[derive(Clone, PartialEq, Eq)]
pub struct Entropy(ChaCha20Rng);

impl Entropy {
    /// The stream that `seed` stands for.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    /// The stream of the box `name` in the run of `seed`: boxes do not disturb each other's draws.
    pub fn of_box(seed: u64, name: &str) -> Self {
        let digest = Sha256::new().chain_update(seed.to_be_bytes()).chain_update(name.as_bytes()).finalize();
        Self::from_seed(digest.into())
    }

    /// A stream of its own, seeded from this one.
    pub fn split(&mut self) -> Self {
        let mut seed = [0; 32];
        self.fill(&mut seed);
        Self::from_seed(seed)
    }

    /// Fills `octets` with random ones.
    pub fn fill(&mut self, octets: &mut [u8]) {
        self.0.fill_bytes(octets);
    }

    /// A random number.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A random number below `bound`, 0 for a bound of 0. The bias is below 2^-32 for the bounds used here.
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u32
    }

    /// `n` lower-case letters and digits, about five bits each: for tags, branches and Call-IDs.
    pub fn token(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(ALPHABET[self.below(ALPHABET.len() as u32) as usize])).collect()
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(…)")
    }
}

const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// A value that no log, record or report shows: it prints as `…`. Serialising takes [`Secret::serialize_exposed`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Takes `value` out of sight.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the computation that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value, for its new owner.
    pub fn into_exposed(self) -> T {
        self.0
    }

    /// For `#[serde(serialize_with = "Secret::serialize_exposed")]`, in what goes to a store and nowhere else.
    pub fn serialize_exposed<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>
    where
        T: Serialize,
    {
        self.0.serialize(serializer)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ_by_box() {
        let draw = |mut e: Entropy| (e.token(20), e.next_u64());
        assert_eq!(draw(Entropy::of_box(7, "scscf")), draw(Entropy::of_box(7, "scscf")));
        assert_ne!(draw(Entropy::of_box(7, "scscf")), draw(Entropy::of_box(7, "pcscf")));
        assert_ne!(draw(Entropy::of_box(7, "scscf")), draw(Entropy::of_box(8, "scscf")));
        let token = Entropy::from_seed([1; 32]).token(1000);
        assert!(token.bytes().all(|b| ALPHABET.contains(&b)));
        assert!(ALPHABET.iter().all(|&b| token.bytes().any(|t| t == b)));
    }

    #[test]
    fn secrets_and_streams_do_not_print() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "only its Debug matters")]
        struct Subscriber {
            k: Secret<[u8; 16]>,
        }
        let shown = format!("{:?} {:?}", Subscriber { k: [0xab; 16].into() }, Entropy::from_seed([1; 32]));
        assert_eq!(shown, "Subscriber { k: … } Entropy(…)");
    }
}
