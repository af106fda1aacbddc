//! What tells transactions apart (RFC 3261 clauses 17.1.3, 17.2.3), and where responses go (clause 18.2.2).

use std::net::SocketAddr;

use crate::sip::resolve::default_port;
use crate::sip::uri::host_of;
use crate::sip::{
    CSeq, Flow, Headers, HostTable, Method, NameAddr, Request, ResolveError, Response, SipProblem, Target, Transport,
    Uri, Via,
};

/// What every request must have (clause 8.1.1), read.
#[derive(Debug)]
pub(super) struct Essentials {
    pub(super) via: Via,
    pub(super) from_tag: String,
    pub(super) to_tag: Option<String>,
    pub(super) call_id: String,
    pub(super) cseq: CSeq,
}

impl Essentials {
    /// Reads them from a request that [`Request::check`] has passed. The Via is as the peer wrote it.
    pub(super) fn of(request: &Request) -> Result<Self, SipProblem> {
        let missing = |name: &'static str| move || SipProblem::bad(name, "is missing");
        let tag = |request: &Request, name| {
            let value = request.headers.get(name).ok_or_else(missing(name))?;
            NameAddr::tag_of(value).map(|tag| tag.map(ToOwned::to_owned)).map_err(|problem| problem.within(name))
        };
        Ok(Self {
            via: request.via()?.ok_or_else(missing("Via"))?,
            from_tag: tag(request, "From")?.unwrap_or_default(),
            to_tag: tag(request, "To")?,
            call_id: request.call_id().ok_or_else(missing("Call-ID"))?.to_owned(),
            cseq: request.cseq()?.ok_or_else(missing("CSeq"))?,
        })
    }

    /// The server transaction that a request belongs to; ACK and CANCEL can ask for that of their INVITE.
    pub(super) fn server_id(&self, uri: &Uri, method: &Method) -> String {
        match self.via.branch() {
            Some(branch) if self.via.has_cookie() => {
                format!("{method} {} {}", branch.to_ascii_lowercase(), self.sent_by())
            }
            // RFC 2543 peers: clause 17.2.3, second half. The To tag is left out: ACK has one, INVITE has not.
            _ => format!("{method} {uri} {} {} {} {}", self.from_tag, self.call_id, self.cseq.seq, self.via),
        }
    }

    /// What merged copies of a request share (clause 8.2.2.2).
    pub(super) fn merge_id(&self) -> String {
        format!("{} {} {}", self.cseq, self.from_tag, self.call_id)
    }

    /// What the ACK of a 2xx shares with it (clause 17.1.1.3 does not hold: only the dialog and CSeq do).
    pub(super) fn ack_id(&self, to_tag: &str) -> String {
        format!("{} {} {to_tag} {}", self.cseq.seq, self.from_tag, self.call_id)
    }

    fn sent_by(&self) -> String {
        // Whether the default port is written or not makes no other sender.
        let host = self.via.host.to_ascii_lowercase();
        format!("{host}:{}", self.via.port.unwrap_or_else(|| default_port(transport_of(&self.via))))
    }
}

/// [`Essentials::ack_id`] as the response tells it.
pub(super) fn ack_id_of(response: &Response) -> Option<String> {
    let (from, to) = (response.from().ok()??, response.to_address().ok()??);
    let (seq, call_id) = (response.cseq().ok()??.seq, response.call_id()?);
    Some(format!("{seq} {} {} {call_id}", from.tag().unwrap_or_default(), to.tag().unwrap_or_default()))
}

/// The client transaction that a response belongs to.
pub(super) fn client_id(branch: &str, method: &Method) -> String {
    format!("{method} {}", branch.to_ascii_lowercase())
}

/// Where a response goes by its topmost Via (clause 18.2.2, RFC 3581 clause 4). With a flow: the one that the request came by.
pub(super) fn response_target(via: &Via, flow: Option<Flow>, hosts: &HostTable) -> Result<Target, ResolveError> {
    let transport = flow.map_or_else(|| transport_of(via), |flow| flow.transport);
    let port = via.port.unwrap_or_else(|| default_port(transport));
    let maddr = via.params.get("maddr").and_then(host_of).filter(|_| !transport.is_reliable());
    let ip =
        maddr.or_else(|| via.received()).or_else(|| host_of(&via.host)).or_else(|| flow.map(|flow| flow.remote.ip()));
    let rport = via.rport().flatten().filter(|_| !transport.is_reliable() && maddr.is_none());
    let Some(ip) = ip else {
        let uri =
            Uri::parse(&format!("sip:{}", via.sent_by())).map_err(|_| ResolveError::UnknownHost(via.host.clone()))?;
        return hosts.resolve(&uri).map(|target| Target { transport, ..target });
    };
    let remote = SocketAddr::new(ip, rport.unwrap_or(port));
    let flow = flow.map(|flow| if transport.is_reliable() { flow } else { Flow { remote, ..flow } });
    Ok(Target { transport, remote, flow })
}

/// A branch for a request that is passed on without state: the same each time it comes (clause 16.11).
pub(super) fn stateless_branch(request: &Request) -> String {
    let mut hash = Hash::new();
    for name in ["Via", "To", "From", "Call-ID", "CSeq"] {
        hash.add(request.headers.values(name).next().unwrap_or_default());
    }
    hash.add(&request.uri.to_string());
    format!("{}s{:016x}", Via::MAGIC_COOKIE, hash.0)
}

/// What a proxy writes into its branches to know a request that comes again unchanged: a loop (clause 16.6 step 8; of what
/// goes in, RFC 5393 clause 4.2.1: all that decides where the request goes).
pub(crate) fn loop_mark(request: &Request) -> String {
    let mut hash = Hash::new();
    hash.add(&request.uri.to_string());
    for name in ["From", "To", "Call-ID", "CSeq", "Route", "Proxy-Require", "Proxy-Authorization"] {
        for value in request.headers.all(name) {
            hash.add(value);
        }
        hash.add("");
    }
    format!("{:016x}", hash.0)
}

/// The tag of a stateless answer: the same for every copy of the request (clause 8.2.7), and for the ACK of the answer.
pub(super) fn stateless_tag(headers: &Headers) -> String {
    let mut hash = Hash::new();
    for name in ["Via", "From", "Call-ID"] {
        hash.add(headers.values(name).next().unwrap_or_default());
    }
    hash.add(headers.get("CSeq").and_then(|cseq| cseq.split_ascii_whitespace().next()).unwrap_or_default());
    format!("{:016x}", hash.0)
}

fn transport_of(via: &Via) -> Transport {
    match via.transport.to_ascii_uppercase().as_str() {
        "TCP" => Transport::Tcp,
        "TLS" => Transport::Tls,
        _ => Transport::Udp,
    }
}

/// FNV-1a over length-separated parts: the same on every machine. No secret hangs on it.
struct Hash(u64);

impl Hash {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, part: &str) {
        for octet in part.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
