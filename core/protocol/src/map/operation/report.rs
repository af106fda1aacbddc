//! reportSM-DeliveryStatus: TS 29.002 clauses 12.3, 17.6.5 and 17.7.6.

use gsm_map::operations::report_sm as report;

use super::super::extension::{PrivateExtension, container, extensions};
use super::super::number::{AddressString, Imsi};
use super::super::parameter::*;
use super::routing::CorrelationId;

/// SM-DeliveryOutcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmDeliveryOutcome {
    /// memoryCapacityExceeded.
    MemoryCapacityExceeded,
    /// absentSubscriber.
    AbsentSubscriber,
    /// successfulTransfer.
    SuccessfulTransfer,
}

impl SmDeliveryOutcome {
    pub(super) const fn to_wire(self) -> report::SmDeliveryOutcome {
        match self {
            Self::MemoryCapacityExceeded => report::SmDeliveryOutcome::MemoryCapacityExceeded,
            Self::AbsentSubscriber => report::SmDeliveryOutcome::AbsentSubscriber,
            Self::SuccessfulTransfer => report::SmDeliveryOutcome::SuccessfulTransfer,
        }
    }

    pub(super) const fn of_wire(wire: report::SmDeliveryOutcome) -> Self {
        match wire {
            report::SmDeliveryOutcome::MemoryCapacityExceeded => Self::MemoryCapacityExceeded,
            report::SmDeliveryOutcome::AbsentSubscriber => Self::AbsentSubscriber,
            report::SmDeliveryOutcome::SuccessfulTransfer => Self::SuccessfulTransfer,
        }
    }
}

/// ReportSM-DeliveryStatusArg. What is reported of SMSFs is skipped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportSmDeliveryStatusArg {
    /// Whom the message was for.
    pub msisdn: AddressString,
    /// serviceCentreAddress: who wants to be alerted.
    pub service_centre_address: AddressString,
    /// sm-DeliveryOutcome, of the MSC, or of the SGSN where [`Self::delivery_outcome_indicator`] is set.
    pub sm_delivery_outcome: SmDeliveryOutcome,
    /// absentSubscriberDiagnosticSM.
    pub absent_subscriber_diagnostic_sm: Option<u8>,
    /// gprsSupportIndicator.
    pub gprs_support_indicator: bool,
    /// deliveryOutcomeIndicator: sm-DeliveryOutcome is that of the SGSN.
    pub delivery_outcome_indicator: bool,
    /// additionalSM-DeliveryOutcome, of the SGSN.
    pub additional_sm_delivery_outcome: Option<SmDeliveryOutcome>,
    /// additionalAbsentSubscriberDiagnosticSM.
    pub additional_absent_subscriber_diagnostic_sm: Option<u8>,
    /// ip-sm-gw-Indicator: an outcome of an IP-SM-GW is reported.
    pub ip_sm_gw_indicator: bool,
    /// ip-sm-gw-sm-deliveryOutcome.
    pub ip_sm_gw_sm_delivery_outcome: Option<SmDeliveryOutcome>,
    /// ip-sm-gw-absentSubscriberDiagnosticSM.
    pub ip_sm_gw_absent_subscriber_diagnostic_sm: Option<u8>,
    /// IMSI.
    pub imsi: Option<Imsi>,
    /// singleAttemptDelivery.
    pub single_attempt_delivery: bool,
    /// correlationID.
    pub correlation_id: Option<CorrelationId>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl ReportSmDeliveryStatusArg {
    /// The argument with what is mandatory.
    pub const fn new(
        msisdn: AddressString,
        service_centre_address: AddressString,
        sm_delivery_outcome: SmDeliveryOutcome,
    ) -> Self {
        Self {
            msisdn,
            service_centre_address,
            sm_delivery_outcome,
            absent_subscriber_diagnostic_sm: None,
            gprs_support_indicator: false,
            delivery_outcome_indicator: false,
            additional_sm_delivery_outcome: None,
            additional_absent_subscriber_diagnostic_sm: None,
            ip_sm_gw_indicator: false,
            ip_sm_gw_sm_delivery_outcome: None,
            ip_sm_gw_absent_subscriber_diagnostic_sm: None,
            imsi: None,
            single_attempt_delivery: false,
            correlation_id: None,
            extensions: Vec::new(),
        }
    }
}

impl Parameter for ReportSmDeliveryStatusArg {
    type Wire = report::ReportSmDeliveryStatusArg;

    fn to_wire(&self) -> Self::Wire {
        let mandatory = Self::Wire::new(
            of_address(&self.msisdn),
            of_address(&self.service_centre_address),
            self.sm_delivery_outcome.to_wire(),
        );
        Self::Wire {
            absent_subscriber_diagnostic_sm: self.absent_subscriber_diagnostic_sm.map(Into::into),
            extension_container: container(&self.extensions),
            gprs_support_indicator: flag(self.gprs_support_indicator),
            delivery_outcome_indicator: flag(self.delivery_outcome_indicator),
            additional_sm_delivery_outcome: self.additional_sm_delivery_outcome.map(SmDeliveryOutcome::to_wire),
            additional_absent_subscriber_diagnostic_sm: self.additional_absent_subscriber_diagnostic_sm.map(Into::into),
            ip_sm_gw_indicator: flag(self.ip_sm_gw_indicator),
            ip_sm_gw_sm_delivery_outcome: self.ip_sm_gw_sm_delivery_outcome.map(SmDeliveryOutcome::to_wire),
            ip_sm_gw_absent_subscriber_diagnostic_sm: self.ip_sm_gw_absent_subscriber_diagnostic_sm.map(Into::into),
            imsi: self.imsi.as_ref().map(of_imsi),
            single_attempt_delivery: flag(self.single_attempt_delivery),
            correlation_id: self.correlation_id.as_ref().map(CorrelationId::to_wire),
            ..mandatory
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(Self {
            msisdn: isdn(&wire.msisdn)?,
            service_centre_address: address(&wire.service_centre_address)?,
            sm_delivery_outcome: SmDeliveryOutcome::of_wire(wire.sm_delivery_outcome),
            absent_subscriber_diagnostic_sm: optional(&wire.absent_subscriber_diagnostic_sm, octet)?,
            gprs_support_indicator: wire.gprs_support_indicator.is_some(),
            delivery_outcome_indicator: wire.delivery_outcome_indicator.is_some(),
            additional_sm_delivery_outcome: wire.additional_sm_delivery_outcome.map(SmDeliveryOutcome::of_wire),
            additional_absent_subscriber_diagnostic_sm: optional(
                &wire.additional_absent_subscriber_diagnostic_sm,
                octet,
            )?,
            ip_sm_gw_indicator: wire.ip_sm_gw_indicator.is_some(),
            ip_sm_gw_sm_delivery_outcome: wire.ip_sm_gw_sm_delivery_outcome.map(SmDeliveryOutcome::of_wire),
            ip_sm_gw_absent_subscriber_diagnostic_sm: optional(&wire.ip_sm_gw_absent_subscriber_diagnostic_sm, octet)?,
            imsi: optional(&wire.imsi, imsi)?,
            single_attempt_delivery: wire.single_attempt_delivery.is_some(),
            correlation_id: optional(&wire.correlation_id, CorrelationId::of_wire)?,
            extensions: extensions(&wire.extension_container)?,
        })
    }
}

/// ReportSM-DeliveryStatusRes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReportSmDeliveryStatusRes {
    /// storedMSISDN: where the list of message waiting data has another one.
    pub stored_msisdn: Option<AddressString>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl Parameter for ReportSmDeliveryStatusRes {
    type Wire = report::ReportSmDeliveryStatusRes;

    fn to_wire(&self) -> Self::Wire {
        let stored_msisdn = self.stored_msisdn.as_ref().map(of_address);
        Self::Wire { stored_msisdn, extension_container: container(&self.extensions) }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        let stored_msisdn = optional(&wire.stored_msisdn, isdn)?;
        Ok(Self { stored_msisdn, extensions: extensions(&wire.extension_container)? })
    }
}
