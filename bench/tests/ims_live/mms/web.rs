//! HTTP by hand: a request on a connection of its own, and its answer whole.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long a peer may say nothing: longer than it may wait for room.
const SILENCE: Duration = Duration::from_secs(180);

/// What a server answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Asks once. `head`: the request line and header fields, a line each; the body in pieces.
pub(super) fn ask(port: u16, head: &str, body: &[&[u8]]) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))?;
    let length: usize = body.iter().map(|piece| piece.len()).sum();
    write!(stream, "{head}Host: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")?;
    for piece in body {
        // Who refuses may answer before all is there.
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    let mut octets = Vec::new();
    stream.read_to_end(&mut octets)?;
    let (head, body) = split(&octets).ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    let said = length_of(head).unwrap_or(body.len());
    match body.len() == said {
        true => Ok(Answer { status, body: body.to_vec() }),
        // It was killed meanwhile.
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Reads a request, or what of it is there: its head and its body.
pub(super) fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut octets, mut piece) = (Vec::new(), [0; 16 * 1024]);
    loop {
        if let Some((head, body)) = split(&octets)
            && body.len() >= length_of(head).unwrap_or_default()
        {
            return Some((head.to_owned(), body.to_vec()));
        }
        let length = stream.read(&mut piece).ok().filter(|length| *length > 0)?;
        octets.extend_from_slice(&piece[..length]);
    }
}

fn split(octets: &[u8]) -> Option<(&str, &[u8])> {
    let end = octets.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((std::str::from_utf8(&octets[..end]).ok()?, &octets[end + 4..]))
}

fn length_of(head: &str) -> Option<usize> {
    header(head, "content-length")?.parse().ok()
}

/// A header field.
pub(super) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}
