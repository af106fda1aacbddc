//! One subframe against other implementations: what they sent is decoded, what they encoded is encoded alike.

use fixtures::vectors::{PmchVector, pmch, pmch_received};
use num_complex::Complex32;
use radio::{
    CellConfig, CyclicPrefix, Isa, MbsfnNumerology, MbsfnSubframeDemodulator, MbsfnSubframeModulator, PmchDecoder,
    PmchEncoder, PmchParams,
};

fn params(v: &PmchVector) -> PmchParams {
    let p = &v.parameters;
    let cell = CellConfig::with_sample_rate(p.n_rb_dl.try_into().unwrap(), p.n_id_cell, p.sample_rate).unwrap();
    PmchParams::new(cell, p.n_id_mbsfn, p.non_mbsfn_region, p.mcs).unwrap()
}

#[test]
fn every_vector_decodes_to_its_transport_block() {
    let Some((generated, received)) = pmch().zip(pmch_received()) else { return };
    assert_eq!(generated.len(), 8);
    for v in generated.iter().chain([&received]) {
        let params = params(v);
        assert_eq!(params.resource_elements(), v.parameters.pmch_re, "{}", v.parameters.name);
        let mut demodulator =
            MbsfnSubframeDemodulator::new(&params.cell, params.n_id_mbsfn, params.non_mbsfn_region, params.numerology);
        let estimate = demodulator.demodulate(v.parameters.subframe, &v.iq);
        let mut tb = vec![0; v.parameters.tbs / 8];
        let mut decoder = PmchDecoder::new(params, Isa::Scalar).unwrap();
        let quality = demodulator.decode(&mut decoder, v.parameters.subframe, &mut tb);
        println!(
            "{} {:.1} dB {estimate:?} {quality:?} EVM {:.2} %",
            v.parameters.name,
            estimate.cinr_db(),
            quality.evm_percent()
        );
        assert!(quality.crc_ok, "{}", v.parameters.name);
        assert_eq!(tb, v.tb, "{}", v.parameters.name);
    }
}

#[test]
fn encoding_gives_the_same_iq_within_minus_50_db() {
    let Some(vectors) = pmch() else { return };
    for v in &vectors {
        let params = params(v);
        // These vectors seed their cell-specific reference signals with N_CP = 0.
        let mut modulator = MbsfnSubframeModulator::new(
            &params.cell,
            CyclicPrefix::Extended,
            params.non_mbsfn_region,
            MbsfnNumerology::Khz15,
        );
        let mut iq = vec![Complex32::default(); v.iq.len()];
        let mut encoder = PmchEncoder::new(params).unwrap();
        modulator.modulate(v.parameters.subframe, Some((&mut encoder, &v.tb)), &mut iq);
        let error_db = relative_error_db(&iq, &v.iq);
        println!("{} {error_db:.1} dB", v.parameters.name);
        assert!(error_db < -50.0, "{}: {error_db:.1} dB", v.parameters.name);
    }
}

/// Power of the difference over power of the reference, after one real factor has been fitted.
fn relative_error_db(ours: &[Complex32], reference: &[Complex32]) -> f64 {
    let power = |x: &[Complex32]| x.iter().map(|s| f64::from(s.norm_sqr())).sum::<f64>();
    let cross: f64 = ours.iter().zip(reference).map(|(a, b)| f64::from((a * b.conj()).re)).sum();
    let factor = (cross / power(ours)) as f32;
    let difference: Vec<_> = ours.iter().zip(reference).map(|(a, b)| a * factor - b).collect();
    10.0 * (power(&difference) / power(reference)).log10()
}
