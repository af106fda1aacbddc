//! What can be computed ahead for transport blocks of one size: parameters and their limits, code blocks, tables.

use std::ops::Range;

use super::crc::CRC24A;
use super::qpp;
use super::rate_match::{self, RateMatcher};
use super::segment::Segmentation;

/// What fixes the coding of one transport block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransportBlockParams {
    /// A, bits of the transport block: a multiple of 8.
    pub a_bits: usize,
    /// G, coded bits that the allocation carries: a multiple of N_L·Q_m.
    pub g_bits: usize,
    /// Q_m, bits per modulation symbol: 2, 4, 6 or 8.
    pub q_m: u8,
    /// N_L, layers that the block is mapped to: 1 to 4, and 1 for the MCH.
    pub n_l: u8,
    /// rv_idx, the redundancy version: 0 to 3, and 0 for the MCH.
    pub rv: u8,
}

/// A transport block that cannot be coded as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodingError {
    /// A is not a size that octets can carry.
    #[error("transport block size {a_bits} bits: use a multiple of 8 from 8 to {A_BITS_LIMIT}")]
    TransportBlockSize {
        /// A.
        a_bits: usize,
    },
    /// Q_m stands for no modulation.
    #[error("modulation order {q_m}: use 2 (QPSK), 4 (16QAM), 6 (64QAM) or 8 (256QAM)")]
    ModulationOrder {
        /// Q_m.
        q_m: u8,
    },
    /// N_L is out of range.
    #[error("{n_l} layers: use 1 to 4 (1 for the MCH)")]
    Layers {
        /// N_L.
        n_l: u8,
    },
    /// rv_idx is out of range.
    #[error("redundancy version {rv}: use 0 to 3 (0 for the MCH)")]
    RedundancyVersion {
        /// rv_idx.
        rv: u8,
    },
    /// G does not fill whole modulation symbols.
    #[error("{g_bits} coded bits are no multiple of {group} (layers times bits per modulation symbol)")]
    PartialSymbol {
        /// G.
        g_bits: usize,
        /// N_L·Q_m.
        group: usize,
    },
    /// A code block would get no coded bit.
    #[error(
        "{g_bits} coded bits in groups of {group} cannot serve {code_blocks} code blocks: allocate more or send less"
    )]
    TooFewCodedBits {
        /// G.
        g_bits: usize,
        /// N_L·Q_m.
        group: usize,
        /// C.
        code_blocks: usize,
    },
    /// A soft buffer is for one code block.
    #[error("{a_bits} bits take several code blocks: the soft buffer of system information holds one, up to 6120 bits")]
    SeveralCodeBlocks {
        /// A.
        a_bits: usize,
    },
    /// A decoder that may not iterate.
    #[error("0 turbo iterations: allow at least 1")]
    NoIterations,
}

impl TransportBlockParams {
    /// The effective channel code rate of TS 36.213 7.1.7: information bits with all CRC bits over coded bits. Above 0.931
    /// a UE may skip decoding, and above 1 no decoder can succeed on one transmission.
    #[must_use]
    pub fn effective_code_rate(&self) -> f64 {
        Segmentation::new(self.a_bits + CRC24A.length()).bits_with_crc() as f64 / self.g_bits as f64
    }

    fn check(&self) -> Result<Segmentation, CodingError> {
        let Self { a_bits, g_bits, q_m, n_l, rv } = *self;
        if a_bits == 0 || !a_bits.is_multiple_of(8) || a_bits > A_BITS_LIMIT {
            return Err(CodingError::TransportBlockSize { a_bits });
        }
        if !matches!(q_m, 2 | 4 | 6 | 8) {
            return Err(CodingError::ModulationOrder { q_m });
        }
        if !(1..=4).contains(&n_l) {
            return Err(CodingError::Layers { n_l });
        }
        if rv > 3 {
            return Err(CodingError::RedundancyVersion { rv });
        }
        let group = self.group();
        if !g_bits.is_multiple_of(group) {
            return Err(CodingError::PartialSymbol { g_bits, group });
        }
        let segmentation = Segmentation::new(a_bits + CRC24A.length());
        if g_bits / group < segmentation.c() {
            return Err(CodingError::TooFewCodedBits { g_bits, group, code_blocks: segmentation.c() });
        }
        Ok(segmentation)
    }

    /// N_L·Q_m, the coded bits that stay together.
    fn group(&self) -> usize {
        usize::from(self.n_l) * usize::from(self.q_m)
    }
}

/// All that can be computed before the bits are there.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) params: TransportBlockParams,
    pub(super) segmentation: Segmentation,
    /// The different code blocks, at most three: a first one with filler bits, smaller ones, larger ones.
    pub(super) kinds: Vec<Kind>,
    pub(super) blocks: Vec<Block>,
}

/// One code block.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// Index of its kind.
    pub(super) kind: usize,
    /// The bits of b it carries.
    pub(super) b: Range<usize>,
    /// Its place among the G coded bits.
    pub(super) e: Range<usize>,
}

/// What code blocks of one size with equally many filler bits share.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub(super) filler: usize,
    pub(super) interleaver: Vec<u16>,
    pub(super) rate_matcher: RateMatcher,
}

impl Plan {
    pub(super) fn new(params: TransportBlockParams) -> Result<Self, CodingError> {
        let segmentation = params.check()?;
        let mut plan = Self { params, segmentation, kinds: Vec::new(), blocks: Vec::new() };
        let (mut b, mut e) = (0, 0);
        for r in 0..segmentation.c() {
            let payload = segmentation.payload(r);
            let coded = rate_match::output_len(params.g_bits, params.group(), segmentation.c(), r);
            let kind = plan.kind(segmentation.k(r), segmentation.filler(r));
            plan.blocks.push(Block { kind, b: b..b + payload, e: e..e + coded });
            (b, e) = (b + payload, e + coded);
        }
        Ok(plan)
    }

    /// The index of a kind, planned now if it is new.
    fn kind(&mut self, k: usize, filler: usize) -> usize {
        self.kinds.iter().position(|kind| kind.k() == k && kind.filler == filler).unwrap_or_else(|| {
            let (interleaver, rate_matcher) = (qpp::interleaver(k), RateMatcher::new(k, filler, self.params.rv));
            self.kinds.push(Kind { filler, interleaver, rate_matcher });
            self.kinds.len() - 1
        })
    }

    pub(super) fn assert_lengths(&self, octets: usize, coded: usize) {
        let TransportBlockParams { a_bits, g_bits, .. } = self.params;
        assert!(
            8 * octets == a_bits && coded == g_bits,
            "transport block of {octets} octets and {coded} coded bits, planned for {} and {g_bits}",
            a_bits / 8,
        );
    }
}

impl Kind {
    /// K, bits of the code block.
    pub(super) fn k(&self) -> usize {
        self.interleaver.len()
    }
}

/// No transport block size of TS 36.213 7.1.7.2 comes near this.
const A_BITS_LIMIT: usize = 1 << 20;
