//! IMS nodes (TS 23.228): CSCFs, HSS, application servers, and the fabric that joins them in memory.

pub mod aka;
mod application_server;
mod authorization;
mod carried;
mod charging;
mod conference;
mod config;
pub(crate) mod due;
mod expiring;
mod fabric;
pub mod hss;
mod icscf;
mod ifc;
mod live;
mod messaging;
mod network;
mod node;
mod pcscf;
pub mod presence;
pub mod profile;
#[cfg(test)]
mod rig;
mod scscf;
pub mod service;
mod shell;
pub mod store;
mod trust;
pub mod xdm;

pub use application_server::{AsBehaviour, TestAs, TestAsConfig};
pub use carried::{Carried, HttpExchange, Membership, StreamEvent, StreamId, StreamInput, StreamOutput};
pub use conference::{
    Access, ConferenceConfig, ConferenceGroup, ConferenceGuest, ConferencePolicy, ConferenceServer, Right,
};
pub use config::{
    AccountSection, BmscSection, CdfSection, ChargingSection, ConferenceSection, CoreConfig, CoreConfigError,
    ExposureClientSection, ExposureSection, GatewaySection, GwfSection, HssSection, HttpPlace, IcscfSection,
    IdentitySection, MessagingSection, NodeKind, OcsSection, ParsePlaceError, PcscfSection, PeerSection, Place,
    PresenceSection, ScscfSection, SipNetworkSection, TEST_DOMAIN, TlsSection, WebPlace, WithoutRules, XdmSection,
    XdmUserSection,
};
pub(crate) use expiring::Expiring;
pub use fabric::{Fabric, FabricOutput, Latency, OutsideEvent, StoreDriver, WireMessage};
pub use icscf::{Icscf, IcscfConfig, ScscfChoice};
pub use ifc::{FilterEvaluator, FilterProblem, FilterSubject};
pub use live::{LiveError, start_core};
pub use messaging::{MessagingConfig, MessagingLimits, MessagingServer};
pub use network::{NetworkBox, NetworkCore, NetworkPlan};
pub use node::{AccessEvent, Admin, ImsInput, ImsNode, ImsOutput, NodeNote, Role};
pub use pcscf::{GmSecurity, GmSecurityError, HomeNetwork, Pcscf, PcscfConfig};
pub(crate) use pcscf::{asserted_identity, from_outside, to_outside};
#[cfg(test)]
pub(crate) use rig::Rig;
pub(crate) use scscf::choose_contacts;
pub use scscf::{Scscf, ScscfConfig, ScscfCounters};
pub use shell::NodeShell;
pub use store::{ImsStore, ImsStoreAnswer, ImsStoreOp, ImsStoreRequest, Rows, Table};
pub use trust::{ParseTrustedPeerError, TrustedPeer};
