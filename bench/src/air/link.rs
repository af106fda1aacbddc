//! One UE's side of the air: its channel and its receiver.

use std::ops::Range;

use num_complex::Complex32;
use radio::{ChannelConfig, ChannelModel, Receiver, RxEvent, SpectrumAnalyzer, SubframeTime};

use super::heard::{Heard, HeardWhat, at_ms, owned, time_of};
use super::{SPECTRUM_BINS, SPECTRUM_ONE_IN, timed};
use crate::front_ends::Arrived;
use crate::perf::{Load, Stopwatch};

/// One UE's side of the air.
pub(crate) struct Link {
    pub(super) name: String,
    channel: ChannelModel,
    /// Samples that it takes while the eNB gives one.
    clock: f64,
    pub(super) receiver: Receiver,
    /// Of each of its antennas.
    received: Vec<Vec<Complex32>>,
    /// Samples that the UE's stream begins after the eNB's.
    offset: u64,
    /// Of those, left out still.
    to_leave_out: usize,
    /// Number in the UE's stream of the sample that comes next.
    position: u64,
    /// Samples still in the channel that belong to before a skip.
    of_the_past: usize,
    /// The subframe last decoded.
    now: SubframeTime,
    /// It hears noise alone.
    is_deaf: bool,
    noise: u64,
    pub(super) spectrum: SpectrumAnalyzer,
    /// A constellation is wanted of the next data block.
    pub(super) wants_symbols: bool,
    /// Lost data blocks whose samples are still to be kept.
    lost_left: u32,
    pub(super) heard: Vec<Heard>,
    pub(super) load: Load,
}

/// Lost data blocks of which a UE keeps the samples.
const LOST_KEPT: u32 = 2;
/// Symbols that a constellation shows.
const SYMBOLS_SHOWN: usize = 400;

impl Link {
    /// The UE's stream begins `offset` samples after the eNB's.
    pub(crate) fn new(name: &str, channel: &ChannelConfig, offset: usize, receiver: Receiver) -> Self {
        Self {
            name: name.to_owned(),
            channel: ChannelModel::new(channel),
            clock: 1.0 + channel.impairments.clock_error_ppm * 1e-6,
            receiver,
            received: vec![Vec::new(); channel.n_rx],
            offset: offset as u64,
            to_leave_out: offset,
            position: 0,
            of_the_past: 0,
            now: SubframeTime::default(),
            is_deaf: false,
            noise: 1,
            spectrum: SpectrumAnalyzer::with_one_in(SPECTRUM_BINS, SPECTRUM_ONE_IN),
            wants_symbols: false,
            lost_left: LOST_KEPT,
            heard: Vec::new(),
            load: Load::default(),
        }
    }

    /// Goes on at sample `position` of the eNB's stream.
    pub(super) fn skip_to(&mut self, position: u64) {
        self.position = ((position as f64 * self.clock).round() as u64).saturating_sub(self.offset);
        self.receiver.skip_to(self.position);
        self.to_leave_out = self.offset.saturating_sub(position) as usize;
        self.of_the_past = self.channel.pending();
    }

    /// Takes what arrived in a radio frame; this is UE number `ue`.
    pub(super) fn hear(
        &mut self,
        arrived: &Arrived<'_>,
        ue: usize,
        samples_per_subframe: usize,
        stopwatch: Option<Stopwatch>,
    ) {
        match arrived {
            // A subframe at a time stays in the cache.
            Arrived::BeforeChannels(antennas) => {
                for from in (0..antennas[0].len()).step_by(samples_per_subframe) {
                    let sent: Vec<_> = antennas.iter().map(|a| &a[from..from + samples_per_subframe]).collect();
                    self.hear_subframe(&sent, stopwatch);
                }
            }
            // A receiver that UEs share may have more antennas than this one.
            Arrived::AtAll(antennas) => {
                copy(antennas, &mut self.received);
                self.listen(samples_per_subframe, stopwatch);
            }
            Arrived::AtEach(ues) => {
                copy(&ues[ue], &mut self.received);
                self.listen(samples_per_subframe, stopwatch);
            }
        }
    }

    /// Takes a subframe by way of the channel.
    pub(super) fn hear_subframe(&mut self, sent: &[impl AsRef<[Complex32]>], stopwatch: Option<Stopwatch>) {
        let sent: Vec<_> = sent.iter().map(AsRef::as_ref).collect();
        let ((), time) = timed(stopwatch, || self.channel.process(&sent, &mut self.received));
        time.into_iter().for_each(|time| self.load.channel.add(time));
        self.drown();
        self.listen(sent[0].len(), stopwatch);
    }

    pub(super) const fn set_covered(&mut self, is_covered: bool) {
        self.is_deaf = !is_covered;
    }

    /// Without coverage there is noise in the place of all that was received.
    fn drown(&mut self) {
        if !self.is_deaf {
            return;
        }
        for sample in self.received.iter_mut().flatten() {
            // Knuth's linear congruential generator; its upper bits are noise enough.
            self.noise = self.noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let part = |bits: u64| (bits & 0xffff) as f32 / 65536.0 - 0.5;
            *sample = Complex32::new(part(self.noise >> 48), part(self.noise >> 32));
        }
    }

    /// Takes what was received.
    fn listen(&mut self, samples_per_subframe: usize, stopwatch: Option<Stopwatch>) {
        let count = self.received[0].len();
        let past = std::mem::take(&mut self.of_the_past) + std::mem::take(&mut self.to_leave_out);
        let left_out = past.min(count);
        self.to_leave_out = past - left_out;
        self.spectrum.push(&self.received[0][left_out..]);
        // One subframe at a time, so that the symbols of a block can be looked at before the next one.
        let received = std::mem::take(&mut self.received);
        for from in (left_out..count).step_by(samples_per_subframe) {
            let part = from..count.min(from + samples_per_subframe);
            let is_whole = part.len() == samples_per_subframe;
            let (is_mbsfn, time) = timed(stopwatch, || self.hear_part(&received, part, samples_per_subframe as u64));
            if let Some(time) = time.filter(|_| is_whole) {
                self.load.receive.add(time, is_mbsfn);
            }
        }
        self.received = received;
    }

    /// Takes `part` of the samples of each antenna; tells whether the transport block of an MCH was in it.
    fn hear_part(&mut self, received: &[Vec<Complex32>], part: Range<usize>, samples_per_subframe: u64) -> bool {
        let end = self.position + part.len() as u64;
        let end_ms = (end + self.offset).div_ceil(samples_per_subframe);
        let (heard, now, offset) = (&mut self.heard, &mut self.now, self.offset);
        let (mut is_mbsfn, mut data_block, mut lost) = (false, false, None);
        let antennas: Vec<_> = received.iter().map(|antenna| &antenna[part.clone()]).collect();
        self.receiver.push(self.position, &antennas, &mut |event| {
            if let Some(time) = time_of(&event) {
                *now = time;
            }
            if let RxEvent::Block(report, _) = &event {
                is_mbsfn = true;
                data_block |= !report.signalling && report.quality.crc_ok;
                if !report.signalling && report.announced && !report.quality.crc_ok {
                    lost = Some(*report);
                }
            }
            let at_ms = match event {
                RxEvent::CellFound { frame_start, .. } => (frame_start + offset) / samples_per_subframe,
                _ => at_ms(*now, end_ms),
            };
            heard.extend(owned(event).map(|what| Heard { time: *now, at_ms, what }));
        });
        self.position = end;
        let (time, at_ms) = (self.now, at_ms(self.now, end_ms));
        if let Some(report) = lost.filter(|_| self.lost_left > 0) {
            self.lost_left -= 1;
            let what = HeardWhat::LostIq(report, self.receiver.last_subframe().to_vec());
            self.heard.push(Heard { time, at_ms, what });
        }
        if let Some((symbols, modulation)) = self.receiver.symbols().filter(|_| data_block && self.wants_symbols) {
            self.wants_symbols = false;
            let shown = symbols.iter().copied().step_by(symbols.len().div_ceil(SYMBOLS_SHOWN).max(1)).collect();
            self.heard.push(Heard { time, at_ms, what: HeardWhat::Symbols(modulation, shown) });
        }
        is_mbsfn
    }
}

/// Copies samples of as many antennas as there are places for.
fn copy(antennas: &[Vec<Complex32>], to: &mut [Vec<Complex32>]) {
    to.iter_mut().zip(antennas).for_each(|(to, from)| to.clone_from(from));
}
