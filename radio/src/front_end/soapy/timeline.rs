//! Numbers of received samples from the times that a driver gives, some of which it does not mean.

/// Counts received samples and finds the gaps between them.
///
/// The flag that says whether a read came with a time does not get through to us, so a time that a read left as it was
/// counts as none. Gaps are measured from one time to the next one: a rate that is off by parts of a million does not
/// add up to a gap.
#[derive(Debug)]
pub(super) struct Timeline {
    rate_hz: f64,
    /// Number of the next sample.
    next: u64,
    /// Last time that was meant, and the number of its sample.
    anchor: Option<(i64, u64)>,
    /// Times have moved at least once.
    timed: bool,
    /// Samples were lost since the last read.
    lost_some: bool,
}

/// Where a block of samples lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Placed {
    /// Number of its first sample.
    pub(super) at: u64,
    /// Samples missing before it.
    pub(super) lost: u64,
}

impl Timeline {
    pub(super) fn new(rate_hz: f64) -> Self {
        Self { rate_hz, next: 0, anchor: None, timed: false, lost_some: false }
    }

    /// The driver said that samples are lost, not how many.
    pub(super) fn lost_some(&mut self) {
        self.lost_some = true;
    }

    /// Places `len` samples that were read; the driver's time was `before` and is `after` the call.
    pub(super) fn place(&mut self, len: u64, before: i64, after: i64) -> Placed {
        let lost = match self.anchor {
            None => 0,
            Some((time, at)) if after != before => {
                self.timed = true;
                let passed = (after.saturating_sub(time)) as f64 * self.rate_hz / 1e9;
                let missing = passed - (self.next - at) as f64;
                // A time that goes back or leaps is a clock that was set: nothing is known then.
                let gap = missing > TOLERANCE && missing < LONGEST_GAP_S * self.rate_hz;
                if gap { missing.round() as u64 } else { 0 }
            }
            // A device with times will say later how much it was; of another one it is only known that it was some.
            Some(_) => u64::from(self.lost_some && !self.timed),
        };
        if self.anchor.is_none() || after != before {
            self.anchor = Some((after, self.next + lost));
        }
        self.lost_some = false;
        let at = self.next + lost;
        self.next = at + len;
        Placed { at, lost }
    }
}

/// Difference that is no gap, samples: times are whole nanoseconds of a driver's own arithmetic.
const TOLERANCE: f64 = 1.0;

/// No gap is longer: a driver that gives nothing for this long has run into its time limit.
const LONGEST_GAP_S: f64 = 60.0;

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 1.92e6;

    fn ns(sample: u64) -> i64 {
        (sample as f64 * 1e9 / RATE_HZ).round() as i64
    }

    #[test]
    fn times_that_follow_are_no_gap() {
        let mut timeline = Timeline::new(RATE_HZ);
        let mut before = 0;
        for block in 0..1000 {
            let after = 7_000_000_123 + ns(block * 333);
            assert_eq!(timeline.place(333, before, after), Placed { at: block * 333, lost: 0 });
            before = after;
        }
    }

    #[test]
    fn a_jump_of_time_is_a_gap_of_its_length() {
        let mut timeline = Timeline::new(RATE_HZ);
        timeline.place(1000, 0, 50);
        assert_eq!(timeline.place(1000, 50, 50 + ns(1000)), Placed { at: 1000, lost: 0 });
        assert_eq!(timeline.place(1000, 50 + ns(1000), 50 + ns(7000)), Placed { at: 7000, lost: 5000 });
        assert_eq!(timeline.place(1000, 50 + ns(7000), 50 + ns(8000)), Placed { at: 8000, lost: 0 });
    }

    #[test]
    fn a_time_left_as_it_was_is_no_time() {
        let mut timeline = Timeline::new(RATE_HZ);
        timeline.place(1000, 0, ns(5));
        assert_eq!(timeline.place(1000, ns(5), ns(5)).at, 1000);
        assert_eq!(timeline.place(1000, ns(5), ns(5)).at, 2000);
        // An overflow of unknown length: its size comes with the next time.
        timeline.lost_some();
        assert_eq!(timeline.place(1000, ns(5), ns(3005)).lost, 0);
        timeline.lost_some();
        assert_eq!(timeline.place(1000, ns(3005), ns(3005)), Placed { at: 4000, lost: 0 });
        assert_eq!(timeline.place(1000, ns(3005), ns(8005)), Placed { at: 8000, lost: 3000 });
    }

    #[test]
    fn a_device_without_times_says_at_least_that_there_is_a_gap() {
        let mut timeline = Timeline::new(RATE_HZ);
        timeline.place(1000, 0, 0);
        timeline.lost_some();
        assert_eq!(timeline.place(1000, 0, 0), Placed { at: 1001, lost: 1 });
        assert_eq!(timeline.place(1000, 0, 0), Placed { at: 2001, lost: 0 });
    }

    #[test]
    fn a_clock_that_is_set_back_stops_nothing() {
        let mut timeline = Timeline::new(RATE_HZ);
        timeline.place(1000, 0, ns(1_000_000));
        assert_eq!(timeline.place(1000, ns(1_000_000), ns(10)), Placed { at: 1000, lost: 0 });
        assert_eq!(timeline.place(1000, ns(10), ns(1010)), Placed { at: 2000, lost: 0 });
        assert_eq!(timeline.place(1000, ns(1010), i64::MIN).lost, 0);
        assert_eq!(timeline.place(1000, i64::MIN, i64::MAX), Placed { at: 4000, lost: 0 });
    }

    #[test]
    fn a_rate_two_millionths_off_does_not_add_up() {
        let mut timeline = Timeline::new(RATE_HZ);
        let mut before = 0;
        for block in 0..100_000 {
            let after = 1 + (ns(block * 1920) as f64 * 1.000_002) as i64;
            assert_eq!(timeline.place(1920, before, after).lost, 0);
            before = after;
        }
    }
}
