//! The media of one participant: its RTP and RTCP at the focus (RFC 3550).

use std::net::SocketAddr;
use std::time::Duration;

use protocol::rtp::{AudioPeer, FRAME_SAMPLES, G711, RtcpPacket, RtpReceiver, RtpSender, ntp, parse_rtcp, rtcp_bytes};
use protocol::{Entropy, Instant};

/// Where RTP is spoken, and with whom.
#[derive(Debug)]
pub(super) struct Leg {
    /// RTP; RTCP has the next port.
    pub(super) local: SocketAddr,
    agreed: Option<AudioPeer>,
    /// The participant may hear, and be heard.
    is_open: bool,
    sender: RtpSender,
    receiver: RtpReceiver,
    report_at: Instant,
    /// Datagrams from elsewhere.
    strays: u64,
}

/// A datagram to be sent.
pub(super) struct Sent {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

impl Leg {
    pub(super) fn new(local: SocketAddr, entropy: &mut Entropy) -> Self {
        Self {
            local,
            agreed: None,
            is_open: false,
            sender: RtpSender::new(entropy, G711::A),
            receiver: RtpReceiver::default(),
            report_at: Instant::ZERO,
            strays: 0,
        }
    }

    /// The participant is in, and has said this.
    pub(super) fn agree(&mut self, now: Instant, theirs: &[u8]) {
        self.agreed = AudioPeer::of(theirs);
        if let Some(agreed) = &self.agreed {
            self.sender.law = agreed.law;
        }
        if !std::mem::replace(&mut self.is_open, true) {
            self.report_at = now + REPORTS;
        }
    }

    pub(super) const fn ssrc(&self) -> u32 {
        self.sender.ssrc
    }

    /// Direction of the participant, for those who watch.
    pub(super) fn direction(&self) -> Option<&'static str> {
        self.agreed.as_ref().map(|agreed| agreed.direction.as_str())
    }

    /// It neither sends nor receives, or has put the focus on hold.
    pub(super) fn is_held(&self) -> bool {
        self.is_open && self.agreed.is_none_or(|agreed| !agreed.direction.receives())
    }

    pub(super) const fn strays(&self) -> u64 {
        self.strays
    }

    /// A datagram has come to one of its ports. RTP and RTCP of others than the participant are not listened to.
    pub(super) fn receive(&mut self, now: Instant, local: SocketAddr, remote: SocketAddr, octets: &[u8]) {
        let is_media = local.port() == self.local.port();
        let expected = self.agreed.filter(|_| self.is_open);
        let known = expected.filter(|agreed| {
            if is_media {
                agreed.remote == remote && agreed.direction.sends()
            } else {
                agreed.control.ip() == remote.ip()
            }
        });
        let taken = match known {
            None => false,
            Some(_) if is_media => self.receiver.receive(now, octets).is_ok(),
            Some(_) => parse_rtcp(octets).is_ok_and(|packets| {
                packets.iter().for_each(|packet| self.receiver.control(now, packet));
                true
            }),
        };
        self.strays += u64::from(!taken);
    }

    /// What the participant says in this tick, and who says it.
    pub(super) fn heard(&mut self) -> Option<(Vec<i16>, u32)> {
        let samples = self.receiver.pop(FRAME_SAMPLES)?;
        Some((samples, self.receiver.ssrc().unwrap_or_default()))
    }

    /// What it is told in this tick.
    pub(super) fn say(&mut self, samples: &[i16], sources: &[u32]) -> Option<Sent> {
        match self.agreed.filter(|agreed| self.is_open && agreed.direction.receives()) {
            Some(agreed) => {
                let bytes = self.sender.packet(samples, sources);
                Some(Sent { local: self.local, remote: agreed.remote, bytes })
            }
            None => {
                self.sender.skip(samples.len() as u32);
                None
            }
        }
    }

    /// A report when it is time for one (RFC 3550 clause 6.2: not more often than every 5 s).
    pub(super) fn report(&mut self, now: Instant, utc_ms: u64, name: &str) -> Option<Sent> {
        if !self.is_open || self.report_at > now {
            return None;
        }
        self.report_at = now + REPORTS;
        self.control(now, utc_ms, name, None)
    }

    /// The last report, with BYE (RFC 3550 clause 6.6).
    pub(super) fn bye(&mut self, now: Instant, utc_ms: u64, name: &str) -> Option<Sent> {
        if !self.is_open {
            return None;
        }
        let bye = RtcpPacket::Bye { sources: vec![self.sender.ssrc], reason: None };
        self.control(now, utc_ms, name, Some(bye))
    }

    fn control(&mut self, now: Instant, utc_ms: u64, name: &str, last: Option<RtcpPacket>) -> Option<Sent> {
        let agreed = self.agreed?;
        let (ssrc, sent) = (self.sender.ssrc, self.sender.info(ntp(utc_ms)));
        let reports = self.receiver.report(now).into_iter().collect();
        let report = match sent.packets {
            0 => RtcpPacket::ReceiverReport { ssrc, reports },
            _ => RtcpPacket::SenderReport { ssrc, sent, reports },
        };
        let packets: Vec<_> = [report, RtcpPacket::cname(ssrc, name)].into_iter().chain(last).collect();
        let local = SocketAddr::new(self.local.ip(), self.local.port().saturating_add(1));
        Some(Sent { local, remote: agreed.control, bytes: rtcp_bytes(&packets) })
    }
}

const REPORTS: Duration = Duration::from_secs(5);
