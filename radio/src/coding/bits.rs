//! Bits as the specifications index them (one element per bit) and as octets carry them (most significant bit first).

/// Spreads octets into bits, most significant first. `bits` holds eight elements per octet.
///
/// # Panics
/// When the lengths do not match.
pub(crate) fn unpack(octets: &[u8], bits: &mut [u8]) {
    assert_eq!(bits.len(), 8 * octets.len(), "{} octets do not fill {} bits", octets.len(), bits.len());
    for (octet, bits) in octets.iter().zip(bits.chunks_exact_mut(8)) {
        for (i, bit) in bits.iter_mut().enumerate() {
            *bit = octet >> (7 - i) & 1;
        }
    }
}

/// Gathers bits into octets, the first bit most significant: the inverse of [`unpack`].
///
/// # Panics
/// When the lengths do not match.
pub(crate) fn pack(bits: &[u8], octets: &mut [u8]) {
    assert_eq!(bits.len(), 8 * octets.len(), "{} bits do not fill {} octets", bits.len(), octets.len());
    for (octet, bits) in octets.iter_mut().zip(bits.chunks_exact(8)) {
        *octet = octet_of(bits);
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
    fn most_significant_bit_comes_first() {
        let mut bits = [0; 16];
        unpack(&[0x80, 0x35], &mut bits);
        assert_eq!(bits, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 1]);
        let mut octets = [0; 2];
        pack(&bits, &mut octets);
        assert_eq!(octets, [0x80, 0x35]);
    }
}
