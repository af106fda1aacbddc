//! The ladders of MBMS download delivery and of MCCH information acquisition on real octets: every step is ticked by its
//! message alone, a lost or a damaged message makes the verdict fail by the step's number, and tshark finds each tick again
//! in the capture.

#[path = "common/tshark.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod tshark;

use std::io::Cursor;
use std::time::{Duration, SystemTime};

use castbench::{
    CAPTURE_FILE, CaptureWriter, DOWNLOAD_DELIVERY, Event, Judgement, LadderHeader, LadderWatch, MCCH_ACQUISITION,
    Model, Overrides, Procedure, RunHeader, Scenario, SessionInfo, Verdict, What, html, json, junit, wireshark_options,
};
use core_network::{Content, Delivery, Fec, FluteOutput, FluteSender, SequenceClock};
use protocol::{GtpuRepr, Instant, Joint, SyncHeader, SyncPlan, SyncRepr, SyncTimestamp, TapEvent, UdpDatagram};
use radio::{
    BcchDlSchMessage, MbsfnAreaConfiguration, MbsfnAreaInfo, MbsfnSubframeConfig, McchConfig, NotificationConfig,
    PmchInfo, SubframeAllocation, SubframeSet, SystemInformation, SystemInformationBlock, SystemInformationBlockType13,
};

const UES: [&str; 2] = ["near", "street"];

/// A procedure with the messages that play it.
type Play = (&'static Procedure, fn() -> Vec<Message>);

const PLAYS: [Play; 2] = [(&DOWNLOAD_DELIVERY, messages), (&MCCH_ACQUISITION, acquisition_messages)];

#[test]
fn every_step_is_ticked_by_its_message() {
    for (procedure, messages) in PLAYS {
        let run = Run::play_of(procedure, messages());
        assert_eq!(run.judgement.verdict, Verdict::Pass, "{}", run.judgement.sentence);
        for ladder in &run.model.ladders {
            assert!(ladder.steps().iter().all(|s| s.tick.is_some()), "{ladder:?}");
        }
    }
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step() {
    for (procedure, messages) in PLAYS {
        for step in procedure.steps {
            let left = messages().into_iter().filter(|m| m.step != step.number).collect();
            Run::play_of(procedure, left).assert_fails_naming(step.number);
        }
    }
}

#[test]
fn a_damaged_message_fails_by_the_number_of_its_step() {
    for step in DOWNLOAD_DELIVERY.steps {
        let mut messages = messages();
        for message in messages.iter_mut().filter(|m| m.step == step.number) {
            // One bit in the first half: a CRC, a checksum, a length or the identity that is looked for no longer holds.
            let at = if step.joint == Joint::Mch { 3 } else { message.tap.bytes.len() / 2 };
            message.tap.bytes[at] ^= 0x10;
        }
        Run::play(messages).assert_fails_naming(step.number);
    }
}

#[test]
fn messages_of_another_session_or_ue_tick_nothing() {
    let mut other = session();
    other.tmgi.service_id = [0, 0, 9];
    (other.c_teid, other.lcid, other.tsi) = (0x9999, 9, 9);
    let mut watch = LadderWatch::new(&headers());
    assert_eq!(watch.session_started(&other), []);
    for (message, packet) in messages().iter().zip(1..) {
        assert_eq!(watch.observe(&message.tap, packet), [], "step {}", message.step);
    }
    let mut watch = LadderWatch::new(&headers());
    assert_eq!(watch.session_started(&session()), []);
    for (message, packet) in messages().iter_mut().filter(|m| m.tap.joint != Joint::M1).zip(1..) {
        message.tap.to = "stranger".into();
        assert_eq!(watch.observe(&message.tap, packet), [], "step {}", message.step);
    }
}

#[test]
fn reports_of_the_failure_name_the_step() {
    let run = Run::play(messages().into_iter().filter(|m| m.step != "3").collect());
    for text in [json(&run.model, &run.judgement), junit(&run.model, &run.judgement), html(&run.model, &run.judgement)]
    {
        assert!(text.contains("step 3 (MCH, MSI that schedules the MTCH of the session) was not seen"));
    }
}

#[test]
fn tshark_reads_the_capture_without_preferences() {
    let run = Run::play(messages());
    let Some(malformed) = run.tshark(&[
        "-Y",
        "_ws.malformed || _ws.expert.severity >= \"Warning\"",
        "-T",
        "fields",
        "-e",
        "frame.number",
    ]) else {
        return;
    };
    assert_eq!(malformed, "", "malformed packets");
    let protocols = run.tshark(&["-T", "fields", "-e", "frame.interface_name", "-e", "frame.protocols"]).unwrap();
    for expected in [
        "M1\traw:ip:udp:gtp",
        "MCCH near\texported_pdu:lte_rrc",
        "MCH near mch\texported_pdu:mac-lte-framed:mac-lte",
        "MTCH street\traw:ip:udp:data",
    ] {
        assert!(protocols.lines().any(|l| l == expected), "{expected} is not in\n{protocols}");
    }
    let comments = run.tshark(&["-Y", "frame.comment", "-T", "fields", "-e", "frame.comment"]).unwrap();
    for step in DOWNLOAD_DELIVERY.steps {
        assert!(comments.contains(&format!("TS 26.346 7 step {}: {} ({})", step.number, step.expect, step.clause)));
    }
    let times = run.tshark(&["-T", "fields", "-e", "frame.time_epoch"]).unwrap();
    assert_eq!(times.lines().next(), Some("0.010000000"));
}

#[test]
fn tshark_finds_every_tick_by_its_filter() {
    for (procedure, messages) in PLAYS {
        let run = Run::play_of(procedure, messages());
        for step in run.model.ladders.iter().flat_map(|ladder| ladder.steps()) {
            let filter = step.filter.expect("the session has started");
            let Some(found) = run.tshark(&["-Y", &filter, "-T", "fields", "-e", "frame.number"]) else { return };
            let (packet, number) = (step.tick.unwrap().packet.to_string(), step.row.number);
            let is_found = found.lines().any(|n| n == packet);
            assert!(is_found, "{} step {number}: {packet} is not among {found:?}: {filter}", procedure.procedure);
        }
    }
}

#[test]
fn filters_find_nothing_where_the_message_was_lost() {
    for (procedure, messages) in PLAYS {
        for step in procedure.steps {
            let run = Run::play_of(procedure, messages().into_iter().filter(|m| m.step != step.number).collect());
            for ladder in &run.model.ladders {
                let steps = ladder.steps();
                let lost = steps.iter().find(|s| s.row.number == step.number).unwrap();
                let filter = lost.filter.as_deref().unwrap();
                let Some(found) = run.tshark(&["-Y", filter, "-T", "fields", "-e", "frame.number"]) else { return };
                assert_eq!(found, "", "{} step {}: {filter}", procedure.procedure, step.number);
            }
        }
    }
}

#[test]
fn with_the_options_of_the_report_tshark_sees_what_is_inside() {
    let run = Run::play(messages());
    let options = wireshark_options([&session()]);
    let mut arguments: Vec<&str> = options.iter().map(String::as_str).collect();
    arguments.extend(["-T", "fields", "-e", "frame.protocols"]);
    let Some(protocols) = run.tshark(&arguments) else { return };
    for expected in ["raw:ip:udp:gtp:sync:ip:udp:alc:rmt-lct", "raw:ip:udp:alc:rmt-lct"] {
        assert!(protocols.lines().any(|l| l.starts_with(expected)), "{expected} is not in\n{protocols}");
    }
}

/// A message and the step that it belongs to.
struct Message {
    step: &'static str,
    tap: TapEvent,
}

/// A run that was made of messages: folder with its capture, model, verdict.
struct Run {
    dir: tempfile::TempDir,
    model: Model,
    judgement: Judgement,
}

impl Run {
    fn play(messages: Vec<Message>) -> Self {
        Self::play_of(&DOWNLOAD_DELIVERY, messages)
    }

    fn play_of(procedure: &Procedure, messages: Vec<Message>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut scenario =
            Scenario::load(&fixtures::scenario("mbms/file_clean.toml"), &Overrides::default()).unwrap().scenario;
        scenario.expectations.clear();
        let header = RunHeader {
            castbench: "test".into(),
            scenario,
            rig: "messages made by hand".into(),
            clock: "virtual".into(),
            ladders: headers_of(procedure).to_vec(),
            mch_capacity_bps: 1e6,
            tbs_bits: 1000,
            mchs: Vec::new(),
            sample_rate_hz: 7.68e6,
            full_scale_dbm: None,
            boxes: Vec::new(),
        };
        let mut watch = LadderWatch::new(&header.ladders);
        let mut capture = CaptureWriter::create(dir.path()).unwrap();
        let mut model = Model::new(header);
        assert_eq!(watch.session_started(&session()), []);
        model.apply(&Event { t_ns: 0, what: What::SessionStarted(session()) }).unwrap();
        for Message { tap, .. } in messages {
            let packet = capture.next_packet();
            let ticked = watch.observe(&tap, packet);
            let comments: Vec<String> = ticked.iter().map(castbench::Ticked::comment).collect();
            capture.write(&tap, &comments).unwrap();
            for t in ticked {
                model.apply(&Event { t_ns: tap.at.as_nanos(), what: t.fact() }).unwrap();
            }
        }
        capture.finish().unwrap();
        model.apply(&Event { t_ns: 1_000_000_000, what: What::RunFinished }).unwrap();
        let judgement = Judgement::of(&model);
        Self { dir, model, judgement }
    }

    fn assert_fails_naming(&self, step: &str) {
        assert_eq!(self.judgement.verdict, Verdict::Fail, "without step {step}");
        for ladder in &self.judgement.ladders {
            let reason = ladder.reason.as_deref().unwrap_or_default();
            assert!(reason.contains(&format!(": step {step} (")), "without step {step}: {reason}");
        }
    }

    /// What tshark prints, `None` with a line that says so where it is not installed.
    fn tshark(&self, arguments: &[&str]) -> Option<String> {
        tshark::tshark(&self.dir.path().join(CAPTURE_FILE), arguments)
    }
}

fn headers() -> [LadderHeader; 2] {
    headers_of(&DOWNLOAD_DELIVERY)
}

fn headers_of(procedure: &Procedure) -> [LadderHeader; 2] {
    UES.map(|ue| LadderHeader {
        procedure: procedure.procedure.into(),
        title: procedure.title.into(),
        ue: ue.into(),
        session: "video".into(),
        ims: None,
    })
}

fn session() -> SessionInfo {
    SessionInfo {
        session: "video".into(),
        tmgi: "00abcd@262-01".parse().unwrap(),
        destination: "239.192.0.1:5000".into(),
        tsi: 7,
        c_teid: 0x0000_1234,
        n_id_mbsfn: 1,
        mch: "mch".into(),
        lcid: 3,
        content: "clip.mp4".into(),
        content_octets: 4000,
        content_sha256: String::new(),
        fec: "no_code".into(),
        bit_rate_bps: 500_000,
    }
}

/// What a run shows, in order: M1 once, then everything on the air once for each UE.
fn messages() -> Vec<Message> {
    let (fdt, object) = flute_datagrams();
    let mut messages = vec![message("1", 10, Joint::M1, "eNB", m1(&object))];
    for ue in UES {
        messages.push(message("2", 321, Joint::Mcch, ue, mcch()));
        messages.push(message("3", 401, Joint::Mch, ue, mac_pdu(&object)));
        messages.push(message("4", 402, Joint::Mtch, ue, fdt.clone()));
        messages.push(message("5", 403, Joint::Mtch, ue, object.clone()));
    }
    messages
}

/// A UE that starts cold: system information of another area and of this one, MCCH, MSI, a datagram.
fn acquisition_messages() -> Vec<Message> {
    let (_, object) = flute_datagrams();
    let mut messages = Vec::new();
    for ue in UES {
        messages.push(message("", 91, Joint::BcchDlSch, ue, sib13(session().n_id_mbsfn + 1)));
        messages.push(message("1", 171, Joint::BcchDlSch, ue, sib13(session().n_id_mbsfn)));
        messages.push(message("2", 321, Joint::Mcch, ue, mcch()));
        messages.push(message("3", 401, Joint::Mch, ue, mac_pdu(&object)));
        messages.push(message("4", 402, Joint::Mtch, ue, object.clone()));
    }
    messages
}

fn message(step: &'static str, at_ms: u64, joint: Joint, to: &str, bytes: Vec<u8>) -> Message {
    let from = if joint == Joint::M1 { "BM-SC" } else { "eNB" };
    let channel = if joint == Joint::Mch { "mch".to_owned() } else { String::new() };
    Message {
        step,
        tap: TapEvent {
            at: Instant::from_millis(at_ms),
            joint,
            from: from.into(),
            to: to.into(),
            channel,
            lcid: 0,
            bytes,
        },
    }
}

/// A datagram of the FDT and one of the file, from a FLUTE sender.
fn flute_datagrams() -> (Vec<u8>, Vec<u8>) {
    let delivery = Delivery {
        bit_rate_bps: 500_000,
        fec: Fec::NoCode,
        symbol_octets: 512,
        source_block_symbols: 64,
        fdt_period: Duration::from_secs(1),
        ip_octet_limit: None,
    };
    let content = Content {
        stream: Box::new(Cursor::new(vec![0x5a; 4000])),
        location: "file:///clip.mp4".into(),
        content_type: "video/mp4".into(),
    };
    let addresses = ("10.0.0.1:4000".parse().unwrap(), session().destination.parse().unwrap());
    let clock = SequenceClock { plan: SyncPlan::new(32).unwrap(), max_transfer_delay: Duration::from_millis(10) };
    let tsi = session().tsi;
    let sender = FluteSender::new(Instant::ZERO, addresses, tsi, &delivery, content, clock, SystemTime::UNIX_EPOCH);
    let mut sender = sender.unwrap();
    let (mut fdt, mut object) = (None, None);
    while fdt.is_none() || object.is_none() {
        sender.handle_timeout(sender.poll_timeout().expect("a carousel always has a next packet"));
        while let Some(output) = sender.poll_output() {
            let FluteOutput::Datagram(datagram) = output else { continue };
            let is_fdt = datagram.windows(12).any(|w| w == b"FDT-Instance");
            if is_fdt { &mut fdt } else { &mut object }.get_or_insert(datagram);
        }
    }
    (fdt.unwrap(), object.unwrap())
}

fn m1(ip_datagram: &[u8]) -> Vec<u8> {
    let header = SyncHeader { timestamp: SyncTimestamp(32), packet_number: 0, elapsed_octets: 0 };
    let sync = SyncRepr::UserData { header, payload: ip_datagram }.emit().unwrap();
    let gtpu = GtpuRepr::g_pdu(session().c_teid).emit(&sync).unwrap();
    let (source, destination) = ("10.0.0.2:2152".parse().unwrap(), "239.255.0.1:2152".parse().unwrap());
    UdpDatagram { source, destination, payload: &gtpu }.emit().unwrap()
}

fn sib13(n_id_mbsfn: u8) -> Vec<u8> {
    let mcch = McchConfig {
        repetition_period_rf: 32,
        offset_rf: 0,
        modification_period_rf: 512,
        subframes: SubframeSet::new(&[1]).unwrap(),
        signalling_mcs: 2,
    };
    let sib13 = SystemInformationBlockType13 {
        areas: vec![MbsfnAreaInfo { n_id_mbsfn, non_mbsfn_region: 2, notification_indicator: 0, mcch }],
        notification: NotificationConfig { repetition_coeff: 2, offset_rf: 0, sf_index: 1 },
    };
    let sibs = vec![SystemInformationBlock::Type13(sib13)];
    BcchDlSchMessage::SystemInformation(SystemInformation { sibs }).encode().unwrap()
}

fn mcch() -> Vec<u8> {
    let configuration = MbsfnAreaConfiguration {
        common_sf_alloc: vec![MbsfnSubframeConfig {
            radioframe_allocation_period_rf: 1,
            radioframe_allocation_offset_rf: 0,
            subframes: SubframeAllocation::OneFrame(0b11_1111),
        }],
        common_sf_alloc_period_rf: 64,
        pmch: vec![PmchInfo {
            sf_alloc_end: 383,
            data_mcs: 9.into(),
            mch_scheduling_period_rf: 32,
            sessions: vec![radio::SessionInfo {
                tmgi: radio::Tmgi::from(session().tmgi.to_octets()),
                session_id: None,
                lcid: session().lcid,
            }],
        }],
    };
    configuration.encode().unwrap()
}

/// MSI with LCID 3 up to subframe 40, then one MTCH SDU to the end (TS 36.321 clause 6.1.2).
fn mac_pdu(ip_datagram: &[u8]) -> Vec<u8> {
    let mut pdu = vec![0x3e, 2, session().lcid, session().lcid << 3, 40];
    // RLC UM header: FI 0, E 0, SN 0 (TS 36.322 clause 6.2.1.3).
    pdu.push(0);
    pdu.extend(ip_datagram);
    pdu
}
