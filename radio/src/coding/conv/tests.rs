use proptest::prelude::*;
use rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::*;

/// The encoder as the clause writes it: streams as sums of delayed inputs, indices modulo K.
fn by_the_clause(bits: &[u8]) -> Vec<u8> {
    let k = bits.len();
    let delayed = |i: usize, by: usize| bits[(i + k - by) % k];
    let stream = |delays: &[usize]| -> Vec<u8> {
        (0..k).map(|i| delays.iter().fold(0, |sum, &by| sum ^ delayed(i, by))).collect()
    };
    // 133, 171, 165 octal, newest input first.
    [stream(&[0, 2, 3, 5, 6]), stream(&[0, 1, 2, 3, 6]), stream(&[0, 1, 2, 4, 6])].concat()
}

/// Rate matching as the clause writes it: v_0, v_1, v_2 one after the other, `<NULL>`s skipped.
fn select_by_the_clause(d: &[u8], e: usize) -> Vec<u8> {
    let k = d.len() / 3;
    let rows = k.div_ceil(32);
    let mut w = Vec::new();
    for stream in d.chunks(k) {
        let padded = [vec![None; 32 * rows - k], stream.iter().copied().map(Some).collect()].concat();
        // Table 5.1.4-2 is the bit-reversed column number with the lowest bit turned around.
        let column = |i: u8| usize::from((i.reverse_bits() >> 3) ^ 1);
        (0..32).for_each(|i| (0..rows).for_each(|row| w.push(padded[32 * row + column(i)])));
    }
    w.into_iter().cycle().flatten().take(e).collect()
}

fn bits_of(seed: u64, k: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 63) as u8
    };
    (0..k).map(|_| next()).collect()
}

proptest! {
    #[test]
    fn encoder_and_rate_matching_are_the_clauses(k in 12usize..100, e in 1usize..2000, seed: u64) {
        let bits = bits_of(seed, k);
        let mut coded = Vec::new();
        encode(&bits, &mut coded);
        prop_assert_eq!(&coded, &by_the_clause(&bits));
        let mut selected = vec![0; e];
        RateMatch::new(k).select(&coded, &mut selected);
        prop_assert_eq!(selected, select_by_the_clause(&coded, e));
    }

    /// Clean, and with as many erasures as a rate of 2/3 makes.
    #[test]
    fn decoder_inverts_encoder_and_rate_matching(k in 20usize..100, repeat in 0usize..3, seed: u64) {
        let bits = bits_of(seed, k);
        let (mut coded, matcher) = (Vec::new(), RateMatch::new(k));
        encode(&bits, &mut coded);
        let mut sent = vec![0; k * 3 / 2 + repeat * 2 * k];
        matcher.select(&coded, &mut sent);
        let soft: Vec<f32> = sent.iter().map(|&b| 1.0 - 2.0 * f32::from(b)).collect();
        let mut llr = vec![0.0; 3 * k];
        matcher.accumulate(&soft, &mut llr);
        let mut decoded = vec![0; k];
        TailBitingDecoder::new().decode(&llr, &mut decoded);
        prop_assert_eq!(decoded, bits);
    }
}

/// Decodes `blocks` noisy blocks of 40 bits at Eb/N0; gives the shares of those that were lost, and of those where the
/// decoder missed a block that fits better than what it gave: what a maximum likelihood decoder would not do.
fn block_error_ratios(eb_n0_db: f32, blocks: u64) -> (f64, f64) {
    let (mut rng, mut decoder) = (Pcg64Mcg::seed_from_u64(7), TailBitingDecoder::new());
    let sigma = (1.5 / 10f32.powf(eb_n0_db / 10.0)).sqrt();
    let (mut lost, mut missed) = (0, 0);
    let (mut coded, mut recoded, mut decoded) = (Vec::new(), Vec::new(), vec![0; 40]);
    for seed in 0..blocks {
        let bits = bits_of(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), 40);
        encode(&bits, &mut coded);
        let noisy = |&b: &u8| {
            let noise: f32 = StandardNormal.sample(&mut rng);
            1.0 - 2.0 * f32::from(b) + sigma * noise
        };
        let llr: Vec<f32> = coded.iter().map(noisy).collect();
        decoder.decode(&llr, &mut decoded);
        encode(&decoded, &mut recoded);
        let fit = |c: &[u8]| llr.iter().zip(c).map(|(l, &c)| l * (1.0 - 2.0 * f32::from(c))).sum::<f32>();
        lost += usize::from(decoded != bits);
        missed += usize::from(decoded != bits && fit(&recoded) < fit(&coded));
    }
    (lost as f64 / blocks as f64, missed as f64 / blocks as f64)
}

/// Nearly as good as maximum likelihood; a decoder that gets the wrap-around wrong loses many times more.
#[test]
fn noisy_blocks_are_decoded() {
    for (eb_n0_db, lost_max, missed_max) in [(2.0, 0.03, 0.002), (4.0, 0.002, 0.001)] {
        let (lost, missed) = block_error_ratios(eb_n0_db, 4000);
        println!("{eb_n0_db} dB: {lost} lost, {missed} missed");
        assert!(lost < lost_max, "{lost} at {eb_n0_db} dB");
        assert!(missed < missed_max, "{missed} at {eb_n0_db} dB");
    }
}

#[test]
fn nothing_from_the_air_panics() {
    let mut bits = [0; 40];
    for value in [0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
        TailBitingDecoder::new().decode(&[value; 120], &mut bits);
    }
}
