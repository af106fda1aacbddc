//! Three MC servers share an MBMS bearer within one group call (TS 23.280 clause 10.7.3.9.2.2), from SIP to the air: speech once on
//! the air and once at each UE, every step of the ladders found again by tshark, and a lost message that makes the run fail by
//! the number of its step; the branches of the procedure.

mod common;
#[path = "common/ladder.rs"]
mod ladder;
#[macro_use]
#[path = "common/lost.rs"]
mod lost;
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
        let Some(missing) = tshark::not_found(&capture, ladder) else { continue };
        assert_eq!(missing, Vec::<String>::new());
    }
    let Some(malformed) = tshark::packets(&capture, "_ws.malformed") else { return };
    assert_eq!(malformed, [0u64; 0]);
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

lost_messages_fail!(lost_messages);

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

/// Two users stay in each of two areas, and one drives from the first to the second while another one speaks. The area that it
/// has left is on the same simulated carrier, and yet it hears nothing more of it.
fn one_drives() -> String {
    let text = shipped("group_call");
    let (head, _) = text.split_once("[[mc.group]]").unwrap();
    let (_, ues) = text.split_once("[[ue]]").unwrap();
    let (ues, steps) = ues.split_once("[[step]]").unwrap();
    let (ues, _) = ues.split_once("[[ue]]\nname = \"far\"").unwrap();
    let ues = ues.replace("count = 18", "count = 2").replace("name = \"van\"\ncount = 10", "name = \"van1\"");
    let (steps, _) = steps.split_once("[[step]]\ndo = \"mc_move\"").unwrap();
    let group = "[[mc.group]]\nname = \"team\"\nserver = 1\nmembers = [\"north1\", \"north2\", \"south1\", \"south2\", \"van1\"]";
    let mut text = format!("{head}{group}\n\n[[ue]]{ues}[[step]]{steps}");
    for step in [
        "do = \"run\"\nfor_ms = 500",
        "do = \"mc_move\"\nue = \"van1\"\narea = 2",
        "do = \"run\"\nfor_ms = 3000",
        // What is said last is to come before the end.
        "do = \"mc_release\"\nue = \"north1\"",
        "do = \"run\"\nfor_ms = 1000",
        "do = \"mc_hangup\"\nue = \"north1\"",
        "do = \"run_until_ims\"\nue = \"all\"\nstate = \"ended\"\ntimeout_ms = 5000",
    ] {
        text += &format!("[[step]]\n{step}\n\n");
    }
    for (measure, ue) in [
        ("media_lost", "van1"),
        ("media_doubled", "van1"),
        ("media_on_air_twice", "north2"),
        ("media_on_air_twice", "south1"),
        ("media_on_air_twice", "south2"),
    ] {
        let expect = format!("measure = \"{measure}\"\nue = \"{ue}\"\nmax = 0\nunit = \"packets\"");
        text += &format!("[[expect]]\n{expect}\n\n");
    }
    text + "[[expect]]\nmeasure = \"media_switches\"\nue = \"van1\"\nmin = 3\nmax = 3\nunit = \"changes\"\n"
}

#[test]
fn who_drives_into_another_area_reports_it_once() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &one_drives()).0.assert(0, "PASS");
    let record = std::fs::read_to_string(dir.path().join("out/run.jsonl")).unwrap();
    let of_van = record.lines().filter(|line| line.contains("\"van1\""));
    let since = of_van.skip_while(|line| !line.contains("coverage_back"));
    let said = |what: &str| {
        since.clone().take_while(|line| !line.contains("\"ended\"")).filter(|line| line.contains(what)).count()
    };
    // Once for all that it does not hear any more; then the new subchannel, and the session when it is said to be there.
    assert_eq!((said("reported not listening to"), said("reported listening to"), said("failed")), (1, 2, 0));
}
