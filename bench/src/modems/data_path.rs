//! MBMS datagrams of a real modem: what comes to the multicast addresses of the sessions on its network interface.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use protocol::{Instant, UdpDatagram};
use socket2::{Domain, InterfaceIndexOrAddress, Socket, Type};

use super::line::LineError;

/// Datagrams that are taken from a socket in one turn, a frame: far more than an MTCH brings in that time.
const DATAGRAMS: usize = 2000;
/// Room in the kernel for what comes while a turn lasts longer.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Largest payload over IP.
const PAYLOAD_MAX: usize = 65_507;
/// Between looks whether the interface is another one now: a modem that starts again makes a new one.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Sockets on an interface, one for each address.
pub(super) struct DataPath {
    interface: String,
    index: u32,
    destinations: Vec<SocketAddr>,
    sockets: Vec<(UdpSocket, SocketAddr)>,
    looked: Instant,
    buffer: Vec<u8>,
}

impl DataPath {
    /// Listens on an interface.
    ///
    /// # Errors
    /// It is not there, or sockets cannot be bound to it.
    pub(super) fn open(interface: &str, destinations: &[SocketAddr]) -> Result<Self, LineError> {
        let error = |source| LineError { port: format!("data interface {interface}"), source };
        let index = index_of(interface).map_err(error)?;
        let mut all = destinations.to_vec();
        all.sort_unstable();
        all.dedup();
        let sockets = bind_all(interface, index, &all).map_err(error)?;
        Ok(Self {
            interface: interface.to_owned(),
            index,
            destinations: all,
            sockets,
            looked: Instant::ZERO,
            buffer: vec![0; PAYLOAD_MAX],
        })
    }

    /// Gives what has come, from the IP header on.
    pub(super) fn listen(&mut self, now: Instant, mut tell: impl FnMut(Vec<u8>)) {
        self.follow(now);
        for (socket, destination) in &self.sockets {
            for _ in 0..DATAGRAMS {
                let Ok((octets, source)) = socket.recv_from(&mut self.buffer) else { break };
                let datagram = UdpDatagram { source, destination: *destination, payload: &self.buffer[..octets] };
                if let Ok(ip) = datagram.emit() {
                    tell(ip);
                }
            }
        }
    }

    /// The interface may have gone and come back as another one of that name.
    fn follow(&mut self, now: Instant) {
        if now.saturating_duration_since(self.looked) < LOOK_AGAIN {
            return;
        }
        self.looked = now;
        if let Some(index) = index_of(&self.interface).ok().filter(|index| *index != self.index)
            && let Ok(sockets) = bind_all(&self.interface, index, &self.destinations)
        {
            (self.index, self.sockets) = (index, sockets);
        }
    }
}

/// Why there is no such interface.
pub(crate) fn missing_interface(interface: &str) -> Option<String> {
    index_of(interface).err().map(|e| e.to_string())
}

fn index_of(interface: &str) -> io::Result<u32> {
    let none = || io::Error::new(io::ErrorKind::NotFound, "there is no such network interface; `ip link` lists them");
    let is_name = !interface.is_empty() && !interface.contains('/') && !interface.starts_with('.');
    let text = is_name.then(|| fs::read_to_string(format!("/sys/class/net/{interface}/ifindex")).ok());
    text.flatten().and_then(|text| text.trim().parse().ok()).ok_or_else(none)
}

fn bind_all(interface: &str, index: u32, destinations: &[SocketAddr]) -> io::Result<Vec<(UdpSocket, SocketAddr)>> {
    destinations.iter().map(|&destination| Ok((bind(interface, index, destination)?, destination))).collect()
}

/// Bound to address and interface: UEs that listen to the same session do not hear each other's.
fn bind(interface: &str, index: u32, destination: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(destination), Type::DGRAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind_device(Some(interface.as_bytes()))?;
    // The kernel gives less where it is not allowed so much.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    socket.bind(&destination.into())?;
    match destination.ip() {
        IpAddr::V4(group) if group.is_multicast() => {
            socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))?;
        }
        IpAddr::V6(group) if group.is_multicast() => socket.join_multicast_v6(&group, index)?,
        _ => {}
    }
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Port of its own for each test run: others may run beside it.
    fn group(last: u8) -> SocketAddr {
        SocketAddr::from(([239, 255, 77, last], 20_000 + (std::process::id() % 20_000) as u16))
    }

    #[test]
    fn datagrams_of_a_group_come_with_their_addresses_and_no_others() {
        let wanted = group(1);
        let mut path = DataPath::open("lo", &[wanted, wanted]).unwrap();
        let mut other = DataPath::open("lo", &[group(2)]).unwrap();
        // A sender's address chooses the interface that a datagram for a group leaves by.
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        for payload in [&b"first"[..], b"second"] {
            sender.send_to(payload, wanted).unwrap();
        }
        let mut heard = Vec::new();
        path.listen(Instant::from_millis(5000), |ip| heard.push(ip));
        let read: Vec<_> = heard.iter().map(|ip| UdpDatagram::parse(ip).unwrap()).collect();
        let payloads: Vec<_> = read.iter().map(|udp| udp.payload).collect();
        assert_eq!(payloads, [&b"first"[..], b"second"]);
        assert!(read.iter().all(|udp| udp.destination == wanted && udp.source == sender.local_addr().unwrap()));
        other.listen(Instant::from_millis(5000), |ip| panic!("{ip:?}"));
    }

    #[test]
    fn an_interface_that_is_not_there_is_said() {
        for name in ["castbench-none", "", "../lo", "."] {
            assert!(missing_interface(name).unwrap().contains("no such network interface"), "{name}");
        }
        let error = DataPath::open("castbench-none", &[]).err().unwrap().to_string();
        assert!(error.starts_with("data interface castbench-none: there is no such"), "{error}");
    }
}
