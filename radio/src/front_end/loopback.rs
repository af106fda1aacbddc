//! A front end in memory: what one end sends the other end receives. For other threads of one program.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use num_complex::Complex32;

use super::pace::Deadline;
use super::{FrontEndError, IqSink, IqSource, ReadBlock, StreamStatus, buffer_len};

/// The sending end of a [`loopback`].
pub struct LoopbackSink(End);

/// The receiving end of a [`loopback`].
pub struct LoopbackSource {
    end: End,
    sample_rate_hz: f64,
}

/// Two ends that hold up to `capacity` samples of each antenna between them. Either waits for the other for up to
/// `answer_ms`, and fails at once when the other is gone.
///
/// # Panics
/// If there is no antenna or no room.
pub fn loopback(
    n_antennas: usize,
    sample_rate_hz: f64,
    capacity: usize,
    answer_ms: u32,
) -> (LoopbackSink, LoopbackSource) {
    assert!(n_antennas > 0 && capacity > 0, "{n_antennas} antennas, {capacity} samples");
    let state = State { queues: vec![VecDeque::new(); n_antennas], finished: false, gone: false };
    let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
    let end = || End { shared: Arc::clone(&shared), capacity, answer_ms, status: StreamStatus::default() };
    (LoopbackSink(end()), LoopbackSource { end: end(), sample_rate_hz })
}

struct End {
    shared: Arc<Shared>,
    capacity: usize,
    answer_ms: u32,
    status: StreamStatus,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Samples under way, one queue for each antenna.
    queues: Vec<VecDeque<Complex32>>,
    /// The sender has said that there is no more.
    finished: bool,
    /// One of the ends has been dropped.
    gone: bool,
}

impl End {
    /// The state, once `ready` says so or the other end is gone.
    fn wait(&self, ready: impl Fn(&State) -> bool, hint: &'static str) -> Result<MutexGuard<'_, State>, FrontEndError> {
        let deadline = Deadline::after_ms(self.answer_ms);
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !ready(&state) && !state.gone {
            let Some(left_ms) = deadline.left_ms() else {
                let waited_ms = self.answer_ms.into();
                return Err(FrontEndError::NoAnswer { front_end: FRONT_END.into(), waited_ms, hint });
            };
            let left = Duration::from_millis(left_ms.unsigned_abs());
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(state)
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).gone = true;
        self.shared.changed.notify_all();
    }
}

fn gone(why: &str) -> FrontEndError {
    FrontEndError::Gone { front_end: FRONT_END.into(), why: why.into() }
}

impl IqSink for LoopbackSink {
    /// # Panics
    /// If there is not one slice for each antenna, all of one length.
    fn write(&mut self, antennas: &[&[Complex32]]) -> Result<(), FrontEndError> {
        let end = &mut self.0;
        let len = antennas.first().map_or(0, |a| a.len());
        assert!(antennas.iter().all(|a| a.len() == len), "slices of one length");
        let mut from = 0;
        while from < len {
            let mut state = end.wait(|s| s.queues[0].len() < end.capacity, "the receiving end takes nothing")?;
            if state.gone {
                return Err(gone("the receiving end has been closed"));
            }
            assert_eq!(antennas.len(), state.queues.len(), "one slice for each antenna");
            let to = len.min(from + end.capacity - state.queues[0].len());
            for (queue, samples) in state.queues.iter_mut().zip(antennas) {
                queue.extend(&samples[from..to]);
            }
            drop(state);
            end.shared.changed.notify_all();
            end.status.samples += (to - from) as u64;
            from = to;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), FrontEndError> {
        self.0.shared.state.lock().unwrap_or_else(PoisonError::into_inner).finished = true;
        self.0.shared.changed.notify_all();
        Ok(())
    }

    fn status(&self) -> StreamStatus {
        self.0.status
    }
}

impl IqSource for LoopbackSource {
    fn sample_rate_hz(&self) -> f64 {
        self.sample_rate_hz
    }

    fn n_antennas(&self) -> usize {
        self.end.shared.state.lock().unwrap_or_else(PoisonError::into_inner).queues.len()
    }

    /// # Panics
    /// If there is not one buffer for each antenna, all of one length that is not 0.
    fn read(&mut self, antennas: &mut [&mut [Complex32]]) -> Result<ReadBlock, FrontEndError> {
        let room = buffer_len(antennas, self.n_antennas());
        let end = &mut self.end;
        let mut state = end.wait(|s| !s.queues[0].is_empty() || s.finished, "the sending end sends nothing")?;
        let len = room.min(state.queues[0].len());
        if len == 0 {
            return if state.finished { Ok(ReadBlock::End) } else { Err(gone("the sending end has been closed")) };
        }
        for (out, queue) in antennas.iter_mut().zip(&mut state.queues) {
            out.iter_mut().zip(queue.drain(..len)).for_each(|(out, sample)| *out = sample);
        }
        drop(state);
        end.shared.changed.notify_all();
        let at = end.status.samples;
        end.status.samples += len as u64;
        Ok(ReadBlock::Samples { at, len })
    }

    fn status(&self) -> StreamStatus {
        self.end.status
    }
}

const FRONT_END: &str = "loopback";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_wait_for_so_long_only() {
        let (mut sink, mut source) = loopback(1, 1e6, 10, 20);
        let mut buffer = [Complex32::default(); 4];
        let silent = source.read(&mut [&mut buffer]).unwrap_err().to_string();
        assert_eq!(silent, "loopback: no answer for 20 ms; the sending end sends nothing");
        let full = sink.write(&[&[Complex32::ONE; 11]]).unwrap_err().to_string();
        assert_eq!(full, "loopback: no answer for 20 ms; the receiving end takes nothing");
        assert_eq!(sink.status().samples, 10);
        sink.finish().unwrap();
        for (at, len) in [(0, 4), (4, 4), (8, 2)] {
            assert_eq!(source.read(&mut [&mut buffer]).unwrap(), ReadBlock::Samples { at, len });
        }
        assert_eq!(source.read(&mut [&mut buffer]).unwrap(), ReadBlock::End);
        drop(source);
        assert!(sink.write(&[&[Complex32::ONE; 1]]).unwrap_err().to_string().contains("has been closed"));
    }

    #[test]
    fn a_sender_that_vanishes_is_not_an_end() {
        let (mut sink, mut source) = loopback(2, 1e6, 10, 20);
        sink.write(&[&[Complex32::ONE; 3], &[Complex32::I; 3]]).unwrap();
        drop(sink);
        let (mut one, mut two) = ([Complex32::default(); 8], [Complex32::default(); 8]);
        assert_eq!(source.read(&mut [&mut one, &mut two]).unwrap(), ReadBlock::Samples { at: 0, len: 3 });
        assert_eq!((one[2], two[2]), (Complex32::ONE, Complex32::I));
        assert!(matches!(source.read(&mut [&mut one, &mut two]), Err(FrontEndError::Gone { .. })));
    }
}
