//! Physical downlink control channel: TS 36.211 clause 6.8, TS 36.212 clauses 5.3.3.2 to 5.3.3.4; blind decoding of the
//! common search space, TS 36.213 clause 9.1.1.

use num_complex::Complex32;

use super::mapping::transmit;
use super::reg::{AggregationLevel, BITS_PER_CCE, ControlRegion, ELEMENTS_PER_CCE};
use super::transmit_diversity::{ReceiveAntenna, combine};
use crate::cell::{CarrierConfig, NRbDl};
use crate::coding::{CRC16, conv};
use crate::dci::{Dci1A, Dci1C};
use crate::grid::Grid;
use crate::modem::{Demapper, Mapper, Modulation};
use crate::sequence::GoldSequence;

/// Formats of control information that a broadcast carrier has in the common search space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DciFormat {
    /// 1A.
    OneA,
    /// 1C.
    OneC,
}

impl DciFormat {
    /// Bits of the control information, CRC not included.
    pub fn size(self, n_rb_dl: NRbDl) -> usize {
        match self {
            Self::OneA => Dci1A::size(n_rb_dl),
            Self::OneC => Dci1C::size(n_rb_dl),
        }
    }
}

/// A PDCCH to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pdcch<'a> {
    /// Whom it is for.
    pub rnti: u16,
    /// First control channel element: a multiple of the level.
    pub first_cce: usize,
    /// Aggregation level.
    pub level: AggregationLevel,
    /// Control information, one bit per element.
    pub dci: &'a [u8],
}

/// Puts PDCCHs on the grid; allocates when a format is met for the first time.
pub struct PdcchEncoder {
    mapper: Mapper,
    /// By bits of control information.
    rate_matching: Vec<(usize, conv::RateMatch)>,
    block: Vec<u8>,
    coded: Vec<u8>,
    bits: Vec<u8>,
    scrambling: Vec<u8>,
    symbols: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Default for PdcchEncoder {
    fn default() -> Self {
        Self::new()
    }
}

impl PdcchEncoder {
    /// Plans mapping.
    pub fn new() -> Self {
        Self {
            mapper: Mapper::new(Modulation::Qpsk),
            rate_matching: Vec::new(),
            block: Vec::new(),
            coded: Vec::new(),
            bits: Vec::new(),
            scrambling: Vec::new(),
            symbols: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Puts a PDCCH on the grids, one for each antenna port; other elements stay as they are.
    ///
    /// # Panics
    /// If the region has no such elements at this CFI, or the grids are not those of the carrier.
    pub fn encode(&mut self, region: &ControlRegion, subframe: u8, cfi: u8, pdcch: &Pdcch<'_>, grids: &mut [Grid]) {
        let (first, count) = (pdcch.first_cce, pdcch.level.cces());
        assert!(first + count <= region.cces(cfi), "CCE {first} to {} of {}", first + count, region.cces(cfi));
        self.code(pdcch);
        let bits = first * BITS_PER_CCE..(first + count) * BITS_PER_CCE;
        self.scrambling.resize(bits.end, 0);
        scrambling(region, subframe).fill(&mut self.scrambling);
        self.bits.iter_mut().zip(&self.scrambling[bits]).for_each(|(b, c)| *b ^= c);
        self.symbols.resize(self.bits.len() / 2, Complex32::ZERO);
        self.mapper.map(&self.bits, &mut self.symbols);
        let elements = &region.pdcch(cfi)[first * ELEMENTS_PER_CCE..][..count * ELEMENTS_PER_CCE];
        transmit(&self.symbols, elements, grids, &mut self.scratch);
    }

    /// CRC with the RNTI on it, convolutional code, rate matching (TS 36.212 clauses 5.3.3.2 to 5.3.3.4).
    fn code(&mut self, pdcch: &Pdcch<'_>) {
        attach_crc(pdcch.dci, pdcch.rnti, &mut self.block);
        self.coded.clear();
        conv::encode(&self.block, &mut self.coded);
        let k = self.block.len();
        let known = self.rate_matching.iter().position(|&(of, _)| of == k);
        let i = known.unwrap_or_else(|| {
            self.rate_matching.push((k, conv::RateMatch::new(k)));
            self.rate_matching.len() - 1
        });
        self.bits.resize(pdcch.level.bits(), 0);
        self.rate_matching[i].1.select(&self.coded, &mut self.bits);
    }
}

/// A PDCCH that was found.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FoundPdcch<'a> {
    /// First control channel element.
    pub first_cce: usize,
    /// Aggregation level at which it was found first: the larger before the smaller.
    pub level: AggregationLevel,
    /// Control information, one bit per element.
    pub dci: &'a [u8],
    /// Share of the soft values, weighted, that agree with the code word less those that do not: 1 without noise.
    pub metric: f32,
}

/// Blind decoder of the common search space; allocates in `new` only.
pub struct PdcchDecoder {
    n_rb_dl: NRbDl,
    demapper: Demapper,
    viterbi: conv::TailBitingDecoder,
    formats: [Format; 2],
    symbols: Vec<Complex32>,
    sinr: Vec<f32>,
    scrambling: Vec<u8>,
    llr: Vec<f32>,
    /// Control channel elements last received.
    cces: usize,
}

/// What decoding a format takes.
struct Format {
    rate_matching: conv::RateMatch,
    d: Vec<f32>,
    block: Vec<u8>,
    recoded: Vec<u8>,
    e: Vec<u8>,
}

impl Format {
    fn new(size: usize) -> Self {
        let k = size + CRC16.length();
        Self {
            rate_matching: conv::RateMatch::new(k),
            d: vec![0.0; 3 * k],
            block: vec![0; k],
            recoded: Vec::with_capacity(3 * k),
            e: vec![0; AggregationLevel::Eight.bits()],
        }
    }

    /// Decodes one candidate; the metric when the CRC names `rnti`.
    fn decode(&mut self, viterbi: &mut conv::TailBitingDecoder, llr: &[f32], rnti: u16) -> Option<f32> {
        let total: f32 = llr.iter().map(|l| l.abs()).sum();
        if total <= 0.0 || !total.is_finite() {
            return None; // nothing was sent there
        }
        self.d.fill(0.0);
        self.rate_matching.accumulate(llr, &mut self.d);
        viterbi.decode(&self.d, &mut self.block);
        if rnti_of(&self.block) != rnti {
            return None;
        }
        self.recoded.clear();
        conv::encode(&self.block, &mut self.recoded);
        let e = &mut self.e[..llr.len()];
        self.rate_matching.select(&self.recoded, e);
        let agreement: f32 = llr.iter().zip(e).map(|(l, b)| l * (1.0 - 2.0 * f32::from(*b))).sum();
        Some(agreement / total)
    }
}

impl PdcchDecoder {
    /// Plans decoding on a carrier.
    pub fn new(carrier: &CarrierConfig) -> Self {
        let n_rb_dl = carrier.cell.n_rb_dl;
        let symbols = COMMON_CCES * BITS_PER_CCE / 2;
        let mut viterbi = conv::TailBitingDecoder::new();
        let mut formats = [DciFormat::OneA, DciFormat::OneC].map(|format| Format::new(format.size(n_rb_dl)));
        formats.iter_mut().for_each(|f| viterbi.decode(&f.d, &mut f.block)); // its room is for the longest block
        Self {
            n_rb_dl,
            demapper: Demapper::new(Modulation::Qpsk),
            viterbi,
            formats,
            symbols: vec![Complex32::ZERO; symbols],
            sinr: vec![0.0; symbols],
            scrambling: vec![0; 2 * symbols],
            llr: vec![0.0; 2 * symbols],
            cces: 0,
        }
    }

    /// Takes the common search space of a subframe, `antennas` having been heard and estimated.
    ///
    /// # Panics
    /// If `cfi` is not 1, 2 or 3, or the grids are not those of the carrier.
    pub fn receive(&mut self, region: &ControlRegion, subframe: u8, cfi: u8, antennas: &[ReceiveAntenna<'_>]) {
        self.cces = region.cces(cfi).min(COMMON_CCES);
        let n = self.cces * BITS_PER_CCE / 2;
        let (symbols, sinr, llr) = (&mut self.symbols[..n], &mut self.sinr[..n], &mut self.llr[..2 * n]);
        combine(region.carrier().n_ports, &region.pdcch(cfi)[..n], antennas, symbols, sinr);
        self.demapper.demap(symbols, sinr, llr);
        let c = &mut self.scrambling[..2 * n];
        scrambling(region, subframe).fill(c);
        llr.iter_mut().zip(c).for_each(|(l, c)| *l *= 1.0 - 2.0 * f32::from(*c));
    }

    /// Looks for control information of a format and RNTI in what was last received: the best candidate, if any passes
    /// its CRC and is not noise.
    pub fn search(&mut self, rnti: u16, format: DciFormat) -> Option<FoundPdcch<'_>> {
        let size = format.size(self.n_rb_dl);
        let state = &mut self.formats[format as usize];
        for level in [AggregationLevel::Eight, AggregationLevel::Four] {
            for m in 0..self.cces / level.cces() {
                let first_cce = m * level.cces();
                let llr = &self.llr[first_cce * BITS_PER_CCE..][..level.bits()];
                if let Some(metric) = state.decode(&mut self.viterbi, llr, rnti)
                    && metric >= min_metric(size, level)
                {
                    return Some(FoundPdcch {
                        first_cce,
                        level,
                        dci: &self.formats[format as usize].block[..size],
                        metric,
                    });
                }
            }
        }
        None
    }
}

#[cfg(test)]
impl PdcchDecoder {
    /// Metrics of all candidates, each taken for the RNTI that its CRC names.
    pub(super) fn metrics(&mut self, format: DciFormat, level: AggregationLevel) -> Vec<f32> {
        let state = &mut self.formats[format as usize];
        let candidates = self.llr[..self.cces * BITS_PER_CCE].chunks_exact(level.bits());
        let metric = |llr| {
            state.decode(&mut self.viterbi, llr, 0);
            let rnti = rnti_of(&state.block);
            state.decode(&mut self.viterbi, llr, rnti)
        };
        candidates.filter_map(metric).collect()
    }
}

/// The metric below which a candidate is taken for noise although its CRC passes. On noise the best of the code words fits
/// in proportion to sqrt(K / E); some five standard deviations are added. Less than one candidate of noise in 10^4 is
/// above, so that with the CRC a false alarm takes more than 5 x 10^8 candidates of noise.
pub(super) fn min_metric(size: usize, level: AggregationLevel) -> f32 {
    let (k, e) = ((size + CRC16.length()) as f32, level.bits() as f32);
    (1.2 * k.sqrt() + 4.2) / e.sqrt()
}

/// Control information, its parity with the RNTI on it (TS 36.212 clause 5.3.3.2).
fn attach_crc(dci: &[u8], rnti: u16, block: &mut Vec<u8>) {
    let parity = CRC16.bits(dci) ^ u32::from(rnti);
    block.clear();
    block.extend_from_slice(dci);
    block.extend((0..CRC16.length()).rev().map(|i| (parity >> i & 1) as u8));
}

/// The RNTI for which a block would be (TS 36.212 clause 5.3.3.2).
fn rnti_of(block: &[u8]) -> u16 {
    let (dci, parity) = block.split_at(block.len() - CRC16.length());
    let parity = parity.iter().fold(0, |value, &bit| value << 1 | u32::from(bit));
    (parity ^ CRC16.bits(dci)) as u16
}

/// TS 36.211 clause 6.8.2.
fn scrambling(region: &ControlRegion, subframe: u8) -> GoldSequence {
    GoldSequence::new(u32::from(subframe) << 9 | u32::from(region.carrier().cell.n_id_cell))
}

/// Control channel elements of the common search space: four candidates of four, two of eight.
const COMMON_CCES: usize = 16;
