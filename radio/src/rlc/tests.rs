//! Known headers, round trips, losses, arbitrary octets.

use proptest::prelude::*;

use super::receiver::PduReport;
use super::*;

fn send(tx: &mut UmTransmitter, grant: usize) -> Option<Vec<u8>> {
    let layout = tx.layout(Cursor::default(), usize::MAX, grant)?;
    let mut pdu = vec![0xaa; layout.octets()];
    tx.write(&layout, &mut pdu);
    Some(pdu)
}

fn receive(rx: &mut UmReceiver, pdu: &[u8]) -> (Vec<Vec<u8>>, PduReport) {
    let mut sdus = Vec::new();
    let report = rx.push(pdu, &mut |sdu| sdus.push(sdu.to_vec())).unwrap();
    (sdus, report)
}

/// Octets written out by hand from figures 6.2.1.3-1, 6.2.1.3-3 and 6.2.1.3-4 (odd and even number of LIs).
#[test]
fn known_headers() {
    let mut tx = UmTransmitter::default();
    tx.push(&[0x11; 2], 0);
    assert_eq!(send(&mut tx, 10).unwrap(), [0x00, 0x11, 0x11]);
    tx.push(&[0x22; 2], 0);
    tx.push(&[0x33; 2], 0);
    // SN 1, E, one LI of 2, four bits of padding.
    assert_eq!(send(&mut tx, 10).unwrap(), [0x21, 0x00, 0x20, 0x22, 0x22, 0x33, 0x33]);
    for octet in [0x44, 0x55, 0x66] {
        tx.push(&[octet; 3], 0);
    }
    // SN 2, two LIs of 3, the third SDU cut after one octet: FI 01.
    let first = [0x62, 0x80, 0x30, 0x03, 0x44, 0x44, 0x44, 0x55, 0x55, 0x55, 0x66];
    assert_eq!(send(&mut tx, 11).unwrap(), first);
    // SN 3, the rest of it: FI 10.
    assert_eq!(send(&mut tx, 11).unwrap(), [0x83, 0x66, 0x66]);
    tx.push(&[0x77; 5], 0);
    assert_eq!(send(&mut tx, 3).unwrap(), [0x44, 0x77, 0x77]);
    // A middle segment: FI 11.
    assert_eq!(send(&mut tx, 3).unwrap(), [0xc5, 0x77, 0x77]);
    assert_eq!(send(&mut tx, 3).unwrap(), [0x86, 0x77]);
    assert_eq!(send(&mut tx, 3), None);
}

#[test]
fn an_element_above_2047_octets_is_the_last_of_its_pdu() {
    let mut tx = UmTransmitter::default();
    tx.push(&[1; 2048], 0);
    tx.push(&[2; 2047], 0);
    tx.push(&[3; 10], 0);
    let pdu = send(&mut tx, 9000).unwrap();
    assert_eq!((pdu.len(), pdu[0]), (2049, 0x00));
    let pdu = send(&mut tx, 9000).unwrap();
    assert_eq!((pdu.len(), pdu[0]), (3 + 2057, 0x21));
    assert_eq!(&pdu[1..3], [0x7f, 0xf0]);
}

#[test]
fn no_room_or_nothing_due_gives_no_pdu() {
    let mut tx = UmTransmitter::default();
    tx.push(&[1; 4], 10);
    assert_eq!(tx.layout(Cursor::default(), usize::MAX, 1), None);
    assert_eq!((tx.due_sdus(9), tx.due_sdus(10)), (0, 1));
    assert_eq!(tx.layout(Cursor::default(), 0, 100), None);
    assert_eq!(tx.layout(Cursor::default(), 1, 100).unwrap().octets(), 5);
}

#[test]
fn a_lost_pdu_costs_the_sdus_it_touches_and_is_counted() {
    let mut tx = UmTransmitter::default();
    for octet in 0..4 {
        tx.push(&[octet; 10], 0);
    }
    let pdus: Vec<_> = std::iter::from_fn(|| send(&mut tx, 8)).collect();
    let mut rx = UmReceiver::default();
    let mut got = Vec::new();
    let mut lost = 0;
    for (i, pdu) in pdus.iter().enumerate() {
        if i == 3 {
            continue;
        }
        let (sdus, report) = receive(&mut rx, pdu);
        lost += report.lost_pdus;
        got.extend(sdus);
    }
    assert_eq!(lost, 1);
    assert!(got.len() < 4 && got.iter().all(|sdu| sdu.len() == 10 && sdu.iter().all(|&o| o == sdu[0])));
}

#[test]
fn a_first_pdu_with_any_number_is_no_gap() {
    let mut rx = UmReceiver::default();
    assert_eq!(
        receive(&mut rx, &[0x1f, 1]),
        (vec![vec![1]], PduReport { sn: 31, expected_sn: 31, ..Default::default() })
    );
    // 31 is followed by 0; then 3 comes: 1 and 2 are missing.
    assert_eq!(receive(&mut rx, &[0x00, 2]).1.lost_pdus, 0);
    let gap = receive(&mut rx, &[0x03, 3]).1;
    assert_eq!((gap.lost_pdus, gap.expected_sn, gap.sn), (2, 1, 3));
    // An end without a beginning delivers nothing.
    assert_eq!(
        receive(&mut rx, &[0x84, 4]),
        (vec![], PduReport { sn: 4, expected_sn: 4, lost_pdus: 0, sdu_dropped: true })
    );
}

#[test]
fn broken_pdus_are_refused() {
    let mut rx = UmReceiver::default();
    let mut never = |_: &[u8]| unreachable!();
    assert_eq!(rx.push(&[], &mut never), Err(RlcPduError::Truncated(0)));
    assert_eq!(rx.push(&[0x00], &mut never), Err(RlcPduError::Truncated(1)));
    assert_eq!(rx.push(&[0x20, 0x00, 0x00, 1], &mut never), Err(RlcPduError::ReservedLi));
    assert_eq!(rx.push(&[0x20, 0x00, 0x20, 1, 2], &mut never), Err(RlcPduError::Truncated(5)));
    assert_eq!(rx.push(&[0x20, 0x80, 0x10], &mut never), Err(RlcPduError::Truncated(3)));
}

#[test]
fn an_endless_sdu_is_dropped_at_the_limit() {
    let mut rx = UmReceiver::default();
    let mut sn = 0;
    let mut pdu = vec![0; 9000];
    let mut dropped = 0;
    for i in 0..20 {
        pdu[0] = if i == 0 { 0x40 } else { 0xc0 } | sn;
        sn = (sn + 1) % 32;
        dropped += usize::from(rx.push(&pdu, &mut |_| unreachable!()).unwrap().sdu_dropped);
    }
    assert_eq!(dropped, 1);
}

/// Fuzz body: any sequence of PDUs is taken or refused, and memory stays bounded.
fn receive_survives(pdus: &[Vec<u8>]) {
    let mut rx = UmReceiver::default();
    for pdu in pdus {
        let mut octets = 0;
        rx.push(pdu, &mut |sdu| octets += sdu.len()).ok();
        assert!(octets <= SDU_MAX_OCTETS + pdu.len());
    }
}

fn sdus() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let length = prop_oneof![1usize..40, 100usize..1500, 2000usize..5000];
    let sdu = (length, any::<u8>()).prop_map(|(n, seed)| (0..n).map(|i| (i as u8).wrapping_mul(31) ^ seed).collect());
    prop::collection::vec(sdu, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn sdus_survive_any_grants(sdus in sdus(), grants in prop::collection::vec(2usize..4000, 1..30)) {
        let (mut tx, mut rx) = (UmTransmitter::default(), UmReceiver::default());
        sdus.iter().for_each(|sdu| tx.push(sdu, 0));
        let mut got: Vec<Vec<u8>> = Vec::new();
        for &grant in grants.iter().cycle() {
            let Some(pdu) = send(&mut tx, grant) else { break };
            prop_assert!(pdu.len() <= grant);
            let (more, report) = receive(&mut rx, &pdu);
            prop_assert_eq!((report.lost_pdus, report.sdu_dropped), (0, false));
            got.extend(more);
        }
        prop_assert_eq!(tx.backlog_octets(), 0);
        prop_assert_eq!(got, sdus);
    }

    #[test]
    fn what_is_begun_goes_out_whole_when_established_anew(
        sdus in sdus(), grants in prop::collection::vec(2usize..4000, 1..30), until in 0usize..40,
    ) {
        let (mut tx, mut rx) = (UmTransmitter::default(), UmReceiver::default());
        sdus.iter().for_each(|sdu| tx.push(sdu, 0));
        let mut got: Vec<Vec<u8>> = Vec::new();
        for (i, &grant) in grants.iter().cycle().enumerate() {
            if i == until {
                tx.re_establish();
                let mut more = UmTransmitter::default();
                more.push(&[7; 77], 0);
                tx.append(&mut more);
                rx = UmReceiver::default();
            }
            let Some(pdu) = send(&mut tx, grant) else { break };
            got.extend(receive(&mut rx, &pdu).0);
        }
        let mut expect = sdus.clone();
        if got.len() > sdus.len() {
            expect.push(vec![7; 77]);
        }
        prop_assert_eq!(got, expect);
        prop_assert_eq!(tx.backlog_octets(), 0);
    }

    #[test]
    fn losses_never_corrupt(sdus in sdus(), grant in 2usize..600, lost in prop::collection::vec(prop::bool::weighted(0.2), 1..200)) {
        let (mut tx, mut rx) = (UmTransmitter::default(), UmReceiver::default());
        sdus.iter().for_each(|sdu| tx.push(sdu, 0));
        let mut got: Vec<Vec<u8>> = Vec::new();
        let (mut run, mut total, mut reported) = (0u32, 0u32, 0u32);
        for &lose in lost.iter().cycle() {
            let Some(pdu) = send(&mut tx, grant) else { break };
            // Fewer than 32 in a row: more is for the layer below to know.
            if lose && run < 31 {
                run += 1;
                continue;
            }
            let heard = receive(&mut rx, &pdu);
            reported += u32::from(heard.1.lost_pdus);
            total += std::mem::take(&mut run);
            got.extend(heard.0);
        }
        // What was lost before the first PDU cannot be seen.
        prop_assert!(reported <= total);
        let mut from = sdus.iter();
        for sdu in &got {
            prop_assert!(from.any(|s| s == sdu), "an SDU that was not sent, or out of order");
        }
    }

    #[test]
    fn a_planned_walk_is_what_goes_out(sdus in sdus(), grants in prop::collection::vec(2usize..3000, 1..20)) {
        let mut tx = UmTransmitter::default();
        sdus.iter().for_each(|sdu| tx.push(sdu, 0));
        let mut cursor = Cursor::default();
        let mut planned = Vec::new();
        for &grant in &grants {
            let Some(layout) = tx.layout(cursor, usize::MAX, grant) else { break };
            cursor.advance(&layout);
            planned.push(layout);
        }
        for (layout, &grant) in planned.iter().zip(&grants) {
            prop_assert_eq!(tx.layout(Cursor::default(), usize::MAX, grant), Some(*layout));
            let mut pdu = vec![0; layout.octets()];
            tx.write(layout, &mut pdu);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn arbitrary_pdus_never_panic(pdus in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..20)) {
        receive_survives(&pdus);
    }
}
