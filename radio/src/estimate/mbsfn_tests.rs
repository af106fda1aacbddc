//! The estimate held against channels that are known: what it is off by, in units of the noise.

use std::f64::consts::TAU;

use num_complex::{Complex32, Complex64};
use rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::*;
use crate::cell::SampleRateFamily;

/// TS 36.101 table B.2.6.1-1: (us, dB).
const MBSFN: [(f64, f64); 18] = [
    (0.0, 0.0),
    (0.03, -1.5),
    (0.15, -1.4),
    (0.31, -3.6),
    (0.37, -0.6),
    (1.09, -7.0),
    (12.49, -10.0),
    (12.52, -11.5),
    (12.64, -11.4),
    (12.80, -13.6),
    (12.86, -10.6),
    (13.58, -17.0),
    (27.49, -20.0),
    (27.52, -21.5),
    (27.64, -21.4),
    (27.80, -23.6),
    (27.86, -20.6),
    (28.58, -27.0),
];
/// TS 36.101 table B.2.1-4: ETU.
const ETU: [(f64, f64); 9] = [
    (0.0, -1.0),
    (0.05, -1.0),
    (0.12, -1.0),
    (0.2, 0.0),
    (0.23, 0.0),
    (0.5, 0.0),
    (1.6, -3.0),
    (2.3, -5.0),
    (5.0, -7.0),
];

struct Path {
    delay_s: f64,
    /// Doppler shift (Hz), gain.
    waves: Vec<(f64, Complex64)>,
}

/// Paths of Rayleigh fading: eight waves each.
fn faded(profile: &[(f64, f64)], doppler_hz: f64, rng: &mut Pcg64Mcg) -> Vec<Path> {
    let power = |db: f64| 10f64.powf(db / 10.0);
    let total: f64 = profile.iter().map(|&(_, db)| power(db)).sum();
    let mut wave = |db: f64| {
        let angle = TAU * f64::from(rng.next_u32()) / 2f64.powi(32);
        (doppler_hz * angle.cos(), normal(rng) * (power(db) / total / 8.0).sqrt())
    };
    let path = |&(us, db): &(f64, f64)| Path { delay_s: us * 1e-6, waves: (0..8).map(|_| wave(db)).collect() };
    profile.iter().map(path).collect()
}

fn constant(paths: &[(f64, Complex64)]) -> Vec<Path> {
    paths.iter().map(|&(us, gain)| Path { delay_s: us * 1e-6, waves: vec![(0.0, gain)] }).collect()
}

/// Complex, of power one.
fn normal(rng: &mut Pcg64Mcg) -> Complex64 {
    let mut part = || -> f64 { StandardNormal.sample(rng) };
    Complex64::new(part(), part()) * 0.5f64.sqrt()
}

/// What estimates of one receiver were off by.
struct Trial {
    cell: CellConfig,
    estimator: MbsfnEstimator,
    rng: Pcg64Mcg,
    noise: f64,
    symbol: u64,
}

impl Trial {
    fn new(n_rb_dl: u16, snr_db: f64) -> Self {
        let cell = CellConfig::new(n_rb_dl.try_into().unwrap(), 1, SampleRateFamily::Standard).unwrap();
        Self {
            cell,
            estimator: MbsfnEstimator::new(&cell, 1, MbsfnNumerology::Khz15),
            rng: Pcg64Mcg::seed_from_u64(6_102),
            noise: 10f64.powf(-snr_db / 10.0),
            symbol: 0,
        }
    }

    /// One subframe through `paths`: mean squared error of the channel in the PMCH's symbols over the noise, and what
    /// was measured.
    fn next(&mut self, paths: &[Path]) -> (f64, EstimateQuality) {
        let n_sc = self.cell.n_rb_dl.subcarriers();
        let mut grid = Grid::new(12, n_sc);
        let channel = |row: usize| {
            let t = (self.symbol + row as u64) as f64 / 12_000.0;
            let gain = |p: &Path| p.waves.iter().map(|&(hz, g)| g * Complex64::cis(TAU * hz * t)).sum::<Complex64>();
            let gains: Vec<_> = paths.iter().map(gain).collect();
            let at = |k: usize| {
                let hz = 15e3 * (k + usize::from(k >= n_sc / 2)) as f64;
                paths.iter().zip(&gains).map(|(p, g)| g * Complex64::cis(-TAU * hz * p.delay_s)).sum::<Complex64>()
            };
            (0..n_sc).map(at).collect::<Vec<_>>()
        };
        let narrow = |h: Complex64| Complex32::new(h.re as f32, h.im as f32);
        let channels: Vec<_> = (0..12).map(channel).collect();
        for (row, first, values) in self.estimator.reference.symbols(1) {
            for (m, r) in values.iter().enumerate() {
                let noise = normal(&mut self.rng) * self.noise.sqrt();
                grid.row_mut(row)[first + 2 * m] = narrow(channels[row][first + 2 * m]) * r + narrow(noise);
            }
        }
        let quality = self.estimator.estimate(1, &grid);
        let mut of_row = vec![Complex32::ZERO; n_sc];
        let mut error = 0.0;
        for (row, channel) in channels.iter().enumerate().skip(2) {
            let turn = self.estimator.rotation(row);
            let estimate = self.estimator.channel_of_row(row, &mut of_row);
            error +=
                estimate.iter().zip(channel).map(|(e, h)| f64::from((e * turn - narrow(*h)).norm_sqr())).sum::<f64>();
        }
        self.symbol += 12;
        (error / (10 * n_sc) as f64 / self.noise, quality)
    }

    /// Mean error over the noise of `count` subframes that follow twenty others, and mean noise measured over the true one.
    fn run(&mut self, count: u32, mut paths: impl FnMut(&mut Pcg64Mcg, u32) -> Option<Vec<Path>>) -> (f64, f64) {
        let (mut error, mut noise) = (0.0, 0.0);
        let mut now = Vec::new();
        for i in 0..20 + count {
            now = paths(&mut self.rng, i).unwrap_or(now);
            let (e, quality) = self.next(&now);
            if i >= 20 {
                error += e / f64::from(count);
                noise += f64::from(quality.noise) / self.noise / f64::from(count);
            }
        }
        (error, noise)
    }
}

/// A new realisation for each block: the profile alone can be learnt. The true delays known, the errors would be 0.034,
/// 0.020, 0.010 and 0.052 of the noise.
#[test]
fn mbsfn_profile_with_independent_blocks_costs_little() {
    for (n_rb_dl, snr_db, limit) in [(25, 16.0, 0.065), (50, 16.0, 0.06), (50, 3.0, 0.04), (6, 4.0, 0.085)] {
        let (error, noise) = Trial::new(n_rb_dl, snr_db).run(60, |rng, _| Some(faded(&MBSFN, 0.0, rng)));
        println!("{n_rb_dl} PRB, {snr_db} dB: error {error:.4}, noise {noise:.3}");
        assert!(error < limit, "{n_rb_dl} PRB, {snr_db} dB: {error} of the noise");
        assert!((noise - 1.0).abs() < 0.07, "{n_rb_dl} PRB, {snr_db} dB: {noise} times the noise");
    }
}

/// One path costs next to nothing; so do two equal ones as far apart as a comb of two can tell.
#[test]
fn paths_that_stay_cost_next_to_nothing() {
    let one: &[_] = &[(0.35, Complex64::ONE)];
    let two = |us: f64| vec![(1.0, Complex64::ONE), (1.0 + us, Complex64::I)];
    let cases = [
        (25, -4.6, one.to_vec(), 0.015),
        (25, 17.0, one.to_vec(), 0.04),
        (100, 15.0, one.to_vec(), 0.04),
        (6, 0.0, one.to_vec(), 0.06),
        // Nothing stands out of the noise because the carrier is not sent.
        (6, 15.0, one.to_vec(), 0.065),
        (6, 30.0, one.to_vec(), 0.09),
        (25, 30.0, one.to_vec(), 0.03),
        (25, 10.0, two(10.0), 0.04),
        (25, 10.0, two(14.0), 0.04),
        (25, 10.0, two(25.0), 0.04),
    ];
    for (n_rb_dl, snr_db, paths, limit) in cases {
        let (error, noise) = Trial::new(n_rb_dl, snr_db).run(40, |_, _| Some(constant(&paths)));
        println!("{n_rb_dl} PRB, {snr_db} dB, {} paths: error {error:.4}, noise {noise:.3}", paths.len());
        assert!(error < limit, "{n_rb_dl} PRB, {snr_db} dB, {} paths: {error} of the noise", paths.len());
        assert!((noise - 1.0).abs() < 0.09, "{n_rb_dl} PRB, {snr_db} dB: {noise} times the noise");
    }
}

/// Channels that change inside a subframe are followed, and their change is not taken for noise.
#[test]
fn doppler_is_followed_and_is_no_noise() {
    for (doppler_hz, snr_db, limit) in [(70.0, 5.0, 0.05), (70.0, 20.0, 0.11), (300.0, 5.0, 0.11), (300.0, 15.0, 0.5)] {
        let mut trial = Trial::new(25, snr_db);
        let (error, noise) = trial.run(80, |rng, i| (i % 4 == 0).then(|| faded(&ETU, doppler_hz, rng)));
        println!("ETU {doppler_hz} Hz, {snr_db} dB: error {error:.3}, noise {noise:.3}");
        assert!(trial.estimator.variation().is_some());
        assert!(error < limit, "ETU {doppler_hz} Hz, {snr_db} dB: {error} of the noise");
        assert!((noise - 1.0).abs() < 0.1, "ETU {doppler_hz} Hz, {snr_db} dB: {noise} times the noise");
    }
    let mut trial = Trial::new(25, 15.0);
    trial.run(40, |rng, i| (i == 0).then(|| faded(&ETU, 0.0, rng)));
    assert!(trial.estimator.variation().is_none(), "nothing changes");
}

/// A path that was not there before is estimated from the subframe on in which it comes.
#[test]
fn a_new_path_is_seen_at_once() {
    let mut trial = Trial::new(25, 15.0);
    let paths = [(0.5, Complex64::ONE), (9.0, Complex64::I * 0.7)];
    for _ in 0..80 {
        trial.next(&constant(&paths[..1]));
    }
    let (error, _) = trial.next(&constant(&paths));
    assert!(error < 0.15, "{error} of the noise");
    // Silence between, as before a session begins.
    for _ in 0..100 {
        trial.next(&[]);
    }
    let (error, _) = trial.next(&constant(&paths));
    assert!(error < 0.3, "{error} of the noise");
}

#[test]
fn timing_is_the_mean_delay() {
    for (n_rb_dl, delay_us) in [(6, 0.77), (25, 3.21), (50, -0.4), (100, 14.13)] {
        let mut trial = Trial::new(n_rb_dl, 15.0);
        let samples = delay_us * 1e-6 * trial.cell.sample_rate_hz();
        let mut measured = || f64::from(trial.next(&constant(&[(delay_us, Complex64::ONE)])).1.timing_samples);
        let error = (0..10).map(|_| measured()).sum::<f64>() / 10.0 - samples;
        assert!(error.abs() < 0.1, "{n_rb_dl} PRB, {delay_us} us: off by {error} samples");
    }
}

/// FFT windows that move shift all delays at once, clocks that drift bit by bit.
#[test]
fn delays_may_shift() {
    let paths = |us: f64| constant(&[(1.0 + us, Complex64::ONE), (2.2 + us, Complex64::I * 0.4)]);
    for (n_rb_dl, snr_db, limit_db) in [(6, 10.0, -13.0), (25, 20.0, -31.0), (25, 60.0, -28.0), (100, 20.0, -31.0)] {
        for shift_us in [0.05, 0.13, 0.5, 2.0, -1.3] {
            for before in [1, 3, 30] {
                let mut trial = Trial::new(n_rb_dl, snr_db);
                (0..before).for_each(|_| _ = trial.next(&paths(0.0)));
                let error_db = 10.0 * (trial.next(&paths(shift_us)).0 * trial.noise).log10();
                let what = format!("{n_rb_dl} PRB, {snr_db} dB, {shift_us} us after {before} subframes");
                assert!(error_db < limit_db, "{what}: {error_db} dB");
            }
        }
    }
    for (n_rb_dl, snr_db) in [(6, 10.0), (25, 20.0), (100, 20.0)] {
        let mut trial = Trial::new(n_rb_dl, snr_db);
        let mut next = |i: u32| trial.next(&paths(2e-3 * f64::from(i))).0;
        (0..50).for_each(|i| _ = next(i));
        let error = (50..250).map(next).sum::<f64>() / 200.0;
        println!("{n_rb_dl} PRB, {snr_db} dB: {error} of the noise");
        assert!(error < 0.2, "{n_rb_dl} PRB, {snr_db} dB, drift of 2 us/s: {error} of the noise");
    }
}

/// Without noise, precision is what limits; samples that are no numbers leave nothing behind.
#[test]
fn clean_and_broken_samples_do_no_harm() {
    for n_rb_dl in [6, 25, 100] {
        let mut trial = Trial::new(n_rb_dl, 110.0);
        let paths = constant(&[(0.52, Complex64::ONE), (3.3, Complex64::I * 0.3)]);
        for _ in 0..20 {
            let (error, quality) = trial.next(&paths);
            let error_db = 10.0 * (error * trial.noise).log10();
            assert!(error_db < -42.0 && quality.cinr_db() > 45.0, "{n_rb_dl} PRB: {error_db} dB, {quality:?}");
        }
    }
    let mut broken = Grid::new(12, 300);
    (0..12).for_each(|row| broken.row_mut(row).fill(Complex32::new(f32::NAN, f32::INFINITY)));
    for first in [true, false] {
        let mut trial = Trial::new(25, 15.0);
        let paths = constant(&[(0.52, Complex64::ONE)]);
        (0..if first { 0 } else { 20 }).for_each(|_| assert!(trial.next(&paths).0 < 0.2));
        trial.estimator.estimate(1, &broken);
        let (error, _) = trial.next(&paths);
        assert!(error < 0.2, "{error} of the noise");
    }
}
