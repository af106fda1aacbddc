//! Following a carrier: where its subframes begin and by how much its frequency is off.

use num_complex::Complex32;

use super::stream::SampleStream;
use crate::numerology::{SFN_MODULUS, SUBFRAMES_PER_FRAME};
use crate::oscillator::Oscillator;
use crate::time::SubframeTime;

/// Share of a frequency error that is taken out of the following subframes.
const FREQUENCY_GAIN: f64 = 0.1;
/// The same for the first measurements, when the offset is that of the cell search.
const FREQUENCY_GAIN_FIRST: f64 = 0.5;
/// Share of a timing error that goes into its mean.
const TIMING_GAIN: f32 = 0.4;
/// Measurements that count as the first ones.
const FIRST_MEASUREMENTS: u32 = 4;
/// The window moves when the mean timing error is this many samples: less would make it move to and fro.
const TIMING_STEP: f32 = 0.6;
/// A window moves by no more than this at once, samples of 1.92 MS/s: a measurement gone wrong cannot throw it off.
const TIMING_STEP_MAX: f32 = 4.0;

/// Time and frequency of a carrier.
pub(super) struct Follower {
    samples_per_subframe: usize,
    sample_rate_hz: f64,
    /// Number in the stream of the first sample of the next subframe.
    start: u64,
    /// The next subframe.
    time: SubframeTime,
    cfo_hz: f64,
    oscillator: Oscillator,
    timing_error: f32,
    measurements: u32,
    /// Samples of the last subframe of every antenna, without the frequency offset.
    iq: Vec<Vec<Complex32>>,
}

impl Follower {
    /// Subframe `time` begins at sample `start`.
    pub(super) fn new(samples_per_subframe: usize, n_rx: u8, start: u64, time: SubframeTime, cfo_hz: f64) -> Self {
        let sample_rate_hz = samples_per_subframe as f64 * 1000.0;
        Self {
            samples_per_subframe,
            sample_rate_hz,
            start,
            time,
            cfo_hz,
            oscillator: Oscillator::new(-cfo_hz, sample_rate_hz),
            timing_error: 0.0,
            measurements: 0,
            iq: vec![Vec::with_capacity(samples_per_subframe); usize::from(n_rx)],
        }
    }

    /// The next subframe.
    pub(super) const fn time(&self) -> SubframeTime {
        self.time
    }

    /// Where it begins.
    pub(super) const fn start(&self) -> u64 {
        self.start
    }

    /// Carrier frequency offset, Hz.
    pub(super) const fn cfo_hz(&self) -> f64 {
        self.cfo_hz
    }

    /// Has the next subframe arrived as a whole?
    pub(super) fn is_at_hand(&self, stream: &SampleStream) -> bool {
        stream.end() >= self.start + self.samples_per_subframe as u64
    }

    /// Samples of the subframe last loaded, antenna by antenna.
    pub(super) fn iq(&self) -> &[Vec<Complex32>] {
        &self.iq
    }

    /// Loads the next subframe without its frequency offset; `false` when it has not arrived as a whole.
    pub(super) fn load(&mut self, stream: &SampleStream) -> bool {
        let Some(samples) = stream.get(self.start, self.samples_per_subframe) else { return false };
        for (iq, samples) in self.iq.iter_mut().zip(samples) {
            // Every antenna begins with the same phase.
            self.oscillator.clone().rotate_into(samples, iq);
        }
        true
    }

    /// Goes on to the subframe after it.
    pub(super) fn advance(&mut self) {
        self.start += self.samples_per_subframe as u64;
        self.time = self.time.next();
    }

    /// Goes on with the first subframe that begins at sample `at` or later.
    pub(super) fn skip_to(&mut self, at: u64) {
        let subframes = at.saturating_sub(self.start).div_ceil(self.samples_per_subframe as u64);
        self.start += subframes * self.samples_per_subframe as u64;
        self.time = SubframeTime::from_subframes(self.time.subframes() + subframes);
    }

    /// The system frame number of the radio frame that the next subframe is in is `sfn`. Of the frames that fit, the one
    /// is meant that comes nearest to the number of samples in the stream, so that transmitter and receiver count alike
    /// when they begin together.
    pub(super) fn set_sfn(&mut self, sfn: u32) {
        let frames = self.start / (SUBFRAMES_PER_FRAME * self.samples_per_subframe as u64);
        let ahead = (u64::from(sfn) + SFN_MODULUS - frames % SFN_MODULUS) % SFN_MODULUS;
        let (later, earlier) = (frames + ahead, (frames + ahead).checked_sub(SFN_MODULUS));
        let frame = earlier.filter(|_| ahead > SFN_MODULUS / 2).unwrap_or(later);
        self.time = SubframeTime::new(frame, self.time.subframe());
    }

    /// The subframe last loaded is off by so much in frequency.
    pub(super) fn correct_frequency(&mut self, error_hz: f32) {
        let first = self.measurements < FIRST_MEASUREMENTS;
        let gain = if first { FREQUENCY_GAIN_FIRST } else { FREQUENCY_GAIN };
        self.cfo_hz += gain * f64::from(error_hz);
        self.oscillator.retune(-self.cfo_hz, self.sample_rate_hz);
    }

    /// Subframes begin `later` samples later than was taken for granted.
    pub(super) fn move_start(&mut self, later: isize) {
        self.start = self.start.saturating_add_signed(later as i64);
    }

    /// The signal comes so many samples later than the subframes begin. Called once for each measurement.
    pub(super) fn correct_timing(&mut self, delay_samples: f32) {
        let first = self.measurements == 0;
        self.measurements = self.measurements.saturating_add(1);
        let gain = if first { 1.0 } else { TIMING_GAIN };
        self.timing_error += gain * (delay_samples - self.timing_error);
        if self.timing_error.abs() >= TIMING_STEP {
            let max = (TIMING_STEP_MAX * (self.samples_per_subframe / 1920) as f32).max(1.0);
            let step = self.timing_error.round().clamp(-max, max);
            self.start = self.start.saturating_add_signed(step as i64);
            self.timing_error -= step;
        }
    }
}
