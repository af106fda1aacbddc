//! Bits as the specifications index them (one element per bit) and as octets carry them (most significant bit first).

/// Spreads octets into bits, most significant first. `bits` holds eight elements per octet.
///
/// # Panics
/// When the lengths do not match.
#[cfg(test)]
pub(super) fn unpack(octets: &[u8], bits: &mut [u8]) {
    assert_eq!(bits.len(), 8 * octets.len(), "{} octets do not fill {} bits", octets.len(), bits.len());
    for (octet, bits) in octets.iter().zip(bits.chunks_exact_mut(8)) {
        for (i, bit) in bits.iter_mut().enumerate() {
            *bit = octet >> (7 - i) & 1;
        }
    }
}

/// Gathers bits into octets, the first bit most significant.
///
/// # Panics
/// When the lengths do not match.
pub(crate) fn pack(bits: &[u8], octets: &mut [u8]) {
    assert_eq!(bits.len(), 8 * octets.len(), "{} bits do not fill {} octets", bits.len(), octets.len());
    for (octet, bits) in octets.iter_mut().zip(bits.chunks_exact(8)) {
        *octet = octet_of(bits);
    }
}

/// The 64 bits from bit `at` on of a sequence that has bit n in bit n mod 64 of word n / 64; zeros follow its end.
#[inline]
pub(crate) fn word_at(words: &[u64], at: usize) -> u64 {
    let (i, shift) = (at / 64, at % 64);
    let word = |i: usize| words.get(i).copied().unwrap_or(0);
    word(i) >> shift | word(i + 1) << 1 << (63 - shift)
}

/// The bits from bit `at` on of such a sequence, without end.
pub(super) fn bits_from(words: &[u64], at: usize) -> impl Iterator<Item = bool> {
    (at..).map(|i| words.get(i / 64).is_some_and(|word| word >> (i % 64) & 1 == 1))
}

/// Puts the bits of `word` that are 1 into such a sequence from bit `at` on.
///
/// # Panics
/// When one of them lies behind the end.
#[inline]
pub(crate) fn put_word(words: &mut [u64], at: usize, word: u64) {
    let (i, shift) = (at / 64, at % 64);
    words[i] |= word << shift;
    let above = word >> 1 >> (63 - shift);
    if above != 0 {
        words[i + 1] |= above;
    }
}

/// Up to eight bits as an octet, right-aligned.
#[inline]
pub(super) fn octet_of(bits: &[u8]) -> u8 {
    match bits.try_into().map(u64::from_le_bytes) {
        // Bit i is at 8 i, and 63 - 9 i places further up at 63 - i.
        Ok(bits) => (bits.wrapping_mul(0x8040_2010_0804_0201) >> 56) as u8,
        Err(_) => bits.iter().fold(0, |octet, bit| octet << 1 | bit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_where_they_were_put() {
        for at in [0, 1, 63, 64, 100] {
            let mut words = [0; 3];
            let word = 0x8000_0000_0123_4567;
            put_word(&mut words, at, word);
            assert_eq!(word_at(&words, at), word);
            assert_eq!(words.iter().map(|w| w.count_ones()).sum::<u32>(), word.count_ones());
        }
        assert_eq!(word_at(&[u64::MAX], 60), 15);
        assert_eq!(word_at(&[], 60), 0);
    }

    #[test]
    fn most_significant_bit_comes_first() {
        let mut bits = [0; 16];
        unpack(&[0x80, 0x35], &mut bits);
        assert_eq!(bits, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 1]);
        let mut octets = [0; 2];
        pack(&bits, &mut octets);
        assert_eq!(octets, [0x80, 0x35]);
    }
}
