//! Every bandwidth, MCS, region, subframe and area: what is encoded is decoded, what cannot be is refused.

use num_complex::Complex32;
use proptest::prelude::*;
use radio::{
    CellConfig, ConfigError, CyclicPrefix, Isa, MbsfnSubframeDemodulator, MbsfnSubframeModulator, NRbDl, PmchDecoder,
    PmchEncoder, PmchParams, SampleRateFamily,
};

fn cell(n_rb_dl: NRbDl, n_id_cell: u16, three_quarter: bool) -> CellConfig {
    let family = if three_quarter { SampleRateFamily::ThreeQuarter } else { SampleRateFamily::Standard };
    CellConfig::new(n_rb_dl, n_id_cell, family).unwrap()
}

/// One block through modulator and demodulator without noise, at another amplitude and phase.
fn passes(params: PmchParams, subframe: u8, seed: u64) -> bool {
    let mut encoder = PmchEncoder::new(params).unwrap();
    let mut modulator =
        MbsfnSubframeModulator::new(&params.cell, CyclicPrefix::Normal, params.non_mbsfn_region, params.numerology);
    let mut demodulator =
        MbsfnSubframeDemodulator::new(&params.cell, params.n_id_mbsfn, params.non_mbsfn_region, params.numerology);
    let octet = |i: u64| (seed.wrapping_add(i).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8;
    let tb: Vec<u8> = (0..params.format.octets() as u64).map(octet).collect();
    let mut iq = vec![Complex32::default(); params.cell.samples_per_subframe()];
    modulator.modulate(subframe, Some((&mut encoder, &tb)), &mut iq);
    iq.iter_mut().for_each(|s| *s *= Complex32::new(0.03, -0.04));
    let estimate = demodulator.demodulate(subframe, &iq);
    let mut received = vec![0; tb.len()];
    let mut decoder = PmchDecoder::new(params, Isa::Scalar).unwrap();
    let quality = demodulator.decode(&mut decoder, subframe, &mut received);
    quality.crc_ok && received == tb && quality.evm_percent() < 1.0 && estimate.cinr_db() > 40.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_combination_decodes_or_is_refused(
        n_rb_dl in proptest::sample::select(&NRbDl::ALL[..]), mcs in 0u8..=28, region in 1u8..=2,
        subframe in proptest::sample::select(vec![1u8, 2, 3, 6, 7, 8]),
        n_id_mbsfn: u8, n_id_cell in 0u16..504, three_quarter: bool, seed: u64,
    ) {
        match PmchParams::new(cell(n_rb_dl, n_id_cell, three_quarter), n_id_mbsfn, region, mcs) {
            Ok(params) => prop_assert!(passes(params, subframe, seed), "{params:?} subframe {subframe}"),
            Err(ConfigError::NonMbsfnRegion { .. }) => prop_assert!(region == 1 && n_rb_dl.get() <= 10),
            Err(ConfigError::CodeRate { code_rate, .. }) => prop_assert!(code_rate > 0.93 && mcs >= 24, "{code_rate}"),
            Err(e) => prop_assert!(false, "{e}"),
        }
    }
}

/// Resource elements of the clause: twelve subcarriers by the symbols of the region, less six for each of three symbols.
#[test]
fn what_is_refused_is_what_cannot_be_decoded() {
    for n_rb_dl in NRbDl::ALL {
        for (region, per_block) in [(1, 11 * 12 - 18), (2, 10 * 12 - 18)] {
            for mcs in 0..=28 {
                let cell = cell(n_rb_dl, 1, false);
                let Ok(params) = PmchParams::allow_any_code_rate(cell, 1, region, mcs) else {
                    assert!(region == 1 && n_rb_dl.get() == 6);
                    continue;
                };
                assert_eq!(params.resource_elements(), per_block * n_rb_dl.get());
                let accepted = PmchParams::new(cell, 1, region, mcs).is_ok();
                // All CRC bits count (TS 36.213 clause 7.1.7): one CRC24A, and a CRC24B for each of several code blocks.
                let b = params.format.tbs_bits + 24;
                let c = if b > 6144 { b.div_ceil(6120) } else { 0 };
                let code_rate = (b + 24 * c) as f64 / params.coded_bits() as f64;
                assert_eq!(accepted, code_rate <= 0.93, "{n_rb_dl} PRB, region {region}, MCS {mcs}: {code_rate:.4}");
            }
        }
    }
}
