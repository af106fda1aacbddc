//! The same in real time: modems on pseudo terminals, hosts that open them as serial devices, a thread each.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use hil::at::{AtEngine, AtInput, AtOutput};
use hil::port::{LiveClock, LiveModem, LiveNetwork, Port, PortRead, PtyPort, SerialDevice};
use hil::sim::{Personality, SimCell, SimNetwork, SimNetworkConfig};

use super::{Host, Ledger, Random, leak, resources};

/// What threads, terminals and buffers of a first round leave behind in the allocator.
const ALLOWED: usize = 8 << 20;
/// Hosts send no more until some of these have been reported: a memory of two messages takes its time.
const MAX_UNDER_WAY: usize = 40;

pub(crate) fn run(
    time: Duration,
    numbers: &BTreeMap<usize, String>,
    personality: fn(usize) -> Personality,
    cell: fn() -> SimCell,
) {
    // A first round, so that what is allocated once is there.
    round(Duration::from_millis(200), numbers, personality, cell);
    let before = resources();
    let accepted = round(time, numbers, personality, cell);
    println!("{accepted} messages in {time:?}");
    assert!(accepted as u64 >= 5 * time.as_secs(), "{accepted}");
    leak(before, ALLOWED);
}

fn round(
    time: Duration,
    numbers: &BTreeMap<usize, String>,
    personality: fn(usize) -> Personality,
    cell: fn() -> SimCell,
) -> usize {
    let clock = LiveClock::start();
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let (over, mut network) = (AtomicBool::new(false), LiveNetwork::new(SimNetwork::new(SimNetworkConfig::default())));
    let mut modems = Vec::new();
    let mut paths = Vec::new();
    let mut orders = Vec::new();
    for (&ue, number) in numbers {
        let port = PtyPort::new(None).unwrap();
        paths.push(port.name());
        let (order, ordered) = channel();
        let member = network.add(number);
        orders.push(order);
        let modem = LiveModem::new(personality(ue), Some(cell()), port).on_network(member);
        modems.push((modem, ordered));
    }
    thread::scope(|scope| {
        let serving = scope.spawn(move || network.serve());
        let modems: Vec<_> = modems
            .into_iter()
            .map(|(mut modem, ordered)| scope.spawn(move || modem.serve(&ordered, |_| {}).unwrap()))
            .collect();
        let hosts: Vec<_> = paths
            .iter()
            .enumerate()
            .map(|(ue, path)| {
                let (ledger, over) = (&ledger, &over);
                scope.spawn(move || host(ue, path, clock, time, ledger, over))
            })
            .collect();
        // All is sent; what is under way has a minute.
        let limit = clock.now() + time + Duration::from_secs(60);
        let all_there = || {
            let ledger = ledger.lock().unwrap();
            ledger.missing() == 0 && ledger.under_way() == 0
        };
        while clock.now() < protocol::Instant::ZERO + time + Duration::from_secs(1)
            || (!all_there() && clock.now() < limit)
        {
            thread::park_timeout(Duration::from_millis(20));
        }
        over.store(true, Ordering::Relaxed);
        hosts.into_iter().for_each(|host| host.join().unwrap());
        drop(orders);
        serving.join().unwrap();
        modems.into_iter().for_each(|modem| modem.join().unwrap());
    });
    let ledger = ledger.lock().unwrap();
    ledger.balance();
    ledger.accepted()
}

/// Sends for `time`, goes on listening until it is over.
fn host(ue: usize, path: &str, clock: LiveClock, time: Duration, ledger: &Mutex<Ledger>, over: &AtomicBool) {
    let mut port = SerialDevice::open(path, 115_200).unwrap();
    let (mut engine, mut host) = (AtEngine::new(Host::config()), Host::new(ue, 10, super::super::msisdn, ue % 2 == 1));
    let (mut random, mut chunk) = (Random(ue as u64), [0; 4096]);
    engine.handle_input(clock.now(), AtInput::Opened);
    host.begin(clock.now(), &mut engine);
    while !(over.load(Ordering::Relaxed) && host.is_idle()) {
        let now = clock.now();
        let mut book = ledger.lock().unwrap();
        if host.is_idle() && now < protocol::Instant::ZERO + time && book.under_way() < MAX_UNDER_WAY {
            host.send(now, &mut engine, &mut random, &mut book);
        }
        drop(book);
        while let Some(output) = engine.poll_output() {
            match output {
                AtOutput::Write(bytes) => port.write(&bytes).unwrap(),
                other => host.hear(now, &mut engine, other, &mut ledger.lock().unwrap()),
            }
        }
        if let PortRead::Octets(octets) = port.read(&mut chunk, Duration::from_millis(10)).unwrap() {
            engine.handle_input(clock.now(), AtInput::Bytes(&chunk[..octets]));
        }
        if engine.poll_timeout().is_some_and(|due| due <= clock.now()) {
            engine.handle_timeout(clock.now());
        }
    }
}
