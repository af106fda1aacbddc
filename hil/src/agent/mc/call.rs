//! A group as its client has it: the call when there is one, its media, its floor control, and what was heard of it.

use std::net::SocketAddr;

use protocol::mc::floor;
use protocol::mc::sdp::{FloorMedia, FloorParameters};
use protocol::rtp::RtpPacket;
use protocol::sip::sdp::Sdp;
use protocol::{Entropy, Instant, Tmgi};

use super::config::McConfig;
use super::floor::{FloorEvent, FloorOutput, FloorParticipant};
use super::gaps::Gaps;
use super::io::{GroupFigures, GroupStanding};
use crate::agent::media::{Arrivals, MediaDatagram, MediaEnd, Received, Speech, Way};
use crate::agent::sip::CallId;

/// From the RTP of a group to its floor control, and to the RTP of the next group.
const FLOOR_PORT: u16 = 2;
pub(super) const PORTS: u16 = 4;

/// A group.
#[derive(Debug)]
pub(super) struct Group {
    /// Where its RTP is.
    pub(super) local: SocketAddr,
    pub(super) media: MediaEnd,
    pub(super) call: Option<Call>,
    gaps: Gaps,
    figures: GroupFigures,
}

/// The call of a group.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: CallId,
    pub(super) is_established: bool,
    /// MCPTT session identity.
    pub(super) session: Option<String>,
    pub(super) floor: FloorParticipant,
    /// Where the server has its floor control.
    floor_peer: Option<SocketAddr>,
    /// What is said when the floor is granted.
    speech: Option<Speech>,
    is_talking: bool,
    /// The bearer that the server was told last to be heard.
    pub(super) told: Option<Tmgi>,
    pub(super) way: Way,
}

/// What a group wants done.
#[derive(Debug)]
pub(super) enum GroupOutput {
    Datagram(MediaDatagram),
    Floor(FloorEvent),
}

impl Group {
    /// The group of this place without a call.
    pub(super) fn new(place: usize, config: &McConfig, entropy: &mut Entropy) -> Self {
        let port = config.first_port.saturating_add(PORTS * place as u16);
        let local = SocketAddr::new(config.address, port);
        let mut media = MediaEnd::new(local, config.law, None, entropy);
        if config.keeps_speech {
            media.keep()
        } else {
            media.keep_numbers()
        }
        Self { local, media, call: None, gaps: Gaps::default(), figures: GroupFigures::default() }
    }

    /// The ports that it has.
    pub(super) fn ports(&self) -> [SocketAddr; 3] {
        [0, 1, FLOOR_PORT].map(|step| SocketAddr::new(self.local.ip(), self.local.port().saturating_add(step)))
    }

    /// A call begins.
    pub(super) fn begin(&mut self, id: CallId, config: &McConfig) {
        let floor = FloorParticipant::new(self.media.ssrc(), &config.mcptt_id, config.floor);
        self.call = Some(Call {
            id,
            is_established: false,
            session: None,
            floor,
            floor_peer: None,
            speech: None,
            is_talking: false,
            told: None,
            way: Way::Unicast,
        });
    }

    /// SDP that offers its audio and floor control.
    pub(super) fn offer(&self) -> Vec<u8> {
        let audio = self.media.offer();
        let Ok(mut sdp) = Sdp::parse(&audio) else { return audio };
        sdp.media.push(self.floor_parameters().to_media(self.floor_port()));
        sdp.to_bytes()
    }

    /// SDP that answers an offer; none: it has no audio or no floor control that the client understands.
    pub(super) fn answer(&self, offer: &[u8]) -> Option<Vec<u8>> {
        let (place, _) = FloorMedia::find(&Sdp::parse(offer).ok()?)?;
        let mut sdp = Sdp::parse(&self.media.answer(offer)?).ok()?;
        *sdp.media.get_mut(place)? = self.floor_parameters().to_media(self.floor_port());
        Some(sdp.to_bytes())
    }

    /// The server has this SDP from here on.
    pub(super) fn agree(&mut self, now: Instant, theirs: &[u8]) {
        self.media.agree(now, theirs);
        let floor = Sdp::parse(theirs).ok().and_then(|sdp| FloorMedia::find(&sdp));
        if let Some(call) = &mut self.call {
            call.floor_peer = floor.map(|(_, floor)| floor.address);
        }
    }

    /// The call stands, by this session identity.
    pub(super) fn establish(&mut self, now: Instant, session: &str) {
        if let Some(call) = &mut self.call {
            call.is_established = true;
            call.session = Some(session.to_owned());
            if call.speech.is_some() {
                call.floor.request(now);
            }
        }
    }

    /// The call is over.
    pub(super) fn end(&mut self, now: Instant, utc_ms: u64) {
        self.media.talk(None);
        self.media.stop(now, utc_ms);
        self.gaps.end();
        self.call = None;
    }

    /// The button is pushed; false: there is no call.
    pub(super) fn talk(&mut self, now: Instant, speech: Speech) -> bool {
        let Some(call) = &mut self.call else { return false };
        call.speech = Some(speech);
        if call.is_established {
            call.floor.request(now);
        }
        true
    }

    /// The button is let go.
    pub(super) fn release(&mut self, now: Instant) {
        if let Some(call) = &mut self.call {
            (call.speech, call.is_talking) = (None, false);
            self.media.talk(None);
            call.floor.release(now);
        }
    }

    /// A datagram came to one of its ports. What cannot be read is told.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        local: SocketAddr,
        octets: &[u8],
        changed: Option<Instant>,
    ) -> Result<(), String> {
        if local.port() == self.floor_port() {
            return self.floor_message(now, octets, true);
        }
        let is_new = self.media.handle_datagram(now, local, octets);
        self.heard(now, octets, is_new, changed);
        Ok(())
    }

    /// RTP of the group came over a bearer.
    pub(super) fn broadcast(&mut self, now: Instant, to: SocketAddr, octets: &[u8], changed: Option<Instant>) {
        let is_new = self.media.handle_broadcast(now, to, octets);
        self.heard(now, octets, is_new, changed);
    }

    /// A floor control message.
    pub(super) fn floor_message(&mut self, now: Instant, octets: &[u8], is_unicast: bool) -> Result<(), String> {
        let Some(call) = self.call.as_mut().filter(|call| call.floor_peer.is_some()) else {
            return Err("there is no call with floor control".into());
        };
        for message in floor::parse(octets).map_err(|problem| problem.to_string())? {
            call.floor.receive(now, &message, is_unicast);
        }
        Ok(())
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub(super) fn handle_timeout(&mut self, now: Instant, utc_ms: u64) {
        if self.media.poll_timeout().is_some_and(|due| due <= now) {
            self.media.handle_timeout(now, utc_ms);
        }
        if let Some(call) = &mut self.call {
            call.floor.handle_timeout(now);
            if call.is_talking && !self.media.is_talking() {
                // All is said.
                call.is_talking = false;
                call.floor.release(now);
            }
        }
    }

    /// When it wants to be called at the latest.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let floor = self.call.as_ref().and_then(|call| call.floor.poll_timeout());
        [self.media.poll_timeout(), floor].into_iter().flatten().min()
    }

    /// What is to be done.
    pub(super) fn poll_output(&mut self) -> Option<GroupOutput> {
        if let Some(datagram) = self.media.poll_output() {
            return Some(GroupOutput::Datagram(datagram));
        }
        let local = SocketAddr::new(self.local.ip(), self.floor_port());
        loop {
            let call = self.call.as_mut()?;
            match call.floor.poll_output()? {
                FloorOutput::Send(message) => {
                    let Some(remote) = call.floor_peer else { continue };
                    let bytes = message.to_bytes();
                    return Some(GroupOutput::Datagram(MediaDatagram { local, remote, bytes }));
                }
                FloorOutput::Event(event) => {
                    self.obey(&event);
                    return Some(GroupOutput::Floor(event));
                }
            }
        }
    }

    /// It is heard this way from here on; false: it was before.
    pub(super) fn listen(&mut self, way: Way) -> bool {
        let Some(call) = self.call.as_mut().filter(|call| call.way != way) else { return false };
        call.way = way;
        match way {
            Way::Mbms => self.figures.to_mbms += 1,
            Way::Unicast => self.figures.to_unicast += 1,
        }
        true
    }

    pub(super) fn standing(&self) -> GroupStanding {
        let call = self.call.as_ref();
        GroupStanding {
            is_established: call.is_some_and(|call| call.is_established),
            has_floor: call.is_some_and(|call| call.floor.has_permission()),
            wants_floor: call.is_some_and(|call| call.speech.is_some() || call.is_talking || call.floor.is_pending()),
            talker: call.and_then(|call| call.floor.talker()).map(ToOwned::to_owned),
            way: call.map_or(Way::Unicast, |call| call.way),
            session: call.and_then(|call| call.session.clone()),
        }
    }

    pub(super) fn figures(&self) -> GroupFigures {
        let sources = self.media.reception().map(|reception| reception.sources());
        let mut figures = GroupFigures {
            longest_gap: self.gaps.longest,
            longest_gap_in_coverage: self.gaps.longest_in_coverage,
            long_gaps: self.gaps.long,
            ..self.figures
        };
        for source in sources.into_iter().flat_map(|sources| sources.values()) {
            let Arrivals { taken, by_unicast, by_mbms, both_ways, moved, doubled, reordered } = source.arrivals();
            figures.taken += taken;
            figures.by_unicast += by_unicast;
            figures.by_mbms += by_mbms;
            figures.both_ways += both_ways;
            figures.moved += moved;
            figures.doubled += doubled;
            figures.reordered += reordered;
            figures.missing += missing(source);
        }
        figures
    }

    fn heard(&mut self, now: Instant, octets: &[u8], is_new: bool, changed: Option<Instant>) {
        let Some(packet) = is_new.then(|| RtpPacket::parse(octets).ok()).flatten() else { return };
        self.gaps.taken(now, &packet, changed);
        if let Some(call) = &mut self.call {
            call.floor.media(now);
        }
    }

    /// What the floor control says to the one who talks.
    fn obey(&mut self, event: &FloorEvent) {
        let Some(call) = &mut self.call else { return };
        match event {
            FloorEvent::Granted { .. } => {
                self.figures.floor[0] += 1;
                call.is_talking = call.speech.is_some();
                self.media.talk(call.speech.take());
            }
            FloorEvent::Denied { .. } | FloorEvent::Unanswered => {
                self.figures.floor[1] += 1;
                call.speech = None;
            }
            FloorEvent::Revoked { .. } => {
                self.figures.floor[2] += 1;
                call.is_talking = false;
                self.media.talk(None);
            }
            FloorEvent::Queued { .. } | FloorEvent::Taken { .. } | FloorEvent::Idle => {}
        }
    }

    fn floor_parameters(&self) -> FloorParameters {
        FloorParameters { queueing: true, ssrc: Some(self.media.ssrc()), ..FloorParameters::default() }
    }

    const fn floor_port(&self) -> u16 {
        self.local.port().saturating_add(FLOOR_PORT)
    }
}

/// Packets between the first and the last one that are kept of which nothing came.
fn missing(source: &Received) -> u64 {
    let ends = source.packets.first_key_value().zip(source.packets.last_key_value());
    ends.map_or(0, |((first, _), (last, _))| u64::from(last - first) + 1 - source.packets.len() as u64)
}
