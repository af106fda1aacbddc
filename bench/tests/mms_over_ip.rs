//! Multimedia messages over IP (TR 23.804 clause 8.11), through the IMS and by HTTP: every procedure is climbed, each step found
//! again by tshark, nothing malformed; pictures come octet for octet; and a lost message fails by the number of its step.

mod common;
#[path = "common/ladder.rs"]
mod ladder;
#[path = "mms/settings.rs"]
mod settings;
#[path = "common/tshark.rs"]
mod tshark;

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::inside;
use ladder::{LostMessages, run};

const PROCEDURES: [&str; 4] = ["TR 23.804 8.11.1", "TR 23.804 8.11.2", "TR 23.804 8.11.3.2", "TR 23.804 8.11.3.3"];

/// The shipped scenario, with its files.
fn scenario() -> String {
    let picture = fixtures::content("castbench.jpg");
    let text = ladder::shipped("mms/over_ip.toml");
    text.replace("../../content/castbench.jpg", picture.to_str().unwrap())
}

#[test]
fn every_procedure_is_climbed_and_every_step_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let (ended, report) = run(dir.path(), &scenario());
    ended.assert(0, "PASS");
    let capture = dir.path().join("out/capture.pcapng");
    for procedure in PROCEDURES {
        assert!(ladder::ladders(&report, procedure).next().is_some(), "no ladder {procedure}");
        for ladder in ladder::ladders(&report, procedure) {
            assert_eq!(ladder["verdict"], "pass", "{ladder}");
            let Some(missing) = tshark::not_found(&capture, ladder) else { continue };
            assert_eq!(missing, Vec::<String>::new());
        }
    }
    // tshark takes the processing instruction that WAP-247 clause 10 puts into the document type of PAP for an end of something.
    if let Some(malformed) = tshark::packets(&capture, "_ws.malformed && !xml.closing_unopened_tag") {
        assert_eq!(malformed, [0u64; 0]);
    }
}

#[test]
fn pictures_and_sounds_come_octet_for_octet() {
    let dir = tempfile::tempdir().unwrap();
    let (ended, report) = run(dir.path(), &scenario());
    ended.assert(0, "PASS");
    let messages = report["multimedia_messages"].as_array().unwrap();
    assert_eq!(messages.iter().filter(|own| own["is_whole"] == true).count(), 5, "{messages:#?}");
    let folder = dir.path().join("out/ues");
    let files = inside(&folder);
    for (ue, content) in [("cleo", "castbench.jpg"), ("cleo", "speech.wav"), ("ben", "castbench.jpg")]
        .into_iter()
        .chain([("dora", "castbench.jpg"), ("anna", "castbench.jpg")])
    {
        let sent = fs::read(fixtures::content(content)).unwrap();
        let is_it = |file: &&String| file.contains(&format!("{ue}/mms/")) && file.ends_with(content);
        let file = files.iter().find(is_it).unwrap_or_else(|| panic!("{ue} has no {content}: {files:?}"));
        assert!(fs::read(folder.join(file)).unwrap() == sent, "{file} is another one");
    }
    let page = fs::read_to_string(dir.path().join("out/report.html")).unwrap();
    assert_eq!(page.matches("<div>octet for octet</div>").count(), 5);
    let picture = STANDARD.encode(fs::read(fixtures::content("castbench.jpg")).unwrap());
    assert!(page.contains(&format!("<img src=\"data:image/jpeg;base64,{picture}\"")));
}

#[test]
fn tshark_reads_every_pdu_on_each_of_its_ways() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &scenario()).0.assert(0, "PASS");
    let capture = dir.path().join("out/capture.pcapng");
    let count = |filter: &str| tshark::packets(&capture, filter).map(|found| found.len());
    // M-Send.req, .conf, M-Notification.ind, M-NotifyResp.ind, M-Retrieve.conf, M-Acknowledge.ind, M-Delivery.ind,
    // M-Read-Rec.ind, M-Read-Orig.ind, M-Forward.req, .conf.
    for kind in 0x80..=0x8a {
        let Some(found) = count(&format!("mmse.message_type == {kind:#x}")) else { return };
        assert!(found > 0, "{kind:#x}");
    }
    let ways = [("smpp", 0x82), ("smpp", 0x86), ("gsm_sms && sip", 0x82), ("gsm_sms && sip", 0x86), ("sip", 0x81)];
    let ways = ways.into_iter().chain([("xml", 0x82), ("xml", 0x86)]);
    for (way, kind) in
        ways.chain([("sip", 0x80), ("sip", 0x82), ("sip", 0x84), ("http", 0x80), ("http", 0x84), ("http", 0x86)])
    {
        let found = count(&format!("{way} && mmse.message_type == {kind:#x}")).unwrap();
        assert!(found > 0, "{way} {kind:#x}");
    }
    assert_eq!(count("mmse && _ws.expert.severity == error && !xml.closing_unopened_tag"), Some(0));
}

fn lost_messages(procedure: &'static str) -> LostMessages {
    LostMessages { procedure, scenario: scenario(), fault: |_| None }
}

#[test]
fn what_messages_are_taken_from_passes_whole() {
    lost_messages(PROCEDURES[0]).assert_passes_whole();
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_originated_by_the_ims() {
    lost_messages(PROCEDURES[0]).assert_fail_by_number(0, 1);
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_terminated_by_the_ims() {
    lost_messages(PROCEDURES[1]).assert_fail_by_number(0, 1);
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step_by_http() {
    lost_messages(PROCEDURES[2]).assert_fail_by_number(0, 1);
    lost_messages(PROCEDURES[3]).assert_fail_by_number(0, 1);
}
