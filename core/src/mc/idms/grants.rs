//! Codes and refresh tokens, as they are kept: by the hash of what their owner has, so that who reads the store has none.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::jose::encode;
use crate::node::{NodeStoreOp, Rows, Table};

/// An authorization code that was given (RFC 6749 clause 4.1.2).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Code {
    pub(super) client: String,
    pub(super) user: String,
    pub(super) redirect_uri: String,
    pub(super) scopes: BTreeSet<String>,
    /// RFC 7636 clause 4.2, S256.
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    /// When the user has logged in, UTC in milliseconds.
    pub(super) login_ms: u64,
    pub(super) expires_ms: u64,
    /// It has been shown; what it was shown for has the same family.
    pub(super) is_used: bool,
}

/// A refresh token that was given (RFC 6749 clause 1.5).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Refresh {
    /// The login that it comes from: its code's key.
    pub(super) family: String,
    pub(super) client: String,
    pub(super) user: String,
    pub(super) scopes: BTreeSet<String>,
    pub(super) login_ms: u64,
    pub(super) expires_ms: u64,
    /// Another was given in its place.
    pub(super) is_used: bool,
}

/// All codes and refresh tokens, by their keys.
#[derive(Debug, Default)]
pub(super) struct Grants {
    pub(super) codes: BTreeMap<String, Code>,
    pub(super) refreshes: BTreeMap<String, Refresh>,
    /// User and key of each refresh token: a login takes no longer because others have many.
    of_users: BTreeSet<(String, String)>,
}

/// The key that a code or a token is kept under.
pub(super) fn key_of(secret: &str) -> String {
    encode(Sha256::digest(secret))
}

impl Grants {
    /// What an earlier run has left.
    ///
    /// # Errors
    /// A row that cannot be read.
    pub(super) fn load(&mut self, tables: Vec<Rows>) -> Result<(), String> {
        let mut tables = tables.into_iter();
        let wrong = |key: &str, e: serde_json::Error| format!("grant {key}: {e}");
        for (key, value) in tables.next().unwrap_or_default() {
            let code = serde_json::from_slice(&value).map_err(|e| wrong(&key, e))?;
            self.codes.insert(key, code);
        }
        for (key, value) in tables.next().unwrap_or_default() {
            let refresh = serde_json::from_slice(&value).map_err(|e| wrong(&key, e))?;
            self.keep(key, refresh);
        }
        Ok(())
    }

    /// Reads both tables.
    pub(super) fn scans() -> Vec<NodeStoreOp> {
        [Table::IdmsCode, Table::IdmsRefresh].map(|table| NodeStoreOp::Scan { table }).to_vec()
    }

    pub(super) fn put_code(&mut self, key: String, code: Code) -> NodeStoreOp {
        let op = put(Table::IdmsCode, &key, &code);
        self.codes.insert(key, code);
        op
    }

    pub(super) fn put_refresh(&mut self, key: String, refresh: Refresh) -> NodeStoreOp {
        let op = put(Table::IdmsRefresh, &key, &refresh);
        self.keep(key, refresh);
        op
    }

    /// Takes away all that comes from a login of a user.
    pub(super) fn revoke(&mut self, user: &str, family: &str) -> Vec<NodeStoreOp> {
        let of_login = self.of_user(user).filter(|(_, refresh)| refresh.family == family);
        let keys: Vec<_> = of_login.map(|(key, _)| key.clone()).collect();
        keys.into_iter().filter_map(|key| self.remove_refresh(key)).collect()
    }

    /// Takes the oldest logins of a user away until there are fewer than `most`.
    pub(super) fn make_room(&mut self, user: &str, most: usize) -> Vec<NodeStoreOp> {
        let of_user = self.of_user(user);
        let mut logins: Vec<_> = of_user.map(|(_, refresh)| (refresh.login_ms, refresh.family.clone())).collect();
        logins.sort();
        logins.dedup();
        let surplus = (logins.len() + 1).saturating_sub(most);
        logins.iter().take(surplus).flat_map(|(_, family)| self.revoke(user, family)).collect()
    }

    /// Forgets what has expired.
    pub(super) fn sweep(&mut self, now_ms: u64) -> Vec<NodeStoreOp> {
        let is_over = |expires_ms: u64| expires_ms <= now_ms;
        let codes: Vec<_> = self.codes.iter().filter(|(_, c)| is_over(c.expires_ms)).map(|(k, _)| k.clone()).collect();
        let refreshes: Vec<_> =
            self.refreshes.iter().filter(|(_, r)| is_over(r.expires_ms)).map(|(k, _)| k.clone()).collect();
        let mut ops = Vec::new();
        for key in codes {
            self.codes.remove(&key);
            ops.push(NodeStoreOp::Delete { table: Table::IdmsCode, key });
        }
        ops.extend(refreshes.into_iter().filter_map(|key| self.remove_refresh(key)));
        ops
    }

    /// Refresh tokens of a user, with their keys.
    fn of_user(&self, user: &str) -> impl Iterator<Item = (&String, &Refresh)> {
        let own = self.of_users.range((user.to_owned(), String::new())..).take_while(move |(of, _)| of == user);
        own.filter_map(|(_, key)| Some((key, self.refreshes.get(key)?)))
    }

    fn keep(&mut self, key: String, refresh: Refresh) {
        self.of_users.insert((refresh.user.clone(), key.clone()));
        self.refreshes.insert(key, refresh);
    }

    fn remove_refresh(&mut self, key: String) -> Option<NodeStoreOp> {
        let refresh = self.refreshes.remove(&key)?;
        self.of_users.remove(&(refresh.user, key.clone()));
        Some(NodeStoreOp::Delete { table: Table::IdmsRefresh, key })
    }
}

fn put(table: Table, key: &str, value: &impl Serialize) -> NodeStoreOp {
    // Texts, numbers and sets of texts can always be written.
    let value = serde_json::to_vec(value).unwrap_or_default();
    NodeStoreOp::Put { table, key: key.to_owned(), value }
}
