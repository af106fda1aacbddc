//! LCT header of an ALC packet (RFC 5651 clause 5.1; RFC 3451 clause 5.1 has the same layout), as FLUTE uses it.

/// What FLUTE needs of an LCT header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LctHeader {
    /// Transport session identifier.
    pub tsi: u64,
    /// Transport object identifier; 0 is the FDT (RFC 3926 clause 3.3).
    pub toi: u128,
    /// Codepoint: the FEC encoding ID in FLUTE (RFC 5775 clause 2.1).
    pub codepoint: u8,
    /// FDT instance ID of EXT_FDT (RFC 3926 clause 3.4.1), when the extension is there.
    pub fdt_instance_id: Option<u32>,
    /// Close object and close session flags.
    pub close: (bool, bool),
    /// Octets of the header with its extensions.
    pub header_octets: usize,
}

/// The octets do not begin with an LCT header of version 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LctError {
    /// Shorter than the header says.
    #[error("{have} octets, {need} needed")]
    Short {
        /// Octets there are.
        have: usize,
        /// Octets there should be.
        need: usize,
    },
    /// Another version than 1.
    #[error("LCT version {0}, not 1")]
    Version(u8),
    /// The fields do not fit in the header length, or an extension reaches over its end.
    #[error("the fields do not fit in the header length")]
    Length,
}

impl LctHeader {
    /// Reads the header at the start of a UDP payload.
    ///
    /// # Errors
    /// See [`LctError`].
    pub fn parse(octets: &[u8]) -> Result<Self, LctError> {
        let short = |need| LctError::Short { have: octets.len(), need };
        let fixed = octets.get(..4).ok_or_else(|| short(4))?;
        let version = fixed[0] >> 4;
        if version != 1 {
            return Err(LctError::Version(version));
        }
        let cci_octets = 4 * (usize::from(fixed[0] >> 2 & 3) + 1);
        let half = 2 * usize::from(fixed[1] >> 4 & 1);
        let tsi_octets = 4 * usize::from(fixed[1] >> 7) + half;
        let toi_octets = 4 * usize::from(fixed[1] >> 5 & 3) + half;
        let header_octets = 4 * usize::from(fixed[2]);
        let header = octets.get(..header_octets).ok_or_else(|| short(header_octets))?;
        let tsi_at = 4 + cci_octets;
        let extensions_at = tsi_at + tsi_octets + toi_octets;
        let extensions = header.get(extensions_at..).ok_or(LctError::Length)?;
        let number = |field: &[u8]| field.iter().fold(0u128, |n, &octet| n << 8 | u128::from(octet));
        Ok(Self {
            // At most 48 bits.
            tsi: number(&header[tsi_at..tsi_at + tsi_octets]) as u64,
            toi: number(&header[tsi_at + tsi_octets..extensions_at]),
            codepoint: fixed[3],
            fdt_instance_id: fdt_instance_id(extensions)?,
            close: (fixed[1] & 1 != 0, fixed[1] & 2 != 0),
            header_octets,
        })
    }

    /// True for a packet of an FDT instance.
    pub fn is_fdt(&self) -> bool {
        self.toi == 0
    }
}

/// Walks the header extensions (RFC 5651 clause 5.2): types below 128 give their length in words, the others are one word.
fn fdt_instance_id(mut extensions: &[u8]) -> Result<Option<u32>, LctError> {
    while let &[kind, second, third, fourth, ..] = extensions {
        if kind == EXT_FDT {
            return Ok(Some(u32::from(second & 0x0f) << 16 | u32::from(third) << 8 | u32::from(fourth)));
        }
        let octets = if kind < 128 { 4 * usize::from(second) } else { 4 };
        extensions = extensions.get(octets..).filter(|_| octets > 0).ok_or(LctError::Length)?;
    }
    Ok(None)
}

/// RFC 3926 clause 3.4.1.
const EXT_FDT: u8 = 192;

/// Fuzz body: any octets are a header or an error.
#[cfg(test)]
pub(crate) fn fuzz_lct(octets: &[u8]) {
    if let Ok(header) = LctHeader::parse(octets) {
        assert!(header.header_octets <= octets.len());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Octets as tshark 4.0.17 dissects them: CCI 1, TSI 1, TOI 5, codepoint 0, header length 16.
    #[test]
    fn fields_as_tshark_reads_them() {
        let octets = [0x10, 0xa0, 0x04, 0x00, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 5, 0xff];
        let header = LctHeader::parse(&octets).unwrap();
        assert_eq!((header.tsi, header.toi, header.codepoint, header.header_octets), (1, 5, 0, 16));
        assert_eq!((header.is_fdt(), header.fdt_instance_id, header.close), (false, None, (false, false)));
    }

    #[test]
    fn fdt_with_half_words_and_extensions() {
        // H flag, close session; EXT_CENC-like single-word extension, EXT_FTI (64, two words), then EXT_FDT version 1 id 7.
        let octets =
            [0x10, 0x12, 0x07, 1, 0, 0, 0, 0, 0, 9, 0, 0, 193, 0, 0, 0, 64, 2, 0, 0, 0, 0, 0, 0, 192, 0x10, 0x00, 0x07];
        let header = LctHeader::parse(&octets).unwrap();
        assert_eq!((header.tsi, header.toi, header.fdt_instance_id), (9, 0, Some(7)));
        assert_eq!(header.close, (false, true));
    }

    #[test]
    fn broken_headers_are_errors() {
        assert_eq!(LctHeader::parse(&[0x10, 0xa0]), Err(LctError::Short { have: 2, need: 4 }));
        assert_eq!(LctHeader::parse(&[0x20, 0xa0, 4, 0]), Err(LctError::Version(2)));
        assert_eq!(LctHeader::parse(&[0x10, 0xa0, 4, 0]), Err(LctError::Short { have: 4, need: 16 }));
        assert_eq!(LctHeader::parse(&[0x10, 0xa0, 2, 0, 0, 0, 0, 0]), Err(LctError::Length));
        // An extension of length 0 would never end.
        assert_eq!(LctHeader::parse(&[0x10, 0x10, 4, 0, 0, 0, 0, 0, 0, 1, 0, 1, 64, 0, 0, 0]), Err(LctError::Length));
    }

    proptest! {
        #[test]
        fn any_octets(octets in proptest::collection::vec(any::<u8>(), 0..80), valid_start in any::<bool>()) {
            let mut octets = octets;
            if let Some(first) = octets.first_mut().filter(|_| valid_start) {
                *first = 0x10;
            }
            fuzz_lct(&octets);
        }
    }
}
