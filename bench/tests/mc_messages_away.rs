//! Short messages and group calls of the home system for a user whom a partner MC system serves (TS 23.280 clause 10.1.6.2): the
//! standards have no way for them into the partner system. A message waits for her as for anybody who is not there (TR 23.804
//! clauses 8.5 and 8.6) and comes when she is at home again, and so does the call of her group.

mod common;
#[path = "common/ladder.rs"]
mod ladder;
#[path = "common/tshark.rs"]
mod tshark;

use std::fs;
use std::path::Path;

use common::inside;
use ladder::{LostMessages, run};
use serde_json::Value;

fn shipped() -> String {
    ladder::shipped("mc/messages_away.toml")
}

/// Replaces what is there.
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

/// Ladders of a procedure that anna has climbed.
fn climbed<'a>(report: &'a Value, procedure: &'a str) -> Vec<&'a Value> {
    let own = ladder::ladders(report, procedure).filter(|ladder| ladder["ue"] == "anna");
    own.inspect(|ladder| assert_eq!(ladder["verdict"], "pass", "{ladder}")).collect()
}

/// Every step of them is found again by tshark, and nothing is malformed.
fn assert_found(capture: &Path, ladders: &[&Value]) {
    for ladder in ladders {
        let Some(missing) = tshark::not_found(capture, ladder) else { return };
        assert_eq!(missing, Vec::<String>::new(), "{}", ladder["procedure"]);
    }
    if let Some(malformed) = tshark::packets(capture, "_ws.malformed") {
        assert_eq!(malformed, [0u64; 0]);
    }
}

/// Facts of a kind about UEs, in the order of time.
fn facts(dir: &Path, kind: &str) -> Vec<Value> {
    let events = fs::read_to_string(dir.join("out/run.jsonl")).unwrap();
    let lines = events.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|event| event.to_string().contains(&format!("\"ims\":\"{kind}\""))).collect()
}

/// The message that she was sent while she was away comes to her once and by her home alone.
fn assert_comes_home(capture: &Path) {
    let read = "gsm_sms.sms_text contains \"While you are away\"";
    let to_her = format!("{read} && ip.dst == 10.45.0.1");
    let Some(delivered) = tshark::packets(capture, &to_her) else { return };
    assert_eq!(delivered.len(), 1);
    let there =
        tshark::packets(capture, &format!("ip.addr == 10.62.0.0/16 && ({read} || frame contains \"99900000001\")"));
    assert_eq!(there.unwrap(), [0u64; 0], "she has no number in the partner system");
}

#[test]
fn what_is_for_her_at_home_waits_until_she_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let (ended, report) = run(dir.path(), &shipped());
    ended.assert(0, "PASS");
    let capture = dir.path().join("out/capture.pcapng");
    for (procedure, times) in [
        ("TS 23.280 10.1.6.2", 1),
        ("TR 23.804 8.7", 1),
        ("TR 23.804 8.8.1", 1),
        ("TR 23.804 8.5, not registered", 1),
        ("TR 23.804 8.6", 1),
        ("TR 23.804 8.10", 2),
    ] {
        let ladders = climbed(&report, procedure);
        assert_eq!(ladders.len(), times, "{procedure}");
        assert_found(&capture, &ladders);
    }
    assert_comes_home(&capture);
    assert_home_is_silent(&capture);
    let files = inside(&dir.path().join("out"));
    assert!(files.iter().any(|file| file.contains("anna") && file.contains("speech_of_hugo")), "{files:?}");
}

/// Nobody at home says anything to her between her registration there and the next one here.
fn assert_home_is_silent(capture: &Path) {
    let registers = |network: &str| format!("sip.Method == \"REGISTER\" && ip.src == 10.45.0.1 && ip.dst == {network}");
    let Some(there) = tshark::packets(capture, &registers("10.62.0.0/16")) else { return };
    let here = tshark::packets(capture, &registers("10.46.0.0/16")).unwrap();
    let gone = there[0];
    let back = *here.iter().find(|packet| **packet > gone).unwrap();
    let to_her = "ip.src == 10.46.0.0/16 && ip.dst == 10.45.0.1 && (sip || udp)";
    let said = tshark::packets(capture, to_her).unwrap();
    let meanwhile: Vec<_> = said.iter().filter(|packet| (gone..back).contains(packet)).collect();
    assert_eq!(meanwhile, Vec::<&u64>::new());
    // But there was a call, into which she is taken when she is back.
    let invited = tshark::packets(capture, "sip.Method == \"INVITE\" && ip.dst == 10.45.0.1").unwrap();
    assert!(!invited.is_empty() && invited.iter().all(|packet| *packet > back), "{invited:?}");
}

#[test]
fn home_that_was_not_told_looks_for_her_in_vain_and_it_comes_all_the_same() {
    let goes = |system: &str| format!("do = \"mc_migrate\"\nue = \"anna\"\nsystem = \"{system}\"");
    let hears = |systems: &str| format!("do = \"mc_hears\"\nue = \"anna\"\nsystems = [{systems}]");
    let text = with(&shipped(), &goes("partner"), &hears("\"partner\""));
    let text = with(&text, &goes("primary"), &hears("\"primary\", \"partner\""));
    // Longer than anybody waits for her: Timer F (RFC 3261 clause 17.1.2.2).
    let text = with(&text, "for_ms = 2000", "for_ms = 45000");
    // She is not called a second time before the first one has been in vain.
    let late = "timeout_ms = 10000\ndescription = \"late entry";
    let text = with(&text, late, &late.replace("10000", "40000"));
    let dir = tempfile::tempdir().unwrap();
    let (ended, report) = run(dir.path(), &text);
    ended.assert(0, "PASS");
    let capture = dir.path().join("out/capture.pcapng");
    assert_eq!(climbed(&report, "TR 23.804 8.8.1").len(), 0);
    for (procedure, times) in [("TR 23.804 8.6", 1), ("TR 23.804 8.10", 2)] {
        let ladders = climbed(&report, procedure);
        assert_eq!(ladders.len(), times, "{procedure}");
        assert_found(&capture, &ladders);
    }
    let told = facts(dir.path(), "migration");
    assert!(told.iter().any(|own| own.to_string().contains("which does not know")), "{told:#?}");
}

#[test]
fn who_is_away_sends_no_message_by_her_home() {
    let text = with(
        &shipped(),
        "from = \"hugo\"\nto = \"anna\"\ntext = \"While",
        "from = \"anna\"\nto = \"hugo\"\ntext = \"While",
    );
    let text = with(&text, "ue = \"hugo\"\nstate = \"sms_taken\"", "ue = \"anna\"\nstate = \"sms_taken\"");
    let (text, _) = text.split_once("\n[[step]]\ndo = \"mc_group_call\"").unwrap();
    let expect = "\n[[expect]]\nmeasure = \"sms_refused\"\nue = \"anna\"\nmin = 1\nmax = 1\nunit = \"messages\"\n";
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &format!("{text}{expect}")).0.assert(0, "PASS");
    let taken = facts(dir.path(), "sms_taken");
    let is_refused = |own: &Value| own.to_string().contains("has no access for messages");
    assert!(taken.iter().any(is_refused), "{taken:#?}");
    let capture = dir.path().join("out/capture.pcapng");
    let Some(sent) = tshark::packets(&capture, "sip.Method == \"MESSAGE\" && ip.src == 10.45.0.1") else { return };
    // Her report about the message that has come before is all.
    assert_eq!(sent.len(), 1);
}

#[test]
fn a_lost_message_about_who_is_away_fails_by_the_number_of_its_step() {
    let lost = |procedure| LostMessages { procedure, scenario: shipped(), fault: |_| None };
    lost("TR 23.804 8.6").assert_passes_whole();
    for procedure in ["TR 23.804 8.5, not registered", "TR 23.804 8.6"] {
        lost(procedure).assert_fail_by_number(0, 1);
    }
}
