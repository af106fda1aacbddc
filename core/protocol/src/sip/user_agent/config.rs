//! What a user agent is and what it writes into its requests.

use crate::sip::session::ALLOW;
use crate::sip::{Headers, Method, NameAddr, NextHop, Request, Response, SessionSettings, StackConfig};

/// A user agent.
#[derive(Clone, Debug)]
pub struct UserAgentConfig {
    /// Its stack.
    pub stack: StackConfig,
    /// What it writes.
    pub profile: UserAgentProfile,
    /// How it holds sessions.
    pub session: SessionSettings,
}

/// What goes into the requests of a user agent; may change at any time.
#[derive(Clone, Debug)]
pub struct UserAgentProfile {
    /// From of what it sends, without tag.
    pub from: NameAddr,
    /// Contact.
    pub contact: NameAddr,
    /// Route of requests outside of dialogs, the topmost first.
    pub route: Vec<String>,
    /// Header fields of requests outside of dialogs but REGISTER, such as P-Preferred-Identity.
    pub outside: Vec<(String, String)>,
    /// Header fields of all requests but ACK and REGISTER, such as P-Access-Network-Info.
    pub always: Vec<(String, String)>,
    /// Header fields of responses below 300 in sessions, such as P-Access-Network-Info (TS 24.229 clause 5.1.2A.1.2).
    pub replies: Vec<(String, String)>,
    /// Allow of sessions.
    pub allow: String,
    /// Where requests go in any case: an outbound proxy. None: by Route and Request-URI.
    pub next_hop: Option<NextHop>,
}

impl UserAgentProfile {
    /// One that adds nothing.
    pub fn new(from: NameAddr, contact: NameAddr) -> Self {
        let allow = ALLOW.to_owned();
        Self {
            from,
            contact,
            route: Vec::new(),
            outside: Vec::new(),
            always: Vec::new(),
            replies: Vec::new(),
            allow,
            next_hop: None,
        }
    }

    /// Adds what belongs into a request.
    pub(super) fn complete(&self, request: &mut Request) {
        if matches!(request.method, Method::REGISTER | Method::ACK | Method::CANCEL) {
            return;
        }
        self.allow(&mut request.headers);
        let is_outside = request.to().ok().flatten().is_none_or(|to| to.tag().is_none());
        let outside = self.outside.iter().filter(|_| is_outside);
        for (name, value) in outside.chain(&self.always) {
            if !request.headers.contains(name) {
                request.headers.append(name, value);
            }
        }
    }

    /// Adds what belongs into a response of a session.
    pub(super) fn complete_reply(&self, response: &mut Response) {
        self.allow(&mut response.headers);
        for (name, value) in self.replies.iter().filter(|_| (101..300).contains(&response.status)) {
            if !response.headers.contains(name) {
                response.headers.append(name, value);
            }
        }
    }

    /// The methods of this user agent where those of a session are told.
    pub(super) fn allow(&self, headers: &mut Headers) {
        if headers.contains("Allow") {
            headers.set("Allow", &self.allow);
        }
    }
}
