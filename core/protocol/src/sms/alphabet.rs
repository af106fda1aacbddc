//! The GSM 7 bit default alphabet with its extension table, and how septets are packed: TS 23.038 clauses 6.1.2.1, 6.2.1.
//!
//! National language shift tables (clause 6.2.1.2) are not done: where one is asked for, the default tables are shown, as
//! that clause tells a receiver that does not know them.

/// Leads to the extension table.
const ESCAPE: u8 = 0x1B;

/// The default alphabet; the place of the escape holds a character that no text has.
const ALPHABET: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', 'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω',
    'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', NONE, 'Æ', 'æ', 'ß', 'É', ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+',
    ',', '-', '.', '/', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', '¡', 'A', 'B',
    'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y',
    'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p',
    'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];
/// A noncharacter of Unicode.
const NONE: char = '\u{FFFF}';

/// Its extension table.
const EXTENSION: [(char, u8); 10] = [
    ('\u{C}', 0x0A),
    ('^', 0x14),
    ('{', 0x28),
    ('}', 0x29),
    ('\\', 0x2F),
    ('[', 0x3C),
    ('~', 0x3D),
    (']', 0x3E),
    ('|', 0x40),
    ('€', 0x65),
];

/// Does another septet belong to this one?
pub(super) const fn is_escape(septet: u8) -> bool {
    septet == ESCAPE
}

/// A character in septets: one, or the escape and another. `None`: the alphabet does not have it.
pub fn septets_of(c: char) -> Option<(Option<u8>, u8)> {
    let own = ALPHABET.get(c as usize).filter(|own| **own == c).map(|_| c as usize);
    if let Some(place) = own.or_else(|| ALPHABET.iter().position(|own| *own == c && c != NONE)) {
        return Some((None, place as u8));
    }
    EXTENSION.iter().find(|(own, _)| *own == c).map(|(_, septet)| (Some(ESCAPE), *septet))
}

/// A text in septets; `None`: it has a character that the alphabet does not have.
pub fn to_septets(text: &str) -> Option<Vec<u8>> {
    let mut septets = Vec::with_capacity(text.len());
    for c in text.chars() {
        let (escape, septet) = septets_of(c)?;
        septets.extend(escape);
        septets.push(septet);
    }
    Some(septets)
}

/// The text that septets stand for. What the extension table does not have is read in the default table, and an escape
/// that nothing follows is a space (clause 6.2.1).
pub fn to_text(septets: &[u8]) -> String {
    let mut septets = septets.iter().map(|septet| septet & 0x7F);
    let mut text = String::new();
    while let Some(septet) = septets.next() {
        let of_table = |septet: u8| if septet == ESCAPE { ' ' } else { ALPHABET[usize::from(septet)] };
        text.push(if septet == ESCAPE {
            septets.next().map_or(' ', |code| {
                let extended = EXTENSION.iter().find(|(_, own)| *own == code);
                extended.map_or_else(|| of_table(code), |(c, _)| *c)
            })
        } else {
            of_table(septet)
        });
    }
    text
}

/// Septets one behind the other after `fill_bits` bits of zero, the first one in the least significant bits.
pub fn pack(septets: &[u8], fill_bits: usize) -> Vec<u8> {
    let mut octets = vec![0; (fill_bits + septets.len() * 7).div_ceil(8)];
    for (i, &septet) in septets.iter().enumerate() {
        let bit = fill_bits + i * 7;
        let bits = u16::from(septet & 0x7F) << (bit % 8);
        octets[bit / 8] |= bits as u8;
        if bit % 8 > 1 {
            octets[bit / 8 + 1] |= (bits >> 8) as u8;
        }
    }
    octets
}

/// `count` septets after `fill_bits` bits; `None`: there are not so many.
pub fn unpack(octets: &[u8], fill_bits: usize, count: usize) -> Option<Vec<u8>> {
    let octets = octets.get(..(fill_bits + count * 7).div_ceil(8))?;
    let septet = |i: usize| {
        let bit = fill_bits + i * 7;
        let next = octets.get(bit / 8 + 1).copied().unwrap_or(0);
        (u16::from_le_bytes([octets[bit / 8], next]) >> (bit % 8)) as u8 & 0x7F
    };
    Some((0..count).map(septet).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_septet_is_one_character_and_back() {
        for septet in (0..128).filter(|septet| *septet != ESCAPE) {
            assert_eq!(to_septets(&to_text(&[septet])), Some(vec![septet]));
        }
        for (c, septet) in EXTENSION {
            assert_eq!(to_septets(&c.to_string()), Some(vec![ESCAPE, septet]));
            assert_eq!(to_text(&[ESCAPE, septet]), c.to_string());
        }
        assert_eq!((to_septets("\u{1b}"), to_septets("ç"), to_septets("\u{FFFF}")), (None, None, None));
    }

    #[test]
    fn what_the_extension_table_does_not_have() {
        assert_eq!(to_text(&[ESCAPE, 0x41]), "A");
        assert_eq!(to_text(&[0x41, ESCAPE]), "A ");
        assert_eq!(to_text(&[ESCAPE, ESCAPE, 0x41]), " A");
    }

    /// An eighth septet of a message of seven is padding, and a last `@` is not.
    #[test]
    fn padding_is_no_character() {
        let seven = pack(&to_septets("1234567").unwrap(), 0);
        assert_eq!((seven.len(), to_text(&unpack(&seven, 0, 7).unwrap()).as_str()), (7, "1234567"));
        let eight = pack(&to_septets("1234567@").unwrap(), 0);
        assert_eq!((&seven, to_text(&unpack(&eight, 0, 8).unwrap()).as_str()), (&eight, "1234567@"));
    }

    proptest! {
        /// Another implementation reads what is packed here, and packs what is read here.
        #[test]
        fn another_codec_agrees(text in "[ -_a-~£éñ€Ω@\n\u{C}]{0,160}") {
            let septets = to_septets(&text).unwrap();
            let packed = pack(&septets, 0);
            prop_assert_eq!(tpdu::pack_gsm7(&text).unwrap(), (packed.clone(), septets.len()));
            prop_assert_eq!(tpdu::unpack_gsm7(&packed, septets.len()).unwrap(), text);
        }

        #[test]
        fn septets_come_back(septets in proptest::collection::vec(0_u8..128, 0..200), fill in 0_usize..7) {
            let packed = pack(&septets, fill);
            prop_assert_eq!(unpack(&packed, fill, septets.len()), Some(septets.clone()));
            prop_assert_eq!(unpack(&packed, fill, septets.len() + 9), None);
            let _ = to_text(&septets);
        }
    }
}
