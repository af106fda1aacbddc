//! Turbo encoder, TS 36.212 5.1.3.2.1 and 5.1.3.2.2.

use super::TAIL;

/// Encodes the block `c` into `d`, 3·(K + 4) bits; `interleaver` is Π of K. An element may hold bits of up to eight blocks,
/// which are encoded side by side.
pub(in crate::coding) fn encode(c: &[u8], interleaver: &[u16], d: &mut [u8]) {
    let k = c.len();
    assert_eq!(interleaver.len(), k, "interleaver of {} for a block of {k} bits", interleaver.len());
    assert_eq!(d.len(), 3 * (k + TAIL), "{} coded bits for a block of {k} bits", d.len());
    let (d0, rest) = d.split_at_mut(k + TAIL);
    let (d1, d2) = rest.split_at_mut(k + TAIL);
    d0[..k].copy_from_slice(c);
    let (mut first, mut second) = (Constituent::default(), Constituent::default());
    for (((&bit, &other), d1), d2) in c.iter().zip(interleaver).zip(&mut *d1).zip(&mut *d2) {
        *d1 = first.parity(bit);
        *d2 = second.parity(c[usize::from(other)]);
    }
    let [(x0, z0), (x1, z1), (x2, z2)] = first.terminate();
    let [(y0, v0), (y1, v1), (y2, v2)] = second.terminate();
    // 5.1.3.2.2, y and v being x' and z'.
    d0[k..].copy_from_slice(&[x0, z1, y0, v1]);
    d1[k..].copy_from_slice(&[z0, x2, v0, y2]);
    d2[k..].copy_from_slice(&[x1, z2, y1, v2]);
}

/// One 8-state constituent encoder, G(D) = [1, g1(D)/g0(D)] with g0 = 1 + D² + D³ and g1 = 1 + D + D³ (5.1.3.2.1).
/// The register, newest bit first.
#[derive(Default)]
pub(super) struct Constituent(u8, u8, u8);

impl Constituent {
    /// Takes in one bit x and gives its parity z.
    pub(super) fn parity(&mut self, x: u8) -> u8 {
        let Self(s1, s2, s3) = *self;
        let feedback = x ^ s2 ^ s3;
        *self = Self(feedback, s1, s2);
        feedback ^ s1 ^ s3
    }

    /// Three (x, z) that bring the register to zero: x is what the feedback gives.
    pub(super) fn terminate(mut self) -> [(u8, u8); 3] {
        std::array::from_fn(|_| {
            let x = self.1 ^ self.2;
            (x, self.parity(x))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coding::qpp;

    #[test]
    fn impulse_response_is_the_generator_series() {
        // (1 + D + D³) / (1 + D² + D³) by long division: 1 + D + D² + D³ + D⁵ + ..., worked out by hand for 8 terms:
        // q_n = g1_n + q_(n-2) + q_(n-3).
        let mut encoder = Constituent::default();
        let response: Vec<u8> = [1, 0, 0, 0, 0, 0, 0, 0].map(|x| encoder.parity(x)).to_vec();
        let g1 = [1, 1, 0, 1, 0, 0, 0, 0];
        let mut series = Vec::new();
        for n in 0..8 {
            let before = |k: usize| if n >= k { series[n - k] } else { 0 };
            series.push(g1[n] ^ before(2) ^ before(3));
        }
        assert_eq!(response, series);
    }

    #[test]
    fn termination_empties_both_registers() {
        for k in qpp::block_sizes().step_by(17) {
            let c: Vec<u8> = (0..k).map(|i| (i * i % 7 % 2) as u8).collect();
            let mut encoder = Constituent::default();
            c.iter().for_each(|&x| _ = encoder.parity(x));
            for (x, _) in Constituent(encoder.0, encoder.1, encoder.2).terminate() {
                encoder.parity(x);
            }
            assert_eq!((encoder.0, encoder.1, encoder.2), (0, 0, 0));
        }
    }
}
