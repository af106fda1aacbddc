//! Tests of pacing, limits and repeatability of the FLUTE sender. That a receiver gets the object is shown with one.

use std::collections::BTreeMap;
use std::io::Cursor;

use flute::core::alc::parse_alc_pkt;
use protocol::SyncPlan;

use super::*;

fn delivery(fec: Fec) -> Delivery {
    Delivery {
        bit_rate_bps: 500_000,
        fec,
        symbol_octets: 512,
        source_block_symbols: 128,
        fdt_period: Duration::from_secs(1),
        ip_octet_limit: None,
    }
}

fn clock() -> SequenceClock {
    SequenceClock { plan: SyncPlan::new(32).unwrap(), max_transfer_delay: Duration::from_millis(10) }
}

fn content(octets: usize) -> Content {
    let bytes: Vec<u8> = (0..octets as u64).map(|i| (i * i % 251) as u8).collect();
    Content {
        stream: Box::new(Cursor::new(bytes)),
        location: "file:///clip.mp4".to_owned(),
        content_type: "video/mp4".to_owned(),
    }
}

fn try_sender(delivery: &Delivery, content: Content) -> Result<FluteSender, DeliveryError> {
    let addresses = ("10.0.0.1:4000".parse().unwrap(), "239.192.0.1:5000".parse().unwrap());
    FluteSender::new(Instant::ZERO, addresses, 7, delivery, content, clock(), SystemTime::UNIX_EPOCH)
}

/// All datagrams until `end`, with their time.
fn run(sender: &mut FluteSender, end: Instant) -> Vec<(Instant, Vec<u8>)> {
    let mut sent = Vec::new();
    while let Some(now) = sender.poll_timeout().filter(|&due| due < end) {
        sender.handle_timeout(now);
        while let Some(output) = sender.poll_output() {
            if let FluteOutput::Datagram(datagram) = output {
                sent.push((now, datagram));
            }
        }
    }
    sent
}

#[test]
fn no_synchronisation_sequence_gets_more_than_its_share() {
    let delivery = delivery(Fec::NoCode);
    let mut sender = try_sender(&delivery, content(100_000)).unwrap();
    let sent = run(&mut sender, Instant::from_millis(9_910));
    let mut sequences: BTreeMap<Instant, usize> = BTreeMap::new();
    for (at, datagram) in &sent {
        *sequences.entry(clock().on_air(*at)).or_default() += datagram.len();
    }
    // 500 kbit/s for 320 ms. Full sequences lack at most one datagram of their share.
    let share = 20_000;
    assert!(sequences.values().all(|&octets| octets <= share), "{sequences:?}");
    let full: Vec<_> = sequences.values().skip(1).collect();
    assert!(full.iter().all(|&&octets| octets > share - 1092), "{sequences:?}");
    assert_eq!(full.len(), 30);
}

#[test]
fn packets_are_evenly_spaced() {
    let mut sender = try_sender(&delivery(Fec::NoCode), content(100_000)).unwrap();
    let sent = run(&mut sender, Instant::from_millis(300));
    for pair in sent.windows(2) {
        let nanos = pair[0].1.len() as u64 * 16_000;
        assert_eq!(pair[1].0 - pair[0].0, Duration::from_nanos(nanos));
    }
}

#[test]
fn same_input_same_datagrams() {
    for fec in [Fec::NoCode, Fec::Raptor { overhead_percent: 20 }] {
        let mut runs = [(), ()].map(|()| try_sender(&delivery(fec), content(100_000)).unwrap());
        let [a, b] = runs.each_mut().map(|sender| run(sender, Instant::from_millis(5_000)));
        assert_eq!(a, b);
        assert!(a.len() > 400);
    }
}

#[test]
fn the_fdt_comes_first_and_then_every_period() {
    let mut sender = try_sender(&delivery(Fec::NoCode), content(400_000)).unwrap();
    let sent = run(&mut sender, Instant::from_millis(10_000));
    let toi = |datagram: &[u8]| parse_alc_pkt(UdpDatagram::parse(datagram).unwrap().payload).unwrap().lct.toi;
    let fdts: Vec<Instant> = sent.iter().filter(|(_, d)| toi(d) == 0).map(|&(at, _)| at).collect();
    assert_eq!(fdts[0], Instant::ZERO);
    assert!((9..=11).contains(&fdts.len()), "{fdts:?}");
    assert!(fdts.windows(2).all(|w| w[1] - w[0] < Duration::from_millis(1_100)), "{fdts:?}");
}

#[test]
fn an_fdt_instance_is_renewed_before_it_expires() {
    let mut sender = try_sender(&delivery(Fec::NoCode), content(5_000)).unwrap();
    let mut instances = Vec::new();
    for hour in 0..3 {
        sender.postpone(Instant::from_millis(hour * 3_600_000));
        for (_, datagram) in run(&mut sender, Instant::from_millis(hour * 3_600_000 + 2_500)) {
            let alc = UdpDatagram::parse(&datagram).unwrap().payload.to_vec();
            let info = parse_alc_pkt(&alc).unwrap().fdt_info;
            instances.extend(info.map(|fdt| (fdt.version, fdt.fdt_instance_id)));
        }
    }
    instances.dedup();
    assert_eq!(instances, [(1, 1), (1, 2), (1, 3)], "FLUTE version 1 (RFC 3926), one instance each hour");
}

#[test]
fn it_stops_before_the_limit_and_counts() {
    let delivery = Delivery { ip_octet_limit: Some(150_000), ..delivery(Fec::NoCode) };
    let mut sender = try_sender(&delivery, content(50_000)).unwrap();
    let sent = run(&mut sender, Instant::from_millis(60_000));
    let octets: usize = sent.iter().map(|(_, d)| d.len()).sum();
    let stats = sender.stats();
    assert_eq!((stats.packets, stats.ip_octets), (sent.len() as u64, octets as u64));
    assert!((150_000 - 1092..=150_000).contains(&octets), "{octets}");
    assert_eq!(stats.passes, 2);
    assert_eq!(sender.poll_timeout(), None);
    assert_eq!(sender.content().0, 50_000);
}

#[test]
fn raptor_sends_its_overhead() {
    let mut sender = try_sender(&delivery(Fec::Raptor { overhead_percent: 25 }), content(128 * 512)).unwrap();
    let sent = run(&mut sender, Instant::from_millis(1_500));
    let first_pass: Vec<u32> = sent
        .iter()
        .filter_map(|(_, d)| {
            let alc = UdpDatagram::parse(d).unwrap().payload.to_vec();
            let packet = parse_alc_pkt(&alc).unwrap();
            let at = packet.data_alc_header_offset;
            (packet.lct.toi != 0).then(|| u32::from_be_bytes(alc[at..at + 4].try_into().unwrap()))
        })
        .collect();
    let pass = 128 + 32;
    assert_eq!(first_pass[..pass], (0..pass as u32).collect::<Vec<_>>());
    assert_eq!(first_pass[pass], 0, "the next pass starts at once");
}

#[test]
fn what_cannot_be_delivered_is_refused_with_advice() {
    let refusal = |delivery: Delivery, content: Content| try_sender(&delivery, content).unwrap_err().to_string();
    let ok = delivery(Fec::NoCode);
    let raptor = delivery(Fec::Raptor { overhead_percent: 10 });
    let cases = [
        (refusal(Delivery { symbol_octets: 1500, ..ok.clone() }, content(10)), "symbol_octets is 1500"),
        (refusal(Delivery { symbol_octets: 514, ..raptor.clone() }, content(10)), "multiple of 4"),
        (refusal(Delivery { source_block_symbols: 8193, ..raptor.clone() }, content(10)), "use 4 to 8192"),
        (refusal(Delivery { bit_rate_bps: 10_000, ..ok.clone() }, content(10)), "raise the rate"),
        (refusal(ok.clone(), content(0)), "empty"),
        (refusal(ok.clone(), Content { location: "clip.mp4".to_owned(), ..content(10) }), "file:///name"),
        (refusal(raptor, content(3)), "too small"),
    ];
    for (text, expected) in cases {
        assert!(text.contains(expected), "{text}");
    }
}
