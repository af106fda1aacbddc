//! Bounded waiting for a driver, whatever it returns meanwhile.

use std::time::{Duration, Instant};

use crate::front_end::FrontEndError;

/// Counts the time in which nothing moved.
#[derive(Debug)]
pub(super) struct Patience {
    limit: Duration,
    since: Option<Instant>,
}

impl Patience {
    pub(super) fn new(limit_ms: u64) -> Self {
        Self { limit: Duration::from_millis(limit_ms), since: None }
    }

    /// Something moved.
    pub(super) fn reset(&mut self) {
        self.since = None;
    }

    /// Nothing moved: rests a moment, for a driver may return at once; fails when the limit has passed.
    #[expect(clippy::disallowed_methods, reason = "the time limit of a device is wall time")]
    pub(super) fn wait(&mut self, front_end: &str) -> Result<(), FrontEndError> {
        let now = Instant::now();
        let waited = now - *self.since.get_or_insert(now);
        if waited >= self.limit {
            self.since = None;
            let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
            let hint =
                "look at its cable and at what the driver logged; `SoapySDRUtil --probe` says whether it answers";
            return Err(FrontEndError::NoAnswer { front_end: front_end.into(), waited_ms, hint });
        }
        std::thread::sleep(REST);
        Ok(())
    }
}

/// Longest wait inside one call of a driver, microseconds.
pub(super) const CALL_TIMEOUT_US: i64 = 100_000;

const REST: Duration = Duration::from_micros(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_and_begins_anew_after_a_move() {
        let mut patience = Patience::new(0);
        assert!(matches!(patience.wait("x"), Err(FrontEndError::NoAnswer { .. })));
        let mut patience = Patience::new(3_600_000);
        assert!(patience.wait("x").is_ok());
        patience.reset();
        assert!(patience.since.is_none());
    }
}
