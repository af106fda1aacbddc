//! Cuts a stream into messages by Content-Length (RFC 3261 clause 18.3) and keep-alives (RFC 5626 clause 3.5.1).

/// The longest header section.
const HEADER: usize = 64 << 10;
/// The longest body.
const BODY: usize = 1 << 20;

/// What has come of a stream and was not taken yet.
#[derive(Debug, Default)]
pub(super) struct StreamFramer {
    held: Vec<u8>,
    /// So far there is no end of a header section.
    searched: usize,
}

/// A piece of a stream that is whole.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Framed {
    Message(Vec<u8>),
    /// Two line ends: the peer wants one back.
    Ping,
}

/// Nobody knows where the next message begins.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Unframed;

impl StreamFramer {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// True when a message has begun and not ended.
    pub(super) fn is_within_message(&self) -> bool {
        self.held.iter().any(|b| !matches!(b, b'\r' | b'\n'))
    }

    pub(super) fn next_frame(&mut self) -> Result<Option<Framed>, Unframed> {
        if self.held.starts_with(b"\r\n\r\n") {
            self.held.drain(..4);
            return Ok(Some(Framed::Ping));
        }
        // A line end alone is the answer to a ping, or stands before a start line.
        if let [b'\r', b'\n', third, ..] = *self.held
            && third != b'\r'
        {
            self.held.drain(..2);
        }
        let from = self.searched.min(self.held.len());
        let Some(end) = self.held[from..].windows(4).position(|w| w == b"\r\n\r\n").map(|at| from + at + 4) else {
            self.searched = self.held.len().saturating_sub(3);
            return if self.held.len() > HEADER { Err(Unframed) } else { Ok(None) };
        };
        let length = content_length(&self.held[..end]).filter(|length| *length <= BODY).ok_or(Unframed)?;
        if end > HEADER {
            return Err(Unframed);
        }
        if self.held.len() < end + length {
            self.searched = end - 4;
            return Ok(None);
        }
        self.searched = 0;
        Ok(Some(Framed::Message(self.held.drain(..end + length).collect())))
    }
}

/// The field is mandatory on streams; two of them must agree.
fn content_length(header: &[u8]) -> Option<usize> {
    let mut found = None;
    for line in header.split(|b| *b == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        if !name.eq_ignore_ascii_case(b"content-length") && !name.eq_ignore_ascii_case(b"l") {
            continue;
        }
        let value = std::str::from_utf8(value).ok()?;
        let length = value.parse().ok().filter(|_| value.bytes().all(|b| b.is_ascii_digit()))?;
        if found.replace(length).is_some_and(|other| other != length) {
            return None;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(pieces: &[&str]) -> Result<Vec<Framed>, Unframed> {
        let mut framer = StreamFramer::default();
        let mut all = Vec::new();
        for piece in pieces {
            framer.push(piece.as_bytes());
            while let Some(frame) = framer.next_frame()? {
                all.push(frame);
            }
        }
        Ok(all)
    }

    #[test]
    fn any_cut_of_a_stream_gives_the_same_messages() {
        let stream =
            "\r\n\r\nA\r\nContent-Length: 3\r\n\r\n\r\nx\r\nB\r\nL : 0\r\n\r\n\r\n\r\nC\r\nl:1\r\nl:1\r\n\r\nz";
        let whole = frames(&[stream]).unwrap();
        assert_eq!(whole.len(), 5);
        assert_eq!(whole[1], Framed::Message(b"A\r\nContent-Length: 3\r\n\r\n\r\nx".to_vec()));
        for cut in 1..stream.len() {
            let (a, b) = stream.split_at(cut);
            assert_eq!(frames(&[a, b]).unwrap(), whole, "{cut}");
        }
        let single: Vec<_> = stream.split("").collect();
        assert_eq!(frames(&single).unwrap(), whole);
    }

    #[test]
    fn streams_without_length_or_too_long_are_given_up() {
        let long = format!("A\r\nX: {}", "x".repeat(HEADER));
        for wrong in
            ["A\r\nX: 1\r\n\r\n", "A\r\nl: -1\r\n\r\n", "A\r\nl: 1\r\nl: 2\r\n\r\n", "A\r\nl: 1048577\r\n\r\n", &long]
        {
            assert_eq!(frames(&[wrong]), Err(Unframed), "{:.20}", wrong);
        }
    }
}
