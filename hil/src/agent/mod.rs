//! User agents in the UE: machines without I/O that speak to the IMS and to MC service servers, and send short messages and
//! multimedia messages.

pub mod mc;
pub mod media;
pub mod mms;
pub mod sip;
pub mod sms;
