//! Planned objects allocate when they are made, never per subframe.

use num_complex::Complex32;
use radio::{
    AlignedReceiver, CellConfig, ChannelConfig, CyclicPrefix, Enb, EnbConfig, EnbEvent, Isa, MbsfnAreaConfig,
    MbsfnSubframeDemodulator, MbsfnSubframeModulator, McchConfig, MchRxEvent, MchTxEvent, NRbDl, PathConfig,
    PmchDecoder, PmchEncoder, PmchLink, PmchLinkConfig, PmchParams, PushError, Receiver, ReceiverConfig, RxEvent,
    SampleRateFamily, SessionInfo, SubframeSet, UnicastSubframeModulator,
};

#[test]
fn subframes_are_made_and_read_without_allocation() {
    for (n_rb_dl, mcs) in [(6, 4), (25, 9), (100, 20)] {
        let n_rb_dl = NRbDl::try_from(n_rb_dl).unwrap();
        let cell = CellConfig::new(n_rb_dl, 1, SampleRateFamily::ThreeQuarter).unwrap();
        let params = PmchParams::new(cell, 1, 2, mcs).unwrap();
        let mut encoder = PmchEncoder::new(params).unwrap();
        let mut modulator = MbsfnSubframeModulator::new(&cell, CyclicPrefix::Normal, 2, params.numerology);
        let mut unicast = UnicastSubframeModulator::new(&cell);
        let mut demodulator = MbsfnSubframeDemodulator::new(&cell, 1, 2, params.numerology);
        let mut decoder = PmchDecoder::new(params, Isa::fastest()).unwrap();
        let tb = vec![0x5a; params.format.octets()];
        let mut decoded = vec![0; tb.len()];
        let mut iq = vec![Complex32::default(); cell.samples_per_subframe()];
        let counted = allocation_counter::measure(|| {
            for subframe in [1, 2, 3, 6, 7, 8] {
                unicast.modulate(0, &mut iq);
                modulator.modulate(subframe, Some((&mut encoder, &tb)), &mut iq);
                demodulator.demodulate(subframe, &iq);
                assert!(demodulator.decode(&mut decoder, subframe, &mut decoded).crc_ok);
                assert_eq!(decoder.count_bit_errors(&decoded).errors, 0);
            }
        });
        assert_eq!(counted.count_total, 0, "{n_rb_dl} PRB, MCS {mcs}: {counted:?}");
        assert_eq!(decoded, tb);
    }
}

/// Blocks that fail take the longest way.
#[test]
fn blocks_go_through_a_link_without_allocation() {
    let cell = CellConfig::new(NRbDl::try_from(25).unwrap(), 1, SampleRateFamily::Standard).unwrap();
    let paths = vec![PathConfig { delay_s: 1e-6, ..PathConfig::default() }];
    let channel = ChannelConfig { paths, ..ChannelConfig::awgn(cell.sample_rate_hz(), 13.8, 1) };
    let params = PmchParams::new(cell, 1, 2, 20).unwrap();
    let (cell_cp, subframes, isa) = (CyclicPrefix::Normal, vec![1, 2, 3, 6, 7, 8], Isa::fastest());
    let mut link = PmchLink::new(&PmchLinkConfig { params, cell_cp, subframes, channel, isa, seed: 1 }).unwrap();
    let errors = |link: &mut PmchLink| (0..60).filter(|_| link.next_block().is_error()).count();
    errors(&mut link);
    let mut lost = 0;
    let counted = allocation_counter::measure(|| lost = errors(&mut link));
    assert_eq!(counted.count_total, 0, "{counted:?}");
    assert!((1..60).contains(&lost), "{lost} of 60");
}

/// An eNB with two MTCHs whose queues never run dry, so that every scheduling period has to be shared out, and a receiver.
struct Carrier {
    enb: Enb,
    receiver: AlignedReceiver,
    iq: Vec<Complex32>,
    at: u64,
    sdus_sent: u64,
    sdus_received: u64,
    periods: u32,
}

impl Carrier {
    fn new(n_rb_dl: u16, mcs: u8) -> Self {
        let cell = CellConfig::new(n_rb_dl.try_into().unwrap(), 1, SampleRateFamily::ThreeQuarter).unwrap();
        let mcch = McchConfig {
            repetition_period_rf: 32,
            offset_rf: 0,
            modification_period_rf: 512,
            subframes: SubframeSet::new(&[1]).unwrap(),
            signalling_mcs: 7,
        };
        let subframes = SubframeSet::new(&[1, 2, 3, 6, 7, 8]).unwrap();
        let area = MbsfnAreaConfig { n_id_mbsfn: 1, non_mbsfn_region: 2, subframes, mcch };
        let session = |lcid| SessionInfo { tmgi: [0, 0, lcid, 0x00, 0xf1, 0x10].into(), session_id: None, lcid };
        let mcch = area.single_pmch(mcs, 8, vec![session(1), session(2)]);
        Self {
            enb: Enb::new(&EnbConfig::single_area(cell, area.info(), mcch).unwrap()).unwrap(),
            receiver: AlignedReceiver::new(cell, area, Isa::fastest()).unwrap(),
            iq: vec![Complex32::default(); cell.samples_per_subframe()],
            at: 0,
            sdus_sent: 0,
            sdus_received: 0,
            periods: 0,
        }
    }

    fn run(&mut self, subframes: u32) {
        let Self { enb, receiver, iq, at, sdus_sent, sdus_received, periods } = self;
        let octets = [0xa5; 1400];
        for _ in 0..subframes {
            // From 1 to 1400 octets, longest after a while only, each due at once.
            loop {
                let octets = &octets[..1 + (*sdus_sent * 977 % 1400) as usize];
                match enb.push_sdu(0, 0, 1 + (*sdus_sent % 2) as u8, octets, 0) {
                    Ok(()) => *sdus_sent += 1,
                    Err(PushError::Full { .. }) => break,
                    Err(e) => panic!("{e}"),
                }
            }
            enb.next_subframe(&mut [iq]);
            while let Some(EnbEvent::Mch { event: MchTxEvent::Msp { .. }, .. }) = enb.poll_event() {
                *periods += 1;
            }
            receiver.push(*at, iq, &mut |event| match event {
                RxEvent::Block(report, _) => assert!(report.quality.crc_ok, "{}", report.time),
                RxEvent::Mch { event: MchRxEvent::Sdu { .. }, .. } => *sdus_received += 1,
                RxEvent::Mch { event: MchRxEvent::RlcGap { .. } | MchRxEvent::Malformed { .. }, .. } => {
                    panic!("nothing is lost")
                }
                RxEvent::Mch { .. } => {}
                RxEvent::SamplesLost { .. } => panic!("no samples are lost here"),
                _ => {}
            });
            *at += iq.len() as u64;
        }
    }
}

#[test]
fn enb_and_receiver_run_without_allocation_once_queues_have_their_size() {
    for (n_rb_dl, mcs) in [(6, 9), (25, 9), (100, 20)] {
        let mut carrier = Carrier::new(n_rb_dl, mcs);
        // Past the second MCCH: configuration, decoders, longest SDU and fullest queue have been seen.
        carrier.run(640);
        let (sdus, periods) = (carrier.sdus_received, carrier.periods);
        let counted = allocation_counter::measure(|| carrier.run(640));
        assert_eq!(counted.count_total, 0, "{n_rb_dl} PRB, MCS {mcs}: {counted:?}");
        assert_eq!(carrier.periods - periods, 8);
        assert!(carrier.sdus_received > sdus + 50, "{} SDUs", carrier.sdus_received - sdus);
    }
}

/// Cell, system information and MCCH are known: from here on subframes are read, followed and decoded in place.
#[test]
fn a_receiver_that_started_cold_runs_without_allocation_once_it_knows_everything() {
    const LEARN_RF: u64 = 72;
    const RUN_RF: u64 = 20;
    for n_rx in [1, 2] {
        let cell = CellConfig::new(25.try_into().unwrap(), 1, SampleRateFamily::ThreeQuarter).unwrap();
        let mcch = McchConfig {
            repetition_period_rf: 32,
            offset_rf: 0,
            modification_period_rf: 512,
            subframes: SubframeSet::new(&[1]).unwrap(),
            signalling_mcs: 7,
        };
        let subframes = SubframeSet::new(&[1, 2, 3, 6, 7, 8]).unwrap();
        let area = MbsfnAreaConfig { n_id_mbsfn: 1, non_mbsfn_region: 2, subframes, mcch };
        let session = SessionInfo { tmgi: [0, 0, 1, 0x00, 0xf1, 0x10].into(), session_id: None, lcid: 1 };
        let config = EnbConfig::single_area(cell, area.info(), area.single_pmch(9, 8, vec![session])).unwrap();
        let mut enb = Enb::new(&config).unwrap();
        let mut sdu = [0u8; 600];
        (sdu[0], sdu[2], sdu[3]) = (0x45, (sdu.len() >> 8) as u8, sdu.len() as u8);
        // The period before shows the receiver the transport format.
        for period in 0..=RUN_RF / 8 {
            (0..40).for_each(|_| enb.push_sdu(0, 0, 1, &sdu, LEARN_RF - 8 + 8 * period).unwrap());
        }
        let samples = cell.samples_per_subframe();
        let mut iq = vec![Complex32::default(); samples * 10 * (LEARN_RF + RUN_RF) as usize];
        for subframe in iq.chunks_exact_mut(samples) {
            enb.next_subframe(&mut [subframe]);
        }
        let (learn, run) = iq.split_at(samples * 10 * LEARN_RF as usize);
        let config = ReceiverConfig { n_rx, ..ReceiverConfig::new(cell.sample_rate_hz() as u32) };
        let mut receiver = Receiver::new(config).unwrap();
        let antennas = |iq| [iq; 2];
        // What its buffers hold grows to what is needed.
        let mut at = 0;
        for part in learn.chunks(samples) {
            receiver.push(at, &antennas(part)[..n_rx.into()], &mut |_| {});
            at += samples as u64;
        }
        let (mut sdus, mut blocks) = (0, 0);
        let counted = allocation_counter::measure(|| {
            for part in run.chunks(samples) {
                receiver.push(at, &antennas(part)[..n_rx.into()], &mut |event| match event {
                    RxEvent::Mch { event: MchRxEvent::Sdu { .. }, .. } => sdus += 1,
                    RxEvent::Block(report, _) => blocks += u32::from(report.quality.crc_ok),
                    _ => {}
                });
                at += samples as u64;
            }
        });
        assert!(sdus > 50 && blocks > 50, "{sdus} SDUs, {blocks} blocks: {:?}", receiver.diagnosis());
        assert_eq!(counted.count_total, 0, "{n_rx} antennas: {counted:?}");
    }
}
