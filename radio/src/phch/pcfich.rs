//! Physical control format indicator channel: TS 36.211 clause 6.7, TS 36.212 clause 5.3.4.

use num_complex::Complex32;

use super::mapping::transmit;
use super::reg::ControlRegion;
use super::transmit_diversity::{ReceiveAntenna, combine};
use crate::grid::Grid;
use crate::modem::{Demapper, Mapper, Modulation};
use crate::sequence::GoldSequence;

/// Encodes and decodes the CFI of a carrier; allocates in `new` only.
pub struct Pcfich {
    mapper: Mapper,
    demapper: Demapper,
    symbols: [Complex32; SYMBOLS],
    sinr: [f32; SYMBOLS],
    scratch: Vec<Complex32>,
}

/// A control format indicator as it was received.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ReceivedCfi {
    /// CFI, 1 to 3.
    pub cfi: u8,
    /// How well the code word fits: the share of soft values that agree with it, weighted; 1 without noise, around 0.3
    /// for noise.
    pub metric: f32,
}

impl Default for Pcfich {
    fn default() -> Self {
        Self::new()
    }
}

impl Pcfich {
    /// Plans mapping and demapping.
    pub fn new() -> Self {
        Self {
            mapper: Mapper::new(Modulation::Qpsk),
            demapper: Demapper::new(Modulation::Qpsk),
            symbols: [Complex32::ZERO; SYMBOLS],
            sinr: [0.0; SYMBOLS],
            scratch: Vec::with_capacity(SYMBOLS),
        }
    }

    /// Puts a CFI on the grids, one for each antenna port.
    ///
    /// # Panics
    /// If `cfi` is not 1, 2 or 3, or the grids are not those of the carrier.
    pub fn encode(&mut self, region: &ControlRegion, subframe: u8, cfi: u8, grids: &mut [Grid]) {
        let mut bits = code_word(cfi);
        let scrambling = scrambling(region, subframe);
        bits.iter_mut().zip(scrambling).for_each(|(b, c)| *b ^= c);
        self.mapper.map(&bits, &mut self.symbols);
        transmit(&self.symbols, region.pcfich(), grids, &mut self.scratch);
    }

    /// The likeliest of the CFIs that the region allows, `antennas` having been heard and estimated.
    ///
    /// # Panics
    /// If the grids are not those of the carrier.
    pub fn decode(&mut self, region: &ControlRegion, subframe: u8, antennas: &[ReceiveAntenna<'_>]) -> ReceivedCfi {
        combine(region.carrier().n_ports, region.pcfich(), antennas, &mut self.symbols, &mut self.sinr);
        let mut llr = [0.0; BITS];
        self.demapper.demap(&self.symbols, &self.sinr, &mut llr);
        let scrambling = scrambling(region, subframe);
        llr.iter_mut().zip(scrambling).for_each(|(l, c)| *l *= 1.0 - 2.0 * f32::from(c));
        let total: f32 = llr.iter().map(|l| l.abs()).sum::<f32>().max(f32::MIN_POSITIVE);
        let fit = |&cfi: &u8| {
            let agreement: f32 = llr.iter().zip(code_word(cfi)).map(|(l, b)| l * (1.0 - 2.0 * f32::from(b))).sum();
            ReceivedCfi { cfi, metric: agreement / total }
        };
        let candidates = region.allowed_cfis().iter().map(fit);
        candidates.max_by(|a, b| a.metric.total_cmp(&b.metric)).unwrap_or_else(|| unreachable!("some CFI is allowed"))
    }
}

/// TS 36.212 table 5.3.4-1: 0 1 1, 1 0 1 and 1 1 0 over and over.
fn code_word(cfi: u8) -> [u8; BITS] {
    assert!((1..=3).contains(&cfi), "CFI {cfi}");
    std::array::from_fn(|i| u8::from(i % 3 != usize::from(cfi) - 1))
}

/// TS 36.211 clause 6.7.1.
fn scrambling(region: &ControlRegion, subframe: u8) -> [u8; BITS] {
    let id = u32::from(region.carrier().cell.n_id_cell);
    let mut c = [0; BITS];
    GoldSequence::new((u32::from(subframe) + 1) * (2 * id + 1) * (1 << 9) + id).fill(&mut c);
    c
}

const BITS: usize = 32;
const SYMBOLS: usize = BITS / 2;
