//! Challenges of AKA on R2, and what came back (RFC 3310): each nonce is good for one response.

use std::collections::BTreeMap;

use protocol::map::ReSynchronisationInfo;
use protocol::sip::{Credentials, Request};
use protocol::{Due, Instant, Secret};

/// Challenges by nonce.
#[derive(Debug, Default)]
pub(super) struct Challenges {
    by_nonce: BTreeMap<String, Challenge>,
    /// IMSI to its nonces, oldest first.
    of_imsi: BTreeMap<String, Vec<String>>,
    ends: Due<Instant, String>,
}

/// A challenge that waits for its response.
#[derive(Debug)]
pub(super) struct Challenge {
    pub(super) imsi: String,
    pub(super) rand: [u8; 16],
    pub(super) xres: Secret<Vec<u8>>,
    /// How many were sent in a row, this one included.
    pub(super) attempt: u32,
    /// No resynchronisation is taken any more.
    pub(super) is_resynchronised: bool,
    pub(super) deadline: Instant,
}

/// What a response is worth.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is right.
    Accepted,
    /// It is wrong, or empty (the USIM does not take the network for its own); challenges in a row so far.
    Wrong(u32),
    /// The USIM asks for resynchronisation.
    Resynchronise(ReSynchronisationInfo, u32),
    /// The nonce is not known any more, or was used.
    Stale,
}

impl Challenges {
    pub(super) fn len(&self) -> usize {
        self.by_nonce.len()
    }

    pub(super) fn insert(&mut self, nonce: String, challenge: Challenge, most: usize) {
        // Who starts registrations of others takes their oldest challenge, not the table.
        let nonces = self.of_imsi.get(&challenge.imsi).map(Vec::as_slice).unwrap_or_default();
        if nonces.len() >= MAX_PER_IMSI {
            let oldest = nonces[0].clone();
            self.remove(&oldest);
        }
        while self.by_nonce.len() >= most.max(1) {
            let Some(oldest) = self.ends.next(LATEST) else { break };
            self.remove(&oldest);
        }
        self.of_imsi.entry(challenge.imsi.clone()).or_default().push(nonce.clone());
        self.ends.set(&nonce, Some(challenge.deadline));
        self.by_nonce.insert(nonce, challenge);
    }

    /// Holds a response against its challenge, which is used up then.
    pub(super) fn check(&mut self, now: Instant, credentials: &Credentials, imsi: &str, request: &Request) -> Verdict {
        let nonce = credentials.params.text("nonce").unwrap_or_default().into_owned();
        let is_of = |c: &Challenge| c.imsi == imsi && c.deadline > now;
        if !self.by_nonce.get(&nonce).is_some_and(is_of) {
            return Verdict::Stale;
        }
        let Some(challenge) = self.remove(&nonce) else { return Verdict::Stale };
        let attempt = challenge.attempt;
        match credentials.auts() {
            // RFC 3310 clause 3.4. A second one in a row shows a UE that cannot be helped.
            Some(Ok(auts)) if !challenge.is_resynchronised => {
                return Verdict::Resynchronise(ReSynchronisationInfo { rand: challenge.rand, auts }, attempt);
            }
            Some(_) => return Verdict::Wrong(attempt),
            None => {}
        }
        if credentials.response().unwrap_or_default().is_empty() {
            return Verdict::Wrong(attempt);
        }
        match credentials.verify(challenge.xres.expose(), &request.method, &request.body) {
            Ok(true) => Verdict::Accepted,
            Ok(false) | Err(_) => Verdict::Wrong(attempt),
        }
    }

    fn remove(&mut self, nonce: &str) -> Option<Challenge> {
        let challenge = self.by_nonce.remove(nonce)?;
        self.ends.set(&nonce.to_owned(), None);
        if let Some(nonces) = self.of_imsi.get_mut(&challenge.imsi) {
            nonces.retain(|own| own != nonce);
            if nonces.is_empty() {
                self.of_imsi.remove(&challenge.imsi);
            }
        }
        Some(challenge)
    }

    /// Forgets those whose time is over.
    pub(super) fn expire(&mut self, now: Instant) {
        for nonce in self.ends.until(now) {
            self.remove(&nonce);
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.ends.first()
    }
}

const LATEST: Instant = Instant::from_nanos(u64::MAX);

/// Challenges of one subscriber at a time.
const MAX_PER_IMSI: usize = 4;
