//! User agents joined in memory.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::sip::*;
use crate::{Entropy, Instant};

pub(super) const OFFER: &[u8] = b"v=0\r\no=a 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n\
m=audio 4000 RTP/AVP 97 8\r\na=rtpmap:97 AMR-WB/16000\r\n";
pub(super) const ANSWER: &[u8] = b"v=0\r\no=b 2 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n\
m=audio 5000 RTP/AVP 97\r\na=rtpmap:97 AMR-WB/16000\r\n";

/// Calls at one instant: more is a busy loop.
const MOST_AT_ONCE: u32 = 10_000;

/// What a scripted peer does with a message: what it sends back.
pub(super) type Script = Box<dyn FnMut(SipMessage) -> Vec<SipMessage>>;

/// Is a message lost? By its words and how often they were sent.
type Loses = Box<dyn FnMut(&str, usize) -> bool>;

pub(super) struct Net {
    pub(super) now: Instant,
    pub(super) agents: Vec<UserAgent>,
    /// What each was told.
    pub(super) told: Vec<Vec<UserAgentEvent>>,
    /// First words of what was sent: from, to, method or status and method.
    pub(super) log: Vec<(usize, String)>,
    pub(super) bytes: Vec<(usize, Vec<u8>)>,
    /// Per mille.
    pub(super) loss: u32,
    /// Is a message lost? By its words and how often they were sent.
    pub(super) loses: Loses,
    /// Instead of the agent at that place.
    pub(super) scripts: BTreeMap<usize, Script>,
    entropy: Entropy,
    wire: BTreeMap<(Instant, u64), (usize, usize, Vec<u8>)>,
    count: u64,
}

pub(super) fn address(n: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, n as u8 + 1], 5060))
}

pub(super) fn uri(n: usize) -> Uri {
    Uri::parse(&format!("sip:ue{n}@{}", address(n))).unwrap()
}

impl Net {
    pub(super) fn new(count: usize, seed: u64) -> Self {
        Self::with(count, seed, |_| SessionSettings::default())
    }

    pub(super) fn with(count: usize, seed: u64, settings: impl Fn(usize) -> SessionSettings) -> Self {
        let agent = |n: usize| {
            let local = vec![(Transport::Udp, address(n))];
            let stack = StackConfig::user_agent(local, address(n).ip().to_string());
            let from = NameAddr::new(Uri::parse(&format!("sip:ue{n}@home")).unwrap());
            let profile = UserAgentProfile::new(from, NameAddr::new(uri(n)));
            UserAgent::new(
                UserAgentConfig { stack, profile, session: settings(n) },
                Entropy::of_box(seed, &n.to_string()),
            )
        };
        Self {
            now: Instant::ZERO,
            agents: (0..count).map(agent).collect(),
            told: vec![Vec::new(); count],
            log: Vec::new(),
            bytes: Vec::new(),
            loss: 0,
            loses: Box::new(|_, _| false),
            scripts: BTreeMap::new(),
            entropy: Entropy::of_box(seed, "net"),
            wire: BTreeMap::new(),
            count: 0,
        }
    }

    /// Runs so long.
    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        let mut at_once = (self.now, 0);
        loop {
            self.drain();
            let due = self.agents.iter().filter_map(UserAgent::poll_timeout).chain(self.wire.keys().map(|k| k.0)).min();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            self.now = self.now.max(due);
            at_once = if at_once.0 == self.now { (self.now, at_once.1 + 1) } else { (self.now, 0) };
            assert!(at_once.1 < MOST_AT_ONCE, "a busy loop at {}", self.now);
            while let Some(entry) = self.wire.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let (from, to, bytes) = entry.remove();
                self.arrive(from, to, &bytes);
            }
            for agent in &mut self.agents {
                if agent.poll_timeout().is_some_and(|due| due <= self.now) {
                    agent.handle_timeout(self.now);
                }
            }
        }
        self.now = end;
    }

    pub(super) fn run_ms(&mut self, ms: u64) {
        self.run(Duration::from_millis(ms));
    }

    /// What an agent was told about sessions.
    pub(super) fn sessions(&self, n: usize) -> Vec<SessionEvent> {
        let of = |event: &UserAgentEvent| match event {
            UserAgentEvent::Session(_, event) => Some(event.clone()),
            _ => None,
        };
        self.told[n].iter().filter_map(of).collect()
    }

    pub(super) fn ended(&self, n: usize) -> Option<EndedWhy> {
        let ended: Vec<_> = self
            .sessions(n)
            .into_iter()
            .filter_map(|event| if let SessionEvent::Ended { why } = event { Some(why) } else { None })
            .collect();
        assert!(ended.len() <= 1, "ended more than once: {ended:?}");
        ended.into_iter().next()
    }

    /// The session that an agent was offered.
    pub(super) fn offered(&self, n: usize) -> SessionId {
        let of = |event: &UserAgentEvent| match event {
            UserAgentEvent::Incoming { session, .. } => Some(*session),
            _ => None,
        };
        self.told[n].iter().rev().find_map(of).expect("no session was offered")
    }

    pub(super) fn count(&self, from: usize, words: &str) -> usize {
        self.log.iter().filter(|(sender, sent)| *sender == from && sent == words).count()
    }

    /// The newest message with these words of an agent.
    pub(super) fn newest(&self, from: usize, words: &str) -> SipMessage {
        let at = self.log.iter().rposition(|(sender, sent)| *sender == from && sent == words).expect(words);
        SipMessage::parse(&self.bytes[at].1).unwrap()
    }

    /// Says words as they are on the wire.
    pub(super) fn inject(&mut self, from: usize, to: usize, bytes: Vec<u8>) {
        self.count += 1;
        self.wire.insert((self.now + Duration::from_millis(10), self.count), (from, to, bytes));
    }

    fn drain(&mut self) {
        for n in 0..self.agents.len() {
            while let Some(output) = self.agents[n].poll_output() {
                match output {
                    UserAgentOutput::Event(event) => self.told[n].push(event),
                    UserAgentOutput::Transmit { target, bytes } => self.transmit(n, target.remote, bytes),
                }
            }
        }
    }

    fn transmit(&mut self, from: usize, to: SocketAddr, bytes: Vec<u8>) {
        let what = words(&SipMessage::parse(&bytes).unwrap());
        let times = self.count(from, &what);
        self.log.push((from, what.clone()));
        self.bytes.push((from, bytes.clone()));
        let to = (0..self.agents.len()).find(|n| address(*n) == to);
        let lost = (self.loses)(&what, times) || self.entropy.below(1000) < self.loss;
        if let Some(to) = to.filter(|_| !lost) {
            self.inject(from, to, bytes);
        }
    }

    fn arrive(&mut self, from: usize, to: usize, bytes: &[u8]) {
        if let Some(script) = self.scripts.get_mut(&to) {
            for message in script(SipMessage::parse(bytes).unwrap()) {
                self.log.push((to, words(&message)));
                let bytes = message.to_bytes();
                self.bytes.push((to, bytes.clone()));
                self.inject(to, from, bytes);
            }
            return;
        }
        let flow = Flow { transport: Transport::Udp, local: address(to), remote: address(from) };
        self.agents[to].handle_input(self.now, StackInput::Received { flow, bytes });
    }
}

fn words(message: &SipMessage) -> String {
    match message {
        SipMessage::Request(request) => request.method.to_string(),
        SipMessage::Response(response) => {
            let method = response.cseq().unwrap().unwrap().method;
            format!("{} {method}", response.status)
        }
    }
}
