//! Tail-biting convolutional encoder, TS 36.212 clause 5.1.3.1.

use super::{GENERATORS, MEMORY};

/// Encodes `bits` (each 0 or 1) at rate 1/3: `out` becomes the three streams one after the other.
///
/// # Panics
/// If there are less than six bits, which the tail-biting start needs.
pub fn encode(bits: &[u8], out: &mut Vec<u8>) {
    assert!(bits.len() >= MEMORY, "{} bits cannot be tail-biting", bits.len());
    out.clear();
    for generator in GENERATORS {
        // The register starts with the last six bits, the last of them being the newest.
        let mut register = bits[bits.len() - MEMORY..].iter().fold(0, |r, &b| r >> 1 | b << 6);
        out.extend(bits.iter().map(|&b| {
            register = register >> 1 | b << 6;
            (register & generator).count_ones() as u8 & 1
        }));
    }
}
