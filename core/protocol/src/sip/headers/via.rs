//! Via (RFC 3261 clause 20.42, RFC 3581).

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::Params;
use crate::sip::SipProblem;
use crate::sip::text::Scan;
use crate::sip::uri::{host_of, split_host_port};

/// One hop that a request took and its response will take back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Via {
    /// `UDP`, `TCP`, `TLS`, … as written.
    pub transport: String,
    /// Host of sent-by as written, an IPv6 address in brackets.
    pub host: String,
    /// Port of sent-by when written.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport` and others.
    pub params: Params,
}

impl Via {
    /// Every branch of RFC 3261 starts so (clause 8.1.1.7).
    pub const MAGIC_COOKIE: &'static str = "z9hG4bK";

    /// A Via of `sent_by` (`host` or `host:port`) with `branch`.
    pub fn new(transport: &str, sent_by: &str, branch: &str) -> Self {
        let (host, port) = split_host_port(sent_by).unwrap_or((sent_by, None));
        let params = Params::new().with("branch", branch);
        Self { transport: transport.to_owned(), host: host.to_owned(), port, params }
    }

    /// Reads one Via value.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        let ([transport, sent_by], mut scan) = parts(value)?;
        let (host, port) = split_host_port(&sent_by).ok_or_else(no_host)?;
        let (host, transport) = (host.to_owned(), transport.into_owned());
        Ok(Self { transport, host, port, params: Params::scan(&mut scan, "Via")? })
    }

    /// What [`Self::parse`] checks, without keeping anything.
    pub(in crate::sip) fn check(value: &str) -> Result<(), SipProblem> {
        let ([_, sent_by], mut scan) = parts(value)?;
        split_host_port(&sent_by).ok_or_else(no_host)?;
        Params::check(&mut scan, "Via")
    }

    /// The branch parameter.
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch")
    }

    /// True when the branch was made by RFC 3261 and is not the bare cookie.
    pub fn has_cookie(&self) -> bool {
        let cookie = Self::MAGIC_COOKIE;
        let is_one = |b: &str| b.len() > 7 && b.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(cookie));
        self.branch().is_some_and(is_one)
    }

    /// `host` or `host:port`, as written.
    pub fn sent_by(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The address that the next hop saw (RFC 3261 clause 18.2.1).
    pub fn received(&self) -> Option<IpAddr> {
        let raw = self.params.get("received")?;
        raw.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// The port that the next hop saw (RFC 3581): `Some(None)` when it is only asked for.
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.find("rport").map(|param| param.value.as_deref().and_then(|port| port.parse().ok()))
    }

    /// What a server notes about where the request came from (RFC 3261 clause 18.2.1, RFC 3581 clause 4).
    pub fn note_source(&mut self, from: SocketAddr) {
        let asked = self.rport().is_some();
        if asked {
            self.params.set("rport", &from.port().to_string());
        }
        // What the sender itself wrote there would let it send our answers to anybody.
        self.params.remove("received");
        if asked || host_of(&self.host) != Some(from.ip()) {
            self.params.set("received", &from.ip().to_string());
        }
    }
}

fn no_host() -> SipProblem {
    SipProblem::bad("Via", "sent-by is no host and port")
}

/// Transport and sent-by, and where the parameters are.
fn parts(value: &str) -> Result<([Cow<'_, str>; 2], Scan<'_>), SipProblem> {
    let bad = |why| SipProblem::bad("Via", why);
    let mut scan = Scan::new(value);
    scan.space();
    let mut part = |slash: bool| {
        let token = scan.token().filter(|_| !slash || scan.eat('/'));
        token.ok_or_else(|| bad("protocol, version and transport expected"))
    };
    let (protocol, version, transport) = (part(true)?, part(true)?, part(false)?);
    if !protocol.eq_ignore_ascii_case("SIP") || version != "2.0" {
        return Err(bad("the protocol is not SIP/2.0"));
    }
    let before = scan.rest().len();
    scan.space();
    if scan.rest().len() == before {
        return Err(bad("no space before sent-by"));
    }
    let at = scan.rest();
    let host = scan.until(|b| matches!(b, b' ' | b'\t' | b';' | b','));
    // White space may stand around the colon of the port; brackets keep the colons of an address inside.
    let mut sent_by = Cow::Borrowed(&at[..host.len()]);
    scan.space();
    if sent_by.ends_with(':') || scan.eat(':') {
        let port = scan.until(|b| !b.is_ascii_digit());
        sent_by = format!("{}:{port}", sent_by.trim_end_matches(':')).into();
    }
    Ok(([transport.into(), sent_by], scan))
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}{}", self.transport, self.sent_by(), self.params)
    }
}
