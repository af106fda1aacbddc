//! Paths of the resources, below the entry point (TS 29.116 clause 5.1.3).

use std::fmt;

use super::{ANNOUNCEMENT_ROOT, PUSH_ROOT, ROOT};
use crate::xcap::percent_decode;

/// A resource, by its path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Route {
    /// All services.
    Services,
    /// A service.
    Service(String),
    /// The sessions of a service.
    Sessions(String),
    /// A session, by service and session.
    Session(String, String),
    /// All reports.
    Reports,
    /// A report.
    Report(String),
    /// All notifications.
    Notifications,
    /// A notification.
    Notification(String),
    /// A file that is pushed: service, session, and the path below the push URL, as it was written.
    File(String, String, String),
    /// The announcement of a service: all fragments of its user service description.
    Announcement(String),
    /// One fragment of it.
    Fragment(String, String),
}

/// Octets of an identifier.
const MAX_ID: usize = 64;
/// Octets of the path of a file below its push URL.
const MAX_FILE_PATH: usize = 512;

impl Route {
    /// Reads a path, without its query. None: nothing is there.
    pub fn parse(path: &str) -> Option<Self> {
        if let Some(rest) = below(path, PUSH_ROOT) {
            let mut parts = rest.splitn(3, '/');
            let (service, session) = (id(parts.next()?)?, id(parts.next()?)?);
            let file = parts.next()?;
            return is_file_path(file).then(|| Self::File(service, session, file.to_owned()));
        }
        if let Some(rest) = below(path, ANNOUNCEMENT_ROOT) {
            return match rest.split_once('/') {
                None => Some(Self::Announcement(id(rest)?)),
                Some((service, fragment)) => Some(Self::Fragment(id(service)?, id(fragment)?)),
            };
        }
        let rest = below(path, ROOT)?;
        // Some clients end a collection with a slash.
        let parts: Vec<&str> = rest.strip_suffix('/').unwrap_or(rest).split('/').collect();
        match parts[..] {
            ["services"] => Some(Self::Services),
            ["services", service] => Some(Self::Service(id(service)?)),
            ["services", service, "sessions"] => Some(Self::Sessions(id(service)?)),
            ["services", service, "sessions", session] => Some(Self::Session(id(service)?, id(session)?)),
            ["reports"] => Some(Self::Reports),
            ["reports", report] => Some(Self::Report(id(report)?)),
            ["notifications"] => Some(Self::Notifications),
            ["notifications", notification] => Some(Self::Notification(id(notification)?)),
            _ => None,
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Services => write!(f, "{ROOT}/services"),
            Self::Service(service) => write!(f, "{ROOT}/services/{service}"),
            Self::Sessions(service) => write!(f, "{ROOT}/services/{service}/sessions"),
            Self::Session(service, session) => write!(f, "{ROOT}/services/{service}/sessions/{session}"),
            Self::Reports => write!(f, "{ROOT}/reports"),
            Self::Report(report) => write!(f, "{ROOT}/reports/{report}"),
            Self::Notifications => write!(f, "{ROOT}/notifications"),
            Self::Notification(notification) => write!(f, "{ROOT}/notifications/{notification}"),
            Self::File(service, session, path) => write!(f, "{PUSH_ROOT}/{service}/{session}/{path}"),
            Self::Announcement(service) => write!(f, "{ANNOUNCEMENT_ROOT}/{service}"),
            Self::Fragment(service, fragment) => write!(f, "{ANNOUNCEMENT_ROOT}/{service}/{fragment}"),
        }
    }
}

fn below<'a>(path: &'a str, root: &str) -> Option<&'a str> {
    path.strip_prefix(root)?.strip_prefix('/')
}

/// An identifier: what is in it means nothing in a path.
fn id(segment: &str) -> Option<String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let is_id = !segment.is_empty() && segment.len() <= MAX_ID && segment.bytes().all(is_plain);
    (is_id && !segment.starts_with('.')).then(|| segment.to_owned())
}

/// A relative path of plain segments, as it stays when it is resolved (RFC 3986 clause 5.2.4).
fn is_file_path(path: &str) -> bool {
    let is_segment = |segment: &str| {
        percent_decode(segment).is_some_and(|text| {
            !matches!(text.as_str(), "" | "." | "..") && !text.contains('/') && !text.chars().any(char::is_control)
        })
    };
    path.len() <= MAX_FILE_PATH && path.split('/').all(is_segment)
}
