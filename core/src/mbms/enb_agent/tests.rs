//! Tests of the eNB's end of M1.

use proptest::prelude::*;
use protocol::{GtpuRepr, SyncTotals};

use super::*;

const TMGI: &str = "000001@262-01";

fn tmgi() -> Tmgi {
    TMGI.parse().unwrap()
}

fn config() -> EnbAgentConfig {
    EnbAgentConfig { processing_time: Duration::from_millis(5), max_held_octets: 100_000 }
}

fn agent() -> EnbAgent {
    let mut agent = EnbAgent::new(config());
    let (sync, multicast) = (SyncPlan::new(32).unwrap(), Ipv4Addr::new(239, 255, 0, 1));
    let bearer = MbmsBearer { tmgi: tmgi(), sync, multicast, c_teid: 9 };
    agent.handle_input(Instant::ZERO, EnbAgentInput::SessionStart(bearer));
    agent
}

fn m1(pdu: &SyncRepr<'_>) -> Vec<u8> {
    let payload = GtpuRepr::g_pdu(9).emit(&pdu.emit().unwrap()).unwrap();
    let (source, destination) = ("10.0.0.2:2152".parse().unwrap(), "239.255.0.1:2152".parse().unwrap());
    UdpDatagram { source, destination, payload: &payload }.emit().unwrap()
}

/// Packets of 100 octets for the sequence at 640 ms, and its closing PDU.
fn sequence(packets: u16) -> Vec<Vec<u8>> {
    let header =
        |n: u16| SyncHeader { timestamp: SyncTimestamp(64), packet_number: n, elapsed_octets: u32::from(n) * 100 };
    let mut all: Vec<_> =
        (0..packets).map(|n| m1(&SyncRepr::UserData { header: header(n), payload: &[n as u8; 100] })).collect();
    all.push(m1(&SyncRepr::Information { header: header(packets), totals: SyncTotals::default() }));
    all
}

fn push(agent: &mut EnbAgent, at_ms: u64, datagram: &[u8]) -> Vec<EnbAgentOutput> {
    agent.handle_input(Instant::from_millis(at_ms), EnbAgentInput::M1(datagram));
    std::iter::from_fn(|| agent.poll_output()).collect()
}

/// First octets of the SDUs in `outputs`, all due at 640 ms, and the loss report.
fn sdus(outputs: &[EnbAgentOutput]) -> (Vec<u8>, Option<LossReport>) {
    let (mut numbers, mut lost) = (Vec::new(), None);
    for output in outputs {
        match output {
            EnbAgentOutput::Sdu { tmgi: of, sdu, due } => {
                assert_eq!((*of, sdu.len(), *due), (tmgi(), 100, Instant::from_millis(640)));
                numbers.push(sdu[0]);
            }
            EnbAgentOutput::Lost(report) => lost = Some(*report),
            EnbAgentOutput::Discarded(discard) => panic!("{discard}"),
        }
    }
    (numbers, lost)
}

#[test]
fn a_complete_sequence_is_given_out_in_order() {
    let mut agent = agent();
    let mut all = sequence(4);
    all.swap(0, 3);
    all.swap(1, 4);
    let outputs: Vec<_> = all.iter().flat_map(|d| push(&mut agent, 400, d)).collect();
    assert_eq!(sdus(&outputs), (vec![0, 1, 2, 3], None));
    assert_eq!(agent.poll_timeout(), None);
    let counters = agent.counters();
    assert_eq!((counters.datagrams, counters.sdus, counters.sdu_octets, counters.discarded), (5, 4, 400, 0));
}

#[test]
fn an_empty_sequence_is_nothing_at_all() {
    let mut agent = agent();
    assert_eq!(push(&mut agent, 400, &sequence(0)[0]), []);
    assert_eq!(agent.poll_timeout(), None);
}

#[test]
fn one_missing_packet_is_stepped_over_when_time_is_up() {
    let mut agent = agent();
    for (n, datagram) in sequence(5).iter().enumerate() {
        if n != 2 {
            assert_eq!(push(&mut agent, 400, datagram), []);
        }
    }
    assert_eq!(agent.poll_timeout(), Some(Instant::from_millis(635)));
    agent.handle_timeout(Instant::from_millis(634));
    assert_eq!(agent.poll_output(), None);
    agent.handle_timeout(Instant::from_millis(635));
    let outputs: Vec<_> = std::iter::from_fn(|| agent.poll_output()).collect();
    let due = Instant::from_millis(640);
    let lost = LossReport { tmgi: tmgi(), due, packets: 1, octets: 100, withheld: 0 };
    assert_eq!(sdus(&outputs), (vec![0, 1, 3, 4], Some(lost)));
}

#[test]
fn after_several_missing_packets_the_rest_of_the_sequence_is_withheld() {
    let mut agent = agent();
    for (n, datagram) in sequence(7).iter().enumerate() {
        if ![2, 3, 6].contains(&n) {
            push(&mut agent, 400, datagram);
        }
    }
    agent.handle_timeout(Instant::from_millis(635));
    let outputs: Vec<_> = std::iter::from_fn(|| agent.poll_output()).collect();
    let due = Instant::from_millis(640);
    let lost = LossReport { tmgi: tmgi(), due, packets: 3, octets: 300, withheld: 2 };
    assert_eq!(sdus(&outputs), (vec![0, 1], Some(lost)));
}

#[test]
fn stopping_a_bearer_gives_out_what_it_holds() {
    let mut agent = agent();
    let all = sequence(3);
    push(&mut agent, 400, &all[0]);
    let tmgi = "000001@262-01".parse().unwrap();
    agent.handle_input(Instant::from_millis(401), EnbAgentInput::SessionStop { tmgi });
    let outputs: Vec<_> = std::iter::from_fn(|| agent.poll_output()).collect();
    assert_eq!(sdus(&outputs), (vec![0], None));
    let multicast = IpAddr::from([239, 255, 0, 1]);
    let unknown = Discard::UnknownTunnel { multicast, c_teid: 9 };
    assert_eq!(push(&mut agent, 402, &all[1]), [EnbAgentOutput::Discarded(unknown)]);
}

#[test]
fn what_is_late_double_or_damaged_is_dropped_with_its_reason() {
    let mut agent = agent();
    let all = sequence(3);
    let due = Instant::from_millis(640);
    let dropped = |d: Discard| vec![EnbAgentOutput::Discarded(d)];
    push(&mut agent, 400, &all[0]);
    assert_eq!(push(&mut agent, 400, &all[0]), dropped(Discard::Duplicate { due, packet_number: 0 }));
    let late = Duration::from_millis(1);
    assert_eq!(push(&mut agent, 641, &all[1]), dropped(Discard::Late { due, late }));
    let mut bad = all[1].clone();
    let last = bad.len() - 1;
    bad[last] ^= 1;
    assert!(matches!(&push(&mut agent, 400, &bad)[..], [EnbAgentOutput::Discarded(Discard::Ip(_))]));
    let header = SyncHeader { timestamp: SyncTimestamp(65), packet_number: 0, elapsed_octets: 0 };
    let off = m1(&SyncRepr::UserData { header, payload: &[1] });
    assert_eq!(push(&mut agent, 400, &off), dropped(Discard::Timestamp(SyncTimestamp(65))));
    assert_eq!(agent.counters().discarded, 4);
}

#[test]
fn what_it_holds_is_bounded() {
    let mut agent = agent();
    let mut full = 0;
    for n in 0..2_000u32 {
        let timestamp = SyncTimestamp((n / 100 * 32 + 64) as u16);
        let header = SyncHeader { timestamp, packet_number: (n % 100) as u16, elapsed_octets: n % 100 * 1000 };
        let outputs = push(&mut agent, 400, &m1(&SyncRepr::UserData { header, payload: &[0; 1000] }));
        full += usize::from(matches!(&outputs[..], [EnbAgentOutput::Discarded(Discard::Full { .. })]));
    }
    assert_eq!(full, 1_900);
    for n in 0..40 {
        let header = SyncHeader { timestamp: SyncTimestamp(n * 32), packet_number: 0, elapsed_octets: 0 };
        push(&mut agent, 0, &m1(&SyncRepr::Information { header, totals: SyncTotals::default() }));
        push(&mut agent, 0, &m1(&SyncRepr::UserData { header, payload: &[] }));
    }
    assert!(agent.bearers.values().all(|b| b.sequences.len() <= MAX_SEQUENCES));
}

/// Body of the fuzz target: datagrams for the bearer with an arbitrary SYNC PDU, then time passes.
fn fuzz_agent(pdus: &[Vec<u8>]) {
    let mut agent = agent();
    for (n, pdu) in pdus.iter().enumerate() {
        let payload = GtpuRepr::g_pdu(9).emit(pdu).unwrap();
        let (source, destination) = ("10.0.0.2:2152".parse().unwrap(), "239.255.0.1:2152".parse().unwrap());
        let datagram = UdpDatagram { source, destination, payload: &payload }.emit().unwrap();
        push(&mut agent, 50 * n as u64, &datagram);
        agent.handle_timeout(Instant::from_millis(50 * n as u64));
    }
    agent.handle_timeout(Instant::from_millis(700_000));
    assert!(agent.bearers.values().all(|b| b.held_octets == 0 && b.sequences.is_empty()));
}

proptest! {
    #[test]
    fn arbitrary_pdus(
        pdus in proptest::collection::vec(
            (0u16..20, 0u16..8, prop_oneof![0u32..500, any::<u32>()], 0usize..300, 0u8..8),
            0..40,
        )
    ) {
        let pdus: Vec<_> = pdus
            .into_iter()
            .map(|(sequence, packet_number, elapsed_octets, octets, kind)| {
                let header = SyncHeader { timestamp: SyncTimestamp(sequence * 32), packet_number, elapsed_octets };
                let payload = vec![kind; octets];
                match kind {
                    0 => payload,
                    1 => SyncRepr::Information { header, totals: SyncTotals::default() }.emit().unwrap(),
                    _ => SyncRepr::UserData { header, payload: &payload }.emit().unwrap(),
                }
            })
            .collect();
        fuzz_agent(&pdus);
    }
}
