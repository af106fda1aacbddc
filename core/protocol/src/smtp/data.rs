//! The content of a mail in a stream: dots (RFC 5321 clause 4.5.2) and its end (clause 4.1.1.4).

use memchr::{memchr2, memmem};

/// Takes a content out of a stream. It ends with CRLF, dot, CRLF and nothing else.
#[derive(Clone, Debug)]
pub(super) struct Unstuffer {
    place: Place,
    content: Vec<u8>,
    /// Octets that the other side has announced.
    expected: usize,
    max: usize,
    /// Octets that came, kept or not.
    octets: usize,
    problem: Option<DataProblem>,
}

/// Where in a line it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Start,
    /// Behind a dot at the start.
    Dot,
    /// Behind that and CR.
    DotCr,
    Inside,
    Cr,
}

/// Why a content is not taken; it is read to its end all the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DataProblem {
    TooLong,
    BareLineEnd,
}

impl Unstuffer {
    pub(super) const fn new(expected: usize, max: usize) -> Self {
        Self { place: Place::Start, content: Vec::new(), expected, max, octets: 0, problem: None }
    }

    /// Takes octets; how many of them belong to the content when its end is among them.
    pub(super) fn push(&mut self, octets: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(&octet) = octets.get(at) {
            match (self.place, octet) {
                (Place::Start, b'.') => self.place = Place::Dot,
                (Place::Dot, b'\r') => self.place = Place::DotCr,
                (Place::DotCr, b'\n') => {
                    self.octets += at + 1;
                    return Some(at + 1);
                }
                (Place::DotCr, _) => {
                    self.refuse(DataProblem::BareLineEnd);
                    self.place = Place::Inside;
                    continue;
                }
                (Place::Cr, b'\n') => {
                    self.keep(b"\r\n");
                    self.place = Place::Start;
                }
                (Place::Cr, b'\r') => self.refuse(DataProblem::BareLineEnd),
                (Place::Cr, _) => {
                    self.refuse(DataProblem::BareLineEnd);
                    self.place = Place::Inside;
                    continue;
                }
                (Place::Start | Place::Dot | Place::Inside, _) => {
                    let end = memchr2(b'\r', b'\n', &octets[at..]).map_or(octets.len(), |length| at + length);
                    self.keep(&octets[at..end]);
                    at = end;
                    self.place = Place::Inside;
                    match octets.get(at) {
                        Some(b'\r') => self.place = Place::Cr,
                        // It is no end of a line: what follows is no start of one.
                        Some(_) => self.refuse(DataProblem::BareLineEnd),
                        None => break,
                    }
                }
            }
            at += 1;
        }
        self.octets += octets.len();
        None
    }

    /// Octets that came, with those that are not kept.
    pub(super) const fn octets(&self) -> usize {
        self.octets
    }

    /// Octets that it holds in memory.
    pub(super) const fn held(&self) -> usize {
        self.content.capacity()
    }

    /// The content, behind its end.
    pub(super) fn into_content(self) -> Result<Vec<u8>, DataProblem> {
        self.problem.map_or(Ok(self.content), Err)
    }

    fn keep(&mut self, octets: &[u8]) {
        if self.problem.is_some() {
            return;
        }
        let length = self.content.len() + octets.len();
        if length > self.max {
            return self.refuse(DataProblem::TooLong);
        }
        // Who has sent a part of it is believed how much will come: the buffer grows once.
        if self.content.len() > TRUSTED_FROM && self.content.capacity() < self.expected.min(self.max) {
            self.content.reserve_exact(self.expected.min(self.max) - self.content.len());
        }
        self.content.extend_from_slice(octets);
    }

    fn refuse(&mut self, problem: DataProblem) {
        self.content = Vec::new();
        self.problem.get_or_insert(problem);
    }
}

/// Octets of a content behind which its announced length is believed.
const TRUSTED_FROM: usize = 64 << 10;

/// Sends a content piece by piece: dots are stuffed, and it ends with CRLF, dot, CRLF.
#[derive(Clone, Debug)]
pub(super) struct Stuffer {
    content: Vec<u8>,
    at: usize,
    is_done: bool,
}

impl Stuffer {
    pub(super) const fn new(content: Vec<u8>) -> Self {
        Self { content, at: 0, is_done: false }
    }

    /// How far it is.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) const fn is_done(&self) -> bool {
        self.is_done
    }

    /// The next piece of about so many octets.
    pub(super) fn poll(&mut self, piece: usize) -> Option<Vec<u8>> {
        if self.is_done {
            return None;
        }
        let end = self.content.len().min(self.at + piece.max(1));
        let octets = &self.content[self.at..end];
        let mut out = Vec::with_capacity(octets.len() + 16);
        if octets.first() == Some(&b'.') && (self.at == 0 || self.content[self.at - 1] == b'\n') {
            out.push(b'.');
        }
        let mut from = 0;
        for at in memmem::find_iter(octets, b"\n.") {
            out.extend_from_slice(&octets[from..=at]);
            out.push(b'.');
            from = at + 1;
        }
        out.extend_from_slice(&octets[from..]);
        self.at = end;
        if end == self.content.len() {
            if !self.content.is_empty() && !self.content.ends_with(b"\r\n") {
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b".\r\n");
            self.is_done = true;
            self.content = Vec::new();
        }
        Some(out)
    }
}

/// Are all CR and LF of a content ends of lines?
pub(super) fn has_whole_line_ends(content: &[u8]) -> bool {
    let mut rest = content;
    while let Some(at) = memchr2(b'\r', b'\n', rest) {
        match rest[at..].strip_prefix(b"\r\n") {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(stream: &[u8], piece: usize, max: usize) -> Option<(Result<Vec<u8>, DataProblem>, usize)> {
        let mut data = Unstuffer::new(0, max);
        let mut before = 0;
        for octets in stream.chunks(piece) {
            if let Some(used) = data.push(octets) {
                assert_eq!(data.octets(), before + used);
                return Some((data.into_content(), before + used));
            }
            before += octets.len();
        }
        None
    }

    #[test]
    fn a_content_ends_with_its_dot_only() {
        let good: [(&[u8], &[u8]); 5] = [
            (b".\r\n", b""),
            (b"a\r\n.\r\n", b"a\r\n"),
            (b"..\r\n..a\r\n.b\r\n\r\n.\r\n", b".\r\n.a\r\nb\r\n\r\n"),
            (b"a.\r\n.\r\n", b"a.\r\n"),
            (b"\r\n.\r\n", b"\r\n"),
        ];
        let bad: [&[u8]; 8] = [
            b"a\n.\r\n.\r\n",
            b"a\r\n.\nMAIL\r\n.\r\n",
            b"a\n.\nMAIL\r\n.\r\n",
            b"a\r.\rMAIL\r\n.\r\n",
            b"a\r\n.\rMAIL\r\n.\r\n",
            b"a\r\r\n.\r\n",
            b"\r\n.\r\r\n.\r\n",
            b"\0\n\r\n.\r\n",
        ];
        for piece in [1, 2, 3, 5, 100] {
            for (stream, content) in good {
                let more = [stream, b"QUIT\r\n"].concat();
                assert_eq!(read(&more, piece, 100), Some((Ok(content.to_vec()), stream.len())), "{stream:?}");
            }
            for stream in bad {
                let end = Some((Err(DataProblem::BareLineEnd), stream.len()));
                assert_eq!(read(stream, piece, 100), end, "{stream:?} in pieces of {piece}");
            }
            assert_eq!(read(b"0123456789\r\n.\r\n", piece, 11), Some((Err(DataProblem::TooLong), 15)));
            assert_eq!(read(b"0123456789\r\n.\r\n", piece, 12).unwrap().0.unwrap().len(), 12);
        }
    }

    proptest! {
        #[test]
        fn what_is_stuffed_is_unstuffed(lines in prop::collection::vec("[.a\u{0}]{0,4}", 0..20), piece in 1_usize..40) {
            let content = lines.iter().map(|line| format!("{line}\r\n")).collect::<String>().into_bytes();
            prop_assert!(has_whole_line_ends(&content));
            let mut stuffer = Stuffer::new(content.clone());
            let stream: Vec<u8> = std::iter::from_fn(|| stuffer.poll(piece)).flatten().collect();
            prop_assert_eq!(read(&stream, piece, 1000), Some((Ok(content), stream.len())));
        }

        #[test]
        fn a_stream_is_read_alike_in_any_pieces(stream in "[.\r\nx]{0,30}", piece in 1_usize..9) {
            let whole = read(stream.as_bytes(), 1000, 12);
            prop_assert_eq!(read(stream.as_bytes(), piece, 12), whole.clone());
            // The end is where a plain search finds it.
            let marked = format!("\r\n{stream}");
            let end = marked.find("\r\n.\r\n").map(|at| at + 3);
            prop_assert_eq!(whole.map(|(_, end)| end), end);
        }
    }
}
