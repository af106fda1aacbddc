//! How long the whole receiver takes on a 25 PRB carrier at 5.76 MS/s: until it has found it, and per radio frame once it knows
//! everything.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use num_complex::Complex32;
use radio::{
    CellConfig, ChannelConfig, ChannelModel, Enb, EnbConfig, MbsfnAreaConfiguration, MbsfnAreaInfo, McchConfig, NRbDl,
    PathConfig, Receiver, ReceiverConfig, RxEvent, SampleRateFamily, SessionInfo, SubframeSet,
};

/// Subframes with PMCH in every radio frame.
const SUBFRAMES: [u8; 6] = [1, 2, 3, 6, 7, 8];
const CFO_HZ: f64 = 1000.0;
const SNR_DB: f64 = 25.0;

/// A carrier with one MTCH that never runs dry at MCS 20, as a receiver hears it.
struct Air {
    enb: Enb,
    channel: ChannelModel,
    subframe: Vec<Complex32>,
    at: u64,
}

impl Air {
    fn new() -> Self {
        let n_rb_dl = NRbDl::try_from(25).expect("an LTE bandwidth");
        let cell = CellConfig::new(n_rb_dl, 1, SampleRateFamily::ThreeQuarter).expect("a cell identity in range");
        let mcch = McchConfig {
            repetition_period_rf: 32,
            offset_rf: 0,
            modification_period_rf: 512,
            subframes: SubframeSet::new(&[1]).expect("a subframe for the MCCH"),
            signalling_mcs: 7,
        };
        let area = MbsfnAreaInfo { n_id_mbsfn: 1, non_mbsfn_region: 2, notification_indicator: 0, mcch };
        let subframes = SubframeSet::new(&SUBFRAMES).expect("subframes");
        let session = SessionInfo { tmgi: [0, 0, 1, 0x00, 0xf1, 0x10].into(), session_id: None, lcid: 1 };
        let mcch = MbsfnAreaConfiguration::single_pmch(subframes, 20, 8, vec![session]);
        let enb = EnbConfig::single_area(cell, area, mcch).expect("a carrier");
        let paths = vec![PathConfig { cfo_hz: CFO_HZ, ..PathConfig::default() }];
        let channel = ChannelConfig { paths, ..ChannelConfig::awgn(cell.sample_rate_hz(), SNR_DB, 1) };
        Self {
            enb: Enb::new(&enb).expect("an eNB"),
            channel: ChannelModel::new(&channel),
            subframe: vec![Complex32::ZERO; cell.samples_per_subframe()],
            at: 0,
        }
    }

    /// What is heard in a number of subframes, and the number of the first sample.
    fn hear(&mut self, subframes: usize) -> (u64, Vec<Complex32>) {
        let (at, mut heard, mut part) = (self.at, Vec::new(), [Vec::new()]);
        for _ in 0..subframes {
            while self.enb.push_sdu(0, 0, 1, &[0xa5; 1400], 0).is_ok() {}
            self.enb.next_subframe(&mut [&mut self.subframe]);
            while self.enb.poll_event().is_some() {}
            self.channel.process(&[&self.subframe], &mut part);
            heard.extend_from_slice(&part[0]);
        }
        self.at += heard.len() as u64;
        (at, heard)
    }

    fn receiver(&self) -> Receiver {
        Receiver::new(ReceiverConfig::new(self.enb.cell().sample_rate_hz() as u32)).expect("a receiver")
    }
}

/// From the first sample, in the middle of a subframe, to the MIB.
fn acquisition(c: &mut Criterion) {
    let mut air = Air::new();
    let (_, heard) = air.hear(80);
    let (first, step) = (air.subframe.len() * 7 / 3, air.subframe.len());
    c.benchmark_group("acquisition").bench_function("25rb_to_mib", |b| {
        let to_mib = |mut receiver: Receiver| {
            let mut found = false;
            for (i, iq) in heard[first..].chunks(step).enumerate() {
                receiver.push((i * step) as u64, &[iq], &mut |event| found |= matches!(event, RxEvent::Mib { .. }));
                if found {
                    return receiver;
                }
            }
            panic!("no MIB in 80 ms at {SNR_DB} dB");
        };
        b.iter_batched(|| air.receiver(), to_mib, BatchSize::PerIteration);
    });
}

/// A radio frame with system information and six subframes of PMCH, all of which is known and decoded.
fn steady_state(c: &mut Criterion) {
    let mut air = Air::new();
    let mut receiver = air.receiver();
    let mut blocks = 0;
    let mut read = |(at, iq): (u64, Vec<Complex32>)| {
        receiver.push(at, &[&iq], &mut |event| match event {
            RxEvent::Block(report, _) => {
                assert!(report.quality.crc_ok, "{}", report.time);
                blocks += 1;
            }
            RxEvent::SamplesLost { .. } | RxEvent::CellLost { .. } => panic!("nothing is lost here"),
            _ => {}
        });
        (std::mem::take(&mut blocks), iq)
    };
    // Until MCCH and MSI have come.
    (0..70).for_each(|_| drop(read(air.hear(10))));
    let (blocks, _) = read(air.hear(10));
    assert!(blocks >= 4, "{blocks} blocks in a radio frame");
    c.benchmark_group("steady_state").bench_function("25rb_radio_frame", |b| {
        b.iter_batched(|| air.hear(10), &mut read, BatchSize::PerIteration);
    });
}

criterion_group!(receiver, acquisition, steady_state);
criterion_main!(receiver);
