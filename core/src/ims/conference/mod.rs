//! Conferencing (TS 24.147, RFC 4353, RFC 4579): an application server that is focus, notifier of the conference event package
//! (RFC 4575) and mixer at once. The MRFC and MRFP of TS 23.228 are in it: between them lies nothing.

mod charged;
mod config;
mod describe;
mod dial;
mod focus;
mod join;
mod leg;
mod mixer;
mod policy;
mod refer;
mod server;
mod watch;

pub use config::{ConferenceConfig, ConferenceGroup, ConferenceGuest};
pub use policy::{Access, ConferencePolicy, Right};
pub use server::ConferenceServer;

#[cfg(test)]
mod tests;
