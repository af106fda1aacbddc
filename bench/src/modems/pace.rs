//! Real modems live in real time: a run with them is never ahead of it.

use std::time::Duration;

use hil::port::LiveClock;
use protocol::Instant;

/// A front end that gives samples in lumps may be ahead by so much without having to wait.
const AHEAD_MAX: Duration = Duration::from_millis(200);

/// Run time held against real time, from the first turn on.
#[derive(Debug, Default)]
pub(super) struct Pace {
    began: Option<(LiveClock, Instant)>,
}

impl Pace {
    /// Waits until real time has come near; with a device that paces by itself, never.
    pub(super) fn wait(&mut self, now: Instant) {
        let (clock, began) = *self.began.get_or_insert_with(|| (LiveClock::start(), now));
        let ahead = now.saturating_duration_since(began).saturating_sub(clock.now().elapsed());
        pause(ahead.saturating_sub(AHEAD_MAX));
    }
}

/// Waits.
#[expect(clippy::disallowed_methods, reason = "real modems: they need the time that they need")]
pub(super) fn pause(time: Duration) {
    if !time.is_zero() {
        std::thread::sleep(time);
    }
}
