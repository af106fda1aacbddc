//! Service authorisation (TS 24.379 clauses 7.2.2, 7.3.3): a user shows a token of the identity management server.

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Flow, Request, Response, ServerKey};

use super::body::{info_of, parts_of};
use super::node::{Job, McServer};
use super::registrar::{Authorisation, Ended};
use crate::ims::service::Caller;
use crate::mc::config::McAuthentication;
use crate::node::NodeStoreOp;

/// A PUBLISH that is answered when what it says is durable.
#[derive(Debug)]
pub(super) struct Authorised {
    key: ServerKey,
    request: Request,
    response: Response,
    change: Change,
}

#[derive(Debug)]
enum Change {
    Put(Authorisation),
    Remove(String),
}

impl McServer {
    pub(super) fn authorise(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        flow: Flow,
    ) -> Result<(), Refusal> {
        let caller = Caller::of(request, flow, &self.config.sip.trusted)?;
        let parts = parts_of(&request.headers, &request.body, self.config.limits.body)?;
        let info = info_of(&parts)?;
        let expires = request.expires().map_err(|_| Refusal::new(400).because("Bad Expires"))?;
        let expires = expires.unwrap_or(u32::MAX).min(self.config.limits.authorisation_s);
        let failed = self.warned(403, "101 service authorisation failed");
        let impus: Vec<String> = caller.identities().collect();
        let bound = impus.iter().find_map(|impu| self.user_of(impu));
        if expires == 0 {
            let user = bound.ok_or(failed)?;
            let response = accepted(request, 0, &mut self.entropy);
            let mut ops = vec![Ended::Authorisation(user.clone()).delete()];
            ops.extend(self.affiliations_of(&user).iter().map(Ended::delete));
            let change = Change::Remove(user);
            self.store_authorised(key, request, response, change, ops);
            return Ok(());
        }
        let user = match (&self.config.authentication, &info.access_token) {
            (McAuthentication::Tokens(verifier), Some(token)) => {
                let claims = verifier
                    .check(self.shell.utc_ms(now) / 1000, token, SCOPE)
                    .map_err(|why| Refusal { reason: Some(format!("Access token: {why}")), ..failed.clone() })?;
                let id = claims.mcptt_id.and_then(|id| super::directory::identity(&id).ok());
                id.ok_or_else(|| failed.clone())?
            }
            // A refresh of what was authorised (RFC 3903 clause 4.2) needs no new token.
            (McAuthentication::Tokens(_), None) => bound.ok_or_else(|| failed.clone())?,
            (McAuthentication::Table, _) => bound.ok_or_else(|| failed.clone())?,
        };
        let Some(known) = self.directory.own(&user) else { return Err(failed) };
        let listed = |impu: &String| known.impus.iter().any(|own| super::directory::identity(own).as_ref() == Ok(impu));
        let impu = impus.iter().find(|impu| known.impus.is_empty() || listed(impu)).cloned().ok_or(failed)?;
        let contacts = request.headers.addresses("Contact").unwrap_or_default();
        let authorisation = Authorisation {
            mcptt_id: user,
            impu,
            client_id: info.client_id,
            can_mbms: contacts.first().is_some_and(protocol::sip::NameAddr::has_mbms),
            expires_utc_ms: self.shell.utc_ms(now).saturating_add(u64::from(expires) * 1000),
        };
        let mut ops = vec![authorisation.put()];
        // Who had this IMS identity before has it no longer.
        let other = self.registrar.by_impu(&authorisation.impu).filter(|other| *other != authorisation.mcptt_id);
        ops.extend(other.map(|other| Ended::Authorisation(other.to_owned()).delete()));
        let response = accepted(request, expires, &mut self.entropy);
        self.store_authorised(key, request, response, Change::Put(authorisation), ops);
        Ok(())
    }

    fn store_authorised(
        &mut self,
        key: ServerKey,
        request: &Request,
        response: Response,
        change: Change,
        ops: Vec<NodeStoreOp>,
    ) {
        let authorised = Authorised { key, request: request.clone(), response, change };
        self.shell.store(ops, Job::Authorised(Box::new(authorised)));
    }

    /// An authorisation is durable, or could not be kept: then all is as it was.
    pub(super) fn authorised(&mut self, now: Instant, authorised: Authorised, is_durable: bool) {
        let Authorised { key, request, response, change } = authorised;
        if !is_durable {
            return self.refuse(now, key, &request, &Refusal::new(500).because("It could not be stored"));
        }
        match change {
            Change::Put(authorisation) => {
                let (user, can_mbms) = (authorisation.mcptt_id.clone(), authorisation.can_mbms);
                self.say(format!("{user} is authorised as {}", authorisation.impu));
                let other = self.registrar.by_impu(&authorisation.impu).filter(|other| *other != user);
                let other = other.map(str::to_owned);
                self.registrar.authorise(authorisation);
                if let Some(other) = other {
                    self.bearers.user_gone(now, &other);
                }
                self.learn(now, &user, &request.headers);
                self.tell_seen(now, &user, can_mbms);
            }
            Change::Remove(user) => self.user_leaves(now, &user),
        }
        self.ua.respond(now, key, response);
    }

    /// A user is authorised no longer: he leaves his groups and their calls.
    fn user_leaves(&mut self, now: Instant, user: &str) {
        self.say(format!("{user} is authorised no longer"));
        for ended in self.affiliations_of(user) {
            if let Ended::Affiliation { group, mcptt_id } = ended {
                self.leave_group(now, &group, &mcptt_id);
                self.tell_left(now, &group, &mcptt_id);
            }
        }
        self.registrar.forget(user);
        self.bearers.user_gone(now, user);
    }

    fn affiliations_of(&self, user: &str) -> Vec<Ended> {
        let groups = self.registrar.groups_of(user).into_iter();
        groups.map(|group| Ended::Affiliation { group, mcptt_id: user.to_owned() }).collect()
    }

    /// What has lasted its time.
    pub(super) fn expire(&mut self, now: Instant) {
        let ended = self.registrar.ended(self.shell.utc_ms(now));
        if ended.is_empty() {
            return;
        }
        let mut ops: Vec<NodeStoreOp> = ended.iter().map(Ended::delete).collect();
        for ended in ended {
            match ended {
                Ended::Authorisation(user) => {
                    ops.extend(self.affiliations_of(&user).iter().map(Ended::delete));
                    self.user_leaves(now, &user);
                }
                Ended::Affiliation { group, mcptt_id } => self.leave_group(now, &group, &mcptt_id),
            }
        }
        self.shell.store(ops, Job::Nothing);
    }
}

/// 200 of a PUBLISH (RFC 3903 clause 6).
pub(super) fn accepted(request: &Request, expires: u32, entropy: &mut protocol::Entropy) -> Response {
    let mut response = Response::to(request, 200, None);
    response.headers.append("SIP-ETag", &entropy.token(16));
    response.headers.append("Expires", &expires.to_string());
    response
}

/// TS 33.180 clause B.4.2.2.
const SCOPE: &str = "3gpp:mc:ptt_service";
