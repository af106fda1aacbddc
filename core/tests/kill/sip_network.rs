//! What the registrar of a plain SIP network acknowledged survives being killed at any moment: contacts that were put are
//! there, contacts that were removed are not, and requests reach them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use core_network::ims::{NetworkBox, NetworkPlan};
use core_network::node::{Node, NodeInput, NodeOutput, NodeStore};
use core_network::sip_network::{SipNetwork, SipNetworkConfig, SipUser};
use protocol::sip::{Challenge, DigestClient, Flow, Method, Response, SipMessage, Transport};
use protocol::{Entropy, Instant, Secret};

use super::child::{kill_rounds, role, say};

const DOMAIN: &str = "sip.example";
const PASSWORD: &str = "pw";

/// Users; each child moves all of them, until it is killed.
const USERS: u64 = 40;

/// Numbers of the rounds in which the test looks, none of which a child plays.
const LOOKS: u64 = 1_000_000;

/// By user: the last octet of his contact, 0 when he has none. None: he was moving when the child died.
type Contacts = BTreeMap<u64, Option<u64>>;

#[test]
fn acknowledged_contacts_survive_kills() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ims.sqlite");
    let (mut contacts, mut moves) = (Contacts::new(), 0);
    let kills = kill_rounds("sip_network::child_that_is_killed", &path, |round, said| {
        for line in &said {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |at: usize| words[at].parse::<u64>().expect("a number");
            match words[0] {
                "moving" => drop(contacts.insert(number(1), None)),
                "moved" => drop(contacts.insert(number(1), Some(number(2)))),
                _ => panic!("not understood: {line}"),
            }
            moves += u64::from(words[0] == "moved");
        }
        check(&path, round, &mut contacts);
    });
    assert!(moves > kills, "the children got too little done: {moves}");
}

/// Plays the child when the variables are set; alone it has nothing to do.
#[test]
fn child_that_is_killed() {
    let Some((path, round)) = role() else { return };
    let mut rig = Rig::open(&path, round);
    for user in 0..USERS {
        // Every third one goes.
        let contact = if (user + round).is_multiple_of(3) { 0 } else { 1 + (user + round) % 200 };
        say(&format!("moving {user}"));
        rig.move_to(user, contact);
        say(&format!("moved {user} {contact}"));
    }
}

fn check(path: &Path, round: u64, contacts: &mut Contacts) {
    let mut rig = Rig::open(path, LOOKS + round);
    for (user, contact) in contacts {
        let reached = rig.reached(*user);
        assert!(reached.len() <= 1, "round {round}: user {user} is at {reached:?}");
        let at = reached.first().copied().unwrap_or(0);
        assert!(contact.is_none_or(|contact| contact == at), "round {round}: {user} is at {at}, not at {contact:?}");
        *contact = Some(at);
    }
}

/// A node on the store of the test, and everybody else.
struct Rig {
    node: SipNetwork,
    store: NodeStore,
    round: u64,
    count: u64,
    /// Where the user is.
    from: SocketAddr,
    responses: Vec<Response>,
    /// Where messages to users went.
    reached: Vec<u64>,
}

fn address(last: u64) -> SocketAddr {
    SocketAddr::from(([10, 45, 0, last as u8], 5060))
}

impl Rig {
    fn open(path: &Path, round: u64) -> Self {
        let plan = NetworkPlan::sip(DOMAIN, &[NetworkBox::As], 1_767_225_600_000);
        let mut config = SipNetworkConfig::of(&plan);
        let user = |n| SipUser {
            name: format!("u{n}"),
            password: Secret::new(PASSWORD.into()),
            identities: vec![format!("sip:u{n}@{DOMAIN}")],
        };
        config.users = (0..USERS).map(user).collect();
        let node = SipNetwork::new(config, Entropy::of_box(round, "sip")).unwrap();
        let store = NodeStore::open(path).expect("the killed one before left the store whole");
        let (responses, reached) = Default::default();
        let mut rig = Self { node, store, round, count: 0, from: address(0), responses, reached };
        rig.drain();
        rig
    }

    /// The one contact of a user is this one now; with 0 he has none.
    fn move_to(&mut self, user: u64, contact: u64) {
        self.from = address(contact);
        self.register(user, "Contact: *\r\nExpires: 0\r\n");
        if contact > 0 {
            self.register(user, &format!("Contact: <sip:u{user}@{}>\r\nExpires: 7200\r\n", address(contact)));
        }
    }

    fn register(&mut self, user: u64, fields: &str) {
        let uri = format!("sip:{DOMAIN}");
        let challenged = self.ask("REGISTER", user, &uri, fields);
        let challenge = Challenge::parse(challenged.headers.get("WWW-Authenticate").expect("a challenge")).unwrap();
        let client = DigestClient {
            username: &format!("u{user}"),
            password: PASSWORD.as_bytes(),
            method: &Method::REGISTER,
            uri: &uri,
            nonce_count: 1,
            cnonce: "c0ffee",
            body: &[],
        };
        let fields = format!("{fields}Authorization: {}\r\n", challenge.answer(&client).unwrap());
        let answer = self.ask("REGISTER", user, &uri, &fields);
        assert_eq!(answer.status, 200, "round {}: {answer:?}", self.round);
    }

    /// Where a request of a service to a user goes: last octets of addresses.
    fn reached(&mut self, user: u64) -> Vec<u64> {
        self.reached.clear();
        let uri = format!("sip:u{user}@{DOMAIN}");
        self.send("MESSAGE", user, &uri, &format!("P-Asserted-Identity: <sip:service@{DOMAIN}>\r\n"));
        std::mem::take(&mut self.reached)
    }

    fn ask(&mut self, method: &str, user: u64, uri: &str, fields: &str) -> Response {
        self.responses.clear();
        self.send(method, user, uri, fields);
        self.responses.pop().expect("a response")
    }

    /// Users are outside, and reached over the flow that they registered from; services are trusted.
    fn send(&mut self, method: &str, user: u64, uri: &str, fields: &str) {
        self.count += 1;
        let from = if method == "REGISTER" { self.from } else { NetworkBox::As.sip() };
        let id = format!("{}.{}", self.count, self.round);
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{id}\r\nMax-Forwards: 70\r\n\
             From: <sip:u{user}@{DOMAIN}>;tag=f\r\nTo: <sip:u{user}@{DOMAIN}>\r\nCall-ID: {id}\r\nCSeq: 1 {method}\r\n\
             {fields}Content-Length: 0\r\n\r\n"
        );
        let flow = Flow { transport: Transport::Udp, local: NetworkBox::SipProxy.sip(), remote: from };
        self.node.handle_input(Instant::ZERO, NodeInput::Sip { flow, bytes: text.as_bytes() });
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.node.poll_output() {
            match output {
                NodeOutput::Sip { bytes, target } => match SipMessage::parse(&bytes).unwrap() {
                    SipMessage::Request(request) if request.method == Method::MESSAGE => {
                        let IpAddr::V4(ip) = target.remote.ip() else { panic!("{target:?}") };
                        self.reached.push(ip.octets()[3].into());
                    }
                    SipMessage::Request(request) => panic!("not expected: {request:?}"),
                    SipMessage::Response(response) => self.responses.push(response),
                },
                NodeOutput::Store(request) => {
                    let answer = self.store.execute(&request);
                    assert!(answer.result.is_ok(), "{answer:?}");
                    self.node.handle_input(Instant::ZERO, NodeInput::Store(answer));
                }
                NodeOutput::Note(_) => {}
                other => panic!("not expected: {other:?}"),
            }
        }
    }
}
