//! What a node of the core network takes in and puts out, the same for all of them, whatever drives them; its durable data,
//! and the fabric that joins nodes in memory.

mod carried;
mod due_scan;
mod expiring;
mod fabric;
pub(crate) mod rows;
mod scoped;
mod shell;
pub mod store;
#[cfg(test)]
pub(crate) mod testing;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use protocol::Instant;
use protocol::diameter::{DiameterInput, DiameterTransport};
use protocol::sip::{Flow, Target};

use crate::ims::hss::ProvisionedSubscriber;
use crate::sms::ServingNodeOrder;

pub use carried::{Carried, HttpExchange, Membership, StreamEvent, StreamId, StreamInput, StreamOutput};
pub(crate) use due_scan::DueScan;
pub(crate) use expiring::Expiring;
pub use fabric::{Fabric, FabricOutput, Latency, OutsideEvent, StoreDriver, WireMessage};
pub use scoped::Scoped;
pub use shell::NodeShell;
pub use store::{NodeStore, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Rows, Table};

/// A node without I/O. Outputs are drained after each call of the first two.
pub trait Node: fmt::Debug + Send {
    /// Something has come in.
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>);
    /// Time has come to what [`Self::poll_timeout`] said, or beyond.
    fn handle_timeout(&mut self, now: Instant);
    /// When the node wants to be called at the latest.
    fn poll_timeout(&self) -> Option<Instant>;
    /// What it has to say.
    fn poll_output(&mut self) -> Option<NodeOutput>;
    /// What it counts, for /metrics of a live process: names in snake case, and how many there are now.
    fn figures(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}

/// What comes to a node.
#[derive(Clone, Debug)]
pub enum NodeInput<'a> {
    /// A SIP message: a datagram, or a piece of a stream.
    Sip {
        /// How it came.
        flow: Flow,
        /// Its octets.
        bytes: &'a [u8],
    },
    /// A SIP message could not be sent.
    SipFailed {
        /// Where it was to go.
        target: Target,
        /// Why not.
        why: String,
    },
    /// Diameter connections and what comes over them.
    Diameter(DiameterInput<'a>),
    /// A request of an HTTP client, whole. Its URI is path and query; its size is bounded by the driver.
    Http {
        /// Names it until it is answered.
        exchange: HttpExchange,
        /// Where it came from.
        peer: SocketAddr,
        /// The request.
        request: http::Request<Vec<u8>>,
    },
    /// What has become of an HTTP request of this node.
    HttpResponse {
        /// Of the request.
        token: u64,
        /// The answer, whole and bounded; or why there is none.
        result: Result<http::Response<Vec<u8>>, String>,
    },
    /// Streams of media and what comes over them.
    Stream(StreamInput<'a>),
    /// A datagram of media.
    Datagram {
        /// Own address.
        local: SocketAddr,
        /// Where it came from.
        remote: SocketAddr,
        /// Its octets.
        bytes: &'a [u8],
    },
    /// A message of SS7 (ITU-T Q.713): unitdata, or unitdata service of what could not be delivered.
    Sccp {
        /// Its octets.
        bytes: &'a [u8],
    },
    /// Answer of the store.
    Store(NodeStoreAnswer),
    /// What the access network tells.
    Access(AccessEvent),
    /// What the operator wants.
    Admin(Admin),
}

/// What a node wants done.
#[derive(Clone, Debug)]
pub enum NodeOutput {
    /// Send a SIP message.
    Sip {
        /// Where to.
        target: Target,
        /// Its octets.
        bytes: Vec<u8>,
    },
    /// Diameter connections and what goes over them.
    Diameter(DiameterTransport),
    /// Answer an HTTP client.
    Http {
        /// What is answered.
        exchange: HttpExchange,
        /// With what.
        response: http::Response<Vec<u8>>,
    },
    /// Ask an HTTP server. What becomes of it comes back as [`NodeInput::HttpResponse`], at the latest when the driver's
    /// patience ends; not at all when the node is killed meanwhile.
    HttpRequest {
        /// Comes back with what became of it.
        token: u64,
        /// The request. Its URI is absolute, `http` or `https`: scheme and authority say where it goes.
        request: http::Request<Vec<u8>>,
    },
    /// Streams of media and what goes over them.
    Stream(StreamOutput),
    /// Send a datagram of media.
    Datagram {
        /// Own address.
        local: SocketAddr,
        /// Where to.
        remote: SocketAddr,
        /// Its octets.
        bytes: Vec<u8>,
    },
    /// Send a message of SS7: to the node that has the global title of the called party.
    Sccp {
        /// Its octets.
        bytes: Vec<u8>,
    },
    /// Be in a group of IP multicast, or no longer (RFC 3376, RFC 4607): its datagrams come to its address.
    Membership(Membership),
    /// Durable data.
    Store(NodeStoreRequest),
    /// For the log. Never a secret.
    Note(NodeNote),
}

/// What the access network tells a P-CSCF (TS 23.228 clause 5.10.3: network initiated release, loss of bearer).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccessEvent {
    /// A UE has lost its radio bearer.
    BearerLost {
        /// The address that it has registered from.
        ue: SocketAddr,
    },
}

/// What the operator wants of a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Admin {
    /// HSS: take a registration away (TS 29.228 clause 6.1.3: RTR).
    Deregister {
        /// Private identity.
        impi: String,
        /// Reason-Code (TS 29.229 clause 6.3.17): 0 permanent termination, 1 new server assigned, 2 server change, 3 remove
        /// S-CSCF.
        reason: u32,
        /// Words for a human (Reason-Info).
        info: String,
    },
    /// HSS: take a new subscriber, or change one; its S-CSCF is told (TS 29.228 clause 6.2.2: PPR).
    PutSubscriber(Box<ProvisionedSubscriber>),
    /// HSS: take a subscriber away, registrations first.
    RemoveSubscriber {
        /// Private identity.
        impi: String,
    },
    /// S-CSCF: let registrations end so soon that the UE has to register again (TS 24.229 clause 5.4.1.6).
    Reauthenticate {
        /// Private identity.
        impi: String,
        /// Until then.
        within: Duration,
    },
    /// MSC or SGSN: what a subscriber or its phone does.
    ServingNode(Box<ServingNodeOrder>),
    /// End in order.
    Shutdown,
}

/// Something that a human may want to know; no secrets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NodeNote {
    /// What came in was not for this state.
    Ignored {
        /// The state.
        state: String,
        /// What came in.
        event: String,
    },
    /// What the node has done or seen.
    Said(String),
}

impl fmt::Display for NodeNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ignored { state, event } => write!(f, "{event} ignored in state {state}"),
            Self::Said(text) => f.write_str(text),
        }
    }
}

/// What a box is: between two of them lies a reference point.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// User equipment.
    Ue,
    /// P-CSCF.
    Pcscf,
    /// I-CSCF.
    Icscf,
    /// S-CSCF.
    Scscf,
    /// HSS.
    Hss,
    /// Application server.
    As,
    /// Identity management server (TS 33.180 clause 5.1.2).
    Idms,
    /// What exposes the network to third parties.
    Exposure,
    /// Charging data function (TS 32.240 clause 4.3.1.2).
    Cdf,
    /// Online charging system (TS 32.240 clause 4.3.2.2).
    Ocs,
    /// A third party outside of the network; a content provider or an application server without IMS, too.
    ThirdParty,
    /// MC service server, with participating and controlling functions (TS 23.379 clause 7.4.2.3).
    McServer,
    /// BM-SC (TS 23.246 clause 5.1).
    Bmsc,
    /// MBMS-GW, with the MME and its Sm reference point in it (TS 23.246 clause 5.4).
    MbmsGw,
    /// MCE (TS 36.300 clause 15.1.1).
    Mce,
    /// The eNB's end of M1 and M2 (TS 36.300 clause 15.1.1).
    Enb,
    /// IP-Message-GW, called IP-SM-GW since (TR 23.804 clause 5.1.1, TS 23.204 clause 5.1).
    IpMessageGw,
    /// SMS-GMSC and SMS-IWMSC (TS 23.040 clause 3.1).
    SmsGmsc,
    /// SM-SC (TS 23.040 clause 3.1).
    SmSc,
    /// MSC or SGSN (TS 23.040 clause 3.1).
    ServingNode,
    /// MMS Relay/Server (TS 23.140 clause 4.3).
    MmsRelay,
    /// Migration management server of an MC system (TS 23.280 clause 10.1.6.2).
    MigrationServer,
    /// Diameter relay agent of a SIP core (RFC 6733 clause 2.8.1).
    DiameterRelay,
}

impl Role {
    /// Octets that bodies of HTTP requests to it may have; none: what is usual.
    #[must_use]
    pub const fn max_body(self) -> Option<usize> {
        match self {
            Self::MmsRelay => Some(protocol::http::HTTP_MAX_MESSAGE),
            _ => None,
        }
    }

    /// The reference point between two boxes for SIP or Diameter (TS 23.002 clause 6a.7, TS 32.240 clause 4.4).
    #[must_use]
    pub const fn joint(self, other: Self) -> protocol::Joint {
        use protocol::Joint;
        match (self, other) {
            (Self::Ue, Self::IpMessageGw) | (Self::IpMessageGw, Self::Ue) => Joint::R2,
            (Self::Ue, _) | (_, Self::Ue) => Joint::Gm,
            (Self::Bmsc, Self::MbmsGw) | (Self::MbmsGw, Self::Bmsc) => Joint::SgMb,
            (Self::Bmsc, _) | (_, Self::Bmsc) => Joint::Mb2C,
            (Self::Cdf, _) | (_, Self::Cdf) => Joint::Rf,
            (Self::Ocs, _) | (_, Self::Ocs) => Joint::Ro,
            (Self::MigrationServer | Self::DiameterRelay, Self::MigrationServer | Self::DiameterRelay) => {
                Joint::Migration
            }
            // A migration management server is the HSS of those who have come from elsewhere.
            (Self::Hss | Self::MigrationServer, Self::As | Self::McServer | Self::Exposure | Self::IpMessageGw)
            | (Self::As | Self::McServer | Self::Exposure | Self::IpMessageGw, Self::Hss | Self::MigrationServer) => {
                Joint::Sh
            }
            (Self::Hss | Self::MigrationServer | Self::DiameterRelay, _)
            | (_, Self::Hss | Self::MigrationServer | Self::DiameterRelay) => Joint::Cx,
            (Self::McServer, Self::McServer) => Joint::Mcptt3,
            (Self::As | Self::McServer | Self::Exposure | Self::IpMessageGw, _)
            | (_, Self::As | Self::McServer | Self::Exposure | Self::IpMessageGw) => Joint::Isc,
            _ => Joint::Mw,
        }
    }

    /// The reference point between two boxes for what is carried.
    #[must_use]
    pub const fn joint_of(self, other: Self, carried: Carried) -> protocol::Joint {
        use protocol::Joint;
        match carried {
            Carried::Sip | Carried::Diameter => self.joint(other),
            Carried::Stream => match (self, other) {
                (Self::MbmsGw, Self::Mce) | (Self::Mce, Self::MbmsGw) => Joint::M3,
                (Self::Mce, Self::Enb) | (Self::Enb, Self::Mce) => Joint::M2,
                (Self::SmSc, _) | (_, Self::SmSc) => Joint::Smpp,
                (Self::MmsRelay, _) | (_, Self::MmsRelay) => Joint::Mm4,
                _ => Joint::Mb,
            },
            Carried::Datagram => match (self, other) {
                (Self::Bmsc, Self::MbmsGw) => Joint::SgiMb,
                (Self::MbmsGw, Self::Enb) => Joint::M1,
                (_, Self::Bmsc) => Joint::Mb2U,
                _ => Joint::Mb,
            },
            Carried::Sccp => match (self, other) {
                (Self::Hss, Self::SmsGmsc) | (Self::SmsGmsc, Self::Hss) => Joint::R5,
                (Self::Hss, _) | (_, Self::Hss) => Joint::R1,
                _ => Joint::R6,
            },
            Carried::Http => match (self, other) {
                (Self::MmsRelay, _) | (_, Self::MmsRelay) => Joint::Mm1,
                (Self::Bmsc, _) | (_, Self::Bmsc) => Joint::XmbC,
                (Self::ThirdParty | Self::Exposure, _) | (_, Self::ThirdParty | Self::Exposure) => Joint::Api,
                (Self::Idms, _) | (_, Self::Idms) => Joint::Csc1,
                _ => Joint::Ut,
            },
        }
    }
}
