//! `castbench modem` as somebody with a modem meets it; the modem is `castbench ue` on a pseudo terminal.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn castbench() -> Command {
    Command::new(env!("CARGO_BIN_EXE_castbench"))
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A modem whose port is at `link`, by the time this returns.
fn ue(link: &Path, more: &[&str]) -> Ended {
    let mut child = castbench();
    child.arg("ue").arg("--pty").arg(link).args(more).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = Ended(child.spawn().unwrap());
    let mut first = String::new();
    BufReader::new(child.0.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("modem "), "{first}");
    child
}

fn modem(arguments: &[&str]) -> Output {
    castbench().arg("modem").args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_modem_is_recorded_and_plays_its_part_again_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let [port, record, personality, again] =
        ["port", "record.jsonl", "personality.toml", "again.jsonl"].map(|name| folder.path().join(name));
    let session = |out: &Path| {
        let output = modem(&["record", text(&port), "--out", text(out), "--for", "1"]);
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    };
    let first = {
        let _ue = ue(&port, &["--quirk", "nuls", "--quirk", "imei_decorated"]);
        session(&record)
    };
    assert!(first.contains("castbench simulated modem") && first.contains("Ready"), "{first}");
    let recorded = fs::read_to_string(&record).unwrap();
    assert!(recorded.contains("001010000000001"), "the record has everything");
    let made = modem(&["personality", text(&record), "--out", text(&personality)]);
    assert!(made.status.success(), "{}", said(&made));
    let without = fs::read_to_string(&personality).unwrap();
    for secret in ["0000000001", "0000017", "358401234567", "358405202000"] {
        assert!(!without.contains(secret), "{secret} in {without}");
    }
    let _ue = ue(&port, &["--personality", text(&personality)]);
    assert_eq!(session(&again), first);
}

/// The modem goes away in the middle of a record and comes back on another terminal.
#[test]
fn a_modem_that_vanishes_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let [port, record] = ["port", "record.jsonl"].map(|name| folder.path().join(name));
    let first = ue(&port, &[]);
    let mut recorder = castbench();
    recorder.args(["modem", "record", text(&port), "--out", text(&record), "--for", "4"]);
    let mut recorder = Ended(recorder.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(recorder.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "Ready"));
    drop(first);
    assert!(lines.any(|line| line.starts_with("the port is gone: the port opened again")));
    let _second = ue(&port, &[]);
    assert!(lines.any(|line| line.starts_with("up again after")));
    assert!(recorder.0.wait().unwrap().success());
}

#[test]
fn what_cannot_be_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let [record, out] = ["record.jsonl", "out"].map(|name| folder.path().join(name));
    fs::write(&record, "{\"at_record\":1,\"port\":\"x\",\"utc_ns\":0}\n").unwrap();
    let refused = |arguments: &[&str], wanted: &str| {
        let output = modem(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(wanted), "{wanted} in {}", said(&output));
    };
    refused(&["record", "/dev/nothing", "--out", text(&out)], "cannot open /dev/nothing");
    refused(&["record", "/dev/nothing", "--out", text(&out), "--profile", "nokia"], "there are quectel, sierra");
    refused(&["personality", text(&record), "--out", text(&out)], "nobody asked the modem anything");
    fs::write(&record, "nonsense").unwrap();
    refused(&["personality", text(&record), "--out", text(&out)], "line 1: ");
    assert!(!out.exists());
}
