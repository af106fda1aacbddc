//! Transport block processing of DL-SCH and MCH, TS 36.212 5.3.2: CRC, segmentation, turbo coding, rate matching, code
//! block concatenation (5.1.5), and the inverse for soft values.

use super::bits::{pack, unpack};
use super::crc::{CRC24A, CRC24B, Crc};
use super::plan::{CodingError, DematchScratch, Plan, TransportBlockParams};
use super::turbo::{self, Outcome, TAIL, TurboDecoder, Windows};
use crate::isa::Isa;

/// Encodes transport blocks of one size into coded bits, planned once.
#[derive(Debug, Clone)]
pub struct TransportBlockEncoder {
    plan: Plan,
    /// b: the transport block and its CRC.
    b: Vec<u8>,
    /// c_r: one code block.
    c: Vec<u8>,
    /// d_r: one turbo coded block.
    d: Vec<u8>,
}

impl TransportBlockEncoder {
    /// Plans the encoder.
    ///
    /// # Errors
    /// When the parameters contradict each other or the standard.
    pub fn new(params: TransportBlockParams) -> Result<Self, CodingError> {
        let plan = Plan::new(params)?;
        let (b, k_plus) = (plan.segmentation.b, plan.segmentation.k_plus);
        Ok(Self { plan, b: vec![0; b], c: vec![0; k_plus], d: vec![0; 3 * (k_plus + TAIL)] })
    }

    /// What it was planned for.
    #[must_use]
    pub const fn params(&self) -> &TransportBlockParams {
        &self.plan.params
    }

    /// Encodes `tb` (A/8 octets, most significant bit first) into `coded` (G elements, each 0 or 1), which is overwritten.
    /// Allocates nothing.
    ///
    /// # Panics
    /// When a length is not the planned one.
    pub fn encode(&mut self, tb: &[u8], coded: &mut [u8]) {
        self.plan.assert_lengths(tb.len(), coded.len());
        unpack(tb, &mut self.b[..8 * tb.len()]);
        CRC24A.attach(&mut self.b);
        for block in &self.plan.blocks {
            let kind = &self.plan.kinds[block.kind];
            let (c, d) = (&mut self.c[..kind.k()], &mut self.d[..3 * (kind.k() + TAIL)]);
            let payload = kind.filler..kind.filler + block.b.len();
            // The encoder takes filler bits for 0; rate matching leaves them out.
            c[..kind.filler].fill(0);
            c[payload].copy_from_slice(&self.b[block.b.clone()]);
            if self.plan.segmentation.c() > 1 {
                CRC24B.attach(c);
            }
            turbo::encode(c, &kind.interleaver, d);
            kind.rate_matcher.select(d, &mut coded[block.e.clone()]);
        }
    }
}

/// Decodes transport blocks of one size from soft values, planned once.
#[derive(Debug, Clone)]
pub struct TransportBlockDecoder {
    plan: Plan,
    /// By kind of code block.
    windows: Vec<Windows>,
    turbo: TurboDecoder,
    /// b: the transport block and its CRC.
    b: Vec<u8>,
    /// d_r: one turbo coded block.
    d: Vec<i16>,
    scratch: DematchScratch,
}

/// How decoding one transport block ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoded {
    /// The CRC of the transport block and those of all code blocks pass.
    pub crc_ok: bool,
    /// Turbo iterations, summed over the code blocks.
    pub iterations: u32,
    /// C, the number of code blocks.
    pub code_blocks: u32,
    /// Code blocks whose CRC never passed (the transport block's CRC when there is one code block).
    pub code_block_errors: u32,
}

impl TransportBlockDecoder {
    /// Plans the decoder; `max_iterations` is per code block, [`DEFAULT_MAX_ITERATIONS`] is usual.
    ///
    /// # Errors
    /// When the parameters contradict each other or the standard.
    pub fn new(params: TransportBlockParams, isa: Isa, max_iterations: u32) -> Result<Self, CodingError> {
        if max_iterations == 0 {
            return Err(CodingError::NoIterations);
        }
        let plan = Plan::new(params)?;
        let (b, coded) = (plan.segmentation.b, 3 * (plan.segmentation.k_plus + TAIL));
        let crc: &Crc = if plan.segmentation.c() > 1 { &CRC24B } else { &CRC24A };
        let windows: Vec<_> = plan.kinds.iter().map(|kind| Windows::new(&kind.interleaver, crc, kind.filler)).collect();
        let turbo = TurboDecoder::new(isa, &windows, max_iterations);
        Ok(Self { plan, windows, turbo, b: vec![0; b], d: vec![0; coded], scratch: DematchScratch::new(coded) })
    }

    /// What it was planned for.
    #[must_use]
    pub const fn params(&self) -> &TransportBlockParams {
        &self.plan.params
    }

    /// Decodes `llr`, G log-likelihood ratios log P(bit = 0)/P(bit = 1) in any common scale (positive means 0), into `tb`,
    /// A/8 octets, most significant bit first. `tb` gets the hard decisions even when the CRC fails. A code block whose
    /// soft values hold a NaN, an infinity or nothing but zeros counts as a block in error after no iteration.
    /// Allocates nothing.
    ///
    /// # Panics
    /// When a length is not the planned one.
    pub fn decode(&mut self, llr: &[f32], tb: &mut [u8]) -> Decoded {
        self.plan.assert_lengths(tb.len(), llr.len());
        let mut decoded =
            Decoded { crc_ok: false, iterations: 0, code_blocks: self.plan.blocks.len() as u32, code_block_errors: 0 };
        for block in &self.plan.blocks {
            let kind = &self.plan.kinds[block.kind];
            let d = &mut self.d[..3 * (kind.k() + TAIL)];
            let outcome = if kind.dematch(&llr[block.e.clone()], &mut self.scratch, d) {
                self.turbo.decode(d, &self.windows[block.kind])
            } else {
                Outcome { accepted: false, iterations: 0 }
            };
            decoded.iterations += outcome.iterations;
            decoded.code_block_errors += u32::from(!outcome.accepted);
            let bits = &mut self.b[block.b.clone()];
            if outcome.iterations > 0 {
                bits.copy_from_slice(&self.turbo.bits(kind.k())[kind.filler..][..bits.len()]);
            } else {
                bits.fill(1);
            }
        }
        pack(&self.b[..8 * tb.len()], tb);
        decoded.crc_ok = decoded.code_block_errors == 0 && CRC24A.check(&self.b);
        decoded
    }
}

/// Turbo iterations after which a code block is given up, when the caller has no better number.
pub const DEFAULT_MAX_ITERATIONS: u32 = 12;
