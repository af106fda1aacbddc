//! Session resource (TS 29.116 clause 5.2.2, TS 26.348 clause 5.4.6).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::extension::Extension;

/// `session-start` of a session that begins at once.
pub const REAL_TIME: u64 = 0;
/// `session-stop` of a session that ends when its content provider ends it.
pub const OPEN_END: u64 = 0;

/// What a session delivers (TS 26.348 clause 5.4.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SessionType {
    /// RTP, by the streaming delivery method (TS 26.346 clause 8).
    Streaming,
    /// Files, by the download delivery method (TS 26.346 clause 7).
    Files,
    /// An application service; none of those is offered here.
    Application,
    /// Packets as they come, by transparent delivery (TS 26.346 clause 8B).
    #[serde(rename = "Transport-Mode")]
    TransportMode,
}

/// What a session is doing (TS 26.348 clause 5.4.6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub enum SessionState {
    /// Nothing.
    #[default]
    #[serde(rename = "Session Idle")]
    Idle,
    /// It is announced, and will begin.
    #[serde(rename = "Session Announced")]
    Announced,
    /// Its bearer is there.
    #[serde(rename = "Session Active")]
    Active,
}

/// How content comes to the BM-SC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum IngestMode {
    /// The content provider pushes it.
    #[default]
    Push,
    /// The BM-SC fetches it.
    Pull,
}

/// A session.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Session {
    /// Identifier of the resource. Only the BM-SC says it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// When it begins: seconds since 1970; [`REAL_TIME`] is at once; without it, it waits until there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_start: Option<u64>,
    /// When it ends: seconds since 1970; [`OPEN_END`], or none: when the content provider ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_stop: Option<u64>,
    /// Bit rate on the bearer, bit/s, IP headers included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bitrate: Option<u64>,
    /// Longest delay that content may have, milliseconds. Kept, not acted upon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_delay: Option<u64>,
    /// What it is doing. Only the BM-SC says it.
    pub session_state: SessionState,
    /// When it is announced first: seconds since 1970. Kept, not acted upon: a description is there as soon as asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_announcement_start_time: Option<u64>,
    /// MBMS service area identities (TS 23.003 clause 15.3), as numbers or decimal texts; none: 0, the whole PLMN.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "areas")]
    pub geographical_areas: Vec<u16>,
    /// What it delivers; without it, it stays idle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_type: Option<SessionType>,
    /// Of type Files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_session: Option<FileSession>,
    /// Of type Streaming.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streaming_session: Option<StreamingSession>,
    /// Of type Transport-Mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport_session: Option<TransportSession>,
    /// What the standard has no property for.
    #[serde(skip_serializing_if = "Extension::is_empty")]
    pub castbench: Extension,
    /// What else it has.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

fn areas<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<u16>, D::Error> {
    let wrong = || serde::de::Error::custom("a geographical area is an MBMS service area identity, 0 to 65535");
    let read = |area: Value| match area {
        Value::Number(area) => area.as_u64().and_then(|area| area.try_into().ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    Vec::<Value>::deserialize(deserializer)?.into_iter().map(|area| read(area).ok_or_else(wrong)).collect()
}

/// Properties of a session of files (TS 29.116 clause 6.2).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct FileSession {
    /// How files come.
    pub ingest_mode: IngestMode,
    /// Where they are pushed to, with a slash at its end. Only the BM-SC says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_url: Option<String>,
    /// What Content-Locations begin with, instead of the push URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_base_url: Option<String>,
    /// The files. With Pull the content provider says which; with Push the BM-SC says what it has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub file_list: Vec<FileEntry>,
    /// What else it has.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What has become of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileState {
    /// It is to be fetched.
    Wanted,
    /// It is there, and durable.
    Accepted,
    /// It could not be had, or not be delivered.
    Failed,
}

/// A file.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct FileEntry {
    /// Where it is fetched from, or its Content-Location.
    pub file_url: String,
    /// Not before then: seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earliest_fetch_time: Option<u64>,
    /// Not after then: seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_fetch_time: Option<u64>,
    /// Octets. Only the BM-SC says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
    /// What has become of it. Only the BM-SC says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_status: Option<FileState>,
    /// What else it has.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Properties of a session of RTP (TS 29.116 clause 6.4).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct StreamingSession {
    /// Description of the session as the content provider has it (RFC 8866): one media, of RTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_description: Option<String>,
    /// Where RTP is sent to, `udp://ADDRESS:PORT`. Only the BM-SC says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingest_url: Option<String>,
    /// What else it has.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What the BM-SC does with the packets of a transport session (TS 26.346 clause 8B.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum TransportMode {
    /// What comes are IP datagrams to the multicast address of the session, each in a UDP datagram.
    #[default]
    #[serde(rename = "Forward-only")]
    ForwardOnly,
    /// What comes are UDP payloads; the BM-SC makes datagrams to the multicast address of them.
    Proxy,
}

/// Properties of a session of packets (TS 29.116 clause 6.5).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct TransportSession {
    /// What is done with them.
    pub delivery_mode: TransportMode,
    /// Where packets are sent to, `udp://ADDRESS:PORT`. Only the BM-SC says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingest_url: Option<String>,
    /// Description of what is in them (RFC 8866).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_description: Option<String>,
    /// What else it has.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
