//! Layer mapping and precoding for transmit diversity, TS 36.211 clauses 6.3.3.3 and 6.3.4.3, and the combining of what
//! any number of receive antennas hear of it. One antenna port is sent as it is (6.3.3.1, 6.3.4.1).

use std::f32::consts::FRAC_1_SQRT_2;

use num_complex::Complex32;

use crate::estimate::CrsEstimator;
use crate::grid::Grid;

/// Signal to noise ratio at which LLRs stop growing: beyond it single precision gains nothing.
const MAX_SINR: f32 = 1e5;

/// What antenna port `port` of `n_ports` (1, 2, 4) sends for `symbols`, one element of `out` for each.
///
/// With four ports and a number of symbols that is not a multiple of four, the last two use one pair of ports.
///
/// # Panics
/// If the lengths differ, are odd with more than one port, or there is no such port.
pub fn precode(n_ports: u8, port: u8, symbols: &[Complex32], out: &mut [Complex32]) {
    assert_eq!(symbols.len(), out.len(), "one element for each symbol");
    assert!(matches!(n_ports, 1 | 2 | 4) && port < n_ports, "port {port} of {n_ports}");
    if n_ports == 1 {
        return out.copy_from_slice(symbols);
    }
    assert!(symbols.len().is_multiple_of(2), "{} symbols are not pairs", symbols.len());
    for (i, (out, d)) in out.as_chunks_mut::<2>().0.iter_mut().zip(symbols.as_chunks::<2>().0).enumerate() {
        let (first, second) = ports_of_pair(n_ports, i);
        *out = match port {
            p if p == first => [d[0] * FRAC_1_SQRT_2, d[1] * FRAC_1_SQRT_2],
            p if p == second => [-d[1].conj() * FRAC_1_SQRT_2, d[0].conj() * FRAC_1_SQRT_2],
            _ => [Complex32::ZERO; 2],
        };
    }
}

/// The ports that send pair `i` of symbols: 0 and 1 of two; of four, 0 and 2, then 1 and 3.
fn ports_of_pair(n_ports: u8, i: usize) -> (u8, u8) {
    match (n_ports, i % 2) {
        (2, _) => (0, 1),
        (_, 0) => (0, 2),
        _ => (1, 3),
    }
}

/// What one receive antenna hears: its grid and its channel estimate, which knows at least as many ports as are used.
#[derive(Clone, Copy)]
pub struct ReceiveAntenna<'a> {
    /// Resource elements.
    pub grid: &'a Grid,
    /// Channels and noise.
    pub estimate: &'a CrsEstimator,
}

/// Turns resource elements back into symbols by maximum ratio combining over ports and receive antennas.
///
/// `elements` are (row, subcarrier) in the order of mapping. `symbols` receives unbiased estimates, `sinr` the linear
/// signal to noise ratio of each, as [`crate::Demapper`] wants them.
///
/// # Panics
/// If the lengths differ, are odd with more than one port, an element lies outside a grid, or an estimate has less ports.
pub fn combine(
    n_ports: u8,
    elements: &[(usize, usize)],
    antennas: &[ReceiveAntenna<'_>],
    symbols: &mut [Complex32],
    sinr: &mut [f32],
) {
    assert!(matches!(n_ports, 1 | 2 | 4), "{n_ports} ports");
    assert!(elements.len() == symbols.len() && elements.len() == sinr.len(), "one symbol, one SINR for each element");
    symbols.fill(Complex32::ZERO);
    sinr.fill(0.0);
    if n_ports > 1 {
        assert!(elements.len().is_multiple_of(2), "{} elements are not pairs", elements.len());
    }
    for antenna in antennas {
        let weight = 1.0 / antenna.estimate.quality().noise.max(f32::MIN_POSITIVE);
        if n_ports == 1 {
            add_single(elements, antenna, weight, symbols, sinr);
        } else {
            add_pairs(n_ports, elements, antenna, weight, symbols, sinr);
        }
    }
    // Of a pair each port sends with half the power.
    let (amplitude, power) = if n_ports == 1 { (1.0, 1.0) } else { (FRAC_1_SQRT_2, 0.5) };
    for (s, snr) in symbols.iter_mut().zip(sinr) {
        *s /= (*snr * amplitude).max(f32::MIN_POSITIVE);
        *snr = (*snr * power).min(MAX_SINR);
    }
}

/// Adds h* y / noise to the symbols, |h|^2 / noise to the gains.
fn add_single(
    elements: &[(usize, usize)],
    antenna: &ReceiveAntenna<'_>,
    weight: f32,
    symbols: &mut [Complex32],
    gains: &mut [f32],
) {
    let mut rotation = RowRotation::new(antenna);
    for ((&(l, k), s), gain) in elements.iter().zip(symbols).zip(gains) {
        let h = antenna.estimate.channel(0)[k];
        *s += antenna.grid.row(l)[k] * rotation.back(l) * h.conj() * weight;
        *gain += h.norm_sqr() * weight;
    }
}

/// The same for pairs: y_a = (f_a x_0 - g_a x_1*) / sqrt 2, y_b = (f_b x_1 + g_b x_0*) / sqrt 2, where the channels f and
/// g of the two ports hardly differ between a and b.
fn add_pairs(
    n_ports: u8,
    elements: &[(usize, usize)],
    antenna: &ReceiveAntenna<'_>,
    weight: f32,
    symbols: &mut [Complex32],
    gains: &mut [f32],
) {
    let mut rotation = RowRotation::new(antenna);
    let outputs = symbols.as_chunks_mut::<2>().0.iter_mut().zip(gains.as_chunks_mut::<2>().0);
    for (i, (&[(l_a, k_a), (l_b, k_b)], (s, gain))) in elements.as_chunks::<2>().0.iter().zip(outputs).enumerate() {
        let (first, second) = ports_of_pair(n_ports, i);
        let (f, g) = (antenna.estimate.channel(first), antenna.estimate.channel(second));
        let y_a = antenna.grid.row(l_a)[k_a] * rotation.back(l_a);
        let y_b = antenna.grid.row(l_b)[k_b] * rotation.back(l_b);
        s[0] += (f[k_a].conj() * y_a + g[k_b] * y_b.conj()) * weight;
        s[1] += (f[k_b].conj() * y_b - g[k_a] * y_a.conj()) * weight;
        gain[0] += (f[k_a].norm_sqr() + g[k_b].norm_sqr()) * weight;
        gain[1] += (f[k_b].norm_sqr() + g[k_a].norm_sqr()) * weight;
    }
}

/// Takes the rotation of a row out of its elements; elements come row by row.
struct RowRotation<'a> {
    estimate: &'a CrsEstimator,
    row: usize,
    back: Complex32,
}

impl<'a> RowRotation<'a> {
    fn new(antenna: &ReceiveAntenna<'a>) -> Self {
        Self { estimate: antenna.estimate, row: 0, back: antenna.estimate.rotation(0).conj() }
    }

    fn back(&mut self, row: usize) -> Complex32 {
        if row != self.row {
            (self.row, self.back) = (row, self.estimate.rotation(row).conj());
        }
        self.back
    }
}
