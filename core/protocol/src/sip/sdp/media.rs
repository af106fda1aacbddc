//! Media descriptions (RFC 8866 clause 5.14) and who sends in them (RFC 3264 clause 5.1).

use std::fmt;

use super::line::number;
use super::{Attribute, Connection, SdpLine, attributes, is_direction, set, value};

/// `m=` and the lines up to the next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Media {
    /// `audio`, `message`, `application`, …
    pub kind: String,
    /// The port; 0 refuses the medium.
    pub port: u16,
    /// The number of ports when written.
    pub ports: Option<u16>,
    /// `RTP/AVP`, `TCP/MSRP`, `udp`, …
    pub protocol: String,
    /// Payload types, or what the protocol has instead.
    pub formats: Vec<String>,
    /// The other lines.
    pub lines: Vec<SdpLine>,
}

/// What a payload type stands for (RFC 8866 clause 6.6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RtpMap {
    /// The payload type.
    pub payload_type: u8,
    /// `AMR-WB/16000/1`, as written.
    pub encoding: String,
}

/// Who sends, from where the one who writes it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Direction {
    /// Both.
    #[default]
    SendRecv,
    /// The writer only.
    SendOnly,
    /// The reader only.
    RecvOnly,
    /// Nobody.
    Inactive,
}

impl Media {
    /// A medium without further lines.
    pub fn new(kind: &str, port: u16, protocol: &str, formats: &[&str]) -> Self {
        let formats = formats.iter().map(|&format| format.to_owned()).collect();
        Self { kind: kind.to_owned(), port, ports: None, protocol: protocol.to_owned(), formats, lines: Vec::new() }
    }

    /// Reads the value of `m=`.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split(' ').filter(|part| !part.is_empty());
        let kind = parts.next()?.to_owned();
        let port = parts.next()?;
        let (port, ports) = match port.split_once('/') {
            Some((port, ports)) => (number(port)?, Some(number(ports)?)),
            None => (number(port)?, None),
        };
        let protocol = parts.next()?.to_owned();
        let formats: Vec<_> = parts.map(ToOwned::to_owned).collect();
        (!formats.is_empty()).then_some(Self { kind, port, ports, protocol, formats, lines: Vec::new() })
    }

    /// Attributes of the medium.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        attributes(&self.lines)
    }

    /// The value of the first attribute `name`; an empty one for a flag.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes().find(|attribute| attribute.name == name).map(|attribute| attribute.value.unwrap_or_default())
    }

    /// Adds `a=name:value`, or `a=name`.
    pub fn add_attribute(&mut self, name: &str, value: Option<&str>) {
        let text = value.map_or_else(|| name.to_owned(), |value| format!("{name}:{value}"));
        self.lines.push(SdpLine::new('a', &text));
    }

    /// Removes all attributes `name`.
    pub fn remove_attribute(&mut self, name: &str) {
        self.lines.retain(|line| line.kind != 'a' || Attribute::parse(&line.value).name != name);
    }

    /// Its own `c=`.
    pub fn connection(&self) -> Option<Connection> {
        Connection::parse(value(&self.lines, 'c')?)
    }

    /// Sets its own `c=`.
    pub fn set_connection(&mut self, connection: &Connection) {
        set(&mut self.lines, 'c', &connection.to_string());
    }

    /// Its own direction.
    pub fn direction(&self) -> Option<Direction> {
        Direction::among(self.attributes())
    }

    /// Sets its direction in the place of the old one, or after all lines.
    pub fn set_direction(&mut self, direction: Direction) {
        let line = SdpLine::new('a', direction.as_str());
        let at = self.lines.iter().position(is_direction);
        self.lines.retain(|line| !is_direction(line));
        self.lines.insert(at.unwrap_or(self.lines.len()), line);
    }

    /// What `a=rtpmap` says.
    pub fn rtp_maps(&self) -> Vec<RtpMap> {
        let maps = self.attributes().filter(|attribute| attribute.name == "rtpmap");
        let read = |attribute: Attribute<'_>| {
            let (payload_type, encoding) = attribute.value?.split_once(' ')?;
            Some(RtpMap { payload_type: number(payload_type)?, encoding: encoding.trim().to_owned() })
        };
        maps.filter_map(read).collect()
    }

    /// True when the media are RTP, whose formats are payload types.
    pub fn is_rtp(&self) -> bool {
        self.protocol.contains("RTP/")
    }

    /// The same medium refused: port 0, no attributes (RFC 3264 clause 6).
    #[must_use]
    pub fn refused(&self) -> Self {
        Self { port: 0, ports: None, lines: Vec::new(), ..self.clone() }
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {}", self.kind, self.port)?;
        self.ports.iter().try_for_each(|ports| write!(f, "/{ports}"))?;
        write!(f, " {} {}\r\n", self.protocol, self.formats.join(" "))?;
        self.lines.iter().try_for_each(|line| write!(f, "{line}\r\n"))
    }
}

impl Direction {
    pub(super) fn parse(name: &str) -> Option<Self> {
        let all = [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive];
        all.into_iter().find(|direction| direction.as_str() == name)
    }

    /// The last that `attributes` name.
    pub(super) fn among<'a>(attributes: impl Iterator<Item = Attribute<'a>>) -> Option<Self> {
        let flags = attributes.filter(|attribute| attribute.value.is_none());
        flags.filter_map(|attribute| Self::parse(attribute.name)).last()
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// True when the writer sends.
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// True when the writer receives.
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    const fn of(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// What one who wants `own` answers to this offer (RFC 3264 clause 6.1): he sends where the other receives.
    #[must_use]
    pub const fn answer(self, own: Self) -> Self {
        Self::of(self.receives() && own.sends(), self.sends() && own.receives())
    }

    /// This direction with the writer on hold of the other side: nothing is received any more (RFC 3264 clause 8.4).
    #[must_use]
    pub const fn on_hold(self) -> Self {
        Self::of(self.sends(), false)
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
