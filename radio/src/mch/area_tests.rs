//! Whole areas: several (P)MCHs, MCCH in several subframes, content that changes; what other systems get wrong.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::rrc::{
    MbsfnAreaConfiguration, MbsfnAreaInfo, MbsfnSubframeConfig, McchConfig, PmchInfo, SessionInfo, SubframeAllocation,
    SubframeSet, Tmgi,
};
use crate::tbs::Mcs;

/// Octets of blocks at the signalling MCS (2) and at all others.
const SIGNALLING: usize = 70;
const DATA: usize = 150;

fn octets(mcs: Mcs) -> usize {
    if mcs.index == 2 { SIGNALLING } else { DATA }
}

fn info(mcch_subframes: &[u8], offset_rf: u8, repetition_period_rf: u16) -> MbsfnAreaInfo {
    MbsfnAreaInfo {
        n_id_mbsfn: 1,
        non_mbsfn_region: 2,
        notification_indicator: 0,
        mcch: McchConfig {
            repetition_period_rf,
            offset_rf,
            modification_period_rf: 512,
            subframes: SubframeSet::new(mcch_subframes).unwrap(),
            signalling_mcs: 2,
        },
    }
}

fn session(service: u8, lcid: u8) -> SessionInfo {
    SessionInfo { tmgi: Tmgi::from([0, 0, service, 0x62, 0xf2, 0x10]), session_id: None, lcid }
}

fn pmch(sf_alloc_end: u16, mch_scheduling_period_rf: u16, sessions: Vec<SessionInfo>) -> PmchInfo {
    PmchInfo { sf_alloc_end, data_mcs: 9.into(), mch_scheduling_period_rf, sessions }
}

fn one_frame(period: u16, offset: u8, bits: u8) -> MbsfnSubframeConfig {
    MbsfnSubframeConfig {
        radioframe_allocation_period_rf: period,
        radioframe_allocation_offset_rf: offset,
        subframes: SubframeAllocation::OneFrame(bits),
    }
}

fn configuration(common: Vec<MbsfnSubframeConfig>, period: u16, pmch: Vec<PmchInfo>) -> MbsfnAreaConfiguration {
    MbsfnAreaConfiguration { common_sf_alloc: common, common_sf_alloc_period_rf: period, pmch }
}

/// SDUs by (P)MCH and LCID.
type Sdus = BTreeMap<(usize, u8), Vec<Vec<u8>>>;

/// Sender and receiver of an area; a lost block reaches the receiver without its octets.
struct Run {
    tx: MchTx,
    rx: MchRx,
    tb: Vec<u8>,
    sdus: Sdus,
    /// (P)MCH, LCID, expected and received sequence number, PDUs lost.
    gaps: Vec<(usize, u8, u8, u8, u8)>,
    /// Frame, changed, notified.
    mcch: Vec<(u64, bool, bool)>,
    /// Blocks sent with an MCCH or without that the receiver did not want.
    unwanted: usize,
    /// Announced blocks that were not sent.
    missing: usize,
}

impl Run {
    fn new(info: &MbsfnAreaInfo, configuration: &MbsfnAreaConfiguration) -> Self {
        Self {
            tx: MchTx::new(info, configuration, &octets).unwrap(),
            rx: MchRx::new(info).unwrap(),
            tb: vec![0; DATA],
            sdus: Sdus::new(),
            gaps: Vec::new(),
            mcch: Vec::new(),
            unwanted: 0,
            missing: 0,
        }
    }

    fn frames(&mut self, frames: std::ops::Range<u64>, mut lost: impl FnMut(u64, u8) -> bool) {
        for (frame, subframe) in frames.flat_map(|frame| (0..10).map(move |subframe| (frame, subframe))) {
            let block = self.tx.next_block(frame, subframe, &mut self.tb);
            let Some(wanted) = self.rx.wants(frame, subframe) else {
                self.unwanted += usize::from(block.is_some());
                continue;
            };
            self.missing += usize::from(block.is_none() && wanted.is_announced);
            // Blocks of another format than the receiver takes them to be in do not decode.
            let heard = block.filter(|b| (b.mcs, b.is_signalling) == (wanted.mcs, wanted.is_signalling));
            let heard = heard.filter(|_| !lost(frame, subframe));
            let tb = heard.map(|block| &self.tb[..block.octets]);
            let Self { rx, sdus, gaps, mcch, .. } = self;
            rx.push_block(frame, subframe, tb, &mut |event| match event {
                MchRxEvent::Sdu { pmch, lcid, bytes } => sdus.entry((pmch, lcid)).or_default().push(bytes.to_vec()),
                MchRxEvent::RlcGap { pmch, lcid, expected_sn, received_sn, lost_pdus } => {
                    gaps.push((pmch, lcid, expected_sn, received_sn, lost_pdus));
                }
                MchRxEvent::McchMessage { changed, notified, .. } => mcch.push((frame, changed, notified)),
                MchRxEvent::Msi { .. } => {}
                MchRxEvent::Malformed { what } => panic!("{what}"),
            });
        }
    }

    fn push(&mut self, pmch: usize, lcid: u8, sdu: &[u8], due: u64) {
        self.tx.push_sdu(pmch, lcid, sdu, due).unwrap();
    }
}

fn sdu(seed: usize, octets: usize) -> Vec<u8> {
    (0..octets).map(|i| (i * 7 + seed * 131 + (i >> 8) * 17) as u8).collect()
}

/// TS 36.331 clause 6.3.7, PMCH-Config: the first (P)MCH begins with subframe 0 of the common allocation, each next one
/// after `sf-AllocEnd` of the one before. Here frames 1 of 2 have subframes 1 and 6, and frames 4 to 7 of 8 by four frames
/// the subframes 2; 3, 8; none; 7: eleven in eight frames.
#[test]
fn four_pmchs_share_two_patterns_as_worked_out_by_hand() {
    let four = MbsfnSubframeConfig {
        radioframe_allocation_period_rf: 8,
        radioframe_allocation_offset_rf: 4,
        subframes: SubframeAllocation::FourFrames(0b010000_001001_000000_000010),
    };
    let ends = [0, 4, 9, 21].map(|end| pmch(end, 8, vec![session(1, 1)]));
    let mut config = configuration(vec![one_frame(2, 1, 0b10_0100), four], 16, ends.to_vec());
    config.pmch[3].mch_scheduling_period_rf = 32;
    let schedule = MchSchedule::new(&info(&[1], 1, 32), Some(&config));
    let mut places = Vec::new();
    for (frame, subframe) in (0..16u64).flat_map(|frame| (0..10u8).map(move |subframe| (frame, subframe))) {
        if let Some(position) = schedule.subframe_use(frame, subframe).position() {
            places.push((frame, subframe, position.pmch, position.index_in_msp));
        }
    }
    // One period of the first three is eight frames, so their places begin anew in frame 8; the fourth has 32 frames.
    let expect = [
        (1, 1, 0, 0),
        (1, 6, 1, 0),
        (3, 1, 1, 1),
        (3, 6, 1, 2),
        (4, 2, 1, 3),
        (5, 1, 2, 0),
        (5, 3, 2, 1),
        (5, 6, 2, 2),
        (5, 8, 2, 3),
        (7, 1, 2, 4),
        (7, 6, 3, 0),
        (7, 7, 3, 1),
        (9, 1, 3, 2),
        (9, 6, 3, 3),
        (11, 1, 3, 4),
        (11, 6, 3, 5),
        (12, 2, 3, 6),
        (13, 1, 3, 7),
        (13, 3, 3, 8),
        (13, 6, 3, 9),
        (13, 8, 3, 10),
        (15, 1, 3, 11),
    ];
    assert_eq!(places, expect);
    // 24 places, 22 given away: what is left has no owner.
    assert_eq!(schedule.subframe_use(15, 6), SubframeUse::Unused);
    assert_eq!(schedule.subframe_use(16 + 7, 6), SubframeUse::Pmch(PmchPosition { pmch: 3, index_in_msp: 12 }));
    assert!(matches!(schedule.subframe_use(1, 1), SubframeUse::Mcch { owner: Some(_) }));
}

/// A repetition period of 256 radio frames does not fit eight bits.
#[test]
fn mcch_comes_every_256_frames() {
    let info = info(&[1], 3, 256);
    let config = MbsfnAreaConfiguration::single_pmch(SubframeSet::new(&[1, 2]).unwrap(), 9, 8, vec![session(1, 1)]);
    let mut run = Run::new(&info, &config);
    run.frames(0..1024, |_, _| false);
    assert_eq!(run.mcch.iter().map(|(frame, ..)| *frame).collect::<Vec<_>>(), [3, 259, 515, 771]);
    assert_eq!((run.unwanted, run.missing), (1, 0), "one period begins before the first MCCH");
}

/// One transmitter says 384 where the last subframe of 64 frames is 383, another 624: the same blocks.
#[test]
fn a_last_subframe_behind_the_end_is_not_sent_and_is_received() {
    let config = MbsfnAreaConfiguration::single_pmch(SubframeSet::from_bits(0x3f), 9, 64, vec![session(1, 1)]);
    let right = MchSchedule::new(&info(&[1], 0, 64), Some(&config));
    for sf_alloc_end in [384, 624] {
        let mut config = config.clone();
        config.pmch[0].sf_alloc_end = sf_alloc_end;
        let error = MchTx::new(&info(&[1], 0, 64), &config, &octets).unwrap_err();
        assert_eq!(error, MchTxError::SfAllocEnd { pmch: 0, sf_alloc_end, first: 0, subframes: 384 });
        let schedule = MchSchedule::new(&info(&[1], 0, 64), Some(&config));
        let of = |schedule: &MchSchedule| schedule.subframes_of_msp(0, 64).collect::<Vec<_>>();
        assert_eq!(of(&schedule), of(&right));
    }
}

/// Two (P)MCHs with the same LCID and other stops, each MSI with several entries of which a later one stops later.
#[test]
fn stops_are_kept_by_pmch_and_lcid_and_every_entry_counts() {
    let sessions = |service| (1..=3).map(|lcid| session(service + lcid, lcid)).collect::<Vec<_>>();
    let config =
        configuration(vec![one_frame(1, 0, 0x3f)], 8, vec![pmch(23, 8, sessions(0)), pmch(47, 8, sessions(10))]);
    let mut run = Run::new(&info(&[1], 0, 32), &config);
    let mut sent = Sdus::new();
    for (i, (pmch, lcid, octets)) in
        [(0, 1, 900), (1, 1, 100), (0, 2, 0), (1, 2, 700), (0, 3, 500), (1, 3, 1900)].into_iter().enumerate()
    {
        if octets > 0 {
            run.push(pmch, lcid, &sdu(i, octets), 8);
            sent.entry((pmch, lcid)).or_default().push(sdu(i, octets));
        }
    }
    run.frames(0..17, |_, _| false);
    assert_eq!(run.sdus, sent);
    assert_eq!((run.unwanted, run.missing), (0, 0));
}

/// Losses are named by MCH and RLC sequence number.
#[test]
fn a_lost_block_is_named_by_pmch_and_sequence_number() {
    let config = configuration(
        vec![one_frame(1, 0, 0x3f)],
        8,
        vec![pmch(23, 8, vec![session(1, 1)]), pmch(47, 8, vec![session(2, 1)])],
    );
    let mut run = Run::new(&info(&[1], 0, 32), &config);
    for pmch in 0..2 {
        run.push(pmch, 1, &sdu(pmch, 1500), 8);
    }
    // The second (P)MCH has frames 12 to 15: its first block is 12.1, with PDU 0; 12.6 and 12.7 have 3 and 4.
    run.frames(0..17, |frame, subframe| frame == 12 && [6, 7].contains(&subframe));
    assert_eq!(run.gaps, [(1, 1, 3, 5, 2)]);
    assert_eq!(run.sdus.keys().collect::<Vec<_>>(), [&(0, 1)]);
}

/// A message longer than a block goes out in parts, as often as `sf-AllocInfo` has room for.
#[test]
fn a_long_mcch_is_spread_over_its_subframes() {
    let sessions = (1..=14).map(|lcid| session(lcid, lcid)).collect();
    let config = MbsfnAreaConfiguration::single_pmch(SubframeSet::new(&[6]).unwrap(), 9, 8, sessions);
    let message = config.encode().unwrap().len();
    assert!(message > SIGNALLING && message < 3 * (SIGNALLING - 3), "{message}");
    let error = MchTx::new(&info(&[1], 0, 32), &config, &octets).unwrap_err();
    assert!(matches!(error, MchTxError::SignallingTooLong { available: SIGNALLING, .. }), "{error}");
    for (subframes, heard) in [(&[1, 2, 3][..], 1), (&[1, 2, 3, 6, 7, 8], 3)] {
        let mut run = Run::new(&info(subframes, 2, 32), &config);
        run.frames(0..40, |_, _| false);
        assert_eq!(run.mcch.len(), 2 * heard, "{subframes:?}");
        // A copy with a hole is none.
        let mut run = Run::new(&info(subframes, 2, 32), &config);
        run.frames(0..40, |frame, subframe| frame == 2 && subframe == 2);
        assert_eq!(run.mcch.len(), 2 * heard - 1, "{subframes:?}");
        run.push(0, 14, &sdu(1, 300), 40);
        run.frames(40..64, |_, _| false);
        assert_eq!(run.sdus[&(0, 14)], [sdu(1, 300)]);
    }
}

/// TS 36.331 clause 5.8.1.3: what is new holds from the boundary; sessions that go on lose and repeat nothing.
#[test]
fn sessions_start_move_and_stop_at_the_boundary_without_loss() {
    let info = info(&[6], 5, 32);
    let both = |second: Vec<SessionInfo>| vec![pmch(23, 8, vec![session(1, 1), session(2, 2)]), pmch(47, 8, second)];
    let before = configuration(vec![one_frame(1, 0, 0x3f)], 8, both(vec![session(3, 1)]));
    // Service 2 moves to the second (P)MCH, service 3 ends, service 4 takes its LCID.
    let after = configuration(
        vec![one_frame(1, 0, 0x3f)],
        8,
        vec![pmch(23, 8, vec![session(1, 1)]), pmch(47, 8, vec![session(4, 1), session(2, 7)])],
    );
    let mut run = Run::new(&info, &before);
    run.frames(0..40, |_, _| false);
    run.tx.change(&after, &octets, 512).unwrap();
    assert_eq!(run.tx.next_change(), Some(512));
    let mut sent = Sdus::new();
    for i in 0..60u64 {
        let due = 496 + i;
        for (pmch, lcid, from) in [(0, 1, 0), (1, 1, 512)] {
            if due >= from {
                run.push(pmch, lcid, &sdu(i as usize, 90), due);
                sent.entry((pmch, lcid)).or_default().push(sdu(i as usize, 90));
            }
        }
    }
    // More than is through before the boundary, on the old place; some for the new place are queued already.
    for i in 0..30 {
        run.push(0, 2, &sdu(100 + i, 400), 496);
    }
    run.push(1, 7, &sdu(200, 400), 512);
    assert_eq!(run.tx.push_sdu(0, 2, &[1], 512), Err(PushError::UnknownMtch { pmch: 0, lcid: 2 }));
    run.push(1, 1, &sdu(300, 50), 500);
    run.rx.expect_change(300);
    run.frames(40..640, |_, _| false);
    let moved: Vec<_> = run.sdus.remove(&(0, 2)).into_iter().chain(run.sdus.remove(&(1, 7))).flatten().collect();
    assert_eq!(moved, (0..30).map(|i| sdu(100 + i, 400)).chain([sdu(200, 400)]).collect::<Vec<_>>());
    // Service 3's last SDU came on the LCID that service 4 has now.
    sent.get_mut(&(1, 1)).unwrap().insert(0, sdu(300, 50));
    assert_eq!(run.sdus, sent);
    assert!(run.gaps.is_empty(), "{:?}", run.gaps);
    let changes: Vec<_> = run.mcch.iter().filter(|(_, changed, _)| *changed).collect();
    assert_eq!(changes, [&(5, true, false), &(517, true, true)]);
}

/// An area with everything at random.
#[derive(Clone, Debug)]
struct Setup {
    info: MbsfnAreaInfo,
    config: MbsfnAreaConfiguration,
    /// (P)MCH, LCID, octets, due frame.
    sdus: Vec<(usize, u8, usize, u64)>,
}

fn setup() -> impl Strategy<Value = Setup> {
    let pattern = prop_oneof![
        (0usize..6, 0u8..8, 1u8..64).prop_map(|(period, offset, bits)| {
            let period = 1 << period;
            one_frame(period, offset % period.min(8) as u8, bits)
        }),
        (2usize..6, 0u8..8, 1u32..1 << 24).prop_map(|(period, offset, bits)| {
            let period = 1 << period;
            MbsfnSubframeConfig {
                radioframe_allocation_period_rf: period,
                radioframe_allocation_offset_rf: offset % period.min(8) as u8,
                subframes: SubframeAllocation::FourFrames(bits),
            }
        }),
    ];
    let patterns = prop::collection::vec(pattern, 1..4);
    let mcch = (prop::sample::subsequence(vec![1u8, 2, 3, 6, 7, 8], 3..=6), 0u8..=10, 0u32..4);
    let pmchs = prop::collection::vec((1u16..30, 0u32..5, 1u8..4), 1..5);
    let octets = prop_oneof![1usize..60, 100usize..1500];
    let sdus = prop::collection::vec((any::<prop::sample::Index>(), 1u8..4, octets, 300u64..600), 0..60);
    (patterns, 0u32..4, mcch, pmchs, sdus).prop_filter_map(
        "no subframe in the first common allocation period",
        |(patterns, common, (mcch_subframes, offset, repetition), pmchs, sdus)| {
            let info = info(&mcch_subframes, offset, 32 << repetition);
            let mut config = configuration(patterns, 32 << common.min(3), Vec::new());
            let subframes = MchSchedule::new(&info, Some(&config)).subframes_of_common_period();
            let mut next = 0;
            for (share, period, sessions) in pmchs {
                let end = (next + share).min(subframes as u16);
                if end == next {
                    break;
                }
                let service = 10 * config.pmch.len() as u8;
                let sessions = (1..=sessions).map(|lcid| session(service + lcid, lcid)).collect();
                config.pmch.push(pmch(end - 1, 8 << period, sessions));
                next = end;
            }
            let count = config.pmch.len();
            let mut placed = Vec::new();
            for (at, lcid, octets, due) in sdus {
                let pmch = at.index(count.max(1));
                if config.pmch.get(pmch).is_some_and(|p| usize::from(lcid) <= p.sessions.len()) {
                    placed.push((pmch, lcid, octets, due));
                }
            }
            placed.sort_by_key(|&(.., due)| due);
            (count > 0).then_some(Setup { info, config, sdus: placed })
        },
    )
}

fn start(setup: &Setup) -> (Run, Sdus) {
    let mut run = Run::new(&setup.info, &setup.config);
    run.tx.set_queue_limit(1 << 20);
    let mut sent = Sdus::new();
    for (i, &(pmch, lcid, octets, due)) in setup.sdus.iter().enumerate() {
        run.push(pmch, lcid, &sdu(i, octets), due);
        sent.entry((pmch, lcid)).or_default().push(sdu(i, octets));
    }
    (run, sent)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_area_delivers_everything_once_and_in_order(setup in setup()) {
        let (mut run, sent) = start(&setup);
        let (mut frame, mut left) = (640, usize::MAX);
        run.frames(0..frame, |_, _| false);
        // A (P)MCH whose only subframe is one of the MCCH may have no room for anything else.
        while run.tx.backlog_octets() > 0 && run.tx.backlog_octets() < left {
            left = run.tx.backlog_octets();
            run.frames(frame..frame + 256, |_, _| false);
            frame += 256;
        }
        for (place, sent) in &sent {
            let got = run.sdus.get(place).map_or(&[][..], Vec::as_slice);
            prop_assert!(sent.starts_with(got), "not sent, twice or out of order");
            prop_assert!(got.len() == sent.len() || run.tx.backlog_octets_of(place.0, place.1) > 0);
        }
        prop_assert!(run.gaps.is_empty());
        prop_assert!(run.mcch.iter().filter(|(_, changed, _)| *changed).count() <= 1);
        // What is announced is sent; what is sent after the first MCCH is wanted.
        prop_assert_eq!(run.missing, 0);
    }

    #[test]
    fn losses_cost_what_was_in_them_and_are_named(
        setup in setup(),
        losses in prop::collection::vec(prop::bool::weighted(0.1), 50..400),
    ) {
        let (mut run, sent) = start(&setup);
        let mut losses = losses.into_iter().cycle();
        let mut lost = 0;
        run.frames(0..1200, |frame, _| {
            let lose = frame > 300 && losses.next().unwrap_or_default();
            lost += usize::from(lose);
            lose
        });
        for (place, got) in &run.sdus {
            let mut of_place = sent[place].iter();
            prop_assert!(got.iter().all(|sdu| of_place.any(|s| s == sdu)), "not sent, twice or out of order");
        }
        for &(pmch, lcid, expected, received, count) in &run.gaps {
            prop_assert!(sent.contains_key(&(pmch, lcid)));
            prop_assert!(count == 32 || (received + 32 - expected) % 32 == count);
        }
        prop_assert!(run.gaps.is_empty() || lost > 0);
    }
}
