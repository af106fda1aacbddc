//! How long one subframe takes at 20 MHz and at 5 MHz: transmitter, receiver, and the bare transforms beside them.

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use num_complex::Complex32;
use radio::{
    CellConfig, ChannelConfig, ChannelModel, CyclicPrefix, DEFAULT_MAX_ITERATIONS, Grid, Isa, MbsfnEstimator,
    MbsfnNumerology, MbsfnSubframeDemodulator, MbsfnSubframeModulator, NRbDl, OfdmDemodulator, PathConfig, PmchDecoder,
    PmchEncoder, PmchParams, SampleRateFamily, SubframeLayout, TransportBlockDecoder, TransportBlockEncoder,
    TransportBlockParams,
};
use rustfft::FftPlanner;

const REGION: u8 = 2;
const SUBFRAME: u8 = 1;
const N_ID_MBSFN: u8 = 1;

/// Resource blocks, MCS, and the name that stands for them; 25 PRB are at 5.76 MS/s, 100 PRB at 23.04 MS/s.
const FORMATS: [(u16, u8, &str); 2] = [(25, 20, "25rb_mcs20"), (100, 20, "100rb_mcs20")];

fn params(n_rb_dl: u16, mcs: u8) -> PmchParams {
    let n_rb_dl = NRbDl::try_from(n_rb_dl).expect("an LTE bandwidth");
    let cell = CellConfig::new(n_rb_dl, 1, SampleRateFamily::ThreeQuarter).expect("a cell identity in range");
    PmchParams::new(cell, N_ID_MBSFN, REGION, mcs).expect("a decodable format")
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

/// Transport block in, samples out: coding, CRS, MBSFN-RS, PMCH, OFDM. It has one implementation for all instruction sets.
fn enb_subframe(c: &mut Criterion) {
    let mut group = c.benchmark_group("enb_subframe");
    for (n_rb_dl, mcs, name) in FORMATS {
        let params = params(n_rb_dl, mcs);
        let tb = transport_block(&params);
        let mut encoder = PmchEncoder::new(params).expect("a plan");
        let mut modulator =
            MbsfnSubframeModulator::new(&params.cell, CyclicPrefix::Normal, REGION, MbsfnNumerology::Khz15);
        let mut iq = vec![Complex32::default(); params.cell.samples_per_subframe()];
        group.bench_function(name, |b| {
            b.iter(|| modulator.modulate(SUBFRAME, Some((&mut encoder, &tb)), &mut iq));
        });
    }
}

/// Samples in, transport block out, at 40 dB.
fn receiver_subframe(c: &mut Criterion) {
    let mut group = c.benchmark_group("receiver_subframe");
    for (n_rb_dl, mcs, name) in FORMATS {
        let params = params(n_rb_dl, mcs);
        let tb = transport_block(&params);
        let clean = subframe(&params, &mut PmchEncoder::new(params).expect("a plan"), &tb);
        let mut channel = ChannelModel::new(&ChannelConfig::awgn(params.cell.sample_rate_hz(), 40.0, 1));
        let tail = vec![Complex32::default(); channel.lookahead()];
        let mut heard = [Vec::new()];
        channel.process(&[&[clean, tail].concat()], &mut heard);
        let [iq] = heard;
        for isa in Isa::available() {
            let mut demodulator =
                MbsfnSubframeDemodulator::new(&params.cell, N_ID_MBSFN, REGION, MbsfnNumerology::Khz15);
            let mut decoder = PmchDecoder::new(params, isa).expect("a plan");
            let mut decoded = vec![0; tb.len()];
            demodulator.demodulate(SUBFRAME, &iq);
            demodulator.decode(&mut decoder, SUBFRAME, &mut decoded);
            assert_eq!(decoded, tb);
            group.bench_function(BenchmarkId::new(isa.name(), name), |b| {
                b.iter(|| {
                    demodulator.demodulate(SUBFRAME, &iq);
                    assert!(demodulator.decode(&mut decoder, SUBFRAME, &mut decoded).crc_ok, "decodable at 40 dB");
                });
            });
        }
    }
}

/// Resource grid in, channel, noise, timing and frequency out, at 20 dB over three paths: the first subframe of an estimator,
/// which plans for what it sees, and one when nothing changes any more.
fn channel_estimate(c: &mut Criterion) {
    let mut group = c.benchmark_group("channel_estimate");
    for (n_rb_dl, mcs, name) in FORMATS {
        let params = params(n_rb_dl, mcs);
        let (cell, numerology) = (params.cell, MbsfnNumerology::Khz15);
        let clean = subframe(&params, &mut PmchEncoder::new(params).expect("a plan"), &transport_block(&params));
        let path = |(delay_s, power_db)| PathConfig { delay_s, power_db, ..PathConfig::default() };
        let paths = [(0.0, 0.0), (1.3e-6, -3.0), (12.6e-6, -10.0)].map(path).to_vec();
        let mut channel =
            ChannelModel::new(&ChannelConfig { paths, ..ChannelConfig::awgn(cell.sample_rate_hz(), 20.0, 1) });
        let layout = SubframeLayout::mbsfn(cell.n_fft, REGION.into(), numerology);
        let mut ofdm = OfdmDemodulator::new(layout.clone(), 16);
        let mut heard = [Vec::new()];
        let mut hear = || {
            let tail = vec![Complex32::default(); channel.lookahead()];
            channel.process(&[&[clean.clone(), tail].concat()], &mut heard);
            let mut grid = Grid::new(layout.rows(), cell.n_rb_dl.subcarriers());
            ofdm.demodulate(&heard[0][..clean.len()], REGION.into()..layout.rows(), &mut grid);
            grid
        };
        let fresh = MbsfnEstimator::new(&cell, N_ID_MBSFN, numerology);
        let mut settled = fresh.clone();
        for _ in 0..80 {
            settled.estimate(SUBFRAME, &hear());
        }
        let grid = hear();
        group.bench_function(BenchmarkId::new("first", name), |b| {
            b.iter_batched_ref(|| fresh.clone(), |first| first.estimate(SUBFRAME, &grid), BatchSize::SmallInput);
        });
        group.bench_function(BenchmarkId::new("settled", name), |b| b.iter(|| settled.estimate(SUBFRAME, &grid)));
    }
}

/// Soft values in, transport block out: the same size without noise, and with so much that several iterations are needed.
fn transport_block_decode(c: &mut Criterion) {
    let params = TransportBlockParams { a_bits: 39232, g_bits: 61200, q_m: 6, n_l: 1, rv: 0 };
    let tb: Vec<u8> = (0..params.a_bits / 8).map(|i| (i * 37 + 11) as u8).collect();
    let mut coded = vec![0; params.g_bits];
    TransportBlockEncoder::new(params).expect("a plan").encode(&tb, &mut coded);
    let mut group = c.benchmark_group("transport_block_decode");
    for (name, noise) in [("39232_clean", 0.0), ("39232_noisy", 1.05)] {
        let mut state = 1_u32;
        let mut uniform = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        let mut soft = |&bit: &u8| 1.0 - 2.0 * f32::from(bit) + noise * (uniform() + uniform()) * 0.75;
        let llr: Vec<f32> = coded.iter().map(&mut soft).collect();
        for isa in Isa::available() {
            let mut decoder = TransportBlockDecoder::new(params, isa, DEFAULT_MAX_ITERATIONS).expect("a plan");
            let mut decoded = vec![0; tb.len()];
            let outcome = decoder.decode(&llr, &mut decoded);
            assert!(outcome.crc_ok, "{outcome:?}");
            println!("{name}: {:.1} iterations for a code block", f64::from(outcome.iterations) / 7.0);
            group.bench_function(BenchmarkId::new(isa.name(), name), |b| {
                b.iter(|| decoder.decode(&llr, &mut decoded));
            });
        }
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

criterion_group!(phy, enb_subframe, receiver_subframe, channel_estimate, transport_block_decode, fft);
criterion_main!(phy);
