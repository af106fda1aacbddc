//! Parts of concatenated messages: TS 23.040 clause 9.2.3.24.1. When one is refused, those behind it are not asked for: a
//! message without it is none, and nobody shall pay for the rest. When it comes again and is granted, they may go.

use std::time::Duration;

use protocol::Instant;

use super::usage::WholeName;
use crate::node::Expiring;

/// Messages of which a part was refused, and the first such part.
#[derive(Debug, Default)]
pub(super) struct RefusedParts(Expiring<WholeName, u8>);

/// How long the rest of a message may take.
const KNOWN: Duration = Duration::from_secs(600);
/// Messages that are known at a time: what comes beyond is asked for part by part.
const MOST: usize = 10_000;

impl RefusedParts {
    /// The refused part that makes this one useless.
    pub(super) fn before(&mut self, now: Instant, (name, sequence): &(WholeName, u8)) -> Option<u8> {
        self.0.expire(now);
        self.0.get(name).map(|(first, _)| *first).filter(|first| first < sequence)
    }

    /// A part is refused.
    pub(super) fn refused(&mut self, now: Instant, (name, sequence): (WholeName, u8)) {
        let known = self.0.get(&name).map(|(first, _)| *first);
        if known.is_some() || self.0.len() < MOST {
            self.0.insert(name, known.map_or(sequence, |first| first.min(sequence)), now + KNOWN);
        }
    }

    /// A part is granted.
    pub(super) fn granted(&mut self, (name, sequence): &(WholeName, u8)) {
        if self.0.get(name).is_some_and(|(first, _)| first == sequence) {
            self.0.remove(name);
        }
    }
}
