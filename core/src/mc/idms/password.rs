//! Passwords and secrets as hashes (RFC 9106, Argon2id), and what becomes of who guesses.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use protocol::{Entropy, Instant};
use serde::Deserialize;

/// The hash of a password, as PHC string: `$argon2id$v=19$m=19456,t=2,p=1$...`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct HashedPassword(String);

impl fmt::Debug for HashedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl TryFrom<String> for HashedPassword {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |why: String| format!("no Argon2id hash as PHC string ($argon2id$v=19$m=...): {why}");
        let hash = PasswordHash::new(&text).map_err(|e| wrong(e.to_string()))?;
        let params = Params::try_from(&hash).map_err(|e| wrong(e.to_string()))?;
        if hash.algorithm.as_str() != Algorithm::Argon2id.as_str() || hash.hash.is_none() || hash.salt.is_none() {
            return Err(wrong("another algorithm, or no salt or hash in it".into()));
        }
        if params.m_cost() > MAX_KIB || params.t_cost() > MAX_PASSES {
            return Err(wrong(format!("at most m={MAX_KIB} and t={MAX_PASSES}: each try costs that much")));
        }
        Ok(Self(text))
    }
}

impl HashedPassword {
    /// Hashes a password at the cost that OWASP advises: 19 MiB, two passes.
    ///
    /// # Errors
    /// When it is longer than a password may be.
    pub fn new(password: &str, entropy: &mut Entropy) -> Result<Self, String> {
        Self::of_cost(password, 19 * 1024, 2, entropy)
    }

    /// Hashes a password at another cost: KiB and passes. Tests of much else can do with little.
    ///
    /// # Errors
    /// When the cost cannot be, or the password is longer than one may be.
    pub fn of_cost(password: &str, kib: u32, passes: u32, entropy: &mut Entropy) -> Result<Self, String> {
        let params = Params::new(kib, passes, 1, None).map_err(|e| e.to_string())?;
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_with_salt(password.as_bytes(), &salt).map_err(|e| e.to_string())?.to_string().try_into()
    }

    /// As PHC string, for a configuration.
    #[must_use]
    pub fn to_phc(&self) -> &str {
        &self.0
    }

    /// Whether it is the hash of this password.
    #[must_use]
    pub fn is_of(&self, password: &str) -> bool {
        let is_short = password.len() <= MAX_PASSWORD;
        is_short && Argon2::default().verify_password(password.as_bytes(), self.0.as_str()).is_ok()
    }
}

/// Counts failures by who has failed, each for a time.
#[derive(Debug)]
pub(crate) struct Throttle {
    failures: u32,
    window: Duration,
    /// How often, and since when.
    failed: BTreeMap<String, (u32, Instant)>,
}

impl Throttle {
    pub(crate) const fn new(failures: u32, window: Duration) -> Self {
        Self { failures, window, failed: BTreeMap::new() }
    }

    /// How long somebody has to wait who has failed too often.
    pub(crate) fn wait(&mut self, now: Instant, who: &str) -> Option<Duration> {
        let &(count, since) = self.failed.get(who)?;
        let end = since + self.window;
        if end <= now {
            self.failed.remove(who);
            return None;
        }
        (count >= self.failures).then(|| end - now)
    }

    pub(crate) fn failed(&mut self, now: Instant, who: &str) {
        if self.failed.len() >= MAX_FAILED {
            let window = self.window;
            self.failed.retain(|_, (_, since)| *since + window > now);
        }
        // Where all of them are fresh the oldest is let go: a flood of names is not to cost memory.
        if self.failed.len() >= MAX_FAILED
            && let Some(oldest) = self.failed.iter().min_by_key(|(_, (_, since))| *since).map(|(who, _)| who.clone())
        {
            self.failed.remove(&oldest);
        }
        let (count, _) = self.failed.entry(who.to_owned()).or_insert((0, now));
        *count = count.saturating_add(1);
    }

    pub(crate) fn succeeded(&mut self, who: &str) {
        self.failed.remove(who);
    }
}

/// Octets of a password that is hashed: longer ones are nobody's.
const MAX_PASSWORD: usize = 256;
/// Cost of a try: 256 MiB, 16 passes.
const MAX_KIB: u32 = 256 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_FAILED: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let hash = HashedPassword::of_cost("secret", 64, 1, &mut Entropy::from_seed([1; 32])).unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=64,t=1,p=1$") && format!("{hash:?}") == "…");
        assert!(hash.is_of("secret") && !hash.is_of("Secret") && !hash.is_of("") && !hash.is_of(&"a".repeat(300)));
        // A vector of the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -m 8 -p 1 -e`.
        let outside = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert!(HashedPassword::try_from(outside.to_owned()).unwrap().is_of("password"));
        for wrong in [
            "secret",
            "",
            "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
        ] {
            assert!(HashedPassword::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn who_fails_too_often_waits() {
        let mut throttle = Throttle::new(2, Duration::from_secs(60));
        let at = Instant::from_millis;
        throttle.failed(at(0), "a");
        assert_eq!(throttle.wait(at(1000), "a"), None);
        throttle.failed(at(1000), "a");
        assert_eq!(throttle.wait(at(10_000), "a"), Some(Duration::from_secs(50)));
        assert_eq!((throttle.wait(at(10_000), "b"), throttle.wait(at(60_000), "a")), (None, None));
        for n in 0..=MAX_FAILED {
            throttle.failed(at(100_000 + n as u64), &n.to_string());
        }
        assert_eq!(throttle.failed.len(), MAX_FAILED);
    }
}
