//! UE agents on sockets of their own.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use hil::agent::sip::{AgentCommand, AgentConfig, AgentEvent, AgentInput, AgentOutput, OutgoingMessage, UeAgent};
use hil::sim::{SimCard, SimUsim};
use protocol::sip::{Flow, Target, Transport};
use protocol::{Entropy, Instant};

use super::lab::{DOMAIN, K, OP, impi, imsi, now};

/// A UE with a SIM, on UDP.
pub(crate) struct Ue {
    socket: UdpSocket,
    agent: UeAgent,
    usim: SimUsim,
    start: std::time::Instant,
    /// What its user was told and has not looked at.
    pub(crate) events: Vec<AgentEvent>,
    /// Challenges that its SIM answered with a request to resynchronise.
    pub(crate) challenges: Vec<Vec<u8>>,
}

impl Ue {
    pub(crate) fn new(n: usize, pcscf: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        let hex = |text: &[u8]| text.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let target = Target { transport: Transport::Udp, remote: pcscf, flow: None };
        let contact = socket.local_addr().unwrap();
        let mut config = AgentConfig::new(&impi(n), &format!("sip:user{n}@{DOMAIN}"), DOMAIN, target, contact);
        config.persistent = false;
        let card = SimCard {
            imsi: imsi(n),
            k: hex(K.as_bytes()).try_into().unwrap(),
            opc: hex(&opc()).try_into().unwrap(),
            ..SimCard::default()
        };
        let agent = UeAgent::new(config, Entropy::from_seed([n as u8; 32]));
        let (events, challenges) = (Vec::new(), Vec::new());
        Self { socket, agent, usim: SimUsim::new(&card), start: now(), events, challenges }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    fn time(&self) -> Instant {
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

    /// Takes what has come and lets time pass, a few milliseconds.
    pub(crate) fn turn(&mut self) {
        let mut buffer = [0; 65_535];
        match self.socket.recv_from(&mut buffer) {
            Ok((length, remote)) => {
                let flow = Flow { transport: Transport::Udp, local: self.socket.local_addr().unwrap(), remote };
                let now = self.time();
                self.agent.handle_input(now, AgentInput::Sip { flow, bytes: &buffer[..length] });
            }
            Err(e) => assert!(matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{e}"),
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
                // Nobody there: as lost on the way.
                AgentOutput::Sip { target, bytes } => drop(self.socket.send_to(&bytes, target.remote)),
                AgentOutput::Authenticate(challenge) => {
                    self.challenges.push([&challenge.rand[..], &challenge.autn[..]].concat());
                    let answer = self.usim.authenticate(&challenge);
                    let now = self.time();
                    self.agent.handle_input(now, AgentInput::Authenticated(answer));
                }
                AgentOutput::Event(event) => self.events.push(event),
            }
        }
    }
}

/// OPc of the subscribers.
fn opc() -> [u8; 16] {
    let (k, op): ([u8; 16], [u8; 16]) = (K.as_bytes().try_into().unwrap(), OP.as_bytes().try_into().unwrap());
    *milenage::Milenage::new_with_op(k, op).opc()
}
