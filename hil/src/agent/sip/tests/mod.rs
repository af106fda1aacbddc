//! UE agents in virtual time with a scripted network: one that is P-CSCF, S-CSCF and HSS in a few lines.

mod chat;
mod mbms;
mod network;
mod registration;
mod services;
