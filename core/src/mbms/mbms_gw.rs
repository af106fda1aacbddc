//! MBMS-GW: TS 23.246 clause 5.4 (IP multicast towards eNBs), TS 36.445 clause 5 (M1 user plane), TS 29.281 (GTP-U).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::RangeInclusive;

use protocol::{GTPU_PORT, GtpuRepr, Instant, Tmgi, UdpDatagram};

/// Addresses of the gateway.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MbmsGwConfig {
    /// Source address on M1.
    pub source: Ipv4Addr,
    /// Multicast addresses for M1, one per bearer.
    pub multicast: RangeInclusive<Ipv4Addr>,
}

/// Where a bearer is on M1 (TS 36.444 clause 9.2.3.4, TNL information).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct M1Transport {
    /// Source address, for source-specific multicast.
    pub source: Ipv4Addr,
    /// Multicast address that eNBs join.
    pub multicast: Ipv4Addr,
    /// Common tunnel endpoint identifier.
    pub c_teid: u32,
}

/// Why the gateway did nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum GatewayRefusal {
    /// There is a bearer with that TMGI.
    #[error("there is a bearer for TMGI {0} already")]
    Exists(Tmgi),
    /// There is no bearer with that TMGI.
    #[error("there is no bearer for TMGI {0}")]
    Unknown(Tmgi),
    /// All multicast addresses are in use.
    #[error("no M1 multicast address is free for TMGI {0}: stop a bearer or widen the range")]
    NoAddress(Tmgi),
    /// The PDU does not fit a datagram.
    #[error("a SYNC PDU of {octets} octets for TMGI {tmgi} does not fit a datagram")]
    TooLong {
        /// Bearer.
        tmgi: Tmgi,
        /// Octets.
        octets: usize,
    },
}

/// What comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MbmsGwInput<'a> {
    /// A bearer starts.
    SessionStart {
        /// Its TMGI.
        tmgi: Tmgi,
    },
    /// A bearer ends.
    SessionStop {
        /// Its TMGI.
        tmgi: Tmgi,
    },
    /// A SYNC PDU from the BM-SC on SGi-mb.
    SgiMb {
        /// Bearer.
        tmgi: Tmgi,
        /// The PDU.
        pdu: &'a [u8],
    },
}

/// What comes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MbmsGwOutput {
    /// The bearer is on M1.
    SessionStarted {
        /// Its TMGI.
        tmgi: Tmgi,
        /// Where.
        m1: M1Transport,
    },
    /// The bearer has ended.
    SessionStopped {
        /// Its TMGI.
        tmgi: Tmgi,
    },
    /// A datagram for M1, from its IP header on.
    M1(Vec<u8>),
    /// Nothing was done.
    Refused(GatewayRefusal),
}

/// The gateway. It has no timers: only `handle_input` and `poll_output`.
#[derive(Debug)]
pub struct MbmsGw {
    config: MbmsGwConfig,
    bearers: BTreeMap<Tmgi, M1Transport>,
    addresses: BTreeSet<Ipv4Addr>,
    next_c_teid: u32,
    outputs: VecDeque<MbmsGwOutput>,
}

impl MbmsGw {
    /// A gateway without bearers.
    pub fn new(config: MbmsGwConfig) -> Self {
        Self { config, bearers: BTreeMap::new(), addresses: BTreeSet::new(), next_c_teid: 1, outputs: VecDeque::new() }
    }

    /// Takes an input.
    pub fn handle_input(&mut self, _now: Instant, input: MbmsGwInput<'_>) {
        let output = match input {
            MbmsGwInput::SessionStart { tmgi } => self.start(tmgi),
            MbmsGwInput::SessionStop { tmgi } => self.stop(tmgi),
            MbmsGwInput::SgiMb { tmgi, pdu } => self.forward(tmgi, pdu),
        };
        self.outputs.push_back(output.unwrap_or_else(MbmsGwOutput::Refused));
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<MbmsGwOutput> {
        self.outputs.pop_front()
    }

    fn start(&mut self, tmgi: Tmgi) -> Result<MbmsGwOutput, GatewayRefusal> {
        if self.bearers.contains_key(&tmgi) {
            return Err(GatewayRefusal::Exists(tmgi));
        }
        let (first, last) = (u32::from(*self.config.multicast.start()), u32::from(*self.config.multicast.end()));
        let multicast = (first..=last)
            .map(Ipv4Addr::from)
            .find(|a| !self.addresses.contains(a))
            .ok_or(GatewayRefusal::NoAddress(tmgi))?;
        let m1 = M1Transport { source: self.config.source, multicast, c_teid: self.free_c_teid() };
        self.addresses.insert(multicast);
        self.bearers.insert(tmgi, m1);
        Ok(MbmsGwOutput::SessionStarted { tmgi, m1 })
    }

    /// Counts on, so that a late packet of an ended bearer finds no tunnel; TEID 0 is not a tunnel (TS 29.281 clause 5.1).
    fn free_c_teid(&mut self) -> u32 {
        loop {
            let c_teid = self.next_c_teid;
            self.next_c_teid = self.next_c_teid.checked_add(1).unwrap_or(1);
            if self.bearers.values().all(|m1| m1.c_teid != c_teid) {
                return c_teid;
            }
        }
    }

    fn stop(&mut self, tmgi: Tmgi) -> Result<MbmsGwOutput, GatewayRefusal> {
        let m1 = self.bearers.remove(&tmgi).ok_or(GatewayRefusal::Unknown(tmgi))?;
        self.addresses.remove(&m1.multicast);
        Ok(MbmsGwOutput::SessionStopped { tmgi })
    }

    fn forward(&self, tmgi: Tmgi, pdu: &[u8]) -> Result<MbmsGwOutput, GatewayRefusal> {
        let m1 = self.bearers.get(&tmgi).ok_or(GatewayRefusal::Unknown(tmgi))?;
        let too_long = |_| GatewayRefusal::TooLong { tmgi, octets: pdu.len() };
        let payload = GtpuRepr::g_pdu(m1.c_teid).emit(pdu).map_err(too_long)?;
        let datagram = UdpDatagram {
            source: SocketAddrV4::new(m1.source, GTPU_PORT).into(),
            destination: SocketAddrV4::new(m1.multicast, GTPU_PORT).into(),
            payload: &payload,
        };
        let too_long = |_| GatewayRefusal::TooLong { tmgi, octets: pdu.len() };
        Ok(MbmsGwOutput::M1(datagram.emit().map_err(too_long)?))
    }
}

#[cfg(test)]
mod tests {
    use protocol::GtpuPacket;

    use super::*;

    fn gateway(addresses: u8) -> MbmsGw {
        MbmsGw::new(MbmsGwConfig {
            source: Ipv4Addr::new(10, 0, 0, 2),
            multicast: Ipv4Addr::new(239, 255, 0, 1)..=Ipv4Addr::new(239, 255, 0, addresses),
        })
    }

    fn run(gateway: &mut MbmsGw, input: MbmsGwInput<'_>) -> MbmsGwOutput {
        gateway.handle_input(Instant::ZERO, input);
        gateway.poll_output().unwrap()
    }

    fn tmgi(n: u8) -> Tmgi {
        format!("0000{n:02x}@262-01").parse().unwrap()
    }

    #[test]
    fn a_pdu_leaves_in_the_tunnel_of_its_bearer() {
        let mut gw = gateway(9);
        for n in 1..=2 {
            run(&mut gw, MbmsGwInput::SessionStart { tmgi: tmgi(n) });
        }
        let MbmsGwOutput::M1(octets) = run(&mut gw, MbmsGwInput::SgiMb { tmgi: tmgi(2), pdu: b"sync" }) else {
            panic!()
        };
        let datagram = UdpDatagram::parse(&octets).unwrap();
        assert_eq!(datagram.destination, "239.255.0.2:2152".parse().unwrap());
        let packet = GtpuPacket::new_checked(datagram.payload).unwrap();
        assert_eq!((packet.teid(), packet.payload()), (2, &b"sync"[..]));
    }

    #[test]
    fn addresses_come_back_and_tunnels_do_not() {
        let mut gw = gateway(1);
        run(&mut gw, MbmsGwInput::SessionStart { tmgi: tmgi(1) });
        let refused = |r| MbmsGwOutput::Refused(r);
        assert_eq!(run(&mut gw, MbmsGwInput::SessionStart { tmgi: tmgi(1) }), refused(GatewayRefusal::Exists(tmgi(1))));
        assert_eq!(
            run(&mut gw, MbmsGwInput::SessionStart { tmgi: tmgi(2) }),
            refused(GatewayRefusal::NoAddress(tmgi(2)))
        );
        run(&mut gw, MbmsGwInput::SessionStop { tmgi: tmgi(1) });
        assert_eq!(run(&mut gw, MbmsGwInput::SessionStop { tmgi: tmgi(1) }), refused(GatewayRefusal::Unknown(tmgi(1))));
        let MbmsGwOutput::SessionStarted { m1, .. } = run(&mut gw, MbmsGwInput::SessionStart { tmgi: tmgi(2) }) else {
            panic!()
        };
        assert_eq!((m1.multicast, m1.c_teid), (Ipv4Addr::new(239, 255, 0, 1), 2));
        let pdu = vec![0; 65_520];
        assert!(matches!(
            run(&mut gw, MbmsGwInput::SgiMb { tmgi: tmgi(2), pdu: &pdu }),
            MbmsGwOutput::Refused(GatewayRefusal::TooLong { octets: 65_520, .. })
        ));
    }
}
