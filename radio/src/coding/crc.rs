//! Cyclic redundancy checks of TS 36.212 5.1.1.

use super::bits::octet_of;

/// g_CRC24A: transport blocks.
pub static CRC24A: Crc = Crc::new(24, 0x86_4CFB);
/// g_CRC24B: code blocks of a segmented transport block.
pub static CRC24B: Crc = Crc::new(24, 0x80_0063);
/// g_CRC16: broadcast channel and downlink control information.
pub static CRC16: Crc = Crc::new(16, 0x1021);
/// g_CRC8: small control messages, none of them on the broadcast carrier yet.
pub static CRC8: Crc = Crc::new(8, 0x9B);

/// One cyclic generator polynomial. The register starts at zero and the parity is not inverted, so zeros in front of a
/// message (filler bits) do not change its parity.
#[derive(Debug)]
pub struct Crc {
    /// L, the number of parity bits.
    length: u32,
    /// The register, left-aligned, after an octet and as many octets of zeros as the index of the table says.
    tables: [[u32; 256]; SLICES],
}

/// Octets that the register takes in at once.
const SLICES: usize = 8;

impl Crc {
    /// `polynomial` without its leading term, right-aligned.
    const fn new(length: u32, polynomial: u32) -> Self {
        let generator = polynomial << (32 - length);
        let mut tables = [[0; 256]; SLICES];
        let mut octet = 0;
        while octet < 256 {
            let mut register = (octet as u32) << 24;
            let mut bit = 0;
            while bit < 8 {
                let feedback = if register >> 31 == 1 { generator } else { 0 };
                register = register << 1 ^ feedback;
                bit += 1;
            }
            tables[0][octet] = register;
            octet += 1;
        }
        let mut i = 256;
        while i < 256 * SLICES {
            let before: u32 = tables[i / 256 - 1][i % 256];
            tables[i / 256][i % 256] = before << 8 ^ tables[0][(before >> 24) as usize];
            i += 1;
        }
        Self { length, tables }
    }

    /// L, the number of parity bits.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length as usize
    }

    /// Parity of a message of bits (one element each, 0 or 1): p_0 is bit L-1 of the result.
    #[must_use]
    pub fn bits(&self, message: &[u8]) -> u32 {
        // A short first octet is right: zeros in front do not count.
        let (first, rest) = message.split_at(message.len() % 8);
        let octets = std::iter::once(octet_of(first)).chain(rest.chunks_exact(8).map(octet_of));
        octets.fold(0, |register, octet| self.step(register, octet)) >> (32 - self.length)
    }

    /// Parity of a message of octets, most significant bit first: p_0 is bit L-1 of the result.
    #[must_use]
    pub fn octets(&self, message: &[u8]) -> u32 {
        let (chunks, rest) = message.as_chunks::<SLICES>();
        let mut register = 0_u32;
        for &[a, b, c, d, e, f, g, h] in chunks {
            let [a, b, c, d] = (register ^ u32::from_be_bytes([a, b, c, d])).to_be_bytes();
            let octets = [h, g, f, e, d, c, b, a];
            register = self.tables.iter().zip(octets).fold(0, |sum, (table, octet)| sum ^ table[usize::from(octet)]);
        }
        rest.iter().fold(register, |register, &octet| self.step(register, octet)) >> (32 - self.length)
    }

    fn step(&self, register: u32, octet: u8) -> u32 {
        register << 8 ^ self.tables[0][usize::from((register >> 24) as u8 ^ octet)]
    }

    /// Remainders of 1, x, x², ... by the generator: a block has no error when those of its bits that are 1, the last bit
    /// standing for 1, add up to zero.
    pub(super) fn remainders(&self) -> impl Iterator<Item = u32> {
        let generator = self.tables[0][1];
        let next = move |x: &u32| Some(x << 1 ^ if x >> 31 == 1 { generator } else { 0 });
        std::iter::successors(Some(1 << (32 - self.length)), next)
    }

    /// Writes the parity of all but the last L bits into the last L bits.
    ///
    /// # Panics
    /// When `block` is shorter than L.
    pub fn attach(&self, block: &mut [u8]) {
        assert!(block.len() >= self.length(), "{} bits have no room for {} parity bits", block.len(), self.length);
        let (message, parity) = block.split_at_mut(block.len() - self.length());
        let value = self.bits(message);
        for (bit, shift) in parity.iter_mut().zip((0..self.length).rev()) {
            *bit = (value >> shift & 1) as u8;
        }
    }

    /// Whether a block of bits that ends with its parity has no error.
    #[must_use]
    pub fn check(&self, block: &[u8]) -> bool {
        self.bits(block) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coding::bits::unpack;

    /// Check values that the catalogue of parametrised CRC algorithms publishes for the message "123456789":
    /// CRC-24/LTE-A, CRC-24/LTE-B, CRC-16/XMODEM (the same parameters as gCRC16), CRC-8/LTE.
    const CATALOGUE: [(&Crc, u32); 4] = [(&CRC24A, 0xCD_E703), (&CRC24B, 0x23_EF52), (&CRC16, 0x31C3), (&CRC8, 0xEA)];

    #[test]
    fn catalogue_check_values() {
        let message = b"123456789";
        let mut bits = [0; 72];
        unpack(message, &mut bits);
        for (crc, check) in CATALOGUE {
            assert_eq!((crc.bits(&bits), crc.octets(message)), (check, check));
        }
    }

    #[test]
    fn attached_parity_checks_and_any_single_error_is_found() {
        for (crc, _) in CATALOGUE {
            // 53 bits: not a whole number of octets.
            let mut block: Vec<u8> = (0..53 + crc.length()).map(|i| (i * i / 3 % 2) as u8).collect();
            crc.attach(&mut block);
            assert!(crc.check(&block));
            for i in 0..block.len() {
                block[i] ^= 1;
                assert!(!crc.check(&block), "L = {}, error in bit {i}", crc.length());
                block[i] ^= 1;
            }
        }
    }

    #[test]
    fn zeros_in_front_do_not_count() {
        let message = [1, 0, 1, 1, 0, 1];
        let padded = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1];
        assert_eq!(CRC24B.bits(&message), CRC24B.bits(&padded));
    }
}
