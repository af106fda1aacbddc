//! The clock of live nodes: run time from the system's monotonic clock, UTC from its wall clock, both asked here only.

use std::time::{Duration, Instant as StdInstant, SystemTime, UNIX_EPOCH};

use protocol::Instant;

/// Run time and UTC of a live process.
#[derive(Clone, Copy, Debug)]
pub struct LiveClock {
    start: StdInstant,
    utc_ms_at_zero: u64,
}

impl LiveClock {
    /// Run time begins now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place where live nodes get their time from")]
    pub fn start() -> Self {
        let utc = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: StdInstant::now(), utc_ms_at_zero: u64::try_from(utc.as_millis()).unwrap_or(u64::MAX) }
    }

    /// Run time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place where live nodes get their time from")]
    pub fn now(&self) -> Instant {
        let nanos = StdInstant::now().saturating_duration_since(self.start).as_nanos();
        Instant::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// UTC at the start of run time, milliseconds since 1970: what expiries are kept by.
    #[must_use]
    pub const fn utc_ms_at_zero(&self) -> u64 {
        self.utc_ms_at_zero
    }

    /// How long it is until then; zero when it was.
    #[must_use]
    pub fn until(&self, then: Instant) -> Duration {
        then.saturating_duration_since(self.now())
    }
}
