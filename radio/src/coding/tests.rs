//! The chain of TS 36.212 5.3.2 as a whole: against others' data, over all sizes, and in noise.

use std::path::Path;

use proptest::prelude::*;
use rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::*;
use crate::isa::Isa;

/// The rows after the head of a table of whole numbers in the shared facts, or `None`, saying so, where they are absent.
pub(super) fn shared_csv(name: &str) -> Option<Vec<Vec<usize>>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/facts").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no {}", path.display());
        return None;
    };
    let number = |field: &str| field.trim().parse().expect("a whole number");
    Some(text.lines().skip(1).map(|line| line.split(',').map(number).collect()).collect())
}

fn params(a_bits: usize, g_bits: usize, q_m: u8, rv: u8) -> TransportBlockParams {
    TransportBlockParams { a_bits, g_bits, q_m, n_l: 1, rv }
}

fn payload(octets: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut octet = || {
        state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (state >> 56) as u8
    };
    (0..octets).map(|_| octet()).collect()
}

fn soft(coded: &[u8]) -> Vec<f32> {
    coded.iter().map(|&bit| 1.0 - 2.0 * f32::from(bit)).collect()
}

/// Noise-free encoding and decoding.
fn round_trip(p: TransportBlockParams, isa: Isa, seed: u64) -> Decoded {
    let tb = payload(p.a_bits / 8, seed);
    let mut coded = vec![9; p.g_bits];
    TransportBlockEncoder::new(p).unwrap().encode(&tb, &mut coded);
    assert!(coded.iter().all(|&bit| bit <= 1));
    let mut received = vec![0; tb.len()];
    let decoded =
        TransportBlockDecoder::new(p, isa, DEFAULT_MAX_ITERATIONS).unwrap().decode(&soft(&coded), &mut received);
    if decoded.crc_ok {
        assert_eq!(received, tb, "{p:?}");
    }
    decoded
}

/// The first lap of 864 coded bits of a DL-SCH transport block of 16 bits, QPSK, rv 0: CRC24A, one code block of K = 40,
/// turbo coding with termination, rate matching. Made by the MATLAB implementation in Microsoft's OTP4LTE-U (MIT licence),
/// `MatlabTests/UplinkRX/tests/test_sch_decode.{infile,outfile.ground}`, commit 9392594f.
const OTP4LTE_TRANSPORT_BLOCK: [u8; 2] = [0b0010_0110, 0b0010_0101];
const OTP4LTE_CODED: &str = concat!(
    "100000101011101110101001000100010100000100111001111101010101110110",
    "010000101010100100111001000100010011111011100101001111010011111101",
);

#[test]
fn coded_bits_equal_those_of_another_implementation() {
    let mut coded = vec![0; 864];
    TransportBlockEncoder::new(params(16, 864, 2, 0)).unwrap().encode(&OTP4LTE_TRANSPORT_BLOCK, &mut coded);
    let expected: Vec<u8> = OTP4LTE_CODED.bytes().map(|digit| digit - b'0').cycle().take(864).collect();
    assert_eq!(coded, expected);
}

#[test]
fn every_block_size_decodes_in_one_iteration_without_noise() {
    for isa in Isa::available() {
        for k in qpp::block_sizes() {
            let p = params(k - 24, 3 * (k + 4) / 2 * 2, 2, 0);
            let decoded = round_trip(p, isa, k as u64);
            assert_eq!(
                decoded,
                Decoded { crc_ok: true, iterations: 1, code_blocks: 1, code_block_errors: 0 },
                "K = {k}"
            );
        }
    }
}

#[test]
fn every_transport_block_size_of_the_table_decodes() {
    let Some(rows) = shared_csv("tbs_36213_7.1.7.2.1-1.csv") else { return };
    let mut sizes: Vec<usize> = rows.iter().flat_map(|row| row[1..].iter().copied()).collect();
    sizes.sort_unstable();
    sizes.dedup();
    for a in sizes {
        // Code rate one half, 64QAM.
        let decoded = round_trip(params(a, (2 * a + 48).next_multiple_of(6), 6, 0), Isa::Scalar, a as u64);
        assert!(decoded.crc_ok, "A = {a}");
        assert_eq!(decoded.code_block_errors, 0);
    }
}

#[test]
fn erased_or_broken_soft_values_never_pass() {
    // All zeros has a zero CRC: a decoder that turned "nothing known" into zeros would call it received.
    for a in [16, 4008, 39232] {
        let p = params(a, 3 * a, 2, 0);
        let mut decoder = TransportBlockDecoder::new(p, Isa::Scalar, 2).unwrap();
        let mut tb = vec![0; a / 8];
        for value in [0.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN] {
            let decoded = decoder.decode(&vec![value; p.g_bits], &mut tb);
            assert!(!decoded.crc_ok, "A = {a}, all {value}");
            assert_eq!((decoded.iterations, decoded.code_block_errors), (0, decoded.code_blocks));
        }
        let mut mixed = vec![1.0; p.g_bits];
        mixed[p.g_bits / 2] = f32::NAN;
        assert!(!decoder.decode(&mixed, &mut tb).crc_ok);
    }
}

#[test]
fn one_bad_code_block_is_counted_and_spoils_the_block() {
    let p = params(39232, 61200, 6, 0);
    let tb = payload(p.a_bits / 8, 5);
    let mut coded = vec![0; p.g_bits];
    TransportBlockEncoder::new(p).unwrap().encode(&tb, &mut coded);
    let mut llr = soft(&coded);
    llr[..8000].iter_mut().step_by(2).for_each(|x| *x = -*x);
    let mut received = vec![0; tb.len()];
    let mut decoder = TransportBlockDecoder::new(p, Isa::Scalar, 4).unwrap();
    let decoded = decoder.decode(&llr, &mut received);
    assert_eq!(decoded, Decoded { crc_ok: false, iterations: 4 + 6, code_blocks: 7, code_block_errors: 1 });
    // The same object decodes the next block as if nothing had been.
    assert!(decoder.decode(&soft(&coded), &mut received).crc_ok);
    assert_eq!(received, tb);
}

#[test]
fn impossible_parameters_are_refused() {
    let refused = |p: TransportBlockParams| {
        let error = TransportBlockEncoder::new(p).unwrap_err();
        assert_eq!(TransportBlockDecoder::new(p, Isa::Scalar, 8).unwrap_err(), error);
        error
    };
    for a_bits in [0, 7, 4009, usize::MAX - 7] {
        assert_eq!(refused(params(a_bits, 4800, 2, 0)), CodingError::TransportBlockSize { a_bits });
    }
    assert_eq!(refused(params(800, 4800, 3, 0)), CodingError::ModulationOrder { q_m: 3 });
    assert_eq!(refused(params(800, 4800, 2, 4)), CodingError::RedundancyVersion { rv: 4 });
    assert_eq!(refused(TransportBlockParams { n_l: 0, ..params(800, 4800, 2, 0) }), CodingError::Layers { n_l: 0 });
    assert_eq!(refused(params(800, 4802, 6, 0)), CodingError::PartialSymbol { g_bits: 4802, group: 6 });
    let few = CodingError::TooFewCodedBits { g_bits: 36, group: 6, code_blocks: 7 };
    assert_eq!(refused(params(39232, 36, 6, 0)), few);
    assert_eq!(refused(params(800, 0, 2, 0)), CodingError::TooFewCodedBits { g_bits: 0, group: 2, code_blocks: 1 });
    let idle = TransportBlockDecoder::new(params(800, 4800, 2, 0), Isa::Scalar, 0);
    assert_eq!(idle.unwrap_err(), CodingError::NoIterations);
}

#[test]
fn code_rate_counts_every_crc() {
    // One block: A + 24. Seven blocks: A + 24 + 7 * 24.
    assert_eq!(params(4008, 5100, 2, 0).effective_code_rate(), 4032.0 / 5100.0);
    assert_eq!(params(39232, 61200, 6, 0).effective_code_rate(), 39424.0 / 61200.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_size_any_length_any_version_round_trips(
        octets in 1_usize..2000, q_m in proptest::sample::select(vec![2_u8, 4, 6, 8]), rv in 0_u8..4,
        // Coded bits per information bit, from light puncturing to more than two laps of the circular buffer.
        expansion in 1.9_f64..8.0, seed: u64,
    ) {
        let a_bits = 8 * octets;
        let g_bits = ((a_bits + 24) as f64 * expansion) as usize / usize::from(q_m) * usize::from(q_m);
        let p = params(a_bits, g_bits, q_m, rv);
        let decoded = round_trip(p, Isa::Scalar, seed);
        prop_assert!(decoded.crc_ok, "{:?}: {:?}", p, decoded);
    }

    #[test]
    fn soft_values_of_any_kind_are_survived(
        llr in proptest::collection::vec(proptest::num::f32::ANY, 960), octets in 1_usize..100, rv in 0_u8..4,
    ) {
        let p = params(8 * octets, 960, 2, rv);
        let mut tb = vec![0; octets];
        let decoded = TransportBlockDecoder::new(p, Isa::Scalar, 2).unwrap().decode(&llr, &mut tb);
        prop_assert!(!decoded.crc_ok);
    }
}

/// Block error rate in white noise with QPSK at `snr_db` per resource element (E_s/N_0).
fn block_error_rate(p: TransportBlockParams, snr_db: f64, blocks: usize) -> f64 {
    let mut encoder = TransportBlockEncoder::new(p).unwrap();
    let mut decoder = TransportBlockDecoder::new(p, Isa::Scalar, DEFAULT_MAX_ITERATIONS).unwrap();
    let mut rng = Pcg64Mcg::seed_from_u64(36_212);
    // Each bit of a QPSK symbol sees ±1 in noise of variance N_0/E_s; its ratio is 2y over the variance.
    let variance = 10_f32.powf(-snr_db as f32 / 10.0);
    let (mut coded, mut received) = (vec![0; p.g_bits], vec![0; p.a_bits / 8]);
    let errors = (0..blocks).filter(|&i| {
        let tb = payload(p.a_bits / 8, 1000 + i as u64);
        encoder.encode(&tb, &mut coded);
        let llr: Vec<f32> = soft(&coded)
            .iter()
            .map(|x| {
                let noise: f32 = StandardNormal.sample(&mut rng);
                2.0 * (x + noise * variance.sqrt()) / variance
            })
            .collect();
        let decoded = decoder.decode(&llr, &mut received);
        assert_eq!(decoded.crc_ok, received == tb, "CRC and content disagree in block {i}");
        !decoded.crc_ok
    });
    errors.count() as f64 / blocks as f64
}

#[test]
fn ten_percent_of_blocks_are_lost_at_the_known_signal_to_noise_ratio() {
    // 10 % block errors with a known channel by the curves of the Vienna LTE simulator: QPSK of 0.1523, 0.3770 and 0.8770
    // information bits per resource element. A decibel below more must be lost, 0.25 dB above less (this decoder is 0.3
    // to 0.5 dB better than the curves at these block sizes).
    for (efficiency, snr_db) in [(0.1523, -6.9), (0.3770, -3.2), (0.8770, 0.8)] {
        let p = params((efficiency * 2400.0) as usize / 8 * 8, 4800, 2, 0);
        let (below, above) = (block_error_rate(p, snr_db - 1.0, 200), block_error_rate(p, snr_db + 0.25, 200));
        assert!(below > 0.1 && above < 0.1, "{efficiency} bits per element: {below} and {above} around {snr_db} dB");
    }
}

/// Every instruction set gives the transport blocks of the scalar code, those it loses included: noise around where half of
/// the blocks are lost, over block sizes, modulation orders, code rates, filler bits and numbers of iterations.
#[test]
fn every_instruction_set_gives_the_same_transport_blocks() {
    let sets: Vec<Isa> = Isa::available().filter(|&isa| isa != Isa::Scalar).collect();
    let mut rng = Pcg64Mcg::seed_from_u64(1);
    let (mut decodable, mut lost) = (0, 0);
    for a_bits in [16, 40, 56, 176, 328, 488, 504, 616, 1000, 1032, 2216, 4008, 6120, 6200, 9144, 15840, 39232, 75376] {
        for (rate, db) in [(0.2, -3.0), (0.5, 1.3), (0.75, 4.2), (0.9, 6.3)] {
            for iterations in [1, 8] {
                let g_bits = (f64::from(a_bits as u32 + 24) / rate) as usize / 6 * 6 + 6;
                let p = params(a_bits, g_bits, 6, 0);
                let mut scalar = TransportBlockDecoder::new(p, Isa::Scalar, iterations).unwrap();
                let mut others: Vec<_> =
                    sets.iter().map(|&isa| (isa, TransportBlockDecoder::new(p, isa, iterations).unwrap())).collect();
                let mut coded = vec![0; g_bits];
                let tb = payload(a_bits / 8, 7);
                TransportBlockEncoder::new(p).unwrap().encode(&tb, &mut coded);
                for offset_db in [-0.5, 0.5, 2.0] {
                    let sigma = 10_f32.powf(-(db + offset_db) / 20.0);
                    let noisy =
                        |x: f32| x + sigma * <StandardNormal as Distribution<f32>>::sample(&StandardNormal, &mut rng);
                    let llr: Vec<f32> = soft(&coded).into_iter().map(noisy).collect();
                    let (mut expected, mut received) = (vec![0; tb.len()], vec![0; tb.len()]);
                    let decoded = scalar.decode(&llr, &mut expected);
                    decodable += usize::from(decoded.crc_ok);
                    lost += usize::from(!decoded.crc_ok);
                    for (isa, decoder) in &mut others {
                        assert_eq!(decoder.decode(&llr, &mut received), decoded, "{isa}, A = {a_bits}, rate {rate}");
                        assert_eq!(received, expected, "{isa}, A = {a_bits}, rate {rate}");
                    }
                }
            }
        }
    }
    assert!(decodable > 100 && lost > 100, "{decodable} decodable, {lost} lost: not around the threshold");
}
