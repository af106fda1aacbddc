//! Requests that wait for the floor (TS 24.380 clause 4.1.1.2): those of higher priority first, equal ones as they came.

/// A request that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Waiting {
    pub(super) id: u64,
    pub(super) priority: u8,
    pub(super) ssrc: u32,
}

/// All that wait.
#[derive(Debug)]
pub(super) struct FloorQueue(Vec<Waiting>);

impl FloorQueue {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// One more, unless there are as many as may be; one that waits already keeps its place at the same priority.
    pub(super) fn push(&mut self, waiting: Waiting, most: usize) -> bool {
        if let Some(at) = self.0.iter().position(|other| other.id == waiting.id) {
            if self.0[at].priority == waiting.priority {
                return true;
            }
            self.0.remove(at);
        }
        if self.0.len() >= most {
            return false;
        }
        let at = self.0.partition_point(|other| other.priority >= waiting.priority);
        self.0.insert(at, waiting);
        true
    }

    pub(super) fn remove(&mut self, id: u64) -> bool {
        let before = self.0.len();
        self.0.retain(|waiting| waiting.id != id);
        self.0.len() < before
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }

    /// Place from 1 on, and priority.
    pub(super) fn position(&self, id: u64) -> Option<(u8, u8)> {
        let at = self.0.iter().position(|waiting| waiting.id == id)?;
        Some((u8::try_from(at + 1).unwrap_or(u8::MAX), self.0[at].priority))
    }
}
