//! `castbench devices` and `castbench hold` as somebody with a modem meets them.

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use common::{castbench, inside};

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program and waits for its first line.
fn start(arguments: &[&str]) -> (Ended, String) {
    let child = Command::new(env!("CARGO_BIN_EXE_castbench"))
        .args(arguments)
        // Orders to the modem never end.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = Ended(child.unwrap());
    let mut first = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut first).unwrap();
    (child, first.trim().to_owned())
}

#[test]
fn a_modem_is_found_asked_suggested_held_and_shown_as_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let tty = dir.join("tty").display().to_string();
    let (_modem, first) = start(&["ue", "--pty", &tty]);
    assert_eq!(first, format!("modem {tty}"));

    let devices = |more: &str| castbench(dir, ["devices", "--port", &tty, "--lease-dir", "locks", more]);
    let found = devices("--json");
    assert_eq!(found.code, 0, "{found:#?}");
    let found: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
    let modems = found["modems"].as_array().unwrap();
    let says = &modems.last().unwrap()["ports"][0]["modem"];
    assert_eq!((says["manufacturer"].as_str(), says["imei"].as_str().map(str::len)), (Some("castbench"), Some(15)));
    assert!(says["commands"].as_array().unwrap().iter().any(|command| command == "+CMGS"), "{says}");

    let suggested = devices("--suggest");
    assert!(suggested.stdout.contains(&format!("port = \"{tty}\"")), "{suggested:#?}");
    let rig = suggested.stdout + "[lease]\ndir = 'locks'\n";
    fs::write(dir.join("lab.toml"), rig).unwrap();
    let rig = dir.join("lab.toml").display().to_string();
    let (holder, first) = start(&["hold", &rig, "--job", "a look at the antenna"]);
    assert_eq!(first, "held");
    // Whoever has it is not disturbed.
    devices("--no-probe").assert(0, "for a look at the antenna");
    let listed = devices("--json");
    let found: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(found["modems"].as_array().unwrap().last().unwrap()["ports"][0]["answer"], serde_json::Value::Null);
    castbench(dir, ["hold", "lab.toml"]).assert(3, "is in use by");
    drop(holder);
    let files = inside(dir);
    assert!(files.iter().any(|file| file.starts_with("locks/modem:") && file.ends_with(".lease")), "{files:?}");

    castbench(dir, ["hold", "sim"]).assert(2, "rig all simulated has no devices that others could use");
    castbench(dir, ["guardian"]).assert(3, "a guardian is started by a lease");
}
