//! `castbench run` and `report` from outside: what a run leaves, that it is repeatable, and that a fault is found.

mod common;
#[path = "common/scenario.rs"]
mod scenario;
#[path = "common/tshark.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod tshark;

use std::fs;
use std::path::Path;

use common::{Ended, castbench, inside};
use serde_json::Value;

/// What two runs with the same seed have in common.
const SAME: [&str; 5] = ["run.jsonl", "report.json", "report.html", "junit.xml", "capture.pcapng"];
/// What is made from the record.
const FROM_RECORD: [&str; 3] = ["report.json", "report.html", "junit.xml"];

fn run(folder: &Path, out: &str, more: &[&str]) -> Ended {
    castbench(folder, ["run", "s.toml", "--quiet", "--out", out].iter().chain(more))
}

/// A folder with a scenario.
fn folder(text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    scenario::write(dir.path(), text);
    dir
}

fn read(folder: &Path, out: &str, file: &str) -> Vec<u8> {
    let path = folder.join(out).join(file);
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn json(folder: &Path, out: &str, file: &str) -> Value {
    serde_json::from_slice(&read(folder, out, file)).unwrap()
}

/// SHA-256 of the eNB's IQ, as the record has it.
fn iq_hash(folder: &Path, out: &str) -> String {
    let record = String::from_utf8(read(folder, out, "run.jsonl")).unwrap();
    let events = record.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let hashes: Vec<Value> = events.filter(|e| e["event"] == "iq_hash").map(|e| e["sha256"].clone()).collect();
    assert_eq!(hashes.len(), 1, "{hashes:?}");
    hashes[0].as_str().unwrap().to_owned()
}

/// The note of a lost block is a command line that says again what the receiver found.
#[test]
fn samples_of_lost_blocks_are_kept_and_decode_alike() {
    let dir = folder(&scenario::text().replace("snr_db = 20.0", "snr_db = 1.0"));
    assert_ne!(run(dir.path(), "out", &[]).code, 0);
    let kept = inside(&dir.path().join("out/iq"));
    assert_eq!(kept.len(), 2, "{kept:?}");
    let record = String::from_utf8(read(dir.path(), "out", "run.jsonl")).unwrap();
    let lines: Vec<&str> = record.lines().filter_map(|l| l.split_once("kept; castbench ")).map(|(_, l)| l).collect();
    assert_eq!(lines.len(), kept.len());
    for line in lines {
        let words = line.trim_end_matches("\"}").split_whitespace();
        castbench(&dir.path().join("out"), words).assert(1, "\"crc\":false");
    }
}

#[test]
fn every_ue_has_the_picture_bit_for_bit_and_nothing_is_half_written() {
    let dir = folder(&scenario::text());
    let ended = run(dir.path(), "out", &[]);
    ended.assert(0, "PASS: A picture reaches two UEs bit for bit");
    assert!(ended.stdout.contains("out/report.html"), "{}", ended.stdout);
    let picture = fs::read(fixtures::content("castbench.jpg")).unwrap();
    for ue in ["near", "far"] {
        assert_eq!(read(dir.path(), "out", &format!("ues/{ue}/picture/castbench.jpg")), picture, "{ue}");
    }
    let expected = [
        "capture.pcapng",
        "junit.xml",
        "perf.json",
        "report.html",
        "report.json",
        "run.jsonl",
        "ues",
        "ues/far",
        "ues/far/picture",
        "ues/far/picture/castbench.jpg",
        "ues/near",
        "ues/near/picture",
        "ues/near/picture/castbench.jpg",
    ];
    assert_eq!(inside(&dir.path().join("out")), expected);
    assert_eq!(json(dir.path(), "out", "report.json")["verdict"], "pass");
    assert!(json(dir.path(), "out", "perf.json")["wall_s"].as_f64().unwrap() > 0.0);
}

#[test]
fn the_same_seed_gives_the_same_octets_and_another_seed_others() {
    let dir = folder(&scenario::text());
    for (out, seed) in [("a", "5"), ("b", "5"), ("c", "6")] {
        run(dir.path(), out, &["--seed", seed]).assert(0, "PASS");
    }
    for file in SAME {
        assert!(read(dir.path(), "a", file) == read(dir.path(), "b", file), "{file} differs between two runs");
    }
    for file in ["run.jsonl", "report.json"] {
        assert!(read(dir.path(), "a", file) != read(dir.path(), "c", file), "{file} does not depend on the seed");
    }
    assert_eq!(iq_hash(dir.path(), "a"), iq_hash(dir.path(), "b"));
    assert_ne!(iq_hash(dir.path(), "a"), iq_hash(dir.path(), "c"));
}

#[test]
fn the_record_alone_gives_the_same_reports() {
    let missing_step = fault("mtch", "fdt", "drop", "");
    for (text, code) in [(scenario::text(), 0), (missing_step, 1)] {
        let dir = folder(&text);
        assert_eq!(run(dir.path(), "out", &[]).code, code);
        fs::create_dir(dir.path().join("copy")).unwrap();
        fs::copy(dir.path().join("out/run.jsonl"), dir.path().join("copy/run.jsonl")).unwrap();
        castbench(dir.path(), ["report", "copy"]).assert(code, "copy/report.html");
        for file in FROM_RECORD {
            assert!(read(dir.path(), "out", file) == read(dir.path(), "copy", file), "{file} differs");
        }
        assert_eq!(inside(&dir.path().join("copy")), ["junit.xml", "report.html", "report.json", "run.jsonl"]);
    }
}

/// The scenario with a fault; `more` is a line of its own.
fn fault(joint: &str, what: &str, action: &str, more: &str) -> String {
    let fault = format!("[[fault]]\njoint = \"{joint}\"\nwhat = \"{what}\"\naction = \"{action}\"\n{more}\n");
    scenario::text().replace("timeout_ms = 4000", "timeout_ms = 2500") + &fault
}

#[test]
fn a_fault_of_ip_datagrams_fails_the_run_by_the_number_of_the_step() {
    assert_steps(&[
        ("m1", "any", "drop", "1 (M1"),
        ("m1", "any", "corrupt", "1 (M1"),
        ("m1", "fdt", "drop", "4 (MTCH"),
        ("m1", "fdt", "corrupt", "4 (MTCH"),
        ("mtch", "any", "drop", "4 (MTCH"),
        ("mtch", "fdt", "drop", "4 (MTCH"),
        ("mtch", "fdt", "corrupt", "4 (MTCH"),
        ("m1", "object", "drop", "5 (MTCH"),
        ("mtch", "object", "drop", "5 (MTCH"),
        ("mtch", "object", "corrupt", "5 (MTCH"),
    ]);
}

#[test]
fn a_fault_of_mch_and_mcch_fails_the_run_by_the_number_of_the_step() {
    assert_steps(&[
        ("mch", "any", "drop", "2 (MCCH"),
        ("mch", "any", "corrupt", "4 (MTCH"), // the MCCH and the MSI do not reach to the end of their block
        ("mcch", "any", "drop", "2 (MCCH"),
        ("mcch", "any", "corrupt", "2 (MCCH"),
        ("mch", "msi", "drop", "3 (MCH"),
    ]);
}

/// Joint, messages, action, and the step of which both UEs miss the message.
fn assert_steps(cases: &[(&str, &str, &str, &str)]) {
    for (joint, what, action, step) in cases {
        let dir = folder(&fault(joint, what, action, ""));
        let ended = run(dir.path(), "out", &[]);
        for ue in ["near", "far"] {
            ended.assert(1, &format!("TS 26.346 7, UE {ue}, session picture: step {step}"));
        }
        let left = inside(&dir.path().join("out"));
        assert!(!left.iter().any(|f| f.ends_with(".part")), "{joint} {what} {action}: {left:?}");
        let html = String::from_utf8(read(dir.path(), "out", "report.html")).unwrap();
        assert!(html.contains(&format!("step {step}")), "{joint} {what} {action}");
    }
}

#[test]
fn a_fault_of_one_ue_is_that_ues_alone() {
    let dir = folder(&fault("mcch", "any", "drop", "ue = \"far\""));
    let ended = run(dir.path(), "out", &[]);
    ended.assert(1, "TS 26.346 7, UE far, session picture: step 2 (MCCH");
    assert!(!ended.stdout.contains("UE near"), "{}", ended.stdout);
    assert!(dir.path().join("out/ues/near/picture/castbench.jpg").exists());
    assert!(!dir.path().join("out/ues/far").exists());
}

#[test]
fn tshark_finds_nothing_malformed() {
    let dir = folder(&scenario::text());
    run(dir.path(), "out", &[]).assert(0, "PASS");
    let tshark = |filter: &str| tshark::packets(&dir.path().join("out/capture.pcapng"), filter);
    let Some(malformed) = tshark("_ws.malformed || _ws.expert.severity >= \"Warning\"") else { return };
    assert!(malformed.is_empty(), "malformed packets: {malformed:?}");
    for joint in ["M1", "BCCH-DL-SCH near", "MCH near mch", "RLC far mch", "MCCH far", "MTCH far"] {
        assert!(!tshark(&format!("frame.interface_name == \"{joint}\"")).unwrap().is_empty(), "nothing on {joint}");
    }
}

#[test]
fn odd_orders_of_steps_end_in_a_verdict() {
    let start = "[[step]]\ndo = \"start\"\n";
    let stop = "[[step]]\ndo = \"stop\"\n";
    let deliver = "[[step]]\ndo = \"run_until_delivered\"\ntimeout_ms = 4000\n";
    let run_for = |ms: u64| format!("[[step]]\ndo = \"run\"\nfor_ms = {ms}\n");
    let cases = [
        ("an hour of silence first", run_for(3_600_000) + start + deliver, 0, "PASS"),
        ("not at the start of a radio frame", run_for(1) + start + deliver + stop, 0, "PASS"),
        ("never stopped", [start, deliver].concat(), 0, "PASS"),
        ("started twice", [start, start, deliver, stop, stop].concat(), 0, "PASS"),
        ("started again", [start, stop, start, deliver].concat(), 0, "PASS"),
        ("not started", stop.to_owned() + &run_for(1000) + deliver, 1, "step 1 (M1"),
        ("thirty days of nothing", run_for(2_592_000_000), 1, "step 1 (M1"),
        ("too short", start.to_owned() + &run_for(1) + stop, 1, "0 objects is below the limit of 1 objects"),
    ];
    for (what, steps, code, said) in cases {
        let dir = folder(&scenario::TEXT.join(&steps));
        let ended = run(dir.path(), "out", &[]);
        assert_eq!(ended.code, code, "{what}: {ended:#?}");
        assert!(ended.stdout.contains(said), "{what}: {ended:#?}");
    }
}

#[test]
fn any_file_of_the_user_can_be_broadcast() {
    let dir = folder(&scenario::text());
    for (name, octets, received) in [
        ("with space.bin", 5000, "with_20space.bin"),
        ("one octet", 1, "one_20octet"),
        ("q\"uo'te&<b>\\.html", 3000, "q_22uo_27te_26_3Cb_3E_5C.html"),
        ("ünïcode 文件.jpg", 2000, "_C3_BCn_C3_AFcode_20_E6_96_87_E4_BB_B6.jpg"),
        ("a%20b.txt", 700, "a_2520b.txt"),
    ] {
        let content: Vec<u8> = (0..octets).map(|i| (i * 7 / 3) as u8).collect();
        fs::write(dir.path().join(name), &content).unwrap();
        run(dir.path(), "out", &["--content", name]).assert(0, "PASS");
        assert_eq!(read(dir.path(), "out", &format!("ues/far/picture/{received}")), content, "{name}");
        assert_eq!(inside(&dir.path().join("out/ues/far/picture")), [received], "what the run before left is gone");
        let html = String::from_utf8(read(dir.path(), "out", "report.html")).unwrap();
        assert!(!html.contains("te&<b>"), "{name} is escaped");
    }
}

#[test]
fn the_default_folder_is_named_after_the_scenario() {
    let dir = folder(&scenario::text());
    castbench(dir.path(), ["run", "s.toml"]).assert(0, "out/small/report.html");
    assert!(dir.path().join("out/small/report.html").exists());
}
