//! INVITE: 2xx until its ACK, reliable provisional responses, CANCEL.

use std::time::Duration;

use super::{assert_empty, idle};
use crate::Instant;
use crate::sip::net::{Net, Sent, request};
use crate::sip::{Dialog, Method, NextHop, Response, SipStack, StackOutput};

/// A UAC that answers every 2xx with an ACK.
fn acknowledges(now: Instant, stack: &mut SipStack, output: &StackOutput) {
    let _ = now;
    let StackOutput::Response { response, .. } = output else { return };
    if response.is_success() && response.cseq().unwrap().unwrap().method == Method::INVITE {
        let dialog = Dialog::uac(&request(Method::INVITE, 0, 1, 1), response).unwrap();
        stack.send_ack(dialog.ack(1), Some(dialog.next_hop())).unwrap();
    }
}

/// A UAS that accepts.
fn accepts(now: Instant, stack: &mut SipStack, output: &StackOutput) {
    if let StackOutput::Request { key: Some(key), request, .. } = output {
        let mut response = stack.prepare(*key, 200, None).unwrap();
        response.headers.append("Contact", &format!("<{}>", crate::sip::net::uri(1)));
        let accepted = if request.method == Method::INVITE {
            stack.accept(now, *key, response)
        } else {
            stack.respond(now, *key, response)
        };
        accepted.unwrap();
    }
}

fn call(
    uac: impl FnMut(Instant, &mut SipStack, &StackOutput) + 'static,
    uas: impl FnMut(Instant, &mut SipStack, &StackOutput) + 'static,
    loses: impl FnMut(&Sent) -> bool + 'static,
) -> (Net, crate::sip::ClientKey) {
    let mut net = Net::new(1);
    net.add(|c| c, uac);
    net.add(|c| c, uas);
    net.loses = Box::new(loses);
    let key = net.stack(0).send_request(Instant::ZERO, request(Method::INVITE, 0, 1, 1), None).unwrap();
    (net, key)
}

#[test]
fn a_2xx_comes_again_until_its_ack() {
    let mut lost = 0;
    let (mut net, _) = call(acknowledges, accepts, move |sent| {
        let hit = sent.what == "ACK" && lost < 4;
        lost += u32::from(hit);
        hit
    });
    net.run_to_the_end();
    assert_eq!(net.times(1, "200 INVITE"), [10, 510, 1510, 3510, 7510], "doubling");
    assert_eq!(net.times(0, "ACK"), [20, 520, 1520, 3520, 7520]);
    assert_eq!(net.told(1)[1], (7530, "ACK (no answer)".into()));
    assert_eq!(net.told(0).last(), Some(&(32_020, "over".into())), "M is 64 T1");
    assert_empty(&net);
}

#[test]
fn lost_2xx_and_an_ack_that_never_comes() {
    let (mut net, _) = call(idle, accepts, |sent| sent.what == "200 INVITE");
    net.run_to_the_end();
    assert_eq!(net.told(1)[1..], [(32_010, "no ACK of 200".into()), (32_010, "over".into())]);
    assert_eq!(net.told(0), [(32_000, "timeout".into()), (32_000, "over".into())], "L outlives the caller's patience");
    let repeats = net.times(1, "200 INVITE");
    assert!(repeats.windows(2).all(|pair| pair[1] - pair[0] <= 4000), "T2 at most: {repeats:?}");
    assert_empty(&net);
}

#[test]
fn a_reliable_provisional_response_comes_again_until_its_prack() {
    let rings = |now: Instant, stack: &mut SipStack, output: &StackOutput| {
        if let StackOutput::Request { key: Some(key), .. } = output {
            let mut ringing = stack.prepare(*key, 180, None).unwrap();
            ringing.headers.append("RSeq", "1");
            stack.respond_reliably(now, *key, ringing).unwrap();
        }
    };
    let (mut net, _) = call(idle, rings, |_| false);
    net.run_until(Instant::from_millis(4000));
    assert_eq!(net.times(1, "180 INVITE"), [10, 510, 1510, 3510]);
    let key = net.nodes[1].told.iter().find_map(|(_, output)| match output {
        StackOutput::Request { key, .. } => *key,
        _ => None,
    });
    let key = key.unwrap();
    net.stack(1).acknowledged(key);
    net.run_for(Duration::from_secs(60));
    assert_eq!(net.times(1, "180 INVITE").len(), 4, "no more");
    let now = net.now;
    net.stack(1).reply(now, key, 486, None).unwrap();
    net.run_to_the_end();
    assert_empty(&net);
}

#[test]
fn cancel_waits_for_a_provisional_response() {
    let busy_when_cancelled = |now: Instant, stack: &mut SipStack, output: &StackOutput| {
        if let StackOutput::Cancel { key, .. } = output {
            stack.reply(now, *key, 487, None).unwrap();
        }
    };
    let (mut net, key) = call(idle, busy_when_cancelled, |_| false);
    assert!(net.stack(0).cancel(Instant::ZERO, key, Some("SIP;cause=200")));
    assert!(!net.stack(0).cancel(Instant::ZERO, key, None), "once");
    net.run_to_the_end();
    assert_eq!(net.times(0, "CANCEL"), [220], "not before the 100");
    assert_eq!(net.times(1, "200 CANCEL"), [230]);
    let told: Vec<_> = net.told(0).into_iter().map(|(_, what)| what).collect();
    assert_eq!(told, ["100", "487", "over"], "nothing of the CANCEL itself");
    let cancel = net.log.iter().find(|sent| sent.what == "CANCEL").unwrap();
    assert!(String::from_utf8_lossy(&cancel.bytes).contains("Reason: SIP;cause=200"));
    assert_empty(&net);
}

#[test]
fn an_invite_that_is_cancelled_in_vain_ends() {
    let (mut net, key) = call(idle, idle, |sent| sent.what == "CANCEL");
    net.run_until(Instant::from_millis(1000));
    let now = net.now;
    net.stack(0).cancel(now, key, None);
    net.run_until(Instant::from_millis(40_000));
    assert_eq!(net.told(0)[1..], [(33_000, "timeout".into()), (33_000, "over".into())]);
}

#[test]
fn a_cancel_of_nothing_is_481() {
    let mut net = Net::new(1);
    net.add(|c| c, idle);
    net.add(|c| c, idle);
    let mut cancel = request(Method::CANCEL, 0, 1, 1);
    cancel.headers.prepend("Via", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKnever");
    let target = match net.stack(0).config().hosts.resolve(&cancel.uri).map(NextHop::Target) {
        Ok(NextHop::Target(target)) => target,
        other => panic!("{other:?}"),
    };
    net.stack(0).send_raw(target, cancel.to_bytes());
    net.run_to_the_end();
    assert_eq!(net.times(1, "481 CANCEL"), [10]);
    assert_empty(&net);
}

#[test]
fn every_forked_2xx_goes_up_and_an_error_after_it_does_not() {
    let forks = |now: Instant, stack: &mut SipStack, output: &StackOutput| {
        if let StackOutput::Request { key: Some(key), request, .. } = output {
            for tag in ["x", "y"] {
                let mut response = Response::to(request, 200, None);
                response.set_to_tag(tag);
                stack.respond(now, *key, response).unwrap();
            }
            assert!(stack.reply(now, *key, 486, None).is_err(), "after a 2xx only a 2xx");
        }
    };
    let (mut net, _) = call(idle, forks, |_| false);
    net.run_to_the_end();
    let told: Vec<_> = net.told(0).into_iter().map(|(_, what)| what).collect();
    assert_eq!(told, ["200", "200", "over"]);
    assert_empty(&net);
}
