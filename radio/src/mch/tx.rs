//! TS 36.321 clause 5.12 and TS 36.331 clause 5.8.1: the sending side of an MBSFN area, from SDUs to transport blocks.

use std::collections::VecDeque;

use super::area_plan::{AreaPlan, Segment};
use super::plan::{Mtch, Planner, SessionKey, fill, session_key};
use crate::mac::{LCID_MCCH, LCID_MSI, MacPduOverflow, Msi, MsiEntry, STOP_NOT_SCHEDULED, write_mac_header};
use crate::rlc::{Cursor, PduLayout, SDU_MAX_OCTETS, UmTransmitter};
use crate::rrc::{AreaConfigError, EncodeRrcError, MbsfnAreaConfiguration, MbsfnAreaInfo};
use crate::tbs::Mcs;

/// Events kept when nobody takes them; older ones go.
const EVENTS_MAX: usize = 64;

/// Sends the MCCH of an area, and MSI and MTCHs of all its (P)MCHs.
#[derive(Debug)]
pub struct MchTx {
    info: MbsfnAreaInfo,
    /// What the MCCH says now.
    now: Content,
    /// What it will say, by frame.
    later: Vec<(u64, Content)>,
    mcch_rlc: UmTransmitter,
    queue_limit_octets: Option<usize>,
    events: VecDeque<MchTxEvent>,
    planner: Planner,
    /// Elements and layouts of the block at hand, kept for their memory.
    elements: Vec<(u8, usize)>,
    layouts: Vec<(usize, PduLayout)>,
    cursors: Vec<Cursor>,
}

/// A content of the MCCH with the MTCHs that it tells of.
#[derive(Debug)]
struct Content {
    plan: AreaPlan,
    pmchs: Vec<PmchTx>,
}

#[derive(Debug)]
struct PmchTx {
    /// In LCID order.
    mtchs: Vec<Mtch>,
    /// The scheduling period that was planned.
    msp_start: Option<u64>,
}

/// What a transport block is sent with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlockInfo {
    /// Modulation and coding scheme.
    pub mcs: Mcs,
    /// Size of the transport block.
    pub octets: usize,
    /// Signalling MCS: an MCCH subframe or the first one of a scheduling period.
    pub is_signalling: bool,
    /// The (P)MCH whose subframe it is; none for an MCCH subframe outside of `commonSF-Alloc`.
    pub pmch: Option<usize>,
}

/// What happened on the sending side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MchTxEvent {
    /// A scheduling period begins and its MSI says this.
    Msp {
        /// Place of the (P)MCH in the MCCH's list.
        pmch: usize,
        /// Its first radio frame, absolute.
        frame: u64,
        /// Subframes of the (P)MCH in it.
        subframes: u16,
        /// The MSI, in LCID order.
        entries: Msi,
        /// Octets of SDUs that wait on this (P)MCH, those of this period included.
        backlog_octets: usize,
    },
    /// The MCCH says something else from here on.
    McchChanged {
        /// First radio frame of the modification period, absolute.
        frame: u64,
        /// Octets of SDUs that waited for sessions that are no more, and are lost.
        dropped_octets: usize,
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
    Mcch(#[from] EncodeRrcError),
    /// A (P)MCH without subframes, or with more than there are.
    #[error(
        "sf-AllocEnd of (P)MCH {pmch} is {sf_alloc_end}: its subframes begin at {first}, and commonSF-Alloc has \
         {subframes} in a period, the first being 0"
    )]
    SfAllocEnd {
        /// Place of the (P)MCH in the MCCH's list.
        pmch: usize,
        /// What was given.
        sf_alloc_end: u16,
        /// The least that it can be.
        first: u16,
        /// More than it can be.
        subframes: u64,
    },
    /// An MTCH with an LCID that it cannot have.
    #[error("(P)MCH {pmch}: LCID {lcid} is used twice or is not one of 1 to 28: TS 36.321 table 6.2.1-4")]
    Lcid {
        /// Place of the (P)MCH in the MCCH's list.
        pmch: usize,
        /// What was given.
        lcid: u8,
    },
    /// The MCCH and the MSI do not fit into their subframes.
    #[error(
        "MCCH and MSI need {needed} octets, the blocks with the signalling MCS have {available}: take a higher one, or \
         more MCCH subframes"
    )]
    SignallingTooLong {
        /// Octets needed.
        needed: usize,
        /// Octets of the blocks.
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
    #[error("no session has LCID {lcid} on (P)MCH {pmch} when the SDU is due")]
    UnknownMtch {
        /// Place of the (P)MCH in the MCCH's list.
        pmch: usize,
        /// What was asked for.
        lcid: u8,
    },
    /// No such MBSFN area.
    #[error("the eNB has no MBSFN area number {0}")]
    UnknownArea(usize),
    /// Empty, or longer than an IP datagram.
    #[error("an SDU has 1 to {SDU_MAX_OCTETS} octets, this one has {0}")]
    Length(usize),
}

impl MchTx {
    /// `configuration` is what the MCCH says; `octets` tells the size of a transport block at an MCS.
    ///
    /// # Errors
    /// A configuration that cannot be signalled or sent.
    pub fn new(
        info: &MbsfnAreaInfo,
        configuration: &MbsfnAreaConfiguration,
        octets: &dyn Fn(Mcs) -> usize,
    ) -> Result<Self, MchTxError> {
        Ok(Self {
            info: *info,
            now: Content::new(AreaPlan::new(info, configuration, octets)?, false),
            later: Vec::new(),
            mcch_rlc: UmTransmitter::default(),
            queue_limit_octets: None,
            events: VecDeque::with_capacity(EVENTS_MAX),
            planner: Planner::default(),
            elements: Vec::new(),
            layouts: Vec::new(),
            cursors: Vec::new(),
        })
    }

    /// Lets the MCCH say something else from radio frame `from` on, which begins a modification period. It takes the
    /// place of what was to be said from then or later.
    ///
    /// MTCHs of sessions that go on in the same place keep their RLC entity; a session that is in another place goes on
    /// there with the SDUs not wholly sent. New MTCHs, and those of a (P)MCH whose subframes, MCS or scheduling period
    /// change, stay silent until the new MCCH has been sent once, so that nobody misses their first SDUs.
    ///
    /// # Errors
    /// A configuration that cannot be signalled or sent; nothing changes then.
    pub fn change(
        &mut self,
        configuration: &MbsfnAreaConfiguration,
        octets: &dyn Fn(Mcs) -> usize,
        from: u64,
    ) -> Result<(), MchTxError> {
        let mut content = Content::new(AreaPlan::new(&self.info, configuration, octets)?, true);
        while self.later.last().is_some_and(|(frame, _)| *frame >= from) {
            // Sessions that are still to come keep what was queued for them.
            if let Some((_, replaced)) = self.later.pop() {
                content.take_over(replaced);
            }
        }
        self.later.push((from, content));
        Ok(())
    }

    /// First radio frame of the modification period from which the MCCH says something else, for the change that comes
    /// next.
    pub fn next_change(&self) -> Option<u64> {
        self.later.first().map(|(frame, _)| *frame)
    }

    /// The same for the change that comes last.
    pub(crate) fn last_change(&self) -> Option<u64> {
        self.later.last().map(|(frame, _)| *frame)
    }

    /// Sets how many octets may wait on a (P)MCH; two scheduling periods and one longest SDU if never called.
    pub const fn set_queue_limit(&mut self, octets: usize) {
        self.queue_limit_octets = Some(octets);
    }

    /// Queues an SDU of an MTCH. It goes out in the first scheduling period with room that begins at or after radio frame
    /// `due` (absolute); the MTCH is one of what the MCCH will say then.
    ///
    /// # Errors
    /// The queue is full, there is no such session, or the length is impossible; nothing is queued then.
    pub fn push_sdu(&mut self, pmch: usize, lcid: u8, sdu: &[u8], due: u64) -> Result<(), PushError> {
        if sdu.is_empty() || sdu.len() > SDU_MAX_OCTETS {
            return Err(PushError::Length(sdu.len()));
        }
        let limit = self.queue_limit_octets;
        let content = self.content_of(pmch, lcid, due).ok_or(PushError::UnknownMtch { pmch, lcid })?;
        let backlog_octets = content.pmchs[pmch].backlog_octets();
        let limit_octets = limit.unwrap_or_else(|| content.plan.two_periods_octets(pmch) + SDU_MAX_OCTETS);
        if backlog_octets + sdu.len() > limit_octets {
            return Err(PushError::Full { backlog_octets, limit_octets });
        }
        let mtch = content.pmchs[pmch].mtch_mut(lcid).ok_or(PushError::UnknownMtch { pmch, lcid })?;
        mtch.rlc.push(sdu, due);
        Ok(())
    }

    /// The content that holds the queue of the MTCH that has this LCID when the SDU is due, or later.
    fn content_of(&mut self, pmch: usize, lcid: u8, due: u64) -> Option<&mut Content> {
        let at_due = self.later.iter().take_while(|(from, _)| *from <= due).count();
        let session = |at: usize| match at.checked_sub(1) {
            None => self.now.session(pmch, lcid),
            Some(at) => self.later[at].1.session(pmch, lcid),
        };
        let mut at = (at_due..=self.later.len()).find(|&at| session(at).is_some())?;
        // It goes on from before: that is where the queue is.
        while at > 0 && session(at - 1) == session(at) {
            at -= 1;
        }
        Some(match at.checked_sub(1) {
            None => &mut self.now,
            Some(at) => &mut self.later[at].1,
        })
    }

    /// Octets of SDUs that wait for what the MCCH says now.
    pub fn backlog_octets(&self) -> usize {
        self.now.pmchs.iter().map(PmchTx::backlog_octets).sum()
    }

    /// Octets of SDUs that wait on one MTCH of what the MCCH says now.
    pub fn backlog_octets_of(&self, pmch: usize, lcid: u8) -> usize {
        let mtch = self.now.pmchs.get(pmch).and_then(|p| p.mtchs.iter().find(|m| m.lcid == lcid));
        mtch.map_or(0, |m| m.rlc.backlog_octets())
    }

    /// The area.
    pub const fn info(&self) -> &MbsfnAreaInfo {
        &self.info
    }

    /// What the MCCH says now.
    pub const fn configuration(&self) -> &MbsfnAreaConfiguration {
        &self.now.plan.configuration
    }

    /// The MCCH-Message that is sent.
    pub fn mcch_message(&self) -> &[u8] {
        &self.now.plan.message
    }

    /// Is the subframe one of the area, by what the MCCH says in that frame?
    pub fn is_of_area(&self, frame: u64, subframe: u8) -> bool {
        let later = self.later.iter().take_while(|(from, _)| *from <= frame).last();
        later.map_or(&self.now, |(_, content)| content).plan.schedule.is_of_area(frame, subframe)
    }

    /// Is the subframe one of the area, by what the MCCH says now or will say?
    pub(crate) fn may_use(&self, frame: u64, subframe: u8) -> bool {
        let contents = self.later.iter().map(|(_, content)| content).chain([&self.now]);
        contents.into_iter().any(|content| content.plan.schedule.is_of_area(frame, subframe))
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
        self.advance(frame);
        let subframe_use = self.now.plan.schedule.subframe_use(frame, subframe);
        let info = self.now.plan.block_info(&subframe_use);
        self.elements.clear();
        self.layouts.clear();
        let mcch = self.now.plan.mcch_segment(frame, subframe).filter(|segment| self.begin_mcch(segment));
        let position = subframe_use.position();
        if let Some(position) = position {
            let msp_start = self.now.plan.schedule.msp_start(position.pmch, frame);
            let pmch = &mut self.now.pmchs[position.pmch];
            if position.index_in_msp == 0 {
                self.begin_msp(position.pmch, msp_start);
            } else if pmch.msp_start != Some(msp_start) {
                // Joined inside of a period: no MSI was sent for it.
                pmch.mtchs.iter_mut().for_each(Mtch::give_up_period);
            }
        }
        // Without sessions there is nothing to schedule, hence no MSI.
        let msi = position
            .filter(|position| position.index_in_msp == 0)
            .map(|position| self.now.plan.msi_octets(position.pmch))
            .filter(|&octets| octets > 0);
        self.elements.extend(msi.map(|octets| (LCID_MSI, octets)));
        self.elements.extend(mcch.map(|segment| (LCID_MCCH, segment.pdu_octets())));
        if let Some(position) = position {
            let room = self.now.plan.room(frame, subframe, &subframe_use);
            let mtchs = &self.now.pmchs[position.pmch].mtchs;
            self.cursors.clear();
            self.cursors.resize(mtchs.len(), Cursor::default());
            fill(mtchs, &mut self.cursors, position.index_in_msp, room, |i, layout| self.layouts.push((i, layout)));
            self.elements.extend(self.layouts.iter().map(|(i, layout)| (mtchs[*i].lcid, layout.octets())));
        }
        if self.elements.is_empty() {
            return None;
        }
        assert!(tb.len() >= info.octets, "a transport block of {} octets into {}", info.octets, tb.len());
        let written = self.write(&mut tb[..info.octets], position.map(|p| p.pmch), msi.is_some(), mcch);
        written.expect("elements were chosen to fit into the block");
        Some(info)
    }

    /// Lets the MCCH say what it says in radio frame `frame`.
    pub(crate) fn advance(&mut self, frame: u64) {
        while self.later.first().is_some_and(|(from, _)| *from <= frame) {
            let (from, content) = self.later.remove(0);
            self.begin(from, content);
        }
    }

    /// The MCCH says something else from now on.
    fn begin(&mut self, frame: u64, content: Content) {
        let old = std::mem::replace(&mut self.now, content);
        let dropped_octets = self.now.take_over(old);
        self.mcch_rlc.discard();
        self.event(MchTxEvent::McchChanged { frame, dropped_octets });
    }

    /// Makes the MCCH message ready for the subframe; false when its beginning was not sent. The MTCHs that it tells of
    /// may speak when all of it is out.
    fn begin_mcch(&mut self, segment: &Segment) -> bool {
        if segment.is_first {
            self.mcch_rlc.discard();
            self.mcch_rlc.push(&self.now.plan.message, 0);
        }
        let goes_on = self.mcch_rlc.backlog_octets() >= segment.octets;
        if goes_on && segment.is_last {
            self.now.pmchs.iter_mut().flat_map(|pmch| &mut pmch.mtchs).for_each(|mtch| mtch.is_held = false);
        }
        goes_on
    }

    /// Plans a scheduling period from what is due now.
    fn begin_msp(&mut self, pmch: usize, msp_start: u64) {
        let Content { plan, pmchs } = &mut self.now;
        self.planner.rooms.clear();
        self.planner.rooms.extend(
            plan.schedule
                .subframes_of_msp(pmch, msp_start)
                .map(|(frame, subframe, subframe_use)| plan.room(frame, subframe, &subframe_use)),
        );
        self.planner.plan(&mut pmchs[pmch].mtchs, msp_start);
        pmchs[pmch].msp_start = Some(msp_start);
        let event = MchTxEvent::Msp {
            pmch,
            frame: msp_start,
            subframes: self.planner.rooms.len() as u16,
            entries: pmchs[pmch].mtchs.iter().map(msi_entry).collect(),
            backlog_octets: pmchs[pmch].backlog_octets(),
        };
        self.event(event);
    }

    fn event(&mut self, event: MchTxEvent) {
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    fn write(
        &mut self,
        tb: &mut [u8],
        pmch: Option<usize>,
        has_msi: bool,
        mcch: Option<Segment>,
    ) -> Result<(), MacPduOverflow> {
        let at = write_mac_header(tb, self.elements.iter().copied())?;
        let mut rest = &mut tb[at..];
        let mtchs = pmch.map_or(&mut [][..], |pmch| &mut self.now.pmchs[pmch].mtchs);
        if has_msi {
            for mtch in mtchs.iter() {
                take(&mut rest, 2).copy_from_slice(&msi_entry(mtch).to_octets());
            }
        }
        if let Some(segment) = mcch {
            let rest_octets = if segment.is_last { 0 } else { segment.octets };
            let complete = usize::from(segment.is_last);
            let layout = PduLayout { complete, segment_octets: rest_octets, data_octets: segment.octets };
            self.mcch_rlc.write(&layout, take(&mut rest, layout.octets()));
        }
        for (i, layout) in &self.layouts {
            let mtch = &mut mtchs[*i];
            mtch.rlc.write(layout, take(&mut rest, layout.octets()));
            mtch.sdus -= layout.complete;
        }
        Ok(())
    }
}

impl Content {
    fn new(plan: AreaPlan, is_held: bool) -> Self {
        let pmchs = plan.configuration.pmch.iter().map(|info| {
            let mut mtchs: Vec<_> = info.sessions.iter().map(|session| Mtch::new(session, is_held)).collect();
            mtchs.sort_by_key(|mtch| mtch.lcid);
            PmchTx { mtchs, msp_start: None }
        });
        Self { pmchs: pmchs.collect(), plan }
    }

    /// The session of an MTCH.
    fn session(&self, pmch: usize, lcid: u8) -> Option<SessionKey> {
        let sessions = &self.plan.configuration.pmch.get(pmch)?.sessions;
        sessions.iter().find(|session| session.lcid == lcid).map(session_key)
    }

    /// Follows on `old`: takes the queues of its sessions. Gives the octets of sessions that it does not have.
    fn take_over(&mut self, mut old: Self) -> usize {
        for (i, (pmch, was)) in self.pmchs.iter_mut().zip(&mut old.pmchs).enumerate() {
            let same_blocks = self.plan.configuration.has_same_pmch(&old.plan.configuration, i);
            pmch.msp_start = was.msp_start.filter(|_| same_blocks);
            for mtch in &mut pmch.mtchs {
                let same = |m: &Mtch| (m.lcid, m.session) == (mtch.lcid, mtch.session);
                let Some(at) = was.mtchs.iter().position(same) else { continue };
                let mut before = was.mtchs.remove(at);
                before.is_held |= !same_blocks;
                before.rlc.append(&mut mtch.rlc);
                *mtch = before;
            }
        }
        // What is left has gone to another place, or is no more.
        let mut dropped = 0;
        for mut before in old.pmchs.into_iter().flat_map(|pmch| pmch.mtchs) {
            let mut mtchs = self.pmchs.iter_mut().flat_map(|pmch| &mut pmch.mtchs);
            match mtchs.find(|mtch| mtch.session == before.session) {
                Some(mtch) => {
                    before.rlc.re_establish();
                    before.rlc.append(&mut mtch.rlc);
                    mtch.rlc = before.rlc;
                }
                None => dropped += before.rlc.backlog_octets(),
            }
        }
        dropped
    }
}

impl PmchTx {
    fn mtch_mut(&mut self, lcid: u8) -> Option<&mut Mtch> {
        self.mtchs.iter_mut().find(|mtch| mtch.lcid == lcid)
    }

    fn backlog_octets(&self) -> usize {
        self.mtchs.iter().map(|mtch| mtch.rlc.backlog_octets()).sum()
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
