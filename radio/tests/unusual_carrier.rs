//! What a receiver meets on carriers that are not as well ordered as ours: a transmitter that begins anew, windows of
//! system information that reach into the next period.

mod common;

use num_complex::Complex32;
use radio::{
    BcchDlSchMessage, CellConfig, Enb, EnbConfig, MchRxEvent, NRbDl, Receiver, ReceiverConfig, RxEvent,
    SampleRateFamily, SchedulingInfo, SubframeTime,
};

/// 6 PRB, subframe 1 of each radio frame, a scheduling period of 8; data has the MCS of the MCCH.
fn config() -> EnbConfig {
    let mut area = common::area(3, &[1], 7, &[1]);
    area.info.mcch.signalling_mcs = 7;
    let cell = CellConfig::new(NRbDl::ALL[0], 77, SampleRateFamily::Standard).unwrap();
    EnbConfig::single_area(cell, area.info, area.mcch).unwrap()
}

fn receiver() -> Receiver {
    Receiver::new(ReceiverConfig::new(1_920_000)).unwrap()
}

/// Sends `frames` radio frames with something in each scheduling period; `hear` gets what is told.
fn run(enb: &mut Enb, receiver: &mut Receiver, at: &mut u64, frames: u64, mut hear: impl FnMut(&RxEvent<'_>)) {
    let mut iq = vec![Complex32::ZERO; 1920];
    for _ in 0..10 * frames {
        let time = enb.next_time();
        if time.subframe() == 0 && time.frame().is_multiple_of(8) {
            enb.push_sdu(0, 0, 1, &[0x5a; 100], time.frame()).unwrap();
        }
        enb.next_subframe(&mut [&mut iq]);
        receiver.push(*at, &[&iq], &mut |event| hear(&event));
        *at += 1920;
    }
}

/// A transmitter that begins anew, or a recording that is played over and over: the frames go on where they were, their
/// numbers do not. Blocks of MTCHs still come out right, yet MCCH and MSI are looked for in the wrong frames.
#[test]
fn a_system_frame_number_that_jumps_is_noticed() {
    let (mut receiver, mut at) = (receiver(), 0);
    let mut scheduled = 0;
    let is_msi = |event: &RxEvent<'_>| matches!(event, RxEvent::Mch { event: MchRxEvent::Msi { .. }, .. });
    run(&mut Enb::new(&config()).unwrap(), &mut receiver, &mut at, 100, |event| scheduled += u32::from(is_msi(event)));
    assert!(scheduled >= 4, "{scheduled} scheduling periods");
    let mut renewed = Enb::new(&config()).unwrap();
    renewed.skip_to(SubframeTime::new(333, 0));
    let (mut mibs, mut scheduled) = (Vec::new(), 0);
    run(&mut renewed, &mut receiver, &mut at, 200, |event| {
        if let RxEvent::Mib { time, .. } = event {
            mibs.push(time.sfn());
        }
        scheduled += u32::from(is_msi(event));
    });
    assert!(mibs.len() == 1 && (333..333 + 100).contains(&mibs[0]), "{mibs:?}");
    assert!(scheduled >= 8, "{scheduled} scheduling periods");
}

/// TS 36.331 clause 5.2.3: the sixth window of 15 ms begins 75 ms into a period of 80 ms, so that it reaches into the
/// next one; here into the very first frame.
#[test]
fn a_window_may_reach_into_the_next_period() {
    let mut config = config();
    let sib1 = &mut config.si.sib1;
    sib1.si_window_length_ms = 15;
    let messages = [3, 13, 3, 3, 3, 3].map(|sib| SchedulingInfo { si_periodicity_rf: 8, sibs: vec![sib] });
    sib1.scheduling_info = messages.into();
    let (mut enb, mut receiver, mut at) = (Enb::new(&config).unwrap(), receiver(), 0);
    let mut messages = 0;
    run(&mut enb, &mut receiver, &mut at, 24, |event| {
        messages += u32::from(matches!(event, RxEvent::SystemInformation { .. }));
    });
    assert!(messages >= 6, "{messages} messages");
}

/// SIB1 of the next modification period does not schedule SIB13 any more: its areas are left.
#[test]
fn areas_end_when_sib13_is_no_longer_scheduled() {
    let config = config();
    let (mut enb, mut receiver, mut at) = (Enb::new(&config).unwrap(), receiver(), 0);
    let mut blocks = 0;
    run(&mut enb, &mut receiver, &mut at, 100, |event| blocks += u32::from(matches!(event, RxEvent::Block(..))));
    assert!(blocks > 4, "{blocks} blocks");
    let mut without = EnbConfig::new(config.carrier, Vec::new()).unwrap();
    without.si.sib1.system_info_value_tag = 1;
    let mut without = Enb::new(&without).unwrap();
    without.skip_to(enb.next_time());
    let (mut sib1, mut blocks, mut iq) = (None, 0, vec![Complex32::ZERO; 1920]);
    for _ in 0..2000 {
        without.next_subframe(&mut [&mut iq]);
        receiver.push(at, &[&iq], &mut |event| match event {
            RxEvent::SystemInformation { time, message: BcchDlSchMessage::SystemInformationBlockType1(_), .. } => {
                sib1 = Some(time);
            }
            RxEvent::Block(..) if sib1.is_some() => blocks += 1,
            RxEvent::CellLost { time } => panic!("lost in {time}"),
            _ => {}
        });
        at += 1920;
    }
    assert_eq!(sib1.map(|time| time.frame()), Some(256), "the next boundary");
    assert_eq!(blocks, 0, "blocks of an area that is no more");
}
