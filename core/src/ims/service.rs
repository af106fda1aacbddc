//! What application servers have in common (TS 24.229 clause 5.7): who asks, who may be asked for, refusals, and durable
//! data that answers wait for.

pub mod event;
mod ports;
mod session_server;

use std::ops::{Deref, DerefMut};

use protocol::sip::proxy::Refusal;
use protocol::sip::{Flow, Method, NameAddr, Request, Response, ServerKey, SipStack, StackInput, Target, Uri};
use protocol::{Entropy, Instant};

pub(crate) use self::ports::Ports;
pub use self::session_server::SessionServerConfig;
pub(crate) use self::session_server::{SessionServer, named_stack};
use super::{TrustedPeer, charging};
use crate::charging::ChargingClient;
use crate::node::{NodeInput, NodeOutput, NodeShell};

/// The user behind a request, as the trust domain asserts him (TS 24.229 clause 5.7.1.4, RFC 3325).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// The asserted identities, at least one: a SIP URI, a tel URI, or both.
    uris: Vec<Uri>,
    /// He keeps them from other users.
    is_private: bool,
}

impl Caller {
    /// Who sends `request`. From outside of the trust domain nobody is believed, and within it a request without
    /// P-Asserted-Identity is nobody's: 403.
    pub fn of(request: &Request, flow: Flow, trusted: &[TrustedPeer]) -> Result<Self, Refusal> {
        if !trusts(trusted, flow) {
            return Err(Refusal::new(403).because("Not from a trusted domain"));
        }
        let asserted = request
            .headers
            .addresses("P-Asserted-Identity")
            .map_err(|_| Refusal::new(400).because("P-Asserted-Identity cannot be read"))?;
        let uris: Vec<Uri> = asserted.into_iter().map(|address| address.uri).collect();
        // RFC 3325 clause 9.1: at most two.
        match uris.len() {
            1 | 2 => Ok(Self { uris, is_private: wants_privacy(request) }),
            0 => Err(Refusal::new(403).because("No asserted identity")),
            _ => Err(Refusal::new(400).because("More than two asserted identities")),
        }
    }

    /// The first of his identities, in the form that keys have ([`Uri::identity`]).
    #[must_use]
    pub fn identity(&self) -> String {
        self.uris[0].identity()
    }

    /// The first of his identities as it was asserted.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.uris[0]
    }

    /// All of his identities, in the form that keys have.
    pub fn identities(&self) -> impl Iterator<Item = String> {
        self.uris.iter().map(Uri::identity)
    }

    /// True if `identity` is one of his.
    #[must_use]
    pub fn is(&self, identity: &str) -> bool {
        self.identities().any(|own| own == identity)
    }

    /// He keeps his identity from other users (RFC 3325 clause 9.3).
    #[must_use]
    pub const fn is_private(&self) -> bool {
        self.is_private
    }
}

/// To whom the users of a service may speak.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reach {
    /// Domains of SIP URIs; none: any.
    pub domains: Vec<String>,
    /// Identities that nobody is led to.
    pub barred: Vec<String>,
}

impl Reach {
    /// May a user be led to `uri`? SIP and tel URIs only; 403 else (TS 24.229 clause 5.7.3).
    pub fn check(&self, uri: &Uri) -> Result<(), Refusal> {
        let reached = match uri {
            Uri::Sip(sip) => self.domains.is_empty() || self.domains.iter().any(|d| d.eq_ignore_ascii_case(&sip.host)),
            Uri::Tel(_) => true,
            Uri::Other(_) => false,
        };
        match reached && !self.barred.contains(&uri.identity()) {
            true => Ok(()),
            false => Err(Refusal::new(403).because("Not reached from this service")),
        }
    }
}

/// The way of requests to users of the home domains, when it is not by DNS: by the I-CSCF.
#[must_use]
pub fn route_home(entry: Option<&str>, domains: &[String], target: &Uri) -> Vec<String> {
    let is_home = match target {
        Uri::Sip(uri) => domains.iter().any(|domain| domain.eq_ignore_ascii_case(&uri.host)),
        Uri::Tel(_) => true,
        Uri::Other(_) => false,
    };
    let entry = entry.filter(|_| is_home).and_then(|entry| match Uri::parse(entry) {
        Ok(Uri::Sip(uri)) => Some(NameAddr::new(Uri::Sip(uri.with_flag("lr"))).to_string()),
        _ => None,
    });
    entry.into_iter().collect()
}

/// True if a message comes from a box of the trust domain; without any named, all are in it.
#[must_use]
pub fn trusts(trusted: &[TrustedPeer], flow: Flow) -> bool {
    trusted.is_empty() || trusted.iter().any(|peer| peer.is(flow.remote))
}

/// Every option of Require is understood, else 420 names those that are not (RFC 3261 clause 8.2.2.3).
pub fn check_require(request: &Request, understood: &[&str]) -> Result<(), Refusal> {
    let strange: Vec<_> = request
        .headers
        .values("Require")
        .filter(|tag| !tag.is_empty() && !understood.iter().any(|own| own.eq_ignore_ascii_case(tag)))
        .collect();
    if strange.is_empty() { Ok(()) } else { Err(Refusal::new(420).with("Unsupported", &strange.join(", "))) }
}

/// The method is one of `methods`, else 405 names them (RFC 3261 clause 8.2.1).
pub fn check_method(request: &Request, methods: &[Method]) -> Result<(), Refusal> {
    if methods.contains(&request.method) {
        return Ok(());
    }
    let names: Vec<_> = methods.iter().map(Method::as_str).collect();
    Err(Refusal::new(405).with("Allow", &names.join(", ")))
}

/// The body is of `kind`, else 415 names it (RFC 3261 clause 8.2.3).
pub fn check_content(request: &Request, kind: &str) -> Result<(), Refusal> {
    let plain = request.headers.get("Content-Encoding").is_none_or(|value| value.eq_ignore_ascii_case("identity"));
    let told = request.headers.get("Content-Type").map(media_type);
    match told.is_some_and(|own| own.eq_ignore_ascii_case(kind)) && plain {
        true => Ok(()),
        false => Err(Refusal::new(415).with("Accept", kind).with("Accept-Encoding", "identity")),
    }
}

/// True if the sender takes bodies of `kind`; without Accept it takes what the package has as its default.
#[must_use]
pub fn accepts(request: &Request, kind: &str) -> bool {
    let family = kind.split('/').next().unwrap_or_default();
    let takes = |value: &str| {
        let own = media_type(value);
        own.eq_ignore_ascii_case(kind) || own == "*/*" || own.eq_ignore_ascii_case(&format!("{family}/*"))
    };
    !request.headers.contains("Accept") || request.headers.values("Accept").any(takes)
}

/// A Content-Type without its parameters.
#[must_use]
pub fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// The sender keeps his asserted identity from those outside of the trust domain (RFC 3323 clause 4.2, RFC 3325).
fn wants_privacy(request: &Request) -> bool {
    let values = request.headers.all("Privacy").flat_map(|value| value.split([';', ',']));
    values.map(str::trim).any(|value| value.eq_ignore_ascii_case("id") || value.eq_ignore_ascii_case("user"))
}

/// The shell of an application server: that of a node, its SIP stack and whom it believes. `J` is what waits for the store.
#[derive(Debug)]
pub struct ServiceShell<J> {
    /// The SIP stack.
    pub stack: SipStack,
    /// Randomness.
    pub entropy: Entropy,
    /// Boxes of the trust domain; none: all.
    pub trusted: Vec<TrustedPeer>,
    /// Offline charging; off unless somebody turns it on.
    pub charging: ChargingClient,
    node: NodeShell<J>,
}

/// All that the shell of a node can do, this one can.
impl<J> Deref for ServiceShell<J> {
    type Target = NodeShell<J>;

    fn deref(&self) -> &Self::Target {
        &self.node
    }
}

impl<J> DerefMut for ServiceShell<J> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.node
    }
}

impl<J> ServiceShell<J> {
    /// A shell around a stack.
    #[must_use]
    pub const fn new(stack: SipStack, entropy: Entropy, trusted: Vec<TrustedPeer>, utc_ms_at_zero: u64) -> Self {
        Self { stack, entropy, trusted, charging: ChargingClient::off(), node: NodeShell::new(utc_ms_at_zero) }
    }

    /// Takes what is for the stack and for charging; the rest comes back.
    pub fn take<'a>(&mut self, now: Instant, input: NodeInput<'a>) -> Option<NodeInput<'a>> {
        match input {
            NodeInput::Sip { flow, bytes } => self.stack.handle_input(now, StackInput::Received { flow, bytes }),
            NodeInput::SipFailed { target, why } => self.stack.handle_input(now, StackInput::Failed { target, why }),
            NodeInput::Store(answer) => return self.charging.stored(now, answer).map(NodeInput::Store),
            NodeInput::Diameter(input) => return self.charging.diameter(now, input).map(NodeInput::Diameter),
            other => return Some(other),
        }
        None
    }

    /// Time has come to what [`Self::poll_timeout`] said, or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.stack.handle_timeout(now);
        self.charging.handle_timeout(now);
    }

    /// When stack and charging want to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.stack.poll_timeout(), self.charging.poll_timeout()].into_iter().flatten().min()
    }

    /// Sends a message of the stack, when the records that it follows from are durable.
    pub fn transmit(&mut self, target: Target, bytes: Vec<u8>) {
        if let Some(message) = self.charging.pass(NodeOutput::Sip { target, bytes }) {
            self.output(message);
        }
    }

    /// The next thing for whoever drives the node.
    pub fn poll_output(&mut self) -> Option<NodeOutput> {
        self.node.poll_output().or_else(|| self.charging.poll_output())
    }

    /// Who sends a request.
    pub fn caller(&self, request: &Request, flow: Flow) -> Result<Caller, Refusal> {
        Caller::of(request, flow, &self.trusted)
    }

    /// Answers a request.
    pub fn respond(&mut self, now: Instant, key: ServerKey, mut response: Response) {
        if response.is_success()
            && let Some(vector) = self.charging.vector(key)
        {
            response.headers.set("P-Charging-Vector", &charging::served(vector, &self.charging).to_string());
        }
        self.charging.answered(now, key, &response);
        if self.stack.respond(now, key, response).is_err() {
            self.ignore("the transaction is over", "own response");
        }
    }

    /// Answers a request with nothing but a status.
    pub fn reply(&mut self, now: Instant, key: ServerKey, status: u16) {
        self.refuse(now, key, &Refusal::new(status));
    }

    /// Refuses a request.
    pub fn refuse(&mut self, now: Instant, key: ServerKey, refusal: &Refusal) {
        let Some(mut response) = self.stack.prepare(key, refusal.status, refusal.reason.as_deref()) else {
            return self.ignore("the transaction is over", "own response");
        };
        refusal.headers.iter().for_each(|(name, value)| response.headers.append(name, value));
        self.respond(now, key, response);
    }
}

#[cfg(test)]
mod tests {
    use protocol::sip::{SipMessage, Transport};

    use super::*;

    fn request(headers: &str) -> Request {
        let text = format!("MESSAGE sip:b@ims.example SIP/2.0\r\n{}\r\n", headers.replace('\n', "\r\n"));
        match SipMessage::parse(text.as_bytes()).unwrap() {
            SipMessage::Request(request) => request,
            SipMessage::Response(_) => panic!("a response"),
        }
    }

    fn flow(remote: &str) -> Flow {
        let local = "10.46.0.11:5060".parse().unwrap();
        Flow { transport: Transport::Udp, local, remote: remote.parse().unwrap() }
    }

    #[test]
    fn only_the_trust_domain_says_who_it_is() {
        let trusted = ["10.46.0.3".parse().unwrap()];
        let status = |headers: &str, from: &str| {
            Caller::of(&request(headers), flow(from), &trusted).map(|c| c.identity()).map_err(|r| r.status)
        };
        let asserted = "P-Asserted-Identity: <sip:a@IMS.example;x=y>, <tel:+1-555>\n";
        assert_eq!(status(asserted, "10.46.0.3:5060"), Ok("sip:a@ims.example".to_owned()));
        assert_eq!(status(asserted, "10.45.0.1:5060"), Err(403));
        assert_eq!(status("From: <sip:a@ims.example>;tag=1\n", "10.46.0.3:5060"), Err(403));
        assert_eq!(status("P-Asserted-Identity: <sip:a>, <sip:b>, <sip:c>\n", "10.46.0.3:5060"), Err(400));
        assert_eq!(status("P-Asserted-Identity: <sip:a\n", "10.46.0.3:5060"), Err(400));
        let caller = Caller::of(&request(&format!("{asserted}Privacy: header;id\n")), flow("1.1.1.1:1"), &[]).unwrap();
        assert!(caller.is("tel:+1555") && !caller.is("sip:b@ims.example") && caller.is_private());
    }

    #[test]
    fn what_is_not_understood_is_refused_with_what_is() {
        let refusal = check_require(&request("Require: eventlist, 100rel\n"), &["100rel"]).unwrap_err();
        assert_eq!((refusal.status, refusal.headers[0].1.as_str()), (420, "eventlist"));
        let refusal = check_method(&request(""), &[Method::PUBLISH, Method::SUBSCRIBE]).unwrap_err();
        assert_eq!((refusal.status, refusal.headers[0].1.as_str()), (405, "PUBLISH, SUBSCRIBE"));
        assert!(check_content(&request("c: Application/pidf+xml;charset=utf-8\n"), "application/pidf+xml").is_ok());
        assert_eq!(check_content(&request("c: text/plain\n"), "application/pidf+xml").unwrap_err().status, 415);
        assert!(accepts(&request("Accept: text/plain, application/*;q=0.1\n"), "application/pidf+xml"));
        assert!(!accepts(&request("Accept: text/plain\n"), "application/pidf+xml"));
        let reach = Reach { domains: vec!["ims.example".to_owned()], barred: vec!["tel:112".to_owned()] };
        let check = |uri: &str| reach.check(&Uri::parse(uri).unwrap()).is_ok();
        assert!(check("sip:b@IMS.example") && check("tel:+1555"));
        assert!(!check("sip:b@other.example") && !check("tel:112") && !check("mailto:b@ims.example"));
    }
}
