//! The meters: what is put in comes out.

mod common;

use std::slice;

use num_complex::Complex32;
use radio::{
    BlocksReceived, CellConfig, ChannelConfig, ChannelModel, CyclicPrefix, Enb, EnbConfig, Isa, NRbDl, PathConfig,
    PmchLink, PmchLinkConfig, PmchParams, Receiver, ReceiverConfig, RxEvent, SampleRateFamily,
};

const SNRS_DB: [f64; 8] = [-5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0];

fn cell(n_rb_dl: u16) -> CellConfig {
    CellConfig::new(NRbDl::try_from(n_rb_dl).unwrap(), 3, SampleRateFamily::Standard).unwrap()
}

fn link(n_rb_dl: u16, mcs: u8, channel: impl FnOnce(ChannelConfig) -> ChannelConfig) -> PmchLink {
    let cell = cell(n_rb_dl);
    let channel = channel(ChannelConfig::awgn(cell.sample_rate_hz(), 20.0, 23));
    let params = PmchParams::new(cell, 9, 2, mcs).unwrap();
    let (cell_cp, subframes) = (CyclicPrefix::Normal, vec![1, 2, 3, 6, 7, 8]);
    PmchLink::new(&PmchLinkConfig { params, cell_cp, subframes, channel, isa: Isa::fastest(), seed: 5 }).unwrap()
}

fn one_path(cfo_hz: f64, delay_s: f64) -> Vec<PathConfig> {
    vec![PathConfig { cfo_hz, delay_s, ..PathConfig::default() }]
}

fn db(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

/// Mean of what `read` reads of `blocks` blocks.
fn mean(link: &mut PmchLink, blocks: u32, mut read: impl FnMut(&mut PmchLink) -> f64) -> f64 {
    let sum: f64 = (0..blocks)
        .map(|_| {
            link.next_block();
            read(link)
        })
        .sum();
    sum / f64::from(blocks)
}

/// Blocks after which the error of a mean is a small part of what is allowed: weak signals take more.
fn blocks(n_rb_dl: u16, snr_db: f64) -> u32 {
    let elements = if snr_db < -2.5 {
        240_000
    } else if snr_db < 2.5 {
        60_000
    } else {
        20_000
    };
    elements / (12 * u32::from(n_rb_dl))
}

/// -5 to 30 dB in, 0.3 dB out: from reference signals (CINR) and from data symbols (MBSFN SINR).
#[test]
fn snr_comes_out_within_0_3_db() {
    for n_rb_dl in [6, 25, 50] {
        for snr_db in SNRS_DB {
            let blocks = blocks(n_rb_dl, snr_db);
            let mut link = link(n_rb_dl, 4, |c| ChannelConfig { snr_db: Some(snr_db), gain_db: -31.0, ..c });
            let (mut signal, mut noise) = (0.0, 0.0);
            let sinr = mean(&mut link, blocks, |l| {
                signal += f64::from(l.estimates()[0].signal);
                noise += f64::from(l.estimates()[0].noise);
                f64::from(l.measure().data.unwrap().sinr)
            });
            let (cinr_db, sinr_db) = (db(signal / noise), db(sinr));
            println!(
                "{n_rb_dl} PRB, {snr_db} dB: CINR {:+.2} dB, MBSFN SINR {:+.2} dB",
                cinr_db - snr_db,
                sinr_db - snr_db
            );
            assert!((cinr_db - snr_db).abs() < 0.3, "{n_rb_dl} PRB, {snr_db} dB: CINR {cinr_db:.2} dB");
            // Data symbols see the error of the channel estimate, too, which is largest in the narrowest carrier.
            assert!((sinr_db - snr_db).abs() < 0.3, "{n_rb_dl} PRB, {snr_db} dB: MBSFN SINR {sinr_db:.2} dB");
        }
    }
}

/// MBSFN RSRP is the power put in within 0.3 dB, MBSFN RSRQ is s / 12 (1 + s).
#[test]
fn rsrp_and_rsrq_come_out_within_0_3_db() {
    for snr_db in SNRS_DB {
        for gain_db in [-60.0, -17.3, 12.0] {
            let mut link = link(25, 4, |c| ChannelConfig { snr_db: Some(snr_db), gain_db, ..c });
            let n_fft = cell(25).n_fft;
            let (mut rsrp, mut rsrq, blocks) = (0.0, 0.0, blocks(25, snr_db));
            for _ in 0..blocks {
                link.next_block();
                let power = link.antennas()[0].power();
                (rsrp, rsrq) = (rsrp + f64::from(power.rsrp), rsrq + f64::from(power.rsrq));
            }
            (rsrp, rsrq) = (rsrp / f64::from(blocks), rsrq / f64::from(blocks));
            assert!((db(rsrp) - gain_db).abs() < 0.3, "{snr_db} dB, {gain_db} dB: RSRP {:.2} dB", db(rsrp));
            let snr = 10f64.powf(snr_db / 10.0);
            let want_db = db(snr / 12.0 / (1.0 + snr));
            assert!((db(rsrq) - want_db).abs() < 0.3, "{snr_db} dB: RSRQ {:.2} dB for {want_db:.2}", db(rsrq));
            let dbfs = radio::resource_element_dbfs(rsrp, n_fft);
            assert!((dbfs - (gain_db - db(n_fft as f64))).abs() < 0.3, "{dbfs} dB of full scale");
        }
    }
}

/// Frequency within 10 Hz, timing within 0.1 sample, at any SNR and between samples.
#[test]
fn frequency_and_timing_come_out() {
    for n_rb_dl in [6, 25] {
        for (i, snr_db) in SNRS_DB.into_iter().enumerate() {
            let (cfo_hz, delay_samples) = ([-180.0, 37.5, 4.0, 210.0][i % 4], [0.0, 7.25, 3.5, 20.9][i / 2]);
            let delay_s = delay_samples / cell(n_rb_dl).sample_rate_hz();
            let paths = one_path(cfo_hz, delay_s);
            let mut link = link(n_rb_dl, 4, |c| ChannelConfig { snr_db: Some(snr_db), paths, ..c });
            let mut timing = None;
            let measured_hz = mean(&mut link, blocks(n_rb_dl, snr_db), |l| {
                timing = l.measure().paths.map(|p| f64::from(p.strongest_samples));
                f64::from(l.estimates()[0].frequency_error_hz)
            });
            let timing = timing.unwrap();
            println!(
                "{n_rb_dl} PRB, {snr_db} dB: {:+.2} Hz, {:+.3} samples",
                measured_hz - cfo_hz,
                timing - delay_samples
            );
            assert!(
                (measured_hz - cfo_hz).abs() < 10.0,
                "{n_rb_dl} PRB, {snr_db} dB: {measured_hz:.1} Hz for {cfo_hz}"
            );
            assert!(
                (timing - delay_samples).abs() < 0.1,
                "{n_rb_dl} PRB, {snr_db} dB: {timing:.3} for {delay_samples}"
            );
        }
    }
}

/// First and last path, the margins of the prefix, and the share of the energy outside of it.
#[test]
fn paths_and_prefix_come_out() {
    let rate = cell(50).sample_rate_hz();
    let prefix = 256.0;
    for last in [90.0, 231.5, 300.3] {
        let path = |samples: f64, power_db| PathConfig { delay_s: samples / rate, power_db, ..PathConfig::default() };
        let paths = vec![path(4.4, -6.0), path(40.0, 0.0), path(last, -10.0)];
        let mut link = link(50, 4, |c| ChannelConfig { snr_db: Some(25.0), paths, ..c });
        let mut found = None;
        mean(&mut link, 40, |l| {
            found = l.measure().paths;
            0.0
        });
        let found = found.unwrap();
        let near = |measured: f32, want: f64| assert!((f64::from(measured) - want).abs() < 0.2, "{want}: {found:?}");
        near(found.strongest_samples, 40.0);
        near(found.first_samples, 4.4);
        near(found.last_samples, last);
        // The margins are those of the FFT window as it is; they share what the spread of delays leaves of the prefix.
        let window = f64::from(found.first_samples - found.margin_before_samples);
        assert!((-prefix..=0.01).contains(&window), "{found:?}");
        near(found.margin_after_samples, window + prefix - last);
        let is_late = last > window + prefix;
        assert_eq!(is_late, last > 260.0, "{found:?}");
        let share = if is_late { 0.1 / (0.1 + 1.0 + 10f64.powf(-0.6)) } else { 0.0 };
        // A late path loses what leaves the window.
        assert!((f64::from(found.outside_share) - share).abs() < 0.02, "{share}: {found:?}");
    }
}

/// Bit errors before decoding against hard decisions of our own on the symbols of the same link without noise.
#[test]
fn bit_errors_are_those_of_a_direct_count() {
    let axis = |value: f32, levels: u32| {
        // TS 36.211 clause 7.1: sign, then whether the amplitude is beyond the middle, and so on.
        let unit = [2.0f32, 10.0, 42.0][levels as usize - 1].sqrt().recip();
        let mut amplitude = value;
        (0..levels).fold(0u32, |bits, i| {
            let bit = u32::from(amplitude < 0.0);
            amplitude = unit * f32::from(1u8 << (levels - 1 - i)) - amplitude.abs();
            bits << 1 | bit
        })
    };
    for (mcs, levels, snr_db) in [(4, 1, 0.0), (4, 1, 4.0), (12, 2, 8.0), (20, 3, 16.0)] {
        let mut noisy = link(25, mcs, |c| ChannelConfig { snr_db: Some(snr_db), ..c });
        let mut clean = link(25, mcs, |c| ChannelConfig { snr_db: None, ..c });
        let (mut counted, mut direct, mut bits) = (0, 0, 0);
        for _ in 0..12 {
            noisy.next_block();
            clean.next_block();
            let data = noisy.measure().data.unwrap();
            (counted, bits) = (counted + data.bits.errors, bits + data.bits.bits);
            let decide = |y: &Complex32| axis(y.re, levels) << levels | axis(y.im, levels);
            let pairs = noisy.decoder().symbols().iter().zip(clean.decoder().symbols());
            direct += pairs.map(|(a, b)| (decide(a) ^ decide(b)).count_ones()).sum::<u32>();
        }
        println!("MCS {mcs}, {snr_db} dB: {counted} of {bits} bits wrong");
        assert!(counted > 100, "MCS {mcs}: {counted} of {bits}");
        assert_eq!(counted, direct, "MCS {mcs}, {snr_db} dB");
    }
}

/// All of it on the whole receive chain, which searches and follows by itself.
#[test]
fn the_whole_chain_tells_level_frequency_timing_and_bit_errors() {
    let (cfo_hz, delay_samples, gain_db, snr_db) = (-1234.5, 411.37, -43.0, 9.0);
    let cell = cell(25);
    let area = common::area(7, &[1, 2, 3, 6, 7, 8], 9, &[1]);
    let mut enb = Enb::new(&EnbConfig::single_area(cell, area.info, area.mcch).unwrap()).unwrap();
    let rate = cell.sample_rate_hz();
    let paths = one_path(cfo_hz, delay_samples / rate);
    let mut channel = ChannelModel::new(&ChannelConfig { gain_db, paths, ..ChannelConfig::awgn(rate, snr_db, 8) });
    let mut receiver = Receiver::new(ReceiverConfig::new(rate as u32)).unwrap();
    let (mut sent, mut heard) = (vec![Complex32::default(); cell.samples_per_subframe()], Vec::new());
    let mut at = 0;
    let (mut blocks, mut sum_hz, mut rsrp, mut cinr) = (0u32, 0.0, 0.0, 0.0);
    let (mut timings, mut wrong, mut bits) = (Vec::new(), 0, 0);
    for frame in 0..140 {
        for i in 0..3 {
            enb.push_sdu(0, 0, 1, &[i; 1200], frame).unwrap();
        }
        for _ in 0..10 {
            enb.next_subframe(&mut [&mut sent]);
            channel.process(&[&sent], slice::from_mut(&mut heard));
            receiver.push(at, &[&heard], &mut |event| {
                let RxEvent::Block(report, _) = event else { return };
                if !report.quality.crc_ok || frame < 50 {
                    return;
                }
                blocks += 1;
                sum_hz += report.cfo_hz + f64::from(report.estimate.frequency_error_hz);
                rsrp += f64::from(report.measured.power.rsrp);
                cinr += f64::from(report.estimate.signal / report.estimate.noise);
                let nominal = report.time.subframes() * cell.samples_per_subframe() as u64;
                timings.extend(
                    report.measured.paths.map(|p| (report.at - nominal) as f64 + f64::from(p.strongest_samples)),
                );
                let data = report.measured.data.map(|d| d.bits).unwrap_or_default();
                (wrong, bits) = (wrong + data.errors, bits + data.bits);
            });
            at += heard.len() as u64;
        }
    }
    let mean = |sum: f64| sum / f64::from(blocks);
    println!("{blocks} blocks, {} measured in full: {:.2} Hz", timings.len(), mean(sum_hz));
    assert!(blocks > 200 && timings.len() >= blocks as usize / 8, "{blocks} blocks, {} timings", timings.len());
    assert!((mean(sum_hz) - cfo_hz).abs() < 10.0, "{:.1} Hz for {cfo_hz}", mean(sum_hz));
    assert!((db(mean(rsrp)) - gain_db).abs() < 0.3, "RSRP {:.2} dB", db(mean(rsrp)));
    assert!((db(mean(cinr)) - snr_db).abs() < 0.3, "CINR {:.2} dB", db(mean(cinr)));
    let timing = timings.iter().sum::<f64>() / timings.len() as f64;
    assert!((timing - delay_samples).abs() < 0.1, "{timing:.3} samples for {delay_samples}");
    // 16QAM (MCS 10 on) or QPSK (MCS 9 and below): Q(sqrt(SNR)) of the bits of MCS 2 and 9.
    let share = f64::from(wrong) / f64::from(bits);
    let want = 0.002_413; // Q(sqrt(10^0.9))
    assert!((0.85 * want..1.3 * want).contains(&share), "{wrong} of {bits} bits: {share:.5} for {want}");
}

/// Report mappings as another program tells them: tshark's value strings of LTE RRC.
#[test]
fn report_mappings_are_those_that_tshark_knows() {
    let Ok(output) = std::process::Command::new("tshark").args(["-G", "values"]).output() else {
        println!("skipped: tshark is not installed");
        return;
    };
    let listed = String::from_utf8_lossy(&output.stdout);
    let mut seen = [0; 3];
    for line in listed.lines() {
        let ["V", field, code, words] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
        let lowest = |unit: &str| words.split(unit).next().and_then(|number| number.trim().parse::<f64>().ok());
        let code: u8 = if field.starts_with("lte-rrc.") { code.parse().unwrap_or(u8::MAX) } else { continue };
        match (field, lowest("%"), lowest("dB"), lowest("<=")) {
            ("lte-rrc.bler_r12", Some(percent), ..) => {
                let errors = (percent * 1000.0).round() as u64;
                assert_eq!(radio::bler_range(errors, 100_000), Some(code), "{words}");
                assert_eq!(radio::bler_range(errors - 1, 100_000), Some(code - 1), "{words}");
                seen[0] += 1;
            }
            ("lte-rrc.rsrqResultMBSFN_r12", _, Some(db), _) => {
                assert_eq!(radio::mbsfn_rsrq_range(db), code, "{words}");
                assert_eq!(radio::mbsfn_rsrq_range(db - 0.01), code - 1, "{words}");
                seen[1] += 1;
            }
            ("lte-rrc.n_r12", .., Some(blocks)) => {
                assert_eq!(BlocksReceived::of(blocks as u64), BlocksReceived { n: code, m: 0 }, "{words}");
                seen[2] += 1;
            }
            _ => {}
        }
    }
    assert_eq!(seen, [31, 31, 8], "lines of tshark");
}
