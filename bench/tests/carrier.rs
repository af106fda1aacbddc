//! The whole carrier: UEs that know the sample rate alone get every datagram of every MBSFN area and MCH once, over
//! bandwidths and antenna ports; changes are noticed, losses are named, and tshark reads all of it.

mod common;
#[path = "common/scenario.rs"]
mod scenario;
#[path = "common/tshark.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod tshark;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{castbench, inside};
use serde_json::Value;

/// Runs a shipped scenario and gives its report.
fn shipped(name: &str) -> (tempfile::TempDir, Value) {
    let dir = tempfile::tempdir().unwrap();
    let file = fixtures::scenario(&format!("{name}.toml"));
    let ended =
        castbench(dir.path(), ["run".as_ref(), file.as_os_str(), "--quiet".as_ref(), "--out".as_ref(), "out".as_ref()]);
    ended.assert(0, "PASS");
    let report = report(dir.path());
    (dir, report)
}

fn report(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("out/report.json")).unwrap()).unwrap()
}

/// Values of an expectation's measurement.
fn values(report: &Value, measure: &str) -> Vec<f64> {
    let all = report["expectations"].as_array().unwrap().iter();
    all.filter(|e| e["measure"] == measure).map(|e| e["value"].as_f64().unwrap()).collect()
}

#[test]
fn one_area_with_one_mch_on_two_antenna_ports() {
    let (_dir, report) = shipped("carrier/one_area");
    for ue in report["ues"].as_array().unwrap() {
        assert_eq!((&ue["cell"]["n_id_cell"], &ue["cell"]["n_ports"]), (&101.into(), &2.into()), "{ue}");
    }
    assert_eq!(values(&report, "datagrams_lost"), [0.0, 0.0]);
}

#[test]
fn three_areas() {
    let (_dir, report) = shipped("carrier/three_areas");
    let areas: BTreeSet<u64> =
        report["sessions"].as_array().unwrap().iter().filter_map(|s| s["allocated"]["n_id_mbsfn"].as_u64()).collect();
    assert_eq!(areas, BTreeSet::from([1, 77, 255]));
    assert_eq!(values(&report, "datagrams_lost"), [0.0; 6]);
}

#[test]
fn four_mchs_with_the_same_logical_channels() {
    let (_dir, report) = shipped("carrier/four_mchs");
    let allocated = |key: &str| -> Vec<Value> {
        report["sessions"].as_array().unwrap().iter().map(|s| s["allocated"][key].clone()).collect()
    };
    assert_eq!(allocated("mch"), ["robust", "base", "base", "more", "much"]);
    assert_eq!(allocated("lcid"), [1, 1, 2, 1, 1]);
    assert_eq!(values(&report, "datagrams_lost"), [0.0; 10]);
}

#[test]
fn four_frames() {
    let (_dir, report) = shipped("carrier/four_frames");
    assert_eq!(values(&report, "datagrams_lost"), [0.0; 4]);
}

#[test]
fn an_mch_of_the_256qam_table() {
    let (dir, report) = shipped("radio/picture_256qam");
    assert!(values(&report, "mch_bler").iter().all(|&bler| bler < 0.01));
    let Some(rows) = tshark(dir.path(), "lte-rrc.higerOrder_r12", &["lte-rrc.higerOrder_r12", "lte-rrc.dataMCS_r9"])
    else {
        return;
    };
    assert!(!rows.is_empty() && rows.iter().all(|row| row[..] == ["22", "4"]), "{rows:?}");
}

#[test]
fn sessions_start_move_and_stop_on_air() {
    let (dir, report) = shipped("carrier/session_changes");
    assert_eq!(report["run"]["mcch_changes_ms"], serde_json::json!([5120.0, 10_240.0, 15_360.0]));
    assert_eq!(values(&report, "mcch_changes_missed"), [0.0, 0.0]);
    assert_eq!(values(&report, "datagrams_lost"), [0.0; 4]);
    // Two occasions in each of the modification periods before.
    for ue in ["near", "far"] {
        let Some(found) = tshark(dir.path(), &format!("frame.interface_name == \"PDCCH {ue}\""), &["data.data"]) else {
            return;
        };
        assert!(found.len() >= 3 && found.iter().all(|bits| bits[0] == "01"), "{ue}: {found:?}");
    }
}

#[test]
fn planted_losses_are_named_by_mch_and_rlc_sequence_number() {
    let (dir, report) = shipped("carrier/planted_losses");
    let ues = report["ues"].as_array().unwrap();
    assert_eq!(ues[0]["losses"], serde_json::json!([]), "the other UE lost nothing");
    let losses = ues[1]["losses"].as_array().unwrap();
    assert_eq!(losses.len(), 2, "{losses:?}");
    assert!(
        losses.iter().all(|l| (&l["mch"], &l["lcid"], &l["session"]) == (&"hit".into(), &1.into(), &"wanted".into()))
    );
    assert!(!inside(&dir.path().join("out")).contains(&"iq".to_owned()), "no block was lost on the air");
    let html = fs::read_to_string(dir.path().join("out/report.html")).unwrap();
    assert!(html.contains("MCH hit, logical channel 1, RLC SN "), "the page names them");
    // What one UE has and the other has not is what the report names.
    let sequence = |ue: &str| {
        let filter = format!("frame.interface_name == \"RLC {ue} hit\" && rlc-lte.channel-type == 8");
        tshark(dir.path(), &filter, &["frame.time_epoch", "rlc-lte.um.sn"])
    };
    let (Some(whole), Some(holed)) = (sequence("whole"), sequence("holed")) else { return };
    let had: BTreeSet<&Vec<String>> = holed.iter().collect();
    let missing: Vec<u64> = whole.iter().filter(|pdu| !had.contains(pdu)).map(|pdu| pdu[1].parse().unwrap()).collect();
    let named: Vec<u64> = losses
        .iter()
        .flat_map(|l| {
            let (first, last) = (l["rlc_sn"][0].as_u64().unwrap(), l["rlc_sn"][1].as_u64().unwrap());
            (0..32).map(move |i| (first + i) % 32).take_while(move |sn| *sn != (last + 1) % 32)
        })
        .collect();
    assert_eq!(named, missing);
}

#[test]
fn a_missing_message_of_mcch_acquisition_fails_by_the_number_of_its_step() {
    for (joint, what, step) in [
        ("bcch_dl_sch", "sib13", "1 (BCCH-DL-SCH"),
        ("mcch", "any", "2 (MCCH"),
        ("mch", "msi", "3 (MCH"),
        ("mtch", "any", "4 (MTCH"),
    ] {
        let fault = format!("[[fault]]\njoint = \"{joint}\"\nwhat = \"{what}\"\naction = \"drop\"\nue = \"far\"\n");
        let dir = tempfile::tempdir().unwrap();
        scenario::write(dir.path(), &(scenario::text().replace("timeout_ms = 4000", "timeout_ms = 1800") + &fault));
        let ended = castbench(dir.path(), ["run", "s.toml", "--quiet", "--out", "out"]);
        ended.assert(1, &format!("TS 36.331 5.8.2, UE far, session picture: step {step}"));
        assert!(!ended.stdout.contains("UE near"), "{}", ended.stdout);
    }
}

#[test]
fn a_ue_that_acquires_nothing_says_where_it_is_stuck() {
    for (from, to, stage) in [
        ("snr_db = 20.0", "snr_db = -25.0", "PSS"),
        (
            "[[expect]]",
            "[[fault]]\njoint = \"bcch_dl_sch\"\nwhat = \"sib13\"\naction = \"drop\"\nue = \"far\"\n[[expect]]",
            "SIB",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let text = scenario::text().replace("timeout_ms = 4000", "timeout_ms = 1200").replacen(from, to, 1);
        scenario::write(dir.path(), &text);
        let ended = castbench(dir.path(), ["run", "s.toml", "--quiet", "--out", "out"]);
        ended.assert(1, "FAIL: UE far has not acquired the carrier in ");
        ended.assert(1, &format!(" ms: {stage} fails: "));
        let report = report(dir.path());
        assert_eq!(report["ues"][1]["first_failing_stage"], stage);
        assert_eq!(report["ues"][0]["not_acquired"], Value::Null);
    }
}

/// Bandwidths and antenna ports, all of them with `CASTBENCH_MATRIX=all`.
#[test]
fn every_bandwidth_and_port_number_carries_every_datagram_once() {
    let all = std::env::var_os("CASTBENCH_MATRIX").is_some_and(|v| v == "all");
    let some: &[(u8, u8)] = &[(6, 2), (25, 1), (50, 2)];
    let cases: Vec<(u8, u8)> =
        if all { [6, 15, 25, 50, 75, 100].into_iter().flat_map(|n| [(n, 1), (n, 2)]).collect() } else { some.to_vec() };
    for (i, (n_rb_dl, n_ports)) in cases.into_iter().enumerate() {
        let (rate, n_id_cell) = (["standard", "three_quarter"][(i + i / 2) % 2], (83 * i + 3) % 504);
        let (mcs, kbps, octets) = if n_rb_dl == 6 { (9, 150, 256) } else { (13, 800, 512) };
        let cell =
            format!("n_rb_dl = {n_rb_dl}\nn_id_cell = {n_id_cell}\nn_ports = {n_ports}\nsample_rate = \"{rate}\"\n");
        let limit = "source_block_symbols = 64\nair_limit_octets = 30000";
        let text = scenario::TEXT[0]
            .replace("n_rb_dl = 15\nn_id_cell = 7\n", &cell)
            .replace("data_mcs = 13", &format!("data_mcs = {mcs}"))
            .replace("signalling_mcs = 2", "signalling_mcs = 7")
            .replace("bit_rate_kbps = 1200", &format!("bit_rate_kbps = {kbps}"))
            .replace("symbol_octets = 512", &format!("symbol_octets = {octets}"))
            .replace("source_block_symbols = 64", limit);
        let steps = "[[step]]\ndo = \"start\"\n[[step]]\ndo = \"run_until_air_limit\"\ntimeout_ms = 5000\n";
        let expect = ["datagrams_lost", "datagrams_duplicated"]
            .map(|m| format!("[[expect]]\nmeasure = \"{m}\"\nmax = 0\nunit = \"datagrams\"\n"));
        let dir = tempfile::tempdir().unwrap();
        scenario::write(dir.path(), &(text + steps + &expect.concat()));
        let ended = castbench(dir.path(), ["run", "s.toml", "--quiet", "--out", "out"]);
        assert_eq!(ended.code, 0, "{n_rb_dl} resource blocks, {n_ports} ports, {rate}: {ended:#?}");
    }
}

/// Without preferences: MIB, SIBs, MCCH, MAC and RLC with the values of the scenario.
#[test]
fn tshark_reads_every_layer_with_the_right_values() {
    let (dir, _) = shipped("carrier/four_mchs");
    let Some(bad) = tshark(dir.path(), "_ws.malformed || _ws.expert.severity >= \"Warning\"", &["frame.number"]) else {
        return;
    };
    assert_eq!(bad, Vec::<Vec<String>>::new(), "malformed or warned of");
    let all = |interface: &str, fields: &[&str]| -> BTreeSet<Vec<String>> {
        let found = tshark(dir.path(), &format!("frame.interface_name == \"{interface}\""), fields).unwrap();
        assert!(!found.is_empty(), "nothing on {interface}");
        found.into_iter().collect()
    };
    let only = |interface: &str, filter: &str, fields: &[&str]| -> Vec<String> {
        let filter = format!("frame.interface_name == \"{interface}\" && {filter}");
        let found: BTreeSet<Vec<String>> = tshark(dir.path(), &filter, fields).unwrap().into_iter().collect();
        assert_eq!(found.len(), 1, "{interface} {filter}: {found:?}");
        found.into_iter().next().unwrap()
    };
    // dl-Bandwidth n25 is value 2 of the enumeration.
    assert_eq!(only("BCCH-BCH near", "lte_rrc", &["lte-rrc.dl_Bandwidth"]), ["2"]);
    // radioframeAllocationPeriod n1, oneFrame 111111.
    let sib2 = ["lte-rrc.radioframeAllocationPeriod", "lte-rrc.oneFrame"];
    assert_eq!(only("BCCH-DL-SCH near", "lte-rrc.mbsfn_SubframeConfigList", &sib2), ["0", "fc"]);
    // Repetition period rf32, modification period rf512, signallingMCS n2.
    let sib13 = [
        "lte-rrc.mbsfn_AreaId_r9",
        "lte-rrc.mcch_RepetitionPeriod_r9",
        "lte-rrc.mcch_Offset_r9",
        "lte-rrc.mcch_ModificationPeriod_r9",
        "lte-rrc.signallingMCS_r9",
    ];
    assert_eq!(only("BCCH-DL-SCH near", "lte-rrc.mbsfn_AreaId_r9", &sib13), ["9", "0", "0", "0", "0"]);
    // Shares of 30, 22, 22, 22 subframes of 16 radio frames.
    let mcch = ["lte-rrc.dataMCS_r9", "lte-rrc.sf_AllocEnd_r9", "lte-rrc.logicalChannelIdentity_r9"];
    assert_eq!(only("MCCH near", "lte_rrc", &mcch), ["2,9,16,24", "29,51,73,95", "1,1,2,1,1"]);
    // M-RNTI, and the MSI of an MCH with two sessions.
    assert_eq!(only("MCH near base", "mac-lte.rnti", &["mac-lte.rnti"]), ["65533"]);
    let msi = all("MCH near base", &["mac-lte.control.mch_scheduling_info.lcid"]);
    assert!(msi.contains(&vec!["0x01,0x02".to_owned()]), "{msi:?}");
    // RLC in unacknowledged mode with sequence numbers of five bits: all of them come.
    for mch in ["robust", "base", "more", "much"] {
        let mode = ["rlc-lte.mode", "rlc-lte.um-seqnum-length"];
        assert_eq!(only(&format!("RLC far {mch}"), "rlc-lte.channel-type == 8", &mode), ["2", "5"]);
    }
    let numbers = all("RLC far much", &["rlc-lte.um.sn"]);
    assert_eq!(numbers.len(), 32, "{numbers:?}");
}

/// Fields of the packets that a filter finds, `None` with a line that says so where tshark is not installed.
fn tshark(folder: &Path, filter: &str, fields: &[&str]) -> Option<Vec<Vec<String>>> {
    let fields = fields.iter().flat_map(|field| ["-e", field]);
    let arguments: Vec<&str> = ["-Y", filter, "-T", "fields"].into_iter().chain(fields).collect();
    let text = tshark::tshark(&folder.join("out/capture.pcapng"), &arguments)?;
    Some(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}
