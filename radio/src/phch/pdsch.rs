//! Physical downlink shared channel with system information, TS 36.211 clause 6.4: QPSK, one antenna port or transmit
//! diversity, SI-RNTI.

use num_complex::Complex32;

use super::VrbAllocation;
use super::mapping::transmit;
use super::transmit_diversity::{ReceiveAntenna, combine};
use crate::cell::CarrierConfig;
use crate::coding::{CodingError, Decoded, SoftBuffer, TransportBlockEncoder, TransportBlockParams};
use crate::dci::{Dci1A, Dci1C, SI_RNTI};
use crate::grid::Grid;
use crate::modem::{Demapper, Mapper, Modulation};
use crate::refsignal::{crs_first, crs_symbols};
use crate::sequence::GoldSequence;

/// One transmission of system information as control information announces it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SiAssignment {
    /// Resource blocks.
    pub allocation: VrbAllocation,
    /// Transport block size, bits.
    pub tbs_bits: usize,
    /// Redundancy version.
    pub rv: u8,
}

impl From<Dci1A> for SiAssignment {
    fn from(dci: Dci1A) -> Self {
        Self { allocation: dci.allocation, tbs_bits: dci.tbs_bits(), rv: dci.rv }
    }
}

impl SiAssignment {
    /// Of format 1C, which leaves the redundancy version to the time: [`crate::sib1_rv`], [`crate::si_rv`].
    pub fn of_dci_1c(dci: Dci1C, rv: u8) -> Self {
        Self { allocation: dci.allocation, tbs_bits: dci.tbs_bits(), rv }
    }
}

/// Puts system information on the grid.
pub struct PdschEncoder {
    carrier: CarrierConfig,
    mapper: Mapper,
}

impl PdschEncoder {
    /// Plans mapping.
    pub fn new(carrier: &CarrierConfig) -> Self {
        Self { carrier: *carrier, mapper: Mapper::new(Modulation::Qpsk) }
    }

    /// Puts the transport block `tb` on the grids, one for each antenna port, after `control_symbols` symbols of control
    /// region. System information is rare: this plans its code each time, and allocates.
    ///
    /// # Errors
    /// When the size cannot be coded, or not in this allocation.
    ///
    /// # Panics
    /// If `tb` is not as long as assigned, or the grids are not those of the carrier.
    pub fn encode(
        &self,
        subframe: u8,
        control_symbols: usize,
        assignment: &SiAssignment,
        tb: &[u8],
        grids: &mut [Grid],
    ) -> Result<(), CodingError> {
        let elements = elements(&self.carrier, subframe, control_symbols, &assignment.allocation);
        let mut bits = vec![0; 2 * elements.len()];
        let n_l = if self.carrier.n_ports > 1 { 2 } else { 1 }; // TS 36.212 5.1.4.1.2: transmit diversity counts two
        let (a_bits, g_bits) = (assignment.tbs_bits, bits.len());
        let params = TransportBlockParams { a_bits, g_bits, q_m: 2, n_l, rv: assignment.rv };
        TransportBlockEncoder::new(params)?.encode(tb, &mut bits);
        let mut c = vec![0; bits.len()];
        scrambling(&self.carrier, subframe).fill(&mut c);
        bits.iter_mut().zip(c).for_each(|(b, c)| *b ^= c);
        let mut symbols = vec![Complex32::ZERO; elements.len()];
        self.mapper.map(&bits, &mut symbols);
        transmit(&symbols, &elements, grids, &mut Vec::new());
        Ok(())
    }
}

/// Reads system information.
pub struct PdschDecoder {
    carrier: CarrierConfig,
    demapper: Demapper,
    symbols: Vec<Complex32>,
    sinr: Vec<f32>,
    llr: Vec<f32>,
    scrambling: Vec<u8>,
}

impl PdschDecoder {
    /// Plans demapping.
    pub fn new(carrier: &CarrierConfig) -> Self {
        Self {
            carrier: *carrier,
            demapper: Demapper::new(Modulation::Qpsk),
            symbols: Vec::new(),
            sinr: Vec::new(),
            llr: Vec::new(),
            scrambling: Vec::new(),
        }
    }

    /// Adds the transmission in a subframe, as `antennas` heard it, to the soft buffer of its
    /// message and decodes what has come together into `tb`.
    ///
    /// # Panics
    /// If the buffer or `tb` is for another size than assigned, or the grids are not those of the carrier.
    pub fn decode(
        &mut self,
        subframe: u8,
        control_symbols: usize,
        assignment: &SiAssignment,
        antennas: &[ReceiveAntenna<'_>],
        buffer: &mut SoftBuffer,
        tb: &mut [u8],
    ) -> Decoded {
        assert_eq!(8 * buffer.octets(), assignment.tbs_bits, "bits of the transport block");
        let elements = elements(&self.carrier, subframe, control_symbols, &assignment.allocation);
        let n = elements.len();
        self.symbols.resize(n, Complex32::ZERO);
        self.sinr.resize(n, 0.0);
        self.llr.resize(2 * n, 0.0);
        self.scrambling.resize(2 * n, 0);
        combine(self.carrier.n_ports, &elements, antennas, &mut self.symbols, &mut self.sinr);
        self.demapper.demap(&self.symbols, &self.sinr, &mut self.llr);
        scrambling(&self.carrier, subframe).fill(&mut self.scrambling);
        self.llr.iter_mut().zip(&self.scrambling).for_each(|(l, &c)| *l *= 1.0 - 2.0 * f32::from(c));
        buffer.add(assignment.rv, &self.llr);
        buffer.decode(tb)
    }
}

/// (row, subcarrier) of the PDSCH in the order of mapping (TS 36.211 clause 6.3.5): by slot, symbol, frequency.
fn elements(
    carrier: &CarrierConfig,
    subframe: u8,
    control_symbols: usize,
    allocation: &VrbAllocation,
) -> Vec<(usize, usize)> {
    let prbs = allocation.prbs(carrier.cell.n_rb_dl);
    let rows = control_symbols..2 * SYMBOLS_PER_SLOT;
    let of_row = |row: usize| {
        let subcarriers = prbs[row / SYMBOLS_PER_SLOT].iter().flat_map(|prb| 12 * prb..12 * prb + 12);
        subcarriers.filter(move |&k| !is_reserved(carrier, subframe, row, k)).map(move |k| (row, k))
    };
    rows.flat_map(of_row).collect()
}

/// Elements of other signals and channels in a subframe with normal cyclic prefix (FDD): cell-specific reference signals
/// (TS 36.211 clause 6.10.1.2), synchronization signals with the five elements on either side (6.11.1.2, 6.11.2.2), PBCH
/// with all that could be reference signals of four ports (6.6.4).
fn is_reserved(carrier: &CarrierConfig, subframe: u8, row: usize, k: usize) -> bool {
    let middle = carrier.cell.n_rb_dl.subcarriers() / 2;
    let central = (middle - 36..middle + 36).contains(&k);
    let sync = matches!((subframe, row), (0 | 5, 5 | 6));
    let pbch = matches!((subframe, row), (0, 7..=10));
    let (n_s, l) = (2 * usize::from(subframe) + row / SYMBOLS_PER_SLOT, row % SYMBOLS_PER_SLOT);
    let reference = (0..carrier.n_ports)
        .any(|port| crs_symbols(port).contains(&l) && k % 6 == crs_first(carrier.cell.n_id_cell, port, n_s, l));
    reference || (central && (sync || pbch))
}

/// TS 36.211 clause 6.3.1, one code word.
fn scrambling(carrier: &CarrierConfig, subframe: u8) -> GoldSequence {
    GoldSequence::new(u32::from(SI_RNTI) << 14 | u32::from(subframe) << 9 | u32::from(carrier.cell.n_id_cell))
}

/// Normal cyclic prefix (TS 36.211 table 6.2.3-1).
const SYMBOLS_PER_SLOT: usize = 7;
