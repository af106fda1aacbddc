//! A receiver that is stuck tells where and why: one planted cause for each stage, in the carrier of another transmitter.

use fixtures::vectors::EmbmsCarrier;
use num_complex::Complex32;
use radio::{
    BcchDlSchMessage, CarrierConfig, CellConfig, ControlRegion, CrsEstimator, FilteredBlock, Grid, KnownCarrier,
    LCID_MCCH, LCID_MSI, MbsfnAreaConfiguration, NRbDl, OfdmDemodulator, OfdmModulator, Pcfich, PdcpPrefix,
    PhichConfig, PhichDuration, PhichResource, Receiver, ReceiverConfig, SampleRateFamily, Stage, SubframeLayout,
    SystemInformationBlock, hide_mac_elements,
};

use crate::told::listen;

const SAMPLES_PER_SUBFRAME: usize = 7680;
const SUBFRAME_5: usize = 5;

fn config() -> ReceiverConfig {
    ReceiverConfig::new(7_680_000)
}

/// The stage and the hint after listening to `iq`.
fn stuck(mut receiver: Receiver, iq: &[Complex32]) -> (Option<Stage>, String) {
    listen(&mut receiver, &[iq], SAMPLES_PER_SUBFRAME);
    let diagnosis = receiver.diagnosis();
    println!("{:?}: {}", diagnosis.first_failing_stage, diagnosis.hint);
    assert_eq!(diagnosis.stages.len(), Stage::ALL.len());
    (diagnosis.first_failing_stage, diagnosis.hint)
}

#[track_caller]
fn expect(found: (Option<Stage>, String), stage: Stage, hint: &str) {
    assert_eq!(found.0, Some(stage), "{}", found.1);
    assert!(found.1.contains(hint), "{} without {hint:?}", found.1);
}

/// What a receiver learns of the whole recording.
fn known(carrier: &EmbmsCarrier) -> KnownCarrier {
    let mut receiver = Receiver::new(config()).unwrap();
    listen(&mut receiver, &[&carrier.iq], SAMPLES_PER_SUBFRAME);
    receiver.known().unwrap()
}

/// The carrier as srsENB sends it.
fn srsenb() -> CarrierConfig {
    let cell = CellConfig::new(NRbDl::try_from(25).unwrap(), 1, SampleRateFamily::Standard).unwrap();
    let phich = PhichConfig { duration: PhichDuration::Normal, resource: PhichResource::OneSixth };
    CarrierConfig { cell, n_ports: 1, phich }
}

/// Changes the resource elements of every subframe `number` of a recording; `change` gets its channel too.
fn edit(
    carrier: &mut EmbmsCarrier,
    known: &KnownCarrier,
    number: usize,
    mut change: impl FnMut(&mut Grid, &CrsEstimator),
) {
    let layout = SubframeLayout::normal(512);
    let (mut ofdm, mut back) = (OfdmDemodulator::new(layout.clone(), 0), OfdmModulator::new(layout));
    let mut estimator = CrsEstimator::new(&srsenb());
    let mut grid = Grid::new(14, 300);
    let first = known.at as usize % SAMPLES_PER_SUBFRAME;
    let before = (known.at as usize - first) / SAMPLES_PER_SUBFRAME;
    for (n, iq) in carrier.iq[first..].chunks_exact_mut(SAMPLES_PER_SUBFRAME).enumerate() {
        if (known.time.subframes() as usize + 1000 + n - before) % 10 == number {
            ofdm.demodulate(iq, 0..14, &mut grid);
            estimator.estimate(number as u8, &grid, 14);
            change(&mut grid, &estimator);
            back.modulate(&grid, iq);
        }
    }
}

fn silence(grid: &mut Grid, elements: impl Iterator<Item = (usize, usize)>) {
    elements.for_each(|(l, k)| grid.row_mut(l)[k] = Complex32::ZERO);
}

/// The control region but for reference signals and the subcarriers of the first symbol that it `keeps`.
fn silence_control(grid: &mut Grid, keeps: &[usize]) {
    silence(grid, (0..300).filter(|k| k % 3 != 1 && !keeps.contains(k)).map(|k| (0, k)));
    silence(grid, (0..300).map(|k| (1, k)));
}

/// Subcarriers and symbols of the PCFICH in subframe 5.
fn pcfich(region: &ControlRegion, cfi: u8) -> impl Iterator<Item = (usize, Complex32)> {
    let mut sent = vec![Grid::new(14, 300)];
    Pcfich::new().encode(region, SUBFRAME_5 as u8, cfi, &mut sent);
    let row = sent[0].row(0).to_vec();
    row.into_iter().enumerate().filter(|(_, symbol)| *symbol != Complex32::ZERO)
}

#[test]
fn pss_noise_alone() {
    let mut x = 1u64;
    let mut noise = || {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (x >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let iq: Vec<_> = (0..100 * SAMPLES_PER_SUBFRAME).map(|_| Complex32::new(noise(), noise())).collect();
    expect(stuck(Receiver::new(config()).unwrap(), &iq), Stage::Pss, "noise");
    expect(stuck(Receiver::new(config()).unwrap(), &[]), Stage::Pss, "less than");
}

#[test]
fn pbch_is_missing() {
    let Some(mut carrier) = fixtures::vectors::embms_carrier() else { return };
    let known = known(&carrier);
    edit(&mut carrier, &known, 0, |grid, _| silence(grid, (7..11).flat_map(|l| (114..186).map(move |k| (l, k)))));
    expect(stuck(Receiver::new(config()).unwrap(), &carrier.iq), Stage::Pbch, "no PBCH is sent");
}

#[test]
fn cfi_is_another_than_the_pdcch_is_laid_out_for() {
    let Some(mut carrier) = fixtures::vectors::embms_carrier() else { return };
    let known = known(&carrier);
    let region = ControlRegion::new(&srsenb(), false);
    edit(&mut carrier, &known, SUBFRAME_5, |grid, estimator| {
        pcfich(&region, 1).for_each(|(k, symbol)| grid.row_mut(0)[k] = symbol * estimator.h(0, 0, k));
    });
    expect(stuck(Receiver::new(config()).unwrap(), &carrier.iq), Stage::Cfi, "CFI 1, but");
}

#[test]
fn cfi_is_missing() {
    let Some(mut carrier) = fixtures::vectors::embms_carrier() else { return };
    let known = known(&carrier);
    edit(&mut carrier, &known, SUBFRAME_5, |grid, _| silence_control(grid, &[]));
    expect(stuck(Receiver::new(config()).unwrap(), &carrier.iq), Stage::Cfi, "the PCFICH was clear in");
}

#[test]
fn dci_is_missing() {
    let Some(mut carrier) = fixtures::vectors::embms_carrier() else { return };
    let known = known(&carrier);
    let region = ControlRegion::new(&srsenb(), false);
    let keeps: Vec<_> = pcfich(&region, 1).map(|(k, _)| k).collect();
    edit(&mut carrier, &known, SUBFRAME_5, |grid, _| silence_control(grid, &keeps));
    expect(stuck(Receiver::new(config()).unwrap(), &carrier.iq), Stage::Dci, "no PDCCH is sent");
}

#[test]
fn sib_is_missing() {
    let Some(mut carrier) = fixtures::vectors::embms_carrier() else { return };
    let known = known(&carrier);
    edit(&mut carrier, &known, SUBFRAME_5, |grid, _| {
        // Reference signals stay: v_shift is 1.
        let reference = |l: usize, k: usize| matches!((l, k % 6), (7, 1) | (4 | 11, 4));
        let elements = (2..14).flat_map(|l| (0..300).map(move |k| (l, k)));
        silence(grid, elements.filter(|&(l, k)| !reference(l, k)));
    });
    expect(stuck(Receiver::new(config()).unwrap(), &carrier.iq), Stage::Sib, "SIB1 is announced");
    // SIB1 comes, the SI message in the other subframes does not.
    let Some(mut carrier) = fixtures::vectors::embms_carrier() else { return };
    for number in [0, 4, 9] {
        edit(&mut carrier, &known, number, |grid, _| silence_control(grid, &[]));
    }
    expect(stuck(Receiver::new(config()).unwrap(), &carrier.iq), Stage::Sib, "did not come in their windows");
}

/// A receiver that is told other messages of the BCCH than are sent.
fn with_bcch(carrier: &EmbmsCarrier, change: impl Fn(&mut BcchDlSchMessage)) -> Receiver {
    let mut known = known(carrier);
    for octets in &mut known.bcch {
        let mut message = BcchDlSchMessage::decode(octets).unwrap();
        change(&mut message);
        *octets = message.encode().unwrap();
    }
    known.mcch.clear();
    Receiver::with_known(config(), known).unwrap()
}

#[test]
fn sib13_is_not_sent() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let receiver = with_bcch(&carrier, |message| match message {
        BcchDlSchMessage::SystemInformationBlockType1(sib1) => {
            sib1.scheduling_info.iter_mut().for_each(|info| info.sibs.retain(|&sib| sib != 13));
        }
        BcchDlSchMessage::SystemInformation(si) => si.sibs.retain(|sib| sib.number() != Some(13)),
    });
    // Before the next modification period, when SIB1 is read again.
    expect(stuck(receiver, &carrier.iq[..120 * SAMPLES_PER_SUBFRAME]), Stage::Sib13, "no MBSFN area");
}

#[test]
fn mcch_of_another_area_identity() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let receiver = with_bcch(&carrier, |message| {
        if let BcchDlSchMessage::SystemInformation(si) = message {
            for sib in &mut si.sibs {
                if let SystemInformationBlock::Type13(sib13) = sib {
                    sib13.areas[0].n_id_mbsfn = 77;
                }
            }
        }
    });
    expect(
        stuck(receiver, &carrier.iq),
        Stage::McchCrc,
        "area 77: no MCCH: the reference signals in its subframes are those of MBSFN area 1",
    );
}

#[test]
fn mcch_of_another_signalling_mcs() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let receiver = with_bcch(&carrier, |message| {
        if let BcchDlSchMessage::SystemInformation(si) = message {
            for sib in &mut si.sibs {
                if let SystemInformationBlock::Type13(sib13) = sib {
                    sib13.areas[0].mcch.signalling_mcs = 13;
                }
            }
        }
    });
    expect(stuck(receiver, &carrier.iq), Stage::McchCrc, "sent with MCS 2, not with MCS 13 as SIB13 says");
}

#[test]
fn mcch_is_not_in_its_blocks() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let mut receiver = Receiver::new(config()).unwrap();
    receiver.set_block_filter(Box::new(|block, tb| {
        if is_mch(block) {
            hide_mac_elements(tb, LCID_MCCH);
        }
        true
    }));
    expect(stuck(receiver, &carrier.iq), Stage::McchCrc, "no MBSFNAreaConfiguration is in them");
}

#[test]
fn msi_is_missing() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let mut receiver = Receiver::new(config()).unwrap();
    receiver.set_block_filter(Box::new(|block, tb| {
        if is_mch(block) {
            hide_mac_elements(tb, LCID_MSI);
        }
        true
    }));
    expect(stuck(receiver, &carrier.iq), Stage::Msi, "what is expected in them is missing");
}

#[test]
fn mtch_of_another_data_mcs() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let mut known = known(&carrier);
    let (id, message) = &known.mcch[0];
    let mut mcch = MbsfnAreaConfiguration::decode(message).unwrap();
    mcch.pmch[0].data_mcs = 16.into();
    known.mcch = vec![(*id, mcch.encode().unwrap())];
    let mut receiver = Receiver::with_known(config(), known).unwrap();
    // The MCCH that is sent would set it right.
    receiver.set_block_filter(Box::new(|block, tb| {
        if is_mch(block) {
            hide_mac_elements(tb, LCID_MCCH);
        }
        true
    }));
    expect(stuck(receiver, &carrier.iq), Stage::MtchCrc, "sent with MCS 9, not with MCS 16 as the MCCH says");
}

#[test]
fn rlc_gap_without_lost_blocks() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let mut receiver = Receiver::new(config()).unwrap();
    let mut blocks = 0;
    receiver.set_block_filter(Box::new(move |block, _| {
        blocks += u32::from(is_mch(block));
        !is_mch(block) || blocks % 40 != 0
    }));
    expect(stuck(receiver, &carrier.iq), Stage::RlcGap, "area 1, MCH 0, LCID 1: 2 RLC PDUs missing (last: SN ");
}

#[test]
fn ip_behind_a_pdcp_prefix() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let receiver = Receiver::new(ReceiverConfig { pdcp: PdcpPrefix::No, ..config() }).unwrap();
    expect(stuck(receiver, &carrier.iq), Stage::Ip, "PDCP header");
}

fn is_mch(block: &FilteredBlock) -> bool {
    matches!(block, FilteredBlock::Mch { .. })
}
