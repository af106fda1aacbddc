//! Messages and calls between two users, through both halves of the chain.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use core_network::ims::{AsBehaviour, TestAsConfig};
use protocol::Joint;
use protocol::sip::{Method, SipMessage};

use super::network::Network;
use super::ue::{DOMAIN, Ue};

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 10.45.0.1\r\ns=-\r\nc=IN IP4 10.45.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=x-unknown:kept\r\n";

fn two(network: &mut Network) -> (Ue, Ue) {
    let (mut a, mut b) = (Ue::new(1), Ue::new(2));
    assert_eq!(network.register(&mut a, 3600).status, 200, "{:?}", network.notes);
    assert_eq!(network.register(&mut b, 3600).status, 200, "{:?}", network.notes);
    (a, b)
}

fn message(from: &mut Ue, to: &str) -> protocol::sip::Request {
    let mut message = from.request("MESSAGE", to);
    message.set_body("text/plain", "hello");
    message
}

#[test]
fn a_message_arrives_with_the_identity_that_the_network_vouches_for() {
    let mut network = Network::new();
    let (mut a, b) = two(&mut network);
    for to in [b.impu.clone(), "tel:+99970000002".to_owned()] {
        let mut sent = message(&mut a, &to);
        sent.headers.append("P-Asserted-Identity", "<sip:president@example.org>");
        network.send("ue1", SipMessage::Request(sent));
        let came = network.request("ue2");
        assert_eq!((came.method.as_str(), came.body.as_slice()), ("MESSAGE", b"hello".as_slice()));
        let asserted: Vec<_> = came.headers.values("P-Asserted-Identity").collect();
        assert_eq!(asserted, [format!("<{}>", a.impu), "<tel:+99970000001>".to_owned()]);
        assert_eq!(came.headers.get("P-Called-Party-ID"), Some(&*format!("<{to}>")));
        assert!(!came.headers.contains("P-Access-Network-Info") && !came.headers.contains("Route"));
        network.reply("ue2", &came, 200, &[]);
        assert_eq!(network.response("ue1").status, 200);
    }
}

#[test]
fn users_that_are_not_there() {
    let mut network = Network::new();
    let mut a = Ue::new(1);
    network.register(&mut a, 3600);
    let away = message(&mut a, &Ue::new(2).impu);
    assert_eq!(network.ask(&away).status, 480, "{:?}", network.notes);
    let unknown = message(&mut a, &format!("sip:nobody@{DOMAIN}"));
    assert_eq!(network.ask(&unknown).status, 404, "{:?}", network.notes);
}

#[test]
fn a_call_is_set_up_held_and_ended() {
    let mut network = Network::new();
    let (mut a, b) = two(&mut network);
    let mut invite = a.request("INVITE", &b.impu);
    invite.set_body("application/sdp", OFFER);
    network.send("ue1", SipMessage::Request(invite.clone()));
    let came = network.request("ue2");
    assert_eq!(came.body, OFFER.as_bytes());
    network.reply("ue2", &came, 180, &[("Contact", "<sip:user2@10.45.0.2:5060>")]);
    assert_eq!(network.response("ue1").status, 180);
    network.reply("ue2", &came, 200, &[("Contact", "<sip:user2@10.45.0.2:5060>")]);
    let ok = network.response("ue1");
    assert_eq!(ok.status, 200);
    network.send("ue1", SipMessage::Request(a.within("ACK", &invite, &ok, 1)));
    assert_eq!(network.request("ue2").method, Method::ACK);

    let mut hold = a.within("INVITE", &invite, &ok, 2);
    hold.set_body("application/sdp", OFFER.replace("a=x-unknown", "a=sendonly\r\na=x-unknown"));
    network.send("ue1", SipMessage::Request(hold.clone()));
    let came = network.request("ue2");
    assert!(String::from_utf8_lossy(&came.body).contains("a=sendonly"));
    network.reply("ue2", &came, 200, &[("Contact", "<sip:user2@10.45.0.2:5060>")]);
    assert_eq!(network.response("ue1").status, 200);
    network.send("ue1", SipMessage::Request(a.within("ACK", &invite, &ok, 2)));
    assert_eq!(network.request("ue2").method, Method::ACK);

    network.send("ue1", SipMessage::Request(a.within("BYE", &invite, &ok, 3)));
    let bye = network.request("ue2");
    assert_eq!(bye.method, Method::BYE);
    network.reply("ue2", &bye, 200, &[]);
    assert_eq!(network.response("ue1").status, 200);
}

#[test]
fn a_call_that_nobody_answers_is_cancelled() {
    let mut network = Network::new();
    let (mut a, b) = two(&mut network);
    let invite = a.request("INVITE", &b.impu);
    network.send("ue1", SipMessage::Request(invite.clone()));
    let came = network.request("ue2");
    network.reply("ue2", &came, 180, &[]);
    assert_eq!(network.response("ue1").status, 180);
    let mut cancel = protocol::sip::Request::new(Method::CANCEL, invite.uri.clone());
    for name in ["Via", "From", "To", "Call-ID", "Route", "Max-Forwards"] {
        cancel.headers.copy_from(&invite.headers, name);
    }
    cancel.headers.append("CSeq", "1 CANCEL");
    assert_eq!(network.ask(&cancel).status, 200);
    let cancel = network.request("ue2");
    assert_eq!(cancel.method, Method::CANCEL);
    network.reply("ue2", &cancel, 200, &[]);
    network.reply("ue2", &came, 487, &[]);
    assert_eq!(network.response("ue1").status, 487);
}

#[test]
fn an_application_server_is_in_between_where_the_criteria_say_so() {
    let profile =
        format!("[[profile.ifc]]\npriority = 0\nserver = \"sip:as.{DOMAIN}\"\ntrigger = [{{ method = \"MESSAGE\" }}]");
    let local = SocketAddr::new(Ipv4Addr::new(10, 46, 0, 5).into(), 5060);
    for behaviour in [AsBehaviour::Proxy, AsBehaviour::B2bua] {
        let mut server = TestAsConfig::new(&format!("sip:as.{DOMAIN}"), local);
        server.behaviour = behaviour;
        let mut network = Network::with(&profile, Some(server));
        let (mut a, b) = two(&mut network);
        network.send("ue1", SipMessage::Request(message(&mut a, &b.impu)));
        let came = network.request("ue2");
        network.reply("ue2", &came, 200, &[]);
        assert_eq!(network.response("ue1").status, 200);
        let asked = network.wire.iter().filter(|(j, t)| *j == Joint::Isc && t.starts_with("MESSAGE")).count();
        assert_eq!(asked, 4, "there and back for the caller and for the callee");
    }
}

#[test]
fn after_a_restart_of_every_node_users_are_still_reached() {
    let mut network = Network::new();
    let (mut a, b) = two(&mut network);
    network.run(Duration::from_secs(60));
    let stores = network.stores.clone();
    drop(network);
    let mut network = Network::started(stores, 1_100_000, None);
    network.send("ue1", SipMessage::Request(message(&mut a, &b.impu)));
    let came = network.request("ue2");
    network.reply("ue2", &came, 200, &[]);
    assert_eq!(network.response("ue1").status, 200);
    network.run(Duration::from_secs(3600));
    let late = message(&mut a, &b.impu);
    let answer = network.ask(&late).status;
    assert!(answer == 403 || answer == 480, "{answer}: the registrations of both have ended");
}
