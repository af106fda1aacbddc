//! UE agents and the whole IMS core in virtual time: P-CSCF, I-CSCF, S-CSCF and HSS joined by their fabric; two of them with
//! MC servers, between which a user migrates.

#[path = "ims/agents.rs"]
mod agents;
#[path = "ims/migration.rs"]
mod migration;
#[path = "ims/network.rs"]
mod network;
#[path = "ims/short_messages.rs"]
mod short_messages;
