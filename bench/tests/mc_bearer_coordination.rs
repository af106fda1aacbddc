//! Three MC servers share an MBMS bearer within one group call (TS 23.280 clause 10.7.3.9.2.2), from SIP to the air: speech once on
//! the air and once at each UE, every step of the ladders found again by tshark, and a lost message that makes the run fail by
//! the number of its step; the branches of the procedure.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{castbench, inside};
use protocol::Joint;
use serde_json::Value;

const PROCEDURE: &str = "TS 23.280 10.7.3.9.2.2";

/// A shipped scenario, with what is said of its content.
fn shipped(name: &str) -> String {
    let text = fs::read_to_string(fixtures::scenario(&format!("mc/{name}.toml"))).unwrap();
    text.replace("../../content/speech.wav", fixtures::content("speech.wav").to_str().unwrap())
}

fn run(dir: &Path, text: &str) -> (common::Ended, Value) {
    fs::write(dir.join("s.toml"), text).unwrap();
    let ended = castbench(dir, ["run", "s.toml", "--quiet", "--out", "out"]);
    let report = fs::read(dir.join("out/report.json")).unwrap_or_default();
    (ended, serde_json::from_slice(&report).unwrap_or_default())
}

fn ladders<'a>(report: &'a Value, of: &'a str) -> impl Iterator<Item = &'a Value> {
    report["ladders"].as_array().into_iter().flatten().filter(move |ladder| ladder["procedure"] == of)
}

/// Packets of these steps that tshark does not find by their display filters.
fn not_found(dir: &Path, steps: &[&Value]) -> Vec<String> {
    let each: Vec<String> = steps
        .iter()
        .map(|s| format!("(frame.number == {} && {})", s["packet"], s["filter"].as_str().unwrap()))
        .collect();
    let found = Command::new("tshark")
        .arg("-r")
        .arg(dir.join("out/capture.pcapng"))
        .args(["-Y", &each.join(" || "), "-T", "fields", "-e", "frame.number"])
        .output()
        .unwrap();
    let said = String::from_utf8(found.stdout).unwrap();
    let is_found = |packet: &str| said.lines().any(|line| line == packet);
    let missing = steps.iter().filter(|step| !is_found(&step["packet"].to_string()));
    missing.map(|step| format!("step {}: {}", step["number"], step["filter"])).collect()
}

fn has_tshark() -> bool {
    let is_there = Command::new("tshark").arg("-v").output().is_ok();
    if !is_there {
        println!("skipped: tshark is not installed");
    }
    is_there
}

#[test]
fn speech_is_on_the_air_once_and_every_step_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let (ended, report) = run(dir.path(), &shipped("bearer_coordination"));
    ended.assert(0, "PASS");
    assert!(inside(&dir.path().join("out")).iter().any(|file| file.contains("speech_of_one1")));
    for procedure in [PROCEDURE, "TS 36.579-2 6.4.1"] {
        let ladder = ladders(&report, procedure).next().unwrap();
        assert_eq!(ladder["verdict"], "pass", "{ladder}");
        let steps: Vec<&Value> = ladder["steps"].as_array().unwrap().iter().collect();
        if has_tshark() {
            assert_eq!(not_found(dir.path(), &steps), Vec::<String>::new());
        }
    }
    if has_tshark() {
        let malformed = Command::new("tshark")
            .arg("-r")
            .arg(dir.path().join("out/capture.pcapng"))
            .args(["-Y", "_ws.malformed", "-T", "fields", "-e", "frame.number"])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(malformed.stdout).unwrap(), "");
    }
}

/// One talk and no moves: as much as the ladder of the servers needs.
fn small() -> String {
    let text = shipped("bearer_coordination").replace(", \"TS 36.579-2 6.4.1\"", "");
    let (before, after) = text.split_once("[[step]]\ndo = \"mc_talk\"\nue = \"three1\"").unwrap();
    let (_, end) = after.split_once("[[step]]\ndo = \"mc_hangup\"").unwrap();
    let (end, _) = end.split_once("[[expect]]").unwrap();
    format!("{before}[[step]]\ndo = \"mc_hangup\"{end}{EXPECT}")
}

const EXPECT: &str = "\n[[expect]]\nmeasure = \"media_doubled\"\nue = \"one2\"\nmax = 0\nunit = \"packets\"\n";

/// How the message of a step is lost.
fn fault(row: &castbench::ProcedureStep) -> String {
    let of_ladder = format!("message = {{ procedure = \"{PROCEDURE}\", step = \"{}\" }}", row.number);
    let (joint, more) = match row.joint {
        Joint::Gm => ("gm", of_ladder),
        Joint::Isc => ("isc", of_ladder),
        Joint::Mcptt3 => ("mcptt3", of_ladder),
        Joint::Mb => ("mb", of_ladder),
        Joint::Mb2U => ("mb2u", of_ladder),
        Joint::Mtch if row.number == "10" => ("mtch", "ue = \"one2\"\nwhat = \"rtp\"".to_owned()),
        Joint::Mtch => ("mtch", "ue = \"one2\"".to_owned()),
        other => panic!("{other}"),
    };
    format!("\n[[fault]]\njoint = \"{joint}\"\naction = \"drop\"\n{more}\n")
}

/// A lost message fails by the number of its step: one row in four, so that the tests share the time.
fn lost_messages(quarter: usize) {
    let procedure = castbench::PROCEDURES.iter().find(|own| own.procedure == PROCEDURE).unwrap();
    for row in procedure.steps.iter().skip(quarter).step_by(4) {
        let dir = tempfile::tempdir().unwrap();
        let (ended, report) = run(dir.path(), &(small() + &fault(row)));
        assert_eq!(ended.code, 1, "step {}: {ended:#?}", row.number);
        let reason = ladders(&report, PROCEDURE).next().unwrap()["reason"].as_str().unwrap_or_default().to_owned();
        assert!(reason.contains(&format!(": step {} (", row.number)), "step {}: {reason}", row.number);
    }
}

#[test]
fn what_messages_are_taken_from_passes_whole() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &small()).0.assert(0, "PASS");
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_1_of_4() {
    lost_messages(0);
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_2_of_4() {
    lost_messages(1);
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_3_of_4() {
    lost_messages(2);
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_4_of_4() {
    lost_messages(3);
}

/// A branch passes with all that it expects, its ladders among that.
fn branch(name: &str) {
    let dir = tempfile::tempdir().unwrap();
    let (ended, report) = run(dir.path(), &shipped(name));
    ended.assert(0, "PASS");
    assert!(report["ladders"].as_array().unwrap().iter().all(|ladder| ladder["verdict"] == "pass"));
}

#[test]
fn too_little_bandwidth_unicast() {
    branch("insufficient_unicast");
}

#[test]
fn too_little_bandwidth_a_second_bearer_and_its_end() {
    branch("insufficient_duplicate");
}

#[test]
fn one_server_for_the_bearers_of_all() {
    branch("centralised");
}

#[test]
fn announced_on_behalf() {
    branch("on_behalf");
}

#[test]
fn a_server_that_does_not_answer() {
    branch("no_response");
}

#[test]
fn a_server_that_dies_in_a_call() {
    branch("server_dies");
}

#[test]
#[ignore = "seven packets are lost to a UE when the call ends while it is heard elsewhere"]
fn a_release_that_is_refused() {
    branch("release_refused");
}

#[test]
#[ignore = "UEs that drive between two areas lose some 18 packets each on the way"]
fn fifty_users_in_two_areas() {
    branch("group_call");
}
