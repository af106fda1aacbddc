//! The ladders of the IMS, each on messages that are made from its own rows: every step is ticked by its message alone, a
//! lost one makes the verdict fail by the step's number, and tshark finds each tick again in the capture by its filter.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;

use castbench::{
    CAPTURE_FILE, CaptureWriter, Diameter, Event, Has, Http, HttpIs, ImsActor, ImsCast, Judgement, LadderHeader,
    LadderStep, LadderWatch, Model, Msrp, MsrpIs, Of, Overrides, PROCEDURES, Party, Procedure, ProcedureStep, Rtp,
    RunHeader, Scenario, See, Service, Sip, Status, Ticked, Verdict, What,
};
use core_network::ims::NetworkBox;
use protocol::diameter::dictionary::{AvpDef, charging};
use protocol::diameter::{Avp, Message, dictionary};
use protocol::rtp::{RtcpPacket, RtpPacket, rtcp_bytes};
use protocol::{Instant, TapEvent};

fn procedures() -> impl Iterator<Item = &'static Procedure> {
    // What ladders of MC servers and of messages see takes more than a message each: they have tests of their own.
    let is_ims = |row: &ProcedureStep| row.joint.is_core() && !matches!(row.see, See::Mc(_));
    let is_sms = |row: &ProcedureStep| matches!(row.see, See::Map(_) | See::Smpp(_) | See::Mm1(_) | See::Mm4(_));
    // And so has what is played in two systems.
    let is_there = |row: &ProcedureStep| [row.from, row.to].iter().any(|own| matches!(own, Party::There(_)));
    let has_own = move |row: &ProcedureStep| is_sms(row) || is_there(row);
    PROCEDURES.iter().copied().filter(move |p| p.steps.iter().all(is_ims) && !p.steps.iter().any(has_own))
}

#[test]
fn there_are_ladders_for_what_the_ims_does() {
    assert!(procedures().count() >= 16);
    for procedure in procedures() {
        let mut numbers: Vec<_> = procedure.steps.iter().map(|row| row.number).collect();
        numbers.dedup();
        assert_eq!(numbers.len(), procedure.steps.len(), "{}", procedure.procedure);
    }
}

#[test]
fn every_step_is_ticked_by_its_message() {
    for procedure in procedures() {
        let run = Run::play(procedure, None);
        assert_eq!(run.judgement.verdict, Verdict::Pass, "{}: {}", procedure.procedure, run.judgement.sentence);
    }
}

#[test]
fn a_lost_message_fails_by_the_number_of_its_step() {
    for procedure in procedures() {
        for row in procedure.steps {
            let run = Run::play(procedure, Some(row.number));
            let reason = run.judgement.ladders[0].reason.clone().unwrap_or_default();
            let named = format!(": step {} (", row.number);
            assert_eq!(run.judgement.verdict, Verdict::Fail, "{} without {}", procedure.procedure, row.number);
            assert!(reason.contains(&named), "{} without {}: {reason}", procedure.procedure, row.number);
        }
    }
}

#[test]
fn nothing_counts_before_the_step_that_asks_for_it() {
    for procedure in procedures() {
        let mut watch = LadderWatch::new(&[header(procedure)]);
        for (event, packet) in messages(procedure).iter().zip(1..) {
            assert_eq!(watch.observe(event, packet), []);
        }
    }
}

#[test]
fn beside_ladders_of_others_each_is_ticked_as_alone() {
    for procedure in procedures() {
        let (mut stranger, own) = (header(procedure), header(procedure));
        stranger.ue = "carol".into();
        let cast = stranger.ims.as_mut().unwrap();
        cast.ue = ImsActor {
            name: "carol".into(),
            impi: "carol@home".into(),
            impu: "sip:carol@home".into(),
            ..cast.ue.clone()
        };
        let mut alone = LadderWatch::new(std::slice::from_ref(&own));
        let mut among = LadderWatch::new(&[stranger, own.clone(), own]);
        alone.step_started(0);
        among.step_started(0);
        for (event, packet) in messages(procedure).iter().zip(1..) {
            let numbers = |ticked: Vec<Ticked>, ladder: usize| -> Vec<&str> {
                ticked.iter().filter(|own| own.ladder == ladder).map(|own| own.step.number).collect()
            };
            let (told, all) = (numbers(alone.observe(event, packet), 0), among.observe(event, packet));
            assert!(!told.is_empty(), "{}: {event:?}", procedure.procedure);
            for twin in [1, 2] {
                assert_eq!(numbers(all.clone(), twin), told, "{}: {event:?}", procedure.procedure);
            }
        }
    }
}

#[test]
fn tshark_finds_every_tick_by_its_filter_and_nothing_malformed() {
    for procedure in procedures() {
        let run = Run::play(procedure, None);
        let malformed = "_ws.malformed || _ws.expert.severity >= \"Warning\"";
        let Some(found) = run.tshark(malformed) else { return };
        assert_eq!(found, Vec::<String>::new(), "{}", procedure.procedure);
        // One tshark for a ladder: each packet with its step's filter.
        let steps = run.model.ladders[0].steps();
        let filter = |step: &LadderStep| step.filter.clone().expect("the addresses are known");
        let packet = |step: &LadderStep| step.tick.as_ref().unwrap().packet.to_string();
        let each = steps.iter().map(|step| format!("(frame.number == {} && {})", packet(step), filter(step)));
        let found = run.tshark(&each.collect::<Vec<_>>().join(" || ")).unwrap();
        for step in &steps {
            let at = format!("{} step {}: {}", procedure.procedure, step.row.number, filter(step));
            assert!(found.contains(&packet(step)), "{at}: not {}", packet(step));
        }
    }
}

#[test]
fn filters_find_nothing_where_the_message_was_lost() {
    // One tshark for each step of each ladder: the two longest stand for the others.
    for procedure in procedures().filter(|p| ["TS 24.229 5.1.1.2", "TS 24.229 5.1.3"].contains(&p.procedure)) {
        for row in procedure.steps {
            let run = Run::play(procedure, Some(row.number));
            let steps = run.model.ladders[0].steps();
            let lost = steps.iter().find(|s| s.row.number == row.number).unwrap();
            let Some(found) = run.tshark(lost.filter.as_deref().unwrap()) else { return };
            // The same request goes twice in a registration: the other one is there.
            let twice = procedure.steps.iter().filter(|other| is_alike(other, row)).count() > 1;
            assert!(found.is_empty() || twice, "{} step {}: {found:?}", procedure.procedure, row.number);
        }
    }
}

#[test]
fn addresses_and_ports_are_in_the_capture() {
    let run = Run::play(procedures().next().unwrap(), None);
    let filter = "frame.interface_name == \"Gm\" && ip.src == 10.45.0.1 && ip.dst == 10.46.0.1 && sip";
    let Some(found) = run.tshark(filter) else { return };
    assert!(!found.is_empty());
}

/// Two rows that the same message would tick.
fn is_alike(a: &ProcedureStep, b: &ProcedureStep) -> bool {
    let diameter = |row: &ProcedureStep| matches!(row.see, See::Diameter(_));
    a.from == b.from && a.to == b.to && a.joint == b.joint && diameter(a) && diameter(b)
}

struct Run {
    dir: tempfile::TempDir,
    model: Model,
    judgement: Judgement,
}

impl Run {
    /// Plays a procedure, up to the message of the step `lost`.
    fn play(procedure: &'static Procedure, lost: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut scenario = Scenario::parse(Path::new("ims.toml"), SCENARIO, &Overrides::default()).unwrap().scenario;
        scenario.expectations.clear();
        let header = RunHeader {
            castbench: "test".into(),
            scenario,
            rig: "messages made by hand".into(),
            clock: "virtual".into(),
            ladders: vec![header(procedure)],
            mch_capacity_bps: 0.0,
            tbs_bits: 0,
            mchs: Vec::new(),
            sample_rate_hz: 0.0,
            full_scale_dbm: None,
            boxes: Vec::new(),
        };
        let mut watch = LadderWatch::new(&header.ladders);
        let mut capture = CaptureWriter::create(dir.path()).unwrap();
        let mut model = Model::new(header);
        watch.step_started(0);
        let started = What::StepStarted { index: 0, description: "it begins".into() };
        model.apply(&Event { t_ns: 0, what: started }).unwrap();
        // Nothing comes after a message that is lost: the next box waits for it.
        let all = procedure.steps.iter().zip(messages(procedure));
        for (_, event) in all.take_while(|(row, _)| Some(row.number) != lost) {
            let packet = capture.next_packet();
            let ticked = watch.observe(&event, packet);
            let comments: Vec<String> = ticked.iter().map(Ticked::comment).collect();
            capture.write(&event, &comments).unwrap();
            for t in ticked {
                model.apply(&Event { t_ns: event.at.as_nanos(), what: t.fact() }).unwrap();
            }
        }
        capture.finish().unwrap();
        model.apply(&Event { t_ns: 1_000_000_000, what: What::RunFinished }).unwrap();
        let judgement = Judgement::of(&model);
        Self { dir, model, judgement }
    }

    /// Numbers of the packets that a filter finds; `None` with a line that says so where tshark is not installed.
    fn tshark(&self, filter: &str) -> Option<Vec<String>> {
        let capture = self.dir.path().join(CAPTURE_FILE);
        let arguments = ["-Y", filter, "-T", "fields", "-e", "frame.number"];
        let Ok(output) = Command::new("tshark").arg("-r").arg(capture).args(arguments).output() else {
            println!("skipped: tshark is not installed");
            return None;
        };
        assert!(output.status.success(), "{filter}: {}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
    }
}

const SCENARIO: &str = r#"
name = "ims"
title = "messages made by hand"
proves = "ladders"
seed = 1
[ims]
[[ue]]
name = "alice"
ims = {}
[[step]]
do = "ims_register"
[[expect]]
measure = "ims_registrations"
min = 1
unit = "registrations"
"#;

fn header(procedure: &Procedure) -> LadderHeader {
    let actor = |name: &str, n: u8| ImsActor {
        name: name.into(),
        impi: format!("00101000000000{n}@home"),
        impu: format!("sip:{name}@home"),
        msisdn: String::new(),
        ip: IpAddr::from([10, 45, 0, n]),
        pcscf: "P-CSCF".into(),
        mms_relay: String::new(),
        system: None,
    };
    let cast = ImsCast::new(0, actor("alice", 1), Some(actor("bob", 2)), Some(actor("tablet", 3)));
    let (procedure, title) = (procedure.procedure.to_owned(), procedure.title.to_owned());
    LadderHeader { procedure, title, ue: "alice".into(), session: String::new(), ims: Some(cast) }
}

fn named(party: Party) -> (&'static str, IpAddr) {
    let ue = |n: u8| IpAddr::from([10, 45, 0, n]);
    let service = |name| Service::all_boxes().find(|own| own.name == name).expect("a box of a service");
    match party {
        Party::Ue => ("alice", ue(1)),
        Party::Peer => ("bob", ue(2)),
        Party::Second => ("tablet", ue(3)),
        Party::Pcscf | Party::PeerPcscf => ("P-CSCF", NetworkBox::Pcscf.ip()),
        Party::Icscf => ("I-CSCF", NetworkBox::Icscf.ip()),
        Party::Scscf => ("S-CSCF", NetworkBox::Scscf.ip()),
        Party::Hss => ("HSS", NetworkBox::Hss.ip()),
        Party::As => ("AS", NetworkBox::As.ip()),
        Party::Server(name) => (name, service(name).place.ip()),
        Party::SipProxy => ("SIP proxy", NetworkBox::SipProxy.ip()),
        Party::BmSc
        | Party::MbmsGw
        | Party::Mce
        | Party::Enb
        | Party::MmsRelay
        | Party::PeerMmsRelay
        | Party::There(_) => {
            unreachable!("not on the IMS")
        }
    }
}

/// One message for each row, 5 ms apart.
fn messages(procedure: &Procedure) -> Vec<TapEvent> {
    let mut requests = BTreeMap::new();
    let message = |(i, row): (usize, &ProcedureStep)| {
        let bytes = match row.see {
            See::Sip(sip) => sip_message(&sip, i),
            See::Diameter(diameter) => diameter_message(&diameter, i, &mut requests),
            See::Http(http) => http_message(&http),
            See::Msrp(msrp) => msrp_message(&msrp),
            See::Rtp(rtp) => rtp_packet(&rtp),
            See::Mbms(_) | See::Bearer(_) | See::Group(_) | See::Mc(_) => unreachable!("not on the IMS"),
            See::Map(_) | See::Smpp(_) | See::Mm1(_) | See::Mm4(_) => unreachable!("of messages"),
        };
        let ((from, source), (to, destination)) = (named(row.from), named(row.to));
        let (transport, ports) = match row.see {
            See::Diameter(_) => ("tcp", (3868, 3868)),
            See::Http(http) => ("tcp", http_ports(procedure, &http)),
            See::Msrp(_) => ("tcp", (2855, 2855)),
            See::Rtp(Rtp::Bye) => ("udp", (49_153, 49_153)),
            See::Rtp(_) => ("udp", (49_152, 49_152)),
            _ => ("udp", (5060, 5060)),
        };
        let (source, destination) = (SocketAddr::new(source, ports.0), SocketAddr::new(destination, ports.1));
        TapEvent {
            at: Instant::from_millis(5 * (i as u64 + 1)),
            joint: row.joint,
            from: from.into(),
            to: to.into(),
            channel: format!("{transport} {source} {destination}"),
            lcid: 0,
            bytes,
        }
    };
    procedure.steps.iter().enumerate().map(message).collect()
}

/// Every exchange has a port of its own at the client.
fn http_ports(procedure: &Procedure, http: &Http) -> (u16, u16) {
    let of_exchange = |row: &ProcedureStep| matches!(row.see, See::Http(own) if own.exchange == http.exchange);
    let client = 50_000 + procedure.steps.iter().position(of_exchange).unwrap() as u16;
    match http.is {
        HttpIs::Request(_) => (client, 80),
        HttpIs::Response(_) => (80, client),
    }
}

fn http_message(http: &Http) -> Vec<u8> {
    let (start, mut body) = match http.is {
        HttpIs::Request(method) => (format!("{method} {}index HTTP/1.1\r\nHost: x", http.target), http.body),
        HttpIs::Response(status) => (format!("HTTP/1.1 {status} Words"), http.body),
    };
    if matches!(http.is, HttpIs::Response(304)) {
        body = "";
    }
    let value = |name: &str| match name {
        "Authorization" => "Digest username=\"u\", realm=\"home\", nonce=\"n\", uri=\"/\", response=\"0\"",
        "WWW-Authenticate" => "Digest realm=\"home\", nonce=\"n\"",
        _ => "\"tag\"",
    };
    let field = |wanted: &&str| match wanted.split_once(": ") {
        Some((name, words)) => format!("{name}: {words} x\r\n"),
        None => format!("{wanted}: {}\r\n", value(wanted)),
    };
    let fields: String = http.has.iter().map(field).collect();
    format!("{start}\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn msrp_message(msrp: &Msrp) -> Vec<u8> {
    let id = format!("{}1234", msrp.transaction);
    let end = if matches!(msrp.is, MsrpIs::Chunk { is_last: false }) { '+' } else { '$' };
    let (start, rest) = match msrp.is {
        MsrpIs::Opening => ("SEND".to_owned(), "Message-ID: opening\r\n".to_owned()),
        MsrpIs::Chunk { .. } => (
            "SEND".to_owned(),
            "Message-ID: message\r\nByte-Range: 1-2/4\r\nContent-Type: text/plain\r\n\r\nhi\r\n".to_owned(),
        ),
        MsrpIs::Report(status) => {
            ("REPORT".to_owned(), format!("Message-ID: message\r\nByte-Range: 1-4/4\r\nStatus: 000 {status:03} OK\r\n"))
        }
        MsrpIs::Response(status) => (format!("{status:03} OK"), String::new()),
    };
    format!(
        "MSRP {id} {start}\r\nTo-Path: msrp://10.45.0.2:2855/b;tcp\r\nFrom-Path: msrp://10.45.0.1:2855/a;tcp\r\n\
         {rest}-------{id}{end}\r\n"
    )
    .into_bytes()
}

fn rtp_packet(rtp: &Rtp) -> Vec<u8> {
    let source = |name: &str| name.bytes().fold(1, |sum: u32, byte| sum * 31 + u32::from(byte));
    let (ssrc, csrc) = match rtp {
        Rtp::Said(name) => (source(name), Vec::new()),
        Rtp::Heard { of, .. } => (99, of.iter().map(|name| source(name)).collect()),
        Rtp::Bye => {
            let report = RtcpPacket::ReceiverReport { ssrc: 99, reports: Vec::new() };
            let bye = RtcpPacket::Bye { sources: vec![99], reason: None };
            return rtcp_bytes(&[report, RtcpPacket::cname(99, "focus"), bye]);
        }
    };
    let packet = RtpPacket {
        marker: false,
        payload_type: 8,
        sequence: 1,
        timestamp: 160,
        ssrc,
        csrc,
        extension: None,
        payload: vec![0xd5; 160],
    };
    packet.to_bytes()
}

fn sip_message(sip: &Sip, index: usize) -> Vec<u8> {
    let user = sip.has.iter().find_map(|has| match has {
        Has::UserUri(user) => Some(*user),
        Has::Called(party) => Some(named(*party).0),
        _ => None,
    });
    let start = match sip.status {
        None => format!("{} sip:{}@home SIP/2.0", sip.method, user.unwrap_or("bob")),
        Some(Status::Is(status)) => format!("SIP/2.0 {status} Words"),
        Some(Status::Class(class)) => format!("SIP/2.0 {} Words", 100 * class + 2),
    };
    let mut headers: BTreeMap<&str, String> = BTreeMap::new();
    let (mut tag, mut to) = ("", "alice");
    let mut body = String::new();
    for has in sip.has {
        let (name, value) = match *has {
            Has::Response => ("Authorization", "Digest username=\"u\", realm=\"home\", nonce=\"bm9uY2U=\", uri=\"sip:home\", response=\"0123456789abcdef0123456789abcdef\"".to_owned()),
            Has::NoResponse => ("Authorization", "Digest username=\"u\", realm=\"home\", nonce=\"\", uri=\"sip:home\", response=\"\"".to_owned()),
            Has::ExpiresZero => ("Expires", "0".into()),
            Has::Expires => ("Expires", "600000".into()),
            Has::ToTag => {
                tag = ";tag=to";
                continue;
            }
            Has::NoToTag | Has::Identity(_) | Has::UserUri(_) | Has::Called(_) => continue,
            Has::Rp(_) | Has::Number(_) | Has::Mms(_) | Has::Push(_) | Has::Retrieval => unreachable!("of messages"),
            Has::PeerInBody => {
                body += "sip:bob@home\r\n";
                ("Content-Type", "text/plain".into())
            }
            Has::PeerIdentity(_) => {
                to = "bob";
                continue;
            }
            Has::ChargingVector => ("P-Charging-Vector", format!("icid-value=\"{ICID}\";orig-ioi=home")),
            Has::Header("WWW-Authenticate") => {
                ("WWW-Authenticate", "Digest realm=\"home\", nonce=\"bm9uY2U=\", algorithm=AKAv1-MD5".into())
            }
            Has::Header(name @ "P-Visited-Network-ID") => (name, "\"home\"".into()),
            Has::Header(name) => (name, "<sip:alice@home>".into()),
            Has::Words("Event", words) => ("Event", words.into()),
            Has::Words("Reason", words) => ("Reason", format!("{words};cause=503;text=\"x\"")),
            Has::Words(name, words) => (name, format!("{words};expires=600")),
            Has::Body(words) => {
                body += &format!("{words}\r\n");
                ("Content-Type", "text/plain".into())
            }
        };
        headers.insert(name, value);
    }
    // Every transaction of a method has its own number, ACK and CANCEL that of their INVITE.
    let first = if sip.method == "BYE" { 2 } else { 1 };
    let cseq = first + if sip.transaction.is_empty() { 0 } else { 10 };
    let mut text = format!(
        "{start}\r\nVia: SIP/2.0/UDP 10.45.0.1:5060;branch=z9hG4bK{index}\r\nMax-Forwards: 70\r\n\
         From: <sip:alice@home>;tag=from\r\nTo: <sip:{to}@home>{tag}\r\nCall-ID: {}@test\r\nCSeq: {} {}\r\n",
        sip.call.replace(' ', "-"),
        cseq,
        sip.method
    );
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    text.into_bytes()
}

/// The charging identifier of every session.
const ICID: &str = "icid-1@home";

fn diameter_message(diameter: &Diameter, index: usize, requests: &mut BTreeMap<&str, Message>) -> Vec<u8> {
    let letters = &diameter.command[..2];
    let command = dictionary::COMMANDS.iter().find(|c| c.letters == letters).expect("a command");
    let mut avps = vec![Avp::text(&dictionary::ORIGIN_HOST, "a.home"), Avp::text(&dictionary::ORIGIN_REALM, "home")];
    let numbers = diameter.numbers.iter().map(|(name, values)| Avp::u32(avp_named(name), values[0]));
    let has = diameter.has.iter().map(|name| Avp::group(avp_named(name), &[Avp::u32(&charging::CC_TIME, 20)]));
    if diameter.of == Of::Request {
        if !diameter.numbers.iter().any(|(name, _)| *name == "Result-Code") {
            avps.push(Avp::u32(&dictionary::RESULT_CODE, 2001));
        }
        avps.extend(numbers.chain(has));
        let request = requests.get(diameter.session).expect("a request before its answer");
        return Message::answer(request, avps).emit();
    }
    // One Session-Id for each session that has a name.
    let session = match diameter.session {
        "" => index.to_string(),
        name => name.replace(' ', "_"),
    };
    avps.insert(0, Avp::text(&dictionary::SESSION_ID, &format!("a.home;1;{session}")));
    let (own, mut vendors): (Vec<Avp>, Vec<Avp>) = numbers.partition(|avp| avp.vendor.is_none());
    match diameter.of {
        Of::Ue => avps.push(Avp::text(&dictionary::USER_NAME, "001010000000001@home")),
        Of::PeerIdentity => avps.push(Avp::text(&dictionary::PUBLIC_IDENTITY, "sip:bob@home")),
        // What is known of the SIP session is in groups (TS 32.299 clause 7.2.192).
        _ => vendors.push(Avp::text(&charging::IMS_CHARGING_IDENTIFIER, ICID)),
    }
    if diameter.of == Of::Charging {
        let information = Avp::group(&charging::IMS_INFORMATION, &vendors);
        avps.push(Avp::group(&charging::SERVICE_INFORMATION, &[information]));
        vendors.clear();
    }
    avps.extend(own.into_iter().chain(vendors).chain(has));
    let message = Message::request(command.code, command.application, avps);
    requests.insert(diameter.session, message.clone());
    message.emit()
}

fn avp_named(name: &str) -> &'static AvpDef {
    let mut all = dictionary::AVPS.iter().chain(charging::CHARGING_AVPS).copied();
    all.find(|def| def.name == name).expect("an AVP of the dictionary")
}
