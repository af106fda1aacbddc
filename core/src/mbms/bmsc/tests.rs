//! Tests of the BM-SC: what is on SGi-mb, and when.

use std::io::Cursor;
use std::net::Ipv4Addr;

use protocol::{Plmn, SyncRepr, UdpDatagram};

use super::*;
use crate::mbms::Fec;
use crate::store::Store;

fn bmsc() -> Bmsc {
    Bmsc::new(BmscConfig {
        provisioning: ProvisioningConfig {
            plmn: Plmn::new("262", "01").unwrap(),
            service_ids: 1..=100,
            addresses: Ipv4Addr::new(239, 192, 0, 1)..=Ipv4Addr::new(239, 192, 0, 9),
            ports: 5000..=5009,
        },
        source: "10.0.0.1:4000".parse().unwrap(),
        max_transfer_delay: Duration::from_millis(10),
        packet_lengths: false,
        wall_clock: SystemTime::UNIX_EPOCH,
    })
}

fn delivery() -> Delivery {
    Delivery {
        bit_rate_bps: 200_000,
        fec: Fec::NoCode,
        symbol_octets: 500,
        source_block_symbols: 64,
        fdt_period: Duration::from_secs(1),
        ip_octet_limit: None,
    }
}

fn start(name: &str) -> BmscInput {
    let stream = Box::new(Cursor::new(vec![7; 20_000]));
    let content = Content { stream, location: "file:///a.bin".into(), content_type: "application/octet-stream".into() };
    let (sync, first_data) = (SyncPlan::new(32).unwrap(), Instant::ZERO);
    BmscInput::StartSession { user_service: name.into(), content, delivery: delivery(), sync, first_data }
}

/// Hands an input over and everything that the store is asked.
fn run(bmsc: &mut Bmsc, store: &Store, now: Instant, input: BmscInput) -> Vec<BmscOutput> {
    let mut outputs = Vec::new();
    bmsc.handle_input(now, input);
    while let Some(output) = bmsc.poll_output() {
        match output {
            BmscOutput::Store(request) => {
                let answer = store.execute(&request);
                bmsc.handle_input(now, BmscInput::Provisioning(ProvisioningInput::Store(answer)));
            }
            output => outputs.push(output),
        }
    }
    outputs
}

fn provision(bmsc: &mut Bmsc, store: &Store, name: &str) {
    let input = ProvisioningInput::Allocate { request: 1, user_service: name.into(), tmgi: None, destination: None };
    let outputs = run(bmsc, store, Instant::ZERO, BmscInput::Provisioning(input));
    assert!(matches!(&outputs[..], [BmscOutput::Allocated { .. }]), "{outputs:?}");
}

#[test]
fn sequences_carry_the_timestamp_of_the_period_after_them() {
    let (mut bmsc, store) = (bmsc(), Store::in_memory().unwrap());
    provision(&mut bmsc, &store, "a");
    let begin = Instant::from_millis(100);
    let outputs = run(&mut bmsc, &store, begin, start("a"));
    assert!(matches!(&outputs[..], [BmscOutput::SessionStarted(d)] if d.content_octets == 20_000 && d.tsi == 1));
    let (mut packets, mut octets, mut closed) = (0u16, 0u32, Vec::new());
    while let Some(now) = bmsc.poll_timeout().filter(|&t| t < Instant::from_millis(1_300)) {
        bmsc.handle_timeout(now);
        while let Some(output) = bmsc.poll_output() {
            let BmscOutput::SgiMb { pdu, .. } = output else { panic!("{output:?}") };
            let pdu = SyncRepr::parse(&pdu).unwrap();
            let header = *pdu.header();
            assert_eq!((header.packet_number, header.elapsed_octets), (packets, octets));
            // On the air in the first period that starts at least 10 ms after the window.
            let on_air = Instant::from_millis((now.as_nanos() / 1_000_000 + 10) / 320 * 320 + 320);
            match pdu {
                SyncRepr::UserData { payload, .. } => {
                    assert_eq!(u64::from(header.timestamp.0) * 10_000_000, on_air.as_nanos());
                    assert!(UdpDatagram::parse(payload).is_ok());
                    (packets, octets) = (packets + 1, octets + payload.len() as u32);
                    assert!(octets <= 8_000, "200 kbit/s for 320 ms");
                }
                SyncRepr::Information { .. } => {
                    closed.push((now, header.timestamp.0, packets));
                    (packets, octets) = (0, 0);
                }
                SyncRepr::LengthOfPackets { .. } => panic!("not asked for"),
            }
        }
    }
    let at: Vec<_> = closed.iter().map(|&(now, timestamp, _)| (now.as_nanos() / 1_000_000, timestamp)).collect();
    assert_eq!(at, [(310, 32), (630, 64), (950, 96), (1270, 128)]);
    assert!(closed[1..].iter().all(|&(_, _, n)| (13..=14).contains(&n)), "{closed:?}");
}

#[test]
fn calls_at_any_times_give_the_same_pdus() {
    let run_with = |step_ms: Option<u64>| {
        let (mut bmsc, store) = (bmsc(), Store::in_memory().unwrap());
        provision(&mut bmsc, &store, "a");
        run(&mut bmsc, &store, Instant::ZERO, start("a"));
        let (mut pdus, mut now) = (Vec::new(), Instant::ZERO);
        while now < Instant::from_millis(3_000) {
            bmsc.handle_timeout(now);
            pdus.extend(std::iter::from_fn(|| bmsc.poll_output()).map(|o| format!("{o:?}")));
            now = step_ms.map_or_else(|| bmsc.poll_timeout().unwrap(), |ms| now + Duration::from_millis(ms));
        }
        pdus
    };
    let exact = run_with(None);
    assert!(exact.len() > 100);
    assert_eq!(run_with(Some(1)), exact);
    assert_eq!(run_with(Some(40))[..exact.len() - 5], exact[..exact.len() - 5]);
}

#[test]
fn a_clock_that_leaps_does_not_flood_the_bearer() {
    let (mut bmsc, store) = (bmsc(), Store::in_memory().unwrap());
    provision(&mut bmsc, &store, "a");
    run(&mut bmsc, &store, Instant::ZERO, start("a"));
    bmsc.handle_timeout(Instant::from_millis(86_400_000));
    assert!(std::iter::from_fn(|| bmsc.poll_output()).count() < 40);
}

#[test]
fn sessions_need_a_provisioned_service_and_stop_with_their_counts() {
    let (mut bmsc, store) = (bmsc(), Store::in_memory().unwrap());
    let refused = |outputs: Vec<BmscOutput>| match &outputs[..] {
        [BmscOutput::SessionRefused(refusal)] => refusal.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(refused(run(&mut bmsc, &store, Instant::ZERO, start("a"))).contains("provision it first"));
    provision(&mut bmsc, &store, "a");
    run(&mut bmsc, &store, Instant::ZERO, start("a"));
    assert!(refused(run(&mut bmsc, &store, Instant::ZERO, start("a"))).contains("is running"));
    (1..20).for_each(|n| bmsc.handle_timeout(Instant::from_millis(n * 100)));
    let stop = |name: &str| BmscInput::StopSession { user_service: name.into() };
    let outputs = run(&mut bmsc, &store, Instant::from_millis(2_000), stop("a"));
    let Some(BmscOutput::SessionStopped { stats, .. }) = outputs.last() else { panic!("{outputs:?}") };
    assert!((45_000..=50_000).contains(&stats.ip_octets), "{stats:?}");
    assert_eq!(stats.passes, 2);
    assert!(refused(run(&mut bmsc, &store, Instant::ZERO, stop("a"))).contains("not running"));
    assert_eq!(bmsc.poll_timeout(), None);
}
