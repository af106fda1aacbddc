//! Bearers of three MC service servers, joined by the BM-SC and the cells as they are (TS 23.280 clause 10.7.3.9.2.2). What
//! servers say to each other goes without SIP here.

use std::collections::BTreeMap;

use protocol::UdpDatagram;
use protocol::mc::coordination::Coordination;
use protocol::mc::names::{COORDINATION_CONTENT_TYPE, USAGE_INFO_CONTENT_TYPE};
use protocol::mc::subchannel::{self, SubchannelMessage};
use protocol::mc::usage_info::{ListeningStatus, UsageInfo};
use protocol::mime::Part;
use protocol::rtp::RtpPacket;
use protocol::sip::EutranCell;

use super::whole::bmsc_config;
use super::*;
use crate::mbms::{BearerRule, CellAreas, GroupCodec, Mb2Config, ServerRules};
use crate::mc::bearers::{
    Announcer, BearerSettings, Bearers, BearersOutput, Insufficient, McMbmsConfig, PlannedBearer,
};

fn uri(server: u8) -> String {
    format!("sip:mc{server}.test")
}

fn host(server: u8) -> String {
    format!("mc{server}.test")
}

fn group(number: u8) -> String {
    format!("sip:group{number}@groups.test")
}

fn codec() -> GroupCodec {
    GroupCodec { bit_rate: 40_000, ..GroupCodec::g711().remove(0) }
}

fn cell(eci: u32) -> EutranCell {
    EutranCell { plmn: plmn(), tac: 1, eci }
}

/// A bearer of so many calls.
fn settings(calls: u32) -> BearerSettings {
    BearerSettings { bit_rate: 40_000 * calls, qci: 4, ..BearerSettings::default() }
}

fn config(server: u8) -> McMbmsConfig {
    let own = ip(50 + server);
    let mut diameter = DiameterConfig::new(&host(server), "test", own, Vec::new());
    diameter.retry = Duration::from_secs(1);
    let connect = Some(SocketAddr::new(ip(31), 3868));
    diameter.peers.push(PeerConfig { host: BMSC.to_owned(), realm: "test".to_owned(), connect });
    let mut mb2 = Mb2Config::new(diameter, BMSC, own);
    mb2.retry = Duration::from_secs(1);
    let mut config = McMbmsConfig::new(&uri(server), own, Some(mb2));
    let cells = [(0x100, vec![1]), (0x200, vec![1, 2]), (0x300, vec![2])];
    config.cells = cells.into_iter().map(|(eci, areas)| CellAreas { cell: cell(eci), areas }).collect();
    config.rule = BearerRule { stop_after_ms: 2000, ..BearerRule::default() };
    config.codecs = vec![codec()];
    config.wanted = settings(1);
    config.discover = (1..=3).filter(|other| *other != server).map(uri).collect();
    (config.patience, config.lease, config.retry) =
        (Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(1));
    config.conversation = Duration::from_secs(1);
    config
}

/// A server without SIP: what it says to the others goes in datagrams, users answer at once.
#[derive(Debug)]
struct Server {
    number: u8,
    bearers: Bearers,
    /// Messages that are not answered yet.
    open: BTreeMap<u64, Instant>,
    switched: Vec<(u64, String, bool, usize)>,
    announced: Vec<(String, UsageInfo)>,
    said: Vec<(String, Coordination)>,
    out: VecDeque<NodeOutput>,
}

const MESSAGES: u16 = 5060;
/// As SIP gives up.
const UNANSWERED: Duration = Duration::from_millis(900);

impl Server {
    fn new(config: McMbmsConfig, number: u8, seed: u8) -> Self {
        let bearers = Bearers::new(Some(config), Entropy::from_seed([seed; 32]));
        let (open, switched, announced, said, out) = Default::default();
        let mut server = Self { number, bearers, open, switched, announced, said, out };
        server.drain(Instant::ZERO);
        server
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.bearers.poll_output() {
            match output {
                BearersOutput::Node(output) => self.out.push_back(output),
                BearersOutput::Note(text) => {
                    self.out.push_back(NodeOutput::Note(crate::node::NodeNote::Said(text)));
                }
                BearersOutput::Switched { call, mcptt_id, to_broadcast, replay } => {
                    self.switched.push((call, mcptt_id, to_broadcast, replay.len()));
                }
                BearersOutput::Message { token, to, parts } => {
                    let part = parts.first().unwrap();
                    let text = String::from_utf8(part.body.clone()).unwrap();
                    if part.is(USAGE_INFO_CONTENT_TYPE) {
                        self.announced.push((to, UsageInfo::parse(&text).unwrap()));
                        self.bearers.answered(now, token, Some(200));
                        continue;
                    }
                    self.said.push((to.clone(), Coordination::parse(&text).unwrap()));
                    let other: u8 = to["sip:mc".len()..][..1].parse().unwrap();
                    self.open.insert(token, now + UNANSWERED);
                    self.post(other, &format!("{token}\n{text}"));
                }
            }
        }
    }

    fn post(&mut self, other: u8, text: &str) {
        let (local, remote) =
            (SocketAddr::new(ip(50 + self.number), MESSAGES), SocketAddr::new(ip(50 + other), MESSAGES));
        self.out.push_back(NodeOutput::Datagram { local, remote, bytes: text.as_bytes().to_vec() });
    }

    fn figure(&self, name: &str) -> u64 {
        self.bearers.figures().into_iter().find(|(own, _)| *own == name).unwrap().1
    }
}

impl Node for Server {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Datagram { local, remote, bytes } if local.port() == MESSAGES => {
                let IpAddr::V4(from) = remote.ip() else { panic!() };
                let other = from.octets()[3] - 50;
                let (token, text) = std::str::from_utf8(bytes).unwrap().split_once('\n').unwrap();
                match text.parse::<u16>() {
                    Ok(status) => {
                        let token = token.parse().unwrap();
                        if self.open.remove(&token).is_some() {
                            self.bearers.answered(now, token, Some(status));
                        }
                    }
                    Err(_) => {
                        let part = Part::new(COORDINATION_CONTENT_TYPE, text);
                        let status =
                            self.bearers.message(now, &uri(other), &[part]).map_or_else(|why| why.status, |()| 200);
                        self.post(other, &format!("{token}\n{status}"));
                    }
                }
            }
            NodeInput::Datagram { local, remote, bytes } => self.bearers.datagram(now, local, remote, bytes),
            NodeInput::Diameter(input) => self.bearers.diameter(now, input),
            NodeInput::Store(answer) => self.bearers.store(now, answer),
            _ => {}
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        let over: Vec<u64> = self.open.iter().filter(|(_, at)| **at <= now).map(|(token, _)| *token).collect();
        for token in over {
            self.open.remove(&token);
            self.bearers.answered(now, token, None);
        }
        self.bearers.handle_timeout(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.open.values().min().copied().into_iter().chain(self.bearers.poll_timeout()).min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}

/// What has come from the air in cell 1, and in cell 2 from service area 2.
#[derive(Debug, Default)]
struct Air {
    /// Group and sequence number, and the bearers that it came over.
    rtp: BTreeMap<(u32, u16), Vec<Tmgi>>,
    maps: Vec<(Tmgi, String)>,
    unmaps: Vec<(Tmgi, String)>,
}

struct Trio {
    net: Net,
    servers: Vec<Arc<Mutex<Server>>>,
    air: Air,
    /// Next sequence number by group.
    next: BTreeMap<u8, u16>,
}

type Change = fn(u8, &mut McMbmsConfig);

impl Trio {
    fn new(change: Change) -> Self {
        let mut net = Net::new();
        let mut bmsc = bmsc_config();
        for server in 1..=3 {
            bmsc.servers.insert(host(server), ServerRules::default());
            bmsc.diameter.peers.push(PeerConfig { host: host(server), realm: "test".to_owned(), connect: None });
        }
        let node = BmscNode::new(bmsc, Entropy::from_seed([3; 32]));
        assert!(net.fabric.restart(net.now, "bmsc", Box::new(node)));
        let mut servers = Vec::new();
        for number in 1..=3 {
            let mut config = config(number);
            change(number, &mut config);
            let server = Arc::new(Mutex::new(Server::new(config, number, 100 + number)));
            let node = Box::new(Shared(Arc::clone(&server)));
            net.fabric.add(net.now, &format!("mc{number}"), Role::McServer, ip(50 + number), node, store());
            servers.push(server);
        }
        let mut trio = Self { net, servers, air: Air::default(), next: BTreeMap::new() };
        trio.run(5000);
        trio
    }

    fn with<T>(&mut self, server: u8, what: impl FnOnce(&mut Bearers, Instant) -> T) -> T {
        let now = self.net.now;
        let done = what(&mut self.servers[usize::from(server) - 1].lock().unwrap().bearers, now);
        self.net.fabric.admin(now, &format!("mc{server}"), Admin::RemoveSubscriber { impi: String::new() });
        done
    }

    fn server(&self, server: u8) -> std::sync::MutexGuard<'_, Server> {
        self.servers[usize::from(server) - 1].lock().unwrap()
    }

    fn run(&mut self, ms: u64) {
        self.net.run_ms(ms);
        self.listen();
    }

    fn listen(&mut self) {
        drop(self.net.radio(2));
        for radio in self.net.radio(1) {
            let EnbRadio::Sdu { tmgi, sdu, .. } = radio else { continue };
            let datagram = UdpDatagram::parse(&sdu).unwrap();
            if let Ok(messages) = subchannel::parse(datagram.payload)
                && !messages.is_empty()
            {
                for control in messages {
                    match control.message {
                        SubchannelMessage::MapGroupToBearer { group, .. } => self.air.maps.push((tmgi, group)),
                        SubchannelMessage::UnmapGroupToBearer { group } => self.air.unmaps.push((tmgi, group)),
                        other => panic!("{other:?}"),
                    }
                }
                continue;
            }
            let rtp = RtpPacket::parse(datagram.payload).unwrap();
            self.air.rtp.entry((rtp.ssrc, rtp.sequence)).or_default().push(tmgi);
        }
    }

    /// So many capable users of a server in a cell, affiliated to a group.
    fn users(&mut self, server: u8, count: u8, eci: u32, number: u8) {
        for user in 0..count {
            let id = format!("sip:user{server}-{number}-{user}@mcptt.test");
            self.with(server, |bearers, now| {
                bearers.user_seen(now, &id, &format!("sip:ue{server}-{number}-{user}@ims.test"), true, Some(cell(eci)));
                bearers.affiliated(now, &id, &group(number), true);
            });
        }
    }

    fn user(server: u8, number: u8, user: u8) -> String {
        format!("sip:user{server}-{number}-{user}@mcptt.test")
    }

    fn begins(&mut self, server: u8, number: u8, count: u8) {
        self.with(server, |bearers, now| {
            bearers.call_begins(now, number.into(), &group(number), &codec());
            for user in 0..count {
                bearers.in_call(now, number.into(), &Self::user(server, number, user), true);
            }
        });
    }

    fn ends(&mut self, server: u8, number: u8) {
        self.with(server, |bearers, now| bearers.call_ends(now, number.into()));
    }

    /// Somebody speaks; all servers of the call get it.
    fn speak(&mut self, servers: &[u8], number: u8, packets: u16) {
        for _ in 0..packets {
            let next = self.next.entry(number).or_default();
            *next += 1;
            let sequence = *next;
            let rtp = RtpPacket {
                payload_type: 8,
                sequence,
                ssrc: number.into(),
                payload: vec![0; 20],
                ..Default::default()
            };
            for server in servers {
                self.with(*server, |bearers, now| bearers.audio(now, number.into(), &rtp.to_bytes()));
            }
            self.run(20);
        }
    }

    fn reports(&mut self, server: u8, user: &str, number: u8, tmgi: Tmgi, listening: bool) {
        let session = Some(group(number));
        let status = ListeningStatus { listening, session, general_purpose: None, tmgis: vec![tmgi] };
        let part = Part::new(USAGE_INFO_CONTENT_TYPE, UsageInfo::of_listening(status).to_document());
        self.with(server, |bearers, now| bearers.message(now, user, &[part])).unwrap();
    }

    /// How often each packet of a group was on the air that was on it at all.
    fn times(&self, number: u8) -> BTreeSet<usize> {
        let own = self.air.rtp.iter().filter(|((ssrc, _), _)| *ssrc == u32::from(number));
        own.map(|(_, bearers)| bearers.len()).collect()
    }

    fn heard(&self, number: u8) -> usize {
        self.air.rtp.keys().filter(|(ssrc, _)| *ssrc == u32::from(number)).count()
    }

    fn said(&self, server: u8, name: &str) -> usize {
        self.server(server).said.iter().filter(|(_, document)| document.name() == name).count()
    }

    /// Nobody has anything on a bearer, and nobody waits for that.
    fn is_given_back(&self, servers: &[u8]) {
        for server in servers {
            let server = self.server(*server);
            for name in ["mc_reserved_bits_per_second", "mc_groups_on_bearers", "mc_releases_open"] {
                assert_eq!(server.figure(name), 0, "mc{} {name}: {:#?}", server.number, self.net.notes);
            }
        }
    }
}

/// Server 2 has a bearer of two calls in area 1; all servers know all others.
fn shared(server: u8, config: &mut McMbmsConfig) {
    if server == 2 {
        config.established = vec![PlannedBearer { areas: vec![1], settings: settings(2) }];
    }
}

/// The same with room for one call.
fn narrow(server: u8, config: &mut McMbmsConfig) {
    if server == 2 {
        config.established = vec![PlannedBearer { areas: vec![1], settings: settings(1) }];
    }
}

#[test]
fn two_servers_share_the_bearer_of_a_third_and_speech_is_on_the_air_once() {
    let mut trio = Trio::new(shared);
    trio.users(1, 3, 0x100, 1);
    trio.users(3, 3, 0x100, 1);
    trio.run(3000);
    assert_eq!(trio.server(2).figure("mc_bearers"), 1, "{:#?}", trio.net.notes);
    assert_eq!((trio.server(1).figure("mc_bearers"), trio.server(3).figure("mc_bearers")), (0, 0));
    assert_eq!((trio.server(1).announced.len(), trio.server(3).announced.len()), (3, 3), "{:#?}", trio.net.notes);
    let announced = trio.server(1).announced[0].1.announcements[0].clone();
    assert_eq!((announced.service_areas, announced.gpms), (Some(vec![1]), Some(1)));

    trio.begins(1, 1, 3);
    trio.begins(3, 1, 3);
    trio.run(200);
    assert_eq!(trio.server(2).figure("mc_reserved_bits_per_second"), 40_000, "{:#?}", trio.net.notes);
    trio.speak(&[1, 3], 1, 30);
    let user = Trio::user(1, 1, 0);
    trio.reports(1, &user, 1, announced.tmgi, true);
    assert!(trio.with(1, |bearers, _| bearers.hears_broadcast(1, &user)));
    trio.speak(&[1, 3], 1, 30);
    // It leaves the coverage, and is sent again what it may have missed.
    trio.reports(1, &user, 1, announced.tmgi, false);
    trio.run(10);
    let switched: Vec<bool> = trio.server(1).switched.iter().map(|(.., to, _)| *to).collect();
    assert_eq!(switched, [true, false]);
    assert!(trio.server(1).switched[1].3 > 20);
    trio.run(4000);
    assert_eq!((trio.times(1), trio.heard(1)), (BTreeSet::from([1]), 60), "{:#?}", trio.net.notes);
    assert!(trio.air.maps.iter().all(|map| *map == (announced.tmgi, group(1))) && !trio.air.maps.is_empty());
    assert_eq!(trio.air.unmaps.len(), 3, "after the silence");

    trio.ends(1, 1);
    trio.ends(3, 1);
    trio.run(3000);
    trio.is_given_back(&[1, 2, 3]);
    assert_eq!(trio.said(1, "media distribution release request"), 1);
}

#[test]
fn a_release_is_refused_while_the_call_goes_on_and_the_other_server_goes_on_with_it() {
    let mut trio = Trio::new(shared);
    trio.users(1, 3, 0x100, 1);
    trio.users(3, 3, 0x100, 1);
    trio.run(2000);
    trio.begins(1, 1, 3);
    trio.run(100);
    trio.begins(3, 1, 3);
    trio.speak(&[1, 3], 1, 20);
    trio.ends(1, 1);
    trio.speak(&[3], 1, 100);
    assert_eq!(trio.server(2).figure("mc_releases_refused"), 1, "{:#?}", trio.net.notes);
    trio.run(3000);
    assert_eq!((trio.times(1), trio.server(1).figure("mc_releases_open")), (BTreeSet::from([1]), 0));
    // Two tenths of a second to find out, and no more.
    assert!(trio.heard(1) >= 105, "{}: {:#?}", trio.heard(1), trio.net.notes);
    trio.ends(3, 1);
    trio.run(3000);
    trio.is_given_back(&[1, 2, 3]);
}

#[test]
fn another_server_goes_on_when_the_one_that_distributes_dies() {
    let mut trio = Trio::new(shared);
    trio.users(1, 3, 0x100, 1);
    trio.users(3, 3, 0x100, 1);
    trio.run(2000);
    trio.begins(1, 1, 3);
    trio.run(100);
    trio.begins(3, 1, 3);
    trio.speak(&[1, 3], 1, 20);
    assert!(trio.net.fabric.set_down(trio.net.now, "mc1", true));
    trio.speak(&[3], 1, 250);
    trio.run(3000);
    let last = trio.next[&1];
    assert_eq!(trio.times(1), BTreeSet::from([1]));
    assert!(trio.air.rtp.contains_key(&(1, last)), "{:#?}", trio.net.notes);
    trio.ends(3, 1);
    trio.run(3000);
    trio.is_given_back(&[2, 3]);
}

#[test]
fn a_call_without_room_is_unicast_and_comes_to_the_bearer_when_there_is_some() {
    let mut trio = Trio::new(narrow);
    trio.users(1, 3, 0x100, 1);
    trio.users(3, 3, 0x100, 2);
    trio.run(2000);
    trio.begins(1, 1, 3);
    trio.run(100);
    trio.begins(3, 2, 3);
    trio.speak(&[3], 2, 20);
    trio.run(2000);
    assert_eq!((trio.heard(2), trio.server(2).figure("mc_reserved_bits_per_second")), (0, 40_000));
    assert_eq!(trio.server(3).figure("mc_bearers"), 0, "{:#?}", trio.net.notes);
    trio.ends(1, 1);
    trio.run(1500);
    trio.speak(&[3], 2, 20);
    trio.run(2000);
    assert_eq!((trio.heard(2), trio.times(2)), (20, BTreeSet::from([1])), "{:#?}", trio.net.notes);
    trio.ends(3, 2);
    trio.run(3000);
    trio.is_given_back(&[1, 2, 3]);
}

#[test]
fn a_bearer_beside_a_full_one_ends_when_there_is_room() {
    let mut trio = Trio::new(|server, config| {
        narrow(server, config);
        config.insufficient = Insufficient::Duplicate;
    });
    trio.users(1, 3, 0x100, 1);
    trio.users(3, 3, 0x100, 2);
    trio.run(2000);
    trio.begins(1, 1, 3);
    trio.run(100);
    trio.begins(3, 2, 3);
    trio.run(8000);
    assert_eq!(trio.server(3).figure("mc_bearers"), 1, "{:#?}", trio.net.notes);
    assert_eq!(trio.server(1).announced.len(), 3, "nobody else is told");
    trio.speak(&[3], 2, 20);
    trio.run(2000);
    assert_eq!((trio.heard(2), trio.times(2)), (20, BTreeSet::from([1])), "{:#?}", trio.net.notes);
    trio.ends(1, 1);
    trio.run(10_000);
    assert_eq!(trio.server(3).figure("mc_bearers"), 0, "{:#?}", trio.net.notes);
    trio.speak(&[3], 2, 20);
    trio.run(2000);
    assert_eq!(trio.heard(2), 40, "{:#?}", trio.net.notes);
    trio.ends(3, 2);
    trio.run(3000);
    trio.is_given_back(&[1, 2, 3]);
}

#[test]
fn one_server_makes_the_bearers_of_all() {
    let mut trio = Trio::new(|server, config| match server {
        2 => (config.is_central, config.discover, config.peers) = (true, Vec::new(), vec![uri(1), uri(3)]),
        _ => (config.mb2, config.discover) = (None, vec![uri(2)]),
    });
    trio.users(1, 3, 0x100, 1);
    trio.users(3, 3, 0x100, 1);
    trio.run(8000);
    assert_eq!(trio.server(2).figure("mc_bearers"), 1, "{:#?}", trio.net.notes);
    trio.begins(3, 1, 3);
    trio.begins(1, 1, 3);
    trio.run(100);
    trio.speak(&[1, 3], 1, 20);
    trio.run(2000);
    assert_eq!((trio.heard(1), trio.times(1)), (20, BTreeSet::from([1])), "{:#?}", trio.net.notes);
    trio.ends(3, 1);
    trio.ends(1, 1);
    trio.run(3000);
    trio.is_given_back(&[1, 2, 3]);
}

#[test]
fn the_server_with_the_bearer_announces_it_on_behalf_of_the_others() {
    let mut trio = Trio::new(|server, config| {
        shared(server, config);
        config.announcer = Announcer::Controlling;
    });
    trio.users(1, 4, 0x100, 1);
    trio.run(4000);
    assert_eq!((trio.server(1).announced.len(), trio.server(2).announced.len()), (0, 4), "{:#?}", trio.net.notes);
    let (user, tmgi) = (Trio::user(1, 1, 0), trio.server(2).announced[0].1.announcements[0].tmgi);
    trio.begins(1, 1, 4);
    trio.run(500);
    trio.reports(1, &user, 1, tmgi, true);
    trio.reports(2, &user, 1, tmgi, true);
    assert_eq!(trio.server(2).figure("mc_listening_reports_on_behalf"), 1);
    assert!(trio.with(1, |bearers, _| bearers.hears_broadcast(1, &user)));
}

#[test]
fn a_server_that_does_not_respond_is_done_without() {
    let mut trio = Trio::new(shared);
    assert!(trio.net.fabric.set_down(trio.net.now, "mc2", true));
    trio.users(1, 3, 0x100, 1);
    trio.run(12_000);
    assert_eq!(trio.server(1).figure("mc_bearers"), 1, "{:#?}", trio.net.notes);
    trio.begins(1, 1, 3);
    trio.run(2000);
    trio.speak(&[1], 1, 20);
    trio.run(2000);
    assert_eq!((trio.heard(1), trio.times(1)), (20, BTreeSet::from([1])), "{:#?}", trio.net.notes);
}

#[test]
fn the_server_with_the_bearer_dies_in_the_middle_of_a_call() {
    let mut trio = Trio::new(shared);
    trio.users(1, 3, 0x100, 1);
    trio.run(2000);
    trio.begins(1, 1, 3);
    trio.run(500);
    let (user, tmgi) = (Trio::user(1, 1, 0), trio.server(1).announced[0].1.announcements[0].tmgi);
    trio.speak(&[1], 1, 10);
    trio.reports(1, &user, 1, tmgi, true);
    assert!(trio.net.fabric.set_down(trio.net.now, "mc2", true));
    trio.speak(&[1], 1, 200);
    assert!(!trio.with(1, |bearers, _| bearers.hears_broadcast(1, &user)), "{:#?}", trio.net.notes);
    let cancelled =
        trio.server(1).announced.iter().filter(|(_, info)| info.announcements[0].service_areas.is_none()).count();
    assert_eq!(cancelled, 3);
    trio.run(10_000);
    trio.speak(&[1], 1, 10);
    trio.run(2000);
    let last = trio.next[&1];
    assert!(trio.air.rtp.contains_key(&(1, last)), "over a bearer of its own: {:#?}", trio.net.notes);
}

#[test]
fn of_two_that_want_a_bearer_at_the_same_time_one_makes_it() {
    let mut trio = Trio::new(|_, _| {});
    trio.users(1, 3, 0x100, 1);
    trio.users(3, 3, 0x100, 1);
    trio.run(15_000);
    let bearers = trio.server(1).figure("mc_bearers") + trio.server(3).figure("mc_bearers");
    assert_eq!(bearers, 1, "{:#?}", trio.net.notes);
    trio.begins(1, 1, 3);
    trio.begins(3, 1, 3);
    trio.run(200);
    trio.speak(&[1, 3], 1, 20);
    trio.run(2000);
    assert_eq!((trio.heard(1), trio.times(1)), (20, BTreeSet::from([1])), "{:#?}", trio.net.notes);
}

#[test]
fn whatever_calls_and_users_do_nothing_is_on_the_air_twice_and_all_is_given_back() {
    for seed in 0..4u8 {
        let mut trio = Trio::new(shared);
        let mut entropy = Entropy::from_seed([seed; 32]);
        let mut running = BTreeSet::new();
        for number in 1..=3 {
            trio.users(1, 3, 0x100, number);
            trio.users(3, 3, 0x100, number);
        }
        trio.run(1000);
        for _ in 0..60 {
            let mut pick = |of: u32| entropy.below(of);
            let (server, number) = ([1, 3][pick(2) as usize], 1 + pick(3) as u8);
            match pick(8) {
                0..=2 => {
                    if running.insert((server, number)) {
                        trio.begins(server, number, 3);
                    }
                }
                3 => {
                    if running.remove(&(server, number)) {
                        trio.ends(server, number);
                    }
                }
                4 => {
                    let eci = [0x100, 0x300, 0x900][pick(3) as usize];
                    trio.users(server, 1 + pick(3) as u8, eci, number);
                }
                _ => {
                    let servers: Vec<u8> = [1, 3].into_iter().filter(|s| running.contains(&(*s, number))).collect();
                    let packets = pick(20) as u16;
                    trio.speak(&servers, number, packets);
                }
            }
            let pause = entropy.below(400);
            trio.run(pause.into());
        }
        for (server, number) in running {
            trio.ends(server, number);
        }
        trio.run(12_000);
        for number in 1..=3 {
            assert!(trio.times(number).into_iter().all(|times| times == 1), "seed {seed}: {:#?}", trio.net.notes);
        }
        trio.is_given_back(&[1, 2, 3]);
    }
}

/// A call of two servers over the bearer of the third one; a server is killed after so many messages.
fn killed(victim: u8, step: usize) -> bool {
    let mut trio = Trio::new(shared);
    let servers = trio.servers.clone();
    trio.net.maker = Some(Box::new(move |name, restarts| {
        let number: u8 = name.strip_prefix("mc")?.parse().ok()?;
        let mut config = config(number);
        shared(number, &mut config);
        let server = Arc::clone(&servers[usize::from(number) - 1]);
        *server.lock().unwrap() = Server::new(config, number, 150 + restarts as u8);
        Some(Box::new(Shared(server)))
    }));
    trio.net.kill = Some((step, format!("mc{victim}")));
    for server in [1, 3] {
        trio.users(server, 3, 0x100, 1);
    }
    trio.run(1500);
    for server in [1, 3] {
        trio.begins(server, 1, 3);
    }
    trio.run(100);
    trio.speak(&[1, 3], 1, 30);
    for server in [1, 3] {
        trio.ends(server, 1);
    }
    let is_over = trio.net.kill.take().is_some();
    trio.run(20_000);
    trio.is_given_back(&[1, 2, 3]);
    assert!(trio.times(1).into_iter().all(|times| times == 1), "mc{victim} at {step}: {:#?}", trio.net.notes);
    for server in 1..=3 {
        trio.with(server, |bearers, now| bearers.shut_down(now));
    }
    trio.run(20_000);
    trio.net.audit();
    assert!(trio.net.mce.lock().unwrap().admission().is_empty(), "mc{victim} at {step}: {:#?}", trio.net.notes);
    is_over
}

#[test]
fn a_server_is_killed_at_any_step_and_all_is_given_back() {
    for victim in 1..=3 {
        for step in (usize::from(victim)..).step_by(KILLS_APART) {
            if killed(victim, step) {
                assert!(step > 60, "{step}");
                break;
            }
        }
    }
}

/// Messages between two kills: enough of them to hit each step of the procedure with one of the servers.
const KILLS_APART: usize = 23;
