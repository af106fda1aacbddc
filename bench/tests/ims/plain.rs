//! A plain SIP network in the place of the IMS: registration with digest, messages and calls.

use std::path::Path;

use crate::lost::each_step_is_needed;
use crate::run::Run;

#[test]
fn every_step_of_a_registration_with_digest_is_needed() {
    let procedures = ["RFC 3261 10.2", "RFC 3261 10.2.4", "RFC 3261 10.2.2"].map(str::to_owned);
    each_step_is_needed(include_str!("scenarios/plain_registration.toml"), &procedures);
}

#[test]
fn messages_and_calls_are_those_of_the_ims() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ims/scenarios");
    for name in ["call", "cancelled", "refused", "unanswered", "not_registered", "forked"] {
        let run = Run::with(&folder.join(name).with_extension("toml"), name, &["--network", "sip"]);
        run.assert_passes();
        assert!(run.ladders().iter().any(|l| l["procedure"].as_str().unwrap().ends_with(", plain SIP")), "{name}");
        run.assert_tshark_agrees(run.ladders().iter());
    }
}
