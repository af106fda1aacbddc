//! The proxy between stacks that are joined in memory.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::{Cause, Proxy, ProxyConfig, ProxyEvent, pop_own_route, record_route};
use crate::Instant;
use crate::sip::net::{Net, address, request, uri};
use crate::sip::{Dialog, Method, NameAddr, Request, Response, SipStack, SipUri, StackConfig, StackOutput, Uri};

/// What a proxy of a test does with a request: the targets that it goes to.
type Decide = Box<dyn FnMut(&mut Request) -> Vec<Uri>>;

/// A record-routing proxy node that tries its targets at once; what it saw is in the list.
struct Shared {
    proxy: Proxy,
    decide: Decide,
    causes: Vec<Cause>,
    tryings: usize,
    loses: Vec<u16>,
}

fn is_proxy(uri: &SipUri) -> bool {
    uri.host == "10.0.0.2"
}

fn as_proxy(config: StackConfig) -> StackConfig {
    StackConfig { refuses_merged: false, ..config }
}

/// Adds the proxy as node 1, between node 0 and all others.
fn add_proxy(
    net: &mut Net,
    config: ProxyConfig,
    decide: impl FnMut(&mut Request) -> Vec<Uri> + 'static,
) -> Rc<RefCell<Shared>> {
    let shared = Shared {
        proxy: Proxy::new(config),
        decide: Box::new(decide),
        causes: Vec::new(),
        tryings: 0,
        loses: Vec::new(),
    };
    let shared = Rc::new(RefCell::new(shared));
    let own = Rc::clone(&shared);
    let n = net.add(as_proxy, move |now, stack, output| {
        let mut shared = own.borrow_mut();
        shared.proxy.handle(now, stack, output.clone());
        shared.drain(now, stack);
    });
    assert_eq!(n, 1, "its Record-Route says so");
    shared
}

impl Shared {
    fn drain(&mut self, now: Instant, stack: &mut SipStack) {
        while let Some(event) = self.proxy.poll_event() {
            match event {
                ProxyEvent::Upstream { key, cause, response, .. } => {
                    self.causes.push(cause);
                    // A client that has gone is nobody's fault.
                    let _ = self.proxy.respond(now, stack, key, response);
                }
                ProxyEvent::Other(StackOutput::Request { key, request, .. }) => self.take(now, stack, key, request),
                ProxyEvent::Other(StackOutput::AckMissing { status, .. }) => self.loses.push(status),
                ProxyEvent::Trying { .. } => self.tryings += 1,
                ProxyEvent::Other(_) | ProxyEvent::Cancelled { .. } => {}
            }
        }
    }

    fn take(&mut self, now: Instant, stack: &mut SipStack, key: Option<crate::sip::ServerKey>, mut request: Request) {
        if let Err(refusal) = self.proxy.admit(stack, key, &mut request) {
            if let Some(key) = key {
                refusal.send(now, stack, key).unwrap();
            }
            return;
        }
        pop_own_route(&mut request, is_proxy);
        let Some(key) = key else { return self.proxy.forward_ack(stack, request, None).unwrap() };
        let in_dialog = request.to().unwrap().unwrap().tag().is_some();
        if in_dialog {
            self.proxy.forward(now, stack, key, request, None).unwrap();
            return;
        }
        record_route(&mut request, &SipUri::new(None, "10.0.0.2"));
        for target in (self.decide)(&mut request) {
            let mut branch = request.clone();
            branch.uri = target;
            self.proxy.forward(now, stack, key, branch, None).unwrap();
        }
    }
}

/// A UAS with its own tag: accepts, or answers with another status after a time of its own.
fn uas(n: usize, status: u16) -> impl FnMut(Instant, &mut SipStack, &StackOutput) {
    move |now, stack, output| match output {
        StackOutput::Request { key: Some(key), request, .. } => {
            let status = if request.method == Method::INVITE { status } else { 200 };
            if status == 0 {
                return stack.reply(now, *key, 180, None).unwrap();
            }
            let mut response = stack.prepare(*key, status, None).unwrap();
            response.headers.append("Contact", &format!("<{}>", uri(n)));
            response.headers.copy_from(&request.headers, "Record-Route");
            if status == 200 && request.method == Method::INVITE {
                stack.accept(now, *key, response).unwrap();
            } else {
                stack.respond(now, *key, response).unwrap();
            }
        }
        StackOutput::Cancel { key, .. } => stack.reply(now, *key, 487, None).unwrap(),
        _ => {}
    }
}

fn acknowledges(_: Instant, stack: &mut SipStack, output: &StackOutput) {
    let StackOutput::Response { response, .. } = output else { return };
    if response.is_success() && response.cseq().unwrap().unwrap().method == Method::INVITE {
        let dialog = Dialog::uac(&request(Method::INVITE, 0, 1, 1), response).unwrap();
        stack.send_ack(dialog.ack(1), Some(dialog.next_hop())).unwrap();
    }
}

/// Node 0 calls through the proxy, which forks to one UAS for each status.
fn fork(statuses: &[u16], method: Method) -> (Net, Rc<RefCell<Shared>>) {
    let mut net = Net::new(1);
    net.add(|c| c, acknowledges);
    let targets: Vec<_> = (0..statuses.len()).map(|n| uri(n + 2)).collect();
    let shared = add_proxy(&mut net, ProxyConfig::default(), move |_| targets.clone());
    for (n, status) in statuses.iter().enumerate() {
        net.add(|c| c, uas(n + 2, *status));
    }
    net.stack(0).send_request(Instant::ZERO, request(method, 0, 1, 1), None).unwrap();
    (net, shared)
}

fn finals(net: &Net) -> Vec<u16> {
    net.nodes[0]
        .told
        .iter()
        .filter_map(|(_, output)| match output {
            StackOutput::Response { response, .. } if response.status >= 200 => Some(response.status),
            _ => None,
        })
        .collect()
}

fn assert_empty(net: &Net, shared: &Rc<RefCell<Shared>>) {
    for node in &net.nodes {
        assert!(node.stack.is_idle(), "{:?}", node.stack);
    }
    assert!(shared.borrow().proxy.is_empty(), "{:?}", shared.borrow().proxy);
}

#[test]
fn a_call_passes_with_its_ack_and_its_bye() {
    let (mut net, shared) = fork(&[200], Method::INVITE);
    net.run_until(Instant::from_millis(1000));
    assert_eq!(finals(&net), [200]);
    assert_eq!(net.times(1, "ACK"), [50], "the ACK takes the recorded route");
    assert_eq!(net.times(2, "200 INVITE"), [20], "and stops the repeats");
    let response = net.nodes[0].told.iter().find_map(|(_, output)| match output {
        StackOutput::Response { response, .. } if response.is_success() => Some(response.clone()),
        _ => None,
    });
    let mut dialog = Dialog::uac(&request(Method::INVITE, 0, 1, 1), &response.unwrap()).unwrap();
    let bye = dialog.request(Method::BYE);
    let (now, hop) = (net.now, dialog.next_hop());
    net.stack(0).send_request(now, bye, Some(hop)).unwrap();
    net.run_to_the_end();
    assert_eq!(finals(&net), [200, 200]);
    let bye = net.log.iter().find(|sent| sent.from == 1 && sent.what == "BYE").unwrap();
    let text = String::from_utf8_lossy(&bye.bytes).into_owned();
    assert!(!text.contains("Route:") && text.contains("Max-Forwards: 69"), "{text}");
    assert_empty(&net, &shared);
}

#[test]
fn the_best_of_all_branches_goes_up() {
    for (statuses, expected) in [
        (&[486, 404][..], 486),
        (&[500, 404], 404),
        (&[404, 407], 407),
        (&[503], 500),
        (&[603, 302], 603),
        (&[302, 404], 302),
    ] {
        let (mut net, shared) = fork(statuses, Method::INVITE);
        net.run_to_the_end();
        assert_eq!(finals(&net), [expected], "{statuses:?}");
        assert_empty(&net, &shared);
    }
}

#[test]
fn the_first_success_cancels_the_others() {
    let (mut net, shared) = fork(&[0, 200, 0], Method::INVITE);
    net.run_to_the_end();
    assert_eq!(finals(&net), [200]);
    assert_eq!(net.times(1, "CANCEL").len(), 2);
    assert_eq!(net.times(2, "487 INVITE").len() + net.times(4, "487 INVITE").len(), 2);
    assert_empty(&net, &shared);
}

#[test]
fn two_successes_of_an_invite_both_go_up_but_one_of_a_message() {
    let (mut net, shared) = fork(&[200, 200], Method::INVITE);
    net.run_to_the_end();
    assert_eq!(finals(&net), [200, 200]);
    assert_eq!(net.times(1, "ACK").len(), 2);
    assert_empty(&net, &shared);
    let (mut net, shared) = fork(&[200, 200], Method::MESSAGE);
    net.run_to_the_end();
    assert_eq!(finals(&net), [200]);
    assert_empty(&net, &shared);
}

#[test]
fn a_global_failure_cancels_the_others() {
    let (mut net, shared) = fork(&[0, 603], Method::INVITE);
    net.run_to_the_end();
    assert_eq!(finals(&net), [603]);
    assert_eq!(net.times(1, "CANCEL").len(), 1);
    assert_empty(&net, &shared);
}

#[test]
fn a_cancel_goes_to_every_branch() {
    let (mut net, shared) = fork(&[0, 0], Method::INVITE);
    net.run_until(Instant::from_millis(1000));
    let (now, key) = (net.now, crate::sip::ClientKey(1));
    assert!(net.stack(0).cancel(now, key, Some("SIP;cause=600")));
    net.run_to_the_end();
    assert_eq!(finals(&net), [487]);
    let cancels: Vec<_> = net.log.iter().filter(|sent| sent.from == 1 && sent.what == "CANCEL").collect();
    assert_eq!(cancels.len(), 2);
    assert!(cancels.iter().all(|sent| String::from_utf8_lossy(&sent.bytes).contains("Reason: SIP;cause=600")));
    assert_empty(&net, &shared);
}

#[test]
fn timer_c_ends_what_rings_for_ever() {
    let mut net = Net::new(1);
    net.add(|c| c, |_, _, _| {});
    let shared = add_proxy(&mut net, ProxyConfig::default(), |_| vec![uri(2)]);
    net.add(|c| c, uas(2, 0));
    net.stack(0).send_request(Instant::ZERO, request(Method::INVITE, 0, 1, 1), None).unwrap();
    net.run_until(Instant::from_millis(1000));
    let due = shared.borrow().proxy.poll_timeout().unwrap();
    assert_eq!(due, Instant::from_millis(30) + Duration::from_secs(181), "counted from the 180");
    net.run_until(due);
    shared.borrow_mut().proxy.handle_timeout(due, net.stack(1));
    net.run_to_the_end();
    assert_eq!(finals(&net), [487]);
    assert_empty(&net, &shared);
}

#[test]
fn silence_and_refusal_are_told_apart() {
    let (mut net, shared) = fork(&[200], Method::MESSAGE);
    net.loses = Box::new(|sent| sent.from == 1 && sent.what == "MESSAGE");
    net.run_to_the_end();
    assert_eq!(shared.borrow().causes, [Cause::Timeout]);
    assert!(finals(&net).is_empty() && net.times(1, "408 MESSAGE").is_empty(), "no 408 but to INVITE");
    assert_empty(&net, &shared);
    let (mut net, shared) = fork(&[], Method::MESSAGE);
    shared.borrow_mut().decide = Box::new(|_| vec![Uri::parse("sip:10.0.0.3;transport=tcp").unwrap()]);
    net.refuses_tcp.insert(address(2));
    net.run_to_the_end();
    assert_eq!(shared.borrow().causes, [Cause::Unreachable("connection refused".into())]);
    assert_eq!(finals(&net), [500]);
    assert_empty(&net, &shared);
}

#[test]
fn that_a_server_works_is_told_and_goes_no_further() {
    let mut net = Net::new(1);
    net.add(|c| c, |_, _, _| {});
    let shared = add_proxy(&mut net, ProxyConfig::default(), |_| vec![uri(2)]);
    net.add(|c| c, uas_of_any(100));
    net.stack(0).send_request(Instant::ZERO, request(Method::INVITE, 0, 1, 1), None).unwrap();
    net.run_until(Instant::from_millis(1000));
    assert_eq!(shared.borrow().tryings, 1);
    assert!(shared.borrow().causes.is_empty());
    let due = shared.borrow().proxy.poll_timeout().unwrap();
    assert!(due < Instant::from_millis(1000) + Duration::from_secs(181), "a 100 does not start timer C again");
}

#[test]
fn an_abandoned_branch_is_not_waited_for() {
    for (method, late) in [(Method::MESSAGE, 200), (Method::MESSAGE, 0), (Method::INVITE, 0), (Method::INVITE, 486)] {
        let mut net = Net::new(1);
        net.add(|c| c, |_, _, _| {});
        let shared = add_proxy(&mut net, ProxyConfig::default(), |_| vec![uri(2)]);
        // Node 2 is silent, and what it says in the end comes too late.
        net.add(|c| c, |_, _, _| {});
        net.add(|c| c, uas_of_any(404));
        net.stack(0).send_request(Instant::ZERO, request(method.clone(), 0, 1, 1), None).unwrap();
        net.run_until(Instant::from_millis(1000));
        let now = net.now;
        let came = net.nodes[1].told.iter().find_map(|(_, output)| match output {
            StackOutput::Request { key: Some(key), request, .. } => Some((*key, request.clone())),
            _ => None,
        });
        let (key, mut elsewhere) = came.unwrap();
        elsewhere.uri = uri(3);
        {
            let mut shared = shared.borrow_mut();
            let [client] = shared.proxy.pending(key)[..] else { panic!("one branch") };
            shared.proxy.abandon(now, net.stack(1), client);
            shared.proxy.forward(now, net.stack(1), key, elsewhere.clone(), None).unwrap();
        }
        net.run_for(Duration::from_millis(100));
        let silent = net.nodes[2].told.iter().find_map(|(_, output)| match output {
            StackOutput::Request { key, .. } => *key,
            _ => None,
        });
        if late > 0 {
            let now = net.now;
            // An INVITE was cancelled by then.
            let _sent = net.stack(2).reply(now, silent.unwrap(), late, None);
        } else if method == Method::INVITE {
            let now = net.now;
            net.stack(2).reply(now, silent.unwrap(), 487, None).unwrap();
        }
        net.run_for(Duration::from_secs(2));
        assert_eq!(net.told(0).iter().filter(|(_, what)| what == "404").count(), 1, "{method} {late}");
        net.run_to_the_end();
        assert_eq!(finals(&net), [404], "{method} {late}");
        assert_empty(&net, &shared);
        let late = shared.borrow_mut().proxy.forward(now, net.stack(1), key, elsewhere, None);
        assert_eq!(late, Err(crate::sip::SendError::Answered));
    }
}

/// Answers every request with `status`.
fn uas_of_any(status: u16) -> impl FnMut(Instant, &mut SipStack, &StackOutput) {
    move |now, stack, output| {
        if let StackOutput::Request { key: Some(key), .. } = output {
            stack.reply(now, *key, status, None).unwrap();
        }
    }
}

#[test]
fn what_must_not_go_on_does_not() {
    for (name, value, expected) in
        [("Max-Forwards", "0", 483), ("Proxy-Require", "foo, bar", 420), ("Max-Forwards", "x", 400)]
    {
        let mut net = Net::new(1);
        net.add(|c| c, |_, _, _| {});
        let shared = add_proxy(&mut net, ProxyConfig::default(), |_| vec![uri(2)]);
        let mut options = request(Method::OPTIONS, 0, 1, 1);
        options.headers.append(name, value);
        net.stack(0).send_request(Instant::ZERO, options, None).unwrap();
        net.run_to_the_end();
        assert_eq!(finals(&net), [expected]);
        assert_eq!(net.sent_by(1).len(), 1, "nothing went on");
        assert_empty(&net, &shared);
    }
}

#[test]
fn a_loop_is_found_and_a_spiral_is_none() {
    for (spiral, expected) in [(false, 482), (true, 200)] {
        let mut net = Net::new(1);
        net.add(|c| c, |_, _, _| {});
        // To itself: the first time always; the second time on to node 2 when the request has changed.
        let mut count = 0;
        let shared = add_proxy(&mut net, ProxyConfig::default(), move |request| {
            count += 1;
            match (spiral, count) {
                (true, 2..) => vec![uri(2)],
                (true, _) => vec![Uri::parse("sip:other@10.0.0.2").unwrap()],
                (false, _) => vec![request.uri.clone()],
            }
        });
        net.add(|c| c, uas(2, 200));
        net.stack(0).send_request(Instant::ZERO, request(Method::MESSAGE, 0, 1, 1), None).unwrap();
        net.run_to_the_end();
        assert_eq!(finals(&net), [expected]);
        assert_empty(&net, &shared);
    }
}

#[test]
fn strict_routers_before_and_after_us() {
    let mut request = request(Method::MESSAGE, 0, 1, 1);
    request.uri = Uri::parse("sip:10.0.0.2;lr").unwrap();
    for route in ["<sip:10.0.0.9;lr>", "<sip:callee@10.0.0.4>"] {
        request.headers.append("Route", route);
    }
    assert_eq!(pop_own_route(&mut request, is_proxy), None);
    assert_eq!(request.uri.to_string(), "sip:callee@10.0.0.4", "the last Route was the Request-URI");
    assert_eq!(request.routes().unwrap().len(), 1);
    request.headers.set("Route", "<sip:10.0.0.2;lr;orig>, <sip:10.0.0.8>");
    let own = pop_own_route(&mut request, is_proxy).unwrap();
    assert!(own.uri.as_sip().unwrap().params.has("orig"));
    let hop = super::route_onwards(&mut request).unwrap();
    assert_eq!(hop, crate::sip::NextHop::Uri(Uri::parse("sip:10.0.0.8").unwrap()));
    assert_eq!(request.uri.to_string(), "sip:10.0.0.8");
    assert_eq!(request.headers.get("Route"), Some("<sip:callee@10.0.0.4>"));
}

#[test]
fn routes_of_registration() {
    let mut register = request(Method::REGISTER, 0, 1, 1);
    super::add_path(&mut register, &SipUri::new(Some("term"), "pcscf.example"));
    super::add_path(&mut register, &SipUri::new(None, "ibcf.example").with_flag("lr"));
    let paths = register.headers.path().unwrap();
    assert_eq!(
        paths.iter().map(NameAddr::to_string).collect::<Vec<_>>(),
        ["<sip:ibcf.example;lr>", "<sip:term@pcscf.example;lr>"]
    );
    super::push_routes(&mut register, &paths);
    assert_eq!(register.routes().unwrap(), paths);
    let mut ok = Response::to(&register, 200, None);
    super::add_service_route(&mut ok, &SipUri::new(Some("orig"), "scscf.example:5080"));
    assert_eq!(ok.headers.get("Service-Route"), Some("<sip:orig@scscf.example:5080;lr>"));
}
