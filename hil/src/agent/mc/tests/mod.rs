//! A client against a scripted server: octets of RTP, floor control and subchannel control are written and read by hand.

mod bearers;
mod floor;
mod signalling;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use protocol::mime::{MediaType, Multipart, Part};
use protocol::sip::{EndedWhy, HoldState, Refusal};
use protocol::{Entropy, Instant, Plmn, Tmgi};

use super::*;
use crate::agent::media::{MediaDatagram, Speech};
use crate::agent::sip::{AgentCommand, AgentEvent, CallId, IncomingMessage, OutgoingMessage, Published};

const ME: &str = "sip:alice@mcptt.example";
const SERVER: &str = "sip:mc1.example";
const OTHER: &str = "sip:mc2.example";
const GROUP: &str = "sip:fire@groups.example";
const SESSION: &str = "sip:call-7@mc1.example";
/// Where the client has RTP, and floor control.
const RTP: u16 = 49_300;
const FLOOR: u16 = 49_302;
const SERVER_SSRC: u32 = 0x0a0b_0c0d;
/// What the server needs for an answer.
const DELAY: Duration = Duration::from_millis(10);

/// What comes to the client.
#[derive(Clone, Debug)]
enum Coming {
    Agent(AgentEvent),
    Unicast(u16, Vec<u8>),
    Broadcast(SocketAddr, Vec<u8>),
    Block,
}

/// The client and its server.
struct Rig {
    client: McClient,
    now: Instant,
    coming: BTreeMap<(Instant, u64), Coming>,
    count: u64,
    commands: Vec<AgentCommand>,
    /// What the client has sent, and when.
    sent: Vec<(Instant, MediaDatagram)>,
    events: Vec<McEvent>,
    /// Answers to MESSAGE and PUBLISH; none: nothing comes.
    answers: Option<u16>,
    /// How long a publication lasts.
    expires_s: u32,
}

impl Rig {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut McConfig)) -> Self {
        let mut config = McConfig::new(ME, SERVER, "10.45.0.1".parse().unwrap());
        config.client_id = "urn:uuid:1".into();
        config.announcers = vec![OTHER.into()];
        change(&mut config);
        Self {
            client: McClient::new(config, Entropy::from_seed([3; 32])),
            now: Instant::ZERO,
            coming: BTreeMap::new(),
            count: 0,
            commands: Vec::new(),
            sent: Vec::new(),
            events: Vec::new(),
            answers: Some(200),
            expires_s: u32::MAX,
        }
    }

    /// A client in a call that it has made.
    fn in_call() -> Self {
        let mut rig = Self::new();
        rig.command(McCommand::Call { group: GROUP.into() });
        rig.run_ms(50);
        assert!(rig.standing().is_established);
        rig
    }

    fn command(&mut self, command: McCommand) {
        self.client.handle_input(self.now, McInput::Command(command));
        self.drain();
    }

    fn standing(&self) -> GroupStanding {
        self.client.standing(GROUP).unwrap()
    }

    fn at(&mut self, when: Instant, coming: Coming) {
        self.count += 1;
        self.coming.insert((when, self.count), coming);
    }

    fn soon(&mut self, coming: Coming) {
        self.at(self.now + DELAY, coming);
    }

    fn run_ms(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        let mut turns = 0;
        loop {
            self.drain();
            let timer = self.client.poll_timeout();
            let due = timer.into_iter().chain(self.coming.keys().map(|key| key.0)).min();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            turns = if due > self.now { 0 } else { turns + 1 };
            assert!(turns < 1000, "a busy loop at {}", self.now);
            self.now = self.now.max(due);
            while let Some(entry) = self.coming.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let coming = entry.remove();
                self.come(&coming);
            }
            if self.client.poll_timeout().is_some_and(|due| due <= self.now) {
                self.client.handle_timeout(self.now);
            }
        }
        self.now = end;
    }

    fn come(&mut self, coming: &Coming) {
        let input = match coming {
            Coming::Agent(event) => {
                assert!(self.client.is_own(event), "{event:?}");
                McInput::Agent(event)
            }
            Coming::Unicast(port, octets) => {
                McInput::Datagram { local: SocketAddr::from(([10, 45, 0, 1], *port)), octets }
            }
            Coming::Broadcast(destination, octets) => McInput::Broadcast { destination: *destination, octets },
            Coming::Block => McInput::Block,
        };
        self.client.handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.client.poll_output() {
            match output {
                McOutput::Datagram(datagram) => self.sent.push((self.now, datagram)),
                McOutput::Event(event) => self.events.push(event),
                McOutput::Agent(command) => {
                    self.answer(&command);
                    self.commands.push(command);
                }
            }
        }
    }

    /// What the SIP agent and the server make of a command.
    fn answer(&mut self, command: &AgentCommand) {
        let contact = SESSION.to_owned();
        let refused = |status| Refusal::Status { status, reason: String::new() };
        let event = match (command, self.answers) {
            (AgentCommand::Publish(publication), Some(status)) => {
                let published = Published { etag: "e1".into(), expires_s: self.expires_s };
                let result = if status == 200 { Ok(published) } else { Err(refused(status)) };
                AgentEvent::PublishResult { token: publication.token, result }
            }
            (AgentCommand::Message(message), Some(status)) => {
                let result = if status == 200 { Ok(200) } else { Err(refused(status)) };
                AgentEvent::MessageResult { token: message.token, result }
            }
            (AgentCommand::Call { call, .. }, _) => {
                AgentEvent::Established { call: *call, sdp: server_sdp().into_bytes(), contact }
            }
            (AgentCommand::Answer { call, .. }, _) => {
                AgentEvent::Established { call: *call, sdp: server_sdp().into_bytes(), contact }
            }
            (AgentCommand::HangUp(call), _) => AgentEvent::Ended { call: *call, why: EndedWhy::HungUp },
            _ => return,
        };
        self.soon(Coming::Agent(event));
    }

    /// Messages that it has sent, oldest first: to whom, and their documents of bearers.
    fn reports(&self) -> Vec<(String, String)> {
        let of = |command: &AgentCommand| match command {
            AgentCommand::Message(OutgoingMessage { to, content_type, body, .. }) => {
                let part = part(content_type, body, "application/vnd.3gpp.mcptt-mbms-usage-info+xml");
                Some((to.clone(), String::from_utf8(part).unwrap()))
            }
            _ => None,
        };
        self.commands.iter().filter_map(of).collect()
    }

    fn floor_events(&self) -> Vec<FloorEvent> {
        let of = |event: &McEvent| match event {
            McEvent::Floor { event, .. } => Some(event.clone()),
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    /// What it has sent from its floor control: when, octets.
    fn floor_sent(&self) -> Vec<(u64, Vec<u8>)> {
        let own = self.sent.iter().filter(|(_, datagram)| datagram.local.port() == FLOOR);
        own.map(|(at, datagram)| {
            assert_eq!(datagram.remote, "10.46.0.51:40002".parse().unwrap());
            (at.as_nanos() / 1_000_000, datagram.bytes.clone())
        })
        .collect()
    }

    fn rtp_sent(&self) -> usize {
        self.sent.iter().filter(|(_, datagram)| datagram.local.port() == RTP).count()
    }
}

/// A part of a body of several.
fn part(content_type: &str, body: &[u8], wanted: &str) -> Vec<u8> {
    let parts = Multipart::parse(&MediaType::parse(content_type).unwrap(), body).unwrap().parts;
    parts.into_iter().find(|part| part.is(wanted)).expect(wanted).body
}

/// SDP of the server: audio and floor control.
fn server_sdp() -> String {
    "v=0\r\no=- 9 1 IN IP4 10.46.0.51\r\ns=-\r\nc=IN IP4 10.46.0.51\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n\
     a=rtpmap:8 PCMA/8000\r\na=sendrecv\r\nm=application 40002 udp MCPTT\r\na=fmtp:MCPTT mc_queueing\r\n"
        .to_owned()
}

/// RTCP APP (RFC 3550 clause 6.7) with fields of TS 24.380 clause 8.1.3: identifier, length, value, zeros up to a word.
fn app(name: &[u8; 4], subtype: u8, ssrc: u32, fields: &[(u8, &[u8])]) -> Vec<u8> {
    let mut data = Vec::new();
    for (id, value) in fields {
        data.extend([*id, value.len() as u8]);
        data.extend_from_slice(value);
        while !data.len().is_multiple_of(4) {
            data.push(0);
        }
    }
    let words = (2 + data.len() / 4) as u16;
    let mut octets = vec![0x80 | subtype, 204];
    octets.extend(words.to_be_bytes());
    octets.extend(ssrc.to_be_bytes());
    octets.extend(name);
    octets.extend(data);
    octets
}

fn floor(subtype: u8, fields: &[(u8, &[u8])]) -> Vec<u8> {
    app(b"MCPT", subtype, SERVER_SSRC, fields)
}

/// RTP (RFC 3550 clause 5.1) with 20 ms of A-law.
fn rtp(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut octets = vec![0x80, 8];
    octets.extend(sequence.to_be_bytes());
    octets.extend((u32::from(sequence) * 160).to_be_bytes());
    octets.extend(ssrc.to_be_bytes());
    octets.extend([0xd5; 160]);
    octets
}

/// Half a second of speech.
fn speech() -> Speech {
    let samples = 4000_u32;
    let mut file = Vec::new();
    file.extend(b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x06\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data");
    file.extend(samples.to_le_bytes());
    file.extend(vec![0x55; samples as usize]);
    Speech::of_wave(&file).unwrap()
}

fn tmgi(service: u8) -> Tmgi {
    Tmgi { service_id: [0, 0, service], plmn: Plmn::new("001", "01").unwrap() }
}
