//! Files of charging data records (TS 32.297 clause 5.1): a record is in one file, once, whatever happens in between.
//!
//! Records are rows of the store until their file is there. Which rows a file has is durable before it is written, so that
//! after a kill the same file is written again. The file itself is a row of [`Table::CdrFile`], which a live process turns
//! into a file of a folder ([`super::CdrFolder`]) in the place of the row.

use std::collections::BTreeMap;

use protocol::Instant;
use serde::{Deserialize, Serialize};

use super::{Cdf, CdfConfig, Job};
use crate::charging::cdr::Cdr;
use crate::charging::server::Waiting;
use crate::node::{NodeStore, NodeStoreOp, Rows, Table};
use crate::store::StoreError;

/// What is kept beside the records.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct FileState {
    /// Number of the next record.
    next: u64,
    /// First and last record of the file that is being written.
    batch: Option<(u64, u64)>,
}

/// Records that are not in a file yet.
#[derive(Debug, Default)]
pub(super) struct Files {
    state: FileState,
    rows: BTreeMap<u64, Vec<u8>>,
    /// When the oldest of them came.
    oldest_utc_ms: Option<u64>,
    /// After a failure nothing is tried before.
    not_before_utc_ms: u64,
}

/// Time until a file that could not be written is tried again.
const RETRY_MS: u64 = 10_000;
const STATE_KEY: &str = "files";

impl Files {
    /// The records that are in no file yet.
    #[cfg(test)]
    pub(super) fn rows(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.rows.values()
    }

    /// When the next file is due.
    pub(super) fn due(&self, config: &CdfConfig) -> Option<u64> {
        if self.state.batch.is_some() {
            return (self.not_before_utc_ms > 0).then_some(self.not_before_utc_ms);
        }
        if self.rows.is_empty() {
            return None;
        }
        let age = u64::try_from(config.file_age.as_millis()).unwrap_or(u64::MAX);
        let due =
            if self.rows.len() as u64 >= config.file_records { 0 } else { self.oldest_utc_ms?.saturating_add(age) };
        Some(due.max(self.not_before_utc_ms))
    }
}

impl Cdf {
    /// Numbers a record and keeps it.
    pub(super) fn add_record(&mut self, mut cdr: Cdr) -> Vec<NodeStoreOp> {
        cdr.number = self.files.state.next;
        self.files.state.next += 1;
        self.counters.records += 1;
        let value = serde_json::to_vec(&cdr).unwrap_or_default();
        if self.files.rows.is_empty() {
            self.files.oldest_utc_ms = cdr.closed;
        }
        self.files.rows.insert(cdr.number, value.clone());
        let put = NodeStoreOp::Put { table: Table::Cdr, key: row_key(cdr.number), value };
        vec![put, self.state_op()]
    }

    fn state_op(&self) -> NodeStoreOp {
        let value = serde_json::to_vec(&self.files.state).unwrap_or_default();
        NodeStoreOp::Put { table: Table::CdfState, key: STATE_KEY.to_owned(), value }
    }

    /// Begins a file when one is due.
    pub(super) fn rotate(&mut self, now: Instant) {
        let utc = self.server.utc_ms(now);
        if !self.server.is_loading() && self.files.due(&self.config).is_some_and(|at| at <= utc) {
            self.files.not_before_utc_ms = 0;
            self.begin_file();
        }
    }

    /// Begins a file of what there is.
    pub(super) fn begin_file(&mut self) {
        let rows = &self.files.rows;
        let most = usize::try_from(self.config.file_records).unwrap_or(usize::MAX).max(1);
        let (Some(first), Some(last)) = (rows.keys().next().copied(), rows.keys().take(most).next_back().copied())
        else {
            return;
        };
        if self.files.state.batch.is_some() {
            return self.write_file();
        }
        self.files.state.batch = Some((first, last));
        let op = self.state_op();
        self.server.store(vec![op], Waiting::Own(Job::File));
    }

    /// Writes the file that was begun; its records go with it.
    pub(super) fn write_file(&mut self) {
        let Some((first, last)) = self.files.state.batch else { return };
        let (mut contents, mut ops) = (Vec::new(), Vec::new());
        for (number, row) in self.files.rows.range(first..=last) {
            contents.extend(row);
            contents.push(b'\n');
            ops.push(NodeStoreOp::Delete { table: Table::Cdr, key: row_key(*number) });
        }
        let key = format!("cdr_{}_{first:012}.jsonl", self.config.diameter.origin_host);
        ops.push(NodeStoreOp::Put { table: Table::CdrFile, key, value: contents });
        let state = FileState { batch: None, ..self.files.state };
        let value = serde_json::to_vec(&state).unwrap_or_default();
        ops.push(NodeStoreOp::Put { table: Table::CdfState, key: STATE_KEY.to_owned(), value });
        self.server.store(ops, Waiting::Own(Job::Written));
    }

    /// The file is there, or could not be written.
    pub(super) fn on_written(&mut self, now: Instant, written: Result<(), String>) {
        let Some((first, last)) = self.files.state.batch.take() else { return };
        if let Err(why) = written {
            self.server
                .say(format!("the file of records from {first} on cannot be written, they stay in the store: {why}"));
            // The store has the batch: it is tried again as it is.
            self.files.state.batch = Some((first, last));
            self.files.not_before_utc_ms = self.server.utc_ms(now) + RETRY_MS;
            return;
        }
        self.counters.files += 1;
        self.files.rows = self.files.rows.split_off(&(last + 1));
        self.files.oldest_utc_ms = (!self.files.rows.is_empty()).then(|| self.server.utc_ms(now));
        self.rotate(now);
    }

    /// Takes over what the store has; a file that was begun is written again.
    pub(super) fn load_files(&mut self, now: Instant, records: Rows, states: Rows) {
        let state = states.iter().find(|(key, _)| key == STATE_KEY);
        let state = state.and_then(|(_, value)| serde_json::from_slice(value).ok()).unwrap_or_default();
        let rows: BTreeMap<u64, Vec<u8>> =
            records.into_iter().filter_map(|(key, value)| Some((key.parse().ok()?, value))).collect();
        let oldest_utc_ms = (!rows.is_empty()).then(|| self.server.utc_ms(now));
        self.files = Files { state, rows, oldest_utc_ms, not_before_utc_ms: 0 };
        self.write_file();
    }
}

fn row_key(number: u64) -> String {
    format!("{number:020}")
}

/// The records of a store: those of files first, then those that are in no file yet.
pub fn list_records(store: &NodeStore) -> Result<Vec<Cdr>, StoreError> {
    let files = store.scan(Table::CdrFile)?;
    let rows = store.scan(Table::Cdr)?;
    let lines = files.iter().flat_map(|(_, file)| file.split(|&octet| octet == b'\n'));
    let lines = lines.chain(rows.iter().map(|(_, row)| row.as_slice()));
    Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
}
