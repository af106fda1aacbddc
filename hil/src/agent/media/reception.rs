//! What a UE has received of each source over two bearers (RFC 3550 clause 5.1): each packet is taken once, by its source and
//! sequence number, and how it came is kept.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use protocol::Instant;
use protocol::rtp::RtpPacket;

/// By which way a packet came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Way {
    /// To the UE alone.
    Unicast,
    /// Over an MBMS bearer.
    Mbms,
}

/// A packet that was taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// When.
    pub at: Instant,
    /// How it came first.
    pub way: Way,
    /// Its sequence number.
    pub sequence: u16,
    /// Its timestamp.
    pub timestamp: u32,
    /// What it carries.
    pub payload_type: u8,
    /// As it came.
    pub payload: Vec<u8>,
    /// The multicast address at which it came over MBMS first.
    pub on: Option<SocketAddr>,
    /// How often it came by unicast, and over MBMS to that address.
    pub came: [u32; 2],
    /// How often it came to other addresses of MBMS bearers, as it does while a UE changes from one to the other.
    pub elsewhere: u32,
    /// One with a higher sequence number was there already.
    pub is_late: bool,
}

/// What came of one source.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Received {
    /// Packets by their extended sequence numbers (RFC 3550 appendix A.1), the first cycle being 1.
    pub packets: BTreeMap<u32, Taken>,
    highest: u32,
    forgotten: u64,
}

/// What came of all sources.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reception {
    own: Option<u32>,
    sources: BTreeMap<u32, Received>,
    /// Packets of further sources.
    refused: u64,
    /// What packets carry is not kept.
    drops_payload: bool,
}

/// How the packets of a source have come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Arrivals {
    /// Packets that were taken.
    pub taken: u64,
    /// Of those, that came first by unicast.
    pub by_unicast: u64,
    /// That came first over MBMS.
    pub by_mbms: u64,
    /// That came both ways, as they do while a UE changes from one to the other.
    pub both_ways: u64,
    /// Copies that came over another bearer.
    pub moved: u64,
    /// Copies that came more than once by one way, over the same bearer.
    pub doubled: u64,
    /// That came after one with a higher sequence number.
    pub reordered: u64,
}

impl Reception {
    /// Of a UE whose own packets have this source.
    pub fn new(own: u32) -> Self {
        Self { own: Some(own), ..Self::default() }
    }

    /// The same, of which only the numbers are kept: [`Taken::payload`] is empty.
    pub fn of_numbers(own: u32) -> Self {
        Self { drops_payload: true, ..Self::new(own) }
    }

    /// A packet has come to this address; false: it is not new, or it is one of the UE's own, and is not to be played.
    pub fn take(&mut self, now: Instant, way: Way, to: SocketAddr, packet: &RtpPacket) -> bool {
        if self.own == Some(packet.ssrc) {
            return false;
        }
        if !self.sources.contains_key(&packet.ssrc) && self.sources.len() >= MOST_SOURCES {
            self.refused += 1;
            return false;
        }
        let keeps_payload = !self.drops_payload;
        self.sources.entry(packet.ssrc).or_default().take(now, (way, to), packet, keeps_payload)
    }

    /// Sources that were heard, with what came of them.
    pub const fn sources(&self) -> &BTreeMap<u32, Received> {
        &self.sources
    }

    /// Packets that were not listened to, since they were of one source too many.
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

impl Received {
    fn take(&mut self, now: Instant, by: (Way, SocketAddr), packet: &RtpPacket, keeps_payload: bool) -> bool {
        let (way, to) = by;
        let number = self.extended(packet.sequence);
        if let Some(known) = self.packets.get_mut(&number) {
            if way == Way::Mbms && *known.on.get_or_insert(to) != to {
                known.elsewhere += 1;
            } else {
                known.came[way as usize] += 1;
            }
            return false;
        }
        if self.packets.len() >= MOST_PACKETS {
            // Older than all that is known: it may be a copy of what was forgotten.
            if self.packets.first_key_value().is_some_and(|(oldest, _)| number < *oldest) {
                return false;
            }
            self.packets.pop_first();
            self.forgotten += 1;
        }
        let mut came = [0; 2];
        came[way as usize] = 1;
        let is_late = number < self.highest;
        self.highest = self.highest.max(number);
        let RtpPacket { sequence, timestamp, payload_type, .. } = *packet;
        let payload = if keeps_payload { packet.payload.clone() } else { Vec::new() };
        let on = (way == Way::Mbms).then_some(to);
        let taken = Taken { at: now, way, on, sequence, timestamp, payload_type, payload, came, elsewhere: 0, is_late };
        self.packets.insert(number, taken);
        true
    }

    /// The number of a packet with its cycles.
    pub fn extended(&self, sequence: u16) -> u32 {
        if self.highest == 0 {
            return 1 << 16 | u32::from(sequence);
        }
        let step = sequence.wrapping_sub(self.highest as u16) as i16;
        self.highest.wrapping_add_signed(step.into())
    }

    /// Packets that came and are not kept any more.
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// How all that are kept have come.
    pub fn arrivals(&self) -> Arrivals {
        Arrivals::of(self.packets.values())
    }
}

impl Arrivals {
    /// Of these packets.
    pub fn of<'a>(packets: impl IntoIterator<Item = &'a Taken>) -> Self {
        let mut all = Self::default();
        for packet in packets {
            let [unicast, mbms] = packet.came;
            all.taken += 1;
            all.by_unicast += u64::from(packet.way == Way::Unicast);
            all.by_mbms += u64::from(packet.way == Way::Mbms);
            all.both_ways += u64::from(unicast > 0 && mbms > 0);
            all.moved += u64::from(packet.elsewhere);
            all.doubled += u64::from(unicast.saturating_sub(1)) + u64::from(mbms.saturating_sub(1));
            all.reordered += u64::from(packet.is_late);
        }
        all
    }
}

/// Sources of a session; more are not listened to.
const MOST_SOURCES: usize = 64;
/// Packets that are kept of a source: ten minutes of 20 ms each.
const MOST_PACKETS: usize = 30_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TO: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5000);

    fn packet(ssrc: u32, sequence: u16) -> RtpPacket {
        RtpPacket { ssrc, sequence, timestamp: 160 * u32::from(sequence), payload: vec![1], ..RtpPacket::default() }
    }

    #[test]
    fn a_packet_by_both_ways_is_taken_once() {
        let mut reception = Reception::new(9);
        let mut take = |way, number: u16| reception.take(Instant::ZERO, way, TO, &packet(5, number));
        assert!(take(Way::Unicast, 65534) && take(Way::Unicast, 65535));
        assert!(!take(Way::Mbms, 65535) && take(Way::Mbms, 0) && take(Way::Mbms, 3) && take(Way::Unicast, 2));
        assert!(!take(Way::Mbms, 3));
        assert!(!reception.take(Instant::ZERO, Way::Mbms, TO, &packet(9, 1)), "its own");
        let other = SocketAddr::new(TO.ip(), 5002);
        assert!(!reception.take(Instant::ZERO, Way::Mbms, other, &packet(5, 3)), "over another bearer");
        let own = &reception.sources()[&5];
        let expected =
            Arrivals { taken: 5, by_unicast: 3, by_mbms: 2, both_ways: 1, moved: 1, doubled: 1, reordered: 1 };
        assert_eq!(own.arrivals(), expected);
    }

    #[test]
    fn it_is_bounded() {
        let mut reception = Reception::default();
        for number in 0..MOST_PACKETS + 100 {
            assert!(reception.take(Instant::ZERO, Way::Mbms, TO, &packet(5, number as u16)));
        }
        assert_eq!(reception.sources()[&5].packets.len(), MOST_PACKETS);
        assert!(!reception.take(Instant::ZERO, Way::Unicast, TO, &packet(5, 7)), "forgotten, and not new");
        assert_eq!(reception.sources()[&5].forgotten(), 100);
        for ssrc in 0..100 {
            reception.take(Instant::ZERO, Way::Mbms, TO, &packet(ssrc, 1));
        }
        assert_eq!((reception.sources().len(), reception.refused()), (MOST_SOURCES, 100 - MOST_SOURCES as u64));
    }

    proptest! {
        /// Whatever order, ways and copies: each packet once.
        #[test]
        fn each_packet_once(first in any::<u16>(), order in prop::collection::vec((0u16..200, any::<bool>()), 1..600)) {
            let mut reception = Reception::default();
            let mut known = std::collections::BTreeSet::new();
            for (offset, mbms) in order {
                let way = if mbms { Way::Mbms } else { Way::Unicast };
                let is_new = reception.take(Instant::ZERO, way, TO, &packet(1, first.wrapping_add(offset)));
                prop_assert_eq!(is_new, known.insert(offset));
            }
            let came = reception.sources()[&1].packets.values().map(|packet| packet.sequence);
            prop_assert!(came.eq(known.iter().map(|offset| first.wrapping_add(*offset))));
        }
    }
}
