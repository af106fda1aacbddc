//! Durable data of the core network in SQLite, and the inline driver that executes what machines ask of it.
//!
//! Write-ahead log with `synchronous = FULL`: every commit is flushed before it is answered, so what was answered
//! survives a kill of the process and a loss of power. Allocations are rare; their cost of one flush does not matter.
//! The file is locked for this process: two BM-SCs on one pool would give the same TMGI twice.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;

use protocol::Tmgi;
use rusqlite::{Connection, ErrorCode, params};

use crate::mbms::Allocation;

/// Version of the tables below, in SQLite's `user_version`.
const SCHEMA_VERSION: i64 = 1;

/// The unique constraints repeat what the provisioning machine guarantees: a second line that cannot be argued with.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS mbms_allocation (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,
        user_service TEXT NOT NULL UNIQUE,
        tmgi         TEXT NOT NULL UNIQUE,
        address      TEXT NOT NULL,
        port         INTEGER NOT NULL,
        UNIQUE (address, port)
    ) STRICT;";

/// Joins an answer to its request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StoreToken(pub u64);

/// What a machine asks of the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoreRequest {
    /// Comes back in the answer.
    pub token: StoreToken,
    /// What to do.
    pub op: StoreOp,
}

/// An operation on durable data; each is one transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreOp {
    /// Adds an allocation; fails when any part of it is taken.
    PutAllocation(Allocation),
    /// Removes the allocation of a user service; nothing happens when there is none.
    DeleteAllocation {
        /// Name of the user service.
        user_service: String,
    },
    /// Reads all allocations, oldest first.
    FetchAllocations,
}

/// Answer of the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoreAnswer {
    /// Of the request.
    pub token: StoreToken,
    /// What became of it.
    pub result: Result<StoreOutcome, StoreError>,
}

/// A successful operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreOutcome {
    /// The change is durable.
    Stored,
    /// What was asked for.
    Fetched(Vec<Allocation>),
}

/// The store cannot do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite says no.
    #[error("store: {0}")]
    Sqlite(String),
    /// Another process has the file.
    #[error("the store is in use by another process: end it, or give this one its own file")]
    InUse,
    /// A row that this version cannot read.
    #[error("store: allocation of {user_service} has an unreadable {field}: {value}")]
    Row {
        /// Name of the user service.
        user_service: String,
        /// Column.
        field: &'static str,
        /// What is in it.
        value: String,
    },
    /// Written by a later version.
    #[error("the store has schema version {found}, this program knows up to {SCHEMA_VERSION}: use the newer program")]
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

/// The store, driven inline: an operation is done when the call returns.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
}

impl Store {
    /// Opens or creates the file.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        Self::prepare(connection)
    }

    /// A store that ends with the value: nothing is durable.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::prepare(Connection::open_in_memory()?)
    }

    /// Executes one operation; the answer goes back to the machine that asked.
    pub fn execute(&self, request: &StoreRequest) -> StoreAnswer {
        let result = match &request.op {
            StoreOp::PutAllocation(allocation) => self.put(allocation).map(|()| StoreOutcome::Stored),
            StoreOp::DeleteAllocation { user_service } => self.delete(user_service).map(|()| StoreOutcome::Stored),
            StoreOp::FetchAllocations => self.fetch().map(StoreOutcome::Fetched),
        };
        StoreAnswer { token: request.token, result }
    }

    fn prepare(connection: Connection) -> Result<Self, StoreError> {
        connection.pragma_update(None, "synchronous", "FULL")?;
        let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found > SCHEMA_VERSION {
            return Err(StoreError::Version { found });
        }
        connection.execute_batch(SCHEMA)?;
        connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        Ok(Self { connection })
    }

    fn put(&self, allocation: &Allocation) -> Result<(), StoreError> {
        let Allocation { user_service, tmgi, destination } = allocation;
        self.connection.execute(
            "INSERT INTO mbms_allocation (user_service, tmgi, address, port) VALUES (?1, ?2, ?3, ?4)",
            params![user_service, tmgi.to_string(), destination.ip().to_string(), destination.port()],
        )?;
        Ok(())
    }

    fn delete(&self, user_service: &str) -> Result<(), StoreError> {
        self.connection.execute("DELETE FROM mbms_allocation WHERE user_service = ?1", params![user_service])?;
        Ok(())
    }

    fn fetch(&self) -> Result<Vec<Allocation>, StoreError> {
        let mut statement =
            self.connection.prepare("SELECT user_service, tmgi, address, port FROM mbms_allocation ORDER BY id")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?))
        })?;
        rows.map(|row| {
            let (user_service, tmgi, address, port) = row?;
            let bad = |field, value: &str| StoreError::Row {
                user_service: user_service.clone(),
                field,
                value: value.to_owned(),
            };
            let tmgi: Tmgi = tmgi.parse().map_err(|_| bad("tmgi", &tmgi))?;
            let ip: Ipv4Addr = address.parse().map_err(|_| bad("address", &address))?;
            let port = u16::try_from(port).map_err(|_| bad("port", &port.to_string()))?;
            Ok(Allocation { user_service, tmgi, destination: SocketAddrV4::new(ip, port) })
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allocation(user_service: &str, tmgi: &str, destination: &str) -> Allocation {
        Allocation {
            user_service: user_service.to_owned(),
            tmgi: tmgi.parse().unwrap(),
            destination: destination.parse().unwrap(),
        }
    }

    fn execute(store: &Store, op: StoreOp) -> Result<StoreOutcome, StoreError> {
        let answer = store.execute(&StoreRequest { token: StoreToken(7), op });
        assert_eq!(answer.token, StoreToken(7));
        answer.result
    }

    #[test]
    fn what_was_stored_is_there_after_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bmsc.sqlite");
        let (a, b) = (
            allocation("z", "000001@262-01", "239.192.0.1:5000"),
            allocation("a", "000002@262-01", "239.192.0.1:5001"),
        );
        {
            let store = Store::open(&path).unwrap();
            for x in [&a, &b] {
                assert_eq!(execute(&store, StoreOp::PutAllocation(x.clone())), Ok(StoreOutcome::Stored));
            }
        }
        let store = Store::open(&path).unwrap();
        assert_eq!(execute(&store, StoreOp::FetchAllocations), Ok(StoreOutcome::Fetched(vec![a, b.clone()])));
        let op = StoreOp::DeleteAllocation { user_service: "z".to_owned() };
        assert_eq!(execute(&store, op), Ok(StoreOutcome::Stored));
        assert_eq!(execute(&store, StoreOp::FetchAllocations), Ok(StoreOutcome::Fetched(vec![b])));
    }

    #[test]
    fn the_file_itself_refuses_collisions() {
        let store = Store::in_memory().unwrap();
        let first = allocation("a", "000001@262-01", "239.192.0.1:5000");
        execute(&store, StoreOp::PutAllocation(first)).unwrap();
        for (service, tmgi, destination) in [
            ("a", "000002@262-01", "239.192.0.1:5001"),
            ("b", "000001@262-01", "239.192.0.1:5001"),
            ("b", "000002@262-01", "239.192.0.1:5000"),
        ] {
            let second = allocation(service, tmgi, destination);
            assert!(matches!(execute(&store, StoreOp::PutAllocation(second)), Err(StoreError::Sqlite(_))));
        }
    }

    #[test]
    fn a_second_process_and_a_later_version_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bmsc.sqlite");
        let store = Store::open(&path).unwrap();
        assert_eq!(Store::open(&path).unwrap_err(), StoreError::InUse);
        store.connection.pragma_update(None, "user_version", 9).unwrap();
        drop(store);
        assert_eq!(Store::open(&path).unwrap_err(), StoreError::Version { found: 9 });
    }
}
