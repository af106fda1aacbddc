//! `castbench run`: a scenario from file to report.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant as WallInstant;

use core_network::OnAirFrom;

use super::dry_run::dry_run;
use crate::boxes::Boxes;
use crate::cli::RunArgs;
use crate::console::Console;
use crate::errors::{CommandError, Exit};
use crate::lab_lease::HeldLab;
use crate::modems::{ModemKind, check_lab};
use crate::pcap::CAPTURE_FILE;
use crate::perf::{Machine, Perf, Stopwatch};
use crate::record::RECORD_FILE;
use crate::report::REPORT_FILES;
use crate::rig::{Clock, Rig};
use crate::runner::{self, IQ_FOLDER, Played};
use crate::scenario::{Overrides, Scenario};

/// File name of what a run cost in wall time and memory.
const PERF_FILE: &str = "perf.json";
/// Folder of what the UEs received.
const UES_FOLDER: &str = "ues";

/// Runs `castbench run`.
pub fn run(args: &RunArgs) -> Result<Exit, CommandError> {
    let overrides = Overrides { content: args.content.clone(), seed: args.seed, network: args.network };
    let loaded = Scenario::load(&args.scenario, &overrides)?;
    if args.network.is_some() && loaded.scenario.ims.is_none() {
        return Err(CommandError::Usage("--network: the scenario has no table [ims]".into()));
    }
    let rig = args.rig.as_deref().map_or_else(|| Ok(Rig::default()), Rig::find)?;
    let dir = args.out.clone().unwrap_or_else(|| Path::new("out").join(&loaded.scenario.name));
    let stranger = rig.simulated_modems.iter().find(|modem| !loaded.scenario.ues.iter().any(|ue| ue.name == modem.ue));
    if let Some(modem) = stranger {
        let why = format!("[[simulated_modem]] of UE {}: the scenario has no such UE", modem.ue);
        return Err(CommandError::Usage(why));
    }
    check_lab(&rig, &loaded.scenario)?;
    let boxes = Boxes::new(&loaded, on_air_from(&rig, &loaded.scenario))?;
    if args.dry_run {
        return dry_run(&loaded, &rig, &dir);
    }
    let mut lab = HeldLab::take(&rig, &loaded.scenario.name, |text| eprintln!("castbench: {text}"))?;
    fs::create_dir_all(&dir)
        .and_then(|()| clear(&dir))
        .map_err(|source| CommandError::Write { path: dir.clone(), source })?;
    let mut console = Console::new(args.quiet);
    let start = wall_now();
    lab.open_path()?;
    let (judgement, played) = runner::run(&loaded, &rig, &lab, boxes, &dir, &mut console, Stopwatch(wall_now))
        .inspect_err(|_| {
            // Half of a run is of no use; what matters is the error that is on its way.
            let _ = clear(&dir).and_then(|()| fs::remove_dir(&dir));
        })?;
    lab.release()?;
    let perf = write_perf(&dir, start, &played, &loaded.scenario)?;
    console.verdict(&judgement, &dir, Some(&perf));
    Ok(judgement.verdict.into())
}

/// A carrier over front ends, and one that modems camp on, is there from the beginning; another one when it has something to
/// send.
fn on_air_from(rig: &Rig, scenario: &Scenario) -> OnAirFrom {
    match ModemKind::of(rig, scenario) {
        ModemKind::None if rig.clock == Clock::Virtual => OnAirFrom::Session,
        _ => OnAirFrom::Frame,
    }
}

/// Takes away what a run leaves in its folder, and nothing else.
fn clear(dir: &Path) -> io::Result<()> {
    let files = REPORT_FILES.iter().copied().chain([RECORD_FILE, CAPTURE_FILE, PERF_FILE]);
    let leftovers = files.flat_map(|f| [dir.join(f), dir.join(format!("{f}.part"))]);
    let absent_is_fine = |result: io::Result<()>| match result {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    leftovers.into_iter().try_for_each(|path: PathBuf| absent_is_fine(fs::remove_file(path)))?;
    [UES_FOLDER, IQ_FOLDER].iter().try_for_each(|folder| absent_is_fine(fs::remove_dir_all(dir.join(folder))))
}

/// Writes what a run cost.
fn write_perf(dir: &Path, start: WallInstant, played: &Played, scenario: &Scenario) -> Result<Perf, CommandError> {
    let wall_s = wall_now().duration_since(start).as_secs_f64();
    let air_s = played.air_time.as_secs_f64();
    let perf = Perf {
        wall_s,
        air_s,
        real_time_factor: air_s / wall_s,
        samples: played.samples,
        peak_memory_octets: peak_memory_octets(),
        machine: Machine::here(),
        n_rb_dl: scenario.cell.as_ref().map_or(0, |cell| cell.n_rb_dl),
        sample_rate_hz: played.sample_rate_hz,
        ues: scenario.ues.len(),
        share_of_subframe: played.load.shares(),
    };
    let path = dir.join(PERF_FILE);
    let text = serde_json::to_string_pretty(&perf).map_err(|e| CommandError::Bench(e.to_string()))?;
    fs::write(&path, text + "\n").map_err(|source| CommandError::Write { path, source })?;
    Ok(perf)
}

#[expect(clippy::disallowed_methods, reason = "wall time goes to perf.json alone")]
fn wall_now() -> WallInstant {
    WallInstant::now()
}

/// Largest resident set of this process so far (`VmHWM`, Linux).
fn peak_memory_octets() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
