//! Core network nodes of castbench: machines without I/O, and the drivers that they need.
//!
//! Every machine has the same four methods: `handle_input(now, input)`, `handle_timeout(now)`, `poll_timeout()` and
//! `poll_output()`; after each call of the first two, outputs are drained until there are none.

pub mod charging;
pub mod exposure;
pub mod ims;
mod mbms;
pub mod mc;
pub mod mms;
pub mod net;
pub mod node;
pub mod process;
pub mod sip_network;
pub mod sms;
mod store;

pub use mbms::{
    Admission, AdmissionConfig, AdmissionRefusal, AreaPlan, BmscNode, BmscNodeConfig, Change, Content, Delivery,
    DeliveryError, DeliveryStats, Demand, Discard, EnbAgent, EnbAgentConfig, EnbAgentCounters, EnbAgentInput,
    EnbAgentOutput, EnbNode, EnbNodeConfig, EnbRadio, Fec, FluteOutput, FluteSender, GatewayConfig, LossReport,
    MbmsBearer, MbmsGwNode, MbmsGwNodeConfig, MbsfnArea, Mce, MceArea, MceConfig, MceInput, MceNode, MceNodeConfig,
    MceNotification, MceOutput, MceRefusal, MtchId, MtchPlace, OnAirFrom, Place, PmchCapacity, PmchId, PmchPlan,
    ProviderConfig, ProvisioningConfig, QosClass, RadioQueue, Rate, Retention, SequenceClock, ServerRules, XmbConfig,
};
pub use mbms::{BearerRule, CellAreas, GroupCodec, ImsAs, ImsAsConfig, ImsGroup, Mb2Allocation, Mb2Config};
pub use store::{StoreError, StoreToken};
