//! A Diameter relay between a CSCF and an HSS as another program reads it: capabilities, Route-Record, what it answers itself.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use protocol::Secret;
use protocol::diameter::cx::{AuthData, AuthItem, Maa, Mar, SCHEME_AKA};
use protocol::diameter::{
    Avp, ConnectionId, DiameterConfig, DiameterEndpoint, DiameterInput, DiameterOutput, DiameterTransport, Flags,
    Message, Outcome, PeerConfig, RequestHandle, ResultCode, dictionary as d,
};
use protocol::{Entropy, Instant};

use super::dlt::dissect;

const NAMES: [&str; 3] = ["scscf.ims.test", "dra.ims.test", "hss.ims.test"];

/// A client, a relay that both others connect to, a server; and all that they have sent.
struct Chain {
    nodes: [DiameterEndpoint; 3],
    /// Tokens of requests that the relay has passed on.
    relayed: BTreeMap<u64, RequestHandle>,
    sent: Vec<Message>,
    now: Instant,
}

impl Chain {
    fn new() -> Self {
        let node = |n: usize| {
            let applications = vec![if n == 1 { d::APP_RELAY } else { d::APP_CX }];
            let mut config = DiameterConfig::new(NAMES[n], "ims.test", Ipv4Addr::LOCALHOST.into(), applications);
            let peer = |host: &str, connects: bool| PeerConfig {
                host: host.to_owned(),
                realm: "ims.test".to_owned(),
                connect: connects.then(|| ([127, 0, 0, 1], 3868).into()),
            };
            config.peers = match n {
                1 => vec![peer(NAMES[0], false), peer(NAMES[2], false)],
                _ => vec![peer(NAMES[1], true)],
            };
            DiameterEndpoint::new(config, Entropy::from_seed([n as u8; 32]))
        };
        let mut chain =
            Self { nodes: [0, 1, 2].map(node), relayed: BTreeMap::new(), sent: Vec::new(), now: Instant::ZERO };
        for n in [0, 2] {
            chain.nodes[n].handle_timeout(chain.now);
            chain.drain();
        }
        chain
    }

    fn drain(&mut self) {
        while let Some((from, output)) = (0..3).find_map(|n| Some((n, self.nodes[n].poll_output()?))) {
            match output {
                DiameterOutput::Transport(DiameterTransport::Connect { .. }) => {
                    let conn = ConnectionId(from as u64);
                    self.nodes[1].handle_input(self.now, DiameterInput::Connected { conn, peer: None });
                    self.nodes[from].handle_input(self.now, DiameterInput::Connected { conn, peer: Some(0) });
                }
                DiameterOutput::Transport(DiameterTransport::Send { conn, bytes }) => {
                    let message = Message::parse(&bytes).unwrap();
                    assert_eq!(message.emit(), bytes);
                    self.sent.push(message);
                    let to = if from == 1 { conn.0 as usize } else { 1 };
                    self.nodes[to].handle_input(self.now, DiameterInput::Received { conn, bytes: &bytes });
                }
                DiameterOutput::Request { handle, message } if from == 1 => {
                    let token = self.relayed.len() as u64;
                    self.relayed.insert(token, handle);
                    let from = self.nodes[1].peer_of(handle).unwrap().to_owned();
                    self.nodes[1].relay_request(self.now, token, &from, message, &[NAMES[2].to_owned()]);
                }
                DiameterOutput::Answer { token, result } if from == 1 => {
                    self.nodes[1].send_answer(self.now, self.relayed[&token], result.unwrap());
                }
                DiameterOutput::Request { handle, message } => {
                    let answer = answer(&message);
                    self.nodes[from].send_answer(self.now, handle, answer);
                }
                _ => {}
            }
        }
    }

    /// The client asks.
    fn ask(&mut self, host: &str, change: impl FnOnce(&mut Message)) {
        let mar = Mar {
            routing: self.nodes[0].routing(Some(host), "ims.test"),
            impi: "1@ims.test".to_owned(),
            impu: "sip:alice@ims.test".to_owned(),
            scheme: SCHEME_AKA.to_owned(),
            authorization: None,
            items: 1,
            server: "sip:scscf.ims.test".to_owned(),
        };
        let mut message = mar.to_message();
        change(&mut message);
        self.nodes[0].send_request(self.now, 1, message);
        self.drain();
    }
}

fn answer(request: &Message) -> Message {
    let data = AuthData::Aka {
        rand: [1; 16],
        autn: [2; 16],
        xres: Secret::new(vec![3; 8]),
        ck: Secret::new([4; 16]),
        ik: Secret::new([5; 16]),
    };
    let outcome =
        Outcome { origin_host: NAMES[2].to_owned(), origin_realm: "ims.test".to_owned(), result: ResultCode::SUCCESS };
    let (impi, impu) = (Some("1@ims.test".to_owned()), Some("sip:alice@ims.test".to_owned()));
    Maa { outcome, impi, impu, items: vec![AuthItem { number: Some(1), data }] }.to_message(request)
}

#[test]
fn a_relay_says_what_it_is_and_what_it_has_done() {
    let mut chain = Chain::new();
    chain.ask(NAMES[2], |_| {});
    chain.ask(NAMES[2], |message| message.avps.push(Avp::text(&d::ROUTE_RECORD, NAMES[1])));
    chain.ask(NAMES[1], |_| {});
    chain.ask(NAMES[2], |message| message.flags = message.flags.without(Flags::PROXIABLE));
    let mars: Vec<_> = chain.sent.iter().filter(|message| message.command == d::MULTIMEDIA_AUTH).collect();
    // A request over two hops and its answer, and three that the relay answers itself.
    assert_eq!(mars.len(), 4 + 3 * 2);
    let fields =
        ["-T", "fields", "-e", "diameter.Route-Record", "-e", "diameter.Result-Code", "-e", "diameter.flags.error"];
    let fields = [&fields[..], &["-e", "_ws.malformed", "-Y", "diameter.cmd.code == 303"]].concat();
    let packets = || chain.sent.iter().map(Message::emit);
    let Some(found) = dissect("diameter", packets(), &fields) else { return };
    assert_eq!(
        found.lines().collect::<Vec<_>>(),
        [
            "\t\t0\t",
            "scscf.ims.test\t\t0\t",
            "\t2001\t0\t",
            "\t2001\t0\t",
            "dra.ims.test\t\t0\t",
            "\t3005\t1\t",
            "\t\t0\t",
            "\t3007\t1\t",
            "\t\t0\t",
            "\t3007\t1\t",
        ]
    );
    let Some(found) = dissect("diameter", packets(), &["-V"]) else { return };
    for wanted in [
        "Auth-Application-Id: Relay (4294967295)",
        "Route-Record: scscf.ims.test",
        "Result-Code: DIAMETER_LOOP_DETECTED (3005)",
        "Result-Code: DIAMETER_APPLICATION_UNSUPPORTED (3007)",
    ] {
        assert!(found.contains(wanted), "{wanted}");
    }
    assert!(!found.contains("Malformed") && !found.contains("AVP: Unknown"));
}
