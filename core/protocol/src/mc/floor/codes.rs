//! Coded values of floor control (TS 24.380 clauses 8.2.2, 8.2.3, 8.2.6.2, 8.2.10.2).

macro_rules! coded {
    ($(#[$doc:meta])* $kind:ident($number:ty) $($(#[$name_doc:meta])* $name:ident = $value:literal, $words:literal;)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $kind(pub $number);

        impl $kind {
            $($(#[$name_doc])* pub const $name: Self = Self($value);)*

            /// The standard knows it.
            pub fn is_known(self) -> bool {
                [$($value),*].contains(&self.0)
            }

            /// The words of the standard.
            pub const fn as_str(self) -> &'static str {
                match self.0 {
                    $($value => $words,)*
                    _ => "another one",
                }
            }
        }
    };
}

coded! {
    /// A message without the bit that asks for an acknowledgement (table 8.2.2.1-1).
    FloorMessageType(u8)
    /// Of a participant.
    REQUEST = 0, "Floor Request";
    /// Of the server.
    GRANTED = 1, "Floor Granted";
    /// Of the server.
    TAKEN = 2, "Floor Taken";
    /// Of the server.
    DENY = 3, "Floor Deny";
    /// Of a participant.
    RELEASE = 4, "Floor Release";
    /// Of the server.
    IDLE = 5, "Floor Idle";
    /// Of the server.
    REVOKE = 6, "Floor Revoke";
    /// Of a participant.
    QUEUE_POSITION_REQUEST = 8, "Floor Queue Position Request";
    /// Of the server.
    QUEUE_POSITION_INFO = 9, "Floor Queue Position Info";
    /// Of both.
    ACK = 10, "Floor Ack";
}

coded! {
    /// Why the floor is not granted (clause 8.2.6.2).
    DenyCause(u16)
    /// Of one floor for all.
    ANOTHER_CLIENT = 1, "Another MCPTT client has permission";
    /// Of the server.
    INTERNAL_ERROR = 2, "Internal floor control server error";
    /// Nobody would hear it.
    ONLY_ONE_PARTICIPANT = 3, "Only one participant";
    /// After a revocation.
    RETRY_AFTER = 4, "Retry-after timer has not expired";
    /// Of a listener.
    RECEIVE_ONLY = 5, "Receive only";
    /// Of congestion.
    NO_RESOURCES = 6, "No resources available";
    /// Of a full queue.
    QUEUE_FULL = 7, "Queue full";
    /// Of anything else.
    OTHER = 255, "Other reason";
}

coded! {
    /// Why the floor is taken away (clause 8.2.10.2).
    RevokeCause(u16)
    /// Nobody hears it.
    ONLY_ONE_CLIENT = 1, "Only one MCPTT client";
    /// Longer than granted.
    TOO_LONG = 2, "Media burst too long";
    /// It was never granted.
    NO_PERMISSION = 3, "No permission to send a Media Burst";
    /// For a higher priority.
    PREEMPTED = 4, "Media Burst pre-empted";
    /// Of congestion.
    NO_RESOURCES = 6, "No resources available";
    /// Of anything else.
    OTHER = 255, "Other reason";
}

coded! {
    /// Who has sent an acknowledgement (clause 8.2.3.12).
    FloorSource(u16)
    /// A client.
    PARTICIPANT = 0, "the floor participant";
    /// A server.
    PARTICIPATING_FUNCTION = 1, "the participating MCPTT function";
    /// A server.
    CONTROLLING_FUNCTION = 2, "the controlling MCPTT function";
    /// A server.
    NON_CONTROLLING_FUNCTION = 3, "the non-controlling MCPTT function";
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
