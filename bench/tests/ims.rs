//! The IMS in virtual time: shipped scenarios pass, the same seed gives the same octets, every step's message is needed,
//! tshark finds every tick again, no key is written anywhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use protocol::Entropy;
use serde_json::Value;

/// A run in a folder of its own.
struct Run {
    dir: tempfile::TempDir,
    code: i32,
    report: Value,
    said: String,
}

impl Run {
    fn of(scenario: &Path, name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_castbench"))
            .args(["run", "--quiet", "--out"])
            .arg(dir.path().join("run"))
            .arg(scenario)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let report = fs::read(dir.path().join("run/report.json"));
        let report = report.map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap());
        let run = Self { dir, code: output.status.code().unwrap_or(-1), report, said };
        assert!(run.report.is_object(), "{name}: no report: {}", run.said);
        run
    }

    fn of_text(text: &str, name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("scenario.toml");
        fs::write(&file, text).unwrap();
        Self::of(&file, name)
    }

    fn assert_passes(&self) {
        assert_eq!(self.code, 0, "{}\n{}", self.report["sentence"], self.said);
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join("run").join(name)
    }

    fn ladders(&self) -> &[Value] {
        self.report["ladders"].as_array().unwrap()
    }

    /// Numbers of the packets that a filter finds; `None` with a line that says so where tshark is not installed.
    fn tshark(&self, filter: &str) -> Option<Vec<u64>> {
        let arguments = ["-Y", filter, "-T", "fields", "-e", "frame.number"];
        let Ok(output) = Command::new("tshark").arg("-r").arg(self.file("capture.pcapng")).args(arguments).output()
        else {
            println!("skipped: tshark is not installed");
            return None;
        };
        assert!(output.status.success(), "{filter}: {}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect())
    }

    /// Every tick of these ladders is found again by its filter, and nothing is malformed.
    fn assert_tshark_agrees<'a>(&self, ladders: impl Iterator<Item = &'a Value>) {
        // Server-Capabilities without any (TS 29.229 clause 6.3.4) is nothing to complain of.
        let empty = "_ws.expert.message == \"Data is empty\"";
        let bad = format!("_ws.malformed || (_ws.expert.severity >= \"Warning\" && !({empty}))");
        let Some(malformed) = self.tshark(&bad) else { return };
        assert!(malformed.is_empty(), "malformed packets: {malformed:?}");
        for ladder in ladders {
            for step in ladder["steps"].as_array().unwrap() {
                let filter = step["filter"].as_str().expect("every step has a filter");
                let found = self.tshark(filter).unwrap();
                let packet = step["packet"].as_u64().expect("every step was seen");
                let at = format!("{} step {}: {filter}", ladder["procedure"], step["number"]);
                assert!(found.contains(&packet), "{at}: {packet} is not among {found:?}");
            }
        }
    }
}

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
fn the_same_seed_gives_the_same_octets() {
    let [first, again] = [(); 2].map(|()| Run::of(&scenario("sessions"), "sessions"));
    for file in ["run.jsonl", "capture.pcapng", "report.json", "report.html", "junit.xml"] {
        assert_eq!(fs::read(first.file(file)).unwrap(), fs::read(again.file(file)).unwrap(), "{file}");
    }
}

#[test]
fn no_key_is_written_anywhere() {
    let run = Run::of(&scenario("register"), "register");
    let files = ["run.jsonl", "capture.pcapng", "report.json", "report.html", "junit.xml"];
    let contents: Vec<_> = files.map(|file| fs::read(run.file(file)).unwrap()).into();
    let is_in = |content: &[u8], what: &[u8]| content.windows(what.len()).any(|w| w == what);
    for ue in 1..=20 {
        let mut entropy = Entropy::of_box(1, &format!("ue{ue} card"));
        for _ in ["k", "opc"] {
            let mut key = [0; 16];
            entropy.fill(&mut key);
            for (file, content) in files.iter().zip(&contents) {
                assert!(!is_in(content, &key) && !is_in(content, hex::encode(key).as_bytes()), "{file}: ue{ue}");
            }
        }
    }
    let capture = &contents[1];
    for name in [&b"ck=\""[..], b"ik=\""] {
        let at = capture.windows(name.len()).enumerate().filter(|(_, w)| *w == name).map(|(at, _)| at + name.len());
        assert!(at.into_iter().all(|at| capture[at] == b'*'), "{}", String::from_utf8_lossy(name));
    }
    for content in [&contents[0], &contents[2], &contents[3]] {
        let text = String::from_utf8_lossy(content).replace("&quot;", "\"").replace("\\\"", "\"");
        let response = text.split(" response=\"").skip(1);
        assert!(response.clone().all(|rest| rest.starts_with('*') || rest.starts_with('"')), "a response is told");
    }
}

#[test]
fn every_step_of_a_registration_is_needed() {
    each_step_is_needed(REGISTRATION, &["5.1.1.2", "5.1.1.3", "5.1.1.4", "5.1.1.6", "5.4.1.7"].map(in_24229));
}

#[test]
fn every_step_of_a_message_and_a_call_is_needed() {
    let procedures =
        ["5.1.3", "5.1.5"].map(in_24229).into_iter().chain(["RFC 3428 4", "RFC 3264 8.4"].map(str::to_owned));
    each_step_is_needed(CALL, &procedures.collect::<Vec<_>>());
}

fn in_24229(clause: &str) -> String {
    format!("TS 24.229 {clause}")
}

/// Runs a scenario once for each step of these procedures, without the message of the step and what comes in its place
/// again: the run fails and the ladder names the step.
fn each_step_is_needed(scenario: &str, procedures: &[String]) {
    let whole = Run::of_text(scenario, "nothing lost");
    whole.assert_passes();
    for procedure in procedures {
        let ladder = whole.ladders().iter().find(|l| l["procedure"] == **procedure).expect("a ladder of the procedure");
        for step in ladder["steps"].as_array().unwrap() {
            let (number, joint) = (step["number"].as_str().unwrap(), step["joint"].as_str().unwrap().to_lowercase());
            let fault = format!(
                "[[fault]]\njoint = \"{joint}\"\naction = \"drop\"\nmessage = {{ procedure = \"{procedure}\", step = \"{number}\" }}\n"
            );
            let name = format!("{procedure} without step {number}");
            let run = Run::of_text(&format!("{scenario}{fault}"), &name);
            let lost = run.ladders().iter().find(|l| l["procedure"] == **procedure).unwrap();
            let reason = lost["reason"].as_str().unwrap_or_default();
            assert_eq!(run.code, 1, "{name}: {}", run.said);
            assert!(reason.contains(&format!(": step {number} (")), "{name}: {reason}");
        }
    }
}

const REGISTRATION: &str = r#"
name = "registration"
title = "One UE comes and goes"
proves = "Every message is needed"
seed = 3
[ims]
security = "sec_agree"
expires_s = 3600
application_server = "test"
[[ue]]
name = "alice"
ims = {}
[[step]]
do = "ims_register"
[[step]]
do = "run_until_ims"
state = "registered"
timeout_ms = 40000
[[step]]
do = "run"
for_ms = 1000
[[step]]
do = "ims_subscribe_reg"
[[step]]
do = "run_until_ims"
state = "subscribed"
timeout_ms = 40000
[[step]]
do = "run"
for_ms = 1000
[[step]]
do = "ims_register"
[[step]]
do = "run_until_ims"
state = "refreshed"
timeout_ms = 40000
[[step]]
do = "ims_deregister"
[[step]]
do = "run_until_ims"
state = "unregistered"
timeout_ms = 40000
[[step]]
do = "run"
for_ms = 1000
[[expect]]
measure = "ims_registrations"
min = 2
unit = "registrations"
"#;

const CALL: &str = r#"
name = "call"
title = "A message and a call"
proves = "Every message is needed"
seed = 4
[ims]
security = "sec_agree"
expires_s = 3600
[[ue]]
name = "alice"
ims = {}
[[ue]]
name = "bob"
ims = {}
[[step]]
do = "ims_register"
[[step]]
do = "run_until_ims"
state = "registered"
timeout_ms = 40000
[[step]]
do = "run"
for_ms = 1000
[[step]]
do = "ims_message"
from = "alice"
to = "bob"
text = "hello"
[[step]]
do = "run_until_ims"
ue = "alice"
state = "messages_answered"
timeout_ms = 40000
[[step]]
do = "ims_call"
from = "alice"
to = "bob"
[[step]]
do = "run_until_ims"
ue = "bob"
state = "incoming"
timeout_ms = 40000
[[step]]
do = "run"
for_ms = 1000
[[step]]
do = "ims_answer"
ue = "bob"
[[step]]
do = "run_until_ims"
ue = "all"
state = "established"
timeout_ms = 40000
[[step]]
do = "run"
for_ms = 1000
[[step]]
do = "ims_hold"
ue = "alice"
[[step]]
do = "run_until_ims"
ue = "all"
state = "held"
timeout_ms = 40000
[[step]]
do = "run"
for_ms = 1000
[[step]]
do = "ims_hangup"
ue = "alice"
[[step]]
do = "run_until_ims"
ue = "all"
state = "ended"
timeout_ms = 40000
[[step]]
do = "run"
for_ms = 1000
[[expect]]
measure = "ims_messages_received"
ue = "bob"
min = 1
unit = "messages"
"#;
