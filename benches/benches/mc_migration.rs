//! What users cost who migrate to a partner MC system (TS 23.280 clause 10.1.6.2) and come home again: time and memory of a whole run
//! with so many of them, as `castbench run` does it, from registration at home to reports, and the slopes of both in a log-log
//! plot. Users show tokens in both systems, and the ladder of each is ticked from the profile to the authorisation there. How many
//! registrations a second two live systems do, processes on loopback with databases on the disk: each is a challenge whose vector
//! comes from the primary's database through both migration management servers and relays.
//!
//! Writes `perf_mc_migration.json` into the folder that `CASTBENCH_OUT` names, else into `target/tmp`; fails when a slope is above
//! 1.15, a run does not pass, or nothing was measured. `CASTBENCH_USERS` says how many users instead of 100,300,1000, two
//! different numbers at least, `CASTBENCH_RUNS` how often each runs, `CASTBENCH_ROUNDS` how often each live user registers.

#![expect(clippy::disallowed_methods, reason = "a benchmark has a clock")]

#[path = "../../core/tests/ports/mod.rs"]
mod ports;
#[path = "common/runs.rs"]
mod runs;
#[path = "../../core/tests/migration/systems.rs"]
mod systems;
#[expect(dead_code, reason = "tests do more with it")]
#[path = "../../core/tests/migration/ue.rs"]
mod ue;

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use runs::{Kind, benchmark};
use tokio::net::UdpSocket;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use ue::Ue;

/// Users of the live systems, and how many of them register at once.
const LIVE_USERS: u8 = 200;
const AT_ONCE: usize = 20;
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let kind = Kind {
        name: "mc_migration",
        unit: "user",
        variable: "CASTBENCH_USERS",
        base: 2,
        scenario: fixtures::mc_migration,
    };
    benchmark(&kind, live)
}

/// The rate of two live systems.
fn live(folder: &Path, is_test: bool) -> Result<String, String> {
    let rounds = std::env::var("CASTBENCH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS).max(1);
    let (users, rounds) = if is_test { (2, 1) } else { (LIVE_USERS, rounds) };
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(|why| why.to_string())?;
    let (took, mut times) = runtime.block_on(crowd(folder, users, rounds)).map_err(|why| why.to_string())?;
    times.sort_unstable();
    let ms = |part: f64| 1e3 * times[((times.len() - 1) as f64 * part).round() as usize].as_secs_f64();
    Ok(format!(
        "    \"live\": {{ \"users\": {users}, \"at_once\": {}, \"registrations\": {}, \"per_s\": {:.1}, \
         \"median_ms\": {:.3}, \"p99_ms\": {:.3} }},\n",
        AT_ONCE.min(users.into()),
        times.len(),
        times.len() as f64 / took.as_secs_f64(),
        ms(0.5),
        ms(0.99)
    ))
}

/// Each user registers so often; how long all took, and how long each registration, from its REGISTER to 200.
async fn crowd(folder: &Path, users: u8, rounds: usize) -> std::io::Result<(Duration, Vec<Duration>)> {
    let folders = [tempfile::tempdir_in(folder)?, tempfile::tempdir_in(folder)?];
    let mut ues: Vec<Ue> = (1..=users).map(Ue::new).collect();
    let (systems, pcscf) = systems::both([folders[0].path(), folders[1].path()], &mut ues, [None, None]).await;
    let mut queues: Vec<Vec<Ue>> = (0..AT_ONCE).map(|_| Vec::new()).collect();
    ues.into_iter().enumerate().for_each(|(place, ue)| queues[place % AT_ONCE].push(ue));
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    queues.into_iter().for_each(|ues| drop(tasks.spawn(in_turn(ues, pcscf, rounds))));
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done.map_err(std::io::Error::other)??);
    }
    let took = begin.elapsed();
    for system in systems {
        system.stop().await;
    }
    Ok((took, times))
}

/// Users of whom one registers after the other.
async fn in_turn(mut ues: Vec<Ue>, pcscf: SocketAddr, rounds: usize) -> std::io::Result<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        for ue in &mut ues {
            // Each has a socket of its own: a late copy of a response is nobody's.
            let socket = UdpSocket::bind("127.0.0.1:0").await?;
            let begin = Instant::now();
            let done = systems::register(&socket, pcscf, ue).await;
            assert_eq!(done.status, 200, "{done:?}");
            times.push(begin.elapsed());
        }
    }
    Ok(times)
}
