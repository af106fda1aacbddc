//! Symbols onto the resource elements of every antenna port.

use num_complex::Complex32;

use super::transmit_diversity::precode;
use crate::grid::Grid;

/// Precodes symbols for as many antenna ports as there are grids and puts them on `elements`, (row, subcarrier) in the
/// order of mapping. `scratch` is room for one port.
pub(super) fn transmit(
    symbols: &[Complex32],
    elements: &[(usize, usize)],
    grids: &mut [Grid],
    scratch: &mut Vec<Complex32>,
) {
    let n_ports = grids.len() as u8;
    scratch.resize(symbols.len(), Complex32::ZERO);
    for (port, grid) in (0..n_ports).zip(grids) {
        precode(n_ports, port, symbols, scratch);
        elements.iter().zip(scratch.iter()).for_each(|(&(row, k), y)| grid.row_mut(row)[k] = *y);
    }
}
