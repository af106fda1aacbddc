//! A phone on sockets that sends a tone and measures what it hears.

use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use core_network::net::LiveClock;
use protocol::rtp::{AudioPeer, FRAME_SAMPLES, G711, RtpReceiver, RtpSender, Tone, amplitude_of, audio_offer};
use protocol::sip::*;
use protocol::xml::{ConferenceInfo, Roster};
use protocol::{Entropy, Instant};

/// What is looked at of what was heard: half a second.
const KEPT: usize = 4000;
const TICK: Duration = Duration::from_millis(20);

pub(crate) struct Phone {
    clock: LiveClock,
    ua: UserAgent,
    sip: UdpSocket,
    rtp: UdpSocket,
    session: Option<SessionId>,
    peer: Option<AudioPeer>,
    next: Instant,
    tone: Tone,
    sender: RtpSender,
    receiver: RtpReceiver,
    heard: VecDeque<i16>,
    roster: Roster,
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

impl Phone {
    pub(crate) fn new(name: &str, frequency: f64, loud: f64, focus: SocketAddr) -> Self {
        let (sip, rtp) = (socket(), socket());
        let own = sip.local_addr().unwrap();
        let mut entropy = Entropy::of_box(u64::from(focus.port()), name);
        let stack = StackConfig::user_agent(vec![(Transport::Udp, own)], own.to_string());
        let from = NameAddr::new(Uri::parse(&format!("sip:{name}@example.test")).unwrap());
        let contact = NameAddr::new(Uri::parse(&format!("sip:{name}@{own}")).unwrap());
        let mut profile = UserAgentProfile::new(from.clone(), contact);
        profile.outside = vec![("P-Asserted-Identity".to_owned(), from.to_string())];
        let config = UserAgentConfig { stack, profile, session: SessionSettings::default() };
        Self {
            clock: LiveClock::start(),
            sender: RtpSender::new(&mut entropy, G711::Mu),
            ua: UserAgent::new(config, entropy),
            sip,
            rtp,
            session: None,
            peer: None,
            next: Instant::ZERO,
            tone: Tone::new(frequency, loud),
            receiver: RtpReceiver::default(),
            heard: VecDeque::new(),
            roster: Roster::default(),
        }
    }

    pub(crate) fn call(&mut self, uri: &str) {
        let offer = audio_offer(1, self.rtp.local_addr().unwrap(), &[G711::Mu]).to_bytes();
        self.session = Some(self.ua.invite(self.clock.now(), Uri::parse(uri).unwrap(), &offer, &[]));
    }

    pub(crate) fn hang_up(&mut self) {
        self.ua.hang_up(self.clock.now(), self.session.unwrap()).unwrap();
    }

    pub(crate) fn watch(&mut self, uri: &str) {
        let (event, accept) = ("conference".to_owned(), "application/conference-info+xml".to_owned());
        let wanted = SubscriptionRequest { to: uri.to_owned(), event, accept, expires_s: 600, headers: Vec::new() };
        self.ua.subscribe(self.clock.now(), &wanted).unwrap();
    }

    pub(crate) fn is_in(&self) -> bool {
        self.peer.is_some()
    }

    /// URI of the conference: where requests of the dialog go.
    pub(crate) fn focus(&mut self) -> String {
        self.ua.session_request(self.session.unwrap(), Method::OPTIONS).unwrap().uri.to_string()
    }

    pub(crate) fn roster(&self) -> Vec<String> {
        self.roster.connected().into_iter().map(str::to_owned).collect()
    }

    pub(crate) fn amplitude_of(&self, frequency: f64) -> f64 {
        amplitude_of(frequency, &self.heard.iter().copied().collect::<Vec<_>>())
    }

    /// Lets them work until it is so; false when it has not become so in that many seconds.
    pub(crate) fn run_until(phones: &mut [Self], seconds: u64, is_so: impl Fn(&[Self]) -> bool) -> bool {
        let end = phones[0].clock.now() + Duration::from_secs(seconds);
        while phones[0].clock.now() < end {
            phones.iter_mut().for_each(Self::work);
            if is_so(phones) {
                return true;
            }
            std::thread::park_timeout(Duration::from_millis(2));
        }
        false
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
            self.receiver.receive(now, &buffer[..count]).unwrap();
        }
        if self.ua.poll_timeout().is_some_and(|due| due <= now) {
            self.ua.handle_timeout(now);
        }
        while let Some(output) = self.ua.poll_output() {
            match output {
                UserAgentOutput::Transmit { target, bytes } => drop(self.sip.send_to(&bytes, target.remote)),
                UserAgentOutput::Event(event) => self.event(now, &event),
            }
        }
        while let Some(peer) = self.peer.filter(|_| self.next <= now) {
            self.next = self.next + TICK;
            let packet = self.sender.packet(&self.tone.samples(FRAME_SAMPLES), &[]);
            self.rtp.send_to(&packet, peer.remote).unwrap();
            self.heard.extend(self.receiver.pop(FRAME_SAMPLES).unwrap_or_else(|| vec![0; FRAME_SAMPLES]));
            let surplus = self.heard.len().saturating_sub(KEPT);
            self.heard.drain(..surplus);
        }
    }

    fn event(&mut self, now: Instant, event: &UserAgentEvent) {
        match event {
            UserAgentEvent::Session(_, SessionEvent::Established { sdp }) => {
                self.peer = AudioPeer::of(sdp);
                self.next = now + TICK;
            }
            UserAgentEvent::Session(_, SessionEvent::Ended { why }) => {
                println!("ended: {why}");
                self.peer = None;
            }
            UserAgentEvent::Subscriber(_, SubscriberEvent::Notified { body, .. }) if !body.is_empty() => {
                let info = ConferenceInfo::parse(std::str::from_utf8(body).unwrap()).unwrap();
                self.roster.apply(info).unwrap();
            }
            _ => {}
        }
    }
}
