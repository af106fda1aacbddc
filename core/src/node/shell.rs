//! What every node with durable data has around it: what waits for the store, the time, what it has to say.

use std::collections::{BTreeMap, VecDeque};

use protocol::Instant;

use super::{NodeNote, NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Rows};
use crate::store::{StoreError, StoreToken};

/// The shell of a node. `J` is what waits for the store.
#[derive(Debug)]
pub struct NodeShell<J> {
    /// UTC in milliseconds at the start of the run.
    pub utc_ms_at_zero: u64,
    jobs: BTreeMap<StoreToken, J>,
    next_token: u64,
    outputs: VecDeque<NodeOutput>,
}

impl<J> NodeShell<J> {
    /// A shell of a run that starts at this UTC.
    #[must_use]
    pub const fn new(utc_ms_at_zero: u64) -> Self {
        Self { utc_ms_at_zero, jobs: BTreeMap::new(), next_token: 0, outputs: VecDeque::new() }
    }

    /// Something for whoever drives the node.
    pub fn output(&mut self, output: NodeOutput) {
        self.outputs.push_back(output);
    }

    /// The next thing for whoever drives the node.
    pub fn poll_output(&mut self) -> Option<NodeOutput> {
        self.outputs.pop_front()
    }

    /// Asks the store; `job` goes on when it has answered ([`Self::take_answer`]).
    pub fn store(&mut self, ops: Vec<NodeStoreOp>, job: J) {
        self.next_token += 1;
        let token = StoreToken(self.next_token);
        self.jobs.insert(token, job);
        self.outputs.push_back(NodeOutput::Store(NodeStoreRequest { token, ops }));
    }

    /// The store has answered: what waited for it, and what there is or why not.
    pub fn take_answer(&mut self, answer: NodeStoreAnswer) -> Option<(J, Result<Vec<Rows>, StoreError>)> {
        let job = self.jobs.remove(&answer.token);
        if job.is_none() {
            self.ignore("no such request", "answer of the store");
        }
        Some((job?, answer.result))
    }

    /// UTC in milliseconds.
    #[must_use]
    pub const fn utc_ms(&self, now: Instant) -> u64 {
        self.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    /// When UTC will be `ms`.
    #[must_use]
    pub const fn instant_of(&self, ms: u64) -> Instant {
        Instant::from_nanos(ms.saturating_sub(self.utc_ms_at_zero).saturating_mul(1_000_000))
    }

    /// A word for the log. Never a secret.
    pub fn say(&mut self, text: impl Into<String>) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }

    /// Something came that is not for this state.
    pub fn ignore(&mut self, state: &str, event: &str) {
        let note = NodeNote::Ignored { state: state.to_owned(), event: event.to_owned() };
        self.outputs.push_back(NodeOutput::Note(note));
    }
}
