//! Calls and their legs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use protocol::Instant;
use protocol::mc::sdp::{self, FloorMedia};
use protocol::sip::sdp::Sdp;
use protocol::sip::{SessionId, SipUri};

use crate::mbms::GroupCodec;
use crate::mc::floor::FloorControl;
use crate::mc::recent::Recent;

/// A call of a group.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) group: String,
    /// MCPTT session identity: its Contact.
    pub(super) identity: SipUri,
    /// What is spoken, when it is agreed upon.
    pub(super) codec: Option<GroupCodec>,
    /// MCPTT ID of who has begun it.
    pub(super) caller: String,
    pub(super) ends_at: Instant,
    pub(super) legs: BTreeSet<u64>,
    pub(super) kind: Kind,
}

/// What this server is to a call.
#[derive(Debug)]
pub(super) enum Kind {
    /// The controlling function.
    Controlled(Box<FloorControl>),
    /// A participating one only.
    Visited(Visited),
}

/// A call that another server controls.
#[derive(Debug, Default)]
pub(super) struct Visited {
    /// The user of ours who has the floor, as he was told.
    pub(super) talker: Option<String>,
    /// What was heard last: each packet comes on each leg.
    pub(super) recent: Recent,
    /// The floor message that all were told last.
    pub(super) told: Option<Vec<u8>>,
}

/// A session of a call.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) call: u64,
    /// MCPTT ID of the user that it is for.
    pub(super) user: String,
    pub(super) session: SessionId,
    pub(super) side: Side,
    /// Its offer, while its answer waits for that of the leg that it is passed on to.
    pub(super) waits: Option<Box<Sdp>>,
    /// Ports of RTP and of floor control.
    pub(super) audio: u16,
    pub(super) floor: u16,
    pub(super) peer: Option<Peer>,
    /// The session stands.
    pub(super) is_in: bool,
    /// The user has affiliated again since he was called.
    pub(super) has_come_again: bool,
}

impl Leg {
    /// A session that does not stand yet, of a user in a call, with its ports of RTP and of floor control.
    pub(super) fn new(call: u64, user: &str, session: SessionId, side: Side, (audio, floor): (u16, u16)) -> Self {
        Self {
            call,
            user: user.to_owned(),
            session,
            side,
            waits: None,
            audio,
            floor,
            peer: None,
            is_in: false,
            has_come_again: false,
        }
    }
}

/// What a leg is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Side {
    /// A member in a call that we control; of another server with this identity, or of ours.
    Member { via: Option<String> },
    /// A user of ours in a call of another server, and the leg towards it.
    Client { server: u64 },
    /// That leg.
    Server { client: u64 },
}

impl Side {
    /// A user of ours is at its other end.
    pub(super) const fn is_user(&self) -> bool {
        matches!(self, Self::Member { via: None } | Self::Client { .. })
    }

    /// The leg that this one is passed on to.
    pub(super) const fn partner(&self) -> Option<u64> {
        match self {
            Self::Member { .. } => None,
            Self::Client { server: other } | Self::Server { client: other } => Some(*other),
        }
    }
}

/// What the other side of a leg has said of its media.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Peer {
    pub(super) audio: SocketAddr,
    pub(super) sends: bool,
    pub(super) receives: bool,
    pub(super) floor: SocketAddr,
    /// Its requests may wait.
    pub(super) queues: bool,
    /// The highest priority that it may ask with.
    pub(super) priority: Option<u8>,
}

impl Peer {
    /// What a description says; none if it has not both media.
    pub(super) fn of(sdp: &[u8]) -> Option<Self> {
        let sdp = Sdp::parse(sdp).ok()?;
        let ((_, floor), (audio, address)) = (FloorMedia::find(&sdp)?, sdp::audio(&sdp)?);
        let direction = sdp.direction_of(audio);
        let direction = if address.ip().is_unspecified() { direction.on_hold() } else { direction };
        Some(Self {
            audio: address,
            sends: direction.sends(),
            receives: direction.receives(),
            floor: floor.address,
            queues: floor.parameters.queueing,
            priority: floor.parameters.priority,
        })
    }
}

/// All calls and legs of a server.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) calls: BTreeMap<u64, Call>,
    pub(super) by_group: BTreeMap<String, u64>,
    pub(super) legs: BTreeMap<u64, Leg>,
    /// Legs of a user in a call, without those towards other servers in calls that these control.
    of_users: BTreeMap<(u64, String), BTreeSet<u64>>,
    pub(super) by_session: BTreeMap<SessionId, u64>,
    /// Leg of a port; true: the port of floor control.
    pub(super) by_port: BTreeMap<u16, (u64, bool)>,
    next: u64,
}

impl Calls {
    /// A number that no call and no leg has.
    pub(super) const fn next_id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(super) fn of_group(&self, group: &str) -> Option<(u64, &Call)> {
        let id = *self.by_group.get(group)?;
        Some((id, self.calls.get(&id)?))
    }

    pub(super) fn add_call(&mut self, call: Call) -> u64 {
        let id = self.next_id();
        self.by_group.insert(call.group.clone(), id);
        self.calls.insert(id, call);
        id
    }

    pub(super) fn add_leg(&mut self, id: u64, leg: Leg) {
        self.by_session.insert(leg.session, id);
        self.by_port.insert(leg.audio, (id, false));
        self.by_port.insert(leg.floor, (id, true));
        if let Some(call) = self.calls.get_mut(&leg.call) {
            call.legs.insert(id);
        }
        if !matches!(leg.side, Side::Server { .. }) {
            self.of_users.entry((leg.call, leg.user.clone())).or_default().insert(id);
        }
        self.legs.insert(id, leg);
    }

    pub(super) fn remove_leg(&mut self, id: u64) -> Option<Leg> {
        let leg = self.legs.remove(&id)?;
        self.by_session.remove(&leg.session);
        self.by_port.remove(&leg.audio);
        self.by_port.remove(&leg.floor);
        if let Some(call) = self.calls.get_mut(&leg.call) {
            call.legs.remove(&id);
        }
        let key = (leg.call, leg.user.clone());
        if let Some(legs) = self.of_users.get_mut(&key) {
            legs.remove(&id);
            if legs.is_empty() {
                self.of_users.remove(&key);
            }
        }
        Some(leg)
    }

    pub(super) fn remove_call(&mut self, id: u64) -> Option<Call> {
        let call = self.calls.remove(&id)?;
        self.by_group.remove(&call.group);
        Some(call)
    }

    /// Legs of a user in a call, without those towards other servers in calls that these control.
    pub(super) fn of_user(&self, call: u64, user: &str) -> Vec<u64> {
        self.of_users.get(&(call, user.to_owned())).into_iter().flatten().copied().collect()
    }

    pub(super) fn leg_of(&self, session: SessionId) -> Option<u64> {
        self.by_session.get(&session).copied()
    }
}
