//! The whole carrier of the eNB, read back channel by channel: MIB, CFI, system information, change notifications.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use num_complex::Complex32;
use radio::transmit_diversity::ReceiveAntenna;
use radio::{
    AreaSetup, BcchDlSchMessage, CarrierConfig, CellConfig, ControlRegion, CrsEstimator, Dci1A, Dci1C, DciFormat, Enb,
    EnbConfig, EnbError, EnbEvent, FULL_SCALE_RMS_DBFS, Grid, Isa, M_RNTI, MasterInformationBlock, MbsfnNumerology,
    MbsfnSubframes, MchRxEvent, MchTxEvent, NRbDl, OfdmDemodulator, PbchDecoder, PbchMessage, Pcfich, PdcchDecoder,
    PdcpPrefix, PdschDecoder, PhichConfig, PhichDuration, PhichResource, Receiver, ReceiverConfig, RxEvent, SI_RNTI,
    SampleRateFamily, SchedulingInfo, SiAssignment, SiDciFormat, SoftBuffer, SubframeLayout, SubframeTime,
    SystemInformation, SystemInformationBlock, full_scale_gain, si_rv, sib1_rv, unpack_mcch_change_notification,
};

/// Reads what a carrier says besides its MCHs; knows where subframes begin and what kind they are.
struct Reader {
    carrier: CarrierConfig,
    regions: [ControlRegion; 2],
    ofdm: [OfdmDemodulator; 2],
    grids: [Grid; 2],
    estimator: CrsEstimator,
    pbch: PbchDecoder,
    pcfich: Pcfich,
    pdcch: PdcchDecoder,
    pdsch: PdschDecoder,
}

/// What one subframe said.
struct Said {
    cfi: u8,
    message: Option<BcchDlSchMessage>,
    notification: Option<u8>,
    mib: Option<PbchMessage>,
}

impl Reader {
    fn new(carrier: CarrierConfig, region: usize) -> Self {
        let n_fft = carrier.cell.n_fft;
        let layouts = [SubframeLayout::normal(n_fft), SubframeLayout::mbsfn(n_fft, region, MbsfnNumerology::Khz15)];
        Self {
            regions: [false, true].map(|mbsfn| ControlRegion::new(&carrier, mbsfn)),
            grids: [0, 1].map(|i| Grid::new(layouts[i].rows(), carrier.cell.n_rb_dl.subcarriers())),
            ofdm: layouts.map(|layout| OfdmDemodulator::new(layout, 4)),
            estimator: CrsEstimator::new(&carrier),
            pbch: PbchDecoder::new(&carrier.cell),
            pcfich: Pcfich::new(),
            pdcch: PdcchDecoder::new(&carrier),
            pdsch: PdschDecoder::new(&carrier),
            carrier,
        }
    }

    fn read(&mut self, time: SubframeTime, is_mbsfn: bool, region: usize, iq: &[Complex32]) -> Said {
        let (subframe, kind) = (time.subframe(), usize::from(is_mbsfn));
        let rows = if is_mbsfn { region } else { 14 };
        self.ofdm[kind].demodulate(iq, 0..rows, &mut self.grids[kind]);
        self.estimator.estimate(subframe, &self.grids[kind], rows);
        let antennas = [ReceiveAntenna { grid: &self.grids[kind], estimate: &self.estimator }];
        let cfi = self.pcfich.decode(&self.regions[kind], subframe, &antennas);
        assert!(cfi.metric > 0.95, "{time}: CFI {} fits by {}", cfi.cfi, cfi.metric);
        self.pdcch.receive(&self.regions[kind], subframe, cfi.cfi, &antennas);
        let n_rb_dl = self.carrier.cell.n_rb_dl;
        let notification = self.pdcch.search(M_RNTI, DciFormat::OneC);
        let notification = notification.map(|found| unpack_mcch_change_notification(n_rb_dl, found.dci).unwrap());
        let rv =
            if subframe == 5 && time.sfn().is_multiple_of(2) { sib1_rv(time.sfn()) } else { si_rv(window_place(time)) };
        let of_1a = |dci: &[u8]| SiAssignment::from(Dci1A::unpack(n_rb_dl, dci).unwrap());
        let of_1c = |dci: &[u8]| SiAssignment::of_dci_1c(Dci1C::unpack(n_rb_dl, dci).unwrap(), rv);
        let assignment = self.pdcch.search(SI_RNTI, DciFormat::OneA).map(|found| of_1a(found.dci));
        let assignment =
            assignment.or_else(|| self.pdcch.search(SI_RNTI, DciFormat::OneC).map(|found| of_1c(found.dci)));
        let message = assignment.map(|assignment| {
            assert_eq!(assignment.rv, rv, "{time}: redundancy version");
            let mut buffer = SoftBuffer::new(assignment.tbs_bits, Isa::Scalar).unwrap();
            let mut octets = vec![0; buffer.octets()];
            let symbols = self.regions[kind].symbols(cfi.cfi);
            let decoded = self.pdsch.decode(subframe, symbols, &assignment, &antennas, &mut buffer, &mut octets);
            assert!(decoded.crc_ok, "{time}: {assignment:?}");
            BcchDlSchMessage::decode(&octets).unwrap()
        });
        let mib = (subframe == 0).then(|| self.pbch.push(time.frame(), &antennas)).flatten();
        Said { cfi: cfi.cfi, message, notification, mib }
    }
}

/// Windows of 10 ms are radio frames.
fn window_place(time: SubframeTime) -> u32 {
    time.subframe().into()
}

fn area(n_id_mbsfn: u8, subframes: &[u8], lcids: std::ops::RangeInclusive<u8>) -> AreaSetup {
    let mut area = common::area(n_id_mbsfn, subframes, 4, &lcids.collect::<Vec<_>>());
    (area.info.notification_indicator, area.info.mcch.signalling_mcs) = (n_id_mbsfn % 8, 7);
    area
}

fn carrier(n_rb_dl: u16, n_ports: u8, phich: PhichConfig) -> CarrierConfig {
    let cell = CellConfig::new(NRbDl::try_from(n_rb_dl).unwrap(), 301, SampleRateFamily::Standard).unwrap();
    CarrierConfig { cell, n_ports, phich }
}

/// What one receive antenna hears of all transmit antennas.
fn sum(antennas: &[Vec<Complex32>]) -> Vec<Complex32> {
    let gains = [Complex32::new(0.8, 0.3), Complex32::new(-0.2, 0.7)];
    let at = |i: usize| antennas.iter().zip(gains).map(|(iq, gain)| iq[i] * gain).sum();
    (0..antennas[0].len()).map(at).collect()
}

fn next(enb: &mut Enb, antennas: &mut [Vec<Complex32>]) -> SubframeTime {
    let mut slices: Vec<&mut [Complex32]> = antennas.iter_mut().map(Vec::as_mut_slice).collect();
    enb.next_subframe(&mut slices)
}

#[test]
fn everything_that_the_carrier_says_is_read_back() {
    let extended = PhichConfig { duration: PhichDuration::Extended, resource: PhichResource::OneSixth };
    let sixth = PhichConfig { duration: PhichDuration::Normal, resource: PhichResource::OneSixth };
    for (n_rb_dl, n_ports, phich, cfi, si_dci) in [
        (6, 1, PhichConfig::default(), 2, SiDciFormat::OneA),
        (6, 2, sixth, 3, SiDciFormat::OneC),
        (15, 2, sixth, 2, SiDciFormat::OneA),
        (25, 2, PhichConfig::default(), 2, SiDciFormat::OneC),
        (25, 1, extended, 3, SiDciFormat::OneA),
        (50, 1, sixth, 1, SiDciFormat::OneC),
        (75, 2, PhichConfig::default(), 2, SiDciFormat::OneA),
        (100, 2, PhichConfig::default(), 3, SiDciFormat::OneC),
    ] {
        let case = format!("{n_rb_dl} PRB, {n_ports} ports, CFI {cfi}, {si_dci:?}");
        let carrier = carrier(n_rb_dl, n_ports, phich);
        let areas = vec![area(1, &[1, 2, 3], 1..=2), area(9, &[6, 7], 1..=1)];
        // As much of both as there can be, where the carrier has room for it.
        let (n_plmns, n_sais) = if n_rb_dl == 6 { (1, 2) } else { (6, 64) };
        let plmns: Vec<[u8; 3]> = (1..=n_plmns).map(|digit| [0x00, 0xf1, digit << 4]).collect();
        let sais: Vec<u16> = (1..=n_sais).collect();
        let mut config = EnbConfig::of_networks(carrier, areas, &plmns, &sais).unwrap();
        (config.cfi, config.si_dci) = (cfi, si_dci);
        let mut enb = Enb::new(&config).unwrap_or_else(|e| panic!("{case}: {e}"));
        enb.skip_to(SubframeTime::new(1020, 0));
        let mut antennas = vec![vec![Complex32::ZERO; carrier.cell.samples_per_subframe()]; n_ports.into()];
        let mbsfn = MbsfnSubframes::new(&config.si.sib2.mbsfn_subframe_config_list);
        let mut reader = Reader::new(carrier, 2);
        let (mut sib1, mut sibs, mut mibs) = (0, BTreeSet::new(), 0);
        for _ in 0..200 {
            let time = next(&mut enb, &mut antennas);
            let is_mbsfn = mbsfn.contains(time.frame(), time.subframe());
            assert_eq!(is_mbsfn, [1, 2, 3, 6, 7].contains(&time.subframe()));
            let said = reader.read(time, is_mbsfn, 2, &sum(&antennas));
            // Two symbols of an MBSFN subframe are CFI 1 up to 10 PRB (TS 36.212 clause 5.3.4).
            assert_eq!(
                said.cfi,
                if !is_mbsfn {
                    cfi
                } else if n_rb_dl == 6 {
                    1
                } else {
                    2
                },
                "{case}, {time}"
            );
            assert_eq!(said.notification, None);
            let is_sib1 = time.subframe() == 5 && time.sfn().is_multiple_of(2);
            match said.message {
                Some(BcchDlSchMessage::SystemInformationBlockType1(message)) => {
                    assert!(is_sib1, "{case}, {time}");
                    assert_eq!(message, config.si.sib1);
                    sib1 += 1;
                }
                Some(BcchDlSchMessage::SystemInformation(SystemInformation { sibs: blocks })) => {
                    assert!(!is_mbsfn && !is_sib1, "{case}, {time}");
                    // Windows of 10 ms: the first message has frames 0 mod 8, the second frames 1 mod 16.
                    assert!(time.sfn().is_multiple_of(8) || time.sfn() % 16 == 1, "{case}, {time}");
                    for block in blocks {
                        sibs.insert(block.number().unwrap());
                        match block {
                            SystemInformationBlock::Type2(block) => assert_eq!(block, config.si.sib2),
                            SystemInformationBlock::Type3(block) => assert_eq!(block, config.si.sib3),
                            SystemInformationBlock::Type13(block) => assert_eq!(Some(block), config.si.sib13),
                            SystemInformationBlock::Type15(block) => assert_eq!(Some(block), config.si.sib15),
                            SystemInformationBlock::Other(block) => panic!("{case}: {block:?}"),
                        }
                    }
                }
                None => assert!(!is_sib1, "{case}, {time}: no SIB1"),
            }
            if let Some(found) = said.mib {
                let sfn_msb = (time.sfn() / 4) as u8;
                let mib = MasterInformationBlock { n_rb_dl: carrier.cell.n_rb_dl, phich, sfn_msb };
                assert_eq!(MasterInformationBlock::decode(found.mib).unwrap(), mib, "{case}, {time}");
                assert_eq!((found.n_ports, u32::from(found.quarter)), (n_ports, time.sfn() % 4), "{case}, {time}");
                mibs += 1;
            }
        }
        assert_eq!((sib1, sibs), (10, BTreeSet::from([2, 3, 13, 15])), "{case}");
        assert_eq!(mibs, 20, "{case}: without noise every frame tells the MIB");
    }
}

/// TS 36.331 clause 5.8.1.3 on air: three areas, of which one changes, then two.
#[test]
fn mcch_changes_are_notified_at_every_occasion_and_happen_at_the_boundary() {
    let carrier = carrier(25, 2, PhichConfig::default());
    let areas = vec![area(1, &[1], 1..=1), area(2, &[2], 1..=1), area(9, &[6], 1..=1)];
    let config = EnbConfig::new(carrier, areas.clone()).unwrap();
    let mut enb = Enb::new(&config).unwrap();
    let mut antennas = vec![vec![Complex32::ZERO; carrier.cell.samples_per_subframe()]; 2];
    let mut reader = Reader::new(carrier, 2);
    let mut heard = Vec::new();
    let mut told = Vec::new();
    let mut changed = Vec::new();
    let mut frames = |enb: &mut Enb, frames: std::ops::Range<u64>| {
        enb.skip_to(SubframeTime::new(frames.start, 0).max(enb.next_time()));
        while enb.next_time().frame() < frames.end {
            let time = next(enb, &mut antennas);
            let is_mbsfn = [1, 2, 6].contains(&time.subframe());
            if let Some(bitmap) = reader.read(time, is_mbsfn, 2, &sum(&antennas)).notification {
                heard.push((time, bitmap));
            }
            while let Some(event) = enb.poll_event() {
                match event {
                    EnbEvent::ChangeNotification { time, bitmap } => told.push((time, bitmap)),
                    EnbEvent::Mch { area, event: MchTxEvent::McchChanged { frame, .. } } => changed.push((area, frame)),
                    EnbEvent::Mch { .. } => {}
                }
            }
        }
    };
    frames(&mut enb, 0..1);
    let more = area(2, &[2], 1..=2).mcch;
    // The occasion of frame 0 is over.
    assert_eq!(enb.set_mcch(1, &more).unwrap(), 512);
    assert_eq!(enb.next_mcch_change(1), Some(512));
    for part in [1..4, 254..258, 510..514, 767..768] {
        frames(&mut enb, part);
    }
    // Area 0 in time for the occasion of frame 768, area 2 too late for it.
    assert_eq!(enb.set_mcch(0, &area(1, &[1], 1..=2).mcch).unwrap(), 1024);
    frames(&mut enb, 768..770);
    assert_eq!(enb.set_mcch(2, &area(9, &[6], 3..=3).mcch).unwrap(), 1536);
    // A second thought before the next occasion takes the place of the first.
    assert_eq!(enb.set_mcch(2, &area(9, &[6], 4..=4).mcch).unwrap(), 1536);
    for part in [1023..1026, 1279..1281, 1535..1538, 1791..1794, 2047..2050] {
        frames(&mut enb, part);
    }
    let expect = [(256, 1 << 2), (768, 1 << 1), (1024, 1 << 1), (1280, 1 << 1)];
    let expect: Vec<_> = expect.map(|(frame, bitmap)| (SubframeTime::new(frame, 1), bitmap)).into();
    assert_eq!(heard, expect);
    assert_eq!(told, expect);
    assert_eq!(changed, [(1, 512), (0, 1024), (2, 1536)]);
    assert_eq!(enb.mcch(1), Some(&more));
    assert_eq!(enb.mcch(2).unwrap().pmch[0].sessions[0].lcid, 4);
}

/// Subframes that nobody listens to are left out, an MCCH change among them: the next change is announced all the same.
#[test]
fn a_change_after_a_stretch_left_out_is_announced() {
    let carrier = carrier(25, 1, PhichConfig::default());
    let mut enb =
        Enb::new(&EnbConfig::new(carrier, vec![area(1, &[1], 1..=1), area(2, &[2], 1..=1)]).unwrap()).unwrap();
    let mut iq = [vec![Complex32::ZERO; carrier.cell.samples_per_subframe()]];
    next(&mut enb, &mut iq);
    let (second, third) = (area(2, &[2], 1..=2).mcch, area(2, &[2], 1..=3).mcch);
    assert_eq!(enb.set_mcch(1, &second).unwrap(), 512);
    // Occasions: every 256 frames, so none before frame 5120.
    enb.skip_to(SubframeTime::new(5000, 0));
    assert_eq!((enb.mcch(1), enb.next_mcch_change(1)), (Some(&second), None));
    assert_eq!(enb.set_mcch(1, &third).unwrap(), 5632);
    enb.skip_to(SubframeTime::new(5120, 0));
    for _ in 0..10 {
        next(&mut enb, &mut iq);
    }
    let told = std::iter::from_fn(|| enb.poll_event()).filter(|e| matches!(e, EnbEvent::ChangeNotification { .. }));
    assert_eq!(told.count(), 1);
}

#[test]
fn before_it_is_on_air_a_new_mcch_holds_at_once() {
    let carrier = carrier(6, 1, PhichConfig::default());
    let mut enb = Enb::new(&EnbConfig::new(carrier, vec![area(1, &[1, 2], 1..=1)]).unwrap()).unwrap();
    let mut iq = [vec![Complex32::ZERO; carrier.cell.samples_per_subframe()]];
    assert_eq!(enb.set_mcch(0, &area(1, &[1, 2], 1..=2).mcch).unwrap(), 0);
    enb.push_sdu(0, 0, 2, &[1, 2, 3], 0).unwrap();
    next(&mut enb, &mut iq);
    // 6 PRB have no room for a notification: the next boundary, whether there is an occasion or not.
    enb.skip_to(SubframeTime::new(511, 9));
    next(&mut enb, &mut iq);
    enb.skip_to(SubframeTime::new(1023, 9));
    assert_eq!(enb.set_mcch(0, &area(1, &[1, 2], 1..=1).mcch).unwrap(), 1024);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let error = |change: &dyn Fn(&mut EnbConfig)| {
        let areas = vec![area(1, &[1, 2], 1..=1), area(2, &[3], 1..=1)];
        let mut config = EnbConfig::new(carrier(25, 1, PhichConfig::default()), areas).unwrap();
        change(&mut config);
        Enb::new(&config).err().map(|e| e.to_string()).unwrap_or_default()
    };
    assert_eq!(error(&|_| {}), "");
    let text =
        error(&|c| c.areas[1].mcch.common_sf_alloc[0].subframes = radio::SubframeAllocation::OneFrame(0b01_1000));
    assert_eq!(text, "subframe 0.2 belongs to MBSFN areas 1 and 2: give it to one");
    let text = error(&|c| c.si.sib2.mbsfn_subframe_config_list.clear());
    assert!(text.contains("is not in an MBSFN subframe"), "{text}");
    let text =
        error(&|c| c.si.sib2.mbsfn_subframe_config_list[0].subframes = radio::SubframeAllocation::OneFrame(0b11_0000));
    assert_eq!(text, "subframe 0.3 of MBSFN area 2 is no MBSFN subframe by SIB2");
    let text = error(&|c| c.areas[0].info.n_id_mbsfn = 7);
    assert!(text.starts_with("SIB13 does not name the areas"), "{text}");
    assert!(error(&|c| c.carrier.n_ports = 4).starts_with("4 antenna ports"));
    assert!(error(&|c| c.cfi = 4).starts_with("CFI 4"));
    assert!(error(&|c| c.carrier.phich.duration = PhichDuration::Extended).starts_with("CFI 2"));
    assert!(error(&|c| c.si.sib1.scheduling_info[0].sibs.push(7)).contains("SIB7"));
    // Windows of 1 ms: that of the second message is subframe 1, an MBSFN subframe; that of a sixth would be SIB1's.
    let text = error(&|c| c.si.sib1.si_window_length_ms = 1);
    assert!(text.starts_with("SI message 1 is never sent") && text.contains("take a longer si-WindowLength"), "{text}");
    let message = SchedulingInfo { si_periodicity_rf: 8, sibs: vec![3] };
    let text = error(&|c| {
        c.si.sib2.mbsfn_subframe_config_list.clear();
        (c.areas, c.si.sib13, c.si.sib15) = (Vec::new(), None, None);
        c.si.sib1.si_window_length_ms = 1;
        c.si.sib1.scheduling_info = vec![message.clone(); 6];
    });
    assert!(text.starts_with("SI message 5 is never sent"), "{text}");
    // 80 ms into its period of 160 ms a third window of 40 ms is that of the first message again.
    let text = error(&|c| {
        c.si.sib1.si_window_length_ms = 40;
        c.si.sib1.scheduling_info.push(SchedulingInfo { si_periodicity_rf: 16, sibs: vec![3] });
    });
    assert!(text.starts_with("SI message 2 is never sent"), "{text}");
    // One symbol is not allowed up to 10 PRB (TS 36.211 table 6.7-1).
    let mut narrow = area(1, &[1], 1..=1);
    narrow.info.non_mbsfn_region = 1;
    let config = EnbConfig::new(carrier(6, 1, PhichConfig::default()), vec![narrow]).unwrap();
    assert!(matches!(Enb::new(&config), Err(EnbError::ControlRegion { .. } | EnbError::Config(_))));
}

/// Every area has its own scrambling and reference signals: with another identity nothing is heard.
#[test]
fn areas_are_heard_by_their_own_identity_only() {
    let carrier = carrier(6, 1, PhichConfig::default());
    let areas = vec![area(1, &[1, 2, 3], 1..=1), area(200, &[6, 7], 1..=1)];
    let mut enb = Enb::new(&EnbConfig::new(carrier, areas).unwrap()).unwrap();
    enb.push_sdu(0, 0, 1, b"first area", 40).unwrap();
    enb.push_sdu(1, 0, 1, b"second area", 40).unwrap();
    let mut iq = vec![Complex32::ZERO; 500 * carrier.cell.samples_per_subframe()];
    iq.chunks_exact_mut(carrier.cell.samples_per_subframe()).for_each(|iq| _ = enb.next_subframe(&mut [iq]));
    let config = ReceiverConfig { pdcp: PdcpPrefix::No, ..ReceiverConfig::new(carrier.cell.sample_rate_hz() as u32) };
    // SDUs and good blocks by area.
    let listen = |receiver: &mut Receiver| {
        let (mut sdus, mut good) = (Vec::new(), BTreeMap::<u8, u32>::new());
        receiver.push(0, &[&iq], &mut |event| match event {
            RxEvent::Block(report, _) => {
                *good.entry(report.n_id_mbsfn).or_default() += u32::from(report.quality.crc_ok);
            }
            RxEvent::Mch { n_id_mbsfn, event: MchRxEvent::Sdu { bytes, .. } } => {
                sdus.push((n_id_mbsfn, bytes.to_vec()));
            }
            _ => {}
        });
        (sdus, good)
    };
    let mut receiver = Receiver::new(config.clone()).unwrap();
    let (sdus, good) = listen(&mut receiver);
    assert_eq!(sdus, [(1, b"first area".to_vec()), (200, b"second area".to_vec())]);
    assert!(good[&1] >= 3 && good[&200] >= 3, "{good:?}");
    // The same carrier with the identities exchanged, and with one that nobody has.
    for [first, second] in [[200, 1], [2, 200]] {
        let mut known = receiver.known().unwrap();
        known.mcch.clear();
        for octets in &mut known.bcch {
            let mut message = BcchDlSchMessage::decode(octets).unwrap();
            let BcchDlSchMessage::SystemInformation(si) = &mut message else { continue };
            for sib in &mut si.sibs {
                if let SystemInformationBlock::Type13(sib13) = sib {
                    (sib13.areas[0].n_id_mbsfn, sib13.areas[1].n_id_mbsfn) = (first, second);
                }
            }
            *octets = message.encode().unwrap();
        }
        let (sdus, good) = listen(&mut Receiver::with_known(config.clone(), known).unwrap());
        assert!(sdus.iter().all(|(area, _)| *area == 200 && second == 200), "{sdus:?}");
        assert_eq!(good[&first], 0);
        assert_eq!(good[&second] > 0, second == 200);
    }
}

/// [`full_scale_gain`]: a loaded subframe has the stated level, and no sample leaves full scale.
#[test]
fn full_scale_level_is_the_stated_one() {
    for n_rb_dl in [6, 25, 100] {
        let carrier = carrier(n_rb_dl, 1, PhichConfig::default());
        let mut setup = area(1, &[1, 2, 3, 6, 7, 8], 1..=1);
        setup.info.mcch.signalling_mcs = 2;
        let mut enb = Enb::new(&EnbConfig::new(carrier, vec![setup]).unwrap()).unwrap();
        (0..40).for_each(|_| enb.push_sdu(0, 0, 1, &[0x5a; 300], 0).unwrap_or_default());
        let mut iq = [vec![Complex32::ZERO; carrier.cell.samples_per_subframe()]];
        let gain = full_scale_gain(&carrier.cell);
        for _ in 0..10 {
            let time = next(&mut enb, &mut iq);
            if ![2, 3, 6].contains(&time.subframe()) {
                continue;
            }
            let loaded: Vec<_> = iq[0][iq[0].len() / 4..].iter().map(|s| s * gain).collect();
            let power = loaded.iter().map(Complex32::norm_sqr).sum::<f32>() / loaded.len() as f32;
            let dbfs = 10.0 * power.log10();
            assert!((dbfs - FULL_SCALE_RMS_DBFS).abs() < 0.7, "{n_rb_dl} PRB, {time}: {dbfs} dBFS");
            assert!(loaded.iter().all(|s| s.re.abs() < 1.0 && s.im.abs() < 1.0));
        }
    }
}
