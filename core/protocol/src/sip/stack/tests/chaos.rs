//! Loss, disorder and nonsense: every transaction ends, no final answer comes twice, no table keeps anything.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::{answers, assert_empty, idle};
use crate::sip::net::{Net, request};
use crate::sip::{Flow, Method, SipStack, StackConfig, StackInput, StackOutput, Transport};
use crate::{Entropy, Instant};

/// Requests of all kinds through a net that loses and delays.
fn storm(seed: u64, loss: u32, jitter_ms: u32, accepts: bool) -> Net {
    let mut net = Net::new(seed);
    net.loss = loss;
    net.jitter_ms = jitter_ms;
    net.add(|c| c, idle);
    net.add(
        |c| c,
        move |now, stack, output| match output {
            StackOutput::Request { key: Some(key), request, .. } => {
                let status = if accepts { 200 } else { 603 };
                stack.reply(now, *key, 180, None).unwrap();
                let response = stack.prepare(*key, status, None).unwrap();
                let answer = if request.method == Method::INVITE && accepts {
                    stack.accept(now, *key, response)
                } else {
                    stack.respond(now, *key, response)
                };
                answer.unwrap();
            }
            StackOutput::Cancel { key, .. } => stack.reply(now, *key, 487, None).unwrap(),
            _ => {}
        },
    );
    for n in 0..30 {
        let method = [Method::INVITE, Method::MESSAGE, Method::OPTIONS][n as usize % 3].clone();
        let now = net.now;
        let key = net.stack(0).send_request(now, request(method, 0, 1, n), None).unwrap();
        net.run_until(now + Duration::from_millis(137));
        let now = net.now;
        if n % 9 == 0 {
            net.stack(0).cancel(now, key, None);
        }
    }
    net.run_until(net.now + Duration::from_secs(40));
    // A callee that rang, and whose final answer was lost for good, leaves an INVITE that only its user can end.
    let now = net.now;
    for n in 1..=200 {
        net.stack(0).cancel(now, crate::sip::ClientKey(n), None);
    }
    net.run_to_the_end();
    net
}

/// Final answers, timeouts and ends that node 0 was told, by transaction.
fn fates(net: &Net) -> BTreeMap<String, (usize, usize)> {
    let mut fates: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (_, output) in &net.nodes[0].told {
        match output {
            StackOutput::Response { key, response } if response.status >= 200 => {
                fates.entry(format!("{key:?}")).or_default().0 += 1;
            }
            StackOutput::Timeout { key } | StackOutput::TransportFailed { key, .. } => {
                fates.entry(format!("{key:?}")).or_default().0 += 1;
            }
            StackOutput::Terminated { key: crate::sip::TransactionKey::Client(key) } => {
                fates.entry(format!("{key:?}")).or_default().1 += 1;
            }
            _ => {}
        }
    }
    fates
}

/// When node 1 was told of each request, by its branch.
fn went_up(net: &Net) -> BTreeMap<String, Vec<Instant>> {
    let mut up: BTreeMap<String, Vec<Instant>> = BTreeMap::new();
    for (at, output) in &net.nodes[1].told {
        if let StackOutput::Request { key: Some(_), request, .. } = output {
            let via = request.headers.values("Via").next().unwrap();
            up.entry(format!("{} {via}", request.method)).or_default().push(*at);
        }
    }
    up
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_transaction_ends_once(seed in any::<u64>(), loss in 0..950_u32, jitter_ms in 0..2000_u32) {
        let net = storm(seed, loss, jitter_ms, false);
        assert_empty(&net);
        let fates = fates(&net);
        prop_assert_eq!(fates.len(), 30);
        for (key, fate) in fates {
            prop_assert_eq!(fate, (1, 1), "{}", key);
        }
    }

    #[test]
    fn accepted_calls_end_too(seed in any::<u64>(), loss in 0..950_u32, jitter_ms in 0..2000_u32) {
        let net = storm(seed, loss, jitter_ms, true);
        assert_empty(&net);
        // Of an INVITE every 2xx goes up; it still ends once.
        for (key, (finals, ends)) in fates(&net) {
            prop_assert!(finals >= 1 && ends == 1, "{} {} {}", key, finals, ends);
        }
        // Each goes up once while its transaction lives. A copy that the net held back for longer is new to the server:
        // the last one leaves 63 T1 after the first, and the server forgets after 64 T1 (RFC 3261 clause 17.2.2, RFC 6026).
        for (branch, came) in went_up(&net) {
            let gaps = came.windows(2).map(|pair| pair[1].saturating_duration_since(pair[0]));
            for gap in gaps {
                prop_assert!(gap >= Duration::from_secs(32), "{} went up twice within {:?}", branch, gap);
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_wire() {
    let wire = |net: Net| net.log.into_iter().map(|sent| (sent.at, sent.bytes, sent.arrives)).collect::<Vec<_>>();
    assert_eq!(wire(storm(5, 300, 500, true)), wire(storm(5, 300, 500, true)));
}

#[test]
fn ten_thousand_mutated_messages_leave_the_tables_bounded() {
    let mut corpus = Vec::new();
    let net = {
        let mut net = storm(3, 100, 50, true);
        corpus.extend(net.log.drain(..).map(|sent| sent.bytes));
        net
    };
    let mut entropy = Entropy::of_box(9, "mutations");
    let local = net.nodes[1].address;
    let config =
        StackConfig::user_agent(vec![(Transport::Udp, local), (Transport::Tcp, local)], local.ip().to_string());
    let mut limited = config.clone();
    limited.limits.server_transactions = 500;
    for (config, most) in [(config, 10_000), (limited, 500)] {
        let mut stack = SipStack::new(config, Entropy::of_box(1, "stack"));
        let mut user = answers(486);
        let mut now = Instant::ZERO;
        for n in 0..10_000 {
            let bytes = mutate(&corpus[entropy.below(corpus.len() as u32) as usize], &mut entropy);
            let transport = if n % 3 == 0 { Transport::Tcp } else { Transport::Udp };
            let flow = Flow { transport, local, remote: net.nodes[0].address };
            stack.handle_input(now, StackInput::Received { flow, bytes: &bytes });
            while let Some(output) = stack.poll_output() {
                user(now, &mut stack, &output);
            }
            now = now + Duration::from_millis(1);
            assert!(stack.transactions().1 <= most);
        }
        let counters = stack.counters();
        assert!(counters.requests > 100 && counters.malformed_requests > 100, "{counters:?}");
        while let Some(due) = stack.poll_timeout() {
            stack.handle_timeout(due);
            while let Some(output) = stack.poll_output() {
                user(due, &mut stack, &output);
            }
        }
        assert!(stack.is_idle(), "{stack:?}");
    }
}

/// Octets changed, cut out, doubled or put in.
fn mutate(bytes: &[u8], entropy: &mut Entropy) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..entropy.below(6) {
        let at = entropy.below(bytes.len() as u32) as usize;
        let end = (at + entropy.below(40) as usize).min(bytes.len());
        match entropy.below(5) {
            0 => bytes.truncate(at.max(1)),
            1 => drop(bytes.drain(at..end.min(bytes.len() - 1).max(at))),
            2 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            3 => bytes[at] = entropy.below(256) as u8,
            _ => {
                let junk = b"\r\n,;<>\"@:= \t%[]0"[entropy.below(16) as usize];
                bytes.insert(at, junk);
            }
        }
    }
    bytes
}
