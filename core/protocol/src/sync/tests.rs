//! Tests of the SYNC codec.

use proptest::prelude::*;

use super::*;

/// Body of the fuzz target: arbitrary octets never panic; what parses and has no spare extension is emitted alike.
fn fuzz_sync(octets: &[u8]) {
    let Ok(pdu) = SyncRepr::parse(octets) else { return };
    let again = pdu.emit().unwrap();
    assert!(again.len() <= octets.len() && octets.len() - again.len() <= SPARE_EXTENSION_OCTETS);
    assert_eq!(SyncRepr::parse(&again).unwrap(), pdu);
}

fn header() -> SyncHeader {
    SyncHeader { timestamp: SyncTimestamp(0x1234), packet_number: 3, elapsed_octets: 0x0001_0203 }
}

fn totals() -> SyncTotals {
    SyncTotals { packets: 0x0a_0b0c, octets: 0x01_0203_0405 }
}

#[test]
fn check_values_of_the_crcs() {
    // A single one bit leaves D^width mod g: the polynomial without its leading term.
    assert_eq!(crc6(&[1]), 0x2f);
    assert_eq!(crc10(&[1]), 0x233);
    assert_eq!(crc10(&[0, 0]), 0);
    // The catalogue of parametrised CRC algorithms has both polynomials: CRC-10/ATM, check 0x199, and CRC-6/GSM, check
    // 0x13, which ends with an exclusive or of 0x3f that SYNC has not.
    assert_eq!(crc10(b"123456789"), 0x199);
    assert_eq!(crc6(b"123456789") ^ 0x3f, 0x13);
}

#[test]
fn lengths_of_packets_are_packed_in_twelve_bits() {
    assert_eq!(emit_lengths(&[0x123, 0x456]).unwrap(), [0x12, 0x34, 0x56]);
    assert_eq!(emit_lengths(&[0x123, 0x456, 0x789]).unwrap(), [0x12, 0x34, 0x56, 0x78, 0x90]);
    assert_eq!(parse_lengths(3, &[0x12, 0x34, 0x56, 0x78, 0x90], 19).unwrap(), [0x123, 0x456, 0x789]);
}

#[test]
fn every_single_bit_error_is_found() {
    let payload: Vec<u8> = (0..100).collect();
    for pdu in [
        SyncRepr::Information { header: header(), totals: totals() },
        SyncRepr::UserData { header: header(), payload: &payload },
        SyncRepr::LengthOfPackets { header: header(), totals: totals(), lengths: vec![1400, 1401, 77] },
    ] {
        let octets = pdu.emit().unwrap();
        let ignored = if octets[0] >> 4 == 0 { 2 } else { 0 }; // the padding of type 0 is not interpreted
        for bit in 0..octets.len() * 8 - ignored {
            let mut bad = octets.clone();
            bad[bit / 8] ^= 0x80 >> (bit % 8);
            assert!(SyncRepr::parse(&bad).is_err(), "type {} bit {bit}", octets[0] >> 4);
        }
    }
}

#[test]
fn spare_extension_of_a_later_version_is_stepped_over() {
    let lengths = vec![100, 200];
    let control = {
        let mut out = emit_header(3, &SyncHeader { packet_number: 2, ..header() }).unwrap();
        emit_totals(&mut out, &totals()).unwrap();
        out
    };
    let mut payload = emit_lengths(&lengths).unwrap();
    payload.extend([9, 9, 9, 9]);
    let octets = finish(control.clone(), &payload);
    assert!(matches!(SyncRepr::parse(&octets), Ok(SyncRepr::LengthOfPackets { lengths: l, .. }) if l == lengths));
    payload.push(9);
    assert!(matches!(SyncRepr::parse(&finish(control, &payload)), Err(SyncError::TooLong { pdu_type: 3, .. })));
}

#[test]
fn values_that_do_not_fit_are_refused() {
    let bad = |pdu: SyncRepr<'_>| pdu.emit().unwrap_err();
    let late = SyncHeader { timestamp: SyncTimestamp(60_000), ..header() };
    assert_eq!(bad(SyncRepr::UserData { header: late, payload: &[1] }), SyncError::Timestamp(60_000));
    let many = SyncTotals { packets: 1 << 24, octets: 0 };
    assert!(matches!(bad(SyncRepr::Information { header: header(), totals: many }), SyncError::Field { .. }));
    let lengths = vec![4096, 1, 1];
    assert!(matches!(
        bad(SyncRepr::LengthOfPackets { header: header(), totals: totals(), lengths }),
        SyncError::Field { .. }
    ));
    assert_eq!(SyncRepr::parse(&[0x20; 40]).unwrap_err(), SyncError::PduType(2));
}

#[test]
fn timestamps_repeat_after_the_synchronisation_period() {
    let plan = SyncPlan::new(1024).unwrap();
    assert_eq!(plan.period(), Duration::from_millis(593_920));
    let start = plan.sequence_start(Instant::from_millis(593_920 + 10_250));
    assert_eq!(start, Instant::from_millis(593_920 + 10_240));
    assert_eq!(plan.timestamp(start), SyncTimestamp(1024));
    for now in [start, Instant::from_millis(590_000), Instant::from_millis(604_000)] {
        assert_eq!(plan.instant(SyncTimestamp(1024), now), Some(start), "{now}");
    }
    assert_eq!(plan.instant(SyncTimestamp(1023), start), None);
    assert_eq!(SyncPlan::new(0), None);
}

proptest! {
    #[test]
    fn round_trip(
        (timestamp, packet_number, elapsed_octets) in (0u16..60_000, 0u16..500, any::<u32>()),
        (packets, octets) in (0u32..1 << 24, 0u64..1 << 40),
        payload in proptest::collection::vec(any::<u8>(), 0..200),
        kind in 0..3,
    ) {
        let header = SyncHeader { timestamp: SyncTimestamp(timestamp), packet_number, elapsed_octets };
        let totals = SyncTotals { packets, octets };
        let pdu = match kind {
            0 => SyncRepr::Information { header, totals },
            1 => SyncRepr::UserData { header, payload: &payload },
            _ => {
                let lengths = (0..packet_number).map(|n| n.wrapping_mul(2719) & 0xfff).collect();
                SyncRepr::LengthOfPackets { header, totals, lengths }
            }
        };
        let emitted = pdu.emit().unwrap();
        prop_assert_eq!(SyncRepr::parse(&emitted).unwrap(), pdu);
    }

    #[test]
    fn arbitrary_octets(mut octets in proptest::collection::vec(any::<u8>(), 0..60), fix_crcs: bool) {
        // Two random CRCs of 16 bits in all seldom fit: let half of the cases past them.
        let control = if octets.first().is_some_and(|o| o >> 4 == 1) { 9 } else { 17 };
        if fix_crcs && octets.len() > control + 2 {
            let payload = octets.split_off(control + 2);
            octets.truncate(control);
            octets = finish(octets, &payload);
        }
        fuzz_sync(&octets);
    }
}
