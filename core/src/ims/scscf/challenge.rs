//! Challenges that an S-CSCF has sent, and what came back (TS 24.229 clauses 5.4.1.2 and 5.4.1.2.3; RFC 3310, RFC 2617).
//!
//! A nonce of AKA is good for one response, whatever that is. A nonce of SIP digest may come again with a higher count
//! while it lives.

use std::collections::BTreeMap;

use protocol::sip::{Credentials, Method, base64_decode};
use protocol::{Due, Instant, Secret};

/// Challenges by nonce.
#[derive(Debug, Default)]
pub(super) struct Challenges {
    by_nonce: BTreeMap<String, Challenge>,
    /// Private identity to its nonces, oldest first.
    of_impi: BTreeMap<String, Vec<String>>,
    ends: Due<Instant, String>,
}

/// A challenge that waits for its response.
#[derive(Debug)]
pub(super) struct Challenge {
    /// Private identity.
    pub(super) impi: String,
    /// Public identity.
    pub(super) impu: String,
    /// How many were sent in a row, this one included; 0 once it was answered well.
    pub(super) attempt: u32,
    /// No resynchronisation is taken any more.
    pub(super) resynchronised: bool,
    /// End of reg-await-auth, or of the nonce.
    pub(super) deadline: Instant,
    /// What the response is held against.
    pub(super) expected: Expected,
}

/// What a response is held against.
#[derive(Debug)]
pub(super) enum Expected {
    /// AKA.
    Aka {
        /// RAND of the vector.
        rand: [u8; 16],
        /// XRES.
        xres: Secret<Vec<u8>>,
    },
    /// SIP digest.
    Digest {
        /// HA1.
        ha1: Secret<String>,
        /// Nonce count of the last good response; 0 before the first.
        count: u32,
    },
}

/// What a response is worth.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is right. Value of Authentication-Info, for SIP digest.
    Accepted(Option<String>),
    /// It is wrong.
    Wrong {
        /// Challenges in a row so far.
        attempt: u32,
    },
    /// Empty: the UE did not take the challenge for one of its network (MAC failure).
    Empty {
        /// Challenges in a row so far.
        attempt: u32,
    },
    /// The UE asks for resynchronisation.
    Resynchronise {
        /// RAND and AUTS.
        rand_auts: Vec<u8>,
        /// Challenges in a row so far.
        attempt: u32,
    },
    /// The nonce is not known any more, or was used.
    Stale,
}

impl Challenges {
    /// Remembers a challenge.
    pub(super) fn insert(&mut self, nonce: String, challenge: Challenge) {
        // An attacker who starts registrations of others takes their oldest challenge, not the table.
        let nonces = self.of_impi.get(&challenge.impi).map(Vec::as_slice).unwrap_or_default();
        if nonces.len() >= MAX_PER_IMPI {
            let oldest = nonces[0].clone();
            self.remove(&oldest);
        }
        self.remove(&nonce);
        self.of_impi.entry(challenge.impi.clone()).or_default().push(nonce.clone());
        self.ends.set(&nonce, Some(challenge.deadline));
        self.by_nonce.insert(nonce, challenge);
    }

    fn remove(&mut self, nonce: &str) -> Option<Challenge> {
        let challenge = self.by_nonce.remove(nonce)?;
        self.ends.set(&nonce.to_owned(), None);
        if let Some(nonces) = self.of_impi.get_mut(&challenge.impi) {
            nonces.retain(|n| n != nonce);
            if nonces.is_empty() {
                self.of_impi.remove(&challenge.impi);
            }
        }
        Some(challenge)
    }

    /// Holds a response against its challenge, which is for one public identity (TS 24.229 clause 5.4.1.2.1 item 3): the
    /// HSS said that the private one may use it, of others it has said nothing.
    pub(super) fn check(
        &mut self,
        now: Instant,
        credentials: &Credentials,
        impu: &str,
        (method, body): (&Method, &[u8]),
    ) -> Verdict {
        let nonce = credentials.params.text("nonce").unwrap_or_default().into_owned();
        let user = credentials.params.text("username").unwrap_or_default();
        let is_of = |c: &&mut Challenge| c.impi == *user && c.impu == impu && c.deadline > now;
        let Some(challenge) = self.by_nonce.get_mut(&nonce).filter(is_of) else { return Verdict::Stale };
        let attempt = challenge.attempt;
        match &mut challenge.expected {
            Expected::Digest { ha1, count } => {
                let verdict = check_digest(credentials, ha1, count, attempt, method, body);
                if !matches!(verdict, Verdict::Accepted(_)) {
                    self.remove(&nonce);
                }
                verdict
            }
            Expected::Aka { rand, xres } => {
                let verdict = check_aka(credentials, rand, xres, (attempt, challenge.resynchronised), method, body);
                self.remove(&nonce);
                verdict
            }
        }
    }

    /// Lets a digest nonce live on after a good response.
    pub(super) fn extend(&mut self, nonce: &str, until: Instant) {
        if let Some(challenge) = self.by_nonce.get_mut(nonce) {
            challenge.deadline = until;
            challenge.attempt = 0;
            self.ends.set(&nonce.to_owned(), Some(until));
        }
    }

    /// Whether a nonce waits for the response of a private identity.
    pub(super) fn knows(&self, nonce: &str, impi: &str) -> bool {
        self.by_nonce.get(nonce).is_some_and(|c| c.impi == impi)
    }

    /// When the next challenge ends.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.ends.first()
    }

    /// Challenges whose time is over and that nobody has answered; answered nonces just end.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Challenge> {
        let over = self.ends.until(now);
        over.iter().filter_map(|nonce| self.remove(nonce)).filter(|c| c.attempt > 0).collect()
    }

    /// Challenges of a private identity are void.
    pub(super) fn forget(&mut self, impi: &str) {
        for nonce in self.of_impi.get(impi).cloned().unwrap_or_default() {
            self.remove(&nonce);
        }
    }
}

fn check_aka(
    credentials: &Credentials,
    rand: &[u8; 16],
    xres: &Secret<Vec<u8>>,
    (attempt, again): (u32, bool),
    method: &Method,
    body: &[u8],
) -> Verdict {
    if let Some(auts) = credentials.params.text("auts") {
        // RFC 3310 clause 3.4. A second one in a row shows a UE that cannot be helped; the HSS judges what is in it.
        return match base64_decode(&auts) {
            Some(auts) if auts.len() == AUTS_OCTETS && !again => {
                Verdict::Resynchronise { rand_auts: [&rand[..], &auts].concat(), attempt }
            }
            _ => Verdict::Wrong { attempt },
        };
    }
    if credentials.response().unwrap_or_default().is_empty() {
        return Verdict::Empty { attempt };
    }
    match credentials.verify(xres.expose(), method, body) {
        Ok(true) => Verdict::Accepted(None),
        Ok(false) | Err(_) => Verdict::Wrong { attempt },
    }
}

fn check_digest(
    credentials: &Credentials,
    ha1: &Secret<String>,
    count: &mut u32,
    attempt: u32,
    method: &Method,
    body: &[u8],
) -> Verdict {
    if !credentials.verify_ha1(ha1.expose(), method, body).unwrap_or(false) {
        return Verdict::Wrong { attempt };
    }
    // RFC 2617 clause 3.2.2: the same count twice is a replay. Without qop there is none: the nonce is good once.
    let nc = if credentials.qop().is_some() { credentials.nonce_count() } else { Some(1) };
    match nc {
        Some(nc) if nc > *count => *count = nc,
        _ => return Verdict::Stale,
    }
    Verdict::Accepted(authentication_info(credentials, ha1))
}

/// `rspauth` shows the UE that the network knows the secret too (RFC 2617 clause 3.2.3). The 200 has no body.
fn authentication_info(credentials: &Credentials, ha1: &Secret<String>) -> Option<String> {
    let qop = credentials.qop()?;
    let rspauth = credentials.rspauth_of_ha1(ha1.expose(), &[]).ok()?;
    let (cnonce, nc) = (credentials.params.get("cnonce")?, credentials.params.get("nc")?);
    Some(format!("qop={}, rspauth=\"{rspauth}\", cnonce={cnonce}, nc={nc}", qop.as_str()))
}

/// AUTS of TS 33.102 clause 6.3.3.
const AUTS_OCTETS: usize = 14;

/// Challenges of one private identity at a time.
const MAX_PER_IMPI: usize = 4;
