//! System information on PDCCH and PDSCH: SIB1 in subframe 5 of even radio frames, SI messages in every subframe of their
//! windows that is free for them (TS 36.331 clauses 5.2.1.2 and 5.2.3, TS 36.321 clause 5.3.1, TS 36.213 clause 7.1).

use super::EnbError;
use super::overlay::Overlay;
use super::system_information::SystemInformationPlan;
use crate::cell::CarrierConfig;
use crate::dci::{Dci1A, Dci1C, SI_RNTI, si_rv, sib1_rv};
use crate::grid::Grid;
use crate::numerology::SubframeLayout;
use crate::phch::{
    AggregationLevel, ControlRegion, Gap, Pdcch, PdcchEncoder, PdschEncoder, SiAssignment, VrbAllocation, VrbType,
};
use crate::rrc::{BcchDlSchMessage, SiWindow};
use crate::time::SubframeTime;

/// Subframe of SIB1, in even radio frames (TS 36.331 clause 5.2.1.2).
const SIB1_SUBFRAME: u8 = 5;
/// Coded bits of system information in a resource block, about: QPSK on what control region and reference signals leave.
const BITS_PER_PRB: usize = 200;

/// Format of the downlink control information that announces system information (TS 36.212 clauses 5.3.3.1.3, 5.3.3.1.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SiDciFormat {
    /// Format 1A, resource blocks side by side.
    #[default]
    OneA,
    /// Format 1C, resource blocks spread over the carrier.
    OneC,
}

/// All transmissions of system information, made once.
pub(super) struct SiSender {
    /// By redundancy version.
    sib1: Vec<Overlay>,
    messages: Vec<Message>,
}

/// An SI message: its window, and by place in the window what goes out there.
struct Message {
    window: SiWindow,
    transmissions: Vec<Overlay>,
}

/// Makes transmissions.
struct Coder<'a> {
    carrier: &'a CarrierConfig,
    region: &'a ControlRegion,
    cfi: u8,
    format: SiDciFormat,
    level: AggregationLevel,
}

impl SiSender {
    /// Encodes everything: messages, transport blocks, and both channels in each subframe where they can be.
    pub(super) fn new(
        carrier: &CarrierConfig,
        region: &ControlRegion,
        cfi: u8,
        plan: &SystemInformationPlan,
        format: SiDciFormat,
    ) -> Result<Self, EnbError> {
        let level = common_level(region, cfi).ok_or(EnbError::ControlRegion { cfi })?;
        let coder = Coder { carrier, region, cfi, format, level };
        let message = BcchDlSchMessage::SystemInformationBlockType1(plan.sib1.clone()).encode()?;
        let sib1 = (0..4).map(|k| coder.transmission(SIB1_SUBFRAME, &message, sib1_rv(2 * k)));
        let sib1 = sib1.collect::<Result<_, _>>()?;
        let mut messages = Vec::new();
        for (index, message) in plan.messages()?.iter().enumerate() {
            let message = message.encode()?;
            let window = plan.sib1.si_window(index).ok_or(EnbError::NoSiWindow { index })?;
            let transmissions = (0..window.length_ms).map(|i| {
                let subframe = (u32::from(window.subframe) + u32::from(i)) % 10;
                coder.transmission(subframe as u8, &message, si_rv(i.into()))
            });
            messages.push(Message { window, transmissions: transmissions.collect::<Result<_, _>>()? });
        }
        Ok(Self { sib1, messages })
    }

    /// Puts what a unicast subframe has of system information on its grids.
    pub(super) fn put(&self, time: SubframeTime, grids: &mut [Grid]) {
        if is_sib1(time) {
            return self.sib1[time.sfn() as usize / 2 % self.sib1.len()].put(grids);
        }
        let due = self.messages.iter().find_map(|message| {
            let i = message.window.position(time)?;
            message.transmissions.get(usize::from(i))
        });
        if let Some(overlay) = due {
            overlay.put(grids);
        }
    }
}

impl Coder<'_> {
    fn transmission(&self, subframe: u8, message: &[u8], rv: u8) -> Result<Overlay, EnbError> {
        let too_long = EnbError::SiTooLong { octets: message.len() };
        let (dci, assignment) = match self.format {
            SiDciFormat::OneA => self.format_1a(8 * message.len(), rv).ok_or(too_long)?,
            SiDciFormat::OneC => self.format_1c(8 * message.len(), rv).ok_or(too_long)?,
        };
        let mut tb = message.to_vec();
        tb.resize(assignment.tbs_bits / 8, 0);
        let cell = &self.carrier.cell;
        let rows = SubframeLayout::normal(cell.n_fft).rows();
        Overlay::new(self.carrier.n_ports, rows, cell.n_rb_dl.subcarriers(), |grids| {
            let pdcch = Pdcch { rnti: SI_RNTI, first_cce: 0, level: self.level, dci: &dci };
            PdcchEncoder::new().encode(self.region, subframe, self.cfi, &pdcch, grids);
            let symbols = self.region.symbols(self.cfi);
            PdschEncoder::new(self.carrier).encode(subframe, symbols, &assignment, &tb, grids)?;
            Ok(())
        })
    }

    fn format_1a(&self, bits: usize, rv: u8) -> Option<(Vec<u8>, SiAssignment)> {
        let n_rb_dl = self.carrier.cell.n_rb_dl;
        let (mcs, n_prb_1a) = Dci1A::smallest_tbs(bits)?;
        let len = resource_blocks(bits).min(n_rb_dl.get());
        let allocation = VrbAllocation::new(n_rb_dl, VrbType::Localized, 0, len).ok()?;
        let dci = Dci1A { allocation, mcs, rv, n_prb_1a };
        Some((dci.pack(n_rb_dl).ok()?, dci.into()))
    }

    fn format_1c(&self, bits: usize, rv: u8) -> Option<(Vec<u8>, SiAssignment)> {
        let n_rb_dl = self.carrier.cell.n_rb_dl;
        let i_tbs = Dci1C::smallest_tbs(bits)?;
        let kind = VrbType::Distributed(Gap::One);
        // N_RB^step (TS 36.213 table 7.1.6.3-1).
        let step = if n_rb_dl.get() < 50 { 2 } else { 4 };
        let most = kind.n_vrb(n_rb_dl) / step * step;
        let len = resource_blocks(bits).next_multiple_of(step).min(most);
        let allocation = VrbAllocation::new(n_rb_dl, kind, 0, len).ok()?;
        let dci = Dci1C { allocation, i_tbs };
        Some((dci.pack(n_rb_dl).ok()?, SiAssignment::of_dci_1c(dci, rv)))
    }
}

/// Is this a subframe of SIB1?
pub(super) fn is_sib1(time: SubframeTime) -> bool {
    time.subframe() == SIB1_SUBFRAME && time.sfn().is_multiple_of(2)
}

/// Resource blocks at a code rate near to 1/3.
const fn resource_blocks(bits: usize) -> usize {
    (3 * (bits + 24)).div_ceil(BITS_PER_PRB)
}

/// The larger aggregation level for which the common search space has room.
pub(super) fn common_level(region: &ControlRegion, cfi: u8) -> Option<AggregationLevel> {
    [AggregationLevel::Eight, AggregationLevel::Four].into_iter().find(|level| level.cces() <= region.cces(cfi))
}
