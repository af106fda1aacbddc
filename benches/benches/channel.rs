//! What a channel costs for a subframe of 25 PRB at 7.68 MS/s; divide by 7680 for a sample.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use num_complex::Complex32;
use radio::{ChannelConfig, ChannelModel, DelayProfile, Evolution, FadingConfig, PathConfig};

const RATE_HZ: f64 = 7.68e6;
const SAMPLES: usize = 7680;

fn channel(fading: Option<FadingConfig>, snr_db: Option<f64>, n_rx: usize) -> ChannelConfig {
    let paths = vec![PathConfig { fading, ..PathConfig::default() }];
    ChannelConfig { snr_db, paths, n_rx, ..ChannelConfig::awgn(RATE_HZ, 0.0, 1) }
}

fn subframe(c: &mut Criterion) {
    let fading = |profile, doppler_hz| Some(FadingConfig { profile, doppler_hz, evolution: Evolution::Continuous });
    let cases = [
        ("awgn", channel(None, Some(20.0), 1)),
        ("epa_5hz", channel(fading(DelayProfile::epa(), 5.0), Some(20.0), 1)),
        ("mbsfn_5hz", channel(fading(DelayProfile::mbsfn(), 5.0), Some(20.0), 1)),
        ("mbsfn_5hz_no_noise", channel(fading(DelayProfile::mbsfn(), 5.0), None, 1)),
        ("mbsfn_5hz_2rx", channel(fading(DelayProfile::mbsfn(), 5.0), Some(20.0), 2)),
        ("etu_300hz", channel(fading(DelayProfile::etu(), 300.0), Some(20.0), 1)),
    ];
    let iq: Vec<Complex32> = (0..SAMPLES).map(|n| Complex32::cis(n as f32 * 0.37)).collect();
    let mut group = c.benchmark_group("channel");
    group.throughput(Throughput::Elements(SAMPLES as u64));
    for (name, config) in cases {
        let mut model = ChannelModel::new(&config);
        let mut heard = vec![Vec::new(); config.n_rx];
        group.bench_function(BenchmarkId::from_parameter(name), |b| b.iter(|| model.process(&[&iq], &mut heard)));
    }
}

criterion_group!(benches, subframe);
criterion_main!(benches);
