//! MBMS nodes live on sockets: from the GAR of an application server to GTP-U on IP multicast.

mod client;
mod kills;
mod listener;
mod live;
mod pace;
mod process;
mod wire;
