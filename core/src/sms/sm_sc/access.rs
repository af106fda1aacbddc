//! Who may bind and how much it may send: accounts of ESMEs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use protocol::smpp::Bind;
use protocol::{Entropy, Instant};

use super::config::EsmeAccount;
use super::message::Party;
use super::routes::{patterns_match, plain};
use crate::mc::HashedPassword;
use crate::mc::idms::Throttle;

/// Why somebody may not bind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoAccess {
    /// Wrong name or password: which of them is not told.
    Unknown,
    /// Wrong so often that nothing is looked at for a while.
    Guesses,
    /// From another address than it may.
    Place,
}

/// What is known of accounts while they are used.
#[derive(Debug)]
pub(super) struct Access {
    /// Nobody's password: trying it costs what trying somebody's does. It is made when it is needed first.
    decoy: Option<HashedPassword>,
    entropy: Entropy,
    by_name: Throttle,
    by_address: Throttle,
    buckets: BTreeMap<usize, Bucket>,
}

impl Access {
    pub(super) const fn new(entropy: Entropy) -> Self {
        let by_name = Throttle::new(FAILURES, WINDOW);
        let by_address = Throttle::new(FAILURES * 10, WINDOW);
        Self { decoy: None, entropy, by_name, by_address, buckets: BTreeMap::new() }
    }

    /// The account that a bind proves.
    pub(super) fn admit(
        &mut self,
        now: Instant,
        accounts: &[EsmeAccount],
        remote: SocketAddr,
        bind: &Bind,
    ) -> Result<usize, NoAccess> {
        let name = bind.system_id.to_string();
        let place = remote.ip().to_string();
        if self.by_name.wait(now, &name).is_some() || self.by_address.wait(now, &place).is_some() {
            return Err(NoAccess::Guesses);
        }
        let found = accounts.iter().position(|account| account.system_id == name);
        if found.is_none() && self.decoy.is_none() {
            let nobody = self.entropy.token(8);
            self.decoy = HashedPassword::new(&nobody, &mut self.entropy).ok();
        }
        let hash = found.map_or(self.decoy.as_ref(), |n| Some(&accounts[n].password));
        let password = String::from_utf8_lossy(bind.password.expose().as_bytes()).into_owned();
        let is_right = hash.is_some_and(|hash| hash.is_of(&password));
        let Some(account) = found.filter(|_| is_right) else {
            self.by_name.failed(now, &name);
            self.by_address.failed(now, &place);
            return Err(NoAccess::Unknown);
        };
        self.by_name.succeeded(&name);
        let from = &accounts[account].from;
        if from.is_empty() || from.iter().any(|peer| peer.is(remote)) { Ok(account) } else { Err(NoAccess::Place) }
    }

    /// Takes some messages out of what an account may submit in a second; false: it has to wait.
    pub(super) fn take(&mut self, now: Instant, number: usize, account: &EsmeAccount, messages: u32) -> bool {
        let Some(rate) = account.throughput else { return true };
        let bucket = self.buckets.entry(number).or_insert_with(|| Bucket { micros: u64::from(rate) * SECOND, at: now });
        bucket.take(now, rate, messages)
    }
}

/// May it send from there?
pub(super) fn may_send(account: &EsmeAccount, source: &Party, name: &str) -> bool {
    let patterns: Vec<(String, ())> = account.sources.iter().map(|own| (plain(own), ())).collect();
    patterns.is_empty()
        || patterns_match(&patterns, name).is_some()
        || patterns_match(&patterns, plain(&source.text).as_str()).is_some()
}

/// A token bucket that holds what may come in a second, in millionths of a message.
#[derive(Debug)]
struct Bucket {
    micros: u64,
    at: Instant,
}

impl Bucket {
    fn take(&mut self, now: Instant, rate: u32, messages: u32) -> bool {
        let passed = u64::try_from((now - self.at).as_micros()).unwrap_or(u64::MAX);
        let full = u64::from(rate.max(1)) * SECOND;
        self.micros = self.micros.saturating_add(passed.saturating_mul(rate.into())).min(full);
        self.at = now;
        // More at once than a whole second has room for waits until it is full, and is taken whole.
        let wanted = (u64::from(messages) * SECOND).min(full);
        let is_there = self.micros >= wanted;
        if is_there {
            self.micros -= wanted;
        }
        is_there
    }
}

/// A message in millionths, microseconds of a second: the rate is what a second brings.
const SECOND: u64 = 1_000_000;
const FAILURES: u32 = 5;
const WINDOW: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_room_for_as_many_as_may_come() {
        let mut bucket = Bucket { micros: 3 * SECOND, at: Instant::ZERO };
        let at = Instant::from_millis;
        assert!((0..3).all(|_| bucket.take(at(0), 3, 1)) && !bucket.take(at(0), 3, 1));
        assert!(!bucket.take(at(333), 3, 1) && bucket.take(at(334), 3, 1) && !bucket.take(at(400), 3, 1));
        assert!(!bucket.take(at(1300), 3, 9) && bucket.take(at(1400), 3, 9) && !bucket.take(at(1401), 3, 1));
    }
}
