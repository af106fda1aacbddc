//! UDP over IPv4 and IPv6: RFC 768, RFC 791, RFC 8200. A thin wrapper over `etherparse` that never omits a check.

use std::net::{IpAddr, SocketAddr};

use etherparse::{IpNumber, IpSlice, PacketBuilder, UdpHeader, UdpSlice};

/// Time to live of the datagrams that [`UdpDatagram::emit`] builds.
const TIME_TO_LIVE: u8 = 64;

/// The octets are not a UDP datagram, or cannot become one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IpError {
    /// Not a well-formed IP header.
    #[error("malformed IP datagram: {0}")]
    Malformed(String),
    /// The IPv4 header checksum is wrong.
    #[error("IPv4 header checksum is {found:#06x}, should be {expected:#06x}")]
    HeaderChecksum {
        /// As received.
        found: u16,
        /// As computed.
        expected: u16,
    },
    /// A fragment: there is no reassembly here.
    #[error("IP fragment: send datagrams that fit the link")]
    Fragment,
    /// Another protocol than UDP.
    #[error("IP protocol {0} is not UDP (17)")]
    NotUdp(u8),
    /// The UDP checksum is wrong, or absent over IPv6.
    #[error("UDP checksum is {found:#06x}, should be {expected:#06x}")]
    UdpChecksum {
        /// As received.
        found: u16,
        /// As computed.
        expected: u16,
    },
    /// Source and destination are of different IP versions.
    #[error("source {from} and destination {to} are of different IP versions")]
    MixedVersions {
        /// Source.
        from: SocketAddr,
        /// Destination.
        to: SocketAddr,
    },
    /// The payload does not fit a datagram.
    #[error("{0} octets do not fit a UDP datagram")]
    TooLong(usize),
}

/// A UDP datagram with its addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UdpDatagram<'a> {
    /// Where it comes from.
    pub source: SocketAddr,
    /// Where it goes.
    pub destination: SocketAddr,
    /// What it carries.
    pub payload: &'a [u8],
}

impl<'a> UdpDatagram<'a> {
    /// From octets that start at the IP header. Checksums are verified; octets after the IP length are ignored.
    pub fn parse(octets: &'a [u8]) -> Result<Self, IpError> {
        let malformed = |e: &dyn std::fmt::Display| IpError::Malformed(e.to_string());
        let ip = IpSlice::from_slice(octets).map_err(|e| malformed(&e))?;
        if let IpSlice::Ipv4(v4) = &ip {
            let (found, expected) = (v4.header().header_checksum(), v4.header().to_header().calc_header_checksum());
            if found != expected {
                return Err(IpError::HeaderChecksum { found, expected });
            }
        }
        if ip.is_fragmenting_payload() {
            return Err(IpError::Fragment);
        }
        let ip_payload = ip.payload();
        if ip_payload.ip_number != IpNumber::UDP {
            return Err(IpError::NotUdp(ip_payload.ip_number.0));
        }
        let udp = UdpSlice::from_slice(ip_payload.payload).map_err(|e| malformed(&e))?;
        verify_udp_checksum(&ip, &udp)?;
        Ok(Self {
            source: SocketAddr::new(ip.source_addr(), udp.source_port()),
            destination: SocketAddr::new(ip.destination_addr(), udp.destination_port()),
            payload: udp.payload(),
        })
    }

    /// The datagram from its IP header on, with checksums; over IPv4, `don't fragment` is set.
    pub fn emit(&self) -> Result<Vec<u8>, IpError> {
        let builder = match (self.source.ip(), self.destination.ip()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => PacketBuilder::ipv4(from.octets(), to.octets(), TIME_TO_LIVE),
            (IpAddr::V6(from), IpAddr::V6(to)) => PacketBuilder::ipv6(from.octets(), to.octets(), TIME_TO_LIVE),
            _ => return Err(IpError::MixedVersions { from: self.source, to: self.destination }),
        };
        let builder = builder.udp(self.source.port(), self.destination.port());
        let mut octets = Vec::with_capacity(builder.size(self.payload.len()));
        builder.write(&mut octets, self.payload).map_err(|_| IpError::TooLong(self.payload.len()))?;
        Ok(octets)
    }
}

fn verify_udp_checksum(ip: &IpSlice<'_>, udp: &UdpSlice<'_>) -> Result<(), IpError> {
    let header = UdpHeader {
        source_port: udp.source_port(),
        destination_port: udp.destination_port(),
        length: udp.length(),
        checksum: 0,
    };
    let found = udp.checksum();
    let computed = match (ip.source_addr(), ip.destination_addr()) {
        // RFC 768: over IPv4 a sender may leave the checksum out.
        (IpAddr::V4(_), IpAddr::V4(_)) if found == 0 => return Ok(()),
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            header.calc_checksum_ipv4_raw(from.octets(), to.octets(), udp.payload()).ok()
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            header.calc_checksum_ipv6_raw(from.octets(), to.octets(), udp.payload()).ok()
        }
        _ => None,
    };
    let expected = computed.ok_or_else(|| IpError::TooLong(udp.payload().len()))?;
    if found == expected { Ok(()) } else { Err(IpError::UdpChecksum { found, expected }) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Body of the fuzz target: arbitrary octets never panic, and what parses is emitted with the same meaning.
    fn fuzz_udp(octets: &[u8]) {
        let Ok(datagram) = UdpDatagram::parse(octets) else { return };
        let again = datagram.emit().unwrap();
        assert_eq!(UdpDatagram::parse(&again).unwrap(), datagram);
    }

    fn addresses(v6: bool) -> (SocketAddr, SocketAddr) {
        if v6 {
            ("[2001:db8::1]:1000".parse().unwrap(), "[ff3e::4321]:2000".parse().unwrap())
        } else {
            ("10.1.2.3:1000".parse().unwrap(), "239.192.0.1:2000".parse().unwrap())
        }
    }

    #[test]
    fn any_flipped_bit_of_addresses_ports_or_payload_is_noticed() {
        for v6 in [false, true] {
            let (source, destination) = addresses(v6);
            let octets = UdpDatagram { source, destination, payload: b"castbench" }.emit().unwrap();
            let first = if v6 { 8 } else { 10 };
            for bit in first * 8..octets.len() * 8 {
                let mut bad = octets.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                assert!(UdpDatagram::parse(&bad).is_err(), "v6 {v6} bit {bit}");
            }
        }
    }

    #[test]
    fn refusals_say_why() {
        let (v4, _) = addresses(false);
        let (v6, _) = addresses(true);
        let mixed = UdpDatagram { source: v4, destination: v6, payload: &[] };
        assert_eq!(mixed.emit().unwrap_err(), IpError::MixedVersions { from: v4, to: v6 });
        let long = vec![0; 65_530];
        assert_eq!(
            UdpDatagram { source: v4, destination: v4, payload: &long }.emit().unwrap_err(),
            IpError::TooLong(65_530)
        );
        assert!(matches!(UdpDatagram::parse(&[]), Err(IpError::Malformed(_))));
    }

    proptest! {
        #[test]
        fn round_trip(v6: bool, payload in proptest::collection::vec(any::<u8>(), 0..1500)) {
            let (source, destination) = addresses(v6);
            let datagram = UdpDatagram { source, destination, payload: &payload };
            let octets = datagram.emit().unwrap();
            prop_assert_eq!(UdpDatagram::parse(&octets).unwrap(), datagram);
        }

        #[test]
        fn arbitrary_octets(mut octets in proptest::collection::vec(any::<u8>(), 0..80), version in 0u8..3) {
            if let (Some(first), 1..) = (octets.first_mut(), version) {
                *first = if version == 1 { 0x45 } else { 0x60 };
            }
            fuzz_udp(&octets);
        }
    }
}
