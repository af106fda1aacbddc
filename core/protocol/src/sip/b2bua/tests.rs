//! Calls between stacks that are joined in memory, with a B2BUA between them.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Bridge, BridgeState};
use crate::Instant;
use crate::sip::net::{Net, request, uri};
use crate::sip::{ClientKey, Dialog, Method, Request, Response, SipMessage, SipStack, StackOutput};

type Shared = Rc<RefCell<Option<Bridge>>>;

/// Adds the B2BUA as node 1: it calls node 2.
fn add_bridge(net: &mut Net) -> Shared {
    let shared: Shared = Rc::default();
    let own = Rc::clone(&shared);
    let n = net.add(
        |c| c,
        move |now, stack, output| {
            let mut bridge = own.borrow_mut();
            if bridge.as_mut().is_some_and(|bridge| bridge.handle(now, stack, output)) {
                return;
            }
            if let StackOutput::Request { key: Some(key), request, .. } = output {
                *bridge = Some(Bridge::open(now, stack, *key, request.clone(), uri(2), None, uri(1)).unwrap());
            }
        },
    );
    assert_eq!(n, 1);
    shared
}

/// A UA that accepts what comes, with a body and a header that nobody knows, and acknowledges its 2xx. `0`: rings for ever.
fn ua(n: usize, status: u16) -> impl FnMut(Instant, &mut SipStack, &StackOutput) {
    move |now, stack, output| match output {
        StackOutput::Request { key: Some(key), request, .. } => {
            let is_invite = request.method == Method::INVITE;
            let status = if is_invite { status } else { 200 };
            let mut answer = stack.prepare(*key, if status == 0 { 180 } else { status }, None).unwrap();
            answer.headers.append("Contact", &format!("<{}>", uri(n)));
            answer.headers.append("X-From-Callee", "kept");
            answer.body = b"answer".to_vec();
            let sent = if is_invite && status == 200 {
                stack.accept(now, *key, answer)
            } else {
                stack.respond(now, *key, answer)
            };
            sent.unwrap();
        }
        StackOutput::Cancel { key, .. } => stack.reply(now, *key, 487, None).unwrap(),
        StackOutput::Response { response, .. } if response.is_success() && cseq_is_invite(response) => {
            let seq = response.cseq().unwrap().unwrap().seq;
            let dialog = Dialog::uac(&invite(), response).unwrap();
            let mut ack = dialog.ack(seq);
            ack.body = b"in the ACK".to_vec();
            stack.send_ack(ack, Some(dialog.next_hop())).unwrap();
        }
        _ => {}
    }
}

fn cseq_is_invite(response: &Response) -> bool {
    response.cseq().unwrap().unwrap().method == Method::INVITE
}

fn invite() -> Request {
    let mut invite = request(Method::INVITE, 0, 1, 1);
    invite.headers.append("X-From-Caller", "kept");
    invite.headers.append("Proxy-Authorization", "Digest realm=\"ours\"");
    invite.body = b"offer".to_vec();
    invite
}

fn call(callee: impl FnMut(Instant, &mut SipStack, &StackOutput) + 'static) -> (Net, Shared) {
    let mut net = Net::new(4);
    net.add(|c| c, ua(0, 200));
    let bridge = add_bridge(&mut net);
    net.add(|c| c, callee);
    net.stack(0).send_request(Instant::ZERO, invite(), None).unwrap();
    (net, bridge)
}

/// The dialog of node 0, made of the first response that makes one.
fn dialog_of_caller(net: &Net) -> Dialog {
    let mut made = net.nodes[0].told.iter().filter_map(|(_, output)| match output {
        StackOutput::Response { response, .. } => Dialog::uac(&invite(), response).ok(),
        _ => None,
    });
    made.next().unwrap()
}

fn last(net: &Net, from: usize, what: &str) -> SipMessage {
    let sent = net.log.iter().rev().find(|sent| sent.from == from && sent.what == what);
    SipMessage::parse(&sent.unwrap_or_else(|| panic!("no {what}")).bytes).unwrap()
}

fn statuses(net: &Net) -> Vec<u16> {
    let responses = net.nodes[0].told.iter().filter_map(|(_, output)| match output {
        StackOutput::Response { response, .. } => Some(response.status),
        _ => None,
    });
    responses.filter(|status| *status != 100).collect()
}

fn assert_over(net: &mut Net, bridge: &Shared) {
    net.run_to_the_end();
    assert!(net.nodes.iter().all(|node| node.stack.is_idle()));
    let bridge = bridge.borrow();
    let bridge = bridge.as_ref().unwrap();
    assert_eq!(bridge.state(), BridgeState::Ended);
    assert!(bridge.relayed.is_empty() && bridge.own.is_empty(), "{bridge:?}");
}

#[test]
fn two_dialogs_make_one_call() {
    let (mut net, bridge) = call(ua(2, 200));
    net.run_until(Instant::from_millis(3000));
    assert_eq!(bridge.borrow().as_ref().unwrap().state(), BridgeState::Established);
    let onward = last(&net, 1, "INVITE");
    let headers = onward.headers();
    assert_eq!(headers.get("X-From-Caller"), Some("kept"));
    assert!(!headers.contains("Proxy-Authorization"), "credentials are for us");
    assert_ne!(headers.call_id(), invite().call_id());
    assert_eq!(headers.get("Contact"), Some(format!("<{}>", uri(1)).as_str()));
    assert_eq!((headers.vias().unwrap().len(), headers.max_forwards()), (1, Ok(Some(69))));
    let answer = last(&net, 1, "200 INVITE");
    assert_eq!(answer.headers().get("X-From-Callee"), Some("kept"));
    assert!(answer.to_bytes().ends_with(b"answer") && last(&net, 1, "ACK").to_bytes().ends_with(b"in the ACK"));
    assert_eq!(net.times(2, "200 INVITE").len(), 1, "the ACK came through");
    let mut dialog = dialog_of_caller(&net);
    let (now, hop) = (net.now, dialog.next_hop());
    net.stack(0).send_request(now, dialog.request(Method::BYE), Some(hop)).unwrap();
    net.run_for(std::time::Duration::from_millis(100));
    assert_eq!(net.times(2, "200 BYE").len(), 1);
    assert_over(&mut net, &bridge);
}

#[test]
fn requests_inside_pass_and_lost_acks_are_made_good() {
    let (mut net, bridge) = call(ua(2, 200));
    let mut lost = 0;
    net.loses = Box::new(move |sent| {
        let hit = sent.from == 1 && sent.what == "ACK" && lost < 2;
        lost += u32::from(hit);
        hit
    });
    net.run_until(Instant::from_millis(5000));
    assert_eq!(net.times(2, "200 INVITE").len(), 3, "until the third ACK");
    let mut dialog = dialog_of_caller(&net);
    for method in [Method::INVITE, Method::INFO] {
        let mut inside = dialog.request(method.clone());
        inside.headers.append("Contact", &format!("<{}>", uri(0)));
        inside.body = b"changed".to_vec();
        let (now, hop) = (net.now, dialog.next_hop());
        net.stack(0).send_request(now, inside, Some(hop)).unwrap();
        net.run_for(std::time::Duration::from_millis(500));
        let onward = last(&net, 1, method.as_str());
        assert!(onward.to_bytes().ends_with(b"changed"));
        assert_eq!(
            onward.headers().from().unwrap().unwrap().tag(),
            bridge.borrow().as_ref().unwrap().dialogs()[1].map(|d| d.local_tag.as_str())
        );
    }
    assert_eq!(last(&net, 1, "ACK").headers().get("CSeq"), Some("2 ACK"), "that of the re-INVITE");
    assert_eq!(statuses(&net), [200, 200, 200]);
    let now = net.now;
    let node = &mut net.nodes[1];
    bridge.borrow_mut().as_mut().unwrap().hang_up(now, &mut node.stack);
    net.run_for(std::time::Duration::from_millis(100));
    assert_eq!((net.times(0, "200 BYE").len(), net.times(2, "200 BYE").len()), (1, 1));
    assert_over(&mut net, &bridge);
}

#[test]
fn a_call_that_is_not_accepted() {
    let (mut net, bridge) = call(ua(2, 486));
    net.run_until(Instant::from_millis(1000));
    assert_eq!(statuses(&net), [486]);
    assert_eq!(last(&net, 1, "486 INVITE").headers().get("X-From-Callee"), Some("kept"));
    assert_over(&mut net, &bridge);

    let (mut net, bridge) = call(ua(2, 200));
    net.loses = Box::new(|sent| sent.from == 1 && sent.what == "INVITE");
    net.run_until(Instant::from_millis(40_000));
    assert_eq!(statuses(&net), [408]);
    assert_over(&mut net, &bridge);
}

#[test]
fn a_cancelled_call_ends_on_both_sides() {
    let (mut net, bridge) = call(ua(2, 0));
    net.run_until(Instant::from_millis(1000));
    let now = net.now;
    assert!(net.stack(0).cancel(now, ClientKey(1), None));
    net.run_for(std::time::Duration::from_secs(1));
    assert_eq!(statuses(&net), [180, 487]);
    assert_eq!(net.times(2, "487 INVITE").len(), 1);
    assert_over(&mut net, &bridge);
}

#[test]
fn a_caller_that_never_acknowledges_is_hung_up() {
    let (mut net, bridge) = call(ua(2, 200));
    net.loses = Box::new(|sent| sent.from == 0 && sent.what == "ACK");
    net.run_until(Instant::from_millis(40_000));
    assert_eq!((net.times(1, "BYE").len(), net.times(2, "200 BYE").len()), (2, 1));
    assert_over(&mut net, &bridge);
}

#[test]
fn the_second_fork_that_accepts_is_hung_up() {
    let two_tags = |now: Instant, stack: &mut SipStack, output: &StackOutput| match output {
        StackOutput::Request { key: Some(key), request, .. } if request.method == Method::INVITE => {
            for tag in ["x", "y"] {
                let mut answer = Response::to(request, 200, None);
                answer.set_to_tag(tag);
                answer.headers.append("Contact", &format!("<{}>", uri(2)));
                stack.respond(now, *key, answer).unwrap();
            }
        }
        StackOutput::Request { key: Some(key), .. } => stack.reply(now, *key, 200, None).unwrap(),
        _ => {}
    };
    let (mut net, bridge) = call(two_tags);
    net.run_until(Instant::from_millis(1000));
    assert_eq!(statuses(&net), [200]);
    let bye = last(&net, 1, "BYE");
    assert_eq!(bye.headers().to().unwrap().unwrap().tag(), Some("y"));
    assert_eq!(net.times(1, "ACK").len(), 2, "both have their ACK");
    let now = net.now;
    bridge.borrow_mut().as_mut().unwrap().hang_up(now, &mut net.nodes[1].stack);
    assert_over(&mut net, &bridge);
}

#[test]
fn reliable_provisional_responses_and_their_prack_pass() {
    let rings = |now: Instant, stack: &mut SipStack, output: &StackOutput| match output {
        StackOutput::Request { key: Some(key), request, .. } if request.method == Method::INVITE => {
            let mut ringing = stack.prepare(*key, 183, None).unwrap();
            ringing.headers.append("Contact", &format!("<{}>", uri(2)));
            ringing.headers.append("RSeq", "77");
            ringing.headers.append("Require", "100rel");
            stack.respond_reliably(now, *key, ringing).unwrap();
        }
        StackOutput::Request { key: Some(key), request, .. } => {
            if request.headers.get("RAck") == Some("77 1 INVITE") {
                stack.acknowledged(crate::sip::ServerKey(1));
            }
            stack.reply(now, *key, 200, None).unwrap();
        }
        StackOutput::Cancel { key, .. } => stack.reply(now, *key, 487, None).unwrap(),
        _ => {}
    };
    let (mut net, bridge) = call(rings);
    net.run_until(Instant::from_millis(1600));
    let mut dialog = dialog_of_caller(&net);
    let mut prack = dialog.request(Method::PRACK);
    prack.headers.append("RAck", "77 1 INVITE");
    let (now, hop) = (net.now, dialog.next_hop());
    net.stack(0).send_request(now, prack, Some(hop)).unwrap();
    net.run_for(std::time::Duration::from_secs(20));
    assert_eq!(net.times(2, "183 INVITE").len(), 3, "no more after the PRACK");
    assert_eq!(net.times(2, "200 PRACK").len(), 1);
    let now = net.now;
    bridge.borrow_mut().as_mut().unwrap().hang_up(now, &mut net.nodes[1].stack);
    assert_over(&mut net, &bridge);
    assert_eq!(statuses(&net).last(), Some(&480));
}
