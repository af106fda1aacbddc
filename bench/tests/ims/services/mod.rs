//! Services in virtual time: shipped scenarios pass, tshark finds every tick again, every step's message is needed. Each
//! service has a file of its own.

mod conference;
mod messaging;
mod presence;
mod xdm;

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
