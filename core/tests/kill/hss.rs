//! No sequence number is given out twice and no acknowledged registration is lost, whenever the HSS is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use core_network::ims::hss::{Hss, HssConfig, IdentityState, add_subscribers, parse_subscribers};
use core_network::node::{Node, NodeInput, NodeOutput, NodeStore};
use protocol::diameter::cx::{AuthData, Maa, Mar, SCHEME_AKA, Saa, Sar, ServerAssignmentType};
use protocol::diameter::{
    ConnectionId, DiameterConfig, DiameterEndpoint, DiameterInput, DiameterOutput, DiameterTransport, Message,
    PeerConfig, dictionary,
};
use protocol::{Entropy, Instant};

use super::child::{kill_rounds, role, say};

/// Rounds of requests of a child that is not killed.
const REQUESTS: u64 = 200;
const SUBSCRIBERS: u64 = 4;
const SCSCF: &str = "sip:scscf.ims.test";
const CONN: ConnectionId = ConnectionId(1);

#[test]
fn no_number_twice_and_no_registration_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ims.sqlite");
    let text: String = (0..SUBSCRIBERS)
        .map(|n| {
            format!(
                "[[subscriber]]\nimpi = \"{n}@ims.test\"\nk = \"0396eb317b6d1c36f19c1c84cd6ffd16\"\n\
                 opc = \"53c15671c60a4b731c55b4a441c0bde2\"\n[[subscriber.set]]\nimpus = [\"sip:{n}@ims.test\"]\n"
            )
        })
        .collect();
    let subscribers = parse_subscribers("subscribers.toml", &text).unwrap();
    add_subscribers(&mut NodeStore::open(&path).unwrap(), &subscribers).unwrap();
    let mut numbers: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    // By subscriber: registered as acknowledged; none while a change is under way.
    let mut registered: BTreeMap<String, Option<bool>> = BTreeMap::new();
    let kills = kill_rounds("hss::child_that_is_killed", &path, |round, said| {
        for line in said {
            let words: Vec<_> = line.split(' ').collect();
            match words[..] {
                ["vector", user, number] => {
                    let number = number.parse().expect("a number");
                    let of = numbers.entry(user.to_owned()).or_default();
                    assert!(of.last().is_none_or(|last| *last < number), "round {round}: {line} is not new: {of:?}");
                    of.insert(number);
                }
                ["changing", user] => drop(registered.insert(user.to_owned(), None)),
                ["registered", user] => drop(registered.insert(user.to_owned(), Some(true))),
                ["deregistered", user] => drop(registered.insert(user.to_owned(), Some(false))),
                _ => panic!("round {round}: {line}"),
            }
        }
        let bench = Bench::new(&path, 1000 + round);
        for (user, state) in &registered {
            let found = bench.hss.identity_state(&format!("sip:{user}@ims.test")).expect("it is provisioned");
            let wanted = state.map(|is| if is { IdentityState::Registered } else { IdentityState::NotRegistered });
            assert!(wanted.is_none_or(|wanted| wanted == found), "round {round}: {user} is {found:?}, not {wanted:?}");
        }
    });
    let given: usize = numbers.values().map(BTreeSet::len).sum();
    assert!(given as u64 > kills, "the children got too little done: {given}");
    println!("{kills} kills, {given} vectors");
}

/// Plays the child when the variables are set; alone it has nothing to do.
#[test]
fn child_that_is_killed() {
    let Some((path, round)) = role() else { return };
    let mut bench = Bench::new(&path, round);
    for request in 0..REQUESTS {
        let user = request % SUBSCRIBERS;
        let maa = bench.mar(user);
        for item in Maa::from_message(&maa).unwrap().items {
            let AuthData::Aka { rand, autn, .. } = item.data else { panic!("AKA was asked for") };
            say(&format!("vector {user} {}", number(&rand, &autn)));
        }
        let (kind, done) = if (request / SUBSCRIBERS).is_multiple_of(2) {
            (ServerAssignmentType::Registration, "registered")
        } else {
            (ServerAssignmentType::UserDeregistration, "deregistered")
        };
        say(&format!("changing {user}"));
        let saa = Saa::from_message(&bench.sar(user, kind)).unwrap();
        assert!(saa.outcome.result.is_success());
        say(&format!("{done} {user}"));
    }
}

/// The sequence number in AUTN, as the USIM reads it.
fn number(rand: &[u8; 16], autn: &[u8; 16]) -> u64 {
    let key = |hex: &str| <[u8; 16]>::try_from(hex::decode(hex).unwrap()).unwrap();
    let mut usim = milenage::Milenage::new_with_opc(
        key("0396eb317b6d1c36f19c1c84cd6ffd16"),
        key("53c15671c60a4b731c55b4a441c0bde2"),
    );
    let (_, _, _, ak) = usim.f2345(rand);
    autn.iter().zip(ak).fold(0, |number, (octet, ak)| number << 8 | u64::from(octet ^ ak))
}

/// An HSS on its file, and an S-CSCF's Diameter side, joined in memory.
struct Bench {
    hss: Hss,
    store: NodeStore,
    peer: DiameterEndpoint,
}

impl Bench {
    fn new(path: &Path, round: u64) -> Self {
        let applications = vec![dictionary::APP_CX, dictionary::APP_SH];
        let config = |host: &str, peer: &str, connect| {
            let mut config = DiameterConfig::new(host, "ims.test", [127, 0, 0, 1].into(), applications.clone());
            config.peers = vec![PeerConfig { host: peer.to_owned(), realm: "ims.test".to_owned(), connect }];
            config
        };
        let entropy = |name| Entropy::of_box(round, name);
        let address = Some(([127, 0, 0, 1], 3868).into());
        let mut bench = Self {
            hss: Hss::new(HssConfig::new(config("hss.ims.test", "scscf.ims.test", None)), entropy("hss")),
            store: NodeStore::open(path).expect("the killed one before left the store whole"),
            peer: DiameterEndpoint::new(config("scscf.ims.test", "hss.ims.test", address), entropy("peer")),
        };
        bench.peer.handle_timeout(Instant::ZERO);
        bench.hss.handle_input(Instant::ZERO, NodeInput::Diameter(DiameterInput::Connected { conn: CONN, peer: None }));
        bench.peer.handle_input(Instant::ZERO, DiameterInput::Connected { conn: CONN, peer: Some(0) });
        assert_eq!(bench.drain(), None);
        bench
    }

    fn mar(&mut self, user: u64) -> Message {
        let mar = Mar {
            routing: self.peer.routing(None, "ims.test"),
            impi: format!("{user}@ims.test"),
            impu: format!("sip:{user}@ims.test"),
            scheme: SCHEME_AKA.to_owned(),
            authorization: None,
            items: 2,
            server: SCSCF.to_owned(),
        };
        self.ask(mar.to_message())
    }

    fn sar(&mut self, user: u64, assignment: ServerAssignmentType) -> Message {
        let sar = Sar {
            routing: self.peer.routing(None, "ims.test"),
            impi: Some(format!("{user}@ims.test")),
            impus: vec![format!("sip:{user}@ims.test")],
            server: SCSCF.to_owned(),
            assignment,
            has_user_data: false,
        };
        self.ask(sar.to_message())
    }

    fn ask(&mut self, message: Message) -> Message {
        self.peer.send_request(Instant::ZERO, 1, message);
        self.drain().expect("an answer")
    }

    fn drain(&mut self) -> Option<Message> {
        let now = Instant::ZERO;
        let mut answer = None;
        loop {
            if let Some(output) = self.peer.poll_output() {
                match output {
                    DiameterOutput::Transport(DiameterTransport::Send { bytes, .. }) => {
                        let input = DiameterInput::Received { conn: CONN, bytes: &bytes };
                        self.hss.handle_input(now, NodeInput::Diameter(input));
                    }
                    DiameterOutput::Answer { result, .. } => answer = Some(result.expect("an answer")),
                    _ => {}
                }
            } else if let Some(output) = self.hss.poll_output() {
                match output {
                    NodeOutput::Diameter(DiameterTransport::Send { bytes, .. }) => {
                        self.peer.handle_input(now, DiameterInput::Received { conn: CONN, bytes: &bytes });
                    }
                    NodeOutput::Store(request) => {
                        let answer = self.store.execute(&request);
                        self.hss.handle_input(now, NodeInput::Store(answer));
                    }
                    _ => {}
                }
            } else {
                return answer;
            }
        }
    }
}
