//! Participants are called, come, change and go (RFC 4579 clauses 5.5, 5.8, 5.10; TS 24.147 clauses 5.3.2.5 to 5.3.2.7).

use protocol::Instant;
use protocol::rtp::{G711, audio_offer};
use protocol::sip::proxy::Refusal;
use protocol::sip::{EndedWhy, NameAddr, Refusal as Why, SessionEvent, SessionId, Uri, reason_phrase};
use protocol::xml::{DisconnectionMethod, EndpointStatus};

use super::describe::Departure;
use super::focus::{Participant, Teller};
use super::leg::Leg;
use super::server::ConferenceServer;

/// An invitation.
#[derive(Clone, Debug)]
pub(super) struct Invitation {
    /// Whom.
    pub(super) target: Uri,
    /// Who wants it.
    pub(super) referred_by: Option<String>,
    /// A dialog of his that it takes the place of (RFC 3891).
    pub(super) replaces: Option<String>,
    /// Who is told.
    pub(super) teller: Teller,
}

impl ConferenceServer {
    /// May he be called?
    pub(super) fn may_call(&self, key: &str, target: &Uri) -> Result<(), Refusal> {
        let conference = self.conferences.get(key).ok_or_else(|| Refusal::new(404))?;
        self.config.sip.reach.check(target)?;
        if self.user_of(target).is_some() {
            return Err(Refusal::new(403).because("Conferences are not joined to each other"));
        }
        if conference.members.as_ref().is_some_and(|members| !members.contains(&target.identity())) {
            return Err(Refusal::new(403).because("Not a member of the group"));
        }
        if conference.participants.len() >= self.config.policy.most_participants {
            return Err(Refusal::new(486).because("Conference full"));
        }
        if self.ports.left() == 0 {
            return Err(Refusal::new(503).because("No media port left"));
        }
        Ok(())
    }

    /// Calls someone into a conference.
    pub(super) fn call(&mut self, now: Instant, key: &str, invitation: Invitation) {
        let Invitation { target, referred_by, replaces, teller } = invitation;
        let identity = target.identity();
        let Some(conference) = self.conferences.get_mut(key) else { return };
        let Some(port) = self.ports.take() else { return };
        conference.invited.insert(identity.clone());
        let contact = conference.contact();
        let focus = NameAddr::new(contact.uri.clone());
        let mut headers = vec![("P-Asserted-Identity".to_owned(), focus.to_string())];
        let vector = crate::ims::charging::originated(&mut self.entropy, &self.config.sip.name, &self.charging);
        headers.push(("P-Charging-Vector".to_owned(), vector.to_string()));
        headers.extend(referred_by.iter().map(|by| ("Referred-By".to_owned(), format!("<{by}>"))));
        if let Some(replaces) = replaces {
            headers.push(("Replaces".to_owned(), replaces));
            headers.push(("Require".to_owned(), "replaces".to_owned()));
        }
        let local = self.config.sip.media_at(port);
        let offer = audio_offer(port.into(), local, &[G711::A, G711::Mu]).to_bytes();
        let profile = self.ua.profile_mut();
        (profile.from, profile.contact) = (focus, contact);
        profile.route = self.config.sip.route_to(&target);
        let session = self.ua.invite(now, target, &offer, &headers);
        let participant = Participant {
            session,
            user: String::new(),
            endpoint: identity.clone(),
            identities: vec![identity],
            display: None,
            was_called: true,
            referred_by,
            status: EndpointStatus::DialingOut,
            leg: Leg::new(local, &mut self.entropy),
            teller,
        };
        let id = self.seat(key, participant, false);
        self.changed(now, key, id);
    }

    /// Something has become of a session.
    pub(super) fn of_session(&mut self, now: Instant, session: SessionId, event: SessionEvent) {
        let Some((key, id)) = self.sessions.get(&session).cloned() else { return };
        let conference = self.conferences.get_mut(&key);
        let Some(participant) = conference.and_then(|conference| conference.participants.get_mut(&id)) else { return };
        match event {
            SessionEvent::Progress { status: status @ (180 | 183), .. } => {
                let rings = status == 180 && participant.status == EndpointStatus::DialingOut;
                if rings {
                    participant.status = EndpointStatus::Alerting;
                    let teller = participant.teller.clone();
                    self.tell(now, &teller, status, false);
                    self.changed(now, &key, id);
                }
            }
            SessionEvent::Established { sdp } => {
                participant.leg.agree(now, &sdp);
                participant.status =
                    if participant.leg.is_held() { EndpointStatus::OnHold } else { EndpointStatus::Connected };
                let teller = std::mem::replace(&mut participant.teller, Teller::Silent);
                self.tell(now, &teller, 200, true);
                self.start_ticks(now);
                self.changed(now, &key, id);
            }
            SessionEvent::Modified { sdp, .. } => {
                participant.leg.agree(now, &sdp);
                participant.status =
                    if participant.leg.is_held() { EndpointStatus::OnHold } else { EndpointStatus::Connected };
                self.changed(now, &key, id);
            }
            SessionEvent::Ended { why } => {
                let (departure, status) = departure(&why);
                self.departs(now, &key, id, &departure, status);
            }
            SessionEvent::Offered { .. }
            | SessionEvent::Progress { .. }
            | SessionEvent::ModifyRefused { .. }
            | SessionEvent::Refreshed => {}
        }
    }

    /// Someone is expelled.
    pub(super) fn expel(&mut self, now: Instant, key: &str, id: u64, why: &str) {
        let participant = self.conferences.get(key).and_then(|conference| conference.participants.get(&id));
        let Some(session) = participant.map(|participant| participant.session) else { return };
        // It may end at this moment.
        let _ = self.ua.hang_up(now, session);
        let departure = Departure { method: DisconnectionMethod::Booted, reason: why.to_owned() };
        self.departs(now, key, id, &departure, 487);
    }

    /// Someone has gone; without anybody in it, or without its creator, a conference ends.
    fn departs(&mut self, now: Instant, key: &str, id: u64, departure: &Departure, status: u16) {
        let Some(mut participant) = self.unseat(key, id) else { return };
        let utc_ms = self.utc_ms(now);
        self.tell(now, &participant.teller, status, true);
        let Some(conference) = self.conferences.get(key) else { return };
        if let Some(bye) = participant.leg.bye(now, utc_ms, &conference.uri.to_string()) {
            self.datagram(bye);
        }
        let Some(conference) = self.conferences.get(key) else { return };
        let user = conference.departed(&participant, departure);
        let is_empty = conference.participants.is_empty();
        let creator_has_left = conference.members.is_none()
            && self.config.policy.ends_with_creator
            && conference.is_creator(&participant.identities)
            && !conference.participants.values().any(|p| conference.is_creator(&p.identities));
        self.publish(now, key, vec![user]);
        if is_empty {
            self.end(now, key, "nobody is in it any more");
        } else if creator_has_left {
            self.end(now, key, "its creator has left");
        }
    }

    /// A conference is over (RFC 4579 clause 5.13; TS 24.147 clause 5.3.2.7).
    pub(super) fn end(&mut self, now: Instant, key: &str, why: &str) {
        let Some(conference) = self.conferences.get(key) else { return };
        let name = conference.uri.to_string();
        let utc_ms = self.utc_ms(now);
        for id in conference.participants.keys().copied().collect::<Vec<_>>() {
            let Some(mut participant) = self.unseat(key, id) else { continue };
            let _ = self.ua.hang_up(now, participant.session);
            self.tell(now, &participant.teller, 487, true);
            if let Some(bye) = participant.leg.bye(now, utc_ms, &name) {
                self.datagram(bye);
            }
        }
        self.unwatch_all(now, key);
        self.conferences.remove(key);
        self.say(format!("{name} is over: {why}"));
    }
}

/// How someone went (RFC 4575 clause 5.7.7), and what one who invited him is told.
fn departure(why: &EndedWhy) -> (Departure, u16) {
    let (method, status) = match why {
        EndedWhy::RemoteHungUp { .. } | EndedWhy::RemoteCancelled { .. } => (DisconnectionMethod::Departed, 487),
        EndedWhy::HungUp | EndedWhy::Cancelled | EndedWhy::Rejected { .. } => (DisconnectionMethod::Booted, 487),
        EndedWhy::Refused(Why::Status { status: status @ (486 | 600), .. }) => (DisconnectionMethod::Busy, *status),
        EndedWhy::Refused(Why::Status { status, .. }) => (DisconnectionMethod::Failed, *status),
        EndedWhy::Refused(Why::NotSent(_)) => (DisconnectionMethod::Failed, 503),
        EndedWhy::Refused(_) | EndedWhy::NoAnswer | EndedWhy::TimedOut(_) | EndedWhy::Lost => {
            (DisconnectionMethod::Failed, 408)
        }
    };
    (Departure { method, reason: why.to_string() }, status)
}

/// A piece of a SIP message (RFC 3420): a status line.
pub(super) fn sipfrag(status: u16) -> Vec<u8> {
    format!("SIP/2.0 {status} {}\r\n", reason_phrase(status)).into_bytes()
}
