//! `castbench sweep`: block error rates over SNR, from file to plot.

use std::fs;
use std::path::Path;
use std::thread::available_parallelism;

use serde::Serialize;

use crate::cli::SweepArgs;
use crate::errors::{CommandError, Exit};
use crate::sweep::{Sweep, SweepConsole, SweepError};

/// Runs `castbench sweep`.
pub fn sweep(args: &SweepArgs) -> Result<Exit, CommandError> {
    let sweep = Sweep::load(&args.sweep)?;
    let dir = args.out.clone().unwrap_or_else(|| Path::new("out").join(&sweep.name));
    let jobs = args.jobs.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from);
    let mut console = SweepConsole::new(args.quiet);
    let findings = sweep.run(&dir, jobs, &mut console).map_err(|error| match error {
        SweepError::Journal(error) => CommandError::Journal(error),
        SweepError::Write { path, source } => CommandError::Write { path, source },
    })?;
    write_perf(&dir, jobs, &console)?;
    console.verdict(&findings, &dir);
    Ok(Sweep::verdict(&findings).into())
}

/// What this run of the sweep cost. Kept apart from the results.
#[derive(Serialize)]
struct Perf {
    wall_s: f64,
    jobs: usize,
    blocks: u64,
}

fn write_perf(dir: &Path, jobs: usize, console: &SweepConsole) -> Result<(), CommandError> {
    let perf = Perf { wall_s: console.wall_s(), jobs, blocks: console.blocks() };
    let path = dir.join("perf.json");
    let text = serde_json::to_string_pretty(&perf).map_err(|e| CommandError::Bench(e.to_string()))?;
    fs::write(&path, text + "\n").map_err(|source| CommandError::Write { path, source })
}
