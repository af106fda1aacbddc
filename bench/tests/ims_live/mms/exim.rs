//! exim as mail relay between two MMS Relay/Servers: MM4 arrives as it went, both ways (TS 23.140 clause 8.4).

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use super::needed;
use super::pdu::{self, AMR, FIRST, JPEG, OCTETS, Part, Pdu, RETRIEVED, SMIL, Sending, TEXT, field, kind};
use super::rig::{ALICE, CAROL, Report, Rig, Terminal, Wanted, until};
use crate::lab::{Program, comes, ports};

/// Whom exim runs as when the test is root: it refuses to be root. Debian's nobody and nogroup.
const NOBODY: u32 = 65_534;

/// Passes connections on, and keeps what clients say.
#[derive(Clone)]
struct Wire {
    port: u16,
    said: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Wire {
    fn to(remote: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wire = Self { port: listener.local_addr().unwrap().port(), said: Arc::default() };
        let kept = wire.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // Nobody there: the client sees it closed.
                let Ok(server) = TcpStream::connect(("127.0.0.1", remote)) else { continue };
                kept.join(client, server);
            }
        });
        wire
    }

    fn join(&self, client: TcpStream, server: TcpStream) {
        let (from_server, to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        thread::spawn(move || pass(from_server, to_client, |_| {}));
        let mut all = self.said.lock().unwrap();
        all.push(Vec::new());
        let (at, said) = (all.len() - 1, Arc::clone(&self.said));
        thread::spawn(move || pass(client, server, |octets| said.lock().unwrap()[at].extend_from_slice(octets)));
    }

    /// Mails that went, by X-Mms-Message-Type and X-Mms-Transaction-ID.
    fn mails(&self) -> BTreeMap<(String, String), Mail> {
        let said = self.said.lock().unwrap();
        let all: Vec<_> = said.iter().flat_map(|octets| mails(octets)).collect();
        let count = all.len();
        let of = |mail: &Mail, name: &str| mail.fields.iter().find(|(own, _)| own == name).unwrap().1.clone();
        let key = |mail: &Mail| (of(mail, "X-Mms-Message-Type"), of(mail, "X-Mms-Transaction-ID"));
        let mails: BTreeMap<_, _> = all.into_iter().map(|mail| (key(&mail), mail)).collect();
        assert_eq!(mails.len(), count, "a mail went twice");
        mails
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, keep: impl Fn(&[u8])) {
    let mut octets = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut octets) {
        keep(&octets[..length]);
        if to.write_all(&octets[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// A mail as it went over the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Mail {
    envelope: Vec<String>,
    /// Names and values, unfolded.
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What a client of SMTP has sent (RFC 5321 clauses 4.1.1.4 and 4.5.2).
fn mails(said: &[u8]) -> Vec<Mail> {
    let (mut mails, mut envelope) = (Vec::new(), Vec::new());
    let mut lines = said.split_inclusive(|octet| *octet == b'\n');
    while let Some(line) = lines.next() {
        let command = String::from_utf8_lossy(line).trim_end().to_owned();
        if !command.eq_ignore_ascii_case("DATA") {
            if command.starts_with("MAIL") || command.starts_with("RCPT") {
                // What is behind the address is between neighbours.
                envelope.push(command.split_inclusive('>').next().unwrap().to_owned());
            }
            continue;
        }
        let (mut content, mut is_whole) = (Vec::new(), false);
        for line in lines.by_ref() {
            is_whole = line == b".\r\n";
            if is_whole {
                break;
            }
            content.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        }
        if !is_whole {
            // Its end is on the way.
            break;
        }
        let end = content.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 2;
        let head = String::from_utf8(content[..end].to_vec()).unwrap();
        let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let field = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        let fields = head.lines().map(|line| field(line).unwrap()).collect();
        mails.push(Mail { envelope: std::mem::take(&mut envelope), fields, body: content[end + 2..].to_vec() });
    }
    mails
}

/// exim with the shipped configuration in a folder that it may write to.
fn exim(program: PathBuf, folder: &tempfile::TempDir, port: u16, to: [u16; 2]) -> Program {
    let spool = folder.path().join("spool");
    fs::create_dir(&spool).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (mut user, mut group) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    if user == 0 {
        (user, group) = (NOBODY, NOBODY);
        chown(&spool, Some(user), Some(group)).unwrap();
    }
    let mut text = fs::read_to_string(fixtures::dir().join("exim/relay.conf")).unwrap();
    for (old, new) in [
        ("FOLDER", spool.display().to_string()),
        ("OWN_PORT", port.to_string()),
        ("PORT_A", to[0].to_string()),
        ("PORT_B", to[1].to_string()),
        ("USER", user.to_string()),
        ("GROUP", group.to_string()),
    ] {
        text = text.replace(old, &new);
    }
    let conf = folder.path().join("relay.conf");
    fs::write(&conf, text).unwrap();
    let mut command = Command::new(program);
    // In the foreground; what could not go is tried again every second.
    command.arg("-C").arg(conf).args(["-bdf", "-q1s"]);
    let exim = Program::start(&mut command, folder.path().join("exim.log"));
    assert!(comes(|| TcpStream::connect(("127.0.0.1", port)).is_ok()), "{}", exim.said());
    exim
}

fn parts() -> Vec<Part> {
    let all: Vec<u8> = (0..=255).rev().cycle().take(300_001).collect();
    vec![
        Part::new(SMIL, "smil.xml", b"<smil>\n<body><par><img src=\"a.jpg\"/></par></body>\n</smil>\r\n"),
        // What mail is hard on: dots, ends of lines of all kinds, blanks before them, long lines, From at the beginning.
        Part::new(TEXT, "a.txt", "Gr\u{fc}\u{df}e \u{1f600}\r\n.\r\n..\n \t\r\nFrom me\r\r\n\n--\r\n.\r\n".as_bytes()),
        Part::new(TEXT, "long.txt", "0123456789".repeat(500).as_bytes()),
        Part::new(JPEG, "a.jpg", &all),
        Part::new(AMR, "a.amr", b"#!AMR\n\x3C\0\xFF\r\n.\r\n"),
        Part::new(OCTETS, "none", b""),
    ]
}

/// What went through exim from one relay came out as it went in.
fn assert_unchanged(before: &Wire, after: &Wire, kinds: &[&str]) -> BTreeMap<(String, String), Mail> {
    let (sent, got) = (before.mails(), after.mails());
    let went: Vec<&str> = sent.keys().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(went, kinds);
    assert_eq!(sent.keys().collect::<Vec<_>>(), got.keys().collect::<Vec<_>>());
    for (key, sent) in &sent {
        let got = &got[key];
        let own: Vec<_> = got.fields.iter().filter(|(name, _)| name != "Received").cloned().collect();
        // All fields, X-Mms- and others, in their order; exim has written that it was there.
        assert_eq!(own, sent.fields, "{key:?}");
        assert_eq!(got.fields.len(), sent.fields.len() + 1, "{key:?}");
        assert!(got.body == sent.body, "{key:?}: another body");
        assert_eq!(got.envelope, sent.envelope, "{key:?}");
    }
    sent
}

#[test]
fn mm4_goes_through_exim_unchanged() {
    let Some(program) = needed("exim4") else { return };
    let [port] = ports();
    let ends = Rig::ends();
    // From the relays to exim, and from it to them.
    let sent = [Wire::to(port), Wire::to(port)];
    let got = [Wire::to(ends[0].smtp), Wire::to(ends[1].smtp)];
    let folder = tempfile::tempdir().unwrap();
    let exim = exim(program, &folder, port, [got[0].port, got[1].port]);
    let next_hops = Some([sent[0].port, sent[1].port]);
    let mut rig = Rig::with(ends, &Wanted { next_hops, ..Wanted::default() });
    rig.start_both([&[], &[]]);
    let story = || {
        let log = fs::read_to_string(folder.path().join("spool/mainlog")).unwrap_or_default();
        format!("{}\nexim: {log}\n{}", rig.story(), exim.said())
    };
    let (alice, carol) = (Terminal::new(&rig, ALICE), Terminal::new(&rig, CAROL));
    let sending = Sending { transaction: "exim-1", to: CAROL, subject: "by way of exim", expiry: 3600 };
    let message_id = alice.send(&[&pdu::send_req(sending, &parts())]);
    let told = until("notified", || carol.notified().pop(), story);
    let octets = carol.fetch(&told.location);
    let conf = Pdu::read(&octets);
    assert_eq!(conf.kind(), kind::RETRIEVE_CONF);
    assert!(conf.parts() == parts(), "{:02x?}", conf.parts());
    assert_eq!(conf.text(field::SUBJECT).unwrap(), "by way of exim");
    assert!(
        conf.text(field::FROM).unwrap().starts_with(&format!("+{ALICE}/TYPE=PLMN")),
        "{:?}",
        conf.text(field::FROM)
    );
    assert_eq!((conf.code(field::DELIVERY_REPORT), conf.code(field::PRIORITY)), (Some(FIRST), Some(0x82)));
    carol.tell(&pdu::acknowledge(&conf.text(field::TRANSACTION_ID).unwrap()));
    let far_id = conf.text(field::MESSAGE_ID).unwrap();
    carol.tell(&pdu::read_rec(&far_id, &conf.text(field::FROM).unwrap()));
    let reports = until("reported", || Some(alice.reports()).filter(|reports| reports.len() == 2), story);
    for Report { kind, message_id: id, from, status } in reports {
        let expected = if kind == kind::DELIVERY_IND { RETRIEVED } else { FIRST };
        assert_eq!((id.as_str(), status), (message_id.as_str(), expected));
        assert!(from.starts_with(&format!("+{CAROL}/TYPE=PLMN")), "{from}");
    }
    // Responses come the same way.
    until("answered", || (got[1].mails().len() == 3 && got[0].mails().len() == 3).then_some(()), story);
    let forward = "MM4_forward.REQ";
    let kinds = ["MM4_delivery_report.RES", forward, "MM4_read_reply_report.RES"];
    let there = assert_unchanged(&sent[0], &got[1], &kinds);
    let back = assert_unchanged(
        &sent[1],
        &got[0],
        &["MM4_delivery_report.REQ", "MM4_forward.RES", "MM4_read_reply_report.REQ"],
    );
    let says = |mail: &Mail, name: &str, value: &str| mail.fields.contains(&(name.to_owned(), value.to_owned()));
    let all = there.iter().chain(&back);
    let responses = all.filter(|((kind, _), _)| kind.ends_with(".RES"));
    assert!(responses.clone().count() == 3);
    responses.for_each(|(key, mail)| assert!(says(mail, "X-Mms-Request-Status-Code", "Ok"), "{key:?}: {mail:?}"));
    let (_, request) = there.iter().find(|((kind, _), _)| kind == forward).unwrap();
    assert!(says(request, "X-Mms-Message-ID", &message_id), "{:?}", request.fields);
    // Nothing is left to be done.
    until("over", || rig.relays.iter().all(|relay| relay.figure("messages_kept") == Some(0)).then_some(()), story);
    rig.stop();
}
