//! MBMS bearers of a client: announcements (TS 24.379 clause 14.3.2), the general purpose subchannel (TS 24.380 clause 10.3),
//! and reports of what is heard (TS 24.379 clause 14.3.3).

use std::net::SocketAddr;

use protocol::mc::names::USAGE_INFO_CONTENT_TYPE;
use protocol::mc::subchannel::{self, SubchannelMessage};
use protocol::mc::usage_info::{ListeningStatus, UsageInfo};
use protocol::mime::{Multipart, Part};
use protocol::sip::Refusal;
use protocol::sip::sdp::Sdp;
use protocol::{Instant, Tmgi};

use super::super::bearers::Map;
use super::super::call::{Call, Group};
use super::super::io::McEvent;
use super::super::reports::{of_session, of_subchannel};
use super::McClient;
use super::signalling::preferred_service;
use crate::agent::media::Way;
use crate::agent::sip::{AgentCommand, OutgoingMessage};

impl McClient {
    /// A MESSAGE with an announcement has come; it is answered with 200 already.
    pub(super) fn announced(&mut self, by: &str, usage: &Part, parts: &[Part]) {
        let what = || format!("an announcement of {by}");
        let is_known = by == self.config.server || self.config.announcers.iter().any(|known| known == by);
        let text = std::str::from_utf8(&usage.body).map_err(|problem| problem.to_string());
        let info = text.and_then(|text| UsageInfo::parse(text).map_err(|problem| problem.to_string()));
        let info = match info {
            Ok(info) if is_known => info,
            Ok(_) => return self.ignored(what(), "nobody has said that it may announce"),
            Err(why) => return self.ignored(what(), why),
        };
        let sdp = parts.iter().find(|part| part.is("application/sdp")).and_then(|part| Sdp::parse(&part.body).ok());
        for announcement in &info.announcements {
            let tmgi = announcement.tmgi;
            let Some(bearers) = &mut self.bearers else {
                return self.ignored(what(), "the UE cannot receive bearers");
            };
            if !bearers.announce(by, announcement, sdp.as_ref()) {
                self.ignored(what(), "there are too many bearers");
                continue;
            }
            // What is announced again is reported again: the server may have forgotten the report.
            self.told.remove(&tmgi);
            self.event(McEvent::Announced { tmgi, by: by.to_owned(), is_cancelled: announcement.is_cancellation() });
        }
    }

    pub(super) fn covered(&mut self, now: Instant) {
        if self.bearers.as_mut().is_some_and(|bearers| bearers.block(now)) {
            self.is_to_report = true;
            self.event(McEvent::Coverage { is_there: true });
        }
    }

    pub(super) fn cell_lost(&mut self, now: Instant) {
        if self.bearers.as_mut().is_some_and(|bearers| bearers.lost(now)) {
            self.event(McEvent::Coverage { is_there: false });
        }
    }

    pub(super) fn coverage_changed(&self, now: Instant) -> Option<Instant> {
        self.bearers.as_ref().and_then(|bearers| bearers.changed(now))
    }

    /// A datagram came over an MTCH.
    pub(super) fn broadcast(&mut self, now: Instant, destination: SocketAddr, octets: &[u8]) {
        if !self.takes(destination) {
            return;
        }
        self.covered(now);
        let changed = self.coverage_changed(now);
        let Some(bearers) = &self.bearers else { return };
        if bearers.is_general_purpose(destination) {
            self.is_to_report = true;
            return self.subchannel(destination, octets);
        }
        let Some((name, is_media)) = bearers.group_at(destination) else { return };
        let Some(group) = self.groups.get_mut(name).filter(|group| group.call.is_some()) else { return };
        if is_media {
            group.broadcast(now, destination, octets, changed);
        } else if let Err(why) = group.floor_message(now, octets, false) {
            self.ignored(format!("floor control at {destination}"), why);
        }
    }

    /// The general purpose subchannel says something (TS 24.380 clauses 10.3.2 and 10.3.3).
    fn subchannel(&mut self, by: SocketAddr, octets: &[u8]) {
        let messages = match subchannel::parse(octets) {
            Ok(messages) => messages,
            Err(problem) => return self.ignored("subchannel control".into(), problem.to_string()),
        };
        for control in messages {
            let Some(bearers) = &mut self.bearers else { return };
            match control.message {
                SubchannelMessage::MapGroupToBearer { group, tmgi, subchannel } => {
                    match bearers.map(&group, Map { tmgi, subchannel, by }) {
                        Some(true) => self.event(McEvent::Mapped { group, tmgi, subchannel }),
                        Some(false) => self.ignored(format!("Map Group To Bearer of {group}"), "an unknown bearer"),
                        // It is repeated.
                        None => {}
                    }
                }
                SubchannelMessage::UnmapGroupToBearer { group } => {
                    if bearers.unmap(&group, by) {
                        self.event(McEvent::Unmapped { group });
                    }
                }
                other => self.ignored(other.name().to_owned(), "the client has no use for it"),
            }
        }
    }

    /// What is heard now and was not told, and the other way round.
    pub(super) fn report(&mut self) {
        let Some(bearers) = &self.bearers else { return };
        let is_heard = |tmgi: &Tmgi| bearers.hears(*tmgi);
        // Nearly always there is nothing new.
        if !self.told.keys().copied().eq(bearers.general_purpose().filter(is_heard)) {
            let heard: Vec<Tmgi> = bearers.general_purpose().filter(is_heard).collect();
            let lost: Vec<Tmgi> = self.told.keys().filter(|tmgi| !heard.contains(tmgi)).copied().collect();
            lost.into_iter().for_each(|tmgi| self.subchannel_lost(tmgi));
            heard.into_iter().for_each(|tmgi| self.subchannel_heard(tmgi));
        }
        let Some(bearers) = &self.bearers else { return };
        let is_new = |(name, group): &(&String, &Group)| {
            let call = group.call.as_ref().filter(|call| call.is_established);
            call.is_some_and(|call| call.told != bearers.place(name).map(|map| map.tmgi))
        };
        let names: Vec<String> = self.groups.iter().filter(is_new).map(|(name, _)| name.clone()).collect();
        names.iter().for_each(|name| self.report_session(name));
    }

    fn subchannel_heard(&mut self, tmgi: Tmgi) {
        let by = self.bearers.as_ref().and_then(|bearers| bearers.announcer(tmgi)).map(ToOwned::to_owned);
        let Some(by) = by.filter(|_| !self.told.contains_key(&tmgi)) else { return };
        self.tell_both(Some(&by), &of_subchannel(tmgi, true));
        self.told.insert(tmgi, by);
    }

    /// One report says that the subchannel is not heard any more, and with it the first of the sessions over the same bearer.
    fn subchannel_lost(&mut self, tmgi: Tmgi) {
        let Some(by) = self.told.remove(&tmgi) else { return };
        if self.bearers.as_ref().is_none_or(|bearers| bearers.announcer(tmgi).is_none()) {
            // Who takes an announcement back knows that nobody listens.
            return;
        }
        let (mut sessions, mut moved) = (Vec::new(), Vec::new());
        for (name, group) in &mut self.groups {
            let Some(call) = group.call.as_mut().filter(|call| call.told == Some(tmgi)) else { continue };
            call.told = None;
            sessions.extend(call.session.clone());
            if group.listen(Way::Unicast) {
                moved.push(name.clone());
            }
        }
        let mut sessions = sessions.into_iter();
        let first = ListeningStatus { session: sessions.next(), ..of_subchannel(tmgi, false) };
        self.tell_both(Some(&by), &first);
        for session in sessions {
            self.tell_both(Some(&by), &of_session(&session, tmgi, false));
        }
        for group in moved {
            self.event(McEvent::Listens { group, way: Way::Unicast });
        }
    }

    fn report_session(&mut self, name: &str) {
        let Some((bearers, group)) = self.bearers.as_ref().zip(self.groups.get_mut(name)) else { return };
        let place = bearers.place(name).map(|map| map.tmgi);
        let Some(call) = group.call.as_mut().filter(|call| call.is_established && call.told != place) else { return };
        let Some(session) = call.session.clone() else { return };
        let before = std::mem::replace(&mut call.told, place);
        let status = match (place, before) {
            (Some(tmgi), _) => of_session(&session, tmgi, true),
            (None, Some(tmgi)) => of_session(&session, tmgi, false),
            (None, None) => return,
        };
        let has_left = place.is_none() && group.listen(Way::Unicast);
        self.tell(&status);
        if has_left {
            self.event(McEvent::Listens { group: name.to_owned(), way: Way::Unicast });
        }
    }

    fn tell(&mut self, status: &ListeningStatus) {
        let mut announcers = status.tmgis.iter().filter_map(|tmgi| self.bearers.as_ref()?.announcer(*tmgi));
        let by = announcers.next().map(ToOwned::to_owned);
        self.tell_both(by.as_deref(), status);
    }

    /// To the own server, and to who has announced the bearer on its behalf (TS 23.280 clause 10.7.3.9.2.2 step 4).
    fn tell_both(&mut self, by: Option<&str>, status: &ListeningStatus) {
        let server = self.config.server.as_str();
        let by = by.filter(|by| *by != server);
        self.reports.tell([server].into_iter().chain(by), status);
    }

    pub(super) fn send_reports(&mut self, now: Instant) {
        while let Some((to, status)) = self.reports.poll(now, self.next_token + 1) {
            let token = self.new_token();
            let usage = Part::new(USAGE_INFO_CONTENT_TYPE, UsageInfo::of_listening(status).to_document());
            let body = Multipart { parts: vec![self.report_info(), usage], ..Multipart::default() };
            let (content_type, body) = body.to_body("mixed", &mut self.entropy);
            let headers = vec![preferred_service()];
            self.agent(AgentCommand::Message(OutgoingMessage { token, to, content_type, body, headers }));
        }
    }

    pub(super) fn report_answered(&mut self, now: Instant, token: u64, result: &Result<u16, Refusal>) {
        let Some(answered) = self.reports.answered(now, token, result) else { return };
        let status = answered.status;
        if answered.is_taken && status.listening && answered.to == self.config.server {
            let is_it = |call: &Call| call.session == status.session && call.told.is_some();
            let taken = self.groups.iter_mut().find(|(_, group)| group.call.as_ref().is_some_and(is_it));
            let changed = taken.and_then(|(name, group)| group.listen(Way::Mbms).then(|| name.clone()));
            changed.into_iter().for_each(|group| self.event(McEvent::Listens { group, way: Way::Mbms }));
        }
        self.event(McEvent::Reported { to: answered.to, status, result: result.clone() });
    }
}
