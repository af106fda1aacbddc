//! Identifiers of TS 23.003: PLMN (clause 2.2) and TMGI (clause 15.2).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Public land mobile network: mobile country code and a mobile network code of two or three digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Plmn {
    mcc: [u8; 3],
    mnc: [u8; 3],
    mnc_digits: u8,
}

impl Plmn {
    /// From decimal digits, `mcc` of three and `mnc` of two or three.
    pub fn new(mcc: &str, mnc: &str) -> Option<Self> {
        let digits = |s: &str| -> Option<Vec<u8>> { s.bytes().map(|b| b.is_ascii_digit().then(|| b - b'0')).collect() };
        let (c, n) = (digits(mcc)?, digits(mnc)?);
        if c.len() != 3 || !(2..=3).contains(&n.len()) {
            return None;
        }
        Some(Self {
            mcc: [c[0], c[1], c[2]],
            mnc: [n[0], n[1], n.get(2).copied().unwrap_or(0)],
            mnc_digits: n.len() as u8,
        })
    }

    /// Decimal digits of the mobile country code.
    pub fn mcc(&self) -> &[u8] {
        &self.mcc
    }

    /// Decimal digits of the mobile network code, two or three.
    pub fn mnc(&self) -> &[u8] {
        &self.mnc[..usize::from(self.mnc_digits)]
    }

    /// The three octets of TS 24.008 clause 10.5.1.13: MCC2 MCC1, MNC3 MCC3, MNC2 MNC1, MNC3 being 0xF when absent.
    pub fn to_octets(self) -> [u8; 3] {
        let mnc3 = if self.mnc_digits == 3 { self.mnc[2] } else { 0xf };
        [self.mcc[1] << 4 | self.mcc[0], mnc3 << 4 | self.mcc[2], self.mnc[1] << 4 | self.mnc[0]]
    }

    /// Inverse of [`Plmn::to_octets`]; `None` when a digit is not decimal.
    pub fn from_octets(o: [u8; 3]) -> Option<Self> {
        let d = [o[0] & 0xf, o[0] >> 4, o[1] & 0xf, o[2] & 0xf, o[2] >> 4, o[1] >> 4];
        if d[..5].iter().any(|&x| x > 9) || (d[5] > 9 && d[5] != 0xf) {
            return None;
        }
        let three = d[5] != 0xf;
        Some(Self {
            mcc: [d[0], d[1], d[2]],
            mnc: [d[3], d[4], if three { d[5] } else { 0 }],
            mnc_digits: if three { 3 } else { 2 },
        })
    }
}

impl fmt::Display for Plmn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mcc().iter().try_for_each(|d| write!(f, "{d}"))?;
        f.write_str("-")?;
        self.mnc().iter().try_for_each(|d| write!(f, "{d}"))
    }
}

/// Temporary mobile group identity: three octets of MBMS service id and a PLMN. Prints as `00abcd@262-01`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Tmgi {
    /// MBMS service id, unique in the PLMN.
    pub service_id: [u8; 3],
    /// The PLMN that gave it.
    pub plmn: Plmn,
}

impl Tmgi {
    /// Six octets: service id, then PLMN (TS 29.061 clause 17.7.2).
    pub fn to_octets(self) -> [u8; 6] {
        let ([a, b, c], [x, y, z]) = (self.service_id, self.plmn.to_octets());
        [a, b, c, x, y, z]
    }

    /// Inverse of [`Tmgi::to_octets`]; `None` when a digit of the PLMN is not decimal.
    pub fn from_octets([a, b, c, x, y, z]: [u8; 6]) -> Option<Self> {
        Some(Self { service_id: [a, b, c], plmn: Plmn::from_octets([x, y, z])? })
    }
}

impl fmt::Display for Tmgi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.service_id;
        write!(f, "{a:02x}{b:02x}{c:02x}@{}", self.plmn)
    }
}

/// The text is not six hexadecimal digits, `@`, MCC, `-`, MNC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a TMGI is written as six hexadecimal digits, '@', MCC, '-', MNC: 00abcd@262-01")]
pub struct ParseTmgiError;

impl FromStr for Tmgi {
    type Err = ParseTmgiError;

    fn from_str(s: &str) -> Result<Self, ParseTmgiError> {
        let (id, plmn) = s.split_once('@').ok_or(ParseTmgiError)?;
        let (mcc, mnc) = plmn.split_once('-').ok_or(ParseTmgiError)?;
        if id.len() != 6 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ParseTmgiError);
        }
        let id = u32::from_str_radix(id, 16).map_err(|_| ParseTmgiError)?.to_be_bytes();
        Ok(Self { service_id: [id[1], id[2], id[3]], plmn: Plmn::new(mcc, mnc).ok_or(ParseTmgiError)? })
    }
}

impl From<Tmgi> for String {
    fn from(t: Tmgi) -> Self {
        t.to_string()
    }
}

impl TryFrom<String> for Tmgi {
    type Error = ParseTmgiError;

    fn try_from(s: String) -> Result<Self, ParseTmgiError> {
        s.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plmn_octets_of_two_and_three_digit_mnc() {
        let two = Plmn::new("262", "01").unwrap();
        assert_eq!(two.to_octets(), [0x62, 0xf2, 0x10]);
        let three = Plmn::new("310", "410").unwrap();
        assert_eq!(three.to_octets(), [0x13, 0x00, 0x14]);
        for p in [two, three] {
            assert_eq!(Plmn::from_octets(p.to_octets()), Some(p));
        }
        assert_eq!(Plmn::from_octets([0xaa, 0xf2, 0x10]), None);
    }

    #[test]
    fn tmgi_text() {
        let t: Tmgi = "00abcd@262-01".parse().unwrap();
        assert_eq!(t.to_string(), "00abcd@262-01");
        assert_eq!(t.to_octets(), [0x00, 0xab, 0xcd, 0x62, 0xf2, 0x10]);
        assert_eq!(Tmgi::from_octets(t.to_octets()), Some(t));
        for bad in ["", "00abcd", "00abcd@26-01", "0abcd@262-01", "+0abcd@262-01", "00abcd@262-0x"] {
            assert!(bad.parse::<Tmgi>().is_err(), "{bad}");
        }
    }
}
