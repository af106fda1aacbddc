//! From a document to a message.

use std::net::SocketAddr;
use std::str::FromStr;

use super::{
    AnnouncedBy, Coordination, DistributionOutcome, LocatedUser, MAX_BEARERS, MAX_USERS, SharedBearer, element,
};
use crate::Tmgi;
use crate::mc::DocumentProblem;
use crate::mc::document::{Part, flag, hex, hex_tmgi, number, text};
use crate::mc::names::COORDINATION_NAMESPACE as NS;
use crate::mc::subchannel::MbmsSubchannel;
use crate::xml::Qualified;

pub(super) fn document(document: &str) -> Result<Coordination, DocumentProblem> {
    let root = Qualified::parse(document)?;
    let root = Part::root(&root, NS, element::ROOT)?;
    let found = KNOWN.into_iter().find_map(|(name, read)| Some(read(root.child(name)?)));
    found.ok_or_else(|| DocumentProblem::field("message of mbms-coordination", ""))?
}

fn discover_request(part: Part<'_>) -> Result<Coordination, DocumentProblem> {
    Ok(Coordination::DiscoverBearerRequest {
        id: part.needed("id", text)?,
        areas: areas(part)?,
        gbr_bps: part.needed("gbr", number)?,
        qci: part.needed("qci", number)?,
        users: part.all("user", MAX_USERS)?.into_iter().map(user).collect::<Result<_, _>>()?,
    })
}

fn discover_response(part: Part<'_>) -> Result<Coordination, DocumentProblem> {
    Ok(Coordination::DiscoverBearerResponse { id: part.needed("id", text)?, bearers: bearers(part)? })
}

fn distribution_request(part: Part<'_>) -> Result<Coordination, DocumentProblem> {
    Ok(Coordination::MediaDistributionRequest {
        id: part.needed("id", text)?,
        group: part.needed("group", text)?,
        call: part.needed("call", text)?,
        tmgi: part.needed("TMGI", hex_tmgi)?,
        gbr_bps: part.needed("gbr", number)?,
        sdp: part.needed("sdp", sdp)?,
    })
}

fn distribution_response(part: Part<'_>) -> Result<Coordination, DocumentProblem> {
    let outcome = if let Some(part) = part.child(element::DISTRIBUTE) {
        DistributionOutcome::Distribute {
            media: part.needed("media", parsed)?,
            floor: part.needed("floor", parsed)?,
            general_purpose: part.needed("general-purpose", parsed)?,
            subchannel: subchannel(part)?,
        }
    } else if let Some(part) = part.child(element::ALREADY_TRANSMITTED) {
        DistributionOutcome::AlreadyTransmitted { server: part.needed("server", text)?, subchannel: subchannel(part)? }
    } else if let Some(part) = part.child(element::REFUSED) {
        DistributionOutcome::Refused { reason: part.needed("reason", text)? }
    } else if part.child(element::INSUFFICIENT_BANDWIDTH).is_some() {
        DistributionOutcome::InsufficientBandwidth
    } else {
        return Err(DocumentProblem::field("outcome of media-distribution-response", ""));
    };
    let lease_ms = part.needed("lease", number)?;
    Ok(Coordination::MediaDistributionResponse { id: part.needed("id", text)?, outcome, lease_ms })
}

fn release_request(part: Part<'_>) -> Result<Coordination, DocumentProblem> {
    Ok(Coordination::MediaDistributionReleaseRequest {
        id: part.needed("id", text)?,
        group: part.needed("group", text)?,
        call: part.needed("call", text)?,
    })
}

fn release_response(part: Part<'_>) -> Result<Coordination, DocumentProblem> {
    Ok(Coordination::MediaDistributionReleaseResponse {
        id: part.needed("id", text)?,
        released: part.needed("released", flag)?,
        reason: part.value("reason", text)?,
    })
}

fn bearer_change(part: Part<'_>) -> Result<Coordination, DocumentProblem> {
    let gone: Vec<Tmgi> = part.values("gone", MAX_BEARERS, hex_tmgi)?;
    Ok(Coordination::BearerChange { bearers: bearers(part)?, gone })
}

fn user(part: Part<'_>) -> Result<LocatedUser, DocumentProblem> {
    Ok(LocatedUser { mcptt_id: part.needed("mcptt-id", text)?, uri: part.needed("uri", text)?, areas: areas(part)? })
}

fn bearers(part: Part<'_>) -> Result<Vec<SharedBearer>, DocumentProblem> {
    part.all("bearer", MAX_BEARERS)?.into_iter().map(bearer).collect()
}

fn bearer(part: Part<'_>) -> Result<SharedBearer, DocumentProblem> {
    let announced_by = |name: &str| match name {
        "own" => Some(AnnouncedBy::Own),
        "controlling-server" => Some(AnnouncedBy::ControllingServer),
        _ => None,
    };
    Ok(SharedBearer {
        tmgi: part.needed("TMGI", hex_tmgi)?,
        areas: areas(part)?,
        frequency: part.value("frequency", number)?,
        qci: part.needed("qci", number)?,
        has_bandwidth: part.needed("has-bandwidth", flag)?,
        available_bps: part.needed("available", number)?,
        announced_by: part.needed("announced-by", announced_by)?,
        sdp: part.needed("sdp", sdp)?,
    })
}

fn subchannel(part: Part<'_>) -> Result<MbmsSubchannel, DocumentProblem> {
    let part = part.child("subchannel").ok_or_else(|| DocumentProblem::field("subchannel", ""))?;
    let line = |text: &str| number(text).filter(|line| (1..=15).contains(line));
    let floor = match part.value("floor-m-line", line)? {
        Some(line) => Some((line, part.needed("floor-port", number)?)),
        None => None,
    };
    Ok(MbmsSubchannel { audio_m_line: part.needed("audio-m-line", line)?, floor, media: part.needed("media", parsed)? })
}

fn areas(part: Part<'_>) -> Result<Vec<u16>, DocumentProblem> {
    let area = |text: &str| Some(u16::from_be_bytes(hex(text)?.try_into().ok()?));
    part.values("service-area", MAX_AREAS, area)
}

/// A session description with the line ends that it has elsewhere (RFC 8866 clause 5): XML may have made LF of them.
fn sdp(text: &str) -> Option<String> {
    (text.len() <= MAX_SDP).then(|| text.lines().map(|line| format!("{line}\r\n")).collect())
}

fn parsed(text: &str) -> Option<SocketAddr> {
    let address = SocketAddr::from_str(text).ok()?;
    // Flow and scope of IP version 6 mean nothing to another host.
    Some(SocketAddr::new(address.ip(), address.port()))
}

type Read = fn(Part<'_>) -> Result<Coordination, DocumentProblem>;

const KNOWN: [(&str, Read); 7] = [
    (element::DISCOVER_REQUEST, discover_request),
    (element::DISCOVER_RESPONSE, discover_response),
    (element::DISTRIBUTION_REQUEST, distribution_request),
    (element::DISTRIBUTION_RESPONSE, distribution_response),
    (element::RELEASE_REQUEST, release_request),
    (element::RELEASE_RESPONSE, release_response),
    (element::BEARER_CHANGE, bearer_change),
];
/// As in TS 29.061 clause 17.7.6.
const MAX_AREAS: usize = 256;
const MAX_SDP: usize = 16 << 10;
