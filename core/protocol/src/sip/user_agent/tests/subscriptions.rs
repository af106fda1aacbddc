//! Subscriptions between two user agents.

use std::time::Duration;

use super::net::{Net, uri};
use crate::sip::*;

fn wanted(expires_s: u32) -> SubscriptionRequest {
    SubscriptionRequest {
        to: uri(1).to_string(),
        event: "reg".into(),
        accept: "application/reginfo+xml".into(),
        expires_s,
        headers: Vec::new(),
    }
}

fn told(net: &Net) -> Vec<SubscriberEvent> {
    let of = |event: &UserAgentEvent| match event {
        UserAgentEvent::Subscriber(_, event) => Some(event.clone()),
        _ => None,
    };
    net.told[0].iter().filter_map(of).collect()
}

fn ended(net: &Net) -> Option<SubscriptionEnd> {
    told(net).into_iter().find_map(|e| if let SubscriberEvent::Ended(why) = e { Some(why) } else { None })
}

fn subscribe(net: &mut Net, expires_s: u32, granted_s: u32) -> (SubscriberId, NotifierId) {
    let subscriber = net.agents[0].subscribe(net.now, &wanted(expires_s)).unwrap();
    net.run_ms(50);
    let Some(UserAgentEvent::Request { key, request, .. }) = net.told[1].last().cloned() else {
        panic!("{:?}", net.told)
    };
    let notifier = net.agents[1].accept_subscription(net.now, key, &request, granted_s).unwrap();
    assert!(net.agents[1].notify(net.now, notifier, "application/reginfo+xml", b"<one/>"));
    net.run_ms(100);
    (subscriber, notifier)
}

fn refreshes(net: &mut Net, notifier: NotifierId) {
    let of = |event: &UserAgentEvent| matches!(event, UserAgentEvent::Notifier(_, NotifierEvent::Refreshed { .. }));
    let count = net.told[1].iter().filter(|event| of(event)).count();
    net.told[1].retain(|event| !of(event));
    for _ in 0..count {
        assert!(net.agents[1].notify(net.now, notifier, "application/reginfo+xml", b"<again/>"));
    }
}

#[test]
fn a_subscription_is_granted_notified_refreshed_and_ended() {
    let mut net = Net::new(2, 1);
    let (subscriber, notifier) = subscribe(&mut net, 3600, 3600);
    let state = "active".to_owned();
    let first =
        SubscriberEvent::Notified { state, content_type: "application/reginfo+xml".into(), body: b"<one/>".to_vec() };
    assert_eq!(told(&net), [SubscriberEvent::Subscribed { expires_s: 3600 }, first]);
    // 600 s before the end.
    net.run(Duration::from_secs(2990));
    assert_eq!(net.count(0, "SUBSCRIBE"), 1);
    net.run(Duration::from_secs(20));
    assert_eq!(net.count(0, "SUBSCRIBE"), 2);
    refreshes(&mut net, notifier);
    net.run_ms(100);
    assert_eq!(net.count(1, "NOTIFY"), 2);
    net.agents[0].unsubscribe(net.now, subscriber);
    net.run_ms(100);
    assert_eq!(ended(&net), Some(SubscriptionEnd::Unsubscribed));
    assert!(net.newest(1, "NOTIFY").headers().get("Subscription-State").unwrap().starts_with("terminated"));
    assert!(net.told[1].contains(&UserAgentEvent::Notifier(notifier, NotifierEvent::Ended)));
    net.run(Duration::from_secs(100));
    assert!(net.agents.iter().all(|agent| agent.poll_timeout().is_none()));
}

#[test]
fn the_notifier_may_shorten_and_end_it() {
    let mut net = Net::new(2, 2);
    let (_, notifier) = subscribe(&mut net, 3600, 100);
    net.run(Duration::from_secs(51));
    assert_eq!(net.count(0, "SUBSCRIBE"), 2, "half of 100 s");
    refreshes(&mut net, notifier);
    net.run_ms(100);
    net.agents[1].terminate_subscription(net.now, notifier, "probation;retry-after=7", "", &[]);
    net.run_ms(100);
    let end = ended(&net).unwrap();
    assert_eq!(end, SubscriptionEnd::Notified { reason: "probation".into(), retry_after_s: Some(7) });
    assert_eq!(end.retry_after_s(), Some(7));
    let rejected = SubscriptionEnd::Notified { reason: "rejected".into(), retry_after_s: Some(7) };
    assert_eq!(rejected.retry_after_s(), None);
}

#[test]
fn a_subscription_that_nobody_answers_or_notifies_ends() {
    let mut net = Net::new(2, 3);
    net.loses = Box::new(|what, _| what == "SUBSCRIBE");
    net.agents[0].subscribe(net.now, &wanted(600)).unwrap();
    net.run(Duration::from_secs(40));
    assert_eq!(ended(&net), Some(SubscriptionEnd::Unanswered));
    // Granted, but no NOTIFY comes: timer N.
    let mut net = Net::new(2, 4);
    net.loses = Box::new(|what, _| what == "NOTIFY");
    let (_, notifier) = subscribe(&mut net, 600, 600);
    net.run(Duration::from_secs(40));
    assert_eq!(ended(&net), Some(SubscriptionEnd::Unanswered));
    assert!(net.told[1].contains(&UserAgentEvent::Notifier(notifier, NotifierEvent::Lost { status: None })));
    // Refused.
    let mut net = Net::new(2, 5);
    net.agents[0].subscribe(net.now, &wanted(600)).unwrap();
    net.run_ms(50);
    let Some(UserAgentEvent::Request { key, request, .. }) = net.told[1].last().cloned() else { panic!() };
    assert!(net.agents[1].respond(net.now, key, Response::to(&request, 403, None)));
    net.run_ms(50);
    assert_eq!(ended(&net), Some(SubscriptionEnd::Refused { status: 403 }));
}

#[test]
fn a_notification_that_overtakes_the_answer_counts() {
    let mut net = Net::new(2, 6);
    net.loses = Box::new(|what, times| what == "200 SUBSCRIBE" && times == 0);
    subscribe(&mut net, 600, 600);
    assert!(matches!(told(&net)[..], [SubscriberEvent::Notified { .. }]), "{:?}", told(&net));
    net.run(Duration::from_secs(5));
    assert!(told(&net).contains(&SubscriberEvent::Subscribed { expires_s: 600 }));
}

#[test]
fn an_expired_subscription_is_ended_by_both() {
    let mut net = Net::new(2, 7);
    let (_, notifier) = subscribe(&mut net, 100, 100);
    net.loses = Box::new(|what, _| what == "SUBSCRIBE");
    net.run(Duration::from_secs(200));
    assert!(net.told[1].contains(&UserAgentEvent::Notifier(notifier, NotifierEvent::Ended)));
    assert!(ended(&net).is_some());
}

#[test]
fn a_foreign_notification_is_refused() {
    let mut net = Net::new(2, 8);
    subscribe(&mut net, 600, 600);
    let SipMessage::Request(mut notify) = net.newest(1, "NOTIFY") else { panic!() };
    let mut say = |net: &mut Net, name: &str, value: &str, cseq: &str| {
        notify.headers.set("Via", &format!("SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK{}", cseq.replace(' ', "")));
        notify.headers.set("CSeq", cseq);
        let old = notify.headers.get(name).map(ToOwned::to_owned);
        notify.headers.set(name, value);
        net.inject(1, 0, notify.to_bytes());
        net.run_ms(30);
        notify.headers.set(name, &old.unwrap());
    };
    say(&mut net, "Event", "presence", "5 NOTIFY");
    assert_eq!(net.count(0, "489 NOTIFY"), 1);
    say(&mut net, "From", "<sip:fork@home>;tag=other", "6 NOTIFY");
    assert_eq!(net.count(0, "481 NOTIFY"), 1);
    say(&mut net, "To", "<sip:ue0@home>;tag=nobody", "7 NOTIFY");
    assert_eq!(net.count(0, "481 NOTIFY"), 2);
    say(&mut net, "Event", "reg", "1 NOTIFY");
    assert_eq!(net.count(0, "500 NOTIFY"), 1, "an old number");
}
