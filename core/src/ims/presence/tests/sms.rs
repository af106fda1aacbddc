//! What the HSS tells by Sh, over its Diameter bytes.

use protocol::diameter::cx::code as cx_code;
use protocol::diameter::sh::{Pnr, ShAnswer, UserIdentity, code};
use protocol::diameter::{
    ConnectionId, DiameterConfig, DiameterEndpoint, DiameterInput, DiameterOutput, DiameterTransport, PeerConfig,
    ResultCode, dictionary,
};
use protocol::xml::{Basic, BenchState};

use super::*;
use crate::node::NodeInput;

const CONN: ConnectionId = ConnectionId(1);

struct Pair {
    rig: Rig<PresenceServer>,
    hss: DiameterEndpoint,
    answers: Vec<ResultCode>,
}

fn diameter(host: &str, peer: &str, connects: bool) -> DiameterConfig {
    let mut config = DiameterConfig::new(host, "ims.example", [10, 46, 0, 4].into(), vec![dictionary::APP_SH]);
    let connect = connects.then(|| ([10, 46, 0, 4], 3868).into());
    config.peers = vec![PeerConfig { host: peer.to_owned(), realm: "ims.example".to_owned(), connect }];
    config
}

impl Pair {
    fn new(rows: BTreeMap<(Table, String), Vec<u8>>) -> Self {
        let mut config = config();
        config.sh = Some(diameter("presence.ims.example", "hss.ims.example", true));
        let node = PresenceServer::new(config, Entropy::of_box(1, "presence")).unwrap();
        Self::of(Rig::new(node, OWN, rows))
    }

    fn of(mut rig: Rig<PresenceServer>) -> Self {
        rig.pass(Duration::from_millis(1));
        assert!(matches!(rig.diameter.pop_front(), Some(DiameterTransport::Connect { peer: 0, .. })));
        let config = diameter("hss.ims.example", "presence.ims.example", false);
        let mut hss = DiameterEndpoint::new(config, Entropy::of_box(1, "hss"));
        hss.handle_input(rig.now, DiameterInput::Connected { conn: CONN, peer: None });
        rig.input(NodeInput::Diameter(DiameterInput::Connected { conn: CONN, peer: Some(0) }));
        let mut pair = Self { rig, hss, answers: Vec::new() };
        pair.run();
        pair
    }

    fn run(&mut self) {
        loop {
            if let Some(transport) = self.rig.diameter.pop_front() {
                let DiameterTransport::Send { bytes, .. } = transport else { continue };
                self.hss.handle_input(self.rig.now, DiameterInput::Received { conn: CONN, bytes: &bytes });
            } else if let Some(output) = self.hss.poll_output() {
                match output {
                    DiameterOutput::Transport(DiameterTransport::Send { bytes, .. }) => {
                        self.rig.input(NodeInput::Diameter(DiameterInput::Received { conn: CONN, bytes: &bytes }));
                    }
                    DiameterOutput::Answer { result, .. } => {
                        self.answers.push(ShAnswer::from_message(&result.unwrap()).unwrap().outcome.result);
                    }
                    _ => {}
                }
            } else {
                return;
            }
        }
    }

    fn tell(&mut self, user: UserIdentity, inner: &str) -> ResultCode {
        let routing = self.hss.routing(Some("presence.ims.example"), "ims.example");
        let user_data = format!("<Sh-Data><Extension>{inner}</Extension></Sh-Data>").into_bytes();
        let pnr = Pnr { routing, user, user_data };
        self.hss.send_request(self.rig.now, 1, pnr.to_message());
        self.run();
        self.answers.pop().expect("an answer")
    }
}

const CONNECTED: &str = "<SMSRegistrationInfo><IP-SM-GW-Number>491700060</IP-SM-GW-Number></SMSRegistrationInfo>";
const DISCONNECTED: &str = "<SMSRegistrationInfo/>";

fn anna() -> UserIdentity {
    UserIdentity::Public(ANNA.to_owned())
}

/// One that the store has not told yet what there was.
fn unread(rows: BTreeMap<(Table, String), Vec<u8>>) -> Pair {
    let mut config = config();
    config.sh = Some(diameter("presence.ims.example", "hss.ims.example", true));
    let node = PresenceServer::new(config, Entropy::of_box(1, "presence")).unwrap();
    Pair::of(Rig::with_slow_store(node, OWN, rows))
}

/// What a watcher sees of short messages over IP.
fn told(notify: &Request) -> Vec<(String, Option<Basic>, Option<bool>)> {
    let of = |tuple: &protocol::xml::Tuple| (tuple.id.clone(), tuple.basic, BenchState::of(tuple).ip_connected);
    shown(notify).tuples.iter().map(of).collect()
}

#[test]
fn watchers_see_who_is_reached_over_ip() {
    let mut pair = Pair::new(BTreeMap::new());
    subscribe(&mut pair.rig, BEN, "1", "presence", "");
    pair.rig.response(200, SCSCF);
    assert!(told(&notified(&mut pair.rig)).is_empty());
    assert_eq!(pair.tell(anna(), CONNECTED), ResultCode::SUCCESS);
    pair.rig.pass(Duration::from_secs(6));
    let open = ("sms-over-ip".to_owned(), Some(Basic::Open), Some(true));
    assert_eq!(told(&notified(&mut pair.rig)), std::slice::from_ref(&open));
    // Beside what the user publishes; and what was told is there after a new start.
    publish(&mut pair.rig, 1, "Expires: 100\n", &pidf("one"));
    pair.rig.pass(Duration::from_secs(6));
    assert_eq!(told(&notified(&mut pair.rig)), [("t".to_owned(), Some(Basic::Open), None), open.clone()]);
    let mut pair = Pair::new(pair.rig.rows);
    pair.rig.sent.clear();
    subscribe(&mut pair.rig, BEN, "2", "presence", "");
    pair.rig.response(200, SCSCF);
    let seen = notified(&mut pair.rig);
    assert!(told(&seen).contains(&open), "{seen:?}");
    assert_eq!(pair.tell(anna(), DISCONNECTED), ResultCode::SUCCESS);
    let composed = pair.rig.node.publications.composed(ANNA);
    let states: Vec<_> = composed.tuples.iter().map(|tuple| BenchState::of(tuple).ip_connected).collect();
    assert_eq!((states, pair.rig.node.publications.counts()), (vec![None, Some(false)], (1, 2)));
}

#[test]
fn too_much_before_the_store_has_spoken_is_refused() {
    let mut rig = unread(BTreeMap::new());
    let routing = rig.hss.routing(Some("presence.ims.example"), "ims.example");
    let user_data = format!("<Sh-Data><Extension>{CONNECTED}</Extension></Sh-Data>").into_bytes();
    for n in 0..1001 {
        let pnr = Pnr { routing: routing.clone(), user: anna(), user_data: user_data.clone() };
        rig.hss.send_request(rig.rig.now, n, pnr.to_message());
    }
    rig.run();
    assert_eq!(rig.answers, [ResultCode::Base(protocol::diameter::result::TOO_BUSY)]);
    rig.rig.release_store();
    rig.run();
    assert_eq!(rig.answers.iter().filter(|answer| **answer == ResultCode::SUCCESS).count(), 1000);
}

#[test]
fn what_cannot_be_shown_is_refused() {
    let mut pair = Pair::new(BTreeMap::new());
    let stranger = UserIdentity::Public("sip:anna@elsewhere.example".to_owned());
    for (user, inner, wanted) in [
        (stranger, CONNECTED, ResultCode::Experimental(cx_code::USER_UNKNOWN)),
        (anna(), "<IMSI/>", ResultCode::Experimental(code::USER_DATA_NOT_RECOGNIZED)),
        (anna(), "<", ResultCode::Experimental(code::USER_DATA_NOT_RECOGNIZED)),
        (UserIdentity::Msisdn("491700001".to_owned()), CONNECTED, ResultCode::SUCCESS),
    ] {
        assert_eq!(pair.tell(user, inner), wanted, "{inner}");
    }
    assert_eq!(pair.rig.node.publications.composed("tel:+491700001").tuples.len(), 1);
    pair.rig.store_fails = true;
    assert_eq!(pair.tell(anna(), CONNECTED), ResultCode::Base(5012));
    assert!(pair.rig.node.publications.composed(ANNA).tuples.is_empty());
}
