//! This program again, as the process that is killed.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Kills of a run; a campaign sets the variable.
const KILLS: u64 = 20;
const KILLS_VARIABLE: &str = "CASTBENCH_KILLS";
/// Tells the child where the store is, and which round it plays.
const STORE_VARIABLE: &str = "CASTBENCH_KILL_TEST_STORE";
const ROUND_VARIABLE: &str = "CASTBENCH_KILL_TEST_ROUND";

/// Plays rounds of the test `child` on the store at `path`, each killed at a moment of its own; `check` gets the number of
/// each and what the child had said until then. Returns the number of rounds.
pub(crate) fn kill_rounds(child: &str, path: &Path, mut check: impl FnMut(u64, Vec<String>)) -> u64 {
    let kills = std::env::var(KILLS_VARIABLE).ok().map_or(KILLS, |n| n.parse().expect("a number of kills"));
    let mut random = 1u64;
    for round in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (lines, spins) = (random >> 33 & 0x3f, random >> 40 & 0xf_ffff);
        check(round, kill_after(child, path, round, lines, spins));
    }
    kills
}

/// In the child: its store and its round. None: nobody plays it.
pub(crate) fn role() -> Option<(PathBuf, u64)> {
    let path = std::env::var(STORE_VARIABLE).ok()?;
    let round = std::env::var(ROUND_VARIABLE).expect("set together").parse().expect("a number");
    Some((path.into(), round))
}

/// The child tells its parent something.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "kill-test {line}").and_then(|()| out.flush()).expect("the parent reads");
}

/// Runs a child, kills it `spins` turns after its line number `lines`, and returns what it said until then.
fn kill_after(name: &str, path: &Path, round: u64, lines: u64, spins: u64) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(STORE_VARIABLE, path)
        .env(ROUND_VARIABLE, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("this program starts again");
    let reader = BufReader::new(child.stdout.take().expect("stdout is piped"));
    let mut said = Vec::new();
    let mut killed = false;
    for line in reader.lines() {
        let line = line.expect("the child writes text");
        if let Some((_, said_line)) = line.split_once("kill-test ") {
            said.push(said_line.to_owned());
        }
        if !killed && said.len() as u64 > lines {
            std::hint::black_box((0..spins).fold(0, |a, n| std::hint::black_box(a ^ n)));
            child.kill().expect("SIGKILL");
            killed = true;
        }
    }
    child.wait().expect("the child ends");
    said
}
