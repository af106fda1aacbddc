//! Settings of a plain SIP network: its users and the services that their requests are led by.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::Secret;
use protocol::sip::{Algorithm, HostTable, SipTimers, Transport, Uri};
use serde::Deserialize;

use crate::ims::{NetworkBox, NetworkPlan, TrustedPeer};

/// A plain SIP network in one node.
#[derive(Clone, Debug)]
pub struct SipNetworkConfig {
    /// Its URI, as it stands in Record-Route and in third-party registrations.
    pub uri: String,
    /// The domain of its users, and the realm of their passwords.
    pub domain: String,
    /// Its sockets, the preferred one of a transport first.
    pub local: Vec<(Transport, SocketAddr)>,
    /// Addresses of hosts: services, other networks.
    pub hosts: HostTable,
    /// SIP timers.
    pub timers: SipTimers,
    /// Boxes whose P-Asserted-Identity is believed (RFC 3325 clause 4): services, proxies. Nobody else's is.
    pub trusted: Vec<TrustedPeer>,
    /// Its users.
    pub users: Vec<SipUser>,
    /// What their requests are led by, in this order.
    pub services: Vec<SipService>,
    /// Digest algorithms that are offered, the best first (RFC 8760 clause 2.4): MD5 and SHA-256, also their `-sess` forms.
    pub algorithms: Vec<Algorithm>,
    /// When a request is taken for a user's.
    pub proof: Proof,
    /// How long a nonce is good.
    pub nonce_lifetime: Duration,
    /// Seconds that a contact lives when the REGISTER does not say.
    pub default_expires: u32,
    /// A contact may not ask for less (423).
    pub min_expires: u32,
    /// A contact gets no more.
    pub max_expires: u32,
    /// UTC in milliseconds at the start of the run.
    pub utc_ms_at_zero: u64,
}

/// When a request is taken for a user's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// It brings his digest: all others are asked for it (407).
    #[default]
    EachRequest,
    /// It comes over the flow that he registered from. Over UDP, who can forge source addresses can speak for others.
    RegisteredFlow,
}

/// A user.
#[derive(Clone, Debug)]
pub struct SipUser {
    /// His name in digests.
    pub name: String,
    /// His password.
    pub password: Secret<String>,
    /// His addresses of record, at least one: the first is asserted when a request names none.
    pub identities: Vec<String>,
}

/// A service that requests of users, or to them, are led by: what filter criteria are in the IMS.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SipService {
    /// Its SIP URI.
    pub uri: String,
    /// Methods of initial requests; none: no request is led by it.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Event packages of these (RFC 6665 clause 8.2.1); none: any, or no Event.
    #[serde(default)]
    pub events: Vec<String>,
    /// Only requests to this identity; none: to anybody.
    #[serde(default)]
    pub request_uri: Option<String>,
    /// Requests of users, or to users.
    #[serde(default)]
    pub side: Side,
    /// Only of users who are registered, or who are not; none: of both.
    #[serde(default)]
    pub registered: Option<bool>,
    /// It is told of registrations by third-party REGISTER.
    #[serde(default)]
    pub registers: bool,
    /// What becomes of a request when it does not answer.
    #[serde(default)]
    pub otherwise: Otherwise,
}

/// Whom a service serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The caller.
    #[default]
    Originating,
    /// The callee.
    Terminating,
}

/// What becomes of a request when a service fails (408, 5xx).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// It goes on without it.
    #[default]
    Continue,
    /// It fails.
    Refuse,
}

impl SipNetworkConfig {
    /// A network at `local` without users.
    #[must_use]
    pub fn new(uri: &str, domain: &str, local: SocketAddr) -> Self {
        Self {
            uri: uri.to_owned(),
            domain: domain.to_owned(),
            local: vec![(Transport::Udp, local), (Transport::Tcp, local)],
            hosts: HostTable::new(),
            timers: SipTimers::default(),
            trusted: Vec::new(),
            users: Vec::new(),
            services: Vec::new(),
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
            proof: Proof::default(),
            nonce_lifetime: Duration::from_secs(300),
            default_expires: 3600,
            min_expires: 60,
            max_expires: 7200,
            utc_ms_at_zero: 0,
        }
    }

    /// The network of a plan, without users.
    #[must_use]
    pub fn of(plan: &NetworkPlan) -> Self {
        let own = NetworkBox::SipProxy;
        Self {
            hosts: plan.hosts(),
            trusted: plan.trusted(),
            utc_ms_at_zero: plan.utc_ms_at_zero,
            ..Self::new(&format!("sip:{}", plan.host(own)), &plan.domain, own.sip())
        }
    }
}

/// A file of users that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}: {why}")]
pub struct SipUsersError {
    file: String,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    user: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    password: String,
    identities: Vec<String>,
}

/// Users from TOML: `[[user]]` with `name`, `password` and `identities`. `file` is for the error, which repeats no secret.
///
/// # Errors
/// What is wrong, and with whom.
pub fn parse_sip_users(file: &str, text: &str) -> Result<Vec<SipUser>, SipUsersError> {
    let wrong = |why: String| SipUsersError { file: file.to_owned(), why };
    // The parser's own words would repeat the line, and with it a password.
    let read = |e: toml::de::Error| {
        let at = e.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count());
        wrong(format!("line {at}: not [[user]] with name, password and identities, all of them texts"))
    };
    let entries = toml::from_str::<File>(text).map_err(read)?.user;
    let (mut users, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
    for Entry { name, password, identities } in entries {
        if name.is_empty() || password.is_empty() || identities.is_empty() {
            return Err(wrong(format!("user {name:?}: give a name, a password and at least one identity")));
        }
        for identity in &identities {
            let uri = Uri::parse(identity).map_err(|e| wrong(format!("user {name}: {identity}: {e}")))?;
            if matches!(uri, Uri::Other(_)) || !seen.insert(uri.identity()) {
                return Err(wrong(format!("user {name}: {identity} is somebody's already, or neither sip nor tel")));
            }
        }
        if users.iter().any(|other: &SipUser| other.name == name) {
            return Err(wrong(format!("user {name} is there twice")));
        }
        users.push(SipUser { name, password: Secret::new(password), identities });
    }
    Ok(users)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_and_no_password_is_told() {
        let text = "[[user]]\nname = 'a'\npassword = 'pw-a'\nidentities = ['sip:a@x', 'tel:+1']\n";
        let users = parse_sip_users("f", text).unwrap();
        assert_eq!((users[0].name.as_str(), users[0].identities.len()), ("a", 2));
        assert!(!format!("{users:?}").contains("pw-a"));
        for bad in [
            "[[user]]\nname = 'a'\npassword = 'pw-a'\nidentities = []\n".to_owned(),
            "[[user]]\nname = 'a'\npassword = ['pw-a']\nidentities = ['sip:a@x']\n".to_owned(),
            "[[user]]\nname = 'a'\npassword = 'pw-a'\nidentities = ['mailto:a@x']\n".to_owned(),
            format!("{text}{text}"),
        ] {
            let error = parse_sip_users("f", &bad).unwrap_err().to_string();
            assert!(error.starts_with("f: ") && !error.contains("pw-a"), "{error}");
        }
    }
}
