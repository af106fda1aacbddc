//! The conference event package: documents full and partial, in their order.

use std::time::Duration;

use protocol::sip::*;
use protocol::xml::{DisconnectionMethod, EndpointStatus, PartState};

use super::phones::{Net, config, identity};

#[test]
fn who_watches_knows_who_is_in_it() {
    let mut net = Net::new(4, config());
    let uri = net.create(0);
    net.watch(0, &uri, 40);
    net.run_ms(200);
    let first = &net.phones[0].documents[0];
    assert_eq!((first.state, first.version, first.entity.as_str()), (PartState::Full, Some(1), uri.as_str()));
    let me = &first.users.as_ref().unwrap().users[0];
    assert_eq!((me.entity.as_str(), me.roles.as_slice()), (identity(0).as_str(), &["creator".to_owned()][..]));
    assert_eq!(me.endpoints[0].joining_method.as_deref(), Some("dialed-in"));
    assert!(me.endpoints[0].media[0].src_id.is_some());
    net.join(1, &uri);
    net.refer(0, &uri, 2, "INVITE");
    net.run_ms(500);
    let called = "sip:user2@user2.test";
    let mut connected = net.phones[0].roster.connected();
    connected.sort_unstable();
    assert_eq!(connected, [identity(0).as_str(), identity(1).as_str(), called]);
    let of_called: Vec<_> = net.phones[0].documents[1..]
        .iter()
        .flat_map(|info| &info.users.as_ref().unwrap().users)
        .filter(|user| user.entity == called)
        .map(|user| user.endpoints[0].status.unwrap())
        .collect();
    assert_eq!(of_called, [EndpointStatus::DialingOut, EndpointStatus::Alerting, EndpointStatus::Connected]);
    assert!(net.phones[0].documents[1..].iter().all(|info| info.state == PartState::Partial));
    net.leave(1);
    net.refer(0, &uri, 2, "BYE");
    net.run_ms(500);
    assert_eq!(net.phones[0].roster.connected(), [identity(0)]);
    let mut methods: Vec<_> = net.phones[0]
        .documents
        .iter()
        .flat_map(|info| &info.users.as_ref().unwrap().users)
        .flat_map(|user| &user.endpoints)
        .filter_map(|endpoint| endpoint.disconnection_method)
        .collect();
    // They go at the same time.
    methods.sort_unstable_by_key(|method| *method != DisconnectionMethod::Departed);
    assert_eq!(methods, [DisconnectionMethod::Departed, DisconnectionMethod::Booted]);
    // A refresh tells everything, and those who have gone no longer.
    net.run(Duration::from_secs(21));
    let last = net.phones[0].documents.last().unwrap();
    assert_eq!((last.state, last.users.as_ref().unwrap().users.len()), (PartState::Full, 1));
    net.leave(0);
    net.run_ms(300);
    assert!(net.phones[0].roster.is_over());
    let end = SubscriptionEnd::Notified { reason: "noresource".into(), retry_after_s: None };
    assert_eq!(net.phones[0].subscriber().last(), Some(&SubscriberEvent::Ended(end)));
    assert!(net.server.watched.is_empty());
}

#[test]
fn strangers_do_not_watch_and_packages_are_known_or_not() {
    let mut net = Net::new(2, config());
    let uri = net.create(0);
    net.watch(1, &uri, 60);
    let wanted = |event: &str, accept: &str| SubscriptionRequest {
        to: uri.clone(),
        event: event.into(),
        accept: accept.into(),
        expires_s: 60,
        headers: Vec::new(),
    };
    net.phones[0].ua.subscribe(net.now, &wanted("presence", "application/pidf+xml")).unwrap();
    net.phones[0].ua.subscribe(net.now, &wanted("conference", "text/plain")).unwrap();
    net.run_ms(300);
    let ends = |n: usize| {
        let of = |event| match event {
            SubscriberEvent::Ended(SubscriptionEnd::Refused { status }) => Some(status),
            _ => None,
        };
        let mut all: Vec<u16> = net.phones[n].subscriber().into_iter().filter_map(of).collect();
        all.sort_unstable();
        all
    };
    assert_eq!((ends(1), ends(0)), (vec![403], vec![406, 489]));
}

#[test]
fn a_look_is_enough_and_who_is_private_has_no_name() {
    let mut net = Net::new(2, config());
    let uri = net.create(0);
    let (now, sdp) = (net.now, net.phones[1].sdp("sendrecv"));
    let privacy = [("Privacy".to_owned(), "id".to_owned())];
    net.phones[1].ua.invite(now, Uri::parse(&uri).unwrap(), &sdp, &privacy);
    net.run_ms(300);
    net.watch(0, &uri, 0);
    net.run_ms(300);
    let document = net.phones[0].documents[0].to_document();
    assert!(document.contains("sip:anonymous-2@anonymous.invalid") && !document.contains("user1"), "{document}");
    assert!(net.server.watched.is_empty());
    assert!(matches!(net.phones[0].subscriber().last(), Some(SubscriberEvent::Ended(_))));
}
