//! Session start through content provider, BM-SC, MBMS-GW, MCE and eNB as the wire shows it: tshark reads every reference point,
//! finds each step of the ladder again, and a lost message makes the run fail by the number of its step.

mod common;
#[path = "common/ladder.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod ladder;
#[path = "common/scenario.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod scenario;
#[path = "common/tshark.rs"]
mod tshark;

use std::collections::BTreeSet;
use std::path::Path;

use castbench::{ProcedureStep, SESSION_START};
use common::inside;
use ladder::{LostMessages, run};
use protocol::Joint;

/// A scenario that is small.
fn small() -> String {
    scenario::text().replace("castbench.jpg", fixtures::content("castbench.jpg").to_str().unwrap())
}

fn tshark(folder: &Path, arguments: &[&str]) -> Option<String> {
    tshark::tshark(&folder.join("out/capture.pcapng"), arguments)
}

#[test]
fn every_step_is_seen_and_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let (ended, report) = run(dir.path(), &small());
    ended.assert(0, "PASS");
    let ladder = ladder::ladders(&report, SESSION_START.procedure).next().unwrap();
    assert_eq!(ladder["verdict"], "pass", "{ladder}");
    assert!(inside(&dir.path().join("out")).contains(&"capture.pcapng".to_owned()));
    assert_eq!(ladder["steps"].as_array().unwrap().len(), SESSION_START.steps.len());
    let Some(missing) = tshark::not_found(&dir.path().join("out/capture.pcapng"), ladder) else { return };
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn tshark_reads_all_reference_points() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &small()).0.assert(0, "PASS");
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
    // Ladders are not asked about M1.
    let fault = |row: &ProcedureStep| (row.joint == Joint::M1).then_some("");
    LostMessages { procedure: SESSION_START.procedure, scenario: small(), fault }.assert_fail_by_number(0, 1);
}
