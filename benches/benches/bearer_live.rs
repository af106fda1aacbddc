//! How long it takes on loopback from the GAR of an application server (TMGI, bearer, and a datagram on MB2-U that waits for it) to
//! the first user data on M1, through BM-SC, MBMS-GW, MCE and two eNBs that run live: sockets, and a database on the disk.
//!
//! Writes `perf_bearer_live.json` into the folder that `CASTBENCH_OUT` names, else into `target/tmp`; fails when the median is
//! not below 50 ms. `CASTBENCH_ROUNDS` says how many bearers instead of 1,000; the database is in the folder of
//! `CASTBENCH_OUT`, too.

#[path = "../../core/tests/mbms/client.rs"]
#[expect(dead_code, reason = "tests do more with it")]
mod client;
#[path = "../../core/tests/mbms/listener.rs"]
mod listener;
#[path = "../../core/tests/mbms/pace.rs"]
mod pace;
#[path = "../../core/tests/mbms/process.rs"]
#[expect(dead_code, reason = "tests do more with it")]
mod process;

use std::process::ExitCode;

use benches::growth::{folder, perf_file, write};

const ROUNDS: usize = 1000;
const GOAL_MS: f64 = 50.0;

fn main() -> ExitCode {
    // `cargo test --benches` only wants to see that it works.
    let is_test = std::env::args().any(|argument| argument == "--test");
    let rounds = std::env::var("CASTBENCH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let rounds = if is_test { 5 } else { rounds.unwrap_or(ROUNDS) };
    let folder = folder(env!("CARGO_TARGET_TMPDIR"));
    let database = match std::fs::create_dir_all(&folder).and_then(|()| tempfile::tempdir_in(&folder)) {
        Ok(database) => database,
        Err(why) => {
            eprintln!("{}: {why}", folder.display());
            return ExitCode::FAILURE;
        }
    };
    let times = pace::times_to_m1(process::address(2), database.path(), rounds);
    let [median, p99, most] = [0.5, 0.99, 1.0].map(|part| pace::quantile(&times, part));
    let text = format!(
        "{{\n  \"bearer_live\": {{ \"bearers\": {rounds}, \"median_ms\": {median:.3}, \"p99_ms\": {p99:.3}, \
         \"most_ms\": {most:.3}, \"goal_ms\": {GOAL_MS} }}\n}}\n"
    );
    print!("{text}");
    if is_test {
        return ExitCode::SUCCESS;
    }
    let path = perf_file(&folder, "bearer_live");
    if let Err(why) = write(&path, &text) {
        eprintln!("{}: {why}", path.display());
        return ExitCode::FAILURE;
    }
    println!("{}", path.display());
    if median < GOAL_MS { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
