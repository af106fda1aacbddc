//! The registration at home, and several users at a time.

use super::*;
use crate::node::Admin;

#[test]
fn several_users_at_once_get_vectors_of_their_own() {
    let mut net = Net::new();
    let users = 1..USERS;
    for number in users.clone() {
        let request = net.register(number, Partner, 3600, None);
        net.send(number, Partner, &request);
    }
    net.run_ms(300);
    let mut nonces = Vec::new();
    for number in users.clone() {
        let challenge = net.response(number);
        assert_eq!(challenge.status, 401, "{:#?}", net.notes);
        nonces.push(challenge.headers.get("WWW-Authenticate").unwrap().to_owned());
        let who = Partner.identities(number);
        let credentials = net.ues[usize::from(number) - 1].credentials(&who, &challenge);
        let request = net.register(number, Partner, 3600, Some(&credentials));
        net.send(number, Partner, &request);
    }
    net.run_ms(300);
    for number in users.clone() {
        assert_eq!(net.response(number).status, 200, "{:#?}", net.notes);
        assert_eq!(net.partner_state(number), Some(IdentityState::Registered));
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!((nonces.len(), net.home_rows().len()), (users.count(), 0));
    net.is_idle();
}

#[test]
fn a_user_goes_and_comes_home() {
    let mut net = Net::new();
    net.registers(1, Primary, 3600);
    net.registers(1, Primary, 0);
    assert!(net.home_rows().is_empty());
    net.registers(1, Partner, 3600);
    assert_eq!((net.home_state(1), net.home_rows().len()), (Some(IdentityState::NotRegistered), 0));
    net.registers(1, Partner, 0);
    net.registers(1, Primary, 3600);
    assert_eq!(net.home_state(1), Some(IdentityState::Registered));
    assert_eq!((net.partner_state(1), net.partner_rows()), (Some(IdentityState::NotRegistered), Vec::new()));
}

#[test]
fn a_user_of_both_systems_at_once_is_registered_in_both() {
    let mut net = Net::new();
    net.registers(1, Primary, 3600);
    let home = net.home_rows();
    assert_eq!(home.len(), 1);
    net.registers(1, Partner, 3600);
    // Clause 10.1.6.2 ends nothing at home: the S-CSCF there goes on, and nobody is told to go.
    assert_eq!((net.home_rows(), net.home_state(1)), (home.clone(), Some(IdentityState::Registered)));
    assert!(net.diameter(d::REGISTRATION_TERMINATION).is_empty());
    // Each registers again in turn; the sequence numbers of one HSS serve both.
    net.registers(1, Primary, 3600);
    net.registers(1, Partner, 3600);
    net.registers(1, Primary, 3600);
    assert_eq!((net.home_rows(), net.home_state(1)), (home, Some(IdentityState::Registered)));
    assert_eq!(net.partner_state(1), Some(IdentityState::Registered));
    // A challenge of one system while that of the other is open: the first one is older then, and is put in step.
    let away = net.begin(1, Partner);
    let at_home = net.begin(1, Primary);
    assert_eq!(net.answer(1, Primary, &at_home, 3600).status, 200);
    let again = net.answer(1, Partner, &away, 3600);
    assert_eq!(again.status, 401, "{:#?}", net.notes);
    assert_eq!(net.answer(1, Partner, &again, 3600).status, 200, "{:#?}", net.notes);
}

#[test]
fn two_partner_systems_may_have_the_same_user() {
    let mut net = Net::of(&[Primary, Partner, Third], |_, _| {});
    net.registers(1, Primary, 3600);
    let home = net.home_rows();
    net.registers(1, Partner, 3600);
    net.registers(1, Third, 3600);
    // Each knows him by its own identities; who has him last is for the UE to say.
    let of = |net: &Net, server: usize, system: System| {
        net.servers[server].lock().unwrap().hss.identity_state(&system.identities(1).impu)
    };
    let registered = Some(IdentityState::Registered);
    assert_eq!((of(&net, 1, Partner), of(&net, 2, Third)), (registered, registered));
    // A challenge is for one system: the other's is older when it is answered second, and is put in step.
    let (first, second) = (net.begin(1, Partner), net.begin(1, Third));
    assert_eq!(net.answer(1, Third, &second, 3600).status, 200);
    let again = net.answer(1, Partner, &first, 3600);
    assert_eq!(again.status, 401);
    assert_eq!(net.answer(1, Partner, &again, 3600).status, 200, "{:#?}", net.notes);
    // Neither hears of the identities of the other.
    for message in &net.wire {
        let text = String::from_utf8_lossy(&message.bytes);
        let ends = [&message.from, &message.to];
        assert!(!(text.contains(THIRD) && ends.iter().all(|end| end.starts_with("partner."))), "{text}");
        assert!(!(text.contains(PARTNER) && ends.iter().all(|end| end.starts_with("third."))), "{text}");
    }
    assert_eq!(net.home_rows(), home);
}

#[test]
fn the_partner_system_ends_a_registration_by_itself() {
    let mut net = Net::new();
    net.registers(1, Primary, 3600);
    net.registers(1, Partner, 3600);
    let home = net.home_rows();
    let (impi, info) = (Partner.identities(1).impi, "the agreement has ended".to_owned());
    assert!(net.fabric.admin(net.now, "partner.migration", Admin::Deregister { impi, reason: 0, info }));
    net.run_ms(500);
    let rtrs = net.diameter(d::REGISTRATION_TERMINATION);
    assert!(rtrs.iter().any(|(_, from, to, _)| (*from, *to) == ("partner.migration", "partner.scscf")), "{rtrs:#?}");
    assert_eq!((net.partner_state(1), net.partner_rows()), (Some(IdentityState::NotRegistered), Vec::new()));
    assert_eq!(net.home_rows(), home);
}
