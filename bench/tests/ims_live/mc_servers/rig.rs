//! Processes of `castbench core`, and who is with whom: CSCFs, HSS, MBMS-GW, MCE and eNB in one, the BM-SC and three MC servers in
//! one each. All are on addresses of loopback of their own.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::ops::Range;
use std::process::Command;
use std::time::Duration;

use hil::agent::mc::McCommand;
use hil::agent::media::Speech;
use protocol::{GTPU_PORT, GtpuPacket, SyncRepr, Tmgi, UdpDatagram};

use super::super::lab::{Lab, Program, now, pause};
use super::client::Client;
use super::places::{GROUP, LISTENERS, M1, SERVERS, TALKER, USERS, address, address_of, bmsc, group, network, server};

const PATIENCE: Duration = Duration::from_secs(40);
/// Until what is on its way has come.
const ON_ITS_WAY: Duration = Duration::from_secs(5);

/// Everything.
pub(super) struct Rig {
    pub(super) clients: Vec<Client>,
    /// What is going on, for those who read why it failed.
    pub(super) at: String,
    lab: Lab,
    processes: BTreeMap<&'static str, Program>,
    m1: Vec<UdpSocket>,
    /// Packets that the talker has said before this call.
    first: usize,
    /// How much processes had said at the mark.
    read: BTreeMap<&'static str, usize>,
    /// What the MCCH lists.
    listed: Option<Tmgi>,
    /// Ports that nobody has, by server.
    ports: BTreeMap<(&'static str, &'static str), u64>,
}

/// A socket that hears a group of M1 as an eNB of others does.
fn listener(group: Ipv4Addr) -> UdpSocket {
    let source = address_of("network");
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&SocketAddr::from((group, GTPU_PORT)).into()).unwrap();
    socket.join_ssm_v4(&source, &group, &source).unwrap();
    socket.set_multicast_all_v4(false).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.into()
}

impl Rig {
    pub(super) fn new() -> Self {
        let mut given = [0; 6];
        let lab = Lab::new(USERS, |text, own| {
            given = own;
            network(&text, own)
        });
        std::fs::write(lab.path("bmsc.toml"), bmsc()).unwrap();
        for name in SERVERS {
            std::fs::write(lab.path(&format!("{name}.toml")), server(name, given)).unwrap();
        }
        let m1 = M1.map(|last| listener(group(last))).collect();
        let (clients, at, listed) = (Vec::new(), "at first".to_owned(), None);
        let (processes, read, ports) = Default::default();
        let mut rig = Self { clients, at, lab, processes, m1, first: 0, read, listed, ports };
        rig.lab.start(&[]);
        for name in ["bmsc", "mc2", "mc1", "mc3"] {
            rig.restart(name);
        }
        let pcscf = rig.lab.pcscf();
        rig.clients = (0..USERS).map(|n| Client::new(n, address(n as u8 + 1), pcscf, n != TALKER)).collect();
        rig.listed = None;
        rig.clients.iter_mut().for_each(Client::register);
        rig.clients.iter_mut().for_each(|client| client.command(McCommand::Authorise { access_token: None }));
        rig.until("authorised", |rig| rig.clients.iter().all(Client::is_authorised));
        rig.settle();
        for server in SERVERS {
            for what in ["mc_ports_left", "mc_sharing_ports_left"] {
                rig.ports.insert((server, what), rig.figure(server, what));
            }
        }
        rig
    }

    pub(super) fn kill(&mut self, name: &str) {
        self.processes.get_mut(name).unwrap().kill();
    }

    /// Starts a process, with what it has kept.
    pub(super) fn restart(&mut self, name: &'static str) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_castbench"));
        command.current_dir(self.lab.folder()).args(["core", "--config", &format!("{name}.toml")]);
        let program = Program::start(&mut command, self.lab.path(&format!("{name}.log")));
        self.processes.insert(name, program);
        let is_ready = |rig: &Self| rig.processes[name].said().contains("ready\n");
        self.until("ready", is_ready);
    }

    /// What everybody has said of the end, for those who read why it failed.
    pub(super) fn story(&self) -> String {
        let mut story = String::new();
        for (n, client) in self.clients.iter().enumerate() {
            let from = client.events.len().saturating_sub(40);
            story += &format!("\nuser{n}:\n  {}", client.events[from..].join("\n  "));
        }
        for (name, process) in &self.processes {
            let said = process.said();
            let lines: Vec<_> = said.lines().filter(|line| !line.contains(" media udp:")).collect();
            story += &format!("\n{name}:\n  {}", lines[lines.len().saturating_sub(40)..].join("\n  "));
        }
        story
    }

    /// Lets everybody work until it is so.
    pub(super) fn until(&mut self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let end = now() + PATIENCE;
        while !is_so(self) {
            assert!(now() < end, "{}: never {what}{}", self.at, self.story());
            self.run(Duration::from_millis(10));
        }
    }

    /// Lets everybody work for so long.
    pub(super) fn run(&mut self, span: Duration) {
        let end = now() + span;
        self.read_mcch();
        loop {
            let on_air = self.on_air();
            self.clients.iter_mut().for_each(|client| client.turn(&on_air));
            if now() >= end {
                return;
            }
            pause(2);
        }
    }

    /// The MCCH lists the bearer of server 2, from when the BM-SC has started it until another one is there.
    fn read_mcch(&mut self) {
        let said = self.processes.get("mc2").map(Program::said).unwrap_or_default();
        let mut bearers = said.lines().filter_map(|line| line.split_once("MBMS bearer ")?.1.strip_suffix(" is used"));
        if let Some(tmgi) =
            bearers.next_back().map(|tmgi| tmgi.parse().unwrap()).filter(|tmgi| self.listed != Some(*tmgi))
        {
            self.listed = Some(tmgi);
            self.clients.iter_mut().for_each(|client| client.listed(tmgi));
        }
    }

    /// What M1 has brought: destination and octets of each datagram.
    fn on_air(&self) -> Vec<(SocketAddr, Vec<u8>)> {
        let (mut buffer, mut all) = ([0; 2048], Vec::new());
        for socket in &self.m1 {
            while let Ok((length, _)) = socket.recv_from(&mut buffer) {
                let packet = GtpuPacket::new_checked(&buffer[..length]).unwrap();
                let Ok(SyncRepr::UserData { payload, .. }) = SyncRepr::parse(packet.payload()) else { continue };
                let udp = UdpDatagram::parse(payload).unwrap();
                all.push((udp.destination, udp.payload.to_vec()));
            }
        }
        all
    }

    /// A figure of a process; 0 when it does not tell.
    pub(super) fn figure(&self, process: &str, what: &str) -> u64 {
        self.figures(process, what).first().copied().unwrap_or(0)
    }

    /// A figure of all nodes of a process.
    fn figures(&self, process: &str, what: &str) -> Vec<u64> {
        let page = match process {
            "network" => self.lab.get("/metrics"),
            _ => page(address_of(process)).unwrap_or_default(),
        };
        let own = format!("what=\"{what}\"");
        let figures = page.lines().filter(|line| line.contains(&own));
        figures.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect()
    }

    pub(super) fn affiliate(&mut self) {
        for client in &mut self.clients {
            client.command(McCommand::Affiliate { groups: vec![GROUP.to_owned()] });
        }
    }

    /// Until everybody is affiliated once more, and knows of the bearer.
    pub(super) fn settle(&mut self) {
        let before: Vec<_> = self.clients.iter().map(Client::affiliations).collect();
        self.affiliate();
        let is_new = |(client, before): (&Client, &usize)| client.affiliations() > *before;
        self.until("affiliated", |rig| rig.clients.iter().zip(&before).all(is_new));
        self.until("told of the bearer", |rig| {
            let is_told = |tmgi| LISTENERS.iter().all(|n| rig.clients[*n].knows(tmgi));
            rig.listed.is_some_and(is_told) && rig.figure("mc2", "mc_bearers_used") == 1
        });
    }

    /// A user goes to where the bearer is, or away; his server has heard of it.
    pub(super) fn goes(&mut self, user: usize, is_covered: bool) {
        let before = self.clients[user].affiliations();
        self.clients[user].goes(is_covered);
        self.clients[user].command(McCommand::Affiliate { groups: vec![GROUP.to_owned()] });
        self.until("affiliated where he is", |rig| rig.clients[user].affiliations() > before);
    }

    /// A process has said so since the mark.
    pub(super) fn said(&self, process: &str, what: &str) -> bool {
        self.processes[process].said().get(self.read[process]..).is_some_and(|said| said.contains(what))
    }

    /// From here on counts what processes say.
    pub(super) fn marks(&mut self) {
        self.read = self.processes.iter().map(|(name, process)| (*name, process.said().len())).collect();
    }

    pub(super) fn call(&mut self) {
        self.first = self.spoken();
        self.clients[TALKER].command(McCommand::Call { group: GROUP.to_owned() });
    }

    /// The talker wants to say so many packets of 20 ms.
    pub(super) fn talk(&mut self, packets: usize) {
        self.clients[TALKER].talk(speech(packets));
    }

    pub(super) fn release(&mut self) {
        self.clients[TALKER].command(McCommand::Release { group: GROUP.to_owned() });
    }

    pub(super) fn hang_up(&mut self, user: usize) {
        self.clients[user].command(McCommand::HangUp { group: GROUP.to_owned() });
    }

    /// The talker first: the call ends with him where its server is as it was. The others find out, or are told by their users.
    pub(super) fn everybody_hangs_up(&mut self) {
        self.hang_up(TALKER);
        self.run(Duration::from_millis(500));
        LISTENERS.into_iter().for_each(|n| self.hang_up(n));
        self.until("out of the call", Self::all_are_out);
    }

    pub(super) fn all_are_in(&self) -> bool {
        self.clients.iter().all(Client::is_in)
    }

    pub(super) fn all_are_out(&self) -> bool {
        !self.clients.iter().any(Client::is_in)
    }

    /// Packets that the talker has said.
    pub(super) fn spoken(&self) -> usize {
        self.clients[TALKER].spoken().1.len()
    }

    /// The first packet of this call.
    pub(super) const fn first(&self) -> usize {
        self.first
    }

    /// All of these packets have come to somebody.
    pub(super) fn until_heard(&mut self, user: usize, of: Range<usize>) {
        let (ssrc, sequences) = self.clients[TALKER].spoken();
        let end = now() + ON_ITS_WAY;
        loop {
            let mut came = self.clients[user].came(ssrc, &sequences, of.clone());
            let all = came.len();
            came.retain(|(_, came)| *came == [0; 2]);
            if came.is_empty() {
                return;
            }
            let story = || format!("{} of {all} did not come to user{user}: {came:?}{}", came.len(), self.story());
            assert!(now() < end, "{}: {}", self.at, story());
            self.run(Duration::from_millis(10));
        }
    }

    /// How many of these packets came to somebody over the bearer.
    pub(super) fn heard_on_air(&self, user: usize, of: Range<usize>) -> usize {
        let (ssrc, sequences) = self.clients[TALKER].spoken();
        self.clients[user].came(ssrc, &sequences, of).into_iter().filter(|(_, [_, mbms])| *mbms > 0).count()
    }

    /// Nothing is left of any call: one TMGI with its bearer, nothing reserved of it, all ports free.
    pub(super) fn until_clean(&mut self) {
        self.until("clean", |rig| {
            let ones = [("bmsc", "tmgis"), ("bmsc", "bearers"), ("mc2", "mc_bearers")];
            let none =
                ["mc_calls", "mc_legs", "mc_groups_on_bearers", "mc_reserved_bits_per_second", "mc_releases_open"];
            ones.iter().all(|(process, what)| rig.figure(process, what) == 1)
                // MBMS-GW, MCE and eNB.
                && rig.figures("network", "mbms_sessions") == [1; 3]
                && rig.figure("bmsc", "sgmb_sessions_busy") == 0
                && SERVERS.iter().all(|server| none.iter().all(|what| rig.figure(server, what) == 0))
                && rig.ports.iter().all(|((server, what), left)| rig.figure(server, what) == *left)
        });
    }
}

/// So many packets of A-law.
fn speech(packets: usize) -> Speech {
    let octets: Vec<u8> = (0..packets * 160).map(|n| (n % 251) as u8).collect();
    let length = octets.len() as u32;
    let format = [6u16.to_le_bytes(), 1u16.to_le_bytes()].concat();
    let rates = [8000u32.to_le_bytes(), 8000u32.to_le_bytes()].concat();
    let rest = [1u16.to_le_bytes(), 8u16.to_le_bytes()].concat();
    let head = [&b"RIFF"[..], &(length + 36).to_le_bytes(), b"WAVEfmt ", &16u32.to_le_bytes()].concat();
    let data = [&b"data"[..], &length.to_le_bytes(), &octets].concat();
    Speech::of_wave(&[head, format, rates, rest, data].concat()).unwrap()
}

fn page(ip: Ipv4Addr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(SocketAddr::from((ip, 8080)))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}
