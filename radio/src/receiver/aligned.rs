//! A receiver for one MBSFN area that is told what SIB2 and SIB13 would tell, fed with samples that start at a subframe
//! boundary to within the cyclic prefix; PMCHs and sessions are learnt from the MCCH (TS 36.331 clause 5.8), what is
//! scheduled from the MSI (TS 36.321 clause 5.12).

use num_complex::Complex32;

use super::event::{BlockFilter, BlockReport, FilteredBlock, ReceiverError, RxEvent};
use crate::cell::CellConfig;
use crate::estimate::EstimateQuality;
use crate::isa::Isa;
use crate::mch::{MbsfnAreaConfig, MchRx};
use crate::modem::Modulation;
use crate::numerology::MbsfnNumerology;
use crate::oscillator::Oscillator;
use crate::phch::{MbsfnSubframeDemodulator, PmchDecoder, PmchParams};
use crate::sync::CyclicPrefixSync;
use crate::time::SubframeTime;

/// Subframes with a signal whose cyclic prefixes give the first idea of the frequency offset; tracking follows.
const ACQUISITION_SUBFRAMES: u32 = 12;
/// Share of the frequency error of a subframe that is taken out of the following ones.
const TRACKING_GAIN: f64 = 0.1;
/// A frequency error counts when the reference symbols agree this many times better than noise would: once in e^9 by
/// chance. Noise alone would walk the offset out of the range of tracking.
const TRACKING_STANDS_OUT: f32 = 3.0;
/// Announced blocks lost in a row after which the frequency offset is looked for anew.
const BLOCKS_LOST_MAX: u32 = 16;
/// Components beyond this, and those that are no numbers, are faults of a front end: such samples count as silence, so
/// that no sum of squares overflows.
const SAMPLE_MAX: f32 = 1e9;

/// The receiver of an aligned stream; samples are its only clock. Allocates in `new` and when the MCCH brings a new transport format.
pub struct AlignedReceiver {
    cell: CellConfig,
    area: MbsfnAreaConfig,
    isa: Isa,
    /// Samples of the subframe that is being collected, and where its first one belongs in the stream.
    samples: Vec<Complex32>,
    /// The subframe collected before it.
    last: Vec<Complex32>,
    start: u64,
    /// Number in the stream of the sample that comes next; before `start` when the rest of a cut subframe is left out.
    next: u64,
    mch: MchRx,
    demodulator: MbsfnSubframeDemodulator,
    decoders: Vec<PmchDecoder>,
    last_decoder: usize,
    tb: Vec<u8>,
    sync: CyclicPrefixSync,
    acquisition_left: u32,
    blocks_lost: u32,
    oscillator: Oscillator,
    cfo_hz: f64,
    block_filter: Option<BlockFilter>,
}

impl AlignedReceiver {
    /// A receiver for one MBSFN area of a cell; sample 0 of the stream is the start of frame 0.
    pub fn new(cell: CellConfig, area: MbsfnAreaConfig, isa: Isa) -> Result<Self, ReceiverError> {
        let (id, region, numerology) = (area.n_id_mbsfn, area.non_mbsfn_region, MbsfnNumerology::Khz15);
        let params = PmchParams::new(cell, id, region, area.mcch.signalling_mcs)?;
        Ok(Self {
            samples: Vec::with_capacity(cell.samples_per_subframe()),
            last: Vec::with_capacity(cell.samples_per_subframe()),
            start: 0,
            next: 0,
            mch: MchRx::new(&area.info())?,
            demodulator: MbsfnSubframeDemodulator::new(&cell, id, region, numerology),
            tb: vec![0; params.format.octets()],
            decoders: vec![PmchDecoder::new(params, isa)?],
            last_decoder: 0,
            sync: CyclicPrefixSync::new(cell.n_fft, region, numerology),
            acquisition_left: ACQUISITION_SUBFRAMES,
            blocks_lost: 0,
            oscillator: Oscillator::new(0.0, cell.sample_rate_hz()),
            cfo_hz: 0.0,
            block_filter: None,
            cell,
            area,
            isa,
        })
    }

    /// Takes samples of which the first is number `at` of the stream; what they tell goes to `sink`, in order.
    pub fn push(&mut self, at: u64, iq: &[Complex32], sink: &mut impl FnMut(RxEvent<'_>)) {
        let whole = self.cell.samples_per_subframe();
        if at != self.next {
            sink(RxEvent::SamplesLost { expected: self.next, at });
            self.samples.clear();
            self.start = at.next_multiple_of(whole as u64);
        }
        self.next = at + iq.len() as u64;
        let left_out = (self.start + self.samples.len() as u64).saturating_sub(at);
        let mut rest = &iq[usize::try_from(left_out).unwrap_or(usize::MAX).min(iq.len())..];
        while !rest.is_empty() {
            let (head, tail) = rest.split_at(rest.len().min(whole - self.samples.len()));
            self.samples.extend_from_slice(head);
            rest = tail;
            if self.samples.len() == whole {
                self.subframe(SubframeTime::from_subframes(self.start / whole as u64), sink);
                std::mem::swap(&mut self.samples, &mut self.last);
                self.samples.clear();
                self.start += whole as u64;
            }
        }
    }

    /// Goes on at another subframe; samples of one that was begun are forgotten.
    pub fn skip_to(&mut self, time: SubframeTime) {
        self.samples.clear();
        self.start = time.subframes() * self.cell.samples_per_subframe() as u64;
        self.next = self.start;
    }

    /// Lets `filter` change or drop (by giving `false`) transport blocks before layer 2 and the events see them: a
    /// fault put in on purpose.
    pub fn set_block_filter(&mut self, filter: BlockFilter) {
        self.block_filter = Some(filter);
    }

    /// Equalised symbols of the transport block last tried, and their modulation.
    pub fn symbols(&self) -> (&[Complex32], Modulation) {
        let decoder = &self.decoders[self.last_decoder];
        (decoder.symbols(), decoder.params().format.modulation)
    }

    /// Samples of the subframe last collected; if it was tried, without the frequency offset.
    pub fn last_subframe(&self) -> &[Complex32] {
        &self.last
    }

    /// Impulse response of the subframe last tried: see [`crate::MbsfnEstimator::impulse_response`].
    pub fn impulse_response(&self) -> &[Complex32] {
        self.demodulator.impulse_response()
    }

    /// A subframe is whole.
    fn subframe(&mut self, time: SubframeTime, sink: &mut impl FnMut(RxEvent<'_>)) {
        let acquires = self.area.subframes.contains(time.subframe()) && self.acquisition_left > 0;
        let wanted = self.mch.wants(time.frame(), time.subframe());
        if acquires || wanted.is_some() {
            self.samples.iter_mut().filter(|s| !is_sample(s)).for_each(|s| *s = Complex32::ZERO);
        }
        if acquires {
            self.acquire();
        }
        let Some(wanted) = wanted else { return };
        let n_id_mbsfn = self.area.n_id_mbsfn;
        self.oscillator.rotate(&mut self.samples);
        let Some(index) = self.decoder(wanted.mcs) else {
            return self.mch.push_block(time.frame(), time.subframe(), None, &mut |event| {
                sink(RxEvent::Mch { n_id_mbsfn, event });
            });
        };
        self.last_decoder = index;
        let estimate = self.demodulator.demodulate(time.subframe(), &self.samples);
        let decoder = &mut self.decoders[index];
        self.tb.resize(decoder.params().format.octets(), 0);
        let quality = self.demodulator.decode(decoder, time.subframe(), &mut self.tb);
        self.track(&estimate, quality.crc_ok, wanted.is_announced);
        let cfo_hz = self.cfo_hz;
        let tb = self.tb.as_mut_slice();
        let asked = FilteredBlock::Mch { n_id_mbsfn: self.area.n_id_mbsfn, pmch: wanted.pmch };
        let keep = quality.crc_ok && self.block_filter.as_mut().is_none_or(|filter| filter(&asked, tb));
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
            cfo_hz,
        };
        sink(RxEvent::Block(report, tb));
        self.mch.push_block(time.frame(), time.subframe(), tb, &mut |event| sink(RxEvent::Mch { n_id_mbsfn, event }));
    }

    /// Subframes in which nothing is heard do not count.
    fn acquire(&mut self) {
        if self.sync.push(&self.samples) {
            self.acquisition_left -= 1;
            self.tune(self.sync.frequency_offset_hz());
        }
    }

    /// Follows the frequency offset, or looks for it anew when too many blocks were lost.
    fn track(&mut self, estimate: &EstimateQuality, crc_ok: bool, announced: bool) {
        self.blocks_lost = if crc_ok { 0 } else { self.blocks_lost + u32::from(announced) };
        if self.blocks_lost >= BLOCKS_LOST_MAX {
            self.blocks_lost = 0;
            self.acquisition_left = ACQUISITION_SUBFRAMES;
            self.sync.clear();
        }
        if self.acquisition_left > 0 {
            return;
        }
        // Share of the power in which the reference symbols agree; of noise alone it is about 1 / sqrt(their number).
        let pilots = self.cell.n_rb_dl.subcarriers() as f32 / 2.0;
        let agreement = estimate.signal / (estimate.signal + estimate.noise);
        if crc_ok || agreement > TRACKING_STANDS_OUT / pilots.sqrt() {
            self.tune(self.cfo_hz + TRACKING_GAIN * f64::from(estimate.frequency_error_hz));
        }
    }

    fn tune(&mut self, cfo_hz: f64) {
        self.cfo_hz = cfo_hz;
        self.oscillator.retune(-cfo_hz, self.cell.sample_rate_hz());
    }

    /// The decoder of an MCS, planned when it is first wanted; `None` when it cannot be planned.
    fn decoder(&mut self, mcs: u8) -> Option<usize> {
        if let Some(index) = self.decoders.iter().position(|d| d.params().format.mcs == mcs) {
            return Some(index);
        }
        let (id, region) = (self.area.n_id_mbsfn, self.area.non_mbsfn_region);
        let params = PmchParams::allow_any_code_rate(self.cell, id, region, mcs).ok()?;
        self.decoders.push(PmchDecoder::new(params, self.isa).ok()?);
        Some(self.decoders.len() - 1)
    }
}

/// False for NaN too.
fn is_sample(s: &Complex32) -> bool {
    s.re.abs() <= SAMPLE_MAX && s.im.abs() <= SAMPLE_MAX
}
