//! UEs that are modems of a lab: stand-ins of other processes on pseudo terminals, found, driven and left as real ones are.
#![cfg(feature = "soapy")]

mod common;
#[path = "common/scenario.rs"]
mod scenario;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use common::{Ended, castbench, inside};
use serde_json::Value;

/// A modem of another process.
struct StandIn {
    process: Child,
    link: PathBuf,
    /// When it is told what to receive by MBMS: then it is ready, and has nothing to send yet.
    receives: Receiver<()>,
    told: JoinHandle<Vec<String>>,
}

impl StandIn {
    /// A modem that is found at `link`.
    fn start(link: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_castbench"))
            .arg("ue")
            .arg("--pty")
            .arg(link)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.next().unwrap().starts_with("modem "));
        let (told, receives) = mpsc::channel();
        let note = move |line: &String| {
            if line.starts_with("mbms ") {
                let _ = told.send(());
            }
        };
        let told = thread::spawn(move || lines.inspect(note).collect());
        Self { process, link: link.to_owned(), receives, told }
    }

    /// Pulls it out; what it said. Its name goes first: another test may get a terminal of the same number.
    fn end(mut self) -> Vec<String> {
        let _ = fs::remove_file(&self.link);
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.told.join().unwrap()
    }
}

/// Two UEs at the carrier of the loop, their modems at `near` and `far` beside the rig.
fn rig(folder: &Path) -> String {
    let text = fs::read_to_string(fixtures::rig("soapy_loop.toml")).unwrap();
    let (old, new) = ("ues = \"modems_on_pty\"", "ues = \"modems\"");
    assert!(text.contains(old));
    let text = text.replace(old, new)
        + "\n[[modem]]\nname = 'm1'\nport = 'far'\nue = 'far'\nnumber = '+4915112345678'\nprofile = 'generic'\n\
           network = 'a network of its own; nothing goes out of it'\n\
           [[modem]]\nname = 'm2'\nport = 'near'\nusb_port = 'hub'\n\
           [[power_switch]]\nname = 'hub'\nkind = 'simulated'\nfile = 'hub'\noff_s = 0.1\n[lease]\ndir = 'locks'\n";
    fs::write(folder.join("rig.toml"), &text).unwrap();
    text
}

/// The small scenario with a message from near to far.
fn scenario(folder: &Path, deliver_ms: u32, sms_ms: u32) {
    let text = scenario::text().replace("timeout_ms = 4000", &format!("timeout_ms = {deliver_ms}"))
        + &format!(
            "[[step]]\ndo = 'send_sms'\nfrom = 'near'\nto = 'far'\ntext = 'are you there'\n\
             [[step]]\ndo = 'run_until_sms_delivered'\ntimeout_ms = {sms_ms}\n\
             [[expect]]\nmeasure = 'sms_delivered'\nmin = 1\nunit = 'messages'\nue = 'far'\n"
        );
    scenario::write(folder, &text);
}

fn run(folder: &Path) -> (Ended, Value) {
    let ended = castbench(folder, ["run", "s.toml", "--quiet", "--rig", "rig.toml", "--out", "out"]);
    let report = fs::read(folder.join("out/report.json")).unwrap_or_else(|e| panic!("{e}: {ended:#?}"));
    (ended, serde_json::from_slice(&report).unwrap())
}

#[test]
fn modems_of_a_lab_are_driven_and_switched_off() {
    let dir = tempfile::tempdir().unwrap();
    rig(dir.path());
    scenario(dir.path(), 3000, 4000);
    let [near, far] = ["near", "far"].map(|name| StandIn::start(&dir.path().join(name)));
    let (ended, report) = run(dir.path());
    let (near, far) = (near.end(), far.end());
    println!("{}\n{near:?}\n{far:?}", report["sentence"]);
    // Nothing goes from the stand-ins' network to each other, and they have no receiver: the run says so.
    ended.assert(1, "FAIL");
    for modem in report["modems"].as_array().unwrap() {
        assert_eq!((&modem["state"], &modem["failed"]), (&"off".into(), &Value::Null), "{modem}");
        assert!(modem["device"].as_str().unwrap().contains("simulated modem"), "{modem}");
        let registrations = modem["registrations"].as_array().unwrap();
        assert!(registrations.iter().any(|r| r.to_string().contains("home")), "{modem}");
    }
    let message = &report["messages"][0];
    assert_eq!(message["delivered"], false, "{message}");
    assert!(message["reference"].is_u64(), "{message}");
    let expectations = report["expectations"].as_array().unwrap();
    let sms = expectations.iter().find(|e| e["id"].as_str().unwrap().starts_with("sms_delivered")).unwrap();
    assert_eq!(sms["verdict"], "fail", "{sms}");
    // The one that sends has sent it, with the number of the other; both end without radio.
    assert!(near.iter().any(|line| line.starts_with("sms ") && line.contains("91945111325476F8")), "{near:?}");
    assert!(!far.iter().any(|line| line.starts_with("sms ")), "{far:?}");
    for told in [&near, &far] {
        assert_eq!(told.iter().rfind(|line| line.starts_with("radio")).unwrap(), "radio off", "{told:?}");
    }
    let boxes = report["boxes"].as_array().unwrap();
    let of = |ue: &str, name: &str| boxes.iter().find(|b| b["box"] == name && b["ue"] == ue).unwrap();
    let backend = of("far", "modem")["backend"].as_str().unwrap().to_owned();
    let port = dir.path().join("far").display().to_string();
    assert!(backend.starts_with(&format!("real modem at {port}, castbench simulated modem")), "{backend}");
    assert_eq!(of("far", "unicast network")["backend"], "real: a network of its own; nothing goes out of it");
    assert!(of("near", "MBMS client")["backend"].as_str().unwrap().contains("no data_interface"));
    assert!(of("near", "receiver")["unseen"].as_str().unwrap().contains("own radio"));
}

#[test]
fn a_modem_of_a_lab_that_goes_away_is_named_and_the_run_ends_in_its_time() {
    let dir = tempfile::tempdir().unwrap();
    rig(dir.path());
    scenario(dir.path(), 4000, 60_000);
    let [near, far] = ["near", "far"].map(|name| StandIn::start(&dir.path().join(name)));
    let killer = thread::spawn(move || {
        near.receives.recv_timeout(Duration::from_secs(60)).unwrap();
        near.end()
    });
    let (ended, report) = run(dir.path());
    killer.join().unwrap();
    let far = far.end();
    println!("{}\n{}", report["sentence"], report["modems"]);
    assert!([3, 4].contains(&ended.code), "{ended:#?}");
    assert_eq!(report["run"]["complete"], true);
    assert!(report["run"]["duration_ms"].as_f64().unwrap() < 90_000.0, "{}", report["run"]["duration_ms"]);
    let sentence = report["sentence"].as_str().unwrap();
    assert!(sentence.contains("modem of near (m2 at "), "{sentence}");
    assert_eq!(far.iter().rfind(|line| line.starts_with("radio")).unwrap(), "radio off", "{far:?}");
    // Its USB port has been switched, and is on.
    assert_eq!(fs::read_to_string(dir.path().join("hub")).unwrap(), "on\n");
    assert!(report["modems"].to_string().contains("USB port switched off and on"), "{}", report["modems"]);
}

#[test]
fn what_a_lab_lacks_is_said_before_anything_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    let text = rig(dir.path());
    scenario(dir.path(), 3000, 3000);
    let before = inside(dir.path());
    let refused = |text: String, code: i32, says: &str, more: &[&str]| {
        fs::write(dir.path().join("rig.toml"), text).unwrap();
        let arguments = ["run", "s.toml", "--rig", "rig.toml", "--quiet"].iter().chain(more);
        castbench(dir.path(), arguments).assert(code, says);
        assert_eq!(inside(dir.path()), before);
    };
    refused(text.replace("ue = 'far'", "ue = 'third'"), 2, "no modem for UE far", &[]);
    refused(text.replace("number = '+4915112345678'\n", ""), 2, "[[modem]] m1 has no `number`", &[]);
    refused(text.replace("'generic'", "'nokia'"), 2, "there is no such file", &[]);
    refused(text.clone(), 3, "MISSING  modem m1", &["--dry-run"]);
    let text = text.replace("name = 'm2'", "name = 'm2'\ndata_interface = 'castbench-none'");
    let missing = "MISSING  data interface castbench-none of modem m2: there is no such network interface";
    refused(text, 3, missing, &["--dry-run"]);
}
