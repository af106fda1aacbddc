//! Samples of the receive antennas, from their arrival until their subframe is done with.

use num_complex::Complex32;

/// Components beyond this, and those that are no numbers, are faults of a front end: such samples count as silence, so
/// that no sum of squares overflows.
const SAMPLE_MAX: f32 = 1e9;

/// The samples at hand of every antenna; keeps its memory.
#[derive(Debug)]
pub(super) struct SampleStream {
    antennas: Vec<Vec<Complex32>>,
    /// Number in the stream of the first sample at hand.
    first: u64,
}

impl SampleStream {
    pub(super) fn new(n_rx: u8) -> Self {
        Self { antennas: vec![Vec::new(); usize::from(n_rx)], first: 0 }
    }

    /// Number of the first sample at hand.
    pub(super) const fn first(&self) -> u64 {
        self.first
    }

    /// Number of the sample that comes next.
    pub(super) fn end(&self) -> u64 {
        self.first + self.antennas[0].len() as u64
    }

    /// Samples at hand.
    pub(super) fn len(&self) -> usize {
        self.antennas[0].len()
    }

    /// The samples at hand of every antenna.
    pub(super) fn antennas(&self) -> impl Iterator<Item = &[Complex32]> {
        self.antennas.iter().map(Vec::as_slice)
    }

    /// Takes the next samples, `range` of what each antenna gives.
    pub(super) fn push(&mut self, antennas: &[&[Complex32]], range: std::ops::Range<usize>) {
        for (held, new) in self.antennas.iter_mut().zip(antennas) {
            let begins = held.len();
            held.extend_from_slice(&new[range.clone()]);
            let taken = &mut held[begins..];
            let values: &[f32] = bytemuck::cast_slice(taken);
            if !values.iter().fold(true, |all, value| all & (value.abs() <= SAMPLE_MAX)) {
                taken.iter_mut().filter(|s| !is_sample(s)).for_each(|s| *s = Complex32::ZERO);
            }
        }
    }

    /// Takes no notice of the next `count` samples, nor of those at hand.
    pub(super) fn leave_out(&mut self, count: usize) {
        self.restart(self.end() + count as u64);
    }

    /// Forgets all samples; the next one is number `at`.
    pub(super) fn restart(&mut self, at: u64) {
        self.antennas.iter_mut().for_each(Vec::clear);
        self.first = at;
    }

    /// Forgets what comes before sample `at`.
    pub(super) fn forget_before(&mut self, at: u64) {
        let count = usize::try_from(at.saturating_sub(self.first)).map_or(self.len(), |n| n.min(self.len()));
        if count > 0 {
            self.antennas.iter_mut().for_each(|samples| drop(samples.drain(..count)));
            self.first += count as u64;
        }
    }

    /// `count` samples from number `at` on of each antenna; `None` when they are not at hand.
    pub(super) fn get(&self, at: u64, count: usize) -> Option<impl Iterator<Item = &[Complex32]>> {
        let from = usize::try_from(at.checked_sub(self.first)?).ok()?;
        let until = from.checked_add(count).filter(|&until| until <= self.len())?;
        Some(self.antennas().map(move |samples| &samples[from..until]))
    }
}

/// False for NaN too.
fn is_sample(s: &Complex32) -> bool {
    s.re.abs() <= SAMPLE_MAX && s.im.abs() <= SAMPLE_MAX
}
