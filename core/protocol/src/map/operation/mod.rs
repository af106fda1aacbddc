//! Operations of MAP: TS 29.002 clause 17.6, their codes and timers, arguments and results.

use super::context::ApplicationContext;
use super::extension::{PrivateExtension, container, extensions};
use super::parameter::{Parameter, ParameterError, required};

mod alert;
mod authentication;
mod forward;
mod location;
mod report;
mod routing;

pub use alert::{
    AlertReason, AlertServiceCentreArg, InformServiceCentreArg, MwStatus, ReadyForSmArg, SmsGmscAlertEvent,
};
pub use authentication::{
    AuthenticationQuintuplet, ReSynchronisationInfo, RequestingNodeType, SendAuthenticationInfoArg,
    SendAuthenticationInfoRes,
};
pub use forward::{ForwardSmRes, MoForwardSmArg, MtForwardSmArg, SmRpDa, SmRpOa};
pub use location::{
    CancelLocationArg, InsertSubscriberDataArg, InsertSubscriberDataRes, PurgeMsArg, PurgeMsRes, TeleserviceCode,
    UpdateGprsLocationArg, UpdateGprsLocationRes,
};
pub use report::{ReportSmDeliveryStatusArg, ReportSmDeliveryStatusRes, SmDeliveryOutcome};
pub use routing::{
    AdditionalNumber, CorrelationId, IpSmGwGuidance, LocationInfoWithLmsi, RoutingInfoForSmArg, RoutingInfoForSmRes,
};

/// Operation code: `local` of TS 29.002.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OperationCode(pub i64);

impl OperationCode {
    /// cancelLocation.
    pub const CANCEL_LOCATION: Self = Self(3);
    /// insertSubscriberData.
    pub const INSERT_SUBSCRIBER_DATA: Self = Self(7);
    /// updateGprsLocation.
    pub const UPDATE_GPRS_LOCATION: Self = Self(23);
    /// mt-ForwardSM.
    pub const MT_FORWARD_SM: Self = Self(44);
    /// sendRoutingInfoForSM.
    pub const SEND_ROUTING_INFO_FOR_SM: Self = Self(45);
    /// mo-ForwardSM.
    pub const MO_FORWARD_SM: Self = Self(46);
    /// reportSM-DeliveryStatus.
    pub const REPORT_SM_DELIVERY_STATUS: Self = Self(47);
    /// sendAuthenticationInfo.
    pub const SEND_AUTHENTICATION_INFO: Self = Self(56);
    /// informServiceCentre.
    pub const INFORM_SERVICE_CENTRE: Self = Self(63);
    /// alertServiceCentre.
    pub const ALERT_SERVICE_CENTRE: Self = Self(64);
    /// readyForSM.
    pub const READY_FOR_SM: Self = Self(66);
    /// purgeMS.
    pub const PURGE_MS: Self = Self(67);

    /// The standard's name (TS 29.002 clause 17.6), also of operations that this module does not read.
    pub fn name(self) -> &'static str {
        match self {
            // Where the list of the crate has other letters.
            Self::MO_FORWARD_SM => "mo-ForwardSM",
            Self::MT_FORWARD_SM => "mt-ForwardSM",
            _ => gsm_map::operation_name(self.0),
        }
    }

    /// All operations that have a name.
    pub fn all() -> impl Iterator<Item = Self> {
        gsm_map::OPERATION_REGISTRY.iter().map(|(code, _)| Self(*code))
    }

    /// Which timer an invocation has ("--Timer" in clause 17.6).
    pub const fn timer(self) -> OperationTimer {
        match self {
            Self::MO_FORWARD_SM | Self::MT_FORWARD_SM => OperationTimer::MediumLong,
            Self::REPORT_SM_DELIVERY_STATUS | Self::ALERT_SERVICE_CENTRE | Self::INFORM_SERVICE_CENTRE => {
                OperationTimer::Short
            }
            _ => OperationTimer::Medium,
        }
    }

    /// Whether it is answered: informServiceCentre is of class 4, neither result nor error, the others are of class 1.
    pub const fn is_answered(self) -> bool {
        self.0 != Self::INFORM_SERVICE_CENTRE.0
    }
}

impl std::fmt::Display for OperationCode {
    /// `mt-ForwardSM (44)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name(), self.0)
    }
}

/// Timers of TS 29.002 clause 17.1.2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OperationTimer {
    /// s: 3 to 10 seconds.
    Short,
    /// m: 15 to 30 seconds.
    Medium,
    /// ml: 1 to 10 minutes.
    MediumLong,
}

/// An invocation: what is asked for, and with which argument.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the variants are the operations, described at their arguments")]
pub enum Operation {
    SendRoutingInfoForSm(RoutingInfoForSmArg),
    MoForwardSm(MoForwardSmArg),
    MtForwardSm(MtForwardSmArg),
    ReportSmDeliveryStatus(ReportSmDeliveryStatusArg),
    AlertServiceCentre(AlertServiceCentreArg),
    InformServiceCentre(InformServiceCentreArg),
    ReadyForSm(ReadyForSmArg),
    UpdateGprsLocation(UpdateGprsLocationArg),
    InsertSubscriberData(InsertSubscriberDataArg),
    PurgeMs(PurgeMsArg),
    CancelLocation(CancelLocationArg),
    SendAuthenticationInfo(SendAuthenticationInfoArg),
}

impl Operation {
    /// Its code.
    pub const fn code(&self) -> OperationCode {
        match self {
            Self::SendRoutingInfoForSm(_) => OperationCode::SEND_ROUTING_INFO_FOR_SM,
            Self::MoForwardSm(_) => OperationCode::MO_FORWARD_SM,
            Self::MtForwardSm(_) => OperationCode::MT_FORWARD_SM,
            Self::ReportSmDeliveryStatus(_) => OperationCode::REPORT_SM_DELIVERY_STATUS,
            Self::AlertServiceCentre(_) => OperationCode::ALERT_SERVICE_CENTRE,
            Self::InformServiceCentre(_) => OperationCode::INFORM_SERVICE_CENTRE,
            Self::ReadyForSm(_) => OperationCode::READY_FOR_SM,
            Self::UpdateGprsLocation(_) => OperationCode::UPDATE_GPRS_LOCATION,
            Self::InsertSubscriberData(_) => OperationCode::INSERT_SUBSCRIBER_DATA,
            Self::PurgeMs(_) => OperationCode::PURGE_MS,
            Self::CancelLocation(_) => OperationCode::CANCEL_LOCATION,
            Self::SendAuthenticationInfo(_) => OperationCode::SEND_AUTHENTICATION_INFO,
        }
    }

    /// The context in which a dialogue for it is opened. informServiceCentre goes in the dialogue that it informs about.
    pub const fn context(&self) -> ApplicationContext {
        match self {
            Self::SendRoutingInfoForSm(_) | Self::ReportSmDeliveryStatus(_) | Self::InformServiceCentre(_) => {
                ApplicationContext::SHORT_MSG_GATEWAY_V3
            }
            Self::MoForwardSm(_) => ApplicationContext::SHORT_MSG_MO_RELAY_V3,
            Self::MtForwardSm(_) => ApplicationContext::SHORT_MSG_MT_RELAY_V3,
            Self::AlertServiceCentre(_) => ApplicationContext::SHORT_MSG_ALERT_V2,
            Self::ReadyForSm(_) => ApplicationContext::MWD_MNGT_V3,
            Self::UpdateGprsLocation(_) => ApplicationContext::GPRS_LOCATION_UPDATE_V3,
            Self::InsertSubscriberData(_) => ApplicationContext::SUBSCRIBER_DATA_MNGT_V3,
            Self::PurgeMs(_) => ApplicationContext::MS_PURGING_V3,
            Self::CancelLocation(_) => ApplicationContext::LOCATION_CANCELLATION_V3,
            Self::SendAuthenticationInfo(_) => ApplicationContext::INFO_RETRIEVAL_V3,
        }
    }

    /// The argument that an Invoke component has.
    ///
    /// # Errors
    /// `None` for a code that this module does not know; otherwise why the argument cannot be used.
    pub fn parse(code: OperationCode, argument: Option<&[u8]>) -> Result<Self, Option<ParameterError>> {
        fn read<T: Parameter>(argument: Option<&[u8]>) -> Result<T, Option<ParameterError>> {
            Ok(T::parse(required(argument)?)?)
        }
        Ok(match code {
            OperationCode::SEND_ROUTING_INFO_FOR_SM => Self::SendRoutingInfoForSm(read(argument)?),
            OperationCode::MO_FORWARD_SM => Self::MoForwardSm(read(argument)?),
            OperationCode::MT_FORWARD_SM => Self::MtForwardSm(read(argument)?),
            OperationCode::REPORT_SM_DELIVERY_STATUS => Self::ReportSmDeliveryStatus(read(argument)?),
            OperationCode::ALERT_SERVICE_CENTRE => Self::AlertServiceCentre(read(argument)?),
            OperationCode::INFORM_SERVICE_CENTRE => Self::InformServiceCentre(read(argument)?),
            OperationCode::READY_FOR_SM => Self::ReadyForSm(read(argument)?),
            OperationCode::UPDATE_GPRS_LOCATION => Self::UpdateGprsLocation(read(argument)?),
            OperationCode::INSERT_SUBSCRIBER_DATA => Self::InsertSubscriberData(read(argument)?),
            OperationCode::PURGE_MS => Self::PurgeMs(read(argument)?),
            OperationCode::CANCEL_LOCATION => Self::CancelLocation(read(argument)?),
            OperationCode::SEND_AUTHENTICATION_INFO => Self::SendAuthenticationInfo(read(argument)?),
            _ => return Err(None),
        })
    }

    /// The encoding of the argument.
    pub fn emit(&self) -> Vec<u8> {
        match self {
            Self::SendRoutingInfoForSm(argument) => argument.emit(),
            Self::MoForwardSm(argument) => argument.emit(),
            Self::MtForwardSm(argument) => argument.emit(),
            Self::ReportSmDeliveryStatus(argument) => argument.emit(),
            Self::AlertServiceCentre(argument) => argument.emit(),
            Self::InformServiceCentre(argument) => argument.emit(),
            Self::ReadyForSm(argument) => argument.emit(),
            Self::UpdateGprsLocation(argument) => argument.emit(),
            Self::InsertSubscriberData(argument) => argument.emit(),
            Self::PurgeMs(argument) => argument.emit(),
            Self::CancelLocation(argument) => argument.emit(),
            Self::SendAuthenticationInfo(argument) => argument.emit(),
        }
    }
}

/// What a successful invocation brings.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the variants are the operations, described at their results")]
pub enum OperationResult {
    SendRoutingInfoForSm(RoutingInfoForSmRes),
    MoForwardSm(ForwardSmRes),
    MtForwardSm(ForwardSmRes),
    ReportSmDeliveryStatus(ReportSmDeliveryStatusRes),
    AlertServiceCentre,
    ReadyForSm(Vec<PrivateExtension>),
    UpdateGprsLocation(UpdateGprsLocationRes),
    InsertSubscriberData(InsertSubscriberDataRes),
    PurgeMs(PurgeMsRes),
    CancelLocation(Vec<PrivateExtension>),
    SendAuthenticationInfo(SendAuthenticationInfoRes),
}

impl OperationResult {
    /// Code of the operation that it is the result of.
    pub const fn code(&self) -> OperationCode {
        match self {
            Self::SendRoutingInfoForSm(_) => OperationCode::SEND_ROUTING_INFO_FOR_SM,
            Self::MoForwardSm(_) => OperationCode::MO_FORWARD_SM,
            Self::MtForwardSm(_) => OperationCode::MT_FORWARD_SM,
            Self::ReportSmDeliveryStatus(_) => OperationCode::REPORT_SM_DELIVERY_STATUS,
            Self::AlertServiceCentre => OperationCode::ALERT_SERVICE_CENTRE,
            Self::ReadyForSm(_) => OperationCode::READY_FOR_SM,
            Self::UpdateGprsLocation(_) => OperationCode::UPDATE_GPRS_LOCATION,
            Self::InsertSubscriberData(_) => OperationCode::INSERT_SUBSCRIBER_DATA,
            Self::PurgeMs(_) => OperationCode::PURGE_MS,
            Self::CancelLocation(_) => OperationCode::CANCEL_LOCATION,
            Self::SendAuthenticationInfo(_) => OperationCode::SEND_AUTHENTICATION_INFO,
        }
    }

    /// The result that a Return Result component for an invocation of `code` has.
    ///
    /// # Errors
    /// `None` for an operation that this module does not know or that has no result; otherwise why it cannot be used.
    pub fn parse(code: OperationCode, result: Option<&[u8]>) -> Result<Self, Option<ParameterError>> {
        fn read<T: Parameter>(result: Option<&[u8]>) -> Result<T, Option<ParameterError>> {
            Ok(T::parse(required(result)?)?)
        }
        fn read_optional<T: Parameter + Default>(result: Option<&[u8]>) -> Result<T, Option<ParameterError>> {
            Ok(result.map_or_else(|| Ok(T::default()), T::parse)?)
        }
        Ok(match code {
            OperationCode::SEND_ROUTING_INFO_FOR_SM => Self::SendRoutingInfoForSm(read(result)?),
            OperationCode::MO_FORWARD_SM => Self::MoForwardSm(read_optional(result)?),
            OperationCode::MT_FORWARD_SM => Self::MtForwardSm(read_optional(result)?),
            OperationCode::REPORT_SM_DELIVERY_STATUS => Self::ReportSmDeliveryStatus(read_optional(result)?),
            OperationCode::ALERT_SERVICE_CENTRE => Self::AlertServiceCentre,
            OperationCode::READY_FOR_SM => Self::ReadyForSm(read_optional::<Extensions>(result)?.0),
            OperationCode::UPDATE_GPRS_LOCATION => Self::UpdateGprsLocation(read(result)?),
            OperationCode::INSERT_SUBSCRIBER_DATA => Self::InsertSubscriberData(read_optional(result)?),
            OperationCode::PURGE_MS => Self::PurgeMs(read_optional(result)?),
            OperationCode::CANCEL_LOCATION => Self::CancelLocation(read_optional::<Extensions>(result)?.0),
            OperationCode::SEND_AUTHENTICATION_INFO => Self::SendAuthenticationInfo(read_optional(result)?),
            _ => return Err(None),
        })
    }

    /// The encoding of the result; none where it is optional and has nothing to say.
    pub fn emit(&self) -> Option<Vec<u8>> {
        fn unless_empty<T: Parameter + Default + PartialEq>(result: &T) -> Option<Vec<u8>> {
            (*result != T::default()).then(|| result.emit())
        }
        match self {
            Self::SendRoutingInfoForSm(result) => Some(result.emit()),
            Self::MoForwardSm(result) | Self::MtForwardSm(result) => unless_empty(result),
            Self::ReportSmDeliveryStatus(result) => unless_empty(result),
            Self::AlertServiceCentre => None,
            Self::ReadyForSm(list) | Self::CancelLocation(list) => unless_empty(&Extensions(list.clone())),
            Self::UpdateGprsLocation(result) => Some(result.emit()),
            Self::InsertSubscriberData(result) => unless_empty(result),
            Self::PurgeMs(result) => unless_empty(result),
            Self::SendAuthenticationInfo(result) => unless_empty(result),
        }
    }
}

/// ReadyForSM-Res, CancelLocationRes and parameters of errors: an extension container and no more.
#[derive(PartialEq, Default)]
pub(super) struct Extensions(pub(super) Vec<PrivateExtension>);

impl Parameter for Extensions {
    type Wire = gsm_map::operations::errors::ExtensionContainerOnlyParam;

    fn to_wire(&self) -> Self::Wire {
        Self::Wire { extension_container: container(&self.0) }
    }

    fn of_wire(wire: &Self::Wire) -> Result<Self, ParameterError> {
        extensions(&wire.extension_container).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::OperationCode as Op;

    #[test]
    fn names_are_those_of_the_standard() {
        assert_eq!(Op::MT_FORWARD_SM.to_string(), "mt-ForwardSM (44)");
        assert_eq!(Op::MO_FORWARD_SM.name(), "mo-ForwardSM");
        let all: Vec<_> = Op::all().map(Op::name).collect();
        assert!(
            all.contains(&"mt-ForwardSM") && all.contains(&"sendRoutingInfoForSM") && !all.contains(&Op(-1).name())
        );
    }
}
