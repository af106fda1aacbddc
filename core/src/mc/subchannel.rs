//! When Map Group To Bearer and Unmap Group To Bearer are sent (TS 24.380 clause 10.2).

use std::time::Duration;

use protocol::Instant;

/// Timers (TS 24.380 clause 11.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct SubchannelTimers {
    /// T15: silence before a subchannel is unmapped.
    pub(super) conversation: Duration,
    /// T16: between two Map Group To Bearer.
    pub(super) map_repeat: Duration,
    /// T17: between two Unmap Group To Bearer.
    pub(super) unmap_repeat: Duration,
}

/// A message that is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Say {
    /// Map Group To Bearer.
    Map,
    /// Unmap Group To Bearer.
    Unmap,
}

/// Whether a group is mapped to a bearer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Mapping {
    /// It is not.
    #[default]
    Idle,
    /// It is.
    Mapped {
        /// T16 ends.
        again: Instant,
        /// T15 ends.
        silent: Instant,
    },
    /// It has just been.
    Unmapping {
        /// T17 ends.
        again: Instant,
        /// Messages that are left to send.
        left: u8,
    },
}

impl Mapping {
    /// Speech, or the beginning of it. True: the group is mapped now.
    pub(super) fn heard(&mut self, now: Instant, timers: SubchannelTimers) -> bool {
        let end = now + timers.conversation;
        match self {
            Self::Mapped { silent, .. } => {
                *silent = end;
                false
            }
            Self::Idle | Self::Unmapping { .. } => {
                *self = Self::Mapped { again: now + timers.map_repeat, silent: end };
                true
            }
        }
    }

    /// There will be no more. True: it is unmapped now.
    pub(super) fn end(&mut self, now: Instant, timers: SubchannelTimers) -> bool {
        let is_mapped = matches!(self, Self::Mapped { .. });
        if is_mapped {
            *self = Self::Unmapping { again: now + timers.unmap_repeat, left: REPEATS };
        }
        is_mapped
    }

    /// When something is due.
    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            Self::Idle => None,
            Self::Mapped { again, silent } => Some((*again).min(*silent)),
            Self::Unmapping { again, .. } => Some(*again),
        }
    }

    /// What is due.
    pub(super) fn handle_timeout(&mut self, now: Instant, timers: SubchannelTimers) -> Option<Say> {
        if self.due().is_none_or(|due| due > now) {
            return None;
        }
        match self {
            Self::Idle => None,
            Self::Mapped { silent, .. } if *silent <= now => {
                self.end(now, timers);
                Some(Say::Unmap)
            }
            Self::Mapped { again, .. } => {
                *again = now + timers.map_repeat;
                Some(Say::Map)
            }
            Self::Unmapping { again, left } => {
                *again = now + timers.unmap_repeat;
                *left = left.saturating_sub(1);
                if *left == 0 {
                    *self = Self::Idle;
                }
                Some(Say::Unmap)
            }
        }
    }

    pub(super) const fn is_mapped(&self) -> bool {
        matches!(self, Self::Mapped { .. })
    }
}

/// How often Unmap Group To Bearer is repeated: the air loses some.
const REPEATS: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    const TIMERS: SubchannelTimers = SubchannelTimers {
        conversation: Duration::from_millis(1000),
        map_repeat: Duration::from_millis(400),
        unmap_repeat: Duration::from_millis(100),
    };

    #[test]
    fn mapped_while_somebody_speaks_and_then_unmapped_thrice() {
        let mut mapping = Mapping::default();
        assert!(mapping.heard(Instant::ZERO, TIMERS));
        assert!(!mapping.heard(Instant::from_millis(300), TIMERS));
        let mut said = Vec::new();
        while let Some(due) = mapping.due() {
            said.extend(mapping.handle_timeout(due, TIMERS).map(|say| (due, say)));
        }
        let (map, unmap) = (|ms| (Instant::from_millis(ms), Say::Map), |ms| (Instant::from_millis(ms), Say::Unmap));
        assert_eq!(said, [map(400), map(800), map(1200), unmap(1300), unmap(1400), unmap(1500)]);
        assert!(!mapping.end(Instant::from_millis(2000), TIMERS));
    }

    #[test]
    fn speech_maps_again_what_is_being_unmapped() {
        let mut mapping = Mapping::default();
        mapping.heard(Instant::ZERO, TIMERS);
        assert!(mapping.end(Instant::from_millis(10), TIMERS));
        assert!(mapping.heard(Instant::from_millis(20), TIMERS) && mapping.is_mapped());
    }
}
