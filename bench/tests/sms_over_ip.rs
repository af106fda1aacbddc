//! Short messages over IP (TR 23.804 clauses 8.1 to 8.10), straight to the IP-Message-GW and through the IMS: every procedure is
//! climbed, each step found again by tshark, nothing malformed; and a lost message fails by the number of its step.

mod common;
#[path = "common/ladder.rs"]
mod ladder;
#[path = "sms/settings.rs"]
mod settings;
#[path = "common/tshark.rs"]
mod tshark;

use std::collections::BTreeSet;
use std::path::Path;

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

/// Credit for five of eight parts, and for two messages: the OCS refuses the rest.
#[test]
fn what_is_not_paid_for_does_not_go() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &ladder::shipped("sms/prepaid.toml")).0.assert(0, "PASS");
    let refused = "diameter.cmd.code == 272 && diameter.flags.request == 0 && diameter.Result-Code == 4012";
    let Some(refusals) = lines(&dir.path().join("out/capture.pcapng"), refused, &["frame.number"]) else { return };
    assert!(refusals.len() >= 2, "{refusals:?}");
}

/// Lines of tshark about the messages of a protocol.
fn lines(capture: &Path, filter: &str, fields: &[&str]) -> Option<Vec<String>> {
    let fields: Vec<&str> = fields.iter().flat_map(|field| ["-e", *field]).collect();
    let found = tshark::tshark(capture, &[&["-Y", filter, "-T", "fields"], &fields[..]].concat())?;
    Some(found.lines().map(str::to_owned).collect())
}

#[test]
fn tshark_reads_the_same_texts_in_sip_and_map() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &scenario()).0.assert(0, "PASS");
    let capture = dir.path().join("out/capture.pcapng");
    // In the default alphabet with its extension, and in UCS2; in eight parts.
    for protocol in ["sip", "gsm_map"] {
        let Some(texts) = lines(&capture, protocol, &["gsm_sms.sms_text"]) else { return };
        for text in ["Good morning: {€} costs nothing", "Доброе утро, 早上好", "By the MSC"] {
            assert!(texts.iter().any(|own| own.contains(text)), "{protocol}: {text}: {texts:?}");
        }
        let fields = ["gsm_sms.udh.mm.msg_parts", "gsm_sms.udh.mm.msg_part"];
        let parts: BTreeSet<String> = lines(&capture, protocol, &fields).unwrap().into_iter().collect();
        for part in 1..=8 {
            assert!(parts.contains(&format!("8\t{part}")), "{protocol}: {part}: {parts:?}");
        }
    }
    let numbers = lines(&capture, "gsm_map", &["e164.msisdn"]).unwrap();
    for number in ["99900000001", "99900000005"] {
        assert!(numbers.iter().any(|own| own.contains(number)), "{number}: {numbers:?}");
    }
}

#[test]
fn tshark_reads_numbers_alphabets_and_octets_in_smpp() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &scenario()).0.assert(0, "PASS");
    let capture = dir.path().join("out/capture.pcapng");
    let fields = ["smpp.source_addr", "smpp.destination_addr", "smpp.data_coding", "smpp.message"];
    let Some(found) = lines(&capture, "smpp.command_id == 5", &fields) else { return };
    let ucs2: String = "Доброе утро, 早上好".encode_utf16().map(|unit| format!("{unit:04x}")).collect();
    for wanted in [
        // Default alphabet, one septet an octet: { and } and the euro are behind an escape (TS 23.038 clause 6.2.1.1).
        "99900000001\t99900000002\t0x00\t476f6f64206d6f726e696e673a201b281b651b2920636f737473206e6f7468696e67"
            .to_owned(),
        format!("99900000005\t99900000001\t0x08\t{ucs2}"),
        "99900000001\t99900000005\t0x04\t00ff807f1b0a0d".to_owned(),
    ] {
        assert!(found.contains(&wanted), "{wanted}: {found:?}");
    }
    // UDH: concatenated short messages, 8-bit reference number (TS 23.040 clause 9.2.3.24.1).
    let is_part = |line: &&String| line.starts_with("99900000005\t99900000006\t0x00\t050003");
    let parts: Vec<_> = found.iter().filter(is_part).filter_map(|line| line.get(37..41)).collect();
    assert_eq!(parts, ["0801", "0802", "0803", "0804", "0805", "0806", "0807", "0808"]);
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
