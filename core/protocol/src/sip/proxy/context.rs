//! Response context (RFC 3261 clause 16.2): the branches of one request and what became of them.

use super::Cause;
use crate::Instant;
use crate::sip::{ClientKey, Response};

#[derive(Debug)]
pub(super) struct Context {
    pub(super) is_invite: bool,
    /// A final response has gone to the client.
    pub(super) answered: bool,
    /// A branch has succeeded.
    pub(super) succeeded: bool,
    pub(super) cancelled: bool,
    branches: Vec<Branch>,
}

#[derive(Debug)]
pub(super) struct Branch {
    client: ClientKey,
    outcome: Outcome,
    pub(super) timer_c: Option<Instant>,
    /// The transaction is over.
    gone: bool,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Pending,
    Success,
    Failed(Box<Response>, Cause),
    /// The owner has been told.
    Told,
}

impl Context {
    pub(super) const fn new(is_invite: bool) -> Self {
        Self { is_invite, answered: false, succeeded: false, cancelled: false, branches: Vec::new() }
    }

    pub(super) fn add(&mut self, client: ClientKey) {
        self.branches.push(Branch { client, outcome: Outcome::Pending, timer_c: None, gone: false });
    }

    pub(super) fn find(&mut self, client: ClientKey) -> Option<&mut Branch> {
        self.branches.iter_mut().find(|branch| branch.client == client)
    }

    /// The first outcome counts.
    pub(super) fn finish(&mut self, client: ClientKey, outcome: Outcome) {
        if let Some(branch) = self.find(client)
            && matches!(branch.outcome, Outcome::Pending)
        {
            branch.outcome = outcome;
        }
    }

    pub(super) fn is_pending(&self, client: ClientKey) -> bool {
        self.branches.iter().any(|branch| branch.client == client && matches!(branch.outcome, Outcome::Pending))
    }

    pub(super) fn pending(&self) -> Vec<ClientKey> {
        self.branches.iter().filter(|b| matches!(b.outcome, Outcome::Pending)).map(|b| b.client).collect()
    }

    /// What the branches failed with, once.
    pub(super) fn take_failures(&mut self) -> Vec<((ClientKey, Cause), Response)> {
        let mut failures = Vec::new();
        for branch in &mut self.branches {
            if matches!(branch.outcome, Outcome::Failed(..))
                && let Outcome::Failed(response, cause) = std::mem::replace(&mut branch.outcome, Outcome::Told)
            {
                failures.push(((branch.client, cause), *response));
            }
        }
        self.branches.retain(|branch| !(branch.gone && matches!(branch.outcome, Outcome::Told)));
        failures
    }

    /// The branch's transaction is over; a failure that waits for the other branches stays.
    pub(super) fn remove(&mut self, client: ClientKey) {
        if let Some(branch) = self.find(client) {
            branch.gone = true;
        }
        let answered = self.answered;
        self.branches.retain(|branch| !branch.gone || (!answered && matches!(branch.outcome, Outcome::Failed(..))));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.branches.iter().all(|branch| branch.gone)
    }
}
