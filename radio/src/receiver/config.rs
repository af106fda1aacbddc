//! What a receiver is told before it hears anything.

use crate::isa::Isa;
use crate::mch::PdcpPrefix;
use crate::time::SubframeTime;

/// FFT sizes of the two families of sample rates.
const FFT_SIZES: [u32; 8] = [128, 256, 384, 512, 768, 1024, 1536, 2048];

/// A receiver that knows nothing but its sample rate, unless it is told more.
#[derive(Clone, Debug)]
pub struct ReceiverConfig {
    /// Samples per second: 15 kHz times 128, 256, 384, 512, 768, 1024, 1536 or 2048, no less than the carrier needs.
    pub sample_rate_hz: u32,
    /// Receive antennas, 1 or 2.
    pub n_rx: u8,
    /// Instruction set of the decoders.
    pub isa: Isa,
    /// The only cell to listen to; any when none is given.
    pub n_id_cell: Option<u16>,
    /// Does the search rest when nothing was found for 160 ms? It costs a tenth then, and a cell that comes is found up to
    /// 150 ms later; in a recording, what is not searched is missed.
    pub search_rests: bool,
    /// Are SDUs of MTCHs preceded by a PDCP header, which is then taken off?
    pub pdcp: PdcpPrefix,
}

impl ReceiverConfig {
    /// One antenna, any cell; the search rests.
    pub fn new(sample_rate_hz: u32) -> Self {
        let (isa, pdcp) = (Isa::fastest(), PdcpPrefix::Auto);
        Self { sample_rate_hz, n_rx: 1, isa, n_id_cell: None, search_rests: true, pdcp }
    }

    /// FFT size of the sample rate.
    pub(super) fn n_fft(&self) -> Option<usize> {
        let n_fft = self.sample_rate_hz / 15_000;
        (self.sample_rate_hz.is_multiple_of(15_000) && FFT_SIZES.contains(&n_fft)).then_some(n_fft as usize)
    }
}

/// What one pass over a recording learnt of its carrier, for a second pass to begin with: see
/// [`crate::Receiver::with_known`].
#[derive(Clone, PartialEq, Debug)]
pub struct KnownCarrier {
    /// Physical layer cell identity.
    pub n_id_cell: u16,
    /// Antenna ports with cell-specific reference signals.
    pub n_ports: u8,
    /// The master information block, first bit first.
    pub mib: [u8; 3],
    /// Carrier frequency offset, Hz.
    pub cfo_hz: f64,
    /// Number in the stream of the first sample of subframe `time`.
    pub at: u64,
    /// A subframe.
    pub time: SubframeTime,
    /// Messages of the BCCH on the DL-SCH, UPER: SIB1, then SI messages.
    pub bcch: Vec<Vec<u8>>,
    /// MCCH messages by MBSFN area identity, UPER.
    pub mcch: Vec<(u8, Vec<u8>)>,
}
