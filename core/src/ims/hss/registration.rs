//! Registration state as the HSS knows it (TS 29.228 clause 6.7, TS 23.008 clause 3.4).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::subscriber::{ImplicitSet, canonical};
use crate::node::{NodeStoreOp, Table};

/// State of a public identity, the same for its whole implicit registration set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum IdentityState {
    /// Not registered.
    NotRegistered,
    /// Registered.
    Registered,
    /// Not registered, but an S-CSCF serves it.
    Unregistered,
}

/// What is known of a subscription: one S-CSCF for all its identities.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Registration {
    /// Name of the S-CSCF, a SIP URI.
    pub(super) server: Option<String>,
    /// Where its Diameter client is.
    pub(super) client: Option<Client>,
    /// By implicit registration set.
    sets: BTreeMap<String, SetRegistration>,
}

/// Diameter client of an S-CSCF.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Client {
    pub(super) host: String,
    pub(super) realm: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct SetRegistration {
    /// Private identities that have registered it.
    registered: BTreeSet<String>,
    /// Private identities whose authentication is under way.
    pending: BTreeSet<String>,
    /// Served while not registered.
    unregistered: bool,
}

/// Names a set, also when it is shared: by its first identity.
pub(super) fn set_key(set: &ImplicitSet) -> String {
    set.identities.first().map_or_else(String::new, |i| canonical(&i.uri))
}

impl Registration {
    pub(super) fn state(&self, set: &str) -> IdentityState {
        match self.sets.get(set) {
            Some(set) if !set.registered.is_empty() => IdentityState::Registered,
            Some(set) if set.unregistered => IdentityState::Unregistered,
            _ => IdentityState::NotRegistered,
        }
    }

    pub(super) fn is_registered_by(&self, set: &str, impi: &str) -> bool {
        self.sets.get(set).is_some_and(|s| s.registered.contains(impi))
    }

    /// Sets that a private identity has registered.
    pub(super) fn registered_by(&self, impi: &str) -> Vec<String> {
        self.sets.iter().filter(|(_, s)| s.registered.contains(impi)).map(|(key, _)| key.clone()).collect()
    }

    pub(super) fn assign(&mut self, server: &str, client: Client) {
        self.server = Some(server.to_owned());
        self.client = Some(client);
    }

    pub(super) fn set_pending(&mut self, set: &str, impi: &str) {
        self.sets.entry(set.to_owned()).or_default().pending.insert(impi.to_owned());
    }

    pub(super) fn register(&mut self, set: &str, impi: &str) {
        let set = self.sets.entry(set.to_owned()).or_default();
        set.pending.remove(impi);
        set.registered.insert(impi.to_owned());
        set.unregistered = false;
    }

    pub(super) fn serve_unregistered(&mut self, set: &str) {
        self.sets.entry(set.to_owned()).or_default().unregistered = true;
    }

    /// Ends what a private identity has in a set; `keep`: the S-CSCF goes on with it unregistered.
    pub(super) fn deregister(&mut self, set: &str, impi: &str, keep: bool) {
        if let Some(set) = self.sets.get_mut(set) {
            set.pending.remove(impi);
            let was = set.registered.remove(impi) || set.unregistered;
            set.unregistered = keep && was && set.registered.is_empty();
        }
        self.tidy();
    }

    /// Ends an authentication without success.
    pub(super) fn give_up(&mut self, set: &str, impi: &str) {
        if let Some(set) = self.sets.get_mut(set) {
            set.pending.remove(impi);
        }
        self.tidy();
    }

    /// An S-CSCF that serves nothing is not assigned any more.
    fn tidy(&mut self) {
        self.sets.retain(|_, s| s.unregistered || !s.registered.is_empty() || !s.pending.is_empty());
        if self.sets.is_empty() {
            (self.server, self.client) = (None, None);
        }
    }

    /// What makes it durable.
    pub(super) fn store(&self, subscription: &str) -> NodeStoreOp {
        let (table, key) = (Table::HssRegistration, subscription.to_owned());
        match serde_json::to_vec(self) {
            Ok(value) if *self != Self::default() => NodeStoreOp::Put { table, key, value },
            _ => NodeStoreOp::Delete { table, key },
        }
    }
}
