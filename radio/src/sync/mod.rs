//! Synchronisation: signals (TS 36.211 clause 6.11) and what a receiver makes of them.

mod cyclic_prefix;
mod decimate;
mod pss;
mod search;
mod sss;

pub use cyclic_prefix::CyclicPrefixSync;
pub use pss::{PSS_ROW, pss_sequence, put_pss};
pub use search::{CellSearch, FoundCell};
pub use sss::{SSS_ROW, put_sss, sss_sequence};

use crate::grid::Grid;

/// Subcarriers that PSS and SSS take around the carrier (TS 36.211 clauses 6.11.1.2 and 6.11.2.2).
pub const SYNC_SUBCARRIERS: usize = 62;

/// The middle of a row, where PSS and SSS lie: k = n - 31 + N_RB N_sc / 2.
fn middle(grid: &mut Grid, row: usize) -> &mut [num_complex::Complex32] {
    let first = grid.subcarriers() / 2 - SYNC_SUBCARRIERS / 2;
    &mut grid.row_mut(row)[first..first + SYNC_SUBCARRIERS]
}

#[cfg(test)]
mod tests {
    use num_complex::Complex32;

    use super::*;
    use crate::numerology::SubframeLayout;
    use crate::ofdm::OfdmDemodulator;

    /// A live carrier, cell 150: of all identities and half frames, its own sequences fit best.
    #[test]
    fn signals_are_those_of_a_live_carrier() {
        let Some(path) = fixtures::shared("vectors/lte_real_6prb_mib.cf32") else { return };
        let iq = fixtures::vectors::read_cf32(&path);
        let layout = SubframeLayout::normal(128);
        let mut grid = Grid::new(layout.rows(), 72);
        OfdmDemodulator::new(layout.clone(), 4).demodulate(&iq[..layout.samples()], 0..layout.rows(), &mut grid);
        let smooth = |channel: &[Complex32]| channel.windows(2).map(|w| w[1] * w[0].conj()).sum::<Complex32>().norm();

        let pss = middle(&mut grid, PSS_ROW).to_vec();
        let channel =
            |n_id_2: u8| -> Vec<_> { pss.iter().zip(pss_sequence(n_id_2)).map(|(y, d)| y * d.conj()).collect() };
        let fit = [0, 1, 2].map(|n_id_2| smooth(&channel(n_id_2)));
        assert!(fit[0] > 3.0 * fit[1].max(fit[2]), "{fit:?}");

        let (sss, channel) = (middle(&mut grid, SSS_ROW).to_vec(), channel(0));
        let fit = |n_id_1: u16, subframe: u8| {
            let d = sss_sequence(n_id_1, 0, subframe);
            let products = sss.iter().zip(&channel).zip(d).map(|((y, h), d)| y * h.conj() * d);
            products.sum::<Complex32>().norm()
        };
        let own = fit(50, 0);
        for (n_id_1, subframe) in (0..168).flat_map(|i| [(i, 0), (i, 5)]).filter(|&other| other != (50, 0)) {
            assert!(fit(n_id_1, subframe) < 0.7 * own, "{n_id_1}, subframe {subframe}");
        }
    }
}
