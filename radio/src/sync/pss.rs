//! Primary synchronization signal, TS 36.211 clause 6.11.1.

use num_complex::Complex32;

use super::SYNC_SUBCARRIERS;
use crate::grid::Grid;

/// Row of the signal in subframes 0 and 5 with normal cyclic prefix: the last symbol of slots 0 and 10 (FDD).
pub const PSS_ROW: usize = 6;

/// Root index u by N_ID^(2) (TS 36.211 table 6.11.1.1-1).
const ROOT: [u64; 3] = [25, 29, 34];

/// d_u(n), in order of rising subcarriers, the carrier left out.
///
/// # Panics
/// If `n_id_2` is above 2.
pub fn pss_sequence(n_id_2: u8) -> [Complex32; SYNC_SUBCARRIERS] {
    let u = ROOT[usize::from(n_id_2)];
    std::array::from_fn(|n| {
        let n = n as u64;
        let n = if n <= 30 { n } else { n + 1 };
        // The phase in units of pi / 63 is taken modulo a turn before it becomes a float.
        let phase = -std::f64::consts::PI * (u * n * (n + 1) % 126) as f64 / 63.0;
        Complex32::new(phase.cos() as f32, phase.sin() as f32)
    })
}

/// Puts the signal of cell `n_id_cell` into a subframe 0 or 5 with normal cyclic prefix.
///
/// # Panics
/// If the grid has no row [`PSS_ROW`] or less than 62 subcarriers.
pub fn put_pss(n_id_cell: u16, grid: &mut Grid) {
    super::middle(grid, PSS_ROW).copy_from_slice(&pss_sequence((n_id_cell % 3) as u8));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_formula() {
        for (n_id_2, u) in [(0, 25.0), (1, 29.0), (2, 34.0)] {
            let d = pss_sequence(n_id_2);
            let near = |n: usize, product: f64| {
                let want = num_complex::Complex64::cis(-std::f64::consts::PI * u * product / 63.0);
                assert!((d[n] - Complex32::new(want.re as f32, want.im as f32)).norm() < 1e-6, "u {u} n {n}");
            };
            near(0, 0.0);
            near(1, 2.0);
            near(30, 930.0);
            near(31, 32.0 * 33.0);
            near(61, 62.0 * 63.0);
        }
    }
}
