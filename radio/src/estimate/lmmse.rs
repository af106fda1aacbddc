//! Linear minimum mean square error estimate of a channel from weighted pilots, by its delays.
//!
//! The channel of a part of the band is h = F a, F being the transform from a set of delays to subcarriers and a
//! independent values of known mean powers P. Pilots y = h + n with noise of power s / w (w: weights, 0 without a pilot)
//! give a = (F^H W F + s P^-1)^-1 F^H W y. F^H W F depends on differences of delays alone.

use num_complex::{Complex32, Complex64};

use crate::isa::{Isa, Kernels, run_kernel};

/// Delays of one estimate.
pub(super) const MAX_DELAYS: usize = 128;
/// Columns begin at multiples of this.
const LANES: usize = 8;

/// (F^H W F + s P^-1)^-1 for one set of delays; planned again in place.
#[derive(Clone)]
pub(super) struct Lmmse {
    kernels: Kernels,
    /// F^H W F by difference of delays.
    gram: Vec<Complex64>,
    /// Work space of planning, row by row.
    matrix: Vec<Complex64>,
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
        let gram = |difference: usize| {
            let step = std::f64::consts::TAU * difference as f64 / delays as f64;
            let turn = |(k, w): (usize, &f32)| Complex64::from_polar((*w).into(), step * k as f64);
            weights.iter().enumerate().map(turn).sum()
        };
        Self {
            kernels: isa.kernels(),
            gram: (0..delays).map(gram).collect(),
            matrix: vec![Complex64::ZERO; MAX_DELAYS * MAX_DELAYS],
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
        for (i, &delay) in delays.iter().enumerate() {
            for (j, &other) in delays[..=i].iter().enumerate() {
                self.matrix[i * n + j] = self.gram[(delay + modulus - other) % modulus];
            }
            self.matrix[i * n + i] += 1.0 / prior(i);
        }
        invert(&mut self.matrix[..n * n], n);
        self.errors.clear();
        self.errors.extend((0..n).map(|i| (self.matrix[i * n + i].re / prior(i)) as f32));
        self.freedom = (0..n).map(|i| (1.0 - self.matrix[i * n + i].re / prior(i)) as f32).sum();
        (self.size, self.stride) = (n, n.next_multiple_of(LANES));
        for j in 0..n {
            for i in 0..self.stride {
                let value = match i {
                    _ if i >= n => Complex64::ZERO,
                    _ if i >= j => self.matrix[i * n + j],
                    _ => self.matrix[j * n + i].conj(),
                };
                self.re[j * self.stride + i] = value.re as f32;
                self.im[j * self.stride + i] = value.im as f32;
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

/// Lower triangle of the inverse of a positive definite matrix, of which the lower triangle is given.
fn invert(a: &mut [Complex64], n: usize) {
    // A = L L^H
    for i in 0..n {
        for j in 0..=i {
            let dot: Complex64 = (0..j).map(|k| a[i * n + k] * a[j * n + k].conj()).sum();
            let rest = a[i * n + j] - dot;
            a[i * n + j] = if i == j {
                Complex64::new(rest.re.max(f64::MIN_POSITIVE).sqrt(), 0.0)
            } else {
                rest / a[j * n + j].re
            };
        }
    }
    // L^-1 in place, row by row: X_ij = -(sum L_ik X_kj) / L_ii.
    for i in 0..n {
        let pivot = 1.0 / a[i * n + i].re;
        for j in 0..i {
            let dot: Complex64 = (j..i).map(|k| a[i * n + k] * a[k * n + j]).sum();
            a[i * n + j] = -dot * pivot;
        }
        a[i * n + i] = Complex64::new(pivot, 0.0);
    }
    // A^-1 = X^H X: each element needs rows from its own on alone.
    for i in 0..n {
        for j in 0..=i {
            a[i * n + j] = (i..n).map(|k| a[k * n + i].conj() * a[k * n + j]).sum();
        }
    }
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

    pub(super) fn multiply(columns: (&[f32], &[f32]), input: &[Complex32], re: &mut [f32], im: &mut [f32]) {
        multiply_in_lanes(columns, input, re, im);
    }
}

#[cfg(target_arch = "x86_64")]
use avx2 as avx512;

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::*;

    #[target_feature(enable = "avx2")]
    pub(super) fn multiply(columns: (&[f32], &[f32]), input: &[Complex32], re: &mut [f32], im: &mut [f32]) {
        multiply_in_lanes(columns, input, re, im);
    }
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
