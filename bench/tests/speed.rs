//! Ten UEs at 5 MHz: every one has the file, the run is the same on one core and on all, and what it cost is told.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{castbench, inside};
use serde_json::Value;

fn arguments(scenario: &str, out: &str, content: Option<&str>) -> Vec<String> {
    let file = fixtures::scenario(scenario).display().to_string();
    let content = content.map(|name| ["--content".to_owned(), fixtures::content(name).display().to_string()]);
    let words = ["run", &file, "--quiet", "--out", out].map(str::to_owned);
    words.into_iter().chain(content.into_iter().flatten()).collect()
}

fn perf(folder: &Path, out: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join(out).join("perf.json")).unwrap()).unwrap()
}

/// Shares of a subframe: of all work, mean and 99th percentile, and of how many subframes.
fn assert_shares(perf: &Value, ues: u64) {
    let share = &perf["share_of_subframe"];
    let subframes = |shares: &Value| shares["subframes"].as_u64().unwrap();
    let works = [&share["transmit"]["all"], &share["transmit"]["mbsfn"], &share["receive"]["all"]];
    for shares in works.into_iter().chain([&share["receive"]["mbsfn"], &share["channel"]]) {
        let (mean, p99) = (shares["mean"].as_f64().unwrap(), shares["p99"].as_f64().unwrap());
        assert!(mean > 0.0 && p99 > 0.0 && subframes(shares) > 0, "{shares}");
    }
    let sent = subframes(&share["transmit"]["all"]);
    assert_eq!(subframes(&share["transmit"]["mbsfn"]) * 10, sent * 6, "six of ten subframes");
    assert_eq!(subframes(&share["channel"]), ues * sent);
    assert!(subframes(&share["receive"]["mbsfn"]) < subframes(&share["receive"]["all"]));
}

#[test]
fn ten_ues_on_one_core_and_on_all_hear_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let ended = castbench(dir.path(), arguments("radio/ten_ues.toml", "all", Some("castbench.jpg")));
    ended.assert(0, "PASS");
    ended.assert(0, "speed: ");
    let received = inside(&dir.path().join("all/ues"));
    assert_eq!(received.iter().filter(|path| path.ends_with("/castbench.jpg")).count(), 10, "{received:?}");
    let one = Command::new("taskset")
        .args(["--cpu-list", "0", env!("CARGO_BIN_EXE_castbench")])
        .args(arguments("radio/ten_ues.toml", "one", Some("castbench.jpg")))
        .current_dir(dir.path())
        .output();
    match one {
        Ok(ended) => assert!(ended.status.success(), "{ended:?}"),
        Err(e) => return eprintln!("skipped: no taskset to run on one core ({e})"),
    }
    for file in ["run.jsonl", "report.json", "report.html", "junit.xml", "capture.pcapng"] {
        let read = |out: &str| fs::read(dir.path().join(out).join(file)).unwrap();
        assert!(read("all") == read("one"), "{file} depends on the number of cores");
    }
    let perf = perf(dir.path(), "all");
    assert_eq!((&perf["n_rb_dl"], &perf["ues"], &perf["sample_rate_hz"]), (&25.into(), &10.into(), &7.68e6.into()));
    assert!(perf["machine"]["cores"].as_u64().unwrap() > 0 && perf["machine"]["cpu"].is_string(), "{perf}");
    assert_eq!(perf["machine"]["instruction_set"], radio::Isa::fastest().name());
    assert_shares(&perf, 10);
}

#[test]
fn the_widest_carrier_tells_what_it_cost() {
    let dir = tempfile::tempdir().unwrap();
    castbench(dir.path(), arguments("radio/picture_100prb.toml", "out", None)).assert(0, "PASS");
    let perf = perf(dir.path(), "out");
    assert_eq!(perf["n_rb_dl"], 100);
    assert_shares(&perf, 2);
}
