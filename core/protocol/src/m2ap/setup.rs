//! What MCE and eNB tell each other of themselves: TS 36.443 clause 9.3.5, M2 Setup and the configuration updates.

use super::ie::MbsfnAreaId;
use crate::Plmn;
use crate::aper::{Aper, AperError, Reader, Writer};
use crate::diameter::mbms::Ecgi;
use crate::mbms_ap::{Criticality, Extensions, Item, enumerated, numbers, sequence};

/// eNB ID: of which kind, and its bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EnbId {
    /// Macro eNB ID, 20 bits.
    Macro(u32),
    /// Short Macro eNB ID, 18 bits.
    ShortMacro(u32),
    /// Long Macro eNB ID, 21 bits.
    LongMacro(u32),
}

impl Aper for EnbId {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        let (index, value, size) = match *self {
            Self::Macro(id) => (0, id, 20),
            Self::ShortMacro(id) => (1, id, 18),
            Self::LongMacro(id) => (2, id, 21),
        };
        w.choice("ENB-ID", index, 1, true)?;
        if index == 0 {
            return w.bit_string("ENB-ID", value.into(), size);
        }
        // An addition is an open type (X.691 clause 23.8).
        w.string(&Writer::with(|w| w.bit_string("ENB-ID", value.into(), size))?)
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let (of, size): (fn(u32) -> Self, _) = match r.choice("ENB-ID", 1, true)? {
            0 => return r.bit_string(20).map(|id| Self::Macro(id as u32)),
            1 => (Self::ShortMacro, 18),
            2 => (Self::LongMacro, 21),
            _ => return Err(AperError::Undefined("ENB-ID")),
        };
        Reader::new(r.string()?).bit_string(size).map(|id| of(id as u32))
    }
}

numbers! {
    /// MBSFN Synchronisation Area ID.
    SynchronisationAreaId(u16) "MBSFN-SynchronisationArea-ID" 0 to 65_535;
}

enumerated! {
    /// Cell Reservation Info.
    CellReservation (2, ...) {
        /// reservedCell: it sends nothing in the subframes of the area.
        Reserved = 0,
        /// nonReservedCell.
        NonReserved = 1,
    }
}

/// MCE ID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct MceId(pub u16);

impl Aper for MceId {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.fixed(&self.0.to_be_bytes());
        Ok(())
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        r.fixed().map(|octets| Self(u16::from_be_bytes(octets)))
    }
}

/// A service area identity of a cell: the two octets of TS 23.003 clause 15.3. With their number before them, as
/// MBMS Service Area has them elsewhere, they are understood, too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ServiceAreaId(pub u16);

impl Aper for ServiceAreaId {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.string(&self.0.to_be_bytes())
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        match r.string()? {
            [a, b] | [0, a, b] => Ok(Self(u16::from_be_bytes([*a, *b]))),
            _ => Err(AperError::Undefined("MBMS-Service-Area")),
        }
    }
}

sequence! {
    /// Global eNB ID.
    GlobalEnbId {
        /// PLMN Identity.
        plmn: Plmn,
        /// eNB ID.
        id: EnbId,
    }

    /// Global MCE ID.
    GlobalMceId {
        /// PLMN Identity.
        plmn: Plmn,
        /// MCE ID.
        mce: MceId,
    }

    /// eNB MBMS Configuration data Item: a cell, its synchronisation area and its service areas.
    EnbMbmsConfiguration {
        /// E-UTRAN CGI.
        cell: Ecgi,
        /// MBSFN Synchronisation Area ID.
        synchronisation_area: SynchronisationAreaId,
        /// MBMS Service Area List, one at least.
        areas: Vec<ServiceAreaId>,
    }

    /// Cell Information: a cell of an MBSFN area.
    CellInformation {
        /// E-UTRAN CGI.
        cell: Ecgi,
        /// Cell Reservation Info.
        reservation: CellReservation,
    }
}

impl Item for ServiceAreaId {
    const LIST: &'static str = "MBMS-Service-Area-ID-List";
    const LEAST: u64 = 1;
    const MOST: u64 = 256;
}

impl Item for EnbMbmsConfiguration {
    const LIST: &'static str = "ENB-MBMS-Configuration-data-List";
    const LEAST: u64 = 1;
    const MOST: u64 = 256;
    const IE: Option<(u16, Criticality)> = Some((16, Criticality::Reject));
}

impl Item for CellInformation {
    const LIST: &'static str = "Cell-Information-List";
    const LEAST: u64 = 1;
    const MOST: u64 = 256;
}

/// eNB MBMS Configuration data Item of an ENB CONFIGURATION UPDATE.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EnbConfigurationItem {
    /// What holds for a cell from now on.
    Changed(EnbMbmsConfiguration),
    /// A cell that is no longer there.
    Removed(Ecgi),
}

impl Aper for EnbConfigurationItem {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        match self {
            Self::Changed(configuration) => {
                w.choice("ENB-MBMS-Configuration-data-ConfigUpdate-Item", 0, 2, true)?;
                configuration.write(w)
            }
            Self::Removed(cell) => {
                w.choice("ENB-MBMS-Configuration-data-ConfigUpdate-Item", 1, 2, true)?;
                cell.write(w)
            }
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        match r.choice("ENB-MBMS-Configuration-data-ConfigUpdate-Item", 2, true)? {
            0 => EnbMbmsConfiguration::read(r).map(Self::Changed),
            1 => Ecgi::read(r).map(Self::Removed),
            _ => Err(AperError::Undefined("ENB-MBMS-Configuration-data-ConfigUpdate-Item")),
        }
    }
}

impl Item for EnbConfigurationItem {
    const LIST: &'static str = "ENB-MBMS-Configuration-data-List-ConfigUpdate";
    const LEAST: u64 = 1;
    const MOST: u64 = 256;
    const IE: Option<(u16, Criticality)> = Some((27, Criticality::Reject));
}

/// MCCH related BCCH Configuration Item: an MBSFN area as SIB13 says it (TS 36.331 clause 6.3.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct McchRelatedBcchConfig {
    /// MBSFN Area ID.
    pub area: MbsfnAreaId,
    /// PDCCH Length: symbols of the non-MBSFN region, 1 or 2.
    pub pdcch_length: u8,
    /// Repetition Period: radio frames between two MCCH messages; 32, 64, 128, 256, or by an extension 1, 2, 4, 8, 16.
    pub repetition_period: u16,
    /// MCCH Offset, 0 to 10.
    pub offset: u8,
    /// Modification Period: radio frames; 512, 1024, or by an extension 1 to 256.
    pub modification_period: u16,
    /// Subframe Allocation Info: six bits, the first one for subframe 1 (FDD).
    pub subframes: u8,
    /// Modulation and Coding Scheme: MCS 2, 7, 13 or 19.
    pub mcs: u8,
    /// Cell Information List; none: all cells of the eNB with the area's service areas.
    pub cells: Vec<CellInformation>,
}

/// Index of a value in the ENUMERATED that has these, or of the first one for those of an extension, and the index in that.
fn index(field: &'static str, root: &[u16], extension: &[u16], value: u16) -> Result<(u64, Option<u64>), AperError> {
    if let Some(at) = root.iter().position(|v| *v == value) {
        return Ok((at as u64, None));
    }
    let at = extension.iter().position(|v| *v == value).ok_or(AperError::Undefined(field))?;
    Ok((0, Some(at as u64)))
}

/// The value of an index; indices beyond are those of a later release.
pub(super) fn value(field: &'static str, values: &[u16], index: u64) -> Result<u16, AperError> {
    values.get(index as usize).copied().ok_or(AperError::Undefined(field))
}

const REPETITION: &[u16] = &[32, 64, 128, 256];
const REPETITION_EXTENDED: &[u16] = &[1, 2, 4, 8, 16];
const MODIFICATION: &[u16] = &[512, 1024];
const MODIFICATION_EXTENDED: &[u16] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];
const MCS: &[u16] = &[2, 7, 13, 19];
/// id-Modification-PeriodExtended.
const ID_MODIFICATION: u16 = 46;
/// id-Repetition-PeriodExtended.
const ID_REPETITION: u16 = 47;

impl Aper for McchRelatedBcchConfig {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        let (repetition, repetition_extended) =
            index("repetitionPeriod", REPETITION, REPETITION_EXTENDED, self.repetition_period)?;
        let (modification, modification_extended) =
            index("modificationPeriod", MODIFICATION, MODIFICATION_EXTENDED, self.modification_period)?;
        let mut extensions = Vec::new();
        if let Some(at) = repetition_extended {
            let octets = Writer::with(|w| w.choice("Repetition-PeriodExtended", at, 5, true))?;
            extensions.push((ID_REPETITION, Criticality::Reject, octets));
        }
        if let Some(at) = modification_extended {
            let octets = Writer::with(|w| w.choice("Modification-PeriodExtended", at, 9, true))?;
            extensions.push((ID_MODIFICATION, Criticality::Reject, octets));
        }
        w.preamble(true, &[!self.cells.is_empty(), !extensions.is_empty()]);
        self.area.write(w)?;
        w.choice("pdcchLength", u64::from(self.pdcch_length).wrapping_sub(1), 2, true)?;
        w.integer("repetitionPeriod", repetition, 0, 3)?;
        w.integer("offset", self.offset.into(), 0, 10)?;
        w.integer("modificationPeriod", modification, 0, 1)?;
        w.bit_string("subframeAllocationInfo", self.subframes.into(), 6)?;
        let (mcs, _) = index("modulationAndCodingScheme", MCS, &[], self.mcs.into())?;
        w.integer("modulationAndCodingScheme", mcs, 0, 3)?;
        if !self.cells.is_empty() {
            self.cells.write(w)?;
        }
        if extensions.is_empty() { Ok(()) } else { Extensions::write(w, &extensions) }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let (additions, [cells, extensions]) = r.preamble(true)?;
        let area = MbsfnAreaId::read(r)?;
        let pdcch_length = value("pdcchLength", &[1, 2], r.choice("pdcchLength", 2, true)?)? as u8;
        let mut repetition_period = value("repetitionPeriod", REPETITION, r.integer("repetitionPeriod", 0, 3)?)?;
        let offset = r.integer("offset", 0, 10)? as u8;
        let mut modification_period =
            value("modificationPeriod", MODIFICATION, r.integer("modificationPeriod", 0, 1)?)?;
        let subframes = r.bit_string(6)? as u8;
        let mcs = value("modulationAndCodingScheme", MCS, r.integer("modulationAndCodingScheme", 0, 3)?)? as u8;
        let cells = if cells { Vec::read(r)? } else { Vec::new() };
        let extensions = Extensions::read(r, extensions, &[ID_REPETITION, ID_MODIFICATION])?;
        if let Some(at) = extensions.value(ID_REPETITION, |r| r.choice("Repetition-PeriodExtended", 5, true))? {
            repetition_period = value("Repetition-PeriodExtended", REPETITION_EXTENDED, at)?;
        }
        if let Some(at) = extensions.value(ID_MODIFICATION, |r| r.choice("Modification-PeriodExtended", 9, true))? {
            modification_period = value("Modification-PeriodExtended", MODIFICATION_EXTENDED, at)?;
        }
        r.skip_additions(additions)?;
        Ok(Self { area, pdcch_length, repetition_period, offset, modification_period, subframes, mcs, cells })
    }
}

impl Item for McchRelatedBcchConfig {
    const LIST: &'static str = "MCCHrelatedBCCH-ConfigPerMBSFNArea";
    const LEAST: u64 = 1;
    const MOST: u64 = 256;
    const IE: Option<(u16, Criticality)> = Some((20, Criticality::Reject));
}
