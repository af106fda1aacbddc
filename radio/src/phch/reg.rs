//! The control region of a subframe in resource-element groups, TS 36.211 clause 6.2.4, and whose each of them is:
//! PCFICH (clause 6.7.4), PHICH (clause 6.9.3) or PDCCH (clause 6.8.5).

use super::phich;
use crate::cell::{CarrierConfig, PhichDuration};

/// A resource-element group: four resource elements of one OFDM symbol, for one symbol quadruplet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Reg {
    /// k' of the lowest resource element of the group, reference signals included.
    first: u16,
    /// Row of the grid.
    row: u8,
    /// Subcarriers of the quadruplet.
    subcarriers: [u16; 4],
}

impl Reg {
    /// (row, subcarrier) of the four resource elements.
    fn elements(&self) -> [(usize, usize); 4] {
        [0, 1, 2, 3].map(|i| self.element(i))
    }

    fn element(&self, i: usize) -> (usize, usize) {
        (self.row.into(), self.subcarriers[i].into())
    }
}

/// Resource-element groups of a control region by channel; allocates in `new` only.
#[derive(Clone, Debug)]
pub struct ControlRegion {
    carrier: CarrierConfig,
    mbsfn_subframe: bool,
    pcfich: [(usize, usize); 16],
    phich: Vec<[Reg; 3]>,
    /// By CFI less one.
    pdcch: [Vec<(usize, usize)>; 3],
}

impl ControlRegion {
    /// Plans the control regions of a carrier with normal cyclic prefix: those of unicast subframes, or those of MBSFN
    /// subframes, where they are the non-MBSFN region.
    pub fn new(carrier: &CarrierConfig, mbsfn_subframe: bool) -> Self {
        let all: Vec<Vec<Reg>> = (0..MAX_SYMBOLS).map(|l| regs_of_symbol(carrier, l)).collect();
        let n_rb = carrier.cell.n_rb_dl.get();
        // TS 36.211 clause 6.7.4: quarters of the band, the first by cell identity.
        let k_bar = usize::from(carrier.cell.n_id_cell) % (2 * n_rb);
        let pcfich = [0, 1, 2, 3].map(|i| all[0][(k_bar + i * n_rb / 2) % (2 * n_rb)]);
        let free: Vec<Vec<Reg>> =
            all.iter().map(|regs| regs.iter().filter(|reg| !pcfich.contains(reg)).copied().collect()).collect();
        let phich = phich::regs(carrier, mbsfn_subframe, &free);
        let pdcch = [1, 2, 3].map(|cfi| {
            let rows = symbols_of_cfi(carrier, cfi);
            let taken = |reg: &Reg| phich.iter().flatten().any(|other| other == reg);
            let mut regs: Vec<Reg> = free[..rows].iter().flatten().filter(|reg| !taken(reg)).copied().collect();
            regs.sort_unstable(); // by k', then by symbol
            let quadruplets = interleave(&regs, carrier.cell.n_id_cell.into());
            quadruplets.iter().flat_map(Reg::elements).collect()
        });
        let pcfich = std::array::from_fn(|i| pcfich[i / 4].element(i % 4));
        Self { carrier: *carrier, mbsfn_subframe, pcfich, phich, pdcch }
    }

    /// The carrier.
    pub fn carrier(&self) -> &CarrierConfig {
        &self.carrier
    }

    /// Whether these are the regions of MBSFN subframes.
    pub fn is_mbsfn_subframe(&self) -> bool {
        self.mbsfn_subframe
    }

    /// OFDM symbols of the region (TS 36.212 clause 5.3.4: one more than the CFI up to 10 resource blocks).
    pub fn symbols(&self, cfi: u8) -> usize {
        symbols_of_cfi(&self.carrier, cfi)
    }

    /// Values of CFI that TS 36.211 table 6.7-1 and the PHICH duration (TS 36.213 clause 9.1.3: when it is extended, a
    /// lower limit up to 10 resource blocks, and the very length above) allow.
    pub fn allowed_cfis(&self) -> &'static [u8] {
        let narrow = self.carrier.cell.n_rb_dl.get() <= NARROW_N_RB;
        let extended = self.carrier.phich.duration == PhichDuration::Extended;
        match (self.mbsfn_subframe, narrow) {
            (true, true) => &[1],
            (true, false) if extended || self.carrier.n_ports == 4 => &[2],
            (true, false) => &[1, 2],
            (false, true) if extended => &[2, 3],
            (false, false) if extended => &[3],
            (false, _) => &[1, 2, 3],
        }
    }

    /// N_CCE: control channel elements at a CFI (TS 36.211 clause 6.8.1).
    ///
    /// # Panics
    /// If `cfi` is not 1, 2 or 3.
    pub fn cces(&self, cfi: u8) -> usize {
        self.pdcch(cfi).len() / ELEMENTS_PER_CCE
    }

    /// First control channel elements of the candidates in the common search space at an aggregation level of 4 or 8
    /// (TS 36.213 clause 9.1.1: Y_k = 0). Empty when the region has no room for one.
    ///
    /// # Panics
    /// If `cfi` is not 1, 2 or 3.
    pub fn common_search_space(&self, cfi: u8, level: AggregationLevel) -> impl Iterator<Item = usize> + use<> {
        let (cces, candidates) = match level {
            AggregationLevel::Four => (4, 4),
            AggregationLevel::Eight => (8, 2),
        };
        (0..candidates.min(self.cces(cfi) / cces)).map(move |m| m * cces)
    }

    /// N_PHICH^group: PHICH groups that have room in the region.
    pub fn phich_groups(&self) -> usize {
        self.phich.len()
    }

    /// (row, subcarrier) of the symbols of the PCFICH.
    pub(super) fn pcfich(&self) -> &[(usize, usize); 16] {
        &self.pcfich
    }

    /// (row, subcarrier) of the symbols of the PDCCHs in the order before the interleaver, whatever is left of an element
    /// at the end included.
    ///
    /// # Panics
    /// If `cfi` is not 1, 2 or 3.
    pub(super) fn pdcch(&self, cfi: u8) -> &[(usize, usize)] {
        &self.pdcch[usize::from(cfi) - 1]
    }
}

/// Control channel elements of a PDCCH in the common search space (TS 36.213 table 9.1.1-1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum AggregationLevel {
    /// 4.
    Four,
    /// 8.
    Eight,
}

impl AggregationLevel {
    /// Control channel elements.
    pub const fn cces(self) -> usize {
        match self {
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// Bits of the PDCCH: nine groups of four QPSK symbols in an element (TS 36.211 table 6.8.1-1).
    pub const fn bits(self) -> usize {
        self.cces() * BITS_PER_CCE
    }
}

/// Nine groups (TS 36.211 clause 6.8.1).
pub(super) const ELEMENTS_PER_CCE: usize = 36;
/// TS 36.211 table 6.8.1-1.
pub(super) const BITS_PER_CCE: usize = 72;

fn symbols_of_cfi(carrier: &CarrierConfig, cfi: u8) -> usize {
    usize::from(cfi) + usize::from(carrier.cell.n_rb_dl.get() <= NARROW_N_RB)
}

/// All groups of symbol `l` in increasing order of frequency (TS 36.211 clause 6.2.4). Reference signals are left out as
/// if there were two antenna ports at least.
fn regs_of_symbol(carrier: &CarrierConfig, l: usize) -> Vec<Reg> {
    let v_shift = usize::from(carrier.cell.n_id_cell) % 3;
    let with_reference = l == 0 || (l == 1 && carrier.n_ports == 4);
    let width = if with_reference { 6 } else { 4 };
    let reg = |first: usize| {
        let mut free = (first..first + width).filter(|k| !with_reference || k % 3 != v_shift);
        let subcarriers = [(); 4].map(|()| free.next().unwrap_or_else(|| unreachable!("two of six are taken")) as u16);
        Reg { first: first as u16, row: l as u8, subcarriers }
    };
    (0..carrier.cell.n_rb_dl.subcarriers()).step_by(width).map(reg).collect()
}

/// TS 36.211 clause 6.8.5: the quadruplets pass the sub-block interleaver of TS 36.212 clause 5.1.4.2.1 and a cyclic
/// shift by the cell identity, then fill `regs` one after the other. Gives the group of each quadruplet.
fn interleave(regs: &[Reg], n_id_cell: usize) -> Vec<Reg> {
    let n = regs.len();
    let rows = n.div_ceil(COLUMNS);
    let dummies = rows * COLUMNS - n;
    let by_column = PERMUTATION.iter().flat_map(|column| (0..rows).map(move |row| row * COLUMNS + column));
    let quadruplets = by_column.filter_map(|i| i.checked_sub(dummies)); // w: the quadruplet at each place
    let mut out = regs.to_vec();
    for (place, quadruplet) in quadruplets.enumerate() {
        out[quadruplet] = regs[(place + n - n_id_cell % n) % n];
    }
    out
}

/// TS 36.211 table 6.7-1: up to here the region is one symbol longer.
const NARROW_N_RB: usize = 10;
/// The longest control region (TS 36.211 table 6.7-1).
const MAX_SYMBOLS: usize = 4;
/// TS 36.212 clause 5.1.4.2.1.
const COLUMNS: usize = 32;
/// TS 36.212 table 5.1.4-2.
const PERMUTATION: [usize; COLUMNS] = [
    1, 17, 9, 25, 5, 21, 13, 29, 3, 19, 11, 27, 7, 23, 15, 31, 0, 16, 8, 24, 4, 20, 12, 28, 2, 18, 10, 26, 6, 22, 14,
    30,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{CellConfig, NRbDl, PhichConfig, PhichResource, SampleRateFamily};
    use proptest::prelude::*;

    fn carrier(n_rb_dl: NRbDl, n_id_cell: u16, n_ports: u8, phich: PhichConfig) -> CarrierConfig {
        let cell = CellConfig::new(n_rb_dl, n_id_cell, SampleRateFamily::Standard).unwrap();
        CarrierConfig { cell, n_ports, phich }
    }

    const RESOURCES: [PhichResource; 4] =
        [PhichResource::OneSixth, PhichResource::Half, PhichResource::One, PhichResource::Two];

    /// 25 PRB, cell 1, N_g 1/6: two groups per block in the first symbol, three in the others; one PHICH group.
    #[test]
    fn elements_of_a_known_carrier() {
        let phich = PhichConfig { duration: PhichDuration::Normal, resource: PhichResource::OneSixth };
        let region = ControlRegion::new(&carrier(NRbDl::ALL[2], 1, 1, phich), false);
        assert_eq!([1, 2, 3].map(|cfi| region.pdcch(cfi).len() / 4), [43, 118, 193]);
        assert_eq!([1, 2, 3].map(|cfi| region.cces(cfi)), [4, 13, 21]);
        assert_eq!(region.phich_groups(), 1);
        // k_bar = 6 * 1; 72, 150 and 222 further on.
        assert_eq!(region.pcfich()[..4], [(0, 6), (0, 8), (0, 9), (0, 11)]);
        assert_eq!([0, 4, 8, 12].map(|i| region.pcfich()[i]), [6, 78, 156, 228].map(|k| (0, k)));
        assert_eq!(region.common_search_space(2, AggregationLevel::Four).collect::<Vec<_>>(), [0, 4, 8]);
        assert_eq!(region.common_search_space(3, AggregationLevel::Eight).collect::<Vec<_>>(), [0, 8]);
        assert_eq!(region.common_search_space(1, AggregationLevel::Eight).count(), 0);
    }

    /// The cyclic shift and the interleaver as the clauses write them.
    #[test]
    fn quadruplets_fill_the_groups_as_the_clause_says() {
        let region = ControlRegion::new(&carrier(NRbDl::ALL[2], 77, 2, PhichConfig::default()), false);
        let quadruplets: Vec<_> = region.pdcch(2).chunks_exact(4).collect();
        let n = quadruplets.len();
        let rows = n.div_ceil(32);
        let y: Vec<Option<usize>> = std::iter::repeat_n(None, 32 * rows - n).chain((0..n).map(Some)).collect();
        let mut w = Vec::new();
        for column in PERMUTATION {
            w.extend((0..rows).filter_map(|row| y[32 * row + column]));
        }
        // Frequency first, then symbol: a group with reference signals begins up to two elements before its quadruplet.
        let mut sorted = quadruplets.clone();
        sorted.sort_by_key(|quadruplet| {
            let (row, k) = quadruplet[0];
            (if row == 0 { k / 6 * 6 } else { k / 4 * 4 }, row)
        });
        for (m, quadruplet) in sorted.iter().enumerate() {
            assert_eq!(quadruplets[w[(m + 77) % n]], *quadruplet, "w_bar({m}) = w({m} + N_ID)");
        }
    }

    proptest! {
        /// No resource element has two users, none of them is a reference signal, and nothing is left over.
        #[test]
        fn groups_share_the_region_without_overlap(
            n in proptest::sample::select(&NRbDl::ALL[..]), id in 0..504u16, ports in 0..3usize, resource in 0..4usize,
            extended: bool, mbsfn: bool,
        ) {
            let ports = [1, 2, 4][ports];
            let duration = if extended { PhichDuration::Extended } else { PhichDuration::Normal };
            let carrier = carrier(n, id, ports, PhichConfig { duration, resource: RESOURCES[resource] });
            let region = ControlRegion::new(&carrier, mbsfn);
            for &cfi in region.allowed_cfis() {
                let mut elements = region.pdcch(cfi).to_vec();
                elements.extend(region.pcfich());
                elements.extend(region.phich.iter().flatten().flat_map(Reg::elements));
                let count = elements.len();
                let symbols = region.symbols(cfi);
                let per_symbol = |l: usize| if l == 0 || (l == 1 && ports == 4) { 2 } else { 3 };
                prop_assert_eq!(count, 4 * (0..symbols).map(|l| per_symbol(l) * n.get()).sum::<usize>());
                elements.sort_unstable();
                elements.dedup();
                prop_assert_eq!(elements.len(), count);
                for (row, k) in elements {
                    prop_assert!(row < symbols && k < n.subcarriers());
                    prop_assert!(row > 0 || k % 3 != usize::from(id) % 3);
                }
            }
            let phich_rows = region.phich.iter().flatten().map(|reg| usize::from(reg.row) + 1).max().unwrap();
            prop_assert!(phich_rows <= phich::symbols(&carrier, mbsfn));
            prop_assert!(region.allowed_cfis().iter().all(|&cfi| region.symbols(cfi) >= phich_rows));
        }
    }
}
