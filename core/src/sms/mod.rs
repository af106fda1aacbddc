//! Short messages over IP (TR 23.804, TS 23.204) and in the network that they come from (TS 23.040).

mod binding;
mod charging;
mod gmsc;
mod ip_message_gw;
mod serving_node;
#[cfg(test)]
mod session_tests;
pub mod sm_sc;
pub mod tlv;

pub use charging::{
    ONLINE_OUTCOME, ONLINE_SESSION, SmsCharging, SmsChargingConfig, SmsChargingEvent, SmsCreditConfig, SmsDecision,
    SmsOutcome, SmsTicket, SmsUsage,
};
pub use gmsc::{ServiceCentre, SmsGmsc, SmsGmscConfig};
pub use ip_message_gw::{
    GatewayMms, GatewayRelay, IpMessageGw, IpMessageGwConfig, IpMessageGwLimits, RegistrationTimes,
};
pub use serving_node::{
    ServedSubscriber, Service, ServingNode, ServingNodeConfig, ServingNodeEvent, ServingNodeKind, ServingNodeOrder,
    ServingNodeQueue,
};
pub use sm_sc::{RetrySchedule, SmSc, SmScConfig, SmppPeer, Validity};
