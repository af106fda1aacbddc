//! Services in virtual time: shipped scenarios pass, tshark finds every tick again, every step's message is needed.

use std::fs;
use std::path::PathBuf;

use crate::lost::each_step_is_needed;
use crate::run::Run;

/// The scenario, and its ladders that are not those of registration.
fn passes(name: &str) -> Vec<String> {
    let run = Run::of(&scenario(name), name);
    run.assert_passes();
    let is_own = |procedure: &str| !procedure.starts_with("TS 24.229 5.1.1");
    let own = || run.ladders().iter().filter(|l| is_own(l["procedure"].as_str().unwrap()));
    run.assert_tshark_agrees(own());
    own().map(|l| l["procedure"].as_str().unwrap().to_owned()).collect()
}

fn scenario(name: &str) -> PathBuf {
    fixtures::scenario(&format!("services/{name}.toml"))
}

fn needed(name: &str, procedures: &[&str]) {
    let text = fs::read_to_string(scenario(name)).unwrap();
    each_step_is_needed(&text, &procedures.iter().map(|&p| p.to_owned()).collect::<Vec<_>>());
}

#[test]
fn presence() {
    let ladders = passes("presence");
    for procedure in ["TS 24.141 5.3.1.3", "TS 24.141 5.3.2", "TS 24.141 5.3.2.4"] {
        assert!(ladders.iter().any(|own| own == procedure), "{procedure}");
    }
}

#[test]
fn every_step_of_presence_is_needed() {
    needed("presence", &["TS 24.141 5.3.1.3", "TS 24.141 5.3.2", "TS 24.141 5.3.2.4"]);
}

#[test]
fn documents_on_ut() {
    let ladders = passes("xdm");
    assert_eq!(ladders, ["RFC 4825 8.2.3", "RFC 4825 7.3", "RFC 4825 7.11, unchanged", "RFC 4825 7.11, stale"]);
}

#[test]
fn every_step_of_documents_on_ut_is_needed() {
    needed("xdm", &["RFC 4825 8.2.3", "RFC 4825 7.3", "RFC 4825 7.11, unchanged", "RFC 4825 7.11, stale"]);
}

const CONFERENCE: [&str; 4] = ["TS 24.147 5.3.1.3.2", "RFC 4575 3", "RFC 4579 5.1", "TS 24.147 5.3.1.6.1"];

#[test]
fn conferences() {
    assert_eq!(passes("conference"), CONFERENCE);
}

#[test]
fn every_step_of_a_conference_is_needed() {
    needed("conference", &CONFERENCE);
}
