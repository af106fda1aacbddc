//! The head of requests and responses (RFC 4975 clause 9): start line and headers.

use std::fmt;

use super::MsrpUri;
use crate::Entropy;
use crate::sip::Headers;

/// What is wrong with what came over a connection.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MsrpProblem {
    /// It is not MSRP: the connection cannot go on.
    #[error("not MSRP: {0}")]
    Malformed(String),
    /// It is longer than the limit.
    #[error("MSRP headers are longer than {0} octets")]
    TooLong(usize),
}

/// Start line and headers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MsrpHead {
    /// Names the transaction and ends its message.
    pub transaction: String,
    /// Request or response.
    pub start: MsrpStart,
    /// To whom: the next hop first.
    pub to_path: Vec<MsrpUri>,
    /// From whom: the hop before first.
    pub from_path: Vec<MsrpUri>,
    /// The others in their order; Content-Type is the last one where there is a body.
    pub headers: Headers,
}

/// Request or response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MsrpStart {
    /// A request.
    Request(MsrpMethod),
    /// A response.
    Response {
        /// Three digits.
        status: u16,
        /// Words for people.
        comment: String,
    },
}

/// Method of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MsrpMethod {
    /// Carries a message or a piece of one.
    Send,
    /// Tells what became of a message; it is not answered.
    Report,
    /// Another one.
    Other(String),
}

/// How a message over the wire ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Continuation {
    /// `$`: the message is complete.
    End,
    /// `+`: more chunks follow.
    More,
    /// `#`: the message is given up.
    Abort,
}

/// Which octets of a message a chunk holds, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ByteRange {
    /// The first.
    pub start: u64,
    /// The last; none (`*`): wherever the chunk ends.
    pub end: Option<u64>,
    /// Of the whole message; none (`*`): not known yet.
    pub total: Option<u64>,
}

/// Which responses a sender wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum FailureReport {
    /// All of them.
    #[default]
    Yes,
    /// Those of failures.
    Partial,
    /// None.
    No,
}

/// The Status of a report: namespace 000.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MsrpStatus {
    /// As of a response.
    pub code: u16,
    /// Words for people.
    pub comment: String,
}

impl MsrpHead {
    /// A request over these paths.
    pub fn request(method: MsrpMethod, transaction: String, to: Vec<MsrpUri>, from: Vec<MsrpUri>) -> Self {
        Self { transaction, start: MsrpStart::Request(method), to_path: to, from_path: from, headers: Headers::new() }
    }

    /// The response to a request: to the hop before, from the one that it went to (clause 7.2).
    pub fn response(&self, status: u16) -> Self {
        let first = |path: &[MsrpUri]| path.iter().take(1).cloned().collect();
        Self {
            transaction: self.transaction.clone(),
            start: MsrpStart::Response { status, comment: comment(status).to_owned() },
            to_path: first(&self.from_path),
            from_path: first(&self.to_path),
            headers: Headers::new(),
        }
    }

    /// Reads start line and headers, each with its line end; `head` has no empty line.
    pub(super) fn parse(head: &[u8]) -> Result<Self, MsrpProblem> {
        let bad = |why: &str| MsrpProblem::Malformed(why.to_owned());
        let end = head.windows(2).position(|two| two == b"\r\n").ok_or_else(|| bad("the start line does not end"))?;
        let line = std::str::from_utf8(&head[..end]).map_err(|_| bad("the start line is not UTF-8"))?;
        let (transaction, start) = start_line(line)?;
        let (mut headers, _) =
            Headers::parse_block(&head[end + 2..]).map_err(|problem| MsrpProblem::Malformed(problem.to_string()))?;
        // Clause 9: these two come first.
        let first: Vec<_> = headers.iter().take(2).map(|field| field.name().to_ascii_lowercase()).collect();
        if first != ["to-path", "from-path"] {
            return Err(bad("To-Path and From-Path do not come first"));
        }
        let path = |name| MsrpUri::parse_path(headers.get(name).unwrap_or_default());
        let (to_path, from_path) = (path("To-Path")?, path("From-Path")?);
        headers.remove("To-Path");
        headers.remove("From-Path");
        Ok(Self { transaction: transaction.to_owned(), start, to_path, from_path, headers })
    }

    /// A whole message over the wire.
    pub fn to_bytes(&self, body: Option<&[u8]>, flag: Continuation) -> Vec<u8> {
        let mut out = Vec::with_capacity(body.map_or(0, <[u8]>::len) + 512);
        self.emit_head(&mut out, body.is_some());
        out.extend_from_slice(body.unwrap_or_default());
        if body.is_some() {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(format!("-------{}{}\r\n", self.transaction, flag.as_char()).as_bytes());
        out
    }

    fn emit_head(&self, out: &mut Vec<u8>, has_body: bool) {
        let start = match &self.start {
            MsrpStart::Request(method) => method.to_string(),
            MsrpStart::Response { status, comment } if comment.is_empty() => format!("{status:03}"),
            MsrpStart::Response { status, comment } => format!("{status:03} {comment}"),
        };
        let (to, from) = (MsrpUri::path(&self.to_path), MsrpUri::path(&self.from_path));
        let lines = format!("MSRP {} {start}\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\n", self.transaction);
        out.extend_from_slice(lines.as_bytes());
        out.extend(self.headers.to_block());
        if has_body {
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Message-ID.
    pub fn message_id(&self) -> Option<&str> {
        self.headers.get("Message-ID").filter(|id| !id.is_empty() && id.len() <= MAX_ID)
    }

    /// Byte-Range; without one the message is a single chunk (clause 7.3.1). An error: there and wrong.
    pub fn byte_range(&self) -> Result<ByteRange, MsrpProblem> {
        match self.headers.get("Byte-Range") {
            None => Ok(ByteRange { start: 1, end: None, total: None }),
            Some(value) => {
                ByteRange::parse(value).ok_or_else(|| MsrpProblem::Malformed(format!("Byte-Range {value:?}")))
            }
        }
    }

    /// The sender wants to be told when the message is there (clause 7.1.1: no, if it does not say so).
    pub fn wants_success(&self) -> bool {
        self.headers.get("Success-Report").is_some_and(|value| value.eq_ignore_ascii_case("yes"))
    }

    /// Which responses the sender wants.
    pub fn failure_report(&self) -> FailureReport {
        match self.headers.get("Failure-Report").map(str::to_ascii_lowercase).as_deref() {
            Some("no") => FailureReport::No,
            Some("partial") => FailureReport::Partial,
            _ => FailureReport::Yes,
        }
    }

    /// Status of a report.
    pub fn status(&self) -> Option<MsrpStatus> {
        let (namespace, rest) = self.headers.get("Status")?.split_once(' ')?;
        let (code, comment) = rest.split_once(' ').unwrap_or((rest, ""));
        let is_code = namespace == "000" && code.len() == 3;
        Some(MsrpStatus { code: code.parse().ok().filter(|_| is_code)?, comment: comment.to_owned() })
    }
}

fn start_line(line: &str) -> Result<(&str, MsrpStart), MsrpProblem> {
    let bad = |why: &str| MsrpProblem::Malformed(why.to_owned());
    let rest = line.strip_prefix("MSRP ").ok_or_else(|| bad("the start line does not start with MSRP"))?;
    let (transaction, rest) = rest.split_once(' ').ok_or_else(|| bad("the start line is too short"))?;
    if !is_ident(transaction) {
        return Err(bad("the transaction is no identifier"));
    }
    let (first, comment) = rest.split_once(' ').unwrap_or((rest, ""));
    if first.len() == 3 && first.bytes().all(|b| b.is_ascii_digit()) {
        let status = first.parse().map_err(|_| bad("the status is none"))?;
        return Ok((transaction, MsrpStart::Response { status, comment: comment.to_owned() }));
    }
    if first.is_empty() || first != rest || !first.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(bad("the method is none"));
    }
    let method = match first {
        "SEND" => MsrpMethod::Send,
        "REPORT" => MsrpMethod::Report,
        other => MsrpMethod::Other(other.to_owned()),
    };
    Ok((transaction, MsrpStart::Request(method)))
}

/// Clause 9: ALPHANUM and 3 to 31 more.
pub(super) fn is_ident(text: &str) -> bool {
    (4..=32).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-+%=".contains(&b))
}

/// A transaction identifier that is not in `body` (clause 7.1: the end line must not be).
pub(super) fn transaction_for(body: &[u8], entropy: &mut Entropy) -> String {
    loop {
        let transaction = entropy.token(12);
        let mark = format!("-------{transaction}").into_bytes();
        if !body.windows(mark.len()).any(|window| window == mark) {
            return transaction;
        }
    }
}

impl ByteRange {
    fn parse(value: &str) -> Option<Self> {
        let (range, total) = value.split_once('/')?;
        let (start, end) = range.split_once('-')?;
        let number = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<u64>().ok().filter(|n| is_number && *n < MAX_OCTETS)
        };
        let open = |text: &str| if text == "*" { Some(None) } else { number(text).map(Some) };
        let range = Self { start: number(start)?, end: open(end)?, total: open(total)? };
        // An empty message is 1-0/0.
        let is_whole = range.start > 0
            && range.end.is_none_or(|end| end + 1 >= range.start)
            && range.total.zip(range.end).is_none_or(|(total, end)| end <= total);
        is_whole.then_some(range)
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = |n: Option<u64>| n.map_or_else(|| "*".to_owned(), |n| n.to_string());
        write!(f, "{}-{}/{}", self.start, open(self.end), open(self.total))
    }
}

impl Continuation {
    /// Its character.
    pub const fn as_char(self) -> char {
        match self {
            Self::End => '$',
            Self::More => '+',
            Self::Abort => '#',
        }
    }

    pub(super) const fn of(octet: u8) -> Option<Self> {
        match octet {
            b'$' => Some(Self::End),
            b'+' => Some(Self::More),
            b'#' => Some(Self::Abort),
            _ => None,
        }
    }
}

impl fmt::Display for MsrpMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Send => "SEND",
            Self::Report => "REPORT",
            Self::Other(name) => name,
        })
    }
}

/// Clause 10.
pub(super) const fn comment(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        408 => "Request Timeout",
        413 => "Message Too Large",
        415 => "Unsupported Media Type",
        423 => "Parameter Out Of Bounds",
        481 => "Session Does Not Exist",
        501 => "Not Implemented",
        506 => "Session Already In Use",
        _ => "",
    }
}

/// Sums of two stay within 64 bits.
const MAX_OCTETS: u64 = 1 << 62;
const MAX_ID: usize = 128;
