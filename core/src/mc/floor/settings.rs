//! Timers and limits of floor control (TS 24.380 clause 11.1.3).

use std::time::Duration;

/// Timers and limits of floor control.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FloorSettings {
    /// T1 (End of RTP media): who has the floor and is silent for so long has given it back.
    pub end_of_media: Duration,
    /// T2 (Stop talking): longest burst.
    pub stop_talking: Duration,
    /// T3 (Stop talking grace): media are taken for so long after the floor was revoked.
    pub grace: Duration,
    /// T4 (Inactivity): a call whose floor is free for so long ends.
    pub inactivity: Duration,
    /// T7 (Floor Idle): time between two messages of an idle floor.
    pub idle: Duration,
    /// C7: how many of them there are.
    pub idle_count: u32,
    /// T8 (Floor Revoke): time between two of these messages.
    pub revoke: Duration,
    /// Requests that wait for the floor at most; 0: none waits.
    pub queue: usize,
    /// From this priority on a request takes the floor from one of a lower priority.
    pub preempts_from: u8,
}

impl Default for FloorSettings {
    fn default() -> Self {
        Self {
            end_of_media: Duration::from_secs(4),
            stop_talking: Duration::from_secs(30),
            grace: Duration::from_secs(3),
            inactivity: Duration::from_secs(30),
            idle: Duration::from_secs(1),
            idle_count: 3,
            revoke: Duration::from_secs(1),
            queue: 16,
            preempts_from: 255,
        }
    }
}
