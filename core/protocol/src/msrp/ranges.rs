//! Which octets of a message are there (RFC 4975 clause 5.1: chunks may come more than once and in any order).

/// Octets of a message, counted from 0, as ranges that do not touch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Octets from `start` up to before `end` are there too; false when there are more holes than are kept.
    pub(super) fn add(&mut self, start: u64, end: u64) -> bool {
        if start >= end {
            return true;
        }
        let (mut start, mut end) = (start, end);
        self.0.retain(|(a, b)| {
            let touches = *a <= end && start <= *b;
            if touches {
                (start, end) = (start.min(*a), end.max(*b));
            }
            !touches
        });
        let at = self.0.partition_point(|(a, _)| *a < start);
        self.0.insert(at, (start, end));
        self.0.len() <= MAX_HOLES
    }

    /// Octets up to before `total` are all there.
    pub(super) fn covers(&self, total: u64) -> bool {
        total == 0 || self.0.first().is_some_and(|(a, b)| *a == 0 && *b >= total)
    }

    /// Up to where something is there.
    pub(super) fn end(&self) -> u64 {
        self.0.last().map_or(0, |(_, end)| *end)
    }
}

const MAX_HOLES: usize = 64;
