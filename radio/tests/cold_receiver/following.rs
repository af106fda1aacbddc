//! Time and frequency are followed, holes are lived with, two antennas are better than one.

use std::slice;

use num_complex::Complex32;
use radio::{ChannelConfig, ChannelModel, Oscillator, PathConfig, Receiver, ReceiverConfig, RxEvent};

use crate::told::{Told, datagrams, listen};

const SAMPLE_RATE_HZ: f64 = 7.68e6;
const SAMPLES_PER_SUBFRAME: usize = 7680;

fn receiver(n_rx: u8) -> Receiver {
    Receiver::new(ReceiverConfig { n_rx, ..ReceiverConfig::new(SAMPLE_RATE_HZ as u32) }).unwrap()
}

/// Noise of the given SNR per resource element and a frequency offset; the elements of the recording have unit power
/// after `gain`.
fn heard(iq: &[Complex32], snr_db: f64, cfo_hz: f64, seed: u64) -> Vec<Complex32> {
    // A loaded symbol of 25 PRB has 300 of 512 subcarriers.
    let loaded = iq[..10 * SAMPLES_PER_SUBFRAME].iter().map(|s| s.norm_sqr()).fold(0.0, f32::max) / 12.0;
    let iq: Vec<_> = iq.iter().map(|s| s / loaded.sqrt() * (300.0f32 / 512.0).sqrt()).collect();
    let paths = vec![PathConfig { cfo_hz, ..PathConfig::default() }];
    let config = ChannelConfig { gain_db: -10.0, paths, ..ChannelConfig::awgn(SAMPLE_RATE_HZ, snr_db, seed) };
    let mut out = Vec::new();
    ChannelModel::new(&config).process(&[&iq], slice::from_mut(&mut out));
    out
}

/// The recording as a receiver samples it whose clock is off: by cubic interpolation, which is good to -40 dB in the
/// 4.5 of 7.68 MHz that are used.
fn resampled(iq: &[Complex32], ppm: f64) -> Vec<Complex32> {
    let step = 1.0 + ppm * 1e-6;
    let count = ((iq.len() - 8) as f64 / step) as usize;
    (0..count)
        .map(|n| {
            let t = 3.0 + n as f64 * step;
            let (whole, x) = (t as usize, t.fract() as f32);
            // Lagrange's polynomial through six samples.
            let nodes = [-2.0f32, -1.0, 0.0, 1.0, 2.0, 3.0];
            (0..6)
                .map(|i| {
                    let weight =
                        (0..6).filter(|&j| j != i).map(|j| (x - nodes[j]) / (nodes[i] - nodes[j])).product::<f32>();
                    iq[whole + i - 2] * weight
                })
                .sum()
        })
        .collect()
}

/// 100 ppm over 390 ms move the subframes by 300 samples, eight times the normal cyclic prefix: as many as 2 ppm do in
/// 20 s. The steepest is 5 samples for each reference.
#[test]
fn a_sample_clock_that_is_off_is_followed() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    for ppm in [-100.0, 30.0, 100.0] {
        let iq = resampled(&carrier.iq, ppm);
        let told = listen(&mut receiver(1), &[&iq], 5000);
        println!("{ppm} ppm: {:?} {}", told.blocks, told.sdus.len());
        let found = datagrams(&told.sdus);
        assert_eq!((told.cells.len(), told.cells_lost), (1, 0), "{ppm} ppm");
        assert!(
            carrier.expected.datagrams_complete.iter().filter(|n| !found.contains(n)).count() <= 2,
            "{ppm} ppm: {found:?}"
        );
    }
}

/// An oscillator that drifts by 400 Hz in 390 ms: faster than any that is in use.
#[test]
fn a_frequency_that_drifts_is_followed() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    for (from_hz, to_hz) in [(5000.0, 5400.0), (-300.0, -700.0)] {
        let mut oscillator = Oscillator::new(from_hz, SAMPLE_RATE_HZ);
        let mut iq = carrier.iq.clone();
        let subframes = iq.len() / SAMPLES_PER_SUBFRAME;
        for (n, part) in iq.chunks_mut(SAMPLES_PER_SUBFRAME).enumerate() {
            oscillator.retune(from_hz + (to_hz - from_hz) * n as f64 / subframes as f64, SAMPLE_RATE_HZ);
            oscillator.rotate(part);
        }
        let told = listen(&mut receiver(1), &[&iq], 7680);
        let found = datagrams(&told.sdus);
        assert!(carrier.expected.datagrams_complete.iter().all(|n| found.contains(n)), "{from_hz}: {found:?}");
        assert!((told.cfo_hz - to_hz).abs() < 60.0, "{} Hz for {to_hz} Hz", told.cfo_hz);
    }
}

/// The carrier, a second of noise, the carrier again at another frequency: lost, and found again.
#[test]
fn a_cell_that_was_lost_is_found_again() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let silence = vec![Complex32::ZERO; 1000 * SAMPLES_PER_SUBFRAME + 1234];
    let before = heard(&carrier.iq, 20.0, 500.0, 1);
    let noise = heard(&[&carrier.iq[..10 * SAMPLES_PER_SUBFRAME], &silence[..]].concat(), 20.0, 0.0, 2);
    let after = heard(&carrier.iq, 20.0, -4000.0, 3);
    let iq = [&before, &noise[10 * SAMPLES_PER_SUBFRAME..], &after[..]].concat();
    let told = listen(&mut receiver(1), &[&iq], 7680);
    println!("{:?} {:?} {:?}", told.cells, told.mibs, told.blocks);
    assert_eq!((told.cells.iter().map(|c| c.0).collect::<Vec<_>>(), told.cells_lost), (vec![1, 1], 1));
    assert_eq!(told.mibs.len(), 2);
    assert!((told.cfo_hz + 4000.0).abs() < 60.0, "{}", told.cfo_hz);
    let expected = &carrier.expected.datagrams_complete;
    let twice = told.sdus.len();
    assert!(twice >= 2 * expected.len() - 4, "{twice} datagrams of twice {}", expected.len());
}

/// Samples lost on the way, told or left out on purpose: the cell is kept, what lies outside of the hole arrives.
#[test]
fn holes_do_not_lose_the_cell() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let len = carrier.iq.len();
    for on_purpose in [false, true] {
        let mut receiver = receiver(1);
        let mut told = Told::default();
        let (hole, end) = (len * 2 / 3, len * 2 / 3 + 12_345);
        receiver.push(0, &[&carrier.iq[..hole]], &mut |event| told.hear(&event));
        if on_purpose {
            receiver.skip_to(end as u64);
        }
        receiver.push(end as u64, &[&carrier.iq[end..]], &mut |event| told.hear(&event));
        let lost: Vec<_> = (!on_purpose).then_some((hole as u64, end as u64)).into_iter().collect();
        assert_eq!((told.samples_lost.clone(), told.cells.len(), told.cells_lost), (lost, 1, 0));
        let found = datagrams(&told.sdus);
        let missing = carrier.expected.datagrams_complete.iter().filter(|n| !found.contains(n)).count();
        assert!((1..8).contains(&missing), "{missing} datagrams in a hole of 1.6 ms");
    }
}

/// A stream that begins long after sample 0 loses nothing, and frames count with its samples.
#[test]
fn a_stream_may_begin_at_any_sample() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let at = 5_000_000_000u64;
    let (mut receiver, mut told, mut frame) = (receiver(1), Told::default(), 0);
    receiver.push(at, &[&carrier.iq[..60 * SAMPLES_PER_SUBFRAME]], &mut |event| {
        if let RxEvent::Mib { time, .. } = event {
            frame = time.frame();
        }
        told.hear(&event);
    });
    assert_eq!((told.samples_lost, told.cells.len()), (vec![], 1));
    assert!(frame.abs_diff(at / (10 * SAMPLES_PER_SUBFRAME as u64)) <= 513, "{frame}");
}

/// The stream jumps back: everything begins anew.
#[test]
fn a_jump_back_is_another_stream() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let mut receiver = receiver(1);
    let mut told = Told::default();
    for _ in 0..2 {
        receiver.push(0, &[&carrier.iq[..60 * SAMPLES_PER_SUBFRAME]], &mut |event| told.hear(&event));
    }
    assert_eq!((told.samples_lost, told.cells.len()), (vec![(60 * SAMPLES_PER_SUBFRAME as u64, 0)], 2));
}

/// 9 dB is too little for MCS 9 with one of these antennas and enough with both.
#[test]
fn two_antennas_are_combined() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let at = |snr_db: f64| {
        let (one, other) = (heard(&carrier.iq, snr_db, 300.0, 11), heard(&carrier.iq, snr_db, 300.0, 12));
        let turned: Vec<_> = other.iter().map(|s| s * Complex32::cis(2.0)).collect();
        let alone = listen(&mut receiver(1), &[&one], 7680);
        let both = listen(&mut receiver(2), &[&one, &turned], 7680);
        println!("{snr_db} dB: alone {:?}, both {:?}", alone.blocks, both.blocks);
        (alone, both)
    };
    let mut gained = false;
    for snr_db in [0.0, 1.5, 3.0, 4.5, 6.0, 7.5] {
        let (alone, both) = at(snr_db);
        gained |= both.sdus.len() > 150 && alone.sdus.len() < 20;
        assert!(both.sdus.len() >= alone.sdus.len(), "{snr_db} dB");
    }
    assert!(gained, "the second antenna makes reception of what is nothing without it");
}
