//! Up to eight code blocks of one size side by side: octet i holds bit i of every block, that of block r in its bit r. The
//! encoder's exclusive ors then work on all of them at once.

use super::bits::put_word;

/// Code blocks side by side.
pub(super) const BLOCKS: usize = 8;

/// Lays blocks side by side: `octets` is eight blocks one after the other, most significant bit first, `bits` has an octet
/// for each bit of one.
pub(super) fn slice(octets: &[u8], bits: &mut [u8]) {
    let mut blocks = octets.chunks_exact(bits.len() / 8);
    let blocks: [&[u8]; BLOCKS] = std::array::from_fn(|_| blocks.next().expect("eight blocks"));
    for (i, bits) in bits.as_chunks_mut().0.iter_mut().enumerate() {
        let column = u64::from_le_bytes(blocks.map(|block| block[i]));
        *bits = transposed(column).to_be_bytes();
    }
}

/// The inverse, into one sequence of bits (bit n in bit n mod 64 of word n / 64, zero before): of block r the first bits,
/// as many as the r-th range of `places` has, go there. The last 64 octets of `bits` may be incomplete.
pub(super) fn unslice(bits: &[u8], places: impl Iterator<Item = std::ops::Range<usize>> + Clone, words: &mut [u64]) {
    for (i, chunk) in bits.chunks(64).enumerate() {
        let mut octets = [0; 64];
        octets[..chunk.len()].copy_from_slice(chunk);
        let mut blocks: [u64; BLOCKS] = bytemuck::cast(octets);
        blocks.iter_mut().for_each(|octets| *octets = transposed(u64::from_le(*octets)));
        transpose_octets(&mut blocks);
        for (place, word) in places.clone().zip(blocks) {
            let at = place.start + 64 * i;
            match place.end.saturating_sub(at) {
                0 => {}
                n @ 1..64 => put_word(words, at, word & ((1 << n) - 1)),
                _ => put_word(words, at, word),
            }
        }
    }
}

/// Bit r of octet i becomes bit i of octet r, octet 0 being the lowest.
#[inline]
fn transposed(mut x: u64) -> u64 {
    for (shift, mask) in [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)] {
        let change = (x ^ x >> shift) & mask;
        x ^= change ^ change << shift;
    }
    x
}

/// Octet r of word i becomes octet i of word r.
#[inline]
fn transpose_octets(words: &mut [u64; BLOCKS]) {
    for (step, mask) in [(4, 0x0000_0000_ffff_ffff), (2, 0x0000_ffff_0000_ffff), (1, 0x00ff_00ff_00ff_00ff)] {
        for i in (0..BLOCKS).filter(|i| i & step == 0) {
            let change = (words[i] >> (8 * step) ^ words[i + step]) & mask;
            words[i] ^= change << (8 * step);
            words[i + step] ^= change;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coding::bits::unpack;

    #[test]
    fn blocks_come_back_bit_by_bit() {
        const OCTETS: usize = 21;
        let octets: Vec<u8> = (0..BLOCKS * OCTETS).map(|i| (i * i * 89 + 41) as u8).collect();
        let mut sliced = [0; 8 * OCTETS];
        slice(&octets, &mut sliced);
        // Blocks end to end in a sequence that starts anywhere, each a bit shorter than the one before.
        let mut start = 5;
        let place = |r: usize| {
            let place = start..start + 8 * OCTETS - r;
            start = place.end;
            place
        };
        let places: Vec<_> = (0..BLOCKS).map(place).collect();
        let mut words = vec![0; places[BLOCKS - 1].end.div_ceil(64)];
        unslice(&sliced, places.iter().cloned(), &mut words);
        for (r, (octets, place)) in octets.chunks(OCTETS).zip(places).enumerate() {
            let mut bits = [0; 8 * OCTETS];
            unpack(octets, &mut bits);
            for (i, (&bit, at)) in bits.iter().zip(place).enumerate() {
                assert_eq!(sliced[i] >> r & 1, bit);
                assert_eq!((words[at / 64] >> (at % 64) & 1) as u8, bit, "block {r} bit {i}");
            }
        }
    }
}
