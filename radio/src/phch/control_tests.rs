//! Control region and PDSCH, from one end to the other.

use num_complex::Complex32;
use proptest::prelude::*;
use rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::pdcch::min_metric;
use super::transmit_diversity::ReceiveAntenna;
use super::*;
use crate::cell::{CarrierConfig, CellConfig, NRbDl, PhichConfig, PhichDuration, PhichResource, SampleRateFamily};
use crate::coding::SoftBuffer;
use crate::dci::{Dci1A, Dci1C, M_RNTI, NPrb1A, SI_RNTI, pack_mcch_change_notification};
use crate::estimate::CrsEstimator;
use crate::grid::Grid;
use crate::isa::Isa;
use crate::numerology::CyclicPrefix;
use crate::refsignal::{crs, crs_symbols};

fn carrier(n_rb_dl: NRbDl, n_id_cell: u16, n_ports: u8, phich: PhichConfig) -> CarrierConfig {
    let cell = CellConfig::new(n_rb_dl, n_id_cell, SampleRateFamily::Standard).unwrap();
    CarrierConfig { cell, n_ports, phich }
}

fn grids(carrier: &CarrierConfig) -> Vec<Grid> {
    vec![Grid::new(14, carrier.cell.n_rb_dl.subcarriers()); carrier.n_ports.into()]
}

fn gaussian(rng: &mut Pcg64Mcg, power: f32) -> Complex32 {
    let (re, im): (f32, f32) = (StandardNormal.sample(rng), StandardNormal.sample(rng));
    Complex32::new(re, im) * (power / 2.0).sqrt()
}

/// What one antenna hears of the first `rows` rows, reference signals included, over a channel that is smooth over the
/// band and different for each port, of mean power about one.
fn hear(
    carrier: &CarrierConfig,
    subframe: u8,
    sent: &[Grid],
    rows: usize,
    noise: f32,
    rng: &mut Pcg64Mcg,
) -> (Grid, CrsEstimator) {
    let heard = hear_over(carrier, subframe, sent, rows, [0.9, 0.4], noise, rng);
    let mut estimator = CrsEstimator::new(carrier);
    estimator.estimate(subframe, &heard, rows);
    (heard, estimator)
}

/// The same over two paths of these amplitudes, not estimated.
fn hear_over(
    carrier: &CarrierConfig,
    subframe: u8,
    sent: &[Grid],
    rows: usize,
    paths: [f32; 2],
    noise: f32,
    rng: &mut Pcg64Mcg,
) -> Grid {
    let mut heard = Grid::new(sent[0].rows(), sent[0].subcarriers());
    for (port, sent) in (0..carrier.n_ports).zip(sent) {
        let mut sent = sent.clone();
        for (slot, &l) in (0..2).flat_map(|slot| crs_symbols(port).iter().map(move |l| (slot, l))) {
            let n_s = 2 * usize::from(subframe) + slot;
            for (k, r) in crs(&carrier.cell, CyclicPrefix::Normal, port, n_s, l) {
                sent.row_mut(7 * slot + l)[k] = r;
            }
        }
        let mut tap = |size: f32| Complex32::cis(gaussian(rng, 100.0).re) * size;
        let [a, b] = paths.map(&mut tap);
        for row in 0..rows {
            for (k, element) in heard.row_mut(row).iter_mut().enumerate() {
                *element += sent.row(row)[k] * (a + b * Complex32::cis(-0.004 * k as f32));
            }
        }
    }
    (0..rows).for_each(|l| heard.row_mut(l).iter_mut().for_each(|e| *e += gaussian(rng, noise)));
    heard
}

fn antennas(heard: &[(Grid, CrsEstimator)]) -> Vec<ReceiveAntenna<'_>> {
    heard.iter().map(|(grid, estimate)| ReceiveAntenna { grid, estimate }).collect()
}

const RESOURCES: [PhichResource; 4] =
    [PhichResource::OneSixth, PhichResource::Half, PhichResource::One, PhichResource::Two];
const DURATIONS: [PhichDuration; 2] = [PhichDuration::Normal, PhichDuration::Extended];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever the bandwidth, ports, PHICH and CFI: the CFI and each PDCCH come back, and nothing else is found.
    #[test]
    fn control_information_comes_back(
        n in proptest::sample::select(&NRbDl::ALL[..]), id in 0..504u16, ports in 0..3usize, resource in 0..4usize,
        duration in 0..2usize, mbsfn: bool, subframe in 0..10u8, n_rx in 1..3usize, seed: u64, bitmap: u8,
        mcs in 0..27u8, rv in 0..4u8, compact: bool, eight: bool, at in 0..4usize,
    ) {
        let phich = PhichConfig { duration: DURATIONS[duration], resource: RESOURCES[resource] };
        let carrier = carrier(n, id, [1, 2, 4][ports], phich);
        let region = ControlRegion::new(&carrier, mbsfn);
        let allocation = VrbAllocation::new(n, VrbType::Distributed(Gap::One), 0, 4).unwrap();
        let (rnti, format, dci) = match (mbsfn, compact) {
            (true, _) => (M_RNTI, DciFormat::OneC, pack_mcch_change_notification(n, bitmap)),
            (_, true) => (SI_RNTI, DciFormat::OneC, Dci1C { allocation, i_tbs: mcs }.pack(n).unwrap()),
            _ => (SI_RNTI, DciFormat::OneA, Dci1A { allocation, mcs, rv, n_prb_1a: NPrb1A::Two }.pack(n).unwrap()),
        };
        let level = if eight { AggregationLevel::Eight } else { AggregationLevel::Four };
        let mut rng = Pcg64Mcg::seed_from_u64(seed);
        for &cfi in region.allowed_cfis() {
            let mut sent = grids(&carrier);
            let mut pcfich = Pcfich::new();
            pcfich.encode(&region, subframe, cfi, &mut sent);
            let candidates: Vec<_> = region.common_search_space(cfi, level).collect();
            let first_cce = candidates.get(at % candidates.len().max(1)).copied();
            if let Some(first_cce) = first_cce {
                let pdcch = Pdcch { rnti, first_cce, level, dci: &dci };
                PdcchEncoder::new().encode(&region, subframe, cfi, &pdcch, &mut sent);
            }
            let rows = region.symbols(cfi);
            for row in rows..14 {
                prop_assert!(sent.iter().all(|g| g.row(row).iter().all(|e| *e == Complex32::ZERO)));
            }
            let rows = if mbsfn { rows } else { 14 };
            let heard: Vec<_> =
                (0..n_rx).map(|_| hear(&carrier, subframe, &sent, rows, 0.02, &mut rng)).collect();
            let antennas = antennas(&heard);
            let got = pcfich.decode(&region, subframe, &antennas);
            prop_assert_eq!(got.cfi, cfi);
            prop_assert!(got.metric > 0.8, "{:?}", got);
            let mut decoder = PdcchDecoder::new(&carrier);
            decoder.receive(&region, subframe, cfi, &antennas);
            match (decoder.search(rnti, format), first_cce) {
                (Some(found), Some(first_cce)) => {
                    prop_assert_eq!((found.dci, found.first_cce), (&dci[..], first_cce));
                }
                (None, None) => {}
                (found, sent) => prop_assert!(false, "{:?} for {:?}", found, sent),
            }
            let other = if rnti == M_RNTI { SI_RNTI } else { M_RNTI };
            prop_assert_eq!(decoder.search(other, DciFormat::OneC), None);
        }
    }

    /// Whatever the bandwidth, ports, allocation and subframe: the transport block comes back.
    #[test]
    fn system_information_comes_back(
        n in proptest::sample::select(&NRbDl::ALL[..]), id in 0..504u16, ports in 0..3usize, subframe in 0..10u8,
        kind in 0..3usize, start in 0..100usize, len in 0..100usize, mcs in 0..27u8, rv in 0..4u8, n_rx in 1..3usize,
        seed: u64,
    ) {
        let carrier = carrier(n, id, [1, 2, 4][ports], PhichConfig::default());
        let kinds = [VrbType::Localized, VrbType::Distributed(Gap::One), VrbType::Distributed(Gap::Two)];
        let kind = if kinds[kind].n_vrb(n) == 0 { kinds[1] } else { kinds[kind] };
        let start = start % kind.n_vrb(n);
        let allocation = VrbAllocation::new(n, kind, start, 1 + len % (kind.n_vrb(n) - start)).unwrap();
        let assignment: SiAssignment = Dci1A { allocation, mcs, rv, n_prb_1a: NPrb1A::Three }.into();
        let tb: Vec<u8> = (0..assignment.tbs_bits / 8).map(|i| (seed >> (i % 57)) as u8 ^ i as u8).collect();
        let control = 2;
        let mut sent = grids(&carrier);
        PdschEncoder::new(&carrier).encode(subframe, control, &assignment, &tb, &mut sent).unwrap();
        let used = sent[0].row(4).iter().filter(|e| **e != Complex32::ZERO).count() * 2;
        let heard: Vec<_> = {
            let mut rng = Pcg64Mcg::seed_from_u64(seed);
            (0..n_rx).map(|_| hear(&carrier, subframe, &sent, 14, 0.02, &mut rng)).collect()
        };
        let mut out = vec![0; tb.len()];
        let mut buffer = SoftBuffer::new(assignment.tbs_bits, Isa::Scalar).unwrap();
        let mut decoder = PdschDecoder::new(&carrier);
        let decoded = decoder.decode(subframe, control, &assignment, &antennas(&heard), &mut buffer, &mut out);
        // A rate below one half: enough in this channel with any redundancy version.
        let enough = used * 10 > 2 * assignment.tbs_bits + 48;
        prop_assert!(decoded.crc_ok == (out == tb));
        prop_assert!(decoded.crc_ok || !enough, "{:?}", assignment);
    }
}

const FORMATS: [DciFormat; 2] = [DciFormat::OneA, DciFormat::OneC];
const LEVELS: [AggregationLevel; 2] = [AggregationLevel::Four, AggregationLevel::Eight];

/// Of 24,000 candidates of noise none is above the metric threshold even with the CRC set aside.
#[test]
fn noise_is_no_control_information() {
    let carrier = carrier(NRbDl::ALL[2], 1, 1, PhichConfig::default());
    let region = ControlRegion::new(&carrier, false);
    let mut rng = Pcg64Mcg::seed_from_u64(36_213);
    let (mut estimate, mut decoder) = (CrsEstimator::new(&carrier), PdcchDecoder::new(&carrier));
    let mut grid = Grid::new(14, 300);
    let mut candidates = 0;
    for _ in 0..2000 {
        (0..14).for_each(|l| grid.row_mut(l).iter_mut().for_each(|e| *e = gaussian(&mut rng, 1.0)));
        estimate.estimate(1, &grid, 14);
        decoder.receive(&region, 1, 3, &[ReceiveAntenna { grid: &grid, estimate: &estimate }]);
        for format in FORMATS {
            for level in LEVELS {
                let metrics = decoder.metrics(format, level);
                candidates += metrics.len();
                let limit = min_metric(format.size(NRbDl::ALL[2]), level);
                assert!(metrics.iter().all(|&m| m < limit), "{format:?} {level:?}: {metrics:?} above {limit}");
            }
        }
    }
    assert_eq!(candidates, 24_000);
}

/// The threshold costs little where the code works, channel estimate included: at 0 dB with four elements, at -2 dB with
/// eight.
#[test]
fn weak_control_information_is_found() {
    let carrier = carrier(NRbDl::ALL[2], 1, 1, PhichConfig::default());
    let region = ControlRegion::new(&carrier, false);
    let mut rng = Pcg64Mcg::seed_from_u64(36_212);
    let mut estimate = CrsEstimator::new(&carrier);
    let (mut encoder, mut decoder) = (PdcchEncoder::new(), PdcchDecoder::new(&carrier));
    let dci = pack_mcch_change_notification(NRbDl::ALL[2], 0x55);
    for (level, snr_db) in LEVELS.into_iter().zip([0.0, -2.0]) {
        let mut found = 0;
        for _ in 0..200 {
            let mut sent = grids(&carrier);
            let pdcch = Pdcch { rnti: M_RNTI, first_cce: 0, level, dci: &dci };
            encoder.encode(&region, 1, 2, &pdcch, &mut sent);
            let noise = 10f32.powf(-snr_db / 10.0);
            let grid = hear_over(&carrier, 1, &sent, 14, [1.0, 0.0], noise, &mut rng);
            estimate.estimate(1, &grid, 14);
            decoder.receive(&region, 1, 2, &[ReceiveAntenna { grid: &grid, estimate: &estimate }]);
            found += usize::from(decoder.search(M_RNTI, DciFormat::OneC).is_some_and(|found| found.dci == dci));
        }
        assert!(found >= 190, "{found} of 200 with {level:?} at {snr_db} dB");
    }
}
