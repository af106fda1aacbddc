//! Registration through the whole chain, every branch of AKA with the real HSS.

use std::time::Duration;

use core_network::node::Admin;
use protocol::Joint;
use protocol::sip::{Challenge, Method};
use protocol::xml::{ContactEvent, RegInfo};

use super::network::Network;
use super::ue::{DOMAIN, Ue};

#[test]
fn users_with_op_and_with_opc_register_and_de_register() {
    let mut network = Network::new();
    for n in [1, 2] {
        let mut ue = Ue::new(n);
        let answer = network.register(&mut ue, 3600);
        assert_eq!(answer.status, 200, "{:?}", network.notes);
        let identities: Vec<_> = answer.headers.values("P-Associated-URI").collect();
        assert_eq!(identities, [format!("<{}>", ue.impu), format!("<tel:+9997000000{n}>")]);
        assert!(ue.service_route[0].contains(&format!("orig@scscf.{DOMAIN}")), "{:?}", ue.service_route);
        assert_eq!(network.register(&mut ue, 3600).status, 200);
        assert_eq!(network.register(&mut ue, 0).status, 200);
    }
    let joints = |joint| network.wire.iter().filter(|(j, _)| *j == joint).count();
    assert!(joints(Joint::Gm) > 0 && joints(Joint::Mw) > 0 && joints(Joint::Cx) > 0);
}

#[test]
fn a_user_with_a_password_registers_and_another_password_does_not_do() {
    let mut network = Network::new();
    let mut ue = Ue::new(3);
    let challenge = |network: &mut Network, ue: &mut Ue| {
        let response = network.ask(&ue.register(3600, None));
        assert_eq!(response.status, 401, "{:?}", network.notes);
        Challenge::parse(response.headers.get("WWW-Authenticate").unwrap()).unwrap()
    };
    let asked = challenge(&mut network, &mut ue);
    let guess = ue.digest(&asked, b"open");
    assert_eq!(network.ask(&ue.register(3600, Some(&guess))).status, 401);
    let asked = challenge(&mut network, &mut ue);
    let right = ue.digest(&asked, b"open sesame");
    let answer = network.ask(&ue.register(3600, Some(&right)));
    assert_eq!(answer.status, 200);
    assert!(answer.headers.get("Authentication-Info").unwrap().contains("rspauth"));
    let heard: String =
        network.wire.iter().map(|(_, text)| text.as_str()).chain(network.notes.iter().map(String::as_str)).collect();
    assert!(!heard.contains("open sesame"));
}

#[test]
fn a_wrong_res_ends_with_403() {
    let mut network = Network::new();
    let mut ue = Ue::new(1);
    let mut challenge = network.ask(&ue.register(3600, None));
    for expected in [401, 403] {
        let parsed = Challenge::parse(challenge.headers.get("WWW-Authenticate").unwrap()).unwrap();
        let wrong = ue.digest(&parsed, b"not this");
        challenge = network.ask(&ue.register(3600, Some(&wrong)));
        assert_eq!(challenge.status, expected);
    }
    assert_eq!(network.register(&mut ue, 3600).status, 200, "who is right afterwards is served");
}

#[test]
fn a_network_that_does_not_know_the_key_is_not_answered() {
    let mut network = Network::new();
    let mut ue = Ue::new(1);
    ue.k = [9; 16];
    let mut challenge = network.ask(&ue.register(3600, None));
    for expected in [401, 403] {
        let empty = ue.credentials(&challenge);
        assert!(empty.contains("response=\"\""));
        challenge = network.ask(&ue.register(3600, Some(&empty)));
        assert_eq!(challenge.status, expected);
    }
}

#[test]
fn a_ue_ahead_of_the_network_is_followed() {
    let mut network = Network::new();
    let mut ue = Ue::new(1);
    ue.sqn = 0x10_0000;
    let challenge = network.ask(&ue.register(3600, None));
    let auts = ue.credentials(&challenge);
    assert!(auts.contains("auts="), "{auts}");
    let challenge = network.ask(&ue.register(3600, Some(&auts)));
    assert_eq!(challenge.status, 401);
    let right = ue.credentials(&challenge);
    assert!(ue.sqn > 0x10_0000);
    assert_eq!(network.ask(&ue.register(3600, Some(&right))).status, 200);
}

#[test]
fn a_stale_nonce_brings_a_new_challenge() {
    let mut network = Network::new();
    let mut ue = Ue::new(1);
    let challenge = network.ask(&ue.register(3600, None));
    let late = ue.credentials(&challenge);
    network.run(Duration::from_secs(300));
    let challenge = network.ask(&ue.register(3600, Some(&late)));
    assert_eq!(challenge.status, 401);
    let right = ue.credentials(&challenge);
    assert_eq!(network.ask(&ue.register(3600, Some(&right))).status, 200);
}

#[test]
fn an_unknown_impi_is_forbidden() {
    let mut network = Network::new();
    let mut ue = Ue::new(1);
    ue.impi = format!("001019999999999@{DOMAIN}");
    assert_eq!(network.ask(&ue.register(3600, None)).status, 403);
}

#[test]
fn a_user_hears_of_the_end_that_the_network_makes() {
    let mut network = Network::new();
    let mut ue = Ue::new(1);
    network.register(&mut ue, 3600);
    let impu = ue.impu.clone();
    let mut subscribe = ue.request("SUBSCRIBE", &impu);
    subscribe.headers.append("Event", "reg");
    subscribe.headers.append("Expires", "3600");
    let answer = network.ask(&subscribe);
    assert_eq!(answer.status, 200, "{:?}", network.notes);
    let notify = network.request("ue1");
    assert_eq!(notify.method, Method::NOTIFY);
    network.reply("ue1", &notify, 200, &[]);
    let admin = Admin::Deregister { impi: ue.impi.clone(), reason: 0, info: "end of contract".to_owned() };
    assert!(network.fabric.admin(network.now, "hss", admin));
    network.run(Duration::from_secs(1));
    let notify = network.request("ue1");
    let info = RegInfo::parse(std::str::from_utf8(&notify.body).unwrap()).unwrap();
    assert_eq!((info.version, info.registrations[0].contacts[0].event), (1, ContactEvent::Rejected));
    assert!(notify.headers.get("Subscription-State").unwrap().starts_with("terminated"));
    network.reply("ue1", &notify, 200, &[]);
}

#[test]
fn no_key_leaves_cx() {
    let mut network = Network::new();
    let mut ue = Ue::new(1);
    network.register(&mut ue, 3600);
    let on_gm: Vec<_> = network.wire.iter().filter(|(j, _)| *j == Joint::Gm).collect();
    assert!(on_gm.iter().all(|(_, text)| !text.contains("ck=") && !text.contains("ik=")));
    let notes = network.notes.join("\n");
    assert!(!notes.contains(&hex::encode(ue.k)) && !notes.contains(&hex::encode(ue.op)), "{notes}");
}
