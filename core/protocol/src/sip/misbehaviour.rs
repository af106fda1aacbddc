//! Deliberate misbehaviour on the wire octets of one message, for scenarios: the same input gives the same harm.

use std::time::Duration;

use super::headers::names::same_name;
use super::reason_phrase;

/// What is done to a message on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Misbehaviour {
    /// It is lost.
    Drop,
    /// It comes twice, the second time so much later.
    Duplicate(Duration),
    /// It comes so much later.
    Delay(Duration),
    /// It comes damaged.
    Corrupt(Damage),
    /// A response gets another status code and its phrase; a request stays as it is.
    Status(u16),
}

/// How a message is damaged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Damage {
    /// The start line names version 7.0 of SIP.
    Version,
    /// The first field of this name, compact or long, gets a value that breaks its grammar.
    Header(String),
    /// The first field of this name is missing.
    NoHeader(String),
    /// Content-Length says so much more than there is.
    Length(usize),
    /// All but the first octets are missing.
    Truncate(usize),
    /// The lowest bit of this octet is flipped, counted round from the start when the message is shorter.
    Octet(usize),
    /// The last octet of the body is flipped; a message without body stays as it is.
    Body,
}

impl Misbehaviour {
    /// What goes out instead of `wire`, each with its delay.
    pub fn apply(&self, wire: &[u8]) -> Vec<(Duration, Vec<u8>)> {
        let same = || wire.to_vec();
        match self {
            Self::Drop => Vec::new(),
            Self::Duplicate(later) => vec![(Duration::ZERO, same()), (*later, same())],
            Self::Delay(later) => vec![(*later, same())],
            Self::Corrupt(damage) => vec![(Duration::ZERO, damage.apply(wire))],
            Self::Status(status) => vec![(Duration::ZERO, with_status(wire, *status))],
        }
    }
}

impl Damage {
    fn apply(&self, wire: &[u8]) -> Vec<u8> {
        let mut out = wire.to_vec();
        match self {
            Self::Version => {
                let line = line_end(wire);
                if let Some(at) = find(&wire[..line], b"SIP/2.0") {
                    out[at + 4] = b'7';
                }
            }
            Self::Header(name) => {
                if let Some((value, end)) = field(wire, name) {
                    drop(out.splice(value..end, BROKEN.iter().copied()));
                }
            }
            Self::NoHeader(name) => {
                if let Some((value, end)) = field(wire, name) {
                    let start = wire[..value].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
                    drop(out.splice(start..(end + 2).min(wire.len()), []));
                }
            }
            Self::Length(more) => {
                let body = wire.len() - body_start(wire);
                if let Some((value, end)) = field(wire, "Content-Length") {
                    drop(out.splice(value..end, format!(" {}", body.saturating_add(*more)).into_bytes()));
                }
            }
            Self::Truncate(length) => out.truncate(*length),
            Self::Octet(at) => {
                let length = out.len().max(1);
                out.get_mut(at % length).into_iter().for_each(|octet| *octet ^= 1);
            }
            Self::Body if body_start(wire) < wire.len() => out.last_mut().into_iter().for_each(|octet| *octet ^= 1),
            Self::Body => {}
        }
        out
    }
}

/// No typed header reads it, and it holds no line end.
const BROKEN: &[u8] = b" ;;,\x7f\"<";

fn with_status(wire: &[u8], status: u16) -> Vec<u8> {
    if !wire.starts_with(b"SIP/2.0 ") {
        return wire.to_vec();
    }
    let line = format!("SIP/2.0 {status} {}", reason_phrase(status)).into_bytes();
    [line, wire[line_end(wire)..].to_vec()].concat()
}

/// Where the first line ends, before its CRLF.
fn line_end(wire: &[u8]) -> usize {
    find(wire, b"\r\n").unwrap_or(wire.len())
}

fn body_start(wire: &[u8]) -> usize {
    find(wire, b"\r\n\r\n").map_or(wire.len(), |at| at + 4)
}

/// From after the colon to before the CRLF of the first field `name`, folded lines counted.
fn field(wire: &[u8], name: &str) -> Option<(usize, usize)> {
    let head = &wire[..body_start(wire)];
    let mut at = line_end(head) + 2;
    while at < head.len() {
        let mut end = at + line_end(&head[at..]);
        while head.get(end + 2).is_some_and(|b| b" \t".contains(b)) {
            end += 2 + line_end(&head[end + 2..]);
        }
        let colon = head[at..end].iter().position(|&b| b == b':').map(|colon| at + colon);
        let own = colon.and_then(|colon| std::str::from_utf8(&head[at..colon]).ok());
        if own.is_some_and(|own| same_name(own.trim_end(), name)) {
            return colon.map(|colon| (colon + 1, end));
        }
        at = end + 2;
    }
    None
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::super::SipMessage;
    use super::*;

    const REQUEST: &[u8] =
        b"MESSAGE sip:b@h SIP/2.0\r\nv: SIP/2.0/UDP a;branch=z9hG4bK1\r\nf: <sip:a@h>\r\n ;tag=1\r\n\
        To: <sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nl: 2\r\n\r\nhi";
    const RESPONSE: &[u8] = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a\r\nl: 0\r\n\r\n";

    fn damaged(damage: Damage, wire: &[u8]) -> Vec<u8> {
        Misbehaviour::Corrupt(damage).apply(wire).remove(0).1
    }

    fn problem(wire: &[u8]) -> Option<String> {
        let checked = match SipMessage::parse(wire) {
            Ok(SipMessage::Request(request)) => request.check(),
            Ok(SipMessage::Response(_)) => Ok(()),
            Err(problem) => Err(problem),
        };
        checked.err().map(|problem| format!("{} {}", problem.status, problem.what))
    }

    #[test]
    fn every_damage_is_what_it_says() {
        assert_eq!(problem(REQUEST), None);
        let header = |name: &str| Damage::Header(name.into());
        let no_header = |name: &str| Damage::NoHeader(name.into());
        for (damage, seen) in [
            (Damage::Version, Some("505 start line")),
            (header("Via"), Some("400 Via")),
            (header("From"), Some("400 From")),
            (header("t"), Some("400 To")),
            (header("CSeq"), Some("400 CSeq")),
            (header("Subject"), None),
            (no_header("From"), Some("400 From")),
            (no_header("Call-ID"), Some("400 Call-ID")),
            (Damage::Length(7), Some("400 Content-Length")),
            (Damage::Truncate(REQUEST.len() - 1), Some("400 Content-Length")),
            (Damage::Truncate(30), Some("400 headers")),
            (Damage::Octet(0), Some("400 CSeq")),
            (Damage::Body, None),
        ] {
            let out = damaged(damage.clone(), REQUEST);
            assert_eq!(problem(&out).as_deref(), seen, "{damage:?}");
            assert_eq!(out, damaged(damage, REQUEST), "it repeats");
        }
        assert!(damaged(Damage::Body, REQUEST).ends_with(b"hh"));
        assert_eq!(damaged(Damage::Body, RESPONSE), RESPONSE);
        let without_from = String::from_utf8(damaged(no_header("From"), REQUEST)).unwrap();
        assert!(without_from.contains("branch=z9hG4bK1\r\nTo:"), "{without_from}");
    }

    #[test]
    fn lost_doubled_late_and_with_another_status() {
        let second = Duration::from_secs(1);
        assert!(Misbehaviour::Drop.apply(REQUEST).is_empty());
        let twice = Misbehaviour::Duplicate(second).apply(REQUEST);
        assert_eq!(twice, [(Duration::ZERO, REQUEST.to_vec()), (second, REQUEST.to_vec())]);
        assert_eq!(Misbehaviour::Delay(second).apply(REQUEST), [(second, REQUEST.to_vec())]);
        let busy = Misbehaviour::Status(486).apply(RESPONSE).remove(0).1;
        assert!(busy.starts_with(b"SIP/2.0 486 Busy Here\r\nVia: "));
        assert_eq!(Misbehaviour::Status(486).apply(REQUEST)[0].1, REQUEST);
    }

    #[test]
    fn no_octets_are_too_few() {
        for wire in [b"".as_slice(), b"\r", b"\r\n\r\n", b"SIP/2.0 ", b"a\r\nl", b"a\r\nl: 1\r\n x"] {
            for damage in [
                Damage::Version,
                Damage::Header("l".into()),
                Damage::NoHeader("l".into()),
                Damage::Length(usize::MAX),
                Damage::Truncate(3),
                Damage::Octet(5),
                Damage::Body,
            ] {
                damaged(damage, wire);
            }
            Misbehaviour::Status(200).apply(wire);
        }
    }
}
