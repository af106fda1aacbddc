//! Nothing that was acknowledged is lost and nothing is done twice, whenever the process is killed.

mod child;
mod hss;
mod presence;
mod sip_network;
