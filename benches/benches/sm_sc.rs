//! What messages that wait at the SM-SC cost: time of everything that happens to them (taken from the IWMSC by deliver_sm, held
//! while nobody answers, delivered by submit_sm) and memory, at growing numbers, with the store on the disk; the slopes of the
//! time in a log-log plot. Twice: each message for another mobile, and all of them for a hundred, so that a thousand wait for
//! each.
//!
//! Each run is a process of its own. Memory is its resident set (Linux, proc(5)), with the caches of SQLite, the far end and
//! everything else: when all messages wait, and its peak from first to last. Time is that on the processor, and that on the
//! clock, which has the disk in it.
//!
//! Writes `perf_sm_sc.json` into the folder that `CASTBENCH_OUT` names, else into `target/tmp`; the databases are there, too.
//! Fails when time on the processor grows more than linearly, or when the memory of the longest queue is above that of the
//! shortest by more than 4 MiB: 46 octets for each message beyond. `CASTBENCH_MESSAGES` names other numbers
//! than 10000,30000,100000, two different ones at least.

#![expect(clippy::disallowed_methods, reason = "a benchmark has a clock")]

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use benches::growth::{STEEPEST, cpu_s, folder, perf_file, sizes, slope, write};
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
/// Mobiles that messages are for: as many as messages, or these few.
const FEW: usize = 100;
/// Octets that the longest queue may take of memory beyond the shortest.
const FLAT: f64 = 4.0 * 1024.0 * 1024.0;
/// With a folder and numbers of messages and mobiles: this process is one run.
const ONE: &str = "--one-run";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let [one, place, messages, mobiles] = &arguments[..]
        && one == ONE
    {
        let number = |word: &OsString| word.to_str().and_then(|word| word.parse().ok()).unwrap_or(1);
        let figures = measure(Path::new(place), number(messages), number(mobiles));
        println!("{}", figures.map(|own| own.to_string()).join(" "));
        return ExitCode::SUCCESS;
    }
    // `cargo test --benches` only wants to see that it works.
    let is_test = arguments.iter().any(|argument| argument == "--test");
    let folder = folder(env!("CARGO_TARGET_TMPDIR"));
    let done = if is_test { one(&folder, 200, 20).map(|_| ()) } else { growth(&folder) };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Measures, writes down, and judges.
fn growth(folder: &Path) -> Result<(), String> {
    const VARIABLE: &str = "CASTBENCH_MESSAGES";
    let numbers = sizes(std::env::var_os(VARIABLE).as_deref(), &NUMBERS, FEW);
    let numbers = numbers.map_err(|why| format!("{VARIABLE}: {why}"))?;
    let series = |mobiles: fn(usize) -> usize| -> Result<Series, String> {
        let points = numbers.iter().map(|&messages| one(folder, messages, mobiles(messages)));
        Ok(Series { points: points.collect::<Result<_, _>>()? })
    };
    let all = [("mobile_each", series(|messages| messages)?), ("few_mobiles", series(|_| FEW)?)];
    let text = json(&all);
    print!("{text}");
    let path = perf_file(folder, "sm_sc");
    write(&path, &text).map_err(|why| format!("{}: {why}", path.display()))?;
    println!("{}", path.display());
    let steep = all.iter().flat_map(|(name, own)| {
        let slopes = [("taking", own.slope(|p| p.fill_cpu_s)), ("delivering", own.slope(|p| p.drain_cpu_s))];
        let steep = slopes.into_iter().filter(|(_, slope)| slope.is_nan() || *slope > STEEPEST);
        let steep =
            steep.map(move |(what, slope)| format!("{name}: the slope of {what} is {slope:.3}, not {STEEPEST}"));
        let growths = [("waiting", own.growth(|p| p.waiting)), ("the peak", own.growth(|p| p.peak))];
        let fat = growths.into_iter().filter(|(_, growth)| *growth > FLAT);
        steep.chain(fat.map(move |(what, growth)| format!("{name}: memory of {what} grows by {growth} octets")))
    });
    let wrong: Vec<String> = steep.collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

/// A queue of so many messages.
struct Point {
    messages: f64,
    /// Seconds on the processor, and on the clock.
    fill_cpu_s: f64,
    fill_s: f64,
    drain_cpu_s: f64,
    drain_s: f64,
    /// Octets of memory of the process: when all messages wait, and at its peak.
    waiting: f64,
    peak: f64,
}

struct Series {
    points: Vec<Point>,
}

impl Series {
    fn slope(&self, cost: fn(&Point) -> f64) -> f64 {
        slope(&self.points.iter().map(|point| (point.messages, cost(point))).collect::<Vec<_>>())
    }

    /// What the longest queue takes beyond the shortest.
    fn growth(&self, octets: fn(&Point) -> f64) -> f64 {
        let of = |points: Option<&Point>| points.map_or(f64::NAN, octets);
        let by_length = |a: &&Point, b: &&Point| a.messages.total_cmp(&b.messages);
        of(self.points.iter().max_by(by_length)) - of(self.points.iter().min_by(by_length))
    }
}

/// One run, in a process of its own.
fn one(folder: &Path, messages: usize, mobiles: usize) -> Result<Point, String> {
    let named = |why: std::io::Error| format!("{}: {why}", folder.display());
    std::fs::create_dir_all(folder).map_err(named)?;
    let place = tempfile::tempdir_in(folder).map_err(named)?;
    let mut command = Command::new(std::env::current_exe().map_err(named)?);
    command.arg(ONE).arg(place.path()).args([messages.to_string(), mobiles.to_string()]);
    let output = command.stderr(Stdio::inherit()).output().map_err(named)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let &[delivered, fill_cpu_s, fill_s, drain_cpu_s, drain_s, waiting, peak] = &figures[..] else {
        return Err(format!("the run of {messages} messages has ended with {}: {text}", output.status));
    };
    if delivered != messages as f64 {
        return Err(format!("{delivered} of {messages} messages were delivered"));
    }
    println!(
        "{messages} messages for {mobiles} mobiles: taken in {fill_s:.1} s, delivered in {drain_s:.1} s, {:.1} MiB while \
         they wait, {:.1} MiB at the peak",
        waiting / 1_048_576.0,
        peak / 1_048_576.0
    );
    Ok(Point { messages: messages as f64, fill_cpu_s, fill_s, drain_cpu_s, drain_s, waiting, peak })
}

/// The run: delivered, seconds on processor and clock for taking and for delivering, octets while they wait and at the peak.
fn measure(place: &Path, messages: usize, mobiles: usize) -> [f64; 7] {
    let mut rig = Rig::new(&place.join("sm_sc.sqlite"), mobiles);
    let timed = |rig: &mut Rig, what: &dyn Fn(&mut Rig)| {
        let (cpu, begin) = (cpu_s(), std::time::Instant::now());
        what(rig);
        (cpu_s() - cpu, begin.elapsed().as_secs_f64())
    };
    let (fill_cpu_s, fill_s) = timed(&mut rig, &|rig| rig.fill(messages));
    let waiting = memory("VmRSS:");
    let (drain_cpu_s, drain_s) = timed(&mut rig, &Rig::drain);
    [rig.delivered as f64, fill_cpu_s, fill_s, drain_cpu_s, drain_s, waiting, memory("VmHWM:")]
}

/// Octets of memory of this process (Linux, proc(5): /proc/self/status, in KiB).
fn memory(field: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux tells the memory of a process");
    let line = text.lines().find_map(|line| line.strip_prefix(field)).expect("a field of memory");
    line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).expect("a number") * 1024.0
}

/// The SM-SC, its store, and a box that is SMS-GMSC and SMS-IWMSC.
struct Rig {
    node: SmSc,
    store: NodeStore,
    far: SmppSession,
    conn: StreamId,
    is_answering: bool,
    unanswered: Vec<u32>,
    /// How many mobiles messages are for.
    mobiles: usize,
    taken: usize,
    delivered: usize,
}

impl Rig {
    fn new(path: &Path, mobiles: usize) -> Self {
        let mut config = SmScConfig::new("358440000000");
        config.message_centres.push(SmppPeer::new("gmsc", "10.0.0.1:2775".parse().expect("an address"), "sc", ""));
        let node = SmSc::new(config, Entropy::of_box(1, "sm-sc")).expect("an SM-SC");
        let mut own = SmppConfig::new(SmppRole::MessageCentre);
        (own.window, own.peer_window) = (100, 1000);
        own.enquire_link_time = Duration::from_secs(1_000_000);
        let store = NodeStore::open(path).expect("a store");
        let far = SmppSession::new(Instant::ZERO, own);
        let (unanswered, is_answering, taken, delivered) = Default::default();
        let conn = StreamId(1);
        let mut rig = Self { node, store, far, conn, is_answering, unanswered, mobiles, taken, delivered };
        rig.settle();
        rig.node.handle_timeout(Instant::ZERO);
        rig.settle();
        rig
    }

    fn fill(&mut self, messages: usize) {
        let mut sent = 0;
        while self.taken < messages {
            while sent < messages && self.far.room() > 0 {
                let to = Address::international(&format!("3585{:07}", sent % self.mobiles)).expect("a number");
                // One that says the same as one before is a repetition of that.
                let (coding, data) = UserData::of_text(&format!("message {sent} waits for a while")).expect("a text");
                let submit = Submit::new((sent % 256) as u8, to, coding, data);
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

fn json(all: &[(&str, Series)]) -> String {
    let mut text = "{\n  \"what\": \"messages that wait at the SM-SC\"".to_owned();
    for (name, series) in all {
        let _ = write!(text, ",\n  \"{name}\": {{\n    \"points\": [");
        for (n, point) in series.points.iter().enumerate() {
            let Point { messages, fill_cpu_s, fill_s, drain_cpu_s, drain_s, waiting, peak } = point;
            let comma = if n > 0 { "," } else { "" };
            let _ = write!(
                text,
                "{comma}\n      {{ \"messages\": {messages}, \"fill_cpu_s\": {fill_cpu_s:.3}, \"fill_s\": {fill_s:.3}, \
                 \"drain_cpu_s\": {drain_cpu_s:.3}, \"drain_s\": {drain_s:.3}, \"resident_octets\": {waiting}, \
                 \"peak_octets\": {peak} }}"
            );
        }
        let [fill, fill_clock, drain, drain_clock] = [
            series.slope(|p| p.fill_cpu_s),
            series.slope(|p| p.fill_s),
            series.slope(|p| p.drain_cpu_s),
            series.slope(|p| p.drain_s),
        ];
        let _ = write!(
            text,
            "\n    ],\n    \"slope_fill\": {fill:.3},\n    \"slope_fill_on_the_clock\": {fill_clock:.3},\n    \
             \"slope_drain\": {drain:.3},\n    \"slope_drain_on_the_clock\": {drain_clock:.3},\n    \
             \"resident_growth_octets\": {},\n    \"peak_growth_octets\": {}\n  }}",
            series.growth(|p| p.waiting),
            series.growth(|p| p.peak)
        );
    }
    text.push_str("\n}\n");
    text
}
