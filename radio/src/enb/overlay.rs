//! Resource elements that are made once and put on a subframe whenever they are due.

use num_complex::Complex32;

use crate::grid::Grid;

/// By antenna port: (row, subcarrier, element).
#[derive(Clone, Debug)]
pub(super) struct Overlay(Vec<Vec<(usize, usize, Complex32)>>);

impl Overlay {
    /// What `make` puts on empty grids of `rows` symbols.
    pub(super) fn new<E>(
        n_ports: u8,
        rows: usize,
        subcarriers: usize,
        make: impl FnOnce(&mut [Grid]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut grids = vec![Grid::new(rows, subcarriers); n_ports.into()];
        make(&mut grids)?;
        let of = |grid: &Grid| {
            let of_row = |l: usize| grid.row(l).iter().enumerate().map(move |(k, element)| (l, k, *element));
            (0..rows).flat_map(of_row).filter(|(_, _, element)| *element != Complex32::ZERO).collect()
        };
        Ok(Self(grids.iter().map(of).collect()))
    }

    /// Puts the elements on the grids, one for each antenna port.
    pub(super) fn put(&self, grids: &mut [Grid]) {
        for (elements, grid) in self.0.iter().zip(grids) {
            elements.iter().for_each(|&(l, k, element)| grid.row_mut(l)[k] = element);
        }
    }
}
