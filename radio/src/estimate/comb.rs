//! Wiener interpolation of a channel between the pilots of a comb, planned for classes of delay spread and signal to
//! noise ratio; the delay power profile is taken as uniform over -spread to +spread.

use num_complex::Complex32;

use super::linear::{cholesky, sinc, solve};

/// Pilots of one filter: as many as one reference symbol has in the narrowest carrier.
const TAPS: usize = 12;
/// Half-widths of the delay power profile, seconds; the normal cyclic prefix is 4.7 us.
const SPREADS_S: [f64; 4] = [0.3e-6, 1e-6, 2.5e-6, 5e-6];
/// Signal to noise ratios of one pilot for which filters are planned, dB.
const SNRS_DB: [f32; 10] = [-10.0, -5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0];

type Filter = [f32; TAPS];

/// Interpolates from every `spacing`-th subcarrier to all of them.
#[derive(Clone, Debug)]
pub(super) struct CombInterpolator {
    spacing: usize,
    /// By spread and SNR, then by distance of the output from the first pilot of the window, plus `spacing` - 1.
    plans: Vec<Vec<Filter>>,
}

impl CombInterpolator {
    /// Plans all filters.
    pub(super) fn new(spacing: usize, subcarrier_spacing_hz: f64) -> Self {
        let outputs = (TAPS + 1) * spacing - 1;
        let plan = |correlations: &[f64], snr_db: f32| {
            let correlation = |subcarriers: usize| correlations[subcarriers];
            let mut matrix = [[0.0; TAPS]; TAPS];
            for (i, row) in matrix.iter_mut().enumerate() {
                for (j, m) in row.iter_mut().enumerate() {
                    *m = correlation(spacing * i.abs_diff(j));
                }
                row[i] += 10f64.powf(-f64::from(snr_db) / 10.0);
            }
            let factor = cholesky(&matrix);
            let filter = |output: usize| {
                solve(&factor, |i| correlation((spacing * i + spacing - 1).abs_diff(output))).map(|w| w as f32)
            };
            // Filters of outputs as far from the other end are the same the other way round.
            let mut filters: Vec<Filter> = (0..outputs.div_ceil(2)).map(filter).collect();
            filters.extend_from_within(..outputs / 2);
            filters[outputs.div_ceil(2)..].reverse();
            filters[outputs.div_ceil(2)..].iter_mut().for_each(|filter| filter.reverse());
            filters
        };
        let mut plans = Vec::with_capacity(SPREADS_S.len() * SNRS_DB.len());
        for spread_s in SPREADS_S {
            let correlation = |subcarriers: usize| sinc(2.0 * spread_s * subcarrier_spacing_hz * subcarriers as f64);
            let correlations: Vec<_> = (0..outputs).map(correlation).collect();
            plans.extend(SNRS_DB.map(|snr_db| plan(&correlations, snr_db)));
        }
        Self { spacing, plans }
    }

    /// Class of the half-width at which channels `subcarriers` apart correlate no less than `coherence`.
    pub(super) fn spread_s(coherence: f32, subcarriers: usize, subcarrier_spacing_hz: f64) -> f64 {
        let reaches =
            |&spread_s: &f64| sinc(2.0 * spread_s * subcarrier_spacing_hz * subcarriers as f64) <= f64::from(coherence);
        SPREADS_S.into_iter().find(reaches).unwrap_or(SPREADS_S[SPREADS_S.len() - 1])
    }

    /// Fills `output` from `pilots`, the first of which lies at subcarrier `first`.
    pub(super) fn interpolate(
        &self,
        spread_s: f64,
        snr_db: f32,
        first: usize,
        pilots: &[Complex32],
        output: &mut [Complex32],
    ) {
        let spread = SPREADS_S.iter().position(|&s| s >= spread_s).unwrap_or(SPREADS_S.len() - 1);
        let snr = SNRS_DB.iter().position(|&s| s + 2.5 >= snr_db).unwrap_or(SNRS_DB.len() - 1);
        let plan = &self.plans[spread * SNRS_DB.len() + snr];
        for (k, out) in output.iter_mut().enumerate() {
            let nearest = (k + self.spacing - first) / self.spacing;
            let start = nearest.saturating_sub(TAPS / 2).min(pilots.len() - TAPS);
            let filter = &plan[k + self.spacing - 1 - first - start * self.spacing];
            *out = filter.iter().zip(&pilots[start..start + TAPS]).map(|(&w, p)| p * w).sum();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Channels inside the assumed spread come through at every subcarrier, edges included, wherever the comb begins.
    #[test]
    fn keeps_channels_within_the_spread() {
        for spacing in [3, 6] {
            let interpolator = CombInterpolator::new(spacing, 15_000.0);
            for (n_sc, first, spread_s) in [(72, 0, 0.3e-6), (72, spacing - 1, 1e-6), (300, 1, 2.5e-6)] {
                let channel = |k: usize| {
                    let path = |delay_s: f64, gain: f32| {
                        Complex32::from_polar(gain, (-std::f64::consts::TAU * 15_000.0 * delay_s * k as f64) as f32)
                    };
                    path(spread_s * 0.7, 0.6) + path(-spread_s * 0.6, 0.8)
                };
                let pilots: Vec<_> = (first..n_sc).step_by(spacing).map(channel).collect();
                let mut output = vec![Complex32::ZERO; n_sc];
                interpolator.interpolate(spread_s, 40.0, first, &pilots, &mut output);
                for (k, h) in output.iter().enumerate() {
                    let error = (h - channel(k)).norm();
                    assert!(error < 0.06, "comb of {spacing} from {first}, {spread_s} s, subcarrier {k}: {error}");
                }
            }
        }
    }
}
