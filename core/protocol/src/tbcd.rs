//! Digits in semi-octets, the first one in the lower half of an octet: TBCD-STRING of TS 29.002 clause 17.7.8; addresses of
//! TS 23.040 clause 9.1.2.3 have the same codes.

/// Characters in the order of their codes.
const DIGITS: &[u8; 15] = b"0123456789*#abc";
/// Fills up the last octet.
const FILLER: u8 = 15;

/// Is it made of digits alone?
pub(crate) fn is_tbcd(text: &str) -> bool {
    text.bytes().all(|digit| DIGITS.contains(&digit))
}

/// Octets of digits; characters that are none become fillers.
pub(crate) fn to_tbcd(digits: &str) -> Vec<u8> {
    let code = |digit: &u8| DIGITS.iter().position(|known| known == digit).map_or(FILLER, |at| at as u8);
    digits.as_bytes().chunks(2).map(|pair| code(&pair[0]) | pair.get(1).map_or(FILLER, code) << 4).collect()
}

/// Digits of octets; `None`: a filler that is not the upper half of the last one.
pub(crate) fn from_tbcd(octets: &[u8]) -> Option<String> {
    let mut digits: Vec<_> = semi_octets(octets).collect();
    if digits.last() == Some(&None) {
        digits.pop();
    }
    digits.into_iter().collect()
}

/// What each half of an octet is; `None`: a filler.
pub(crate) fn semi_octets(octets: &[u8]) -> impl Iterator<Item = Option<char>> + '_ {
    let codes = octets.iter().flat_map(|octet| [octet & 15, octet >> 4]);
    codes.map(|code| DIGITS.get(usize::from(code)).map(|digit| char::from(*digit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_fillers() {
        for (digits, octets) in
            [("99912345", &[0x99, 0x19, 0x32, 0x54][..]), ("*10#abc", &[0x1A, 0xB0, 0xDC, 0xFE]), ("", &[])]
        {
            assert_eq!((to_tbcd(digits).as_slice(), from_tbcd(octets).as_deref()), (octets, Some(digits)));
            assert!(is_tbcd(digits));
        }
        assert!(!is_tbcd("+1") && !is_tbcd("d"));
        assert_eq!((from_tbcd(&[0xF1, 0x12]), from_tbcd(&[0x1F])), (None, None));
    }
}
