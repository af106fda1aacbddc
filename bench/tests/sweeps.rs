//! `castbench sweep`: the short forms of the shipped sweeps, and a sweep that is killed.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{castbench, inside};

/// Runs a shipped sweep and gives its table of crossings: curve, rate, SNR, and the ends of its interval.
fn shipped(name: &str, code: i32) -> Vec<(String, f64, String, String, String)> {
    let dir = tempfile::tempdir().unwrap();
    let file = fixtures::sweep(&format!("{name}.toml"));
    let ended = castbench(
        dir.path(),
        ["sweep".as_ref(), file.as_os_str(), "--quiet".as_ref(), "--out".as_ref(), "out".as_ref()],
    );
    println!("{}", ended.stdout);
    ended.assert(code, if code == 0 { "verdict: pass" } else { "verdict: " });
    let text = fs::read_to_string(dir.path().join("out/crossings.csv")).unwrap();
    let row = |line: &str| {
        let (curve, rest) = match line.strip_prefix('"') {
            Some(quoted) => quoted.split_once("\",").unwrap(),
            None => line.split_once(',').unwrap(),
        };
        let [bler, at, low, high] = rest.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        (curve.to_owned(), bler.parse().unwrap(), at.to_owned(), low.to_owned(), high.to_owned())
    };
    text.lines().skip(1).map(row).collect()
}

/// The table of 10 % block errors in white noise, as 95 % intervals: what is measured has to meet what was measured. The
/// sweep itself holds every entry against a known channel and another receiver.
#[test]
fn ten_percent_block_errors_in_white_noise_are_where_they_were() {
    let measured = shipped("short_awgn", 0);
    assert_eq!(measured.len(), AWGN_10_PERCENT_DB.len());
    for ((curve, bler, at, low, high), (name, was)) in measured.iter().zip(AWGN_10_PERCENT_DB) {
        assert_eq!((curve.as_str(), *bler), (name, 0.1));
        let number = |text: &str| text.trim_start_matches(['<', '>', '=']).parse::<f64>().unwrap();
        let (low, high) = (number(low), number(high));
        assert!(low <= was.1 && was.0 <= high, "{name}: {at} dB ({low} to {high}), was {was:?}");
    }
}

const AWGN_10_PERCENT_DB: [(&str, (f64, f64)); 14] = [
    ("25 PRB, MCS 0", (-4.84, -4.78)),
    ("25 PRB, MCS 4", (-0.89, -0.85)),
    ("25 PRB, MCS 9", (4.70, 4.73)),
    ("25 PRB, MCS 12", (6.10, 6.13)),
    ("25 PRB, MCS 16", (10.53, 10.56)),
    ("25 PRB, MCS 20", (13.76, 13.78)),
    ("25 PRB, MCS 23", (17.14, 17.18)),
    ("50 PRB, MCS 0", (-4.98, -4.95)),
    ("50 PRB, MCS 4", (-0.96, -0.93)),
    ("50 PRB, MCS 9", (4.77, 4.79)),
    ("50 PRB, MCS 12", (6.14, 6.17)),
    ("50 PRB, MCS 16", (10.33, 10.36)),
    ("50 PRB, MCS 20", (13.78, 13.80)),
    ("50 PRB, MCS 23", (17.27, 17.29)),
];

const KILLED: &str = r#"
name = "killed"
title = "Killed"
proves = "A sweep goes on where it was"
seed = 2

[sampling]
blocks = 600
chunk_blocks = 20

[[curve]]
n_rb_dl = [6]
mcs = [4]
channel = { model = "awgn" }
snr_db = { from = -2.0, to = 0.0, step = 1.0 }

[[requirement]]
name = "impossible"
curve = "6 PRB, MCS 4"
bler = 0.1
snr_db = -3.0
"#;

#[test]
fn a_killed_sweep_goes_on_to_the_same_results_and_the_exit_code_tells_the_verdict() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("s.toml"), KILLED).unwrap();
    let run = |out: &str| {
        castbench(dir.path(), ["sweep", "s.toml", "--out", out]).assert(1, "fail: 6 PRB, MCS 4 reaches 10.0 %")
    };
    run("whole");
    let mut child = Command::new(env!("CARGO_BIN_EXE_castbench"))
        .current_dir(dir.path())
        .args(["sweep", "s.toml", "--out", "killed", "--jobs", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines =
        |out: &str| fs::read_to_string(dir.path().join(out).join("sweep.jsonl")).map_or(0, |t| t.lines().count());
    while lines("killed") < 5 && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(lines("killed") < lines("whole"), "it was killed before its end");
    run("killed");
    assert_eq!(
        inside(&dir.path().join("killed")),
        ["crossings.csv", "perf.json", "sweep.csv", "sweep.html", "sweep.jsonl", "sweep.svg"]
    );
    let read = |out: &str, name: &str| fs::read(dir.path().join(out).join(name)).unwrap();
    for name in castbench::SWEEP_FILES {
        assert_eq!(read("killed", name), read("whole", name), "{name}");
    }
}

#[test]
fn a_wrong_file_is_a_usage_error() {
    let nowhere = Path::new("/");
    castbench(nowhere, ["sweep", "no_such.toml"]).assert(2, "cannot read sweep no_such.toml");
    let scenario = fixtures::scenario("mbms/file_clean.toml");
    castbench(nowhere, ["sweep".as_ref(), scenario.as_os_str()]).assert(2, "missing key `sampling`");
}
