//! Every instruction set makes the same of the same samples, what it cannot decode included.

use num_complex::Complex32;
use radio::{
    BitErrors, CellConfig, CyclicPrefix, Isa, MbsfnSubframeDemodulator, MbsfnSubframeModulator, NRbDl, PmchDecoder,
    PmchEncoder, PmchParams, PmchQuality, SampleRateFamily,
};
use rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

/// What a decoder says of a subframe.
#[derive(Clone, PartialEq, Debug)]
struct Outcome {
    quality: PmchQuality,
    tb: Vec<u8>,
    bit_errors: BitErrors,
    symbols: Vec<Complex32>,
}

/// Random bandwidths, formats, areas and subframes, one antenna or two, noise around where blocks are lost.
#[test]
fn all_decode_the_same_from_noisy_samples() {
    let sets: Vec<Isa> = Isa::available().filter(|&isa| isa != Isa::Scalar).collect();
    let mut rng = Pcg64Mcg::seed_from_u64(4);
    let (mut decoded, mut lost) = (0, 0);
    for case in 0..80 {
        let mut below = |n: u32| rng.next_u32() % n;
        // Small carriers more often: they take less time.
        let n_rb_dl = NRbDl::ALL[[0, 1, 1, 2, 2, 2, 3, 5][below(8) as usize]];
        let cell = CellConfig::new(n_rb_dl, below(504) as u16, SampleRateFamily::ThreeQuarter).unwrap();
        let (area, mcs, subframe, antennas) = (below(256) as u8, below(29) as u8, below(10) as u8, 1 + below(2));
        let Ok(params) = PmchParams::new(cell, area, 2, mcs) else { continue };
        let tb: Vec<u8> = (0..params.format.octets()).map(|_| below(256) as u8).collect();
        // Capacity, a decibel or two, and some more or less.
        let efficiency = params.format.tbs_bits as f32 / params.resource_elements() as f32;
        let off_db = below(700) as f32 / 100.0 - 2.0 - 10.0 * (antennas as f32).log10();
        let sigma = (0.5 / ((efficiency.exp2() - 1.0) * 10f32.powf(off_db / 10.0))).sqrt();

        let mut iq = vec![Complex32::ZERO; cell.samples_per_subframe()];
        MbsfnSubframeModulator::new(&cell, CyclicPrefix::Normal, 2, params.numerology).modulate(
            subframe,
            Some((&mut PmchEncoder::new(params).unwrap(), &tb)),
            &mut iq,
        );
        let mut demodulated = |turn: f32| {
            let mut noise = || <StandardNormal as Distribution<f32>>::sample(&StandardNormal, &mut rng) * sigma;
            let heard: Vec<_> =
                iq.iter().map(|s| s * Complex32::cis(turn) + Complex32::new(noise(), noise())).collect();
            let mut demodulator = MbsfnSubframeDemodulator::new(&cell, area, 2, params.numerology);
            demodulator.demodulate(subframe, &heard);
            demodulator
        };
        let demodulators: Vec<_> = (0..antennas).map(|i| demodulated(i as f32)).collect();
        let outcome = |isa: Isa| {
            let mut decoder = PmchDecoder::new(params, isa).unwrap();
            let mut received = vec![0; tb.len()];
            let quality =
                MbsfnSubframeDemodulator::decode_combined(&demodulators, &mut decoder, subframe, &mut received);
            let bit_errors = decoder.count_bit_errors(&received);
            Outcome { quality, tb: received, bit_errors, symbols: decoder.symbols().to_vec() }
        };
        let reference = outcome(Isa::Scalar);
        if reference.quality.crc_ok {
            assert_eq!(reference.tb, tb, "case {case}: {params:?}");
            decoded += 1;
        } else {
            lost += 1;
        }
        for &isa in &sets {
            // No floating point operation may differ.
            assert!(outcome(isa) == reference, "{isa}, case {case}: {params:?}, {off_db} dB");
        }
    }
    println!("{decoded} decoded, {lost} lost");
    assert!(decoded > 20 && lost > 20, "{decoded} decoded, {lost} lost: not around the threshold");
}
