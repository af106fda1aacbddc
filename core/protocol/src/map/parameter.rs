//! From types of `gsm_map` to ours and back: what every argument, result and error parameter needs.
//!
//! `gsm_map` skips what comes after an extension marker and refuses what is malformed (TS 29.002 clause 17.1.4). `rasn` alone
//! would lose an optional element that it cannot read: only [`decode`] reads what comes from a peer.

use rasn::types::{Integer, ObjectIdentifier, OctetString};

use super::number::{AddressString, Imsi, Lmsi, MAX_ISDN_OCTETS};

/// Why a parameter cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParameterError {
    /// Not of the type that the operation or error has: answered with a Reject (Q.773 clause 3.1, mistypedParameter).
    #[error("mistyped parameter: {0}")]
    Mistyped(&'static str),
    /// Of the right type, with a value that says nothing: answered with the error unexpectedDataValue.
    #[error("unexpected data value: {0}")]
    Unexpected(&'static str),
}

/// An argument, a result or the parameter of an error: our type, and that of `gsm_map` which knows its encoding.
pub(super) trait Parameter: Sized {
    type Wire: rasn::Encode + rasn::Decode;

    fn to_wire(&self) -> Self::Wire;

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError>;

    fn emit(&self) -> Vec<u8> {
        encode(&self.to_wire())
    }

    fn parse(octets: &[u8]) -> Result<Self, ParameterError> {
        Self::of_wire(&decode(octets)?)
    }
}

/// The encoding of a value.
pub(super) fn encode<T: rasn::Encode>(value: &T) -> Vec<u8> {
    gsm_map::encode(value).expect("BER has an encoding for every value; types with a constraint are not used")
}

/// One value and nothing else.
pub(super) fn decode<T: rasn::Decode>(octets: &[u8]) -> Result<T, ParameterError> {
    gsm_map::decode(octets).map_err(|_| ParameterError::Mistyped("not the ASN.1 of the operation"))
}

/// A parameter that has to be there.
pub(super) fn required(octets: Option<&[u8]>) -> Result<&[u8], ParameterError> {
    octets.ok_or(ParameterError::Mistyped("no parameter"))
}

/// The object identifier with these arcs: at least two, the first 0, 1 or 2, the second below 40 after 0 and 1.
pub(super) fn object_identifier(arcs: &[u32]) -> Option<ObjectIdentifier> {
    let fits = match arcs {
        [0 | 1, second, ..] => *second < 40,
        [2, second, ..] => *second <= u32::MAX - 80,
        _ => false,
    };
    ObjectIdentifier::new(arcs.to_vec()).filter(|_| fits)
}

pub(super) fn address(octets: &OctetString) -> Result<AddressString, ParameterError> {
    AddressString::parse(octets)
}

pub(super) fn isdn(octets: &OctetString) -> Result<AddressString, ParameterError> {
    if octets.len() > MAX_ISDN_OCTETS {
        return Err(ParameterError::Mistyped("an ISDN-AddressString that is too long"));
    }
    AddressString::parse(octets)
}

pub(super) fn imsi(octets: &OctetString) -> Result<Imsi, ParameterError> {
    Imsi::parse(octets)
}

pub(super) fn lmsi(octets: &OctetString) -> Result<Lmsi, ParameterError> {
    (&**octets).try_into().map(Lmsi).map_err(|_| ParameterError::Mistyped("an LMSI has four octets"))
}

/// An INTEGER or ENUMERATED of one octet.
pub(super) fn octet(value: &Integer) -> Result<u8, ParameterError> {
    u8::try_from(value).map_err(|_| ParameterError::Unexpected("a number that is too large"))
}

/// An ENUMERATED that may have more values one day.
pub(super) fn small(value: i64) -> Result<u8, ParameterError> {
    u8::try_from(value).map_err(|_| ParameterError::Unexpected("a value that is too large"))
}

/// SM-DeliveryTimerValue: 30 to 600 seconds (TS 29.002 clause 17.7.6).
pub(super) fn delivery_timer(value: &Integer) -> Result<u16, ParameterError> {
    let seconds = u16::try_from(value).ok().filter(|seconds| (30..=600).contains(seconds));
    seconds.ok_or(ParameterError::Unexpected("a delivery timer out of its range"))
}

pub(super) fn optional<T, U>(
    value: &Option<T>,
    convert: impl FnOnce(&T) -> Result<U, ParameterError>,
) -> Result<Option<U>, ParameterError> {
    value.as_ref().map(convert).transpose()
}

pub(super) fn octets(octets: &OctetString) -> Vec<u8> {
    octets.to_vec()
}

pub(super) fn of_address(address: &AddressString) -> OctetString {
    address.emit().into()
}

pub(super) fn of_imsi(imsi: &Imsi) -> OctetString {
    imsi.emit().into()
}

pub(super) fn of_lmsi(lmsi: &Lmsi) -> OctetString {
    lmsi.0.to_vec().into()
}

pub(super) fn of_octets(octets: &[u8]) -> OctetString {
    octets.to_vec().into()
}

/// SignalInfo: 1 to 200 octets (TS 29.002 clause 17.7.8, `maxSignalInfoLength`).
pub(super) fn signal_info(octets: &OctetString) -> Result<Vec<u8>, ParameterError> {
    match octets.len() {
        1..=200 => Ok(octets.to_vec()),
        _ => Err(ParameterError::Mistyped("a SignalInfo of a wrong length")),
    }
}

/// Time: seconds since 1900 in four octets (TS 29.002 clause 17.7.8).
pub(super) fn time(octets: &OctetString) -> Result<u32, ParameterError> {
    (&**octets).try_into().map(u32::from_be_bytes).map_err(|_| ParameterError::Mistyped("a Time has four octets"))
}

pub(super) fn of_time(time: u32) -> OctetString {
    time.to_be_bytes().to_vec().into()
}

/// NULL OPTIONAL.
pub(super) fn flag(value: bool) -> Option<()> {
    value.then_some(())
}
