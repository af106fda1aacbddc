//! Two MMS Relay/Servers, a process each, with other people's programs: exim between them, curl as UE, tshark as reader; killed
//! at every step, and with many large messages at once.

mod curl;
mod exim;
mod gateway;
mod kills;
mod large;
mod pdu;
mod rig;
mod web;

use std::path::PathBuf;

use super::lab::program;

/// Where a program is. A test without it is skipped with one line; in CI, which installs all, it fails.
fn needed(name: &str) -> Option<PathBuf> {
    let found = program(name);
    let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(found.is_some() || !is_ci, "{name} is missing: `.ci/setup tests` installs it");
    found
}
