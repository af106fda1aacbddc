//! System information of a cell: control format, control information, SIB1 and SI messages
//! (TS 36.331 clause 5.2.3, TS 36.321 clause 5.3.1).

use super::counters::Counters;
use super::diagnosis::Stage;
use super::event::{BlockFilter, FilteredBlock};
use crate::cell::CarrierConfig;
use crate::coding::SoftBuffer;
use crate::dci::{Dci1A, Dci1C, M_RNTI, SI_RNTI, si_rv, sib1_rv, unpack_mcch_change_notification};
use crate::isa::Isa;
use crate::mch::MbsfnSubframes;
use crate::numerology::SFN_MODULUS;
use crate::phch::transmit_diversity::ReceiveAntenna;
use crate::phch::{ControlRegion, DciFormat, Pcfich, PdcchDecoder, PdschDecoder, SiAssignment};
use crate::rrc::{
    BcchDlSchMessage, SiWindow, SystemInformationBlock, SystemInformationBlockType1, SystemInformationBlockType13,
};
use crate::time::SubframeTime;

/// A control format indicator whose code word fits less than this may be noise.
const CFI_METRIC_MIN: f32 = 0.62;
/// Radio frames over which SIB1 stays the same: its transmissions are combined (TS 36.331 clause 5.2.1.2).
const SIB1_PERIOD_RF: u64 = 8;
/// Radio frames after which SIB1 is read again when SIB2 does not tell the modification period: the shortest one.
const MODIFICATION_PERIOD_MIN_RF: u64 = 64;

/// What a subframe may carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BcchSubframe {
    /// SIB1.
    Sib1,
    /// SI message of this place in the scheduling list.
    Message(usize),
}

/// Receives the BCCH on the DL-SCH. Allocates while system information is being acquired, not after.
pub(super) struct SystemInformationReceiver {
    carrier: CarrierConfig,
    isa: Isa,
    region: ControlRegion,
    mbsfn_region: ControlRegion,
    pcfich: Pcfich,
    pdcch: PdcchDecoder,
    pdsch: PdschDecoder,
    sib1: Option<(Vec<u8>, SystemInformationBlockType1)>,
    sib1_reception: Option<Reception>,
    messages: Vec<Message>,
    mbsfn_subframes: Option<MbsfnSubframes>,
    sib13: Option<SystemInformationBlockType13>,
    modification_period_rf: u64,
    /// Radio frame from which on SIB1 is read again.
    sib1_due: u64,
}

/// An SI message of the scheduling list.
struct Message {
    window: Option<SiWindow>,
    octets: Option<Vec<u8>>,
    due: bool,
    reception: Option<Reception>,
}

/// Transmissions of one transport block.
struct Reception {
    /// What they belong together by: the first subframe of a window or a period.
    start: u64,
    soft: SoftBuffer,
    tb: Vec<u8>,
}

/// A message of the BCCH that is new: as sent, and decoded.
pub(super) type News = (Vec<u8>, BcchDlSchMessage);

impl SystemInformationReceiver {
    pub(super) fn new(carrier: &CarrierConfig, isa: Isa) -> Self {
        Self {
            carrier: *carrier,
            isa,
            region: ControlRegion::new(carrier, false),
            mbsfn_region: ControlRegion::new(carrier, true),
            pcfich: Pcfich::new(),
            pdcch: PdcchDecoder::new(carrier),
            pdsch: PdschDecoder::new(carrier),
            sib1: None,
            sib1_reception: None,
            messages: Vec::new(),
            mbsfn_subframes: None,
            sib13: None,
            modification_period_rf: MODIFICATION_PERIOD_MIN_RF,
            sib1_due: 0,
        }
    }

    /// SIB1, when it is known.
    pub(super) fn sib1(&self) -> Option<&SystemInformationBlockType1> {
        self.sib1.as_ref().map(|(_, sib1)| sib1)
    }

    /// SIB13, when it is known.
    pub(super) const fn sib13(&self) -> Option<&SystemInformationBlockType13> {
        self.sib13.as_ref()
    }

    /// Has every SI message that SIB1 schedules been received?
    pub(super) fn is_complete(&self) -> bool {
        self.sib1.is_some() && self.messages.iter().all(|message| message.octets.is_some())
    }

    /// SI messages that have not been received: their blocks besides SIB2 and their periods, radio frames.
    pub(super) fn missing(&self) -> impl Iterator<Item = (&[u8], u16)> {
        let scheduled = self.sib1().map_or(&[][..], |sib1| &sib1.scheduling_info);
        let missing = scheduled.iter().zip(&self.messages).filter(|(_, message)| message.octets.is_none());
        missing.map(|(info, _)| (info.sibs.as_slice(), info.si_periodicity_rf))
    }

    /// The messages known: SIB1, then the SI messages.
    pub(super) fn octets(&self) -> impl Iterator<Item = &[u8]> {
        let sib1 = self.sib1.iter().map(|(octets, _)| octets.as_slice());
        sib1.chain(self.messages.iter().filter_map(|message| message.octets.as_deref()))
    }

    /// Takes a message that was received before, so that it need not be waited for; what it says.
    pub(super) fn assume(&mut self, octets: &[u8], time: SubframeTime) -> Option<BcchDlSchMessage> {
        let message = BcchDlSchMessage::decode(octets).ok()?;
        self.learn(&message, octets, None, time);
        Some(message)
    }

    /// The cell was away: SIB1 is read again to see whether what is known still holds.
    pub(super) fn check_again(&mut self) {
        self.sib1_due = 0;
    }

    /// What is worth reading in this subframe.
    pub(super) fn wants(&self, time: SubframeTime) -> Option<BcchSubframe> {
        if time.subframe() == 5 && time.frame().is_multiple_of(2) {
            return (time.frame() >= self.sib1_due).then_some(BcchSubframe::Sib1);
        }
        let is_mbsfn = |subframes: &MbsfnSubframes| subframes.contains(time.frame(), time.subframe());
        if self.mbsfn_subframes.as_ref().is_some_and(is_mbsfn) {
            return None;
        }
        let is_due = |message: &Message| message.due && message.window.is_some_and(|w| w.position(time).is_some());
        self.messages.iter().position(is_due).map(BcchSubframe::Message)
    }

    /// Is this subframe one in which MCCH changes are notified?
    pub(super) fn wants_notification(&self, time: SubframeTime) -> bool {
        let Some(sib13) = &self.sib13 else { return false };
        let periods = sib13.areas.iter().map(|area| area.mcch.modification_period_rf);
        let is_occasion = |shortest| sib13.notification.is_occasion(shortest, time.frame(), time.subframe());
        periods.min().is_some_and(is_occasion)
    }

    /// The bitmap of a change notification, when there is one in the control region of an MBSFN subframe.
    pub(super) fn notification(&mut self, time: SubframeTime, received: &[ReceiveAntenna<'_>]) -> Option<u8> {
        let subframe = time.subframe();
        let cfi = self.pcfich.decode(&self.mbsfn_region, subframe, received);
        if cfi.metric < CFI_METRIC_MIN {
            return None;
        }
        self.pdcch.receive(&self.mbsfn_region, subframe, cfi.cfi, received);
        let found = self.pdcch.search(M_RNTI, DciFormat::OneC)?;
        unpack_mcch_change_notification(self.carrier.cell.n_rb_dl, found.dci).ok()
    }

    /// Reads a subframe that was wanted; what is new in it.
    pub(super) fn read(
        &mut self,
        time: SubframeTime,
        wanted: BcchSubframe,
        received: &[ReceiveAntenna<'_>],
        counters: &mut Counters,
        filter: Option<&mut BlockFilter>,
    ) -> Option<News> {
        let subframe = time.subframe();
        let cfi = self.pcfich.decode(&self.region, subframe, received);
        // In the window of an SI message most subframes carry nothing: only SIB1 tells whether a stage works.
        let must_be = wanted == BcchSubframe::Sib1;
        let is_cfi = cfi.metric >= CFI_METRIC_MIN;
        if must_be || is_cfi {
            counters.count(Stage::Cfi, is_cfi);
        }
        let assignment = self.control_information(time, wanted, cfi.cfi, received);
        if must_be || assignment.is_some() {
            counters.count(Stage::Dci, assignment.is_some());
        }
        let Some(assignment) = assignment else {
            if must_be && self.sib1.is_none() {
                counters.other_cfi = self.other_cfi(time, wanted, cfi.cfi, received).map(|other| (cfi.cfi, other));
            }
            return None;
        };
        let start = match wanted {
            BcchSubframe::Sib1 => time.frame() / SIB1_PERIOD_RF,
            // A window of the period before can reach over the beginning of time; the value is only compared.
            BcchSubframe::Message(i) => {
                let position = self.messages.get(i)?.window?.position(time)?;
                time.subframes().wrapping_sub(position.into())
            }
        };
        let (reception, known) = match wanted {
            BcchSubframe::Sib1 => (&mut self.sib1_reception, self.sib1.as_ref().map(|(octets, _)| octets)),
            BcchSubframe::Message(i) => {
                let message = self.messages.get_mut(i)?;
                (&mut message.reception, message.octets.as_ref())
            }
        };
        match reception {
            Some(known) if 8 * known.tb.len() == assignment.tbs_bits => known.go_on_with(start),
            _ => *reception = Reception::new(start, assignment.tbs_bits, self.isa),
        }
        let Reception { soft, tb, .. } = reception.as_mut()?;
        let symbols = self.region.symbols(cfi.cfi);
        let decoded = self.pdsch.decode(subframe, symbols, &assignment, received, soft, tb);
        counters.count(Stage::Sib, decoded.crc_ok);
        if !decoded.crc_ok {
            return None;
        }
        soft.clear();
        if filter.is_some_and(|filter| !filter(&FilteredBlock::SystemInformation, tb)) {
            return None;
        }
        if known == Some(tb) {
            self.done(time, wanted);
            return None;
        }
        let octets = tb.clone();
        self.take(time, wanted, octets, counters)
    }

    /// A message that is new.
    fn take(
        &mut self,
        time: SubframeTime,
        wanted: BcchSubframe,
        octets: Vec<u8>,
        counters: &mut Counters,
    ) -> Option<News> {
        let place = match wanted {
            BcchSubframe::Sib1 => None,
            BcchSubframe::Message(i) => Some(i),
        };
        match BcchDlSchMessage::decode(&octets) {
            Ok(message) => {
                self.learn(&message, &octets, place, time);
                Some((octets, message))
            }
            Err(error) => {
                counters.unreadable_sib = Some(error.to_string());
                // It would come out the same again.
                self.done(time, wanted);
                None
            }
        }
    }

    /// Nothing more of the message is needed for now.
    fn done(&mut self, time: SubframeTime, wanted: BcchSubframe) {
        match wanted {
            BcchSubframe::Sib1 => self.sib1_due = self.next_modification(time),
            BcchSubframe::Message(i) => self.messages[i].due = false,
        }
    }

    /// Keeps a message, the SI message of `place` or of the first place that is free.
    fn learn(&mut self, message: &BcchDlSchMessage, octets: &[u8], place: Option<usize>, time: SubframeTime) {
        match message {
            BcchDlSchMessage::SystemInformationBlockType1(sib1) => {
                // Another value tag, or another schedule: everything is read again.
                let message = |i| Message { window: sib1.si_window(i), octets: None, due: true, reception: None };
                self.messages = (0..sib1.scheduling_info.len()).map(message).collect();
                // Until SIB2 tells again, an SI message may be in any subframe of its window.
                self.mbsfn_subframes = None;
                if !sib1.scheduling_info.iter().any(|info| info.sibs.contains(&13)) {
                    self.sib13 = None;
                }
                self.sib1 = Some((octets.to_vec(), sib1.clone()));
                self.sib1_due = self.next_modification(time);
            }
            BcchDlSchMessage::SystemInformation(si) => {
                for sib in &si.sibs {
                    match sib {
                        SystemInformationBlock::Type2(sib2) => {
                            self.mbsfn_subframes = Some(MbsfnSubframes::new(&sib2.mbsfn_subframe_config_list));
                            // Boundaries are where SFN mod period = 0: those of a longer period are SFN 0 (5.2.1.3).
                            let period_rf = u64::from(sib2.bcch_modification_period_rf());
                            self.modification_period_rf = period_rf.clamp(1, SFN_MODULUS);
                            self.sib1_due = self.next_modification(time);
                        }
                        SystemInformationBlock::Type13(sib13) => self.sib13 = Some(sib13.clone()),
                        _ => {}
                    }
                }
                let place = place.or_else(|| self.messages.iter().position(|message| message.octets.is_none()));
                if let Some(message) = place.and_then(|place| self.messages.get_mut(place)) {
                    message.due = false;
                    message.octets = Some(octets.to_vec());
                }
            }
        }
    }

    /// First frame of the next modification period.
    fn next_modification(&self, time: SubframeTime) -> u64 {
        (time.frame() / self.modification_period_rf + 1) * self.modification_period_rf
    }

    /// Looks for what announces the wanted message at a CFI.
    fn control_information(
        &mut self,
        time: SubframeTime,
        wanted: BcchSubframe,
        cfi: u8,
        received: &[ReceiveAntenna<'_>],
    ) -> Option<SiAssignment> {
        let n_rb_dl = self.carrier.cell.n_rb_dl;
        self.pdcch.receive(&self.region, time.subframe(), cfi, received);
        if let Some(found) = self.pdcch.search(SI_RNTI, DciFormat::OneA)
            && let Ok(dci) = Dci1A::unpack(n_rb_dl, found.dci)
        {
            return Some(dci.into());
        }
        let found = self.pdcch.search(SI_RNTI, DciFormat::OneC)?;
        let dci = Dci1C::unpack(n_rb_dl, found.dci).ok()?;
        let rv = match wanted {
            BcchSubframe::Sib1 => sib1_rv(time.sfn()),
            BcchSubframe::Message(i) => si_rv(self.messages.get(i)?.window?.position(time)?.into()),
        };
        Some(SiAssignment::of_dci_1c(dci, rv))
    }

    /// Another CFI than the one that the PCFICH told, at which there is control information.
    fn other_cfi(
        &mut self,
        time: SubframeTime,
        wanted: BcchSubframe,
        told: u8,
        received: &[ReceiveAntenna<'_>],
    ) -> Option<u8> {
        let others = self.region.allowed_cfis().iter().copied().filter(|&cfi| cfi != told);
        others.into_iter().find(|&cfi| self.control_information(time, wanted, cfi, received).is_some())
    }
}

impl Reception {
    fn new(start: u64, tbs_bits: usize, isa: Isa) -> Option<Self> {
        let soft = SoftBuffer::new(tbs_bits, isa).ok()?;
        Some(Self { start, tb: vec![0; soft.octets()], soft })
    }

    /// Transmissions of another period are not added to those of before.
    fn go_on_with(&mut self, start: u64) {
        if self.start != start {
            self.start = start;
            self.soft.clear();
        }
    }
}
