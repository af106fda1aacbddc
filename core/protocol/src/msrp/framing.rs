//! Where messages end in a stream (RFC 4975 clauses 5.1, 7.1): at the end line of their own transaction. Bodies come out
//! in pieces as they arrive, so that a chunk of any length needs no more memory than a line.

use super::message::{Continuation, MsrpHead, MsrpProblem, is_ident};

/// A piece of a stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MsrpItem {
    /// Start line and headers have come.
    Head(MsrpHead),
    /// A piece of the body.
    Body(Vec<u8>),
    /// The message ends.
    End(Continuation),
}

/// Cuts a stream.
#[derive(Debug, Default)]
pub struct MsrpFramer {
    buffer: Vec<u8>,
    /// Octets of the buffer in which no end of the head was found.
    scanned: usize,
    state: State,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
enum State {
    #[default]
    Head,
    /// In a body that ends with this.
    Body(Vec<u8>),
    /// The head was all; this is how it ends.
    Bodiless(Continuation),
    Broken(MsrpProblem),
}

impl MsrpFramer {
    /// At the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// More octets.
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// Octets that have not come out.
    pub(super) const fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// The next piece; none: more octets are needed.
    ///
    /// # Errors
    /// What came is not MSRP; the stream has no place from which to go on.
    pub fn poll(&mut self) -> Result<Option<MsrpItem>, MsrpProblem> {
        let result = match &self.state {
            State::Head => self.head(),
            State::Body(end) => {
                let end = end.clone();
                Ok(self.body(&end))
            }
            State::Bodiless(flag) => {
                let flag = *flag;
                self.state = State::Head;
                Ok(Some(MsrpItem::End(flag)))
            }
            State::Broken(problem) => Err(problem.clone()),
        };
        if let Err(problem) = &result {
            self.state = State::Broken(problem.clone());
            self.buffer = Vec::new();
        }
        result
    }

    fn head(&mut self) -> Result<Option<MsrpItem>, MsrpProblem> {
        let Some(first) = line_end(&self.buffer, 0) else { return self.more() };
        let line = &self.buffer[..first];
        let transaction = line.strip_prefix(b"MSRP ").and_then(|rest| rest.split(|b| *b == b' ').next());
        let transaction = transaction.and_then(|t| std::str::from_utf8(t).ok()).filter(|t| is_ident(t));
        let Some(transaction) = transaction else {
            return Err(MsrpProblem::Malformed("no start line with a transaction".into()));
        };
        let end_line = format!("-------{transaction}").into_bytes();
        let mut at = self.scanned.max(first + 2);
        while let Some(end) = line_end(&self.buffer, at) {
            let line = &self.buffer[at..end];
            let flag = line.strip_prefix(end_line.as_slice()).and_then(|rest| match rest {
                [flag] => Continuation::of(*flag),
                _ => None,
            });
            if line.is_empty() || flag.is_some() {
                if at > MAX_HEAD {
                    return Err(MsrpProblem::TooLong(MAX_HEAD));
                }
                let head = MsrpHead::parse(&self.buffer[..at])?;
                self.state = match flag {
                    Some(flag) => State::Bodiless(flag),
                    None => State::Body([b"\r\n", end_line.as_slice()].concat()),
                };
                // The line end before the end line of an empty body is that of the empty line or its own.
                self.buffer.drain(..end + 2);
                self.scanned = 0;
                return Ok(Some(MsrpItem::Head(head)));
            }
            at = end + 2;
        }
        self.scanned = at;
        self.more()
    }

    fn more(&self) -> Result<Option<MsrpItem>, MsrpProblem> {
        if self.buffer.len() > MAX_HEAD { Err(MsrpProblem::TooLong(MAX_HEAD)) } else { Ok(None) }
    }

    /// A piece of the body as long as it can be told from the end line.
    fn body(&mut self, end: &[u8]) -> Option<MsrpItem> {
        let mut from = 0;
        while let Some(at) = self.buffer[from..].iter().position(|b| *b == b'\r').map(|at| from + at) {
            let tail = &self.buffer[at..];
            let line = end.len() + 3;
            let common = tail.len().min(end.len());
            if tail[..common] != end[..common] {
                from = at + 1;
                continue;
            }
            if tail.len() < line {
                // It may still become the end.
                return self.piece(at);
            }
            match (Continuation::of(tail[end.len()]), &tail[end.len() + 1..line]) {
                (Some(flag), b"\r\n") if at == 0 => {
                    self.buffer.drain(..line);
                    self.state = State::Head;
                    return Some(MsrpItem::End(flag));
                }
                (Some(_), b"\r\n") => return self.piece(at),
                _ => from = at + 1,
            }
        }
        self.piece(self.buffer.len())
    }

    fn piece(&mut self, length: usize) -> Option<MsrpItem> {
        let length = length.min(MAX_PIECE);
        (length > 0).then(|| MsrpItem::Body(self.buffer.drain(..length).collect()))
    }
}

fn line_end(buffer: &[u8], from: usize) -> Option<usize> {
    let rest = buffer.get(from..)?;
    rest.windows(2).position(|two| two == b"\r\n").map(|at| from + at)
}

/// Of start line and headers.
const MAX_HEAD: usize = 16 << 10;
/// Of a piece of a body.
const MAX_PIECE: usize = 64 << 10;
