//! The resource grid of one subframe (TS 36.211 clause 6.2).

use num_complex::Complex32;

/// Resource elements by symbol (row) and subcarrier (column), subcarrier 0 being the lowest in frequency.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    subcarriers: usize,
    elements: Vec<Complex32>,
}

impl Grid {
    /// An empty grid.
    pub fn new(rows: usize, subcarriers: usize) -> Self {
        Self { subcarriers, elements: vec![Complex32::default(); rows * subcarriers] }
    }

    /// Symbols.
    pub fn rows(&self) -> usize {
        self.elements.len() / self.subcarriers.max(1)
    }

    /// Subcarriers.
    pub fn subcarriers(&self) -> usize {
        self.subcarriers
    }

    /// Sets every element to zero.
    pub fn clear(&mut self) {
        self.elements.fill(Complex32::default());
    }

    /// Takes over the elements of a grid of the same size.
    ///
    /// # Panics
    /// If it has another size.
    pub fn copy_from(&mut self, other: &Self) {
        self.elements.copy_from_slice(&other.elements);
    }

    /// The elements of symbol `l`.
    pub fn row(&self, l: usize) -> &[Complex32] {
        &self.elements[l * self.subcarriers..][..self.subcarriers]
    }

    /// The elements of symbol `l`.
    pub fn row_mut(&mut self, l: usize) -> &mut [Complex32] {
        &mut self.elements[l * self.subcarriers..][..self.subcarriers]
    }
}
