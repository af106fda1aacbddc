//! A message from its octets (RFC 3261 clauses 7, 18.3): start line, fields, body. What fields mean is not looked at here.

use std::sync::Arc;

use super::headers::{Field, Places};
use super::{Headers, Method, Request, Response, SipMessage, SipProblem, Uri};

/// What is taken from a peer at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Octets of start line and fields.
    pub head: usize,
    /// Number of fields.
    pub fields: usize,
    /// Octets of body.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: 64 << 10, fields: 512, body: 1 << 20 }
    }
}

/// One message of one datagram: what stands after Content-Length octets of body is dropped (RFC 3261 clause 18.3).
pub(super) fn parse(datagram: &[u8], limits: &Limits) -> Result<SipMessage, SipProblem> {
    // RFC 3261 clause 7.5: empty lines before the start line are ignored.
    let start = datagram.iter().position(|b| !b"\r\n".contains(b)).unwrap_or(datagram.len());
    let datagram = &datagram[start..];
    let head = &datagram[..datagram.len().min(limits.head)];
    let (line, mut rest) = take_line(head).ok_or_else(|| SipProblem::bad("start line", "does not end"))?;
    let is_request = !line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"));
    let (headers, fault) = match Head::at(rest).read_fields(&mut rest, limits, head.len() == limits.head) {
        Ok(headers) => (headers, None),
        Err((headers, problem)) => (headers, Some(problem)),
    };
    let at_body = head.len() - rest.len();
    let built = start_line(line).and_then(|start| {
        // The start line comes first: a wrong version makes everything else meaningless (RFC 3261 clause 21.5.6).
        fault.map_or(Ok(()), Err)?;
        let body = body_of(&headers, &datagram[at_body..], limits)?.to_vec();
        Ok((start, body))
    });
    match built {
        Ok((StartLine::Request(method, uri), body)) => {
            Ok(SipMessage::Request(Request::received(method, uri, headers, body)))
        }
        Ok((StartLine::Response(status, reason), body)) => {
            Ok(SipMessage::Response(Response::received(status, reason, headers, body)))
        }
        Err(problem) => {
            Err(SipProblem { of_request: (is_request && !headers.is_empty()).then(|| Box::new(headers)), ..problem })
        }
    }
}

enum StartLine {
    Request(Method, Uri),
    Response(u16, String),
}

fn start_line(line: &[u8]) -> Result<StartLine, SipProblem> {
    let bad = |why| SipProblem::bad("start line", why);
    let line = std::str::from_utf8(line).map_err(|_| bad("is not UTF-8"))?;
    let (first, rest) = line.split_once(' ').ok_or_else(|| bad("has no spaces"))?;
    if first.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")) {
        check_version(first)?;
        let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        // RFC 3261 clause 7.2: three digits, the first from 1 to 6.
        let digits = code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit());
        let status = code.parse().ok().filter(|status| digits && (100..700).contains(status));
        let status = status.ok_or_else(|| bad("the status code is not from 100 to 699"))?;
        return Ok(StartLine::Response(status, reason.to_owned()));
    }
    // RFC 3261 clause 7.1: single spaces, none inside the URI, none at the end.
    let (uri, version) = rest.rsplit_once(' ').ok_or_else(|| bad("is not method, URI and version"))?;
    let method = Method::parse(first)?;
    if version.is_empty() || uri.is_empty() || uri.contains(' ') {
        return Err(bad("has more spaces than two"));
    }
    check_version(version)?;
    Ok(StartLine::Request(method, Uri::parse(uri).map_err(|problem| problem.within("Request-URI"))?))
}

fn check_version(version: &str) -> Result<(), SipProblem> {
    if version.eq_ignore_ascii_case("SIP/2.0") {
        return Ok(());
    }
    let numbers = version.get(4..).filter(|_| version.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if numbers.and_then(|n| n.split_once('.')).is_some_and(|(major, minor)| is_digits(major) && is_digits(minor)) {
        return Err(SipProblem::new(505, "start line", "the version is not SIP/2.0"));
    }
    Err(SipProblem::bad("start line", "does not end with a version of SIP"))
}

/// Fields up to an empty line, or all of `octets` when there is none, and where what follows starts.
pub(super) fn block(octets: &[u8]) -> Result<(Headers, usize), SipProblem> {
    let limits = Limits::default();
    // An empty line ends what has none: fields end with their own line.
    let end = match octets.starts_with(b"\r\n") {
        true => Some(0),
        false => octets.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 2),
    };
    let mut head = octets[..end.unwrap_or(octets.len())].to_vec();
    if end.is_none() && !head.is_empty() && !head.ends_with(b"\r\n") {
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    let read = Head::at(&head).read_fields(&mut head.as_slice(), &limits, false);
    let headers = read.map_err(|(_, problem)| problem)?;
    Ok((headers, end.map_or(octets.len(), |end| end + 2)))
}

/// The line at the start of `text` without CRLF, and what follows. A lone CR or LF is part of it and found later.
fn take_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr(b'\n', &text[from..])?;
        if at > 0 && text[at - 1] == b'\r' {
            return Some((&text[..at - 1], &text[at + 1..]));
        }
        from = at + 1;
    }
}

/// The fields of a message, in a text that they share.
struct Head<'a> {
    octets: &'a [u8],
    /// None: some octets are no UTF-8, each field has a text of its own.
    text: Option<Arc<str>>,
}

impl<'a> Head<'a> {
    /// The head that starts with `octets`; what follows its empty line is not of it.
    fn at(octets: &'a [u8]) -> Self {
        let end = memchr::memmem::find(octets, b"\r\n\r\n").map_or(octets.len(), |at| at + 4);
        let octets = &octets[..end];
        Self { octets, text: std::str::from_utf8(octets).ok().map(Arc::from) }
    }

    /// Fields up to the empty line, which is taken. With a fault come the fields that could be read.
    fn read_fields(&self, rest: &mut &[u8], limits: &Limits, cut: bool) -> Result<Headers, (Headers, SipProblem)> {
        let mut headers = Headers::with_capacity(24);
        let mut fault = None;
        let mut lines = Vec::new();
        let begin = rest.len();
        loop {
            let field = *rest;
            let Some((first, mut tail)) = take_line(field) else {
                let status = if cut { 513 } else { 400 };
                let why = if cut { "are longer than the limit" } else { "do not end with an empty line" };
                return Err((headers, SipProblem::new(status, "headers", why)));
            };
            if first.is_empty() {
                *rest = tail;
                return match fault {
                    None => Ok(headers),
                    Some(problem) => Err((headers, problem)),
                };
            }
            // RFC 3261 clause 7.3.1: a line that starts with white space goes on with the one before.
            lines.clear();
            lines.push(first);
            while tail.first().is_some_and(|b| b" \t".contains(b)) {
                let Some((line, after)) = take_line(tail) else { break };
                lines.push(line);
                tail = after;
            }
            let raw = &field[..field.len() - tail.len()];
            *rest = tail;
            if headers.len() >= limits.fields {
                fault.get_or_insert_with(|| SipProblem::new(513, "headers", "are more than the limit"));
                continue;
            }
            let read = match &lines[..] {
                [line] => self.read_line(begin - field.len(), line, raw),
                lines => read_folded(lines, raw),
            };
            match read {
                Ok(field) => headers.push(field),
                Err(problem) => drop(fault.get_or_insert(problem)),
            }
        }
    }

    /// A field of one line, the octets from `at` on.
    fn read_line(&self, at: usize, line: &[u8], raw: &[u8]) -> Result<Field, SipProblem> {
        let Some(text) = self.text.as_ref().filter(|_| at + raw.len() <= self.octets.len()) else {
            return read_folded(&[line], raw);
        };
        let whole = &text[at..at + line.len()];
        let (name, value) = name_and_value(whole, line)?;
        let value = value.trim_start_matches([' ', '\t']);
        let start = at + whole.len() - value.len();
        let value = start..start + value.trim_end_matches([' ', '\t']).len();
        let places = Places { name: at..at + name.len(), value, line: at..at + raw.len() };
        Ok(Field::at(Arc::clone(text), &places))
    }
}

/// A field of several lines, or one with octets that are no UTF-8.
fn read_folded(lines: &[&[u8]], raw: &[u8]) -> Result<Field, SipProblem> {
    if lines.iter().any(|line| line.iter().any(|b| b"\r\n".contains(b))) {
        return Err(SipProblem::bad("headers", "have a line end that is not CRLF"));
    }
    let mut value = String::new();
    for line in lines {
        let line = String::from_utf8_lossy(line);
        if !value.is_empty() {
            value.push(' ');
        }
        value.push_str(line.trim_matches([' ', '\t']));
    }
    let (name, value) = name_and_value(&value, lines[0])?;
    Ok(Field::received(name, value.trim_matches([' ', '\t']), raw))
}

/// Splits a field that starts with `line`.
fn name_and_value<'a>(field: &'a str, line: &[u8]) -> Result<(&'a str, &'a str), SipProblem> {
    let bad = |why| SipProblem::bad("headers", why);
    if memchr::memchr2(b'\r', b'\n', line).is_some() {
        return Err(bad("have a line end that is not CRLF"));
    }
    let (name, value) = field.split_once(':').ok_or_else(|| bad("have a line without ':'"))?;
    let name = name.trim_end_matches([' ', '\t']);
    if !super::text::is_token(name) || line.starts_with(b" ") || line.starts_with(b"\t") {
        return Err(bad("have a name that is not a token"));
    }
    Ok((name, value))
}

/// The body that Content-Length says, or all that is there without one.
fn body_of<'a>(headers: &Headers, rest: &'a [u8], limits: &Limits) -> Result<&'a [u8], SipProblem> {
    let length = content_length(headers)?.unwrap_or(rest.len());
    if length > limits.body {
        return Err(SipProblem::new(513, "Content-Length", "is more than the limit"));
    }
    rest.get(..length).ok_or_else(|| SipProblem::bad("Content-Length", "is more than what came"))
}

/// The length that the headers tell.
pub(super) fn content_length(headers: &Headers) -> Result<Option<usize>, SipProblem> {
    let bad = |why| SipProblem::bad("Content-Length", why);
    let mut all = headers.all("Content-Length");
    let Some(value) = all.next() else { return Ok(None) };
    if all.any(|other| other != value) {
        return Err(bad("is there more than once"));
    }
    if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad("is not a number"));
    }
    // What does not fit is beyond every limit.
    Ok(Some(value.parse().unwrap_or(usize::MAX)))
}
