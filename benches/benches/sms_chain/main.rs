//! Short messages a second, each durable before it is acknowledged, from UE to UE through the whole live chain of TR 23.804
//! clauses 8.3 and 8.4: IP-Message-GW over R2, IWMSC, SM-SC, GMSC, HLR, and the gateway again; the SM-SC alone between two
//! ESMEs; and, in the same run, Debian's kannel as a relay between two message centres. As many are under way at a time in
//! each; a message counts when the last box has the receiver's acknowledgement and has answered it.
//!
//! kannel writes each message into a file of its spool and does not wait for the disk (fsync): it loses what it has accepted
//! when the power goes, castbench does not. CPU time of the processes says more than the rate where disk or machine are slow.
//!
//! Writes `perf_sms_chain.json` into the folder that `CASTBENCH_OUT` names, else into `target/tmp`; databases and spool are
//! there, too. `CASTBENCH_MESSAGES` says how many instead of 20,000, `CASTBENCH` which program is the core instead of this
//! one. It fails when a message is lost or comes twice, and without kannel; no rate is asked for.

#![expect(clippy::disallowed_methods, reason = "a benchmark has a clock")]

mod chain;
mod kannel;
mod live;
#[path = "../../../core/tests/ports/mod.rs"]
mod ports;
mod relay;
mod smpp;
mod ue;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use benches::growth::{folder, perf_file, write};

const MESSAGES: usize = 20_000;
/// Messages that are under way at a time: SMPP's sessions of the core take no more.
const WINDOW: usize = 100;
/// With a file of settings: this process is the core.
const CORE: &str = "--core";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let [core, config] = &arguments[..]
        && core == CORE
    {
        return chain::serve(Path::new(config)).map_or_else(|why| fail(&why), |()| ExitCode::SUCCESS);
    }
    // `cargo test --benches` only wants to see that it works.
    let is_test = arguments.iter().any(|argument| argument == "--test");
    let said = std::env::var("CASTBENCH_MESSAGES").ok().and_then(|number| number.parse().ok());
    let messages = if is_test { 20 } else { said.unwrap_or(MESSAGES).max(1) };
    measure(&folder(env!("CARGO_TARGET_TMPDIR")), messages, is_test)
        .map_or_else(|why| fail(&why), |()| ExitCode::SUCCESS)
}

fn fail(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}

/// What so many messages have cost.
struct Figures {
    messages: usize,
    seconds: f64,
    /// Of the processes in between, on the processors.
    cpu_s: f64,
    /// Transactions on the disk; none: not known.
    commits: Option<u64>,
    /// From submitting a message to the acknowledgement of its receiver.
    times_s: Vec<f64>,
}

impl Figures {
    fn rate(&self) -> f64 {
        self.messages as f64 / self.seconds
    }

    fn cpu_us(&self) -> f64 {
        self.cpu_s * 1e6 / self.messages as f64
    }

    /// The time, in milliseconds, that this part of the messages does not exceed.
    fn time_ms(&self, part: f64) -> f64 {
        let mut times = self.times_s.clone();
        times.sort_by(f64::total_cmp);
        let at = ((times.len() as f64 * part) as usize).min(times.len().saturating_sub(1));
        times.get(at).map_or(f64::NAN, |s| s * 1000.0)
    }
}

fn measure(folder: &Path, messages: usize, is_test: bool) -> Result<(), String> {
    let bearerbox = kannel::bearerbox();
    if bearerbox.is_none() && !is_test {
        return Err("kannel's bearerbox is not here, and there is nothing to hold the rate against: \
                    apt-get install kannel"
            .to_owned());
    }
    let named = |why: std::io::Error| format!("{}: {why}", folder.display());
    std::fs::create_dir_all(folder).map_err(named)?;
    let place = tempfile::tempdir_in(folder).map_err(named)?;
    let window = WINDOW.min(messages);
    // One thread for whoever is not measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(named)?;
    let mut rows = runtime.block_on(chain::measure(place.path(), messages, window))?;
    if let Some(program) = bearerbox {
        rows.push(("kannel", runtime.block_on(kannel::measure(&program, place.path(), messages, window))?));
    }
    let text = json(&rows, window);
    print!("{text}");
    if is_test {
        return Ok(());
    }
    print_table(&rows);
    let path = perf_file(folder, "sms_chain");
    write(&path, &text).map_err(|why| format!("{}: {why}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

/// What the rows are called for people.
const NAMES: [(&str, &str); 3] = [
    ("chain", "castbench: UE, gateway, IWMSC, SM-SC, GMSC, HLR, gateway, UE"),
    ("sm_sc", "castbench: SM-SC alone, SMPP to SMPP"),
    ("kannel", "kannel: SMPP to SMPP, spool without fsync"),
];

fn print_table(rows: &[(&str, Figures)]) {
    println!("{:<64} {:>10} {:>12} {:>10} {:>12}", "", "a second", "CPU us each", "median ms", "commits each");
    for (name, row) in rows {
        let name = NAMES.iter().find(|(own, _)| own == name).map_or(*name, |(_, long)| long);
        let commits =
            row.commits.map_or_else(|| "-".to_owned(), |own| format!("{:.3}", own as f64 / row.messages as f64));
        let (rate, cpu, median) = (row.rate(), row.cpu_us(), row.time_ms(0.5));
        println!("{name:<64} {rate:>10.0} {cpu:>12.0} {median:>10.1} {commits:>12}");
    }
    for (name, rate, cpu) in ratios(rows) {
        println!("{name}/kannel: {rate:.3} of the rate, {cpu:.2} of the CPU time");
    }
}

/// Rate and CPU time of each in those of kannel.
fn ratios<'a>(rows: &'a [(&'a str, Figures)]) -> impl Iterator<Item = (&'a str, f64, f64)> {
    let kannel = rows.iter().find(|(name, _)| *name == "kannel").map(|(_, row)| row);
    let others = rows.iter().filter(|(name, _)| *name != "kannel");
    others.filter_map(move |(name, row)| {
        let kannel = kannel?;
        Some((*name, row.rate() / kannel.rate(), row.cpu_us() / kannel.cpu_us()))
    })
}

fn json(rows: &[(&str, Figures)], window: usize) -> String {
    let mut text = format!("{{\n  \"what\": \"short messages a second\",\n  \"window\": {window},\n");
    for (name, row) in rows {
        let commits = row.commits.map_or_else(|| "null".to_owned(), |own| own.to_string());
        let _ = writeln!(
            text,
            "  \"{name}\": {{ \"messages\": {}, \"seconds\": {:.3}, \"per_second\": {:.1}, \"cpu_us_each\": {:.1}, \
             \"median_ms\": {:.2}, \"p99_ms\": {:.2}, \"commits\": {commits} }},",
            row.messages,
            row.seconds,
            row.rate(),
            row.cpu_us(),
            row.time_ms(0.5),
            row.time_ms(0.99)
        );
    }
    let ratios: Vec<String> =
        ratios(rows).map(|(name, rate, cpu)| format!("\"{name}_rate\": {rate:.4}, \"{name}_cpu\": {cpu:.3}")).collect();
    let _ = writeln!(text, "  \"of_kannel\": {{ {} }}\n}}", ratios.join(", "));
    text
}
