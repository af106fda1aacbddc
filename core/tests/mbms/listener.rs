//! An eNB of others.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use protocol::GTPU_PORT;

/// A socket that hears a group of M1.
pub(crate) fn listener(source: Ipv4Addr, group: Ipv4Addr) -> UdpSocket {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&SocketAddr::from((group, GTPU_PORT)).into()).unwrap();
    socket.join_ssm_v4(&source, &group, &source).unwrap();
    socket.set_multicast_all_v4(false).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket.into()
}
