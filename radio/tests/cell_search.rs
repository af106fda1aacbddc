//! Cells of any identity, bandwidth, sample rate and number of antenna ports, heard from an arbitrary sample on with a
//! frequency offset at 0 dB: found, with their MIB. Noise: nothing.
//!
//! `CASTBENCH_CELLS` says how many of each; without it there are 20.

use std::slice;

use num_complex::Complex32;
use radio::{
    CarrierConfig, CellConfig, ChannelConfig, ChannelModel, CyclicPrefix, Grid, MasterInformationBlock, NRbDl,
    OfdmModulator, PathConfig, PbchEncoder, PhichConfig, PhichDuration, PhichResource, Receiver, ReceiverConfig,
    RxEvent, SampleRateFamily, SubframeLayout, crs, crs_symbols, put_pss, put_sss,
};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Duration of a recording, subframes.
const RECORDING_MS: usize = 80;
/// Elements whose power is the unit of the SNR.
const SNR_DB: f64 = 0.0;

fn count() -> u64 {
    std::env::var("CASTBENCH_CELLS").ok().map_or(20, |n| n.parse().expect("CASTBENCH_CELLS is a number"))
}

fn pick<T: Copy>(rng: &mut Pcg64Mcg, of: &[T]) -> T {
    of[rng.next_u32() as usize % of.len()]
}

fn qpsk(rng: &mut Pcg64Mcg) -> Complex32 {
    let part = |bit: u32| if bit == 0 { std::f32::consts::FRAC_1_SQRT_2 } else { -std::f32::consts::FRAC_1_SQRT_2 };
    let bits = rng.next_u32();
    Complex32::new(part(bits & 1), part(bits >> 1 & 1))
}

fn random_carrier(rng: &mut Pcg64Mcg) -> CarrierConfig {
    let family = pick(rng, &[SampleRateFamily::Standard, SampleRateFamily::ThreeQuarter]);
    let cell = CellConfig::new(pick(rng, &NRbDl::ALL), (rng.next_u32() % 504) as u16, family).unwrap();
    let duration = pick(rng, &[PhichDuration::Normal, PhichDuration::Extended]);
    let resource = pick(rng, &[PhichResource::OneSixth, PhichResource::Half, PhichResource::One, PhichResource::Two]);
    CarrierConfig { cell, n_ports: pick(rng, &[1, 2, 4]), phich: PhichConfig { duration, resource } }
}

/// A carrier from frame `first_sfn` on: synchronisation and reference signals, PBCH, random symbols everywhere else. Every
/// antenna port comes with its own phase.
fn carrier(config: &CarrierConfig, first_sfn: u32, subframes: usize, rng: &mut Pcg64Mcg) -> Vec<Complex32> {
    let (cell, layout) = (&config.cell, SubframeLayout::normal(config.cell.n_fft));
    let subcarriers = cell.n_rb_dl.subcarriers();
    let mut ofdm = OfdmModulator::new(layout.clone());
    let mut pbch = PbchEncoder::new(config);
    let phases: Vec<_> = (0..config.n_ports).map(|_| qpsk(rng)).collect();
    let mut iq = Vec::new();
    let mut samples = vec![Complex32::ZERO; layout.samples()];
    for n in 0..subframes {
        let (sfn, subframe) = ((first_sfn + (n / 10) as u32) % 1024, n % 10);
        let sfn_msb = (sfn / 4) as u8;
        pbch.encode(MasterInformationBlock { n_rb_dl: cell.n_rb_dl, phich: config.phich, sfn_msb }.encode());
        let mut sum = vec![Complex32::ZERO; layout.samples()];
        for port in 0..config.n_ports {
            let mut grid = Grid::new(layout.rows(), subcarriers);
            if port == 0 {
                (0..14).for_each(|l| grid.row_mut(l).fill_with(|| qpsk(rng)));
                // Reference signals of every port have their elements for themselves.
                for other in 0..config.n_ports {
                    reference(config, other, subframe).for_each(|(l, k, _)| grid.row_mut(l)[k] = Complex32::ZERO);
                }
                let middle = subcarriers / 2 - 36..subcarriers / 2 + 36;
                if subframe % 5 == 0 {
                    [5, 6].into_iter().for_each(|l| grid.row_mut(l)[middle.clone()].fill(Complex32::ZERO));
                    put_pss(cell.n_id_cell, &mut grid);
                    put_sss(cell.n_id_cell, subframe as u8, &mut grid);
                }
                if subframe == 0 {
                    (7..11).for_each(|l| grid.row_mut(l)[middle.clone()].fill(Complex32::ZERO));
                }
            }
            reference(config, port, subframe).for_each(|(l, k, r)| grid.row_mut(l)[k] = r);
            if subframe == 0 {
                pbch.put((sfn % 4) as usize, port, &mut grid);
            }
            ofdm.modulate(&grid, &mut samples);
            sum.iter_mut().zip(&samples).for_each(|(s, x)| *s += x * phases[usize::from(port)]);
        }
        iq.extend(sum);
    }
    iq
}

fn reference(
    config: &CarrierConfig,
    port: u8,
    subframe: usize,
) -> impl Iterator<Item = (usize, usize, Complex32)> + use<> {
    let cell = config.cell;
    (0..2).flat_map(move |slot| {
        let of_symbol = move |&l: &usize| {
            crs(&cell, CyclicPrefix::Normal, port, 2 * subframe + slot, l).map(move |(k, r)| (7 * slot + l, k, r))
        };
        crs_symbols(port).iter().flat_map(of_symbol)
    })
}

fn heard(iq: &[Complex32], cell: &CellConfig, cfo_hz: f64, seed: u64) -> Vec<Complex32> {
    let paths = vec![PathConfig { cfo_hz, ..PathConfig::default() }];
    let awgn = ChannelConfig::awgn(cell.sample_rate_hz(), SNR_DB, seed);
    let mut out = Vec::new();
    ChannelModel::new(&ChannelConfig { gain_db: -23.0, paths, ..awgn }).process(&[iq], slice::from_mut(&mut out));
    out
}

/// A MIB with antenna ports and system frame number.
type Mib = ([u8; 3], u8, u32);

/// What a receiver finds in a recording: cells and MIBs.
fn listen(sample_rate_hz: u32, iq: &[Complex32]) -> (Vec<u16>, Vec<Mib>) {
    let (mut cells, mut mibs) = (Vec::new(), Vec::new());
    let mut receiver = Receiver::new(ReceiverConfig::new(sample_rate_hz)).unwrap();
    let mut sink = |event: RxEvent<'_>| match event {
        RxEvent::CellFound { n_id_cell, .. } => cells.push(n_id_cell),
        RxEvent::Mib { bytes, n_ports, time, .. } => mibs.push((bytes, n_ports, time.sfn())),
        _ => {}
    };
    receiver.push(0, &[iq], &mut sink);
    receiver.finish(&mut sink);
    (cells, mibs)
}

#[test]
fn random_cells_at_0_db_give_their_mib() {
    let mut rng = Pcg64Mcg::seed_from_u64(3);
    let (mut missed, all) = (0, count());
    for seed in 0..all {
        let config = random_carrier(&mut rng);
        let cell = &config.cell;
        let per_subframe = cell.samples_per_subframe();
        let (first_sfn, offset) = (rng.next_u32() % 1024, rng.next_u32() as usize % (10 * per_subframe));
        let cfo_hz = f64::from(rng.next_u32() % 14_001) - 7000.0;
        let sent = carrier(&config, first_sfn, RECORDING_MS + 11, &mut rng);
        let received = heard(&sent, cell, cfo_hz, seed);
        let recording = &received[offset..offset + RECORDING_MS * per_subframe];
        let (cells, mibs) = listen(cell.sample_rate_hz() as u32, recording);
        let found = cells == [cell.n_id_cell] && mibs.len() == 1;
        if !found {
            missed += 1;
            println!("{config:?}, {cfo_hz} Hz, from {offset}: {cells:?} {mibs:02x?}");
            continue;
        }
        let (bytes, n_ports, sfn) = mibs[0];
        let mib = MasterInformationBlock::decode(bytes).unwrap();
        assert_eq!((mib.n_rb_dl, mib.phich, n_ports), (cell.n_rb_dl, config.phich, config.n_ports));
        let ahead = (sfn + 1024 - first_sfn) % 1024;
        assert!(ahead < 10, "{config:?}: SFN {sfn} after {first_sfn}");
    }
    println!("{missed} of {all} cells missed");
    assert!(100 * missed <= all, "{missed} of {all} cells missed");
}

#[test]
fn no_cell_is_found_in_noise() {
    for seed in 0..count() {
        let sample_rate_hz = pick(&mut Pcg64Mcg::seed_from_u64(seed), &[1_920_000, 5_760_000, 7_680_000]);
        let n_fft = sample_rate_hz as usize / 15_000;
        let cell = CellConfig { n_fft, ..CellConfig::new(NRbDl::ALL[0], 0, SampleRateFamily::Standard).unwrap() };
        let silence = vec![Complex32::ZERO; RECORDING_MS * cell.samples_per_subframe()];
        let (cells, mibs) = listen(sample_rate_hz, &heard(&silence, &cell, 0.0, 1000 + seed));
        assert!(cells.is_empty() && mibs.is_empty(), "seed {seed}: {cells:?} {mibs:?}");
    }
}

/// While there is nothing to be found, one stretch of four radio frames in 190 ms is searched; a cell that comes is found
/// with the first stretch that holds enough of it.
#[test]
fn a_cell_that_comes_late_is_found_by_a_search_that_rests() {
    const NOISE_MS: usize = 3000;
    let mut rng = Pcg64Mcg::seed_from_u64(5);
    let phich = PhichConfig { duration: PhichDuration::Normal, resource: PhichResource::OneSixth };
    let cell = CellConfig::new(NRbDl::ALL[0], 77, SampleRateFamily::Standard).unwrap();
    let per_subframe = cell.samples_per_subframe();
    let sent = carrier(&CarrierConfig { cell, n_ports: 1, phich }, 0, 300, &mut rng);
    let coming = heard(&sent, &cell, 700.0, 1);
    let noise = heard(&vec![Complex32::ZERO; (NOISE_MS + 1) * per_subframe], &cell, 0.0, 2);
    for late_ms in [0, 90, 145, 160, 185, 210, 230, 1000, 1037, 1074, 1111, 1148, NOISE_MS] {
        let iq = [&noise[..late_ms * per_subframe], &coming].concat();
        let mut receiver = Receiver::new(ReceiverConfig::new(cell.sample_rate_hz() as u32)).unwrap();
        let (mut found_ms, mut searches) = (None, 0);
        for (ms, samples) in iq.chunks(per_subframe).enumerate() {
            if ms == late_ms {
                searches = receiver.diagnosis().stages[0].tried;
            }
            let mut sink = |event: RxEvent<'_>| {
                if let RxEvent::CellFound { n_id_cell, .. } = event {
                    assert_eq!(n_id_cell, cell.n_id_cell);
                    found_ms = found_ms.or(Some(ms + 1 - late_ms));
                }
            };
            receiver.push((ms * per_subframe) as u64, &[samples], &mut sink);
        }
        println!("after {late_ms} ms: found within {found_ms:?} ms, {searches} searches before");
        assert!(found_ms.is_some_and(|ms| ms <= if late_ms < 150 { 60 } else { 220 }), "{late_ms} ms: {found_ms:?}");
        assert!(searches <= 8 + (late_ms / 190) as u64, "{searches} in {late_ms} ms");
    }
}

/// What is recorded once is searched without rest.
#[test]
fn a_cell_that_comes_late_is_found_at_once_by_a_search_that_does_not_rest() {
    let mut rng = Pcg64Mcg::seed_from_u64(6);
    let phich = PhichConfig { duration: PhichDuration::Normal, resource: PhichResource::OneSixth };
    let cell = CellConfig::new(NRbDl::ALL[0], 77, SampleRateFamily::Standard).unwrap();
    let sent = carrier(&CarrierConfig { cell, n_ports: 1, phich }, 0, 130, &mut rng);
    let silence = vec![Complex32::ZERO; 170 * cell.samples_per_subframe()];
    let iq = heard(&[silence, sent].concat(), &cell, 700.0, 3);
    for (search_rests, expected) in [(true, None), (false, Some(cell.n_id_cell))] {
        let config = ReceiverConfig { search_rests, ..ReceiverConfig::new(cell.sample_rate_hz() as u32) };
        let mut found = None;
        Receiver::new(config).unwrap().push(0, &[&iq], &mut |event| {
            if let RxEvent::CellFound { n_id_cell, .. } = event {
                found = Some(n_id_cell);
            }
        });
        assert_eq!(found, expected);
    }
}
