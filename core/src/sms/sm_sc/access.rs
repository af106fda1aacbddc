//! How much an ESME may send, and from which addresses.

use std::collections::BTreeMap;

use protocol::Instant;

use super::config::EsmeAccount;
use super::message::Party;
use super::routes::{patterns_match, plain};

/// What accounts have sent in the last second.
#[derive(Debug, Default)]
pub(super) struct Rates(BTreeMap<usize, Bucket>);

impl Rates {
    /// Takes some messages out of what an account may submit in a second; false: it has to wait.
    pub(super) fn take(&mut self, now: Instant, number: usize, account: &EsmeAccount, messages: u32) -> bool {
        let Some(rate) = account.throughput else { return true };
        let bucket = self.0.entry(number).or_insert_with(|| Bucket { micros: u64::from(rate) * SECOND, at: now });
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
