//! MBMS nodes live on sockets: from the GAR of an application server to GTP-U on IP multicast.

#[path = "../../protocol/tests/tshark/capture.rs"]
mod capture;
mod client;
mod flute;
mod kills;
mod listener;
mod live;
mod pace;
mod phone;
mod process;
mod wire;
