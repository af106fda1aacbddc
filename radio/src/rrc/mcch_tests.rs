//! Known answers, round trips, arbitrary octets.
//!
//! The known octets come from another encoder (asn1tools 0.167 for Python, over radio/asn1/eutra_rrc.asn) and were read back
//! with the LTE RRC dissector of tshark 4.0.17, whose own ASN.1 shows every field as named here.

use proptest::prelude::*;

use super::super::mbsfn_subframe_config::{ALLOCATION_PERIOD_RF, SubframeAllocation};
use super::*;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn one_session() -> MbsfnAreaConfiguration {
    MbsfnAreaConfiguration {
        common_sf_alloc: vec![MbsfnSubframeConfig {
            radioframe_allocation_period_rf: 1,
            radioframe_allocation_offset_rf: 0,
            subframes: SubframeAllocation::OneFrame(0b11_1111),
        }],
        common_sf_alloc_period_rf: 64,
        pmch: vec![PmchInfo {
            sf_alloc_end: 383,
            data_mcs: 9.into(),
            mch_scheduling_period_rf: 64,
            sessions: vec![SessionInfo {
                tmgi: Tmgi::from([0x00, 0xab, 0xcd, 0x62, 0xf2, 0x10]),
                session_id: Some(7),
                lcid: 1,
            }],
        }],
    }
}

fn two_pmch() -> MbsfnAreaConfiguration {
    let session = |tmgi, session_id, lcid| SessionInfo { tmgi, session_id, lcid };
    MbsfnAreaConfiguration {
        common_sf_alloc: vec![
            MbsfnSubframeConfig {
                radioframe_allocation_period_rf: 4,
                radioframe_allocation_offset_rf: 3,
                subframes: SubframeAllocation::FourFrames(0xfc_8102),
            },
            MbsfnSubframeConfig {
                radioframe_allocation_period_rf: 32,
                radioframe_allocation_offset_rf: 7,
                subframes: SubframeAllocation::OneFrame(0b10_0001),
            },
        ],
        common_sf_alloc_period_rf: 256,
        pmch: vec![
            PmchInfo {
                sf_alloc_end: 1000,
                data_mcs: 28.into(),
                mch_scheduling_period_rf: 1024,
                sessions: vec![
                    session(Tmgi::from([0x12, 0x34, 0x56, 0x13, 0x00, 0x14]), None, 28),
                    session(Tmgi::from([0x12, 0x34, 0x57, 0x13, 0x00, 0x62]), Some(0), 5),
                    session(Tmgi { service_id: [0xff; 3], plmn: PlmnId::Index(6) }, None, 0),
                ],
            },
            PmchInfo { sf_alloc_end: 1535, data_mcs: 0.into(), mch_scheduling_period_rf: 8, sessions: vec![] },
        ],
    }
}

#[test]
fn one_session_known_octets() {
    let octets = hex("000fe085fd2c2e4c40100abcd07080");
    assert_eq!(one_session().encode().unwrap(), octets);
    assert_eq!(MbsfnAreaConfiguration::decode(&octets).unwrap(), one_session());
}

#[test]
fn two_pmch_known_octets_with_mcc_taken_over_and_plmn_index() {
    // The second TMGI leaves out its mcc: 310 of the first holds.
    let octets = hex("0a7fc8102bd0e21f4738ccc428202468adc6930091a2b80145ffffff017fc000");
    let decoded = MbsfnAreaConfiguration::decode(&octets).unwrap();
    assert_eq!(decoded, two_pmch());
    assert_eq!(decoded.pmch[0].sessions[2].tmgi.octets(), None);
    assert_eq!(MbsfnAreaConfiguration::decode(&two_pmch().encode().unwrap()).unwrap(), two_pmch());
}

fn qam256(index: u8) -> Mcs {
    Mcs { table: McsTable::Qam256, index }
}

#[test]
fn the_list_of_release_12_known_octets() {
    let mut config = one_session();
    config.pmch.push(PmchInfo {
        sf_alloc_end: 1000,
        data_mcs: qam256(27),
        mch_scheduling_period_rf: 8,
        sessions: vec![SessionInfo {
            tmgi: Tmgi::from([0x12, 0x34, 0x56, 0x62, 0xf2, 0x10]),
            session_id: None,
            lcid: 28,
        }],
    });
    config.pmch.push(PmchInfo {
        sf_alloc_end: 1535,
        data_mcs: 28.into(),
        mch_scheduling_period_rf: 4,
        sessions: vec![],
    });
    let octets = hex("400fe085fd2c2e4c40100abcd070b10fa3b10993100448d15b85ff7000");
    assert_eq!(config.encode().unwrap(), octets);
    assert_eq!(MbsfnAreaConfiguration::decode(&octets).unwrap(), config);
    config.pmch[1].data_mcs = qam256(28);
    assert!(config.encode().is_err());
}

#[test]
fn more_pmchs_than_the_standard_has_in_both_lists_together_are_refused() {
    let mut config = one_session();
    config.pmch = vec![PmchInfo { data_mcs: qam256(0), ..config.pmch[0].clone() }; 15];
    assert_eq!(MbsfnAreaConfiguration::decode(&config.encode().unwrap()).unwrap(), config);
    config.pmch.insert(0, one_session().pmch.remove(0));
    assert!(config.encode().is_err());
}

#[test]
fn other_non_critical_extensions_to_v1610_are_skipped() {
    let octets = hex("400fe085fd2c2e4c40100abcd070e060204078a7d3400101c0043c6040");
    let mut config = one_session();
    let ext = PmchInfo { sf_alloc_end: 500, data_mcs: qam256(20), mch_scheduling_period_rf: 4, sessions: vec![] };
    config.pmch.push(ext);
    assert_eq!(MbsfnAreaConfiguration::decode(&octets).unwrap(), config);
}

#[test]
fn extension_additions_of_a_later_release_are_skipped() {
    // PMCH-Info-r9 with two additions, MBMS-SessionInfo-r9 with one.
    let octets = hex("000fe0c5fd2c3e4c40100abcd0708082c0de1e5e8001c1e0ad0cad8d8de000f116f000");
    assert_eq!(MbsfnAreaConfiguration::decode(&octets).unwrap(), one_session());
}

#[test]
fn counting_request_is_another_message() {
    assert_eq!(MbsfnAreaConfiguration::decode(&hex("8000000008")), Err(RrcError::OtherMessage));
    assert!(matches!(MbsfnAreaConfiguration::decode(&[]), Err(RrcError::Codec(_))));
}

#[test]
fn values_that_do_not_exist_are_refused() {
    let mut c = one_session();
    c.common_sf_alloc_period_rf = 12;
    let text = c.encode().unwrap_err().to_string();
    assert_eq!(text, "commonSF-AllocPeriod-r9 is 12: TS 36.331 allows 4, 8, 16, 32, 64, 128, 256");
    let mut c = one_session();
    c.pmch[0].sf_alloc_end = 1536;
    assert!(c.encode().is_err());
    let mut c = one_session();
    c.common_sf_alloc.clear();
    assert!(c.encode().is_err());
    let mut c = one_session();
    c.pmch[0].sessions[0].tmgi.plmn = PlmnId::Explicit([0xff, 0xff, 0xff]);
    assert!(matches!(c.encode(), Err(EncodeRrcError::Plmn(_))));
    let mut c = one_session();
    c.pmch[0].sessions = vec![c.pmch[0].sessions[0]; 30];
    assert!(c.encode().is_err());
}

/// Fuzz body: any octets decode or are refused; what decodes can be said again and means the same.
fn decode_survives(octets: &[u8]) {
    if let Ok(config) = MbsfnAreaConfiguration::decode(octets) {
        let again = config.encode().expect("what was decoded is within the fields");
        assert_eq!(MbsfnAreaConfiguration::decode(&again).unwrap(), config);
    }
}

fn configuration() -> impl Strategy<Value = MbsfnAreaConfiguration> {
    let plmn = prop_oneof![
        (1..=6u8).prop_map(PlmnId::Index),
        (0..1000u32, 0..1000u32, any::<bool>()).prop_map(|(mcc, mnc, three)| {
            let d = |n: u32, i: u32| (n / 10u32.pow(i) % 10) as u8;
            let mnc3 = if three { d(mnc, 0) } else { 0xf };
            PlmnId::Explicit([d(mcc, 1) << 4 | d(mcc, 2), mnc3 << 4 | d(mcc, 0), d(mnc, 1) << 4 | d(mnc, 2)])
        })
    ];
    let session =
        (any::<[u8; 3]>(), plmn, any::<Option<u8>>(), 0..=28u8).prop_map(|(service_id, plmn, session_id, lcid)| {
            SessionInfo { tmgi: Tmgi { service_id, plmn }, session_id, lcid }
        });
    let pmch = (
        0..=1535u16,
        prop::sample::select(Mcs::all().collect::<Vec<_>>()),
        0..9usize,
        prop::collection::vec(session, 0..=29),
    )
        .prop_map(|(sf_alloc_end, data_mcs, period, sessions)| PmchInfo {
            sf_alloc_end,
            data_mcs,
            mch_scheduling_period_rf: MCH_SCHEDULING_PERIOD_RF[period],
            sessions,
        });
    let subframes = prop_oneof![
        (0..64u8).prop_map(SubframeAllocation::OneFrame),
        (0..1u32 << 24).prop_map(SubframeAllocation::FourFrames)
    ];
    let alloc = (0..6usize, 0..8u8, subframes).prop_map(|(period, offset, subframes)| MbsfnSubframeConfig {
        radioframe_allocation_period_rf: ALLOCATION_PERIOD_RF[period],
        radioframe_allocation_offset_rf: offset,
        subframes,
    });
    (prop::collection::vec(alloc, 1..=8), 0..7usize, prop::collection::vec(pmch, 0..=15)).prop_map(
        |(common_sf_alloc, period, pmch)| MbsfnAreaConfiguration {
            common_sf_alloc,
            common_sf_alloc_period_rf: COMMON_SF_ALLOC_PERIOD_RF[period],
            pmch,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_configuration_survives_the_codec(config in configuration()) {
        let octets = config.encode().unwrap();
        prop_assert_eq!(MbsfnAreaConfiguration::decode(&octets).unwrap(), config);
    }

    #[test]
    fn a_damaged_message_is_refused_or_read(config in configuration(), at in any::<prop::sample::Index>(), xor in 1u8..) {
        let mut octets = config.encode().unwrap();
        let at = at.index(octets.len());
        octets[at] ^= xor;
        decode_survives(&octets);
        decode_survives(&octets[..at]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn arbitrary_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        decode_survives(&octets);
    }
}
