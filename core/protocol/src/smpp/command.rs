//! Command ids and command status: SMPP 3.4 clauses 5.1.2 and 5.1.3.

crate::codes::codes! {
    /// command_id: what a PDU is.
    pub struct CommandId(u32) {
        GENERIC_NACK = 0x8000_0000, "generic_nack";
        BIND_RECEIVER = 0x0000_0001, "bind_receiver";
        BIND_RECEIVER_RESP = 0x8000_0001, "bind_receiver_resp";
        BIND_TRANSMITTER = 0x0000_0002, "bind_transmitter";
        BIND_TRANSMITTER_RESP = 0x8000_0002, "bind_transmitter_resp";
        QUERY_SM = 0x0000_0003, "query_sm";
        QUERY_SM_RESP = 0x8000_0003, "query_sm_resp";
        SUBMIT_SM = 0x0000_0004, "submit_sm";
        SUBMIT_SM_RESP = 0x8000_0004, "submit_sm_resp";
        DELIVER_SM = 0x0000_0005, "deliver_sm";
        DELIVER_SM_RESP = 0x8000_0005, "deliver_sm_resp";
        UNBIND = 0x0000_0006, "unbind";
        UNBIND_RESP = 0x8000_0006, "unbind_resp";
        REPLACE_SM = 0x0000_0007, "replace_sm";
        REPLACE_SM_RESP = 0x8000_0007, "replace_sm_resp";
        CANCEL_SM = 0x0000_0008, "cancel_sm";
        CANCEL_SM_RESP = 0x8000_0008, "cancel_sm_resp";
        BIND_TRANSCEIVER = 0x0000_0009, "bind_transceiver";
        BIND_TRANSCEIVER_RESP = 0x8000_0009, "bind_transceiver_resp";
        OUTBIND = 0x0000_000B, "outbind";
        ENQUIRE_LINK = 0x0000_0015, "enquire_link";
        ENQUIRE_LINK_RESP = 0x8000_0015, "enquire_link_resp";
        SUBMIT_MULTI = 0x0000_0021, "submit_multi";
        SUBMIT_MULTI_RESP = 0x8000_0021, "submit_multi_resp";
        ALERT_NOTIFICATION = 0x0000_0102, "alert_notification";
        DATA_SM = 0x0000_0103, "data_sm";
        DATA_SM_RESP = 0x8000_0103, "data_sm_resp";
    }
}

/// Bit 31 is set in responses.
const RESPONSE: u32 = 0x8000_0000;
/// The highest command_id of a request, data_sm.
const LAST_REQUEST: u32 = 0x0000_0103;

impl CommandId {
    /// All PDUs that have a name.
    pub fn all() -> impl Iterator<Item = Self> {
        let ids = (0..=LAST_REQUEST).flat_map(|id| [Self(id), Self(id | RESPONSE)]);
        ids.filter(|id| id.name().is_some())
    }

    /// Is it a response, or generic_nack?
    pub const fn is_response(self) -> bool {
        self.0 & RESPONSE != 0
    }

    /// What answers it; `None`: it is a response, or needs none.
    pub const fn response(self) -> Option<Self> {
        match self {
            Self::OUTBIND | Self::ALERT_NOTIFICATION => None,
            _ if self.is_response() => None,
            Self(id) => Some(Self(id | RESPONSE)),
        }
    }
}

crate::codes::codes! {
    /// command_status: how a request went, in its response.
    pub struct CommandStatus(u32) {
        /// No error.
        OK = 0x00, "ESME_ROK";
        /// Message length is invalid.
        INVALID_MESSAGE_LENGTH = 0x01, "ESME_RINVMSGLEN";
        /// Command length is invalid.
        INVALID_COMMAND_LENGTH = 0x02, "ESME_RINVCMDLEN";
        /// Invalid command id.
        INVALID_COMMAND_ID = 0x03, "ESME_RINVCMDID";
        /// Incorrect bind status for the command.
        INCORRECT_BIND_STATUS = 0x04, "ESME_RINVBNDSTS";
        /// The ESME is bound already.
        ALREADY_BOUND = 0x05, "ESME_RALYBND";
        /// Invalid priority flag.
        INVALID_PRIORITY = 0x06, "ESME_RINVPRTFLG";
        /// Invalid registered delivery flag.
        INVALID_REGISTERED_DELIVERY = 0x07, "ESME_RINVREGDLVFLG";
        /// System error.
        SYSTEM_ERROR = 0x08, "ESME_RSYSERR";
        /// Invalid source address.
        INVALID_SOURCE = 0x0A, "ESME_RINVSRCADR";
        /// Invalid destination address.
        INVALID_DESTINATION = 0x0B, "ESME_RINVDSTADR";
        /// Message id is invalid.
        INVALID_MESSAGE_ID = 0x0C, "ESME_RINVMSGID";
        /// Bind failed.
        BIND_FAILED = 0x0D, "ESME_RBINDFAIL";
        /// Invalid password.
        INVALID_PASSWORD = 0x0E, "ESME_RINVPASWD";
        /// Invalid system id.
        INVALID_SYSTEM_ID = 0x0F, "ESME_RINVSYSID";
        /// cancel_sm failed.
        CANCEL_FAILED = 0x11, "ESME_RCANCELFAIL";
        /// replace_sm failed.
        REPLACE_FAILED = 0x13, "ESME_RREPLACEFAIL";
        /// Message queue full.
        QUEUE_FULL = 0x14, "ESME_RMSGQFUL";
        /// Invalid service type.
        INVALID_SERVICE_TYPE = 0x15, "ESME_RINVSERTYP";
        /// Invalid number of destinations.
        INVALID_DESTINATIONS = 0x33, "ESME_RINVNUMDESTS";
        /// Invalid distribution list name.
        INVALID_LIST_NAME = 0x34, "ESME_RINVDLNAME";
        /// Invalid destination flag in submit_multi.
        INVALID_DESTINATION_FLAG = 0x40, "ESME_RINVDESTFLAG";
        /// Invalid submit with replace.
        INVALID_SUBMIT_WITH_REPLACE = 0x42, "ESME_RINVSUBREP";
        /// Invalid esm_class.
        INVALID_ESM_CLASS = 0x43, "ESME_RINVESMCLASS";
        /// Cannot submit to the distribution list.
        CANNOT_SUBMIT_TO_LIST = 0x44, "ESME_RCNTSUBDL";
        /// submit_sm or submit_multi failed.
        SUBMIT_FAILED = 0x45, "ESME_RSUBMITFAIL";
        /// Invalid type of number of the source.
        INVALID_SOURCE_TON = 0x48, "ESME_RINVSRCTON";
        /// Invalid numbering plan of the source.
        INVALID_SOURCE_NPI = 0x49, "ESME_RINVSRCNPI";
        /// Invalid type of number of the destination.
        INVALID_DESTINATION_TON = 0x50, "ESME_RINVDSTTON";
        /// Invalid numbering plan of the destination.
        INVALID_DESTINATION_NPI = 0x51, "ESME_RINVDSTNPI";
        /// Invalid system type.
        INVALID_SYSTEM_TYPE = 0x53, "ESME_RINVSYSTYP";
        /// Invalid replace_if_present flag.
        INVALID_REPLACE_FLAG = 0x54, "ESME_RINVREPFLAG";
        /// Invalid number of messages.
        INVALID_NUMBER_OF_MESSAGES = 0x55, "ESME_RINVNUMMSGS";
        /// Throttling: more messages than allowed.
        THROTTLED = 0x58, "ESME_RTHROTTLED";
        /// Invalid scheduled delivery time.
        INVALID_SCHEDULE = 0x61, "ESME_RINVSCHED";
        /// Invalid validity period.
        INVALID_EXPIRY = 0x62, "ESME_RINVEXPIRY";
        /// Predefined message invalid or not found.
        INVALID_DEFAULT_MESSAGE = 0x63, "ESME_RINVDFTMSGID";
        /// Temporary error of the receiving ESME.
        TEMPORARY_APPLICATION_ERROR = 0x64, "ESME_RX_T_APPN";
        /// Permanent error of the receiving ESME.
        PERMANENT_APPLICATION_ERROR = 0x65, "ESME_RX_P_APPN";
        /// The receiving ESME rejects the message.
        REJECTED_BY_APPLICATION = 0x66, "ESME_RX_R_APPN";
        /// query_sm failed.
        QUERY_FAILED = 0x67, "ESME_RQUERYFAIL";
        /// Error in the optional part of the PDU.
        INVALID_OPTIONAL_PART = 0xC0, "ESME_RINVOPTPARSTREAM";
        /// An optional parameter is not allowed.
        OPTIONAL_PARAMETER_NOT_ALLOWED = 0xC1, "ESME_ROPTPARNOTALLWD";
        /// Invalid length of a parameter.
        INVALID_PARAMETER_LENGTH = 0xC2, "ESME_RINVPARLEN";
        /// An optional parameter is missing.
        MISSING_OPTIONAL_PARAMETER = 0xC3, "ESME_RMISSINGOPTPARAM";
        /// Invalid value of an optional parameter.
        INVALID_OPTIONAL_VALUE = 0xC4, "ESME_RINVOPTPARAMVAL";
        /// Delivery failure, in transaction mode.
        DELIVERY_FAILURE = 0xFE, "ESME_RDELIVERYFAILURE";
        /// Unknown error.
        UNKNOWN_ERROR = 0xFF, "ESME_RUNKNOWNERR";
    }
}

impl CommandStatus {
    /// Did it go well?
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::OK)
    }
}
