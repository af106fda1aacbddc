//! What became of attempts, for the service centre (SMPP 3.4 clauses 4.4.2 and 5.3.2) and for the HLR (TS 29.002 clause 12.3).

use std::collections::BTreeMap;

use protocol::map::{
    AddressString, Imsi, InvokeFailure, ReportSmDeliveryStatusArg, ScType, SmDeliveryFailureCause, SmDeliveryOutcome,
    UserError, diagnostic,
};
use protocol::smpp::Tlv;

use crate::sms::tlv::{self, DeliveryFailureReason};

/// The access that an attempt was made over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Access {
    /// IP, by an IP-SM-GW.
    Ip,
    /// GPRS, by an SGSN.
    Sgsn,
    /// Circuit switched, by an MSC.
    Msc,
}

impl Access {
    /// Diagnostic of a subscriber that the node does not know (TS 23.040 clause 3.3.2).
    const fn unidentified(self) -> u8 {
        match self {
            Self::Ip => diagnostic::DEREGISTERED_IMS,
            Self::Sgsn => diagnostic::UNIDENTIFIED_SUBSCRIBER_SGSN,
            Self::Msc => diagnostic::UNIDENTIFIED_SUBSCRIBER_MSC,
        }
    }

    /// In notes.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ip => "the IP-SM-GW",
            Self::Sgsn => "the SGSN",
            Self::Msc => "the MSC",
        }
    }
}

/// An attempt that failed, as the service centre is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Failure {
    /// Error code of MAP.
    pub(super) code: u16,
    /// Absent subscriber diagnostic or delivery failure cause.
    pub(super) cause: Option<u8>,
    pub(super) reason: DeliveryFailureReason,
    /// SMS-DELIVER-REPORT of the UE.
    pub(super) report: Option<Vec<u8>>,
    /// What the HLR may be told.
    pub(super) outcome: Option<SmDeliveryOutcome>,
}

/// Error codes of TS 29.002 clause 17.6.6.
const ABSENT_SUBSCRIBER_SM: u16 = 6;
const SYSTEM_FAILURE: u16 = 34;

impl Failure {
    /// No answer, or none that can be used: another attempt may go better.
    pub(super) const fn system() -> Self {
        let reason = DeliveryFailureReason::TEMPORARY;
        Self { code: SYSTEM_FAILURE, cause: None, reason, report: None, outcome: None }
    }

    /// The subscriber was not found.
    pub(super) const fn absent(diagnostic: Option<u8>) -> Self {
        Self {
            code: ABSENT_SUBSCRIBER_SM,
            cause: diagnostic,
            reason: DeliveryFailureReason::UNAVAILABLE,
            report: None,
            outcome: Some(SmDeliveryOutcome::AbsentSubscriber),
        }
    }

    /// What an invocation brought; `access` where it was mt-ForwardSM. Which errors are permanent: TS 23.040
    /// clause 3.3, table 1.
    pub(super) fn of(failure: &InvokeFailure, access: Option<Access>) -> Self {
        let InvokeFailure::User(error) = failure else { return Self::system() };
        let code = u16::try_from(error.code()).unwrap_or(SYSTEM_FAILURE);
        let of = |reason| Self { code, reason, ..Self::system() };
        match (error, access) {
            (UserError::AbsentSubscriberSm(absent), _) => Self::absent(absent.diagnostic),
            // A node that does not know the subscriber serves it no more: it is absent there.
            (UserError::UnidentifiedSubscriber, Some(access)) => Self::absent(Some(access.unidentified())),
            (UserError::SmDeliveryFailure(failure), _) => {
                use SmDeliveryFailureCause as Cause;
                let is_full = failure.cause == Cause::MemoryCapacityExceeded;
                let reason = match failure.cause {
                    Cause::InvalidSmeAddress | Cause::SubscriberNotScSubscriber => DeliveryFailureReason::PERMANENT,
                    _ => DeliveryFailureReason::TEMPORARY,
                };
                let outcome = is_full.then_some(SmDeliveryOutcome::MemoryCapacityExceeded);
                let report = failure.diagnostic_info.clone();
                Self { cause: Some(number_of(failure.cause)), outcome, report, ..of(reason) }
            }
            (UserError::UnknownSubscriber(_), None) => of(DeliveryFailureReason::INVALID_ADDRESS),
            (UserError::TeleserviceNotProvisioned | UserError::IllegalSubscriber | UserError::IllegalEquipment, _) => {
                of(DeliveryFailureReason::PERMANENT)
            }
            _ => of(DeliveryFailureReason::TEMPORARY),
        }
    }

    /// The optional parameters of submit_sm_resp.
    pub(super) fn tlvs(&self) -> Vec<Tlv> {
        let always = [tlv::network_error(self.code), self.reason.to_tlv()];
        let cause = self.cause.map(tlv::cause);
        let report = self.report.clone().map(tlv::tpdu);
        always.into_iter().chain(cause).chain(report).collect()
    }

    /// Lower: rather told than others. First what the subscriber can end, then what another attempt may.
    fn rank(&self) -> u8 {
        match self.outcome {
            Some(_) => 0,
            None if self.reason.is_temporary() => 1,
            None => 2,
        }
    }
}

/// sm-EnumeratedDeliveryFailureCause on the wire (TS 29.002 clause 17.7.6).
pub(super) const fn number_of(cause: SmDeliveryFailureCause) -> u8 {
    match cause {
        SmDeliveryFailureCause::MemoryCapacityExceeded => 0,
        SmDeliveryFailureCause::EquipmentProtocolError => 1,
        SmDeliveryFailureCause::EquipmentNotSmEquipped => 2,
        SmDeliveryFailureCause::UnknownServiceCentre => 3,
        SmDeliveryFailureCause::ScCongestion => 4,
        SmDeliveryFailureCause::InvalidSmeAddress => 5,
        SmDeliveryFailureCause::SubscriberNotScSubscriber => 6,
    }
}

/// [`number_of`] backwards.
pub(super) const fn cause_of(number: u8) -> Option<SmDeliveryFailureCause> {
    Some(match number {
        0 => SmDeliveryFailureCause::MemoryCapacityExceeded,
        1 => SmDeliveryFailureCause::EquipmentProtocolError,
        2 => SmDeliveryFailureCause::EquipmentNotSmEquipped,
        3 => SmDeliveryFailureCause::UnknownServiceCentre,
        4 => SmDeliveryFailureCause::ScCongestion,
        5 => SmDeliveryFailureCause::InvalidSmeAddress,
        6 => SmDeliveryFailureCause::SubscriberNotScSubscriber,
        _ => return None,
    })
}

/// Outcomes by access, of one message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Outcomes {
    told: BTreeMap<Access, (SmDeliveryOutcome, Option<u8>)>,
    worst: Option<Failure>,
}

impl Outcomes {
    pub(super) fn delivered(&mut self, access: Access) {
        self.told.insert(access, (SmDeliveryOutcome::SuccessfulTransfer, None));
    }

    pub(super) fn failed(&mut self, access: Option<Access>, failure: Failure) {
        if let (Some(access), Some(outcome)) = (access, failure.outcome) {
            let diagnostic = failure.cause.filter(|_| outcome == SmDeliveryOutcome::AbsentSubscriber);
            self.told.insert(access, (outcome, diagnostic));
        }
        if self.worst.as_ref().is_none_or(|worst| failure.rank() < worst.rank()) {
            self.worst = Some(failure);
        }
    }

    /// What the service centre is told when nothing has helped.
    pub(super) fn failure(&self) -> Failure {
        self.worst.clone().unwrap_or_else(Failure::system)
    }

    /// The argument of reportSM-DeliveryStatus; none where there is nothing that the HLR could note. Which member is about
    /// which access: the comments at ReportSM-DeliveryStatusArg in TS 29.002 clause 17.7.6.
    pub(super) fn report(
        &self,
        msisdn: &AddressString,
        centre: &AddressString,
        imsi: Option<&Imsi>,
        gprs: bool,
        sc_type: Option<ScType>,
    ) -> Option<ReportSmDeliveryStatusArg> {
        let of = |access| self.told.get(&access).copied();
        let (ip, sgsn, msc) = (of(Access::Ip), of(Access::Sgsn), of(Access::Msc));
        let (outcome, diagnostic) = msc.or(sgsn).or(ip)?;
        let mut argument = ReportSmDeliveryStatusArg::new(msisdn.clone(), centre.clone(), outcome);
        argument.absent_subscriber_diagnostic_sm = diagnostic;
        argument.gprs_support_indicator = gprs;
        match (msc, sgsn) {
            (Some(_), Some((outcome, diagnostic))) => {
                argument.additional_sm_delivery_outcome = Some(outcome);
                argument.additional_absent_subscriber_diagnostic_sm = diagnostic;
            }
            (None, Some(_)) => argument.delivery_outcome_indicator = true,
            (_, None) => {}
        }
        match ip {
            Some(_) if msc.is_none() && sgsn.is_none() => argument.ip_sm_gw_indicator = true,
            Some((outcome, diagnostic)) => {
                argument.ip_sm_gw_sm_delivery_outcome = Some(outcome);
                argument.ip_sm_gw_absent_subscriber_diagnostic_sm = diagnostic;
            }
            None => {}
        }
        argument.imsi = imsi.cloned();
        argument.extensions = sc_type.map(ScType::to_extension).into_iter().collect();
        Some(argument)
    }
}

#[cfg(test)]
mod tests {
    use protocol::map::SmDeliveryFailure;

    use super::*;

    fn number(digits: &str) -> AddressString {
        AddressString::international(digits).unwrap()
    }

    fn report(failed: &[(Access, Option<u8>)], delivered: Option<Access>) -> ReportSmDeliveryStatusArg {
        let mut outcomes = Outcomes::default();
        for (access, diagnostic) in failed {
            outcomes.failed(Some(*access), Failure::absent(*diagnostic));
        }
        delivered.into_iter().for_each(|access| outcomes.delivered(access));
        outcomes.report(&number("491"), &number("492"), None, true, Some(ScType::NORMAL)).unwrap()
    }

    #[test]
    fn each_access_has_its_member() {
        use SmDeliveryOutcome::{AbsentSubscriber as Absent, SuccessfulTransfer as Success};
        let ip = report(&[(Access::Ip, Some(11))], None);
        assert!(ip.ip_sm_gw_indicator && ip.ip_sm_gw_sm_delivery_outcome.is_none() && !ip.delivery_outcome_indicator);
        assert_eq!((ip.sm_delivery_outcome, ip.absent_subscriber_diagnostic_sm), (Absent, Some(11)));
        let sgsn = report(&[(Access::Ip, Some(12)), (Access::Sgsn, Some(6))], None);
        assert!(sgsn.delivery_outcome_indicator && !sgsn.ip_sm_gw_indicator);
        assert_eq!((sgsn.sm_delivery_outcome, sgsn.absent_subscriber_diagnostic_sm), (Absent, Some(6)));
        assert_eq!(sgsn.ip_sm_gw_absent_subscriber_diagnostic_sm, Some(12));
        let all = report(&[(Access::Ip, Some(12)), (Access::Sgsn, Some(6))], Some(Access::Msc));
        assert!(!all.delivery_outcome_indicator && !all.ip_sm_gw_indicator && all.gprs_support_indicator);
        assert_eq!((all.sm_delivery_outcome, all.absent_subscriber_diagnostic_sm), (Success, None));
        assert_eq!(all.additional_sm_delivery_outcome, Some(Absent));
        assert_eq!(all.additional_absent_subscriber_diagnostic_sm, Some(6));
        assert_eq!(all.ip_sm_gw_sm_delivery_outcome, Some(Absent));
        assert_eq!(ScType::find(&all.extensions), Some(ScType::NORMAL));
    }

    #[test]
    fn what_the_subscriber_can_end_is_told_first() {
        let failure = |error| Failure::of(&InvokeFailure::User(error), Some(Access::Msc));
        let full = UserError::SmDeliveryFailure(SmDeliveryFailure::new(SmDeliveryFailureCause::MemoryCapacityExceeded));
        let mut outcomes = Outcomes::default();
        assert_eq!(outcomes.failure(), Failure::system());
        for (error, code) in [
            (UserError::IllegalSubscriber, 9),
            (UserError::SystemFailure(None), 34),
            (full, 32),
            (UserError::DataMissing, 32),
        ] {
            outcomes.failed(Some(Access::Msc), failure(error));
            assert_eq!(outcomes.failure().code, code);
        }
        assert_eq!(outcomes.failure().cause, Some(0));
        assert_eq!(failure(UserError::UnidentifiedSubscriber), Failure::absent(Some(9)));
        let unknown = InvokeFailure::User(UserError::UnknownSubscriber(None));
        assert_eq!(Failure::of(&unknown, None).reason, DeliveryFailureReason::INVALID_ADDRESS);
        assert_eq!(Failure::of(&InvokeFailure::Ended, None), Failure::system());
    }

    #[test]
    fn causes_have_their_numbers() {
        for number in 0..=6 {
            assert_eq!(cause_of(number).map(number_of), Some(number));
        }
        assert_eq!(cause_of(7), None);
    }
}
