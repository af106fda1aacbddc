//! The IMS in virtual time: shipped scenarios pass, the same seed gives the same octets, every step's message is needed,
//! tshark finds every tick again, no secret is written anywhere.

mod lost;
mod plain;
mod run;
mod secrets;
mod services;
#[path = "../common/tshark.rs"]
mod tshark;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use run::Run;

fn scenario(name: &str) -> PathBuf {
    fixtures::scenario(&format!("ims/{name}.toml"))
}

#[test]
fn twenty_ues_come_and_go() {
    let run = Run::of(&scenario("register"), "register");
    run.assert_passes();
    let of = |procedure: &str| run.ladders().iter().filter(|l| l["procedure"] == procedure).count();
    for procedure in ["5.1.1.2", "5.1.1.3", "5.1.1.4", "5.1.1.6", "5.4.1.7"] {
        assert_eq!(of(&format!("TS 24.229 {procedure}")), 20, "{procedure}");
    }
    run.assert_tshark_agrees(run.ladders().iter().filter(|l| l["ue"] == "ue7"));
    let has_cx = |l: &Value| l["steps"].as_array().unwrap().iter().any(|s| s["joint"] == "Cx");
    assert!(run.ladders().iter().any(has_cx));
}

#[test]
fn sessions_of_all_kinds() {
    let run = Run::of(&scenario("sessions"), "sessions");
    run.assert_passes();
    let is_call = |l: &&Value| l["procedure"] != "TS 24.229 5.1.1.2";
    run.assert_tshark_agrees(run.ladders().iter().filter(is_call));
}

#[test]
fn a_ue_abroad() {
    let run = Run::of(&scenario("roaming"), "roaming");
    run.assert_passes();
    let of_bob = |l: &&Value| l["ue"] == "bob" || l["procedure"] == "TS 24.229 5.2.8.1.2";
    let is_visited = |l: &Value| l["steps"].as_array().unwrap().iter().any(|s| s["from"] == "visited P-CSCF");
    assert!(run.ladders().iter().filter(of_bob).all(is_visited));
    assert!(run.ladders().iter().any(|l| l["procedure"] == "TS 24.229 5.4.1.5"));
    run.assert_tshark_agrees(run.ladders().iter().filter(of_bob));
}

#[test]
fn radio_and_ims_on_one_clock() {
    let run = Run::of(&scenario("with_a_cell"), "with_a_cell");
    run.assert_passes();
    run.assert_tshark_agrees(run.ladders().iter().filter(|l| l["procedure"] == "TS 24.229 5.1.3"));
    // The call stands while the file comes.
    let bob = run.report["ues"].as_array().unwrap().iter().find(|ue| ue["ue"] == "bob").unwrap();
    let (call, files) = (&bob["ims"]["sessions"][0], run.report["deliveries"].as_array().unwrap());
    let file = files.iter().find(|delivery| delivery["ue"] == "bob").unwrap();
    let ms = |value: &Value| value.as_f64().unwrap();
    assert_eq!((&bob["ims"]["registered"], &bob["ims"]["messages_received"]), (&Value::Bool(true), &Value::from(1)));
    assert!(ms(&call["established_ms"]) < ms(&file["at_ms"]) && ms(&file["at_ms"]) < ms(&call["ended_ms"]));
}

#[test]
fn the_same_seed_gives_the_same_octets() {
    let [first, again] = [(); 2].map(|()| Run::of(&scenario("sessions"), "sessions"));
    for file in ["run.jsonl", "capture.pcapng", "report.json", "report.html", "junit.xml"] {
        assert_eq!(fs::read(first.file(file)).unwrap(), fs::read(again.file(file)).unwrap(), "{file}");
    }
}
