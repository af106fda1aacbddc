//! Two relays in a folder, a process each, and terminals of their subscribers.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::gateway::Gateway;
use super::pdu::{self, Pdu, field, kind};
use super::web::{self, Answer};
use crate::lab::{Program, comes, now, page, pause, ports};

/// Of the first relay.
pub(super) const ALICE: &str = "491721000001";
pub(super) const BOB: &str = "491721000002";
/// Of the second one; DAVE never comes, and nobody tells him.
pub(super) const CAROL: &str = "491731000001";
pub(super) const DAVE: &str = "491731000002";
/// Passwords on MM1.
pub(super) const PASSWORD: &str = "correct horse";

pub(super) const MMS: &str = "application/vnd.wap.mms-message";
/// How long something may take, and how long a relay may say that it has other work.
const PATIENCE: Duration = Duration::from_secs(240);
const BUSY: Duration = Duration::from_secs(1200);

/// A relay.
pub(super) struct Relay {
    pub(super) name: &'static str,
    pub(super) http: u16,
    pub(super) smtp: u16,
    pages: u16,
    starts: usize,
    /// While it runs.
    pub(super) program: Option<Program>,
}

impl Relay {
    fn new(name: &'static str) -> Self {
        let [http, smtp, pages] = ports();
        Self { name, http, smtp, pages, starts: 0, program: None }
    }

    pub(super) fn said(&self) -> String {
        self.program.as_ref().map(Program::said).unwrap_or_default()
    }

    /// A figure of the node.
    pub(super) fn figure(&self, what: &str) -> Option<u64> {
        let name = format!("castbench_node{{node=\"mmsc\",what=\"mms_{what}\"}}");
        page(self.pages, "/metrics").lines().find_map(|line| line.strip_prefix(&name)?.trim().parse().ok())
    }

    /// What it had in memory at most so far, KiB.
    pub(super) fn peak_kib(&self) -> u64 {
        let id = self.program.as_ref().unwrap().id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    pub(super) fn kill(&mut self) {
        self.program.take().unwrap().kill();
    }
}

/// How a rig differs from the usual one.
#[derive(Default)]
pub(super) struct Wanted {
    /// Where mails go that are for the other one; none: to it.
    pub(super) next_hops: Option<[u16; 2]>,
    /// More lines of `[mms_relay]`.
    pub(super) settings: &'static str,
    /// More of each subscriber.
    pub(super) subscriber: &'static str,
}

pub(super) struct Rig {
    folder: tempfile::TempDir,
    pub(super) relays: [Relay; 2],
    pub(super) gateway: Gateway,
}

impl Rig {
    pub(super) fn new(wanted: &Wanted) -> Self {
        Self::with([Relay::new("a"), Relay::new("b")], wanted)
    }

    /// With relays whose ports are known already.
    pub(super) fn with(relays: [Relay; 2], wanted: &Wanted) -> Self {
        let (folder, gateway) = (tempfile::tempdir().unwrap(), Gateway::start());
        let hops = wanted.next_hops.unwrap_or([relays[1].smtp, relays[0].smtp]);
        for ((n, relay), hop) in relays.iter().enumerate().zip(hops) {
            let text = settings(relay, relays[1 - n].name, hop, gateway.port, wanted);
            fs::write(folder.path().join(format!("{}.toml", relay.name)), text).unwrap();
        }
        Self { folder, relays, gateway }
    }

    pub(super) fn ends() -> [Relay; 2] {
        [Relay::new("a"), Relay::new("b")]
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn start(&mut self, n: usize, arguments: &[&str]) {
        let relay = &mut self.relays[n];
        let mut command = Command::new(env!("CARGO_BIN_EXE_castbench"));
        command.current_dir(self.folder.path()).args(["core", "--config", &format!("{}.toml", relay.name)]);
        relay.starts += 1;
        let log = self.folder.path().join(format!("{}.{}.log", relay.name, relay.starts));
        relay.program = Some(Program::start(command.args(arguments), log));
        assert!(comes(|| relay.said().contains("ready\n")), "{}", relay.said());
    }

    pub(super) fn start_both(&mut self, arguments: [&[&str]; 2]) {
        (0..2).for_each(|n| self.start(n, arguments[n]));
    }

    /// Ends both as an operator does.
    pub(super) fn stop(&mut self) {
        for relay in &mut self.relays {
            let mut program = relay.program.take().unwrap();
            program.terminate();
            let status = program.wait(30);
            assert!(status.success() && program.said().ends_with("ended\n"), "{status}\n{}", program.said());
        }
    }

    /// What both have said, in all their lives.
    pub(super) fn story(&self) -> String {
        let lives = self.relays.iter().flat_map(|relay| (1..=relay.starts).map(|n| format!("{}.{n}.log", relay.name)));
        lives
            .map(|log| format!("{log}:\n{}", fs::read_to_string(self.folder.path().join(&log)).unwrap_or_default()))
            .collect()
    }
}

fn settings(relay: &Relay, other: &str, hop: u16, gateway: u16, wanted: &Wanted) -> String {
    let name = relay.name;
    let (users, numbers) = if name == "a" { ([ALICE, BOB], "49173*") } else { ([CAROL, DAVE], "49172*") };
    let mut text = format!(
        "nodes = ['mms_relay']\nhttp = '127.0.0.1:{}'\ndatabase = '{name}.sqlite'\n[mms_relay]\n\
         domain = 'mms.{name}.example'\nlisten = ['http:127.0.0.1:{}']\nsmtp = ['127.0.0.1:{}']\n\
         trusted = ['127.0.0.1']\n{}\n[mms_relay.gateway]\nurl = 'http://127.0.0.1:{gateway}/pap'\n\
         [[mms_relay.relays]]\nname = '{other}'\ndomain = 'mms.{other}.example'\nnext_hop = '127.0.0.1:{hop}'\n\
         numbers = ['{numbers}']\n",
        relay.pages, relay.http, relay.smtp, wanted.settings
    );
    for user in users {
        let push = if user == DAVE { "" } else { "'sip'" };
        let _ = write!(
            text,
            "[[mms_relay.subscribers]]\nmsisdn = '{user}'\nusername = '{user}'\npassword = '{PASSWORD}'\n\
             push = [{push}]\n{}\n",
            wanted.subscriber
        );
    }
    text
}

/// A terminal whose relay knows who it is by a box that both trust.
#[derive(Clone)]
pub(super) struct Terminal {
    pub(super) msisdn: &'static str,
    http: u16,
    gateway: Gateway,
}

/// A message that a terminal was told of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Notified {
    pub(super) transaction: String,
    pub(super) location: String,
}

/// What a terminal was told of a message of its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Report {
    pub(super) kind: u8,
    pub(super) message_id: String,
    pub(super) from: String,
    pub(super) status: u8,
}

impl Terminal {
    pub(super) fn new(rig: &Rig, msisdn: &'static str) -> Self {
        let relay = usize::from([CAROL, DAVE].contains(&msisdn));
        Self { msisdn, http: rig.relays[relay].http, gateway: rig.gateway.clone() }
    }

    fn ask(&self, line: &str, body: &[&[u8]]) -> std::io::Result<Answer> {
        let own = self.msisdn;
        let fields = format!("X-3GPP-Asserted-Identity: \"tel:+{own}\"\r\nContent-Type: {MMS}\r\n");
        web::ask(self.http, &format!("{line} HTTP/1.1\r\n{fields}"), body)
    }

    /// The same again and again until the relay has done it.
    pub(super) fn insist(&self, line: &str, body: &[&[u8]]) -> Vec<u8> {
        let begun = now();
        loop {
            let answer = self.ask(line, body);
            let most = match answer {
                Ok(Answer { status: 200, body }) => return body,
                Ok(Answer { status: 503 | 504, .. }) => BUSY,
                Ok(Answer { status, body }) => panic!("{line}: {status} {}", String::from_utf8_lossy(&body)),
                Err(_) => PATIENCE,
            };
            assert!(begun.elapsed() < most, "{line}: {answer:?}");
            pause(50);
        }
    }

    /// Sends M-Send.req; the Message-ID.
    pub(super) fn send(&self, body: &[&[u8]]) -> String {
        let octets = self.insist("POST /", body);
        let conf = Pdu::read(&octets);
        assert_eq!(
            (conf.kind(), conf.code(field::RESPONSE_STATUS)),
            (kind::SEND_CONF, Some(pdu::FIRST)),
            "{conf:02x?}"
        );
        conf.text(field::MESSAGE_ID).unwrap()
    }

    /// Tells the relay something that has no answer of its own.
    pub(super) fn tell(&self, octets: &[u8]) {
        self.insist("POST /", &[octets]);
    }

    /// Fetches a message: M-Retrieve.conf.
    pub(super) fn fetch(&self, location: &str) -> Vec<u8> {
        let path = location.split_once("//").and_then(|(_, rest)| rest.split_once('/')).unwrap().1;
        self.insist(&format!("GET /{path}"), &[])
    }

    /// Messages that it was told of, each once.
    pub(super) fn notified(&self) -> Vec<Notified> {
        let mut all: Vec<Notified> = Vec::new();
        for octets in self.gateway.to(self.msisdn) {
            let pdu = Pdu::read(&octets);
            if pdu.kind() == kind::NOTIFICATION_IND {
                let text = |name| pdu.text(name).unwrap();
                let own =
                    Notified { transaction: text(field::TRANSACTION_ID), location: text(field::CONTENT_LOCATION) };
                if !all.contains(&own) {
                    all.push(own);
                }
            }
        }
        all
    }

    /// Reports of its messages, each once.
    pub(super) fn reports(&self) -> Vec<Report> {
        let mut all: Vec<Report> = Vec::new();
        for octets in self.gateway.to(self.msisdn) {
            let pdu = Pdu::read(&octets);
            let kind = pdu.kind();
            let (from, status) = match kind {
                kind::DELIVERY_IND => (field::TO, field::STATUS),
                kind::READ_ORIG_IND => (field::FROM, field::READ_STATUS),
                _ => continue,
            };
            let message_id = pdu.text(field::MESSAGE_ID).unwrap();
            let own = Report { kind, message_id, from: pdu.text(from).unwrap(), status: pdu.code(status).unwrap() };
            if !all.contains(&own) {
                all.push(own);
            }
        }
        all
    }
}

/// Waits until something is there; otherwise what it says.
pub(super) fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>, story: impl Fn() -> String) -> T {
    let end = now() + PATIENCE;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(now() < end, "never {what}\n{}", story());
        pause(10);
    }
}
