//! MBMS Scheduling Information: TS 36.443 clauses 9.3.4 and 9.3.5; what the MCCH then says (TS 36.331 clause 6.3.7).

use super::ie::{InM2ap, MbsfnAreaId};
use super::setup::value;
use crate::Tmgi;
use crate::aper::{Aper, AperError, Codec, Reader, Writer};
use crate::mbms_ap::{
    Criticality, Extensions, IeProblemKind, Item, enumerated, messages, numbers, read_ies, write_ies,
};

numbers! {
    /// MCCH Update Time: the number of the modification period, modulo 256, from which it holds.
    McchUpdateTime(u8) "MCCH-Update-Time" 0 to 255;
}

enumerated! {
    /// Common Subframe Allocation Period, in radio frames.
    CommonSubframeAllocationPeriod (7) {
        /// 4.
        Rf4 = 0,
        /// 8.
        Rf8 = 1,
        /// 16.
        Rf16 = 2,
        /// 32.
        Rf32 = 3,
        /// 64.
        Rf64 = 4,
        /// 128.
        Rf128 = 5,
        /// 256.
        Rf256 = 6,
    }
}

enumerated! {
    /// Radioframe Allocation Period, in radio frames.
    RadioframeAllocationPeriod (6) {
        /// 1.
        N1 = 0,
        /// 2.
        N2 = 1,
        /// 4.
        N4 = 2,
        /// 8.
        N8 = 3,
        /// 16.
        N16 = 4,
        /// 32.
        N32 = 5,
    }
}

impl CommonSubframeAllocationPeriod {
    /// Radio frames.
    pub const fn frames(self) -> u16 {
        4 << self as u16
    }

    /// Of so many radio frames.
    pub fn from_frames(frames: u16) -> Option<Self> {
        [Self::Rf4, Self::Rf8, Self::Rf16, Self::Rf32, Self::Rf64, Self::Rf128, Self::Rf256]
            .into_iter()
            .find(|period| period.frames() == frames)
    }
}

impl RadioframeAllocationPeriod {
    /// Radio frames.
    pub const fn frames(self) -> u16 {
        1 << self as u16
    }

    /// Of so many radio frames.
    pub fn from_frames(frames: u16) -> Option<Self> {
        [Self::N1, Self::N2, Self::N4, Self::N8, Self::N16, Self::N32]
            .into_iter()
            .find(|period| period.frames() == frames)
    }
}

/// Subframe Allocation: in each frame the subframes 1, 2, 3, 6, 7, 8 (FDD), the first bit being the first one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SubframeAllocation {
    /// One frame, 6 bits.
    OneFrame(u8),
    /// Four frames, 24 bits.
    FourFrames(u32),
}

/// MBSFN Subframe Configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MbsfnSubframeConfiguration {
    /// Radioframe Allocation Period.
    pub period: RadioframeAllocationPeriod,
    /// Radioframe Allocation Offset, 0 to 7.
    pub offset: u8,
    /// Subframe Allocation.
    pub allocation: SubframeAllocation,
}

impl Aper for MbsfnSubframeConfiguration {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.preamble(true, &[false]);
        self.period.write(w)?;
        w.integer("radioframeAllocationOffset", self.offset.into(), 0, 7)?;
        match self.allocation {
            SubframeAllocation::OneFrame(bits) => {
                w.bit(false);
                w.bit_string("oneFrame", bits.into(), 6)
            }
            SubframeAllocation::FourFrames(bits) => {
                w.bit(true);
                w.bit_string("fourFrames", bits.into(), 24)
            }
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let (additions, [extensions]) = r.preamble(true)?;
        let period = RadioframeAllocationPeriod::read(r)?;
        let offset = r.integer("radioframeAllocationOffset", 0, 7)? as u8;
        let allocation = if r.bit()? {
            SubframeAllocation::FourFrames(r.bit_string(24)? as u32)
        } else {
            SubframeAllocation::OneFrame(r.bit_string(6)? as u8)
        };
        Extensions::skip(r, extensions)?;
        r.skip_additions(additions)?;
        Ok(Self { period, offset, allocation })
    }
}

impl Item for MbsfnSubframeConfiguration {
    const LIST: &'static str = "MBSFN-Subframe-ConfigurationList";
    const LEAST: u64 = 1;
    const MOST: u64 = 8;
    const IE: Option<(u16, Criticality)> = Some((23, Criticality::Reject));
}

/// PMCH Configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PmchConfiguration {
    /// Allocated Subframes End: the last subframe of this PMCH within the common allocation, 0 to 1535.
    pub allocated_subframes_end: u16,
    /// Data MCS, 0 to 28.
    pub data_mcs: u8,
    /// MCH Scheduling Period, in radio frames: 8 to 1024, or by an extension 4, 2, 1.
    pub scheduling_period: u16,
    /// Modulation and Coding Scheme 2, 0 to 27: of the table with 256QAM, instead of the other one.
    pub higher_mcs: Option<u8>,
}

const SCHEDULING: &[u16] = &[8, 16, 32, 64, 128, 256, 512, 1024];
/// id-Modulation-Coding-Scheme2.
const ID_MCS2: u16 = 36;
/// id-MCH-Scheduling-PeriodExtended: rf4.
const ID_EXTENDED: u16 = 37;
/// id-MCH-Scheduling-PeriodExtended2: rf1, rf2.
const ID_EXTENDED_2: u16 = 48;

impl Aper for PmchConfiguration {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        let mut extensions = Vec::new();
        if let Some(mcs) = self.higher_mcs {
            let octets = Writer::with(|w| w.integer("Modulation-Coding-Scheme2", mcs.into(), 0, 27))?;
            extensions.push((ID_MCS2, Criticality::Reject, octets));
        }
        let period = match self.scheduling_period {
            4 => {
                let octets = Writer::with(|w| w.choice("MCH-Scheduling-PeriodExtended", 0, 1, true))?;
                extensions.push((ID_EXTENDED, Criticality::Reject, octets));
                0
            }
            frames @ (1 | 2) => {
                let at = u64::from(frames) - 1;
                let octets = Writer::with(|w| w.choice("MCH-Scheduling-PeriodExtended2", at, 2, true))?;
                extensions.push((ID_EXTENDED_2, Criticality::Reject, octets));
                0
            }
            frames => {
                let at = SCHEDULING.iter().position(|known| *known == frames);
                at.ok_or(AperError::Undefined("mchSchedulingPeriod"))? as u64
            }
        };
        w.preamble(true, &[!extensions.is_empty()]);
        w.integer("allocatedSubframesEnd", self.allocated_subframes_end.into(), 0, 1535)?;
        w.integer("dataMCS", self.data_mcs.into(), 0, 28)?;
        w.integer("mchSchedulingPeriod", period, 0, 7)?;
        if extensions.is_empty() { Ok(()) } else { Extensions::write(w, &extensions) }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let (additions, [extensions]) = r.preamble(true)?;
        let allocated_subframes_end = r.integer("allocatedSubframesEnd", 0, 1535)? as u16;
        let data_mcs = r.integer("dataMCS", 0, 28)? as u8;
        let mut scheduling_period = value("mchSchedulingPeriod", SCHEDULING, r.integer("mchSchedulingPeriod", 0, 7)?)?;
        let extensions = Extensions::read(r, extensions, &[ID_MCS2, ID_EXTENDED, ID_EXTENDED_2])?;
        let mcs = extensions.value(ID_MCS2, |r| r.integer("Modulation-Coding-Scheme2", 0, 27))?;
        if let Some(at) = extensions.value(ID_EXTENDED, |r| r.choice("MCH-Scheduling-PeriodExtended", 1, true))? {
            scheduling_period = value("MCH-Scheduling-PeriodExtended", &[4], at)?;
        }
        if let Some(at) = extensions.value(ID_EXTENDED_2, |r| r.choice("MCH-Scheduling-PeriodExtended2", 2, true))? {
            scheduling_period = value("MCH-Scheduling-PeriodExtended2", &[1, 2], at)?;
        }
        r.skip_additions(additions)?;
        Ok(Self { allocated_subframes_end, data_mcs, scheduling_period, higher_mcs: mcs.map(|mcs| mcs as u8) })
    }
}

/// A session of a PMCH and its logical channel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PmchSession {
    /// TMGI.
    pub tmgi: Tmgi,
    /// LCID, 0 to 28.
    pub lcid: u8,
}

impl Aper for PmchSession {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.preamble(true, &[false]);
        InM2ap::write(&self.tmgi, w)?;
        w.integer("LCID", self.lcid.into(), 0, 28)
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let (additions, [extensions]) = r.preamble(true)?;
        let tmgi = InM2ap::read(r)?;
        let lcid = r.integer("LCID", 0, 28)? as u8;
        Extensions::skip(r, extensions)?;
        r.skip_additions(additions)?;
        Ok(Self { tmgi, lcid })
    }
}

impl Item for PmchSession {
    const LIST: &'static str = "MBMSsessionListPerPMCH-Item";
    const LEAST: u64 = 1;
    const MOST: u64 = 29;
}

crate::mbms_ap::sequence! {
    /// PMCH Configuration Item: a PMCH and its sessions, one at least.
    PmchItem {
        /// PMCH Configuration.
        configuration: PmchConfiguration,
        /// MBMS Session List.
        sessions: Vec<PmchSession>,
    }
}

impl Item for PmchItem {
    const LIST: &'static str = "PMCH-Configuration-List";
    const LEAST: u64 = 0;
    const MOST: u64 = 15;
    const IE: Option<(u16, Criticality)> = Some((12, Criticality::Reject));
}

/// A session that is to be suspended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Suspended(Tmgi);

impl Aper for Suspended {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.preamble(true, &[false]);
        InM2ap::write(&self.0, w)
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let (additions, [extensions]) = r.preamble(true)?;
        let tmgi = InM2ap::read(r)?;
        Extensions::skip(r, extensions)?;
        r.skip_additions(additions)?;
        Ok(Self(tmgi))
    }
}

impl Item for Suspended {
    const LIST: &'static str = "MBMSsessionsToBeSuspendedListPerPMCH-Item";
    const LEAST: u64 = 1;
    const MOST: u64 = 29;
}

/// MBMS Suspension Notification Item: sessions of a PMCH that the MSI says are to be suspended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SuspensionNotification {
    /// SFN from which on they are, 0 to 1023.
    pub sfn: u16,
    /// MBMS Sessions To Be Suspended, one at least.
    pub sessions: Vec<Tmgi>,
}

impl Aper for SuspensionNotification {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        w.preamble(true, &[false]);
        w.integer("SFN", self.sfn.into(), 0, 1023)?;
        self.sessions.iter().copied().map(Suspended).collect::<Vec<_>>().write(w)
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let (additions, [extensions]) = r.preamble(true)?;
        let sfn = r.integer("SFN", 0, 1023)? as u16;
        let sessions = Vec::<Suspended>::read(r)?.into_iter().map(|Suspended(tmgi)| tmgi).collect();
        Extensions::skip(r, extensions)?;
        r.skip_additions(additions)?;
        Ok(Self { sfn, sessions })
    }
}

impl Item for SuspensionNotification {
    const LIST: &'static str = "MBMS-Suspension-Notification-List";
    const LEAST: u64 = 1;
    const MOST: u64 = 15;
    const IE: Option<(u16, Criticality)> = Some((44, Criticality::Ignore));
}

messages! {
    /// MBSFN Area Configuration Item.
    MbsfnAreaConfiguration {
        /// PMCH Configuration List.
        pmchs: Vec<PmchItem> = 11 Reject mandatory,
        /// MBSFN Subframe Configuration List, one at least.
        subframes: Vec<MbsfnSubframeConfiguration> = 22 Reject mandatory,
        /// Common Subframe Allocation Period.
        period: CommonSubframeAllocationPeriod = 24 Reject mandatory,
        /// MBSFN Area ID.
        area: MbsfnAreaId = 29 Reject mandatory,
        /// MBMS Suspension Notification List.
        suspensions: Vec<SuspensionNotification> = 43 Ignore optional,
    }
}

/// Each area is a container of IEs within the list.
impl Aper for MbsfnAreaConfiguration {
    fn write(&self, w: &mut Writer) -> Result<(), AperError> {
        write_ies(w, &self.ies()?)
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, AperError> {
        let read = Self::of(&mut read_ies(r)?);
        read.map(|(area, _)| area).map_err(|problem| match problem.kind {
            IeProblemKind::Unreadable(error) => error,
            IeProblemKind::NotUnderstood => AperError::Extension(problem.id),
            IeProblemKind::Missing | IeProblemKind::OutOfOrder => AperError::Undefined("MBSFN-Area-Configuration-Item"),
        })
    }
}

impl Item for MbsfnAreaConfiguration {
    const LIST: &'static str = "MBSFN-Area-Configuration-List";
    const LEAST: u64 = 1;
    const MOST: u64 = 256;
}
