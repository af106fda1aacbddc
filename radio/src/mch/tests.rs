//! Schedule against figures worked out by hand; sender and receiver against each other with and without losses.

use proptest::prelude::*;

use super::*;
use crate::mac::{LCID_MSI, MchPdu, Msi, MsiEntry};
use crate::rrc::{
    AreaConfigError, MbsfnAreaConfiguration, MbsfnAreaInfo, MbsfnSubframeConfig, McchConfig, PmchInfo, SessionInfo,
    SubframeAllocation, SubframeSet, Tmgi,
};

/// What SIB13 tells of an area, and its subframes.
struct Area {
    info: MbsfnAreaInfo,
    subframes: SubframeSet,
}

impl Area {
    fn single_pmch(&self, data_mcs: u8, period_rf: u16, sessions: Vec<SessionInfo>) -> MbsfnAreaConfiguration {
        MbsfnAreaConfiguration::single_pmch(self.subframes, data_mcs, period_rf, sessions)
    }
}

fn area(subframes: &[u8], mcch_subframe: u8) -> Area {
    let mcch = McchConfig {
        repetition_period_rf: 32,
        offset_rf: 0,
        modification_period_rf: 512,
        subframes: SubframeSet::new(&[mcch_subframe]).unwrap(),
        signalling_mcs: 2,
    };
    let info = MbsfnAreaInfo { n_id_mbsfn: 1, non_mbsfn_region: 2, notification_indicator: 0, mcch };
    Area { info, subframes: SubframeSet::new(subframes).unwrap() }
}

fn tx_of(area: &Area, config: &MbsfnAreaConfiguration, data: usize, signalling: usize) -> MchTx {
    try_tx_of(area, config, data, signalling).unwrap()
}

fn try_tx_of(
    area: &Area,
    config: &MbsfnAreaConfiguration,
    data: usize,
    signalling: usize,
) -> Result<MchTx, MchTxError> {
    MchTx::new(&area.info, config, &|mcs| if mcs.index == area.info.mcch.signalling_mcs { signalling } else { data })
}

fn session(lcid: u8) -> SessionInfo {
    SessionInfo { tmgi: Tmgi::from([0, 0, lcid, 0x62, 0xf2, 0x10]), session_id: None, lcid }
}

fn position(pmch: usize, index_in_msp: u16) -> PmchPosition {
    PmchPosition { pmch, index_in_msp }
}

#[test]
fn all_subframes_of_one_pmch_are_counted_through_the_period() {
    let area = area(&[1, 2, 3, 6, 7, 8], 1);
    let config = area.single_pmch(9, 64, vec![session(1)]);
    assert_eq!(config.pmch[0].sf_alloc_end, 383);
    let schedule = MchSchedule::new(&area.info, Some(&config));
    assert_eq!(schedule.subframe_use(0, 1), SubframeUse::Mcch { owner: Some(position(0, 0)) });
    assert_eq!(schedule.subframe_use(0, 2), SubframeUse::Pmch(position(0, 1)));
    assert_eq!(schedule.subframe_use(0, 0), SubframeUse::NotOfArea);
    // The MCCH again in the middle of the period: signalling MCS, counted like any other.
    assert_eq!(schedule.subframe_use(32, 1), SubframeUse::Mcch { owner: Some(position(0, 192)) });
    assert_eq!(schedule.subframe_use(63, 8), SubframeUse::Pmch(position(0, 383)));
    assert_eq!(schedule.subframe_use(1024 + 64, 1), SubframeUse::Mcch { owner: Some(position(0, 0)) });
    assert!(schedule.subframe_use(32, 1).is_signalling() && !schedule.subframe_use(32, 2).is_signalling());
    assert_eq!(schedule.subframes_of_msp(0, 64).count(), 384);
    let unknown = MchSchedule::new(&area.info, None);
    assert_eq!(unknown.subframe_use(0, 1), SubframeUse::Mcch { owner: None });
    assert_eq!(unknown.subframe_use(0, 2), SubframeUse::NotOfArea);
}

#[test]
fn two_pmch_share_a_common_period_and_keep_their_own_scheduling_periods() {
    let area = area(&[1, 2, 3], 2);
    let pmch = |sf_alloc_end, mch_scheduling_period_rf| PmchInfo {
        sf_alloc_end,
        data_mcs: 5.into(),
        mch_scheduling_period_rf,
        sessions: vec![session(1)],
    };
    // 3 subframes in each of 8 radio frames: 24 places; the first has 0 to 9, the second 10 to 23.
    let config = MbsfnAreaConfiguration {
        common_sf_alloc_period_rf: 8,
        pmch: vec![pmch(9, 8), pmch(23, 16)],
        ..area.single_pmch(0, 8, vec![])
    };
    let schedule = MchSchedule::new(&area.info, Some(&config));
    assert_eq!(schedule.subframe_use(3, 1), SubframeUse::Pmch(position(0, 9)));
    assert_eq!(schedule.subframe_use(3, 2), SubframeUse::Pmch(position(1, 0)));
    assert!(schedule.subframe_use(3, 2).is_signalling());
    assert_eq!(schedule.subframe_use(7, 3), SubframeUse::Pmch(position(1, 13)));
    assert_eq!(schedule.subframe_use(8, 1), SubframeUse::Pmch(position(0, 0)));
    assert_eq!(schedule.subframe_use(11, 2), SubframeUse::Pmch(position(1, 14)));
    assert_eq!(schedule.subframes_of_msp(1, 0).count(), 28);
}

#[test]
fn four_frames_patterns_and_scheduling_periods_shorter_than_the_common_one() {
    let area = area(&[1, 2, 3, 6, 7, 8], 1);
    let config = MbsfnAreaConfiguration {
        // Radio frames 4 to 7 of every 8: subframe 1 of the first, 8 of the last.
        common_sf_alloc: vec![MbsfnSubframeConfig {
            radioframe_allocation_period_rf: 8,
            radioframe_allocation_offset_rf: 4,
            subframes: SubframeAllocation::FourFrames(0x80_0001),
        }],
        common_sf_alloc_period_rf: 16,
        pmch: vec![PmchInfo { sf_alloc_end: 3, data_mcs: 5.into(), mch_scheduling_period_rf: 8, sessions: vec![] }],
    };
    let schedule = MchSchedule::new(&area.info, Some(&config));
    let all: Vec<_> = schedule.subframes_of_msp(0, 8).map(|(f, s, u)| (f, s, u.position().unwrap())).collect();
    assert_eq!(all, [(12, 1, position(0, 0)), (15, 8, position(0, 1))]);
    assert_eq!(schedule.subframe_use(8, 1), SubframeUse::NotOfArea);
}

#[test]
fn what_sib13_cannot_say_is_refused() {
    assert_eq!(SubframeSet::new(&[1, 5]), Err(AreaConfigError::Subframe(5)));
    assert_eq!(SubframeSet::new(&[]), Err(AreaConfigError::NoSubframes));
    let mut wrong = area(&[1], 1);
    wrong.info.mcch.repetition_period_rf = 48;
    let text = wrong.info.check().unwrap_err().to_string();
    assert_eq!(text, "mcch-RepetitionPeriod-r9 is 48: TS 36.331 allows 32, 64, 128, 256");
}

/// Runs sender and receiver over `frames` radio frames; a lost block reaches the receiver without its octets.
struct Run {
    schedule: MchSchedule,
    tx: MchTx,
    rx: MchRx,
    tb: Vec<u8>,
    sdus: Vec<(u8, Vec<u8>)>,
    gaps: u32,
    wanted: usize,
    malformed: usize,
    /// `(MSP start, MSI)` as announced by the sender and as seen by the receiver.
    announced: Vec<(u64, Msi)>,
    heard: Vec<(u64, Msi)>,
    /// Last index of each period in which an LCID had data on air.
    on_air: Vec<(u64, u8, u16)>,
}

impl Run {
    fn new(area: &Area, config: &MbsfnAreaConfiguration, data: usize, signalling: usize) -> Self {
        Self {
            schedule: MchSchedule::new(&area.info, Some(config)),
            tx: tx_of(area, config, data, signalling),
            rx: MchRx::new(&area.info).unwrap(),
            tb: vec![0; data.max(signalling)],
            sdus: Vec::new(),
            gaps: 0,
            wanted: 0,
            malformed: 0,
            announced: Vec::new(),
            heard: Vec::new(),
            on_air: Vec::new(),
        }
    }

    fn frames(&mut self, frames: std::ops::Range<u64>, mut lost: impl FnMut() -> bool) {
        for frame in frames {
            for subframe in 0..10 {
                let info = self.tx.next_block(frame, subframe, &mut self.tb);
                while let Some(MchTxEvent::Msp { frame, entries, .. }) = self.tx.poll_event() {
                    self.announced.push((frame, entries));
                }
                if let Some(info) = info {
                    self.note_on_air(frame, subframe, info.octets);
                }
                let Some(wanted) = self.rx.wants(frame, subframe) else { continue };
                self.wanted += 1;
                let tb = info.filter(|_| !lost()).map(|info| {
                    assert_eq!((wanted.mcs, wanted.is_signalling), (info.mcs, info.is_signalling));
                    &self.tb[..info.octets]
                });
                let Self { rx, sdus, gaps, heard, malformed, .. } = self;
                rx.push_block(frame, subframe, tb, &mut |event| match event {
                    MchRxEvent::Sdu { lcid, bytes, .. } => sdus.push((lcid, bytes.to_vec())),
                    MchRxEvent::RlcGap { lost_pdus, .. } => *gaps += u32::from(lost_pdus),
                    MchRxEvent::Msi { msp_start, entries, .. } => {
                        heard.push((msp_start, entries.iter().copied().collect()))
                    }
                    MchRxEvent::Malformed { .. } => *malformed += 1,
                    MchRxEvent::McchMessage { .. } => {}
                });
            }
        }
    }

    fn note_on_air(&mut self, frame: u64, subframe: u8, octets: usize) {
        let Some(position) = self.schedule.subframe_use(frame, subframe).position() else { return };
        let msp_start = self.schedule.msp_start(0, frame);
        for element in MchPdu::parse(&self.tb[..octets]).unwrap().elements() {
            if !(1..=28).contains(&element.lcid) {
                continue;
            }
            self.on_air.retain(|&(start, lcid, _)| (start, lcid) != (msp_start, element.lcid));
            self.on_air.push((msp_start, element.lcid, position.index_in_msp));
        }
    }

    /// Every stop that an MSI announced is where that MTCH ended on air.
    fn check_stops(&self) {
        for (start, entries) in &self.announced {
            for entry in entries.iter() {
                let ended = self.on_air.iter().find(|(s, lcid, _)| (s, *lcid) == (start, entry.lcid));
                assert_eq!(entry.stop_index(), ended.map(|(_, _, index)| *index), "LCID {} at {start}", entry.lcid);
            }
        }
        assert!(self.on_air.iter().all(|(start, ..)| self.announced.iter().any(|(s, _)| s == start)));
    }

    fn of(&self, lcid: u8) -> Vec<&Vec<u8>> {
        self.sdus.iter().filter(|(l, _)| *l == lcid).map(|(_, sdu)| sdu).collect()
    }
}

fn sdu(seed: usize, octets: usize) -> Vec<u8> {
    (0..octets).map(|i| (i * 7 + seed * 131 + (i >> 8) * 17) as u8).collect()
}

#[test]
fn first_block_on_air_octet_by_octet() {
    let area = area(&[1, 2, 3, 6, 7, 8], 1);
    let config = area.single_pmch(9, 32, vec![session(1)]);
    let mut tx = tx_of(&area, &config, 100, 40);
    tx.push_sdu(0, 1, &[0xaa; 3], 0).unwrap();
    let mut tb = [0; 100];
    let info = tx.next_block(0, 1, &mut tb).unwrap();
    assert_eq!(info, BlockInfo { mcs: 2.into(), octets: 40, is_signalling: true, pmch: Some(0) });
    let mcch = tx.mcch_message().to_vec();
    assert_eq!(mcch.len(), 14);
    // MSI with L 2, MCCH with L 15, MTCH with L 4, padding; then LCID 1 stop 0, RLC 0, message, RLC 0, SDU.
    let mut expect = vec![0x3e, 2, 0x20, 15, 0x21, 4, 0x1f, 0x08, 0x00, 0x00];
    expect.extend(&mcch);
    expect.extend([0x00, 0xaa, 0xaa, 0xaa]);
    expect.resize(40, 0);
    assert_eq!(&tb[..40], expect);
    assert_eq!(tx.next_block(0, 2, &mut tb), None, "nothing is sent after the last stop");
}

#[test]
fn sdus_wait_for_the_period_that_begins_at_or_after_their_due_frame() {
    let area = area(&[1, 2], 1);
    let config = area.single_pmch(9, 8, vec![session(1)]);
    let mut run = Run::new(&area, &config, 100, 60);
    run.tx.push_sdu(0, 1, &sdu(0, 50), 9).unwrap();
    run.frames(0..16, || false);
    assert!(run.sdus.is_empty());
    run.frames(16..17, || false);
    assert_eq!(run.sdus, [(1, sdu(0, 50))]);
    run.check_stops();
}

#[test]
fn what_cannot_be_queued_is_refused_and_nothing_else_is_touched() {
    let area = area(&[1, 2], 1);
    let mut tx = tx_of(&area, &area.single_pmch(9, 8, vec![session(1)]), 100, 60);
    tx.set_queue_limit(150);
    assert_eq!(tx.push_sdu(0, 2, &[1], 0), Err(PushError::UnknownMtch { pmch: 0, lcid: 2 }));
    assert_eq!(tx.push_sdu(0, 1, &[], 0), Err(PushError::Length(0)));
    assert_eq!(tx.push_sdu(0, 1, &[0; 65_536], 0), Err(PushError::Length(65_536)));
    tx.push_sdu(0, 1, &[0; 100], 0).unwrap();
    assert_eq!(tx.push_sdu(0, 1, &[0; 51], 0), Err(PushError::Full { backlog_octets: 100, limit_octets: 150 }));
    assert_eq!(tx.backlog_octets(), 100);
}

#[test]
fn configurations_that_cannot_be_sent_are_refused() {
    let area = area(&[1, 2], 1);
    let new = |config: &MbsfnAreaConfiguration, signalling| try_tx_of(&area, config, 100, signalling).map(drop);
    let good = area.single_pmch(9, 8, vec![session(1)]);
    // MSI 2 + 2, MCCH 2 + 1 + 14.
    assert_eq!(new(&good, 20), Err(MchTxError::SignallingTooLong { needed: 21, available: 20 }));
    assert_eq!(new(&good, 21), Ok(()));
    let twice = area.single_pmch(9, 8, vec![session(1), session(1)]);
    assert_eq!(new(&twice, 60), Err(MchTxError::Lcid { pmch: 0, lcid: 1 }));
    // Two subframes in each of 64 radio frames: the last is 127.
    let mut longer = good;
    longer.pmch[0].sf_alloc_end = 128;
    let error = MchTxError::SfAllocEnd { pmch: 0, sf_alloc_end: 128, first: 0, subframes: 128 };
    assert_eq!(new(&longer, 60), Err(error));
}

#[test]
fn an_overload_is_shared_fairly_and_the_rest_follows() {
    let area = area(&[1, 2, 3, 6, 7, 8], 1);
    let config = area.single_pmch(9, 8, vec![session(1), session(2)]);
    let mut run = Run::new(&area, &config, 200, 100);
    // 48 blocks of 200 octets a period: 9.6 kB; LCID 1 has twice that.
    for i in 0..40 {
        run.tx.push_sdu(0, 1, &sdu(i, 500), 0).unwrap_or_default();
    }
    let sent = run.tx.backlog_octets() / 500;
    run.tx.set_queue_limit(1 << 20);
    run.tx.push_sdu(0, 2, &sdu(99, 3000), 0).unwrap();
    run.frames(0..8, || false);
    assert_eq!(run.of(2), [&sdu(99, 3000)], "the small one is not starved");
    assert!(!run.of(1).is_empty() && run.of(1).len() < sent);
    run.frames(8..32, || false);
    let expect: Vec<_> = (0..sent).map(|i| sdu(i, 500)).collect();
    assert_eq!(run.of(1), expect.iter().collect::<Vec<_>>());
    run.check_stops();
}

#[test]
fn a_receiver_wants_only_what_the_msi_says() {
    let area = area(&[1, 2, 3, 6, 7, 8], 1);
    let config = area.single_pmch(9, 8, vec![session(1)]);
    let mut run = Run::new(&area, &config, 200, 100);
    run.tx.push_sdu(0, 1, &sdu(0, 700), 0).unwrap();
    run.frames(0..8, || false);
    // MCCH + MSI + 4 blocks with data: 60 + 199 + 199 + 199 + the rest.
    assert_eq!(run.sdus.len(), 1);
    assert_eq!(run.wanted, 1 + usize::from(run.announced[0].1[0].stop));
    assert_eq!(run.announced, run.heard);
    // With the MSI lost, everything of that period.
    run.wanted = 0;
    run.tx.push_sdu(0, 1, &sdu(1, 700), 0).unwrap();
    let mut first = true;
    run.frames(8..16, || std::mem::take(&mut first));
    assert_eq!(run.wanted, 48);
}

#[test]
fn losing_exactly_32_pdus_is_noticed() {
    let area = area(&[1, 2, 3, 6, 7, 8], 1);
    let config = area.single_pmch(9, 8, vec![session(1)]);
    let mut run = Run::new(&area, &config, 200, 100);
    run.tx.push_sdu(0, 1, &sdu(0, 8000), 0).unwrap();
    let mut block = 0;
    run.frames(0..8, || {
        block += 1;
        (5..37).contains(&block)
    });
    assert!(run.sdus.is_empty(), "an SDU with a hole of 32 PDUs is not delivered");
    assert_eq!(run.gaps, 32);
}

#[test]
fn a_lost_msi_costs_only_what_was_in_its_block() {
    let area = area(&[1, 2, 3, 6, 7, 8], 1);
    let config = area.single_pmch(9, 8, vec![session(1), session(2)]);
    let mut run = Run::new(&area, &config, 200, 100);
    // LCID 1 fills the first block of the second period, LCID 2 goes on through three periods.
    run.tx.set_queue_limit(1 << 20);
    run.tx.push_sdu(0, 1, &sdu(1, 150), 8).unwrap();
    run.tx.push_sdu(0, 2, &sdu(2, 25_000), 0).unwrap();
    run.frames(0..8, || false);
    let mut first = true;
    run.frames(8..32, || std::mem::take(&mut first));
    assert_eq!((run.of(1).len(), run.of(2).len(), run.heard.len()), (0, 1, run.announced.len() - 1));
    assert_eq!(run.gaps, 0, "no number was heard of LCID 1 before");
}

#[test]
fn a_pause_of_whole_periods_puts_nothing_together() {
    let area = area(&[1, 2, 3, 6, 7, 8], 1);
    let config = area.single_pmch(9, 8, vec![session(1)]);
    let mut run = Run::new(&area, &config, 200, 100);
    run.tx.set_queue_limit(1 << 20);
    run.tx.push_sdu(0, 1, &sdu(1, 60_000), 0).unwrap();
    run.tx.push_sdu(0, 1, &sdu(2, 500), 0).unwrap();
    run.frames(0..8, || false);
    for frame in 8..24 {
        (0..10).for_each(|subframe| _ = run.tx.next_block(frame, subframe, &mut run.tb));
    }
    run.frames(24..80, || false);
    assert_eq!(run.of(1), [&sdu(2, 500)]);
}

#[test]
fn a_new_mcch_keeps_running_sessions_and_drops_ended_ones() {
    let area = area(&[1, 2], 1);
    let mut rx = MchRx::new(&area.info).unwrap();
    let block = |sessions: Vec<SessionInfo>| {
        let mut tb = vec![0; 100];
        let mut tx = tx_of(&area, &area.single_pmch(9, 8, sessions), 100, 100);
        tx.next_block(0, 1, &mut tb).unwrap();
        tb
    };
    let mut changes = Vec::new();
    for (frame, sessions) in [(0, vec![session(1)]), (32, vec![session(1)]), (64, vec![session(1), session(2)])] {
        rx.push_block(frame, 1, Some(&block(sessions)), &mut |event| {
            if let MchRxEvent::McchMessage { changed, config, .. } = event {
                changes.push((changed, config.pmch[0].sessions.len()));
            }
        });
    }
    assert_eq!(changes, [(true, 1), (false, 1), (true, 2)]);
}

/// One MTCH, or several.
#[derive(Debug, Clone)]
struct Load {
    subframes: Vec<u8>,
    mcch_subframe: u8,
    mcch_offset_rf: u8,
    data_octets: usize,
    period_rf: u16,
    /// LCID, octets, due frame.
    sdus: Vec<(u8, usize, u64)>,
}

fn load() -> impl Strategy<Value = Load> {
    let subframes = prop::sample::subsequence(vec![1u8, 2, 3, 6, 7, 8], 1..=6);
    let octets = prop_oneof![1usize..60, 100usize..1500, 1500usize..5000];
    // The first MCCH is in frame 10 at the latest: what is due later finds the receiver ready.
    let sdus = prop::collection::vec((1u8..=3, octets, 11u64..300), 0..60);
    let period = prop::sample::select(vec![8u16, 16, 32, 64, 128]);
    (subframes, any::<prop::sample::Index>(), 0u8..=10, 60usize..3000, period, sdus).prop_map(
        |(subframes, mcch, mcch_offset_rf, data_octets, period_rf, mut sdus)| {
            sdus.sort_by_key(|&(_, _, due)| due);
            let mcch_subframe = subframes[mcch.index(subframes.len())];
            Load { subframes, mcch_subframe, mcch_offset_rf, data_octets, period_rf, sdus }
        },
    )
}

fn run_of(load: &Load) -> (Run, Vec<(u8, Vec<u8>)>) {
    let mut area = area(&load.subframes, load.mcch_subframe);
    area.info.mcch.offset_rf = load.mcch_offset_rf;
    let config = area.single_pmch(9, load.period_rf, (1..=3).map(session).collect());
    let mut run = Run::new(&area, &config, load.data_octets, 90);
    run.tx.set_queue_limit(1 << 20);
    let mut pushed = Vec::new();
    for (i, &(lcid, octets, due)) in load.sdus.iter().enumerate() {
        let sdu = sdu(i, octets);
        run.tx.push_sdu(0, lcid, &sdu, due).unwrap();
        pushed.push((lcid, sdu));
    }
    (run, pushed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn without_losses_everything_arrives_in_order_and_stops_are_true(load in load()) {
        let (mut run, pushed) = run_of(&load);
        let mut frame = 0;
        while run.tx.backlog_octets() > 0 && frame < 60_000 {
            run.frames(frame..frame + 64, || false);
            frame += 64;
        }
        run.check_stops();
        // The MSI of the first period can come before the MCCH.
        let known = run.announced.len() - run.heard.len();
        prop_assert!(known <= 2);
        prop_assert_eq!(&run.announced[known..], &run.heard);
        for lcid in 1..=3 {
            let expect: Vec<_> = pushed.iter().filter(|(l, _)| *l == lcid).map(|(_, sdu)| sdu).collect();
            prop_assert_eq!(run.of(lcid), expect);
        }
        prop_assert_eq!((run.gaps, run.malformed), (0, 0));
    }

    #[test]
    fn with_losses_only_whole_and_true_sdus_arrive(
        load in load(),
        losses in prop::collection::vec(prop::bool::weighted(0.15), 50..400),
    ) {
        let (mut run, pushed) = run_of(&load);
        let mut losses = losses.into_iter().cycle();
        let mut lost = 0;
        run.frames(0..512, || {
            let lose = losses.next().unwrap_or_default();
            lost += usize::from(lose);
            lose
        });
        run.check_stops();
        for lcid in 1..=3 {
            let mut sent = pushed.iter().filter(|(l, _)| *l == lcid).map(|(_, sdu)| sdu);
            for sdu in run.of(lcid) {
                prop_assert!(sent.any(|s| s == sdu), "an SDU that was not sent, or out of order");
            }
        }
        prop_assert!(run.gaps == 0 || lost > 0);
        prop_assert_eq!(run.malformed, 0);
    }

    #[test]
    fn arbitrary_blocks_never_panic(
        blocks in prop::collection::vec((0u64..70, 0u8..10, prop::option::of(prop::collection::vec(any::<u8>(), 0..80))), 0..200),
        begin_well in any::<bool>(),
    ) {
        let area = area(&[1, 2, 3, 6, 7, 8], 1);
        let config = area.single_pmch(9, 8, (1..=3).map(session).collect());
        let mut rx = MchRx::new(&area.info).unwrap();
        let mut tx = tx_of(&area, &config, 100, 100);
        let mut tb = [0; 100];
        if begin_well && tx.next_block(0, 1, &mut tb).is_some() {
            rx.push_block(0, 1, Some(&tb), &mut |_| {});
        }
        for (frame, subframe, tb) in blocks {
            rx.wants(frame, subframe);
            rx.push_block(frame, subframe, tb.as_deref(), &mut |event| {
                if let MchRxEvent::Sdu { bytes, .. } = event {
                    assert!(!bytes.is_empty());
                }
            });
        }
    }
}

#[test]
fn msi_is_the_first_element_and_names_every_session() {
    let area = area(&[1, 2], 2);
    let config = area.single_pmch(9, 8, vec![session(7), session(3)]);
    let mut tx = tx_of(&area, &config, 100, 60);
    let mut tb = [0; 100];
    let info = tx.next_block(8, 1, &mut tb).unwrap();
    let first = MchPdu::parse(&tb[..info.octets]).unwrap().elements().next().unwrap();
    assert_eq!(first.lcid, LCID_MSI);
    assert_eq!(*Msi::parse(first.octets), [MsiEntry { lcid: 3, stop: 2047 }, MsiEntry { lcid: 7, stop: 2047 }]);
}
