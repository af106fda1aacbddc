//! Planned objects allocate when they are made, never per subframe.

mod common;

use num_complex::Complex32;
use radio::{
    CellConfig, ChannelConfig, ChannelModel, CyclicPrefix, DelayProfile, Enb, EnbConfig, EnbEvent, Evolution,
    FadingConfig, Impairments, Interferer, Isa, MbsfnSubframeDemodulator, MbsfnSubframeModulator, MchRxEvent,
    MchTxEvent, NRbDl, PathConfig, PdcpPrefix, PmchDecoder, PmchEncoder, PmchLink, PmchLinkConfig, PmchParams,
    PushError, Receiver, ReceiverConfig, RxEvent, SampleRateFamily, UnicastSubframeModulator,
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

/// Fading on two paths, beside a static one, with everything that a receiver may add.
#[test]
fn channels_change_signals_without_allocation() {
    let faded = |delay_s, evolution| {
        let fading = Some(FadingConfig { profile: DelayProfile::mbsfn(), doppler_hz: 300.0, evolution });
        PathConfig { delay_s, cfo_hz: 100.0, fading, ..PathConfig::default() }
    };
    let paths = vec![
        faded(0.0, Evolution::Continuous),
        faded(3e-3, Evolution::PerBlock),
        PathConfig { delay_s: 1e-6, ..PathConfig::default() },
    ];
    let impairments = Impairments {
        iq_gain_db: 0.1,
        phase_noise_hz: 1.0,
        clock_error_ppm: 2.0,
        clip_db: Some(9.0),
        dc_offset_db: Some(-40.0),
        interferer: Some(Interferer { offset_hz: 1e5, width_hz: 1e5, power_db: -20.0 }),
        ..Impairments::default()
    };
    let config = ChannelConfig { paths, n_rx: 2, impairments, ..ChannelConfig::awgn(1.92e6, 20.0, 1) };
    let (mut model, iq) = (ChannelModel::new(&config), vec![Complex32::ONE; 1920]);
    let mut heard = vec![Vec::new(); 2];
    let mut hear = |blocks: usize| {
        for _ in 0..blocks {
            model.new_realisation();
            model.process(&[&iq], &mut heard);
        }
    };
    hear(20);
    let counted = allocation_counter::measure(|| hear(20));
    assert_eq!(counted.count_total, 0, "{counted:?}");
}

/// An eNB with two MTCHs whose queues never run dry, so that every scheduling period has to be shared out, and a receiver
/// that finds out everything by itself.
struct Carrier {
    enb: Enb,
    receiver: Receiver,
    n_rx: usize,
    iq: Vec<Complex32>,
    at: u64,
    sdus_sent: u64,
    sdus_received: u64,
    blocks: u32,
    periods: u32,
}

impl Carrier {
    fn new(n_rb_dl: u16, mcs: u8, n_rx: u8) -> Self {
        let cell = CellConfig::new(n_rb_dl.try_into().unwrap(), 1, SampleRateFamily::ThreeQuarter).unwrap();
        let mut area = common::area(1, &[1, 2, 3, 6, 7, 8], mcs, &[1, 2]);
        area.info.mcch.signalling_mcs = 7;
        let receiver =
            ReceiverConfig { n_rx, pdcp: PdcpPrefix::No, ..ReceiverConfig::new(cell.sample_rate_hz() as u32) };
        Self {
            enb: Enb::new(&EnbConfig::single_area(cell, area.info, area.mcch).unwrap()).unwrap(),
            receiver: Receiver::new(receiver).unwrap(),
            n_rx: n_rx.into(),
            iq: vec![Complex32::default(); cell.samples_per_subframe()],
            at: 0,
            sdus_sent: 0,
            sdus_received: 0,
            blocks: 0,
            periods: 0,
        }
    }

    fn run(&mut self, subframes: u32) {
        let Self { enb, receiver, n_rx, iq, at, sdus_sent, sdus_received, blocks, periods } = self;
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
            receiver.push(*at, &[iq.as_slice(); 2][..*n_rx], &mut |event| match event {
                RxEvent::Block(report, _) => {
                    assert!(report.quality.crc_ok, "{}", report.time);
                    *blocks += 1;
                }
                RxEvent::Mch { event: MchRxEvent::Sdu { .. }, .. } => *sdus_received += 1,
                RxEvent::Mch { event: MchRxEvent::RlcGap { .. } | MchRxEvent::Malformed { .. }, .. }
                | RxEvent::SamplesLost { .. }
                | RxEvent::CellLost { .. } => panic!("nothing is lost"),
                _ => {}
            });
            *at += iq.len() as u64;
        }
    }
}

/// Cell, system information and MCCH are known: from here on subframes are made, followed and decoded in place.
#[test]
fn enb_and_receiver_run_without_allocation_once_everything_is_known() {
    for (n_rb_dl, mcs, n_rx) in [(6, 9, 1), (25, 9, 1), (25, 9, 2), (100, 20, 1)] {
        let mut carrier = Carrier::new(n_rb_dl, mcs, n_rx);
        // From the MCCH of frame 32 on configuration, decoders, longest SDU and fullest queue are seen.
        carrier.run(1040);
        let (sdus, blocks, periods) = (carrier.sdus_received, carrier.blocks, carrier.periods);
        let counted = allocation_counter::measure(|| carrier.run(640));
        assert_eq!(counted.count_total, 0, "{n_rb_dl} PRB, MCS {mcs}, {n_rx} antennas: {counted:?}");
        assert_eq!((carrier.periods - periods, carrier.blocks - blocks), (8, 384));
        assert!(carrier.sdus_received > sdus + 50, "{} SDUs", carrier.sdus_received - sdus);
    }
}
