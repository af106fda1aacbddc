//! A group session over an MBMS bearer and unicast (TR 23.847), from SIP to the air: each packet of speech once at each UE, every
//! step of the ladder found again by tshark, and a lost message that makes the run fail by the number of its step.

mod common;
#[path = "common/ladder.rs"]
mod ladder;
#[macro_use]
#[path = "common/lost.rs"]
mod lost;
#[path = "common/tshark.rs"]
mod tshark;

use std::fs;

use common::inside;
use ladder::{LostMessages, run};
use protocol::Joint;
use serde_json::Value;

const PROCEDURE: &str = "TR 23.847 1";

fn shipped() -> String {
    ladder::shipped("mbms/ims_session.toml")
}

/// Three UEs, two of them in the broadcast area, and as much speech as it takes until they are on the bearer.
fn small() -> String {
    let text = shipped();
    let text = text
        .replace("count = 5", "count = 2")
        .replace("count = 3", "count = 1")
        .replace("bearer_cost = 3", "bearer_cost = 1");
    let text = text.replace(", \"car3\", \"car4\", \"car5\", \"far1\", \"far2\", \"far3\"", ", \"far1\"");
    let (before, _) = text.split_once("[[step]]\ndo = \"group_talk\"\nue = \"far1\"").unwrap();
    format!("{before}{EXPECT}")
}

const EXPECT: &str = "\n[[expect]]\nmeasure = \"media_doubled\"\nue = \"car2\"\nmax = 0\nunit = \"packets\"\n";

#[test]
fn each_packet_is_heard_once_and_every_step_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let (ended, report) = run(dir.path(), &shipped());
    ended.assert(0, "PASS");
    let ladder = ladder::ladders(&report, PROCEDURE).next().unwrap();
    assert_eq!(ladder["verdict"], "pass", "{ladder}");
    let (mut files, mut heard_by) = (0, Vec::new());
    for ue in report["ues"].as_array().unwrap() {
        let name = ue["ue"].as_str().unwrap();
        for heard in ue["ims"]["listened"].as_array().unwrap() {
            assert_eq!((&heard["sent"], &heard["taken"]), (&612.into(), &612.into()), "{name}: {heard}");
            assert_eq!((&heard["lost"], &heard["doubled"]), (&0.into(), &0.into()), "{name}: {heard}");
            heard_by.push((heard["of"].as_str().unwrap().to_owned(), name.to_owned()));
            // Who speaks first begins before there is a bearer.
            let is_in_area = name.starts_with("car");
            assert_eq!(heard["by_mbms"].as_u64() > Some(0), is_in_area, "{name}: {heard}");
            files += 1;
            let file = dir.path().join("out").join(heard["file"].as_str().unwrap());
            assert_eq!(fs::metadata(file).unwrap().len(), 44 + 2 * 160 * 612, "{name}: {heard}");
        }
    }
    heard_by.sort();
    let all = ["car1", "car2", "car3", "car4", "car5", "far1", "far2", "far3"];
    let pairs = ["car1", "far1"].into_iter().flat_map(|of| all.iter().map(move |ue| (of.to_owned(), (*ue).to_owned())));
    assert_eq!(heard_by, pairs.filter(|(of, ue)| of != ue).collect::<Vec<_>>());
    let written = inside(&dir.path().join("out"));
    assert_eq!(written.iter().filter(|file| file.contains("speech_of_")).count(), files, "{written:?}");
    let capture = dir.path().join("out/capture.pcapng");
    // It warns of AVPs of ours (PEN 32473) and of empty ones.
    let bad = "_ws.malformed || _ws.expert.severity >= \"Error\"";
    let fields = ["-Y", bad, "-T", "fields", "-e", "frame.interface_name", "-e", "_ws.expert.message"];
    let Some(bad) = tshark::tshark(&capture, &fields) else { return };
    assert_eq!(bad, "", "malformed or wrong");
    assert_eq!(tshark::not_found(&capture, ladder).unwrap(), Vec::<String>::new());
}

fn lost_messages() -> LostMessages {
    LostMessages {
        procedure: PROCEDURE,
        scenario: small(),
        fault: |row| match row.joint {
            Joint::Mb => Some("ue = \"far1\""),
            Joint::M1 => Some(""),
            Joint::Mcch | Joint::Mtch => Some("ue = \"car2\""),
            Joint::Mch => Some("what = \"msi\"\nue = \"car2\""),
            _ => None,
        },
    }
}

lost_messages_fail!(lost_messages);

#[test]
fn lost_packets_are_named_by_ue_and_sequence_number() {
    let dir = tempfile::tempdir().unwrap();
    // Two packets to the UE outside of the area are lost; nothing repeats them.
    let fault = "\n[[fault]]\njoint = \"mb\"\naction = \"drop\"\nue = \"far1\"\nafter = 40\ncount = 2\n";
    let (ended, report) = run(dir.path(), &(small() + fault));
    ended.assert(0, "PASS");
    let of = |name: &str| {
        let ues = report["ues"].as_array().unwrap();
        let ue = ues.iter().find(|ue| ue["ue"] == name).unwrap();
        ue["ims"]["listened"][0].clone()
    };
    let ues = report["ues"].as_array().unwrap();
    let spoke = &ues.iter().find(|ue| ue["ue"] == "car1").unwrap()["ims"]["spoke"];
    let first = spoke["first"].as_u64().unwrap();
    let lost: Vec<u64> = of("far1")["lost_sequence"].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    assert_eq!(lost, [(first + 40) % 65536, (first + 41) % 65536], "{}", of("far1"));
    assert_eq!(of("car2")["lost"], 0);
}

#[test]
fn nobody_out_of_the_area_is_a_ladder_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let text = small().replace(", \"far1\"]", "]");
    // The one that is no member is in no session.
    let text = text.replace("ue = \"all\"\nstate = \"established\"", "ue = \"car2\"\nstate = \"established\"");
    let (ended, report) = run(dir.path(), &text);
    ended.assert(0, "PASS");
    let ladders = report["ladders"].as_array().unwrap();
    let own = ladders.iter().find(|own| own["procedure"] == "TR 23.847 1, all in the area").unwrap();
    assert_eq!(own["verdict"], "pass", "{own}");
}

#[test]
fn two_groups_do_not_hear_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let text = small()
        .replace("count = 2", "count = 3")
        .replace("count = 1", "count = 2")
        .replace("bearer_cost = 1", "bearer_cost = 2")
        .replace(
            "members = [\"car1\", \"car2\", \"far1\"]",
            "members = [\"car1\", \"car2\", \"far1\"]\n[[ims.group]]\nname = \"other\"\nmembers = [\"car3\", \"far2\"]",
        );
    let call = "[[step]]\ndo = \"group_call\"\nue = \"car1\"";
    let text =
        text.replace(call, &format!("[[step]]\ndo = \"group_call\"\nue = \"car3\"\ngroup = \"other\"\n\n{call}"));
    let lost = EXPECT.replace("media_doubled", "media_lost");
    let (ended, report) = run(dir.path(), &(text + &lost));
    ended.assert(0, "PASS");
    let heard = |name: &str| {
        let ue = report["ues"].as_array().unwrap().iter().find(|ue| ue["ue"] == name).unwrap();
        ue["ims"]["listened"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(["car2", "far1", "car3", "far2"].map(heard), [1, 1, 0, 0]);
}
