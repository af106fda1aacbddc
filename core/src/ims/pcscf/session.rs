//! Dialogs of sessions that pass the P-CSCF: what it stores of them (TS 24.229 clause 5.2.6.3.4, 5.2.6.4.4), and the BYE that
//! it makes of that when a UE has lost its bearer (clause 5.2.8.1.2).

use std::collections::BTreeMap;

use protocol::Instant;
use protocol::sip::{Method, NameAddr, Request, Response, Uri};

/// Which party of a session the UE is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Served {
    /// It has sent the INVITE.
    Caller,
    /// It has got it.
    Callee,
}

/// Names a session: a P-CSCF that serves both parties has two of them with the same dialog.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct SessionKey {
    /// Registration of the UE.
    pub(super) token: String,
    /// Call-ID.
    pub(super) call_id: String,
    /// The UE's tag.
    pub(super) local_tag: String,
    /// The other party's tag.
    pub(super) remote_tag: String,
}

/// A session with its dialog confirmed.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// From or To of the UE, with tag.
    local: NameAddr,
    /// From or To of the other party, with tag.
    remote: NameAddr,
    /// CSeq of the UE's last request.
    local_seq: u32,
    /// Contact of the other party.
    remote_target: Uri,
    /// Routes from here to the other party.
    route: Vec<String>,
    /// When it ends unless somebody refreshes it (RFC 4028).
    pub(super) expires: Option<Instant>,
}

/// Early dialogs of which the numbers of requests are kept.
const MOST_EARLY: usize = 10_000;

/// All sessions.
#[derive(Default, Debug)]
pub(super) struct Sessions {
    confirmed: BTreeMap<SessionKey, Session>,
    /// CSeq of the UE's last request in a dialog that is not confirmed: PRACK, UPDATE.
    early: BTreeMap<SessionKey, u32>,
}

impl SessionKey {
    /// The session of a UE that a request or a response belongs to; none if the message is outside dialogs. `ue_sent` is
    /// true for requests of the UE and responses to them.
    pub(super) fn of(token: &str, headers: &protocol::sip::Headers, ue_sent: bool) -> Option<Self> {
        let from = headers.from().ok()??.tag()?.to_owned();
        let to = headers.to().ok()??.tag()?.to_owned();
        let (local_tag, remote_tag) = if ue_sent { (from, to) } else { (to, from) };
        Some(Self { token: token.to_owned(), call_id: headers.call_id()?.to_owned(), local_tag, remote_tag })
    }
}

impl Session {
    /// The session that a 2xx to an INVITE makes. `own` tells the Record-Route values of this P-CSCF; none if the response
    /// lacks what a dialog needs.
    pub(super) fn new(
        request: &Request,
        response: &Response,
        served: Served,
        own: impl Fn(&Uri) -> bool,
    ) -> Option<Self> {
        let from = response.from().ok()??;
        let to = response.to_address().ok()??;
        let recorded = response.record_routes().ok()?;
        let first_own = recorded.iter().position(|entry| own(&entry.uri))?;
        let last_own = recorded.iter().rposition(|entry| own(&entry.uri))?;
        // The topmost entry is the callee's neighbour (RFC 3261 clause 12.1.2).
        let (local, remote, contact, seq, route) = match served {
            Served::Caller => {
                let route = recorded[..first_own].iter().rev().map(ToString::to_string).collect();
                (from, to, response.contact().ok()??, request.headers.cseq().ok()??.seq, route)
            }
            Served::Callee => {
                let route = recorded[last_own + 1..].iter().map(ToString::to_string).collect();
                (to, from, request.contact().ok()??, 0, route)
            }
        };
        Some(Self { local, remote, local_seq: seq, remote_target: contact.uri, route, expires: None })
    }

    /// A request inside the dialog has passed.
    pub(super) fn note_request(&mut self, request: &Request, ue_sent: bool) {
        if ue_sent {
            if let Ok(Some(cseq)) = request.headers.cseq()
                && cseq.method != Method::ACK
            {
                self.local_seq = self.local_seq.max(cseq.seq);
            }
        } else if is_target_refresh(&request.method)
            && let Ok(Some(contact)) = request.contact()
        {
            self.remote_target = contact.uri;
        }
    }

    /// A 2xx to a target refresh of the UE has passed.
    pub(super) fn note_success(&mut self, response: &Response) {
        if let Ok(Some(contact)) = response.contact() {
            self.remote_target = contact.uri;
        }
    }

    /// The BYE to the other party on behalf of the UE, with why (RFC 3326).
    pub(super) fn bye(&mut self, call_id: &str, reason: &str) -> Request {
        self.local_seq += 1;
        let mut bye = Request::new(Method::BYE, self.remote_target.clone());
        for route in &self.route {
            bye.headers.append("Route", route);
        }
        bye.headers.append("Max-Forwards", "70");
        bye.headers.append("From", &self.local.to_string());
        bye.headers.append("To", &self.remote.to_string());
        bye.headers.append("Call-ID", call_id);
        bye.headers.append("CSeq", &format!("{} BYE", self.local_seq));
        bye.headers.append("Reason", reason);
        bye
    }
}

impl Sessions {
    /// Keeps a session; a repeated 2xx changes nothing.
    pub(super) fn put(&mut self, key: SessionKey, mut session: Session) {
        if let Some(seq) = self.early.remove(&key) {
            session.local_seq = session.local_seq.max(seq);
        }
        self.confirmed.entry(key).or_insert(session);
    }

    /// A request of the UE has passed in a dialog that is not confirmed yet.
    pub(super) fn note_early(&mut self, key: SessionKey, request: &Request) {
        let seq = request.headers.cseq().ok().flatten().filter(|cseq| cseq.method != Method::ACK);
        if let Some(seq) = seq.map(|cseq| cseq.seq) {
            if self.early.len() >= MOST_EARLY {
                self.early.pop_first();
            }
            let newest = self.early.entry(key).or_default();
            *newest = seq.max(*newest);
        }
    }

    /// The session of a key.
    pub(super) fn get_mut(&mut self, key: &SessionKey) -> Option<&mut Session> {
        self.confirmed.get_mut(key)
    }

    /// True if there is such a session.
    pub(super) fn contains(&self, key: &SessionKey) -> bool {
        self.confirmed.contains_key(key)
    }

    /// Forgets a session.
    pub(super) fn remove(&mut self, key: &SessionKey) -> Option<Session> {
        self.confirmed.remove(key)
    }

    /// The sessions of a registration.
    pub(super) fn of(&self, token: &str) -> Vec<SessionKey> {
        self.confirmed.keys().filter(|key| key.token == token).cloned().collect()
    }

    /// Number of sessions.
    pub(super) fn len(&self) -> usize {
        self.confirmed.len()
    }

    /// When the first one ends for want of refreshing.
    pub(super) fn first_end(&self) -> Option<Instant> {
        self.confirmed.values().filter_map(|session| session.expires).min()
    }

    /// Takes those that have ended for want of refreshing.
    pub(super) fn take_ended(&mut self, now: Instant) -> Vec<SessionKey> {
        let ended = |session: &Session| session.expires.is_some_and(|at| at <= now);
        let keys: Vec<_> =
            self.confirmed.iter().filter(|(_, session)| ended(session)).map(|(key, _)| key.clone()).collect();
        for key in &keys {
            self.confirmed.remove(key);
        }
        keys
    }
}

/// Requests that may change a remote target (RFC 3261 clause 12.2, RFC 3311).
fn is_target_refresh(method: &Method) -> bool {
    *method == Method::INVITE || *method == Method::UPDATE
}
