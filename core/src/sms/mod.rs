//! Short messages over IP (TR 23.804, TS 23.204) and in the network that they come from (TS 23.040).

mod ip_message_gw;
pub mod tlv;

pub use ip_message_gw::{IpMessageGw, IpMessageGwConfig, IpMessageGwLimits, RegistrationTimes};
