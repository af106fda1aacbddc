//! Notifications and reports (TS 29.116 clauses 5.2.3, 5.2.4 and 8).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::session::SessionState;

/// What a notification is about (TS 26.348 clause 5.3.6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotificationClass {
    /// The state of a session has changed, or it is not what it should be.
    Session,
    /// A file was accepted, or could not be.
    Ingest,
    /// The delivery of content has begun, has gone once through all files, has reached its limit or has ended.
    Delivery,
}

/// A notification: POSTed to the content provider's URL until it answers 2xx, and to be fetched.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Notification {
    /// Identifier of the resource: who gets a notification twice sees it by that.
    pub id: String,
    /// What it is about.
    pub class: NotificationClass,
    /// What has happened: `state`, `trouble`; `file-accepted`, `file-failed`, `file-removed`; `delivery-started`,
    /// `file-delivered`, `limit-reached`, `delivery-stopped`.
    pub event: String,
    /// When, milliseconds since 1970.
    pub time_ms: u64,
    /// Of which service.
    pub service: String,
    /// Of which session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The state of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_state: Option<SessionState>,
    /// Content-Location or URL of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_url: Option<String>,
    /// Words for a human.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What else it says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What was delivered of a session, from one start to its stop. Reports of UEs (reception, consumption, QoE) come to nobody
/// here, so there are none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// Identifier of the resource.
    pub id: String,
    /// Of which service.
    pub service: String,
    /// Of which session.
    pub session: String,
    /// Milliseconds since 1970 at which the bearer was there.
    pub start_ms: u64,
    /// At which it ended.
    pub stop_ms: u64,
    /// IP datagrams that went to the MBMS-GWs.
    pub packets: u64,
    /// Octets of them, from their IP headers on.
    pub ip_octets: u64,
    /// Datagrams that could not be sent.
    pub refused: u64,
    /// How often each file has gone out whole, by Content-Location.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub files: Map<String, Value>,
}
