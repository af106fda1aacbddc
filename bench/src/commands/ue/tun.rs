//! The data interface of a UE as a TUN device: datagrams of broadcast services reach any program of this machine.

use std::io;

use tun_rs::{DeviceBuilder, Layer, SyncDevice};

use crate::errors::CommandError;

/// Address of the device, for programs that join a multicast group on it: link-local (RFC 3927).
const ADDRESS: &str = "169.254.77.1";
/// Largest datagram that broadcast services have.
const MTU: u16 = 1500;

/// A TUN device that goes away with it.
pub(super) struct Tun(SyncDevice);

impl Tun {
    /// Makes the device and switches it on.
    pub(super) fn create(name: &str) -> Result<Self, CommandError> {
        let builder = DeviceBuilder::new().name(name).layer(Layer::L3).mtu(MTU).ipv4(ADDRESS, 30, None);
        builder.build_sync().map(Self).map_err(|error| {
            let what_next = match error.kind() {
                io::ErrorKind::PermissionDenied => {
                    "; it takes the right CAP_NET_ADMIN: run as root, or without --tun, which prints the datagrams"
                }
                io::ErrorKind::NotFound => {
                    "; /dev/net/tun is missing: modprobe tun, in a container --device /dev/net/tun; or go without --tun"
                }
                _ => "; the name has to be free and of 15 characters at most",
            };
            CommandError::Bench(format!("cannot make the TUN device {name:?}: {error}{what_next}"))
        })
    }

    /// A datagram comes out of it; what the kernel does not take is dropped, as on any interface.
    pub(super) fn send(&self, ip: &[u8]) {
        let _ = self.0.send(ip);
    }
}
