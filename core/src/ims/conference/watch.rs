//! The conference event package (RFC 4575; TS 24.147 clause 5.3.2.3.3): who watches, and what he is told.

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Event, Flow, NotifierEvent, NotifierId, Request, ServerKey};
use protocol::xml::{CONFERENCE_INFO_CONTENT_TYPE, ConferenceInfo, ConferenceUser};

use super::focus::Watcher;
use super::server::ConferenceServer;
use crate::ims::service::accepts;

/// RFC 4575 clause 3.3.
const DEFAULT_SECONDS: u32 = 3600;
/// The longest that is granted.
const MOST_SECONDS: u32 = 86_400;

impl ConferenceServer {
    pub(super) fn subscribed(&mut self, now: Instant, key: ServerKey, request: &Request, flow: Flow) {
        match self.may_watch(request, flow) {
            Ok(user) => self.grant(now, key, request, &user),
            Err(refusal) => self.refuse(now, key, request, &refusal),
        }
    }

    fn may_watch(&self, request: &Request, flow: Flow) -> Result<String, Refusal> {
        let event = request.headers.get("Event").and_then(|event| Event::parse(event).ok());
        if event.is_none_or(|event| event.package != "conference") {
            return Err(Refusal::new(489).with("Allow-Events", "conference"));
        }
        if self.ua.session_of(request).is_some() {
            // RFC 6665 clause 4.5.2: dialogs are not shared.
            return Err(Refusal::new(403).because("Subscribe outside of the session"));
        }
        if !accepts(request, CONFERENCE_INFO_CONTENT_TYPE) {
            return Err(Refusal::new(406).with("Accept", CONFERENCE_INFO_CONTENT_TYPE));
        }
        let who = self.identify(request, flow)?;
        let user = self.user_of(&request.uri).ok_or_else(|| Refusal::new(404))?;
        let conference = self.conferences.get(&user).ok_or_else(|| Refusal::new(404).because("No such conference"))?;
        let is_in = !conference.find(&who.identities).is_empty() || conference.is_member(&who.identities);
        if !self.config.policy.watch.has(is_in, conference.is_creator(&who.identities)) {
            return Err(Refusal::new(403).because("May not watch this conference"));
        }
        if conference.watchers.len() >= self.config.policy.most_watchers {
            return Err(Refusal::new(503).because("Too many watch this conference"));
        }
        Ok(user)
    }

    fn grant(&mut self, now: Instant, key: ServerKey, request: &Request, user: &str) {
        let Some(conference) = self.conferences.get(user) else { return };
        let expires = request.expires().ok().flatten().unwrap_or(DEFAULT_SECONDS).min(MOST_SECONDS);
        self.ua.profile_mut().contact = conference.contact();
        let whole = conference.whole(1, self.config.policy.most_participants);
        // Without a dialog it has been refused.
        let Ok(id) = self.ua.accept_subscription(now, key, request, expires) else { return };
        if expires == 0 {
            let body = whole.to_document().into_bytes();
            return self.ua.terminate_subscription(now, id, "timeout", CONFERENCE_INFO_CONTENT_TYPE, &body);
        }
        if let Some(conference) = self.conferences.get_mut(user) {
            conference.watchers.insert(id, Watcher { version: 1, has_missed: false });
        }
        self.watched.insert(id, user.to_owned());
        self.send(now, id, &whole);
    }

    pub(super) fn of_notifier(&mut self, now: Instant, id: NotifierId, event: &NotifierEvent) {
        let Some(user) = self.watched.get(&id).cloned() else { return };
        let Some(conference) = self.conferences.get_mut(&user) else { return };
        match event {
            NotifierEvent::Refreshed { .. } => {
                let Some(watcher) = conference.watchers.get_mut(&id) else { return };
                watcher.version += 1;
                watcher.has_missed = false;
                let version = watcher.version;
                let whole = conference.whole(version, self.config.policy.most_participants);
                self.send(now, id, &whole);
            }
            NotifierEvent::Ended | NotifierEvent::Lost { .. } => {
                conference.watchers.remove(&id);
                self.watched.remove(&id);
            }
        }
    }

    /// One of the participants is otherwise than before.
    pub(super) fn changed(&mut self, now: Instant, key: &str, id: u64) {
        let Some(conference) = self.conferences.get(key) else { return };
        if let Some(participant) = conference.participants.get(&id) {
            let user = conference.user(&participant.user);
            self.publish(now, key, vec![user]);
        }
    }

    /// Tells all who watch what has changed.
    pub(super) fn publish(&mut self, now: Instant, key: &str, users: Vec<ConferenceUser>) {
        let Some(conference) = self.conferences.get_mut(key) else { return };
        let mut all = Vec::new();
        for (id, watcher) in &mut conference.watchers {
            watcher.version += 1;
            all.push((*id, watcher.version, std::mem::take(&mut watcher.has_missed)));
        }
        for (id, version, has_missed) in all {
            let Some(conference) = self.conferences.get(key) else { return };
            let info = match has_missed {
                true => conference.whole(version, self.config.policy.most_participants),
                false => conference.part(version, users.clone()),
            };
            self.send(now, id, &info);
        }
    }

    /// A conference is over for those who watch it.
    pub(super) fn unwatch_all(&mut self, now: Instant, key: &str) {
        let Some(conference) = self.conferences.get_mut(key) else { return };
        for (id, watcher) in std::mem::take(&mut conference.watchers) {
            let Some(conference) = self.conferences.get(key) else { return };
            let body = conference.gone(watcher.version + 1).to_document().into_bytes();
            self.watched.remove(&id);
            self.ua.terminate_subscription(now, id, "noresource", CONFERENCE_INFO_CONTENT_TYPE, &body);
        }
    }

    fn send(&mut self, now: Instant, id: NotifierId, info: &ConferenceInfo) {
        let body = info.to_document().into_bytes();
        if self.ua.notify(now, id, CONFERENCE_INFO_CONTENT_TYPE, &body) {
            return;
        }
        // Too slow: what it misses now it is told with everything else.
        let watcher = self.watched.get(&id).and_then(|key| self.conferences.get_mut(key)?.watchers.get_mut(&id));
        if let Some(watcher) = watcher {
            watcher.has_missed = true;
        }
    }
}
