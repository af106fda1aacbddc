//! Coded values of floor control (TS 24.380 clauses 8.2.2, 8.2.3, 8.2.6.2, 8.2.10.2).

use crate::codes::codes;

codes! {
    /// A message without the bit that asks for an acknowledgement (table 8.2.2.1-1).
    pub struct FloorMessageType(u8) {
        REQUEST = 0, "Floor Request";
        GRANTED = 1, "Floor Granted";
        TAKEN = 2, "Floor Taken";
        DENY = 3, "Floor Deny";
        RELEASE = 4, "Floor Release";
        IDLE = 5, "Floor Idle";
        REVOKE = 6, "Floor Revoke";
        QUEUE_POSITION_REQUEST = 8, "Floor Queue Position Request";
        QUEUE_POSITION_INFO = 9, "Floor Queue Position Info";
        ACK = 10, "Floor Ack";
    }
}

codes! {
    /// Why the floor is not granted (clause 8.2.6.2).
    pub struct DenyCause(u16) {
        ANOTHER_CLIENT = 1, "Another MCPTT client has permission";
        INTERNAL_ERROR = 2, "Internal floor control server error";
        ONLY_ONE_PARTICIPANT = 3, "Only one participant";
        RETRY_AFTER = 4, "Retry-after timer has not expired";
        RECEIVE_ONLY = 5, "Receive only";
        NO_RESOURCES = 6, "No resources available";
        QUEUE_FULL = 7, "Queue full";
        OTHER = 255, "Other reason";
    }
}

codes! {
    /// Why the floor is taken away (clause 8.2.10.2).
    pub struct RevokeCause(u16) {
        ONLY_ONE_CLIENT = 1, "Only one MCPTT client";
        TOO_LONG = 2, "Media burst too long";
        NO_PERMISSION = 3, "No permission to send a Media Burst";
        PREEMPTED = 4, "Media Burst pre-empted";
        NO_RESOURCES = 6, "No resources available";
        OTHER = 255, "Other reason";
    }
}

codes! {
    /// Who has sent an acknowledgement (clause 8.2.3.12).
    pub struct FloorSource(u16) {
        PARTICIPANT = 0, "the floor participant";
        PARTICIPATING_FUNCTION = 1, "the participating MCPTT function";
        CONTROLLING_FUNCTION = 2, "the controlling MCPTT function";
        NON_CONTROLLING_FUNCTION = 3, "the non-controlling MCPTT function";
    }
}

/// Kinds of a call, a bit each (clause 8.2.3.15).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FloorIndicator(pub u16);

impl FloorIndicator {
    /// Normal call.
    pub const NORMAL: Self = Self(0x8000);
    /// Broadcast group call.
    pub const BROADCAST_GROUP: Self = Self(0x4000);
    /// System call.
    pub const SYSTEM: Self = Self(0x2000);
    /// Emergency call.
    pub const EMERGENCY: Self = Self(0x1000);
    /// Imminent peril call.
    pub const IMMINENT_PERIL: Self = Self(0x0800);
    /// Queueing is supported.
    pub const QUEUEING: Self = Self(0x0400);

    /// True when all bits of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}
