//! alertServiceCentre, informServiceCentre and readyForSM: TS 29.002 clauses 12.4 to 12.6, 17.6.5 and 17.7.6.

use gsm_map::operations::{alert_sc as alert, inform_sc as inform, ready_for_sm as ready};
use gsm_map::types as wire;

use super::super::extension::{PrivateExtension, container, extensions};
use super::super::number::{AddressString, Imsi};
use super::super::parameter::*;
use super::routing::CorrelationId;

/// AlertServiceCentreArg. Addresses for Diameter are skipped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertServiceCentreArg {
    /// Who can be reached again.
    pub msisdn: AddressString,
    /// serviceCentreAddress: who wanted to know.
    pub service_centre_address: AddressString,
    /// IMSI.
    pub imsi: Option<Imsi>,
    /// correlationID.
    pub correlation_id: Option<CorrelationId>,
    /// maximumUeAvailabilityTime: until when, seconds since 1900.
    pub maximum_ue_availability_time: Option<u32>,
    /// smsGmscAlertEvent.
    pub sms_gmsc_alert_event: Option<SmsGmscAlertEvent>,
    /// newSGSNNumber.
    pub new_sgsn_number: Option<AddressString>,
    /// newMMENumber.
    pub new_mme_number: Option<AddressString>,
    /// newMSCNumber.
    pub new_msc_number: Option<AddressString>,
}

impl AlertServiceCentreArg {
    /// The argument with what is mandatory.
    pub const fn new(msisdn: AddressString, service_centre_address: AddressString) -> Self {
        Self {
            msisdn,
            service_centre_address,
            imsi: None,
            correlation_id: None,
            maximum_ue_availability_time: None,
            sms_gmsc_alert_event: None,
            new_sgsn_number: None,
            new_mme_number: None,
            new_msc_number: None,
        }
    }
}

impl Parameter for AlertServiceCentreArg {
    type Wire = alert::AlertServiceCentreArg;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            imsi: self.imsi.as_ref().map(of_imsi),
            correlation_id: self.correlation_id.as_ref().map(CorrelationId::to_wire),
            maximum_ue_availability_time: self.maximum_ue_availability_time.map(of_time),
            sms_gmsc_alert_event: self.sms_gmsc_alert_event.map(|event| match event {
                SmsGmscAlertEvent::MsAvailableForMtSms => alert::SmsGmscAlertEvent::MsAvailableForMtSms,
                SmsGmscAlertEvent::MsUnderNewServingNode => alert::SmsGmscAlertEvent::MsUnderNewServingNode,
            }),
            new_sgsn_number: self.new_sgsn_number.as_ref().map(of_address),
            new_mme_number: self.new_mme_number.as_ref().map(of_address),
            new_msc_number: self.new_msc_number.as_ref().map(of_address),
            ..Self::Wire::new(of_address(&self.msisdn), of_address(&self.service_centre_address))
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(Self {
            msisdn: isdn(&wire.msisdn)?,
            service_centre_address: address(&wire.service_centre_address)?,
            imsi: optional(&wire.imsi, imsi)?,
            correlation_id: optional(&wire.correlation_id, CorrelationId::of_wire)?,
            maximum_ue_availability_time: optional(&wire.maximum_ue_availability_time, time)?,
            sms_gmsc_alert_event: wire.sms_gmsc_alert_event.map(|event| match event {
                alert::SmsGmscAlertEvent::MsAvailableForMtSms => SmsGmscAlertEvent::MsAvailableForMtSms,
                alert::SmsGmscAlertEvent::MsUnderNewServingNode => SmsGmscAlertEvent::MsUnderNewServingNode,
            }),
            new_sgsn_number: optional(&wire.new_sgsn_number, isdn)?,
            new_mme_number: optional(&wire.new_mme_number, isdn)?,
            new_msc_number: optional(&wire.new_msc_number, isdn)?,
        })
    }
}

/// SmsGmsc-Alert-Event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmsGmscAlertEvent {
    /// msAvailableForMtSms.
    MsAvailableForMtSms,
    /// msUnderNewServingNode.
    MsUnderNewServingNode,
}

/// InformServiceCentreArg. What is informed of SMSFs is skipped.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InformServiceCentreArg {
    /// storedMSISDN: where the list of message waiting data has another one.
    pub stored_msisdn: Option<AddressString>,
    /// mw-Status.
    pub mw_status: Option<MwStatus>,
    /// absentSubscriberDiagnosticSM.
    pub absent_subscriber_diagnostic_sm: Option<u8>,
    /// additionalAbsentSubscriberDiagnosticSM.
    pub additional_absent_subscriber_diagnostic_sm: Option<u8>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl Parameter for InformServiceCentreArg {
    type Wire = inform::InformServiceCentreArg;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            stored_msisdn: self.stored_msisdn.as_ref().map(of_address),
            mw_status: self.mw_status.map(|status| status.to_flags().to_bits()),
            extension_container: container(&self.extensions),
            absent_subscriber_diagnostic_sm: self.absent_subscriber_diagnostic_sm.map(Into::into),
            additional_absent_subscriber_diagnostic_sm: self.additional_absent_subscriber_diagnostic_sm.map(Into::into),
            ..Self::Wire::default()
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        let mw_status = wire.mw_status.as_ref();
        Ok(Self {
            stored_msisdn: optional(&wire.stored_msisdn, isdn)?,
            mw_status: mw_status.map(|bits| MwStatus::of_flags(wire::MwStatusFlags::from_bits(bits))),
            absent_subscriber_diagnostic_sm: optional(&wire.absent_subscriber_diagnostic_sm, octet)?,
            additional_absent_subscriber_diagnostic_sm: optional(
                &wire.additional_absent_subscriber_diagnostic_sm,
                octet,
            )?,
            extensions: extensions(&wire.extension_container)?,
        })
    }
}

/// MW-Status: what is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MwStatus {
    /// sc-AddressNotIncluded: the service centre is not in the list of message waiting data.
    pub sc_address_not_included: bool,
    /// mnrf-Set: the mobile station is not reachable.
    pub mnrf_set: bool,
    /// mcef-Set: its memory is full.
    pub mcef_set: bool,
    /// mnrg-Set: not reachable for GPRS.
    pub mnrg_set: bool,
    /// mnr5g-Set.
    pub mnr5g_set: bool,
    /// mnr5gn3g-Set.
    pub mnr5gn3g_set: bool,
}

impl MwStatus {
    const fn to_flags(self) -> wire::MwStatusFlags {
        let Self { sc_address_not_included, mnrf_set, mcef_set, mnrg_set, mnr5g_set, mnr5gn3g_set } = self;
        wire::MwStatusFlags { sc_address_not_included, mnrf_set, mcef_set, mnrg_set, mnr5g_set, mnr5gn3g_set }
    }

    const fn of_flags(flags: wire::MwStatusFlags) -> Self {
        let wire::MwStatusFlags { sc_address_not_included, mnrf_set, mcef_set, mnrg_set, mnr5g_set, mnr5gn3g_set } =
            flags;
        Self { sc_address_not_included, mnrf_set, mcef_set, mnrg_set, mnr5g_set, mnr5gn3g_set }
    }
}

/// ReadyForSM-Arg.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadyForSmArg {
    /// Who is ready.
    pub imsi: Imsi,
    /// alertReason.
    pub alert_reason: AlertReason,
    /// alertReasonIndicator: the alert is that of an SGSN.
    pub alert_reason_indicator: bool,
    /// additionalAlertReasonIndicator: the alert is that of an IP-SM-GW.
    pub additional_alert_reason_indicator: bool,
    /// maximumUeAvailabilityTime: until when, seconds since 1900.
    pub maximum_ue_availability_time: Option<u32>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl ReadyForSmArg {
    /// The argument with what is mandatory.
    pub const fn new(imsi: Imsi, alert_reason: AlertReason) -> Self {
        Self {
            imsi,
            alert_reason,
            alert_reason_indicator: false,
            additional_alert_reason_indicator: false,
            maximum_ue_availability_time: None,
            extensions: Vec::new(),
        }
    }
}

impl Parameter for ReadyForSmArg {
    type Wire = ready::ReadyForSmArg;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            imsi: of_imsi(&self.imsi),
            alert_reason: match self.alert_reason {
                AlertReason::MsPresent => ready::AlertReason::MsPresent,
                AlertReason::MemoryAvailable => ready::AlertReason::MemoryAvailable,
            },
            alert_reason_indicator: flag(self.alert_reason_indicator),
            extension_container: container(&self.extensions),
            additional_alert_reason_indicator: flag(self.additional_alert_reason_indicator),
            maximum_ue_availability_time: self.maximum_ue_availability_time.map(of_time),
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(Self {
            imsi: imsi(&wire.imsi)?,
            alert_reason: match wire.alert_reason {
                ready::AlertReason::MsPresent => AlertReason::MsPresent,
                ready::AlertReason::MemoryAvailable => AlertReason::MemoryAvailable,
            },
            alert_reason_indicator: wire.alert_reason_indicator.is_some(),
            additional_alert_reason_indicator: wire.additional_alert_reason_indicator.is_some(),
            maximum_ue_availability_time: optional(&wire.maximum_ue_availability_time, time)?,
            extensions: extensions(&wire.extension_container)?,
        })
    }
}

/// AlertReason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AlertReason {
    /// ms-Present.
    MsPresent,
    /// memoryAvailable.
    MemoryAvailable,
}
