//! Secondary synchronization signal, TS 36.211 clause 6.11.2.

use num_complex::Complex32;

use super::SYNC_SUBCARRIERS;
use crate::grid::Grid;

/// Row of the signal in subframes 0 and 5 with normal cyclic prefix: the symbol before the PSS (FDD).
pub const SSS_ROW: usize = 5;

/// Length of the m-sequences.
const N: usize = 31;

/// d(n) of subframe 0 or 5, in order of rising subcarriers, the carrier left out.
///
/// # Panics
/// If `n_id_1` is above 167, `n_id_2` above 2, or `subframe` neither 0 nor 5.
pub fn sss_sequence(n_id_1: u16, n_id_2: u8, subframe: u8) -> [f32; SYNC_SUBCARRIERS] {
    assert!(n_id_1 < 168 && n_id_2 < 3, "N_ID^(1) {n_id_1}, N_ID^(2) {n_id_2}");
    assert!(subframe == 0 || subframe == 5, "subframe {subframe} has no SSS");
    // x(i + 5) as the exclusive or of x(i + t) over the taps t (6.11.2.1).
    let (s, c, z) = (m_sequence(&[2, 0]), m_sequence(&[3, 0]), m_sequence(&[4, 2, 1, 0]));
    let n_id_2 = usize::from(n_id_2);
    let (m_0, m_1) = shifts(usize::from(n_id_1));
    let (even, odd) = if subframe == 0 { (m_0, m_1) } else { (m_1, m_0) };
    std::array::from_fn(|i| {
        let n = i / 2;
        if i % 2 == 0 {
            s[(n + even) % N] * c[(n + n_id_2) % N]
        } else {
            s[(n + odd) % N] * c[(n + n_id_2 + 3) % N] * z[(n + even % 8) % N]
        }
    })
}

/// Puts the signal of cell `n_id_cell` into subframe `subframe` (0 or 5) with normal cyclic prefix.
///
/// # Panics
/// If the grid has no row [`SSS_ROW`] or less than 62 subcarriers, or as [`sss_sequence`].
pub fn put_sss(n_id_cell: u16, subframe: u8, grid: &mut Grid) {
    let sequence = sss_sequence(n_id_cell / 3, (n_id_cell % 3) as u8, subframe);
    for (e, d) in super::middle(grid, SSS_ROW).iter_mut().zip(sequence) {
        *e = Complex32::new(d, 0.0);
    }
}

/// m_0 and m_1 (TS 36.211 table 6.11.2.1-1, by the formulas above it).
fn shifts(n_id_1: usize) -> (usize, usize) {
    let q_prime = n_id_1 / (N - 1);
    let q = (n_id_1 + q_prime * (q_prime + 1) / 2) / (N - 1);
    let m_prime = n_id_1 + q * (q + 1) / 2;
    let m_0 = m_prime % N;
    (m_0, (m_0 + m_prime / N + 1) % N)
}

/// 1 - 2 x(i), with x(0..5) = 0, 0, 0, 0, 1.
fn m_sequence(taps: &[usize]) -> [f32; N] {
    let mut x = [0u8; N];
    x[4] = 1;
    for i in 0..N - 5 {
        x[i + 5] = taps.iter().fold(0, |sum, &t| sum ^ x[i + t]);
    }
    x.map(|x| 1.0 - 2.0 * f32::from(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of TS 36.211 table 6.11.2.1-1.
    #[test]
    fn shifts_of_the_table() {
        for (n_id_1, want) in [(0, (0, 1)), (29, (29, 30)), (30, (0, 2)), (59, (0, 3)), (167, (2, 9)), (136, (22, 27))]
        {
            assert_eq!(shifts(n_id_1), want, "N_ID^(1) {n_id_1}");
        }
    }

    /// Every identity and both half frames can be told apart: no two sequences are alike in more than 2/3 of the places.
    #[test]
    fn sequences_differ() {
        for n_id_2 in 0..3 {
            let all: Vec<_> = (0..168).flat_map(|i| [0, 5].map(|sf| sss_sequence(i, n_id_2, sf))).collect();
            for (i, a) in all.iter().enumerate() {
                for b in &all[..i] {
                    let correlation: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
                    assert!(correlation.abs() < 42.0, "{correlation}");
                }
            }
        }
    }
}
