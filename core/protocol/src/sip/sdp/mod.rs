//! Session descriptions (RFC 8866, formerly 4566). Lines that nobody asks about stay as they are, in their order.

mod line;
mod mbms;
mod media;
mod offer;

pub use line::{Attribute, Connection, Origin, SdpLine};
pub use mbms::{MbmsMedia, MbmsMode, SourceFilter};
pub use media::{Direction, Media, RtpMap};
pub use offer::{check_answer, check_new_offer};

use std::fmt;
use std::net::IpAddr;

/// What is wrong with a session description.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("SDP line {line}: {why}")]
pub struct SdpProblem {
    /// The line, counted from 1; 0 when it is about the whole.
    pub line: usize,
    /// What is wrong.
    pub why: &'static str,
}

/// A session description.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sdp {
    /// The lines before the first `m=`.
    pub lines: Vec<SdpLine>,
    /// The media descriptions.
    pub media: Vec<Media>,
}

impl Sdp {
    /// A description without media: `v`, `o`, `s`, `c`, `t`.
    pub fn new(origin: &Origin) -> Self {
        let connection = Connection { ipv6: origin.ipv6, address: origin.address.clone() };
        let line = |kind, value: &str| SdpLine { kind, value: value.to_owned() };
        let lines = vec![
            line('v', "0"),
            line('o', &origin.to_string()),
            line('s', "-"),
            line('c', &connection.to_string()),
            line('t', "0 0"),
        ];
        Self { lines, media: Vec::new() }
    }

    /// Reads a description. Lines may end with LF only (RFC 8866 clause 5).
    pub fn parse(body: &[u8]) -> Result<Self, SdpProblem> {
        let bad = |line, why| Err(SdpProblem { line, why });
        if body.len() > MAX_OCTETS {
            return bad(0, "is longer than the limit");
        }
        // Names and information may be in any character set (RFC 8866 clause 6.10).
        let text = String::from_utf8_lossy(body);
        let mut sdp = Self { lines: Vec::new(), media: Vec::new() };
        let mut count = 0;
        for (at, line) in text.split('\n').enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.is_empty() {
                // The end of the last line, or empty lines that some add there.
                continue;
            }
            let Some(line) = SdpLine::parse(line) else { return bad(at + 1, "is not a letter, '=' and a value") };
            count += 1;
            match (count, line.kind) {
                (1, 'v') if line.value == "0" => {}
                (1, _) => return bad(at + 1, "v=0 does not come first"),
                (_, 'v') => return bad(at + 1, "v= comes again"),
                (_, 'o') if Origin::parse(&line.value).is_none() => return bad(at + 1, "o= has not its six parts"),
                (_, 'c') if Connection::parse(&line.value).is_none() => {
                    return bad(at + 1, "c= has not its three parts");
                }
                (_, 'o' | 's' | 't') if !sdp.media.is_empty() => return bad(at + 1, "belongs before the first m="),
                _ => {}
            }
            match (line.kind, sdp.media.last_mut()) {
                ('m', _) => match Media::parse(&line.value) {
                    Some(media) => sdp.media.push(media),
                    None => return bad(at + 1, "m= is not media, port, protocol and formats"),
                },
                (_, Some(media)) => media.lines.push(line),
                (_, None) => sdp.lines.push(line),
            }
        }
        for (kind, why) in [('v', "is empty"), ('o', "has no o="), ('s', "has no s=")] {
            match sdp.lines.iter().filter(|line| line.kind == kind).count() {
                0 => return bad(0, why),
                1 => {}
                _ => return bad(0, "has o= or s= more than once"),
            }
        }
        Ok(sdp)
    }

    /// Its octets.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// `o=`.
    pub fn origin(&self) -> Option<Origin> {
        Origin::parse(self.value('o')?)
    }

    /// Sets `o=`.
    pub fn set_origin(&mut self, origin: &Origin) {
        set(&mut self.lines, 'o', &origin.to_string());
    }

    /// Counts the version of `o=` up, as every changed description of a session must (RFC 3264 clause 8).
    pub fn bump_version(&mut self) {
        if let Some(mut origin) = self.origin() {
            origin.version = origin.version.wrapping_add(1);
            self.set_origin(&origin);
        }
    }

    /// The value of the first session line of `kind`.
    pub fn value(&self, kind: char) -> Option<&str> {
        value(&self.lines, kind)
    }

    /// `c=` of the session.
    pub fn connection(&self) -> Option<Connection> {
        Connection::parse(self.value('c')?)
    }

    /// Where media `at` is to be sent: its own `c=`, else that of the session.
    pub fn connection_of(&self, at: usize) -> Option<Connection> {
        let own = self.media.get(at)?.connection();
        own.or_else(|| self.connection())
    }

    /// Attributes of the session.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        attributes(&self.lines)
    }

    /// The multicast address of media `at`, when it is sent to one (RFC 3264 clause 5.2).
    pub fn multicast_of(&self, at: usize) -> Option<IpAddr> {
        mbms::multicast_address(&self.connection_of(at)?)
    }

    /// The direction of media `at`: its own, else that of the session, else `sendrecv` (RFC 3264 clause 5.1).
    pub fn direction_of(&self, at: usize) -> Direction {
        let own = self.media.get(at).and_then(Media::direction);
        own.or_else(|| Direction::among(self.attributes())).unwrap_or_default()
    }

    /// True when every medium that is not refused is on hold: the one who sent this does not want to receive (RFC 3264
    /// clause 8.4; also by the older `c=` of 0.0.0.0).
    pub fn is_hold(&self) -> bool {
        let mut live = (0..self.media.len()).filter(|&at| self.media[at].port != 0).peekable();
        let zero = |at| self.connection_of(at).is_some_and(|c| !c.ipv6 && c.address == "0.0.0.0");
        live.peek().is_some() && live.all(|at| !self.direction_of(at).receives() || zero(at))
    }

    /// Sets the direction of all media.
    pub fn set_direction(&mut self, direction: Direction) {
        self.lines.retain(|line| !is_direction(line));
        self.media.iter_mut().for_each(|media| media.set_direction(direction));
    }
}

impl fmt::Display for Sdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| write!(f, "{line}\r\n"))?;
        self.media.iter().try_for_each(|media| media.fmt(f))
    }
}

/// Far more than any description of a session of the IMS has.
const MAX_OCTETS: usize = 64 << 10;

fn value(lines: &[SdpLine], kind: char) -> Option<&str> {
    lines.iter().find(|line| line.kind == kind).map(|line| line.value.as_str())
}

/// Sets the first line of `kind`, or adds one where the grammar wants it.
fn set(lines: &mut Vec<SdpLine>, kind: char, value: &str) {
    let line = SdpLine { kind, value: value.to_owned() };
    match lines.iter_mut().find(|line| line.kind == kind) {
        Some(old) => *old = line,
        None => {
            let rank = |kind: char| ORDER.find(kind).unwrap_or(ORDER.len());
            let at = lines.iter().position(|other| rank(other.kind) > rank(kind)).unwrap_or(lines.len());
            lines.insert(at, line);
        }
    }
}

/// RFC 8866 clause 9.
const ORDER: &str = "vosiuepcbtrzka";

fn attributes(lines: &[SdpLine]) -> impl Iterator<Item = Attribute<'_>> {
    lines.iter().filter(|line| line.kind == 'a').map(|line| Attribute::parse(&line.value))
}

fn is_direction(line: &SdpLine) -> bool {
    line.kind == 'a' && Direction::parse(&line.value).is_some()
}

#[cfg(test)]
mod tests;
