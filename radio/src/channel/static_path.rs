//! Paths without fading: a delay and a frequency offset for all inputs that share them.

use std::ops::Range;

use num_complex::Complex32;

use super::config::PathConfig;
use super::delay::Delay;
use crate::oscillator::Oscillator;

/// Inputs with a gain and phase each, added, then delayed and turned together.
#[derive(Clone)]
pub(super) struct StaticPath {
    sources: Vec<(usize, Complex32)>,
    delay: Delay,
    oscillator: Option<Oscillator>,
    mixed: Vec<Complex32>,
}

impl StaticPath {
    /// Plans the paths that do not fade; those with the same delay and offset go together.
    pub(super) fn plan(paths: &[PathConfig], sample_rate_hz: f64) -> Vec<Self> {
        let mut groups: Vec<(f64, f64, Self)> = Vec::new();
        for path in paths.iter().filter(|p| p.fading.is_none()) {
            let source = (path.stream, path.amplitude());
            match groups.iter_mut().find(|(delay_s, cfo_hz, _)| (*delay_s, *cfo_hz) == (path.delay_s, path.cfo_hz)) {
                Some((.., group)) => group.sources.push(source),
                None => groups.push((path.delay_s, path.cfo_hz, Self::new(source, path, sample_rate_hz))),
            }
        }
        groups.into_iter().map(|(.., group)| group).collect()
    }

    fn new(source: (usize, Complex32), path: &PathConfig, sample_rate_hz: f64) -> Self {
        Self {
            sources: vec![source],
            delay: Delay::new(path.delay_s, sample_rate_hz),
            oscillator: (path.cfo_hz != 0.0).then(|| Oscillator::new(path.cfo_hz, sample_rate_hz)),
            mixed: Vec::new(),
        }
    }

    /// Samples that [`Self::process`] gives for `taken` more.
    pub(super) fn given_for(&self, taken: usize) -> usize {
        self.delay.given_for(taken)
    }

    /// Fills `output`, [`Self::given_for`] the samples of `part`, with what arrives while that part of `inputs` is sent.
    pub(super) fn process(&mut self, inputs: &[&[Complex32]], part: Range<usize>, output: &mut [Complex32]) {
        match self.sources[..] {
            [(stream, amplitude)] if amplitude == Complex32::ONE => self.delay.process(&inputs[stream][part], output),
            _ => {
                self.mixed.clear();
                self.mixed.resize(part.len(), Complex32::ZERO);
                for &(stream, amplitude) in &self.sources {
                    let input = &inputs[stream][part.clone()];
                    self.mixed.iter_mut().zip(input).for_each(|(sum, sample)| *sum += sample * amplitude);
                }
                self.delay.process(&self.mixed, output);
            }
        }
        if let Some(oscillator) = &mut self.oscillator {
            oscillator.rotate(output);
        }
    }
}
