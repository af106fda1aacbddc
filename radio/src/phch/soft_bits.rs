//! From the elements of one symbol to soft bits: combining of receive antennas, equalisation, demapping. All work row by row
//! on what fits in the nearest cache.

use num_complex::Complex32;

use crate::isa::{Kernels, compile_for_lanes, run_kernel};
use crate::modem::{Modulation, axis_llr, nearest_level};

/// Signal to noise ratio at which LLRs stop growing: beyond it single precision gains nothing.
const MAX_SINR: f32 = 1e5;
/// Symbols that are demapped at once.
const SYMBOLS: usize = 8;
/// Their real and imaginary parts.
const AXES: usize = 2 * SYMBOLS;

/// Sums of squared distances to the nearest constellation points.
pub(super) type ErrorSums = [f32; AXES];

/// What one antenna received on the elements of a row.
#[derive(Clone, Copy)]
pub(super) struct ReceivedRow<'a> {
    pub(super) elements: &'a [Complex32],
    /// Channel of the elements, but for `turn`.
    pub(super) channel: &'a [Complex32],
    /// By what the channel is turned, of magnitude 1.
    pub(super) turn: Complex32,
    /// Noise power.
    pub(super) noise: f32,
}

/// Adds an antenna by maximum ratio combining: h* y / noise to `symbols`, the signal to noise ratio |h|^2 / noise to `sinr`.
pub(super) fn combine(kernels: Kernels, row: ReceivedRow<'_>, symbols: &mut [Complex32], sinr: &mut [f32]) {
    run_kernel!(kernels, combine(row, symbols, sinr));
}

/// Equalises `symbols`, which is MMSE with the bias taken out: what was combined over its signal to noise ratio. `llr`
/// receives Q_m log-likelihood ratios for each.
pub(super) fn demap(
    kernels: Kernels,
    modulation: Modulation,
    symbols: &mut [Complex32],
    sinr: &[f32],
    llr: &mut [f32],
    errors: &mut ErrorSums,
) {
    let unit = modulation.unit();
    match modulation {
        Modulation::Qpsk => run_kernel!(kernels, demap::<1>(unit, symbols, sinr, llr, errors)),
        Modulation::Qam16 => run_kernel!(kernels, demap::<2>(unit, symbols, sinr, llr, errors)),
        Modulation::Qam64 => run_kernel!(kernels, demap::<3>(unit, symbols, sinr, llr, errors)),
        Modulation::Qam256 => run_kernel!(kernels, demap::<4>(unit, symbols, sinr, llr, errors)),
    }
}

compile_for_lanes! {
    fn combine(row: ReceivedRow<'_>, symbols: &mut [Complex32], sinr: &mut [f32]);
    fn demap<const HALF: usize>(
        unit: f32,
        symbols: &mut [Complex32],
        sinr: &[f32],
        llr: &mut [f32],
        errors: &mut ErrorSums,
    );
}

mod scalar {
    use super::*;

    #[inline(always)]
    pub(super) fn combine(row: ReceivedRow<'_>, symbols: &mut [Complex32], sinr: &mut [f32]) {
        let weight = 1.0 / row.noise;
        let turn = row.turn.conj() * weight;
        let n = symbols.len();
        let (elements, channel, sinr) = (&row.elements[..n], &row.channel[..n], &mut sinr[..n]);
        for i in 0..n {
            let (y, h) = (elements[i], channel[i]);
            let turned = Complex32::new(y.re * turn.re - y.im * turn.im, y.re * turn.im + y.im * turn.re);
            symbols[i].re += turned.re * h.re + turned.im * h.im;
            symbols[i].im += turned.im * h.re - turned.re * h.im;
            sinr[i] += (h.re * h.re + h.im * h.im) * weight;
        }
    }

    #[inline(always)]
    pub(super) fn demap<const HALF: usize>(
        unit: f32,
        symbols: &mut [Complex32],
        sinr: &[f32],
        llr: &mut [f32],
        errors: &mut ErrorSums,
    ) {
        let (blocks, rest) = symbols.as_chunks_mut();
        let (sinr_blocks, sinr_rest) = sinr.as_chunks();
        let (llr, llr_rest) = llr.split_at_mut(blocks.len() * AXES * HALF);
        for ((symbols, sinr), llr) in blocks.iter_mut().zip(sinr_blocks).zip(llr.chunks_exact_mut(AXES * HALF)) {
            eight::<HALF>(unit, symbols, sinr, llr, errors);
        }
        if !rest.is_empty() {
            let n = rest.len();
            let (mut symbols, mut sinr) = ([Complex32::ZERO; SYMBOLS], [0.0; SYMBOLS]);
            let (mut llr, mut own) = ([[0.0; AXES]; HALF], [0.0; AXES]);
            symbols[..n].copy_from_slice(rest);
            sinr[..n].copy_from_slice(sinr_rest);
            eight::<HALF>(unit, &mut symbols, &sinr, llr.as_flattened_mut(), &mut own);
            rest.copy_from_slice(&symbols[..n]);
            llr_rest.copy_from_slice(&llr.as_flattened()[..2 * HALF * n]);
            errors.iter_mut().zip(&own[..2 * n]).for_each(|(sum, error)| *sum += error);
        }
    }

    /// Axis 2 i is the real part of symbol i, axis 2 i + 1 the imaginary part.
    #[inline(always)]
    fn eight<const HALF: usize>(
        unit: f32,
        symbols: &mut [Complex32; SYMBOLS],
        sinr: &[f32; SYMBOLS],
        llr: &mut [f32],
        errors: &mut ErrorSums,
    ) {
        let (per_unit, outermost) = (1.0 / unit, f32::from((1_u8 << HALF) - 1));
        let mut levels = [0.0; AXES];
        let mut weights = [0.0; AXES];
        for i in 0..SYMBOLS {
            let inverse = 1.0 / sinr[i].max(f32::MIN_POSITIVE);
            let weight = sinr[i].min(MAX_SINR) * (unit * unit);
            for axis in [2 * i, 2 * i + 1] {
                let combined = if axis % 2 == 0 { symbols[i].re } else { symbols[i].im };
                levels[axis] = combined * inverse;
                weights[axis] = weight;
            }
        }
        for (symbol, axes) in symbols.iter_mut().zip(levels.as_chunks::<2>().0) {
            *symbol = Complex32::new(axes[0], axes[1]);
        }
        let mut bits = [[0.0; AXES]; HALF];
        for axis in 0..AXES {
            let level = levels[axis] * per_unit;
            let error = (level - nearest_level(level, outermost)) * unit;
            errors[axis] += error * error;
            for (bits, llr) in bits.iter_mut().zip(axis_llr::<HALF>(level)) {
                bits[axis] = llr * weights[axis];
            }
        }
        for (i, out) in llr.chunks_exact_mut(2 * HALF).enumerate() {
            for (out, bits) in out.as_chunks_mut::<2>().0.iter_mut().zip(&bits) {
                *out = [bits[2 * i], bits[2 * i + 1]];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;
    use crate::modem::Demapper;

    #[test]
    fn every_instruction_set_does_what_the_demapper_does() {
        let value = |i: usize| ((i * 7919 + 13) % 1009) as f32 / 504.5 - 1.0;
        let complex = |i: usize| Complex32::new(value(2 * i), value(2 * i + 1));
        for modulation in [Modulation::Qpsk, Modulation::Qam16, Modulation::Qam64, Modulation::Qam256] {
            let (n, q_m, demapper) = (75, modulation.q_m(), Demapper::new(modulation));
            let elements: Vec<_> = (0..2 * n).map(complex).collect();
            let channel: Vec<_> = (0..2 * n).map(|i| complex(i + 500) + Complex32::new(0.0, 1.1)).collect();
            let mut reference: Option<(Vec<Complex32>, Vec<f32>, ErrorSums)> = None;
            for kernels in Isa::available().map(Isa::kernels) {
                let (mut symbols, mut sinr) = (vec![Complex32::ZERO; n], vec![0.0; n]);
                let turns = [Complex32::cis(0.3), Complex32::cis(-1.0)];
                for ((elements, channel), turn) in elements.chunks(n).zip(channel.chunks(n)).zip(turns) {
                    combine(kernels, ReceivedRow { elements, channel, turn, noise: 0.25 }, &mut symbols, &mut sinr);
                }
                for i in 0..n {
                    let of = |a: usize| (elements[a * n + i] * turns[a].conj(), channel[a * n + i]);
                    let [(y0, h0), (y1, h1)] = [of(0), of(1)];
                    assert!((symbols[i] - (y0 * h0.conj() + y1 * h1.conj()) * 4.0).norm() < 1e-4);
                    assert!((sinr[i] - (h0.norm_sqr() + h1.norm_sqr()) * 4.0).abs() < 1e-4);
                }
                let (mut llr, mut want) = (vec![0.0; n * q_m], vec![0.0; n * q_m]);
                let mut errors = [0.0; AXES];
                demap(kernels, modulation, &mut symbols, &sinr, &mut llr, &mut errors);
                demapper.demap(&symbols, &sinr, &mut want);
                for (got, want) in llr.iter().zip(want) {
                    assert!((got - want).abs() < 1e-4 * want.abs().max(1.0), "{modulation}: {got} {want}");
                }
                let error: f32 = symbols.iter().map(|y| (y - demapper.nearest(*y)).norm_sqr()).sum();
                assert!((errors.iter().sum::<f32>() - error).abs() < 1e-4 * error, "{modulation}: {errors:?} {error}");
                let got = (symbols, llr, errors);
                assert_eq!(*reference.get_or_insert_with(|| got.clone()), got, "{modulation}, {kernels:?}");
            }
        }
    }
}
