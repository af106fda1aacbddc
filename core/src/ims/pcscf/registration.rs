//! Registrations as the P-CSCF keeps them (TS 24.229 clause 5.2.2): durable, so that terminating requests reach the UE after
//! a restart.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use protocol::sip::{Flow, Target, Transport, Uri};
use serde::{Deserialize, Serialize};

use super::sec_agree::Agreement;

/// How a UE is reached: back over the flow that it registered from (RFC 5626 clause 5.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct UeFlow {
    /// How.
    pub(super) transport: Transport,
    /// The address of this P-CSCF.
    pub(super) local: SocketAddr,
    /// The address of the UE.
    pub(super) remote: SocketAddr,
}

impl From<Flow> for UeFlow {
    fn from(flow: Flow) -> Self {
        Self { transport: flow.transport, local: flow.local, remote: flow.remote }
    }
}

impl From<UeFlow> for Flow {
    fn from(flow: UeFlow) -> Self {
        Self { transport: flow.transport, local: flow.local, remote: flow.remote }
    }
}

/// A subscription to the reg event of a user (TS 24.229 clause 5.2.3): what its dialog needs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct RegSubscription {
    /// Call-ID.
    pub(super) call_id: String,
    /// Our tag.
    pub(super) local_tag: String,
    /// The notifier's tag; empty until it has answered.
    pub(super) remote_tag: String,
    /// CSeq of the last SUBSCRIBE.
    pub(super) cseq: u32,
    /// Contact of the notifier.
    pub(super) target: String,
    /// Route set towards it.
    pub(super) route: Vec<String>,
    /// CSeq of the last NOTIFY.
    pub(super) notified: Option<u32>,
    /// When it is to be refreshed: UTC in milliseconds.
    pub(super) refresh_utc_ms: u64,
}

impl RegSubscription {
    /// A subscription that nobody has answered.
    pub(super) const fn new(call_id: String, local_tag: String) -> Self {
        Self {
            call_id,
            local_tag,
            remote_tag: String::new(),
            cseq: 0,
            target: String::new(),
            route: Vec::new(),
            notified: None,
            refresh_utc_ms: u64::MAX,
        }
    }
}

/// A registration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Registration {
    /// User part of the URI in Path, and the key in the store.
    pub(super) token: String,
    /// Private user identity; none if the UE has sent no Authorization.
    pub(super) impi: Option<String>,
    /// The public user identity that was registered.
    pub(super) aor: String,
    /// Contact as the UE wrote it.
    pub(super) contact: String,
    /// How it is reached.
    pub(super) flow: UeFlow,
    /// URI of Path, as the S-CSCF has it.
    pub(super) path: String,
    /// Domain of the home network.
    pub(super) home: String,
    /// Service-Route: the values in their order.
    pub(super) service_route: Vec<String>,
    /// P-Associated-URI: URIs in their order; the first is the default public user identity.
    pub(super) associated: Vec<String>,
    /// End of the registration: UTC in milliseconds.
    pub(super) expires_utc_ms: u64,
    /// Security agreement in use.
    pub(super) agreement: Option<Agreement>,
    /// Subscription to its state.
    pub(super) subscription: Option<RegSubscription>,
}

impl Registration {
    /// The public user identities that the UE may use.
    pub(super) fn identities(&self) -> Vec<Uri> {
        let listed = self.associated.iter().filter_map(|uri| Uri::parse(uri).ok());
        let identities: Vec<_> = listed.collect();
        if identities.is_empty() { Uri::parse(&self.aor).into_iter().collect() } else { identities }
    }

    /// True if it is of this very flow.
    pub(super) fn is_at(&self, flow: Flow) -> bool {
        self.flow.transport == flow.transport && self.flow.remote == flow.remote
    }

    /// When it ends, or wants its subscription refreshed: UTC in milliseconds.
    fn due(&self) -> u64 {
        let refresh = self.subscription.as_ref().map_or(u64::MAX, |own| own.refresh_utc_ms);
        self.expires_utc_ms.min(refresh)
    }

    /// The address in Contact.
    fn contact_address(&self) -> Option<SocketAddr> {
        let Ok(Uri::Sip(uri)) = Uri::parse(&self.contact) else { return None };
        let (_, port) = uri.host_port();
        Some(SocketAddr::new(uri.host_address()?, port))
    }

    /// True if a request over `flow` may be of this UE: over its very flow, or from where it listens.
    pub(super) fn is_from(&self, flow: Flow) -> bool {
        let same_ip = self.flow.remote.ip() == flow.remote.ip();
        self.is_at(flow) || (same_ip && self.contact_address() == Some(flow.remote))
    }

    fn contact_key(&self) -> Option<String> {
        contact_key(&Uri::parse(&self.contact).ok()?)
    }

    fn keys(&self) -> Vec<Key> {
        let remote = self.flow.remote;
        let mut keys = vec![Key::Remote(remote), Key::Ip(remote.ip()), Key::Identity(self.aor.clone())];
        keys.extend(self.contact_address().map(Key::Remote));
        keys.extend(self.identities().iter().map(|uri| Key::Identity(uri.identity())));
        keys.extend(self.contact_key().map(Key::Contact));
        keys.extend(self.impi.clone().map(Key::Impi));
        keys
    }

    /// Where requests for the UE go.
    pub(super) fn target(&self) -> Target {
        Target::from(Flow::from(self.flow))
    }

    /// Where they go when the flow has failed: the address in Contact, if it is another one than the flow's.
    pub(super) fn second_target(&self) -> Option<Target> {
        let Ok(Uri::Sip(uri)) = Uri::parse(&self.contact) else { return None };
        let remote = self.contact_address()?;
        let transport = match uri.params.get("transport").map(str::to_ascii_lowercase).as_deref() {
            Some("tcp") => Transport::Tcp,
            Some("tls") => Transport::Tls,
            _ if uri.secure => Transport::Tls,
            _ => Transport::Udp,
        };
        let first = self.target();
        (remote != first.remote || transport.is_reliable()).then_some(Target { transport, remote, flow: None })
    }
}

/// All registrations, found by token, flow, Contact, identities and the time when something is due.
#[derive(Default, Debug)]
pub(super) struct Registrations {
    known: BTreeMap<String, Registration>,
    /// Tokens by what else a registration is found by.
    index: BTreeMap<Key, BTreeSet<String>>,
    /// When something is to be done: UTC in milliseconds, and the token.
    due: BTreeSet<(u64, String)>,
}

/// What a registration is found by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Key {
    /// Address that the UE registered from, or that its Contact names.
    Remote(SocketAddr),
    /// The address without port.
    Ip(IpAddr),
    /// User, host and port of Contact.
    Contact(String),
    /// A public user identity.
    Identity(String),
    /// The private user identity.
    Impi(String),
}

impl Registrations {
    /// Puts a registration in the place of the one with its token.
    pub(super) fn put(&mut self, registration: Registration) {
        self.remove(&registration.token);
        let token = &registration.token;
        for key in registration.keys() {
            self.index.entry(key).or_default().insert(token.clone());
        }
        self.due.insert((registration.due(), token.clone()));
        self.known.insert(token.clone(), registration);
    }

    /// Takes a registration away.
    pub(super) fn remove(&mut self, token: &str) -> Option<Registration> {
        let registration = self.known.remove(token)?;
        for key in registration.keys() {
            if let Some(tokens) = self.index.get_mut(&key) {
                tokens.remove(token);
                if tokens.is_empty() {
                    self.index.remove(&key);
                }
            }
        }
        self.due.remove(&(registration.due(), token.to_owned()));
        Some(registration)
    }

    /// By the user part of its Path.
    pub(super) fn by_token(&self, token: &str) -> Option<&Registration> {
        self.known.get(token)
    }

    /// The registration that a request over `flow` belongs to: one of this very flow, one of the UE that listens where the
    /// request comes from, or one from the same address with the same Contact (a UE that goes over to TCP for a long
    /// message, RFC 3261 clause 18.1.1). Of several, the one with the `token` that the request's route goes through, then the
    /// one with one of the `wanted` identities, then the one with this Contact. A UE that has its address for itself is known
    /// by that.
    pub(super) fn of_request(
        &self,
        flow: Flow,
        token: Option<&str>,
        contact: Option<&Uri>,
        wanted: &[Uri],
    ) -> Option<&Registration> {
        let ip = flow.remote.ip();
        // Several users behind one flow: inside a dialog only the recorded route tells whose it is. The other party has seen
        // the token too, so one who is known here himself is not taken for another by it.
        let stranger = || self.of(Key::Remote(flow.remote)).next().is_none();
        let routed = |known: &&Registration| known.is_from(flow) || (known.flow.remote.ip() == ip && stranger());
        // What was registered over TLS is known by its connection alone: its address may be that of many.
        let proven = |known: &&Registration| known.flow.transport != Transport::Tls || known.is_at(flow);
        if let Some(known) = token.and_then(|token| self.by_token(token)).filter(routed).filter(proven) {
            return Some(known);
        }
        let contact = contact.and_then(contact_key);
        let same_contact = |known: &Registration| {
            known.flow.remote.ip() == ip && contact.is_some() && known.contact_key().as_ref() == contact.as_ref()
        };
        let may = |known: &&Registration| (known.is_from(flow) || same_contact(known)) && proven(known);
        let by = |key: Key| self.of(key).find(may);
        wanted
            .iter()
            .find_map(|uri| by(Key::Identity(uri.identity())))
            .or_else(|| contact.clone().and_then(|contact| by(Key::Contact(contact))))
            .or_else(|| self.at_flow(flow))
            .or_else(|| by(Key::Remote(flow.remote)))
            .or_else(|| self.only_one_at(ip).filter(proven))
    }

    /// The registration of an address that only one UE has.
    fn only_one_at(&self, ip: IpAddr) -> Option<&Registration> {
        let mut all = self.of(Key::Ip(ip));
        let first = all.next()?;
        all.all(|other| other.flow == first.flow && other.contact == first.contact).then_some(first)
    }

    /// A registration of this very flow.
    pub(super) fn at_flow(&self, flow: Flow) -> Option<&Registration> {
        self.of(Key::Remote(flow.remote)).find(|known| known.is_at(flow))
    }

    /// The registrations of a private identity.
    pub(super) fn of_impi(&self, impi: &str) -> impl Iterator<Item = &Registration> {
        self.of(Key::Impi(impi.to_owned()))
    }

    /// The registrations of a public identity, its own ones and those of its implicit set.
    pub(super) fn of_identity(&self, identity: &str) -> impl Iterator<Item = &Registration> {
        self.of(Key::Identity(identity.to_owned()))
    }

    /// The registration that a REGISTER of an identity with this Contact refreshes.
    pub(super) fn of_register(&self, aor: &str, contact: &Uri) -> Option<&Registration> {
        self.of(Key::Contact(contact_key(contact)?)).find(|known| known.aor == aor)
    }

    /// All registrations of a UE's address.
    pub(super) fn at_address(&self, ue: SocketAddr) -> impl Iterator<Item = &Registration> {
        self.of(Key::Remote(ue))
    }

    /// Number of registrations.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// When the first of them ends, or wants its subscription refreshed: UTC in milliseconds.
    pub(super) fn first_due(&self) -> Option<u64> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Those that have ended or want their subscription refreshed.
    pub(super) fn due(&self, utc_ms: u64) -> Vec<Registration> {
        let due = self.due.iter().take_while(|(at, _)| *at <= utc_ms);
        due.filter_map(|(_, token)| self.known.get(token).cloned()).collect()
    }

    fn of(&self, key: Key) -> impl Iterator<Item = &Registration> {
        self.index.get(&key).into_iter().flatten().filter_map(|token| self.known.get(token))
    }
}

/// User, host and port of a Contact.
fn contact_key(contact: &Uri) -> Option<String> {
    let Uri::Sip(uri) = contact else { return None };
    let (host, port) = uri.host_port();
    Some(format!("{}@{}:{port}", uri.user.as_deref().unwrap_or_default(), host.to_ascii_lowercase()))
}
