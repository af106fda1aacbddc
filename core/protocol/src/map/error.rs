//! User errors: TS 29.002 clauses 7.6.1.4, 17.6.6 (MAP-Errors) and 17.7.7 (MAP-ER-DataTypes).

use gsm_map::operations::errors as wire;
use gsm_map::types::OpenEnumerated;

use super::extension::{PrivateExtension, container, extensions};
use super::number::Imsi;
use super::operation::Extensions;
use super::parameter::*;

/// Why an operation was refused by the user of MAP at the other end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UserError {
    /// unknownSubscriber, with unknownSubscriberDiagnostic: 0 IMSI unknown, 1 no subscription of GPRS or EPS.
    UnknownSubscriber(Option<u8>),
    /// unidentifiedSubscriber.
    UnidentifiedSubscriber,
    /// absentSubscriberSM.
    AbsentSubscriberSm(AbsentSubscriberSm),
    /// roamingNotAllowed, with roamingNotAllowedCause: 0 in this PLMN, 3 barred by the operator.
    RoamingNotAllowed(u8),
    /// illegalSubscriber.
    IllegalSubscriber,
    /// teleserviceNotProvisioned.
    TeleserviceNotProvisioned,
    /// illegalEquipment.
    IllegalEquipment,
    /// callBarred.
    CallBarred(CallBarred),
    /// facilityNotSupported.
    FacilityNotSupported,
    /// subscriberBusyForMT-SMS, with gprsConnectionSuspended.
    SubscriberBusyForMtSms(bool),
    /// sm-DeliveryFailure.
    SmDeliveryFailure(SmDeliveryFailure),
    /// messageWaitingListFull.
    MessageWaitingListFull,
    /// systemFailure, with networkResource: 0 PLMN, 1 HLR, 2 VLR, 3 previous VLR, 4 controlling MSC, 5 visited MSC, 6 EIR, 7 RSS.
    SystemFailure(Option<u8>),
    /// dataMissing.
    DataMissing,
    /// unexpectedDataValue.
    UnexpectedDataValue,
    /// An error of MAP that is none of these.
    Other {
        /// Its code.
        code: i64,
        /// Encoding of its parameter.
        parameter: Option<Vec<u8>>,
    },
}

/// AbsentSubscriberSM-Param.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AbsentSubscriberSm {
    /// absentSubscriberDiagnosticSM: TS 23.040 clause 3.3.2, see [`diagnostic`].
    pub diagnostic: Option<u8>,
    /// additionalAbsentSubscriberDiagnosticSM: that of GPRS, where there are two.
    pub additional_diagnostic: Option<u8>,
    /// IMSI.
    pub imsi: Option<Imsi>,
    /// requestedRetransmissionTime: when to try again, seconds since 1900.
    pub requested_retransmission_time: Option<u32>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

/// Values of absentSubscriberDiagnosticSM: TS 23.040 clause 3.3.2.
pub mod diagnostic {
    /// No paging response by the MSC.
    pub const NO_PAGING_RESPONSE_MSC: u8 = 0;
    /// IMSI detached.
    pub const IMSI_DETACHED: u8 = 1;
    /// Roaming restriction.
    pub const ROAMING_RESTRICTION: u8 = 2;
    /// Deregistered in the HLR for non-GPRS.
    pub const DEREGISTERED_NON_GPRS: u8 = 3;
    /// MS purged for non-GPRS.
    pub const MS_PURGED_NON_GPRS: u8 = 4;
    /// No paging response by the SGSN.
    pub const NO_PAGING_RESPONSE_SGSN: u8 = 5;
    /// GPRS detached.
    pub const GPRS_DETACHED: u8 = 6;
    /// Deregistered in the HLR for GPRS.
    pub const DEREGISTERED_GPRS: u8 = 7;
    /// MS purged for GPRS.
    pub const MS_PURGED_GPRS: u8 = 8;
    /// Unidentified subscriber by the MSC.
    pub const UNIDENTIFIED_SUBSCRIBER_MSC: u8 = 9;
    /// Unidentified subscriber by the SGSN.
    pub const UNIDENTIFIED_SUBSCRIBER_SGSN: u8 = 10;
    /// Deregistered in the HSS/HLR for IMS.
    pub const DEREGISTERED_IMS: u8 = 11;
    /// No response by the IP-SM-GW.
    pub const NO_RESPONSE_IP_SM_GW: u8 = 12;
    /// The MS is temporarily unavailable.
    pub const TEMPORARILY_UNAVAILABLE: u8 = 13;
}

/// CallBarredParam.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CallBarred {
    /// callBarringCause: 0 by a service of the subscriber, 1 by the operator.
    pub cause: Option<u8>,
    /// unauthorisedMessageOriginator.
    pub unauthorised_message_originator: bool,
}

/// SM-DeliveryFailureCause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmDeliveryFailure {
    /// sm-EnumeratedDeliveryFailureCause.
    pub cause: SmDeliveryFailureCause,
    /// diagnosticInfo: SMS-DELIVER-REPORT or SMS-SUBMIT-REPORT, 1 to 200 octets.
    pub diagnostic_info: Option<Vec<u8>>,
    /// Private extensions.
    pub extensions: Vec<PrivateExtension>,
}

impl SmDeliveryFailure {
    /// With the cause alone.
    pub const fn new(cause: SmDeliveryFailureCause) -> Self {
        Self { cause, diagnostic_info: None, extensions: Vec::new() }
    }
}

/// SM-EnumeratedDeliveryFailureCause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmDeliveryFailureCause {
    /// memoryCapacityExceeded.
    MemoryCapacityExceeded,
    /// equipmentProtocolError.
    EquipmentProtocolError,
    /// equipmentNotSM-Equipped.
    EquipmentNotSmEquipped,
    /// unknownServiceCentre.
    UnknownServiceCentre,
    /// sc-Congestion.
    ScCongestion,
    /// invalidSME-Address.
    InvalidSmeAddress,
    /// subscriberNotSC-Subscriber.
    SubscriberNotScSubscriber,
}

impl UserError {
    /// Error code: `local` of TS 29.002.
    pub const fn code(&self) -> i64 {
        match self {
            Self::UnknownSubscriber(_) => 1,
            Self::UnidentifiedSubscriber => 5,
            Self::AbsentSubscriberSm(_) => 6,
            Self::RoamingNotAllowed(_) => 8,
            Self::IllegalSubscriber => 9,
            Self::TeleserviceNotProvisioned => 11,
            Self::IllegalEquipment => 12,
            Self::CallBarred(_) => 13,
            Self::FacilityNotSupported => 21,
            Self::SubscriberBusyForMtSms(_) => 31,
            Self::SmDeliveryFailure(_) => 32,
            Self::MessageWaitingListFull => 33,
            Self::SystemFailure(_) => 34,
            Self::DataMissing => 35,
            Self::UnexpectedDataValue => 36,
            Self::Other { code, .. } => *code,
        }
    }

    /// The standard's name.
    pub fn name(&self) -> &'static str {
        wire::error_name(self.code())
    }

    /// The error that a Return Error component has.
    ///
    /// # Errors
    /// A parameter that is not of the error's type.
    pub fn parse(code: i64, parameter: Option<&[u8]>) -> Result<Self, ParameterError> {
        let only_extensions = |error| parameter.map_or(Ok(()), |p| Extensions::parse(p).map(|_| ())).map(|()| error);
        match code {
            1 => read(parameter, |wire: &wire::UnknownSubscriberParam| {
                // What is not known in unknownSubscriberDiagnostic is discarded, says the ASN.1.
                let known = wire.unknown_subscriber_diagnostic.as_ref().and_then(|value| octet(&value.0).ok());
                Ok(Self::UnknownSubscriber(known.filter(|&known| known <= 2)))
            }),
            5 => only_extensions(Self::UnidentifiedSubscriber),
            6 => Ok(Self::AbsentSubscriberSm(parameter.map_or_else(|| Ok(Default::default()), Parameter::parse)?)),
            8 => {
                let wire: wire::RoamingNotAllowedParam = decode(required(parameter)?)?;
                octet(&wire.roaming_not_allowed_cause.0).map(Self::RoamingNotAllowed)
            }
            9 => only_extensions(Self::IllegalSubscriber),
            11 => only_extensions(Self::TeleserviceNotProvisioned),
            12 => only_extensions(Self::IllegalEquipment),
            13 => call_barred(parameter).map(Self::CallBarred),
            21 => read(parameter, |_: &wire::FacilityNotSupParam| Ok(Self::FacilityNotSupported)),
            31 => read(parameter, |wire: &wire::SubBusyForMtSmsParam| {
                Ok(Self::SubscriberBusyForMtSms(wire.gprs_connection_suspended.is_some()))
            }),
            32 => Parameter::parse(required(parameter)?).map(Self::SmDeliveryFailure),
            33 => only_extensions(Self::MessageWaitingListFull),
            34 => system_failure(parameter).map(Self::SystemFailure),
            35 => only_extensions(Self::DataMissing),
            36 => read(parameter, |_: &wire::UnexpectedDataParam| Ok(Self::UnexpectedDataValue)),
            _ => Ok(Self::Other { code, parameter: parameter.map(<[u8]>::to_vec) }),
        }
    }

    /// The encoding of the parameter; none where it is optional and has nothing to say.
    pub fn emit(&self) -> Option<Vec<u8>> {
        match self {
            Self::UnknownSubscriber(diagnostic) => diagnostic.map(|diagnostic| {
                let unknown_subscriber_diagnostic = Some(i64::from(diagnostic).into());
                encode(&wire::UnknownSubscriberParam { extension_container: None, unknown_subscriber_diagnostic })
            }),
            Self::AbsentSubscriberSm(absent) => (*absent != AbsentSubscriberSm::default()).then(|| absent.emit()),
            Self::RoamingNotAllowed(cause) => Some(encode(&wire::RoamingNotAllowedParam {
                roaming_not_allowed_cause: i64::from(*cause).into(),
                extension_container: None,
                additional_roaming_not_allowed_cause: None,
            })),
            Self::CallBarred(barred) => (*barred != CallBarred::default()).then(|| {
                encode(&wire::ExtensibleCallBarredParam {
                    call_barring_cause: barred.cause.map(|cause| i64::from(cause).into()),
                    extension_container: None,
                    unauthorised_message_originator: flag(barred.unauthorised_message_originator),
                    anonymous_call_rejection: None,
                })
            }),
            Self::SubscriberBusyForMtSms(true) => {
                let gprs_connection_suspended = Some(());
                Some(encode(&wire::SubBusyForMtSmsParam { extension_container: None, gprs_connection_suspended }))
            }
            Self::SmDeliveryFailure(failure) => Some(failure.emit()),
            Self::SystemFailure(resource) => resource.map(|resource| {
                let network_resource = Some(i64::from(resource).into());
                encode(&wire::ExtensibleSystemFailureParam { network_resource, ..Default::default() })
            }),
            Self::Other { parameter, .. } => parameter.clone(),
            _ => None,
        }
    }
}

impl std::fmt::Display for UserError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name(), self.code())
    }
}

/// A parameter that may be absent.
fn read<T: rasn::Decode + Default>(
    parameter: Option<&[u8]>,
    error: impl FnOnce(&T) -> Result<UserError, ParameterError>,
) -> Result<UserError, ParameterError> {
    error(&parameter.map_or_else(|| Ok(T::default()), decode)?)
}

/// CallBarredParam: the cause alone as in version 2, or the extensible one.
fn call_barred(parameter: Option<&[u8]>) -> Result<CallBarred, ParameterError> {
    let wire: wire::ExtensibleCallBarredParam = match parameter {
        None => Default::default(),
        Some(parameter @ [ENUMERATED, ..]) => {
            let cause: OpenEnumerated = decode(parameter)?;
            wire::ExtensibleCallBarredParam { call_barring_cause: Some(cause), ..Default::default() }
        }
        Some(parameter) => decode(parameter)?,
    };
    let cause = optional(&wire.call_barring_cause, |value| octet(&value.0))?;
    Ok(CallBarred { cause, unauthorised_message_originator: wire.unauthorised_message_originator.is_some() })
}

/// SystemFailureParam: the resource alone as in version 2, or the extensible one.
fn system_failure(parameter: Option<&[u8]>) -> Result<Option<u8>, ParameterError> {
    let resource: Option<OpenEnumerated> = match parameter {
        None => None,
        Some(parameter @ [ENUMERATED, ..]) => Some(decode(parameter)?),
        Some(parameter) => decode::<wire::ExtensibleSystemFailureParam>(parameter)?.network_resource,
    };
    optional(&resource, |value| octet(&value.0))
}

/// Tag of ENUMERATED.
const ENUMERATED: u8 = 0x0a;

impl Parameter for AbsentSubscriberSm {
    type Wire = wire::AbsentSubscriberSmParam;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire {
            absent_subscriber_diagnostic_sm: self.diagnostic.map(Into::into),
            extension_container: container(&self.extensions),
            additional_absent_subscriber_diagnostic_sm: self.additional_diagnostic.map(Into::into),
            imsi: self.imsi.as_ref().map(of_imsi),
            requested_retransmission_time: self.requested_retransmission_time.map(of_time),
            user_identifier_alert: None,
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        Ok(Self {
            diagnostic: optional(&wire.absent_subscriber_diagnostic_sm, octet)?,
            additional_diagnostic: optional(&wire.additional_absent_subscriber_diagnostic_sm, octet)?,
            imsi: optional(&wire.imsi, imsi)?,
            requested_retransmission_time: optional(&wire.requested_retransmission_time, time)?,
            extensions: extensions(&wire.extension_container)?,
        })
    }
}

impl Parameter for SmDeliveryFailure {
    type Wire = wire::SmDeliveryFailureCause;

    fn to_wire(&self) -> Self::Wire {
        use SmDeliveryFailureCause as Ours;
        use wire::SmEnumeratedDeliveryFailureCause as Wire;
        let cause = match self.cause {
            Ours::MemoryCapacityExceeded => Wire::MemoryCapacityExceeded,
            Ours::EquipmentProtocolError => Wire::EquipmentProtocolError,
            Ours::EquipmentNotSmEquipped => Wire::EquipmentNotSmEquipped,
            Ours::UnknownServiceCentre => Wire::UnknownServiceCentre,
            Ours::ScCongestion => Wire::ScCongestion,
            Ours::InvalidSmeAddress => Wire::InvalidSmeAddress,
            Ours::SubscriberNotScSubscriber => Wire::SubscriberNotScSubscriber,
        };
        Self::Wire {
            sm_enumerated_delivery_failure_cause: cause,
            diagnostic_info: self.diagnostic_info.as_deref().map(of_octets),
            extension_container: container(&self.extensions),
        }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        use SmDeliveryFailureCause as Ours;
        use wire::SmEnumeratedDeliveryFailureCause as Wire;
        let cause = match wire.sm_enumerated_delivery_failure_cause {
            Wire::MemoryCapacityExceeded => Ours::MemoryCapacityExceeded,
            Wire::EquipmentProtocolError => Ours::EquipmentProtocolError,
            Wire::EquipmentNotSmEquipped => Ours::EquipmentNotSmEquipped,
            Wire::UnknownServiceCentre => Ours::UnknownServiceCentre,
            Wire::ScCongestion => Ours::ScCongestion,
            Wire::InvalidSmeAddress => Ours::InvalidSmeAddress,
            Wire::SubscriberNotScSubscriber => Ours::SubscriberNotScSubscriber,
        };
        let diagnostic_info = optional(&wire.diagnostic_info, signal_info)?;
        Ok(Self { cause, diagnostic_info, extensions: extensions(&wire.extension_container)? })
    }
}
