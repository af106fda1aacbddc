//! Dialogs (RFC 3261 clause 12): what two user agents share beyond one transaction.

mod reliable;
pub mod session_timer;
mod set;
#[cfg(test)]
mod tests;

use thiserror::Error;

use super::{CSeq, Method, NameAddr, NextHop, Request, Response, SipProblem, Uri};
pub use reliable::{Acknowledged, Reliable, ReliableReceiver, ReliableSender};
pub use set::{DialogSet, Taken};

/// What tells dialogs apart at one user agent (clause 12).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DialogId {
    /// Call-ID.
    pub call_id: String,
    /// Our tag.
    pub local_tag: String,
    /// The peer's tag; empty for peers of RFC 2543.
    pub remote_tag: String,
}

/// How far a dialog is (clause 12.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DialogState {
    /// Made by a provisional response.
    Early,
    /// Made or confirmed by a 2xx.
    Confirmed,
}

/// One side's view of a dialog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dialog {
    /// Its name.
    pub id: DialogId,
    /// Early or confirmed.
    pub state: DialogState,
    /// Our address with tag: From of what we send.
    pub local: NameAddr,
    /// The peer's address with tag: To of what we send.
    pub remote: NameAddr,
    /// Where the peer wants its requests: the Request-URI of what we send.
    pub remote_target: Uri,
    /// The proxies that requests of the dialog pass, ours first.
    pub route_set: Vec<NameAddr>,
    /// CSeq number of our newest request; `None` before the first one.
    pub local_seq: Option<u32>,
    /// CSeq number of the peer's newest request.
    pub remote_seq: Option<u32>,
    /// The dialog was made by a request to a SIPS URI over TLS.
    pub secure: bool,
}

/// A message makes no dialog.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum DialogError {
    /// A header that it needs is missing or broken.
    #[error(transparent)]
    Problem(#[from] SipProblem),
    /// The status is neither a 2xx nor a provisional one above 100.
    #[error("a response with status {0} makes no dialog")]
    Status(u16),
    /// A provisional response without To tag makes none.
    #[error("the response has no To tag")]
    NoTag,
    /// The message belongs to another dialog.
    #[error("the message belongs to another dialog")]
    Other,
}

impl Dialog {
    /// The dialog that the response to our request makes (clause 12.1.2).
    pub fn uac(request: &Request, response: &Response) -> Result<Self, DialogError> {
        let state = state_of(response.status)?;
        let local = required(request.from()?, "From")?;
        let remote = required(response.to_address()?, "To")?;
        if remote.tag().is_none() && state == DialogState::Early {
            return Err(DialogError::NoTag);
        }
        let seq = required(request.cseq()?, "CSeq")?.seq;
        let mut route_set = response.record_routes()?;
        route_set.reverse();
        Ok(Self {
            id: DialogId {
                call_id: required(request.call_id(), "Call-ID")?.to_owned(),
                local_tag: local.tag().unwrap_or_default().to_owned(),
                remote_tag: remote.tag().unwrap_or_default().to_owned(),
            },
            state,
            local,
            remote,
            remote_target: contact_or(response.contact()?, &request.uri),
            route_set,
            local_seq: Some(seq),
            remote_seq: None,
            secure: is_secure(&request.uri),
        })
    }

    /// The dialog that our response, with To tag, makes out of the peer's request (clause 12.1.1).
    pub fn uas(request: &Request, response: &Response) -> Result<Self, DialogError> {
        let state = state_of(response.status)?;
        let remote = required(request.from()?, "From")?;
        let local = required(response.to_address()?, "To")?;
        let contact = required(request.contact()?, "Contact")?;
        Ok(Self {
            id: DialogId {
                call_id: required(request.call_id(), "Call-ID")?.to_owned(),
                local_tag: local.tag().ok_or(DialogError::NoTag)?.to_owned(),
                remote_tag: remote.tag().unwrap_or_default().to_owned(),
            },
            state,
            local,
            remote,
            remote_target: contact.uri,
            route_set: request.record_routes()?,
            local_seq: None,
            remote_seq: Some(required(request.cseq()?, "CSeq")?.seq),
            secure: is_secure(&request.uri),
        })
    }

    /// The name of the dialog that a request from the peer belongs to; `None` when it is outside of any.
    pub fn id_of_request(request: &Request) -> Option<DialogId> {
        let (from, to) = (request.from().ok()??, request.to().ok()??);
        Some(DialogId {
            call_id: request.call_id()?.to_owned(),
            local_tag: to.tag()?.to_owned(),
            remote_tag: from.tag().unwrap_or_default().to_owned(),
        })
    }

    /// The name of the dialog that a response to our request belongs to.
    pub fn id_of_response(response: &Response) -> Option<DialogId> {
        let (from, to) = (response.from().ok()??, response.to_address().ok()??);
        Some(DialogId {
            call_id: response.call_id()?.to_owned(),
            local_tag: from.tag().unwrap_or_default().to_owned(),
            remote_tag: to.tag()?.to_owned(),
        })
    }

    /// A response to the request that made the dialog has come, or been sent: a 2xx confirms it and, at the UAC, fixes the
    /// route set (clause 13.2.2.4).
    pub fn confirm(&mut self, response: &Response) -> Result<(), DialogError> {
        if state_of(response.status)? == DialogState::Early {
            return Ok(());
        }
        if Self::id_of_response(response).as_ref() == Some(&self.id) {
            // We are the UAC: From is ours.
            let mut route_set = response.record_routes()?;
            route_set.reverse();
            self.route_set = route_set;
            if let Some(contact) = response.contact()? {
                self.remote_target = contact.uri;
            }
        }
        self.state = DialogState::Confirmed;
        Ok(())
    }

    /// A new request of the dialog (clause 12.2.1.1), with the next CSeq number; not for ACK. The caller adds Contact where a
    /// target refresh wants it. Send it to [`Self::next_hop`].
    pub fn request(&mut self, method: Method) -> Request {
        // An empty sequence may start anywhere below 2^31.
        let seq = self.local_seq.map_or(1, |seq| seq.wrapping_add(1) & 0x7fff_ffff);
        self.local_seq = Some(seq);
        self.build(method, seq)
    }

    /// The ACK of a 2xx to the INVITE with this CSeq number (clause 13.2.2.4). The caller adds the INVITE's credentials.
    pub fn ack(&self, invite_seq: u32) -> Request {
        self.build(Method::ACK, invite_seq)
    }

    /// Where requests of the dialog go: the first proxy of the route set, or the peer itself.
    pub fn next_hop(&self) -> NextHop {
        let first = self.route_set.first();
        NextHop::Uri(first.map_or_else(|| self.remote_target.clone(), |route| route.uri.clone()))
    }

    /// A request of the peer (clause 12.2.2): its order and its new target. The problem says what to answer, 500 for one that
    /// comes too late. ACK and CANCEL carry an old number and are not looked at.
    pub fn receive_request(&mut self, request: &Request) -> Result<(), SipProblem> {
        if matches!(request.method, Method::ACK | Method::CANCEL) {
            return Ok(());
        }
        let seq = request.cseq()?.ok_or_else(|| missing("CSeq"))?.seq;
        if self.remote_seq.is_some_and(|newest| seq <= newest) {
            return Err(SipProblem::new(500, "CSeq", "is not above that of an earlier request"));
        }
        self.remote_seq = Some(seq);
        if refreshes_target(&request.method)
            && let Some(contact) = request.contact()?
        {
            self.remote_target = contact.uri;
        }
        Ok(())
    }

    /// A response to a request that we sent within the dialog (clause 12.2.1.2): its new target. True: the dialog is over,
    /// the peer does not know it or does not answer.
    pub fn receive_response(&mut self, response: &Response) -> Result<bool, SipProblem> {
        let CSeq { method, .. } = response.cseq()?.ok_or_else(|| missing("CSeq"))?;
        if response.is_success()
            && refreshes_target(&method)
            && let Some(contact) = response.contact()?
        {
            self.remote_target = contact.uri;
        }
        Ok(matches!(response.status, 481 | 408))
    }

    fn build(&self, method: Method, seq: u32) -> Request {
        let mut route_set = self.route_set.clone();
        let mut uri = self.remote_target.clone();
        let first_is_strict = route_set.first().is_some_and(|route| !is_loose(route));
        if first_is_strict {
            // Clause 12.2.1.1: a strict router finds its own URI in the request line and the target as the last Route.
            let first = route_set.remove(0);
            route_set.push(NameAddr::new(std::mem::replace(&mut uri, first.uri)));
        }
        let cseq = format!("{seq} {method}");
        let mut request = Request::new(method, uri);
        for route in route_set {
            request.headers.append("Route", &route.to_string());
        }
        request.headers.append("Max-Forwards", "70");
        request.headers.append("From", &self.local.to_string());
        request.headers.append("To", &self.remote.to_string());
        request.headers.append("Call-ID", &self.id.call_id);
        request.headers.append("CSeq", &cseq);
        request
    }
}

/// Requests whose Contact moves the remote target (clause 12.2; RFC 3311, RFC 6665, RFC 3515).
fn refreshes_target(method: &Method) -> bool {
    matches!(*method, Method::INVITE | Method::UPDATE | Method::SUBSCRIBE | Method::NOTIFY | Method::REFER)
}

pub(super) fn is_loose(route: &NameAddr) -> bool {
    route.uri.as_sip().is_some_and(super::SipUri::is_loose_router)
}

fn state_of(status: u16) -> Result<DialogState, DialogError> {
    match status {
        101..=199 => Ok(DialogState::Early),
        200..=299 => Ok(DialogState::Confirmed),
        _ => Err(DialogError::Status(status)),
    }
}

fn is_secure(uri: &Uri) -> bool {
    uri.as_sip().is_some_and(|uri| uri.secure)
}

fn contact_or(contact: Option<NameAddr>, uri: &Uri) -> Uri {
    contact.map_or_else(|| uri.clone(), |contact| contact.uri)
}

fn missing(name: &'static str) -> SipProblem {
    SipProblem::bad(name, "is missing")
}

fn required<T>(value: Option<T>, name: &'static str) -> Result<T, SipProblem> {
    value.ok_or_else(|| missing(name))
}
