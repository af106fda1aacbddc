//! How long one subframe takes at 20 MHz: transmitter, receiver, and the bare transforms beside them.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use num_complex::Complex32;
use radio::{
    CellConfig, ChannelConfig, ChannelModel, CyclicPrefix, Isa, MbsfnNumerology, MbsfnSubframeDemodulator,
    MbsfnSubframeModulator, NRbDl, PmchDecoder, PmchEncoder, PmchParams, SampleRateFamily,
};
use rustfft::FftPlanner;

const REGION: u8 = 2;
const SUBFRAME: u8 = 1;
const N_ID_MBSFN: u8 = 1;

/// 100 PRB at 23.04 MS/s, MCS 20.
fn params() -> PmchParams {
    let n_rb_dl = NRbDl::try_from(100).expect("an LTE bandwidth");
    let cell = CellConfig::new(n_rb_dl, 1, SampleRateFamily::ThreeQuarter).expect("a cell identity in range");
    PmchParams::new(cell, N_ID_MBSFN, REGION, 20).expect("a decodable format")
}

fn transport_block(params: &PmchParams) -> Vec<u8> {
    (0..params.format.octets()).map(|i| (i * 37 + 11) as u8).collect()
}

fn subframe(params: &PmchParams, encoder: &mut PmchEncoder, tb: &[u8]) -> Vec<Complex32> {
    let mut modulator = MbsfnSubframeModulator::new(&params.cell, CyclicPrefix::Normal, REGION, params.numerology);
    let mut iq = vec![Complex32::default(); params.cell.samples_per_subframe()];
    modulator.modulate(SUBFRAME, Some((encoder, tb)), &mut iq);
    iq
}

/// Transport block in, samples out: coding, CRS, MBSFN-RS, PMCH, OFDM.
fn enb_subframe(c: &mut Criterion) {
    let params = params();
    let tb = transport_block(&params);
    let mut group = c.benchmark_group("enb_subframe");
    for isa in Isa::available() {
        let mut encoder = PmchEncoder::new(params).expect("a plan");
        let mut modulator =
            MbsfnSubframeModulator::new(&params.cell, CyclicPrefix::Normal, REGION, MbsfnNumerology::Khz15);
        let mut iq = vec![Complex32::default(); params.cell.samples_per_subframe()];
        group.bench_function(BenchmarkId::new(isa.name(), "100rb_mcs20"), |b| {
            b.iter(|| modulator.modulate(SUBFRAME, Some((&mut encoder, &tb)), &mut iq));
        });
    }
}

/// Samples in, transport block out, at 40 dB.
fn receiver_subframe(c: &mut Criterion) {
    let params = params();
    let tb = transport_block(&params);
    let clean = subframe(&params, &mut PmchEncoder::new(params).expect("a plan"), &tb);
    let mut channel = ChannelModel::new(&ChannelConfig {
        sample_rate_hz: params.cell.sample_rate_hz(),
        snr_db: Some(40.0),
        cfo_hz: 0.0,
        delay_s: 0.0,
        gain_db: 0.0,
        seed: 1,
    });
    let mut iq = Vec::new();
    let tail = [Complex32::default(); ChannelModel::LOOKAHEAD];
    channel.process(&[clean.as_slice(), &tail].concat(), &mut iq);
    let mut group = c.benchmark_group("receiver_subframe");
    for isa in Isa::available() {
        let mut demodulator = MbsfnSubframeDemodulator::new(&params.cell, N_ID_MBSFN, REGION, MbsfnNumerology::Khz15);
        let mut decoder = PmchDecoder::new(params, isa).expect("a plan");
        let mut decoded = vec![0; tb.len()];
        group.bench_function(BenchmarkId::new(isa.name(), "100rb_mcs20"), |b| {
            b.iter(|| {
                demodulator.demodulate(SUBFRAME, &iq);
                assert!(demodulator.decode(&mut decoder, SUBFRAME, &mut decoded).crc_ok, "decodable at 40 dB");
            });
        });
        assert_eq!(decoded, tb);
    }
}

/// The transforms of one subframe alone: what no implementation of the rest can get below.
fn fft(c: &mut Criterion) {
    let fft = FftPlanner::<f32>::new().plan_fft_forward(1536);
    let mut symbols = vec![Complex32::new(0.5, -0.25); 12 * 1536];
    let mut scratch = vec![Complex32::default(); fft.get_inplace_scratch_len()];
    c.benchmark_group("fft").bench_function("12x1536", |b| {
        b.iter(|| {
            symbols.fill(Complex32::new(0.5, -0.25));
            fft.process_with_scratch(&mut symbols, &mut scratch);
        });
    });
}

criterion_group!(phy, enb_subframe, receiver_subframe, fft);
criterion_main!(phy);
