//! Where the FFT windows of MBSFN symbols begin: so that as much power as can be of all paths is useful.
//!
//! A path is useful as a whole while the window begins within its cyclic prefix; of one that comes earlier or later the
//! share of its symbol in the window is, as an amplitude, and the rest interferes (EBU TR 024 clause 2.3.4).

use num_complex::Complex32;

use crate::estimate::EstimateQuality;

/// Subframes from one look at the impulse response to the next.
const EVERY: u32 = 4;
/// Share of a new impulse response in the mean.
const GAIN: f32 = 0.2;
/// Places that are tried are so many to a prefix.
const PLACES: usize = 32;
/// A tap counts when it is so far under the strongest: -26 dB, above the side lobes of the response's window.
const UNDER_PEAK: f32 = 2.5e-3;
/// A tap counts when it is this many times the median of all: most delays have noise alone.
const OVER_MEDIAN: f32 = 8.0;
/// The window moves when that takes away more than this part of noise and interference.
const WORTH_IT: f32 = 0.1;
/// Delays look alike to cell-specific reference signals when they are apart by this part of a symbol: every sixth
/// subcarrier has one (TS 36.211 clause 6.10.1.2).
const CRS_PERIOD: isize = 6;
/// The start of subframes is wrong when the strongest path, off by more than half of that, is so many times as strong as
/// those that are not.
const CLEARLY: f32 = 2.0;

/// Follows the paths of a channel with the FFT window; allocates in `new` only.
#[derive(Clone, Debug)]
pub(super) struct FftWindow {
    n_fft: usize,
    prefix: usize,
    /// By how many samples the window begins before the end of the prefix.
    advance: usize,
    /// Mean power by delay after the nominal start of a symbol, modulo the symbol.
    profile: Vec<f32>,
    sorted: Vec<f32>,
    /// Delays at which there are paths, and their powers.
    paths: Vec<(isize, f32)>,
    subframes: u32,
}

impl FftWindow {
    /// For symbols with `prefix` samples of cyclic prefix; begins `advance` samples before its end.
    pub(super) fn new(n_fft: usize, prefix: usize, advance: usize) -> Self {
        let (profile, paths) = (vec![0.0; n_fft], Vec::with_capacity(n_fft));
        Self { n_fft, prefix, advance, sorted: profile.clone(), profile, paths, subframes: 0 }
    }

    /// By how many samples the window begins before the end of the prefix.
    pub(super) const fn advance(&self) -> usize {
        self.advance
    }

    /// By how many samples the nominal start of symbols has to move for the strongest path to come where cell-specific
    /// reference signals see it; 0 when it does.
    pub(super) fn misplacement(&self) -> isize {
        let period = self.n_fft as isize / CRS_PERIOD;
        let strongest = |paths: &mut dyn Iterator<Item = &(isize, f32)>| {
            paths.fold((0, 0.0), |most, path| if path.1 > most.1 { *path } else { most })
        };
        let (delay, power) = strongest(&mut self.paths.iter());
        let (_, near) = strongest(&mut self.paths.iter().filter(|(delay, _)| delay.abs() <= period / 2));
        if delay.abs() > period / 2 && power > CLEARLY * near {
            // Of whole periods, to the sample.
            let periods = (delay as f32 / period as f32).round() as isize;
            (periods * self.n_fft as isize) / CRS_PERIOD
        } else {
            0
        }
    }

    /// The nominal start of symbols has moved to `later` samples later.
    pub(super) fn moved(&mut self, later: isize) {
        self.profile.rotate_left(later.rem_euclid(self.n_fft as isize) as usize);
        self.find_paths();
    }

    /// Takes what was measured with the window as it is: power by delay against it, negative ones in the upper half.
    pub(super) fn follow(&mut self, impulse: &[Complex32], quality: &EstimateQuality) {
        let first = self.subframes == 0;
        let is_time = self.subframes.is_multiple_of(EVERY);
        self.subframes = self.subframes.wrapping_add(1);
        if !is_time {
            return;
        }
        let gain = if first { 1.0 } else { GAIN };
        let (before, after) = impulse.split_at(self.advance.min(impulse.len()));
        for (mean, tap) in self.profile.iter_mut().zip(after.iter().chain(before)) {
            *mean += gain * (tap.norm_sqr() - *mean);
        }
        self.find_paths();
        let all: f32 = self.paths.iter().map(|p| p.1).sum();
        if all <= 0.0 {
            return;
        }
        let (best, useful) = self.best();
        let taken_away = (useful - self.useful(self.advance)) / all * quality.signal;
        if taken_away > WORTH_IT * quality.noise {
            self.advance = best;
        }
    }

    /// Delays between half a symbol before the strongest path and half a symbol after it.
    fn find_paths(&mut self) {
        self.paths.clear();
        let (n, half) = (self.n_fft as isize, self.n_fft as isize / 2);
        let peak = self.profile.iter().enumerate().fold((0, 0.0), |m, (d, &p)| if p > m.1 { (d, p) } else { m });
        self.sorted.clone_from(&self.profile);
        let (_, median, _) = self.sorted.select_nth_unstable_by(self.n_fft / 2, f32::total_cmp);
        let threshold = (UNDER_PEAK * peak.1).max(OVER_MEDIAN * *median);
        // The strongest path is in the half symbol around the nominal start.
        let strongest = if peak.0 as isize >= half { peak.0 as isize - n } else { peak.0 as isize };
        let delays = self.profile.iter().enumerate().filter(|(_, p)| **p > threshold);
        self.paths.extend(delays.map(|(d, &power)| {
            let from_strongest = (d as isize - strongest + half).rem_euclid(n) - half;
            (strongest + from_strongest, power)
        }));
    }

    /// The middle of the places that are as good as the best one, and the power that is useful there.
    fn best(&self) -> (usize, f32) {
        let place = |i: usize| i * self.prefix / PLACES;
        let most = (0..=PLACES).map(|i| self.useful(place(i))).fold(0.0, f32::max);
        let good = |i: &usize| self.useful(place(*i)) >= most * (1.0 - 1e-4);
        let (first, last) = ((0..=PLACES).find(good).unwrap_or(0), (0..=PLACES).rev().find(good).unwrap_or(0));
        // Between the two there may be worse places when paths lie far apart: one of the good ones then.
        let middle = (first + last) / 2;
        let best = if good(&middle) { middle } else { first };
        (place(best), most)
    }

    /// Useful power with the window so early.
    fn useful(&self, advance: usize) -> f32 {
        self.paths.iter().map(|&(delay, power)| power * self.weight(delay + advance as isize)).sum()
    }

    /// Useful share of the power of a path whose symbol begins so many samples before its prefix would end with the
    /// window.
    fn weight(&self, after: isize) -> f32 {
        let outside = (-after).max(after - self.prefix as isize).max(0);
        (1.0 - outside as f32 / self.n_fft as f32).max(0.0).powi(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N_FFT: usize = 512;
    const PREFIX: usize = 128;

    /// Where the window ends up with paths at these delays after the nominal start, and powers.
    fn settled(paths: &[(isize, f32)]) -> usize {
        let mut window = FftWindow::new(N_FFT, PREFIX, PREFIX / 16);
        let quality = EstimateQuality { noise: 0.01, signal: paths.iter().map(|p| p.1).sum(), ..Default::default() };
        for _ in 0..100 {
            let mut impulse = vec![Complex32::new(1e-3, 0.0); N_FFT];
            for &(delay, power) in paths {
                impulse[(delay + window.advance() as isize).rem_euclid(N_FFT as isize) as usize] = power.sqrt().into();
            }
            window.follow(&impulse, &quality);
        }
        window.advance()
    }

    #[test]
    fn a_window_that_does_no_harm_stays() {
        for paths in [&[(0, 1.0)][..], &[(5, 1.0), (110, 0.5)], &[(-8, 0.1), (100, 1.0)], &[]] {
            assert_eq!(settled(paths), PREFIX / 16, "{paths:?}");
        }
    }

    #[test]
    fn the_window_goes_where_all_paths_are_useful() {
        for (first, last) in [(-40, 60), (-100, 0), (-120, 5), (-30, 90)] {
            for powers in [(1.0, 0.2), (0.2, 1.0)] {
                let advance = settled(&[(first, powers.0), (last, powers.1)]) as isize;
                assert!(
                    first + advance >= 0 && last + advance <= PREFIX as isize,
                    "{first} {last} {powers:?}: {advance}"
                );
            }
        }
    }

    /// What comes a third of the delays' range late is not told from what comes in time by its phase at every sixth
    /// subcarrier.
    #[test]
    fn a_start_that_is_off_by_what_crs_cannot_see_is_noticed() {
        for (paths, misplacement) in [
            (&[(0, 1.0)][..], 0),
            (&[(-40, 1.0), (110, 0.9)], 0),
            (&[(85, 1.0)], 85),
            (&[(-90, 1.0), (0, 0.2)], -85),
            (&[(170, 1.0), (20, 0.3)], 170),
        ] {
            let mut window = FftWindow::new(N_FFT, PREFIX, 0);
            let mut impulse = vec![Complex32::new(1e-3, 0.0); N_FFT];
            for &(delay, power) in paths {
                impulse[isize::rem_euclid(delay, N_FFT as isize) as usize] = f32::sqrt(power).into();
            }
            window.follow(&impulse, &EstimateQuality { noise: 1e9, signal: 1.0, ..Default::default() });
            assert_eq!(window.misplacement(), misplacement, "{paths:?}");
            window.moved(misplacement);
            assert_eq!(window.misplacement(), 0, "{paths:?}");
        }
    }

    #[test]
    fn the_stronger_of_two_paths_too_far_apart_is_kept() {
        let late_is_weak = settled(&[(-60, 1.0), (150, 0.1)]) as isize;
        assert!((0..=PREFIX as isize).contains(&(late_is_weak - 60)), "{late_is_weak}");
        let early_is_weak = settled(&[(-200, 0.1), (20, 1.0)]) as isize;
        assert!((0..=PREFIX as isize).contains(&(early_is_weak + 20)), "{early_is_weak}");
    }
}
