use rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::*;
use crate::cell::{NRbDl, PhichConfig, SampleRateFamily};
use crate::estimate::CrsEstimator;
use crate::numerology::{CyclicPrefix, SubframeLayout};
use crate::ofdm::OfdmDemodulator;
use crate::refsignal::{crs, crs_symbols};
use crate::sync::{PSS_ROW, pss_sequence};

fn carrier(n_rb_dl: usize, n_id_cell: u16, n_ports: u8) -> CarrierConfig {
    let n_rb_dl = NRbDl::ALL.into_iter().find(|n| n.get() == n_rb_dl).unwrap();
    let cell = CellConfig::new(n_rb_dl, n_id_cell, SampleRateFamily::Standard).unwrap();
    CarrierConfig { cell, n_ports, phich: PhichConfig::default() }
}

struct Noise(Pcg64Mcg);

impl Noise {
    fn sample(&mut self, power: f32) -> Complex32 {
        let (re, im): (f32, f32) = (StandardNormal.sample(&mut self.0), StandardNormal.sample(&mut self.0));
        Complex32::new(re, im) * (power / 2.0).sqrt()
    }
}

/// Subframe 0 with reference signals and PBCH: every port through its own path, at 0 dB, plus noise.
fn heard(
    carrier: &CarrierConfig,
    encoder: &mut PbchEncoder,
    quarter: usize,
    paths: &[Complex32],
    noise: &mut Noise,
    power: f32,
) -> Grid {
    let n_sc = carrier.cell.n_rb_dl.subcarriers();
    let mut all = Grid::new(14, n_sc);
    for port in 0..carrier.n_ports {
        let mut grid = Grid::new(14, n_sc);
        encoder.put(quarter, port, &mut grid);
        for (slot, &l) in (0..2).flat_map(|slot| crs_symbols(port).iter().map(move |l| (slot, l))) {
            for (k, r) in crs(&carrier.cell, CyclicPrefix::Normal, port, slot, l) {
                grid.row_mut(7 * slot + l)[k] = r;
            }
        }
        for l in 0..14 {
            for (a, e) in all.row_mut(l).iter_mut().zip(grid.row(l)) {
                *a += paths[usize::from(port)] * e;
            }
        }
    }
    (0..14).for_each(|l| all.row_mut(l).iter_mut().for_each(|e| *e += noise.sample(power)));
    all
}

/// Share of trials in which the MIB is found within four frames, wherever in the 40 ms they begin; nothing wrong is found.
fn found(snr_db: f32, trials: u64) -> f64 {
    let mut found = 0;
    for seed in 0..trials {
        let carrier = carrier(6, (seed * 41 % 504) as u16, [1, 2, 4][(seed % 3) as usize]);
        let mut noise = Noise(Pcg64Mcg::seed_from_u64(seed));
        let paths: Vec<_> = (0..carrier.n_ports).map(|_| Complex32::cis(6.0 * noise.sample(1.0).re)).collect();
        let mut encoder = PbchEncoder::new(&carrier);
        let (mut estimator, mut decoder) =
            (CrsEstimator::new(&CarrierConfig { n_ports: 4, ..carrier }), PbchDecoder::new(&carrier.cell));
        let begin = seed / 3 % 4;
        for frame in begin..begin + 4 {
            // The next four frames carry another system frame number.
            let mib = [0x68, 0x1c ^ (seed % 251) as u8, (frame / 4) as u8];
            encoder.encode(mib);
            let quarter = (frame % 4) as u8;
            let grid = heard(&carrier, &mut encoder, quarter.into(), &paths, &mut noise, 10f32.powf(-snr_db / 10.0));
            estimator.estimate(0, &grid, 14);
            if let Some(message) = decoder.push(frame, &[ReceiveAntenna { grid: &grid, estimate: &estimator }]) {
                assert_eq!(message, PbchMessage { mib, n_ports: carrier.n_ports, quarter }, "seed {seed}, {snr_db} dB");
                found += 1;
                break;
            }
        }
    }
    found as f64 / trials as f64
}

#[test]
fn the_mib_is_found_in_four_frames_down_to_minus_5_db() {
    for (snr_db, trials) in [(0.0, 120), (-5.0, 480)] {
        let share = found(snr_db, trials);
        println!("{snr_db} dB: {share} of {trials}");
        assert!(share >= 0.99, "{share} at {snr_db} dB");
    }
}

/// By design noise is accepted in one frame of 1e8 (see `FIT_MIN`); by the CRC alone it would be about once in these 4000.
#[test]
fn noise_has_no_mib() {
    let carrier = carrier(6, 7, 4);
    let (mut estimator, mut decoder) = (CrsEstimator::new(&carrier), PbchDecoder::new(&carrier.cell));
    let mut noise = Noise(Pcg64Mcg::seed_from_u64(1));
    let mut grid = Grid::new(14, 72);
    for frame in 0..4000 {
        (0..14).for_each(|l| grid.row_mut(l).iter_mut().for_each(|e| *e = noise.sample(1.0)));
        estimator.estimate(0, &grid, 14);
        let message = decoder.push(frame, &[ReceiveAntenna { grid: &grid, estimate: &estimator }]);
        assert_eq!(message, None, "frame {frame}");
    }
}

#[test]
fn what_is_no_signal_has_no_mib() {
    let carrier = carrier(6, 7, 4);
    let (mut estimator, mut decoder) = (CrsEstimator::new(&carrier), PbchDecoder::new(&carrier.cell));
    for value in [0.0, 1.0, f32::NAN, f32::INFINITY, 1e30] {
        let mut grid = Grid::new(14, 72);
        (0..14).for_each(|l| grid.row_mut(l).fill(Complex32::new(value, -value)));
        for frame in 0..4 {
            estimator.estimate(0, &grid, 14);
            assert_eq!(decoder.push(frame, &[ReceiveAntenna { grid: &grid, estimate: &estimator }]), None, "{value}");
        }
    }
}

/// Frames on either side of a gap are not taken together.
#[test]
fn a_gap_begins_anew() {
    let carrier = carrier(25, 301, 2);
    let mut encoder = PbchEncoder::new(&carrier);
    encoder.encode([0xb4, 0x30, 0]);
    let (mut estimator, mut decoder) = (CrsEstimator::new(&carrier), PbchDecoder::new(&carrier.cell));
    let mut noise = Noise(Pcg64Mcg::seed_from_u64(5));
    let paths = [Complex32::ONE, Complex32::I];
    for (frame, quarter) in [(8, 1), (17, 3), (40, 0), (43, 2)] {
        let grid = heard(&carrier, &mut encoder, quarter, &paths, &mut noise, 0.1);
        estimator.estimate(0, &grid, 14);
        let message = decoder.push(frame, &[ReceiveAntenna { grid: &grid, estimate: &estimator }]);
        let want = PbchMessage { mib: [0xb4, 0x30, 0], n_ports: 2, quarter: quarter as u8 };
        assert_eq!(message, Some(want), "frame {frame}");
    }
}

/// A live carrier: cell 150, two ports, MIB 68 1c 00, first of its four frames.
#[test]
fn the_mib_of_a_live_carrier() {
    let Some(path) = fixtures::shared("vectors/lte_real_6prb_mib.cf32") else { return };
    let iq = fixtures::vectors::read_cf32(&path);
    let carrier = carrier(6, 150, 4);
    let layout = SubframeLayout::normal(carrier.cell.n_fft);
    let mut grid = Grid::new(14, 72);
    OfdmDemodulator::new(layout.clone(), 4).demodulate(&iq[..layout.samples()], 0..14, &mut grid);
    let mut estimator = CrsEstimator::new(&carrier);
    estimator.estimate(0, &grid, 14);
    let antenna = ReceiveAntenna { grid: &grid, estimate: &estimator };
    let message = PbchDecoder::new(&carrier.cell).push(0, &[antenna]);
    assert_eq!(message, Some(PbchMessage { mib: [0x68, 0x1c, 0x00], n_ports: 2, quarter: 0 }));
}

/// Every frame of another transmitter's carrier, found by its PSS: the MIB of 25 resource blocks, counting on.
#[test]
fn the_mibs_of_another_transmitter() {
    let Some(vector) = fixtures::vectors::embms_carrier() else { return };
    let carrier = carrier(25, vector.expected.n_id_cell, 4);
    let layout = SubframeLayout::normal(carrier.cell.n_fft);
    let row = layout.symbol(PSS_ROW).unwrap();
    // The PSS in time, by its subcarriers.
    let mut grid = Grid::new(14, carrier.cell.n_rb_dl.subcarriers());
    crate::sync::put_pss(carrier.cell.n_id_cell, &mut grid);
    assert_eq!(pss_sequence((carrier.cell.n_id_cell % 3) as u8)[0], grid.row(PSS_ROW)[150 - 31]);
    let mut pss = vec![Complex32::ZERO; layout.samples()];
    crate::ofdm::OfdmModulator::new(layout.clone()).modulate(&grid, &mut pss);
    let core = &pss[row.start + row.cp..][..layout.n_fft()];
    let fit = |at: usize| -> f32 {
        vector.iq[at..].iter().zip(core).map(|(y, p)| y * p.conj()).sum::<Complex32>().norm_sqr()
    };
    let half_frame = 5 * layout.samples();
    let peak = (0..half_frame).max_by(|&a, &b| fit(a).total_cmp(&fit(b))).unwrap();
    let start = (peak + 2 * half_frame - row.start - row.cp) % half_frame;

    let mut ofdm = OfdmDemodulator::new(layout.clone(), 4);
    let mut estimator = CrsEstimator::new(&carrier);
    let mut found = Vec::new();
    // Either half frame may be the one with subframe 0: the other has no PBCH.
    for parity in 0..2 {
        let mut decoder = PbchDecoder::new(&carrier.cell);
        let subframes = vector.iq[start + parity * half_frame..].chunks(2 * half_frame);
        for (frame, iq) in subframes.enumerate().filter(|(_, iq)| iq.len() >= layout.samples()) {
            ofdm.demodulate(&iq[..layout.samples()], 0..14, &mut grid);
            let quality = estimator.estimate(0, &grid, 14);
            let message = decoder.push(frame as u64, &[ReceiveAntenna { grid: &grid, estimate: &estimator }]);
            found.extend(message.map(|m| (parity, frame, m, quality.cinr_db())));
        }
    }
    let (parity, first, message, _) = found[0];
    println!("{found:?}");
    assert!(found.len() >= 38 && first == 0, "{} frames", found.len());
    // n_f counts on: eight bits in the MIB after bandwidth and PHICH configuration (6 bits), two from the position.
    let sfn = |m: &PbchMessage| {
        let bits = u32::from_be_bytes([0, m.mib[0], m.mib[1], m.mib[2]]);
        ((bits >> 10 & 0xff) as usize) << 2 | usize::from(m.quarter)
    };
    for (p, frame, m, cinr_db) in &found {
        assert_eq!((*p, m.n_ports, m.mib[0] >> 5), (parity, 1, 2), "one port, dl-Bandwidth n25");
        assert_eq!(sfn(m), (sfn(&message) + frame) % 1024);
        assert!(*cinr_db > 15.0, "{cinr_db}");
    }
}
