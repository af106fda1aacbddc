//! Where users are (RFC 3261 clause 10.3): contacts by address of record, durable, found by flow and by time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use protocol::sip::{Flow, NameAddr, NextHop, Target, Transport, Uri};
use serde::{Deserialize, Serialize};

/// A contact.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Binding {
    /// The Contact value as it came, without `expires`.
    pub(super) contact: String,
    /// Path of the REGISTER, topmost first (RFC 3327).
    pub(super) path: Vec<String>,
    /// Call-ID of the REGISTER.
    pub(super) call_id: String,
    /// CSeq of the REGISTER.
    pub(super) cseq: u32,
    /// When it ends: UTC in milliseconds.
    pub(super) expires_utc_ms: u64,
    /// The flow that it was registered over.
    transport: Transport,
    local: SocketAddr,
    remote: SocketAddr,
    /// Other proxies stand between: the flow is theirs.
    is_behind: bool,
}

impl Binding {
    pub(super) fn new(contact: &NameAddr, path: Vec<String>, (call_id, cseq): (&str, u32), is_behind: bool) -> Self {
        let mut contact = contact.clone();
        contact.params.remove("expires");
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        Self {
            contact: contact.to_string(),
            path,
            call_id: call_id.to_owned(),
            cseq,
            expires_utc_ms: 0,
            transport: Transport::Udp,
            local: nowhere,
            remote: nowhere,
            is_behind,
        }
    }

    /// The same over a flow, until then.
    pub(super) fn at(mut self, flow: Flow, expires_utc_ms: u64) -> Self {
        (self.transport, self.local, self.remote) = (flow.transport, flow.local, flow.remote);
        self.expires_utc_ms = expires_utc_ms;
        self
    }

    pub(super) fn address(&self) -> Option<NameAddr> {
        NameAddr::parse(&self.contact).ok()
    }

    pub(super) fn is(&self, uri: &Uri) -> bool {
        self.address().is_some_and(|own| own.uri.equivalent(uri))
    }

    fn key(&self) -> Option<String> {
        contact_key(&self.address()?.uri)
    }

    pub(super) fn flow(&self) -> Flow {
        Flow { transport: self.transport, local: self.local, remote: self.remote }
    }

    /// Where its requests go: back over its flow, which passes address translation (RFC 5626 clause 5.3), or by Path and
    /// Contact where the flow is that of a proxy.
    pub(super) fn next_hop(&self) -> Option<NextHop> {
        (self.path.is_empty() && !self.is_behind).then(|| NextHop::Target(Target::from(self.flow())))
    }
}

/// All contacts.
#[derive(Debug, Default)]
pub(super) struct Location {
    of_aor: BTreeMap<String, Vec<Binding>>,
    by_flow: BTreeMap<Flow, BTreeSet<String>>,
    /// How many have a contact.
    by_contact: BTreeMap<String, usize>,
    ends: BTreeSet<(u64, String)>,
    contacts: usize,
}

impl Location {
    /// The contacts of an address of record, the oldest first.
    pub(super) fn of(&self, aor: &str) -> &[Binding] {
        self.of_aor.get(aor).map(Vec::as_slice).unwrap_or_default()
    }

    /// Puts contacts in the place of those that there are.
    pub(super) fn put(&mut self, aor: &str, bindings: Vec<Binding>) {
        for old in self.of_aor.remove(aor).unwrap_or_default() {
            self.contacts -= 1;
            self.ends.remove(&(old.expires_utc_ms, aor.to_owned()));
            if let Some(key) = old.key()
                && let Some(count) = self.by_contact.get_mut(&key)
            {
                *count -= 1;
                if *count == 0 {
                    self.by_contact.remove(&key);
                }
            }
            if let Some(aors) = self.by_flow.get_mut(&old.flow()) {
                aors.remove(aor);
                if aors.is_empty() {
                    self.by_flow.remove(&old.flow());
                }
            }
        }
        for new in &bindings {
            self.contacts += 1;
            self.ends.insert((new.expires_utc_ms, aor.to_owned()));
            if let Some(key) = new.key() {
                *self.by_contact.entry(key).or_default() += 1;
            }
            if !new.is_behind && new.path.is_empty() {
                self.by_flow.entry(new.flow()).or_default().insert(aor.to_owned());
            }
        }
        if !bindings.is_empty() {
            self.of_aor.insert(aor.to_owned(), bindings);
        }
    }

    /// The addresses of record that have registered over a flow.
    pub(super) fn at_flow(&self, flow: Flow) -> impl Iterator<Item = &str> {
        self.by_flow.get(&flow).into_iter().flatten().map(String::as_str)
    }

    /// Somebody has registered this URI as his contact.
    pub(super) fn has_contact(&self, uri: &Uri) -> bool {
        contact_key(uri).is_some_and(|key| self.by_contact.contains_key(&key))
    }

    /// Addresses of record with contacts whose time is over.
    pub(super) fn ended(&self, utc_ms: u64) -> BTreeSet<String> {
        self.ends.iter().take_while(|(end, _)| *end <= utc_ms).map(|(_, aor)| aor.clone()).collect()
    }

    pub(super) fn next_end(&self) -> Option<u64> {
        self.ends.first().map(|(end, _)| *end)
    }

    /// Addresses of record that are registered, and contacts.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.of_aor.len(), self.contacts)
    }
}

/// User, host and port of a contact.
fn contact_key(uri: &Uri) -> Option<String> {
    let uri = uri.as_sip()?;
    let (host, port) = uri.host_port();
    Some(format!("{}@{}:{port}", uri.user.as_deref().unwrap_or_default(), host.to_ascii_lowercase()))
}
