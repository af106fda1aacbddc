//! Wrap-around Viterbi decoder of the tail-biting code: the block is taken as periodic, the trellis begins before it with
//! all states alike and goes on after it, so that the survivor through the block knows its past and its future.

use super::{GENERATORS, MEMORY};

/// States of the encoder; bit 5 of a state is the newest input.
const STATES: usize = 1 << MEMORY;
/// Steps before the block and after it, eight times the memory of the code: more of them help no more.
const WRAP: usize = 8 * MEMORY;

/// Decodes tail-biting blocks; allocates when a block is longer than any before.
#[derive(Clone, Debug)]
pub struct TailBitingDecoder {
    /// By half of the even predecessor: outputs of that predecessor for input 0, stream i in bit i.
    outputs: [u8; STATES / 2],
    /// By step from the start of the block on: bit s tells that the odd predecessor of state s won.
    decisions: Vec<u64>,
    metrics: [f32; STATES],
}

impl Default for TailBitingDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl TailBitingDecoder {
    /// Plans the trellis.
    pub fn new() -> Self {
        let output = |j: usize| {
            let state = 2 * j as u8;
            (0..3).fold(0, |out, i| out | ((state & GENERATORS[i]).count_ones() as u8 & 1) << i)
        };
        Self { outputs: std::array::from_fn(output), decisions: Vec::new(), metrics: [0.0; STATES] }
    }

    /// Decodes the three streams `llr` (ln P(0) / P(1), one stream after the other) into `bits`.
    ///
    /// # Panics
    /// If there are less than six bits, or not three LLRs for each.
    pub fn decode(&mut self, llr: &[f32], bits: &mut [u8]) {
        let k = bits.len();
        assert!(k >= MEMORY, "{k} bits cannot be tail-biting");
        assert_eq!(llr.len(), 3 * k, "LLRs for {k} bits");
        self.metrics = [0.0; STATES];
        self.decisions.clear();
        // The first index is such that the block begins after WRAP steps.
        let mut i = (k - WRAP % k) % k;
        for t in 0..WRAP + k + WRAP {
            let decisions = self.step([llr[i], llr[k + i], llr[2 * k + i]]);
            if t >= WRAP {
                self.decisions.push(decisions);
            }
            i = if i + 1 == k { 0 } else { i + 1 };
        }
        self.trace_back(bits);
    }

    /// Add, compare, select. Predecessors 2j and 2j + 1 lead to states j (input 0) and j + 32 (input 1); all generators
    /// hold both the newest and the oldest bit, so that changing one of them turns all three outputs around.
    fn step(&mut self, llr: [f32; 3]) -> u64 {
        // Metric of the outputs for input 0, by outputs: an LLR counts for 0 and against 1.
        let gains: [f32; 8] = std::array::from_fn(|out| {
            let signed = |i: usize| if out >> i & 1 == 0 { llr[i] } else { -llr[i] };
            signed(0) + signed(1) + signed(2)
        });
        let mut next = [0.0; STATES];
        let mut decisions = 0u64;
        for j in 0..STATES / 2 {
            let gain = gains[usize::from(self.outputs[j])];
            let (even, odd) = (self.metrics[2 * j], self.metrics[2 * j + 1]);
            let (zero_even, zero_odd) = (even + gain, odd - gain);
            let (one_even, one_odd) = (even - gain, odd + gain);
            next[j] = zero_even.max(zero_odd);
            next[j + STATES / 2] = one_even.max(one_odd);
            decisions |= u64::from(zero_odd > zero_even) << j | u64::from(one_odd > one_even) << (j + STATES / 2);
        }
        self.metrics = next;
        decisions
    }

    /// Follows the best survivor back to the start of the block.
    fn trace_back(&self, bits: &mut [u8]) {
        let all = self.metrics.iter().enumerate();
        let mut state = all.fold((0, f32::MIN), |best, (s, &m)| if m > best.1 { (s, m) } else { best }).0;
        for (t, decisions) in self.decisions.iter().enumerate().rev() {
            if let Some(bit) = bits.get_mut(t) {
                *bit = (state >> (MEMORY - 1)) as u8;
            }
            state = (2 * state + (decisions >> state & 1) as usize) % STATES;
        }
    }
}
