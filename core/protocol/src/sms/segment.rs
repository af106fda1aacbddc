//! A message that needs several parts: TS 23.040 clause 9.2.3.24.1 and 9.2.3.24.8.

use super::alphabet;
use super::coding::{Alphabet, DataCodingScheme};
use super::header::{Concatenation, ConcatenationReference, UserDataHeader};
use super::user_data::{Content, MAX_USER_DATA_OCTETS, UserData, to_ucs2};

/// A message in parts; one part is no concatenated message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segments {
    /// TP-DCS of all of them, without a class.
    pub coding: DataCodingScheme,
    /// User data in their order.
    pub parts: Vec<UserData>,
}

/// A message cannot be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SegmentError {
    /// More than 255 parts.
    #[error("a message of {0} parts is too long")]
    TooLong(usize),
    /// The header leaves no room.
    #[error("the user data header leaves no room for the message")]
    Header,
}

/// Cuts a message, where it has to be cut: a text in the default alphabet where that has all its characters, in UCS2
/// otherwise. No character is cut. `header`: elements that every part has.
///
/// # Errors
/// It is too long, or the header is.
pub fn segment(
    content: &Content,
    header: &UserDataHeader,
    reference: ConcatenationReference,
) -> Result<Segments, SegmentError> {
    let (alphabet, units) = match content {
        Content::Octets(octets) => (Alphabet::EightBit, octets.clone()),
        Content::Text(text) => match alphabet::to_septets(text) {
            Some(septets) => (Alphabet::Gsm7, septets),
            None => (Alphabet::Ucs2, to_ucs2(text)),
        },
    };
    let coding = DataCodingScheme::of(alphabet);
    let alone = (!header.elements.is_empty()).then_some(header);
    if let Some(part) = user_data(alphabet, alone, &units) {
        return Ok(Segments { coding, parts: vec![part] });
    }
    let of_part = |total, sequence| header.clone().with_concatenation(Concatenation { reference, total, sequence });
    let header_octets = of_part(1, 1).emit().ok_or(SegmentError::Header)?.len();
    let room = MAX_USER_DATA_OCTETS.checked_sub(header_octets).ok_or(SegmentError::Header)?;
    let cuts = match alphabet {
        Alphabet::Gsm7 => cut(&units, MAX_USER_DATA_OCTETS * 8 / 7 - (header_octets * 8).div_ceil(7), septet_width),
        Alphabet::EightBit => cut(&units, room, |_| 1),
        Alphabet::Ucs2 => cut(&units, room, utf16_width),
    };
    let cuts = cuts.ok_or(SegmentError::Header)?;
    let total = u8::try_from(cuts.len()).map_err(|_| SegmentError::TooLong(cuts.len()))?;
    let parts = (1..=total).zip(cuts);
    let parts = parts.map(|(sequence, units)| user_data(alphabet, Some(&of_part(total, sequence)), units));
    Ok(Segments { coding, parts: parts.collect::<Option<_>>().ok_or(SegmentError::Header)? })
}

fn user_data(alphabet: Alphabet, header: Option<&UserDataHeader>, units: &[u8]) -> Option<UserData> {
    match alphabet {
        Alphabet::Gsm7 => UserData::of_septets(header, units),
        Alphabet::EightBit | Alphabet::Ucs2 => UserData::of_octets(header, units),
    }
}

/// Cuts into pieces of at most `room` units; `width`: how many make up the next character. `None`: there is no room for
/// one.
fn cut(units: &[u8], room: usize, width: fn(&[u8]) -> usize) -> Option<Vec<&[u8]>> {
    let mut pieces = Vec::new();
    let mut rest = units;
    while !rest.is_empty() {
        let mut end = 0;
        while end < rest.len() {
            let next = (end + width(&rest[end..])).min(rest.len());
            if next > room {
                break;
            }
            end = next;
        }
        if end == 0 {
            return None;
        }
        let (piece, behind) = rest.split_at(end);
        pieces.push(piece);
        rest = behind;
    }
    Some(pieces)
}

/// Septets of a character: the escape has one behind it.
fn septet_width(septets: &[u8]) -> usize {
    if alphabet::is_escape(septets[0]) { 2 } else { 1 }
}

/// Octets of a character: two, or four with a high surrogate.
fn utf16_width(octets: &[u8]) -> usize {
    if matches!(octets[0], 0xD8..=0xDB) { 4 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: ConcatenationReference = ConcatenationReference::Short(7);
    const LONG: ConcatenationReference = ConcatenationReference::Long(0x1234);

    fn lengths(text: &str, reference: ConcatenationReference) -> Vec<usize> {
        let segments = segment(&Content::Text(text.into()), &UserDataHeader::default(), reference).unwrap();
        let texts: Vec<_> = segments.parts.iter().map(|part| part.text(segments.coding).unwrap()).collect();
        assert_eq!(texts.concat(), text);
        texts.iter().map(|text| text.chars().count()).collect()
    }

    /// Clause 9.2.3.24.1: 153 characters, 67 characters, 134 octets; with a reference of 16 bits 152, 66 and 133.
    #[test]
    fn parts_hold_what_the_standard_says() {
        assert_eq!((lengths(&"a".repeat(160), SHORT), lengths(&"a".repeat(161), SHORT)), (vec![160], vec![153, 8]));
        assert_eq!(lengths(&"a".repeat(305), LONG), [152, 152, 1]);
        assert_eq!((lengths(&"ж".repeat(70), SHORT), lengths(&"ж".repeat(71), SHORT)), (vec![70], vec![67, 4]));
        assert_eq!(lengths(&"ж".repeat(133), LONG), [66, 66, 1]);
        let octets = |count, reference| {
            let segments = segment(&Content::Octets(vec![1; count]), &UserDataHeader::default(), reference).unwrap();
            segments.parts.iter().map(|part| part.message_octets().len()).collect::<Vec<_>>()
        };
        assert_eq!((octets(140, SHORT), octets(141, SHORT)), (vec![140], vec![134, 7]));
        assert_eq!(octets(267, LONG), [133, 133, 1]);
        assert_eq!(octets(0, SHORT), [0]);
    }

    #[test]
    fn no_character_is_cut() {
        // The escape of the euro would be the 153rd septet, the high surrogate the 67th unit.
        assert_eq!(lengths(&format!("{}€{}", "a".repeat(152), "b".repeat(20)), SHORT), [152, 21]);
        assert_eq!(lengths(&format!("{}😀{}", "ж".repeat(66), "я".repeat(20)), SHORT), [66, 21]);
    }

    #[test]
    fn a_message_has_255_parts_at_most() {
        let text = |count| Content::Text("a".repeat(count));
        let parts = |count| segment(&text(count), &UserDataHeader::default(), SHORT).map(|s| s.parts.len());
        assert_eq!((parts(255 * 153), parts(255 * 153 + 1)), (Ok(255), Err(SegmentError::TooLong(256))));
        let wide = |octets| UserDataHeader::default().with(super::super::ElementId(0x70), vec![0; octets]);
        let behind = |count, octets| segment(&text(count), &wide(octets), SHORT).map(|s| s.parts.len());
        // With the header of a part 140 octets, and 138: two septets are left.
        assert_eq!((behind(7, 132), behind(9, 130), behind(3, 130)), (Err(SegmentError::Header), Ok(5), Ok(1)));
    }
}
