//! How long messages are held and when they are tried again (TS 23.040 clauses 3.2.1 and 3.2.8, which leave both to the SM-SC).

use std::time::Duration;

use protocol::sms::ValidityPeriod;
use serde::{Deserialize, Serialize};

/// How long messages are held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Validity {
    /// When the sender does not say.
    pub default: Duration,
    /// At most, whatever the sender says.
    pub maximum: Duration,
    /// Status reports and delivery receipts.
    pub reports: Duration,
}

impl Default for Validity {
    fn default() -> Self {
        let day = Duration::from_secs(86_400);
        Self { default: 3 * day, maximum: 7 * day, reports: 3 * day }
    }
}

impl Validity {
    /// Until when a message is held; `None`: its time is over, or is none.
    pub(super) fn until(&self, now_ms: u64, wanted: Option<Duration>) -> Option<u64> {
        let period = wanted.unwrap_or(self.default).min(self.maximum);
        (!period.is_zero()).then(|| now_ms + millis(period))
    }

    /// The same for TP-VP.
    pub(super) fn until_of(&self, now_ms: u64, period: Option<ValidityPeriod>) -> Option<u64> {
        let Some(period) = period else { return self.until(now_ms, None) };
        match period.duration(now_ms) {
            Some(wanted) => self.until(now_ms, Some(wanted)),
            // Clause 9.2.3.12.3: a functionality indicator without a period.
            None if matches!(period, ValidityPeriod::Enhanced([kind, ..]) if kind & 0x07 == 0) => {
                self.until(now_ms, None)
            }
            None => None,
        }
    }
}

/// Why a message was not delivered, as far as it matters for another attempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Nobody reaches the subscriber. An alert ends the pause.
    Absent,
    /// The memory of the UE is full. An alert ends the pause.
    MemoryFull,
    /// The network or its other end has no room, no time or a fault.
    Network,
    /// The UE refuses it, or cannot take short messages: it may be different in a moment, or never.
    Refused,
    /// It will not be different later.
    Permanent,
}

/// Pauses before a message is tried again; the last one is taken for all that follow. The message before which all others for
/// a destination wait counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RetrySchedule {
    /// After [`Cause::Absent`].
    pub absent: Vec<Duration>,
    /// After [`Cause::MemoryFull`].
    pub memory_full: Vec<Duration>,
    /// After [`Cause::Network`].
    pub network: Vec<Duration>,
    /// After [`Cause::Refused`]; behind the last of these there is no other attempt, for others wait for this message.
    pub refused: Vec<Duration>,
}

impl Default for RetrySchedule {
    /// Absent: the network alerts, so that attempts are few: 15 and 30 minutes, 1, 2, 4 and then every 6 hours. Memory full: the
    /// same from 30 minutes on. Network: 30 seconds, 1, 2, 5, 10, 30 minutes and then every hour. Refused: 1, 5 and 15 minutes.
    fn default() -> Self {
        let minutes = |list: &[u64]| list.iter().map(|m| Duration::from_secs(m * 60)).collect::<Vec<_>>();
        let mut network = minutes(&[0, 1, 2, 5, 10, 30, 60]);
        network[0] = Duration::from_secs(30);
        let refused = minutes(&[1, 5, 15]);
        Self {
            absent: minutes(&[15, 30, 60, 120, 240, 360]),
            memory_full: minutes(&[30, 60, 120, 240, 360]),
            network,
            refused,
        }
    }
}

impl RetrySchedule {
    /// The pause after so many attempts that failed for this cause, the last included; `None`: no other attempt.
    #[must_use]
    pub fn pause(&self, cause: Cause, attempts: u32) -> Option<Duration> {
        let pauses = match cause {
            Cause::Absent => &self.absent,
            Cause::MemoryFull => &self.memory_full,
            Cause::Network => &self.network,
            Cause::Refused => &self.refused,
            Cause::Permanent => return None,
        };
        let at = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        // A pause of nothing would be a loop.
        let last = pauses.last().filter(|_| cause != Cause::Refused);
        pauses.get(at).or(last).map(|pause| (*pause).max(Duration::from_secs(1)))
    }
}

/// Milliseconds of a period, which are whole years at most.
pub(super) fn millis(period: Duration) -> u64 {
    u64::try_from(period.as_millis()).unwrap_or(u64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use protocol::sms::Timestamp;

    use super::*;

    #[test]
    fn pauses_grow_and_the_last_one_stays() {
        let schedule = RetrySchedule::default();
        let of = |cause| (1..9).map(|n| schedule.pause(cause, n).map_or(0, |p| p.as_secs())).collect::<Vec<_>>();
        assert_eq!(of(Cause::Absent), [900, 1800, 3600, 7200, 14400, 21600, 21600, 21600]);
        assert_eq!(of(Cause::Network), [30, 60, 120, 300, 600, 1800, 3600, 3600]);
        assert_eq!(of(Cause::Refused), [60, 300, 900, 0, 0, 0, 0, 0]);
        assert_eq!(of(Cause::Permanent), [0; 8]);
        let none = RetrySchedule { network: vec![], absent: vec![Duration::ZERO], ..schedule };
        assert_eq!((none.pause(Cause::Network, 1), none.pause(Cause::Absent, 1)), (None, Some(Duration::from_secs(1))));
    }

    #[test]
    fn validity_is_bounded() {
        let validity = Validity::default();
        let hour = 3_600_000;
        assert_eq!(validity.until_of(0, None), Some(72 * hour));
        assert_eq!(validity.until_of(0, Some(ValidityPeriod::Relative(143))), Some(12 * hour));
        assert_eq!(validity.until_of(0, Some(ValidityPeriod::LONGEST)), Some(7 * 24 * hour));
        let absolute = ValidityPeriod::Absolute(Timestamp::from_utc_ms(1_800_000_000_000, 0));
        assert_eq!(validity.until_of(1_800_000_000_000 - hour, Some(absolute)), Some(1_800_000_000_000));
        assert_eq!(validity.until_of(1_800_000_000_000, Some(absolute)), None);
        assert_eq!(validity.until_of(0, Some(ValidityPeriod::Enhanced([0x40, 0, 0, 0, 0, 0, 0]))), Some(72 * hour));
        assert_eq!(validity.until_of(0, Some(ValidityPeriod::Enhanced([0x02, 0, 0, 0, 0, 0, 0]))), None);
    }
}
