//! Who a request is of: digest with MD5 and SHA-256 (RFC 7616, RFC 8760, RFC 3261 clause 22).
//!
//! A nonce carries its time under a key of this process, so that challenges cost no memory; what was used is remembered.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::sip::proxy::Refusal;
use protocol::sip::{Algorithm, Credentials, Qop, Request, digest_ha1};
use protocol::{Entropy, Instant, Secret};
use sha2::{Digest, Sha256};

use super::config::SipUser;
use crate::node::Expiring;

/// Asks for digests and looks at them.
#[derive(Debug)]
pub(super) struct Guard {
    realm: String,
    algorithms: Vec<Algorithm>,
    lifetime: Duration,
    key: Secret<[u8; 32]>,
    users: BTreeMap<String, SipUser>,
    /// Nonces that were used, and the highest count.
    used: Expiring<String, u32>,
}

/// Where credentials stand, and what asks for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Authorization, 401.
    Registrar,
    /// Proxy-Authorization, 407.
    Proxy,
}

/// What credentials are worth.
#[derive(Debug)]
pub(super) enum Verdict {
    /// This user's; with the value of Authentication-Info.
    User(SipUser, Option<String>),
    /// There are none for this realm.
    None,
    /// They are right, but the nonce is over.
    Stale,
    /// They are wrong.
    Wrong,
    /// They cannot be read.
    Bad(Refusal),
}

impl Guard {
    pub(super) fn new(
        realm: &str,
        algorithms: &[Algorithm],
        lifetime: Duration,
        users: &[SipUser],
        entropy: &mut Entropy,
    ) -> Self {
        let mut key = [0; 32];
        entropy.fill(&mut key);
        let users = users.iter().map(|user| (user.name.clone(), user.clone())).collect();
        let used = Expiring::default();
        Self { realm: realm.to_owned(), algorithms: algorithms.to_vec(), lifetime, key: Secret::new(key), users, used }
    }

    /// Holds the credentials of a request against its user's password.
    pub(super) fn check(&mut self, now: Instant, request: &Request, place: Place) -> Verdict {
        let credentials = match self.credentials(request, place) {
            Ok(Some(credentials)) => credentials,
            Ok(None) => return Verdict::None,
            Err(refusal) => return Verdict::Bad(refusal),
        };
        let algorithm = credentials.algorithm();
        let name = credentials.username().unwrap_or_default();
        let Some(user) = self.users.get(&*name).filter(|_| self.algorithms.contains(&algorithm)) else {
            return Verdict::Wrong;
        };
        let ha1 = Secret::new(digest_ha1(&algorithm, &user.name, &self.realm, user.password.expose().as_bytes()));
        if !credentials.verify_ha1(ha1.expose(), &request.method, &request.body).unwrap_or(false) {
            return Verdict::Wrong;
        }
        let user = user.clone();
        let nonce = credentials.nonce().unwrap_or_default().into_owned();
        if !self.is_good(now, &nonce) || !self.count(now, nonce, &credentials) {
            return Verdict::Stale;
        }
        Verdict::User(user, authentication_info(&credentials, &ha1))
    }

    /// A challenge for each algorithm.
    pub(super) fn challenge(&self, now: Instant, entropy: &mut Entropy, place: Place, stale: bool) -> Refusal {
        let (status, name) = match place {
            Place::Registrar => (401, "WWW-Authenticate"),
            Place::Proxy => (407, "Proxy-Authenticate"),
        };
        let (realm, stale) = (&self.realm, if stale { ", stale=TRUE" } else { "" });
        self.algorithms.iter().fold(Refusal::new(status), |refusal, algorithm| {
            let nonce = self.nonce(now, &entropy.token(16));
            let value =
                format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\"{stale}");
            refusal.with(name, &value)
        })
    }

    /// Forgets nonces whose time is over.
    pub(super) fn expire(&mut self, now: Instant) {
        self.used.expire(now);
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.used.first_end()
    }

    /// The credentials for this realm. With two of them it would not be clear whose request it is.
    fn credentials(&self, request: &Request, place: Place) -> Result<Option<Credentials>, Refusal> {
        let name = match place {
            Place::Registrar => "Authorization",
            Place::Proxy => "Proxy-Authorization",
        };
        let mut found = None;
        for value in request.headers.all(name) {
            let read = Credentials::parse(value);
            let credentials = read.map_err(|_| Refusal::new(400).because(&format!("{name} cannot be read")))?;
            let ours = credentials.is_digest() && credentials.realm().is_some_and(|realm| *realm == *self.realm);
            if ours && found.replace(credentials).is_some() {
                return Err(Refusal::new(400).because(&format!("More than one {name}")));
            }
        }
        Ok(found.filter(|credentials| credentials.response().is_some_and(|response| !response.is_empty())))
    }

    fn nonce(&self, now: Instant, random: &str) -> String {
        let text = format!("{:x}.{random}", now.as_nanos() / 1_000_000);
        format!("{text}.{}", self.mark(&text))
    }

    fn mark(&self, text: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(self.key.expose());
        hash.update(text.as_bytes());
        hex::encode(&hash.finalize()[..12])
    }

    /// The nonce is one of ours, and its time is not over.
    fn is_good(&self, now: Instant, nonce: &str) -> bool {
        let Some((text, mark)) = nonce.rsplit_once('.') else { return false };
        let issued = text.split('.').next().and_then(|ms| u64::from_str_radix(ms, 16).ok());
        mark == self.mark(text)
            && issued
                .is_some_and(|ms| Instant::from_millis(ms) <= now && now <= Instant::from_millis(ms) + self.lifetime)
    }

    /// RFC 7616 clause 3.4: the same count twice is a replay. Without qop there is none: the nonce is good once.
    fn count(&mut self, now: Instant, nonce: String, credentials: &Credentials) -> bool {
        let count = if credentials.qop().is_some() { credentials.nonce_count() } else { Some(u32::MAX) };
        let last = self.used.get(&nonce).map_or(0, |(count, _)| *count);
        let Some(count) = count.filter(|count| *count > last) else { return false };
        self.used.insert(nonce, count, now + self.lifetime);
        true
    }
}

/// `rspauth` shows the user that the network knows his password too (RFC 7616 clause 3.5). The 200 has no body.
fn authentication_info(credentials: &Credentials, ha1: &Secret<String>) -> Option<String> {
    let qop = credentials.qop().filter(|qop| *qop == Qop::Auth)?;
    let rspauth = credentials.rspauth_of_ha1(ha1.expose(), &[]).ok()?;
    let (cnonce, nc) = (credentials.params.get("cnonce")?, credentials.params.get("nc")?);
    Some(format!("qop={}, rspauth=\"{rspauth}\", cnonce={cnonce}, nc={nc}", qop.as_str()))
}
