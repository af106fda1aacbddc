//! Our carrier, heard from cold: cell, system information, every MBSFN area, changes of an MCCH.

mod common;

use std::collections::BTreeSet;
use std::slice;

use num_complex::Complex32;
use radio::{
    AreaSetup, CarrierConfig, CellConfig, ChannelConfig, ChannelModel, Enb, EnbConfig, EnbEvent, MchRxEvent, NRbDl,
    PathConfig, PhichConfig, PhichDuration, PhichResource, Receiver, ReceiverConfig, RxEvent, SampleRateFamily,
    SiDciFormat,
};

const CFO_HZ: f64 = 3000.0;
/// Samples that the receiver comes late.
const LATE: usize = 12_345;

fn area(n_id_mbsfn: u8, subframes: &[u8], notification_indicator: u8, lcids: &[u8]) -> AreaSetup {
    let mut area = common::area(n_id_mbsfn, subframes, 4, lcids);
    area.info.notification_indicator = notification_indicator;
    area
}

/// An IPv4 header with the right length, an area and a number.
fn sdu(n_id_mbsfn: u8, lcid: u8, number: u16) -> Vec<u8> {
    let len = 60 + 37 * (number % 7);
    let mut sdu = vec![0x45, 0, (len >> 8) as u8, len as u8, n_id_mbsfn, lcid, (number >> 8) as u8, number as u8];
    sdu.resize(len.into(), 0x5a);
    sdu
}

/// What the receiver told.
#[derive(Default)]
struct Told {
    cells: Vec<u16>,
    n_ports: Vec<u8>,
    areas: Vec<u8>,
    sdus: Vec<(u8, Vec<u8>)>,
    notifications: Vec<(u64, u8)>,
    /// Area, frame, sessions, and whether a notification told of it.
    changes: Vec<(u8, usize, bool)>,
    errors: u32,
    /// Time left in the last block, samples.
    timing_samples: f32,
}

/// A transmitter and a receiver with 1 or 2 antennas behind a channel at 12 dB and 3 kHz.
struct Link {
    enb: Enb,
    n_ports: usize,
    channels: Vec<ChannelModel>,
    receiver: Receiver,
    at: u64,
    late: usize,
    told: Told,
}

impl Link {
    fn new(config: &EnbConfig, n_rx: u8) -> Self {
        let cell = &config.carrier.cell;
        let sample_rate_hz = cell.sample_rate_hz();
        let n_ports = config.carrier.n_ports.into();
        let channel = |rx: u64| {
            // Every path has its own phase.
            let path = |stream: usize| PathConfig {
                stream,
                delay_s: 1.1e-6,
                cfo_hz: CFO_HZ,
                phase_rad: 1.0 + 2.0 * rx as f64 + 3.0 * stream as f64,
                ..PathConfig::default()
            };
            let paths = (0..n_ports).map(path).collect();
            ChannelModel::new(&ChannelConfig { gain_db: -20.0, paths, ..ChannelConfig::awgn(sample_rate_hz, 12.0, rx) })
        };
        let receiver = ReceiverConfig { n_rx, ..ReceiverConfig::new(sample_rate_hz as u32) };
        Self {
            enb: Enb::new(config).unwrap(),
            n_ports,
            channels: (0..n_rx.into()).map(channel).collect(),
            receiver: Receiver::new(receiver).unwrap(),
            at: 0,
            late: LATE,
            told: Told::default(),
        }
    }

    fn run(&mut self, frames: u64) {
        let samples = self.enb.cell().samples_per_subframe();
        let mut ports = vec![vec![Complex32::ZERO; samples]; self.n_ports];
        for _ in 0..10 * frames {
            let mut slices: Vec<_> = ports.iter_mut().map(Vec::as_mut_slice).collect();
            self.enb.next_subframe(&mut slices);
            let sent: Vec<_> = ports.iter().map(Vec::as_slice).collect();
            let hear = |channel: &mut ChannelModel| {
                let mut received = Vec::new();
                channel.process(&sent, slice::from_mut(&mut received));
                received
            };
            let mut received: Vec<_> = self.channels.iter_mut().map(hear).collect();
            let left_out = self.late.min(received[0].len());
            self.late -= left_out;
            received.iter_mut().for_each(|antenna| drop(antenna.drain(..left_out)));
            let antennas: Vec<_> = received.iter().map(Vec::as_slice).collect();
            let told = &mut self.told;
            self.receiver.push(self.at, &antennas, &mut |event| match event {
                RxEvent::CellFound { n_id_cell, .. } => told.cells.push(n_id_cell),
                RxEvent::Mib { n_ports, .. } => told.n_ports.push(n_ports),
                RxEvent::Area { info, error } => {
                    assert!(error.is_none(), "{error:?}");
                    told.areas.push(info.n_id_mbsfn);
                }
                RxEvent::McchNotification { time, bitmap } => told.notifications.push((time.frame(), bitmap)),
                RxEvent::Block(report, _) => {
                    told.errors += u32::from(report.announced && !report.quality.crc_ok);
                    told.timing_samples = report.estimate.timing_samples;
                }
                RxEvent::Mch { n_id_mbsfn, event: MchRxEvent::Sdu { bytes, .. } } => {
                    told.sdus.push((n_id_mbsfn, bytes.to_vec()));
                }
                RxEvent::Mch { n_id_mbsfn, event: MchRxEvent::McchMessage { config, changed: true, notified, .. } } => {
                    told.changes.push((n_id_mbsfn, config.pmch[0].sessions.len(), notified));
                }
                RxEvent::Mch { event: MchRxEvent::Malformed { what }, .. } => panic!("{what}"),
                RxEvent::CellLost { .. } | RxEvent::SamplesLost { .. } => panic!("nothing is lost here"),
                _ => {}
            });
            self.at += antennas[0].len() as u64;
        }
    }
}

#[test]
fn every_bandwidth_rate_and_port_is_heard_from_cold() {
    use SampleRateFamily::{Standard, ThreeQuarter};
    let (short, long) = (PhichDuration::Normal, PhichDuration::Extended);
    for (n_rb_dl, family, n_ports, n_rx, duration, si_dci) in [
        (6, Standard, 1, 1, short, SiDciFormat::OneA),
        (6, ThreeQuarter, 1, 2, short, SiDciFormat::OneA),
        (15, Standard, 2, 1, short, SiDciFormat::OneC),
        (15, ThreeQuarter, 1, 1, long, SiDciFormat::OneA),
        (25, Standard, 1, 1, short, SiDciFormat::OneC),
        (25, ThreeQuarter, 2, 2, short, SiDciFormat::OneA),
        (50, Standard, 2, 1, short, SiDciFormat::OneA),
        (50, ThreeQuarter, 1, 2, long, SiDciFormat::OneC),
        (75, Standard, 2, 1, short, SiDciFormat::OneA),
        (75, ThreeQuarter, 1, 1, short, SiDciFormat::OneC),
        (100, Standard, 2, 1, long, SiDciFormat::OneA),
        (100, ThreeQuarter, 1, 1, short, SiDciFormat::OneC),
    ] {
        let cell = CellConfig::new(NRbDl::try_from(n_rb_dl).unwrap(), 301, family).unwrap();
        let phich = PhichConfig { duration, resource: PhichResource::Half };
        let areas = vec![area(7, &[1, 2, 3], 0, &[1, 2]), area(200, &[6, 7, 8], 3, &[1])];
        let cfi = if duration == long { 3 } else { 2 };
        let config = EnbConfig::new(CarrierConfig { cell, n_ports, phich }, areas).unwrap();
        let mut link = Link::new(&EnbConfig { si_dci, cfi, ..config }, n_rx);
        // SIB13 comes in frames 1 and 17, the MCCH in frames 0 and 32.
        let mut sent = BTreeSet::new();
        for (place, n_id_mbsfn, lcid) in [(0, 7, 1), (0, 7, 2), (1, 200, 1)] {
            for number in 0..6 {
                let sdu = sdu(n_id_mbsfn, lcid, number);
                link.enb.push_sdu(place, 0, lcid, &sdu, 40 + 8 * u64::from(number / 3)).unwrap();
                sent.insert((n_id_mbsfn, sdu));
            }
        }
        link.run(58);
        let told = &link.told;
        let diagnosis = link.receiver.diagnosis();
        assert_eq!((&told.cells[..], &told.n_ports[..]), (&[301][..], &[n_ports][..]), "{n_rb_dl} PRB: {diagnosis:?}");
        assert_eq!(told.areas, [7, 200], "{n_rb_dl} PRB: {diagnosis:?}");
        let found: BTreeSet<_> = told.sdus.iter().cloned().collect();
        assert_eq!((found.len(), told.sdus.len(), told.errors), (18, 18, 0), "{n_rb_dl} PRB: {diagnosis:?}");
        assert_eq!(found, sent, "{n_rb_dl} PRB");
        assert_eq!(diagnosis.first_failing_stage, None, "{n_rb_dl} PRB: {}", diagnosis.hint);
        let cfo_hz = link.receiver.cfo_hz().unwrap();
        assert!((cfo_hz - CFO_HZ).abs() < 20.0, "{n_rb_dl} PRB, {family:?}: {cfo_hz} Hz");
        // What the bandwidth resolves.
        let resolution = cell.n_fft as f32 / cell.n_rb_dl.subcarriers() as f32;
        assert!(told.timing_samples.abs() < resolution, "{n_rb_dl} PRB, {family:?}: {} samples", told.timing_samples);
    }
}

/// TS 36.331 clause 5.8.1.3: the notification comes in the modification period before, on the M-RNTI.
#[test]
fn a_change_of_the_mcch_is_notified_and_followed() {
    // At 6 PRB the non-MBSFN region has no room for a PDCCH.
    let cell = CellConfig::new(NRbDl::ALL[1], 42, SampleRateFamily::Standard).unwrap();
    let carrier = CarrierConfig { cell, n_ports: 2, phich: PhichConfig::default() };
    let areas = vec![area(7, &[1, 2, 3], 0, &[1]), area(200, &[6, 7, 8], 3, &[1])];
    let mut link = Link::new(&EnbConfig::new(carrier, areas).unwrap(), 1);
    link.run(80);
    let from = link.enb.set_mcch(1, &area(200, &[6, 7, 8], 3, &[1, 2]).mcch).unwrap();
    assert_eq!(from, 512);
    let goes_on = sdu(200, 1, 1);
    link.enb.push_sdu(1, 0, 1, &goes_on, 504).unwrap();
    link.run(from - 80);
    let begins = sdu(200, 2, 2);
    link.enb.push_sdu(1, 0, 2, &begins, 520).unwrap();
    link.enb.push_sdu(1, 0, 1, &goes_on, 520).unwrap();
    link.run(40);
    let mut sent = Vec::new();
    while let Some(event) = link.enb.poll_event() {
        if let EnbEvent::ChangeNotification { time, bitmap } = event {
            sent.push((time.frame(), bitmap));
        }
    }
    let told = &link.told;
    assert!(!sent.is_empty() && sent.iter().all(|&(frame, bitmap)| frame < 512 && bitmap == 1 << 3), "{sent:?}");
    assert_eq!(told.notifications, sent);
    assert_eq!(told.changes, [(7, 1, false), (200, 1, false), (200, 2, true)]);
    let found: BTreeSet<_> = told.sdus.iter().cloned().collect();
    assert_eq!(found, BTreeSet::from([(200, goes_on), (200, begins)]));
    assert_eq!(told.sdus.len(), 3);
}
