//! HTTP Digest (RFC 7616) on the server's side: MD5 and SHA-256, quality `auth` or `auth-int`, nonces that end, and no
//! nonce count that comes twice.
//!
//! A nonce carries its own time and seal, so strangers who ask for nonces take no memory; what is kept is kept for those
//! that a user has answered.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Request;
use protocol::sip::{Algorithm, Credentials, Method, Qop, base64_decode, base64_encode, digest_ha1};
use protocol::{Entropy, Instant};
use sha2::{Digest as _, Sha256};

/// Why credentials do not open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DigestRefusal {
    /// There are none.
    #[error("no credentials")]
    Missing,
    /// They cannot be read, lack what RFC 7616 asks for, or are for another address.
    #[error("{0}")]
    Malformed(&'static str),
    /// The user or the password is wrong.
    #[error("wrong user name or password")]
    Wrong,
    /// The nonce is not one of ours any more; the password was right.
    #[error("the nonce has ended")]
    Stale,
    /// The nonce count was used.
    #[error("a digest that was used before")]
    Replayed,
}

/// Who passed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passed {
    /// The user name.
    pub username: String,
    /// Authentication-Info of the answer (RFC 7616 clause 3.5), for answers without a body and others with quality `auth`.
    pub info: Option<String>,
}

/// The gate.
#[derive(Debug)]
pub struct DigestGate {
    realm: String,
    life: Duration,
    /// H(user:realm:password) in MD5 and in SHA-256.
    users: BTreeMap<String, [String; 2]>,
    seal: [u8; 32],
    entropy: Entropy,
    /// Nonces that were answered: when they end, the highest count, and which of the 64 below it came.
    used: BTreeMap<String, (Instant, u32, u64)>,
}

impl DigestGate {
    /// A gate without users.
    #[must_use]
    pub fn new(realm: &str, life: Duration, mut entropy: Entropy) -> Self {
        let mut seal = [0; 32];
        entropy.fill(&mut seal);
        Self { realm: realm.to_owned(), life, users: BTreeMap::new(), seal, entropy, used: BTreeMap::new() }
    }

    /// Lets a user in.
    pub fn add(&mut self, username: &str, password: &str) {
        let ha1 = |algorithm| digest_ha1(&algorithm, username, &self.realm, password.as_bytes());
        self.users.insert(username.to_owned(), [ha1(Algorithm::Md5), ha1(Algorithm::Sha256)]);
    }

    /// Values of WWW-Authenticate, the better algorithm first (RFC 7616 clause 3.7).
    pub fn challenges(&mut self, now: Instant, is_stale: bool) -> [String; 2] {
        let nonce = self.nonce(now);
        let stale = if is_stale { ", stale=true" } else { "" };
        ["SHA-256", "MD5"].map(|algorithm| {
            format!(
                "Digest realm=\"{}\", qop=\"auth, auth-int\", algorithm={algorithm}, nonce=\"{nonce}\"{stale}",
                self.realm
            )
        })
    }

    /// Checks the credentials of a request.
    ///
    /// # Errors
    /// Why they do not open.
    pub fn check(
        &mut self,
        now: Instant,
        request: &Request<Vec<u8>>,
        authorization: &str,
    ) -> Result<Passed, DigestRefusal> {
        let bad = |why| DigestRefusal::Malformed(why);
        let credentials = Credentials::parse(authorization).map_err(|_| bad("credentials that cannot be read"))?;
        let at = match credentials.algorithm() {
            Algorithm::Md5 => 0,
            Algorithm::Sha256 => 1,
            _ => return Err(bad("an algorithm that was not offered")),
        };
        if !credentials.is_digest() || !matches!(credentials.qop(), Some(Qop::Auth | Qop::AuthInt)) {
            return Err(bad("no digest with a quality that was offered"));
        }
        let (Some(username), Some(nonce), Some(count)) =
            (credentials.username(), credentials.nonce(), credentials.nonce_count())
        else {
            return Err(bad("no user name, nonce or nonce count"));
        };
        // RFC 7616 clause 3.4.6: the digest is of this address.
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let signed = credentials.uri().ok_or_else(|| bad("no address"))?;
        let is_same = *signed == *target || signed.strip_suffix(target).is_some_and(is_origin);
        if !is_same || credentials.realm().as_deref() != Some(&self.realm) {
            return Err(bad("credentials for another address or realm"));
        }
        // Who is not known takes as long as who is.
        let unknown = [String::new(), String::new()];
        let ha1 = &self.users.get(&*username).unwrap_or(&unknown)[at];
        let method = Method::parse(request.method().as_str()).map_err(|_| bad("a method that is none"))?;
        let is_right =
            credentials.verify_ha1(ha1, &method, request.body()).map_err(|_| bad("directives are missing"))?;
        if !is_right || ha1.is_empty() {
            return Err(DigestRefusal::Wrong);
        }
        let info = self.info(&credentials, ha1);
        let ends = self.ends(now, &nonce).ok_or(DigestRefusal::Stale)?;
        self.count(now, &nonce, ends, count)?;
        Ok(Passed { username: username.into_owned(), info })
    }

    /// When something can be forgotten.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.used.values().map(|(ends, ..)| *ends).min()
    }

    /// Forgets nonces that have ended.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.used.retain(|_, (ends, ..)| *ends > now);
    }

    fn info(&self, credentials: &Credentials, ha1: &str) -> Option<String> {
        // With auth-int it is over the body of the answer, which is not known here.
        let Some(Qop::Auth) = credentials.qop() else { return None };
        let rspauth = credentials.rspauth_of_ha1(ha1, &[]).ok()?;
        let (cnonce, count) = (credentials.params.get("cnonce")?, credentials.nonce_count()?);
        Some(format!("rspauth=\"{rspauth}\", qop=auth, cnonce={cnonce}, nc={count:08x}"))
    }

    /// Time and random octets under a seal.
    fn nonce(&mut self, now: Instant) -> String {
        let mut octets = [0; 16];
        self.entropy.fill(&mut octets[8..]);
        octets[..8].copy_from_slice(&now.as_nanos().to_be_bytes());
        base64_encode(&[&octets[..], &self.sealed(&octets)].concat())
    }

    fn ends(&self, now: Instant, nonce: &str) -> Option<Instant> {
        let octets = base64_decode(nonce)?;
        let (data, seal) = octets.split_first_chunk::<16>()?;
        let time = Instant::from_nanos(u64::from_be_bytes(*data.first_chunk()?));
        // One form of base64 only: another form of a nonce would be another nonce.
        let is_ours = *seal == self.sealed(data) && base64_encode(&octets) == nonce;
        let ends = time + self.life;
        (is_ours && ends > now).then_some(ends)
    }

    fn sealed(&self, data: &[u8; 16]) -> [u8; 16] {
        let inner = Sha256::new().chain_update(self.seal).chain_update(data).finalize();
        let outer = Sha256::new().chain_update(self.seal).chain_update(inner).finalize();
        let mut seal = [0; 16];
        seal.copy_from_slice(&outer[..16]);
        seal
    }

    /// Each count once; requests of one client may overtake each other by 64.
    fn count(&mut self, now: Instant, nonce: &str, ends: Instant, count: u32) -> Result<(), DigestRefusal> {
        if !self.used.contains_key(nonce) && self.used.len() >= MAX_NONCES {
            self.handle_timeout(now);
            if self.used.len() >= MAX_NONCES {
                return Err(DigestRefusal::Stale);
            }
        }
        let (_, highest, seen) = self.used.entry(nonce.to_owned()).or_insert((ends, 0, 0));
        let is_new = if count > *highest {
            let shift = count - *highest;
            let kept = if shift < 64 { *seen << shift } else { 0 };
            let before = if *highest > 0 && shift <= 64 { 1 << (shift - 1) } else { 0 };
            *seen = kept | before;
            *highest = count;
            true
        } else {
            let back = *highest - count;
            let bit = if (1..=64).contains(&back) { 1_u64 << (back - 1) } else { 0 };
            let is_new = count > 0 && bit != 0 && *seen & bit == 0;
            *seen |= bit;
            is_new
        };
        if is_new { Ok(()) } else { Err(DigestRefusal::Replayed) }
    }
}

/// Scheme and authority before a path.
fn is_origin(text: &str) -> bool {
    let authority = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    authority.is_some_and(|authority| !authority.is_empty() && !authority.contains(['/', '?', '#']))
}

/// Nonces that were answered and have not ended.
const MAX_NONCES: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_count_is_good_once() {
        let mut gate = DigestGate::new("r", Duration::from_secs(10), Entropy::from_seed([1; 32]));
        let now = Instant::from_nanos(0);
        let mut take = |count| gate.count(now, "n", now + Duration::from_secs(10), count).is_ok();
        assert!(take(1) && take(2) && take(4) && take(3) && take(70) && take(69) && take(7));
        for again in [0, 1, 2, 3, 4, 5, 7, 69, 70] {
            assert!(!take(again), "{again}");
        }
        assert!(take(1000) && !take(900) && take(999) && !take(1000));
    }

    #[test]
    fn a_nonce_is_of_this_gate_and_of_its_time() {
        let mut gate = DigestGate::new("r", Duration::from_secs(10), Entropy::from_seed([1; 32]));
        let mut other = DigestGate::new("r", Duration::from_secs(10), Entropy::from_seed([2; 32]));
        let at = |s: u64| Instant::from_nanos(s * 1_000_000_000);
        let nonce = gate.nonce(at(5));
        assert_eq!(gate.ends(at(14), &nonce), Some(at(15)));
        assert_eq!(gate.ends(at(15), &nonce), None);
        assert_eq!(gate.ends(at(6), &other.nonce(at(5))), None);
        assert_eq!(gate.ends(at(6), nonce.trim_end_matches('=')), None);
        assert_eq!(gate.ends(at(6), ""), None);
    }
}
