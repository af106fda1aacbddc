//! A group call of a hundred clients over one MBMS bearer, radio by tables of block errors: everybody hears everything once,
//! and the page of such a run stays one that can be read.

mod common;

use std::fs;

use common::{castbench, inside};
use serde_json::Value;

const CLIENTS: usize = 100;

#[test]
fn everybody_hears_everything_once() {
    let dir = tempfile::tempdir().unwrap();
    let scenario = fixtures::mc_call(dir.path(), CLIENTS).unwrap();
    let ended = castbench(dir.path(), ["run", scenario.to_str().unwrap(), "--quiet", "--out", "out"]);
    ended.assert(0, "PASS");
    let report: Value = serde_json::from_slice(&fs::read(dir.path().join("out/report.json")).unwrap()).unwrap();
    let ues = report["ues"].as_array().unwrap();
    assert_eq!(ues.len(), CLIENTS);
    let spoken = |place: usize| ues[place]["ims"]["spoke"]["packets"].as_u64().unwrap();
    let packets = [spoken(0), spoken(1)];
    assert_eq!(packets, [150; 2], "three seconds each");
    for (place, ue) in ues.iter().enumerate() {
        let mc = &ue["ims"]["mc"];
        let said = match place {
            0 => packets[1],
            1 => packets[0],
            _ => packets[0] + packets[1],
        };
        assert_eq!(mc["taken"], said, "{ue}");
        for none in ["doubled", "missing", "on_air_twice", "long_gaps"] {
            assert_eq!(mc[none], 0, "{none} of {ue}");
        }
        // The first packets come before the group is on the bearer.
        assert!(mc["by_mbms"].as_u64().unwrap() > said * 8 / 10, "{mc}");
    }
    let heard = inside(&dir.path().join("out"));
    assert_eq!(heard.iter().filter(|file| file.contains("/speech_of_")).count(), 2 * (CLIENTS - 1));
    assert_page(&fs::read_to_string(dir.path().join("out/report.html")).unwrap());
}

/// Each UE is there, by name; pictures are those of a few.
fn assert_page(page: &str) {
    for number in 1..=CLIENTS {
        assert!(page.contains(&format!(">ue{number}<")), "ue{number} is not in the page");
    }
    let pictures = page.matches("<svg").count();
    assert!(pictures < 150, "{pictures} pictures");
    assert!(page.len() < 1_500_000, "{} octets", page.len());
}
