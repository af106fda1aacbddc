//! Media over MBMS bearers in session descriptions: `a=mbms-mode` (TS 26.346 clause 7.3.2.7, RFC 6064 clause 5.1),
//! `a=source-filter` (RFC 4570).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::line::number;
use super::{Connection, Direction, Media, Sdp};
use crate::Tmgi;

/// Name of the attribute with the bearer.
const MBMS_MODE: &str = "mbms-mode";
/// Name of the attribute with the senders.
const SOURCE_FILTER: &str = "source-filter";
/// Digits of a TMGI: its six octets as one decimal number, the first octet the most significant.
const MAX_TMGI_DIGITS: usize = 15;
/// Senders of one filter; TS 26.346 clause 7.3.2.1 has one.
const MAX_SOURCES: usize = 16;

/// `a=mbms-mode`: the bearer that carries a medium.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MbmsMode {
    /// `broadcast`.
    Broadcast {
        /// Of the bearer.
        tmgi: Tmgi,
        /// 0: UEs are not counted.
        counting: u32,
    },
    /// `broadcast-mbsfn`.
    BroadcastMbsfn {
        /// Of the bearer.
        tmgi: Tmgi,
    },
}

impl MbmsMode {
    /// Reads the value of the attribute.
    pub fn parse(value: &str) -> Option<Self> {
        let mut parts = value.trim().split(' ').filter(|part| !part.is_empty());
        let (mode, tmgi) = (parts.next()?, tmgi_of(parts.next()?)?);
        let mode = match mode {
            "broadcast" => Self::Broadcast { tmgi, counting: number(parts.next()?)? },
            "broadcast-mbsfn" => Self::BroadcastMbsfn { tmgi },
            _ => return None,
        };
        parts.next().is_none().then_some(mode)
    }

    /// TMGI of the bearer.
    pub const fn tmgi(&self) -> Tmgi {
        match self {
            Self::Broadcast { tmgi, .. } | Self::BroadcastMbsfn { tmgi } => *tmgi,
        }
    }
}

impl fmt::Display for MbmsMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, x, y, z] = self.tmgi().to_octets();
        let tmgi = u64::from_be_bytes([0, 0, a, b, c, x, y, z]);
        match self {
            Self::Broadcast { counting, .. } => write!(f, "broadcast {tmgi} {counting}"),
            Self::BroadcastMbsfn { .. } => write!(f, "broadcast-mbsfn {tmgi}"),
        }
    }
}

fn tmgi_of(digits: &str) -> Option<Tmgi> {
    if digits.len() > MAX_TMGI_DIGITS {
        return None;
    }
    let [0, 0, a, b, c, x, y, z] = number::<u64>(digits)?.to_be_bytes() else { return None };
    Tmgi::from_octets([a, b, c, x, y, z])
}

/// `a=source-filter` (RFC 4570 clause 3): who may send, or may not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceFilter {
    /// `incl`: only these are heard; else `excl`: all but these.
    pub is_inclusive: bool,
    /// Where to; none: `*`.
    pub destination: Option<IpAddr>,
    /// The senders, one at least.
    pub sources: Vec<IpAddr>,
}

impl SourceFilter {
    /// Reads the value of the attribute. Host names are not looked up: a filter with one is none.
    pub fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split(' ').filter(|part| !part.is_empty());
        let is_inclusive = match parts.next()? {
            "incl" => true,
            "excl" => false,
            _ => return None,
        };
        let (network, family) = (parts.next()?, parts.next()?);
        if !network.eq_ignore_ascii_case("IN") || !["IP4", "IP6", "*"].contains(&family) {
            return None;
        }
        let destination = match parts.next()? {
            "*" => None,
            address => Some(address.parse().ok()?),
        };
        let sources: Vec<IpAddr> = parts.take(MAX_SOURCES + 1).map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let mut all = destination.iter().chain(&sources);
        let fits = all.all(|ip| family == "*" || ip.is_ipv6() == (family == "IP6"));
        ((1..=MAX_SOURCES).contains(&sources.len()) && fits).then_some(Self { is_inclusive, destination, sources })
    }
}

impl fmt::Display for SourceFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut addresses = self.destination.iter().chain(&self.sources).peekable();
        let is_v6 = addresses.peek().is_some_and(|ip| ip.is_ipv6());
        let family = if addresses.all(|ip| ip.is_ipv6() == is_v6) { if is_v6 { "IP6" } else { "IP4" } } else { "*" };
        // The space after the colon stands in all examples of the RFC.
        write!(f, " {} IN {family}", if self.is_inclusive { "incl" } else { "excl" })?;
        match self.destination {
            Some(address) => write!(f, " {address}")?,
            None => f.write_str(" *")?,
        }
        self.sources.iter().try_for_each(|source| write!(f, " {source}"))
    }
}

/// A medium of a session that an MBMS bearer carries: IP multicast, which all participants see alike (RFC 3264 clause 5.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MbmsMedia {
    /// Multicast address and port.
    pub destination: SocketAddr,
    /// The only sender, where the description names one.
    pub source: Option<IpAddr>,
    /// The bearer.
    pub mode: MbmsMode,
}

impl MbmsMedia {
    /// Reads medium `at` of a description; `None` when it is refused, or not over MBMS.
    pub fn of(sdp: &Sdp, at: usize) -> Option<Self> {
        let media = sdp.media.get(at).filter(|media| media.port != 0)?;
        let mode = MbmsMode::parse(media.attribute(MBMS_MODE)?)?;
        let address = multicast_address(&sdp.connection_of(at)?)?;
        let own = media.attribute(SOURCE_FILTER).map(str::to_owned);
        let of_session = || sdp.attributes().find(|a| a.name == SOURCE_FILTER)?.value.map(str::to_owned);
        let filter = own.or_else(of_session).and_then(|value| SourceFilter::parse(&value));
        let is_for_it =
            |filter: &SourceFilter| filter.is_inclusive && filter.destination.is_none_or(|ip| ip == address);
        let source = filter.filter(is_for_it).and_then(|filter| filter.sources.first().copied());
        Some(Self { destination: SocketAddr::new(address, media.port), source, mode })
    }

    /// The first medium over MBMS, and its place.
    pub fn find(sdp: &Sdp) -> Option<(usize, Self)> {
        (0..sdp.media.len()).find_map(|at| Some((at, Self::of(sdp, at)?)))
    }

    /// The medium with the formats of `like`: all participants only receive it.
    #[must_use]
    pub fn to_media(self, like: &Media) -> Media {
        let mut media = Media { port: self.destination.port(), ports: None, lines: Vec::new(), ..like.clone() };
        let address = match self.destination.ip() {
            IpAddr::V4(ip) => format!("{ip}/{TIME_TO_LIVE}"),
            IpAddr::V6(ip) => ip.to_string(),
        };
        media.set_connection(&Connection { ipv6: self.destination.is_ipv6(), address });
        let formats = like.attributes().filter(|a| ["rtpmap", "fmtp", "ptime", "maxptime"].contains(&a.name));
        for attribute in formats {
            media.add_attribute(attribute.name, attribute.value);
        }
        media.add_attribute(MBMS_MODE, Some(&self.mode.to_string()));
        if let Some(source) = self.source {
            let destination = Some(self.destination.ip());
            let filter = SourceFilter { is_inclusive: true, destination, sources: vec![source] };
            media.add_attribute(SOURCE_FILTER, Some(&filter.to_string()));
        }
        media.set_direction(Direction::RecvOnly);
        media
    }
}

/// The multicast address that a `c=` names, without TTL; `None` when it is none, or several.
pub(super) fn multicast_address(connection: &Connection) -> Option<IpAddr> {
    let mut parts = connection.address.split('/');
    let address: IpAddr = parts.next()?.parse().ok()?;
    // TTL of IPv4, number of addresses of IPv6 (RFC 8866 clause 5.7).
    let rest: Vec<&str> = parts.collect();
    let is_one = match (address, rest.as_slice()) {
        (_, []) => true,
        (IpAddr::V4(_), [ttl]) => number::<u8>(ttl).is_some(),
        (IpAddr::V4(_), [ttl, count]) => number::<u8>(ttl).is_some() && *count == "1",
        (IpAddr::V6(_), [count]) => *count == "1",
        _ => false,
    };
    (address.is_multicast() && connection.ipv6 == address.is_ipv6() && is_one).then_some(address)
}

/// TTL of multicast in a description (RFC 8866 clause 5.7).
const TIME_TO_LIVE: u8 = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Plmn;

    fn tmgi() -> Tmgi {
        Tmgi { service_id: [0x00, 0x01, 0x02], plmn: Plmn::new("262", "01").unwrap() }
    }

    #[test]
    fn a_tmgi_is_one_decimal_number() {
        // Octets 00 01 02 62 f2 10: 0x0001_0262_f210.
        let mode = MbmsMode::Broadcast { tmgi: tmgi(), counting: 0 };
        assert_eq!(mode.to_string(), "broadcast 4335006224 0");
        assert_eq!(MbmsMode::parse("broadcast 4335006224 0"), Some(mode));
        assert_eq!(MbmsMode::parse("broadcast-mbsfn 4335006224"), Some(MbmsMode::BroadcastMbsfn { tmgi: tmgi() }));
        for wrong in [
            "broadcast 4335006224",
            "broadcast-mbsfn 4335006224 1",
            "broadcast 281474976710656 0",
            "multicast 1 1",
            "broadcast x 0",
        ] {
            assert_eq!(MbmsMode::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn filters_of_rfc_4570() {
        // The examples of clause 3.2.
        let filter = SourceFilter::parse(" incl IN IP4 232.3.4.5 192.0.2.10").unwrap();
        assert_eq!(filter.to_string(), " incl IN IP4 232.3.4.5 192.0.2.10");
        let filter = SourceFilter::parse("incl IN IP4 * 192.0.2.10").unwrap();
        assert_eq!((filter.destination, filter.sources.len()), (None, 1));
        let filter = SourceFilter::parse(" excl IN IP6 FF0E::11A 2001:DB8:1:2:240:96FF:FE25:8EC9").unwrap();
        assert!(!filter.is_inclusive && filter.sources[0].is_ipv6());
        for wrong in ["incl IN IP4 *", "incl IN IP4 232.0.0.1 ::1", "incl IN IP4 * a.example", "only IN IP4 * 1.2.3.4"]
        {
            assert_eq!(SourceFilter::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_medium_over_mbms_beside_one_that_is_not() {
        let text = "v=0\r\no=- 1 1 IN IP4 10.46.0.21\r\ns=-\r\nc=IN IP4 10.46.0.21\r\nt=0 0\r\n\
                    m=audio 49152 RTP/AVP 97\r\na=rtpmap:97 AMR-WB/16000\r\na=fmtp:97 octet-align=1\r\na=sendrecv\r\n";
        let mut sdp = Sdp::parse(text.as_bytes()).unwrap();
        assert_eq!(MbmsMedia::find(&sdp), None);
        let mbms = MbmsMedia {
            destination: "239.1.0.7:5002".parse().unwrap(),
            source: Some("10.46.0.21".parse().unwrap()),
            mode: MbmsMode::Broadcast { tmgi: tmgi(), counting: 0 },
        };
        sdp.media.push(mbms.to_media(&sdp.media[0]));
        let text = sdp.to_string();
        assert!(text.ends_with(
            "m=audio 5002 RTP/AVP 97\r\nc=IN IP4 239.1.0.7/64\r\na=rtpmap:97 AMR-WB/16000\r\na=fmtp:97 octet-align=1\r\n\
             a=mbms-mode:broadcast 4335006224 0\r\na=source-filter: incl IN IP4 239.1.0.7 10.46.0.21\r\na=recvonly\r\n"
        ));
        assert_eq!(MbmsMedia::find(&Sdp::parse(text.as_bytes()).unwrap()), Some((1, mbms)));
        sdp.media[1] = sdp.media[1].refused();
        assert_eq!(MbmsMedia::find(&sdp), None);
    }

    #[test]
    fn only_one_multicast_address_is_one() {
        let address = |text: &str| multicast_address(&Connection::parse(text).unwrap()).map(|ip| ip.to_string());
        assert_eq!(address("IN IP4 239.1.0.7/64"), Some("239.1.0.7".to_owned()));
        assert_eq!(address("IN IP4 239.1.0.7/64/1"), Some("239.1.0.7".to_owned()));
        assert_eq!(address("IN IP6 ff0e::1"), Some("ff0e::1".to_owned()));
        for none in
            ["IN IP4 239.1.0.7/64/3", "IN IP4 10.0.0.1", "IN IP6 239.1.0.7", "IN IP4 239.1.0.7/x", "IN IP6 ff0e::1/2"]
        {
            assert_eq!(address(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(id in any::<[u8; 3]>(), mnc in 0u16..1000, counting in any::<u32>(), mbsfn in any::<bool>()) {
            let tmgi = Tmgi { service_id: id, plmn: Plmn::new("001", &format!("{mnc:03}")).unwrap() };
            let mode = if mbsfn { MbmsMode::BroadcastMbsfn { tmgi } } else { MbmsMode::Broadcast { tmgi, counting } };
            prop_assert_eq!(MbmsMode::parse(&mode.to_string()), Some(mode));
        }

        #[test]
        fn filters_survive(incl in any::<bool>(), to in any::<Option<[u8; 4]>>(), from in prop::collection::vec(any::<[u8; 4]>(), 1..5)) {
            let filter = SourceFilter {
                is_inclusive: incl,
                destination: to.map(IpAddr::from),
                sources: from.into_iter().map(IpAddr::from).collect(),
            };
            prop_assert_eq!(SourceFilter::parse(&filter.to_string()), Some(filter));
        }
    }
}
