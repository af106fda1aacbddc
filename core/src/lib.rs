//! Core network nodes of castbench: machines without I/O, and the drivers that they need.
//!
//! Every machine has the same four methods: `handle_input(now, input)`, `handle_timeout(now)`, `poll_timeout()` and
//! `poll_output()`; after each call of the first two, outputs are drained until there are none.

pub mod charging;
pub mod exposure;
pub mod ims;
mod mbms;
pub mod mc;
pub mod net;
pub mod node;
pub mod process;
pub mod sip_network;
mod store;

pub use mbms::{
    Admission, AdmissionConfig, AdmissionRefusal, Allocation, AreaPlan, Bmsc, BmscConfig, BmscInput, BmscNode,
    BmscNodeConfig, BmscOutput, Change, Content, Delivery, DeliveryError, DeliveryStats, Demand, Discard, EnbAgent,
    EnbAgentConfig, EnbAgentCounters, EnbAgentInput, EnbAgentOutput, EnbNode, EnbNodeConfig, EnbRadio, Fec,
    FluteOutput, FluteSender, GatewayConfig, GatewayRefusal, LossReport, M1Transport, MbmsBearer, MbmsGw, MbmsGwConfig,
    MbmsGwInput, MbmsGwNode, MbmsGwNodeConfig, MbmsGwOutput, MbsfnArea, Mce, MceArea, MceConfig, MceInput, MceNode,
    MceNodeConfig, MceNotification, MceOutput, MceRefusal, MtchId, MtchPlace, OnAirFrom, Place, PmchCapacity, PmchId,
    PmchPlan, ProviderConfig, Provisioning, ProvisioningConfig, ProvisioningInput, ProvisioningOutput, QosClass,
    RadioQueue, Rate, Refusal, Retention, SequenceClock, ServerRules, SessionDescription, SessionRefusal, XmbConfig,
};
pub use mbms::{BearerRule, CellAreas, GroupCodec, ImsAs, ImsAsConfig, ImsGroup, Mb2Allocation, Mb2Config};
pub use store::{Store, StoreAnswer, StoreError, StoreOp, StoreOutcome, StoreRequest, StoreToken};
