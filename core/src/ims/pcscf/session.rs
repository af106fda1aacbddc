//! Dialogs of sessions that pass the P-CSCF: what it stores of them (TS 24.229 clause 5.2.6.3.4, 5.2.6.4.4), and the BYE that
//! it makes of that when a UE has lost its bearer (clause 5.2.8.1.2).

use std::collections::{BTreeMap, BTreeSet};

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
    expires: Option<Instant>,
    /// Its place in the order of coming.
    place: u64,
}

/// Early dialogs of which the numbers of requests are kept.
const MOST_EARLY: usize = 10_000;
/// Sessions that are kept: of more, the oldest is forgotten. Its requests go on along the recorded route, but nobody ends
/// it when its UE loses the bearer.
const MOST_CONFIRMED: usize = 100_000;

/// All sessions, found by name, by the registration that they belong to and by the time when one ends.
#[derive(Debug)]
pub(super) struct Sessions {
    confirmed: BTreeMap<SessionKey, Session>,
    /// When one ends for want of refreshing.
    ends: BTreeSet<(Instant, SessionKey)>,
    /// In the order of coming.
    order: BTreeMap<u64, SessionKey>,
    /// How many have come.
    come: u64,
    /// How many are kept.
    most: usize,
    /// CSeq of the UE's last request in a dialog that is not confirmed: PRACK, UPDATE.
    early: BTreeMap<SessionKey, u32>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            confirmed: BTreeMap::new(),
            ends: BTreeSet::new(),
            order: BTreeMap::new(),
            come: 0,
            most: MOST_CONFIRMED,
            early: BTreeMap::new(),
        }
    }
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

    /// Comes before all sessions of a registration.
    fn first_of(token: &str) -> Self {
        let (call_id, local_tag, remote_tag) = Default::default();
        Self { token: token.to_owned(), call_id, local_tag, remote_tag }
    }
}

impl Session {
    /// The session that a 2xx to an INVITE makes. `own` tells the Record-Route values of this P-CSCF for this UE: where it
    /// serves both parties, those for the other one are a part of the way. None if the response lacks what a dialog needs.
    pub(super) fn new(
        request: &Request,
        response: &Response,
        served: Served,
        own: impl Fn(&Uri) -> bool,
    ) -> Option<Self> {
        let from = response.from().ok()??;
        let to = response.to_address().ok()??;
        let recorded = response.record_routes().ok()?;
        // The topmost entry is the callee's neighbour (RFC 3261 clause 12.1.2).
        let (local, remote, contact, seq, route) = match served {
            Served::Caller => {
                // Its neighbour is the last one; of several runs of own entries, that at the end is the caller's.
                let last = recorded.iter().rposition(|entry| own(&entry.uri))?;
                let first_own = recorded[..last].iter().rposition(|entry| !own(&entry.uri)).map_or(0, |at| at + 1);
                let route = recorded[..first_own].iter().rev().map(ToString::to_string).collect();
                (from, to, response.contact().ok()??, request.headers.cseq().ok()??.seq, route)
            }
            Served::Callee => {
                let first = recorded.iter().position(|entry| own(&entry.uri))?;
                let run = recorded[first..].iter().take_while(|entry| own(&entry.uri)).count();
                let route = recorded[first + run..].iter().map(ToString::to_string).collect();
                (to, from, request.contact().ok()??, 0, route)
            }
        };
        Some(Self { local, remote, local_seq: seq, remote_target: contact.uri, route, expires: None, place: 0 })
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
        if self.confirmed.contains_key(&key) {
            return;
        }
        while self.confirmed.len() >= self.most {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.remove(&oldest);
        }
        self.come += 1;
        session.place = self.come;
        self.order.insert(session.place, key.clone());
        if let Some(at) = session.expires {
            self.ends.insert((at, key.clone()));
        }
        self.confirmed.insert(key, session);
    }

    /// A session ends then unless somebody refreshes it; none: it does not.
    pub(super) fn set_end(&mut self, key: &SessionKey, end: Option<Instant>) {
        let Some(session) = self.confirmed.get_mut(key) else { return };
        if let Some(before) = std::mem::replace(&mut session.expires, end) {
            self.ends.remove(&(before, key.clone()));
        }
        if let Some(at) = end {
            self.ends.insert((at, key.clone()));
        }
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
        let session = self.confirmed.remove(key)?;
        self.order.remove(&session.place);
        if let Some(at) = session.expires {
            self.ends.remove(&(at, key.clone()));
        }
        Some(session)
    }

    /// Forgets all that belongs to a registration.
    pub(super) fn remove_of(&mut self, token: &str) {
        for key in self.of(token) {
            self.remove(&key);
        }
        let of_token = self.early.range(SessionKey::first_of(token)..).map(|(key, _)| key);
        let early: Vec<_> = of_token.take_while(|key| key.token == token).cloned().collect();
        for key in early {
            self.early.remove(&key);
        }
    }

    /// The sessions of a registration.
    pub(super) fn of(&self, token: &str) -> Vec<SessionKey> {
        let of_token = self.confirmed.range(SessionKey::first_of(token)..).map(|(key, _)| key);
        of_token.take_while(|key| key.token == token).cloned().collect()
    }

    /// Number of sessions.
    pub(super) fn len(&self) -> usize {
        self.confirmed.len()
    }

    /// When the first one ends for want of refreshing.
    pub(super) fn first_end(&self) -> Option<Instant> {
        self.ends.first().map(|(at, _)| *at)
    }

    /// Takes those that have ended for want of refreshing.
    pub(super) fn take_ended(&mut self, now: Instant) -> Vec<SessionKey> {
        let ended = self.ends.iter().take_while(|(at, _)| *at <= now);
        let keys: Vec<_> = ended.map(|(_, key)| key.clone()).collect();
        for key in &keys {
            self.remove(key);
        }
        keys
    }
}

/// Requests that may change a remote target (RFC 3261 clause 12.2, RFC 3311).
fn is_target_refresh(method: &Method) -> bool {
    *method == Method::INVITE || *method == Method::UPDATE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(token: &str, call_id: &str) -> SessionKey {
        SessionKey {
            token: token.to_owned(),
            call_id: call_id.to_owned(),
            local_tag: "a".to_owned(),
            remote_tag: "b".to_owned(),
        }
    }

    fn session() -> Session {
        let address = || NameAddr::new(Uri::parse("sip:user1@home.net").unwrap());
        Session {
            local: address(),
            remote: address(),
            local_seq: 1,
            remote_target: address().uri,
            route: Vec::new(),
            expires: None,
            place: 0,
        }
    }

    fn is_consistent(sessions: &Sessions) {
        let names: Vec<_> = sessions.confirmed.keys().collect();
        let mut ordered: Vec<_> = sessions.order.values().collect();
        ordered.sort();
        assert_eq!(names, ordered);
        let timed = sessions.confirmed.values().filter(|session| session.expires.is_some()).count();
        assert_eq!(sessions.ends.len(), timed);
    }

    #[test]
    fn of_too_many_sessions_the_oldest_is_forgotten() {
        let mut sessions = Sessions { most: 3, ..Sessions::default() };
        for (call, token) in [("1", "z"), ("2", "a"), ("3", "m"), ("3", "m"), ("4", "a")] {
            sessions.put(key(token, call), session());
            sessions.set_end(&key(token, call), Some(Instant::from_millis(100)));
            is_consistent(&sessions);
        }
        assert_eq!(sessions.len(), 3);
        assert!(!sessions.contains(&key("z", "1")) && sessions.contains(&key("a", "2")));
    }

    #[test]
    fn the_first_end_follows_every_refresh_and_goes_with_the_session() {
        let mut sessions = Sessions::default();
        let at = Instant::from_millis;
        for (call, end) in [("1", 300), ("2", 200), ("3", 100)] {
            sessions.put(key("a", call), session());
            sessions.set_end(&key("a", call), Some(at(end)));
        }
        assert_eq!(sessions.first_end(), Some(at(100)));
        sessions.set_end(&key("a", "3"), Some(at(400)));
        assert_eq!(sessions.first_end(), Some(at(200)));
        sessions.set_end(&key("a", "2"), None);
        assert_eq!(sessions.take_ended(at(300)), [key("a", "1")]);
        is_consistent(&sessions);
        sessions.remove(&key("a", "3"));
        assert_eq!(sessions.first_end(), None);
        is_consistent(&sessions);
    }

    #[test]
    fn all_of_a_registration_go_at_once() {
        let mut sessions = Sessions::default();
        for (token, call) in [("a", "1"), ("b", "1"), ("b", "2"), ("ba", "1")] {
            sessions.put(key(token, call), session());
            sessions.early.insert(key(token, &format!("early{call}")), 1);
        }
        assert_eq!(sessions.of("b"), [key("b", "1"), key("b", "2")]);
        sessions.remove_of("b");
        assert_eq!((sessions.len(), sessions.early.len()), (2, 2));
        is_consistent(&sessions);
    }
}
