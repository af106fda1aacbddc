//! Numbers of messages: none is given twice, for ESMEs and the store know messages by them.

use crate::node::{NodeStoreOp, Table};

/// Numbers that were given out, and those that may be without the store knowing.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    next: u64,
    reserved: u64,
    is_reserved_now: bool,
    /// The reference of the next message that is cut into parts (TS 23.040 clause 9.2.3.24.1).
    reference: u8,
}

impl Numbers {
    /// Those behind what the store has reserved.
    pub(super) fn after(value: Option<&[u8]>) -> Self {
        let text = value.and_then(|value| std::str::from_utf8(value).ok());
        let next = text.and_then(|text| text.parse().ok()).unwrap_or(1);
        // Another one than those of the run before.
        Self { next, reserved: next, is_reserved_now: false, reference: (next / BLOCK * REFERENCES) as u8 }
    }

    /// The first and the last of so many.
    pub(super) fn take(&mut self, count: u64) -> (u64, u64) {
        let first = self.next;
        self.next += count.max(1);
        if self.next > self.reserved {
            self.reserved = self.next + BLOCK;
            self.is_reserved_now = true;
        }
        (first, self.next - 1)
    }

    /// Reserves what was taken beyond the last reservation, in the transaction that uses it first.
    pub(super) fn reserve(&mut self, ops: &mut Vec<NodeStoreOp>) {
        if std::mem::take(&mut self.is_reserved_now) {
            let value = self.reserved.to_string().into_bytes();
            ops.push(NodeStoreOp::Put { table: Table::SmScState, key: KEY.to_owned(), value });
        }
    }

    /// A reservation may not have been written.
    pub(super) const fn distrust(&mut self) {
        self.reserved = self.next;
    }

    pub(super) const fn reference(&self) -> u8 {
        self.reference
    }

    /// The reference was used.
    pub(super) const fn use_reference(&mut self) {
        self.reference = self.reference.wrapping_add(1);
    }

    pub(super) const fn next_number(&self) -> u64 {
        self.next
    }
}

pub(super) const KEY: &str = "numbers";
/// Numbers that one reservation is good for; those that are not used when the process ends are lost.
const BLOCK: u64 = 1000;
/// References by which runs are apart.
const REFERENCES: u64 = 67;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_comes_twice() {
        let mut numbers = Numbers::after(None);
        let mut kept: Option<Vec<u8>> = None;
        let mut last = 0;
        for round in 0..5 {
            for count in [1, 3, 600, 600] {
                let (first, to) = numbers.take(count);
                assert!(first > last && to == first + count - 1);
                last = to;
                let mut ops = Vec::new();
                numbers.reserve(&mut ops);
                if let Some(NodeStoreOp::Put { value, .. }) = ops.pop() {
                    kept = Some(value);
                }
            }
            if round % 2 == 0 {
                numbers = Numbers::after(kept.as_deref());
            } else {
                numbers.distrust();
            }
        }
    }
}
