//! The receiver in white noise: what it measures is what was put in, what it loses is what has to be lost.

use radio::{
    CellConfig, ChannelConfig, CyclicPrefix, Isa, NRbDl, PathConfig, PmchLink, PmchLinkConfig, PmchParams,
    SampleRateFamily,
};

/// One PMCH through noise, one antenna, subframe 1, non-MBSFN region 2.
fn link(n_rb_dl: u16, mcs: u8, snr_db: f64, seed: u64) -> PmchLink {
    late_link(n_rb_dl, mcs, snr_db, 0.0, seed)
}

/// The same, heard so much later than the receiver expects.
fn late_link(n_rb_dl: u16, mcs: u8, snr_db: f64, delay_s: f64, seed: u64) -> PmchLink {
    let cell = CellConfig::new(NRbDl::try_from(n_rb_dl).unwrap(), 1, SampleRateFamily::Standard).unwrap();
    let paths = vec![PathConfig { delay_s, ..PathConfig::default() }];
    let channel = ChannelConfig { gain_db: -12.0, paths, ..ChannelConfig::awgn(cell.sample_rate_hz(), snr_db, seed) };
    let params = PmchParams::new(cell, 1, 2, mcs).unwrap();
    let (cell_cp, subframes, isa) = (CyclicPrefix::Normal, vec![1], Isa::fastest());
    PmchLink::new(&PmchLinkConfig { params, cell_cp, subframes, channel, isa, seed }).unwrap()
}

/// Share of `blocks` blocks that is lost.
fn bler(n_rb_dl: u16, mcs: u8, snr_db: f64, blocks: u32) -> f64 {
    let mut link = link(n_rb_dl, mcs, snr_db, 11);
    let lost = (0..blocks).filter(|_| {
        let block = link.next_block();
        assert!(!block.undetected_error, "the CRC tells");
        block.is_error()
    });
    lost.count() as f64 / f64::from(blocks)
}

#[test]
fn cinr_is_the_snr_within_0_3_db() {
    for n_rb_dl in [6, 25, 100] {
        for snr_db in [-5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0] {
            let mut link = link(n_rb_dl, 0, snr_db, 7);
            let blocks = 4000 / n_rb_dl;
            // Means are means of linear values: of their logarithms they would be too small.
            let (mut signal, mut noise) = (0.0, 0.0);
            for _ in 0..blocks {
                let estimate = link.next_block().estimate;
                (signal, noise) = (signal + f64::from(estimate.signal), noise + f64::from(estimate.noise));
            }
            let mean = 10.0 * (signal / noise).log10();
            let error_db = mean - snr_db;
            println!("{n_rb_dl} PRB, {snr_db} dB: {error_db:+.2} dB");
            assert!(error_db.abs() < 0.3, "{n_rb_dl} PRB, {snr_db} dB: measured {mean:.2} dB");
        }
    }
}

/// 10 % block errors with a perfectly known channel at 25 PRB: (MCS, dB), from the published curves of the Vienna LTE
/// simulator by information bits per resource element. Ours has to estimate its channel and is within half a decibel.
const KNOWN_CHANNEL_DB: [(u8, f64); 7] =
    [(0, -4.7), (4, -0.5), (9, 5.1), (12, 6.7), (16, 11.4), (20, 14.2), (23, 17.2)];

#[test]
fn block_errors_are_near_those_of_a_known_channel() {
    for (mcs, known_db) in KNOWN_CHANNEL_DB {
        let (below, above) = (bler(25, mcs, known_db - 1.25, 40), bler(25, mcs, known_db + 0.75, 40));
        assert!(below > 0.1 && above < 0.1, "MCS {mcs}: {below} and {above} around {known_db} dB");
    }
}

/// The last points where another receiver loses 10 % (SNR per resource element, its own channel estimate, one antenna).
#[test]
fn block_errors_are_a_decibel_below_those_of_another_receiver() {
    let Some(points) = fixtures::facts::bler_awgn() else { return };
    for (mcs, _) in KNOWN_CHANNEL_DB {
        let of_mcs = points.iter().filter(|p| p.n_rb_dl == 25 && p.mcs == mcs);
        let theirs_db = of_mcs.filter(|p| 10 * p.errors >= p.blocks).map(|p| p.snr_db).fold(f64::MIN, f64::max);
        let bler = bler(25, mcs, theirs_db - 1.0, 40);
        assert!(bler < 0.1, "MCS {mcs}: {bler} at {:.1} dB", theirs_db - 1.0);
    }
}

/// Prints the curves down to where one block in ten is lost; see them with `--nocapture`.
#[test]
fn one_block_in_ten_is_lost_where_a_known_channel_loses_it() {
    for (mcs, known_db) in KNOWN_CHANNEL_DB {
        let mut snr_db = known_db - 1.5;
        let mut before = (snr_db, 1.0);
        loop {
            let bler = bler(25, mcs, snr_db, 200);
            println!("MCS {mcs} {snr_db:.2} dB {bler:.3}");
            if bler < 0.1 {
                let log = |b: f64| b.max(1e-3).ln();
                let (snr, above): (f64, f64) = before;
                let ten = snr + (snr_db - snr) * (log(above) - log(0.1)) / (log(above) - log(bler));
                println!("MCS {mcs}: 10 % at {ten:.2} dB, a known channel: {known_db:.2} dB");
                assert!(ten < known_db + 0.4, "MCS {mcs}: {ten:.2} dB");
                break;
            }
            before = (snr_db, bler);
            snr_db += if bler > 0.99 { 0.5 } else { 0.25 };
        }
    }
}

/// The window of the FFT starts 1/16 of the prefix early, so this much less than the prefix may pass.
#[test]
fn the_whole_cyclic_prefix_is_of_use() {
    for delay_s in [0.0, 8e-6, 12e-6, 15.6e-6] {
        let mut link = late_link(25, 9, 15.0, delay_s, 3);
        for _ in 0..30 {
            let block = link.next_block();
            assert!(!block.is_error(), "{delay_s} s");
            let delay = delay_s * 7.68e6;
            let measured = f64::from(block.estimate.timing_samples);
            assert!((measured - delay).abs() < 1.0, "{measured} samples for {delay}");
        }
    }
}
