//! Short messages over IP (TR 23.804, TS 23.204) and in the network that they come from (TS 23.040).

pub mod tlv;
