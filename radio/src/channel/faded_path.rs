//! A path that fades: a tapped delay line whose gains change.

use std::collections::VecDeque;
use std::f64::consts::TAU;

use num_complex::Complex32;

use super::config::{ChannelConfig, Evolution, FadingConfig};
use super::delay::LOOKAHEAD;
use super::fading::TapGains;
use super::tapped_delay_line::TappedDelayLine;
use crate::oscillator::Oscillator;

/// How far a wave may turn while the channel is taken to change linearly, radians: the error of that is below -46 dB for
/// the fastest wave, below -50 dB on average.
const LINEAR_RAD: f64 = 0.2;
/// Longest time for which the channel is taken to change linearly, in blocks.
const LONGEST_SEGMENT: usize = 1024;

/// One input through a fading path to every receive antenna.
#[derive(Clone)]
pub(super) struct FadedPath {
    stream: usize,
    line: TappedDelayLine,
    gains: TapGains,
    per_block: bool,
    /// Samples that the path delays beside its delay line.
    bulk: usize,
    /// What the input was, from `read` on still needed: first what the next block depends on.
    history: Vec<Complex32>,
    read: usize,
    spectrum: Vec<Complex32>,
    work: Vec<Complex32>,
    now: Vec<Complex32>,
    antennas: Vec<Antenna>,
    /// Blocks of a segment, and how many of them are behind.
    segment: usize,
    blocks: usize,
    /// Samples given of the block that is in `Antenna::block`.
    given: usize,
    /// Samples of the stream up to that block's end.
    end: u64,
    taken: u64,
    /// Samples of the stream at which a new realisation begins.
    changes: VecDeque<u64>,
}

#[derive(Clone)]
struct Antenna {
    /// Filter at the begin of a segment, and what it changes by until its end.
    filter: Vec<Complex32>,
    change: Vec<Complex32>,
    block: Vec<Complex32>,
    oscillator: Option<Oscillator>,
}

impl FadedPath {
    /// Plans path `number` of a channel.
    pub(super) fn new(config: &ChannelConfig, number: usize, fading: &FadingConfig) -> Self {
        let path = &config.paths[number];
        let rate = config.sample_rate_hz;
        let delay = path.delay_s * rate;
        let bulk = delay.floor();
        let delays: Vec<f64> = fading.profile.taps.iter().map(|t| delay - bulk + t.delay_s * rate).collect();
        let per_block = fading.evolution == Evolution::PerBlock;
        let still = if per_block { f64::INFINITY } else { LINEAR_RAD / (TAU * fading.doppler_hz) * rate };
        let line = TappedDelayLine::new(&delays, still as usize);
        let segment = ((still / line.block() as f64) as usize).clamp(1, LONGEST_SEGMENT);
        let step_s = (segment * line.block()) as f64 / rate;
        let silence = vec![Complex32::ZERO; line.n_fft()];
        let antenna = Antenna {
            filter: silence.clone(),
            change: silence.clone(),
            block: vec![Complex32::ZERO; line.block()],
            oscillator: (path.cfo_hz != 0.0).then(|| Oscillator::new(path.cfo_hz, rate)),
        };
        let mut faded = Self {
            stream: path.stream,
            gains: TapGains::new(fading, step_s, config.seed, number, config.n_rx, config.rx_correlation)
                .scaled(10f64.powf(path.power_db / 20.0)),
            per_block,
            bulk: bulk as usize,
            history: vec![Complex32::ZERO; bulk as usize + line.past()],
            read: 0,
            spectrum: silence.clone(),
            work: silence.clone(),
            now: vec![Complex32::ZERO; fading.profile.taps.len() * config.n_rx],
            antennas: vec![antenna; config.n_rx],
            segment,
            blocks: 0,
            given: line.block(),
            end: 0,
            taken: 0,
            changes: VecDeque::new(),
            line,
        };
        faded.advance();
        if !per_block {
            faded.advance();
        }
        faded
    }

    /// Samples by which what can be given ends before what was taken.
    pub(super) fn lookahead(&self) -> usize {
        LOOKAHEAD + self.line.block() - 1
    }

    /// Draws gains anew for what is sent from now on, where they do not change by themselves.
    pub(super) fn new_realisation(&mut self) {
        let at = self.taken + self.bulk as u64;
        if self.per_block && self.changes.back() != Some(&at) {
            self.changes.push_back(at);
        }
    }

    /// Takes more of the input.
    pub(super) fn take(&mut self, inputs: &[&[Complex32]]) {
        if self.read > self.history.len() / 2 {
            self.history.drain(..self.read);
            self.read = 0;
        }
        self.history.extend_from_slice(inputs[self.stream]);
        self.taken += inputs[self.stream].len() as u64;
    }

    /// Adds the samples that come next to `outputs`, one for each antenna; [`Self::lookahead`] says how many there are.
    pub(super) fn add_to(&mut self, outputs: &mut [Vec<Complex32>]) {
        let count = outputs[0].len();
        let mut at = 0;
        while at < count {
            if self.given == self.line.block() {
                self.next_block();
            }
            let len = (count - at).min(self.line.block() - self.given);
            for (output, antenna) in outputs.iter_mut().zip(&self.antennas) {
                let block = &antenna.block[self.given..][..len];
                output[at..at + len].iter_mut().zip(block).for_each(|(sum, sample)| *sum += sample);
            }
            self.given += len;
            at += len;
        }
    }

    fn next_block(&mut self) {
        self.line.transform(&self.history[self.read..], &mut self.spectrum);
        self.read += self.line.block();
        let start = self.end;
        self.end += self.line.block() as u64;
        self.given = 0;
        if self.per_block {
            self.static_block(start);
        } else {
            self.changing_block();
        }
        for antenna in &mut self.antennas {
            if let Some(oscillator) = &mut antenna.oscillator {
                oscillator.rotate(&mut antenna.block);
            }
        }
    }

    /// A block in which the gains are constant between new realisations.
    fn static_block(&mut self, start: u64) {
        let mut from = 0;
        loop {
            while self.changes.front() == Some(&(start + from as u64)) {
                self.changes.pop_front();
                self.advance();
            }
            let until = self.changes.front().map_or(u64::MAX, |at| at - start);
            let until = until.min(self.line.block() as u64) as usize;
            for antenna in &mut self.antennas {
                let filtered = self.line.apply(&self.spectrum, &antenna.filter, &mut self.work);
                antenna.block[from..until].copy_from_slice(&filtered[from..until]);
            }
            from = until;
            if from == self.line.block() {
                return;
            }
        }
    }

    /// A block in which the gains change linearly.
    fn changing_block(&mut self) {
        let length = (self.segment * self.line.block()) as f32;
        let before = (self.blocks * self.line.block()) as f32;
        for antenna in &mut self.antennas {
            let filtered = self.line.apply(&self.spectrum, &antenna.filter, &mut self.work);
            antenna.block.copy_from_slice(filtered);
            let changed = self.line.apply(&self.spectrum, &antenna.change, &mut self.work);
            for (n, (sample, change)) in antenna.block.iter_mut().zip(changed).enumerate() {
                *sample += change * ((before + n as f32) / length);
            }
        }
        self.blocks += 1;
        if self.blocks == self.segment {
            self.blocks = 0;
            self.advance();
        }
    }

    /// Goes to the next gains: those that hold from now on, or those at the end of the segment that begins.
    fn advance(&mut self) {
        self.gains.next(&mut self.now);
        let taps = self.now.len() / self.antennas.len();
        for (antenna, gains) in self.antennas.iter_mut().zip(self.now.chunks_exact(taps)) {
            if self.per_block {
                self.line.filter(gains, &mut antenna.filter);
                continue;
            }
            // filter + change is the filter that the last segment ended with.
            for (filter, change) in antenna.filter.iter_mut().zip(&mut antenna.change) {
                *filter += *change;
            }
            self.line.filter(gains, &mut antenna.change);
            antenna.change.iter_mut().zip(&antenna.filter).for_each(|(change, filter)| *change -= filter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{DelayProfile, PathConfig};

    /// Held against gains that are worked out for every sample: what is linear in a segment is near what it stands for.
    #[test]
    fn changing_gains_are_followed() {
        let rate = 1.92e6;
        let profile = DelayProfile::mbsfn();
        let taps = profile.taps.clone();
        for (doppler_hz, most_db) in [(5.0, -50.0), (70.0, -50.0), (300.0, -50.0), (1900.0, -48.0)] {
            let fading = FadingConfig { profile: profile.clone(), doppler_hz, evolution: Evolution::Continuous };
            let path = PathConfig { delay_s: 7e-6, power_db: -2.0, ..PathConfig::default() };
            let config = ChannelConfig { n_rx: 2, paths: vec![path], ..ChannelConfig::awgn(rate, 0.0, 3) };
            let tone = |n: f64| Complex32::cis((TAU * (0.31 * n).fract()) as f32);
            let sent: Vec<_> = (0..30_000).map(|n| tone(f64::from(n))).collect();
            let mut faded = FadedPath::new(&config, 0, &fading);
            let mut heard = vec![vec![Complex32::ZERO; sent.len() - faded.lookahead()]; 2];
            faded.take(&[&sent]);
            faded.add_to(&mut heard);
            let mut exact = TapGains::new(&fading, 1.0 / rate, config.seed, 0, 2, 0.0);
            let mut gains = vec![Complex32::ZERO; 2 * taps.len()];
            let (mut error, mut power) = (0.0, 0.0);
            for n in 0..heard[0].len() {
                exact.next(&mut gains);
                for (heard, gains) in heard.iter().zip(gains.chunks(taps.len())).filter(|_| n > 200) {
                    let copies = gains.iter().zip(&taps).map(|(g, t)| g * tone(n as f64 - (t.delay_s + 7e-6) * rate));
                    let want = copies.sum::<Complex32>() * 10f32.powf(-2.0 / 20.0);
                    error += (heard[n] - want).norm_sqr();
                    power += want.norm_sqr();
                }
            }
            let error_db = 10.0 * (error / power).log10();
            assert!(error_db < most_db, "{doppler_hz} Hz: {error_db} dB");
        }
    }
}
