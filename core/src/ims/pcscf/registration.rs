//! Registrations as the P-CSCF keeps them (TS 24.229 clause 5.2.2): durable, so that terminating requests reach the UE after
//! a restart.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use protocol::sip::{Flow, Target, Transport, Uri};
use serde::{Deserialize, Serialize};

use super::screening::same_identity;
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

    /// Where requests for the UE go.
    pub(super) fn target(&self) -> Target {
        Target::from(Flow::from(self.flow))
    }

    /// Where they go when the flow has failed: the address in Contact, if it is another one than the flow's.
    pub(super) fn second_target(&self) -> Option<Target> {
        let Ok(Uri::Sip(uri)) = Uri::parse(&self.contact) else { return None };
        let ip = uri.host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
        let remote = SocketAddr::new(ip, uri.port.unwrap_or(5060));
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

/// All registrations, found by token, flow and identity.
#[derive(Default, Debug)]
pub(super) struct Registrations(BTreeMap<String, Registration>);

impl Registrations {
    /// Puts a registration in the place of the one with its token.
    pub(super) fn put(&mut self, registration: Registration) {
        self.0.insert(registration.token.clone(), registration);
    }

    /// Takes a registration away.
    pub(super) fn remove(&mut self, token: &str) -> Option<Registration> {
        self.0.remove(token)
    }

    /// By the user part of its Path.
    pub(super) fn by_token(&self, token: &str) -> Option<&Registration> {
        self.0.get(token)
    }

    /// By the user part of its Path, to be changed.
    pub(super) fn by_token_mut(&mut self, token: &str) -> Option<&mut Registration> {
        self.0.get_mut(token)
    }

    /// The registration that a request over `flow` belongs to: the one of this very flow, else the one from the same
    /// address with the same Contact (a UE that goes over to TCP for a long message, RFC 3261 clause 18.1.1). Of several,
    /// the one with one of the `wanted` identities.
    pub(super) fn of_request(&self, flow: Flow, contact: Option<&Uri>, wanted: &[Uri]) -> Option<&Registration> {
        let same_flow: Vec<_> = self
            .0
            .values()
            .filter(|known| known.flow.transport == flow.transport && known.flow.remote == flow.remote)
            .collect();
        let found = if same_flow.is_empty() {
            let same_contact = |known: &&Registration| {
                known.flow.remote.ip() == flow.remote.ip()
                    && contact.is_some_and(|contact| same_address(contact, &known.contact))
            };
            self.0.values().filter(same_contact).collect()
        } else {
            same_flow
        };
        let owns = |known: &&&Registration| {
            known.identities().iter().any(|own| wanted.iter().any(|wanted| same_identity(own, wanted)))
        };
        found.iter().find(owns).or_else(|| found.first()).copied()
    }

    /// The registration of an identity from an address, whatever its port: the one that a REGISTER refreshes.
    pub(super) fn of_register(&self, aor: &str, contact: &Uri) -> Option<&Registration> {
        self.0.values().find(|known| known.aor == aor && same_address(contact, &known.contact))
    }

    /// All registrations of a UE's address.
    pub(super) fn at_address(&self, ue: SocketAddr) -> impl Iterator<Item = &Registration> {
        self.0.values().filter(move |known| known.flow.remote == ue)
    }

    /// All, by token.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Registration> {
        self.0.values()
    }

    /// Number of registrations.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// When the first of them ends, or wants its subscription refreshed: UTC in milliseconds.
    pub(super) fn first_due(&self) -> Option<u64> {
        let refresh = |known: &Registration| known.subscription.as_ref().map_or(u64::MAX, |own| own.refresh_utc_ms);
        self.0.values().map(|known| known.expires_utc_ms.min(refresh(known))).min()
    }
}

/// True if a Contact names the host and port of another one.
fn same_address(a: &Uri, b: &str) -> bool {
    match (a, Uri::parse(b)) {
        (Uri::Sip(a), Ok(Uri::Sip(b))) => {
            a.host.eq_ignore_ascii_case(&b.host) && a.port.unwrap_or(5060) == b.port.unwrap_or(5060) && a.user == b.user
        }
        _ => false,
    }
}
