//! Durable data of the nodes in one SQLite file.
//!
//! Write-ahead log with `synchronous = FULL`: a commit is flushed before it is answered, so what was answered survives a kill
//! of the process and a loss of power. Requests that wait at the same time share one commit ([`NodeStore::execute_all`]). The
//! file is locked for this process: two HSSs on one file would give a sequence number twice.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, params};

use super::{NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Rows, Table};
use crate::store::StoreError;

/// Version of the tables, in SQLite's `user_version`.
const SCHEMA_VERSION: i64 = 1;

/// KiB of pages in memory. SQLite's usual 2 MiB hold no more than the way to rows in tables of 100,000: queues of short messages
/// whose rows are spread over their tables would have a page read for each.
const CACHE_KIB: i64 = 8192;

/// The store, driven inline: a request is done when the call returns.
#[derive(Debug)]
pub struct NodeStore {
    connection: Connection,
}

impl NodeStore {
    /// Opens or creates the file; only its owner can read it, for it holds keys.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        // Who has the file keeps it: waiting for it helps nobody.
        connection.busy_timeout(Duration::from_millis(100))?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        let store = Self::prepare(connection)?;
        keep_private(path).map_err(|e| StoreError::Sqlite(format!("{}: {e}", path.display())))?;
        Ok(store)
    }

    /// A store that ends with the value: nothing is durable.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::prepare(Connection::open_in_memory()?)
    }

    /// Executes one request, in one transaction.
    pub fn execute(&mut self, request: &NodeStoreRequest) -> NodeStoreAnswer {
        let result = self.transact(std::slice::from_ref(request)).map(|mut rows| rows.pop().unwrap_or_default());
        NodeStoreAnswer { token: request.token, result }
    }

    /// Executes several in one transaction: all are durable, or all fail.
    pub fn execute_all(&mut self, requests: &[NodeStoreRequest]) -> Vec<NodeStoreAnswer> {
        let result = self.transact(requests);
        let answer = |(i, request): (usize, &NodeStoreRequest)| NodeStoreAnswer {
            token: request.token,
            result: result.as_ref().map(|rows| rows.get(i).cloned().unwrap_or_default()).map_err(Clone::clone),
        };
        requests.iter().enumerate().map(answer).collect()
    }

    /// Reads a table, by ascending keys.
    pub fn scan(&self, table: Table) -> Result<Rows, StoreError> {
        scan(&self.connection, table)
    }

    fn prepare(connection: Connection) -> Result<Self, StoreError> {
        connection.pragma_update(None, "synchronous", "FULL")?;
        // Each operation on each table is a statement, and few tables are used at a time.
        connection.set_prepared_statement_cache_capacity(4 * Table::ALL.len());
        let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found > SCHEMA_VERSION {
            return Err(StoreError::Version { found });
        }
        for table in Table::ALL {
            let name = table.name();
            connection.execute_batch(&format!(
                "CREATE TABLE IF NOT EXISTS {name} (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
            ))?;
        }
        connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        Ok(Self { connection })
    }

    fn transact(&mut self, requests: &[NodeStoreRequest]) -> Result<Vec<Vec<Rows>>, StoreError> {
        let transaction = self.connection.transaction()?;
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            let mut rows = Vec::new();
            for op in &request.ops {
                match op {
                    NodeStoreOp::Put { table, key, value } => {
                        let sql = format!("INSERT OR REPLACE INTO {} (key, value) VALUES (?1, ?2)", table.name());
                        transaction.prepare_cached(&sql)?.execute(params![key, value])?;
                    }
                    NodeStoreOp::Delete { table, key } => {
                        let sql = format!("DELETE FROM {} WHERE key = ?1", table.name());
                        transaction.prepare_cached(&sql)?.execute(params![key])?;
                    }
                    NodeStoreOp::Scan { table } => rows.push(scan(&transaction, *table)?),
                    NodeStoreOp::Range { table, from, below, limit } => {
                        rows.push(range(&transaction, *table, (from, below), *limit)?);
                    }
                }
            }
            answers.push(rows);
        }
        if requests.iter().all(|r| r.ops.iter().all(NodeStoreOp::is_read)) {
            // Nothing to flush.
            transaction.rollback()?;
        } else {
            transaction.commit()?;
        }
        Ok(answers)
    }
}

fn scan(connection: &Connection, table: Table) -> Result<Rows, StoreError> {
    let sql = format!("SELECT key, value FROM {} ORDER BY key", table.name());
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<Rows, _>>()?)
}

fn range(connection: &Connection, table: Table, keys: (&str, &str), limit: usize) -> Result<Rows, StoreError> {
    let sql = format!("SELECT key, value FROM {} WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3", table.name());
    let mut statement = connection.prepare_cached(&sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![keys.0, keys.1, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<Rows, _>>()?)
}

/// The log and the index beside the file take over its mode.
fn keep_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::set_permissions(&name, std::fs::Permissions::from_mode(0o600)) {
            Err(e) if suffix.is_empty() || e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreToken;

    fn put(table: Table, key: &str, value: &[u8]) -> NodeStoreOp {
        NodeStoreOp::Put { table, key: key.to_owned(), value: value.to_vec() }
    }

    fn request(token: u64, ops: Vec<NodeStoreOp>) -> NodeStoreRequest {
        NodeStoreRequest { token: StoreToken(token), ops }
    }

    #[test]
    fn what_was_stored_is_there_after_reopening() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ims.sqlite");
        {
            let mut store = NodeStore::open(&path).unwrap();
            let ops = vec![put(Table::Sqn, "b", b"2"), put(Table::Sqn, "a", b"1"), put(Table::Subscriber, "a", b"x")];
            assert_eq!(store.execute(&request(1, ops)).result, Ok(vec![]));
            let batch = [
                request(2, vec![put(Table::Sqn, "b", b"3"), NodeStoreOp::Scan { table: Table::Sqn }]),
                request(3, vec![NodeStoreOp::Delete { table: Table::Sqn, key: "a".to_owned() }]),
                request(4, vec![NodeStoreOp::Scan { table: Table::Sqn }]),
            ];
            let answers = store.execute_all(&batch);
            let row = |key: &str, value: &[u8]| (key.to_owned(), value.to_vec());
            assert_eq!(answers[0].result, Ok(vec![vec![row("a", b"1"), row("b", b"3")]]));
            assert_eq!(answers[1].result, Ok(vec![]));
            assert_eq!((answers[2].token, &answers[2].result), (StoreToken(4), &Ok(vec![vec![row("b", b"3")]])));
            assert_eq!(NodeStore::open(&path).unwrap_err(), StoreError::InUse);
        }
        let store = NodeStore::open(&path).unwrap();
        assert_eq!(store.scan(Table::Sqn), Ok(vec![("b".to_owned(), b"3".to_vec())]));
        assert_eq!(store.scan(Table::Subscriber), Ok(vec![("a".to_owned(), b"x".to_vec())]));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_part_of_a_table_is_read() {
        let mut store = NodeStore::in_memory().unwrap();
        let keys = ["a/1", "a/2", "a/2x", "a/3", "b/1"];
        store.execute(&request(1, keys.map(|key| put(Table::SmScDue, key, key.as_bytes())).to_vec()));
        let range = |from: &str, below: &str, limit| {
            let (from, below) = (from.to_owned(), below.to_owned());
            NodeStoreOp::Range { table: Table::SmScDue, from, below, limit }
        };
        let get = |key| NodeStoreOp::get(Table::SmScDue, key);
        let ops = vec![range("a/", "a0", 2), range("a/2x", "a0", 9), get("a/2"), get("a/"), range("a/", "a0", 0)];
        let read = store.execute(&request(2, ops)).result.unwrap();
        let read: Vec<Vec<&str>> = read.iter().map(|rows| rows.iter().map(|(key, _)| key.as_str()).collect()).collect();
        assert_eq!(read, [vec!["a/1", "a/2"], vec!["a/2x", "a/3"], vec!["a/2"], vec![], vec![]]);
    }

    #[test]
    fn a_later_version_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ims.sqlite");
        let store = NodeStore::open(&path).unwrap();
        store.connection.pragma_update(None, "user_version", 9).unwrap();
        drop(store);
        assert_eq!(NodeStore::open(&path).unwrap_err(), StoreError::Version { found: 9 });
    }
}
