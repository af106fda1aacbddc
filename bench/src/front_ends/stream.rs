//! Samples as they come from a source, cut to what a turn needs.

use num_complex::Complex32;
use radio::{FrontEndError, IqSource, ReadBlock, StreamStatus};

use super::pump::silence_of;

/// A source that is read turn by turn; gaps become silence.
pub(super) struct Stream {
    source: Box<dyn IqSource + Send>,
    name: String,
    /// Number of the first sample that came.
    first: Option<u64>,
    /// Samples read, counted from the first.
    position: u64,
    buffers: Vec<Vec<Complex32>>,
}

impl Stream {
    /// Reads `block` samples at most at once.
    pub(super) fn new(source: Box<dyn IqSource + Send>, block: usize, name: String) -> Self {
        let buffers = vec![vec![Complex32::ZERO; block]; source.n_antennas()];
        Self { source, name, first: None, position: 0, buffers }
    }

    /// Appends samples to those of each antenna until there are `until` in all.
    pub(super) fn read_to(&mut self, until: u64, arrived: &mut [Vec<Complex32>]) -> Result<(), FrontEndError> {
        let Self { source, name, first, position, buffers } = self;
        while *position < until {
            let room = buffers[0].len().min((until - *position) as usize);
            let mut antennas: Vec<&mut [Complex32]> = buffers.iter_mut().map(|b| &mut b[..room]).collect();
            let ReadBlock::Samples { at, len } = source.read(&mut antennas)? else {
                return Err(FrontEndError::Ended {
                    front_end: name.clone(),
                    after_s: *position as f64 / source.sample_rate_hz(),
                    hint: "the scenario goes on: give it a longer recording, or a shorter scenario",
                });
            };
            let next = first.map(|first| first + *position);
            let gap = silence_of(at, next, source.sample_rate_hz())?;
            for (arrived, came) in arrived.iter_mut().zip(buffers.iter()) {
                arrived.resize(arrived.len() + gap, Complex32::ZERO);
                arrived.extend_from_slice(&came[..len]);
            }
            first.get_or_insert(at);
            *position += (gap + len) as u64;
        }
        Ok(())
    }

    pub(super) fn status(&self) -> StreamStatus {
        self.source.status()
    }
}
