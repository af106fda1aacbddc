//! The audit log: who asked for what, when, with which result. No bodies.

use serde::{Deserialize, Serialize};

use crate::node::{NodeStoreOp, Rows, Table};

/// A request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When, UTC in milliseconds since 1970.
    pub utc_ms: u64,
    /// Who, if known.
    pub client: Option<String>,
    /// From which address.
    pub peer: String,
    /// What.
    pub operation: Option<String>,
    /// Which resource.
    pub resource: Option<String>,
    /// With which result.
    pub status: u16,
    /// Why it was refused.
    pub why: String,
}

/// The last entries: a ring, so that strangers cannot fill the disk.
#[derive(Debug, Default)]
pub(super) struct Audit {
    next: u64,
}

impl Audit {
    pub(super) fn load(&mut self, rows: &Rows) {
        let newest = rows.iter().filter_map(|(_, value)| serde_json::from_slice::<(u64, AuditEntry)>(value).ok());
        self.next = newest.map(|(number, _)| number + 1).max().unwrap_or(0);
    }

    pub(super) fn op(&mut self, entry: &AuditEntry) -> NodeStoreOp {
        let number = self.next;
        self.next += 1;
        let value = serde_json::to_vec(&(number, entry)).unwrap_or_default();
        NodeStoreOp::Put { table: Table::ExposureAudit, key: format!("{:06}", number % MAX_ENTRIES), value }
    }
}

const MAX_ENTRIES: u64 = 100_000;
