//! Session start through content provider, BM-SC, MBMS-GW, MCE and eNB as the wire shows it: tshark reads every reference point,
//! finds each step of the ladder again, and a lost message makes the run fail by the number of its step.

mod common;
#[path = "common/scenario.rs"]
mod scenario;
#[path = "common/tshark.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod tshark;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use castbench::SESSION_START;
use common::{castbench, inside};
use serde_json::Value;

/// Runs a scenario that is small; `more` comes at its end.
fn run(dir: &Path, text: &str, more: &str) -> (common::Ended, Value) {
    scenario::write(dir, &(text.to_owned() + more));
    let ended = castbench(dir, ["run", "s.toml", "--quiet", "--out", "out"]);
    let report = fs::read(dir.join("out/report.json")).unwrap_or_default();
    (ended, serde_json::from_slice(&report).unwrap_or_default())
}

fn ladder(report: &Value) -> &Value {
    let ladders = report["ladders"].as_array().unwrap();
    ladders.iter().find(|ladder| ladder["procedure"] == SESSION_START.procedure).unwrap()
}

fn tshark(folder: &Path, arguments: &[&str]) -> Option<String> {
    tshark::tshark(&folder.join("out/capture.pcapng"), arguments)
}

#[test]
fn every_step_is_seen_and_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let (ended, report) = run(dir.path(), &scenario::text(), "");
    ended.assert(0, "PASS");
    let ladder = ladder(&report);
    assert_eq!(ladder["verdict"], "pass", "{ladder}");
    assert!(inside(&dir.path().join("out")).contains(&"capture.pcapng".to_owned()));
    let steps = ladder["steps"].as_array().unwrap();
    assert_eq!(steps.len(), SESSION_START.steps.len());
    for step in steps {
        let (filter, packet) = (step["filter"].as_str().unwrap(), step["packet"].to_string());
        let Some(found) = tshark(dir.path(), &["-Y", filter, "-T", "fields", "-e", "frame.number"]) else { return };
        assert!(found.lines().any(|number| number == packet), "{packet} is not among {found:?}: {filter}");
    }
}

#[test]
fn tshark_reads_all_reference_points() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &scenario::text(), "").0.assert(0, "PASS");
    let bad = "_ws.malformed || _ws.expert.severity >= \"Warning\"";
    let Some(bad) =
        tshark(dir.path(), &["-Y", bad, "-T", "fields", "-e", "frame.interface_name", "-e", "_ws.expert.message"])
    else {
        return;
    };
    assert_eq!(bad, "", "malformed or warned of");
    let fields = ["-T", "fields", "-e", "frame.interface_name", "-e", "frame.protocols"];
    let seen: BTreeSet<String> = tshark(dir.path(), &fields).unwrap().lines().map(str::to_owned).collect();
    for expected in [
        "xMB-C\texported_pdu:http",
        "SGmb\texported_pdu:diameter",
        "M3\texported_pdu:m3ap",
        "M2\texported_pdu:m2ap",
        "M1\traw:ip:udp:gtp",
    ] {
        assert!(seen.iter().any(|line| line.starts_with(expected)), "{expected} is not in {seen:#?}");
    }
    assert!(seen.iter().any(|line| line.starts_with("SGi-mb\texported_pdu:sync")), "{seen:#?}");
    // With the option of the report, SYNC is read on M1 too: every PDU to its header CRC.
    for (interface, options) in [("SGi-mb", &[][..]), ("M1", &["-o", "gtp.dissect_tpdu_as:SYNC"])] {
        let unread = format!("frame.interface_name == \"{interface}\" && !sync.header_crc");
        let arguments: Vec<&str> = options.iter().copied().chain(["-Y", &unread]).collect();
        assert_eq!(tshark(dir.path(), &arguments).unwrap(), "", "{interface}");
    }
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step() {
    for step in SESSION_START.steps {
        let dir = tempfile::tempdir().unwrap();
        let joint = match step.joint {
            protocol::Joint::SgMb => "sgmb",
            protocol::Joint::M3 => "m3",
            protocol::Joint::M1 => "m1",
            _ => "m2",
        };
        // Ladders are not asked about M1.
        let message = match joint {
            "m1" => String::new(),
            _ => format!("message = {{ procedure = \"{}\", step = \"{}\" }}", SESSION_START.procedure, step.number),
        };
        let fault = format!("[[fault]]\njoint = \"{joint}\"\naction = \"drop\"\n{message}\n");
        let (ended, report) = run(dir.path(), &scenario::text(), &fault);
        assert_eq!(ended.code, 1, "step {}: {ended:#?}", step.number);
        let ladder = ladder(&report);
        let reason = ladder["reason"].as_str().unwrap_or_default();
        assert!(reason.contains(&format!(": step {} ({}", step.number, step.joint)), "step {}: {reason}", step.number);
    }
}
