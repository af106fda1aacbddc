//! Transactions that are under way, what each is for, and whether a session has any.

use std::collections::{BTreeMap, BTreeSet};

use super::io::{NotifierId, SessionId, SubscriberId};
use crate::sip::session::Purpose;
use crate::sip::{ClientKey, ServerKey, TransactionKey};

/// What a request in a transaction is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RequestOf {
    User(u64),
    Session(SessionId, Purpose),
    Subscriber(SubscriberId),
    Notifier(NotifierId),
}

/// Requests of ours, and INVITEs that came.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    requests: BTreeMap<ClientKey, RequestOf>,
    invites: BTreeMap<ServerKey, SessionId>,
    of_session: BTreeMap<SessionId, BTreeSet<TransactionKey>>,
    /// Sessions that have none any more.
    left: BTreeSet<SessionId>,
}

impl UnderWay {
    pub(super) fn sent(&mut self, key: ClientKey, of: RequestOf) {
        self.requests.insert(key, of);
        if let RequestOf::Session(id, _) = of {
            self.of_session.entry(id).or_default().insert(key.into());
        }
    }

    pub(super) fn came(&mut self, key: ServerKey, id: SessionId) {
        self.ended(key);
        self.invites.insert(key, id);
        self.of_session.entry(id).or_default().insert(key.into());
    }

    pub(super) fn request(&self, key: ClientKey) -> Option<RequestOf> {
        self.requests.get(&key).copied()
    }

    /// The session of an INVITE that came.
    pub(super) fn invite(&self, key: ServerKey) -> Option<SessionId> {
        self.invites.get(&key).copied()
    }

    /// The INVITEs by which a session was offered by us.
    pub(super) fn own_invites(&self, id: SessionId) -> Vec<ClientKey> {
        let keys = self.of_session.get(&id).into_iter().flatten().filter_map(|key| match key {
            TransactionKey::Client(key) => Some(*key),
            TransactionKey::Server(_) => None,
        });
        keys.filter(|key| self.requests.get(key) == Some(&RequestOf::Session(id, Purpose::Invite))).collect()
    }

    /// A transaction is over.
    pub(super) fn ended(&mut self, key: impl Into<TransactionKey>) {
        let key = key.into();
        let id = match key {
            TransactionKey::Client(key) => match self.requests.remove(&key) {
                Some(RequestOf::Session(id, _)) => Some(id),
                _ => None,
            },
            TransactionKey::Server(key) => self.invites.remove(&key),
        };
        let Some(id) = id else { return };
        let Some(keys) = self.of_session.get_mut(&id) else { return };
        keys.remove(&key);
        if keys.is_empty() {
            self.of_session.remove(&id);
            self.left.insert(id);
        }
    }

    /// A session has some.
    pub(super) fn has(&self, id: SessionId) -> bool {
        self.of_session.contains_key(&id)
    }

    /// Sessions that have none any more, since this was asked last.
    pub(super) fn take_left(&mut self) -> BTreeSet<SessionId> {
        std::mem::take(&mut self.left)
    }

    /// Forgets all requests but those of the user.
    pub(super) fn forget_usages(&mut self) {
        let of_usages = self.requests.iter().filter(|(_, of)| !matches!(of, RequestOf::User(_))).map(|(key, _)| *key);
        for key in of_usages.collect::<Vec<_>>() {
            self.ended(key);
        }
    }
}
