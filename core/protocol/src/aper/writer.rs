//! Writes (X.691 clauses 11 to 30).

use super::{Aper, AperError, LENGTH_LIMIT, bits_of, octets_of};

/// Bits so far.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    octets: Vec<u8>,
    /// Bits that the last octet has, 0 being a whole one.
    bit: u32,
}

impl Writer {
    /// The octets of a value that stands alone or in an open type: one at least (X.691 clause 11.1.3).
    pub(crate) fn octets_of<T: Aper>(value: &T) -> Result<Vec<u8>, AperError> {
        Self::with(|w| value.write(w))
    }

    /// The octets of what `write` writes.
    pub(crate) fn with(write: impl FnOnce(&mut Self) -> Result<(), AperError>) -> Result<Vec<u8>, AperError> {
        let mut w = Self::default();
        write(&mut w)?;
        if w.octets.is_empty() {
            w.octets.push(0);
        }
        Ok(w.octets)
    }

    /// One bit.
    pub(crate) fn bit(&mut self, bit: bool) {
        self.bits(bit.into(), 1);
    }

    /// The low bits of a value, the highest of them first.
    pub(crate) fn bits(&mut self, value: u64, count: u32) {
        for at in (0..count).rev() {
            if self.bit == 0 {
                self.octets.push(0);
            }
            if let Some(last) = self.octets.last_mut() {
                *last |= ((value >> at & 1) as u8) << (7 - self.bit);
            }
            self.bit = (self.bit + 1) % 8;
        }
    }

    /// Up to the next octet.
    pub(crate) fn align(&mut self) {
        self.bit = 0;
    }

    /// Whole octets from here.
    fn raw(&mut self, octets: &[u8]) {
        self.align();
        self.octets.extend(octets);
    }

    /// A constrained whole number (X.691 clause 11.5).
    pub(crate) fn integer(&mut self, field: &'static str, value: u64, low: u64, high: u64) -> Result<(), AperError> {
        if !(low..=high).contains(&value) {
            return Err(AperError::Range { field, value, low, high });
        }
        let (offset, range) = (value - low, high - low + 1);
        match range {
            0..256 => self.bits(offset, bits_of(range)),
            256 => self.raw(&[offset as u8]),
            257..=65_536 => self.raw(&(offset as u16).to_be_bytes()),
            _ => {
                // Clause 11.5.7.4: as few octets as it has, their number first.
                let octets = offset.to_be_bytes();
                let used = octets_of(offset + 1).max(1);
                self.integer(field, used, 1, octets_of(range))?;
                self.raw(&octets[8 - used as usize..]);
            }
        }
        Ok(())
    }

    /// A length without bounds that matter (X.691 clause 11.9.3.5 to 11.9.3.7).
    pub(crate) fn length(&mut self, length: usize) -> Result<(), AperError> {
        match length {
            0..128 => self.raw(&[length as u8]),
            128..LENGTH_LIMIT => self.raw(&(length as u16 | 0x8000).to_be_bytes()),
            _ => return Err(AperError::TooLong),
        }
        Ok(())
    }

    /// The number of items of a SEQUENCE OF (X.691 clause 20): from 65,536 on, an upper bound does not matter.
    pub(crate) fn count(&mut self, field: &'static str, count: usize, low: u64, high: u64) -> Result<(), AperError> {
        if high < 65_536 {
            return self.integer(field, count as u64, low, high);
        }
        if (count as u64) < low {
            return Err(AperError::Range { field, value: count as u64, low, high });
        }
        self.length(count)
    }

    /// An OCTET STRING of a fixed size (X.691 clauses 17.6 and 17.7): of two octets at most it is not aligned.
    pub(crate) fn fixed(&mut self, octets: &[u8]) {
        if octets.len() > 2 {
            self.align();
        }
        octets.iter().for_each(|octet| self.bits((*octet).into(), 8));
    }

    /// An OCTET STRING without bounds, an open type (X.691 clauses 17.8 and 11.2).
    pub(crate) fn string(&mut self, octets: &[u8]) -> Result<(), AperError> {
        self.length(octets.len())?;
        self.raw(octets);
        Ok(())
    }

    /// A string of octets or of characters of eight bits whose size has bounds, the greater one above two.
    pub(crate) fn sized(&mut self, field: &'static str, octets: &[u8], low: u64, high: u64) -> Result<(), AperError> {
        self.integer(field, octets.len() as u64, low, high)?;
        self.raw(octets);
        Ok(())
    }

    /// A BIT STRING of a fixed size (X.691 clauses 16.9 and 16.10): of sixteen bits at most it is not aligned.
    pub(crate) fn bit_string(&mut self, field: &'static str, value: u64, size: u32) -> Result<(), AperError> {
        if size < 64 && value >> size != 0 {
            return Err(AperError::Range { field, value, low: 0, high: (1 << size) - 1 });
        }
        if size > 16 {
            self.align();
        }
        self.bits(value, size);
        Ok(())
    }

    /// An ENUMERATED or the index of a CHOICE (X.691 clauses 14 and 23): what lies beyond the root is an addition.
    pub(crate) fn choice(
        &mut self,
        field: &'static str,
        index: u64,
        root: u64,
        extensible: bool,
    ) -> Result<(), AperError> {
        if extensible {
            self.bit(index >= root);
            if index >= root {
                // Clause 11.6: a normally small number.
                let (low, high) = (root, root + 63);
                if index > high {
                    return Err(AperError::Range { field, value: index, low, high });
                }
                self.bits(index - root, 7);
                return Ok(());
            }
        }
        self.integer(field, index, 0, root - 1)
    }

    /// The start of a SEQUENCE (X.691 clause 19): no additions, which of its optional components are there.
    pub(crate) fn preamble(&mut self, extensible: bool, optionals: &[bool]) {
        if extensible {
            self.bit(false);
        }
        optionals.iter().for_each(|there| self.bit(*there));
    }
}
