//! Seeded streams: one for each thing that is random.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// What a stream is for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Noise = 1,
    Fading = 2,
    PhaseNoise = 3,
    Interferer = 4,
}

/// The stream of the `index`th thing of a kind.
pub(super) fn stream(seed: u64, purpose: Purpose, index: [usize; 3]) -> Pcg64Mcg {
    let parts = [purpose as u64].into_iter().chain(index.map(|i| i as u64));
    Pcg64Mcg::seed_from_u64(parts.fold(seed, |state, part| spread(state ^ part.wrapping_mul(0xd1b5_4a32_d192_ed03))))
}

/// A number of at least 0 and below 1.
pub(super) fn uniform(rng: &mut Pcg64Mcg) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// The output function of SplitMix64.
fn spread(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
