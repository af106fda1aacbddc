//! TP-SCTS (TS 23.040 clause 9.2.3.11): messages of one originator to one destination get different ones, by which a UE knows
//! those that come again from those that only say the same.

use std::collections::BTreeMap;

/// The last stamps that were given, as long as they are not past.
#[derive(Debug, Default)]
pub(super) struct Stamps(BTreeMap<String, u64>);

impl Stamps {
    /// UTC in milliseconds for a message, later than that of the one before in whole seconds.
    pub(super) fn next(&mut self, of: &str, now_ms: u64) -> u64 {
        let second = now_ms / 1000;
        if self.0.len() >= MOST {
            self.0.retain(|_, last| *last >= second);
        }
        let last = self.0.get(of).copied().filter(|last| *last >= second);
        // A flood of one originator does not go ahead of the clock for ever.
        let own = last.map_or(second, |last| last + 1).min(second + AHEAD);
        if self.0.len() < MOST || last.is_some() {
            self.0.insert(of.to_owned(), own);
        }
        if own == second { now_ms } else { own * 1000 }
    }
}

/// Originators and destinations in one second.
const MOST: usize = 4096;
/// Seconds.
const AHEAD: u64 = 3600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gets_a_second_of_its_own() {
        let mut stamps = Stamps::default();
        let given: Vec<_> = [("a", 5100), ("a", 5200), ("b", 5300), ("a", 6900), ("a", 9000)]
            .map(|(of, at)| stamps.next(of, at))
            .into();
        assert_eq!(given, [5100, 6000, 5300, 7000, 9000]);
        for n in 0..2 * MOST {
            stamps.next(&n.to_string(), 10_000 + n as u64);
        }
        assert!(stamps.0.len() <= MOST);
    }
}
