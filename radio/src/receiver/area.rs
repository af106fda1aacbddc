//! One MBSFN area: from aligned subframes to transport blocks, MCCH, MSI and SDUs of MTCHs.

use num_complex::Complex32;

use super::area_diagnosis::FailedBlock;
use super::config::ReceiverConfig;
use super::counters::Counters;
use super::diagnosis::Stage;
use super::event::{BlockFilter, BlockReport, FilteredBlock, ReceiverError, RxEvent};
use crate::cell::CellConfig;
use crate::estimate::EstimateQuality;
use crate::isa::Isa;
use crate::mch::{MchRx, MchRxEvent, PdcpPrefix, Wanted};
use crate::measure::{Meter, PowerDelayProfile};
use crate::modem::Modulation;
use crate::numerology::MbsfnNumerology;
use crate::phch::{MbsfnSubframeDemodulator, PmchDecoder, PmchParams};
use crate::rrc::MbsfnAreaInfo;
use crate::tbs::Mcs;
use crate::time::SubframeTime;

/// Receives the MCCH and all MTCHs of an area from one or two antennas. Allocates in `new` and when the MCCH brings a new
/// transport format.
pub(super) struct AreaReceiver {
    cell: CellConfig,
    info: MbsfnAreaInfo,
    isa: Isa,
    pdcp: PdcpPrefix,
    mch: MchRx,
    /// One for each antenna.
    demodulators: Vec<MbsfnSubframeDemodulator>,
    /// One for each MCS met so far.
    decoders: Vec<PmchDecoder>,
    last_decoder: usize,
    meter: Meter,
    tb: Vec<u8>,
    /// The last blocks of MCCH, of scheduling information and of MTCHs that failed.
    failed: [Option<FailedBlock>; 3],
}

impl AreaReceiver {
    /// Plans the receiver of an area that SIB13 names.
    ///
    /// # Errors
    /// The area cannot be, or not in this cell.
    pub(super) fn new(cell: CellConfig, info: &MbsfnAreaInfo, config: &ReceiverConfig) -> Result<Self, ReceiverError> {
        let (id, region, numerology) = (info.n_id_mbsfn, info.non_mbsfn_region, MbsfnNumerology::Khz15);
        let params = PmchParams::new(cell, id, region, info.mcch.signalling_mcs)?;
        let demodulator = |_| MbsfnSubframeDemodulator::new(&cell, id, region, numerology);
        Ok(Self {
            mch: MchRx::new(info)?,
            demodulators: (0..config.n_rx).map(demodulator).collect(),
            tb: vec![0; params.format.octets()],
            decoders: vec![PmchDecoder::new(params, config.isa)?],
            last_decoder: 0,
            meter: Meter::new(&cell, numerology),
            failed: [const { None }; 3],
            cell,
            info: *info,
            isa: config.isa,
            pdcp: config.pdcp,
        })
    }

    /// What SIB13 says of it.
    pub(super) const fn info(&self) -> &MbsfnAreaInfo {
        &self.info
    }

    /// Its MCHs.
    pub(super) const fn mch(&self) -> &MchRx {
        &self.mch
    }

    /// Is this subframe worth decoding, and how?
    pub(super) fn wants(&self, time: SubframeTime) -> Option<Wanted> {
        self.mch.wants(time.frame(), time.subframe())
    }

    /// The cell.
    pub(super) const fn cell(&self) -> &CellConfig {
        &self.cell
    }

    /// Instruction set of the decoders.
    pub(super) const fn isa(&self) -> Isa {
        self.isa
    }

    /// The block of a stage that failed last.
    pub(super) fn failed(&self, stage: Stage) -> Option<&FailedBlock> {
        self.failed[failure(stage)].as_ref()
    }

    /// A change notification of the area came.
    pub(super) fn expect_change(&mut self, time: SubframeTime) {
        self.mch.expect_change(time.frame());
    }

    /// Takes an MCCH message that was received before, so that it need not be waited for.
    pub(super) fn assume(&mut self, message: &[u8], sink: &mut impl FnMut(RxEvent<'_>)) {
        let n_id_mbsfn = self.info.n_id_mbsfn;
        self.mch.assume(message, &mut |event| sink(RxEvent::Mch { n_id_mbsfn, event }));
    }

    /// Tries a subframe that was wanted: the samples of each antenna, without the frequency offset `cfo_hz`, the first one
    /// being number `at` of the stream. The report is that of the event, `None` when the transport format cannot be decoded.
    ///
    /// # Panics
    /// If there are not as many antennas as planned, or one is not one subframe long.
    pub(super) fn subframe(
        &mut self,
        time: SubframeTime,
        wanted: Wanted,
        (antennas, cfo_hz, at): (&[Vec<Complex32>], f64, u64),
        filter: Option<&mut BlockFilter>,
        counters: &mut Counters,
        sink: &mut impl FnMut(RxEvent<'_>),
    ) -> Option<BlockReport> {
        assert_eq!(antennas.len(), self.demodulators.len(), "antennas");
        let n_id_mbsfn = self.info.n_id_mbsfn;
        let Some(index) = self.decoder(wanted.mcs) else {
            self.mch.push_block(time.frame(), time.subframe(), None, &mut |event| {
                sink(RxEvent::Mch { n_id_mbsfn, event });
            });
            return None;
        };
        self.last_decoder = index;
        let subframe = time.subframe();
        let estimates = self.demodulators.iter_mut().zip(antennas).map(|(d, iq)| d.demodulate(subframe, iq));
        let estimate = estimates.reduce(combined)?;
        let decoder = &mut self.decoders[index];
        self.tb.resize(decoder.params().format.octets(), 0);
        let tb = self.tb.as_mut_slice();
        let quality = MbsfnSubframeDemodulator::decode_combined(&self.demodulators, decoder, subframe, tb);
        let sent = (quality.crc_ok || wanted.is_announced, quality.crc_ok.then_some(&*tb));
        let measured = self.meter.measure(&self.demodulators, decoder, subframe, sent);
        let asked = FilteredBlock::Mch { n_id_mbsfn, pmch: wanted.pmch };
        let keep = quality.crc_ok && filter.is_none_or(|filter| filter(&asked, tb));
        let tb = keep.then_some(&*tb);
        let report = BlockReport {
            time,
            n_id_mbsfn,
            pmch: wanted.pmch,
            mcs: wanted.mcs,
            signalling: wanted.is_signalling,
            announced: wanted.is_announced,
            estimate,
            quality,
            measured,
            cfo_hz,
            at,
        };
        sink(RxEvent::Block(report, tb));
        let (mut has_msi, pdcp) = (false, self.pdcp);
        self.mch.push_block(time.frame(), subframe, tb, &mut |event| {
            has_msi |= matches!(event, MchRxEvent::Msi { .. });
            let event = match event {
                MchRxEvent::Sdu { pmch, lcid, bytes } => MchRxEvent::Sdu { pmch, lcid, bytes: pdcp.strip(bytes) },
                event => event,
            };
            counters.count_event(n_id_mbsfn, &event);
            sink(RxEvent::Mch { n_id_mbsfn, event });
        });
        self.count(&report, has_msi, counters, antennas);
        Some(report)
    }

    /// Counts the stages that a block belongs to, keeps it when it failed.
    fn count(&mut self, report: &BlockReport, has_msi: bool, counters: &mut Counters, antennas: &[Vec<Complex32>]) {
        let (time, is_good) = (report.time, report.quality.crc_ok);
        let mut stages = [None; 2];
        if self.info.is_mcch(time.frame(), time.subframe()) {
            stages[0] = Some((Stage::McchCrc, is_good));
        } else if !report.signalling && (report.announced || is_good) {
            stages[0] = Some((Stage::MtchCrc, is_good));
        }
        if self.mch.is_msp_start(time.frame(), time.subframe()) {
            stages[1] = Some((Stage::Msi, has_msi));
        }
        for (stage, is_good) in stages.into_iter().flatten() {
            counters.count(stage, is_good);
            if !is_good {
                let failed = &mut self.failed[failure(stage)];
                match failed {
                    Some(failed) => failed.keep(report, antennas),
                    None => *failed = Some(FailedBlock::new(report, antennas)),
                }
            }
        }
    }

    /// By how many samples subframes begin later than they are taken to, when that is more than cell-specific reference
    /// signals can tell; else 0.
    pub(super) fn misplacement(&self) -> isize {
        self.demodulators.first().map_or(0, MbsfnSubframeDemodulator::misplacement)
    }

    /// Subframes are taken to begin `later` samples later than before.
    pub(super) fn moved(&mut self, later: isize) {
        self.demodulators.iter_mut().for_each(|demodulator| demodulator.moved(later));
        self.meter.moved(later);
    }

    /// Equalised symbols of the transport block last tried, and their modulation.
    pub(super) fn symbols(&self) -> (&[Complex32], Modulation) {
        let decoder = &self.decoders[self.last_decoder];
        (decoder.symbols(), decoder.params().format.modulation)
    }

    /// Impulse response of the subframe last tried, first antenna: see [`crate::MbsfnEstimator::impulse_response`].
    pub(super) fn impulse_response(&self) -> &[Complex32] {
        self.demodulators.first().map_or(&[], MbsfnSubframeDemodulator::impulse_response)
    }

    /// Power over delay of the subframes measured last.
    pub(super) const fn power_delay_profile(&self) -> &PowerDelayProfile {
        self.meter.profile()
    }

    /// The decoder of an MCS, planned when it is first wanted; `None` when it cannot be planned.
    fn decoder(&mut self, mcs: Mcs) -> Option<usize> {
        if let Some(index) = self.decoders.iter().position(|d| d.params().format.mcs == mcs) {
            return Some(index);
        }
        let (id, region) = (self.info.n_id_mbsfn, self.info.non_mbsfn_region);
        let params = PmchParams::allow_any_code_rate(self.cell, id, region, mcs).ok()?;
        self.decoders.push(PmchDecoder::new(params, self.isa).ok()?);
        Some(self.decoders.len() - 1)
    }
}

/// Place of the block that failed at a stage.
fn failure(stage: Stage) -> usize {
    match stage {
        Stage::McchCrc => 0,
        Stage::Msi => 1,
        _ => 2,
    }
}

/// Two antennas as one: signal to noise ratios add up (maximum ratio combining), errors of time and frequency count by
/// them. The noise is that of the better antenna.
fn combined(a: EstimateQuality, b: EstimateQuality) -> EstimateQuality {
    let ratio = |e: &EstimateQuality| e.signal / e.noise.max(f32::MIN_POSITIVE);
    let (ratio_a, ratio_b) = (ratio(&a), ratio(&b));
    let (noise, sum) = (if ratio_a > ratio_b { a.noise } else { b.noise }, ratio_a + ratio_b);
    let share = if sum > 0.0 { ratio_a / sum } else { 0.5 };
    let mean = |a: f32, b: f32| share * a + (1.0 - share) * b;
    EstimateQuality {
        noise,
        signal: sum * noise,
        frequency_error_hz: mean(a.frequency_error_hz, b.frequency_error_hz),
        timing_samples: mean(a.timing_samples, b.timing_samples),
    }
}
