//! Modulation, coding scheme and transport block size of PMCH, TS 36.213 clauses 11.1 and 7.1.7.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cell::{ConfigError, NRbDl};
use crate::modem::Modulation;

/// The table that an MCS index counts in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum McsTable {
    /// TS 36.213 table 7.1.7.1-1, up to 64QAM: indices 0 to 28.
    #[default]
    Qam64,
    /// TS 36.213 table 7.1.7.1-1A, up to 256QAM: indices 0 to 27.
    Qam256,
}

impl McsTable {
    /// Is it the table that Release 9 has?
    pub fn is_qam64(&self) -> bool {
        *self == Self::Qam64
    }
}

/// Index I_MCS with its table. A number alone counts in the table up to 64QAM.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Mcs {
    /// The table.
    pub table: McsTable,
    /// I_MCS.
    pub index: u8,
}

impl Mcs {
    /// Every MCS of both tables.
    pub fn all() -> impl Iterator<Item = Self> {
        let of = |table, rows: usize| (0..rows as u8).map(move |index| Self { table, index });
        of(McsTable::Qam64, MCS.len()).chain(of(McsTable::Qam256, MCS_256QAM.len()))
    }
}

impl From<u8> for Mcs {
    fn from(index: u8) -> Self {
        Self { table: McsTable::Qam64, index }
    }
}

impl fmt::Display for Mcs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.table {
            McsTable::Qam64 => write!(f, "{}", self.index),
            McsTable::Qam256 => write!(f, "{} of the 256QAM table", self.index),
        }
    }
}

/// What an MCS index means at a bandwidth: PMCH always fills all resource blocks (TS 36.213 clause 11.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TransportFormat {
    /// MCS index.
    pub mcs: Mcs,
    /// Modulation.
    pub modulation: Modulation,
    /// Transport block size, bits.
    pub tbs_bits: usize,
}

impl TransportFormat {
    /// Looks up an MCS index.
    pub fn new(n_rb_dl: NRbDl, mcs: impl Into<Mcs>) -> Result<Self, ConfigError> {
        let mcs = mcs.into();
        let rows = match mcs.table {
            McsTable::Qam64 => &MCS[..],
            McsTable::Qam256 => &MCS_256QAM[..],
        };
        let (q_m, i_tbs) = *rows.get(usize::from(mcs.index)).ok_or(ConfigError::Mcs { mcs })?;
        let modulation = match q_m {
            2 => Modulation::Qpsk,
            4 => Modulation::Qam16,
            6 => Modulation::Qam64,
            _ => Modulation::Qam256,
        };
        let tbs_bits = TBS[usize::from(i_tbs)][n_rb_dl.index()] as usize;
        Ok(Self { mcs, modulation, tbs_bits })
    }

    /// Transport block size, octets.
    pub fn octets(&self) -> usize {
        self.tbs_bits / 8
    }
}

/// TS 36.213 table 7.1.7.1-1: (Q_m, I_TBS) by I_MCS.
#[rustfmt::skip]
const MCS: [(u8, u8); 29] = [
    (2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 6), (2, 7), (2, 8), (2, 9),
    (4, 9), (4, 10), (4, 11), (4, 12), (4, 13), (4, 14), (4, 15), (6, 15), (6, 16), (6, 17),
    (6, 18), (6, 19), (6, 20), (6, 21), (6, 22), (6, 23), (6, 24), (6, 25), (6, 26),
];

/// TS 36.213 table 7.1.7.1-1A: (Q_m, I_TBS) by I_MCS.
#[rustfmt::skip]
const MCS_256QAM: [(u8, u8); 28] = [
    (2, 0), (2, 2), (2, 4), (2, 6), (2, 8), (4, 10), (4, 11), (4, 12), (4, 13), (4, 14),
    (4, 15), (6, 16), (6, 17), (6, 18), (6, 19), (6, 20), (6, 21), (6, 22), (6, 23), (6, 24),
    (8, 25), (8, 27), (8, 28), (8, 29), (8, 30), (8, 31), (8, 32), (8, 33),
];

/// TS 36.213 table 7.1.7.2.1-1: transport block sizes by I_TBS, columns of N_PRB 6, 15, 25, 50, 75, 100.
#[rustfmt::skip]
const TBS: [[u32; 6]; 34] = [
    [152, 392, 680, 1384, 2088, 2792],
    [208, 520, 904, 1800, 2728, 3624],
    [256, 648, 1096, 2216, 3368, 4584],
    [328, 872, 1416, 2856, 4392, 5736],
    [408, 1064, 1800, 3624, 5352, 7224],
    [504, 1320, 2216, 4392, 6712, 8760],
    [600, 1544, 2600, 5160, 7736, 10296],
    [712, 1800, 3112, 6200, 9144, 12216],
    [808, 2088, 3496, 6968, 10680, 14112],
    [936, 2344, 4008, 7992, 11832, 15840],
    [1032, 2664, 4392, 8760, 12960, 17568],
    [1192, 2984, 4968, 9912, 15264, 19848],
    [1352, 3368, 5736, 11448, 16992, 22920],
    [1544, 3880, 6456, 12960, 19080, 25456],
    [1736, 4264, 7224, 14112, 21384, 28336],
    [1800, 4584, 7736, 15264, 22920, 30576],
    [1928, 4968, 7992, 16416, 24496, 32856],
    [2152, 5352, 9144, 18336, 27376, 36696],
    [2344, 5992, 9912, 19848, 29296, 39232],
    [2600, 6456, 10680, 21384, 32856, 43816],
    [2792, 6968, 11448, 22920, 35160, 46888],
    [2984, 7480, 12576, 25456, 37888, 51024],
    [3240, 7992, 13536, 27376, 40576, 55056],
    [3496, 8504, 14112, 28336, 43816, 57336],
    [3624, 9144, 15264, 30576, 45352, 61664],
    [3752, 9528, 15840, 31704, 46888, 63776],
    [4392, 11064, 18336, 36696, 55056, 75376],
    [4008, 9912, 16416, 32856, 48936, 66592],
    [4264, 10680, 17568, 35160, 52752, 71112],
    [4392, 11064, 18336, 36696, 55056, 73712],
    [4776, 11832, 19848, 39232, 59256, 78704],
    [4968, 12216, 20616, 40576, 61664, 81176],
    [5160, 12960, 21384, 42368, 63776, 84760],
    [5992, 14688, 24496, 48936, 75376, 97896],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_equal_the_published_ones() {
        let Some((tbs, mcs)) = fixtures::facts::tbs().zip(fixtures::facts::mcs()) else { return };
        let Some(mcs_256qam) = fixtures::facts::mcs_256qam() else { return };
        for n in NRbDl::ALL {
            for (i_tbs, row) in TBS.iter().enumerate() {
                assert_eq!(row[n.index()], tbs[i_tbs][n.get() - 1], "I_TBS {i_tbs}, {n} PRB");
            }
        }
        for (ours, published) in [(&MCS[..], mcs), (&MCS_256QAM[..], mcs_256qam)] {
            let published: Vec<_> = published.iter().map(|row| (row.q_m, row.i_tbs)).collect();
            assert_eq!(ours, published);
        }
    }

    #[test]
    fn reserved_indices_are_refused() {
        assert!(matches!(TransportFormat::new(NRbDl::ALL[2], 29), Err(ConfigError::Mcs { .. })));
        let mcs = Mcs { table: McsTable::Qam256, index: 28 };
        let error = TransportFormat::new(NRbDl::ALL[2], mcs).unwrap_err().to_string();
        assert!(
            error.starts_with("MCS 28 of the 256QAM table has no transport block size; allowed: 0 to 27"),
            "{error}"
        );
        assert_eq!(TransportFormat::new(NRbDl::ALL[2], 20).unwrap().tbs_bits, 9912); // R.39-1
    }
}
