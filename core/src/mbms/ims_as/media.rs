//! RTP from one to all: untouched, over unicast to whom wants it so, and once over the bearer (TS 26.346 clause 8A.2: an IP
//! datagram within MB2-U).

use std::net::SocketAddr;

use protocol::rtp::RtpPacket;
use protocol::{Instant, UdpDatagram};

use super::server::ImsAs;

impl ImsAs {
    pub(super) fn media(&mut self, now: Instant, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) {
        let Some((key, id)) = self.legs.get(&local.port()).cloned() else {
            // RTCP ends here: reports of a group are nobody's.
            return;
        };
        let (floor, replay) = (self.config.floor, self.config.replay);
        let Some(group) = self.groups.get_mut(&key) else { return };
        let peer = group.members.get(&id).filter(|member| member.is_in).and_then(|member| member.peer);
        let is_its_own = peer.is_some_and(|peer| peer.remote == remote && peer.sends);
        let is_codec = RtpPacket::parse(bytes).is_ok_and(|rtp| rtp.payload_type == group.codec.payload_type);
        if !is_its_own || !is_codec {
            self.counters.rtp_refused += 1;
            return;
        }
        if !group.grant(now, id, floor) {
            self.counters.rtp_without_floor += 1;
            return;
        }
        self.counters.rtp_heard += 1;
        group.recent.keep(now, id, bytes, replay);
        let mut to = Vec::new();
        for (other, member) in &group.members {
            if *other != id
                && member.is_in
                && let Some(peer) = member.peer.filter(|peer| peer.receives)
            {
                to.push((member.local, peer.remote));
            }
        }
        self.counters.rtp_unicast += to.len() as u64;
        let bearer = group.bearer;
        to.into_iter().for_each(|(local, remote)| self.datagram(local, remote, bytes.to_vec()));
        self.broadcast(bearer, bytes);
    }

    fn broadcast(&mut self, bearer: Option<u64>, bytes: &[u8]) {
        let (Some(mb2), Some(bearer)) = (&self.mb2, bearer) else { return };
        let Some(place) = mb2.place(bearer) else { return };
        let (source, to) = (mb2.local(), place.to);
        match (UdpDatagram { source, destination: place.destination, payload: bytes }).emit() {
            Ok(datagram) => {
                self.counters.rtp_broadcast += 1;
                self.datagram(source, to, datagram);
            }
            Err(why) => self.say(format!("a packet does not fit the bearer: {why}")),
        }
    }
}
