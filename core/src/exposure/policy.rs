//! What a client is, whom it may reach, and under which names it knows them (OMA-TR IMSinOMA appendix C).

use std::collections::BTreeMap;

use protocol::sip::Uri;
use sha2::{Digest as _, Sha256};

use super::quota::Quota;
use crate::ims::service::Reach;

/// A third party that was let in. Which of the scopes it has, its token says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExposureClient {
    /// Its `client_id` in tokens.
    pub id: String,
    /// The SIP URI as which it speaks and is spoken to.
    pub identity: String,
    /// It knows users by pseudonyms of its own only; those that it may address first are in `users`.
    pub pseudonyms: bool,
    /// Identities that it may address by their pseudonyms before they have written to it.
    pub users: Vec<String>,
    /// Whom it may reach.
    pub reach: Reach,
    /// How much it may ask for.
    pub quota: Quota,
}

/// The names of users as a client sees them.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pseudonyms: bool,
    client: String,
    key: Vec<u8>,
    known: BTreeMap<String, String>,
}

impl Names {
    pub(super) fn new(client: &ExposureClient, key: &[u8]) -> Self {
        let (pseudonyms, known) = (client.pseudonyms, BTreeMap::new());
        let mut names = Self { pseudonyms, client: client.id.clone(), key: key.to_vec(), known };
        for user in &client.users {
            names.shown(user);
        }
        names
    }

    /// The name that the client is told; from now on it may use it.
    pub(super) fn shown(&mut self, identity: &str) -> String {
        let identity = Uri::parse(identity).map_or_else(|_| identity.to_owned(), |uri| uri.identity());
        if !self.pseudonyms {
            return identity;
        }
        // The key on both sides: nobody who guesses identities can check his guess, and no client those of another.
        let inner = Sha256::new().chain_update(&self.key).chain_update(&self.client).chain_update([0]);
        let inner = inner.chain_update(&identity).finalize();
        let digest = Sha256::new().chain_update(&self.key).chain_update(inner).finalize();
        let name = format!("user-{}", hex::encode(&digest[..10]));
        if self.known.len() < MAX_KNOWN {
            self.known.insert(name.clone(), identity);
        }
        name
    }

    /// Whom the client means.
    pub(super) fn meant(&self, name: &str) -> Option<Uri> {
        let identity = if self.pseudonyms { self.known.get(name)?.as_str() } else { name };
        Uri::parse(identity).ok()
    }
}

const MAX_KNOWN: usize = 100_000;
