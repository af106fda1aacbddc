//! What stores of nodes have in common: the token that joins an answer to its request, and what can go wrong.

use rusqlite::ErrorCode;

/// Joins an answer to its request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StoreToken(pub u64);

/// The store cannot do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite says no.
    #[error("store: {0}")]
    Sqlite(String),
    /// Another process has the file.
    #[error("the store is in use by another process: end it, or give this one its own file")]
    InUse,
    /// Written by a later version.
    #[error("the store has schema version {found}, which this program does not know: use the newer program")]
    Version {
        /// Version in the file.
        found: i64,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        match e.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            _ => Self::Sqlite(e.to_string()),
        }
    }
}
