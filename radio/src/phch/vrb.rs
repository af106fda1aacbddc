//! Virtual resource blocks, TS 36.211 clause 6.2.3, and the resource indication value that names a run of them,
//! TS 36.213 clause 7.1.6.3 (resource allocation type 2).

use crate::cell::NRbDl;

/// Which of the two gaps between the halves of a distributed virtual resource block (TS 36.211 table 6.2.3.2-1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Gap {
    /// N_gap,1.
    One,
    /// N_gap,2, from 50 resource blocks on.
    Two,
}

/// How virtual resource blocks become physical ones.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum VrbType {
    /// One to one (TS 36.211 clause 6.2.3.1).
    Localized,
    /// Spread over the band, each slot elsewhere (TS 36.211 clause 6.2.3.2).
    Distributed(Gap),
}

/// A run of virtual resource blocks (resource allocation type 2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct VrbAllocation {
    kind: VrbType,
    start: usize,
    len: usize,
}

/// A run of virtual resource blocks that the bandwidth does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VrbError {
    /// Outside of the virtual resource blocks, or empty.
    #[error("{len} virtual resource blocks from {start} on: there are {n_vrb}; ask for at least one within them")]
    Range {
        /// First virtual resource block.
        start: usize,
        /// How many.
        len: usize,
        /// How many there are.
        n_vrb: usize,
    },
    /// The second gap begins at 50 resource blocks (TS 36.211 table 6.2.3.2-1).
    #[error("{n_rb_dl} resource blocks have one gap only: use the first")]
    Gap {
        /// Bandwidth.
        n_rb_dl: usize,
    },
    /// No run has this resource indication value.
    #[error("resource indication value {riv} names no run of {n_vrb} virtual resource blocks")]
    Riv {
        /// The value.
        riv: u32,
        /// How many virtual resource blocks (or steps of them) there are.
        n_vrb: usize,
    },
}

impl VrbType {
    /// N_VRB^DL: virtual resource blocks of the bandwidth; none where the bandwidth has no second gap.
    pub fn n_vrb(self, n_rb_dl: NRbDl) -> usize {
        let n_rb = n_rb_dl.get();
        match self {
            Self::Localized => n_rb,
            Self::Distributed(Gap::One) => 2 * gap_1(n_rb).min(n_rb - gap_1(n_rb)),
            Self::Distributed(Gap::Two) => gap_2(n_rb).map_or(0, |gap| n_rb / (2 * gap) * 2 * gap),
        }
    }
}

impl VrbAllocation {
    /// `len` virtual resource blocks from `start` on.
    pub fn new(n_rb_dl: NRbDl, kind: VrbType, start: usize, len: usize) -> Result<Self, VrbError> {
        let n_vrb = kind.n_vrb(n_rb_dl);
        if n_vrb == 0 {
            return Err(VrbError::Gap { n_rb_dl: n_rb_dl.get() });
        }
        if len == 0 || start.saturating_add(len) > n_vrb {
            return Err(VrbError::Range { start, len, n_vrb });
        }
        Ok(Self { kind, start, len })
    }

    /// The allocation that a resource indication value of formats 1A, 1B and 1D names.
    pub fn from_riv(n_rb_dl: NRbDl, kind: VrbType, riv: u32) -> Result<Self, VrbError> {
        let (start, len) = run_of_riv(riv, n_rb_dl.get())?;
        Self::new(n_rb_dl, kind, start, len)
    }

    /// The allocation that a resource indication value of format 1C names: whole steps of distributed blocks.
    pub fn from_compact_riv(n_rb_dl: NRbDl, gap: Gap, riv: u32) -> Result<Self, VrbError> {
        let (kind, step) = (VrbType::Distributed(gap), n_rb_step(n_rb_dl));
        let (start, len) = run_of_riv(riv, kind.n_vrb(n_rb_dl) / step)?;
        Self::new(n_rb_dl, kind, step * start, step * len)
    }

    /// Localized or distributed.
    pub fn kind(&self) -> VrbType {
        self.kind
    }

    /// First virtual resource block.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Virtual resource blocks, which is also the number of physical resource blocks in each slot.
    #[expect(clippy::len_without_is_empty, reason = "an allocation is never empty")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Resource indication value of formats 1A, 1B and 1D.
    pub fn riv(&self, n_rb_dl: NRbDl) -> u32 {
        riv_of_run(self.start, self.len, n_rb_dl.get())
    }

    /// Resource indication value of format 1C with its gap; `None` when the allocation is localized or not in whole steps.
    pub fn compact_riv(&self, n_rb_dl: NRbDl) -> Option<(Gap, u32)> {
        let (VrbType::Distributed(gap), step) = (self.kind, n_rb_step(n_rb_dl)) else { return None };
        let whole = self.start.is_multiple_of(step) && self.len.is_multiple_of(step);
        whole.then(|| (gap, riv_of_run(self.start / step, self.len / step, self.kind.n_vrb(n_rb_dl) / step)))
    }

    /// Physical resource blocks in the even and odd slot, each in increasing order.
    pub fn prbs(&self, n_rb_dl: NRbDl) -> [Vec<usize>; 2] {
        [0, 1].map(|slot| {
            let of_vrb = |n_vrb| match self.kind {
                VrbType::Localized => n_vrb,
                VrbType::Distributed(gap) => distributed_prb(n_rb_dl, gap, n_vrb, slot),
            };
            let mut prbs: Vec<_> = (self.start..self.start + self.len).map(of_vrb).collect();
            prbs.sort_unstable();
            prbs
        })
    }
}

/// Bits of a resource indication value over `n` resource blocks or steps: ceil(log2(n (n + 1) / 2)).
pub(crate) fn riv_bits(n: usize) -> usize {
    (n * (n + 1) / 2).next_power_of_two().ilog2() as usize
}

/// N_RB^step of format 1C (TS 36.213 table 7.1.6.3-1).
pub(crate) fn n_rb_step(n_rb_dl: NRbDl) -> usize {
    if n_rb_dl.get() < 50 { 2 } else { 4 }
}

/// N_gap,1 (TS 36.211 table 6.2.3.2-1).
fn gap_1(n_rb: usize) -> usize {
    match n_rb {
        ..=10 => n_rb.div_ceil(2),
        11 => 4,
        12..=19 => 8,
        20..=26 => 12,
        27..=44 => 18,
        45..=63 => 27,
        64..=79 => 32,
        _ => 48,
    }
}

/// N_gap,2 (TS 36.211 table 6.2.3.2-1).
fn gap_2(n_rb: usize) -> Option<usize> {
    match n_rb {
        ..=49 => None,
        50..=63 => Some(9),
        _ => Some(16),
    }
}

/// P, resource blocks of a group (TS 36.213 table 7.1.6.1-1).
fn rbg_size(n_rb: usize) -> usize {
    match n_rb {
        ..=10 => 1,
        11..=26 => 2,
        27..=63 => 3,
        _ => 4,
    }
}

/// n_PRB of a distributed virtual resource block (TS 36.211 clause 6.2.3.2). Its interleaver is written row by row into
/// four columns and read column by column; the nulls are in the second and fourth column at the end.
fn distributed_prb(n_rb_dl: NRbDl, gap: Gap, n_vrb: usize, slot: usize) -> usize {
    let n_rb = n_rb_dl.get();
    let (n_gap, unit) = match (gap, gap_2(n_rb)) {
        (Gap::Two, Some(gap)) => (gap, 2 * gap),
        _ => (gap_1(n_rb), VrbType::Distributed(Gap::One).n_vrb(n_rb_dl)),
    };
    let p = rbg_size(n_rb);
    let n_row = unit.div_ceil(4 * p) * p;
    let n_null = 4 * n_row - unit;
    let (first, n) = (n_vrb / unit * unit, n_vrb % unit);
    // The last rows have two columns without nulls.
    let even = if n >= unit - n_null {
        let tail = 2 * n_row * (n % 2) + n / 2;
        if n % 2 == 1 { tail - n_row } else { tail - n_row + n_null / 2 }
    } else {
        let full = n_row * (n % 4) + n / 4;
        if n % 4 >= 2 { full - n_null / 2 } else { full }
    };
    let spread = (even + slot * unit / 2) % unit + first;
    if spread < unit / 2 { spread } else { spread + n_gap - unit / 2 }
}

/// TS 36.213 clause 7.1.6.3.
fn riv_of_run(start: usize, len: usize, n: usize) -> u32 {
    let riv = if len - 1 <= n / 2 { n * (len - 1) + start } else { n * (n - len + 1) + (n - 1 - start) };
    riv as u32
}

fn run_of_riv(riv: u32, n: usize) -> Result<(usize, usize), VrbError> {
    let none = VrbError::Riv { riv, n_vrb: n };
    if n == 0 {
        return Err(none);
    }
    let (quotient, remainder) = (riv as usize / n, riv as usize % n);
    // Either branch of the clause; only the right one stays within the band and comes back to the value.
    let direct = (remainder, quotient + 1);
    let mirrored = (n - 1 - remainder, (n + 1).saturating_sub(quotient));
    [direct, mirrored]
        .into_iter()
        .find(|&(start, len)| (1..=n).contains(&len) && start + len <= n && riv_of_run(start, len, n) == riv)
        .ok_or(none)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [VrbType; 3] = [VrbType::Localized, VrbType::Distributed(Gap::One), VrbType::Distributed(Gap::Two)];

    /// The clause in words: a matrix with nulls, read column by column.
    fn by_the_matrix(n_rb: usize, gap: Gap, n_vrb: usize) -> Vec<usize> {
        let (n_gap, unit) = match gap {
            Gap::One => (gap_1(n_rb), 2 * gap_1(n_rb).min(n_rb - gap_1(n_rb))),
            Gap::Two => (gap_2(n_rb).unwrap(), 2 * gap_2(n_rb).unwrap()),
        };
        let p = rbg_size(n_rb);
        let n_row = unit.div_ceil(4 * p) * p;
        let n_null = 4 * n_row - unit;
        let mut prb = vec![usize::MAX; n_vrb];
        for first in (0..n_vrb).step_by(unit) {
            let mut matrix = vec![[None; 4]; n_row];
            let mut next = first..first + unit;
            for (row, cells) in matrix.iter_mut().enumerate() {
                let nulls = row >= n_row - n_null / 2;
                for (column, cell) in cells.iter_mut().enumerate() {
                    *cell = if nulls && column % 2 == 1 { None } else { next.next() };
                }
            }
            assert_eq!(next.next(), None, "the matrix holds the unit");
            let order = (0..4).flat_map(|column| matrix.iter().filter_map(move |row| row[column]));
            for (position, vrb) in order.enumerate() {
                let position = position + first;
                prb[vrb] = if position < unit / 2 { position } else { position + n_gap - unit / 2 };
            }
        }
        prb
    }

    #[test]
    fn distributed_blocks_follow_the_interleaver_of_the_clause() {
        for n in NRbDl::ALL {
            for gap in [Gap::One, Gap::Two] {
                let kind = VrbType::Distributed(gap);
                if kind.n_vrb(n) == 0 {
                    continue;
                }
                let got: Vec<_> = (0..kind.n_vrb(n)).map(|vrb| distributed_prb(n, gap, vrb, 0)).collect();
                assert_eq!(got, by_the_matrix(n.get(), gap, kind.n_vrb(n)), "{n} PRB, {gap:?}");
            }
        }
    }

    /// Each slot uses each physical block once at most, and the two slots of a virtual block lie apart.
    #[test]
    fn virtual_blocks_are_a_permutation_of_physical_ones() {
        for n in NRbDl::ALL {
            for kind in KINDS {
                let n_vrb = kind.n_vrb(n);
                let Ok(all) = VrbAllocation::new(n, kind, 0, n_vrb) else { continue };
                let [even, odd] = all.prbs(n);
                assert_eq!(even, odd, "a whole unit covers the same blocks in both slots");
                assert!(
                    even.windows(2).all(|w| w[0] < w[1]) && even[n_vrb - 1] < n.get(),
                    "{n} PRB, {kind:?}: {even:?}"
                );
                if let VrbType::Distributed(gap) = kind {
                    for vrb in 0..n_vrb {
                        let [a, b] = [0, 1].map(|slot| distributed_prb(n, gap, vrb, slot));
                        let distance = if gap == Gap::Two { gap_2(n.get()).unwrap() } else { gap_1(n.get()) };
                        assert_eq!(a.abs_diff(b), distance, "{n} PRB, {kind:?}, VRB {vrb}");
                    }
                }
            }
        }
    }

    /// TS 36.212 clauses 5.3.3.1.3 and 5.3.3.1.4: the widths that follow from the tables.
    #[test]
    fn widths_of_the_value() {
        let wide = NRbDl::ALL.map(|n| riv_bits(n.get()));
        let compact = NRbDl::ALL.map(|n| riv_bits(VrbType::Distributed(Gap::One).n_vrb(n) / n_rb_step(n)));
        assert_eq!((wide, compact), ([5, 7, 9, 11, 12, 13], [3, 5, 7, 7, 8, 9]));
        assert_eq!(NRbDl::ALL.map(|n| VrbType::Distributed(Gap::One).n_vrb(n)), [6, 14, 24, 46, 64, 96]);
        assert_eq!(NRbDl::ALL.map(|n| VrbType::Distributed(Gap::Two).n_vrb(n)), [0, 0, 0, 36, 64, 96]);
    }

    proptest! {
        #[test]
        fn every_run_has_its_own_value(n in proptest::sample::select(&NRbDl::ALL[..]), kind in 0..3usize) {
            let kind = KINDS[kind];
            let n_vrb = kind.n_vrb(n);
            let mut seen = std::collections::BTreeSet::new();
            for start in 0..n_vrb {
                for len in 1..=n_vrb - start {
                    let allocation = VrbAllocation::new(n, kind, start, len).unwrap();
                    let riv = allocation.riv(n);
                    prop_assert!(seen.insert(riv) && riv < 1 << riv_bits(n.get()));
                    prop_assert_eq!(VrbAllocation::from_riv(n, kind, riv), Ok(allocation));
                    if let Some((gap, riv)) = allocation.compact_riv(n) {
                        prop_assert_eq!(VrbAllocation::from_compact_riv(n, gap, riv), Ok(allocation));
                    }
                }
            }
        }

        #[test]
        fn any_value_is_understood_or_refused(
            n in proptest::sample::select(&NRbDl::ALL[..]), kind in 0..3usize, riv: u32,
        ) {
            for riv in [riv, riv % 8192] {
                if let Ok(allocation) = VrbAllocation::from_riv(n, KINDS[kind], riv) {
                    prop_assert_eq!(allocation.riv(n), riv);
                }
                if let VrbType::Distributed(gap) = KINDS[kind]
                    && let Ok(allocation) = VrbAllocation::from_compact_riv(n, gap, riv)
                {
                    prop_assert_eq!(allocation.compact_riv(n), Some((gap, riv)));
                }
            }
        }
    }
}
