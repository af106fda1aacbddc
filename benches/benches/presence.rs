//! What presentities with ten watchers each cost the presence server: time and memory of everything that happens to them
//! (publish, be watched, change, be told), at growing numbers, and the slopes of both in a log-log plot.
//!
//! Writes `perf_presence.json` into the folder that `CASTBENCH_OUT` names, else into `target/tmp`; fails when a slope is
//! above 1.15.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use benches::growth::{STEEPEST, cpu_s, folder, perf_file, slope, write};
use core_network::ims::presence::{PresenceConfig, PresenceServer};
use core_network::node::{Node, NodeInput, NodeOutput, NodeStore};
use protocol::sip::{Flow, Response, SipMessage, Transport};
use protocol::xml::SubHandling;
use protocol::{Entropy, Instant};

const WATCHERS: usize = 10;
const NUMBERS: [usize; 3] = [500, 1500, 5000];
/// Runs of which the fastest counts, for others were disturbed; `CASTBENCH_RUNS` says how many instead.
const RUNS: usize = 3;

fn main() -> ExitCode {
    // `cargo test --benches` only wants to see that it works.
    if std::env::args().any(|argument| argument == "--test") {
        let told = Rig::new().play(20);
        return if told == 2 * 20 * WATCHERS { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let points: Vec<Point> = NUMBERS.into_iter().map(measure).collect();
    let of = |cost: fn(&Point) -> f64| -> Vec<(f64, f64)> {
        points.iter().map(|point| (point.presentities as f64, cost(point))).collect()
    };
    let time = slope(&of(|point| point.cpu_s));
    let memory = slope(&of(|point| point.memory_octets as f64));
    let text = json(&points, time, memory);
    let path = perf_file(&folder(env!("CARGO_TARGET_TMPDIR")), "presence");
    print!("{text}");
    if let Err(why) = write(&path, &text) {
        eprintln!("{}: {why}", path.display());
        return ExitCode::FAILURE;
    }
    println!("{}: slope of time {time:.3}, of memory {memory:.3}", path.display());
    if time <= STEEPEST && memory <= STEEPEST { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Point {
    presentities: usize,
    /// Time on the processor: what else runs on the machine does not count.
    cpu_s: f64,
    /// What the server still has when all is quiet, and the most that it had.
    memory_octets: u64,
    peak_octets: u64,
    notifications: usize,
}

fn measure(presentities: usize) -> Point {
    let mut kept = None;
    let info = allocation_counter::measure(|| {
        let mut rig = Rig::new();
        rig.play(presentities);
        kept = Some(rig);
    });
    drop(kept);
    let mut fastest = f64::INFINITY;
    let mut notifications = 0;
    let runs = std::env::var("CASTBENCH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    for _ in 0..runs {
        let mut rig = Rig::new();
        let start = cpu_s();
        notifications = rig.play(presentities);
        fastest = fastest.min(cpu_s() - start);
    }
    Point {
        presentities,
        cpu_s: fastest,
        memory_octets: u64::try_from(info.bytes_current).unwrap_or(0),
        peak_octets: info.bytes_max,
        notifications,
    }
}

fn json(points: &[Point], time: f64, memory: f64) -> String {
    let mut out = format!("{{\n  \"presence\": {{\n    \"watchers_per_presentity\": {WATCHERS},\n    \"points\": [\n");
    for (n, point) in points.iter().enumerate() {
        let comma = if n + 1 < points.len() { "," } else { "" };
        // Writing into a string does not fail.
        let _ = writeln!(
            out,
            "      {{ \"presentities\": {}, \"cpu_s\": {:.4}, \"memory_octets\": {}, \"peak_memory_octets\": {}, \"notifications\": {} }}{comma}",
            point.presentities, point.cpu_s, point.memory_octets, point.peak_octets, point.notifications
        );
    }
    let _ = writeln!(
        out,
        "    ],\n    \"slope_of_time\": {time:.4},\n    \"slope_of_memory\": {memory:.4},\n    \"steepest\": {STEEPEST}\n  }}\n}}"
    );
    out
}

const SCSCF: &str = "10.46.0.3:5060";

/// A presence server, its store in memory, and everybody else.
struct Rig {
    node: PresenceServer,
    store: NodeStore,
    now: Instant,
    flow: Flow,
    notifications: usize,
}

impl Rig {
    fn new() -> Self {
        let own = "10.46.0.11:5060".parse().expect("an address");
        let mut config = PresenceConfig::new("sip:presence.ims.example", "ims.example", own);
        config.without_rules = SubHandling::Allow;
        let node = PresenceServer::new(config, Entropy::of_box(1, "presence")).expect("a configuration");
        let remote = SCSCF.parse().expect("an address");
        let flow = Flow { transport: Transport::Udp, local: own, remote };
        let store = NodeStore::in_memory().expect("a store");
        let mut rig = Self { node, store, now: Instant::ZERO, flow, notifications: 0 };
        rig.drain();
        rig
    }

    /// Each presentity publishes, is watched by ten, changes; then all is quiet. How many notifications there were.
    fn play(&mut self, presentities: usize) -> usize {
        for n in 0..presentities {
            self.publish(n, "one");
            for k in 0..WATCHERS {
                self.subscribe(n, (n + k + 1) % presentities.max(WATCHERS + 1), k);
            }
        }
        self.pass(Duration::from_secs(10));
        (0..presentities).for_each(|n| self.publish(n, "two"));
        self.pass(Duration::from_secs(60));
        self.notifications
    }

    fn publish(&mut self, n: usize, note: &str) {
        let body = format!(
            "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:u{n}@ims.example'><tuple id='t'><status><basic>open\
             </basic></status><contact>sip:u{n}@ims.example</contact><note>{note}</note></tuple></presence>"
        );
        self.receive(&format!(
            "PUBLISH sip:u{n}@ims.example SIP/2.0\r\nVia: SIP/2.0/UDP {SCSCF};branch=z9hG4bKp{n}{note}\r\n\
             From: <sip:u{n}@ims.example>;tag=p\r\nTo: <sip:u{n}@ims.example>\r\nCall-ID: p{n}{note}\r\nCSeq: 1 PUBLISH\r\n\
             Max-Forwards: 70\r\nP-Asserted-Identity: <sip:u{n}@ims.example>\r\nEvent: presence\r\nExpires: 3600\r\n\
             Content-Type: application/pidf+xml\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
    }

    fn subscribe(&mut self, n: usize, watcher: usize, k: usize) {
        self.receive(&format!(
            "SUBSCRIBE sip:u{n}@ims.example SIP/2.0\r\nVia: SIP/2.0/UDP {SCSCF};branch=z9hG4bKs{n}.{k}\r\n\
             Record-Route: <sip:{SCSCF};lr>\r\nFrom: <sip:u{watcher}@ims.example>;tag=w{n}.{k}\r\nTo: <sip:u{n}@ims.example>\r\n\
             Call-ID: s{n}.{k}\r\nCSeq: 1 SUBSCRIBE\r\nMax-Forwards: 70\r\nContact: <sip:10.45.0.2:5060>\r\n\
             P-Asserted-Identity: <sip:u{watcher}@ims.example>\r\nEvent: presence\r\nExpires: 3600\r\n\
             Accept: application/pidf+xml\r\nContent-Length: 0\r\n\r\n"
        ));
    }

    fn receive(&mut self, text: &str) {
        self.pass(Duration::from_micros(100));
        self.node.handle_input(self.now, NodeInput::Sip { flow: self.flow, bytes: text.as_bytes() });
        self.drain();
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.node.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.node.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn drain(&mut self) {
        while let Some(output) = self.node.poll_output() {
            match output {
                NodeOutput::Sip { bytes, .. } => self.sent(&bytes),
                NodeOutput::Store(request) => {
                    let answer = self.store.execute(&request);
                    self.node.handle_input(self.now, NodeInput::Store(answer));
                }
                other => panic!("not expected: {other:?}"),
            }
        }
    }

    /// A NOTIFY is answered; everything else has to be a success.
    fn sent(&mut self, bytes: &[u8]) {
        match SipMessage::parse(bytes).expect("a message") {
            SipMessage::Request(notify) => {
                self.notifications += 1;
                let bytes = Response::to(&notify, 200, None).to_bytes();
                self.node.handle_input(self.now, NodeInput::Sip { flow: self.flow, bytes: &bytes });
            }
            SipMessage::Response(response) => assert!(response.is_success(), "{response:?}"),
        }
    }
}
