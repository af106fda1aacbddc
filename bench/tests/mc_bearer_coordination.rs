//! Three MC servers share an MBMS bearer within one group call (TS 23.280 clause 10.7.3.9.2.2), from SIP to the air: speech once on
//! the air and once at each UE, every step of the ladders found again by tshark, and a lost message that makes the run fail by
//! the number of its step; the branches of the procedure.

mod common;
#[path = "common/ladder.rs"]
mod ladder;
#[path = "common/tshark.rs"]
mod tshark;

use common::inside;
use ladder::{LostMessages, run};
use protocol::Joint;

const PROCEDURE: &str = "TS 23.280 10.7.3.9.2.2";

fn shipped(name: &str) -> String {
    ladder::shipped(&format!("mc/{name}.toml"))
}

#[test]
fn speech_is_on_the_air_once_and_every_step_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let (ended, report) = run(dir.path(), &shipped("bearer_coordination"));
    ended.assert(0, "PASS");
    assert!(inside(&dir.path().join("out")).iter().any(|file| file.contains("speech_of_one1")));
    let capture = dir.path().join("out/capture.pcapng");
    for procedure in [PROCEDURE, "TS 36.579-2 6.4.1"] {
        let ladder = ladder::ladders(&report, procedure).next().unwrap();
        assert_eq!(ladder["verdict"], "pass", "{ladder}");
        let Some(missing) = tshark::not_found(&capture, ladder) else { return };
        assert_eq!(missing, Vec::<String>::new());
    }
    assert_eq!(tshark::packets(&capture, "_ws.malformed").unwrap(), [0u64; 0]);
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

fn lost_messages() -> LostMessages {
    LostMessages {
        procedure: PROCEDURE,
        scenario: small(),
        fault: |row| match row.joint {
            Joint::Mtch if row.number == "10" => Some("ue = \"one2\"\nwhat = \"rtp\""),
            Joint::Mtch => Some("ue = \"one2\""),
            _ => None,
        },
    }
}

#[test]
fn what_messages_are_taken_from_passes_whole() {
    lost_messages().assert_passes_whole();
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_1_of_4() {
    lost_messages().assert_fail_by_number(0, 4);
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_2_of_4() {
    lost_messages().assert_fail_by_number(1, 4);
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_3_of_4() {
    lost_messages().assert_fail_by_number(2, 4);
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_4_of_4() {
    lost_messages().assert_fail_by_number(3, 4);
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
fn a_release_that_is_refused() {
    branch("release_refused");
}

#[test]
fn fifty_users_in_two_areas() {
    branch("group_call");
}
