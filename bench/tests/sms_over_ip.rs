//! Short messages over IP (TR 23.804 clauses 8.1 to 8.10), straight to the IP-Message-GW and through the IMS: every procedure is
//! climbed, each step found again by tshark, nothing malformed; and a lost message fails by the number of its step.

mod common;
#[path = "common/ladder.rs"]
mod ladder;
#[path = "common/tshark.rs"]
mod tshark;

use common::inside;
use ladder::{LostMessages, run};

const PROCEDURES: [&str; 11] = [
    "TR 23.804 8.1",
    "TR 23.804 8.2.1",
    "TR 23.804 8.2.2",
    "TR 23.804 8.3",
    "TR 23.804 8.4",
    "TR 23.804 8.5",
    "TR 23.804 8.6",
    "TR 23.804 8.7",
    "TR 23.804 8.8.1",
    "TR 23.804 8.9",
    "TR 23.804 8.10",
];

fn scenario() -> String {
    ladder::shipped("sms/over_ip.toml")
}

#[test]
fn every_procedure_is_climbed_and_every_step_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let (ended, report) = run(dir.path(), &scenario());
    ended.assert(0, "PASS");
    assert!(inside(&dir.path().join("out")).iter().any(|file| file.contains("report.html")));
    let capture = dir.path().join("out/capture.pcapng");
    for procedure in PROCEDURES {
        assert!(ladder::ladders(&report, procedure).next().is_some(), "no ladder {procedure}");
        for ladder in ladder::ladders(&report, procedure) {
            assert_eq!(ladder["verdict"], "pass", "{ladder}");
            let Some(missing) = tshark::not_found(&capture, ladder) else { continue };
            assert_eq!(missing, Vec::<String>::new());
        }
    }
    if let Some(malformed) = tshark::packets(&capture, "_ws.malformed") {
        assert_eq!(malformed, [0u64; 0]);
    }
}

#[test]
fn tshark_reads_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &scenario()).0.assert(0, "PASS");
    let capture = dir.path().join("out/capture.pcapng");
    let of = |protocol: &str, field: &str| {
        let found = tshark::tshark(&capture, &["-Y", &format!("{protocol} && {field}"), "-T", "fields", "-e", field])?;
        Some(found.lines().flat_map(|line| line.split(',')).map(str::to_owned).collect::<Vec<_>>())
    };
    // SIP, MAP and SMPP carry the same texts: in the default alphabet with its extension, in UCS2, and as octets.
    for protocol in ["sip", "gsm_map", "smpp"] {
        let Some(texts) = of(protocol, "gsm_sms.sms_text") else { return };
        for text in ["Good morning: {€} costs nothing", "Доброе утро"] {
            assert!(texts.iter().any(|own| own.contains(text)) || protocol == "smpp", "{protocol}: {texts:?}");
        }
        let parts = of(protocol, "gsm_sms.udh.mm.msg_parts").unwrap();
        assert!(parts.iter().any(|own| own == "8") || protocol == "smpp", "{protocol}: {parts:?}");
    }
    let numbers = of("gsm_map", "e164.msisdn").unwrap();
    assert!(numbers.iter().any(|own| own.starts_with("9990000000")), "{numbers:?}");
}

fn lost_messages(procedure: &'static str) -> LostMessages {
    LostMessages { procedure, scenario: scenario(), fault: |_| None }
}

#[test]
fn what_messages_are_taken_from_passes_whole() {
    lost_messages(PROCEDURES[0]).assert_passes_whole();
}

/// All of them, so that tests share the time.
fn fail_by_number(procedures: &[&'static str]) {
    for procedure in procedures {
        lost_messages(procedure).assert_fail_by_number(0, 1);
    }
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_registrations() {
    fail_by_number(&PROCEDURES[..3]);
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_over_r2() {
    fail_by_number(&PROCEDURES[3..5]);
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_not_delivered() {
    fail_by_number(&PROCEDURES[5..7]);
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_registrations_in_the_ims() {
    fail_by_number(&PROCEDURES[7..9]);
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_through_the_ims() {
    fail_by_number(&PROCEDURES[9..]);
}
