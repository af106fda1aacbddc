//! REFER (RFC 3515, RFC 4488) and what else one does in the dialog of a session.

use super::io::{NotifierId, SessionId, SubscriberId};
use super::machine::UserAgent;
use crate::Instant;
use crate::sip::subscription::{Notifier, Subscriber};
use crate::sip::{Dialog, Method, NameAddr, Refusal, Request, Response, ServerKey, Uri};

/// A REFER outside of dialogs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReferRequest {
    /// Request-URI and To: who is to do it.
    pub to: String,
    /// Refer-To: whom he is to reach, and how; a `name-addr`.
    pub refer_to: String,
    /// He is not asked to tell what came of it (RFC 4488).
    pub silent: bool,
    /// Further header fields.
    pub headers: Vec<(String, String)>,
}

impl UserAgent {
    /// Asks someone to reach someone else. What comes of it is told as the events of a subscription, whose bodies are
    /// pieces of SIP messages ([`sipfrag_status`]).
    ///
    /// # Errors
    /// The URI is none.
    pub fn refer(&mut self, now: Instant, wanted: &ReferRequest) -> Result<SubscriberId, Refusal> {
        let to = Uri::parse(&wanted.to).map_err(|problem| Refusal::NotSent(problem.to_string()))?;
        let mut request = self.request(Method::REFER, to);
        request.headers.append("Refer-To", &wanted.refer_to);
        request.headers.append("Referred-By", &NameAddr::new(self.profile.from.uri.clone()).to_string());
        if wanted.silent {
            request.headers.append("Refer-Sub", "false");
            request.headers.append("Supported", "norefersub");
        }
        request.headers.append("Accept", SIPFRAG);
        wanted.headers.iter().for_each(|(name, value)| request.headers.append(name, value));
        let id = SubscriberId(self.new_id());
        let (contact, timer_n) = (self.profile.contact.clone(), self.stack.config().timers.give_up());
        self.subscribers.insert(id, Subscriber::new(now, contact, request, REFER_SECONDS, timer_n));
        self.settle(now);
        Ok(id)
    }

    /// Accepts a REFER outside of dialogs, of [`super::UserAgentEvent::Request`]: 202, and notifications follow.
    ///
    /// # Errors
    /// The request makes no dialog; it has been refused with 400.
    pub fn accept_refer(&mut self, now: Instant, key: ServerKey, request: &Request) -> Result<NotifierId, Refusal> {
        self.accept_subscription(now, key, request, REFER_SECONDS)
    }

    /// The session in whose dialog a request has come.
    pub fn session_of(&self, request: &Request) -> Option<SessionId> {
        let id = Dialog::id_of_request(request)?;
        self.sessions.of_dialog(&id.call_id, &id.local_tag)
    }

    /// The session that sent the request which this responds to.
    pub fn session_of_response(&self, response: &Response) -> Option<SessionId> {
        let (call_id, from) = (response.call_id()?, response.from().ok().flatten()?);
        self.sessions.of_dialog(call_id, from.tag()?)
    }

    /// The description that our side of a session holds to, when it stands: what the next offer starts from.
    pub fn local_description(&self, id: SessionId) -> Option<Vec<u8>> {
        self.sessions.get(id)?.local_description()
    }

    /// The other side's Contact in a session that stands: where requests in it go.
    pub fn remote_target(&self, id: SessionId) -> Option<Uri> {
        self.sessions.get(id)?.remote_target()
    }

    /// A request in the dialog of a session that stands, to be [`Self::send`]ed.
    ///
    /// # Errors
    /// It does not stand.
    pub fn session_request(&mut self, id: SessionId, method: Method) -> Result<Request, Refusal> {
        let session = self.sessions.get_mut(id).ok_or(Refusal::NotNow("there is no such session"))?;
        session.request(method)
    }

    /// Header fields of the responses by which an offered session is taken, 100 aside. False: there is no such session.
    pub fn set_answer_headers(&mut self, id: SessionId, headers: Vec<(String, String)>) -> bool {
        self.sessions.get_mut(id).map(|session| session.local.headers = headers).is_some()
    }

    /// Contact of a session from now on: a focus has another one for each conference. False: there is no such session.
    pub fn set_contact(&mut self, id: SessionId, contact: NameAddr) -> bool {
        self.sessions.get_mut(id).map(|session| session.local.contact = contact).is_some()
    }
}

/// The status that a piece of a SIP message (RFC 3420) starts with.
pub fn sipfrag_status(body: &[u8]) -> Option<u16> {
    let line = body.split(|&b| b == b'\r' || b == b'\n').next()?;
    let rest = std::str::from_utf8(line).ok()?.strip_prefix("SIP/2.0 ")?;
    rest.split(' ').next()?.parse().ok().filter(|status| (100..=699).contains(status))
}

/// Content type of what notifications of REFER carry (RFC 3515 clause 2.4.5).
pub const SIPFRAG: &str = "message/sipfrag;version=2.0";
/// How long one that refers listens, unless he is told otherwise.
const REFER_SECONDS: u32 = 300;

impl Notifier {
    /// What the SUBSCRIBE, or REFER, is answered with (RFC 3515 clause 2.4.2).
    pub(crate) fn acceptance(request: &Request) -> Response {
        Response::to(request, if request.method == Method::REFER { 202 } else { 200 }, None)
    }
}
