//! Round trips, damage, arbitrary octets. Values against another program: `radio/tests/rrc_tshark.rs`.

use proptest::prelude::*;

use super::super::MasterInformationBlock;
use super::super::mbsfn_area::{MbsfnAreaInfo, McchConfig, NotificationConfig, SubframeSet};
use super::super::mbsfn_subframe_config::{ALLOCATION_PERIOD_RF, MbsfnSubframeConfig, SubframeAllocation};
use super::super::sib1::SchedulingInfo;
use super::super::sib15::MbmsSaiInterFreq;
use super::*;
use crate::cell::{NRbDl, PhichConfig, PhichDuration, PhichResource};

fn plmn() -> impl Strategy<Value = [u8; 3]> {
    let digit = || 0..10u8;
    let digits = [digit(), digit(), digit(), digit(), digit()];
    (digits, prop_oneof![digit(), Just(0xf)]).prop_map(|([a, b, c, d, e], f)| [b << 4 | a, f << 4 | c, e << 4 | d])
}

fn sib1() -> impl Strategy<Value = SystemInformationBlockType1> {
    let sib = prop_oneof![3..=21u8, 24..=26u8];
    let info = (3..10u32, prop::collection::vec(sib, 0..=31))
        .prop_map(|(period, sibs)| SchedulingInfo { si_periodicity_rf: 1 << period, sibs });
    (
        prop::collection::vec(plmn(), 1..=6),
        (any::<u16>(), 0..1u32 << 28, any::<bool>()),
        (-70..=-22i16, 1..=64u8, 0..=31u8),
        prop::collection::vec(info, 1..=2),
        prop::sample::select(vec![1, 2, 5, 10, 15, 20, 40]),
    )
        .prop_map(|(plmns, (tac, cell_identity, cell_barred), (q, band, tag), scheduling_info, window)| {
            SystemInformationBlockType1 {
                plmns,
                tracking_area_code: tac,
                cell_identity,
                cell_barred,
                q_rx_lev_min_dbm: 2 * q,
                freq_band_indicator: band,
                scheduling_info,
                si_window_length_ms: window,
                system_info_value_tag: tag,
            }
        })
}

fn pattern() -> impl Strategy<Value = MbsfnSubframeConfig> {
    let subframes = prop_oneof![
        (0..64u8).prop_map(SubframeAllocation::OneFrame),
        (0..1u32 << 24).prop_map(SubframeAllocation::FourFrames)
    ];
    (0..6usize, 0..8u8, subframes).prop_map(|(period, offset, subframes)| MbsfnSubframeConfig {
        radioframe_allocation_period_rf: ALLOCATION_PERIOD_RF[period],
        radioframe_allocation_offset_rf: offset,
        subframes,
    })
}

fn sib2() -> impl Strategy<Value = SystemInformationBlockType2> {
    (1..5u32, 5..9u32, -60..=50i8, 0..4u8, prop::collection::vec(pattern(), 0..=8)).prop_map(
        |(coeff, cycle, reference_signal_power_dbm, p_b, list)| SystemInformationBlockType2 {
            modification_period_coeff: 1 << coeff,
            default_paging_cycle_rf: 1 << cycle,
            reference_signal_power_dbm,
            p_b,
            mbsfn_subframe_config_list: list,
        },
    )
}

fn sib3() -> impl Strategy<Value = SystemInformationBlockType3> {
    let q_hyst = prop::sample::select(vec![0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24]);
    (q_hyst, 0..32u8, 0..8u8, -70..=-22i16, any::<bool>(), 0..4u8, 0..8u8).prop_map(
        |(q_hyst_db, low, cell_reselection_priority, q, presence_antenna_port1, neigh_cell_config, t)| {
            SystemInformationBlockType3 {
                q_hyst_db,
                thresh_serving_low_db: 2 * low,
                cell_reselection_priority,
                q_rx_lev_min_dbm: 2 * q,
                presence_antenna_port1,
                neigh_cell_config,
                t_reselection_eutra_s: t,
            }
        },
    )
}

fn area() -> impl Strategy<Value = MbsfnAreaInfo> {
    let mcs = prop::sample::select(vec![2, 7, 13, 19]);
    let mcch = (5..9u32, 0..=10u8, any::<bool>(), 1..64u8, mcs).prop_map(
        |(repetition, offset_rf, long, subframes, signalling_mcs)| McchConfig {
            repetition_period_rf: 1 << repetition,
            offset_rf,
            modification_period_rf: if long { 1024 } else { 512 },
            subframes: SubframeSet::from_bits(subframes),
            signalling_mcs,
        },
    );
    (any::<u8>(), 1..=2u8, 0..8u8, mcch).prop_map(|(n_id_mbsfn, non_mbsfn_region, notification_indicator, mcch)| {
        MbsfnAreaInfo { n_id_mbsfn, non_mbsfn_region, notification_indicator, mcch }
    })
}

fn sib13() -> impl Strategy<Value = SystemInformationBlockType13> {
    (prop::collection::vec(area(), 1..=8), any::<bool>(), 0..=10u8, 1..=6u8).prop_map(
        |(areas, often, offset_rf, sf_index)| SystemInformationBlockType13 {
            areas,
            notification: NotificationConfig { repetition_coeff: if often { 4 } else { 2 }, offset_rf, sf_index },
        },
    )
}

fn sib15() -> impl Strategy<Value = SystemInformationBlockType15> {
    let freq = (0..262_144u32, prop::collection::vec(any::<u16>(), 1..=64))
        .prop_map(|(dl_carrier_freq, sais)| MbmsSaiInterFreq { dl_carrier_freq, sais });
    (prop::collection::vec(any::<u16>(), 0..=64), prop::collection::vec(freq, 0..=8))
        .prop_map(|(intra_freq_sais, inter_freq)| SystemInformationBlockType15 { intra_freq_sais, inter_freq })
}

/// A block of a release that is not known here, and those of SIB12, 14, 16 and on, whatever is in them.
fn addition() -> impl Strategy<Value = SystemInformationBlock> {
    let index = (0..64u8).prop_filter("not looked into", |index| ![1, 3].contains(index));
    (index, prop::collection::vec(any::<u8>(), 1..300)).prop_map(|(index, octets)| {
        SystemInformationBlock::Other(OtherSystemInformationBlock {
            number: ADDITIONS.get(usize::from(index)).copied(),
            alternative: index + 10,
            octets,
        })
    })
}

fn message() -> impl Strategy<Value = BcchDlSchMessage> {
    let sib = prop_oneof![
        sib2().prop_map(SystemInformationBlock::Type2),
        sib3().prop_map(SystemInformationBlock::Type3),
        sib13().prop_map(SystemInformationBlock::Type13),
        sib15().prop_map(SystemInformationBlock::Type15),
        addition(),
    ];
    prop_oneof![
        sib1().prop_map(BcchDlSchMessage::SystemInformationBlockType1),
        prop::collection::vec(sib, 1..=6)
            .prop_map(|sibs| BcchDlSchMessage::SystemInformation(SystemInformation { sibs })),
    ]
}

/// Fuzz body: any octets decode or are refused; what decodes and can be said again means the same.
fn decode_survives(octets: &[u8]) {
    let Ok(message) = BcchDlSchMessage::decode(octets) else { return };
    if let Ok(octets) = message.encode() {
        assert_eq!(BcchDlSchMessage::decode(&octets).unwrap(), message);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_message_survives_the_codec_and_padding(message in message(), padding in 0..40usize) {
        // SIB1 whose windows do not fit is refused.
        let Ok(mut octets) = message.encode() else {
            prop_assert!(matches!(message, BcchDlSchMessage::SystemInformationBlockType1(_)));
            return Ok(());
        };
        octets.resize(octets.len() + padding, 0);
        prop_assert_eq!(BcchDlSchMessage::decode(&octets).unwrap(), message);
    }

    #[test]
    fn a_damaged_message_is_refused_or_read(message in message(), at in any::<prop::sample::Index>(), xor in 1u8..) {
        let Ok(mut octets) = message.encode() else { return Ok(()) };
        let at = at.index(octets.len());
        octets[at] ^= xor;
        decode_survives(&octets);
        decode_survives(&octets[..at]);
    }

    #[test]
    fn any_mib_survives_the_codec(
        (n_rb_dl, sfn_msb, extended, resource, spare) in (0..6usize, any::<u8>(), any::<bool>(), 0..4usize, any::<u16>())
    ) {
        let resources = [PhichResource::OneSixth, PhichResource::Half, PhichResource::One, PhichResource::Two];
        let duration = if extended { PhichDuration::Extended } else { PhichDuration::Normal };
        let phich = PhichConfig { duration, resource: resources[resource] };
        let mib = MasterInformationBlock { n_rb_dl: NRbDl::ALL[n_rb_dl], phich, sfn_msb };
        let mut octets = mib.encode();
        prop_assert_eq!(octets[2] & 3, 0);
        // Spare bits mean something in later releases.
        octets[1] |= (spare >> 8) as u8 & 3;
        octets[2] |= spare as u8;
        prop_assert_eq!(MasterInformationBlock::decode(octets).unwrap(), mib);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn arbitrary_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..300), mib in any::<[u8; 3]>()) {
        decode_survives(&octets);
        let _ = MasterInformationBlock::decode(mib);
    }
}

#[test]
fn the_mib_of_a_live_cell() {
    // From the air, decoded by others: 50 PRB, PHICH normal with N_g = 1, SFN 28 to 31.
    let mib = MasterInformationBlock::decode([0x68, 0x1c, 0x00]).unwrap();
    assert_eq!((mib.n_rb_dl.get(), mib.phich, mib.sfn_msb), (50, PhichConfig::default(), 7));
    assert_eq!(mib.encode(), [0x68, 0x1c, 0x00]);
    let absent = MasterInformationBlock::decode([0xe0, 0, 0]).unwrap_err();
    assert_eq!(absent.to_string(), "RRC message: dl-Bandwidth is 7, which TS 36.331 does not define");
}

#[test]
fn values_that_do_not_exist_are_refused() {
    let refused =
        |sib| BcchDlSchMessage::SystemInformation(SystemInformation { sibs: vec![sib] }).encode().unwrap_err();
    let sib2 = SystemInformationBlockType2 { default_paging_cycle_rf: 33, ..Default::default() };
    let said = refused(SystemInformationBlock::Type2(sib2)).to_string();
    assert_eq!(said, "defaultPagingCycle is 33: TS 36.331 allows 32, 64, 128, 256");
    let sib3 = SystemInformationBlockType3 { q_rx_lev_min_dbm: -129, ..Default::default() };
    assert!(refused(SystemInformationBlock::Type3(sib3)).to_string().contains("even values from -140 to -44 dBm"));
    let empty = SystemInformation { sibs: Vec::new() };
    assert!(BcchDlSchMessage::SystemInformation(empty).encode().is_err());
    assert_eq!(BcchDlSchMessage::decode(&[0x80]), Err(RrcError::OtherMessage));
    // SystemInformation with criticalExtensionsFuture: positioning of release 15.
    assert_eq!(BcchDlSchMessage::decode(&[0x20]), Err(RrcError::OtherMessage));
}
