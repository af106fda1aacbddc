//! The broadcast messages as another program reads them: tshark's LTE RRC dissectors, made from all of TS 36.331.

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use radio::{
    BcchDlSchMessage, CarrierConfig, CellConfig, EnbConfig, MasterInformationBlock, MbmsSaiInterFreq,
    MbsfnAreaConfiguration, MbsfnAreaInfo, MbsfnSubframeConfig, McchConfig, Mcs, McsTable, NRbDl, NotificationConfig,
    OtherSystemInformationBlock, PhichConfig, PhichDuration, PhichResource, PmchInfo, SampleRateFamily, SchedulingInfo,
    SessionInfo, SubframeAllocation, SubframeSet, SystemInformation, SystemInformationBlock,
    SystemInformationBlockType1, SystemInformationBlockType2, SystemInformationBlockType3,
    SystemInformationBlockType13, SystemInformationBlockType15, Tmgi,
};

/// Exported PDUs: one packet for each dissector name and message.
fn pcap(messages: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut pcap = Vec::new();
    // Link type 252: exported PDU.
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 252] {
        pcap.extend(word.to_le_bytes());
    }
    for (dissector, message) in messages {
        // Tag 12 names the dissector, tag 0 ends the tags; values are padded to four octets.
        let padded = dissector.len().next_multiple_of(4);
        let mut packet = vec![0, 12];
        packet.extend((padded as u16).to_be_bytes());
        packet.extend(dissector.as_bytes());
        packet.resize(4 + padded, 0);
        packet.extend([0, 0, 0, 0]);
        packet.extend(message);
        let octets = packet.len() as u32;
        for word in [0, 0, octets, octets] {
            pcap.extend(word.to_le_bytes());
        }
        pcap.extend(packet);
    }
    pcap
}

/// What tshark prints, or `None` when it is not installed.
fn tshark(pcap: &[u8], arguments: &[&str]) -> Option<String> {
    let child = Command::new("tshark")
        .args(["-r", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: tshark is not installed");
        return None;
    };
    child.stdin.take().expect("stdin is piped").write_all(pcap).expect("tshark reads its input");
    let output = child.wait_with_output().expect("tshark ends");
    Some(String::from_utf8(output.stdout).expect("tshark writes UTF-8"))
}

/// Values of `lte-rrc.FIELD` in each of the messages; fails when a message is malformed.
fn assert_fields(dissector: &str, message: Vec<u8>, expected: &[(&str, &str)]) {
    let names: Vec<_> = expected.iter().map(|(field, _)| format!("lte-rrc.{field}")).collect();
    let mut arguments = vec!["-T", "fields", "-E", "separator=;", "-e", "_ws.malformed", "-e", "_ws.expert.message"];
    arguments.extend(names.iter().flat_map(|name| ["-e", name.as_str()]));
    let Some(text) = tshark(&pcap(&[(dissector, message)]), &arguments) else { return };
    let mut values = text.trim_end_matches('\n').split(';');
    assert_eq!((values.next(), values.next()), (Some(""), Some("")), "{text}");
    for ((field, value), found) in expected.iter().zip(values) {
        assert_eq!(found, *value, "{field} in {text}");
    }
}

#[test]
fn the_mib_has_its_values() {
    let expected = [
        ("dl_Bandwidth", "3"),
        ("phich_Duration", "1"),
        ("phich_Resource", "3"),
        ("systemFrameNumber", "a5"),
        ("schedulingInfoSIB1_BR_r13", "0"),
    ];
    assert_fields("lte_rrc.bcch_bch", mib().encode().to_vec(), &expected);
}

#[test]
fn sib1_has_its_values() {
    let expected = [
        ("plmn_IdentityList", "2"),
        ("MCC_MNC_Digit", "2,6,2,0,1,3,1,0,4,1,0"),
        ("cellReservedForOperatorUse", "1,1"),
        ("trackingAreaCode", "beef"),
        ("cellIdentity", "abcdef10"),
        ("cellBarred", "0"),
        ("intraFreqReselection", "0"),
        ("csg_Indication", "0"),
        ("q_RxLevMin", "-65"),
        ("freqBandIndicator", "28"),
        ("si_Periodicity", "1,2,6"),
        // Numbers in the list of SIB-Type: sibType3, 13; sibType18, 19, 26; none.
        ("sib_MappingInfo", "2,3,0"),
        ("SIB_Type", "0,10,15,16,21"),
        ("si_WindowLength", "5"),
        ("systemInfoValueTag", "21"),
    ];
    assert_fields("lte_rrc.bcch_dl_sch", sib1().encode().unwrap(), &expected);
}

#[test]
fn a_cell_of_two_networks_names_both_and_their_service_areas() {
    let carrier = CarrierConfig {
        cell: CellConfig::new(NRbDl::try_from(6).unwrap(), 1, SampleRateFamily::Standard).unwrap(),
        n_ports: 1,
        phich: PhichConfig::default(),
    };
    let areas = vec![common::area(1, &[1], 4, &[1]), common::area(2, &[6], 4, &[1])];
    let plmns = [[0x00, 0xf1, 0x10], [0x00, 0xf1, 0x20]];
    let si = EnbConfig::of_networks(carrier, areas, &plmns, &[1, 2]).unwrap().si;
    let expected = [
        ("plmn_IdentityList", "2"),
        ("MCC_MNC_Digit", "0,0,1,0,1,0,0,1,0,2"),
        ("cellReservedForOperatorUse", "1,1"),
        ("trackingAreaCode", "0001"),
    ];
    let sib1 = BcchDlSchMessage::SystemInformationBlockType1(si.sib1);
    assert_fields("lte_rrc.bcch_dl_sch", sib1.encode().unwrap(), &expected);

    let sibs =
        vec![SystemInformationBlock::Type13(si.sib13.unwrap()), SystemInformationBlock::Type15(si.sib15.unwrap())];
    let message = BcchDlSchMessage::SystemInformation(SystemInformation { sibs });
    let expected = [("mbsfn_AreaId_r9", "1,2"), ("mbms_SAI_IntraFreq_r11", "2"), ("MBMS_SAI_r11", "1,2")];
    assert_fields("lte_rrc.bcch_dl_sch", message.encode().unwrap(), &expected);
}

#[test]
fn sib2_and_sib3_have_their_values() {
    let expected = [
        ("sib_TypeAndInfo_item", "0,1,11,13"),
        ("modificationPeriodCoeff", "2"),
        ("defaultPagingCycle", "1"),
        ("referenceSignalPower", "-17"),
        ("p_b", "1"),
        ("radioframeAllocationPeriod", "2,5"),
        ("radioframeAllocationOffset", "3,7"),
        ("subframeAllocation", "1,0"),
        ("fourFrames", "fc8102"),
        ("oneFrame", "84"),
        ("timeAlignmentTimerCommon", "7"),
        ("q_Hyst", "10"),
        ("threshServingLow", "11"),
        ("cellReselectionPriority", "5"),
        ("q_RxLevMin", "-22"),
        ("presenceAntennaPort1", "1"),
        ("neighCellConfig", "1"),
        ("t_ReselectionEUTRA", "3"),
    ];
    assert_fields("lte_rrc.bcch_dl_sch", si().encode().unwrap(), &expected);
}

#[test]
fn the_uplink_that_sib2_states_is_what_its_constants_say() {
    let expected = [
        ("numberOfRA_Preambles", "12"),
        ("powerRampingStep", "3"),
        ("preambleInitialReceivedTargetPower", "8"),
        ("preambleTransMax", "6"),
        ("ra_ResponseWindowSize", "7"),
        ("mac_ContentionResolutionTimer", "5"),
        ("maxHARQ_Msg3Tx", "4"),
        ("nB", "2"),
        ("rootSequenceIndex", "128"),
        ("prach_ConfigIndex", "3"),
        ("zeroCorrelationZoneConfig", "5"),
        ("n_SB", "1"),
        ("n1PUCCH_AN", "12"),
        ("soundingRS_UL_ConfigCommon", "0"),
        ("p0_NominalPUSCH", "-85"),
        ("alpha", "4"),
        ("p0_NominalPUCCH", "-107"),
        ("deltaPreambleMsg3", "3"),
        ("ul_CyclicPrefixLength", "0"),
        ("t300", "5"),
        ("t310", "5"),
        ("t311", "0"),
        ("additionalSpectrumEmission", "1"),
    ];
    assert_fields("lte_rrc.bcch_dl_sch", si().encode().unwrap(), &expected);
}

#[test]
fn sib13_and_sib15_have_their_values() {
    let expected = [
        ("mbsfn_AreaId_r9", "255,2"),
        ("non_MBSFNregionLength", "1,0"),
        ("notificationIndicator_r9", "7,0"),
        ("mcch_RepetitionPeriod_r9", "1,3"),
        ("mcch_Offset_r9", "10,0"),
        ("mcch_ModificationPeriod_r9", "1,0"),
        ("sf_AllocInfo_r9", "84,20"),
        ("signallingMCS_r9", "2,3"),
        ("notificationRepetitionCoeff_r9", "1"),
        ("notificationOffset_r9", "9"),
        ("notificationSF_Index_r9", "6"),
        ("MBMS_SAI_r11", "1,65535,7,8,9"),
        ("dl_CarrierFreq_r11", "262143"),
    ];
    assert_fields("lte_rrc.bcch_dl_sch", si().encode().unwrap(), &expected);
}

#[test]
fn the_mcch_has_its_values() {
    let session = |tmgi, session_id, lcid| SessionInfo { tmgi: Tmgi::from(tmgi), session_id, lcid };
    let message = MbsfnAreaConfiguration {
        common_sf_alloc: patterns(),
        common_sf_alloc_period_rf: 256,
        pmch: vec![
            PmchInfo {
                sf_alloc_end: 1000,
                data_mcs: 28.into(),
                mch_scheduling_period_rf: 1024,
                sessions: vec![
                    session([0x12, 0x34, 0x56, 0x13, 0x00, 0x14], None, 28),
                    session([0x12, 0x34, 0x57, 0x62, 0xf2, 0x10], Some(0xa7), 5),
                ],
            },
            PmchInfo { sf_alloc_end: 1500, data_mcs: 0.into(), mch_scheduling_period_rf: 8, sessions: vec![] },
            PmchInfo {
                sf_alloc_end: 1535,
                data_mcs: Mcs { table: McsTable::Qam256, index: 26 },
                mch_scheduling_period_rf: 16,
                sessions: vec![session([0x12, 0x34, 0x58, 0x62, 0xf2, 0x10], None, 3)],
            },
        ],
    };
    let expected = [
        ("radioframeAllocationPeriod", "2,5"),
        ("fourFrames", "fc8102"),
        ("oneFrame", "84"),
        ("commonSF_AllocPeriod_r9", "6"),
        ("sf_AllocEnd_r9", "1000,1500"),
        ("dataMCS_r9", "28,0"),
        ("mch_SchedulingPeriod_r9", "7,0"),
        ("sf_AllocEnd_r12", "1535"),
        ("higerOrder_r12", "26"),
        ("mch_SchedulingPeriod_r12", "2"),
        ("serviceId_r9", "123456,123457,123458"),
        ("MCC_MNC_Digit", "3,1,0,4,1,0,2,6,2,0,1,2,6,2,0,1"),
        ("sessionId_r9", "a7"),
        ("logicalChannelIdentity_r9", "28,5,3"),
    ];
    assert_fields("lte_rrc.mcch", message.encode().unwrap(), &expected);
}

#[test]
fn blocks_that_are_not_looked_into_are_as_long_as_the_standard_has_them() {
    // SIB4 to SIB11 of arbitrary content in front of SIB13: it is found only when both agree on where they end.
    let BcchDlSchMessage::SystemInformation(message) = si() else { panic!("an SI message") };
    let sib13 = &message.sibs[2];
    let mut state = 1_u64;
    let mut messages = Vec::new();
    for round in 0..240 {
        let octets = (0..700).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Few ones: short lists, few extensions.
            (state >> 33) as u8 & (state >> 41) as u8 & (state >> 49) as u8
        });
        let number = 4 + round % 8;
        let other =
            OtherSystemInformationBlock { number: Some(number), alternative: number - 2, octets: octets.collect() };
        let sibs = vec![SystemInformationBlock::Other(other), sib13.clone()];
        // An octet string of more than 700 octets does not decode; there are enough others.
        let Ok(octets) = BcchDlSchMessage::SystemInformation(SystemInformation { sibs }).encode() else { continue };
        let Ok(BcchDlSchMessage::SystemInformation(decoded)) = BcchDlSchMessage::decode(&octets) else {
            panic!("round {round}: what was encoded does not decode")
        };
        assert_eq!(&decoded.sibs[1], sib13, "round {round}");
        messages.push(("lte_rrc.bcch_dl_sch", octets));
    }
    assert!(messages.len() > 200, "{} messages", messages.len());
    let arguments = ["-T", "fields", "-E", "separator=;", "-e", "_ws.malformed", "-e", "lte-rrc.mbsfn_AreaId_r9"];
    let Some(text) = tshark(&pcap(&messages), &arguments) else { return };
    for (i, line) in text.lines().enumerate() {
        assert_eq!(line, ";255,2", "message {i}: {:02x?}", messages[i].1);
    }
    assert_eq!(text.lines().count(), messages.len());
}

fn mib() -> MasterInformationBlock {
    MasterInformationBlock {
        n_rb_dl: NRbDl::try_from(50).unwrap(),
        phich: PhichConfig { duration: PhichDuration::Extended, resource: PhichResource::Two },
        sfn_msb: 0xa5,
    }
}

fn sib1() -> BcchDlSchMessage {
    let info = |si_periodicity_rf, sibs: &[u8]| SchedulingInfo { si_periodicity_rf, sibs: sibs.to_vec() };
    BcchDlSchMessage::SystemInformationBlockType1(SystemInformationBlockType1 {
        plmns: vec![[0x62, 0xf2, 0x10], [0x13, 0x00, 0x14]],
        tracking_area_code: 0xbeef,
        cell_identity: 0xabc_def1,
        cell_barred: true,
        q_rx_lev_min_dbm: -130,
        freq_band_indicator: 28,
        scheduling_info: vec![info(16, &[3, 13]), info(32, &[18, 19, 26]), info(512, &[])],
        si_window_length_ms: 20,
        system_info_value_tag: 21,
    })
}

fn si() -> BcchDlSchMessage {
    let area = |n_id_mbsfn, notification_indicator, mcch| MbsfnAreaInfo {
        n_id_mbsfn,
        non_mbsfn_region: 1 + n_id_mbsfn % 2,
        notification_indicator,
        mcch,
    };
    let sib13 = SystemInformationBlockType13 {
        areas: vec![
            area(
                255,
                7,
                McchConfig {
                    repetition_period_rf: 64,
                    offset_rf: 10,
                    modification_period_rf: 1024,
                    subframes: SubframeSet::new(&[1, 8]).unwrap(),
                    signalling_mcs: 13,
                },
            ),
            area(
                2,
                0,
                McchConfig {
                    repetition_period_rf: 256,
                    offset_rf: 0,
                    modification_period_rf: 512,
                    subframes: SubframeSet::new(&[3]).unwrap(),
                    signalling_mcs: 19,
                },
            ),
        ],
        notification: NotificationConfig { repetition_coeff: 4, offset_rf: 9, sf_index: 6 },
    };
    let sib2 = SystemInformationBlockType2 {
        modification_period_coeff: 8,
        default_paging_cycle_rf: 64,
        reference_signal_power_dbm: -17,
        p_b: 1,
        mbsfn_subframe_config_list: patterns(),
    };
    let sib3 = SystemInformationBlockType3 {
        q_hyst_db: 14,
        thresh_serving_low_db: 22,
        cell_reselection_priority: 5,
        q_rx_lev_min_dbm: -44,
        presence_antenna_port1: true,
        neigh_cell_config: 0b01,
        t_reselection_eutra_s: 3,
    };
    let sib15 = SystemInformationBlockType15 {
        intra_freq_sais: vec![1, 65_535],
        inter_freq: vec![MbmsSaiInterFreq { dl_carrier_freq: 262_143, sais: vec![7, 8, 9] }],
    };
    BcchDlSchMessage::SystemInformation(SystemInformation {
        sibs: vec![
            SystemInformationBlock::Type2(sib2),
            SystemInformationBlock::Type3(sib3),
            SystemInformationBlock::Type13(sib13),
            SystemInformationBlock::Type15(sib15),
        ],
    })
}

fn patterns() -> Vec<MbsfnSubframeConfig> {
    vec![
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
    ]
}

/// Messages of srsENB 23.04 as received, with the zero bits that fill up their transport blocks.
#[test]
fn messages_of_another_transmitter_mean_what_tshark_says() {
    let octets = |hex: &str| -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    };
    let sib1 = octets("4040040300070019b0181460110154000000");
    let si =
        octets("01008ce1bf788800ca09e00100041001829945ab9c30c6a6cc80007fc21462d84ea5a60418001841000000000000000000");
    let Ok(BcchDlSchMessage::SystemInformationBlockType1(decoded)) = BcchDlSchMessage::decode(&sib1) else {
        panic!("SIB1")
    };
    let expected = SystemInformationBlockType1 {
        plmns: vec![[0x00, 0xf1, 0x10]],
        tracking_area_code: 7,
        cell_identity: 0x19b01,
        cell_barred: false,
        q_rx_lev_min_dbm: -130,
        freq_band_indicator: 7,
        scheduling_info: vec![SchedulingInfo { si_periodicity_rf: 16, sibs: vec![3, 13] }],
        si_window_length_ms: 20,
        system_info_value_tag: 0,
    };
    assert_eq!(decoded, expected);
    assert_fields(
        "lte_rrc.bcch_dl_sch",
        sib1,
        &[
            ("MCC_MNC_Digit", "0,0,1,0,1"),
            ("trackingAreaCode", "0007"),
            ("cellIdentity", "0019b010"),
            ("cellBarred", "1"),
            ("q_RxLevMin", "-65"),
            ("freqBandIndicator", "7"),
            ("si_Periodicity", "1"),
            ("SIB_Type", "0,10"),
            ("si_WindowLength", "5"),
            ("systemInfoValueTag", "0"),
        ],
    );

    let Ok(BcchDlSchMessage::SystemInformation(decoded)) = BcchDlSchMessage::decode(&si) else { panic!("SI") };
    let [
        SystemInformationBlock::Type2(sib2),
        SystemInformationBlock::Type3(sib3),
        SystemInformationBlock::Type13(sib13),
    ] = decoded.sibs.as_slice()
    else {
        panic!("{decoded:?}")
    };
    let pattern = MbsfnSubframeConfig {
        radioframe_allocation_period_rf: 1,
        radioframe_allocation_offset_rf: 0,
        subframes: SubframeAllocation::OneFrame(0b11_1111),
    };
    assert_eq!((sib2.bcch_modification_period_rf(), &sib2.mbsfn_subframe_config_list), (512, &vec![pattern]));
    assert_eq!((sib3.q_hyst_db, sib3.q_rx_lev_min_dbm, sib3.neigh_cell_config), (2, -122, 0b01));
    let mcch = McchConfig {
        repetition_period_rf: 64,
        offset_rf: 0,
        modification_period_rf: 512,
        subframes: SubframeSet::new(&[1]).unwrap(),
        signalling_mcs: 2,
    };
    let area = MbsfnAreaInfo { n_id_mbsfn: 1, non_mbsfn_region: 2, notification_indicator: 0, mcch };
    assert_eq!(sib13.areas, [area]);
    assert_eq!(sib13.notification, NotificationConfig { repetition_coeff: 2, offset_rf: 0, sf_index: 1 });
    assert_fields(
        "lte_rrc.bcch_dl_sch",
        si,
        &[
            ("sib_TypeAndInfo_item", "0,1,11"),
            ("modificationPeriodCoeff", "3"),
            ("defaultPagingCycle", "0"),
            ("oneFrame", "fc"),
            ("q_Hyst", "2"),
            ("q_RxLevMin", "-61"),
            ("mbsfn_AreaId_r9", "1"),
            ("non_MBSFNregionLength", "1"),
            ("mcch_RepetitionPeriod_r9", "1"),
            ("sf_AllocInfo_r9", "80"),
            ("signallingMCS_r9", "0"),
            ("notificationSF_Index_r9", "1"),
        ],
    );
}
