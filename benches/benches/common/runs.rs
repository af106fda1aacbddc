//! Whole runs of scenarios of growing numbers of UEs, as `castbench run` does them: time on the processors, peak of memory, and the
//! slopes of both in a log-log plot.
//!
//! Each run is a process of its own, so that its peak of memory is its own. What the fewest UEs cost is taken off: a constant part
//! would make any slope look flat.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio, Termination};

use benches::growth::{STEEPEST, children_cpu_s, folder, net, perf_file, sizes, slope, write};
use castbench::RunArgs;

const NUMBERS: [usize; 3] = [100, 300, 1000];
const RUNS: usize = 2;
/// With a scenario and a folder: this process is one run.
const ONE: &str = "--one-run";

/// What grows.
pub(crate) struct Kind {
    /// Name of the benchmark.
    pub(crate) name: &'static str,
    /// What there is more and more of.
    pub(crate) unit: &'static str,
    /// The variable of the environment that says how many.
    pub(crate) variable: &'static str,
    /// The fewest, against which all others are held.
    pub(crate) base: usize,
    /// Writes the scenario of so many into a folder.
    pub(crate) scenario: fn(&Path, usize) -> io::Result<PathBuf>,
}

/// Runs the benchmark. `more` measures something else in a folder, only to see that it works when it is told so, and says it as
/// lines of JSON.
pub(crate) fn benchmark(kind: &Kind, more: impl FnOnce(&Path, bool) -> Result<String, String>) -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let [one, scenario, out] = &arguments[..]
        && one == ONE
    {
        return run(scenario.into(), out.into());
    }
    let folder = folder(env!("CARGO_TARGET_TMPDIR"));
    // `cargo test --benches` only wants to see that it works.
    let is_test = arguments.iter().any(|argument| argument == "--test");
    let done = if is_test {
        measure(kind, &folder, &[kind.base + 1]).and_then(|_| more(&folder, true)).map(drop)
    } else {
        growth(kind, &folder, more)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Measures, writes down, and judges.
fn growth(kind: &Kind, folder: &Path, more: impl FnOnce(&Path, bool) -> Result<String, String>) -> Result<(), String> {
    let Kind { variable, base: fewest, .. } = kind;
    let numbers = sizes(std::env::var_os(variable).as_deref(), &NUMBERS, fewest + 1);
    let (base, points) = measure(kind, folder, &numbers.map_err(|why| format!("{variable}: {why}"))?)?;
    let slope_of = |what: &str, of: fn(&Cost) -> f64| {
        let costs = points.iter().map(|own| ((own.number - fewest) as f64, of(own)));
        net(costs, of(&base)).map(|costs| slope(&costs)).map_err(|why| format!("{what}: {why}"))
    };
    let (time, memory) = (slope_of("time", |own| own.cpu_s)?, slope_of("memory", |own| own.peak_octets)?);
    let text = json(kind, (&base, &points), (time, memory), &more(folder, false)?);
    print!("{text}");
    let path = perf_file(folder, kind.name);
    write(&path, &text).map_err(|why| format!("{}: {why}", path.display()))?;
    println!("{}: slope of time {time:.3}, of memory {memory:.3}", path.display());
    let steep =
        [("time", time), ("memory", memory)].into_iter().filter(|(_, slope)| slope.is_nan() || *slope > STEEPEST);
    let steep: Vec<String> = steep.map(|(what, slope)| format!("the slope of {what} is {slope:.3}")).collect();
    if steep.is_empty() {
        return Ok(());
    }
    Err(format!("{}: above {STEEPEST}, not linear in the number of {}s", steep.join(", "), kind.unit))
}

/// One run in this process.
fn run(scenario: PathBuf, out: PathBuf) -> ExitCode {
    let (content, seed, network, rig) = (None, None, None, None);
    let args = RunArgs { scenario, content, seed, network, out: Some(out), rig, dry_run: false, quiet: true };
    match castbench::run(&args) {
        Ok(exit) => exit.report(),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// What a run with so many has cost.
struct Cost {
    number: usize,
    /// Of all threads, on the processors: what else runs on the machine does not count.
    cpu_s: f64,
    /// The largest resident set.
    peak_octets: f64,
    /// Octets of the page for people, and of everything in the run's folder.
    page_octets: u64,
    folder_octets: u64,
}

/// The base, and the runs of these numbers.
fn measure(kind: &Kind, folder: &Path, numbers: &[usize]) -> Result<(Cost, Vec<Cost>), String> {
    // All stay until the last has run: a file system that has just freed many files makes the next ones slowly.
    let mut places = Vec::new();
    let runs = std::env::var("CASTBENCH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS).max(1);
    std::fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let mut cheapest = |number| -> Result<Cost, String> {
        let mut costs = Vec::new();
        for _ in 0..runs {
            places.push(tempfile::tempdir_in(folder).map_err(|why| format!("{}: {why}", folder.display()))?);
            costs.extend(places.last().map(|place| one(kind, place.path(), number)).transpose()?);
        }
        costs.sort_by(|a, b| a.cpu_s.total_cmp(&b.cpu_s));
        let least = costs.iter().map(|own| own.peak_octets).fold(f64::INFINITY, f64::min);
        Ok(Cost { peak_octets: least, ..costs.swap_remove(0) })
    };
    let base = cheapest(kind.base)?;
    let points = numbers.iter().map(|&number| {
        let cost = cheapest(number)?;
        let (ms, kib) = of_each(&base, &cost);
        println!(
            "{number} {unit}s: {:.1} s of processors, {:.0} MiB; {ms:.2} ms and {kib:.0} KiB for each {unit}; report.html {} KiB",
            cost.cpu_s,
            cost.peak_octets / MIB,
            cost.page_octets / 1024,
            unit = kind.unit
        );
        Ok(cost)
    });
    let points = points.collect::<Result<_, String>>()?;
    Ok((base, points))
}

/// A run in a process and a folder of its own.
fn one(kind: &Kind, place: &Path, number: usize) -> Result<Cost, String> {
    let scenario = (kind.scenario)(place, number).map_err(|why| why.to_string())?;
    let (own, out) = (std::env::current_exe().map_err(|why| why.to_string())?, place.join("out"));
    let before = children_cpu_s();
    let ended = Command::new(own).arg(ONE).arg(&scenario).arg(&out).stdout(Stdio::piped()).output();
    let ended = ended.map_err(|why| why.to_string())?;
    let cpu_s = children_cpu_s() - before;
    if !ended.status.success() {
        let said = [ended.stdout, ended.stderr].concat();
        return Err(format!("{number} {}s: {}\n{}", kind.unit, ended.status, String::from_utf8_lossy(&said)));
    }
    let perf = std::fs::read_to_string(out.join("perf.json")).map_err(|why| why.to_string())?;
    let peak = perf.lines().find_map(|line| line.trim().strip_prefix("\"peak_memory_octets\": "));
    let peak = peak.and_then(|rest| rest.trim_end_matches(',').parse().ok());
    let page_octets = std::fs::metadata(out.join("report.html")).map_or(0, |file| file.len());
    let peak_octets = peak.ok_or("perf.json says nothing of memory")?;
    Ok(Cost { number, cpu_s, peak_octets, page_octets, folder_octets: octets_in(&out) })
}

/// Octets of all files below a folder.
fn octets_in(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let octets = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(what) if what.is_dir() => octets_in(&entry.path()),
        Ok(what) => what.len(),
        Err(_) => 0,
    };
    entries.map(octets).sum()
}

/// Milliseconds and KiB that each one more has cost.
fn of_each(base: &Cost, cost: &Cost) -> (f64, f64) {
    let more = (cost.number - base.number) as f64;
    (1e3 * (cost.cpu_s - base.cpu_s) / more, (cost.peak_octets - base.peak_octets) / 1024.0 / more)
}

fn json(kind: &Kind, (base, points): (&Cost, &[Cost]), (time, memory): (f64, f64), more: &str) -> String {
    let Kind { name, unit, .. } = kind;
    let mut out = format!(
        "{{\n  \"{name}\": {{\n    \"base\": {{ \"{unit}s\": {}, \"cpu_s\": {:.2}, \"peak_memory_octets\": {} }},\n    \
         \"points\": [\n",
        base.number, base.cpu_s, base.peak_octets
    );
    for (n, point) in points.iter().enumerate() {
        let comma = if n + 1 < points.len() { "," } else { "" };
        let (ms, kib) = of_each(base, point);
        // Writing into a string does not fail.
        let _ = writeln!(
            out,
            "      {{ \"{unit}s\": {}, \"cpu_s\": {:.2}, \"peak_memory_octets\": {}, \"ms_per_{unit}\": {ms:.3}, \
             \"kib_per_{unit}\": {kib:.1}, \"report_html_octets\": {}, \"folder_octets\": {} }}{comma}",
            point.number, point.cpu_s, point.peak_octets, point.page_octets, point.folder_octets
        );
    }
    let _ = writeln!(
        out,
        "    ],\n{more}    \"slope_of_time\": {time:.4},\n    \"slope_of_memory\": {memory:.4},\n    \
         \"steepest\": {STEEPEST}\n  }}\n}}"
    );
    out
}

const MIB: f64 = 1024.0 * 1024.0;
