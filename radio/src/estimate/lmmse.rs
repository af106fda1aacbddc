//! Linear minimum mean square error estimate of a channel from weighted pilots, by its delays.
//!
//! The channel of a part of the band is h = F a, F being the transform from a set of delays to subcarriers and a
//! independent values of known mean powers P. Pilots y = h + n with noise of power s / w (w: weights, 0 without a pilot)
//! give a = (F^H W F + s P^-1)^-1 F^H W y. F^H W F depends on differences of delays alone.

use num_complex::{Complex32, Complex64};
use rustfft::FftPlanner;

use crate::isa::{Isa, Kernels, compile_for_lanes, run_kernel};

/// Delays of one estimate.
pub(super) const MAX_DELAYS: usize = 128;
/// Columns begin at multiples of this.
const LANES: usize = 8;
/// Columns that are swept at once.
const PIVOT_LANES: usize = 4;

/// (F^H W F + s P^-1)^-1 for one set of delays; planned again in place.
#[derive(Clone)]
pub(super) struct Lmmse {
    kernels: Kernels,
    /// F^H W F by difference of delays.
    gram: Vec<Complex64>,
    /// Work space of planning.
    matrix: Hermitian,
    /// Columns of the inverse, `stride` apart.
    re: Vec<f32>,
    im: Vec<f32>,
    /// Mean square errors, over the noise of a pilot of weight one.
    errors: Vec<f32>,
    freedom: f32,
    size: usize,
    stride: usize,
    input: Vec<Complex32>,
    output: [[f32; MAX_DELAYS]; 2],
}

impl Lmmse {
    /// For pilots of the given weights, by position, among `delays` delays.
    pub(super) fn new(weights: &[f32], delays: usize, isa: Isa) -> Self {
        let mut gram = vec![Complex64::ZERO; delays];
        gram.iter_mut().zip(weights).for_each(|(g, &w)| g.re = w.into());
        FftPlanner::new().plan_fft_inverse(delays).process(&mut gram);
        Self {
            kernels: isa.kernels(),
            gram,
            matrix: Hermitian::default(),
            re: vec![0.0; MAX_DELAYS * MAX_DELAYS],
            im: vec![0.0; MAX_DELAYS * MAX_DELAYS],
            errors: Vec::with_capacity(MAX_DELAYS),
            freedom: 0.0,
            size: 0,
            stride: 0,
            input: Vec::with_capacity(MAX_DELAYS),
            output: [[0.0; MAX_DELAYS]; 2],
        }
    }

    /// Plans for `delays`, at most [`MAX_DELAYS`], of powers `prior` over the noise of a pilot of weight one.
    pub(super) fn plan(&mut self, delays: &[usize], prior: impl Fn(usize) -> f64) {
        let (n, modulus) = (delays.len(), self.gram.len());
        (self.size, self.stride) = (n, n.next_multiple_of(LANES));
        let stride = self.stride;
        for (i, &delay) in delays.iter().enumerate() {
            let (re, im) = self.matrix.row_mut(i, stride);
            for ((re, im), &other) in re.iter_mut().zip(im.iter_mut()).zip(&delays[..=i]) {
                let difference = delay + modulus - other;
                let gram = self.gram[if difference < modulus { difference } else { difference - modulus }];
                (*re, *im) = (gram.re, gram.im);
            }
            re[i] += 1.0 / prior(i);
        }
        let Hermitian { re, im, pivots } = &mut self.matrix;
        run_kernel!(self.kernels, invert(re, im, pivots, n, stride));
        self.errors.clear();
        self.errors.extend((0..n).map(|i| (self.matrix.re[i * stride + i] / prior(i)) as f32));
        self.freedom = self.errors.iter().map(|error| 1.0 - error).sum();
        self.re[..n * stride].fill(0.0);
        self.im[..n * stride].fill(0.0);
        for i in 0..n {
            let (re, im) = self.matrix.row_mut(i, stride);
            for (j, (re, im)) in re.iter().zip(im.iter()).enumerate().take(i + 1) {
                let (re, im) = (*re as f32, *im as f32);
                (self.re[j * stride + i], self.im[j * stride + i]) = (re, im);
                (self.re[i * stride + j], self.im[i * stride + j]) = (re, if i == j { 0.0 } else { -im });
            }
        }
    }

    /// Values of the delays from F^H W y, of which `input` gives those of the planned delays.
    pub(super) fn solve(&mut self, input: impl Iterator<Item = Complex32>) {
        self.input.clear();
        self.input.extend(input.take(self.size));
        let [re, im] = self.output.each_mut().map(|part| &mut part[..self.stride]);
        let columns = (&self.re[..], &self.im[..]);
        run_kernel!(self.kernels, multiply(columns, &self.input, re, im));
    }

    /// Mean square errors of the values, over the noise of a pilot of weight one.
    pub(super) fn errors(&self) -> &[f32] {
        &self.errors
    }

    /// Degrees of freedom: by how many pilots the squared distance of pilots from their estimates is short of the noise.
    pub(super) fn freedom(&self) -> f32 {
        self.freedom
    }

    /// What was solved last.
    pub(super) fn values(&self) -> impl Iterator<Item = Complex32> {
        let [re, im] = &self.output;
        re.iter().zip(im.iter()).map(|(&re, &im)| Complex32::new(re, im)).take(self.size)
    }
}

/// Lower triangle of a matrix row by row, real and imaginary parts.
#[derive(Clone)]
struct Hermitian {
    re: Vec<f64>,
    im: Vec<f64>,
    /// A column of it, twice: as it is, and over its pivot.
    pivots: [[f64; MAX_DELAYS]; 4],
}

impl Default for Hermitian {
    fn default() -> Self {
        let zeros = || vec![0.0; MAX_DELAYS * MAX_DELAYS];
        Self { re: zeros(), im: zeros(), pivots: [[0.0; MAX_DELAYS]; 4] }
    }
}

impl Hermitian {
    fn row_mut(&mut self, row: usize, stride: usize) -> (&mut [f64], &mut [f64]) {
        (&mut self.re[row * stride..][..stride], &mut self.im[row * stride..][..stride])
    }
}

/// Lower triangle of the inverse of a positive definite matrix, of which the lower triangle is given, `stride` values a
/// row: swept by one diagonal element after the other. Each lane is one column, so that results are the same everywhere.
#[inline(always)]
fn invert_in_lanes(a_re: &mut [f64], a_im: &mut [f64], pivots: &mut [[f64; MAX_DELAYS]; 4], n: usize, stride: usize) {
    let [c_re, c_im, x_re, x_im] = pivots;
    for k in 0..n {
        // Column k: what lies above the diagonal is row k, conjugate.
        let over_pivot = 1.0 / a_re[k * stride + k].max(f64::MIN_POSITIVE);
        for j in 0..n {
            let (at, sign) = if j < k { (k * stride + j, -1.0) } else { (j * stride + k, 1.0) };
            (c_re[j], c_im[j]) = (a_re[at], a_im[at] * sign);
            (x_re[j], x_im[j]) = (c_re[j] * over_pivot, c_im[j] * over_pivot);
        }
        for i in 0..n {
            let (x_re, x_im) = (x_re[i], x_im[i]);
            let lanes = (i + 1).next_multiple_of(PIVOT_LANES);
            let a = a_re[i * stride..][..lanes].as_chunks_mut::<PIVOT_LANES>().0.iter_mut();
            let a = a.zip(a_im[i * stride..][..lanes].as_chunks_mut::<PIVOT_LANES>().0);
            let c = c_re[..lanes].as_chunks::<PIVOT_LANES>().0.iter().zip(c_im[..lanes].as_chunks::<PIVOT_LANES>().0);
            for ((a_re, a_im), (c_re, c_im)) in a.zip(c) {
                for lane in 0..PIVOT_LANES {
                    a_re[lane] -= x_re * c_re[lane] + x_im * c_im[lane];
                    a_im[lane] -= x_im * c_re[lane] - x_re * c_im[lane];
                }
            }
        }
        for j in 0..k {
            (a_re[k * stride + j], a_im[k * stride + j]) = (x_re[j], -x_im[j]);
        }
        for j in k + 1..n {
            (a_re[j * stride + k], a_im[j * stride + k]) = (x_re[j], x_im[j]);
        }
        (a_re[k * stride + k], a_im[k * stride + k]) = (-over_pivot, 0.0);
    }
    // What a sweep leaves is the inverse with its sign turned.
    a_re[..n * stride].iter_mut().chain(&mut a_im[..n * stride]).for_each(|a| *a = -*a);
}

/// Columns times values: each lane is one element of the sum, so that the order of additions is the same everywhere.
#[inline(always)]
fn multiply_in_lanes(columns: (&[f32], &[f32]), input: &[Complex32], re: &mut [f32], im: &mut [f32]) {
    let stride = re.len();
    let columns = columns.0.chunks_exact(stride).zip(columns.1.chunks_exact(stride));
    re.fill(0.0);
    im.fill(0.0);
    for ((a_re, a_im), x) in columns.zip(input) {
        let a = a_re.as_chunks::<LANES>().0.iter().zip(a_im.as_chunks::<LANES>().0);
        let sums = re.as_chunks_mut::<LANES>().0.iter_mut().zip(im.as_chunks_mut::<LANES>().0);
        for ((a_re, a_im), (re, im)) in a.zip(sums) {
            for lane in 0..LANES {
                re[lane] += a_re[lane] * x.re - a_im[lane] * x.im;
                im[lane] += a_re[lane] * x.im + a_im[lane] * x.re;
            }
        }
    }
}

mod scalar {
    use super::*;

    #[inline(always)]
    pub(super) fn invert(re: &mut [f64], im: &mut [f64], pivots: &mut [[f64; MAX_DELAYS]; 4], n: usize, stride: usize) {
        invert_in_lanes(re, im, pivots, n, stride);
    }

    #[inline(always)]
    pub(super) fn multiply(columns: (&[f32], &[f32]), input: &[Complex32], re: &mut [f32], im: &mut [f32]) {
        multiply_in_lanes(columns, input, re, im);
    }
}

compile_for_lanes! {
    fn invert(re: &mut [f64], im: &mut [f64], pivots: &mut [[f64; MAX_DELAYS]; 4], n: usize, stride: usize);
    fn multiply(columns: (&[f32], &[f32]), input: &[Complex32], re: &mut [f32], im: &mut [f32]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights() -> Vec<f32> {
        (0..60).map(|k| if k % 2 == 0 { 2.0 } else { 1.0 }).collect()
    }

    /// What is solved is the system that was planned.
    #[test]
    fn inverts_the_normal_equations() {
        let delays: Vec<_> = (0..19).chain([40, 41, 42, 77, 78]).collect();
        let prior = |i: usize| 10f64.powi(i as i32 % 4 - 1);
        let mut lmmse = Lmmse::new(&weights(), 96, Isa::Scalar);
        lmmse.plan(&delays, prior);
        let right = |i: usize| Complex32::new(1.0 + i as f32, 3.0 - (i * i % 7) as f32);
        lmmse.solve((0..delays.len()).map(right));
        let values: Vec<_> = lmmse.values().collect();
        for (i, &a) in delays.iter().enumerate() {
            let gram = |b: usize| {
                let turn = |(k, w): (usize, &f32)| {
                    Complex64::cis(std::f64::consts::TAU * (k * (96 + a - b)) as f64 / 96.0) * f64::from(*w)
                };
                weights().iter().enumerate().map(turn).sum::<Complex64>()
            };
            let value = |j: usize| Complex64::new(values[j].re.into(), values[j].im.into());
            let left =
                delays.iter().enumerate().map(|(j, &b)| gram(b) * value(j)).sum::<Complex64>() + value(i) / prior(i);
            let right = right(i);
            let error = (left - Complex64::new(right.re.into(), right.im.into())).norm();
            assert!(error < 1e-2, "delay {a}: {left} for {right}");
        }
    }

    #[test]
    fn every_instruction_set_solves_alike() {
        for n in [1, 7, 8, 33, MAX_DELAYS] {
            let delays: Vec<_> = (0..n).collect();
            let solved = |isa| {
                let mut lmmse = Lmmse::new(&vec![1.0; 180], 288, isa);
                lmmse.plan(&delays, |i| 1.0 + i as f64);
                lmmse.solve((0..n).map(|i| Complex32::new((i as f32).sin(), (i as f32 * 1.7).cos())));
                lmmse.values().map(|v| (v.re.to_bits(), v.im.to_bits())).collect::<Vec<_>>()
            };
            for isa in Isa::available() {
                assert_eq!(solved(isa), solved(Isa::Scalar), "{isa}, {n} delays");
            }
        }
    }
}
