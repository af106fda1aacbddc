//! What the kernels of all instruction sets work on: sixteen windows of a code block side by side, in 16-bit integers.

/// Windows that are decoded side by side.
pub(super) const LANES: usize = 16;

/// One value for each window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(32))]
pub(super) struct Lanes(pub(super) [i16; LANES]);

impl Lanes {
    pub(super) const ZERO: Self = Self([0; LANES]);
}

/// Metrics of the eight trellis states in each window.
pub(super) type States = [Lanes; 8];

/// What is known of the metrics at the two ends of each window, refined from one iteration to the next.
#[derive(Debug, Clone)]
pub(super) struct Edges {
    /// Forward metrics before the first row.
    pub(super) alpha: States,
    /// Backward metrics after the last row.
    pub(super) beta: States,
    /// Backward metrics at the end of the block.
    end: [i16; 8],
    /// Windows in use.
    windows: usize,
}

impl Edges {
    /// Only the ends of the block are known: the start, in state 0, and `end`.
    pub(super) fn new(windows: usize, end: [i16; 8]) -> Self {
        let mut edges = Self { alpha: [Lanes::ZERO; 8], beta: [Lanes::ZERO; 8], end, windows };
        edges.fix_ends();
        edges
    }

    /// The metrics with which the forward pass left each window are those before the first row of the next.
    pub(super) fn hand_on_alpha(&mut self, mut left: States) {
        left.iter_mut().for_each(|lanes| lanes.0.copy_within(..LANES - 1, 1));
        self.alpha = left;
        self.fix_ends();
    }

    /// The metrics with which the backward pass left each window are those after the last row of the one before.
    pub(super) fn hand_on_beta(&mut self, mut left: States) {
        left.iter_mut().for_each(|lanes| lanes.0.copy_within(1.., 0));
        self.beta = left;
        self.fix_ends();
    }

    fn fix_ends(&mut self) {
        for (s, (alpha, beta)) in self.alpha.iter_mut().zip(&mut self.beta).enumerate() {
            alpha.0[0] = if s == 0 { 0 } else { UNREACHED };
            beta.0[self.windows - 1] = self.end[s];
        }
    }
}

/// What a constituent decoder says of the bits, row by row.
pub(super) struct Verdict<'a> {
    /// Scaled extrinsic information, the same unit as the input.
    pub(super) extrinsic: &'a mut [Lanes],
    /// Twice the log-likelihood ratio; a bit is 0 where it is positive.
    pub(super) decision: &'a mut [Lanes],
}

/// Where values of each lane go: lane j of the result is that of the two bytes `[2 j]` and `[2 j + 1]` of the source.
pub(super) type Shuffle = [u8; 2 * LANES];

/// The path metric of a state that no path has reached.
///
/// No sum of metrics overflows: a branch adds at most B = 1533 (twice [`super::MAX_CHANNEL`] and [`MAX_EXTRINSIC`]), three
/// branches lead from any state to any other, so metrics lie within 6 B = 9198 of state 0, and within 6 B + 4 B = 15330 after four steps without
/// [normalisation](NORMALISE_EVERY); unreached states, gone after three steps, stay above -10000 - 4 B = -16132; the largest
/// sum has one forward metric, one backward metric and a parity: 16132 + 15330 + 255 < 2^15.
pub(super) const UNREACHED: i16 = -10_000;

/// Steps after which metrics are brought back to around zero.
pub(super) const NORMALISE_EVERY: usize = 4;

/// Bound of extrinsic information.
pub(super) const MAX_EXTRINSIC: i16 = 1023;
/// What max-log-MAP overrates the extrinsic information by (Vogt and Finger, "Improving the max-log-MAP turbo decoder",
/// Electronics Letters 36 (2000)): 0.75, over two because twice the ratio comes in, in units of 2^-16.
pub(super) const EXTRINSIC_SCALE: i16 = (0.75 / 2.0 * 65536.0) as i16;
