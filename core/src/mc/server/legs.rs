//! Legs of calls (TS 24.379 clauses 6.3 and 10.1.1): how they come and go, whatever they are for.

use protocol::Instant;
use protocol::mc::info::SessionType;
use protocol::mc::sdp::{FloorMedia, audio};
use protocol::mime::Part;
use protocol::sip::proxy::Refusal;
use protocol::sip::sdp::Sdp;
use protocol::sip::{EndedWhy, Flow, NameAddr, Refusal as Why, Request, SessionEvent, SessionId, SipUri, Uri, sdp_of};

use super::body::{info_of, parts_of, service_headers};
use super::call::{Call, Kind, Leg, Peer, Side};
use super::describe;
use super::directory::{Home, identity};
use super::node::{McServer, Sender, why_of};
use crate::mbms::GroupCodec;
use crate::mc::floor::Participant;

/// An INVITE that is looked at.
#[derive(Debug)]
pub(super) struct Called<'a> {
    pub(super) session: SessionId,
    pub(super) invite: &'a Request,
    pub(super) offered: Sdp,
    /// Of the group; MCPTT ID of who calls.
    pub(super) group: String,
    pub(super) caller: String,
}

impl McServer {
    /// A session is offered.
    pub(super) fn called(&mut self, now: Instant, session: SessionId, invite: &Request, flow: Flow) {
        if let Err(refusal) = self.admit(now, session, invite, flow) {
            self.counters.refused += 1;
            self.say(format!("INVITE refused with {} {}", refusal.status, why_of(&refusal)));
            // It was just offered: it can be refused.
            let _ = self.ua.reject_with(now, session, refusal.status, &refusal.headers);
        }
    }

    /// TS 24.379 clauses 10.1.1.3.1 (originating participating), 10.1.1.3.2 (terminating participating) and 10.1.1.4.2
    /// (controlling function).
    fn admit(&mut self, now: Instant, session: SessionId, invite: &Request, flow: Flow) -> Result<(), Refusal> {
        if !self.is_ready || self.is_ending {
            return Err(Refusal::new(503).with("Retry-After", "2"));
        }
        let sender = self.sender(invite, flow)?;
        let parts = parts_of(&invite.headers, &invite.body, self.config.limits.body)?;
        let info = info_of(&parts)?;
        let sdp = sdp_of(&invite.headers, &invite.body).and_then(|sdp| Sdp::parse(&sdp).ok());
        let has_both = |sdp: &Sdp| FloorMedia::find(sdp).is_some() && audio(sdp).is_some();
        let offered =
            sdp.filter(has_both).ok_or_else(|| Refusal::new(488).because("No offer of audio and floor control"))?;
        let key = |uri: &Option<String>, name: &str| {
            let uri = uri.as_deref().and_then(|uri| identity(uri).ok());
            uri.ok_or_else(|| Refusal::new(400).because(&format!("mcptt-info names no {name}")))
        };
        let target = key(&info.request_uri, "mcptt-request-uri")?;
        if info.session_type.as_ref().is_some_and(|kind| *kind != SessionType::Prearranged) {
            return Err(Refusal::new(488).because("Only calls of prearranged groups"));
        }
        match sender {
            Sender::User(caller) => {
                self.learn(now, &caller, &invite.headers);
                let home = self.may_call(&target, &caller)?;
                let called = Called { session, invite, offered, group: target, caller: caller.clone() };
                match home {
                    Home::Own => self.enter(now, &called, None),
                    Home::Server(server) => self.originate(now, &called, &server),
                }
            }
            Sender::Server(server) if self.directory.own(&target).is_some() => {
                let group = key(&info.calling_group_id, "mcptt-calling-group-id")?;
                let caller = key(&info.calling_user_id, "mcptt-calling-user-id")?;
                if self.directory.group(&group).is_none_or(|(_, home)| *home != Home::Server(server)) {
                    return Err(Refusal::new(403).because("Not the controlling server of the group"));
                }
                self.terminate(now, &Called { session, invite, offered, group, caller }, &target)
            }
            Sender::Server(server) => {
                let caller = key(&info.calling_user_id, "mcptt-calling-user-id")?;
                if self.directory.home_of(&caller) != Some(&Home::Server(server.clone())) {
                    return Err(Refusal::new(403).because("Not a user of that server"));
                }
                match self.may_call(&target, &caller)? {
                    Home::Own => {
                        let called = Called { session, invite, offered, group: target, caller };
                        self.enter(now, &called, Some(server))
                    }
                    Home::Server(_) => Err(self.warned(404, "142 unable to determine the controlling function")),
                }
            }
        }
    }

    /// Where the calls of a group are controlled, if he may begin one.
    fn may_call(&self, group: &str, caller: &str) -> Result<Home, Refusal> {
        let Some((_, home)) = self.directory.group(group) else {
            return Err(self.warned(404, "113 group document does not exist"));
        };
        if !self.directory.is_member(group, caller) {
            return Err(self.warned(403, "116 user is not part of the MCPTT group"));
        }
        match self.registrar.is_affiliated(group, caller) {
            true => Ok(home.clone()),
            false => Err(self.warned(403, "120 user is not affiliated to this group")),
        }
    }

    /// A call begins.
    pub(super) fn open_call(
        &mut self,
        now: Instant,
        group: &str,
        caller: &str,
        codec: Option<GroupCodec>,
        kind: Kind,
    ) -> Result<u64, Refusal> {
        if self.calls.calls.len() >= self.config.limits.calls {
            return Err(self.warned(486, "103 maximum simultaneous MCPTT group calls reached"));
        }
        let longest = self.directory.group(group).map_or(0, |(group, _)| group.longest_s);
        let mut identity = SipUri::new(Some(&format!("call-{}", self.entropy.token(12))), &self.own.host);
        identity.port = self.own.port;
        let is_agreed = codec.is_some();
        let id = self.calls.add_call(Call {
            group: group.to_owned(),
            identity,
            codec,
            caller: caller.to_owned(),
            ends_at: now + std::time::Duration::from_secs(longest.into()),
            legs: std::collections::BTreeSet::new(),
            kind,
        });
        self.say(format!("a call of {group} begins by {caller}"));
        if is_agreed {
            self.tell_bearers(now, id);
        }
        Ok(id)
    }

    /// What is spoken in a call is agreed upon.
    pub(super) fn tell_bearers(&mut self, now: Instant, id: u64) {
        let Some(call) = self.calls.calls.get(&id) else { return };
        if let Some(codec) = &call.codec {
            self.bearers.call_begins(now, id, &call.group, codec);
            self.bearers.call_identity(id, &call.identity.to_string());
        }
    }

    /// Ports of audio and of floor control.
    pub(super) fn take_ports(&mut self) -> Result<(u16, u16), Refusal> {
        let full = || Refusal::new(503).because("No media port left");
        let audio = self.ports.take().ok_or_else(full)?;
        let floor = self.ports.take();
        if floor.is_none() {
            self.ports.give_back(audio);
        }
        Ok((audio, floor.ok_or_else(full)?))
    }

    pub(super) fn give_back_ports(&mut self, (audio, floor): (u16, u16)) {
        self.ports.give_back(audio);
        self.ports.give_back(floor);
    }

    /// The highest priority of the floor requests of a user.
    pub(super) fn priority_of(&self, user: &str) -> u8 {
        self.directory.user(user).map_or(0, |user| user.priority)
    }

    /// Contact of the legs of a call.
    pub(super) fn contact_of(&self, call: u64) -> NameAddr {
        let uri = self.calls.calls.get(&call).map_or_else(|| self.own.clone(), |call| call.identity.clone());
        let mut contact = NameAddr::new(Uri::Sip(uri));
        contact.params.set_flag(protocol::mc::names::MCPTT_FEATURE);
        contact.params.set_flag("isfocus");
        contact
    }

    /// Accepts an offered session as a leg.
    pub(super) fn accept_leg(&mut self, now: Instant, id: u64, sdp: &Sdp) -> Result<(), Refusal> {
        let Some(leg) = self.calls.legs.get(&id) else { return Err(Refusal::new(500)) };
        let (session, call) = (leg.session, leg.call);
        self.ua.set_contact(session, self.contact_of(call));
        let accepted = self.ua.accept(now, session, &sdp.to_bytes());
        accepted.map_err(|why| Refusal::new(488).because(&why.to_string()))
    }

    /// Calls somebody as a leg with this number, with an offer of these codecs; of floor control with what the leg that waits
    /// for it has offered, if one does.
    pub(super) fn invite_leg(&mut self, now: Instant, target: Uri, leg: (u64, Leg), codecs: &[GroupCodec], info: Part) {
        let (id, mut leg) = leg;
        let ports = (leg.audio, leg.floor);
        let waits = leg.side.partner().and_then(|partner| self.calls.legs.get(&partner)?.waits.as_deref());
        let own = describe::floor_of(self.priority_of(&leg.user));
        let floor = waits.and_then(FloorMedia::find).map(|(_, wanted)| describe::common(&wanted.parameters, &own));
        let floor = floor.unwrap_or(own);
        let offer = describe::offer(ports.0.into(), self.config.sip.media, ports, codecs, &floor).to_bytes();
        let contact = self.calls.calls.get(&leg.call).map(|call| call.identity.clone());
        self.speak_to(&target, contact.as_ref());
        let mut headers = service_headers(&self.psi);
        // TS 24.379 clause 6.3.2.2.3: automatic commencement.
        headers.push(("Answer-Mode".to_owned(), "Auto".to_owned()));
        leg.session = self.ua.invite_with(now, target, &offer, &headers, &[info]);
        self.calls.add_leg(id, leg);
    }

    /// Something has become of a session.
    pub(super) fn of_session(&mut self, now: Instant, session: SessionId, event: SessionEvent) {
        let Some(id) = self.calls.leg_of(session) else { return };
        match event {
            SessionEvent::Established { sdp } => self.leg_stands(now, id, &sdp),
            SessionEvent::Modified { sdp, .. } => {
                let peer = Peer::of(&sdp);
                if let Some(leg) = self.calls.legs.get_mut(&id) {
                    leg.peer = peer.or(leg.peer);
                }
            }
            SessionEvent::Ended { why } => self.leg_ended(now, id, &why),
            SessionEvent::Offered { .. }
            | SessionEvent::Progress { .. }
            | SessionEvent::ModifyRefused { .. }
            | SessionEvent::Refreshed => {}
        }
    }

    fn leg_stands(&mut self, now: Instant, id: u64, sdp: &[u8]) {
        let Some(peer) = Peer::of(sdp) else {
            return self.drop_leg(now, id, "it has no audio or no floor control");
        };
        let Some(leg) = self.calls.legs.get_mut(&id) else { return };
        (leg.peer, leg.is_in) = (Some(peer), true);
        let (call, user, side) = (leg.call, leg.user.clone(), leg.side.clone());
        if !self.pass_answer(now, id, sdp) {
            return;
        }
        let may_talk = self.directory.user(&user).is_some_and(|user| user.may_talk) && peer.sends;
        let priority = self.priority_of(&user).min(peer.priority.unwrap_or(u8::MAX));
        let Some(standing) = self.calls.calls.get_mut(&call) else { return };
        let group = standing.group.clone();
        if let Kind::Controlled(floor) = &mut standing.kind {
            floor.join(id, Participant { user: user.clone(), priority, may_talk, queues: peer.queues });
        }
        if side.is_user() {
            self.bearers.in_call(now, call, &user, true);
        }
        if !matches!(side, Side::Server { .. }) {
            self.say(format!("{group}: {user} is in"));
        }
    }

    /// Ends a leg that stands, or is on its way, and what depends on it.
    pub(super) fn drop_leg(&mut self, now: Instant, id: u64, why: &str) {
        let Some(leg) = self.calls.legs.get(&id) else { return };
        // It may end at this moment.
        let _ = self.ua.hang_up(now, leg.session);
        self.remove_leg(now, id, why, 480);
    }

    fn leg_ended(&mut self, now: Instant, id: u64, why: &EndedWhy) {
        let status = match why {
            EndedWhy::Refused(Why::Status { status, .. }) => *status,
            EndedWhy::RemoteCancelled { .. } | EndedWhy::Cancelled => 487,
            EndedWhy::NoAnswer | EndedWhy::TimedOut(_) | EndedWhy::Refused(Why::Timeout) => TIMED_OUT,
            EndedWhy::Refused(Why::NotSent(_)) => 503,
            _ => 480,
        };
        self.remove_leg(now, id, &why.to_string(), status);
    }

    /// A leg is gone; `status` refuses what was to be passed on to it.
    pub(super) fn remove_leg(&mut self, now: Instant, id: u64, why: &str, status: u16) {
        let Some(leg) = self.calls.remove_leg(id) else { return };
        self.give_back_ports((leg.audio, leg.floor));
        let group = self.calls.calls.get(&leg.call).map(|call| call.group.clone()).unwrap_or_default();
        if !matches!(leg.side, Side::Server { .. }) {
            self.say(format!("{group}: {} is not in: {why}", leg.user));
        }
        if leg.side.is_user() && leg.is_in && self.calls.of_user(leg.call, &leg.user).is_empty() {
            self.bearers.in_call(now, leg.call, &leg.user, false);
        }
        if let Some(other) = leg.side.partner()
            && let Some(partner) = self.calls.legs.get(&other)
        {
            let session = partner.session;
            // It is refused when it waits for an answer, else it ends.
            if partner.is_in || self.ua.reject(now, session, status).is_err() {
                let _ = self.ua.hang_up(now, session);
            }
            self.remove_leg(now, other, why, status);
        }
        self.left(now, &leg, id);
        if leg.has_come_again && status == TIMED_OUT && self.registrar.is_affiliated(&group, &leg.user) {
            self.enter_late(now, &group, &leg.user);
        }
    }

    /// A call goes on without a leg, or not at all.
    fn left(&mut self, now: Instant, leg: &Leg, id: u64) {
        let Some(call) = self.calls.calls.get_mut(&leg.call) else { return };
        let is_empty = call.legs.is_empty();
        let ends = match &mut call.kind {
            Kind::Controlled(floor) => {
                floor.leave(now, id);
                let is_first = call.caller == leg.user;
                let ends = self.directory.group(&call.group).is_some_and(|(group, _)| group.ends_with_first);
                is_first && ends && self.calls.of_user(leg.call, &leg.user).is_empty()
            }
            Kind::Visited(_) => false,
        };
        if is_empty {
            self.end_call(now, leg.call, "nobody is in it any more");
        } else if ends {
            self.end_call(now, leg.call, "who has begun it has left");
        }
    }

    /// A call is over.
    pub(super) fn end_call(&mut self, now: Instant, id: u64, why: &str) {
        let Some(call) = self.calls.remove_call(id) else { return };
        for leg in call.legs {
            let Some(leg) = self.calls.remove_leg(leg) else { continue };
            self.give_back_ports((leg.audio, leg.floor));
            if leg.is_in || self.ua.reject(now, leg.session, 480).is_err() {
                let _ = self.ua.hang_up(now, leg.session);
            }
            if leg.side.is_user() && leg.is_in {
                self.bearers.in_call(now, id, &leg.user, false);
            }
        }
        if call.codec.is_some() {
            self.bearers.call_ends(now, id);
        }
        self.say(format!("the call of {} is over: {why}", call.group));
    }

    /// A user is in no call of a group any more.
    pub(super) fn expel(&mut self, now: Instant, group: &str, user: &str, why: &str) {
        let Some((call, _)) = self.calls.of_group(group) else { return };
        for leg in self.calls.of_user(call, user) {
            self.drop_leg(now, leg, why);
        }
    }
}

/// Request Timeout (RFC 3261 clause 21.4.9).
const TIMED_OUT: u16 = 408;
