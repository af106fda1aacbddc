//! Wiener smoothing of a channel over frequency, planned for classes of delay spread and signal to noise ratio.
//!
//! The delay power profile is taken as uniform over -spread to +spread, the least that can be assumed; its
//! correlation over a distance of f Hz is sinc(2 spread f). Pilots of even subcarriers are means of two symbols and
//! carry half the noise of the others.

use std::cmp::Ordering;

use num_complex::Complex32;

/// Pilots of one filter.
const TAPS: usize = 33;
/// Half-widths of the delay power profile, seconds.
const SPREADS_S: [f64; 5] = [0.6e-6, 2e-6, 5e-6, 10e-6, 18e-6];
/// Signal to noise ratios of one pilot for which filters are planned, dB.
const SNRS_DB: [f64; 11] = [-5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 45.0, 60.0];

/// Smooths over the whole band. The carrier lies between the two middle subcarriers, is not sent, and counts as a
/// pilot of no weight, so that distances over it are true.
#[derive(Clone, Debug)]
pub(crate) struct WienerSmoother {
    /// By spread and SNR.
    plans: Vec<Plan>,
}

#[derive(Clone, Debug)]
struct Plan {
    /// Windows off the carrier, by parity of the first pilot, then by position of the output in the window.
    plain: [Vec<Filter>; 2],
    /// Windows around the carrier, by its position in the window; the output is in the middle.
    around_carrier: Vec<Filter>,
}

type Filter = [f32; TAPS];

impl WienerSmoother {
    /// Plans all filters.
    pub(crate) fn new(subcarrier_spacing_hz: f64) -> Self {
        let plan = |spread_s: f64, snr_db: f64| {
            let correlation = |distance: usize| sinc(2.0 * spread_s * subcarrier_spacing_hz * distance as f64);
            let noise = 10f64.powf(-snr_db / 10.0);
            let of_parity = |even: bool| if even { noise / 2.0 } else { noise };
            let plain = [0, 1].map(|parity| {
                let window = Window::new(correlation, |i| of_parity((i + parity) % 2 == 0));
                (0..TAPS).map(|position| window.filter(correlation, position)).collect()
            });
            let around_carrier = |carrier: usize| {
                // The first subcarrier above the carrier is even, as the lowest one of the band.
                let pilot_noise = |i: usize| match i.cmp(&carrier) {
                    Ordering::Less => of_parity((carrier - i).is_multiple_of(2)),
                    Ordering::Equal => NO_WEIGHT,
                    Ordering::Greater => of_parity((i - carrier - 1).is_multiple_of(2)),
                };
                Window::new(correlation, pilot_noise).filter(correlation, TAPS / 2)
            };
            Plan { plain, around_carrier: (0..TAPS).map(around_carrier).collect() }
        };
        let plans = SPREADS_S.iter().flat_map(|&spread| SNRS_DB.iter().map(move |&snr| plan(spread, snr))).collect();
        Self { plans }
    }

    /// Smooths `input`, of which the middle element is the carrier, into `output`, which leaves it out.
    pub(crate) fn smooth(&self, spread_s: f64, snr_db: f64, input: &[Complex32], output: &mut [Complex32]) {
        let spread = SPREADS_S.iter().position(|&s| s >= spread_s).unwrap_or(SPREADS_S.len() - 1);
        let snr = SNRS_DB.iter().position(|&s| s + 2.5 >= snr_db).unwrap_or(SNRS_DB.len() - 1);
        let plan = &self.plans[spread * SNRS_DB.len() + snr];
        let carrier = input.len() / 2;
        for (k, out) in output.iter_mut().enumerate() {
            let position = k + usize::from(k >= carrier);
            let start = position.saturating_sub(TAPS / 2).min(input.len() - TAPS);
            let filter = match carrier.checked_sub(start) {
                Some(offset) if offset < TAPS => &plan.around_carrier[offset],
                above => &plan.plain[(start + usize::from(above.is_none())) % 2][position - start],
            };
            let mut sums = [Complex32::ZERO; 4];
            for (weights, pilots) in filter.chunks(sums.len()).zip(input[start..start + TAPS].chunks(sums.len())) {
                sums.iter_mut().zip(weights.iter().zip(pilots)).for_each(|(sum, (&w, x))| *sum += x * w);
            }
            *out = sums.iter().sum();
        }
    }
}

/// Noise of a pilot that is not there.
const NO_WEIGHT: f64 = 1e6;

/// The pilots of one window: R + N of the normal equations (R + N) w = r, as its Cholesky factor.
struct Window([[f64; TAPS]; TAPS]);

impl Window {
    fn new(correlation: impl Fn(usize) -> f64, pilot_noise: impl Fn(usize) -> f64) -> Self {
        let mut matrix = [[0.0f64; TAPS]; TAPS];
        for (i, row) in matrix.iter_mut().enumerate() {
            for (j, m) in row.iter_mut().enumerate() {
                *m = correlation(i.abs_diff(j));
            }
            row[i] += pilot_noise(i);
        }
        Self(cholesky(&matrix))
    }

    fn filter(&self, correlation: impl Fn(usize) -> f64, position: usize) -> Filter {
        solve(&self.0, |i| correlation(i.abs_diff(position))).map(|w| w as f32)
    }
}

/// L of A = L L^T.
pub(super) fn cholesky<const N: usize>(a: &[[f64; N]; N]) -> [[f64; N]; N] {
    let mut l = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let rest = a[i][j] - (0..j).map(|k| l[i][k] * l[j][k]).sum::<f64>();
            l[i][j] = if i == j { rest.sqrt() } else { rest / l[j][j] };
        }
    }
    l
}

/// x of L L^T x = right.
pub(super) fn solve<const N: usize>(l: &[[f64; N]; N], right: impl Fn(usize) -> f64) -> [f64; N] {
    let mut x = [0.0; N];
    for i in 0..N {
        x[i] = (right(i) - (0..i).map(|k| l[i][k] * x[k]).sum::<f64>()) / l[i][i];
    }
    for i in (0..N).rev() {
        x[i] = (x[i] - (i + 1..N).map(|k| l[k][i] * x[k]).sum::<f64>()) / l[i][i];
    }
    x
}

pub(super) fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths inside the assumed spread come through, at every subcarrier: edges, both sides of the carrier.
    #[test]
    fn keeps_channels_within_the_spread() {
        let smoother = WienerSmoother::new(15_000.0);
        for (n_sc, spread_s) in [(72, 2e-6), (300, 5e-6), (300, 0.3e-6), (1200, 9e-6)] {
            let channel = |position: usize| {
                let turn = |delay_s: f64| -std::f64::consts::TAU * 15_000.0 * delay_s * position as f64;
                let path = |delay_s: f64, gain: f32| Complex32::from_polar(gain, turn(delay_s) as f32);
                path(spread_s * 0.9, 0.6) + path(-spread_s * 0.8, 0.8)
            };
            let mut input: Vec<_> = (0..=n_sc).map(channel).collect();
            input[n_sc / 2] = Complex32::new(f32::from(9u8), 0.0); // must not matter
            let mut output = vec![Complex32::default(); n_sc];
            smoother.smooth(spread_s, 45.0, &input, &mut output);
            for (k, h) in output.iter().enumerate() {
                let want = channel(k + usize::from(k >= n_sc / 2));
                assert!((h - want).norm() < 0.03, "{n_sc} subcarriers, {spread_s} s, subcarrier {k}: {h} {want}");
            }
        }
    }
}
