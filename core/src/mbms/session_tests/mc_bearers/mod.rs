//! Bearers of three MC service servers, joined by the BM-SC and the cells as they are (TS 23.280 clause 10.7.3.9.2.2). What
//! servers say to each other goes without SIP here.

mod campaign;
mod deaths;
mod room;
mod server;
mod sharing;

use std::collections::BTreeMap;

use protocol::UdpDatagram;
use protocol::mc::names::USAGE_INFO_CONTENT_TYPE;
use protocol::mc::subchannel::{self, SubchannelMessage};
use protocol::mc::usage_info::{Announcement, ListeningStatus, UsageInfo};
use protocol::mime::Part;
use protocol::rtp::RtpPacket;
use protocol::sip::EutranCell;

use self::server::Server;
use super::whole::bmsc_config;
use super::*;
use crate::mbms::{BearerRule, CellAreas, GroupCodec, Mb2Config, ServerRules};
use crate::mc::bearers::{BearerSettings, Bearers, McMbmsConfig, PlannedBearer};

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

    /// Three capable users each of servers 1 and 3 in area 1, who are affiliated to these groups.
    fn with_users(change: Change, groups: [u8; 2]) -> Self {
        let mut trio = Self::new(change);
        for (server, group) in [1, 3].into_iter().zip(groups) {
            trio.users(server, 3, 0x100, group);
        }
        trio
    }

    /// Servers 1 and 3 have begun a call each, of groups as they are; the first one has what room there is.
    fn with_calls(change: Change, groups: [u8; 2]) -> Self {
        let mut trio = Self::with_users(change, groups);
        trio.run(2000);
        trio.begins(1, groups[0], 3);
        trio.run(100);
        trio.begins(3, groups[1], 3);
        trio
    }

    fn with<T>(&mut self, server: u8, what: impl FnOnce(&mut Bearers, Instant) -> T) -> T {
        let now = self.net.now;
        let done = what(&mut self.servers[usize::from(server) - 1].lock().unwrap().bearers, now);
        self.net.poke(&format!("mc{server}"));
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

    /// So many packets of a group have been on the air, each of them once.
    fn assert_on_air_once(&self, number: u8, packets: usize) {
        let heard = (self.heard(number), self.times(number));
        assert_eq!(heard, (packets, BTreeSet::from([1])), "{:#?}", self.net.notes);
    }

    /// The bearers of a server.
    fn assert_bearers(&self, server: u8, bearers: u64) {
        assert_eq!(self.server(server).figure("mc_bearers"), bearers, "mc{server}: {:#?}", self.net.notes);
    }

    /// Users of a server that it has told of bearers, so often as it did.
    fn announced(&self, server: u8) -> usize {
        self.server(server).announced.len()
    }

    /// The bearer that a server announced first.
    fn announcement(&self, server: u8) -> Announcement {
        self.server(server).announced[0].1.announcements[0].clone()
    }

    fn said(&self, server: u8, name: &str) -> usize {
        self.server(server).said.iter().filter(|(_, document)| document.name() == name).count()
    }

    /// The last calls end, of a server and a group each: nothing is left on a bearer.
    fn hang_up(&mut self, calls: &[(u8, u8)]) {
        for (server, number) in calls {
            self.ends(*server, *number);
        }
        self.run(3000);
        self.assert_given_back(&[1, 2, 3]);
    }

    /// Nobody has anything on a bearer, and nobody waits for that.
    fn assert_given_back(&self, servers: &[u8]) {
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
