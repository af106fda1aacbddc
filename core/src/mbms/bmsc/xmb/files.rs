//! Files that are pushed (TS 29.116 clause 6.2.2).

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode, Uri};
use protocol::Instant;
use protocol::xmb::{IngestMode, NotificationClass, SessionType};

use super::answer::{Outcome, Refused, created_file, empty, not_allowed};
use super::notices::Event;
use super::records::{FileMeta, delete_file, put_file};
use super::{Reply, SessionKey};
use crate::mbms::bmsc::BmscNode;
use crate::mbms::bmsc::mb2::Work;

/// Octets of a Content-Type.
const MAX_CONTENT_TYPE: usize = 256;
/// RFC 9110 clause 8.3.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// A file whose content is there.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) meta: FileMeta,
    pub(super) content: Arc<Vec<u8>>,
}

impl File {
    pub(super) fn new(meta: FileMeta, content: Vec<u8>) -> Self {
        Self { meta, content: Arc::new(content) }
    }
}

impl BmscNode {
    pub(super) fn on_file(
        &mut self,
        now: Instant,
        provider: &str,
        key: &SessionKey,
        name: &str,
        request: &Request<Vec<u8>>,
    ) -> Result<Reply, Refused> {
        let entry = self.session(provider, key)?;
        let session = &entry.record.session;
        let mode = session.file_session.as_ref().map(|files| files.ingest_mode).unwrap_or_default();
        if session.session_type != Some(SessionType::Files) || mode != IngestMode::Push {
            return Err(Refused::new(StatusCode::CONFLICT, "this session does not take files that are pushed"));
        }
        match *request.method() {
            Method::PUT => self.put_pushed(now, provider, key, name, request),
            Method::DELETE if entry.files.contains_key(name) => {
                let mut work = self.work_of(provider, Some(key));
                self.remove_file(now, &mut work, key, name);
                Ok(Reply::After(Box::new(work), empty(StatusCode::NO_CONTENT)))
            }
            Method::DELETE => Err(Refused::new(StatusCode::NOT_FOUND, format!("there is no file {name}"))),
            _ => Ok(Reply::Now(not_allowed("PUT, DELETE"))),
        }
    }

    fn put_pushed(
        &mut self,
        now: Instant,
        provider: &str,
        key: &SessionKey,
        name: &str,
        request: &Request<Vec<u8>>,
    ) -> Result<Reply, Refused> {
        let content_type = request
            .headers()
            .get(CONTENT_TYPE)
            .map_or(Ok(UNKNOWN_TYPE), |value| value.to_str().map_err(|_| Refused::bad("Content-Type is no text")))?;
        if content_type.len() > MAX_CONTENT_TYPE {
            return Err(Refused::bad(format!("Content-Type has more than {MAX_CONTENT_TYPE} octets")));
        }
        let url = format!("{}{name}", self.push_url(key));
        let files = self.session(provider, key)?.record.session.file_session.as_ref();
        let base = files.and_then(|files| files.display_base_url.clone());
        let location = base.map_or_else(|| url.clone(), |base| format!("{}/{name}", base.trim_end_matches('/')));
        if location.parse::<Uri>().is_err() {
            return Err(Refused::bad("display-base-url and path make no URL"));
        }
        let is_new = !self.session(provider, key)?.files.contains_key(name);
        let mut work = self.work_of(provider, Some(key));
        self.add_file(now, &mut work, key, name, (location, content_type.to_owned()), request.body().clone())?;
        let response = if is_new { created_file(&url) } else { empty(StatusCode::NO_CONTENT) };
        Ok(Reply::After(Box::new(work), response))
    }

    /// The content of a file is there: it is kept and delivered.
    pub(super) fn add_file(
        &mut self,
        now: Instant,
        work: &mut Work,
        key: &SessionKey,
        name: &str,
        (location, content_type): (String, String),
        content: Vec<u8>,
    ) -> Outcome {
        let Some(config) = &self.config.xmb else { return Ok(()) };
        let Some(entry) = self.xmb.sessions.get(key) else { return Ok(()) };
        let old = entry.files.get(name);
        if content.is_empty() {
            return Err(Refused::bad("an empty file cannot be delivered"));
        }
        if old.is_none() && entry.files.len() >= config.max_files {
            let what = format!("a session has at most {} files: delete one first", config.max_files);
            return Err(Refused::new(StatusCode::FORBIDDEN, what));
        }
        let freed = old.map_or(0, |file| file.content.len());
        let used = self.octets_of(&entry.record.provider) - freed;
        if used + content.len() > config.max_octets {
            let what = format!("{} octets are kept of a content provider at most: delete files", config.max_octets);
            return Err(Refused::new(StatusCode::INSUFFICIENT_STORAGE, what));
        }
        let is_same = |file: &&File| {
            *file.content == content && file.meta.location == location && file.meta.content_type == content_type
        };
        if old.filter(is_same).is_some() {
            return Ok(());
        }
        let order = entry.files.values().map(|file| file.meta.order + 1).max().unwrap_or_default();
        let meta = FileMeta { location: location.clone(), content_type, order };
        work.ops.extend(put_file(key, name, &meta, &content));
        let event = Event::of(NotificationClass::Ingest, "file-accepted").with_file(&location);
        self.tell_provider(now, work, key, event);
        if let Some(entry) = self.xmb.sessions.get_mut(key) {
            entry.files.insert(name.to_owned(), File::new(meta, content));
        }
        self.send_also(now, work, key, name);
        self.plan_session(key);
        Ok(())
    }

    /// A file goes.
    pub(super) fn remove_file(&mut self, now: Instant, work: &mut Work, key: &SessionKey, name: &str) {
        let Some(entry) = self.xmb.sessions.get_mut(key) else { return };
        let Some(file) = entry.files.remove(name) else { return };
        work.ops.push(delete_file(key, name));
        self.send_no_more(now, key, name);
        let event = Event::of(NotificationClass::Ingest, "file-removed").with_file(&file.meta.location);
        self.tell_provider(now, work, key, event);
    }

    /// Octets of all files of a content provider.
    fn octets_of(&self, provider: &str) -> usize {
        let own = self.xmb.sessions.values().filter(|entry| entry.record.provider == provider);
        own.flat_map(|entry| entry.files.values()).map(|file| file.content.len()).sum()
    }
}
