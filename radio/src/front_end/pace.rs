//! Wall time for front ends: time limits, and samples held back to their rate. No other file in here reads a clock.

use std::thread;
use std::time::{Duration, Instant};

use num_complex::Complex32;

use super::{FrontEndError, IqSink, IqSource, ReadBlock, StreamStatus};

/// A source or sink that lets samples pass no faster than their sample rate: replay as it was, for people and for
/// programs that expect real time.
pub struct Paced<T> {
    inner: T,
    sample_rate_hz: f64,
    started: Option<Instant>,
    samples: u64,
}

impl<T> Paced<T> {
    /// Time begins with the first samples.
    ///
    /// # Panics
    /// If the sample rate is not positive.
    pub fn new(inner: T, sample_rate_hz: f64) -> Self {
        assert!(sample_rate_hz > 0.0, "sample rate {sample_rate_hz} Hz");
        Self { inner, sample_rate_hz, started: None, samples: 0 }
    }

    /// Counts what passes, and waits until it would have passed.
    fn hold(&mut self, samples: usize) {
        let started = *self.started.get_or_insert_with(now);
        self.samples += samples as u64;
        let due = started + Duration::from_secs_f64(self.samples as f64 / self.sample_rate_hz);
        let early = due.saturating_duration_since(now());
        if !early.is_zero() {
            sleep(early);
        }
    }
}

impl<T: IqSource> IqSource for Paced<T> {
    fn sample_rate_hz(&self) -> f64 {
        self.inner.sample_rate_hz()
    }

    fn n_antennas(&self) -> usize {
        self.inner.n_antennas()
    }

    fn read(&mut self, antennas: &mut [&mut [Complex32]]) -> Result<ReadBlock, FrontEndError> {
        let block = self.inner.read(antennas)?;
        if let ReadBlock::Samples { len, .. } = block {
            self.hold(len);
        }
        Ok(block)
    }

    fn status(&self) -> StreamStatus {
        self.inner.status()
    }
}

impl<T: IqSink> IqSink for Paced<T> {
    fn write(&mut self, antennas: &[&[Complex32]]) -> Result<(), FrontEndError> {
        self.inner.write(antennas)?;
        self.hold(antennas.first().map_or(0, |a| a.len()));
        Ok(())
    }

    fn finish(&mut self) -> Result<(), FrontEndError> {
        self.inner.finish()
    }

    fn status(&self) -> StreamStatus {
        self.inner.status()
    }
}

/// A limit on waiting.
#[derive(Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub(super) fn after_ms(ms: u32) -> Self {
        Self(now() + Duration::from_millis(ms.into()))
    }

    /// Milliseconds left, rounded up; `None` when it has passed.
    pub(super) fn left_ms(self) -> Option<i64> {
        let left = self.0.saturating_duration_since(now());
        (!left.is_zero()).then(|| i64::try_from(left.as_millis()).unwrap_or(i64::MAX - 1) + 1)
    }
}

#[expect(clippy::disallowed_methods, reason = "front ends answer to the outside world, which has its own time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the one place where samples are held back to wall time")]
fn sleep(time: Duration) {
    thread::sleep(time);
}
