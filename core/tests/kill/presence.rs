//! What the presence server acknowledged survives being killed at any moment: publications keep their entity tags, and
//! subscriptions go on with numbers that were not used before.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use core_network::ims::presence::{PresenceConfig, PresenceServer};
use core_network::node::{Node, NodeInput, NodeOutput, NodeStore};
use protocol::sip::{Flow, Request, Response, SipMessage, Transport};
use protocol::xml::SubHandling;
use protocol::{Entropy, Instant};

use super::child::{kill_rounds, role, say};

/// Presentities of a child that is not killed; each publishes, is watched and changes.
const PRESENTITIES: u64 = 60;

/// Numbers of the rounds in which the test looks, none of which a child plays.
const LOOKS: u64 = 1_000_000;

#[test]
fn acknowledged_presence_survives_kills() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ims.sqlite");
    let mut state = Acknowledged::default();
    let kills = kill_rounds("presence::child_that_is_killed", &path, |round, said| {
        said.iter().for_each(|line| state.take(line));
        state.check(&path, round);
    });
    assert!(state.etags.len() as u64 > kills, "the children got too little done: {}", state.etags.len());
}

/// Plays the child when the variables are set; alone it has nothing to do.
#[test]
fn child_that_is_killed() {
    let Some((path, round)) = role() else { return };
    let mut rig = Rig::open(&path, round);
    for n in 0..PRESENTITIES {
        let user = format!("u{round}.{n}");
        let mut condition = String::new();
        for (turn, note) in [(1, "one"), (2, "two")] {
            // From here on either tag may be the right one.
            say(&format!("publishing {user}"));
            let etag = rig.publish(&user, turn, &condition, note);
            say(&format!("published {user} {etag}"));
            condition = format!("SIP-If-Match: {etag}\r\n");
            if turn == 1 {
                let to = rig.subscribe(&user);
                say(&format!("subscribed {user} {to}"));
            }
            rig.pass(Duration::from_secs(6));
        }
    }
}

/// What the children have said.
#[derive(Default)]
struct Acknowledged {
    /// By presentity: its entity tag; none while another one was asked for.
    etags: BTreeMap<String, Option<String>>,
    /// By presentity: To of the dialog of its watcher.
    dialogs: BTreeMap<String, String>,
    /// The highest CSeq of a NOTIFY.
    told: BTreeMap<String, u32>,
}

impl Acknowledged {
    fn take(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["publishing", user] => drop(self.etags.insert(user.to_owned(), None)),
            ["published", user, etag] => drop(self.etags.insert(user.to_owned(), Some(etag.to_owned()))),
            ["subscribed", user, to] => drop(self.dialogs.insert(user.to_owned(), to.to_owned())),
            ["told", user, cseq] => drop(self.told.insert(user.to_owned(), cseq.parse().expect("a number"))),
            _ => panic!("not understood: {line}"),
        }
    }

    fn check(&mut self, path: &Path, round: u64) {
        let mut rig = Rig::open(path, LOOKS + round);
        for (user, etag) in self.etags.iter_mut().filter_map(|(user, etag)| Some((user, etag.as_mut()?))) {
            *etag = rig.publish(user, LOOKS, &format!("SIP-If-Match: {etag}\r\n"), "");
        }
        for (user, to) in &self.dialogs {
            rig.refresh(user, to, round);
        }
        rig.pass(Duration::from_secs(6));
        for user in self.dialogs.keys() {
            let Some(&(first, last)) = rig.told.get(user) else { panic!("round {round}: nobody is told of {user}") };
            let before = self.told.insert(user.clone(), last);
            assert!(before.is_none_or(|before| before < first), "round {round}: {user} {before:?}, then {first}");
        }
    }
}

const SCSCF: &str = "10.46.0.3:5060";

/// A presence server on the store of the test, and everybody else.
struct Rig {
    node: PresenceServer,
    store: NodeStore,
    now: Instant,
    flow: Flow,
    round: u64,
    responses: Vec<Response>,
    /// First and last CSeq of NOTIFYs.
    told: BTreeMap<String, (u32, u32)>,
}

impl Rig {
    fn open(path: &Path, round: u64) -> Self {
        let own = "10.46.0.11:5060".parse().unwrap();
        let mut config = PresenceConfig::new("sip:presence.ims.example", "ims.example", own);
        config.without_rules = SubHandling::Allow;
        config.utc_ms_at_zero = 1_767_225_600_000;
        config.limits.retold_per_s = 100_000;
        let node = PresenceServer::new(config, Entropy::of_box(round, "presence")).unwrap();
        let flow = Flow { transport: Transport::Udp, local: own, remote: SCSCF.parse().unwrap() };
        let store = NodeStore::open(path).expect("the killed one before left the store whole");
        let (responses, told) = Default::default();
        let mut rig = Self { node, store, now: Instant::ZERO, flow, round, responses, told };
        rig.drain();
        rig
    }

    fn publish(&mut self, user: &str, turn: u64, condition: &str, note: &str) -> String {
        let round = self.round;
        let body = match note {
            "" => String::new(),
            note => format!(
                "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:{user}@ims.example'><tuple id='t'><status/>\
                 <note>{note}</note></tuple></presence>"
            ),
        };
        let response = self.ask(&format!(
            "PUBLISH sip:{user}@ims.example SIP/2.0\r\nVia: SIP/2.0/UDP {SCSCF};branch=z9hG4bKp{user}{turn}{round}\r\n\
             From: <sip:{user}@ims.example>;tag=p\r\nTo: <sip:{user}@ims.example>\r\nCall-ID: p{user}{turn}{round}\r\n\
             CSeq: 1 PUBLISH\r\nMax-Forwards: 70\r\nP-Asserted-Identity: <sip:{user}@ims.example>\r\nEvent: presence\r\n\
             Expires: 80000\r\n{condition}Content-Type: application/pidf+xml\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        response.headers.get("SIP-ETag").expect("an entity tag").to_owned()
    }

    fn subscribe(&mut self, user: &str) -> String {
        let response = self.ask(&subscription(user, "", 1, "i"));
        response.headers.get("To").expect("To").to_owned()
    }

    fn refresh(&mut self, user: &str, to: &str, round: u64) {
        self.ask(&subscription(user, to, 2 + round, &format!("r{round}")));
    }

    fn ask(&mut self, text: &str) -> Response {
        self.node.handle_input(self.now, NodeInput::Sip { flow: self.flow, bytes: text.as_bytes() });
        self.drain();
        let response = self.responses.pop().expect("a response");
        assert!(response.is_success(), "round {}: {response:?} to {text}", self.round);
        response
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.node.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.node.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn drain(&mut self) {
        while let Some(output) = self.node.poll_output() {
            match output {
                NodeOutput::Sip { bytes, .. } => match SipMessage::parse(&bytes).unwrap() {
                    SipMessage::Request(notify) => self.notified(&notify),
                    SipMessage::Response(response) => self.responses.push(response),
                },
                NodeOutput::Store(request) => {
                    let answer = self.store.execute(&request);
                    assert!(answer.result.is_ok(), "{answer:?}");
                    self.node.handle_input(self.now, NodeInput::Store(answer));
                }
                other => panic!("not expected: {other:?}"),
            }
        }
    }

    fn notified(&mut self, notify: &Request) {
        let cseq = notify.cseq().unwrap().unwrap().seq;
        let user = notify.call_id().unwrap().to_owned();
        let told = self.told.entry(user.clone()).or_insert((cseq, cseq));
        assert!(told.1 <= cseq);
        told.1 = cseq;
        if self.round < LOOKS {
            say(&format!("told {user} {cseq}"));
        }
        let bytes = Response::to(notify, 200, None).to_bytes();
        self.node.handle_input(self.now, NodeInput::Sip { flow: self.flow, bytes: &bytes });
    }
}

fn subscription(user: &str, to: &str, cseq: u64, branch: &str) -> String {
    let to = if to.is_empty() { format!("<sip:{user}@ims.example>") } else { to.to_owned() };
    format!(
        "SUBSCRIBE sip:{user}@ims.example SIP/2.0\r\nVia: SIP/2.0/UDP {SCSCF};branch=z9hG4bKs{user}{branch}\r\n\
         From: <sip:ben@ims.example>;tag=w\r\nTo: {to}\r\nCall-ID: {user}\r\nCSeq: {cseq} SUBSCRIBE\r\nMax-Forwards: 70\r\n\
         Contact: <sip:10.45.0.2:5060>\r\nP-Asserted-Identity: <sip:ben-{user}@ims.example>\r\nEvent: presence\r\n\
         Expires: 80000\r\nContent-Length: 0\r\n\r\n"
    )
}
