//! Numbers and identities in MAP: TS 29.002 clause 17.7.8 (AddressString, TBCD-STRING, IMSI, LMSI).

use std::fmt;

use super::parameter::ParameterError;
use crate::tbcd::{from_tbcd, is_tbcd, to_tbcd};

/// Nature of address: international number (TS 29.002 clause 17.7.8, bits 7 to 5 of the first octet of AddressString).
pub const NATURE_INTERNATIONAL: u8 = 1;
/// Nature of address: national significant number.
pub const NATURE_NATIONAL: u8 = 2;
/// Numbering plan: ISDN and telephony, E.164 (bits 4 to 1 of that octet).
pub const PLAN_E164: u8 = 1;

/// AddressString, ISDN-AddressString: nature of address, numbering plan, and digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressString {
    nature: u8,
    plan: u8,
    digits: String,
}

impl AddressString {
    /// An international E.164 number, without a plus sign.
    ///
    /// # Errors
    /// What is none.
    pub fn international(digits: &str) -> Result<Self, NumberError> {
        Self::new(NATURE_INTERNATIONAL, PLAN_E164, digits)
    }

    /// A number of the given nature of address (3 bits) and numbering plan (4 bits): up to 38 digits out of `0-9*#abc`.
    ///
    /// # Errors
    /// What is none.
    pub fn new(nature: u8, plan: u8, digits: &str) -> Result<Self, NumberError> {
        if nature > 7 || plan > 15 {
            return Err(NumberError::Kind);
        }
        if digits.len() > MAX_ADDRESS_DIGITS {
            return Err(NumberError::Length);
        }
        let digits = digits.to_ascii_lowercase();
        if !is_tbcd(&digits) {
            return Err(NumberError::Digit);
        }
        Ok(Self { nature, plan, digits })
    }

    /// Nature of address.
    pub const fn nature(&self) -> u8 {
        self.nature
    }

    /// Numbering plan.
    pub const fn plan(&self) -> u8 {
        self.plan
    }

    /// The digits.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    pub(super) fn parse(octets: &[u8]) -> Result<Self, ParameterError> {
        let (&first, digits) = octets.split_first().ok_or(ParameterError::Mistyped("an address without octets"))?;
        let digits = digits_of(digits)?;
        Self::new((first >> 4) & 7, first & 15, &digits).map_err(|_| ParameterError::Unexpected("an address"))
    }

    pub(super) fn emit(&self) -> Vec<u8> {
        // Bit 8: no extension.
        let mut octets = vec![0x80 | self.nature << 4 | self.plan];
        octets.extend(to_tbcd(&self.digits));
        octets
    }
}

impl fmt::Display for AddressString {
    /// `+491234` for an international number, the digits otherwise.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plus = if self.nature == NATURE_INTERNATIONAL { "+" } else { "" };
        write!(f, "{plus}{}", self.digits)
    }
}

impl fmt::Debug for AddressString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AddressString({self}, nature {}, plan {})", self.nature, self.plan)
    }
}

/// International Mobile Subscriber Identity: 5 to 15 digits (TS 23.003 clause 2.2; the ASN.1 has 3 to 8 octets).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Imsi(String);

impl Imsi {
    /// The IMSI with these digits.
    ///
    /// # Errors
    /// What is none.
    pub fn new(digits: &str) -> Result<Self, NumberError> {
        if !(5..=15).contains(&digits.len()) {
            return Err(NumberError::Length);
        }
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(NumberError::Digit);
        }
        Ok(Self(digits.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn parse(octets: &[u8]) -> Result<Self, ParameterError> {
        if !(3..=8).contains(&octets.len()) {
            return Err(ParameterError::Mistyped("an IMSI of a wrong length"));
        }
        Self::new(&digits_of(octets)?).map_err(|_| ParameterError::Unexpected("an IMSI"))
    }

    pub(super) fn emit(&self) -> Vec<u8> {
        to_tbcd(&self.0)
    }
}

impl fmt::Display for Imsi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Imsi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Imsi({})", self.0)
    }
}

/// Local Mobile Station Identity: what a VLR finds a subscriber by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Lmsi(pub [u8; 4]);

/// What is no number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NumberError {
    /// A character that is no digit.
    #[error("a number has a character that is no digit")]
    Digit,
    /// Too many digits, or too few.
    #[error("a number has too many digits, or too few")]
    Length,
    /// Nature of address or numbering plan do not fit.
    #[error("nature of address or numbering plan out of range")]
    Kind,
}

/// Digits of AddressString: 20 octets with the first one (`maxAddressLength`).
const MAX_ADDRESS_DIGITS: usize = 38;
/// Octets of ISDN-AddressString (`maxISDN-AddressLength`).
pub(super) const MAX_ISDN_OCTETS: usize = 9;

fn digits_of(octets: &[u8]) -> Result<String, ParameterError> {
    from_tbcd(octets).ok_or(ParameterError::Unexpected("a filler among digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_standard() {
        // First octet: no extension, international, ISDN: 1 001 0001.
        let number = AddressString::international("491770001").unwrap();
        assert_eq!(number.emit(), [0x91, 0x94, 0x71, 0x07, 0x00, 0xf1]);
        assert_eq!(number.to_string(), "+491770001");
        assert_eq!(AddressString::parse(&number.emit()), Ok(number));
        let imsi = Imsi::new("001010123456789").unwrap();
        assert_eq!(imsi.emit(), [0x00, 0x01, 0x01, 0x21, 0x43, 0x65, 0x87, 0xf9]);
        assert_eq!(Imsi::parse(&imsi.emit()), Ok(imsi));
        let service = AddressString::new(0, 0, "*10#ABC").unwrap();
        assert_eq!(service.emit(), [0x80, 0x1a, 0xb0, 0xdc, 0xfe]);
        assert_eq!(service.digits(), "*10#abc");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert_eq!(AddressString::international("+49"), Err(NumberError::Digit));
        assert_eq!(AddressString::international(&"1".repeat(39)), Err(NumberError::Length));
        assert_eq!(AddressString::new(8, 1, "1"), Err(NumberError::Kind));
        assert_eq!(Imsi::new("1234"), Err(NumberError::Length));
        assert_eq!(Imsi::new("12345a"), Err(NumberError::Digit));
        for octets in [&[0x91, 0xf1, 0x12][..], &[0x91, 0x1f]] {
            assert!(matches!(AddressString::parse(octets), Err(ParameterError::Unexpected(_))), "{octets:x?}");
        }
        assert!(matches!(AddressString::parse(&[]), Err(ParameterError::Mistyped(_))));
        assert!(matches!(Imsi::parse(&[0x21, 0x43]), Err(ParameterError::Mistyped(_))));
        assert!(matches!(Imsi::parse(&[0x21, 0x43, 0xa5]), Err(ParameterError::Unexpected(_))));
    }
}
