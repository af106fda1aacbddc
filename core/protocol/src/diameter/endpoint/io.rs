//! What a Diameter node is told at its start and what it says (RFC 6733 clauses 5, 6 and 7).

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::diameter::link::{ConnectionId, DiameterTransport};
use crate::diameter::message::{DiameterProblem, Message};

/// Configuration of an endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiameterConfig {
    /// Origin-Host.
    pub origin_host: String,
    /// Origin-Realm.
    pub origin_realm: String,
    /// Host-IP-Address, at least one.
    pub addresses: Vec<IpAddr>,
    /// Product-Name.
    pub product: String,
    /// Applications that it takes part in.
    pub applications: Vec<u32>,
    /// Peers, the ones that are wanted most first.
    pub peers: Vec<PeerConfig>,
    /// Whether peers that are not in `peers` may connect.
    pub accept_unknown: bool,
    /// Tw of the watchdog (RFC 3539 clause 3.4.1: 30 s, not below 6 s).
    pub watchdog: Duration,
    /// Tc: time until a peer is tried again (RFC 6733 clause 12: 30 s).
    pub retry: Duration,
    /// How long an answer is waited for.
    pub answer_timeout: Duration,
    /// Origin-State-Id: greater after each restart, such as the time in seconds.
    pub origin_state: u32,
}

impl DiameterConfig {
    /// With the timers of the standards.
    pub fn new(origin_host: &str, origin_realm: &str, address: IpAddr, applications: Vec<u32>) -> Self {
        Self {
            origin_host: origin_host.to_owned(),
            origin_realm: origin_realm.to_owned(),
            addresses: vec![address],
            product: "castbench".to_owned(),
            applications,
            peers: Vec::new(),
            accept_unknown: false,
            watchdog: Duration::from_secs(30),
            retry: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(6),
            origin_state: 1,
        }
    }
}

/// A peer as it is configured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeerConfig {
    /// Its Origin-Host.
    pub host: String,
    /// Its Origin-Realm: who has its name and says another one is refused.
    pub realm: String,
    /// Where it is; none: it connects to us.
    pub connect: Option<SocketAddr>,
}

/// What an endpoint has to say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DiameterOutput {
    /// For the driver of the connections.
    Transport(DiameterTransport),
    /// A request for us; it is whole and follows its grammar.
    Request {
        /// For the answer.
        handle: RequestHandle,
        /// The request.
        message: Message,
    },
    /// What became of a request of ours.
    Answer {
        /// Of the request.
        token: u64,
        /// Its answer, whatever the result in it.
        result: Result<Message, RequestFailure>,
    },
    /// A peer can be used.
    PeerUp {
        /// Its name.
        host: String,
    },
    /// A peer cannot be used any more.
    PeerDown {
        /// Its name.
        host: String,
    },
    /// What came was not for this state.
    Ignored {
        /// The state.
        state: String,
        /// What came.
        event: String,
    },
}

/// Joins an answer to a request that came in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestHandle {
    pub(super) conn: ConnectionId,
    pub(super) hop_by_hop: u32,
}

/// Why a request has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RequestFailure {
    /// DIAMETER_UNABLE_TO_DELIVER: no peer that takes it. It has not gone out.
    #[error("no Diameter peer takes it")]
    NoPeer,
    /// It went out, its connection is gone, and no other peer takes it: it may have come there, or not.
    #[error("the Diameter peer that has got it is gone")]
    Lost,
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// An answer that breaks the standard.
    #[error("unusable answer: {0}")]
    Malformed(DiameterProblem),
}
