//! The receiver that knows nothing but its sample rate, on carriers of other transmitters.

mod diagnosis;
mod following;
mod told;

use std::collections::BTreeSet;

use radio::{Diagnosis, Receiver, ReceiverConfig, Tmgi};

use told::{datagrams, listen};

/// srsENB, 25 PRB, from an arbitrary sample on: everything that is in it is found.
#[test]
fn the_carrier_of_another_transmitter_gives_all_its_datagrams() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let mut receiver = Receiver::new(ReceiverConfig::new(carrier.sample_rate as u32)).unwrap();
    let told = listen(&mut receiver, &[&carrier.iq], 10_000);
    println!("{:?} {:?} {:?} {:?} {:.1} Hz", told.cells, told.mibs, told.sibs, told.blocks, told.cfo_hz);
    let diagnosis = receiver.diagnosis();
    println!("{diagnosis:?}");
    assert_eq!(told.cells.len(), 1);
    assert_eq!(told.cells[0].0, carrier.expected.n_id_cell);
    assert_eq!(told.mibs.len(), 1);
    assert_eq!(told.sibs, BTreeSet::from([1, 2, 3, 13]));
    // Service 0 of PLMN 00003: MCC 000, MNC 03 (TS 24.008 clause 10.5.1.13).
    assert_eq!(told.tmgis, [Tmgi::from([0, 0, 0, 0x00, 0xf0, 0x30])]);
    let expected: BTreeSet<u32> = carrier.expected.datagrams_complete.iter().copied().collect();
    let found = datagrams(&told.sdus);
    assert!(found.is_superset(&expected), "missing: {:?}", expected.difference(&found));
    assert_eq!(told.sdus.len(), found.len(), "each one once");
    assert_eq!(diagnosis.first_failing_stage, None, "{diagnosis:?}");
}

/// A second pass that begins with what the first one learnt reads the samples before the first system information too.
#[test]
fn a_second_pass_loses_nothing_before_the_first_sib() {
    let Some(carrier) = fixtures::vectors::embms_carrier() else { return };
    let config = ReceiverConfig::new(carrier.sample_rate as u32);
    let mut first = Receiver::new(config.clone()).unwrap();
    let told = listen(&mut first, &[&carrier.iq], 7680);
    let mut second = Receiver::with_known(config, first.known().unwrap()).unwrap();
    let again = listen(&mut second, &[&carrier.iq], 7680);
    println!("{:?} then {:?}", told.blocks, again.blocks);
    assert_eq!((again.cells[0].0, again.mibs.len()), (told.cells[0].0, 1));
    assert!(again.cells[0].1.abs_diff(told.cells[0].1) % 76_800 <= 2, "{:?} then {:?}", told.cells, again.cells);
    assert_eq!((again.sibs, again.tmgis), (told.sibs, told.tmgis));
    assert!(again.blocks[&9].0 >= told.blocks[&9].0);
    assert!(datagrams(&again.sdus).is_superset(&datagrams(&told.sdus)));
}

/// Half a radio frame of a live 1.4 MHz carrier with two antenna ports: too short for anything but its MIB.
#[test]
fn five_milliseconds_of_a_live_carrier_give_its_mib() {
    let Some(path) = fixtures::shared("vectors/lte_real_6prb_mib.cf32") else { return };
    let iq = fixtures::vectors::read_cf32(&path);
    let mut receiver = Receiver::new(ReceiverConfig::new(1_920_000)).unwrap();
    let told = listen(&mut receiver, &[&iq], 1920);
    assert_eq!(told.cells, [(150, 0)]);
    let (bytes, n_ports, sfn) = told.mibs[0];
    assert_eq!((told.mibs.len(), bytes, n_ports, sfn % 4), (1, [0x68, 0x1c, 0x00], 2, 0));
    let Diagnosis { first_failing_stage, hint, .. } = receiver.diagnosis();
    println!("{first_failing_stage:?}: {hint}");
    assert!(first_failing_stage.is_some());
}
