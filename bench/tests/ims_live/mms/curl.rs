//! curl as UE over MM1, known by HTTP Digest; tshark reads what went over the wire, and what the relay has captured.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::needed;
use super::pdu::{
    self, AMR, DEFERRED, FIRST, JPEG, NOT_FOUND, OCTETS, Part, Pdu, RETRIEVED, SMIL, Sending, TEXT, field, kind,
};
use super::rig::{ALICE, BOB, MMS, PASSWORD, Rig, Terminal, Wanted, until};
use super::web::Answer;
use crate::lab::{Program, comes};

/// Error-permanent-content-not-accepted of X-Mms-Response-Status (OMA-MMS-ENC clause 7.3.48).
const NOT_ACCEPTED: u8 = 0xE5;

/// What curl gets.
fn curl(rig: &Rig, user: Option<(&str, &str)>, path: &str, body: Option<&[u8]>) -> Answer {
    let (sent, got) = (rig.folder().join("sent.bin"), rig.folder().join("got.bin"));
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "60", "--write-out", "%{http_code}", "--output"]).arg(&got);
    if let Some((name, password)) = user {
        command.args(["--digest", "--user", &format!("{name}:{password}")]);
    }
    if let Some(body) = body {
        fs::write(&sent, body).unwrap();
        command.args(["--header", &format!("Content-Type: {MMS}"), "--data-binary"]);
        command.arg(format!("@{}", sent.display()));
    }
    let _ = fs::remove_file(&got);
    let output = command.arg(format!("http://127.0.0.1:{}{path}", rig.relays[0].http)).output().unwrap();
    assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stderr), rig.story());
    let status = String::from_utf8(output.stdout).unwrap().parse().unwrap();
    Answer { status, body: fs::read(&got).unwrap_or_default() }
}

fn posts(rig: &Rig, user: &str, pdu: &[u8]) -> Vec<u8> {
    let answer = curl(rig, Some((user, PASSWORD)), "/", Some(pdu));
    assert_eq!(answer.status, 200, "{}", rig.story());
    answer.body
}

fn gets(rig: &Rig, user: &str, location: &str) -> Vec<u8> {
    let path = location.split_once("//").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap();
    let answer = curl(rig, Some((user, PASSWORD)), path, None);
    assert_eq!(answer.status, 200, "{}", rig.story());
    answer.body
}

fn parts() -> Vec<Part> {
    let octets: Vec<u8> = (0..=255).cycle().take(30_000).collect();
    vec![
        Part::new(SMIL, "smil.xml", b"<smil><body><par><img src=\"a.jpg\"/></par></body></smil>\r\n"),
        Part::new(TEXT, "a.txt", "Gr\u{fc}\u{df}e\r\n.\r\n\n \t\r".as_bytes()),
        Part::new(JPEG, "a.jpg", &octets),
        Part::new(AMR, "a.amr", b"#!AMR\n\x3C\0\xFF"),
        // tshark cannot read a last part without octets.
        Part::new(OCTETS, "least", b"\0"),
    ]
}

/// tshark on loopback; none: it may not.
fn sniff(rig: &Rig) -> Option<Program> {
    let mut command = Command::new("tshark");
    let ports = format!("tcp port {} or tcp port {}", rig.relays[0].http, rig.gateway.port);
    command.current_dir(rig.folder()).args(["-i", "lo", "-f", &ports, "-w", "lo.pcapng"]);
    let mut tshark = Program::start(&mut command, rig.folder().join("tshark.log"));
    let is_ready = comes(|| tshark.ended().is_some() || rig.folder().join("lo.pcapng").exists());
    if tshark.ended().is_none() && is_ready {
        return Some(tshark);
    }
    eprintln!("skipped: tshark may not read loopback");
    None
}

/// Values of these fields in packets with MMS, as tshark reads them; nothing is malformed.
fn read(capture: &Path, ports: &[u16], fields: &[&str]) -> Vec<String> {
    let run = |filter: &str, fields: &[&str]| {
        let mut command = Command::new("tshark");
        command.arg("-r").arg(capture).args(["-Y", filter]);
        for port in ports {
            command.args(["-d", &format!("tcp.port=={port},http")]);
        }
        if !fields.is_empty() {
            command.args(["-T", "fields"]);
        }
        for field in fields {
            command.args(["-e", field]);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    // tshark 4.0.17 does not read the version within a DOCTYPE that PAP begins with (WAP-247 clause 9): a tag too many, it says,
    // and no more than that.
    let errors = "_ws.malformed || _ws.expert.severity >= error";
    assert_eq!(run(&format!("({errors}) && !xml.closing_unopened_tag"), &[]), "");
    let documents = run("xml.closing_unopened_tag", &[]);
    assert!(!documents.contains("Malformed Packet") && documents.contains("/pap"), "{documents}");
    run("mmse", fields).lines().map(str::to_owned).collect()
}

#[test]
fn curl_sends_and_fetches_a_message() {
    if needed("curl").is_none() || needed("tshark").is_none() {
        return;
    }
    let mut rig = Rig::new(&Wanted::default());
    rig.start(0, &["--capture", "capture.pcapng"]);
    let tshark = sniff(&rig);
    let sending = Sending { transaction: "curl-1", to: BOB, subject: "by curl", expiry: 3600 };
    let message = pdu::send_req(sending, &parts());
    for user in [None, Some((ALICE, "wrong")), Some((BOB, "")), Some(("nobody", PASSWORD))] {
        assert_eq!(curl(&rig, user, "/", Some(&message)).status, 401, "{user:?}");
    }
    let send = || {
        let octets = posts(&rig, ALICE, &message);
        let conf = Pdu::read(&octets);
        assert_eq!((conf.kind(), conf.code(field::RESPONSE_STATUS)), (kind::SEND_CONF, Some(FIRST)), "{conf:02x?}");
        conf.text(field::MESSAGE_ID).unwrap()
    };
    let message_id = send();
    // It is the same one when it comes again.
    assert_eq!(send(), message_id);
    let program = Part::new(b"application/x-msdownload\0", "a.exe", b"MZ");
    let refused = posts(&rig, ALICE, &pdu::send_req(Sending { transaction: "curl-2", ..sending }, &[program]));
    assert_eq!(Pdu::read(&refused).code(field::RESPONSE_STATUS), Some(NOT_ACCEPTED));

    let bob = Terminal::new(&rig, BOB);
    let told = until("notified", || bob.notified().pop(), || rig.story());
    posts(&rig, BOB, &pdu::notify_resp(&told.transaction, DEFERRED));
    // It is nobody else's.
    let octets = gets(&rig, ALICE, &told.location);
    assert_eq!(Pdu::read(&octets).code(field::RETRIEVE_STATUS), Some(NOT_FOUND));
    let octets = gets(&rig, BOB, &told.location);
    let conf = Pdu::read(&octets);
    assert_eq!((conf.kind(), conf.text(field::MESSAGE_ID)), (kind::RETRIEVE_CONF, Some(message_id.clone())));
    assert_eq!(conf.text(field::FROM).unwrap(), format!("+{ALICE}/TYPE=PLMN"));
    assert_eq!(conf.text(field::SUBJECT).unwrap(), "by curl");
    assert_eq!(conf.parts(), parts());
    posts(&rig, BOB, &pdu::acknowledge(&conf.text(field::TRANSACTION_ID).unwrap()));
    posts(&rig, BOB, &pdu::read_rec(&message_id, &format!("+{ALICE}/TYPE=PLMN")));
    let alice = Terminal::new(&rig, ALICE);
    until("reported", || Some(alice.reports()).filter(|reports| reports.len() == 2), || rig.story());
    let reports: BTreeSet<_> = alice.reports().into_iter().map(|own| (own.kind, own.status, own.message_id)).collect();
    let expected = [(kind::DELIVERY_IND, RETRIEVED), (kind::READ_ORIG_IND, FIRST)];
    assert_eq!(reports, BTreeSet::from(expected.map(|(kind, status)| (kind, status, message_id.clone()))));
    // It was fetched: it is there no more.
    let octets = gets(&rig, BOB, &told.location);
    assert_eq!(Pdu::read(&octets).code(field::RETRIEVE_STATUS), Some(NOT_FOUND));
    assert_eq!(bob.notified().len(), 1);

    let mut relay = rig.relays[0].program.take().unwrap();
    relay.terminate();
    assert!(relay.wait(30).success());
    assert_read(&rig.folder().join("capture.pcapng"), &[]);
    if let Some(mut tshark) = tshark {
        tshark.terminate();
        tshark.wait(30);
        assert_read(&rig.folder().join("lo.pcapng"), &[rig.relays[0].http, rig.gateway.port]);
    }
}

/// tshark finds each kind of PDU, and the message as it is.
fn assert_read(capture: &Path, ports: &[u16]) {
    let fields = ["mmse.message_type", "mmse.subject", "mmse.retrieve_status", "wsp.multipart", "mmse.from"];
    let lines = read(capture, ports, &fields);
    let seen: BTreeSet<&str> = lines.iter().filter_map(|line| line.split('\t').next()).collect();
    let all: Vec<String> = (0x80..=0x88).map(|kind| format!("0x{kind:02x}")).collect();
    assert_eq!(seen, all.iter().map(String::as_str).collect(), "{lines:#?}");
    let given = format!("0x84\tby curl\t0x80\t1,2,3,4,5\t+{ALICE}/TYPE=PLMN");
    assert!(lines.contains(&given), "{lines:#?}");
}
