//! UE agents on sockets of their own.

use std::net::SocketAddr;
use std::time::Duration;

use hil::agent::sip::{
    AgentCommand, AgentConfig, AgentEvent, AgentInput, AgentOutput, CallId, OutgoingMessage, SecurityMode, UeAgent,
};
use hil::sim::{SimCard, SimUsim};
use protocol::sip::{Flow, Target, Transport};
use protocol::{Entropy, Instant};

use super::lab::{DOMAIN, K, OP, impi, imsi, now};
use super::link::Link;

/// A UE with a SIM.
pub(crate) struct Ue {
    link: Link,
    agent: UeAgent,
    usim: SimUsim,
    start: std::time::Instant,
    /// What its user was told and has not looked at.
    pub(crate) events: Vec<AgentEvent>,
    /// Challenges that its SIM answered with a request to resynchronise.
    pub(crate) challenges: Vec<Vec<u8>>,
}

impl Ue {
    /// On UDP.
    pub(crate) fn new(n: usize, pcscf: SocketAddr) -> Self {
        Self::on(Link::udp(), n, pcscf)
    }

    /// On a link.
    pub(crate) fn on(link: Link, n: usize, pcscf: SocketAddr) -> Self {
        Self::with(link, n, pcscf, |_| {})
    }

    /// On a link, with other settings.
    pub(crate) fn with(link: Link, n: usize, pcscf: SocketAddr, change: impl FnOnce(&mut AgentConfig)) -> Self {
        let hex = |text: &[u8]| text.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let target = Target { transport: link.transport(), remote: pcscf, flow: None };
        let contact = link.local();
        let mut config = AgentConfig::new(&impi(n), &format!("sip:user{n}@{DOMAIN}"), DOMAIN, target, contact);
        config.persistent = false;
        if link.transport() == Transport::Tls {
            config.security = SecurityMode::Tls;
        }
        change(&mut config);
        let card = SimCard {
            imsi: imsi(n),
            k: hex(K.as_bytes()).try_into().unwrap(),
            opc: hex(&opc()).try_into().unwrap(),
            ..SimCard::default()
        };
        let agent = UeAgent::new(config, Entropy::from_seed([n as u8; 32]));
        let (events, challenges) = (Vec::new(), Vec::new());
        Self { link, agent, usim: SimUsim::new(&card), start: now(), events, challenges }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.link.local()
    }

    pub(crate) fn time(&self) -> Instant {
        Instant::from_nanos(self.start.elapsed().as_nanos() as u64)
    }

    pub(crate) fn command(&mut self, command: AgentCommand) {
        let now = self.time();
        self.agent.handle_input(now, AgentInput::Command(command));
        self.drain();
    }

    pub(crate) fn message(&mut self, token: u64, to: &str, text: &str) {
        let (to, body) = (to.to_owned(), text.as_bytes().to_vec());
        let message = OutgoingMessage { token, to, content_type: "text/plain".into(), body, headers: Vec::new() };
        self.command(AgentCommand::Message(message));
    }

    /// Sends a message to `other`, who gets it.
    pub(crate) fn sends_message(&mut self, other: &mut Self, to: &str, text: &str, told: &dyn Fn() -> String) {
        self.message(7, to, text);
        let result = |e: &AgentEvent| match e {
            AgentEvent::MessageResult { result, .. } => Some(result.clone()),
            _ => None,
        };
        let result = self.until(&mut [other], 20, result);
        assert!(matches!(result, Some(Ok(200))), "{result:?}\n{}", told());
        let got =
            |e: &AgentEvent| matches!(e, AgentEvent::MessageReceived(m) if m.body == text.as_bytes()).then_some(());
        assert_eq!(other.until(&mut [self], 5, got), Some(()), "{:?}", other.events);
    }

    /// Takes what has come and lets time pass, a few milliseconds.
    pub(crate) fn turn(&mut self) {
        for (remote, bytes) in self.link.receive() {
            let flow = Flow { transport: self.link.transport(), local: self.link.local(), remote };
            let now = self.time();
            self.agent.handle_input(now, AgentInput::Sip { flow, bytes: &bytes });
        }
        let now = self.time();
        if self.agent.poll_timeout().is_some_and(|due| due <= now) {
            self.agent.handle_timeout(now);
        }
        self.drain();
    }

    /// The first event that `wanted` takes, which others wait for too.
    pub(crate) fn until<T>(
        &mut self,
        others: &mut [&mut Self],
        seconds: u64,
        wanted: impl Fn(&AgentEvent) -> Option<T>,
    ) -> Option<T> {
        let end = now() + Duration::from_secs(seconds);
        while now() < end {
            if let Some((at, found)) = self.events.iter().enumerate().find_map(|(at, e)| Some((at, wanted(e)?))) {
                self.events.drain(..=at);
                return Some(found);
            }
            self.turn();
            others.iter_mut().for_each(|other| other.turn());
        }
        None
    }

    /// Registers; whether it was told so.
    pub(crate) fn registers(&mut self, seconds: u64) -> bool {
        self.command(AgentCommand::Register);
        let outcome = |e: &AgentEvent| match e {
            AgentEvent::Registered(_) => Some(true),
            AgentEvent::RegistrationFailed { .. } => Some(false),
            _ => None,
        };
        self.until(&mut [], seconds, outcome).unwrap_or(false)
    }

    fn drain(&mut self) {
        while let Some(output) = self.agent.poll_output() {
            match output {
                AgentOutput::Sip { target, bytes } => self.link.send(target.remote, &bytes),
                AgentOutput::Authenticate(challenge) => {
                    self.challenges.push([&challenge.rand[..], &challenge.autn[..]].concat());
                    let answer = self.usim.authenticate(&challenge);
                    let now = self.time();
                    self.agent.handle_input(now, AgentInput::Authenticated(answer));
                }
                AgentOutput::Event(event) => self.events.push(event),
                AgentOutput::Msrp(output) => panic!("no media plane: {output:?}"),
            }
        }
    }
}

/// OPc of the subscribers.
fn opc() -> [u8; 16] {
    let (k, op): ([u8; 16], [u8; 16]) = (K.as_bytes().try_into().unwrap(), OP.as_bytes().try_into().unwrap());
    *milenage::Milenage::new_with_op(k, op).opc()
}

/// `a` calls `b`, who rings and answers; then `a` hangs up.
pub(crate) fn call(a: &mut Ue, b: &mut Ue, told: &dyn Fn() -> String) {
    let call = CallId(1);
    let sdp = session_description(a.address());
    let to = format!("sip:user1@{DOMAIN}");
    a.command(AgentCommand::Call { call, to, sdp, headers: Vec::new(), parts: Vec::new() });
    let incoming = |e: &AgentEvent| match e {
        AgentEvent::Incoming { call, .. } => Some(*call),
        _ => None,
    };
    let Some(called) = b.until(&mut [a], 10, incoming) else { panic!("{:?} {:?}\n{}", a.events, b.events, told()) };
    b.command(AgentCommand::Ring(called));
    let rings = |e: &AgentEvent| matches!(e, AgentEvent::Progress { status: 180, .. }).then_some(());
    assert_eq!(a.until(&mut [b], 10, rings), Some(()), "{:?} {:?}\n{}", a.events, b.events, told());
    let sdp = session_description(b.address());
    b.command(AgentCommand::Answer { call: called, sdp });
    let stands = |e: &AgentEvent| matches!(e, AgentEvent::Established { .. }).then_some(());
    assert_eq!(a.until(&mut [b], 10, stands), Some(()), "{:?} {:?}\n{}", a.events, b.events, told());
    assert_eq!(b.until(&mut [a], 10, stands), Some(()), "{:?} {:?}\n{}", a.events, b.events, told());
    a.command(AgentCommand::HangUp(call));
    let ended = |e: &AgentEvent| matches!(e, AgentEvent::Ended { .. }).then_some(());
    assert_eq!(b.until(&mut [a], 10, ended), Some(()), "{:?} {:?}\n{}", a.events, b.events, told());
}

/// SDP of a voice call with AMR (TS 26.114 annex A.2).
fn session_description(address: SocketAddr) -> Vec<u8> {
    let ip = address.ip();
    let lines = [
        "v=0".to_owned(),
        format!("o=- 1 1 IN IP4 {ip}"),
        "s=-".to_owned(),
        format!("c=IN IP4 {ip}"),
        "t=0 0".to_owned(),
        "m=audio 49170 RTP/AVP 97".to_owned(),
        "a=rtpmap:97 AMR/8000".to_owned(),
    ];
    lines.iter().flat_map(|line| format!("{line}\r\n").into_bytes()).collect()
}
