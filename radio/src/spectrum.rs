//! Power spectral density by Welch's method: Hann windows, averaged periodograms.

use std::sync::Arc;

use num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

/// Averages periodograms of a stream; allocates in `new` and in [`Self::psd_db`] only.
pub struct SpectrumAnalyzer {
    fft: Arc<dyn Fft<f32>>,
    scratch: Vec<Complex32>,
    window: Vec<f32>,
    segment: Vec<Complex32>,
    sum: Vec<f64>,
    segments: u64,
    /// One in so many segments is taken into account, and how many go by until the next one is.
    one_in: usize,
    until_next: usize,
}

impl SpectrumAnalyzer {
    /// Plans `bins` bins over the whole sample rate.
    pub fn new(bins: usize) -> Self {
        Self::with_one_in(bins, 1)
    }

    /// The same, but of `one_in` segments of the stream one is enough.
    ///
    /// # Panics
    /// If that is 0.
    pub fn with_one_in(bins: usize, one_in: usize) -> Self {
        assert!(one_in > 0, "one in no segments");
        let fft = FftPlanner::new().plan_fft_forward(bins);
        let hann = |n: usize| 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / bins as f32).cos();
        Self {
            scratch: vec![Complex32::default(); fft.get_inplace_scratch_len()],
            window: (0..bins).map(hann).collect(),
            segment: vec![Complex32::default(); bins],
            sum: vec![0.0; bins],
            segments: 0,
            one_in,
            until_next: 0,
            fft,
        }
    }

    /// Takes whole segments of `iq` into account, but for those whose samples are not all numbers.
    pub fn push(&mut self, iq: &[Complex32]) {
        for part in iq.chunks_exact(self.segment.len()) {
            if self.until_next > 0 {
                self.until_next -= 1;
                continue;
            }
            self.until_next = self.one_in - 1;
            if !part.iter().all(|x| x.is_finite()) {
                continue;
            }
            self.segment.iter_mut().zip(part).zip(&self.window).for_each(|((s, x), w)| *s = x * w);
            self.fft.process_with_scratch(&mut self.segment, &mut self.scratch);
            self.sum.iter_mut().zip(&self.segment).for_each(|(sum, s)| *sum += f64::from(s.norm_sqr()));
            self.segments += 1;
        }
    }

    /// Mean density per bin from -f_s/2 to +f_s/2, dB relative to the mean of the strongest tenth of the bins; `None`
    /// before the first whole segment, or when there was only silence.
    pub fn psd_db(&self) -> Option<Vec<f32>> {
        let mut sorted = self.sum.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let top = &sorted[..(sorted.len() / 10).max(1)];
        let reference = top.iter().sum::<f64>() / top.len() as f64;
        if self.segments == 0 || reference <= 0.0 {
            return None;
        }
        let middle = self.sum.len() / 2;
        let ordered = self.sum[middle..].iter().chain(&self.sum[..middle]);
        Some(ordered.map(|p| (10.0 * (p / reference).max(1e-12).log10()) as f32).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_some_segments_is_enough() {
        let noise = |n: usize| Complex32::new((n * n % 1009) as f32 - 504.0, (n * n * 7 % 997) as f32 - 498.0);
        let iq: Vec<_> = (0..64 * 30).map(noise).collect();
        let (mut whole, mut some) = (SpectrumAnalyzer::new(64), SpectrumAnalyzer::with_one_in(64, 7));
        (0..21).step_by(7).for_each(|i| whole.push(&iq[64 * i..64 * (i + 1)]));
        iq[..64 * 21].chunks(64 * 4).for_each(|part| some.push(part)); // the same however it comes
        assert_eq!(some.psd_db(), whole.psd_db());
    }

    #[test]
    fn a_tone_stands_where_it_is() {
        let mut analyzer = SpectrumAnalyzer::new(64);
        assert_eq!(analyzer.psd_db(), None);
        let tone = |n: usize| Complex32::cis(std::f32::consts::TAU * -0.25 * n as f32);
        analyzer.push(&(0..6400).map(tone).collect::<Vec<_>>());
        let psd = analyzer.psd_db().unwrap();
        let peak = psd.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
        assert_eq!(peak, 16); // -f_s/4 is a quarter of the way from -f_s/2
        assert!(psd[48] < -60.0, "{}", psd[48]);
        analyzer.push(&[Complex32::new(0.0, f32::NAN); 64]);
        assert_eq!(analyzer.psd_db(), Some(psd));
    }
}
