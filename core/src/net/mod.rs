//! Drivers of live nodes: sockets, the store's writer, timers, health and metrics. They decide nothing.

mod client;
mod clock;
mod diameter;
mod event;
mod guard;
mod http;
mod limits;
mod local;
mod media;
mod metrics;
mod node;
mod process;
mod sctp;
mod services;
mod sip;
mod ss7;
mod store;
mod stream;
mod streams;
mod tap;
mod tls;
mod web;

pub use clock::LiveClock;
pub use limits::NetLimits;
pub use media::Multicast;
pub use process::{Listening, LiveNode, LiveProcess, Sockets, Surroundings};
pub use store::Execute;
pub use streams::{M2AP_PROTOCOL, M3AP_PROTOCOL, StreamKind};
pub use tap::{Directory, NetTap, Party};
pub use tls::{Tls, TlsFiles};
pub use web::{HttpBodies, HttpListener};
