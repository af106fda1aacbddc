//! What a BM-SC keeps of xMB: services, sessions, content of files, notifications, reports.

use protocol::Tmgi;
use protocol::diameter::mbms::FlowId;
use protocol::xmb::{Notification, Report, Service, Session};
use serde::{Deserialize, Serialize};

use crate::mbms::bmsc::records::{BearerKey, put};
use crate::node::{NodeStoreOp, Table};

/// Names a session: service, session.
pub(in crate::mbms::bmsc) type SessionKey = (String, String);

/// A service.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct ServiceRecord {
    /// Name of the content provider.
    pub(super) provider: String,
    pub(super) service: Service,
    /// Counts what changes of its announcement.
    pub(super) version: u32,
}

/// A session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct SessionRecord {
    /// Name of the content provider.
    pub(super) provider: String,
    pub(super) service: String,
    /// Counts what changes of its description.
    pub(super) version: u32,
    /// As the content provider has said it, and its identifier.
    pub(super) session: Session,
    /// TMGI; none: it has no type yet.
    pub(super) tmgi: Option<Tmgi>,
    /// Flow identifier of its bearer.
    pub(super) flow: Option<u16>,
    /// UTC in milliseconds at which its content begins, while it has a bearer.
    pub(super) content_from: Option<u64>,
    /// UTC in milliseconds since when its bearer is active.
    pub(super) active_since: Option<u64>,
}

impl SessionRecord {
    pub(super) fn key(&self) -> SessionKey {
        (self.service.clone(), self.session.id.clone())
    }

    pub(super) fn bearer(&self) -> Option<BearerKey> {
        Some(BearerKey { tmgi: self.tmgi?, flow: FlowId(self.flow?) })
    }
}

/// What is known of a file whose content is there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct FileMeta {
    /// Content-Location on the bearer.
    pub(super) location: String,
    pub(super) content_type: String,
    /// Files are delivered in this order.
    pub(super) order: u64,
}

/// A notification.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::mbms::bmsc) struct NoticeRecord {
    /// Name of the content provider.
    pub(super) provider: String,
    pub(super) notification: Notification,
    /// Where it is still to be pushed to.
    pub(super) push_to: Option<String>,
}

/// A report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct ReportRecord {
    /// Name of the content provider.
    pub(super) provider: String,
    pub(super) report: Report,
}

pub(super) fn put_service(record: &ServiceRecord) -> Option<NodeStoreOp> {
    put(Table::XmbService, record.service.id.clone(), record)
}

pub(super) fn delete_service(id: &str) -> NodeStoreOp {
    NodeStoreOp::Delete { table: Table::XmbService, key: id.to_owned() }
}

fn session_text((service, session): &SessionKey) -> String {
    format!("{service}/{session}")
}

pub(super) fn put_session(record: &SessionRecord) -> Option<NodeStoreOp> {
    put(Table::XmbSession, session_text(&record.key()), record)
}

pub(super) fn delete_session(key: &SessionKey) -> NodeStoreOp {
    NodeStoreOp::Delete { table: Table::XmbSession, key: session_text(key) }
}

/// A file: what is known of it in a line, then its content.
pub(super) fn put_file(key: &SessionKey, name: &str, meta: &FileMeta, content: &[u8]) -> Option<NodeStoreOp> {
    let mut value = serde_json::to_vec(meta).ok()?;
    value.push(b'\n');
    value.extend_from_slice(content);
    Some(NodeStoreOp::Put { table: Table::XmbFile, key: format!("{}/{name}", session_text(key)), value })
}

pub(super) fn delete_file(key: &SessionKey, name: &str) -> NodeStoreOp {
    NodeStoreOp::Delete { table: Table::XmbFile, key: format!("{}/{name}", session_text(key)) }
}

/// Reads a row of a file: whose it is, its name, what is known of it, its content.
pub(super) fn read_file(key: &str, value: &[u8]) -> Option<(SessionKey, String, FileMeta, Vec<u8>)> {
    let mut parts = key.splitn(3, '/');
    let session = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let name = parts.next()?.to_owned();
    let end = value.iter().position(|octet| *octet == b'\n')?;
    let meta = serde_json::from_slice(&value[..end]).ok()?;
    Some((session, name, meta, value[end + 1..].to_vec()))
}

pub(super) fn put_notice(record: &NoticeRecord) -> Option<NodeStoreOp> {
    put(Table::XmbNotification, record.notification.id.clone(), record)
}

pub(super) fn delete_notice(id: &str) -> NodeStoreOp {
    NodeStoreOp::Delete { table: Table::XmbNotification, key: id.to_owned() }
}

pub(super) fn put_report(record: &ReportRecord) -> Option<NodeStoreOp> {
    put(Table::XmbReport, record.report.id.clone(), record)
}

pub(super) fn delete_report(id: &str) -> NodeStoreOp {
    NodeStoreOp::Delete { table: Table::XmbReport, key: id.to_owned() }
}
