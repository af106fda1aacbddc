//! A conference server and phones, joined in memory.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use protocol::rtp::{FRAME_SAMPLES, G711, RtcpPacket, RtpReceiver, RtpSender, Tone, amplitude_of, parse_rtcp};
use protocol::sip::sdp::Sdp;
use protocol::sip::*;
use protocol::xml::{ConferenceInfo, Roster};
use protocol::{Entropy, Instant};

use crate::ims::service::SessionServerConfig;
use crate::ims::{ConferenceConfig, ConferenceServer};
use crate::node::{Node, NodeInput, NodeOutput};

pub(super) const FOCUS: &str = "10.46.0.13:5060";
const LATENCY: Duration = Duration::from_millis(3);
const TICK: Duration = Duration::from_millis(20);
/// What a second of tone has as its largest sample.
pub(super) const LOUD: f64 = 4000.0;

pub(super) struct Net {
    pub(super) now: Instant,
    pub(super) server: ConferenceServer,
    pub(super) phones: Vec<Phone>,
    wire: BTreeMap<(Instant, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    count: u64,
    /// Phones that are gone without a word.
    pub(super) dead: Vec<usize>,
}

pub(super) struct Phone {
    pub(super) ua: UserAgent,
    pub(super) address: SocketAddr,
    pub(super) told: Vec<UserAgentEvent>,
    pub(super) roster: Roster,
    /// Each document, in its order.
    pub(super) documents: Vec<ConferenceInfo>,
    pub(super) control: Vec<RtcpPacket>,
    /// Answers calls; else they ring.
    pub(super) answers: bool,
    pub(super) session: Option<SessionId>,
    tone: Tone,
    sender: RtpSender,
    pub(super) receiver: RtpReceiver,
    heard: Vec<i16>,
    remote: Option<SocketAddr>,
    next: Instant,
    pub(super) packets: Vec<(Instant, Vec<u8>)>,
}

pub(super) fn tone_of(n: usize) -> f64 {
    400.0 + 300.0 * n as f64
}

pub(super) fn identity(n: usize) -> String {
    format!("sip:user{n}@ims.test")
}

pub(super) fn config() -> ConferenceConfig {
    let mut config =
        ConferenceConfig::new(SessionServerConfig::new("conference.test", "ims.test", FOCUS.parse().unwrap()));
    config.sip.ports = (49152, 49171);
    for n in 0..8 {
        // Users are called where they are: there is no CSCF between.
        config.sip.hosts.insert(&format!("user{n}.test"), address(n), Transport::Udp);
    }
    config
}

fn address(n: usize) -> SocketAddr {
    SocketAddr::from(([10, 45, 0, n as u8 + 1], 5060))
}

impl Phone {
    fn new(n: usize) -> Self {
        let address = address(n);
        let mut stack = StackConfig::user_agent(vec![(Transport::Udp, address)], address.ip().to_string());
        stack.hosts.insert("conference.test", FOCUS.parse().unwrap(), Transport::Udp);
        let from = NameAddr::new(Uri::parse(&identity(n)).unwrap());
        let contact = NameAddr::new(Uri::parse(&format!("sip:user{n}@{address}")).unwrap());
        let mut profile = UserAgentProfile::new(from.clone(), contact);
        profile.outside = vec![("P-Asserted-Identity".to_owned(), from.to_string())];
        let session = SessionSettings { session_expires_s: Some(100), ..SessionSettings::default() };
        let mut entropy = Entropy::of_box(7, &format!("phone {n}"));
        let law = if n.is_multiple_of(2) { G711::A } else { G711::Mu };
        Self {
            sender: RtpSender::new(&mut entropy, law),
            ua: UserAgent::new(UserAgentConfig { stack, profile, session }, entropy),
            address,
            told: Vec::new(),
            roster: Roster::default(),
            documents: Vec::new(),
            control: Vec::new(),
            answers: true,
            session: None,
            tone: Tone::new(tone_of(n), LOUD),
            receiver: RtpReceiver::default(),
            heard: Vec::new(),
            remote: None,
            next: Instant::ZERO,
            packets: Vec::new(),
        }
    }

    pub(super) fn rtp(&self) -> SocketAddr {
        SocketAddr::new(self.address.ip(), 4000)
    }

    pub(super) fn sdp(&self, direction: &str) -> Vec<u8> {
        let (ip, kind) = (self.address.ip(), self.sender.law.payload_type());
        format!(
            "v=0\r\no=u 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 4000 RTP/AVP {kind} 101\r\n\
             a=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
        )
        .into_bytes()
    }

    /// How loud the tones of all phones are in what was heard last.
    pub(super) fn hears(&self) -> Vec<usize> {
        let last = &self.heard[self.heard.len().saturating_sub(3200)..];
        (0..8).filter(|&n| amplitude_of(tone_of(n), last) > LOUD / 2.0).collect()
    }

    pub(super) fn silence(&mut self) {
        self.heard.clear();
    }

    pub(super) fn responses(&self) -> Vec<u16> {
        let of = |event: &UserAgentEvent| match event {
            UserAgentEvent::Response { result, .. } => Some(result.as_ref().map_or(0, |response| response.status)),
            _ => None,
        };
        self.told.iter().filter_map(of).collect()
    }

    pub(super) fn subscriber(&self) -> Vec<SubscriberEvent> {
        let of = |event: &UserAgentEvent| match event {
            UserAgentEvent::Subscriber(_, event) => Some(event.clone()),
            _ => None,
        };
        self.told.iter().filter_map(of).collect()
    }

    /// Statuses of the pieces of messages that it was told.
    pub(super) fn told_of_refer(&self) -> Vec<u16> {
        let of = |event| match event {
            SubscriberEvent::Notified { body, .. } => sipfrag_status(&body),
            _ => None,
        };
        self.subscriber().into_iter().filter_map(of).collect()
    }

    pub(super) fn ended(&self) -> Option<EndedWhy> {
        let of = |event: &UserAgentEvent| match event {
            UserAgentEvent::Session(_, SessionEvent::Ended { why }) => Some(why.clone()),
            _ => None,
        };
        self.told.iter().rev().find_map(of)
    }

    fn event(&mut self, now: Instant, event: UserAgentEvent) {
        match &event {
            UserAgentEvent::Incoming { session, .. } => {
                self.session = Some(*session);
                let sdp = self.sdp("sendrecv");
                self.ua.progress(now, *session, 180, None).unwrap();
                if self.answers {
                    self.ua.accept(now, *session, &sdp).unwrap();
                }
            }
            UserAgentEvent::Session(_, SessionEvent::Established { sdp } | SessionEvent::Modified { sdp, .. }) => {
                let sdp = Sdp::parse(sdp).unwrap();
                let ip = sdp.connection_of(0).unwrap().address.parse().unwrap();
                let sends = sdp.direction_of(0).receives();
                self.remote = sends.then(|| SocketAddr::new(ip, sdp.media[0].port));
                self.next = now + TICK;
            }
            UserAgentEvent::Session(_, SessionEvent::Ended { .. }) => (self.remote, self.session) = (None, None),
            UserAgentEvent::Subscriber(_, SubscriberEvent::Notified { content_type, body, .. })
                if content_type.contains("conference-info") =>
            {
                let info = ConferenceInfo::parse(std::str::from_utf8(body).unwrap()).unwrap();
                self.roster.apply(info.clone()).unwrap();
                self.documents.push(info);
            }
            UserAgentEvent::Request { key, request, .. } => {
                let response = Response::to(request, 200, None);
                self.ua.respond(now, *key, response);
            }
            _ => {}
        }
        self.told.push(event);
    }
}

impl Net {
    pub(super) fn new(phones: usize, config: ConferenceConfig) -> Self {
        let server = ConferenceServer::new(config, Entropy::of_box(7, "conference")).unwrap();
        let (wire, dead) = Default::default();
        Self { now: Instant::ZERO, server, phones: (0..phones).map(Phone::new).collect(), wire, count: 0, dead }
    }

    /// A phone calls the factory; the URI of the conference that it gets.
    pub(super) fn create(&mut self, n: usize) -> String {
        self.join(n, "sip:conference-factory@conference.test");
        self.run_ms(200);
        let key = self.server.conferences.keys().next().expect("no conference").clone();
        format!("sip:{key}@conference.test")
    }

    pub(super) fn join(&mut self, n: usize, uri: &str) {
        let (now, sdp) = (self.now, self.phones[n].sdp("sendrecv"));
        let session = self.phones[n].ua.invite(now, Uri::parse(uri).unwrap(), &sdp, &[]);
        self.phones[n].session = Some(session);
    }

    pub(super) fn leave(&mut self, n: usize) {
        let session = self.phones[n].session.unwrap();
        self.phones[n].ua.hang_up(self.now, session).unwrap();
    }

    /// REFER to a conference about another phone.
    pub(super) fn refer(&mut self, n: usize, uri: &str, other: usize, method: &str) {
        let refer_to = format!("<sip:user{other}@user{other}.test;method={method}>");
        self.refer_to(n, uri, &refer_to);
    }

    pub(super) fn refer_to(&mut self, n: usize, uri: &str, refer_to: &str) {
        let wanted = ReferRequest { to: uri.into(), refer_to: refer_to.into(), ..ReferRequest::default() };
        self.phones[n].ua.refer(self.now, &wanted).unwrap();
    }

    pub(super) fn watch(&mut self, n: usize, uri: &str, expires_s: u32) -> SubscriberId {
        let wanted = SubscriptionRequest {
            to: uri.into(),
            event: "conference".into(),
            accept: "application/conference-info+xml".into(),
            expires_s,
            headers: Vec::new(),
        };
        self.phones[n].ua.subscribe(self.now, &wanted).unwrap()
    }

    pub(super) fn run_ms(&mut self, ms: u64) {
        self.run(Duration::from_millis(ms));
    }

    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.drain();
            let phones = self.phones.iter().enumerate().filter(|(n, _)| !self.dead.contains(n));
            let phones = phones.flat_map(|(_, p)| [p.ua.poll_timeout(), p.remote.map(|_| p.next)]).flatten();
            let wire = self.wire.keys().map(|(at, _)| *at);
            let Some(due) = phones.chain(wire).chain(self.server.poll_timeout()).min().filter(|due| *due <= end) else {
                break;
            };
            self.now = self.now.max(due);
            let later = self.wire.split_off(&(self.now + Duration::from_nanos(1), 0));
            for (from, to, bytes) in std::mem::replace(&mut self.wire, later).into_values() {
                self.arrive(from, to, &bytes);
            }
            if self.server.poll_timeout().is_some_and(|due| due <= self.now) {
                self.server.handle_timeout(self.now);
            }
            self.phones_tick();
        }
        self.now = end;
    }

    fn phones_tick(&mut self) {
        let now = self.now;
        let mut sent = Vec::new();
        for (n, phone) in self.phones.iter_mut().enumerate() {
            if self.dead.contains(&n) {
                continue;
            }
            if phone.ua.poll_timeout().is_some_and(|due| due <= now) {
                phone.ua.handle_timeout(now);
            }
            if let Some(remote) = phone.remote.filter(|_| phone.next <= now) {
                phone.next = phone.next + TICK;
                let samples = phone.tone.samples(FRAME_SAMPLES);
                sent.push((phone.rtp(), remote, phone.sender.packet(&samples, &[])));
                let heard = phone.receiver.pop(FRAME_SAMPLES).unwrap_or_else(|| vec![0; FRAME_SAMPLES]);
                phone.heard.extend(heard);
            }
        }
        sent.into_iter().for_each(|(from, to, bytes)| self.post(from, to, bytes));
    }

    pub(super) fn post(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        self.count += 1;
        self.wire.insert((self.now + LATENCY, self.count), (from, to, bytes));
    }

    fn arrive(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let now = self.now;
        let flow = Flow { transport: Transport::Udp, local: to, remote: from };
        if to.ip().to_string() == "10.46.0.13" {
            let input = match to.port() {
                5060 => NodeInput::Sip { flow, bytes },
                _ => NodeInput::Datagram { local: to, remote: from, bytes },
            };
            return self.server.handle_input(now, input);
        }
        let Some(n) = self.phones.iter().position(|phone| phone.address.ip() == to.ip()) else { return };
        if self.dead.contains(&n) {
            return;
        }
        let phone = &mut self.phones[n];
        match to.port() {
            5060 => phone.ua.handle_input(now, StackInput::Received { flow, bytes }),
            4000 => {
                phone.packets.push((now, bytes.to_vec()));
                phone.receiver.receive(now, bytes).unwrap();
            }
            4001 => phone.control.extend(parse_rtcp(bytes).unwrap()),
            other => panic!("a datagram to port {other} of a phone"),
        }
    }

    fn drain(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.server.poll_output() {
                quiet = false;
                match output {
                    NodeOutput::Sip { target, bytes } => self.post(FOCUS.parse().unwrap(), target.remote, bytes),
                    NodeOutput::Datagram { local, remote, bytes } => self.post(local, remote, bytes),
                    NodeOutput::Note(note) => println!("{} {note}", self.now),
                    other => panic!("{other:?}"),
                }
            }
            for n in 0..self.phones.len() {
                while let Some(output) = self.phones[n].ua.poll_output() {
                    quiet = false;
                    match output {
                        UserAgentOutput::Transmit { target, bytes } => {
                            let from = self.phones[n].address;
                            self.post(from, target.remote, bytes);
                        }
                        UserAgentOutput::Event(event) => {
                            let now = self.now;
                            self.phones[n].event(now, event);
                        }
                    }
                }
            }
            if quiet {
                return;
            }
        }
    }
}
