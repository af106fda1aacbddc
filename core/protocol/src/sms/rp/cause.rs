//! RP-Cause: TS 24.011 clause 8.2.5.4, table 8.4; what the causes mean: annex E.

crate::codes::codes! {
    /// RP-Cause, seven bits.
    pub struct RpCause(u8) {
        /// The destination cannot be reached: nobody has that number.
        UNASSIGNED_NUMBER = 1, "unassigned (unallocated) number";
        /// Barred by the operator.
        OPERATOR_BARRING = 8, "operator determined barring";
        /// Barred by the subscriber.
        CALL_BARRED = 10, "call barred";
        /// Rejected, for another reason.
        TRANSFER_REJECTED = 21, "short message transfer rejected";
        /// The MS has no memory left.
        MEMORY_EXCEEDED = 22, "memory capacity exceeded";
        /// The destination does not work.
        DESTINATION_OUT_OF_ORDER = 27, "destination out of order";
        /// The subscriber is not registered.
        UNIDENTIFIED_SUBSCRIBER = 28, "unidentified subscriber";
        /// The facility is not provided.
        FACILITY_REJECTED = 29, "facility rejected";
        /// The subscriber is not known.
        UNKNOWN_SUBSCRIBER = 30, "unknown subscriber";
        /// The network does not work, for long.
        NETWORK_OUT_OF_ORDER = 38, "network out of order";
        /// The network does not work, not for long.
        TEMPORARY_FAILURE = 41, "temporary failure";
        /// Congestion.
        CONGESTION = 42, "congestion";
        /// No resources.
        RESOURCES_UNAVAILABLE = 47, "resources unavailable, unspecified";
        /// The subscriber has not this facility.
        FACILITY_NOT_SUBSCRIBED = 50, "requested facility not subscribed";
        /// The network has not this facility.
        FACILITY_NOT_IMPLEMENTED = 69, "requested facility not implemented";
        /// The reference is that of no message.
        INVALID_REFERENCE = 81, "invalid short message transfer reference value";
        /// A message without sense.
        SEMANTICALLY_INCORRECT = 95, "semantically incorrect message";
        /// A mandatory element is missing or broken.
        INVALID_MANDATORY_INFORMATION = 96, "invalid mandatory information";
        /// The type of the message is not known.
        UNKNOWN_MESSAGE_TYPE = 97, "message type non-existent or not implemented";
        /// The message does not come now.
        INCOMPATIBLE_STATE = 98, "message not compatible with short message protocol state";
        /// An element is not known.
        UNKNOWN_ELEMENT = 99, "information element non-existent or not implemented";
        /// Another error of the protocol.
        PROTOCOL_ERROR = 111, "protocol error, unspecified";
        /// Something behind the network that does not tell.
        INTERWORKING = 127, "interworking, unspecified";
    }
}

impl RpCause {
    /// May the same message go through later? Annex E.2 says so of these for messages from an MS; towards an MS memory
    /// may be freed.
    pub const fn is_temporary(self) -> bool {
        matches!(
            self,
            Self::MEMORY_EXCEEDED
                | Self::DESTINATION_OUT_OF_ORDER
                | Self::NETWORK_OUT_OF_ORDER
                | Self::TEMPORARY_FAILURE
                | Self::CONGESTION
                | Self::RESOURCES_UNAVAILABLE
        )
    }
}
