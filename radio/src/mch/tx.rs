//! TS 36.321 clause 5.12 and TS 36.331 clause 5.8.1: the sending side of an MCH, from SDUs to transport blocks.

use std::collections::VecDeque;

use super::plan::{Mtch, Planner, fill};
use super::schedule::{MbsfnAreaConfig, MchSchedule, SubframeUse};
use crate::mac::{
    LCID_MCCH, LCID_MSI, LCID_MTCH_MAX, MacPduOverflow, Msi, MsiEntry, STOP_NOT_SCHEDULED, subheader_octets,
    write_mac_header,
};
use crate::rlc::{Cursor, PduLayout, SDU_MAX_OCTETS, UmTransmitter};
use crate::rrc::{AreaConfigError, EncodeMcchError, MbsfnAreaConfiguration};

/// Events kept when nobody takes them; older ones go.
const EVENTS_MAX: usize = 16;

/// Sends the MCCH, the MSI and the MTCHs of one (P)MCH.
#[derive(Debug)]
pub struct MchTx {
    area: MbsfnAreaConfig,
    data_mcs: u8,
    schedule: MchSchedule,
    mcch_message: Vec<u8>,
    mcch_rlc: UmTransmitter,
    tbs_data_octets: usize,
    tbs_signalling_octets: usize,
    /// In LCID order.
    mtchs: Vec<Mtch>,
    /// The scheduling period that was planned.
    msp_start: Option<u64>,
    queue_limit_octets: usize,
    events: VecDeque<MchTxEvent>,
    planner: Planner,
    /// Elements and layouts of the block at hand, kept for their memory.
    elements: Vec<(u8, usize)>,
    layouts: Vec<(usize, PduLayout)>,
    cursors: Vec<Cursor>,
}

/// What a transport block is sent with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlockInfo {
    /// Modulation and coding scheme.
    pub mcs: u8,
    /// Size of the transport block.
    pub octets: usize,
    /// Signalling MCS: an MCCH subframe or the first one of a scheduling period.
    pub is_signalling: bool,
}

/// What happened on the sending side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MchTxEvent {
    /// A scheduling period begins and its MSI says this.
    Msp {
        /// Its first radio frame, absolute.
        frame: u64,
        /// Subframes of the (P)MCH in it.
        subframes: u16,
        /// The MSI, in LCID order.
        entries: Msi,
        /// Octets of SDUs that wait, those of this period included.
        backlog_octets: usize,
    },
}

/// The MCH cannot be sent so.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MchTxError {
    /// The area.
    #[error(transparent)]
    Area(#[from] AreaConfigError),
    /// The MCCH message.
    #[error(transparent)]
    Mcch(#[from] EncodeMcchError),
    /// More or less than one (P)MCH.
    #[error("{0} (P)MCHs are configured: one is sent")]
    PmchCount(usize),
    /// An MTCH with an LCID that it cannot have.
    #[error("LCID {0} is used twice or is not one of 1 to 28: TS 36.321 table 6.2.1-4")]
    Lcid(u8),
    /// Subframes that are no MBSFN subframes.
    #[error("commonSF-Alloc has subframes outside of the MBSFN subframes of the area")]
    OutsideOfArea,
    /// The MCCH and the MSI do not fit into one block.
    #[error("MCCH and MSI need {needed} octets, a block with the signalling MCS has {available}: take a higher one")]
    SignallingTooLong {
        /// Octets needed.
        needed: usize,
        /// Octets of the block.
        available: usize,
    },
}

/// An SDU was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PushError {
    /// The queue is full: try again after a scheduling period.
    #[error("{backlog_octets} octets wait and the queue holds {limit_octets}: send less or later")]
    Full {
        /// Octets waiting.
        backlog_octets: usize,
        /// Octets that may wait.
        limit_octets: usize,
    },
    /// No such MTCH.
    #[error("no session has LCID {0}")]
    UnknownLcid(u8),
    /// Empty, or longer than an IP datagram.
    #[error("an SDU has 1 to {SDU_MAX_OCTETS} octets, this one has {0}")]
    Length(usize),
}

impl MchTx {
    /// `configuration` is what the MCCH says; the block sizes are those of its data MCS and of the signalling MCS.
    ///
    /// # Errors
    /// A configuration that cannot be signalled or sent.
    pub fn new(
        area: &MbsfnAreaConfig,
        configuration: &MbsfnAreaConfiguration,
        tbs_data_octets: usize,
        tbs_signalling_octets: usize,
    ) -> Result<Self, MchTxError> {
        area.info().check()?;
        let mcch_message = configuration.encode()?;
        let [pmch] = configuration.pmch.as_slice() else {
            return Err(MchTxError::PmchCount(configuration.pmch.len()));
        };
        let mut lcids: Vec<u8> = pmch.sessions.iter().map(|session| session.lcid).collect();
        lcids.sort_unstable();
        for (i, &lcid) in lcids.iter().enumerate() {
            if !(1..=LCID_MTCH_MAX).contains(&lcid) || (i > 0 && lcids[i - 1] == lcid) {
                return Err(MchTxError::Lcid(lcid));
            }
        }
        let schedule = MchSchedule::new(&area.info(), Some(configuration));
        let mut subframes = 0;
        for (_, subframe, _) in schedule.subframes_of_msp(0, 0) {
            subframes += 1;
            if !area.subframes.contains(subframe) {
                return Err(MchTxError::OutsideOfArea);
            }
        }
        let msi = 2 * lcids.len();
        let mcch = mcch_message.len() + 1;
        let needed = subheader_octets(msi) + msi + subheader_octets(mcch) + mcch;
        if needed > tbs_signalling_octets {
            return Err(MchTxError::SignallingTooLong { needed, available: tbs_signalling_octets });
        }
        let mtch = |lcid| Mtch { lcid, rlc: UmTransmitter::default(), sdus: 0, last_index: 0, stop: None };
        Ok(Self {
            area: *area,
            data_mcs: pmch.data_mcs,
            schedule,
            mcch_message,
            mcch_rlc: UmTransmitter::default(),
            tbs_data_octets,
            tbs_signalling_octets,
            cursors: vec![Cursor::default(); lcids.len()],
            mtchs: lcids.into_iter().map(mtch).collect(),
            msp_start: None,
            queue_limit_octets: 2 * subframes * tbs_data_octets + SDU_MAX_OCTETS,
            events: VecDeque::with_capacity(EVENTS_MAX),
            planner: Planner::default(),
            elements: Vec::new(),
            layouts: Vec::new(),
        })
    }

    /// Sets how many octets may wait; two scheduling periods and one longest SDU if never called.
    pub const fn set_queue_limit(&mut self, octets: usize) {
        self.queue_limit_octets = octets;
    }

    /// Queues an SDU of an MTCH. It goes out in the first scheduling period with room that begins at or after radio frame
    /// `due` (absolute).
    ///
    /// # Errors
    /// The queue is full, there is no such session, or the length is impossible; nothing is queued then.
    pub fn push_sdu(&mut self, lcid: u8, sdu: &[u8], due: u64) -> Result<(), PushError> {
        if sdu.is_empty() || sdu.len() > SDU_MAX_OCTETS {
            return Err(PushError::Length(sdu.len()));
        }
        let (backlog_octets, limit_octets) = (self.backlog_octets(), self.queue_limit_octets);
        let mtch = self.mtchs.iter_mut().find(|m| m.lcid == lcid).ok_or(PushError::UnknownLcid(lcid))?;
        if backlog_octets + sdu.len() > limit_octets {
            return Err(PushError::Full { backlog_octets, limit_octets });
        }
        mtch.rlc.push(sdu, due);
        Ok(())
    }

    /// Octets of SDUs that wait.
    pub fn backlog_octets(&self) -> usize {
        self.mtchs.iter().map(|m| m.rlc.backlog_octets()).sum()
    }

    /// The MCCH-Message that is sent.
    pub fn mcch_message(&self) -> &[u8] {
        &self.mcch_message
    }

    /// The oldest event not yet taken.
    pub fn poll_event(&mut self) -> Option<MchTxEvent> {
        self.events.pop_front()
    }

    /// Writes the transport block of this subframe to the front of `tb`; `None`: nothing is sent in it. To be called for
    /// subframes in their order; `frame` is absolute, SFN = frame mod 1024.
    ///
    /// # Panics
    /// `tb` is shorter than the block.
    pub fn next_block(&mut self, frame: u64, subframe: u8, tb: &mut [u8]) -> Option<BlockInfo> {
        let subframe_use = self.schedule.subframe_use(frame, subframe);
        let is_mcch = matches!(subframe_use, SubframeUse::Mcch { .. });
        let index = subframe_use.position().map(|position| position.index_in_msp);
        if let Some(index) = index {
            let msp_start = self.schedule.msp_start(0, frame);
            if index == 0 {
                self.begin_msp(msp_start);
            } else if self.msp_start != Some(msp_start) {
                // Joined inside of a period: no MSI was sent for it.
                self.mtchs.iter_mut().for_each(|mtch| mtch.sdus = 0);
            }
        }
        self.elements.clear();
        self.layouts.clear();
        let info = self.block_info(&subframe_use);
        if index == Some(0) {
            self.elements.push((LCID_MSI, 2 * self.mtchs.len()));
        }
        if is_mcch {
            self.elements.push((LCID_MCCH, self.mcch_message.len() + 1));
        }
        if let Some(index) = index {
            let room = self.room(&subframe_use, info.octets);
            self.cursors.fill(Cursor::default());
            fill(&self.mtchs, &mut self.cursors, index, room, |i, layout| self.layouts.push((i, layout)));
            self.elements.extend(self.layouts.iter().map(|(i, layout)| (self.mtchs[*i].lcid, layout.octets())));
        }
        if self.elements.is_empty() {
            return None;
        }
        assert!(tb.len() >= info.octets, "a transport block of {} octets into {}", info.octets, tb.len());
        let written = self.write(&mut tb[..info.octets], index == Some(0), is_mcch);
        written.expect("elements were chosen to fit into the block");
        Some(info)
    }

    const fn block_info(&self, subframe_use: &SubframeUse) -> BlockInfo {
        let is_signalling = subframe_use.is_signalling();
        let (mcs, octets) = if is_signalling {
            (self.area.mcch.signalling_mcs, self.tbs_signalling_octets)
        } else {
            (self.data_mcs, self.tbs_data_octets)
        };
        BlockInfo { mcs, octets, is_signalling }
    }

    /// Octets that a block has for MTCHs after MSI and MCCH.
    fn room(&self, subframe_use: &SubframeUse, octets: usize) -> usize {
        let element = |length| subheader_octets(length) + length;
        let mut taken = 0;
        if subframe_use.position().is_some_and(|position| position.index_in_msp == 0) {
            taken += element(2 * self.mtchs.len());
        }
        if matches!(subframe_use, SubframeUse::Mcch { .. }) {
            taken += element(self.mcch_message.len() + 1);
        }
        octets.saturating_sub(taken)
    }

    /// Plans a scheduling period from what is due now.
    fn begin_msp(&mut self, msp_start: u64) {
        let mut planner = std::mem::take(&mut self.planner);
        planner.rooms.clear();
        planner.rooms.extend(
            self.schedule
                .subframes_of_msp(0, msp_start)
                .map(|(_, _, subframe_use)| self.room(&subframe_use, self.block_info(&subframe_use).octets)),
        );
        planner.plan(&mut self.mtchs, msp_start);
        self.planner = planner;
        self.msp_start = Some(msp_start);
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(MchTxEvent::Msp {
            frame: msp_start,
            subframes: self.planner.rooms.len() as u16,
            entries: self.mtchs.iter().map(msi_entry).collect(),
            backlog_octets: self.backlog_octets(),
        });
    }

    fn write(&mut self, tb: &mut [u8], has_msi: bool, has_mcch: bool) -> Result<(), MacPduOverflow> {
        let at = write_mac_header(tb, self.elements.iter().copied())?;
        let mut rest = &mut tb[at..];
        if has_msi {
            for mtch in &self.mtchs {
                take(&mut rest, 2).copy_from_slice(&msi_entry(mtch).to_octets());
            }
        }
        if has_mcch {
            self.mcch_rlc.push(&self.mcch_message, 0);
            let layout = PduLayout { complete: 1, segment_octets: 0, data_octets: self.mcch_message.len() };
            self.mcch_rlc.write(&layout, take(&mut rest, layout.octets()));
        }
        for (i, layout) in &self.layouts {
            let mtch = &mut self.mtchs[*i];
            mtch.rlc.write(layout, take(&mut rest, layout.octets()));
            mtch.sdus -= layout.complete;
        }
        Ok(())
    }
}

fn msi_entry(mtch: &Mtch) -> MsiEntry {
    MsiEntry { lcid: mtch.lcid, stop: mtch.stop.unwrap_or(STOP_NOT_SCHEDULED) }
}

/// Splits `octets` off the front.
fn take<'a>(rest: &mut &'a mut [u8], octets: usize) -> &'a mut [u8] {
    let (front, back) = std::mem::take(rest).split_at_mut(octets);
    *rest = back;
    front
}
