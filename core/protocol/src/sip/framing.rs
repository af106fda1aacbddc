//! Messages in a stream: TCP and TLS (RFC 3261 clause 18.3, keep-alive of RFC 5626 clause 4.4.1).

use super::headers::names::same_name;
use super::{Limits, SipProblem};

/// Cuts a stream into messages. It holds no more than one message and what came with it.
#[derive(Clone, Debug)]
pub struct StreamFramer {
    limits: Limits,
    buffer: Vec<u8>,
    /// Octets at the start of the buffer that are taken.
    taken: usize,
    /// How much of the next message has been searched for the end of its head.
    searched: usize,
    /// Octets of the next message, once its head is whole.
    length: Option<usize>,
    /// An empty line came and may be the first half of a ping.
    half_ping: bool,
    failed: Option<SipProblem>,
}

/// What a stream says, in its order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StreamItem {
    /// The octets of one message, not yet parsed.
    Message(Vec<u8>),
    /// Two empty lines between messages: a server answers with one, [`StreamFramer::PONG`].
    Ping,
    /// One empty line between messages: the answer to a ping. When a ping comes in two pieces, its first half looks so.
    Pong,
}

impl StreamFramer {
    /// What a client sends to see whether the connection lives.
    pub const PING: &'static [u8] = b"\r\n\r\n";
    /// What a server answers to it.
    pub const PONG: &'static [u8] = b"\r\n";

    /// A framer that takes messages up to `limits`.
    pub const fn new(limits: Limits) -> Self {
        Self { limits, buffer: Vec::new(), taken: 0, searched: 0, length: None, half_ping: false, failed: None }
    }

    /// Takes octets of the stream. Call [`StreamFramer::poll`] until it has no more.
    pub fn push(&mut self, octets: &[u8]) {
        if self.failed.is_none() {
            drop(self.buffer.drain(..std::mem::take(&mut self.taken)));
            self.buffer.extend_from_slice(octets);
        }
    }

    /// True between the first and the last octet of a message: the peer owes the rest.
    pub fn is_within_message(&self) -> bool {
        !self.rest().is_empty()
    }

    /// The next item; `None` until more octets come. An error is final: nobody knows where the next message starts, the
    /// connection has to be closed.
    pub fn poll(&mut self) -> Result<Option<StreamItem>, SipProblem> {
        if let Some(problem) = &self.failed {
            return Err(problem.clone());
        }
        if let Some(keep_alive) = self.empty_lines() {
            return Ok(Some(keep_alive));
        }
        match self.message() {
            Ok(message) => Ok(message.map(StreamItem::Message)),
            Err(problem) => {
                (self.buffer, self.taken, self.failed) = (Vec::new(), 0, Some(problem.clone()));
                Err(problem)
            }
        }
    }

    fn empty_lines(&mut self) -> Option<StreamItem> {
        if self.rest().starts_with(Self::PING) && !self.half_ping {
            self.take(4);
            return Some(StreamItem::Ping);
        }
        if self.rest().starts_with(Self::PONG) {
            self.take(2);
            self.half_ping = !self.half_ping;
            return Some(if self.half_ping { StreamItem::Pong } else { StreamItem::Ping });
        }
        None
    }

    fn message(&mut self) -> Result<Option<Vec<u8>>, SipProblem> {
        if matches!(self.rest(), [] | [b'\r']) {
            return Ok(None);
        }
        self.half_ping = false;
        let length = match self.length {
            Some(length) => length,
            None => match self.find_length()? {
                Some(length) => *self.length.insert(length),
                None => return Ok(None),
            },
        };
        Ok((self.rest().len() >= length).then(|| self.take(length).to_vec()))
    }

    /// Octets of head and body, when the head is whole.
    fn find_length(&mut self) -> Result<Option<usize>, SipProblem> {
        let from = self.searched.saturating_sub(3);
        let rest = &self.buffer[self.taken..];
        let end = rest[from..].windows(4).position(|four| four == b"\r\n\r\n").map(|at| from + at + 4);
        self.searched = rest.len();
        let Some(head) = end.or_else(|| (rest.len() > self.limits.head).then_some(usize::MAX)) else {
            return Ok(None);
        };
        if head > self.limits.head {
            return Err(SipProblem::new(513, "headers", "are longer than the limit"));
        }
        let missing = || SipProblem::bad("Content-Length", "is missing in a stream");
        let body = stated_length(&rest[..head])?.ok_or_else(missing)?;
        if body > self.limits.body {
            return Err(SipProblem::new(513, "Content-Length", "is more than the limit"));
        }
        Ok(Some(head + body))
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.taken..]
    }

    fn take(&mut self, octets: usize) -> &[u8] {
        let from = self.taken;
        (self.searched, self.length, self.taken) = (0, None, from + octets);
        &self.buffer[from..from + octets]
    }
}

/// Content-Length of a head, found without reading the other fields.
fn stated_length(head: &[u8]) -> Result<Option<usize>, SipProblem> {
    let bad = |why| SipProblem::bad("Content-Length", why);
    let text = String::from_utf8_lossy(head);
    let mut found = None;
    let mut lines = text.split("\r\n").peekable();
    while let Some(line) = lines.next() {
        let Some((name, value)) = line.split_once(':') else { continue };
        if line.starts_with([' ', '\t']) || !same_name(name.trim_end(), "Content-Length") {
            continue;
        }
        let mut value = value.trim().to_owned();
        while let Some(folded) = lines.next_if(|next| next.starts_with([' ', '\t'])) {
            value.push_str(folded.trim());
        }
        if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad("is not a number"));
        }
        let length = value.parse().unwrap_or(usize::MAX);
        if found.replace(length).is_some_and(|other| other != length) {
            return Err(bad("is there more than once"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(framer: &mut StreamFramer) -> Vec<StreamItem> {
        std::iter::from_fn(|| framer.poll().unwrap()).collect()
    }

    const ONE: &[u8] = b"OPTIONS sip:a SIP/2.0\r\nX: l: 9\r\nl :\r\n 4\r\n\r\n\r\n\r\n";
    const TWO: &[u8] = b"SIP/2.0 200 OK\r\nContent-length: 0\r\n\r\n";

    #[test]
    fn pieces_of_any_size_give_the_same_messages() {
        let stream = [StreamFramer::PING, ONE, TWO, StreamFramer::PONG, TWO].concat();
        let message = |m: &[u8]| StreamItem::Message(m.to_vec());
        let whole = [StreamItem::Ping, message(ONE), message(TWO), StreamItem::Pong, message(TWO)];
        for size in 1..=stream.len() {
            let mut framer = StreamFramer::new(Limits::default());
            let mut items = Vec::new();
            for piece in stream.chunks(size) {
                framer.push(piece);
                items.extend(all(&mut framer));
            }
            if items.first() == Some(&StreamItem::Pong) {
                items.remove(0);
            }
            assert_eq!(items, whole, "{size}");
            assert!(!framer.is_within_message());
        }
    }

    #[test]
    fn a_stream_that_cannot_be_cut_is_over() {
        let limits = Limits { head: 100, body: 10, ..Limits::default() };
        let long = [b"OPTIONS sip:a SIP/2.0\r\nX: ".as_slice(), &[b'x'; 100]].concat();
        for (stream, status) in [
            (b"OPTIONS sip:a SIP/2.0\r\n\r\n".as_slice(), 400),
            (b"OPTIONS sip:a SIP/2.0\r\nl: x\r\n\r\n", 400),
            (b"OPTIONS sip:a SIP/2.0\r\nl: -1\r\n\r\n", 400),
            (b"OPTIONS sip:a SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\n", 400),
            (b"OPTIONS sip:a SIP/2.0\r\nl: 11\r\n\r\n", 513),
            (b"OPTIONS sip:a SIP/2.0\r\nl: 99999999999999999999999\r\n\r\n", 513),
            (&long, 513),
        ] {
            let mut framer = StreamFramer::new(limits);
            framer.push(stream);
            assert_eq!(framer.poll().unwrap_err().status, status);
            framer.push(TWO);
            assert_eq!(framer.poll().unwrap_err().status, status);
        }
    }
}
