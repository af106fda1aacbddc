//! `castbench iq analyze` from outside: recordings of other transmitters, and files that are not what they should be.

#[expect(dead_code, reason = "shared with other tests")]
mod common;
#[path = "../../radio/tests/common/mod.rs"]
mod sent;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{Ended, castbench};
use num_complex::Complex32;
use pcap_file::pcapng::{Block, PcapNgReader};
use protocol::UdpDatagram;
use radio::{
    CarrierConfig, CellConfig, Enb, EnbConfig, FileSink, IqSink, NRbDl, PhichConfig, SampleFormat, SampleRateFamily,
    SigmfHeader, full_scale_gain,
};
use serde_json::Value;

fn analyze(folder: &Path, file: &Path, words: &[&str]) -> Ended {
    let mut arguments = vec!["iq", "analyze", file.to_str().unwrap()];
    arguments.extend(words);
    castbench(folder, arguments)
}

fn json(ended: &Ended) -> Value {
    assert_eq!(ended.code, 0, "{ended:#?}");
    serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {}", ended.stdout))
}

fn numbers(list: &Value, key: &str) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|item| item[key].as_u64().unwrap()).collect()
}

/// Raw IP packets of a pcapng file with their times, ns.
fn packets(path: &Path) -> Vec<(u64, Vec<u8>)> {
    let mut reader = PcapNgReader::new(fs::File::open(path).unwrap()).unwrap();
    let mut packets = Vec::new();
    while let Some(block) = reader.next_block() {
        if let Block::EnhancedPacket(packet) = block.unwrap() {
            packets.push((packet.timestamp.as_nanos() as u64, packet.data.to_vec()));
        }
    }
    packets
}

/// srsENB, 25 PRB, from an arbitrary sample on.
#[test]
fn the_carrier_of_another_transmitter_is_told_whole() {
    let Some(meta) = fixtures::shared("vectors/embms_carrier_25prb.sigmf-meta") else { return };
    let expected = fixtures::shared_text("vectors/embms_carrier_25prb.expected.json").unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let ended = analyze(dir.path(), &meta, &["--json", "--mtch", "mtch"]);
    let report = json(&ended);
    assert_eq!(report["schema"], "castbench.iq/1");
    assert_eq!(report["first_failing_stage"], Value::Null, "{}", report["hint"]);
    let cells = report["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 1, "{cells:#?}");
    let cell = &cells[0];
    assert_eq!(cell["n_id_cell"], expected["n_id_cell"]);
    assert_eq!(cell["n_rb_dl"], expected["n_rb_dl"]);
    assert_eq!(cell["n_ports"], 1);
    assert!(cell["cfo_hz"].as_f64().unwrap().abs() < 5.0, "{}", cell["cfo_hz"]);
    assert_eq!(cell["mib"]["n_rb_dl"], expected["n_rb_dl"]);
    assert_eq!(numbers(&cell["sibs"], "sib").into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([1, 2, 3, 13]));
    assert_eq!(cell["sibs"][0]["content"]["tracking_area_code"], 7);
    let area = &cell["mbsfn_areas"][0];
    assert_eq!(area["n_id_mbsfn"], expected["n_id_mbsfn"]);
    assert_eq!(area["mcch_config"]["signalling_mcs"], expected["mcch_mcs"]);
    assert_eq!(area["mcch"]["tmgis"], serde_json::json!(["00000000f030"]));
    let pmchs = area["pmchs"].as_array().unwrap();
    assert_eq!((pmchs.len(), &pmchs[0]["data_mcs"]), (1, &expected["data_mcs"]));
    assert_eq!(pmchs[0]["tmgis"], area["mcch"]["tmgis"]);
    assert_eq!(pmchs[0]["errors"], 0, "{pmchs:#?}");
    assert!(pmchs[0]["blocks"].as_u64().unwrap() > 0);
    assert!(pmchs[0]["measurements"]["cinr_db"].as_f64().unwrap() > 20.0, "{pmchs:#?}");

    let mtch = &pmchs[0]["mtchs"][0];
    let packets = packets(&dir.path().join("mtch").join(mtch["file"].as_str().unwrap()));
    assert_eq!(mtch["datagrams"].as_u64().unwrap(), packets.len() as u64);
    let destination = expected["udp_destination"].as_str().unwrap();
    assert_eq!(mtch["destinations"][destination], packets.len(), "{mtch}");
    let number = |(_, packet): &(u64, Vec<u8>)| -> u64 {
        std::str::from_utf8(&packet[28..]).unwrap().split(' ').nth(3).unwrap().parse().unwrap()
    };
    let found: BTreeSet<u64> = packets.iter().map(number).collect();
    assert_eq!(found.len(), packets.len(), "each one once");
    let complete = expected["datagrams_complete"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap());
    let missing: Vec<_> = complete.filter(|n| !found.contains(n)).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    // Times are those of the recording, which lasts 390 ms.
    assert!(packets.is_sorted_by_key(|(at, _)| *at) && packets.last().unwrap().0 <= 391_000_000);
    assert!(packets[0].0 > 0);
}

#[test]
fn people_read_the_same() {
    let Some(meta) = fixtures::shared("vectors/embms_carrier_25prb.sigmf-meta") else { return };
    let dir = tempfile::tempdir().unwrap();
    let ended = analyze(dir.path(), &meta, &[]);
    for said in [
        "389.6 ms at 7.68 MS/s, ci16_le, 1 antenna",
        "cell 1: 25 PRB, 1 antenna port, normal cyclic prefix",
        "MBSFN subframes: oneFrame 111111 in every radio frame",
        "MBSFN area 1: MCCH every 64 radio frames in subframe 1 at MCS 2",
        "MCH 0: MCS 9",
        "TMGI 00000000f030 on LCID 1",
        "no stage fails",
    ] {
        ended.assert(0, said);
    }
}

/// Without its PDCP header taken off no SDU of this transmitter is an IP datagram, and the report says so.
#[test]
fn a_pdcp_header_that_is_not_expected_is_named() {
    let Some(meta) = fixtures::shared("vectors/embms_carrier_25prb.sigmf-meta") else { return };
    let dir = tempfile::tempdir().unwrap();
    let report = json(&analyze(dir.path(), &meta, &["--json", "--expect-pdcp", "no"]));
    assert_eq!(report["first_failing_stage"], "IP");
    assert!(report["hint"].as_str().unwrap().contains("PDCP"), "{}", report["hint"]);
    let mtch = &report["cells"][0]["mbsfn_areas"][0]["pmchs"][0]["mtchs"][0];
    assert_eq!(mtch["datagrams"], 0);
    assert!(mtch["other_sdus"].as_u64().unwrap() > 160, "{mtch}");
}

/// 5 ms of a live carrier: enough for its MIB, which tells that the recording is narrower than the carrier.
#[test]
fn five_milliseconds_of_a_live_carrier_give_its_mib() {
    let Some(path) = fixtures::shared("vectors/lte_real_6prb_mib.cf32") else { return };
    let dir = tempfile::tempdir().unwrap();
    let report = json(&analyze(dir.path(), &path, &["--sample-rate", "1920000", "--json"]));
    let cell = &report["cells"][0];
    assert_eq!((&cell["n_id_cell"], &cell["n_ports"]), (&150.into(), &2.into()), "{report:#}");
    assert_eq!(cell["mib"]["hex"], "681c00");
    assert_eq!(cell["mib"]["n_rb_dl"], 50);
    assert_ne!(report["first_failing_stage"], Value::Null);
    assert!(!report["hint"].as_str().unwrap().is_empty());
}

#[test]
fn a_file_that_is_no_recording_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, octets: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, octets).unwrap();
        path
    };
    let raw = file("a.cf32", &[0; 8000]);
    let refused = |path: &Path, words: &[&str], said: &str| {
        let ended = analyze(dir.path(), path, words);
        ended.assert(2, said);
        assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    };
    refused(&dir.path().join("absent.cf32"), &["--sample-rate", "1920000"], "cannot read");
    refused(dir.path(), &["--sample-rate", "1920000"], "not a file");
    refused(&raw, &[], "--sample-rate HZ");
    refused(&raw, &["--sample-rate", "2000000"], "allowed are 1920000, 3840000");
    refused(&raw, &["--sample-rate", "0"], "0 is not in 1..");
    refused(&raw, &["--format", "sigmf"], ".sigmf-meta");
    refused(&raw, &["--format", "wav"], "possible values: cf32, sc16, ci8, sigmf");
    refused(&file("odd.cf32", &[0; 8001]), &["--sample-rate", "1920000"], "1 octets too many");
    refused(&file("empty.cf32", &[]), &["--sample-rate", "1920000"], "no samples");
    refused(&file("nan.cf32", &[0xff; 80_000]), &["--sample-rate", "1920000"], "not a number");
    refused(&file("b.sigmf-meta", b"{\"global\": "), &[], "not SigMF metadata");
    refused(
        &file(
            "c.sigmf-meta",
            br#"{"global":{"core:datatype":"cf32_le","core:version":"1.0.0"},"captures":[],"annotations":[]}"#,
        ),
        &[],
        "--sample-rate HZ",
    );
    let rate = br#"{"global":{"core:datatype":"rf32_le","core:version":"1.0.0","core:sample_rate":1920000},"captures":[{"core:sample_start":0}],"annotations":[]}"#;
    file("d.sigmf-data", &[0; 800]);
    refused(&file("d.sigmf-meta", rate), &[], "rf32_le");
}

/// Recordings that end anywhere, or are no signal at all: a report that says where it gets stuck.
#[test]
fn noise_silence_and_ends_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = 1_u32;
    let mut noise = |octets: usize| -> Vec<u8> {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..octets).map(|_| next()).collect()
    };
    for (name, octets) in [
        ("noise.ci8", noise(2 * 1920 * 60)),
        ("silence.ci8", vec![0; 2 * 1920 * 60]),
        ("short.ci8", noise(2 * 100)),
        ("one.ci8", vec![5, 7]),
        ("full_scale.ci8", [127, 129].repeat(1920 * 60)),
    ] {
        let path = dir.path().join(name);
        fs::write(&path, octets).unwrap();
        let report = json(&analyze(dir.path(), &path, &["--sample-rate", "1920000", "--json", "--mtch", "mtch"]));
        assert_eq!(report["cells"].as_array().unwrap().len(), 0, "{name}: {report:#}");
        assert_eq!(report["first_failing_stage"], "PSS", "{name}");
        assert!(!report["hint"].as_str().unwrap().is_empty(), "{name}");
    }
    assert_eq!(fs::read_dir(dir.path().join("mtch")).unwrap().count(), 0);
}

/// The carrier of another transmitter, cut off at many places: the report gets longer with the recording, nothing else.
#[test]
fn a_carrier_that_ends_anywhere_is_told_as_far_as_it_goes() {
    let Some(data) = fixtures::shared("vectors/embms_carrier_25prb.sigmf-data") else { return };
    let octets = fs::read(data).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let stage = |ms: usize| {
        let path = dir.path().join(format!("{ms}.ci16"));
        fs::write(&path, &octets[..ms * 7680 * 4]).unwrap();
        let words = ["--format", "sc16", "--sample-rate", "7680000", "--json"];
        let report = json(&analyze(dir.path(), &path, &words));
        let cells = report["cells"].as_array().unwrap().len();
        (cells, report["first_failing_stage"].clone(), report["hint"].as_str().unwrap().to_owned())
    };
    for (ms, cells) in [(2, 0), (33, 1), (120, 1)] {
        let (found, stage, hint) = stage(ms);
        println!("{ms} ms: {found} cells, {stage}: {hint}");
        assert!(found <= 1 && (found == cells || cells == 0), "{ms} ms: {found} cells");
        assert!(stage.is_null() || !hint.is_empty(), "{ms} ms: {stage} without a hint");
    }
}

/// Ours, as an 8-bit SigMF recording that begins in the midst of a frame: two areas, two antenna ports. What is sent before
/// the first system information can have come counts too: the recording is read twice.
#[test]
fn our_carrier_with_two_areas_is_told_from_its_first_sample_on() {
    const LATE: usize = 34_567;
    let cell = CellConfig::new(NRbDl::try_from(15).unwrap(), 77, SampleRateFamily::Standard).unwrap();
    let carrier = CarrierConfig { cell, n_ports: 2, phich: PhichConfig::default() };
    let config =
        EnbConfig::new(carrier, vec![sent::area(7, &[1, 2, 3], 4, &[4]), sent::area(200, &[6, 7], 10, &[4])]).unwrap();
    let mut enb = Enb::new(&config).unwrap();
    let mut number = 0;
    for due_frame in [8, 40] {
        for (place, port) in [(0, 5000), (1, 6000)] {
            for _ in 0..5 {
                number += 1;
                let (source, destination) = ("10.0.0.1:4000".parse().unwrap(), ([239, 0, 0, 1], port).into());
                let payload = [number; 90];
                let datagram = UdpDatagram { source, destination, payload: &payload }.emit().unwrap();
                enb.push_sdu(place, 0, 4, &datagram, due_frame).unwrap();
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let header = SigmfHeader {
        format: SampleFormat::Ci8,
        sample_rate_hz: cell.sample_rate_hz(),
        n_antennas: 1,
        frequency_hz: Some(7.5e8),
        datetime: None,
        description: "two areas".into(),
    };
    let path = dir.path().join("ours.sigmf-meta");
    let mut sink = FileSink::sigmf(&path, &header).unwrap();
    let mut ports = vec![vec![Complex32::ZERO; cell.samples_per_subframe()]; 2];
    let (gain, mut late) = (full_scale_gain(&cell), LATE);
    for _ in 0..600 {
        let mut slices: Vec<_> = ports.iter_mut().map(Vec::as_mut_slice).collect();
        enb.next_subframe(&mut slices);
        let sum = ports[0].iter().zip(&ports[1]).map(|(a, b)| (a + b * Complex32::new(0.3, 0.8)) * gain * 0.6);
        let sum: Vec<_> = sum.skip(late).collect();
        late -= cell.samples_per_subframe() - sum.len();
        if !sum.is_empty() {
            sink.write(&[&sum]).unwrap();
        }
    }
    sink.finish().unwrap();

    let report = json(&analyze(dir.path(), &path, &["--json", "--mtch", "."]));
    assert_eq!(report["first_failing_stage"], Value::Null, "{report:#}");
    assert_eq!(report["recording"]["frequency_hz"], 7.5e8);
    let cells = report["cells"].as_array().unwrap();
    assert_eq!((cells.len(), &cells[0]["n_id_cell"], &cells[0]["n_ports"]), (1, &77.into(), &2.into()));
    assert!(cells[0]["sibs"].as_array().unwrap().iter().all(|sib| sib["message_hex"].is_string()));
    for (place, n_id_mbsfn, mcs, port) in [(0, 7, 4, 5000), (1, 200, 10, 6000)] {
        let area = &cells[0]["mbsfn_areas"][place];
        let pmch = &area["pmchs"][0];
        assert_eq!((&area["n_id_mbsfn"], &pmch["data_mcs"]), (&n_id_mbsfn.into(), &mcs.into()));
        assert_eq!((&pmch["errors"], &pmch["signalling"]["errors"]), (&0.into(), &0.into()), "{pmch:#}");
        assert_eq!(pmch["tmgis"], serde_json::json!([format!("00{n_id_mbsfn:02x}0400f110")]));
        let mtch = &pmch["mtchs"][0];
        assert_eq!(mtch["destinations"][format!("239.0.0.1:{port}")], 10, "{pmch:#}");
        let packets = packets(&dir.path().join(mtch["file"].as_str().unwrap()));
        let numbers: Vec<u8> = packets.iter().map(|(_, packet)| packet[40]).collect();
        let first = 1 + 5 * place as u8;
        assert_eq!(numbers, (first..first + 5).chain(first + 10..first + 15).collect::<Vec<_>>());
    }
}

/// 170 ms of noise, then 130 ms of a carrier: all of the recording is searched.
#[test]
fn a_carrier_that_begins_late_is_told() {
    let cell = CellConfig::new(NRbDl::try_from(6).unwrap(), 77, SampleRateFamily::Standard).unwrap();
    let carrier = CarrierConfig { cell, n_ports: 1, phich: PhichConfig::default() };
    let mut enb = Enb::new(&EnbConfig::new(carrier, vec![sent::area(7, &[1, 2, 3], 4, &[4])]).unwrap()).unwrap();
    let mut state = 1_u32;
    let mut part = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) as f32 / 32768.0 - 1.0) * 0.01
    };
    let mut octets = Vec::new();
    let (mut iq, gain) = (vec![Complex32::ZERO; cell.samples_per_subframe()], full_scale_gain(&cell));
    for ms in 0..300 {
        iq.fill(Complex32::ZERO);
        if ms >= 170 {
            enb.next_subframe(&mut [&mut iq]);
        }
        for sample in &iq {
            let heard = sample * gain + Complex32::new(part(), part());
            octets.extend([heard.re, heard.im].iter().flat_map(|part| part.to_le_bytes()));
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("late.cf32");
    fs::write(&path, octets).unwrap();
    let report = json(&analyze(dir.path(), &path, &["--sample-rate", "1920000", "--json"]));
    let cells = report["cells"].as_array().unwrap();
    assert_eq!((cells.len(), &cells[0]["n_id_cell"]), (1, &77.into()), "{report:#}");
    assert_eq!(cells[0]["mib"]["n_rb_dl"], 6);
}
