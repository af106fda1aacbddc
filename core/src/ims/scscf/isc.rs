//! Original dialog identifiers (TS 24.229 clause 5.4.3.4): what a request that comes back from an application server
//! belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use protocol::sip::ServerKey;
use protocol::{Entropy, Instant};

use crate::ims::profile::{ServiceProfile, SessionCase};

/// How far the filter criteria of a served user have been evaluated for a request.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// Direction of the request and state of the user.
    pub(super) case: SessionCase,
    /// The served user, in the form that keys have.
    pub(super) impu: String,
    /// The served user as P-Served-User has him.
    pub(super) impu_text: String,
    /// His services.
    pub(super) services: Arc<ServiceProfile>,
    /// Position of the next criterion.
    pub(super) next: usize,
    /// The transaction whose request went to an application server last.
    pub(super) asked_by: Option<ServerKey>,
}

impl Chain {
    /// Whether the served user is the caller.
    pub(super) const fn is_originating(&self) -> bool {
        matches!(
            self.case,
            SessionCase::Originating | SessionCase::OriginatingUnregistered | SessionCase::OriginatingCdiv
        )
    }

    /// Whether the served user is registered.
    pub(super) const fn is_registered(&self) -> bool {
        !matches!(self.case, SessionCase::TerminatingUnregistered | SessionCase::OriginatingUnregistered)
    }
}

/// Chains that application servers may continue.
#[derive(Debug, Default)]
pub(super) struct OriginalDialogs {
    chains: BTreeMap<String, Chain>,
    ages: BTreeSet<(Instant, String)>,
}

impl OriginalDialogs {
    /// Remembers a chain; its token goes into Route.
    pub(super) fn insert(&mut self, now: Instant, entropy: &mut Entropy, chain: Chain) -> String {
        if self.chains.len() >= MAX_DIALOGS
            && let Some((_, oldest)) = self.ages.pop_first()
        {
            self.chains.remove(&oldest);
        }
        // A guess must not continue somebody's chain.
        let token = entropy.token(24);
        self.chains.insert(token.clone(), chain);
        self.ages.insert((now + LIFETIME, token.clone()));
        token
    }

    /// The chain of a token; a forking application server may continue it more than once.
    pub(super) fn get(&self, token: &str) -> Option<&Chain> {
        self.chains.get(token)
    }

    /// When the next one ends.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.ages.first().map(|(at, _)| *at)
    }

    /// Forgets chains that nobody has continued for long.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some((_, token)) = self.ages.first().filter(|(at, _)| *at <= now).cloned() {
            self.ages.pop_first();
            self.chains.remove(&token);
        }
    }
}

/// Longer than any request waits for its answer (RFC 3261 timer C).
const LIFETIME: Duration = Duration::from_secs(300);

const MAX_DIALOGS: usize = 50_000;
