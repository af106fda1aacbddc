//! MBMS nodes: BM-SC (TS 23.246 clause 5.1), MBMS-GW (clause 5.4) and the user plane of the eNB (TS 36.300 clause 15).

mod admission;
mod association;
pub(crate) mod bearer_rule;
mod bmsc;
mod enb;
mod enb_agent;
mod flute_sender;
pub(crate) mod group_codec;
mod gw;
mod ims_as;
pub(crate) mod mb2;
mod mce;
mod sequence_clock;
mod sync_framer;

pub use admission::{
    Admission, AdmissionConfig, AdmissionRefusal, AreaPlan, Change, Demand, Place, PmchPlan, QosClass, Rate, Retention,
};
pub use bearer_rule::{BearerRule, CellAreas};
pub use bmsc::{BmscNode, BmscNodeConfig, GatewayConfig, ProviderConfig, ProvisioningConfig, ServerRules, XmbConfig};
pub use enb::{EnbNode, EnbNodeConfig, EnbRadio, MtchPlace, RadioQueue};
pub use enb_agent::{
    Discard, EnbAgent, EnbAgentConfig, EnbAgentCounters, EnbAgentInput, EnbAgentOutput, LossReport, MbmsBearer,
};
pub use flute_sender::{Content, Delivery, DeliveryError, DeliveryStats, Fec, FluteOutput, FluteSender};
pub use group_codec::GroupCodec;
pub use gw::{MbmsGwNode, MbmsGwNodeConfig};
pub use ims_as::{ImsAs, ImsAsConfig, ImsGroup};
pub use mb2::{Mb2Allocation, Mb2Config};
pub use mce::{
    MbsfnArea, Mce, MceArea, MceConfig, MceInput, MceNode, MceNodeConfig, MceNotification, MceOutput, MceRefusal,
    MtchId, OnAirFrom, PmchCapacity, PmchId,
};
pub use sequence_clock::SequenceClock;

#[cfg(test)]
mod session_tests;
