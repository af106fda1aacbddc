//! BM-SC, MBMS-GW, application server and IMS AS are killed in the middle of what they do: what was acknowledged is there
//! afterwards, with its data on M1, Restart-Counters are noticed, and nothing leaks.

mod ims_as;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use core_network::process::{CoreConfig, start_core};
use protocol::diameter::mb2c::mask::MbmsBearerResult;
use protocol::diameter::mb2c::{GcsActionRequest, MbmsBearerResponse, TmgiDeallocationRequest};
use protocol::{Entropy, GtpuPacket, SyncRepr, Tmgi, UdpDatagram};

use super::client::{Client, REALM};
use super::listener::listener;
use super::pace::{assigned, tmgi};
use super::process::{address, config, figure, page};

const PATIENCE: Duration = Duration::from_secs(40);
const CONFIG_VARIABLE: &str = "CASTBENCH_MBMS_CHILD";
/// Kills of a run; a campaign sets the variable.
const KILLS: usize = 6;
const KILLS_VARIABLE: &str = "CASTBENCH_KILLS";
/// Bearers at a time, and groups of M1: those of killed starts rest.
const BEARERS: usize = 5;
const GROUPS: u8 = 40;

/// Plays the child when the variable is set; alone it has nothing to do.
#[test]
fn child_that_is_killed() {
    let Ok(path) = std::env::var(CONFIG_VARIABLE) else { return };
    let path = PathBuf::from(path);
    let text = std::fs::read_to_string(&path).unwrap();
    let config = CoreConfig::parse(&text).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let seed = [std::process::id() as u8; 32];
    let started = start_core(&config, path.parent().unwrap(), Entropy::from_seed(seed), None);
    let mut process = runtime.block_on(started).unwrap();
    println!("mbms-child ready");
    runtime.block_on(async { while process.note().await.is_some() {} });
}

/// A process with some of the nodes; it is killed with the test.
struct Nodes {
    path: PathBuf,
    child: Child,
}

impl Nodes {
    fn start(folder: &Path, name: &str, text: &str) -> Self {
        let path = folder.join(name).with_extension("toml");
        std::fs::write(&path, text).unwrap();
        let child = Self::run(&path);
        Self { path, child }
    }

    fn run(path: &Path) -> Child {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kills::child_that_is_killed", "--nocapture", "--test-threads=1"])
            .env(CONFIG_VARIABLE, path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok);
        assert!(lines.any(|line| line.contains("mbms-child ready")), "{} does not start", path.display());
        child
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn restart(&mut self) {
        self.child = Self::run(&self.path);
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything, and what the application server was told.
struct Rig {
    ip: Ipv4Addr,
    bmsc: Nodes,
    rest: Nodes,
    client: Client,
    heard: Receiver<Vec<u8>>,
    bearers: BTreeMap<Tmgi, MbmsBearerResponse>,
    tmgis: usize,
    random: u64,
}

impl Rig {
    fn new(ip: Ipv4Addr, folder: &Path) -> Self {
        let groups = format!("m1_groups = ['232.46.7.1', '232.46.7.{GROUPS}']");
        let common =
            |nodes| config(nodes, ip, "core.sqlite").replace("m1_groups = ['232.46.7.1', '232.46.7.200']", &groups);
        let gateway = format!("[bmsc]\ngateways = [{{ host = 'mbms-gw.{REALM}', connect = '{ip}:3899' }}]");
        let bmsc = common("'bmsc'").replace("[bmsc]", &gateway);
        let peer = format!("[mbms_gw]\npeers = [{{ host = 'bmsc.{REALM}' }}]\nrestoration_s = 20");
        let rest = common("'mbms_gw', 'mce', 'enb'").replace("[mbms_gw]", &peer).replace(":8080", ":8081");
        let rest = rest.replace("core.sqlite", "rest.sqlite");
        let rest = Nodes::start(folder, "rest", &rest);
        let bmsc = Nodes::start(folder, "bmsc", &bmsc);
        let (client, heard) = (Client::new(ip, 1), hear(ip));
        let mut rig = Self { ip, bmsc, rest, client, heard, bearers: BTreeMap::new(), tmgis: 0, random: 1 };
        rig.settle();
        rig
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    /// A figure of a node, in whichever process.
    fn figure(&self, node: &str, what: &str) -> u64 {
        if node == "bmsc" { figure(self.ip, node, what) } else { super::process::figure_at(self.ip, 8081, node, what) }
    }

    /// Until all nodes have found each other.
    fn settle(&mut self) {
        assert!(self.client.until(PATIENCE, |client| client.is_up()), "no connection of MB2-C");
        let ip = self.ip;
        let figure_at = super::process::figure_at;
        let is_there =
            |_: &mut Client| figure_at(ip, 8081, "mce", "enbs") == 2 && figure_at(ip, 8081, "mbms-gw", "mces") == 1;
        assert!(self.client.until(PATIENCE, is_there), "M3 or M2 is not there");
    }

    /// One thing that an application server does: begun, not awaited. Its TMGI.
    fn begin(&mut self) -> Tmgi {
        if self.bearers.len() >= BEARERS || (!self.bearers.is_empty() && self.random(3) == 0) {
            let at = self.random(self.bearers.len() as u64) as usize;
            let tmgi = *self.bearers.keys().nth(at).unwrap();
            let bearer = self.bearers.remove(&tmgi).unwrap();
            self.client.send(super::client::stop(&bearer));
            return tmgi;
        }
        self.tmgis += 1;
        let service = SocketAddr::from(([239, 1, 2, self.tmgis as u8], 5004));
        self.client.send(assigned(tmgi(self.tmgis), service));
        tmgi(self.tmgis)
    }

    /// Its answer; when it was not what was wanted, or did not come, the TMGI is given back until that is answered.
    fn end(&mut self, tmgi: Tmgi, patience: Duration) {
        let answer = self.client.answer(patience);
        let bearer = answer.and_then(|mut answer| answer.bearers.pop());
        let result = bearer.as_ref().map(|bearer| bearer.result.unwrap_or(MbmsBearerResult::SUCCESS));
        match bearer {
            Some(bearer) if result == Some(MbmsBearerResult::SUCCESS) && bearer.port.is_some() => {
                self.bearers.insert(tmgi, bearer);
            }
            // A stop has no port.
            Some(_) if result == Some(MbmsBearerResult::SUCCESS) => {}
            _ => self.give_back(tmgi),
        }
    }

    fn give_back(&mut self, tmgi: Tmgi) {
        for _ in 0..20 {
            assert!(self.client.until(PATIENCE, |client| client.is_up()), "no connection of MB2-C");
            let deallocation = Some(TmgiDeallocationRequest { tmgis: vec![tmgi] });
            self.client.send(GcsActionRequest { deallocation, ..Default::default() });
            if self.client.answer(Duration::from_secs(5)).is_some() {
                return;
            }
        }
        panic!("{tmgi} cannot be given back");
    }

    /// What there is, is what was acknowledged: everywhere.
    fn check(&mut self, round: usize) {
        let wanted = self.bearers.len() as u64;
        let all = [("bmsc", "bearers"), ("bmsc", "tmgis"), ("mbms-gw", "mbms_sessions"), ("mce", "mbms_sessions")];
        let mut found = Vec::new();
        for _ in 0..400 {
            found = all.iter().map(|(node, what)| self.figure(node, what)).collect();
            if found.iter().all(|count| *count == wanted) {
                break;
            }
            self.client.until(Duration::from_millis(50), |_| false);
        }
        assert!(found.iter().all(|count| *count == wanted), "round {round}: {wanted} acknowledged, {found:?}");
        assert!(page(self.ip, "/health").unwrap().starts_with("HTTP/1.1 200"));
        self.check_data(round);
    }

    /// Data of each bearer come to M1.
    fn check_data(&self, round: usize) {
        let mut missing: BTreeSet<Vec<u8>> = BTreeSet::new();
        for (n, bearer) in self.bearers.values().enumerate() {
            let payload = format!("round {round} bearer {n}").into_bytes();
            let to = bearer.provisioning.as_ref().unwrap().socket().unwrap();
            self.client.datagram(SocketAddr::new(bearer.addresses[0], bearer.port.unwrap()), to, &payload);
            missing.insert(payload);
        }
        while !missing.is_empty() {
            let heard = self.heard.recv_timeout(PATIENCE);
            missing.remove(&heard.unwrap_or_else(|_| panic!("round {round}: {} bearers are silent", missing.len())));
        }
    }
}

/// What user data carry on M1.
fn hear(ip: Ipv4Addr) -> Receiver<Vec<u8>> {
    let (sender, heard) = channel();
    for n in 1..=GROUPS {
        let (socket, sender) = (listener(ip, Ipv4Addr::new(232, 46, 7, n)), sender.clone());
        socket.set_read_timeout(None).unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 2048];
            while let Ok((count, _)) = socket.recv_from(&mut buffer) {
                let packet = GtpuPacket::new_checked(&buffer[..count]).unwrap();
                let Ok(SyncRepr::UserData { payload, .. }) = SyncRepr::parse(packet.payload()) else { continue };
                let data = UdpDatagram::parse(payload).unwrap().payload.to_vec();
                if sender.send(data).is_err() {
                    return;
                }
            }
        });
    }
    heard
}

#[test]
fn acknowledged_bearers_survive_kills_and_nothing_leaks() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(address(4), folder.path());
    let kills = std::env::var(KILLS_VARIABLE).ok().map_or(KILLS, |n| n.parse().unwrap());
    let mut restarts = 1;
    for round in 0..kills {
        for _ in 0..1 + rig.random(4) {
            let tmgi = rig.begin();
            rig.end(tmgi, PATIENCE);
        }
        // In the middle of one more.
        let tmgi = rig.begin();
        let wait = Duration::from_micros(rig.random(30_000));
        rig.client.until(wait, |_| false);
        let is_bmsc = round % 2 == 0;
        let victim = if is_bmsc { &mut rig.bmsc } else { &mut rig.rest };
        victim.kill();
        victim.restart();
        rig.end(tmgi, Duration::from_secs(5));
        rig.settle();
        rig.check(round);
        // TS 29.468 clause 5.6: each start counts.
        restarts += u32::from(is_bmsc);
        let beat = rig.client.ask(GcsActionRequest::default());
        assert_eq!(beat.restart_counter, Some(restarts), "round {round}");
        let ip = rig.ip;
        let is_noticed = |_: &mut Client| is_bmsc || figure(ip, "bmsc", "mbms_restarts_seen") > 0;
        assert!(rig.client.until(PATIENCE, is_noticed), "round {round}: the restart of the gateway is not noticed");
    }
    // The application server is killed, and says at its next start that it has forgotten everything.
    rig.client = Client::new(rig.ip, 2);
    rig.settle();
    rig.client.ask(GcsActionRequest::default());
    rig.bearers.clear();
    rig.check(kills);
}
