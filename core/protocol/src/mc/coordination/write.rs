//! From a message to a document.

use super::{AnnouncedBy, Coordination, DistributionOutcome, LocatedUser, SharedBearer, element};
use crate::mc::document::{Builder, to_hex};
use crate::mc::names::COORDINATION_NAMESPACE as NS;
use crate::mc::subchannel::MbmsSubchannel;
use crate::xml::Qualified;

pub(super) fn document(message: &Coordination) -> String {
    Builder::new(NS, element::ROOT).child(written(message).element).element.to_document()
}

fn written(message: &Coordination) -> Builder {
    match message {
        Coordination::DiscoverBearerRequest { id, areas, gbr_bps, qci, users } => {
            Builder::new(NS, element::DISCOVER_REQUEST)
                .with("id", id)
                .with_all("service-area", digits(areas))
                .with("gbr", gbr_bps)
                .with("qci", qci)
                .children(users.iter().map(user))
        }
        Coordination::DiscoverBearerResponse { id, bearers } => {
            Builder::new(NS, element::DISCOVER_RESPONSE).with("id", id).children(bearers.iter().map(bearer))
        }
        Coordination::MediaDistributionRequest { id, group, call, tmgi, gbr_bps, sdp } => {
            Builder::new(NS, element::DISTRIBUTION_REQUEST)
                .with("id", id)
                .with("group", group)
                .with("call", call)
                .with("TMGI", to_hex(&tmgi.to_octets()))
                .with("gbr", gbr_bps)
                .with("sdp", sdp)
        }
        Coordination::MediaDistributionResponse { id, outcome: result, lease_ms } => {
            Builder::new(NS, element::DISTRIBUTION_RESPONSE)
                .with("id", id)
                .child(outcome(result).element)
                .with("lease", lease_ms)
        }
        Coordination::MediaDistributionReleaseRequest { id, group, call } => {
            Builder::new(NS, element::RELEASE_REQUEST).with("id", id).with("group", group).with("call", call)
        }
        Coordination::MediaDistributionReleaseResponse { id, released, reason } => {
            Builder::new(NS, element::RELEASE_RESPONSE)
                .with("id", id)
                .with("released", released)
                .with_some("reason", reason.as_ref())
        }
        Coordination::BearerChange { bearers, gone } => Builder::new(NS, element::BEARER_CHANGE)
            .children(bearers.iter().map(bearer))
            .with_all("gone", gone.iter().map(|tmgi| to_hex(&tmgi.to_octets()))),
    }
}

fn outcome(outcome: &DistributionOutcome) -> Builder {
    match outcome {
        DistributionOutcome::Distribute { media, floor, general_purpose, subchannel: own } => {
            Builder::new(NS, element::DISTRIBUTE)
                .with("media", media)
                .with("floor", floor)
                .with("general-purpose", general_purpose)
                .child(subchannel(own))
        }
        DistributionOutcome::AlreadyTransmitted { server, subchannel: own } => {
            Builder::new(NS, element::ALREADY_TRANSMITTED).with("server", server).child(subchannel(own))
        }
        DistributionOutcome::InsufficientBandwidth => Builder::new(NS, element::INSUFFICIENT_BANDWIDTH),
        DistributionOutcome::Refused { reason } => Builder::new(NS, element::REFUSED).with("reason", reason),
    }
}

fn user(user: &LocatedUser) -> Qualified {
    Builder::new(NS, "user")
        .with("mcptt-id", &user.mcptt_id)
        .with("uri", &user.uri)
        .with_all("service-area", digits(&user.areas))
        .element
}

fn bearer(bearer: &SharedBearer) -> Qualified {
    let announced_by = match bearer.announced_by {
        AnnouncedBy::Own => "own",
        AnnouncedBy::ControllingServer => "controlling-server",
    };
    Builder::new(NS, "bearer")
        .with("TMGI", to_hex(&bearer.tmgi.to_octets()))
        .with_all("service-area", digits(&bearer.areas))
        .with_some("frequency", bearer.frequency)
        .with("qci", bearer.qci)
        .with("has-bandwidth", bearer.has_bandwidth)
        .with("available", bearer.available_bps)
        .with("announced-by", announced_by)
        .with("sdp", &bearer.sdp)
        .element
}

fn subchannel(subchannel: &MbmsSubchannel) -> Qualified {
    Builder::new(NS, "subchannel")
        .with("audio-m-line", subchannel.audio_m_line)
        .with_some("floor-m-line", subchannel.floor.map(|(line, _)| line))
        .with_some("floor-port", subchannel.floor.map(|(_, port)| port))
        .with("media", subchannel.media)
        .element
}

fn digits(areas: &[u16]) -> impl Iterator<Item = String> {
    areas.iter().map(|area| format!("{area:04X}"))
}
