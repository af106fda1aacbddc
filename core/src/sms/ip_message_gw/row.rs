//! Messages as the store has them, and in which order they are.

use serde::{Deserialize, Serialize};

use super::mo::Mo;
use super::mt::Mt;
use crate::node::{NodeStoreOp, Table};

/// A row.
#[derive(Debug, Deserialize)]
pub(super) enum Row {
    Mo(Mo),
    Mt(Mt),
}

/// A row that is written.
#[derive(Debug, Serialize)]
pub(super) enum RowRef<'a> {
    Mo(&'a Mo),
    Mt(&'a Mt),
}

impl RowRef<'_> {
    /// What makes it durable.
    pub(super) fn put(&self, number: u64) -> NodeStoreOp {
        // Nothing of it can fail to be written as JSON.
        let value = serde_json::to_vec(self).unwrap_or_default();
        NodeStoreOp::Put { table: Table::IpMessageGwMessage, key: key_of(number), value }
    }
}

/// What takes a row away.
pub(super) fn delete(number: u64) -> NodeStoreOp {
    NodeStoreOp::Delete { table: Table::IpMessageGwMessage, key: key_of(number) }
}

/// The number of a row.
pub(super) fn number_of(key: &str) -> Option<u64> {
    u64::from_str_radix(key, 16).ok()
}

/// In the order of numbers.
fn key_of(number: u64) -> String {
    format!("{number:016x}")
}

/// Octets in hexadecimal digits.
pub(super) mod octets {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(octets))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map_err(de::Error::custom)
    }
}
