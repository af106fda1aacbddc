//! Debian's tshark on the captures of runs.

use std::path::Path;
use std::process::Command;

/// What tshark prints of a capture; `None` with a line that says so where it is not installed.
pub(crate) fn tshark(capture: &Path, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new("tshark").arg("-r").arg(capture).args(arguments).output() else {
        println!("skipped: tshark is not installed");
        return None;
    };
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

/// Numbers of the packets that a filter finds.
pub(crate) fn packets(capture: &Path, filter: &str) -> Option<Vec<u64>> {
    let found = tshark(capture, &["-Y", filter, "-T", "fields", "-e", "frame.number"])?;
    Some(found.lines().map(|line| line.parse().unwrap()).collect())
}
