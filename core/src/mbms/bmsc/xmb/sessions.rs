//! Sessions (TS 29.116 clause 5.2.2).

use http::{Method, StatusCode};
use protocol::Instant;
use protocol::xmb::{
    self, Allocation, FileEntry, FileSession, FileState, IngestMode, Session, SessionState, SessionType,
};

use super::answer::{Outcome, Refused, created, empty, json, not_allowed};
use super::fetch::Fetch;
use super::records::{SessionRecord, delete_file, delete_session, put_session};
use super::{Entry, Reply, SessionKey};
use crate::mbms::bmsc::BmscNode;
use crate::mbms::bmsc::mb2::Work;
use crate::mbms::bmsc::records::BearerState;

impl BmscNode {
    /// A session of a content provider.
    pub(super) fn session(&self, provider: &str, key: &SessionKey) -> Result<&Entry, Refused> {
        let found = self.xmb.sessions.get(key).filter(|entry| entry.record.provider == provider);
        found.ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, format!("service {} has no session {}", key.0, key.1)))
    }

    pub(super) fn list_sessions(&self, provider: &str, service: &str) -> Result<Reply, Refused> {
        self.service(provider, service)?;
        let sessions: Vec<_> = self.sessions_of(service).map(|entry| self.shown_session(entry)).collect();
        Ok(Reply::Now(json(StatusCode::OK, &sessions)))
    }

    pub(super) fn create_session(
        &mut self,
        now: Instant,
        provider: &str,
        service: &str,
        body: &[u8],
    ) -> Result<Reply, Refused> {
        self.service(provider, service)?;
        let mut session: Session = xmb::parse(body)?;
        let most = self.config.xmb.as_ref().map_or(0, |xmb| xmb.max_sessions);
        if self.xmb.sessions.values().filter(|entry| entry.record.provider == provider).count() >= most {
            return Err(Refused::new(StatusCode::FORBIDDEN, format!("a content provider has at most {most} sessions")));
        }
        session.id = self.new_id();
        let key = (service.to_owned(), session.id.clone());
        let record = SessionRecord {
            provider: provider.to_owned(),
            service: service.to_owned(),
            version: 0,
            session: Session { id: session.id.clone(), ..Session::default() },
            tmgi: None,
            flow: None,
            content_from: None,
            active_since: None,
        };
        self.xmb.sessions.insert(key.clone(), Entry::new(record));
        let mut work = self.work_of(provider, Some(&key));
        match self.apply_session(now, &mut work, &key, session) {
            Ok(()) => {
                let url = self.session_url(&key);
                let response = created(&url, &self.session(provider, &key).map(|entry| self.shown_session(entry))?);
                Ok(Reply::After(Box::new(work), response))
            }
            Err(refused) => {
                self.remove_session(now, &mut work, &key);
                Ok(Reply::After(Box::new(work), refused.to_response()))
            }
        }
    }

    pub(super) fn on_session(
        &mut self,
        now: Instant,
        provider: &str,
        key: &SessionKey,
        method: &Method,
        body: &[u8],
    ) -> Result<Reply, Refused> {
        let entry = self.session(provider, key)?;
        match *method {
            Method::GET => Ok(Reply::Now(json(StatusCode::OK, &self.shown_session(entry)))),
            Method::PUT => {
                let session = xmb::parse(body)?;
                self.change_session(now, provider, key, session)
            }
            Method::PATCH => {
                let session = xmb::patch(&entry.record.session, body)?;
                self.change_session(now, provider, key, session)
            }
            Method::DELETE => {
                let mut work = self.work_of(provider, Some(key));
                self.remove_session(now, &mut work, key);
                Ok(Reply::After(Box::new(work), empty(StatusCode::NO_CONTENT)))
            }
            _ => Ok(Reply::Now(not_allowed("GET, PUT, PATCH, DELETE"))),
        }
    }

    fn change_session(
        &mut self,
        now: Instant,
        provider: &str,
        key: &SessionKey,
        session: Session,
    ) -> Result<Reply, Refused> {
        let mut work = self.work_of(provider, Some(key));
        let response = match self.apply_session(now, &mut work, key, session) {
            Ok(()) => self.session(provider, key).map(|entry| json(StatusCode::OK, &self.shown_session(entry)))?,
            // What was done before what is refused holds: it is in the work.
            Err(refused) => refused.to_response(),
        };
        Ok(Reply::After(Box::new(work), response))
    }

    /// A session goes with its files, its bearer, its TMGI.
    pub(super) fn remove_session(&mut self, now: Instant, work: &mut Work, key: &SessionKey) {
        self.stop_session(now, work, key);
        let Some(entry) = self.xmb.sessions.remove(key) else { return };
        if let Some(due) = entry.due {
            self.xmb.due.remove(&(due, key.clone()));
        }
        if let Some(tmgi) = entry.record.tmgi {
            self.xmb.of_tmgi.remove(&tmgi);
            self.release_service(now, work, tmgi);
            self.counters.released += 1;
        }
        work.ops.extend(entry.files.keys().map(|name| delete_file(key, name)));
        work.ops.push(delete_session(key));
        self.touch_service(work, &key.0);
    }

    /// A session becomes what its content provider wants it to be, or stays what it is.
    fn apply_session(&mut self, now: Instant, work: &mut Work, key: &SessionKey, session: Session) -> Outcome {
        let session = own_properties(session, &key.1);
        let Some(config) = &self.config.xmb else { return Ok(()) };
        super::check::check_session(config, &session, self.clock_of(&session))?;
        let Some(entry) = self.xmb.sessions.get(key) else { return Ok(()) };
        let (old, had_tmgi) = (entry.record.session.clone(), entry.record.tmgi.is_some());
        if old.session_type.is_some() && old.session_type != session.session_type && entry.record.flow.is_some() {
            let what = "the type of a session that has a bearer cannot change: take session-start away first";
            return Err(Refused::new(StatusCode::CONFLICT, what));
        }
        self.identify(now, work, key, &session)?;
        if let Err(refused) = self.set_bearer(now, work, key, &session) {
            if had_tmgi {
                // Its times are what they were; what it had can be had.
                let _ = self.identify(now, work, key, &old);
            } else {
                self.unidentify(now, work, key);
            }
            return Err(refused);
        }
        self.say_session(work, key, session);
        self.plan_fetches(now, work, key);
        self.plan_session(key);
        Ok(())
    }

    /// A session is what its content provider has said; its description is another one when it says something else.
    fn say_session(&mut self, work: &mut Work, key: &SessionKey, session: Session) {
        let before = self.xmb.sessions.get(key).map(|entry| self.description(entry));
        let Some(entry) = self.xmb.sessions.get_mut(key) else { return };
        let old = std::mem::replace(&mut entry.record.session, session);
        let is_elsewhere = old.geographical_areas != entry.record.session.geographical_areas;
        let is_other = before != self.xmb.sessions.get(key).map(|entry| self.description(entry));
        if is_other || is_elsewhere {
            self.touch_service(work, &key.0);
        }
        if let Some(entry) = self.xmb.sessions.get_mut(key) {
            entry.record.version += u32::from(is_other);
            work.ops.extend(put_session(&entry.record));
        }
    }

    /// What a session is doing.
    pub(super) fn state_of(&self, entry: &Entry) -> SessionState {
        let state = entry.record.bearer().and_then(|key| self.bearers.get(key)).map(|bearer| bearer.record.state);
        match state {
            Some(BearerState::Active) => SessionState::Active,
            Some(BearerState::Asked | BearerState::Ongoing | BearerState::Scheduled) => SessionState::Announced,
            Some(BearerState::Stopping) | None => SessionState::Idle,
        }
    }

    /// A session as its content provider sees it.
    pub(super) fn shown_session(&self, entry: &Entry) -> Session {
        let record = &entry.record;
        let key = record.key();
        let mut session = record.session.clone();
        session.session_state = self.state_of(entry);
        session.castbench.trouble.clone_from(&entry.trouble);
        if let Some(service) = record.tmgi.and_then(|tmgi| self.services.get(tmgi)) {
            let own = &mut session.castbench;
            let mode = if service.by_server { Allocation::Provider } else { Allocation::Bmsc };
            own.allocation_mode = Some(mode);
            own.tmgi = Some(service.tmgi);
            own.multicast_address = Some(service.destination.ip());
            own.multicast_port = Some(service.destination.port());
        }
        session.castbench.sdp = self.description(entry);
        let service = self.xmb.services.get(&record.service).filter(|_| record.tmgi.is_some());
        session.castbench.user_service_description =
            service.map(|service| self.bundle(service, &[entry]).to_document());
        let port = record.bearer().and_then(|key| self.bearers.get(key)).map(|bearer| bearer.record.port);
        let ingest = port.map(|port| format!("udp://{}", std::net::SocketAddr::new(self.config.mb2u, port)));
        match session.session_type {
            Some(SessionType::Files) => {
                let files = session.file_session.get_or_insert_default();
                self.show_files(&key, entry, files);
            }
            Some(SessionType::Streaming) => session.streaming_session.get_or_insert_default().ingest_url = ingest,
            Some(SessionType::TransportMode) => session.transport_session.get_or_insert_default().ingest_url = ingest,
            Some(SessionType::Application) | None => {}
        }
        session
    }

    fn show_files(&self, key: &SessionKey, entry: &Entry, files: &mut FileSession) {
        let there = |name: &str| entry.files.get(name).map(|file| file.content.len() as u64);
        match files.ingest_mode {
            IngestMode::Push => {
                files.push_url = Some(self.push_url(key));
                let mut own: Vec<_> = entry.files.values().collect();
                own.sort_by_key(|file| file.meta.order);
                let list = own.into_iter().map(|file| FileEntry {
                    file_url: file.meta.location.clone(),
                    file_size: Some(file.content.len() as u64),
                    file_status: Some(FileState::Accepted),
                    ..FileEntry::default()
                });
                files.file_list = list.collect();
            }
            IngestMode::Pull => {
                for file in &mut files.file_list {
                    file.file_size = there(&file.file_url);
                    let is_failed = entry.fetches.get(&file.file_url) == Some(&Fetch::Failed);
                    file.file_status = Some(match file.file_size {
                        Some(_) => FileState::Accepted,
                        None if is_failed => FileState::Failed,
                        None => FileState::Wanted,
                    });
                }
            }
        }
    }
}

/// What a content provider may say of a session: the rest is the BM-SC's.
fn own_properties(mut session: Session, id: &str) -> Session {
    id.clone_into(&mut session.id);
    session.session_state = SessionState::Idle;
    let own = &mut session.castbench;
    (own.sdp, own.user_service_description, own.trouble) = (None, None, None);
    if own.allocation_mode != Some(Allocation::Provider) {
        // What the BM-SC has assigned comes back with what is read, changed and written.
        (own.tmgi, own.multicast_address, own.multicast_port) = (None, None, None);
    }
    if let Some(files) = &mut session.file_session {
        files.push_url = None;
        match files.ingest_mode {
            IngestMode::Push => files.file_list.clear(),
            IngestMode::Pull => {
                files.file_list.iter_mut().for_each(|file| (file.file_size, file.file_status) = (None, None));
            }
        }
    }
    if let Some(streaming) = &mut session.streaming_session {
        streaming.ingest_url = None;
    }
    if let Some(transport) = &mut session.transport_session {
        transport.ingest_url = None;
    }
    session
}
