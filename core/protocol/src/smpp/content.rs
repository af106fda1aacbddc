//! User data of the transfer layer in PDUs, and back: SMPP 3.4 clauses 5.2.12 (header) and 5.2.19 (data_coding). The
//! alphabet of the message centre, data_coding 0, is here the default alphabet with one septet in an octet.

use crate::sms::{
    Alphabet, Content, DataCodingScheme, MessageClass, UserData, UserDataHeader, alphabet, of_ucs2, to_ucs2,
};

/// The default alphabet of the message centre.
const CENTRE: u8 = 0;
/// IA5, that is ASCII.
const IA5: u8 = 1;
const OCTETS: u8 = 2;
const LATIN_1: u8 = 3;
const EIGHT_BIT: u8 = 4;
const UCS2: u8 = 8;
/// Message class control: bit 2 means 8 bit data.
const CLASS: u8 = 0xF0;
const CLASS_EIGHT_BIT: u8 = 0x04;

/// data_coding for TP-DCS. Of UCS2 with a class the class is lost, and of a compressed text that it is one.
pub fn data_coding_of(coding: DataCodingScheme) -> u8 {
    match (coding.alphabet(), coding.class()) {
        _ if coding.message_waiting().is_some() => coding.0,
        _ if coding.is_compressed() => EIGHT_BIT,
        (Alphabet::Gsm7, Some(class)) => CLASS | class as u8,
        (Alphabet::EightBit, Some(class)) => CLASS | CLASS_EIGHT_BIT | class as u8,
        (Alphabet::Gsm7, None) => CENTRE,
        (Alphabet::EightBit, None) => EIGHT_BIT,
        (Alphabet::Ucs2, _) => UCS2,
    }
}

/// TP-DCS for data_coding, where the octets can stay as they are; `None`: they are in another alphabet.
pub fn coding_of(data_coding: u8) -> Option<DataCodingScheme> {
    let class = |bits| match bits {
        0 => MessageClass::Display,
        1 => MessageClass::Equipment,
        2 => MessageClass::Sim,
        _ => MessageClass::Terminal,
    };
    Some(match data_coding {
        CENTRE => DataCodingScheme::GSM7,
        OCTETS | EIGHT_BIT => DataCodingScheme::EIGHT_BIT,
        UCS2 => DataCodingScheme::UCS2,
        0xC0..=0xEF => DataCodingScheme(data_coding),
        0xF0.. if data_coding & CLASS_EIGHT_BIT == 0 => {
            DataCodingScheme::with_class(Alphabet::Gsm7, class(data_coding & 3))
        }
        0xF0.. => DataCodingScheme::with_class(Alphabet::EightBit, class(data_coding & 3)),
        _ => return None,
    })
}

/// Octets for a PDU: the header as it is, and behind it octets, or septets one in each.
pub fn octets_of(coding: DataCodingScheme, data: &UserData) -> Vec<u8> {
    let message = data.septets(coding).unwrap_or_else(|| data.message_octets().to_vec());
    [data.header_octets(), &message].concat()
}

/// User data of one message of the transfer layer; `None`: it is too long for one, its header is broken, or the alphabet
/// is not known, or none that has such octets.
pub fn user_data_of(data_coding: u8, has_header: bool, octets: &[u8]) -> Option<(DataCodingScheme, UserData)> {
    let (header, message) = split(has_header, octets)?;
    let header = header.as_ref();
    let (coding, message) = match coding_of(data_coding) {
        Some(coding) if coding.counts_septets() && !are_septets(message) => return None,
        Some(coding) => (coding, message.to_vec()),
        None => {
            let Content::Text(text) = content_of(data_coding, message)? else { return None };
            match alphabet::to_septets(&text) {
                Some(septets) => (DataCodingScheme::GSM7, septets),
                None => (DataCodingScheme::UCS2, to_ucs2(&text)),
            }
        }
    };
    let data = if coding.counts_septets() {
        UserData::of_septets(header, &message)
    } else {
        UserData::of_octets(header, &message)
    };
    Some((coding, data?))
}

/// What octets without a header say, however many they are; `None`: the alphabet is not known, or none that has such octets.
pub fn content_of(data_coding: u8, octets: &[u8]) -> Option<Content> {
    Some(match (data_coding, coding_of(data_coding).map(DataCodingScheme::alphabet)) {
        (IA5 | LATIN_1, _) => Content::Text(octets.iter().map(|octet| char::from(*octet)).collect()),
        (_, Some(Alphabet::Gsm7)) if !are_septets(octets) => return None,
        (_, Some(Alphabet::Gsm7)) => Content::Text(alphabet::to_text(octets)),
        (_, Some(Alphabet::Ucs2)) => Content::Text(of_ucs2(octets)),
        (_, Some(Alphabet::EightBit)) => Content::Octets(octets.to_vec()),
        (_, None) => return None,
    })
}

/// With bit 8 it is in the message centre's own alphabet, which may be any.
const fn are_septets(octets: &[u8]) -> bool {
    octets.is_ascii()
}

/// Header and message; `None`: the header is broken.
fn split(has_header: bool, octets: &[u8]) -> Option<(Option<UserDataHeader>, &[u8])> {
    if !has_header {
        return Some((None, octets));
    }
    let (&length, rest) = octets.split_first()?;
    let (header, message) = rest.split_at_checked(length.into())?;
    Some((Some(UserDataHeader::parse(header)?), message))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sms::{ConcatenationReference, segment};

    #[test]
    fn codings_there_and_back() {
        for coding in [0x00, 0x04, 0x08, 0x10, 0x13, 0x14, 0x16, 0xC8, 0xD1, 0xE0] {
            let coding = DataCodingScheme(coding);
            assert_eq!(coding_of(data_coding_of(coding)), Some(coding), "{coding}");
        }
        assert_eq!((data_coding_of(DataCodingScheme(0x1A)), data_coding_of(DataCodingScheme(0x20))), (8, 4));
        assert_eq!((data_coding_of(DataCodingScheme(0xF2)), coding_of(5)), (0xF2, None));
    }

    #[test]
    fn texts_of_other_alphabets() {
        let text =
            |coding, octets: &[u8]| user_data_of(coding, false, octets).and_then(|(coding, data)| data.text(coding));
        assert_eq!(text(LATIN_1, b"caf\xE9 @"), Some("café @".into()));
        assert_eq!(text(LATIN_1, b"\xE7"), Some("ç".into()), "by way of UCS2");
        assert_eq!(text(CENTRE, &[0x00, 0x1B, 0x65]), Some("@€".into()));
        assert_eq!((text(IA5, b"a"), text(5, b"a"), text(EIGHT_BIT, b"a")), (Some("a".into()), None, None));
        assert_eq!(user_data_of(CENTRE, true, &[3, 0, 1]), None);
        for coding in [CENTRE, 0xC8, 0xF1] {
            assert_eq!((text(coding, b"caf\xE9"), content_of(coding, b"caf\xE9")), (None, None), "it was Latin-1");
        }
        assert_eq!(user_data_of(EIGHT_BIT, false, &[0; 141]), None);
    }

    proptest! {
        #[test]
        fn parts_come_back(text in "[ -_a-~€ж]{0,400}") {
            let reference = ConcatenationReference::Short(9);
            let segments = segment(&Content::Text(text), &UserDataHeader::default(), reference).unwrap();
            for part in segments.parts {
                let octets = octets_of(segments.coding, &part);
                let read = user_data_of(data_coding_of(segments.coding), part.has_header(), &octets);
                prop_assert_eq!(read, Some((segments.coding, part)));
            }
        }

        #[test]
        fn any_octets_are_user_data_or_not(coding: u8, header: bool, octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (user_data_of(coding, header, &octets), content_of(coding, &octets));
        }
    }
}
