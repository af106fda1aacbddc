//! Authorisation (TS 24.379 clause 7.2), affiliation (clause 9.2.1) and group calls (clause 10.1.1.2) of a client.

use std::time::Duration;

use protocol::Instant;
use protocol::mc::affiliation::Affiliations;
use protocol::mc::info::{McpttInfo, SessionType};
use protocol::mc::names::{
    ACCEPT_CONTACT, AFFILIATION_CONTENT_TYPE, INFO_CONTENT_TYPE, MCPTT_ICSI, POC_SETTINGS_CONTENT_TYPE,
    POC_SETTINGS_EVENT, PRESENCE_EVENT, USAGE_INFO_CONTENT_TYPE,
};
use protocol::mime::{MediaType, Multipart, Part};
use protocol::sip::{EndedWhy, Refusal};
use protocol::xml::Qualified;

use super::super::io::McEvent;
use super::{FIRST_TOKEN, McClient, Pending, Refreshes};
use crate::agent::sip::{AgentCommand, AgentEvent, CallId, IncomingMessage, Publication, Published};

/// As long as the server lets it (clauses 7.2.2 and 9.2.1.2).
const FOR_EVER: u32 = u32::MAX;
/// Namespace of the settings (RFC 4354).
const POC_SETTINGS: &str = "urn:oma:params:xml:ns:poc:poc-settings";

impl McClient {
    /// True for what the SIP agent tells the client and nobody else. It is asked before the client is told.
    pub fn is_own(&self, event: &AgentEvent) -> bool {
        match event {
            AgentEvent::PublishResult { token, .. } | AgentEvent::MessageResult { token, .. } => *token > FIRST_TOKEN,
            AgentEvent::Incoming { parts, .. } => info_of(parts).is_some(),
            AgentEvent::Progress { call, .. }
            | AgentEvent::Established { call, .. }
            | AgentEvent::Modified { call, .. }
            | AgentEvent::ModifyRefused { call, .. }
            | AgentEvent::Ended { call, .. } => self.has_call(*call),
            AgentEvent::Refreshed(call) => self.has_call(*call),
            AgentEvent::MessageReceived(message) => {
                parts_of(message).iter().any(|part| part.is(USAGE_INFO_CONTENT_TYPE))
            }
            _ => false,
        }
    }

    pub(super) fn told_by_agent(&mut self, now: Instant, event: &AgentEvent) {
        match event {
            AgentEvent::PublishResult { token, result } => self.published(now, *token, result.clone()),
            AgentEvent::MessageResult { token, result } => self.report_answered(now, *token, result),
            AgentEvent::MessageReceived(message) => {
                let parts = parts_of(message);
                if let Some(usage) = parts.iter().find(|part| part.is(USAGE_INFO_CONTENT_TYPE)) {
                    self.announced(&message.from, usage, &parts);
                }
            }
            AgentEvent::Incoming { call, sdp, contact, parts, .. } => {
                if let Some(info) = info_of(parts) {
                    self.called(now, *call, sdp.as_deref(), contact, info);
                }
            }
            AgentEvent::Established { call, sdp, contact } => self.established(now, *call, sdp, contact),
            AgentEvent::Modified { call, sdp, .. } => {
                if let Some((_, group)) = self.group_of(*call) {
                    group.agree(now, sdp);
                }
            }
            AgentEvent::Ended { call, why } => self.ended(now, *call, why),
            AgentEvent::Unregistered(_) => {
                self.forget_publications();
            }
            _ => {}
        }
    }

    /// What the server lets last no longer is published again in time (RFC 3903 clause 4.2).
    pub(super) fn refresh(&mut self, now: Instant) {
        let is_due = |due: &mut Instant| *due <= now;
        if self.refreshes.authorisation.take_if(is_due).is_some() {
            self.authorise(self.refreshes.access_token.clone());
        }
        if self.refreshes.affiliation.take_if(is_due).is_some() {
            self.affiliate(self.affiliated.clone());
        }
    }

    /// The registration is over, and what was built on it.
    pub(super) fn forget_publications(&mut self) {
        (self.is_authorised, self.affiliation) = (false, None);
        self.refreshes = Refreshes::default();
        self.affiliated.clear();
    }

    pub(super) fn authorise(&mut self, access_token: Option<String>) {
        self.refreshes.access_token.clone_from(&access_token);
        let info = McpttInfo { access_token, ..self.own_info() };
        let answer_mode = Qualified::new(POC_SETTINGS, "answer-mode").with_text("automatic");
        let entity = Qualified::new(POC_SETTINGS, "entity")
            .attribute("id", &self.config.client_id)
            .child(Qualified::new(POC_SETTINGS, "am-settings").child(answer_mode));
        let settings = Qualified::new(POC_SETTINGS, "poc-settings").child(entity).to_document();
        let parts = vec![info_part(&info), Part::new(POC_SETTINGS_CONTENT_TYPE, settings)];
        self.publish(Pending::Authorisation, POC_SETTINGS_EVENT, parts, (FOR_EVER, None));
    }

    pub(super) fn affiliate(&mut self, groups: Vec<String>) {
        let info = McpttInfo { request_uri: Some(self.config.mcptt_id.clone()), ..self.own_info() };
        let wanted = groups.iter().map(String::as_str);
        let document = Affiliations::request(&self.config.mcptt_id, &self.config.client_id, wanted).to_document();
        let parts = vec![info_part(&info), Part::new(AFFILIATION_CONTENT_TYPE, document)];
        let etag = self.affiliation.clone();
        // Nothing lasts of no group (TS 24.379 clause 9.2.1.2).
        let expires_s = if groups.is_empty() { 0 } else { FOR_EVER };
        self.publish(Pending::Affiliation(groups), PRESENCE_EVENT, parts, (expires_s, etag));
    }

    fn publish(&mut self, pending: Pending, event: &str, parts: Vec<Part>, (expires_s, etag): (u32, Option<String>)) {
        let token = self.new_token();
        self.pending.insert(token, pending);
        let (content_type, body) = Multipart { parts, ..Multipart::default() }.to_body("mixed", &mut self.entropy);
        self.agent(AgentCommand::Publish(Publication {
            token,
            to: Some(self.config.server.clone()),
            event: event.to_owned(),
            content_type,
            body,
            expires_s,
            etag,
            headers: vec![preferred_service()],
        }));
    }

    fn published(&mut self, now: Instant, token: u64, result: Result<Published, Refusal>) {
        match self.pending.remove(&token) {
            Some(Pending::Authorisation) => {
                self.is_authorised = result.is_ok();
                self.refreshes.authorisation = result.as_ref().ok().and_then(|published| half_of(now, published));
                self.event(McEvent::Authorised(result.map(|_| ())));
            }
            Some(Pending::Affiliation(groups)) => {
                if matches!(result, Err(Refusal::Status { status: 412, .. })) && self.affiliation.take().is_some() {
                    // The server has forgotten the publication (RFC 3903 clause 4.5).
                    return self.affiliate(groups);
                }
                self.refreshes.affiliation = result.as_ref().ok().and_then(|published| half_of(now, published));
                let result = result.map(|published| {
                    self.affiliation = Some(published.etag).filter(|etag| !etag.is_empty() && !groups.is_empty());
                    self.affiliated.clone_from(&groups);
                });
                self.event(McEvent::Affiliated { groups, result });
            }
            None => {}
        }
    }

    pub(super) fn call(&mut self, name: &str) {
        let info = McpttInfo {
            session_type: Some(SessionType::Prearranged),
            request_uri: Some(name.to_owned()),
            ..self.own_info()
        };
        let config = self.config.clone();
        let id = CallId(self.next_call + 1);
        let Some(group) = self.group(name) else {
            return self.ignored(format!("a call of {name}"), "there are calls of too many groups");
        };
        if group.call.is_some() {
            return self.ignored(format!("a call of {name}"), "there is one");
        }
        group.begin(id, &config);
        let sdp = group.offer();
        self.next_call += 1;
        let mut headers = vec![preferred_service()];
        headers.extend(ACCEPT_CONTACT.map(|value| ("Accept-Contact".to_owned(), value.to_owned())));
        let parts = vec![info_part(&info)];
        self.agent(AgentCommand::Call { call: id, to: config.server, sdp, headers, parts });
    }

    pub(super) fn hang_up(&mut self, name: &str) {
        match self.groups.get(name).and_then(|group| group.call.as_ref()).map(|call| call.id) {
            Some(id) => self.agent(AgentCommand::HangUp(id)),
            None => self.ignored(format!("the end of the call of {name}"), "there is none"),
        }
    }

    /// Automatic commencement (clause 10.1.1.2.2): the call is accepted at once.
    fn called(
        &mut self,
        now: Instant,
        call: CallId,
        offer: Option<&[u8]>,
        contact: &str,
        info: Result<McpttInfo, String>,
    ) {
        let refused = |status, why: String| (status, why);
        let taken = info.map_err(|why| refused(400, why)).and_then(|info| {
            if info.session_type != Some(SessionType::Prearranged) {
                return Err(refused(488, "it is no call of a group".into()));
            }
            let name = info.calling_group_id.or(info.request_uri).ok_or_else(|| refused(400, "no group".into()))?;
            let config = self.config.clone();
            let group = self.group(&name).ok_or_else(|| refused(486, "calls of too many groups".into()))?;
            let answer = offer.and_then(|offer| group.answer(offer)).zip(offer);
            let (answer, offer) = answer.ok_or_else(|| refused(488, "no speech with floor control".into()))?;
            // A server that calls again has lost the call that it had.
            let before = group.call.take().map(|before| before.id);
            group.begin(call, &config);
            group.agree(now, offer);
            if let Some(call) = &mut group.call {
                call.session = Some(contact.to_owned());
            }
            Ok((name, info.calling_user_id, answer, before))
        });
        match taken {
            Ok((group, caller, sdp, before)) => {
                if let Some(before) = before {
                    self.left.insert(before);
                    self.agent(AgentCommand::HangUp(before));
                }
                self.event(McEvent::Incoming { group, caller });
                self.agent(AgentCommand::Answer { call, sdp });
            }
            Err((status, why)) => {
                self.ignored("a call".into(), why);
                self.agent(AgentCommand::Reject { call, status });
            }
        }
    }

    fn established(&mut self, now: Instant, call: CallId, sdp: &[u8], contact: &str) {
        let Some((name, group)) = self.group_of(call) else { return };
        group.agree(now, sdp);
        group.establish(now, contact);
        self.event(McEvent::Established { group: name, session: contact.to_owned() });
    }

    fn ended(&mut self, now: Instant, call: CallId, why: &EndedWhy) {
        let utc_ms = self.utc_ms(now);
        self.left.remove(&call);
        let Some((name, group)) = self.group_of(call) else { return };
        group.end(now, utc_ms);
        self.event(McEvent::Ended { group: name, why: why.clone() });
    }

    fn has_call(&self, call: CallId) -> bool {
        let mut calls = self.groups.values().filter_map(|group| group.call.as_ref());
        let is_outgoing = call.0 > super::FIRST_CALL && call < CallId::FIRST_INCOMING;
        is_outgoing || self.left.contains(&call) || calls.any(|own| own.id == call)
    }

    fn own_info(&self) -> McpttInfo {
        let client_id = Some(self.config.client_id.clone()).filter(|id| !id.is_empty());
        McpttInfo { client_id, ..McpttInfo::default() }
    }

    /// Who sends a report (clause 14.3.3.2).
    pub(super) fn report_info(&self) -> Part {
        info_part(&McpttInfo { request_uri: Some(self.config.mcptt_id.clone()), ..self.own_info() })
    }
}

/// Half of the time that a publication lasts; none: it does not end.
fn half_of(now: Instant, published: &Published) -> Option<Instant> {
    let lasts = (1..FOR_EVER).contains(&published.expires_s);
    lasts.then(|| now + Duration::from_millis(500) * published.expires_s)
}

/// What the service says of a call; none: it is none of the service.
fn info_of(parts: &[Part]) -> Option<Result<McpttInfo, String>> {
    let part = parts.iter().find(|part| part.is(INFO_CONTENT_TYPE))?;
    let text = std::str::from_utf8(&part.body).map_err(|problem| problem.to_string());
    Some(text.and_then(|text| McpttInfo::parse(text).map_err(|problem| problem.to_string())))
}

fn info_part(info: &McpttInfo) -> Part {
    Part::new(INFO_CONTENT_TYPE, info.to_document())
}

/// The parts of a message, which may be one.
fn parts_of(message: &IncomingMessage) -> Vec<Part> {
    match MediaType::parse(&message.content_type) {
        Ok(media) if media.is_multipart() => {
            Multipart::parse(&media, &message.body).map(|body| body.parts).unwrap_or_default()
        }
        Ok(_) => vec![Part::new(&message.content_type, message.body.clone())],
        Err(_) => Vec::new(),
    }
}

pub(super) fn preferred_service() -> (String, String) {
    ("P-Preferred-Service".to_owned(), MCPTT_ICSI.to_owned())
}
