//! Conferences are created and joined by INVITE (RFC 4579 clauses 5.1 to 5.4; TS 24.147 clauses 5.3.2.3, 5.3.2.4).

use std::net::SocketAddr;
use std::time::Duration;

use protocol::Instant;
use protocol::rtp::{G711, audio_answer, audio_offer};
use protocol::sip::proxy::Refusal;
use protocol::sip::sdp::Sdp;
use protocol::sip::{Flow, Request, SessionId, Uri};
use protocol::xml::EndpointStatus;

use super::config::ConferenceGroup;
use super::focus::{Conference, Participant, Teller, Who};
use super::leg::Leg;
use super::server::ConferenceServer;

impl ConferenceServer {
    /// A session is offered.
    pub(super) fn called(&mut self, now: Instant, session: SessionId, invite: &Request, flow: Flow) {
        let outcome = self.identify(invite, flow).and_then(|who| self.admit(now, session, invite, &who));
        if let Err(refusal) = outcome {
            let why = refusal.reason.unwrap_or_default();
            self.say(format!("INVITE of {} refused with {} {why}", invite.uri, refusal.status));
            // It was just offered: it can be refused.
            let _ = self.ua.reject(now, session, refusal.status);
        }
    }

    fn admit(&mut self, now: Instant, session: SessionId, invite: &Request, who: &Who) -> Result<(), Refusal> {
        let user = self.user_of(&invite.uri).ok_or_else(|| Refusal::new(404))?;
        if user == self.config.factory {
            if !self.config.policy.create.lets(who.identities.iter().cloned()) {
                return Err(Refusal::new(403).because("May not create conferences"));
            }
            let key = format!("conf-{}", self.entropy.token(16));
            let conference = self.open(now, &key)?;
            conference.creator.clone_from(&who.identities);
            return self.enter_new(now, &key, session, invite, who);
        }
        if !self.conferences.contains_key(&user) {
            let Some(group) = self.config.groups.iter().find(|group| group.user == user).cloned() else {
                return Err(Refusal::new(404).because("No such conference"));
            };
            self.open_group(now, &group)?;
            return self.enter_new(now, &user, session, invite, who);
        }
        self.enter(now, &user, session, invite, who)
    }

    /// The first one of a conference; without him there is none.
    fn enter_new(
        &mut self,
        now: Instant,
        key: &str,
        session: SessionId,
        invite: &Request,
        who: &Who,
    ) -> Result<(), Refusal> {
        let entered = self.enter(now, key, session, invite, who);
        if entered.is_err() {
            self.conferences.remove(key);
        }
        entered
    }

    fn open(&mut self, now: Instant, key: &str) -> Result<&mut Conference, Refusal> {
        if self.conferences.len() >= self.config.policy.most_conferences {
            return Err(Refusal::new(503).because("No more conferences"));
        }
        let ends_at = now + Duration::from_secs(self.config.policy.longest_s.into());
        let conference = Conference::new(self.conference_uri(key), ends_at);
        Ok(self.conferences.entry(key.to_owned()).or_insert(conference))
    }

    fn open_group(&mut self, now: Instant, group: &ConferenceGroup) -> Result<(), Refusal> {
        let identity = |text: &String| Uri::parse(text).map_or_else(|_| text.clone(), |uri| uri.identity());
        let conference = self.open(now, &group.user)?;
        conference.members = Some(group.members.iter().map(identity).collect());
        conference.creator = group.creator.iter().map(identity).collect();
        conference.subject.clone_from(&group.subject);
        Ok(())
    }

    fn enter(
        &mut self,
        now: Instant,
        key: &str,
        session: SessionId,
        invite: &Request,
        who: &Who,
    ) -> Result<(), Refusal> {
        let policy = &self.config.policy;
        let conference = self.conferences.get(key).ok_or_else(|| Refusal::new(404))?;
        let invited = who.identities.iter().any(|identity| conference.invited.contains(identity));
        let open = conference.members.is_none() && policy.join.lets(who.identities.iter().cloned());
        if !invited && !open && !conference.is_creator(&who.identities) && !conference.is_member(&who.identities) {
            return Err(Refusal::new(403).because("May not join"));
        }
        if conference.participants.len() >= policy.most_participants {
            return Err(Refusal::new(486).because("Conference full"));
        }
        let contact = conference.contact();
        let port = self.ports.take().ok_or_else(|| Refusal::new(503).because("No media port left"))?;
        let local = self.config.sip.media_at(port);
        let Some(description) = describe(u64::from(port), local, invite) else {
            self.ports.give_back(port);
            return Err(Refusal::new(488).because("No audio with G.711"));
        };
        let endpoint = invite.contact().ok().flatten().map(|contact| contact.uri.to_string());
        let participant = Participant {
            session,
            user: String::new(),
            identities: who.identities.clone(),
            endpoint: endpoint.unwrap_or_else(|| who.identities[0].clone()),
            display: who.display.clone(),
            was_called: false,
            referred_by: None,
            status: EndpointStatus::DialingIn,
            leg: Leg::new(local, &mut self.entropy),
            teller: Teller::Silent,
        };
        let id = self.seat(key, participant, who.is_private);
        self.ua.set_contact(session, contact);
        self.answer_with_vector(session, invite);
        if let Err(why) = self.ua.accept(now, session, &description) {
            self.unseat(key, id);
            return Err(Refusal::new(488).because(&why.to_string()));
        }
        Ok(())
    }

    /// Gives a participant his place, and his name.
    pub(super) fn seat(&mut self, key: &str, mut participant: Participant, is_private: bool) -> u64 {
        let (session, port) = (participant.session, participant.leg.local.port());
        let Some(conference) = self.conferences.get_mut(key) else { return 0 };
        if is_private {
            // RFC 4575 clause 5.6.1; his device would tell who he is as well.
            participant.user = format!("sip:anonymous-{}@anonymous.invalid", conference.next + 1);
            participant.endpoint.clone_from(&participant.user);
        } else {
            participant.user.clone_from(&participant.identities[0]);
        }
        let id = conference.add(participant);
        self.sessions.insert(session, (key.to_owned(), id));
        self.legs.insert(port, (key.to_owned(), id));
        id
    }

    /// Takes it away.
    pub(super) fn unseat(&mut self, key: &str, id: u64) -> Option<Participant> {
        let participant = self.conferences.get_mut(key)?.participants.remove(&id)?;
        self.sessions.remove(&participant.session);
        let port = participant.leg.local.port();
        self.legs.remove(&port);
        self.ports.give_back(port);
        Some(participant)
    }
}

/// The answer to the offer in an INVITE; an offer when there is none.
fn describe(id: u64, local: SocketAddr, invite: &Request) -> Option<Vec<u8>> {
    if invite.body.is_empty() {
        return Some(audio_offer(id, local, &[G711::A, G711::Mu]).to_bytes());
    }
    let offered = Sdp::parse(&invite.body).ok()?;
    audio_answer(id, local, &offered).map(|answer| answer.to_bytes())
}
