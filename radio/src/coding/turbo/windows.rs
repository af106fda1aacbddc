//! How a code block is cut into windows that are decoded side by side.
//!
//! Lane j holds the window of bits j·W to (j + 1)·W - 1, W rows. The interleaver of TS 36.212 5.1.3.2.3 is a polynomial, so
//! Π(i + j·W) mod W is the same for all j: what one row holds comes from one row, only the lanes change places.

use super::lanes::{LANES, Shuffle};
use crate::coding::crc::Crc;

/// Everything about code blocks of one size and CRC that can be computed before the bits are there.
#[derive(Debug, Clone)]
pub(in crate::coding) struct Windows {
    k: usize,
    /// W.
    rows: usize,
    /// Row that row i of the second decoder's input comes from.
    pub(super) row: Vec<u16>,
    /// By row of the second decoder: lanes from the order of the block to interleaved order, and back.
    pub(super) interleave: Vec<Shuffle>,
    pub(super) deinterleave: Vec<Shuffle>,
    /// Remainder by the generator polynomial of the CRC of each bit alone; zero for filler bits.
    pub(super) remainders: Vec<[u32; LANES]>,
}

impl Windows {
    /// Plans for blocks with the interleaver Π that start with `filler` bits which their `crc` leaves out.
    pub(in crate::coding) fn new(interleaver: &[u16], crc: &Crc, filler: usize) -> Self {
        let k = interleaver.len();
        // All sizes are multiples of 8, those from 512 on of 16. Unused lanes stay zero.
        let windows = if k >= SIXTEEN_WINDOWS_FROM { LANES } else { LANES / 2 };
        let rows = k / windows;
        let lane_of = |i: usize, lane: usize| usize::from(interleaver[i + lane * rows]) / rows;
        let (mut interleave, mut deinterleave) = (vec![[0; 2 * LANES]; rows], vec![[0; 2 * LANES]; rows]);
        for (i, (there, back)) in interleave.iter_mut().zip(&mut deinterleave).enumerate() {
            for lane in 0..LANES {
                let from = if lane < windows { lane_of(i, lane) } else { lane };
                let bytes = |lane: usize| [2 * lane as u8, 2 * lane as u8 + 1];
                there[2 * lane..][..2].copy_from_slice(&bytes(from));
                back[2 * from..][..2].copy_from_slice(&bytes(lane));
            }
        }
        let mut remainders = vec![[0; LANES]; rows];
        for (i, remainder) in (filler..k).rev().zip(crc.remainders()) {
            remainders[i % rows][i / rows] = remainder;
        }
        let row = interleaver[..rows].iter().map(|&i| i % rows as u16).collect();
        Self { k, rows, row, interleave, deinterleave, remainders }
    }

    /// K.
    pub(in crate::coding) fn k(&self) -> usize {
        self.k
    }

    /// W.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Windows in use.
    pub(super) fn windows(&self) -> usize {
        self.k / self.rows
    }
}

/// The smallest block of sixteen windows; smaller ones are cut in eight.
const SIXTEEN_WINDOWS_FROM: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coding::crc::CRC24B;
    use crate::coding::qpp;

    #[test]
    fn rows_and_lanes_are_the_interleaver() {
        for k in qpp::block_sizes() {
            let interleaver = qpp::interleaver(k);
            let windows = Windows::new(&interleaver, &CRC24B, 0);
            assert_eq!(windows.rows() * windows.windows(), k);
            for (i, &from) in interleaver.iter().enumerate() {
                let (row, lane) = (i % windows.rows(), i / windows.rows());
                let from_lane = usize::from(windows.interleave[row][2 * lane] / 2);
                assert_eq!(usize::from(from), from_lane * windows.rows() + usize::from(windows.row[row]), "K = {k}");
                assert_eq!(usize::from(windows.deinterleave[row][2 * from_lane] / 2), lane, "K = {k}");
            }
        }
    }
}
