//! The parts of a band that are estimated one by one, and their transforms between subcarriers and delays.

use std::sync::Arc;

use num_complex::{Complex32, Complex64};
use rustfft::{Fft, FftPlanner};

/// Longest part of a band, subcarriers: longer ones would gain little and make more delays to tell apart.
const MAX_SUBCARRIERS: usize = 450;
/// Share of delays to subcarriers: the more, the fewer delays a path between two of them needs.
const OVERSAMPLING: f64 = 1.6;

/// How a band is cut into parts of one size, each with the same transform.
///
/// The carrier itself is not sent: it either lies between two parts or is a subcarrier without a pilot in the middle of
/// the only one.
#[derive(Clone)]
pub(super) struct SubBands {
    /// Parts of the band.
    pub(super) count: usize,
    /// Subcarriers of a part.
    pub(super) subcarriers: usize,
    /// Size of the transform: delays are told apart in units of a symbol over this.
    pub(super) delays: usize,
    to_delays: Arc<dyn Fft<f32>>,
    to_subcarriers: Arc<dyn Fft<f32>>,
    scratch: Vec<Complex32>,
    values: Vec<Complex32>,
    /// What delays of 0, 1, ... are turned by from subcarrier to subcarrier.
    turns: Vec<Complex32>,
    /// Channel at the carrier where it is a position of the only part, as the last estimate has it.
    carrier: Complex32,
}

impl SubBands {
    /// Plans the parts of a band of `n_sc` subcarriers.
    pub(super) fn new(n_sc: usize) -> Self {
        let count = if n_sc > MAX_SUBCARRIERS { n_sc.div_ceil(MAX_SUBCARRIERS).next_multiple_of(2) } else { 1 };
        let subcarriers = n_sc / count;
        let delays = ((subcarriers as f64 * OVERSAMPLING) as usize).next_multiple_of(32);
        let mut planner = FftPlanner::new();
        let (to_delays, to_subcarriers) = (planner.plan_fft_inverse(delays), planner.plan_fft_forward(delays));
        let turn = |delay: usize| Complex64::cis(-std::f64::consts::TAU * delay as f64 / delays as f64);
        let narrow = |turn: Complex64| Complex32::new(turn.re as f32, turn.im as f32);
        let scratch = to_delays.get_inplace_scratch_len().max(to_subcarriers.get_inplace_scratch_len());
        Self {
            count,
            subcarriers,
            delays,
            to_delays,
            to_subcarriers,
            scratch: vec![Complex32::ZERO; scratch],
            values: vec![Complex32::ZERO; delays],
            turns: (0..delays).map(|delay| narrow(turn(delay))).collect(),
            carrier: Complex32::ZERO,
        }
    }

    /// What one delay is turned by over some subcarriers, given their product.
    pub(super) fn turn(&self, delay_subcarriers: usize) -> Complex32 {
        self.turns[delay_subcarriers % self.delays]
    }

    /// Position of the carrier, where it is one.
    pub(super) fn carrier(&self) -> Option<usize> {
        (self.count == 1).then_some(self.subcarriers / 2)
    }

    /// Channel there from its neighbours, a cubic through sums of pilots that weigh two on even subcarriers: until there
    /// is an estimate.
    pub(super) fn interpolate_carrier(&mut self, pilots: &[Complex32]) {
        if let Some(carrier) = self.carrier() {
            let at = |k: usize| pilots[k] * if k.is_multiple_of(2) { 0.5 } else { 1.0 };
            let (near, far) = (at(carrier - 1) + at(carrier), at(carrier - 2) + at(carrier + 1));
            self.carrier = near * (2.0 / 3.0) - far * (1.0 / 6.0);
        }
    }

    /// Position of a subcarrier of a part: those above a carrier in the middle are one further.
    pub(super) fn position(&self, k: usize) -> usize {
        k + usize::from(self.count == 1 && k >= self.subcarriers / 2)
    }

    /// Delay domain of one part, `input` being its subcarriers, weighted by `window` (by position), through which the
    /// carrier is seen as it is estimated: a hole there would be seen at all delays.
    pub(super) fn delays_of<'a>(&'a mut self, input: &[Complex32], window: Option<&[f32]>) -> &'a [Complex32] {
        self.place(input);
        if let Some(window) = window {
            if let Some(carrier) = self.carrier() {
                self.values[carrier] = self.carrier;
            }
            self.values.iter_mut().zip(window).for_each(|(v, w)| *v *= w);
        }
        self.to_delays.process_with_scratch(&mut self.values, &mut self.scratch);
        &self.values
    }

    /// Subcarriers of one part from its delay domain, which `fill` puts into zeros.
    pub(super) fn subcarriers_of(&mut self, fill: impl FnOnce(&mut [Complex32]), output: &mut [Complex32]) {
        self.values.fill(Complex32::ZERO);
        fill(&mut self.values);
        self.to_subcarriers.process_with_scratch(&mut self.values, &mut self.scratch);
        let (below, above) = self.halves();
        self.carrier = self.values[below];
        output[..below].copy_from_slice(&self.values[..below]);
        output[below..].copy_from_slice(&self.values[above..][..self.subcarriers - below]);
    }

    fn place(&mut self, input: &[Complex32]) {
        let (below, above) = self.halves();
        self.values.fill(Complex32::ZERO);
        self.values[..below].copy_from_slice(&input[..below]);
        self.values[above..][..self.subcarriers - below].copy_from_slice(&input[below..]);
    }

    /// Subcarriers below the carrier, and the position of the first one above it.
    fn halves(&self) -> (usize, usize) {
        let below = self.subcarriers / 2;
        (below, self.position(below))
    }
}
