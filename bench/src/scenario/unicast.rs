//! The unicast access of a simulated UE: what its own way to the network does to its messages.

use serde::{Deserialize, Serialize};

use crate::strict_toml::Table;

/// What the way between a UE and the network does, in each direction, beside `gm_delay_ms`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnicastAccess {
    /// More delay, milliseconds.
    pub delay_ms: u64,
    /// Datagrams that are lost by chance, percent. Streams have their segments again instead, a second later and in order.
    pub loss_percent: f64,
    /// What it carries, kbit/s; none: everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kbps: Option<u32>,
    /// Datagrams that would wait longer than this are dropped, milliseconds. Streams wait.
    pub queue_ms: u64,
}

/// Reads `unicast = { ... }` of a UE.
pub(super) fn unicast(t: &mut Table<'_>) -> UnicastAccess {
    UnicastAccess {
        delay_ms: t.optional_integer("delay_ms", 0..=10_000).unwrap_or(0),
        loss_percent: t.optional_number("loss_percent", 0.0..=100.0).unwrap_or(0.0),
        kbps: t.optional_integer("kbps", 1..=1_000_000),
        queue_ms: t.optional_integer("queue_ms", 1..=60_000).unwrap_or(QUEUE_MS),
    }
}

const QUEUE_MS: u64 = 500;
