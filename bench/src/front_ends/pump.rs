//! Threads that move samples between front ends, which wait, and the run, which computes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use num_complex::Complex32;
use radio::{Broker, FrontEndError, IqSink, IqSource, ReadBlock, StreamStatus};

/// A thread that moves samples, and what its front end has seen.
pub(super) struct Pump {
    thread: Option<JoinHandle<Result<(), FrontEndError>>>,
    status: Arc<Mutex<StreamStatus>>,
    stop: Arc<AtomicBool>,
}

/// Which side of a pump is the front end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outside {
    Source,
    Sink,
}

impl Pump {
    /// Moves all samples from `source` to `sink`, `block` at most at a time; gaps become silence.
    pub(super) fn start(
        mut source: Box<dyn IqSource + Send>,
        mut sink: Box<dyn IqSink + Send>,
        outside: Outside,
        block: usize,
    ) -> Self {
        Self::run(move |stop, status| {
            let mut buffers = vec![vec![Complex32::ZERO; block]; source.n_antennas()];
            let mut next = None;
            while !stop.load(Ordering::Relaxed) {
                let mut antennas: Vec<&mut [Complex32]> = buffers.iter_mut().map(Vec::as_mut_slice).collect();
                let ReadBlock::Samples { at, len } = source.read(&mut antennas)? else { break };
                let gap = silence_of(at, next, source.sample_rate_hz())?;
                for from in (0..gap).step_by(block) {
                    let silence = vec![Complex32::ZERO; block.min(gap - from)];
                    sink.write(&vec![silence.as_slice(); buffers.len()])?;
                }
                sink.write(&buffers.iter().map(|b| &b[..len]).collect::<Vec<_>>())?;
                next = Some(at + len as u64);
                *status.lock().unwrap_or_else(PoisonError::into_inner) = match outside {
                    Outside::Source => source.status(),
                    Outside::Sink => sink.status(),
                };
            }
            let finished = sink.finish();
            if outside == Outside::Sink {
                *status.lock().unwrap_or_else(PoisonError::into_inner) = sink.status();
            }
            finished
        })
    }

    /// Runs a broker; a receiver that it loses ends it.
    pub(super) fn broker(mut broker: Broker) -> Self {
        Self::run(move |stop, status| {
            while !stop.load(Ordering::Relaxed) {
                let step = broker.step()?;
                *status.lock().unwrap_or_else(PoisonError::into_inner) = broker.status();
                if let Some((_, error)) = step.lost.into_iter().next() {
                    return Err(error);
                }
                if step.samples == 0 {
                    break;
                }
            }
            Ok(())
        })
    }

    fn run(work: impl FnOnce(&AtomicBool, &Mutex<StreamStatus>) -> Result<(), FrontEndError> + Send + 'static) -> Self {
        let (status, stop) = (Arc::new(Mutex::new(StreamStatus::default())), Arc::new(AtomicBool::new(false)));
        let (own_status, own_stop) = (Arc::clone(&status), Arc::clone(&stop));
        Self { thread: Some(thread::spawn(move || work(&own_stop, &own_status))), status, stop }
    }

    pub(super) fn status(&self) -> StreamStatus {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks it to end after its present block.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Why it ended, if it has ended with an error that nobody has asked for yet.
    pub(super) fn error(&mut self) -> Option<FrontEndError> {
        let thread = self.thread.take_if(|thread| thread.is_finished())?;
        thread.join().unwrap_or_else(|_| Err(panicked())).err()
    }

    /// Waits for its end.
    pub(super) fn join(&mut self) -> Result<(), FrontEndError> {
        self.thread.take().map_or(Ok(()), |thread| thread.join().unwrap_or_else(|_| Err(panicked())))
    }
}

impl Drop for Pump {
    /// It ends by itself within the time limits of its front ends; nobody waits for that.
    fn drop(&mut self) {
        self.stop();
    }
}

/// Samples missing before sample `at`, to be filled with silence; no gap is filled that is longer than any overflow.
pub(super) fn silence_of(at: u64, next: Option<u64>, sample_rate_hz: f64) -> Result<usize, FrontEndError> {
    let gap = at.saturating_sub(next.unwrap_or(at));
    if gap as f64 > LONGEST_GAP_S * sample_rate_hz {
        let why = format!("a gap of {gap} samples");
        return Err(FrontEndError::Malformed { front_end: "receiver".into(), why });
    }
    Ok(gap as usize)
}

fn panicked() -> FrontEndError {
    FrontEndError::Gone { front_end: "front end".into(), why: "its thread panicked".into() }
}

const LONGEST_GAP_S: f64 = 10.0;
