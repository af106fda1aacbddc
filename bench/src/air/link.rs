//! One UE's side of the air: its channel and its receiver.

use std::ops::Range;

use num_complex::Complex32;
use protocol::Entropy;
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
    /// Its channel has no noise of its own.
    is_noiseless: bool,
    /// What the channel gets without coverage, in the place of what is sent.
    silence: Vec<Complex32>,
    /// What noise is made of that is not the channel's.
    entropy: Entropy,
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
/// Power of the noise without coverage where it is not the channel's, as a part of what was received: 20 dB less. Silence is
/// not left silent.
const NOISE_LEFT: f32 = 0.01;
const NOISE_LEAST: f32 = 1e-6;
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
            is_noiseless: channel.snr_db.is_none(),
            silence: Vec::new(),
            entropy: Entropy::of_box(channel.seed, name),
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
                self.drown();
                self.listen(samples_per_subframe, stopwatch);
            }
            Arrived::AtEach(ues) => {
                copy(&ues[ue], &mut self.received);
                self.drown();
                self.listen(samples_per_subframe, stopwatch);
            }
        }
    }

    /// Takes a subframe by way of the channel.
    pub(super) fn hear_subframe(&mut self, sent: &[impl AsRef<[Complex32]>], stopwatch: Option<Stopwatch>) {
        let mut sent: Vec<_> = sent.iter().map(AsRef::as_ref).collect();
        let len = sent[0].len();
        if self.is_deaf && !self.is_noiseless {
            self.silence.resize(len, Complex32::ZERO);
            sent.fill(&self.silence);
        }
        let ((), time) = timed(stopwatch, || self.channel.process(&sent, &mut self.received));
        time.into_iter().for_each(|time| self.load.channel.add(time));
        if self.is_noiseless {
            self.drown();
        }
        self.listen(len, stopwatch);
    }

    pub(super) const fn set_covered(&mut self, is_covered: bool) {
        self.is_deaf = !is_covered;
    }

    /// Without coverage there is noise in the place of all that was received, and less of it: what a channel made of silence has
    /// its own noise, and what came from outside or over a channel without noise has this one.
    fn drown(&mut self) {
        if !self.is_deaf {
            return;
        }
        for antenna in &mut self.received {
            let energy: f32 = antenna.iter().map(Complex32::norm_sqr).sum();
            let power = NOISE_LEFT * energy / antenna.len().max(1) as f32;
            // Evenly spread over -1/2 to 1/2 each part has a variance of 1/12.
            let scale = (6.0 * power).sqrt().max(NOISE_LEAST);
            for sample in antenna {
                let bits = self.entropy.next_u64();
                let part = |bits: u64| (bits & 0xffff) as f32 / 65536.0 - 0.5;
                *sample = Complex32::new(part(bits), part(bits >> 16)) * scale;
            }
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

#[cfg(test)]
mod tests {
    use radio::ReceiverConfig;

    use super::*;

    /// A UE that hears nothing but a constant.
    fn link(seed: u64, snr_db: Option<f64>) -> Link {
        let receiver = Receiver::new(ReceiverConfig::new(1_920_000)).unwrap();
        let channel = ChannelConfig { snr_db, ..ChannelConfig::awgn(1.92e6, 0.0, seed) };
        Link::new(&format!("ue{seed}"), &channel, 0, receiver)
    }

    fn hear(link: &mut Link, arrived: &Arrived<'_>) -> Vec<Complex32> {
        link.hear(arrived, 0, 1920, None);
        link.received[0].clone()
    }

    #[test]
    fn without_coverage_it_is_noise_whichever_way_the_carrier_comes() {
        let sent = vec![vec![Complex32::new(1.0, 0.0); 1920]];
        let each = vec![sent.clone()];
        let power = |samples: &[Complex32]| samples.iter().map(Complex32::norm_sqr).sum::<f32>() / samples.len() as f32;
        let ways = [Arrived::BeforeChannels(&sent), Arrived::AtAll(&sent), Arrived::AtEach(&each)];
        for (arrived, snr_db) in ways.iter().flat_map(|way| [(way, Some(20.0)), (way, None)]) {
            let (mut own, mut other) = (link(1, snr_db), link(2, snr_db));
            let with = power(&hear(&mut own, arrived));
            [&mut own, &mut other].into_iter().for_each(|link| link.set_covered(false));
            // What is left in the channel comes first.
            hear(&mut own, arrived);
            let noise = hear(&mut own, arrived);
            let mean = noise.iter().sum::<Complex32>().norm() / noise.len() as f32;
            let part = power(&noise) / with;
            assert!((0.008..0.012).contains(&part) && mean < 0.02, "{snr_db:?}: {part} {mean}");
            hear(&mut other, arrived);
            assert_ne!(noise, hear(&mut other, arrived), "a noise of its own");
            own.set_covered(true);
            hear(&mut own, arrived);
            assert!((power(&hear(&mut own, arrived)) / with - 1.0).abs() < 0.1);
        }
    }

    #[test]
    fn without_coverage_the_noise_is_the_channels() {
        let sent = vec![vec![Complex32::new(1.0, 0.0); 1920]];
        for (snr_db, expected) in [(0.0, 1.0), (30.0, 0.001)] {
            let mut own = link(1, Some(snr_db));
            own.set_covered(false);
            let noise = hear(&mut own, &Arrived::BeforeChannels(&sent));
            let power = noise.iter().map(Complex32::norm_sqr).sum::<f32>() / noise.len() as f32;
            assert!((power / expected - 1.0).abs() < 0.15, "{snr_db} dB: {power}");
        }
    }
}
