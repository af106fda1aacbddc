//! Frequency tracking and broken samples: whatever comes in, the receiver is back when the carrier is.

mod common;

use std::collections::BTreeSet;
use std::slice;

use num_complex::Complex32;
use radio::{
    CellConfig, ChannelConfig, ChannelModel, Enb, EnbConfig, MchRxEvent, NRbDl, PathConfig, PdcpPrefix, Receiver,
    ReceiverConfig, RxEvent, SampleRateFamily,
};

/// Radio frames of an MCH scheduling period: one SDU is sent in each.
const PERIOD_RF: u64 = 8;
/// Scheduling periods from one MCCH to the next.
const PERIODS_OF_MCCH: u64 = 4;

fn cell(n_rb_dl: u16) -> CellConfig {
    CellConfig::new(NRbDl::try_from(n_rb_dl).unwrap(), 42, SampleRateFamily::Standard).unwrap()
}

fn channel(cell: &CellConfig, cfo_hz: f64, snr_db: f64) -> ChannelModel {
    let paths = vec![PathConfig { cfo_hz, delay_s: 1e-6, ..PathConfig::default() }];
    let awgn = ChannelConfig::awgn(cell.sample_rate_hz(), snr_db, 5);
    ChannelModel::new(&ChannelConfig { gain_db: -30.0, paths, ..awgn })
}

/// Through one of two channels; both go on, so that both streams stay as long.
fn hear(
    other: bool,
    one: &mut ChannelModel,
    another: &mut ChannelModel,
    sent: &[Complex32],
    heard: &mut Vec<Complex32>,
) {
    let mut unheard = Vec::new();
    let (first, second) = if other { (&mut unheard, heard) } else { (heard, &mut unheard) };
    one.process(&[sent], slice::from_mut(first));
    another.process(&[sent], slice::from_mut(second));
}

/// Runs `periods` scheduling periods through `air`, which gets the number of the subframe, what was sent in it, and where
/// to put what is heard. Returns the periods whose SDU arrived and the offset that was tracked last.
fn run(
    cell: CellConfig,
    periods: u64,
    mut air: impl FnMut(u64, &mut [Complex32], &mut Vec<Complex32>),
) -> (BTreeSet<u64>, f64) {
    let area = common::area(9, &[1, 2, 3, 6, 7, 8], 2, &[1]);
    let mut enb = Enb::new(&EnbConfig::single_area(cell, area.info, area.mcch).unwrap()).unwrap();
    let config = ReceiverConfig { pdcp: PdcpPrefix::No, ..ReceiverConfig::new(cell.sample_rate_hz() as u32) };
    let mut receiver = Receiver::new(config).unwrap();
    let mut iq = vec![Complex32::default(); cell.samples_per_subframe()];
    let (mut heard, mut at) = (Vec::new(), 0);
    let mut arrived = BTreeSet::new();
    for n in 0..periods * PERIOD_RF * 10 {
        if n % (PERIOD_RF * 10) == 0 {
            let period = n / (PERIOD_RF * 10);
            enb.push_sdu(0, 0, 1, &period.to_be_bytes(), period * PERIOD_RF).unwrap();
        }
        enb.next_subframe(&mut [&mut iq]);
        air(n, &mut iq, &mut heard);
        receiver.push(at, &[&heard], &mut |event| {
            if let RxEvent::Mch { event: MchRxEvent::Sdu { bytes, .. }, .. } = event {
                arrived.insert(u64::from_be_bytes(bytes.try_into().unwrap()));
            }
        });
        at += heard.len() as u64;
    }
    (arrived, receiver.cfo_hz().unwrap_or(f64::NAN))
}

/// Silence of the transmitter: noise alone must neither be taken for a signal nor walk a tracked offset away.
#[test]
fn a_carrier_that_begins_late_is_acquired() {
    for (n_rb_dl, cfo_hz) in [(6, -4200.0), (6, 3000.0), (25, -4200.0)] {
        let cell = cell(n_rb_dl);
        let mut model = channel(&cell, cfo_hz, 6.0);
        let (begins, all) = (2 * PERIODS_OF_MCCH, 5 * PERIODS_OF_MCCH);
        let (arrived, tracked) = run(cell, all, |n, sent, heard| {
            if n < begins * PERIOD_RF * 10 {
                sent.fill(Complex32::default());
            }
            model.process(&[sent], slice::from_mut(heard));
        });
        assert!((tracked - cfo_hz).abs() < 60.0, "{n_rb_dl} PRB: {tracked} Hz for {cfo_hz} Hz");
        // The first MCCH passes before SIB13 is known.
        let want = begins + PERIODS_OF_MCCH..all - 1;
        assert!(want.clone().all(|p| arrived.contains(&p)), "{n_rb_dl} PRB, {cfo_hz} Hz: {arrived:?} of {want:?}");
    }
}

/// A hole in coverage, and an oscillator that is elsewhere after it: 1500 Hz is where tracking alone would lock wrongly.
#[test]
fn a_hole_in_coverage_and_another_offset_after_it() {
    let cell = cell(6);
    for (before_hz, after_hz) in [(500.0, 500.0), (500.0, 2000.0), (-1000.0, 5500.0)] {
        let (mut before, mut after) = (channel(&cell, before_hz, 6.0), channel(&cell, after_hz, 6.0));
        let (hole, end, all) = (2 * PERIODS_OF_MCCH, 5 * PERIODS_OF_MCCH, 8 * PERIODS_OF_MCCH);
        let (arrived, tracked) = run(cell, all, |n, sent, heard| {
            let period = n / (PERIOD_RF * 10);
            if (hole..end).contains(&period) {
                sent.fill(Complex32::default());
            }
            hear(period >= end, &mut before, &mut after, sent, heard);
        });
        assert!((PERIODS_OF_MCCH..hole - 1).all(|p| arrived.contains(&p)), "before the hole: {arrived:?}");
        assert!((tracked - after_hz).abs() < 60.0, "{tracked} Hz for {after_hz} Hz");
        let want = end + PERIODS_OF_MCCH..all - 1;
        assert!(want.clone().all(|p| arrived.contains(&p)), "after the hole: {arrived:?} of {want:?}");
    }
}

/// A signal too weak for any block: what is measured on it must not lead the offset astray.
#[test]
fn failed_blocks_at_very_low_snr_do_not_lead_astray() {
    for (n_rb_dl, weak_db) in [(6, -20.0), (6, -6.0), (25, -9.0)] {
        let cell = cell(n_rb_dl);
        let (mut strong, mut weak) = (channel(&cell, 650.0, 6.0), channel(&cell, 650.0, weak_db));
        let (from, end, all) = (2 * PERIODS_OF_MCCH, 5 * PERIODS_OF_MCCH, 8 * PERIODS_OF_MCCH);
        let (arrived, tracked) = run(cell, all, |n, sent, heard| {
            let period = n / (PERIOD_RF * 10);
            hear((from..end).contains(&period), &mut strong, &mut weak, sent, heard);
        });
        let want = end + PERIODS_OF_MCCH..all - 1;
        assert!(want.clone().all(|p| arrived.contains(&p)), "{n_rb_dl} PRB, {weak_db} dB: {arrived:?} of {want:?}");
        assert!((tracked - 650.0).abs() < 60.0, "{n_rb_dl} PRB, {weak_db} dB: {tracked} Hz");
    }
}

/// What is no sample spoils the subframe that it is in, and nothing else.
#[test]
fn broken_samples_do_no_lasting_harm() {
    let cell = cell(6);
    for broken in [f32::NAN, f32::INFINITY, f32::MAX, 1e12, 1e8] {
        for (from, count) in [(0, 40), (403, 40)] {
            let mut model = channel(&cell, 650.0, 6.0);
            let (arrived, tracked) = run(cell, 6 * PERIODS_OF_MCCH, |n, sent, heard| {
                model.process(&[sent], slice::from_mut(heard));
                if (from..from + count).contains(&n) {
                    heard.iter_mut().step_by(7).for_each(|s| s.im = broken);
                }
            });
            assert!((tracked - 650.0).abs() < 60.0, "{broken} in {count} from {from}: {tracked} Hz");
            let want = 3 * PERIODS_OF_MCCH..6 * PERIODS_OF_MCCH - 1;
            assert!(want.clone().all(|p| arrived.contains(&p)), "{broken} in {count} from {from}: {arrived:?}");
        }
    }
}

/// Interruptions that are told of when silence comes in pushes of `len` samples, the first of which are numbers `at`.
fn interruptions(at: impl IntoIterator<Item = u64>, len: usize) -> Vec<(u64, u64)> {
    let mut receiver = Receiver::new(ReceiverConfig::new(1_920_000)).unwrap();
    let (silence, mut lost) = (vec![Complex32::ZERO; len], Vec::new());
    for at in at {
        receiver.push(at, &[&silence], &mut |event| {
            if let RxEvent::SamplesLost { expected, at } = event {
                lost.push((expected, at));
            }
        });
    }
    lost
}

#[test]
fn one_interruption_is_told_once() {
    assert_eq!(interruptions([0, 5000, 12_345, 3], 5000), [(10_000, 12_345), (17_345, 3)]);
    // The rest of a cut subframe is left out without being called lost again.
    let parts = (0..100).map(|n| 100 * n + if n < 50 { 0 } else { 1234 });
    assert_eq!(interruptions(parts, 100), [(5000, 6234)]);
}
