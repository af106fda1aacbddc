//! The audio of a UE (RFC 3550, RFC 3551, ITU-T G.711): it sends a tone, speech or nothing, and measures what it hears, by
//! unicast and over MBMS bearers. No I/O.

mod bearer;
mod reception;
mod speech;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use protocol::rtp::{
    AudioPeer, FRAME_SAMPLES, G711, RtcpPacket, RtpCounters, RtpPacket, RtpReceiver, RtpSender, SAMPLE_RATE, Tone,
    amplitude_of, audio_answer, audio_offer, ntp, parse_rtcp, rtcp_bytes,
};
use protocol::sip::sdp::Sdp;
use protocol::{Entropy, Instant};

pub use bearer::{BearerChoice, BearerConfig};
pub use reception::{Arrivals, Received, Reception, Taken, Way};
pub use speech::{Speech, SpeechProblem};

/// A frame (RFC 3551 clause 4.2).
const TICK: Duration = Duration::from_millis(20);
/// RFC 3550 clause 6.2.
const REPORTS: Duration = Duration::from_secs(5);
/// What is kept of what was heard: 400 ms, with which tones that are 5 Hz apart are told apart.
const KEPT: usize = SAMPLE_RATE as usize * 2 / 5;

/// A media end.
#[derive(Debug)]
pub struct MediaEnd {
    /// RTP; RTCP has the next port.
    local: SocketAddr,
    id: u64,
    laws: Vec<G711>,
    tone: Option<Tone>,
    /// What it says instead, and the next frame of it.
    speech: Option<(Speech, usize)>,
    /// Packets of speech that it has sent.
    spoken: Vec<Spoken>,
    /// What it received packet by packet, where that is kept.
    reception: Option<Reception>,
    sender: RtpSender,
    receiver: RtpReceiver,
    peer: Option<AudioPeer>,
    next: Option<Instant>,
    report_at: Instant,
    heard: VecDeque<i16>,
    left: bool,
    outputs: VecDeque<MediaDatagram>,
}

/// A datagram to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MediaDatagram {
    /// From where.
    pub local: SocketAddr,
    /// Where to.
    pub remote: SocketAddr,
    /// Its octets.
    pub bytes: Vec<u8>,
}

/// A packet of speech that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spoken {
    /// Its sequence number.
    pub sequence: u16,
    /// Its timestamp.
    pub timestamp: u32,
    /// When.
    pub at: Instant,
}

impl MediaEnd {
    /// An end at `local` that prefers `law`, and says `tone` when it is spoken to.
    pub fn new(local: SocketAddr, law: G711, tone: Option<Tone>, entropy: &mut Entropy) -> Self {
        let other = if law == G711::A { G711::Mu } else { G711::A };
        Self {
            local,
            // RFC 8866 clause 5.2: below 2^63.
            id: entropy.next_u64() >> 2,
            laws: vec![law, other],
            tone,
            speech: None,
            spoken: Vec::new(),
            reception: None,
            sender: RtpSender::new(entropy, law),
            receiver: RtpReceiver::default(),
            peer: None,
            next: None,
            report_at: Instant::ZERO,
            heard: VecDeque::new(),
            left: false,
            outputs: VecDeque::new(),
        }
    }

    /// From here on each packet that comes is taken once and kept.
    pub fn keep(&mut self) {
        self.reception = Some(Reception::new(self.sender.ssrc));
    }

    /// The same without what they carry.
    pub fn keep_numbers(&mut self) {
        self.reception = Some(Reception::of_numbers(self.sender.ssrc));
    }

    /// What came since then.
    pub const fn reception(&self) -> Option<&Reception> {
        self.reception.as_ref()
    }

    /// Says nothing, or this from the next frame on and then nothing.
    pub fn talk(&mut self, speech: Option<Speech>) {
        (self.speech, self.tone) = (speech.map(|speech| (speech, 0)), None);
    }

    /// It has not said all of it yet.
    pub const fn is_talking(&self) -> bool {
        self.speech.is_some()
    }

    /// Packets of the speech so far.
    pub fn spoken(&self) -> &[Spoken] {
        &self.spoken
    }

    /// SDP that offers its audio.
    pub fn offer(&self) -> Vec<u8> {
        audio_offer(self.id, self.local, &self.laws).to_bytes()
    }

    /// SDP that answers an offer; none: there is no audio with G.711 in it.
    pub fn answer(&self, offer: &[u8]) -> Option<Vec<u8>> {
        let offer = Sdp::parse(offer).ok()?;
        audio_answer(self.id, self.local, &offer).map(|answer| answer.to_bytes())
    }

    /// The session stands, or has changed, with this SDP of the other side.
    pub fn agree(&mut self, now: Instant, theirs: &[u8]) {
        self.peer = AudioPeer::of(theirs);
        if let Some(peer) = &self.peer {
            self.sender.law = peer.law;
            self.left = false;
            if self.next.is_none() {
                (self.next, self.report_at) = (Some(now + TICK), now + REPORTS);
            }
        }
    }

    /// The session is over: a last report with BYE goes out.
    pub fn stop(&mut self, now: Instant, utc_ms: u64) {
        if self.next.take().is_some() && self.peer.is_some() {
            self.report(now, utc_ms, true);
        }
        self.peer = None;
    }

    /// A datagram has come to one of its two ports. True: an RTP packet that was not there before, as far as that is kept.
    pub fn handle_datagram(&mut self, now: Instant, local: SocketAddr, octets: &[u8]) -> bool {
        if local.port() == self.local.port() {
            return self.receive(now, Way::Unicast, local, octets);
        }
        if let Ok(packets) = parse_rtcp(octets) {
            for packet in packets {
                self.left |= matches!(packet, RtcpPacket::Bye { .. });
                self.receiver.control(now, &packet);
            }
        }
        false
    }

    /// What an MBMS bearer carries of the session to its multicast address: an RTP packet. True: it was not there before.
    pub fn handle_broadcast(&mut self, now: Instant, destination: SocketAddr, octets: &[u8]) -> bool {
        self.receive(now, Way::Mbms, destination, octets)
    }

    fn receive(&mut self, now: Instant, way: Way, to: SocketAddr, octets: &[u8]) -> bool {
        let packet = self.reception.as_mut().zip(RtpPacket::parse(octets).ok());
        let is_new = packet.is_none_or(|(reception, packet)| reception.take(now, way, to, &packet));
        // What is no RTP is counted.
        is_new && self.receiver.receive(now, octets).is_ok()
    }

    /// Time has come to [`Self::poll_timeout`], or beyond. `utc_ms` goes into reports.
    pub fn handle_timeout(&mut self, now: Instant, utc_ms: u64) {
        while let Some(due) = self.next.filter(|due| *due <= now) {
            self.next = Some(due + TICK);
            let frame = self.receiver.pop(FRAME_SAMPLES).unwrap_or_else(|| vec![0; FRAME_SAMPLES]);
            let surplus = (self.heard.len() + frame.len()).saturating_sub(KEPT);
            self.heard.drain(..surplus);
            self.heard.extend(frame);
            self.say(due);
        }
        if self.next.is_some() && self.report_at <= now {
            self.report_at = now + REPORTS;
            self.report(now, utc_ms, false);
        }
    }

    /// When it wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next
    }

    /// What is to be sent.
    pub fn poll_output(&mut self) -> Option<MediaDatagram> {
        self.outputs.pop_front()
    }

    /// Amplitude of a tone in what was heard last.
    pub fn amplitude_of(&self, frequency: f64) -> f64 {
        let last: Vec<i16> = self.heard.iter().copied().collect();
        amplitude_of(frequency, &last)
    }

    /// The sources that the newest packet was mixed of.
    pub fn sources(&self) -> &[u32] {
        self.receiver.csrc()
    }

    /// Its own source.
    pub const fn ssrc(&self) -> u32 {
        self.sender.ssrc
    }

    /// What was received.
    pub const fn counters(&self) -> RtpCounters {
        self.receiver.counters()
    }

    /// The other side has said BYE (RFC 3550 clause 6.6).
    pub const fn was_left(&self) -> bool {
        self.left
    }

    fn say(&mut self, now: Instant) {
        let receives = self.peer.filter(|peer| peer.direction.receives());
        let said = receives.and_then(|peer| Some((peer, self.frame(now)?)));
        let Some((peer, bytes)) = said else {
            return self.sender.skip(FRAME_SAMPLES as u32);
        };
        self.outputs.push_back(MediaDatagram { local: self.local, remote: peer.remote, bytes });
    }

    /// The next packet of what it says.
    fn frame(&mut self, now: Instant) -> Option<Vec<u8>> {
        if let Some((speech, next)) = &mut self.speech {
            if let Some(frame) = speech.frame(*next) {
                *next += 1;
                // Carried untouched where the session has its law.
                let law = self.sender.law;
                let payload = if law == speech.law { frame.to_vec() } else { law.encode(&speech.law.decode(frame)) };
                let packet = self.sender.packet_of(payload, FRAME_SAMPLES as u32);
                self.spoken.push(Spoken { sequence: packet.sequence, timestamp: packet.timestamp, at: now });
                return Some(packet.to_bytes());
            }
            self.speech = None;
        }
        let tone = self.tone.as_mut()?;
        Some(self.sender.packet(&tone.samples(FRAME_SAMPLES), &[]))
    }

    fn report(&mut self, now: Instant, utc_ms: u64, is_last: bool) {
        let Some(peer) = self.peer else { return };
        let (ssrc, sent) = (self.sender.ssrc, self.sender.info(ntp(utc_ms)));
        let reports = self.receiver.report(now).into_iter().collect();
        let report = match sent.packets {
            0 => RtcpPacket::ReceiverReport { ssrc, reports },
            _ => RtcpPacket::SenderReport { ssrc, sent, reports },
        };
        let bye = is_last.then(|| RtcpPacket::Bye { sources: vec![ssrc], reason: None });
        let name = RtcpPacket::cname(ssrc, &format!("{:x}@{}", self.id, self.local.ip()));
        let packets: Vec<_> = [report, name].into_iter().chain(bye).collect();
        let local = SocketAddr::new(self.local.ip(), self.local.port().saturating_add(1));
        self.outputs.push_back(MediaDatagram { local, remote: peer.control, bytes: rtcp_bytes(&packets) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(n: u8, tone: Option<f64>, law: G711) -> MediaEnd {
        let local = SocketAddr::from(([10, 45, 0, n], 49152));
        MediaEnd::new(local, law, tone.map(|f| Tone::new(f, 5000.0)), &mut Entropy::from_seed([n; 32]))
    }

    #[test]
    fn two_ends_hear_each_other() {
        let mut ends = [end(1, Some(600.0), G711::Mu), end(2, Some(1100.0), G711::A)];
        let offer = ends[0].offer();
        let answer = ends[1].answer(&offer).unwrap();
        ends[1].agree(Instant::ZERO, &offer);
        ends[0].agree(Instant::ZERO, &answer);
        for tick in 1..=300_u64 {
            let now = Instant::from_millis(20 * tick);
            for from in [0, 1] {
                ends[from].handle_timeout(now, 20 * tick);
                while let Some(datagram) = ends[from].poll_output() {
                    let to = &mut ends[1 - from];
                    to.handle_datagram(now, datagram.remote, &datagram.bytes);
                }
            }
        }
        assert!((ends[0].amplitude_of(1100.0) - 5000.0).abs() < 200.0);
        assert!(ends[0].amplitude_of(600.0) < 100.0);
        assert!((ends[1].amplitude_of(600.0) - 5000.0).abs() < 200.0);
        assert_eq!(ends[1].counters().late, 0);
        ends[0].stop(Instant::from_millis(6000), 6000);
        let bye = ends[0].poll_output().unwrap();
        ends[1].handle_datagram(Instant::from_millis(6001), bye.remote, &bye.bytes);
        assert!(ends[1].was_left());
        assert_eq!((ends[0].poll_timeout(), ends[0].poll_output()), (None, None));
    }

    #[test]
    fn no_g711_no_answer_and_who_holds_is_not_told_anything() {
        let mut own = end(1, Some(600.0), G711::A);
        let offer = String::from_utf8(end(2, None, G711::A).offer()).unwrap();
        assert_eq!(own.answer(offer.replace("RTP/AVP 8 0", "RTP/AVP 96").as_bytes()), None);
        own.agree(Instant::ZERO, offer.replace("sendrecv", "sendonly").as_bytes());
        own.handle_timeout(Instant::from_millis(100), 100);
        assert_eq!(own.poll_output(), None);
        own.agree(Instant::from_millis(100), offer.as_bytes());
        own.handle_timeout(Instant::from_millis(120), 120);
        let packet = RtpPacket::parse(&own.poll_output().unwrap().bytes).unwrap();
        assert!(packet.marker && packet.payload_type == 8);
    }
}
