//! Paced runs: the same verdict over every front end, and a clear end when one of them fails.

mod common;
#[path = "common/scenario.rs"]
mod scenario;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use castbench::{CommandError, Exit, RunArgs, RxArgs, TxArgs, run, rx, tx};
use num_complex::Complex32;
use radio::{
    Broker, BrokerReceiver, ChannelConfig, ChannelModel, FileSink, IqSink, SampleFormat, SigmfHeader, ZmqConfig,
    ZmqSink, ZmqSource,
};
use serde_json::Value;

const RATE_HZ: f64 = 3.84e6;

/// The small scenario over a rig of these words, in the folder of this test.
fn small(dir: &Path, rig: &str) -> (Result<Exit, CommandError>, Value) {
    scenario::write(dir, &scenario::text());
    fs::write(dir.join("rig.toml"), format!("clock = 'paced'\n{rig}")).unwrap();
    play(&dir.join("s.toml"), &dir.join("rig.toml"), &dir.join("out"))
}

fn play(scenario: &Path, rig: &Path, out: &Path) -> (Result<Exit, CommandError>, Value) {
    let args = RunArgs {
        scenario: scenario.into(),
        content: None,
        seed: None,
        network: None,
        out: Some(out.into()),
        rig: Some(rig.into()),
        dry_run: false,
        quiet: true,
    };
    let ended = run(&args);
    let report = fs::read(out.join("report.json")).ok().and_then(|text| serde_json::from_slice(&text).ok());
    (ended, report.unwrap_or_default())
}

fn shipped(rig: &str) {
    let dir = tempfile::tempdir().unwrap();
    let scenario = fixtures::scenario("mbms/file_clean.toml");
    let (ended, report) = play(&scenario, &fixtures::rig(rig), dir.path());
    assert_eq!((ended.unwrap(), &report["verdict"]), (Exit::Pass, &Value::from("pass")), "{}", report["sentence"]);
    assert_eq!(report["run"]["clock"], "paced");
    let front_ends = report["front_ends"].as_array().unwrap();
    assert!(front_ends.iter().any(|f| f["at"] == "eNB"), "{front_ends:?}");
    for front_end in front_ends {
        assert!(front_end["samples"].as_u64().unwrap() > 7_680_000, "{front_end}");
        assert_eq!((&front_end["samples_lost"], &front_end["clipped"]), (&0.into(), &0.into()), "{front_end}");
    }
}

#[test]
fn the_main_scenario_passes_over_sigmf() {
    shipped("sigmf.toml");
}

#[test]
fn the_main_scenario_passes_over_zeromq() {
    shipped("zmq.toml");
}

#[cfg(feature = "soapy")]
#[test]
fn the_main_scenario_passes_over_soapysdr() {
    let rig = fs::read_to_string(fixtures::rig("soapy_loop.toml")).unwrap();
    assert!(rig.contains(soapy_loop::DRIVER), "the device of this program");
    shipped("soapy_loop.toml");
}

#[test]
fn publishing_gives_the_same_verdict() {
    let dir = tempfile::tempdir().unwrap();
    let rig = "radio='zmq'\n[zmq]\nenb='tcp://127.0.0.1:*'\nues='tcp://127.0.0.1:*'\npattern='publish_subscribe'";
    let (ended, report) = small(dir.path(), rig);
    assert_eq!(ended.unwrap(), Exit::Pass, "{}", report["sentence"]);
}

/// The small scenario from two sites, whose echo comes after the normal prefix; both ways fade, a UE has two antennas.
fn faded() -> String {
    let sites =
        "[[transmitter]]\nname = 'north'\n[[transmitter]]\nname = 'south'\ntiming_error_us = 0.3\ncfo_hz = 2\n[[ue]]";
    let hears = "hears = [{ transmitter = 'north' }, { transmitter = 'south', power_db = -3, delay_us = 7 }]";
    let near = format!(
        "channel = {{ model = 'fading', profile = 'epa', doppler_hz = 5, snr_db = 30 }}\nantennas = 2\n{hears}"
    );
    let far = format!(
        "channel = {{ model = 'fading', profile = 'eva', doppler_hz = 30, snr_db = 28, gain_db = -15, \
         rx_correlation = 'medium' }}\nantennas = 2\n{hears}"
    );
    let text = scenario::text().replacen("[[ue]]", sites, 1);
    let text = text.replace("channel = { model = \"awgn\", snr_db = 30.0 }", &near);
    let awgn = "channel = { model = \"awgn\", snr_db = 20.0, cfo_hz = -300.0, delay_us = 2.3, gain_db = -15.0 }";
    assert!(text.contains(awgn) && text.contains(&near));
    text.replace(awgn, &far)
}

/// Channels are the same ones on every rig: so are the blocks that they cost.
#[test]
fn fading_sites_and_two_antennas_are_the_same_over_every_rig() {
    let rigs = [
        "clock='virtual'\nradio='memory'",
        "clock='paced'\nradio='file'\n[file]\nrecording='air.sigmf-meta'\nsource='enb'",
        "clock='paced'\nradio='zmq'\n[zmq]\nenb='tcp://127.0.0.1:*'\nues='tcp://127.0.0.1:*'",
    ];
    for rig in rigs {
        let dir = tempfile::tempdir().unwrap();
        scenario::write(dir.path(), &faded());
        fs::write(dir.path().join("rig.toml"), rig).unwrap();
        let (ended, report) = play(&dir.path().join("s.toml"), &dir.path().join("rig.toml"), &dir.path().join("out"));
        assert_eq!(ended.unwrap(), Exit::Pass, "{rig}: {}", report["sentence"]);
        for ue in report["ues"].as_array().unwrap() {
            let (blocks, errors) = (&ue["mch_bler"]["blocks"], &ue["mch_bler"]["errors"]);
            println!("{rig}: {} {blocks} {errors} {}", ue["ue"], ue["cinr_db"]);
            assert!(blocks.as_u64() > Some(100) && errors.as_u64() < Some(20), "{rig}: {ue}");
        }
    }
}

/// What a run that a front end breaks leaves: an error with its cause, and a whole report.
fn breaks_off(dir: &Path, rig: &str, cause: &str) {
    let (ended, report) = small(dir, rig);
    assert_eq!((ended.unwrap(), &report["verdict"]), (Exit::Error, &Value::from("error")));
    for said in [&report["sentence"], &report["front_end_failed"]] {
        assert!(said.as_str().unwrap().to_lowercase().contains(cause), "{said}");
    }
    assert_eq!(report["run"]["complete"], true);
    assert!(dir.join("out/report.html").exists() && dir.join("out/junit.xml").exists());
}

#[cfg(feature = "soapy")]
#[test]
fn a_device_that_is_removed_ends_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let device = format!("driver={},serial=removed,remove_at=2000000", soapy_loop::DRIVER);
    let rig = format!(
        "radio='soapysdr'\n[soapysdr]\nfrequency_hz=626e6\n[soapysdr.transmit]\ndevice='{device}'\nfull_scale_dbm=-60\n\
         [soapysdr.transmit.permission]\nfrequency_hz=[600e6,650e6]\nmax_power_dbm=0\nmax_gain_db=0\n\
         words='memory only, nothing is radiated'\n[soapysdr.receive]\ndevice='{device}'"
    );
    breaks_off(dir.path(), &rig, "gone");
}

#[test]
fn a_recording_that_ends_ends_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let header = SigmfHeader {
        format: SampleFormat::Ci8,
        sample_rate_hz: RATE_HZ,
        n_antennas: 1,
        frequency_hz: None,
        datetime: None,
        description: String::new(),
    };
    let mut sink = FileSink::sigmf(&dir.path().join("short"), &header).unwrap();
    sink.write(&[&vec![Complex32::ZERO; 384_000]]).unwrap();
    sink.finish().unwrap();
    let rig = "radio='file'\n[file]\nrecording='short.sigmf-meta'\nsource='recording'";
    breaks_off(dir.path(), rig, "ended after 0.100 s");
}

/// Ports that nobody has just now.
fn free_ports(n: u16) -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if first < 60_000 && (first..first + n).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return first;
        }
    }
}

/// Another program's broker, which serves for a while and then says nothing any more.
#[test]
fn a_peer_that_falls_silent_ends_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let first = free_ports(4);
    let (enb, ues) = (format!("tcp://127.0.0.1:{first}"), first + 1);
    let rig = format!(
        "radio='zmq'\n[zmq]\nenb='{enb}'\nues='tcp://127.0.0.1:{ues}'\nbroker='external'\nanswer_ms=1500\nfirst_answer_ms=20000"
    );
    let broker = thread::spawn(move || {
        let receiver = |ue: u16| BrokerReceiver {
            channel: ChannelModel::new(&ChannelConfig::awgn(RATE_HZ, 25.0, 1)),
            sink: Box::new(ZmqSink::bind(&ZmqConfig::new(&format!("tcp://127.0.0.1:{}", ues + ue), RATE_HZ)).unwrap()),
        };
        let source = ZmqSource::connect(&ZmqConfig::new(&enb, RATE_HZ)).unwrap();
        let mut broker = Broker::new(Box::new(source), vec![receiver(0), receiver(1)], 3840);
        for _ in 0..300 {
            assert!(broker.step().unwrap().lost.is_empty());
        }
        broker // its sockets stay, and are silent
    });
    breaks_off(dir.path(), &rig, "no answer for 1500 ms");
    drop(broker.join().unwrap());
}

#[test]
fn what_is_transmitted_is_received() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    scenario::write(dir, &scenario::text());
    let port = free_ports(1);
    let rig = dir.join("rig.toml");
    let text = format!("clock='paced'\nradio='zmq'\n[zmq]\nenb='tcp://127.0.0.1:{port}'\nanswer_ms=2000");
    fs::write(&rig, text).unwrap();
    let args =
        TxArgs { scenario: dir.join("s.toml"), rig: rig.clone(), for_s: 2.0, content: None, seed: None, quiet: true };
    let transmitter = thread::spawn(move || tx(&args).unwrap());
    let args = RxArgs {
        rig,
        sample_rate: Some(RATE_HZ as u32),
        antennas: 1,
        for_s: 2.0,
        n_id_cell: None,
        expect_pdcp: castbench::ExpectPdcp::Auto,
        json: true,
        mtch: Some(dir.join("mtch")),
        record: Some(dir.join("heard.sigmf-meta")),
    };
    assert_eq!(rx(&args).unwrap(), Exit::Pass);
    assert_eq!(transmitter.join().unwrap(), Exit::Pass);
    let files: Vec<String> = common::inside(&dir.join("mtch"));
    assert!(files.len() == 1 && files[0].starts_with("cell7_area3_mch0_lcid1_"), "{files:?}");
    // What was recorded holds the same.
    let heard = common::castbench(dir, ["iq", "analyze", "heard.sigmf-meta", "--json"]);
    heard.assert(0, "\"n_id_cell\": 7");
    heard.assert(0, "\"first_failing_stage\": null");
}

/// With an IMS messages take their time: sessions start when nodes know each other, and not before.
#[test]
fn a_carrier_beside_an_ims_is_transmitted() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    scenario::write(dir, &(scenario::text() + "\n[ims]\ncore_delay_ms = 3\n"));
    fs::write(dir.join("rig.toml"), "clock='paced'\nradio='file'\n[file]\nrecording='air.sigmf-meta'\nsource='enb'")
        .unwrap();
    // The session begins after the carrier: the MCCH lists it from its next modification period on, at 5.12 s.
    let ended = common::castbench(dir, ["tx", "s.toml", "--rig", "rig.toml", "--for-s", "6.5"]);
    ended.assert(0, "6.500 s sent");
    let heard = common::castbench(dir, ["iq", "analyze", "air.sigmf-meta", "--json"]);
    heard.assert(0, "\"lcid\": 1");
}
