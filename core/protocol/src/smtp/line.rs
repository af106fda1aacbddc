//! Lines of a stream (RFC 5321 clause 2.3.8): they end with CRLF and nothing else, and CR and LF stand nowhere else.
//!
//! Who takes a bare LF for the end of a line can be made to see a mail inside of another one.

use memchr::memmem;

/// Cuts a stream in lines. It keeps no more than a line, and what was pushed last.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    max: usize,
    buffer: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// Up to here there is no end of it.
    scanned: usize,
    /// The rest of a line that is too long is passed over.
    is_skipping: bool,
}

/// A line that is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum LineProblem {
    #[error("the line is too long")]
    TooLong,
    #[error("CR or LF stands alone in the line")]
    BareLineEnd,
    #[error("the line is not ASCII")]
    NotAscii,
}

impl Lines {
    /// Lines of at most so many octets without their ends.
    pub(super) const fn new(max: usize) -> Self {
        Self { max, buffer: Vec::new(), start: 0, scanned: 0, is_skipping: false }
    }

    pub(super) fn push(&mut self, octets: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.scanned -= self.start;
            self.start = 0;
        }
        self.buffer.extend_from_slice(octets);
    }

    /// What has not been taken.
    pub(super) fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Takes so many octets as no lines.
    pub(super) fn consume(&mut self, octets: usize) {
        self.start = (self.start + octets).min(self.buffer.len());
        self.scanned = self.start;
    }

    /// The next line without its end.
    pub(super) fn poll(&mut self) -> Option<Result<String, LineProblem>> {
        let Some(at) = memmem::find(&self.buffer[self.scanned..], b"\r\n") else {
            // The CR may be there already.
            self.scanned = self.buffer.len().saturating_sub(1).max(self.start);
            if self.is_skipping || self.scanned - self.start > self.max {
                self.is_skipping = true;
                self.start = self.scanned;
            }
            return None;
        };
        let (from, to) = (self.start, self.scanned + at);
        self.consume(to + 2 - from);
        let was_skipping = std::mem::take(&mut self.is_skipping);
        if was_skipping || to - from > self.max {
            return Some(Err(LineProblem::TooLong));
        }
        let line = &self.buffer[from..to];
        if memchr::memchr2(b'\r', b'\n', line).is_some() {
            return Some(Err(LineProblem::BareLineEnd));
        }
        match str::from_utf8(line) {
            Ok(line) if line.is_ascii() => Some(Ok(line.to_owned())),
            _ => Some(Err(LineProblem::NotAscii)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(stream: &[u8], piece: usize) -> (Vec<Result<String, LineProblem>>, Vec<u8>) {
        let mut lines = Lines::new(10);
        let mut out = Vec::new();
        for octets in stream.chunks(piece) {
            lines.push(octets);
            out.extend(std::iter::from_fn(|| lines.poll()));
        }
        (out, lines.rest().to_vec())
    }

    #[test]
    fn lines_end_with_cr_and_lf_only() {
        let stream =
            b"NOOP\r\nA\nB\r\nC\rD\r\n\r\n0123456789\r\n0123456789a\r\nlonger than it may be\r\n\xc3\xa4\r\nEN";
        let want = [
            Ok("NOOP".to_owned()),
            Err(LineProblem::BareLineEnd),
            Err(LineProblem::BareLineEnd),
            Ok(String::new()),
            Ok("0123456789".to_owned()),
            Err(LineProblem::TooLong),
            Err(LineProblem::TooLong),
            Err(LineProblem::NotAscii),
        ];
        for piece in [1, 2, 3, 7, 1000] {
            assert_eq!(cut(stream, piece), (want.to_vec(), b"EN".to_vec()), "pieces of {piece}");
        }
    }

    #[test]
    fn an_endless_line_is_not_kept() {
        let mut lines = Lines::new(10);
        for _ in 0..1000 {
            lines.push(&[b'x'; 100]);
            assert_eq!(lines.poll(), None);
            assert!(lines.rest().len() <= 110);
        }
        lines.push(b"\r\nQUIT\r\n");
        assert_eq!(lines.poll(), Some(Err(LineProblem::TooLong)));
        assert_eq!(lines.poll(), Some(Ok("QUIT".to_owned())));
    }
}
