//! Mission critical services in ladders: bearer coordination between servers (TS 23.280 clause 10.7.3.9), what goes over MBMS
//! bearers (TS 24.380 clause 8.4), and which of the procedures a scenario asks for.

mod client;
mod coordination;
pub(super) mod migration;
#[cfg(test)]
mod tests;

use protocol::mc::coordination::{Coordination, DistributionOutcome};
use protocol::mc::names::COORDINATION_CONTENT_TYPE;
use protocol::mc::subchannel::{self, SubchannelMessage};
use protocol::{Joint, TapEvent, UdpDatagram};

use super::find::{Bound, SipSeen, escape};
use crate::ladder::{Procedure, Seen, rtp_of};
use crate::pcap::interface_name;
use crate::scenario::{McStep, Scenario};

/// What must be seen of mission critical services.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum McMessage {
    /// A MESSAGE of coordination: what its document says, and the name of the exchange that it belongs to. The first step with
    /// the name says which one that is.
    Coordination(McDocument, &'static str),
    /// Map Group To Bearer in a datagram of a bearer.
    Map,
    /// Unmap Group To Bearer.
    Unmap,
    /// RTP of the talker in a datagram of a bearer.
    Speech,
}

/// What a document of coordination says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum McDocument {
    /// Is there a bearer?
    DiscoverRequest,
    /// There is one, with bandwidth or without.
    Discovered {
        /// With bandwidth.
        has_bandwidth: bool,
    },
    /// There is none.
    NothingDiscovered,
    /// May a group call be distributed?
    DistributionRequest,
    /// It may; where to send it.
    Distribute,
    /// Another server distributes it already.
    AlreadyTransmitted,
    /// The bearer has too little bandwidth.
    InsufficientBandwidth,
    /// The distribution ends.
    ReleaseRequest,
    /// The capacity is free again, or the request was refused.
    Released {
        /// It is free.
        released: bool,
    },
    /// A bearer has capacity again, is new, or is gone.
    Change,
}

/// What is learned.
const GROUP: &str = "MC group";
const TMGI: &str = "MC TMGI";
/// Under what the source of the talker is kept by steps of RTP.
const TALKER: &str = "SSRC talker";

impl McDocument {
    /// The identifier of the exchange; none: it says something else.
    fn matches(self, document: &Coordination) -> Option<&str> {
        match (self, document) {
            (Self::DiscoverRequest, Coordination::DiscoverBearerRequest { id, .. })
            | (Self::DistributionRequest, Coordination::MediaDistributionRequest { id, .. })
            | (Self::ReleaseRequest, Coordination::MediaDistributionReleaseRequest { id, .. }) => Some(id),
            (Self::Discovered { has_bandwidth }, Coordination::DiscoverBearerResponse { id, bearers }) => {
                let is_it = bearers.iter().any(|bearer| bearer.has_bandwidth == has_bandwidth);
                is_it.then_some(id)
            }
            (Self::NothingDiscovered, Coordination::DiscoverBearerResponse { id, bearers }) => {
                bearers.is_empty().then_some(id)
            }
            (own, Coordination::MediaDistributionResponse { id, outcome, .. }) => {
                let said = match outcome {
                    DistributionOutcome::Distribute { .. } => Self::Distribute,
                    DistributionOutcome::AlreadyTransmitted { .. } => Self::AlreadyTransmitted,
                    DistributionOutcome::InsufficientBandwidth => Self::InsufficientBandwidth,
                    DistributionOutcome::Refused { .. } => return None,
                };
                (own == said).then_some(id)
            }
            (
                Self::Released { released },
                Coordination::MediaDistributionReleaseResponse { id, released: said, .. },
            ) => (released == *said).then_some(id),
            (Self::Change, Coordination::BearerChange { .. }) => Some(""),
            _ => None,
        }
    }

    /// Root element.
    const fn element(self) -> &'static str {
        match self {
            Self::DiscoverRequest => "discover-bearer-request",
            Self::Discovered { .. } | Self::NothingDiscovered => "discover-bearer-response",
            Self::DistributionRequest => "media-distribution-request",
            Self::Distribute | Self::AlreadyTransmitted | Self::InsufficientBandwidth => "media-distribution-response",
            Self::ReleaseRequest => "media-distribution-release-request",
            Self::Released { .. } => "media-distribution-release-response",
            Self::Change => "bearer-change",
        }
    }
}

impl McMessage {
    /// What the message teaches; none when it is another one.
    pub(crate) fn sees(self, event: &TapEvent, seen: &Seen, bound: &Bound) -> Option<Vec<(String, String)>> {
        match self {
            Self::Coordination(is, exchange) => coordinated(is, exchange, seen.sip.as_ref()?, bound),
            Self::Map | Self::Unmap => {
                let wanted = bound.get(GROUP);
                let messages = subchannel::parse(UdpDatagram::parse(&event.bytes).ok()?.payload).ok()?;
                messages.into_iter().find_map(|control| match control.message {
                    SubchannelMessage::MapGroupToBearer { group, tmgi, .. } if self == Self::Map => {
                        let tmgi = hex::encode(tmgi.to_octets());
                        let is_it = wanted.is_none_or(|known| *known == group)
                            && bound.get(TMGI).is_none_or(|known| *known == tmgi);
                        is_it.then(|| vec![(GROUP.to_owned(), group), (TMGI.to_owned(), tmgi)])
                    }
                    SubchannelMessage::UnmapGroupToBearer { group } if self == Self::Unmap => {
                        wanted.is_none_or(|known| *known == group).then(|| vec![(GROUP.to_owned(), group)])
                    }
                    _ => None,
                })
            }
            Self::Speech => {
                let packet = rtp_of(&event.bytes)?;
                let ssrc = packet.ssrc.to_string();
                bound.get(TALKER).is_none_or(|known| *known == ssrc).then(|| vec![(TALKER.to_owned(), ssrc)])
            }
        }
    }

    /// It goes over a bearer, where the display filter has the interface in it.
    pub(crate) const fn is_on_bearer(self) -> bool {
        !matches!(self, Self::Coordination(..))
    }

    /// The display filter; of what goes over a bearer with the interface: `joint` to the box `to`.
    pub(crate) fn filter(self, joint: Joint, to: &str, bound: &Bound) -> String {
        let interface = interface_name(joint, to, "");
        let group =
            bound.get(GROUP).map_or_else(String::new, |group| format!(" && frame contains \"{}\"", escape(group)));
        match self {
            Self::Coordination(is, exchange) => {
                let mut filter = format!("sip.Method == \"MESSAGE\" && frame contains \"{}\"", is.element());
                if let Some(id) = bound.get(&exchange_name(exchange)).filter(|id| !id.is_empty()) {
                    filter += &format!(" && frame contains \"{}\"", escape(id));
                }
                filter
            }
            Self::Map | Self::Unmap => {
                format!("frame.interface_name == \"{interface}\" && frame contains \"MCMC\"{group}")
            }
            Self::Speech => {
                let source = bound.get(TALKER).and_then(|text| text.parse::<u32>().ok()).unwrap_or_default();
                let [a, b, c, d] = source.to_be_bytes();
                format!(
                    "frame.interface_name == \"{interface}\" && udp && frame contains {a:02x}:{b:02x}:{c:02x}:{d:02x}"
                )
            }
        }
    }
}

/// A MESSAGE with a document of coordination.
fn coordinated(is: McDocument, exchange: &str, sip: &SipSeen, bound: &Bound) -> Option<Vec<(String, String)>> {
    if sip.method != "MESSAGE" || sip.status.is_some() {
        return None;
    }
    let document = Coordination::parse(&sip.document(COORDINATION_CONTENT_TYPE)?).ok()?;
    let id = is.matches(&document)?;
    let name = exchange_name(exchange);
    if bound.get(&name).is_some_and(|known| known != id) {
        return None;
    }
    let mut learned = vec![(name, id.to_owned())];
    if let Coordination::MediaDistributionRequest { group, tmgi, .. } = &document {
        let is_it = bound.get(GROUP).is_none_or(|known| known == group);
        learned.push((GROUP.to_owned(), group.clone()));
        learned.push((TMGI.to_owned(), hex::encode(tmgi.to_octets())));
        return is_it.then_some(learned);
    }
    Some(learned)
}

fn exchange_name(exchange: &str) -> String {
    format!("MC exchange {exchange}")
}

/// Procedures of mission critical services.
pub(crate) fn mc_procedures() -> impl Iterator<Item = &'static Procedure> {
    PROCEDURES.iter().copied()
}

/// All of them.
const PROCEDURES: &[&Procedure] = &[
    &coordination::COORDINATION,
    &coordination::CENTRALISED,
    &coordination::UNICAST,
    &coordination::DUPLICATE,
    &coordination::ON_BEHALF,
    &coordination::NO_RESPONSE,
    &coordination::DEATH,
    &coordination::REFUSED,
    &client::CLIENT,
    &migration::MIGRATION,
];

/// Who plays in a ladder: UE, other UE; and the step from which on it counts.
pub(super) struct Cast<'a> {
    pub(super) step: usize,
    pub(super) procedure: &'static Procedure,
    pub(super) ue: &'a str,
    pub(super) peer: Option<&'a str>,
}

/// Ladders that a scenario names: from the first affiliation on, of the user who calls a group first and of the first member
/// behind the first server that can receive bearers; that of a client is of the first one that leaves its area.
pub(super) fn asked(scenario: &Scenario) -> Vec<Cast<'_>> {
    let Some(mc) = &scenario.mc else { return Vec::new() };
    let steps = || scenario.steps.iter().enumerate().filter_map(|(i, step)| Some((i, step.action.mc()?)));
    let first = steps().find(|(_, step)| matches!(step, McStep::Affiliate { .. })).map_or(0, |(i, _)| i);
    let call = steps().find_map(|(_, step)| match step {
        McStep::GroupCall { ue, group } => Some((ue.as_str(), group)),
        _ => None,
    });
    let leaves = steps().find_map(|(_, step)| match step {
        McStep::Move { ue, area: None } => scenario.ues.iter().find(|own| own.mc.is_some() && ue.selects(&own.name)),
        _ => None,
    });
    let hears = |name: &&String| {
        let own = scenario.ues.iter().find(|ue| ue.name == **name).and_then(|ue| ue.mc.as_ref());
        own.is_some_and(|own| own.server == 1 && own.mbms && own.area.is_some())
    };
    let named = PROCEDURES.iter().filter(|own| mc.follows.iter().any(|name| name == own.procedure));
    named
        .filter_map(|&procedure| {
            if procedure.procedure == client::CLIENT.procedure {
                return Some(Cast { step: first, procedure, ue: leaves?.name.as_str(), peer: None });
            }
            // Who migrates is asked for elsewhere.
            let (ue, group) = call.filter(|_| procedure.procedure != migration::MIGRATION.procedure)?;
            let mut members = mc.group(group)?.members.iter();
            let peer = members.find(|name| name.as_str() != ue && hears(name))?;
            Some(Cast { step: first, procedure, ue, peer: Some(peer) })
        })
        .collect()
}
