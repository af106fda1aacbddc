//! Debian's tshark on the captures of runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

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

/// Steps of a ladder whose packets their display filters do not find again: one call for all of them.
pub(crate) fn not_found(capture: &Path, ladder: &Value) -> Option<Vec<String>> {
    // A packet may tick several steps: it is to be found by the filters of all.
    let mut filters: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for step in ladder["steps"].as_array().unwrap() {
        let filter = step["filter"].as_str().expect("every step has a filter");
        filters.entry(step["packet"].as_u64().expect("every step was seen")).or_default().push(filter);
    }
    let each = filters.iter().map(|(packet, own)| format!("(frame.number == {packet} && {})", own.join(" && ")));
    let found = packets(capture, &each.collect::<Vec<_>>().join(" || "))?;
    let lost = filters.iter().filter(|(packet, _)| !found.contains(packet));
    Some(lost.map(|(packet, own)| format!("{}: packet {packet} by {own:?}", ladder["procedure"])).collect())
}
