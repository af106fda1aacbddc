//! Physical multicast channel, TS 36.211 clause 6.5: one antenna port (4), all resource blocks, rv 0.

use num_complex::Complex32;

use super::soft_bits::{self, ErrorSums, ReceivedRow};
use crate::cell::{CellConfig, ConfigError};
use crate::coding::{DEFAULT_MAX_ITERATIONS, TransportBlockDecoder, TransportBlockEncoder, TransportBlockParams};
use crate::estimate::MbsfnEstimator;
use crate::grid::Grid;
use crate::isa::{Isa, Kernels};
use crate::modem::Mapper;
use crate::numerology::MbsfnNumerology;
use crate::refsignal::MbsfnReference;
use crate::sequence::GoldWords;
use crate::tbs::{Mcs, TransportFormat};

/// Code rate above which a receiver may skip decoding (TS 36.213 clause 7.1.7), rounded down.
const MAX_CODE_RATE: f64 = 0.930;

/// Everything that the coding and mapping of a PMCH depends on, but for the subframe number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PmchParams {
    /// Cell.
    pub cell: CellConfig,
    /// MBSFN area identity, 0 to 255.
    pub n_id_mbsfn: u8,
    /// Symbols of the non-MBSFN region.
    pub non_mbsfn_region: u8,
    /// Numerology of the MBSFN region.
    pub numerology: MbsfnNumerology,
    /// Transport format.
    pub format: TransportFormat,
}

impl PmchParams {
    /// Checks a configuration at 15 kHz. Code rates above 0.93 are refused: see [`Self::allow_any_code_rate`].
    pub fn new(
        cell: CellConfig,
        n_id_mbsfn: u8,
        non_mbsfn_region: u8,
        mcs: impl Into<Mcs>,
    ) -> Result<Self, ConfigError> {
        let mcs = mcs.into();
        let params = Self::allow_any_code_rate(cell, n_id_mbsfn, non_mbsfn_region, mcs)?;
        let code_rate = params.code_rate();
        if code_rate > MAX_CODE_RATE {
            return Err(ConfigError::CodeRate { mcs, n_rb_dl: cell.n_rb_dl, region: non_mbsfn_region, code_rate });
        }
        Ok(params)
    }

    /// As [`Self::new`], but leaves undecodable code rates to the caller (for what another transmitter sends).
    pub fn allow_any_code_rate(
        cell: CellConfig,
        n_id_mbsfn: u8,
        non_mbsfn_region: u8,
        mcs: impl Into<Mcs>,
    ) -> Result<Self, ConfigError> {
        check_non_mbsfn_region(&cell, non_mbsfn_region)?;
        let (numerology, format) = (MbsfnNumerology::Khz15, TransportFormat::new(cell.n_rb_dl, mcs)?);
        Ok(Self { cell, n_id_mbsfn, non_mbsfn_region, numerology, format })
    }

    /// Resource elements of the PMCH in one subframe.
    pub fn resource_elements(&self) -> usize {
        self.rows().map(|(_, comb)| self.cell.n_rb_dl.subcarriers() / comb.map_or(1, |_| 2)).sum()
    }

    /// G: bits that the PMCH carries in one subframe.
    pub fn coded_bits(&self) -> usize {
        self.resource_elements() * self.format.modulation.q_m()
    }

    /// Effective channel code rate (TS 36.213 clause 7.1.7): transport block and all CRC bits over coded bits.
    pub fn code_rate(&self) -> f64 {
        self.transport_block().effective_code_rate()
    }

    /// Rows of the MBSFN region in the order of mapping, with the comb that reference signals take.
    fn rows(&self) -> impl Iterator<Item = (usize, Option<usize>)> + use<> {
        let reference = self.numerology.reference_symbols();
        (usize::from(self.non_mbsfn_region)..self.numerology.symbols_per_subframe())
            .map(move |row| (row, reference.iter().find(|&&(r, _)| r == row).map(|&(_, first)| first)))
    }

    fn transport_block(&self) -> TransportBlockParams {
        TransportBlockParams {
            a_bits: self.format.tbs_bits,
            g_bits: self.coded_bits(),
            q_m: self.format.modulation.q_m() as u8,
            n_l: 1,
            rv: 0, // TS 36.213 clause 11.1: redundancy version 0
        }
    }

    /// c_init of TS 36.211 clause 6.3.1 for PMCH.
    fn c_init(&self, subframe: u8) -> u32 {
        u32::from(subframe) << 9 | u32::from(self.n_id_mbsfn)
    }
}

/// TS 36.211 table 6.7-1, MBSFN subframes on a carrier with PDSCH and one or two cell-specific antenna ports.
fn check_non_mbsfn_region(cell: &CellConfig, region: u8) -> Result<(), ConfigError> {
    let narrow = cell.n_rb_dl.get() <= 10;
    let allowed = if narrow { "allowed: 2" } else { "allowed: 1, 2" };
    match region {
        2 => Ok(()),
        1 if !narrow => Ok(()),
        _ => Err(ConfigError::NonMbsfnRegion { region, n_rb_dl: cell.n_rb_dl, allowed }),
    }
}

/// Puts a transport block and its reference signals on the grid; allocates in `new` only.
pub struct PmchEncoder {
    params: PmchParams,
    coder: TransportBlockEncoder,
    mapper: Mapper,
    reference: MbsfnReference,
    scrambling: GoldWords,
    /// Those of a row with reference signals.
    symbols: Vec<Complex32>,
}

impl PmchEncoder {
    /// Plans coding and mapping.
    pub fn new(params: PmchParams) -> Result<Self, crate::CodingError> {
        Ok(Self {
            params,
            coder: TransportBlockEncoder::new(params.transport_block())?,
            mapper: Mapper::new(params.format.modulation),
            reference: MbsfnReference::new(params.cell.n_rb_dl, params.n_id_mbsfn, params.numerology),
            scrambling: GoldWords::new(params.coded_bits()),
            symbols: vec![Complex32::default(); params.cell.n_rb_dl.subcarriers() / 2],
        })
    }

    /// Its parameters.
    pub fn params(&self) -> &PmchParams {
        &self.params
    }

    /// Fills the MBSFN region of `grid` with the transport block `tb`.
    ///
    /// # Panics
    /// If `tb` is not as long as the transport format says, or the grid has other dimensions.
    pub fn encode(&mut self, subframe: u8, tb: &[u8], grid: &mut Grid) {
        assert_eq!(tb.len(), self.params.format.octets(), "octets of the transport block");
        let coded = self.coder.encode_words(tb);
        let c = self.scrambling.generate(self.params.c_init(subframe));
        coded.iter_mut().zip(c).for_each(|(b, c)| *b ^= c);
        let mut mapped = 0;
        for (row, comb) in self.params.rows() {
            let row = grid.row_mut(row);
            if comb.is_none() {
                self.mapper.map_words(coded, mapped, row);
                mapped += row.len();
            } else {
                self.mapper.map_words(coded, mapped, &mut self.symbols);
                let (first, step) = data_comb(comb);
                row[first..].iter_mut().step_by(step).zip(&self.symbols).for_each(|(e, s)| *e = *s);
                mapped += self.symbols.len();
            }
        }
        for (row, first, values) in self.reference.symbols(subframe) {
            grid.row_mut(row)[first..].iter_mut().step_by(2).zip(values).for_each(|(e, r)| *e = *r);
        }
    }
}

/// First subcarrier and step of the data in a row: reference signals take every other subcarrier from `comb` on.
fn data_comb(comb: Option<usize>) -> (usize, usize) {
    comb.map_or((0, 1), |first| (1 - first, 2))
}

/// What a decoder found out about one subframe.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct PmchQuality {
    /// The transport block passed its CRC.
    pub crc_ok: bool,
    /// Turbo iterations, summed over code blocks.
    pub iterations: u32,
    /// Code blocks.
    pub code_blocks: u32,
    /// Mean squared distance of the equalised symbols to the nearest constellation point (unit-power constellation).
    pub error_power: f32,
}

impl PmchQuality {
    /// Error vector magnitude, decision directed: rms error over rms constellation, percent.
    pub fn evm_percent(&self) -> f32 {
        self.error_power.sqrt() * 100.0
    }
}

/// Hard decisions on coded bits, before decoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BitErrors {
    /// Coded bits of the subframe.
    pub bits: u32,
    /// Those of them decided wrongly.
    pub errors: u32,
}

/// Turns grid and channel estimate into a transport block; allocates in `new` only.
pub struct PmchDecoder {
    params: PmchParams,
    kernels: Kernels,
    decoder: TransportBlockDecoder,
    symbols: Vec<Complex32>,
    /// Still scrambled.
    llr: Vec<f32>,
    scrambling: GoldWords,
    /// Encodes again what was decoded.
    coder: TransportBlockEncoder,
    /// Of one row: signal to noise ratios, and elements and channel between reference signals.
    sinr: Vec<f32>,
    between: [Vec<Complex32>; 2],
    /// Channel of one row of one antenna, where it changes from row to row.
    channel: Vec<Complex32>,
}

impl PmchDecoder {
    /// Plans demapping and decoding.
    pub fn new(params: PmchParams, isa: Isa) -> Result<Self, crate::CodingError> {
        let (n, n_sc) = (params.resource_elements(), params.cell.n_rb_dl.subcarriers());
        Ok(Self {
            params,
            kernels: isa.kernels(),
            decoder: TransportBlockDecoder::new(params.transport_block(), isa, DEFAULT_MAX_ITERATIONS)?,
            symbols: vec![Complex32::default(); n],
            llr: vec![0.0; params.coded_bits()],
            scrambling: GoldWords::new(params.coded_bits()),
            coder: TransportBlockEncoder::new(params.transport_block())?,
            sinr: vec![0.0; n_sc],
            between: [0, 1].map(|_| vec![Complex32::default(); n_sc / 2]),
            channel: vec![Complex32::default(); n_sc],
        })
    }

    /// Its parameters.
    pub fn params(&self) -> &PmchParams {
        &self.params
    }

    /// Decodes one subframe into `tb`, whose content is meaningful when the CRC passes; `antennas` gives the grid and the
    /// estimate of each receive antenna.
    ///
    /// # Panics
    /// If `tb` is not as long as the transport format says, or a grid has other dimensions.
    pub fn decode<'a>(
        &mut self,
        subframe: u8,
        antennas: impl Iterator<Item = (&'a Grid, &'a MbsfnEstimator)> + Clone,
        tb: &mut [u8],
    ) -> PmchQuality {
        assert_eq!(tb.len(), self.params.format.octets(), "octets of the transport block");
        let error_power = self.demap(antennas);
        let c = self.scrambling.generate(self.params.c_init(subframe));
        let decoded = self.decoder.decode_scrambled(&self.llr, c, tb);
        PmchQuality {
            crc_ok: decoded.crc_ok,
            iterations: decoded.iterations,
            code_blocks: decoded.code_blocks,
            error_power,
        }
    }

    /// Hard decisions on the coded bits of the subframe last decoded that were wrong before decoding, if `tb` was sent:
    /// counted against `tb` encoded again. Meaningful when the CRC has passed. Allocates nothing.
    ///
    /// # Panics
    /// If `tb` is not as long as the transport format says.
    pub fn count_bit_errors(&mut self, tb: &[u8]) -> BitErrors {
        let coded = self.coder.encode_words(tb);
        let mut errors = 0;
        for ((llr, coded), c) in self.llr.chunks(64).zip(coded).zip(self.scrambling.last()) {
            let sent = (*coded ^ c).to_le_bytes();
            for (llr, octet) in llr.chunks(8).zip(sent) {
                let wrong = |(i, llr): (usize, &f32)| (llr.to_bits() >> 31) ^ u32::from(octet >> i & 1);
                errors += llr.iter().enumerate().map(wrong).sum::<u32>();
            }
        }
        BitErrors { bits: self.llr.len() as u32, errors }
    }

    /// Equalised symbols of the last subframe, in the order of mapping.
    pub fn symbols(&self) -> &[Complex32] {
        &self.symbols
    }

    /// Fills symbols and soft bits from all antennas; mean squared distance of the symbols to the nearest constellation points.
    fn demap<'a>(&mut self, antennas: impl Iterator<Item = (&'a Grid, &'a MbsfnEstimator)> + Clone) -> f32 {
        let modulation = self.params.format.modulation;
        let (mut symbols, mut llr) = (self.symbols.as_mut_slice(), self.llr.as_mut_slice());
        let mut errors = ErrorSums::default();
        for (row, comb) in self.params.rows() {
            let (row_symbols, row_llr);
            let n = self.sinr.len() / if comb.is_some() { 2 } else { 1 };
            (row_symbols, symbols) = symbols.split_at_mut(n);
            (row_llr, llr) = llr.split_at_mut(n * modulation.q_m());
            let sinr = &mut self.sinr[..n];
            row_symbols.fill(Complex32::ZERO);
            sinr.fill(0.0);
            for (grid, estimate) in antennas.clone() {
                let (mut elements, mut channel) = (grid.row(row), estimate.channel_of_row(row, &mut self.channel));
                if comb.is_some() {
                    let (first, step) = data_comb(comb);
                    for (to, from) in self.between.iter_mut().zip([elements, channel]) {
                        to.iter_mut().zip(from[first..].iter().step_by(step)).for_each(|(to, from)| *to = *from);
                    }
                    [elements, channel] = self.between.each_ref().map(Vec::as_slice);
                }
                let (turn, noise) = (estimate.rotation(row), estimate.quality().noise);
                let received = ReceivedRow { elements, channel, turn, noise };
                soft_bits::combine(self.kernels, received, row_symbols, sinr);
            }
            soft_bits::demap(self.kernels, modulation, row_symbols, sinr, row_llr, &mut errors);
        }
        errors.iter().sum::<f32>() / self.symbols.len() as f32
    }
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};
    use rand_pcg::Pcg64Mcg;

    use super::*;
    use crate::cell::SampleRateFamily;
    use crate::modem::Demapper;
    use crate::numerology::{CyclicPrefix, SubframeLayout};
    use crate::ofdm::OfdmDemodulator;
    use crate::phch::{MbsfnSubframeDemodulator, MbsfnSubframeModulator};
    use crate::sequence::GoldSequence;

    /// QPSK in white noise: Q(sqrt(E_s/N_0)) of the bits are wrong, and 16QAM loses by the levels of its axes.
    #[test]
    fn bit_errors_before_decoding_are_those_of_theory() {
        // Q(x) at the signal to noise ratio: Q(sqrt(2)), and (3 Q(x) + 2 Q(3x) - Q(5x)) / 4 at x = sqrt(10 / 5).
        for (mcs, snr, want) in [(2, 2.0f32, 0.078_650), (11, 10.0, 0.058_990)] {
            let cell = CellConfig::new(50.try_into().unwrap(), 1, SampleRateFamily::Standard).unwrap();
            let params = PmchParams::new(cell, 1, 2, mcs).unwrap();
            let mut encoder = PmchEncoder::new(params).unwrap();
            let mut decoder = PmchDecoder::new(params, Isa::fastest()).unwrap();
            let mut modulator = MbsfnSubframeModulator::new(&cell, CyclicPrefix::Normal, 2, params.numerology);
            let mut demodulator = MbsfnSubframeDemodulator::new(&cell, 1, 2, params.numerology);
            let tb: Vec<u8> = (0..params.format.octets()).map(|i| (i * 37 + 11) as u8).collect();
            let (mut iq, mut decoded) = (vec![Complex32::ZERO; cell.samples_per_subframe()], vec![0; tb.len()]);
            let mut rng = Pcg64Mcg::seed_from_u64(36_211);
            let mut sum = BitErrors::default();
            for _ in 0..20 {
                modulator.modulate(3, Some((&mut encoder, &tb)), &mut iq);
                for sample in &mut iq {
                    let mut noise = || StandardNormal.sample(&mut rng);
                    *sample += Complex32::new(noise(), noise()) * (0.5 / snr).sqrt();
                }
                demodulator.demodulate(3, &iq);
                assert!(demodulator.decode(&mut decoder, 3, &mut decoded).crc_ok);
                let counted = decoder.count_bit_errors(&decoded);
                assert_eq!(counted.bits as usize, params.coded_bits());
                sum.bits += counted.bits;
                sum.errors += counted.errors;
            }
            let ratio = f64::from(sum.errors) / f64::from(sum.bits);
            // The channel is estimated: a little more.
            assert!((0.97 * want..1.06 * want).contains(&ratio), "MCS {mcs}: {ratio} for {want}");
        }
    }

    /// Hard bits of the vectors of another transmitter: with the scrambling sequence they are our coded bits (CRC,
    /// segmentation, turbo coding, rate matching), and with our coded bits they are c(n).
    #[test]
    fn scrambling_and_coded_bits_are_those_that_another_transmitter_sends() {
        let Some(vectors) = fixtures::vectors::pmch() else { return };
        for v in &vectors {
            let p = &v.parameters;
            let cell = CellConfig::with_sample_rate(p.n_rb_dl.try_into().unwrap(), p.n_id_cell, p.sample_rate).unwrap();
            let params = PmchParams::new(cell, p.n_id_mbsfn, p.non_mbsfn_region, p.mcs).unwrap();
            let layout = SubframeLayout::mbsfn(cell.n_fft, p.non_mbsfn_region.into(), params.numerology);
            let mut grid = Grid::new(layout.rows(), cell.n_rb_dl.subcarriers());
            OfdmDemodulator::new(layout, 0).demodulate(&v.iq, 0..12, &mut grid);
            let mut symbols = Vec::new();
            for (row, comb) in params.rows() {
                let (first, step) = data_comb(comb);
                symbols.extend(grid.row(row)[first..].iter().step_by(step));
            }
            assert_eq!(symbols.len(), p.pmch_re, "{}", p.name);
            let mut llr = vec![0.0; params.coded_bits()];
            Demapper::new(params.format.modulation).demap(&symbols, &vec![1.0; symbols.len()], &mut llr);

            let mut coded = vec![0; params.coded_bits()];
            TransportBlockEncoder::new(params.transport_block()).unwrap().encode(&v.tb, &mut coded);
            let seen: Vec<u8> = llr.iter().zip(&coded).map(|(&l, c)| u8::from(l < 0.0) ^ c).collect();
            let mut c = vec![0; seen.len()];
            GoldSequence::new(params.c_init(p.subframe)).fill(&mut c);
            assert!(
                seen == c,
                "{}: {} of {} bits",
                p.name,
                seen.iter().zip(&c).filter(|(a, b)| a != b).count(),
                c.len()
            );
        }
    }
}
