//! Who may not, is told so.

use std::collections::BTreeSet;

use protocol::sip::*;

use super::phones::{Net, config, identity};
use crate::ims::{Access, ConferenceConfig, ConferenceGroup, ConferenceGuest, ConferenceServer};

const FACTORY: &str = "sip:conference-factory@conference.test";

fn refused(net: &Net, n: usize) -> Option<u16> {
    match net.phones[n].ended() {
        Some(EndedWhy::Refused(why)) => why.status(),
        _ => None,
    }
}

fn joins(net: &mut Net, n: usize, uri: &str) -> Option<u16> {
    net.join(n, uri);
    net.run_ms(300);
    refused(net, n)
}

#[test]
fn creation_and_joining_are_refused_by_policy_and_capacity() {
    let users = |all: &[usize]| Access::Users(all.iter().map(|&n| identity(n)).collect::<BTreeSet<_>>());
    let mut own = config();
    own.policy.create = users(&[0, 1]);
    own.policy.join = users(&[2, 3, 4]);
    (own.policy.most_conferences, own.policy.most_participants) = (1, 2);
    let mut net = Net::new(6, own);
    assert_eq!(joins(&mut net, 5, FACTORY), Some(403), "may not create");
    assert_eq!(joins(&mut net, 5, "sip:conf-none@conference.test"), Some(404));
    assert_eq!(joins(&mut net, 5, "sip:conference-factory@elsewhere.test"), None, "not sent: no such host");
    let uri = net.create(0);
    assert_eq!(joins(&mut net, 1, FACTORY), Some(503), "one conference at a time");
    assert_eq!(joins(&mut net, 5, &uri), Some(403), "may not join");
    assert_eq!(joins(&mut net, 2, &uri), None);
    assert_eq!(joins(&mut net, 3, &uri), Some(486), "full");
    net.leave(2);
    net.run_ms(100);
    net.refer_to(0, &uri, "<sip:conference-factory@conference.test>");
    net.run_ms(300);
    let refused = SubscriberEvent::Ended(SubscriptionEnd::Refused { status: 403 });
    assert_eq!(net.phones[0].subscriber().last(), Some(&refused), "a conference in a conference");
    // Who was invited may come, also later.
    net.refer(0, &uri, 5, "INVITE");
    net.run_ms(300);
    assert_eq!(net.phones[0].told_of_refer(), [100, 180, 200]);
}

#[test]
fn groups_have_their_members() {
    let mut own = config();
    own.groups.push(ConferenceGroup {
        user: "team".to_owned(),
        members: vec![identity(0), identity(1), "sip:user3@user3.test".to_owned()],
        subject: Some("the team".to_owned()),
        creator: Some(identity(1)),
    });
    let mut net = Net::new(4, own);
    assert_eq!(joins(&mut net, 2, "sip:team@conference.test"), Some(403));
    assert!(net.server.conferences.is_empty(), "who may not join opens nothing");
    assert_eq!(joins(&mut net, 0, "sip:team@conference.test"), None);
    assert_eq!(joins(&mut net, 2, "sip:team@conference.test"), Some(403));
    net.refer(0, "sip:team@conference.test", 2, "INVITE");
    net.run_ms(300);
    assert!(matches!(
        net.phones[0].subscriber().last(),
        Some(SubscriberEvent::Ended(SubscriptionEnd::Refused { status: 403 }))
    ));
    net.refer(0, "sip:team@conference.test", 3, "INVITE");
    net.run_ms(300);
    assert_eq!(net.phones[0].told_of_refer(), [100, 180, 200]);
}

#[test]
fn without_g711_or_a_port_or_trust_there_is_no_conference() {
    let mut net = Net::new(2, config());
    let offer = String::from_utf8(net.phones[0].sdp("sendrecv")).unwrap().replace("RTP/AVP 8 ", "RTP/AVP ");
    net.phones[0].ua.invite(net.now, Uri::parse(FACTORY).unwrap(), offer.as_bytes(), &[]);
    net.run_ms(300);
    assert_eq!(refused(&net, 0), Some(488));
    assert!(net.server.conferences.is_empty() && net.server.ports.left() == 10);
    let mut own = config();
    own.sip.ports = (49152, 49153);
    let mut net = Net::new(2, own);
    let uri = net.create(0);
    assert_eq!(joins(&mut net, 1, &uri), Some(503));
    let mut own = config();
    own.sip.trusted = vec!["10.46.0.3".parse().unwrap()];
    own.guests.push(ConferenceGuest { address: "10.45.0.1:5060".parse().unwrap(), identity: identity(5) });
    let mut net = Net::new(2, own);
    assert_eq!(joins(&mut net, 1, FACTORY), Some(403), "nobody asserts who he is");
    let uri = net.create(0);
    let conference = net.server.conferences.values().next().unwrap();
    assert_eq!(conference.creator, [identity(5)], "a guest is who the operator says, not who he says");
    net.refer(1, &uri, 0, "INVITE");
    net.watch(1, &uri, 60);
    net.run_ms(300);
    let refused = net.phones[1]
        .subscriber()
        .into_iter()
        .filter(|event| matches!(event, SubscriberEvent::Ended(SubscriptionEnd::Refused { status: 403 })));
    assert_eq!(refused.count(), 2);
}

#[test]
fn an_offer_may_also_come_from_the_focus() {
    let mut net = Net::new(2, config());
    let uri = net.create(0);
    net.phones[1].ua.invite(net.now, Uri::parse(&uri).unwrap(), b"", &[]);
    net.run_ms(800);
    assert_eq!(net.server.conferences.values().next().unwrap().participants.len(), 2);
    assert_eq!(net.phones[0].told_of_refer(), [] as [u16; 0]);
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let new = |change: &dyn Fn(&mut ConferenceConfig)| {
        let mut own = config();
        change(&mut own);
        ConferenceServer::new(own, protocol::Entropy::from_seed([0; 32])).map(drop).unwrap_err()
    };
    assert!(new(&|c| c.sip.name = "a b".to_owned()).contains("set name"));
    assert!(new(&|c| c.sip.ports = (5, 6)).contains("have no pair"));
    assert!(new(&|c| c.factory.clear()).contains("factory"));
}
