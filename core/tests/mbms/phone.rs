//! Members of groups on sockets: they call or are called, take the bearer that they are told of, and speak in RTP.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use core_network::net::LiveClock;
use protocol::Entropy;
use protocol::rtp::RtpPacket;
use protocol::sip::sdp::{MbmsMedia, Sdp};
use protocol::sip::{
    EutranCell, Flow, MBMS_FEATURE, NameAddr, PAccessNetworkInfo, SessionEvent, SessionId, SessionSettings,
    StackConfig, StackInput, Transport, Uri, UserAgent, UserAgentConfig, UserAgentEvent, UserAgentOutput,
    UserAgentProfile,
};

/// PCMA.
const PAYLOAD_TYPE: u8 = 8;

/// A UE that can receive MBMS, in a cell.
pub(crate) struct Phone {
    clock: LiveClock,
    identity: String,
    cell: EutranCell,
    sip: UdpSocket,
    rtp: UdpSocket,
    ua: UserAgent,
    session: Option<SessionId>,
    /// Where its RTP goes.
    remote: Option<SocketAddr>,
    mbms: Option<MbmsMedia>,
    /// SSRC and sequence number of what came over unicast.
    heard: BTreeSet<(u32, u16)>,
    sequence: u16,
}

fn socket(ip: Ipv4Addr) -> UdpSocket {
    let socket = UdpSocket::bind((ip, 0)).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

impl Phone {
    pub(crate) fn new(ip: Ipv4Addr, name: &str, cell: EutranCell) -> Self {
        let (sip, rtp) = (socket(ip), socket(ip));
        let identity = format!("sip:{name}@{}", sip.local_addr().unwrap());
        Self {
            clock: LiveClock::start(),
            ua: user_agent(&identity, sip.local_addr().unwrap(), cell, 0),
            identity,
            cell,
            sip,
            rtp,
            session: None,
            remote: None,
            mbms: None,
            heard: BTreeSet::new(),
            sequence: 0,
        }
    }

    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// It is turned off and on.
    pub(crate) fn restart(&mut self, seed: u8) {
        self.ua = user_agent(&self.identity, self.sip.local_addr().unwrap(), self.cell, seed);
        (self.session, self.remote, self.mbms) = (None, None, None);
        self.heard.clear();
    }

    pub(crate) const fn is_in(&self) -> bool {
        self.remote.is_some()
    }

    /// It was told of a bearer.
    pub(crate) const fn mbms(&self) -> Option<MbmsMedia> {
        self.mbms
    }

    pub(crate) fn has_heard(&self, ssrc: u32, sequence: u16) -> bool {
        self.heard.contains(&(ssrc, sequence))
    }

    pub(crate) fn call(&mut self, uri: &str) {
        let sdp = self.sdp();
        self.session = Some(self.ua.invite(self.clock.now(), Uri::parse(uri).unwrap(), &sdp, &[]));
        self.work();
    }

    pub(crate) fn hang_up(&mut self) {
        if let Some(session) = self.session.take() {
            // One that has just ended has nothing to end.
            let _ = self.ua.hang_up(self.clock.now(), session);
        }
        self.work();
    }

    /// 20 ms of silence; its sequence number.
    pub(crate) fn say(&mut self, ssrc: u32) -> u16 {
        self.sequence += 1;
        let packet = RtpPacket {
            payload_type: PAYLOAD_TYPE,
            sequence: self.sequence,
            timestamp: u32::from(self.sequence) * 160,
            ssrc,
            payload: vec![0xd5; 160],
            ..RtpPacket::default()
        };
        self.rtp.send_to(&packet.to_bytes(), self.remote.unwrap()).unwrap();
        self.sequence
    }

    /// Lets them work until it is so; false when it does not become so in time.
    pub(crate) fn until(phones: &mut [Self], patience: Duration, mut is_so: impl FnMut(&[Self]) -> bool) -> bool {
        let end = phones[0].clock.now() + patience;
        loop {
            phones.iter_mut().for_each(Self::work);
            if is_so(phones) {
                return true;
            }
            if phones[0].clock.now() > end {
                return false;
            }
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }

    fn sdp(&self) -> Vec<u8> {
        let at = self.rtp.local_addr().unwrap();
        let (ip, port) = (at.ip(), at.port());
        let head = format!("v=0\r\no=u 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n");
        format!("{head}m=audio {port} RTP/AVP {PAYLOAD_TYPE}\r\n").into_bytes()
    }

    fn work(&mut self) {
        let now = self.clock.now();
        let mut buffer = [0; 4096];
        let local = self.sip.local_addr().unwrap();
        while let Ok((count, remote)) = self.sip.recv_from(&mut buffer) {
            let flow = Flow { transport: Transport::Udp, local, remote };
            self.ua.handle_input(now, StackInput::Received { flow, bytes: &buffer[..count] });
        }
        while let Ok((count, _)) = self.rtp.recv_from(&mut buffer) {
            if let Ok(packet) = RtpPacket::parse(&buffer[..count]) {
                self.heard.insert((packet.ssrc, packet.sequence));
            }
        }
        if self.ua.poll_timeout().is_some_and(|due| due <= now) {
            self.ua.handle_timeout(now);
        }
        while let Some(output) = self.ua.poll_output() {
            match output {
                // A server that was killed is not there.
                UserAgentOutput::Transmit { target, bytes } => drop(self.sip.send_to(&bytes, target.remote)),
                UserAgentOutput::Event(event) => self.event(event),
            }
        }
    }

    fn event(&mut self, event: UserAgentEvent) {
        match event {
            UserAgentEvent::Incoming { session, .. } => {
                self.session = Some(session);
                self.ua.set_answer_headers(session, vec![location(self.cell)]);
                let sdp = self.sdp();
                self.ua.accept(self.clock.now(), session, &sdp).unwrap();
            }
            UserAgentEvent::Session(
                session,
                SessionEvent::Established { sdp } | SessionEvent::Modified { sdp, .. },
            ) if self.session == Some(session) => {
                let sdp = Sdp::parse(&sdp).unwrap();
                let ip = sdp.connection_of(0).unwrap().address.parse().unwrap();
                self.remote = Some(SocketAddr::new(ip, sdp.media[0].port));
                self.mbms = MbmsMedia::find(&sdp).map(|(_, mbms)| mbms);
            }
            UserAgentEvent::Session(_, SessionEvent::Ended { .. }) => {
                (self.session, self.remote, self.mbms) = (None, None, None);
            }
            _ => {}
        }
    }
}

fn location(cell: EutranCell) -> (String, String) {
    ("P-Access-Network-Info".to_owned(), PAccessNetworkInfo::of_cell(cell).to_string())
}

fn user_agent(identity: &str, own: SocketAddr, cell: EutranCell, seed: u8) -> UserAgent {
    let stack = StackConfig::user_agent(vec![(Transport::Udp, own)], own.to_string());
    let from = NameAddr::new(Uri::parse(identity).unwrap());
    let mut contact = from.clone();
    contact.params.set_flag(MBMS_FEATURE);
    let mut profile = UserAgentProfile::new(from.clone(), contact);
    profile.outside = vec![("P-Asserted-Identity".to_owned(), from.to_string())];
    profile.always = vec![location(cell)];
    let session = SessionSettings { takes_mbms: true, ..SessionSettings::default() };
    let entropy = Entropy::of_box(u64::from(own.port()) << 8 | u64::from(seed), identity);
    UserAgent::new(UserAgentConfig { stack, profile, session }, entropy)
}
