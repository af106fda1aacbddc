//! Migrations of a run (TS 23.280 clause 10.1.6.2): what each hop calls the users.

use super::model::Model;
use crate::event::{IdentityHop, ImsFact};

/// Hops that are kept; run.jsonl has all.
const HOPS_MAX: usize = 1000;

impl Model {
    /// A fact about what a user is called; false: it is about something else.
    pub(super) fn apply_identity_hop(&mut self, ue: &str, fact: &ImsFact) -> bool {
        let ImsFact::IdentityHop(hop) = fact else { return false };
        if self.identity_hops.len() < HOPS_MAX {
            self.identity_hops.push((ue.to_owned(), IdentityHop::clone(hop)));
        } else {
            self.more_identity_hops += 1;
        }
        true
    }
}
