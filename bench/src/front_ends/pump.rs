//! Threads that move samples between front ends, which wait, and the run, which computes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use num_complex::Complex32;
use radio::{Broker, FrontEndError, IqSink, IqSource, ReadBlock, StreamStatus};

/// A thread that moves samples, and what its front end has seen.
pub(super) struct Pump {
    thread: Option<JoinHandle<()>>,
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
}

#[derive(Default)]
struct Seen {
    status: StreamStatus,
    /// Why the thread has ended.
    error: Option<FrontEndError>,
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
        Self::run(move |stop, seen| {
            let moved = move_all(source.as_mut(), sink.as_mut(), outside, block, stop, seen);
            let finished = moved.and_then(|()| sink.finish());
            let mut seen = lock(seen);
            if outside == Outside::Sink {
                seen.status = sink.status();
            }
            // Before the ends of the pump are dropped: who finds them gone asks why.
            seen.error = finished.err();
        })
    }

    /// Runs a broker; a receiver that it loses ends it.
    pub(super) fn broker(mut broker: Broker) -> Self {
        Self::run(move |stop, seen| {
            while !stop.load(Ordering::Relaxed) {
                let step = broker.step();
                let mut seen = lock(seen);
                seen.status = broker.status();
                match step.map(|step| (step.samples, step.lost.into_iter().next())) {
                    Ok((0, None)) => break,
                    Ok((_, None)) => {}
                    Ok((_, Some((_, error)))) | Err(error) => {
                        seen.error = Some(error);
                        break;
                    }
                }
            }
        })
    }

    fn run(work: impl FnOnce(&AtomicBool, &Mutex<Seen>) + Send + 'static) -> Self {
        let (seen, stop) = (Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicBool::new(false)));
        let (own_seen, own_stop) = (Arc::clone(&seen), Arc::clone(&stop));
        Self { thread: Some(thread::spawn(move || work(&own_stop, &own_seen))), seen, stop }
    }

    pub(super) fn status(&self) -> StreamStatus {
        lock(&self.seen).status
    }

    /// Asks it to end after its present block.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Why it ended, if it has ended with an error that nobody has asked for yet.
    pub(super) fn error(&self) -> Option<FrontEndError> {
        lock(&self.seen).error.take()
    }

    /// Waits for its end.
    pub(super) fn join(&mut self) -> Result<(), FrontEndError> {
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            let why = "its thread panicked".into();
            return Err(FrontEndError::Gone { front_end: "front end".into(), why });
        }
        self.error().map_or(Ok(()), Err)
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

/// Moves samples until there are no more; gaps become silence.
fn move_all(
    source: &mut dyn IqSource,
    sink: &mut dyn IqSink,
    outside: Outside,
    block: usize,
    stop: &AtomicBool,
    seen: &Mutex<Seen>,
) -> Result<(), FrontEndError> {
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
        lock(seen).status = match outside {
            Outside::Source => source.status(),
            Outside::Sink => sink.status(),
        };
    }
    Ok(())
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

const LONGEST_GAP_S: f64 = 10.0;
