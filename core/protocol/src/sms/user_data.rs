//! TP-UDL and TP-UD: TS 23.040 clauses 9.2.3.16 and 9.2.3.24.

use super::alphabet;
use super::coding::{Alphabet, DataCodingScheme};
use super::header::UserDataHeader;
use crate::octets::Octets;

/// Octets of TP-UD in SMS-SUBMIT and SMS-DELIVER (TS 23.040 clause 9.2.2).
pub const MAX_USER_DATA_OCTETS: usize = 140;
/// Octets of TP-UD in the longest report (TS 23.040 clause 9.2.2.1a (ii)).
pub(super) const MAX_REPORT_OCTETS: usize = 159;

/// User data as they are on the wire: length, and header and message in one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct UserData {
    has_header: bool,
    length: u8,
    octets: Vec<u8>,
}

/// What user data say.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Content {
    /// A text of the default alphabet or of UCS2.
    Text(String),
    /// 8 bit data, or a compressed text.
    Octets(Vec<u8>),
}

impl UserData {
    /// A message of septets of the default alphabet behind a header; `None`: it is too long.
    pub fn of_septets(header: Option<&UserDataHeader>, septets: &[u8]) -> Option<Self> {
        let mut octets = header_octets(header)?;
        // Fill bits lead to the next septet boundary, and TP-UDL counts them and the header in.
        let in_header = (octets.len() * 8).div_ceil(7);
        octets.extend(alphabet::pack(septets, in_header * 7 - octets.len() * 8));
        let length = u8::try_from(in_header + septets.len()).ok()?;
        (octets.len() <= MAX_USER_DATA_OCTETS).then_some(Self { has_header: header.is_some(), length, octets })
    }

    /// A message of octets behind a header: 8 bit data, UCS2; `None`: it is too long.
    pub fn of_octets(header: Option<&UserDataHeader>, octets: &[u8]) -> Option<Self> {
        let octets = [&header_octets(header)?, octets].concat();
        let length = u8::try_from(octets.len()).ok()?;
        (octets.len() <= MAX_USER_DATA_OCTETS).then_some(Self { has_header: header.is_some(), length, octets })
    }

    /// A text in the default alphabet, or in UCS2 where that has not all its characters; `None`: it needs more than one
    /// message.
    pub fn of_text(text: &str) -> Option<(DataCodingScheme, Self)> {
        match alphabet::to_septets(text) {
            Some(septets) => Some((DataCodingScheme::GSM7, Self::of_septets(None, &septets)?)),
            None => Some((DataCodingScheme::UCS2, Self::of_octets(None, &to_ucs2(text))?)),
        }
    }

    /// TP-UDL: septets or octets.
    pub const fn length(&self) -> u8 {
        self.length
    }

    /// TP-UD, header included.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// TP-UDHI.
    pub const fn has_header(&self) -> bool {
        self.has_header
    }

    /// The header; `None`: there is none, or it is broken and has to be ignored.
    pub fn header(&self) -> Option<UserDataHeader> {
        let (&length, rest) = self.octets.split_first()?;
        self.has_header.then(|| UserDataHeader::parse(rest.get(..usize::from(length))?)).flatten()
    }

    /// Octets of the header with UDHL, as far as they are there.
    pub fn header_octets(&self) -> &[u8] {
        &self.octets[..self.header_length()]
    }

    /// Septets of the message behind the header, one in an octet, when `dcs` counts septets.
    pub fn septets(&self, dcs: DataCodingScheme) -> Option<Vec<u8>> {
        let header = self.header_length();
        let in_header = (header * 8).div_ceil(7);
        let count = usize::from(self.length).saturating_sub(in_header);
        let septets = || alphabet::unpack(&self.octets[header..], in_header * 7 - header * 8, count);
        dcs.counts_septets().then(|| septets().unwrap_or_default())
    }

    /// Octets of the message behind the header, as they are.
    pub fn message_octets(&self) -> &[u8] {
        &self.octets[self.header_length()..]
    }

    /// The message behind the header.
    pub fn content(&self, dcs: DataCodingScheme) -> Content {
        match (self.septets(dcs), dcs.alphabet(), dcs.is_compressed()) {
            (Some(septets), ..) => Content::Text(alphabet::to_text(&septets)),
            (None, Alphabet::Ucs2, false) => Content::Text(of_ucs2(self.message_octets())),
            _ => Content::Octets(self.message_octets().to_vec()),
        }
    }

    /// The message behind the header, when it is a text that can be read.
    pub fn text(&self, dcs: DataCodingScheme) -> Option<String> {
        match self.content(dcs) {
            Content::Text(text) => Some(text),
            Content::Octets(_) => None,
        }
    }

    pub(super) fn parse(octets: &mut Octets<'_>, dcs: DataCodingScheme, has_header: bool) -> Option<Self> {
        let length = octets.octet()?;
        let count = usize::from(length);
        let count = if dcs.counts_septets() { (count * 7).div_ceil(8) } else { count };
        Some(Self { has_header, length, octets: octets.take(count)?.to_vec() })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.push(self.length);
        out.extend(&self.octets);
    }

    fn header_length(&self) -> usize {
        match self.octets.first() {
            Some(&length) if self.has_header => (usize::from(length) + 1).min(self.octets.len()),
            _ => 0,
        }
    }
}

/// UTF-16 in octets, which is what is sent as UCS2.
pub fn to_ucs2(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// A text from UTF-16 in octets; what is no character is U+FFFD, an odd last octet nothing.
pub fn of_ucs2(octets: &[u8]) -> String {
    let units = octets.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn header_octets(header: Option<&UserDataHeader>) -> Option<Vec<u8>> {
    header.map_or(Some(Vec::new()), UserDataHeader::emit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sms::{ElementId, Ports};

    #[test]
    fn a_message_holds_160_septets_or_140_octets() {
        let holds = |text: String| UserData::of_text(&text).is_some();
        assert!(holds("a".repeat(160)) && !holds("a".repeat(161)));
        assert!(holds("€".repeat(80)) && !holds("€".repeat(81)));
        assert!(holds("ж".repeat(70)) && !holds("ж".repeat(71)));
        assert!(UserData::of_octets(None, &[0; 140]).is_some() && UserData::of_octets(None, &[0; 141]).is_none());
        let empty = UserData::of_text("").unwrap();
        assert_eq!((empty.1.length(), empty.1.text(empty.0).unwrap().as_str()), (0, ""));
    }

    #[test]
    fn a_header_that_is_broken_is_ignored() {
        let data = |octets: &[u8]| UserData { has_header: true, length: octets.len() as u8, octets: octets.to_vec() };
        // Its element is too long; the header is not.
        let broken = data(&[2, 0, 9, b'a']);
        assert_eq!((broken.header(), broken.content(DataCodingScheme::EIGHT_BIT)), (None, Content::Octets(vec![b'a'])));
        for (octets, dcs) in [(&[9, 0][..], DataCodingScheme::GSM7), (&[], DataCodingScheme::UCS2)] {
            assert_eq!((data(octets).header(), data(octets).text(dcs).as_deref()), (None, Some("")));
        }
    }

    proptest! {
        /// Behind headers of all lengths there are all numbers of fill bits; another implementation puts the same there.
        #[test]
        fn texts_behind_a_header_as_another_codec_has_them(text in "[ -_a-~é€\n]{0,40}", octets in 0_usize..20) {
            let header = UserDataHeader::default().with(ElementId(0x70), vec![0xA5; octets]);
            let septets = alphabet::to_septets(&text).unwrap();
            let own = UserData::of_septets(Some(&header), &septets).unwrap();
            let (theirs, length) = tpdu::pack_gsm7_with_header(&header.emit().unwrap(), &text).unwrap();
            prop_assert_eq!((own.octets(), usize::from(own.length())), (&theirs[..], length));
            prop_assert_eq!(own.text(DataCodingScheme::GSM7), Some(text));
            prop_assert_eq!(own.header(), Some(header));
        }

        #[test]
        fn ucs2_comes_back(text in "\\PC{0,33}") {
            let header = UserDataHeader::default().with_ports(Ports { destination: 1, originator: 2 });
            let Some(own) = UserData::of_octets(Some(&header), &to_ucs2(&text)) else { return Ok(()) };
            prop_assert_eq!(own.text(DataCodingScheme::UCS2), Some(text));
        }
    }
}
