//! What became of a message: TP-ST (TS 23.040 clause 9.2.3.15), TP-FCS (clause 9.2.3.22), and TP-PID (clause 9.2.3.9).

crate::codes::codes! {
    /// TP-Status.
    pub struct Status(u8) {
        /// Received by the SME.
        RECEIVED = 0x00, "short message received by the SME";
        /// Forwarded to the SME, but the service centre cannot confirm delivery.
        FORWARDED = 0x01, "short message forwarded by the SC to the SME, delivery not confirmed";
        /// Replaced by the service centre.
        REPLACED = 0x02, "short message replaced by the SC";
        /// Congestion; the service centre tries on.
        TRYING_CONGESTION = 0x20, "congestion, still trying";
        /// SME busy; the service centre tries on.
        TRYING_BUSY = 0x21, "SME busy, still trying";
        /// No response from the SME; the service centre tries on.
        TRYING_NO_RESPONSE = 0x22, "no response from SME, still trying";
        /// Service rejected; the service centre tries on.
        TRYING_REJECTED = 0x23, "service rejected, still trying";
        /// Quality of service not available; the service centre tries on.
        TRYING_QUALITY = 0x24, "quality of service not available, still trying";
        /// Error in the SME; the service centre tries on.
        TRYING_ERROR = 0x25, "error in SME, still trying";
        /// Remote procedure error, for ever.
        REMOTE_PROCEDURE_ERROR = 0x40, "remote procedure error";
        /// Incompatible destination, for ever.
        INCOMPATIBLE_DESTINATION = 0x41, "incompatible destination";
        /// Connection rejected by the SME, for ever.
        CONNECTION_REJECTED = 0x42, "connection rejected by SME";
        /// Not obtainable, for ever.
        NOT_OBTAINABLE = 0x43, "not obtainable";
        /// Quality of service not available, for ever.
        QUALITY_NOT_AVAILABLE = 0x44, "quality of service not available";
        /// No interworking available, for ever.
        NO_INTERWORKING = 0x45, "no interworking available";
        /// The validity period was over.
        VALIDITY_EXPIRED = 0x46, "SM validity period expired";
        /// Deleted by the SME that had sent it.
        DELETED_BY_ORIGINATOR = 0x47, "SM deleted by originating SME";
        /// Deleted by the administration of the service centre.
        DELETED_BY_ADMINISTRATION = 0x48, "SM deleted by SC administration";
        /// There is no such message (any more).
        DOES_NOT_EXIST = 0x49, "SM does not exist";
        /// Congestion; no more attempts.
        CONGESTION = 0x60, "congestion, no more attempts";
        /// SME busy; no more attempts.
        BUSY = 0x61, "SME busy, no more attempts";
        /// No response from the SME; no more attempts.
        NO_RESPONSE = 0x62, "no response from SME, no more attempts";
        /// Service rejected; no more attempts.
        REJECTED = 0x63, "service rejected, no more attempts";
        /// Quality of service not available; no more attempts.
        QUALITY = 0x64, "quality of service not available, no more attempts";
        /// Error in the SME; no more attempts.
        ERROR = 0x65, "error in SME, no more attempts";
    }
}

/// What a [`Status`] means to who reads it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// The transaction is completed.
    Completed,
    /// A temporary error; the service centre still tries.
    Trying,
    /// A permanent error; the service centre makes no more attempts.
    PermanentError,
    /// A temporary error; the service centre makes no more attempts.
    TemporaryError,
    /// Bit 7 is set: reserved.
    Reserved,
}

impl Status {
    /// What it means, also where the value has no name.
    pub const fn outcome(self) -> Outcome {
        match self.0 {
            0x00..=0x1F => Outcome::Completed,
            0x20..=0x3F => Outcome::Trying,
            0x40..=0x5F => Outcome::PermanentError,
            0x60..=0x7F => Outcome::TemporaryError,
            0x80..=0xFF => Outcome::Reserved,
        }
    }

    /// Will there be no other status for this message?
    pub const fn is_final(self) -> bool {
        !matches!(self.outcome(), Outcome::Trying)
    }
}

crate::codes::codes! {
    /// TP-Failure-Cause.
    pub struct FailureCause(u8) {
        /// Telematic interworking not supported.
        NO_TELEMATIC_INTERWORKING = 0x80, "telematic interworking not supported";
        /// Short message type 0 not supported.
        NO_TYPE_0 = 0x81, "short message type 0 not supported";
        /// The message that is there cannot be replaced.
        CANNOT_REPLACE = 0x82, "cannot replace short message";
        /// Another error of TP-PID.
        PROTOCOL_IDENTIFIER = 0x8F, "unspecified TP-PID error";
        /// Alphabet not supported.
        ALPHABET_NOT_SUPPORTED = 0x90, "data coding scheme (alphabet) not supported";
        /// Message class not supported.
        CLASS_NOT_SUPPORTED = 0x91, "message class not supported";
        /// Another error of TP-DCS.
        DATA_CODING = 0x9F, "unspecified TP-DCS error";
        /// The command cannot be done.
        COMMAND_CANNOT_BE_ACTIONED = 0xA0, "command cannot be actioned";
        /// The command is not known.
        COMMAND_UNSUPPORTED = 0xA1, "command unsupported";
        /// Another error of a command.
        COMMAND = 0xAF, "unspecified TP-Command error";
        TPDU_NOT_SUPPORTED = 0xB0, "TPDU not supported";
        /// The service centre is busy.
        SC_BUSY = 0xC0, "SC busy";
        /// The service centre does not know the subscriber.
        NO_SC_SUBSCRIPTION = 0xC1, "no SC subscription";
        /// The service centre has failed.
        SC_SYSTEM_FAILURE = 0xC2, "SC system failure";
        /// No address of an SME.
        INVALID_SME_ADDRESS = 0xC3, "invalid SME address";
        /// The destination is barred.
        DESTINATION_BARRED = 0xC4, "destination SME barred";
        /// A duplicate, which TP-RD asks to reject.
        DUPLICATE = 0xC5, "SM rejected, duplicate SM";
        /// The validity period format is not supported.
        VPF_NOT_SUPPORTED = 0xC6, "TP-VPF not supported";
        /// The validity period is not supported.
        VP_NOT_SUPPORTED = 0xC7, "TP-VP not supported";
        /// The (U)SIM is full.
        SIM_FULL = 0xD0, "(U)SIM SMS storage full";
        /// The (U)SIM stores no messages.
        SIM_NO_STORAGE = 0xD1, "no SMS storage capability in (U)SIM";
        /// Error in the MS.
        ERROR_IN_MS = 0xD2, "error in MS";
        /// No memory is left.
        MEMORY_EXCEEDED = 0xD3, "memory capacity exceeded";
        /// The toolkit of the (U)SIM is busy.
        TOOLKIT_BUSY = 0xD4, "(U)SIM application toolkit busy";
        /// Download to the (U)SIM failed.
        SIM_DOWNLOAD = 0xD5, "(U)SIM data download error";
        /// Unspecified.
        UNSPECIFIED = 0xFF, "unspecified error cause";
    }
}

crate::codes::codes! {
    /// TP-Protocol-Identifier.
    pub struct ProtocolIdentifier(u8) {
        /// Nothing special.
        NONE = 0x00, "none";
        /// Acknowledged, neither shown nor stored.
        TYPE_0 = 0x40, "short message type 0";
        /// Device triggering.
        DEVICE_TRIGGER = 0x48, "device triggering short message";
        /// Call back.
        RETURN_CALL = 0x5F, "return call message";
        /// For the equipment.
        ME_DOWNLOAD = 0x7D, "ME data download";
        /// For the (U)SIM.
        SIM_DOWNLOAD = 0x7F, "(U)SIM data download";
    }
}

impl ProtocolIdentifier {
    /// The type from 1 to 7 of a message that replaces one of the same type from the same sender.
    pub const fn replace_type(self) -> Option<u8> {
        match self.0 {
            0x41..=0x47 => Some(self.0 - 0x40),
            _ => None,
        }
    }
}

crate::codes::codes! {
    /// TP-Command-Type (clause 9.2.3.19).
    pub struct CommandType(u8) {
        /// What became of a message.
        ENQUIRY = 0, "enquiry";
        /// Send no status report for a message.
        CANCEL_STATUS_REPORT = 1, "cancel status report request";
        /// Delete a message.
        DELETE = 2, "delete previously submitted short message";
        /// Send a status report for a message.
        ENABLE_STATUS_REPORT = 3, "enable status report request";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_without_a_name_mean_something() {
        assert_eq!((Status(0x1F).outcome(), Status(0x3F).is_final()), (Outcome::Completed, false));
        assert_eq!(
            (Status(0x5F).outcome(), Status(0x7F).outcome()),
            (Outcome::PermanentError, Outcome::TemporaryError)
        );
        assert_eq!((Status(0x80).is_final(), Status(0x80).to_string().as_str()), (true, "0x80"));
        assert_eq!(FailureCause::MEMORY_EXCEEDED.to_string(), "memory capacity exceeded");
        assert_eq!(ProtocolIdentifier(0x47).replace_type(), Some(7));
        assert_eq!((ProtocolIdentifier(0x40).replace_type(), ProtocolIdentifier(0x48).replace_type()), (None, None));
    }
}
