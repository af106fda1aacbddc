//! How much a client may ask for: a bucket of tokens that fills with time.

use std::time::Duration;

use protocol::Instant;

/// Requests per second that a client may make on the average, and at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quota {
    /// On the average.
    pub per_second: u32,
    /// At once.
    pub burst: u32,
}

impl Default for Quota {
    fn default() -> Self {
        Self { per_second: 10, burst: 20 }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Bucket {
    quota: Quota,
    /// Thousand millionths of a token: a rate in hertz times nanoseconds.
    level: u64,
    at: Instant,
}

impl Bucket {
    pub(super) const fn new(quota: Quota, now: Instant) -> Self {
        Self { quota, level: quota.burst as u64 * TOKEN, at: now }
    }

    /// Takes a token, or tells how long until there is one.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let rate = u64::from(self.quota.per_second.max(1));
        let passed = now.as_nanos().saturating_sub(self.at.as_nanos());
        let full = u64::from(self.quota.burst.max(1)) * TOKEN;
        self.level = passed.saturating_mul(rate).saturating_add(self.level).min(full);
        self.at = now;
        match self.level.checked_sub(TOKEN) {
            Some(left) => {
                self.level = left;
                Ok(())
            }
            None => Err(Duration::from_nanos((TOKEN - self.level).div_ceil(rate))),
        }
    }
}

const TOKEN: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let at = |ms: u64| Instant::from_nanos(ms * 1_000_000);
        let mut bucket = Bucket::new(Quota { per_second: 2, burst: 3 }, at(0));
        assert!((0..3).all(|_| bucket.take(at(0)).is_ok()));
        assert_eq!(bucket.take(at(100)), Err(Duration::from_millis(400)));
        assert_eq!(bucket.take(at(500)), Ok(()));
        assert!(bucket.take(at(600)).is_err());
        assert!((0..3).all(|_| bucket.take(at(100_000)).is_ok()) && bucket.take(at(100_000)).is_err());
    }
}
