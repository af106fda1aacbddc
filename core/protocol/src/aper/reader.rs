//! Reads (X.691 clauses 11 to 30).

use super::{Aper, AperError, LENGTH_LIMIT, bits_of, octets_of};

/// Octets, and how many of their bits were read.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// From the first bit.
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self { octets, at: 0 }
    }

    /// The value that stands alone in `octets`; what comes after it is not looked at.
    pub(crate) fn value<T: Aper>(octets: &'a [u8]) -> Result<T, AperError> {
        T::read(&mut Self::new(octets))
    }

    /// One bit.
    pub(crate) fn bit(&mut self) -> Result<bool, AperError> {
        let octet = self.octets.get(self.at / 8).ok_or(AperError::End)?;
        let bit = octet >> (7 - self.at % 8) & 1 == 1;
        self.at += 1;
        Ok(bit)
    }

    /// So many bits, the highest first.
    pub(crate) fn bits(&mut self, count: u32) -> Result<u64, AperError> {
        (0..count).try_fold(0, |value, _| Ok(value << 1 | u64::from(self.bit()?)))
    }

    /// Up to the next octet.
    pub(crate) fn align(&mut self) {
        self.at = self.at.next_multiple_of(8);
    }

    fn raw(&mut self, count: usize) -> Result<&'a [u8], AperError> {
        self.align();
        let start = self.at / 8;
        let octets = self.octets.get(start..start + count).ok_or(AperError::End)?;
        self.at += count * 8;
        Ok(octets)
    }

    /// A constrained whole number (X.691 clause 11.5).
    pub(crate) fn integer(&mut self, field: &'static str, low: u64, high: u64) -> Result<u64, AperError> {
        let range = high - low + 1;
        let offset = match range {
            0..256 => self.bits(bits_of(range))?,
            256 => u64::from(self.raw(1)?[0]),
            257..=65_536 => self.raw(2)?.iter().fold(0, |value, octet| value << 8 | u64::from(*octet)),
            _ => {
                let used = self.integer(field, 1, octets_of(range))?;
                self.raw(used as usize)?.iter().fold(0, |value, octet| value << 8 | u64::from(*octet))
            }
        };
        let value = low.saturating_add(offset);
        if value <= high { Ok(value) } else { Err(AperError::Range { field, value, low, high }) }
    }

    /// A length without bounds that matter (X.691 clause 11.9.3.5 to 11.9.3.7).
    pub(crate) fn length(&mut self) -> Result<usize, AperError> {
        let first = usize::from(self.raw(1)?[0]);
        match first {
            0..0x80 => Ok(first),
            0x80..0xc0 => Ok((first << 8 | usize::from(self.raw(1)?[0])) % LENGTH_LIMIT),
            _ => Err(AperError::TooLong),
        }
    }

    /// The number of items of a SEQUENCE OF (X.691 clause 20).
    pub(crate) fn count(&mut self, field: &'static str, low: u64, high: u64) -> Result<usize, AperError> {
        if high < 65_536 {
            return self.integer(field, low, high).map(|count| count as usize);
        }
        let count = self.length()?;
        if count as u64 >= low { Ok(count) } else { Err(AperError::Range { field, value: count as u64, low, high }) }
    }

    /// An OCTET STRING of a fixed size (X.691 clauses 17.6 and 17.7).
    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], AperError> {
        if N > 2 {
            self.align();
        }
        let mut octets = [0; N];
        for octet in &mut octets {
            *octet = self.bits(8)? as u8;
        }
        Ok(octets)
    }

    /// An OCTET STRING without bounds, an open type (X.691 clauses 17.8 and 11.2).
    pub(crate) fn string(&mut self) -> Result<&'a [u8], AperError> {
        let length = self.length()?;
        self.raw(length)
    }

    /// A string of octets or of characters of eight bits whose size has bounds, the greater one above two.
    pub(crate) fn sized(&mut self, field: &'static str, low: u64, high: u64) -> Result<&'a [u8], AperError> {
        let length = self.integer(field, low, high)?;
        self.raw(length as usize)
    }

    /// A BIT STRING of a fixed size (X.691 clauses 16.9 and 16.10).
    pub(crate) fn bit_string(&mut self, size: u32) -> Result<u64, AperError> {
        if size > 16 {
            self.align();
        }
        self.bits(size)
    }

    /// An ENUMERATED or the index of a CHOICE (X.691 clauses 14 and 23); what lies beyond the root is an addition.
    pub(crate) fn choice(&mut self, field: &'static str, root: u64, extensible: bool) -> Result<u64, AperError> {
        if extensible && self.bit()? {
            if self.bit()? {
                return Err(AperError::Undefined(field));
            }
            return Ok(root + self.bits(6)?);
        }
        self.integer(field, 0, root - 1)
    }

    /// The start of a SEQUENCE (X.691 clause 19): whether there are additions, and which optional components are there.
    pub(crate) fn preamble<const N: usize>(&mut self, extensible: bool) -> Result<(bool, [bool; N]), AperError> {
        let additions = extensible && self.bit()?;
        let mut optionals = [false; N];
        for there in &mut optionals {
            *there = self.bit()?;
        }
        Ok((additions, optionals))
    }

    /// Walks over the additions of a SEQUENCE (X.691 clauses 19.7 to 19.9).
    pub(crate) fn skip_additions(&mut self, additions: bool) -> Result<(), AperError> {
        if !additions {
            return Ok(());
        }
        let number = if self.bit()? { self.length()? } else { self.bits(6)? as usize + 1 };
        let mut there = 0;
        for _ in 0..number {
            there += usize::from(self.bit()?);
        }
        for _ in 0..there {
            self.string()?;
        }
        Ok(())
    }
}
