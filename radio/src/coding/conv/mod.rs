//! Tail-biting convolutional code of BCH and DCI: TS 36.212 clauses 5.1.3.1 and 5.1.4.2.
//!
//! A coded block is the three streams d^(0), d^(1), d^(2) one after the other, each of K elements. CRC and masks are
//! the caller's.

mod encoder;
mod rate_match;
mod viterbi;

pub use encoder::encode;
pub use rate_match::RateMatch;
pub use viterbi::TailBitingDecoder;

/// G_0, G_1, G_2 (TS 36.212 figure 5.1.3-1): the highest of seven bits is the newest input.
const GENERATORS: [u8; 3] = [0o133, 0o171, 0o165];
/// Bits that the encoder remembers.
const MEMORY: usize = 6;

#[cfg(test)]
mod tests;
