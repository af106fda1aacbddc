//! The IMS network of a run: nodes in their fabric, UE agents with their USIMs, faults on what goes between them.

pub(crate) mod access;
pub(crate) mod agent;
pub(crate) mod audio;
pub(crate) mod chat;
pub(crate) mod fault;
pub(crate) mod mask;
pub(crate) mod mc;
pub(crate) mod mc_login;
pub(crate) mod migrant;
pub(crate) mod mms;
mod network;
pub(crate) mod services;
pub(crate) mod sms;
pub(crate) mod third_party;
pub(crate) mod ues;
pub(crate) mod web;

pub(crate) use network::ImsNetwork;
