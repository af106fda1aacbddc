//! What became of an attempt: of the responses of SMS-GMSC, ESME and other SM-SC (SMPP 3.4 clauses 5.1.3 and 5.3.2.31), and
//! what they mean for the message (TS 23.040 clause 3.3, TS 29.002 clause 17.6).

use protocol::smpp::{CommandStatus, MessageState, Pdu};
use protocol::sms::Status;

use super::message::Final;
use super::schedule::Cause;
use crate::sms::tlv::{self, DeliveryFailureReason};

/// Why an attempt failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Failure {
    pub(super) cause: Cause,
    /// TP-ST when there is no other attempt.
    pub(super) status: Status,
    /// Error code of the network.
    pub(super) error: u8,
}

impl Failure {
    /// Nobody knows: no answer, or nobody to ask.
    pub(super) const UNKNOWN: Self = Self { cause: Cause::Network, status: Status::NO_RESPONSE, error: 0 };

    /// How the message ends when it is given up.
    pub(super) fn given_up(self) -> Final {
        let state = match self.status {
            Status::CONNECTION_REJECTED => MessageState::REJECTED,
            _ => MessageState::UNDELIVERABLE,
        };
        Final { state, status: self.status, error: self.error }
    }

    const fn of(cause: Cause, status: Status, error: u8) -> Self {
        Self { cause, status, error }
    }
}

/// submit_sm_resp of an SMS-GMSC in forward mode.
pub(super) fn of_gmsc(response: &Pdu) -> Result<(), Failure> {
    match response.status {
        CommandStatus::OK => Ok(()),
        CommandStatus::DELIVERY_FAILURE => Err(of_delivery_failure(response)),
        status => Err(of_status(status)),
    }
}

/// deliver_sm_resp of an ESME, or submit_sm_resp of another SM-SC.
pub(super) fn of_status_alone(status: CommandStatus) -> Result<(), Failure> {
    if status.is_ok() { Ok(()) } else { Err(of_status(status)) }
}

/// MAP errors (TS 29.002 clause 17.6.6) in network_error_code of type GSM. The SMS-GMSC, which knows more, says by
/// delivery_failure_reason whether another attempt may go better; where it does not, table 1 of TS 23.040 clause 3.3 does.
fn of_delivery_failure(response: &Pdu) -> Failure {
    let code = tlv::network_error_of(&response.tlvs);
    let error = code.and_then(|code| u8::try_from(code).ok()).unwrap_or(0);
    let reason = DeliveryFailureReason::find(&response.tlvs);
    let (cause, status) = match (code, tlv::cause_of(&response.tlvs)) {
        (Some(ABSENT_SUBSCRIBER | ABSENT_SUBSCRIBER_SM), _) => (Cause::Absent, Status::NO_RESPONSE),
        (Some(SM_DELIVERY_FAILURE), Some(MEMORY_CAPACITY_EXCEEDED) | None) => (Cause::MemoryFull, Status::REJECTED),
        // Error in MS: the UE has refused the TPDU.
        (Some(SM_DELIVERY_FAILURE), Some(EQUIPMENT_PROTOCOL_ERROR)) => (Cause::Refused, Status::CONNECTION_REJECTED),
        // SMS lower layers capabilities not provisioned.
        (Some(SM_DELIVERY_FAILURE), Some(EQUIPMENT_NOT_EQUIPPED)) => (Cause::Refused, Status::INCOMPATIBLE_DESTINATION),
        (Some(SM_DELIVERY_FAILURE), Some(_)) => (Cause::Network, Status::ERROR),
        (Some(BUSY), _) => (Cause::Network, Status::BUSY),
        (
            Some(
                UNKNOWN_SUBSCRIBER | UNIDENTIFIED_SUBSCRIBER | NOT_PROVISIONED | ILLEGAL_SUBSCRIBER | ILLEGAL_EQUIPMENT,
            ),
            _,
        ) => (Cause::Permanent, Status::NOT_OBTAINABLE),
        (Some(CALL_BARRED | FACILITY_NOT_SUPPORTED), _) => (Cause::Network, Status::NO_INTERWORKING),
        (Some(_), _) => (Cause::Network, Status::CONGESTION),
        (None, _) => match reason {
            Some(DeliveryFailureReason::UNAVAILABLE) => (Cause::Absent, Status::NO_RESPONSE),
            Some(DeliveryFailureReason::INVALID_ADDRESS) => (Cause::Permanent, Status::NOT_OBTAINABLE),
            Some(DeliveryFailureReason::PERMANENT) => (Cause::Permanent, Status::REMOTE_PROCEDURE_ERROR),
            _ => (Cause::Network, Status::CONGESTION),
        },
    };
    let cause = match (reason.map(DeliveryFailureReason::is_temporary), cause) {
        (Some(false), _) => Cause::Permanent,
        (Some(true), Cause::Permanent) => Cause::Network,
        _ => cause,
    };
    Failure::of(cause, status, error)
}

fn of_status(status: CommandStatus) -> Failure {
    let (cause, tp_status) = match status {
        CommandStatus::INVALID_DESTINATION
        | CommandStatus::INVALID_DESTINATION_TON
        | CommandStatus::INVALID_DESTINATION_NPI => (Cause::Permanent, Status::NOT_OBTAINABLE),
        CommandStatus::REJECTED_BY_APPLICATION => (Cause::Permanent, Status::CONNECTION_REJECTED),
        CommandStatus::PERMANENT_APPLICATION_ERROR
        | CommandStatus::INVALID_MESSAGE_LENGTH
        | CommandStatus::INVALID_COMMAND_LENGTH
        | CommandStatus::INVALID_COMMAND_ID
        | CommandStatus::INVALID_SOURCE
        | CommandStatus::INVALID_SOURCE_TON
        | CommandStatus::INVALID_SOURCE_NPI
        | CommandStatus::INVALID_ESM_CLASS
        | CommandStatus::INVALID_PRIORITY
        | CommandStatus::INVALID_EXPIRY
        | CommandStatus::INVALID_OPTIONAL_PART
        | CommandStatus::INVALID_OPTIONAL_VALUE
        | CommandStatus::INVALID_PARAMETER_LENGTH
        | CommandStatus::OPTIONAL_PARAMETER_NOT_ALLOWED
        | CommandStatus::MISSING_OPTIONAL_PARAMETER => (Cause::Permanent, Status::REMOTE_PROCEDURE_ERROR),
        _ => (Cause::Network, Status::CONGESTION),
    };
    Failure::of(cause, tp_status, u8::try_from(status.0).unwrap_or(u8::MAX))
}

const UNKNOWN_SUBSCRIBER: u16 = 1;
const UNIDENTIFIED_SUBSCRIBER: u16 = 5;
const ABSENT_SUBSCRIBER_SM: u16 = 6;
const ILLEGAL_SUBSCRIBER: u16 = 9;
const NOT_PROVISIONED: u16 = 11;
const ILLEGAL_EQUIPMENT: u16 = 12;
const CALL_BARRED: u16 = 13;
const FACILITY_NOT_SUPPORTED: u16 = 21;
const ABSENT_SUBSCRIBER: u16 = 27;
const BUSY: u16 = 31;
const SM_DELIVERY_FAILURE: u16 = 32;
/// SM-EnumeratedDeliveryFailureCause (TS 29.002 clause 17.7.6).
const MEMORY_CAPACITY_EXCEEDED: u8 = 0;
const EQUIPMENT_PROTOCOL_ERROR: u8 = 1;
const EQUIPMENT_NOT_EQUIPPED: u8 = 2;

/// TP-ST for what another SM-SC tells.
pub(super) const fn status_of(state: MessageState) -> Status {
    match state {
        MessageState::DELIVERED => Status::RECEIVED,
        MessageState::EXPIRED => Status::VALIDITY_EXPIRED,
        MessageState::DELETED => Status::DELETED_BY_ADMINISTRATION,
        MessageState::ACCEPTED => Status::FORWARDED,
        MessageState::REJECTED => Status::CONNECTION_REJECTED,
        MessageState::UNDELIVERABLE => Status::NOT_OBTAINABLE,
        _ => Status::REMOTE_PROCEDURE_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use protocol::smpp::Body;

    use super::*;

    fn failure(code: Option<u8>, reason: Option<u8>, cause: Option<u8>) -> (Cause, Status) {
        let code = code.map(|code| tlv::network_error(code.into()));
        let reason = reason.map(|reason| DeliveryFailureReason(reason).to_tlv());
        let cause = cause.map(tlv::cause);
        let tlvs = code.into_iter().chain(reason).chain(cause);
        let pdu = Pdu::response(1, CommandStatus::DELIVERY_FAILURE, Body::SubmitSmResp(None)).with(tlvs);
        let failure = of_gmsc(&pdu).unwrap_err();
        (failure.cause, failure.status)
    }

    #[test]
    fn errors_of_map_say_whether_to_try_again() {
        assert_eq!(failure(Some(6), Some(0), Some(5)), (Cause::Absent, Status::NO_RESPONSE));
        assert_eq!(failure(Some(27), None, None), (Cause::Absent, Status::NO_RESPONSE));
        assert_eq!(failure(Some(32), Some(3), Some(0)), (Cause::MemoryFull, Status::REJECTED));
        assert_eq!(failure(Some(32), Some(3), Some(1)), (Cause::Refused, Status::CONNECTION_REJECTED));
        assert_eq!(failure(Some(32), Some(3), Some(2)), (Cause::Refused, Status::INCOMPATIBLE_DESTINATION));
        assert_eq!(failure(Some(32), Some(2), Some(1)), (Cause::Permanent, Status::CONNECTION_REJECTED));
        assert_eq!(failure(Some(32), Some(3), Some(4)).0, Cause::Network);
        assert_eq!(failure(Some(1), Some(1), None), (Cause::Permanent, Status::NOT_OBTAINABLE));
        assert_eq!(failure(Some(34), Some(3), None).0, Cause::Network);
        // What the SMS-GMSC says goes before what the code says.
        for code in [13, 21] {
            assert_eq!(failure(Some(code), None, None), (Cause::Network, Status::NO_INTERWORKING));
            assert_eq!(failure(Some(code), Some(2), None), (Cause::Permanent, Status::NO_INTERWORKING));
        }
        assert_eq!(failure(Some(11), None, None).0, Cause::Permanent);
        assert_eq!(failure(Some(1), Some(3), None), (Cause::Network, Status::NOT_OBTAINABLE));
        for (reason, cause) in [(0, Cause::Absent), (1, Cause::Permanent), (2, Cause::Permanent), (3, Cause::Network)] {
            assert_eq!(failure(None, Some(reason), None).0, cause);
        }
        assert_eq!(failure(None, None, None).0, Cause::Network);
    }

    #[test]
    fn statuses_say_it_too() {
        let of = |status| of_status_alone(status).map_err(|failure| failure.cause);
        assert_eq!(of(CommandStatus::OK), Ok(()));
        for status in [CommandStatus::THROTTLED, CommandStatus::QUEUE_FULL, CommandStatus::TEMPORARY_APPLICATION_ERROR]
        {
            assert_eq!(of(status), Err(Cause::Network));
        }
        assert_eq!(of(CommandStatus::REJECTED_BY_APPLICATION), Err(Cause::Permanent));
        assert_eq!(of_status(CommandStatus::REJECTED_BY_APPLICATION).given_up().state, MessageState::REJECTED);
        assert_eq!(of(CommandStatus(0x400)), Err(Cause::Network));
    }
}
