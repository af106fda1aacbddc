//! An MCPTT client on sockets: its SIP agent at a P-CSCF, its ports of speech and floor control, and what comes over M1.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::ops::Range;
use std::time::Duration;

use hil::agent::mc::{McClient, McCommand, McConfig, McEvent, McInput, McOutput};
use hil::agent::media::{Speech, Way};
use hil::agent::sip::{AgentCommand, AgentEvent};
use protocol::sip::PAccessNetworkInfo;
use protocol::{Entropy, Instant, Tmgi};

use super::super::link::Link;
use super::super::ue::Ue;
use super::places::{GROUP, cell, mcptt_id, server_of, server_uri};

/// A client of a user.
pub(super) struct Client {
    ue: Ue,
    mc: McClient,
    sockets: Vec<UdpSocket>,
    /// It is where the bearer is.
    is_covered: bool,
    /// The next block of the MCH.
    block: Instant,
    /// How often servers have said that it is affiliated.
    affiliations: usize,
    is_authorised: bool,
    /// Reports that are not answered.
    reports: usize,
    pub(super) events: Vec<String>,
}

fn socket(at: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind(at).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

impl Client {
    pub(super) fn new(n: usize, ip: Ipv4Addr, pcscf: SocketAddr, is_covered: bool) -> Self {
        let link = Link::Udp(socket(SocketAddr::from((ip, 5060))));
        let ue = Ue::with(link, n, pcscf, |config| {
            config.access_network_info = PAccessNetworkInfo::of_cell(cell(is_covered)).to_string();
            config.features = McClient::FEATURES.map(str::to_owned).to_vec();
            config.receives_mbms = true;
            config.persistent = true;
        });
        let mut config = McConfig::new(&mcptt_id(n), &server_uri(server_of(n)), ip.into());
        config.client_id = format!("urn:uuid:00000000-0000-4000-8000-{n:012}");
        let sockets = [0, 1, 2].map(|step| socket(SocketAddr::from((ip, config.first_port + step)))).into();
        let mc = McClient::new(config, Entropy::from_seed([100 + n as u8; 32]));
        let (block, events) = (Instant::ZERO, Vec::new());
        Self { ue, mc, sockets, is_covered, block, affiliations: 0, is_authorised: false, reports: 0, events }
    }

    pub(super) fn register(&mut self) {
        assert!(self.ue.registers(20), "{:?}", self.ue.events);
    }

    pub(super) fn command(&mut self, command: McCommand) {
        let now = self.ue.time();
        self.mc.handle_input(now, McInput::Command(command));
        self.drain();
    }

    pub(super) fn talk(&mut self, speech: Speech) {
        self.command(McCommand::Talk { group: GROUP.to_owned(), speech });
    }

    pub(super) const fn is_authorised(&self) -> bool {
        self.is_authorised
    }

    pub(super) const fn affiliations(&self) -> usize {
        self.affiliations
    }

    /// To another cell.
    pub(super) fn goes(&mut self, is_covered: bool) {
        self.is_covered = is_covered;
        self.ue.command(AgentCommand::Locate(PAccessNetworkInfo::of_cell(cell(is_covered)).to_string()));
        if !is_covered {
            let now = self.ue.time();
            self.mc.handle_input(now, McInput::CellLost);
        }
        self.drain();
    }

    /// The MCCH lists this bearer.
    pub(super) fn listed(&mut self, tmgi: Tmgi) {
        let now = self.ue.time();
        self.mc.handle_input(now, McInput::Listed(vec![tmgi]));
        self.drain();
    }

    /// A bearer was announced to it, and its server knows whether it hears it.
    pub(super) fn knows(&self, tmgi: Tmgi) -> bool {
        self.reports == 0 && self.mc.announced_bearers().any(|known| known == tmgi)
    }

    pub(super) fn is_in(&self) -> bool {
        self.mc.standing(GROUP).is_some_and(|standing| standing.is_established)
    }

    pub(super) fn way(&self) -> Option<Way> {
        self.mc.standing(GROUP).filter(|standing| standing.is_established).map(|standing| standing.way)
    }

    pub(super) fn talks(&self) -> bool {
        self.mc.standing(GROUP).is_some_and(|standing| standing.wants_floor)
    }

    /// Its source, and how many packets it has said.
    pub(super) fn spoken(&self) -> (u32, Vec<u16>) {
        let (ssrc, spoken) = self.mc.spoken(GROUP).unwrap_or_default();
        (ssrc, spoken.iter().map(|packet| packet.sequence).collect())
    }

    /// Packets that came more than once by one way.
    pub(super) fn doubled(&self) -> u64 {
        self.mc.figures(GROUP).map_or(0, |figures| figures.doubled)
    }

    /// How a packet of a source came: by unicast, over the bearer.
    pub(super) fn came(&self, ssrc: u32, sequences: &[u16], of: Range<usize>) -> Vec<(u16, [u32; 2])> {
        let source = self.mc.reception(GROUP).and_then(|reception| reception.sources().get(&ssrc));
        let came = |sequence: u16| {
            let mut packets = source.into_iter().flat_map(|source| source.packets.values());
            packets.find(|packet| packet.sequence == sequence).map_or([0; 2], |packet| packet.came)
        };
        sequences[of].iter().map(|sequence| (*sequence, came(*sequence))).collect()
    }

    /// Takes what has come; `on_air` is what M1 has for the eNB: destination and octets.
    pub(super) fn turn(&mut self, on_air: &[(SocketAddr, Vec<u8>)]) {
        self.ue.turn();
        let now = self.ue.time();
        for event in std::mem::take(&mut self.ue.events) {
            self.reports -= usize::from(matches!(event, AgentEvent::MessageResult { .. }));
            self.mc.handle_input(now, McInput::Agent(&event));
        }
        let mut buffer = [0; 2048];
        for socket in &self.sockets {
            let local = socket.local_addr().unwrap();
            while let Ok((length, _)) = socket.recv_from(&mut buffer) {
                self.mc.handle_input(now, McInput::Datagram { local, octets: &buffer[..length] });
            }
        }
        if self.is_covered {
            if now >= self.block {
                self.block = now + Duration::from_millis(200);
                self.mc.handle_input(now, McInput::Block);
            }
            for (destination, octets) in on_air {
                self.mc.handle_input(now, McInput::Broadcast { destination: *destination, octets });
            }
        }
        if self.mc.poll_timeout().is_some_and(|due| due <= now) {
            self.mc.handle_timeout(now);
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.mc.poll_output() {
            match output {
                McOutput::Agent(command) => {
                    self.reports += usize::from(matches!(command, AgentCommand::Message(_)));
                    self.ue.command(command);
                }
                McOutput::Datagram(datagram) => {
                    let from = self.sockets.iter().find(|socket| socket.local_addr().unwrap() == datagram.local);
                    // Who was killed is not there.
                    let _ = from.unwrap().send_to(&datagram.bytes, datagram.remote);
                }
                McOutput::Event(event) => self.told(&event),
            }
        }
    }

    fn told(&mut self, event: &McEvent) {
        match event {
            McEvent::Authorised(result) => self.is_authorised = result.is_ok(),
            McEvent::Affiliated { result: Ok(()), .. } => self.affiliations += 1,
            _ => {}
        }
        self.events.push(format!("{:.3} {event:?}", self.ue.time().as_nanos() as f64 / 1e9));
    }
}
