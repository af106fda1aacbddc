//! An I-CSCF between scripted peers and a scripted HSS, in virtual time.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::Entropy;
use protocol::diameter::cx::{Capabilities, Lia, Lir, Uaa, Uar, UserAuthorizationType};
use protocol::diameter::dictionary::APP_CX;
use protocol::diameter::{
    ConnectionId, DiameterConfig, DiameterEndpoint, DiameterInput, DiameterOutput, DiameterTransport, Message, Outcome,
    PeerConfig, RequestHandle, ResultCode,
};
use protocol::sip::{HostTable, SipTimers, Transport};

use super::*;
use crate::ims::rig::{Rig, only};

const ICSCF: &str = "10.46.0.2:5060";
const PCSCF: &str = "10.47.0.1:5060";
const S1: &str = "10.46.0.3:5060";
const S2: &str = "10.46.0.6:5060";
const CONN: ConnectionId = ConnectionId(1);

/// The I-CSCF and its HSS.
struct Net {
    rig: Rig<Icscf>,
    hss: DiameterEndpoint,
    /// What the HSS has got and not answered.
    requests: VecDeque<(RequestHandle, Message)>,
}

fn config() -> IcscfConfig {
    let mut diameter = DiameterConfig::new("icscf.home.net", "home.net", "10.46.0.2".parse().unwrap(), vec![APP_CX]);
    diameter.peers = vec![PeerConfig {
        host: "hss.home.net".to_owned(),
        realm: "home.net".to_owned(),
        connect: Some("10.46.0.4:3868".parse().unwrap()),
    }];
    let choice =
        |uri: &str, capabilities: &[u32]| ScscfChoice { uri: uri.to_owned(), capabilities: capabilities.to_vec() };
    IcscfConfig {
        name: "icscf.home.net".to_owned(),
        local: vec![(Transport::Udp, ICSCF.parse().unwrap())],
        trusted: vec!["10.46.0.3".parse().unwrap(), "10.46.0.6".parse().unwrap(), "10.47.0.1".parse().unwrap()],
        domains: vec!["home.net".to_owned()],
        scscfs: vec![choice("sip:scscf1.home.net", &[1]), choice("sip:scscf2.home.net", &[1, 2])],
        numbers: BTreeMap::from([
            ("+999500".to_owned(), "sip:five@home.net".to_owned()),
            ("+888".to_owned(), "sip:eight@abroad.net".to_owned()),
        ]),
        hosts: HostTable::new()
            .with("scscf1.home.net", S1.parse().unwrap(), Transport::Udp)
            .with("scscf2.home.net", S2.parse().unwrap(), Transport::Udp)
            .with("abroad.net", "10.99.0.1:5060".parse().unwrap(), Transport::Udp),
        timers: SipTimers::default(),
        diameter,
        hss_realm: "home.net".to_owned(),
        hss_host: None,
        hss_routes: Vec::new(),
    }
}

impl Net {
    fn new() -> Self {
        let mut diameter = DiameterConfig::new("hss.home.net", "home.net", "10.46.0.4".parse().unwrap(), vec![APP_CX]);
        diameter.accept_unknown = true;
        let rig = Rig::new(Icscf::new(config(), Entropy::from_seed([1; 32])), ICSCF, BTreeMap::new());
        let mut net =
            Self { rig, hss: DiameterEndpoint::new(diameter, Entropy::from_seed([2; 32])), requests: VecDeque::new() };
        net.rig.pass(Duration::ZERO);
        net.carry();
        net
    }

    /// Carries Diameter to and fro until it is quiet.
    fn carry(&mut self) {
        loop {
            let now = self.rig.now;
            if let Some(transport) = self.rig.diameter.pop_front() {
                match transport {
                    DiameterTransport::Connect { peer, .. } => {
                        self.hss.handle_input(now, DiameterInput::Connected { conn: CONN, peer: None });
                        self.rig.input(NodeInput::Diameter(DiameterInput::Connected { conn: CONN, peer: Some(peer) }));
                    }
                    DiameterTransport::Send { conn, bytes } => {
                        self.hss.handle_input(now, DiameterInput::Received { conn, bytes: &bytes });
                    }
                    DiameterTransport::Close { conn } => self.hss.handle_input(now, DiameterInput::Closed { conn }),
                }
            } else if let Some(output) = self.hss.poll_output() {
                match output {
                    DiameterOutput::Transport(DiameterTransport::Send { conn, bytes }) => {
                        self.rig.input(NodeInput::Diameter(DiameterInput::Received { conn, bytes: &bytes }));
                    }
                    DiameterOutput::Request { handle, message } => self.requests.push_back((handle, message)),
                    _ => {}
                }
            } else {
                return;
            }
        }
    }

    /// The question that the HSS has got.
    fn asked(&mut self) -> (RequestHandle, Message) {
        self.carry();
        assert_eq!(self.requests.len(), 1, "{:?}", self.rig.notes);
        self.requests.pop_front().unwrap()
    }

    fn uar(&mut self) -> (Uar, (RequestHandle, Message)) {
        let asked = self.asked();
        (Uar::from_message(&asked.1).unwrap(), asked)
    }

    fn lir(&mut self) -> (Lir, (RequestHandle, Message)) {
        let asked = self.asked();
        (Lir::from_message(&asked.1).unwrap(), asked)
    }

    fn says(&mut self, (handle, request): (RequestHandle, Message), result: ResultCode, servers: Servers<'_>) {
        let outcome = Outcome { origin_host: "hss.home.net".to_owned(), origin_realm: "home.net".to_owned(), result };
        let (server, capabilities) = match servers {
            Servers::None => (None, None),
            Servers::Name(name) => (Some(name.to_owned()), None),
            Servers::Able(mandatory) => {
                let capabilities = Capabilities { mandatory: mandatory.to_vec(), ..Capabilities::default() };
                (None, Some(capabilities))
            }
        };
        let answer = if request.command == protocol::diameter::dictionary::USER_AUTHORIZATION {
            Uaa { outcome, server, capabilities }.to_message(&request)
        } else {
            Lia { outcome, server, capabilities }.to_message(&request)
        };
        let now = self.rig.now;
        self.hss.send_answer(now, handle, answer);
        self.carry();
    }
}

/// What an answer names.
enum Servers<'a> {
    None,
    Name(&'a str),
    Able(&'a [u32]),
}

const FIRST: ResultCode = ResultCode::Experimental(2001);
const SUBSEQUENT: ResultCode = ResultCode::Experimental(2002);
const UNREGISTERED: ResultCode = ResultCode::Experimental(2003);

fn register(branch: &str, expires: u32, more: &str) -> String {
    format!(
        "REGISTER sip:home.net SIP/2.0
        Via: SIP/2.0/UDP 10.47.0.1:5060;branch=z9hG4bK{branch}
        Max-Forwards: 69
        From: <sip:user1@home.net>;tag=a
        To: <sip:User1@home.net:5060;x=y>
        Call-ID: r{branch}
        CSeq: 1 REGISTER
        Contact: <sip:user1@10.45.0.1:5060>
        Expires: {expires}
        P-Visited-Network-ID: \"visited.net\"
        Path: <sip:t@pcscf.visited.net;lr>
        Require: path
        {more}
        Content-Length: 0"
    )
    .replace("\n        \n", "\n")
}

fn request(method: &str, uri: &str, branch: &str, more: &str) -> String {
    format!(
        "{method} {uri} SIP/2.0
        Via: SIP/2.0/UDP 10.46.0.3:5060;branch=z9hG4bK{branch}
        Max-Forwards: 66
        From: <sip:user2@home.net>;tag=a
        To: <{uri}>
        Call-ID: c{branch}
        CSeq: 1 {method}
        Contact: <sip:user2@10.45.0.2:5060>
        {more}
        Content-Length: 0"
    )
    .replace("\n        \n", "\n")
}

#[test]
fn a_first_registration_is_sent_to_an_s_cscf_that_is_able() {
    let mut net = Net::new();
    let credentials =
        "Authorization: Digest username=\"001@home.net\", realm=\"home.net\", nonce=\"\", uri=\"sip:home.net\"";
    net.rig.udp(PCSCF, &register("1", 3600, credentials));
    let (uar, asked) = net.uar();
    assert_eq!((uar.impi.as_str(), uar.impu.as_str()), ("001@home.net", "sip:User1@home.net"));
    assert_eq!(uar.visited_network, b"visited.net");
    assert_eq!(uar.authorization, Some(UserAuthorizationType::Registration));
    assert_eq!(
        (uar.routing.destination_realm.as_str(), uar.routing.origin_host.as_str()),
        ("home.net", "icscf.home.net")
    );
    net.says(asked, FIRST, Servers::Able(&[1, 2]));
    let register = net.rig.request("REGISTER", S2);
    assert_eq!(register.uri.to_string(), "sip:scscf2.home.net");
    assert_eq!(only(&register.headers, "Max-Forwards"), "68");
    assert_eq!(only(&register.headers, "Path"), "<sip:t@pcscf.visited.net;lr>");
    assert!(!register.headers.contains("Record-Route"));
    net.rig.answer(S2, &register, 401, &[("WWW-Authenticate", "Digest realm=\"home.net\"")]);
    let response = net.rig.response(401, PCSCF);
    assert_eq!(response.headers.values("Via").count(), 1);
    net.rig.is_silent();
}

#[test]
fn the_private_identity_is_that_of_the_only_digest() {
    let digest = |user: &str| format!("Authorization: Digest username=\"{user}\", realm=\"home.net\", nonce=\"n\"");
    let mut net = Net::new();
    let more = format!("Authorization: Basic username=\"victim@home.net\"\n{}", digest("001@home.net"));
    net.rig.udp(PCSCF, &register("1", 3600, &more));
    assert_eq!(net.uar().0.impi, "001@home.net");
    let mut net = Net::new();
    net.rig.udp(PCSCF, &register("2", 3600, &format!("{}\n{}", digest("victim@home.net"), digest("001@home.net"))));
    assert_eq!(net.rig.response(400, PCSCF).reason, "More than one Authorization");
    net.carry();
    assert!(net.requests.is_empty());
}

#[test]
fn a_known_user_goes_to_its_s_cscf_and_a_deregistration_says_so() {
    let mut net = Net::new();
    net.rig.udp(PCSCF, &register("1", 0, ""));
    let (uar, asked) = net.uar();
    assert_eq!(uar.impi, "User1@home.net", "made of the public identity");
    assert_eq!(uar.authorization, Some(UserAuthorizationType::DeRegistration));
    net.says(asked, SUBSEQUENT, Servers::Name("sip:scscf1.home.net"));
    net.rig.request("REGISTER", S1);
}

#[test]
fn the_next_s_cscf_is_tried_when_one_does_not_take_a_registration() {
    for how in ["redirects", "480", "is silent", "is out of reach"] {
        let mut net = Net::new();
        net.rig.udp(PCSCF, &register("1", 3600, ""));
        let (_, asked) = net.uar();
        net.says(asked, FIRST, Servers::Able(&[1]));
        let first = net.rig.request("REGISTER", S1);
        match how {
            "redirects" => net.rig.answer(S1, &first, 302, &[]),
            "480" => net.rig.answer(S1, &first, 480, &[]),
            "is silent" => {
                net.rig.pass(Duration::from_secs(32));
                while net.rig.sent.front().is_some_and(|(target, _)| target.remote == S1.parse().unwrap()) {
                    net.rig.sent.pop_front();
                }
            }
            _ => {
                let target =
                    protocol::sip::Target { transport: Transport::Udp, remote: S1.parse().unwrap(), flow: None };
                net.rig.input(NodeInput::SipFailed { target, why: "port unreachable".to_owned() });
            }
        }
        let second = net.rig.request("REGISTER", S2);
        assert_eq!(second.uri.to_string(), "sip:scscf2.home.net", "{how}");
        net.rig.answer(S2, &second, 480, &[]);
        net.rig.response(600, PCSCF);
        net.rig.is_silent();
    }
}

#[test]
fn an_s_cscf_that_has_gone_is_replaced_by_capabilities() {
    let mut net = Net::new();
    net.rig.udp(PCSCF, &register("1", 3600, ""));
    let (_, asked) = net.uar();
    net.says(asked, SUBSEQUENT, Servers::Name("sip:scscf1.home.net"));
    let first = net.rig.request("REGISTER", S1);
    net.rig.answer(S1, &first, 480, &[]);
    let (uar, asked) = net.uar();
    assert_eq!(uar.authorization, Some(UserAuthorizationType::RegistrationAndCapabilities));
    net.says(asked, ResultCode::SUCCESS, Servers::Able(&[1]));
    net.rig.request("REGISTER", S2);
    assert!(net.rig.notes.iter().any(|note| note.contains("sip:scscf1.home.net does not take REGISTER: 480")));
}

#[test]
fn what_the_hss_says_no_to() {
    for (result, status) in [
        (ResultCode::Experimental(5001), 403),
        (ResultCode::Experimental(5002), 403),
        (ResultCode::Experimental(5004), 403),
        (ResultCode::Base(5003), 403),
        (ResultCode::Base(5012), 480),
        (ResultCode::Base(3004), 480),
    ] {
        let mut net = Net::new();
        net.rig.udp(PCSCF, &register("1", 3600, ""));
        let (_, asked) = net.uar();
        net.says(asked, result, Servers::None);
        net.rig.response(status, PCSCF);
        net.rig.is_silent();
    }
    let mut net = Net::new();
    net.rig.udp(PCSCF, &register("1", 3600, ""));
    let (_, asked) = net.uar();
    net.says(asked, FIRST, Servers::Able(&[77]));
    net.rig.response(600, PCSCF);
}

#[test]
fn a_silent_hss_and_a_stranger() {
    let mut net = Net::new();
    net.rig.udp(PCSCF, &register("1", 3600, ""));
    net.carry();
    net.rig.pass(Duration::from_secs(10));
    net.rig.response(480, PCSCF);
    let mut net = Net::new();
    net.rig.udp("10.66.6.6:5060", &register("2", 3600, ""));
    net.rig.sent.retain(|(target, _)| target.remote.ip().to_string() == "10.66.6.6");
    net.rig.response(403, "10.66.6.6:5060");
    net.carry();
    assert!(net.requests.is_empty());
}

#[test]
fn a_request_for_a_user_goes_to_its_s_cscf_by_route() {
    let mut net = Net::new();
    net.rig.udp(S1, &request("MESSAGE", "sip:user1@HOME.net;x=1", "1", "Route: <sip:icscf.home.net;lr>"));
    let (lir, asked) = net.lir();
    assert_eq!((lir.impu.as_str(), lir.originating, lir.authorization), ("sip:user1@home.net", false, None));
    net.says(asked, ResultCode::SUCCESS, Servers::Name("sip:scscf2.home.net:5060"));
    let message = net.rig.request("MESSAGE", S2);
    assert_eq!(message.uri.to_string(), "sip:user1@HOME.net;x=1");
    assert_eq!(only(&message.headers, "Route"), "<sip:scscf2.home.net:5060;lr>");
    assert!(only(&message.headers, "P-Charging-Vector").contains("icid-generated-at=icscf.home.net"));
    // A user's own 480 is nobody else's business.
    net.rig.answer(S2, &message, 480, &[]);
    net.rig.response(480, S1);
    net.rig.is_silent();
}

#[test]
fn unregistered_users_and_those_whose_s_cscf_is_silent() {
    let mut net = Net::new();
    net.rig.udp(S1, &request("MESSAGE", "sip:user1@home.net", "1", ""));
    let (_, asked) = net.lir();
    net.says(asked, UNREGISTERED, Servers::Able(&[2]));
    net.rig.request("MESSAGE", S2);
    let mut net = Net::new();
    net.rig.udp(S1, &request("MESSAGE", "sip:user1@home.net", "2", ""));
    let (_, asked) = net.lir();
    net.says(asked, ResultCode::SUCCESS, Servers::Name("sip:scscf1.home.net"));
    net.rig.request("MESSAGE", S1);
    let target = protocol::sip::Target { transport: Transport::Udp, remote: S1.parse().unwrap(), flow: None };
    net.rig.input(NodeInput::SipFailed { target, why: "port unreachable".to_owned() });
    let (lir, asked) = net.lir();
    assert_eq!(lir.authorization, Some(UserAuthorizationType::RegistrationAndCapabilities));
    net.says(asked, ResultCode::SUCCESS, Servers::Able(&[1]));
    let message = net.rig.request("MESSAGE", S2);
    assert_eq!(only(&message.headers, "Route"), "<sip:scscf2.home.net;lr>");
    let target = protocol::sip::Target { transport: Transport::Udp, remote: S2.parse().unwrap(), flow: None };
    net.rig.input(NodeInput::SipFailed { target, why: "port unreachable".to_owned() });
    net.rig.response(504, S1);
}

#[test]
fn who_is_not_found() {
    for (result, status) in [
        (ResultCode::Experimental(5001), 404),
        (ResultCode::Experimental(5003), 480),
        (ResultCode::Base(5009), 404),
        // A relay says this too, of an answer that does not come.
        (ResultCode::Base(5012), 480),
        (ResultCode::Base(3002), 480),
    ] {
        let mut net = Net::new();
        net.rig.udp(S1, &request("MESSAGE", "sip:user1@home.net", "1", ""));
        let (_, asked) = net.lir();
        net.says(asked, result, Servers::None);
        net.rig.response(status, S1);
    }
    let mut net = Net::new();
    net.rig.udp(S1, &request("MESSAGE", "sip:user1@abroad.net", "1", ""));
    net.rig.response(404, S1);
    net.rig.udp(S1, &request("MESSAGE", "urn:service:x", "2", ""));
    net.rig.response(416, S1);
    net.rig.udp(S1, &request("OPTIONS", "sip:icscf.home.net", "3", ""));
    net.rig.response(200, S1);
}

#[test]
fn numbers_are_asked_for_as_tel_uris_and_then_looked_up() {
    let mut net = Net::new();
    net.rig.udp(S1, &request("MESSAGE", "sip:+999-500@home.net;user=phone", "1", ""));
    let (lir, asked) = net.lir();
    assert_eq!(lir.impu, "tel:+999500");
    net.says(asked, ResultCode::Experimental(5001), Servers::None);
    let (lir, asked) = net.lir();
    assert_eq!(lir.impu, "sip:five@home.net");
    net.says(asked, ResultCode::SUCCESS, Servers::Name("sip:scscf1.home.net"));
    assert_eq!(net.rig.request("MESSAGE", S1).uri.to_string(), "sip:five@home.net");
    net.rig.udp(S1, &request("MESSAGE", "tel:+888", "2", ""));
    let (_, asked) = net.lir();
    net.says(asked, ResultCode::Experimental(5001), Servers::None);
    assert_eq!(net.rig.request("MESSAGE", "10.99.0.1:5060").uri.to_string(), "sip:eight@abroad.net");
    net.rig.udp(S1, &request("MESSAGE", "tel:+777", "3", ""));
    let (_, asked) = net.lir();
    net.says(asked, ResultCode::Experimental(5001), Servers::None);
    net.rig.response(404, S1);
}

#[test]
fn an_as_asks_for_the_s_cscf_of_the_user_that_it_sends_for() {
    let mut net = Net::new();
    let more = "Route: <sip:icscf.home.net;lr;orig>\nP-Asserted-Identity: <sip:user1@home.net>";
    net.rig.udp(S1, &request("INVITE", "sip:user9@home.net", "1", more));
    let (lir, asked) = net.lir();
    assert_eq!((lir.impu.as_str(), lir.originating), ("sip:user1@home.net", true));
    net.says(asked, ResultCode::SUCCESS, Servers::Name("sip:scscf2.home.net"));
    let invite = net.rig.request("INVITE", S2);
    assert_eq!(only(&invite.headers, "Route"), "<sip:scscf2.home.net;lr;orig>");
    assert_eq!(invite.uri.to_string(), "sip:user9@home.net");
}

#[test]
fn a_caller_gives_up_before_and_after_the_hss_has_answered() {
    let mut net = Net::new();
    net.rig.udp(S1, &request("INVITE", "sip:user1@home.net", "1", ""));
    let (_, asked) = net.lir();
    net.rig.udp(S1, &request("CANCEL", "sip:user1@home.net", "1", ""));
    net.rig.response(200, S1);
    net.rig.response(487, S1);
    net.says(asked, ResultCode::SUCCESS, Servers::Name("sip:scscf2.home.net"));
    net.rig.is_silent();
    let mut net = Net::new();
    net.rig.udp(S1, &request("INVITE", "sip:user1@home.net", "2", ""));
    let (_, asked) = net.lir();
    net.says(asked, ResultCode::SUCCESS, Servers::Name("sip:scscf2.home.net"));
    let invite = net.rig.request("INVITE", S2);
    net.rig.answer(S2, &invite, 180, &[]);
    net.rig.response(180, S1);
    net.rig.udp(S1, &request("CANCEL", "sip:user1@home.net", "2", ""));
    net.rig.response(200, S1);
    let cancel = net.rig.request("CANCEL", S2);
    net.rig.answer(S2, &cancel, 200, &[]);
    net.rig.answer(S2, &invite, 487, &[]);
    net.rig.request("ACK", S2);
    net.rig.response(487, S1);
}
