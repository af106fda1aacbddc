use num_complex::Complex32;
use rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::*;
use crate::cell::{CellConfig, NRbDl, PhichConfig, SampleRateFamily};
use crate::modem::{Mapper, Modulation};
use crate::numerology::SubframeLayout;
use crate::ofdm::OfdmDemodulator;
use crate::phch::transmit_diversity::{ReceiveAntenna, combine, precode};

/// One subframe as one receive antenna hears it: cell-specific reference signals of every port, data elsewhere; from each
/// port two paths 1.5 us apart, a common delay, a frequency error and noise.
struct Air {
    carrier: CarrierConfig,
    subframe: u8,
    delay_samples: f32,
    cfo_hz: f32,
    noise: f32,
    rng: Pcg64Mcg,
}

impl Air {
    fn new(n_rb_dl: usize, n_ports: u8, snr_db: f32, seed: u64) -> Self {
        let n_rb_dl = NRbDl::ALL.into_iter().find(|n| n.get() == n_rb_dl).unwrap();
        let n_id_cell = (seed * 37 % 504) as u16;
        let cell = CellConfig::new(n_rb_dl, n_id_cell, SampleRateFamily::Standard).unwrap();
        let carrier = CarrierConfig { cell, n_ports, phich: PhichConfig::default() };
        let noise = 10f32.powf(-snr_db / 10.0);
        Self { carrier, subframe: 4, delay_samples: 0.0, cfo_hz: 0.0, noise, rng: Pcg64Mcg::seed_from_u64(seed) }
    }

    fn gaussian(&mut self, power: f32) -> Complex32 {
        let (re, im): (f32, f32) = (StandardNormal.sample(&mut self.rng), StandardNormal.sample(&mut self.rng));
        Complex32::new(re, im) * (power / 2.0).sqrt()
    }

    /// Elements of no reference signal, row by row.
    fn data_elements(&self) -> Vec<(usize, usize)> {
        let crs_of = |port: u8, l: usize| {
            let n_s = 2 * usize::from(self.subframe) + l / SLOT_ROWS;
            let at = l % SLOT_ROWS;
            (crs_symbols(port).contains(&at)).then(|| crs(&self.carrier.cell, CyclicPrefix::Normal, port, n_s, at))
        };
        let reserved = |l: usize| -> Vec<usize> {
            (0..self.carrier.n_ports).filter_map(|p| crs_of(p, l)).flatten().map(|(k, _)| k).collect()
        };
        let n_sc = self.carrier.cell.n_rb_dl.subcarriers();
        let of_row = |l: usize| {
            let reserved = reserved(l);
            (0..n_sc).filter(|k| !reserved.contains(k)).map(|k| (l, k)).collect::<Vec<_>>()
        };
        (0..14).flat_map(of_row).collect()
    }

    /// Grids of the ports with reference signals and `symbols` precoded onto `elements`.
    fn sent(&self, elements: &[(usize, usize)], symbols: &[Complex32]) -> Vec<Grid> {
        let of_port = |port: u8| {
            let mut grid = Grid::new(14, self.carrier.cell.n_rb_dl.subcarriers());
            for (slot, &l) in (0..2).flat_map(|slot| crs_symbols(port).iter().map(move |l| (slot, l))) {
                let n_s = 2 * usize::from(self.subframe) + slot;
                for (k, r) in crs(&self.carrier.cell, CyclicPrefix::Normal, port, n_s, l) {
                    grid.row_mut(SLOT_ROWS * slot + l)[k] = r;
                }
            }
            let mut out = vec![Complex32::ZERO; symbols.len()];
            precode(self.carrier.n_ports, port, symbols, &mut out);
            elements.iter().zip(out).for_each(|(&(l, k), y)| grid.row_mut(l)[k] = y);
            grid
        };
        (0..self.carrier.n_ports).map(of_port).collect()
    }

    /// What one antenna hears, and the channel of each port at each element (port, row, subcarrier).
    fn heard(&mut self, sent: &[Grid]) -> (Grid, Vec<Grid>) {
        let cell = self.carrier.cell;
        let (n_sc, n_fft) = (cell.n_rb_dl.subcarriers(), cell.n_fft as f32);
        let later = 1.5e-6 * cell.sample_rate_hz() as f32;
        let mut all = Grid::new(14, n_sc);
        let mut channels = Vec::new();
        for grid in sent {
            let phase = self.gaussian(1.0);
            let (direct, echo) = (phase / phase.norm() * 0.9, Complex32::cis(3.0 * phase.re) * 0.43589);
            let mut channel = Grid::new(14, n_sc);
            for l in 0..14 {
                let turn = Complex32::cis(TAU * self.cfo_hz * 0.5e-3 * (l as f32 - MIDDLE_ROW) / SLOT_ROWS as f32);
                for k in 0..n_sc {
                    let at = (k + usize::from(k >= n_sc / 2)) as f32;
                    let path = |delay: f32| Complex32::cis(-TAU * (self.delay_samples + delay) * at / n_fft);
                    let h = (direct * path(0.0) + echo * path(later)) * turn;
                    channel.row_mut(l)[k] = h;
                    all.row_mut(l)[k] += h * grid.row(l)[k];
                }
            }
            channels.push(channel);
        }
        for l in 0..14 {
            for k in 0..n_sc {
                all.row_mut(l)[k] += self.gaussian(self.noise);
            }
        }
        (all, channels)
    }
}

/// Mean squared error of the estimate over `rows` of a port.
fn error_power(estimator: &CrsEstimator, port: u8, channel: &Grid, rows: std::ops::Range<usize>) -> f32 {
    let n = rows.len() * channel.subcarriers();
    let of_row = |l: usize| -> f32 {
        channel.row(l).iter().enumerate().map(|(k, h)| (estimator.h(port, l, k) - h).norm_sqr()).sum()
    };
    rows.map(of_row).sum::<f32>() / n as f32
}

#[test]
fn channels_of_all_ports_come_out_of_noise() {
    for (n_rb_dl, n_ports) in [(6, 1), (15, 2), (25, 2), (50, 4)] {
        for snr_db in [0.0, 10.0, 25.0] {
            let (mut error, trials) = (vec![0.0; n_ports.into()], 20);
            for seed in 0..trials {
                let mut air = Air::new(n_rb_dl, n_ports, snr_db, seed);
                (air.delay_samples, air.cfo_hz) = (3.0, 40.0);
                let sent = air.sent(&[], &[]);
                let (grid, channels) = air.heard(&sent);
                let mut estimator = CrsEstimator::new(&air.carrier);
                estimator.estimate(air.subframe, &grid, 14);
                for port in 0..n_ports {
                    error[usize::from(port)] +=
                        error_power(&estimator, port, &channels[usize::from(port)], 0..14) / trials as f32;
                }
            }
            for (port, error) in error.into_iter().enumerate() {
                let gain_db = -snr_db - 10.0 * error.log10();
                println!("{n_rb_dl} PRB, port {port} of {n_ports}, {snr_db} dB: {gain_db:.1} dB better than a pilot");
                assert!(
                    gain_db > if port < 2 { 4.0 } else { 1.5 },
                    "{n_rb_dl} PRB, port {port}, {snr_db} dB: {gain_db}"
                );
            }
        }
    }
}

#[test]
fn the_control_region_alone_is_enough() {
    for (n_rb_dl, n_ports, n_rows) in [(6, 1, 2), (25, 2, 1), (25, 4, 2)] {
        let (mut error, trials) = (0.0, 20);
        for seed in 0..trials {
            let mut air = Air::new(n_rb_dl, n_ports, 12.0, seed);
            air.delay_samples = -2.0;
            let sent = air.sent(&[], &[]);
            let (grid, channels) = air.heard(&sent);
            let mut estimator = CrsEstimator::new(&air.carrier);
            let quality = estimator.estimate(air.subframe, &grid, n_rows);
            assert_eq!(quality.cfo_hz, None);
            for (port, channel) in channels.iter().enumerate() {
                error += error_power(&estimator, port as u8, channel, 0..n_rows) / (trials * u64::from(n_ports)) as f32;
            }
        }
        let gain_db = -12.0 - 10.0 * error.log10();
        assert!(gain_db > 0.5, "{n_rb_dl} PRB, {n_ports} ports: {gain_db} dB");
    }
}

#[test]
fn measures_what_was_put_in() {
    for (n_rb_dl, snr_db) in [(6, 0.0), (6, 20.0), (25, -5.0), (25, 10.0), (100, 30.0)] {
        let (mut rsrp, mut noise, mut cfo_hz, mut delay, trials) = (0.0, 0.0, 0.0, 0.0, 30);
        for seed in 0..trials {
            let mut air = Air::new(n_rb_dl, 2, snr_db, seed);
            (air.delay_samples, air.cfo_hz) = (4.0, -120.0);
            let sent = air.sent(&[], &[]);
            let (grid, _) = air.heard(&sent);
            let quality = CrsEstimator::new(&air.carrier).estimate(air.subframe, &grid, 14);
            rsrp += quality.rsrp / trials as f32;
            noise += quality.noise / trials as f32;
            cfo_hz += quality.cfo_hz.unwrap() / trials as f32;
            delay += quality.delay_samples / trials as f32;
        }
        let sample_rate_hz =
            15_000.0 * [128.0, 512.0, 2048.0][[6, 25, 100].iter().position(|&n| n == n_rb_dl).unwrap()];
        // The echo has 0.19 of the power and comes 1.5 us later.
        let mean_delay = 4.0 + 0.19 * 1.5e-6 * sample_rate_hz;
        let case = format!("{n_rb_dl} PRB, {snr_db} dB: {rsrp} {noise} {cfo_hz} {delay} for {mean_delay}");
        assert!((10.0 * rsrp.log10()).abs() < 0.7, "{case}");
        assert!((10.0 * noise.log10() + snr_db).abs() < 0.5, "{case}");
        assert!((cfo_hz + 120.0).abs() < 25.0, "{case}");
        assert!((delay - mean_delay).abs() < 0.03 * sample_rate_hz / 1e6 + 0.3, "{case}");
    }
}

/// Symbols come back through one, two and four ports, and their errors are as large as their SINR says; a second antenna
/// adds its share.
#[test]
fn transmit_diversity_is_combined() {
    for n_ports in [1, 2, 4] {
        for n_antennas in [1, 2] {
            let mut air = Air::new(25, n_ports, 15.0, u64::from(n_ports));
            air.cfo_hz = 30.0;
            let mut elements = air.data_elements();
            // Pairs of one row next to each other, but for reference signals in between.
            elements.truncate(elements.len() / 4 * 4 - 2);
            let mut bits: Vec<u8> = (0..2 * elements.len()).map(|i| (i * i / 7 % 2) as u8).collect();
            bits.rotate_left(5);
            let mut symbols = vec![Complex32::ZERO; elements.len()];
            Mapper::new(Modulation::Qpsk).map(&bits, &mut symbols);
            let sent = air.sent(&elements, &symbols);
            let heard: Vec<_> = (0..n_antennas)
                .map(|_| {
                    let (grid, _) = air.heard(&sent);
                    let mut estimator = CrsEstimator::new(&air.carrier);
                    estimator.estimate(air.subframe, &grid, 14);
                    (grid, estimator)
                })
                .collect();
            let antennas: Vec<_> = heard.iter().map(|(grid, estimate)| ReceiveAntenna { grid, estimate }).collect();
            let (mut got, mut sinr) = (vec![Complex32::ZERO; symbols.len()], vec![0.0; symbols.len()]);
            combine(n_ports, &elements, &antennas, &mut got, &mut sinr);
            // Errors in units of the noise that the SINR promises.
            let errors = got.iter().zip(&symbols).zip(&sinr).map(|((g, s), snr)| (g - s).norm_sqr() * snr);
            let mean = errors.sum::<f32>() / symbols.len() as f32;
            let mean_sinr = sinr.iter().sum::<f32>() / sinr.len() as f32;
            let case = format!("{n_ports} ports, {n_antennas} antennas: {mean}, SINR {mean_sinr}");
            println!("{case}");
            assert!((0.8..1.6).contains(&mean), "{case}");
            let want = 31.6 * n_antennas as f32;
            assert!((0.7 * want..1.4 * want).contains(&mean_sinr), "{case}");
        }
    }
}

/// The matrices of TS 36.211 clause 6.3.4.3.
#[test]
fn precoding_of_the_clause() {
    let x: Vec<_> = (0..4).map(|i| Complex32::new(1.0 + i as f32, -0.5 * i as f32)).collect();
    let sent = |n_ports: u8| -> Vec<Vec<Complex32>> {
        let of_port = |port: u8| {
            let mut out = vec![Complex32::ONE; 4];
            precode(n_ports, port, &x, &mut out);
            out.iter().map(|y| y * std::f32::consts::SQRT_2).collect()
        };
        (0..n_ports).map(of_port).collect()
    };
    let (o, c) = (Complex32::ZERO, |i: usize| x[i].conj());
    let near = |got: Vec<Vec<Complex32>>, want: &[[Complex32; 4]]| {
        assert_eq!(got.len(), want.len());
        for (g, w) in got.iter().flatten().zip(want.iter().flatten()) {
            assert!((g - w).norm() < 1e-5, "{got:?}");
        }
    };
    near(sent(2), &[[x[0], x[1], x[2], x[3]], [-c(1), c(0), -c(3), c(2)]]);
    near(sent(4), &[[x[0], x[1], o, o], [o, o, x[2], x[3]], [-c(1), c(0), o, o], [o, o, -c(3), c(2)]]);
}

/// A live carrier with two ports, its echoes and noise unknown: what every subframe says of it agrees.
#[test]
fn a_live_carrier_is_measured_alike_in_every_subframe() {
    let Some(path) = fixtures::shared("vectors/lte_real_6prb_mib.cf32") else { return };
    let iq = fixtures::vectors::read_cf32(&path);
    let cell = CellConfig::new(NRbDl::ALL[0], 150, SampleRateFamily::Standard).unwrap();
    let mut estimator = CrsEstimator::new(&CarrierConfig { cell, n_ports: 2, phich: PhichConfig::default() });
    let layout = SubframeLayout::normal(cell.n_fft);
    let mut ofdm = OfdmDemodulator::new(layout.clone(), 4);
    let mut all = Vec::new();
    for (subframe, iq) in iq.chunks_exact(layout.samples()).enumerate() {
        let mut grid = Grid::new(layout.rows(), cell.n_rb_dl.subcarriers());
        ofdm.demodulate(iq, 0..layout.rows(), &mut grid);
        let quality = estimator.estimate(subframe as u8, &grid, 14);
        println!("subframe {subframe}: {quality:?}, CINR {:.1} dB", quality.cinr_db());
        all.push(quality);
    }
    assert_eq!(all.len(), 5);
    // The recording begins weakly.
    for (subframe, q) in all.iter().enumerate() {
        assert!(q.cinr_db() > if subframe < 2 { 2.0 } else { 10.0 }, "{q:?}");
        assert!((q.cfo_hz.unwrap() - all[0].cfo_hz.unwrap()).abs() < 130.0, "{q:?}");
        assert!((q.delay_samples - all[0].delay_samples).abs() < 0.3, "{q:?}");
    }
}
