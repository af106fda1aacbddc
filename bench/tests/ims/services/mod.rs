//! Services in virtual time, on the IMS and on a plain SIP network: shipped scenarios pass, tshark finds every tick again,
//! every step's message is needed. Each service has a file of its own.

mod charging;
mod conference;
mod exposure;
mod identity;
mod messaging;
mod presence;
mod xdm;

use std::fs;
use std::path::PathBuf;

use crate::lost::each_step_is_needed;
use crate::run::Run;

/// The scenario, and its ladders that are not those of registration.
fn passes(name: &str) -> Vec<String> {
    passes_on("ims", name)
}

/// The same on a network of this kind.
fn passes_on(network: &str, name: &str) -> Vec<String> {
    let run = Run::with(&scenario(name), name, &["--network", network]);
    run.assert_passes();
    let is_own = |procedure: &str| !["TS 24.229 5.1.1", "RFC 3261 10.2"].iter().any(|own| procedure.starts_with(own));
    let own = || run.ladders().iter().filter(|l| is_own(l["procedure"].as_str().unwrap()));
    run.assert_tshark_agrees(own());
    own().map(|l| l["procedure"].as_str().unwrap().to_owned()).collect()
}

fn scenario(name: &str) -> PathBuf {
    fixtures::scenario(&format!("services/{name}.toml"))
}

fn needed(name: &str, procedures: &[&str]) {
    needed_in(&fs::read_to_string(scenario(name)).unwrap(), procedures);
}

/// The same on a plain SIP network.
fn needed_on_plain_sip(name: &str, procedures: &[impl AsRef<str>]) {
    let text = fs::read_to_string(scenario(name)).unwrap().replace("security = \"sec_agree\"\n", "");
    let text = text.replace("[ims]\n", "[ims]\nnetwork = \"sip\"\n");
    assert!(text.contains("network = \"sip\""), "{text}");
    needed_in(&text, procedures);
}

fn needed_in(text: &str, procedures: &[impl AsRef<str>]) {
    each_step_is_needed(text, &procedures.iter().map(|p| p.as_ref().to_owned()).collect::<Vec<_>>());
}
