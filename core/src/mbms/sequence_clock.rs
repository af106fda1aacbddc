//! Which synchronisation sequence a packet belongs to: TS 36.300 clause 15.3.3 (SYNC timestamps follow MCH scheduling
//! periods and allow for the transfer to the farthest eNB).

use std::time::Duration;

use protocol::{Instant, SyncPlan};

/// Cuts the BM-SC's time into windows: what is sent in a window is on the air in the MCH scheduling period after it.
///
/// The window of the period that starts at `s` is `[s - period - delay, s - delay)`: the last packet of a window still
/// reaches every eNB before `s`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SequenceClock {
    /// Scheduling periods and timestamps.
    pub plan: SyncPlan,
    /// Longest transfer from the BM-SC to an eNB, the eNB's own processing included.
    pub max_transfer_delay: Duration,
}

impl SequenceClock {
    /// Start of the MCH scheduling period that carries what is sent at `now`.
    pub fn on_air(&self, now: Instant) -> Instant {
        self.plan.sequence_start(now + self.max_transfer_delay) + self.plan.sequence()
    }

    /// End of the window of the MCH scheduling period that starts at `on_air`.
    pub fn window_end(&self, on_air: Instant) -> Instant {
        Instant::ZERO + (on_air.elapsed().saturating_sub(self.max_transfer_delay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_end_before_their_period_by_the_transfer_delay() {
        let plan = SyncPlan::new(32).unwrap();
        let clock = SequenceClock { plan, max_transfer_delay: Duration::from_millis(10) };
        let ms = Instant::from_millis;
        assert_eq!(clock.on_air(ms(0)), ms(320));
        assert_eq!(clock.on_air(ms(309)), ms(320));
        assert_eq!(clock.on_air(ms(310)), ms(640));
        assert_eq!(clock.window_end(ms(320)), ms(310));
    }
}
