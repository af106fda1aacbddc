//! White Gaussian noise, seeded: as many generators of random bits as there are lanes, each pair of whose values the method
//! of Box and Muller makes into two independent normal values. All arithmetic is exact or rounded alike by every instruction
//! set, so all give the same noise bit for bit.

use std::f32::consts::{FRAC_PI_4, LN_2};

use num_complex::Complex32;
use rand_core::Rng;
use rand_pcg::Pcg64Mcg;

use crate::isa::{Isa, Kernels, compile_for_lanes, run_kernel};

/// Generators side by side.
const LANES: usize = 16;
/// Normal values that all of them make at once, and the samples that these are the axes of.
const BLOCK: usize = 2 * LANES;
const BLOCK_SAMPLES: usize = BLOCK / 2;
/// Values that a generator gives away at its beginning, until its seed has gone everywhere.
const WARM_UP: u32 = 16;

/// The noise of one receive antenna. What it adds does not depend on how the samples are cut into calls.
#[derive(Clone, Debug)]
pub(super) struct GaussianNoise {
    kernels: Kernels,
    bits: RandomBits,
    /// The block begun last, with unit deviation, and how many of its samples have been used.
    block: [Complex32; BLOCK_SAMPLES],
    used: usize,
}

impl GaussianNoise {
    pub(super) fn new(seeds: Pcg64Mcg, isa: Isa) -> Self {
        let block = [Complex32::ZERO; BLOCK_SAMPLES];
        Self { kernels: isa.kernels(), bits: RandomBits::new(seeds), block, used: BLOCK_SAMPLES }
    }

    /// Multiplies samples by `gain` and adds noise of standard deviation `per_axis` to each of real and imaginary part.
    pub(super) fn add(&mut self, gain: f32, per_axis: f32, samples: &mut [Complex32]) {
        if per_axis <= 0.0 {
            samples.iter_mut().for_each(|sample| *sample *= gain);
            return;
        }
        let samples = self.add_rest(gain, per_axis, samples);
        let (blocks, rest) = samples.split_at_mut(samples.len() - samples.len() % BLOCK_SAMPLES);
        run_kernel!(self.kernels, add_blocks(&mut self.bits, gain, per_axis, bytemuck::cast_slice_mut(blocks)));
        if !rest.is_empty() {
            self.block.fill(Complex32::ZERO);
            self.used = 0;
            run_kernel!(self.kernels, add_blocks(&mut self.bits, 1.0, 1.0, bytemuck::cast_slice_mut(&mut self.block)));
            self.add_rest(gain, per_axis, rest);
        }
    }

    /// Adds what is left of the block begun last and gives back the samples that it was not enough for.
    fn add_rest<'a>(&mut self, gain: f32, per_axis: f32, samples: &'a mut [Complex32]) -> &'a mut [Complex32] {
        let (now, later) = samples.split_at_mut(samples.len().min(BLOCK_SAMPLES - self.used));
        now.iter_mut()
            .zip(&self.block[self.used..])
            .for_each(|(sample, noise)| *sample = *sample * gain + noise * per_axis);
        self.used += now.len();
        later
    }
}

/// Generators "small fast counting" of 32 bits (sfc32 of Doty-Humphrey's PractRand): each in its own state by its seed.
#[derive(Clone, Debug)]
struct RandomBits {
    a: [u32; LANES],
    b: [u32; LANES],
    c: [u32; LANES],
    counter: u32,
}

impl RandomBits {
    fn new(mut seeds: Pcg64Mcg) -> Self {
        let mut lanes = || std::array::from_fn(|_| seeds.next_u32());
        let mut bits = Self { a: lanes(), b: lanes(), c: lanes(), counter: 1 };
        for _ in 0..WARM_UP {
            let counter = bits.count();
            (0..LANES).for_each(|i| _ = bits.next(i, counter));
        }
        bits
    }

    /// The counter, and on by one.
    #[inline(always)]
    fn count(&mut self) -> u32 {
        let counter = self.counter;
        self.counter = counter.wrapping_add(1);
        counter
    }

    /// The next value of generator `i`.
    #[inline(always)]
    fn next(&mut self, i: usize, counter: u32) -> u32 {
        let value = self.a[i].wrapping_add(self.b[i]).wrapping_add(counter);
        self.a[i] = self.b[i] ^ self.b[i] >> 9;
        self.b[i] = self.c[i].wrapping_add(self.c[i] << 3);
        self.c[i] = self.c[i].rotate_left(21).wrapping_add(value);
        value
    }
}

/// Two independent normal values of 64 random bits: the exponential distribution of the squared radius, then the angle.
/// The radius comes to 6.7 at most: one value in 2^32.
#[inline(always)]
fn normal_pair(radius_bits: u32, angle_bits: u32) -> (f32, f32) {
    /// The mantissa of the square root of 1/2, by which mantissas are brought to its neighbourhood of 1.
    const SQRT_HALF: u32 = 0x3F35_04F3;
    // 2^31 times a value between 0 and 1, its logarithm by exponent and mantissa: ln m = 2 artanh((m - 1) / (m + 1)).
    let x = (radius_bits >> 1) as i32 as f32 + 0.5;
    let exponent = x.to_bits().wrapping_sub(SQRT_HALF) as i32 >> 23;
    let m = f32::from_bits(x.to_bits().wrapping_sub((exponent << 23) as u32));
    let z = (m - 1.0) / (m + 1.0);
    let t = z * z;
    let ln_m = 2.0 * z * (1.0 + t * (1.0 / 3.0 + t * (1.0 / 5.0 + t * (1.0 / 7.0))));
    let radius = (2.0 * ((31 - exponent) as f32 * LN_2 - ln_m)).sqrt();
    // An angle of -pi/4 to pi/4, then one of the four quarters of the circle.
    let angle = angle_bits as i32 as f32 * (FRAC_PI_4 / 2_147_483_648.0);
    let t = angle * angle;
    let sin = angle * (1.0 - t * (1.0 / 6.0 - t * (1.0 / 120.0 - t * (1.0 / 5040.0))));
    let cos = 1.0 - t * (1.0 / 2.0 - t * (1.0 / 24.0 - t * (1.0 / 720.0 - t * (1.0 / 40_320.0))));
    let (x, y) = if angle_bits & 2 == 0 { (cos, sin) } else { (sin, cos) };
    let radius = f32::from_bits(radius.to_bits() ^ angle_bits << 31);
    (x * radius, y * radius)
}

mod scalar {
    use super::{BLOCK, LANES, RandomBits, normal_pair};

    /// Multiplies whole blocks of values by `gain` and adds noise.
    #[inline(always)]
    pub(super) fn add_blocks(bits: &mut RandomBits, gain: f32, deviation: f32, values: &mut [f32]) {
        for block in values.chunks_exact_mut(BLOCK) {
            let (first, second) = block.split_at_mut(LANES);
            let counters = (bits.count(), bits.count());
            for i in 0..LANES {
                let (radius, angle) = (bits.next(i, counters.0), bits.next(i, counters.1));
                let (x, y) = normal_pair(radius, angle);
                first[i] = first[i] * gain + x * deviation;
                second[i] = second[i] * gain + y * deviation;
            }
        }
    }
}

compile_for_lanes! {
    fn add_blocks(bits: &mut RandomBits, gain: f32, deviation: f32, values: &mut [f32]);
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;

    use super::*;

    fn generator(seed: u64, isa: Isa) -> GaussianNoise {
        GaussianNoise::new(Pcg64Mcg::seed_from_u64(seed), isa)
    }

    fn noise(seed: u64, isa: Isa, samples: usize) -> Vec<Complex32> {
        let mut out = vec![Complex32::ZERO; samples];
        generator(seed, isa).add(1.0, 1.0, &mut out);
        out
    }

    fn values(seed: u64, samples: usize) -> Vec<f32> {
        noise(seed, Isa::fastest(), samples).iter().flat_map(|s| [s.re, s.im]).collect()
    }

    /// The normal distribution function, by the continued fraction of Laplace far out and the series near the middle.
    fn distribution(x: f64) -> f64 {
        let density = (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt();
        if x.abs() < 3.0 {
            let terms = (1..100).scan(x, |term, k| {
                let this = *term;
                *term *= x * x / f64::from(2 * k + 1);
                Some(this)
            });
            return 0.5 + density * terms.sum::<f64>();
        }
        let tail = density / (1..200).rev().fold(x.abs(), |fraction, k| x.abs() + f64::from(k) / fraction);
        if x > 0.0 { 1.0 - tail } else { tail }
    }

    #[test]
    fn every_instruction_set_and_every_cut_gives_the_same_noise() {
        let whole = noise(1, Isa::Scalar, 5000);
        for isa in Isa::available() {
            let mut parts = vec![Complex32::ZERO; 5000];
            let mut noise = generator(1, isa);
            let (mut rest, mut length) = (&mut parts[..], 0);
            while !rest.is_empty() {
                let (now, later) = rest.split_at_mut(length.min(rest.len()));
                noise.add(1.0, 1.0, now);
                (rest, length) = (later, (length + 7) % 61);
            }
            assert_eq!(parts, whole, "{isa}");
        }
        assert_ne!(noise(2, Isa::fastest(), 5000), whole);
    }

    /// Bounds are five standard deviations of the estimates.
    #[test]
    fn moments_are_those_of_a_normal_distribution() {
        let values = values(3, 2_000_000);
        let n = values.len() as f64;
        let moment = |k: i32| values.iter().map(|&x| f64::from(x).powi(k)).sum::<f64>() / n;
        for (k, want) in [(1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0), (5, 0.0), (6, 15.0), (8, 105.0)] {
            let double = (1..=2 * k - 1).step_by(2).map(f64::from).product::<f64>(); // moment 2k
            let deviation = ((double - want * want) / n).sqrt();
            let measured = moment(k);
            assert!((measured - want).abs() < 5.0 * deviation, "moment {k}: {measured}, not {want}");
        }
    }

    /// Kolmogorov and Smirnov: the greatest distance of the distributions exceeds 1.95 / sqrt(n) once in a thousand.
    #[test]
    fn the_distribution_is_normal_on_both_axes_and_uniform_in_angle() {
        type Uniform = fn(&Complex32) -> f64;
        let samples = noise(4, Isa::fastest(), 1_000_000);
        let axes: [(&str, Uniform); 4] = [
            ("real", |s| distribution(s.re.into())),
            ("imaginary", |s| distribution(s.im.into())),
            ("angle", |s| f64::from(s.im).atan2(s.re.into()) / std::f64::consts::TAU + 0.5),
            ("power", |s| 1.0 - (-(f64::from(s.re).powi(2) + f64::from(s.im).powi(2)) / 2.0).exp()),
        ];
        for (name, uniform) in axes {
            let mut shares: Vec<f64> = samples.iter().map(uniform).collect();
            shares.sort_by(f64::total_cmp);
            let n = shares.len() as f64;
            let distance =
                |(i, share): (usize, &f64)| (share - i as f64 / n).abs().max((share - (i + 1) as f64 / n).abs());
            let greatest = shares.iter().enumerate().map(distance).fold(0.0, f64::max);
            assert!(greatest * n.sqrt() < 1.95, "{name}: {}", greatest * n.sqrt());
        }
    }

    #[test]
    fn tails_have_their_share() {
        let values = values(5, 8_000_000);
        for limit in [2.0, 3.0, 4.0, 4.5, 5.0] {
            let expected = 2.0 * (1.0 - distribution(limit)) * values.len() as f64;
            let found = values.iter().filter(|x| f64::from(x.abs()) > limit).count() as f64;
            assert!((found - expected).abs() < 5.0 * expected.sqrt() + 1.0, "beyond {limit}: {found} of {expected}");
        }
        // As far as the 32 bits of a radius go.
        let (x, y) = normal_pair(0, 0);
        assert!((x.hypot(y) - (64.0 * LN_2).sqrt()).abs() < 1e-5, "{x} {y}");
        let (x, y) = normal_pair(u32::MAX, 0);
        assert!(x.hypot(y) < 1e-3, "{x} {y}");
    }

    /// Between values at any distance within blocks and from one block to the next, and between their squares.
    #[test]
    fn values_do_not_depend_on_each_other() {
        let values = values(6, 1_000_000);
        let n = values.len() as f64;
        for lag in (1..=4 * BLOCK).chain([1000, 7680, 107_520]) {
            let pairs = || values.iter().zip(&values[lag..]).map(|(&a, &b)| (f64::from(a), f64::from(b)));
            let correlation = pairs().map(|(a, b)| a * b).sum::<f64>() / n.sqrt();
            let of_squares = pairs().map(|(a, b)| (a * a - 1.0) * (b * b - 1.0) / 2.0).sum::<f64>() / n.sqrt();
            assert!(correlation.abs() < 5.0 && of_squares.abs() < 5.0, "lag {lag}: {correlation} {of_squares}");
        }
    }

    /// Streams of neighbouring seeds have nothing in common.
    #[test]
    fn seeds_give_streams_of_their_own() {
        let (a, b) = (values(7, 200_000), values(8, 200_000));
        for lag in 0..BLOCK {
            let correlation = a.iter().zip(&b[lag..]).map(|(a, b)| f64::from(a * b)).sum::<f64>();
            assert!(correlation.abs() < 5.0 * (a.len() as f64).sqrt(), "lag {lag}: {correlation}");
        }
    }
}
