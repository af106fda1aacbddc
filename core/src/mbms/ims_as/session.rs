//! A group session and who is in it.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use protocol::sip::sdp::{MbmsMedia, Sdp};
use protocol::sip::{EutranCell, SessionId, SipUri};
use protocol::{Instant, Tmgi};

use super::config::ImsGroup;
use crate::mbms::bearer_rule::Choice;
use crate::mbms::group_codec::GroupCodec;

/// A group session.
#[derive(Debug)]
pub(super) struct GroupSession {
    pub(super) group: ImsGroup,
    pub(super) uri: SipUri,
    /// What is spoken.
    pub(super) codec: GroupCodec,
    pub(super) members: BTreeMap<u64, Member>,
    pub(super) next: u64,
    /// Who has begun it.
    pub(super) first: u64,
    pub(super) ends_at: Instant,
    pub(super) choice: Choice,
    /// Its bearer, wanted or there.
    pub(super) bearer: Option<u64>,
    /// It ends by then, or as soon as nobody listens to it.
    pub(super) bearer_ends: Option<Instant>,
    /// After a refusal, no other one before.
    pub(super) bearer_not_before: Instant,
    /// Refusals since there was one.
    pub(super) bearer_failures: u32,
    /// Who has the floor, and when he was heard last.
    pub(super) floor: Option<(u64, Instant)>,
    pub(super) recent: Recent,
}

/// Someone in a session, on his way into it, or called.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) session: SessionId,
    pub(super) identities: Vec<String>,
    /// Where its RTP comes to.
    pub(super) local: SocketAddr,
    /// The session stands.
    pub(super) is_in: bool,
    /// What it has said of its media last.
    pub(super) peer: Option<Peer>,
    pub(super) can_mbms: bool,
    pub(super) cell: Option<EutranCell>,
    /// It has left the coverage of the bearer, as it says.
    pub(super) is_out_of_coverage: bool,
    /// The TMGI that our description of the session has.
    pub(super) told: Option<Tmgi>,
    /// Until then a change of it is under way.
    pub(super) changing: Option<Instant>,
    /// A TMGI that it does not want to hear of.
    pub(super) refuses: Option<Tmgi>,
    pub(super) not_before: Instant,
}

/// The media of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Peer {
    /// Where its RTP goes, and comes from.
    pub(super) remote: SocketAddr,
    pub(super) sends: bool,
    pub(super) receives: bool,
    /// The bearer that it knows of.
    pub(super) tmgi: Option<Tmgi>,
}

impl Peer {
    /// What a description says: the first medium is the unicast one.
    pub(super) fn of(sdp: &[u8], codec: &GroupCodec) -> Option<Self> {
        let sdp = Sdp::parse(sdp).ok()?;
        let media = sdp.media.first().filter(|media| media.port != 0)?;
        let ip: IpAddr = sdp.connection_of(0)?.address.parse().ok()?;
        let direction = if ip.is_unspecified() { sdp.direction_of(0).on_hold() } else { sdp.direction_of(0) };
        let has_codec = media.formats.iter().any(|format| *format == codec.payload_type.to_string());
        let tmgi = MbmsMedia::find(&sdp).map(|(_, mbms)| mbms.mode.tmgi());
        let (sends, receives) = (direction.sends(), direction.receives());
        has_codec.then_some(Self { remote: SocketAddr::new(ip, media.port), sends, receives, tmgi })
    }

    /// It listens to the bearer that it knows of, and not to unicast.
    pub(super) const fn listens(&self) -> bool {
        self.tmgi.is_some() && !self.receives
    }
}

impl GroupSession {
    /// Those who are in it with one of these identities.
    pub(super) fn find(&self, identities: &[String]) -> Vec<u64> {
        let is = |member: &Member| identities.iter().any(|identity| member.identities.contains(identity));
        self.members.iter().filter(|(_, member)| is(member)).map(|(id, _)| *id).collect()
    }

    pub(super) fn add(&mut self, member: Member) -> u64 {
        self.next += 1;
        self.members.insert(self.next, member);
        self.next
    }

    /// May he speak? The floor is his then.
    pub(super) fn grant(&mut self, now: Instant, id: u64, silence: Option<Duration>) -> bool {
        let Some(silence) = silence else { return true };
        let is_free = self.floor.is_none_or(|(holder, heard)| holder == id || heard + silence <= now);
        if is_free {
            self.floor = Some((id, now));
        }
        is_free
    }
}

/// What was said last.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<(Instant, u64, Vec<u8>)>);

impl Recent {
    pub(super) fn keep(&mut self, now: Instant, from: u64, packet: &[u8], replay: Duration) {
        while self.0.len() >= MAX_RECENT || self.0.front().is_some_and(|(at, ..)| *at + replay < now) {
            self.0.pop_front();
        }
        if replay > Duration::ZERO {
            self.0.push_back((now, from, packet.to_vec()));
        }
    }

    /// What is not too old and not of this member itself.
    pub(super) fn for_member(&self, now: Instant, id: u64, replay: Duration) -> impl Iterator<Item = &[u8]> {
        let own = move |(at, from, _): &&(Instant, u64, Vec<u8>)| *from != id && *at + replay >= now;
        self.0.iter().filter(own).map(|(_, _, packet)| packet.as_slice())
    }
}

/// Packets: 10 s of one who speaks in packets of 20 ms.
const MAX_RECENT: usize = 512;
