//! REFER between two user agents, outside of dialogs and in that of a session.

use super::net::{ANSWER, Net, OFFER, uri};
use crate::sip::*;

fn wanted(silent: bool) -> ReferRequest {
    ReferRequest { to: uri(1).to_string(), refer_to: "<sip:c@home>".into(), silent, headers: Vec::new() }
}

fn request(net: &Net, n: usize, method: &Method) -> (ServerKey, Request) {
    let of = |event: &UserAgentEvent| match event {
        UserAgentEvent::Request { key, request, .. } if request.method == *method => Some((*key, request.clone())),
        _ => None,
    };
    net.told[n].iter().rev().find_map(of).expect("no request")
}

fn told(net: &Net) -> Vec<SubscriberEvent> {
    let of = |event: &UserAgentEvent| match event {
        UserAgentEvent::Subscriber(_, event) => Some(event.clone()),
        _ => None,
    };
    net.told[0].iter().filter_map(of).collect()
}

#[test]
fn who_refers_is_told_what_comes_of_it() {
    let mut net = Net::new(2, 1);
    net.agents[0].refer(net.now, &wanted(false)).unwrap();
    net.run_ms(50);
    let (key, refer) = request(&net, 1, &Method::REFER);
    assert_eq!((refer.headers.get("Refer-To"), refer.headers.get("Expires")), (Some("<sip:c@home>"), None));
    let notifier = net.agents[1].accept_refer(net.now, key, &refer).unwrap();
    assert!(net.agents[1].notify(net.now, notifier, SIPFRAG, b"SIP/2.0 100 Trying"));
    net.run_ms(50);
    net.agents[1].terminate_subscription(net.now, notifier, "noresource", SIPFRAG, b"SIP/2.0 486 Busy Here\r\n");
    net.run_ms(50);
    assert_eq!(net.count(1, "202 REFER"), 1, "{:?}", net.log);
    let told = told(&net);
    let statuses: Vec<_> = told
        .iter()
        .filter_map(|e| if let SubscriberEvent::Notified { body, .. } = e { sipfrag_status(body) } else { None })
        .collect();
    assert_eq!(statuses, [100, 486]);
    let end = SubscriptionEnd::Notified { reason: "noresource".into(), retry_after_s: None };
    assert_eq!(told.last(), Some(&SubscriberEvent::Ended(end)));
    let SipMessage::Request(notify) = net.newest(1, "NOTIFY") else { panic!() };
    assert_eq!(notify.headers.get("Event"), Some("refer"));
}

#[test]
fn who_does_not_want_to_be_told_is_not() {
    let mut net = Net::new(2, 2);
    net.agents[0].refer(net.now, &wanted(true)).unwrap();
    net.run_ms(50);
    let (key, refer) = request(&net, 1, &Method::REFER);
    assert_eq!(refer.headers.get("Refer-Sub"), Some("false"));
    let mut response = Response::to(&refer, 200, None);
    response.headers.append("Refer-Sub", "false");
    assert!(net.agents[1].respond(net.now, key, response));
    net.run_ms(50);
    assert_eq!(told(&net), [SubscriberEvent::Ended(SubscriptionEnd::Implicit)]);
}

#[test]
fn in_the_dialog_of_a_session_both_can_ask_and_tell() {
    let mut net = Net::new(2, 3);
    let call = net.agents[0].invite(net.now, uri(1), OFFER, &[]);
    net.run_ms(50);
    let called = net.offered(1);
    let focus = uri(1).to_string() + ";gr=focus";
    let contact = NameAddr::parse(&format!("<{focus}>;isfocus")).unwrap();
    assert!(net.agents[1].set_contact(called, contact));
    net.agents[1].accept(net.now, called, ANSWER).unwrap();
    net.run_ms(50);
    let SipMessage::Response(accepted) = net.newest(1, "200 INVITE") else { panic!() };
    assert_eq!(accepted.headers.get("Contact"), Some(format!("<{focus}>;isfocus").as_str()));
    let mut refer = net.agents[0].session_request(call, Method::REFER).unwrap();
    assert_eq!(refer.uri.to_string(), focus);
    refer.headers.append("Refer-To", "<sip:c@home>");
    net.agents[0].send(net.now, 7, refer);
    net.run_ms(50);
    let (key, refer) = request(&net, 1, &Method::REFER);
    assert_eq!(net.agents[1].session_of(&refer), Some(called));
    net.agents[1].respond(net.now, key, Response::to(&refer, 202, None));
    let mut notify = net.agents[1].session_request(called, Method::NOTIFY).unwrap();
    notify.headers.append("Event", "refer;id=2");
    notify.headers.append("Subscription-State", "active;expires=60");
    net.agents[1].send(net.now, 8, notify);
    net.run_ms(50);
    let (key, notify) = request(&net, 0, &Method::NOTIFY);
    net.agents[0].respond(net.now, key, Response::to(&notify, 200, None));
    net.run_ms(50);
    for (n, token) in [(0, 7), (1, 8)] {
        let of = |event: &UserAgentEvent| match event {
            UserAgentEvent::Response { token: own, result: Ok(response) } if *own == token => Some(response.status),
            _ => None,
        };
        assert_eq!(net.told[n].iter().find_map(of), Some(if token == 7 { 202 } else { 200 }));
    }
}
