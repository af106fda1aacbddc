//! Error causes between the relay layer and MAP: TS 23.040 clause 11.

use protocol::map::{
    AbsentSubscriberSm, CallBarred, InvokeFailure, SmDeliveryFailure, SmDeliveryFailureCause, UserError, diagnostic,
};
use protocol::sms::{Carrier, Direction, FailureCause, RpCause, Tpdu};

/// callBarringCause: barringServiceActive (TS 29.002 clause 17.7.7).
const BARRING_SERVICE_ACTIVE: u8 = 0;

/// What a UE is told of an error of the service centre's side: the table of TS 23.040 clause 11.2 for ForwardShortMessage,
/// which TS 23.540 repeats (1, 21, 28, 42, 69, 38 for all else).
pub(in crate::sms) fn cause_of_mo_failure(failure: &InvokeFailure) -> RpCause {
    match failure {
        InvokeFailure::User(UserError::SmDeliveryFailure(failure)) => match failure.cause {
            SmDeliveryFailureCause::UnknownServiceCentre => RpCause::UNASSIGNED_NUMBER,
            SmDeliveryFailureCause::ScCongestion => RpCause::CONGESTION,
            SmDeliveryFailureCause::InvalidSmeAddress => RpCause::TRANSFER_REJECTED,
            SmDeliveryFailureCause::SubscriberNotScSubscriber => RpCause::UNIDENTIFIED_SUBSCRIBER,
            // Not of messages from a UE; what a service centre means with them lies behind it.
            SmDeliveryFailureCause::MemoryCapacityExceeded
            | SmDeliveryFailureCause::EquipmentProtocolError
            | SmDeliveryFailureCause::EquipmentNotSmEquipped => RpCause::PROTOCOL_ERROR,
        },
        InvokeFailure::User(error) => cause_of_error(error),
        InvokeFailure::Rejected(_) | InvokeFailure::Invalid(_) | InvokeFailure::Ended | InvokeFailure::Aborted(_) => {
            RpCause::NETWORK_OUT_OF_ORDER
        }
    }
}

/// What a UE is told of an error of readyForSM: the table of TS 23.040 clause 11.2.
pub(in crate::sms) fn cause_of_ready_failure(failure: &InvokeFailure) -> RpCause {
    match failure {
        InvokeFailure::User(error) => cause_of_error(error),
        _ => RpCause::NETWORK_OUT_OF_ORDER,
    }
}

fn cause_of_error(error: &UserError) -> RpCause {
    match error {
        UserError::UnknownSubscriber(_) => RpCause::UNKNOWN_SUBSCRIBER,
        UserError::FacilityNotSupported => RpCause::FACILITY_NOT_IMPLEMENTED,
        UserError::TeleserviceNotProvisioned => RpCause::FACILITY_NOT_SUBSCRIBED,
        UserError::CallBarred(CallBarred { cause: Some(BARRING_SERVICE_ACTIVE), .. }) => RpCause::CALL_BARRED,
        UserError::CallBarred(_) => RpCause::OPERATOR_BARRING,
        _ => RpCause::NETWORK_OUT_OF_ORDER,
    }
}

/// The report with which a service centre has refused a message: an SMS-SUBMIT-REPORT.
pub(in crate::sms) fn report_of(failure: &InvokeFailure) -> Option<&[u8]> {
    match failure {
        InvokeFailure::User(UserError::SmDeliveryFailure(failure)) => failure.diagnostic_info.as_deref(),
        _ => None,
    }
}

/// The service centre has the message already (TP-FCS of TS 23.040 clause 9.2.3.22): it was forwarded a second time, with
/// TP-RD.
pub(super) fn is_duplicate(failure: &InvokeFailure) -> bool {
    let report = report_of(failure).map(|octets| Tpdu::parse(Direction::ToMs, Carrier::Error, octets));
    match report {
        Some(Ok(Tpdu::SubmitReport(report))) => report.failure_cause() == Some(FailureCause::DUPLICATE),
        _ => false,
    }
}

/// What the SMS-GMSC is told of RP-ERROR of a UE, with its SMS-DELIVER-REPORT: TS 23.040 clause 11.1.
pub(super) fn error_of_cause(cause: RpCause, report: Option<&[u8]>) -> UserError {
    let cause = match cause {
        RpCause::MEMORY_EXCEEDED => SmDeliveryFailureCause::MemoryCapacityExceeded,
        _ => SmDeliveryFailureCause::EquipmentProtocolError,
    };
    let diagnostic_info = report.filter(|report| !report.is_empty()).map(<[u8]>::to_vec);
    UserError::SmDeliveryFailure(SmDeliveryFailure { diagnostic_info, ..SmDeliveryFailure::new(cause) })
}

/// What the SMS-GMSC is told of a final response to MESSAGE that is no success. TS 23.040 clause 11.1 has
/// equipmentProtocolError for refusals and absent subscriber for silence; statuses that say that nobody is there, or not
/// now, count as silence, for the message can go again.
pub(super) fn error_of_status(status: u16) -> UserError {
    match status {
        404 | 408 | 410 | 430 | 480 | 486 | 487 | 500 | 502 | 503 | 504 | 600 | 603 => silent(),
        _ => UserError::SmDeliveryFailure(SmDeliveryFailure::new(SmDeliveryFailureCause::EquipmentProtocolError)),
    }
}

/// The UE has said nothing. TS 23.040 clause 11.1 has equipmentProtocolError where TR1N has run out, which a service centre
/// takes for good; TR 23.804 clauses 8.5 and 8.6 want the message to wait for the UE.
pub(super) fn silent() -> UserError {
    absent(diagnostic::NO_RESPONSE_IP_SM_GW)
}

/// The UE is not registered.
pub(super) fn not_registered() -> UserError {
    absent(diagnostic::DEREGISTERED_IMS)
}

fn absent(diagnostic: u8) -> UserError {
    UserError::AbsentSubscriberSm(AbsentSubscriberSm { diagnostic: Some(diagnostic), ..AbsentSubscriberSm::default() })
}
