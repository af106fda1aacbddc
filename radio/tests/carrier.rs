//! From SDUs to SDUs over samples: eNB, channel, receiver together.

use std::slice;

use num_complex::Complex32;
use radio::{
    AlignedReceiver, CellConfig, ChannelConfig, ChannelModel, Enb, EnbConfig, Isa, MbsfnAreaConfig, McchConfig,
    MchRxEvent, NRbDl, PathConfig, RxEvent, SampleRateFamily, SessionInfo, SubframeSet,
};

struct Outcome {
    sdus: Vec<Vec<u8>>,
    blocks: u32,
    errors: u32,
    cfo_hz: f64,
    timing_samples: f32,
    cinr_db: f32,
}

fn area() -> MbsfnAreaConfig {
    MbsfnAreaConfig {
        n_id_mbsfn: 7,
        non_mbsfn_region: 2,
        subframes: SubframeSet::new(&[1, 2, 3, 6, 7, 8]).unwrap(),
        mcch: McchConfig {
            repetition_period_rf: 32,
            offset_rf: 0,
            modification_period_rf: 512,
            subframes: SubframeSet::new(&[1]).unwrap(),
            signalling_mcs: 2,
        },
    }
}

fn sdu(i: usize) -> Vec<u8> {
    (0..40 + 97 * i % 1400).map(|j| (i * 31 + j) as u8).collect()
}

/// Sends `count` SDUs over `frames` radio frames through a channel, in pushes of `chunk` samples.
fn run(cell: CellConfig, mcs: u8, channel: ChannelConfig, count: usize, frames: u64, chunk: usize) -> Outcome {
    let area = area();
    let session = SessionInfo { tmgi: [0, 0, 1, 0x00, 0xf1, 0x10].into(), session_id: None, lcid: 1 };
    let mcch = area.single_pmch(mcs, 8, vec![session]);
    let mut enb = Enb::new(&EnbConfig::single_area(cell, area.info(), mcch).unwrap()).unwrap();
    (0..count).for_each(|i| enb.push_sdu(0, 0, 1, &sdu(i), 0).unwrap());
    let mut model = ChannelModel::new(&channel);
    let mut receiver = AlignedReceiver::new(cell, area, Isa::Scalar).unwrap();
    let mut iq = vec![Complex32::default(); cell.samples_per_subframe()];
    let mut received = Vec::new();
    let mut at = 0;
    let mut out = Outcome { sdus: Vec::new(), blocks: 0, errors: 0, cfo_hz: 0.0, timing_samples: 0.0, cinr_db: 0.0 };
    for _ in 0..frames * 10 {
        enb.next_subframe(&mut [&mut iq]);
        model.process(&[&iq], slice::from_mut(&mut received));
        for part in received.chunks(chunk) {
            receiver.push(at, part, &mut |event| match event {
                RxEvent::Block(report, _) => {
                    out.blocks += 1;
                    out.errors += u32::from(!report.quality.crc_ok);
                    out.cfo_hz = report.cfo_hz;
                    out.timing_samples = report.estimate.timing_samples;
                    out.cinr_db = report.estimate.cinr_db();
                }
                RxEvent::Mch { event: MchRxEvent::Sdu { lcid: 1, bytes, .. }, .. } => out.sdus.push(bytes.to_vec()),
                RxEvent::Mch { .. } => {}
                RxEvent::SamplesLost { .. } => panic!("no samples are lost here"),
                _ => {}
            });
            at += part.len() as u64;
        }
    }
    out
}

fn channel(cell: &CellConfig, snr_db: f64, cfo_hz: f64, delay_s: f64) -> ChannelConfig {
    let paths = vec![PathConfig { cfo_hz, delay_s, ..PathConfig::default() }];
    ChannelConfig { gain_db: -20.0, paths, ..ChannelConfig::awgn(cell.sample_rate_hz(), snr_db, 3) }
}

#[test]
fn every_bandwidth_and_rate_delivers_through_offset_delay_and_noise() {
    for n_rb_dl in NRbDl::ALL {
        for family in [SampleRateFamily::Standard, SampleRateFamily::ThreeQuarter] {
            let cell = CellConfig::new(n_rb_dl, 301, family).unwrap();
            let (cfo_hz, delay_s) = (650.0, 3.3e-6);
            let out = run(cell, 4, channel(&cell, 12.0, cfo_hz, delay_s), 12, 24, 1000);
            let want: Vec<_> = (0..12).map(sdu).collect();
            assert_eq!(out.sdus, want, "{n_rb_dl} PRB, {family:?}: {} of {} lost", out.errors, out.blocks);
            assert!((out.cfo_hz - cfo_hz).abs() < 20.0, "{n_rb_dl} PRB, {family:?}: {} Hz", out.cfo_hz);
            let delay = delay_s * cell.sample_rate_hz();
            let resolution = cell.n_fft as f64 / n_rb_dl.subcarriers() as f64;
            assert!(
                (f64::from(out.timing_samples) - delay).abs() < resolution,
                "{n_rb_dl} PRB: {} samples",
                out.timing_samples
            );
        }
    }
}

/// The window of the FFT starts 1/16 of the prefix early, so this much less than the prefix may pass.
#[test]
fn the_whole_cyclic_prefix_is_of_use() {
    let cell = CellConfig::new(NRbDl::try_from(25).unwrap(), 1, SampleRateFamily::Standard).unwrap();
    for delay_s in [0.0, 8e-6, 12e-6, 15.6e-6] {
        let out = run(cell, 9, channel(&cell, 15.0, 700.0, delay_s), 12, 24, 7680);
        assert_eq!(out.sdus.len(), 12, "{delay_s} s: {} of {} lost", out.errors, out.blocks);
    }
}

#[test]
fn cinr_is_the_snr_of_the_channel() {
    let cell = CellConfig::new(NRbDl::try_from(25).unwrap(), 1, SampleRateFamily::Standard).unwrap();
    for snr_db in [-2.0, 10.0, 30.0] {
        let mut config = channel(&cell, snr_db, 0.0, 0.0);
        config.gain_db = 0.0;
        let out = run(cell, 0, config, 12, 24, 7680);
        assert!((f64::from(out.cinr_db) - snr_db).abs() < 1.0, "{snr_db}: {}", out.cinr_db); // one subframe: sigma 0.4 dB
    }
}

#[test]
fn cut_samples_are_reported_and_reception_goes_on() {
    let cell = CellConfig::new(NRbDl::try_from(6).unwrap(), 1, SampleRateFamily::Standard).unwrap();
    let mut receiver = AlignedReceiver::new(cell, area(), Isa::Scalar).unwrap();
    let mut lost = Vec::new();
    let silence = vec![Complex32::default(); 5000];
    for at in [0u64, 5000, 12_345, 3] {
        receiver.push(at, &silence, &mut |event| {
            if let RxEvent::SamplesLost { expected, at } = event {
                lost.push((expected, at));
            }
        });
    }
    assert_eq!(lost, [(10_000, 12_345), (17_345, 3)]);
}
