//! The LTE eMBMS broadcast carrier: PHY, MAC, RLC, RRC, channel models, front ends.
//!
//! Samples are the only clock in here: no I/O besides front ends, no wall time, no unseeded randomness.

mod coding;
mod isa;
mod mac;
mod mch;
mod rlc;
mod rrc;
