//! Affiliation (TS 24.379 clause 9.2.2): of users of ours, by this server or the ones that control their groups; of users of other
//! servers to groups of ours.

use std::collections::BTreeSet;
use std::time::Duration;

use protocol::Instant;
use protocol::mc::affiliation::Affiliations;
use protocol::mc::info::McpttInfo;
use protocol::mc::names::{AFFILIATION_CONTENT_TYPE, PRESENCE_EVENT};
use protocol::mime::{Multipart, Part};
use protocol::sip::proxy::Refusal;
use protocol::sip::{Flow, Method, Request, ServerKey, Uri};

use super::authorisation::accepted;
use super::body::{info_of, info_part, parts_of, service_headers, text_of};
use super::directory::{Home, identity};
use super::node::{Asked, Job, McServer, Sender};
use super::registrar::{Affiliation, Ended};
use crate::node::NodeStoreOp;

/// A publication of a user of ours, until it is answered.
#[derive(Debug)]
pub(super) struct Publishing {
    key: ServerKey,
    request: Request,
    user: String,
    /// The groups that he wants, and those that he leaves.
    wanted: BTreeSet<String>,
    left: BTreeSet<String>,
    expires_s: u32,
    /// Answers of other servers that are awaited, until when.
    awaited: BTreeSet<u64>,
    pub(super) until: Instant,
    refused: Option<u16>,
    is_storing: bool,
}

/// An affiliation of a user of another server.
#[derive(Debug)]
pub(super) struct Forwarded {
    key: ServerKey,
    request: Request,
    group: String,
    user: String,
    /// Until when; none: no longer.
    affiliation: Option<Affiliation>,
    expires_s: u32,
}

/// A PUBLISH that is looked at.
#[derive(Debug)]
struct Asks<'a> {
    key: ServerKey,
    request: &'a Request,
    info: McpttInfo,
    document: Option<Affiliations>,
    expires_s: u32,
}

impl McServer {
    pub(super) fn affiliate(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        flow: Flow,
    ) -> Result<(), Refusal> {
        let sender = self.sender(request, flow)?;
        let parts = parts_of(&request.headers, &request.body, self.config.limits.body)?;
        let info = info_of(&parts)?;
        let expires = request.expires().map_err(|_| Refusal::new(400).because("Bad Expires"))?;
        let expires = expires.unwrap_or(u32::MAX).min(self.config.limits.affiliation_s);
        let document = match text_of(&parts, AFFILIATION_CONTENT_TYPE)? {
            Some(text) => {
                let read = Affiliations::parse(text);
                Some(read.map_err(|why| Refusal::new(400).because(&format!("Affiliations: {why}")))?)
            }
            None if expires == 0 => None,
            None => return Err(Refusal::new(415).with("Accept", AFFILIATION_CONTENT_TYPE)),
        };
        let asks = Asks { key, request, info, document, expires_s: expires };
        match sender {
            Sender::User(user) => {
                self.learn(now, &user, &request.headers);
                self.of_user(now, &asks, &user)
            }
            Sender::Server(server) => self.of_server(now, &asks, &server),
        }
    }

    /// Clause 9.2.2.2.3.
    fn of_user(&mut self, now: Instant, asks: &Asks<'_>, user: &str) -> Result<(), Refusal> {
        let (document, expires_s) = (asks.document.as_ref(), asks.expires_s);
        let is_own = |said: &str| identity(said).as_deref() == Ok(user);
        let targets = asks.info.request_uri.as_deref().into_iter().chain(document.map(|own| own.mcptt_id.as_str()));
        if targets.into_iter().any(|target| !is_own(target)) {
            return Err(Refusal::new(403).because("Not one's own affiliations"));
        }
        let groups = document.into_iter().flat_map(|own| &own.clients).flat_map(|client| &client.groups);
        let mut wanted = BTreeSet::new();
        for group in groups.filter(|_| expires_s > 0) {
            let id = identity(&group.group).map_err(|_| Refusal::new(400).because("A group is no URI"))?;
            self.may_affiliate(&id, user)?;
            wanted.insert(id);
        }
        if wanted.len() > self.config.limits.affiliations {
            return Err(self.warned(486, "102 too many simultaneous affiliations"));
        }
        let left: BTreeSet<String> = self.registrar.groups_of(user).difference(&wanted).cloned().collect();
        let id = self.token();
        let mut publishing = Publishing {
            key: asks.key,
            request: asks.request.clone(),
            user: user.to_owned(),
            awaited: BTreeSet::new(),
            until: now + Duration::from_millis(self.config.limits.patience_ms.into()),
            wanted,
            left,
            expires_s,
            refused: None,
            is_storing: false,
        };
        let told = publishing.wanted.iter().map(|group| (group, expires_s));
        let told: Vec<(String, u32)> =
            told.chain(publishing.left.iter().map(|group| (group, 0))).map(|(g, s)| (g.clone(), s)).collect();
        for (group, expires_s) in told {
            publishing.awaited.extend(self.publish(now, Asked::Affiliation(id), &group, user, expires_s));
        }
        self.publishing.insert(id, publishing);
        self.go_on_publishing(now, id);
        Ok(())
    }

    fn may_affiliate(&self, group: &str, user: &str) -> Result<(), Refusal> {
        if self.directory.group(group).is_none() {
            return Err(self.warned(404, "113 group document does not exist"));
        }
        match self.directory.is_member(group, user) {
            true => Ok(()),
            false => Err(self.warned(403, "116 user is not part of the MCPTT group")),
        }
    }

    /// PUBLISH to the server that controls a group, if that is another one (clause 9.2.2.2.6).
    fn publish(&mut self, now: Instant, asked: Asked, group: &str, user: &str, expires_s: u32) -> Option<u64> {
        let Some((_, Home::Server(server))) = self.directory.group(group) else { return None };
        let server = server.clone();
        let target = Uri::parse(&server).ok()?;
        self.speak_to(&target, None);
        let mut request = self.ua.request(Method::PUBLISH, target);
        for (name, value) in service_headers(&self.psi) {
            request.headers.append(&name, &value);
        }
        request.headers.append("Event", PRESENCE_EVENT);
        request.headers.append("Expires", &expires_s.to_string());
        let info = McpttInfo {
            request_uri: Some(group.to_owned()),
            calling_user_id: Some(user.to_owned()),
            ..McpttInfo::default()
        };
        let client = self.registrar.authorisation(user).and_then(|known| known.client_id.clone()).unwrap_or_default();
        let client = if client.is_empty() { "client".to_owned() } else { client };
        let groups: &[&str] = if expires_s > 0 { &[group] } else { &[] };
        let pidf = Affiliations::request(user, &client, groups.iter().copied()).to_document();
        let parts = vec![info_part(&info), Part::new(AFFILIATION_CONTENT_TYPE, pidf)];
        let (kind, body) = Multipart { parts, ..Multipart::default() }.to_body("mixed", &mut self.entropy);
        request.set_body(&kind, body);
        Some(self.ask(now, asked, request))
    }

    /// The server that controls a group is told that a user has left it, without anybody waiting for it.
    pub(super) fn tell_left(&mut self, now: Instant, group: &str, user: &str) {
        self.publish(now, Asked::Nothing, group, user, 0);
    }

    /// Another server has answered.
    pub(super) fn affiliation_answered(
        &mut self,
        now: Instant,
        of: u64,
        token: u64,
        (status, expires): (Option<u16>, Option<u32>),
    ) {
        let Some(publishing) = self.publishing.get_mut(&of) else { return };
        publishing.awaited.remove(&token);
        let status = status.unwrap_or(504);
        // The controlling server may want it asked for again sooner; 0 is of a group that is left.
        if let Some(expires) = expires.filter(|expires| *expires > 0) {
            publishing.expires_s = publishing.expires_s.min(expires);
        }
        if !(200..300).contains(&status) {
            publishing.refused.get_or_insert(status);
        }
        self.go_on_publishing(now, of);
    }

    /// All other servers that are asked have agreed: it becomes durable.
    fn go_on_publishing(&mut self, now: Instant, of: u64) {
        let Some(publishing) = self.publishing.get_mut(&of) else { return };
        if !publishing.awaited.is_empty() || publishing.is_storing {
            return;
        }
        if let Some(status) = publishing.refused {
            return self.refuse_publishing(now, of, &Refusal::new(status).because("Refused by the controlling server"));
        }
        publishing.is_storing = true;
        let expires_utc_ms = self.shell.utc_ms(now).saturating_add(u64::from(publishing.expires_s) * 1000);
        let user = &publishing.user;
        let put = |group: &String| Affiliation { group: group.clone(), mcptt_id: user.clone(), expires_utc_ms }.put();
        let delete = |group: &String| Ended::Affiliation { group: group.clone(), mcptt_id: user.clone() }.delete();
        let mut ops: Vec<NodeStoreOp> = publishing.wanted.iter().map(put).collect();
        ops.extend(publishing.left.iter().map(delete));
        self.shell.store(ops, Job::Affiliated(of));
    }

    fn refuse_publishing(&mut self, now: Instant, of: u64, refusal: &Refusal) {
        if let Some(publishing) = self.publishing.remove(&of) {
            self.refuse(now, publishing.key, &publishing.request, refusal);
        }
    }

    /// Other servers that take too long.
    pub(super) fn give_up_publishing(&mut self, now: Instant) {
        let late = self.publishing.iter().filter(|(_, publishing)| publishing.until <= now && !publishing.is_storing);
        for of in late.map(|(of, _)| *of).collect::<Vec<_>>() {
            self.refuse_publishing(now, of, &Refusal::new(504).because("The controlling server does not answer"));
        }
    }

    /// Affiliations of a user of ours are durable, or could not be kept.
    pub(super) fn affiliated(&mut self, now: Instant, of: u64, is_durable: bool) {
        if !is_durable {
            return self.refuse_publishing(now, of, &Refusal::new(500).because("It could not be stored"));
        }
        let Some(publishing) = self.publishing.remove(&of) else { return };
        let Publishing { key, request, user, wanted, left, expires_s, .. } = publishing;
        let expires_utc_ms = self.shell.utc_ms(now).saturating_add(u64::from(expires_s) * 1000);
        let response = accepted(&request, expires_s, &mut self.entropy);
        self.ua.respond(now, key, response);
        for group in left {
            self.leave_group(now, &group, &user);
        }
        for group in wanted {
            self.join_group(now, &Affiliation { group, mcptt_id: user.clone(), expires_utc_ms });
        }
    }

    /// Clause 9.2.2.3.3: a participating function asks for one of its users.
    fn of_server(&mut self, now: Instant, asks: &Asks<'_>, server: &str) -> Result<(), Refusal> {
        let (info, expires_s) = (&asks.info, asks.expires_s);
        let missing = || Refusal::new(400).because("mcptt-info names no group and user");
        let group = identity(info.request_uri.as_deref().ok_or_else(missing)?).map_err(|_| missing())?;
        let user = identity(info.calling_user_id.as_deref().ok_or_else(missing)?).map_err(|_| missing())?;
        if self.directory.group(&group).is_none_or(|(_, home)| *home != Home::Own) {
            return Err(self.warned(404, "113 group document does not exist"));
        }
        if self.directory.home_of(&user) != Some(&Home::Server(server.to_owned())) {
            return Err(Refusal::new(403).because("Not a user of that server"));
        }
        self.may_affiliate(&group, &user)?;
        let expires_utc_ms = self.shell.utc_ms(now).saturating_add(u64::from(expires_s) * 1000);
        let affiliation = Affiliation { group: group.clone(), mcptt_id: user.clone(), expires_utc_ms };
        let (ops, affiliation) = match expires_s {
            0 => (vec![Ended::Affiliation { group: group.clone(), mcptt_id: user.clone() }.delete()], None),
            _ => (vec![affiliation.put()], Some(affiliation)),
        };
        let (key, request) = (asks.key, asks.request.clone());
        let forwarded = Forwarded { key, request, group, user, affiliation, expires_s };
        self.shell.store(ops, Job::Forwarded(Box::new(forwarded)));
        Ok(())
    }

    /// An affiliation of a user of another server is durable, or could not be kept.
    pub(super) fn forwarded(&mut self, now: Instant, forwarded: Forwarded, is_durable: bool) {
        let Forwarded { key, request, group, user, affiliation, expires_s } = forwarded;
        if !is_durable {
            return self.refuse(now, key, &request, &Refusal::new(500).because("It could not be stored"));
        }
        let response = accepted(&request, expires_s, &mut self.entropy);
        self.ua.respond(now, key, response);
        match affiliation {
            Some(affiliation) => self.join_group(now, &affiliation),
            None => self.leave_group(now, &group, &user),
        }
    }

    /// A user is affiliated: a call that goes on takes him in (clause 10.1.1.4.2, late entry).
    fn join_group(&mut self, now: Instant, affiliation: &Affiliation) {
        let Affiliation { group, mcptt_id, .. } = affiliation;
        let is_new = !self.registrar.is_affiliated(group, mcptt_id);
        self.registrar.affiliate(affiliation);
        if is_new {
            self.say(format!("{mcptt_id} is affiliated to {group}"));
        }
        if self.directory.own(mcptt_id).is_some() {
            self.bearers.affiliated(now, mcptt_id, group, true);
        }
        self.enter_late(now, group, mcptt_id);
    }

    /// A user is affiliated no longer, and in no call of the group.
    pub(super) fn leave_group(&mut self, now: Instant, group: &str, user: &str) {
        if !self.registrar.deaffiliate(group, user) {
            return;
        }
        self.say(format!("{user} has left {group}"));
        if self.directory.own(user).is_some() {
            self.bearers.affiliated(now, user, group, false);
        }
        self.expel(now, group, user, "he has left the group");
    }
}
