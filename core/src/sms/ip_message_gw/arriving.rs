//! MESSAGEs of users whose registration is under way (TR 23.804 clause 8.7 steps 5 to 7): a UE has its 200 from the S-CSCF
//! before the HLR has told the gateway who it is, and may send at once. They wait for that.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Flow, Request, ServerKey};

use super::IpMessageGw;

/// A MESSAGE that waits.
#[derive(Debug)]
struct Early {
    /// The registration that it waits for.
    arrival: u64,
    key: ServerKey,
    request: Request,
    flow: Flow,
}

/// Registrations by the IMS that are under way, and what waits for them.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    last: u64,
    /// Of each identity, in the form that keys have, the newest one.
    of_identity: BTreeMap<String, u64>,
    identities: BTreeMap<u64, Vec<String>>,
    /// By when they are refused.
    early: BTreeMap<(Instant, u64), Early>,
}

impl Arrivals {
    /// A registration begins; what it is called until [`Self::end`].
    fn begin(&mut self, identities: Vec<String>) -> u64 {
        self.last += 1;
        for identity in &identities {
            self.of_identity.insert(identity.clone(), self.last);
        }
        self.identities.insert(self.last, identities);
        self.last
    }

    /// It is over; what has waited for it, in the order in which it came.
    fn end(&mut self, arrival: u64) -> Vec<Early> {
        for identity in self.identities.remove(&arrival).unwrap_or_default() {
            if self.of_identity.get(&identity) == Some(&arrival) {
                self.of_identity.remove(&identity);
            }
        }
        let (ended, waiting) = mem::take(&mut self.early).into_iter().partition(|(_, early)| early.arrival == arrival);
        self.early = waiting;
        let ended: BTreeMap<_, Early> = ended;
        ended.into_values().collect()
    }

    /// Messages that wait.
    pub(super) fn waiting(&self) -> usize {
        self.early.len()
    }

    /// When the next one has waited for too long.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.early.keys().next().map(|(at, _)| *at)
    }
}

impl IpMessageGw {
    /// A registration by the IMS is under way.
    pub(super) fn arriving(&mut self, identity: String, msisdn: Option<&str>) -> u64 {
        let tel = msisdn.map(|digits| format!("tel:+{digits}"));
        self.arrivals.begin([Some(identity), tel].into_iter().flatten().collect())
    }

    /// Keeps a MESSAGE of somebody who is about to be registered; false: nobody is.
    pub(super) fn wait_for_arrival(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        flow: Flow,
        mut identities: impl Iterator<Item = String>,
    ) -> Result<bool, Refusal> {
        let Some(arrival) = identities.find_map(|identity| self.arrivals.of_identity.get(&identity).copied()) else {
            return Ok(false);
        };
        let limits = self.config.limits;
        let own = self.arrivals.early.values().filter(|early| early.arrival == arrival).count();
        if own >= limits.early_per_user || self.arrivals.waiting() >= limits.early {
            return Err(Refusal::new(503)
                .because("Too many messages before the registration")
                .with("Retry-After", "2"));
        }
        self.arrivals.last += 1;
        let name = (now + EARLY_TIME, self.arrivals.last);
        self.arrivals.early.insert(name, Early { arrival, key, request: request.clone(), flow });
        Ok(true)
    }

    /// A registration is over: what has waited for it is handled, or refused as the REGISTER was. What the HLR says may be
    /// different soon: only 403 is for good.
    pub(super) fn arrived(&mut self, now: Instant, arrival: Option<u64>, failure: Option<&Refusal>) {
        for early in arrival.map(|arrival| self.arrivals.end(arrival)).unwrap_or_default() {
            let refused = match failure {
                Some(refusal) if refusal.status == 403 => Err(Refusal::new(403).because("Not registered here")),
                Some(_) => Err(Refusal::new(503).because("The registration has failed").with("Retry-After", "10")),
                None => self.message(now, early.key, &early.request, (early.flow, true)),
            };
            if let Err(refusal) = refused {
                self.shell.refuse(now, early.key, &refusal);
            }
        }
    }

    /// Messages that have waited for too long.
    pub(super) fn end_early(&mut self, now: Instant) {
        while let Some(entry) = self.arrivals.early.first_entry().filter(|entry| entry.key().0 <= now) {
            let early = entry.remove();
            let refusal = Refusal::new(504).because("The registration takes too long");
            self.shell.refuse(now, early.key, &refusal);
        }
    }
}

/// The S-CSCF waits 32 s for an answer (RFC 3261 clause 17.1.2.2: timer F), and the UE behind it as long: it is given one
/// before. The HLR has 15 to 30 s (TS 29.002 clause 17.1.2: timer m).
const EARLY_TIME: Duration = Duration::from_secs(25);
