//! The focus is referred to others: it invites them, or expels them (RFC 4579 clauses 5.5, 5.11; TS 24.147 clauses 5.3.2.5,
//! 5.3.2.6; RFC 3515, RFC 4488).

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Flow, Method, NameAddr, Request, Response, SIPFRAG, ServerKey, Uri};

use super::dial::{Invitation, sipfrag};
use super::focus::{Teller, Who};
use super::server::ConferenceServer;

/// What is asked for.
#[derive(Debug)]
enum Asked {
    Invite(Uri, Option<String>),
    Expel(Vec<u64>),
    End,
    /// He is in it already.
    Nothing,
}

impl ConferenceServer {
    pub(super) fn referred(&mut self, now: Instant, key: ServerKey, request: &Request, flow: Flow) {
        match self.asked(request, flow) {
            Ok((conference, who, asked)) => self.obey(now, key, request, &conference, who, asked),
            Err(refusal) => self.refuse(now, key, request, &refusal),
        }
    }

    /// What a REFER wants of which conference, when it may have it.
    fn asked(&self, request: &Request, flow: Flow) -> Result<(String, Who, Asked), Refusal> {
        crate::ims::service::check_require(request, &["norefersub"])?;
        let in_dialog = self.ua.session_of(request).and_then(|session| self.sessions.get(&session));
        let key = match in_dialog {
            Some((key, _)) => key.clone(),
            None => self.user_of(&request.uri).ok_or_else(|| Refusal::new(404))?,
        };
        let conference = self.conferences.get(&key).ok_or_else(|| Refusal::new(404).because("No such conference"))?;
        let who = match (self.identify(request, flow), in_dialog) {
            (Ok(who), _) => who,
            // Within his dialog a participant needs no assertion, if it comes from where assertions come from.
            (Err(_), Some((_, id))) if crate::ims::service::trusts(&self.config.sip.trusted, flow) => {
                let participant = conference.participants.get(id).ok_or_else(|| Refusal::new(481))?;
                Who { identities: participant.identities.clone(), display: None, is_private: false }
            }
            (Err(refusal), _) => return Err(refusal),
        };
        let mut targets = request.headers.addresses("Refer-To").map_err(|_| bad_target())?;
        let target = targets.pop().filter(|_| targets.is_empty()).ok_or_else(bad_target)?;
        let (target, method, replaces) = taken_apart(target);
        let own = conference.find(&who.identities);
        let (is_in, is_creator) = (!own.is_empty(), conference.is_creator(&who.identities));
        let policy = &self.config.policy;
        let asked = match method {
            Method::INVITE if !policy.invite.has(is_in, is_creator) => return Err(no_right()),
            Method::INVITE if conference.find(&[target.identity()]).is_empty() => {
                self.may_call(&key, &target)?;
                Asked::Invite(target, replaces)
            }
            Method::INVITE => Asked::Nothing,
            Method::BYE if target.identity() == Uri::Sip(conference.uri.clone()).identity() => {
                if !policy.expel.has(is_in, is_creator) {
                    return Err(no_right());
                }
                Asked::End
            }
            Method::BYE => {
                let found = conference.find(&[target.identity(), target.to_string()]);
                if found.is_empty() {
                    return Err(Refusal::new(404).because("Not in the conference"));
                }
                if !policy.expel.has(is_in, is_creator) && !found.iter().all(|id| own.contains(id)) {
                    return Err(no_right());
                }
                Asked::Expel(found)
            }
            _ => return Err(Refusal::new(403).because("Only INVITE and BYE")),
        };
        Ok((key, who, asked))
    }

    fn obey(&mut self, now: Instant, key: ServerKey, request: &Request, conference: &str, who: Who, asked: Asked) {
        let Some(teller) = self.accept_refer(now, key, request, conference) else { return };
        match asked {
            Asked::Invite(target, replaces) => {
                self.tell(now, &teller, 100, false);
                let referred_by = (!who.is_private).then(|| who.identities.into_iter().next()).flatten();
                self.call(now, conference, Invitation { target, referred_by, replaces, teller });
            }
            Asked::Expel(all) => {
                for id in all {
                    self.expel(now, conference, id, "expelled");
                }
                self.tell(now, &teller, 200, true);
            }
            Asked::End => {
                self.tell(now, &teller, 200, true);
                self.end(now, conference, "it was ended by who may do so");
            }
            Asked::Nothing => self.tell(now, &teller, 200, true),
        }
    }

    /// 202, and how what comes of it is told.
    fn accept_refer(&mut self, now: Instant, key: ServerKey, request: &Request, conference: &str) -> Option<Teller> {
        let contact = self.conferences.get(conference)?.contact();
        let session = self.ua.session_of(request);
        let is_silent = request.headers.get("Refer-Sub").is_some_and(|value| {
            value.split(';').next().is_some_and(|value| value.trim().eq_ignore_ascii_case("false"))
        });
        if session.is_none() && !is_silent {
            self.ua.profile_mut().contact = contact;
            // Without a dialog it has been refused.
            return self.ua.accept_refer(now, key, request).ok().map(Teller::Subscription);
        }
        let mut response = Response::to(request, 202, None);
        response.headers.append("Contact", &contact.to_string());
        response.headers.copy_from(&request.headers, "Record-Route");
        if is_silent {
            response.headers.append("Refer-Sub", "false");
            response.headers.append("Supported", "norefersub");
        }
        self.ua.respond(now, key, response);
        let seq = request.cseq().ok().flatten().map_or(0, |cseq| cseq.seq);
        match session.filter(|_| !is_silent) {
            Some(session) => Some(Teller::Dialog(session, format!("refer;id={seq}"))),
            None => Some(Teller::Silent),
        }
    }

    /// Tells one who referred how far it is (RFC 3515 clause 2.4.5).
    pub(super) fn tell(&mut self, now: Instant, teller: &Teller, status: u16, is_last: bool) {
        let body = sipfrag(status);
        match teller {
            Teller::Silent => {}
            Teller::Subscription(id) if is_last => {
                self.ua.terminate_subscription(now, *id, "noresource", SIPFRAG, &body);
            }
            Teller::Subscription(id) => drop(self.ua.notify(now, *id, SIPFRAG, &body)),
            Teller::Dialog(session, event) => {
                // His session may be over: then there is nobody to be told.
                let Ok(mut notify) = self.ua.session_request(*session, Method::NOTIFY) else { return };
                let state = if is_last { "terminated;reason=noresource" } else { "active;expires=300" };
                notify.headers.append("Event", event);
                notify.headers.append("Subscription-State", state);
                if let Some(contact) = self.sessions.get(session).and_then(|(key, _)| self.conferences.get(key)) {
                    notify.headers.append("Contact", &contact.contact().to_string());
                }
                notify.set_body(SIPFRAG, body);
                self.next_token += 1;
                self.ua.send(now, self.next_token, notify);
            }
        }
    }
}

/// Whom, by which method, and in the place of which dialog (RFC 3515 clause 2.1, RFC 3261 clause 19.1.1).
fn taken_apart(target: NameAddr) -> (Uri, Method, Option<String>) {
    let mut uri = target.uri;
    let mut found = (Method::INVITE, None);
    if let Some(sip) = uri.as_sip_mut() {
        let method = sip.params.get("method").map(|name| Method::parse(&name.to_ascii_uppercase()));
        // What is no method at all is none of those that are done.
        let method = method.map_or(Method::INVITE, |method| method.unwrap_or(Method::OPTIONS));
        found = (method, sip.header("Replaces"));
        sip.params.remove("method");
        sip.headers = None;
    }
    (uri, found.0, found.1)
}

fn bad_target() -> Refusal {
    Refusal::new(400).because("Refer-To is not one address")
}

fn no_right() -> Refusal {
    Refusal::new(403).because("Not by the policy of the conference")
}
