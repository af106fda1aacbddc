//! Modems in runs: the same verdict whether the UEs are simulated, behind modems in memory or behind modems on pseudo
//! terminals, and an end of the run when a modem behaves badly.

mod common;
#[path = "common/scenario.rs"]
mod scenario;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Ended, castbench, inside};
use serde_json::Value;

/// Runs a scenario on a rig, by its name or file.
fn run(folder: &Path, scenario: &Path, rig: &str, out: &str) -> (Ended, Value) {
    let scenario = scenario.display().to_string();
    let ended = castbench(folder, ["run", scenario.as_str(), "--quiet", "--rig", rig, "--out", out]);
    let report = fs::read(folder.join(out).join("report.json")).unwrap_or_else(|e| panic!("{e}: {ended:#?}"));
    (ended, serde_json::from_slice(&report).unwrap())
}

/// Backends of a kind of box.
fn backends<'r>(report: &'r Value, name: &str) -> Vec<&'r str> {
    let boxes = report["boxes"].as_array().unwrap().iter();
    boxes.filter(|b| b["box"] == name).map(|b| b["backend"].as_str().unwrap()).collect()
}

/// What each expectation came to.
fn verdicts(report: &Value) -> Vec<(&str, &str)> {
    let expectations = report["expectations"].as_array().unwrap().iter();
    expectations.map(|e| (e["id"].as_str().unwrap(), e["verdict"].as_str().unwrap())).collect()
}

/// A scenario passes on `sim` and on `soapy-loop`, check by check.
#[cfg(feature = "soapy")]
fn same_on_both(scenario: &Path, modem_of_sim: &str) -> [Value; 2] {
    let dir = tempfile::tempdir().unwrap();
    let reports = ["sim", "soapy-loop"].map(|rig| {
        let (ended, report) = run(dir.path(), scenario, rig, rig);
        ended.assert(0, "PASS");
        report
    });
    let [sim, soapy] = &reports;
    assert_eq!((&sim["verdict"], &soapy["verdict"]), (&"pass".into(), &"pass".into()));
    assert_eq!(verdicts(sim), verdicts(soapy));
    let ues = sim["ues"].as_array().unwrap().len();
    assert_eq!(backends(sim, "eNB"), ["castbench, IQ to memory"]);
    assert_eq!(backends(sim, "modem"), vec![modem_of_sim; ues]);
    let enb = backends(soapy, "eNB");
    assert!(enb[0].contains("SoapySDR") && enb[0].contains("castbench_loop"), "{enb:?}");
    assert_eq!(backends(soapy, "modem"), vec!["simulated, AT on a pseudo terminal"; ues]);
    let modems = soapy["modems"].as_array().unwrap();
    assert_eq!(modems.len(), ues);
    for modem in modems {
        assert_eq!((&modem["state"], &modem["failed"]), (&"off".into(), &Value::Null), "{modem}");
        assert!(modem["device"].as_str().unwrap().contains("simulated modem"), "{modem}");
        assert!(modem["services"].as_array().unwrap().iter().all(|s| s["refused"].is_null()), "{modem}");
    }
    let html = fs::read_to_string(dir.path().join("soapy-loop/report.html")).unwrap();
    assert!(html.contains("id=\"boxes\"") && html.contains("AT on a pseudo terminal"));
    reports
}

#[cfg(feature = "soapy")]
#[test]
fn the_main_scenario_ends_the_same_on_sim_and_soapy_loop() {
    let none = "none: the MBMS client has its datagrams from the receiver";
    let reports = same_on_both(&fixtures::scenario("mbms/file_clean.toml"), none);
    assert_eq!(reports[0]["modems"], Value::Array(Vec::new()));
}

#[cfg(feature = "soapy")]
#[test]
fn messages_end_the_same_on_sim_and_soapy_loop() {
    for report in same_on_both(&fixtures::scenario("sms/over_the_modem.toml"), "simulated, AT in memory") {
        let messages = report["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 4);
        assert!(messages.iter().all(|m| m["delivered"] == true && m["reference"].is_u64()), "{messages:?}");
        let network = report["boxes"].as_array().unwrap().iter().find(|b| b["box"] == "unicast network").unwrap();
        assert!(network["unseen"].as_str().unwrap().contains("neither radio nor signalling"), "{network}");
    }
}

#[test]
fn what_goes_over_the_port_is_in_record_and_capture_and_repeats() {
    let dir = tempfile::tempdir().unwrap();
    let scenario = fixtures::scenario("sms/over_the_modem.toml");
    for out in ["a", "b"] {
        run(dir.path(), &scenario, "sim", out).0.assert(0, "PASS");
    }
    for file in ["run.jsonl", "report.json", "report.html", "junit.xml", "capture.pcapng"] {
        let read = |out: &str| fs::read(dir.path().join(out).join(file)).unwrap();
        assert!(read("a") == read("b"), "{file} differs between two runs");
    }
    let record = fs::read_to_string(dir.path().join("a/run.jsonl")).unwrap();
    for said in
        ["\"event\":\"sms\"", "\"fact\":\"delivered\"", "\"fact\":\"identified\"", "\"fact\":\"service_activated\""]
    {
        assert!(record.contains(said), "{said}");
    }
    let tshark = |filter: &str, field: &str| {
        let fields = ["-Y", filter, "-T", "fields", "-e", field];
        let output = Command::new("tshark").arg("-r").arg(dir.path().join("a/capture.pcapng")).args(fields).output();
        output.ok().map(|o| String::from_utf8(o.stdout).unwrap())
    };
    let Some(texts) = tshark("frame.interface_name == \"SMS bob\" && !_ws.malformed", "gsm_sms.sms_text") else {
        println!("skipped: tshark is not installed");
        return;
    };
    // To bob, from bob, and his second one.
    for text in ["hello bob", "Hello alice, [it] costs 5 €", "Здравствуй, bob", "seen"] {
        assert!(texts.contains(text), "{text}: {texts}");
    }
    assert_eq!(tshark("_ws.malformed && !(frame.interface_name contains \"AT \")", "frame.number").unwrap(), "");
    assert_ne!(tshark("frame.interface_name == \"AT alice\" && at", "frame.number").unwrap(), "");
}

/// The small scenario with a message from near to far, on a rig whose modem of `near` is in trouble.
fn in_trouble(kind: &str, modems: &str) -> (Ended, Value) {
    let dir = tempfile::tempdir().unwrap();
    let steps = scenario::STEPS.replace("timeout_ms = 4000", "timeout_ms = 3000")
        + "[[step]]\ndo = 'send_sms'\nfrom = 'near'\nto = 'far'\ntext = 'are you there'\n\
           [[step]]\ndo = 'run_until_sms_delivered'\ntimeout_ms = 60000\n";
    scenario::write(dir.path(), &(scenario::TEXT.join(&steps)));
    let rig = format!("ues = '{modems}'\n[[simulated_modem]]\nue = 'near'\ntrouble = '{kind}'\nafter_ms = 400\n");
    fs::write(dir.path().join("rig.toml"), rig).unwrap();
    let (ended, report) = run(dir.path(), &dir.path().join("s.toml"), "rig.toml", "out");
    // Steps have 63 s of run time, what is on its way and switching off come after them.
    assert!(report["run"]["duration_ms"].as_f64().unwrap() < 90_000.0, "{kind}: {}", report["run"]["duration_ms"]);
    assert_eq!(report["run"]["complete"], true, "{kind}");
    assert!(dir.path().join("out/report.html").exists() && dir.path().join("out/junit.xml").exists());
    (ended, report)
}

#[test]
fn a_bad_modem_is_named_and_the_run_ends_in_its_time() {
    for kind in ["vanishes", "hangs", "talks_nonsense"] {
        let (ended, report) = in_trouble(kind, "modems_in_memory");
        let sentence = report["sentence"].as_str().unwrap();
        println!("{kind}: {sentence}");
        assert!([3, 4].contains(&ended.code), "{kind}: {ended:#?}");
        let modem = &report["modems"].as_array().unwrap()[0];
        assert!(sentence.contains("near"), "{kind}: {sentence}");
        assert!(modem["failed"].as_str().is_some_and(|why| why.contains("modem of near (memory)")), "{kind}: {modem}");
    }
}

#[test]
fn a_modem_that_comes_back_or_floods_goes_on() {
    for kind in ["comes_back", "floods"] {
        let (ended, report) = in_trouble(kind, "modems_on_pty");
        println!("{kind}: {}", report["sentence"]);
        assert_eq!(ended.code, 0, "{kind}: {ended:#?}");
        assert_eq!(report["messages"][0]["delivered"], true, "{kind}: {}", report["messages"]);
    }
}

#[test]
fn a_modem_on_a_pseudo_terminal_that_vanishes_is_named() {
    let (ended, report) = in_trouble("vanishes", "modems_on_pty");
    assert!([3, 4].contains(&ended.code), "{ended:#?}");
    assert!(report["sentence"].as_str().unwrap().contains("modem of near (/dev/pts/"), "{}", report["sentence"]);
}

#[test]
fn a_rig_cannot_name_a_ue_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    scenario::write(dir.path(), &scenario::text());
    fs::write(dir.path().join("rig.toml"), "ues = 'modems_in_memory'\n[[simulated_modem]]\nue = 'nobody'\n").unwrap();
    castbench(dir.path(), ["run", "s.toml", "--quiet", "--rig", "rig.toml"]).assert(2, "nobody");
}

#[test]
fn a_dry_run_says_the_plan_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let scenario = fixtures::scenario("sms/over_the_modem.toml").display().to_string();
    let ended = castbench(dir.path(), ["run", scenario.as_str(), "--dry-run"]);
    ended.assert(0, "modem of alice: simulated, AT in memory");
    for said in
        ["Every message arrives (about 0.5 s, at most 30.0 s)", "none needed", "expects   5 limits", "not seen: "]
    {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    assert_eq!(inside(dir.path()), Vec::<String>::new());
    let rig = "clock = 'paced'\nradio = 'file'\n[file]\nrecording = 'gone.sigmf-meta'\nsource = 'recording'\n";
    fs::write(dir.path().join("rig.toml"), rig).unwrap();
    castbench(dir.path(), ["run", scenario.as_str(), "--dry-run", "--rig", "rig.toml"]).assert(3, "MISSING  recording");
}
