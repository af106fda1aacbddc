//! Files that the BM-SC fetches (TS 29.116 clause 6.2.3): once each, tried again when that fails.

use std::collections::BTreeSet;

use http::header::CONTENT_TYPE;
use http::{Request, Response};
use protocol::Instant;
use protocol::xmb::{FileEntry, IngestMode, NotificationClass, SessionType};

use super::notices::Event;
use super::{Entry, SessionKey};
use crate::mbms::bmsc::mb2::Work;
use crate::mbms::bmsc::{Asked, BmscNode};
use crate::node::NodeOutput;

/// Times that a file is asked for.
const MAX_TRIES: u32 = 5;

/// A file that is to be fetched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fetch {
    /// When, after so many tries.
    Due(Instant, u32),
    /// Asked for, so many times.
    Asked(u32),
    /// Given up.
    Failed,
}

impl Entry {
    /// The files that its content provider wants fetched.
    fn wanted(&self) -> &[FileEntry] {
        let session = &self.record.session;
        match &session.file_session {
            Some(files)
                if session.session_type == Some(SessionType::Files) && files.ingest_mode == IngestMode::Pull =>
            {
                &files.file_list
            }
            _ => &[],
        }
    }

    /// When the next file is to be asked for.
    pub(super) fn fetch_due(&self) -> Option<Instant> {
        let due = self.fetches.values().filter_map(|fetch| match fetch {
            Fetch::Due(at, _) => Some(*at),
            Fetch::Asked(_) | Fetch::Failed => None,
        });
        due.min()
    }
}

impl BmscNode {
    /// Sees which files are to be fetched, and which are not wanted any more.
    pub(super) fn plan_fetches(&mut self, now: Instant, work: &mut Work, key: &SessionKey) {
        let Some(entry) = self.xmb.sessions.get(key) else { return };
        let mode = entry.record.session.file_session.as_ref().map(|files| files.ingest_mode);
        if mode != Some(IngestMode::Pull) {
            // Files that were fetched have URLs as names: nobody could take them out.
            let fetched: Vec<String> = entry.files.keys().filter(|name| name.contains("://")).cloned().collect();
            fetched.iter().for_each(|name| self.remove_file(now, work, key, name));
            if let Some(entry) = self.xmb.sessions.get_mut(key) {
                entry.fetches.clear();
            }
            return;
        }
        let wanted: Vec<(String, Instant)> = entry
            .wanted()
            .iter()
            .map(|file| {
                let earliest = file.earliest_fetch_time.unwrap_or_default().saturating_mul(1000);
                (file.file_url.clone(), self.instant(earliest).max(now))
            })
            .collect();
        let is_wanted = |name: &str| wanted.iter().any(|(url, _)| url == name);
        let gone: Vec<String> = entry.files.keys().filter(|name| !is_wanted(name)).cloned().collect();
        for name in gone {
            self.remove_file(now, work, key, &name);
        }
        let Some(entry) = self.xmb.sessions.get_mut(key) else { return };
        entry.fetches.retain(|name, fetch| *fetch != Fetch::Failed && wanted.iter().any(|(url, _)| url == name));
        for (url, at) in wanted {
            if !entry.files.contains_key(&url) {
                entry.fetches.entry(url).or_insert(Fetch::Due(at, 0));
            }
        }
    }

    /// Asks for the files that are due.
    pub(super) fn run_fetches(&mut self, now: Instant, key: &SessionKey) {
        let utc = self.utc_ms(now);
        let Some(entry) = self.xmb.sessions.get_mut(key) else { return };
        let is_late = |file: &&FileEntry| file.latest_fetch_time.is_some_and(|at| at.saturating_mul(1000) < utc);
        let late: BTreeSet<String> = entry.wanted().iter().filter(is_late).map(|file| file.file_url.clone()).collect();
        let (mut due, mut failed) = (Vec::new(), Vec::new());
        for (url, fetch) in &mut entry.fetches {
            match *fetch {
                Fetch::Due(at, _) if at <= now && late.contains(url) => {
                    *fetch = Fetch::Failed;
                    failed.push(url.clone());
                }
                Fetch::Due(at, tries) if at <= now => {
                    *fetch = Fetch::Asked(tries + 1);
                    due.push(url.clone());
                }
                _ => {}
            }
        }
        if !failed.is_empty() {
            self.tell_late(now, key, &failed);
        }
        for url in due {
            let Ok(request) = Request::get(&url).body(Vec::new()) else { continue };
            self.next += 1;
            self.asked.insert(self.next, Asked::Fetch(key.clone(), url));
            self.out.push_back(NodeOutput::HttpRequest { token: self.next, request });
        }
    }

    /// Files are not fetched: it is later than the latest that was said.
    fn tell_late(&mut self, now: Instant, key: &SessionKey, urls: &[String]) {
        let Some(provider) = self.xmb.sessions.get(key).map(|entry| entry.record.provider.clone()) else { return };
        let mut work = self.work_of(&provider, Some(key));
        for url in urls {
            let event = Event::of(NotificationClass::Ingest, "file-failed").with_file(url);
            self.tell_provider(now, &mut work, key, event.because("latest-fetch-time is over"));
        }
        self.apply(now, work);
    }

    /// A file is there, or it is not.
    pub(super) fn on_fetched(
        &mut self,
        now: Instant,
        key: &SessionKey,
        url: &str,
        result: &Result<Response<Vec<u8>>, String>,
    ) {
        let Some(entry) = self.xmb.sessions.get(key) else { return };
        let Some(Fetch::Asked(tries)) = entry.fetches.get(url).copied() else { return };
        let Some(file) = entry.wanted().iter().find(|file| file.file_url == url) else { return };
        let latest = file.latest_fetch_time.map(|latest| self.instant(latest.saturating_mul(1000)));
        let provider = entry.record.provider.clone();
        let mut work = self.work_of(&provider, Some(key));
        let outcome = match result {
            Ok(response) if response.status().is_success() => {
                let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
                let content_type = content_type.unwrap_or("application/octet-stream").to_owned();
                let named = (url.to_owned(), content_type);
                let added = self.add_file(now, &mut work, key, url, named, response.body().clone());
                added.map_err(|refused| refused.detail().to_owned())
            }
            Ok(response) => Err(response.status().to_string()),
            Err(why) => Err(why.clone()),
        };
        let at = now + self.config.retry * (1 << tries.min(16));
        let goes_on = tries < MAX_TRIES && latest.is_none_or(|latest| at <= latest);
        let next = match &outcome {
            Ok(()) => None,
            Err(_) if goes_on => Some(Fetch::Due(at, tries)),
            Err(_) => Some(Fetch::Failed),
        };
        if let (Some(Fetch::Failed), Err(why)) = (next, &outcome) {
            let event = Event::of(NotificationClass::Ingest, "file-failed").with_file(url).because(why);
            self.tell_provider(now, &mut work, key, event);
        }
        if let Some(entry) = self.xmb.sessions.get_mut(key) {
            match next {
                Some(fetch) => drop(entry.fetches.insert(url.to_owned(), fetch)),
                None => drop(entry.fetches.remove(url)),
            }
        }
        self.plan_session(key);
        self.apply(now, work);
    }
}
