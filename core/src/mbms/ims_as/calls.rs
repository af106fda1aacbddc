//! Members call a group, are called, change their sessions and go.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::sdp::Sdp;
use protocol::sip::{Flow, NameAddr, Request, SessionEvent, SessionId, SipUri, Uri};

use super::config::ImsGroup;
use super::offer;
use super::server::ImsAs;
use super::session::{GroupSession, Member, Peer, Recent};
use crate::ims::service::Caller;
use crate::mbms::bearer_rule::Choice;
use crate::mbms::group_codec::GroupCodec;

impl ImsAs {
    /// A session is offered.
    pub(super) fn called(&mut self, now: Instant, session: SessionId, invite: &Request, flow: Flow) {
        if let Err(refusal) = self.admit(now, session, invite, flow) {
            self.refused(now, session, invite, &refusal);
        }
    }

    fn admit(&mut self, now: Instant, session: SessionId, invite: &Request, flow: Flow) -> Result<(), Refusal> {
        if self.is_ending {
            return Err(Refusal::new(503).because("The server ends"));
        }
        let caller = Caller::of(invite, flow, &self.config.sip.trusted)?;
        let identities: Vec<String> = caller.identities().collect();
        let key = self.user_of(&invite.uri).ok_or_else(|| Refusal::new(404))?;
        let group = self.config.groups.iter().find(|group| group.user == key).cloned();
        let group = group.ok_or_else(|| Refusal::new(404).because("No such group"))?;
        let members = identities_of(&group);
        if !identities.iter().any(|identity| members.contains(identity)) {
            return Err(Refusal::new(403).because("Not a member of the group"));
        }
        let is_new = !self.groups.contains_key(&key);
        let offered = match invite.body.is_empty() {
            true => None,
            false => Some(Sdp::parse(&invite.body).map_err(|_| Refusal::new(488))?),
        };
        let codec = match self.groups.get(&key) {
            Some(standing) => standing.codec.clone(),
            None => chosen(&group, offered.as_ref())?,
        };
        let port = self.ports.take().ok_or_else(|| Refusal::new(503).because("No media port left"))?;
        let local = self.config.sip.media_at(port);
        let described = match &offered {
            Some(offered) => offer::answer(port.into(), local, &codec, offered),
            None => Some(offer::offer(port.into(), local, &codec)),
        };
        let Some(described) = described else {
            self.ports.give_back(port);
            return Err(Refusal::new(488).because("Not the codec of the session"));
        };
        if is_new {
            self.open(now, &key, group, codec);
        }
        // One who comes again has lost the session that he had.
        let before = self.groups.get(&key).map(|standing| standing.find(&identities)).unwrap_or_default();
        let mut member = self.new_member(session, identities, local);
        (member.can_mbms, member.cell) = (super::learn::can_mbms(&invite.headers), super::learn::cell(&invite.headers));
        let contact = self.contact(&key);
        let id = self.seat(&key, member);
        if let Some(group) = self.groups.get_mut(&key).filter(|group| before.contains(&group.first)) {
            group.first = id;
        }
        for old in before {
            self.expel(now, &key, old);
        }
        self.ua.set_contact(session, contact);
        if let Err(why) = self.ua.accept(now, session, &described.to_bytes()) {
            self.departs(now, &key, id, &why.to_string());
            return Err(Refusal::new(488).because(&why.to_string()));
        }
        if is_new {
            self.call_others(now, &key, id);
        }
        Ok(())
    }

    fn open(&mut self, now: Instant, key: &str, group: ImsGroup, codec: GroupCodec) {
        let mut uri = SipUri::new(Some(key), &self.own.host);
        uri.port = self.own.port;
        self.say(format!("{uri} begins with {}", codec.encoding));
        let session = GroupSession {
            group,
            uri,
            codec,
            members: BTreeMap::new(),
            next: 0,
            first: 1,
            ends_at: now + self.config.longest,
            choice: Choice::default(),
            bearer: None,
            bearer_ends: None,
            bearer_not_before: now,
            bearer_failures: 0,
            floor: None,
            recent: Recent::default(),
        };
        self.groups.insert(key.to_owned(), session);
    }

    fn contact(&self, key: &str) -> NameAddr {
        let uri = self.groups.get(key).map_or_else(|| self.own.clone(), |group| group.uri.clone());
        let mut contact = NameAddr::new(Uri::Sip(uri));
        // RFC 4579 clause 4.1.
        contact.params.set_flag("isfocus");
        contact
    }

    fn new_member(&self, session: SessionId, identities: Vec<String>, local: SocketAddr) -> Member {
        Member {
            session,
            identities,
            local,
            is_in: false,
            peer: None,
            can_mbms: false,
            cell: None,
            is_out_of_coverage: false,
            told: None,
            changing: None,
            refuses: None,
            not_before: Instant::ZERO,
        }
    }

    fn seat(&mut self, key: &str, member: Member) -> u64 {
        let (session, port) = (member.session, member.local.port());
        let Some(group) = self.groups.get_mut(key) else { return 0 };
        let id = group.add(member);
        self.sessions.insert(session, (key.to_owned(), id));
        self.legs.insert(port, (key.to_owned(), id));
        id
    }

    fn unseat(&mut self, key: &str, id: u64) -> Option<Member> {
        let group = self.groups.get_mut(key)?;
        let member = group.members.remove(&id)?;
        // Nobody waits for one who is not there.
        group.floor.take_if(|(holder, _)| *holder == id);
        self.sessions.remove(&member.session);
        self.legs.remove(&member.local.port());
        self.ports.give_back(member.local.port());
        Some(member)
    }

    /// All members but the first are called.
    fn call_others(&mut self, now: Instant, key: &str, first: u64) {
        let Some(session) = self.groups.get(key).filter(|session| session.group.dial_out) else { return };
        let there = session.members.get(&first).map(|member| member.identities.clone()).unwrap_or_default();
        let is_there = |text: &&String| Uri::parse(text).is_ok_and(|uri| there.contains(&uri.identity()));
        let others: Vec<String> = session.group.members.iter().filter(|text| !is_there(text)).cloned().collect();
        for other in others {
            match Uri::parse(&other) {
                Ok(target) if self.config.sip.reach.check(&target).is_ok() && self.user_of(&target).is_none() => {
                    self.call(now, key, target);
                }
                _ => self.say(format!("{other} is not called: no SIP or tel URI that is reached from here")),
            }
        }
    }

    fn call(&mut self, now: Instant, key: &str, target: Uri) {
        let Some(session) = self.groups.get(key) else { return };
        let codec = session.codec.clone();
        let Some(port) = self.ports.take() else {
            return self.say(format!("{target} is not called: no media port left"));
        };
        let local = self.config.sip.media_at(port);
        let described = offer::offer(port.into(), local, &codec).to_bytes();
        let contact = self.contact(key);
        let from = NameAddr::new(contact.uri.clone());
        let headers = vec![("P-Asserted-Identity".to_owned(), from.to_string())];
        let profile = self.ua.profile_mut();
        (profile.from, profile.contact) = (from, contact);
        profile.route = self.config.sip.route_to(&target);
        let identity = target.identity();
        let session = self.ua.invite(now, target, &described, &headers);
        let member = self.new_member(session, vec![identity], local);
        self.seat(key, member);
    }

    /// Something has become of a session.
    pub(super) fn of_session(&mut self, now: Instant, session: SessionId, event: SessionEvent) {
        let Some((key, id)) = self.sessions.get(&session).cloned() else { return };
        match event {
            SessionEvent::Established { sdp } => {
                self.agreed(now, &key, id, &sdp);
                let Some(member) = self.groups.get_mut(&key).and_then(|group| group.members.get_mut(&id)) else {
                    return;
                };
                member.is_in = true;
                let (who, can) = (member.identities.join(", "), if member.can_mbms { "can" } else { "cannot" });
                let cell = member.cell.map_or_else(|| "an unknown cell".to_owned(), |cell| format!("cell {cell}"));
                self.say(format!("{key}: {who} is in, {can} receive MBMS, in {cell}"));
            }
            SessionEvent::Modified { sdp, .. } => self.agreed(now, &key, id, &sdp),
            SessionEvent::ModifyRefused { why } => self.not_changed(now, &key, id, &why),
            SessionEvent::Ended { why } => self.departs(now, &key, id, &why.to_string()),
            SessionEvent::Offered { .. } | SessionEvent::Progress { .. } | SessionEvent::Refreshed => {}
        }
    }

    /// Media have been agreed upon.
    fn agreed(&mut self, now: Instant, key: &str, id: u64, sdp: &[u8]) {
        let replay = self.config.replay;
        let Some(group) = self.groups.get_mut(key) else { return };
        let Some(member) = group.members.get_mut(&id) else { return };
        let held = self.ua.local_description(member.session);
        let before = member.peer.replace(Peer::of(sdp, &group.codec).unwrap_or(Peer::NONE)).unwrap_or(Peer::NONE);
        member.note_agreed(before, held.as_deref());
        let Some(peer) = member.peer else { return };
        let returns = before.listens() && peer.receives;
        if !returns {
            return;
        }
        let (local, who) = (member.local, member.identities.join(", "));
        let missed: Vec<_> = group.recent.for_member(now, id, replay).map(<[u8]>::to_vec).collect();
        self.say(format!("{key}: {who} listens to unicast again, {} packets are sent again", missed.len()));
        self.counters.rtp_replayed += missed.len() as u64;
        missed.into_iter().for_each(|packet| self.datagram(local, peer.remote, packet));
    }

    fn expel(&mut self, now: Instant, key: &str, id: u64) {
        if let Some(member) = self.unseat(key, id) {
            // It may end at this moment.
            let _ = self.ua.hang_up(now, member.session);
        }
    }

    /// Someone has gone.
    fn departs(&mut self, now: Instant, key: &str, id: u64, why: &str) {
        let Some(member) = self.unseat(key, id) else { return };
        self.say(format!("{key}: {} is not in: {why}", member.identities.join(", ")));
        let Some(group) = self.groups.get(key) else { return };
        if group.members.is_empty() {
            self.end(now, key, "nobody is in it any more");
        } else if group.group.ends_with_first && group.first == id {
            self.end(now, key, "who has begun it has left");
        }
    }

    /// A group session is over.
    pub(super) fn end(&mut self, now: Instant, key: &str, why: &str) {
        let Some(group) = self.groups.get(key) else { return };
        let (uri, bearer) = (group.uri.to_string(), group.bearer);
        for id in group.members.keys().copied().collect::<Vec<_>>() {
            self.expel(now, key, id);
        }
        self.groups.remove(key);
        if let (Some(mb2), Some(bearer)) = (&mut self.mb2, bearer) {
            mb2.stop(now, bearer);
        }
        self.say(format!("{uri} is over: {why}"));
    }
}

/// Identities of the members of a group.
fn identities_of(group: &ImsGroup) -> BTreeSet<String> {
    group.members.iter().map(|text| Uri::parse(text).map_or_else(|_| text.clone(), |uri| uri.identity())).collect()
}

/// The codec of a session: the best one of the group that who begins it has.
fn chosen(group: &ImsGroup, offered: Option<&Sdp>) -> Result<GroupCodec, Refusal> {
    let first = offered.map(|offered| offered.media.first());
    let fits = |codec: &&GroupCodec| match first {
        None => true,
        Some(media) => media.is_some_and(|media| codec.is_in(media)),
    };
    group.codecs.iter().find(fits).cloned().ok_or_else(|| Refusal::new(488).because("None of the codecs of the group"))
}
