//! xMB: content provider and BM-SC (TS 29.116): resources, their properties as JSON, and where they are.
//!
//! Below [`ROOT`] (entry point: clause 5.1.3; methods: clause 5.1.1):
//!
//! | resource | methods | body |
//! |---|---|---|
//! | `services` | GET, POST | [`Service`] (a list of them) |
//! | `services/{service}` | GET, PUT, PATCH, DELETE | [`Service`] |
//! | `services/{service}/sessions` | GET, POST | [`Session`] (a list of them) |
//! | `services/{service}/sessions/{session}` | GET, PUT, PATCH, DELETE | [`Session`] |
//! | `reports`, `reports/{report}` | GET | [`Report`] (a list of them) |
//! | `notifications`, `notifications/{notification}` | GET | [`Notification`] (a list of them) |
//!
//! POST answers 201 with Location and the resource, identifier and defaults filled in; its body may be empty. PUT takes all
//! properties, PATCH those that change (RFC 7396: null takes one away). What only the BM-SC says is left as it is, whatever
//! is sent. Properties that are not known are kept and given back. Lists of reports and of notifications may be asked for
//! `?service=ID` and `?session=ID`.
//!
//! Files of a session with ingest mode "Push" are PUT below its push URL ([`FileSession::push_url`]), at the path that is
//! their Content-Location, with their Content-Type; DELETE takes one out. The user service description of a service is at
//! [`Service::service_announcement_url`] (clause 5.2.1.1), for everybody.
//!
//! A refusal is a problem (RFC 9457) with the members of [`Problem`]. The names of properties are those of annex B as far
//! as they could be verified; what the standard has no property for is in one object of its own, [`Extension`], named
//! `castbench`.

mod extension;
mod notification;
mod route;
mod service;
mod session;

pub use extension::{Allocation, Arp, Conflict, DeliveryFec, Extension, FileDelivery, Qos};
pub use notification::{Notification, NotificationClass, Report};
pub use route::Route;
pub use service::{AnnouncementMode, Service};
pub use session::{
    FileEntry, FileSession, FileState, IngestMode, OPEN_END, REAL_TIME, Session, SessionState, SessionType,
    StreamingSession, TransportMode, TransportSession,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Root of the resources, its entry point (clause 5.1.3).
pub const ROOT: &str = "/xmb/v1.0";
/// Root of the files that are pushed (clause 6.2.2).
pub const PUSH_ROOT: &str = "/xmb-u";
/// Root of the user service descriptions.
pub const ANNOUNCEMENT_ROOT: &str = "/announcement";
/// Members of a resource, nested ones counted.
const MAX_VALUES: usize = 4096;
/// Octets of a resource.
const MAX_OCTETS: usize = 64 * 1024;

/// Why a body is not what it should be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum XmbProblem {
    /// It is no JSON, or not of this form.
    #[error("{0}")]
    Malformed(String),
    /// Too large.
    #[error("a resource of more than {MAX_VALUES} values or {MAX_OCTETS} octets")]
    TooLarge,
}

/// Reads a resource; an empty body is one without any property.
///
/// # Errors
/// What is wrong with it.
pub fn parse<T: for<'a> Deserialize<'a>>(body: &[u8]) -> Result<T, XmbProblem> {
    of_value(value(body)?)
}

/// Changes a resource as PATCH wants it (RFC 7396).
///
/// # Errors
/// What is wrong with the patch, or with what it would make of the resource.
pub fn patch<T: Serialize + for<'a> Deserialize<'a>>(resource: &T, body: &[u8]) -> Result<T, XmbProblem> {
    let mut target = serde_json::to_value(resource).map_err(|error| XmbProblem::Malformed(error.to_string()))?;
    merge(&mut target, value(body)?);
    if count(&target) > MAX_VALUES || emit(&target).len() > MAX_OCTETS {
        return Err(XmbProblem::TooLarge);
    }
    of_value(target)
}

/// A resource as octets of JSON.
pub fn emit<T: Serialize>(resource: &T) -> Vec<u8> {
    // Cannot fail: neither maps with odd keys nor errors of their own are in there.
    serde_json::to_vec(resource).unwrap_or_default()
}

fn value(body: &[u8]) -> Result<Value, XmbProblem> {
    if body.trim_ascii().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    if body.len() > MAX_OCTETS {
        return Err(XmbProblem::TooLarge);
    }
    // Its depth is bounded by the library.
    let value: Value = serde_json::from_slice(body).map_err(|error| XmbProblem::Malformed(error.to_string()))?;
    if count(&value) > MAX_VALUES { Err(XmbProblem::TooLarge) } else { Ok(value) }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(values) => values.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

fn of_value<T: for<'a> Deserialize<'a>>(value: Value) -> Result<T, XmbProblem> {
    serde_json::from_value(value).map_err(|error| XmbProblem::Malformed(error.to_string()))
}

fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(members) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(&name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// A refusal (RFC 9457).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Problem {
    /// Of the kind of it.
    #[serde(default)]
    pub title: String,
    /// The status code.
    #[serde(default)]
    pub status: u16,
    /// What is wrong, and what to do.
    #[serde(default)]
    pub detail: String,
    /// Why what the content provider has assigned is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Conflict>,
    /// What else it says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Its media type.
pub const PROBLEM_CONTENT_TYPE: &str = "application/problem+json";

#[cfg(test)]
mod tests;
