//! RTP and floor control of legs: controlled, passed on, and handed to the bearers.

use std::net::SocketAddr;

use protocol::Instant;
use protocol::mc::floor::{self, FloorKind, FloorMessage};
use protocol::rtp::RtpPacket;

use super::call::{Kind, Leg, Side};
use super::node::McServer;
use crate::mc::floor::FloorTo;

impl McServer {
    /// A datagram. True: it was of a leg, and the user agent has nothing to do with it.
    pub(super) fn media(&mut self, now: Instant, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) -> bool {
        let place = self.calls.by_port.get(&local.port()).filter(|_| local.ip() == self.config.sip.media);
        let Some(&(id, is_floor)) = place else {
            self.bearers.datagram(now, local, remote, bytes);
            return false;
        };
        match is_floor {
            true => self.floor_message(now, id, remote, bytes),
            false => self.audio(now, id, remote, bytes),
        }
        true
    }

    fn audio(&mut self, now: Instant, id: u64, remote: SocketAddr, bytes: &[u8]) {
        let Some(leg) = self.calls.legs.get(&id) else { return };
        let Some(call) = self.calls.calls.get_mut(&leg.call) else { return };
        let rtp = RtpPacket::parse(bytes).ok();
        let rtp = rtp.filter(|rtp| call.codec.as_ref().is_some_and(|codec| codec.payload_type == rtp.payload_type));
        let is_its_own = leg.is_in && leg.peer.is_some_and(|peer| peer.audio == remote);
        let Some(rtp) = rtp.filter(|_| is_its_own) else {
            self.counters.rtp_refused += 1;
            return;
        };
        let (number, side) = (leg.call, leg.side.clone());
        let is_call_audio = match &mut call.kind {
            Kind::Controlled(floor) => {
                if !floor.hears(now, id) {
                    self.counters.rtp_without_floor += 1;
                    return;
                }
                true
            }
            // What a user of ours says counts when he has the floor.
            Kind::Visited(visited) => {
                let counts = !side.is_user() || visited.talker.as_deref() == Some(leg.user.as_str());
                counts && visited.recent.is_new(rtp.ssrc, rtp.sequence)
            }
        };
        self.counters.rtp_heard += 1;
        match side.partner() {
            Some(partner) => self.send_audio(now, partner, bytes),
            None => {
                let others: Vec<u64> = call.legs.iter().copied().filter(|other| *other != id).collect();
                others.into_iter().for_each(|other| self.send_audio(now, other, bytes));
            }
        }
        if is_call_audio {
            self.bearers.audio(now, number, bytes);
        }
    }

    /// RTP over unicast, unless the user hears it over a bearer.
    fn send_audio(&mut self, now: Instant, id: u64, bytes: &[u8]) {
        let Some(leg) = self.calls.legs.get(&id).filter(|leg| leg.is_in) else { return };
        let Some(peer) = leg.peer.filter(|peer| peer.receives) else { return };
        if leg.side.is_user() && self.bearers.hears_broadcast(now, leg.call, &leg.user) {
            self.counters.rtp_spared += 1;
            return;
        }
        self.counters.rtp_unicast += 1;
        self.datagram(leg.audio, peer.audio, bytes.to_vec());
    }

    /// How a user hears a call has changed.
    pub(super) fn switched(&mut self, call: u64, mcptt_id: &str, to_broadcast: bool, replay: Vec<Vec<u8>>) {
        let way = if to_broadcast { "an MBMS bearer" } else { "unicast" };
        let group = self.calls.calls.get(&call).map(|call| call.group.clone()).unwrap_or_default();
        self.say(format!("{group}: {mcptt_id} hears over {way}, {} packets are sent again", replay.len()));
        self.counters.rtp_replayed += replay.len() as u64;
        for id in self.calls.of_user(call, mcptt_id) {
            let leg = self.calls.legs.get(&id).filter(|leg| leg.is_in && leg.side.is_user());
            let Some((from, peer)) = leg.and_then(|leg| Some((leg.audio, leg.peer?))) else { continue };
            for packet in &replay {
                self.datagram(from, peer.audio, packet.clone());
            }
        }
    }

    fn floor_message(&mut self, now: Instant, id: u64, remote: SocketAddr, bytes: &[u8]) {
        let Some(leg) = self.calls.legs.get(&id) else { return };
        let is_its_own = leg.is_in && leg.peer.is_some_and(|peer| peer.floor == remote);
        let messages = floor::parse(bytes).ok().filter(|messages| is_its_own && !messages.is_empty());
        let Some(messages) = messages else {
            self.counters.floor_bad += 1;
            return;
        };
        let (number, user, side) = (leg.call, leg.user.clone(), leg.side.clone());
        let Some(call) = self.calls.calls.get_mut(&number) else { return };
        if let Some(partner) = side.partner() {
            let to = self.calls.legs.get(&partner).and_then(|leg| Some((leg.floor, leg.peer?)));
            let is_told = match &mut call.kind {
                Kind::Visited(visited) if matches!(side, Side::Server { .. }) => visited.hear(&user, &messages, bytes),
                _ => false,
            };
            if let Some((from, peer)) = to {
                self.datagram(from, peer.floor, bytes.to_vec());
            }
            if is_told {
                self.bearers.floor(now, number, bytes);
            }
            return;
        }
        if let Kind::Controlled(floor) = &mut call.kind {
            messages.iter().for_each(|message| floor.handle_message(now, id, message));
        }
    }

    /// A message of floor control of a call of ours.
    pub(super) fn send_floor(&mut self, now: Instant, call: u64, to: FloorTo, message: &FloorMessage) {
        let Some(standing) = self.calls.calls.get(&call) else { return };
        let bytes = message.to_bytes();
        let place = |leg: &Leg| Some((leg.floor, leg.peer?.floor)).filter(|_| leg.is_in);
        let legs = match to {
            FloorTo::One(one) => vec![one],
            FloorTo::Others(but) => standing.legs.iter().copied().filter(|id| *id != but).collect(),
            FloorTo::All => standing.legs.iter().copied().collect(),
        };
        let places: Vec<_> = legs.iter().filter_map(|id| place(self.calls.legs.get(id)?)).collect();
        for (from, remote) in places {
            self.datagram(from, remote, bytes.clone());
        }
        if !matches!(to, FloorTo::One(_)) {
            self.bearers.floor(now, call, &bytes);
        }
    }
}

impl super::call::Visited {
    /// What the controlling server tells a user of ours; true if all listeners should hear of it, once.
    fn hear(&mut self, user: &str, messages: &[FloorMessage], bytes: &[u8]) -> bool {
        let mut is_for_all = false;
        for message in messages {
            match &message.kind {
                FloorKind::Granted { .. } => self.talker = Some(user.to_owned()),
                FloorKind::Taken { .. } | FloorKind::Idle { .. } => {
                    is_for_all = true;
                    // It is one of ours, or of another server.
                    self.talker = match &message.kind {
                        FloorKind::Taken { granted_party, .. } => granted_party.clone(),
                        _ => None,
                    };
                }
                _ => {}
            }
        }
        let is_new = is_for_all && self.told.as_deref() != Some(bytes);
        if is_new {
            self.told = Some(bytes.to_vec());
        }
        is_new
    }
}
