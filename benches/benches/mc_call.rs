//! What the clients of a group call cost: time and memory of a whole run with so many of them over one MBMS bearer, as
//! `castbench run` does it, from registration to reports, and the slopes of both in a log-log plot. Radio by measured tables of
//! block errors (`radio = "table"`): one receiver has samples, whatever the number of clients.
//!
//! Each run is a process of its own, so that its peak of memory is its own. What a call of two clients costs, nearly all of it
//! the carrier and its one receiver, is taken off: a constant part would make any slope look flat.
//!
//! Writes `perf_mc_call.json` into the folder that `CASTBENCH_OUT` names, else into `target/tmp`; fails when a slope is above
//! 1.15, a run does not pass, or nothing was measured. `CASTBENCH_CLIENTS` says how many clients instead of 100,300,1000, two
//! different numbers at least, `CASTBENCH_RUNS` how often each runs: the cheapest run counts, for others were disturbed.

#[path = "common/runs.rs"]
mod runs;

use std::process::ExitCode;

use runs::{Kind, benchmark};

fn main() -> ExitCode {
    let kind =
        Kind { name: "mc_call", unit: "client", variable: "CASTBENCH_CLIENTS", base: 2, scenario: fixtures::mc_call };
    benchmark(&kind, |_, _| Ok(String::new()))
}
