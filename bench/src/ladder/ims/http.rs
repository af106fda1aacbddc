//! HTTP in ladders: whether a message is the one that a step waits for, and the display filter that finds it (RFC 9112).

use protocol::TapEvent;

use super::find::{Bound, escape};

/// What must be seen of HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Http {
    /// A request with this method, or a response with this status.
    pub is: HttpIs,
    /// Name of the exchange that it belongs to: the first step with the name says which socket of the client that is.
    pub exchange: &'static str,
    /// A request: words of its target.
    pub target: &'static str,
    /// Header fields that it has: `ETag`, or `Location: code=` for one with these words.
    pub has: &'static [&'static str],
    /// Words of its body.
    pub body: &'static str,
}

/// A request or a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HttpIs {
    /// Method.
    Request(&'static str),
    /// Status.
    Response(u16),
}

/// An HTTP message as far as steps ask.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct HttpSeen {
    /// Method, or nothing.
    pub(super) method: Option<String>,
    pub(super) target: String,
    pub(super) status: Option<u16>,
    /// Names of the header fields, in small letters, and their values.
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// Socket of the client.
    pub(super) client: String,
}

impl HttpSeen {
    /// None: no HTTP.
    pub(crate) fn of(event: &TapEvent) -> Option<Self> {
        let end = event.bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&event.bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let mut start = lines.next()?.split(' ');
        let (first, second) = (start.next()?, start.next()?);
        let is_response = first.starts_with("HTTP/");
        let mut sockets = event.channel.split(' ').skip(1);
        let (source, destination) = (sockets.next()?, sockets.next()?);
        Some(Self {
            method: (!is_response).then(|| first.to_owned()),
            target: if is_response { String::new() } else { second.to_owned() },
            status: if is_response { Some(second.parse().ok()?) } else { None },
            headers: lines.filter_map(field).collect(),
            body: event.bytes[end + 4..].to_vec(),
            client: if is_response { destination } else { source }.to_owned(),
        })
    }
}

impl HttpSeen {
    /// A header field of this name, in small letters, has these words.
    pub(super) fn has(&self, name: &str, words: &str) -> bool {
        self.headers.iter().any(|(own, value)| own == name && value.contains(words))
    }
}

impl Http {
    /// What the message teaches; none when it is another one.
    pub(crate) fn sees(&self, seen: &HttpSeen, bound: &Bound) -> Option<Vec<(String, String)>> {
        let is_it = match self.is {
            HttpIs::Request(method) => seen.method.as_deref() == Some(method) && seen.target.contains(self.target),
            HttpIs::Response(status) => seen.status == Some(status),
        };
        let of_exchange = bound.get(self.exchange).is_none_or(|client| *client == seen.client);
        let has = |wanted: &&str| {
            let (name, words) = named(wanted);
            seen.headers.iter().any(|(own, value)| own.eq_ignore_ascii_case(name) && value.contains(words))
        };
        let body = self.body.is_empty() || seen.body.windows(self.body.len()).any(|w| w == self.body.as_bytes());
        (is_it && of_exchange && body && self.has.iter().all(has))
            .then(|| vec![(self.exchange.to_owned(), seen.client.clone())])
    }

    /// The display filter.
    pub(crate) fn filter(&self, bound: &Bound) -> String {
        let mut filter = match self.is {
            HttpIs::Request(method) => {
                format!("http.request.method == \"{method}\" && http.request.uri contains \"{}\"", escape(self.target))
            }
            HttpIs::Response(status) => format!("http.response.code == {status}"),
        };
        for wanted in self.has {
            let (name, words) = named(wanted);
            let line = if matches!(self.is, HttpIs::Request(_)) { "http.request.line" } else { "http.response.line" };
            filter += &format!(" && {line} matches \"(?i)^{name}:.*{words}\"");
        }
        if !self.body.is_empty() {
            filter += &format!(" && frame contains \"{}\"", escape(self.body));
        }
        if let Some(port) = bound.get(self.exchange).and_then(|client| client.rsplit_once(':')) {
            let field = if matches!(self.is, HttpIs::Request(_)) { "src_port" } else { "dst_port" };
            filter += &format!(" && exported_pdu.{field} == {}", port.1);
        }
        filter
    }
}

/// Name, in small letters, and value of a header field.
fn field(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    Some((name.to_ascii_lowercase(), value.trim().to_owned()))
}

/// Name of a header field and the words that its value has.
fn named(wanted: &str) -> (&str, &str) {
    wanted.split_once(": ").unwrap_or((wanted, ""))
}
