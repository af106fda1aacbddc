//! What the messages of TS 36.331 have in common: octets around the bits (clause 8.5), values of fields, errors.

use std::ops::RangeInclusive;

use asn1_codecs::uper::UperCodec;
use asn1_codecs::{PerCodecData, PerCodecError};
use bitvec::prelude::*;

/// The values cannot be said in the message.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EncodeRrcError {
    /// A value that the field does not have.
    #[error("{field} is {value}: TS 36.331 allows {allowed}")]
    Value {
        /// ASN.1 name.
        field: &'static str,
        /// What was given.
        value: i64,
        /// What the field can hold.
        allowed: &'static str,
    },
    /// The PLMN octets are not decimal digits.
    #[error("PLMN octets {0:02x?} are not digits coded as in TS 24.008 clause 10.5.1.13")]
    Plmn([u8; 3]),
    /// The codec refused.
    #[error("RRC message does not encode: {0}")]
    Codec(String),
}

/// What was received is not the message that was expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RrcError {
    /// Another message of the same channel (on the MCCH: MBMSCountingRequest), or one of a later release; not a fault.
    #[error("another RRC message of this channel, or one of a later release")]
    OtherMessage,
    /// Not decodable.
    #[error("RRC message does not decode: {0}")]
    Codec(String),
    /// Decodable, with a value that the field does not have.
    #[error("RRC message: {field} is {value}, which TS 36.331 does not define")]
    Value {
        /// ASN.1 name.
        field: &'static str,
        /// What was received.
        value: u64,
    },
    /// The first PLMN of the message has no MCC to take over.
    #[error("RRC message: the first PLMN-Identity has no mcc")]
    MccAbsent,
}

impl From<PerCodecError> for RrcError {
    fn from(e: PerCodecError) -> Self {
        Self::Codec(e.to_string())
    }
}

impl From<PerCodecError> for EncodeRrcError {
    fn from(e: PerCodecError) -> Self {
        Self::Codec(e.to_string())
    }
}

/// UPER, whole octets, zero bits at the end (clause 8.5).
pub(super) fn encode(message: &impl UperCodec) -> Result<Vec<u8>, EncodeRrcError> {
    let mut bits = PerCodecData::new_uper();
    message.uper_encode(&mut bits)?;
    let mut octets = PerCodecData::new_uper();
    octets.append_aligned(&mut bits);
    Ok(octets.into_bytes())
}

/// Inverse of [`encode`]; octets after the message are ignored.
pub(super) fn decode<T: UperCodec<Output = T>>(octets: &[u8]) -> Result<T, RrcError> {
    Ok(T::uper_decode(&mut PerCodecData::from_slice_uper(octets))?)
}

/// The low `len` bits of `bits`, most significant first.
pub(super) fn bit_string(bits: u32, len: usize) -> BitVec<u8, Msb0> {
    let mut string = bitvec![u8, Msb0; 0; len];
    string.store_be(bits);
    string
}

pub(super) fn check(
    field: &'static str,
    value: i64,
    range: RangeInclusive<i64>,
    allowed: &'static str,
) -> Result<(), EncodeRrcError> {
    if range.contains(&value) { Ok(()) } else { Err(EncodeRrcError::Value { field, value, allowed }) }
}

pub(super) fn check_count(
    field: &'static str,
    count: usize,
    range: RangeInclusive<i64>,
    allowed: &'static str,
) -> Result<(), EncodeRrcError> {
    check(field, count as i64, range, allowed)
}

/// Index of `value` in an ENUMERATED with these `values`.
pub(super) fn index_of(
    field: &'static str,
    values: &[u16],
    value: u16,
    allowed: &'static str,
) -> Result<u8, EncodeRrcError> {
    let index = values.iter().position(|&v| v == value);
    index.map(|i| i as u8).ok_or_else(|| EncodeRrcError::Value { field, value: value.into(), allowed })
}

/// Inverse of [`index_of`].
pub(super) fn value_at<T: Copy>(field: &'static str, values: &[T], index: u8) -> Result<T, RrcError> {
    values.get(usize::from(index)).copied().ok_or_else(|| RrcError::Value { field, value: index.into() })
}

/// A value that has more bits in the message than values.
pub(super) fn within<T: PartialOrd + Into<u64> + Copy>(field: &'static str, value: T, max: T) -> Result<T, RrcError> {
    if value <= max { Ok(value) } else { Err(RrcError::Value { field, value: value.into() }) }
}
