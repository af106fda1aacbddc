//! TS 36.331 clause 5.8.1: what one content of the MCCH means for the blocks of an area.

use super::schedule::{MchSchedule, SubframeUse};
use super::tx::{BlockInfo, MchTxError};
use crate::mac::{LCID_MTCH_MAX, subheader_octets};
use crate::rrc::{MbsfnAreaConfiguration, MbsfnAreaInfo};
use crate::tbs::Mcs;

/// Radio frames after which everything has begun again: SFN wraps, and every period divides it.
const CYCLE_RF: u64 = 1024;
/// Header of the UMD PDU that carries the MCCH message or a part of it, octets: it has no length indicator.
const MCCH_RLC_OCTETS: usize = 1;

/// An MCCH message, the subframes that it shares out, and the sizes of the blocks.
#[derive(Debug)]
pub(super) struct AreaPlan {
    info: MbsfnAreaInfo,
    pub(super) configuration: MbsfnAreaConfiguration,
    pub(super) schedule: MchSchedule,
    pub(super) message: Vec<u8>,
    signalling_octets: usize,
    /// Octets of a block at the data MCS, by (P)MCH.
    data_octets: Vec<usize>,
}

/// The part of the MCCH message that a subframe carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Segment {
    /// Octets of the message.
    pub(super) octets: usize,
    /// The message begins here.
    pub(super) is_first: bool,
    /// The message ends here.
    pub(super) is_last: bool,
}

impl Segment {
    /// As a UMD PDU.
    pub(super) const fn pdu_octets(&self) -> usize {
        self.octets + MCCH_RLC_OCTETS
    }
}

impl AreaPlan {
    /// `octets` tells the size of a block at an MCS.
    pub(super) fn new(
        info: &MbsfnAreaInfo,
        configuration: &MbsfnAreaConfiguration,
        octets: &dyn Fn(Mcs) -> usize,
    ) -> Result<Self, MchTxError> {
        info.check()?;
        let plan = Self {
            info: *info,
            message: configuration.encode()?,
            schedule: MchSchedule::new(info, Some(configuration)),
            signalling_octets: octets(info.mcch.signalling_mcs.into()),
            data_octets: configuration.pmch.iter().map(|pmch| octets(pmch.data_mcs)).collect(),
            configuration: configuration.clone(),
        };
        plan.check_pmchs()?;
        plan.check_signalling()?;
        Ok(plan)
    }

    fn check_pmchs(&self) -> Result<(), MchTxError> {
        let subframes = self.schedule.subframes_of_common_period();
        let mut first = 0;
        for (pmch, info) in self.configuration.pmch.iter().enumerate() {
            let sf_alloc_end = info.sf_alloc_end;
            if sf_alloc_end < first || u64::from(sf_alloc_end) >= subframes {
                return Err(MchTxError::SfAllocEnd { pmch, sf_alloc_end, first, subframes });
            }
            first = sf_alloc_end + 1;
            for (i, session) in info.sessions.iter().enumerate() {
                let lcid = session.lcid;
                let twice = info.sessions[..i].iter().any(|earlier| earlier.lcid == lcid);
                if twice || !(1..=LCID_MTCH_MAX).contains(&lcid) {
                    return Err(MchTxError::Lcid { pmch, lcid });
                }
            }
        }
        Ok(())
    }

    /// The MCCH has to fit into its subframes of a repetition period, each MSI into its block.
    fn check_signalling(&self) -> Result<(), MchTxError> {
        let available = self.signalling_octets;
        for pmch in 0..self.configuration.pmch.len() {
            let needed = element(self.msi_octets(pmch));
            if needed > available {
                return Err(MchTxError::SignallingTooLong { needed, available });
            }
        }
        for frame in (0..CYCLE_RF).filter(|&frame| self.info.is_mcch_frame(frame)) {
            let rooms = self.info.mcch.subframes.iter().map(|subframe| self.mcch_room(frame, subframe));
            if rooms.sum::<usize>() < self.message.len() {
                let subframes = self.info.mcch.subframes.iter();
                let taken: usize = subframes.map(|subframe| self.msi_at(frame, subframe)).sum();
                let count = self.info.mcch.subframes.iter().count();
                let mcch = self.message.len() + count * (MCCH_RLC_OCTETS + 2);
                return Err(MchTxError::SignallingTooLong { needed: taken + mcch, available: count * available });
            }
        }
        Ok(())
    }

    /// What the block of a subframe is sent with.
    pub(super) fn block_info(&self, subframe_use: &SubframeUse) -> BlockInfo {
        let is_signalling = subframe_use.is_signalling();
        let pmch = subframe_use.position().map(|position| position.pmch);
        let data = pmch.filter(|_| !is_signalling).map(|i| (self.configuration.pmch[i].data_mcs, self.data_octets[i]));
        let (mcs, octets) = data.unwrap_or_else(|| (self.info.mcch.signalling_mcs.into(), self.signalling_octets));
        BlockInfo { mcs, octets, is_signalling, pmch }
    }

    /// Octets that the block of a subframe has for MTCHs after MSI and MCCH.
    pub(super) fn room(&self, frame: u64, subframe: u8, subframe_use: &SubframeUse) -> usize {
        let mcch = self.mcch_segment(frame, subframe).map_or(0, |segment| element(segment.pdu_octets()));
        self.block_info(subframe_use).octets.saturating_sub(self.msi_of_use(subframe_use) + mcch)
    }

    /// Octets of SDUs that two scheduling periods of a (P)MCH can take.
    pub(super) fn two_periods_octets(&self, pmch: usize) -> usize {
        let info = &self.configuration.pmch[pmch];
        let first = pmch.checked_sub(1).map_or(0, |before| self.configuration.pmch[before].sf_alloc_end + 1);
        let common_periods = info.mch_scheduling_period_rf.div_ceil(self.configuration.common_sf_alloc_period_rf);
        2 * usize::from(common_periods) * usize::from(info.sf_alloc_end + 1 - first) * self.data_octets[pmch]
    }

    /// MSI of a (P)MCH: two octets for each MTCH (TS 36.321 clause 6.1.3.7).
    pub(super) fn msi_octets(&self, pmch: usize) -> usize {
        2 * self.configuration.pmch[pmch].sessions.len()
    }

    /// What a subframe carries of the MCCH message: whole copies one after the other, as many as the subframes of
    /// `sf-AllocInfo` have room for.
    pub(super) fn mcch_segment(&self, frame: u64, subframe: u8) -> Option<Segment> {
        if !self.info.is_mcch(frame, subframe) {
            return None;
        }
        let mut rooms_left: usize = self.info.mcch.subframes.iter().map(|s| self.mcch_room(frame, s)).sum();
        let mut left = 0;
        for s in self.info.mcch.subframes.iter() {
            let room = self.mcch_room(frame, s);
            let is_first = left == 0;
            if is_first {
                left = self.message.len();
                if left > rooms_left {
                    return None;
                }
            }
            rooms_left -= room;
            let octets = left.min(room);
            left -= octets;
            if s == subframe {
                let segment = Segment { octets, is_first: is_first && octets > 0, is_last: left == 0 };
                return (octets > 0).then_some(segment);
            }
            if octets == 0 && is_first {
                // No room at all in this one: the copy begins later.
                left = 0;
            }
        }
        None
    }

    /// Octets of the MCCH message for which the block of an MCCH subframe has room.
    fn mcch_room(&self, frame: u64, subframe: u8) -> usize {
        let room = self.signalling_octets.saturating_sub(self.msi_at(frame, subframe));
        let pdu = (0..4).map(|overhead| room.saturating_sub(overhead)).find(|&pdu| element(pdu) <= room);
        pdu.unwrap_or(0).saturating_sub(MCCH_RLC_OCTETS)
    }

    fn msi_at(&self, frame: u64, subframe: u8) -> usize {
        self.msi_of_use(&self.schedule.subframe_use(frame, subframe))
    }

    /// Octets of the MSI with its subheader, if the subframe carries one.
    fn msi_of_use(&self, subframe_use: &SubframeUse) -> usize {
        match subframe_use.position() {
            Some(position) if position.index_in_msp == 0 && self.msi_octets(position.pmch) > 0 => {
                element(self.msi_octets(position.pmch))
            }
            _ => 0,
        }
    }
}

/// Octets of an element with its subheader.
const fn element(length: usize) -> usize {
    subheader_octets(length) + length
}
