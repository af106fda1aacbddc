//! `castbench core` live on loopback, with other people's programs: sipp, kamailio, freeDiameter, tshark.
//!
//! A program that is not here skips its test with one line.

mod abuse;
mod kills;
mod lab;
mod link;
mod mc_servers;
mod message_kills;
mod messaging;
mod mms;
mod operator;
mod others;
mod relay;
mod short_messages;
mod sipp;
mod tls;
mod ue;
