//! Where the PHICH groups are, TS 36.211 clause 6.9. A broadcast carrier has no uplink to acknowledge: the groups are
//! left empty, and only their room counts.

use super::reg::Reg;
use crate::cell::{CarrierConfig, PhichDuration, PhichResource};

/// N_PHICH^group with normal cyclic prefix (TS 36.211 clause 6.9): ceil(N_g N_RB^DL / 8). It is also the number of
/// mapping units.
pub(super) fn groups(carrier: &CarrierConfig) -> usize {
    let n_rb = carrier.cell.n_rb_dl.get();
    match carrier.phich.resource {
        PhichResource::OneSixth => n_rb.div_ceil(48),
        PhichResource::Half => n_rb.div_ceil(16),
        PhichResource::One => n_rb.div_ceil(8),
        PhichResource::Two => (2 * n_rb).div_ceil(8),
    }
}

/// OFDM symbols that the PHICH takes (TS 36.211 table 6.9.3-1).
pub(super) fn symbols(carrier: &CarrierConfig, mbsfn_subframe: bool) -> usize {
    match (carrier.phich.duration, mbsfn_subframe) {
        (PhichDuration::Normal, _) => 1,
        (PhichDuration::Extended, true) => 2,
        (PhichDuration::Extended, false) => 3,
    }
}

/// The three REGs of each mapping unit (TS 36.211 clause 6.9.3). `free[l]`: the REGs of symbol l that the PCFICH leaves,
/// in increasing order of frequency.
pub(super) fn regs(carrier: &CarrierConfig, mbsfn_subframe: bool, free: &[Vec<Reg>]) -> Vec<[Reg; 3]> {
    let n_symbols = symbols(carrier, mbsfn_subframe);
    let id = usize::from(carrier.cell.n_id_cell);
    // Step 8: with two symbols their second one is what the identity is scaled to.
    let n_scale = free[usize::from(n_symbols == 2)].len();
    let of_unit = |m: usize| {
        [0, 1, 2].map(|i| {
            let l = match n_symbols {
                1 => 0,
                2 => (m / 2 + i + 1) % 2,
                _ => i,
            };
            let n_l = free[l].len();
            free[l][(id * n_l / n_scale + m + i * n_l / 3) % n_l]
        })
    };
    (0..groups(carrier)).map(of_unit).collect()
}
