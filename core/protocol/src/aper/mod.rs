//! Aligned packed encoding rules (ITU-T X.691), as far as M2AP and M3AP need them: constrained integers, strings, lengths below
//! 16,384, extension markers, open types.
//!
//! Not from an ASN.1 compiler: those for Rust lose the criticality of what they do not know, the additions of a CHOICE or an
//! ENUMERATED, and align no short PrintableString.
//!
//! The reader takes any octets: what is not there or out of its range is an error. Additions of a later release are walked over
//! (SEQUENCE) or kept as their number (ENUMERATED).

mod reader;
mod writer;

pub(crate) use reader::Reader;
pub(crate) use writer::Writer;

/// Octets from which a length has several parts (X.691 clause 11.9.3.8): longer ones are not sent and not read.
const LENGTH_LIMIT: usize = 16_384;

/// Why octets cannot be read, or values not be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AperError {
    /// The octets end too early.
    #[error("the octets end too early")]
    End,
    /// A value or a number of items out of the range that its type has.
    #[error("{field} is {value}, its type has {low} to {high}")]
    Range {
        /// Name in the ASN.1.
        field: &'static str,
        /// The value.
        value: u64,
        /// The least one.
        low: u64,
        /// The greatest one.
        high: u64,
    },
    /// A value that its type can say and the standard does not define.
    #[error("{0} has a value that the standard does not define")]
    Undefined(&'static str),
    /// Sixteen thousand octets or items or more.
    #[error("a length of {0} or more is not supported", LENGTH_LIMIT)]
    TooLong,
    /// An extension that is not known and has to be.
    #[error("protocol extension {0} is not known and its criticality is reject")]
    Extension(u16),
}

/// A type of the ASN.1.
pub(crate) trait Aper: Sized {
    /// Writes it.
    fn write(&self, w: &mut Writer) -> Result<(), AperError>;
    /// Reads it.
    fn read(r: &mut Reader<'_>) -> Result<Self, AperError>;
}

/// How one protocol writes a type that another one writes otherwise.
pub(crate) trait Codec<T> {
    /// Writes it.
    fn write(value: &T, w: &mut Writer) -> Result<(), AperError>;
    /// Reads it.
    fn read(r: &mut Reader<'_>) -> Result<T, AperError>;
}

/// The only way that a type has.
#[derive(Debug)]
pub(crate) struct Own;

impl<T: Aper> Codec<T> for Own {
    fn write(value: &T, w: &mut Writer) -> Result<(), AperError> {
        value.write(w)
    }

    fn read(r: &mut Reader<'_>) -> Result<T, AperError> {
        T::read(r)
    }
}

/// Bits that hold `range` values when that is below 256 (X.691 clause 11.5.7.1).
const fn bits_of(range: u64) -> u32 {
    if range <= 1 { 0 } else { u64::BITS - (range - 1).leading_zeros() }
}

/// Octets that hold the values below `range` (X.691 clause 11.5.7.4).
const fn octets_of(range: u64) -> u64 {
    (bits_of(range) as u64).div_ceil(8)
}

#[cfg(test)]
mod tests;
