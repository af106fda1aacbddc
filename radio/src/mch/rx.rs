//! TS 36.321 clause 5.12 and TS 36.331 clause 5.8.2: the receiving side of an MCH, from transport blocks to SDUs.

use std::ops::Range;

use super::plan::{SessionKey, session_key};
use super::schedule::{MchSchedule, PmchPosition, SubframeUse};
use crate::mac::{LCID_MCCH, LCID_MSI, MacPduError, MchPdu, Msi, MsiEntry};
use crate::rlc::{RlcPduError, UmReceiver};
use crate::rrc::{AreaConfigError, MbsfnAreaConfiguration, MbsfnAreaInfo, PmchInfo, RrcError};
use crate::tbs::Mcs;

/// UMD PDUs that one lost block can have held: full of 2048-octet elements, the largest block (TS 36.213 clause 7.1.7.2).
const PDUS_IN_BLOCK: u32 = 5;

/// A (P)MCH has a subframe in each common allocation period, so no more than this is between two of its scheduling periods
/// (`commonSF-AllocPeriod-r9`, TS 36.331 clause 6.2.2), radio frames.
const EMPTY_PERIODS_RF: u64 = 256;

/// Receives the MCCH and all MTCHs of an area. Memory is bounded by one unfinished SDU for each MTCH.
#[derive(Debug)]
pub struct MchRx {
    area: MbsfnAreaInfo,
    schedule: MchSchedule,
    configuration: Option<MbsfnAreaConfiguration>,
    mcch_message: Vec<u8>,
    mcch_rlc: UmReceiver,
    /// Radio frame of the MCCH block last heard.
    mcch_frame: Option<u64>,
    /// First radio frame from which the MCCH says something else, as the change notification told; until it was heard.
    change_from: Option<u64>,
    pmch: Vec<PmchRx>,
}

/// A subframe that is worth decoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Modulation and coding scheme.
    pub mcs: Mcs,
    /// Signalling MCS: an MCCH subframe or the first one of a scheduling period.
    pub is_signalling: bool,
    /// Something is sent for sure; without the MSI of the period there may be nothing.
    pub is_announced: bool,
    /// Place in the MCCH's list of the (P)MCH whose subframe it is, when one has it.
    pub pmch: Option<usize>,
}

/// What a transport block told.
#[derive(Debug)]
pub enum MchRxEvent<'a> {
    /// An MCCH message with a configuration.
    McchMessage {
        /// As received, UPER.
        bytes: &'a [u8],
        /// Decoded.
        config: &'a MbsfnAreaConfiguration,
        /// Not the one known before.
        changed: bool,
        /// A change notification told of this change.
        notified: bool,
    },
    /// The scheduling information of a period.
    Msi {
        /// Place of the (P)MCH in the MCCH's list.
        pmch: usize,
        /// First radio frame of the period, absolute.
        msp_start: u64,
        /// As received.
        entries: &'a [MsiEntry],
    },
    /// A whole SDU of an MTCH.
    Sdu {
        /// Place of the (P)MCH in the MCCH's list.
        pmch: usize,
        /// The MTCH.
        lcid: u8,
        /// As sent.
        bytes: &'a [u8],
    },
    /// PDUs of an MTCH are missing.
    RlcGap {
        /// Place of the (P)MCH in the MCCH's list.
        pmch: usize,
        /// The MTCH.
        lcid: u8,
        /// The RLC sequence number that was due.
        expected_sn: u8,
        /// The one that came.
        received_sn: u8,
        /// How many are missing, modulo 32; 32 when an SDU is broken and the numbers do not show it.
        lost_pdus: u8,
    },
    /// Something in a block breaks the standard; the rest of it was used.
    Malformed {
        /// What.
        what: MalformedMch,
    },
}

/// What breaks the standard.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MalformedMch {
    /// The transport block.
    #[error(transparent)]
    Mac(#[from] MacPduError),
    /// A PDU of a logical channel.
    #[error("logical channel {lcid}: {error}")]
    Rlc {
        /// The channel.
        lcid: u8,
        /// Why.
        error: RlcPduError,
    },
    /// The MCCH message.
    #[error(transparent)]
    Mcch(#[from] RrcError),
}

/// One (P)MCH and how far its scheduling period was followed.
#[derive(Debug)]
struct PmchRx {
    info: PmchInfo,
    /// The period at hand.
    msp_start: Option<u64>,
    /// Subframes of the period, all before this one are accounted for.
    next_index: u16,
    /// The MSI of the period at hand; without entries until it is received.
    msi: Msi,
    mtchs: Vec<MtchRx>,
}

#[derive(Debug)]
struct MtchRx {
    lcid: u8,
    session: SessionKey,
    rlc: UmReceiver,
    /// Blocks lost since the last PDU, of those that can have held one.
    blocks_lost: u32,
}

impl MchRx {
    /// Knows the area only; the rest comes with the MCCH.
    ///
    /// # Errors
    /// An area that SIB13 cannot describe.
    pub fn new(area: &MbsfnAreaInfo) -> Result<Self, AreaConfigError> {
        area.check()?;
        Ok(Self {
            area: *area,
            schedule: MchSchedule::new(area, None),
            configuration: None,
            mcch_message: Vec::new(),
            mcch_rlc: UmReceiver::default(),
            mcch_frame: None,
            change_from: None,
            pmch: Vec::new(),
        })
    }

    /// A change notification of this area came in radio frame `frame`: the MCCH says something else from the next
    /// modification period on (TS 36.331 clause 5.8.1.3). From then until it was heard, what the old one tells is tried,
    /// but not taken for sure.
    pub fn expect_change(&mut self, frame: u64) {
        let period = u64::from(self.area.mcch.modification_period_rf);
        self.change_from = Some((frame / period + 1) * period);
    }

    /// The area.
    pub const fn info(&self) -> &MbsfnAreaInfo {
        &self.area
    }

    /// What the MCCH said last.
    pub const fn configuration(&self) -> Option<&MbsfnAreaConfiguration> {
        self.configuration.as_ref()
    }

    /// The MCCH message received last, UPER.
    pub fn message(&self) -> Option<&[u8]> {
        self.configuration.is_some().then_some(&self.mcch_message)
    }

    /// Takes an MCCH message that was received before, so that it need not be waited for.
    pub fn assume(&mut self, message: &[u8], sink: &mut impl FnMut(MchRxEvent<'_>)) {
        match MbsfnAreaConfiguration::decode(message) {
            Ok(config) => {
                self.schedule = MchSchedule::new(&self.area, Some(&config));
                self.pmch = follow(Vec::new(), None, &config);
                self.mcch_message = message.to_vec();
                let config = &*self.configuration.insert(config);
                sink(MchRxEvent::McchMessage { bytes: message, config, changed: true, notified: false });
            }
            Err(e) => sink(MchRxEvent::Malformed { what: e.into() }),
        }
    }

    /// Does a scheduling period of a (P)MCH begin with this subframe?
    pub fn is_msp_start(&self, frame: u64, subframe: u8) -> bool {
        self.schedule.subframe_use(frame, subframe).position().is_some_and(|position| position.index_in_msp == 0)
    }

    /// Is this subframe worth decoding, and how? `frame` is absolute, SFN = frame mod 1024.
    ///
    /// MCCH subframes always, then the first one of each period, then those up to the last stop of the MSI; all of the
    /// period when the MSI was not received.
    pub fn wants(&self, frame: u64, subframe: u8) -> Option<Wanted> {
        let subframe_use = self.schedule.subframe_use(frame, subframe);
        let position = subframe_use.position();
        let pmch = position.map(|position| position.pmch);
        let is_changing = self.change_from.is_some_and(|from| frame >= from);
        if let SubframeUse::Mcch { .. } = subframe_use {
            // The message begins in the first of its subframes; whether it goes on in the others is not known.
            let is_first = self.area.mcch.subframes.iter().next() == Some(subframe);
            let is_owned = position.is_some_and(|position| self.is_announced(position, frame));
            let mcs = self.area.mcch.signalling_mcs.into();
            let is_announced = is_first || is_owned && !is_changing;
            return Some(Wanted { mcs, is_signalling: true, is_announced, pmch });
        }
        let position = position?;
        let PmchRx { info, msp_start, .. } = &self.pmch[position.pmch];
        if info.sessions.is_empty() {
            return None;
        }
        let is_announced = self.is_announced(position, frame) && !is_changing;
        if subframe_use.is_signalling() {
            let mcs = self.area.mcch.signalling_mcs.into();
            return Some(Wanted { mcs, is_signalling: true, is_announced, pmch });
        }
        let is_current = *msp_start == Some(self.schedule.msp_start(position.pmch, frame));
        let is_scheduled = !is_current || self.pmch[position.pmch].may_carry(position.index_in_msp);
        is_scheduled.then_some(Wanted { mcs: info.data_mcs, is_signalling: false, is_announced, pmch })
    }

    /// Does a (P)MCH send in this subframe for sure? In the first one of a period its MSI, then up to the last stop.
    fn is_announced(&self, position: PmchPosition, frame: u64) -> bool {
        let pmch = &self.pmch[position.pmch];
        let is_current = pmch.msp_start == Some(self.schedule.msp_start(position.pmch, frame));
        match position.index_in_msp {
            0 => !pmch.info.sessions.is_empty(),
            index => is_current && !pmch.msi.is_empty() && pmch.may_carry(index),
        }
    }

    /// Takes the transport block of a subframe that was wanted, `None` when its CRC failed. Subframes in their order; one
    /// that is left out counts as lost.
    pub fn push_block(&mut self, frame: u64, subframe: u8, tb: Option<&[u8]>, sink: &mut impl FnMut(MchRxEvent<'_>)) {
        let pdu = tb
            .map(MchPdu::parse)
            .and_then(|parsed| parsed.map_err(|e| sink(MchRxEvent::Malformed { what: MalformedMch::Mac(e) })).ok());
        let subframe_use = self.schedule.subframe_use(frame, subframe);
        let is_mcch = matches!(subframe_use, SubframeUse::Mcch { .. });
        if let (Some(pdu), true) = (&pdu, is_mcch) {
            if self.mcch_frame.replace(frame) != Some(frame) {
                // No message goes on from one repetition to the next.
                self.mcch_rlc.lose_partial();
            }
            self.take_mcch(frame, pdu, sink);
        }
        // The MCCH can have changed whose subframe this is.
        let Some(position) = self.schedule.subframe_use(frame, subframe).position() else { return };
        let msp_start = self.schedule.msp_start(position.pmch, frame);
        let pmch = &mut self.pmch[position.pmch];
        pmch.enter(&self.schedule, msp_start, position);
        match pdu {
            None => pmch.lose(position.index_in_msp, position.index_in_msp + 1),
            Some(pdu) => pmch.take(&pdu, position, is_mcch, msp_start, sink),
        }
        pmch.next_index = position.index_in_msp + 1;
    }

    /// MCCH first: it may say what the other elements of the same block are.
    fn take_mcch(&mut self, frame: u64, pdu: &MchPdu<'_>, sink: &mut impl FnMut(MchRxEvent<'_>)) {
        let Self { area, schedule, configuration, mcch_message, mcch_rlc, change_from, pmch, .. } = self;
        for element in pdu.elements().filter(|element| element.lcid == LCID_MCCH) {
            let mut message = |bytes: &[u8]| {
                let changed = configuration.is_none() || mcch_message != bytes;
                if changed {
                    match MbsfnAreaConfiguration::decode(bytes) {
                        Ok(new) => {
                            *schedule = MchSchedule::new(area, Some(&new));
                            *pmch = follow(std::mem::take(pmch), configuration.as_ref(), &new);
                            *configuration = Some(new);
                            mcch_message.clear();
                            mcch_message.extend_from_slice(bytes);
                        }
                        // Counting asks for answers on the uplink, which a broadcast receiver has not.
                        Err(RrcError::OtherMessage) => return,
                        Err(e) => return sink(MchRxEvent::Malformed { what: e.into() }),
                    }
                }
                let notified = change_from.take_if(|from| frame >= *from).is_some();
                if let Some(config) = configuration.as_ref() {
                    sink(MchRxEvent::McchMessage { bytes, config, changed, notified: changed && notified });
                }
            };
            // Gaps mean nothing here: repetitions are skipped, and the message is the same.
            if let Err(error) = mcch_rlc.push(element.octets, &mut message) {
                sink(MchRxEvent::Malformed { what: MalformedMch::Rlc { lcid: LCID_MCCH, error } });
            }
        }
    }
}

/// The (P)MCHs of a new configuration. A session that goes on keeps its RLC entity; one that ended loses it, a new one
/// begins fresh (TS 36.331 clauses 5.8.3.2 and 5.8.3.3). A (P)MCH whose blocks stay the same keeps its scheduling period.
fn follow(mut old: Vec<PmchRx>, before: Option<&MbsfnAreaConfiguration>, new: &MbsfnAreaConfiguration) -> Vec<PmchRx> {
    let mut pmch = Vec::new();
    for (i, info) in new.pmch.iter().enumerate() {
        let known = old.get_mut(i);
        let mut mtchs: Vec<MtchRx> = Vec::new();
        let mut entry =
            PmchRx { info: info.clone(), msp_start: None, next_index: 0, msi: Msi::EMPTY, mtchs: Vec::new() };
        let mut known_mtchs = Vec::new();
        if let Some(known) = known {
            known_mtchs = std::mem::take(&mut known.mtchs);
            if before.is_some_and(|before| new.has_same_pmch(before, i)) {
                (entry.msp_start, entry.next_index) = (known.msp_start, known.next_index);
                std::mem::swap(&mut entry.msi, &mut known.msi);
            }
        }
        for session in &info.sessions {
            if mtchs.iter().any(|mtch| mtch.lcid == session.lcid) {
                continue;
            }
            let same = |mtch: &MtchRx| (mtch.lcid, mtch.session) == (session.lcid, session_key(session));
            let same = known_mtchs.iter().position(same);
            mtchs.push(same.map(|at| known_mtchs.swap_remove(at)).unwrap_or_else(|| MtchRx {
                lcid: session.lcid,
                session: session_key(session),
                rlc: UmReceiver::default(),
                blocks_lost: 0,
            }));
        }
        pmch.push(PmchRx { mtchs, ..entry });
    }
    pmch
}

impl PmchRx {
    /// Can any MTCH be in this subframe of the period at hand?
    fn may_carry(&self, index: u16) -> bool {
        self.msi.is_empty() || self.msi.iter().filter_map(MsiEntry::stop_index).any(|stop| index <= stop)
    }

    /// Moves on to a subframe; those passed over count as lost.
    fn enter(&mut self, schedule: &MchSchedule, msp_start: u64, position: PmchPosition) {
        let index = position.index_in_msp;
        if self.msp_start != Some(msp_start) {
            match self.msp_start {
                None => {}
                Some(before) if self.is_next_period(schedule, position.pmch, before, msp_start) => {
                    self.lose(self.next_index, schedule.subframes_of_msp(position.pmch, before).count() as u16);
                }
                // Whole periods were not listened to: nothing of before can be put together.
                Some(_) => self.mtchs.iter_mut().for_each(|mtch| mtch.rlc.reset()),
            }
            self.msp_start = Some(msp_start);
            self.msi = Msi::EMPTY;
            self.next_index = 0;
        }
        self.lose(self.next_index, index);
    }

    /// Is there no period with subframes between that which begins at `before` and that at `msp_start`? A period shorter
    /// than the common allocation period can have none.
    fn is_next_period(&self, schedule: &MchSchedule, pmch: usize, before: u64, msp_start: u64) -> bool {
        let period = u64::from(self.info.mch_scheduling_period_rf).max(1);
        let first = before + period;
        let mut between = (first..msp_start).step_by(usize::from(self.info.mch_scheduling_period_rf).max(1));
        first <= msp_start
            && msp_start - first <= EMPTY_PERIODS_RF
            && between.all(|start| schedule.subframes_of_msp(pmch, start).next().is_none())
    }

    /// Counts lost blocks `from..end` for the MTCHs that can have been in them: between the stop of the MTCH before and
    /// the own one, or anywhere when the MSI is not known.
    fn lose(&mut self, from: u16, end: u16) {
        for mtch in &mut self.mtchs {
            let range = range_of(&self.msi, mtch.lcid);
            let lost = end.min(range.end).saturating_sub(from.max(range.start));
            mtch.blocks_lost = mtch.blocks_lost.saturating_add(lost.into());
        }
    }

    fn take(
        &mut self,
        pdu: &MchPdu<'_>,
        position: PmchPosition,
        is_mcch: bool,
        msp_start: u64,
        sink: &mut impl FnMut(MchRxEvent<'_>),
    ) {
        let pmch = position.pmch;
        for element in pdu.elements() {
            let lcid = element.lcid;
            if lcid == LCID_MSI && position.index_in_msp == 0 {
                self.msi = Msi::parse(element.octets);
                sink(MchRxEvent::Msi { pmch, msp_start, entries: &self.msi });
            } else if lcid != LCID_MCCH || !is_mcch {
                // Without an MCCH in the block its LCID can be that of an MTCH (table 6.2.1-4, note).
                let Some(mtch) = self.mtchs.iter_mut().find(|mtch| mtch.lcid == lcid) else { continue };
                mtch.take(element.octets, pmch, sink);
            }
        }
    }
}

/// Subframes of a period that an MTCH can be in; none when it is not scheduled, all when the MSI is not known.
fn range_of(msi: &[MsiEntry], lcid: u8) -> Range<u16> {
    if msi.is_empty() {
        return 0..u16::MAX;
    }
    let mut start = 0;
    for entry in msi {
        let stop = entry.stop_index();
        if entry.lcid == lcid {
            return stop.map_or(0..0, |stop| start..stop + 1);
        }
        start = stop.unwrap_or(start);
    }
    0..0
}

impl MtchRx {
    fn take(&mut self, pdu: &[u8], pmch: usize, sink: &mut impl FnMut(MchRxEvent<'_>)) {
        let lcid = self.lcid;
        // So many blocks are missing that the sequence number may have come round.
        let unsure = std::mem::take(&mut self.blocks_lost).saturating_mul(PDUS_IN_BLOCK) >= 32;
        let broken = unsure && self.rlc.lose_partial();
        let mut deliver = |bytes: &[u8]| sink(MchRxEvent::Sdu { pmch, lcid, bytes });
        match self.rlc.push(pdu, &mut deliver) {
            Ok(report) => {
                let lost_pdus = if report.lost_pdus == 0 && broken { 32 } else { report.lost_pdus };
                if lost_pdus > 0 {
                    let (expected_sn, received_sn) = (report.expected_sn, report.sn);
                    sink(MchRxEvent::RlcGap { pmch, lcid, expected_sn, received_sn, lost_pdus });
                }
            }
            Err(error) => sink(MchRxEvent::Malformed { what: MalformedMch::Rlc { lcid, error } }),
        }
    }
}
