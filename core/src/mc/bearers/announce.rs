//! Announcements of bearers to users, and what users say that they hear (TS 24.379 clause 14; TS 23.280 clause 10.7.3.9.2.2
//! step 4).

use std::collections::{BTreeMap, BTreeSet};

use protocol::mc::names::{SDP_CONTENT_TYPE, USAGE_INFO_CONTENT_TYPE};
use protocol::mc::sdp::AnnouncedMedia;
use protocol::mc::usage_info::{Announcement, ListeningStatus, UsageInfo};
use protocol::mime::Part;
use protocol::sip::proxy::Refusal;
use protocol::{Instant, Tmgi};

use super::machine::{Machine, Sent};

/// What is said of a bearer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Announced {
    areas: BTreeSet<u16>,
    qci: u32,
    frequency: Option<u32>,
    sdp: String,
    /// Somebody else says it to our own users.
    is_by_other: bool,
    /// It is ours, so that it is said to users of other servers, too.
    is_shared: bool,
}

/// What a user was told of a bearer.
#[derive(Debug)]
pub(super) struct Told {
    version: u64,
    uri: String,
    is_open: bool,
    tries: u32,
    again_at: Option<Instant>,
}

impl Machine {
    /// Tells users in the areas of bearers of them, again when something has changed, and of their end.
    pub(super) fn announce(&mut self) {
        let now_there = self.to_announce();
        let gone: BTreeSet<Tmgi> =
            self.announced.keys().filter(|tmgi| !now_there.contains_key(tmgi)).copied().collect();
        for tmgi in &gone {
            self.announced.remove(tmgi);
        }
        for (tmgi, announced) in now_there {
            let version = match self.announced.get(&tmgi) {
                Some((_, before)) if *before == announced => continue,
                Some((version, _)) => version + 1,
                None => 1,
            };
            self.announced.insert(tmgi, (version, announced));
        }
        let cancelled: Vec<(String, Tmgi)> =
            self.told.keys().filter(|(_, tmgi)| gone.contains(tmgi)).cloned().collect();
        for (user, tmgi) in cancelled {
            self.cancel(&user, tmgi);
        }
        for (user, tmgi, uri) in self.to_tell() {
            self.tell_user(user, tmgi, uri);
        }
    }

    fn to_announce(&self) -> BTreeMap<Tmgi, Announced> {
        let local = self.mb2_local();
        let own = self.own.values().filter(|bearer| bearer.is_used()).filter_map(|bearer| {
            let (tmgi, place) = bearer.shared(&self.config.codecs, local)?;
            Some((tmgi, place, !bearer.is_duplicate()))
        });
        let others = self.neighbours.values().flat_map(|other| &other.bearers);
        let others = others.map(|(tmgi, place)| (*tmgi, place.clone(), false));
        own.chain(others)
            .map(|(tmgi, place, is_shared)| {
                let (areas, qci, frequency) = (place.areas, place.qci, place.frequency);
                (tmgi, Announced { areas, qci, frequency, sdp: place.sdp, is_by_other: place.is_on_behalf, is_shared })
            })
            .collect()
    }

    /// Whom nobody has told of a bearer where he is.
    fn to_tell(&self) -> Vec<(String, Tmgi, String)> {
        let own =
            self.users.iter().filter(|(_, user)| user.counts()).map(|(id, user)| (id, &user.uri, &user.areas, true));
        let foreign = self.foreign.iter().map(|(id, user)| (id, &user.uri, &user.areas, false));
        let mut found = Vec::new();
        for (id, uri, areas, is_ours) in own.chain(foreign) {
            for (tmgi, (version, announced)) in &self.announced {
                let is_for = if is_ours { !announced.is_by_other } else { announced.is_shared };
                if !is_for || !areas.iter().any(|area| announced.areas.contains(area)) {
                    continue;
                }
                let told = self.told.get(&(id.clone(), *tmgi));
                let is_new = told.is_none_or(|told| !told.is_open && (told.version != *version || told.uri != *uri));
                if is_new {
                    found.push((id.clone(), *tmgi, uri.clone()));
                }
            }
        }
        found
    }

    fn tell_user(&mut self, user: String, tmgi: Tmgi, uri: String) {
        let Some((version, announced)) = self.announced.get(&tmgi) else { return };
        let announcement = Announcement {
            tmgi,
            qci: u8::try_from(announced.qci).ok(),
            frequency: announced.frequency,
            service_areas: Some(announced.areas.iter().copied().collect()),
            gpms: Some(AnnouncedMedia::GENERAL_PURPOSE_LINE),
            report_suspension: Some(true),
            unicast_status: None,
        };
        let document = UsageInfo::of_announcements(vec![announcement]).to_document();
        let parts =
            vec![Part::new(USAGE_INFO_CONTENT_TYPE, document), Part::new(SDP_CONTENT_TYPE, announced.sdp.clone())];
        let key = (user.clone(), tmgi);
        let before = self.told.get(&key);
        let tries = before.filter(|told| told.version == *version).map_or(0, |told| told.tries);
        if let Some(at) = before.and_then(|told| told.again_at) {
            self.retries.remove(&(at, user.clone(), tmgi));
        }
        // Until it is answered, it is not said again.
        let told = Told { version: *version, uri: uri.clone(), is_open: true, tries: tries + 1, again_at: None };
        self.told.insert(key, told);
        self.counters.announcements += 1;
        self.send(&uri, parts, Sent::Announcement(user, tmgi));
    }

    /// An announcement without areas takes a bearer back (TS 24.379 clause 14.2.2.2).
    fn cancel(&mut self, user: &str, tmgi: Tmgi) {
        let Some(told) = self.told.remove(&(user.to_owned(), tmgi)) else { return };
        if let Some(at) = told.again_at {
            self.retries.remove(&(at, user.to_owned(), tmgi));
        }
        let announcement = Announcement {
            tmgi,
            qci: None,
            frequency: None,
            service_areas: None,
            gpms: None,
            report_suspension: None,
            unicast_status: None,
        };
        let document = UsageInfo::of_announcements(vec![announcement]).to_document();
        self.send(&told.uri, vec![Part::new(USAGE_INFO_CONTENT_TYPE, document)], Sent::Cancel(user.to_owned(), tmgi));
    }

    pub(super) fn announcement_answered(&mut self, now: Instant, user: String, tmgi: Tmgi, is_good: bool) {
        let again_at = now + self.config.retry;
        let version = self.announced.get(&tmgi).map(|(version, _)| *version);
        let Some(told) = self.told.get_mut(&(user.clone(), tmgi)) else { return };
        told.is_open = false;
        if !is_good && told.tries < MAX_TRIES {
            told.again_at = Some(again_at);
            self.retries.insert((again_at, user, tmgi));
        } else if Some(told.version) != version {
            self.touch_soon(now);
        }
    }

    pub(super) fn retry_announcements(&mut self, now: Instant) {
        while let Some((at, user, tmgi)) = self.retries.first().cloned().filter(|(at, ..)| *at <= now) {
            self.retries.remove(&(at, user.clone(), tmgi));
            let Some(told) = self.told.get_mut(&(user.clone(), tmgi)) else { continue };
            told.again_at = None;
            let uri = told.uri.clone();
            self.tell_user(user, tmgi, uri);
        }
    }

    /// A user is not told of anything any more.
    pub(super) fn forget_told(&mut self, user: &str) {
        let keys: Vec<(String, Tmgi)> = self
            .announced
            .keys()
            .map(|tmgi| (user.to_owned(), *tmgi))
            .filter(|key| self.told.contains_key(key))
            .collect();
        for key in keys {
            if let Some(at) = self.told.remove(&key).and_then(|told| told.again_at) {
                self.retries.remove(&(at, key.0, key.1));
            }
        }
    }

    /// A MESSAGE of a user: what it hears, what the network is about to suspend.
    pub(super) fn reported(&mut self, now: Instant, user: &str, part: &Part) -> Result<(), Refusal> {
        let text = std::str::from_utf8(&part.body).map_err(|_| Refusal::new(400).because("Not UTF-8"))?;
        let info = UsageInfo::parse(text).map_err(|why| Refusal::new(400).because(&why.to_string()))?;
        if !self.users.contains_key(user) {
            // On behalf: its own server has the same report.
            let is_known = self.foreign.contains_key(user);
            self.counters.foreign_reports += u64::from(is_known);
            return if is_known { Ok(()) } else { Err(Refusal::new(403).because("No user of this server")) };
        }
        self.counters.reports += 1;
        if let Some(status) = &info.listening {
            self.listening(now, user, status);
        }
        if let Some(status) = info.suspension.as_ref().filter(|status| status.suspending) {
            self.hears_no_more(now, user, &status.suspended, None);
        }
        // One that has left a bearer may have been the last one.
        self.call_timers(now);
        Ok(())
    }

    fn listening(&mut self, now: Instant, user: &str, status: &ListeningStatus) {
        let Some(known) = self.users.get_mut(user) else { return };
        if status.session.is_none() || status.general_purpose.is_some() {
            let hears = status.listening && status.general_purpose != Some(false);
            for tmgi in status.tmgis.iter().filter(|tmgi| self.announced.contains_key(tmgi)) {
                if hears {
                    known.hears.insert(*tmgi)
                } else {
                    known.hears.remove(tmgi)
                };
            }
        }
        let calls = status.session.as_ref().map(|session| self.calls_named(user, session, &status.tmgis));
        if !status.listening {
            return self.hears_no_more(now, user, &status.tmgis, calls);
        }
        for call in calls.unwrap_or_default() {
            let Some(known) = self.calls.get_mut(&call) else { continue };
            let on = status.tmgis.iter().find(|tmgi| known.ways.get(tmgi).is_some_and(super::calls::Way::is_on));
            let Some(tmgi) = on.or_else(|| status.tmgis.iter().find(|tmgi| known.ways.contains_key(tmgi))) else {
                continue;
            };
            known.reported.insert(user.to_owned(), *tmgi);
            self.hear(now, call, user);
        }
    }

    /// Calls of a user that a session identity means: that of the call, that of the group, or, of those on these bearers, all.
    fn calls_named(&self, user: &str, session: &str, tmgis: &[Tmgi]) -> Vec<u64> {
        let own = self.users.get(user).map(|user| user.calls.clone()).unwrap_or_default();
        let with = |is_it: &dyn Fn(&super::calls::Call) -> bool| -> Vec<u64> {
            own.iter().copied().filter(|call| self.calls.get(call).is_some_and(is_it)).collect()
        };
        let named = with(&|call| call.session.as_deref() == Some(session) || call.group == session);
        match named.is_empty() {
            true => with(&|call| call.session.is_none() && tmgis.iter().any(|tmgi| call.ways.contains_key(tmgi))),
            false => named,
        }
    }

    fn hears_no_more(&mut self, now: Instant, user: &str, tmgis: &[Tmgi], calls: Option<Vec<u64>>) {
        let all = || self.users.get(user).map(|user| user.calls.iter().copied().collect()).unwrap_or_default();
        for call in calls.unwrap_or_else(all) {
            let Some(known) = self.calls.get_mut(&call) else { continue };
            if known.reported.get(user).is_some_and(|tmgi| tmgis.contains(tmgi)) {
                known.reported.remove(user);
                self.hear(now, call, user);
            }
        }
    }
}

/// How often a user that does not answer is told the same.
const MAX_TRIES: u32 = 5;
