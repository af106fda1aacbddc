//! A receiver that knows nothing but its sample rate, where the signal comes from several sites: echoes beyond the normal
//! prefix (4.7 us), which system information has, and within or beyond the extended one (16.7 us), which MCHs have.

mod common;

use num_complex::Complex32;
use radio::{
    CellConfig, ChannelConfig, ChannelModel, Enb, EnbConfig, MchRxEvent, NRbDl, PathConfig, Receiver, ReceiverConfig,
    RxEvent, SampleRateFamily,
};

const LCID: u8 = 1;
const PERIOD_RF: u64 = 8;
const MCS: u8 = 9;

fn config() -> EnbConfig {
    let area = common::area(7, &[1, 2, 3, 6, 7, 8], MCS, &[LCID]);
    let cell = CellConfig::new(NRbDl::ALL[1], 301, SampleRateFamily::Standard).unwrap();
    EnbConfig::single_area(cell, area.info, area.mcch).unwrap()
}

/// What a receiver came to.
#[derive(Default, Debug)]
struct Heard {
    cells: u32,
    cells_lost: u32,
    /// Subframes until the first MCCH.
    mcch_at: Option<u64>,
    blocks: u32,
    lost: u32,
    cinr_db: f64,
}

/// A second of the carrier over these ways: delay, us, and power, dB.
fn listen(ways: &[(f64, f64)], snr_db: f64, seed: u64) -> Heard {
    let mut enb = Enb::new(&config()).unwrap();
    let sample_rate_hz = enb.cell().sample_rate_hz();
    let path = |(i, &(delay_us, power_db)): (usize, &(f64, f64))| PathConfig {
        delay_s: delay_us * 1e-6,
        power_db,
        phase_rad: 2.4 * i as f64 + seed as f64,
        cfo_hz: 700.0 + 4.0 * i as f64,
        ..PathConfig::default()
    };
    let paths = ways.iter().enumerate().map(path).collect();
    let mut channel = ChannelModel::new(&ChannelConfig { paths, ..ChannelConfig::awgn(sample_rate_hz, snr_db, seed) });
    let mut receiver = Receiver::new(ReceiverConfig::new(sample_rate_hz as u32)).unwrap();
    let mut sent = vec![Complex32::ZERO; enb.cell().samples_per_subframe()];
    let (mut received, mut at, mut heard) = ([Vec::new()], 0, Heard::default());
    let (mut cinr, mut measured) = (0.0, 0);
    for subframe in 0..1000 {
        if subframe % (10 * PERIOD_RF) == 0 {
            for _ in 0..12 {
                enb.push_sdu(0, 0, LCID, &[0x45; 1000], subframe / 10).unwrap();
            }
        }
        enb.next_subframe(&mut [&mut sent]);
        channel.process(&[&sent], &mut received);
        receiver.push(at, &[&received[0]], &mut |event| match event {
            RxEvent::CellFound { .. } => heard.cells += 1,
            RxEvent::CellLost { .. } => heard.cells_lost += 1,
            RxEvent::Mch { event: MchRxEvent::McchMessage { .. }, .. } => {
                heard.mcch_at.get_or_insert(subframe);
            }
            RxEvent::Block(report, tb) if !report.signalling && report.announced => {
                heard.blocks += 1;
                heard.lost += u32::from(tb.is_none());
                cinr += 10f64.powf(f64::from(report.estimate.cinr_db()) / 10.0);
                measured += 1;
            }
            _ => {}
        });
        at += received[0].len() as u64;
    }
    heard.cinr_db = 10.0 * (cinr / f64::from(measured)).log10();
    heard
}

#[test]
fn echoes_beyond_the_normal_prefix_do_not_keep_a_receiver_from_the_mch() {
    let mut wrong = Vec::new();
    for delay_us in [10.0, 14.0, 25.0] {
        for power_db in [0.0, -3.0, -10.0] {
            for order in 0..if power_db < 0.0 { 2 } else { 1 } {
                let mut ways = [(0.0, 0.0), (delay_us, power_db)];
                if order == 1 {
                    ways = [(0.0, power_db), (delay_us, 0.0)];
                }
                let heard = listen(&ways, 20.0, 1);
                println!("{delay_us} us, {power_db} dB, {order}: {heard:?}");
                let fine = (heard.cells, heard.cells_lost) == (1, 0) && heard.mcch_at.is_some_and(|at| at < 700);
                let in_prefix = delay_us < 16.0;
                if !fine || in_prefix && (heard.lost > 0 || heard.blocks < 150) {
                    wrong.push((delay_us, power_db, order));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
