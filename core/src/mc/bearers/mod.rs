//! MBMS bearers at an MC service server (TS 23.280 clause 10.7.3, TS 24.379 clause 14, TS 24.380 clause 10).

mod config;

use std::collections::VecDeque;
use std::net::SocketAddr;

use protocol::diameter::DiameterInput;
use protocol::mime::Part;
use protocol::sip::EutranCell;
use protocol::sip::proxy::Refusal;
use protocol::{Entropy, Instant};

pub use self::config::{Announcer, BearerSettings, Insufficient, McMbmsConfig, PlannedBearer};

use crate::mbms::GroupCodec;
use crate::node::{NodeOutput, NodeStoreAnswer};

/// What the bearers of a server want done.
#[derive(Clone, Debug)]
pub(super) enum BearersOutput {
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
pub(super) struct Bearers {
    config: Option<McMbmsConfig>,
    out: VecDeque<BearersOutput>,
}

impl Bearers {
    /// Those that the settings say; without settings everything is unicast.
    pub(super) fn new(config: Option<McMbmsConfig>, _entropy: Entropy) -> Self {
        Self { config, out: VecDeque::new() }
    }

    /// A user of this server, where a MESSAGE reaches it, what it can do and where it is.
    pub(super) fn user_seen(
        &mut self,
        _now: Instant,
        _mcptt_id: &str,
        _impu: &str,
        _is_capable: bool,
        _cell: Option<EutranCell>,
    ) {
    }

    /// A user is not with this server any more.
    pub(super) fn user_gone(&mut self, _now: Instant, _mcptt_id: &str) {}

    /// A user is affiliated to a group, or not.
    pub(super) fn affiliated(&mut self, _now: Instant, _mcptt_id: &str, _group: &str, _is_affiliated: bool) {}

    /// A call of a group has begun, with members of this server in it or on their way.
    pub(super) fn call_begins(&mut self, _now: Instant, _call: u64, _group: &str, _codec: &GroupCodec) {}

    /// The URI that members know a call by (session identity), when it is not that of the group.
    pub(super) fn call_identity(&mut self, _call: u64, _session: &str) {}

    /// It is over.
    pub(super) fn call_ends(&mut self, _now: Instant, _call: u64) {}

    /// A user of this server is in a call, or not any more.
    pub(super) fn in_call(&mut self, _now: Instant, _call: u64, _mcptt_id: &str, _is_in: bool) {}

    /// RTP that all listeners of a call get.
    pub(super) fn audio(&mut self, _now: Instant, _call: u64, _rtp: &[u8]) {}

    /// A floor control message that all listeners of a call get.
    pub(super) fn floor(&mut self, _now: Instant, _call: u64, _message: &[u8]) {}

    /// Whether a member of a call hears it over a bearer.
    pub(super) fn hears_broadcast(&self, _call: u64, _mcptt_id: &str) -> bool {
        false
    }

    /// A MESSAGE that is not for the server itself: listening status of a user (`from` is its MCPTT ID), or what another server
    /// says of bearers (`from` is its URI). `Ok` is answered with 200.
    pub(super) fn message(&mut self, _now: Instant, _from: &str, _parts: &[Part]) -> Result<(), Refusal> {
        Err(Refusal::new(488).because("No MBMS bearers here"))
    }

    /// What became of a MESSAGE: a final status, or none.
    pub(super) fn answered(&mut self, _now: Instant, _token: u64, _status: Option<u16>) {}

    /// A datagram at an address that is not that of a leg.
    pub(super) fn datagram(&mut self, _now: Instant, _local: SocketAddr, _remote: SocketAddr, _bytes: &[u8]) {}

    /// Diameter: MB2-C.
    pub(super) fn diameter(&mut self, _now: Instant, _input: DiameterInput<'_>) {}

    /// The store has answered. Tokens of the bearers are below 2^63: the server's own are above.
    pub(super) fn store(&mut self, _now: Instant, _answer: NodeStoreAnswer) {}

    /// The server ends: bearers are given back.
    pub(super) fn shut_down(&mut self, _now: Instant) {}

    /// Time has come to what [`Self::poll_timeout`] said.
    pub(super) fn handle_timeout(&mut self, _now: Instant) {}

    /// When to be called at the latest.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// What is to be done.
    pub(super) fn poll_output(&mut self) -> Option<BearersOutput> {
        self.out.pop_front()
    }

    /// For /metrics.
    pub(super) fn figures(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}
