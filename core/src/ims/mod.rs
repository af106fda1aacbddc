//! IMS nodes (TS 23.228): CSCFs, HSS, application servers.

pub mod aka;
mod application_server;
mod authorization;
mod charging;
mod conference;
pub mod hss;
mod hss_route;
mod icscf;
mod ifc;
mod messaging;
mod network;
mod pcscf;
pub mod presence;
pub mod profile;
pub mod relay;
#[cfg(test)]
mod rig;
mod scscf;
pub mod service;
mod trust;
pub mod xdm;

pub use application_server::{AsBehaviour, TestAs, TestAsConfig};
pub use conference::{
    Access, ConferenceConfig, ConferenceGroup, ConferenceGuest, ConferencePolicy, ConferenceServer, Right,
};
pub use hss_route::HssRoute;
pub(crate) use hss_route::names_one;
pub use icscf::{Icscf, IcscfConfig, ScscfChoice};
pub use ifc::{FilterEvaluator, FilterProblem, FilterSubject};
pub use messaging::{MessagingConfig, MessagingLimits, MessagingServer};
pub use network::{NetworkBox, NetworkCore, NetworkPlan};
pub use pcscf::{GmSecurity, GmSecurityError, HomeNetwork, Pcscf, PcscfConfig};
pub(crate) use pcscf::{asserted_identity, from_outside, to_outside};
#[cfg(test)]
pub(crate) use rig::Rig;
pub(crate) use scscf::choose_contacts;
pub use scscf::{Scscf, ScscfConfig, ScscfCounters};
pub use trust::{ParseTrustedPeerError, TrustedPeer};
