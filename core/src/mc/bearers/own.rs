//! Bearers of this server: those that are there from the start (TS 23.280 clause 10.7.3.1), one that the rule wants, and those
//! beside a bearer that is full (clause 10.7.3.9.2.2 step 3).
//!
//! Before a bearer is used, the other servers are asked once more: two that want one in the same area at the same time would
//! both make it. One that is there already stays, of two that are new that of the server with the lower URI; the other one
//! ends, or waits in reserve if it is there from the start.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use protocol::mc::sdp::AnnouncedMedia;
use protocol::mc::subchannel::{MbmsSubchannel, SubchannelControl, SubchannelMessage};
use protocol::rtp::RtpPacket;
use protocol::sip::sdp::{Media, Origin};
use protocol::{Instant, Tmgi, UdpDatagram};

use super::BearersOutput;
use super::config::BearerSettings;
use super::machine::Machine;
use crate::mbms::mb2::{BearerPlace, Demand, Mb2Client};
use crate::mbms::{GroupCodec, ProvisioningConfig};
use crate::mc::coordination::{Capacity, Freed, MAX_SLOTS, SharedPlace};
use crate::node::NodeOutput;

/// A bearer of this server.
#[derive(Debug)]
pub(super) struct OwnBearer {
    pub(super) kind: Kind,
    pub(super) settings: BearerSettings,
    /// Where it is wanted.
    pub(super) areas: BTreeSet<u16>,
    pub(super) standing: Standing,
    /// Where it is, when it is.
    pub(super) place: Option<BearerPlace>,
    pub(super) capacity: Capacity,
    /// Port that other servers send to for its general purpose subchannel.
    pub(super) general_port: Option<u16>,
    /// Groups that the air was told are on it.
    pub(super) mapped: BTreeSet<String>,
    /// Groups that left without a word: Unmap Group To Bearer goes on so often, and is due then.
    trailing: BTreeMap<String, (u8, Instant)>,
}

/// What it is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// From the start: which of the settings.
    Planned(usize),
    /// The rule wants it.
    Wanted,
    /// Beside a bearer that is full, for these calls; nobody else is told of it.
    Duplicate { of: Tmgi, calls: BTreeSet<u64> },
}

/// Whether it is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// It is not there yet.
    Coming,
    /// Others are asked, since then. `is_contested`: one that goes first has one coming, too.
    Asking {
        since: Instant,
        is_contested: bool,
    },
    Used,
    /// Another one is where it is.
    Reserve,
}

/// A bearer of the settings.
#[derive(Debug, Default)]
pub(super) struct Planned {
    pub(super) id: Option<u64>,
    pub(super) not_before: Instant,
    pub(super) failures: u32,
}

/// What comes to a port that another server sends to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Inlet {
    /// RTP of a group for a bearer.
    Media(u64, String),
    /// Floor control of a group for a bearer.
    Floor(u64, String),
    /// For the general purpose subchannel of a bearer.
    General(u64),
}

impl OwnBearer {
    /// It may be used.
    pub(super) fn is_used(&self) -> bool {
        self.place.is_some() && self.standing == Standing::Used
    }

    /// The air is still being told that groups have left.
    pub(super) fn is_unmapping(&self) -> bool {
        !self.trailing.is_empty()
    }

    pub(super) const fn is_duplicate(&self) -> bool {
        matches!(self.kind, Kind::Duplicate { .. })
    }

    /// Where a subchannel is on it: media, then floor control, in pairs after the general purpose subchannel.
    pub(super) fn subchannel(&self, slot: u16) -> Option<MbmsSubchannel> {
        let place = self.place.as_ref()?;
        let media = place.destination.port().checked_add(2)?.checked_add(slot.checked_mul(2)?)?;
        let floor = media.checked_add(1)?;
        Some(MbmsSubchannel {
            audio_m_line: AnnouncedMedia::AUDIO_LINE,
            floor: Some((AnnouncedMedia::FLOOR_LINE, floor)),
            media: SocketAddr::new(place.destination.ip(), media),
        })
    }

    /// The session description of its announcement.
    pub(super) fn sdp(&self, codecs: &[GroupCodec], local: SocketAddr) -> Option<String> {
        let place = self.place.as_ref()?;
        let address = local.ip().to_string();
        let [a, b, c] = place.tmgi.service_id;
        let session_id = u64::from(u32::from_be_bytes([0, a, b, c]));
        let origin = Origin { username: "-".to_owned(), session_id, version: 1, ipv6: local.is_ipv6(), address };
        Some(
            AnnouncedMedia { general_purpose: place.destination, audio: audio_of(codecs)? }.to_sdp(&origin).to_string(),
        )
    }

    /// As it is said to another server.
    pub(super) fn shared(&self, codecs: &[GroupCodec], local: SocketAddr) -> Option<(Tmgi, SharedPlace)> {
        let place = self.place.as_ref()?;
        let shared = SharedPlace {
            areas: place.areas.clone(),
            frequency: self.settings.frequency,
            qci: self.settings.qci,
            available: self.capacity.available(),
            is_on_behalf: false,
            sdp: self.sdp(codecs, local)?,
        };
        Some((place.tmgi, shared))
    }
}

/// One medium with all codecs.
fn audio_of(codecs: &[GroupCodec]) -> Option<Media> {
    let (first, others) = codecs.split_first()?;
    let mut media = first.to_media(DISCARD);
    for codec in others {
        let other = codec.to_media(DISCARD);
        media.formats.extend(other.formats.iter().cloned());
        for attribute in other.attributes().filter(|attribute| ["rtpmap", "fmtp"].contains(&attribute.name)) {
            media.add_attribute(attribute.name, attribute.value);
        }
    }
    Some(media)
}

impl Machine {
    pub(super) fn start_own(
        &mut self,
        now: Instant,
        kind: Kind,
        settings: BearerSettings,
        areas: BTreeSet<u16>,
    ) -> Option<u64> {
        let mb2 = self.mb2.as_mut().filter(|_| !self.is_ending && !areas.is_empty())?;
        let media = Media::new("application", 0, "udp", &["MCPTT"]);
        let demand = Demand { group: self.config.own.clone(), areas: areas.clone(), qos: settings.qos(), media };
        let id = mb2.start(now, demand);
        let capacity = Capacity::new(settings.bit_rate);
        let bearer = OwnBearer {
            kind,
            settings,
            areas,
            standing: Standing::Coming,
            place: None,
            capacity,
            general_port: None,
            mapped: BTreeSet::new(),
            trailing: BTreeMap::new(),
        };
        self.own.insert(id, bearer);
        Some(id)
    }

    pub(super) fn change_own(&mut self, now: Instant, id: u64, areas: BTreeSet<u16>) {
        let (Some(mb2), Some(bearer)) = (&mut self.mb2, self.own.get_mut(&id)) else { return };
        if bearer.areas != areas {
            mb2.change(now, id, &areas);
            bearer.areas = areas;
        }
    }

    /// A bearer is not wanted any more.
    pub(super) fn stop_own(&mut self, now: Instant, id: u64) {
        self.end_own(now, id);
        if let Some(mb2) = &mut self.mb2 {
            mb2.stop(now, id);
        }
    }

    /// It is there, or in other areas.
    pub(super) fn own_up(&mut self, now: Instant, id: u64) {
        let Some(place) = self.mb2.as_ref().and_then(|mb2| mb2.place(id)).cloned() else { return };
        let has_others = !self.neighbours.is_empty();
        let Some(bearer) = self.own.get_mut(&id) else { return };
        let text = format!("MBMS bearer {} in service areas {:?}, MB2-U to {}", place.tmgi, place.areas, place.to);
        bearer.place = Some(place);
        match (bearer.standing, &bearer.kind) {
            (Standing::Coming, Kind::Duplicate { .. }) => bearer.standing = Standing::Used,
            (Standing::Coming, _) => {
                bearer.standing = Standing::Asking { since: now, is_contested: false };
                if has_others {
                    self.neighbours.values_mut().for_each(|other| other.ask_again(now));
                }
            }
            _ => {}
        }
        let is_shared = !bearer.is_duplicate();
        if is_shared
            && bearer.general_port.is_none()
            && let Some(port) = self.ports.take()
        {
            bearer.general_port = Some(port);
            self.inlets.insert(port, Inlet::General(id));
        }
        match bearer.kind {
            Kind::Planned(at) => {
                if let Some(planned) = self.planned.get_mut(at) {
                    planned.failures = 0;
                }
            }
            Kind::Wanted => self.wanted.1 = 0,
            Kind::Duplicate { .. } => {}
        }
        if bearer.is_used() && is_shared {
            self.tell_askers(id);
        }
        self.say(text);
        self.touch(now);
    }

    /// The BM-SC has taken it, or refuses it.
    pub(super) fn own_lost(&mut self, now: Instant, id: u64) {
        self.counters.bearers_lost += 1;
        let Some(bearer) = self.own.get(&id) else { return };
        // Each time later, up to 32 times as late.
        let later = |failures: u32| now + self.config.retry * 2u32.pow(failures.min(5));
        match bearer.kind {
            Kind::Planned(at) => {
                if let Some(planned) = self.planned.get_mut(at) {
                    (planned.not_before, planned.failures) = (later(planned.failures), planned.failures + 1);
                }
            }
            Kind::Wanted => self.wanted = (later(self.wanted.1), self.wanted.1 + 1),
            Kind::Duplicate { .. } => self.duplicates_from = later(1),
        }
        self.end_own(now, id);
    }

    fn end_own(&mut self, now: Instant, id: u64) {
        let Some(bearer) = self.own.remove(&id) else { return };
        if let Kind::Planned(at) = bearer.kind
            && let Some(planned) = self.planned.get_mut(at)
        {
            planned.id = None;
        }
        let ports: Vec<u16> =
            self.inlets.iter().filter(|(_, inlet)| inlet.bearer() == id).map(|(port, _)| *port).collect();
        for port in ports {
            self.inlets.remove(&port);
            if port % 2 == 0 {
                self.ports.give_back(port);
            }
        }
        if let Some(place) = &bearer.place {
            self.bearer_is_gone(now, None, place.tmgi);
            if !bearer.is_duplicate() {
                self.tell_gone(place.tmgi, &bearer.capacity);
            }
        }
        self.touch(now);
    }

    /// Where MB2-U comes from.
    pub(super) fn mb2_local(&self) -> SocketAddr {
        self.mb2.as_ref().map_or(self.sender, Mb2Client::local)
    }

    /// A datagram to a port of the multicast address of a bearer.
    pub(super) fn broadcast(&mut self, id: u64, port: u16, payload: &[u8]) {
        let source = self.mb2_local();
        let Some(place) = self.own.get(&id).and_then(|bearer| bearer.place.as_ref()) else { return };
        let (destination, to) = (SocketAddr::new(place.destination.ip(), port), place.to);
        match (UdpDatagram { source, destination, payload }).emit() {
            Ok(bytes) => {
                self.counters.broadcast += 1;
                self.push(BearersOutput::Node(NodeOutput::Datagram { local: source, remote: to, bytes }));
            }
            Err(why) => self.say(format!("a packet does not fit the bearer: {why}")),
        }
    }

    /// RTP of a group, once. None: it is no RTP.
    pub(super) fn broadcast_speech(&mut self, id: u64, group: &str, port: u16, bytes: &[u8]) -> Option<()> {
        let rtp = RtpPacket::parse(bytes).ok()?;
        let bearer = self.own.get_mut(&id)?;
        match bearer.capacity.is_new(group, rtp.ssrc, rtp.sequence) {
            true => self.broadcast(id, port, bytes),
            false => self.counters.repeated_in += 1,
        }
        Some(())
    }

    /// A message on the general purpose subchannel of a bearer.
    pub(super) fn control(&mut self, id: u64, control: &SubchannelControl) {
        let Some(bearer) = self.own.get_mut(&id) else { return };
        let Some(port) = bearer.place.as_ref().map(|place| place.destination.port()) else { return };
        match &control.message {
            SubchannelMessage::MapGroupToBearer { group, .. } => {
                bearer.trailing.remove(group);
                bearer.mapped.insert(group.clone());
                self.counters.maps += 1;
            }
            SubchannelMessage::UnmapGroupToBearer { group } => {
                bearer.mapped.remove(group);
                self.counters.unmaps += 1;
            }
            _ => {}
        }
        self.broadcast(id, port, &control.to_bytes());
    }

    /// Somebody has left a bearer, or gives its place to somebody else.
    pub(super) fn freed(&mut self, now: Instant, id: u64, freed: Freed) {
        let (Freed::Room { port, .. } | Freed::Heir { port, .. }) = &freed;
        if let Some(port) = *port {
            self.inlets.remove(&port);
            self.inlets.remove(&(port + 1));
            self.ports.give_back(port);
        }
        match freed {
            Freed::Room { group, .. } => {
                let Some(bearer) = self.own.get_mut(&id) else { return };
                if bearer.mapped.contains(&group) {
                    bearer.trailing.insert(group, (UNMAPS, now));
                }
                if bearer.capacity.take_cleared() {
                    self.capacity_cleared(now, id);
                }
                self.answer_releases(now);
                self.touch(now);
            }
            Freed::Heir { group, server, .. } => self.inherits(now, id, &group, &server),
        }
    }

    pub(super) fn own_timers(&mut self, now: Instant) {
        for id in self.own.keys().copied().collect::<Vec<_>>() {
            let Some(bearer) = self.own.get_mut(&id) else { continue };
            let mut unmaps = Vec::new();
            for (group, (left, at)) in &mut bearer.trailing {
                if *at <= now {
                    (*left, *at) = (left.saturating_sub(1), now + self.config.unmap_repeat);
                    unmaps.push(group.clone());
                }
            }
            let was_unmapping = bearer.is_unmapping();
            bearer.trailing.retain(|_, (left, _)| *left > 0);
            let is_through = was_unmapping && !bearer.is_unmapping();
            for (server, freed) in bearer.capacity.expire(now) {
                self.say(format!("{server} does not renew what it has on a bearer"));
                self.freed(now, id, freed);
            }
            if is_through {
                self.touch(now);
            }
            for group in unmaps {
                let message = SubchannelMessage::UnmapGroupToBearer { group };
                self.control(id, &SubchannelControl { ssrc: self.ssrc, message });
            }
        }
    }

    pub(super) fn own_due(&self) -> Option<Instant> {
        let of = |bearer: &OwnBearer| {
            let trailing = bearer.trailing.values().map(|(_, at)| *at).min();
            [trailing, bearer.capacity.due()].into_iter().flatten().min()
        };
        self.own.values().filter_map(of).min()
    }
}

impl Inlet {
    const fn bearer(&self) -> u64 {
        match self {
            Self::Media(id, _) | Self::Floor(id, _) | Self::General(id) => *id,
        }
    }
}

// All ports of a bearer are the service's at the BM-SC.
const _: () = assert!(2 + 2 * MAX_SLOTS <= ProvisioningConfig::PORT_BLOCK);

/// RFC 3264 clause 5.1: a port that has none.
const DISCARD: u16 = 9;
/// How often Unmap Group To Bearer is said of a group whose server left without a word.
const UNMAPS: u8 = 3;
