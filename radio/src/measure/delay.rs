//! Impulse response, its paths, and what is left of the cyclic prefix: definitions of our own.

use num_complex::Complex32;

/// Power over delay, averaged over the subframes last measured: weights fall by 1/e over 32 of them.
///
/// One value per sample of delay against the nominal time of the subframe, negative delays at the upper end. The reference signals see the
/// whole band through a Hann window, so a path is a main lobe of about 4 / bandwidth.
#[derive(Clone, Debug)]
pub struct PowerDelayProfile {
    power: Vec<f32>,
    /// Subcarriers of the carrier.
    n_sc: usize,
    /// The cyclic prefix, samples.
    prefix: usize,
    /// By how many samples the FFT window began before the end of the prefix, in the subframe last taken in.
    advance: usize,
    measured: u32,
}

/// Paths of a [`PowerDelayProfile`]: maxima that stand out of the noise and of the side lobes of the strongest one. Delays
/// are against the nominal time of the subframe, samples, interpolated between samples.
///
/// The margins say how much earlier the first and how much later the last path may come with its symbols still whole
/// in the FFT window; below zero it is outside of the prefix, and symbols run into each other.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Paths {
    /// How many.
    pub count: u32,
    /// Delay of the strongest path, samples: the timing.
    pub strongest_samples: f32,
    /// Delay of the first path, samples.
    pub first_samples: f32,
    /// Delay of the last path, samples.
    pub last_samples: f32,
    /// What is left of the cyclic prefix before the first path, samples.
    pub margin_before_samples: f32,
    /// What is left of the cyclic prefix after the last path, samples.
    pub margin_after_samples: f32,
    /// Share of the energy of all paths that comes with paths outside of the cyclic prefix.
    pub outside_share: f32,
}

impl PowerDelayProfile {
    /// An empty profile of a carrier of `n_sc` subcarriers.
    pub(crate) fn new(n_fft: usize, n_sc: usize, prefix: usize) -> Self {
        Self { power: vec![0.0; n_fft], n_sc, prefix, advance: 0, measured: 0 }
    }

    /// Takes in the impulse responses of one subframe, one of each receive antenna, with the advance of its FFT window, against
    /// which its delays are. What is not finite is left out.
    pub(crate) fn push<'a>(&mut self, antennas: impl Iterator<Item = (&'a [Complex32], usize)> + Clone) {
        let energy: f32 = antennas.clone().flat_map(|(impulse, _)| impulse).map(Complex32::norm_sqr).sum();
        if !energy.is_finite() {
            return;
        }
        self.measured = (self.measured + 1).min(MEMORY);
        let weight = 1.0 / self.measured as f32;
        self.power.iter_mut().for_each(|p| *p *= 1.0 - weight);
        for (impulse, advance) in antennas {
            self.advance = advance;
            let (before, after) = impulse.split_at(advance.min(impulse.len()));
            self.power.iter_mut().zip(after.iter().chain(before)).for_each(|(p, h)| *p += h.norm_sqr() * weight);
        }
    }

    /// The nominal start of subframes has moved to `later` samples later.
    pub(crate) fn moved(&mut self, later: isize) {
        let n = self.power.len() as isize;
        self.power.rotate_left(later.rem_euclid(n) as usize);
    }

    /// Power at every delay against the nominal time of the subframe, one value per sample, in units of its own.
    pub fn power(&self) -> &[f32] {
        &self.power
    }

    /// First and last delay of a path that does no harm, samples: those of the cyclic prefix before the FFT window.
    pub const fn prefix_samples(&self) -> (isize, isize) {
        (-(self.advance as isize), self.prefix as isize - self.advance as isize)
    }

    /// Subframes that were taken in, up to the memory of the mean.
    pub const fn subframes(&self) -> u32 {
        self.measured
    }

    /// The paths; `None` when nothing stands out.
    pub fn paths(&self) -> Option<Paths> {
        let n = self.power.len() as isize;
        let at = |delay: isize| self.power[delay.rem_euclid(n) as usize];
        let peak = self.power.iter().copied().fold(0.0, f32::max);
        let floor = self.noise_floor();
        let over_noise = floor * (OVER_NOISE + OVER_NOISE_OF_ONE / self.measured.max(1) as f32);
        if peak <= over_noise {
            return None;
        }
        let bins_per_sample = self.n_sc as f32 / n as f32;
        let threshold = over_noise.max(peak * LOWEST);
        let reach = (SIDE_LOBES / bins_per_sample).ceil() as isize;
        let is_side_lobe = |path: &Lobe| {
            let of = |away: isize| {
                let reaches = side_lobe(away as f32 * bins_per_sample);
                at(path.delay - away).max(at(path.delay + away)) * reaches >= path.peak
            };
            (1..=reach).any(of)
        };
        // What comes much later than the prefix looks as if it came early; late transmitters are likelier.
        let (from, to) = (-n / 4, n - n / 4);
        let prefix = self.prefix_samples();
        let (mut found, mut path) = (Found::default(), Lobe::default());
        for delay in from..to {
            let power = at(delay);
            let (is_above, is_valley) = (power > threshold, power < at(delay - 1) && power <= at(delay + 1));
            if !is_above || is_valley {
                found.take(&path, prefix, &at, is_side_lobe(&path));
                path = Lobe::default();
            }
            if is_above {
                path.energy += power - floor;
                if power > path.peak {
                    (path.peak, path.delay) = (power, delay);
                }
            }
        }
        found.take(&path, prefix, &at, is_side_lobe(&path));
        found.paths(prefix)
    }

    /// Noise of one value: the mean over the quietest eighth of all delays.
    fn noise_floor(&self) -> f32 {
        let part = self.power.len() / QUIET_PARTS;
        let means = self.power.chunks_exact(part.max(1)).map(|c| c.iter().sum::<f32>() / c.len() as f32);
        means.fold(f32::INFINITY, f32::min)
    }
}

/// A stretch of delays around one maximum.
#[derive(Default)]
struct Lobe {
    delay: isize,
    peak: f32,
    energy: f32,
}

/// The paths met so far.
#[derive(Default)]
struct Found {
    count: u32,
    first: f32,
    last: f32,
    strongest: (f32, f32),
    energy: f32,
    outside: f32,
}

impl Found {
    fn take(&mut self, lobe: &Lobe, prefix: (isize, isize), at: &impl Fn(isize) -> f32, is_side_lobe: bool) {
        // The slope of a stronger path has no maximum of its own.
        if lobe.peak <= 0.0 || is_side_lobe || at(lobe.delay - 1) > lobe.peak || at(lobe.delay + 1) > lobe.peak {
            self.energy += lobe.energy;
            return;
        }
        let delay = lobe.delay as f32 + summit(at(lobe.delay - 1), lobe.peak, at(lobe.delay + 1));
        if self.count == 0 {
            self.first = delay;
        }
        self.last = delay;
        self.count += 1;
        if lobe.peak > self.strongest.1 {
            self.strongest = (delay, lobe.peak);
        }
        self.energy += lobe.energy;
        if !(prefix.0 as f32..=prefix.1 as f32).contains(&delay) {
            self.outside += lobe.energy;
        }
    }

    fn paths(&self, prefix: (isize, isize)) -> Option<Paths> {
        (self.count > 0).then(|| Paths {
            count: self.count,
            strongest_samples: self.strongest.0,
            first_samples: self.first,
            last_samples: self.last,
            margin_before_samples: self.first - prefix.0 as f32,
            margin_after_samples: prefix.1 as f32 - self.last,
            outside_share: if self.energy > 0.0 { (self.outside / self.energy).clamp(0.0, 1.0) } else { 0.0 },
        })
    }
}

/// Where between its neighbours a maximum lies: the top of a parabola through the logarithms, which is that of the main
/// lobe of a Hann window to 0.012 samples at every sample rate.
fn summit(before: f32, peak: f32, after: f32) -> f32 {
    let [a, b, c] = [before, peak, after].map(|p| p.max(f32::MIN_POSITIVE).ln());
    let curvature = a - 2.0 * b + c;
    if curvature < 0.0 { ((a - c) / (2.0 * curvature)).clamp(-0.5, 0.5) } else { 0.0 }
}

/// What the side lobes of a path reach at most, relative to it and with a margin; `bins`: distance in units of
/// 1 / bandwidth. The transform of a Hann window falls as 1 / (pi x (x^2 - 1)).
fn side_lobe(bins: f32) -> f32 {
    if bins < MAIN_LOBE {
        return 0.0; // the path itself
    }
    let envelope = 1.0 / (std::f32::consts::PI * bins * (bins * bins - 1.0));
    SIDE_LOBE_MARGIN * envelope * envelope
}

/// Measured subframes over which the mean forgets.
const MEMORY: u32 = 32;
/// A path is this much above the noise of one value of a long mean.
const OVER_NOISE: f32 = 3.0;
/// Added for a mean of one subframe, whose values scatter exponentially.
const OVER_NOISE_OF_ONE: f32 = 12.0;
/// Paths weaker than this, relative to the strongest, are not looked for: -40 dB.
const LOWEST: f32 = 1e-4;
/// The main lobe ends here, units of 1 / bandwidth.
const MAIN_LOBE: f32 = 2.0;
/// Margin over side lobes, which several strong paths have together.
const SIDE_LOBE_MARGIN: f32 = 4.0;
/// Where side lobes with their margin are below [`LOWEST`], units of 1 / bandwidth.
const SIDE_LOBES: f32 = 4.0;
/// Of so many parts of all delays the quietest one is noise alone.
const QUIET_PARTS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    /// Impulse response of paths (delay against the FFT window, amplitude) as the estimator makes it.
    fn impulse(n_fft: usize, n_sc: usize, paths: &[(f32, f32)]) -> Vec<Complex32> {
        let hann = |k: usize| 0.5 - 0.5 * (std::f32::consts::TAU * (k + 1) as f32 / (n_sc + 2) as f32).cos();
        let tap = |n: usize| {
            let of = |k: usize| {
                let path = |&(delay, gain): &(f32, f32)| {
                    let turns = f64::from(n as f32 - delay) * (k as f64) / n_fft as f64;
                    Complex32::from_polar(gain * hann(k), (std::f64::consts::TAU * turns.rem_euclid(1.0)) as f32)
                };
                paths.iter().map(path).sum::<Complex32>()
            };
            (0..=n_sc).map(of).sum::<Complex32>()
        };
        (0..n_fft).map(tap).collect()
    }

    fn paths_of(n_fft: usize, n_sc: usize, paths: &[(f32, f32)]) -> Paths {
        let prefix = n_fft / 4;
        let mut profile = PowerDelayProfile::new(n_fft, n_sc, prefix);
        let impulse = impulse(n_fft, n_sc, paths);
        (0..5).for_each(|_| profile.push([(impulse.as_slice(), prefix / 16)].into_iter()));
        profile.paths().unwrap()
    }

    #[test]
    fn one_path_is_found_to_a_fiftieth_of_a_sample() {
        for (n_fft, n_sc) in [(128, 72), (384, 300), (512, 300)] {
            for delay in [-1.3, 0.0, 0.25, 8.5, 20.71] {
                let found = paths_of(n_fft, n_sc, &[(delay, 0.7)]);
                let nominal = delay - (n_fft / 64) as f32;
                assert!((found.strongest_samples - nominal).abs() < 0.02, "{n_fft} {delay}: {found:?}");
                assert_eq!((found.count, found.first_samples), (1, found.last_samples), "{n_fft} {delay}");
                assert!((found.margin_before_samples - delay).abs() < 0.02);
                assert!((found.margin_after_samples - (n_fft as f32 / 4.0 - delay)).abs() < 0.02);
            }
        }
    }

    #[test]
    fn energy_outside_of_the_prefix_is_that_of_paths_outside() {
        // 140 samples are 18.2 us, beyond the 128 of the prefix; -20 dB of 0.64 + 0.36.
        let found = paths_of(512, 300, &[(10.0, 0.8), (60.3, 0.6), (140.4, 0.1)]);
        assert_eq!(found.count, 3, "{found:?}");
        assert!((found.first_samples - 2.0).abs() < 0.05 && (found.last_samples - 132.4).abs() < 0.05, "{found:?}");
        assert!((found.margin_after_samples + 12.4).abs() < 0.05, "{found:?}");
        assert!((found.outside_share - 0.01 / 1.01).abs() < 1e-3, "{found:?}");
        // Ahead of the window by 9 samples.
        let early = paths_of(512, 300, &[(-9.0, 0.3), (40.0, 1.0)]);
        assert!((early.margin_before_samples + 9.0).abs() < 0.05, "{early:?}");
        assert!((early.outside_share - 0.09 / 1.09).abs() < 2e-3, "{early:?}");
    }

    #[test]
    fn what_does_not_stand_out_is_no_path() {
        let mut profile = PowerDelayProfile::new(512, 300, 128);
        assert_eq!(profile.paths(), None);
        let mut state = 1u64;
        let mut axis = || {
            // A sum of uniform numbers is as good as a normal one here.
            let uniform = |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1u64 << 24) as f32
            };
            (0..12).map(uniform).sum::<f32>() - 6.0
        };
        for _ in 0..50 {
            let noise: Vec<_> = (0..512).map(|_| Complex32::new(axis(), axis())).collect();
            profile.push([(noise.as_slice(), 8)].into_iter());
            assert_eq!(profile.paths(), None);
        }
        let before = profile.power().to_vec();
        profile.push([(vec![Complex32::new(f32::NAN, 0.0); 512].as_slice(), 8)].into_iter());
        assert_eq!(profile.power(), before);
    }
}
