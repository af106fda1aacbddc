//! Signalling codecs and protocol machines of castbench. No I/O, no clock, no randomness but what a caller hands in.

mod aper;
mod codes;
pub mod diameter;
mod due;
mod entropy;
pub mod fuzz;
mod gtpu;
pub mod http;
mod id;
mod ip;
mod latest;
pub mod m2ap;
pub mod m3ap;
pub mod map;
pub mod mbms_ap;
pub mod mc;
pub mod mime;
pub mod mm4;
pub mod mms;
pub mod msrp;
mod octets;
pub mod rtp;
pub mod sip;
pub mod smpp;
pub mod sms;
pub mod smtp;
mod sync;
mod tap;
mod tbcd;
mod time;
pub mod usd;
pub mod utc;
pub mod xcap;
pub mod xmb;
pub mod xml;

pub use due::Due;
pub use entropy::{Entropy, Secret};
pub use gtpu::{GTPU_PORT, GtpuError, GtpuMessageType, GtpuPacket, GtpuRepr};
pub use id::{ParseTmgiError, Plmn, Tmgi};
pub use ip::{IpError, UdpDatagram};
pub use latest::Latest;
pub use sync::{
    SYNC_MAX_PACKET_LENGTH, SYNC_USER_DATA_HEADER_OCTETS, SyncError, SyncHeader, SyncPlan, SyncRepr, SyncTimestamp,
    SyncTotals,
};
pub use tap::{Joint, TapEvent};
pub use time::Instant;
