//! Minutes of a carrier at a sample clock that is off by 2 ppm: nothing of what is sent is lost.
//!
//! Seconds of air from the environment variable `CASTBENCH_CLOCK_S`, 20 without it.

mod common;

use std::slice;

use num_complex::Complex32;
use radio::{
    CellConfig, ChannelConfig, ChannelModel, Enb, EnbConfig, MchRxEvent, NRbDl, PathConfig, Receiver, ReceiverConfig,
    RxEvent, SampleRateFamily,
};

const LCID: u8 = 1;
/// Frames of an MCH scheduling period, in each of which one SDU is sent.
const PERIOD_RF: u64 = 8;

fn config() -> EnbConfig {
    let area = common::area(7, &[1, 6], 4, &[LCID]);
    let cell = CellConfig::new(NRbDl::ALL[0], 301, SampleRateFamily::Standard).unwrap();
    EnbConfig::single_area(cell, area.info, area.mcch).unwrap()
}

/// Samples of a stream between its own ones, at a clock that is off.
struct Clock {
    step: f64,
    /// Where the next sample lies, counted from the start of `held`.
    t: f64,
    held: Vec<Complex32>,
}

impl Clock {
    fn new(ppm: f64) -> Self {
        Self { step: 1.0 + ppm * 1e-6, t: 2.0, held: Vec::new() }
    }

    /// Lagrange's polynomial through six samples; its weights hold for a subframe, in which the clock moves by less
    /// than a hundredth of a sample.
    fn sample(&mut self, sent: &[Complex32], out: &mut Vec<Complex32>) {
        self.held.extend_from_slice(sent);
        let (whole, x) = (self.t as usize, self.t.fract() as f32);
        let nodes = [-2.0f32, -1.0, 0.0, 1.0, 2.0, 3.0];
        let weights: [f32; 6] = std::array::from_fn(|i| {
            (0..6).filter(|&j| j != i).map(|j| (x - nodes[j]) / (nodes[i] - nodes[j])).product()
        });
        let count = self.held.len().saturating_sub(whole + 4);
        out.clear();
        out.extend(
            self.held[whole - 2..]
                .windows(6)
                .take(count)
                .map(|w| w.iter().zip(weights).map(|(s, k)| s * k).sum::<Complex32>()),
        );
        self.t += count as f64 * self.step;
        let past = self.t as usize - 2;
        self.held.drain(..past);
        self.t -= past as f64;
    }
}

#[test]
fn a_sample_clock_off_by_2_ppm_is_followed_for_minutes() {
    let seconds: u64 = std::env::var("CASTBENCH_CLOCK_S").ok().and_then(|s| s.parse().ok()).unwrap_or(20);
    for ppm in [-2.0, 2.0] {
        let mut enb = Enb::new(&config()).unwrap();
        let sample_rate_hz = enb.cell().sample_rate_hz();
        let paths = vec![PathConfig { cfo_hz: -1200.0, ..PathConfig::default() }];
        let mut channel = ChannelModel::new(&ChannelConfig { paths, ..ChannelConfig::awgn(sample_rate_hz, 15.0, 1) });
        let mut receiver = Receiver::new(ReceiverConfig::new(sample_rate_hz as u32)).unwrap();
        let mut clock = Clock::new(ppm);
        let mut sent = vec![Complex32::ZERO; enb.cell().samples_per_subframe()];
        let (mut shifted, mut received, mut at) = (Vec::new(), Vec::new(), 0u64);
        let (mut pushed, mut heard, mut cells) = (0u32, Vec::new(), 0);
        for subframe in 0..seconds * 1000 {
            let (frame, in_frame) = (subframe / 10, subframe % 10);
            // The first second is for finding the carrier, the last for what is still under way.
            if in_frame == 0 && frame % PERIOD_RF == 0 && (100..seconds * 100 - 50).contains(&frame) {
                enb.push_sdu(0, 0, LCID, &[&[0x45, 0, 0, 40], &pushed.to_be_bytes()[..], &[0; 32]].concat(), frame)
                    .unwrap();
                pushed += 1;
            }
            enb.next_subframe(&mut [&mut sent]);
            clock.sample(&sent, &mut shifted);
            channel.process(&[&shifted], slice::from_mut(&mut received));
            receiver.push(at, &[&received], &mut |event| match event {
                RxEvent::CellFound { .. } => cells += 1,
                RxEvent::CellLost { .. } => panic!("lost in subframe {subframe}"),
                RxEvent::Mch { event: MchRxEvent::Sdu { bytes, .. }, .. } => {
                    heard.push(u32::from_be_bytes(bytes[4..8].try_into().unwrap()));
                }
                _ => {}
            });
            at += received.len() as u64;
        }
        println!("{ppm} ppm: {} of {pushed} SDUs in {seconds} s", heard.len());
        assert_eq!(cells, 1);
        assert_eq!(heard, (0..pushed).collect::<Vec<_>>(), "{ppm} ppm");
    }
}
