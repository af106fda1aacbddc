//! Physical broadcast channel: coding of the MIB, TS 36.212 clause 5.3.1, and its way onto the grid, TS 36.211 clause 6.6
//! (normal cyclic prefix).

use num_complex::Complex32;

use super::transmit_diversity::{ReceiveAntenna, combine, precode};
use crate::cell::{CarrierConfig, CellConfig};
use crate::coding::{CRC16, conv};
use crate::grid::Grid;
use crate::modem::{Demapper, Mapper, Modulation};
use crate::sequence::GoldSequence;

/// A: bits of the MasterInformationBlock (TS 36.331 clause 6.2.2).
const MIB_BITS: usize = 24;
/// K: with the CRC (TS 36.212 clause 5.3.1.1).
const K: usize = MIB_BITS + 16;
/// Radio frames of one transmission (TS 36.211 clause 6.6.1: it starts where n_f mod 4 = 0).
pub const PBCH_FRAMES: usize = 4;
/// Resource elements of one frame (TS 36.211 clause 6.6.4).
const ELEMENTS: usize = 240;
/// Bits of one frame: 1920 over four frames (TS 36.211 clause 6.6.1). That is the coded block four times over.
const FRAME_BITS: usize = 2 * ELEMENTS;
/// Rows of the first four symbols of slot 1 (TS 36.211 clause 6.6.4).
const ROWS: std::ops::Range<usize> = 7..11;
/// Subcarriers, in the middle of the carrier.
const SUBCARRIERS: usize = 72;

/// A message is believed when it fits the soft bits by this many standard deviations of what it would fit noise.
///
/// Soft bits of noise have random signs: a given message fits them better than t standard deviations with less than
/// exp(-t^2 / 2) (Hoeffding), and there are 2^24 messages. So one decoding accepts noise once in 1.3e9 at most, the twelve
/// of a frame once in 1e8; the CRC alone would accept once in 5e3 frames. At -5 dB a message fits one frame by 10.7.
const FIT_MIN: f32 = 8.65;

/// Mask of the CRC by number of antenna ports (TS 36.212 table 5.3.1.1-1).
const MASKS: [(u8, u32); 3] = [(1, 0x0000), (2, 0xffff), (4, 0x5555)];

/// (row, subcarrier) in the order of mapping: what four antenna ports would use for reference signals stays free.
fn elements(cell: &CellConfig) -> Vec<(usize, usize)> {
    let first = cell.n_rb_dl.subcarriers() / 2 - SUBCARRIERS / 2;
    let reserved = |l: usize, k: usize| l < ROWS.start + 2 && k % 3 == usize::from(cell.n_id_cell) % 3;
    let of_row = |l: usize| (0..SUBCARRIERS).filter(move |&k| !reserved(l, k)).map(move |k| (l, first + k));
    ROWS.flat_map(of_row).collect()
}

/// c(n) of all four frames (TS 36.211 clause 6.6.1).
fn scrambling(cell: &CellConfig) -> Vec<u8> {
    let mut c = vec![0; PBCH_FRAMES * FRAME_BITS];
    GoldSequence::new(cell.n_id_cell.into()).fill(&mut c);
    c
}

/// The message with its masked CRC.
fn with_crc(mib: [u8; 3], mask: u32) -> [u8; K] {
    let mut block = [0; K];
    let message = mib.iter().flat_map(|octet| (0..8).rev().map(move |i| octet >> i & 1));
    block.iter_mut().zip(message).for_each(|(b, m)| *b = m);
    CRC16.attach(&mut block);
    block[MIB_BITS..].iter_mut().zip((0..16).rev()).for_each(|(b, i)| *b ^= (mask >> i & 1) as u8);
    block
}

/// Puts MIBs on the grid.
#[derive(Clone, Debug)]
pub struct PbchEncoder {
    n_ports: u8,
    mask: u32,
    elements: Vec<(usize, usize)>,
    scrambling: Vec<u8>,
    rate_match: conv::RateMatch,
    coded: Vec<u8>,
    bits: Vec<u8>,
    mapper: Mapper,
    /// By frame.
    symbols: Vec<Complex32>,
    precoded: Vec<Complex32>,
}

impl PbchEncoder {
    /// Plans the channel of a carrier, with a MIB of zeros.
    ///
    /// # Panics
    /// If the carrier has not 1, 2 or 4 ports.
    pub fn new(carrier: &CarrierConfig) -> Self {
        let mask = MASKS.iter().find(|&&(n_ports, _)| n_ports == carrier.n_ports);
        let &(n_ports, mask) = mask.unwrap_or_else(|| panic!("{} antenna ports; allowed: 1, 2, 4", carrier.n_ports));
        let mut encoder = Self {
            n_ports,
            mask,
            elements: elements(&carrier.cell),
            scrambling: scrambling(&carrier.cell),
            rate_match: conv::RateMatch::new(K),
            coded: Vec::with_capacity(3 * K),
            bits: vec![0; PBCH_FRAMES * FRAME_BITS],
            mapper: Mapper::new(Modulation::Qpsk),
            symbols: vec![Complex32::ZERO; PBCH_FRAMES * ELEMENTS],
            precoded: vec![Complex32::ZERO; ELEMENTS],
        };
        encoder.encode([0; 3]);
        encoder
    }

    /// Takes the MIB of the next four frames, first bit most significant.
    pub fn encode(&mut self, mib: [u8; 3]) {
        conv::encode(&with_crc(mib, self.mask), &mut self.coded);
        self.rate_match.select(&self.coded, &mut self.bits);
        self.bits.iter_mut().zip(&self.scrambling).for_each(|(b, c)| *b ^= c);
        self.mapper.map(&self.bits, &mut self.symbols);
    }

    /// Puts what `port` sends in frame `quarter` (n_f mod 4) into the grid of subframe 0.
    ///
    /// # Panics
    /// If `quarter` is above 3, there is no such port, or the grid is not that of a unicast subframe of the carrier.
    pub fn put(&mut self, quarter: usize, port: u8, grid: &mut Grid) {
        let symbols = &self.symbols[quarter * ELEMENTS..][..ELEMENTS];
        precode(self.n_ports, port, symbols, &mut self.precoded);
        self.elements.iter().zip(&self.precoded).for_each(|(&(l, k), y)| grid.row_mut(l)[k] = *y);
    }
}

/// A MIB that was received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PbchMessage {
    /// MasterInformationBlock, first bit most significant.
    pub mib: [u8; 3],
    /// Antenna ports: 1, 2 or 4.
    pub n_ports: u8,
    /// n_f mod 4 of the frame that completed it: the two lowest bits of the system frame number.
    pub quarter: u8,
}

/// Soft bits of one frame under one hypothesis of antenna ports, before descrambling.
#[derive(Clone, Debug)]
struct FrameBits {
    llr: Vec<f32>,
    /// Sum of squares.
    energy: f32,
}

/// Finds the MIB, the number of antenna ports and the position in the 40 ms; allocates in `new` only.
#[derive(Clone, Debug)]
pub struct PbchDecoder {
    elements: Vec<(usize, usize)>,
    scrambling: Vec<u8>,
    rate_match: conv::RateMatch,
    viterbi: conv::TailBitingDecoder,
    demapper: Demapper,
    symbols: Vec<Complex32>,
    sinr: Vec<f32>,
    /// By frame, newest last, then by hypothesis of [`MASKS`].
    frames: Vec<[FrameBits; 3]>,
    /// How many of `frames` hold something.
    held: usize,
    last_frame: u64,
    descrambled: Vec<f32>,
    soft: Vec<f32>,
    coded: Vec<u8>,
}

impl PbchDecoder {
    /// Plans it for a cell. Bandwidth counts for where the middle of the grid is: before it is known, 6 resource blocks do.
    pub fn new(cell: &CellConfig) -> Self {
        let bits = || FrameBits { llr: vec![0.0; FRAME_BITS], energy: 0.0 };
        let mut viterbi = conv::TailBitingDecoder::new();
        viterbi.decode(&[0.0; 3 * K], &mut [0; K]); // makes its room
        Self {
            elements: elements(cell),
            scrambling: scrambling(cell),
            rate_match: conv::RateMatch::new(K),
            viterbi,
            demapper: Demapper::new(Modulation::Qpsk),
            symbols: vec![Complex32::ZERO; ELEMENTS],
            sinr: vec![0.0; ELEMENTS],
            frames: (0..PBCH_FRAMES).map(|_| [bits(), bits(), bits()]).collect(),
            held: 0,
            last_frame: 0,
            descrambled: vec![0.0; FRAME_BITS],
            soft: vec![0.0; 3 * K],
            coded: Vec::with_capacity(3 * K),
        }
    }

    /// Forgets the frames that it holds.
    pub fn clear(&mut self) {
        self.held = 0;
    }

    /// Takes subframe 0 of radio frame `frame` (counted from anywhere; after a gap the frames before it are forgotten) and
    /// tries every number of ports that the estimates know, every position in the 40 ms, and as many frames as belong
    /// together.
    ///
    /// # Panics
    /// If a grid or estimate is not that of a unicast subframe of the cell.
    pub fn push(&mut self, frame: u64, antennas: &[ReceiveAntenna<'_>]) -> Option<PbchMessage> {
        if self.held > 0 && frame != self.last_frame.wrapping_add(1) {
            self.held = 0;
        }
        self.last_frame = frame;
        self.frames.rotate_left(1);
        self.held = (self.held + 1).min(PBCH_FRAMES);
        let ports_known = antennas.iter().map(|a| a.estimate.n_ports()).min().unwrap_or(0);
        let hypotheses = MASKS.iter().filter(|&&(n_ports, _)| n_ports <= ports_known).count();
        for hypothesis in 0..hypotheses {
            self.demap(hypothesis, antennas);
        }
        // Where most frames belong together first.
        let quarters = (0..PBCH_FRAMES).rev();
        let all = quarters.flat_map(|quarter| (0..hypotheses).map(move |hypothesis| (quarter, hypothesis)));
        all.into_iter().find_map(|(quarter, hypothesis)| self.decode(quarter, hypothesis))
    }

    fn demap(&mut self, hypothesis: usize, antennas: &[ReceiveAntenna<'_>]) {
        combine(MASKS[hypothesis].0, &self.elements, antennas, &mut self.symbols, &mut self.sinr);
        let bits = &mut self.frames[PBCH_FRAMES - 1][hypothesis];
        self.demapper.demap(&self.symbols, &self.sinr, &mut bits.llr);
        bits.energy = bits.llr.iter().map(|l| l * l).sum();
    }

    /// Decodes as if the newest frame were `quarter` of its four.
    fn decode(&mut self, quarter: usize, hypothesis: usize) -> Option<PbchMessage> {
        let together = self.held.min(quarter + 1);
        self.soft.fill(0.0);
        let mut energy = 0.0;
        for age in 0..together {
            let bits = &self.frames[PBCH_FRAMES - 1 - age][hypothesis];
            let c = &self.scrambling[(quarter - age) * FRAME_BITS..][..FRAME_BITS];
            for ((d, l), &c) in self.descrambled.iter_mut().zip(&bits.llr).zip(c) {
                *d = if c == 0 { *l } else { -l };
            }
            self.rate_match.accumulate(&self.descrambled, &mut self.soft);
            energy += bits.energy;
        }
        let mut block = [0; K];
        self.viterbi.decode(&self.soft, &mut block);

        let (n_ports, mask) = MASKS[hypothesis];
        let mut mib = [0; 3];
        crate::coding::pack(&block[..MIB_BITS], &mut mib);
        if with_crc(mib, mask) != block {
            return None;
        }
        conv::encode(&block, &mut self.coded);
        let fit: f32 = self.soft.iter().zip(&self.coded).map(|(l, &c)| if c == 0 { *l } else { -l }).sum();
        // Written so that energy that is no number is refused.
        (fit > FIT_MIN * energy.sqrt()).then_some(PbchMessage { mib, n_ports, quarter: quarter as u8 })
    }
}

#[cfg(test)]
#[path = "pbch_tests.rs"]
mod tests;
