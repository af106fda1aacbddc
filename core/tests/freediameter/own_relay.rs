//! Our relay and freeDiameterd as relays, one behind the other.

use std::collections::VecDeque;

use core_network::ims::relay::{DiameterRelay, RealmRoute, RelayConfig};

use super::*;

/// An HSS behind a relay of ours, joined in memory: what the relay says to others goes out.
#[derive(Debug)]
struct RelayedHss {
    relay: DiameterRelay,
    hss: Hss,
    out: VecDeque<NodeOutput>,
}

/// The connection between both.
const INSIDE: ConnectionId = ConnectionId(1_000_000);

impl RelayedHss {
    fn new(mut own: DiameterConfig) -> Self {
        let hss = "hss.behind.ims.test";
        own.origin_host = "dra.ims.test".to_owned();
        let peer = |host: &str, connect| PeerConfig { host: host.to_owned(), realm: REALM.to_owned(), connect };
        let mut of_hss = DiameterConfig { origin_host: hss.to_owned(), ..own.clone() };
        of_hss.peers = vec![peer("dra.ims.test", Some(([127, 0, 0, 1], 1).into()))];
        own.peers.push(peer(hss, None));
        let mut config = RelayConfig::new(own);
        let next_hops = vec![hss.to_owned()];
        config.routes = vec![RealmRoute { realm: REALM.to_owned(), application: None, next_hops }];
        let relay = DiameterRelay::new(config, Entropy::from_seed([6; 32]));
        let hss = Hss::new(HssConfig::new(of_hss), Entropy::from_seed([1; 32]));
        Self { relay, hss, out: VecDeque::new() }
    }

    fn drain(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.relay.poll_output() {
                match output {
                    NodeOutput::Diameter(DiameterTransport::Send { conn: INSIDE, bytes }) => {
                        let input = DiameterInput::Received { conn: INSIDE, bytes: &bytes };
                        self.hss.handle_input(now, NodeInput::Diameter(input));
                    }
                    other => self.out.push_back(other),
                }
            } else if let Some(output) = self.hss.poll_output() {
                let to_relay = match &output {
                    NodeOutput::Diameter(DiameterTransport::Connect { .. }) => {
                        let connected = DiameterInput::Connected { conn: INSIDE, peer: None };
                        self.relay.handle_input(now, NodeInput::Diameter(connected));
                        let connected = DiameterInput::Connected { conn: INSIDE, peer: Some(0) };
                        self.hss.handle_input(now, NodeInput::Diameter(connected));
                        continue;
                    }
                    NodeOutput::Diameter(DiameterTransport::Send { bytes, .. }) => bytes,
                    _ => {
                        self.out.push_back(output);
                        continue;
                    }
                };
                let input = DiameterInput::Received { conn: INSIDE, bytes: to_relay };
                self.relay.handle_input(now, NodeInput::Diameter(input));
            } else {
                return;
            }
        }
    }
}

impl Node for RelayedHss {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Diameter(_) => self.relay.handle_input(now, input),
            _ => self.hss.handle_input(now, input),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.relay.handle_timeout(now);
        self.hss.handle_timeout(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        [self.relay.poll_timeout(), self.hss.poll_timeout()].into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.drain_first();
        self.out.pop_front()
    }
}

impl RelayedHss {
    /// What both have said before anything came.
    fn drain_first(&mut self) {
        if self.out.is_empty() {
            self.drain(Instant::ZERO);
        }
    }
}

#[test]
fn freediameter_and_our_relay_pass_on_to_each_other() {
    let relayed = |config| Box::new(RelayedHss::new(config)) as Box<dyn Node>;
    let routing = Routing {
        session_id: "scscf.ims.test;1;1;a".to_owned(),
        origin_host: "scscf.ims.test".to_owned(),
        origin_realm: REALM.to_owned(),
        destination_host: Some("hss.behind.ims.test".to_owned()),
        destination_realm: REALM.to_owned(),
    };
    let mar = Mar {
        routing,
        impi: IMPI.to_owned(),
        impu: IMPU.to_owned(),
        scheme: SCHEME_AKA.to_owned(),
        authorization: None,
        items: 1,
        server: "sip:scscf.ims.test".to_owned(),
    };
    let Some((mut bench, _relay, _folder, answer)) = behind_relay("dra.ims.test", relayed, &mar.to_message()) else {
        return;
    };
    let maa = Maa::from_message(&answer).unwrap();
    assert_eq!((maa.outcome.result, maa.items.len()), (ResultCode::SUCCESS, 1), "{answer:?}");
    assert_eq!(maa.outcome.origin_host, "hss.behind.ims.test");
    // Nobody is there under that name: ours says so, and theirs passes it on.
    let nobody =
        Mar { routing: Routing { destination_host: Some("nobody.ims.test".to_owned()), ..mar.routing.clone() }, ..mar };
    let answer = bench.ask(nobody.to_message());
    assert_eq!(ResultCode::from_message(&answer), Ok(ResultCode::Base(3002)), "{answer:?}");
}
