//! Session descriptions of the service: the media-floor control entity of a call (TS 24.380 clauses 12 and 14), and what goes
//! with the announcement of an MBMS bearer (TS 24.379 clause 14.2.2.2).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::sip::sdp::{Connection, Direction, Media, Origin, Sdp};

/// Floor control of a call: the medium `m=application PORT udp MCPTT`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FloorMedia {
    /// Where its messages are to be sent to.
    pub address: SocketAddr,
    /// What its `a=fmtp:MCPTT` says.
    pub parameters: FloorParameters,
}

/// Parameters of `a=fmtp:MCPTT` (TS 24.380 clause 12.1.2.2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FloorParameters {
    /// `mc_queueing`: requests may wait.
    pub queueing: bool,
    /// `mc_priority`: the highest of its requests.
    pub priority: Option<u8>,
    /// `mc_granted`: in an offer, it may be granted the floor by the answer; in an answer, it has it.
    pub granted: bool,
    /// `mc_implicit_request`: the offer is a Floor Request, too.
    pub implicit_request: bool,
    /// `mc_ssrc`: synchronisation source that it will use.
    pub ssrc: Option<u32>,
    /// Others, as they came.
    pub others: Vec<String>,
}

impl FloorMedia {
    /// Reads medium `at` of a description; `None` when it is refused, or not floor control.
    pub fn of(sdp: &Sdp, at: usize) -> Option<Self> {
        let media = sdp.media.get(at).filter(|media| media.port != 0 && is_floor(media))?;
        let of_mcptt = |value: &str| value.strip_prefix(FORMAT)?.strip_prefix(' ').map(FloorParameters::parse);
        let found = media.attributes().filter(|a| a.name == "fmtp").find_map(|a| of_mcptt(a.value?));
        Some(Self { address: address_of(sdp, at)?, parameters: found.unwrap_or_default() })
    }

    /// The first floor control of a description, and its place.
    pub fn find(sdp: &Sdp) -> Option<(usize, Self)> {
        (0..sdp.media.len()).find_map(|at| Some((at, Self::of(sdp, at)?)))
    }
}

impl FloorParameters {
    /// The medium, at a port of the host that `c=` names.
    #[must_use]
    pub fn to_media(&self, port: u16) -> Media {
        let mut media = Media::new("application", port, "udp", &[FORMAT]);
        if *self != Self::default() {
            media.add_attribute("fmtp", Some(&format!("{FORMAT} {self}")));
        }
        media
    }

    /// Reads what follows `MCPTT ` in the attribute. Values that cannot be read say nothing.
    pub fn parse(value: &str) -> Self {
        let mut parameters = Self::default();
        for part in value.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            match name.trim_end() {
                "mc_queueing" => parameters.queueing = true,
                "mc_priority" => parameters.priority = value.trim().parse().ok(),
                "mc_granted" => parameters.granted = true,
                "mc_implicit_request" => parameters.implicit_request = true,
                "mc_ssrc" => parameters.ssrc = value.trim().parse().ok(),
                _ => parameters.others.push(part.to_owned()),
            }
        }
        parameters
    }
}

impl fmt::Display for FloorParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flag = |is: bool, name: &str| is.then(|| name.to_owned());
        let parts = [
            flag(self.queueing, "mc_queueing"),
            self.priority.map(|priority| format!("mc_priority={priority}")),
            flag(self.granted, "mc_granted"),
            flag(self.implicit_request, "mc_implicit_request"),
            self.ssrc.map(|ssrc| format!("mc_ssrc={ssrc}")),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().chain(self.others.iter().cloned()).collect();
        f.write_str(&parts.join(";"))
    }
}

/// The first medium of speech that is not refused: its place, and where RTP is to be sent to.
pub fn audio(sdp: &Sdp) -> Option<(usize, SocketAddr)> {
    let is_audio = |at: &usize| sdp.media[*at].kind == "audio" && sdp.media[*at].port != 0;
    let at = (0..sdp.media.len()).find(is_audio)?;
    Some((at, address_of(sdp, at)?))
}

/// What goes with the announcement of a bearer: three media, whose numbers Map Group To Bearer uses.
///
/// The general purpose subchannel has its multicast address and port here. Those of speech and of its floor control come with
/// Map Group To Bearer, so they have the unspecified address and the discard port here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnnouncedMedia {
    /// Multicast address and port of the general purpose subchannel.
    pub general_purpose: SocketAddr,
    /// Speech: its formats and their attributes.
    pub audio: Media,
}

impl AnnouncedMedia {
    /// Number of the general purpose subchannel, which `GPMS` of the announcement says.
    pub const GENERAL_PURPOSE_LINE: u8 = 1;
    /// Number of speech.
    pub const AUDIO_LINE: u8 = 2;
    /// Number of its floor control.
    pub const FLOOR_LINE: u8 = 3;

    /// The description, all of whose media clients only receive.
    pub fn to_sdp(&self, origin: &Origin) -> Sdp {
        let mut sdp = Sdp::new(origin);
        let address = match self.general_purpose.ip() {
            IpAddr::V4(ip) => format!("{ip}/{TIME_TO_LIVE}"),
            IpAddr::V6(ip) => ip.to_string(),
        };
        let general_purpose = Media::new("application", self.general_purpose.port(), "udp", &[FORMAT]);
        let mut audio = Media { port: DISCARD_PORT, ports: None, ..self.audio.clone() };
        audio.lines.retain(|line| line.kind != 'c');
        let floor = Media::new("application", DISCARD_PORT, "udp", &[FORMAT]);
        let unspecified: IpAddr = match self.general_purpose {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let ipv6 = self.general_purpose.is_ipv6();
        for (mut media, address) in
            [(general_purpose, address), (audio, unspecified.to_string()), (floor, unspecified.to_string())]
        {
            media.set_connection(&Connection { ipv6, address });
            media.set_direction(Direction::RecvOnly);
            sdp.media.push(media);
        }
        sdp
    }

    /// Reads a description: `gpms` is the number of the general purpose subchannel, without it the first that has a multicast
    /// address; speech is the first `m=audio`.
    pub fn of(sdp: &Sdp, gpms: Option<u8>) -> Option<Self> {
        let is_it = |at: &usize| sdp.media.get(*at).is_some_and(is_floor) && sdp.multicast_of(*at).is_some();
        let at = match gpms {
            Some(line) => usize::from(line).checked_sub(1).filter(is_it)?,
            None => (0..sdp.media.len()).find(is_it)?,
        };
        let general_purpose = SocketAddr::new(sdp.multicast_of(at)?, sdp.media[at].port);
        let audio = sdp.media.iter().find(|media| media.kind == "audio")?.clone();
        (general_purpose.port() != 0).then_some(Self { general_purpose, audio })
    }
}

/// The medium that Map Group To Bearer means by a number, counted from 1.
pub fn m_line(sdp: &Sdp, line: u8) -> Option<&Media> {
    sdp.media.get(usize::from(line).checked_sub(1)?)
}

fn is_floor(media: &Media) -> bool {
    media.kind == "application"
        && media.protocol.eq_ignore_ascii_case("udp")
        && media.formats.iter().any(|format| format == FORMAT)
}

/// Where medium `at` is to be sent to, when `c=` has an address and not a name.
fn address_of(sdp: &Sdp, at: usize) -> Option<SocketAddr> {
    let connection = sdp.connection_of(at)?;
    let address = connection.address.split('/').next()?;
    Some(SocketAddr::new(address.parse().ok()?, sdp.media.get(at)?.port))
}

/// Format of floor control (TS 24.380 clause 12.1.2.2).
const FORMAT: &str = "MCPTT";
/// Port of a medium that has none yet (RFC 3264 clause 5.1).
const DISCARD_PORT: u16 = 9;
/// TTL of multicast in a description (RFC 8866 clause 5.7).
const TIME_TO_LIVE: u8 = 64;

#[cfg(test)]
mod tests;
