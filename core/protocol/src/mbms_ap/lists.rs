//! SEQUENCE OF, and single containers in it: TS 36.443 and TS 36.444 clause 9.3.8.

use super::pdu::Criticality;
use crate::aper::{Aper, AperError, Reader, Writer};

/// What a SEQUENCE OF holds.
pub(crate) trait Item: Aper {
    /// Name of the list.
    const LIST: &'static str;
    /// At least.
    const LEAST: u64;
    /// At most.
    const MOST: u64;
    /// IE in whose single container each of them is, when it is in one.
    const IE: Option<(u16, Criticality)> = None;
}

impl<T: Item> Aper for Vec<T> {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        if self.len() as u64 > T::MOST {
            return Err(AperError::Range { field: T::LIST, value: self.len() as u64, low: T::LEAST, high: T::MOST });
        }
        w.count(T::LIST, self.len(), T::LEAST, T::MOST)?;
        self.iter().try_for_each(|item| match T::IE {
            Some((id, criticality)) => write_ie(w, id, criticality, item),
            None => item.write(w),
        })
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let count = r.count(T::LIST, T::LEAST, T::MOST)?;
        let item = |r: &mut Reader<'_>| match T::IE {
            Some((id, _)) => read_ie(r, id),
            None => T::read(r),
        };
        (0..count).map(|_| item(r)).collect()
    }
}

/// ProtocolIE-Single-Container.
pub(crate) fn write_ie<T: Aper>(w: &mut Writer, id: u16, criticality: Criticality, item: &T) -> Result<(), AperError> {
    w.integer("id", id.into(), 0, 65_535)?;
    criticality.write(w)?;
    w.string(&Writer::octets_of(item)?)
}

/// ProtocolIE-Single-Container.
pub(crate) fn read_ie<T: Aper>(r: &mut Reader<'_>, id: u16) -> Result<T, AperError> {
    let found = r.integer("id", 0, 65_535)?;
    Criticality::read(r)?;
    let octets = r.string()?;
    if found != u64::from(id) {
        return Err(AperError::Range { field: "id", value: found, low: id.into(), high: id.into() });
    }
    Reader::value(octets)
}
