//! Reference signals: cell-specific, TS 36.211 clause 6.10.1; MBSFN, clause 6.10.2.

use num_complex::Complex32;

use crate::cell::{CellConfig, NRbDl};
use crate::numerology::{CyclicPrefix, MbsfnNumerology};
use crate::sequence::GoldSequence;

/// N_RB^max,DL (TS 36.211 clause 6.2.1): the sequences are cut out of the middle of this bandwidth.
const N_RB_MAX_DL: usize = 110;

/// Cell-specific reference signals of antenna port `port` (0 to 3) in one symbol: two per resource block.
///
/// `l` is the symbol in slot `n_s`, one of [`crs_symbols`]. Yields (subcarrier, value).
///
/// # Panics
/// If `port` is above 3.
pub fn crs(
    cell: &CellConfig,
    cell_cp: CyclicPrefix,
    port: u8,
    n_s: usize,
    l: usize,
) -> impl Iterator<Item = (usize, Complex32)> + use<> {
    let id = u32::from(cell.n_id_cell);
    let n_rb = cell.n_rb_dl.get();
    let c_init = (1 << 10) * (7 * (n_s as u32 + 1) + l as u32 + 1) * (2 * id + 1) + 2 * id + cell_cp.n_cp();
    let first = crs_first(cell.n_id_cell, port, n_s, l);
    let values = qpsk_reference(c_init, 2 * N_RB_MAX_DL, N_RB_MAX_DL - n_rb, 2 * n_rb);
    values.into_iter().enumerate().map(move |(m, r)| (6 * m + first, r))
}

/// Symbols of a slot with normal cyclic prefix in which an antenna port sends cell-specific reference signals
/// (TS 36.211 clause 6.10.1.2).
///
/// # Panics
/// If `port` is above 3.
pub fn crs_symbols(port: u8) -> &'static [usize] {
    match port {
        0 | 1 => &[0, 4],
        2 | 3 => &[1],
        _ => panic!("antenna port {port} has no cell-specific reference signals"),
    }
}

/// (v + v_shift) mod 6: first of the subcarriers, six apart, that a port uses in a symbol (TS 36.211 clause 6.10.1.2).
///
/// # Panics
/// If `port` is above 3.
pub(crate) fn crs_first(n_id_cell: u16, port: u8, n_s: usize, l: usize) -> usize {
    let v = match port {
        0 => 3 * usize::from(l != 0),
        1 => 3 * usize::from(l == 0),
        2 => 3 * (n_s % 2),
        3 => 3 + 3 * (n_s % 2),
        _ => panic!("antenna port {port} has no cell-specific reference signals"),
    };
    (v + usize::from(n_id_cell) % 6) % 6
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::SampleRateFamily;
    use crate::grid::Grid;
    use crate::numerology::SubframeLayout;
    use crate::ofdm::OfdmDemodulator;
    use fixtures::vectors::{PmchVector, pmch};

    fn cell_of(v: &PmchVector) -> CellConfig {
        let p = &v.parameters;
        CellConfig::with_sample_rate(p.n_rb_dl.try_into().unwrap(), p.n_id_cell, p.sample_rate).unwrap()
    }

    fn grid_of(v: &PmchVector) -> Grid {
        let cell = cell_of(v);
        let layout = SubframeLayout::mbsfn(cell.n_fft, v.parameters.non_mbsfn_region.into(), MbsfnNumerology::Khz15);
        let mut grid = Grid::new(layout.rows(), cell.n_rb_dl.subcarriers());
        OfdmDemodulator::new(layout, 0).demodulate(&v.iq, 0..12, &mut grid);
        grid
    }

    /// Nothing but CRS is in the non-MBSFN region of these vectors, so that row 0 has to be ours element for element.
    #[test]
    fn cell_specific_signals_are_those_that_another_transmitter_sends() {
        let Some(vectors) = pmch() else { return };
        for v in &vectors {
            let (cell, grid) = (cell_of(v), grid_of(v));
            let mut want = vec![Complex32::ZERO; cell.n_rb_dl.subcarriers()];
            // These vectors seed with N_CP = 0.
            crs(&cell, CyclicPrefix::Extended, 0, 2 * usize::from(v.parameters.subframe), 0)
                .for_each(|(k, r)| want[k] = r);
            for (k, (got, want)) in grid.row(0).iter().zip(&want).enumerate() {
                assert!((got - want).norm() < 1e-3, "{} subcarrier {k}: {got} for {want}", v.parameters.name);
            }
        }
    }

    #[test]
    fn mbsfn_signals_are_those_that_another_transmitter_sends() {
        let Some(vectors) = pmch() else { return };
        for v in &vectors {
            let (p, grid) = (&v.parameters, grid_of(v));
            let reference = MbsfnReference::new(cell_of(v).n_rb_dl, p.n_id_mbsfn, MbsfnNumerology::Khz15);
            assert_eq!(reference.symbols(p.subframe).map(|(row, ..)| row).collect::<Vec<_>>(), [2, 6, 10]);
            for (row, first, values) in reference.symbols(p.subframe) {
                assert_eq!(values.len(), 6 * usize::from(p.n_rb_dl));
                for (m, (got, want)) in grid.row(row)[first..].iter().step_by(2).zip(values).enumerate() {
                    assert!((got - want).norm() < 1e-3, "{} row {row} value {m}: {got} for {want}", p.name);
                }
            }
        }
    }

    /// TS 36.211 figure 6.10.1.2-1: ports 0 and 1 on six subcarriers, ports 2 and 3 on six others, and they change places.
    #[test]
    fn ports_take_the_subcarriers_of_the_figure() {
        let cell = CellConfig::new(NRbDl::ALL[0], 0, SampleRateFamily::Standard).unwrap();
        let first = |port, n_s, l| crs(&cell, CyclicPrefix::Normal, port, n_s, l).next().unwrap().0;
        for n_s in [0, 18] {
            assert_eq!([first(0, n_s, 0), first(0, n_s, 4), first(0, n_s + 1, 0)], [0, 3, 0]);
            assert_eq!([first(1, n_s, 0), first(1, n_s, 4), first(1, n_s + 1, 0)], [3, 0, 3]);
            assert_eq!([first(2, n_s, 1), first(2, n_s + 1, 1)], [0, 3]);
            assert_eq!([first(3, n_s, 1), first(3, n_s + 1, 1)], [3, 0]);
        }
        assert_eq!(crs(&cell, CyclicPrefix::Normal, 3, 5, 1).map(|(k, _)| k).collect::<Vec<_>>()[10..], [60, 66]);
    }

    /// A live carrier, 6 PRB, cell 150: subframes with normal cyclic prefix, CRS in symbols 0 and 4 of every slot. Behind
    /// an unknown channel, what is left of the CRS after ours is taken out turns little from one to the next.
    #[test]
    fn cell_specific_signals_are_those_of_a_live_carrier() {
        let Some(path) = fixtures::shared("vectors/lte_real_6prb_mib.cf32") else { return };
        let iq = fixtures::vectors::read_cf32(&path);
        let smoothness = |n_id_cell: u16, cp: CyclicPrefix, port: u8| {
            let cell = CellConfig::new(NRbDl::ALL[0], n_id_cell, SampleRateFamily::Standard).unwrap();
            let layout = SubframeLayout::normal(cell.n_fft);
            let mut ofdm = OfdmDemodulator::new(layout.clone(), 4);
            let (mut together, mut power) = (Complex32::ZERO, 0.0);
            for (subframe, iq) in iq.chunks_exact(layout.samples()).enumerate() {
                let mut grid = Grid::new(layout.rows(), cell.n_rb_dl.subcarriers());
                ofdm.demodulate(iq, 0..layout.rows(), &mut grid);
                for (slot, l) in [(0, 0), (0, 4), (1, 0), (1, 4)] {
                    let row = grid.row(7 * slot + l);
                    let channel: Vec<_> =
                        crs(&cell, cp, port, 2 * subframe + slot, l).map(|(k, r)| row[k] * r.conj()).collect();
                    together += channel.windows(2).map(|w| w[1] * w[0].conj()).sum::<Complex32>();
                    power += channel.windows(2).map(|w| w[0].norm() * w[1].norm()).sum::<f32>();
                }
            }
            together.norm() / power
        };
        for port in [0, 1] {
            let ours = smoothness(150, CyclicPrefix::Normal, port);
            assert!(ours > 0.8, "port {port}: {ours}");
        }
        for (n_id_cell, cp) in [(150, CyclicPrefix::Extended), (151, CyclicPrefix::Normal), (156, CyclicPrefix::Normal)]
        {
            let other = smoothness(n_id_cell, cp, 0);
            assert!(other < 0.4, "cell {n_id_cell}, {cp:?}: {other}");
        }
    }
}
