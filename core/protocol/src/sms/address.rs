//! Addresses: TS 23.040 clause 9.1.2.5 (transfer layer), TS 24.011 clause 8.2.5.1 and 8.2.5.2 (relay layer).

use std::fmt;

use super::alphabet;
use crate::octets::Octets;
use crate::tbcd;

/// Semi-octets that an address holds: 12 octets with length and type (TS 23.040 clause 9.1.2.5).
const MAX_SEMI_OCTETS: usize = 20;
/// A semi-octet that fills up (TS 23.040 clause 9.1.2.3).
const FILLER: u8 = 0xF;
/// Bit 8 of the type of address: no extension.
const NO_EXTENSION: u8 = 0x80;

crate::codes::codes! {
    /// Type of number.
    pub struct TypeOfNumber(u8) {
        /// Unknown: prefix and escape digits as the numbering plan has them.
        UNKNOWN = 0, "unknown";
        /// Country code first.
        INTERNATIONAL = 1, "international";
        /// Without country code.
        NATIONAL = 2, "national";
        /// Of the network that serves.
        NETWORK_SPECIFIC = 3, "network specific";
        /// Subscriber number.
        SUBSCRIBER = 4, "subscriber";
        /// No number but a text of the default alphabet.
        ALPHANUMERIC = 5, "alphanumeric";
        /// Abbreviated number.
        ABBREVIATED = 6, "abbreviated";
    }
}

crate::codes::codes! {
    /// Numbering plan.
    pub struct NumberingPlan(u8) {
        /// Unknown.
        UNKNOWN = 0, "unknown";
        /// ISDN, telephone: E.164.
        ISDN = 1, "ISDN";
        /// Data: X.121.
        DATA = 3, "data";
        /// Telex.
        TELEX = 4, "telex";
        /// National.
        NATIONAL = 8, "national";
        /// Private.
        PRIVATE = 9, "private";
        ERMES = 10, "ERMES";
    }
}

/// An address as it is on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    type_of_address: u8,
    semi_octets: u8,
    value: [u8; MAX_SEMI_OCTETS / 2],
}

impl Address {
    /// A number of at most 20 digits, `*`, `#`, `a`, `b` and `c` being digits too, of a type of three bits and a plan of
    /// four; `None`: it is none.
    pub fn new(ton: TypeOfNumber, plan: NumberingPlan, digits: &str) -> Option<Self> {
        if ton.0 > 7 || plan.0 > 15 || !tbcd::is_tbcd(digits) {
            return None;
        }
        Self::of_parts(NO_EXTENSION | ton.0 << 4 | plan.0, digits.len(), &tbcd::to_tbcd(digits))
    }

    /// A number of E.164 with its country code, with or without `+`.
    pub fn international(digits: &str) -> Option<Self> {
        let digits = digits.strip_prefix('+').unwrap_or(digits);
        Self::new(TypeOfNumber::INTERNATIONAL, NumberingPlan::ISDN, digits)
    }

    /// A number as a human writes it: international with `+`, of unknown type without.
    pub fn of_number(number: &str) -> Option<Self> {
        match number.strip_prefix('+') {
            Some(digits) => Self::international(digits),
            None => Self::new(TypeOfNumber::UNKNOWN, NumberingPlan::ISDN, number),
        }
    }

    /// A text of at most eleven characters of the default alphabet.
    pub fn alphanumeric(text: &str) -> Option<Self> {
        let septets = alphabet::to_septets(text)?;
        let semi_octets = (septets.len() * 7).div_ceil(4);
        Self::of_parts(NO_EXTENSION | TypeOfNumber::ALPHANUMERIC.0 << 4, semi_octets, &alphabet::pack(&septets, 0))
    }

    /// Type of number.
    pub const fn type_of_number(&self) -> TypeOfNumber {
        TypeOfNumber(self.type_of_address >> 4 & 7)
    }

    /// Numbering plan.
    pub const fn numbering_plan(&self) -> NumberingPlan {
        NumberingPlan(self.type_of_address & 0xF)
    }

    /// The digits; nothing for a text.
    pub fn digits(&self) -> String {
        if self.type_of_number() == TypeOfNumber::ALPHANUMERIC {
            return String::new();
        }
        tbcd::semi_octets(self.octets()).take(self.semi_octets.into()).flatten().collect()
    }

    /// The text, when it is one.
    pub fn text(&self) -> Option<String> {
        let septets = usize::from(self.semi_octets) * 4 / 7;
        (self.type_of_number() == TypeOfNumber::ALPHANUMERIC)
            .then(|| alphabet::to_text(&alphabet::unpack(self.octets(), 0, septets).unwrap_or_default()))
    }

    /// The digits of an international number of E.164.
    pub fn e164(&self) -> Option<String> {
        let is_e164 =
            (self.type_of_number(), self.numbering_plan()) == (TypeOfNumber::INTERNATIONAL, NumberingPlan::ISDN);
        is_e164.then(|| self.digits())
    }

    /// Reads one of the transfer layer: its length counts semi-octets.
    pub(super) fn parse(octets: &mut Octets<'_>) -> Option<Self> {
        let semi_octets = usize::from(octets.octet()?);
        let type_of_address = octets.octet()?;
        Self::of_parts(type_of_address, semi_octets, octets.take(semi_octets.div_ceil(2))?)
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend([self.semi_octets, self.type_of_address]);
        out.extend(self.octets());
    }

    /// Reads one of the relay layer: its length counts the octets behind it. The inner `None`: there is none.
    #[expect(clippy::option_option, reason = "not to be read, and not there, are two things")]
    pub(super) fn parse_relay(octets: &mut Octets<'_>) -> Option<Option<Self>> {
        let count = usize::from(octets.octet()?);
        let Some((&type_of_address, value)) = octets.take(count)?.split_first() else { return Some(None) };
        let is_odd = value.last().is_some_and(|octet| octet >> 4 == FILLER);
        Self::of_parts(type_of_address, value.len() * 2 - usize::from(is_odd), value).map(Some)
    }

    pub(super) fn emit_relay(address: Option<&Self>, out: &mut Vec<u8>) {
        let Some(address) = address else { return out.push(0) };
        out.extend([address.octets().len() as u8 + 1, address.type_of_address]);
        out.extend(address.octets());
    }

    fn of_parts(type_of_address: u8, semi_octets: usize, octets: &[u8]) -> Option<Self> {
        let mut value = [0; MAX_SEMI_OCTETS / 2];
        if semi_octets > MAX_SEMI_OCTETS {
            return None;
        }
        value.get_mut(..octets.len())?.copy_from_slice(octets);
        Some(Self { type_of_address, semi_octets: semi_octets as u8, value })
    }

    fn octets(&self) -> &[u8] {
        &self.value[..usize::from(self.semi_octets).div_ceil(2)]
    }
}

/// As a human writes it: with `+` when it is international.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plus = if self.type_of_number() == TypeOfNumber::INTERNATIONAL { "+" } else { "" };
        match self.text() {
            Some(text) => f.write_str(&text),
            None => write!(f, "{plus}{}", self.digits()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({}, {}, {self})", self.type_of_number(), self.numbering_plan())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_texts_and_their_octets() {
        let emitted = |address: Address| {
            let mut octets = Vec::new();
            address.emit(&mut octets);
            assert_eq!(Address::parse(&mut Octets(&octets)), Some(address));
            octets
        };
        assert_eq!(emitted(Address::of_number("+15550100").unwrap()), [8, 0x91, 0x51, 0x55, 0x10, 0x00]);
        assert_eq!(emitted(Address::of_number("155#*").unwrap()), [5, 0x81, 0x51, 0xB5, 0xFA]);
        // 28 bits of four septets are seven useful semi-octets.
        let text = Address::alphanumeric("TPDU").unwrap();
        assert_eq!(emitted(text), [7, 0xD0, 0x54, 0x28, 0xB1, 0x0A]);
        assert_eq!((text.to_string().as_str(), text.digits().as_str()), ("TPDU", ""));
        // Seven characters leave seven bits that are no eighth.
        assert_eq!(Address::alphanumeric("castben").unwrap().text().as_deref(), Some("castben"));
        assert!(Address::alphanumeric("12345678901").is_some() && Address::alphanumeric("123456789012").is_none());
        assert!(Address::of_number(&"1".repeat(20)).is_some() && Address::of_number(&"1".repeat(21)).is_none());
        assert_eq!((Address::of_number("1-2"), Address::of_number("+")), (None, Address::international("")));
        assert_eq!(Address::international("+358401").unwrap().e164().as_deref(), Some("358401"));
        assert_eq!(Address::of_number("0401").unwrap().e164(), None);
    }

    #[test]
    fn relay_addresses_count_octets() {
        for number in ["+358405202000", "+3584052020001"] {
            let address = Address::of_number(number).unwrap();
            let mut octets = Vec::new();
            Address::emit_relay(Some(&address), &mut octets);
            assert_eq!(usize::from(octets[0]), octets.len() - 1);
            assert_eq!(Address::parse_relay(&mut Octets(&octets)), Some(Some(address)));
        }
        assert_eq!(Address::parse_relay(&mut Octets(&[0])), Some(None));
        assert_eq!(Address::parse_relay(&mut Octets(&[2, 0x91])), None);
    }
}
