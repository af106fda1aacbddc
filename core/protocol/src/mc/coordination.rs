//! Sharing of MBMS bearers between MC service servers (TS 23.280 clause 10.7.3.9): discovery of bearers, distribution of media
//! over one of them.
//!
//! Stage 2 has these messages; no stage 3 was found. So they are documents of our own in the words of stage 2, each the body of
//! a SIP MESSAGE from the public service identity of a server to that of another; the response is a MESSAGE of its own with
//! the `id` of its request. Namespace `urn:castbench:params:xml:ns:mbms-coordination`, content type
//! [`COORDINATION_CONTENT_TYPE`](super::names::COORDINATION_CONTENT_TYPE), root `mbms-coordination` with one of these elements;
//! elements and attributes that are not known are left out.
//!
//! | element | clause | in it |
//! |---|---|---|
//! | `discover-bearer-request` | 10.7.3.9.2.2 step 2 | `id`, `service-area`\*, `gbr`, `qci`, `user`\* |
//! | `discover-bearer-response` | step 3 | `id`, `bearer`\* |
//! | `media-distribution-request` | steps 6a, 6b | `id`, `group`, `call`, `TMGI`, `gbr`, `sdp` |
//! | `media-distribution-response` | steps 7a, 7b | `id`, `distribute`, `already-transmitted`, `insufficient-bandwidth` or `refused`; `lease` |
//! | `media-distribution-release-request` | step 11 | `id`, `group`, `call` |
//! | `media-distribution-release-response` | step 12 | `id`, `released`, `reason`? |
//! | `bearer-change` | step 3: the congestion clears | `bearer`\*, `gone`\* |
//!
//! `gbr` and `available` are bit/s, `lease` is milliseconds, `service-area` is four hexadecimal digits (TS 23.003 clause 15.3),
//! `TMGI` is hexBinary as in TS 24.379 annex F.2, addresses are `ADDRESS:PORT`.

use std::net::SocketAddr;

use super::DocumentProblem;
use super::subchannel::MbmsSubchannel;
use crate::Tmgi;

mod read;
mod write;

/// A message between two servers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Coordination {
    /// Discover bearer request.
    DiscoverBearerRequest {
        /// Its own among those of its sender.
        id: String,
        /// MBMS service areas in which multicast is wanted.
        areas: Vec<u16>,
        /// Bandwidth of one call.
        gbr_bps: u32,
        /// Its QoS class.
        qci: u32,
        /// Users of the sender to whom the receiver may announce its bearers, what has changed since the last request.
        users: Vec<LocatedUser>,
    },
    /// Discover bearer response.
    DiscoverBearerResponse {
        /// Of the request.
        id: String,
        /// The bearers of the sender in these areas.
        bearers: Vec<SharedBearer>,
    },
    /// Media distribution request.
    MediaDistributionRequest {
        /// Its own among those of its sender.
        id: String,
        /// MC service group identity.
        group: String,
        /// The group's call.
        call: String,
        /// The bearer that it shall be on.
        tmgi: Tmgi,
        /// Bandwidth of the call.
        gbr_bps: u32,
        /// Session description of its media.
        sdp: String,
    },
    /// Media distribution response.
    MediaDistributionResponse {
        /// Of the request.
        id: String,
        /// Who distributes, and where.
        outcome: DistributionOutcome,
        /// How long it holds; the same request extends it.
        lease_ms: u32,
    },
    /// Media distribution release request.
    MediaDistributionReleaseRequest {
        /// Its own among those of its sender.
        id: String,
        /// MC service group identity.
        group: String,
        /// The group's call.
        call: String,
    },
    /// Media distribution release response.
    MediaDistributionReleaseResponse {
        /// Of the request.
        id: String,
        /// The capacity is given back.
        released: bool,
        /// Why not.
        reason: Option<String>,
    },
    /// To those who have discovered a bearer: there are others, it has capacity again, or it is gone.
    BearerChange {
        /// New, or with capacity again.
        bearers: Vec<SharedBearer>,
        /// No more.
        gone: Vec<Tmgi>,
    },
}

/// A user whom another server may announce its bearers to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocatedUser {
    /// MCPTT identity.
    pub mcptt_id: String,
    /// Where MESSAGEs reach him.
    pub uri: String,
    /// Service areas that he is in; none: he is gone.
    pub areas: Vec<u16>,
}

/// An MBMS bearer that is shared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SharedBearer {
    /// The bearer.
    pub tmgi: Tmgi,
    /// MBMS service areas that it is in.
    pub areas: Vec<u16>,
    /// Its carrier (EARFCN).
    pub frequency: Option<u32>,
    /// Its QoS class.
    pub qci: u32,
    /// The bandwidth that was asked for is free.
    pub has_bandwidth: bool,
    /// Bandwidth that is free.
    pub available_bps: u32,
    /// Who announces it to clients.
    pub announced_by: AnnouncedBy,
    /// Session description that goes with its announcement.
    pub sdp: String,
}

/// Who announces a bearer to the clients of a server that has discovered it (step 4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AnnouncedBy {
    /// That server.
    Own,
    /// The server with the MBMS bearer control role, on its behalf; listening reports go to both.
    ControllingServer,
}

/// What becomes of a media distribution request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DistributionOutcome {
    /// The requester distributes (step 7a).
    Distribute {
        /// Where RTP is sent to.
        media: SocketAddr,
        /// Where floor control for the bearer is sent to.
        floor: SocketAddr,
        /// Where messages for the general purpose subchannel are sent to.
        general_purpose: SocketAddr,
        /// What Map Group To Bearer says.
        subchannel: MbmsSubchannel,
    },
    /// Another server distributes (step 7b).
    AlreadyTransmitted {
        /// Its public service identity.
        server: String,
        /// Where on the bearer.
        subchannel: MbmsSubchannel,
    },
    /// There is no room on the bearer.
    InsufficientBandwidth,
    /// It cannot be.
    Refused {
        /// Why.
        reason: String,
    },
}

impl Coordination {
    /// Reads a document.
    pub fn parse(document: &str) -> Result<Self, DocumentProblem> {
        read::document(document)
    }

    /// Writes the document.
    pub fn to_document(&self) -> String {
        write::document(self)
    }

    /// Name of the message in stage 2.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::DiscoverBearerRequest { .. } => "discover bearer request",
            Self::DiscoverBearerResponse { .. } => "discover bearer response",
            Self::MediaDistributionRequest { .. } => "media distribution request",
            Self::MediaDistributionResponse { .. } => "media distribution response",
            Self::MediaDistributionReleaseRequest { .. } => "media distribution release request",
            Self::MediaDistributionReleaseResponse { .. } => "media distribution release response",
            Self::BearerChange { .. } => "bearer change",
        }
    }

    /// What a response and its request have in common.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::DiscoverBearerRequest { id, .. }
            | Self::DiscoverBearerResponse { id, .. }
            | Self::MediaDistributionRequest { id, .. }
            | Self::MediaDistributionResponse { id, .. }
            | Self::MediaDistributionReleaseRequest { id, .. }
            | Self::MediaDistributionReleaseResponse { id, .. } => Some(id),
            Self::BearerChange { .. } => None,
        }
    }
}

/// Most users of a discover bearer request.
pub const MAX_USERS: usize = 50;

/// Most bearers of a message.
pub const MAX_BEARERS: usize = 64;

/// Names of elements.
mod element {
    pub(super) const ROOT: &str = "mbms-coordination";
    pub(super) const DISCOVER_REQUEST: &str = "discover-bearer-request";
    pub(super) const DISCOVER_RESPONSE: &str = "discover-bearer-response";
    pub(super) const DISTRIBUTION_REQUEST: &str = "media-distribution-request";
    pub(super) const DISTRIBUTION_RESPONSE: &str = "media-distribution-response";
    pub(super) const RELEASE_REQUEST: &str = "media-distribution-release-request";
    pub(super) const RELEASE_RESPONSE: &str = "media-distribution-release-response";
    pub(super) const BEARER_CHANGE: &str = "bearer-change";
    pub(super) const DISTRIBUTE: &str = "distribute";
    pub(super) const ALREADY_TRANSMITTED: &str = "already-transmitted";
    pub(super) const INSUFFICIENT_BANDWIDTH: &str = "insufficient-bandwidth";
    pub(super) const REFUSED: &str = "refused";
}

#[cfg(test)]
mod tests;
