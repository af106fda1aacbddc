//! TS 36.321 clauses 6.1.2, 6.1.3.7 and 6.2.1: the MAC PDU of an MCH and the MCH scheduling information it carries.

/// LCID of the MCCH (table 6.2.1-4).
pub const LCID_MCCH: u8 = 0;
/// Highest LCID of an MTCH (table 6.2.1-4).
pub(crate) const LCID_MTCH_MAX: u8 = 28;
/// LCID of the MCH scheduling information (table 6.2.1-4).
pub const LCID_MSI: u8 = 30;
/// LCID of padding (table 6.2.1-4).
pub(crate) const LCID_PADDING: u8 = 31;
/// `Stop MTCH` of an MTCH that is not scheduled (clause 6.1.3.7); 2043 to 2046 are reserved.
pub const STOP_NOT_SCHEDULED: u16 = 2047;

/// An LCID that no MCH has a use for (table 6.2.1-4).
const LCID_RESERVED: u8 = 29;
/// LCID of a MAC PDU subheader (clause 6.2.1).
const LCID_MASK: u8 = 0x1f;
/// E of a MAC PDU subheader: another subheader follows (clause 6.2.1).
const E: u8 = 0x20;
/// F2 of a MAC PDU subheader: the length is 32 768 octets or more, L has 16 bits (clause 6.2.1).
const F2: u8 = 0x40;
/// F of a MAC PDU subheader: L has 15 bits, not 7 (clause 6.2.1).
const F: u8 = 0x80;

/// One MAC SDU or control element of a MAC PDU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MacElement<'a> {
    /// Logical channel, or kind of control element; values of later releases included.
    pub(crate) lcid: u8,
    /// MAC SDU or control element.
    pub(crate) octets: &'a [u8],
}

/// A transport block is not a MAC PDU.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MacPduError {
    /// The header runs over the end.
    #[error("MAC header runs over the end of the transport block of {0} octets")]
    HeaderTruncated(usize),
    /// Lengths exceed the transport block.
    #[error("MAC subheaders ask for {needed} octets, the transport block has {available}")]
    Overrun {
        /// Header and all lengths, octets.
        needed: usize,
        /// The transport block, octets.
        available: usize,
    },
}

/// Checked view of an MCH MAC PDU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MchPdu<'a> {
    octets: &'a [u8],
    header_octets: usize,
}

impl<'a> MchPdu<'a> {
    /// Checks that the header is whole and that all lengths fit.
    ///
    /// # Errors
    /// The transport block is not a MAC PDU.
    pub(crate) fn parse(octets: &'a [u8]) -> Result<Self, MacPduError> {
        let (mut at, mut payload) = (0, 0);
        loop {
            let subheader = Subheader::read(octets, at).ok_or(MacPduError::HeaderTruncated(octets.len()))?;
            at += subheader.octets;
            payload += subheader.length.unwrap_or(0);
            if subheader.last {
                break;
            }
        }
        if at + payload > octets.len() {
            return Err(MacPduError::Overrun { needed: at + payload, available: octets.len() });
        }
        Ok(Self { octets, header_octets: at })
    }

    /// MAC control elements and MAC SDUs in their order; padding is left out.
    pub(crate) fn elements(&self) -> impl Iterator<Item = MacElement<'a>> + use<'a> {
        let octets = self.octets;
        let (mut header, mut payload, header_end) = (0, self.header_octets, self.header_octets);
        std::iter::from_fn(move || {
            while header < header_end {
                let subheader = Subheader::read(octets, header)?;
                header += subheader.octets;
                if subheader.lcid == LCID_PADDING {
                    continue;
                }
                let end = subheader.length.map_or(octets.len(), |length| payload + length);
                let element = MacElement { lcid: subheader.lcid, octets: &octets[payload..end] };
                payload = end;
                return Some(element);
            }
            None
        })
    }
}

/// One MAC PDU subheader (figures 6.1.2-1, 6.1.2-1a and 6.1.2-2).
struct Subheader {
    lcid: u8,
    last: bool,
    /// Size of the subheader.
    octets: usize,
    /// L; none for padding and in the last subheader, whose element takes the rest.
    length: Option<usize>,
}

impl Subheader {
    fn read(octets: &[u8], at: usize) -> Option<Self> {
        let first = *octets.get(at)?;
        let (lcid, last) = (first & LCID_MASK, first & E == 0);
        if last || lcid == LCID_PADDING {
            return Some(Self { lcid, last, octets: 1, length: None });
        }
        let high = *octets.get(at + 1)?;
        if first & F2 == 0 && high & F == 0 {
            return Some(Self { lcid, last, octets: 2, length: Some(usize::from(high)) });
        }
        let low = *octets.get(at + 2)?;
        let high = if first & F2 == 0 { high & !F } else { high };
        Some(Self { lcid, last, octets: 3, length: Some(usize::from(high) << 8 | usize::from(low)) })
    }
}

/// Logical channel and octets of each element of a MAC PDU of an MCH, padding left out; none of a malformed one.
pub fn mac_elements(tb: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let elements = MchPdu::parse(tb).into_iter().flat_map(|pdu| pdu.elements());
    elements.map(|e| (e.lcid, e.octets)).filter(|(lcid, _)| *lcid != LCID_PADDING)
}

/// The MCH scheduling information of a transport block, if it has one.
pub fn msi_of(tb: &[u8]) -> Option<Msi> {
    let msi = MchPdu::parse(tb).ok()?.elements().find(|e| e.lcid == LCID_MSI)?;
    Some(Msi::parse(msi.octets))
}

/// A fault on purpose: gives the elements of `lcid` a reserved LCID, so that no receiver knows them. The rest of the
/// transport block stays as it is.
pub fn hide_mac_elements(tb: &mut [u8], lcid: u8) {
    let mut at = 0;
    while let Some(subheader) = Subheader::read(tb, at) {
        if subheader.lcid == lcid {
            tb[at] = tb[at] & !LCID_MASK | LCID_RESERVED;
        }
        if subheader.last {
            return;
        }
        at += subheader.octets;
    }
}

/// Size of a subheader with its L field for an element of `length` octets.
pub(crate) const fn subheader_octets(length: usize) -> usize {
    if length < 128 { 2 } else { 3 }
}

/// The elements do not fit into the transport block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("MAC header and elements need {needed} octets, the transport block has {available}")]
pub(crate) struct MacPduOverflow {
    /// Octets needed at least.
    pub(crate) needed: usize,
    /// Octets of the transport block.
    pub(crate) available: usize,
}

/// Writes the MAC header for elements of `(LCID, length in octets)` and clears the rest of the transport block; returns
/// where the first element begins. The caller puts them there one after the other; what is left over is padding.
///
/// One or two octets that no padding at the end can fill become padding subheaders at the front (clause 6.1.2).
///
/// # Errors
/// The elements do not fit.
pub(crate) fn write_mac_header(
    transport_block: &mut [u8],
    elements: impl Iterator<Item = (u8, usize)> + Clone,
) -> Result<usize, MacPduOverflow> {
    let available = transport_block.len();
    let mut with_lengths = 0;
    let mut last_subheader = 0;
    for (_, length) in elements.clone() {
        last_subheader = subheader_octets(length);
        with_lengths += last_subheader + length;
    }
    // Without an L field in the last subheader.
    let needed = (with_lengths + 1).saturating_sub(last_subheader.max(1)).max(1);
    if needed > available {
        return Err(MacPduOverflow { needed, available });
    }
    let left = available - needed;
    let nothing = last_subheader == 0;
    let leading_padding = if left <= 2 && !nothing { left } else { 0 };
    let padding_at_end = nothing || left > 2;
    transport_block.fill(0);
    let mut at = 0;
    for _ in 0..leading_padding {
        transport_block[at] = E | LCID_PADDING;
        at += 1;
    }
    let mut elements = elements.peekable();
    while let Some((lcid, length)) = elements.next() {
        let last = elements.peek().is_none() && !padding_at_end;
        transport_block[at] = lcid & 0x1f | if last { 0 } else { E };
        at += 1;
        if !last {
            if length < 128 {
                transport_block[at] = length as u8;
                at += 1;
            } else {
                transport_block[at] = F | (length >> 8) as u8;
                transport_block[at + 1] = length as u8;
                at += 2;
            }
        }
    }
    if padding_at_end {
        transport_block[at] = LCID_PADDING;
        at += 1;
    }
    Ok(at)
}

/// One entry of the MCH scheduling information (clause 6.1.3.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MsiEntry {
    /// The MTCH.
    pub lcid: u8,
    /// `Stop MTCH`: index of the subframe in the MCH scheduling period, counting those of this MCH, where it stops.
    pub stop: u16,
}

impl MsiEntry {
    /// Two octets: five bits LCID, eleven bits stop.
    pub const fn to_octets(self) -> [u8; 2] {
        [self.lcid << 3 | (self.stop >> 8) as u8 & 7, self.stop as u8]
    }

    /// The index where the MTCH stops, `None` when it is not scheduled; reserved values mean nothing and give `None`.
    pub const fn stop_index(&self) -> Option<u16> {
        if self.stop < 2043 { Some(self.stop) } else { None }
    }
}

/// MCH scheduling information (clause 6.1.3.7): at most one entry for each LCID that an MTCH can have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Msi {
    entries: [MsiEntry; Self::ENTRIES_MAX],
    len: usize,
}

impl Msi {
    const ENTRIES_MAX: usize = LCID_MTCH_MAX as usize + 1;
    /// No entries.
    pub(crate) const EMPTY: Self = Self { entries: [MsiEntry { lcid: 0, stop: 0 }; Self::ENTRIES_MAX], len: 0 };

    /// From a control element; an odd octet at the end and entries beyond the possible number are left out.
    pub(crate) fn parse(control_element: &[u8]) -> Self {
        let entry = |c: &[u8]| MsiEntry { lcid: c[0] >> 3, stop: u16::from(c[0] & 7) << 8 | u16::from(c[1]) };
        control_element.chunks_exact(2).map(entry).collect()
    }
}

impl FromIterator<MsiEntry> for Msi {
    fn from_iter<I: IntoIterator<Item = MsiEntry>>(entries: I) -> Self {
        let mut msi = Self::EMPTY;
        for (to, entry) in msi.entries.iter_mut().zip(entries) {
            *to = entry;
            msi.len += 1;
        }
        msi
    }
}

impl std::ops::Deref for Msi {
    type Target = [MsiEntry];

    fn deref(&self) -> &[MsiEntry] {
        &self.entries[..self.len]
    }
}

impl std::fmt::Debug for Msi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn build(octets: usize, elements: &[(u8, Vec<u8>)]) -> Result<Vec<u8>, MacPduOverflow> {
        let mut block = vec![0xaa; octets];
        let mut at = write_mac_header(&mut block, elements.iter().map(|(lcid, e)| (*lcid, e.len())))?;
        for (_, element) in elements {
            block[at..at + element.len()].copy_from_slice(element);
            at += element.len();
        }
        Ok(block)
    }

    fn read(block: &[u8]) -> Vec<(u8, Vec<u8>)> {
        MchPdu::parse(block).unwrap().elements().map(|e| (e.lcid, e.octets.to_vec())).collect()
    }

    /// Octets written out by hand from figures 6.1.2-1 to 6.1.2-3 and 6.1.3.7-1.
    #[test]
    fn known_octets_of_each_way_to_pad() {
        let msi = (LCID_MSI, MsiEntry { lcid: 1, stop: 5 }.to_octets().to_vec());
        let mtch = (1, vec![0xd0, 0xd1, 0xd2]);
        let elements = [msi, mtch];
        // Exact: the last subheader has no L.
        assert_eq!(build(8, &elements).unwrap(), [0x3e, 2, 0x01, 0x08, 0x05, 0xd0, 0xd1, 0xd2]);
        // One and two octets over: padding subheaders first.
        assert_eq!(build(9, &elements).unwrap(), [0x3f, 0x3e, 2, 0x01, 0x08, 0x05, 0xd0, 0xd1, 0xd2]);
        assert_eq!(build(10, &elements).unwrap(), [0x3f, 0x3f, 0x3e, 2, 0x01, 0x08, 0x05, 0xd0, 0xd1, 0xd2]);
        // Three: L of one octet, a padding subheader and one octet of padding.
        assert_eq!(build(11, &elements).unwrap(), [0x3e, 2, 0x21, 3, 0x1f, 0x08, 0x05, 0xd0, 0xd1, 0xd2, 0]);
        assert_eq!(build(7, &elements), Err(MacPduOverflow { needed: 8, available: 7 }));
        assert_eq!(build(2, &[]).unwrap(), [0x1f, 0]);
        for octets in 8..12 {
            assert_eq!(read(&build(octets, &elements).unwrap()), elements);
        }
    }

    #[test]
    fn length_of_15_and_16_bits() {
        let block = build(300, &[(0, vec![7; 128]), (1, vec![8; 100])]).unwrap();
        assert_eq!(block[..6], [0x20, 0x80, 128, 0x21, 100, 0x1f]);
        assert_eq!(read(&block), [(0, vec![7; 128]), (1, vec![8; 100])]);
        // F2 (release 13): sixteen bits without F.
        let mut block = vec![0x61, 0x80, 0x01, 0x1f];
        block.resize(4 + 0x8001, 9);
        assert_eq!(read(&block), [(1, vec![9; 0x8001])]);
    }

    #[test]
    fn refused_with_the_numbers() {
        assert_eq!(MchPdu::parse(&[]).unwrap_err(), MacPduError::HeaderTruncated(0));
        assert_eq!(MchPdu::parse(&[0x21, 5]).unwrap_err(), MacPduError::HeaderTruncated(2));
        let overrun = MacPduError::Overrun { needed: 8, available: 4 };
        assert_eq!(MchPdu::parse(&[0x21, 5, 0x1f, 0]).unwrap_err(), overrun);
    }

    #[test]
    fn scheduling_information() {
        let octets = [0x08, 0x05, 0x17, 0xff, 0xe7, 0xfb, 0x00];
        let entries = Msi::parse(&octets);
        assert_eq!(
            *entries,
            [MsiEntry { lcid: 1, stop: 5 }, MsiEntry { lcid: 2, stop: 2047 }, MsiEntry { lcid: 28, stop: 2043 }]
        );
        assert_eq!(entries.iter().map(MsiEntry::stop_index).collect::<Vec<_>>(), [Some(5), None, None]);
        assert_eq!(entries[1].to_octets(), [0x17, 0xff]);
    }

    /// Fuzz body: any block parses or is refused; elements lie inside.
    fn parse_survives(block: &[u8]) {
        if let Ok(pdu) = MchPdu::parse(block) {
            assert!(pdu.elements().map(|e| e.octets.len()).sum::<usize>() < block.len());
            for element in pdu.elements() {
                assert!(Msi::parse(element.octets).len() <= 29);
            }
        }
    }

    proptest! {
        #[test]
        fn elements_survive(
            elements in prop::collection::vec((0u8..31, prop::collection::vec(any::<u8>(), 0..300)), 0..6),
            spare in 0usize..400,
        ) {
            let full: usize = elements.iter().map(|(_, e)| subheader_octets(e.len()) + e.len()).sum();
            let block = build(full + 1 + spare, &elements).unwrap();
            prop_assert_eq!(read(&block), elements);
        }

        #[test]
        fn arbitrary_blocks_never_panic(block in prop::collection::vec(any::<u8>(), 0..300)) {
            parse_survives(&block);
        }
    }
}
