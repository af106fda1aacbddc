//! What messages that wait at the SM-SC cost: time of everything that happens to them (taken from the IWMSC, held while nobody
//! answers, delivered) and memory while they wait, at growing numbers, with the store on the disk; the slopes of both in a log-log
//! plot.
//!
//! Writes `perf_sm_sc.json` into the folder that `CASTBENCH_OUT` names, else into `target/tmp`; fails when the time grows more than
//! linearly or the memory at all.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use benches::growth::{STEEPEST, cpu_s, folder, perf_file, slope, write};
use core_network::node::{
    Node, NodeInput, NodeOutput, NodeStore, NodeStoreRequest, StreamId, StreamInput, StreamOutput,
};
use core_network::sms::sm_sc::{SmSc, SmScConfig, SmppPeer};
use core_network::sms::tlv;
use protocol::smpp::{
    Body, CommandStatus, MessageId, Pdu, ShortMessage, SmeAddress, SmppConfig, SmppEvent, SmppInput, SmppOutput,
    SmppRole, SmppSession, Tlv,
};
use protocol::sms::{Address, Submit, UserData};
use protocol::{Entropy, Instant};

const NUMBERS: [usize; 3] = [10_000, 30_000, 100_000];
/// Octets that the longest queue may take of memory beyond the shortest: less than a message each.
const FLAT: u64 = 4 << 20;

fn main() -> ExitCode {
    // `cargo test --benches` only wants to see that it works.
    if std::env::args().any(|argument| argument == "--test") {
        let point = measure(200);
        return if point.delivered == 200 { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let points: Vec<Point> = NUMBERS.into_iter().map(measure).collect();
    let of = |cost: fn(&Point) -> f64| -> Vec<(f64, f64)> {
        points.iter().map(|point| (point.messages as f64, cost(point))).collect()
    };
    let (fill, drain) = (slope(&of(|point| point.fill_s)), slope(&of(|point| point.drain_s)));
    let growth = points.last().map_or(0, |last| last.resident.saturating_sub(points[0].resident));
    let text = json(&points, fill, drain, growth);
    let path = perf_file(&folder(env!("CARGO_TARGET_TMPDIR")), "sm_sc");
    print!("{text}");
    if let Err(why) = write(&path, &text) {
        eprintln!("{}: {why}", path.display());
        return ExitCode::FAILURE;
    }
    println!("{}: slope of taking {fill:.3}, of delivering {drain:.3}, memory {growth} octets", path.display());
    let is_good = fill <= STEEPEST && drain <= STEEPEST && growth <= FLAT;
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Point {
    messages: usize,
    /// Time on the processor.
    fill_s: f64,
    drain_s: f64,
    /// Octets in memory of the process when all messages wait.
    resident: u64,
    delivered: usize,
}

fn measure(messages: usize) -> Point {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rig = Rig::new(&folder.path().join("sm_sc.sqlite"));
    let start = cpu_s();
    rig.fill(messages);
    let fill_s = cpu_s() - start;
    let resident = resident();
    let start = cpu_s();
    rig.drain();
    Point { messages, fill_s, drain_s: cpu_s() - start, resident, delivered: rig.delivered }
}

/// Resident memory (Linux, proc(5): the second number of /proc/self/statm, in pages of 4 KiB).
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux tells the memory of a process");
    text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("a number") * 4096
}

/// The SM-SC, its store, and a box that is SMS-GMSC and SMS-IWMSC.
struct Rig {
    node: SmSc,
    store: NodeStore,
    far: SmppSession,
    conn: StreamId,
    is_answering: bool,
    unanswered: Vec<u32>,
    taken: usize,
    delivered: usize,
}

impl Rig {
    fn new(path: &std::path::Path) -> Self {
        let mut config = SmScConfig::new("358440000000");
        config.message_centres.push(SmppPeer::new("gmsc", "10.0.0.1:2775".parse().expect("an address"), "sc", ""));
        let node = SmSc::new(config, Entropy::of_box(1, "sm-sc")).expect("an SM-SC");
        let mut own = SmppConfig::new(SmppRole::MessageCentre);
        (own.window, own.peer_window) = (100, 1000);
        own.enquire_link_time = Duration::from_secs(1_000_000);
        let store = NodeStore::open(path).expect("a store");
        let far = SmppSession::new(Instant::ZERO, own);
        let (unanswered, is_answering, taken, delivered) = Default::default();
        let mut rig = Self { node, store, far, conn: StreamId(1), is_answering, unanswered, taken, delivered };
        rig.settle();
        rig.node.handle_timeout(Instant::ZERO);
        rig.settle();
        rig
    }

    fn fill(&mut self, messages: usize) {
        let (coding, data) = UserData::of_text("a message that waits for a while").expect("a text");
        let mut sent = 0;
        while self.taken < messages {
            while sent < messages && self.far.room() > 0 {
                let to = Address::international(&format!("3585{sent:07}")).expect("a number");
                let submit = Submit::new((sent % 256) as u8, to, coding, data.clone());
                let source = SmeAddress::international("358401").expect("a number");
                let message = ShortMessage {
                    source,
                    destination: SmeAddress::of_sms(&to).expect("it fits"),
                    ..ShortMessage::default()
                };
                let tlvs = vec![Tlv::new(tlv::TPDU, submit.emit())];
                self.far.request(Instant::ZERO, sent as u64, Body::DeliverSm(message), tlvs).expect("room");
                sent += 1;
            }
            self.settle();
        }
    }

    fn drain(&mut self) {
        self.is_answering = true;
        for number in std::mem::take(&mut self.unanswered) {
            self.answer(number);
        }
        self.settle();
    }

    fn answer(&mut self, number: u32) {
        self.delivered += 1;
        self.far.respond(Pdu::response(number, CommandStatus::OK, Body::SubmitSmResp(MessageId::new("1"))));
    }

    /// Lets everything happen that can; requests that wait at the same time share a commit, as in a live process.
    fn settle(&mut self) {
        let mut requests: Vec<NodeStoreRequest> = Vec::new();
        loop {
            while let Some(output) = self.node.poll_output() {
                self.on_node(output, &mut requests);
            }
            let is_moving = self.far_says();
            if is_moving {
                continue;
            }
            if requests.is_empty() {
                return;
            }
            for answer in self.store.execute_all(&std::mem::take(&mut requests)) {
                self.node.handle_input(Instant::ZERO, NodeInput::Store(answer));
            }
        }
    }

    fn on_node(&mut self, output: NodeOutput, requests: &mut Vec<NodeStoreRequest>) {
        match output {
            NodeOutput::Store(request) => requests.push(request),
            NodeOutput::Stream(StreamOutput::Connect { token, remote }) => {
                let local = "10.0.0.9:40000".parse().expect("an address");
                let connected = StreamInput::Connected { conn: self.conn, token: Some(token), local, remote };
                self.node.handle_input(Instant::ZERO, NodeInput::Stream(connected));
            }
            NodeOutput::Stream(StreamOutput::Send { bytes, .. }) => {
                self.far.handle_input(Instant::ZERO, SmppInput::Received(&bytes));
            }
            _ => {}
        }
    }

    fn far_says(&mut self) -> bool {
        let mut is_moving = false;
        while let Some(output) = self.far.poll_output() {
            is_moving = true;
            match output {
                SmppOutput::Send(bytes) => {
                    let input = StreamInput::Received { conn: self.conn, bytes: &bytes };
                    self.node.handle_input(Instant::ZERO, NodeInput::Stream(input));
                }
                SmppOutput::Event(SmppEvent::BindRequested(..)) => {
                    self.far.accept_bind(Instant::ZERO);
                }
                SmppOutput::Event(SmppEvent::Response { .. }) => self.taken += 1,
                SmppOutput::Event(SmppEvent::Request(pdu)) if self.is_answering => self.answer(pdu.sequence_number),
                SmppOutput::Event(SmppEvent::Request(pdu)) => self.unanswered.push(pdu.sequence_number),
                _ => {}
            }
        }
        is_moving
    }
}

fn json(points: &[Point], fill: f64, drain: f64, growth: u64) -> String {
    let mut text = "{\n  \"what\": \"messages that wait at the SM-SC\",\n  \"points\": [\n".to_owned();
    for (n, point) in points.iter().enumerate() {
        let Point { messages, fill_s, drain_s, resident, delivered } = point;
        let comma = if n + 1 < points.len() { "," } else { "" };
        let _ = writeln!(
            text,
            "    {{ \"messages\": {messages}, \"fill_cpu_s\": {fill_s:.3}, \"drain_cpu_s\": {drain_s:.3}, \
             \"resident_octets\": {resident}, \"delivered\": {delivered} }}{comma}"
        );
    }
    let _ = writeln!(
        text,
        "  ],\n  \"slope_fill\": {fill:.3},\n  \"slope_drain\": {drain:.3},\n  \"memory_growth_octets\": {growth}\n}}"
    );
    text
}
