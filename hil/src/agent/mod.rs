//! User agents in the UE: machines without I/O that speak to the IMS and to MC service servers.

pub mod mc;
pub mod media;
pub mod sip;
