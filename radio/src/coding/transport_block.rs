//! Transport block processing of DL-SCH and MCH, TS 36.212 5.3.2: CRC, segmentation, turbo coding, rate matching, code
//! block concatenation (5.1.5), and the inverse for soft values.

use super::bits::pack;
use super::crc::{CRC24A, CRC24B, Crc};
use super::dematch::Dematcher;
use super::plan::{CodingError, Kind, Plan, TransportBlockParams};
use super::slices;
use super::turbo::{self, Outcome, TAIL, TurboDecoder, Windows};
use crate::isa::Isa;

/// Encodes transport blocks of one size into coded bits, planned once.
#[derive(Debug, Clone)]
pub struct TransportBlockEncoder {
    plan: Plan,
    /// b: the transport block and its CRC, octets.
    b: Vec<u8>,
    /// Code blocks one after the other, octets.
    blocks: Vec<u8>,
    /// c, d and e of code blocks [side by side](super::slices).
    c: Vec<u8>,
    d: Vec<u8>,
    e: Vec<u8>,
    /// All coded bits: bit n is bit n mod 64 of word n / 64.
    coded: Vec<u64>,
}

impl TransportBlockEncoder {
    /// Plans the encoder.
    ///
    /// # Errors
    /// When the parameters contradict each other or the standard.
    pub fn new(params: TransportBlockParams) -> Result<Self, CodingError> {
        let plan = Plan::new(params)?;
        let (b, k_plus) = (plan.segmentation.b / 8, plan.segmentation.k_plus);
        let e = plan.blocks.iter().map(|block| block.e.len()).max().unwrap_or(0);
        Ok(Self {
            plan,
            b: vec![0; b],
            blocks: vec![0; slices::BLOCKS * k_plus / 8],
            c: vec![0; k_plus],
            d: vec![0; 3 * (k_plus + TAIL)],
            e: vec![0; e],
            coded: vec![0; params.g_bits.div_ceil(64)],
        })
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
        let words = self.encode_words(tb);
        for (coded, word) in coded.chunks_mut(64).zip(words) {
            coded.iter_mut().enumerate().for_each(|(i, bit)| *bit = (*word >> i & 1) as u8);
        }
    }

    /// Encodes `tb` (A/8 octets, most significant bit first); bit n of the result is bit n mod 64 of word n / 64, what follows
    /// the last one is zero. The caller may scramble it in place. Allocates nothing.
    ///
    /// # Panics
    /// When the length is not the planned one.
    pub(crate) fn encode_words(&mut self, tb: &[u8]) -> &mut [u64] {
        let Self { plan, b, blocks, c, d, e, coded } = self;
        plan.assert_lengths(tb.len(), plan.params.g_bits);
        let (message, parity) = b.split_at_mut(tb.len());
        message.copy_from_slice(tb);
        parity.copy_from_slice(&CRC24A.octets(tb).to_be_bytes()[1..]);
        coded.fill(0);
        for group in plan.blocks.chunk_by(|a, b| a.kind == b.kind).flat_map(|same| same.chunks(slices::BLOCKS)) {
            let kind = &plan.kinds[group[0].kind];
            let (k, n_e) = (kind.k(), group.iter().map(|block| block.e.len()).max().unwrap_or(0));
            let (c, d, e) = (&mut c[..k], &mut d[..3 * (k + TAIL)], &mut e[..n_e]);
            for (octets, block) in blocks.chunks_exact_mut(k / 8).zip(group) {
                // The encoder takes filler bits for 0; rate matching leaves them out.
                let (filler, octets) = octets.split_at_mut(kind.filler / 8);
                filler.fill(0);
                let (payload, parity) = octets.split_at_mut(block.b.len() / 8);
                payload.copy_from_slice(&b[block.b.start / 8..block.b.end / 8]);
                if !parity.is_empty() {
                    // Zeros in front of a message do not change its parity.
                    parity.copy_from_slice(&CRC24B.octets(payload).to_be_bytes()[1..]);
                }
            }
            slices::slice(&blocks[..slices::BLOCKS * k / 8], c);
            turbo::encode(c, &kind.interleaver, d);
            kind.rate_matcher.select(d, e);
            slices::unslice(e, group.iter().map(|block| block.e.clone()), coded);
        }
        coded
    }
}

/// Decodes transport blocks of one size from soft values, planned once.
#[derive(Debug, Clone)]
pub struct TransportBlockDecoder {
    plan: Plan,
    /// By kind of code block.
    dematchers: Vec<Dematcher>,
    windows: Vec<Windows>,
    turbo: TurboDecoder,
    /// b: the transport block and its CRC, octets.
    b: Vec<u8>,
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
        let b = plan.segmentation.b / 8;
        let crc: &Crc = if plan.segmentation.c() > 1 { &CRC24B } else { &CRC24A };
        let windows: Vec<_> = plan.kinds.iter().map(|kind| Windows::new(&kind.interleaver, crc, kind.filler)).collect();
        let turbo = TurboDecoder::new(isa, &windows, max_iterations);
        let dematcher = |kind: &Kind| Dematcher::new(kind.k(), kind.filler, params.rv, isa);
        let dematchers = plan.kinds.iter().map(dematcher).collect();
        Ok(Self { plan, dematchers, windows, turbo, b: vec![0; b] })
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
        self.decode_scrambled(llr, &[], tb)
    }

    /// As [`Self::decode`], of soft values that are scrambled still: value n has the other sign where bit n mod 64 of word
    /// n / 64 of `scrambling` is 1.
    ///
    /// # Panics
    /// When a length is not the planned one.
    pub(crate) fn decode_scrambled(&mut self, llr: &[f32], scrambling: &[u64], tb: &mut [u8]) -> Decoded {
        self.plan.assert_lengths(tb.len(), llr.len());
        let mut decoded =
            Decoded { crc_ok: false, iterations: 0, code_blocks: self.plan.blocks.len() as u32, code_block_errors: 0 };
        for block in &self.plan.blocks {
            let kind = &self.plan.kinds[block.kind];
            let soft = self.dematchers[block.kind].dematch(&llr[block.e.clone()], (scrambling, block.e.start));
            let octets = &mut self.b[block.b.start / 8..block.b.end / 8];
            let outcome = if let Some(d) = soft {
                let outcome = self.turbo.decode(d, &self.windows[block.kind]);
                pack(&self.turbo.bits(kind.k())[kind.filler..][..block.b.len()], octets);
                outcome
            } else {
                octets.fill(u8::MAX);
                Outcome { accepted: false, iterations: 0 }
            };
            decoded.iterations += outcome.iterations;
            decoded.code_block_errors += u32::from(!outcome.accepted);
        }
        tb.copy_from_slice(&self.b[..tb.len()]);
        decoded.crc_ok = decoded.code_block_errors == 0 && CRC24A.octets(&self.b) == 0;
        decoded
    }
}

/// Turbo iterations after which a code block is given up, when the caller has no better number.
pub const DEFAULT_MAX_ITERATIONS: u32 = 12;
