//! The shipped scenarios of the air: what they say of fades, antennas and sites holds, and their reports show it.

use std::fs;

use castbench::{Exit, RunArgs, replay, run};
use serde_json::Value;

/// Runs a shipped scenario, which has to pass, and gives its reports.
fn passes(name: &str) -> (Value, String) {
    let dir = tempfile::tempdir().unwrap();
    let args = RunArgs {
        scenario: fixtures::scenario(name),
        content: None,
        seed: None,
        network: None,
        out: Some(dir.path().into()),
        rig: None,
        dry_run: false,
        quiet: true,
    };
    let ended = run(&args).unwrap();
    let report: Value = serde_json::from_slice(&fs::read(dir.path().join("report.json")).unwrap()).unwrap();
    assert_eq!(ended, Exit::Pass, "{}", report["sentence"]);
    let page = fs::read_to_string(dir.path().join("report.html")).unwrap();
    replay(dir.path()).unwrap();
    assert!(fs::read_to_string(dir.path().join("report.html")).unwrap() == page, "redrawn from the record");
    (report, page)
}

#[test]
fn a_second_antenna_keeps_blocks_that_fades_take_from_the_first() {
    let (report, _) = passes("radio/fading.toml");
    let bler = |ue: &str| {
        let of = report["ues"].as_array().unwrap().iter().find(|u| u["ue"] == ue).unwrap();
        println!("{ue}: {} {}", of["mch_bler"], of["cinr_db"]);
        of["mch_bler"]["ratio"].as_f64().unwrap()
    };
    for channel in ["epa5", "eva70", "etu70", "mbsfn5"] {
        let (one, two) = (bler(&format!("{channel}_one")), bler(&format!("{channel}_two")));
        assert!(two < one / 4.0, "{channel}: {one} with one antenna, {two} with two");
    }
}

#[test]
fn sites_help_within_the_prefix_and_hurt_beyond_it() {
    let (report, page) = passes("radio/sfn.toml");
    for ue in report["ues"].as_array().unwrap() {
        println!("{}: {} {}", ue["ue"], ue["mch_bler"], ue["cinr_db"]);
    }
    assert!(page.contains("delay between first and last path") && page.contains("extended prefix"));
}
