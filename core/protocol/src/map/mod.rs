//! MAP over TCAP over SCCP: TS 29.002, Q.773, Q.713, as far as short messages and the registration of an IP-SM-GW need it.
//!
//! [`sccp`] and [`tcap`] code the layers below, [`Operation`], [`OperationResult`] and [`UserError`] what is in them, and
//! [`MapEndpoint`] is a node's end of dialogues. The encodings are those of the crates `sccp`, `tcap` and `gsm_map`, whose
//! types do not show.

mod context;
mod endpoint;
mod error;
mod extension;
mod number;
mod operation;
mod parameter;
pub mod sccp;
pub mod tcap;

pub use context::ApplicationContext;
pub use endpoint::{
    DialogueId, InvokeFailure, MapAbort, MapConfig, MapEndpoint, MapError, MapEvent, MapInput, MapOutput, MapTimers,
    UserAbortChoice,
};
pub use error::{AbsentSubscriberSm, CallBarred, SmDeliveryFailure, SmDeliveryFailureCause, UserError, diagnostic};
pub use extension::{IpAccess, PrivateExtension, ScType, SmsAccess, SmsPreferences};
pub use number::{AddressString, Imsi, Lmsi, NATURE_INTERNATIONAL, NATURE_NATIONAL, NumberError, PLAN_E164};
pub use operation::{
    AdditionalNumber, AlertReason, AlertServiceCentreArg, AuthenticationQuintuplet, CancelLocationArg, CorrelationId,
    ForwardSmRes, InformServiceCentreArg, InsertSubscriberDataArg, InsertSubscriberDataRes, IpSmGwGuidance,
    LocationInfoWithLmsi, MoForwardSmArg, MtForwardSmArg, MwStatus, Operation, OperationCode, OperationResult,
    OperationTimer, PurgeMsArg, PurgeMsRes, ReSynchronisationInfo, ReadyForSmArg, ReportSmDeliveryStatusArg,
    ReportSmDeliveryStatusRes, RequestingNodeType, RoutingInfoForSmArg, RoutingInfoForSmRes, SendAuthenticationInfoArg,
    SendAuthenticationInfoRes, SmDeliveryOutcome, SmRpDa, SmRpOa, SmsGmscAlertEvent, TeleserviceCode,
    UpdateGprsLocationArg, UpdateGprsLocationRes,
};
pub use parameter::ParameterError;

#[cfg(test)]
mod tests;
