//! What services at a BM-SC cost: time and memory of everything that happens to them (TMGI and address with a session
//! description, bearer, a packet before and one after it is active, refresh, a sequence of the user plane), at growing
//! numbers, and the slopes of both in a log-log plot.
//!
//! Writes `perf_bmsc.json` into the folder that `CASTBENCH_OUT` names, else into `target/tmp`; fails when a slope is above
//! 1.15.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use benches::growth::{STEEPEST, cpu_s, folder, perf_file, slope, write};
use core_network::node::{
    Fabric, FabricOutput, Latency, Node, NodeInput, NodeOutput, NodeStore, NodeStoreAnswer, Role, StoreDriver,
};
use core_network::{BmscNode, BmscNodeConfig, GatewayConfig, ProvisioningConfig, ServerRules};
use protocol::diameter::mb2c::{GcsActionAnswer, GcsActionRequest, MbmsBearerRequest, TmgiAllocationRequest};
use protocol::diameter::mbms::provisioning::ServiceProvisioning;
use protocol::diameter::mbms::{Arp, MbmsServiceArea, QosInformation, StartStop};
use protocol::diameter::sgmb::{Raa, Rar};
use protocol::diameter::{
    DiameterConfig, DiameterEndpoint, DiameterOutput, Outcome, PeerConfig, ResultCode, dictionary,
};
use protocol::{Entropy, Instant, Plmn, SyncPlan, UdpDatagram};

const NUMBERS: [usize; 3] = [1_000, 3_000, 10_000];
/// Runs of which the fastest counts, for others were disturbed; `CASTBENCH_RUNS` says how many instead.
const RUNS: usize = 3;

fn main() -> ExitCode {
    // `cargo test --benches` only wants to see that it works.
    if std::env::args().any(|argument| argument == "--test") {
        return if Rig::new().play(20) == 20 { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let points: Vec<Point> = NUMBERS.into_iter().map(measure).collect();
    let of = |cost: fn(&Point) -> f64| -> Vec<(f64, f64)> {
        points.iter().map(|point| (point.services as f64, cost(point))).collect()
    };
    let time = slope(&of(|point| point.cpu_s));
    let memory = slope(&of(|point| point.memory_octets as f64));
    let text = json(&points, time, memory);
    let path = perf_file(&folder(env!("CARGO_TARGET_TMPDIR")), "bmsc");
    print!("{text}");
    if let Err(why) = write(&path, &text) {
        eprintln!("{}: {why}", path.display());
        return ExitCode::FAILURE;
    }
    println!("{}: slope of time {time:.3}, of memory {memory:.3}", path.display());
    if time <= STEEPEST && memory <= STEEPEST { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Point {
    services: usize,
    /// Time on the processor, of the BM-SC and of those that it talks to.
    cpu_s: f64,
    /// What is still there when all is quiet, and the most that there was.
    memory_octets: u64,
    peak_octets: u64,
}

fn measure(services: usize) -> Point {
    let mut kept = None;
    let info = allocation_counter::measure(|| {
        let mut rig = Rig::new();
        assert_eq!(rig.play(services), services);
        kept = Some(rig);
    });
    drop(kept);
    let mut fastest = f64::INFINITY;
    let runs = std::env::var("CASTBENCH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    for _ in 0..runs {
        let mut rig = Rig::new();
        let start = cpu_s();
        rig.play(services);
        fastest = fastest.min(cpu_s() - start);
    }
    Point {
        services,
        cpu_s: fastest,
        memory_octets: u64::try_from(info.bytes_current).unwrap_or(0),
        peak_octets: info.bytes_max,
    }
}

fn json(points: &[Point], time: f64, memory: f64) -> String {
    let mut out = "{\n  \"bmsc\": {\n    \"points\": [\n".to_owned();
    for (n, point) in points.iter().enumerate() {
        let comma = if n + 1 < points.len() { "," } else { "" };
        // Writing into a string does not fail.
        let _ = writeln!(
            out,
            "      {{ \"services\": {}, \"cpu_s\": {:.4}, \"memory_octets\": {}, \"peak_memory_octets\": {} }}{comma}",
            point.services, point.cpu_s, point.memory_octets, point.peak_octets
        );
    }
    let _ = writeln!(
        out,
        "    ],\n    \"slope_of_time\": {time:.4},\n    \"slope_of_memory\": {memory:.4},\n    \"steepest\": {STEEPEST}\n  }}\n}}"
    );
    out
}

const REALM: &str = "mbms.example";
const BMSC: &str = "bmsc.mbms.example";
const GATEWAY: &str = "gw.mbms.example";
const SERVER: &str = "as.mbms.example";

fn ip(last: u8) -> IpAddr {
    [10, 46, 0, last].into()
}

fn diameter(host: &str, own: u8, peers: &[(&str, Option<u8>)]) -> DiameterConfig {
    let mut config = DiameterConfig::new(host, REALM, ip(own), vec![dictionary::APP_MB2C, dictionary::APP_SGMB]);
    let peer = |(host, at): &(&str, Option<u8>)| PeerConfig {
        host: (*host).to_owned(),
        realm: REALM.to_owned(),
        connect: at.map(|at| SocketAddr::new(ip(at), 3868)),
    };
    config.peers = peers.iter().map(peer).collect();
    config
}

/// What the other boxes have in common with who drives them.
#[derive(Debug, Default)]
struct Strings {
    to_send: VecDeque<GcsActionRequest>,
    packets: VecDeque<(u16, Vec<u8>)>,
    answers: VecDeque<GcsActionAnswer>,
    received: usize,
}

/// An application server or an MBMS-GW that says yes.
#[derive(Debug)]
struct Other {
    own: u8,
    endpoint: DiameterEndpoint,
    strings: Arc<Mutex<Strings>>,
    out: VecDeque<NodeOutput>,
}

impl Other {
    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(transport) => self.out.push_back(NodeOutput::Diameter(transport)),
                DiameterOutput::Answer { result, .. } => {
                    let answer = GcsActionAnswer::from_message(&result.expect("an answer")).expect("a GAA");
                    self.strings.lock().expect("one thread").answers.push_back(answer);
                }
                DiameterOutput::Request { handle, message } => {
                    let (host, realm) = self.endpoint.origin();
                    let (origin_host, origin_realm) = (host.to_owned(), realm.to_owned());
                    let mut raa = Raa::new(Outcome { origin_host, origin_realm, result: ResultCode::SUCCESS });
                    raa.indication = Rar::from_message(&message).ok().and_then(|rar| rar.indication);
                    (raa.address, raa.port) = (ip(self.own).into(), Some(40_000));
                    self.endpoint.send_answer(now, handle, raa.to_message(&message));
                }
                _ => {}
            }
        }
    }
}

impl Node for Other {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Diameter(input) => self.endpoint.handle_input(now, input),
            NodeInput::Datagram { .. } => self.strings.lock().expect("one thread").received += 1,
            _ => {}
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
        let strings = Arc::clone(&self.strings);
        let mut strings = strings.lock().expect("one thread");
        while let Some(mut gar) = strings.to_send.pop_front() {
            gar.routing = self.endpoint.routing(None, REALM);
            self.endpoint.send_request(now, 0, gar.to_message());
        }
        while let Some((port, bytes)) = strings.packets.pop_front() {
            let (local, remote) = (SocketAddr::new(ip(self.own), 5000), SocketAddr::new(ip(31), port));
            self.out.push_back(NodeOutput::Datagram { local, remote, bytes });
        }
        drop(strings);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let strings = self.strings.lock().expect("one thread");
        let idle = strings.to_send.is_empty() && strings.packets.is_empty();
        if idle { self.endpoint.poll_timeout() } else { Some(Instant::ZERO) }
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}

/// A BM-SC, its store in memory, and everybody else.
struct Rig {
    fabric: Fabric,
    now: Instant,
    strings: Arc<Mutex<Strings>>,
}

impl Rig {
    fn new() -> Self {
        // Nothing takes time, so that sequences of many bearers do not count for each new one.
        let mut fabric = Fabric::new(Latency { gm: Duration::ZERO, core: Duration::ZERO });
        let own = diameter(BMSC, 31, &[(SERVER, None), (GATEWAY, Some(32))]);
        let pool = ProvisioningConfig {
            plmn: Plmn::new("001", "01").expect("a PLMN"),
            service_ids: 1..=0xff_ffff,
            addresses: [239, 1, 0, 0].into()..=[239, 1, 255, 255].into(),
            ports: 5000..=5000,
            port_block: ProvisioningConfig::PORT_BLOCK,
        };
        let mut config = BmscNodeConfig::new(own, pool, ip(31), SyncPlan::new(32).expect("a period"));
        config.strangers = Some(ServerRules { max_tmgis: u32::MAX, ..ServerRules::default() });
        let (host, realm) = (GATEWAY.to_owned(), REALM.to_owned());
        config.gateways = vec![GatewayConfig { host, realm, areas: Vec::new(), control_plane_nodes: Vec::new() }];
        let mut store = NodeStore::in_memory().expect("a store");
        let driver: StoreDriver = Box::new(move |request| store.execute(&request));
        let node = Box::new(BmscNode::new(config, Entropy::of_box(1, BMSC)));
        fabric.add(Instant::ZERO, BMSC, Role::Bmsc, ip(31), node, driver);
        let strings = Arc::<Mutex<Strings>>::default();
        for (host, at, role, connect) in [(SERVER, 21, Role::As, Some(31)), (GATEWAY, 32, Role::MbmsGw, None)] {
            let endpoint = DiameterEndpoint::new(diameter(host, at, &[(BMSC, connect)]), Entropy::of_box(1, host));
            let other = Other { own: at, endpoint, strings: Arc::clone(&strings), out: VecDeque::new() };
            let nothing: StoreDriver =
                Box::new(|request| NodeStoreAnswer { token: request.token, result: Ok(Vec::new()) });
            fabric.add(Instant::ZERO, host, role, ip(at), Box::new(other), nothing);
        }
        let mut rig = Self { fabric, now: Instant::ZERO, strings };
        rig.pass(Duration::from_secs(1));
        rig
    }

    /// All that happens to so many services. How many of them are there then.
    fn play(&mut self, services: usize) -> usize {
        let mut tmgis = Vec::new();
        for _ in 0..services {
            let provisioning =
                vec![ServiceProvisioning { sdp: Some(SDP.to_owned()), ..ServiceProvisioning::default() }];
            let allocation = Some(TmgiAllocationRequest { number: 1, refresh: Vec::new(), provisioning });
            let answer = self.ask(GcsActionRequest { allocation, ..GcsActionRequest::default() });
            let allocation = answer.allocation.expect("a TMGI");
            let service = allocation.provisioning[0].socket().expect("an address");
            let arp = Some(Arp { priority: 5, may_preempt: false, preemptable: true });
            let qos = QosInformation { qci: Some(9), arp, ..QosInformation::default() };
            let request = MbmsBearerRequest {
                tmgi: Some(allocation.tmgis[0]),
                qos: Some(qos),
                area: MbmsServiceArea::new([1]),
                ..MbmsBearerRequest::new(StartStop::Start)
            };
            let answer = self.ask(GcsActionRequest { bearers: vec![request], ..GcsActionRequest::default() });
            assert!(answer.bearers[0].is_success(), "{answer:?}");
            let packet = UdpDatagram { source: (ip(21), 5000).into(), destination: service, payload: &[0; 32] };
            let packet = (answer.bearers[0].port.expect("a port"), packet.emit().expect("a packet"));
            self.strings.lock().expect("one thread").packets.push_back(packet);
            tmgis.push(allocation.tmgis[0]);
        }
        for some in tmgis.chunks(500) {
            let allocation = Some(TmgiAllocationRequest { refresh: some.to_vec(), ..TmgiAllocationRequest::default() });
            self.ask(GcsActionRequest { allocation, ..GcsActionRequest::default() });
        }
        self.pass(Duration::from_millis(400));
        assert!(self.strings.lock().expect("one thread").received >= 2 * services);
        tmgis.len()
    }

    fn ask(&mut self, gar: GcsActionRequest) -> GcsActionAnswer {
        self.strings.lock().expect("one thread").to_send.push_back(gar);
        for _ in 0..1000 {
            self.pass(Duration::from_micros(10));
            if let Some(answer) = self.strings.lock().expect("one thread").answers.pop_front() {
                return answer;
            }
        }
        panic!("no answer")
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            while let Some(output) = self.fabric.poll_output() {
                if let FabricOutput::Message(message) = output {
                    self.fabric.carry(self.now, message);
                }
            }
            match self.fabric.poll_timeout().filter(|at| *at <= end) {
                Some(at) => self.now = self.now.max(at),
                None => break,
            }
            self.fabric.handle_timeout(self.now);
        }
        self.now = end;
    }
}

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.46.0.21\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na=recvonly\r\n";
