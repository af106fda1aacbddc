//! User agents in the UE: machines without I/O that speak to the IMS.

pub mod media;
pub mod sip;
