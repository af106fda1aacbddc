//! What channels do to signals, seen from outside.

use std::f64::consts::TAU;

use rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::*;
use crate::channel::{DelayProfile, DelayTap, Evolution, FadingConfig, Impairments, Interferer, PathConfig};
use crate::grid::Grid;
use crate::numerology::{MbsfnNumerology, SubframeLayout};
use crate::ofdm::{OfdmDemodulator, OfdmModulator};

const RATE_HZ: f64 = 1.92e6;

fn fading(profile: DelayProfile, doppler_hz: f64, evolution: Evolution) -> Option<FadingConfig> {
    Some(FadingConfig { profile, doppler_hz, evolution })
}

fn faded(profile: DelayProfile, doppler_hz: f64, evolution: Evolution, seed: u64) -> ChannelConfig {
    let path = PathConfig { fading: fading(profile, doppler_hz, evolution), ..PathConfig::default() };
    ChannelConfig { snr_db: None, paths: vec![path], ..ChannelConfig::awgn(RATE_HZ, 0.0, seed) }
}

/// Two transmitters with all that a path may have, and a static path beside them.
fn everything(n_rx: usize) -> ChannelConfig {
    let far = PathConfig {
        stream: 1,
        delay_s: 123.456e-6,
        power_db: -3.0,
        cfo_hz: 17.0,
        fading: fading(DelayProfile::mbsfn(), 300.0, Evolution::Continuous),
        ..PathConfig::default()
    };
    let near = PathConfig { fading: fading(DelayProfile::eva(), 0.0, Evolution::PerBlock), ..PathConfig::default() };
    let ray = PathConfig { delay_s: 5.1e-6, phase_rad: 1.0, cfo_hz: 1234.5, ..PathConfig::default() };
    let impairments = Impairments {
        iq_gain_db: 0.3,
        iq_phase_deg: 1.0,
        phase_noise_hz: 1.0,
        clip_db: Some(9.0),
        dc_offset_db: Some(-30.0),
        interferer: Some(Interferer { offset_hz: 200e3, width_hz: 50e3, power_db: -15.0 }),
        ..Impairments::default()
    };
    let paths = vec![far, ray, near];
    ChannelConfig { paths, n_rx, rx_correlation: 0.3, impairments, ..ChannelConfig::awgn(RATE_HZ, 20.0, 5) }
}

fn random(len: usize, seed: u64) -> Vec<Complex32> {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let mut next = || -> f32 { StandardNormal.sample(&mut rng) };
    (0..len).map(|_| Complex32::new(next(), next()) * 0.5f32.sqrt()).collect()
}

fn through(model: &mut ChannelModel, inputs: &[&[Complex32]]) -> Vec<Vec<Complex32>> {
    let mut outputs = vec![Vec::new(); model.n_rx()];
    model.process(inputs, &mut outputs);
    outputs
}

fn power(samples: &[Complex32]) -> f64 {
    samples.iter().map(|s| f64::from(s.norm_sqr())).sum::<f64>() / samples.len() as f64
}

/// The definition of SNR: power of a resource element over noise in a resource element.
#[test]
fn snr_holds_per_resource_element() {
    let layout = SubframeLayout::mbsfn(512, 2, MbsfnNumerology::Khz15);
    let mut grid = Grid::new(12, 300);
    (0..12).for_each(|l| grid.row_mut(l).fill(Complex32::ONE));
    let mut iq = vec![Complex32::default(); layout.samples() + LOOKAHEAD];
    OfdmModulator::new(layout.clone()).modulate(&grid, &mut iq[..layout.samples()]);
    for snr_db in [-3.0, 10.0, 25.0] {
        let config = ChannelConfig { gain_db: 6.0, n_rx: 2, ..ChannelConfig::awgn(7.68e6, snr_db, 1) };
        let received = through(&mut ChannelModel::new(&config), &[&iq]);
        assert_ne!(received[0], received[1], "noise of its own for each antenna");
        for received in received {
            let mut back = Grid::new(12, 300);
            OfdmDemodulator::new(layout.clone(), 0).demodulate(&received, 0..12, &mut back);
            let gain = 10f32.powf(6.0 / 20.0);
            let errors = (0..12).flat_map(|l| back.row(l).iter().map(move |y| (y - gain).norm_sqr()));
            let noise = errors.sum::<f32>() / 3600.0;
            let measured = 10.0 * f64::from(gain * gain / noise).log10();
            assert!((measured - snr_db).abs() < 0.2, "{snr_db}: {measured}"); // 3600 values: sigma 0.07 dB
        }
    }
}

#[test]
fn a_seed_stands_for_one_channel_however_the_stream_is_cut() {
    let (a, b) = (random(20_000, 1), random(20_000, 2));
    for n_rx in 1..=2 {
        let whole = through(&mut ChannelModel::new(&everything(n_rx)), &[&a, &b]);
        for cut in [1, 7, 333, 1000, 4096] {
            let mut model = ChannelModel::new(&everything(n_rx));
            let mut parts = vec![Vec::new(); n_rx];
            for (a, b) in a.chunks(cut).zip(b.chunks(cut)) {
                let given = through(&mut model, &[a, b]);
                parts.iter_mut().zip(&given).for_each(|(all, part)| all.extend_from_slice(part));
                assert!(given.iter().all(|g| g.len() == given[0].len()));
            }
            assert!(parts == whole, "cut into {cut}");
            assert_eq!(parts[0].len() + model.pending(), a.len());
            assert_eq!(model.pending(), model.lookahead());
        }
        let other = ChannelConfig { seed: 6, ..everything(n_rx) };
        assert_ne!(through(&mut ChannelModel::new(&other), &[&a, &b]), whole);
    }
}

#[test]
fn mean_power_is_that_of_the_paths() {
    let sent = vec![Complex32::ONE; 3000];
    for profile in [DelayProfile::epa(), DelayProfile::etu(), DelayProfile::mbsfn()] {
        let name = profile.name.clone();
        let mut config = faded(profile, 0.0, Evolution::PerBlock, 3);
        config.n_rx = 2;
        config.paths[0].power_db = -3.0;
        let mut model = ChannelModel::new(&config);
        let mut sum = [0.0; 2];
        for _ in 0..1000 {
            model.new_realisation();
            // The last samples belong to this realisation, whose first ones are still on their way.
            let heard = through(&mut model, &[&sent]);
            sum.iter_mut().zip(&heard).for_each(|(sum, h)| *sum += power(&h[h.len() - 100..]));
        }
        for sum in sum {
            let mean_db = 10.0 * (sum / 1000.0).log10();
            assert!((mean_db + 3.0).abs() < 0.5, "{name}: {mean_db} dB"); // sigma at most 0.14 dB
        }
    }
}

/// The gain of a flat channel over time: Rayleigh, with J0 as its autocorrelation, changing without jumps.
#[test]
fn a_flat_channel_fades_as_jakes_says() {
    let doppler_hz = 1000.0;
    let mut model = ChannelModel::new(&faded(DelayProfile::flat(), doppler_hz, Evolution::Continuous, 9));
    let sent = vec![Complex32::ONE; 4_000_000];
    let gain = &through(&mut model, &[&sent])[0][100..]; // after the first sample has passed the interpolator
    assert!((power(gain) - 1.0).abs() < 0.05, "{}", power(gain));
    let steps = gain.windows(2).map(|w| (w[1] - w[0]).norm()).fold(0.0, f32::max);
    let fastest = TAU * doppler_hz / RATE_HZ * 3.0;
    assert!(f64::from(steps) < fastest, "{steps} from one sample to the next");
    // The fraction of time below a level.
    for level in [0.01, 0.1, 0.5, 1.0, 2.0] {
        let below = gain.iter().filter(|g| f64::from(g.norm_sqr()) < level).count() as f64 / gain.len() as f64;
        let want = 1.0 - (-level).exp();
        assert!((below - want).abs() < 0.02 + 0.1 * want, "{level}: {below} instead of {want}");
    }
    // Waves with a single Doppler shift would stay correlated for ever. J0 has its zeros at 2.405 and 5.520.
    for (argument, want) in [(1.0, 0.765), (2.405, 0.0), (3.83, -0.403), (5.52, 0.0)] {
        let lag = (argument / (TAU * doppler_hz) * RATE_HZ).round() as usize;
        let pairs = gain.iter().zip(&gain[lag..]).step_by(10);
        let (mut sum, mut n) = (Complex32::ZERO, 0);
        pairs.for_each(|(a, b)| (sum, n) = (sum + a.conj() * b, n + 1));
        let r = sum / n as f32;
        assert!((r - want).norm() < 0.06, "J0({argument}): {r} instead of {want}");
    }
}

/// Noise does not fade with the signal, and so the SNR does.
#[test]
fn noise_comes_after_fading() {
    let mut config = faded(DelayProfile::flat(), 0.0, Evolution::PerBlock, 2);
    config.snr_db = Some(10.0);
    let mut model = ChannelModel::new(&config);
    let sent = random(6000, 3);
    let mut seen = Vec::new();
    for _ in 0..40 {
        model.new_realisation();
        through(&mut model, &[&sent]);
        let heard = &through(&mut model, &[&sent])[0]; // the same realisation throughout
        let shifted = [&sent[6000 - model.lookahead()..], &sent[..6000 - model.lookahead()]].concat();
        let gain =
            shifted.iter().zip(heard).map(|(s, h)| s.conj() * h).sum::<Complex32>() / 6000.0 / power(&sent) as f32;
        let noise: Vec<_> = heard.iter().zip(&shifted).map(|(h, s)| h - gain * s).collect();
        seen.push((gain.norm_sqr(), power(&noise)));
    }
    let (weakest, strongest) = seen.iter().fold((9.0f32, 0.0f32), |(a, b), s| (a.min(s.0), b.max(s.0)));
    assert!(weakest < 0.1 && strongest > 2.0, "{weakest} to {strongest}");
    for (gain, noise) in seen {
        assert!((noise - 0.1).abs() < 0.01, "noise {noise} behind a gain of {gain}");
    }
}

/// Relative powers are powers: a tap of -3 dB has half the power of one of 0 dB, not a quarter.
#[test]
fn a_tap_has_the_power_of_its_profile() {
    let tap = |samples: f64, power_db| DelayTap { delay_s: samples / RATE_HZ, power_db };
    let profile = DelayProfile { name: "two".into(), taps: vec![tap(0.0, 0.0), tap(40.0, -3.0)] };
    let mut model = ChannelModel::new(&faded(profile, 0.0, Evolution::PerBlock, 4));
    let mut impulse = vec![Complex32::ZERO; 1000];
    impulse[500] = Complex32::ONE;
    let mut sums = [0.0; 2];
    for _ in 0..3000 {
        model.new_realisation();
        let heard = &through(&mut model, &[&impulse])[0];
        let at = (500 + model.lookahead()) % 1000 + heard.len() - 1000;
        sums.iter_mut().zip([at, at + 40]).for_each(|(sum, n)| *sum += f64::from(heard[n % 1000].norm_sqr()));
    }
    let ratio_db = 10.0 * (sums[1] / sums[0]).log10();
    assert!((ratio_db + 3.0).abs() < 0.4, "{ratio_db} dB"); // sigma 0.11 dB
    assert!(((sums[0] + sums[1]) / 3000.0 - 1.0).abs() < 0.08, "{sums:?}");
}

/// Each transmitter of a single-frequency network arrives at its own time, with its own power and frequency error.
#[test]
fn transmitters_of_an_sfn_arrive_each_in_its_own_way() {
    let near = PathConfig { power_db: -1.0, cfo_hz: 400.0, ..PathConfig::default() };
    let far = PathConfig { stream: 1, delay_s: 150e-6, power_db: -7.0, cfo_hz: -300.0, ..PathConfig::default() };
    let faded = PathConfig {
        stream: 2,
        delay_s: 300e-6,
        cfo_hz: 100.0,
        fading: fading(DelayProfile::flat(), 0.0, Evolution::PerBlock),
        ..PathConfig::default()
    };
    let config = ChannelConfig { snr_db: None, paths: vec![near, far, faded], ..ChannelConfig::awgn(RATE_HZ, 0.0, 1) };
    let mut model = ChannelModel::new(&config);
    let (len, silence) = (20_000, vec![Complex32::ZERO; 20_000]);
    let sent = vec![Complex32::ONE; len];
    for (stream, (begins, power_db, cfo_hz)) in
        [(0, Some(-1.0), 400.0), (288, Some(-7.0), -300.0), (576, None, 100.0)].into_iter().enumerate()
    {
        let mut inputs = [silence.as_slice(); 3];
        let mut fresh = ChannelModel::new(&config);
        inputs[stream] = &sent;
        let heard = &through(&mut fresh, &inputs)[0];
        let first = heard.iter().position(|s| s.norm() > 1e-3).unwrap();
        assert!((begins - 33..=begins + 1).contains(&(first as i32)), "stream {stream} arrives at {first}");
        let steady = &heard[first + 100..];
        if let Some(power_db) = power_db {
            assert!((10.0 * power(steady).log10() - power_db).abs() < 0.02, "stream {stream}: {}", power(steady));
        }
        let turn: Complex32 = steady.windows(2).map(|w| w[0].conj() * w[1]).sum();
        let turned_hz = f64::from(turn.arg()) / TAU * RATE_HZ;
        assert!((turned_hz - cfo_hz).abs() < 1.0, "stream {stream}: {turned_hz} Hz");
    }
    let together = &through(&mut model, &[&sent, &sent, &sent])[0];
    assert_eq!(together.len(), len - model.lookahead());
}

/// A new realisation is for what is sent after it was drawn, wherever that is on its way.
#[test]
fn a_realisation_holds_from_the_sample_on_that_is_sent_next() {
    let mut config = faded(DelayProfile::flat(), 0.0, Evolution::PerBlock, 8);
    config.paths[0].delay_s = 1000.0 / RATE_HZ;
    let mut model = ChannelModel::new(&config);
    let mut heard = Vec::new();
    for part in vec![Complex32::ONE; 10_000].chunks(777) {
        model.new_realisation();
        model.new_realisation(); // twice in the same place is once
        heard.extend_from_slice(&through(&mut model, &[part])[0]);
    }
    for (n, pair) in heard.windows(2).enumerate().skip(1100) {
        let changes = (pair[1] - pair[0]).norm() > 1e-3;
        assert_eq!(changes, (n + 1 - 1000) % 777 == 0, "at {n}: {pair:?}");
    }
}

#[test]
fn antennas_are_as_correlated_as_asked_for() {
    for correlation in [0.0, 0.9, 1.0] {
        let mut config = faded(DelayProfile::epa(), 0.0, Evolution::PerBlock, 3);
        (config.n_rx, config.rx_correlation) = (2, correlation);
        let mut model = ChannelModel::new(&config);
        let sent = vec![Complex32::ONE; 1000];
        let (mut sum, mut powers) = (Complex32::ZERO, [0.0; 2]);
        for _ in 0..2000 {
            model.new_realisation();
            let heard = through(&mut model, &[&sent]);
            let Some((a, b)) = heard[0].last().zip(heard[1].last()) else { continue };
            sum += a.conj() * b;
            powers[0] += a.norm_sqr();
            powers[1] += b.norm_sqr();
        }
        let r = sum / (powers[0] * powers[1]).sqrt();
        assert!((r - correlation as f32).norm() < 0.08, "{correlation}: {r}");
    }
}

/// A receiver whose clock is fast takes more samples, and its stream is cut as it likes all the same.
#[test]
fn a_fast_clock_takes_more_samples() {
    let mut config = everything(2);
    config.impairments.clock_error_ppm = 200.0;
    let (a, b) = (random(50_000, 1), random(50_000, 2));
    let whole = through(&mut ChannelModel::new(&config), &[&a, &b]);
    let mut model = ChannelModel::new(&config);
    let mut parts = vec![Vec::new(); 2];
    for (a, b) in a.chunks(1920).zip(b.chunks(1920)) {
        let given = through(&mut model, &[a, b]);
        parts.iter_mut().zip(&given).for_each(|(all, part)| all.extend_from_slice(part));
    }
    assert!(parts == whole);
    assert!(model.pending().abs_diff(model.lookahead()) <= 1, "{} of {}", model.pending(), model.lookahead());
    let more = parts[0].len() + model.lookahead() - a.len();
    assert!((9..=11).contains(&more), "{more} more in 50,000");
}

/// Levels of impairments are levels before the gain, which applies to them as well.
#[test]
fn gain_changes_nothing_but_the_level() {
    let (a, b) = (random(5000, 1), random(5000, 2));
    let reference = through(&mut ChannelModel::new(&everything(1)), &[&a, &b]);
    let louder = ChannelConfig { gain_db: 20.0, ..everything(1) };
    let louder = through(&mut ChannelModel::new(&louder), &[&a, &b]);
    for (a, b) in reference[0].iter().zip(&louder[0]) {
        assert!((a * 10.0 - b).norm() < 1e-4, "{a} {b}");
    }
}

#[test]
#[should_panic(expected = "within the sample rate")]
fn an_interferer_outside_is_refused() {
    let mut config = everything(1);
    config.impairments.interferer = Some(Interferer { offset_hz: 1e6, width_hz: 0.0, power_db: 0.0 });
    ChannelModel::new(&config);
}
