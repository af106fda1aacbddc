//! Reference signals: cell-specific, TS 36.211 clause 6.10.1; MBSFN, clause 6.10.2.

use num_complex::Complex32;

use crate::cell::{CellConfig, NRbDl};
use crate::numerology::{CyclicPrefix, MbsfnNumerology};
use crate::sequence::GoldSequence;

/// N_RB^max,DL (TS 36.211 clause 6.2.1): the sequences are cut out of the middle of this bandwidth.
const N_RB_MAX_DL: usize = 110;

/// Cell-specific reference signals of antenna port 0 in one symbol: two per resource block.
///
/// `l` is the symbol in slot `n_s`. Yields (subcarrier, value).
pub(crate) fn crs_port0(
    cell: &CellConfig,
    cell_cp: CyclicPrefix,
    n_s: usize,
    l: usize,
) -> impl Iterator<Item = (usize, Complex32)> + use<> {
    let id = u32::from(cell.n_id_cell);
    let n_rb = cell.n_rb_dl.get();
    let c_init = (1 << 10) * (7 * (n_s as u32 + 1) + l as u32 + 1) * (2 * id + 1) + 2 * id + cell_cp.n_cp();
    let v = if l == 0 { 0 } else { 3 };
    let v_shift = usize::from(cell.n_id_cell) % 6;
    let values = qpsk_reference(c_init, 2 * N_RB_MAX_DL, N_RB_MAX_DL - n_rb, 2 * n_rb);
    values.into_iter().enumerate().map(move |(m, r)| (6 * m + (v + v_shift) % 6, r))
}

/// Symbols of a slot with normal cyclic prefix in which port 0 sends (TS 36.211 clause 6.10.1.2: l = 0, N_symb - 3).
pub(crate) const CRS_PORT0_SYMBOLS: [usize; 2] = [0, 4];

/// MBSFN reference signals of one area, planned for every subframe of a frame.
#[derive(Clone, Debug)]
pub(crate) struct MbsfnReference {
    numerology: MbsfnNumerology,
    /// By subframe, then by reference symbol in the order of [`MbsfnNumerology::reference_symbols`].
    values: Vec<Vec<Vec<Complex32>>>,
}

impl MbsfnReference {
    /// Plans the sequences of area `n_id_mbsfn`.
    pub(crate) fn new(n_rb_dl: NRbDl, n_id_mbsfn: u8, numerology: MbsfnNumerology) -> Self {
        let id = u32::from(n_id_mbsfn);
        let per_slot = numerology.symbols_per_subframe() / 2;
        let n = n_rb_dl.get();
        let values = (0..10)
            .map(|subframe| {
                let of_symbol = |&(row, _): &(usize, usize)| {
                    let (n_s, l) = (2 * subframe + row / per_slot, row % per_slot);
                    let c_init = (1 << 9) * (7 * (n_s as u32 + 1) + l as u32 + 1) * (2 * id + 1) + id;
                    qpsk_reference(c_init, 6 * N_RB_MAX_DL, 3 * (N_RB_MAX_DL - n), 6 * n)
                };
                numerology.reference_symbols().iter().map(of_symbol).collect()
            })
            .collect();
        Self { numerology, values }
    }

    /// The reference symbols of a subframe: (row, first subcarrier of the comb of two, values).
    pub(crate) fn symbols(&self, subframe: u8) -> impl Iterator<Item = (usize, usize, &[Complex32])> {
        let rows = self.numerology.reference_symbols().iter();
        rows.zip(&self.values[usize::from(subframe)]).map(|(&(row, first), v)| (row, first, v.as_slice()))
    }
}

/// r(m) = (1 - 2 c(2m)) / sqrt(2) + j (1 - 2 c(2m + 1)) / sqrt(2) for `count` values from `skip` of `total`.
fn qpsk_reference(c_init: u32, total: usize, skip: usize, count: usize) -> Vec<Complex32> {
    let mut c = vec![0u8; 2 * total];
    GoldSequence::new(c_init).fill(&mut c);
    let part = |bit: u8| (1.0 - 2.0 * f32::from(bit)) * std::f32::consts::FRAC_1_SQRT_2;
    c.as_chunks::<2>().0[skip..skip + count].iter().map(|b| Complex32::new(part(b[0]), part(b[1]))).collect()
}
