//! Planned objects allocate when they are made, never per subframe.

use num_complex::Complex32;
use radio::{
    CellConfig, CyclicPrefix, Isa, MbsfnSubframeDemodulator, MbsfnSubframeModulator, NRbDl, PmchDecoder, PmchEncoder,
    PmchParams, SampleRateFamily, UnicastSubframeModulator,
};

#[test]
fn subframes_are_made_and_read_without_allocation() {
    for (n_rb_dl, mcs) in [(6, 4), (25, 9), (100, 20)] {
        let n_rb_dl = NRbDl::try_from(n_rb_dl).unwrap();
        let cell = CellConfig::new(n_rb_dl, 1, SampleRateFamily::ThreeQuarter).unwrap();
        let params = PmchParams::new(cell, 1, 2, mcs).unwrap();
        let mut encoder = PmchEncoder::new(params).unwrap();
        let mut modulator = MbsfnSubframeModulator::new(&cell, CyclicPrefix::Normal, 2, params.numerology);
        let mut unicast = UnicastSubframeModulator::new(&cell);
        let mut demodulator = MbsfnSubframeDemodulator::new(&cell, 1, 2, params.numerology);
        let mut decoder = PmchDecoder::new(params, Isa::Scalar).unwrap();
        let tb = vec![0x5a; params.format.octets()];
        let mut decoded = vec![0; tb.len()];
        let mut iq = vec![Complex32::default(); cell.samples_per_subframe()];
        let counted = allocation_counter::measure(|| {
            for subframe in [1, 2, 3, 6, 7, 8] {
                unicast.modulate(0, &mut iq);
                modulator.modulate(subframe, Some((&mut encoder, &tb)), &mut iq);
                demodulator.demodulate(subframe, &iq);
                assert!(demodulator.decode(&mut decoder, subframe, &mut decoded).crc_ok);
            }
        });
        assert_eq!(counted.count_total, 0, "{n_rb_dl} PRB, MCS {mcs}: {counted:?}");
        assert_eq!(decoded, tb);
    }
}
