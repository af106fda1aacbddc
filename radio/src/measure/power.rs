//! MBSFN RSRP and MBSFN RSRQ, TS 36.214 clauses 5.1.17 and 5.1.18.

use crate::grid::Grid;

/// Received power of one subframe in which a PMCH is decoded.
///
/// - MBSFN RSRP: mean power of the resource elements that carry MBSFN reference signals, in the units of the grid. The
///   share of the noise, as the estimator has it, is taken out.
/// - MBSFN carrier RSSI: power of everything in an OFDM symbol with MBSFN reference signals, mean of those symbols.
/// - MBSFN RSRQ: N x RSRP / RSSI with N the resource blocks of the carrier. A carrier alone, all its elements of one power and
///   without noise, has 1/12 (-10.8 dB); with the signal to noise ratio s it is s / 12 (1 + s).
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct MbsfnPower {
    /// MBSFN RSRP, units of the grid.
    pub rsrp: f32,
    /// MBSFN RSRQ, a ratio.
    pub rsrq: f32,
}

impl MbsfnPower {
    /// From the reference signals' power and the grid of a subframe, whose rows `rows` have reference signals.
    pub(crate) fn new(rsrp: f32, grid: &Grid, rows: impl Iterator<Item = usize>) -> Self {
        let (mut total, mut symbols, mut subcarriers) = (0.0, 0u16, 0);
        for row in rows {
            let elements = grid.row(row);
            total += elements.iter().map(|y| y.norm_sqr()).sum::<f32>();
            (symbols, subcarriers) = (symbols + 1, elements.len());
        }
        let rssi = total / f32::from(symbols.max(1));
        let resource_blocks = (subcarriers / SUBCARRIERS_PER_RB) as f32;
        let rsrq = if rssi > 0.0 { resource_blocks * rsrp / rssi } else { 0.0 };
        Self { rsrp, rsrq }
    }

    /// Of two receive antennas: what is reported is not lower than that of either.
    pub(crate) fn better(self, other: Self) -> Self {
        Self { rsrp: self.rsrp.max(other.rsrp), rsrq: self.rsrq.max(other.rsrq) }
    }

    /// MBSFN RSRQ, dB.
    pub fn rsrq_db(&self) -> f64 {
        10.0 * f64::from(self.rsrq).max(1e-30).log10()
    }

    /// MBSFN RSRP relative to samples with an rms of 1, dB: see [`resource_element_dbfs`].
    pub fn rsrp_dbfs(&self, n_fft: usize) -> f64 {
        resource_element_dbfs(f64::from(self.rsrp), n_fft)
    }
}

/// Power of a resource element relative to a stream of samples whose rms is 1, dB. Transforms being unitary, an element
/// of power P adds P / n_fft to the mean square of the samples. With the level in dBm of such a stream added it is the
/// power at the connector in dBm.
pub fn resource_element_dbfs(power: f64, n_fft: usize) -> f64 {
    10.0 * (power.max(1e-30) / n_fft as f64).log10()
}

/// N_sc^RB at 15 kHz (TS 36.211 table 6.2.3-1).
const SUBCARRIERS_PER_RB: usize = 12;

#[cfg(test)]
mod tests {
    use num_complex::Complex32;

    use super::*;

    #[test]
    fn a_full_carrier_without_noise_has_one_twelfth() {
        let mut grid = Grid::new(12, 300);
        (0..12).for_each(|row| grid.row_mut(row).fill(Complex32::new(0.0, 2.0)));
        let power = MbsfnPower::new(4.0, &grid, [2, 6, 10].into_iter());
        assert!((power.rsrq_db() + 10.792).abs() < 1e-3, "{} dB", power.rsrq_db());
        assert!((power.rsrp_dbfs(512) - 10.0 * (4.0f64 / 512.0).log10()).abs() < 1e-9);
        let weaker = MbsfnPower { rsrp: 1.0, rsrq: 0.2 };
        assert_eq!(power.better(weaker), MbsfnPower { rsrp: 4.0, rsrq: 0.2 });
    }

    #[test]
    fn silence_has_no_power() {
        let power = MbsfnPower::new(0.0, &Grid::new(12, 72), [2, 6, 10].into_iter());
        assert_eq!(power, MbsfnPower::default());
        assert!(power.rsrq_db() < -100.0 && power.rsrp_dbfs(128) < -100.0);
    }
}
