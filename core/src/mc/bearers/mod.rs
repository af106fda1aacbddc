//! MBMS bearers at an MC service server (TS 23.280 clause 10.7.3, TS 24.379 clause 14, TS 24.380 clause 10).
//!
//! # What it does
//! - Groups get bearers where the rule says so ([`BearerRule`](crate::BearerRule)), for their users that are affiliated, can
//!   receive MBMS and are in a service area. The other servers are asked first whether one of them has a bearer there.
//! - Users are told of the bearers where they are, and say what they hear.
//! - A call asks the server that has the bearer, which may be this one, for a subchannel of it. One server of those that take
//!   part in a call distributes it, the others do not.
//! - A call is mapped to its subchannel (Map Group To Bearer) as long as somebody speaks. A user that says that it hears it there
//!   gets no unicast, until it says otherwise, is seen elsewhere, or the bearer is gone; then it is sent again what it may have
//!   missed.
//!
//! # Restart
//! Calls, reservations and what others have are not durable: MB2 gives back the bearers of before, leases end the rest.

mod announce;
mod calls;
mod config;
mod decide;
mod exchange;
mod machine;
mod own;
mod users;

use std::net::SocketAddr;

use protocol::diameter::DiameterInput;
use protocol::mc::names::{COORDINATION_CONTENT_TYPE, USAGE_INFO_CONTENT_TYPE};
use protocol::mime::Part;
use protocol::sip::EutranCell;
use protocol::sip::proxy::Refusal;
use protocol::{Entropy, Instant};

pub use self::config::{Announcer, BearerSettings, Insufficient, McMbmsConfig, PlannedBearer};

use self::machine::Machine;
use crate::mbms::GroupCodec;
use crate::node::{NodeOutput, NodeStoreAnswer};

/// What the bearers of a server want done.
#[derive(Clone, Debug)]
pub(crate) enum BearersOutput {
    /// Send a SIP MESSAGE; [`Bearers::answered`] tells what became of it.
    Message {
        /// Names it.
        token: u64,
        /// URI.
        to: String,
        /// Its body: one part as it is, several as multipart/mixed.
        parts: Vec<Part>,
    },
    /// From now on a member of a call hears it that way.
    Switched {
        /// The call.
        call: u64,
        /// The member.
        mcptt_id: String,
        /// Over a bearer: unicast is not sent. Else it is.
        to_broadcast: bool,
        /// RTP to send over unicast at once, for what the member may have missed.
        replay: Vec<Vec<u8>>,
    },
    /// For the driver.
    Node(NodeOutput),
    /// For the log.
    Note(String),
}

/// The MBMS bearers of a server, and what goes over them.
#[derive(Debug)]
pub(crate) struct Bearers(Option<Box<Machine>>);

impl Bearers {
    /// Those that the settings say; without settings everything is unicast.
    pub(crate) fn new(config: Option<McMbmsConfig>, entropy: Entropy) -> Self {
        Self(config.map(|config| Box::new(Machine::new(config, entropy))))
    }

    /// Something has happened; what follows from it is decided.
    fn with(&mut self, now: Instant, what: impl FnOnce(&mut Machine)) {
        if let Some(machine) = &mut self.0 {
            what(machine);
            machine.settle(now);
        }
    }

    /// A user of this server, where a MESSAGE reaches it, what it can do and where it is.
    pub(crate) fn user_seen(
        &mut self,
        now: Instant,
        mcptt_id: &str,
        impu: &str,
        is_capable: bool,
        cell: Option<EutranCell>,
    ) {
        self.with(now, |machine| machine.user_seen(now, mcptt_id, impu, is_capable, cell));
    }

    /// A user is not with this server any more.
    pub(crate) fn user_gone(&mut self, now: Instant, mcptt_id: &str) {
        self.with(now, |machine| machine.user_gone(now, mcptt_id));
    }

    /// A user is affiliated to a group, or not.
    pub(crate) fn affiliated(&mut self, now: Instant, mcptt_id: &str, group: &str, is_affiliated: bool) {
        self.with(now, |machine| machine.affiliated(now, mcptt_id, group, is_affiliated));
    }

    /// A call of a group has begun, with members of this server in it or on their way.
    pub(crate) fn call_begins(&mut self, now: Instant, call: u64, group: &str, codec: &GroupCodec) {
        self.with(now, |machine| machine.call_begins(now, call, group, codec));
    }

    /// The URI that members know a call by (session identity), when it is not that of the group.
    pub(crate) fn call_identity(&mut self, call: u64, session: &str) {
        if let Some(call) = self.0.as_mut().and_then(|machine| machine.calls.get_mut(&call)) {
            call.session = Some(session.to_owned());
        }
    }

    /// It is over.
    pub(crate) fn call_ends(&mut self, now: Instant, call: u64) {
        self.with(now, |machine| machine.call_ends(now, call));
    }

    /// A user of this server is in a call, or not any more.
    pub(crate) fn in_call(&mut self, now: Instant, call: u64, mcptt_id: &str, is_in: bool) {
        self.with(now, |machine| machine.in_call(now, call, mcptt_id, is_in));
    }

    /// RTP that all listeners of a call get.
    pub(crate) fn audio(&mut self, now: Instant, call: u64, rtp: &[u8]) {
        if let Some(machine) = &mut self.0 {
            machine.audio(now, call, rtp);
        }
    }

    /// A floor control message that all listeners of a call get.
    pub(crate) fn floor(&mut self, now: Instant, call: u64, message: &[u8]) {
        if let Some(machine) = &mut self.0 {
            machine.floor(now, call, message);
        }
    }

    /// Whether a member of a call hears it over a bearer, and gets no unicast.
    pub(crate) fn hears_broadcast(&self, now: Instant, call: u64, mcptt_id: &str) -> bool {
        let call = self.0.as_ref().and_then(|machine| machine.calls.get(&call));
        call.and_then(|call| call.hears.get(mcptt_id)).is_some_and(|from| *from <= now)
    }

    /// A MESSAGE that is not for the server itself: listening status of a user (`from` is its MCPTT ID), or what another server
    /// says of bearers (`from` is its URI). `Ok` is answered with 200.
    pub(crate) fn message(&mut self, now: Instant, from: &str, parts: &[Part]) -> Result<(), Refusal> {
        let Some(machine) = &mut self.0 else { return Err(Refusal::new(488).because("No MBMS bearers here")) };
        let find = |essence: &str| parts.iter().find(|part| part.is(essence));
        let done = match (find(COORDINATION_CONTENT_TYPE), find(USAGE_INFO_CONTENT_TYPE)) {
            (Some(part), _) => machine.coordinate(now, from, part),
            (None, Some(part)) => machine.reported(now, from, part),
            (None, None) => Err(Refusal::new(415).because("Neither listening status nor coordination of bearers")),
        };
        machine.settle(now);
        done
    }

    /// What became of a MESSAGE: a final status, or none.
    pub(crate) fn answered(&mut self, now: Instant, token: u64, status: Option<u16>) {
        self.with(now, |machine| {
            if let Some(sent) = machine.sent.remove(&token) {
                machine.sent_is_answered(now, sent, status);
            }
        });
    }

    /// A datagram at an address that is not that of a leg.
    pub(crate) fn datagram(&mut self, _now: Instant, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) {
        if let Some(machine) = &mut self.0 {
            machine.received(local, remote, bytes);
        }
    }

    /// Diameter: MB2-C.
    pub(crate) fn diameter(&mut self, now: Instant, input: DiameterInput<'_>) {
        self.with(now, |machine| {
            if let Some(mb2) = &mut machine.mb2 {
                mb2.diameter(now, input);
            }
        });
    }

    /// The store has answered. Tokens of the bearers are below 2^63: the server's own are above.
    pub(crate) fn store(&mut self, now: Instant, answer: NodeStoreAnswer) {
        self.with(now, |machine| {
            if let Some(mb2) = &mut machine.mb2 {
                mb2.stored(now, answer);
            }
        });
    }

    /// The server ends: bearers are given back.
    pub(crate) fn shut_down(&mut self, now: Instant) {
        self.with(now, |machine| machine.shut_down(now));
    }

    /// Time has come to what [`Self::poll_timeout`] said.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if let Some(machine) = &mut self.0
            && machine.poll_timeout().is_some_and(|due| due <= now)
        {
            machine.handle_timeout(now);
        }
    }

    /// When to be called at the latest.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.0.as_ref().and_then(|machine| machine.poll_timeout())
    }

    /// What is to be done.
    pub(crate) fn poll_output(&mut self) -> Option<BearersOutput> {
        self.0.as_mut().and_then(|machine| machine.poll_output())
    }

    /// For /metrics.
    pub(crate) fn figures(&self) -> Vec<(&'static str, u64)> {
        self.0.as_ref().map(|machine| machine.figures()).unwrap_or_default()
    }
}
